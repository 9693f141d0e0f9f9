//! The values: random ones, which are secrets, and everything else that is assigned to the same names.

/// A `SplitMix64` generator: the same seed gives the same values everywhere.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap_or(0)
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// An alphabet that values are drawn from, and the lengths of the values.
pub(crate) struct Alphabet {
    pub(crate) name: &'static str,
    characters: &'static [u8],
    lengths: &'static [usize],
    /// The padding that completes the last group of four.
    padding: &'static str,
}

const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64URL: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BASE62: &[u8] = BASE64URL.split_at(62).0;
/// The printable characters, without quotes, the backslash, and what XML, shells and string templates treat specially.
const PRINTABLE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#%()*+,-./:;=?@[]^_{|}~";

pub(crate) const ALPHABETS: [Alphabet; 8] = [
    Alphabet { name: "hex", characters: b"0123456789abcdef", lengths: &[32, 40, 64], padding: "" },
    Alphabet { name: "HEX", characters: b"0123456789ABCDEF", lengths: &[32, 40, 64], padding: "" },
    Alphabet { name: "base32", characters: b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", lengths: &[24, 32, 48], padding: "" },
    Alphabet {
        name: "base36",
        characters: b"abcdefghijklmnopqrstuvwxyz0123456789",
        lengths: &[20, 24, 32],
        padding: "",
    },
    Alphabet { name: "base62", characters: BASE62, lengths: &[20, 24, 32, 43], padding: "" },
    Alphabet { name: "base64", characters: BASE64, lengths: &[22, 43, 86], padding: "=" },
    Alphabet { name: "base64url", characters: BASE64URL, lengths: &[22, 32, 43], padding: "" },
    Alphabet { name: "printable", characters: PRINTABLE, lengths: &[20, 24, 32], padding: "" },
];

impl Alphabet {
    /// Returns a random value. It begins with a letter or digit, because other characters at the start have a meaning
    /// in some formats.
    pub(crate) fn draw(&self, random: &mut Random) -> String {
        let length = random.pick(self.lengths);
        let mut value = String::new();
        while value.len() < length {
            let one = char::from(random.pick(self.characters));
            if !value.is_empty() || one.is_ascii_alphanumeric() {
                value.push(one);
            }
        }
        while !self.padding.is_empty() && !value.len().is_multiple_of(4) {
            value.push_str(self.padding);
        }
        value
    }
}

/// A kind of value that isn't a secret, whatever its name is.
pub(crate) struct Harmless {
    pub(crate) name: &'static str,
    /// Some values of the kind; empty if a value is generated for each cell.
    pub(crate) values: &'static [&'static str],
}

pub(crate) const HARMLESS: [Harmless; 7] = [
    Harmless {
        name: "reference",
        values: &[
            "${SHARED_VALUE}",
            "$SHARED_VALUE",
            "{{ vault_shared_value }}",
            "${{ secrets.SHARED_VALUE }}",
            "process.env.SHARED_VALUE",
            "%(shared_value)s",
            "#{ENV['SHARED_VALUE']}",
            "%SHARED_VALUE%",
            "vault:secret/data/acme#value",
            "op://acme/mail/credential",
            "<your-value-here>",
            "!vault shared_value",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:acme/mail-AbCdEf",
            "ssm:/acme/prod/value",
        ],
    },
    Harmless {
        name: "path",
        values: &[
            "/run/secrets/acme_value",
            "/etc/acme/mail/value.txt",
            "./config/local/acme.pem",
            "~/.acme/credentials",
            "C:/ProgramData/Acme/value.txt",
            "secret/data/acme/production",
            "../shared/keys/acme-mail.key",
            "config/credentials/production.yml.enc",
        ],
    },
    Harmless {
        name: "url",
        values: &[
            "https://auth.acme.io/oauth2/v1/token",
            "https://console.acme.io/settings/keys",
            "http://localhost:8080/realms/acme",
            "redis://cache.acme.io:6379/0",
            "urn:ietf:params:oauth:token-type:jwt",
            "https://acme.vault.azure.net/secrets/mail",
        ],
    },
    Harmless {
        name: "words",
        values: &[
            "required",
            "optional",
            "disabled",
            "authorization_code",
            "client_credentials",
            "not configured",
            "Enter your password",
            "The value is required",
            "change-me-please",
            "read-write",
            "rotate-every-month",
            "production",
            "resource_owner_password_credentials",
            "urlsafe-base64-encoded-value",
        ],
    },
    Harmless { name: "number", values: &["3600", "86400", "20", "1700000000", "15.5", "1234567890123", "0"] },
    Harmless { name: "boolean", values: &["true", "false", "yes", "no", "null", "none", "undefined", "nil"] },
    Harmless { name: "digest", values: &[] },
];

/// Returns a digest as lock files and manifests write it, with its algorithm.
pub(crate) fn digest(random: &mut Random) -> String {
    let run = |random: &mut Random, of: &[u8], count: usize| -> String {
        (0..count).map(|_| char::from(random.pick(of))).collect()
    };
    match random.below(3) {
        0 => format!("sha256:{}", run(random, b"0123456789abcdef", 64)),
        1 => format!("sha512-{}==", run(random, BASE64, 86)),
        _ => format!("sha1-{}=", run(random, BASE64, 27)),
    }
}
