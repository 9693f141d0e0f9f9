//! What coding agents tell a hook on standard input, and how each is answered.
//!
//! An agent sends one JSON object, `hook_event_name` in it: before a tool is used or a prompt is taken, or with what a tool
//! gave back. Claude Code, Codex CLI, Gemini CLI and Cursor agree that exit code 2 stops what is about to happen and that
//! standard error says why. How what a tool gave back is replaced, each does in its own way.

use serde_json::{Value, json};

/// What one of them sent.
#[derive(Debug, Clone)]
pub struct Call {
    sent: Value,
}

/// Who sent it, as far as answers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Agent {
    /// Also those that speak as it does.
    Claude,
    Codex,
    Gemini,
    Cursor,
}

/// A text in what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The file it belongs to, or the keys that lead to it.
    pub name: String,
    /// The text.
    pub text: String,
    /// Whether it only says what is there already and is about to go.
    pub is_old: bool,
}

/// Where agents put what a tool gave back.
const RESULTS: [&str; 4] = ["tool_response", "tool_output", "output", "result_json"];
/// The events that bring it.
const AFTER: [&str; 5] = ["PostToolUse", "AfterTool", "postToolUse", "afterShellExecution", "afterMCPExecution"];
/// Keys of a file's path.
const PATHS: [&str; 5] = ["file_path", "filePath", "notebook_path", "absolute_path", "path"];
/// Bytes of a name that are kept: every text below a long key or path bears it.
const MAX_NAME: usize = 1024;
/// Keys of what an edit takes out.
const OLD: [&str; 4] = ["old_string", "old_str", "old_text", "oldText"];
/// The first line of a patch as Codex has it.
const PATCH: &str = "*** Begin Patch";
/// The last.
const PATCH_END: &str = "*** End Patch";

impl Call {
    /// Reads it; `None` if it is not what an agent sends.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let sent: Value = serde_json::from_slice(bytes).ok()?;
        sent.get("hook_event_name")?.as_str()?;
        Some(Self { sent })
    }

    fn event(&self) -> &str {
        self.sent["hook_event_name"].as_str().unwrap_or_default()
    }

    fn agent(&self) -> Agent {
        let event = self.event();
        if event.starts_with(|first: char| first.is_ascii_lowercase()) {
            Agent::Cursor
        } else if event.starts_with("Before") || event.starts_with("After") {
            Agent::Gemini
        } else if self.sent.get("turn_id").is_some() {
            Agent::Codex
        } else {
            Agent::Claude
        }
    }

    /// What a tool gave back, if that is what this is about.
    fn result(&self) -> Option<(&'static str, &Value)> {
        let key = RESULTS.into_iter().find(|key| self.sent.get(key).is_some())?;
        AFTER.contains(&self.event()).then(|| (key, &self.sent[key]))
    }

    /// Whether this is about what a tool gave back.
    pub fn is_result(&self) -> bool {
        self.result().is_some()
    }

    /// The texts that would come in: of a result what it holds, otherwise all that was sent.
    pub fn texts(&self) -> Vec<Text> {
        let result = self.result();
        let mut gathered = Gathered { is_result: result.is_some(), texts: Vec::new() };
        let (key, value) = result.unwrap_or(("", &self.sent));
        gathered.gather(value, key, None);
        gathered.texts
    }

    /// What to write so that the agent gets the masked result in place of the real one; `None` if it takes no other.
    pub fn masked(&self, mask: &dyn Fn(&str) -> String, why: &str) -> Option<Value> {
        let (_, result) = self.result()?;
        let masked = mapped(result, mask);
        let event = self.event();
        match self.agent() {
            // It has to have the form of the tool's own result. What servers of tools give had a key of its own before.
            Agent::Claude => {
                let mut said = json!({ "hookEventName": event, "updatedToolOutput": masked, "additionalContext": why });
                if self.is_served() {
                    said["updatedMCPToolOutput"] = masked;
                }
                Some(json!({ "hookSpecificOutput": said }))
            }
            Agent::Codex => Some(json!({ "decision": "block", "reason": told(why, &masked) })),
            Agent::Gemini => Some(json!({ "decision": "deny", "reason": told(why, &masked) })),
            Agent::Cursor if event == "postToolUse" && self.is_served() => {
                Some(json!({ "updated_mcp_tool_output": masked, "additional_context": why }))
            }
            Agent::Cursor => None,
        }
    }

    /// Whether the tool is one of a server that speaks MCP.
    fn is_served(&self) -> bool {
        self.sent["tool_name"].as_str().is_some_and(|name| name.starts_with("mcp__") || name.starts_with("MCP:"))
    }

    /// What to write besides saying why; most take that from standard error.
    pub fn denial(&self, why: &str) -> Option<Value> {
        let denial = json!({ "permission": "deny", "continue": false, "user_message": why, "agent_message": why });
        (self.agent() == Agent::Cursor).then_some(denial)
    }
}

/// The masked result as the text that stands for it.
fn told(why: &str, masked: &Value) -> String {
    let text = masked.as_str().map_or_else(|| masked.to_string(), str::to_owned);
    format!("{why}\nThe output with the secrets masked:\n{text}")
}

/// The texts of what was sent, as they are found.
struct Gathered {
    /// Whether a tool gave them back: then nothing of them is old and none is taken apart, for the agent gets to see it all.
    is_result: bool,
    texts: Vec<Text>,
}

impl Gathered {
    /// All texts below a value. An object that is about no file is also read whole: what a value is may stand in its key.
    fn gather(&mut self, value: &Value, name: &str, file: Option<&str>) {
        match value {
            Value::String(text) => self.text(text, name, file),
            Value::Array(values) => values.iter().for_each(|value| self.gather(value, name, file)),
            Value::Object(values) => {
                let own = PATHS.iter().find_map(|key| values.get(*key)?.as_str());
                let file = own.map(end).or(file);
                for (key, value) in values {
                    self.add(name, key.clone(), false);
                    let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                    let name = end(&name);
                    // A path itself is no content of the file.
                    let file = file.filter(|_| !PATHS.contains(&key.as_str()));
                    self.gather(value, name, file);
                }
                let is_whole = file.is_none() && !name.is_empty();
                if is_whole && let Ok(text) = serde_json::to_string_pretty(value) {
                    self.add(name, text, false);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A text; what a patch in it takes out is one of its own.
    fn text(&mut self, text: &str, key: &str, file: Option<&str>) {
        let name = file.unwrap_or(key);
        let is_old = OLD.contains(&key.rsplit('.').next().unwrap_or_default());
        if self.is_result {
            self.add(name, text.to_owned(), false);
        } else if is_old || !text.contains(PATCH) {
            self.add(name, text.to_owned(), is_old);
        } else {
            let (out, rest) = halves(text);
            self.add(name, out, true);
            self.add(name, rest, false);
        }
    }

    fn add(&mut self, name: &str, text: String, is_old: bool) {
        self.texts.push(Text { name: name.to_owned(), text, is_old });
    }
}

/// The end of a name, which says which kind of file it is or what the value is.
fn end(name: &str) -> &str {
    &name[name.ceil_char_boundary(name.len().saturating_sub(MAX_NAME))..]
}

/// What the patches in a text take out, and the rest: beside them a line may start with anything.
fn halves(text: &str) -> (String, String) {
    let mut in_patch = false;
    let (out, rest): (Vec<&str>, Vec<&str>) = text.split_inclusive('\n').partition(|line| {
        in_patch = if in_patch { !line.contains(PATCH_END) } else { line.contains(PATCH) };
        in_patch && line.starts_with('-')
    });
    (out.concat(), rest.concat())
}

/// The value with every text in it mapped.
fn mapped(value: &Value, map: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(map(text)),
        Value::Array(values) => values.iter().map(|value| mapped(value, map)).collect(),
        Value::Object(values) => values.iter().map(|(key, value)| (map(key), mapped(value, map))).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(sent: &Value) -> Call {
        Call::parse(sent.to_string().as_bytes()).unwrap()
    }

    fn names(texts: &[Text], text: &str) -> Vec<(String, bool)> {
        texts.iter().filter(|found| found.text == text).map(|found| (found.name.clone(), found.is_old)).collect()
    }

    #[test]
    fn texts_are_named_by_their_file_or_their_keys_and_old_ones_are_told_apart() {
        let edits = json!([{ "old_string": "a", "new_string": "b" }]);
        let texts = call(&json!({
            "hook_event_name": "PreToolUse",
            "tool_input": { "file_path": "x.rs", "edits": edits, "note": { "c": ["d"] } },
        }))
        .texts();
        assert_eq!(names(&texts, "a"), [("x.rs".to_owned(), true)]);
        assert_eq!(names(&texts, "b"), [("x.rs".to_owned(), false)]);
        assert_eq!(names(&texts, "x.rs"), [("tool_input.file_path".to_owned(), false)]);
        let texts = call(&json!({ "hook_event_name": "PreToolUse", "tool_input": { "c": ["d"] } })).texts();
        assert_eq!(names(&texts, "d"), [("tool_input.c".to_owned(), false)]);
        assert_eq!(names(&texts, "{\n  \"c\": [\n    \"d\"\n  ]\n}"), [("tool_input".to_owned(), false)]);
    }

    #[test]
    fn nothing_that_a_tool_gives_back_counts_as_old_or_is_taken_apart() {
        let difference = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n";
        let patch = "*** Begin Patch\n*** Update File: a\n-out\n+in\n*** End Patch\n";
        for (result, text) in [(json!({ "old_str": "a" }), "a"), (json!(difference), difference), (json!(patch), patch)]
        {
            let texts = call(&json!({ "hook_event_name": "PostToolUse", "tool_response": result })).texts();
            assert!(texts.iter().all(|text| !text.is_old) && texts.iter().any(|found| found.text == text), "{texts:?}");
        }
    }

    #[test]
    fn names_do_not_grow_with_the_texts_that_bear_them() {
        let long = "ä".repeat(100_000);
        for input in
            [json!({ long.as_str(): { "old_str": ["a", "a"] } }), json!({ "path": long, "old_str": ["a", "a"] })]
        {
            let texts = call(&json!({ "hook_event_name": "PreToolUse", "tool_input": input })).texts();
            assert_eq!(texts.iter().filter(|text| text.text == "a" && text.name.len() <= MAX_NAME).count(), 2);
            assert!(texts.iter().all(|text| text.name.len() <= MAX_NAME));
        }
    }

    #[test]
    fn what_a_patch_takes_out_is_old_and_what_stands_beside_it_is_not() {
        let patch = "-before\n*** Begin Patch\n*** Update File: a\n-out\n+in\n*** End Patch\n-after\n".repeat(2);
        let texts = call(&json!({ "hook_event_name": "PreToolUse", "patch": patch })).texts();
        assert_eq!(names(&texts, "-out\n-out\n"), [("patch".to_owned(), true)]);
        let rest = patch.replace("-out\n", "");
        assert_eq!(names(&texts, &rest), [("patch".to_owned(), false)]);
    }

    #[test]
    fn a_result_is_replaced_as_each_agent_has_it() {
        let mask = |text: &str| text.replace("secret", "[secret]");
        let result = |event: &str, more: (&str, Value)| {
            let mut sent =
                json!({ "hook_event_name": event, "tool_name": "x", "tool_response": { "stdout": "a secret" } });
            sent[more.0] = more.1;
            call(&sent).masked(&mask, "why")
        };
        let own = json!({ "stdout": "a [secret]" });
        let claude = result("PostToolUse", ("cwd", json!("/"))).unwrap();
        assert_eq!(claude["hookSpecificOutput"]["updatedToolOutput"], own);
        assert_eq!(claude["hookSpecificOutput"].get("updatedMCPToolOutput"), None);
        let served = result("PostToolUse", ("tool_name", json!("mcp__a__b"))).unwrap();
        assert_eq!(served["hookSpecificOutput"]["updatedMCPToolOutput"], own);
        let codex = result("PostToolUse", ("turn_id", json!("1"))).unwrap();
        assert_eq!((&codex["decision"], codex.get("hookSpecificOutput")), (&json!("block"), None));
        assert!(codex["reason"].as_str().unwrap().ends_with("{\"stdout\":\"a [secret]\"}"));
        assert_eq!(result("AfterTool", ("cwd", json!("/"))).unwrap()["decision"], "deny");
        assert_eq!(result("postToolUse", ("tool_name", json!("MCP:a"))).unwrap()["updated_mcp_tool_output"], own);
        assert_eq!(result("postToolUse", ("cwd", json!("/"))), None);
        assert_eq!(result("PreToolUse", ("cwd", json!("/"))), None);
    }
}
