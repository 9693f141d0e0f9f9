//! Tests of what keysweep must never show: the value of a secret, and bytes that affect the reader's terminal.
//!
//! The fixture has a secret in every place where git keeps text. Each command runs over all of it, and neither stream
//! may contain any of the values, or a long part of one.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;

use crate::support::{ENTRA, Repo, Run, Secret, contains, entra_secret, github_token, must};

const FORMATS: [&str; 11] =
    ["human", "json", "jsonl", "markdown", "html", "sarif", "github", "azure", "gitlab", "junit", "csv"];
/// The formats that can show values.
const PAGES: [&str; 5] = ["human", "json", "jsonl", "markdown", "html"];

/// A repository with generated secrets everywhere, and their values.
struct Leaky {
    repo: Repo,
    values: Vec<String>,
    /// The branch whose name contains a token.
    branch: String,
}

/// A generator of values that records them.
struct Planter {
    values: Vec<String>,
    seed: u32,
}

impl Planter {
    fn entra(&mut self) -> String {
        self.seed += 1;
        self.remember(entra_secret(self.seed))
    }

    fn github(&mut self) -> String {
        self.seed += 1;
        self.remember(github_token(self.seed))
    }

    fn remember(&mut self, value: String) -> String {
        self.values.push(value.clone());
        value
    }

    /// Writes secrets to contents, names and the target of a symbolic link, below a folder.
    fn fill(&mut self, repo: &Repo, folder: &str) {
        repo.write(
            format!("{folder}/config.env"),
            format!("CLIENT_SECRET={}\nGH_TOKEN={}\n", self.entra(), self.github()),
        );
        repo.write(
            format!("{folder}/one-line.env"),
            format!("login -p {} --token {} # both\n", self.entra(), self.github()),
        );
        repo.write(format!("{folder}/README.md"), format!("Use `{}`.\n", self.entra()));
        let wide: Vec<u8> =
            format!("\u{feff}$secret = '{}'\r\n", self.entra()).encode_utf16().flat_map(u16::to_le_bytes).collect();
        repo.write_bytes(format!("{folder}/config.ps1"), wide);
        repo.write(format!("{folder}/{}.txt", self.github()), "harmless\n");
        repo.write(format!("{folder}/{}/notes.txt", self.github()), "harmless\n");
        repo.write(format!("{folder}/{}.env", self.github()), format!("CLIENT_SECRET={}\n", self.entra()));
        must(symlink(self.github(), repo.path(format!("{folder}/link"))), "make a symlink");
    }
}

fn leaky(seed: u32) -> Leaky {
    let (repo, mut plant) = (Repo::with_a_commit(), Planter { values: Vec::new(), seed });
    plant.fill(&repo, "committed");
    repo.commit(&format!("Use {}\n\nand {} too", plant.entra(), plant.github()));
    let branch = plant.github();
    repo.git(&["branch", &branch]);
    repo.git(&["tag", "-a", "v1", "-m", &format!("released with {}", plant.entra())]);
    repo.git(&["notes", "add", "-m", &format!("deployed with {}", plant.entra())]);
    let author = format!("{} <test@example.com>", plant.github());
    repo.git(&["commit", "--quiet", "--allow-empty", "--author", &author, "-m", "an odd author"]);
    let remote = format!("https://user:{}@git.example.com/project.git", plant.github());
    repo.git(&["remote", "add", "origin", &remote]);
    repo.write("stashed.env", format!("CLIENT_SECRET={}\n", plant.entra()));
    repo.git(&["stash", "push", "--quiet", "--include-untracked", "-m", &format!("before {}", plant.github())]);
    plant.fill(&repo, "staged");
    repo.add();
    plant.fill(&repo, "untracked");
    Leaky { repo, values: plant.values, branch }
}

impl Leaky {
    #[track_caller]
    fn check(&self, run: Run) -> Run {
        for value in &self.values {
            run.expect_withheld(value);
        }
        run
    }

    /// Runs every command over the whole repository. The scans have to find something, or else the test would prove
    /// nothing.
    #[track_caller]
    fn check_every_command(&self, options: &[&str]) {
        let to_branch = format!("HEAD~2..{}", self.branch);
        let scans: [&[&str]; 7] = [
            &["staged"],
            &["history"],
            &["sweep"],
            &["range", "HEAD~2..HEAD"],
            &["range", &to_branch],
            &["files", "."],
            &["files", "untracked", "staged/config.env"],
        ];
        for scan in scans {
            self.check(self.repo.keysweep(&[scan, options].concat()).expect_code(1));
        }
        let everything = self.values.join("\n");
        self.check(self.repo.tool(&[&["files", "-"], options].concat()).input(everything).run().expect_code(1));
        for other in OTHERS {
            self.check(self.repo.keysweep(&[other, options].concat()));
        }
        for report in ["history", "range", "staged"] {
            let stored = must(fs::read(self.repo.git_path(&format!("keysweep/last-{report}.json"))), "read a report");
            let shown = self.values.iter().find(|value| contains(&stored, value.as_bytes()));
            assert!(shown.is_none(), "the stored report of {report} holds {shown:?}");
        }
    }

    #[track_caller]
    fn check_every_format(&self, options: &[&str]) {
        for format in FORMATS {
            self.check_every_command(&[&["--format", format], options].concat());
        }
    }
}

/// The commands whose exit code doesn't matter here; some refuse some of the options, which must not show a value
/// either.
const OTHERS: [&[&str]; 9] = [
    &["hook", "run", "pre-commit"],
    &["hook", "status"],
    &["explain", ENTRA],
    &["explain", "staged/config.env:1"],
    &["explain", "staged/config.env:2"],
    &["rules", "list"],
    &["rules", "check"],
    &["--help"],
    &["no-such-command"],
];

// ---------------------------------------------------------------- no output holds a value

#[test]
fn no_command_shows_a_secret_to_people() {
    leaky(10_000).check_every_command(&["--format", "human"]);
}

#[test]
fn no_command_shows_a_secret_in_json() {
    leaky(10_100).check_every_command(&["--format", "json"]);
}

#[test]
fn no_command_shows_a_secret_in_json_lines() {
    leaky(10_200).check_every_command(&["--format", "jsonl"]);
}

#[test]
fn no_command_shows_a_secret_by_default() {
    leaky(10_300).check_every_command(&[]);
}

#[test]
fn no_command_shows_a_secret_when_it_is_quiet() {
    leaky(10_400).check_every_format(&["--quiet"]);
}

#[test]
fn no_command_shows_a_secret_when_it_is_strict() {
    leaky(10_500).check_every_format(&["--strict"]);
}

#[test]
fn no_command_shows_a_secret_when_it_is_verbose() {
    // Not every command has the option; a refusal is fine, as long as it shows no value.
    let leaky = leaky(10_600);
    for command in [&["staged"][..], &["history"], &["range", "HEAD~2..HEAD"], &["files", "."], &["explain", ENTRA]] {
        for format in FORMATS {
            for verbose in ["-v", "-vv", "--verbose"] {
                leaky.check(leaky.repo.keysweep(&[command, &["--format", format, verbose]].concat()));
            }
        }
    }
}

#[test]
fn no_log_or_backtrace_shows_a_secret() {
    let leaky = leaky(10_700);
    for command in [&["staged"][..], &["history"], &["range", "HEAD~2..HEAD"], &["files", "."]] {
        let tool = leaky.repo.tool(command).env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
        leaky.check(tool.run().expect_code(1));
    }
}

#[test]
fn no_coloured_output_shows_a_secret() {
    let leaky = leaky(10_800);
    for command in [&["staged"][..], &["history"], &["range", "HEAD~2..HEAD"], &["files", "."]] {
        leaky.check(leaky.repo.tool(command).env("CLICOLOR_FORCE", "1").run().expect_code(1));
    }
}

#[test]
fn a_report_in_a_file_shows_no_secret() {
    let leaky = leaky(10_900);
    for format in FORMATS {
        leaky.check(leaky.repo.keysweep(&["staged", "--format", format, "--output", "../report"]).expect_code(1));
        let report = leaky.repo.read("../report");
        assert!(!report.is_empty(), "there has to be a report");
        for value in &leaky.values {
            assert!(!report.contains(value), "{value} is in the report: {report}");
        }
    }
}

#[test]
fn a_blocked_commit_shows_no_secret() {
    let leaky = leaky(11_000);
    leaky.repo.install_hook();
    let run = leaky.check(leaky.repo.try_git(&["commit", "-m", "to be blocked"]));
    assert!(run.code.is_some_and(|code| code != 0), "{run}");
}

#[test]
fn another_secret_on_the_line_is_withheld_even_if_its_rule_is_off() {
    let leaky = leaky(11_100);
    for command in [&["staged"][..], &["history"], &["files", "."]] {
        for format in FORMATS {
            let run = leaky.repo.keysweep(&[command, &["--format", format, "--rule", ENTRA]].concat());
            leaky.check(run.expect_code(1));
        }
    }
}

// ---------------------------------------------------------------- nor does an error

#[test]
fn a_refused_range_shows_no_secret() {
    let leaky = leaky(11_200);
    for value in &leaky.values {
        leaky.check(leaky.repo.keysweep(&["range", &format!("no-{value}..HEAD")]).expect_code(2));
        leaky.check(leaky.repo.keysweep(&["range", &format!("HEAD..no-{value}")]).expect_code(2));
    }
}

#[test]
fn a_path_that_does_not_exist_shows_no_secret() {
    let leaky = leaky(11_300);
    for value in &leaky.values {
        leaky.check(leaky.repo.keysweep(&["files", &format!("no/{value}.txt")]).expect_code(2));
    }
}

#[test]
fn a_folder_outside_a_repository_shows_no_secret_in_its_name() {
    let secret = Secret::github(11_400);
    let folder = Repo::folder().at(&secret.value);
    for command in [&["staged"][..], &["history"], &["range", "a..b"], &["hook", "install"]] {
        folder.keysweep(command).expect_code(2).expect_withheld(&secret.value);
    }
}

#[test]
fn a_value_passed_as_a_rule_is_not_repeated() {
    let leaky = leaky(11_500);
    for value in &leaky.values {
        leaky.check(leaky.repo.keysweep(&["explain", value]));
        leaky.check(leaky.repo.keysweep(&["staged", "--rule", value]).expect_code(2));
    }
}

#[test]
fn a_value_passed_by_mistake_is_not_repeated() {
    let leaky = leaky(11_600);
    for value in &leaky.values {
        leaky.check(leaky.repo.keysweep(&[value]).expect_code(2));
        leaky.check(leaky.repo.keysweep(&["staged", value]).expect_code(2));
        leaky.check(leaky.repo.keysweep(&["staged", "--format", value]).expect_code(2));
        leaky.check(leaky.repo.keysweep(&["staged", &format!("--token={value}")]).expect_code(2));
    }
}

#[track_caller]
fn configuration_withholds(text: &str, secret: &Secret) {
    let repo = Repo::with_a_commit();
    repo.write(".keysweep.toml", text);
    for command in [&["staged"][..], &["history"], &["files", "."]] {
        repo.keysweep(command).expect_code(2).expect_withheld(&secret.value);
    }
}

#[test]
fn an_unknown_key_in_the_configuration_does_not_show_its_value() {
    let secret = Secret::entra(11_700);
    configuration_withholds(&format!("client_secret = \"{}\"\n", secret.value), &secret);
}

#[test]
fn a_secret_as_key_in_the_configuration_is_not_shown() {
    let secret = Secret::github(11_800);
    configuration_withholds(&format!("{} = true\n", secret.value), &secret);
}

#[test]
fn a_wrong_value_in_the_configuration_is_not_shown() {
    let secret = Secret::entra(11_900);
    configuration_withholds(&format!("[limits]\nmax_file_size = \"{}\"\n", secret.value), &secret);
}

#[test]
fn invalid_toml_in_the_configuration_is_not_shown() {
    let secret = Secret::entra(12_000);
    configuration_withholds(&secret.line(), &secret);
}

#[test]
fn a_gap_shows_no_secret_in_a_name() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(12_100));
    let name = format!("{}.txt", secret.value);
    repo.write(".keysweep.toml", "[limits]\nmax_file_size = 1000\n");
    repo.write(&name, "nothing of interest here\n".repeat(100));
    repo.add();
    for format in FORMATS {
        // The name is a finding, the content a gap.
        let run = repo.keysweep(&["staged", "--format", format]).expect_code(1);
        run.expect_withheld(&secret.value);
        repo.keysweep(&["files", &name, "--format", format]).expect_withheld(&secret.value);
    }
}

#[test]
fn a_missing_object_shows_no_secret_in_its_name() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(12_200));
    let name = format!("{}.txt", secret.value);
    repo.write(&name, "about to vanish\n");
    repo.add();
    must(fs::remove_file(repo.loose_object(&format!(":{name}"))), "remove an object");
    for format in FORMATS {
        repo.keysweep(&["staged", "--format", format]).expect_withheld(&secret.value);
    }
}

// ---------------------------------------------------------------- unless it is asked for

#[test]
fn show_secrets_shows_the_value_in_every_format_that_can() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(12_300));
    repo.write("config.env", secret.line());
    repo.add();
    for command in [&["staged"][..], &["history"], &["files", "."]] {
        for format in PAGES {
            let run = repo.keysweep(&[command, &["--format", format, "--show-secrets"]].concat()).expect_code(1);
            assert!(contains(&run.stdout, secret.value.as_bytes()), "the value is not shown: {run}");
        }
    }
}

#[test]
fn the_secret_field_exists_only_on_request() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(12_400));
    repo.write("config.env", secret.line());
    repo.add();
    let shown = repo.keysweep(&["staged", "--format", "jsonl", "--show-secrets"]);
    assert_eq!(shown.records_of("finding")[0]["secret"], secret.value, "{shown}");
    let hidden = repo.keysweep(&["staged", "--format", "jsonl"]);
    assert!(hidden.records_of("finding")[0].get("secret").is_none(), "{hidden}");
    assert!(hidden.records_of("finding")[0]["preview"].is_string(), "{hidden}");
}

// ---------------------------------------------------------------- hostile text

/// A text that sets the window's title, reorders text, and starts a line that looks like the program's own.
const HOSTILE: &str = "\u{1b}]0;EVIL\u{7}\u{1b}[31m\u{202e}\u{2066}\u{9b}31m\r\nFORGED: nothing found ";

/// Returns `true` for a control character other than those that lay out text, and for one that reorders text.
fn is_active(char: char) -> bool {
    matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || (char.is_control() && !matches!(char, '\n' | '\t'))
}

/// Checks that neither stream affects a terminal or contains a line that was forged.
#[track_caller]
fn harmless(run: &Run) {
    for (name, stream) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
        let text = String::from_utf8_lossy(stream);
        let found = text.chars().find(|char| is_active(*char));
        assert!(found.is_none(), "{found:?} is in {name}: {text:?}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with("FORGED")), "a forged line is in {name}: {run}");
    }
}

#[track_caller]
fn harmless_everywhere(repo: &Repo, commands: &[&[&str]]) {
    for command in commands {
        for format in FORMATS {
            harmless(&repo.keysweep(&[command, &["--format", format][..]].concat()).expect_code(1));
        }
    }
}

#[test]
fn a_hostile_file_name_reaches_no_output_raw() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(12_500));
    repo.write(OsStr::from_bytes(format!("{HOSTILE}.env").as_bytes()), secret.line());
    repo.add();
    harmless_everywhere(&repo, &[&["staged"], &["history"], &["files", "."]]);
    repo.commit("hostile");
    harmless_everywhere(&repo, &[&["history"], &["range", "HEAD~1..HEAD"]]);
}

#[test]
fn a_hostile_file_name_is_escaped_for_a_blocked_committer() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(12_600));
    repo.write(OsStr::from_bytes(format!("{HOSTILE}.env").as_bytes()), secret.line());
    repo.add();
    let run = repo.try_git(&["commit", "-m", "to be blocked"]).expect_mention(secret.rule);
    harmless(&run);
}

#[test]
fn a_hostile_line_around_a_secret_reaches_no_output_raw() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(12_700));
    repo.write("config.env", format!("{HOSTILE}{}{HOSTILE}", secret.line().trim_end()));
    repo.add();
    harmless_everywhere(&repo, &[&["staged"], &["history"], &["files", "."]]);
}

#[test]
fn a_hostile_commit_and_branch_reach_no_output_raw() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(12_800));
    repo.git(&["switch", "--quiet", "-c", "a\u{202e}branch"]);
    repo.write("config.env", secret.line());
    repo.add();
    let author = "E\u{1b}[31mvil\u{202e} <evil@example.com>";
    repo.git(&["commit", "--quiet", "--author", author, "-m", &format!("{HOSTILE}{}", Secret::github(12_800).value)]);
    harmless_everywhere(&repo, &[&["history"], &["range", "HEAD~1..HEAD"], &["range", "main..a\u{202e}branch"]]);
}

#[test]
fn a_hostile_gap_reaches_no_output_raw() {
    let repo = Repo::with_a_commit();
    repo.write(".keysweep.toml", "[limits]\nmax_file_size = 1000\n");
    repo.write(OsStr::from_bytes(format!("{HOSTILE}.txt").as_bytes()), "nothing of interest here\n".repeat(100));
    repo.add();
    for format in FORMATS {
        harmless(&repo.keysweep(&["staged", "--format", format]).expect_code(2));
    }
}

// ---------------------------------------------------------------- commands

/// Commands that GitHub Actions, Azure Pipelines and GitLab follow in the log of a job.
const COMMANDS: [&str; 5] =
    ["::add-mask::x", "::stop-commands::x", "##[command]x", "##vso[task.setvariable variable=x]y", "section_start:1:x"];

/// Checks that no line of either stream is a command that came from the scanned text. Annotations at the start of a
/// line in the format for GitHub are the program's own, and so are the issues of the one for Azure Pipelines, if
/// nothing within them is a command.
#[track_caller]
fn commands_nothing(run: &Run) {
    for (name, stream) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
        let text = String::from_utf8_lossy(stream);
        for line in text.lines() {
            let start = line.trim_start();
            let inside = line.strip_prefix("##vso[task.logissue ").unwrap_or(line);
            let is_ours = ["::error ", "::warning ", "::notice "].iter().any(|ours| start.starts_with(ours));
            let is_command = (start.starts_with("::") && !is_ours)
                || ["##[", "##vso[", "section_start:"].iter().any(|command| inside.contains(command));
            assert!(!is_command, "a command is in {name}: {line:?} of {run}");
        }
    }
}

#[test]
fn a_name_cannot_inject_ci_runner_commands() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(12_950));
    // The second of two places is on a line of its own, with nothing before it.
    for name in COMMANDS {
        repo.write(format!("{name}/a.env"), secret.line());
        repo.write(format!("{name}.env"), secret.line());
    }
    repo.add();
    let author = "::set-output name=a::b ##[group] <##vso[x.y]@example.com>";
    repo.git(&["commit", "--quiet", "--author", author, "-m", "::error::x"]);
    repo.git(&["tag", "-a", "-m", "::error::x", "##vso"]);
    for format in FORMATS {
        for command in [&["history"][..], &["range", "HEAD~1..HEAD"], &["files", "."], &["purge-plan"]] {
            let run = repo.keysweep(&[command, &["--format", format]].concat());
            commands_nothing(&run);
            let is_shown = ["\\x3a", "\\x23", "%5Cx"].iter().any(|escape| contains(&run.stdout, escape.as_bytes()));
            assert!(is_shown || command[0] == "purge-plan", "no name is shown: {run}");
        }
    }
    for command in COMMANDS.map(|command| format!("{command} that is not there")) {
        for args in [
            &["files", &command][..],
            &["range", &command],
            &["explain", &command],
            &["staged", "--rule", &command],
            &[&command],
        ] {
            commands_nothing(&repo.keysweep(args).expect_code(2));
        }
    }
    let run = repo.keysweep(&["history", "--show-secrets", "--format", "json"]).expect_code(1);
    commands_nothing(&run);
}

#[test]
fn a_hostile_argument_reaches_no_output_raw() {
    let repo = Repo::with_a_commit();
    for args in [
        &["files", HOSTILE][..],
        &["range", HOSTILE],
        &["explain", HOSTILE],
        &["staged", "--rule", HOSTILE],
        &[HOSTILE],
    ] {
        harmless(&repo.keysweep(args).expect_code(2));
    }
}

#[test]
fn forced_colour_lets_no_hostile_sequence_through() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(12_900));
    repo.write(OsStr::from_bytes(format!("{HOSTILE}.env").as_bytes()), secret.line());
    repo.add();
    let run = repo.tool(&["staged"]).env("CLICOLOR_FORCE", "1").run().expect_code(1);
    for sequence in ["\u{1b}]0;", "\u{202e}", "\r"] {
        assert!(!contains(&run.stdout, sequence.as_bytes()), "{sequence:?} is in the output: {run}");
    }
}
