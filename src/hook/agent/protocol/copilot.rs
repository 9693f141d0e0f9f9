//! GitHub Copilot CLI and cloud agent: <https://docs.github.com/en/copilot/reference/hooks-reference>.
//!
//! Events that are configured in `camelCase` arrive without their name, which must be inferred from the fields; those
//! configured in `PascalCase` arrive with fields in `snake_case`, much as VS Code writes them. Exit code 2 refuses a
//! tool or a permission; for all other events it is only a warning.

use serde_json::{Value, json};

use super::{Agent, Moment, Protocol, Refusal, Replacement, Settings, Shape, usual_event};

pub(super) const PROTOCOL: Protocol = Protocol {
    agent: Agent::Copilot,
    flag: "copilot",
    sends: |sent| {
        // Older versions, as on the page about the configuration of hooks, send no id of the session.
        let is_camel =
            sent["timestamp"].is_number() && ["sessionId", "toolName", "cwd"].iter().any(|key| sent[*key].is_string());
        let is_snake = sent["timestamp"].is_string() && sent.get("transcript_path").is_none();
        is_camel || usual_event(sent).is_some() && (is_snake || sent.get("tool_result").is_some())
    },
    event,
    events: &[
        ("preToolUse", Moment::Before(DENIED)),
        ("permissionRequest", Moment::Before(FORBIDDEN)),
        ("userPromptSubmitted", Moment::Before(BLOCKED)),
        ("userPromptSubmit", Moment::Before(BLOCKED)),
        ("userPromptTransformed", PROMPT),
        ("postToolUse", AFTER),
        ("postToolUseFailure", Moment::After { results: &["/error"], replace: None, tell: ADVISED }),
        ("subagentStop", SUBAGENT),
        ("preCompact", Moment::Passing),
    ],
    unknown: DENIED,
    consent: None,
    masks_reads: true,
    settings: SETTINGS,
};

/// The settings, which VS Code reads from the same files.
pub(super) const SETTINGS: Settings = Settings {
    project: ".github/hooks/keysweep.json",
    overrides: &[],
    user: ".copilot/hooks/keysweep.json",
    home: Some("COPILOT_HOME"),
    shape: Shape::List { version: Some(1), is_typed: true },
    events: &["userPromptSubmitted", "userPromptTransformed", "preToolUse", "postToolUse", "postToolUseFailure"],
    is_shared: true,
    besides: Some("Copilot CLI runs hooks only in trusted folders"),
};

const DENIED: Refusal =
    Refusal::Both(|_, why| json!({ "permissionDecision": "deny", "permissionDecisionReason": why }));
const FORBIDDEN: Refusal = Refusal::Both(|_, why| json!({ "behavior": "deny", "message": why }));
const BLOCKED: Refusal = Refusal::Object(|_, why| json!({ "decision": "block", "reason": why }));
/// The answer that is shown to the agent next to the message of a tool that failed.
const ADVISED: Refusal = Refusal::Both(|_, why| json!({ "additionalContext": why }));

const AFTER: Moment =
    Moment::After { results: &["/toolResult", "/tool_result"], replace: Some(replaced), tell: ADVISED };
/// The event with the prompt as the model gets it.
const PROMPT: Moment = Moment::After {
    results: &["/transformedPrompt"],
    replace: Some(|prompt| Some(json!({ "modifiedTransformedPrompt": prompt.masked }))),
    tell: ADVISED,
};
/// The event with the message that a subagent returns to the agent that started it.
const SUBAGENT: Moment = Moment::After {
    results: &["/response", "/last_assistant_message"],
    replace: Some(|response| Some(json!({ "modifiedResponse": response.masked }))),
    tell: Refusal::Object(|_, _| json!({})),
};

fn event(sent: &Value) -> Option<&str> {
    let has = |key: &str| sent.get(key).is_some();
    let seen = match () {
        () if has("toolResult") => "postToolUse",
        () if has("toolName") && has("error") => "postToolUseFailure",
        () if has("toolName") && has("toolArgs") => "preToolUse",
        () if has("toolName") => "permissionRequest",
        () if has("transformedPrompt") => "userPromptTransformed",
        () if has("prompt") => "userPromptSubmitted",
        () if has("agentName") && has("response") => "subagentStop",
        () => "sessionEvent",
    };
    usual_event(sent).or_else(|| (has("sessionId") || has("timestamp")).then_some(seen))
}

/// Returns the replaced result, of which the model only gets the text.
fn replaced(result: &Replacement<'_>) -> Option<Value> {
    let keys = ["textResultForLlm", "text_result_for_llm"];
    let text = keys.iter().find_map(|key| result.masked.get(*key)).cloned();
    let text = text.unwrap_or_else(|| Value::String(result.text()));
    Some(json!({
        "modifiedResult": { "resultType": "success", "textResultForLlm": text },
        "additionalContext": result.why,
    }))
}
