//! The `atera` command; everything is in [`atera_cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    atera_cli::main()
}
