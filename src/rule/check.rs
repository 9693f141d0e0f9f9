//! The offline checks that a rule may name, with their arguments.
//!
//! This module owns the grammar (`name` or `name(arg,arg)`) in both directions: the text of a rule file, and Rust
//! source for the generated table of built-in rules. It computes nothing: `detect::check` does. It depends on no
//! other module, so that `build.rs` can include this very file.

use std::borrow::Cow;

/// A list that needs no allocation when it comes from the generated table.
type List = Cow<'static, [Cow<'static, str>]>;

/// An offline test of the value that a rule matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// The checksum of GitHub classic, npm and Vercel tokens: six base62 digits of a CRC-32.
    Crc32Base62,
    /// The checksum of GitHub fine-grained tokens: eight base32 characters of a SHA-256.
    GithubFineGrained,
    /// The length and CRC-32 in base36 of GitLab routable tokens.
    GitlabRoutable,
    /// The Marvin checksum of Azure identifiable keys, under one of these seeds.
    AzureMarvin(List),
    /// Azure CASK keys (DevOps and others).
    AzureCask,
    /// Entra client secrets of the `8Q~` form.
    Entra,
    /// The alphabet of AWS key ids, and the account inside.
    AwsAccount,
    /// The checksum of Atlassian tokens: eight hexadecimal digits of a CRC-32.
    AtlassianCrc32,
    /// Atlassian Data Center tokens: `digits:20 bytes` in base64.
    AtlassianDcPat,
    /// Grafana service accounts.
    GrafanaCrc32,
    /// Cloudflare tokens of 2026.
    CloudflareCrc32,
    /// Confluent secrets of 2025.
    ConfluentCrc32,
    /// Zuplo API keys.
    ZuploCrc32,
    /// Keys in Bech32 (BIP 173): age, Nostr.
    Bech32,
    /// Keys in base58 with a checksum: Bitcoin and BIP 32.
    Base58,
    /// Seeds in base32 that end in a CRC-16: NATS, Stellar.
    Crc16Base32,
    /// Base64 whose last character leaves no stray bits.
    Base64Tail,
    /// A base64 JSON object with these keys.
    Base64Json(List),
    /// Base64 of exactly this many bytes.
    Base64Decodes(u32),
    /// `PyPI` macaroons.
    PypiMacaroon,
    /// Long Vault tokens.
    VaultHvs,
    /// `JFrog` API keys.
    JfrogAkcp,
    /// `JFrog` reference tokens.
    JfrogReference,
    /// A JSON Web Token.
    Jwt,
    /// A JSON Web Token with this `role`.
    JwtRole(Cow<'static, str>),
    /// Discord bot tokens.
    DiscordBot,
    /// Azure shared access signatures.
    AzureSas,
    /// `NuGet` API keys.
    Nuget,
    /// PEM, OpenSSH, PGP and `PuTTY` private keys.
    PrivateKey,
    /// A random (version 4) UUID.
    UuidV4,
    /// Base64 of `user:password`.
    BasicAuth,
    /// The `auth` of a Docker configuration.
    DockerAuth,
    /// A Google service account file.
    GcpServiceAccount,
    /// The password of a URL's user information.
    UrlPassword,
    /// A password that isn't a placeholder.
    Password,
    /// A value with at least one letter and one digit.
    Mixed,
}

/// All checks without arguments; the others are in [`WITH_ARGUMENTS`].
const PLAIN: [Check; 32] = [
    Check::Crc32Base62,
    Check::GithubFineGrained,
    Check::GitlabRoutable,
    Check::AzureCask,
    Check::Entra,
    Check::AwsAccount,
    Check::AtlassianCrc32,
    Check::AtlassianDcPat,
    Check::GrafanaCrc32,
    Check::CloudflareCrc32,
    Check::ConfluentCrc32,
    Check::ZuploCrc32,
    Check::Bech32,
    Check::Base58,
    Check::Crc16Base32,
    Check::Base64Tail,
    Check::PypiMacaroon,
    Check::VaultHvs,
    Check::JfrogAkcp,
    Check::JfrogReference,
    Check::Jwt,
    Check::DiscordBot,
    Check::AzureSas,
    Check::Nuget,
    Check::PrivateKey,
    Check::UuidV4,
    Check::BasicAuth,
    Check::DockerAuth,
    Check::GcpServiceAccount,
    Check::UrlPassword,
    Check::Password,
    Check::Mixed,
];

const WITH_ARGUMENTS: [&str; 4] = ["azure-marvin", "base64-json", "base64-decodes", "jwt-role"];

impl Check {
    /// Reads `name` or `name(arg,arg)`.
    ///
    /// # Errors
    /// Describes the mistake for the author of a rule file; for an unknown name, the message lists the known ones.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, arguments) = split(text.trim())?;
        if let Some(plain) = PLAIN.iter().find(|c| c.name() == name) {
            return match arguments.as_slice() {
                [] => Ok(plain.clone()),
                _ => Err(format!("check `{name}` takes no arguments")),
            };
        }
        Self::with_arguments(name, arguments)
    }

    fn with_arguments(name: &str, arguments: Vec<Cow<'static, str>>) -> Result<Self, String> {
        match (name, arguments.as_slice()) {
            ("azure-marvin" | "base64-json", []) => Err(format!("check `{name}` needs at least one argument")),
            ("azure-marvin", _) => Ok(Self::AzureMarvin(Cow::Owned(seeds(arguments)?))),
            ("base64-json", _) => Ok(Self::Base64Json(Cow::Owned(arguments))),
            ("base64-decodes", [count]) => Ok(Self::Base64Decodes(number(count)?)),
            ("jwt-role", [role]) => Ok(Self::JwtRole(role.clone())),
            ("base64-decodes" | "jwt-role", _) => Err(format!("check `{name}` needs exactly one argument")),
            _ => Err(format!("unknown check `{name}`; the known ones are {}", known())),
        }
    }

    /// Returns the name as rule files spell it, without arguments.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Crc32Base62 => "crc32-base62",
            Self::GithubFineGrained => "github-fine-grained",
            Self::GitlabRoutable => "gitlab-routable",
            Self::AzureMarvin(_) => "azure-marvin",
            Self::AzureCask => "azure-cask",
            Self::Entra => "entra",
            Self::AwsAccount => "aws-account",
            Self::AtlassianCrc32 => "atlassian-crc32",
            Self::AtlassianDcPat => "atlassian-dc-pat",
            Self::GrafanaCrc32 => "grafana-crc32",
            Self::CloudflareCrc32 => "cloudflare-crc32",
            Self::ConfluentCrc32 => "confluent-crc32",
            Self::ZuploCrc32 => "zuplo-crc32",
            Self::Bech32 => "bech32",
            Self::Base58 => "base58-check",
            Self::Crc16Base32 => "crc16-base32",
            Self::Base64Tail => "base64-tail",
            Self::Base64Json(_) => "base64-json",
            Self::Base64Decodes(_) => "base64-decodes",
            Self::PypiMacaroon => "pypi-macaroon",
            Self::VaultHvs => "vault-hvs",
            Self::JfrogAkcp => "jfrog-akcp",
            Self::JfrogReference => "jfrog-reference",
            Self::Jwt => "jwt",
            Self::JwtRole(_) => "jwt-role",
            Self::DiscordBot => "discord-bot",
            Self::AzureSas => "azure-sas",
            Self::Nuget => "nuget",
            Self::PrivateKey => "private-key",
            Self::UuidV4 => "uuid-v4",
            Self::BasicAuth => "basic-auth",
            Self::DockerAuth => "docker-auth",
            Self::GcpServiceAccount => "gcp-service-account",
            Self::UrlPassword => "url-password",
            Self::Password => "password",
            Self::Mixed => "mixed",
        }
    }

    /// Returns `true` if the check compares check digits, which reveal a change of any character that they cover.
    #[must_use]
    pub const fn has_digits(&self) -> bool {
        matches!(
            self,
            Self::Crc32Base62
                | Self::GithubFineGrained
                | Self::GitlabRoutable
                | Self::AzureMarvin(_)
                | Self::AzureCask
                | Self::Entra
                | Self::AtlassianCrc32
                | Self::GrafanaCrc32
                | Self::CloudflareCrc32
                | Self::ConfluentCrc32
                | Self::ZuploCrc32
                | Self::Bech32
                | Self::Base58
                | Self::Crc16Base32
        )
    }

    /// Returns `true` if there are so many check digits that they can't match by chance.
    #[must_use]
    pub const fn is_certain(&self) -> bool {
        self.has_digits() && !matches!(self, Self::Entra | Self::Crc16Base32)
    }

    /// Returns a Rust constant expression for this value; the code around it needs `Check` and `Cow` in scope.
    #[must_use]
    pub fn to_source(&self) -> String {
        match self {
            Self::AzureMarvin(list) => format!("Check::AzureMarvin({})", list_source(list)),
            Self::Base64Json(list) => format!("Check::Base64Json({})", list_source(list)),
            Self::JwtRole(role) => format!("Check::JwtRole(Cow::Borrowed({role:?}))"),
            plain => format!("Check::{plain:?}"),
        }
    }
}

/// Splits a check into its name and trimmed arguments; `name()` is refused, because it is more likely a slip than
/// intended.
fn split(text: &str) -> Result<(&str, Vec<Cow<'static, str>>), String> {
    let Some((name, rest)) = text.split_once('(') else {
        return Ok((text, Vec::new()));
    };
    let inside = rest.strip_suffix(')').ok_or_else(|| format!("check `{text}` lacks its closing bracket"))?;
    let arguments: Vec<_> = inside.split(',').map(|a| Cow::Owned(a.trim().to_owned())).collect();
    if arguments.iter().any(|a: &Cow<'_, str>| a.is_empty()) {
        return Err(format!("check `{text}` has an empty argument"));
    }
    Ok((name.trim_end(), arguments))
}

/// Checks that each Marvin seed is eight bytes wide: a shorter one would silently never match.
fn seeds(list: Vec<Cow<'static, str>>) -> Result<Vec<Cow<'static, str>>, String> {
    match list.iter().find(|s| s.len() != 8) {
        Some(seed) => Err(format!("azure-marvin seed `{seed}` is not 8 characters long")),
        None => Ok(list),
    }
}

fn number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("base64-decodes needs a number of bytes, not `{text}`"))
}

fn known() -> String {
    let mut names: Vec<_> = PLAIN.iter().map(Check::name).chain(WITH_ARGUMENTS).collect();
    names.sort_unstable();
    names.join(", ")
}

fn list_source(list: &[Cow<'static, str>]) -> String {
    let items: Vec<_> = list.iter().map(|s| format!("Cow::Borrowed({s:?})")).collect();
    format!("Cow::Borrowed(&[{}])", items.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plain_check_name_round_trips() {
        for check in &PLAIN {
            assert_eq!(Check::parse(check.name()).as_ref(), Ok(check));
        }
    }

    #[test]
    fn arguments_are_read_and_printed_as_source() {
        let check = Check::parse("azure-marvin(Default0, SendRecv)").unwrap();
        assert_eq!(check.name(), "azure-marvin");
        let source = r#"Check::AzureMarvin(Cow::Borrowed(&[Cow::Borrowed("Default0"), Cow::Borrowed("SendRecv")]))"#;
        assert_eq!(check.to_source(), source);
        let role = Check::parse("jwt-role(service_role)").unwrap();
        assert_eq!(role.to_source(), r#"Check::JwtRole(Cow::Borrowed("service_role"))"#);
        assert_eq!(Check::parse("base64-decodes(32)").unwrap().to_source(), "Check::Base64Decodes(32)");
        assert_eq!(Check::Mixed.to_source(), "Check::Mixed");
    }

    #[test]
    fn printed_checks_are_constant_expressions() {
        const PASTED: Check = Check::Base64Json(Cow::Borrowed(&[Cow::Borrowed("o"), Cow::Borrowed("n")]));
        assert_eq!(Check::parse("base64-json(o,n)"), Ok(PASTED));
    }

    #[test]
    fn mistakes_are_reported() {
        let says = |text: &str, words: &str| assert!(Check::parse(text).unwrap_err().contains(words), "{text}");
        says("crc32", "azure-cask, azure-marvin, azure-sas");
        says("jwt(x)", "no arguments");
        says("jwt-role", "exactly one");
        says("base64-json", "at least one");
        says("base64-json(a,)", "empty argument");
        says("base64-json(a", "closing bracket");
        says("base64-decodes(x)", "number of bytes");
        says("azure-marvin(Short)", "8 characters");
    }
}
