//! The `atera` command; everything is in [`atera::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    atera::cli::main()
}
