//! Atlassian Data Center tokens (Jira, Confluence, Bitbucket); those of Atlassian Cloud are in `crc`.

use super::codec::{base64, split_once};
use super::{Fact, Outcome};

/// Checks base64 of `<4 to 20 digits>:<20 random bytes>`, with `BBDC-` before it in Bitbucket.
///
/// Source: published samples of Bitbucket and Jira tokens (`CredSweeper`); the digits are the token's number.
pub(super) fn data_center(secret: &[u8]) -> Outcome {
    let body = secret.strip_prefix(b"BBDC-").unwrap_or(secret);
    let Some(bytes) = base64(body) else {
        return Outcome::Fail("not base64");
    };
    match split_once(&bytes, b':') {
        Some((id, random)) if is_id(id) && random.len() == 20 => {
            Outcome::Pass(vec![Fact::new("token_id", String::from_utf8_lossy(id))])
        }
        _ => Outcome::Fail("not a number and 20 bytes"),
    }
}

fn is_id(text: &[u8]) -> bool {
    (4..=20).contains(&text.len()) && text.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::BASE64;

    #[test]
    fn the_number_is_reported() {
        let body = BASE64.encode(&[b"123456789012:".as_slice(), &[0xA7; 20]].concat());
        let expected = Outcome::Pass(vec![Fact::new("token_id", "123456789012")]);
        assert_eq!(data_center(body.as_bytes()), expected);
        assert_eq!(data_center(format!("BBDC-{body}").as_bytes()), expected);
    }

    #[test]
    fn other_values_fail() {
        let short = BASE64.encode(b"1234:abc");
        assert_eq!(data_center(short.as_bytes()), Outcome::Fail("not a number and 20 bytes"));
        assert_eq!(data_center(b"***"), Outcome::Fail("not base64"));
    }
}
