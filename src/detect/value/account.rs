//! Passwords in URLs that give access to nothing, as the host after them shows.

use super::placeholder;
use crate::text::Span;

/// Returns the reason why nobody could use the password of a URL.
pub(crate) fn harmless(text: &[u8], secret: Span) -> Option<&'static str> {
    let host = host(text, secret)?;
    if is_reserved(&host) {
        Some("an address that is reserved for examples")
    } else if is_default(text, secret) && is_near(&host) {
        Some("the default account of a service that is reachable only locally")
    } else {
        None
    }
}

/// Returns `true` if nobody can own a host name, because RFC 2606 and RFC 6761 reserve it.
fn is_reserved(host: &str) -> bool {
    let mut labels = host.trim_end_matches('.').rsplit('.');
    matches!(
        (labels.next(), labels.next()),
        (Some("example" | "test" | "invalid"), _) | (Some("com" | "org" | "net"), Some("example"))
    )
}

/// Returns `true` if the password is the same as its user, or a default password of services.
fn is_default(text: &[u8], secret: Span) -> bool {
    const SHIPPED: [&[u8]; 8] =
        [b"admin", b"guest", b"minioadmin", b"mysql", b"postgres", b"rabbitmq", b"redis", b"root"];
    let value = secret.of(text);
    let user = text.get(..secret.start).and_then(|before| before.strip_suffix(b":")?.strip_suffix(value));
    SHIPPED.contains(&value) || user.is_some_and(|before| before.ends_with(b"//"))
}

/// Returns `true` if a host is this machine, or its name is known only in its own network: a container, a service of a
/// cluster, or a name that is filled in on use.
fn is_near(host: &str) -> bool {
    const OURS: [&str; 4] = ["localhost", "127.0.0.1", "0.0.0.0", "[::1]"];
    const LOCAL: [&str; 4] = [".svc", ".svc.cluster.local", ".docker.internal", ".localhost"];
    let single = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    OURS.contains(&host)
        || (single && !host.bytes().all(|b| b.is_ascii_digit()))
        || LOCAL.iter().any(|end| host.ends_with(end))
        || placeholder::reference(host.as_bytes())
}

/// Returns the host after a URL's password, in lower case.
fn host(text: &[u8], secret: Span) -> Option<String> {
    const MOST: usize = 255;
    let rest = text.get(secret.end..)?.strip_prefix(b"@")?;
    let rest = &rest[..rest.len().min(MOST)];
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'$' | b'{' | b'}');
    let length = if rest.starts_with(b"[") {
        memchr::memchr(b']', rest).map_or(0, |end| end + 1)
    } else {
        rest.iter().take_while(|b| part(b)).count()
    };
    Some(String::from_utf8_lossy(&rest[..length]).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(before: &str, password: &str, rest: &str) -> Option<&'static str> {
        let text = format!("amqp://{before}:{password}{rest}");
        let start = "amqp://:".len() + before.len();
        harmless(text.as_bytes(), Span::new(start, start + password.len()))
    }

    #[test]
    fn unreachable_default_accounts_are_recognised() {
        let near = [
            "@localhost:5672/",
            "@127.0.0.1",
            "@[::1]:5672",
            "@broker:5672",
            "@mq.jobs.svc",
            "@mq.jobs.svc.cluster.local:5672",
            "@host.docker.internal",
            "@${BROKER_HOST}:5672",
        ];
        for rest in near {
            assert!(at("mole", "mole", rest).is_some() && at("vole", "guest", rest).is_some(), "{rest}");
            assert!(at("vole", "mole", rest).is_none() && at("a-mole", "mole", rest).is_none(), "{rest}");
        }
        for rest in ["@broker.internal", "@10.0.0.4:5672", "@broker.acme.io/", "@2130706433", ""] {
            assert!(at("mole", "mole", rest).is_none() && at("vole", "guest", rest).is_none(), "{rest}");
        }
    }

    #[test]
    fn reserved_hosts_are_recognised() {
        for rest in ["@example.com/x", "@db.example.org:80", "@a.test"] {
            assert!(at("vole", "mole", rest).is_some(), "{rest}");
        }
        for rest in ["@myexample.com/x", "@db.internal", ""] {
            assert!(at("vole", "mole", rest).is_none(), "{rest}");
        }
    }
}
