//! The agents, a file for each: how its calls are known, what its events are, and how each is answered.
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
    /// Claude Code, and those that speak as it does.
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
    /// Its name.
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

/// Words of a refusal, as one object: made of the event's name and the reason.
pub(super) type Words = fn(&str, &str) -> Value;

/// How an agent is told no.
#[derive(Debug, Clone, Copy)]
pub(super) enum Refusal {
    /// By exit code 2, with the reason on standard error.
    Code,
    /// By an object on standard output and exit code 0.
    Object(Words),
    /// By both.
    Both(Words),
}

/// When an event comes, and how it is answered.
#[derive(Debug, Clone, Copy)]
pub(super) enum Moment {
    /// Before something happens, or when something has just been written by the agent.
    Before(Refusal),
    /// When a tool has given something back.
    After {
        /// Where that is in the call; what the agent gets to see comes first.
        results: &'static [&'static str],
        /// How it is replaced, where that can be.
        replace: Option<fn(&Replacement<'_>) -> Option<Value>>,
        /// How the agent is told, where it cannot.
        tell: Refusal,
    },
    /// When there is nothing to be kept from anybody.
    Passing,
}

/// The documented properties of an agent's hooks.
#[derive(Debug)]
pub(super) struct Protocol {
    pub(super) agent: Agent,
    /// Its name on the command line.
    pub(super) flag: &'static str,
    /// `true` if it sends such calls. The first of `PROTOCOLS` that does is taken to have sent one.
    pub(super) sends: fn(&Value) -> bool,
    /// The name of the event.
    pub(super) event: fn(&Value) -> Option<&str>,
    /// The events that are answered, and those that come before something but are not.
    pub(super) events: &'static [(&'static str, Moment)],
    /// How an event is refused that nobody knows.
    pub(super) unknown: Refusal,
    /// The answer that lets something happen, where silence may not.
    pub(super) consent: Option<fn() -> Value>,
    /// `true` if what tools read from files can be masked when they give it back.
    pub(super) masks_reads: bool,
    /// Where it is told to call keysweep.
    pub(super) settings: Settings,
}

/// All of them, those first whose calls nobody else's can be taken for.
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
    /// Returns the one of an agent.
    pub(super) fn of(agent: Agent) -> &'static Self {
        PROTOCOLS.into_iter().find(|protocol| protocol.agent == agent).unwrap_or(&claude::PROTOCOL)
    }

    /// Returns the protocol of the agent that sent this, as the call shows.
    pub(super) fn that_sends(sent: &Value) -> Option<&'static Self> {
        PROTOCOLS.into_iter().find(|protocol| (protocol.sends)(sent))
    }

    /// When an event comes. An agent that runs hooks written for another may keep the spelling of that one.
    pub(super) fn moment(&self, event: &str) -> Option<&'static Moment> {
        self.events.iter().find(|(name, _)| name.eq_ignore_ascii_case(event)).map(|(_, moment)| moment)
    }
}

/// The name of the event where most have it.
fn usual_event(sent: &Value) -> Option<&str> {
    sent["hook_event_name"].as_str().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_agent_has_its_own_protocol_and_no_event_twice() {
        for (at, protocol) in PROTOCOLS.iter().enumerate() {
            assert_eq!(Protocol::of(protocol.agent).agent, protocol.agent);
            assert!(PROTOCOLS[..at].iter().all(|other| other.agent != protocol.agent));
            for (at, (event, _)) in protocol.events.iter().enumerate() {
                assert!(protocol.events[..at].iter().all(|(other, _)| !other.eq_ignore_ascii_case(event)), "{event}");
            }
        }
    }
}
