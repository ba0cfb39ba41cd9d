//! What is asked for.

use atera::Timestamp;
use atera_records::SelectionOptions;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::content::{Cursor, Places};

/// The arguments of `read`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ReadArguments {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) arguments: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<Value>,
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub(crate) condition: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) fields: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) count: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) group_by: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) sum: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cursor: Option<String>,
}

/// The arguments of a call as the log has them: what a cursor says in place of its text, so that it can be seen what was read.
pub(crate) fn spelled_out(mut given: Map<String, Value>, places: &Places) -> Map<String, Value> {
    let text = given.get("cursor").and_then(Value::as_str);
    let Some(cursor) = text.and_then(|text| {
        let kept = places.find(text);
        Cursor::<ReadArguments>::read(kept.as_deref().unwrap_or(text)).ok()
    }) else {
        return given;
    };
    // They are what is carried out, whatever else is given.
    if let Ok(Value::Object(arguments)) = serde_json::to_value(&cursor.arguments) {
        given = arguments;
    }
    let mut place = json!({"at": cursor.at});
    if let Some(now) = cursor.now {
        place["now"] = json!(now);
    }
    if let Some(part) = cursor.part {
        place["path"] = json!(part.path);
        place["from"] = json!(part.from);
    }
    given.insert("cursor".to_string(), place);
    given
}

impl ReadArguments {
    /// Which records are wanted, and what is made of them.
    pub(super) fn selection(&self, now: Option<Timestamp>) -> SelectionOptions {
        let condition = self.condition.iter().filter(|text| !text.trim().is_empty());
        SelectionOptions {
            conditions: condition.cloned().collect(),
            count: self.count,
            group_by: self.group_by.clone(),
            sum: self.sum.clone(),
            now,
            ..SelectionOptions::default()
        }
    }

    /// Whether only some of the records are wanted, or numbers in their place.
    pub(super) fn selects(&self) -> bool {
        let options = self.selection(None);
        !options.conditions.is_empty() || options.wants_totals()
    }
}
