//! Tests of the console blocks in the documents: each command runs, and prints what the page shows.
//!
//! The blocks of a page run one after the other in a repository of their own, [`shop`]. In a block, `...` on a line of
//! its own stands for any number of lines, and `[..]` within a line for any text. With `KEYSWEEP_UPDATE=1`, blocks
//! that show something else are replaced by the current output.

use std::path::{Path, PathBuf};
use std::{env, fs};

use regex::Regex;

use crate::support::{Repo, github_token, must};

/// Returns a repository with a token in its pushed history, a password in its newest commit, which isn't pushed,
/// and another token in its index.
fn shop() -> Repo {
    let shop = Repo::init();
    shop.git(&["init", "--quiet", "--bare", "../shop.git"]);
    shop.git(&["remote", "add", "origin", "../shop.git"]);
    shop.write("README.md", "# Shop\n");
    shop.commit("Begin");
    shop.write("deploy.sh", format!("#!/bin/sh\nexport GITHUB_TOKEN={}\nmake release\n", github_token(7)));
    shop.commit("Deploy by script");
    shop.write("deploy.sh", "#!/bin/sh\nmake release\n");
    shop.commit("Take the token from the environment");
    shop.git(&["push", "--quiet", "origin", "main"]);
    shop.write("ci.env", format!("GITHUB_TOKEN={}\n", github_token(8)));
    shop.add();
    shop
}

/// A block of a page: the range of its lines between the fences, counted from zero, and its commands with the lines
/// that each is shown to print.
struct Block {
    first: usize,
    end: usize,
    steps: Vec<(String, Vec<String>)>,
}

/// Returns the blocks in a language.
fn blocks(page: &str, language: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let lines: Vec<&str> = page.lines().collect();
    let mut at = 0;
    while let Some(offset) = lines[at..].iter().position(|line| line.starts_with("```")) {
        let first = at + offset + 1;
        let length = lines[first..].iter().position(|line| *line == "```");
        let end = first + length.unwrap_or_else(|| panic!("a block without an end: {}", lines[first - 1]));
        if lines[first - 1] == format!("```{language}") {
            blocks.push(Block { first, end, steps: steps(&lines[first..end]) });
        }
        at = end + 1;
    }
    blocks
}

fn steps(lines: &[&str]) -> Vec<(String, Vec<String>)> {
    let mut steps: Vec<(String, Vec<String>)> = Vec::new();
    for line in lines {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push((command.to_owned(), Vec::new())),
            (None, Some((_, output))) => output.push((*line).to_owned()),
            (None, None) => panic!("a console block begins with a command, not with '{line}'"),
        }
    }
    steps
}

/// Returns what a command prints on both streams, in the order of printing, without the parts that differ from run to
/// run.
fn printed(shop: &Repo, command: &str) -> Vec<String> {
    let text = shop.sh(&format!("{{ {command}\n}} 2>&1")).out();
    let folder = shop.path("..");
    let folder = must(folder.canonicalize(), "resolve the folder").display().to_string();
    let program = Path::new(env!("CARGO_BIN_EXE_keysweep")).parent().map(|folder| folder.display().to_string());
    let text = text.replace(&folder, "/home/ann").replace(&program.unwrap_or_default(), "/usr/local/bin");
    let times = must(Regex::new(r"(?-u:\b)[0-9]+(\.[0-9]+)? m?s(?-u:\b)"), "compile the pattern of times");
    times.replace_all(&text, "4 ms").lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Returns `true` if the lines are those that a page shows.
fn fits(shown: &[String], lines: &[String]) -> bool {
    let mut pattern = String::from("^");
    for line in shown {
        if line == "..." {
            pattern.push_str("(?:.*\n)*?");
        } else {
            let pieces: Vec<String> = line.split("[..]").map(regex::escape).collect();
            pattern.push_str(&pieces.join(".*"));
            pattern.push('\n');
        }
    }
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    must(Regex::new(&(pattern + "$")), "compile a block").is_match(&text)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Vec<PathBuf> {
    let entries = must(fs::read_dir(root().join("docs")), "list docs");
    let mut pages: Vec<PathBuf> = entries.map(|entry| must(entry, "list docs").path()).collect();
    pages.push(root().join("README.md"));
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    pages
}

/// Runs a page's blocks; returns the page with the current output of the commands, and the number of blocks.
fn run(text: &str) -> (String, usize) {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let blocks = blocks(text, "console");
    let shop = shop();
    let mut replacements = Vec::new();
    for block in &blocks {
        let mut now = Vec::new();
        for (command, shown) in &block.steps {
            let printed = printed(&shop, command);
            let fails = |line: &String| line.starts_with("sh: ") || line.contains("os error");
            assert!(!printed.iter().any(fails), "a page must not show how '{command}' fails: {printed:?}");
            now.push(format!("$ {command}"));
            now.extend(if fits(shown, &printed) { shown.clone() } else { printed });
        }
        replacements.push((block.first..block.end, now));
    }
    // Replaces from the end, so that the lines before keep their numbers.
    for (range, now) in replacements.into_iter().rev() {
        lines.splice(range, now);
    }
    (lines.join("\n") + "\n", blocks.len())
}

#[test]
fn every_console_block_shows_what_its_commands_print() {
    let mut count = 0;
    for page in pages() {
        let text = must(fs::read_to_string(&page), "read a page");
        if !text.contains("```console") {
            continue;
        }
        let (now, blocks) = run(&text);
        count += blocks;
        if env::var_os("KEYSWEEP_UPDATE").is_some() {
            must(fs::write(&page, now), "write a page");
        } else {
            let differs = now.lines().zip(text.lines()).find(|(now, then)| now != then);
            assert!(
                now == text,
                "{} is out of date, first at {differs:?}: run 'KEYSWEEP_UPDATE=1 cargo test --test cli console'",
                page.display()
            );
        }
    }
    assert!(count >= 4, "{count}");
}

/// The README shows its commands without output, and each has to work as written.
#[test]
fn every_command_of_the_readme_works() {
    let text = must(fs::read_to_string(root().join("README.md")), "read the README");
    let (_, daily) = text.split_once("\n## Before each commit").unwrap_or_else(|| panic!("the section is missing"));
    let shop = shop();
    let mut count = 0;
    for block in daily.split("```sh\n").skip(1) {
        for line in block.lines().take_while(|line| *line != "```") {
            count += 1;
            let run = shop.sh(line);
            // Exit code 1 means that something was found, or that a commit was stopped.
            assert!(matches!(run.code, Some(0 | 1)), "'{line}': {run}");
        }
    }
    assert!(count >= 8, "{count}");
}

#[test]
fn dots_match_lines_and_text_within_a_line() {
    let lines = |text: &str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
    let text = lines("a\nb\nc 12 d");
    assert!(fits(&lines("a\n...\nc [..] d"), &text));
    assert!(fits(&lines("...\na\nb\nc 12 d"), &text));
    assert!(!fits(&lines("a\nc 12 d"), &text));
    assert!(!fits(&lines("a\n...\nc [..]e"), &text));
}
