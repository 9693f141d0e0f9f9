//! The agent mode of VS Code: <https://code.visualstudio.com/docs/agents/reference/hooks-reference>.
//!
//! It uses nearly the protocol of Claude Code, and spells the key of the event's name in two ways. Exit code 2
//! refuses; a result can't be replaced, so the agent and whoever watches it are only informed.

use serde_json::{Value, json};

use super::{Agent, Moment, Protocol, Refusal, usual_event};

pub(super) const PROTOCOL: Protocol = Protocol {
    agent: Agent::VsCode,
    flag: "vscode",
    sends: |sent| sent["hookEventName"].is_string() || usual_event(sent).is_some() && sent["timestamp"].is_string(),
    event,
    events: &[
        ("PreToolUse", Moment::Before(Refusal::Code)),
        ("UserPromptSubmit", Moment::Before(Refusal::Code)),
        ("PostToolUse", AFTER),
        ("PreCompact", Moment::Passing),
    ],
    unknown: Refusal::Code,
    consent: None,
    masks_reads: false,
    settings: super::copilot::SETTINGS,
};

const AFTER: Moment = Moment::After { results: &["/tool_response", "/tool_result"], replace: None, tell: TOLD };

const TOLD: Refusal = Refusal::Object(|event, why| {
    json!({
        "systemMessage": why,
        "hookSpecificOutput": { "hookEventName": event, "additionalContext": why },
    })
});

fn event(sent: &Value) -> Option<&str> {
    usual_event(sent).or_else(|| sent["hookEventName"].as_str())
}
