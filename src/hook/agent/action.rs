//! The action that an agent is about to take, as far as its call gives it in a known form: the tool, its arguments,
//! the commands, the prompt.

use std::borrow::Cow;

use serde_json::Value;

use super::shell::{self, Command};
use super::texts::{ARGUMENTS, Removal};
use super::{Call, Stage};

/// The places in which agents name the tool; some only name it in the event.
const TOOLS: [&str; 6] =
    ["/tool_name", "/toolName", "/preToolUse/toolName", "/toolCall/name", "/tool", "/agent_action_name"];
/// The keys that agents use for a shell command.
const LINES: [&str; 5] = ["command", "command_line", "CommandLine", "cmd", "script"];
/// The places in which agents put the prompt.
const PROMPTS: [&str; 4] = ["/prompt", "/tool_info/user_prompt", "/userPromptSubmit/prompt", "/user_prompt"];

/// The words in the names of tools, or of events, that change a part of a file.
const EDITING: [&str; 3] = ["edit", "replace", "write_code"];

impl Call {
    /// Returns the form in which the call names what it removes from a file.
    pub(super) fn removal(&self) -> Removal {
        let (tool, event) = (self.tool(), self.event.to_ascii_lowercase());
        // A tool of an MCP server may send its arguments anywhere.
        if !matches!(self.stage, Stage::Before) || tool.starts_with("mcp") || event.contains("mcp") {
            Removal::None
        } else if tool.contains("patch") {
            Removal::Patch
        } else if EDITING.iter().any(|word| tool.contains(word)) {
            Removal::Key
        } else {
            Removal::None
        }
    }

    /// Returns the name of the tool, in lower case.
    pub(super) fn tool(&self) -> String {
        let name = TOOLS.iter().find_map(|at| self.sent.pointer(at)?.as_str());
        name.unwrap_or(&self.event).to_ascii_lowercase()
    }

    /// Returns the tool's arguments; the whole call if it has none in a known place.
    pub(super) fn arguments(&self) -> Cow<'_, Value> {
        match ARGUMENTS.iter().find_map(|at| self.sent.pointer(at)) {
            Some(Value::String(text)) => serde_json::from_str(text).map_or(Cow::Borrowed(&self.sent), Cow::Owned),
            Some(arguments) => Cow::Borrowed(arguments),
            None => Cow::Borrowed(&self.sent),
        }
    }

    /// Returns the commands that are run.
    pub(super) fn commands(&self) -> Vec<Command> {
        let arguments = self.arguments();
        let lines = LINES.iter().filter_map(|key| arguments.get(*key));
        lines.flat_map(commands).collect()
    }

    /// Returns the prompt, if the call is about one.
    pub(super) fn prompt(&self) -> Option<&str> {
        PROMPTS.iter().find_map(|at| self.sent.pointer(at)?.as_str())
    }

    /// Returns the names of the files that are attached to the prompt.
    pub(super) fn attachments(&self) -> Vec<&str> {
        let found = ["/attachments", "/userPromptSubmit/attachments"].iter().filter_map(|at| self.sent.pointer(at));
        let all = found.filter_map(Value::as_array).flatten();
        all.filter_map(|value| value.as_str().or_else(|| file_of(value))).collect()
    }
}

/// Returns the path of the file that an object is about.
pub(super) fn file_of(value: &Value) -> Option<&str> {
    super::texts::PATHS.iter().find_map(|key| value.get(*key)?.as_str())
}

/// Returns the commands of a command line, or of a program with its arguments.
fn commands(line: &Value) -> Vec<Command> {
    match line {
        // A patch isn't a command line, though some agents put it in the same place.
        Value::String(line) if line.trim_start().starts_with(super::texts::PATCH) => Vec::new(),
        Value::String(line) => shell::commands(line),
        Value::Array(words) => {
            let words: Vec<String> = words.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            shell::of_words(words)
        }
        _ => Vec::new(),
    }
}
