//! The palette: every colour of the program. `cli` decides once whether colours are used.

use colored::{ColoredString, Colorize as _};

use crate::rule::Severity;

/// Turns colours on or off for the whole process.
pub fn set(on: bool) {
    colored::control::set_override(on);
}

/// Returns the style of a severity's word.
pub fn of_severity(severity: Severity) -> fn(&str) -> ColoredString {
    match severity {
        Severity::Critical => bad,
        Severity::High => |text| text.red(),
        Severity::Medium => |text| text.yellow(),
        Severity::Low => |text| text.blue(),
    }
}

/// The style of ordinary text.
pub fn plain(text: &str) -> ColoredString {
    text.into()
}

/// The style of the title of a finding or a section.
pub fn title(text: &str) -> ColoredString {
    text.bold()
}

/// The style of a label in front of a value.
pub fn label(text: &str) -> ColoredString {
    text.cyan()
}

/// The style of a command to type.
pub fn command(text: &str) -> ColoredString {
    text.green()
}

/// The style of less important text.
pub fn faint(text: &str) -> ColoredString {
    text.dimmed()
}

/// The style of a good result.
pub fn good(text: &str) -> ColoredString {
    text.green().bold()
}

/// The style of a bad result.
pub fn bad(text: &str) -> ColoredString {
    text.red().bold()
}

/// The style of an unsure result.
pub fn warn(text: &str) -> ColoredString {
    text.yellow().bold()
}
