//! Build contexts: what would be sent, how it gets into the image, and what keeps it out.

use super::{at, env, places};
use crate::support::{Repo, github_token};

#[test]
fn a_build_context_is_what_docker_would_send() {
    let repo = Repo::folder();
    let secrets: Vec<String> = (0..4).map(|seed| env(20 + seed)).collect();
    repo.write("app/.env", &secrets[0]);
    repo.write(".env", &secrets[1]);
    repo.write("notes/.env", &secrets[2]);
    repo.write("kept/.env", &secrets[3]);
    repo.write(".dockerignore", ".env\nkept\n!kept/.env\n");
    repo.write("Dockerfile", "FROM scratch\nCOPY app /app\n");
    let run = repo.keysweep(&["context", ".", "--format", "jsonl"]).expect_code(1);
    let expected = [at("app/.env", 0, "copied"), at("kept/.env", 0, "sent"), at("notes/.env", 0, "sent")];
    assert_eq!(places(&run), expected);
    run.expect_mention("not sent");
    // The Dockerfile's own ignore file wins, and a repository goes along with all of its history.
    repo.write("Dockerfile.dockerignore", "**/.env\n");
    repo.write(".git/HEAD", "ref: refs/heads/main\n");
    repo.keysweep(&["context", ".", "--format", "jsonl"]).expect_code(2).expect_mention(".git");
    repo.write("Dockerfile.dockerignore", "**/.env\n.git\n");
    repo.keysweep(&["context", ".", "--format", "jsonl"]).expect_code(0);
    repo.write("Dockerfile.dockerignore", "[\n");
    repo.keysweep(&["context"]).expect_code(2).expect_mention("docker build");
}

#[test]
fn following_the_plan_keeps_a_file_out() {
    let repo = Repo::folder();
    repo.write("Dockerfile", "FROM scratch\nCOPY . /app\n");
    repo.write("app/[odd] *.env", env(30));
    repo.write("app/odd x.env", "nothing\n");
    let run = repo.keysweep(&["context", "--format", "json"]).expect_code(1);
    let report: serde_json::Value = serde_json::from_str(&run.out()).unwrap();
    let steps = report["plans"][0]["steps"].as_array().unwrap();
    let command = steps[0]["command"].as_str().unwrap();
    assert!(command.contains(".dockerignore"), "{command}");
    repo.sh(command).expect_code(0);
    repo.keysweep(&["context"]).expect_code(0);
    // Nothing else is left out by it.
    repo.write("app/odd x.env", env(31));
    repo.keysweep(&["context"]).expect_code(1);
}

#[test]
fn a_value_in_an_instruction_is_recorded_and_gets_a_mount() {
    let token = |seed: u32| github_token(9_900 + seed);
    let repo = Repo::folder();
    let dockerfile = format!(
        "FROM scratch\nARG NAME=x \\\n  GH_TOKEN={}\n# T={}\nRUN git clone https://{}@github.com/a/b\n",
        token(1),
        token(2),
        token(3)
    );
    repo.write("Dockerfile", &dockerfile);
    let run = repo.keysweep(&["context", "--format", "jsonl"]).expect_code(1);
    let expected = [at("Dockerfile", 0, "recorded"), at("Dockerfile", 0, "recorded"), at("Dockerfile", 0, "sent")];
    assert_eq!(places(&run), expected);
    let run = repo.keysweep(&["context", "--full"]).expect_code(1);
    run.expect_mention("--mount=type=secret,id=gh_token,env=GH_TOKEN").expect_mention("--secret id=token,env=TOKEN");
}
