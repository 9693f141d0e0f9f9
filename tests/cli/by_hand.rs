//! Tests of the commands by which `explain` lets the user ask a provider, run with a curl that only records its
//! arguments and input.

#![expect(clippy::unwrap_used, reason = "a helper stops a test as the lines of the test do")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use keysweep::remediation::{by_hand, fill};
use keysweep::rule::live::{Ask, Body, SECRET};
use keysweep::rule_set::RuleSet;

/// A value of no known kind, with characters that have to be encoded in a form.
const VALUE: &str = "made-up~value+1";

/// Runs the command; returns what curl was given on its command line and on its standard input.
fn given(folder: &Path, command: &str) -> (String, String) {
    let stub = folder.join("curl");
    std::fs::write(&stub, "#!/bin/sh\nprintf '%s\\n' \"$@\" > \"$OUT/args\"\ncat > \"$OUT/input\"\n").unwrap();
    let made = Command::new("chmod").arg("+x").arg(&stub).status().unwrap();
    assert!(made.success());
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("bash")
        .args(["-c", command])
        .env("PATH", path)
        .env("OUT", folder)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(shell.stdin.take().unwrap(), "{VALUE}").unwrap();
    assert!(shell.wait().unwrap().success(), "{command}");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    (read("args"), read("input"))
}

/// Returns the value on a line of curl's configuration, without its quotes and escapes.
fn unquoted(line: &str) -> String {
    let quoted = line.split_once(" = \"").unwrap().1.strip_suffix('"').unwrap();
    quoted.replace("\\\"", "\"").replace("\\\\", "\\")
}

#[test]
fn the_value_reaches_curl_only_through_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let rules = RuleSet::builtin();
    let mut run = 0;
    for live in rules.live.iter() {
        let Ask::Request(request) = &live.ask else { continue };
        if request.signature.is_some() {
            continue;
        }
        let (command, _) = fill::command(&by_hand::command(live), &[], &rules);
        let (args, input) = given(folder.path(), &command);
        assert!(!args.contains(VALUE), "{}: {args}", live.id);
        assert_eq!(input.matches(VALUE).count(), 1, "{}: {input}", live.id);
        for never in ["-L", "--location", "-k", "--insecure"] {
            assert!(!args.lines().any(|arg| arg == never), "{}: {args}", live.id);
        }
        let lines: Vec<String> = input.lines().map(unquoted).collect();
        match &request.body {
            Body::Json(json) if json.contains(SECRET) => {
                let sent: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
                assert!(sent.to_string().contains(VALUE));
            }
            _ if !request.path.contains(SECRET) => {
                let host = if request.wants_a_host() { "<host>" } else { &request.host };
                let address = format!("https://{host}{}", request.path).replace('{', "<").replace('}', ">");
                assert!(args.lines().any(|arg| arg == address), "{}: {args}", live.id);
            }
            _ => assert!(lines[0].starts_with("https://") && lines[0].contains(VALUE), "{lines:?}"),
        }
        run += 1;
    }
    assert!(run > 60, "{run}");
}
