//! Single steps of a plan, and the parts of their commands.

use bstr::{BStr, ByteSlice as _};

use crate::finding::{Fact, PlanStep, StepKind};

/// Returns a step without a link, whose command has nothing to fill in.
pub fn step(kind: StepKind, title: &str, command: String) -> PlanStep {
    PlanStep { kind, title: title.to_owned(), command, lines: String::new(), missing: Vec::new(), link: String::new() }
}

/// Returns a step that writes these lines into a file.
pub fn written(kind: StepKind, title: &str, lines: String) -> PlanStep {
    PlanStep { lines, ..step(kind, title, String::new()) }
}

/// Returns the part of a command that the reader has to fill in.
pub fn missing(field: &str, hint: &str) -> Fact {
    Fact { field: field.to_owned(), value: hint.to_owned() }
}

/// Returns the step with the line of a Dockerfile that mounts build secrets for a command, each given by its id and the variable that it is read as.
pub fn mount(title: &str, secrets: &[(String, String)]) -> PlanStep {
    let mounts: Vec<String> =
        secrets.iter().map(|(id, name)| format!("--mount=type=secret,id={id},env={name}")).collect();
    let hint = "the command that needs the value, which finds it in the environment";
    let run = format!("RUN {} <command>", mounts.join(" "));
    PlanStep { missing: vec![missing("command", hint)], ..written(StepKind::Remove, title, run) }
}

/// Returns `true` if a text can be the name of an environment variable in a command.
pub fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Returns a path as one word of a POSIX shell. Characters that a terminal or a reader could misread are written in
/// octal, which `printf` converts back.
pub fn quoted(path: &BStr) -> String {
    let plain =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/' | b'+' | b'@' | b'%' | b',' | b':');
    if !path.is_empty() && path.iter().all(|b| plain(*b)) && !path.starts_with(b"-") {
        return path.to_string();
    }
    let safe = std::str::from_utf8(path).is_ok_and(|text| text.chars().all(|c| !crate::text::hostile(c)));
    if safe {
        return format!("'{}'", path.to_string().replace('\'', r"'\''"));
    }
    // A shell removes line breaks from the end of a command's output.
    let text = path.trim_end_with(|c| c == '\n');
    let octal = |b: u8| format!("\\{b:03o}");
    let shown = text.iter().enumerate().map(|(at, byte)| match byte {
        b'\'' | b'\\' | b'%' => octal(*byte),
        b'-' if at == 0 => octal(*byte),
        0x20..=0x7e => char::from(*byte).to_string(),
        _ => octal(*byte),
    });
    format!("\"$(printf '{}'){}\"", shown.collect::<String>(), "\n".repeat(path.len() - text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_is_quoted_as_one_word() {
        assert_eq!(quoted(b"src/a.rs".as_bstr()), "src/a.rs");
        assert_eq!(quoted(b"a b".as_bstr()), "'a b'");
        assert_eq!(quoted(b"it's".as_bstr()), r"'it'\''s'");
        assert_eq!(quoted(b"a\nb".as_bstr()), r#""$(printf 'a\012b')""#);
        assert_eq!(quoted(b"-rf".as_bstr()), "'-rf'");
        assert_eq!(quoted("a\u{202e}b".as_bytes().as_bstr()), r#""$(printf 'a\342\200\256b')""#);
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_reads_the_path_that_was_meant() {
        let paths: [&[u8]; 7] =
            [b"a\n1'b", b"\x1b[31m$(x)`y`\"\\n%s", "a\u{202e}b".as_bytes(), b"-n\x01", b"\xff0", b"it's", b"a\n\n"];
        for path in paths {
            let script = format!("printf %s {}", quoted(path.as_bstr()));
            let run = std::process::Command::new("sh").arg("-c").arg(&script).output().unwrap();
            assert_eq!(run.stdout.as_bstr(), path.as_bstr(), "{script}");
        }
    }
}
