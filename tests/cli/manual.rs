//! Tests of `completions` and `man`: they contain everything that the help does, and shells and manual viewers accept
//! them.

use crate::help;
use crate::support::Repo;

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

/// Returns the names of the commands.
fn commands() -> impl Iterator<Item = String> {
    help::commands().into_iter().filter(|(path, _)| path.len() == 1).flat_map(|(path, _)| path)
}

/// Returns the long options of a command that its help lists.
fn options(repo: &Repo, command: &str) -> Vec<String> {
    let help = repo.keysweep(&[command, "--help"]).expect_code(0).out();
    let lines = help.lines().filter_map(|line| line.trim_start().split("--").nth(1).filter(|_| is_option(line)));
    let names = lines.map(|rest| rest.split([' ', '.']).next().unwrap_or_default().to_owned());
    let names: Vec<String> = names.collect();
    assert!(names.contains(&"help".to_owned()), "{names:?} in {help}");
    names
}

fn is_option(line: &str) -> bool {
    line.trim_start().starts_with('-')
}

#[test]
fn completions_know_every_command_and_every_option() {
    let repo = Repo::folder();
    for shell in SHELLS {
        let script = repo.keysweep(&["completions", shell]).expect_code(0).out();
        for command in commands() {
            assert!(script.contains(&command), "{shell}: {command}");
            for option in options(&repo, &command) {
                let names = [format!("--{option}"), format!("-l {option}")];
                assert!(names.iter().any(|name| script.contains(name)), "{shell}: {command} --{option}");
            }
        }
    }
    repo.keysweep(&["completions", "tcsh"]).expect_code(2);
}

#[test]
fn shells_take_their_completions() {
    let repo = Repo::folder();
    for shell in ["bash", "fish", "zsh"] {
        let script = format!("script.{shell}");
        repo.keysweep(&["completions", shell, "--output", &script]).expect_code(0);
        repo.sh(&format!("if command -v {shell}; then {shell} -n {script}; fi")).expect_code(0);
    }
    let asked = "source script.bash; COMP_WORDS=(keysweep ra); COMP_CWORD=1; _keysweep keysweep ra keysweep; \
                 echo \"${COMPREPLY[@]}\"; COMP_WORDS=(keysweep range --c); COMP_CWORD=2; \
                 _keysweep keysweep --c range; echo \"${COMPREPLY[@]}\"";
    let run = repo.sh(&format!("if command -v bash; then bash -c '{asked}'; fi")).expect_code(0);
    let offered: Vec<String> = run.out().lines().skip(1).map(str::to_owned).collect();
    assert!(offered.is_empty() || offered == ["range", "--ci --config --color"], "{run}");
}

#[test]
fn every_command_has_a_manual_page_with_all_its_options() {
    let repo = Repo::folder();
    repo.keysweep(&["man", "share/man1"]).expect_code(0);
    for command in commands() {
        let page = format!("share/man1/keysweep-{command}.1");
        let text = repo.read(&page).replace('\\', "");
        for section in ["EXAMPLES", "EXIT STATUS", "ENVIRONMENT", "FILES"] {
            assert!(text.lines().any(|line| line.starts_with(".SH") && line.contains(section)), "{page}: {section}");
        }
        assert!(text.contains(&format!("keysweep {command}")), "{page} has no example");
        for option in options(&repo, &command) {
            assert!(text.contains(&format!("--{option}")), "{page}: --{option}");
        }
    }
    let main = repo.read("share/man1/keysweep.1").replace('\\', "");
    for told in ["keysweep-range(1)", "--color", ".SH EXAMPLES", "EXIT STATUS", ".SH FILES", "KEYSWEEP_CONFIG"] {
        assert!(main.contains(told), "{told}: {main}");
    }
    let read = "for page in share/man1/*.1; do \
                if command -v mandoc >shown; then mandoc -T lint -W error \"$page\"; \
                elif command -v man >shown; then man -l \"$page\" >shown; fi || exit 1; done";
    repo.sh(read).expect_code(0);
    repo.write("a-file", "");
    repo.keysweep(&["man", "a-file"]).expect_code(2);
}
