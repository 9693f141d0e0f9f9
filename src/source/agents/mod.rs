//! The files of coding agents below a folder: the home folder of somebody, or a project.
//!
//! `table` says where they are, `find` looks there. Which of the two a folder is need not be told, and a home folder may
//! come from any system: only what exists is listed. Paths are told from the folder on.

mod find;
pub mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bstr::BString;

use super::{Content, Item, Listing};
use crate::finding::{AgentPlace, CodingAgent, ContentKind, Gap, GapKind, Note};
use find::Finder;
use table::{CONFIG, EDITORS, TABLE};

/// The files of agents that were found.
#[derive(Debug, Default)]
pub struct Found {
    /// The items to be scanned.
    pub listing: Listing,
    /// The agent of each file, by its name in the listing.
    pub places: BTreeMap<BString, AgentPlace>,
}

/// A folder that an agent was told to keep its files in, in place of the usual one.
#[derive(Debug)]
pub struct Moved {
    /// The usual folder, from the home folder.
    pub usual: &'static str,
    /// The other one.
    pub to: PathBuf,
}

/// Variables that tell an agent to keep its files in another folder, and the usual one of each.
pub const VARIABLES: [(&str, &str); 5] = [
    ("CLAUDE_CONFIG_DIR", ".claude"),
    ("CODEX_HOME", ".codex"),
    ("COPILOT_HOME", ".copilot"),
    ("XDG_CONFIG_HOME", ".config"),
    ("XDG_DATA_HOME", ".local/share"),
];

/// Lists the files of agents below a folder, and in those that were `moved` out of it.
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

    /// How many files of each kind were found.
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

/// The name of a file: its path from the folder on, with slashes; all of it if it is elsewhere.
fn name(folder: &Path, file: &Path) -> BString {
    let below = file.strip_prefix(folder).unwrap_or(file);
    let parts: Vec<&[u8]> = below.iter().map(|part| part.as_encoded_bytes()).collect();
    if below.is_absolute() { below.as_os_str().as_encoded_bytes().into() } else { bstr::join("/", parts).into() }
}

/// A path of the table for each system and editor.
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
