//! The programs and files that decide what a hook runs.

use std::path::Path;

use super::husky::Script;
use super::shim::{Hook, Name};
use super::tool::Tool;

/// The file or tool that decides what a hook runs.
#[derive(Debug, Clone)]
pub enum Keeper {
    /// The file that git looks for.
    File(Hook),
    /// A script that husky runs.
    Husky(Script),
    /// A tool that wrote the file and has its own configuration.
    Tool(Hook, Tool),
}

impl Keeper {
    /// Determines the keeper from the files in the folder in which git looks for hooks.
    pub fn of(folder: &Path, name: Name) -> Self {
        let hook = Hook::in_folder(folder.to_owned(), name);
        // Those tools only serve people who commit, not servers.
        if name == Name::PreReceive {
            return Self::File(hook);
        }
        match (Script::behind(folder, name), Tool::of(&hook)) {
            (Some(script), _) => Self::Husky(script),
            (None, Some(tool)) => Self::Tool(hook, tool),
            (None, None) => Self::File(hook),
        }
    }
}
