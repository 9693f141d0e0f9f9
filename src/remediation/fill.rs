//! Fills `{field}` placeholders with identifiers found near the secret.
//!
//! Facts are hostile input that the user will paste into a shell, so only plain identifiers are filled in.

use std::collections::BTreeSet;

use crate::finding::Fact;
use crate::rule::advice::{PROVIDER, placeholders};
use crate::rule_set::RuleSet;

/// The most characters of a value that is filled in.
const MAX_VALUE: usize = 200;

/// The most lines of a command that has to be run for each of several secrets.
const MAX_LINES: usize = 20;

/// Returns a text for the reader, with the provider and known fields filled in; for several secrets, with every value
/// of a field. If the placeholder is part of something to be copied, such as an address or a query, a list in its place
/// would break that: the field's name stays there, and the values follow the text.
pub fn words(template: &str, provider: &str, facts: &[Vec<Fact>], rules: &RuleSet) -> String {
    let mut text = template.replace(PROVIDER, provider);
    let mut each = Vec::new();
    for name in placeholders(template) {
        let values: BTreeSet<&str> = all_of(name, facts).collect();
        let place = format!("{{{name}}}");
        if values.len() < 2 || !text.contains(&place) {
            continue;
        }
        let list = values.into_iter().collect::<Vec<_>>().join(", ");
        if is_word(&text, &place) {
            text = text.replace(&place, &list);
        } else {
            text = text.replace(&place, &format!("<{name}>"));
            each.push(format!("<{name}> is each of {list}"));
        }
    }
    if !each.is_empty() {
        text = format!("{} ({})", text.trim_end_matches('.'), each.join("; "));
    }
    let known: Vec<Fact> = facts.concat();
    command(&text, &known, rules).0
}

/// Returns `true` if a part is a word of its own everywhere in a text: surrounded by blanks and punctuation, and not
/// the argument of an option.
fn is_word(text: &str, part: &str) -> bool {
    let is_free = |(at, _): (usize, &str)| {
        let (before, after) = (&text[..at], &text[at + part.len()..]);
        let is_option = before.split_whitespace().next_back().is_some_and(|word| word.starts_with('-'));
        let begins = before.is_empty() || before.ends_with([' ', '(']);
        let end = after.trim_start_matches(['.', ',', ';', ':', ')']);
        begins && !is_option && (end.is_empty() || end.starts_with(' ') || after.starts_with("'s "))
    };
    text.match_indices(part).all(is_free)
}

/// Returns the values of a field: the first plain one of each secret.
fn all_of<'f>(name: &'f str, facts: &'f [Vec<Fact>]) -> impl Iterator<Item = &'f str> {
    let value = move |of_one: &'f Vec<Fact>| of_one.iter().find(|fact| fact.field == name && is_plain(&fact.value));
    facts.iter().filter_map(value).map(|fact| &*fact.value)
}

/// Returns the command for each of several secrets, one per line and without duplicates, and how to find the values
/// that are unknown.
pub fn commands(template: &str, facts: &[Vec<Fact>], rules: &RuleSet) -> (String, Vec<Fact>) {
    let (mut lines, mut missing): (Vec<String>, Vec<Fact>) = Default::default();
    for of_one in facts {
        let (line, lacks) = command(template, of_one, rules);
        if !line.is_empty() && !lines.contains(&line) {
            lines.push(line);
        }
        missing.extend(lacks.into_iter().filter(|fact| !missing.contains(fact)).collect::<Vec<_>>());
    }
    let more = lines.len().saturating_sub(MAX_LINES);
    lines.truncate(MAX_LINES);
    if more > 0 {
        lines.push(format!("# and the same for {more} more: 'keysweep explain ID' prints the command for each"));
    }
    (lines.join("\n"), missing)
}

/// Returns the text with known fields filled in and unknown ones marked `<field>`, and how to find the unknown ones.
pub fn command(template: &str, facts: &[Fact], rules: &RuleSet) -> (String, Vec<Fact>) {
    let mut text = template.to_owned();
    let mut missing: Vec<Fact> = Vec::new();
    for name in placeholders(template) {
        let known = facts.iter().find(|fact| fact.field == name && is_plain(&fact.value));
        let value = known.map_or_else(|| format!("<{name}>"), |fact| fact.value.clone());
        let place = format!("{{{name}}}");
        // A server's address includes its scheme in some files and lacks it in others.
        let host = value.split_once("://").map_or(&*value, |(_, host)| host);
        text = text.replace(&format!("://{place}"), &format!("://{host}")).replace(&place, &value);
        if known.is_none() && !missing.iter().any(|m| m.field == name) {
            let hint = rules.field(name).map_or_else(String::new, |field| field.hint.to_string());
            missing.push(Fact { field: name.to_owned(), value: hint });
        }
    }
    (text, missing)
}

/// Returns `true` if no character of a value has a special meaning in any shell.
fn is_plain(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= MAX_VALUE
        && !value.starts_with('-')
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'@' | b':' | b'/' | b'+' | b'='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(field: &str, value: &str) -> Fact {
        Fact { field: field.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn known_fields_are_filled_and_unknown_ones_marked() {
        let facts = [fact("host", "db.internal")];
        let (text, missing) = command("psql -h {host} -U {user} -c '{\"a\": 1}'", &facts, &RuleSet::builtin());
        assert_eq!(text, "psql -h db.internal -U <user> -c '{\"a\": 1}'");
        assert_eq!(missing.iter().map(|m| &*m.field).collect::<Vec<_>>(), ["user"]);
    }

    #[test]
    fn a_url_scheme_is_not_repeated() {
        let facts = [fact("host", "http://ci.internal:8080")];
        let (text, _) = command("curl https://{host}/x; open {host}", &facts, &RuleSet::builtin());
        assert_eq!(text, "curl https://ci.internal:8080/x; open http://ci.internal:8080");
    }

    #[test]
    fn the_provider_is_filled_into_sentences() {
        let text = words(
            "{provider}'s key page, of {host}",
            "Acme Mail",
            &[vec![fact("host", "x.test")]],
            &RuleSet::builtin(),
        );
        assert_eq!(text, "Acme Mail's key page, of x.test");
    }

    #[test]
    fn lists_of_values_are_filled_into_sentences_only() {
        let (rules, facts) = (RuleSet::builtin(), ["a.test", "b.test"].map(|host| vec![fact("host", host)]));
        let of = |template: &str| words(template, "Acme", &facts, &rules);
        assert_eq!(of("The log of {host}, by name."), "The log of a.test, b.test, by name.");
        assert_eq!(of("{host}'s log ({host})"), "a.test, b.test's log (a.test, b.test)");
        let each = "(<host> is each of a.test, b.test)";
        for copied in ["GET https://{host}/api", "show --host {host}", "where Host == '{host}'", "a -H={host}"] {
            let shown = copied.replace("{host}", "<host>");
            assert_eq!(of(&format!("{copied} answers 401.")), format!("{shown} answers 401 {each}"));
        }
    }

    #[test]
    fn values_that_mean_something_to_a_shell_are_not_filled_in() {
        for hostile in ["$(id)", "a;b", "`x`", "a b", "-rf", "a'b", "a\nb"] {
            let (text, _) = command("ssh {host}", &[fact("host", hostile)], &RuleSet::builtin());
            assert_eq!(text, "ssh <host>", "{hostile}");
        }
    }
}
