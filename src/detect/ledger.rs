//! The ledger of an assigned value: each observation about its name, the value and its file adds or takes points on one
//! scale, and the sum decides the confidence.
//!
//! The points are set by hand, about three to a unit of log odds. `cargo bench --bench accuracy -- --fit` shows next to
//! them the points that labelled data would give.

use crate::rule::Confidence;

/// The points from which a value is reported with medium confidence.
const MEDIUM: i32 = 5;
/// The points from which a value is reported with low confidence.
const LOW: i32 = -4;
/// The most points that a file can add to those of a value and its name.
const MOST_OF_FILE: i32 = 2;

/// An observation about a value, in the order of [`MARKS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Mark {
    /// The name ends with a word for a value that a person may have chosen.
    Password,
    /// The name ends with a word for a value that a machine generated.
    Token,
    /// The name is the key of something.
    Key,
    /// The name is only `key` and doesn't say what it opens.
    BareKey,
    /// The name is `KEY`, a constant of a program.
    ConstantKey,
    /// Words that don't suggest a secret follow the secret's word.
    Trailing,
    /// The name is a plural.
    Plural,
    /// The name suggests that the value is a sample, or a text for people.
    SampleName,
    /// The name says that the value is encrypted.
    EncryptedName,
    /// The name says that browsers are given the value.
    PublicName,
    /// The value is irregular for its alphabet and length, without words, so a machine generated it.
    Drawn,
    /// The value is too short to be surely random, but its letters follow each other as in no language.
    Unreadable,
    /// The value is random, with letters of both cases and digits, and longer than identifiers are.
    LongAndMixed,
    /// The value is irregular, but short or partly readable.
    Irregular,
    /// The value mixes letters of both cases, digits or signs and contains no words, as a password policy requires.
    Chosen,
    /// The value consists of letters and digits of one case that make no words.
    Plain,
    /// The value holds so many different signs that it is neither words nor an expression.
    Littered,
    /// The value is shorter than such values usually are.
    Short,
    /// The value consists of letters only, though not readable ones.
    Letters,
    /// The value reads like words.
    Words,
    /// The value is a password that is a number, a counted sequence or typed along a keyboard.
    Counted,
    /// The value is a password made of words, but neither a placeholder nor the name of something else.
    ChosenWords,
    /// The value is built on a word that everybody tries first, or on mere words.
    Weak,
    /// The value is too regular for its alphabet and length.
    Regular,
    /// The value is a UUID or a few hexadecimal digits, under a name that may be that of an entry.
    Identifier,
    /// The value holds a few characters that tokens don't contain.
    Mixture,
    /// The value is the hash of a password.
    Hash,
    /// The value is as long as the fingerprint of a key, under the name of a signing key.
    KeyFingerprint,
    /// The value is as long as a hash, under the name of a password, in a file that keeps hashes.
    Digest,
    /// The value contains letters that are not ASCII.
    Foreign,
    /// The value is short and not quoted.
    Unquoted,
    /// The surrounding code was generated from other code.
    Minified,
    /// The file is a test, a sample or a template.
    Sample,
    /// The file is a translation.
    Translation,
    /// The file is third-party code.
    Vendored,
    /// The file is a configuration or a script.
    Configuration,
}

/// All marks with their points and words, in the order of their bits.
pub const MARKS: [(Mark, i8, &str); 36] = [
    (Mark::Password, 3, "the name suggests a password"),
    (Mark::Token, 3, "the name suggests a secret"),
    (Mark::Key, 0, "the name is the key of something"),
    (Mark::BareKey, -4, "the name is only 'key'"),
    (Mark::ConstantKey, 0, "the name is the constant 'KEY'"),
    (Mark::Trailing, -2, "other words follow the secret's word in the name"),
    (Mark::Plural, -8, "the name is a plural"),
    (Mark::SampleName, -2, "the name suggests a sample or a text"),
    (Mark::EncryptedName, -9, "the name suggests something encrypted"),
    (Mark::PublicName, -5, "the name says that browsers get the value"),
    (Mark::Drawn, 6, "the value looks random"),
    (Mark::Unreadable, 6, "the value is unreadable"),
    (Mark::LongAndMixed, 3, "the value is longer than identifiers are"),
    (Mark::Irregular, 1, "the value is irregular"),
    (Mark::Chosen, 3, "the value mixes characters as password policies require"),
    (Mark::Plain, 2, "the value mixes letters and digits and contains no words"),
    (Mark::Littered, 4, "the value contains many special characters"),
    (Mark::Short, -3, "the value is short"),
    (Mark::Letters, -8, "the value consists of letters only"),
    (Mark::Words, -10, "the value reads like words"),
    (Mark::Counted, -4, "the value is a number or a sequence, as some passwords are"),
    (Mark::ChosenWords, -4, "the value consists of words, as some passwords do"),
    (Mark::Weak, -3, "the value is built on common words"),
    (Mark::Regular, -8, "the value is too regular for an issued one"),
    (Mark::Identifier, -4, "the value may be an identifier"),
    (Mark::Mixture, -4, "the value contains characters that tokens do not have"),
    (Mark::Hash, -12, "the value is the hash of a password"),
    (Mark::KeyFingerprint, -9, "the value is as long as the fingerprint of a signing key"),
    (Mark::Digest, -5, "the value is as long as a hash, in a table"),
    (Mark::Foreign, -2, "the value contains letters that are not ASCII"),
    (Mark::Unquoted, -2, "the value is short and without quotes"),
    (Mark::Minified, -5, "the value is in minified code"),
    (Mark::Sample, -4, "the file is a test, a sample or a template"),
    (Mark::Translation, -4, "the file is a translation"),
    (Mark::Vendored, -4, "the file is third-party code"),
    (Mark::Configuration, 2, "the file is a configuration or a script"),
];

/// The marks for the file, which are added after those for the value and its name.
const OF_FILE: [Mark; 5] = [Mark::Digest, Mark::Sample, Mark::Translation, Mark::Vendored, Mark::Configuration];

/// The marks of one value. Unused for values that are recognised by their form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ledger {
    marks: Marks,
    /// The confidence that enough points lead to; `None` for a value that needs no ledger.
    best: Option<Confidence>,
}

/// A set of marks, one bit for each.
type Marks = u64;

const fn bit(mark: Mark) -> Marks {
    1 << mark as u8
}

impl Ledger {
    /// Creates an empty ledger for a value whose rule has this confidence.
    pub fn new(of_rule: Confidence) -> Self {
        Self { marks: 0, best: Some(of_rule) }
    }

    /// Adds a mark.
    pub fn add(&mut self, mark: Mark) {
        self.marks |= bit(mark);
    }

    /// Returns `true` if the ledger holds the mark.
    pub fn holds(self, mark: Mark) -> bool {
        self.marks & bit(mark) != 0
    }

    /// Returns `true` if the value is judged by its form, and not by a ledger.
    pub fn is_unused(self) -> bool {
        self.best.is_none()
    }

    /// Returns the marks, with their points and descriptions.
    pub fn entries(self) -> impl Iterator<Item = (Mark, i32, &'static str)> {
        MARKS
            .into_iter()
            .filter(move |(mark, _, _)| self.holds(*mark))
            .map(|(mark, points, words)| (mark, points.into(), words))
    }

    /// Returns the sum of the points.
    pub fn points(self) -> i32 {
        self.entries().map(|(_, points, _)| points).sum()
    }

    /// Returns the confidence that the sum leads to, which is the rule's own for enough points; `None` if too little
    /// suggests a secret.
    pub fn confidence(self) -> Option<Confidence> {
        match self.points() {
            MEDIUM.. => self.best,
            LOW.. => Some(Confidence::Low),
            _ => None,
        }
    }

    /// Returns `true` if a file may raise the value from low to medium confidence. The result doesn't depend on marks
    /// that a file has already added.
    pub fn may_rise(self) -> bool {
        let of_file = OF_FILE.into_iter().fold(0, |marks, mark| marks | bit(mark));
        let without_file = Self { marks: self.marks & !of_file, ..self };
        !self.is_unused() && without_file.points() + MOST_OF_FILE >= MEDIUM
    }

    /// Describes the entries in words, for `explain`: `the name suggests a secret (+3), …: 9 points`.
    pub fn words(self) -> String {
        let entries: Vec<String> = self
            .entries()
            .filter(|(_, points, _)| *points != 0)
            .map(|(_, points, words)| format!("{words} ({points:+})"))
            .collect();
        format!("{}: {} points (low confidence from {LOW}, medium from {MEDIUM})", entries.join(", "), self.points())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Detector;
    use crate::rule_set::RuleSet;

    /// Returns the ledger of the one secret in a text, in which a random value replaces `VALUE`.
    fn ledger(text: &str) -> Ledger {
        let drawn = ["kx8Qm2vT9zLw", "4RpN7bYcD3"].concat();
        let found = Detector::new(RuleSet::builtin()).scan(text.replace("VALUE", &drawn).as_bytes());
        assert_eq!(found.len(), 1, "{text}");
        found[0].ledger
    }

    #[test]
    fn marks_that_lower_the_confidence_are_noted() {
        for (text, mark, confidence) in [
            ("token = 'VALUE?VALUE'", Mark::Mixture, Confidence::Medium),
            ("token_of_acme = 'VALUE'", Mark::Trailing, Confidence::Medium),
            ("password = 'Ahorn-Grün47'", Mark::Foreign, Confidence::Low),
            ("password = 'kestrel'", Mark::ChosenWords, Confidence::Low),
            ("password = 'interesting'", Mark::ChosenWords, Confidence::Low),
            ("password = 123456789", Mark::Counted, Confidence::Low),
            ("password = '48291048572619385710'", Mark::Counted, Confidence::Low),
            ("password = 'asdfqwer'", Mark::Counted, Confidence::Low),
        ] {
            let ledger = ledger(text);
            assert!(ledger.holds(mark), "{text}: {}", ledger.words());
            assert_eq!(ledger.confidence(), Some(confidence), "{text}: {}", ledger.words());
        }
    }

    #[test]
    fn password_placeholders_are_not_reported() {
        let detector = Detector::new(RuleSet::builtin());
        for value in ["changeme", "password", "'userPassword'", "kestrel was here", "2026-11-30", "'Gr\u{fc}n-Ahorn'"] {
            assert!(detector.scan(format!("password = {value}").as_bytes()).is_empty(), "{value}");
        }
    }

    #[test]
    fn every_mark_has_its_own_bit_and_entry() {
        for (at, (mark, _, words)) in MARKS.into_iter().enumerate() {
            assert_eq!(mark as usize, at, "{words}");
        }
        assert!(MARKS.len() <= 64);
    }

    #[test]
    fn a_file_adds_no_more_than_the_allowed_maximum() {
        let points = |mark: Mark| i32::from(MARKS[mark as usize].1);
        assert!(OF_FILE.into_iter().map(points).filter(|points| *points > 0).sum::<i32>() <= MOST_OF_FILE);
    }

    #[test]
    fn random_values_outrank_their_location() {
        let sure = |marks: &[Mark]| {
            let mut ledger = Ledger::new(Confidence::Medium);
            marks.iter().for_each(|mark| ledger.add(*mark));
            ledger.confidence()
        };
        assert_eq!(sure(&[Mark::Token, Mark::Drawn, Mark::Sample]), Some(Confidence::Medium));
        assert_eq!(sure(&[Mark::Password, Mark::Chosen]), Some(Confidence::Medium));
        assert_eq!(sure(&[Mark::Password, Mark::Chosen, Mark::Sample]), Some(Confidence::Low));
        assert_eq!(sure(&[Mark::Password, Mark::Words, Mark::Configuration]), None);
        assert_eq!(sure(&[Mark::Password, Mark::ChosenWords, Mark::Weak]), Some(Confidence::Low));
        assert_eq!(sure(&[Mark::Password, Mark::Counted, Mark::Short]), Some(Confidence::Low));
        assert_eq!(sure(&[Mark::Password, Mark::ChosenWords, Mark::Weak, Mark::Sample]), None);
    }
}
