//! The places where coding agents keep files that may hold secrets, according to their documentation.
//!
//! To add a place, add a row. `CONFIG` stands for each system's folder of settings, `USER` for that of an editor based
//! on VS Code, `CURSOR` for Cursor's; `*` for any part of a name, and a part `**` for any folders. If two rows match a
//! file, the first determines its kind.

use crate::finding::{AgentFiles, CodingAgent, FileForm};

use AgentFiles::{Chats, Commands, Login, Logs, Servers, Settings, Transcripts};
use CodingAgent as A;
use FileForm::{Dotenv, Json, Json5, JsonLines, Jsonc, Sqlite, Text, Toml, Yaml};

/// The folder that the paths of a row start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// A user's home folder.
    Home,
    /// A project's folder.
    Project,
}

/// A row of the table: files of one agent.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The agent that the files belong to.
    pub agent: CodingAgent,
    /// The purpose of the files.
    pub kind: AgentFiles,
    /// The folder that the paths start from.
    pub base: Base,
    /// The format of the files.
    pub form: FileForm,
    /// The patterns of the paths.
    pub paths: &'static [&'static str],
}

/// The folder for the settings of programs on Linux, macOS and Windows.
pub(super) const CONFIG: [&str; 3] = [".config", "Library/Application Support", "AppData/Roaming"];
/// The folder names of VS Code and its relatives.
pub(super) const EDITORS: [&str; 4] = ["Code", "Code - Insiders", "VSCodium", "Code - OSS"];

const fn home(agent: CodingAgent, kind: AgentFiles, form: FileForm, paths: &'static [&'static str]) -> Row {
    Row { agent, kind, base: Base::Home, form, paths }
}

const fn project(agent: CodingAgent, kind: AgentFiles, form: FileForm, paths: &'static [&'static str]) -> Row {
    Row { agent, kind, base: Base::Project, form, paths }
}

/// All known places of agents' files.
pub const TABLE: &[Row] = &[
    // <https://code.claude.com/docs/en/claude-directory>
    home(A::ClaudeCode, Servers, Json, &[".claude.json", ".claude/backups/**", ".claude/plugins/**/.mcp.json"]),
    home(A::ClaudeCode, Commands, Json, &[".claude/settings.local.json"]),
    home(A::ClaudeCode, Settings, Json, &[".claude/settings.json", ".claude/plugins/**/plugin.json"]),
    home(A::ClaudeCode, Login, Json, &[".claude/.credentials.json"]),
    home(A::ClaudeCode, Transcripts, JsonLines, &[".claude/projects/**", ".claude/history.jsonl"]),
    home(
        A::ClaudeCode,
        Logs,
        Text,
        &[
            ".claude/file-history/**",
            ".claude/shell-snapshots/**",
            ".claude/debug/**",
            ".claude/paste-cache/**",
            ".claude/todos/**",
            ".claude/tasks/**",
            ".claude/session-env/**",
        ],
    ),
    project(A::ClaudeCode, Servers, Json, &[".mcp.json"]),
    project(A::ClaudeCode, Commands, Json, &[".claude/settings.local.json"]),
    project(A::ClaudeCode, Settings, Json, &[".claude/settings.json", ".claude-plugin/*.json"]),
    // <https://modelcontextprotocol.io/quickstart/user>
    home(A::ClaudeDesktop, Servers, Json, &["CONFIG/Claude/claude_desktop_config.json"]),
    home(A::ClaudeDesktop, Logs, Text, &["CONFIG/Claude/logs/**", "Library/Logs/Claude/**"]),
    // <https://developers.openai.com/codex/config-reference>
    home(A::Codex, Login, Json, &[".codex/auth.json"]),
    home(A::Codex, Servers, Toml, &[".codex/config.toml", ".codex/*.config.toml", ".codex/plugins/**/.mcp.json"]),
    home(A::Codex, Commands, Text, &[".codex/rules/**"]),
    home(
        A::Codex,
        Transcripts,
        JsonLines,
        &[".codex/sessions/**", ".codex/archived_sessions/**", ".codex/history.jsonl"],
    ),
    home(A::Codex, Chats, Sqlite, &[".codex/*.sqlite", ".codex/*.sqlite-wal"]),
    home(A::Codex, Logs, Text, &[".codex/log/**", ".codex/shell_snapshots/**"]),
    project(A::Codex, Servers, Toml, &[".codex/config.toml"]),
    project(A::Codex, Commands, Text, &[".codex/rules/**"]),
    // <https://geminicli.com/docs/reference/configuration>
    home(A::Antigravity, Servers, Json, &[".gemini/antigravity*/mcp_config.json", ".gemini/config/mcp_config.json"]),
    home(A::Gemini, Servers, Jsonc, &[".gemini/settings.json", ".gemini/extensions/**/gemini-extension.json"]),
    home(A::Gemini, Settings, Dotenv, &[".gemini/.env"]),
    home(A::Gemini, Login, Json, &[".gemini/oauth_creds.json", ".gemini/mcp-oauth-tokens.json"]),
    home(A::Gemini, Transcripts, Json, &[".gemini/tmp/**", ".gemini/history/**"]),
    project(A::Gemini, Servers, Jsonc, &[".gemini/settings.json"]),
    project(A::Gemini, Settings, Dotenv, &[".gemini/.env"]),
    project(A::Antigravity, Servers, Json, &[".agents/mcp_config.json", ".agent/mcp_config.json"]),
    // <https://cursor.com/docs/context/mcp>, <https://cursor.com/docs/reference/permissions>, <https://cursor.com/docs/cli/reference/configuration>
    home(A::Cursor, Servers, Jsonc, &[".cursor/mcp.json", ".cursor/plugins/**/mcp.json"]),
    home(A::Cursor, Settings, Jsonc, &["CURSOR/settings.json"]),
    home(
        A::Cursor,
        Commands,
        Jsonc,
        &[".cursor/permissions.json", ".cursor/cli-config.json", ".config/cursor/cli-config.json"],
    ),
    home(
        A::Cursor,
        Chats,
        Sqlite,
        &[
            "CURSOR/globalStorage/*.vscdb*",
            "CURSOR/globalStorage/*.db*",
            "CURSOR/workspaceStorage/*/*.vscdb*",
            ".cursor/chats/**",
        ],
    ),
    home(A::Cursor, Transcripts, JsonLines, &[".cursor/projects/*/agent-transcripts/**"]),
    home(A::Cursor, Logs, Text, &["CURSOR/History/**", ".cursor/projects/*/terminals/**"]),
    project(A::Cursor, Servers, Jsonc, &[".cursor/mcp.json"]),
    project(A::Cursor, Commands, Jsonc, &[".cursor/cli.json", ".cursor/permissions.json"]),
    // <https://docs.cline.bot/getting-started/config>, <https://docs.roocode.com/features/mcp/using-mcp-in-roo>
    home(A::Cline, Login, Json, &[".cline/data/settings/providers.json", ".cline/data/secrets.json"]),
    home(
        A::Cline,
        Servers,
        Json,
        &[
            "USER/globalStorage/saoudrizwan.claude-dev/settings/*.json",
            ".cline/data/settings/*.json",
            ".cline/mcp.json",
        ],
    ),
    home(
        A::Cline,
        Transcripts,
        Json,
        &["USER/globalStorage/saoudrizwan.claude-dev/tasks/**", ".cline/data/tasks/**", ".cline/data/sessions/**"],
    ),
    home(A::Cline, Chats, Sqlite, &[".cline/data/db/*.db*"]),
    home(A::Roo, Servers, Json, &["USER/globalStorage/rooveterinaryinc.roo-cline/settings/*.json"]),
    home(A::Roo, Transcripts, Json, &["USER/globalStorage/rooveterinaryinc.roo-cline/tasks/**"]),
    project(A::Roo, Servers, Json, &[".roo/mcp.json"]),
    // <https://kilo.ai/docs/automate/mcp/using-in-kilo-code>, <https://kilo.ai/docs/automate/mcp/using-in-cli>
    home(
        A::Kilo,
        Servers,
        Jsonc,
        &[
            "CONFIG/kilo/kilo.json*",
            ".config/kilo/kilo.json*",
            ".kilocode/cli/global/settings/*.json",
            "USER/globalStorage/kilocode.kilo-code/settings/*.json",
        ],
    ),
    home(A::Kilo, Transcripts, Json, &["USER/globalStorage/kilocode.kilo-code/tasks/**"]),
    project(A::Kilo, Servers, Jsonc, &[".kilocode/mcp.json", "kilo.json*", ".kilo/kilo.json*"]),
    // <https://code.visualstudio.com/docs/copilot/reference/mcp-configuration>
    home(A::VsCode, Servers, Jsonc, &["USER/mcp.json", "USER/profiles/*/mcp.json"]),
    home(A::VsCode, Settings, Jsonc, &["USER/settings.json", "USER/profiles/*/settings.json"]),
    home(
        A::VsCode,
        Transcripts,
        JsonLines,
        &[
            "USER/workspaceStorage/*/chatSessions/**",
            "USER/workspaceStorage/*/chatEditingSessions/**",
            "USER/workspaceStorage/*/GitHub.copilot-chat/**",
            "USER/globalStorage/emptyWindowChatSessions/**",
        ],
    ),
    home(A::VsCode, Chats, Sqlite, &["USER/globalStorage/state.vscdb*", "USER/workspaceStorage/*/state.vscdb*"]),
    home(A::VsCode, Logs, Text, &["USER/History/**"]),
    project(A::VsCode, Servers, Jsonc, &[".vscode/mcp.json"]),
    project(A::VsCode, Settings, Jsonc, &[".vscode/settings.json", ".devcontainer/devcontainer.json"]),
    // <https://docs.github.com/en/copilot/reference/copilot-cli-reference/cli-config-dir-reference>
    home(A::Copilot, Servers, Json, &[".copilot/mcp-config.json"]),
    home(
        A::Copilot,
        Login,
        Json,
        &[".copilot/config.json", ".copilot/mcp-oauth-config/**", ".copilot/mcp-secrets/**", ".copilot/providers.json"],
    ),
    home(A::Copilot, Settings, Jsonc, &[".copilot/settings.json", ".copilot/lsp-config.json"]),
    home(A::Copilot, Commands, Json, &[".copilot/permissions-config.json"]),
    home(A::Copilot, Transcripts, JsonLines, &[".copilot/session-state/**", ".copilot/command-history-state/**"]),
    home(A::Copilot, Chats, Sqlite, &[".copilot/session-store.db*"]),
    home(A::Copilot, Logs, Text, &[".copilot/logs/**"]),
    project(A::Copilot, Servers, Json, &[".github/mcp.json"]),
    project(A::Copilot, Settings, Jsonc, &[".github/copilot/settings*.json"]),
    // <https://docs.windsurf.com/windsurf/cascade/mcp>
    home(A::Windsurf, Servers, Json, &[".codeium/windsurf*/mcp_config.json", ".codeium/mcp_config.json"]),
    home(
        A::Windsurf,
        Chats,
        Sqlite,
        &["CONFIG/Windsurf/User/globalStorage/state.vscdb*", "CONFIG/Windsurf/User/workspaceStorage/*/state.vscdb*"],
    ),
    home(A::Windsurf, Settings, Jsonc, &["CONFIG/Windsurf/User/settings.json"]),
    home(A::Windsurf, Logs, Text, &["CONFIG/Windsurf/User/History/**", ".codeium/windsurf*/memories/**"]),
    project(A::Windsurf, Servers, Json, &[".windsurf/mcp_config.json"]),
    // <https://opencode.ai/docs/config>, <https://opencode.ai/docs/troubleshooting>
    home(A::OpenCode, Servers, Jsonc, &[".config/opencode/opencode.json*", ".config/opencode/config.json"]),
    home(A::OpenCode, Login, Json, &[".local/share/opencode/*auth.json"]),
    home(A::OpenCode, Chats, Sqlite, &[".local/share/opencode/*.db", ".local/share/opencode/*.db-wal"]),
    home(
        A::OpenCode,
        Transcripts,
        Json,
        &[
            ".local/share/opencode/project/**",
            ".local/share/opencode/storage/**",
            ".local/share/opencode/tool-output/**",
        ],
    ),
    home(A::OpenCode, Logs, Text, &[".local/share/opencode/log/**"]),
    project(A::OpenCode, Servers, Jsonc, &["opencode.json*", ".opencode/opencode.json*"]),
    // <https://zed.dev/docs/ai/mcp>
    home(
        A::Zed,
        Servers,
        Jsonc,
        &["CONFIG/zed/settings.json", "CONFIG/Zed/settings.json", ".config/zed/settings.json"],
    ),
    home(
        A::Zed,
        Chats,
        Sqlite,
        &[
            ".local/share/zed/threads/*.db*",
            "Library/Application Support/Zed/threads/*.db*",
            "AppData/Local/Zed/threads/*.db*",
        ],
    ),
    project(A::Zed, Servers, Jsonc, &[".zed/settings.json"]),
    // <https://docs.continue.dev/reference>
    home(A::Continue, Settings, Dotenv, &[".continue/.env"]),
    home(A::Continue, Settings, Yaml, &[".continue/config.yaml", ".continue/config.json", ".continue/config.ts"]),
    home(A::Continue, Servers, Yaml, &[".continue/mcpServers/**"]),
    home(A::Continue, Transcripts, Json, &[".continue/sessions/**", ".continue/dev_data/**"]),
    home(A::Continue, Logs, Text, &[".continue/logs/**"]),
    project(A::Continue, Servers, Yaml, &[".continue/mcpServers/**"]),
    project(A::Continue, Settings, Dotenv, &[".continue/.env"]),
    project(A::Continue, Settings, Yaml, &[".continue/*.yaml", ".continuerc.json"]),
    // <https://aider.chat/docs/config/options.html>
    home(A::Aider, Settings, Yaml, &[".aider.conf.yml"]),
    home(A::Aider, Login, Dotenv, &[".aider/oauth-keys.env"]),
    project(A::Aider, Settings, Yaml, &[".aider.conf.yml"]),
    project(A::Aider, Transcripts, Text, &[".aider.chat.history.md", ".aider.input.history", ".aider.llm.history"]),
    // <https://ampcode.com/manual>
    home(A::Amp, Servers, Jsonc, &[".config/amp/settings.json*"]),
    home(A::Amp, Login, Json, &[".local/share/amp/secrets.json"]),
    home(A::Amp, Transcripts, Json, &[".local/share/amp/threads/**"]),
    project(A::Amp, Servers, Jsonc, &[".amp/settings.json*"]),
    // <https://github.com/charmbracelet/crush>
    home(A::Crush, Servers, Json, &[".config/crush/crush.json", ".local/share/crush/crush.json"]),
    project(A::Crush, Servers, Json, &["crush.json", ".crush.json"]),
    project(A::Crush, Chats, Sqlite, &[".crush/crush.db*"]),
    project(A::Crush, Logs, Text, &[".crush/logs/**"]),
    // <https://www.jetbrains.com/help/junie/model-context-protocol-mcp.html>
    home(A::Junie, Servers, Json, &[".junie/mcp/mcp.json"]),
    project(A::Junie, Servers, Json, &[".junie/mcp/mcp.json"]),
    // <https://qwenlm.github.io/qwen-code-docs>
    home(A::Qwen, Servers, Jsonc, &[".qwen/settings.json"]),
    home(A::Qwen, Settings, Dotenv, &[".qwen/.env"]),
    home(A::Qwen, Login, Json, &[".qwen/oauth_creds.json"]),
    home(A::Qwen, Transcripts, JsonLines, &[".qwen/tmp/**", ".qwen/projects/**"]),
    project(A::Qwen, Servers, Jsonc, &[".qwen/settings.json", ".qwen/settings.local.json"]),
    project(A::Qwen, Settings, Dotenv, &[".qwen/.env"]),
    // <https://docs.mistral.ai/mistral-vibe>
    home(A::Vibe, Servers, Toml, &[".vibe/config.toml"]),
    home(A::Vibe, Settings, Dotenv, &[".vibe/.env"]),
    home(A::Vibe, Transcripts, JsonLines, &[".vibe/logs/**", ".vibe/vibehistory"]),
    project(A::Vibe, Servers, Toml, &[".vibe/config.toml"]),
    // <https://docs.openclaw.ai/gateway/configuration>
    home(A::OpenClaw, Servers, Json5, &[".openclaw/openclaw.json"]),
    home(A::OpenClaw, Login, Json, &[".openclaw/credentials/**", ".openclaw/agents/*/agent/auth-profiles.json"]),
    home(A::OpenClaw, Settings, Dotenv, &[".openclaw/.env"]),
    home(A::OpenClaw, Transcripts, JsonLines, &[".openclaw/agents/*/sessions/**"]),
];
