//! Codex CLI: <https://developers.openai.com/codex/hooks>.
//!
//! It uses the protocol of Claude Code and adds a `turn_id`. It accepts a reason in place of a result, but uses the
//! real result if there is any field next to the reason.

use super::{Agent, Moment, Protocol, Refusal, Settings, Shape, usual_event};

pub(super) const PROTOCOL: Protocol = Protocol {
    agent: Agent::Codex,
    flag: "codex",
    sends: |sent| usual_event(sent).is_some() && sent.get("turn_id").is_some(),
    event: usual_event,
    events: &[
        ("PreToolUse", Moment::Before(Refusal::Code)),
        ("PermissionRequest", Moment::Before(Refusal::Code)),
        ("UserPromptSubmit", Moment::Before(Refusal::Code)),
        ("PostToolUse", AFTER),
        ("PreCompact", Moment::Passing),
    ],
    unknown: Refusal::Code,
    consent: None,
    masks_reads: true,
    settings: Settings {
        project: ".codex/hooks.json",
        overrides: &[],
        user: ".codex/hooks.json",
        home: Some("CODEX_HOME"),
        shape: Shape::Groups { timeout: 30 },
        events: &["UserPromptSubmit", "PreToolUse", "PostToolUse"],
        is_shared: false,
        besides: Some("it runs hooks only in trusted projects"),
    },
};

const AFTER: Moment = Moment::After {
    results: &["/tool_response"],
    replace: Some(|result| Some(result.decided("block"))),
    tell: Refusal::Code,
};
