//! Tests of `fleet merge`: reports of real repositories, and damaged, hostile and truncated ones, are merged into one
//! inventory.

use serde_json::{Value, json};

use crate::support::{Chance, ENTRA, GITHUB, Repo, Run, Secret};

/// A folder for repositories and reports.
struct Fleet(Repo);

impl Fleet {
    fn new() -> Self {
        Self(Repo::folder())
    }

    /// Makes a repository with these files, one commit each, and sweeps it under that name.
    fn repository(&self, name: &str, files: &[(&str, String)]) {
        self.repository_with(name, files, &[]);
    }

    fn repository_with(&self, name: &str, files: &[(&str, String)], options: &[&str]) {
        let folder = name.replace('/', "-");
        self.0.git(&["init", "--quiet", &folder]);
        self.0.write(format!("{folder}/README.md"), format!("{name}\n"));
        self.commit(&folder, "start");
        for (path, text) in files {
            self.0.write(format!("{folder}/{path}"), text);
            self.commit(&folder, path);
        }
        self.sweep(name, options);
    }

    fn commit(&self, folder: &str, message: &str) {
        self.0.git(&["-C", folder, "add", "--all"]);
        self.0.git(&["-C", folder, "commit", "--quiet", "-m", message]);
    }

    fn sweep(&self, name: &str, options: &[&str]) {
        let folder = name.replace('/', "-");
        let (url, report) = (format!("https://{name}.git"), format!("reports/{folder}.jsonl"));
        self.0.write("reports/.keep", "");
        let args = ["history", &folder, "--format", "jsonl", "--output", &report, "--repo-name", &url];
        self.0.keysweep(&[&args[..], options].concat());
    }

    fn merge(&self, args: &[&str]) -> Run {
        self.0.keysweep(&[&["fleet", "merge", "reports"], args].concat())
    }

    fn inventory(&self, args: &[&str]) -> Run {
        self.merge(&[args, &["--format", "jsonl"]].concat())
    }
}

fn of_rule(run: &Run, rule: &str) -> Value {
    let rows: Vec<Value> = run
        .records_of("secret")
        .into_iter()
        .filter(|row| row["rule"].as_str().is_some_and(|id| id.starts_with(rule)))
        .collect();
    assert_eq!(rows.len(), 1, "{rule}: {run}");
    rows[0].clone()
}

fn names(row: &Value) -> Vec<String> {
    let all = row["holdings"].as_array().cloned().unwrap_or_default();
    all.iter().map(|one| one["repository"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn one_secret_in_many_repositories_is_one_row() {
    let fleet = Fleet::new();
    let (shared, alone) = (Secret::entra(4200), Secret::github(4201));
    fleet.repository("github.com/acme/shop", &[("config.env", shared.line())]);
    fleet.repository(
        "github.com/acme/api",
        &[("a.env", shared.line()), ("b.env", alone.line()), ("b.env", "\n".into())],
    );
    fleet.repository("github.com/jdoe/notes", &[("notes.md", shared.line())]);
    fleet.repository("github.com/acme/clean", &[]);
    let owners = "url,owner,account,visibility\ngithub.com/acme/*,platform,own,private\n\
                  github.com/acme/shop,shop\ngithub.com/jdoe/*,,personal,public\n";
    fleet.0.write("owners.csv", owners);
    let run = fleet.inventory(&["--owners", "owners.csv"]).expect_code(1);
    let row = of_rule(&run, ENTRA);
    assert_eq!(names(&row), ["github.com/acme/api", "github.com/acme/shop", "github.com/jdoe/notes"]);
    let of = |at: usize, field: &str| row["holdings"][at][field].clone();
    assert_eq!([of(0, "owner"), of(1, "owner"), of(2, "owner")], [json!("platform"), json!("shop"), Value::Null]);
    assert_eq!([of(0, "account"), of(2, "account")], [json!("own"), json!("personal")]);
    assert_eq!([of(0, "visibility"), of(1, "visibility")], [json!("private"), json!("private")]);
    assert_eq!(of(1, "default_branch"), "main");
    assert_eq!(of(1, "places")[0]["path"], "config.env");
    assert_eq!(row["repositories"], 3);
    // All were written in the same second, so the first repository by name whose account is `own` counts.
    assert_eq!(row["first"]["repository"], "github.com/acme/api", "{row}");
    assert_eq!(row["first"]["author"], "Test User <test@example.com>", "{row}");
    let deleted = of_rule(&run, GITHUB);
    assert_eq!(deleted["holdings"][0]["default_branch"], Value::Null, "{deleted}");
    let summary = run.records_of("summary").remove(0);
    assert_eq!(summary["verdict"], "findings");
    for (field, count) in [("repositories", 4), ("unread", 0), ("open", 2), ("outside", 1), ("in_default_branch", 1)] {
        assert_eq!(summary[field], count, "{field}: {summary}");
    }
    assert_eq!(run.records_of("repository").len(), 4);
    let marked = fleet.inventory(&["--foreign", "https://github.com/acme/api"]).expect_code(1);
    assert_eq!(of_rule(&marked, ENTRA)["holdings"][0]["account"], "foreign");
}

#[test]
fn unread_repositories_come_first_and_make_the_verdict_unknown() {
    let fleet = Fleet::new();
    fleet.repository("github.com/acme/good", &[("config.env", Secret::entra(4210).line())]);
    fleet.repository("github.com/acme/cut", &[("config.env", Secret::github(4211).line())]);
    fleet.inventory(&[]).expect_code(1);
    let report = fleet.0.read("reports/github.com-acme-cut.jsonl");
    let without_summary: String =
        report.lines().filter(|line| !line.contains("\"summary\"")).collect::<Vec<_>>().join("\n");
    for damaged in [without_summary.as_str(), &report[..report.len() / 2], "", "no report\n", "{\"type\":\"else\"}\n"] {
        fleet.0.write("reports/github.com-acme-cut.jsonl", damaged);
        let run = fleet.inventory(&[]).expect_code(2);
        let first = run.records_of("repository").remove(0);
        assert_eq!(first["is_read"], false, "{damaged}: {run}");
        assert!(first["name"].as_str().is_some_and(|name| name.contains("cut")), "{run}");
        assert_eq!(run.records_of("summary")[0]["verdict"], "unknown");
        // The findings of the other reports are still listed.
        of_rule(&run, ENTRA);
    }
    // The findings of a truncated report are valid.
    fleet.0.write("reports/github.com-acme-cut.jsonl", &without_summary);
    of_rule(&fleet.inventory(&[]), GITHUB);
    fleet.0.write("list.txt", "https://github.com/acme/good\nhttps://me:word@github.com/acme/never.git\n");
    let run = fleet.inventory(&["--list", "list.txt"]).expect_code(2);
    assert_eq!(run.records_of("repository")[1]["name"], "github.com/acme/never", "{run}");
    assert!(!run.text().contains("word@"), "{run}");
    let human = fleet.merge(&["--list", "list.txt"]).expect_code(2);
    let text = human.out();
    let at = |words: &str| text.find(words).unwrap_or(usize::MAX);
    assert!(text.starts_with("unknown: 2 of 3 repositories"), "{human}");
    assert!(at("github.com/acme/never") < at("Entra"), "{human}");
    fleet.0.keysweep(&["fleet", "merge", "list.txt"]).expect_code(2);
    fleet.0.write("empty/.keep", "");
    fleet.0.keysweep(&["fleet", "merge", "empty"]).expect_code(2).expect_mention("no report");
}

#[test]
fn a_gap_in_one_repository_prevents_a_clean_verdict() {
    let fleet = Fleet::new();
    fleet.repository("github.com/acme/clean", &[]);
    fleet.inventory(&[]).expect_code(0);
    fleet.repository("github.com/acme/broken", &[("a.txt", "some text\n".into())]);
    fleet.inventory(&[]).expect_code(0);
    fleet.0.sh(
        "rm -rf github.com-acme-broken/.git/objects/$(git -C github.com-acme-broken rev-parse HEAD:a.txt | cut -c1-2)",
    );
    fleet.sweep("github.com/acme/broken", &[]);
    let run = fleet.inventory(&[]).expect_code(2);
    assert_eq!(run.records_of("repository")[0]["name"], "github.com/acme/broken", "{run}");
}

#[test]
fn reports_with_values_are_refused_and_none_reaches_an_output() {
    let fleet = Fleet::new();
    let secret = Secret::entra(4220);
    fleet.repository_with("github.com/acme/shop", &[("config.env", secret.line())], &["--show-secrets"]);
    for format in ["human", "html", "markdown", "csv", "jsonl"] {
        let run = fleet.merge(&["--format", format]).expect_code(2).expect_mention("shows values");
        run.expect_withheld(&secret.value);
        assert!(!run.text().contains(ENTRA), "{run}");
    }
}

#[test]
fn a_hostile_report_reaches_no_output_raw() {
    let fleet = Fleet::new();
    let token = Secret::github(4230);
    fleet.repository("github.com/acme/shop", &[("config.env", Secret::entra(4231).line())]);
    let report = fleet.0.read("reports/github.com-acme-shop.jsonl");
    let hostile = format!("\\u001b[31m<script>alert(1)</script>|`@all {}", token.value);
    let hostile = report.replace("config.env", &hostile).replace("Test User", &hostile);
    fleet.0.write("reports/github.com-acme-shop.jsonl", hostile);
    for format in ["human", "html", "markdown", "csv", "jsonl"] {
        let run = fleet.merge(&["--format", format]).expect_code(1);
        run.expect_withheld(&token.value);
        assert!(!run.text().contains('\u{1b}'), "{run}");
        assert!(format != "html" || !run.out().contains("<script>alert"), "{run}");
    }
}

#[test]
fn changes_since_the_last_inventory_ignore_unread_repositories() {
    let fleet = Fleet::new();
    let (stays, moves, goes) = (Secret::entra(4240), Secret::github(4241), Secret::entra(4242));
    let line = |secret: &Secret| secret.line();
    fleet.repository("github.com/acme/one", &[("stays.env", line(&stays)), ("moves.env", line(&moves))]);
    fleet.repository("github.com/acme/two", &[("goes.env", line(&goes))]);
    let id = |run: &Run, path: &str| {
        let rows = run.records_of("secret");
        let row = rows.iter().find(|row| row["holdings"][0]["places"][0]["path"] == path);
        row.map(|row| row["id"].as_str().unwrap_or_default().to_owned()).unwrap_or_default()
    };
    let first = fleet.inventory(&["--output", "last.jsonl"]).expect_code(1);
    assert_eq!(first.out(), "");
    let first = fleet.inventory(&[]);
    let (stays, moves, goes) = (id(&first, "stays.env"), id(&first, "moves.env"), id(&first, "goes.env"));
    let change = |run: &Run, id: &str| {
        let row = run.records_of("secret").into_iter().find(|row| row["id"] == id).unwrap_or_default();
        (row["state"].clone(), row["change"].clone())
    };
    let now = fleet.inventory(&["--since", "last.jsonl"]).expect_code(1);
    for id in [&stays, &moves, &goes] {
        assert_eq!(change(&now, id), (json!("open"), json!("same")), "{now}");
    }
    // Adds a repository, replaces one by a clean one, and marks one as public.
    fleet.repository(
        "github.com/acme/three",
        &[("copy.env", Secret::github(4241).line()), ("new.env", Secret::github(4243).line())],
    );
    fleet.0.sh("rm -rf github.com-acme-two");
    fleet.repository("github.com/acme/two", &[]);
    fleet.0.write("owners.csv", "github.com/acme/one,,,public\n");
    fleet.0.git(&["-C", "github.com-acme-one", "update-ref", "refs/remotes/origin/main", "HEAD"]);
    fleet.sweep("github.com/acme/one", &[]);
    let now = fleet.inventory(&["--since", "last.jsonl"]).expect_code(1);
    assert_eq!(change(&now, &stays), (json!("open"), json!("same")), "{now}");
    assert_eq!(change(&now, &moves), (json!("open"), json!("moved")), "{now}");
    assert_eq!(change(&now, &goes), (json!("gone"), json!("gone")), "{now}");
    assert_eq!(change(&now, &id(&now, "new.env")), (json!("open"), json!("new")), "{now}");
    let public = fleet.inventory(&["--since", "last.jsonl", "--owners", "owners.csv"]).expect_code(1);
    assert_eq!(change(&public, &stays), (json!("open"), json!("newly-public")), "{public}");
    // The same public secret is still counted if its repository is not read again.
    let count = |run: &Run| run.records_of("summary")[0]["public"].clone();
    fleet.inventory(&["--since", "last.jsonl", "--owners", "owners.csv", "--output", "public.jsonl"]).expect_code(1);
    let report = fleet.0.read("reports/github.com-acme-one.jsonl");
    fleet.0.write("reports/github.com-acme-one.jsonl", "");
    let unread = fleet.inventory(&["--since", "public.jsonl", "--owners", "owners.csv"]).expect_code(2);
    assert_eq!(change(&unread, &stays).0, json!("not-read"), "{unread}");
    assert_eq!(count(&unread), 1, "{unread}");
    fleet.0.write("reports/github.com-acme-one.jsonl", report);
    fleet.0.remove("reports/github.com-acme-two.jsonl");
    let now = fleet.inventory(&["--since", "last.jsonl"]).expect_code(2);
    assert_eq!(change(&now, &goes), (json!("not-read"), Value::Null), "{now}");
    assert_eq!(now.records_of("repository")[0]["name"], "github.com/acme/two");
    // A truncated inventory can't show that something wasn't there.
    let last = fleet.0.read("last.jsonl");
    fleet.0.write("cut.jsonl", &last[..last.len() - 20]);
    fleet.inventory(&["--since", "cut.jsonl"]).expect_code(2);
}

#[test]
fn the_last_of_several_sweeps_counts_in_json_and_jsonl() {
    let fleet = Fleet::new();
    fleet.repository("github.com/acme/shop", &[("config.env", Secret::entra(4250).line())]);
    let as_lines = fleet.inventory(&[]).expect_code(1).out();
    let old = fleet.0.read("reports/github.com-acme-shop.jsonl");
    let args = ["history", "github.com-acme-shop", "--repo-name", "git@github.com:acme/shop.git", "--format", "json"];
    let document = fleet.0.keysweep(&args).expect_code(1).out();
    fleet.0.remove("reports/github.com-acme-shop.jsonl");
    fleet.0.write("reports/shop.json", document);
    assert_eq!(fleet.inventory(&[]).expect_code(1).out(), as_lines);
    // The older report has another secret, which is gone by now.
    let older = old.replace("\"made_at\":\"20", "\"made_at\":\"19").replace("config.env", "older.env");
    fleet.0.write("reports/older.jsonl", older);
    assert_eq!(fleet.inventory(&[]).expect_code(1).out(), as_lines);
}

/// The contents of a made-up report about one secret.
struct Told {
    secret: usize,
    stage: &'static str,
    in_head: bool,
    day: usize,
}

/// A made-up repository.
struct MadeUp {
    name: String,
    is_personal: bool,
    is_public: bool,
    damage: Option<usize>,
    told: Vec<Told>,
}

const STAGES: [&str; 4] = ["local-only", "history-only", "unknown", "published"];

fn made_up(chance: &mut Chance, count: usize, secrets: usize, damaged: usize) -> Vec<MadeUp> {
    let mut all: Vec<MadeUp> = (0..count)
        .map(|at| {
            let is_personal = chance.one_in(10);
            let name =
                if is_personal { format!("github.com/p{at}/notes") } else { format!("github.com/acme/r{at:04}") };
            MadeUp { name, is_personal, is_public: chance.one_in(3), damage: None, told: Vec::new() }
        })
        .collect();
    for secret in 0..secrets {
        for _ in 0..*chance.pick(&[1, 1, 2, 3, 20]) {
            let one = &mut all[chance.below(count)];
            if !one.told.iter().any(|told| told.secret == secret) {
                let (stage, in_head) = (*chance.pick(&STAGES), chance.one_in(2));
                one.told.push(Told { secret, stage, in_head, day: 1 + chance.below(28) });
            }
        }
    }
    (0..damaged).for_each(|at| all[at * count / damaged].damage = Some(at % 3));
    all
}

fn report(one: &MadeUp) -> String {
    let visibility = if one.is_public { "public" } else { "private" };
    let source = json!({"type": "source", "schema": 1, "command": "history", "name": one.name, "visibility": visibility,
        "branch": "refs/heads/main", "kind": "single", "rules": "a"});
    let finding = |told: &Told| {
        json!({"type": "finding", "id": format!("secret{}", told.secret), "rule": format!("rule-{}", told.secret % 7),
            "name": "a secret", "severity": "high", "confidence": "high", "stage": told.stage, "suppression": null,
            "exposure": {"in_head": told.in_head, "first_commit": format!("c{}", told.day), "remotes": [],
                "first_seen": format!("2024-01-{:02}T12:00:00+02:00", told.day), "first_author": "Somebody"},
            "occurrences": [{"kind": "file", "path": format!("f{}.env", told.secret), "line": told.day}]})
    };
    let summary = json!({"type": "summary", "gaps": usize::from(one.damage == Some(1)), "findings": one.told.len()});
    let gap = json!({"type": "gap", "what": "an object", "why": "it is gone"});
    let mut lines = vec![source];
    lines.extend(one.told.iter().map(finding));
    lines.extend((one.damage == Some(1)).then_some(gap));
    lines.extend((one.damage != Some(0)).then_some(summary));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_inventory_of_a_large_generated_fleet_is_exact() {
    let fleet = Fleet::new();
    let all = made_up(&mut Chance(4260), 400, 90, 24);
    for (at, one) in all.iter().enumerate().filter(|(_, one)| one.damage != Some(2)) {
        fleet.0.write(format!("reports/{at}.jsonl"), report(one));
    }
    fleet.0.write("list.txt", all.iter().map(|one| format!("https://{}.git\n", one.name)).collect::<String>());
    fleet.0.write("owners.csv", "github.com/acme/*,platform\ngithub.com/p*,,personal\n");
    let run = fleet.inventory(&["--list", "list.txt", "--owners", "owners.csv"]).expect_code(2);
    let unread: Vec<bool> = run.records_of("repository").iter().map(|one| one["is_read"] == false).collect();
    assert_eq!(unread, [vec![true; 24], vec![false; 376]].concat(), "what was not read comes first");
    let rows = run.records_of("secret");
    let holders = |secret: usize| {
        let mut found: Vec<(&MadeUp, &Told)> = all
            .iter()
            .filter(|one| one.damage != Some(2))
            .flat_map(|one| one.told.iter().filter(|told| told.secret == secret).map(move |told| (one, told)))
            .collect();
        found.sort_by(|a, b| a.0.name.cmp(&b.0.name));
        found
    };
    assert_eq!(rows.len(), (0..90).filter(|secret| !holders(*secret).is_empty()).count());
    for row in &rows {
        let secret = row["id"].as_str().and_then(|id| id.strip_prefix("secret")?.parse().ok()).unwrap_or(usize::MAX);
        let holders = holders(secret);
        let rank = |told: &Told| STAGES.iter().position(|stage| *stage == told.stage);
        let furthest = holders.iter().map(|(_, told)| told).max_by_key(|told| rank(told)).map(|told| told.stage);
        let first = holders.iter().min_by_key(|(one, told)| (told.day, one.is_personal, &one.name));
        let is_public = holders.iter().any(|(one, told)| one.is_public && rank(told) >= Some(2));
        assert_eq!(row["repositories"], holders.len());
        assert_eq!(row["rule"], format!("rule-{}", secret % 7));
        assert_eq!(row["stage"], furthest.unwrap_or_default());
        assert_eq!(row["public"], is_public, "{row}");
        assert_eq!(row["first"]["repository"], first.map(|(one, _)| one.name.as_str()).unwrap_or_default(), "{row}");
        for (holding, (one, told)) in row["holdings"].as_array().into_iter().flatten().zip(holders) {
            let branch = if told.in_head { json!("main") } else { Value::Null };
            let (account, owner) = if one.is_personal { ("personal", Value::Null) } else { ("own", json!("platform")) };
            let place = json!([{"kind": "file", "path": format!("f{secret}.env"), "line": told.day}]);
            let fields = ["repository", "stage", "default_branch", "account", "owner", "places"]
                .map(|field| holding[field].clone());
            assert_eq!(fields, [json!(one.name), json!(told.stage), branch, json!(account), owner, place]);
        }
    }
}

#[test]
fn a_report_with_missing_or_extra_lines_is_rejected() {
    let fleet = Fleet::new();
    fleet.repository("github.com/acme/shop", &[("a.env", Secret::entra(4270).line())]);
    fleet.repository("github.com/acme/clean", &[]);
    let path = "reports/github.com-acme-shop.jsonl";
    let (whole, other) = (fleet.0.read(path), fleet.0.read("reports/github.com-acme-clean.jsonl"));
    let without = |kind: &str| -> String {
        let is_other = |line: &&str| !line.contains(&format!("\"type\":\"{kind}\""));
        whole.lines().filter(is_other).map(|line| format!("{line}\n")).collect()
    };
    let headless = other.lines().skip(1).collect::<String>();
    let in_other = other.lines().next().unwrap_or_default().to_owned() + "\n" + &whole;
    for damaged in
        [without("finding"), without("source"), whole.clone() + &other, other.clone() + &whole, headless, in_other]
    {
        fleet.0.write(path, &damaged);
        let run = fleet.inventory(&[]).expect_code(2);
        assert_eq!(run.records_of("summary")[0]["verdict"], "unknown", "{damaged}: {run}");
    }
    fleet.0.write(path, whole);
    fleet.inventory(&[]).expect_code(1);
    // A report in the JSON format is checked in the same way.
    let document = fleet.0.keysweep(&["history", "github.com-acme-shop", "--format", "json"]).expect_code(1).out();
    let mut document: Value = serde_json::from_str(&document).unwrap_or_default();
    document["findings"] = json!([]);
    fleet.0.write("document.json", document.to_string());
    fleet.0.keysweep(&["fleet", "merge", "document.json"]).expect_code(2).expect_mention("its summary counts 1");
}

#[test]
fn a_cell_of_any_width_is_shown() {
    let fleet = Fleet::new();
    fleet.repository("github.com/acme/shop", &[]);
    fleet.0.write("list.txt", "https://github.com/acme/never\n");
    fleet.0.write("owners.csv", format!("github.com/acme/*,{}\n", "o".repeat(70_000)));
    let run = fleet.merge(&["--list", "list.txt", "--owners", "owners.csv"]).expect_code(2);
    assert!(run.out().contains(&"o".repeat(1000)) && !run.text().contains("panicked"), "{run}");
}

#[cfg(unix)]
#[test]
fn every_file_that_looks_like_a_report_is_read_or_named() {
    let fleet = Fleet::new();
    fleet.repository("github.com/acme/clean", &[]);
    fleet.repository("github.com/acme/shop", &[("a.env", Secret::entra(4280).line())]);
    let report = "github.com-acme-shop.jsonl";
    fleet.inventory(&[]).expect_code(1);
    // The report is moved to places with links as Kubernetes makes them, to a name in capitals, and to a hidden folder.
    for (number, place) in [
        "mkdir reports/..1; mv shop reports/..1/shop.jsonl; ln -s ..1 reports/..data; ln -s ..data/shop.jsonl reports/",
        "mv shop reports/SHOP.JSONL",
        "mkdir reports/.hidden; mv shop reports/.hidden/.shop.json",
        "ln -s ../shop reports/link.jsonl",
    ]
    .into_iter()
    .enumerate()
    {
        fleet.0.sh(&format!("cp -r reports before; mv reports/{report} shop; {place}"));
        let run = fleet.inventory(&[]).expect_code(1);
        assert_eq!(run.records_of("repository").len(), 2, "{number}: {run}");
        fleet.0.sh("rm -rf reports shop; mv before reports");
    }
    fleet.0.remove(format!("reports/{report}"));
    fleet.inventory(&[]).expect_code(0);
    for place in ["mkfifo reports/x.jsonl", "ln -s nowhere reports/x.jsonl", "mkdir other; ln -s ../other reports/x"] {
        fleet.0.sh(place);
        let run = fleet.inventory(&[]).expect_code(2);
        assert!(run.records_of("repository")[0]["name"].as_str().is_some_and(|name| name.contains("/x")), "{run}");
        fleet.0.sh("rm reports/x*");
    }
    fleet.0.sh("mkfifo last.jsonl");
    fleet.inventory(&["--since", "last.jsonl"]).expect_code(2).expect_mention("a pipe");
}

/// A report of a range, or of files of a repository, is about a part of it.
#[test]
fn only_a_report_of_its_history_makes_a_repository_read() {
    let fleet = Fleet::new();
    let (name, report) = ("github.com/acme/shop", "reports/github.com-acme-shop.jsonl");
    fleet
        .repository(name, &[("a.env", Secret::entra(4390).line()), ("a.env", "\n".into()), ("b.txt", "text\n".into())]);
    fleet.0.write("list.txt", name);
    let before = fleet.inventory(&["--list", "list.txt"]).expect_code(1).out();
    fleet.0.write("before.jsonl", before);
    fleet.0.remove(report);
    let url = format!("https://{name}.git");
    for (command, why) in [("range HEAD~1..HEAD", "only ranges"), ("files .", "only parts")] {
        let options = format!("--format jsonl --repo-name {url} --output ../reports/part.jsonl");
        let program = env!("CARGO_BIN_EXE_keysweep");
        fleet.0.sh(&format!("cd github.com-acme-shop && '{program}' {command} {options}"));
        let run = fleet.inventory(&["--list", "list.txt", "--since", "before.jsonl"]).expect_code(2);
        let shop = run.records_of("repository").remove(0);
        assert_eq!((&shop["name"], &shop["is_read"]), (&json!(name), &json!(false)), "{run}");
        assert!(shop["why"].as_str().is_some_and(|told| told.contains(why)), "{shop}");
        assert_eq!(of_rule(&run, ENTRA)["state"], "not-read", "{run}");
        // Together with a sweep it does no harm.
        fleet.sweep(name, &[]);
        fleet.inventory(&["--list", "list.txt"]).expect_code(1);
        fleet.0.remove(report);
        fleet.0.remove("reports/part.jsonl");
    }
    // A folder that is no repository has nothing else.
    fleet.0.write("folder/a.txt", "text\n");
    fleet.0.keysweep(&["files", "folder", "--format", "jsonl", "--output", "reports/folder.jsonl"]).expect_code(0);
    fleet.inventory(&[]).expect_code(0);
}

/// A summary whose verdict contradicts its counts, a report behind the header of an inventory and one without a name
/// are named.
#[test]
fn contradictions_and_hidden_reports_are_named() {
    let fleet = Fleet::new();
    let path = "reports/github.com-acme-clean.jsonl";
    fleet.repository("github.com/acme/clean", &[]);
    fleet.repository("github.com/acme/shop", &[("a.env", Secret::entra(4391).line())]);
    let (clean, shop) = (fleet.0.read(path), fleet.0.read("reports/github.com-acme-shop.jsonl"));
    let inventory = fleet.inventory(&[]).expect_code(1).out();
    fleet.0.remove("reports/github.com-acme-shop.jsonl");
    for verdict in ["unknown", "findings"] {
        fleet.0.write(path, clean.replace("\"verdict\":\"clean\"", &format!("\"verdict\":\"{verdict}\"")));
        let run = fleet.inventory(&[]).expect_code(2);
        assert_eq!(run.records_of("repository")[0]["is_read"], false, "{run}");
    }
    fleet.0.write(path, &clean);
    let header = inventory.lines().next().unwrap_or_default();
    for hidden in [format!("{header}\n{shop}"), format!("{inventory}{shop}"), format!("{header}\nno report\n")] {
        fleet.0.write("reports/hidden.jsonl", hidden);
        let run = fleet.inventory(&[]).expect_code(2);
        assert!(run.text().contains("hidden.jsonl"), "{run}");
    }
    // An inventory itself is passed over.
    fleet.0.write("reports/hidden.jsonl", inventory);
    fleet.inventory(&[]).expect_code(0);
    fleet.0.write("reports/hidden.jsonl", shop.replace("\"name\":\"github.com/acme/shop\"", "\"name\":\"\""));
    let run = fleet.inventory(&[]).expect_code(1);
    let names: Vec<Value> = run.records_of("repository").iter().map(|one| one["name"].clone()).collect();
    assert!(names.iter().any(|name| name.as_str().is_some_and(|name| name.ends_with("hidden.jsonl"))), "{run}");
}

/// Times are whole seconds, so nothing tells which of two sweeps in the same second is the last.
#[test]
fn sweeps_of_the_same_second_all_count() {
    let fleet = Fleet::new();
    fleet.repository("github.com/acme/shop", &[("a.env", Secret::entra(4392).line())]);
    let report = fleet.0.read("reports/github.com-acme-shop.jsonl");
    let is_other = |line: &&str| !line.contains("\"type\":\"finding\"");
    let clean: String = report.lines().filter(is_other).map(|line| format!("{line}\n")).collect();
    let clean =
        clean.replace("\"findings\":1", "\"findings\":0").replace("\"verdict\":\"findings\"", "\"verdict\":\"clean\"");
    for name in ["a", "z"] {
        fleet.0.write(format!("reports/{name}.jsonl"), &clean);
        of_rule(&fleet.inventory(&[]).expect_code(1), ENTRA);
        fleet.0.remove(format!("reports/{name}.jsonl"));
    }
    fleet.0.remove("reports/github.com-acme-shop.jsonl");
    fleet.0.write("reports/a.jsonl", &clean);
    fleet.inventory(&[]).expect_code(0);
}

/// A report dated in the future doesn't replace other reports, since it would outlast all that are made until then.
#[test]
fn a_report_of_the_future_replaces_none_and_is_named() {
    let fleet = Fleet::new();
    fleet.repository("github.com/acme/shop", &[("app.env", Secret::entra(4190).line())]);
    fleet.repository("github.com/acme/other", &[]);
    let whole = fleet.inventory(&[]).expect_code(1);
    let text =
        fleet.0.read("reports/github.com-acme-other.jsonl").replace("github.com/acme/other", "github.com/acme/shop");
    let made_at =
        text.split("\"made_at\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned();
    for date in ["9999-12-31T23:59:59Z", "2999-01-01T00:00:00+02:00"] {
        fleet.0.write("reports/planted.jsonl", text.replace(&made_at, date));
        let inventory = fleet.inventory(&[]).expect_code(2);
        let shop = &inventory.records_of("repository")[0];
        assert_eq!(
            (&shop["name"], &shop["is_read"]),
            (&json!("github.com/acme/shop"), &json!(false)),
            "{date}: {inventory}"
        );
        assert!(shop["why"].as_str().is_some_and(|why| why.contains("refused")), "{inventory}");
        assert_eq!(inventory.records_of("secret"), whole.records_of("secret"), "{date}");
    }
}

/// A repository's owners come from its own CODEOWNERS unless the list of owners names others, and forks count as one
/// network.
#[test]
fn owners_come_from_the_repository_and_forks_are_one_network() {
    let fleet = Fleet::new();
    let (secret, other) = (Secret::entra(4196), Secret::github(4197));
    let files = [
        ("CODEOWNERS", "* @acme/wrong\n".to_owned()),
        (".github/CODEOWNERS", "* @acme/all\n/deploy/ @acme/platform\n".to_owned()),
        ("deploy/app.env", secret.line()),
    ];
    fleet.repository("github.com/acme/shop", &files);
    fleet.0.git(&["clone", "--quiet", "github.com-acme-shop", "github.com-jdoe-shop"]);
    fleet.0.write("github.com-jdoe-shop/more.env", other.line());
    fleet.commit("github.com-jdoe-shop", "more");
    fleet.sweep("github.com/jdoe/shop", &[]);
    fleet.repository("github.com/acme/other", &[("app.env", secret.line())]);
    let run = fleet.inventory(&[]).expect_code(1);
    let row = of_rule(&run, ENTRA);
    assert_eq!((&row["repositories"], &row["networks"]), (&json!(3), &json!(2)), "{row}");
    let owners: Vec<&Value> = row["holdings"].as_array().into_iter().flatten().map(|one| &one["owner"]).collect();
    assert_eq!(owners, [&Value::Null, &json!("@acme/platform"), &json!("@acme/platform")], "{row}");
    assert_eq!(of_rule(&run, GITHUB)["holdings"][0]["owner"], "@acme/all");
    let networks: Vec<Value> = run.records_of("repository").iter().map(|one| one["network"].clone()).collect();
    assert_eq!(networks, [Value::Null, json!("github.com/acme/shop"), json!("github.com/acme/shop")]);
    fleet.0.write("owners.csv", "github.com/acme/*,security\n");
    let listed = of_rule(&fleet.inventory(&["--owners", "owners.csv"]).expect_code(1), ENTRA);
    let owners: Vec<&Value> = listed["holdings"].as_array().into_iter().flatten().map(|one| &one["owner"]).collect();
    assert_eq!(owners, [&json!("security"), &json!("security"), &json!("@acme/platform")], "{listed}");
    fleet.merge(&["--format", "markdown"]).expect_code(1).expect_mention("Networks of forks");
}

/// Whoever can add a report can write anything into it, but no content causes a crash, makes a fleet look clean or
/// sends a command to a terminal.
#[test]
fn no_report_that_somebody_made_up_is_taken_for_a_clean_one() {
    let fleet = Fleet::new();
    fleet.repository("github.com/acme/shop", &[("a.env", Secret::entra(4198).line())]);
    let whole = fleet.0.read("reports/github.com-acme-shop.jsonl");
    let source = whole.lines().next().unwrap_or_default().to_owned();
    let summary = whole.lines().last().unwrap_or_default().to_owned();
    let deep = format!("{{\"type\":\"finding\",\"x\":{}", "[".repeat(300_000));
    let most = r#"{"type":"summary","gaps":18446744073709551615,"findings":18446744073709551615,"suppressed":18446744073709551615}"#;
    let twice = r#"{"type":"note","type":"summary","gaps":0,"findings":0}"#;
    for (number, text) in [
        "\0".repeat(100_000),
        whole.replace('"', "\0"),
        format!("{source}\n{deep}\n{summary}\n"),
        "[".repeat(1_000_000),
        format!("{source}\n{most}\n"),
        format!("{source}\n{twice}\n"),
        format!("{source}\n{}\n", summary.replace("\"gaps\":0", "\"gaps\":-1")),
        format!("{summary}\n{source}\n"),
        format!("{source}\n{{\"type\":\"finding\",\"x\":\"{}\"}}\n{summary}\n", "a".repeat(70 << 20)),
        whole.replace("\"schema\":1", "\"schema\":2"),
        "{\"type\":\"inventory\"".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        fleet.0.write("reports/github.com-acme-shop.jsonl", text);
        let run = fleet.inventory(&[]).expect_code(2);
        assert!(!run.text().contains("panicked"), "{number}: {run}");
        assert_eq!(run.records_of("summary")[0]["verdict"], "unknown", "{number}: {run}");
    }
    // Many repositories that claim the same first commits are still told apart.
    let claim = |name: usize, root: usize| {
        let roots = format!("\"roots\":[\"r{root}\",\"r{}\"]", 1 - root);
        let kind = "\"kind\":\"single\"";
        let source = source.replace("github.com/acme/shop", &format!("github.com/x{name}/shop"));
        let at = source.find("\"roots\":").unwrap_or_default();
        let end = source.find(kind).unwrap_or_default();
        format!("{}{roots},{}\n{{\"type\":\"summary\",\"gaps\":0,\"findings\":0}}\n", &source[..at], &source[end..])
    };
    fleet.0.write("reports/github.com-acme-shop.jsonl", &whole);
    (0..20).for_each(|at| fleet.0.write(format!("reports/x{at}.jsonl"), claim(at, at % 2)));
    let run = fleet.inventory(&[]).expect_code(1);
    assert_eq!(run.records_of("repository").len(), 21, "{run}");
}
