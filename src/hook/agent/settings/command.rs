//! The command with which an agent calls keysweep.

/// The end of each command of ours, apart from options.
pub(super) const CALL: &str = "hook run agent";

/// Returns the program and the arguments of a command of ours. A command with any other shell syntax isn't ours:
/// otherwise others could have it run anything under our name.
pub fn parts(command: &str) -> Option<(String, Vec<String>)> {
    let (program, options) = command.split_once(CALL)?;
    let program = program.trim();
    let program = program.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(program);
    let is_plain = |text: &str, more: &str| text.chars().all(|next| next.is_alphanumeric() || more.contains(next));
    let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_ours = ["keysweep", "keysweep.exe"].contains(&name);
    let is_one = is_ours && is_plain(program, "/\\:._-+@ ()") && is_plain(options, " =._-");
    let arguments = CALL.split(' ').chain(options.split_whitespace()).map(str::to_owned);
    is_one.then(|| (program.to_owned(), arguments.collect()))
}

/// Returns `true` if a command is one of ours.
pub(super) fn is_ours(command: &str) -> bool {
    parts(command).is_some()
}
