//! Reads `name = value` as people and programs write it, around a word of the name.
//!
//! Knows names, operators, quoting and where a value ends; knows nothing of what is a secret. What stands between a name and
//! its value is read by `sign`, values that stand in an entry of their own by `entry`, the value itself by `value`.

mod cursor;
mod entry;
mod operator;
mod value;

use crate::detect::{Candidate, Form};
use crate::rule::Reach;
use crate::rule::compile::ASSIGNMENT;
use crate::text::Span;

use cursor::{Cursor, escapes, is_quote};

/// Most bytes of a name on either side of the keyword.
const MAX_NAME: usize = 64;
/// Most bytes of a value.
const MAX_VALUE: usize = 512;
/// Most bytes of a value that stands before its name: with the name it lies within the context of the keyword.
const MAX_BEFORE: usize = 128;

/// A name and the value assigned to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assignment {
    /// The name, without quotes.
    pub name: Span,
    /// The value, without quotes.
    pub value: Span,
    /// How it is written.
    pub form: Form,
}

impl Assignment {
    /// The candidate of a rule.
    pub fn candidate(self, rule: usize, keyword: Span) -> Candidate {
        Candidate { rule, keyword, secret: self.value, name: Some(self.name), form: self.form }
    }
}

/// What may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wants {
    /// A value in quotes or without.
    Any,
    /// Only one in quotes: without them it would be an expression, or a word of a sentence.
    Quoted,
    /// One that looks issued, for only a blank stands before it.
    Issued,
    /// One in quotes that is the only text between the brackets of a call.
    Argument,
    /// One in quotes that ends a call or a line: `define('NAME', 'value')`.
    Last,
    /// The content of an XML element, up to the next tag.
    Content,
    /// A line of its own, indented: a block scalar.
    Line,
}

/// What was read around a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The assignment whose name holds the keyword, if there is one.
    pub assignment: Option<Assignment>,
    /// How far around the keyword was looked: a text that is the same there reads the same.
    pub looked: Reach,
}

/// Reads the assignment whose name holds the keyword at `keyword`.
pub fn read(text: &[u8], keyword: Span) -> Reading {
    let most = keyword.end.saturating_add(ASSIGNMENT as usize);
    let (name, around) = name_around(text, keyword);
    let mut cursor = Cursor::behind(name, &text[..most.min(text.len())]);
    let after = operator::pass(&mut cursor).and_then(|wants| {
        let (value, form) = value::read(&mut cursor, wants)?;
        let form = if form == Form::Bare && value::in_string(&mut cursor, value) { Form::Quoted } else { form };
        Some(Assignment { name: named(&mut cursor), value, form })
    });
    let assignment = after.or_else(|| value::compared(&mut cursor));
    let before = keyword.start - name.start + cursor.seen_before;
    let looked = Reach::of(before, cursor.seen.min(most).saturating_sub(keyword.end));
    Reading { assignment, looked: looked.further(around) }
}

/// The identifier around the keyword: letters, digits, `_`, `-`, `.`. A keyword may hold the sign behind the name. And how far
/// around the keyword was looked for that.
fn name_around(text: &[u8], keyword: Span) -> (Span, Reach) {
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let before = text.get(keyword.start.saturating_sub(MAX_NAME)..keyword.start).unwrap_or_default();
    let after = text.get(keyword.start..(keyword.end + MAX_NAME).min(text.len())).unwrap_or_default();
    let left = before.iter().rev().take_while(|b| part(b)).count();
    // `token->value`: the dash belongs to the arrow.
    let right = after.iter().take_while(|b| part(b)).count();
    let arrow = usize::from(after[..right].ends_with(b"-") && after.get(right) == Some(&b'>'));
    let start = keyword.start - left;
    // An escape such as `\n` before the name is no letter of it.
    let escape =
        usize::from(start > 0 && text[start - 1] == b'\\' && left > 0 && matches!(text[start], b'n' | b't' | b'r'));
    let dashes = text[start + escape..keyword.start].iter().take_while(|b| matches!(b, b'-' | b'.')).count();
    let name = Span::new(start + escape + dashes, keyword.start + right - arrow);
    (name, Reach::of(left + 1, (right + 1).saturating_sub(keyword.len())))
}

/// Most words of a label before a name.
const MAX_LABEL: usize = 2;

/// Words before a name that declare it, or belong to a sentence or command.
const NO_LABEL: [&[u8]; 64] = [
    b"a",
    b"an",
    b"and",
    b"arg",
    b"as",
    b"auto",
    b"bool",
    b"by",
    b"byte",
    b"char",
    b"class",
    b"const",
    b"def",
    b"define",
    b"dim",
    b"env",
    b"export",
    b"final",
    b"for",
    b"from",
    b"function",
    b"global",
    b"if",
    b"in",
    b"int",
    b"into",
    b"is",
    b"let",
    b"local",
    b"mut",
    b"my",
    b"new",
    b"no",
    b"not",
    b"object",
    b"of",
    b"on",
    b"option",
    b"or",
    b"our",
    b"own",
    b"private",
    b"protected",
    b"public",
    b"readonly",
    b"return",
    b"set",
    b"setenv",
    b"setx",
    b"static",
    b"str",
    b"string",
    b"that",
    b"the",
    b"this",
    b"to",
    b"type",
    b"use",
    b"using",
    b"val",
    b"var",
    b"void",
    b"with",
    b"your",
];

/// The name with the words before it, if it is one word of a label: `Activation key: …`, `acme token = …`.
fn named(cursor: &mut Cursor) -> Span {
    const PAIR: [&[u8]; 2] = [b"public", b"private"];
    let (text, name) = (cursor.text, cursor.name);
    let is_key = name.of(text).eq_ignore_ascii_case(b"key");
    let mut start = name.start;
    if !name.of(text).iter().all(u8::is_ascii_alphabetic) {
        return name;
    }
    let before = cursor.before(MAX_NAME);
    for _ in 0..MAX_LABEL {
        let before = &before[..before.len() - (name.start - start)];
        let Some(line) = before.strip_suffix(b" ") else { break };
        let word = &line[line.len() - line.iter().rev().take_while(|b| b.is_ascii_alphanumeric()).count()..];
        let of_a_pair = is_key && PAIR.iter().any(|half| half.eq_ignore_ascii_case(word));
        if word.is_empty() || (!of_a_pair && NO_LABEL.iter().any(|other| other.eq_ignore_ascii_case(word))) {
            break;
        }
        start -= word.len() + 1;
    }
    Span::new(start, name.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What stands around names.
    const PIECES: [&str; 64] = [
        " ",
        "  ",
        "\t",
        "\n",
        "\r\n",
        "\n    ",
        "=",
        "==",
        "===",
        "!=",
        ":",
        "::",
        ":=",
        "=>",
        "->",
        "<-",
        "||",
        "??",
        "?:",
        "|",
        ",",
        ";",
        ".",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "<",
        ">",
        "</",
        "/>",
        "\"",
        "'",
        "`",
        "\\",
        "\\\\\"",
        "$",
        "-",
        "--",
        "_",
        "&",
        "a",
        "key",
        "KEY",
        "name",
        "value",
        "default",
        "is ",
        "to ",
        "or ",
        "define",
        "variable \"",
        "ENV ",
        "Bearer ",
        "String ",
        "&str ",
        "b\"",
        "<![CDATA[",
        "abc123",
        "A1b2C3d4E5f6G7h8I9j0K1",
        "...",
        "string>",
    ];

    fn pieces(most: usize) -> impl Strategy<Value = String> {
        let piece = prop_oneof![20 => 0..PIECES.len(), 1 => Just(PIECES.len())];
        let text = |at: usize| PIECES.get(at).map_or_else(|| " ".repeat(60), |piece| (*piece).to_owned());
        proptest::collection::vec(piece.prop_map(text), 0..most).prop_map(|all| all.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

        /// A text that is the same as far as was looked reads the same.
        #[test]
        fn what_was_not_looked_at_does_not_matter(
            before in pieces(12),
            after in pieces(12),
            other in pieces(40),
            another in pieces(40),
        ) {
            let keyword = Span::new(before.len(), before.len() + 6);
            let text = format!("{before}secret{after}");
            let first = read(text.as_bytes(), keyword);
            let (looked_before, looked_after) = (first.looked.before as usize, first.looked.after as usize);
            let start = keyword.start.saturating_sub(looked_before);
            let end = (keyword.end + looked_after).min(text.len());
            // An end of the text that was seen stays one.
            let ahead = if looked_before > keyword.start { "" } else { &other };
            let behind = if keyword.end + looked_after > text.len() { "" } else { &another };
            let changed = [ahead.as_bytes(), &text.as_bytes()[start..end], behind.as_bytes()].concat();
            let moved = |span: Span| Span::new(ahead.len() + span.start - start, ahead.len() + span.end - start);
            let expected = Reading {
                assignment: first.assignment.map(|found| Assignment {
                    name: moved(found.name),
                    value: moved(found.value),
                    form: found.form,
                }),
                looked: first.looked,
            };
            prop_assert_eq!(read(&changed, moved(keyword)), expected, "{:?}, {:?}", text, String::from_utf8_lossy(&changed));
        }
    }

    fn of(text: &str) -> Option<(String, String, Form)> {
        let start = text.to_lowercase().find("secret")?;
        let read = read(text.as_bytes(), Span::new(start, start + 6)).assignment?;
        let part = |span: Span| String::from_utf8_lossy(span.of(text.as_bytes())).into_owned();
        Some((part(read.name), part(read.value), read.form))
    }

    #[test]
    fn assignments_of_many_languages_are_read() {
        for (text, name, form) in [
            ("client_secret: VALUE\n", "client_secret", Form::Bare),
            ("  \"clientSecret\": \"VALUE\",", "clientSecret", Form::Quoted),
            ("{\\\"clientSecret\\\": \\\"VALUE\\\"}", "clientSecret", Form::Quoted),
            ("export CLIENT_SECRET=VALUE && x", "CLIENT_SECRET", Form::Bare),
            ("ENV CLIENT_SECRET VALUE\n", "CLIENT_SECRET", Form::Bare),
            ("az login --client-secret VALUE --tenant x", "client-secret", Form::Bare),
            ("let client_secret: &str = \"VALUE\";", "client_secret", Form::Quoted),
            ("const string ClientSecret = @\"VALUE\";", "ClientSecret", Form::Quoted),
            ("<clientSecret>VALUE</clientSecret>", "clientSecret", Form::Bare),
            ("builder.setClientSecret(\"VALUE\")", "builder.setClientSecret", Form::Quoted),
            ("config['client_secret'] = 'VALUE'", "client_secret", Form::Quoted),
            ("define('CLIENT_SECRET', 'VALUE');", "CLIENT_SECRET", Form::Quoted),
            ("- name: CLIENT_SECRET\n  value: VALUE\n", "CLIENT_SECRET", Form::Bare),
            ("client_secret=VALUE&grant_type=x", "client_secret", Form::Bare),
            ("client_secret => 'VALUE',", "client_secret", Form::Quoted),
            ("SECRET ::= VALUE", "SECRET", Form::Bare),
            ("SECRET ?= VALUE", "SECRET", Form::Bare),
            ("$secret .= \"VALUE\";", "secret", Form::Quoted),
            ("secret <- 'VALUE'", "secret", Form::Quoted),
            ("var xSecret string = \"VALUE\"", "xSecret", Form::Quoted),
            ("let clientSecret: String = \"VALUE\"", "clientSecret", Form::Quoted),
            ("val SECRET: List<String> = \"VALUE\"", "SECRET", Form::Quoted),
            ("static char secret[] = \"VALUE\";", "secret", Form::Quoted),
            ("const char secret[SIZE + 1] = \"VALUE\";", "secret", Form::Quoted),
            ("#define SECRET \"VALUE\"", "SECRET", Form::Quoted),
            ("%global SECRET VALUE", "SECRET", Form::Bare),
            ("secret := []byte(\"VALUE\")", "secret", Form::Quoted),
            ("secret = String::from(\"VALUE\")", "secret", Form::Quoted),
            ("secret = (\n    \"VALUE\"\n)", "secret", Form::Quoted),
            ("SECRET = \\\n    'VALUE'", "SECRET", Form::Quoted),
            ("secret = \"\"\"\nVALUE\n\"\"\"", "secret", Form::Quoted),
            ("[\"--secret\", \"VALUE\", \"--x\"]", "secret", Form::Quoted),
            ("storeSecret 'VALUE'", "storeSecret", Form::Quoted),
            ("secret.assign(\"VALUE\", 5)", "secret.assign", Form::Quoted),
            ("secret: \"Bearer VALUE\"", "secret", Form::Quoted),
            ("secret: Bearer VALUE", "secret", Form::Bare),
            ("secret = \"VA\\\"LUE\"", "secret", Form::Quoted),
            ("secret = ' VALUE '", "secret", Form::Quoted),
            ("buildConfigField 'String', 'SECRET', '\"VALUE\"'", "SECRET", Form::Quoted),
            ("resValue(\"string\", \"secret\", \"\\\"VALUE\\\"\")", "secret", Form::Quoted),
            ("@Value(\"${secret:VALUE}\")", "secret", Form::Quoted),
        ] {
            let value = if text.contains("VALUE") { "VALUE" } else { "VA\\\"LUE" };
            assert_eq!(of(text), Some((name.to_owned(), value.to_owned(), form)), "{text}");
        }
    }

    #[test]
    fn defaults_and_comparisons_are_read() {
        for (text, name) in [
            ("os.environ.get(\"SECRET\") or \"VALUE\"", "SECRET"),
            ("os.getenv('SECRET', 'VALUE')", "SECRET"),
            ("process.env.SECRET || 'VALUE'", "process.env.SECRET"),
            ("process.env['SECRET'] ?? 'VALUE'", "SECRET"),
            ("if (secret == \"VALUE\") {", "secret"),
            ("if creds.Secret != 'VALUE' {", "creds.Secret"),
            ("if (\"VALUE\" === secret) {", "secret"),
            ("if (\"VALUE\" != $secret) {", "secret"),
        ] {
            assert_eq!(of(text), Some((name.to_owned(), "VALUE".to_owned(), Form::Quoted)), "{text}");
        }
        assert_eq!(of("${SECRET:-VALUE}").map(|read| read.1).as_deref(), Some("VALUE"));
    }

    #[test]
    fn values_in_entries_of_their_own_are_read() {
        for text in [
            "<add key=\"Secret\" value=\"VALUE\"/>",
            "<property name=\"secret\" type=\"String\" value=\"VALUE\"/>",
            "<entry key=\"secret\">VALUE</entry>",
            "<secret>\n  VALUE\n</secret>",
            "<secret encrypted=\"false\">VALUE</secret>",
            "<secret><![CDATA[VALUE]]></secret>",
            "<key>Secret</key>\n\t<string>VALUE</string>",
            "{\"name\": \"SECRET\", \"value\": \"VALUE\"}",
            "{\"name\": \"SECRET\",\n \"type\": \"x\",\n \"value\": \"VALUE\"}",
            "- name: SECRET\n  value: VALUE",
            "- name: \"SECRET\"\r\n  value: \"VALUE\"",
            "secret: |\n  VALUE\n",
            "secret: >-\n  VALUE\n",
            "variable \"secret\" {\n  type    = string\n  default = \"VALUE\"\n}",
        ] {
            assert_eq!(of(text).map(|read| read.1).as_deref(), Some("VALUE"), "{text}");
        }
    }

    #[test]
    fn values_in_strings_and_sentences_are_read() {
        for (text, form) in [
            ("\"{\\\\\\\"secret\\\\\\\": \\\\\\\"VALUE\\\\\\\"}\"", Form::Quoted),
            ("\"[db]\\nsecret=VALUE\\nuser=x\"", Form::Bare),
            ("\"Server=x;Secret=VALUE;\"", Form::Quoted),
            ("https://x/y?secret=VALUE&z=1", Form::Quoted),
            ("-H \"X-Secret: VALUE\"", Form::Quoted),
            ("putenv('SECRET=VALUE')", Form::Quoted),
            ("f(secret=VALUE, x=1)", Form::Bare),
            ("The secret is 'VALUE'", Form::Quoted),
            ("acme secret - 'VALUE'", Form::Quoted),
            ("| secret | VALUE |", Form::Bare),
            ("Secret key : VALUE", Form::Bare),
            ("cmd -secret VALUE", Form::Bare),
            ("cmd -Secret 'VALUE'", Form::Quoted),
        ] {
            assert_eq!(of(text).map(|read| (read.1, read.2)), Some(("VALUE".to_owned(), form)), "{text}");
        }
    }

    #[test]
    fn the_word_before_a_key_is_part_of_its_name() {
        let text = b"Activation key: VALUE";
        assert_eq!(read(text, Span::new(11, 14)).assignment.map(|read| read.name), Some(Span::new(0, 14)));
        let text = b"# public key: VALUE";
        assert_eq!(read(text, Span::new(9, 12)).assignment.map(|read| read.name), Some(Span::new(2, 12)));
    }

    #[test]
    fn prose_is_no_assignment() {
        for text in [
            "getSecret(\"name\")",
            "SecretPair(\"first\", \"second\")",
            "['client_secret', 'client_name', 'x']",
            "'client_secret',\n'client_name'\n",
            "secret::new",
            "secret:\n  \"name\": 1",
            "secret || other",
            "<secret>two words</secret>",
            "the -secret",
            "secret --other-option9",
            "x://:<secret>@host:1",
            "secret=abc<name>",
            "the secret is out",
            "secret",
            "no secrets, really",
            "a secret (of sorts)",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
