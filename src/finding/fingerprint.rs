//! The identity of a secret under a rule.
//!
//! It depends on nothing else, not on lines, files or commits, so it survives renames, rebases and squashes. It is
//! printed in logs, so a value that a person made up must not be guessable from it; such values are hashed many times
//! over.

use std::fmt;

use sha2::{Digest, Sha256};

use super::Secret;

/// The number of hash rounds for values that may be weak: about a millisecond for each fingerprint, and for each guess.
const ROUNDS: u32 = 4096;

/// Ten characters that name one secret under one rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Returns the fingerprint of a secret under the rule with this id. `issued` says that a machine made the
    /// value, so that guessing is hopeless and one round is enough.
    pub fn new(rule: &str, secret: &Secret, issued: bool) -> Self {
        let mut digest = Sha256::new();
        digest.update(b"keysweep fingerprint v1\0");
        digest.update(rule.as_bytes());
        digest.update(b"\0");
        digest.update(secret.identity());
        let mut sum = digest.finalize();
        for _ in 0..if issued { 0 } else { ROUNDS } {
            sum = Sha256::digest(sum);
        }
        let text = data_encoding::BASE32_NOPAD.encode(&sum).to_ascii_lowercase();
        Self(text.chars().take(10).collect())
    }

    /// Returns the ten characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depends_on_rule_and_secret_only() {
        let a = Secret::new("one");
        assert_eq!(Fingerprint::new("r", &a, true), Fingerprint::new("r", &a, true));
        assert_ne!(Fingerprint::new("r", &a, true), Fingerprint::new("s", &a, true));
        assert_ne!(Fingerprint::new("r", &a, true), Fingerprint::new("r", &Secret::new("two"), true));
        assert_ne!(Fingerprint::new("r", &a, true), Fingerprint::new("r", &a, false));
    }
}
