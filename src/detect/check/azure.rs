//! Azure keys that can be recognised by themselves: Marvin checksums, CASK keys, Entra client secrets.
//!
//! Source: microsoft/security-utilities (algorithms, seeds and test vectors). This module contains the hash
//! and the sealing of generated examples. Shared access signatures are not keys and are in `sas`.

use std::borrow::Cow;

use data_encoding::{BASE64, BASE64_NOPAD};

use super::codec::{BASE62, base64, digits, split_end};
use super::{ALTERED, Fact, Outcome, pass_if};

const ENTRA_DIGITS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~";

/// The permissions of a key, by the seed that shows them.
const KINDS: [(&str, &str); 17] = [
    ("MastRW00", "read-write"),
    ("MastRO00", "read-only"),
    ("Send0000", "send"),
    ("Listen00", "listen"),
    ("Manage00", "manage"),
    ("SendRecv", "send and receive"),
    ("Query000", "query"),
    ("PAdmin00", "admin"),
    ("Functi00", "function"),
    ("System00", "system"),
    ("Master00", "master"),
    ("IoTHub00", "hub"),
    ("Device00", "device"),
    ("DpsKey00", "provisioning"),
    ("Tenant00", "tenant"),
    ("Gatewy00", "gateway"),
    ("GitKey00", "git"),
];

/// The services, by the signature at offset 76 of a CASK key.
const SERVICES: [(&str, &str); 8] = [
    ("ACOG", "AI services"),
    ("AZDO", "DevOps"),
    ("AZMP", "Maps"),
    ("AZAC", "App Configuration"),
    ("AZCS", "Communication"),
    ("AZEG", "Event Grid"),
    ("AZFR", "Fluid Relay"),
    ("AZMR", "Mixed Reality"),
];

/// Returns the Marvin32 hash: the two halves of the 64-bit Marvin hash (`SymCrypt`) xored.
pub(crate) fn marvin32(data: &[u8], seed: u64) -> u32 {
    let [a, b, c, d, e, f, g, h] = seed.to_le_bytes();
    let mut state = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
    let (words, tail) = data.as_chunks::<4>();
    for word in words {
        state = mix(state.0.wrapping_add(u32::from_le_bytes(*word)), state.1);
    }
    let last = tail.iter().chain(&[0x80]).rev().fold(0, |n, b| n << 8 | u32::from(*b));
    let (low, high) = mix(state.0.wrapping_add(last), state.1);
    let (low, high) = mix(low, high);
    low ^ high
}

const fn mix(low: u32, high: u32) -> (u32, u32) {
    let high = high ^ low;
    let low = low.rotate_left(20).wrapping_add(high);
    let high = high.rotate_left(9) ^ low;
    let low = low.rotate_left(27).wrapping_add(high);
    (low, high.rotate_left(19))
}

/// Returns the number that eight ASCII characters are, read as big-endian.
pub(crate) fn seed(text: &str) -> u64 {
    text.bytes().fold(0, |n, b| n << 8 | u64::from(b))
}

/// Turns random bytes into a key in standard base64, with `mark` at the place where the service puts it and
/// the last four bytes replaced by the checksum.
///
/// The mark ends with the last whole character before the checksum; the bits left over up to the next byte are zero.
pub(crate) fn seal_key(random: &[u8], mark: &str, seed_text: &str) -> Option<String> {
    let body_length = random.len().checked_sub(4)?;
    let end = body_length * 8 / 6;
    let mut text = BASE64_NOPAD.encode(random);
    text.replace_range(end.checked_sub(mark.len())?..end, mark);
    let mut bytes = BASE64_NOPAD.decode(text.as_bytes()).ok()?;
    bytes.truncate(body_length);
    *bytes.last_mut()? &= u8::MAX << (body_length * 8 - end * 6);
    let check = marvin32(&bytes, seed(seed_text));
    bytes.extend(check.to_le_bytes());
    Some(BASE64.encode(&bytes))
}

/// Checks that the last four bytes are the checksum of the others under one of `seeds`.
pub(super) fn marvin(secret: &[u8], seeds: &[Cow<'static, str>]) -> Outcome {
    let Some(bytes) = base64(secret) else {
        return Outcome::Fail("not base64");
    };
    let Some((body, check)) = split_end(&bytes, 4) else {
        return Outcome::Fail("too short to contain a checksum");
    };
    let fits = seeds.iter().find(|s| marvin32(body, seed(s)).to_le_bytes() == check);
    fits.map_or(Outcome::Fail(ALTERED), |seed| Outcome::Pass(kind(seed)))
}

fn kind(seed: &str) -> Vec<Fact> {
    let known = KINDS.iter().find(|(name, _)| *name == seed);
    known.map(|(_, kind)| Fact::new("azure_key_kind", kind)).into_iter().collect()
}

/// Returns the three check characters over the first 37 of an Entra client secret.
pub(crate) fn entra_check(first37: &[u8]) -> String {
    let mut text = digits(marvin32(first37, seed("AadPwd00")), ENTRA_DIGITS, 6);
    text.truncate(3);
    text
}

/// Checks `<3>8Q~<31><3 check>`. Only 18 bits of the checksum are kept.
pub(super) fn entra(secret: &[u8]) -> Outcome {
    match secret.split_at_checked(37) {
        Some((front, check)) if front.get(3..6) == Some(b"8Q~") => {
            pass_if(entra_check(front).as_bytes() == check, ALTERED)
        }
        _ => Outcome::Fail("not of the 8Q~ form"),
    }
}

/// Returns the check characters of a CASK key over its first 60 decoded bytes; a key of 84 characters keeps four of
/// six.
pub(crate) fn cask_check(first60: &[u8]) -> String {
    let sum = marvin32(first60, seed("Default0")).swap_bytes();
    format!("{:0<6}", digits(sum, BASE62, 0))
}

/// Checks `<52>JQQJ9<kind><year><month><12><4><4 service><4 or 6 check>`.
pub(super) fn cask(secret: &[u8]) -> Outcome {
    let Some((front, tail)) = secret.split_at_checked(80) else {
        return Outcome::Fail("not of the CASK form");
    };
    if front.get(52..57) != Some(b"JQQJ9") || !matches!(secret.len(), 84 | 88) {
        return Outcome::Fail("not of the CASK form");
    }
    let Some(bytes) = base64(front) else {
        return Outcome::Fail("not base64");
    };
    if cask_fits(&bytes, tail.trim_ascii_end()) { Outcome::Pass(cask_facts(front)) } else { Outcome::Fail(ALTERED) }
}

/// Checks the checksum, which early keys contain in base64 instead of base62.
fn cask_fits(first60: &[u8], tail: &[u8]) -> bool {
    let bare = tail.strip_suffix(b"==").unwrap_or(tail);
    let early = BASE64.encode(&marvin32(first60, seed("Default0")).to_le_bytes());
    cask_check(first60).as_bytes().starts_with(bare) || early.as_bytes().starts_with(bare)
}

fn cask_facts(front: &[u8]) -> Vec<Fact> {
    let created = match front.get(58..60) {
        Some([year @ b'A'..=b'Z', month @ b'A'..=b'L']) => {
            Some(format!("{}-{:02}", 2024 + u32::from(year - b'A'), month - b'A' + 1))
        }
        _ => None,
    };
    let signature = front.get(76..80).unwrap_or_default();
    let service = SERVICES.iter().find(|(mark, _)| mark.as_bytes() == signature);
    let created = created.map(|c| Fact::new("azure_key_created", c));
    created.into_iter().chain(service.map(|(_, s)| Fact::new("azure_service", s))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seeds(list: &[&'static str]) -> Vec<Cow<'static, str>> {
        list.iter().map(|s| Cow::Borrowed(*s)).collect()
    }

    #[test]
    fn marvin_matches_the_vendors_test_vectors() {
        let apim = format!("{}APIMHbKhsQ==", "a".repeat(76));
        assert!(matches!(marvin(apim.as_bytes(), &seeds(&["GitKey00", "Tenant00"])), Outcome::Pass(_)));
        let send = format!("{}+ASbHpHeAI=", "a".repeat(33));
        let expected = Outcome::Pass(vec![Fact::new("azure_key_kind", "send")]);
        assert_eq!(marvin(send.as_bytes(), &seeds(&["Listen00", "Send0000"])), expected);
        assert_eq!(marvin(send.as_bytes(), &seeds(&["Listen00"])), Outcome::Fail(ALTERED));
    }

    #[test]
    fn entra_matches_the_vendors_test_vector() {
        let secret = format!("zzz8Q~{}blP", "z".repeat(31));
        assert_eq!(entra(secret.as_bytes()), Outcome::Pass(vec![]));
        assert_eq!(entra(secret.replacen('z', "y", 1).as_bytes()), Outcome::Fail(ALTERED));
        assert_eq!(entra(b"zzz7Q~"), Outcome::Fail("not of the 8Q~ form"));
    }

    #[test]
    fn cask_keys_reveal_month_and_service() {
        let front = format!("{}JQQJ99BF{}AAASAZDO", "a1B2".repeat(13), "ACAAAAAL".to_owned() + "cD3e");
        let check = cask_check(&base64(front.as_bytes()).unwrap());
        let key = format!("{front}{}", &check[..4]);
        let facts = vec![Fact::new("azure_key_created", "2025-06"), Fact::new("azure_service", "DevOps")];
        assert_eq!(cask(key.as_bytes()), Outcome::Pass(facts));
        assert_eq!(cask(key.replacen("a1", "b1", 1).as_bytes()), Outcome::Fail(ALTERED));
        assert!(matches!(cask(format!("{front}{check}==").as_bytes()), Outcome::Pass(_)));
    }

    proptest! {
        #[test]
        fn keys_with_a_valid_checksum_pass(random in proptest::collection::vec(any::<u8>(), 64), length in 0_usize..4) {
            let length = [32, 39, 40, 64][length];
            let key = seal_key(&random[..length], "+AbC", "Default0").unwrap();
            prop_assert!(key.contains("+AbC"));
            prop_assert_eq!(marvin(key.as_bytes(), &seeds(&["Default0"])), Outcome::Pass(vec![]));
        }
    }
}
