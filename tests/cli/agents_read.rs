//! Tests that files which an agent is about to read are scanned first if nothing could mask them afterwards.

use serde_json::{Value, json};

use crate::support::{Repo, Run, Secret, must};

fn send(repo: &Repo, call: &Value) -> Run {
    repo.tool(&["hook", "run", "agent"]).input(call.to_string()).run()
}

/// Returns a repository with a secret on line 40 of `keys/app.env`, and clean files next to it.
fn planted(seed: u32) -> (Repo, Secret) {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(seed));
    let filler = "PLAIN=1\n".repeat(39);
    repo.write("keys/app.env", format!("{filler}{}{filler}", secret.line()));
    repo.write("keys/with space.env", secret.line());
    repo.write("keys/clean.env", "PLAIN=1\n");
    (repo, secret)
}

fn windsurf(repo: &Repo, event: &str, mut info: Value) -> Value {
    info["cwd"] = json!(repo.path("."));
    json!({ "agent_action_name": event, "trajectory_id": "t", "tool_info": info })
}

fn command(repo: &Repo, line: &str) -> Value {
    windsurf(repo, "pre_run_command", json!({ "command_line": line }))
}

#[track_caller]
fn stopped(repo: &Repo, call: &Value, secret: &Secret) {
    let run = send(repo, call).expect_mention(secret.rule).expect_mention(".env");
    run.expect_withheld(&secret.value);
}

#[track_caller]
fn passes(repo: &Repo, call: &Value) {
    assert_eq!(send(repo, call).expect_code(0).text(), "", "{call}");
}

#[test]
fn commands_that_print_a_file_with_a_secret_are_stopped() {
    let (repo, secret) = planted(1960);
    for line in [
        "cat keys/app.env",
        "cd . && cat ./keys/app.env | head -3",
        "head -n 50 keys/*.env",
        "grep -n PLAIN keys/clean.env keys/app.env",
        "sort < keys/app.env",
        "bash -lc 'cat keys/app.env'",
        "echo \"$(cat keys/app.env)\"",
        "cat 'keys/with space.env'",
        "cat keys/with\\ space.env",
        "type keys/app.env",
        "Get-Content keys/app.env",
        "curl -d @keys/app.env http://localhost:1",
        "sudo cat keys/**/app.env",
    ] {
        stopped(&repo, &command(&repo, line), &secret);
    }
}

#[test]
fn commands_that_do_not_print_the_secret_are_not_stopped() {
    let (repo, _) = planted(1961);
    for line in [
        "cat keys/clean.env",
        "cat keys/none.env",
        "rm keys/app.env",
        "git rm --cached keys/app.env",
        "cat > notes <<'END'\ncat keys/app.env\nEND",
        "ls keys",
        "cargo test",
    ] {
        passes(&repo, &command(&repo, line));
    }
}

#[test]
fn reading_tools_are_stopped_only_for_the_requested_lines() {
    let (repo, secret) = planted(1962);
    let file = repo.path("keys/app.env");
    let vscode = |first: u64, last: u64| {
        let input = json!({ "filePath": file, "startLine": first, "endLine": last });
        json!({ "hookEventName": "PreToolUse", "cwd": repo.path("."), "tool_name": "read_file", "tool_input": input })
    };
    stopped(&repo, &vscode(1, 100), &secret);
    stopped(&repo, &vscode(40, 40), &secret);
    passes(&repo, &vscode(1, 30));
    passes(&repo, &vscode(50, 60));
    let cursor = |input: Value| {
        json!({
            "hook_event_name": "preToolUse", "cursor_version": "2", "workspace_roots": [repo.path(".")],
            "tool_name": "Read", "tool_input": input,
        })
    };
    stopped(&repo, &cursor(json!({ "path": "keys/app.env", "offset": 35, "limit": 10 })), &secret);
    passes(&repo, &cursor(json!({ "path": "keys/app.env", "offset": 50, "limit": 10 })));
    stopped(&repo, &windsurf(&repo, "pre_read_code", json!({ "file_path": file })), &secret);
    let cline = |tool: &str, parameters: Value| {
        let used = json!({ "toolName": tool, "parameters": parameters });
        json!({ "hookName": "PreToolUse", "taskId": "1", "workspaceRoots": [repo.path(".")], "preToolUse": used })
    };
    stopped(&repo, &cline("read_file", json!({ "path": "keys/app.env" })), &secret);
    stopped(&repo, &cline("execute_command", json!({ "command": "cat keys/app.env" })), &secret);
    stopped(&repo, &cline("search_files", json!({ "path": "keys", "regex": "P", "file_pattern": "*.env" })), &secret);
    let view = json!({ "name": "view_file", "args": { "AbsolutePath": file, "StartLine": 30, "EndLine": 45 } });
    stopped(&repo, &json!({ "conversationId": "c", "workspacePaths": ["/p"], "toolCall": view }), &secret);
}

#[test]
fn files_named_in_a_prompt_are_scanned_for_every_agent() {
    let (repo, secret) = planted(1963);
    let claude =
        |prompt: &str| json!({ "hook_event_name": "UserPromptSubmit", "cwd": repo.path("."), "prompt": prompt });
    stopped(&repo, &claude("what is in @keys/app.env?"), &secret);
    stopped(&repo, &claude("see (@keys/app.env#L1-3), please"), &secret);
    stopped(&repo, &claude("see @\"keys/with space.env\""), &secret);
    passes(&repo, &claude("write to me@keys/app.env, and read keys/app.env, and @keys/clean.env"));
    let attachments = json!([{ "type": "file", "file_path": repo.path("keys/app.env") }]);
    let cursor = json!({ "hook_event_name": "beforeSubmitPrompt", "prompt": "x", "attachments": attachments });
    stopped(&repo, &cursor, &secret);
}

#[test]
fn an_agent_whose_results_are_masked_may_read() {
    let (repo, secret) = planted(1964);
    let read = json!({ "file_path": repo.path("keys/app.env") });
    let call =
        json!({ "hook_event_name": "PreToolUse", "cwd": repo.path("."), "tool_name": "Read", "tool_input": read });
    passes(&repo, &call);
    let result = json!({ "hook_event_name": "PostToolUse", "tool_name": "Read", "tool_response": secret.line() });
    let run = send(&repo, &result).expect_code(0);
    let answer: Value = must(serde_json::from_slice(&run.stdout), "read the answer");
    assert!(answer["hookSpecificOutput"]["updatedToolOutput"].is_string(), "{run}");
}

#[test]
fn a_pattern_matching_too_many_files_is_stopped() {
    let (repo, _) = planted(1965);
    (0..300).for_each(|number| repo.write(format!("many/{number}.txt"), "plain\n"));
    send(&repo, &command(&repo, "cat many/*.txt")).expect_code(2).expect_mention("name fewer");
    passes(&repo, &command(&repo, "cat many/1*.txt"));
}

#[test]
fn the_files_of_a_whole_call_are_limited() {
    let (repo, _) = planted(1966);
    (0..20).for_each(|number| repo.write(format!("many/{number}/a.txt"), "plain\n"));
    let prompt = |text: String| json!({ "hook_event_name": "UserPromptSubmit", "cwd": repo.path("."), "prompt": text });
    let begun = std::time::Instant::now();
    send(&repo, &prompt("@many/*/*.none ".repeat(8000))).expect_code(2).expect_mention("name fewer");
    assert!(begun.elapsed().as_secs() < 20, "an agent waits only so long: {:?}", begun.elapsed());
    passes(&repo, &prompt("@many/*/*.none ".repeat(20)));
}
