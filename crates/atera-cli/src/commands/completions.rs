//! `atera completions` and `atera man`: made from the tree of commands.

use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
};

use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::Shell;

use super::{command, failure::Failure};

/// Name of the command for completions.
pub(super) const NAME: &str = "completions";
/// Name of the command for man pages.
pub(super) const MAN_NAME: &str = "man";

const SHELL: &str = "shell";
const DIR: &str = "dir";

pub(super) fn command() -> Command {
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

pub(super) fn man_command() -> Command {
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

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let Some(shell) = matches.get_one::<Shell>(SHELL) else {
        return Ok(());
    };
    // It panics where it cannot write, as where its reader has left, so it writes into memory.
    let mut script = Vec::new();
    clap_complete::generate(*shell, &mut command::root(), "atera", &mut script);
    Ok(io::stdout().write_all(&script)?)
}

pub(super) fn man(matches: &ArgMatches) -> Result<(), Failure> {
    let mut root = command::root();
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
