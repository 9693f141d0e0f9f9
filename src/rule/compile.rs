//! Compiles a rule file into rules: checks every demand that a rule must meet, and derives what follows from its
//! expression.
//!
//! This module owns the demands on a whole file and on a rule; `expression` knows the properties of an expression, and
//! `advice` compiles the rest of a file. It is used twice: by `build.rs` for the built-in rules (a bad one fails the
//! build) and at run time for a user's. It refuses expressions without an upper bound. It does not run a rule against
//! its examples: that is the job of `proof`.

use std::collections::BTreeSet;

use regex_syntax::hir::{Hir, HirKind};

use super::advice::{field, remediation};
use super::demand::{digest, file_name, https, kebab, nonempty, own};
use super::expression::{Walk, bounded, byte_sets, fold, in_line, longest, needle, secret_prefix, tail};
use super::file::{CheckDef, RuleDef, RuleFile};
use super::live::{self, Live};
use super::named;
use super::rarity::rarest;
use super::{Case, Check, CheckUse, Field, Keyword, List, MAX_BESIDE, Matcher, Reach, Remediation, Rule, Str};

/// The number of bytes around a match in which context words, placeholder marks and boundaries are read.
pub const CONTEXT: u32 = 256;
/// The most bytes from a keyword to the end of the value assigned to it.
pub const ASSIGNMENT: u32 = 1024;
/// The most bytes from a keyword to the end of the last value of a list, a table or a manifest that it heads.
pub const LISTED: u32 = 32 * 1024;
/// The most bytes before a keyword that show what its name is for, or that hold its value or the values of a manifest.
pub const ASSIGNED_BEFORE: u32 = 16 * 1024;
/// The least length of a keyword in bytes; shorter ones appear in almost every file.
const MIN_KEYWORD: usize = 3;

/// An error in one entry of a rule file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{entry}: {reason}")]
pub struct Flaw {
    /// The kind and name of the entry: `rule github-pat`, `field host`.
    pub entry: String,
    /// The error, and what would be right instead.
    pub reason: String,
}

/// The lists of a compiled file, each sorted by its key.
#[derive(Debug, Default)]
pub struct Compiled {
    /// The rules.
    pub rules: Vec<Rule>,
    /// The remediations.
    pub remediations: Vec<Remediation>,
    /// The fields.
    pub fields: Vec<Field>,
    /// The requests.
    pub live: Vec<Live>,
}

/// The entries that a file may refer to besides its own: for a user's file, the built-in ones.
#[derive(Debug, Default)]
pub struct Known {
    /// The ids of remediations.
    pub remediations: BTreeSet<String>,
    /// The names of fields.
    pub fields: BTreeSet<String>,
    /// The ids of rules.
    pub rules: BTreeSet<String>,
    /// `true` if rules may lack examples: a user's rules may, because imported ones have none.
    pub unproved: bool,
}

/// Compiles a whole file.
///
/// # Errors
/// Returns all flaws, not only the first.
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
        |def| rule(def, &known_remediations, &known_fields, known.unproved),
        &mut flaws,
    );
    let mut known_rules = known.rules.clone();
    known_rules.extend(file.rules.iter().map(|r| r.id.clone()));
    let live = collect(
        &file.live,
        |l| format!("live {}", l.id),
        |def| live::live(def, &known_rules, &known_fields),
        &mut flaws,
    );
    let mut compiled = Compiled { rules, remediations, fields, live };
    compiled.rules.sort_by(|a, b| a.id.cmp(&b.id));
    compiled.remediations.sort_by(|a, b| a.id.cmp(&b.id));
    compiled.fields.sort_by(|a, b| a.name.cmp(&b.name));
    compiled.live.sort_by(|a, b| a.id.cmp(&b.id));
    repeated("rule", compiled.rules.iter().map(|r| &r.id), &mut flaws);
    repeated("remediation", compiled.remediations.iter().map(|r| &r.id), &mut flaws);
    repeated("field", compiled.fields.iter().map(|f| &f.name), &mut flaws);
    repeated("live", compiled.live.iter().map(|l| &l.id), &mut flaws);
    let mut asked: Vec<&Str> = compiled.live.iter().flat_map(|l| l.rules.iter()).collect();
    asked.sort();
    repeated("live about the rule", asked.into_iter(), &mut flaws);
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
            flaws.push(Flaw { entry: format!("{kind} {key}"), reason: "occurs twice; ids have to be unique".into() });
        }
        last = Some(key);
    }
}

/// Compiles one rule.
fn rule(
    def: &RuleDef,
    remediations: &BTreeSet<String>,
    fields: &BTreeSet<String>,
    unproved: bool,
) -> Result<Rule, String> {
    kebab(&def.id)?;
    nonempty("name", &def.name)?;
    nonempty("provider", &def.provider)?;
    if !unproved && (def.examples.is_empty() || def.counter_examples.is_empty()) {
        return Err("needs at least one example and one counter-example".into());
    }
    let remediation = def.remediation.clone().unwrap_or_else(|| def.id.clone());
    if !remediations.contains(&remediation) {
        return Err(format!("remediation '{remediation}' does not exist; write a [[remediation]] with that id"));
    }
    if let Some(unknown) = def.companions.iter().find(|name| !fields.contains(*name)) {
        return Err(format!("companion '{unknown}' does not exist; write a [[field]] with that name"));
    }
    if !def.identifies.is_empty() && !fields.contains(&def.identifies) {
        return Err(format!("identifies '{}', which does not exist; write a [[field]] with that name", def.identifies));
    }
    let matcher = matcher(def)?;
    let checks = def.checks.iter().map(check_use).collect::<Result<Vec<_>, _>>()?;
    let is_certain = checks.iter().any(|used| used.check.is_certain());
    let shape = Shape::of(&matcher, def, is_certain)?;
    Ok(Rule {
        id: own(&def.id),
        name: own(&def.name),
        provider: own(&def.provider),
        severity: def.severity,
        confidence: def.confidence,
        keywords: List::Owned(shape.keywords),
        matcher,
        files: def.files.iter().map(|name| file_name(name)).collect::<Result<Vec<_>, _>>()?.into(),
        place: def.place,
        settles: def.settles,
        boundary: def.boundary,
        checks: checks.into(),
        statistics: def.statistics,
        placeholders: def.placeholders.iter().map(|hex| digest(hex)).collect::<Result<Vec<_>, _>>()?.into(),
        companions: def.companions.iter().map(|name| own(name)).collect(),
        identifies: own(&def.identifies),
        remediation: Str::Owned(remediation),
        prefix: Str::Owned(shape.prefix),
        needle: Str::Owned(shape.needle),
        tail: Str::Owned(shape.tail),
        in_line: shape.in_line,
        unmistakable: shape.unmistakable,
        reach: shape.reach,
        references: def.references.iter().map(|url| https(url).map(own)).collect::<Result<Vec<_>, _>>()?.into(),
    })
}

fn matcher(def: &RuleDef) -> Result<Matcher, String> {
    if def.settles && !def.files.is_empty() {
        return Err("settles cannot be combined with files, because file names are checked later".into());
    }
    if def.whole {
        return match &def.pattern {
            Some(pattern) if def.within.is_none() && def.keywords.is_empty() && !def.files.is_empty() => {
                Ok(Matcher::Whole { pattern: own(pattern) })
            }
            _ => Err("whole needs pattern and files, and cannot be combined with within or keywords".into()),
        };
    }
    if let Some(value) = &def.value {
        return if def.pattern.is_some() || def.within.is_some() || def.assignment {
            Err("value cannot be combined with pattern, within or assignment".into())
        } else {
            Ok(Matcher::After { pattern: Str::Owned(named::pattern(value, def.bare)), within: named::WITHIN })
        };
    }
    if def.bare {
        return Err("bare needs value".into());
    }
    match (&def.pattern, def.within, def.assignment) {
        (None, None, true) => Ok(Matcher::Assignment),
        (Some(pattern), None, false) => Ok(Matcher::Around { pattern: own(pattern) }),
        (Some(pattern), Some(within), false) if within <= 1024 => Ok(Matcher::After { pattern: own(pattern), within }),
        (Some(_), Some(_), false) => Err("within is at most 1024 bytes".into()),
        (None, _, false) => Err("needs a pattern, a value or assignment = true".into()),
        _ => Err("assignment = true cannot be combined with pattern or within".into()),
    }
}

fn check_use(def: &CheckDef) -> Result<CheckUse, String> {
    Ok(CheckUse { check: Check::parse(&def.is)?, on_fail: def.on_fail })
}

/// The properties that follow from a rule's expression.
struct Shape {
    keywords: Vec<Keyword>,
    prefix: String,
    needle: String,
    tail: String,
    in_line: bool,
    unmistakable: bool,
    reach: Reach,
}

impl Shape {
    fn of(matcher: &Matcher, def: &RuleDef, is_certain: bool) -> Result<Self, String> {
        if def.keywords.is_empty() && !def.whole {
            return Err("needs at least one keyword".into());
        }
        if let Some(short) = def.keywords.iter().find(|k| k.len() < MIN_KEYWORD) {
            return Err(format!("keyword '{short}' is shorter than {MIN_KEYWORD} bytes and would occur everywhere"));
        }
        if let Some(broken) = def.keywords.iter().find(|k| k.contains('\n')) {
            return Err(format!("keyword {broken:?} spans several lines; give a part of it that is on one line"));
        }
        match matcher {
            Matcher::Assignment => Ok(Self {
                keywords: def.keywords.iter().map(|k| keyword(k, def.case, (0, 0))).collect(),
                prefix: String::new(),
                needle: String::new(),
                tail: String::new(),
                in_line: false,
                unmistakable: false,
                reach: Reach { before: ASSIGNED_BEFORE + CONTEXT, after: LISTED + CONTEXT },
            }),
            Matcher::Whole { pattern } => {
                let hir = bounded(pattern)?;
                Ok(Self {
                    keywords: Vec::new(),
                    prefix: secret_prefix(&hir),
                    needle: String::new(),
                    tail: String::new(),
                    in_line: true,
                    unmistakable: false,
                    reach: Reach { before: CONTEXT, after: longest(&hir)? + CONTEXT },
                })
            }
            Matcher::After { pattern, within } => {
                let hir = bounded(pattern)?;
                let longest = longest(&hir)?;
                Ok(Self {
                    keywords: def.keywords.iter().map(|k| keyword(k, def.case, (0, 0))).collect(),
                    prefix: secret_prefix(&hir),
                    needle: String::new(),
                    tail: String::new(),
                    // The secret may start on the line after that of its keyword.
                    in_line: false,
                    unmistakable: is_certain,
                    reach: Reach { before: CONTEXT, after: within + longest + CONTEXT },
                })
            }
            Matcher::Around { pattern } => Self::around(&bounded(pattern)?, def, is_certain),
        }
    }

    fn around(hir: &Hir, def: &RuleDef, is_certain: bool) -> Result<Self, String> {
        let longest = longest(hir)?;
        let unmistakable = is_certain || matches!(hir.kind(), HirKind::Literal(_));
        let words: Vec<Vec<u8>> = def.keywords.iter().map(|word| fold(word.as_bytes(), def.case)).collect();
        let places = Walk { keywords: &words, case: def.case }.places(hir);
        if !places.required {
            return Err(format!(
                "a match need not contain any of its keywords {:?}; every match must contain one",
                def.keywords
            ));
        }
        let mut keywords: Vec<Keyword> = def
            .keywords
            .iter()
            .zip(&places.offsets)
            .map(|(word, offset)| keyword(word, def.case, offset.unwrap_or((0, longest))))
            .collect();
        // The bytes after a keyword are unknown for an unmistakable secret, because a line break or the like may
        // interrupt the value there.
        keywords.iter_mut().for_each(|keyword| add_context(keyword, hir, !unmistakable));
        let before = keywords.iter().map(|k| k.offset.1).max().unwrap_or(0);
        let end = |k: &Keyword| k.offset.1.saturating_add(u32::try_from(k.text.len()).unwrap_or(u32::MAX));
        let first = keywords.iter().map(|k| k.offset.0).min().unwrap_or(0);
        let needle = needle(hir, (first, keywords.iter().map(end).max().unwrap_or(0)));
        let fixed = keywords.iter().all(|k| k.offset.0 == k.offset.1);
        // The offsets at which a search for any of the keywords looks.
        let all = keywords.iter().fold((0, u32::MAX), |all, k| (k.offset.0.max(all.0), k.offset.1.min(all.1)));
        let tail = if fixed { String::new() } else { tail(hir, &words, def.case, all) };
        Ok(Self {
            keywords,
            prefix: secret_prefix(hir),
            needle,
            tail,
            in_line: in_line(hir),
            unmistakable,
            reach: Reach { before: before + CONTEXT, after: longest + CONTEXT },
        })
    }
}

fn keyword(text: &str, case: Case, offset: (u32, u32)) -> Keyword {
    let text = match case {
        Case::Exact => text.to_owned(),
        Case::Any => text.to_ascii_lowercase(),
    };
    let probe = u32::try_from(rarest(text.as_bytes())).unwrap_or(0);
    Keyword { text: Str::Owned(text), case, probe, offset, before: List::default(), after: List::default() }
}

/// Records which bytes can come before a keyword that has the same offset in every match that holds it, and with
/// `behind` also those after it.
fn add_context(keyword: &mut Keyword, hir: &Hir, behind: bool) {
    let (least, most) = keyword.offset;
    if least != most {
        return;
    }
    let start = least as usize;
    let end = start + keyword.text.len();
    let sets = byte_sets(hir, end + MAX_BESIDE);
    keyword.before = sets.get(start.saturating_sub(MAX_BESIDE)..start).unwrap_or_default().to_vec().into();
    keyword.after = sets.get(end..).filter(|_| behind).unwrap_or_default().to_vec().into();
}
