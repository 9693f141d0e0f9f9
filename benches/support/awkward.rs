//! Files that look full of secrets and contain none: minified code with its source map, lists of hashes, lock files,
//! certificates. They have the same bytes everywhere, and nothing in them was ever issued.
//!
//! The tests stage these files, and the benchmark measures them.

use std::fmt::Write as _;

use data_encoding::{BASE64, HEXLOWER};

/// The sizes in bytes of the minified script, of its source map and of the list of hashes.
const SCRIPT: usize = 1_000_000;
const SOURCE_MAP: usize = 200_000;
const HASHES: usize = 10_000_000;
/// The number of entries of a lock file, and of certificates in a bundle.
const PACKAGES: usize = 1500;
const CERTIFICATES: usize = 150;

/// Returns every file with the name that it usually has.
pub(crate) fn files() -> Vec<(&'static str, String)> {
    let makers: [(&str, Maker); 12] = [
        ("static/app.min.js", minified),
        ("data/hashes.json", hashes),
        ("package-lock.json", npm),
        ("yarn.lock", yarn),
        ("pnpm-lock.yaml", pnpm),
        ("Cargo.lock", cargo),
        ("poetry.lock", poetry),
        ("composer.lock", composer),
        ("go.sum", go),
        ("Gemfile.lock", gemfile),
        ("flake.lock", flake),
        ("etc/ca-bundle.crt", certificates),
    ];
    (1..).zip(makers).map(|(seed, (name, make))| (name, make(&mut Dice(seed)))).collect()
}

type Maker = fn(&mut Dice) -> String;

/// A `SplitMix64` generator.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or(0) % end.max(1)
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend(self.next().to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }

    fn hex(&mut self, bytes: usize) -> String {
        HEXLOWER.encode(&self.bytes(bytes))
    }

    fn base64(&mut self, bytes: usize) -> String {
        BASE64.encode(&self.bytes(bytes))
    }

    fn package(&mut self) -> String {
        format!("{}-{}", self.pick(&WORDS), self.pick(&WORDS))
    }

    fn version(&mut self) -> String {
        format!("{}.{}.{}", self.below(9), self.below(30), self.below(20))
    }

    fn uuid(&mut self) -> String {
        let digits = self.hex(16);
        [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
    }
}

const WORDS: [&str; 48] = [
    "access", "account", "api", "auth", "babel", "buffer", "cache", "client", "code", "config", "core", "cookie",
    "crypto", "data", "esbuild", "event", "fetch", "form", "graph", "http", "input", "json", "jwt", "key", "loader",
    "lodash", "merge", "node", "oauth", "parse", "password", "path", "plugin", "react", "regex", "request", "router",
    "schema", "secret", "session", "state", "stream", "string", "token", "types", "util", "vault", "webpack",
];

/// Identifiers such as a bundler chooses.
const NAMES: [&str; 13] = ["e", "t", "n", "r", "o", "i", "a", "s", "c", "u", "Xe", "k2", "_t"];

/// Statements of a bundler's output; `@` is an identifier, `#` a number, `%` a word, `$` a capitalised word.
const STATEMENTS: [&str; 20] = [
    "function @(@,@){var @=@.%$;return @?@(@):null}",
    "var @=@(#),@=@.n(@);",
    "@.%=function(@){return this.@.%$(@,#)},",
    "if(!@||@.%$>#)throw new Error(\"%$ is not a %\");",
    "@.password=@.value,@.token=@.%$,",
    "const @=({token:@,secretKey:@,apiKey:@})=>@(@,@);",
    "headers:{Authorization:\"Bearer \".concat(@.accessToken),\"X-Api-Key\":@.apiKey},",
    "case\"%_%\":return @(@,{type:\"password\",name:\"password\",autoComplete:\"current-password\"});",
    "@.exports=JSON.parse('{\"%\":\"%\",\"%Token\":\"%-%\"}')},",
    "@[\"%-%\"]=@[\"%\"]&&@.%$!==@.%$;",
    "!function(@){@.secret=@(@.secret||\"\"),@.key=@+\"-\"+@}(@),",
    "e.u=@=>\"static/js/\"+@+\".\"+{#:\"&\",#:\"&\",#:\"&\"}[@]+\".chunk.js\",",
    "@.createElement(@,{key:\"%-#\",className:\"% %-%\",htmlFor:\"password\"},@.%),",
    "new RegExp(\"^[a-z0-9]{#}$\").test(@)&&@.push(@),",
    "/* harmony */ #:(@,@,@)=>{\"use strict\";@.d(@,{A:()=>@});",
    "localStorage.setItem(\"%_token\",@),sessionStorage.getItem(\"%Key\"),",
    "@=[#,#,#,#,0x#,#e#],@=void 0===@?{}:@,",
    "csrfToken:@.querySelector('meta[name=\"csrf-token\"]').content,",
    "link.integrity=\"sha384-^\",link.crossOrigin=\"anonymous\";",
    "graphql:\"mutation Login($password:String!){login(password:$password){token}}\",",
];

/// Returns a bundle on one line, with its source map at the end.
fn minified(dice: &mut Dice) -> String {
    let mut text = "/*! For license information please see app.min.js.LICENSE.txt */\n".to_owned();
    while text.len() < SCRIPT - SOURCE_MAP {
        for part in dice.pick(&STATEMENTS).chars() {
            match part {
                '@' => text.push_str(dice.pick(&NAMES)),
                '#' => _ = write!(text, "{}", dice.below(9999)),
                '%' => text.push_str(dice.pick(&WORDS)),
                '$' => text.push_str("Name"),
                '&' => text.push_str(&dice.hex(4)),
                '^' => text.push_str(&dice.base64(48)),
                other => text.push(other),
            }
        }
    }
    let mut map =
        r#"{"version":3,"file":"app.min.js","sources":["webpack://app/./src/auth/token.ts"],"mappings":""#.to_owned();
    while map.len() < SOURCE_MAP / 4 * 3 {
        map.push_str(dice.pick(&["AAAA", ",SAASA", ",GAAG", ";AACA", ",EAAEC", ",IAAIC", ",QAAQC", ",KAAM", ",uBCDb"]));
    }
    map.push_str(r#"","names":["token","secretKey"]}"#);
    _ = write!(
        text,
        "\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,{}\n",
        BASE64.encode(map.as_bytes())
    );
    text
}

/// Returns a build's record of its files: digests under all the names that digests have.
fn hashes(dice: &mut Dice) -> String {
    let mut text = "{\n  \"files\": [\n".to_owned();
    while text.len() < HASHES {
        let name = format!("{}/{}.{}", dice.package(), dice.hex(10), dice.pick(&["js", "css", "bin", "json"]));
        let (sha512, sha1, md5) = (dice.base64(64), dice.hex(20), dice.hex(16));
        let (hash, key, etag, uuid) = (dice.hex(32), dice.hex(32), dice.hex(16), dice.uuid());
        let (cache, token, secret, short) = (dice.hex(20), dice.hex(32), dice.base64(32), dice.base64(20));
        _ = writeln!(
            text,
            r#"    {{ "path": "{name}", "integrity": "sha512-{sha512}", "sha1": "{sha1}", "md5": "{md5}", "hash": "{hash}",
      "key": "{key}", "etag": "\"{etag}\"", "id": "{uuid}", "cacheKey": "{cache}", "token_hash": "{token}",
      "secretHash": "{secret}", "checksum": "{short}", "commit": "{sha1}", "size": {} }},"#,
            dice.below(1 << 20)
        );
    }
    text + "    {}\n  ]\n}\n"
}

fn npm(dice: &mut Dice) -> String {
    let mut text = "{\n  \"name\": \"app\",\n  \"lockfileVersion\": 3,\n  \"packages\": {\n".to_owned();
    for _ in 0..PACKAGES {
        let (name, version, sha512) = (dice.package(), dice.version(), dice.base64(64));
        _ = writeln!(
            text,
            "    \"node_modules/{name}\": {{\n      \"version\": \"{version}\",\n      \"resolved\": \"https://registry.npmjs.org/{name}/-/{name}-{version}.tgz\",\n      \"integrity\": \"sha512-{sha512}\"\n    }},"
        );
    }
    text + "    \"\": {}\n  }\n}\n"
}

fn yarn(dice: &mut Dice) -> String {
    let mut text = "# yarn lockfile v1\n\n".to_owned();
    for _ in 0..PACKAGES {
        let (name, version, sha1, sha512) = (dice.package(), dice.version(), dice.hex(20), dice.base64(64));
        _ = writeln!(
            text,
            "{name}@^{version}:\n  version \"{version}\"\n  resolved \"https://registry.yarnpkg.com/{name}/-/{name}-{version}.tgz#{sha1}\"\n  integrity sha512-{sha512}\n"
        );
    }
    text
}

fn pnpm(dice: &mut Dice) -> String {
    let mut text = "lockfileVersion: '9.0'\n\npackages:\n\n".to_owned();
    for _ in 0..PACKAGES {
        let (name, version, sha512) = (dice.package(), dice.version(), dice.base64(64));
        _ = writeln!(text, "  '@acme/{name}@{version}':\n    resolution: {{integrity: sha512-{sha512}}}\n");
    }
    text
}

fn cargo(dice: &mut Dice) -> String {
    let mut text = "version = 4\n\n".to_owned();
    for _ in 0..PACKAGES {
        let (name, version, sha256) = (dice.package(), dice.version(), dice.hex(32));
        _ = writeln!(
            text,
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{sha256}\"\n"
        );
    }
    text
}

fn poetry(dice: &mut Dice) -> String {
    let mut text = "# This file is automatically @generated by Poetry.\n\n".to_owned();
    for _ in 0..PACKAGES {
        let (name, version, one, two) = (dice.package(), dice.version(), dice.hex(32), dice.hex(32));
        _ = writeln!(
            text,
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nfiles = [\n    {{file = \"{name}-{version}-py3-none-any.whl\", hash = \"sha256:{one}\"}},\n    {{file = \"{name}-{version}.tar.gz\", hash = \"sha256:{two}\"}},\n]\n"
        );
    }
    let sum = dice.hex(32);
    text + &format!("[metadata]\nlock-version = \"2.1\"\ncontent-hash = \"{sum}\"\n")
}

fn composer(dice: &mut Dice) -> String {
    let sum = dice.hex(16);
    let mut text = format!("{{\n    \"content-hash\": \"{sum}\",\n    \"packages\": [\n");
    for _ in 0..PACKAGES {
        let (name, version, commit) = (dice.package(), dice.version(), dice.hex(20));
        _ = writeln!(
            text,
            "        {{\n            \"name\": \"acme/{name}\",\n            \"version\": \"{version}\",\n            \"source\": {{ \"type\": \"git\", \"url\": \"https://github.com/acme/{name}.git\", \"reference\": \"{commit}\" }},\n            \"dist\": {{ \"type\": \"zip\", \"url\": \"https://api.github.com/repos/acme/{name}/zipball/{commit}\", \"reference\": \"{commit}\", \"shasum\": \"\" }}\n        }},"
        );
    }
    text + "        {}\n    ]\n}\n"
}

fn go(dice: &mut Dice) -> String {
    let mut text = String::new();
    for _ in 0..PACKAGES {
        let (name, version, zip, module) = (dice.package(), dice.version(), dice.base64(32), dice.base64(32));
        _ = writeln!(
            text,
            "github.com/acme/{name} v{version} h1:{zip}\ngithub.com/acme/{name} v{version}/go.mod h1:{module}"
        );
    }
    text
}

fn gemfile(dice: &mut Dice) -> String {
    let mut text = "GEM\n  remote: https://rubygems.org/\n  specs:\n".to_owned();
    let mut sums = "\nCHECKSUMS\n".to_owned();
    for _ in 0..PACKAGES {
        let (name, version, sha256) = (dice.package(), dice.version(), dice.hex(32));
        _ = writeln!(text, "    {name} ({version})\n      {} (>= {})", dice.package(), dice.version());
        _ = writeln!(sums, "  {name} ({version}) sha256={sha256}");
    }
    text + &sums
}

fn flake(dice: &mut Dice) -> String {
    let mut text = "{\n  \"nodes\": {\n".to_owned();
    for _ in 0..PACKAGES / 10 {
        let (name, nar, commit) = (dice.package(), dice.base64(32), dice.hex(20));
        _ = writeln!(
            text,
            "    \"{name}\": {{\n      \"locked\": {{ \"lastModified\": 17{:08}, \"narHash\": \"sha256-{nar}\", \"owner\": \"acme\", \"repo\": \"{name}\", \"rev\": \"{commit}\", \"type\": \"github\" }}\n    }},",
            dice.below(100_000_000)
        );
    }
    text + "    \"root\": {}\n  },\n  \"version\": 7\n}\n"
}

/// Returns certificates that a PEM reader accepts: two sequences, then noise.
fn certificates(dice: &mut Dice) -> String {
    let mut text = String::new();
    for number in 0..CERTIFICATES {
        let der = [&[0x30, 0x82, 0x05, 0x6b, 0x30, 0x82, 0x03, 0x53][..], &dice.bytes(1383)].concat();
        _ = writeln!(
            text,
            "# Issuer: CN=Root {number} O={}\n# SHA256 Fingerprint: {}",
            dice.pick(&WORDS),
            dice.hex(32)
        );
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        for line in BASE64.encode(&der).as_bytes().chunks(64) {
            text.push_str(&String::from_utf8_lossy(line));
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n\n");
    }
    text
}
