//! From a candidate to a verdict: what speaks for it, what against it, and how sure that leaves us.

use super::check::{self, Outcome, password};
use super::ledger::{Ledger, Mark};
use super::value::drawn::looks_drawn;
use super::value::entropy::{self, Alphabet};
use super::value::name::{NameKind, Named};
use super::value::placeholder::Published;
use super::value::segments::{is_one_of, segments};
use super::value::{account, around, boundary, placeholder, shape, wordlike};
use super::{Candidate, Claim, Detection, Form, Rejection, decode};
use crate::finding::{Evidence, Fact, Secret};
use crate::rule::{Check, CheckUse, Confidence, Matcher, OnFail, Rule, Severity};
use crate::text::Span;

/// Fewest characters of a value that its name speaks for: in minified code nearly all that is assigned is a name of one letter.
const LEAST: usize = 6;
/// Fewest characters of a password that is not short.
const PASSWORD: usize = 8;
/// Fewest characters of one that is hard to guess though it is made of words.
const PASSPHRASE: usize = 16;
/// Fewest characters of what a machine drew; of one that has capitals, small letters and digits; of the value of some key.
const TOKEN: usize = 15;
const MIXED_TOKEN: usize = 12;
const KEY: usize = 24;
/// Fewest characters that may be a token at all.
const BRIEF_TOKEN: usize = 8;
/// Fewest characters of one that may be told from an abbreviation.
const UNREADABLE_TOKEN: usize = 11;

/// Said of a value that hides what would stand there.
const MASKED: &str = "masked or repeated characters";

/// What a candidate has gathered so far.
struct Evaluation<'t> {
    rule: &'t Rule,
    text: &'t [u8],
    candidate: &'t Candidate,
    value: &'t [u8],
    confidence: Confidence,
    severity: Severity,
    evidence: Vec<Evidence>,
    facts: Vec<Fact>,
    claim: Claim,
    ledger: Ledger,
}

/// Judges one candidate; `published` are the values that are no secrets whichever rule comes upon them.
///
/// # Errors
/// Says why it is not believed.
pub fn judge(rule: &Rule, candidate: Candidate, text: &[u8], published: &Published) -> Result<Detection, Rejection> {
    let value = candidate.secret.of(text);
    let mut evaluation = Evaluation {
        rule,
        text,
        candidate: &candidate,
        value,
        confidence: rule.confidence,
        severity: rule.severity,
        evidence: Vec::new(),
        facts: Vec::new(),
        claim: Claim::Open,
        ledger: Ledger::default(),
    };
    let said = match rule.matcher {
        Matcher::Assignment => evaluation.assigned().and_then(|()| evaluation.surroundings()),
        Matcher::Around { .. } | Matcher::After { .. } | Matcher::Whole { .. } => evaluation.formed(),
    };
    match said.and_then(|()| if published.holds(value) { Err(Rejection::Published) } else { Ok(()) }) {
        Err(rejection) if evaluation.is_final(rejection) => evaluation.claim = Claim::Refused(rejection),
        said => said?,
    }
    if rule.settles && evaluation.claim == Claim::Open {
        evaluation.claim = Claim::Settled;
    }
    if !rule.identifies.is_empty() {
        evaluation
            .facts
            .push(Fact { field: rule.identifies.to_string(), value: String::from_utf8_lossy(value).into_owned() });
    }
    Ok(evaluation.detection())
}

impl Evaluation<'_> {
    fn detection(self) -> Detection {
        Detection {
            rule: self.candidate.rule,
            span: self.candidate.secret,
            secret: Secret::new(self.value),
            confidence: self.confidence,
            severity: self.severity,
            evidence: self.evidence,
            facts: self.facts,
            form: self.candidate.form,
            depth: 0,
            claim: self.claim,
            ledger: self.ledger,
            files: self.rule.files.clone(),
        }
    }

    /// A value of a fixed form, by itself or after a word.
    fn formed(&mut self) -> Result<(), Rejection> {
        // What touches it may be anything: the next column of a database, a word that somebody forgot a blank before.
        if !boundary::free(self.text, self.candidate.secret, self.rule.boundary) && !self.is_certain() {
            return Err(Rejection::Boundary);
        }
        if matches!(self.rule.matcher, Matcher::After { .. }) {
            self.context()?;
            self.evidence.push(Evidence::Named(lossy(self.candidate.keyword, self.text)));
        } else {
            self.evidence.push(Evidence::Format);
        }
        if self.rule.place && placeholder::masked(self.value) {
            return Err(Rejection::Placeholder(MASKED));
        }
        self.checks()?;
        if self.rule.statistics {
            self.statistics()
        } else if !self.is_checked() && placeholder::is_filled(self.value) {
            Err(Rejection::Placeholder(MASKED))
        } else {
            Ok(())
        }
    }

    /// Whether its check digits fit, and so many do not by chance.
    fn is_certain(&self) -> bool {
        let fits = |used: &CheckUse| matches!(check::run(&used.check, self.value), Outcome::Pass(_));
        self.rule.checks.iter().any(|used| used.check.is_certain() && fits(used))
    }

    /// Whether a rejection holds for all rules: check digits that do not fit, and samples of a form that speaks for itself.
    fn is_final(&self, rejection: Rejection) -> bool {
        let own_form = matches!(self.rule.matcher, Matcher::Around { .. }) && !self.rule.place;
        match rejection {
            Rejection::Altered(_) | Rejection::Published => true,
            Rejection::Placeholder(_) => own_form,
            _ => false,
        }
    }

    /// Between the word and the value nothing may say that the value is a hash or an identifier.
    fn context(&self) -> Result<(), Rejection> {
        const NOT_SECRET: [&str; 22] = [
            "sha",
            "sha1",
            "sha256",
            "sha512",
            "md5",
            "hash",
            "checksum",
            "digest",
            "commit",
            "rev",
            "revision",
            "etag",
            "integrity",
            "fingerprint",
            "uuid",
            "guid",
            "trace",
            "span",
            "version",
            "public",
            "pub",
            "thumbprint",
        ];
        let gap = Span::new(self.candidate.keyword.end, self.candidate.secret.start).of(self.text);
        let says_so = segments(gap).any(|word| is_one_of(word, &NOT_SECRET));
        if says_so { Err(Rejection::Context) } else { Ok(()) }
    }

    fn checks(&mut self) -> Result<(), Rejection> {
        let rule = self.rule;
        let in_url = rule.checks.iter().any(|used| used.check == Check::UrlPassword);
        if let Some(what) =
            Some(self.candidate.secret).filter(|_| in_url).and_then(|at| account::harmless(self.text, at))
        {
            return Err(Rejection::Placeholder(what));
        }
        for CheckUse { check, on_fail } in rule.checks.iter() {
            match check::run(check, self.value) {
                Outcome::Pass(facts) => {
                    self.learn(facts);
                    self.claim = if check.has_digits() { Claim::Proven } else { self.claim };
                    self.evidence.push(Evidence::Check(check.name()));
                }
                Outcome::Weak { reason, facts } => {
                    self.learn(facts);
                    self.severity = self.severity.min(Severity::Low);
                    self.evidence.push(Evidence::Weak(reason));
                }
                Outcome::Sample => return Err(Rejection::Published),
                Outcome::Fail(reason) => self.doubt(check, reason, *on_fail)?,
                Outcome::NotApplicable => {}
            }
        }
        Ok(())
    }

    fn doubt(&mut self, check: &Check, reason: &'static str, on_fail: OnFail) -> Result<(), Rejection> {
        let ceiling = match on_fail {
            OnFail::Drop if check.has_digits() => return Err(Rejection::Altered(reason)),
            OnFail::Drop => return Err(Rejection::Check(reason)),
            OnFail::Low => Confidence::Low,
            OnFail::Medium => Confidence::Medium,
        };
        // With `medium` the rule says that it is not sure of the digits.
        if check.has_digits() && on_fail == OnFail::Low {
            self.claim = Claim::Altered;
        }
        self.confidence = self.confidence.min(ceiling);
        self.evidence.push(Evidence::Doubt { check: check.name(), reason });
        Ok(())
    }

    fn learn(&mut self, facts: Vec<check::Fact>) {
        self.facts.extend(facts.into_iter().map(|fact| Fact { field: fact.field.to_owned(), value: fact.value }));
    }

    /// Samples and regular values of a fixed form.
    fn statistics(&mut self) -> Result<(), Rejection> {
        let body = self.drawn().to_vec();
        if let Some(what) = placeholder::sample_of_form(&body) {
            return Err(Rejection::Placeholder(what));
        }
        if self.is_checked() {
            return Ok(());
        }
        if self.rule.confidence < Confidence::High && wordlike::is_words(&body) {
            return Err(Rejection::Words);
        }
        self.entropy(&longest_part(&body))
    }

    /// Whether a check passed. That speaks louder than statistics: chance does not make it pass.
    fn is_checked(&self) -> bool {
        self.evidence.iter().any(|evidence| matches!(evidence, Evidence::Check(_)))
    }

    /// The value without the fixed text that it starts with.
    fn drawn(&self) -> &[u8] {
        let keyword = self.candidate.keyword;
        let starts = keyword.start == self.candidate.secret.start && keyword.len() < self.value.len();
        let prefix = if starts { keyword.len().max(self.rule.prefix.len()) } else { self.rule.prefix.len() };
        self.value
            .get(prefix..)
            .filter(|_| starts || self.value.starts_with(self.rule.prefix.as_bytes()))
            .unwrap_or(self.value)
    }

    fn entropy(&mut self, body: &[u8]) -> Result<(), Rejection> {
        let measured = |body: &[u8]| {
            let (centibits, floor) = (entropy::centibits(body), entropy::floor(body));
            (centibits >= floor).then_some(Evidence::Entropy { centibits, floor })
        };
        // Text in base64 is more regular than bytes are: then what was drawn is in the text.
        let inside = || decode::base64_text(body).and_then(|text| measured(&longest_part(&text)));
        self.evidence.push(measured(body).or_else(inside).ok_or(Rejection::Entropy)?);
        Ok(())
    }

    /// A value that only its name speaks for.
    fn assigned(&mut self) -> Result<(), Rejection> {
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
        // Of text in base64, the text tells. Digits alone may be a number of anything.
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
        // Only what is otherwise believed is asked what stands around it, which costs more.
        let believed = self.ledger.confidence() > Some(Confidence::Low);
        self.note_if(believed && shape::is_minified(self.text, self.candidate.secret), Mark::Minified);
        self.confidence = self.ledger.confidence().ok_or(Rejection::Doubts(self.ledger))?;
        Ok(())
    }

    /// What shows that a value under a name is no secret: a reference, something of a harmless shape, the name again. `inside` is
    /// the text that it is in base64.
    fn harmless(&self, name: Span, inside: Option<&[u8]>) -> Result<(), Rejection> {
        for text in [Some(self.value), inside].into_iter().flatten() {
            if let Some(what) = placeholder::stand_in(text) {
                return Err(Rejection::Placeholder(what));
            }
        }
        if inside.is_some_and(wordlike::reads_like_words) {
            return Err(Rejection::Words);
        }
        if let Some(what) = shape::odd_shape(self.value, self.candidate.form) {
            return Err(Rejection::Shape(what));
        }
        if shape::echoes(name.of(self.text), self.value) {
            return Err(Rejection::Placeholder("the name again"));
        }
        Ok(())
    }

    /// Sequences and numbers are what machines draw least and people choose first: they show that nothing but a password is secret.
    fn regular(&self, named: Named, inside: Option<&[u8]>) -> Result<(), Rejection> {
        let is_chosen = || named.kind == NameKind::Password && !password::is_stand_in(self.value);
        let mut texts = [Some(self.value), inside].into_iter().flatten();
        if texts.any(placeholder::is_sequence) && !is_chosen() {
            return Err(Rejection::Placeholder("a sequence"));
        }
        // Digits alone may be one; with signs they are a date, an address or a version.
        let is_number = || self.value.iter().all(u8::is_ascii_digit) && is_chosen();
        if shape::lacks_letters(self.value) && !is_number() {
            return Err(Rejection::Shape("holds no letters"));
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

    /// What stands around an assigned value may say that it opens nothing.
    fn surroundings(&self) -> Result<(), Rejection> {
        let name = self.candidate.name.unwrap_or(self.candidate.keyword);
        match around::harmless(self.text, self.candidate.keyword, name, self.candidate.secret) {
            Some(what) => Err(Rejection::Around(what)),
            None => Ok(()),
        }
    }

    /// A person may have chosen it: classes of characters count, entropy does not.
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

    /// Whether a readable value may be a password: it is no name of another one, and no word of a sentence.
    fn is_chosen_word(&self) -> bool {
        let ends_line = || self.text.get(self.candidate.secret.end).is_none_or(|b| matches!(b, b'\n' | b'\r'));
        Named::of(self.value).is_none()
            && !password::is_stand_in(self.value)
            && (!self.candidate.form.is_unquoted() || ends_line())
    }

    /// A machine drew it, if it is as long as that and irregular.
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

    /// What speaks against the value whatever else it is, and for one that is more than a key or an identifier.
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

    /// Whether so many signs stand in it that it is no word, and in such an order that it is no code.
    fn is_littered(&self) -> bool {
        let literal = self.candidate.form == Form::Quoted || shape::is_tangled(self.value);
        literal && shape::is_littered(self.value)
    }

    /// What no digest, identifier or name of an entry looks like: enough where a name says no more than `key`.
    fn is_long_and_mixed(&self) -> bool {
        const LONG: usize = 32;
        self.value.len() >= LONG
            && self.value.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            && entropy::alphabet(self.value) > Alphabet::Hex
    }
}

/// Whether it is of hexadecimal digits, and shorter than keys are or as long as a fingerprint.
fn is_hex_of_no_key(value: &[u8]) -> bool {
    const KEY: usize = 32;
    const FINGERPRINT: usize = 40;
    let value = value.strip_prefix(b"0x").unwrap_or(value);
    (value.len() < KEY || value.len() == FINGERPRINT) && value.iter().all(u8::is_ascii_hexdigit)
}

fn irregularity(value: &[u8]) -> Evidence {
    Evidence::Entropy { centibits: entropy::centibits(value), floor: entropy::floor(value) }
}

/// The longest run of letters and digits: a token of several parts is measured by its largest one, one of many small
/// parts, such as a UUID, without what separates them.
fn longest_part(body: &[u8]) -> Vec<u8> {
    const ENOUGH: usize = 16;
    let drawn = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let longest = body.split(|b| !drawn(b)).max_by_key(|part| part.len()).unwrap_or(body);
    if longest.len() >= ENOUGH { longest.to_vec() } else { body.iter().copied().filter(drawn).collect() }
}

fn lossy(span: Span, text: &[u8]) -> String {
    String::from_utf8_lossy(span.of(text)).into_owned()
}
