//! `atera completions` and `atera man`: made of the tree of commands, which their callers give them.
//!
//! Completions know the values of closed lists, and man pages have the examples, since both are in the tree.

use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
};

use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::Shell;

use crate::output::failure::Failure;

/// Name of the command for completions.
pub(crate) const NAME: &str = "completions";
/// Name of the command for man pages.
pub(crate) const MAN_NAME: &str = "man";

const SHELL: &str = "shell";
const DIR: &str = "dir";

/// The arguments of `atera completions`.
pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Print completions for a shell")
        .after_help(
            "Examples:\n  atera completions bash > ~/.local/share/bash-completion/completions/atera\n  \
             atera completions zsh > ~/.zfunc/_atera\n  atera completions fish > ~/.config/fish/completions/atera.fish\n  \
             atera completions powershell >> $PROFILE",
        )
        .arg(
            Arg::new(SHELL)
                .value_name("SHELL")
                .required(true)
                .value_parser(value_parser!(Shell)),
        )
}

/// The arguments of `atera man`.
pub(crate) fn man_command() -> Command {
    Command::new(MAN_NAME)
        .about("Print the man page, or write those of all commands")
        .after_help("Examples:\n  atera man | man -l -\n  atera man --dir ~/.local/share/man/man1")
        .arg(
            Arg::new(DIR)
                .long(DIR)
                .value_name("DIR")
                .value_parser(value_parser!(PathBuf))
                .help("Write a page for each command into this folder"),
        )
}

/// Prints the completions of the tree for a shell. Groups fill in their commands while the script is generated.
pub(crate) fn run(mut root: Command, matches: &ArgMatches) -> Result<(), Failure> {
    let Some(shell) = matches.get_one::<Shell>(SHELL) else {
        return Ok(());
    };
    // clap panics if it cannot write, as it cannot when the reader has closed the pipe. So it writes into memory.
    let mut script = Vec::new();
    clap_complete::generate(*shell, &mut root, "atera", &mut script);
    Ok(io::stdout().write_all(&script)?)
}

/// Prints the man page of the tree, or writes one for each command in it into a folder, as `atera-tickets-list.1`. Hidden
/// commands have none.
pub(crate) fn man(mut root: Command, matches: &ArgMatches) -> Result<(), Failure> {
    root.build();
    let Some(dir) = matches.get_one::<PathBuf>(DIR) else {
        return Ok(clap_mangen::Man::new(root).render(&mut io::stdout())?);
    };
    fs::create_dir_all(dir)?;
    let mut left = vec![(String::new(), root)];
    while let Some((above, command)) = left.pop() {
        let name = match above.is_empty() {
            true => command.get_name().to_string(),
            false => format!("{above}-{}", command.get_name()),
        };
        let subcommands = command.get_subcommands().filter(|it| !it.is_hide_set());
        left.extend(subcommands.map(|it| (name.clone(), it.clone())));
        let mut page = Vec::new();
        clap_mangen::Man::new(command.display_name(name.clone())).render(&mut page)?;
        fs::write(dir.join(format!("{name}.1")), page)?;
    }
    Ok(())
}
