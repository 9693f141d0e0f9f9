//! Cursor: <https://cursor.com/docs/agent/hooks>.
//!
//! It reads both exit code 2 and an object; after an action, only the object's context for the agent. Only results of
//! MCP servers are replaced; for others it does not wait for the answer of a hook. It also runs hooks from Claude Code's settings, under their event names.

use serde_json::{Value, json};

use super::{Agent, Moment, Protocol, Refusal, Replacement, Settings, Shape, usual_event};

pub(super) const PROTOCOL: Protocol = Protocol {
    agent: Agent::Cursor,
    flag: "cursor",
    sends: |sent| {
        let is_own = |event: &str| event.starts_with(|first: char| first.is_ascii_lowercase());
        usual_event(sent).is_some_and(|event| is_own(event) || sent.get("cursor_version").is_some())
    },
    event: usual_event,
    events: &[
        ("beforeShellExecution", Moment::Before(DENIED)),
        ("beforeMCPExecution", Moment::Before(DENIED)),
        ("beforeReadFile", Moment::Before(DENIED)),
        ("beforeTabFileRead", Moment::Before(DENIED)),
        ("beforeSubmitPrompt", Moment::Before(DENIED)),
        ("UserPromptSubmit", Moment::Before(DENIED)),
        ("preToolUse", Moment::Before(DENIED)),
        // The text is already in the file, so the agent has to be told that.
        ("afterFileEdit", Moment::Before(DENIED)),
        ("afterTabFileEdit", Moment::Before(DENIED)),
        ("postToolUse", after(&["/tool_output", "/tool_response"])),
        ("postToolUseFailure", after(&["/error_message"])),
        ("afterShellExecution", after(&["/output"])),
        ("afterMCPExecution", after(&["/result_json"])),
        ("preCompact", Moment::Passing),
    ],
    unknown: DENIED,
    consent: None,
    masks_reads: false,
    settings: Settings {
        project: ".cursor/hooks.json",
        overrides: &[],
        user: ".cursor/hooks.json",
        home: None,
        shape: Shape::List { version: Some(1), is_typed: false },
        events: &[
            "beforeSubmitPrompt",
            "beforeShellExecution",
            "beforeMCPExecution",
            "beforeReadFile",
            "preToolUse",
            "postToolUse",
            "postToolUseFailure",
        ],
        is_shared: false,
        besides: None,
    },
};

const DENIED: Refusal = Refusal::Both(
    |_, why| json!({ "permission": "deny", "continue": false, "user_message": why, "agent_message": why }),
);

/// The answer after an action, which it is too late to refuse.
const ADVISED: Refusal = Refusal::Object(|_, why| json!({ "additional_context": why }));

const fn after(results: &'static [&'static str]) -> Moment {
    Moment::After { results, replace: Some(replaced), tell: ADVISED }
}

fn replaced(result: &Replacement<'_>) -> Option<Value> {
    let Replacement { call, why, masked } = result;
    let is_replaced = call.event.eq_ignore_ascii_case("postToolUse") && call.is_served();
    is_replaced.then(|| json!({ "updated_mcp_tool_output": masked, "additional_context": why }))
}
