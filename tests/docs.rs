//! The tests of the documentation: its links lead somewhere, its commands exist, and its pages are short enough to be
//! read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

#[path = "shell_words.rs"]
mod shell_words;

use clap::Parser as _;
use keysweep::cli::args::Cli;
use keysweep::rule::{Matcher, Remediation, Rule};
use keysweep::rule_set::RuleSet;
use shell_words::words;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the Markdown files in a folder of the repository.
fn pages(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).into_iter().flatten().flatten();
    let mut pages: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    assert!(!pages.is_empty(), "{folder}");
    pages
}

fn all_pages() -> Vec<PathBuf> {
    ["", "docs", "packaging"].into_iter().flat_map(pages).collect()
}

/// Returns the text without its code blocks, in which brackets aren't links.
fn prose(text: &str) -> String {
    let mut is_code = false;
    let lines = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the targets of a text's links and pictures.
fn links(text: &str) -> Vec<String> {
    let text = prose(text);
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target.to_owned()).collect()
}

/// Returns the anchors of a page's headings, in the form that code hosts generate.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text);
    let headings = headings.lines().filter(|line| line.starts_with('#'));
    let anchor = |line: &str| {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_'));
        kept.collect::<String>().replace(' ', "-")
    };
    headings.map(anchor).collect()
}

#[test]
fn links_have_existing_targets() {
    let mut count = 0;
    for page in all_pages() {
        for link in links(&read(&page)).iter().filter(|link| !link.contains("://")) {
            count += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(target.exists(), "{} links to {link}", page.display());
            let is_there = anchor.is_empty() || anchors(&read(&target)).contains(anchor);
            assert!(is_there, "{} links to {link}, and there is no such heading", page.display());
        }
    }
    assert!(count > 50, "{count}");
}

/// The site contains the pages of `docs/` and nothing else.
#[test]
fn every_page_is_in_the_site_and_links_within_it() {
    let summary: BTreeSet<String> = links(&read(&root().join("docs/SUMMARY.md"))).into_iter().collect();
    for page in pages("docs") {
        let name = page.file_name().unwrap().to_string_lossy().into_owned();
        assert!(name == "SUMMARY.md" || summary.contains(&name), "{name} is not in SUMMARY.md");
        for link in links(&read(&page)) {
            assert!(!link.starts_with(".."), "{name} links to {link}, which is not in the site");
        }
    }
}

/// Returns the keysweep commands in the shell blocks of a page, without comments and without other programs.
fn commands(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut block = None;
    for line in text.lines() {
        match (block, line.trim().strip_prefix("```")) {
            (None, Some(language)) => block = Some(matches!(language, "sh" | "console")),
            (Some(_), Some(_)) => block = None,
            (Some(true), None) => commands.push(line.trim().trim_start_matches("$ ").to_owned()),
            _ => {}
        }
    }
    let parts = commands.iter().flat_map(|line| line.split(" #").next().unwrap_or_default().split(['|', ';']));
    let parts = parts.flat_map(|part| part.split("&&")).map(str::trim);
    parts.filter(|part| part.starts_with("keysweep ")).map(str::to_owned).collect()
}

#[test]
fn every_command_that_is_shown_exists() {
    let mut count = 0;
    for page in all_pages() {
        for command in commands(&read(&page)) {
            count += 1;
            // Redirections are handled by the shell, not by keysweep.
            let words = words(&command).into_iter().take_while(|word| !word.starts_with(['>', '<']));
            let parsed = Cli::try_parse_from(words);
            assert!(parsed.is_ok(), "{}: '{command}': {}", page.display(), parsed.unwrap_err());
        }
    }
    assert!(count > 30, "{count}");
}

/// Returns the text between two markers in a line, with the text before and after it.
fn around<'l>(line: &'l str, before: &str, after: &str) -> Option<(&'l str, &'l str, &'l str)> {
    let start = line.find(before)? + before.len();
    let end = start + line[start..].find(after)?;
    Some((&line[..start], &line[start..end], &line[end..]))
}

/// Returns a line of a recipe with the project's address in the form that this line takes; a placeholder while there is
/// no address.
fn addressed(line: &str, repository: &str) -> String {
    let slug = repository.strip_prefix("https://github.com/").unwrap_or("OWNER/keysweep");
    let or = |absent: &str| if repository.is_empty() { absent.to_owned() } else { repository.to_owned() };
    // The action is named with a made-up commit, a hook by its repository, and cargo takes the address as an argument.
    if let Some((before, _, after)) = around(line, "uses: ", "@0123456789abcdef") {
        return format!("{before}{slug}{after}");
    }
    if let Some((before, _, after)) = around(line, "- repo: ", "   # where you got keysweep from") {
        let absent = "https://git.example.com/keysweep";
        return format!("{before}{}.git{after}", or(absent).trim_end_matches(".git"));
    }
    match around(line, "--git \"", "\" keysweep") {
        Some((before, variable, after)) => format!("{before}{}{after}", or(variable)),
        None => line.to_owned(),
    }
}

/// `repository` in Cargo.toml is the one place that holds the project's address; if it is set, every recipe has it.
#[test]
fn recipes_use_the_repository_url_of_the_manifest() {
    let (repository, is_updated) = (env!("CARGO_PKG_REPOSITORY"), std::env::var_os("KEYSWEEP_UPDATE").is_some());
    let mut count = 0;
    for page in all_pages() {
        let text = read(&page);
        let of = |repository| text.split_inclusive('\n').map(|line| addressed(line, repository)).collect::<String>();
        let wanted = of(repository);
        if is_updated && wanted != text {
            fs::write(&page, &wanted).unwrap();
        } else {
            let name = page.display();
            assert!(wanted == text, "{name} has another address: run 'KEYSWEEP_UPDATE=1 cargo test --test docs'");
        }
        let made_up = of("https://github.com/acme/sweeper");
        count += made_up.matches("acme/sweeper").count();
        for placeholder in ["OWNER/", "git.example.com/keysweep", "KEYSWEEP_URL"] {
            assert!(!made_up.contains(placeholder), "{}: {placeholder} is in no form that is known", page.display());
        }
        assert!(!text.contains("acme/sweeper"));
    }
    assert!(count > 7, "{count}");
}

#[test]
fn documents_are_short_enough_to_be_read() {
    for (name, most) in [("README.md", 7 << 10), ("DESIGN.md", 25 << 10), ("ARCHITECTURE.md", 12 << 10)] {
        let size = read(&root().join(name)).len();
        assert!(size <= most, "{name} has {size} bytes, more than {most}");
    }
}

/// Returns the pages about rules, one for each initial letter of a provider, and their index: file names and texts.
fn rule_pages() -> BTreeMap<String, String> {
    let rules = RuleSet::builtin();
    let mut providers: BTreeMap<String, Vec<&Rule>> = BTreeMap::new();
    for rule in rules.rules.iter() {
        providers.entry(rule.provider.to_string()).or_default().push(rule);
    }
    let mut pages: BTreeMap<char, String> = BTreeMap::new();
    for (provider, of_provider) in &providers {
        let first = provider.chars().next().unwrap_or('-').to_ascii_uppercase();
        let letter = if first.is_ascii_alphabetic() { first } else { '0' };
        let page = pages.entry(letter).or_default();
        *page += &format!("\n## {provider}\n");
        let mut kinds: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
        for rule in of_provider {
            kinds.entry(&rule.remediation).or_default().push(rule);
        }
        for (remediation, kind) in kinds {
            let remediation = rules.remediation(remediation);
            *page += &remediation.map(|one| kind_of_secret(one, &kind, provider)).unwrap_or_default();
        }
    }
    let mut files = BTreeMap::new();
    let mut index = format!("# Kinds of secrets\n\n{RULES_INTRO}\n");
    for (letter, text) in pages {
        let (file, title) = match letter {
            '0' => ("other.md".to_owned(), "Other providers".to_owned()),
            letter => (format!("{}.md", letter.to_ascii_lowercase()), format!("Providers: {letter}")),
        };
        let names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        index += &format!("\n- [{title}]({file}): {}", names.join(", "));
        files.insert(file, format!("# {title}\n{text}"));
    }
    files.insert("README.md".to_owned(), index + "\n");
    files
}

const RULES_INTRO: &str = "keysweep knows these kinds of credentials by the forms that their issuers document. `keysweep explain ID` has \
the commands, and fills in the ids that it found next to a secret. This page and those below it are generated from `rules.toml`.";

fn kind_of_secret(remediation: &Remediation, rules: &[&Rule], provider: &str) -> String {
    let mut text = String::new();
    for rule in rules {
        let found = match &rule.matcher {
            _ if !rule.files.is_empty() => "by the name of its file",
            Matcher::Assignment => "by the name it is assigned to",
            Matcher::Whole { .. } => "as the whole of a small text",
            Matcher::After { .. } => "by its form after a keyword",
            Matcher::Around { .. } => "by its own form",
        };
        let checks = if rule.checks.is_empty() { "" } else { ", then checked offline" };
        text +=
            &format!("\n- **{}** (`{}`, {}): recognised {found}{checks}.", rule.name, rule.id, rule.severity.as_str());
    }
    let plain = |words: &str| words.replace("{provider}", provider).replace(['<', '>'], "");
    text += &format!("\n\n{}\n\n", plain(&remediation.impact));
    for (number, step) in remediation.revoke.iter().chain(remediation.rotate.iter()).enumerate() {
        text += &format!("{}. {}\n", number + 1, plain(&step.action));
    }
    text
}

#[test]
fn the_pages_about_rules_are_those_of_the_rules() {
    let folder = root().join("docs/rules");
    let wanted = rule_pages();
    if std::env::var_os("KEYSWEEP_UPDATE").is_some() {
        fs::create_dir_all(&folder).unwrap();
        wanted.iter().for_each(|(name, text)| fs::write(folder.join(name), text).unwrap());
    }
    let there: Vec<String> =
        pages("docs/rules").iter().map(|page| page.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(there, wanted.keys().cloned().collect::<Vec<_>>());
    for (name, text) in &wanted {
        let is_same = read(&folder.join(name)) == *text;
        assert!(is_same, "docs/rules/{name} is out of date: run 'KEYSWEEP_UPDATE=1 cargo test --test docs'");
    }
    assert!(
        RuleSet::builtin()
            .rules
            .iter()
            .all(|rule| wanted.values().any(|text| text.contains(&format!("`{}`", rule.id))))
    );
}

/// Words of this project's former private vocabulary, in the order of CONTRIBUTING, which says what to write instead.
const BANNED: [&str; 10] = ["anew", "beside", "dead", "dies", "is no", "nobody of", "stands", "stood", "tells", "told"];

/// Returns the banned words in a text, compared as whole words. "There is no overlap" and "is no longer" are allowed;
/// "it is no key" is banned.
fn banned(text: &str) -> Vec<&'static str> {
    let words = |text: &str| {
        let words = text.split(|char: char| !char.is_alphanumeric() && char != '\'').filter(|word| !word.is_empty());
        format!(" {} ", words.map(str::to_lowercase).collect::<Vec<_>>().join(" "))
    };
    let text = words(text).replace(" there is no ", " ").replace(" is no longer ", " ");
    BANNED.into_iter().filter(|word| text.contains(&words(word))).collect()
}

#[test]
fn advice_is_written_in_plain_words() {
    assert_eq!(banned("The old key dies; the log told so."), ["dies", "told"]);
    assert!(banned("There is no overlap, and a toldo is one word.").is_empty());
    let rules = RuleSet::builtin();
    let mut texts: Vec<&str> = rules.rules.iter().map(|rule| &*rule.name).collect();
    texts.extend(rules.fields.iter().map(|field| &*field.hint));
    for one in rules.remediations.iter() {
        texts.extend([&*one.impact, &*one.verify.action, &*one.audit.action, &*one.prevent, &*one.caution]);
        let steps = one.revoke.iter().chain(one.rotate.iter()).chain(one.federate.iter());
        texts.extend(steps.map(|step| &*step.action));
    }
    assert!(texts.len() > 4000, "{}", texts.len());
    let wrong: Vec<_> = texts.iter().filter(|text| !banned(text).is_empty()).map(|text| (banned(text), text)).collect();
    assert!(wrong.is_empty(), "CONTRIBUTING says what to write instead: {wrong:#?}");
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if entry.is_dir() {
            sources(&entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            found.push(entry);
        }
    }
}

/// Returns the first lines of documentation comments that begin with a clause instead of a sentence: "What ...",
/// "Whether ...".
fn headless(source: &str) -> Vec<&str> {
    let comment = |line: &'_ str| line.trim_start().starts_with("///") || line.trim_start().starts_with("//!");
    let mut before = "";
    let first = source.lines().filter(|line| {
        let is_first = comment(line) && !comment(before);
        before = line;
        is_first
    });
    let text = |line: &&str| line.trim_start().trim_start_matches(['/', '!', ' ']).to_owned();
    let words = ["What", "Whether", "That", "Which", "How", "Where", "Who", "Whose", "Why", "When"];
    first.filter(|line| words.contains(&text(line).split(' ').next().unwrap_or_default())).collect()
}

#[test]
fn documentation_comments_begin_with_what_an_item_is() {
    assert_eq!(headless("/// What it holds.\nfn a() {}\n/// The\n/// What of it.\n"), ["/// What it holds."]);
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    assert!(files.len() > 300, "{}", files.len());
    for file in files {
        let text = read(&file);
        let wrong = headless(&text);
        assert!(wrong.is_empty(), "{}: begin with what it is or returns: {wrong:?}", file.display());
    }
}
