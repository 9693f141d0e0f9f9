//! Tests of the reports to hand on, of what they say about a secret's history, and of the stored report that `explain
//! ID` reads.
//!
//! HTML is parsed by a reader that accepts only what the program may write: any other tag, attribute or unescaped
//! character is an error.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use data_encoding::BASE64;
use keysweep::proof::template::Generator;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::support::{Repo, Secret, contains, must};

const PAGES: [&str; 2] = ["markdown", "html"];
const ELEMENTS: [&str; 40] = [
    "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "div", "span", "b", "a", "code",
    "pre", "ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "details", "summary",
    "label", "input", "em", "br", "hr", "section", "h4", "caption", "script",
];
const ATTRIBUTES: [&str; 20] = [
    "lang",
    "charset",
    "http-equiv",
    "content",
    "name",
    "class",
    "id",
    "href",
    "rel",
    "scope",
    "type",
    "title",
    "data-head",
    "open",
    "data-facet",
    "data-value",
    "data-id",
    "data-severity",
    "data-stage",
    "data-rule",
];
/// A name with characters that have a meaning in every format.
const HOSTILE: &str = "a|`b`<img src=x onerror=alert(1)>\u{202e}[x](javascript:y) \"q\" @team.env";

// ---------------------------------------------------------------- a reader of HTML

/// Returns the text between tags, if the document is well-formed and contains only what it may.
#[track_caller]
fn read_html(html: &str) -> String {
    let body = html.strip_prefix("<!DOCTYPE html>").unwrap_or_else(|| panic!("no doctype: {html}"));
    let (mut open, mut texts, mut rest): (Vec<&str>, String, &str) = (Vec::new(), String::new(), body);
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        // Style and script are the program's own, and in them these characters mean something else.
        if !matches!(open.last(), Some(&("style" | "script"))) {
            assert!(is_escaped(text), "a stray sign in {text:?}");
            texts.push_str(text);
        }
        let end = tag.find('>').unwrap_or_else(|| panic!("an open tag: {tag:.80}"));
        let inner = &tag[1..end];
        rest = &tag[end + 1..];
        if let Some(name) = inner.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "closed out of order, before {rest:.80}");
            continue;
        }
        let (inner, is_void) = inner.strip_suffix('/').map_or((inner, false), |inner| (inner, true));
        let (name, attributes) = inner.split_once(' ').unwrap_or((inner, ""));
        assert!(ELEMENTS.contains(&name), "the element {name:?}");
        read_attributes(attributes);
        if !is_void {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    unescape(&texts)
}

#[track_caller]
fn read_attributes(text: &str) {
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("no value in {rest:?}"));
        let (value, after) = after.split_once('"').unwrap_or_else(|| panic!("an open value in {rest:?}"));
        assert!(ATTRIBUTES.contains(&name), "the attribute {name:?}");
        assert!(is_escaped(value) || name == "content", "a stray sign in {value:?}");
        assert!(name != "href" || value.starts_with("https://") || value.starts_with('#'), "a link to {value:?}");
        rest = after.trim_start();
    }
}

fn is_escaped(text: &str) -> bool {
    let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
    !text.contains('>') && text.match_indices('&').all(|(at, _)| known.iter().any(|one| text[at..].starts_with(one)))
}

fn unescape(text: &str) -> String {
    let signs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    signs.iter().fold(text.to_owned(), |text, (entity, sign)| text.replace(entity, sign))
}

// ---------------------------------------------------------------- repositories

fn commit_as(repo: &Repo, who: &str, day: &str, message: &str) -> String {
    repo.add();
    let date = format!("{day}T12:00:00+00:00");
    let tool = repo.git_tool(&["commit", "--quiet", "--no-verify", "--allow-empty", "--author", who, "-m", message]);
    tool.env("GIT_AUTHOR_DATE", &date).env("GIT_COMMITTER_DATE", &date).run().expect_code(0);
    repo.head()
}

/// A repository with a secret that was committed, kept for a while, pushed and removed.
struct Life {
    repo: Repo,
    secret: Secret,
    came: String,
    last: String,
    gone: String,
}

fn life(seed: u32) -> Life {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(seed));
    repo.at("../remote.git").git(&["init", "--quiet", "--bare"]);
    repo.git(&["remote", "add", "origin", "../remote.git"]);
    repo.write("config.env", secret.line());
    let came = commit_as(&repo, "Ann <ann@corp.example>", "2024-02-01", "configure");
    repo.git(&["tag", "v1"]);
    repo.write("other.txt", "1\n");
    commit_as(&repo, "Ben <ben@corp.example>", "2024-02-02", "between");
    repo.write("config.env", format!("# moved\n{}", secret.line()));
    let last = commit_as(&repo, "Ben <ben@corp.example>", "2024-02-03", "comment");
    repo.write("config.env", "# none\n");
    let gone = commit_as(&repo, "Eve <eve@gmail.com>", "2024-02-04", "clean up");
    repo.write("other.txt", "2\n");
    commit_as(&repo, "Ann <ann@corp.example>", "2024-02-05", "after");
    repo.git(&["push", "--quiet", "origin", "main"]);
    Life { repo, secret, came, last, gone }
}

#[track_caller]
fn sweep(repo: &Repo, options: &[&str]) -> Value {
    repo.keysweep(&[&["history", "--format", "jsonl"], options].concat()).expect_code(1).only_finding()
}

fn stored(repo: &Repo, command: &str) -> PathBuf {
    repo.git_path("keysweep").join(format!("last-{command}.json"))
}

// ---------------------------------------------------------------- the stage of a secret

#[test]
fn the_lifetime_of_a_secret_spans_its_first_to_last_commit() {
    let Life { repo, came, last, gone, .. } = life(7_000);
    let finding = sweep(&repo, &[]);
    let exposure = &finding["exposure"];
    assert_eq!(exposure["first_commit"], came, "{exposure}");
    assert_eq!(exposure["first_author"], "Ann <ann@corp.example>");
    assert_eq!(exposure["held_in"], 3);
    assert_eq!(exposure["last"]["commit"], last);
    assert_eq!(exposure["last"]["time"], "2024-02-03T12:00:00+00:00");
    assert_eq!(exposure["removed"]["commit"], gone);
    assert_eq!(exposure["removed"]["author"], "Eve <eve@gmail.com>");
    assert_eq!(exposure["tips"], serde_json::json!(["refs/tags/v1"]));
    let kinds = ["branches", "tags", "remote_branches", "stashes", "other_refs"].map(|kind| exposure[kind].as_u64());
    assert_eq!(kinds, [Some(1), Some(1), Some(1), Some(0), Some(1)]);
    let remote = serde_json::json!([{"name": "origin", "url": "../remote.git", "host": "private"}]);
    assert_eq!(exposure["remotes"], remote);
    assert!(exposure["outside_authors"].is_null(), "only if it is asked for: {exposure}");
}

#[test]
fn secrets_still_in_head_are_not_reported_as_removed() {
    let Life { repo, secret, .. } = life(7_010);
    repo.write("again.env", secret.line());
    let again = commit_as(&repo, "Ann <ann@corp.example>", "2024-02-06", "back");
    let exposure = &sweep(&repo, &[])["exposure"];
    assert_eq!(exposure["in_head"], true);
    assert!(exposure["removed"].is_null(), "{exposure}");
    assert_eq!((&exposure["held_in"], &exposure["last"]["commit"]), (&Value::from(4), &Value::from(again)));
}

#[test]
fn a_merge_that_drops_a_secret_removes_it() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(7_020));
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.write("side.env", secret.line());
    repo.commit("side");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("main.txt", "1\n");
    repo.commit("main");
    repo.git(&["merge", "--quiet", "--strategy", "ours", "-m", "merge", "side"]);
    let exposure = &sweep(&repo, &[])["exposure"];
    assert_eq!((&exposure["removed"]["commit"], &exposure["held_in"]), (&Value::from(repo.head()), &Value::from(1)));
    assert_eq!(exposure["tips"], serde_json::json!(["refs/heads/side"]));
}

#[test]
fn a_secret_in_a_message_is_never_removed() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::github(7_030));
    repo.commit(&format!("Use the GitHub token {} for now", secret.value));
    let commit = repo.head();
    repo.commit("after");
    let exposure = &sweep(&repo, &[])["exposure"];
    assert_eq!((&exposure["held_in"], &exposure["last"]["commit"]), (&Value::from(1), &Value::from(commit)));
    assert!(exposure["removed"].is_null(), "{exposure}");
}

#[test]
fn a_remote_is_shown_without_the_login() {
    let Life { repo, .. } = life(7_040);
    let word = Secret::github(7_041).value;
    for (url, shown, host) in [
        (format!("https://ann:{word}@github.com/corp/app.git"), "https://github.com/corp/app.git", "public"),
        ("ssh://git@10.0.0.7:2222/app.git".to_owned(), "ssh://10.0.0.7:2222/app.git", "private"),
        ("https://git.corp.example/app.git".to_owned(), "https://git.corp.example/app.git", "unknown"),
    ] {
        repo.git(&["remote", "set-url", "origin", &url]);
        let run = repo.keysweep(&["history", "--format", "jsonl", "--rule", "azure-entra-client-secret"]);
        run.expect_withheld(&word);
        let remote = &run.only_finding()["exposure"]["remotes"][0];
        assert_eq!((&remote["url"], &remote["host"]), (&Value::from(shown), &Value::from(host)));
    }
    let human = repo.keysweep(&["history"]).expect_code(1);
    human.expect_mention("it is not known offline who can read it there");
}

#[test]
fn outside_authors_are_marked_on_request() {
    let (repo, secret) = (Repo::init(), Secret::entra(7_050));
    for day in 10..22 {
        commit_as(&repo, "Ann <ann@corp.example>", &format!("2024-01-{day}"), "work");
    }
    repo.write("config.env", secret.line());
    commit_as(&repo, "Eve <eve@gmail.com>", "2024-02-01", "help");
    repo.write("second.env", secret.line());
    commit_as(&repo, "Ann <ann@corp.example>", "2024-02-02", "copy");
    assert!(sweep(&repo, &[])["exposure"]["outside_authors"].is_null());
    let finding = sweep(&repo, &["--flag-outside-authors"]);
    assert_eq!(finding["exposure"]["outside_authors"], serde_json::json!(["Eve <eve@gmail.com>"]));
    let human = repo.keysweep(&["history", "--flag-outside-authors"]).expect_code(1);
    human.expect_mention("unusual here: Eve <eve@gmail.com>");
}

// ---------------------------------------------------------------- reports to hand on

/// Returns a repository with hostile names wherever a report could repeat one.
fn hostile(seed: u32) -> (Repo, Secret) {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(seed));
    repo.write(HOSTILE, secret.line());
    repo.write(format!("folder\n## heading\n{HOSTILE}"), secret.line());
    commit_as(&repo, "Eve | ``x` @team [x](y) & <eve@q.example>", "2024-02-01", "<script>alert(1)</script>");
    repo.git(&["branch", "a\"&<b>`|x`"]);
    repo.write("note.txt", format!("<script>client_secret = \"{}\"</script>", secret.value));
    repo.commit("more");
    (repo, secret)
}

#[test]
fn html_is_well_formed_for_any_names() {
    let (repo, secret) = hostile(7_100);
    let run = repo.keysweep(&["history", "--format", "html"]).expect_code(1);
    run.expect_withheld(&secret.value);
    let html = run.out();
    let text = read_html(&html);
    assert!(text.contains("<img src=x onerror=alert(1)>\\u{202e}[x](javascript:y)"), "{text}");
    assert!(text.contains("a\"&<b>`|x`") && text.contains("folder\\n## heading\\na|"), "{text}");
    for word in ["url(", "@import", "src=\"", "style=\"", "innerHTML"] {
        assert!(!html.contains(word), "{word}");
    }
}

#[test]
fn the_content_policy_of_a_page_allows_only_its_own_style_and_script() {
    let (repo, _) = hostile(7_105);
    let html = repo.keysweep(&["history", "--format", "html"]).expect_code(1).out();
    let hash = |element: &str| {
        let (open, close) = (format!("<{element}>"), format!("</{element}>"));
        let texts: Vec<&str> = html.split(&open).skip(1).filter_map(|rest| Some(rest.split_once(&close)?.0)).collect();
        let [text] = texts[..] else { panic!("{} of {element}", texts.len()) };
        format!("'sha256-{}'", BASE64.encode(&Sha256::digest(text)))
    };
    let policy = format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src {}; script-src {}; \
         base-uri 'none'; form-action 'none'\"/>",
        hash("style"),
        hash("script")
    );
    let before_style = html.split_once("<style>").map(|(before, _)| before);
    assert!(before_style.is_some_and(|before| before.contains(&policy)), "{policy} in {html:.900}");
    assert_eq!(html.matches("<script").count(), 1, "{html}");
}

/// Returns a line of Markdown without its code; in the rest, characters have a meaning.
fn outside_of_code(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('`').filter(|at| !rest[..*at].ends_with('\\')) {
        let fence = rest[at..].len() - rest[at..].trim_start_matches('`').len();
        out.push_str(&rest[..at]);
        let inside = &rest[at + fence..];
        let fence = "`".repeat(fence);
        let is_end = |end: &usize| !inside[..*end].ends_with('`') && !inside[end + fence.len()..].starts_with('`');
        let end = inside.match_indices(&fence).map(|(end, _)| end).find(is_end);
        let end = end.unwrap_or_else(|| panic!("code without an end in {line:?}"));
        rest = &inside[end + fence.len()..];
    }
    out + rest
}

/// Fails if a hostile name has a meaning anywhere outside of code.
#[track_caller]
fn read_markdown(text: &str) {
    let mut is_command = false;
    for line in text.lines() {
        let fenced = line.trim_start().starts_with("```");
        if fenced || is_command {
            is_command = is_command != fenced;
            continue;
        }
        let bare =
            outside_of_code(line).replace("<details><summary>", "").replace("</summary>", "").replace("</details>", "");
        for word in ["<img", "<script", "<b>", "onerror", "javascript", "@team", "\u{202e}"] {
            assert!(!bare.contains(word), "{word} in {line:?}");
        }
        if let Some(row) = line.strip_prefix("| ").filter(|_| line.contains("Microsoft")) {
            let bars = row.replace("\\|", "").matches('|').count();
            assert!([5, 6].contains(&bars), "{bars} cells in {row:?}");
        }
    }
    assert!(!is_command, "{text}");
}

#[test]
fn markdown_keeps_hostile_names_within_code() {
    let (repo, secret) = hostile(7_110);
    let run = repo.keysweep(&["history", "--format", "markdown"]).expect_code(1);
    run.expect_withheld(&secret.value);
    let text = run.out();
    assert!(contains(text.as_bytes(), b"onerror"), "{text}");
    read_markdown(&text);
    assert!(text.contains("- [ ] **revoke:**"), "a checklist: {text}");
}

// ---------------------------------------------------------------- plans to hand on

/// Returns a plan as JSON and in a format to hand on; checks that neither shows any of the values.
#[track_caller]
fn plan(repo: &Repo, values: &[&str], format: &str) -> (Value, String) {
    let of = |format| {
        let run = repo.keysweep(&["purge-plan", "--format", format]).expect_code(0);
        values.iter().for_each(|value| run.expect_withheld(value));
        run.out()
    };
    (must(serde_json::from_str(&of("json")), "read the plan"), of(format))
}

/// Returns all texts with that name in a list of a plan.
fn texts<'p>(plan: &'p Value, list: &str, name: &str) -> Vec<&'p str> {
    let list = plan[list].as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|one| if name.is_empty() { one.as_str() } else { one[name].as_str() }).collect()
}

/// Returns the headings that a page must have; an empty list has none.
fn headings(plan: &Value) -> Vec<String> {
    let lists = [
        ("refs", "Refs that reach them"),
        ("files", "Files written, readable by you only"),
        ("beyond", "What remains elsewhere, and whom to ask"),
    ];
    let lists = lists.iter().filter(|(list, _)| plan[list].as_array().is_some_and(|list| !list.is_empty()));
    let mut phases = texts(plan, "steps", "phase");
    phases.dedup();
    phases.into_iter().chain(lists.map(|(_, title)| *title)).map(str::to_owned).collect()
}

/// Returns a repository whose plan has all its parts, with hostile names and a value in a name.
fn to_purge(seed: u32) -> (Repo, [String; 2]) {
    let (repo, secret) = hostile(seed);
    let named = Secret::github(seed + 1).value;
    repo.git(&["branch", &named]);
    repo.at("../remote.git").git(&["init", "--quiet", "--bare"]);
    repo.git(&["remote", "add", "origin", "../remote.git"]);
    repo.git(&["push", "--quiet", "--all", "origin"]);
    (repo, [secret.value, named])
}

#[test]
fn a_plan_to_purge_is_a_page_of_html() {
    let (repo, [secret, named]) = to_purge(7_300);
    let (json, html) = plan(&repo, &[&secret, &named], "html");
    let text = read_html(&html);
    for wanted in [texts(&json, "steps", "title"), texts(&json, "steps", "command"), texts(&json, "refs", "")].concat()
    {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let mut expected: Vec<String> = headings(&json).iter().map(|title| format!("<h2>{title}</h2>")).collect();
    assert!(expected.len() > 8, "{expected:?}");
    let mut found: Vec<&str> = html.lines().filter(|line| line.starts_with("<h2")).collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(html.matches("type=\"checkbox\"").count(), texts(&json, "steps", "title").len());
    assert!(text.contains("a\"&<b>`|x`") && text.contains("refs/heads/[secret]"), "{text}");
}

#[test]
fn a_plan_to_purge_is_a_checklist_in_markdown() {
    let (repo, [secret, named]) = to_purge(7_310);
    let (json, text) = plan(&repo, &[&secret, &named], "markdown");
    read_markdown(&text);
    let mut expected: Vec<String> = headings(&json).iter().map(|title| format!("## {title}")).collect();
    let mut found: Vec<&str> = text.lines().filter(|line| line.starts_with("## ")).collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    for command in texts(&json, "steps", "command") {
        assert!(text.contains(command), "{command}: {text}");
    }
    let boxes = text.lines().filter(|line| line.starts_with("- [ ] **")).count();
    assert_eq!(boxes, texts(&json, "steps", "title").len());
    assert!(text.contains("`` refs/heads/a\"&<b>`|x` ``") && text.contains("refs/heads/[secret]"), "{text}");
}

#[test]
fn a_plan_has_no_heading_without_a_list() {
    let (repo, secret) = (Repo::with_a_commit(), Secret::entra(7_320));
    repo.write("config.env", secret.line());
    repo.add();
    for format in ["human", "markdown", "html"] {
        let (json, page) = plan(&repo, &[&secret.value], format);
        assert!(texts(&json, "beyond", "").is_empty() && texts(&json, "refs", "").is_empty(), "{json:#}");
        assert!(page.contains("iles written"), "{page}");
        for title in ["hat remains elsewhere", "efs that reach them"] {
            assert!(!page.contains(title), "{title}: {page}");
        }
    }
}

#[test]
fn a_report_starts_with_the_verdict_and_has_a_timeline() {
    let Life { repo, .. } = life(7_120);
    let html = repo.keysweep(&["history", "--format", "html"]).expect_code(1).out();
    let text = read_html(&html);
    let at = |word: &str| text.find(word).unwrap_or_else(|| panic!("no {word:?} in {text}"));
    let order = [
        "1 secret found.",
        "Asked for",
        "Revoke and replace 1 secret",
        "config.env:2",
        "keysweep purge-plan",
        "Secrets, worst first",
        "published\nin a commit that was on a server",
        "Added",
        "2024-02-04",
        "Each in detail",
        "What to do: ",
    ];
    let order = order.map(at);
    assert!(order.is_sorted(), "{order:?}");
    assert!(html.contains("type=\"checkbox\"") && text.contains("this machine or a private network"), "{text}");
}

#[test]
fn each_kind_has_one_plan_and_each_commit_one_row() {
    let repo = Repo::with_a_commit();
    let lines: String = (0..3).map(|n| format!("T{n}={}\n", Secret::github(7_150 + n).value)).collect();
    repo.write("deploy.env", lines);
    repo.write("azure.env", Secret::entra(7_153).line());
    repo.commit("leak");
    let commit = repo.head();
    let html = repo.keysweep(&["history", "--format", "html"]).expect_code(1).out();
    let text = read_html(&html);
    assert_eq!(html.matches("<details class=\"card ").count(), 4, "{html}");
    assert_eq!(html.matches("<ol class=\"steps\">").count(), 2, "{html}");
    assert_eq!(html.matches("<tr data-id=").count(), 4, "{html}");
    assert!(text.contains("What to do about all of them: "), "{text}");
    assert!(text.contains("deploy.env:3") && text.contains("3 × GitHub"), "{text}");
    // Only in the timeline does a table row show a commit by itself.
    let row = format!(">{}</td>", &commit[..12]);
    assert_eq!(html.matches(&row).count(), 1, "{row}: {html}");
    for (facet, value, count) in [("severity", "critical", "4"), ("stage", "local-only", "4")] {
        let tile = format!("data-facet=\"{facet}\" data-value=\"{value}\"><b>{count}</b> {value}</li>");
        assert!(html.contains(&tile), "{tile}: {html}");
    }
    // A scan of plain files doesn't determine any stages.
    let files = repo.keysweep(&["files", ".", "--format", "html"]).expect_code(1).out();
    assert!(!files.contains("data-facet=\"stage\"") && !files.contains(">In HEAD<"), "{files}");
}

#[test]
fn every_link_within_a_page_leads_somewhere() {
    let (repo, _) = hostile(7_160);
    let lines: String = (0..1_030).map(|n| format!("T{n}={}\n", Secret::github(20_000 + n).value)).collect();
    repo.write("many.env", lines);
    // This key comes last, and still has its plan and its card.
    let last = must(Generator::new(7_161).expand("STRIPE=sk_live_<base62:24>\n", None), "make a key");
    repo.write("zzz.env", last);
    let html = repo.keysweep(&["files", ".", "--format", "html"]).expect_code(1).out();
    let text = read_html(&html);
    let ids: BTreeSet<&str> = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let links: BTreeSet<&str> = html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(links.len() > 900 && links.is_subset(&ids), "{:?}", links.difference(&ids));
    // Findings without a card are still in the table, and the page says where to find the rest.
    let cards = html.matches("<details class=\"card ").count();
    let rows = html.matches("<tr data-id=").count();
    assert!((1_000..1_003).contains(&cards) && rows > 1_030, "{cards} cards, {rows} rows");
    assert!(html.contains(">zzz.env:1</code> <code class=\"faint\">"), "no card of the last kind");
    let left_out = format!("Not described here: {} more secrets. '--format json'", rows - cards);
    assert!(text.contains(&left_out), "{left_out}: {}", &text[text.len() - 300..]);
}

#[test]
fn an_incomplete_scan_never_looks_clean() {
    let repo = Repo::with_a_commit();
    repo.write("gone.txt", "gone\n");
    repo.commit("gone");
    must(fs::remove_file(repo.loose_object("HEAD:gone.txt")), "remove an object");
    for format in PAGES {
        let out = repo.keysweep(&["history", "--format", format]).expect_code(2).out();
        assert!(out.contains("The scan is incomplete") && out.contains("gone.txt"), "{out}");
        let (class, sign) = ("verdict good", "✅");
        assert!(!out.contains(class) && !out.contains(sign), "{out}");
    }
    let out = repo.keysweep(&["staged", "--format", "html"]).expect_code(0).out();
    assert!(out.contains("verdict good"), "{out}");
}

#[test]
fn no_format_changes_the_verdict_and_files_are_written_whole() {
    let Life { repo, .. } = life(7_130);
    for format in PAGES {
        let out = repo.keysweep(&["history", "--format", format, "--output", "report"]).expect_code(1).out();
        assert!(out.is_empty(), "{out}");
        assert!(repo.read("report").contains("1 secret found"), "{format}");
        repo.remove("report");
        repo.keysweep(&["history", "--format", format, "--exit-zero"]).expect_code(0);
        let quiet = repo.keysweep(&["history", "--format", format, "--quiet"]).expect_code(1).out();
        assert!(!quiet.contains("What to do"), "{quiet}");
    }
}

// ---------------------------------------------------------------- the stored report

#[test]
fn a_sweep_stores_a_report_readable_only_by_its_owner() {
    let Life { repo, secret, .. } = life(7_200);
    for options in [&["history"][..], &["history", "--show-secrets"], &["range", "HEAD~5..HEAD"]] {
        repo.keysweep(options).expect_code(1);
        let path = stored(&repo, options[0]);
        let mode = must(fs::metadata(&path), "look at the report").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{path:?}");
        let bytes = must(fs::read(&path), "read the report");
        assert!(!contains(&bytes, secret.value.as_bytes()) && contains(&bytes, b"config.env"), "{path:?}");
    }
    let names = fs::read_dir(repo.git_path("keysweep")).map(Iterator::count);
    assert_eq!(must(names, "list the reports"), 2, "nothing else may stay");
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    assert_eq!(
        run.only_finding()["occurrences"].as_array().map(Vec::len),
        Some(2),
        "it is no place of a secret: {run}"
    );
}

#[test]
fn explain_shows_all_about_a_finding_of_the_last_report() {
    let Life { repo, secret, gone, .. } = life(7_210);
    let finding = sweep(&repo, &[]);
    let id = finding["id"].as_str().unwrap_or_default().to_owned();
    let run = repo.keysweep(&["explain", &id[..4]]).expect_code(0);
    run.expect_withheld(&secret.value);
    for wanted in [&id, "keysweep history", "second", "config.env:1", &gone[..12], "Ann <ann@corp.example>", "[revoke]"]
    {
        assert!(run.out().contains(wanted), "{wanted}: {run}");
    }
    assert!(!run.out().contains("HEAD was"), "{run}");
    let json: Value = must(
        serde_json::from_str(&repo.keysweep(&["explain", &id, "--format", "json"]).expect_code(0).out()),
        "read the finding",
    );
    assert_eq!(json["finding"], finding);
    for format in PAGES {
        let out = repo.keysweep(&["explain", &id, "--format", format]).expect_code(0).out();
        assert!(out.contains("What to do") && out.contains("config.env"), "{out}");
    }
    read_html(&repo.keysweep(&["explain", &id, "--format", "html"]).expect_code(0).out());
    repo.commit("later");
    repo.keysweep(&["explain", &id]).expect_code(0).expect_mention("may be out of date");
}

/// The id of a key is needed to delete it; the secret half isn't.
#[test]
fn explain_shows_the_ids_that_a_plan_needs_and_no_values() {
    let repo = Repo::with_a_commit();
    let made = |template: &str| must(Generator::new(7_260).expand(template, None), "make a value");
    let (id, key) = (made("<aws-id:AKIA>"), made("<base64:40>"));
    let named = Secret::github(7_261).value;
    repo.write(format!("{named}.ini"), format!("aws_access_key_id = {id}\naws_secret_access_key = {key}\n"));
    repo.commit("keys");
    let findings = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1).records_of("finding");
    let finding = findings.iter().find(|finding| finding["rule"] == "aws-secret-access-key");
    let finding = finding.unwrap_or_else(|| panic!("no key: {findings:#?}"));
    let number = finding["id"].as_str().unwrap_or_default();
    for format in ["human", "json", "jsonl", "markdown", "html"] {
        let run = repo.keysweep(&["explain", number, "--format", format]).expect_code(0);
        [&key, &named].iter().for_each(|value| run.expect_withheld(value));
        let delete = format!("--access-key-id {id}");
        for wanted in [number, "(40 characters)", "[secret].ini", &delete] {
            assert!(run.out().contains(wanted), "{wanted}: {run}");
        }
    }
}

#[test]
fn a_prefix_of_several_ids_names_them() {
    let repo = Repo::with_a_commit();
    // There are more ids than possible first characters.
    let lines: String = (0..40).map(|n| format!("T{n}={}\n", Secret::github(7_220 + n).value)).collect();
    repo.write("many.env", lines);
    repo.commit("many");
    let findings = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1).records_of("finding");
    let mut ids: Vec<&str> = findings.iter().filter_map(|finding| finding["id"].as_str()).collect();
    ids.sort_unstable();
    let twins = ids.windows(2).find(|pair| pair[0][..1] == pair[1][..1]).unwrap_or_else(|| panic!("{ids:?}"));
    repo.keysweep(&["explain", &twins[0][..1]]).expect_code(2).expect_mention(twins[0]).expect_mention(twins[1]);
}

#[test]
fn explain_says_if_there_is_no_report() {
    let repo = Repo::with_a_commit();
    repo.keysweep(&["explain", "abcdefg"]).expect_code(2).expect_mention("no report of this repository is stored");
    repo.keysweep(&["history"]).expect_code(0);
    repo.keysweep(&["explain", "abcdefg"]).expect_code(2).expect_mention("no finding whose id starts with 'abcdefg'");
    Repo::folder().keysweep(&["explain", "abcdefg"]).expect_code(2).expect_mention("not a git repository");
}

#[test]
fn a_commit_that_was_stopped_can_be_explained() {
    let (repo, secret) = (Repo::guarded(), Secret::entra(7_230));
    repo.write("ok.txt", "ok\n");
    repo.add();
    repo.git(&["commit", "--quiet", "-m", "clean"]);
    assert!(!repo.git_path("keysweep").exists(), "a clean commit leaves nothing");
    repo.write("config.env", secret.line());
    repo.add();
    repo.try_git(&["commit", "--quiet", "-m", "leak"]).expect_code(1);
    let id =
        repo.keysweep(&["staged", "--format", "jsonl"]).only_finding()["id"].as_str().unwrap_or_default().to_owned();
    must(fs::remove_dir_all(repo.git_path("keysweep")), "forget the report");
    repo.try_git(&["commit", "--quiet", "-m", "leak"]).expect_code(1);
    repo.keysweep(&["explain", &id]).expect_code(0).expect_mention("git restore --staged -- config.env");
}

#[test]
fn a_read_only_repository_is_still_swept() {
    let Life { repo, .. } = life(7_240);
    // A file is in place of the folder, so no user can write there.
    must(fs::write(repo.git_path("keysweep"), "in the way\n"), "write a file");
    repo.keysweep(&["history"]).expect_code(1);
    must(fs::remove_file(repo.git_path("keysweep")), "remove the file");
    let elsewhere = repo.at("../elsewhere");
    must(symlink(elsewhere.path("."), repo.git_path("keysweep")), "make a link");
    repo.keysweep(&["history"]).expect_code(1);
    assert_eq!(must(fs::read_dir(elsewhere.path(".")), "list the folder").count(), 0, "no link is followed");
}

#[test]
fn a_report_that_was_tampered_with_shows_no_more_than_another() {
    let Life { repo, secret, .. } = life(7_250);
    let id = sweep(&repo, &[])["id"].as_str().unwrap_or_default().to_owned();
    let path = stored(&repo, "history");
    let text = must(fs::read_to_string(&path), "read the report");
    let bad = format!("\\u001b[31m\\u202e{}<script>", secret.value);
    must(fs::write(&path, text.replace("config.env", &bad)), "write the report");
    for format in ["human", "json", "markdown", "html"] {
        let run = repo.keysweep(&["explain", &id, "--format", format]).expect_code(0);
        run.expect_withheld(&secret.value);
        let out = run.out();
        assert!(!out.contains('\u{1b}') && !out.contains('\u{202e}'), "{run}");
        if format == "html" {
            read_html(&out);
        }
    }
    let stage = format!("\"stage\":\"{}\"", sweep(&repo, &[])["stage"].as_str().unwrap_or_default());
    assert!(text.contains(&stage), "{stage}");
    // One isn't JSON, and the other has a stage that this version doesn't know.
    for unreadable in ["{ not json".to_owned(), text.replace(&stage, "\"stage\":\"in-orbit\"")] {
        must(fs::write(&path, unreadable), "write the report");
        repo.keysweep(&["explain", &id]).expect_code(2).expect_mention("no report of this repository is stored");
    }
    repo.keysweep(&["history"]).expect_code(1);
}

// ---------------------------------------------------------------- pages of rules

#[test]
fn a_rule_is_a_page_in_every_format() {
    for format in ["human", "json", "jsonl", "markdown", "html"] {
        let run = Repo::folder().keysweep(&["explain", "github-pat-classic", "--format", format]).expect_code(0);
        for wanted in ["GitHub", "ghp_", "https://"] {
            assert!(run.out().contains(wanted), "{wanted}: {run}");
        }
        match format {
            "html" => drop(read_html(&run.out())),
            "json" | "jsonl" => drop(must(serde_json::from_str::<Value>(&run.out()), "read the rule")),
            _ => drop(run.expect_mention("without doing harm").expect_mention("How to prevent it")),
        }
    }
    let all = Repo::folder().keysweep(&["rules", "list", "--format", "html"]).expect_code(0);
    assert!(read_html(&all.out()).contains("azure-entra-client-secret"));
}
