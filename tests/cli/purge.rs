//! Tests of `purge-plan`: from a leak that was pushed to the proof that it is gone; the printed commands are run word
//! for word in a shell, with the real git filter-repo.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use keysweep::proof::template::Generator;
use serde_json::Value;

use crate::support::{Repo, Run, Secret, must, python_tool};
use crate::verify::{base64, held, verify};

/// A plan as JSON, and the run that made it.
pub(crate) struct Plan {
    pub(crate) run: Run,
    json: Value,
}

impl Plan {
    #[track_caller]
    pub(crate) fn of(repo: &Repo, args: &[&str]) -> Self {
        let run = repo.keysweep(&[&["purge-plan", "--format", "json"], args].concat()).expect_code(0);
        let json = must(serde_json::from_slice(&run.stdout), "read the plan");
        Self { run, json }
    }

    pub(crate) fn steps(&self) -> Vec<Step> {
        let text = |step: &Value, name: &str| step[name].as_str().unwrap_or_default().to_owned();
        let steps = self.json["steps"].as_array().cloned().unwrap_or_default();
        let step = |one: &Value| Step {
            phase: text(one, "phase"),
            on: text(one, "on"),
            title: text(one, "title"),
            command: text(one, "command"),
        };
        steps.iter().map(step).collect()
    }

    /// Returns the path of the file with that name; checks that only its owner can read it.
    #[track_caller]
    fn file(&self, name: &str) -> PathBuf {
        let files = self.json["files"].as_array().cloned().unwrap_or_default();
        let paths = files.iter().filter_map(|file| file["path"].as_str()).map(PathBuf::from);
        let path =
            paths.into_iter().find(|path| path.ends_with(name)).unwrap_or_else(|| panic!("no {name}: {}", self.run));
        let mode = must(path.metadata(), "look at a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{path:?}");
        path
    }

    fn handling(&self) -> Vec<String> {
        let findings = self.json["findings"].as_array().cloned().unwrap_or_default();
        findings.iter().filter_map(|finding| finding["handling"].as_str()).map(str::to_owned).collect()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) phase: String,
    pub(crate) on: String,
    pub(crate) title: String,
    pub(crate) command: String,
}

impl Step {
    pub(crate) fn is_here(&self) -> bool {
        self.on == "here" && !self.command.is_empty()
    }

    fn expires(&self) -> bool {
        self.is_here() && self.command.contains("reflog expire")
    }

    /// Runs the command word for word, from an unrelated folder.
    #[track_caller]
    pub(crate) fn run(&self, repo: &Repo) -> Run {
        repo.at("../elsewhere").sh(&self.command).expect_code(0)
    }
}

/// Makes sure that git filter-repo is available. The tests of this file need the real program and install it if it is
/// missing; if that fails, they fail rather than pass untested.
#[track_caller]
pub(crate) fn needs_filter_repo(repo: &Repo) {
    let there = || repo.try_git(&["filter-repo", "--version"]);
    if there().code != Some(0) {
        python_tool("git-filter-repo==2.47.0");
    }
    let run = there();
    assert!(run.code == Some(0), "git filter-repo has to be on PATH, and pip could not bring it{run}");
}

/// Returns a repository and its bare remote, which has everything that is in it.
pub(crate) fn with_remote(format: &str) -> (Repo, Repo) {
    let repo = Repo::folder();
    let format = format!("--object-format={format}");
    repo.git(&["init", "--quiet", &format]);
    let remote = repo.at("../remote.git");
    remote.git(&["init", "--quiet", "--bare", &format]);
    repo.git(&["remote", "add", "origin", "../remote.git"]);
    repo.write("README.md", "# A project\n");
    repo.commit("start");
    (repo, remote)
}

pub(crate) fn push(repo: &Repo) {
    repo.git(&["push", "--quiet", "--all", "--set-upstream", "origin"]);
    repo.git(&["push", "--quiet", "--tags", "origin"]);
    repo.git(&["fetch", "--quiet", "origin"]);
}

const HOSTILE: &str = "it's;$(touch${IFS}pwned)&\"x\"";

/// A pushed leak three commits deep, in every part of a commit.
pub(crate) struct Leak {
    pub(crate) repo: Repo,
    pub(crate) remote: Repo,
    pub(crate) secrets: Vec<Secret>,
}

impl Leak {
    pub(crate) fn planted(format: &str, seed: u32) -> Self {
        let (repo, remote) = with_remote(format);
        let secrets: Vec<Secret> = (seed..seed + 7).map(Secret::github).collect();
        let [file, encoded, message, tag, path, author, branch] = &secrets[..] else { panic!("seven secrets") };
        repo.write("config.env", file.line());
        repo.write("secret.yaml", format!("data:\n  config: {}\n", base64(&format!("the token is {}", encoded.value))));
        repo.write(format!("notes/{HOSTILE}"), file.line());
        repo.commit(&format!("Use {} for now", message.value));
        repo.write(format!("keys/{}.txt", path.value), "a\n");
        repo.add();
        repo.git(&["-c", &format!("user.name={}", author.value), "commit", "--quiet", "-m", "two"]);
        repo.git(&["tag", "-a", "v1", "-m", &format!("Signed with {}", tag.value)]);
        for number in 0..3 {
            repo.write("work.txt", format!("{number}\n"));
            repo.commit(&format!("work {number}"));
        }
        repo.git(&["branch", &format!("it's;$x-{seed}")]);
        repo.git(&["branch", &branch.value]);
        push(&repo);
        Self { repo, remote, secrets }
    }

    pub(crate) fn values(&self) -> Vec<&str> {
        self.secrets.iter().map(|secret| secret.value.as_str()).collect()
    }

    pub(crate) fn withheld(&self, run: &Run) {
        self.values().iter().for_each(|value| run.expect_withheld(value));
    }
}

#[test]
fn a_pushed_leak_is_purged_by_the_printed_plan_and_verified_gone() {
    for (format, seed) in [("sha1", 900), ("sha256", 910)] {
        let leak = Leak::planted(format, seed);
        let Leak { repo, remote, .. } = &leak;
        needs_filter_repo(repo);
        let before = verify(repo, &leak.values(), &[]).expect_code(1);
        leak.withheld(&before);
        leak.withheld(&repo.keysweep(&["purge-plan"]).expect_code(0));
        let plan = Plan::of(repo, &[]);
        leak.withheld(&plan.run);
        let expressions = plan.file("expressions.txt");
        ["paths.txt", "refs.py", "names.py", "emails.py"].iter().for_each(|name| drop(plan.file(name)));
        let text = must(fs::read_to_string(&expressions), "read the expressions");
        assert!(text.contains(&format!("literal:{}==>***REMOVED***\n", leak.secrets[0].value)), "{}", plan.run);

        let steps = plan.steps();
        let order: Vec<&str> = steps.iter().map(|step| step.phase.as_str()).collect();
        assert_eq!(order.first(), Some(&"revoke"), "{}", plan.run);
        assert_eq!(order.last(), Some(&"finish"), "{}", plan.run);
        let here: Vec<&Step> = steps.iter().filter(|step| step.is_here()).collect();
        let expiry = here.iter().position(|step| step.expires()).unwrap_or_else(|| panic!("no expiry: {}", plan.run));
        here[..expiry].iter().for_each(|step| drop(step.run(repo)));

        // The history is clean, but the reflog still has the old one.
        let kept = repo.keysweep(&["verify", "--format", "jsonl", "--expressions", &expressions.to_string_lossy()]);
        let kept = kept.expect_code(1);
        leak.withheld(&kept);
        assert!(held(&kept).contains(&("reflog".into(), "refs/heads/main".into())), "{kept}");
        let plain = repo.keysweep(&["verify", "--expressions", &expressions.to_string_lossy()]).expect_code(1);
        plain.expect_mention("the reflog of HEAD contains it").expect_mention("git reflog expire --expire=now --all");

        // The server also keeps the old objects until it is cleaned up.
        let left = verify(remote, &leak.values(), &["--format", "jsonl"]).expect_code(1);
        assert!(held(&left).iter().all(|(by, _)| by == "leftover"), "{left}");
        for step in steps.iter().filter(|step| step.on == "server") {
            remote.sh(&step.command).expect_code(0);
        }
        verify(remote, &leak.values(), &[]).expect_code(0).expect_mention("gone");

        here[expiry..].iter().for_each(|step| drop(step.run(repo)));
        verify(repo, &leak.values(), &[]).expect_code(0).expect_mention("gone");
        assert!(!expressions.exists(), "the values are still in {expressions:?}");
        assert!(!repo.path("pwned").exists() && !repo.path("../elsewhere/pwned").exists(), "a name was run");
        assert_eq!(repo.read("config.env"), "AZURE_CLIENT_SECRET=***REMOVED***\n");
        assert_eq!(repo.read(format!("notes/{HOSTILE}")), "AZURE_CLIENT_SECRET=***REMOVED***\n");
        assert_eq!(repo.read("work.txt"), "2\n");
        assert_eq!(repo.rev("main"), remote.rev("main"));
        assert_eq!(repo.rev("v1"), remote.rev("v1"));
        assert_eq!(repo.git(&["rev-list", "--count", "main"]).out().trim(), "6");
    }
}

/// Commits that were pushed in the meantime aren't overwritten.
#[test]
fn a_concurrent_push_stops_the_plan() {
    let (repo, remote) = with_remote("sha1");
    needs_filter_repo(&repo);
    let secret = Secret::github(920);
    repo.write("a.env", secret.line());
    repo.commit("one");
    push(&repo);
    let other = repo.at("../other");
    other.git(&["clone", "--quiet", "../remote.git", "."]);
    let steps = Plan::of(&repo, &[]).steps();
    let here = steps.iter().filter(|step| step.is_here());
    for step in here.take_while(|step| step.phase != "push") {
        step.run(&repo);
    }
    other.write("b.txt", "b\n");
    other.commit("in between");
    other.git(&["push", "--quiet"]);
    let push = steps.iter().find(|step| step.phase == "push").unwrap_or_else(|| panic!("no push: {steps:?}"));
    let run = repo.at("../elsewhere").sh(&push.command);
    assert!(run.code != Some(0), "{run}");
    run.expect_mention("stale");
    assert_eq!(remote.rev("main"), other.rev("HEAD"));
}

/// Work that was not pushed survives, on top of the rewritten history.
#[test]
fn unpushed_work_is_reapplied_on_top() {
    let (repo, remote) = with_remote("sha1");
    needs_filter_repo(&repo);
    let secret = Secret::github(925);
    repo.write("a.env", secret.line());
    repo.commit("one");
    repo.git(&["branch", "side"]);
    push(&repo);
    repo.write("mine.txt", "mine\n");
    repo.commit("mine");
    repo.write("README.md", "changed\n");
    repo.git(&["stash", "--quiet"]);
    let steps = Plan::of(&repo, &[]).steps();
    steps.iter().filter(|step| step.is_here()).for_each(|step| drop(step.run(&repo)));
    verify(&repo, &[&secret.value], &[]).expect_code(0);
    assert_eq!(repo.git(&["log", "--format=%s", "main"]).out(), "mine\none\nstart\n");
    assert_eq!(repo.rev("main~1"), remote.rev("main"));
    assert_eq!(repo.rev("side"), remote.rev("side"));
    assert_eq!(repo.read("mine.txt"), "mine\n");
}

/// Returns a repository, its remote and a pushed secret, with a file whose lines can be staged one by one and one that
/// can be renamed.
fn pushed_among_work(seed: u32) -> (Repo, Repo, Secret) {
    let (repo, remote) = with_remote("sha1");
    needs_filter_repo(&repo);
    let secret = Secret::github(seed);
    repo.write("a.env", secret.line());
    repo.write("d", "d\n".repeat(20));
    repo.commit("one");
    push(&repo);
    (repo, remote, secret)
}

fn on_server(steps: &[Step], remote: &Repo) {
    steps.iter().filter(|step| step.on == "server").for_each(|step| drop(remote.sh(&step.command).expect_code(0)));
}

/// Staged or changed files would be in the way at the end, when the server already has the new history, so the plan
/// stops before that.
#[test]
fn uncommitted_work_stops_a_plan_before_any_change() {
    type Change = fn(&Repo);
    let changes: [Change; 5] = [
        |repo| repo.write("a.env", repo.read("a.env") + "MORE=1\n"),
        |repo| {
            repo.write("new", "new\n");
            repo.add();
        },
        |repo| drop(repo.git(&["mv", "d", "e"])),
        |repo| {
            repo.write("d", "staged\n");
            repo.add();
            repo.write("d", "d\n".repeat(20));
        },
        |repo| {
            repo.write("README.md", "mine\n");
            repo.commit("mine");
            repo.write("README.md", "changed\n");
        },
    ];
    for (seed, change) in (2400..).zip(changes) {
        let (repo, remote, secret) = pushed_among_work(seed);
        change(&repo);
        let state = |repo: &Repo| {
            let status = repo.git(&["status", "--porcelain"]).out();
            (status, repo.git(&["diff", "HEAD"]).out(), repo.git(&["diff", "--cached"]).out(), repo.head())
        };
        let (before, pushed) = (state(&repo), remote.rev("main"));
        let plan = Plan::of(&repo, &[]);
        let steps = plan.steps();
        let refused = steps
            .iter()
            .filter(|step| step.is_here())
            .find(|step| repo.at("../elsewhere").sh(&step.command).code != Some(0));
        assert!(refused.is_some_and(|step| step.title.contains("commit them")), "{refused:?}");
        assert_eq!((state(&repo), remote.rev("main")), (before, pushed));
        // Once everything is committed, the same plan works to its end, whatever the commits consist of.
        repo.git(&["commit", "--quiet", "--allow-empty", "-m", "staged"]);
        repo.git(&["commit", "--quiet", "--allow-empty", "--all", "-m", "work"]);
        let log = |from: &str| repo.git(&["log", "--format=%s", "--name-status", &format!("{from}..")]).out();
        let work = log(&remote.rev("main"));
        steps.iter().filter(|step| step.is_here()).for_each(|step| drop(step.run(&repo)));
        on_server(&steps, &remote);
        for place in [&repo, &remote] {
            verify(place, &[&secret.value], &[]).expect_code(0);
        }
        assert_eq!(log(&remote.rev("main")), work);
        assert_eq!(repo.git(&["status", "--porcelain"]).out(), "");
        repo.git(&["merge-base", "--is-ancestor", &remote.rev("main"), "HEAD"]);
    }
}

/// A commit that is checked out without a branch would keep the old history.
#[test]
fn a_plan_starts_on_a_branch_only() {
    let (repo, remote, secret) = pushed_among_work(2420);
    repo.git(&["switch", "--quiet", "--detach"]);
    repo.write("mine.txt", "mine\n");
    repo.commit("mine");
    let pushed = remote.rev("main");
    let steps = Plan::of(&repo, &[]).steps();
    let mut here = steps.iter().filter(|step| step.is_here());
    let refused = here.find(|step| repo.at("../elsewhere").sh(&step.command).code != Some(0));
    assert!(refused.is_some_and(|step| step.title.contains("git switch")), "{refused:?}");
    assert_eq!(remote.rev("main"), pushed);
    repo.git(&["switch", "--quiet", "-c", "mine"]);
    steps.iter().filter(|step| step.is_here()).for_each(|step| drop(step.run(&repo)));
    verify(&repo, &[&secret.value], &[]).expect_code(0);
    assert_eq!((repo.rev("mine~1"), repo.read("mine.txt")), (remote.rev("main"), "mine\n".into()));
}

/// Branches and tags that no remote has end up on the new history of the server, including merges.
#[test]
fn local_only_commits_move_to_the_rewritten_history() {
    let (repo, remote, secret) = pushed_among_work(2410);
    repo.git(&["switch", "--quiet", "-c", "topic"]);
    repo.write("topic.txt", "topic\n");
    repo.commit("topic");
    repo.git(&["switch", "--quiet", "-c", "other", "main"]);
    // The change is next to the value, where a rebase would conflict.
    repo.write("a.env", repo.read("a.env") + "MORE=1\n");
    repo.commit("other");
    repo.git(&["merge", "--quiet", "-m", "merged", "topic"]);
    repo.git(&["tag", "mine"]);
    repo.git(&["switch", "--quiet", "main"]);
    let steps = Plan::of(&repo, &[]).steps();
    assert!(!steps.iter().any(|step| step.title.contains("<new base>")), "{steps:?}");
    steps.iter().filter(|step| step.is_here()).for_each(|step| drop(step.run(&repo)));
    on_server(&steps, &remote);
    for place in [&repo, &remote] {
        verify(place, &[&secret.value], &[]).expect_code(0);
    }
    let main = remote.rev("main");
    assert_eq!((repo.rev("main"), repo.rev("topic~1"), repo.rev("other^1~1")), (main.clone(), main.clone(), main));
    assert_eq!((repo.rev("other^2"), repo.rev("mine")), (repo.rev("topic"), repo.rev("other")));
    assert!(repo.git(&["show", "other:a.env"]).out().ends_with("***REMOVED***\nMORE=1\n"));
    assert_eq!(remote.git(&["for-each-ref", "--format=%(refname)"]).out(), "refs/heads/main\n");
}

/// Commits made after the plan aren't lost.
#[test]
fn commits_made_after_the_plan_are_kept() {
    let (repo, remote, secret) = pushed_among_work(2411);
    let steps = Plan::of(&repo, &[]).steps();
    repo.write("late.txt", "late\n");
    repo.commit("late");
    steps.iter().filter(|step| step.is_here()).for_each(|step| drop(step.run(&repo)));
    verify(&repo, &[&secret.value], &[]).expect_code(0);
    assert_eq!((repo.rev("main~1"), repo.read("late.txt")), (remote.rev("main"), "late\n".into()));
}

/// After a push in between, the user starts again from the step that clones, and what the first run left isn't in the
/// way.
#[test]
fn a_plan_can_be_restarted_from_the_clone() {
    let (repo, remote, secret) = pushed_among_work(2412);
    let steps = Plan::of(&repo, &[]).steps();
    let here: Vec<&Step> = steps.iter().filter(|step| step.is_here()).collect();
    let cloning = here.iter().position(|step| step.command.contains("git clone")).unwrap_or_default();
    let pushing = here.iter().position(|step| step.phase == "push").unwrap_or_default();
    here[..pushing].iter().for_each(|step| drop(step.run(&repo)));
    let other = repo.at("../other");
    other.git(&["clone", "--quiet", "../remote.git", "."]);
    other.write("b.txt", "b\n");
    other.commit("in between");
    other.git(&["push", "--quiet"]);
    assert!(repo.at("../elsewhere").sh(&here[pushing].command).code != Some(0));
    here[cloning..pushing + 2].iter().for_each(|step| drop(step.run(&repo)));
    // The proof can be repeated as well.
    here[pushing + 1..].iter().for_each(|step| drop(step.run(&repo)));
    on_server(&steps, &remote);
    for place in [&repo, &remote] {
        verify(place, &[&secret.value], &[]).expect_code(0);
    }
    assert_eq!(remote.git(&["log", "--format=%s", "main"]).out(), "in between\none\nstart\n");
}

/// The host of the server decides who is asked to clean it up.
#[test]
fn a_plan_names_whom_to_ask() {
    let hosts = [
        ("https://github.com/acme/project.git", "GitHub Support", "here"),
        ("git@gitlab.example.com:acme/project.git", "Run housekeeping", "here"),
        ("https://bitbucket.org/acme/project.git", "Ask the server's operator", "here"),
        ("ssh://git.example.com/srv/project.git", "Run this in the repository on the server", "server"),
    ];
    for (seed, (url, wanted, on)) in (970..).zip(hosts) {
        let (repo, _remote) = with_remote("sha1");
        let secret = Secret::github(seed);
        repo.write("a.env", secret.line());
        repo.commit("one");
        push(&repo);
        repo.git(&["remote", "set-url", "origin", url]);
        let plan = Plan::of(&repo, &[]);
        let step = plan.steps().into_iter().find(|step| step.phase == "server");
        assert!(step.is_some_and(|step| step.title.contains(wanted) && step.on == on), "{url}: {}", plan.run);
        assert!(plan.json["beyond"].as_array().is_some_and(|beyond| !beyond.is_empty()), "{}", plan.run);
    }
}

/// Contents in which text can't be replaced are removed whole; a key of many lines is replaced as a whole.
#[test]
fn archives_binary_files_and_keys_of_many_lines_are_purged() {
    let (repo, remote) = with_remote("sha1");
    needs_filter_repo(&repo);
    let secret = Secret::github(930);
    let key = must(Generator::new(930).expand("<pem:ec>", None), "make a key");
    repo.write("deploy.pem", format!("first\n{key}\nlast\n"));
    repo.write_bytes("app.bin", [b"\x7fELF\0\0", secret.value.as_bytes(), b"\0"].concat());
    let wide: Vec<u8> = secret.line().encode_utf16().flat_map(u16::to_le_bytes).collect();
    repo.write_bytes("wide.txt", [&[0xff, 0xfe][..], &wide].concat());
    repo.write("plain.env", secret.line());
    repo.commit("one");
    repo.git(&["archive", "--format", "tar.gz", "--output", "release.tgz", "HEAD"]);
    repo.commit("release");
    push(&repo);
    let plan = Plan::of(&repo, &[]);
    let ids = must(fs::read_to_string(plan.file("contents.txt")), "read the ids");
    for path in ["app.bin", "wide.txt", "release.tgz"] {
        assert!(ids.contains(&repo.rev(&format!("HEAD:{path}"))), "{path}: {}", plan.run);
        assert!(plan.steps().iter().any(|step| step.title.contains(path)), "{path}: {}", plan.run);
    }
    assert!(!ids.contains(&repo.rev("HEAD:deploy.pem")) && !ids.contains(&repo.rev("HEAD:plain.env")), "{ids}");
    let steps = plan.steps();
    steps.iter().filter(|step| step.is_here()).for_each(|step| drop(step.run(&repo)));
    steps.iter().filter(|step| step.on == "server").for_each(|step| drop(remote.sh(&step.command).expect_code(0)));
    verify(&remote, &[&secret.value], &[]).expect_code(0);
    remote.keysweep(&["history"]).expect_code(0);
    assert!(repo.read("deploy.pem").starts_with("first\n***REMOVED***"), "{}", repo.read("deploy.pem"));
    assert_eq!(repo.git(&["ls-files"]).out(), "README.md\ndeploy.pem\nplain.env\n");
}

/// Commits that were never pushed are rewritten in place, and pushed ones keep their ids.
#[test]
fn an_unpushed_history_is_rewritten_in_place() {
    let (repo, _remote) = with_remote("sha1");
    needs_filter_repo(&repo);
    push(&repo);
    let pushed = repo.head();
    let secret = Secret::github(940);
    repo.write("a.env", secret.line());
    repo.commit("one");
    repo.write("a.env", "A=1\n");
    repo.commit("two");
    repo.write("untracked.txt", "mine\n");
    let plan = Plan::of(&repo, &[]);
    assert_eq!(plan.handling(), ["rewrite-in-place"], "{}", plan.run);
    plan.steps().iter().filter(|step| step.is_here()).for_each(|step| drop(step.run(&repo)));
    verify(&repo, &[&secret.value], &[]).expect_code(0);
    assert_eq!(repo.rev("HEAD~2"), pushed);
    assert_eq!(repo.read("untracked.txt"), "mine\n");
    assert_eq!(repo.git(&["remote"]).out(), "origin\n");
}

#[test]
fn a_bare_repository_is_purged_in_place() {
    let source = Repo::with_a_commit();
    needs_filter_repo(&source);
    let secret = Secret::github(945);
    source.write("a.env", secret.line());
    source.commit("one");
    let bare = source.at("../bare.git");
    bare.git(&["init", "--quiet", "--bare"]);
    source.git(&["push", "--quiet", "../bare.git", "main"]);
    verify(&bare, &[&secret.value], &[]).expect_code(1);
    let plan = Plan::of(&bare, &[]);
    assert_eq!(plan.handling(), ["rewrite-in-place"], "{}", plan.run);
    plan.steps().iter().filter(|step| step.is_here()).for_each(|step| drop(step.run(&bare)));
    verify(&bare, &[&secret.value], &[]).expect_code(0);
}

#[test]
fn local_secrets_get_the_short_recipe() {
    let (repo, _remote) = with_remote("sha1");
    push(&repo);
    let (committed, staged) = (Secret::github(950), Secret::github(951));
    repo.write("a.env", committed.line());
    repo.commit("one");
    repo.write("b.env", staged.line());
    repo.add();
    let plan = Plan::of(&repo, &[]);
    assert_eq!(plan.handling(), ["local", "local"], "{}", plan.run);
    let commands: Vec<String> = plan.steps().into_iter().map(|step| step.command).collect();
    assert!(commands.iter().any(|command| command.contains("git commit --amend ")), "{}", plan.run);
    assert!(commands.iter().any(|command| command.contains("git restore --staged ")), "{}", plan.run);
    assert!(!commands.iter().any(|command| command.contains("filter-repo")), "{}", plan.run);
    assert!(commands.iter().any(|command| command.starts_with("keysweep verify")), "{}", plan.run);
    // The value is removed by hand from one file, and the other file is left out: after the plan, neither has it.
    repo.write("a.env", "TOKEN=${TOKEN}\n");
    repo.remove("b.env");
    for step in plan.steps().iter().filter(|step| step.is_here() && !step.command.contains("git add ")) {
        step.run(&repo);
    }
    verify(&repo, &[&committed.value, &staged.value], &[]).expect_code(0);
    assert_eq!(repo.git(&["log", "--format=%s"]).out(), "one\nstart\n");
}

/// The summary at the top of a plan takes at most one screen, and less room than the steps.
#[test]
fn the_summary_of_a_large_plan_fits_on_a_screen() {
    let (repo, _remote) = with_remote("sha1");
    for seed in 0..60 {
        let secret = if seed % 3 == 0 { Secret::entra(5_000 + seed) } else { Secret::github(5_000 + seed) };
        repo.write(format!("{seed}.env"), secret.line());
    }
    repo.commit("many");
    (0..30).for_each(|number| drop(repo.git(&["branch", &format!("topic-{number}")])));
    push(&repo);
    let text = repo.tool(&["purge-plan"]).env("COLUMNS", "80").run().expect_code(0).out();
    let lines: Vec<&str> = text.lines().collect();
    let at = |title: &str| lines.iter().position(|line| *line == title).unwrap_or_else(|| panic!("no {title}: {text}"));
    assert!(at("refs that reach them") <= 20 && at("revoke") <= 50, "{text}");
    assert!(text.contains("GitHub personal access token (classic) (40)  published"), "{text}");
    assert!(
        text.contains("'keysweep history --full' lists each") && text.contains("more; 'keysweep purge-plan"),
        "{text}"
    );
    assert_eq!(repo.keysweep(&["history", "--full"]).expect_code(1).out().matches("github-pat-classic · ").count(), 40);
}

/// A bare clone keeps the files of the plan in its own folder, so the clone must remain until the end.
#[test]
fn the_plan_of_a_bare_clone_works_completely() {
    for (seed, kind) in [(985, "--mirror"), (986, "--bare")] {
        let (repo, remote) = with_remote("sha1");
        needs_filter_repo(&repo);
        let secret = Secret::github(seed);
        repo.write("a.env", secret.line());
        repo.commit("one");
        repo.git(&["tag", "-a", "v1", "-m", "first"]);
        repo.write("a.env", "A=1\n");
        repo.commit("two");
        push(&repo);
        repo.git(&["clone", "--quiet", kind, "../remote.git", "../clone.git"]);
        let clone = repo.at("../clone.git");
        let plan = Plan::of(&clone, &[]);
        let expressions = plan.file("expressions.txt");
        plan.steps().iter().filter(|step| step.is_here()).for_each(|step| drop(step.run(&clone)));
        plan.steps()
            .iter()
            .filter(|step| step.on == "server")
            .for_each(|step| drop(remote.sh(&step.command).expect_code(0)));
        for place in [&clone, &remote] {
            verify(place, &[&secret.value], &[]).expect_code(0).expect_mention("gone");
        }
        assert!(!expressions.exists(), "{kind}: the values are still in {expressions:?}");
        assert_eq!((clone.rev("main"), clone.rev("v1")), (remote.rev("main"), remote.rev("v1")), "{kind}");
    }
}

/// A tag that was never pushed is rewritten in place; the server is asked whether it was pushed.
#[test]
fn a_tag_that_was_not_pushed_needs_no_server() {
    let (repo, _remote) = with_remote("sha1");
    push(&repo);
    let secret = Secret::github(987);
    repo.git(&["tag", "-a", "v1;x", "-m", &format!("Signed with {}", secret.value)]);
    let plan = Plan::of(&repo, &[]);
    assert_eq!(plan.handling(), ["local"], "{}", plan.run);
    let commands: Vec<String> = plan.steps().into_iter().map(|step| step.command).collect();
    assert!(
        !commands.iter().any(|command| command.contains("push") || command.contains("filter-repo")),
        "{}",
        plan.run
    );
    for step in plan.steps().iter().filter(|step| step.is_here()) {
        let tool = repo.at("../elsewhere").program("sh").args(&["-c", &step.command]);
        let run = tool.env("GIT_EDITOR", format!("perl -pi -e s/{}/withheld/", secret.value)).run().expect_code(0);
        assert!(!step.command.contains("ls-remote") || run.out().is_empty(), "{run}");
    }
    verify(&repo, &[&secret.value], &[]).expect_code(0);
    assert!(repo.git(&["for-each-ref", "--format=%(contents)", "refs/tags"]).out().contains("withheld"));
    assert_eq!(repo.rev("v1;x^{}"), repo.head());
}

#[test]
fn a_plan_covers_only_the_named_findings() {
    let (repo, _remote) = with_remote("sha1");
    let (one, two) = (Secret::github(960), Secret::github(961));
    repo.write("a.env", one.line() + &two.line());
    repo.commit("one");
    push(&repo);
    let sweep = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    let id = sweep.records_of("finding")[0]["id"].as_str().unwrap_or_default().to_owned();
    let plan = Plan::of(&repo, &["--finding", &id]);
    assert_eq!(plan.json["findings"].as_array().map(Vec::len), Some(1), "{}", plan.run);
    let text = must(fs::read_to_string(plan.file("expressions.txt")), "read the expressions");
    assert_eq!(text.lines().count(), 1);
    repo.keysweep(&["purge-plan", "--finding", "nonesuch"]).expect_code(2).expect_mention("no finding has the id");
    // The same by the finding's id: that is weaker, and the report says so.
    repo.keysweep(&["verify", "--finding", &id]).expect_code(1).expect_mention("--expressions or --stdin");
    repo.keysweep(&["verify", "--finding", &id[..4]]).expect_code(1).expect_mention("--expressions or --stdin");
    // An unknown id proves nothing.
    for unknown in ["nonesuch", &id.to_uppercase(), "github-pat-classic"] {
        repo.keysweep(&["verify", "--finding", unknown]).expect_code(2).expect_mention("so nothing is proved");
    }
}

#[test]
fn values_are_stored_where_they_cannot_be_committed() {
    let (repo, _remote) = with_remote("sha1");
    let secret = Secret::github(965);
    repo.write("a.env", secret.line());
    repo.commit("one");
    push(&repo);
    repo.keysweep(&["purge-plan", "--dir", "plan"]).expect_code(2).expect_mention("choose another folder");
    let plan = Plan::of(&repo, &["--dir", "../plan"]);
    let path = plan.file("expressions.txt");
    assert!(path.starts_with(must(repo.path("../plan").canonicalize(), "resolve the folder")), "{path:?}");
    repo.keysweep(&["purge-plan", "--dir", "../plan"]).expect_code(2).expect_mention("expressions.txt");
    // In the repository's own folder a new plan replaces the old one, and no sweep reads it.
    Plan::of(&repo, &[]);
    let path = Plan::of(&repo, &[]).file("expressions.txt");
    assert!(path.starts_with(must(repo.git_path("keysweep").canonicalize(), "resolve the folder")), "{path:?}");
    let sweep = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    assert!(!sweep.records_of("finding")[0]["occurrences"].to_string().contains("keysweep"), "{sweep}");
    assert!(sweep.records_of("note").iter().any(|note| note.to_string().contains("purge-plan")), "{sweep}");
}

/// A short value may also be part of other words, and all of those are replaced.
#[test]
fn a_plan_warns_of_values_that_occur_everywhere() {
    let (repo, _remote) = with_remote("sha1");
    let token = Secret::github(980).value;
    repo.write("a.env", format!("DATABASE_URL=postgres://svc:{}@db.corp.internal:5432/app\n", &token[5..12]));
    repo.commit("one");
    push(&repo);
    let plan = Plan::of(&repo, &[]);
    assert!(plan.steps().iter().any(|step| step.title.contains("fewer than 8 bytes")), "{}", plan.run);
}

#[test]
fn without_a_leak_there_is_nothing_to_purge() {
    let repo = Repo::with_a_commit();
    repo.keysweep(&["purge-plan"]).expect_code(0).expect_mention("nothing to purge");
    assert!(!repo.git_path("keysweep").exists());
}
