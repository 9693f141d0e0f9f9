//! Cursor: <https://cursor.com/docs/agent/hooks>.
//!
//! It is told by exit code 2 and by an object. Of results, those of MCP servers are replaced; it does not wait for what a hook
//! says of others. It runs hooks from Claude Code's settings, too, by the names that these have.

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
        // What the agent wrote is in the file by now, and that is what it has to be told.
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
        ],
        is_shared: false,
        besides: None,
    },
};

const DENIED: Refusal = Refusal::Both(
    |_, why| json!({ "permission": "deny", "continue": false, "user_message": why, "agent_message": why }),
);

const fn after(results: &'static [&'static str]) -> Moment {
    Moment::After { results, replace: Some(replaced), tell: DENIED }
}

fn replaced(result: &Replacement<'_>) -> Option<Value> {
    let Replacement { call, why, masked } = result;
    let is_replaced = call.event.eq_ignore_ascii_case("postToolUse") && call.is_served();
    is_replaced.then(|| json!({ "updated_mcp_tool_output": masked, "additional_context": why }))
}
