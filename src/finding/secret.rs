//! The bytes of a secret, wrapped so that they cannot be printed by accident.

use std::fmt;

/// A secret's value. It has no `Display` and is not serialisable; its `Debug` shows only the length.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<Vec<u8>>) -> Self {
        Self(value.into())
    }

    /// The value, for checks, comparison and masking. Whoever writes it anywhere must have been asked to.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// What may be shown: the rule's public prefix, if the value starts with it, and the length.
    pub fn preview(&self, prefix: &str) -> String {
        let prefix = if self.0.starts_with(prefix.as_bytes()) { one_line(prefix) } else { "" };
        let length = String::from_utf8_lossy(&self.0).chars().count();
        format!("{prefix}… ({length} characters)")
    }
}

/// The first line of a prefix, without trailing dashes of armour.
fn one_line(prefix: &str) -> &str {
    prefix.lines().next().unwrap_or_default()
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_debug_nor_preview_shows_the_value() {
        let secret = Secret::new("tok_9f8e7d6c5b4a");
        for shown in [format!("{secret:?}"), secret.preview("tok_"), secret.preview("")] {
            assert!(!shown.contains("9f8e"), "{shown}");
        }
        assert_eq!(secret.preview("tok_"), "tok_… (16 characters)");
        assert_eq!(secret.preview("other"), "… (16 characters)");
    }
}
