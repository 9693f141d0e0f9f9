//! The provider's answer about a secret.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The word for whether a secret still works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Liveness {
    /// The provider accepted it.
    Live,
    /// The provider accepted it but refused this request: its scope, address or organisation is limited. It works.
    Restricted,
    /// There was no answer, or the answer doesn't say.
    Unknown,
    /// The provider was not asked.
    NotAsked,
    /// The provider says that it no longer knows the secret.
    Dead,
}

impl Liveness {
    /// Returns the word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Restricted => "restricted",
            Self::Unknown => "unknown",
            Self::NotAsked => "not asked",
            Self::Dead => "dead",
        }
    }

    /// Returns `true` if the provider accepted the secret.
    pub fn works(self) -> bool {
        matches!(self, Self::Live | Self::Restricted)
    }

    /// Returns `true` if the answer says whether the secret works.
    pub fn is_settled(self) -> bool {
        self.works() || self == Self::Dead
    }
}

/// An answer about a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The answer.
    pub word: Liveness,
    /// The time of the answer, RFC 3339.
    pub at: String,
    /// The host that answered; empty if none was asked.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub host: String,
    /// The reason why the answer is unknown, as a clause.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub why: String,
    /// The facts that the answer reveals, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub reveals: BTreeMap<String, String>,
}
