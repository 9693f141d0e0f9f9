//! Judges a value assigned to a name: the meaning of the name, the look of the value, and the sum of the points of
//! both.

use super::{Evaluation, irregularity, lossy};
use crate::detect::check::password;
use crate::detect::ledger::{Ledger, Mark};
use crate::detect::value::drawn::looks_drawn;
use crate::detect::value::entropy::{self, Alphabet};
use crate::detect::value::name::{NameKind, Named};
use crate::detect::value::{around, placeholder, shape, wordlike};
use crate::detect::{Form, Rejection, decode};
use crate::finding::Evidence;
use crate::rule::Confidence;
use crate::text::Span;

/// The least number of characters of a value recognised by its name: in minified code nearly everything is assigned to
/// a name of one letter.
const LEAST: usize = 6;
/// The least number of characters of a password that isn't short.
const PASSWORD: usize = 8;
/// The least number of characters of a password that is hard to guess although it is made of words.
const PASSPHRASE: usize = 16;
/// The least number of characters of a generated token; of one that has capitals, small letters and digits; of the
/// value of a key.
const TOKEN: usize = 15;
const MIXED_TOKEN: usize = 12;
const KEY: usize = 24;
/// The least number of characters of a possible token.
const BRIEF_TOKEN: usize = 8;
/// The least number of characters of a token that can be distinguished from an abbreviation.
const UNREADABLE_TOKEN: usize = 11;

impl Evaluation<'_> {
    /// Judges a value that is recognised only by its name.
    pub(super) fn assigned(&mut self) -> Result<(), Rejection> {
        let value = self.value;
        if value.len() < LEAST {
            return Err(Rejection::Shape("too short"));
        }
        if value.len() > shape::MAX_LENGTH {
            return Err(Rejection::Shape("too long"));
        }
        let name = self.candidate.name.unwrap_or(self.candidate.keyword);
        let named = Named::of(name.of(self.text)).ok_or(Rejection::Name)?;
        let inside = decode::base64_text(value);
        self.harmless(name, inside.as_deref())?;
        self.regular(named, inside.as_deref())?;
        self.evidence.push(Evidence::Named(lossy(name, self.text)));
        self.ledger = Ledger::new(self.rule.confidence);
        self.note_name(named, name.of(self.text));
        // For text in base64 the decoded text decides. A value of digits alone may be any number.
        let drawn = looks_drawn(value) && !shape::lacks_letters(value) && inside.is_none_or(|text| looks_drawn(&text));
        if drawn {
            self.note(Mark::Drawn);
            self.evidence.push(irregularity(value));
        } else if named.kind == NameKind::Password {
            self.note_password();
        } else {
            self.note_token(if named.kind == NameKind::Key { KEY } else { TOKEN });
        }
        self.note_doubts(named, drawn);
        // This test costs more, so it is made only for values that are believed otherwise.
        let believed = self.ledger.confidence() > Some(Confidence::Low);
        self.note_if(believed && shape::is_minified(self.text, self.candidate.secret), Mark::Minified);
        self.confidence = self.ledger.confidence().ok_or(Rejection::Doubts(self.ledger))?;
        Ok(())
    }

    /// Returns the reason why a value under a name is not a secret: a reference, a harmless shape, the name again.
    /// `inside` is the decoded text if the value is base64.
    fn harmless(&self, name: Span, inside: Option<&[u8]>) -> Result<(), Rejection> {
        for text in [Some(self.value), inside].into_iter().flatten() {
            if let Some(reason) = placeholder::stand_in(text) {
                return Err(Rejection::Placeholder(reason));
            }
        }
        if inside.is_some_and(wordlike::reads_like_words) {
            return Err(Rejection::Words);
        }
        if let Some(reason) = shape::odd_shape(self.value, self.candidate.form) {
            return Err(Rejection::Shape(reason));
        }
        if shape::echoes(name.of(self.text), self.value) {
            return Err(Rejection::Placeholder("the name again"));
        }
        Ok(())
    }

    /// Rejects sequences and numbers, unless they may be a password: machines rarely generate them, but people choose
    /// them first.
    fn regular(&self, named: Named, inside: Option<&[u8]>) -> Result<(), Rejection> {
        let is_chosen = || named.kind == NameKind::Password && !password::is_stand_in(self.value);
        let mut texts = [Some(self.value), inside].into_iter().flatten();
        if texts.any(placeholder::is_sequence) && !is_chosen() {
            return Err(Rejection::Placeholder("a sequence"));
        }
        // Digits alone may be a password; with signs they are a date, an address or a version.
        let is_number = || self.value.iter().all(u8::is_ascii_digit) && is_chosen();
        if shape::lacks_letters(self.value) && !is_number() {
            return Err(Rejection::Shape("contains no letters"));
        }
        Ok(())
    }

    fn note(&mut self, mark: Mark) {
        self.ledger.add(mark);
    }

    fn note_if(&mut self, holds: bool, mark: Mark) {
        if holds {
            self.note(mark);
        }
    }

    fn note_name(&mut self, named: Named, name: &[u8]) {
        self.note(match named.kind {
            NameKind::Password => Mark::Password,
            NameKind::Token => Mark::Token,
            NameKind::Key if named.is_owned => Mark::Key,
            NameKind::Key if name == b"KEY" => Mark::ConstantKey,
            NameKind::Key => Mark::BareKey,
        });
        self.note_if(named.is_trailed, Mark::Trailing);
        self.note_if(named.is_sample, Mark::SampleName);
        self.note_if(named.is_encrypted, Mark::EncryptedName);
        self.note_if(named.is_public, Mark::PublicName);
    }

    /// Rejects an assigned value whose surroundings show that it gives access to nothing.
    pub(super) fn surroundings(&self) -> Result<(), Rejection> {
        let name = self.candidate.name.unwrap_or(self.candidate.keyword);
        match around::harmless(self.text, self.candidate.keyword, name, self.candidate.secret) {
            Some(reason) => Err(Rejection::Around(reason)),
            None => Ok(()),
        }
    }

    /// Adds the marks of a value that a person may have chosen: classes of characters count, entropy does not.
    fn note_password(&mut self) {
        let (value, classes) = (self.value, shape::classes(self.value));
        let short = value.len() < PASSWORD;
        if self.is_littered() {
            return self.note(Mark::Littered);
        }
        if placeholder::is_sequence(value) || shape::lacks_letters(value) {
            self.note(Mark::Counted);
        } else if wordlike::is_unreadable(value) {
            self.note(Mark::Unreadable);
        } else if classes >= 3 && (value.len() >= PASSPHRASE || !shape::is_mere_words(value)) {
            self.note(Mark::Chosen);
        } else if wordlike::reads_like_words(value) {
            return self.note(if self.is_chosen_word() { Mark::ChosenWords } else { Mark::Words });
        } else {
            self.note_if(classes > 1 && value.iter().any(u8::is_ascii_digit), Mark::Plain);
        }
        self.note_if(short, Mark::Short);
        self.note_if(short && self.candidate.form.is_unquoted(), Mark::Unquoted);
    }

    /// Returns `true` if a readable value may be a password, and not the name of one or a word of a sentence.
    fn is_chosen_word(&self) -> bool {
        let ends_line = || self.text.get(self.candidate.secret.end).is_none_or(|b| matches!(b, b'\n' | b'\r'));
        Named::of(self.value).is_none()
            && !password::is_stand_in(self.value)
            && (!self.candidate.form.is_unquoted() || ends_line())
    }

    /// Adds the marks of a value that a machine generated, if it is at least `least` characters long and irregular.
    fn note_token(&mut self, least: usize) {
        let value = self.value;
        if self.is_littered() {
            return self.note(Mark::Littered);
        }
        if wordlike::reads_like_a_name(value) {
            return self.note(Mark::Words);
        }
        let has = |set: fn(&u8) -> bool| value.iter().any(set);
        let mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit);
        let least = if mixed { least.min(MIXED_TOKEN.max(least - 4)) } else { least };
        let irregular = entropy::centibits(value) >= entropy::floor(value);
        let unreadable = irregular && value.len() >= UNREADABLE_TOKEN && wordlike::is_unreadable(value);
        self.note(match irregular && value.len() >= BRIEF_TOKEN {
            true if unreadable => Mark::Unreadable,
            true => Mark::Irregular,
            false => Mark::Regular,
        });
        self.note_if(value.len() < least, Mark::Short);
        self.note_if(!unreadable && !has(u8::is_ascii_digit), Mark::Letters);
        if irregular {
            self.evidence.push(irregularity(value));
        }
    }

    /// Adds the marks against the value, and the one for a value that is more than a key or an identifier.
    fn note_doubts(&mut self, named: Named, drawn: bool) {
        let value = self.value;
        let is_key = named.kind == NameKind::Key;
        self.note_if(named.is_plural && !drawn, Mark::Plural);
        self.note_if(is_key && drawn && self.is_long_and_mixed(), Mark::LongAndMixed);
        self.note_if(is_key && (shape::is_uuid(value) || is_hex_of_no_key(value)), Mark::Identifier);
        self.note_if(named.is_signing && is_hex_of_no_key(value), Mark::KeyFingerprint);
        self.note_if(named.kind != NameKind::Password && shape::is_mixture(value), Mark::Mixture);
        self.note_if(shape::is_hash(value), Mark::Hash);
        self.note_if(named.kind == NameKind::Password && !drawn && shape::is_weak(value), Mark::Weak);
        self.note_if(!value.is_ascii(), Mark::Foreign);
    }

    /// Returns `true` if the value contains so many signs that it isn't a word, in such an order that it isn't code.
    fn is_littered(&self) -> bool {
        let literal = self.candidate.form == Form::Quoted || shape::is_tangled(self.value);
        literal && shape::is_littered(self.value)
    }

    /// Returns `true` if the value doesn't look like a digest, an identifier or the name of an entry, which is enough
    /// if the name is only `key`.
    fn is_long_and_mixed(&self) -> bool {
        const LONG: usize = 32;
        self.value.len() >= LONG
            && self.value.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            && entropy::alphabet(self.value) > Alphabet::Hex
    }
}

/// Returns `true` if the value consists of hexadecimal digits, and is shorter than keys are or as long as a
/// fingerprint.
fn is_hex_of_no_key(value: &[u8]) -> bool {
    const KEY: usize = 32;
    const FINGERPRINT: usize = 40;
    let value = value.strip_prefix(b"0x").unwrap_or(value);
    (value.len() < KEY || value.len() == FINGERPRINT) && value.iter().all(u8::is_ascii_hexdigit)
}
