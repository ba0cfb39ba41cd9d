//! `--sort`: the order of records.
//!
//! Values are compared by what they mean: times as points in time, whatever their offsets; the values of a closed list in the
//! order of the description (Low, Medium, High); text without regard to case; numbers as numbers, those that come as text
//! among them (10 after 9, whatever the field is described as). Values of different kinds in
//! one field have a fixed order as well, because a sort needs a total order. Records without a value come last, in either
//! direction. Records that compare equal stay in the order of the service.

use std::cmp::Ordering;

use atera::{Timestamp, description::Kind};
use atera_records::{Column, Record, Written};

/// A field to sort by, as the flag names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SortKey {
    /// The name of the field, not yet looked up.
    pub(crate) name: String,
    /// Whether the greatest comes first.
    pub(crate) downwards: bool,
}

impl SortKey {
    /// Reads a name with an optional minus before it, which means downwards. No name on the wire begins with a minus.
    pub(crate) fn parse(text: &str) -> Self {
        let name = text.strip_prefix('-');
        SortKey {
            downwards: name.is_some(),
            name: name.unwrap_or(text).to_string(),
        }
    }
}

/// What a value is sorted by. Values of one kind stand together, in the order of these variants.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rank {
    /// A point in time.
    Time(Timestamp),
    /// The position among the values of a closed list (0 elsewhere), and the text in lower case.
    Text(usize, String),
    /// A number as a double, and exactly if it is an integer: large ids differ although their doubles do not.
    Number(f64, Option<i64>),
    /// Anything else, by its JSON.
    Other(String),
}

/// What a record is sorted by: a rank for each field, `None` where it has no value.
pub(crate) fn ranks(order: &[(Column, bool)], record: &Record<'_>) -> Vec<Option<Rank>> {
    let columns = order.iter();
    columns
        .map(|(column, _)| Rank::of(column.kind, column.value(record)))
        .collect()
}

/// The order of two records by their ranks. A missing value comes last, in either direction.
pub(crate) fn compare(order: &[(Column, bool)], one: &[Option<Rank>], other: &[Option<Rank>]) -> Ordering {
    for ((_, downwards), (one, other)) in order.iter().zip(one.iter().zip(other)) {
        let order = match (one, other) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(one), Some(other)) if *downwards => other.compare(one),
            (Some(one), Some(other)) => one.compare(other),
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

impl Rank {
    /// The rank of a value, given as JSON.
    fn of(kind: Kind, json: Option<&str>) -> Option<Self> {
        match Written::of(json) {
            Written::Nothing => None,
            Written::Text(text, _) => Some(Rank::of_text(kind, &text)),
            Written::Json(json) => Some(match json.parse() {
                Ok(double) => Rank::Number(double, json.parse().ok()),
                Err(_) => Rank::Other(json.into_owned()),
            }),
        }
    }

    /// The rank of a text: of a time as a point in time, if it can be read, and of a number as a number.
    fn of_text(kind: Kind, text: &str) -> Self {
        // Rust reads words such as `nan` as numbers too.
        let may_be_number = text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
        if let (true, Ok(number)) = (may_be_number, text.parse::<f64>()) {
            return Rank::Number(number, text.parse().ok());
        }
        let place = match kind {
            Kind::Timestamp => match text.parse() {
                Ok(time) => return Rank::Time(time),
                Err(_) => 0,
            },
            // A value that the list lacks comes after all that it has.
            Kind::Enum { values, .. } => {
                let place = values.iter().position(|value| *value == text);
                place.unwrap_or(values.len())
            }
            _ => 0,
        };
        Rank::Text(place, text.to_lowercase())
    }

    /// Compares two values, of any kinds.
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Rank::Time(one), Rank::Time(other)) => one.cmp(other),
            (Rank::Text(place, one), Rank::Text(others, other)) => (place, one).cmp(&(others, other)),
            (Rank::Number(one, exact), Rank::Number(other, others)) => {
                one.total_cmp(other).then_with(|| exact.cmp(others))
            }
            (Rank::Other(one), Rank::Other(other)) => one.cmp(other),
            (one, other) => one.kind().cmp(&other.kind()),
        }
    }

    /// The position of its variant.
    fn kind(&self) -> u8 {
        match self {
            Rank::Time(_) => 0,
            Rank::Text(..) => 1,
            Rank::Number(..) => 2,
            Rank::Other(_) => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::names::fields;
    use atera::description::Schema;

    /// The ids of the records, sorted by these fields.
    fn sorted(keys: &[&str], records: Vec<Value>) -> Vec<Value> {
        let order: Vec<_> = keys
            .iter()
            .map(|text| {
                let key = SortKey::parse(text);
                let column = fields(Schema::find("Ticket"), false)
                    .column(&key.name)
                    .expect("a field");
                (column, key.downwards)
            })
            .collect();
        let ranked = records.iter().map(|record| {
            (
                ranks(&order, &Record::new(&record.to_string())),
                &record["TicketID"],
            )
        });
        let mut ranked: Vec<_> = ranked.collect();
        ranked.sort_by(|(one, _), (other, _)| compare(&order, one, other));
        ranked.into_iter().map(|(_, id)| id.clone()).collect()
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

    #[test]
    fn numbers_that_come_as_text_are_sorted_as_numbers() {
        let ticket = |id: u8, number: &str| json!({"TicketID": id, "TicketNumber": number});
        let records = vec![
            ticket(1, "10"),
            ticket(2, "9"),
            ticket(3, "nan"),
            ticket(4, "-1.5"),
            ticket(5, "T-7"),
        ];
        assert_eq!(
            sorted(&["TicketNumber"], records),
            [3, 5, 4, 2, 1].map(Value::from)
        );
    }

    /// Without a total order a sort may panic, or end in any order.
    #[test]
    fn values_of_all_kinds_have_one_order() {
        let order = [(
            fields(Schema::find("Ticket"), false)
                .column("TicketCreatedDate")
                .expect("a field"),
            false,
        )];
        let record = |value: &str| {
            ranks(
                &order,
                &Record::new(&format!(r#"{{"TicketCreatedDate": {value}}}"#)),
            )
        };
        let values = [
            r#""2026-03-02T10:00:00+02:00""#,
            r#""2026-03-02T09:00:00Z""#,
            r#""2026-03-02T09:30x""#,
            r#""\ud800""#,
            "-1e400",
            "-0.5",
            "9007199254740992",
            "9007199254740993",
            "123456789012345678901234567890",
            "1e400",
            "[1]",
            "true",
            "{}",
            "null",
        ];
        for (one, a) in values.iter().enumerate() {
            for (other, b) in values.iter().enumerate() {
                let compared = compare(&order, &record(a), &record(b));
                assert_eq!(compared == Ordering::Equal, one == other, "{a} {b}");
                for c in values {
                    let (ab, bc, ac) = (
                        compared,
                        compare(&order, &record(b), &record(c)),
                        compare(&order, &record(a), &record(c)),
                    );
                    assert!(ab.is_gt() || bc.is_gt() || ac.is_le(), "{a} {b} {c}");
                }
            }
        }
    }
}
