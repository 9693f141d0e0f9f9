//! Turns a candidate into a verdict: weighs the evidence for and against it, and derives the confidence. A value of a
//! fixed form is judged here, one recognised only by its name in `assigned`.

mod assigned;

use super::check::{self, Outcome};
use super::ledger::Ledger;
use super::value::entropy;
use super::value::placeholder::Published;
use super::value::segments::{is_one_of, segments};
use super::value::{account, boundary, placeholder, wordlike};
use super::{Candidate, Claim, Detection, Rejection, decode};
use crate::finding::{Evidence, Fact, Secret};
use crate::rule::{Check, CheckUse, Confidence, Matcher, OnFail, Rule, Severity};
use crate::text::Span;

/// The reason given for a value whose characters are masked.
const MASKED: &str = "masked or repeated characters";

/// The evidence for a candidate so far.
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

/// Judges one candidate; `published` holds the values that are not secrets whichever rule finds them.
///
/// # Errors
/// Returns the reason why the candidate is rejected.
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
    let verdict = match rule.matcher {
        Matcher::Assignment => evaluation.assigned().and_then(|()| evaluation.surroundings()),
        Matcher::Around { .. } | Matcher::After { .. } | Matcher::Whole { .. } => evaluation.formed(),
    };
    match verdict.and_then(|()| if published.holds(value) { Err(Rejection::Published) } else { Ok(()) }) {
        Err(rejection) if evaluation.is_final(rejection) => evaluation.claim = Claim::Refused(rejection),
        verdict => verdict?,
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

    /// Judges a value of a fixed form, by itself or after a word.
    fn formed(&mut self) -> Result<(), Rejection> {
        // The value may touch anything: the next column of a database, or a word without a blank before it.
        if !boundary::free(self.text, self.candidate.secret, self.rule.boundary) && !self.is_certain() {
            return Err(Rejection::Boundary);
        }
        if matches!(self.rule.matcher, Matcher::After { .. }) {
            self.context()?;
            self.evidence.push(Evidence::After(lossy(self.candidate.keyword, self.text)));
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

    /// Returns `true` if the check digits fit, and there are enough of them to rule out chance.
    fn is_certain(&self) -> bool {
        let fits = |used: &CheckUse| matches!(check::run(&used.check, self.value), Outcome::Pass(_));
        self.rule.checks.iter().any(|used| used.check.is_certain() && fits(used))
    }

    /// Returns `true` if a rejection holds for all rules: for wrong check digits, and samples of a form that is
    /// recognisable by itself.
    fn is_final(&self, rejection: Rejection) -> bool {
        let own_form = matches!(self.rule.matcher, Matcher::Around { .. }) && !self.rule.place;
        match rejection {
            Rejection::Altered(_) | Rejection::Published => true,
            Rejection::Placeholder(_) => own_form,
            _ => false,
        }
    }

    /// Rejects the value if the text between the word and the value says that it is a hash or an identifier.
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
        let is_denied = segments(gap).any(|word| is_one_of(word, &NOT_SECRET));
        if is_denied { Err(Rejection::Context) } else { Ok(()) }
    }

    fn checks(&mut self) -> Result<(), Rejection> {
        let rule = self.rule;
        let in_url = rule.checks.iter().any(|used| used.check == Check::UrlPassword);
        if let Some(label) =
            Some(self.candidate.secret).filter(|_| in_url).and_then(|at| account::harmless(self.text, at))
        {
            return Err(Rejection::Placeholder(label));
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
        // `medium` means that the rule isn't sure of the digits.
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

    /// Rejects samples and regular values of a fixed form.
    fn statistics(&mut self) -> Result<(), Rejection> {
        let body = self.drawn().to_vec();
        if let Some(label) = placeholder::sample_of_form(&body) {
            return Err(Rejection::Placeholder(label));
        }
        if self.is_checked() {
            return Ok(());
        }
        if self.rule.confidence < Confidence::High && wordlike::is_words(&body) {
            return Err(Rejection::Words);
        }
        self.entropy(&longest_part(&body))
    }

    /// Returns `true` if a check passed. That counts more than statistics, as a check doesn't pass by chance.
    fn is_checked(&self) -> bool {
        self.evidence.iter().any(|evidence| matches!(evidence, Evidence::Check(_)))
    }

    /// Returns the value without the fixed text that it starts with.
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
        // Text in base64 is more regular than random bytes are: then the decoded text is measured.
        let inside = || decode::base64_text(body).and_then(|text| measured(&longest_part(&text)));
        self.evidence.push(measured(body).or_else(inside).ok_or(Rejection::Entropy)?);
        Ok(())
    }
}

fn irregularity(value: &[u8]) -> Evidence {
    Evidence::Entropy { centibits: entropy::centibits(value), floor: entropy::floor(value) }
}

/// Returns the longest run of letters and digits: a token of several parts is measured by its largest part, one of
/// many small parts, such as a UUID, without its separators.
fn longest_part(body: &[u8]) -> Vec<u8> {
    const ENOUGH: usize = 16;
    let drawn = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let longest = body.split(|b| !drawn(b)).max_by_key(|part| part.len()).unwrap_or(body);
    if longest.len() >= ENOUGH { longest.to_vec() } else { body.iter().copied().filter(drawn).collect() }
}

fn lossy(span: Span, text: &[u8]) -> String {
    String::from_utf8_lossy(span.of(text)).into_owned()
}
