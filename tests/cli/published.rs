//! Tests that values which are published somewhere aren't secrets: none is reported by default, wherever it is.

use crate::support::Repo;

/// Returns the name and value of each line of `published.txt`.
fn published() -> Vec<(String, String)> {
    let lines = include_str!("published.txt").lines().filter(|line| !line.starts_with('#'));
    let forwards = lines.map(|line| line.chars().rev().collect::<String>());
    forwards.filter_map(|line| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
}

/// Returns texts of several kinds of files that assign the value to its name.
fn assigned(name: &str, value: &str) -> Vec<(&'static str, String)> {
    let lower = name.to_lowercase();
    if name.contains(' ') {
        // The name is the header of a base64 value.
        let header = format!("{name} {value}");
        return vec![("http", format!("{header}\n")), ("sh", format!("curl -H '{header}' https://api.acme.io\n"))];
    }
    let bearer = format!("curl -H \"Authorization: Bearer {value}\" https://api.acme.io/v1\n");
    vec![
        ("env", format!("{name}={value}\n")),
        ("sh", format!("export {name}=\"{value}\"\n")),
        ("json", serde_json::json!({ &lower: value }).to_string()),
        ("yml", format!("{lower}: {value}\n---\n- name: {name}\n  value: '{value}'\n")),
        ("py", format!("{lower} = '{value}'\n")),
        ("toml", format!("token = '''{value}'''\nsecret = '{value}'\n")),
        ("txt", if value.contains(' ') { format!("Use {value}\n") } else { bearer }),
    ]
}

#[test]
fn published_values_are_not_reported() {
    let folder = Repo::folder();
    let values = published();
    assert!(values.len() > 130, "{}", values.len());
    for (number, (name, value)) in values.iter().enumerate() {
        for (extension, text) in assigned(name, value) {
            folder.write(format!("{number}-{}.{extension}", name.replace(' ', "-")), text);
        }
    }
    let run = folder.keysweep(&["files", ".", "--format", "jsonl"]);
    let places = |finding: &serde_json::Value| {
        let all = finding["occurrences"].as_array().cloned().unwrap_or_default();
        all.iter().map(|place| format!("{}: {}", finding["rule"], place["path"])).collect::<Vec<_>>()
    };
    let reported: Vec<String> = run.records_of("finding").iter().flat_map(places).collect();
    assert!(reported.is_empty(), "{} reported:\n{}", reported.len(), reported.join("\n"));
    run.expect_code(0);
}
