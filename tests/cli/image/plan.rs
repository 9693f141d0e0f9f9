//! Tests of plans for images: they use the registry that the image name gives, and nothing from an invalid name.

use serde_json::json;

use super::sample::Entry::File;
use super::sample::{Packed, Sample, archive};
use super::{env, piped_as};

fn planned(name: &str) -> String {
    let mut files = Sample::new(&[&[File("app/.env", env(40))]]).oci(Packed::Gzip);
    let mut index: serde_json::Value = serde_json::from_slice(&files[1].1).unwrap_or_default();
    index["manifests"][0]["annotations"] = json!({"io.containerd.image.name": name});
    files[1].1 = index.to_string().into_bytes();
    let run = piped_as("json", archive(&files)).expect_code(1);
    let report: serde_json::Value = serde_json::from_str(&run.out()).unwrap_or_default();
    let steps = report["plans"][0]["steps"].as_array().cloned().unwrap_or_default();
    let commands = steps.iter().filter_map(|step| step["command"].as_str().map(str::to_owned));
    commands.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_old_image_is_deleted_by_digest_in_its_registry() {
    for (name, command) in [
        ("ghcr.io/me/app:1", "gh api --method DELETE \"/orgs/me/packages/container/app/versions/$ID\""),
        (
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1",
            "aws ecr batch-delete-image --region eu-west-1 --registry-id 123456789012 --repository-name app --image-ids imageDigest=\"$OLD\"",
        ),
        ("one.azurecr.io/app:1", "az acr repository delete --name one --image \"app@$OLD\""),
        (
            "europe-docker.pkg.dev/p/r/app:1",
            "gcloud artifacts docker images delete \"europe-docker.pkg.dev/p/r/app@$OLD\" --delete-tags",
        ),
        ("harbor.example.com/p/app:1", "skopeo delete \"docker://harbor.example.com/p/app@$OLD\""),
        ("me/app:1", "skopeo inspect \"docker://docker.io/me/app@$OLD\""),
    ] {
        let commands = planned(name);
        assert!(commands.contains(command), "{name}: {commands}");
        assert!(commands.contains("--no-cache"), "{commands}");
        assert!(commands.contains(&format!("docker save {name} | keysweep image -")), "{commands}");
        assert!(!commands.contains("git "), "no step is about git: {commands}");
    }
}

/// One build removes all values, and one plan says how a kind of secret is revoked.
#[test]
fn an_image_with_several_secrets_is_built_again_once() {
    let entra = format!("AZURE_CLIENT_SECRET={}\n", crate::support::entra_secret(43));
    let (file, env) = (env(41), env(42).trim().to_owned());
    let layer = [File("app/.env", file), File("app/azure.env", entra)];
    let sample = Sample::new(&[&layer]).with_config(|config| config["config"]["Env"] = json!([env]));
    let run = piped_as("json", archive(&sample.oci(Packed::Gzip))).expect_code(1);
    let report: serde_json::Value = serde_json::from_str(&run.out()).unwrap_or_default();
    let plans = report["plans"].as_array().cloned().unwrap_or_default();
    let of_all = plans.iter().flat_map(|plan| plan["steps"].as_array().cloned().unwrap_or_default());
    let commands: Vec<String> = of_all.filter_map(|step| step["command"].as_str().map(str::to_owned)).collect();
    let count = |part: &str| commands.iter().filter(|command| command.contains(part)).count();
    assert!(plans.len() >= 3, "{run}");
    assert_eq!(
        (count("docker build --pull"), count("skopeo delete"), count("buildx prune")),
        (1, 1, 1),
        "{commands:#?}"
    );
    assert_eq!(count("credentials/revoke"), 1, "{commands:#?}");
}

#[test]
fn a_name_that_is_hostile_or_names_no_registry_gets_into_no_command() {
    for name in ["x:1; touch /tmp/x", "$(touch x)/a:1", "a`id`:1", "a\nb:1", "latest", "app:1.0", "localhost/app:1.0"] {
        let commands = planned(name);
        assert!(commands.contains("docker://<image>"), "{name}: {commands}");
        assert!(!commands.contains(name), "{commands}");
    }
}

#[test]
fn a_variable_of_an_image_is_mounted_under_its_name() {
    let sample = Sample::new(&[&[File("app/x", "x".to_owned())]]);
    let token = crate::support::github_token(9_944);
    let sample = sample.with_config(|config| config["config"]["Env"] = json!([format!("GITHUB_TOKEN={token}")]));
    let run = piped_as("json", archive(&sample.oci(Packed::Gzip))).expect_code(1);
    let report: serde_json::Value = serde_json::from_str(&run.out()).unwrap_or_default();
    let steps = report["plans"][0]["steps"].as_array().cloned().unwrap_or_default();
    let has = |key: &str, text: &str| steps.iter().any(|step| step[key] == text);
    assert!(has("lines", "RUN --mount=type=secret,id=github_token,env=GITHUB_TOKEN <command>"), "{steps:#?}");
    assert!(has("command", "docker build --secret id=github_token,env=GITHUB_TOKEN ."), "{steps:#?}");
}

/// Another kind of secret is between two of one kind, whose second plan names the one with the steps.
#[test]
fn a_plan_names_the_plan_that_has_its_steps() {
    let entra = format!("AZURE_CLIENT_SECRET={}\n", crate::support::entra_secret(47));
    let layer = [File("app/.env", env(48)), File("app/azure.env", entra)];
    let sample = Sample::new(&[&layer]).with_config(|config| config["config"]["Env"] = json!([env(49).trim()]));
    let run = piped_as("json", archive(&sample.oci(Packed::Gzip))).expect_code(1);
    let report: serde_json::Value = serde_json::from_str(&run.out()).unwrap_or_default();
    let plans = report["plans"].as_array().cloned().unwrap_or_default();
    let titles = |plan: &serde_json::Value| plan["steps"].to_string();
    let first = plans.iter().find(|plan| titles(plan).contains("credentials/revoke")).cloned().unwrap_or_default();
    let id = first["findings"][0].as_str().unwrap_or_default().to_owned();
    let said = format!("as the plan for {id} above says");
    assert!(!id.is_empty() && plans.iter().filter(|plan| titles(plan).contains(&said)).count() == 1, "{plans:#?}");
}
