//! A report with an example of everything: made up in code, the same on every machine, with values generated from a
//! seed.
//!
//! It has every stage, severity, kind of content and retainer, so that a snapshot of a format shows each of its
//! sentences. Names and paths contain characters that have a meaning in one format or another.

use std::borrow::Cow;
use std::sync::Arc;

use keysweep::finding::suppression::{By, Flaw, Status};
use keysweep::finding::web::Transport;
use keysweep::finding::{
    Access, Advice, CodeOwners, Command, ContentKind, Event, Evidence, Excerpt, Exposure, Fact, Finding, Fingerprint,
    Gap, GapKind, HeldBack, Host, InTheEnd, LeftOut, Note, Occurrence, Piece, Plan, PlanStep, RefKinds, Remote, Report,
    Retainer, Retention, Scope, Secret, Show, Stage, Stats, StepKind, Subject, SubjectKind, Suppression, WebRepository,
};
use keysweep::proof::template::Generator;
use keysweep::rule::{Confidence, Severity};
use keysweep::text::Place;

use crate::support::must;

/// A name with characters that have a meaning in every format, in a terminal and in a spreadsheet.
const HOSTILE: &str = "=1,a|`b`<i a=\"x\">%0A\n::error::x [l](1) {0} @all ü:\u{202e}c\x1b[31m.env";

/// Returns the report.
pub(crate) fn report() -> Report {
    let old = [published(), is_outside_objects(), history_only(), unreachable(), leftover()];
    let findings: Vec<Finding> = old.into_iter().chain([local_only(), uncommitted()]).collect();
    Report {
        scope: Scope { command: Command::History, subject: "everything this clone stores".to_owned() },
        plans: plans(&findings),
        advice: vec![Advice { rule: "made-up-token".into(), steps: plan() }],
        before_commit: Vec::new(),
        before_push: Vec::new(),
        lists: Vec::new(),
        run_in: None,
        findings,
        suppressed: vec![allowed_by_entry(), allowed_by_baseline()],
        gaps: vec![
            gap("vendor/a.zip!b.txt", GapKind::TooLarge, "it is larger than 32 MB: --max-size reads it"),
            gap(HOSTILE, GapKind::Unreadable, "permission denied"),
        ],
        notes: vec![Note(format!("the filter of {HOSTILE} was not run")), Note("2 remotes are partial".to_owned())],
        stats: Stats {
            commits: 12,
            tags: 1,
            trees: 9,
            blobs: 34,
            bytes: 5_678,
            cached: 3,
            held_back: HeldBack { low: 2, ..HeldBack::new(Confidence::Medium, Severity::Low) },
            old: 1,
            elapsed_ms: 1_234,
            ..Stats::default()
        },
        repository: Some("made-up".into()),
        subject: Subject {
            name: Some(format!("github.com/acme/{HOSTILE}")),
            host: Some("github.com".to_owned()),
            remote: None,
            visibility: Some(Access::Internal),
            branch: Some("refs/heads/main".to_owned()),
            kind: SubjectKind::Single,
            members: Vec::new(),
        },
        roots: vec![id("0a")],
        code_owners: CodeOwners::default(),
        made_at: Some("2024-03-01T12:00:00+00:00".to_owned()),
        head: Some(id("0a")),
    }
}

/// Returns one plan for each of the findings, except that the last two share a plan because they are of one kind.
fn plans(findings: &[Finding]) -> Vec<Plan> {
    let (alone, together) = findings.split_at(findings.len() - 2);
    let lots = alone.chunks(1).chain([together]);
    let plan = |lot: &[Finding]| Plan {
        findings: lot.iter().map(|finding| finding.id.clone()).collect(),
        steps: lot[lot.len() - 1].plan.clone(),
    };
    lots.map(plan).collect()
}

/// Returns a token with check digits, generated from a seed.
fn token(seed: u64) -> Secret {
    let expanded = Generator::new(seed).expand("ghp_<base62:30><seal:crc32-base62>", None);
    Secret::new(must(expanded, "make a token"))
}

/// Returns the id of an object.
fn id(byte: &str) -> String {
    byte.repeat(20)
}

fn gap(what: &str, kind: GapKind, why: &str) -> Gap {
    Gap { what: what.into(), kind, why: why.to_owned() }
}

fn fact(field: &str, value: &str) -> Fact {
    Fact { field: field.to_owned(), value: value.to_owned() }
}

fn event(byte: &str, day: &str) -> Event {
    Event { commit: id(byte), time: time(day), author: "Eve <eve@made-up.example>".into() }
}

fn time(day: &str) -> String {
    format!("2024-02-{day}T12:00:00+00:00")
}

/// Returns a finding with nothing special about it.
fn finding(seed: u64, severity: Severity, confidence: Confidence, stage: Stage) -> Finding {
    let secret = token(seed);
    Finding {
        id: Fingerprint::new("made-up-token", &secret, true),
        rule: "made-up-token".into(),
        name: "Made-up token".into(),
        provider: "Made Up".into(),
        severity,
        confidence,
        impact: "Reads and changes every project of the account.".into(),
        preview: secret.preview("ghp_"),
        secret,
        evidence: Vec::new(),
        facts: Vec::new(),
        exposure: Exposure { stage, ..Exposure::default() },
        occurrences: vec![place(ContentKind::File, "config/made-up.env")],
        show: None,
        plan: Vec::new(),
        issued: true,
        known: false,
        suppression: None,
    }
}

fn place(kind: ContentKind, path: &str) -> Occurrence {
    Occurrence {
        kind,
        path: path.into(),
        member: "".into(),
        start: Place { line: 3, column: 7 },
        end: Place { line: 3, column: 47 },
        blob: Some(id("b1")),
        commit: None,
        author_time: None,
        held: Vec::new(),
        excerpt: None,
        comment: None,
        web: None,
        image: None,
        agent: None,
    }
}

/// Returns an excerpt of a line with two secrets, both left out, and with characters that have a meaning in every
/// format.
fn excerpt() -> Excerpt {
    let left_out = |characters, lines, encoding| LeftOut { characters, lines, encoding };
    Excerpt {
        before: vec![Piece::Text(format!("  {HOSTILE}=").into())],
        value: left_out(40, 1, None),
        after: vec![Piece::Text("; ".into()), Piece::Secret(left_out(56, 2, Some("base64"))), Piece::Cut],
    }
}

/// Returns the same occurrence in a repository on a known host, so that its commit has a page.
fn on_a_host(occurrence: Occurrence) -> Occurrence {
    let web = WebRepository::new(Transport::Https, "github.com", None, b"made-up/made-up");
    Occurrence { web: web.map(Arc::new), ..occurrence }
}

/// Returns a place that a commit introduced.
fn committed(kind: ContentKind, path: &str) -> Occurrence {
    Occurrence { commit: Some(id("c1")), author_time: Some(time("01")), ..place(kind, path) }
}

fn step(kind: StepKind, title: &str) -> PlanStep {
    PlanStep {
        kind,
        title: title.to_owned(),
        command: String::new(),
        lines: String::new(),
        missing: Vec::new(),
        link: String::new(),
    }
}

/// Returns a plan with a step of every kind.
fn plan() -> Vec<PlanStep> {
    vec![
        step(StepKind::Remove, "Take the line out of what is staged"),
        PlanStep {
            command: "made-up token delete --project <made_up_project> | cat".to_owned(),
            missing: vec![fact("made_up_project", "the id of the project: made-up project list")],
            link: "https://docs.made-up.example/tokens?a=1&b=2".to_owned(),
            ..step(StepKind::Revoke, "Delete the token in <settings>, under *API*")
        },
        step(StepKind::Rotate, "Make a new one and store it where `the service` reads it"),
        step(StepKind::Purge, "Take it out of the history"),
        step(StepKind::Verify, "A request with the old value answers 401"),
        step(StepKind::Audit, "Look into the activity log"),
        PlanStep {
            link: "javascript:alert(1)".to_owned(),
            ..step(StepKind::Prevent, "Use a short-lived token instead")
        },
    ]
}

/// Returns a published finding, with places of many kinds, one of which is a path that contains the value.
fn published() -> Finding {
    let plain = finding(1, Severity::Critical, Confidence::High, Stage::Published);
    let own_name = format!("{}.txt", String::from_utf8_lossy(plain.secret.reveal()));
    let refs: Vec<String> = (1..=7).map(|number| format!("refs/heads/topic-{number}")).collect();
    let remote = |name: &str, url: Option<&str>, host| Remote { name: name.into(), url: url.map(Into::into), host };
    Finding {
        name: Cow::Owned(format!("Token of {HOSTILE}")),
        evidence: vec![
            Evidence::Format,
            Evidence::Check("crc32-base62"),
            Evidence::Entropy { centibits: 512, floor: 430 },
            Evidence::Decoded("base64"),
            Evidence::Companions(1),
        ],
        facts: vec![fact("made_up_account", "account-1"), fact("made_up_project", HOSTILE)],
        exposure: Exposure {
            stage: Stage::Published,
            in_head: Some(true),
            ref_count: 9,
            tips: refs[..2].to_vec(),
            refs,
            commits: 2,
            first_commit: Some(id("c1")),
            first_is_root: false,
            first_seen: Some(time("01")),
            first_author: Some(format!("{HOSTILE} <ann@made-up.example>").into()),
            held_in: 3,
            last: Some(event("c3", "03")),
            removed: None,
            kinds: RefKinds { branches: 7, tags: 1, remotes: 1, stashes: 0, others: 0 },
            remotes: vec![
                remote("origin", Some("https://github.com/made-up/made-up"), Host::Public),
                remote("backup", Some("/srv/made-up.git"), Host::Private),
                remote("mirror", Some("https://git.made-up.example/a"), Host::Unknown),
                remote("gone", None, Host::Unknown),
            ],
            outside_authors: vec!["Eve <eve@elsewhere.example>".into()],
            sign: None,
            doubt: None,
            in_the_end: None,
        },
        occurrences: vec![
            Occurrence { excerpt: Some(Arc::new(excerpt())), ..on_a_host(committed(ContentKind::File, HOSTILE)) },
            on_a_host(Occurrence {
                member: "in/side.txt".into(),
                ..committed(ContentKind::ArchiveMember, "archive.zip")
            }),
            on_a_host(committed(ContentKind::Symlink, "link")),
            on_a_host(committed(ContentKind::FileName, &own_name)),
            Occurrence { excerpt: Some(Arc::new(excerpt())), ..on_a_host(committed(ContentKind::File, &own_name)) },
        ],
        show: Some(Show { place: 0, command: "git show 'c1c1c1c1c1c1:a`b <i>.env' | sed -n 3p".to_owned() }),
        plan: plan(),
        ..plain
    }
}

/// Returns a finding in files that git keeps for itself, and in no commit.
fn is_outside_objects() -> Finding {
    Finding {
        evidence: vec![Evidence::Named("remote.origin.url".to_owned())],
        occurrences: vec![
            place(ContentKind::Config, ".git/config"),
            place(ContentKind::Hook, ".git/hooks/post-commit"),
            place(ContentKind::Reflog, ".git/logs/HEAD"),
            place(ContentKind::GitFile, ".git/FETCH_HEAD"),
        ],
        plan: vec![step(StepKind::Revoke, "Delete the token")],
        ..finding(2, Severity::High, Confidence::Medium, Stage::Uncommitted)
    }
}

/// Returns a finding in messages, names and the like, removed from HEAD, with every retainer that can keep it.
fn history_only() -> Finding {
    const RETAINERS: [(Retainer, &str); 11] = [
        (Retainer::Ref, "refs/heads/old"),
        (Retainer::MoreRefs, "4"),
        (Retainer::Head, "HEAD of worktrees/side"),
        (Retainer::Index, ".git/index"),
        (Retainer::OtherIndex, "/srv/side"),
        (Retainer::File, ".git/MERGE_MSG"),
        (Retainer::Stash, "refs/stash"),
        (Retainer::Reflog, "refs/heads/main"),
        (Retainer::Leftover, ""),
        (Retainer::KeptPack, "objects/pack"),
        (Retainer::Alternate, "/srv/shared/objects"),
    ];
    let plain = finding(3, Severity::Medium, Confidence::High, Stage::HistoryOnly);
    let held = RETAINERS.iter().map(|(by, name)| Retention { by: *by, name: (*name).into() }).collect();
    let unnamed = Occurrence { commit: None, author_time: None, held, ..committed(ContentKind::File, "") };
    let member = Occurrence { member: "in/side.txt".into(), ..place(ContentKind::ArchiveMember, "") };
    Finding {
        exposure: Exposure {
            ref_count: 1,
            refs: vec!["refs/tags/v1".to_owned()],
            first_commit: Some(id("c1")),
            first_seen: Some(time("01")),
            first_author: Some("Ann <ann@made-up.example>".into()),
            held_in: 1,
            last: Some(event("c2", "02")),
            removed: Some(event("c4", "04")),
            kinds: RefKinds { tags: 1, ..RefKinds::default() },
            ..plain.exposure
        },
        occurrences: vec![
            committed(ContentKind::CommitMessage, &id("c1")),
            place(ContentKind::TagMessage, &id("d1")),
            committed(ContentKind::Note, &id("c2")),
            committed(ContentKind::Author, &id("c3")),
            place(ContentKind::RefName, "refs/tags/v1"),
            member,
            unnamed,
        ],
        plan: plan(),
        ..plain
    }
}

/// Returns a finding that nothing reaches and that is in doubt, with more places than any format for people lists.
fn unreachable() -> Finding {
    let places = (1..=12).map(|number| committed(ContentKind::File, &format!("many/{number}.txt")));
    let plain = finding(4, Severity::Low, Confidence::Low, Stage::Unreachable);
    Finding {
        evidence: vec![
            Evidence::Doubt { check: "crc32-base62", reason: "the last six characters are not the checksum" },
            Evidence::Weak("it is half of a credential"),
            Evidence::Expired("2023-12-31".to_owned()),
            Evidence::Path("the file is a test"),
        ],
        exposure: Exposure { last: Some(event("c5", "05")), ..plain.exposure },
        occurrences: places.collect(),
        plan: vec![step(StepKind::Audit, "Look into the activity log")],
        ..plain
    }
}

/// Returns a finding that was never committed: in a staged file and in the draft of a message.
fn leftover() -> Finding {
    let plain = finding(9, Severity::Low, Confidence::High, Stage::Leftover);
    let collect = PlanStep {
        command: "git gc --prune=now".to_owned(),
        ..step(StepKind::Purge, "Remove the objects of commits that were never completed")
    };
    Finding {
        occurrences: vec![place(ContentKind::File, ""), place(ContentKind::GitFile, ".git/COMMIT_EDITMSG")],
        plan: vec![collect, step(StepKind::Revoke, "Nothing has to be revoked")],
        ..plain
    }
}

/// Returns a finding that isn't pushed, with a comment that doesn't apply to it.
fn local_only() -> Finding {
    let suppression = Suppression {
        by: By::Comment { line: 2 },
        status: Status::Void(Flaw::OtherValue),
        reason: format!("sample of {HOSTILE}"),
    };
    let plain = finding(5, Severity::High, Confidence::High, Stage::LocalOnly);
    Finding {
        suppression: Some(suppression),
        occurrences: vec![committed(ContentKind::File, "src/a b.rs")],
        exposure: Exposure { in_the_end: Some(InTheEnd::Deleted), ..plain.exposure },
        ..plain
    }
}

/// Returns a finding that is about to be committed together with the entry that would allow it.
fn uncommitted() -> Finding {
    let suppression =
        Suppression { by: By::Entry { line: 9 }, status: Status::NeedsApproval, reason: "rotated".to_owned() };
    Finding { suppression: Some(suppression), ..finding(6, Severity::Medium, Confidence::Medium, Stage::Uncommitted) }
}

fn allowed_by_entry() -> Finding {
    let suppression =
        Suppression { by: By::Entry { line: 4 }, status: Status::Accepted, reason: "a sample".to_owned() };
    Finding {
        suppression: Some(suppression),
        occurrences: vec![committed(ContentKind::File, "docs/sample.md")],
        ..finding(7, Severity::High, Confidence::High, Stage::Published)
    }
}

fn allowed_by_baseline() -> Finding {
    let suppression = Suppression { by: By::Baseline, status: Status::Accepted, reason: String::new() };
    Finding {
        suppression: Some(suppression),
        known: true,
        ..finding(8, Severity::Low, Confidence::Medium, Stage::LocalOnly)
    }
}
