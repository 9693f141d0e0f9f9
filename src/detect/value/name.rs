//! What a name says about the value assigned to it: its words decide, so `monkey`, `tokenizer` and `secret_name` do not
//! count.

use super::segments::{is_one_of, segments};

/// Words that turn a name off wherever they stand in it: the value is about a secret, or public.
const OFF: [&str; 108] = [
    "public",
    "pub",
    "publishable",
    "id",
    "ids",
    "name",
    "names",
    "path",
    "file",
    "filename",
    "dir",
    "url",
    "uri",
    "endpoint",
    "host",
    "length",
    "len",
    "size",
    "count",
    "limit",
    "expiry",
    "expires",
    "expiration",
    "ttl",
    "type",
    "kind",
    "format",
    "regex",
    "regexp",
    "pattern",
    "prefix",
    "suffix",
    "label",
    "title",
    "hint",
    "message",
    "error",
    "field",
    "column",
    "header",
    "param",
    "schema",
    "version",
    "hash",
    "hashed",
    "digest",
    "checksum",
    "primary",
    "routing",
    "foreign",
    "sort",
    "partition",
    "cache",
    "i18n",
    "site",
    "max",
    "min",
    "num",
    "tokenizer",
    "csrf",
    "xsrf",
    "ref",
    "reference",
    "provider",
    "manager",
    "store",
    "mount",
    "policy",
    "rotation",
    "env",
    "var",
    "arn",
    "page",
    "next",
    "continuation",
    "class",
    "sha",
    "etag",
    "commit",
    "fingerprint",
    "thumbprint",
    "integrity",
    "cert",
    "certificate",
    "crt",
    "algorithm",
    "algo",
    "alg",
    "uuid",
    "guid",
    "selector",
    "placeholder",
    "description",
    "desc",
    "example",
    "dummy",
    "mock",
    "fake",
    "encrypted",
    "sealed",
    "authenticity",
    "gpg",
    "pgp",
    "through",
    "verification",
    "captcha",
    "recaptcha",
    "endorsement",
];

/// Words of those that turn a name off only behind the secret's word: before it they say whose it is, as in `keyStorePassword`
/// or `process.env.SESSION_SECRET`.
const OWNER: [&str; 12] =
    ["env", "store", "host", "site", "provider", "manager", "endpoint", "cert", "certificate", "mount", "gpg", "pgp"];

/// Words that end a name for something a person may have chosen.
const PASSWORD: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "passwort",
    "pswd",
    "psw",
    "passcode",
    "pasword",
    "storepass",
    "keypass",
    "dbpass",
    "userpass",
    "requirepass",
];

/// The same, but only as the last word of a name: elsewhere they mean other things.
const PASS: [&str; 2] = ["pass", "pw"];

/// Words that end a name for something a machine drew.
const TOKEN: [&str; 17] = [
    "secret",
    "token",
    "apikey",
    "credential",
    "credentials",
    "creds",
    "authkey",
    "accesskey",
    "secretkey",
    "privatekey",
    "appkey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "licensekey",
    "bearer",
    "authorization",
];

/// Words before `key` that make it a secret one.
const KEY_OF: [&str; 22] = [
    "api",
    "access",
    "secret",
    "auth",
    "private",
    "signing",
    "encryption",
    "master",
    "account",
    "service",
    "storage",
    "shared",
    "session",
    "subscription",
    "license",
    "licence",
    "activation",
    "authentication",
    "app",
    "preshared",
    "hmac",
    "authorization",
];

/// Words before `key` that say that it is the key of an entry, or told by its fingerprint.
const ENTRY_KEY: [&str; 47] = [
    "user",
    "rsa",
    "dsa",
    "ecdsa",
    "eddsa",
    "map",
    "dict",
    "row",
    "object",
    "item",
    "index",
    "entry",
    "lookup",
    "query",
    "sub",
    "record",
    "document",
    "doc",
    "group",
    "event",
    "message",
    "locale",
    "lang",
    "translation",
    "feature",
    "flag",
    "setting",
    "config",
    "registry",
    "state",
    "block",
    "bucket",
    "s3",
    "idempotency",
    "dedup",
    "unique",
    "natural",
    "composite",
    "hot",
    "hotkey",
    "shortcut",
    "issue",
    "project",
    "json",
    "host",
    "property",
    "properties",
];

/// Words that say nothing of what the value belongs to.
const GENERIC: [&str; 14] =
    ["key", "token", "secret", "password", "value", "the", "my", "new", "old", "data", "str", "string", "a", "this"];

/// What a name says about its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// A person may have chosen it.
    Password,
    /// A machine drew it.
    Token,
    /// A key of something: of a service, or of an entry.
    Key,
}

/// What a name says, and how clearly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// Of what kind the value is.
    pub kind: NameKind,
    /// The last word is the secret's, and says with the others what it belongs to: enough for what could be an identifier.
    pub specific: bool,
}

impl Named {
    /// Judges a name; `None` if it does not speak of a secret.
    pub fn of(name: &[u8]) -> Option<Self> {
        let words: Vec<&[u8]> = segments(name).collect();
        let is = |word: &&[u8], list: &[&str]| is_one_of(word, list);
        let of_secret = |word: &&[u8]| [&PASSWORD[..], &PASS, &TOKEN].iter().any(|list| ends(&[word], list));
        let owned = words.iter().rposition(of_secret).unwrap_or(0);
        let off = |(at, word): (usize, &&[u8])| is(word, &OFF) && !(at < owned && is(word, &OWNER));
        if words.iter().enumerate().any(off) || is_file(name) {
            return None;
        }
        let is_key_itself = |word: &&[u8]| word.eq_ignore_ascii_case(b"key");
        let letters = || words.iter().filter(|word| !word.iter().all(u8::is_ascii_digit));
        let last = letters().next_back();
        let kind = if ends(&words, &PASSWORD) || last.is_some_and(|word| is(word, &PASS)) {
            NameKind::Password
        } else if ends(&words, &TOKEN) || words.windows(2).any(|pair| is_key_itself(&pair[1]) && is(&pair[0], &KEY_OF))
        {
            NameKind::Token
        } else if last.is_some_and(|word| is_key(word)) && !words.iter().any(|w| is(w, &ENTRY_KEY)) {
            NameKind::Key
        } else {
            return None;
        };
        let closes = last.is_some_and(|word| ends(std::slice::from_ref(word), &TOKEN) || is_key(word));
        let joined = letters().any(|word| !is_key_itself(word) && is_key(word));
        let alone = words.last().is_some_and(|word| word.eq_ignore_ascii_case(b"secret"));
        let specific =
            closes && (alone || joined || (letters().count() > 1 && letters().any(|word| !is(word, &GENERIC))));
        Some(Self { kind, specific })
    }
}

/// Whether it is the name of a source file: caches and manifests list files by their names, with a hash for each.
fn is_file(name: &[u8]) -> bool {
    const SOURCES: [&[u8]; 17] = [
        b"php", b"py", b"js", b"mjs", b"cjs", b"ts", b"tsx", b"jsx", b"rb", b"rs", b"go", b"java", b"kt", b"cs",
        b"cpp", b"html", b"css",
    ];
    let dot = name.iter().rposition(|byte| *byte == b'.');
    dot.is_some_and(|dot| dot > 0 && SOURCES.contains(&name[dot + 1..].to_ascii_lowercase().as_slice()))
}

/// Whether a word is `key`, or ends with it and is no other word.
fn is_key(word: &[u8]) -> bool {
    const OTHER: [&str; 10] =
        ["monkey", "donkey", "turkey", "hockey", "jockey", "whiskey", "hotkey", "passkey", "rekey", "formkey"];
    ends_with(word, "key") && !is_one_of(word, &OTHER)
}

/// Whether a word is one of the list, or ends with a long one: `dbpassword`, but not `bypass`.
fn ends(words: &[&[u8]], list: &[&str]) -> bool {
    const LONG: usize = 5;
    let is = |word: &[u8], end: &str| (end.len() >= LONG || word.len() == end.len()) && ends_with(word, end);
    words.iter().any(|word| list.iter().any(|end| is(word, end)))
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
    fn a_specific_name_says_what_the_value_belongs_to() {
        let specific = |name: &str| Named::of(name.as_bytes()).is_some_and(|named| named.specific);
        for name in [
            "acme_token",
            "acme token",
            "secret",
            "api_key",
            "apiKey",
            "ACME_KEY",
            "clientSecret",
            "acmeToken2",
            "apikey",
        ] {
            assert!(specific(name), "{name}");
        }
        for name in ["token", "key", "my_token", "secret_value", "key_token", "token_of_acme"] {
            assert!(!specific(name), "{name}");
        }
    }

    #[test]
    fn keys_of_services_are_told_from_keys_of_entries() {
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
