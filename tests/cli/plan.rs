//! Tests of plans for secrets that history holds outside of files: once the plan is carried out, no sweep finds
//! anything.
//!
//! Each test plants one secret that was not pushed, runs the printed commands with an editor that makes a user's edits,
//! and sweeps again.

use crate::history::{Found, found};
use crate::support::{Repo, Secret};

/// Returns the commands of a plan up to the one that drops the leftovers.
fn commands(found: &Found) -> Vec<String> {
    let plan = found.finding["plan"].as_array().cloned().unwrap_or_default();
    let commands: Vec<String> = plan
        .iter()
        .filter_map(|step| step["command"].as_str())
        .filter(|run| !run.is_empty())
        .map(str::to_owned)
        .collect();
    let last = commands.iter().position(|command| command.starts_with("git reflog expire"));
    assert!(last.is_some(), "{}", found.run);
    commands.into_iter().take(last.unwrap_or_default() + 1).collect()
}

/// A user at the keyboard: the command for the commits in the list of a rebase, and the value to remove in an editor.
struct Hands<'a> {
    pick: &'a str,
    value: &'a str,
}

impl Hands<'_> {
    #[track_caller]
    fn run(&self, repo: &Repo, command: &str) {
        let alias = format!("alias.follow=!{command}");
        let tool = repo.git_tool(&["-c", &alias, "follow"]);
        let tool = tool.env("GIT_SEQUENCE_EDITOR", format!("perl -pi -e s/^pick/{}/", self.pick));
        tool.env("GIT_EDITOR", format!("perl -pi -e s/{}/withheld/", self.value)).run().expect_code(0);
    }
}

#[track_caller]
fn silent(repo: &Repo) {
    repo.keysweep(&["history", "--min-confidence", "low"]).expect_code(0);
}

/// Returns a sentence that contains a value and says what it is.
fn sentence(secret: &Secret) -> String {
    format!("Use the GitHub token {} for now", secret.value)
}

#[test]
fn a_commits_message_is_reworded() {
    for root in [true, false] {
        let (repo, secret) = (Repo::init(), Secret::github(800));
        if !root {
            repo.write("start.txt", "start\n");
            repo.commit("start");
        }
        repo.write("a.txt", "one\n");
        repo.commit(&sentence(&secret));
        repo.write("a.txt", "two\n");
        repo.commit("more");
        let found = found(&repo, &secret);
        let commands = commands(&found);
        assert!(commands[0].starts_with("git rebase -i --rebase-merges") && commands.len() == 2, "{}", found.run);
        assert_eq!(commands[0].ends_with("--root"), root, "{}", found.run);
        let hands = Hands { pick: "reword", value: &secret.value };
        commands.iter().for_each(|command| hands.run(&repo, command));
        silent(&repo);
        assert_eq!(repo.git(&["log", "--format=%s", "--max-count=1", "--skip=1"]).out().trim_end(), {
            "Use the GitHub token withheld for now"
        });
    }
}

#[test]
fn an_author_is_corrected() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(801));
    repo.write("a.txt", "one\n");
    repo.add();
    let author = format!("user.name={}", secret.value);
    repo.git(&["-c", &author, "commit", "--quiet", "-m", "one"]);
    let found = found(&repo, &secret);
    let commands = commands(&found);
    Hands { pick: "edit", value: &secret.value }.run(&repo, &commands[0]);
    repo.git(&["commit", "--quiet", "--amend", "--no-edit", "--reset-author"]);
    repo.git(&["rebase", "--continue"]);
    Hands { pick: "pick", value: &secret.value }.run(&repo, &commands[1]);
    silent(&repo);
}

/// A seed, a function that plants the secret, and a placeholder of a command with what the user writes in its place.
type Case = (u32, fn(&Repo, &Secret), (&'static str, &'static str));

#[test]
fn a_note_a_tag_and_a_branch_are_rewritten() {
    let cases: [Case; 3] = [
        (
            802,
            |repo, secret| drop(repo.git(&["notes", "add", "-m", &sentence(secret), "HEAD"])),
            ("<annotated>", "HEAD"),
        ),
        (803, |repo, secret| drop(repo.git(&["tag", "-a", "v1", "-m", &sentence(secret)])), ("<tag>", "v1")),
        (804, |repo, secret| drop(repo.git(&["branch", &secret.value])), ("<new>", "side")),
    ];
    for (seed, plant, (blank, value)) in cases {
        let (repo, secret) = (Repo::with_a_commit(), Secret::github(seed));
        plant(&repo, &secret);
        let found = found(&repo, &secret);
        let hands = Hands { pick: "pick", value: &secret.value };
        for command in commands(&found) {
            assert!(!command.contains(&secret.value), "{}", found.run);
            hands.run(&repo, &command.replace(blank, value).replace("<old>", &secret.value));
        }
        silent(&repo);
    }
}

#[test]
fn rewriting_pushed_commits_covers_messages_and_people() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(805));
    repo.git(&["init", "--quiet", "--bare", "../remote.git"]);
    repo.git(&["remote", "add", "origin", "../remote.git"]);
    repo.write("a.txt", "one\n");
    repo.add();
    let author = format!("user.name={}", secret.value);
    repo.git(&["-c", &author, "commit", "--quiet", "-m", &sentence(&secret)]);
    repo.git(&["push", "--quiet", "origin", "HEAD"]);
    let found = found(&repo, &secret).stage("published");
    let command = format!("purge-plan --finding {}", found.finding["id"].as_str().unwrap_or_default());
    assert!(found.finding["plan"].to_string().contains(&format!("keysweep {command}")), "{}", found.run);
    let args: Vec<&str> = command.split(' ').collect();
    let purge = repo.keysweep(&args).expect_code(0);
    assert!(purge.out().contains("--replace-message") && purge.out().contains("--name-callback"), "{purge}");
}
