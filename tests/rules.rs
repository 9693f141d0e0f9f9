//! Tests the order of the entries in `rules.toml`: Generic first, then the providers from A to Z, and last what several
//! of them share.
//!
//! The file is read twice: as TOML, which says what there is and where it belongs, and as lines, which say where it is.
//! Whatever is out of place is reported together with its place.

use std::collections::{BTreeMap, BTreeSet};

use keysweep::rule::advice::placeholders;
use keysweep::rule::file::{RemediationDef, RuleFile, StepDef};

/// The provider of rules that belong to no particular provider.
const GENERIC: &str = "generic";

/// The heads of entries, in the order in which a block lists them.
const HEADS: [&str; 4] = ["[[rule]]", "[[remediation]]", "[[field]]", "[[live]]"];

/// A part of the file. The variants are in the order of the parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Block {
    Generic,
    /// The provider's name in lower case, which decides the order, and its name as written.
    Provider(String, String),
    Shared,
}

impl Block {
    fn of_provider(name: &str) -> Self {
        if name == GENERIC { Self::Generic } else { Self::Provider(name.to_lowercase(), name.to_owned()) }
    }

    /// Returns the block in which an entry belongs that these providers use.
    fn of_users(users: &BTreeSet<&str>) -> Self {
        match users.iter().next() {
            Some(only) if users.len() == 1 => Self::of_provider(only),
            _ => Self::Shared,
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Generic => "Generic",
            Self::Provider(_, name) => name,
            Self::Shared => "Shared",
        }
    }

    /// Returns the banner above the block, or above all providers with the same initial letter.
    fn banner(&self) -> String {
        let title = match self {
            Self::Provider(folded, _) => match folded.chars().next() {
                Some(letter) if letter.is_alphabetic() => letter.to_uppercase().to_string(),
                _ => "0-9".to_owned(),
            },
            other => other.name().to_owned(),
        };
        format!("# {} {title}", "=".repeat(64))
    }

    /// Returns the line with the name of the provider, if the block is that of a provider.
    fn header(&self) -> Option<String> {
        match self {
            Self::Provider(_, name) => Some(format!("# {} {name}", "-".repeat(16))),
            Self::Generic | Self::Shared => None,
        }
    }
}

/// A line whose position matters, as it should be: a banner, a header, or the head of an entry with its key.
#[derive(Debug)]
struct Line {
    label: String,
    block: Block,
}

// ---------------------------------------------------------------- the rules

#[test]
fn every_entry_is_in_order() {
    let (text, file) = rules();
    let (found, expected) = (found(&text, &file), expected(&file));
    assert!(expected.len() > 1_000, "the rules were not read: {} lines", expected.len());
    let wrong = misplaced(&found, &expected);
    assert!(wrong.is_empty(), "rules.toml is out of order in {} places:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_remediation_and_field_has_a_user() {
    let (_, file) = rules();
    let users = Users::of(&file);
    let remediations = file.remediations.iter().map(|def| ("remediation", &def.id, &users.of_remediations));
    let fields = file.fields.iter().map(|def| ("field", &def.name, &users.of_fields));
    let idle = remediations.chain(fields).filter(|(_, key, users)| !users.contains_key(key.as_str()));
    let idle: Vec<String> =
        idle.map(|(kind, key, _)| format!("no rule leads to the {kind} {key}: delete it")).collect();
    assert!(idle.is_empty(), "rules.toml:\n{}", idle.join("\n"));
}

// ---------------------------------------------------------------- what belongs where

fn rules() -> (String, RuleFile) {
    let text = include_str!("../rules.toml");
    (text.to_owned(), parsed(text))
}

fn parsed(text: &str) -> RuleFile {
    toml::from_str(text).unwrap_or_else(|why| panic!("rules.toml: {why}"))
}

/// The providers whose rules lead to each remediation and field.
#[derive(Default)]
struct Users<'f> {
    of_remediations: BTreeMap<&'f str, BTreeSet<&'f str>>,
    of_fields: BTreeMap<&'f str, BTreeSet<&'f str>>,
}

impl<'f> Users<'f> {
    fn of(file: &'f RuleFile) -> Self {
        let remediations: BTreeMap<&str, &RemediationDef> =
            file.remediations.iter().map(|def| (def.id.as_str(), def)).collect();
        let mut users = Self::default();
        for rule in &file.rules {
            let remediation = rule.remediation.as_deref().unwrap_or(&rule.id);
            users.of_remediations.entry(remediation).or_default().insert(&rule.provider);
            let identifies = Some(rule.identifies.as_str()).filter(|name| !name.is_empty());
            let named = rule.companions.iter().map(String::as_str).chain(identifies);
            let filled = remediations.get(remediation).into_iter().flat_map(|def| filled(def));
            for field in named.chain(filled) {
                users.of_fields.entry(field).or_default().insert(&rule.provider);
            }
        }
        users
    }
}

/// Returns the fields that the texts of a remediation name.
fn filled(def: &RemediationDef) -> Vec<&str> {
    let words = [&def.impact, &def.verify, &def.verify_run, &def.audit, &def.audit_run, &def.prevent, &def.caution];
    let steps = def.revoke.iter().chain(&def.rotate).chain(&def.federate);
    let texts = steps.flat_map(|StepDef { action, run }| [action, run]).chain(words);
    texts.flat_map(|text| placeholders(text)).collect()
}

/// Returns all lines whose position matters, in the order that they should have.
fn expected(file: &RuleFile) -> Vec<Line> {
    let users = Users::of(file);
    let nobody = BTreeSet::new();
    let rules = file.rules.iter().map(|def| (Block::of_provider(&def.provider), 0, &def.id));
    let remediations = file.remediations.iter().map(|def| {
        let users = users.of_remediations.get(def.id.as_str()).unwrap_or(&nobody);
        (Block::of_users(users), 1, &def.id)
    });
    let fields = file.fields.iter().map(|def| {
        let users = users.of_fields.get(def.name.as_str()).unwrap_or(&nobody);
        (Block::of_users(users), 2, &def.name)
    });
    let live = file.live.iter().map(|def| {
        let ids = if def.rules.is_empty() { std::slice::from_ref(&def.id) } else { &def.rules };
        let asked = file.rules.iter().filter(|rule| ids.contains(&rule.id)).map(|rule| rule.provider.as_str());
        (Block::of_users(&asked.collect()), 3, &def.id)
    });
    let mut entries: Vec<(Block, usize, &String)> = rules.chain(remediations).chain(fields).chain(live).collect();
    entries.sort();
    let (mut lines, mut banner, mut header) = (Vec::new(), None, None);
    for (block, head, key) in entries {
        let above = [(Some(block.banner()), &mut banner), (block.header(), &mut header)];
        for (wanted, last) in above {
            if *last != wanted {
                lines.extend(wanted.iter().map(|label| Line { label: label.clone(), block: block.clone() }));
                *last = wanted;
            }
        }
        lines.push(Line { label: format!("{} {key}", HEADS[head]), block });
    }
    lines
}

// ---------------------------------------------------------------- what is where

/// Returns all lines whose position matters, as the file has them, with their line numbers.
fn found(text: &str, file: &RuleFile) -> Vec<(usize, String)> {
    let rules: Vec<&String> = file.rules.iter().map(|def| &def.id).collect();
    let remediations: Vec<&String> = file.remediations.iter().map(|def| &def.id).collect();
    let fields: Vec<&String> = file.fields.iter().map(|def| &def.name).collect();
    let live: Vec<&String> = file.live.iter().map(|def| &def.id).collect();
    let mut keys = [rules, remediations, fields, live].map(Vec::into_iter);
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(head) = HEADS.iter().position(|head| *head == line) {
            let key = keys[head].next().unwrap_or_else(|| panic!("line {number}: '{line}' within a text"));
            lines.push((number, format!("{line} {key}")));
        } else if ["# ==", "# --"].iter().any(|rule| line.starts_with(rule)) {
            lines.push((number, line.to_owned()));
        }
    }
    for (left, head) in keys.into_iter().zip(HEADS) {
        assert_eq!(left.len(), 0, "an entry starts with a line that is '{head}' and nothing else");
    }
    lines
}

/// Returns the fewest changes that bring the lines into the expected order, as sentences.
fn misplaced(found: &[(usize, String)], expected: &[Line]) -> Vec<String> {
    let mut places: BTreeMap<&str, usize> = (0..).zip(expected).map(|(at, line)| (line.label.as_str(), at)).collect();
    // Only the first of two equal lines gets the place.
    let known: Vec<(usize, &str, Option<usize>)> =
        found.iter().map(|(number, label)| (*number, label.as_str(), places.remove(label.as_str()))).collect();
    let numbers: BTreeMap<usize, usize> =
        known.iter().filter_map(|(number, _, place)| Some(((*place)?, *number))).collect();
    let behind = |place: usize| match place.checked_sub(1).map(|before| (&expected[before].label, numbers.get(&before)))
    {
        None => "to the top".to_owned(),
        Some((label, None)) => format!("behind '{label}'"),
        Some((label, Some(number))) => format!("behind '{label}' (line {number})"),
    };
    let staying = longest_rise(&known.iter().filter_map(|(_, _, place)| *place).collect::<Vec<_>>());
    let moves = known.iter().filter_map(|(number, label, place)| match place {
        None => Some(format!("line {number}: '{label}' is the head of nothing: delete it")),
        Some(place) if staying.contains(place) => None,
        Some(place) => {
            let block = expected[*place].block.name();
            Some(format!("line {number}: '{label}' belongs to {block}: move it {}", behind(*place)))
        }
    });
    let missing = places.iter().map(|(label, place)| format!("'{label}' is missing: write it {}", behind(*place)));
    moves.chain(missing).collect()
}

/// Returns a longest increasing subsequence of numbers that are all different: the entries of a list that can stay
/// where they are when it is sorted.
fn longest_rise(numbers: &[usize]) -> BTreeSet<usize> {
    // For each number: the length of the longest subsequence that ends with it, and the index of the number before it.
    let mut ends: Vec<(usize, Option<usize>)> = Vec::with_capacity(numbers.len());
    for (at, number) in numbers.iter().enumerate() {
        let before = (0..at).rev().filter(|before| numbers[*before] < *number).max_by_key(|before| ends[*before].0);
        ends.push((before.map_or(0, |before| ends[before].0) + 1, before));
    }
    let mut next = (0..numbers.len()).max_by_key(|at| ends[*at].0);
    let mut rise = BTreeSet::new();
    while let Some(at) = next {
        rise.insert(numbers[at]);
        next = ends[at].1;
    }
    rise
}

// ---------------------------------------------------------------- the test of the test

fn rule(id: &str, provider: &str, remediation: &str, companion: &str) -> String {
    format!(
        "[[rule]]\nid = '{id}'\nname = 'x'\nprovider = '{provider}'\nseverity = 'low'\nconfidence = 'low'\nkeywords = []\n\
         remediation = '{remediation}'\ncompanions = ['{companion}']\n"
    )
}

fn remediation(id: &str, verify: &str) -> String {
    format!(
        "[[remediation]]\nid = '{id}'\nimpact = 'x'\nrevoke = []\nrotate = []\nverify = '{verify}'\naudit = 'x'\nprevent = 'x'\n"
    )
}

fn field(name: &str) -> String {
    format!("[[field]]\nname = '{name}'\nhint = 'x'\n")
}

/// Returns the parts of a file in the right order, with providers of two initial letters.
fn ordered() -> Vec<String> {
    let (banner, header) =
        (|title| format!("# {} {title}\n", "=".repeat(64)), |name| format!("# ---------------- {name}\n"));
    vec![
        banner("Generic"),
        rule("password", "generic", "password", "host"),
        remediation("password", "x"),
        banner("A"),
        header("acme"),
        rule("acme-key", "acme", "acme-key", "host"),
        remediation("acme-key", "see {acme_project}"),
        field("acme_project"),
        header("Azimuth"),
        rule("azimuth-key", "Azimuth", "common", "host"),
        banner("B"),
        header("Bolt"),
        rule("bolt-key", "Bolt", "common", "host"),
        rule("bolt-token", "Bolt", "common", "host"),
        banner("Shared"),
        remediation("common", "x"),
        field("host"),
    ]
}

fn flaws(pieces: &[String]) -> Vec<String> {
    let text = pieces.concat();
    let file = parsed(&text);
    misplaced(&found(&text, &file), &expected(&file))
}

/// The checker that these tests rely on reports everything that is out of order, with its place.
#[test]
fn an_entry_out_of_order_is_reported_with_its_position() {
    assert_eq!(flaws(&ordered()), [""; 0]);

    let mut pieces = ordered();
    let project = pieces.remove(7);
    pieces.push(project);
    let wanted =
        "line 80: '[[field]] acme_project' belongs to acme: move it behind '[[remediation]] acme-key' (line 30)";
    assert_eq!(flaws(&pieces), [wanted]);

    let mut pieces = ordered();
    pieces.swap(12, 13);
    let wanted = "line 62: '[[rule]] bolt-key' belongs to Bolt: move it behind '# ---------------- Bolt' (line 52)";
    assert_eq!(flaws(&pieces), [wanted]);
}

#[test]
fn misleading_section_headings_are_reported() {
    let mut pieces = ordered();
    pieces[8] = "# ---------------- Zenith\n".to_owned();
    let banner = pieces.remove(10);
    let wanted = [
        "line 41: '# ---------------- Zenith' is the head of nothing: delete it".to_owned(),
        "'# ---------------- Azimuth' is missing: write it behind '[[field]] acme_project' (line 38)".to_owned(),
        format!("'{}' is missing: write it behind '[[rule]] azimuth-key' (line 42)", banner.trim_end()),
    ];
    assert_eq!(flaws(&pieces), wanted);
}

#[test]
fn entries_used_by_a_second_provider_move_to_shared() {
    let mut pieces = ordered();
    pieces[13] = rule("bolt-token", "Bolt", "acme-key", "host");
    let moved: Vec<String> =
        flaws(&pieces).iter().map(|flaw| flaw.split(": move").next().unwrap_or("").to_owned()).collect();
    assert_eq!(
        moved,
        [
            "line 30: '[[remediation]] acme-key' belongs to Shared",
            "line 38: '[[field]] acme_project' belongs to Shared",
        ]
    );
}
