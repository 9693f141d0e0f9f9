//! The answer of a provider about a secret.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The answer whether a secret still works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Liveness {
    /// The provider took it.
    Live,
    /// The provider took it, though not for this request: its scope, address or organisation is limited. It works.
    Restricted,
    /// Nobody can tell from the answer, or there was none.
    Unknown,
    /// Nobody asked.
    NotAsked,
    /// The provider says that it does not know it any more.
    Dead,
}

impl Liveness {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Restricted => "restricted",
            Self::Unknown => "unknown",
            Self::NotAsked => "not asked",
            Self::Dead => "dead",
        }
    }
}

/// The known answer about a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The answer whether it works.
    pub word: Liveness,
    /// When that was said, RFC 3339.
    pub at: String,
    /// The host that said so; empty if none was asked.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub host: String,
    /// Why it is not known, as a clause.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub why: String,
    /// The facts that the answer reveals, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub reveals: BTreeMap<String, String>,
}
