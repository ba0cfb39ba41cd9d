//! The tools.
//!
//! | module | is |
//! |---|---|
//! | [`definitions`] | what the host is told of them |
//! | [`context`] | the call that a tool answers: its progress, and whether it was cancelled |
//! | [`find`] | `search` and `describe` |
//! | [`read`] | `read` |
//! | [`send`] | sends what changes something |
//! | [`write`] | `write` |
//! | [`destroy`] | `destroy` |
//! | `query`, `report` | questions to the mirror |

pub(crate) mod context;
pub(crate) mod definitions;
pub(crate) mod destroy;
pub(crate) mod find;
#[cfg(feature = "mirror")]
pub(crate) mod query;
pub(crate) mod read;
#[cfg(feature = "mirror")]
pub(crate) mod report;
mod send;
pub(crate) mod write;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::failure::Failure;

/// The arguments of a tool.
///
/// # Errors
///
/// `InvalidRequest` if they do not fit its schema.
pub(crate) fn arguments<T: DeserializeOwned>(
    tool: &str,
    given: Option<Map<String, Value>>,
) -> Result<T, Failure> {
    // Hosts write what is not set as null.
    let given: Map<_, _> = given
        .unwrap_or_default()
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .collect();
    serde_json::from_value(Value::Object(given)).map_err(|error| {
        Failure::invalid(
            format!("`{tool}` was not carried out: its arguments are wrong: {error}"),
            "correct them by the schema of the tool, and call again",
        )
    })
}
