//! Sample calls as agents make them, with a text in the place that matters: for testing whether a hook works.

use serde_json::{Value, json};

use super::Agent;

/// Returns the call for an event that a hook is installed for; `None` if this agent does not send it: VS Code does not
/// send all events that Copilot's files name.
pub fn sample(agent: Agent, event: &str, text: &str) -> Option<Value> {
    let event = match (agent, event) {
        (Agent::VsCode, "userPromptSubmitted") => "UserPromptSubmit",
        (Agent::VsCode, "preToolUse") => "PreToolUse",
        (Agent::VsCode, "postToolUse") => "PostToolUse",
        (Agent::VsCode, _) => return None,
        (_, event) => event,
    };
    Some(call(agent, event, text))
}

fn call(agent: Agent, event: &str, text: &str) -> Value {
    let shell = json!({ "command": format!("printf %s {text}") });
    let usual = json!({
        "session_id": "keysweep", "hook_event_name": event, "cwd": "/", "prompt": text,
        "tool_name": "Bash", "tool_input": shell, "tool_response": text,
    });
    // The message of a tool that failed is in a place of its own.
    let usual = match event.to_ascii_lowercase().ends_with("failure") {
        true => with(with(usual, "error", json!(text)), "error_message", json!(text)),
        false => usual,
    };
    match agent {
        Agent::Claude | Agent::Gemini => usual,
        Agent::VsCode => with(with(usual, "timestamp", json!("2026-01-02T03:04:05Z")), "transcript_path", json!("/")),
        Agent::Codex => with(usual, "turn_id", json!("keysweep")),
        Agent::Cursor => {
            let call = with(with(usual, "cursor_version", json!("2")), "command", shell["command"].clone());
            with(
                with(with(call, "content", json!(text)), "tool_output", json!(text)),
                "tool_name",
                json!("MCP:keysweep"),
            )
        }
        Agent::Copilot => {
            let call = json!({ "sessionId": "keysweep", "timestamp": 0, "cwd": "/" });
            let tool = |key: &str, value: Value| {
                with(with(with(call.clone(), "toolName", json!("bash")), "toolArgs", json!({})), key, value)
            };
            match event {
                "postToolUse" => tool("toolResult", json!({ "resultType": "success", "textResultForLlm": text })),
                "postToolUseFailure" => tool("error", json!(text)),
                "userPromptSubmitted" => with(call, "prompt", json!(text)),
                "userPromptTransformed" => with(call, "transformedPrompt", json!(text)),
                _ => tool("toolArgs", shell),
            }
        }
        Agent::Windsurf => {
            let info =
                json!({ "command_line": shell["command"], "user_prompt": text, "mcp_result": text, "edits": [text] });
            json!({ "agent_action_name": event, "trajectory_id": "keysweep", "tool_info": info })
        }
        Agent::Cline => {
            let own = json!({ "toolName": "execute_command", "parameters": shell, "prompt": text, "result": text });
            let key = event.chars().next().map(|first| first.to_ascii_lowercase().to_string()).unwrap_or_default();
            let key = key + event.get(1..).unwrap_or_default();
            json!({ "hookName": event, "clineVersion": "3.36.0", "taskId": "keysweep", key: own })
        }
        Agent::Antigravity => {
            let call = json!({ "name": "run_command", "args": { "CommandLine": shell["command"] } });
            json!({ "conversationId": "keysweep", "stepIdx": 0, "toolCall": call })
        }
        Agent::Vibe => with(usual, "tool_output_text", json!(text)),
        Agent::OpenCode => json!({ "opencode": event, "tool": "bash", "args": shell, "output": text }),
    }
}

fn with(mut call: Value, key: &str, value: Value) -> Value {
    call[key] = value;
    call
}
