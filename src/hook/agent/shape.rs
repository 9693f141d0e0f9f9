//! Where an agent keeps its settings, and in which form. The table of protocols says it for each agent; `settings` changes them.

/// How an agent's settings are written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// `hooks`, the event, groups of commands with a matcher.
    Groups {
        /// In the unit of the agent.
        timeout: u32,
    },
    /// `hooks`, the event, commands, and a version next to `hooks` where there has to be one.
    List {
        /// `version`.
        version: Option<u32>,
        /// `true` if each says that it is a command, and how long it may take.
        is_typed: bool,
    },
    /// A name, the event, groups of commands.
    Named,
    /// `[[hooks]]`, in TOML.
    Tables,
    /// An executable file for each event.
    Scripts,
    /// A plugin.
    Plugin,
}

/// Where an agent's settings lie, and what is put there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    /// From the root of a project: a file, or the folder of scripts.
    pub(super) project: &'static str,
    /// From the home folder.
    pub(super) user: &'static str,
    /// The variable that names the folder which is the first of `user`, where there is one.
    pub(super) home: Option<&'static str>,
    pub(super) shape: Shape,
    /// The events that keysweep is called for.
    pub(super) events: &'static [&'static str],
    /// `true` if other agents read the file as well, so that it must not say who calls.
    pub(super) is_shared: bool,
    /// The further step that is needed, so that the agent runs it.
    pub(super) besides: Option<&'static str>,
}
