//! Text for a terminal, without control characters.
//!
//! Records hold what strangers wrote in their mails, and messages quote the service. A terminal obeys control characters: it
//! clears the screen, changes its title, or shows text in another order. So nothing that comes from elsewhere reaches a
//! terminal as it is:
//!
//! - a message on stderr has spaces in their place ([`tell`]);
//! - a cell of a table has spaces in their place, and stays on one line (see [`cells`](super::cells));
//! - everything else shows them as the escapes of JSON ([`Escaping`]), which leaves JSON valid and its meaning unchanged.
//!
//! Files and pipes get every byte as it came.

use std::{
    fmt::{self, Write as _},
    io::{self, Write},
};

use atera::text::{is_control, plain};

/// Prints a message on stderr, on a line of its own. Where stderr is closed, the message is lost and nothing fails.
pub(crate) fn tell(what: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "{}", plain(what.to_string()));
}

/// A text with escapes in place of its control characters. Line breaks and tabs stay.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let breaks_line = match character {
            '\n' | '\t' => true,
            '\r' => characters.peek() == Some(&'\n'),
            _ => false,
        };
        match is_control(character) && !breaks_line {
            // Writing to a String cannot fail.
            true => {
                let _ = write!(escaped, "\\u{:04x}", u32::from(character));
            }
            false => escaped.push(character),
        }
    }
    escaped
}

/// A writer to a terminal that shows escapes in place of control characters, and of bytes that are not UTF-8.
///
/// Writers may cut the text anywhere, in the middle of a character too. Bytes that the next write may complete are held back
/// until then; [`finish`](Escaping::finish) writes them at the end.
#[derive(Debug)]
pub(crate) struct Escaping<W> {
    out: W,
    /// The held back bytes: the beginning of a character, or a `\r` that a `\n` may follow.
    begun: Vec<u8>,
}

impl<W: Write> Escaping<W> {
    pub(crate) fn new(out: W) -> Self {
        Escaping {
            out,
            begun: Vec::new(),
        }
    }

    /// Writes a text unchanged, because it was made for a terminal: a table with bold headings.
    pub(crate) fn write_as_it_is(&mut self, text: &str) -> io::Result<()> {
        self.finish()?;
        self.out.write_all(text.as_bytes())
    }

    /// Writes the held back bytes. Nothing follows that could complete them.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        let begun = std::mem::take(&mut self.begun);
        self.show(&begun)
    }

    /// Writes bytes that are complete, escaped.
    fn show(&mut self, bytes: &[u8]) -> io::Result<()> {
        for chunk in bytes.utf8_chunks() {
            self.out.write_all(escaped(chunk.valid()).as_bytes())?;
            for byte in chunk.invalid() {
                write!(self.out, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.extend_from_slice(bytes);
        let end = self.begun.len() - begun(&self.begun);
        let rest = self.begun.split_off(end);
        let whole = std::mem::replace(&mut self.begun, rest);
        self.show(&whole)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// How many bytes at the end are the beginning of something that the next bytes may complete.
fn begun(bytes: &[u8]) -> usize {
    if bytes.last() == Some(&b'\r') {
        return 1;
    }
    let last = bytes.utf8_chunks().last();
    let invalid = last.map_or(&[][..], |chunk| chunk.invalid());
    match std::str::from_utf8(invalid) {
        Err(error) if error.error_len().is_none() => invalid.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_wherever_the_text_is_cut() {
        let sent = "a\u{1b}[2J\u{9b}1m\t\u{7f}\u{202e}\u{e9}\u{1f600}\r\nb\rc\n\u{2066}".as_bytes();
        let sent = [sent, b"\x9b\xe9 d\xf0\x9f\r"].concat();
        let shown = "a\\u001b[2J\\u009b1m\t\\u007f\\u202e\u{e9}\u{1f600}\r\nb\\u000dc\n\\u2066\\x9b\\xe9 d\\xf0\\x9f\\u000d";
        for size in 1..=sent.len() {
            let mut out = Escaping::new(Vec::new());
            for piece in sent.chunks(size) {
                out.write_all(piece).expect("a vector");
            }
            out.finish().expect("a vector");
            assert_eq!(String::from_utf8(out.out).expect("text"), shown, "{size}");
        }
    }
}
