//! Tests of tokens that contain their expiry date: once it is past, their severity is low, but they are still reported.

use keysweep::proof::template::Generator;
use serde_json::Value;

use crate::support::{Repo, must};

/// Returns a JSON Web Token and a shared access signature that expire in this year.
fn tokens(year: u32) -> [(&'static str, String); 2] {
    let end = u64::from(year - 1970) * 365 * 86_400;
    let signature =
        "sv=2022-11-02&ss=b&srt=o&sp=rl&se=<year>-06-30T00:00:00Z&sig=<base62:42><of:AEIMQUYcgkosw048:1>%3D";
    let url = format!(
        "SAS_URL=https://<lower:12>.blob.core.windows.net/x?{}\n",
        signature.replace("<year>", &year.to_string())
    );
    let session = format!("SESSION=<jwt:{{\"iss\":\"https://id.internal\",\"sub\":\"4711\",\"exp\":{end}}}>\n");
    [("jwt", session), ("azure-sas-token", url)]
        .map(|(rule, text)| (rule, must(Generator::new(7).expand(&text, None), "expand the template")))
}

/// Returns the finding in a file with this text.
#[track_caller]
fn finding(repo: &Repo, text: &str) -> Value {
    repo.write("app.env", text);
    let run = repo.keysweep(&["files", "app.env", "--format", "jsonl"]).expect_code(1);
    let findings = run.records_of("finding");
    assert_eq!(findings.len(), 1, "{run}");
    findings[0].clone()
}

fn ends(finding: &Value) -> Vec<&Value> {
    let evidence = finding["evidence"].as_array().into_iter().flatten();
    evidence.filter(|one| one["kind"] == "expired").map(|one| &one["detail"]).collect()
}

#[test]
fn an_expired_token_has_lower_severity_and_its_expiry_date() {
    let repo = Repo::folder();
    for (old, new) in tokens(2019).iter().zip(&tokens(2190)) {
        let (past, ahead) = (finding(&repo, &old.1), finding(&repo, &new.1));
        assert_eq!((&past["rule"], &ahead["rule"]), (&Value::from(old.0), &Value::from(old.0)));
        assert_eq!(past["confidence"], ahead["confidence"]);
        assert_eq!(past["severity"], "low");
        assert_ne!(ahead["severity"], "low");
        let told = ends(&past);
        assert!(told.len() == 1 && told[0].as_str().is_some_and(|end| end.starts_with("20")), "{past}");
        assert!(ends(&ahead).is_empty(), "{ahead}");
    }
}

#[test]
fn an_expired_token_does_not_stop_a_higher_severity_threshold() {
    let repo = Repo::folder();
    for (_, text) in tokens(2019) {
        repo.write("app.env", &text);
        repo.keysweep(&["files", "app.env", "--min-severity", "medium"]).expect_code(0);
        repo.keysweep(&["files", "app.env"]).expect_code(1).expect_mention("expired on ");
        let out = repo.keysweep(&["explain", "app.env:1"]).expect_code(0).out();
        assert!(out.contains("severity low") && out.contains("expired on "), "{out}");
    }
}
