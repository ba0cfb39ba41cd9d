//! `--sort`: the order of records.

use std::cmp::Ordering;

use serde_json::Value;

use super::select::Column;
use crate::{Kind, Timestamp};

/// A field to sort by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SortKey {
    pub(super) name: String,
    pub(super) downwards: bool,
}

impl SortKey {
    /// A name, with a minus before it for downwards.
    pub(super) fn parse(text: &str) -> Self {
        let name = text.strip_prefix('-');
        SortKey {
            downwards: name.is_some(),
            name: name.unwrap_or(text).to_string(),
        }
    }
}

/// The order of two records by these fields, each downwards or not. What has no value comes last either way.
pub(super) fn compare(order: &[(Column, bool)], one: &Value, other: &Value) -> Ordering {
    let by = |(column, downwards): &(Column, bool)| {
        let (one, other) = (column.value(one), column.value(other));
        match (one.is_null(), other.is_null()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) if *downwards => values(column.kind, other, one),
            (false, false) => values(column.kind, one, other),
        }
    };
    let mut orders = order.iter().map(by);
    orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn values(kind: Kind, one: &Value, other: &Value) -> Ordering {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => match (one.as_i64(), other.as_i64()) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ => one
                .as_f64()
                .unwrap_or_default()
                .total_cmp(&other.as_f64().unwrap_or_default()),
        },
        (Value::String(one), Value::String(other)) => texts(kind, one, other),
        (one, other) => one.to_string().cmp(&other.to_string()),
    }
}

fn texts(kind: Kind, one: &str, other: &str) -> Ordering {
    if let Kind::Timestamp = kind
        && let (Ok(one), Ok(other)) = (one.parse::<Timestamp>(), other.parse::<Timestamp>())
    {
        return one.cmp(&other);
    }
    // The values of a list have an order, that of the description: Low, Medium, High.
    if let Kind::Enum { values, .. } = kind {
        let rank = |text| {
            values
                .iter()
                .position(|value| *value == text)
                .unwrap_or(values.len())
        };
        let order = rank(one).cmp(&rank(other));
        if order.is_ne() {
            return order;
        }
    }
    one.to_lowercase().cmp(&other.to_lowercase())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Schema;

    fn sorted(keys: &[&str], mut records: Vec<Value>) -> Vec<Value> {
        let order: Vec<_> = keys
            .iter()
            .map(|text| {
                let key = SortKey::parse(text);
                let column = Column::named(Schema::find("Ticket"), &key.name, false).expect("a field");
                (column, key.downwards)
            })
            .collect();
        records.sort_by(|one, other| compare(&order, one, other));
        records.iter().map(|record| record["TicketID"].clone()).collect()
    }

    #[test]
    fn records_are_sorted_by_what_their_values_mean() {
        let records = || {
            vec![
                json!({"TicketID": 10, "TicketTitle": "b", "TicketPriority": "High", "TicketCreatedDate": "2026-03-02T10:00:00+02:00"}),
                json!({"TicketID": 9, "TicketTitle": "A", "TicketPriority": "Low", "TicketCreatedDate": "2026-03-02T09:00:00Z"}),
                json!({"TicketID": 1, "TicketTitle": null, "TicketPriority": "Low", "TicketCreatedDate": null}),
            ]
        };
        for (keys, ids) in [
            (&["TicketID"][..], [1, 9, 10]),
            (&["-TicketID"], [10, 9, 1]),
            (&["TicketTitle"], [9, 10, 1]),
            (&["-TicketTitle"], [10, 9, 1]),
            (&["TicketPriority", "TicketID"], [1, 9, 10]),
            (&["-TicketPriority", "-TicketID"], [10, 9, 1]),
            (&["TicketCreatedDate"], [10, 9, 1]),
        ] {
            assert_eq!(sorted(keys, records()), ids.map(Value::from), "{keys:?}");
        }
    }
}
