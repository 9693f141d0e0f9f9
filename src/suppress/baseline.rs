//! The baseline: secrets that were already there when keysweep was introduced, and are dealt with over time.
//!
//! A line is one value, salted and hashed, with the rule that found it: `sha256:SALT:DIGEST RULE # remark`. It names no
//! file, no line and no time, so no change of the code makes it wrong, and any merge of two such files is a valid one.
//! A value that a person may have made up is hashed with Argon2id, so that it can't be guessed from the file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use crate::finding::Secret;

/// The first line of a baseline.
const HEAD: &str = "# keysweep baseline 1: secrets known already; 'keysweep baseline update' renews it";

/// The memory in KiB, passes and lanes of Argon2id: the minimum that OWASP's password storage cheat sheet recommends.
const COST: (u32, u32, u32) = (19_456, 2, 1);

/// The most salts in one file. Each costs a hash for each finding; merges add few, but a file from elsewhere may
/// contain many.
const MAX_SALTS: usize = 16;

/// The salt, which makes the hashes of one repository differ from those of others.
pub type Salt = [u8; 8];

/// The way in which a value was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Argon2id,
    Sha256,
}

impl Kind {
    const ALL: [(Self, &'static str); 2] = [(Self::Argon2id, "argon2id"), (Self::Sha256, "sha256")];

    /// Returns the kind for a value: a fast hash if a machine generated it, as it can't be guessed, so guesses need not
    /// be made slow.
    fn of(issued: bool) -> Self {
        if issued { Self::Sha256 } else { Self::Argon2id }
    }
}

/// A hashed value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    kind: Kind,
    salt: Salt,
    digest: [u8; 16],
}

impl Key {
    /// Hashes a value. `issued` means that a machine generated it.
    pub fn new(secret: &Secret, issued: bool, salt: Salt) -> Self {
        let kind = Kind::of(issued);
        let mut digest = [0; 16];
        match kind {
            Kind::Sha256 => {
                let mut sum = Sha256::new();
                sum.update(b"keysweep baseline 1\0");
                sum.update(salt);
                sum.update(secret.reveal());
                digest.copy_from_slice(&sum.finalize()[..16]);
            }
            Kind::Argon2id => {
                let (memory, passes, lanes) = COST;
                let params = Params::new(memory, passes, lanes, Some(digest.len())).unwrap_or_default();
                let hash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
                // Fails only for inputs beyond 4 GB, and a file that large is not read.
                let hashed = hash.hash_password_into(secret.reveal(), &salt, &mut digest);
                debug_assert!(hashed.is_ok(), "{hashed:?}");
            }
        }
        Self { kind, salt, digest }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let (kind, salt, digest) = (parts.next()?, parts.next()?, parts.next()?);
        let (kind, _) = Kind::ALL.into_iter().find(|(_, name)| *name == kind)?;
        let bytes = |hex: &str| HEXLOWER.decode(hex.as_bytes()).ok();
        let key = Self { kind, salt: bytes(salt)?.try_into().ok()?, digest: bytes(digest)?.try_into().ok()? };
        parts.next().is_none().then_some(key)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Kind::ALL.into_iter().find(|(kind, _)| *kind == self.kind).map_or("", |(_, name)| name);
        write!(f, "{name}:{}:{}", HEXLOWER.encode(&self.salt), HEXLOWER.encode(&self.digest))
    }
}

/// The remarks on a value in addition to its hash.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// The rule that found the value.
    pub rule: String,
    /// The remark that a user wrote after it.
    pub text: String,
}

/// A baseline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: BTreeMap<Key, Remark>,
}

/// A line that is not a valid entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// The number of the line, from 1.
    pub line: usize,
    /// The error and its remedy.
    pub message: &'static str,
}

impl Baseline {
    /// Reads a baseline: its lines may be in any order and repeated, as merges leave them.
    ///
    /// # Errors
    /// Fails if a line isn't an entry.
    pub fn parse(text: &str) -> Result<Self, BadLine> {
        let mut entries = BTreeMap::new();
        let mut salts = BTreeSet::new();
        for (line, text) in (1..).zip(text.strip_prefix('\u{feff}').unwrap_or(text).lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let (key, remark) = entry(text).map_err(|message| BadLine { line, message })?;
            salts.insert(key.salt);
            if salts.len() > MAX_SALTS {
                return Err(BadLine {
                    line,
                    message: "it has one salt too many: keep the lines of a few salts, and run 'keysweep baseline update'",
                });
            }
            let known: &mut Remark = entries.entry(key).or_default();
            // Either of two remarks may stay, but it has to be the same one every time.
            *known = std::mem::take(known).max(remark);
        }
        Ok(Self { entries })
    }

    /// Returns `true` if there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns the salt for new entries, which is the one that most entries use already.
    pub fn salt(&self) -> Option<Salt> {
        let mut counts: BTreeMap<Salt, usize> = BTreeMap::new();
        for key in self.entries.keys() {
            *counts.entry(key.salt).or_default() += 1;
        }
        counts.into_iter().max_by_key(|(salt, count)| (*count, *salt)).map(|(salt, _)| salt)
    }

    /// Returns the entries of a value; hashes it once for each salt that entries of its kind have.
    pub fn keys_of(&self, secret: &Secret, issued: bool) -> Vec<Key> {
        let of_kind = self.entries.keys().filter(|key| key.kind == Kind::of(issued));
        let salts: BTreeSet<Salt> = of_kind.map(|key| key.salt).collect();
        let keys = salts.into_iter().map(|salt| Key::new(secret, issued, salt));
        keys.filter(|key| self.entries.contains_key(key)).collect()
    }

    /// Returns the remarks on an entry.
    pub fn remark(&self, key: &Key) -> Option<&Remark> {
        self.entries.get(key)
    }

    /// Adds an entry, or changes its remarks.
    pub fn insert(&mut self, key: Key, remark: Remark) {
        self.entries.insert(key, remark);
    }

    /// Returns all entries with their remarks.
    pub fn entries(&self) -> impl Iterator<Item = (&Key, &Remark)> {
        self.entries.iter()
    }

    /// Returns the entries that another baseline doesn't have.
    pub fn without(&self, other: &Self) -> Self {
        let entries = self.entries.iter().filter(|(key, _)| !other.entries.contains_key(key));
        Self { entries: entries.map(|(key, remark)| (*key, remark.clone())).collect() }
    }
}

impl fmt::Display for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}")?;
        for (key, remark) in &self.entries {
            write!(f, "{key} {}", remark.rule)?;
            writeln!(f, "{}", if remark.text.is_empty() { String::new() } else { format!(" # {}", remark.text) })?;
        }
        Ok(())
    }
}

fn entry(text: &str) -> Result<(Key, Remark), &'static str> {
    if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|mark| text.starts_with(mark)) {
        return Err(
            "it is a conflict marker of an unfinished merge: keep the lines of both sides, and remove this one",
        );
    }
    let (key, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let key = Key::parse(key).ok_or(
        "it is not an entry 'KIND:SALT:DIGEST RULE': remove it, and 'keysweep baseline update' adds what is missing",
    )?;
    let (rule, text) = rest.split_once('#').unwrap_or((rest, ""));
    Ok((key, Remark { rule: rule.trim().to_owned(), text: text.trim().to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    const SALT: Salt = [7; 8];

    fn with(values: &[&str], salt: Salt) -> Baseline {
        let mut baseline = Baseline::default();
        for value in values {
            baseline.insert(
                Key::new(&Secret::new(*value), true, salt),
                Remark { rule: "r".to_owned(), ..Remark::default() },
            );
        }
        baseline
    }

    #[test]
    fn baseline_keys_depend_on_value_kind_and_salt() {
        let (value, other) = (Secret::new("one value"), Secret::new("another"));
        for issued in [false, true] {
            let mut baseline = Baseline::default();
            baseline.insert(Key::new(&value, issued, SALT), Remark::default());
            assert_eq!(baseline.keys_of(&value, issued).len(), 1);
            assert!(baseline.keys_of(&other, issued).is_empty() && baseline.keys_of(&value, !issued).is_empty());
            assert!(!baseline.to_string().contains("one value"));
        }
        assert_ne!(Key::new(&value, false, SALT), Key::new(&value, false, [8; 8]));
    }

    #[test]
    fn the_hash_is_that_of_the_standard() {
        // Confirmed with the reference implementation: argon2 somesalt -id -t 2 -k 19456 -p 1 -l 16
        let secret = Secret::new("password");
        let salt = *b"somesalt";
        assert_eq!(
            Key::new(&secret, false, salt).to_string(),
            "argon2id:736f6d6573616c74:245637c6eb90dda488179f2b39ea72c8"
        );
        let sum = Sha256::digest(b"keysweep baseline 1\0somesaltpassword");
        let expected = format!("sha256:{}:{}", HEXLOWER.encode(b"somesalt"), HEXLOWER.encode(&sum[..16]));
        assert_eq!(Key::new(&secret, true, salt).to_string(), expected);
    }

    #[test]
    fn any_merge_of_two_baselines_is_a_baseline() {
        let (ours, theirs) = (with(&["a", "b"], SALT), with(&["b", "c"], [9; 8]));
        let merged = Baseline::parse(&format!("{theirs}{ours}{ours}")).unwrap();
        assert_eq!(merged.len(), 4);
        assert_eq!(Baseline::parse(&merged.to_string()).unwrap(), merged);
        for value in ["a", "b", "c"] {
            assert!(!merged.keys_of(&Secret::new(value), true).is_empty(), "{value}");
        }
    }

    #[test]
    fn a_bad_line_is_reported() {
        let text = format!("{}<<<<<<< HEAD\n", with(&["a"], SALT));
        let bad = Baseline::parse(&text).unwrap_err();
        assert!(bad.line == 3 && bad.message.contains("merge"), "{bad:?}");
        let many: String = (0..=16).map(|salt| with(&["a"], [salt; 8]).to_string()).collect();
        assert!(Baseline::parse(&many).unwrap_err().message.contains("salt"));
        assert_eq!(Baseline::parse("\n# x\nmd5:00:00 rule").unwrap_err().line, 3);
    }

    proptest! {
        #[test]
        fn a_written_baseline_reads_back(values in vec("[a-z]{1,8}", 0..20), remark in "[a-z ]{0,12}") {
            let mut baseline = Baseline::default();
            for value in &values {
                let remark = Remark { rule: "some-rule".to_owned(), text: remark.trim().to_owned() };
                baseline.insert(Key::new(&Secret::new(value.as_str()), true, SALT), remark);
            }
            let text = baseline.to_string();
            prop_assert_eq!(Baseline::parse(&text).unwrap(), baseline);
            prop_assert!(text.lines().skip(1).is_sorted());
        }
    }
}
