//! `atera completions` and `atera man`: made of the tree of commands, which their callers give them.
//!
//! A script with all completions in it is half a megabyte, and cannot know the profiles. So the shell asks the command at each
//! Tab, through clap's engine for that, which clap_complete has for all of its shells. It is behind the feature
//! `unstable-dynamic` since its interface may change, not since it is unfinished.

use std::{
    env, fs,
    io::{self, Write},
    path::PathBuf,
};

use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::{CompleteEnv, Shell, env::Shells};

use crate::output::failure::Failure;

/// Name of the command for completions.
pub(crate) const NAME: &str = "completions";
/// Name of the command for man pages.
pub(crate) const MAN_NAME: &str = "man";

const SHELL: &str = "shell";
const DIR: &str = "dir";

/// Environment variable in which a shell names itself when it asks for completions.
const VARIABLE: &str = "ATERA_COMPLETE";

/// The arguments of `atera completions`.
pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Print what makes a shell complete commands, flags and values")
        .after_help(
            "Examples, for the file that the shell reads at its start:\n  \
             source <(atera completions bash)              # ~/.bashrc\n  \
             source <(atera completions zsh)               # ~/.zshrc, after compinit\n  \
             atera completions fish | source               # ~/.config/fish/config.fish\n  \
             atera completions powershell | Out-String | Invoke-Expression   # $PROFILE\n\n\
             The shell asks the command itself at each Tab, so profiles and fields are those that there are. Nothing is sent to \
             the service.",
        )
        .arg(
            Arg::new(SHELL)
                .value_name("SHELL")
                .required(true)
                .value_parser(value_parser!(Shell)),
        )
}

/// Answers a shell that asks for completions, and says whether one did.
///
/// # Errors
///
/// If the shell is unknown, or the answer cannot be written.
pub(crate) fn answer(root: fn() -> Command) -> Result<bool, Failure> {
    let folder = env::current_dir().ok();
    CompleteEnv::with_factory(root)
        .var(VARIABLE)
        .try_complete(env::args_os(), folder.as_deref())
        .map_err(Failure::Arguments)
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

/// Prints the script by which a shell asks this command for completions.
pub(crate) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let Some(shell) = matches.get_one::<Shell>(SHELL) else {
        return Ok(());
    };
    let shells = Shells::builtins();
    let Some(shell) = shells.completer(&shell.to_string()) else {
        return Err(Failure::Usage(format!("there are no completions for {shell}")));
    };
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, "atera", "atera", "atera", &mut script)?;
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
