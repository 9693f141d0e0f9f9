//! Claude Code, and agents that use the same protocol: <https://code.claude.com/docs/en/hooks>.
//!
//! Exit code 2 refuses, and standard error gives the reason. A result is replaced by one in the tool's own form.

use serde_json::{Value, json};

use super::{Agent, Moment, Protocol, Refusal, Replacement, Settings, Shape, usual_event};

pub(super) const PROTOCOL: Protocol = Protocol {
    agent: Agent::Claude,
    flag: "claude",
    sends: |sent| usual_event(sent).is_some(),
    event: usual_event,
    events: &[
        ("PreToolUse", Moment::Before(Refusal::Code)),
        ("PermissionRequest", Moment::Before(Refusal::Code)),
        ("UserPromptSubmit", Moment::Before(Refusal::Code)),
        ("PostToolUse", AFTER),
        ("PostToolUseFailure", Moment::After { results: &["/error"], replace: None, tell: Refusal::Code }),
        ("PreCompact", Moment::Passing),
    ],
    unknown: Refusal::Code,
    consent: None,
    masks_reads: true,
    settings: Settings {
        project: ".claude/settings.json",
        overrides: &[".claude/settings.local.json"],
        user: ".claude/settings.json",
        home: Some("CLAUDE_CONFIG_DIR"),
        shape: Shape::Groups { timeout: 30 },
        events: &["UserPromptSubmit", "PreToolUse", "PostToolUse", "PostToolUseFailure"],
        is_shared: true,
        besides: None,
    },
};

const AFTER: Moment = Moment::After {
    results: &["/tool_response", "/tool_output", "/output"],
    replace: Some(replaced),
    tell: Refusal::Code,
};

/// Returns the replaced result; earlier versions had a separate key for results of MCP servers.
fn replaced(result: &Replacement<'_>) -> Option<Value> {
    let Replacement { call, why, masked } = result;
    let mut said = json!({ "hookEventName": call.event, "updatedToolOutput": masked, "additionalContext": why });
    if call.is_served() {
        said["updatedMCPToolOutput"] = masked.clone();
    }
    Some(json!({ "hookSpecificOutput": said }))
}
