//! Tests that what `hook install --agent` adds to an agent's settings works, leaves the existing settings alone, and
//! can be removed again.

use std::fs;

use serde_json::Value;

use crate::support::{Repo, Secret, must};

/// Each agent with its settings file in a project, and settings that a user may already have in it.
const FILES: [(&str, &str, &str); 11] = [
    (
        "claude",
        ".claude/settings.json",
        "{\n  // mine\n  \"model\": \"x\",\n  \"hooks\": {\n    \"PreToolUse\": [\n      { \"matcher\": \"Bash\", \"hooks\": [{ \"type\": \"command\", \"command\": \"./mine.sh\" }] } // stays\n    ]\n  }\n}\n",
    ),
    ("codex", ".codex/hooks.json", "{\n  \"hooks\": {}\n}\n"),
    (
        "gemini",
        ".gemini/settings.json",
        "{\n    \"theme\": \"x\",\n    \"mcpServers\": { \"a\": { \"command\": \"b\" } },\n}\n",
    ),
    (
        "cursor",
        ".cursor/hooks.json",
        "{\n  \"version\": 1,\n  \"hooks\": { \"stop\": [{ \"command\": \"./mine.sh\" }] }\n}\n",
    ),
    ("copilot", ".github/hooks/keysweep.json", ""),
    ("vscode", ".github/hooks/keysweep.json", ""),
    ("windsurf", ".windsurf/hooks.json", "{\"hooks\":{\"pre_run_command\":[{\"command\":\"./mine.sh\"}]}}"),
    ("cline", ".clinerules/hooks/PreToolUse", ""),
    ("antigravity", ".agents/hooks.json", "{\n  \"mine\": { \"Stop\": [{ \"command\": \"./mine.sh\" }] }\n}\n"),
    (
        "vibe",
        ".vibe/hooks.toml",
        "# mine\n[[hooks]]\nname = \"mine\"\ntype = \"post_agent\"\ncommand = \"./mine.sh\"\n",
    ),
    ("opencode", ".opencode/plugins/keysweep.js", ""),
];

fn hook(repo: &Repo, what: &str, agent: &str, more: &[&str]) -> crate::support::Run {
    repo.keysweep(&[&["hook", what, "--agent", agent], more].concat())
}

#[test]
fn an_installed_hook_stops_a_canary_and_uninstalls_cleanly() {
    for (agent, file, before) in FILES {
        let repo = Repo::with_a_commit();
        if !before.is_empty() {
            repo.write(file, before);
        }
        hook(&repo, "status", agent, &[]).expect_code(2).expect_mention("does not call keysweep");
        hook(&repo, "install", agent, &[]).expect_code(0).expect_mention("from now on");
        let with = repo.read(file);
        assert!(with.contains("keysweep hook run agent"), "{agent}: {with}");
        for line in before.lines().filter(|line| line.contains("mine")) {
            let kept =
                line.trim_start_matches('{').split(" } // ").next().unwrap_or(line).trim_end_matches(['}', ']', ' ']);
            assert!(with.contains(kept), "{agent}: {kept} is gone: {with}");
        }
        let run = hook(&repo, "status", agent, &[]).expect_code(0);
        let kept = run.out().lines().filter(|line| line.contains("a canary")).count();
        assert!(kept >= 1 && !run.out().contains("let a canary through"), "{agent}: {run}");
        hook(&repo, "install", agent, &[]).expect_code(0).expect_mention("already");
        assert_eq!(repo.read(file), with, "{agent}");
        hook(&repo, "uninstall", agent, &[]).expect_code(0);
        match before {
            "" | "{\n  \"hooks\": {}\n}\n" => assert!(!repo.path(file).exists(), "{agent}"),
            before => assert_eq!(repo.read(file), before, "{agent}"),
        }
        hook(&repo, "uninstall", agent, &[]).expect_code(0).expect_mention("does not call");
    }
}

#[test]
fn user_settings_name_this_program_and_links_are_kept() {
    let repo = Repo::with_a_commit();
    let home = must(repo.path("..").canonicalize(), "find the sandbox").join("home");
    must(fs::create_dir_all(home.join(".claude")), "make a folder");
    must(fs::write(home.join("dotfile.json"), "{\n  \"a\": 1\n}\n"), "write settings");
    #[cfg(unix)]
    must(std::os::unix::fs::symlink("../dotfile.json", home.join(".claude/settings.json")), "make a link");
    hook(&repo, "install", "claude", &["--global", "--guard"]).expect_code(0);
    let text = must(fs::read_to_string(home.join(".claude/settings.json")), "read settings");
    let settings: Value = must(serde_json::from_str(&text), "read settings");
    let command = settings["hooks"]["PreToolUse"][0]["hooks"][0]["command"].as_str().unwrap_or_default().to_owned();
    assert!(command.starts_with('/') && command.ends_with("keysweep hook run agent --guard"), "{command}");
    assert_eq!(settings["a"], 1);
    assert!(home.join(".claude/settings.json").is_symlink() || cfg!(windows));
    hook(&repo, "status", "claude", &["--global"]).expect_code(0).expect_mention("masks a canary");
    hook(&repo, "uninstall", "claude", &["--global"]).expect_code(0);
    assert_eq!(must(fs::read_to_string(home.join("dotfile.json")), "read settings"), "{\n  \"a\": 1\n}\n");
}

/// A script that calls the plugin in the way opencode does.
const OPENCODE: &str = r#"
import { Keysweep } from "./.opencode/plugins/keysweep.js";
const [hooks, secret] = [await Keysweep({ directory: process.cwd() }), process.env.PLANTED];
const before = (command) => hooks["tool.execute.before"]({ tool: "bash" }, { args: { command } });
const after = async (output) => {
  const result = { output };
  await hooks["tool.execute.after"]({ tool: "bash" }, result);
  return result.output;
};
const refused = await before(`echo ${secret}`).then(() => "let through", (error) => error.message);
await before("echo clean");
console.log(JSON.stringify({ refused, masked: await after(`a ${secret} b`), clean: await after("clean") }));
"#;

#[test]
fn the_plugin_for_opencode_stops_and_masks() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(1970));
    hook(&repo, "install", "opencode", &[]).expect_code(0);
    repo.write("package.json", "{ \"type\": \"module\" }\n");
    repo.write("call.mjs", OPENCODE);
    let run = repo.program("node").args(&["call.mjs"]).env("PLANTED", &secret.value).run().expect_code(0);
    run.expect_withheld(&secret.value);
    let told: Value = must(serde_json::from_slice(&run.stdout), "read what it did");
    assert!(told["refused"].as_str().is_some_and(|why| why.starts_with("keysweep: stopped")), "{run}");
    assert!(told["masked"].as_str().is_some_and(|text| text.contains("\na [secret github-pat")), "{run}");
    assert_eq!(told["clean"], "clean", "{run}");
}

#[test]
fn foreign_and_broken_settings_are_left_alone() {
    let repo = Repo::with_a_commit();
    for (agent, file, text) in [
        ("claude", ".claude/settings.json", "{ broken"),
        ("cursor", ".cursor/hooks.json", "{ \"hooks\": [] }"),
        ("vibe", ".vibe/hooks.toml", "hooks = 1\n"),
        ("cline", ".clinerules/hooks/PreToolUse", "#!/bin/sh\nexit 0\n"),
        ("opencode", ".opencode/plugins/keysweep.js", "export const Mine = 1;\n"),
    ] {
        repo.write(file, text);
        hook(&repo, "install", agent, &[]).expect_code(2).expect_mention("nothing was changed");
        assert_eq!(repo.read(file), text, "{agent}");
        hook(&repo, "uninstall", agent, &[]);
        assert_eq!(repo.read(file), text, "{agent}");
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_links_out_of_the_clone_is_not_written() {
    let (repo, outside) = (Repo::with_a_commit(), must(tempfile::tempdir(), "make a folder"));
    must(std::os::unix::fs::symlink(outside.path(), repo.path(".claude")), "make a link");
    hook(&repo, "install", "claude", &[]).expect_code(2).expect_mention("leads out");
    assert_eq!(must(fs::read_dir(outside.path()), "list a folder").count(), 0);
}

#[test]
fn only_this_program_is_run_from_settings() {
    let repo = Repo::with_a_commit();
    let with = |command: &str| {
        let text = format!(
            "{{ \"hooks\": {{ \"PreToolUse\": [{{ \"hooks\": [{{ \"command\": {} }}] }}] }} }}",
            Value::from(command)
        );
        repo.write(".claude/settings.json", text);
        hook(&repo, "status", "claude", &[]).expect_code(2)
    };
    repo.write("keysweep", "#!/bin/sh\ntouch was-run\n");
    with("./keysweep hook run agent").expect_mention("a different keysweep");
    with("keysweep hook run agent; touch was-run").expect_mention("does not call keysweep");
    with("touch was-run && keysweep hook run agent").expect_mention("does not call keysweep");
    assert!(!repo.path("was-run").exists());
}

#[test]
fn an_ineffective_agent_hook_is_reported() {
    let repo = Repo::with_a_commit();
    hook(&repo, "install", "claude", &[]).expect_code(0);
    repo.write(".keysweep.toml", "disable = [\"github-pat-classic\"]\n");
    hook(&repo, "status", "claude", &[]).expect_code(2).expect_mention("let a canary through");
}

/// A link to the program, by another name, is what a package manager or a person may call.
#[cfg(unix)]
#[test]
fn a_program_of_another_name_keeps_one_entry_and_finds_it_again() {
    let repo = Repo::with_a_commit();
    let home = must(repo.path("..").canonicalize(), "find the sandbox").join("home");
    repo.sh(
        "mkdir -p 'my, bin' && cp \"$(command -v keysweep)\" ./keysweep-0.1.0 && ln -s ../keysweep-0.1.0 'my, bin/ks'",
    )
    .expect_code(0);
    let call = |line: &str| repo.sh(&format!("'./my, bin/ks' hook {line} --global"));
    for (agent, file) in [
        ("claude", ".claude/settings.json"),
        ("cursor", ".cursor/hooks.json"),
        ("opencode", ".config/opencode/plugins/keysweep.js"),
        ("cline", "Documents/Cline/Hooks/PreToolUse"),
    ] {
        call(&format!("install --agent {agent}")).expect_code(0).expect_mention("from now on");
        let text = must(fs::read_to_string(home.join(file)), "read settings");
        assert!(text.contains("my, bin/ks"), "the link is not what is called: {text}");
        call(&format!("install --agent {agent}")).expect_code(0).expect_mention("already");
        assert_eq!(must(fs::read_to_string(home.join(file)), "read settings"), text, "{agent}");
        let run = call(&format!("status --agent {agent}")).expect_code(0);
        assert!(run.out().contains("a canary") && !run.out().contains("let a canary through"), "{agent}: {run}");
        call(&format!("uninstall --agent {agent}")).expect_code(0);
        assert!(!home.join(file).exists(), "{agent}");
    }
}

#[test]
fn the_status_says_what_to_run() {
    let repo = Repo::with_a_commit();
    hook(&repo, "status", "cursor", &[])
        .expect_code(2)
        .expect_mention("'keysweep hook install --agent cursor' adds it");
    repo.write(
        ".cursor/hooks.json",
        "{ \"hooks\": { \"preToolUse\": [{ \"command\": \"no-such-ks hook run agent\" }] } }\n",
    );
    hook(&repo, "status", "cursor", &[]).expect_code(2).expect_mention("no 'no-such-ks' is on PATH");
}
