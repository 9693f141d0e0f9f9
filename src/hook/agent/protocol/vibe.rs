//! Mistral Vibe: <https://docs.mistral.ai/vibe/code/cli/hooks>.
//!
//! An object decides, and a reason replaces a result. Any exit code but 0 means that the hook failed, which stops
//! nothing.

use super::{Agent, Moment, Protocol, Refusal, Settings, Shape, usual_event};
use serde_json::json;

pub(super) const PROTOCOL: Protocol = Protocol {
    agent: Agent::Vibe,
    flag: "vibe",
    sends: |sent| usual_event(sent).is_some_and(|event| event.contains('_')),
    event: usual_event,
    events: &[
        ("pre_tool", Moment::Before(DENIED)),
        ("before_tool", Moment::Before(DENIED)),
        ("post_tool", AFTER),
        ("after_tool", AFTER),
    ],
    unknown: DENIED,
    consent: None,
    masks_reads: true,
    settings: Settings {
        project: ".vibe/hooks.toml",
        overrides: &[],
        user: ".vibe/hooks.toml",
        home: None,
        shape: Shape::Tables,
        events: &["pre_tool", "post_tool"],
        is_shared: false,
        besides: Some("it runs hooks only in trusted projects"),
    },
};

const DENIED: Refusal = Refusal::Object(|_, why| json!({ "decision": "deny", "reason": why }));
const AFTER: Moment = Moment::After {
    results: &["/tool_output_text", "/tool_output", "/tool_error"],
    replace: Some(|result| Some(result.decided("deny"))),
    tell: DENIED,
};
