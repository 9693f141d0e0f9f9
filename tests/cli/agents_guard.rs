//! Tests that an agent that bypasses hooks is stopped, if the user has asked for that.

use serde_json::{Value, json};

use crate::support::{Repo, Run};

fn send(repo: &Repo, call: &Value, options: &[&str]) -> Run {
    repo.tool(&[&["hook", "run", "agent"], options].concat()).input(call.to_string()).run()
}

fn used(tool: &str, input: Value) -> Value {
    json!({ "hook_event_name": "PreToolUse", "cwd": "/p", "tool_name": tool, "tool_input": input })
}

fn command(line: &str) -> Value {
    used("Bash", json!({ "command": line }))
}

#[test]
fn hook_bypasses_are_stopped_only_if_configured() {
    let (repo, configured) = (Repo::with_a_commit(), Repo::with_a_commit());
    configured.write(".keysweep.toml", "[agents]\nguard = true\n");
    let patch = "*** Begin Patch\n*** Update File: .keysweep.toml\n@@\n-a\n+b\n*** End Patch\n";
    for call in [
        command("git commit --no-verify -m x"),
        command("git commit -anm x"),
        command("git -c core.hooksPath=/dev/null commit -m x"),
        command("git push --no-verify"),
        command("rm -f .git/hooks/pre-commit"),
        command("HUSKY=0 git commit -m x"),
        used("Write", json!({ "file_path": "/p/.keysweep.toml", "content": "" })),
        used("Edit", json!({ "file_path": ".keysweep-baseline", "old_string": "a", "new_string": "" })),
        used("Write", json!({ "file_path": "/p/.husky/pre-commit", "content": "" })),
        used("apply_patch", json!({ "command": patch })),
    ] {
        send(&repo, &call, &["--guard"])
            .expect_code(2)
            .expect_mention("keysweep: stopped")
            .expect_mention("ask the person");
        send(&configured, &call, &[]).expect_code(2).expect_mention("keysweep: stopped");
        assert_eq!(send(&repo, &call, &[]).expect_code(0).text(), "", "{call}");
    }
}

#[test]
fn ordinary_work_is_not_blocked_by_the_guard() {
    let repo = Repo::with_a_commit();
    let text = "*** Begin Patch\n*** Update File: a.md\n@@\n+rm .git/hooks/pre-commit\n*** End Patch\n";
    for call in [
        command("git commit -m 'tell of --no-verify'"),
        command("git push -n origin main"),
        command("cat .keysweep.toml"),
        used("Read", json!({ "file_path": "/p/.keysweep.toml" })),
        used("Write", json!({ "file_path": "/p/README.md", "content": "git commit --no-verify" })),
        used("apply_patch", json!({ "command": text })),
        json!({ "hook_event_name": "UserPromptSubmit", "prompt": "git commit --no-verify" }),
    ] {
        assert_eq!(send(&repo, &call, &["--guard"]).expect_code(0).text(), "", "{call}");
    }
}

#[test]
fn every_agent_is_answered_in_its_own_format() {
    let repo = Repo::with_a_commit();
    let line = "git commit --no-verify";
    let copilot = json!({ "sessionId": "a", "timestamp": 1, "toolName": "bash", "toolArgs": { "command": line } });
    send(&repo, &copilot, &["--guard"]).expect_code(2).expect_mention("permissionDecisionReason");
    let windsurf = json!({ "agent_action_name": "pre_run_command", "tool_info": { "command_line": line } });
    send(&repo, &windsurf, &["--guard"]).expect_code(2).expect_mention("skips hooks");
    let used = json!({ "toolName": "execute_command", "parameters": { "command": line } });
    let cline = json!({ "hookName": "PreToolUse", "taskId": "1", "preToolUse": used });
    send(&repo, &cline, &["--guard"]).expect_code(0).expect_mention("errorMessage");
    let codex = json!({ "command": ["bash", "-lc", line] });
    let codex = json!({ "hook_event_name": "PreToolUse", "turn_id": "1", "tool_name": "shell", "tool_input": codex });
    send(&repo, &codex, &["--guard"]).expect_code(2).expect_mention("skips hooks");
}

#[test]
fn files_with_an_installed_hook_are_kept_from_the_agent() {
    let repo = Repo::with_a_commit();
    for agent in ["claude", "codex", "cursor", "copilot", "cline", "vibe", "opencode"] {
        repo.keysweep(&["hook", "install", "--agent", agent]).expect_code(0);
    }
    let config = "repos:\n  - repo: https://example.com/keysweep\n    hooks: [{id: keysweep}]\n";
    repo.write(".pre-commit-config.yaml", config);
    let root = repo.path(".").canonicalize().unwrap();
    let here = |mut call: Value| {
        call["cwd"] = json!(root);
        call
    };
    let edit = |file: &str| here(used("Write", json!({ "file_path": file, "content": "{}" })));
    let own = [
        ".claude/settings.json",
        ".claude/settings.local.json",
        ".codex/hooks.json",
        ".cursor/hooks.json",
        ".github/hooks/keysweep.json",
        ".clinerules/hooks/PreToolUse",
        ".vibe/hooks.toml",
        ".opencode/plugins/keysweep.js",
        ".pre-commit-config.yaml",
    ];
    for file in own {
        let whole = root.join(file);
        let calls = [edit(file), edit(&whole.to_string_lossy()), here(command(&format!("rm -f {file}")))];
        let more = [
            here(command(&format!("cp x.json {file}"))),
            here(command(&format!("cd sub && echo > ../{file}"))),
            here(command(&format!("sed -i s/a/b/ ./{file}"))),
        ];
        for call in calls.iter().chain(&more) {
            let run = send(&repo, call, &["--guard"]).expect_code(2);
            run.expect_mention("where a hook of keysweep is installed");
            send(&repo, call, &[]).expect_code(0);
        }
    }
    for line in ["rm -r .claude", "mv .github /tmp/x", "rm -rf .clinerules/hooks"] {
        send(&repo, &here(command(line)), &["--guard"]).expect_code(2);
    }
    for call in [
        edit(".gemini/settings.json"),
        edit(".github/workflows/x.yml"),
        edit(".claude/agents/x.md"),
        edit("lefthook.yml"),
        edit("/none/.claude/settings.json"),
        here(command("cp x.yml .github/")),
        here(command("cat .claude/settings.json")),
    ] {
        assert_eq!(send(&repo, &call, &["--guard"]).expect_code(0).text(), "", "{call}");
    }
}
