//! The bytes of a secret, wrapped so that they cannot be printed by accident.

use std::borrow::Cow;
use std::fmt;

use super::key;

/// The value of a secret. It has no `Display` and is not serialisable; its `Debug` shows only the length.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<Vec<u8>>) -> Self {
        Self(value.into())
    }

    /// Returns the value, for checks, comparison and masking. It may be written only where the user asked for it.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// Returns the bytes that identify a secret: for a private key, the key itself in whatever armour, container,
    /// line ends, escapes or indentation it is written; for anything else, the value.
    pub fn identity(&self) -> Cow<'_, [u8]> {
        key::identity(&self.0).map_or(Cow::Borrowed(&self.0), Cow::Owned)
    }

    /// Returns the preview: the rule's public prefix, if the value starts with it, and the length.
    pub fn preview(&self, prefix: &str) -> String {
        let prefix = if self.0.starts_with(prefix.as_bytes()) { one_line(prefix) } else { "" };
        let length = String::from_utf8_lossy(&self.0).chars().count();
        format!("{prefix}… ({length} characters)")
    }
}

/// Returns the first line of a prefix, without the trailing dashes of armour.
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
    fn spellings_of_a_key_are_one_secret() {
        let key = ["MIIBVAIBADANBgkqhkiG", "9w0BAQEFAASCAT4wggE6"];
        let spelled = |end: &str, indent: &str| {
            let armour = |word: &str| format!("-----{word} {}KEY-----", "PRIVATE ");
            let lines = [armour("BEGIN"), key[0].to_owned(), key[1].to_owned(), armour("END")];
            Secret::new(lines.join(&format!("{end}{indent}")))
        };
        let body = key.concat();
        for (end, indent) in [("\n", ""), ("\r\n", ""), ("\\n", ""), ("\\r\\n", ""), ("\n", "    ")] {
            assert_eq!(spelled(end, indent).identity(), body.as_bytes(), "{end:?}");
        }
        assert_eq!(Secret::new(&*body).identity(), body.as_bytes());
        assert_eq!(Secret::new("a:b\nc").identity(), b"a:b\nc".as_slice());
    }

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
