//! The expression of a rule that recognizes a value by the name it is assigned to.
//!
//! This module owns what counts as the name of a key and what may be between a name and its value. The shape of the
//! value and the provider's word before it come from the rule.

/// The most bytes between the provider's word and the name. Far enough for the path of a URL, too near for the next
/// entry.
pub(super) const WITHIN: u32 = 64;

/// Returns an expression to search for after the provider's word: the name of a secret, an assignment, and the value.
///
/// The name either starts with the word (`ACME_PROD_API_KEY`), or is near the word and consists of general words only
/// (`acme.test/v1?api_key=`, `Acme(token: `): a name that starts with another word belongs to another provider. With
/// `bare`, the word alone counts as a name as well.
pub(super) fn pattern(value: &str, bare: bool) -> String {
    const SECRET: &str = "key|token|secret|passw(?:or)?d|pass|pwd|auth|credentials?";
    const LEADS: &str = "x|api|app|application|access|auth|secret|private|client|customer|consumer|account|user|personal|rest|server|service|bearer|oauth|admin|master|read|write|license|developer|dev|prod|live|test";
    const TRAILS: &str = "value|string|prod|production|live|dev|development|test|staging|default|env|v?[0-9]{1,2}";
    let own = format!(r"\A[\w.-]{{0,24}}?(?:{SECRET}|api|access|private|app_?id|[_.-]pat)");
    let near = format!(
        r"(?:[^\w-]|\s--?)(?:(?:{LEADS})[_. -]?){{0,3}}(?:{SECRET}|access|private|authorization|app_?id|(?:api|token)[_. -]?key)"
    );
    let name = format!(r"(?i:(?:{own}|{near})s?(?:[_.-]?(?:{TRAILS}))?)");
    // Matches quotes and brackets that close the name, and a type.
    let closed = r#"["'`\])\\]{0,4}[ \t]{0,8}(?:[:,]?[ \t]{0,2}(?:&?(?:'static )?str|[Ss]tring)[?!]?[ \t]{0,2})?"#;
    let sign = r#"(?:=>|->|:=|\|\||\?\?|={1,3}|!=|[:(>|]|\bor )=?|[\s,;{]{1,24}["']?(?i:value|default)["']?[ \t]{0,2}[:=]|</key>\s{0,8}<string>"#;
    let opened = r#"\s{0,16}["'`\\(\[{@]{0,4}(?i:(?:bearer|basic|token|key|apikey)[ =:]{1,2}["']?)?"#;
    // Without a quote before it, a comma belongs to prose.
    let assigned = format!(r#"(?:{closed}(?:{sign})|["'`][ \t]{{0,4}},){opened}"#);
    // A blank also separates a value, but only from the name of a secret: `--acme-token X`, `the Acme API key X`. So
    // does a sign that joins the words of a name: `acme-key-X`.
    let told = format!(r#"(?:{assigned}|,[ \t]{{0,4}}["'`]?|["'`:]?[ \t]{{1,4}}(?:is )?["'`]?|[-.])"#);
    if bare {
        let word = format!(r#"\A(?i:[._-]?(?:client|api|sdk|{TRAILS}))?(?:{assigned}|[ \t]{{1,4}}["'`])"#);
        format!("(?:{name}{told}|{word})(?P<secret>{value})")
    } else {
        format!("{name}{told}(?P<secret>{value})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns `true` if a match starts at most [`WITHIN`] bytes after the first `acme`, in any case.
    fn found(text: &str, bare: bool) -> bool {
        let after = text.to_lowercase().find("acme").unwrap() + 4;
        let regex = regex::bytes::RegexBuilder::new(&pattern("VALUE", bare)).unicode(false).build().unwrap();
        regex.find(&text.as_bytes()[after..]).is_some_and(|found| found.start() <= WITHIN as usize)
    }

    #[test]
    fn names_and_values_are_joined_in_many_ways() {
        for text in [
            "ACME_API_KEY=VALUE",
            "export ACME_KEY=\"VALUE\"",
            "acme.api-key: VALUE",
            "acmeApiKey: 'VALUE',",
            "\"acme_token\": \"VALUE\"",
            "{\\\"acmeToken\\\": \\\"VALUE\\\"}",
            "<acmeToken>VALUE</acmeToken>",
            "<string name=\"acme_key\">VALUE</string>",
            "<add key=\"AcmeApiKey\" value=\"VALUE\" />",
            "<key>AcmeApiKey</key>\n  <string>VALUE</string>",
            "var acmeToken string = \"VALUE\"",
            "let acme_secret: &str = \"VALUE\";",
            "const acmeKey: string = `VALUE`",
            "String acmeKey = \"VALUE\";",
            "acme_key := \"VALUE\"",
            "'acmeKey' => 'VALUE'",
            "define('ACME_KEY', 'VALUE');",
            "os.environ[\"ACME_KEY\"] = \"VALUE\"",
            "os.getenv('ACME_KEY', 'VALUE')",
            "process.env.ACME_KEY || 'VALUE'",
            "setAcmeApiKey(\"VALUE\")",
            "run --acme-token VALUE",
            "ENV ACME_TOKEN VALUE",
            "- name: ACME_API_KEY\n  value: VALUE",
            "variable \"acme_api_key\" { default = \"VALUE\" }",
            "ACME_API_KEY_PROD=VALUE",
            "acme:\n  api_key: VALUE",
            "[acme]\ntoken = VALUE",
            "\"acme\": {\"apiKey\": \"VALUE\"}",
            "new Acme.Client({ host: 'x', accessToken: 'VALUE' })",
            "https://api.acme.test/v2/current?city=Bern&access_key=VALUE&days=3",
            "curl https://api.acme.test/v1/me -H \"Authorization: Bearer VALUE\"",
            "curl https://api.acme.test/v1/me -H 'X-Api-Key: VALUE'",
            "# the Acme API key is VALUE",
            "acme token = 'VALUE'",
            "| acme_key | VALUE |",
            "Acme access: VALUE",
            "ACME_PAT=VALUE",
            "acme-private-key-VALUE",
        ] {
            assert!(found(text, false), "{text}");
        }
    }

    #[test]
    fn other_names_are_not_secret_names() {
        for text in [
            "https://docs.acme.test/VALUE",
            "https://acme.test/api/VALUE",
            "acme.test/download/VALUE",
            "acme_id=VALUE",
            "ACME_KEY_ID=VALUE",
            "acme_token_url: VALUE",
            "acme_author = VALUE",
            "acme = VALUE",
            "see Acme, VALUE",
            "ACME_URL=https://acme.test\nOTHER_API_KEY=VALUE",
            "uses: acme/action@VALUE",
        ] {
            assert!(!found(text, false), "{text}");
        }
    }

    #[test]
    fn a_bare_word_is_a_name_if_the_rule_allows_it() {
        for text in [
            "ACME=VALUE",
            "acme: 'VALUE'",
            "acme_live = \"VALUE\"",
            "new Acme('VALUE')",
            "acme-prod: VALUE",
            "acme 'VALUE'",
        ] {
            assert!(found(text, true), "{text}");
            assert!(!found(text, false), "{text}");
        }
        for text in ["the Acme VALUE", "see Acme, VALUE", "https://acme.test/VALUE"] {
            assert!(!found(text, true), "{text}");
        }
    }
}
