//! The messages that each coding agent sends according to its documentation, and the expected answers: `agents/` has a
//! file for each agent.
//!
//! In these files, `<line>` stands for a line with a secret, `<json:TEXT>` for an object as text, `<masked>` for the
//! line with a label in place of the secret, `<why>` for a text that names the rule, and `<told>` for one that also
//! ends with the masked line. Each call is made twice: with a secret, and without one, which has to pass.

use serde_json::{Value, json};

use crate::support::{Repo, Run, Secret, must};

const FILES: [(&str, &str); 11] = [
    ("antigravity", include_str!("agents/antigravity.json")),
    ("claude", include_str!("agents/claude.json")),
    ("cline", include_str!("agents/cline.json")),
    ("codex", include_str!("agents/codex.json")),
    ("copilot", include_str!("agents/copilot.json")),
    ("cursor", include_str!("agents/cursor.json")),
    ("gemini", include_str!("agents/gemini.json")),
    ("opencode", include_str!("agents/opencode.json")),
    ("vibe", include_str!("agents/vibe.json")),
    ("vscode", include_str!("agents/vscode.json")),
    ("windsurf", include_str!("agents/windsurf.json")),
];

/// A secret, its line, and the line as it is when the secret is masked.
struct Planted {
    secret: Secret,
    line: String,
    masked: String,
}

impl Planted {
    /// Makes a secret and its masked line. The label is built from the rule and the id in a report.
    fn new(repo: &Repo, seed: u32) -> Self {
        let secret = Secret::entra(seed);
        let line = secret.line();
        let run = repo.tool(&["files", "-", "--format", "jsonl"]).input(line.as_str()).run();
        let id = run.only_finding()["id"].as_str().unwrap_or_default()[..4].to_owned();
        let masked = line.replace(&secret.value, &format!("[secret {} {id}]", secret.rule));
        Self { secret, line, masked }
    }

    /// Returns `true` if an answer is the expected one.
    fn fits(&self, expected: &Value, answer: &Value) -> bool {
        match (expected, answer) {
            (Value::String(expected), Value::String(answer)) => match expected.as_str() {
                "<why>" => answer.contains(self.secret.rule),
                "<told>" => answer.contains(self.secret.rule) && answer.ends_with(&self.masked),
                "<masked>" => *answer == self.masked,
                expected => answer == expected,
            },
            (Value::Object(expected), Value::Object(answer)) => {
                let is_same = |(key, value)| answer.get(key).is_some_and(|found| self.fits(value, found));
                expected.len() == answer.len() && expected.iter().all(is_same)
            }
            (Value::Array(expected), Value::Array(answer)) => {
                expected.len() == answer.len() && expected.iter().zip(answer).all(|(one, other)| self.fits(one, other))
            }
            (expected, answer) => expected == answer,
        }
    }
}

/// Returns the call with `line` in place of `<line>`.
fn filled(sent: &Value, line: &str) -> Value {
    match sent {
        Value::String(text) => match text.strip_prefix("<json:").and_then(|rest| rest.strip_suffix('>')) {
            Some(inner) => json!(filled(&must(serde_json::from_str(inner), "read what is within"), line).to_string()),
            None => json!(text.replace("<line>", line)),
        },
        Value::Array(values) => values.iter().map(|value| filled(value, line)).collect(),
        Value::Object(values) => values.iter().map(|(key, value)| (key.clone(), filled(value, line))).collect(),
        other => other.clone(),
    }
}

fn send(repo: &Repo, call: &Value, agent: Option<&str>) -> Run {
    let mut arguments = vec!["hook", "run", "agent"];
    arguments.extend(agent.into_iter().flat_map(|agent| ["--agent", agent]));
    repo.tool(&arguments).input(call.to_string()).run()
}

/// Checks that standard output is empty if no object is expected, and is exactly the expected object otherwise.
#[track_caller]
fn answered(run: &Run, expected: Option<&Value>, planted: &Planted, title: &str) {
    match expected {
        None => assert_eq!(run.out(), "", "{title}: {run}"),
        Some(expected) => {
            let answer = serde_json::from_slice(&run.stdout).unwrap_or_else(|why| panic!("{title}: {why}: {run}"));
            assert!(planted.fits(expected, &answer), "{title}: {expected} was expected: {run}");
        }
    }
}

fn every_call(agent: &str) {
    let repo = Repo::with_a_commit();
    let planted = Planted::new(&repo, 1950);
    let (_, file) = FILES.iter().find(|(name, _)| *name == agent).unwrap_or_else(|| panic!("no file for {agent}"));
    let file: Value = must(serde_json::from_str(file), "read the calls");
    let calls = file["calls"].as_array().unwrap_or_else(|| panic!("{agent} has no calls"));
    for call in calls {
        let title = format!("{agent}, {}", call["title"]);
        let code = i32::try_from(call["code"].as_i64().unwrap_or(-1)).unwrap_or(-1);
        let whole = filled(&call["sent"], &planted.line);
        for named in [None, Some(agent)] {
            let run = send(&repo, &whole, named).expect_code(code);
            run.expect_withheld(&planted.secret.value);
            answered(&run, call.get("object"), &planted, &title);
            let is_told = code == 2 && run.text().contains(planted.secret.rule);
            assert_eq!(is_told, code == 2, "{title}: {run}");
            let run = send(&repo, &filled(&call["sent"], "AZURE_CLIENT_SECRET=\n"), named).expect_code(0);
            answered(&run, call.get("passes"), &planted, &title);
            assert!(run.stderr.is_empty(), "{title}: {run}");
        }
    }
}

macro_rules! agents {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            every_call(stringify!($name));
        }
    )*};
}

agents!(antigravity claude cline codex copilot cursor gemini opencode vibe vscode windsurf);

#[test]
fn every_agent_has_sample_calls() {
    let of_file = |text: &str| -> usize {
        let file: Value = must(serde_json::from_str(text), "read the calls");
        file["calls"].as_array().map_or(0, Vec::len)
    };
    assert!(FILES.iter().map(|(_, text)| of_file(text)).sum::<usize>() >= 60);
    let help = Repo::folder().keysweep(&["hook", "run", "agent", "--help"]).out();
    for (agent, _) in FILES {
        assert!(help.contains(&format!("- {agent}:")), "{agent} is not in the help: {help}");
    }
}

#[test]
fn places_with_the_same_value_share_a_label() {
    let repo = Repo::with_a_commit();
    let (one, other) = (Planted::new(&repo, 1951), Planted::new(&repo, 1952));
    let result = json!({ "stdout": format!("{}{}{}", one.line, other.line, one.line) });
    let call = json!({ "hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_response": result });
    let run = send(&repo, &call, None).expect_code(0);
    let answer: Value = must(serde_json::from_slice(&run.stdout), "read the answer");
    let expected = format!("{}{}{}", one.masked, other.masked, one.masked);
    assert_eq!(answer["hookSpecificOutput"]["updatedToolOutput"]["stdout"], expected);
    assert_ne!(one.masked, other.masked);
}

#[test]
fn unknown_events_are_stopped_only_before_an_action() {
    let repo = Repo::with_a_commit();
    let event = |agent: &str, name: &str| match agent {
        "windsurf" => json!({ "agent_action_name": name, "tool_info": {} }),
        "cline" => json!({ "hookName": name, "taskId": "1", "clineVersion": "4" }),
        "vscode" => json!({ "hookEventName": name, "timestamp": "2026-01-02T03:04:05Z" }),
        _ => json!({ "hook_event_name": name, "cwd": "/p" }),
    };
    for (agent, before, code, object) in [
        ("claude", "PreFlight", 2, ""),
        ("codex", "PreFlight", 2, ""),
        ("gemini", "BeforeFlight", 2, ""),
        ("windsurf", "pre_flight", 2, ""),
        ("vscode", "PreFlight", 2, ""),
        ("cursor", "beforeFlight", 2, "agent_message"),
        ("cline", "PreFlight", 0, "errorMessage"),
        ("vibe", "pre_flight", 0, "reason"),
        ("copilot", "preFlight", 2, "permissionDecisionReason"),
    ] {
        let run = send(&repo, &event(agent, before), Some(agent)).expect_code(code).expect_mention(before);
        assert_eq!(object.is_empty(), run.stdout.is_empty(), "{agent}: {run}");
        run.expect_mention(object).expect_mention("does not know");
        for after in ["PostFlight", "afterFlight", "post_flight", "SessionFlight"] {
            assert_eq!(send(&repo, &event(agent, after), Some(agent)).expect_code(0).text(), "", "{agent}, {after}");
        }
    }
}

#[test]
fn calls_of_unknown_agents_are_stopped_unless_already_finished() {
    let repo = Repo::with_a_commit();
    for sent in [json!({ "tool": "x" }), json!({ "event": "before.tool" }), json!({ "action": 1 })] {
        send(&repo, &sent, None).expect_code(2).expect_mention("--agent");
    }
    for sent in [json!({ "eventType": "tool_done", "text": "x" }), json!({ "hook": "sessionEnd" })] {
        assert_eq!(send(&repo, &sent, None).expect_code(0).text(), "");
    }
    send(&repo, &json!({ "tool": "x" }), Some("windsurf")).expect_code(2).expect_mention("Windsurf");
}

#[test]
fn failed_checks_are_refused_in_the_format_of_the_agent() {
    let repo = Repo::with_a_commit();
    repo.write(".keysweep.toml", "no_such_key = true\n");
    let secret = Secret::entra(1953);
    let cline = json!({ "hookName": "PreToolUse", "taskId": "1", "preToolUse": { "parameters": { "command": "ls" } } });
    let run = send(&repo, &cline, None).expect_code(0).expect_mention("no_such_key");
    let answer: Value = must(serde_json::from_slice(&run.stdout), "read the answer");
    assert_eq!(answer["cancel"], true);
    let result = json!({ "resultType": "success", "textResultForLlm": secret.line() });
    let copilot = json!({ "sessionId": "a", "timestamp": 1, "toolName": "bash", "toolArgs": {}, "toolResult": result });
    let run = send(&repo, &copilot, None).expect_code(0).expect_mention("no_such_key");
    run.expect_withheld(&secret.value);
    let answer: Value = must(serde_json::from_slice(&run.stdout), "read the answer");
    assert_eq!(answer["modifiedResult"]["textResultForLlm"], "[withheld]");
    let stop = json!({ "hook_event_name": "Stop", "last_assistant_message": secret.line() });
    assert_eq!(send(&repo, &stop, None).expect_code(0).text(), "");
}
