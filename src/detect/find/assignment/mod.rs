//! Reads `name = value` as people and programs write it, starting from a word of the name.
//!
//! This module knows names, operators, quoting and the ends of values, but not what a secret is. The text between a
//! name and its value is read by `operator`, values in an entry of their own by `entry`, those of lists and maps by
//! `below` and `block`, the value itself by `value`.

mod below;
mod block;
mod comment;
mod cursor;
mod default;
mod entry;
mod manifest;
mod operator;
mod table;
mod value;

use crate::detect::{Candidate, Form};
use crate::rule::Reach;
use crate::rule::compile::{ASSIGNMENT, LISTED};
use crate::text::Span;

use cursor::{Cursor, escapes, is_quote};

/// The most bytes of a name on either side of the keyword.
const MAX_NAME: usize = 64;
/// The most bytes of a value.
const MAX_VALUE: usize = 512;
/// The most bytes of a value that is before its name: together with the name it lies within the context of the keyword.
const MAX_BEFORE: usize = 128;

/// A name and the value assigned to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assignment {
    /// The name, without quotes.
    pub name: Span,
    /// The value, without quotes.
    pub value: Span,
    /// The way in which the value is written.
    pub form: Form,
}

impl Assignment {
    /// Returns the assignment as a candidate of a rule.
    pub fn candidate(self, rule: usize, keyword: Span) -> Candidate {
        Candidate { rule, keyword, secret: self.value, name: Some(self.name), form: self.form }
    }
}

/// The kind of value that may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wants {
    /// A value in quotes or without.
    Any,
    /// Only a value in quotes: without them it would be an expression, or a word of a sentence.
    Quoted,
    /// A value that looks issued, because only a blank precedes it.
    Issued,
    /// A value in quotes that is the only text between the brackets of a call.
    Argument,
    /// A value in quotes that ends a call or a line: `define('NAME', 'value')`.
    Last,
    /// The content of an XML element, up to the next tag.
    Content,
    /// An indented line of its own: a block scalar.
    Line,
}

/// The names and values read around a keyword.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The values assigned to the name that contains the keyword: one value, or those of a list.
    pub assignments: Vec<Assignment>,
    /// The distance around the keyword that was read: a text that is the same there gives the same result.
    pub inspected: Reach,
}

/// Reads the values assigned to the name that contains the keyword at `keyword`.
pub fn read(text: &[u8], keyword: Span) -> Reading {
    let most = |bytes: u32| keyword.end.saturating_add(bytes as usize);
    let (name, around) = name_around(text, keyword);
    let mut cursor = Cursor::behind(name, text, (most(ASSIGNMENT), most(LISTED)));
    let mut assignments = assigned(&mut cursor, keyword);
    let is_bare = |found: &Assignment| found.form == Form::Bare && is_literal(found.value.of(text));
    if assignments.iter().any(is_bare) && comment::is_noted(&mut cursor) {
        assignments.iter_mut().filter(|found| is_bare(found)).for_each(|found| found.form = Form::Noted);
    }
    let before = keyword.start - name.start + cursor.seen_before;
    let inspected = Reach::of(before, cursor.seen.saturating_sub(keyword.end));
    Reading { assignments, inspected: inspected.further(around) }
}

/// Returns `true` if a value without quotes may be more than the name of something, or the result of one of its
/// methods.
fn is_literal(value: &[u8]) -> bool {
    const LEAST: usize = 6;
    let is_method = |part: &[u8]| !part.is_empty() && part.iter().all(|b| b.is_ascii_lowercase() || *b == b'_');
    value.len() >= LEAST
        && value.iter().any(|b| !b.is_ascii_alphabetic())
        && !value.split(|b| *b == b'.').skip(1).any(is_method)
}

/// Returns the value that belongs to the name by its place, without an operator between them.
fn placed(cursor: &mut Cursor, keyword: Span, plural: Option<Span>) -> Vec<Assignment> {
    let start = cursor.at;
    let mut found = cursor.afar(|cursor| manifest::read(cursor, keyword));
    if found.is_empty() {
        cursor.at = start;
        found = cursor.afar(table::read);
    }
    if found.is_empty() {
        cursor.at = start;
        found = cursor.afar(|cursor| below::section(cursor, plural));
    }
    cursor.at = start;
    found
}

fn assigned(cursor: &mut Cursor, keyword: Span) -> Vec<Assignment> {
    let plural = below::singular(cursor.text, cursor.name, keyword);
    let places = placed(cursor, keyword, plural);
    if !places.is_empty() {
        return places;
    }
    if let Some(wants) = operator::pass(cursor) {
        let start = cursor.at;
        let several = cursor.afar(|cursor| below::read(cursor, plural, wants));
        if !several.is_empty() {
            return several;
        }
        cursor.at = start;
        if let Some((value, form)) = value::read(cursor, wants) {
            return match plural {
                // An option can be followed by a list of another kind: `--recv-keys A B`.
                Some(_) if wants == Wants::Any && cursor.before(1) == b"-" => Vec::new(),
                Some(plural) => below::within(cursor, plural, (value, form)),
                None => {
                    let in_string = form == Form::Bare && value::in_string(cursor, value);
                    let form = if in_string { Form::Quoted } else { form };
                    vec![Assignment { name: named(cursor), value, form }]
                }
            };
        }
    }
    let before = entry::value_before(cursor).map(|(value, form)| Assignment { name: cursor.name, value, form });
    before.or_else(|| value::compared(cursor)).into_iter().collect()
}

/// Returns the identifier around the keyword (letters, digits, `_`, `-`, `.`), and how far around the keyword was read
/// for it. A keyword may include the sign after the name.
fn name_around(text: &[u8], keyword: Span) -> (Span, Reach) {
    let before = text.get(keyword.start.saturating_sub(MAX_NAME)..keyword.start).unwrap_or_default();
    let after = text.get(keyword.start..(keyword.end + MAX_NAME).min(text.len())).unwrap_or_default();
    let left = letters_before(before);
    // `token->value`: the dash belongs to the arrow.
    let right = letters(after);
    let arrow = usize::from(after[..right].ends_with(b"-") && after.get(right) == Some(&b'>'));
    let start = keyword.start - left;
    // An escape such as `\n` before the name isn't a letter of it.
    let escape =
        usize::from(start > 0 && text[start - 1] == b'\\' && left > 0 && matches!(text[start], b'n' | b't' | b'r'));
    let dashes = text[start + escape..keyword.start].iter().take_while(|b| matches!(b, b'-' | b'.')).count();
    let name = Span::new(start + escape + dashes, keyword.start + right - arrow);
    // If a letter of another alphabet could be there, all of its bytes were read.
    let width = |next: Option<&u8>| if next.is_none_or(u8::is_ascii) { 1 } else { MAX_CHARACTER };
    let last = before.len().checked_sub(left + 1).and_then(|at| before.get(at));
    let (before, after) = (left + width(last), right + width(after.get(right)));
    (name, Reach::of(before, after.saturating_sub(keyword.len())))
}

/// The most bytes of a character.
const MAX_CHARACTER: usize = 4;

/// Returns how many bytes from the start belong to a name; letters are those of any alphabet.
fn letters(text: &[u8]) -> usize {
    let mut count = 0;
    loop {
        count += text[count..].iter().take_while(|b| is_part(b)).count();
        match bstr::decode_utf8(&text[count..]) {
            (Some(letter), bytes) if letter.is_alphanumeric() => count += bytes,
            _ => return count,
        }
    }
}

/// Returns how many bytes at the end belong to a name.
fn letters_before(text: &[u8]) -> usize {
    let mut rest = text;
    loop {
        rest = &rest[..rest.len() - rest.iter().rev().take_while(|b| is_part(b)).count()];
        match bstr::decode_last_utf8(rest) {
            (Some(letter), bytes) if letter.is_alphanumeric() => rest = &rest[..rest.len() - bytes],
            _ => return text.len() - rest.len(),
        }
    }
}

fn is_part(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// The most words of a label before a name.
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

/// Returns the name with the words before it, if it is a word of a label: `Activation key: …`, `acme token = …`.
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

    /// Texts that surround names.
    const PIECES: [&str; 80] = [
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
        "s",
        "s: [",
        "\n- ",
        "\n  - ",
        "\"value\": ",
        "\"name\": ",
        "# ",
        "\n// ",
        "x = \"\"\"\n",
        "cat <<EOF\n",
        "kind: ",
        "\ndata:\n",
        "name,",
        ") VALUES (",
        "create ",
        " generic --from-literal=a=",
    ];

    fn pieces(most: usize) -> impl Strategy<Value = String> {
        let piece = prop_oneof![20 => 0..PIECES.len(), 1 => Just(PIECES.len())];
        let text = |at: usize| PIECES.get(at).map_or_else(|| " ".repeat(60), |piece| (*piece).to_owned());
        proptest::collection::vec(piece.prop_map(text), 0..most).prop_map(|all| all.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

        /// Checks that a text which is the same as far as it was read gives the same result.
        #[test]
        fn text_outside_the_inspected_span_has_no_effect(
            before in pieces(12),
            after in pieces(12),
            other in pieces(40),
            another in pieces(40),
        ) {
            let keyword = Span::new(before.len(), before.len() + 6);
            let text = format!("{before}secret{after}");
            let first = read(text.as_bytes(), keyword);
            let (inspected_before, inspected_after) = (first.inspected.before as usize, first.inspected.after as usize);
            let start = keyword.start.saturating_sub(inspected_before);
            let end = (keyword.end + inspected_after).min(text.len());
            // If the end of the text was seen, it stays the end.
            let ahead = if inspected_before > keyword.start { "" } else { &other };
            let behind = if keyword.end + inspected_after > text.len() { "" } else { &another };
            let changed = [ahead.as_bytes(), &text.as_bytes()[start..end], behind.as_bytes()].concat();
            let moved = |span: Span| Span::new(ahead.len() + span.start - start, ahead.len() + span.end - start);
            let move_all = |found: &Assignment| Assignment {
                name: moved(found.name),
                value: moved(found.value),
                form: found.form,
            };
            let expected =
                Reading { assignments: first.assignments.iter().map(move_all).collect(), inspected: first.inspected };
            prop_assert_eq!(read(&changed, moved(keyword)), expected, "{:?}, {:?}", text, String::from_utf8_lossy(&changed));
        }
    }

    fn of(text: &str) -> Option<(String, String, Form)> {
        let start = text.to_lowercase().find("secret")?;
        let read = read(text.as_bytes(), Span::new(start, start + 6)).assignments.into_iter().next()?;
        let part = |span: Span| String::from_utf8_lossy(span.of(text.as_bytes())).into_owned();
        Some((part(read.name), part(read.value), read.form))
    }

    /// Returns all assignments at the first keyword.
    fn all(text: &str) -> Vec<(String, String, Form)> {
        let Some(start) = text.to_lowercase().find("secret") else { return Vec::new() };
        let part = |span: Span| String::from_utf8_lossy(span.of(text.as_bytes())).into_owned();
        let found = read(text.as_bytes(), Span::new(start, start + 6)).assignments;
        found.iter().map(|one| (part(one.name), part(one.value), one.form)).collect()
    }

    fn values(text: &str) -> Vec<String> {
        all(text).into_iter().map(|one| one.1).collect()
    }

    #[test]
    fn a_value_below_its_name_is_read() {
        for text in [
            "  DbSecret:\n    Type: String\n    NoEcho: true\n    Default: VALUE\n",
            "\"adminSecret\": {\"type\": \"securestring\", \"metadata\": {\"value\": 1}, \"defaultValue\": \"VALUE\"}",
            "secret:\n  description: what it is\n  # that is so\n  default: VALUE\n",
            "secret:\n  value: \"VALUE\"\n  description: x\n",
            "{\\\"secret\\\": {\\\"value\\\": \\\"VALUE\\\"}}",
            "secret = {\n  sensitive = true\n  value     = \"VALUE\"\n}\n",
            "[variables.secret]\nkind = \"x\"\nvalue = \"VALUE\"\n",
            "<entry><key>secret</key><value>VALUE</value></entry>",
            "{\"value\": \"VALUE\", \"name\": \"SECRET\"}",
            "{\n  \"value\": \"VALUE\",\n  \"type\": \"T\",\n  \"name\": \"SECRET\"\n}",
            "- value: VALUE\n  name: SECRET\n",
            "<add value=\"VALUE\" key=\"Secret\"/>",
        ] {
            assert_eq!(values(text), ["VALUE"], "{text}");
        }
        for text in [
            "secret:\n  secretKeyRef:\n    value: NOT\n",
            "secret:\nvalue: NOT\n",
            "secret:\n  kind: x\nother:\n  value: NOT\n",
            "\"secret\": {\"inner\": {\"value\": \"NOT\"}}",
            "secret = {\"user\": \"NOT\"}",
            "[secret]\nkind = \"x\"\n[other]\nvalue = \"NOT\"\n",
            "if secret:\n    value = \"NOT\"\n",
            "{\"other\": \"NOT\", \"name\": \"SECRET\"}",
        ] {
            assert!(!values(text).iter().any(|value| value == "NOT"), "{text}");
        }
    }

    #[test]
    fn the_values_of_a_list_or_a_map_are_read_under_the_singular() {
        for text in [
            "SECRETS = [\"ONE\", \"TWO\"]",
            "SECRETS = [\n    'ONE',  # the first\n    'TWO',\n]",
            "SECRETS = (\"ONE\", \"TWO\")",
            "SECRETS = {\"a\": \"ONE\", \"b\": \"TWO\"}",
            "SECRETS_BY_TENANT = {\"a\": \"ONE\", \"b\": \"TWO\"}",
            "SECRETS = {\"a\": \"ONE\" +\n  \"NOT\", \"b\": \"TWO\"}",
            "SECRETS = frozenset([\"ONE\", \"TWO\"])",
            "const SECRETS = new Set([\"ONE\", \"TWO\"]);",
            "const SECRETS: string[] = [\"ONE\", \"TWO\"];",
            "SECRETS = { a: 'ONE', 'b' => 'TWO' }.freeze",
            "SECRETS = %w[ONE TWO]",
            "$SECRETS = array('a' => 'ONE', 'b' => 'TWO');",
            "SECRETS := []string{\"ONE\", \"TWO\"}",
            "SECRETS = map[string]string{\n\t\"a\": \"ONE\",\n\t\"b\": \"TWO\",\n}",
            "List<String> SECRETS = List.of(\"ONE\", \"TWO\");",
            "String[] SECRETS = new String[] {\"ONE\", \"TWO\"};",
            "val SECRETS = mapOf(\"a\" to \"ONE\", \"b\" to \"TWO\")",
            "SECRETS = new Dictionary<string, string> { [\"a\"] = \"ONE\", [\"b\"] = \"TWO\" };",
            "SECRETS = Map(\"a\" -> \"ONE\", \"b\" -> \"TWO\")",
            "const SECRETS: [&str; 2] = [\"ONE\", \"TWO\"];",
            "let SECRETS = vec![\"ONE\", \"TWO\"];",
            "$SECRETS = @{ a = \"ONE\"; b = \"TWO\" }",
            "SECRETS=(\"ONE\" \"TWO\")",
            "SECRETS: [ONE, TWO]",
            "SECRETS:\n  a: ONE\n  id: NOT\n\n  # of b\n  b: \"TWO\"\nother: NOT\n",
            "SECRETS:\n- ONE\n- TWO\n",
            "  - SECRETS:\n      a: ONE\n      b: TWO\n",
            "SECRETS:\n  - name: \"NOT\"\n    value: ONE\n  - value: TWO\n",
            "SECRETS = [{\"n\": \"NOT\", \"value\": \"ONE\"}, {\"value\": \"TWO\"}]",
            "SECRETS:\n- n: NOT\n  value: ONE\n- value: TWO\n",
            "SECRETS:\n  a: ONE\n  z: |\n    NOT NOT\n    NOT\n  b: TWO\n",
            "[SECRETS]\na = ONE\nuser = NOT\nb = \"TWO\"\n",
            "SECRETS=ONE,TWO\n",
            "SECRETS=\"ONE, TWO\"",
            "SECRETS='[\"ONE\",\"TWO\"]'",
            "SECRETS='{\"a\":\"ONE\",\"b\":\"TWO\"}'",
            "\"{\\\"SECRETS\\\": [\\\"ONE\\\", \\\"TWO\\\"]}\"",
        ] {
            let found: Vec<(String, String)> = all(text).into_iter().map(|one| (one.0, one.1)).collect();
            let expected = ["ONE", "TWO"].map(|value| ("SECRET".to_owned(), value.to_owned()));
            assert_eq!(found, expected, "{text}");
        }
        assert!(!values("SECRETS = get(\"NOT\")").contains(&"NOT".to_owned()));
        assert_eq!(values("gpg --recv-secrets NOT"), [""; 0]);
        assert_eq!(values("about secrets: NOT here"), [""; 0]);
        assert_eq!(values("SECRETS=ONE\n"), ["ONE"]);
        assert!(!values("SECRETS = other(\"NOT\", \"NOT\")").contains(&"NOT".to_owned()));
    }

    #[test]
    fn comments_and_strings_are_distinguished_from_code() {
        for text in [
            "# login: ops / secret: VALUE7",
            "#secret=VALUE7",
            "// secret: VALUE7",
            "/* console secret: VALUE7 */",
            "/**\n * secret: VALUE7\n */",
            "x := 1 // secret: VALUE7",
            "x = 1  # secret=VALUE7",
            "-- secret: VALUE7",
            "<!-- secret: VALUE7 -->",
            "x = \"\"\"\nsecret = VALUE7\n\"\"\"",
            "f(`\nSECRET=VALUE7\n`)",
            "x = <<~TEXT\n  secret: VALUE7\nTEXT\n",
        ] {
            assert_eq!(all(text).first().map(|one| (&*one.1, one.2)), Some(("VALUE7", Form::Noted)), "{text}");
        }
        for text in [
            "secret = VALUE7",
            "#define x secret = VALUE7",
            "*secret = VALUE7",
            "#[cfg(secret = VALUE7)]",
            "# secret = 4.days.ago",
            "x = \"\"\"\ntext\n\"\"\"\nsecret = VALUE7",
            "x = `a`;\nsecret = VALUE7",
            "x = <<TEXT\na\nTEXT\nsecret = VALUE7",
            "x << y\nsecret = VALUE7",
            "http://x/y?a\nsecret = VALUE7",
        ] {
            assert_eq!(all(text).first().map(|one| one.2), Some(Form::Bare), "{text}");
        }
    }

    #[test]
    fn defaults_and_accessor_results_are_read() {
        for text in [
            "secret: str = Field(default=\"VALUE\", env=\"X\")",
            "secret: str = Field(\"VALUE\")",
            "secret = field(\n    description=\"of (it)\", default=\"VALUE\"\n)",
            "add_argument(\"--secret\", type=str, default=\"VALUE\")",
            "@click.option(\"--secret\", \"-s\", default=\"VALUE\")",
            "X = env.str(\"SECRET\", default=\"VALUE\")",
            "ENV.fetch('SECRET') { 'VALUE' }",
            "ENV.fetch('SECRET', 'VALUE')",
            "$ENV{SECRET} // 'VALUE';",
            "$ENV{'SECRET'} || 'VALUE';",
            "flag.String(\"secret\", \"VALUE\", \"what it is for\")",
            "fs.StringVar(&x.y, \"secret\", \"VALUE\", \"what it is for\")",
            "pflag.StringP(\"secret\", \"s\", \"VALUE\", \"what it is for\")",
            "DEFINE_string(\"secret\", \"VALUE\", \"what it is for\")",
            "cmp.Or(os.Getenv(\"SECRET\"), \"VALUE\")",
            "x = coalesce(var.secret, \"VALUE\")",
            "x = try(var.secret, \"VALUE\")",
            "getenv('SECRET') ?: 'VALUE'",
            "env::var(\"SECRET\").unwrap_or(\"VALUE\".into())",
            "env::var(\"SECRET\").unwrap_or_else(|_| \"VALUE\".to_string())",
            "Optional.ofNullable(System.getenv(\"SECRET\")).orElse(\"VALUE\")",
            "public string Secret { get; set; } = \"VALUE\";",
            "public string Secret => \"VALUE\";",
            "val secret by lazy { \"VALUE\" }",
            "val secret: String by lazy { \"VALUE\" }",
            "val secret: String\n    get() = \"VALUE\"",
            "var secret: String { return \"VALUE\" }",
            "def secret: String = \"VALUE\"",
            "public String getSecret() {\n    return \"VALUE\";\n}",
            "func secret() string {\n\treturn \"VALUE\"\n}",
            "def secret(self) -> str:\n    return \"VALUE\"",
            "fn secret() -> &'static str {\n    \"VALUE\"\n}",
        ] {
            assert_eq!(values(text), ["VALUE"], "{text}");
        }
        for text in [
            "add_argument(\"--secret\", help=\"NOT\")",
            "x{secret} // 'NOT'",
            "f.Print(\"secret\", \"NOT\", \"x\")",
            "f(x.secret, \"NOT\")",
            "f(os.Getenv(\"SECRET\"), \"NOT\")",
            "add_argument(\"--secret\"); f(default=\"NOT\")",
            "secret = Field(description=\"NOT\")",
            "getenv(\"SECRET\").split(\"NOT\")",
            "if secret and other { \"NOT\" }",
            "secret: { \"NOT\": 1 }",
            "secret(\"x\") { return \"NOT\" }",
        ] {
            assert!(!values(text).iter().any(|value| value == "NOT"), "{text}");
        }
    }

    #[test]
    fn all_values_of_a_kubernetes_secret_are_read() {
        for text in [
            "kind: Secret\nmetadata:\n  name: NOT\ntype: Opaque\ndata:\n  a: ONE\n  username: NOT\n  b: TWO\n",
            "kind: Secret\nstringData:\n  a: ONE\ndata:\n  b: TWO\n---\ndata:\n  c: NOT\n",
            "kind: ConfigMap\ndata:\n  z: NOT\n---\napiVersion: v1\ndata:\n  a: ONE\n  b: |\n    TWO\nkind: Secret\nmetadata:\n  name: x\n",
            "items:\n- data:\n    z: NOT\n- apiVersion: v1\n  data:\n    a: ONE\n    b: TWO\n  kind: Secret\n- data:\n    z: NOT\n",
            "{\"kind\": \"Secret\", \"metadata\": {\"data\": \"NOT\"}, \"data\": {\"a\": \"ONE\", \"b\": \"TWO\"}}",
            "{\"data\": {\"a\": \"ONE\", \"b\": \"TWO\"}, \"kind\": \"Secret\"}, {\"data\": {\"z\": \"NOT\"}}",
            "kind: \"Secret\"\ndata: # two\n  a: ONE\n  b: TWO\n",
            "kind: Secret\r\ndata: &all\r\n  a: ONE\r\n  b: TWO\r\n",
            "stringData: {a: ONE}\ndata: {\n  b: TWO}\nkind:  Secret\n",
            "\"kind\" : \"Secret\"\n\"data\" :\n  a: ONE\n  b: TWO\n",
            "{\"stringData\" : {\"a\": \"ONE\", \"b\": \"TWO\"},\n  \"kind\" : \"Secret\"}",
            "resource \"kubernetes_secret\" \"x\" {\n  metadata {\n    name = \"NOT\"\n  }\n  data = {\n    a = \"ONE\"\n    b = \"TWO\"\n  }\n}\n",
            "kubectl create secret generic x --from-literal=a=ONE \\\n  --from-literal='b=TWO'\nx --from-literal=c=NOT\n",
            "secretGenerator:\n- name: x\n  literals:\n  - a=ONE\n  - \"b=TWO\"\n  options:\n  - c=NOT\nother:\n",
        ] {
            assert_eq!(values(text), ["ONE", "TWO"], "{text}");
        }
        for text in [
            "kind: SealedSecret\ndata:\n  a: NOT\n",
            "- kind: Secret\n  name: x\ndata:\n  a: NOT\n",
            "data:\n  a: NOT\nkind: ConfigMap\nx: y\nkind: Secret\n",
            "{\"data\": {\"a\": \"NOT\"}, \"kind\": \"ConfigMap\", \"x\": [{\"kind\": \"Secret\"}]}",
            "kind: Secret\nmetadata:\n  data:\n    a: NOT\n",
        ] {
            assert!(!values(text).iter().any(|value| value == "NOT"), "{text}");
        }
    }

    /// Each name precedes more values than fit into the part that is read for a single one.
    #[test]
    fn long_lists_tables_and_manifests_are_read_to_their_end() {
        const COUNT: usize = 400;
        let lines = |line: &str| -> String { (0..COUNT).map(|at| line.replace("VALUE", &format!("V{at}"))).collect() };
        for text in [
            format!("secrets:\n{}", lines("  - VALUE\n")),
            format!("secrets = [\n{}]", lines("  \"VALUE\",\n")),
            format!("name,secret\n{}", lines("somebody@acme.io,VALUE\n")),
            format!("INSERT INTO x (name, secret) VALUES {};", lines("('somebody', 'VALUE'), ")),
            format!("kind: Secret\ndata:\n{}", lines("  a.key: VALUE\n")),
            format!("data:\n{}kind: Secret\n", lines("  a.key: VALUE\n")),
            format!("{{\"data\": {{{}}}, \"kind\": \"Secret\"}}", lines("\"a.key\": \"VALUE\", ")),
        ] {
            let found = values(&text);
            assert_eq!((found.len(), found.last().map(String::as_str)), (COUNT, Some("V399")), "{}", &text[..60]);
        }
    }

    #[test]
    fn the_url_of_a_link_is_not_part_of_a_value() {
        for text in ["[secret: VALUE](https://acme.io/x)", "(secret=VALUE)](x", "![x](https://a.io/?secret=VALUE)](y)"]
        {
            assert_eq!(values(text), ["VALUE"], "{text}");
        }
    }

    #[test]
    fn an_empty_section_of_a_manifest_ends() {
        assert_eq!(values("kind: Secret\ndata:\n  a: ONE\nstringData:\nother: NOT\n"), ["ONE"]);
        assert_eq!(values("data:\n  a: ONE\nstringData:\nkind: Secret\n"), ["ONE"]);
    }

    #[test]
    fn the_columns_of_tables_are_read() {
        for text in [
            "name,secret,role\nNOT,ONE,x\nNOT,TWO,x\n",
            "secret;name\nONE;NOT\r\nTWO;NOT\n",
            "\"name\",\"secret\"\n\"NOT, NOT\",\"ONE\"\n\"NOT\",\"TWO\"",
            "name\tsecret\nNOT\tONE\nNOT\tTWO\n",
            "| Service | Secret |\n|---|---|\n| NOT | `ONE` |\n| NOT | TWO |\n\n| NOT | NOT |\n",
            "INSERT INTO x (name, secret) VALUES ('NOT', 'ONE'), (f('NOT', 2), 'TWO');",
            "INSERT INTO `x` (`secret`, `name`) VALUES\n('ONE', 'NOT'),\n('TWO', 'NOT');",
        ] {
            assert_eq!(values(text), ["ONE", "TWO"], "{text}");
        }
        for text in [
            "f(name, secret, x)\na, NOT, b\n",
            "name, secret\nNOT\n",
            "name, the secret is, x\nx, NOT, y\n",
            "x = 1, secret\nx, NOT\n",
            "name,role\nx,secret\nx,NOT\n",
            "| name | use |\n|---|---|\n| SECRET | what |\n| NOT | what |\n",
            "| name | secret |\n| x | NOT |\n",
        ] {
            assert!(!values(text).iter().any(|value| value == "NOT"), "{text}");
        }
        assert_eq!(all("| Service | API secret |\n|---|---|\n| x | ONE |\n")[0].0, "API secret");
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
    fn values_in_separate_entries_are_read() {
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
        let names = |text: &[u8], keyword| -> Vec<Span> {
            read(text, keyword).assignments.iter().map(|found| found.name).collect()
        };
        let text = b"Activation key: VALUE";
        assert_eq!(names(text, Span::new(11, 14)), [Span::new(0, 14)]);
        let text = b"# public key: VALUE";
        assert_eq!(names(text, Span::new(9, 12)), [Span::new(2, 12)]);
    }

    #[test]
    fn prose_is_not_an_assignment() {
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
