//! Tests of `agents`: every path of the table is found in made-up home folders and projects, references aren't reported
//! as secrets, following a plan leaves a clean folder, and hostile files don't take long.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use keysweep::finding::{AgentFiles, FileForm};
use keysweep::source::agents::spelled_out;
use keysweep::source::agents::table::{Base, Row, TABLE};
use serde_json::{Value, json};

use crate::support::{Repo, Run, Secret, must};

/// Returns a path that a row of the table matches: each `*` becomes a name.
fn concrete(pattern: &str, row: usize) -> String {
    let part = |part: &str| match part {
        "**" => "a/b".to_owned(),
        part => part.replace('*', if part.ends_with('*') { "" } else { "x" }),
    };
    let parts: Vec<String> = pattern.split('/').map(part).collect();
    let path = parts.iter().map(|part| if part.is_empty() { "x" } else { part }).collect::<Vec<_>>().join("/");
    if pattern.ends_with("**") { format!("{path}/file{row}.jsonl") } else { path }
}

/// Returns the text of a file of this form with the value in it.
fn text(form: FileForm, value: &str) -> String {
    let servers = json!({ "mcpServers": { "x": { "command": "npx", "env": { "GITHUB_TOKEN": value } } } });
    match form {
        FileForm::Json => serde_json::to_string_pretty(&servers).unwrap_or_default(),
        FileForm::Jsonc => format!(
            "// servers\n{{ \"servers\": {{ \"x\": {{ \"headers\": {{ \"Authorization\": \"Bearer {value}\" }} }}, }} }}\n"
        ),
        FileForm::Json5 => {
            format!("// servers\n{{ mcp: {{ servers: {{ x: {{ env: {{ GITHUB_TOKEN: '{value}', }} }} }} }} }}\n")
        }
        FileForm::JsonLines => {
            let result = json!({ "stdout": format!("one\nGITHUB_TOKEN={value}\ntwo") }).to_string();
            let line = json!({ "type": "user", "toolUseResult": result });
            format!("{}\n{line}\n", json!({ "type": "summary" }))
        }
        FileForm::Toml => {
            format!("[mcp_servers.x]\ncommand = \"npx\"\n\n[mcp_servers.x.env]\nGITHUB_TOKEN = \"{value}\"\n")
        }
        FileForm::Yaml => format!("models:\n  - name: x\n    apiKey: {value}\n"),
        FileForm::Dotenv => format!("GITHUB_TOKEN={value}\n"),
        FileForm::Text | FileForm::Sqlite => format!("export GITHUB_TOKEN={value}\n"),
    }
}

/// A Python script that makes databases; it reads lines with a path and a value each.
const DATABASES: &str = "
import os, sqlite3, sys
for line in sys.stdin.read().splitlines():
    path, value = line.split('\\t')
    os.makedirs(os.path.dirname(path) or '.', exist_ok=True)
    base = sqlite3.connect(path)
    base.execute('CREATE TABLE cursorDiskKV (key TEXT UNIQUE, value BLOB)')
    base.execute('INSERT INTO cursorDiskKV VALUES (?, ?)', ('bubbleId:1', '{\"text\": \"' + 'word ' * 2000 + 'TOKEN=' + value + '\\\\n\"}'))
    base.commit()
";

/// The planted secrets: the value at each path, and the agent and kind of its file.
#[derive(Default)]
struct Planted {
    values: BTreeMap<String, (String, &'static str, AgentFiles)>,
}

impl Planted {
    /// Plants a different secret in a file of each row; where paths differ by system, only those of one system are
    /// used.
    fn new(repo: &Repo, folder: &str, base: Base, system: usize) -> Self {
        let mut planted = Self::default();
        let mut databases = String::new();
        for (nth, row) in TABLE.iter().enumerate().filter(|(_, row)| row.base == base) {
            for path in row.paths.iter().flat_map(|path| of_system(path, system)) {
                let path = concrete(&path, nth);
                if planted.values.contains_key(&path) {
                    continue;
                }
                let seed = u32::try_from(system * 10_000 + planted.values.len()).unwrap_or_default();
                let value = Secret::github(100_000 + seed).value;
                if row.form == FileForm::Sqlite {
                    databases += &format!("{folder}/{path}\t{value}\n");
                } else {
                    repo.write(format!("{folder}/{path}"), text(row.form, &value));
                }
                planted.values.insert(path, (value, row.agent.name(), row.kind));
            }
        }
        repo.program("python3").args(&["-c", DATABASES]).input(databases).run().expect_code(0);
        planted
    }
}

/// Returns the paths of a row on one of the systems.
fn of_system(path: &str, system: usize) -> Vec<String> {
    let all = spelled_out(path);
    let count = all.len();
    all.into_iter().enumerate().filter(|(nth, _)| count < 3 || nth % 3 == system % 3).map(|(_, path)| path).collect()
}

/// Returns the files with findings, with the agent and the kind that are reported for them.
fn told(run: &Run) -> BTreeMap<String, (String, String)> {
    let mut told = BTreeMap::new();
    for place in
        run.records_of("finding").iter().flat_map(|one| one["occurrences"].as_array().cloned().unwrap_or_default())
    {
        let path = place["path"].as_str().unwrap_or_default();
        let file = path.split_once('!').map_or(path, |(file, _)| file).to_owned();
        let of = |key: &str| place["agent"][key].as_str().unwrap_or_default().to_owned();
        told.insert(file, (of("agent"), of("kind")));
    }
    told
}

#[track_caller]
fn every_place_is_found(base: Base, system: usize) {
    let repo = Repo::folder();
    let planted = Planted::new(&repo, "home", base, system);
    let run = repo.keysweep(&["agents", "home", "--format", "jsonl"]).expect_code(1);
    let (told, text) = (told(&run), run.text());
    for (path, (value, agent, kind)) in &planted.values {
        assert!(!text.contains(value.as_str()), "{path} is shown in clear");
        let (told_agent, told_kind) = told.get(path).unwrap_or_else(|| panic!("{path} of {agent} was not found"));
        let name = serde_json::from_value::<keysweep::finding::CodingAgent>(json!(told_agent)).map(|one| one.name());
        assert_eq!(must(name, "read the agent"), *agent, "{path}");
        assert_eq!(json!(told_kind), must(serde_json::to_value(kind), "write the kind"), "{path}");
    }
    assert_eq!(told.len(), planted.values.len());
}

#[test]
fn every_listed_place_is_found_in_homes_of_each_system() {
    for system in 0..9 {
        every_place_is_found(Base::Home, system);
    }
}

#[test]
fn every_listed_place_is_found_in_a_project() {
    every_place_is_found(Base::Project, 9);
}

#[test]
fn every_row_has_its_own_place() {
    let rows: BTreeSet<(&str, &str)> =
        TABLE.iter().flat_map(|Row { agent, paths, .. }| paths.iter().map(|path| (agent.name(), *path))).collect();
    assert!(rows.len() > 120, "{}", rows.len());
}

/// Returns references to values that are kept elsewhere.
fn references() -> Vec<String> {
    let names = ["GITHUB_TOKEN", "OPENAI_API_KEY", "DB_PASSWORD", "SLACK_BOT_TOKEN", "ANTHROPIC_API_KEY"];
    let forms = [
        "${N}",
        "${N:-}",
        "$N",
        "%N%",
        "${env:N}",
        "{env:N}",
        "${input:n}",
        "${file:/run/secrets/n}",
        "{file:~/.secrets/n}",
        "op://Private/n/credential",
        "$(pass show n)",
        "$(security find-generic-password -s n -w)",
        "keychain:n",
        "${{ secrets.N }}",
        "!pass show n",
        "vault:secret/data/n#token",
        "<N>",
        "env:N",
        "`op read op://dev/n/token`",
        "${keyring:n}",
    ];
    let fill = |form: &str, name: &str| {
        form.replace('N', name)
            .replace("/n", &format!("/{}", name.to_lowercase()))
            .replace(":n", &format!(":{}", name.to_lowercase()))
    };
    names.iter().flat_map(|name| forms.map(|form| fill(form, name))).collect()
}

#[test]
fn references_are_not_reported_as_secrets() {
    let repo = Repo::folder();
    let mut count = 0;
    for (nth, reference) in references().iter().enumerate() {
        let servers = json!({ "mcpServers": { "x": {
            "command": "npx", "args": ["--api-key", reference, format!("--token={reference}")],
            "env": { "API_TOKEN": reference, "CLIENT_SECRET": reference },
            "headers": { "Authorization": format!("Bearer {reference}"), "X-API-Key": reference },
            "url": format!("https://api.example.com/mcp?api_key={reference}"),
        } } });
        let folder = format!("home{nth}");
        repo.write(format!("{folder}/.cursor/mcp.json"), must(serde_json::to_string_pretty(&servers), "write"));
        repo.write(format!("{folder}/.codex/config.toml"), format!("[mcp_servers.x.env]\nAPI_TOKEN = '{reference}'\n"));
        repo.write(format!("{folder}/.continue/config.yaml"), format!("models:\n  - apiKey: '{reference}'\n"));
        let line = json!({ "content": servers.to_string() });
        repo.write(format!("{folder}/.claude/projects/p/s.jsonl"), format!("{line}\n"));
        count += 11;
        repo.keysweep(&["agents", &folder]).expect_code(0);
    }
    assert!(count >= 500, "{count}");
}

#[test]
fn a_finding_has_the_same_id_as_in_git_and_its_own_plan() {
    let repo = Repo::init();
    let secret = Secret::github(31);
    repo.write(".mcp.json", text(FileForm::Json, &secret.value));
    repo.write(".claude/settings.local.json", json!({ "permissions": { "allow": [format!("Bash(curl -H 'Authorization: Bearer {}' https://x.test)", Secret::github(32).value)] } }).to_string());
    repo.write("home/.claude/projects/p/s.jsonl", text(FileForm::JsonLines, &secret.value));
    let in_project = repo.keysweep(&["agents", ".", "--format", "jsonl"]).expect_code(1);
    let in_home = repo.keysweep(&["agents", "home", "--format", "jsonl"]).expect_code(1);
    let id = in_home.only_finding()["id"].clone();
    assert!(in_project.records_of("finding").iter().any(|one| one["id"] == id));
    repo.commit("servers");
    let history = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    assert!(history.records_of("finding").iter().any(|one| one["id"] == id));
    let steps = |run: &Run| -> String {
        let plans = run.records_of("finding").iter().map(|one| one["plan"].to_string()).collect::<Vec<_>>();
        plans.join("\n")
    };
    assert!(steps(&in_project).contains("${NAME}"), "{in_project}");
    assert!(steps(&in_project).contains("approved command"), "{in_project}");
    let first = |run: &Run| run.only_finding()["plan"][0]["kind"].clone();
    assert_eq!(first(&in_home), "revoke", "{in_home}");
    // The commands of the plan, run as they are, leave a folder that doesn't contain the value.
    let plan = in_home.only_finding()["plan"].as_array().cloned().unwrap_or_default();
    let remove = plan.iter().filter(|step| step["kind"] == "remove").filter_map(|step| step["command"].as_str());
    for command in remove.filter(|command| !command.is_empty()) {
        repo.sh(command).expect_code(0);
    }
    repo.keysweep(&["agents", "home"]).expect_code(0);
}

#[test]
fn settings_that_expand_nothing_get_no_reference() {
    for path in [".claude/settings.json", ".config/Code/User/settings.json", ".gemini/.env"] {
        let repo = Repo::folder();
        repo.write(format!("home/{path}"), Secret::github(34).line());
        let run = repo.keysweep(&["agents", "home", "--format", "jsonl"]).expect_code(1);
        let plan = run.only_finding()["plan"].as_array().cloned().unwrap_or_default();
        let step = plan.iter().find(|step| step["kind"] == "remove").map(|step| step["title"].to_string());
        let step = step.unwrap_or_default();
        assert!(step.contains("in the environment") && !step.contains("NAME"), "{path}: {step}");
    }
}

#[test]
fn the_plan_for_a_chat_store_rewrites_it() {
    let repo = Repo::folder();
    let secret = Secret::github(33);
    let store = "home/.config/Cursor/User/globalStorage/state.vscdb";
    repo.program("python3").args(&["-c", DATABASES]).input(format!("{store}\t{}\n", secret.value)).run().expect_code(0);
    let delete = format!(
        "import sqlite3; base = sqlite3.connect('{store}'); base.execute('PRAGMA secure_delete = off'); base.execute('DELETE FROM cursorDiskKV'); base.commit()"
    );
    repo.program("python3").args(&["-c", &delete]).run().expect_code(0);
    let run = repo.keysweep(&["agents", "home", "--format", "jsonl"]).expect_code(1);
    let plan = run.only_finding()["plan"].as_array().cloned().unwrap_or_default();
    let vacuum = plan.iter().filter_map(|step| step["command"].as_str()).find(|command| command.contains("VACUUM"));
    let vacuum = vacuum.unwrap_or_else(|| panic!("no step writes it anew: {run}"));
    // The sqlite3 program may be missing, but Python has the same library.
    let is_there = repo.sh("command -v sqlite3").code == Some(0);
    if is_there {
        repo.sh(vacuum).expect_code(0);
        repo.keysweep(&["agents", "home"]).expect_code(0);
    }
}

#[test]
fn every_format_groups_by_agent_and_shows_no_value() {
    let repo = Repo::folder();
    let planted = Planted::new(&repo, "home", Base::Home, 0);
    for format in ["human", "json", "jsonl", "markdown", "html", "sarif", "github", "azure", "gitlab", "junit", "csv"] {
        let run = repo.keysweep(&["agents", "home", "--format", format]).expect_code(1);
        let text = run.text();
        for (path, (value, _, _)) in &planted.values {
            // Any part of a value would be as bad, but there are too many parts to check them all.
            assert!(!text.contains(value.as_str()) && !text.contains(&value[8..]), "{path} is shown in {format}");
        }
        run.expect_one_of(&["Claude Code", "claude-code"]).expect_mention(".claude.json");
    }
    let text = repo.keysweep(&["agents", "home"]).out();
    assert!(text.contains("Claude Code: ") && text.contains("transcripts"), "{text}");
}

#[test]
fn a_folder_without_agents_is_clean_and_a_missing_one_is_an_error() {
    let repo = Repo::folder();
    repo.at("home");
    repo.keysweep(&["agents", "home"]).expect_code(0).expect_mention("no known coding agent");
    repo.keysweep(&["agents", "absent"]).expect_code(2).expect_mention("is not a folder");
    // Without an argument, the user's home folder is read, and the folders in which the agents are configured to keep
    // their files.
    let secret = Secret::github(34);
    repo.write("elsewhere/settings.json", text(FileForm::Json, &secret.value));
    let run = repo.tool(&["agents"]).env("CLAUDE_CONFIG_DIR", repo.path("elsewhere")).run().expect_code(1);
    run.expect_mention("elsewhere/settings.json").expect_withheld(&secret.value);
}

#[test]
fn hostile_files_are_abandoned_quickly_as_gaps() {
    let repo = Repo::folder();
    let (secret, other) = (Secret::github(35), Secret::github(36));
    repo.write("home/.cursor/mcp.json", text(FileForm::Json, &secret.value));
    repo.sh("mkfifo home/.claude.json && mkdir -p home/.codex home/.claude/projects/p outside").expect_code(0);
    must(symlink("/dev/zero", repo.path("home/.codex/config.toml")), "link");
    must(symlink("..", repo.path("home/.claude/projects/p/round")), "link");
    repo.write("outside/settings.json", text(FileForm::Json, &other.value));
    must(symlink(repo.path("outside"), repo.path("home/.qwen")), "link");
    // Users make links within their home folder, so such a link is followed.
    repo.write("home/dotfiles/crush.json", text(FileForm::Json, &Secret::github(37).value));
    repo.sh("mkdir -p home/.config/crush").expect_code(0);
    must(symlink(repo.path("home/dotfiles/crush.json"), repo.path("home/.config/crush/crush.json")), "link");
    let line = format!("{{\"text\":\"{} TOKEN={}\\n\"}}", "word ".repeat(20_000_000), Secret::github(38).value);
    repo.write("home/.claude/projects/p/long.jsonl", line);
    let start = Instant::now();
    let run = repo.keysweep(&["agents", "home", "--format", "jsonl"]).expect_code(1);
    assert!(start.elapsed() < Duration::from_secs(120), "{:?}", start.elapsed());
    let told = told(&run);
    let found: Vec<&str> = told.keys().map(String::as_str).collect();
    assert_eq!(found, [".claude/projects/p/long.jsonl", ".config/crush/crush.json", ".cursor/mcp.json"]);
    let gaps: Vec<Value> = run.records_of("gap");
    let mut gaps: Vec<&str> = gaps.iter().filter_map(|gap| gap["what"].as_str()).collect();
    gaps.sort_unstable();
    assert_eq!(gaps, [".claude.json", ".codex/config.toml", ".qwen/settings.json"]);
    must(fs::remove_dir_all(repo.path("home/.claude")), "remove");
    fs::remove_file(repo.path("home/.cursor/mcp.json"))
        .and_then(|()| fs::remove_file(repo.path("home/.config/crush/crush.json")))
        .ok();
    repo.keysweep(&["agents", "home"]).expect_code(2);
}

#[test]
fn links_to_folders_are_followed_within_the_home_folder_and_others_are_gaps() {
    let repo = Repo::folder();
    repo.write("outside/rollout-2.jsonl", "{}\n");
    let moved = Secret::github(39);
    repo.write("home/big/2026/rollout-1.jsonl", text(FileForm::Json, &moved.value));
    repo.sh("mkdir -p home/.codex/sessions/2026").expect_code(0);
    must(symlink(repo.path("home/big/2026"), repo.path("home/.codex/sessions/2026/11")), "link");
    must(symlink(repo.path("outside"), repo.path("home/.codex/sessions/2026/12")), "link");
    must(symlink(repo.path("home"), repo.path("home/.codex/sessions/2026/13")), "link");
    let run = repo.keysweep(&["agents", "home", "--format", "jsonl"]).expect_code(1);
    let run = run.expect_mention(".codex/sessions/2026/11/rollout-1.jsonl");
    run.expect_withheld(&moved.value);
    let gaps: Vec<Value> = run.records_of("gap");
    for day in ["12", "13"] {
        let name = format!(".codex/sessions/2026/{day}");
        assert!(gaps.iter().any(|gap| gap["what"] == name.as_str()), "{name}: {gaps:?}");
    }
}
