//! The command with which an agent calls keysweep.

/// The end of each command of ours, apart from options.
pub(super) const CALL: &str = "hook run agent";

/// Returns the program and the arguments of a command of ours. The program file may have any name, because a link or a
/// package can give it one. A command with any other shell syntax isn't ours: otherwise others could have it run
/// anything under our name.
pub fn parts(command: &str) -> Option<(String, Vec<String>)> {
    let (program, options) = command.split_once(CALL)?;
    let program = program.strip_suffix(' ')?.trim();
    let quoted = program.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let program = quoted.unwrap_or(program);
    let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_known = ["keysweep", "keysweep.exe"].contains(&name);
    // A blank without quotes comes from a person who wrote the path of keysweep; any other program would end there.
    let is_one_word = !program.is_empty() && (quoted.is_some() || is_known || !program.contains(' '));
    let is_plain = |text: &str, more: &str| text.chars().all(|next| next.is_alphanumeric() || more.contains(next));
    let is_inert = match quoted {
        // These have a meaning between double quotes.
        Some(text) => !text.contains(['"', '$', '`', '!']) && !text.chars().any(char::is_control),
        None => is_plain(program, "/\\:._-+@ ()"),
    };
    let are_options = is_plain(options, " =._-") && (is_known || are_own(options));
    let arguments = CALL.split(' ').chain(options.split_whitespace()).map(str::to_owned);
    (is_one_word && is_inert && are_options).then(|| (program.to_owned(), arguments.collect()))
}

/// Returns `true` for the options that an installation writes.
fn are_own(options: &str) -> bool {
    let mut words = options.split_whitespace();
    while let Some(word) = words.next() {
        let is_own = match word {
            "--guard" => true,
            "--agent" => words.next().is_some_and(|name| !name.starts_with('-')),
            word => word.starts_with("--agent="),
        };
        if !is_own {
            return false;
        }
    }
    options.is_empty() || options.starts_with(' ')
}

/// Returns `true` if a command is one of ours.
pub(super) fn is_ours(command: &str) -> bool {
    parts(command).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_any_name_is_ours_and_other_shell_syntax_is_not() {
        for command in [
            "keysweep hook run agent",
            "/usr/bin/keysweep hook run agent --guard",
            "/opt/keysweep-0.1.0 hook run agent --agent cursor --guard",
            "\"/opt/a, b/ks\" hook run agent --agent=vibe",
            "C:\\Tools\\keysweep.exe hook run agent",
            "\"C:\\My Tools\\ks.exe\" hook run agent",
        ] {
            assert!(is_ours(command), "{command}");
        }
        for command in [
            "hook run agent",
            "touch was-run && keysweep hook run agent",
            "touch was-run hook run agent",
            "keysweep hook run agent; touch was-run",
            "other hook run agent --deploy",
            "other hook run agents",
            "\"$(touch was-run)\" hook run agent",
            "otherhook run agent",
        ] {
            assert!(!is_ours(command), "{command}");
        }
    }
}
