//! Tests of `hook run agent`: the messages that coding agents send, as documented by their vendors, and the answer to
//! each.

use keysweep::proof::template::Generator;
use serde_json::{Value, json};

use crate::support::{Repo, Run, Secret, must};

fn send(repo: &Repo, call: &Value) -> Run {
    repo.tool(&["hook", "run", "agent"]).input(call.to_string()).run()
}

/// Returns the message of Claude Code before it uses a tool.
fn before(tool: &str, input: Value) -> Value {
    json!({
        "session_id": "abc123",
        "transcript_path": "/home/somebody/.claude/projects/x/00893aaf-19fa-41d2-8238-13269b9b3ca0.jsonl",
        "cwd": "/home/somebody/project",
        "permission_mode": "default",
        "hook_event_name": "PreToolUse",
        "tool_name": tool,
        "tool_input": input,
        "tool_use_id": "toolu_01ABC123",
    })
}

/// Returns the message of Claude Code after a tool has returned something.
fn after(tool: &str, response: Value) -> Value {
    let mut call = before(tool, json!({ "command": "cat config.env" }));
    call["hook_event_name"] = json!("PostToolUse");
    call["tool_response"] = response;
    call
}

/// Checks that the agent is stopped because of this secret, and that the message doesn't contain its value.
#[track_caller]
fn stopped(repo: &Repo, call: &Value, secret: &Secret) -> Run {
    let run = send(repo, call).expect_code(2).expect_mention("keysweep: stopped").expect_mention(secret.rule);
    run.expect_withheld(&secret.value);
    assert!(!run.stderr.is_empty(), "agents read the reason from standard error: {run}");
    run
}

#[track_caller]
fn goes_on(repo: &Repo, call: &Value) {
    let run = send(repo, call).expect_code(0);
    assert_eq!(run.text(), "", "{run}");
}

/// Returns the standard output as JSON, after a check that it doesn't contain the value.
#[track_caller]
fn answer(run: &Run, secret: &Secret) -> Value {
    run.expect_withheld(&secret.value);
    unlabelled(run)
}

/// Returns the standard output as JSON, with `[secret]` for each label that names a rule and a value. The labels
/// themselves are tested in `agents`.
#[track_caller]
fn unlabelled(run: &Run) -> Value {
    let label = must(regex::Regex::new(r"\[secret [a-z0-9-]+ [a-z2-7]{4}\]"), "compile an expression");
    let text = run.out();
    assert!(!text.contains("[secret]"), "everything that is masked has a label: {run}");
    serde_json::from_str(&label.replace_all(&text, "[secret]")).unwrap_or_else(|why| panic!("{why}: {run}"))
}

// ---------------------------------------------------------------- Claude Code

#[test]
fn a_tool_that_would_be_given_a_secret_is_stopped() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(1900));
    let edit = |new: &str| json!({ "file_path": "/p/config.env", "old_string": "A=\n", "new_string": new });
    let calls = [
        before("Write", json!({ "file_path": "/p/config.env", "content": secret.line() })),
        before("Edit", edit(&secret.line())),
        before("MultiEdit", json!({ "file_path": "/p/config.env", "edits": [edit("B=\n"), edit(&secret.line())] })),
        before("NotebookEdit", json!({ "notebook_path": "/p/a.ipynb", "new_source": secret.line() })),
    ];
    for call in calls {
        stopped(&repo, &call, &secret).expect_one_of(&["/p/config.env:1:21", "/p/a.ipynb:1:21"]);
    }
    let bash = before("Bash", json!({ "command": format!("export {}", secret.line()), "description": "Sign in" }));
    stopped(&repo, &bash, &secret).expect_mention("tool_input.command");
    goes_on(&repo, &before("Write", json!({ "file_path": "/p/config.env", "content": "AZURE_CLIENT_SECRET=\n" })));
    goes_on(&repo, &before("Bash", json!({ "command": "cargo test", "timeout": 120_000 })));
}

#[test]
fn an_agent_does_not_allow_its_own_secret_but_the_configuration_may() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(1930));
    let line = format!("{} # keysweep:allow {} a sample\n", secret.line().trim_end(), secret.rule);
    let call = before("Write", json!({ "file_path": "/p/config.env", "content": line }));
    stopped(&repo, &call, &secret);
    repo.write(
        ".keysweep.toml",
        format!("[[allow]]\nrule = \"{}\"\npath = \"config.env\"\nreason = \"ours\"\n", secret.rule),
    );
    goes_on(&repo, &call);
}

#[test]
fn an_edit_that_removes_a_secret_is_not_stopped() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(1901));
    let edit = |old: &str, new: &str| {
        before("Edit", json!({ "file_path": "/p/config.env", "old_string": old, "new_string": new }))
    };
    goes_on(&repo, &edit(&secret.line(), "AZURE_CLIENT_SECRET=\n"));
    goes_on(&repo, &edit(&secret.line(), &format!("# leave this alone\n{}", secret.line())));
    stopped(&repo, &edit(&secret.line(), &Secret::entra(1902).line()), &Secret::entra(1902));
}

#[test]
fn only_an_edit_of_a_file_removes_a_secret() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(1907));
    let line = secret.line();
    let patch = format!("*** Begin Patch\n*** Update File: a\n@@\n-{line}");
    let packed = json!({ "path": "/p/b", "old_string": line }).to_string();
    let prompt = json!({ "session_id": "a", "hook_event_name": "UserPromptSubmit", "prompt": patch });
    let cursor = |event: &str, key: &str| json!({ "hook_event_name": event, "cursor_version": "2", key: patch });
    let calls = [
        before("Write", json!({ "file_path": "/p/a", "content": patch })),
        before("Edit", json!({ "file_path": "/p/a", "old_string": "", "new_string": patch })),
        before("Edit", json!({ "file_path": "/p/a", "old_string": "", "new_string": packed })),
        before("Bash", json!({ "command": format!("cat > a <<'END'\n{patch}END") })),
        before("Bash", json!({ "command": "ls", "old_string": line })),
        before("WebFetch", json!({ "url": "https://a.test", "prompt": patch })),
        before("mcp__slack__post", json!({ "old_text": line })),
        before("mcp__files__edit", json!({ "path": "/p/a", "old_text": line })),
        before("mcp__files__apply_patch", json!({ "patch": patch })),
        before("apply_patch", json!({ "command": patch.replace("Update", "Add") })),
        prompt,
    ];
    for call in calls {
        stopped(&repo, &call, &secret);
    }
    for (event, key) in [("beforeSubmitPrompt", "prompt"), ("beforeReadFile", "content")] {
        send(&repo, &cursor(event, key)).expect_mention(secret.rule).expect_withheld(&secret.value);
    }
    goes_on(&repo, &before("apply_patch", json!({ "command": format!("{patch}*** End Patch\n") })));
}

#[test]
fn a_prompt_with_a_secret_is_stopped() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(1903));
    let prompt = |text: String| json!({ "session_id": "a", "hook_event_name": "UserPromptSubmit", "prompt": text });
    stopped(&repo, &prompt(format!("deploy with {}", secret.value)), &secret).expect_mention("prompt:1");
    goes_on(&repo, &prompt("deploy".to_owned()));
}

#[test]
fn a_value_is_a_secret_by_its_key() {
    let (repo, value) = (Repo::with_a_commit(), Secret::github(1904).value.replace("ghp_", ""));
    let call = before("mcp__store__set", json!({ "settings": [{ "database_password": value }] }));
    send(&repo, &call).expect_code(2).expect_withheld(&value);
}

#[test]
fn tool_output_is_masked_in_its_own_format() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(1905));
    let output = |text: &str| json!({ "stdout": format!("one\n{text}two\n"), "stderr": "", "interrupted": false });
    let answered = answer(&send(&repo, &after("Bash", output(&secret.line()))).expect_code(0), &secret);
    let said = &answered["hookSpecificOutput"];
    assert_eq!(said["hookEventName"], "PostToolUse");
    assert_eq!(said["updatedToolOutput"], output("AZURE_CLIENT_SECRET=[secret]\n"));
    let context = said["additionalContext"].as_str().unwrap_or_default();
    assert!(context.contains("tool_response.stdout:2:21"), "{context}");
    let read =
        |text: String| json!({ "type": "text", "file": { "filePath": "/p/a.env", "content": text, "numLines": 1 } });
    let answered = answer(&send(&repo, &after("Read", read(secret.line()))).expect_code(0), &secret);
    let masked = &answered["hookSpecificOutput"]["updatedToolOutput"];
    assert_eq!(*masked, read("AZURE_CLIENT_SECRET=[secret]\n".to_owned()));
    goes_on(&repo, &after("Bash", output("")));
}

#[test]
fn a_key_next_to_a_patch_is_stopped_or_masked_completely() {
    let (repo, mut generator) = (Repo::with_a_commit(), Generator::new(1906));
    let patch = "*** Begin Patch\n*** Update File: a.txt\n@@\n-old\n+new\n*** End Patch\n";
    let text = |key: &str| json!(format!("{patch}{key}\nlast\n"));
    let write = |key: &str| before("Write", json!({ "file_path": "/p/a.md", "content": text(key) }));
    let read = |key: &str| json!({ "type": "text", "file": { "filePath": "/p/a.md", "content": text(key) } });
    for kind in ["rsa", "pkcs8", "openssh"] {
        let key = must(generator.expand(&format!("<pem:{kind}>"), None), "make a key");
        send(&repo, &write(&key)).expect_code(2).expect_mention("private-key");
        for (output, masked) in [(text(&key), text("[secret]")), (read(&key), read("[secret]"))] {
            let run = send(&repo, &after("Read", output)).expect_code(0);
            let answered = unlabelled(&run);
            assert_eq!(answered["hookSpecificOutput"]["updatedToolOutput"], masked, "{run}");
        }
    }
}

// ---------------------------------------------------------------- Codex CLI

#[test]
fn codex_is_stopped_and_given_the_masked_output_as_its_reason() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(1910));
    let codex = |mut call: Value| {
        call["turn_id"] = json!("turn-1");
        call["model"] = json!("a-model");
        call
    };
    let patch = |lines: &str| {
        let text = format!("*** Begin Patch\n*** Update File: config.env\n@@\n{lines}*** End Patch\n");
        codex(before("apply_patch", json!({ "command": text })))
    };
    stopped(&repo, &patch(&format!("+{}", secret.line())), &secret);
    goes_on(&repo, &patch(&format!("-{}+AZURE_CLIENT_SECRET=\n", secret.line())));
    let run = send(&repo, &codex(after("Bash", json!(secret.line())))).expect_code(0);
    let answered = answer(&run, &secret);
    assert_eq!(answered["decision"], "block");
    assert!(answered["reason"].as_str().unwrap_or_default().ends_with("AZURE_CLIENT_SECRET=[secret]\n"), "{run}");
    // With any other field, Codex would take the real output.
    assert_eq!(answered.as_object().map(serde_json::Map::len), Some(2), "{run}");
}

// ---------------------------------------------------------------- Gemini CLI

#[test]
fn gemini_is_stopped_and_its_results_are_replaced() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(1920));
    let gemini = |event: &str, more: (&str, Value)| {
        let mut call = json!({
            "session_id": "a", "transcript_path": "/t.json", "cwd": "/p", "timestamp": "2026-01-02T03:04:05Z",
            "hook_event_name": event, "tool_name": "write_file", "tool_input": { "file_path": "/p/a.env", "content": "" },
        });
        call[more.0] = more.1;
        call
    };
    let input = json!({ "file_path": "/p/a.env", "content": secret.line() });
    stopped(&repo, &gemini("BeforeTool", ("tool_input", input)), &secret);
    stopped(&repo, &gemini("BeforeAgent", ("prompt", json!(secret.line()))), &secret);
    let response = json!({ "llmContent": secret.line(), "returnDisplay": secret.line() });
    let run = send(&repo, &gemini("AfterTool", ("tool_response", response))).expect_code(0);
    let answered = answer(&run, &secret);
    assert_eq!(answered["decision"], "deny");
    assert!(answered["reason"].as_str().unwrap_or_default().contains("[secret]"), "{run}");
    goes_on(&repo, &gemini("BeforeTool", ("cwd", json!("/p"))));
}

// ---------------------------------------------------------------- Cursor

#[test]
fn cursor_is_answered_by_exit_code_and_json() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(1930));
    let cursor = |event: &str, own: Value| {
        let mut call = json!({
            "conversation_id": "c", "generation_id": "g", "model": "a-model", "hook_event_name": event,
            "cursor_version": "2.0.77", "workspace_roots": ["/p"], "user_email": "user@example.com",
        });
        for (key, value) in own.as_object().into_iter().flatten() {
            call[key] = value.clone();
        }
        call
    };
    let line = secret.line();
    let query = json!({ "query": format!("set {line}") }).to_string();
    for (event, own) in [
        ("beforeShellExecution", json!({ "command": format!("echo {line}"), "cwd": "/p" })),
        ("beforeMCPExecution", json!({ "tool_name": "run", "tool_input": query, "url": "http://localhost:1" })),
        ("beforeReadFile", json!({ "file_path": "/p/a.env", "content": line, "attachments": [] })),
        ("beforeSubmitPrompt", json!({ "prompt": line, "attachments": [] })),
        ("preToolUse", json!({ "tool_name": "Write", "tool_input": { "path": "/p/a.env", "contents": line } })),
        ("afterFileEdit", json!({ "file_path": "/p/a.env", "edits": [{ "old_string": "", "new_string": line }] })),
    ] {
        let run = stopped(&repo, &cursor(event, own), &secret);
        let answered = answer(&run, &secret);
        assert_eq!((&answered["permission"], &answered["continue"]), (&json!("deny"), &json!(false)), "{run}");
        assert!(answered["agent_message"].as_str().unwrap_or_default().contains(secret.rule), "{run}");
    }
    goes_on(&repo, &cursor("beforeShellExecution", json!({ "command": "ls", "cwd": "/p" })));
    goes_on(&repo, &cursor("beforeReadFile", json!({ "file_path": "/p/a.env", "content": "A=\n" })));
    let served = cursor("postToolUse", json!({ "tool_name": "MCP:db", "tool_input": {}, "tool_output": line }));
    let answered = answer(&send(&repo, &served).expect_code(0), &secret);
    assert_eq!(answered["updated_mcp_tool_output"], "AZURE_CLIENT_SECRET=[secret]\n");
    let shell = cursor("afterShellExecution", json!({ "command": "env", "output": line, "duration": 1 }));
    // After an action it is too late to refuse: the agent gets the report as context.
    let answered = answer(&send(&repo, &shell).expect_code(0), &secret);
    let context = answered["additional_context"].as_str().unwrap_or_default();
    assert!(context.contains("the output of the tool") && context.contains(secret.rule), "{answered}");
}

// ---------------------------------------------------------------- other input

#[test]
fn unintelligible_agent_input_is_stopped() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(1940));
    for sent in ["", "[]", "{}", "{\"hook_event_name\": 1}", &format!("{{\"{}", secret.value)] {
        let run = repo.tool(&["hook", "run", "agent"]).input(sent).run().expect_code(2);
        run.expect_mention("hook_event_name").expect_withheld(&secret.value);
    }
    repo.write(".keysweep.toml", "no_such_key = true\n");
    send(&repo, &before("Bash", json!({ "command": "ls" }))).expect_code(2).expect_mention("no_such_key");
}

#[test]
fn an_agent_outside_a_repository_is_checked_without_writing() {
    let (folder, secret) = (Repo::folder(), Secret::entra(1941));
    stopped(&folder, &before("Bash", json!({ "command": secret.line() })), &secret);
    let repo = Repo::with_a_commit();
    stopped(&repo, &before("Bash", json!({ "command": secret.line() })), &secret);
    assert!(!repo.path(".git/keysweep").exists());
}

#[test]
fn a_secret_in_a_key_or_in_a_secret_file_name_is_not_repeated() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(1942));
    let mut found = json!({ "file_path": format!("/p/{}.txt", secret.value), "content": "" });
    stopped(&repo, &before("Write", found.clone()), &secret);
    found[&secret.value] = json!(1);
    stopped(&repo, &before("mcp__a__b", json!({ &secret.value: 1 })), &secret);
    let answered = answer(&send(&repo, &after("mcp__a__b", found)).expect_code(0), &secret);
    assert_eq!(answered["hookSpecificOutput"]["updatedMCPToolOutput"]["[secret]"], 1);
}
