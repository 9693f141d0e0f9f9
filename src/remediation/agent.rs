//! The steps for secrets in the files of coding agents: where a key belongs instead of the file, and how to delete a
//! session.

use std::collections::{BTreeMap, BTreeSet};

use bstr::{BStr, BString, ByteSlice as _};

use super::step::{quoted, step};
use super::subject::Subject;
use crate::finding::{AgentFiles, AgentPlace, CodingAgent, FileForm, Occurrence, PlanStep, StepKind};

/// The most files that one command names.
const MOST: usize = 20;

/// The files of coding agents, with the facts that the advice needs.
#[derive(Debug, Clone, Default)]
pub struct AgentsFiles {
    /// The folder that relative paths of the findings start from.
    pub folder: BString,
    /// The agent and kind of each file, by its path as the findings give it.
    pub places: BTreeMap<BString, AgentPlace>,
}

impl AgentsFiles {
    /// Returns the places of a secret, grouped by the kind of file and its agent.
    fn of<'o>(&self, subject: &Subject<'o>) -> BTreeMap<(AgentFiles, CodingAgent), Vec<(&'o Occurrence, FileForm)>> {
        let mut by_kind: BTreeMap<_, Vec<(&Occurrence, FileForm)>> = BTreeMap::new();
        for &place in &subject.occurrences {
            if let Some(of) = self.places.get(&place.path) {
                by_kind.entry((of.kind, of.agent)).or_default().push((place, of.form));
            }
        }
        by_kind
    }

    /// Returns the kinds of files that the places are in, with their agents: findings share a plan if these are the
    /// same.
    pub fn kinds(&self, places: &[Occurrence]) -> BTreeSet<(AgentFiles, CodingAgent)> {
        let of = |place: &Occurrence| self.places.get(&place.path).map(|of| (of.kind, of.agent));
        places.iter().filter_map(of).collect()
    }
}

/// Returns the steps that remove a secret from the files of agents, ordered by the kind of file.
pub fn steps(subject: &Subject<'_>, files: &AgentsFiles) -> Vec<PlanStep> {
    let mut steps = Vec::new();
    for ((kind, agent), places) in files.of(subject) {
        let words = words(subject, files.folder.as_bstr(), places.iter().map(|(place, _)| *place));
        let name = agent.name();
        match kind {
            AgentFiles::Servers | AgentFiles::Settings => {
                let title = format!(
                    "Remove the value from the {} of {name}, on the lines named. {}",
                    kind.as_str(),
                    reference(agent, kind)
                );
                steps.push(step(StepKind::Remove, &title, String::new()));
            }
            AgentFiles::Commands => {
                let title = format!(
                    "Remove the approved command from the settings of {name}: it was stored word for word. Approve one that reads the value from a variable"
                );
                steps.push(step(StepKind::Remove, &title, String::new()));
            }
            AgentFiles::Login => {
                let title = format!("{name} keeps what it signs in with in this file. {}", login(agent));
                steps.push(step(StepKind::Remove, &title, String::new()));
            }
            AgentFiles::Transcripts => {
                let title = format!(
                    "Quit {name}, which would write the file again, and delete the session; to keep it, put other text in place of the value on the lines named. {}",
                    session(agent)
                );
                steps.push(step(StepKind::Remove, &title, format!("rm {words}")));
            }
            AgentFiles::Chats => steps.extend(chats(agent, &places, &words)),
            AgentFiles::Logs => {
                let title = format!("Quit {name} and delete what it has written; it creates these files again");
                steps.push(step(StepKind::Remove, &title, format!("rm {words}")));
            }
        }
    }
    if files.of(subject).keys().any(|(kind, _)| kind.is_of_sessions()) {
        let title = "What was said in a session went to the provider of the model, and stays in backups, synchronised folders and sessions that were shared by a link: deleting the file here takes it out of none of these";
        steps.push(step(StepKind::Purge, title, String::new()));
    }
    steps
}

/// Returns the steps for a chat in a database: a deleted row stays in the database file, and in the log next to it,
/// until both are rewritten.
fn chats(agent: CodingAgent, places: &[(&Occurrence, FileForm)], words: &str) -> Vec<PlanStep> {
    let name = agent.name();
    let title = format!("Delete the chat in {name}, and then quit it. {}", session(agent));
    let mut steps = vec![step(StepKind::Remove, &title, String::new())];
    if places.iter().any(|(_, form)| *form == FileForm::Sqlite) {
        let title = "Rewrite the database: until then, it and its log keep the deleted rows";
        let command =
            format!("for db in {words}; do sqlite3 \"${{db%-wal}}\" 'VACUUM; PRAGMA wal_checkpoint(TRUNCATE)'; done");
        steps.push(step(StepKind::Remove, title, command));
    }
    steps
}

/// Returns the files as words of a shell, or `<path>` if they can't be named.
fn words<'o>(subject: &Subject<'_>, folder: &BStr, places: impl Iterator<Item = &'o Occurrence>) -> String {
    let paths: BTreeSet<&BString> = places.map(|place| &place.path).collect();
    let is_withheld = |path: &&BString| subject.occurs_in(path.as_bstr()) || path.ends_with(b"\n");
    if paths.len() > MOST || paths.iter().any(is_withheld) {
        return "<path>".to_owned();
    }
    let whole = |path: &&BString| match path.starts_with(b"/") || folder.is_empty() {
        true => quoted(path.as_bstr()),
        false => quoted(bstr::join("/", [folder.as_bytes(), path.as_bytes()]).as_bstr()),
    };
    paths.iter().map(whole).collect::<Vec<_>>().join(" ")
}

/// Describes how the settings of an agent refer to a value that is kept elsewhere, according to its documentation.
fn reference(agent: CodingAgent, kind: AgentFiles) -> &'static str {
    match agent {
        // Only the configuration of servers is expanded; the entries that set the environment are not.
        _ if kind == AgentFiles::Settings && !matches!(agent, CodingAgent::Aider | CodingAgent::Continue) => {
            "A value is taken there as it is written, so a reference does not work: set the variable in the environment that the agent is started in, from a keychain or a password manager"
        }
        CodingAgent::ClaudeCode | CodingAgent::Qwen | CodingAgent::Copilot => {
            "Write \"${NAME}\" in its place, and set NAME in the environment that the agent is started in, from a keychain or a password manager"
        }
        CodingAgent::Codex => {
            "Name the variable instead: bearer_token_env_var = \"NAME\" or env_http_headers for a server behind a URL, env_vars = [\"NAME\"] for one that is started, and set NAME from a keychain or a password manager"
        }
        CodingAgent::Gemini => {
            "Write \"$NAME\" in its place, and set NAME in the environment that the agent is started in, from a keychain or a password manager"
        }
        CodingAgent::Cursor | CodingAgent::Windsurf | CodingAgent::Roo => {
            "Write \"${env:NAME}\" in its place, and set NAME in the environment that the editor is started in, from a keychain or a password manager"
        }
        CodingAgent::VsCode => {
            "Write \"${input:NAME}\" in its place, and add { \"type\": \"promptString\", \"id\": \"NAME\", \"password\": true } to 'inputs': the editor asks once and keeps the value in the keychain"
        }
        CodingAgent::OpenCode | CodingAgent::Kilo => {
            "Write \"{env:NAME}\" in its place, or \"{file:PATH}\" for a file that only you can read, and set NAME from a keychain or a password manager"
        }
        CodingAgent::Continue => {
            "Write \"${{ secrets.NAME }}\" in its place, and keep the value in a file .env that only you can read and that is not committed"
        }
        CodingAgent::Zed => {
            "Keys of providers belong into the keychain, where the agent's panel puts them; start a server with a script that reads the value from a keychain or a password manager"
        }
        CodingAgent::Aider => "Set it in the environment, from a keychain or a password manager, in place of the file",
        CodingAgent::ClaudeDesktop
        | CodingAgent::Antigravity
        | CodingAgent::Cline
        | CodingAgent::Amp
        | CodingAgent::Crush
        | CodingAgent::Junie
        | CodingAgent::Vibe
        | CodingAgent::OpenClaw => {
            "Start the server with a script that reads the value from a keychain or a password manager, or let it inherit a variable"
        }
    }
}

/// Describes how to keep the login of an agent out of a file.
fn login(agent: CodingAgent) -> &'static str {
    match agent {
        CodingAgent::Codex => {
            "Sign out with 'codex logout', set cli_auth_credentials_store = \"keyring\" in config.toml, and sign in again"
        }
        _ => {
            "Sign out, which deletes it, and sign in again where only you can read the file; check that no backup or synchronised folder contains it"
        }
    }
}

/// Describes the documented ways to delete an agent's sessions, or to keep them for a short time only.
fn session(agent: CodingAgent) -> &'static str {
    match agent {
        CodingAgent::ClaudeCode => "'cleanupPeriodDays' in its settings says how long sessions are kept",
        CodingAgent::Codex => "[history] persistence = \"none\" in config.toml keeps prompts out of history.jsonl",
        CodingAgent::Gemini => {
            "'gemini --delete-session NUMBER' does that in the folder of the project, and 'general.sessionRetention' says how long sessions are kept"
        }
        CodingAgent::Copilot => "A session is a folder below 'session-state'",
        CodingAgent::Cursor | CodingAgent::VsCode | CodingAgent::Windsurf => {
            "The list of chats has a command for it; Local History keeps copies of files besides"
        }
        _ => "See that it is gone from the list of sessions as well",
    }
}
