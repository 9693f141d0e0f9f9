//! The files of coding agents below a folder: a user's home folder, or a project.
//!
//! `table` lists their paths, and `find` searches for them. The caller need not say which of the two a folder is, and a
//! home folder may come from any system: only files that exist are listed. Paths are shown relative to the folder.

mod find;
pub mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bstr::BString;

use super::{Content, Item, Listing};
use crate::finding::{AgentPlace, CodingAgent, ContentKind, Gap, GapKind, Note};
use find::Finder;
use table::{CONFIG, EDITORS, TABLE};

/// The files of agents that a search has found.
#[derive(Debug, Default)]
pub struct Found {
    /// The items to scan.
    pub listing: Listing,
    /// The agent of each file, by the file's name in the listing.
    pub places: BTreeMap<BString, AgentPlace>,
}

/// A folder in which an agent was configured to keep its files, instead of the usual one.
#[derive(Debug)]
pub struct Moved {
    /// The usual folder, relative to the home folder.
    pub usual: &'static str,
    /// The folder that is used instead.
    pub to: PathBuf,
}

/// The environment variables that make agents keep their files in another folder, each with the usual folder.
pub const VARIABLES: [(&str, &str); 5] = [
    ("CLAUDE_CONFIG_DIR", ".claude"),
    ("CODEX_HOME", ".codex"),
    ("COPILOT_HOME", ".copilot"),
    ("XDG_CONFIG_HOME", ".config"),
    ("XDG_DATA_HOME", ".local/share"),
];

/// Lists the files of agents below a folder, and in the folders that were `moved` out of it.
pub fn list(folder: &Path, moved: &[Moved]) -> Found {
    let mut found = Found::default();
    let mut gaps: BTreeMap<BString, String> = BTreeMap::new();
    for row in TABLE {
        let place = AgentPlace { agent: row.agent, kind: row.kind, form: row.form };
        for path in row.paths.iter().flat_map(|path| spelled_out(path)) {
            let elsewhere = moved.iter().filter_map(|moved| {
                let below = Path::new(&path).strip_prefix(moved.usual).ok()?;
                Some((moved.to.as_path(), below.to_string_lossy().replace('\\', "/")))
            });
            for (root, pattern) in std::iter::once((folder, path.clone())).chain(elsewhere) {
                let mut finder = Finder::new(root);
                finder.look(&pattern);
                for file in finder.files {
                    found.add(folder, &file, place);
                }
                gaps.extend(finder.unread.into_iter().map(|(path, why)| (name(folder, &path), why)));
            }
        }
    }
    let is_listed = |what: &BString| found.places.contains_key(what);
    let gaps = gaps.into_iter().filter(|(what, _)| !is_listed(what));
    let gaps = gaps.map(|(what, why)| Gap { what, kind: GapKind::Unreadable, why }).collect();
    found.listing.gaps = gaps;
    found.listing.items.sort_by(|a, b| a.path.cmp(&b.path));
    found.listing.notes.push(found.coverage());
    found
}

impl Found {
    fn add(&mut self, folder: &Path, file: &Path, place: AgentPlace) {
        let name = name(folder, file);
        if self.places.contains_key(&name) {
            return;
        }
        let content = Content::File(file.to_owned());
        self.listing.items.push(Item { kind: ContentKind::File, path: name.clone(), content, commit: None });
        self.places.insert(name, place);
    }

    /// Returns a note on how many files of each kind were found.
    fn coverage(&self) -> Note {
        let mut counts: BTreeMap<CodingAgent, BTreeMap<&str, usize>> = BTreeMap::new();
        for place in self.places.values() {
            *counts.entry(place.agent).or_default().entry(place.kind.as_str()).or_default() += 1;
        }
        if counts.is_empty() {
            return Note("no known coding agent keeps files in this folder".to_owned());
        }
        let of = |(agent, kinds): (&CodingAgent, &BTreeMap<&str, usize>)| {
            let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
            format!("{} ({})", agent.name(), kinds.join(", "))
        };
        Note(format!("files of {}", counts.iter().map(of).collect::<Vec<_>>().join(", ")))
    }
}

/// Returns the name of a file: its path relative to the folder, with slashes; the whole path if it is elsewhere.
fn name(folder: &Path, file: &Path) -> BString {
    let below = file.strip_prefix(folder).unwrap_or(file);
    let parts: Vec<&[u8]> = below.iter().map(|part| part.as_encoded_bytes()).collect();
    if below.is_absolute() { below.as_os_str().as_encoded_bytes().into() } else { bstr::join("/", parts).into() }
}

/// Expands a path of the table for each system and editor.
pub fn spelled_out(path: &str) -> Vec<String> {
    let under_config = |below: &str| CONFIG.iter().map(|config| format!("{config}/{below}")).collect::<Vec<_>>();
    match path.split_once('/') {
        Some(("CONFIG", rest)) => under_config(rest),
        Some(("CURSOR", rest)) => under_config(&format!("Cursor/User/{rest}")),
        Some(("USER", rest)) => {
            EDITORS.iter().flat_map(|editor| under_config(&format!("{editor}/User/{rest}"))).collect()
        }
        _ => vec![path.to_owned()],
    }
}
