//! The calls that coding agents make to a hook on standard input, and the answers to them.
//!
//! An agent sends one JSON object for each event: before a tool is used or a prompt is accepted, or with the result of
//! a tool. `protocol/` has a file for each agent: its events, the place of a result, and the form of a refusal or a
//! replacement. `texts` returns the texts of a call that must be checked, and `reads` the files that are about to be
//! read. The caller has to check all that and give the reasons.

mod action;
mod bypass;
mod glob;
mod guarded;
mod protocol;
mod reads;
mod sample;
pub mod settings;
mod shape;
mod shell;
mod texts;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use protocol::{Moment, Protocol, Refusal};
use texts::Gathered;

pub use protocol::Agent;
pub use reads::{Read, Reads};
pub use sample::sample;
pub use texts::Text;

/// A call that can be answered.
#[derive(Debug, Clone)]
pub struct Call {
    sent: Value,
    protocol: &'static Protocol,
    event: String,
    stage: Stage,
}

/// The time of an event, as far as it matters for the answer.
#[derive(Debug, Clone, Copy)]
pub enum Stage {
    /// Something is about to happen, or was just written, and can be refused.
    Before,
    /// A tool has returned a result.
    After,
    /// Nothing that an answer could keep from the agent: a session starts, a turn ends. An answer could start another
    /// turn, which would end like the first.
    Passing,
    /// By its name the event comes before something, but its content and how to refuse it are unknown.
    Unknown,
}

/// The reason why a call can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// The input isn't a JSON object.
    #[error(
        "standard input is not a JSON object with a 'hook_event_name', as coding agents send it, so it cannot be checked; it was stopped"
    )]
    NoObject,
    /// None of the known agents sends this.
    #[error(
        "no 'hook_event_name' or other sign shows which coding agent sends this, so it cannot be checked; it was stopped. If the agent is one of those that 'keysweep hook run agent --help' lists, name it with --agent"
    )]
    NoAgent,
    /// The named agent doesn't send this.
    #[error("this is not what {} sends: it names no event; it was stopped", .0.name())]
    NoEvent(Agent),
}

/// The answer of a hook.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The answer on standard output.
    pub object: Option<Value>,
    /// The exit code.
    pub ending: Ending,
}

/// The meaning of an exit code to an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All is well, or the object says what isn't.
    Zero,
    /// A refusal, for the reason on standard error.
    Two,
}

impl Answer {
    /// The empty answer.
    const SILENCE: Self = Self { object: None, ending: Ending::Zero };
}

impl Call {
    /// Reads what an agent sent: the named agent, or else the one that the call shows.
    ///
    /// # Errors
    /// Fails if no agent sends this.
    pub fn parse(bytes: &[u8], named: Option<Agent>) -> Result<Self, Unread> {
        let sent: Value = serde_json::from_slice(bytes).map_err(|_| Unread::NoObject)?;
        if !sent.is_object() {
            return Err(Unread::NoObject);
        }
        let found = match named {
            Some(agent) => Some(Protocol::of(agent)),
            None => Protocol::that_sends(&sent),
        };
        let Some(protocol) = found else {
            return Self::of_a_stranger(sent);
        };
        let event = (protocol.event)(&sent).ok_or(Unread::NoEvent(protocol.agent))?.to_owned();
        let stage = match protocol.moment(&event) {
            Some(Moment::Before(_)) => Stage::Before,
            Some(Moment::After { .. }) => Stage::After,
            Some(Moment::Passing) => Stage::Passing,
            None if comes_before(&event) => Stage::Unknown,
            None => Stage::Passing,
        };
        Ok(Self { sent, protocol, event, stage })
    }

    /// Reads a call of an unknown agent. If the event's name says that it has already happened, there is nothing left
    /// to stop.
    fn of_a_stranger(sent: Value) -> Result<Self, Unread> {
        let is_name = |key: &str| ["event", "hook", "action"].iter().any(|word| key.to_lowercase().contains(word));
        let named = sent.as_object().into_iter().flatten().filter(|(key, _)| is_name(key));
        let names: Vec<&str> = named.filter_map(|(_, value)| value.as_str()).collect();
        match names[..] {
            [event] if !comes_before(event) => {
                let event = event.to_owned();
                Ok(Self { sent, protocol: Protocol::of(Agent::Claude), event, stage: Stage::Passing })
            }
            _ => Err(Unread::NoAgent),
        }
    }

    /// Returns the agent that sent it.
    pub fn agent(&self) -> Agent {
        self.protocol.agent
    }

    /// Returns the name of the event.
    pub fn event(&self) -> &str {
        &self.event
    }

    /// Returns the time of the event.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Returns the folder that the agent works in.
    pub fn folder(&self) -> Option<PathBuf> {
        const KEYS: [&str; 5] =
            ["/cwd", "/tool_info/cwd", "/workspace_roots/0", "/workspaceRoots/0", "/workspacePaths/0"];
        let named = KEYS.iter().find_map(|key| self.sent.pointer(key)?.as_str());
        named.map(Path::new).filter(|folder| folder.is_absolute()).map(Path::to_path_buf)
    }

    /// Returns the results of a tool: the place of each in the call, and its value.
    fn results(&self) -> Vec<(&'static str, &Value)> {
        let Some(Moment::After { results, .. }) = self.protocol.moment(&self.event) else { return Vec::new() };
        let found =
            results.iter().filter_map(|at| Some((*at, self.sent.pointer(at).filter(|found| !is_empty(found))?)));
        found.collect()
    }

    /// Returns `true` if the call holds the result of a tool.
    pub fn is_result(&self) -> bool {
        !self.results().is_empty()
    }

    /// Returns the texts to check: those of the result if there is one, otherwise all that was sent.
    pub fn texts(&self) -> Vec<Text> {
        let results = self.results();
        if results.is_empty() {
            return Gathered::of_call(&self.sent, self.removal());
        }
        let last = |at: &'static str| at.rsplit('/').next().unwrap_or(at);
        results.into_iter().flat_map(|(at, value)| Gathered::of_result(value, last(at))).collect()
    }

    /// Returns the answer if there is nothing to object to.
    pub fn passed(&self) -> Answer {
        match (self.stage, self.protocol.consent) {
            (Stage::Before, Some(consent)) => Answer { object: Some(consent()), ending: Ending::Zero },
            _ => Answer::SILENCE,
        }
    }

    /// Returns the answer that gives the agent the masked result in place of the real one, or the masked prompt; `None`
    /// if the agent accepts no replacement.
    pub fn masked(&self, mask: &dyn Fn(&str) -> String, why: &str) -> Option<Answer> {
        self.replaced(why, &|result| mapped(result, mask))
    }

    /// Returns the same answer with no text of the result left, for a result that could not be checked.
    pub fn withheld(&self, why: &str) -> Option<Answer> {
        self.replaced(why, &blanked)
    }

    fn replaced(&self, why: &str, safe: &dyn Fn(&Value) -> Value) -> Option<Answer> {
        let Some(Moment::After { replace: Some(replace), .. }) = self.protocol.moment(&self.event) else { return None };
        let (_, result) = *self.results().first()?;
        let object = replace(&Replacement { call: self, why, masked: safe(result) })?;
        Some(Answer { object: Some(object), ending: Ending::Zero })
    }

    /// Returns the answer that refuses or, if it is too late for that, only informs.
    pub fn refused(&self, why: &str) -> Answer {
        let refusal = match self.protocol.moment(&self.event) {
            Some(Moment::Before(refusal)) => *refusal,
            Some(Moment::After { tell, .. }) => *tell,
            Some(Moment::Passing) => return Answer::SILENCE,
            None => self.protocol.unknown,
        };
        let object = |make: protocol::Words| Some(make(&self.event, why));
        match refusal {
            Refusal::Code => Answer { object: None, ending: Ending::Two },
            Refusal::Object(make) => Answer { object: object(make), ending: Ending::Zero },
            Refusal::Both(make) => Answer { object: object(make), ending: Ending::Two },
        }
    }

    /// Returns `true` if the tool belongs to an MCP server.
    fn is_served(&self) -> bool {
        self.sent["tool_name"].as_str().is_some_and(|name| name.starts_with("mcp__") || name.starts_with("MCP:"))
    }
}

/// The replacement of a result.
pub(crate) struct Replacement<'c> {
    call: &'c Call,
    why: &'c str,
    masked: Value,
}

impl Replacement<'_> {
    /// Returns the reason and the masked result, as the text that replaces the result.
    fn explanation(&self) -> String {
        let text = self.text();
        format!("{}\nThe output with the secrets masked:\n{text}", self.why)
    }

    /// Returns the masked result as text.
    fn text(&self) -> String {
        self.masked.as_str().map_or_else(|| self.masked.to_string(), str::to_owned)
    }

    /// Returns the answer for agents that accept a reason in place of the result.
    fn decided(&self, decision: &str) -> Value {
        json!({ "decision": decision, "reason": self.explanation() })
    }
}

/// Returns `true` if an event, by its name, comes before the action that it is about.
fn comes_before(event: &str) -> bool {
    let event = event.to_ascii_lowercase();
    ["pre", "before"].iter().any(|start| event.starts_with(start))
}

/// Returns `true` if a result is empty.
fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// Returns the value with every text in it mapped.
fn mapped(value: &Value, map: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(map(text)),
        Value::Array(values) => values.iter().map(|value| mapped(value, map)).collect(),
        Value::Object(values) => values.iter().map(|(key, value)| (map(key), mapped(value, map))).collect(),
        other => other.clone(),
    }
}

/// Returns the value with every text in it replaced, but with the keys that give it its form.
fn blanked(value: &Value) -> Value {
    match value {
        Value::String(_) => Value::String("[withheld]".to_owned()),
        Value::Array(values) => values.iter().map(blanked).collect(),
        Value::Object(values) => values.iter().map(|(key, value)| (key.clone(), blanked(value))).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::texts::MAX_NAME;
    use super::*;

    fn call(sent: &Value) -> Call {
        Call::parse(sent.to_string().as_bytes(), None).unwrap()
    }

    fn names(texts: &[Text], text: &str) -> Vec<(String, bool)> {
        texts.iter().filter(|found| found.text == text).map(|found| (found.name.clone(), found.is_old)).collect()
    }

    #[test]
    fn texts_are_named_by_file_or_keys_and_old_ones_are_marked() {
        let edits = json!([{ "old_string": "a", "new_string": "b" }]);
        let texts = call(&json!({
            "hook_event_name": "PreToolUse",
            "tool_name": "MultiEdit",
            "tool_input": { "file_path": "x.rs", "edits": edits, "note": { "c": ["d"] } },
        }))
        .texts();
        assert_eq!(names(&texts, "a"), [("x.rs".to_owned(), true)]);
        assert_eq!(names(&texts, "b"), [("x.rs".to_owned(), false)]);
        assert_eq!(names(&texts, "x.rs"), [("tool_input.file_path".to_owned(), false)]);
        let texts = call(&json!({ "hook_event_name": "PreToolUse", "tool_input": { "c": ["d"] } })).texts();
        assert_eq!(names(&texts, "d"), [("tool_input.c".to_owned(), false)]);
        let packed = json!({ "path": "x.rs", "old_str": "a", "new_str": "b" }).to_string();
        let texts = call(&json!({ "sessionId": "s", "timestamp": 1, "toolName": "edit", "toolArgs": packed })).texts();
        assert_eq!(names(&texts, "a"), [("x.rs".to_owned(), true)]);
        assert_eq!(names(&texts, "b"), [("x.rs".to_owned(), false)]);
        let texts = call(&json!({ "hook_event_name": "PreToolUse", "tool_input": { "c": ["d"] } })).texts();
        assert_eq!(names(&texts, "{\n  \"c\": [\n    \"d\"\n  ]\n}"), [("tool_input".to_owned(), false)]);
    }

    #[test]
    fn tool_results_are_neither_old_nor_split() {
        let difference = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n";
        let patch = "*** Begin Patch\n*** Update File: a\n-out\n+in\n*** End Patch\n";
        for (result, text) in [(json!({ "old_str": "a" }), "a"), (json!(difference), difference), (json!(patch), patch)]
        {
            let texts = call(&json!({ "hook_event_name": "PostToolUse", "tool_response": result })).texts();
            assert!(texts.iter().all(|text| !text.is_old) && texts.iter().any(|found| found.text == text), "{texts:?}");
        }
    }

    #[test]
    fn memory_for_names_does_not_grow_with_their_texts() {
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
    fn lines_removed_by_a_patch_are_old_and_context_lines_are_not() {
        let patch = "-before\n*** Begin Patch\n*** Update File: a\n-out\n+in\n*** End Patch\n-after\n".repeat(2);
        let sent = |tool: &str, patch: &str| {
            let input = json!({ "patch": patch });
            call(&json!({ "hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": input })).texts()
        };
        let key = "tool_input.patch".to_owned();
        let texts = sent("apply_patch", &patch);
        assert_eq!(names(&texts, "-out\n-out\n"), [(key.clone(), true)]);
        let rest = patch.replace("-out\n", "");
        assert_eq!(names(&texts, &rest), [(key.clone(), false)]);
        // A new file has no lines to remove, and other tools do not read patches.
        let added = patch.replace("Update", "Add");
        assert_eq!(names(&sent("apply_patch", &added), &added), [(key.clone(), false)]);
        assert_eq!(names(&sent("Write", &patch), &patch), [(key, false)]);
    }

    #[test]
    fn a_result_is_replaced_in_the_format_of_each_agent() {
        let mask = |text: &str| text.replace("secret", "[secret]");
        let result = |event: &str, more: (&str, Value)| {
            let mut sent =
                json!({ "hook_event_name": event, "tool_name": "x", "tool_response": { "stdout": "a secret" } });
            sent[more.0] = more.1;
            call(&sent).masked(&mask, "why").and_then(|answer| answer.object)
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
