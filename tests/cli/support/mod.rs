//! A sandbox for git and keysweep, and a generator of secrets.
//!
//! Every repository is in a sandbox of its own, with its own home and git configuration, fixed names and dates, and
//! nothing from the machine's environment but `PATH`. No token is in the source of a test: values are generated from a
//! seed, with the check digits that their format requires.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::SystemTime;
use std::{env, fs, iter, thread};

use serde_json::Value;
use tempfile::TempDir;

/// The rule for Entra client secrets.
pub(crate) const ENTRA: &str = "azure-entra-client-secret";
/// The rule for classic GitHub tokens.
pub(crate) const GITHUB: &str = "github-pat";

const KEYSWEEP: &str = env!("CARGO_BIN_EXE_keysweep");
const DATE: &str = "2024-01-02T03:04:05+00:00";
const GIT_CONFIG: &str = "\
[user]
\tname = Test User
\temail = test@example.com
[init]
\tdefaultBranch = main
[commit]
\tgpgSign = false
[core]
\tautocrlf = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
[protocol \"file\"]
\tallow = always
";

/// The most consecutive characters of a secret that an output may show.
const LONGEST_GLIMPSE: usize = 11;

// ---------------------------------------------------------------- random numbers

/// A `SplitMix64` generator: the same seed makes the same repository on every machine.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `limit`; zero if there is none.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.next() % limit).unwrap_or_default()
    }

    pub(crate) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// Returns a range within `length` that is at most `most` long.
    pub(crate) fn range(&mut self, length: usize, most: usize) -> Range<usize> {
        let start = self.below(length + 1);
        start..(start + 1 + self.below(most)).min(length)
    }
}

// ---------------------------------------------------------------- secrets

/// A generated credential and the rule that has to report it.
pub(crate) struct Secret {
    pub(crate) rule: &'static str,
    pub(crate) value: String,
}

impl Secret {
    pub(crate) fn entra(seed: u32) -> Self {
        Self { rule: ENTRA, value: entra_secret(seed) }
    }

    pub(crate) fn github(seed: u32) -> Self {
        Self { rule: GITHUB, value: github_token(seed) }
    }

    /// Returns the line of a configuration file that assigns the value.
    pub(crate) fn line(&self) -> String {
        format!("AZURE_CLIENT_SECRET={}\n", self.value)
    }
}

const ALPHANUMERIC: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const UNRESERVED: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~";

/// Returns an Entra client secret with valid check digits: 3 + `8Q~` + 31 + 3 characters.
pub(crate) fn entra_secret(seed: u32) -> String {
    let mut random = Random::new("entra", seed);
    loop {
        let head = random.text(3, UNRESERVED);
        let body = random.text(31, UNRESERVED);
        let unsigned = format!("{head}8Q~{body}");
        let digits = digits(marvin32(unsigned.as_bytes(), *b"AadPwd00"), UNRESERVED, 6);
        let check = &digits[..3];
        if check.ends_with(|last: char| last.is_ascii_alphanumeric()) {
            return format!("{unsigned}{check}");
        }
    }
}

/// Returns a classic GitHub token with a valid checksum: `ghp_` + 30 + 6 characters.
pub(crate) fn github_token(seed: u32) -> String {
    let body = Random::new("github", seed).text(30, ALPHANUMERIC);
    let check = digits(crc32(body.as_bytes()), ALPHANUMERIC, 6);
    format!("ghp_{body}{check}")
}

/// Returns a number in the alphabet's base, most significant digit first, padded on the left with the alphabet's zero.
fn digits(mut number: u32, alphabet: &[u8], width: usize) -> String {
    let base = u32::try_from(alphabet.len()).unwrap_or(u32::MAX);
    let mut reversed = Vec::new();
    while number > 0 {
        reversed.push(pick(alphabet, number % base));
        number /= base;
    }
    reversed.resize(width.max(reversed.len()), pick(alphabet, 0));
    reversed.into_iter().rev().collect()
}

fn pick(alphabet: &[u8], index: u32) -> char {
    char::from(alphabet[usize::try_from(index).unwrap_or_default()])
}

/// An xorshift32 generator: the same seed gives the same secret on every machine.
struct Random(u32);

impl Random {
    fn new(purpose: &str, seed: u32) -> Self {
        let start = crc32(format!("{purpose}{seed}").as_bytes());
        Self(start.max(1))
    }

    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    fn char(&mut self, alphabet: &[u8]) -> char {
        let size = u32::try_from(alphabet.len()).unwrap_or(u32::MAX);
        pick(alphabet, (self.next() >> 8) % size)
    }

    /// Returns random text that starts and ends with a letter or digit and has neither repetitions nor sequences.
    fn text(&mut self, length: usize, alphabet: &[u8]) -> String {
        let mut text = String::new();
        while text.len() < length {
            let at_an_end = text.is_empty() || text.len() + 1 == length;
            let next = self.char(if at_an_end { ALPHANUMERIC } else { alphabet });
            let close = text.chars().last().is_some_and(|last| u32::from(last).abs_diff(u32::from(next)) <= 1);
            if !close {
                text.push(next);
            }
        }
        text
    }
}

pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| {
        if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
    };
    let register = bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)));
    !register
}

/// Returns the Marvin32 checksum, which Azure's identifiable secrets use.
fn marvin32(bytes: &[u8], seed: [u8; 8]) -> u32 {
    let [a, b, c, d, e, f, g, h] = seed;
    let (mut high, mut low) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
    let mut padded = bytes.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(4), 0);
    for word in padded.chunks_exact(4) {
        low = low.wrapping_add(word.iter().rev().fold(0, |word, byte| (word << 8) | u32::from(*byte)));
        (low, high) = marvin_round(low, high);
    }
    (low, high) = marvin_round(low, high);
    low ^ high
}

fn marvin_round(mut low: u32, mut high: u32) -> (u32, u32) {
    high ^= low;
    low = low.rotate_left(20).wrapping_add(high);
    high = high.rotate_left(9) ^ low;
    low = low.rotate_left(27).wrapping_add(high);
    (low, high.rotate_left(19))
}

// ---------------------------------------------------------------- processes

/// The folder in which a test's git and keysweep run; it is removed together with the last repository in it.
struct Sandbox(TempDir);

impl Sandbox {
    fn new() -> Rc<Self> {
        let sandbox = Self(must(tempfile::tempdir(), "make a temporary folder"));
        must(fs::create_dir(sandbox.home()), "make a home");
        must(fs::write(sandbox.home().join(".gitconfig"), GIT_CONFIG), "write the git configuration");
        Rc::new(sandbox)
    }

    fn root(&self) -> PathBuf {
        must(self.0.path().canonicalize(), "resolve the temporary folder")
    }

    fn home(&self) -> PathBuf {
        self.root().join("home")
    }

    fn command(&self, program: &str, directory: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(directory).env_clear();
        command.env("PATH", search_path()).env("HOME", self.home()).env("TMPDIR", self.root());
        command.env("XDG_CONFIG_HOME", self.home().join(".config")).env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", self.home().join(".gitconfig"));
        command.env("GIT_AUTHOR_DATE", DATE).env("GIT_COMMITTER_DATE", DATE);
        command.env("GIT_CEILING_DIRECTORIES", self.root()).env("GIT_TERMINAL_PROMPT", "0").env("GIT_EDITOR", "true");
        command
    }
}

/// Returns the machine's `PATH`, with the keysweep under test first, because the hook looks it up there, and tools that
/// a test installed last.
fn search_path() -> OsString {
    let own = Path::new(KEYSWEEP).parent().map(Path::to_path_buf);
    let inherited = env::var_os("PATH").unwrap_or_default();
    let brought = tools().join("bin");
    must(env::join_paths(own.into_iter().chain(env::split_paths(&inherited)).chain([brought])), "extend PATH")
}

/// Returns the folder in which tests install Python tools, shared by all tests.
fn tools() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-tools")
}

/// Installs a Python tool for the tests only.
pub(crate) fn python_tool(requirement: &str) {
    let lock = must(fs::File::create(tools().with_extension("lock")), "create the lock of the tools");
    // The tests run in separate processes, so a file lock is needed.
    must(lock.lock(), "wait for the tools");
    let run = |program: &Path, args: &[&OsStr]| {
        let output = must(Command::new(program).args(args).output(), "start python3: it has to be on PATH");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "could not install {requirement}: {told}");
    };
    let folder = tools();
    if !folder.join("bin/pip").exists() {
        run(Path::new("python3"), &["-m".as_ref(), "venv".as_ref(), folder.as_ref()]);
    }
    run(&folder.join("bin/pip"), &["install", "--quiet", "--disable-pip-version-check", requirement].map(OsStr::new));
}

/// A run of keysweep, git or another program, ready to be started.
pub(crate) struct Tool {
    command: Command,
    input: Vec<u8>,
}

impl Tool {
    fn new(command: Command) -> Self {
        Self { command, input: Vec::new() }
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: &[S]) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets the bytes for standard input, which is empty otherwise.
    pub(crate) fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    pub(crate) fn run(mut self) -> Run {
        let command_line = format!("{:?} in {:?}", self.command.get_args(), self.command.get_current_dir());
        let mut child = self.spawn();
        let stdin = child.stdin.take();
        let input = self.input;
        // A thread writes the input, so that a child that writes before it has read everything doesn't block. A
        // child that doesn't read its input closes the pipe, which isn't an error.
        let feeder = thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
        let output = must(child.wait_with_output(), "wait for the process");
        drop(feeder.join());
        Run { command_line, code: output.status.code(), stdout: output.stdout, stderr: output.stderr }
    }

    /// Starts the program with all three streams piped, for a test that uses them itself.
    pub(crate) fn spawn(&mut self) -> std::process::Child {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        must(self.command.spawn(), "start the process")
    }
}

/// The result of a finished process. A failed assertion prints it with `Display`.
pub(crate) struct Run {
    command_line: String,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (stdout, stderr) = (String::from_utf8_lossy(&self.stdout), String::from_utf8_lossy(&self.stderr));
        let Self { command_line, code, .. } = self;
        write!(f, "\n{command_line}\nexit code: {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}\n---")
    }
}

impl Run {
    pub(crate) fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Returns both streams, for text that may be in either.
    pub(crate) fn text(&self) -> String {
        self.out() + &String::from_utf8_lossy(&self.stderr)
    }

    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "unexpected exit code: {self}");
        self
    }

    /// Checks that one of the streams contains the text, ignoring case.
    #[track_caller]
    pub(crate) fn expect_mention(self, wanted: &str) -> Self {
        self.expect_one_of(&[wanted])
    }

    #[track_caller]
    pub(crate) fn expect_one_of(self, wanted: &[&str]) -> Self {
        let text = self.text().to_lowercase();
        let found = wanted.iter().any(|wanted| text.contains(&wanted.to_lowercase()));
        assert!(found, "none of {wanted:?} is mentioned: {self}");
        self
    }

    /// Checks that no output shows the value, or so long a part of it that it would be useful.
    #[track_caller]
    pub(crate) fn expect_withheld(&self, value: &str) {
        for (name, stream) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            let leaked = value.as_bytes().windows(LONGEST_GLIMPSE + 1).find(|part| contains(stream, part));
            assert!(leaked.is_none(), "a part of {value} is in {name}: {self}");
        }
    }

    /// Returns the records on standard output, which is JSON Lines.
    #[track_caller]
    pub(crate) fn records(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|why| panic!("{why} in {line:?}: {self}"));
        self.out().lines().map(parse).collect()
    }

    /// Returns the records of a type: `finding`, `gap` or `summary`.
    #[track_caller]
    pub(crate) fn records_of(&self, kind: &str) -> Vec<Value> {
        self.records().into_iter().filter(|record| record["type"] == kind).collect()
    }

    #[track_caller]
    pub(crate) fn only_finding(&self) -> Value {
        let mut findings = self.records_of("finding");
        assert_eq!(findings.len(), 1, "one finding is expected: {self}");
        findings.remove(0)
    }

    /// Returns the suppression of the only finding.
    #[track_caller]
    pub(crate) fn suppression(&self) -> Value {
        self.only_finding()["suppression"].take()
    }

    /// Returns the verdict of the summary, which has to be the last line and the only summary.
    #[track_caller]
    pub(crate) fn verdict(&self) -> String {
        let records = self.records();
        let summaries = records.iter().filter(|record| record["type"] == "summary").count();
        assert_eq!(summaries, 1, "there has to be one summary: {self}");
        let last = records.last().unwrap_or_else(|| panic!("no records: {self}"));
        assert_eq!(last["type"], "summary", "the summary has to be the last line: {self}");
        last["verdict"].as_str().unwrap_or_else(|| panic!("no verdict: {self}")).to_owned()
    }
}

// ---------------------------------------------------------------- repositories

/// A folder in a sandbox, usually a repository, in which the real git can be run.
pub(crate) struct Repo {
    sandbox: Rc<Sandbox>,
    root: PathBuf,
}

impl Repo {
    /// Makes a folder that is neither a repository nor within one.
    pub(crate) fn folder() -> Self {
        let sandbox = Sandbox::new();
        let root = sandbox.root().join("work");
        must(fs::create_dir(&root), "make a folder");
        Self { sandbox, root }
    }

    /// Makes an empty repository with an unborn HEAD.
    pub(crate) fn init() -> Self {
        let repo = Self::folder();
        repo.git(&["init", "--quiet"]);
        repo
    }

    /// Makes a repository with one harmless commit.
    pub(crate) fn with_a_commit() -> Self {
        let repo = Self::init();
        repo.write("README.md", "# A project\n");
        repo.commit("start");
        repo
    }

    /// Makes a repository with one harmless commit and our hook.
    pub(crate) fn guarded() -> Self {
        let repo = Self::with_a_commit();
        repo.install_hook();
        repo
    }

    /// Returns another folder of the same sandbox, such as a linked worktree, a submodule or a clone; the path is
    /// relative to this one.
    pub(crate) fn at(&self, path: impl AsRef<Path>) -> Self {
        let root = self.path(path);
        must(fs::create_dir_all(&root), "make a folder");
        let root = must(root.canonicalize(), "resolve a folder");
        Self { sandbox: Rc::clone(&self.sandbox), root }
    }

    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    /// Returns a path in the repository's git directory, as git resolves it.
    pub(crate) fn git_path(&self, path: &str) -> PathBuf {
        self.path(self.git(&["rev-parse", "--git-path", path]).out().trim_end())
    }

    pub(crate) fn write(&self, path: impl AsRef<Path>, text: impl AsRef<str>) {
        self.write_bytes(path, text.as_ref());
    }

    pub(crate) fn write_bytes(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        let path = self.path(path);
        if let Some(folder) = path.parent() {
            must(fs::create_dir_all(folder), "make a folder");
        }
        must(fs::write(path, bytes), "write a file");
    }

    pub(crate) fn read(&self, path: impl AsRef<Path>) -> String {
        must(fs::read_to_string(self.path(path)), "read a file")
    }

    pub(crate) fn remove(&self, path: impl AsRef<Path>) {
        must(fs::remove_file(self.path(path)), "remove a file");
    }

    /// Stages everything.
    pub(crate) fn add(&self) {
        self.git(&["add", "--all"]);
    }

    /// Stages and commits everything without running hooks, as if it had been there before keysweep.
    pub(crate) fn commit(&self, message: &str) {
        self.add();
        self.git(&["commit", "--quiet", "--no-verify", "--allow-empty", "-m", message]);
    }

    /// Renames a file of the branch `side`, and rebases that onto a `main` that has advanced in the meantime.
    #[track_caller]
    pub(crate) fn rename_and_rebase(&self, from: &str, to: &str) {
        self.git(&["mv", from, to]);
        self.commit("renamed");
        self.git(&["checkout", "--quiet", "main"]);
        self.write("meanwhile.txt", "meanwhile\n");
        self.commit("meanwhile");
        self.git(&["rebase", "--quiet", "main", "side"]);
    }

    /// Runs git, which has to succeed.
    #[track_caller]
    pub(crate) fn git(&self, args: &[&str]) -> Run {
        self.try_git(args).expect_code(0)
    }

    pub(crate) fn try_git(&self, args: &[&str]) -> Run {
        self.git_tool(args).run()
    }

    pub(crate) fn git_tool(&self, args: &[&str]) -> Tool {
        Tool::new(self.sandbox.command("git", &self.root)).args(args)
    }

    /// Runs a line as a user would who pastes it into a shell.
    pub(crate) fn sh(&self, command: &str) -> Run {
        self.program("sh").args(&["-c", command]).run()
    }

    /// Prepares another program, in the same folder and environment as git.
    pub(crate) fn program(&self, name: &str) -> Tool {
        Tool::new(self.sandbox.command(name, &self.root))
    }

    pub(crate) fn keysweep(&self, args: &[&str]) -> Run {
        self.tool(args).run()
    }

    pub(crate) fn tool<S: AsRef<OsStr>>(&self, args: &[S]) -> Tool {
        Tool::new(self.sandbox.command(KEYSWEEP, &self.root)).args(args)
    }

    #[track_caller]
    pub(crate) fn install_hook(&self) {
        let run = self.keysweep(&["hook", "install"]).expect_code(0);
        let hook = self.git_path("hooks/pre-commit");
        assert!(hook.is_file(), "no hook at {hook:?}: {run}");
    }

    /// Returns the commit that HEAD names; empty while HEAD is unborn.
    pub(crate) fn head(&self) -> String {
        self.try_git(&["rev-parse", "--quiet", "--verify", "HEAD"]).out().trim_end().to_owned()
    }

    pub(crate) fn rev(&self, name: &str) -> String {
        self.git(&["rev-parse", "--verify", name]).out().trim_end().to_owned()
    }

    /// Returns the number of loose and packed objects.
    pub(crate) fn object_count(&self) -> u64 {
        let counts = self.git(&["count-objects", "-v"]).out();
        let count = |name| counts.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
        ["count:", "in-pack:"].into_iter().filter_map(count).sum()
    }

    /// Returns the path of the loose object of a revision such as `:path` or `HEAD:path`.
    pub(crate) fn loose_object(&self, revision: &str) -> PathBuf {
        let id = self.rev(revision);
        let (folder, file) = id.split_at(2);
        self.git_path("objects").join(folder).join(file)
    }

    /// Returns path, size and modification time of everything in the git directory except the reports of scans.
    pub(crate) fn git_listing(&self) -> BTreeMap<PathBuf, (u64, Option<SystemTime>)> {
        let git_dir = self.path(self.git(&["rev-parse", "--git-common-dir"]).out().trim_end());
        // The git directory's own time changes when keysweep's folder is made, so it isn't compared; anything else that
        // is added is listed.
        let own = git_dir.join("keysweep");
        let describe = |path: PathBuf| {
            let metadata = must(path.symlink_metadata(), "look at a file");
            (path, (metadata.len(), metadata.modified().ok()))
        };
        below(&git_dir).filter(|path| *path != git_dir && !path.starts_with(&own)).map(describe).collect()
    }
}

fn below(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let mut pending = vec![folder.to_path_buf()];
    iter::from_fn(move || {
        let next = pending.pop()?;
        if next.is_dir() && !next.is_symlink() {
            let children = must(fs::read_dir(&next), "list a folder");
            pending.extend(children.map(|child| must(child, "list a folder").path()));
        }
        Some(next)
    })
}

/// Returns `true` if `needle` occurs in `haystack`.
pub(crate) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[track_caller]
pub(crate) fn must<T, E: Display>(result: Result<T, E>, what: &str) -> T {
    result.unwrap_or_else(|why| panic!("could not {what}: {why}"))
}
