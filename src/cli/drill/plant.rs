//! Made-up credentials: in the formats that the rules are tested with, including check digits, and marked, so that no
//! provider has ever issued one and anyone who finds one knows what it is.

use crate::cli::clock;
use crate::cli::rules::BUILTIN;
use crate::proof::template::Generator;
use crate::rule::file::RuleFile;
use crate::text::escape;

/// The mark in each credential.
pub(super) const MARK: &str = "KeysweepDrill";
/// The least number of random characters that remain: a value without them would count as a placeholder.
const LEAST_RANDOM: usize = 10;
/// The rules whose credentials are planted by default.
const USUAL: [&str; 2] = ["github-pat-classic", "npm-token"];

/// A made-up credential that is planted.
pub(super) struct Planted {
    /// The rule that has to find it.
    pub(super) rule: String,
    pub(super) value: String,
}

/// Returns one credential of each kind.
///
/// # Errors
/// Fails if there is no such rule, or if its values have no room for the mark.
pub(super) fn credentials(kinds: &[String]) -> anyhow::Result<Vec<Planted>> {
    let file: RuleFile = toml::from_str(BUILTIN)?;
    let usual: Vec<String> = USUAL.map(str::to_owned).into();
    let kinds = if kinds.is_empty() { &usual } else { kinds };
    let seed = clock::now() ^ u64::from(std::process::id());
    let mut generator = Generator::new(seed);
    let planted = kinds.iter().map(|kind| {
        let rule = file.rules.iter().find(|rule| rule.id == *kind);
        let rule = rule.ok_or_else(|| {
            anyhow::anyhow!("there is no rule '{}'; 'keysweep rules list' lists them", escape(kind.as_bytes()))
        })?;
        let template = rule.token.as_deref().and_then(marked);
        let template = template.ok_or_else(|| {
            anyhow::anyhow!("values of {} have no room for the mark that shows that they are made up", rule.id)
        })?;
        let value = generator.expand("<token>", Some(&template)).map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(Planted { rule: rule.id.clone(), value })
    });
    planted.collect()
}

/// Returns the template of a token with the mark in place of some of its random characters. A checksum after them is
/// computed over the mark, too.
fn marked(token: &str) -> Option<String> {
    const OPEN: &str = "<base62:";
    let (before, rest) = token.split_once(OPEN)?;
    let (count, behind) = rest.split_once('>')?;
    let left = count.parse::<usize>().ok()?.checked_sub(MARK.len()).filter(|left| *left >= LEAST_RANDOM)?;
    // A token of nothing but random characters is recognised by the text around it, which is not planted.
    (!before.is_empty() && !before.contains('<')).then(|| format!("{before}{MARK}{OPEN}{left}>{behind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_credential_is_marked_and_matches_its_rule() {
        let all = credentials(&[]).unwrap();
        assert_eq!(all.len(), USUAL.len());
        for one in &all {
            assert!(one.value.contains(MARK), "{}", one.rule);
        }
        let refused = credentials(&["npm-token".to_owned(), "no-such-rule".to_owned()]).err().unwrap();
        assert!(refused.to_string().contains("'no-such-rule'"), "{refused}");
        assert_eq!(marked("a_<base62:30><seal:x>").as_deref(), Some("a_KeysweepDrill<base62:17><seal:x>"));
        assert_eq!((marked("a_<base62:20>"), marked("<base62:40>"), marked("a_<hex:40>")), (None, None, None));
    }
}
