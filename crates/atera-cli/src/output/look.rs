//! What suits the place that output goes to: a person at a terminal, or a program at a pipe.

use std::io::{self, IsTerminal};

use anstream::{AutoStream, ColorChoice};
use terminal_size::terminal_size;

/// When a table has colours: the values of `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Color {
    /// On a terminal that shows them, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

/// How a table looks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Look {
    /// The columns of text that there is room for. `None` if nothing limits a line.
    pub(crate) width: Option<u16>,
    /// Whether headings and names are bold, and states have colours.
    pub(crate) bold: bool,
}

impl Look {
    /// The look for stdout, or for a file: there a table is as wide as it needs to be, and has no bold text.
    pub(crate) fn of_stdout(to_file: bool, color: Color) -> Self {
        if to_file {
            return Look {
                width: None,
                bold: color == Color::Always,
            };
        }
        let width = || io::stdout().is_terminal().then(terminal_size).flatten();
        Look {
            width: width().map(|(width, _)| width.0),
            bold: match color {
                // This regards NO_COLOR, CLICOLOR_FORCE, and terminals that cannot show bold text.
                Color::Auto => AutoStream::choice(&io::stdout()) != ColorChoice::Never,
                Color::Always => true,
                Color::Never => false,
            },
        }
    }

    /// A heading or a name, bold if that suits.
    pub(crate) fn name(self, text: &str) -> String {
        match self.bold && !text.is_empty() {
            true => format!("\u{1b}[1m{text}\u{1b}[0m"),
            false => text.to_string(),
        }
    }
}

/// Whether a person reads the output, as far as anyone can tell.
pub(crate) fn is_for_people(to_file: bool) -> bool {
    !to_file && io::stdout().is_terminal()
}
