//! The names of the offline checks a rule may ask for, with their arguments.
//!
//! Owns the grammar (`name` or `name(arg,arg)`) in both directions: text of a rule file, and Rust source for the
//! generated table of built-in rules. It computes nothing: `detect::check` does. It depends on no other module, so
//! that `build.rs` can include this very file.

use std::borrow::Cow;

/// A list that costs nothing when it comes from the generated table.
type List = Cow<'static, [Cow<'static, str>]>;

/// An offline test of the value a rule matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// GitHub classic, npm, Vercel: six base62 digits of a CRC-32.
    Crc32Base62,
    /// GitHub fine-grained: eight base32 characters of a SHA-256.
    GithubFineGrained,
    /// GitLab routable tokens: length and CRC-32 in base36.
    GitlabRoutable,
    /// Azure identifiable keys: Marvin checksum under one of these seeds.
    AzureMarvin(List),
    /// Azure CASK keys (DevOps and others).
    AzureCask,
    /// Entra client secrets of the `8Q~` form.
    Entra,
    /// AWS key ids: alphabet, and the account inside.
    AwsAccount,
    /// Atlassian: eight hexadecimal digits of a CRC-32.
    AtlassianCrc32,
    /// Atlassian Data Center: `digits:20 bytes` in base64.
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
    /// The last base64 character leaves no stray bits.
    Base64Tail,
    /// A base64 JSON object holding these keys.
    Base64Json(List),
    /// Base64 of exactly so many bytes.
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
    /// A JSON Web Token whose `role` is this.
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
    /// A password that is no placeholder.
    Password,
    /// At least one letter and one digit.
    Mixed,
}

/// Every check without arguments; the others are in [`WITH_ARGUMENTS`].
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
    /// Says what is wrong, for a person who edits a rule file; an unknown name gets the list of the known ones.
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

    /// The name as rule files spell it, without arguments.
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

    /// `true` if it compares check digits: no character that they cover can change without their telling.
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

    /// `true` if its check digits are so many that chance does not make them fit.
    #[must_use]
    pub const fn is_certain(&self) -> bool {
        self.has_digits() && !matches!(self, Self::Entra | Self::Crc16Base32)
    }

    /// A Rust constant expression for this value; the place it is pasted into needs `Check` and `Cow` in scope.
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

/// Name and trimmed arguments; `name()` is refused, as it is more likely a slip than a wish.
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

/// A Marvin seed is eight bytes wide: a shorter one would silently never fit.
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
    fn every_plain_name_reads_back() {
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
    fn what_is_printed_is_a_constant_expression() {
        const PASTED: Check = Check::Base64Json(Cow::Borrowed(&[Cow::Borrowed("o"), Cow::Borrowed("n")]));
        assert_eq!(Check::parse("base64-json(o,n)"), Ok(PASTED));
    }

    #[test]
    fn mistakes_are_named() {
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
