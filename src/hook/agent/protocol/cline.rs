//! Cline: <https://docs.cline.bot/features/hooks/hook-reference>.
//!
//! The object decides, and any exit code but 0 cancels the task. A result has already reached the model, so the model
//! is only informed.

use serde_json::{Value, json};

use super::{Agent, Moment, Protocol, Refusal, Settings, Shape};

pub(super) const PROTOCOL: Protocol = Protocol {
    agent: Agent::Cline,
    flag: "cline",
    sends: |sent| event(sent).is_some() && (sent.get("clineVersion").is_some() || sent.get("taskId").is_some()),
    event,
    events: &[
        ("PreToolUse", Moment::Before(CANCELLED)),
        ("UserPromptSubmit", Moment::Before(CANCELLED)),
        ("PostToolUse", AFTER),
        ("PreCompact", Moment::Passing),
    ],
    unknown: CANCELLED,
    consent: None,
    masks_reads: false,
    settings: Settings {
        project: ".clinerules/hooks",
        overrides: &[],
        user: "Documents/Cline/Hooks",
        home: None,
        shape: Shape::Scripts,
        events: &["UserPromptSubmit", "PreToolUse", "PostToolUse"],
        is_shared: false,
        besides: Some("hooks have to be enabled in its settings, and it has none on Windows"),
    },
};

const CANCELLED: Refusal = Refusal::Object(|_, why| json!({ "cancel": true, "errorMessage": why }));
const AFTER: Moment = Moment::After {
    results: &["/postToolUse/result"],
    replace: None,
    tell: Refusal::Object(|_, why| json!({ "cancel": false, "contextModification": why })),
};

fn event(sent: &Value) -> Option<&str> {
    sent["hookName"].as_str()
}
