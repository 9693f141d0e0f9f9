//! Gemini CLI: <https://geminicli.com/docs/hooks/reference>.
//!
//! It accepts a reason in place of a result.

use super::{Agent, Moment, Protocol, Refusal, Settings, Shape, usual_event};

pub(super) const PROTOCOL: Protocol = Protocol {
    agent: Agent::Gemini,
    flag: "gemini",
    sends: |sent| {
        let is_own = |event: &str| ["Before", "After", "PreCompress"].iter().any(|start| event.starts_with(start));
        usual_event(sent).is_some_and(is_own)
    },
    event: usual_event,
    events: &[
        ("BeforeTool", Moment::Before(Refusal::Code)),
        ("BeforeAgent", Moment::Before(Refusal::Code)),
        ("AfterTool", AFTER),
        // These hold the whole conversation, which was checked when it came in: if it were refused once, it would be
        // refused for ever.
        ("BeforeModel", Moment::Passing),
        ("BeforeToolSelection", Moment::Passing),
        ("PreCompress", Moment::Passing),
    ],
    unknown: Refusal::Code,
    consent: None,
    masks_reads: true,
    settings: Settings {
        project: ".gemini/settings.json",
        overrides: &[],
        user: ".gemini/settings.json",
        home: None,
        // The time limit is in milliseconds.
        shape: Shape::Groups { timeout: 30_000 },
        events: &["BeforeAgent", "BeforeTool", "AfterTool"],
        is_shared: false,
        besides: Some("it runs hooks only in trusted folders, and asks once for each command"),
    },
};

const AFTER: Moment = Moment::After {
    results: &["/tool_response"],
    replace: Some(|result| Some(result.decided("deny"))),
    tell: Refusal::Code,
};
