//! The palette: every colour of the program. Whether colours are used is decided once, by `cli`.

use colored::{ColoredString, Colorize as _};

use crate::rule::Severity;

/// Turns colours on or off for the whole process.
pub fn set(on: bool) {
    colored::control::set_override(on);
}

/// How words of a severity look.
pub fn of_severity(severity: Severity) -> fn(&str) -> ColoredString {
    match severity {
        Severity::Critical => bad,
        Severity::High => |text| text.red(),
        Severity::Medium => |text| text.yellow(),
        Severity::Low => |text| text.blue(),
    }
}

/// Words as they are.
pub fn plain(text: &str) -> ColoredString {
    text.into()
}

/// The title of a finding or a section.
pub fn title(text: &str) -> ColoredString {
    text.bold()
}

/// A label before a value.
pub fn label(text: &str) -> ColoredString {
    text.cyan()
}

/// A command to type.
pub fn command(text: &str) -> ColoredString {
    text.green()
}

/// The style of less important text.
pub fn faint(text: &str) -> ColoredString {
    text.dimmed()
}

/// All is well.
pub fn good(text: &str) -> ColoredString {
    text.green().bold()
}

/// Something is wrong.
pub fn bad(text: &str) -> ColoredString {
    text.red().bold()
}

/// Something is unsure.
pub fn warn(text: &str) -> ColoredString {
    text.yellow().bold()
}
