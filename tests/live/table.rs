//! Tests of every request of the rules with every answer: each gives the right word.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use keysweep::finding::Liveness::{Dead, Live, NotAsked, Restricted, Unknown};
use keysweep::finding::{Fact, Liveness, Secret};
use keysweep::live::ask::{self, Outcome};
use keysweep::live::client::Client;
use keysweep::live::{Hosts, request};
use keysweep::rule::live::{Ask, Request, Says, Term};
use keysweep::rule_set::RuleSet;

use crate::sandbox::{rules, secret};
use crate::server::{Answer, Server};

/// Returns a made-up identifier in the form that a request needs.
fn identifier(field: &str) -> String {
    let hex = |length: usize| "0123456789abcdef".repeat(5).chars().take(length).collect::<String>();
    match field {
        "github_app_id" => "123456".to_owned(),
        "email" => "ops@example.test".to_owned(),
        "twilio_account_sid" => format!("AC{}", hex(32)),
        "mailchimp_datacenter" => "us1".to_owned(),
        "paypal_client_id" => hex(80),
        "aws_access_key_id" => format!("AKIA{}", "A2B3C4D5".repeat(2)),
        "gcp_client_email" => "deploy@example.iam.gserviceaccount.com".to_owned(),
        "azure_tenant_id" | "azure_client_id" => "3f1c2a9e-7b64-4d0f-9a57-c0e8d1b2f634".to_owned(),
        "cloudflare_account_id" => hex(32),
        "databricks_host" => "acme.cloud.databricks.com".to_owned(),
        "okta_domain" => "acme.okta.com".to_owned(),
        "slack_workspace_id" => "T0A1B2C3D".to_owned(),
        "slack_webhook_id" => "B0A1B2C3D".to_owned(),
        "discord_webhook_id" => "123456789012345678".to_owned(),
        _ => "example1".to_owned(),
    }
}

/// Returns a secret of a rule. If the secret signs the request, it has to be a real key, which `openssl` makes.
fn made(rule: &str) -> String {
    static KEY: OnceLock<String> = OnceLock::new();
    if !["gcp-service-account-key", "github-app-private-key"].contains(&rule) {
        return secret(rule, 7);
    }
    let key = KEY.get_or_init(|| {
        let args = ["genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
        let made = Command::new("openssl").args(args).output();
        String::from_utf8(made.unwrap_or_else(|why| panic!("openssl has to be on PATH: {why}")).stdout).unwrap()
    });
    key.clone()
}

/// Sends one request to a server that answers as `answer` says.
fn asked(request: &Request, rule: &str, server: &Server, answer: &str) -> Outcome {
    let named = BTreeMap::from([(request.host.to_string(), format!("{}/{answer}", server.address()))]);
    let hosts = Hosts::new(&named, &RuleSet::builtin()).unwrap();
    let facts: Vec<Fact> =
        request.needs.iter().map(|one| Fact { field: one.field.to_string(), value: identifier(&one.field) }).collect();
    let secret = Secret::new(made(rule));
    let prepared =
        request::prepare(request, &secret, &facts, &hosts, 1_800_000_000).unwrap_or_else(|why| panic!("{rule}: {why}"));
    let client = Client::new(None, Some(Duration::from_secs(5))).unwrap();
    ask::all(&client, &[prepared], 1).remove(0)
}

/// Returns an answer that a reading describes.
fn described(status: u16, terms: &[Term]) -> Answer {
    let mut json = serde_json::Value::Null;
    let mut words = String::new();
    for term in terms {
        match term {
            Term::Text(text) => words.push_str(text),
            Term::Json(path, values) => {
                let value = values.first().map_or(serde_json::json!("made up"), |value| {
                    serde_json::from_str(value).unwrap_or_else(|_| serde_json::json!(value))
                });
                put(&mut json, path, value);
            }
        }
    }
    match (terms.is_empty(), json.is_null()) {
        (true, _) => Answer::json(status, r#"{"message":"made up"}"#),
        (false, true) => Answer::Http(status, vec![("content-type", "text/plain".to_owned())], words),
        (false, false) => {
            if !words.is_empty() {
                put(&mut json, "message", serde_json::json!(words));
            }
            Answer::json(status, &json.to_string())
        }
    }
}

/// Puts a value at a path.
fn put(json: &mut serde_json::Value, path: &str, value: serde_json::Value) {
    let Some((first, rest)) = path.split_once('.').or_else(|| (!path.is_empty()).then_some((path, ""))) else {
        if json.is_null() {
            *json = serde_json::json!({});
        }
        return;
    };
    let place = match first.parse::<usize>() {
        Ok(_) => {
            *json = serde_json::json!([null]);
            &mut json[0]
        }
        Err(_) => {
            if json.is_null() {
                *json = serde_json::json!({});
            }
            &mut json[first]
        }
    };
    if rest.is_empty() { *place = value } else { put(place, rest, value) }
}

/// Returns an answer that says nothing about a secret, whoever gives it.
fn telling_nothing(name: &str) -> Option<Answer> {
    let login = "<!DOCTYPE html><html><body>Please sign in</body></html>";
    let html = || vec![("content-type", "text/html; charset=utf-8".to_owned())];
    Some(match name {
        "busy" => Answer::Http(429, vec![("retry-after", "60".to_owned())], "{}".to_owned()),
        "fault" => Answer::json(503, "{}"),
        "login" => Answer::Http(200, html(), login.to_owned()),
        "wall" => Answer::Http(403, html(), login.to_owned()),
        "proxy" => Answer::Http(401, html(), login.to_owned()),
        "redirect" => Answer::Http(302, vec![("location", "/redirected/here".to_owned())], String::new()),
        "empty" => Answer::Http(200, Vec::new(), String::new()),
        "closed" => Answer::Closed,
        _ => return None,
    })
}

const TELLING_NOTHING: [&str; 8] = ["busy", "fault", "login", "wall", "proxy", "redirect", "empty", "closed"];

#[test]
fn every_request_handles_every_answer() {
    let rules_in_force = RuleSet::builtin();
    let known = rules();
    let (mut kinds, mut cells) = (0, 0);
    for live in rules_in_force.live.iter() {
        let Ask::Request(request) = &live.ask else { continue };
        let readings = request.readings.clone();
        let server = Server::new(move |asked| {
            let name = asked.line.split('/').nth(1).unwrap_or_default();
            let number = name.strip_prefix("reading").and_then(|number| number.parse::<usize>().ok());
            match number.and_then(|number| readings.get(number)) {
                Some(reading) => described(reading.status, &reading.terms),
                None => telling_nothing(name).unwrap_or(Answer::Closed),
            }
        });
        let rule = live.rules.first().unwrap();
        assert!(known.iter().any(|one| one.id == **rule));
        for (number, reading) in request.readings.iter().enumerate() {
            let outcome = asked(request, rule, &server, &format!("reading{number}"));
            let word = match reading.says {
                Says::Live => Live,
                Says::Restricted => Restricted,
                Says::Dead => Dead,
            };
            assert_eq!(outcome.interpretation.word, word, "{}: {reading:?}: {}", live.id, outcome.interpretation.why);
            cells += 1;
        }
        for name in TELLING_NOTHING {
            let outcome = asked(request, rule, &server, name);
            assert_eq!(outcome.interpretation.word, Unknown, "{}: {name}", live.id);
            assert!(
                !outcome.interpretation.why.is_empty() && outcome.interpretation.reveals.is_empty(),
                "{}: {name}",
                live.id
            );
            cells += 1;
        }
        for one in server.asked() {
            assert!(!one.line.contains("redirected"), "{}: a redirect was followed", live.id);
            assert!(one.headers.to_ascii_lowercase().contains("user-agent: keysweep/"), "{}", one.headers);
            assert!(!one.headers.to_ascii_lowercase().contains("cookie:"), "{}", one.headers);
            let places = [&one.line, &one.headers, &one.body].map(|text| text.matches(&made(rule)).count());
            assert!(places.iter().sum::<usize>() <= 1, "{}: the value is sent more than once", live.id);
            if request.signature.is_some() {
                assert_eq!(places, [0; 3], "{}: a key is sent that only signs", live.id);
            }
        }
        kinds += 1;
    }
    assert!(kinds >= 60 && cells >= 60 * 8, "{kinds} kinds, {cells} cells");
}

/// The name of the request, the status, the body, and the expected word.
const DOCUMENTED: &[(&str, u16, &str, Liveness)] = &[
    ("github-user", 200, r#"{"login":"octocat","id":1}"#, Live),
    ("github-user", 401, r#"{"message":"Bad credentials","status":"401"}"#, Dead),
    ("github-user", 403, r#"{"message":"Resource protected by organization SAML enforcement."}"#, Restricted),
    ("slack-token", 200, r#"{"ok":true,"team":"Acme","user_id":"U1"}"#, Live),
    ("slack-token", 200, r#"{"ok":false,"error":"invalid_auth"}"#, Dead),
    ("slack-token", 200, r#"{"ok":false,"error":"org_login_required"}"#, Restricted),
    ("slack-token", 200, r#"{"ok":false,"error":"ratelimited"}"#, Unknown),
    ("slack-webhook", 400, "invalid_payload", Live),
    ("slack-webhook", 404, "no_service", Dead),
    ("stripe-key", 200, r#"{"object":"balance","livemode":false}"#, Live),
    ("stripe-key", 401, r#"{"error":{"type":"invalid_request_error"}}"#, Dead),
    ("stripe-key", 403, r#"{"error":{"message":"does not have the required permissions"}}"#, Restricted),
    ("telegram-bot-token", 401, r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#, Dead),
    ("npm-token", 200, r#"{"username":"acme"}"#, Live),
    ("npm-token", 200, "{}", Unknown),
    ("openai-key", 200, r#"{"object":"list","data":[]}"#, Live),
    ("openai-key", 401, r#"{"error":{"code":"invalid_api_key"}}"#, Dead),
    (
        "openai-key",
        401,
        r#"{"error":{"message":"Please make your request to us.api.openai.com","code":"incorrect_hostname"},"status":401}"#,
        Unknown,
    ),
    ("anthropic-api-key", 401, r#"{"type":"error","error":{"type":"authentication_error"}}"#, Dead),
    ("anthropic-api-key", 403, r#"{"type":"error","error":{"type":"permission_error"}}"#, Restricted),
    ("google-api-key", 400, r#"{"error":{"details":[{"reason":"API_KEY_INVALID"}]}}"#, Dead),
    ("google-api-key", 400, r#"{"error":{"status":"FAILED_PRECONDITION"}}"#, Unknown),
    ("google-api-key", 403, r#"{"error":{"details":[{"reason":"API_KEY_SERVICE_BLOCKED"}]}}"#, Restricted),
    (
        "aws-secret-access-key",
        200,
        "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/a</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>",
        Live,
    ),
    (
        "aws-secret-access-key",
        403,
        "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>",
        Dead,
    ),
    (
        "aws-secret-access-key",
        403,
        "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code></Error></ErrorResponse>",
        Unknown,
    ),
    ("gcp-service-account-key", 200, r#"{"access_token":"x","token_type":"Bearer"}"#, Live),
    ("gcp-service-account-key", 400, r#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#, Dead),
    (
        "gcp-service-account-key",
        400,
        r#"{"error":"invalid_grant","error_description":"Invalid JWT: Token must be a short-lived token"}"#,
        Unknown,
    ),
    ("azure-entra-client-secret", 200, r#"{"token_type":"Bearer","access_token":"x"}"#, Live),
    (
        "azure-entra-client-secret",
        401,
        r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."}"#,
        Dead,
    ),
    (
        "azure-entra-client-secret",
        401,
        r#"{"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys are expired."}"#,
        Dead,
    ),
    (
        "azure-entra-client-secret",
        400,
        r#"{"error":"unauthorized_client","error_description":"AADSTS700016: Application was not found in the directory."}"#,
        Unknown,
    ),
    ("docker-hub-pat", 200, r#"{"access_token":"x"}"#, Live),
    ("docker-hub-pat", 401, r#"{"detail":"incorrect authentication credentials"}"#, Dead),
    ("mapbox-token", 200, r#"{"code":"TokenRevoked"}"#, Dead),
    ("sonar-token", 200, r#"{"valid":false}"#, Dead),
    ("huggingface-token", 401, r#"{"error":"Invalid user token."}"#, Dead),
    ("gitlab-token", 200, r#"{"id":1,"active":false,"revoked":true}"#, Dead),
    ("gitlab-token", 403, r#"{"error":"insufficient_scope"}"#, Restricted),
    ("figma-token", 403, r#"{"status":403,"err":"Invalid token"}"#, Dead),
    ("discord-bot-token", 401, r#"{"message":"401: Unauthorized","code":0}"#, Dead),
    ("vault-token", 403, r#"{"errors":["permission denied","invalid token"]}"#, Dead),
    ("vault-token", 403, r#"{"errors":["permission denied"]}"#, Restricted),
];

/// Answers that providers document give the right word. They are quoted as far as a reading depends on them.
#[test]
fn documented_answers_give_the_right_liveness() {
    let rules = RuleSet::builtin();
    for (id, status, body, word) in DOCUMENTED {
        let live = rules.live.iter().find(|live| live.id == *id).unwrap_or_else(|| panic!("{id}"));
        let Ask::Request(request) = &live.ask else { panic!("{id} is never asked about") };
        let (status, body) = (*status, (*body).to_owned());
        let server = Server::new(move |_| Answer::json(status, &body));
        let outcome = asked(request, live.rules.first().unwrap(), &server, "x");
        assert_eq!(outcome.interpretation.word, *word, "{id} {status}: {}", outcome.interpretation.why);
    }
}

#[test]
fn slow_answers_time_out() {
    let rules = RuleSet::builtin();
    let Some(Ask::Request(request)) = rules.live("npm-token").map(|live| &live.ask) else { panic!("npm can be asked") };
    let server = Server::new(|_| Answer::Slow);
    let named = BTreeMap::from([(request.host.to_string(), server.address())]);
    let hosts = Hosts::new(&named, &rules).unwrap();
    let prepared = request::prepare(request, &Secret::new(made("npm-token")), &[], &hosts, 0).unwrap();
    let client = Client::new(None, Some(Duration::from_secs(1))).unwrap();
    let outcome = ask::all(&client, &[prepared], 1).remove(0);
    assert_eq!((outcome.interpretation.word, &*outcome.interpretation.why), (Unknown, "there was no answer in time"));
}

#[test]
fn a_host_that_refuses_is_not_asked_again() {
    let rules = RuleSet::builtin();
    let Some(Ask::Request(request)) = rules.live("npm-token").map(|live| &live.ask) else { panic!("npm can be asked") };
    let server = Server::new(|_| Answer::json(403, "{}"));
    let named = BTreeMap::from([(request.host.to_string(), server.address())]);
    let hosts = Hosts::new(&named, &rules).unwrap();
    let client = Client::new(None, None).unwrap();
    let several: Vec<_> = (0..5)
        .map(|seed| request::prepare(request, &Secret::new(secret("npm-token", seed)), &[], &hosts, 0).unwrap())
        .collect();
    let words: Vec<Liveness> =
        ask::all(&client, &several, 9).iter().map(|outcome| outcome.interpretation.word).collect();

    assert_eq!(words, [Restricted, Restricted, Restricted, NotAsked, NotAsked]);
    assert_eq!(server.asked().len(), 3);
    let limited = ask::all(&client, &several[..2], 1);
    assert!(limited[1].interpretation.why.contains("--max-requests"), "{limited:?}");
}

#[test]
fn a_rate_limited_host_gets_no_further_requests() {
    let rules = RuleSet::builtin();
    let Some(Ask::Request(request)) = rules.live("npm-token").map(|live| &live.ask) else { panic!("npm can be asked") };
    let server = Server::new(|_| Answer::Http(429, vec![("retry-after", "3600".to_owned())], String::new()));
    let named = BTreeMap::from([(request.host.to_string(), server.address())]);
    let hosts = Hosts::new(&named, &rules).unwrap();
    let two: Vec<_> = (0..2)
        .map(|seed| request::prepare(request, &Secret::new(secret("npm-token", seed)), &[], &hosts, 0).unwrap())
        .collect();
    let outcomes = ask::all(&Client::new(None, None).unwrap(), &two, 9);
    assert_eq!(outcomes[0].interpretation.word, Unknown);
    assert!(
        outcomes[1].interpretation.word == NotAsked && outcomes[1].interpretation.why.contains("wait"),
        "{outcomes:?}"
    );
    assert_eq!(server.asked().len(), 1);
}
