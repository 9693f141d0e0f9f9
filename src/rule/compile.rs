//! From a rule file to rules: every demand a rule must meet, and what follows from its expression.
//!
//! Used twice: by `build.rs` for the built-in rules (a bad one fails the build) and at run time for a user's. It
//! computes from each expression where its keywords stand, what literal it starts with and how far it reaches, and
//! refuses what has no upper bound. It does not run a rule against its examples: that is `proof`.

use std::collections::BTreeSet;

use regex_syntax::hir::{Hir, HirKind};

use super::file::{CheckDef, FieldDef, RemediationDef, RuleDef, RuleFile, StepDef};
use super::{Case, Check, CheckUse, Field, Keyword, List, Matcher, Reach, Remediation, Rule, Step, Str};

/// Most bytes one match may span. Private keys in armour and service-account files come near it.
pub const MAX_MATCH: u32 = 16 * 1024;
/// Bytes around a match that context words, placeholder marks and boundaries are read from.
pub const CONTEXT: u32 = 256;
/// Most bytes from a keyword to the end of the value assigned to it.
pub const ASSIGNMENT: u32 = 1024;
/// Most texts that a part of an expression is expanded into in search of its keywords.
const MAX_TEXTS: usize = 4096;
/// Fewest bytes of a keyword: shorter ones stand everywhere.
const MIN_KEYWORD: usize = 3;

/// What is wrong with one entry of a rule file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{entry}: {reason}")]
pub struct Flaw {
    /// Which entry: `rule github-pat`, `field host`.
    pub entry: String,
    /// What is wrong, and what would be right.
    pub reason: String,
}

/// The lists of a compiled file, each sorted by its key.
#[derive(Debug, Default)]
pub struct Compiled {
    /// Rules.
    pub rules: Vec<Rule>,
    /// Remediations.
    pub remediations: Vec<Remediation>,
    /// Fields.
    pub fields: Vec<Field>,
}

/// What a file may refer to besides its own entries: the built-in ones, for a user's file.
#[derive(Debug, Default)]
pub struct Known {
    /// Ids of remediations.
    pub remediations: BTreeSet<String>,
    /// Names of fields.
    pub fields: BTreeSet<String>,
}

/// Compiles a whole file.
///
/// # Errors
/// All flaws found, not only the first.
pub fn compile(file: &RuleFile, known: &Known) -> Result<Compiled, Vec<Flaw>> {
    let mut flaws = Vec::new();
    let mut known_fields = known.fields.clone();
    known_fields.extend(file.fields.iter().map(|f| f.name.clone()));
    let mut known_remediations = known.remediations.clone();
    known_remediations.extend(file.remediations.iter().map(|r| r.id.clone()));

    let fields = collect(&file.fields, |f| format!("field {}", f.name), field, &mut flaws);
    let remediations = collect(
        &file.remediations,
        |r| format!("remediation {}", r.id),
        |def| remediation(def, &known_fields),
        &mut flaws,
    );
    let rules = collect(
        &file.rules,
        |r| format!("rule {}", r.id),
        |def| rule(def, &known_remediations, &known_fields),
        &mut flaws,
    );
    let mut compiled = Compiled { rules, remediations, fields };
    compiled.rules.sort_by(|a, b| a.id.cmp(&b.id));
    compiled.remediations.sort_by(|a, b| a.id.cmp(&b.id));
    compiled.fields.sort_by(|a, b| a.name.cmp(&b.name));
    repeated("rule", compiled.rules.iter().map(|r| &r.id), &mut flaws);
    repeated("remediation", compiled.remediations.iter().map(|r| &r.id), &mut flaws);
    repeated("field", compiled.fields.iter().map(|f| &f.name), &mut flaws);
    if flaws.is_empty() { Ok(compiled) } else { Err(flaws) }
}

fn collect<D, T>(
    defs: &[D],
    entry: impl Fn(&D) -> String,
    one: impl Fn(&D) -> Result<T, String>,
    flaws: &mut Vec<Flaw>,
) -> Vec<T> {
    let mut out = Vec::with_capacity(defs.len());
    for def in defs {
        match one(def) {
            Ok(done) => out.push(done),
            Err(reason) => flaws.push(Flaw { entry: entry(def), reason }),
        }
    }
    out
}

fn repeated<'a>(kind: &str, sorted: impl Iterator<Item = &'a Str>, flaws: &mut Vec<Flaw>) {
    let mut last: Option<&Str> = None;
    for key in sorted {
        if last == Some(key) {
            flaws.push(Flaw { entry: format!("{kind} {key}"), reason: "stands twice; ids are unique".into() });
        }
        last = Some(key);
    }
}

/// One rule.
fn rule(def: &RuleDef, remediations: &BTreeSet<String>, fields: &BTreeSet<String>) -> Result<Rule, String> {
    kebab(&def.id)?;
    nonempty("name", &def.name)?;
    nonempty("provider", &def.provider)?;
    if def.examples.is_empty() || def.counter_examples.is_empty() {
        return Err("needs at least one example and one counter-example".into());
    }
    let remediation = def.remediation.clone().unwrap_or_else(|| def.id.clone());
    if !remediations.contains(&remediation) {
        return Err(format!("remediation '{remediation}' does not exist; write a [[remediation]] with that id"));
    }
    if let Some(unknown) = def.companions.iter().find(|name| !fields.contains(*name)) {
        return Err(format!("companion '{unknown}' does not exist; write a [[field]] with that name"));
    }
    let matcher = matcher(def)?;
    let shape = Shape::of(&matcher, def)?;
    Ok(Rule {
        id: own(&def.id),
        name: own(&def.name),
        provider: own(&def.provider),
        severity: def.severity,
        confidence: def.confidence,
        keywords: List::Owned(shape.keywords),
        matcher,
        place: def.place,
        boundary: def.boundary,
        checks: def.checks.iter().map(check_use).collect::<Result<Vec<_>, _>>()?.into(),
        statistics: def.statistics,
        placeholders: def.placeholders.iter().map(|hex| digest(hex)).collect::<Result<Vec<_>, _>>()?.into(),
        companions: def.companions.iter().map(|name| own(name)).collect(),
        remediation: Str::Owned(remediation),
        prefix: Str::Owned(shape.prefix),
        reach: shape.reach,
        references: def.references.iter().map(|url| https(url).map(own)).collect::<Result<Vec<_>, _>>()?.into(),
    })
}

fn matcher(def: &RuleDef) -> Result<Matcher, String> {
    match (&def.pattern, def.within, def.assignment) {
        (None, None, true) => Ok(Matcher::Assignment),
        (Some(pattern), None, false) => Ok(Matcher::Around { pattern: own(pattern) }),
        (Some(pattern), Some(within), false) if within <= 1024 => Ok(Matcher::After { pattern: own(pattern), within }),
        (Some(_), Some(_), false) => Err("within is at most 1024 bytes".into()),
        (None, _, false) => Err("needs a pattern (or assignment = true)".into()),
        _ => Err("assignment = true goes without pattern and within".into()),
    }
}

fn check_use(def: &CheckDef) -> Result<CheckUse, String> {
    Ok(CheckUse { check: Check::parse(&def.is)?, on_fail: def.on_fail })
}

/// What follows from a rule's expression.
struct Shape {
    keywords: Vec<Keyword>,
    prefix: String,
    reach: Reach,
}

impl Shape {
    fn of(matcher: &Matcher, def: &RuleDef) -> Result<Self, String> {
        if def.keywords.is_empty() {
            return Err("needs at least one keyword".into());
        }
        if let Some(short) = def.keywords.iter().find(|k| k.len() < MIN_KEYWORD) {
            return Err(format!("keyword '{short}' is shorter than {MIN_KEYWORD} bytes and would stand everywhere"));
        }
        match matcher {
            Matcher::Assignment => Ok(Self {
                keywords: def.keywords.iter().map(|k| keyword(k, def.case, (0, 0))).collect(),
                prefix: String::new(),
                reach: Reach { before: CONTEXT, after: ASSIGNMENT + CONTEXT },
            }),
            Matcher::After { pattern, within } => {
                let hir = bounded(pattern)?;
                let longest = longest(&hir)?;
                Ok(Self {
                    keywords: def.keywords.iter().map(|k| keyword(k, def.case, (0, 0))).collect(),
                    prefix: secret_prefix(&hir),
                    reach: Reach { before: CONTEXT, after: within + longest + CONTEXT },
                })
            }
            Matcher::Around { pattern } => Self::around(&bounded(pattern)?, def),
        }
    }

    fn around(hir: &Hir, def: &RuleDef) -> Result<Self, String> {
        let longest = longest(hir)?;
        let words: Vec<Vec<u8>> = def.keywords.iter().map(|word| fold(word.as_bytes(), def.case)).collect();
        let places = Walk { keywords: &words, case: def.case }.places(hir);
        if !places.required {
            return Err(format!(
                "a match need not contain any of its keywords {:?}; every match must contain one",
                def.keywords
            ));
        }
        let keywords: Vec<Keyword> = def
            .keywords
            .iter()
            .zip(&places.offsets)
            .map(|(word, offset)| keyword(word, def.case, offset.unwrap_or((0, longest))))
            .collect();
        let before = keywords.iter().map(|k| k.offset.1).max().unwrap_or(0);
        Ok(Self {
            keywords,
            prefix: secret_prefix(hir),
            reach: Reach { before: before + CONTEXT, after: longest + CONTEXT },
        })
    }
}

fn keyword(text: &str, case: Case, offset: (u32, u32)) -> Keyword {
    let text = match case {
        Case::Exact => text.to_owned(),
        Case::Any => text.to_ascii_lowercase(),
    };
    Keyword { text: Str::Owned(text), case, offset }
}

fn fold(text: &[u8], case: Case) -> Vec<u8> {
    match case {
        Case::Exact => text.to_vec(),
        Case::Any => text.to_ascii_lowercase(),
    }
}

/// Parses an expression over bytes and demands an upper bound.
fn bounded(pattern: &str) -> Result<Hir, String> {
    let hir = parse(pattern)?;
    if hir.properties().maximum_len().is_none() {
        return Err(format!("pattern '{pattern}' has no upper bound; give every repetition one, such as {{0,64}}"));
    }
    if hir.properties().minimum_len().unwrap_or(0) == 0 {
        return Err(format!("pattern '{pattern}' matches the empty string"));
    }
    Ok(hir)
}

fn parse(pattern: &str) -> Result<Hir, String> {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build()
        .parse(pattern)
        .map_err(|e| format!("pattern does not parse: {e}"))
}

fn longest(hir: &Hir) -> Result<u32, String> {
    let length = hir.properties().maximum_len().and_then(|n| u32::try_from(n).ok()).unwrap_or(u32::MAX);
    if length > MAX_MATCH {
        return Err(format!("a match may span {length} bytes; the most is {MAX_MATCH}"));
    }
    Ok(length)
}

/// Where the keywords stand in the matches of an expression, as far as its finite parts show.
#[derive(Debug, Clone)]
struct Places {
    /// For each keyword, fewest and most bytes before it.
    offsets: Vec<Option<(u32, u32)>>,
    /// Whether every match holds one of them.
    required: bool,
}

/// Walks an expression piece by piece, spelling out what each run of finite pieces can match.
struct Walk<'w> {
    keywords: &'w [Vec<u8>],
    case: Case,
}

/// A run of finite pieces: where it starts, and all it can match.
#[derive(Clone)]
struct Run {
    start: (u32, u32),
    texts: BTreeSet<Vec<u8>>,
}

impl Run {
    fn at(start: (u32, u32)) -> Self {
        Self { start, texts: BTreeSet::from([Vec::new()]) }
    }
}

impl Walk<'_> {
    fn places(&self, hir: &Hir) -> Places {
        let mut places = Places { offsets: vec![None; self.keywords.len()], required: false };
        self.pieces(&sequence(hir), (0, 0), Run::at((0, 0)), &mut places);
        places
    }

    /// Notes in `places` what the pieces show; `run` is what stands right before them.
    fn pieces(&self, pieces: &[&Hir], mut offset: (u32, u32), mut run: Run, places: &mut Places) {
        for piece in pieces {
            let (least, most) = lengths(piece).unwrap_or((0, MAX_MATCH));
            let next = (offset.0 + least, offset.1 + most);
            match finite(piece, self.case) {
                Some(more) => {
                    run = match product(&run.texts, &more) {
                        Some(texts) => Run { texts, ..run },
                        None => Run { start: offset, texts: more },
                    };
                    if self.note(&run, places) {
                        run = Run::at(next);
                    }
                }
                None => {
                    self.endless(piece, offset, run, places);
                    run = Run::at(next);
                }
            }
            offset = next;
        }
    }

    /// A piece with too many texts: its branches continue the run, what it repeats starts anew.
    fn endless(&self, piece: &Hir, offset: (u32, u32), run: Run, places: &mut Places) {
        match piece.kind() {
            HirKind::Alternation(branches) => {
                let mut all = true;
                for branch in branches {
                    let mut inner = Places { required: false, ..places.clone() };
                    self.pieces(&sequence(branch), offset, run.clone(), &mut inner);
                    all &= inner.required;
                    places.offsets = inner.offsets;
                }
                places.required |= all;
            }
            HirKind::Repetition(repetition) => {
                let mut inner = Places { required: false, ..places.clone() };
                self.pieces(&sequence(&repetition.sub), offset, Run::at(offset), &mut inner);
                let most = offset.1 + lengths(piece).map_or(MAX_MATCH, |(_, most)| most);
                for (at, found) in inner.offsets.iter().enumerate() {
                    if *found != places.offsets[at] {
                        places.offsets[at] = found.map(|(least, _)| (least, most));
                    }
                }
                places.required |= repetition.min > 0 && inner.required;
            }
            _ => {}
        }
    }

    /// Notes the keywords of a run; says whether all its texts hold one.
    fn note(&self, run: &Run, places: &mut Places) -> bool {
        for (word, offset) in self.keywords.iter().zip(&mut places.offsets) {
            for at in run.texts.iter().filter_map(|text| find(text, word)) {
                let at = u32::try_from(at).unwrap_or(MAX_MATCH);
                let here = (run.start.0 + at, run.start.1 + at);
                *offset = Some(offset.map_or(here, |o| (o.0.min(here.0), o.1.max(here.1))));
            }
        }
        let all = run.texts.iter().all(|text| self.keywords.iter().any(|word| find(text, word).is_some()));
        places.required |= all;
        all
    }
}

/// All texts an expression can match, if they are few.
fn finite(hir: &Hir, case: Case) -> Option<BTreeSet<Vec<u8>>> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(BTreeSet::from([Vec::new()])),
        HirKind::Literal(text) => Some(BTreeSet::from([fold(&text.0, case)])),
        HirKind::Class(class) => class_bytes(class).map(|bytes| bytes.iter().map(|b| fold(&[*b], case)).collect()),
        HirKind::Capture(capture) => finite(&capture.sub, case),
        HirKind::Alternation(branches) => {
            let all: Option<Vec<_>> = branches.iter().map(|branch| finite(branch, case)).collect();
            all.map(|sets| sets.into_iter().flatten().collect()).filter(|set: &BTreeSet<_>| set.len() <= MAX_TEXTS)
        }
        HirKind::Concat(pieces) => pieces.iter().try_fold(BTreeSet::from([Vec::new()]), |texts, piece| {
            finite(piece, case).and_then(|more| product(&texts, &more))
        }),
        HirKind::Repetition(repetition) if repetition.max.is_some_and(|max| max <= 2) => {
            let one = finite(&repetition.sub, case)?;
            let mut texts = BTreeSet::from([Vec::new()]);
            let mut out = if repetition.min == 0 { texts.clone() } else { BTreeSet::new() };
            for count in 1..=repetition.max? {
                texts = product(&texts, &one)?;
                if count >= repetition.min {
                    out.extend(texts.iter().cloned());
                }
            }
            Some(out)
        }
        HirKind::Repetition(_) => None,
    }
}

fn product(left: &BTreeSet<Vec<u8>>, right: &BTreeSet<Vec<u8>>) -> Option<BTreeSet<Vec<u8>>> {
    (left.len() * right.len() <= MAX_TEXTS)
        .then(|| left.iter().flat_map(|l| right.iter().map(move |r| [l.as_slice(), r.as_slice()].concat())).collect())
}

/// The literal the secret itself starts with.
fn secret_prefix(hir: &Hir) -> String {
    let secret = find_capture(hir, "secret").unwrap_or(hir);
    let mut prefix = Vec::new();
    for piece in sequence(secret) {
        match literal(piece) {
            Some(bytes) => prefix.extend_from_slice(&bytes),
            None => break,
        }
    }
    String::from_utf8(prefix).unwrap_or_default()
}

fn find_capture<'h>(hir: &'h Hir, name: &str) -> Option<&'h Hir> {
    match hir.kind() {
        HirKind::Capture(c) if c.name.as_deref() == Some(name) => Some(&c.sub),
        HirKind::Capture(c) => find_capture(&c.sub, name),
        HirKind::Concat(list) | HirKind::Alternation(list) => list.iter().find_map(|h| find_capture(h, name)),
        HirKind::Repetition(r) => find_capture(&r.sub, name),
        _ => None,
    }
}

/// The pieces of a concatenation, captures opened.
fn sequence(hir: &Hir) -> Vec<&Hir> {
    match hir.kind() {
        HirKind::Concat(pieces) => pieces.iter().flat_map(sequence).collect(),
        HirKind::Capture(capture) => sequence(&capture.sub),
        _ => vec![hir],
    }
}

/// The text of a piece that can match only one.
fn literal(hir: &Hir) -> Option<Vec<u8>> {
    finite(hir, Case::Exact).filter(|texts| texts.len() == 1).and_then(|texts| texts.into_iter().next())
}

/// The members of a small class.
fn class_bytes(class: &regex_syntax::hir::Class) -> Option<Vec<u8>> {
    const MOST: usize = 16;
    let members: Vec<u8> = match class {
        regex_syntax::hir::Class::Bytes(class) => {
            class.ranges().iter().flat_map(|r| r.start()..=r.end()).take(MOST + 1).collect()
        }
        regex_syntax::hir::Class::Unicode(class) => {
            let members = class.ranges().iter().flat_map(|r| r.start()..=r.end()).take(MOST + 1);
            members.map(u8::try_from).collect::<Result<_, _>>().ok()?
        }
    };
    (members.len() <= MOST).then_some(members)
}

fn lengths(hir: &Hir) -> Option<(u32, u32)> {
    let least = u32::try_from(hir.properties().minimum_len()?).ok()?;
    let most = u32::try_from(hir.properties().maximum_len()?).ok()?;
    Some((least, most))
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len().max(1)).position(|window| window == needle)
}

/// One remediation: texts present, placeholders known, links well-formed.
fn remediation(def: &RemediationDef, fields: &BTreeSet<String>) -> Result<Remediation, String> {
    kebab(&def.id)?;
    for (key, text) in
        [("impact", &def.impact), ("verify", &def.verify), ("audit", &def.audit), ("prevent", &def.prevent)]
    {
        nonempty(key, text)?;
        known_placeholders(text, fields)?;
    }
    if def.revoke.is_empty() || def.rotate.is_empty() {
        return Err("needs at least one step each under revoke and rotate".into());
    }
    Ok(Remediation {
        id: own(&def.id),
        impact: own(&def.impact),
        revoke: steps(&def.revoke, fields)?,
        rotate: steps(&def.rotate, fields)?,
        verify: own(&def.verify),
        audit: own(&def.audit),
        prevent: own(&def.prevent),
        caution: own(&def.caution),
        docs: own(https(&def.docs)?),
    })
}

fn steps(defs: &[StepDef], fields: &BTreeSet<String>) -> Result<List<Step>, String> {
    let mut out = Vec::with_capacity(defs.len());
    for def in defs {
        nonempty("do", &def.action)?;
        known_placeholders(&def.action, fields)?;
        known_placeholders(&def.run, fields)?;
        out.push(Step { action: own(&def.action), run: own(&def.run) });
    }
    Ok(List::Owned(out))
}

fn known_placeholders(text: &str, fields: &BTreeSet<String>) -> Result<(), String> {
    match placeholders(text).into_iter().find(|name| !fields.contains(*name)) {
        Some(unknown) => Err(format!("placeholder {{{unknown}}} is no [[field]]")),
        None => Ok(()),
    }
}

/// The names of `{lower_snake}` placeholders in a text, in order; other braces are literal.
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

/// One field: its names become an expression that reads an assignment.
fn field(def: &FieldDef) -> Result<Field, String> {
    if !is_snake(&def.name) {
        return Err("name is lower_snake".into());
    }
    nonempty("hint", &def.hint)?;
    if def.names.is_empty() != def.value.is_empty() {
        return Err("names and value go together".into());
    }
    let mut patterns: Vec<Str> = Vec::new();
    if !def.names.is_empty() {
        patterns.push(Str::Owned(assignment_pattern(&def.names, &def.value)));
        patterns.push(Str::Owned(option_pattern(&def.names, &def.value)));
        patterns.push(Str::Owned(pair_pattern(&def.names, &def.value)));
    }
    patterns.extend(def.patterns.iter().map(|p| own(p)));
    for pattern in &patterns {
        let hir = bounded(pattern)?;
        if find_capture(&hir, "value").is_none() {
            return Err(format!("pattern '{pattern}' has no group named value"));
        }
    }
    Ok(Field { name: own(&def.name), hint: own(&def.hint), patterns: List::Owned(patterns) })
}

/// `name = value`, `"name": "value"`, `| name | value |`, `<name>value` and the like, a type in between or not.
/// Separators inside names are free.
fn assignment_pattern(names: &[String], value: &str) -> String {
    let names = alternatives(names);
    format!(
        r#"(?i:(?:{names}))(?-i:["'`\\*)\]]{{0,4}}[\t ]{{0,24}}(?::[\t ]{{0,2}}[&A-Za-z' ]{{1,24}})?(?:=>|:=|[:=,|(>])[\t \r\n]{{0,24}}["'`\\*({{\[]{{0,4}}(?P<value>{value}))"#
    )
}

/// The value of a name that stands under a key of its own: `- name: X` and `value: Y`, `"X": {"value": "Y"}`,
/// `key="X" value="Y"`.
fn pair_pattern(names: &[String], value: &str) -> String {
    let names = alternatives(names);
    format!(
        r#"(?i:(?:{names}))(?-i:["'`]{{0,1}}[\s,:{{]{{1,48}}["']{{0,1}}(?i:value|default)["']{{0,1}}[\t ]{{0,4}}[:=][\t ]{{0,4}}["']{{0,1}}(?P<value>{value}))"#
    )
}

/// `--name value`, `ENV name value`: only there a blank alone sets a value apart.
fn option_pattern(names: &[String], value: &str) -> String {
    let names = alternatives(names);
    format!(r#"(?i:(?:--?|(?:env|arg|setenv)[\t ]{{1,8}})(?:{names}))(?-i:[\t ]{{1,8}}["']?(?P<value>{value}))"#)
}

fn alternatives(names: &[String]) -> String {
    let one = |name: &String| {
        let letters = name.chars().filter(|c| !matches!(c, '_' | '-' | '.' | ' '));
        letters.map(|c| regex_syntax::escape(&c.to_string())).collect::<Vec<_>>().join("[_. -]?")
    };
    names.iter().map(one).collect::<Vec<_>>().join("|")
}

fn own(text: &str) -> Str {
    Str::Owned(text.to_owned())
}

fn nonempty(key: &str, text: &str) -> Result<(), String> {
    if text.trim().is_empty() { Err(format!("{key} is empty")) } else { Ok(()) }
}

fn kebab(id: &str) -> Result<(), String> {
    let fine = !id.is_empty()
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !id.starts_with('-')
        && !id.ends_with('-');
    if fine { Ok(()) } else { Err(format!("id '{id}' is not kebab-case (a-z, 0-9 and -)")) }
}

fn https(url: &str) -> Result<&str, String> {
    let fine =
        url.strip_prefix("https://").is_some_and(|rest| rest.contains('.') && !rest.contains(char::is_whitespace));
    if fine { Ok(url) } else { Err(format!("'{url}' is not an https link")) }
}

fn digest(hex: &str) -> Result<[u8; 32], String> {
    let wrong = || format!("placeholder '{hex}' is not a SHA-256 in lower-case hex");
    if hex.len() != 64 {
        return Err(wrong());
    }
    let mut out = [0; 32];
    for (byte, pair) in out.iter_mut().zip(hex.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
    }
    Ok(out)
}
