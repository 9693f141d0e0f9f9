//! The scripts of husky: git runs a file that husky generates, which runs a script that the repository keeps. Ours is a
//! block of lines in that script, which can be removed again byte for byte. The generated file is never touched,
//! because husky rewrites it at any time.

use std::io;
use std::path::{Path, PathBuf};

use super::install::Change;
use super::shim::{Name, State};
use crate::fs::executable::{self, is_executable};
use crate::fs::{Rights, bounded, replace};

/// The first and the last line of the block.
const FIRST: &str =
    "# keysweep: looks for secrets. Written by 'keysweep hook install'; removed by 'keysweep hook uninstall'.";
const LAST: &str = "# keysweep: end";

/// The start of a script that git itself runs, up to husky 8.
const OLD_HEAD: &str = "#!/usr/bin/env sh\n. \"$(dirname -- \"$0\")/_/husky.sh\"\n\n";

/// A script that husky runs as a hook, or would run if it were there.
#[derive(Debug, Clone)]
pub struct Script {
    path: PathBuf,
    name: Name,
    /// The file that git runs: one that husky generates or, up to husky 8, the script itself.
    hook: PathBuf,
}

impl Script {
    /// Returns the script for a hook, if the folder in which git looks for hooks is husky's.
    pub fn behind(folder: &Path, name: Name) -> Option<Self> {
        let is_named = |folder: &Path, name: &str| folder.file_name().is_some_and(|own| own == name);
        let hook = folder.join(name.as_str());
        let above = folder
            .parent()
            .filter(|above| is_named(folder, "_") && (is_named(above, ".husky") || folder.join("h").is_file()));
        if let Some(above) = above {
            return Some(Self { path: above.join(name.as_str()), name, hook });
        }
        let is_old = is_named(folder, ".husky") || folder.join("_").join("husky.sh").is_file();
        is_old.then(|| Self { path: hook.clone(), name, hook })
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the state of the hook: `Absent` if there is nothing of ours.
    pub fn state(&self) -> State {
        match self.read().ok().as_deref().and_then(block) {
            None => State::Absent,
            Some(_) if !is_executable(&self.hook) => State::NotExecutable,
            Some(own) if own.text.trim_end() == self.lines() => State::Ours,
            Some(_) => State::Outdated,
        }
    }

    /// Returns the lines that run keysweep: the one on `PATH`, because the script is shared with others.
    pub fn lines(&self) -> String {
        format!("{FIRST}\n{}\n{LAST}", commands(self.name))
    }

    /// Adds our lines; a second time changes nothing.
    ///
    /// # Errors
    /// Fails if the file isn't in the work tree at `root`, or can't be changed.
    pub fn install(&self, root: &Path) -> io::Result<Change> {
        let text = self.read_within(root)?;
        if self.state() == State::Ours {
            return Ok(Change::Unchanged);
        }
        let text = if block(&text).is_some() { without(&text)? } else { text };
        let is_new = text.is_empty() && !self.path.exists();
        let head = if is_new && self.path == self.hook { OLD_HEAD } else { "" };
        self.write(&with(&(head.to_owned() + &text), &self.lines(), self.name))?;
        Ok(Change::Installed)
    }

    /// Removes our lines, or the script if it holds nothing else.
    ///
    /// # Errors
    /// Fails if the file isn't in the work tree at `root`, or can't be changed.
    pub fn uninstall(&self, root: &Path) -> io::Result<Change> {
        let text = self.read_within(root)?;
        if block(&text).is_none() {
            return Ok(Change::Unchanged);
        }
        let left = without(&text)?;
        if left.is_empty() || left == OLD_HEAD {
            std::fs::remove_file(&self.path)?;
        } else {
            self.write(&left)?;
        }
        Ok(Change::Removed)
    }

    fn read(&self) -> io::Result<String> {
        if !self.path.exists() {
            return Ok(String::new());
        }
        let text = bounded::read(&self.path, bounded::MAX_SIZE, bounded::Links::Followed).and_then(bounded::text);
        text.map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why.to_string()))
    }

    /// Reads the script if it is in the work tree and isn't a link: anybody may have written the repository's files,
    /// and a link could lead to any other file.
    fn read_within(&self, root: &Path) -> io::Result<String> {
        let folder = self.path.parent().unwrap_or(root).canonicalize()?;
        let is_within = folder.starts_with(root.canonicalize()?);
        let is_file = std::fs::symlink_metadata(&self.path).map_or(true, |meta| meta.is_file());
        if is_within && is_file {
            return self.read();
        }
        let text = format!("'{}' is a link or leads out of the work tree; it was not changed", self.path.display());
        Err(io::Error::new(io::ErrorKind::InvalidInput, text))
    }

    /// Writes the script with the permissions it had; a file that git runs must be executable.
    fn write(&self, text: &str) -> io::Result<()> {
        let rights = match std::fs::metadata(&self.path) {
            Ok(meta) => Rights::Exactly(meta.permissions()),
            Err(_) if self.path == self.hook => executable::rights(),
            Err(_) => Rights::Usual,
        };
        replace(&self.path, rights, |out| out.write_all(text.as_bytes()))
    }
}

/// Returns the commands that run keysweep as a hook in a shell script. Standard input from git remains available to the
/// commands that follow.
pub fn commands(name: Name) -> &'static str {
    match name {
        Name::PreCommit => "keysweep hook run pre-commit || exit $?",
        Name::CommitMsg => "keysweep hook run commit-msg -- \"$1\" || exit $?",
        Name::PrePush => {
            "pushed=$(cat)\nkeysweep hook run pre-push -- \"$@\" <<EOF || exit $?\n$pushed\nEOF\nexec <<EOF\n$pushed\nEOF"
        }
        Name::PreReceive => "keysweep hook run pre-receive || exit $?",
    }
}

/// Our lines in a script.
struct Block<'t> {
    before: &'t str,
    text: &'t str,
    after: &'t str,
}

/// Finds our lines; if their last line is missing, they extend to the end of the script.
fn block(text: &str) -> Option<Block<'_>> {
    let (before, rest) = text.split_at(line_start(text, FIRST)?);
    let end = line_start(rest, LAST).map_or(rest.len(), |at| at + LAST.len());
    let end = end + usize::from(rest[end..].starts_with('\n'));
    let (text, after) = rest.split_at(end);
    Some(Block { before, text, after })
}

/// Returns the offset of the first line that equals `wanted`.
fn line_start(text: &str, wanted: &str) -> Option<usize> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_end() == wanted {
            return Some(at);
        }
        at += line.len();
    }
    None
}

/// Inserts our lines: after the existing ones, which may stage more files, but before the script would end; for a push
/// before the other commands, which would consume standard input from git. A last line without a line break stays
/// without one.
fn with(text: &str, lines: &str, name: Name) -> String {
    let ends = |line: &&str| ["exit", "exec "].iter().any(|word| line.starts_with(word));
    let before_push = |line: &&str| !line.starts_with('#') && !line.starts_with(". ") && !line.trim().is_empty();
    let stop = |line: &&str| if name == Name::PrePush { before_push(line) } else { ends(line) };
    let kept: usize = text.split_inclusive('\n').take_while(|line| !stop(line)).map(str::len).sum();
    let (before, after) = text.split_at(kept);
    if before.is_empty() || before.ends_with('\n') {
        format!("{before}{lines}\n{after}")
    } else {
        format!("{before}\n{lines}")
    }
}

/// Returns the script without our lines.
fn without(text: &str) -> io::Result<String> {
    let Some(Block { before, text: own, after }) = block(text) else { return Ok(text.to_owned()) };
    if !own.trim_end().ends_with(LAST) {
        let text =
            format!("the line '{LAST}' is missing, so it is not known where keysweep's lines end; remove them by hand");
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    let before = if own.ends_with('\n') { before } else { before.strip_suffix('\n').unwrap_or(before) };
    Ok(before.to_owned() + after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(name: Name) -> Script {
        Script { path: PathBuf::from("x"), name, hook: PathBuf::from("y") }
    }

    #[test]
    fn inserting_and_removing_restores_every_byte() {
        for name in [Name::PreCommit, Name::PrePush, Name::CommitMsg] {
            let lines = script(name).lines();
            for text in
                ["npm test\n", "npm test", "#!/bin/sh\n\nnpm test\nexit 0\n", "exit 0", "a\n\nb\n\n", "# only\n"]
            {
                let changed = with(text, &lines, name);
                assert_eq!(block(&changed).unwrap().text.trim_end(), lines, "{text:?}");
                assert_eq!(without(&changed).unwrap(), text);
            }
        }
    }

    #[test]
    fn the_lines_are_placed_where_they_run() {
        let place = |text: &str, name: Name| block(&with(text, "", name)).map(|found| found.before.len());
        assert_eq!(place("", Name::PreCommit), None);
        let place = |text: &str, name: Name| block(&with(text, &script(name).lines(), name)).unwrap().before.to_owned();
        assert_eq!(place("a\nb\n", Name::PreCommit), "a\nb\n");
        assert_eq!(place("a\nexec b\n", Name::PreCommit), "a\n");
        assert_eq!(place("a\nexit 0", Name::CommitMsg), "a\n");
        assert_eq!(place("#!/bin/sh\n. x\n\ngit lfs\n", Name::PrePush), "#!/bin/sh\n. x\n\n");
    }

    #[test]
    fn a_block_without_an_end_is_left_alone() {
        assert!(without(&format!("a\n{FIRST}\nb\n")).is_err());
    }
}
