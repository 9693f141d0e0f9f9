//! The benchmark for Azure Entra client secrets: 200 of them in the places where people leave them, all of which have
//! to be found, and 60 lookalikes that aren't secrets.
//!
//! A sample is a path and a text with marks such as `@secret@`; the replacements are generated from a seed. For
//! samples with both `@client@` and `@tenant@`, the report has to say whose secret it is.

use std::collections::BTreeMap;
use std::iter;

use data_encoding::{BASE64, BASE64_NOPAD};
use serde_json::Value;

use crate::support::{ENTRA, Repo, Run, entra_secret};

/// The number of secrets that are planted, cycling through the samples.
const PLANTED: u32 = 200;
/// The first seed of this file; other test files use other seeds.
const FIRST_SEED: u32 = 7000;

/// A file that is written with its marks replaced.
struct Sample {
    path: &'static str,
    text: &'static str,
}

impl Sample {
    /// Returns `true` if the file names application and tenant in plain text.
    fn has_ids(&self) -> bool {
        self.text.contains("@client@") && self.text.contains("@tenant@")
    }

    /// Returns the text with its marks replaced.
    fn fill(&self, marks: &[(&str, String)]) -> String {
        marks.iter().fold(self.text.to_owned(), |text, (mark, value)| text.replace(mark, value))
    }
}

/// A sample with a secret in it.
struct Plant {
    sample: &'static Sample,
    path: String,
    text: String,
    secret: String,
    client: String,
    tenant: String,
}

impl Plant {
    /// Makes a plant: the seed decides the sample and everything that is generated; `alter` may spoil the secret.
    fn new(seed: u32, alter: fn(String) -> String) -> Self {
        let count = u32::try_from(LEAKS.len()).unwrap_or(u32::MAX);
        let sample = &LEAKS[usize::try_from(seed % count).unwrap_or_default()];
        let secret = alter(entra_secret(FIRST_SEED + seed));
        let (client, tenant) = (guid(seed, "client"), guid(seed, "tenant"));
        let text = sample.fill(&[
            ("@secret@", secret.clone()),
            ("@secret.base64@", BASE64.encode(secret.as_bytes())),
            ("@secret.percent@", secret.replace('~', "%7E")),
            ("@client@", client.clone()),
            ("@client.base64@", BASE64.encode(client.as_bytes())),
            ("@tenant@", tenant.clone()),
            ("@tenant.base64@", BASE64.encode(tenant.as_bytes())),
            ("@guid@", guid(seed, "other")),
        ]);
        Self { sample, path: format!("p{seed:03}/{}", sample.path), text, secret, client, tenant }
    }

    /// Returns the line number of the secret.
    fn line(&self) -> usize {
        let before = self.sample.text.split("@secret").next().unwrap_or_default();
        1 + before.matches('\n').count()
    }

    /// Returns the secret as the file writes it, without base64 padding, which isn't part of it.
    fn written(&self) -> String {
        if self.sample.text.contains("@secret.base64@") {
            BASE64_NOPAD.encode(self.secret.as_bytes())
        } else if self.sample.text.contains("@secret.percent@") {
            self.secret.replace('~', "%7E")
        } else {
            self.secret.clone()
        }
    }

    /// Returns what is wrong with the findings in its file, which should be one finding with the whole value.
    fn faults(&self, found: &[Value]) -> Vec<String> {
        let Some(finding) = found.iter().find(|finding| finding["rule"] == ENTRA) else {
            return vec!["missed".to_owned()];
        };
        let mut faults = Vec::new();
        if finding["secret"] != self.secret.as_str() {
            faults.push(format!("the value is {}, not {}", finding["secret"], self.secret));
        }
        faults.extend(self.fault_of_place(&finding["occurrences"][0]));
        faults
            .extend(found.iter().filter(|other| other["rule"] != ENTRA).map(|other| format!("also {}", other["rule"])));
        faults
    }

    /// Checks that line and columns cut exactly the written form of the secret out of the file; returns the fault if
    /// not.
    fn fault_of_place(&self, place: &Value) -> Option<String> {
        let number = |name: &str| place[name].as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or(0);
        let line = self.text.lines().nth(number("line").wrapping_sub(1)).unwrap_or_default();
        let columns = number("column").wrapping_sub(1)..number("end_column").wrapping_sub(1);
        let cut = line.get(columns).unwrap_or_default().trim_end_matches('=');
        let right = number("line") == self.line() && cut == self.written();
        (!right)
            .then(|| format!("located at {place}, which is {cut:?}, not {:?} in line {}", self.written(), self.line()))
    }

    /// Returns the facts that differ from those in the file.
    fn wrong_facts(&self, found: &[Value]) -> Vec<String> {
        let facts = found.iter().find(|finding| finding["rule"] == ENTRA).map(|finding| finding["facts"].clone());
        let facts = facts.unwrap_or_default();
        [("azure_client_id", &self.client), ("azure_tenant_id", &self.tenant)]
            .into_iter()
            .filter(|(name, id)| facts[name] != id.as_str())
            .map(|(name, id)| format!("{name} is {}, not {id}", facts[name]))
            .collect()
    }
}

/// A folder or repository with planted files that a scan runs over.
struct Field {
    repo: Repo,
    plants: Vec<Plant>,
}

impl Field {
    fn of(count: u32, alter: fn(String) -> String) -> Self {
        let (repo, plants) = (Repo::with_a_commit(), (0..count).map(|seed| Plant::new(seed, alter)));
        let plants: Vec<Plant> = plants.collect();
        for plant in &plants {
            repo.write(&plant.path, &plant.text);
        }
        repo.add();
        Self { repo, plants }
    }

    /// Runs keysweep and collects the faults that `look` finds, for every plant and its findings.
    #[track_caller]
    fn check(&self, scan: &[&str], look: impl Fn(&Plant, &[Value]) -> Vec<String>) {
        let run = self.repo.keysweep(&[scan, &["--format", "jsonl", "--show-secrets"]].concat());
        let found = by_path(&run);
        let none = Vec::new();
        let faults = self.plants.iter().flat_map(|plant| {
            let faults = look(plant, found.get(&plant.path).unwrap_or(&none));
            faults.into_iter().map(|fault| format!("{}: {fault}", plant.path))
        });
        let faults: Vec<String> = faults.collect();
        let (count, of) = (faults.len(), self.plants.len());
        assert!(faults.is_empty(), "{scan:?}: {count} faults in {of} files\n{}", faults.join("\n"));
        assert_eq!(run.code, Some(1), "there are findings: {run}");
    }
}

/// Returns the findings of a report, grouped by the first path of each.
#[track_caller]
fn by_path(run: &Run) -> BTreeMap<String, Vec<Value>> {
    let mut by_path: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for finding in run.records_of("finding") {
        let path = finding["occurrences"][0]["path"].as_str().unwrap_or_default().to_owned();
        by_path.entry(path).or_default().push(finding);
    }
    by_path
}

/// Returns the random numbers of a seed and a purpose, by `SplitMix64`.
fn numbers(seed: u32, purpose: &str) -> impl Iterator<Item = u64> {
    let start = purpose.bytes().fold(u64::from(seed), |state, byte| state.wrapping_mul(257).wrapping_add(byte.into()));
    iter::successors(Some(start), |state| Some(state.wrapping_add(0x9e37_79b9_7f4a_7c15))).skip(1).map(|state| {
        let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        state ^ (state >> 31)
    })
}

fn bytes(seed: u32, purpose: &str, count: usize) -> Vec<u8> {
    numbers(seed, purpose).flat_map(u64::to_le_bytes).take(count).collect()
}

fn hex(seed: u32, purpose: &str, length: usize) -> String {
    numbers(seed, purpose)
        .flat_map(|number| format!("{number:016x}").into_bytes())
        .take(length)
        .map(char::from)
        .collect()
}

fn guid(seed: u32, purpose: &str) -> String {
    let digits = hex(seed, purpose, 32);
    format!("{}-{}-4{}-a{}-{}", &digits[..8], &digits[8..12], &digits[13..16], &digits[17..20], &digits[20..])
}

/// Returns the secret as it was issued.
fn genuine(secret: String) -> String {
    secret
}

/// Returns the secret with a last character that its check digits don't allow.
fn altered(mut secret: String) -> String {
    let last = secret.pop();
    secret.push(if last == Some('k') { 'm' } else { 'k' });
    secret
}

/// Returns the number of samples, for one secret in each.
fn one_round() -> u32 {
    u32::try_from(LEAKS.len()).unwrap_or(u32::MAX)
}

// ---------------------------------------------------------------- what has to be found

#[test]
fn all_secrets_are_found_in_files() {
    Field::of(PLANTED, genuine).check(&["files", "."], Plant::faults);
}

#[test]
fn all_secrets_are_found_in_the_index() {
    Field::of(PLANTED, genuine).check(&["staged"], Plant::faults);
}

#[test]
fn genuine_secrets_have_high_confidence() {
    let doubt = |_: &Plant, found: &[Value]| {
        let unsure = found.iter().filter(|finding| finding["confidence"] != "high");
        unsure.map(|finding| format!("confidence is {}", finding["confidence"])).collect()
    };
    Field::of(PLANTED, genuine).check(&["files", "."], doubt);
}

#[test]
fn application_and_tenant_are_reported_if_the_file_names_them() {
    let field = Field::of(PLANTED, genuine);
    let wrong = |plant: &Plant, found: &[Value]| {
        if plant.sample.has_ids() { plant.wrong_facts(found) } else { Vec::new() }
    };
    field.check(&["files", "."], wrong);
    field.check(&["staged"], wrong);
}

#[test]
fn ids_are_not_invented() {
    let invented = |plant: &Plant, found: &[Value]| {
        let without = !plant.text.contains(&plant.client) && !plant.text.contains(&plant.tenant);
        let facts = found.iter().filter_map(|finding| finding["facts"].as_object()).flatten();
        let facts = facts.filter(|(name, _)| without && matches!(&***name, "azure_client_id" | "azure_tenant_id"));
        facts.map(|(name, value)| format!("{name} is said to be {value}")).collect()
    };
    Field::of(one_round(), genuine).check(&["files", "."], invented);
}

#[test]
fn the_plan_names_the_application() {
    let silent = |plant: &Plant, found: &[Value]| {
        let steps = found.iter().filter_map(|finding| finding["plan"].as_array()).flatten();
        let mut commands = steps.filter_map(|step| step["command"].as_str());
        let told =
            !plant.sample.has_ids() || commands.any(|command| command.contains(&format!("--id {}", plant.client)));
        if told { Vec::new() } else { vec![format!("no command has the client id {}", plant.client)] }
    };
    Field::of(one_round(), genuine).check(&["files", "."], silent);
}

#[test]
fn a_wrong_check_digit_lowers_confidence_but_is_still_reported() {
    let field = Field::of(PLANTED, altered);
    let lower = |plant: &Plant, found: &[Value]| {
        let mut faults = plant.faults(found);
        let confidence = found.iter().find(|finding| finding["rule"] == ENTRA).map(|finding| &finding["confidence"]);
        let right = confidence.is_none_or(|it| it == "medium" || (it == "high" && plant.sample.has_ids()));
        faults.extend((!right).then(|| format!("confidence is {confidence:?}")));
        faults
    };
    field.check(&["files", "."], lower);
    field.check(&["staged"], lower);
}

// ---------------------------------------------------------------- what must not be reported

/// Returns the values for a harmless sample, generated from its number.
fn harmless_marks(seed: u32) -> Vec<(&'static str, String)> {
    let secret = entra_secret(FIRST_SEED + 1000 + seed);
    vec![
        ("@x34@", "x".repeat(34)),
        ("@stars@", "*".repeat(34)),
        ("@short@", secret[..31].to_owned()),
        ("@shorter by four@", secret[..36].to_owned() + " "),
        ("@longer@", format!("{secret}4tR9")),
        ("@begun@", format!("w7{secret}")),
        ("@guid@", guid(seed, "one")),
        ("@guid2@", guid(seed, "two")),
        ("@guid3@", guid(seed, "three")),
        ("@sha1@", hex(seed, "sha1", 40)),
        ("@sha1b@", hex(seed, "sha1b", 40)),
        ("@sha256@", hex(seed, "sha256", 64)),
        ("@md5@", hex(seed, "md5", 32)),
        ("@thumbprint@", hex(seed, "thumbprint", 40).to_uppercase()),
        ("@sha384.base64@", BASE64.encode(&bytes(seed, "sha384", 48))),
        ("@sha512.base64@", BASE64.encode(&bytes(seed, "sha512", 64))),
        ("@sealed@", BASE64.encode(&bytes(seed, "sealed", 40))),
        ("@iv@", BASE64.encode(&bytes(seed, "iv", 32))),
        ("@tag@", BASE64.encode(&bytes(seed, "tag", 16))),
    ]
}

/// Returns a repository with every harmless sample staged.
fn harmless() -> Repo {
    let repo = Repo::with_a_commit();
    for (seed, sample) in (0..).zip(&HARMLESS) {
        repo.write(format!("n{seed:02}/{}", sample.path), sample.fill(&harmless_marks(seed)));
    }
    repo.add();
    repo
}

#[track_caller]
fn silent(scan: &[&str]) {
    let run = harmless().keysweep(&[scan, &["--format", "jsonl", "--show-secrets"]].concat());
    let describe = |finding: &Value| {
        let place = &finding["occurrences"][0];
        format!("{} at {}:{}: {}", finding["rule"], place["path"], place["line"], finding["secret"])
    };
    let alarms: Vec<String> = run.records_of("finding").iter().map(describe).collect();
    assert!(alarms.is_empty(), "{scan:?}: {} false alarms\n{}", alarms.len(), alarms.join("\n"));
    run.expect_code(0);
}

#[test]
fn nothing_harmless_is_reported_in_files() {
    silent(&["files", "."]);
}

#[test]
fn nothing_harmless_is_reported_in_the_index() {
    silent(&["staged"]);
}

// ---------------------------------------------------------------- samples

/// Files with secrets, in the places where people leave them.
const LEAKS: [Sample; 44] = [
    Sample {
        path: "README.md",
        text: r#"# Billing

Until the vault is there, use the client secret `@secret@` of the deployment application.
"#,
    },
    Sample {
        path: "docs/access.md",
        text: r#"| Setting | Value |
| --- | --- |
| Client ID | `@client@` |
| Tenant ID | `@tenant@` |
| Client secret | `@secret@` |
"#,
    },
    Sample {
        path: "deploy.sh",
        text: r#"#!/bin/sh
set -eu
az login --service-principal -u @client@ -p @secret@ --tenant @tenant@
az account set --subscription @guid@
"#,
    },
    Sample {
        path: "login.sh",
        text: r#"az login --service-principal \
  --tenant=@tenant@ \
  --password='@secret@' \
  --username='@client@'
"#,
    },
    Sample {
        path: ".github/workflows/deploy.yml",
        text: r#"on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    env:
      ARM_TENANT_ID: @tenant@
      ARM_SUBSCRIPTION_ID: @guid@
      ARM_CLIENT_ID: @client@
      ARM_CLIENT_SECRET: @secret@
    steps:
      - run: terraform apply -auto-approve
"#,
    },
    Sample {
        path: ".github/workflows/release.yml",
        text: r#"jobs:
  release:
    steps:
      - uses: azure/login@v2
        with:
          creds: '{"clientId":"@client@","clientSecret":"@secret@","subscriptionId":"@guid@","tenantId":"@tenant@"}'
"#,
    },
    Sample {
        path: "setup.sh",
        text: r#"export ARM_SUBSCRIPTION_ID=@guid@
export ARM_CLIENT_SECRET=@secret@
export ARM_CLIENT_ID=@client@
export ARM_TENANT_ID=@tenant@
"#,
    },
    Sample {
        path: "terraform.tfvars",
        text: r#"location        = "westeurope"
subscription_id = "@guid@"
tenant_id       = "@tenant@"
client_secret   = "@secret@"
client_id       = "@client@"
"#,
    },
    Sample {
        path: "main.tf",
        text: r#"provider "azurerm" {
  features {}
  subscription_id = "@guid@"
  client_id       = "@client@"
  client_secret   = "@secret@"
  tenant_id       = "@tenant@"
}
"#,
    },
    Sample {
        path: "appsettings.json",
        text: r#"{
  "Logging": { "LogLevel": { "Default": "Information" } },
  "AzureAd": {
    "Instance": "https://login.microsoftonline.com/",
    "TenantId": "@tenant@",
    "ClientId": "@client@",
    "ClientSecret": "@secret@"
  }
}
"#,
    },
    Sample {
        path: ".env",
        text: r#"PORT=8080
AZURE_TENANT_ID=@tenant@
AZURE_CLIENT_ID=@client@
AZURE_CLIENT_SECRET=@secret@
"#,
    },
    Sample {
        path: ".env.local",
        text: r#"AZURE_AD_CLIENT_SECRET="@secret@" # from the portal
"#,
    },
    Sample {
        path: "docker-compose.yml",
        text: r#"services:
  web:
    image: billing:3
    environment:
      - AZURE_CLIENT_SECRET=@secret@
      - AZURE_TENANT_ID=@tenant@
      - AZURE_CLIENT_ID=@client@
"#,
    },
    Sample {
        path: "compose.yaml",
        text: r#"services:
  web:
    environment:
      AZURE_CLIENT_ID: "@client@"
      AZURE_CLIENT_SECRET: "@secret@"
      AZURE_TENANT_ID: "@tenant@"
"#,
    },
    Sample {
        path: "Dockerfile",
        text: r#"FROM node:22
ENV AZURE_CLIENT_ID @client@
ENV AZURE_TENANT_ID=@tenant@ AZURE_CLIENT_SECRET=@secret@ NODE_ENV=production
CMD ["node", "index.js"]
"#,
    },
    Sample {
        path: "k8s/secret.yaml",
        text: r#"apiVersion: v1
kind: Secret
metadata:
  name: azure-sp
type: Opaque
data:
  client-id: @client.base64@
  client-secret: @secret.base64@
  tenant-id: @tenant.base64@
"#,
    },
    Sample {
        path: "k8s/app.yaml",
        text: r#"apiVersion: v1
kind: ConfigMap
metadata:
  name: azure-ids
data:
  AZURE_CLIENT_ID: @client@
  AZURE_TENANT_ID: @tenant@
---
apiVersion: v1
kind: Secret
metadata:
  name: azure-sp
data:
  AZURE_CLIENT_SECRET: @secret.base64@
"#,
    },
    Sample {
        path: "k8s/plain.yaml",
        text: r#"spec:
  containers:
    - name: web
      env:
        - name: AZURE_CLIENT_ID
          value: @client@
        - name: AZURE_CLIENT_SECRET
          value: @secret@
        - name: AZURE_TENANT_ID
          value: @tenant@
"#,
    },
    Sample {
        path: "token.http",
        text: r#"POST https://login.microsoftonline.com/@tenant@/oauth2/v2.0/token
Content-Type: application/x-www-form-urlencoded

client_id=@client@&client_secret=@secret.percent@&grant_type=client_credentials
"#,
    },
    Sample {
        path: "graph.http",
        text: r#"POST https://login.microsoftonline.com/@tenant@/oauth2/v2.0/token
Content-Type: application/x-www-form-urlencoded

client_secret=@secret@&grant_type=client_credentials&client_id=@client@&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default
"#,
    },
    Sample {
        path: "Connect.ps1",
        text: r#"$TenantId = "@tenant@"
$ClientId = "@client@"
$Secret = ConvertTo-SecureString "@secret@" -AsPlainText -Force
$Credential = New-Object System.Management.Automation.PSCredential($ClientId, $Secret)
Connect-AzAccount -ServicePrincipal -Credential $Credential -Tenant $TenantId
"#,
    },
    Sample {
        path: "Rotate.ps1",
        text: r#"$key = ConvertTo-SecureString -AsPlainText -Force -String '@secret@'
"#,
    },
    Sample {
        path: "app.py",
        text: r#"from azure.identity import ClientSecretCredential

credential = ClientSecretCredential(
    tenant_id="@tenant@",
    client_id="@client@",
    client_secret="@secret@",
)
"#,
    },
    Sample {
        path: "Program.cs",
        text: r#"const string TenantId = "@tenant@";
const string ClientId = "@client@";
const string ClientSecret = "@secret@";
var credential = new ClientSecretCredential(TenantId, ClientId, ClientSecret);
"#,
    },
    Sample {
        path: "Graph.cs",
        text: r#"var client = new GraphServiceClient(new ClientSecretCredential("@guid@", "@guid@", @"@secret@"));
"#,
    },
    Sample {
        path: "App.java",
        text: r#"TokenCredential credential = new ClientSecretCredentialBuilder()
    .clientId("@client@")
    .clientSecret("@secret@")
    .tenantId("@tenant@")
    .build();
"#,
    },
    Sample {
        path: "index.js",
        text: r#"const app = new ConfidentialClientApplication({
  auth: {
    clientId: '@client@',
    authority: `https://login.microsoftonline.com/@tenant@`,
    clientSecret: '@secret@',
  },
});
"#,
    },
    Sample {
        path: "main.go",
        text: r#"cred, err := azidentity.NewClientSecretCredential("@guid@", "@guid@", "@secret@", nil)
"#,
    },
    Sample {
        path: ".bashrc",
        text: r#"export PATH="$HOME/bin:$PATH"
export AZURE_CLIENT_SECRET='@secret@'; export AZURE_CLIENT_ID='@client@' AZURE_TENANT_ID='@tenant@'
"#,
    },
    Sample {
        path: "token.sh",
        text: r#"curl -s -X POST -d "client_id=@client@" -d "client_secret=@secret@" -d grant_type=client_credentials \
  https://login.microsoftonline.com/@tenant@/oauth2/v2.0/token
"#,
    },
    Sample {
        path: "chart/values.yaml",
        text: r#"replicaCount: 2
azure:
  tenantId: @tenant@
  clientId: @client@
  clientSecret: @secret@
ingress:
  enabled: true
"#,
    },
    Sample {
        path: "install.sh",
        text: r#"helm install billing ./chart --set azure.clientSecret=@secret@,azure.clientId=@client@,azure.tenantId=@tenant@
"#,
    },
    Sample {
        path: "application.properties",
        text: r#"server.port=8080
spring.cloud.azure.active-directory.profile.tenant-id=@tenant@
spring.cloud.azure.active-directory.credential.client-id=@client@
spring.cloud.azure.active-directory.credential.client-secret=@secret@
"#,
    },
    Sample {
        path: "web.config",
        text: r#"<configuration>
  <appSettings>
    <add key="ida:ClientId" value="@client@" />
    <add key="ida:TenantId" value="@tenant@" />
    <add key="ida:ClientSecret" value="@secret@" />
  </appSettings>
</configuration>
"#,
    },
    Sample {
        path: "event.json",
        text: r#"{"id": 17, "body": "{\"tenant_id\":\"@tenant@\",\"client_secret\":\"@secret@\",\"client_id\":\"@client@\"}"}
"#,
    },
    Sample {
        path: "ids-above.yml",
        text: r#"tenantId: @tenant@
clientId: @client@
region: westeurope
replicas: 3
image: registry.example.com/billing
resources:
  limits:
    cpu: 500m
    memory: 256Mi
  requests:
    cpu: 100m
    memory: 128Mi
probes:
  liveness: /live
  readiness: /ready
  period: 10
  timeout: 2
clientSecret: @secret@
"#,
    },
    Sample {
        path: "ids-below.ini",
        text: r#"[auth]
key = @secret@

[server]
port = 8080
workers = 4
timeout = 30
keepalive = 75

[log]
level = info
format = plain
target = stdout

[cache]
size = 1024
policy = lru

[azure]
client_id = @client@
tenant_id = @tenant@
"#,
    },
    Sample { path: "notes.txt", text: "@secret@\n" },
    Sample {
        path: "app.log",
        text: r#"2024-03-05T11:02:13.482Z INFO  [main] starting with 4 workers
2024-03-05T11:02:13.917Z DEBUG [auth] POST /oauth2/v2.0/token secret=@secret@ status=401 took=87ms
2024-03-05T11:02:14.003Z ERROR [auth] giving up
"#,
    },
    Sample {
        path: "analysis.ipynb",
        text: r#"{
 "cells": [
  {
   "cell_type": "code",
   "execution_count": 4,
   "id": "3f9c21aa",
   "metadata": {},
   "outputs": [],
   "source": [
    "client_id = \"@client@\"\n",
    "client_secret = \"@secret@\"\n",
    "tenant_id = \"@tenant@\"\n"
   ]
  }
 ],
 "nbformat": 4,
 "nbformat_minor": 5
}
"#,
    },
    Sample {
        path: "terraform.tfstate",
        text: r#"{
  "version": 4,
  "lineage": "@guid@",
  "resources": [
    {
      "type": "azuread_application_password",
      "instances": [
        {
          "attributes": {
            "application_id": "/applications/@guid@",
            "display_name": "deploy",
            "value": "@secret@"
          },
          "sensitive_attributes": []
        }
      ]
    }
  ]
}
"#,
    },
    Sample {
        path: "principal.json",
        text: r#"{
  "appId": "@client@",
  "displayName": "deploy",
  "password": "@secret@",
  "tenant": "@tenant@"
}
"#,
    },
    Sample {
        path: "main.parameters.json",
        text: r#"{
  "parameters": {
    "tenantId": { "value": "@tenant@" },
    "clientId": { "value": "@client@" },
    "clientSecret": { "value": "@secret@" }
  }
}
"#,
    },
    Sample {
        path: "billing.postman_environment.json",
        text: r#"{
  "name": "billing",
  "values": [
    { "key": "client_secret", "value": "@secret@", "enabled": true },
    { "key": "client_id", "value": "@client@", "enabled": true },
    { "key": "tenant_id", "value": "@tenant@", "enabled": true }
  ]
}
"#,
    },
];

/// Files with lookalikes that aren't secrets.
const HARMLESS: [Sample; 60] = [
    Sample { path: ".env", text: "AZURE_CLIENT_SECRET=xxx8Q~@x34@\n" },
    Sample { path: "README.md", text: "Set `AZURE_CLIENT_SECRET=<client-secret>` before you start.\n" },
    Sample { path: "settings.json", text: "{ \"clientSecret\": \"your-client-secret\" }\n" },
    Sample { path: "deploy.yml", text: "env:\n  AZURE_CLIENT_SECRET: ${{ secrets.AZURE_CLIENT_SECRET }}\n" },
    Sample { path: "ci.sh", text: "AZURE_CLIENT_SECRET=${{ secrets.AZURE_CLIENT_SECRET }}\n" },
    Sample {
        path: "release.yml",
        text: r#"creds: '{"clientId":"@guid@","clientSecret":"${{ secrets.AZURE_CLIENT_SECRET }}","tenantId":"@guid2@"}'
"#,
    },
    Sample { path: "docker-compose.yml", text: "environment:\n  - AZURE_CLIENT_SECRET=${AZURE_CLIENT_SECRET}\n" },
    Sample { path: "compose.yaml", text: "environment:\n  AZURE_CLIENT_SECRET: ${AZURE_CLIENT_SECRET:?is not set}\n" },
    Sample { path: "azure-pipelines.yml", text: "env:\n  ARM_CLIENT_SECRET: $(clientSecret)\n" },
    Sample {
        path: "appsettings.json",
        text: r#"{ "ClientSecret": "@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/ClientSecret/)" }
"#,
    },
    Sample { path: "web.yml", text: "ClientSecret: #{ClientSecret}#\n" },
    Sample { path: "app.py", text: "client_secret = os.environ[\"AZURE_CLIENT_SECRET\"]\n" },
    Sample { path: "env.py", text: "client_secret = os.getenv('AZURE_CLIENT_SECRET', '')\n" },
    Sample { path: "app.js", text: "const app = { clientSecret: process.env.AZURE_CLIENT_SECRET };\n" },
    Sample { path: "main.tf", text: "client_secret = data.azurerm_key_vault_secret.deploy.value\n" },
    Sample { path: "vars.tf", text: "client_secret = var.client_secret # looks like abc8Q~...\n" },
    Sample { path: "ids.env", text: "ARM_CLIENT_ID=@guid@\nARM_TENANT_ID=@guid2@\nARM_SUBSCRIPTION_ID=@guid3@\n" },
    Sample {
        path: "ids.json",
        text: r#"{ "client_id": "@guid@", "tenant_id": "@guid2@", "subscription_id": "@guid3@" }
"#,
    },
    Sample { path: "version.txt", text: "commit @sha1@\n" },
    Sample { path: "Dockerfile", text: "FROM mcr.microsoft.com/azure-cli@sha256:@sha256@\n" },
    Sample { path: "SHA256SUMS", text: "@sha256@  keysweep.tar.gz\n" },
    Sample { path: "index.html", text: "<script src=\"msal.js\" integrity=\"sha384-@sha384.base64@\"></script>\n" },
    Sample {
        path: "package-lock.json",
        text: r#"{ "node_modules/@azure/identity": { "version": "4.5.0", "integrity": "sha512-@sha512.base64@" } }
"#,
    },
    Sample { path: ".env.example", text: "AZURE_CLIENT_ID=\nAZURE_CLIENT_SECRET=\nAZURE_TENANT_ID=\n" },
    Sample { path: "empty.json", text: "{ \"ClientId\": \"\", \"ClientSecret\": \"\" }\n" },
    Sample { path: "masked.env", text: "AZURE_CLIENT_SECRET=abc8Q~****\n" },
    Sample { path: "masked.log", text: "POST /token client_secret=abc8Q~@stars@&grant_type=client_credentials\n" },
    Sample { path: "portal.md", text: "The portal shows it as `abc******************` later on.\n" },
    Sample { path: "cut.txt", text: "The dump breaks off in the middle: @short@\n" },
    Sample { path: "too-few.txt", text: "frame 17 @shorter by four@\n" },
    Sample { path: "longer.txt", text: "chunk 4 @longer@\n" },
    Sample { path: "begun.txt", text: "chunk 5 @begun@\n" },
    Sample { path: "fix.patch", text: "diff --git a/app.py b/app.py\nindex @sha1@..@sha1b@ 100644\n--- a/app.py\n" },
    Sample { path: "tenants.txt", text: "@guid@\n@guid2@\n@guid3@\n" },
    Sample { path: "certificate.yml", text: "clientCertificateThumbprint: @thumbprint@\n" },
    Sample { path: "pod.yaml", text: "volumes:\n  - name: azure\n    secret:\n      secretName: my-app-secret\n" },
    Sample {
        path: "containerapp.yaml",
        text: "env:\n  - name: AZURE_CLIENT_SECRET\n    secretRef: azure-client-secret\n",
    },
    Sample { path: "issuer.yaml", text: "clientSecretRef:\n  name: azure-dns-principal\n  key: client-secret\n" },
    Sample { path: "rotation.md", text: "Rotate the client secret every 90 days: the old secret: invalid at once.\n" },
    Sample {
        path: "format.md",
        text: "A client secret holds `8Q~` after its third character, as in abc8Q~… (40 in all).\n",
    },
    Sample {
        path: "login.sh",
        text: "az login --service-principal -u \"$CLIENT_ID\" -p \"$CLIENT_SECRET\" --tenant \"$TENANT\"\n",
    },
    Sample { path: "create.sh", text: "flux create source oidc --client-id @guid@ --client-secret \"$SECRET\"\n" },
    Sample {
        path: "variables.tf",
        text: "variable \"client_secret\" {\n  type      = string\n  sensitive = true\n}\n",
    },
    Sample {
        path: "options.ts",
        text: "export interface Options {\n  clientSecret: string;\n  tenantId?: string;\n}\n",
    },
    Sample { path: "Options.cs", text: "public string ClientSecret { get; set; } = string.Empty;\n" },
    Sample { path: "Startup.cs", text: "options.ClientSecret = Configuration[\"AzureAd:ClientSecret\"];\n" },
    Sample { path: "options.go", text: "type Options struct {\n\tClientSecret string `json:\"client_secret\"`\n}\n" },
    Sample { path: "options.rs", text: "pub struct Options {\n    client_secret: Option<String>,\n}\n" },
    Sample { path: "Read.ps1", text: "$ClientSecret = Read-Host -Prompt 'Client secret' -AsSecureString\n" },
    Sample { path: "Env.ps1", text: "$secret = ConvertTo-SecureString $env:AZURE_CLIENT_SECRET -AsPlainText -Force\n" },
    Sample { path: "configmap.yaml", text: "clientSecret: {{ .Values.azure.clientSecret | quote }}\n" },
    Sample { path: "playbook.yml", text: "client_secret: \"{{ vault_azure_client_secret }}\"\n" },
    Sample { path: "secret.yaml", text: "kind: Secret\ndata:\n  client-secret: eW91ci1jbGllbnQtc2VjcmV0\n" },
    Sample { path: "sealed.yaml", text: "client_secret: ENC[AES256_GCM,data:@sealed@,iv:@iv@,tag:@tag@,type:str]\n" },
    Sample { path: "external.yaml", text: "- secretKey: clientSecret\n  remoteRef:\n    key: azure-client-secret\n" },
    Sample { path: "op.env", text: "AZURE_CLIENT_SECRET=op://platform/azure-deploy/client-secret\n" },
    Sample { path: "vault.md", text: "It is in https://contoso.vault.azure.net/secrets/client-secret/@md5@ now.\n" },
    Sample {
        path: "credentials.json",
        text: r#"[{ "displayName": "deploy", "endDateTime": "2025-01-01T00:00:00Z", "hint": "abc", "keyId": "@guid@" }]
"#,
    },
    Sample {
        path: "error.log",
        text: "AADSTS7000215: Invalid client secret provided for a secret added to app '@guid@'.\n",
    },
    Sample {
        path: "main.bicep",
        text: "@secure()\nparam clientSecret string\noutput secretUri string = vault.properties.vaultUri\n",
    },
];
