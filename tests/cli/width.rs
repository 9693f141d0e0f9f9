//! Tests that text for people fits a terminal: no word is split, and none is lost.

use std::path::Path;

use crate::help;
use crate::shell_words;
use crate::support::{Repo, Run, Secret};

/// Returns the words of a text as a shell reads them, sorted, without the backslash that continues a command on the
/// next line. Colons at the end of words are dropped, since a cell may follow the head of its column; times differ from
/// run to run.
fn words(text: &str) -> Vec<String> {
    let text = text.replace("'\\\n'", "");
    let words = text.split_whitespace().map(|word| word.trim_end_matches(':'));
    let mut words: Vec<String> = words.filter(|word| *word != "\\").map(str::to_owned).collect();
    words.sort_unstable();
    words
}

/// Returns the words that one text has more often than another. Times are left out.
fn lost(wide: &str, narrow: &str) -> Vec<String> {
    let (wide, mut narrow) = (words(wide), words(narrow));
    let is_time = |word: &str| word.starts_with(|first: char| first.is_ascii_digit()) || word.starts_with("second");
    let mut lost = Vec::new();
    for word in wide.into_iter().filter(|word| !is_time(word)) {
        match narrow.binary_search(&word) {
            Ok(at) => drop(narrow.remove(at)),
            Err(_) => lost.push(word),
        }
    }
    lost
}

/// Asserts that no line of a text is wider than the terminal, except for a single word that is.
#[track_caller]
fn is_narrow(text: &str, columns: usize, run: &Run) {
    for line in text.lines().filter(|line| line.chars().count() > columns) {
        let words: Vec<&str> = line.split_whitespace().filter(|word| *word != "\\").collect();
        assert!(matches!(words[..], [one] if one.chars().count() > columns - 2), "{columns} columns: '{line}': {run}");
    }
}

/// Runs a command for terminals of 80 and of 60 columns, and once without a width; checks that the words are the same
/// and that lines fit.
#[track_caller]
fn fits(repo: &Repo, args: &[&str]) {
    let wide = repo.tool(args).run();
    for columns in [80, 60] {
        let narrow = repo.tool(args).env("COLUMNS", columns.to_string()).run();
        assert!(!narrow.out().is_empty(), "{narrow}");
        assert_eq!(lost(&wide.text(), &narrow.text()), [""; 0], "{args:?}: {narrow}");
        is_narrow(&narrow.text(), columns, &narrow);
    }
}

#[test]
fn every_page_fits_80_columns() {
    let repo = Repo::with_a_commit();
    for seed in 0..6 {
        repo.write(format!("deploy/environments/production/{seed}/settings.env"), Secret::github(2300 + seed).line());
        repo.commit("more");
    }
    // With line and column the first path fits a line of 80 columns, but not if it is indented; the second fits none.
    for (seed, name) in [(2306, "settings"), (2307, "a-name-that-is-as-long-as-few-of-them-are")] {
        let path = format!("services/authentication/src/main/resources/environments/{name}.env");
        repo.write(path, Secret::github(seed).line());
    }
    repo.commit("Deploy");
    repo.write("README.md", Secret::entra(2310).line());
    repo.commit("Explain how to deploy");
    let staged = Secret::entra(2311);
    repo.write("src/configuration/a file with blanks.yaml", staged.line());
    repo.add();
    let found = repo.keysweep(&["staged", "--format", "jsonl"]).only_finding();
    let id = found["id"].as_str().unwrap_or_default();
    fits(&repo, &["staged"]);
    fits(&repo, &["history"]);
    fits(&repo, &["history", "--full"]);
    // Once there is a plan, the next one mentions it.
    repo.keysweep(&["purge-plan"]).expect_code(0);
    fits(&repo, &["purge-plan"]);
    fits(&repo, &["explain", id]);
    fits(&repo, &["explain", staged.rule]);
    fits(&repo, &["verify", "--finding", id]);
    fits(&repo, &["range", "HEAD~3..HEAD"]);
    fits(&repo, &["files", "."]);
    fits(&repo, &["rules", "list", "azure"]);
}

/// The kind of output that a command writes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writes {
    /// Text for people.
    Words,
    /// Data for programs, in lines of any length.
    Data,
}

/// A call of a command.
struct Call {
    args: Vec<String>,
    input: String,
    writes: Writes,
}

/// Returns calls of every command, in an order in which each has something to report.
fn calls(commit: &str, agent: &str) -> Vec<Call> {
    use Writes::{Data, Words};
    let none = "0".repeat(40);
    let (pushed, received) =
        (format!("refs/heads/main {commit} refs/heads/main {none}\n"), format!("{none} {commit} refs/heads/main\n"));
    let call = |line: &str| Call { args: shell_words::words(line), input: String::new(), writes: Words };
    let fed = |line, input: &str| Call { input: input.to_owned(), ..call(line) };
    let data = |line| Call { writes: Data, ..call(line) };
    vec![
        call("staged"),
        call("history"),
        call("range HEAD~1..HEAD"),
        call("files ."),
        call("image image.tar"),
        call("context ."),
        call("agents ."),
        call("fleet run list.txt --out swept"),
        call("fleet merge swept"),
        call("hook install --hook pre-commit --hook pre-push --hook commit-msg"),
        call("hook status"),
        call("hook install --agent claude"),
        call("hook status --agent claude --agent cursor"),
        call("hook uninstall"),
        call("hook run pre-commit"),
        fed("hook run pre-push -- origin", &pushed),
        call("hook run commit-msg message.txt"),
        fed("hook run pre-receive", &received),
        Call { writes: Data, ..fed("hook run agent", agent) },
        call("staged"),
        call("allow --last --reason 'nobody uses it any more'"),
        call("purge-plan"),
        fed("verify --stdin", "a value that nobody wrote down"),
        call("live --all --dry-run"),
        call("baseline check"),
        call("baseline create"),
        call("baseline update"),
        call("baseline import ignored.txt"),
        call("explain github-pat-classic"),
        call("rules list azure"),
        call("rules check acme.toml"),
        data("rules import gitleaks.toml"),
        call("drill"),
        data("completions bash"),
        call("man manual"),
    ]
}

/// Makes a repository in which each of these calls has something to do, and a commit to push from it.
fn furnished() -> (Repo, String) {
    let repo = Repo::with_a_commit();
    for seed in 0..6 {
        repo.write(format!("deploy/environments/production/{seed}/settings.env"), Secret::github(2320 + seed).line());
    }
    repo.commit("Deploy");
    repo.git(&["init", "--quiet", "--bare", "../origin.git"]);
    repo.git(&["remote", "add", "origin", "../origin.git"]);

    repo.write("Dockerfile", "FROM scratch\nCOPY . /app\n");
    repo.write(
        ".claude/settings.json",
        format!("{{\"env\": {{\"{}\"}}}}\n", Secret::github(2330).line().trim().replace('=', "\": \"")),
    );
    repo.write("message.txt", format!("Deploy\n\n{}", Secret::github(2331).line()));
    repo.write("list.txt", ".\nhttps://127.0.0.1:9/a-repository-that-nobody-has.git\n");
    repo.write("ignored.txt", "deploy/none.env:github-pat:1\n");
    repo.write(
        "gitleaks.toml",
        "[[rules]]\nid = \"acme\"\nregex = 'acme_live_[0-9a-z]{32}'\nkeywords = [\"acme_live_\"]\n",
    );
    let rules = repo.keysweep(&["rules", "import", "gitleaks.toml"]).out();
    repo.write("acme.toml", rules);
    repo.sh("mkdir etc && cp -r deploy etc/ && tar cf image.tar etc").expect_code(0);
    repo.write("src/configuration/a file with blanks.yaml", Secret::entra(2332).line());
    repo.add();
    // No ref reaches the commit, as before a push is accepted.
    let commit = repo.sh("git commit-tree -p HEAD -m Configure \"$(git write-tree)\"").expect_code(0).out();
    (repo, commit.trim().to_owned())
}

/// Returns the words that lead to each command without subcommands, and whether it takes `--output`.
fn commands() -> impl Iterator<Item = (Vec<String>, bool)> {
    let takes_output = |command: &clap::Command| command.get_arguments().any(|arg| arg.get_long() == Some("output"));
    let all = help::commands().into_iter().filter(|(_, command)| !command.has_subcommands());
    all.map(move |(path, command)| (path, takes_output(&command)))
}

#[test]
fn every_command_fits_the_terminal_on_both_streams() {
    let (repo, commit) = furnished();
    let call = serde_json::json!({
        "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": { "command": Secret::github(2333).line() },
    });
    let calls = calls(&commit, &call.to_string());
    for (command, _) in commands() {
        let is_called = calls.iter().any(|call| call.args.iter().zip(&command).all(|(word, name)| word == name));
        assert!(is_called, "no call of '{}': add one to this test", command.join(" "));
    }
    for Call { args, input, writes } in &calls {
        let run = repo.tool(args).env("COLUMNS", "80").input(input.as_str()).run();
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(args[0] == "man" || !run.text().is_empty(), "{run}");
        assert!(!said.contains("try '--help'"), "{run}");
        is_narrow(&said, 80, &run);
        if *writes == Writes::Words {
            is_narrow(&run.out(), 80, &run);
        }
    }
}

#[test]
fn every_output_that_goes_to_a_file_is_told_on_standard_error() {
    let (repo, commit) = furnished();
    let calls = calls(&commit, "");
    // An agent reads the answer to its call from standard output, and the status of an agent's hook is written there,
    // too.
    let takes_output = |args: &[String]| {
        let is_it = |command: &[String]| args.iter().zip(command).all(|(word, name)| word == name);
        let is_for_agents = args.iter().any(|word| word == "--agent" || word == "agent");
        !is_for_agents && commands().any(|(command, takes)| takes && is_it(&command))
    };
    let mut count = 0;
    for Call { args, input, .. } in calls.iter().filter(|call| takes_output(&call.args)) {
        count += 1;
        let name = format!("results-{count}");
        let at = args.iter().position(|word| word == "--").unwrap_or(args.len());
        let args = [&args[..at], &["--output".to_owned(), name.clone()], &args[at..]].concat();
        let run = repo.tool(&args).input(input.as_str()).run();
        if cfg!(not(feature = "live")) && args[0] == "live" {
            continue;
        }
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(said.contains(&format!(" is in '{name}'")) && run.out().is_empty(), "{run}");
        assert!(repo.path(Path::new(&name)).metadata().is_ok_and(|meta| meta.len() > 0), "{run}");
        repo.remove(&name);
    }
    assert!(count > 15, "{count}");
}

/// An error and its cause, each with its own text, are each shown once.
#[test]
fn an_error_and_its_cause_are_said_once() {
    let repo = Repo::with_a_commit();
    repo.write("broken.toml", "[[");
    let calls: [&[&str]; 14] = [
        &["fleet", "merge", "--owners", "nope", "."],
        &["fleet", "merge", "--since", "nope", "."],
        &["fleet", "merge", "--list", "nope", "."],
        &["fleet", "merge", "--owners", "broken.toml", "."],
        &["fleet", "run", "nope", "--out", "swept"],
        &["verify", "--expressions", "/nope"],
        &["baseline", "import", "nope"],
        &["rules", "check", "nope"],
        &["rules", "import", "nope"],
        &["explain", "nope:1"],
        &["hook", "run", "commit-msg", "nope"],
        &["image", "nope"],
        &["staged", "--config", "nope"],
        &["history", "nope"],
    ];
    for args in calls {
        let run = repo.keysweep(args).expect_code(2);
        let said = String::from_utf8_lossy(&run.stderr).trim_end().replace('\n', ": ");
        let mut parts: Vec<&str> = said.split(": ").flat_map(|part| part.split("; ")).collect();
        assert!(parts.len() > 1, "{run}");
        parts.sort_unstable();
        let twice = parts.windows(2).find(|pair| pair[0] == pair[1]);
        assert_eq!(twice, None, "{run}");
        assert!(said.matches("nope").count() < 2, "{run}");
    }
}

#[test]
fn many_findings_begin_with_an_overview() {
    let repo = Repo::with_a_commit();
    for seed in 0..60 {
        repo.write(format!("{}/{seed}.env", seed % 7), Secret::github(2400 + seed).line());
    }
    repo.write("README.md", Secret::entra(2410).line());
    repo.commit("all at once");
    let run = repo.keysweep(&["history"]).expect_code(1);
    let text = run.out();
    let first = text.lines().next().unwrap_or_default();
    assert!(
        first.starts_with("61 secrets in ") && first.contains("critical") && first.ends_with(": 61 local-only"),
        "{run}"
    );
    assert!(text.lines().count() < 120, "{run}");
    let full = repo.keysweep(&["history", "--full"]).expect_code(1).out();
    let ids: Vec<String> = repo
        .keysweep(&["history", "--format", "jsonl"])
        .records_of("finding")
        .iter()
        .filter_map(|one| one["id"].as_str().map(str::to_owned))
        .collect();
    assert!(ids.len() == 61 && ids.iter().all(|id| full.contains(id)), "{full}");
}
