//! The names of secrets: whose secret it is, and what it is.

/// The owners of secrets: systems, parts of programs, and words that mean something harmless on their own.
pub(crate) const OWNERS: [&str; 120] = [
    "ACME",
    "ADMIN",
    "ALERT",
    "ANALYTICS",
    "API",
    "APP",
    "ARCHIVE",
    "ARTIFACT",
    "ASSET",
    "AUDIT",
    "AUTH",
    "AVATAR",
    "BACKEND",
    "BACKUP",
    "BATCH",
    "BILLING",
    "BLOG",
    "BOT",
    "BROKER",
    "BUCKET",
    "BUILD",
    "CACHE",
    "CALENDAR",
    "CDN",
    "CERT",
    "CHAT",
    "CLASS",
    "CLIENT",
    "CLUSTER",
    "CMS",
    "COLUMN",
    "COMMIT",
    "CONFIG",
    "CONSOLE",
    "CRM",
    "CRON",
    "DASHBOARD",
    "DATA",
    "DB",
    "DB_HOST",
    "DEFAULT_SITE",
    "DEPLOY",
    "DEVICE",
    "DIRECTORY",
    "DISCOVERY",
    "DOCUMENT",
    "DOMAIN",
    "EMAIL",
    "ENDPOINT",
    "ENTRY",
    "ERROR",
    "EVENT",
    "EXPORT",
    "FEED",
    "FIELD",
    "FILE",
    "FILE_STORE",
    "FORM",
    "GATEWAY",
    "GRAPH",
    "GROUP",
    "HASH",
    "HEADER",
    "HOST",
    "IMAGE",
    "IMAGE_RESIZER",
    "INDEX",
    "INGEST",
    "ISSUE",
    "JOB_QUEUE",
    "KAFKA",
    "LABEL",
    "LDAP",
    "LICENSE",
    "LIST",
    "LOCALE",
    "LOG",
    "MAIL",
    "MANAGER",
    "MAP",
    "MESSAGE",
    "METRICS",
    "MOBILE",
    "MOUNT",
    "OBJECT",
    "ORDER",
    "PAGE",
    "PARTNER",
    "PAYMENT",
    "POLICY",
    "PORTAL",
    "PROFILE",
    "PROJECT",
    "PROVIDER",
    "PROXY",
    "QUERY",
    "QUEUE",
    "REDIS_CACHE",
    "REGISTRY",
    "REPORT",
    "ROUTING",
    "SCHEMA",
    "SEARCH",
    "SEARCH_INDEX",
    "SERVICE",
    "SITE",
    "SMTP",
    "SORT",
    "STATE",
    "STORE",
    "STREAM",
    "SYNC",
    "TEMPLATE",
    "THUMBNAIL",
    "UPLOAD",
    "URL_SHORTENER",
    "URL_SIGNING",
    "USER_DIRECTORY",
    "VERSION",
    "WORKER",
];

/// The head of a name, which says what the secret is. The first few are for values that a person may have chosen.
pub(crate) const HEADS: [&str; 25] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PWD",
    "SECRET",
    "TOKEN",
    "API_KEY",
    "API_SECRET",
    "API_TOKEN",
    "SECRET_KEY",
    "ACCESS_KEY",
    "CLIENT_SECRET",
    "APP_SECRET",
    "ACCESS_TOKEN",
    "REFRESH_TOKEN",
    "AUTH_TOKEN",
    "BEARER_TOKEN",
    "AUTH_KEY",
    "PRIVATE_KEY",
    "SIGNING_KEY",
    "ENCRYPTION_KEY",
    "MASTER_KEY",
    "SHARED_SECRET",
    "WEBHOOK_SECRET",
    "SESSION_SECRET",
];

/// The way in which the words of a name are joined.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Case {
    /// `REDIS_CACHE_PASSWORD`
    Upper,
    /// `redis_cache_password`
    Snake,
    /// `redisCachePassword`
    Camel,
    /// `RedisCachePassword`
    Pascal,
    /// `redis-cache-password`
    Kebab,
    /// `redis.cache.password`
    Dotted,
}

impl Case {
    /// Returns a name of upper-case words in this style.
    pub(crate) fn of(self, name: &str) -> String {
        let lower = name.to_ascii_lowercase();
        match self {
            Self::Upper => name.to_owned(),
            Self::Snake => lower,
            Self::Kebab => lower.replace('_', "-"),
            Self::Dotted => lower.replace('_', "."),
            Self::Pascal => lower.split('_').map(capital).collect(),
            Self::Camel => {
                let (first, rest) = lower.split_once('_').unwrap_or((&lower, ""));
                first.chars().chain(rest.split('_').map(capital).collect::<String>().chars()).collect()
            }
        }
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().into_iter().map(|first| first.to_ascii_uppercase()).chain(letters).collect()
}
