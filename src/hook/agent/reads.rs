//! Files that an agent is about to read, as named by a tool's arguments, by the words of a command or by a prompt.
//!
//! This module only lists files that exist. The caller has to read them, and to ignore those that can't be read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::action::file_of;
use super::glob::Search;
use super::shell::Command;
use super::{Call, Stage};

/// A file that is about to be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Read {
    /// The path of the file.
    pub path: PathBuf,
    /// The lines that are read, counted from 1; all if absent.
    pub lines: Option<(usize, usize)>,
}

/// Files that are about to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// The files that exist.
    pub files: BTreeSet<Read>,
    /// The first name or pattern with which there are too many files.
    pub too_many: Option<String>,
}

/// The programs that show the content of the files they are given.
const PRINTERS: [&str; 35] = [
    "cat",
    "tac",
    "bat",
    "batcat",
    "head",
    "tail",
    "less",
    "more",
    "nl",
    "strings",
    "xxd",
    "od",
    "hexdump",
    "base64",
    "sed",
    "awk",
    "gawk",
    "cut",
    "sort",
    "uniq",
    "tr",
    "fold",
    "paste",
    "diff",
    "grep",
    "egrep",
    "fgrep",
    "rg",
    "ag",
    "jq",
    "yq",
    "type",
    "gc",
    "get-content",
    "select-string",
];
/// The most files that a call may read, and the most names that are looked up, because an agent waits only so long for
/// its hook.
const MAX_FILES: usize = 1000;
const MAX_NAMES: usize = 50_000;
/// The most bytes of a name in a prompt; no file system opens longer ones.
const MAX_NAME: usize = 4096;
/// The words in the names of tools that read files and do not change them.
const READING: [&str; 5] = ["read", "view", "grep", "search", "cat"];
/// The keys that tools use for the first and the last line.
const FIRST: [&str; 6] =
    ["offset", "startLine", "start_line", "StartLine", "start_line_one_indexed", "startLineNumber"];
const LAST: [&str; 5] = ["endLine", "end_line", "EndLine", "end_line_one_indexed_inclusive", "endLineNumber"];

impl Call {
    /// Returns the files whose content the agent would see and that could not be masked afterwards.
    pub fn reads(&self) -> Reads {
        let folder = self.folder().unwrap_or_default();
        let mut found = Found { folder, names: 0, search: Search::default(), reads: Reads::default() };
        if !matches!(self.stage, Stage::Before) {
            return found.reads;
        }
        if let Some(prompt) = self.prompt() {
            // Agents add these files to the prompt themselves, without using a tool.
            mentions(prompt).into_iter().chain(self.attachments()).for_each(|name| found.add(name, None));
        } else if !self.protocol.masks_reads {
            self.commands().iter().for_each(|command| found.command(command));
            found.tool(&self.tool(), &self.arguments());
        }
        found.reads
    }
}

/// The files found so far.
struct Found {
    folder: PathBuf,
    /// The number of names that were looked up.
    names: usize,
    search: Search,
    reads: Reads,
}

impl Found {
    fn command(&mut self, command: &Command) {
        command.inputs.iter().for_each(|name| self.add(name, None));
        let is_printer = PRINTERS.contains(&command.program().as_str());
        for word in command.arguments() {
            // A file that is sent somewhere has an `@` before its name, as with curl.
            match word.split_once('@') {
                Some((before, name)) if before.is_empty() || before.ends_with('=') => self.add(name, None),
                _ if is_printer && !word.starts_with('-') => self.add(word, None),
                _ => {}
            }
        }
    }

    fn tool(&mut self, tool: &str, arguments: &Value) {
        // Arguments with the content of the file are checked as a text.
        if !READING.iter().any(|word| tool.contains(word)) || arguments.get("content").is_some() {
            return;
        }
        let name = file_of(arguments);
        name.into_iter().for_each(|name| self.add(name, lines(arguments)));
        for key in ["glob", "include_pattern", "includePattern", "file_pattern"] {
            if let Some(pattern) = arguments[key].as_str() {
                let below = name.map(|name| self.folder.join(name)).filter(|path| path.is_dir());
                self.add(&below.unwrap_or_else(|| self.folder.clone()).join(pattern).to_string_lossy(), None);
            }
        }
        for file in arguments["files"].as_array().into_iter().flatten() {
            if let Some(name) = file.as_str().or_else(|| file_of(file)) {
                self.add(name, None);
            }
        }
    }

    /// Adds the files that a name or a pattern stands for, if there are any.
    fn add(&mut self, name: &str, lines: Option<(usize, usize)>) {
        self.names += 1;
        if self.reads.too_many.is_some() {
            return;
        }
        let path = self.folder.join(at_home(name));
        let files = if path.is_file() {
            Some(vec![(path, lines)])
        } else if name.contains(['*', '?']) {
            self.search.files(&path).map(|files| files.into_iter().map(|path| (path, None)).collect())
        } else {
            Some(Vec::new())
        };
        self.reads.files.extend(files.iter().flatten().map(|(path, lines)| Read { path: path.clone(), lines: *lines }));
        if files.is_none() || self.reads.files.len() > MAX_FILES || self.names > MAX_NAMES {
            self.reads.too_many = Some(name.to_owned());
        }
    }
}

/// Returns the path of a name, in which `~/` is the home folder.
pub(super) fn at_home(name: &str) -> PathBuf {
    let home = || std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"));
    match name.strip_prefix("~/").zip(home()) {
        Some((rest, home)) => Path::new(&home).join(rest),
        None => PathBuf::from(name),
    }
}

/// Returns the names in a prompt that begin with `@`.
fn mentions(prompt: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, _) in prompt.match_indices('@') {
        let is_start = prompt[..at].chars().last().is_none_or(|last| last.is_whitespace() || "('\"`".contains(last));
        let rest = &prompt[at + 1..];
        let rest = &rest[..rest.floor_char_boundary(MAX_NAME)];
        let name = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next(),
            None => rest.split(char::is_whitespace).next(),
        };
        if let Some(name) = name.filter(|name| is_start && !name.is_empty()) {
            found.push(name.split('#').next().unwrap_or(name));
            // A sentence may end after a name.
            found.push(name.trim_end_matches(['.', ',', ';', ':', ')', '!', '?', '\'', '"', '`']));
        }
    }
    found
}

/// Returns the lines that a tool is asked for.
fn lines(arguments: &Value) -> Option<(usize, usize)> {
    let count = |value: &Value| usize::try_from(value.as_u64()?).ok();
    let range = |at: usize| arguments["view_range"].get(at).and_then(count);
    if let Some(range) = range(0).zip(range(1)) {
        return Some(range);
    }
    let number = |keys: &[&str]| keys.iter().find_map(|key| count(arguments.get(*key)?));
    let first = number(&FIRST);
    let limit = number(&["limit"]).map(|limit| first.unwrap_or(1).saturating_add(limit));
    let last = number(&LAST).or(limit);
    // Some tools count from 0.
    (first.is_some() || last.is_some()).then(|| (first.unwrap_or(0), last.unwrap_or(usize::MAX).saturating_add(1)))
}
