//! The action that an agent is about to take, as far as its call says it in a form that is read here: the tool, its
//! arguments, the lines that are run, the prompt.

use std::borrow::Cow;

use serde_json::Value;

use super::Call;
use super::shell::{self, Command};

/// Where agents name the tool; of some the event says it.
const TOOLS: [&str; 6] =
    ["/tool_name", "/toolName", "/preToolUse/toolName", "/toolCall/name", "/tool", "/agent_action_name"];
/// Where they have its arguments.
const ARGUMENTS: [&str; 7] =
    ["/tool_input", "/toolArgs", "/toolInput", "/preToolUse/parameters", "/toolCall/args", "/args", "/tool_info"];
/// Their keys for a shell command.
const LINES: [&str; 5] = ["command", "command_line", "CommandLine", "cmd", "script"];
/// Where they have the prompt.
const PROMPTS: [&str; 4] = ["/prompt", "/tool_info/user_prompt", "/userPromptSubmit/prompt", "/user_prompt"];

impl Call {
    /// The tool that is used, in lower case.
    pub(super) fn tool(&self) -> String {
        let name = TOOLS.iter().find_map(|at| self.sent.pointer(at)?.as_str());
        name.unwrap_or(&self.event).to_ascii_lowercase()
    }

    /// Its arguments; where there is no place for them, all of the call.
    pub(super) fn arguments(&self) -> Cow<'_, Value> {
        match ARGUMENTS.iter().find_map(|at| self.sent.pointer(at)) {
            Some(Value::String(text)) => serde_json::from_str(text).map_or(Cow::Borrowed(&self.sent), Cow::Owned),
            Some(arguments) => Cow::Borrowed(arguments),
            None => Cow::Borrowed(&self.sent),
        }
    }

    /// The commands that are run.
    pub(super) fn commands(&self) -> Vec<Command> {
        let arguments = self.arguments();
        let lines = LINES.iter().filter_map(|key| arguments.get(*key));
        lines.flat_map(commands).collect()
    }

    /// The prompt, if one is about to be taken.
    pub(super) fn prompt(&self) -> Option<&str> {
        PROMPTS.iter().find_map(|at| self.sent.pointer(at)?.as_str())
    }

    /// Names of files that go along with the prompt.
    pub(super) fn attachments(&self) -> Vec<&str> {
        let found = ["/attachments", "/userPromptSubmit/attachments"].iter().filter_map(|at| self.sent.pointer(at));
        let all = found.filter_map(Value::as_array).flatten();
        all.filter_map(|value| value.as_str().or_else(|| file_of(value))).collect()
    }
}

/// The file that an object is about.
pub(super) fn file_of(value: &Value) -> Option<&str> {
    super::texts::PATHS.iter().find_map(|key| value.get(*key)?.as_str())
}

/// A line, or a program with its arguments.
fn commands(line: &Value) -> Vec<Command> {
    match line {
        // A patch is no line for a shell, though some have it in the same place.
        Value::String(line) if line.trim_start().starts_with(super::texts::PATCH) => Vec::new(),
        Value::String(line) => shell::commands(line),
        Value::Array(words) => {
            let words: Vec<String> = words.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            shell::of_words(words)
        }
        _ => Vec::new(),
    }
}
