//! An agent's own settings: their place, the entry that makes the agent call keysweep, and adding and removing it.
//!
//! Files that are shared with others are changed in their own text. The caller has to report what was done.

mod command;
mod jsonc;
mod lines;

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::Agent;
use super::protocol::Protocol;
use super::shape::{Settings, Shape};
use crate::fs::bounded::{self, Links};
use crate::fs::{Rights, executable, replace};

pub use command::parts;
use command::{CALL, is_ours};

/// The owner of the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// A project, at this root.
    Project(PathBuf),
    /// The user, with this home folder.
    User(PathBuf),
}

/// The outcome for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The file was written or changed.
    Written,
    /// The file was already as it should be.
    Unchanged,
    /// The file was removed, because it held nothing but our entries.
    Removed,
}

/// The reason why a file was not changed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The file can't be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file can't be read.
    #[error(transparent)]
    Unread(#[from] bounded::Refused),
    /// The file doesn't have the form of such a settings file.
    #[error("it is not a valid settings file; nothing was changed. Repair it, or move it away")]
    Form,
    /// The file belongs to somebody else.
    #[error("another hook already exists; nothing was changed. Make it run 'keysweep hook run agent' with its input")]
    Foreign,
}

/// An agent's settings in one place.
#[derive(Debug)]
pub struct Place {
    protocol: &'static Protocol,
    scope: Scope,
}

impl Place {
    /// Returns the settings of an agent.
    pub fn new(agent: Agent, scope: Scope) -> Self {
        Self { protocol: Protocol::of(agent), scope }
    }

    fn settings(&self) -> &'static Settings {
        &self.protocol.settings
    }

    /// Returns the path of the file, or of the folder of scripts.
    pub fn path(&self) -> PathBuf {
        let Settings { project, user, home, .. } = *self.settings();
        match &self.scope {
            Scope::Project(root) => root.join(project),
            Scope::User(folder) => match home.and_then(std::env::var_os).filter(|named| !named.is_empty()) {
                Some(named) => Path::new(&named).join(user.split_once('/').map_or(user, |(_, rest)| rest)),
                None => folder.join(user),
            },
        }
    }

    /// Returns the agent's name on the command line.
    pub fn flag(&self) -> &'static str {
        self.protocol.flag
    }

    /// Returns the further step that is needed before the agent runs hooks.
    pub fn besides(&self) -> Option<&'static str> {
        self.settings().besides
    }

    /// Returns the command that calls a program, with options.
    pub fn command(&self, program: &str, guard: bool) -> String {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-:\\".contains(&byte);
        let program = if program.bytes().all(is_plain) { program.to_owned() } else { format!("\"{program}\"") };
        let named = if self.settings().is_shared { String::new() } else { format!(" --agent {}", self.protocol.flag) };
        format!("{program} {CALL}{named}{}", if guard { " --guard" } else { "" })
    }

    /// Adds the command, replacing any earlier entry of ours.
    ///
    /// # Errors
    /// Fails if a file belongs to somebody else, or can't be changed.
    pub fn install(&self, command: &str) -> Result<Change, Refused> {
        let mut change = Change::Unchanged;
        for file in self.files() {
            let before = self.text(&file)?;
            let rest = before.as_deref().map_or(Ok(None), |text| self.without(text))?;
            let start = rest.or(before.clone()).unwrap_or_default();
            let after = self.with(&file, &start, command).ok_or(Refused::Form)?;
            if before.as_deref() != Some(&after) {
                self.write(&file, &after)?;
                change = Change::Written;
            }
        }
        Ok(change)
    }

    /// Removes our entries, and a file in which nothing else is left.
    ///
    /// # Errors
    /// Fails if a file can't be changed.
    pub fn uninstall(&self) -> Result<Change, Refused> {
        let mut change = Change::Unchanged;
        for file in self.files() {
            let Some(text) = self.text(&file)? else { continue };
            let rest = match self.without(&text) {
                Ok(Some(rest)) => rest,
                Ok(None) | Err(Refused::Foreign) => continue,
                Err(refused) => return Err(refused),
            };
            if is_void(&rest) {
                std::fs::remove_file(&file)?;
                change = Change::Removed;
            } else {
                self.write(&file, &rest)?;
                change = Change::Written;
            }
        }
        Ok(change)
    }

    /// Returns the events for which our hook is installed, with the command that is run.
    ///
    /// # Errors
    /// Fails if a file can't be read.
    pub fn installed(&self) -> Result<Vec<(&'static str, String)>, Refused> {
        let Settings { events, shape, .. } = self.settings();
        let mut found = Vec::new();
        for (at, file) in self.files().iter().enumerate() {
            let Some(text) = self.text(file)? else { continue };
            let of_file = match shape {
                Shape::Scripts => &events[at..=at],
                _ => events,
            };
            let commands = self.commands(&text);
            let of_event = |event: &&'static str| {
                let is_its_own = |(of, _): &&(Option<String>, String)| of.as_deref().is_none_or(|of| of == *event);
                Some((*event, commands.iter().find(is_its_own)?.1.clone()))
            };
            found.extend(of_file.iter().filter_map(of_event));
        }
        Ok(found)
    }

    /// Returns the commands of ours in a text, with the event of each if the text gives it.
    fn commands(&self, text: &str) -> Vec<(Option<String>, String)> {
        match self.settings().shape {
            Shape::Groups { .. } | Shape::List { .. } | Shape::Named => {
                let mut found = Vec::new();
                let root = jsonc::read(text).unwrap_or_default();
                let key = if matches!(self.settings().shape, Shape::Named) { NAME } else { "hooks" };
                for (event, hooks) in root[key].as_object().into_iter().flatten() {
                    let mut commands = Vec::new();
                    strings(hooks, &mut commands);
                    found.extend(commands.into_iter().map(|command| (Some(event.clone()), command)));
                }
                found
            }
            Shape::Tables => {
                let root: toml::Table = text.parse().unwrap_or_default();
                let tables = root.get("hooks").and_then(toml::Value::as_array).into_iter().flatten();
                let own = |key: &str, table: &toml::Value| Some(table.get(key)?.as_str()?.to_owned());
                let found = tables.filter_map(|table| Some((own("type", table), own("command", table)?)));
                found.filter(|(_, command)| is_ours(command)).collect()
            }
            Shape::Scripts | Shape::Plugin => {
                let line = text.lines().find(|line| line.contains(CALL));
                let command =
                    line.and_then(|line| line.strip_prefix("exec ").map(str::to_owned).or_else(|| lines::quoted(line)));
                command.into_iter().filter(|command| is_ours(command)).map(|command| (None, command)).collect()
            }
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        let path = self.path();
        match self.settings().shape {
            Shape::Scripts => self.settings().events.iter().map(|event| path.join(event)).collect(),
            _ => vec![path],
        }
    }

    fn text(&self, file: &Path) -> Result<Option<String>, Refused> {
        let bytes = match &self.scope {
            // The path of a file in a clone must not lead out of it.
            Scope::Project(root) if leads_out(root, file) => return Err(bounded::Refused::Outside.into()),
            Scope::Project(root) => bounded::read_within(root, file)?,
            Scope::User(_) if !file.exists() => None,
            Scope::User(_) => Some(bounded::read(file, bounded::MAX_SIZE, Links::Followed)?),
        };
        Ok(bytes.map(bounded::text).transpose()?)
    }

    /// Returns the text without our entries; `None` if it has none.
    fn without(&self, text: &str) -> Result<Option<String>, Refused> {
        match self.settings().shape {
            Shape::Groups { .. } | Shape::List { .. } => {
                jsonc::read(text).filter(Value::is_object).ok_or(Refused::Form)?;
                Ok(jsonc::removed(text, &|_, value| is_our_hook(value)))
            }
            Shape::Named => {
                jsonc::read(text).filter(Value::is_object).ok_or(Refused::Form)?;
                Ok(jsonc::removed(text, &|at, _| at == [NAME]))
            }
            Shape::Tables => Ok(lines::without(text)),
            Shape::Scripts | Shape::Plugin if self.commands(text).is_empty() => Err(Refused::Foreign),
            Shape::Scripts | Shape::Plugin => Ok(Some(String::new())),
        }
    }

    /// Returns the text with our entries; `None` if it doesn't have the expected form.
    fn with(&self, file: &Path, text: &str, command: &str) -> Option<String> {
        let Settings { shape, events, .. } = *self.settings();
        let text = if is_void(text) && !matches!(shape, Shape::Tables) { "{}\n" } else { text };
        match shape {
            Shape::Groups { timeout } => {
                let hook = json!({ "type": "command", "command": command, "timeout": timeout });
                let group = json!({ "matcher": "*", "hooks": [hook] });
                events.iter().try_fold(text.to_owned(), |text, event| jsonc::push(&text, &["hooks", event], &group))
            }
            Shape::List { version, is_typed } => {
                let mut text = text.to_owned();
                if let Some(version) =
                    version.filter(|_| jsonc::read(&text).is_some_and(|root| root.get("version").is_none()))
                {
                    text = jsonc::set(&text, "version", &json!(version))?;
                }
                let hook = match is_typed {
                    true => json!({ "type": "command", "command": command, "timeoutSec": 30 }),
                    false => json!({ "command": command }),
                };
                events.iter().try_fold(text, |text, event| jsonc::push(&text, &["hooks", event], &hook))
            }
            Shape::Named => {
                let hook = json!({ "type": "command", "command": command, "timeout": 30 });
                let group = json!([{ "matcher": ".*", "hooks": [hook] }]);
                let own: Value = events.iter().map(|event| ((*event).to_owned(), group.clone())).collect();
                jsonc::set(text, NAME, &own)
            }
            Shape::Tables => lines::with_tables(text, events, command),
            Shape::Scripts => {
                let event = file.file_name()?.to_string_lossy();
                Some(format!(
                    "#!/bin/sh\n# Written by 'keysweep hook install --agent {}', for {event}.\nexec {command}\n",
                    self.protocol.flag
                ))
            }
            Shape::Plugin => Some(PLUGIN.replace("KEYSWEEP", &Value::from(command).to_string())),
        }
    }

    /// Writes to the target of a link, so that the link stays one, and keeps the permissions of an existing file.
    fn write(&self, file: &Path, text: &str) -> io::Result<()> {
        file.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        let file = file.canonicalize().unwrap_or_else(|_| file.to_path_buf());
        let rights = match self.settings().shape {
            Shape::Scripts => executable::rights(),
            _ => file.metadata().map_or(Rights::Usual, |meta| Rights::Exactly(meta.permissions())),
        };
        replace(&file, rights, |out| out.write_all(text.as_bytes()))
    }
}

/// The name of our hook where hooks have names.
const NAME: &str = "keysweep";
const PLUGIN: &str = include_str!("../../../../hooks/opencode.js");

/// Returns `true` if the nearest existing folder above a file is outside of a root.
fn leads_out(root: &Path, file: &Path) -> bool {
    let folder = file.ancestors().skip(1).find_map(|folder| folder.canonicalize().ok());
    root.canonicalize().ok().zip(folder).is_none_or(|(root, folder)| !folder.starts_with(root))
}

/// Returns `true` if a value is a hook of ours, or a group of only such hooks.
fn is_our_hook(value: &Value) -> bool {
    match value["hooks"].as_array() {
        Some(hooks) => !hooks.is_empty() && hooks.iter().all(is_our_hook),
        None => value["command"].as_str().is_some_and(is_ours),
    }
}

/// Collects the commands of ours below a value.
fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if is_ours(text) => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| strings(value, found)),
        Value::Object(values) => values.values().for_each(|value| strings(value, found)),
        _ => {}
    }
}

/// Returns `true` if a text is empty or holds nothing but a version.
fn is_void(text: &str) -> bool {
    let is_empty = |root: Value| root.as_object().is_some_and(|root| root.keys().all(|key| key == "version"));
    text.trim().is_empty() || jsonc::read(text).is_some_and(is_empty)
}
