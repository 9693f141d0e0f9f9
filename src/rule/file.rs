//! The shape of `rules.toml` and of a user's rule file: a serde mirror, nothing more.
//!
//! Keys are strict: an unknown key is an error that names the line. Nothing here is validated beyond its type;
//! [`super::compile`] turns a [`RuleDef`] into a [`super::Rule`] and says what is wrong with it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Confidence, Severity};

/// A whole rule file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// Detection rules.
    #[serde(default, rename = "rule")]
    pub rules: Vec<RuleDef>,
    /// The remediations, one for each kind of secret; several rules may share one.
    #[serde(default, rename = "remediation")]
    pub remediations: Vec<RemediationDef>,
    /// Identifiers found near a secret which complete the commands of a remediation.
    #[serde(default, rename = "field")]
    pub fields: Vec<FieldDef>,
    /// How to ask a provider whether a secret still works.
    #[serde(default)]
    pub live: Vec<LiveDef>,
}

/// One `[[rule]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleDef {
    /// Stable kebab-case id.
    pub id: String,
    /// The provider's name for the secret.
    pub name: String,
    /// Who issues it.
    pub provider: String,
    /// How bad a leak is.
    pub severity: Severity,
    /// How sure a match is when no check lowers it.
    pub confidence: Confidence,
    /// Literals, one of which every match contains; with `within`, words that stand before the value.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// How keywords are compared: with or without regard to ASCII case.
    #[serde(default)]
    pub case: Case,
    /// Regular expression over bytes; the group named `secret`, or else the whole match, is the secret.
    pub pattern: Option<String>,
    /// Instead of a pattern: the shape of the value, which is known by a name of a secret at or after the keyword.
    pub value: Option<String>,
    /// With `value`: the keyword alone is name enough, for shapes that little else has and keywords that say `key`.
    #[serde(default)]
    pub bare: bool,
    /// Use the assignment reader instead of a pattern: the keyword is (part of) a name, the secret its value.
    #[serde(default)]
    pub assignment: bool,
    /// Names of the files that the secret is in, if it is one only there.
    #[serde(default)]
    pub files: Vec<String>,
    /// With `files` and `pattern`, and without keywords: the pattern is for all of a small file.
    #[serde(default)]
    pub whole: bool,
    /// The rule is contextual: `pattern` is looked for within so many bytes after a keyword.
    pub within: Option<u32>,
    /// The rule is for a place where any secret may stand (a URL, a header): a provider's own rule wins over it.
    #[serde(default)]
    pub place: bool,
    /// The rule settles what a value is, such as a key that is public by design: it wins over every other rule.
    #[serde(default)]
    pub settles: bool,
    /// The bytes that may not touch the secret on either side.
    #[serde(default)]
    pub boundary: Boundary,
    /// Offline checks of the secret and what their failure means.
    #[serde(default)]
    pub checks: Vec<CheckDef>,
    /// `true` if statistics (entropy, repetition, sequences) and placeholder words judge the value.
    #[serde(default = "yes")]
    pub statistics: bool,
    /// SHA-256 (lower-case hex) of published values that are known not to be secrets.
    #[serde(default)]
    pub placeholders: Vec<String>,
    /// Ids of `[[field]]` entries that complete this credential and are looked for near it.
    #[serde(default)]
    pub companions: Vec<String>,
    /// Id of the `[[field]]` that the value itself is: the half of a credential that names a key and opens nothing alone.
    #[serde(default)]
    pub identifies: String,
    /// Id of the `[[remediation]]`; the rule's own id if absent.
    pub remediation: Option<String>,
    /// Where the format is documented.
    #[serde(default)]
    pub references: Vec<String>,
    /// Template of the secret itself, which `<token>` stands for in the examples.
    pub token: Option<String>,
    /// Templates of text in which exactly this rule must report a secret.
    #[serde(default)]
    pub examples: Vec<String>,
    /// Templates of text in which this rule must report nothing.
    #[serde(default)]
    pub counter_examples: Vec<String>,
}

/// One entry of `checks`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckDef {
    /// Name of the check, with arguments in parentheses where it takes any: `azure-marvin(Default0)`.
    pub is: String,
    /// The effect of a failed check on the detection.
    #[serde(rename = "else")]
    pub on_fail: OnFail,
}

/// The effect of a failed check on the detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFail {
    /// Reject it: the format is confirmed, so this is not a secret.
    Drop,
    /// Keep it with low confidence.
    Low,
    /// Keep it with medium confidence at most.
    Medium,
}

/// How keywords are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Case {
    /// Byte for byte.
    #[default]
    Exact,
    /// Without regard to ASCII case.
    Any,
}

/// The bytes that may not touch a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Boundary {
    /// Letters, digits and `_`.
    #[default]
    Word,
    /// Letters, digits and `+ / = _ -`.
    Base64,
    /// Any neighbour is fine (the pattern itself delimits).
    None,
}

/// One `[[remediation]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemediationDef {
    /// Kebab-case id, named by rules.
    pub id: String,
    /// The damage an attacker can do with the secret; one or two sentences.
    pub impact: String,
    /// Steps that make the leaked value useless.
    pub revoke: Vec<StepDef>,
    /// Steps that put a new value in place.
    pub rotate: Vec<StepDef>,
    /// The versions of the tools that accepted their commands, and the date: `azure-cli 2.91.0: 2026-11-22`.
    #[serde(default)]
    pub checked: String,
    /// How to see that the old value is dead.
    pub verify: String,
    /// The command that shows it.
    #[serde(default)]
    pub verify_run: String,
    /// Where to look for misuse.
    pub audit: String,
    /// The command that shows it.
    #[serde(default)]
    pub audit_run: String,
    /// The mechanism that needs no long-lived secret, or that keeps it safe.
    pub prevent: String,
    /// Steps that let a workflow sign in without the secret.
    #[serde(default)]
    pub federate: Vec<StepDef>,
    /// With `federate`: texts that show that a workflow signs in with the secret.
    #[serde(default)]
    pub workflow: Vec<String>,
    /// The harm that the obvious command does.
    #[serde(default)]
    pub caution: String,
    /// The provider's page about it; if absent, the first reference of the rule.
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
    /// The command that does it; `{field}` is filled from what was found near the secret.
    #[serde(default)]
    pub run: String,
}

/// One `[[field]]`: an identifier that completes a command.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldDef {
    /// `lower_snake` name, used as `{name}` in commands.
    pub name: String,
    /// How a person finds the value when it was not near the secret.
    pub hint: String,
    /// Names under which the value is assigned in files; compared without regard to case, `_`, `-`, `.` and spaces.
    #[serde(default)]
    pub names: Vec<String>,
    /// Regular expression of a value assigned to one of `names`.
    #[serde(default)]
    pub value: String,
    /// Further expressions with a group `value`, for places other than assignments (URLs, for instance).
    #[serde(default)]
    pub patterns: Vec<String>,
    /// Its vendor calls it no secret: commands show the value even where a rule reports it.
    #[serde(default)]
    pub shown: bool,
    /// A check that reads more identifiers out of the value, such as the account of a key id.
    #[serde(default)]
    pub check: String,
}

/// One `[[live]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveDef {
    /// Kebab-case id.
    pub id: String,
    /// Ids of the rules whose secrets are asked about so; the own id if there are none.
    #[serde(default)]
    pub rules: Vec<String>,
    /// Why the provider is never asked; everything else is absent then.
    #[serde(default)]
    pub never: String,
    /// The method: GET, or POST with a body, if absent.
    pub method: Option<Method>,
    /// The address, with `{field}` placeholders.
    #[serde(default)]
    pub url: String,
    /// Headers.
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
    /// The body as words.
    #[serde(default)]
    pub text: String,
    /// The signature that is made with the secret instead of sending it.
    pub signature: Option<Signature>,
    /// Identifiers that must have been found next to the secret, with their forms.
    #[serde(default)]
    pub needs: BTreeMap<String, String>,
    /// Identifiers that speak against asking here, with their forms.
    #[serde(default)]
    pub unless: BTreeMap<String, String>,
    /// Answers to a secret that works: `STATUS [json[:PATH[=VALUE|VALUE]]]... [text:WORDS]`.
    #[serde(default)]
    pub live: Vec<String>,
    /// Answers to one that works, though not for this.
    #[serde(default)]
    pub restricted: Vec<String>,
    /// Answers to one that does not work any more.
    #[serde(default)]
    pub dead: Vec<String>,
    /// The parts of an answer that may be shown: `json:PATH`, `header:NAME` or `xml:ELEMENT` by its name.
    #[serde(default)]
    pub reveals: BTreeMap<String, String>,
    /// Who else may know a secret that is unknown here, as a clause.
    #[serde(default)]
    pub elsewhere: String,
    /// The command that asks by hand, where none can be made from the request.
    #[serde(default)]
    pub by_hand: String,
    /// Where the provider says so.
    pub references: Vec<String>,
}

/// How it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    Get,
    /// Reads without a body.
    Head,
    /// Reads, by the provider's documentation.
    Post,
}

/// The signature that is made with a secret that is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signature {
    /// AWS Signature Version 4 for the token service, in headers.
    AwsSts,
    /// Azure Storage's `SharedKey`, in headers.
    AzureSharedKey,
    /// A signed assertion of a Google service account, which stands for the secret.
    GoogleAssertion,
    /// A signed token of a GitHub App, which stands for the secret.
    GithubApp,
}

fn yes() -> bool {
    true
}
