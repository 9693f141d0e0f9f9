//! Google Antigravity, its CLI and IDE: <https://antigravity.google/docs/hooks>.
//!
//! A call doesn't say which event it is. A decision is given in an object: an object without a decision refuses, some
//! versions also treat an empty answer as a refusal, and `allow` would answer for the user. `ask` leaves the decision
//! to the user's settings.

use serde_json::{Value, json};

use super::{Agent, Moment, Protocol, Refusal, Settings, Shape};

pub(super) const PROTOCOL: Protocol = Protocol {
    agent: Agent::Antigravity,
    flag: "antigravity",
    sends: |sent| sent["toolCall"].is_object() || sent["conversationId"].is_string(),
    event,
    events: &[("PreToolUse", Moment::Before(DENIED))],
    unknown: DENIED,
    consent: Some(|| json!({ "decision": "ask" })),
    masks_reads: false,
    settings: Settings {
        project: ".agents/hooks.json",
        overrides: &[],
        user: ".gemini/config/hooks.json",
        home: None,
        shape: Shape::Named,
        events: &["PreToolUse"],
        is_shared: false,
        besides: Some("some versions of its CLI read only the hooks of plugins"),
    },
};

const DENIED: Refusal = Refusal::Object(|_, why| json!({ "decision": "deny", "reason": why }));

/// Returns the name of the event: only a call from before a tool is used holds the tool call and no result.
fn event(sent: &Value) -> Option<&str> {
    let is_over = ["error", "toolResult", "result"].iter().any(|key| sent.get(key).is_some());
    Some(if sent["toolCall"].is_object() && !is_over { "PreToolUse" } else { "Invocation" })
}
