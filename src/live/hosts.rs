//! The hosts that a user names for self-hosted services.

use std::collections::{BTreeMap, BTreeSet};

use crate::rule::live::Ask;
use crate::rule_set::RuleSet;

/// The location of a host of the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The scheme, host, port and the beginning of the path: `https://git.example.test/gitlab`.
    pub origin: String,
    /// The host and port, as they are shown.
    pub shown: String,
    /// The addresses that the host may have.
    pub reach: Reach,
}

/// The addresses that a host may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Only addresses on the internet.
    Public,
    /// Any address, because the user named the host.
    Any,
    /// Only addresses of this machine, without a proxy; plain HTTP is allowed.
    Here,
}

/// The places of hosts, by the names that the rules use for them.
#[derive(Debug, Clone, Default)]
pub struct Hosts(BTreeMap<String, Place>);

impl Hosts {
    /// Reads the hosts in the user's configuration.
    ///
    /// # Errors
    /// Fails if no request has a host with this name, or if an address isn't one of HTTPS. Plain HTTP is only allowed
    /// to this machine.
    pub fn new(named: &BTreeMap<String, String>, rules: &RuleSet) -> Result<Self, String> {
        let known: BTreeSet<&str> = rules
            .live
            .iter()
            .filter_map(|live| match &live.ask {
                Ask::Request(request) => Some(&*request.host),
                Ask::Never(_) => None,
            })
            .collect();
        let mut hosts = BTreeMap::new();
        for (name, address) in named {
            if !known.contains(name.as_str()) {
                return Err(format!(
                    "no request has the host '{name}': 'keysweep live --dry-run' lists those that are asked"
                ));
            }
            let place = place(address).ok_or_else(|| {
                format!("'{address}' is not an https address without user, query and fragment; http goes to this machine alone")
            })?;
            hosts.insert(name.clone(), place);
        }
        Ok(Self(hosts))
    }

    /// Returns the place of a host, if the user named one.
    pub fn named(&self, host: &str) -> Option<&Place> {
        self.0.get(host)
    }
}

fn place(address: &str) -> Option<Place> {
    let origin = address.trim_end_matches('/');
    let (is_plain, rest) = match origin.strip_prefix("https://") {
        Some(rest) => (false, rest),
        None => (true, origin.strip_prefix("http://")?),
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'/' | b'_' | b'~' | b'[' | b']');
    let shown = rest.split('/').next().filter(|host| !host.is_empty())?;
    let is_here = ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|here| shown.strip_prefix(here).is_some_and(|port| port.is_empty() || port.starts_with(':')));
    let fine = rest.bytes().all(plain) && (!is_plain || is_here);
    let reach = if is_plain { Reach::Here } else { Reach::Any };
    fine.then(|| Place { origin: origin.to_owned(), shown: shown.to_owned(), reach })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(name: &str, address: &str) -> Result<Hosts, String> {
        Hosts::new(&BTreeMap::from([(name.to_owned(), address.to_owned())]), &RuleSet::builtin())
    }

    #[test]
    fn a_custom_host_uses_https_or_is_localhost() {
        for fine in [
            "https://git.example.test",
            "https://git.example.test:8443/gitlab/",
            "http://127.0.0.1:80",
            "http://[::1]:9",
        ] {
            assert!(hosts("gitlab.com", fine).is_ok(), "{fine}");
        }
        for wrong in [
            "http://git.example.test",
            "http://127.0.0.1.example.test",
            "http://localhost@example.test",
            "https://user@example.test",
            "https://example.test/?q=",
            "https://example.test/#x",
            "ftp://example.test",
            "example.test",
            "https://",
        ] {
            assert!(hosts("gitlab.com", wrong).is_err(), "{wrong}");
        }
        assert!(hosts("example.test", "https://example.test").unwrap_err().contains("no request"));
    }
}
