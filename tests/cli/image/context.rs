//! Tests of build contexts: which files would be sent, how they get into the image, and what keeps them out.

use super::{at, env, places};
use crate::support::{Repo, github_token};

#[test]
fn a_build_context_contains_what_docker_would_send() {
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
    // The Dockerfile's own ignore file takes precedence, and a repository is sent with all of its history.
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
    // The ignore rule doesn't exclude any other file.
    repo.write("app/odd x.env", env(31));
    repo.keysweep(&["context"]).expect_code(1);
}

#[test]
fn a_value_in_an_instruction_is_reported_with_a_secret_mount() {
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

/// Returns a compose file whose web service has tokens in every place that sets values.
fn compose(token: impl Fn(u32) -> String) -> String {
    format!(
        "services:\n  web:\n    build:\n      context: .\n      args:\n        GH_TOKEN: {}\n    environment:\n      - PUSH_TOKEN={}\n    \
        labels:\n      note: {}\n",
        token(1),
        token(2),
        token(3)
    )
}

#[test]
fn values_in_compose_files_are_found_even_if_ignored() {
    let token = |seed: u32| github_token(9_950 + seed);
    for name in ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.override.yaml"] {
        let repo = Repo::folder();
        repo.write("Dockerfile", "FROM scratch\nCOPY . /app\n");
        repo.write(name, compose(token));
        let run = repo.keysweep(&["context", ".", "--format", "jsonl"]).expect_code(1);
        assert_eq!(places(&run), [at(name, 0, "build-argument"), at(name, 0, "copied"), at(name, 0, "variable")]);
        repo.write(".dockerignore", "*.y*ml\n");
        let run = repo.keysweep(&["context", ".", "--format", "jsonl"]).expect_code(1);
        assert_eq!(places(&run), [at(name, 0, "build-argument"), at(name, 0, "unsent"), at(name, 0, "variable")]);
        assert!(!run.out().contains("not sent and not read"), "{run}");
        (1..=3).for_each(|seed| run.expect_withheld(&token(seed)));
    }
}

#[test]
fn following_the_plan_removes_values_from_a_compose_file() {
    let token = |seed: u32| github_token(9_960 + seed);
    let repo = Repo::folder();
    repo.write("Dockerfile", "FROM scratch\n");
    repo.write("compose.yaml", compose(token));
    let run = repo.keysweep(&["context", "--format", "json"]).expect_code(1);
    let report: serde_json::Value = serde_json::from_str(&run.out()).unwrap();
    let plans = report["plans"].as_array().unwrap();
    let steps: Vec<&serde_json::Value> = plans.iter().flat_map(|plan| plan["steps"].as_array().unwrap()).collect();
    let of_key = |key: &str| steps.iter().filter_map(|step| step[key].as_str()).collect::<Vec<_>>();
    let (commands, lines) = (of_key("command"), of_key("lines"));
    for block in [
        "services:\n  web:\n    build:\n      secrets: [gh_token]\nsecrets:\n  gh_token:\n    environment: GH_TOKEN",
        "RUN --mount=type=secret,id=gh_token,env=GH_TOKEN <command>",
        "services:\n  web:\n    secrets: [push_token]\nsecrets:\n  push_token:\n    environment: PUSH_TOKEN",
    ] {
        assert!(lines.contains(&block), "{lines:#?}");
    }
    assert!(!commands.iter().any(|command| command.contains(".dockerignore")), "the file is needed: {commands:#?}");
    repo.write(
        "compose.yaml",
        "services:\n  web:\n    build:\n      context: .\n      secrets: [gh_token]\n    secrets: [push_token]\n\
        secrets:\n  gh_token:\n    environment: GH_TOKEN\n  push_token:\n    environment: PUSH_TOKEN\n",
    );
    repo.keysweep(&["context"]).expect_code(0);
}

#[test]
fn other_compose_builds_are_listed() {
    let repo = Repo::folder();
    repo.write("Dockerfile", "FROM scratch\n");
    let file =
        "services:\n  web:\n    build: ./web\n  api:\n    build:\n      context: .\n      dockerfile: api.Dockerfile\n";
    repo.write("compose.yaml", file);
    let run = repo.keysweep(&["context", "--format", "jsonl"]).expect_code(0);
    run.expect_mention("./web").expect_mention(". with api.Dockerfile");
    repo.write("compose.yaml", "services:\n  web:\n    build: .\n");
    assert!(!repo.keysweep(&["context", "--format", "jsonl"]).expect_code(0).out().contains("compose builds"));
}

/// Returns the lines of a text that start with one of the given line's words, up to as many as `block` has, without the
/// indentation that all of them share.
fn copied(text: &str, block: &str) -> String {
    let first = block.lines().next().unwrap_or_default();
    let mut lines = text.lines().skip_while(|line| line.trim() != first);
    let indent = lines.clone().next().map_or(0, |line| line.len() - line.trim_start().len());
    let lines: Vec<&str> = lines.by_ref().take(block.lines().count()).map(|line| &line[indent..]).collect();
    lines.join("\n")
}

#[test]
fn lines_for_a_file_can_be_copied_from_every_report() {
    let token = |seed: u32| github_token(9_970 + seed);
    let repo = Repo::folder();
    repo.write("Dockerfile", "FROM scratch\n");
    repo.write("compose.yaml", compose(token));
    let block =
        "services:\n  web:\n    build:\n      secrets: [gh_token]\nsecrets:\n  gh_token:\n    environment: GH_TOKEN";
    for format in [&["--full"][..], &["--format", "markdown"], &["--format", "html"]] {
        let run = repo.keysweep(&[&["context"], format].concat()).expect_code(1);
        let text = run.out().replace("<pre><code>", "\n").replace("</code>", "\n");
        assert_eq!(copied(&text, block), block, "{format:?}: {run}");
        assert!(!text.contains("$ services:") && !text.contains("$ RUN"), "{run}");
        assert!(!text.contains("```sh\n  services:") && !text.contains("```sh\n  RUN"), "{run}");
    }
}

#[test]
fn compose_files_in_flow_style_are_understood() {
    let token = |seed: u32| github_token(9_980 + seed);
    let repo = Repo::folder();
    repo.write("Dockerfile", "FROM scratch\n");
    repo.write(".dockerignore", "compose.yaml\n");
    for text in [
        format!(
            "services:\n  web:\n    build: {{context: ., args: [\"GH_TOKEN={}\"]}}\n    environment: {{PUSH_TOKEN: {}}}\n",
            token(1),
            token(2)
        ),
        format!(
            "services:\n  web:\n    build: {{\n      context: .,\n      args: {{ GH_TOKEN: {} }}\n    }}\n    environment: [\n      A=b, # c\n      PUSH_TOKEN={}\n    ]\n",
            token(3),
            token(4)
        ),
        format!(
            "{{\"services\":{{\"web\":{{\"build\":{{\"context\":\".\",\"args\":{{\n\"GH_TOKEN\":\"{}\"\n}}}},\"environment\":[\n\"PUSH_TOKEN={}\"\n]}}}}}}\n",
            token(5),
            token(6)
        ),
    ] {
        repo.write("compose.yaml", &text);
        let run = repo.keysweep(&["context", "--format", "jsonl"]).expect_code(1);
        assert_eq!(
            places(&run),
            [at("compose.yaml", 0, "build-argument"), at("compose.yaml", 0, "variable")],
            "{text}"
        );
        let run = repo.keysweep(&["context", "--full"]).expect_code(1);
        run.expect_mention("secrets: [gh_token]").expect_mention("secrets: [push_token]").expect_mention("web:");
    }
}

#[test]
fn only_files_that_are_not_sent_are_listed_as_such() {
    let repo = Repo::folder();
    repo.write("Dockerfile", "FROM scratch\n");
    repo.write(".dockerignore", "Dockerfile\n.dockerignore\n.git\nnotes\nmixed\n!mixed/b\n");
    for path in [".git/HEAD", ".git/refs/x", "notes/a", "notes/b/c", "mixed/a", "mixed/b"] {
        repo.write(path, "x\n");
    }
    let run = repo.keysweep(&["context", "--format", "jsonl"]).expect_code(0);
    run.expect_mention("leaves it out, 3: .git/, mixed/a, notes/\"");
}
