//! Tests that a sweep reports the same about a blob as a scan of the blob alone, however git stores it and whatever
//! versions surround it.
//!
//! The repositories are random: lines of files are added, removed, moved and doubled, files are renamed, split and
//! joined, and an example of every rule is planted, cut, joined again, truncated and brought back. Each is stored in
//! one of git's ways, and `history` has to find in it, place by place, what `files` finds in the extracted blobs. A
//! failure names the seed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::fs;
use std::ops::Range;

use keysweep::proof::template::Generator;
use keysweep::rule::file::RuleFile;
use serde_json::Value;

use crate::support::{Chance, Repo, Run, must};

/// The number of repositories, and of shares that the examples are divided into: each example is planted in at least
/// two repositories.
const REPOSITORIES: u64 = 24;
const SHARES: u64 = REPOSITORIES / 2;

// ---------------------------------------------------------------- texts

/// An example of a rule, expanded.
struct Example {
    rule: String,
    text: String,
}

/// Returns the share of all examples that belongs to a seed, shuffled.
fn examples(seed: u64, chance: &mut Chance) -> Vec<Example> {
    let rules: RuleFile = must(toml::from_str(include_str!("../../rules.toml")), "read the rules");
    let all = rules.rules.iter().flat_map(|rule| rule.examples.iter().map(move |example| (rule, example)));
    let share = (0..).zip(all).filter(|(number, _)| number % SHARES == seed / 2);
    let mut share: Vec<Example> = share
        .map(|(number, (rule, example))| {
            let mut generator = Generator::new(seed << 32 | number);
            let text = must(generator.expand(example, rule.token.as_deref()), "expand an example");
            Example { rule: rule.id.clone(), text }
        })
        .collect();
    for at in (1..share.len()).rev() {
        share.swap(at, chance.below(at + 1));
    }
    share
}

const WORDS: [&str; 16] = [
    "token", "secret", "key", "client", "azure", "github", "api", "account", "region", "value", "server", "level",
    "the", "deploy", "login", "password",
];

/// Returns a line without a secret, made of words that usually surround one.
fn noise(chance: &mut Chance) -> String {
    let mut word = || *chance.pick(&WORDS);
    let (a, b, c) = (word(), word(), word());
    match chance.below(7) {
        0 => format!("{a}_{b} = \"{c}\"\n"),
        1 => format!("# {a} {b} {c}\n"),
        2 => format!("{:016x}{:016x}\n", chance.next(), chance.next()),
        3 => format!("  {a}: {b}\n"),
        4 => "\n".to_owned(),
        5 => format!("export {}={}", a.to_uppercase(), chance.below(10_000)) + "\n",
        _ => format!("{a} {b} ").repeat(1 + chance.below(12)) + "\n",
    }
}

fn noises(chance: &mut Chance, count: usize) -> Vec<u8> {
    (0..count).flat_map(|_| noise(chance).into_bytes()).collect()
}

/// Returns the offsets at which lines start, and that of the end.
fn starts(text: &[u8]) -> Vec<usize> {
    let after = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    let mut starts: Vec<usize> = std::iter::once(0).chain(after).chain([text.len()]).collect();
    starts.dedup();
    starts
}

/// Returns the range of some whole lines of a text.
fn block(chance: &mut Chance, text: &[u8], most: usize) -> Range<usize> {
    let starts = starts(text);
    let lines = chance.range(starts.len() - 1, most);
    starts[lines.start]..starts[lines.end.max(lines.start)]
}

fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len()).position(|window| window == needle)
}

// ---------------------------------------------------------------- a history

type Files = BTreeMap<String, Vec<u8>>;

/// A place where a text was cut: `mark` is there until `rest`, the removed text, comes back.
struct Cut {
    mark: String,
    rest: Vec<u8>,
}

/// A fast-import stream that grows commit by commit.
struct World {
    chance: Chance,
    examples: Vec<Example>,
    /// The number of examples that were planted at least once.
    planted: usize,
    cuts: Vec<Cut>,
    /// The contents that may come back.
    past: Vec<Vec<u8>>,
    /// The files at the tip of each branch, and the mark of the tip.
    branches: Vec<(Files, usize)>,
    marks: usize,
    names: usize,
    stream: Vec<u8>,
}

/// The largest size of a file; larger ones are cut down. One in `LARGE` repositories has a file that is larger from the
/// start.
const MOST_BYTES: usize = 60_000;
const LARGE: u64 = 6;

impl World {
    fn new(seed: u64) -> Self {
        let mut chance = Chance(seed);
        let examples = examples(seed, &mut chance);
        let mut files = Files::new();
        for number in 0..4 + chance.below(4) {
            let lines = 5 + chance.below(150);
            files.insert(format!("a/b{number}.txt"), noises(&mut chance, lines));
        }
        if seed.is_multiple_of(LARGE) {
            files.insert("a/large.txt".to_owned(), noises(&mut chance, 6000));
        }
        let mut world = Self {
            chance,
            examples,
            planted: 0,
            cuts: Vec::new(),
            past: Vec::new(),
            branches: vec![(files.clone(), 0)],
            marks: 0,
            names: 10,
            stream: Vec::new(),
        };
        world.commit(0, &Files::new(), None);
        world.branches.push((files, world.branches[0].1));
        world
    }

    /// Generates the whole stream: enough commits to plant every example of the share.
    fn make(mut self) -> Self {
        let commits = 40 + self.chance.below(30);
        for _ in 0..commits {
            let branch = usize::from(self.chance.one_in(3));
            let before = self.branches[branch].0.clone();
            let merged = if self.chance.one_in(8) { Some(self.merge(branch)) } else { None };
            let due = (self.examples.len() - self.planted).min(1 + self.examples.len() / commits);
            (0..due).for_each(|_| self.plant(branch));
            (0..1 + self.chance.below(4)).for_each(|_| self.edit(branch));
            self.commit(branch, &before, merged);
        }
        self
    }

    fn line(&mut self, line: &str) {
        self.stream.extend_from_slice(line.as_bytes());
        self.stream.push(b'\n');
    }

    fn data(&mut self, bytes: &[u8]) {
        self.line(&format!("data {}", bytes.len()));
        self.stream.extend_from_slice(bytes);
        self.stream.push(b'\n');
    }

    /// Writes a commit with the changes of a branch since `before`.
    fn commit(&mut self, branch: usize, before: &Files, merged: Option<usize>) {
        let parent = self.branches[branch].1;
        self.marks += 1;
        let name = if branch == 0 { "main" } else { "side" };
        self.line(&format!("commit refs/heads/{name}"));
        self.line(&format!("mark :{}", self.marks));
        self.line(&format!("committer Test User <test@example.com> {} +0000", 1_700_000_000 + self.marks * 60));
        self.data(b"a change\n");
        if parent > 0 {
            self.line(&format!("from :{parent}"));
        }
        if let Some(mark) = merged.filter(|mark| *mark != parent) {
            self.line(&format!("merge :{mark}"));
        }
        let files = self.branches[branch].0.clone();
        for gone in before.keys().filter(|path| !files.contains_key(*path)) {
            self.line(&format!("D {gone}"));
        }
        for (path, text) in files.iter().filter(|(path, text)| before.get(*path) != Some(*text)) {
            self.line(&format!("M 100644 inline {path}"));
            self.data(text);
            self.past.push(text.clone());
        }
        self.branches[branch].1 = self.marks;
    }

    /// Takes some of the other branch's files, and halves of some others; returns the mark of that branch.
    fn merge(&mut self, branch: usize) -> usize {
        let (theirs, mark) = self.branches[1 - branch].clone();
        for (path, text) in theirs {
            let ours = self.branches[branch].0.get(&path).cloned().unwrap_or_default();
            match self.chance.below(4) {
                0 => drop(self.branches[branch].0.insert(path, text)),
                1 => {
                    let cut = |text: &[u8]| starts(text)[starts(text).len() / 2];
                    let both = [&ours[..cut(&ours)], &text[cut(&text)..]].concat();
                    self.branches[branch].0.insert(path, both);
                }
                _ => {}
            }
        }
        mark
    }

    fn new_name(&mut self) -> String {
        self.names += 1;
        format!("{}/b{}.txt", self.chance.pick(&["a", "c", "d/e"]), self.names)
    }

    /// Takes a file to change out of the branch.
    fn take(&mut self, branch: usize) -> (String, Vec<u8>) {
        let paths: Vec<String> = self.branches[branch].0.keys().cloned().collect();
        if paths.is_empty() {
            return (self.new_name(), noises(&mut self.chance, 20));
        }
        let path = self.chance.pick(&paths).clone();
        let text = self.branches[branch].0.remove(&path).unwrap_or_default();
        (path, text)
    }

    fn put(&mut self, branch: usize, path: String, mut text: Vec<u8>) {
        if text.len() > MOST_BYTES && !path.ends_with("large.txt") {
            text.drain(..text.len() / 2);
        }
        self.branches[branch].0.insert(path, text);
    }

    /// Puts the next example into a file: between lines, within one, or at an end.
    fn plant(&mut self, branch: usize) {
        let next =
            if self.planted < self.examples.len() { self.planted } else { self.chance.below(self.examples.len()) };
        self.planted = self.planted.max(next + 1);
        let mut example = self.examples[next].text.clone().into_bytes();
        let (path, mut text) = self.take(branch);
        let starts = starts(&text);
        let (at, ending) = match self.chance.below(8) {
            0 => (0, &b"\n"[..]),
            1 => (text.len(), &b""[..]),
            2 => (self.chance.below(text.len() + 1), &b" "[..]),
            _ => (*self.chance.pick(&starts), &b"\n"[..]),
        };
        if self.chance.one_in(5) {
            let whole = example.clone();
            let kept = self.chance.below(whole.len());
            let mark = format!("<{}>", self.cuts.len());
            example = [&whole[..kept], mark.as_bytes()].concat();
            self.cuts.push(Cut { mark, rest: whole[kept..].to_vec() });
        }
        text.splice(at..at, [&example, ending].concat());
        self.put(branch, path, text);
    }

    fn edit(&mut self, branch: usize) {
        match self.chance.below(20) {
            0..=7 => self.edit_lines(branch),
            8..=11 => self.edit_bytes(branch),
            12..=14 => self.join_a_cut(branch),
            15..=17 => self.edit_files(branch),
            18 => self.plant(branch),
            _ => self.bring_back(branch),
        }
    }

    fn edit_lines(&mut self, branch: usize) {
        let (path, mut text) = self.take(branch);
        let lines = block(&mut self.chance, &text, 20);
        let to = *self.chance.pick(&starts(&text));
        match self.chance.below(4) {
            0 => {
                let count = 1 + self.chance.below(12);
                text.splice(to..to, noises(&mut self.chance, count));
            }
            1 => drop(text.drain(lines)),
            2 => {
                let moved: Vec<u8> = text.drain(lines).collect();
                let to = *self.chance.pick(&starts(&text));
                text.splice(to..to, moved);
            }
            _ => {
                let copy = text[lines].to_vec();
                text.splice(to..to, copy);
            }
        }
        self.put(branch, path, text);
    }

    /// Changes bytes without regard to lines, within a secret as well as anywhere else.
    fn edit_bytes(&mut self, branch: usize) {
        let (path, mut text) = self.take(branch);
        let at = self.somewhere(&text);
        let end = (at + 1 + self.chance.below(30)).min(text.len());
        match self.chance.below(5) {
            0 => {
                let mark = format!("{}<{}>", self.chance.pick(&["", "\n", " ", "\0"]), self.cuts.len());
                text.splice(at..at, mark.bytes());
                self.cuts.push(Cut { mark, rest: Vec::new() });
            }
            1 => {
                let mark = format!("<{}>", self.cuts.len());
                let rest = text.splice(at..end, mark.bytes()).collect();
                self.cuts.push(Cut { mark, rest });
            }
            2 => drop(text.drain(at..end)),
            3 => text[at..end].iter_mut().take(1).for_each(|byte| *byte = byte.wrapping_add(1)),
            _ => text.truncate(at.max(text.len() / 2)),
        }
        self.put(branch, path, text);
    }

    /// Returns an offset anywhere in a text, more often near a word about secrets.
    fn somewhere(&mut self, text: &[u8]) -> usize {
        let anywhere = self.chance.below(text.len());
        let example = self.chance.below(self.planted.max(1));
        let words = self.examples.get(example).map(|example| example.text.as_bytes()).unwrap_or_default();
        let found = words.get(..12).and_then(|start| find(text, start));
        let near = found.map(|start| (start + self.chance.below(words.len())).min(text.len()));
        near.unwrap_or(anywhere)
    }

    /// Restores the removed text at a cut, if its mark is still there.
    fn join_a_cut(&mut self, branch: usize) {
        for _ in 0..8 {
            if self.cuts.is_empty() {
                return;
            }
            let Cut { mark, rest } = self.chance.pick(&self.cuts);
            for text in self.branches[branch].0.values_mut() {
                if let Some(at) = find(text, mark.as_bytes()) {
                    text.splice(at..at + mark.len(), rest.iter().copied());
                    return;
                }
            }
        }
    }

    fn edit_files(&mut self, branch: usize) {
        let (path, text) = self.take(branch);
        let name = self.new_name();
        match self.chance.below(6) {
            0 => return self.put(branch, name, text),
            1 => {
                let half = *self.chance.pick(&starts(&text));
                self.put(branch, name, text[half..].to_vec());
                return self.put(branch, path, text[..half].to_vec());
            }
            2 => {
                let (other, more) = self.take(branch);
                return self.put(branch, other, [text, more].concat());
            }
            3 => {
                let crlf = String::from_utf8_lossy(&text).replace('\n', "\r\n");
                self.put(branch, name, crlf.into_bytes());
            }
            4 => {
                let wide =
                    String::from_utf8_lossy(&text).encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
                self.put(branch, name, wide[..wide.len().min(MOST_BYTES)].to_vec());
            }
            _ if self.branches[branch].0.len() > 3 => return,
            _ => {}
        }
        self.put(branch, path, text);
    }

    /// Writes the content of any earlier commit to any path.
    fn bring_back(&mut self, branch: usize) {
        if !self.past.is_empty() {
            let text = self.chance.pick(&self.past).clone();
            let (path, _) = self.take(branch);
            self.branches[branch].0.insert(path, text);
        }
    }
}

// ---------------------------------------------------------------- ways to store it

const LOOSE: &str = "fastimport.unpackLimit=1000000";
const PACKED: &str = "fastimport.unpackLimit=1";
const DEEP: [&str; 4] = ["repack", "-adfq", "--depth=50", "--window=50"];

fn import(repo: &Repo, stream: &[u8], setting: &str) {
    repo.git_tool(&["-c", setting, "fast-import", "--quiet", "--force"]).input(stream).run().expect_code(0);
}

/// Imports the stream in three parts, each packed by itself, so that no delta refers to another part.
fn import_in_parts(repo: &Repo, world: &World, setting: &str) {
    let marks = repo.path(".git/parts").display().to_string();
    let (export, read) = (format!("--export-marks={marks}"), format!("--import-marks-if-exists={marks}"));
    let start = |number: usize| find(&world.stream, format!("mark :{number}\n").as_bytes()).unwrap_or_default();
    // The line before the mark names the branch.
    let commit = |number| world.stream[..start(number)].windows(7).rposition(|w| w == b"commit ").unwrap_or_default();
    let (first, second) = (commit(world.marks / 3), commit(2 * world.marks / 3));
    for part in [0..first, first..second, second..world.stream.len()] {
        let tool = repo.git_tool(&["-c", setting, "fast-import", "--quiet", "--force", &export, &read]);
        tool.input(&world.stream[part]).run().expect_code(0);
    }
    repo.remove(".git/parts");
    let names = must(fs::read_dir(repo.path(".git/objects/pack")), "list the packs").flatten();
    let packs = names.filter(|name| name.path().extension().is_some_and(|extension| extension == "pack")).count();
    assert_eq!(packs, if setting == PACKED { 3 } else { 0 }, "a pack for each part");
}

/// Stores a history in the way that belongs to a seed; returns the repository.
fn stored(seed: u64, world: &World) -> Repo {
    let repo = Repo::folder();
    let sha256 = [3, 8, 9].contains(&(seed % 12));
    repo.git(if sha256 { &["init", "--quiet", "--object-format=sha256"] } else { &["init", "--quiet"] });
    match seed % 12 {
        0 | 3 => import(&repo, &world.stream, LOOSE),
        1 => import(&repo, &world.stream, PACKED),
        2 | 8 => {
            import(&repo, &world.stream, LOOSE);
            repo.git(&DEEP);
        }
        4 => import_in_parts(&repo, world, PACKED),
        5 | 9 => {
            import_in_parts(&repo, world, PACKED);
            repo.git(&["multi-pack-index", "write"]);
        }
        6 => {
            import(&repo, &world.stream, LOOSE);
            repo.git(&["branch", "-D", "side"]);
            repo.git(&["repack", "--cruft", "-dq"]);
        }
        7 => {
            import(&repo, &world.stream, LOOSE);
            repo.git(&[&["-c", "repack.useDeltaBaseOffset=false"], &DEEP[..]].concat());
        }
        10 => {
            import(&repo, &world.stream, PACKED);
            repo.git(&["clone", "--quiet", "--bare", "--no-local", ".", "../bare.git"]);
            return repo.at("../bare.git");
        }
        _ => {
            import_in_parts(&repo, world, LOOSE);
            repo.git(&["repack", "-dq", "--depth=250", "--window=4"]);
            let again = repo.git_tool(&["hash-object", "-w", "--stdin"]).input(world.past[0].clone());
            again.run().expect_code(0);
            repo.git(&["clone", "--quiet", "--shared", ".", "../shared"]);
            return repo.at("../shared");
        }
    }
    repo
}

/// Writes every blob to a file of its own, named by its id, so that the name doesn't affect the scan.
fn extracted(repo: &Repo) -> Repo {
    let folder = repo.at("../extracted");
    let list = repo.git(&["cat-file", "--batch-all-objects", "--batch-check"]).out();
    let ids: String =
        list.lines().filter_map(|line| line.split_once(" blob ")).fold(String::new(), |all, (id, _)| all + id + "\n");
    let stream = repo.git_tool(&["cat-file", "--batch"]).input(ids).run().expect_code(0).stdout;
    let mut rest = &stream[..];
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let header = String::from_utf8_lossy(&rest[..end]).into_owned();
        let (id, size) = header.split_once(" blob ").unwrap_or_else(|| panic!("no blob: {header}"));
        let size: usize = must(size.parse(), "read the size of a blob");
        must(fs::write(folder.path(id), &rest[end + 1..][..size]), "write a blob");
        rest = &rest[end + 1 + size + 1..];
    }
    folder
}

// ---------------------------------------------------------------- place by place

/// A secret at one place of one blob.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Sight {
    blob: String,
    start: (u64, u64),
    end: (u64, u64),
    rule: String,
    confidence: String,
    secret: String,
}

impl Display for Sight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { blob, start, rule, confidence, secret, .. } = self;
        let glimpse: String = secret.chars().take(4).collect();
        let place = format!("{blob}:{}:{}", start.0, start.1);
        write!(f, "{rule} ({confidence}) in {place}: {glimpse}… ({} characters)", secret.chars().count())
    }
}

/// Returns what a report says about the contents of blobs; `blob` is the field of a place that holds a blob's id.
fn sights(run: &Run, blob: &str) -> BTreeSet<Sight> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut all = BTreeSet::new();
    for finding in run.records_of("finding") {
        let places = finding["occurrences"].as_array().cloned().unwrap_or_default();
        for place in places.iter().filter(|place| place["kind"] == "file") {
            let number = |field: &str| place[field].as_u64().unwrap_or_default();
            all.insert(Sight {
                blob: text(&place[blob]),
                start: (number("line"), number("column")),
                end: (number("end_line"), number("end_column")),
                rule: text(&finding["rule"]),
                confidence: text(&finding["confidence"]),
                secret: text(&finding["secret"]),
            });
        }
    }
    all
}

fn list<'s>(sights: impl Iterator<Item = &'s Sight>) -> String {
    let lines: Vec<String> = sights.map(ToString::to_string).collect();
    let shown: Vec<&str> = lines.iter().take(20).map(String::as_str).collect();
    format!("{}\n  {}", lines.len(), shown.join("\n  "))
}

const ALL: [&str; 7] =
    ["--format", "jsonl", "--show-secrets", "--exit-zero", "--min-confidence=low", "--min-severity=low", "--quiet"];

/// Makes the repository of a seed and compares the two scans.
fn compare(seed: u64) {
    let world = World::new(seed).make();
    let repo = stored(seed, &world);
    let threads = ["1", "2", "5"][usize::try_from(seed % 3).unwrap_or_default()];
    let history = repo.keysweep(&[&["history", "--threads", threads], &ALL[..]].concat()).expect_code(0);
    let files = extracted(&repo).keysweep(&[&["files", "."], &ALL[..]].concat()).expect_code(0);
    let (found, expected) = (sights(&history, "blob"), sights(&files, "path"));
    let (missed, surplus) = (expected.difference(&found), found.difference(&expected));
    assert!(
        found == expected,
        "seed {seed}: of {} places\nmissed: {}\nnot in the blob alone: {}",
        expected.len(),
        list(missed),
        list(surplus)
    );
    // Whatever the edits did, most of the planted examples must have been there to be found.
    let rules: BTreeSet<&str> = world.examples.iter().map(|example| &*example.rule).collect();
    let seen: BTreeSet<&str> = expected.iter().map(|sight| &*sight.rule).collect();
    let unseen: Vec<&&str> = rules.difference(&seen).collect();
    assert_eq!(world.planted, world.examples.len(), "seed {seed}: not all examples were planted");
    assert!(unseen.len() * 3 < rules.len(), "seed {seed}: too little was left to find: {unseen:?}");
}

/// Compares several repositories; each test gets six, so that a runner can run the tests in parallel.
fn compare_all(seeds: Range<u64>) {
    assert!(seeds.end <= REPOSITORIES);
    seeds.for_each(compare);
}

#[test]
fn sweeps_are_exact_in_repositories_0_to_5() {
    compare_all(0..6);
}

#[test]
fn sweeps_are_exact_in_repositories_6_to_11() {
    compare_all(6..12);
}

#[test]
fn sweeps_are_exact_in_repositories_12_to_17() {
    compare_all(12..18);
}

#[test]
fn sweeps_are_exact_in_repositories_18_to_23() {
    compare_all(18..24);
}
