//! Where a read goes on: the arguments of the first read, and the place. It is text, so that the server need not remember it.
//!
//! A cursor is an argument like any other, and gives no rights: what it says is checked as if it had been said anew.

use atera::Timestamp;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::failure::Failure;

/// The longest text that is read as a cursor.
pub(crate) const LONGEST: usize = 32 * 1024;
/// The longest text of a cursor to a record. An answer has some of them, and each has all arguments in it.
pub(crate) const LONGEST_OF_A_RECORD: usize = 4 * 1024;

/// Where a read goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cursor<T> {
    /// The arguments of the read.
    #[serde(rename = "a")]
    pub(crate) arguments: T,
    /// How many records come before.
    #[serde(rename = "n", default)]
    pub(crate) at: u64,
    /// How many records the list has, if that is known.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub(crate) total: Option<u64>,
    /// When the first read was made, if a condition has times such as `-7d`, which would move otherwise.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub(crate) now: Option<Timestamp>,
    /// The text or the list within the record at that place that goes on.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub(crate) part: Option<Part>,
}

/// A part of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// Where it is, as a JSON pointer.
    #[serde(rename = "p")]
    pub(crate) path: String,
    /// How many characters or entries come before.
    #[serde(rename = "f")]
    pub(crate) from: usize,
    /// The id of the record, if it has one: a list may have moved.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
}

impl<T: Serialize + DeserializeOwned> Cursor<T> {
    /// As text.
    pub(crate) fn write(&self) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(json)
    }

    /// Reads the text of a cursor.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` if it is none.
    pub(crate) fn read(text: &str) -> Result<Self, Failure> {
        let json = (text.len() <= LONGEST)
            .then(|| URL_SAFE_NO_PAD.decode(text.trim()).ok())
            .flatten();
        json.and_then(|json| serde_json::from_slice(&json).ok())
            .ok_or_else(unknown)
    }
}

/// That a text is no cursor that this server has given, or none that it still remembers.
pub(crate) fn unknown() -> Failure {
    Failure::invalid(
        "`cursor` is not one of this server",
        "give the text of `next` unchanged, or read from the beginning",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let cursor = Cursor {
            arguments: "tickets_list".to_string(),
            at: 50,
            total: Some(2847),
            now: Some("2026-03-02T09:00:00Z".parse().expect("a time")),
            part: Some(Part {
                path: "/Comment".to_string(),
                from: 1500,
                id: Some("7".to_string()),
            }),
        };
        assert_eq!(Cursor::read(&cursor.write()).expect("a cursor"), cursor);
        assert!(Cursor::<String>::read("bm90IG9uZQ").is_err());
        assert!(Cursor::<String>::read(&"a".repeat(LONGEST + 1)).is_err());
    }
}
