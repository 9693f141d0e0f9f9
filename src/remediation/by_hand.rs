//! The commands with which a user asks a provider about a secret by hand.
//!
//! The value is read without being shown, and reaches curl through standard input, because a command line can be read
//! by every user of the machine and stays in the shell's history.

use crate::rule::live::{Ask, Body, Live, Request, SECRET};

/// The command that reads the value into a variable.
const READ: &str = "IFS= read -rs SECRET; ";

/// Returns the command for bash or zsh, with `{field}` placeholders; empty if there is none.
pub fn command(live: &Live) -> String {
    match &live.ask {
        Ask::Request(_) if !live.by_hand.is_empty() => {
            let read = if live.by_hand.contains("$SECRET") { READ } else { "" };
            format!("{read}{}", live.by_hand)
        }
        Ask::Request(request) => format!("{READ}{}", curl(request)),
        Ask::Never(_) => String::new(),
    }
}

/// Returns the reason why the provider must not be asked, as a sentence; empty if it may be.
pub fn never(live: &Live) -> String {
    match &live.ask {
        Ask::Never(why) => format!("'keysweep live' does not ask about it. {why}."),
        Ask::Request(_) => String::new(),
    }
}

/// Returns a curl command that reads every part that holds the secret from standard input, and follows no redirect.
fn curl(request: &Request) -> String {
    let host = if request.wants_a_host() { "<host>" } else { &*request.host };
    let address = format!("https://{host}{}", request.path);
    let mut hidden = Vec::new();
    let mut shown = Vec::new();
    place(&address, "url", &mut hidden, &mut shown, |address| format!("'{address}'"));
    if let Some(user) = &request.basic_user {
        hidden.push(option("user", &format!("{user}:{SECRET}")));
    }
    for (name, value) in request.headers.iter() {
        place(&format!("{name}: {value}"), "header", &mut hidden, &mut shown, |header| format!("-H '{header}'"));
    }
    match &request.body {
        Body::Empty if request.method.as_str() == "POST" => shown.push("-X POST".to_owned()),
        Body::Empty => {}
        Body::Form(form) => {
            for pair in form.split('&') {
                let holder = if pair.contains(SECRET) { "data-urlencode" } else { "data" };
                place(pair, holder, &mut hidden, &mut shown, |pair| format!("-d '{pair}'"));
            }
        }
        Body::Json(body) | Body::Text(body) => {
            let kind = request.body.content_type().unwrap_or_default();
            shown.push(format!("-H 'Content-Type: {kind}'"));
            place(body, "data", &mut hidden, &mut shown, |body| format!("-d '{body}'"));
        }
    }
    let count = hidden.len();
    let values = vec!["\"$SECRET\""; count].join(" ");
    format!(
        "printf '{}' {values} | curl -sS -i --proto =https --max-redirs 0 --config - {}",
        hidden.concat(),
        shown.join(" ")
    )
}

/// Puts a text into the configuration that curl reads from standard input if the text holds the secret, or else on the
/// command line.
fn place(text: &str, name: &str, hidden: &mut Vec<String>, shown: &mut Vec<String>, word: impl Fn(&str) -> String) {
    if text.contains(SECRET) { hidden.push(option(name, text)) } else { shown.push(word(text)) }
}

/// Returns a line of curl's configuration as a format of `printf`, in which `%s` is the secret.
fn option(name: &str, text: &str) -> String {
    let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
    let format = quoted.replace('\\', "\\\\").replace('%', "%%").replace(SECRET, "%s");
    format!("{name} = \"{format}\"\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule_set::RuleSet;

    #[test]
    fn no_command_line_contains_the_value() {
        let rules = RuleSet::builtin();
        let mut asked = 0;
        for live in rules.live.iter() {
            let command = command(live);
            assert_eq!(command.is_empty(), matches!(live.ask, Ask::Never(_)), "{}", live.id);
            assert!(!command.contains(SECRET), "{command}");
            if let Some((_, call)) = command.split_once("; printf") {
                let (before, behind) = call.split_once(" | ").unwrap();
                assert!(before.ends_with("\"$SECRET\"") && !behind.contains("SECRET"), "{call}");
                asked += 1;
            }
        }
        assert!(asked > 60, "{asked}");
    }
}
