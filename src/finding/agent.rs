//! The place of a secret among the files of coding agents.

use serde::{Deserialize, Serialize};

/// A place among the files of a coding agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AgentPlace {
    /// The agent that owns the file.
    pub agent: CodingAgent,
    /// The purpose of the file.
    pub kind: AgentFiles,
    /// The file's format.
    pub form: FileForm,
}

/// A coding agent that keeps files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each is called by its name, which `name` writes out")]
pub enum CodingAgent {
    ClaudeCode,
    ClaudeDesktop,
    Codex,
    Gemini,
    Antigravity,
    Cursor,
    VsCode,
    Copilot,
    Windsurf,
    Cline,
    Roo,
    Kilo,
    OpenCode,
    Zed,
    Continue,
    Aider,
    Amp,
    Crush,
    Junie,
    Qwen,
    Vibe,
    OpenClaw,
}

impl CodingAgent {
    /// Returns the agent's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "Claude Code",
            Self::ClaudeDesktop => "Claude Desktop",
            Self::Codex => "Codex CLI",
            Self::Gemini => "Gemini CLI",
            Self::Antigravity => "Antigravity",
            Self::Cursor => "Cursor",
            Self::VsCode => "VS Code",
            Self::Copilot => "GitHub Copilot CLI",
            Self::Windsurf => "Windsurf",
            Self::Cline => "Cline",
            Self::Roo => "Roo Code",
            Self::Kilo => "Kilo Code",
            Self::OpenCode => "opencode",
            Self::Zed => "Zed",
            Self::Continue => "Continue",
            Self::Aider => "Aider",
            Self::Amp => "Amp",
            Self::Crush => "Crush",
            Self::Junie => "Junie",
            Self::Qwen => "Qwen Code",
            Self::Vibe => "Mistral Vibe",
            Self::OpenClaw => "OpenClaw",
        }
    }
}

/// The purpose of an agent's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgentFiles {
    /// Lists of MCP servers, with the keys that each is started with.
    Servers,
    /// Any other settings.
    Settings,
    /// Commands that the user approved, kept word for word.
    Commands,
    /// The agent's own login.
    Login,
    /// Messages of one session, with the input and output of tools.
    Transcripts,
    /// Messages of all sessions, in one database.
    Chats,
    /// The agent's own logs, and copies of files that it keeps.
    Logs,
}

impl AgentFiles {
    /// Returns the name of these files, for use in a sentence.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Servers => "MCP servers",
            Self::Settings => "settings",
            Self::Commands => "approved commands",
            Self::Login => "login",
            Self::Transcripts => "transcripts",
            Self::Chats => "chat stores",
            Self::Logs => "logs and copies",
        }
    }

    /// Returns `true` for files that hold what was sent to a model.
    pub fn is_of_sessions(self) -> bool {
        matches!(self, Self::Transcripts | Self::Chats)
    }
}

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are those of the formats")]
pub enum FileForm {
    Json,
    Jsonc,
    Json5,
    JsonLines,
    Toml,
    Yaml,
    Dotenv,
    Text,
    Sqlite,
}
