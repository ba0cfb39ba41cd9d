//! What is shown on a terminal: nothing in it that a terminal would obey.
//!
//! Records hold what strangers wrote in their mails, and messages quote the service. Tables show texts on one line; whatever
//! else goes to a terminal shows control characters as the escapes of JSON, which for JSON changes nothing. Files and pipes
//! get every byte as it came.

use std::{
    fmt::{self, Write as _},
    io::{self, Write},
};

use crate::text::{is_obeyed, plain};

/// Says something on stderr, on a line of its own.
pub(super) fn tell(what: impl fmt::Display) {
    // Without a stderr there is nobody to tell.
    let _ = writeln!(io::stderr(), "{}", plain(what.to_string()));
}

/// A text of several lines with escapes in place of what a terminal would obey.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let breaks_line = match character {
            '\n' | '\t' => true,
            '\r' => characters.peek() == Some(&'\n'),
            _ => false,
        };
        match is_obeyed(character) && !breaks_line {
            // Writing to a String cannot fail.
            true => {
                let _ = write!(escaped, "\\u{:04x}", u32::from(character));
            }
            false => escaped.push(character),
        }
    }
    escaped
}

/// A writer to a terminal, which shows escapes in place of what that would obey.
#[derive(Debug)]
pub(super) struct Escaping<W> {
    out: W,
    /// The beginning of a character, or of the end of a line.
    begun: Vec<u8>,
}

impl<W: Write> Escaping<W> {
    pub(super) fn new(out: W) -> Self {
        Escaping {
            out,
            begun: Vec::new(),
        }
    }

    /// Writes what is fit for a terminal as it is.
    pub(super) fn write_as_it_is(&mut self, text: &str) -> io::Result<()> {
        self.finish()?;
        self.out.write_all(text.as_bytes())
    }

    /// Writes what was begun: nothing will follow that completes it.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        let begun = std::mem::take(&mut self.begun);
        self.show(&begun)
    }

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

/// How many bytes at the end what follows may complete.
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
