//! opencode: <https://opencode.ai/docs/plugins>.
//!
//! It has no hooks that run a command, so a plugin calls keysweep. The format of its calls and the
//! handling of answers are our own: `deny` is thrown as an error, and `output` replaces the result of a
//! tool.

use serde_json::{Value, json};

use super::{Agent, Moment, Protocol, Refusal, Settings, Shape};

pub(super) const PROTOCOL: Protocol = Protocol {
    agent: Agent::OpenCode,
    flag: "opencode",
    sends: |sent| event(sent).is_some(),
    event,
    events: &[
        ("tool.execute.before", Moment::Before(DENIED)),
        ("chat.message", Moment::Before(DENIED)),
        ("tool.execute.after", AFTER),
    ],
    unknown: DENIED,
    consent: None,
    masks_reads: true,
    settings: Settings {
        project: ".opencode/plugins/keysweep.js",
        overrides: &[],
        user: ".config/opencode/plugins/keysweep.js",
        home: None,
        shape: Shape::Plugin,
        events: &["tool.execute.before", "tool.execute.after"],
        is_shared: false,
        besides: None,
    },
};

const DENIED: Refusal = Refusal::Object(|_, why| json!({ "deny": why }));
const AFTER: Moment = Moment::After {
    results: &["/output"],
    replace: Some(|result| Some(json!({ "output": format!("{}\n{}", result.why, result.text()) }))),
    tell: DENIED,
};

fn event(sent: &Value) -> Option<&str> {
    sent["opencode"].as_str()
}
