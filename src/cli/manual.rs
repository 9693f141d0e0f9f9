//! `completions` and `man`: shell completions and manual pages, made from the definitions of the arguments.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::args::Cli;
use super::exit::ExitStatus;
use super::shell;
use crate::config::file::{BASELINE, NAME};
use crate::text::escape;

/// Runs `completions SHELL`.
///
/// # Errors
/// Fails if the script can't be written.
pub fn completions(of: Shell, output: Option<&Path>) -> anyhow::Result<ExitStatus> {
    let mut script = Vec::new();
    clap_complete::generate(of, &mut Cli::command(), "keysweep", &mut script);
    shell::results(output, &mut |out| out.write_all(&script))?;
    shell::written(output, "the script");
    Ok(ExitStatus::Clean)
}

/// Runs `man FOLDER`.
///
/// # Errors
/// Fails if a page can't be written.
pub fn pages(folder: &Path) -> anyhow::Result<ExitStatus> {
    let wrote = || format!("writing manual pages to '{}'", escape(folder.as_os_str().as_encoded_bytes()));
    fs::create_dir_all(folder).with_context(wrote)?;
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    page(&program, folder).with_context(wrote)?;
    Ok(ExitStatus::Clean)
}

/// Writes the page of a command and those of all commands below it.
fn page(command: &clap::Command, folder: &Path) -> io::Result<()> {
    command.get_subcommands().filter(|one| !one.is_hide_set()).try_for_each(|one| page(one, folder))?;
    let man = Man::new(command.clone());
    let mut file = File::create(folder.join(man.get_filename()))?;
    man.render_title(&mut file)?;
    man.render_name_section(&mut file)?;
    man.render_synopsis_section(&mut file)?;
    man.render_description_section(&mut file)?;
    if command.get_arguments().any(|arg| !arg.is_hide_set()) {
        man.render_options_section(&mut file)?;
    }
    if command.has_subcommands() {
        man.render_subcommands_section(&mut file)?;
    }
    rest(command).to_writer(&mut file)?;
    file.flush()
}

/// Returns the part that ends every page: examples, exit status, environment and files.
fn rest(command: &clap::Command) -> Roff {
    let mut roff = Roff::new();
    let entry = |roff: &mut Roff, name: &str, says: &str| {
        roff.control("TP", []).text([bold(name)]).text([roman(says)]);
    };
    if let Some(examples) = command.get_after_long_help() {
        roff.control("SH", ["EXAMPLES"]).control("nf", []);
        let text = examples.to_string();
        for line in text.lines().skip(1).take_while(|line| line.is_empty() || line.starts_with("  ")) {
            roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
        }
        roff.control("fi", []);
    }
    roff.control("SH", ["EXIT STATUS"]);
    entry(&mut roff, "0", "No secrets were found, or the command succeeded.");
    entry(&mut roff, "1", "Secrets were found, or a rule has flaws.");
    entry(
        &mut roff,
        "2",
        "The arguments or the configuration are invalid, or a part of the scope was not read and nothing was found in the rest.",
    );
    roff.control("SH", ["ENVIRONMENT"]);
    entry(
        &mut roff,
        "KEYSWEEP_CONFIG",
        "The configuration to use if no option names one; that of the repository is then not read.",
    );
    entry(
        &mut roff,
        "NO_COLOR, CLICOLOR, CLICOLOR_FORCE, TERM",
        "They decide whether output is coloured, unless an option does.",
    );
    entry(&mut roff, "COLUMNS", "The width of the output.");
    roff.control("SH", ["FILES"]);
    entry(&mut roff, NAME, "The configuration of a repository, at the root of its work tree.");
    entry(&mut roff, BASELINE, "The accepted secrets, at the root of its work tree.");
    entry(
        &mut roff,
        "keysweep/last-COMMAND.json",
        "The last report, without values, in the git folder of a repository.",
    );
    roff
}
