//! The meaning of a name for the value assigned to it: the last word that suggests a secret decides, so `monkey`,
//! `tokenizer` and `secret_name` do not count.

use super::segments::{is_one_of, segments};
use super::vocabulary::{
    ABOUT, ENCRYPTED, GENERIC, HARMLESS_KEY, HARMLESS_TOKEN, KEY_OF, PASS, PASSWORD, PUBLIC, SAMPLE, TOKEN, WHICH,
};

/// The meaning of a name for its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// A person may have chosen the value.
    Password,
    /// A machine generated the value.
    Token,
    /// A key of something: of a service, or of an entry.
    Key,
}

/// The meaning of a name, and the doubts about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// The kind of the value.
    pub kind: NameKind,
    /// Set if the name contains a word other than `secret` and the like.
    pub is_owned: bool,
    /// Set if the secret's word is followed by words other than those that distinguish one secret from another.
    pub is_trailed: bool,
    /// Set if the secret's word is a plural.
    pub is_plural: bool,
    /// Set if the name suggests that the value is a sample.
    pub is_sample: bool,
    /// Set if the name says that the value is encrypted.
    pub is_encrypted: bool,
    /// Set if the name is that of a PGP key, such as git's `user.signingkey`, whose value is often its fingerprint.
    pub is_signing: bool,
    /// Set if the name is one whose value a build copies into pages.
    pub is_public: bool,
}

impl Named {
    /// Judges a name by its head, the last word that doesn't just distinguish it from others; `None` if it doesn't
    /// suggest a secret.
    pub fn of(name: &[u8]) -> Option<Self> {
        if is_file(name) {
            return None;
        }
        let words: Vec<&[u8]> = segments(name).collect();
        let (at, kind) = head(&words)?;
        let (before, behind) = (&words[..at], &words[at + 1..]);
        let any = |words: &[&[u8]], list: &[&str]| words.iter().any(|word| is_one_of(word, list));
        let names_owner = |word: &&[u8]| !is_number(word) && !is_one_of(word, &GENERIC) && !is_one_of(word, &WHICH);
        Some(Self {
            kind,
            is_owned: before.iter().chain(behind).any(names_owner),
            is_trailed: behind.iter().any(|word| !is_number(word) && !is_one_of(word, &WHICH)),
            is_plural: is_plural(words[at]),
            is_sample: any(before, &SAMPLE),
            is_encrypted: any(before, &ENCRYPTED),
            is_signing: words[at].eq_ignore_ascii_case(b"signingkey")
                || words.iter().any(|word| starts_with(word, "gpg")),
            is_public: PUBLIC.iter().any(|start| name.starts_with(start)),
        })
    }
}

/// Returns `true` if a word says of a name at most that it is one of a secret, not whose.
pub fn is_generic(word: &[u8]) -> bool {
    is_one_of(word, &GENERIC) || Named::of(word).is_some()
}

/// Returns the position and kind of the last word that suggests a secret; `None` if a word after it gives the name
/// another meaning.
fn head(words: &[&[u8]]) -> Option<(usize, NameKind)> {
    for (at, word) in words.iter().enumerate().rev() {
        let before = at.checked_sub(1).map_or(&b""[..], |at| words[at]);
        if let Some(kind) = kind(singular(word), before) {
            return (!is_harmless(words, at, kind)).then_some((at, kind));
        }
        if is_one_of(word, &ABOUT) {
            return None;
        }
    }
    None
}

/// Returns the meaning of a word, given the one before it.
fn kind(word: &[u8], before: &[u8]) -> Option<NameKind> {
    if !word.is_ascii() {
        // Lowers capitals of other alphabets.
        let lower = String::from_utf8_lossy(word).to_lowercase().into_bytes();
        let listed = |list: &[&str]| list.iter().any(|end| lower.ends_with(end.as_bytes()));
        let password = listed(&PASSWORD).then_some(NameKind::Password);
        return password.or_else(|| listed(&TOKEN).then_some(NameKind::Token));
    }
    if ends(word, &PASSWORD) || is_one_of(word, &PASS) {
        Some(NameKind::Password)
    } else if ends(word, &TOKEN) || (word.eq_ignore_ascii_case(b"key") && is_one_of(before, &KEY_OF)) {
        Some(NameKind::Token)
    } else {
        is_key(word).then_some(NameKind::Key)
    }
}

/// Returns `true` if the secret's word is part of a compound for something that gives access to nothing.
fn is_harmless(words: &[&[u8]], at: usize, kind: NameKind) -> bool {
    let Some(before) = at.checked_sub(1).map(|at| words[at]) else { return false };
    match kind {
        NameKind::Password => false,
        NameKind::Key => is_one_of(before, &HARMLESS_KEY),
        NameKind::Token => ends_with(singular(words[at]), "token") && is_one_of(before, &HARMLESS_TOKEN),
    }
}

/// Returns a word without the `s` of a plural.
fn singular(word: &[u8]) -> &[u8] {
    if is_plural(word) { &word[..word.len() - 1] } else { word }
}

fn is_plural(word: &[u8]) -> bool {
    const PLURALS: [&str; 8] = ["passwords", "secrets", "tokens", "keys", "apikeys", "passphrases", "pwds", "passwds"];
    is_one_of(word, &PLURALS)
}

fn is_number(word: &[u8]) -> bool {
    word.iter().all(u8::is_ascii_digit)
}

/// Returns `true` if a name is that of a source file: caches and manifests list files by their names, with a hash for
/// each.
fn is_file(name: &[u8]) -> bool {
    const SOURCES: [&[u8]; 17] = [
        b"php", b"py", b"js", b"mjs", b"cjs", b"ts", b"tsx", b"jsx", b"rb", b"rs", b"go", b"java", b"kt", b"cs",
        b"cpp", b"html", b"css",
    ];
    let dot = name.iter().rposition(|byte| *byte == b'.');
    dot.is_some_and(|dot| dot > 0 && SOURCES.contains(&name[dot + 1..].to_ascii_lowercase().as_slice()))
}

/// Returns `true` if a word is `key`, or ends with it and isn't another word.
fn is_key(word: &[u8]) -> bool {
    const OTHER: [&str; 10] =
        ["monkey", "donkey", "turkey", "hockey", "jockey", "whiskey", "hotkey", "passkey", "rekey", "formkey"];
    ends_with(word, "key") && !is_one_of(word, &OTHER)
}

/// Returns `true` if a word is in the list, or ends with a long word of it: `dbpassword`, but not `bypass`.
fn ends(word: &[u8], list: &[&str]) -> bool {
    const LONG: usize = 5;
    list.iter().any(|end| (end.len() >= LONG || word.len() == end.len()) && ends_with(word, end))
}

fn starts_with(word: &[u8], start: &str) -> bool {
    word.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
}

fn ends_with(word: &[u8], end: &str) -> bool {
    let tail = word.len().checked_sub(end.len()).and_then(|start| word.get(start..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged_by_their_words() {
        for name in [
            "password",
            "DB_PASSWORD",
            "clientSecret",
            "api_key",
            "API-KEY",
            "authToken",
            "dbpassword",
            "aws.secret.key",
            "db_pass",
            "PASS2",
            "keyStorePassword",
            "process.env.SESSION_SECRET",
            "GPG_PASSPHRASE",
            "host_password",
        ] {
            assert!(Named::of(name.as_bytes()).is_some(), "{name}");
        }
        for name in [
            "tokenizer",
            "max_tokens",
            "secret_name",
            "public_key",
            "token_type",
            "compass",
            "keyboard",
            "endorsement-key",
            "formkey",
            "bypass",
            "cache_key",
            "rowKey",
            "monkey",
            "pass.py",
            "pass_manager",
            "gpg key",
            "ResetPassword.php",
            "routing_key",
            "secret_env",
            "password_store",
            "token_endpoint",
            "next_page_token",
        ] {
            assert!(Named::of(name.as_bytes()).is_none(), "{name}");
        }
    }

    #[test]
    fn the_last_noun_of_a_name_decides_and_the_rest_qualifies_it() {
        for name in [
            "REDIS_CACHE_PASSWORD",
            "PAGE_ACCESS_TOKEN",
            "schemaSecret",
            "spring.cache.redis.password",
            "this.urlSigningKey",
            "API_KEY_PROD",
            "JWT_SECRET_2",
            "CLIENT_SECRET_EU",
            "SECRET_KEY_BASE",
            "import.meta.env.API_TOKEN",
            "senha",
            "HAS\u{141}O",
            "\u{41f}\u{410}\u{420}\u{41e}\u{41b}\u{42c}",
            "mot_de_passe",
        ] {
            let named = Named::of(name.as_bytes());
            assert!(named.is_some_and(|named| !named.is_trailed), "{name}: {named:?}");
        }
        for name in ["token_of_acme", "secretSauce"] {
            assert!(Named::of(name.as_bytes()).is_some_and(|named| named.is_trailed), "{name}");
        }
        for name in ["cache_key", "publicKey", "key_id", "token_address", "tokenCount", "api_key_id", "csrf_token"] {
            assert_eq!(Named::of(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn a_key_is_owned_if_its_name_includes_an_owner() {
        let owned = |name: &str| Named::of(name.as_bytes()).is_some_and(|named| named.is_owned);
        assert!(["acme_key", "acmeKey1", "ACME_KEY_2"].into_iter().all(owned));
        assert!(!["key", "my_key", "the_key_2", "KEY", "sankey"].into_iter().any(owned));
    }

    #[test]
    fn sample_encrypted_public_and_plural_names_are_flagged() {
        assert!(Named::of(b"mock_password").unwrap().is_sample);
        assert!(Named::of(b"encrypted_password").unwrap().is_encrypted);
        assert!(Named::of(b"NEXT_PUBLIC_MAPS_API_KEY").unwrap().is_public);
        assert!(Named::of(b"apiKeys").unwrap().is_plural);
    }

    #[test]
    fn service_keys_are_distinguished_from_entry_keys() {
        let kind = |name: &str| Named::of(name.as_bytes()).map(|named| named.kind);
        assert_eq!(kind("license_key"), Some(NameKind::Token));
        assert_eq!(kind("acme_key"), Some(NameKind::Key));
        assert_eq!(kind("acmeKey1"), Some(NameKind::Key));
        assert_eq!(kind("key"), Some(NameKind::Key));
        assert_eq!(kind("sort_key"), None);
        assert_eq!(kind("translationKey"), None);
        assert_eq!(kind("properties_key"), None);
    }
}
