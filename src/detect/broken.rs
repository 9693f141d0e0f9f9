//! Reads values that something interrupts, where a rule has found no uninterrupted value.

use super::decode::broken::{self, Broken, Interruptions};
use super::detector::located;
use super::find::prefilter::Hit;
use super::find::searched::Searched;
use super::{Claim, Detection, Detector, Rejection, judge};
use crate::rule::{Matcher, Reach, Rule};

impl Detector {
    /// Reports a value that something interrupts, if the rule accepts it. `inspected` is how far the search for an
    /// uninterrupted value went; returns the same as [`Detector::ask`].
    pub(super) fn ask_broken(
        &self,
        text: &[u8],
        hit: &Hit,
        inspected: Reach,
        mut report: impl FnMut(Result<Detection, Rejection>),
    ) -> Option<Reach> {
        let rule = &self.rules.rules[hit.rule];
        let is_first = rule.keywords[hit.keyword].offset == (0, 0) && matches!(rule.matcher, Matcher::Around { .. });
        if rule.place || !is_first {
            return Some(inspected);
        }
        let which = if rule.unmistakable { Interruptions::Any } else { Interruptions::Marked };
        let end = hit.span.end + rule.reach.after as usize;
        let broken = match broken::read(text, hit.span, end, rule.form_reach().after as usize, which) {
            Ok(broken) => broken,
            Err(behind) => return Some(inspected.further(Reach::of(0, behind))),
        };
        let inner = Hit { span: broken.keyword, ..*hit };
        let candidate = self.patterns.candidate(rule, &inner, &Searched::new(&broken.run.text)).ok();
        let judged = candidate.and_then(|one| judge::judge(rule, one, &broken.run.text, &self.published).ok());
        if let Some(detection) = judged.filter(|detection| is_put_together(rule, detection, &broken)) {
            report(Ok(located(detection, &broken.run)));
        }
        None
    }
}

/// Returns `true` if a value continues after an interruption, and not by chance: text on two lines is mostly two
/// separate things.
fn is_put_together(rule: &Rule, detection: &Detection, broken: &Broken) -> bool {
    let goes_on = |at: usize| detection.span.end > at;
    let is_certain = || match detection.claim {
        Claim::Proven => true,
        Claim::Open => !rule.checks.iter().any(|used| used.check.is_certain()),
        _ => false,
    };
    let is_believed = matches!(detection.claim, Claim::Open | Claim::Proven | Claim::Settled);
    goes_on(broken.first) && is_believed && (!broken.first_bare.is_some_and(goes_on) || is_certain())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Secret;
    use crate::proof::template::Generator;
    use crate::rule::file::RuleFile;
    use crate::rule_set::RuleSet;
    use bstr::ByteSlice as _;

    fn token_of(id: &str) -> String {
        let rules: RuleFile = toml::from_str(include_str!("../../rules.toml")).unwrap();
        let def = rules.rules.into_iter().find(|def| def.id == id).unwrap();
        Generator::new(2).expand_with_token("<token>", def.token.as_deref()).unwrap().0
    }

    /// Returns the secrets and the bytes that were reported for the rules whose id starts with `id`.
    fn reported(text: &str, id: &str) -> Vec<(Secret, String)> {
        let detector = Detector::new(RuleSet::builtin());
        let found = detector.scan(text.as_bytes()).into_iter().filter(|one| detector.rule(one).id.starts_with(id));
        found.map(|one| (one.secret, one.span.of(text.as_bytes()).as_bstr().to_string())).collect()
    }

    /// Correct check digits don't occur by chance, so a token that has them is found even if other characters touch it.
    #[test]
    fn a_token_with_a_valid_checksum_needs_no_word_boundary() {
        let token = token_of("github-pat-classic");
        for text in
            [format!("TOKEN{token}"), format!("{token}and"), format!("{token}_old"), format!("x_{token}0{token}")]
        {
            let found = reported(&text, "github-pat");
            assert!(!found.is_empty() && found.iter().all(|(_, bytes)| *bytes == token), "{text}: {found:?}");
        }
        let end = if token.ends_with('0') { "1" } else { "0" };
        let altered = format!("{}{end}", &token[..token.len() - 1]);
        assert_eq!(reported(&format!("TOKEN{altered}and"), "github-pat"), []);
        let free = token_of("gitlab-pat");
        assert_eq!(reported(&format!("{free}xyz"), "gitlab-pat"), [], "nothing proves that it ends here");
    }

    #[test]
    fn an_interrupted_value_is_joined() {
        let token = token_of("github-pat-classic");
        let other = token_of("gitlab-pat");
        let marked = [
            "\" +\n    \"",
            "\" \\\n  \"",
            "'\r\n  + '",
            "\"\n\t\"",
            "` .\n`",
            "\\\n",
            "\\\n    ",
            "=\n",
            "=\r\n",
            "<wbr>",
            "<WBR />",
            "&shy;",
            "\u{ad}",
            "\u{1b}[m\u{1b}[K",
            "\u{1b}[01;31m\u{1b}[K",
        ];
        let bare = ["\n", "\r\n", "\n    "];
        for (token, id, breaks) in
            [(&token, "github-pat", [&marked[..], &bare].concat()), (&other, "gitlab-pat", marked.to_vec())]
        {
            for (between, at) in breaks.iter().flat_map(|between| [14, 20, 25].map(|at| (between, at))) {
                let written = format!("{}{between}{}", &token[..at], &token[at..]);
                let text = format!("token: \"{written}\"\nnext: 1\n");
                let expected = vec![(Secret::new(token.as_bytes()), written)];
                assert_eq!(reported(&text, id), expected, "{text:?}");
            }
        }
        // Check digits prove the value even if it is interrupted right after the prefix, and twice.
        let twice = format!("{}<wbr>{}\u{ad}{}", &token[..4], &token[4..12], &token[12..]);
        assert_eq!(reported(&twice, "github-pat"), [(Secret::new(token.as_bytes()), twice.clone())]);
    }

    #[test]
    fn text_on_two_lines_is_usually_not_joined() {
        let (token, other) = (token_of("github-pat-classic"), token_of("gitlab-pat"));
        for between in ["\n", "\",\n\"", "\" +\n+ x \"", "\n\n \n", " ", "<b>", "&amp;"] {
            let text = |token: &str| format!("{}{between}{}", &token[..20], &token[20..]);
            assert_eq!(reported(&text(&other), "gitlab-pat"), [], "{between:?}");
            if !between.contains("\n\n") && between != "\n" {
                assert_eq!(reported(&text(&token), "github-pat"), [], "{between:?}");
            }
        }
        let altered = token.replace(&token[30..32], "00");
        assert_eq!(reported(&format!("{}\n{}", &altered[..20], &altered[20..]), "github-pat"), []);
    }
}
