//! The tree of all commands, and the help at its root.
//!
//! The groups of operations come from the description, and each of the other commands, which the help calls tools, from the
//! file of its family. A new tool is a line in [`root`] and one in [`run`](super::run).
//!
//! The tree is built on every start, so it has to be cheap: groups fill in their commands only when they are named. clap checks
//! a tree only in debug builds; a test here has it check all of it.

use std::fmt::Write;

use clap::Command;

use super::{
    api, completions, config, doctor, export, flags, limit, mcp, mirror, records, reference, report, sandbox,
};
use crate::{
    input::{globals, groups, help},
    output::exit_code,
};

/// The text above the lists of commands.
const ABOUT: &str = "Command line of the Atera v3 API.

Commands are `atera <group> <verb>`, one for each operation of the API. Ids are given by their place, everything else \
by flags. The key comes from --api-key-file, from --profile or the profile that ATERA_PROFILE names, from ATERA_API_KEY, \
from the file that ATERA_API_KEY_FILE names, or from the default profile of `atera config`, in that order; ATERA_BASE_URL \
names another service.";

/// The text below the options. The exit codes follow it.
const EXAMPLES: &str = "Examples:
  atera tickets list --ticket-status Open --sort -TicketPriority
  atera tickets list --all --output csv --output-file tickets.csv
  atera tickets get 54321 --output json
  atera tickets create --ticket-title Printer --description Smoke --end-user-id 12345 --dry-run
  atera alerts list --alert-status Open --sandbox";

/// The whole command: the flags of every command, the groups, and the tools.
pub(crate) fn root() -> Command {
    let tools = [
        api::command(),
        export::run::command(),
        mirror::arguments::command(),
        report::arguments::command(),
        mcp::arguments::command(),
        records::command(),
        config::command(),
        doctor::command(),
        limit::command(),
        reference::operations_command(),
        reference::schema_command(),
        sandbox::command(),
        completions::command(),
        completions::man_command(),
        help::command(),
    ]
    .map(|tool| tool.defer(flags::hide_ignored));
    Command::new("atera")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Command line of the Atera v3 API")
        .long_about(ABOUT)
        .help_template(template(&tools))
        .after_help(format!("{EXAMPLES}\n\n{}", exit_codes()))
        .disable_help_subcommand(true)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .args(globals::arguments())
        .subcommands(groups::commands())
        .subcommands(tools)
}

/// The table of exit codes as help shows it, a line for each code.
fn exit_codes() -> String {
    let lines = exit_code::TABLE.map(|(code, meaning)| format!("\n {code:>3}  {meaning}"));
    format!(
        "Exit codes:{}\n\n`atera sandbox` ends with 0 when a signal stops it, and with a command after `--` with the code of \
         that.",
        lines.concat()
    )
}

/// The template for the help of the root, which lists the groups of operations apart from the other commands. clap has one
/// list for all of them.
fn template(tools: &[Command]) -> String {
    let tools = tools.iter().map(|tool| {
        let about = tool.get_about().map(ToString::to_string);
        (tool.get_name().to_string(), about.unwrap_or_default())
    });
    let mut text = "{about-section}\n{usage-heading} {usage}\n".to_string();
    let (bold, plain) = ("\u{1b}[1m\u{1b}[4m", "\u{1b}[0m");
    let sections: [(&str, Vec<_>); 2] = [
        ("Records", groups::summaries().collect()),
        ("Tools", tools.collect()),
    ];
    for (heading, commands) in sections {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\n{bold}{heading}:{plain}");
        for (name, about) in commands {
            let _ = writeln!(text, "  {name:<16} {}", wrapped(&about, COLUMNS - INDENT));
        }
    }
    text + &format!("\n{bold}Options:{plain}\n{{options}}{{after-help}}")
}

/// The columns of a line of help. clap wraps its own lines, but not those of a template.
const COLUMNS: usize = 80;
/// Where the descriptions of the commands begin.
const INDENT: usize = 19;

/// A text in lines of this width, with the later ones below the first.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let used = lines.last().map_or(0, |line| line.chars().count());
        if used > 0 && used + 1 + word.chars().count() > width {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join(&format!("\n{}", " ".repeat(INDENT)))
}

#[cfg(test)]
mod tests {
    use atera::description::{OPERATIONS, Operation};

    use super::*;
    use crate::{input::examples, names::command_line, output::failure::Failure};

    #[test]
    fn every_operation_makes_a_sound_command() {
        root().debug_assert();
        let mut root = root();
        root.build();
        for operation in OPERATIONS {
            assert!(command_of(&root, operation).is_some(), "{}", operation.id);
        }
    }

    /// The command of an operation, in a tree that is built.
    fn command_of<'a>(root: &'a Command, operation: &Operation) -> Option<&'a Command> {
        let line = command_line(operation);
        let mut words = line.split(' ').skip(1);
        words.try_fold(root, |command, word| command.find_subcommand(word))
    }

    /// The help of a command and of all commands within it, 80 columns wide.
    fn pages(command: &Command, above: &str, pages: &mut Vec<(String, String)>) {
        let name = format!("{above} {}", command.get_name());
        let help = command.clone().term_width(COLUMNS).render_long_help();
        pages.push((name.clone(), help.to_string()));
        for inner in command.get_subcommands() {
            self::pages(inner, &name, pages);
        }
    }

    #[test]
    fn help_is_read_on_80_columns() {
        let mut root = root();
        root.build();
        let mut read = Vec::new();
        pages(&root, "", &mut read);
        assert!(read.len() > OPERATIONS.len());
        for (name, help) in read {
            // clap does not wrap the line of usage.
            for line in help.lines().filter(|line| !line.starts_with("Usage: ")) {
                assert!(line.chars().count() <= COLUMNS, "{name}: {line}");
            }
        }
    }

    #[test]
    fn examples_in_help_are_wrapped_only_where_a_shell_reads_on() {
        let mut root = root();
        root.build();
        for operation in OPERATIONS {
            let help = command_of(&root, operation)
                .expect("a command")
                .clone()
                .term_width(COLUMNS)
                .render_long_help();
            let examples = examples::of(operation);
            assert!(
                help.to_string().contains(examples.trim_end()),
                "{examples}\n{help}"
            );
        }
    }

    fn refused(arguments: &[&str]) -> Failure {
        let arguments = ["atera"].iter().chain(arguments);
        let error = root().try_get_matches_from(arguments).expect_err("an error");
        Failure::Arguments(error)
    }

    /// clap prints paragraphs; the command says one sentence, of which these are the forms that people meet most.
    #[test]
    fn bad_arguments_make_one_sentence() {
        for (arguments, sentence) in [
            (
                &["tickets", "list", "--customer-id", "seven"][..],
                "invalid value 'seven' for '--customer-id <INTEGER>': it must be a whole number; see --help",
            ),
            (
                &["tickets", "get"],
                "the following required arguments were not provided: <TICKET_ID>...; see --help",
            ),
            (
                &["tckets"],
                "unrecognized subcommand 'tckets'; a similar subcommand exists: 'tickets'; see --help",
            ),
        ] {
            let failure = refused(arguments);
            assert_eq!(failure.sentence().as_deref(), Some(sentence));
            assert_eq!(failure.exit_code(), 2);
        }
    }

    /// There is no flag for a key. People guess one, or give the key where another argument is expected.
    #[test]
    fn a_key_in_an_argument_is_not_repeated() {
        let sentence = refused(&["tickets", "list", "--api-key=secret"]).sentence();
        let sentence = sentence.expect("a sentence");
        assert!(!sentence.contains("secret"), "{sentence}");
        let key = "0123456789abcdef0123456789abcdef";
        for arguments in [
            &["config", "set", "acme", key][..],
            &["tickets", "get", key],
            &[key],
        ] {
            let sentence = refused(arguments).sentence().expect("a sentence");
            assert!(!sentence.contains(key) && sentence.contains("'…'"), "{sentence}");
        }
    }
}
