//! Encrypted values, which can only be read with another key that isn't next to them.
//!
//! This module lists the marks that tools and services put in front of encrypted values.

use super::codec::base64;

/// The starts of values that a tool encrypted, in words or in the base64 of a fixed header: dotenvx, Spring Cloud
/// Config, `WebLogic`, EJSON; Fernet; AWS and Google KMS; `OpenPGP` messages to a key; `openssl enc`; Data Protection
/// of ASP.NET; DPAPI of Windows.
const STARTS: [&[u8]; 19] = [
    b"encrypted:",
    b"{cipher}",
    b"{AES}",
    b"{AES256}",
    b"EJ[",
    b"gAAAAA",
    b"AQICAH",
    b"AQECAH",
    b"CiQA",
    b"wcFMA",
    b"wcBMA",
    b"hQEMA",
    b"hQIMA",
    b"hF4D",
    b"wV4D",
    b"U2FsdGVkX1",
    b"CfDJ8",
    b"AQAAANCMnd8BFdERjHoAwE/Cl+s",
    b"01000000d08c9ddf0115d1118c7a00c04fc297eb",
];

/// Returns `true` if the value is useless without a key that is elsewhere.
pub(crate) fn is_encrypted(value: &[u8]) -> bool {
    /// The least number of characters of a base64 value with one of these headers; a mark in words needs fewer.
    const LONG: usize = 40;
    let marked = STARTS.iter().filter(|start| value.starts_with(start));
    marked.into_iter().any(|start| value.len() >= LONG || start.iter().any(u8::is_ascii_punctuation))
        || is_rails_message(value)
}

/// Returns `true` for the form of a credentials file or an encrypted attribute of Rails: data, vector and tag of
/// AES-GCM in base64.
fn is_rails_message(value: &[u8]) -> bool {
    let Some(vector) = memchr::memmem::find(value, b"--") else { return false };
    let (data, rest) = (&value[..vector], &value[vector + 2..]);
    let Some(tag) = memchr::memmem::find(rest, b"--") else { return false };
    let bytes = |part: &[u8]| base64(part).map(|bytes| bytes.len());
    bytes(data).is_some_and(|length| length > 0)
        && bytes(&rest[..tag]) == Some(12)
        && bytes(&rest[tag + 2..]) == Some(16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_encryption_are_recognised() {
        let body = "q8XvR2pLw9ZkT4mNc7Bd".repeat(4);
        for start in ["encrypted:B", "{cipher}", "gAAAAAB", "U2FsdGVkX1", "wcFMA", "CfDJ8"] {
            assert!(is_encrypted(format!("{start}{body}").as_bytes()), "{start}");
        }
        assert!(!is_encrypted(body.as_bytes()) && !is_encrypted(b"gAAAAAq8XvR2pL"));
    }

    #[test]
    fn messages_of_rails_have_three_parts() {
        let part = |bytes: usize| data_encoding::BASE64.encode(&vec![0xA7; bytes]);
        let message = |vector, tag| [part(48), part(vector), part(tag)].join("--");
        assert!(is_encrypted(message(12, 16).as_bytes()));
        assert!(!is_encrypted(message(16, 16).as_bytes()) && !is_encrypted(part(48).as_bytes()));
    }
}
