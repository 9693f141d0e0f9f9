//! Tests of the ownership of repositories: of other users' repositories, keysweep reads those that git would read, and
//! no others.

use std::io::Write as _;
use std::process::Command;

use crate::support::{Repo, Run, Secret, must};

/// Returns a repository that belongs to another user, with a staged secret and in a folder whose name needs quotes;
/// `None` if the tests lack the rights to make one.
fn foreign(seed: u32) -> Option<(Repo, Secret)> {
    let repo = Repo::folder().at("it's another");
    repo.git(&["init", "--quiet", "."]);
    let secret = Secret::github(seed);
    repo.write("sub/config.env", secret.line());
    repo.add();
    let chown = Command::new("chown").args(["-R", "12345"]).arg(repo.path("")).output();
    let is_given = chown.is_ok_and(|run| run.status.success());
    if !is_given {
        skipped();
    }
    is_given.then_some((repo, secret))
}

/// Reports that a test proves nothing here. It writes to the terminal itself, because captured output of a test is
/// shown only on failure.
#[expect(clippy::disallowed_methods, reason = "the macros are the ones that are captured")]
fn skipped() {
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    let _ = writeln!(std::io::stderr(), "\n{name} was SKIPPED: only root can give a repository to another user");
}

fn whole(repo: &Repo) -> String {
    must(repo.path("").canonicalize(), "resolve the folder").display().to_string()
}

/// Returns `true` if the run got as far as reading the index.
fn is_read(run: &Run) -> bool {
    run.code == Some(1)
}

#[test]
fn environment_configuration_counts_as_it_does_for_git() {
    let Some((repo, _)) = foreign(800) else { return };
    let path = whole(&repo);
    let parent = path.rsplit_once('/').map(|(parent, _)| parent.to_owned()).unwrap_or_default();
    let quoted = format!("'{}'", path.replace('\'', r"'\''"));
    let count = |values: &[&str]| {
        let mut all = vec![("GIT_CONFIG_COUNT".to_owned(), values.len().to_string())];
        for (number, value) in values.iter().enumerate() {
            all.push((format!("GIT_CONFIG_KEY_{number}"), "Safe.Directory".to_owned()));
            all.push((format!("GIT_CONFIG_VALUE_{number}"), (*value).to_owned()));
        }
        all
    };
    let told = |value: &str| vec![("GIT_CONFIG_PARAMETERS".to_owned(), value.to_owned())];
    let both = [count(&["*"]), told("'safe.directory'=''")].concat();
    let cases = [
        (vec![], false),
        (count(&[&path]), true),
        (count(&["*"]), true),
        (count(&["."]), true),
        (count(&[&format!("{parent}/*")]), true),
        (count(&[&format!("{path}/*")]), false),
        (count(&[&format!("{path}/")]), true),
        (count(&["/elsewhere", &path]), true),
        (count(&[&path, ""]), false),
        (count(&["", &path]), true),
        (count(&["it's another"]), false),
        (told("'safe.directory'='*'"), true),
        (told("'SAFE.directory=*'"), true),
        (told(&format!("'core.x'='y' 'safe.directory'={quoted}")), true),
        (told("'safe.directory'='*' 'safe.directory'="), false),
        (told("'core.directory'='*'"), false),
        (both, false),
        (vec![("SUDO_UID".to_owned(), "12345".to_owned())], true),
        (vec![("SUDO_UID".to_owned(), "12346".to_owned())], false),
        (vec![("GIT_DIR".to_owned(), format!("{path}/.git"))], true),
    ];
    for (variables, expected) in cases {
        let with =
            |tool| variables.iter().fold(tool, |tool: crate::support::Tool, (name, value)| tool.env(name, value));
        let git = with(repo.git_tool(&["rev-parse", "--git-dir"])).run();
        assert_eq!(git.code == Some(0), expected, "git with {variables:?}: {git}");
        let run = with(repo.tool(&["staged"])).run();
        assert_eq!(is_read(&run), expected, "{variables:?}: {run}");
    }
}

#[test]
fn a_repository_cannot_mark_itself_safe() {
    let Some((repo, _)) = foreign(801) else { return };
    repo.git_tool(&["config", "--file", ".git/config", "safe.directory", "*"]).run().expect_code(0);
    repo.keysweep(&["staged"]).expect_code(2).expect_mention("dubious ownership");
}

#[test]
fn user_safe_directories_can_be_reset_and_use_the_home_folder() {
    let Some((repo, _)) = foreign(802) else { return };
    let home = repo.sh("printf %s \"$HOME\"").out();
    let (parent, _) = home.rsplit_once('/').unwrap_or_default();
    let below = whole(&repo).strip_prefix(parent).map(str::to_owned).unwrap_or_default();
    repo.git(&["config", "--global", "--add", "safe.directory", &format!("~/..{below}")]);
    repo.keysweep(&["staged"]).expect_code(1);
    repo.git(&["config", "--global", "--add", "safe.directory", ""]);
    repo.try_git(&["status"]).expect_code(128);
    repo.keysweep(&["staged"]).expect_code(2);
}

/// The printed command works as it is, run from a folder below as a CI step would.
#[test]
fn the_suggested_remedy_works_verbatim() {
    let Some((repo, secret)) = foreign(803) else { return };
    let refused = repo.at("sub").keysweep(&["staged"]).expect_code(2);
    let text = refused.text();
    let remedy = text.lines().find_map(|line| line.split_once("if you trust it: "));
    let (_, remedy) = remedy.unwrap_or_else(|| panic!("there has to be a remedy: {refused}"));
    repo.at("sub").sh(remedy);
    repo.at("sub").keysweep(&["staged"]).expect_code(1).expect_mention(secret.rule);
    repo.keysweep(&["history", "."]).expect_code(1);
}
