//! Compares keysweep with git itself, in random repositories.
//!
//! `staged` has to read exactly the paths that `git diff --cached` names, and `history` exactly the objects that `git
//! cat-file --batch-all-objects` lists; in them it has to find exactly what `files` finds in the extracted blobs. A
//! failure names the seed, which makes the same repository again.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::ops::Range;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use serde_json::Value;

use crate::support::{Chance, Repo, Run, Secret, must};

// ================================================================ staged and `git diff --cached`

/// Names that git sorts differently as files and as folders.
const NAMES: [&str; 9] = ["a", "a.b", "a-b", "a0", "lib", "lib.rs", "über uns", "z", "-n"];

/// The numbers of files that mostly stay unchanged, so that the index's cache of trees is used.
const CROWD: Range<usize> = 0..240;

/// The content at a path of the worktree.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    /// A file with the token that has this number.
    File { token: u32, executable: bool },
    /// A symbolic link whose target is the token that has this number.
    Link { token: u32 },
    /// A commit of another repository, as for a submodule.
    Gitlink { id: String },
}

impl Content {
    fn token(&self) -> Option<u32> {
        match self {
            Self::File { token, .. } | Self::Link { token } => Some(*token),
            Self::Gitlink { .. } => None,
        }
    }
}

/// A worktree with random edits, and every token that it ever contained.
struct Tree {
    repo: Repo,
    chance: Chance,
    /// The contents that the worktree should have.
    contents: BTreeMap<String, Content>,
    /// The contents that the worktree has.
    written: BTreeMap<String, Content>,
    /// The values by number; each token is made only once.
    tokens: Vec<String>,
    /// The number of the first token that HEAD has never contained.
    fresh_from: u32,
    seed: u64,
}

impl Tree {
    fn new(seed: u64) -> Self {
        let (contents, written) = (BTreeMap::new(), BTreeMap::new());
        let (repo, chance) = (Repo::init(), Chance(seed));
        let mut tree = Self { repo, chance, contents, written, tokens: Vec::new(), fresh_from: 0, seed };
        for number in CROWD {
            let token = tree.token();
            tree.place(
                format!("crowd/{}/{}/{number}", number % 4, number % 12),
                Content::File { token, executable: false },
            );
        }
        (0..12).for_each(|_| tree.add());
        tree.commit();
        tree
    }

    fn token(&mut self) -> u32 {
        let number = u32::try_from(self.tokens.len()).unwrap_or(u32::MAX);
        let seed = u32::try_from(self.seed).unwrap_or_default() * 100_000 + number;
        self.tokens.push(Secret::github(seed).value);
        number
    }

    fn path(&mut self) -> String {
        let depth = 1 + self.chance.below(3);
        (0..depth).map(|_| *self.chance.pick(&NAMES)).collect::<Vec<_>>().join("/")
    }

    fn any(&mut self) -> Option<String> {
        let paths: Vec<String> = self.contents.keys().cloned().collect();
        if paths.is_empty() { None } else { Some(self.chance.pick(&paths).clone()) }
    }

    /// Puts content at a path; files in place of its folders, and a folder in its place, are removed.
    fn place(&mut self, path: String, content: Content) {
        let above = |other: &str| path.starts_with(&format!("{other}/"));
        let below = |other: &str| other.starts_with(&format!("{path}/"));
        self.contents.retain(|other, _| !above(other) && !below(other));
        self.contents.insert(path, content);
    }

    fn add(&mut self) {
        let (path, token) = (self.path(), self.token());
        let content = match self.chance.below(4) {
            0 => Content::Link { token },
            kind => Content::File { token, executable: kind == 1 },
        };
        self.place(path, content);
    }

    fn edit(&mut self) {
        let token = self.token();
        if let Some(path) = self.any() {
            self.contents.insert(path, Content::File { token, executable: false });
        }
    }

    fn delete(&mut self) {
        if let Some(path) = self.any() {
            self.contents.remove(&path);
        }
    }

    /// Renames a file, which keeps its content or gets a new one.
    fn rename(&mut self) {
        let (to, token) = (self.path(), self.token());
        let Some(from) = self.any() else { return };
        let Some(content) = self.contents.remove(&from) else { return };
        let edited = self.chance.below(2) == 0 && content.token().is_some();
        self.place(to, if edited { Content::File { token, executable: false } } else { content });
    }

    fn change_mode(&mut self) {
        let Some(path) = self.any() else { return };
        if let Some(Content::File { executable, .. }) = self.contents.get_mut(&path) {
            *executable = !*executable;
        }
    }

    /// Turns a file into a link, or a link into a file.
    fn change_type(&mut self) {
        let token = self.token();
        let Some(path) = self.any() else { return };
        let swapped = match self.contents.get(&path) {
            Some(Content::File { .. }) => Content::Link { token },
            _ => Content::File { token, executable: false },
        };
        self.contents.insert(path, swapped);
    }

    fn swap_file_and_folder(&mut self) {
        let token = self.token();
        let Some(path) = self.any() else { return };
        let other = match path.rsplit_once('/') {
            Some((folder, _)) if self.chance.below(2) == 0 => folder.to_owned(),
            _ => format!("{path}/{}", self.chance.pick(&NAMES)),
        };
        self.place(other, Content::File { token, executable: false });
    }

    fn gitlink(&mut self) {
        let path = self.path();
        let id = format!("{:040x}", self.chance.next());
        self.place(path, Content::Gitlink { id });
    }

    fn change(&mut self) {
        match self.chance.below(12) {
            0..=2 => self.add(),
            3 | 4 => self.edit(),
            5 => self.delete(),
            6 | 7 => self.rename(),
            8 => self.change_mode(),
            9 => self.change_type(),
            10 => self.swap_file_and_folder(),
            _ => self.gitlink(),
        }
    }

    fn value(&self, token: u32) -> &str {
        &self.tokens[usize::try_from(token).unwrap_or_default()]
    }

    /// Brings the worktree up to date and stages it.
    fn stage(&mut self) {
        let changed = |(path, content): &(&String, &Content), other: &BTreeMap<String, Content>| {
            other.get(*path).is_none_or(|have| have != *content)
        };
        self.written.iter().filter(|entry| changed(entry, &self.contents)).for_each(|(path, _)| self.clear(path));
        let fresh = self.contents.iter().filter(|entry| changed(entry, &self.written));
        fresh.for_each(|(path, content)| self.write(path, content));
        self.written = self.contents.clone();
        // Otherwise a folder that is a submodule in the index would remain one, whatever is in it now.
        for path in self.gitlinks_of_the_index() {
            self.repo.git(&["update-index", "--force-remove", "--", &path]);
        }
        self.repo.add();
        for (path, content) in &self.contents {
            if let Content::Gitlink { id } = content {
                self.repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{id},{path}")]);
            }
        }
    }

    fn gitlinks_of_the_index(&self) -> Vec<String> {
        let listing = self.repo.git(&["ls-files", "-s", "-z"]).out();
        let gitlinks = listing.split('\0').filter(|entry| entry.starts_with("160000 "));
        gitlinks.filter_map(|entry| entry.split_once('\t')).map(|(_, path)| path.to_owned()).collect()
    }

    /// Removes what was written at a path, and the folders that become empty.
    fn clear(&self, path: &str) {
        let full = self.repo.path(path);
        let removed = if full.is_symlink() || full.is_file() { fs::remove_file(&full) } else { fs::remove_dir(&full) };
        must(removed, "remove what was written");
        let folders = Path::new(path).ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
        for folder in folders {
            if fs::remove_dir(self.repo.path(folder)).is_err() {
                break;
            }
        }
    }

    fn write(&self, path: &str, content: &Content) {
        let full = self.repo.path(path);
        must(full.parent().map_or(Ok(()), fs::create_dir_all), "make a folder");
        match content {
            Content::File { token, executable } => {
                let text = format!("# {path}\nGITHUB_TOKEN={}\n", self.value(*token));
                self.repo.write(path, text);
                let mode = if *executable { 0o755 } else { 0o644 };
                must(fs::set_permissions(&full, fs::Permissions::from_mode(mode)), "set a mode");
            }
            Content::Link { token } => must(symlink(self.value(*token), &full), "make a link"),
            Content::Gitlink { .. } => must(fs::create_dir(&full), "make a submodule's folder"),
        }
    }

    fn commit(&mut self) {
        self.stage();
        self.repo.git(&["commit", "--quiet", "--no-verify", "--allow-empty", "-m", "a state"]);
        self.fresh_from = u32::try_from(self.tokens.len()).unwrap_or(u32::MAX);
    }

    /// Returns the paths that the commit adds or changes according to git, with the token in each that HEAD has never
    /// contained.
    fn expected(&self) -> BTreeSet<(String, String)> {
        let raw = self.repo.git(&["diff", "--cached", "--raw", "-z", "--no-renames", "HEAD"]).out();
        let mut fields = raw.split('\0');
        let mut expected = BTreeSet::new();
        while let (Some(entry), Some(path)) = (fields.next(), fields.next()) {
            let fresh = |token: &u32| *token >= self.fresh_from;
            let token = self.contents.get(path).and_then(Content::token).filter(fresh);
            if let Some(token) = token.filter(|_| entry.ends_with(['A', 'M', 'T'])) {
                expected.insert((path.to_owned(), self.value(token).to_owned()));
            }
        }
        expected
    }

    #[track_caller]
    fn check(&self, state: &str) {
        let expected = self.expected();
        let run = self.repo.keysweep(&["staged", "--format", "jsonl", "--show-secrets"]);
        let run = run.expect_code(i32::from(!expected.is_empty()));
        let reported: BTreeSet<(String, String)> = places(&run).collect();
        let status = self.repo.git(&["diff", "--cached", "--raw", "--no-renames", "HEAD"]);
        let missed: Vec<_> = expected.difference(&reported).collect();
        let surplus: Vec<_> = reported.difference(&expected).collect();
        assert!(
            missed.is_empty() && surplus.is_empty(),
            "seed {}, {state}: missed {missed:?}, not in the diff {surplus:?}\n{status}",
            self.seed
        );
    }
}

/// Returns the path and value of every place in a report made with `--show-secrets`.
fn places(run: &Run) -> impl Iterator<Item = (String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of_finding = move |finding: Value| {
        let occurrences = finding["occurrences"].as_array().cloned().unwrap_or_default();
        occurrences.into_iter().map(move |place| (text(&place["path"]), text(&finding["secret"])))
    };
    run.records_of("finding").into_iter().flat_map(of_finding)
}

/// Compares keysweep with git over a few random commits per seed, with the index in every possible form between them.
fn staged_agrees_with_git(seeds: Range<u64>) {
    for seed in seeds {
        let mut tree = Tree::new(seed);
        for _ in 0..3 {
            stage_and_check(&mut tree);
            tree.commit();
            tree.check("nothing staged");
        }
    }
}

fn stage_and_check(tree: &mut Tree) {
    (0..10).for_each(|_| tree.change());
    tree.stage();
    tree.check("after git add");
    let staged = tree.repo.git(&["write-tree"]).out();
    tree.check("after git write-tree");
    tree.repo.git(&["read-tree", "HEAD"]);
    tree.repo.git(&["read-tree", staged.trim_end()]);
    tree.check("after git read-tree");
    tree.repo.git(&["update-index", "--index-version", "4"]);
    tree.check("in version 4");
    tree.repo.git(&["update-index", "--split-index"]);
    (0..4).for_each(|_| tree.change());
    tree.stage();
    tree.check("in a split index");
    tree.repo.git(&["update-index", "--no-split-index", "--index-version", "2"]);
    (0..2).for_each(|_| tree.change());
    tree.stage();
    tree.check("in version 2");
}

#[test]
fn staged_scans_what_git_diff_lists() {
    staged_agrees_with_git(1..5);
}

#[test]
fn staged_scans_what_git_diff_lists_in_other_worktrees() {
    staged_agrees_with_git(5..9);
}

#[test]
fn an_intent_to_add_hides_no_other_changes() {
    let mut tree = Tree::new(20);
    for _ in 0..4 {
        (0..6).for_each(|_| tree.change());
        tree.stage();
        let token = tree.token();
        let intended = Content::File { token, executable: false };
        tree.write("crowd/1/intended", &intended);
        tree.repo.git(&["add", "--intent-to-add", "crowd/1/intended"]);
        tree.check("with an intent to add");
        tree.repo.git(&["write-tree"]);
        tree.check("with an intent to add in a cached tree");
        tree.clear("crowd/1/intended");
    }
}

#[test]
fn an_unborn_head_makes_everything_new() {
    let mut tree = Tree::new(21);
    tree.repo.git(&["update-ref", "-d", "HEAD"]);
    tree.change();
    tree.stage();
    let run = tree.repo.keysweep(&["staged", "--format", "jsonl", "--show-secrets"]).expect_code(1);
    let values = tree.contents.iter().filter_map(|(path, content)| Some((path, content.token()?)));
    let expected: BTreeSet<_> = values.map(|(path, token)| (path.clone(), tree.value(token).to_owned())).collect();
    assert_eq!(places(&run).collect::<BTreeSet<_>>(), expected);
}

// ================================================================ history and `git cat-file`

/// A random history as a stream for `git fast-import`: merges, tags, long chains of similar contents, and secrets.
struct Stream {
    chance: Chance,
    text: Vec<u8>,
    marks: usize,
    secrets: u32,
    /// The text of a file that grows by a line with each commit, so that packs store it as deltas.
    log: String,
}

const COMMITS: usize = 60;

impl Stream {
    fn new(seed: u64) -> Self {
        Self { chance: Chance(seed), text: Vec::new(), marks: 0, secrets: 0, log: String::new() }
    }

    fn line(&mut self, line: &str) {
        self.text.extend_from_slice(line.as_bytes());
        self.text.push(b'\n');
    }

    fn data(&mut self, bytes: &[u8]) {
        self.line(&format!("data {}", bytes.len()));
        self.text.extend_from_slice(bytes);
        self.text.push(b'\n');
    }

    fn noise(&mut self) -> String {
        let seed = u32::try_from(self.chance.next() & 0xffff_ffff).unwrap_or_default();
        Secret::github(seed).value.split_off(8)
    }

    fn secret(&mut self) -> String {
        self.secrets += 1;
        let seed = u32::try_from(self.chance.next() & 0xffff_ffff).unwrap_or_default();
        match self.chance.below(4) {
            0 => Secret::entra(seed).line(),
            1 => format!("GITHUB_TOKEN={}\n", Secret::github(seed).value),
            2 => format!("https://{}@github.com/org/repo\n", Secret::github(seed).value),
            _ => format!("database_password = \"{}\"\n", self.noise()),
        }
    }

    /// Returns content of any sort, occasionally with a secret somewhere in it.
    fn content(&mut self) -> Vec<u8> {
        let lines = self.chance.below(200);
        let at = self.chance.below(4 * lines);
        let mut text = String::new();
        for number in 0..=lines {
            let line = if number == at { self.secret() } else { format!("line {number} {}\n", self.noise()) };
            text.push_str(&line);
        }
        self.encoded(&text)
    }

    fn encoded(&mut self, text: &str) -> Vec<u8> {
        match self.chance.below(8) {
            0 => [b"\xff\xfe".to_vec(), text.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat(),
            1 => [b"\xfe\xff".to_vec(), text.encode_utf16().flat_map(u16::to_be_bytes).collect()].concat(),
            2 => text.replace('\n', "\r\n").into_bytes(),
            3 => [&b"\0\x01\x02\xff\0"[..], text.as_bytes()].concat(),
            _ => text.as_bytes().to_vec(),
        }
    }

    fn file(&mut self, path: &str, bytes: &[u8]) {
        self.line(&format!("M 100644 inline {path}"));
        self.data(bytes);
    }

    fn commit(&mut self, number: usize) {
        self.marks += 1;
        let branch = if self.chance.below(3) == 0 { "side" } else { "main" };
        self.line(&format!("commit refs/heads/{branch}"));
        self.line(&format!("mark :{}", self.marks));
        self.line(&format!("committer Test User <test@example.com> {} +0000", 1_700_000_000 + number * 60));
        self.data(format!("commit {number}\n").as_bytes());
        if self.marks > 2 && self.chance.below(6) == 0 {
            let other = 1 + self.chance.below(self.marks - 2);
            self.line(&format!("merge :{other}"));
        }
        self.grow(number);
        for _ in 0..self.chance.below(4) {
            let path = format!("d{}/e{}/f{}", self.chance.below(3), self.chance.below(3), self.chance.below(20));
            let bytes = self.content();
            self.file(&path, &bytes);
        }
    }

    fn grow(&mut self, number: usize) {
        let line = if number % 10 == 3 { self.secret() } else { self.noise() + "\n" };
        let at = if self.chance.below(2) == 0 { 0 } else { self.log.len() };
        self.log.insert_str(at, &line);
        let log = self.log.clone();
        self.file("log", log.as_bytes());
    }

    fn tag(&mut self, number: usize) {
        let from = 1 + self.chance.below(self.marks);
        self.line(&format!("tag v{number}"));
        self.line(&format!("from :{from}"));
        self.line("tagger Test User <test@example.com> 1700000000 +0000");
        self.data(format!("version {number}\n").as_bytes());
    }

    fn make(mut self) -> Vec<u8> {
        for number in 0..COMMITS {
            self.commit(number);
        }
        (0..5).for_each(|number| self.tag(number));
        assert!(self.secrets > 10, "too few secrets to compare anything");
        self.text
    }
}

/// The settings with which fast-import leaves all objects loose, or packs them all.
const ALL_LOOSE: &str = "fastimport.unpackLimit=1000000";
const ALL_PACKED: &str = "fastimport.unpackLimit=1";

fn import(repo: &Repo, seed: u64, setting: &str) {
    let stream = Stream::new(seed).make();
    let import = ["-c", setting, "fast-import", "--quiet", "--force"];
    repo.git_tool(&import).input(stream).run().expect_code(0);
    // Besides the objects that refs reach, there are some that nothing reaches.
    let leftover = Secret::github(u32::try_from(seed).unwrap_or_default() + 5_000_000);
    let text = format!("left over: {}\n", leftover.value);
    repo.git_tool(&["hash-object", "-w", "--stdin"]).input(text).run().expect_code(0);
    repo.git(&["tag", "--force", "-a", "-m", "a tag of a tag", "tagged-tag", "v1"]);
    repo.git(&["tag", "--force", "-a", "-m", "a tag of a tree", "tagged-tree", "main^{tree}"]);
}

fn imported(seed: u64, options: &[&str], setting: &str) -> Repo {
    let repo = Repo::folder();
    repo.git(&[&["init", "--quiet"], options].concat());
    import(&repo, seed, setting);
    repo
}

/// Returns all objects by type as git lists them: each once, with those of alternates.
fn objects(repo: &Repo) -> BTreeMap<String, Vec<String>> {
    let format = "--batch-check=%(objecttype) %(objectname)";
    let mut by_type: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in repo.git(&["cat-file", "--batch-all-objects", format]).out().lines() {
        let (kind, id) = line.split_once(' ').unwrap_or_else(|| panic!("not an object: {line:?}"));
        by_type.entry(kind.to_owned()).or_default().push(id.to_owned());
    }
    by_type
}

/// Writes every blob to a file of its own, named by its id.
fn extract(repo: &Repo, ids: &[String]) -> Repo {
    let folder = repo.at("../blobs");
    let input = ids.join("\n") + "\n";
    let stream = repo.git_tool(&["cat-file", "--batch"]).input(input).run().expect_code(0).stdout;
    let mut rest = &stream[..];
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let header = String::from_utf8_lossy(&rest[..end]).into_owned();
        let mut fields = header.split(' ');
        let (id, size) = (fields.next().unwrap_or_default(), fields.next_back().unwrap_or_default());
        let size: usize = must(size.parse(), "read the size of a blob");
        folder.write_bytes(id, &rest[end + 1..][..size]);
        rest = &rest[end + 1 + size + 1..];
    }
    folder
}

/// Returns the rule and value of every finding in a report made with `--show-secrets`.
fn secrets(run: &Run) -> BTreeSet<String> {
    let findings = run.records_of("finding");
    findings.iter().map(|finding| format!("{} {}", finding["rule"], finding["secret"])).collect()
}

/// Checks that `history` has read as many objects as git lists, and found in them exactly what `files` finds in the
/// blobs.
#[track_caller]
fn agrees_with_git(repo: &Repo, place: &str) {
    let run = repo.keysweep(&["history", place, "--format", "jsonl", "--show-secrets", "--min-confidence", "low"]);
    let run = run.expect_code(1);
    let oracle = repo.at(place);
    let objects = objects(&oracle);
    let summary = run.records_of("summary").remove(0);
    assert_eq!(summary["gaps"], 0, "{run}");
    let mut differences = String::new();
    for (figure, kind) in [("commits", "commit"), ("blobs", "blob"), ("trees", "tree"), ("tags", "tag")] {
        let (listed, counted) = (objects.get(kind).map_or(0, Vec::len), &summary[figure]);
        if *counted != listed {
            must(write!(differences, "{figure}: git lists {listed}, history read {counted}; "), "say what differs");
        }
    }
    assert_eq!(differences, "");
    let folder = extract(&oracle, &objects["blob"]);
    let files = folder.keysweep(&["files", ".", "--format", "jsonl", "--show-secrets", "--min-confidence", "low"]);
    let (found, expected) = (secrets(&run), secrets(&files.expect_code(1)));
    let missed: Vec<_> = expected.difference(&found).collect();
    let surplus: Vec<_> = found.difference(&expected).collect();
    assert!(missed.is_empty() && surplus.is_empty(), "missed: {missed:#?}\nin no blob: {surplus:#?}");
    assert!(expected.len() > 10, "too few secrets to compare anything: {}", expected.len());
}

#[test]
fn loose_objects_are_all_read() {
    agrees_with_git(&imported(1, &[], ALL_LOOSE), ".");
}

#[test]
fn objects_as_imported_into_one_pack_are_all_read() {
    agrees_with_git(&imported(2, &[], ALL_PACKED), ".");
}

#[test]
fn objects_in_long_chains_of_deltas_are_all_read() {
    let repo = imported(3, &[], ALL_LOOSE);
    repo.git(&["repack", "-adfq", "--depth=50", "--window=50"]);
    agrees_with_git(&repo, ".");
}

#[test]
fn objects_both_loose_and_packed_are_read_once() {
    let repo = imported(4, &[], ALL_LOOSE);
    repo.git(&["repack", "-aq"]);
    agrees_with_git(&repo, ".");
}

/// Returns a repository of three imports, one pack each, with many objects in several packs.
fn several_packs(seed: u64) -> Repo {
    let repo = imported(seed, &[], ALL_PACKED);
    import(&repo, seed + 1000, ALL_PACKED);
    repo.git(&["repack", "-aq"]);
    import(&repo, seed + 2000, ALL_PACKED);
    let packs = must(fs::read_dir(repo.git_path("objects/pack")), "list the packs").flatten();
    let packs = packs.filter(|entry| Path::new(&entry.file_name()).extension().is_some_and(|ext| ext == "pack"));
    assert!(packs.count() > 2, "there have to be several packs");
    repo
}

#[test]
fn objects_in_several_packs_are_all_read_once() {
    agrees_with_git(&several_packs(5), ".");
}

#[test]
fn objects_under_a_multi_pack_index_are_all_read() {
    let repo = several_packs(6);
    repo.git(&["multi-pack-index", "write"]);
    agrees_with_git(&repo, ".");
}

#[test]
fn objects_outside_a_multi_pack_index_are_all_read() {
    let repo = several_packs(7);
    repo.git(&["multi-pack-index", "write"]);
    import(&repo, 77, ALL_PACKED);
    agrees_with_git(&repo, ".");
}

#[test]
fn objects_in_a_cruft_pack_are_all_read() {
    let repo = imported(8, &[], ALL_LOOSE);
    repo.git(&["branch", "-D", "side"]);
    repo.git(&["repack", "--cruft", "-dq"]);
    repo.git(&["commit-graph", "write", "--reachable"]);
    agrees_with_git(&repo, ".");
}

#[test]
fn objects_of_alternates_are_all_read() {
    let repo = imported(9, &[], ALL_PACKED);
    repo.git(&["clone", "--quiet", "--shared", ".", "../shared"]);
    let shared = repo.at("../shared");
    import(&shared, 99, ALL_LOOSE);
    agrees_with_git(&shared, ".");
}

#[test]
fn objects_of_an_alternates_alternate_are_all_read() {
    let repo = imported(10, &[], ALL_PACKED);
    repo.git(&["clone", "--quiet", "--shared", "--bare", ".", "../middle.git"]);
    repo.git(&["clone", "--quiet", "--shared", "../middle.git", "../outer"]);
    agrees_with_git(&repo.at("../outer"), ".");
}

#[test]
fn objects_of_a_bare_repository_are_all_read_from_outside_and_inside() {
    let repo = imported(11, &["--bare"], ALL_PACKED);
    agrees_with_git(&repo, ".");
    agrees_with_git(&repo.at(".."), "work");
}

#[test]
fn objects_of_a_sha256_repository_are_all_read_loose_and_packed() {
    let repo = imported(12, &["--object-format=sha256"], ALL_LOOSE);
    agrees_with_git(&repo, ".");
    repo.git(&["repack", "-adfq", "--depth=50"]);
    agrees_with_git(&repo, ".");
    repo.git(&["multi-pack-index", "write"]);
    agrees_with_git(&repo, ".");
}

#[test]
fn objects_of_a_linked_worktrees_repository_are_all_read() {
    let repo = imported(13, &[], ALL_PACKED);
    repo.git(&["worktree", "add", "--quiet", "../linked", "side"]);
    agrees_with_git(&repo.at("../linked"), ".");
}

#[test]
fn objects_are_all_read_on_one_thread_and_on_many() {
    let repo = imported(14, &[], ALL_PACKED);
    let report = |threads: &str| {
        let run = repo.keysweep(&["history", "--format", "jsonl", "--show-secrets", "--threads", threads]);
        run.expect_code(1).records_of("finding")
    };
    let alone = report("1");
    for threads in ["2", "7"] {
        assert_eq!(report(threads), alone, "{threads} threads tell another story than one");
    }
}
