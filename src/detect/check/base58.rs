//! Keys in base58 with a checksum: Bitcoin keys in wallet import format, extended private keys of BIP 32.
//!
//! Source: the Bitcoin wiki on `Base58Check`; BIP 32. The last four bytes are the first four of a double SHA-256
//! of the others.

use sha2::{Digest, Sha256};

use super::codec::{base58, to_base58};
use super::{ALTERED, Outcome, pass_if};

/// The number of bytes in the checksum.
const WIDTH: usize = 4;

pub(super) fn key(secret: &[u8]) -> Outcome {
    let bytes = base58(secret);
    match bytes.as_deref().and_then(|bytes| bytes.split_last_chunk::<WIDTH>()) {
        Some((payload, check)) => pass_if(checksum(payload) == *check, ALTERED),
        None => Outcome::Fail("not base58"),
    }
}

/// Returns the payload with its checksum, in base58.
pub(crate) fn seal(payload: &[u8]) -> String {
    to_base58(&[payload, &checksum(payload)].concat())
}

fn checksum(payload: &[u8]) -> [u8; WIDTH] {
    let digest = Sha256::digest(Sha256::digest(payload));
    std::array::from_fn(|at| digest.get(at).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_with_a_valid_checksum_pass_and_altered_ones_fail() {
        for length in [33, 34, 78] {
            let text = seal(&vec![0x80; length]);
            assert_eq!(key(text.as_bytes()), Outcome::Pass(vec![]), "{text}");
            for at in 0..text.len() {
                let mut altered = text.clone().into_bytes();
                altered[at] = if altered[at] == b'Q' { b'R' } else { b'Q' };
                assert_eq!(key(&altered), Outcome::Fail(ALTERED), "{text}: {at}");
            }
        }
        assert_eq!(key(b"0OIl"), Outcome::Fail("not base58"));
        assert_eq!(key(b"2"), Outcome::Fail("not base58"));
    }

    /// Checks the address of the first block, which the Bitcoin wiki works out step by step.
    #[test]
    fn agrees_with_a_published_address() {
        assert_eq!(key(b"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"), Outcome::Pass(vec![]));
    }
}
