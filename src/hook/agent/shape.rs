//! The place and the form of an agent's settings. The table of protocols has them for each agent; `settings` changes
//! the files.

/// The form of an agent's settings.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// Under `hooks` and the event, groups of commands with a matcher.
    Groups {
        /// The time limit, in the unit of the agent.
        timeout: u32,
    },
    /// Under `hooks` and the event, a list of commands; next to `hooks` a version, if one is required.
    List {
        /// The value of `version`.
        version: Option<u32>,
        /// `true` if each entry has a type and a time limit.
        is_typed: bool,
    },
    /// Under a name and the event, groups of commands.
    Named,
    /// Tables `[[hooks]]` in TOML.
    Tables,
    /// An executable file for each event.
    Scripts,
    /// A plugin.
    Plugin,
}

/// The place of an agent's settings, and what is written there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    /// The path from the root of a project: a file, or the folder of scripts.
    pub(super) project: &'static str,
    /// The further files in which a project or a user can disable the hooks.
    pub(super) overrides: &'static [&'static str],
    /// The path from the home folder.
    pub(super) user: &'static str,
    /// The variable that replaces the first folder of `user`, if there is one.
    pub(super) home: Option<&'static str>,
    pub(super) shape: Shape,
    /// The events that keysweep is called for.
    pub(super) events: &'static [&'static str],
    /// `true` if other agents read the file as well, so that the command must not name an agent.
    pub(super) is_shared: bool,
    /// The further step that is needed before the agent runs the hooks.
    pub(super) besides: Option<&'static str>,
}
