//! The agents, with a file for each: how to recognise its calls, its events, and the form of the answers.
//!
//! To add one, write its file with a [`Protocol`] and add it to [`Agent`] and to `PROTOCOLS`.

mod antigravity;
mod claude;
mod cline;
mod codex;
mod copilot;
mod cursor;
mod gemini;
mod opencode;
mod vibe;
mod vscode;
mod windsurf;

use serde_json::Value;

use super::Replacement;
use super::shape::{Settings, Shape};

/// A coding agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agent {
    /// Claude Code, and agents that use the same protocol.
    Claude,
    /// Codex CLI.
    Codex,
    /// Gemini CLI.
    Gemini,
    /// Cursor.
    Cursor,
    /// GitHub Copilot CLI and cloud agent.
    Copilot,
    /// The agent mode of VS Code.
    VsCode,
    /// Windsurf.
    Windsurf,
    /// Cline.
    Cline,
    /// Google Antigravity.
    Antigravity,
    /// Mistral Vibe.
    Vibe,
    /// opencode.
    OpenCode,
}

impl Agent {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Claude => "Claude Code",
            Self::Codex => "Codex CLI",
            Self::Gemini => "Gemini CLI",
            Self::Cursor => "Cursor",
            Self::Copilot => "GitHub Copilot",
            Self::VsCode => "VS Code",
            Self::Windsurf => "Windsurf",
            Self::Cline => "Cline",
            Self::Antigravity => "Antigravity",
            Self::Vibe => "Mistral Vibe",
            Self::OpenCode => "opencode",
        }
    }
}

/// A function that makes the object of a refusal from the event's name and the reason.
pub(super) type Words = fn(&str, &str) -> Value;

/// The way in which an agent is told of a refusal.
#[derive(Debug, Clone, Copy)]
pub(super) enum Refusal {
    /// By exit code 2, with the reason on standard error.
    Code,
    /// By an object on standard output and exit code 0.
    Object(Words),
    /// By both an object and exit code 2.
    Both(Words),
}

/// The time of an event, with the way to answer it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Moment {
    /// Before something happens, or when the agent has just written something.
    Before(Refusal),
    /// After a tool has returned a result.
    After {
        /// The places of the results in the call; the one that the agent sees comes first.
        results: &'static [&'static str],
        /// The function that makes the answer with a replaced result, if the agent accepts one.
        replace: Option<fn(&Replacement<'_>) -> Option<Value>>,
        /// The way to inform the agent if the result can't be replaced.
        tell: Refusal,
    },
    /// At an event with nothing to keep from the agent.
    Passing,
}

/// The documented properties of an agent's hooks.
#[derive(Debug)]
pub(super) struct Protocol {
    pub(super) agent: Agent,
    /// Its name on the command line.
    pub(super) flag: &'static str,
    /// Returns `true` if the agent sends such calls. If several agents do, the first one in `PROTOCOLS` counts as the
    /// sender.
    pub(super) sends: fn(&Value) -> bool,
    /// Returns the name of the event.
    pub(super) event: fn(&Value) -> Option<&str>,
    /// The events that are answered, and those that are passed although their names say that they come before
    /// something.
    pub(super) events: &'static [(&'static str, Moment)],
    /// The way to refuse an unknown event.
    pub(super) unknown: Refusal,
    /// The answer that lets an action happen, for agents that don't accept an empty answer.
    pub(super) consent: Option<fn() -> Value>,
    /// `true` if the content that tools read from files can be masked in their results.
    pub(super) masks_reads: bool,
    /// The place and the form of the settings in which it is configured to call keysweep.
    pub(super) settings: Settings,
}

/// The protocols of all agents, those with the most distinctive calls first.
const PROTOCOLS: [&Protocol; 11] = [
    &opencode::PROTOCOL,
    &windsurf::PROTOCOL,
    &cline::PROTOCOL,
    &antigravity::PROTOCOL,
    &vibe::PROTOCOL,
    &cursor::PROTOCOL,
    &codex::PROTOCOL,
    &gemini::PROTOCOL,
    &copilot::PROTOCOL,
    &vscode::PROTOCOL,
    &claude::PROTOCOL,
];

impl Protocol {
    /// Returns the protocols of all agents.
    pub(super) fn all() -> impl Iterator<Item = &'static Self> {
        PROTOCOLS.into_iter()
    }

    /// Returns the protocol of an agent.
    pub(super) fn of(agent: Agent) -> &'static Self {
        PROTOCOLS.into_iter().find(|protocol| protocol.agent == agent).unwrap_or(&claude::PROTOCOL)
    }

    /// Returns the protocol of the agent that sent this, as far as the call shows it.
    pub(super) fn that_sends(sent: &Value) -> Option<&'static Self> {
        PROTOCOLS.into_iter().find(|protocol| (protocol.sends)(sent))
    }

    /// Returns the time of an event. An agent that runs hooks written for another may keep the other's spelling of the
    /// name.
    pub(super) fn moment(&self, event: &str) -> Option<&'static Moment> {
        self.events.iter().find(|(name, _)| name.eq_ignore_ascii_case(event)).map(|(_, moment)| moment)
    }
}

/// Returns the name of the event from the place where most agents have it.
fn usual_event(sent: &Value) -> Option<&str> {
    sent["hook_event_name"].as_str().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_agent_has_its_own_protocol_without_duplicate_events() {
        for (at, protocol) in PROTOCOLS.iter().enumerate() {
            assert_eq!(Protocol::of(protocol.agent).agent, protocol.agent);
            assert!(PROTOCOLS[..at].iter().all(|other| other.agent != protocol.agent));
            for (at, (event, _)) in protocol.events.iter().enumerate() {
                assert!(protocol.events[..at].iter().all(|(other, _)| !other.eq_ignore_ascii_case(event)), "{event}");
            }
        }
    }
}
