//! The HTTP client. It connects only to the host of a request: no redirect is followed, no cookie kept, no proxy used
//! except that of the environment, and no address in a private network unless the user named the host.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use ureq::config::Config;
use ureq::http;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error, Proxy};

use super::answer::Reply;
use super::hosts::Reach;
use super::request::Prepared;

/// The most bytes of an answer that are read.
const MOST_READ: u64 = 2 << 20;
/// The longest time for a connection, and for a whole request.
const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(20);

/// A client that sends requests.
#[derive(Debug)]
pub struct Client {
    public: Agent,
    named: Agent,
    here: Agent,
}

impl Client {
    /// Returns a client that trusts these certificates, in PEM; without any, it trusts those of the platform.
    ///
    /// # Errors
    /// Fails if the certificates can't be read.
    pub fn new(certificates: Option<&[u8]>, patience: Option<Duration>) -> Result<Self, &'static str> {
        let roots = match certificates {
            Some(pem) => RootCerts::from(parsed(pem)?),
            None => RootCerts::PlatformVerifier,
        };
        let agent = |reach| {
            let config = config(&roots, reach, patience.unwrap_or(WHOLE));
            Agent::with_parts(config, DefaultConnector::default(), Guard { reach, inner: DefaultResolver::default() })
        };
        Ok(Self { public: agent(Reach::Public), named: agent(Reach::Any), here: agent(Reach::Here) })
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// Returns the reason why there is no answer, as a clause that contains no part of the request.
    pub fn send(&self, prepared: &Prepared<'_>) -> Result<Reply, &'static str> {
        let address = format!("{}{}", prepared.place.origin, prepared.path);
        let mut request = http::Request::builder().method(prepared.request.method.as_str()).uri(address);
        for (name, value) in &prepared.headers {
            request = request.header(name, value);
        }
        if let Some(kind) = prepared.request.body.content_type() {
            request = request.header("content-type", kind);
        }
        let agent = match prepared.place.reach {
            Reach::Public => &self.public,
            Reach::Any => &self.named,
            Reach::Here => &self.here,
        };
        let unfit = "the request could not be built from the values found";
        let answer = if prepared.request.method == crate::rule::live::Method::Post {
            agent.run(request.body(prepared.body.clone()).map_err(|_| unfit)?)
        } else {
            agent.run(request.body(()).map_err(|_| unfit)?)
        };
        reply(answer.map_err(|error| describe(&error))?)
    }
}

fn parsed(pem: &[u8]) -> Result<Vec<Certificate<'static>>, &'static str> {
    let mut found = Vec::new();
    for item in parse_pem(pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|_| "it is not PEM")? {
            found.push(certificate);
        }
    }
    if found.is_empty() { Err("it contains no certificate") } else { Ok(found) }
}

fn config(roots: &RootCerts, reach: Reach, whole: Duration) -> Config {
    // Through a proxy, a request meant for this machine would leave it in clear text.
    let proxy = if reach == Reach::Here { None } else { Proxy::try_from_env() };
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(roots.clone())
        .build();
    Agent::config_builder()
        .https_only(reach != Reach::Here)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(proxy)
        .user_agent(concat!("keysweep/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(CONNECT.min(whole)))
        .timeout_global(Some(whole))
        .max_idle_connections(0)
        .tls_config(tls)
        .build()
}

fn reply(answer: http::Response<ureq::Body>) -> Result<Reply, &'static str> {
    let (head, body) = answer.into_parts();
    let text = |value: &http::HeaderValue| value.to_str().map(str::to_owned).ok();
    let headers: BTreeMap<String, String> =
        head.headers.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), text(value)?))).collect();
    let mut bytes = Vec::new();
    let read = body.into_reader().take(MOST_READ).read_to_end(&mut bytes);
    read.map_err(|error| of_io(&error))?;
    Ok(Reply { status: head.status.as_u16(), headers, body: bytes })
}

/// Describes an error. Its own text may contain the address, and the address the secret.
fn describe(error: &Error) -> &'static str {
    match error {
        Error::Timeout(_) => "there was no answer in time",
        Error::HostNotFound => "the host has no address",
        Error::ConnectionFailed => "no connection could be made",
        Error::Tls(_) | Error::Rustls(_) | Error::Pem(_) => UNTRUSTED,
        Error::Io(error) => of_io(error),
        Error::InvalidProxyUrl | Error::ConnectProxyFailed(_) => "the proxy of the environment cannot be used",
        _ => "the answer cannot be read",
    }
}

const UNTRUSTED: &str =
    "its certificate is not trusted, so nothing was sent: SSL_CERT_FILE names certificates of your own";
const PRIVATE: &str = "the address of the host is in a private network, so nothing was sent";

fn of_io(error: &io::Error) -> &'static str {
    if error.get_ref().is_some_and(|inner| inner.is::<Refused>()) {
        return PRIVATE;
    }
    // An error while an answer is read comes within an error of the standard library.
    if let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        return describe(inner);
    }
    match error.kind() {
        io::ErrorKind::InvalidData => UNTRUSTED,
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "there was no answer in time",
        io::ErrorKind::ConnectionRefused => "no connection could be made",
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::UnexpectedEof => {
            "the connection was closed before there was an answer"
        }
        _ => "no connection could be made, or it broke",
    }
}

/// An error for an address in a private network.
#[derive(Debug, thiserror::Error)]
#[error("an address in a private network")]
struct Refused;

/// A resolver that refuses private addresses for a host that must be on the internet. The addresses that it checks are
/// the ones that are used.
#[derive(Debug)]
struct Guard {
    reach: Reach,
    inner: DefaultResolver,
}

impl Resolver for Guard {
    fn resolve(&self, uri: &http::Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        // A proxy comes from the environment, and is usually in a private network.
        let is_proxy = config.proxy().is_some_and(|proxy| Some(proxy.host()) == uri.host());
        let is_fine = |address: IpAddr| match self.reach {
            Reach::Public => is_proxy || is_public(address),
            Reach::Any => true,
            Reach::Here => address.is_loopback(),
        };
        if found.iter().all(|address| is_fine(address.ip())) {
            Ok(found)
        } else {
            Err(Error::Io(io::Error::other(Refused)))
        }
    }
}

/// Returns `true` if an address is on the internet: none of the special ones that RFC 6890 lists.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_for_protocols = a == 192 && b == 0 && c == 0;
    let is_for_benchmarks = a == 198 && (18..20).contains(&b);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0
        || a >= 224
        || is_shared
        || is_for_protocols
        || is_for_benchmarks)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, third, ..] = address.segments();
    // These IPv6 addresses contain an IPv4 address: mapped, translated (64:ff9b::/96) and 6to4.
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    let [.., g, h] = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match first {
        0x64 if second == 0xff9b => is_public_v4(v4(g, h)),
        0x2002 => is_public_v4(v4(second, third)),
        0x2001 => second >= 0x200 && second != 0xdb8,
        0x2000..=0x3fff => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_reached_while_an_answer_is_read_is_named() {
        let error = Error::Timeout(ureq::Timeout::RecvBody).into_io();
        assert_eq!(of_io(&error), "there was no answer in time");
        assert_eq!(describe(&Error::Io(error)), "there was no answer in time");
    }

    #[test]
    fn only_internet_addresses_are_public() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in ["140.82.121.6", "8.8.8.8", "2606:4700::1111", "2a00:1450:4001::1", "64:ff9b::808:808"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }
}
