//! Offline checks: they decide whether a value has the structure that its issuer gives it, and return the facts that it
//! reveals.
//!
//! The checks give the verdict and the facts; one file per family holds the algorithms. The choice of a check for a
//! rule, and the effect of a failure on a finding, are decided elsewhere. Nothing here reads a clock, a file or the
//! network, and no input makes it panic: values come from whatever people commit.

mod atlassian;
pub(crate) mod aws;
pub(crate) mod azure;
pub(crate) mod base58;
pub(crate) mod bech32;
mod codec;
pub(crate) mod crc;
pub(crate) mod crc16;
mod der;
pub(crate) mod github;
pub(crate) mod gitlab;
mod json;
mod jwt;
mod key;
mod login;
mod macaroon;
mod openssh;
pub(crate) mod password;
mod pem;
pub(crate) mod pgp;
pub(crate) mod public;
mod sas;
pub(crate) mod sealed;
mod shape;
mod url;
mod vault;

use crate::rule::check::Check;

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The structure is right.
    Pass(Vec<Fact>),
    /// The value is recognised, but has less weight.
    Weak {
        /// The reason.
        reason: &'static str,
        /// The facts that the value reveals about itself.
        facts: Vec<Fact>,
    },
    /// The value was published as an example.
    Sample,
    /// The structure is wrong; the text says why.
    Fail(&'static str),
    /// The value has a form that this check doesn't cover.
    NotApplicable,
}

/// A non-secret identifier that the value reveals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The name, as remediation commands use it.
    pub field: &'static str,
    /// The value, free of control characters.
    pub value: String,
}

/// The most characters of a value; longer ones are noise in a report.
const FACT_LIMIT: usize = 200;

impl Fact {
    /// Creates a fact that is fit for printing, as the value comes from untrusted bytes.
    fn new(field: &'static str, value: impl AsRef<str>) -> Self {
        let value = value.as_ref().chars().filter(|c| !c.is_control()).take(FACT_LIMIT).collect();
        Self { field, value }
    }
}

/// The reason that every check gives if a checksum doesn't fit.
const ALTERED: &str = "wrong checksum: altered or invented";

fn pass_if(holds: bool, reason: &'static str) -> Outcome {
    if holds { Outcome::Pass(Vec::new()) } else { Outcome::Fail(reason) }
}

/// Applies `check` to `secret`.
#[must_use]
pub fn run(check: &Check, secret: &[u8]) -> Outcome {
    let secret = secret.trim_ascii();
    match check {
        Check::Crc32Base62 => crc::base62(secret),
        Check::AtlassianCrc32 => crc::atlassian(secret),
        Check::GrafanaCrc32 => crc::grafana(secret),
        Check::CloudflareCrc32 => crc::cloudflare(secret),
        Check::ConfluentCrc32 => crc::confluent(secret),
        Check::ZuploCrc32 => crc::zuplo(secret),
        Check::Bech32 => bech32::key(secret),
        Check::Base58 => base58::key(secret),
        Check::Crc16Base32 => crc16::seed(secret),
        Check::GithubFineGrained => github::fine_grained(secret),
        Check::GitlabRoutable => gitlab::routable(secret),
        Check::AzureMarvin(seeds) => azure::marvin(secret, seeds),
        Check::AzureCask => azure::cask(secret),
        Check::Entra => azure::entra(secret),
        Check::AzureSas => sas::azure(secret),
        Check::AwsAccount => aws::account(secret),
        Check::AtlassianDcPat => atlassian::data_center(secret),
        Check::PypiMacaroon => macaroon::pypi(secret),
        Check::VaultHvs => vault::token(secret),
        Check::Jwt => jwt::token(secret, None),
        Check::JwtRole(role) => jwt::token(secret, Some(role)),
        Check::Base64Json(keys) => json::base64(secret, keys),
        Check::GcpServiceAccount => json::service_account(secret),
        Check::PrivateKey => key::private(secret),
        Check::BasicAuth | Check::DockerAuth => login::basic(secret),
        Check::UrlPassword => url::password(secret),
        Check::Password => password::plain(secret),
        Check::Base64Tail | Check::Base64Decodes(_) | Check::Mixed | Check::UuidV4 => shape::run(check, secret),
        Check::JfrogAkcp | Check::JfrogReference | Check::DiscordBot | Check::Nuget => shape::run(check, secret),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::template::Generator;
    use proptest::prelude::*;

    const CHECKS: &str = "crc32-base62 github-fine-grained gitlab-routable azure-marvin(Default0) azure-cask entra aws-account \
        atlassian-crc32 atlassian-dc-pat grafana-crc32 cloudflare-crc32 confluent-crc32 zuplo-crc32 bech32 base58-check \
        crc16-base32 base64-tail base64-json(a,b) \
        base64-decodes(32) pypi-macaroon vault-hvs jfrog-akcp jfrog-reference jwt jwt-role(x) discord-bot azure-sas nuget \
        private-key uuid-v4 basic-auth docker-auth gcp-service-account url-password password mixed";

    const TOKENS: &str = "<jwt> <pypi> <discord> <vault-hvs> <azure-cask> <aws-id:AKIA> <pem:rsa> <pem:ec> <pem:openssh> <pgp> \
        <azure-key:64:+ASt:Default0> <base64-of:<pem:pkcs8>> <json-of:<pem:openssh-encrypted>> glpat-<base64url:27>.01.<digits:9>";

    /// Inputs that pass the first test of the parsers.
    const STEERING: [&str; 14] = [
        "-----BEGIN RSA PRIVATE KEY-----\n",
        "-----END RSA PRIVATE KEY-----",
        "{\"a\":",
        "eyJ",
        ".",
        "_",
        "\\u00",
        "\\n",
        "%",
        "sv=2022-11-02&se=",
        "pypi-AgE",
        "hvs.CAESI",
        "\u{fc}",
        "\"private_key\": \"",
    ];

    fn judge_by_all(secret: &[u8]) {
        for name in CHECKS.split_whitespace() {
            let _outcome = run(&Check::parse(name).unwrap(), secret);
        }
    }

    fn steered() -> impl Strategy<Value = String> {
        let part = prop_oneof![proptest::sample::select(&STEERING[..]).prop_map(str::to_owned), "[ -~]{0,12}"];
        proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_check_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            judge_by_all(&bytes);
            judge_by_all(data_encoding::BASE64.encode(&bytes).as_bytes());
        }

        #[test]
        fn no_text_makes_a_check_panic(text in steered()) {
            judge_by_all(text.as_bytes());
        }

        #[test]
        fn no_damaged_token_makes_a_check_panic(seed: u64, at in 0_usize..2000, byte: u8, cut: bool) {
            for template in TOKENS.split_whitespace() {
                let mut token = Generator::new(seed).expand(template, None).unwrap().into_bytes();
                let at = at % token.len();
                token.splice(at..=at, [byte]);
                token.truncate(if cut { at } else { token.len() });
                judge_by_all(&token);
            }
        }
    }

    #[test]
    fn long_values_are_judged() {
        for unit in [
            "e.",
            "eyJ_",
            "\\n",
            "\\\\",
            "\"+",
            "%41",
            "a",
            "-----BEGIN X PRIVATE KEY-----",
            "_e",
            "{",
            "=",
            "PRIVATE KEY-----",
        ] {
            judge_by_all(unit.repeat(500_000 / unit.len()).as_bytes());
        }
    }

    #[test]
    fn blanks_around_a_value_and_control_characters_in_facts_are_removed() {
        assert_eq!(run(&Check::Mixed, b" a1\n"), Outcome::Pass(Vec::new()));
        assert_eq!(Fact::new("user", "a\u{1b}[0m\n").value, "a[0m");
    }
}
