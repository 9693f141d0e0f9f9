//! Compiles remediations and the fields that complete their commands.

use std::collections::BTreeSet;

use super::demand::{https, kebab, nonempty, own};
use super::expression::{bounded, find_capture};
use super::file::{FieldDef, RemediationDef, StepDef};
use super::{Check, Field, List, Remediation, Step, Str};

/// Compiles a remediation: its texts have to be present, its placeholders known and its links well-formed.
pub(super) fn remediation(def: &RemediationDef, fields: &BTreeSet<String>) -> Result<Remediation, String> {
    kebab(&def.id)?;
    for (key, text) in
        [("impact", &def.impact), ("verify", &def.verify), ("audit", &def.audit), ("prevent", &def.prevent)]
    {
        nonempty(key, text)?;
        known_words(text, fields)?;
    }
    known_words(&def.caution, fields)?;
    let look = |words: &str, run: &str| -> Result<Step, String> {
        known_placeholders(run, fields)?;
        Ok(Step { action: own(words), run: own(run) })
    };
    if def.revoke.is_empty() || def.rotate.is_empty() {
        return Err("needs at least one step each under revoke and rotate".into());
    }
    if def.federate.is_empty() != def.workflow.is_empty() {
        return Err("federate and workflow need each other".into());
    }
    Ok(Remediation {
        id: own(&def.id),
        impact: own(&def.impact),
        revoke: steps(&def.revoke, fields)?,
        rotate: steps(&def.rotate, fields)?,
        checked: checked(def)?,
        verify: look(&def.verify, &def.verify_run)?,
        audit: look(&def.audit, &def.audit_run)?,
        prevent: own(&def.prevent),
        federate: steps(&def.federate, fields)?,
        workflow: def.workflow.iter().map(|text| own(text)).collect(),
        caution: own(&def.caution),
        docs: if def.docs.is_empty() { Str::default() } else { own(https(&def.docs)?) },
    })
}

/// The tools whose commands change from version to version.
const TOOLS: [&str; 4] = ["az", "aws", "gcloud", "gh"];

/// Checks that commands of these tools were tried with the tool itself, with a version and a date noted.
fn checked(def: &RemediationDef) -> Result<Str, String> {
    let words = |run: &str| run.split([' ', '(', ';', '|']).map(str::to_owned).collect::<Vec<_>>();
    let steps = def.revoke.iter().chain(&def.rotate).chain(&def.federate).map(|step| &step.run);
    let used = steps.chain([&def.verify_run, &def.audit_run]).flat_map(|run| words(run));
    let uses = used.into_iter().any(|word| TOOLS.contains(&&*word));
    let date = def.checked.rsplit_once(": ").map_or("", |(_, date)| date);
    let dated = date.len() == 10 && date.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    match (uses, dated) {
        (true, false) => Err("has commands of az, aws, gcloud or gh: give them to the tool, and write 'checked = \"TOOL VERSION: YYYY-MM-DD\"'".into()),
        (false, _) if !def.checked.is_empty() => Err("has nothing to be checked".into()),
        _ => Ok(own(&def.checked)),
    }
}

fn steps(defs: &[StepDef], fields: &BTreeSet<String>) -> Result<List<Step>, String> {
    let mut out = Vec::with_capacity(defs.len());
    for def in defs {
        nonempty("do", &def.action)?;
        known_words(&def.action, fields)?;
        known_placeholders(&def.run, fields)?;
        out.push(Step { action: own(&def.action), run: own(&def.run) });
    }
    Ok(List::Owned(out))
}

/// The placeholder of the provider's name. Texts for the reader may use it, because the rule itself gives the name; a
/// command takes only values that were found and checked.
pub const PROVIDER: &str = "{provider}";

fn known_words(text: &str, fields: &BTreeSet<String>) -> Result<(), String> {
    known_placeholders(&text.replace(PROVIDER, ""), fields)
}

pub(super) fn known_placeholders(text: &str, fields: &BTreeSet<String>) -> Result<(), String> {
    match placeholders(text).into_iter().find(|name| !fields.contains(*name)) {
        Some(unknown) => Err(format!("placeholder {{{unknown}}} is not a [[field]]")),
        None => Ok(()),
    }
}

/// Returns the names of `{lower_snake}` placeholders in a text, in order; other braces are literal.
pub fn placeholders(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        rest = &rest[open + 1..];
        if let Some(name) = rest.split('}').next().filter(|name| name.len() < rest.len() && is_snake(name)) {
            found.push(name);
        }
    }
    found
}

fn is_snake(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Compiles a field, turning its names into expressions that read an assignment.
pub(super) fn field(def: &FieldDef) -> Result<Field, String> {
    if !is_snake(&def.name) {
        return Err("name has to be lower_snake".into());
    }
    nonempty("hint", &def.hint)?;
    if def.names.is_empty() != def.value.is_empty() {
        return Err("names and value need each other".into());
    }
    let mut patterns: Vec<Str> = Vec::new();
    if !def.names.is_empty() {
        patterns.push(Str::Owned(assignment_pattern(&def.names, &def.value)));
        patterns.push(Str::Owned(option_pattern(&def.names, &def.value)));
        patterns.push(Str::Owned(pair_pattern(&def.names, &def.value)));
    }
    patterns.extend(def.patterns.iter().map(|p| own(p)));
    patterns.extend(def.in_command.iter().map(|p| Str::Owned(format!("(?P<command>){p}"))));
    for pattern in &patterns {
        let hir = bounded(pattern)?;
        if find_capture(&hir, "value").is_none() {
            return Err(format!("pattern '{pattern}' has no group named value"));
        }
    }
    let check = if def.check.is_empty() { None } else { Some(Check::parse(&def.check)?) };
    Ok(Field { name: own(&def.name), hint: own(&def.hint), patterns: List::Owned(patterns), shown: def.shown, check })
}

/// Returns an expression for `name = value`, `"name": "value"`, `| name | value |`, `<name>value` and the like,
/// with or without a type in between. Separators inside names are free. The detector decides by `name` and
/// `separator` whether the two belong together.
fn assignment_pattern(names: &[String], value: &str) -> String {
    let names = alternatives(names);
    format!(
        r#"(?P<name>(?i:{names}))(?-i:["'`\\*)\]]{{0,4}}[\t ]{{0,24}}(?::[\t ]{{0,2}}[&A-Za-z' ]{{1,24}})?(?P<separator>=>|:=|[:=,|(>])[\t \r\n]{{0,24}}["'`\\*({{\[]{{0,4}}(?P<value>{value}))"#
    )
}

/// Returns an expression for the value of a name that is under a key of its own: `- name: X` and `value:
/// Y`, `"X": {"value": "Y"}`, `key="X" value="Y"`.
fn pair_pattern(names: &[String], value: &str) -> String {
    let names = alternatives(names);
    format!(
        r#"(?P<pair>(?i:{names}))(?-i:["'`]{{0,1}}[\s,:{{]{{1,48}}["']{{0,1}}(?i:value|default)["']{{0,1}}[\t ]{{0,4}}[:=][\t ]{{0,4}}["']{{0,1}}(?P<value>{value}))"#
    )
}

/// Returns an expression for `--name value` and `ENV name value`: only there may a blank alone separate a name from its
/// value.
fn option_pattern(names: &[String], value: &str) -> String {
    let names = alternatives(names);
    format!(r#"(?i:(?:--?|(?:env|arg|setenv)[\t ]{{1,8}})(?P<name>{names}))(?-i:[\t ]{{1,8}}["']?(?P<value>{value}))"#)
}

fn alternatives(names: &[String]) -> String {
    let one = |name: &String| {
        let letters = name.chars().filter(|c| !matches!(c, '_' | '-' | '.' | ' '));
        letters.map(|c| regex_syntax::escape(&c.to_string())).collect::<Vec<_>>().join("[_. -]?")
    };
    names.iter().map(one).collect::<Vec<_>>().join("|")
}
