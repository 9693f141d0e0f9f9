//! The program: parse, run, map to an exit code. Nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    keysweep::cli::main(std::env::args_os().collect())
}
