//! The advice that a user gets about the same secret at each stage, and about what uses it.

use keysweep::proof::template::Generator;
use serde_json::Value;

use crate::support::{Repo, Run, Secret, must};

const CLIENT: &str = "3f1c2a9e-7b64-4d0f-9a57-c0e8d1b2f634";
const TENANT: &str = "b8d07e15-42c3-4f6a-8e91-6a5d3c7f2b09";
const WORKFLOW: &str = ".github/workflows/deploy.yml";

/// Returns a clone of a GitHub repository with a workflow that signs in to Azure, and a README with the secret in the
/// work tree.
fn clone_with(secret: &Secret) -> Repo {
    let repo = Repo::init();
    let remote = repo.at("../remote.git");
    remote.git(&["init", "--quiet", "--bare"]);
    repo.git(&["remote", "add", "origin", "https://github.com/acme/shop.git"]);
    let local = format!("url.{}.insteadOf", remote.path("").display());
    repo.git(&["config", &local, "https://github.com/acme/shop.git"]);
    repo.write(WORKFLOW, "on: push\njobs:\n  deploy:\n    steps:\n      - uses: azure/login@v2\n");
    repo.write(".github/workflows/test.yml", "on: push\njobs:\n  test:\n    steps:\n      - run: make test\n");
    repo.write("README.md", "# Shop\n");
    repo.commit("start");
    repo.git(&["push", "--quiet", "origin", "HEAD"]);
    repo.write("README.md", format!("# Shop\n\nclient id: {CLIENT}\ntenant id: {TENANT}\n\n\n{}", secret.line()));
    repo
}

/// Returns the steps of the only finding: kind, title and command of each.
#[track_caller]
fn plan(run: &Run) -> Vec<(String, String, String)> {
    let findings = run.records_of("finding");
    assert_eq!(findings.len(), 1, "{run}");
    let text = |step: &Value, key: &str| step[key].as_str().unwrap_or_default().to_owned();
    let steps = must(findings[0]["plan"].as_array().ok_or("no plan"), "reading the plan");
    steps.iter().map(|step| (text(step, "kind"), text(step, "title"), text(step, "command"))).collect()
}

#[track_caller]
fn has(steps: &[(String, String, String)], kind: &str, parts: &[&str]) {
    let fits = |(of, title, command): &(String, String, String)| {
        of == kind && parts.iter().all(|part| title.contains(part) || command.contains(part))
    };
    assert!(steps.iter().any(fits), "no step of {kind} with {parts:?} in {steps:#?}");
}

#[test]
fn each_stage_has_its_own_first_step() {
    let secret = Secret::entra(1700);
    let repo = clone_with(&secret);
    repo.add();
    let staged = plan(&repo.keysweep(&["staged", "--format", "jsonl"]).expect_code(1));
    repo.commit("Explain how to deploy");
    let local = plan(&repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1));
    repo.git(&["push", "--quiet", "origin", "HEAD"]);
    let published = plan(&repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1));
    let first = |steps: &[(String, String, String)]| steps[0].clone();
    assert!(first(&staged).2.starts_with("git add -- "), "{:?}", first(&staged));
    assert!(first(&local).1.contains("push"), "{:?}", first(&local));
    assert_eq!(first(&published).0, "revoke", "{:?}", first(&published));
    assert_ne!(first(&staged), first(&local));
    assert_ne!(first(&local), first(&published));
    assert!(!staged.iter().any(|(_, _, command)| command.contains("credential delete")), "{staged:#?}");
}

#[test]
fn a_published_entra_secret_has_a_complete_plan() {
    let secret = Secret::entra(1701);
    let repo = clone_with(&secret);
    repo.commit("Explain how to deploy");
    repo.git(&["push", "--quiet", "origin", "HEAD"]);
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    run.expect_withheld(&secret.value);
    let steps = plan(&run);
    has(&steps, "revoke", &[&format!("az login --tenant {TENANT}")]);
    has(&steps, "revoke", &[&format!("az ad app credential list --id {CLIENT}"), "hint", "first three characters"]);
    has(&steps, "revoke", &[&format!("az ad app credential delete --id {CLIENT} --key-id")]);
    has(&steps, "rotate", &[&format!("az ad app credential reset --id {CLIENT} --append")]);
    has(&steps, "audit", &[&format!("AADServicePrincipalSignInLogs | where AppId == '{CLIENT}'")]);
    has(&steps, "prevent", &[WORKFLOW]);
    let subject = "repo:acme/shop:ref:refs/heads/<branch>";
    has(&steps, "prevent", &[&format!("az ad app federated-credential create --id {CLIENT}"), subject]);
    has(&steps, "prevent", &["gh secret delete <workflow_secret> --repo acme/shop"]);
    has(&steps, "purge", &["keysweep purge-plan --finding "]);
    assert!(!steps.iter().any(|(_, title, _)| title.contains("test.yml")), "{steps:#?}");
}

#[test]
fn workflows_and_remotes_are_mentioned_only_if_they_exist() {
    let secret = Secret::entra(1702);
    let repo = Repo::init();
    repo.write("README.md", secret.line());
    repo.commit("start");
    let steps = plan(&repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1));
    assert!(!steps.iter().any(|(_, title, run)| title.contains("workflows sign in") || run.contains("federated")));
}

/// A place that isn't reported by itself contributes the facts of a secret as much as any other.
#[test]
fn a_place_in_a_test_provides_the_companions_of_a_secret() {
    let repo = Repo::with_a_commit();
    let value = must(Generator::new(7_400).expand("<base62:24>", None), "make a value");
    repo.write("deploy.env", format!("SERVICE_PASSWORD={value}\n"));
    repo.write("tests/app.env", format!("HOST=db.acme.io\nUSER=shop\nSERVICE_PASSWORD={value}\n"));
    repo.add();
    let is_told = |args: &[&str]| {
        let run = repo.keysweep(&[args, &["--format", "jsonl"]].concat()).expect_code(1);
        run.expect_withheld(&value);
        let facts = &run.records_of("finding")[0]["facts"];
        assert_eq!((&facts["host"], &facts["user"]), (&"db.acme.io".into(), &"shop".into()), "{run}");
    };
    is_told(&["staged"]);
    repo.commit("one");
    is_told(&["range", "HEAD~1..HEAD"]);
    is_told(&["history"]);
}

/// Writes a pair of AWS keys to a file of its own; returns the id that names the pair.
fn pair(repo: &Repo, file: &str, seed: u64) -> String {
    let template =
        "[default]\naws_access_key_id = <aws-id:AKIA>\naws_secret_access_key = <base64:40>\nregion = eu-west-1\n";
    let text = must(Generator::new(seed).expand(template, None), "make a pair");
    repo.write(file, &text);
    text.lines().find_map(|line| line.strip_prefix("aws_access_key_id = ")).map(str::to_owned).unwrap_or_default()
}

/// Returns the plans of a report: the commands of each plan, with the kind of their step.
fn plans(run: &Run) -> Vec<Vec<(String, String)>> {
    let report: Value = must(serde_json::from_slice(&run.stdout), "read the report");
    let plans = report["plans"].as_array().cloned().unwrap_or_default();
    let text = |step: &Value, key: &str| step[key].as_str().unwrap_or_default().to_owned();
    let steps = |plan: &Value| plan["steps"].as_array().cloned().unwrap_or_default();
    let commands = |plan: &Value| steps(plan).iter().map(|step| (text(step, "kind"), text(step, "command"))).collect();
    plans.iter().map(commands).collect()
}

/// Each of several keys is looked up by a command of its own; a stub of the provider's tool prints the arguments that
/// it was called with.
#[test]
fn each_of_several_keys_has_its_own_search_command() {
    let repo = clone_with(&Secret::entra(1710));
    repo.write("README.md", "# Shop\n");
    let ids = [pair(&repo, "a.ini", 1711), pair(&repo, "b.ini", 1712)];
    repo.commit("two");
    repo.git(&["push", "--quiet", "origin", "HEAD"]);
    let plans = plans(&repo.keysweep(&["history", "--format", "json"]).expect_code(1));
    assert_eq!(plans.len(), 1, "{plans:#?}");
    let audits: Vec<&String> =
        plans[0].iter().filter(|(kind, _)| kind == "audit").map(|(_, command)| command).collect();
    let shown = repo.sh(&format!("aws() {{ printf '<%s>' \"$@\"; echo; }}\n{}", audits[0])).expect_code(0).out();
    let wanted = |id: &String| format!("<AttributeKey=AccessKeyId,AttributeValue={id}><--region><eu-west-1>");
    assert!(shown.lines().count() == 2 && ids.iter().all(|id| shown.contains(&wanted(id))), "{shown}");
}

#[test]
fn only_the_first_plan_of_a_kind_explains_revocation() {
    let repo = clone_with(&Secret::entra(1720));
    repo.write("README.md", "# Shop\n");
    let published = pair(&repo, "a.ini", 1721);
    repo.commit("one");
    repo.git(&["push", "--quiet", "origin", "HEAD"]);
    let local = pair(&repo, "b.ini", 1722);
    repo.commit("two");
    let run = repo.keysweep(&["history", "--format", "json"]).expect_code(1);
    let plans = plans(&run);
    assert_eq!(plans.len(), 2, "{plans:#?}");
    let says = |plan: &[(String, String)], text: &str| plan.iter().any(|(_, command)| command.contains(text));
    assert!(says(&plans[0], &format!("delete-access-key --user-name <aws_user_name> --access-key-id {published}")));
    assert!(!says(&plans[1], "aws iam") && says(&plans[1], "keysweep explain aws-secret-access-key"), "{plans:#?}");
    assert!(plans[1][0].1.starts_with("git commit --amend"), "{plans:#?}");
    // Each finding also has its own complete plan.
    let report: Value = must(serde_json::from_slice(&run.stdout), "read the report");
    let own = report["findings"][1]["plan"].to_string();
    assert!(own.contains(&format!("delete-access-key --user-name <aws_user_name> --access-key-id {local}")), "{own}");
}
