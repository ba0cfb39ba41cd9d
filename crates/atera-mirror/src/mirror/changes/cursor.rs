//! A place in the sequence of changes.

use std::{fmt, str::FromStr};

use crate::{
    engine::{Session, Value},
    error::{Error, ErrorKind, Result},
    schema::hash,
};

/// A place in the sequence of changes of a mirror: just after one of them, or before the first.
///
/// As text it is the number of the change in the log, and eight digits that follow from the change itself: `42-9f3c21ab`. So a
/// cursor of another mirror, or of one that was made anew or restored from a copy, is refused instead of skipping changes. The
/// place before the first change is `0`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// The number of the change. 0 is before the first.
    seq: i64,
    digits: u32,
}

impl Cursor {
    /// Before the first change: `0`.
    pub const START: Cursor = Cursor { seq: 0, digits: 0 };

    /// Just after a change, by the first columns of its row in the log: `seq`, `at`, `table_name`, `id`, `kind`.
    pub(super) fn after(row: &[Value]) -> Result<Self> {
        let [Value::Integer(seq), rest @ ..] = row else {
            return Err(damaged());
        };
        let [
            Value::Text(at),
            Value::Text(table),
            Value::Text(id),
            Value::Text(kind),
            ..,
        ] = rest
        else {
            return Err(damaged());
        };
        let hash = hash(&format!("{at} {table} {id} {kind}"));
        Ok(Cursor {
            seq: *seq,
            digits: u32::from_str_radix(&hash[..8], 16).unwrap_or_default(),
        })
    }

    /// The number of the change in the log.
    pub(crate) fn seq(self) -> i64 {
        self.seq
    }

    /// Fails unless the log has the change that the cursor is after. A reader that goes on from elsewhere would lose changes, or
    /// get them again.
    pub(super) async fn check(self, session: &mut dyn Session) -> Result<()> {
        if self == Cursor::START {
            return Ok(());
        }
        let sql = format!("{COLUMNS} WHERE \"seq\" = $1");
        let found = session.query(&sql, &[self.seq.into()]).await?;
        let reason = match found.first() {
            Some(row) if Cursor::after(row)? == self => return Ok(()),
            Some(_) => {
                "it is of another mirror, or of this one before it was made anew or restored".to_string()
            }
            None => {
                let last = last(session).await?;
                let sql = format!("{COLUMNS} ORDER BY \"seq\" LIMIT 1");
                let first = match session.query(&sql, &[]).await?.first() {
                    Some(row) => Cursor::after(row)?,
                    None => Cursor::START,
                };
                if last == Cursor::START {
                    "the mirror has no changes yet".to_string()
                } else if self.seq > last.seq {
                    format!("it lies beyond the last change, {last}")
                } else if self.seq < first.seq {
                    format!("it lies before the first change that is left, {first}")
                } else {
                    "the mirror has no such change".to_string()
                }
            }
        };
        Err(Error::new(
            ErrorKind::Cursor,
            format!(
                "cannot go on after {self}: {reason}; read the records themselves once more, and begin after {} or 0",
                last(session).await?
            ),
        ))
    }
}

/// The columns that a cursor is made of.
const COLUMNS: &str = "SELECT \"seq\", \"at\", \"table_name\", \"id\", \"kind\" FROM \"_changes\"";

/// The place after the last change.
pub(super) async fn last(session: &mut dyn Session) -> Result<Cursor> {
    let sql = format!("{COLUMNS} ORDER BY \"seq\" DESC LIMIT 1");
    match session.query(&sql, &[]).await?.first() {
        Some(row) => Cursor::after(row),
        None => Ok(Cursor::START),
    }
}

/// A row of the log that has not what each must have.
pub(super) fn damaged() -> Error {
    Error::new(
        ErrorKind::Database,
        "the log of changes has a row that no sync has written; check the mirror, or sync into a new one",
    )
}

impl fmt::Display for Cursor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self == Cursor::START {
            true => out.write_str("0"),
            false => write!(out, "{}-{:08x}", self.seq, self.digits),
        }
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text == "0" {
            return Ok(Cursor::START);
        }
        let read = || {
            let (seq, digits) = text.split_once('-')?;
            let cursor = Cursor {
                seq: seq.parse().ok().filter(|seq| *seq > 0)?,
                digits: u32::from_str_radix(digits, 16).ok()?,
            };
            // Only what is written like one is one.
            (cursor.to_string() == text).then_some(cursor)
        };
        read().ok_or_else(|| {
            Error::new(
                ErrorKind::Cursor,
                format!(
                    "`{text}` is no cursor: it has to be as a change has it, like 42-9f3c21ab, or 0 for the place before the \
                     first change"
                ),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written() {
        let cursor = Cursor {
            seq: 42,
            digits: 0x0f3c_21ab,
        };
        assert_eq!(cursor.to_string(), "42-0f3c21ab");
        assert_eq!("42-0f3c21ab".parse::<Cursor>().unwrap(), cursor);
        assert_eq!("0".parse::<Cursor>().unwrap(), Cursor::START);
        assert_eq!(Cursor::START.to_string(), "0");
        for text in [
            "",
            "42",
            "-1",
            "-1-0f3c21ab",
            "0-00000000",
            "042-0f3c21ab",
            "42-0F3C21AB",
            "42-f3c21ab",
            "42-+f3c21ab",
            " 0",
        ] {
            let error = text.parse::<Cursor>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Cursor, "{text}");
            assert!(error.to_string().contains("is no cursor: "), "{error}");
        }
    }
}
