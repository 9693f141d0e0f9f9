//! Who decides what a hook runs.

use std::path::Path;

use super::husky::Script;
use super::shim::{Hook, Name};
use super::tool::Tool;

/// Who decides what a hook runs.
#[derive(Debug, Clone)]
pub enum Keeper {
    /// The file that git looks for.
    File(Hook),
    /// A script that husky runs.
    Husky(Script),
    /// A tool that wrote that file and has a configuration.
    Tool(Hook, Tool),
}

impl Keeper {
    /// By what is in the folder that git looks in.
    pub fn of(folder: &Path, name: Name) -> Self {
        let hook = Hook::in_folder(folder.to_owned(), name);
        // Those tools are for people who commit.
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
