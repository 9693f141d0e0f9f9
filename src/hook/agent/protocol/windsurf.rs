//! Windsurf: <https://docs.windsurf.com/windsurf/cascade/hooks>.
//!
//! Exit code 2 refuses an action that has not happened yet; after an action, Cascade is shown the text on standard
//! error. No object is read.

use serde_json::Value;

use super::{Agent, Moment, Protocol, Refusal, Settings, Shape};

pub(super) const PROTOCOL: Protocol = Protocol {
    agent: Agent::Windsurf,
    flag: "windsurf",
    sends: |sent| event(sent).is_some(),
    event,
    events: &[
        ("pre_read_code", Moment::Before(Refusal::Code)),
        ("pre_write_code", Moment::Before(Refusal::Code)),
        ("pre_run_command", Moment::Before(Refusal::Code)),
        ("pre_mcp_tool_use", Moment::Before(Refusal::Code)),
        ("pre_user_prompt", Moment::Before(Refusal::Code)),
        ("post_mcp_tool_use", AFTER),
    ],
    unknown: Refusal::Code,
    consent: None,
    masks_reads: false,
    settings: Settings {
        project: ".windsurf/hooks.json",
        overrides: &[],
        user: ".codeium/windsurf/hooks.json",
        home: None,
        shape: Shape::List { version: None, is_typed: false },
        events: &[
            "pre_user_prompt",
            "pre_read_code",
            "pre_write_code",
            "pre_run_command",
            "pre_mcp_tool_use",
            "post_mcp_tool_use",
        ],
        is_shared: false,
        besides: None,
    },
};

const AFTER: Moment = Moment::After { results: &["/tool_info/mcp_result"], replace: None, tell: Refusal::Code };

fn event(sent: &Value) -> Option<&str> {
    sent["agent_action_name"].as_str()
}
