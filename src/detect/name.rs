//! What a name says about the value assigned to it: its words decide, so `monkey`, `tokenizer` and `secret_name` do not
//! count.

use super::placeholder;

/// Words that turn a name off wherever they stand in it: the value is about a secret, or public.
const OFF: [&str; 76] = [
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
];

/// Words that end a name for something a person may have chosen.
const PASSWORD: [&str; 6] = ["password", "passwd", "passphrase", "pwd", "passwort", "pass"];

/// Words that end a name for something a machine drew.
const TOKEN: [&str; 9] =
    ["secret", "token", "apikey", "credential", "credentials", "authkey", "accesskey", "secretkey", "privatekey"];

/// Words before `key` that make it a secret one.
const KEY_OF: [&str; 14] = [
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
];

/// What a name says about its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// A person may have chosen it.
    Password,
    /// A machine drew it.
    Token,
}

impl NameKind {
    /// Judges a name; `None` if it does not speak of a secret.
    pub fn of(name: &[u8]) -> Option<Self> {
        let words: Vec<String> = placeholder::segments(name).collect();
        if words.iter().any(|word| OFF.contains(&word.as_str())) {
            return None;
        }
        let key_of = words.windows(2).any(|pair| pair[1] == "key" && KEY_OF.contains(&pair[0].as_str()));
        if ends(&words, &PASSWORD) {
            Some(Self::Password)
        } else if ends(&words, &TOKEN) || key_of {
            Some(Self::Token)
        } else {
            None
        }
    }
}

/// Whether a word is one of the list, or ends with a long one: `dbpassword`, but not `bypass`.
fn ends(words: &[String], list: &[&str]) -> bool {
    const LONG: usize = 5;
    words.iter().any(|word| list.iter().any(|end| word == end || (end.len() >= LONG && word.ends_with(end))))
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
        ] {
            assert!(NameKind::of(name.as_bytes()).is_some(), "{name}");
        }
        for name in [
            "monkey",
            "tokenizer",
            "max_tokens",
            "secret_name",
            "public_key",
            "token_type",
            "compass",
            "keyboard",
            "bypass",
        ] {
            assert!(NameKind::of(name.as_bytes()).is_none(), "{name}");
        }
    }
}
