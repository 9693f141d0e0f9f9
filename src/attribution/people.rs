//! The usual addresses among the authors of a repository.
//!
//! A domain is usual if at least one commit in ten comes from it. At a mail host that is open to anybody a domain
//! says nothing about a person, so there the whole address has to be that frequent.

use std::collections::{BTreeMap, BTreeSet};

/// The inverse of the share of commits that makes a domain or an address usual.
const SHARE: usize = 10;
/// The mail hosts where anybody can have an address.
const ANYBODY: [&str; 22] = [
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "msn.com",
    "yahoo.com",
    "icloud.com",
    "me.com",
    "aol.com",
    "proton.me",
    "protonmail.com",
    "pm.me",
    "gmx.net",
    "gmx.de",
    "web.de",
    "mail.ru",
    "yandex.ru",
    "qq.com",
    "163.com",
    "users.noreply.github.com",
    "users.noreply.gitlab.com",
];

/// The usual domains and addresses.
#[derive(Debug, Default)]
pub struct Usual(BTreeSet<String>);

impl Usual {
    /// Returns the usual addresses among the authors of these commits, given as `Name <address>`.
    pub fn among(authors: impl Iterator<Item = impl AsRef<[u8]>>) -> Self {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut all = 0;
        for author in authors {
            *counts.entry(home(author.as_ref())).or_default() += 1;
            all += 1;
        }
        Self(counts.into_iter().filter(|(_, count)| count * SHARE >= all).map(|(home, _)| home).collect())
    }

    /// Returns `true` if no address is usual, so that nobody stands out.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns `true` if an author's address isn't a usual one.
    pub fn is_outside(&self, author: &[u8]) -> bool {
        !self.0.is_empty() && !self.0.contains(&home(author))
    }
}

/// Returns the domain of an author's address, or the whole address at hosts that are open to anybody.
fn home(author: &[u8]) -> String {
    let author = String::from_utf8_lossy(author).to_lowercase();
    let address = author.rsplit_once('<').map_or(&*author, |(_, address)| address).trim_end_matches('>').trim();
    match address.rsplit_once('@') {
        Some((_, domain)) if !ANYBODY.contains(&domain) => domain.to_owned(),
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_authors_are_usual() {
        let authors = [vec!["A <a@Corp.example>"; 12], vec!["M <m@gmail.com>"; 5], vec!["X <x@gmail.com>"]].concat();
        let usual = Usual::among(authors.iter());
        for (author, outside) in [
            ("N <new@corp.example>", false),
            ("M <m@gmail.com>", false),
            ("X <x@gmail.com>", true),
            ("Y <y@other.example>", true),
            ("no address", true),
            ("<a@evil.example> <b@corp.example>", false),
        ] {
            assert_eq!(usual.is_outside(author.as_bytes()), outside, "{author}");
        }
    }

    #[test]
    fn no_author_is_an_outsider_where_no_author_is_frequent() {
        let many: Vec<String> = (0..20).map(|n| format!("N <n@{n}.example>")).collect();
        let usual = Usual::among(many.iter());
        assert!(usual.is_empty() && !usual.is_outside(b"Z <z@z.example>"));
    }
}
