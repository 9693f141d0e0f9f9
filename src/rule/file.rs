//! The format of `rules.toml` and of a user's rule file, as serde types and nothing more.
//!
//! Keys are strict: an unknown key is an error that names the line. Only types are checked here;
//! [`super::compile`] turns a [`RuleDef`] into a [`super::Rule`] and reports what is wrong with it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Confidence, Severity};

/// A whole rule file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// The detection rules.
    #[serde(default, rename = "rule")]
    pub rules: Vec<RuleDef>,
    /// The remediations, one for each kind of secret; several rules may share one.
    #[serde(default, rename = "remediation")]
    pub remediations: Vec<RemediationDef>,
    /// The identifiers found near a secret that complete the commands of a remediation.
    #[serde(default, rename = "field")]
    pub fields: Vec<FieldDef>,
    /// The requests that ask a provider whether a secret still works.
    #[serde(default)]
    pub live: Vec<LiveDef>,
}

/// One `[[rule]]` entry.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleDef {
    /// The stable kebab-case id.
    pub id: String,
    /// The provider's name for the secret.
    pub name: String,
    /// The provider that issues the secret.
    pub provider: String,
    /// The severity of a leak.
    pub severity: Severity,
    /// The confidence of a match if no check lowers it.
    pub confidence: Confidence,
    /// Literals, one of which every match contains; with `within`, words that come before the value.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// The comparison of keywords: with or without regard to ASCII case.
    #[serde(default)]
    pub case: Case,
    /// A regular expression over bytes; the group named `secret`, or else the whole match, is the secret.
    pub pattern: Option<String>,
    /// The shape of the value, instead of a pattern; the value is recognized by the name of a secret at or after the
    /// keyword.
    pub value: Option<String>,
    /// `true` if, with `value`, the keyword alone is enough of a name: for shapes that little else has, and for
    /// keywords that contain `key`.
    #[serde(default)]
    pub bare: bool,
    /// `true` to use the assignment reader instead of a pattern: the keyword is (part of) a name, and the secret is its
    /// value.
    #[serde(default)]
    pub assignment: bool,
    /// The names of the files that contain the secret, if it is a secret only there.
    #[serde(default)]
    pub files: Vec<String>,
    /// `true` if, with `files` and `pattern` and without keywords, the pattern is for the whole of a small file.
    #[serde(default)]
    pub whole: bool,
    /// The number of bytes after a keyword within which `pattern` is searched for, if the rule is contextual.
    pub within: Option<u32>,
    /// `true` if the rule is for a place where any secret may be (a URL, a header): a provider's own rule takes
    /// precedence over it.
    #[serde(default)]
    pub place: bool,
    /// `true` if the rule settles what a value is, such as a key that is public by design: it takes precedence over
    /// every other rule.
    #[serde(default)]
    pub settles: bool,
    /// The bytes that must not touch the secret on either side.
    #[serde(default)]
    pub boundary: Boundary,
    /// The offline checks of the secret, each with the effect of its failure.
    #[serde(default)]
    pub checks: Vec<CheckDef>,
    /// `true` if statistics (entropy, repetition, sequences) and placeholder words judge the value.
    #[serde(default = "yes")]
    pub statistics: bool,
    /// The SHA-256 (lower-case hex) of published values that are known not to be secrets.
    #[serde(default)]
    pub placeholders: Vec<String>,
    /// The ids of `[[field]]` entries that complete this credential and are searched for near it.
    #[serde(default)]
    pub companions: Vec<String>,
    /// The id of the `[[field]]` that the value itself is, for the half of a credential that names a key and opens
    /// nothing alone.
    #[serde(default)]
    pub identifies: String,
    /// The id of the `[[remediation]]`; the rule's own id if absent.
    pub remediation: Option<String>,
    /// The pages that document the format.
    #[serde(default)]
    pub references: Vec<String>,
    /// The template of the secret itself, which replaces `<token>` in the examples.
    pub token: Option<String>,
    /// The templates of text in which exactly this rule must report a secret.
    #[serde(default)]
    pub examples: Vec<String>,
    /// The templates of text in which this rule must report nothing.
    #[serde(default)]
    pub counter_examples: Vec<String>,
}

/// One entry of `checks`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckDef {
    /// The name of the check, with arguments in parentheses if it takes any: `azure-marvin(Default0)`.
    pub is: String,
    /// The effect of a failed check on the detection.
    #[serde(rename = "else")]
    pub on_fail: OnFail,
}

/// The effect of a failed check on the detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFail {
    /// The detection is rejected: the format is certain, so the value isn't a secret.
    Drop,
    /// The detection is kept with low confidence.
    Low,
    /// The detection is kept with medium confidence at most.
    Medium,
}

/// The comparison of keywords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Case {
    /// Byte for byte.
    #[default]
    Exact,
    /// Without regard to ASCII case.
    Any,
}

/// The bytes that must not touch a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Boundary {
    /// Letters, digits and `_`.
    #[default]
    Word,
    /// Letters, digits and `+ / = _ -`.
    Base64,
    /// No bytes: any neighbour is fine, because the pattern itself delimits the secret.
    None,
}

/// One `[[remediation]]` entry.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemediationDef {
    /// The kebab-case id, which rules refer to.
    pub id: String,
    /// The damage that an attacker can do with the secret; one or two sentences.
    pub impact: String,
    /// The steps that make the leaked value useless.
    pub revoke: Vec<StepDef>,
    /// The steps that put a new value in place.
    pub rotate: Vec<StepDef>,
    /// The versions of the tools that accepted the commands, and the date: `azure-cli 2.91.0: 2026-11-22`.
    #[serde(default)]
    pub checked: String,
    /// The way to see that the old value is dead.
    pub verify: String,
    /// The command that shows that the old value is dead.
    #[serde(default)]
    pub verify_run: String,
    /// The place to look for misuse.
    pub audit: String,
    /// The command that shows misuse.
    #[serde(default)]
    pub audit_run: String,
    /// The mechanism that needs no long-lived secret, or that keeps it safe.
    pub prevent: String,
    /// The steps that let a workflow sign in without the secret.
    #[serde(default)]
    pub federate: Vec<StepDef>,
    /// The texts that, with `federate`, show that a workflow signs in with the secret.
    #[serde(default)]
    pub workflow: Vec<String>,
    /// The harm that the obvious command does.
    #[serde(default)]
    pub caution: String,
    /// The provider's page with instructions; if absent, the first reference of the rule.
    #[serde(default)]
    pub docs: String,
}

/// One step of a remediation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepDef {
    /// The action, as a short imperative sentence.
    #[serde(rename = "do")]
    pub action: String,
    /// The command that does it; `{field}` is replaced by a value found near the secret.
    #[serde(default)]
    pub run: String,
}

/// One `[[field]]` entry: an identifier that completes a command.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldDef {
    /// The `lower_snake` name, used as `{name}` in commands.
    pub name: String,
    /// The way in which a user finds a value that was not near the secret.
    pub hint: String,
    /// The names under which the value is assigned in files; they are compared without regard to case, `_`, `-`, `.`
    /// and spaces.
    #[serde(default)]
    pub names: Vec<String>,
    /// The regular expression of a value assigned to one of `names`.
    #[serde(default)]
    pub value: String,
    /// Further expressions with a group `value`, for places other than assignments (for instance, URLs).
    #[serde(default)]
    pub patterns: Vec<String>,
    /// Expressions of the same kind that count only in the secret's own line or command: an address elsewhere may be
    /// that of anything.
    #[serde(default)]
    pub in_command: Vec<String>,
    /// `true` if the vendor does not call the value a secret: commands show it even if a rule reports it.
    #[serde(default)]
    pub shown: bool,
    /// A check that reads further identifiers from the value, such as the account of a key id.
    #[serde(default)]
    pub check: String,
}

/// One `[[live]]` entry.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveDef {
    /// The kebab-case id.
    pub id: String,
    /// The ids of the rules whose secrets this request is about; the entry's own id if there are none.
    #[serde(default)]
    pub rules: Vec<String>,
    /// The reason why the provider is never asked; the request is then absent.
    #[serde(default)]
    pub never: String,
    /// The method; if absent, GET, or POST if there is a body.
    pub method: Option<Method>,
    /// The address, with `{field}` placeholders.
    #[serde(default)]
    pub url: String,
    /// The headers of the request.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The user of HTTP Basic authentication, whose password is the secret.
    pub basic_user: Option<String>,
    /// The body as the pairs of a form.
    #[serde(default)]
    pub form: String,
    /// The body as JSON.
    #[serde(default)]
    pub json: String,
    /// The body as plain text.
    #[serde(default)]
    pub text: String,
    /// The signature that is made with the secret instead of sending it.
    pub signature: Option<Signature>,
    /// The identifiers that must have been found next to the secret, with the form of each.
    #[serde(default)]
    pub needs: BTreeMap<String, String>,
    /// The identifiers that rule this request out, with the form of each.
    #[serde(default)]
    pub unless: BTreeMap<String, String>,
    /// The answers to a secret that works: `STATUS [json[:PATH[=VALUE|VALUE]]]... [text:WORDS]`.
    #[serde(default)]
    pub live: Vec<String>,
    /// The answers to a secret that works, but not for this request.
    #[serde(default)]
    pub restricted: Vec<String>,
    /// The answers to a secret that no longer works.
    #[serde(default)]
    pub dead: Vec<String>,
    /// The parts of an answer that may be shown, by the names they are shown under: `json:PATH`, `header:NAME` or
    /// `xml:ELEMENT`.
    #[serde(default)]
    pub reveals: BTreeMap<String, String>,
    /// The other services that may know a secret that is unknown here, as a clause.
    #[serde(default)]
    pub elsewhere: String,
    /// The command that asks by hand, if none can be made from the request.
    #[serde(default)]
    pub by_hand: String,
    /// The provider's documentation of the request.
    pub references: Vec<String>,
}

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// GET, which reads.
    Get,
    /// HEAD, which reads without a body.
    Head,
    /// POST, which only reads according to the provider's documentation.
    Post,
}

/// The signature that is made with a secret, which itself is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signature {
    /// AWS Signature Version 4 for the token service, in headers.
    AwsSts,
    /// Azure Storage's `SharedKey`, in headers.
    AzureSharedKey,
    /// A signed assertion of a Google service account, which is sent in place of the secret.
    GoogleAssertion,
    /// A signed token of a GitHub App, which is sent in place of the secret.
    GithubApp,
}

fn yes() -> bool {
    true
}
