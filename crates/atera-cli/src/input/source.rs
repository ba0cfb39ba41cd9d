//! Text from a file that an argument names, or from stdin for `-`.
//!
//! Several arguments may name stdin, and its text comes only once, so the second of them is refused.

use std::{
    fs, io,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

/// Whether stdin was read.
static STDIN_IS_READ: AtomicBool = AtomicBool::new(false);

/// Whether a path stands for stdin.
pub(crate) fn is_stdin(file: &Path) -> bool {
    file == Path::new("-")
}

/// What messages call a file.
pub(crate) fn name(file: &Path) -> String {
    match is_stdin(file) {
        true => "stdin".to_string(),
        false => file.display().to_string(),
    }
}

/// The text of a file, or of stdin for `-`, without a byte order mark, which editors on Windows write first.
///
/// # Errors
///
/// If it cannot be read, is not UTF-8, or is stdin and was read before.
pub(crate) fn text(file: &Path) -> io::Result<String> {
    let text = match is_stdin(file) {
        true if STDIN_IS_READ.swap(true, Ordering::Relaxed) => {
            return Err(io::Error::other("another argument has read it already"));
        }
        true => io::read_to_string(io::stdin())?,
        false => fs::read_to_string(file)?,
    };
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_string(),
        None => text,
    })
}
