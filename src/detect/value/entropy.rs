//! Measures how irregular a value is, compared with random text of the same alphabet and length.
//!
//! The entropy of a sample depends on its length, so a fixed threshold is wrong for both short and long values.
//! The table holds the entropy of random text: 3000 simulated strings a cell, mean and first percentile, in
//! hundredths of a bit.

/// The sets of characters that issued values are drawn from, smaller ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alphabet {
    /// `0-9`
    Digits,
    /// `0-9a-f`, usually in one case.
    Hex,
    /// `A-Z2-7` in one case.
    Base32,
    /// Letters of one case and digits, possibly with signs.
    Base36,
    /// Letters of both cases and digits.
    Base62,
    /// Any more characters.
    Base64,
}

/// The entropy of random text: (length, then mean and first percentile for hex, base32, base36, base62, base64).
#[rustfmt::skip]
const RANDOM: [(usize, [(u32, u32); 5]); 22] = [
    (8, [(260, 191), (279, 216), (281, 225), (289, 241), (289, 241)]),
    (10, [(281, 212), (306, 252), (308, 252), (318, 265), (318, 272)]),
    (12, [(298, 235), (326, 275), (330, 275), (341, 292), (342, 302)]),
    (14, [(310, 252), (343, 290), (347, 295), (361, 318), (361, 318)]),
    (16, [(321, 266), (358, 312), (361, 316), (377, 338), (378, 338)]),
    (18, [(329, 279), (369, 324), (374, 327), (390, 346), (392, 353)]),
    (20, [(336, 290), (378, 335), (385, 338), (403, 365), (404, 368)]),
    (22, [(342, 299), (387, 344), (394, 348), (414, 375), (415, 373)]),
    (24, [(347, 305), (395, 355), (402, 360), (424, 385), (425, 389)]),
    (28, [(355, 317), (409, 368), (416, 375), (441, 407), (442, 407)]),
    (32, [(361, 327), (419, 384), (427, 391), (454, 423), (456, 425)]),
    (36, [(367, 335), (427, 393), (436, 402), (466, 435), (468, 434)]),
    (40, [(370, 342), (434, 402), (443, 410), (476, 445), (478, 448)]),
    (44, [(373, 346), (441, 409), (450, 419), (485, 456), (487, 458)]),
    (48, [(375, 350), (446, 416), (455, 427), (493, 465), (495, 464)]),
    (56, [(379, 357), (454, 428), (465, 438), (506, 476), (507, 480)]),
    (64, [(382, 362), (460, 436), (471, 447), (516, 491), (519, 494)]),
    (72, [(384, 367), (465, 442), (477, 454), (524, 501), (526, 502)]),
    (80, [(386, 371), (469, 449), (481, 460), (531, 509), (534, 511)]),
    (96, [(388, 376), (474, 458), (488, 469), (542, 522), (545, 525)]),
    (112, [(390, 379), (479, 464), (493, 477), (550, 533), (553, 535)]),
    (128, [(391, 382), (481, 469), (496, 482), (556, 541), (559, 543)]),
];

/// Returns the Shannon entropy in hundredths of a bit per byte.
pub fn centibits(value: &[u8]) -> u32 {
    centi(entropy::shannon_entropy(value))
}

/// Returns hundredths of a bit; entropy is between 0 and 8, so nothing is lost.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 800")]
fn centi(bits: f32) -> u32 {
    (bits * 100.0).round() as u32
}

/// Returns the narrowest alphabet that holds nearly every byte: a suffix in capitals doesn't make a hex value base62.
pub fn alphabet(value: &[u8]) -> Alphabet {
    let most = |set: fn(&u8) -> bool| value.iter().filter(|b| set(b)).count() * 8 >= value.len() * 7;
    if value.iter().all(u8::is_ascii_digit) {
        Alphabet::Digits
    } else if most(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        || most(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'))
        || value.iter().all(u8::is_ascii_hexdigit)
    {
        Alphabet::Hex
    } else if most(|b| matches!(b, b'2'..=b'7' | b'A'..=b'Z')) || most(|b| matches!(b, b'2'..=b'7' | b'a'..=b'z')) {
        Alphabet::Base32
    } else if most(|b| matches!(b, b'0'..=b'9' | b'A'..=b'Z')) || most(|b| matches!(b, b'0'..=b'9' | b'a'..=b'z')) {
        Alphabet::Base36
    } else if !value.iter().any(u8::is_ascii_uppercase) || !value.iter().any(u8::is_ascii_lowercase) {
        // A few signs, but letters of one case only.
        Alphabet::Base36
    } else if most(u8::is_ascii_alphanumeric) {
        Alphabet::Base62
    } else {
        Alphabet::Base64
    }
}

/// Returns the least entropy that passes, in hundredths of a bit; 0 if the value is too short to judge. About one
/// random value in a million is lost.
pub fn floor(value: &[u8]) -> u32 {
    let column = match alphabet(value) {
        Alphabet::Digits => return 0,
        Alphabet::Hex => 0,
        Alphabet::Base32 => 1,
        Alphabet::Base36 => 2,
        Alphabet::Base62 => 3,
        Alphabet::Base64 => 4,
    };
    // Using the next shorter row errs towards accepting.
    let Some((_, row)) = RANDOM.iter().rev().find(|(length, _)| *length <= value.len()) else { return 0 };
    let (mean, first) = row[column];
    mean.saturating_sub(2 * (mean - first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_alphabet_is_chosen() {
        assert_eq!(alphabet(b"0123"), Alphabet::Digits);
        assert_eq!(alphabet(b"01ab"), Alphabet::Hex);
        assert_eq!(alphabet(b"0123456789abcdef0123456789abcdefNRAL"), Alphabet::Hex);
        assert_eq!(alphabet(b"ABCZ27"), Alphabet::Base32);
        assert_eq!(alphabet(b"abcz019"), Alphabet::Base36);
        assert_eq!(alphabet(b"abcZXY019"), Alphabet::Base62);
        assert_eq!(alphabet(b"aZ-+/19"), Alphabet::Base64);
    }

    #[test]
    fn random_text_passes_and_regular_text_does_not() {
        let random = b"q8XvR2pLw9ZkT4mNc7BdH3yF";
        assert!(centibits(random) >= floor(random));
        let regular = b"aaaabbbbccccddddeeee";
        assert!(centibits(regular) < floor(regular));
    }
}
