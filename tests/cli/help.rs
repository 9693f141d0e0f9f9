//! Tests of the help: it is short if the short form is requested, its examples work, and it answers what users know
//! from other tools.

use clap::CommandFactory as _;
use keysweep::cli::args::Cli;

use crate::shell_words::words;
use crate::support::{Repo, Secret};

/// The number of lines of a small terminal.
const LINES: usize = 25;

/// Returns every command with the words that select it.
pub(crate) fn commands() -> Vec<(Vec<String>, clap::Command)> {
    fn below(command: &clap::Command, path: &[String], all: &mut Vec<(Vec<String>, clap::Command)>) {
        all.push((path.to_vec(), command.clone()));
        for one in command.get_subcommands().filter(|one| one.get_name() != "help") {
            below(one, &[path, &[one.get_name().to_owned()]].concat(), all);
        }
    }
    let (mut root, mut all) = (Cli::command(), Vec::new());
    root.build();
    below(&root, &[], &mut all);
    assert!(all.len() > 25, "{}", all.len());
    all
}

/// Returns the keysweep commands among the examples of a help text, each as a list of words.
fn examples(help: &str) -> Vec<Vec<String>> {
    let lines = help.lines().skip_while(|line| *line != "Examples:").skip(1);
    let runs = lines.filter_map(|line| {
        line.find("keysweep ").filter(|_| !line.trim_start().starts_with('#')).map(|at| &line[at..])
    });
    runs.map(|run| {
        let run = run.split(" > ").next().unwrap_or_default();
        words(run)
    })
    .filter(|words: &Vec<String>| !words.contains(&"COMMAND".to_owned()))
    .collect()
}

#[test]
fn short_help_fits_a_small_terminal() {
    let repo = Repo::folder();
    for (path, _) in commands() {
        let args: Vec<&str> = path.iter().map(String::as_str).chain(["-h"]).collect();
        let text = repo.tool(&args).env("COLUMNS", "80").run().expect_code(0).out();
        assert!(text.lines().count() <= LINES, "{path:?} takes {} lines:\n{text}", text.lines().count());
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{path:?}: {text}");
    }
}

/// The list of commands in the help, which is written by hand because clap has no groups of commands, is complete and
/// uses each command's own words.
#[test]
fn the_help_lists_every_command_with_its_own_words() {
    let repo = Repo::folder();
    let listed = |help: &str| -> Vec<(String, String)> {
        let lines = help.lines().skip(3).take_while(|line| !line.starts_with("Exit "));
        let rows = lines.filter_map(|line| line.get(7..).and_then(|row| row.split_once(' ')));
        rows.map(|(name, about)| (name.to_owned(), about.trim().replace(" [alias: sweep]", ""))).collect()
    };
    let about =
        |one: &clap::Command| (one.get_name().to_owned(), one.get_about().map(ToString::to_string).unwrap_or_default());
    let mut expected: Vec<(String, String)> = Cli::command().get_subcommands().map(about).collect();
    expected.sort_unstable();
    for option in ["-h", "--help"] {
        let mut listed = listed(&repo.keysweep(&[option]).expect_code(0).out());
        listed.sort_unstable();
        assert_eq!(listed, expected, "{option}");
    }
}

/// A command that only other builds have names the feature to build with.
#[cfg(not(feature = "live"))]
#[test]
fn a_command_of_other_builds_says_how_to_get_it() {
    let repo = Repo::with_a_commit();
    for args in [&["live"][..], &["live", "--all"], &["live", "nsbs44whgl"]] {
        repo.keysweep(args).expect_code(2).expect_mention("--features live");
    }
}

#[test]
fn every_command_has_examples_that_parse() {
    let repo = Repo::folder();
    for (path, _) in commands() {
        let args: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
        let help = repo.tool(&args).env("COLUMNS", "200").run().expect_code(0).out();
        let examples = examples(&help);
        assert!(!examples.is_empty(), "{path:?} has no example: {help}");
        for words in examples {
            let parsed = Cli::command().try_get_matches_from(&words);
            assert!(parsed.is_ok(), "{path:?}: {words:?}: {parsed:?}");
            let is_about = words[1..].iter().filter(|word| path.contains(word)).count();
            assert_eq!(is_about.min(path.len()), path.len(), "{path:?} is not what {words:?} is about");
        }
    }
}

#[test]
fn options_are_refused_where_they_have_no_meaning() {
    let repo = Repo::with_a_commit();
    for args in
        [&["hook", "install", "--format", "json"][..], &["completions", "bash", "--strict"], &["man", ".", "--quiet"]]
    {
        repo.keysweep(args).expect_code(2).expect_mention("these commands take '--");
    }
    repo.keysweep(&["verify", "--stdin", "--min-severity", "high"]).expect_code(2);
}

#[test]
fn commands_of_other_tools_get_a_hint_and_run_nothing() {
    let repo = Repo::with_a_commit();
    repo.write("config.env", Secret::github(2501).line());
    repo.add();
    let known = [
        ("scan", "keysweep history"),
        ("detect", "keysweep history"),
        ("git", "keysweep history"),
        ("protect", "keysweep staged"),
        ("dir", "keysweep files"),
        ("stdin", "keysweep files -"),
        ("install", "keysweep hook install"),
        ("init", "keysweep hook install"),
        ("version", "keysweep --version"),
    ];
    for (word, answer) in known {
        for args in [&[word][..], &[word, "."], &[word, "--source", "."]] {
            let run = repo.keysweep(args).expect_code(2);
            assert!(run.text().contains(&format!("no command '{word}'")) && run.text().contains(answer), "{run}");
            assert!(run.out().is_empty(), "{run}");
        }
    }
    assert!(!repo.path(".git/hooks/pre-commit").exists());
    repo.keysweep(&["hook", "scan"]).expect_code(2);
    repo.keysweep(&["range"]).expect_code(2).expect_mention("--ci");
}

#[test]
fn rules_are_found_by_words_in_any_case() {
    let repo = Repo::folder();
    for word in ["azure", "AZURE"] {
        let run = repo.keysweep(&["rules", "list", word]).expect_code(0);
        let text = run.out();
        assert!(text.starts_with("RULE ") && text.contains("\nazure-entra-client-secret "), "{text}");
        assert!(!text.contains("github-pat-classic"), "{text}");
        repo.keysweep(&["explain", word]).expect_code(2).expect_mention("azure-");
    }
    repo.keysweep(&["explain", "GITHUB-PAT-CLASSIC"]).expect_code(0);
    repo.keysweep(&["rules", "list", "no-such-provider"]).expect_code(2);
    let all: serde_json::Value =
        serde_json::from_str(&repo.keysweep(&["rules", "list", "stripe", "--format", "json"]).expect_code(0).out())
            .unwrap_or_default();
    assert!(all.as_array().is_some_and(|rules| !rules.is_empty()), "{all}");
    repo.write(".keysweep.toml", "disable = [\"azure\"]\n");
    repo.keysweep(&["files", "."]).expect_code(2).expect_mention("azure-");
}

#[test]
fn the_config_option_overrides_the_environment() {
    let repo = Repo::with_a_commit();
    let lax = "[[allow]]\npath = \"config.env\"\nreason = \"a sample\"\n";
    repo.write("config.env", Secret::github(2502).line());
    repo.write("lax.toml", lax);
    repo.write("strict.toml", "");
    let files = |args: &[&str], config: &str| {
        repo.tool(&[&["files", "config.env"], args].concat()).env("KEYSWEEP_CONFIG", config).run()
    };
    files(&[], "").expect_code(1);
    files(&[], "lax.toml").expect_code(0);
    files(&["--config", "strict.toml"], "lax.toml").expect_code(1);
    files(&[], "absent.toml").expect_code(2).expect_mention("absent.toml");
    // The repository's own configuration doesn't count if another is given.
    repo.write(".keysweep.toml", lax);
    files(&[], "strict.toml").expect_code(1);
}
