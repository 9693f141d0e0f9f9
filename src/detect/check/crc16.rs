//! Seeds in base32 that end in a CRC-16: NATS nkeys and Stellar's strkeys.
//!
//! Source: `nats-io/nkeys` (its README and `crc16.go`); Stellar's SEP-23. Both use CRC-16/XMODEM, the low byte first.

use data_encoding::BASE32_NOPAD;

use super::codec::split_end;
use super::{ALTERED, Outcome, pass_if};

pub(super) fn seed(secret: &[u8]) -> Outcome {
    let Ok(bytes) = BASE32_NOPAD.decode(secret) else { return Outcome::Fail("not base32") };
    match split_end(&bytes, 2) {
        Some((payload, check)) => pass_if(crc16(payload).to_le_bytes() == check, ALTERED),
        None => Outcome::Fail("too short to contain a checksum"),
    }
}

/// Returns the payload with its checksum, in base32.
pub(crate) fn seal(payload: &[u8]) -> String {
    BASE32_NOPAD.encode(&[payload, &crc16(payload).to_le_bytes()].concat())
}

fn crc16(bytes: &[u8]) -> u16 {
    let shift = |sum: u16| if sum & 0x8000 == 0 { sum << 1 } else { sum << 1 ^ 0x1021 };
    bytes.iter().fold(0, |sum, byte| (0..8).fold(sum ^ u16::from(*byte) << 8, |sum, _| shift(sum)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_xmodem() {
        assert_eq!(crc16(b"123456789"), 0x31C3);
    }

    #[test]
    fn seeds_with_a_valid_checksum_pass_and_altered_ones_fail() {
        let text = seal(&[0x90; 33]);
        assert_eq!(seed(text.as_bytes()), Outcome::Pass(vec![]));
        assert_eq!(seed(text.replacen('S', "T", 1).as_bytes()), Outcome::Fail(ALTERED));
        assert_eq!(seed(b"1"), Outcome::Fail("not base32"));
        assert_eq!(seed(b"AA"), Outcome::Fail("too short to contain a checksum"));
    }
}
