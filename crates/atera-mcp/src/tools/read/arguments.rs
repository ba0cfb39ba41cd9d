//! What is asked for.

use atera_records::SelectionOptions;
use serde::{Deserialize, Serialize};
use serde_json::Value;

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

impl ReadArguments {
    /// Which records are wanted, and what is made of them.
    pub(super) fn selection(&self) -> SelectionOptions {
        let condition = self.condition.iter().filter(|text| !text.trim().is_empty());
        SelectionOptions {
            conditions: condition.cloned().collect(),
            count: self.count,
            group_by: self.group_by.clone(),
            sum: self.sum.clone(),
            ..SelectionOptions::default()
        }
    }

    /// Whether only some of the records are wanted, or numbers in their place.
    pub(super) fn selects(&self) -> bool {
        let options = self.selection();
        !options.conditions.is_empty() || options.wants_totals()
    }
}
