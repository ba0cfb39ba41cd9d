//! Counts, groups and sums: numbers in place of records.
//!
//! Sums are exact: they are those of decimals, not of doubles. A record without a value adds nothing to a sum, and a number, or
//! a sum, with more digits than a decimal holds is an error rather than nearly right.
//!
//! Values are of one group where `=` of a condition finds them equal: text that differs in letter case alone, and numbers that are
//! written in another way. The group is called by the first of them that came.

use std::collections::HashMap;

use atera::description::Kind;
use rust_decimal::Decimal;

use crate::{
    columns::{Column, Fields},
    error::Error,
    operand::decimal,
    option_names::OptionNames,
    record::{Record, Written},
};

/// The name of the number of records.
const COUNT: &str = "Count";

/// Which numbers are wanted.
#[derive(Clone, Debug)]
pub(crate) struct Totals {
    by: Vec<Column>,
    sums: Vec<Column>,
    /// Whether they are one number.
    is_number: bool,
    /// Whether a row has the number of records.
    counts: bool,
    groups: HashMap<Vec<String>, Group>,
    /// The groups in the order in which they came.
    order: Vec<Vec<String>>,
    /// How many records are in a group that is called by another spelling of their values.
    spelled_otherwise: u64,
    /// For each sum, how many records had no value.
    without: Vec<u64>,
    names: &'static OptionNames,
}

/// The numbers of a group.
#[derive(Clone, Debug, Default)]
struct Group {
    /// The values of its first record, as they were sent.
    values: Vec<String>,
    count: u64,
    sums: Vec<Decimal>,
}

impl Totals {
    /// The totals that the options ask for.
    ///
    /// # Errors
    ///
    /// `Usage` if a field is not there, is wanted twice or is no number.
    pub(crate) fn new(count: bool, by: &[String], sums: &[String], fields: Fields) -> Result<Self, Error> {
        let names = fields.names;
        let (by, sums) = (fields.columns(by)?, fields.columns(sums)?);
        if let Some(sum) = sums.iter().find(|sum| !may_be_number(sum.kind)) {
            let numbers = fields.schema.map_or(&[][..], |schema| schema.fields).iter();
            let numbers = numbers
                .filter(|field| is_number(field.kind))
                .map(|field| field.name);
            let numbers: Vec<_> = numbers.collect();
            let advice = match numbers.is_empty() {
                true => "its records have no numbers".to_string(),
                false => format!("its numbers are {}", numbers.join(", ")),
            };
            return Err(Error::usage(format!(
                "{} needs a number, and `{}` is none; {advice}",
                names.sum, sum.heading
            )));
        }
        if let Some(column) = by.iter().find(|column| column.has_parts()) {
            let expand = names
                .expand
                .map(|name| format!(", or give {name}"))
                .unwrap_or_default();
            return Err(Error::usage(format!(
                "{} needs a single value, and `{}` has parts; name a field of it{expand}",
                names.group_by, column.heading
            )));
        }
        let counts = count || !by.is_empty();
        let mut totals = Totals {
            is_number: false,
            counts,
            without: vec![0; sums.len()],
            by,
            sums,
            groups: HashMap::new(),
            order: Vec::new(),
            spelled_otherwise: 0,
            names,
        };
        let fields = totals.fields();
        for (index, (name, _)) in fields.iter().enumerate() {
            if fields[..index].iter().any(|(other, _)| other == name) {
                return Err(Error::usage(format!(
                    "a row of totals would have two fields `{name}`; name each field once"
                )));
            }
        }
        totals.is_number = totals.by.is_empty() && fields.len() == 1;
        Ok(totals)
    }

    /// The fields of a row, and their kinds.
    pub(crate) fn fields(&self) -> Vec<(String, Kind)> {
        let by = self.by.iter().map(|column| (column.heading.clone(), column.kind));
        let count = self.counts.then(|| (COUNT.to_string(), Kind::Integer));
        let sums = self
            .sums
            .iter()
            .map(|column| (column.heading.clone(), Kind::Number));
        by.chain(count).chain(sums).collect()
    }

    /// Whether only the number of records is wanted.
    pub(crate) fn only_counts(&self) -> bool {
        self.by.is_empty() && self.sums.is_empty()
    }

    /// Whether there is a row for each group.
    pub(crate) fn has_groups(&self) -> bool {
        !self.by.is_empty()
    }

    /// The fields that are grouped by or summed.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &Column> {
        self.by.iter().chain(&self.sums)
    }

    /// The fields that are summed.
    pub(crate) fn sums(&self) -> &[Column] {
        &self.sums
    }

    /// Sets the number of records, where the service tells it without sending them.
    pub(crate) fn set_count(&mut self, count: u64) {
        self.group(Vec::new(), Vec::new()).count = count;
    }

    /// The numbers of a group, which is added with these values if it is new.
    fn group(&mut self, key: Vec<String>, values: Vec<String>) -> &mut Group {
        self.groups.entry(key).or_insert_with_key(|key| {
            self.order.push(key.clone());
            Group {
                values,
                count: 0,
                sums: vec![Decimal::ZERO; self.sums.len()],
            }
        })
    }

    /// Adds a record.
    ///
    /// # Errors
    ///
    /// `Inexact` if a value cannot be added exactly.
    pub(crate) fn add(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let values = self
            .by
            .iter()
            .map(|column| column.value(record).unwrap_or("null").to_string());
        let values: Vec<_> = values.collect();
        let key: Vec<_> = self.by.iter().map(|column| key_of(column, record)).collect();
        let group = self.group(key.clone(), values.clone());
        let is_other = group.values != values;
        let mut sums = group.sums.clone();
        self.spelled_otherwise += u64::from(is_other);
        for ((column, sum), without) in self.sums.iter().zip(&mut sums).zip(&mut self.without) {
            let value = match Written::of(column.value(record)) {
                Written::Nothing => {
                    *without += 1;
                    continue;
                }
                Written::Text(text, _) | Written::Json(text) => text,
            };
            let inexact = |why: &str| {
                Error::inexact(format!(
                    "`{}` cannot be summed exactly: a record has {value:.60} in it{why}; leave such records out with {}",
                    column.heading, self.names.condition
                ))
            };
            let number = decimal(value.trim()).ok_or_else(|| inexact(""))?;
            *sum = exact_sum(*sum, number)
                .ok_or_else(|| inexact(", with which the sum has more digits than a decimal holds"))?;
        }
        let group = self.group(key, values);
        group.count += 1;
        group.sums = sums;
        Ok(())
    }

    /// The one number, if they are one.
    pub(crate) fn number(&mut self) -> Option<String> {
        if !self.is_number {
            return None;
        }
        let group = self.group(Vec::new(), Vec::new());
        let number = group.sums.first().copied().unwrap_or_else(|| group.count.into());
        Some(number.normalize().to_string())
    }

    /// The rows, as JSON: the greatest of the last number first. Without groups it is one, even of no records.
    pub(crate) fn rows(&mut self) -> Vec<String> {
        if self.by.is_empty() {
            self.group(Vec::new(), Vec::new());
        }
        let groups = self.order.iter().filter_map(|key| self.groups.get(key));
        let mut rows: Vec<_> = groups.map(|group| self.row(group)).collect();
        rows.sort_by_key(|(last, _)| std::cmp::Reverse(*last));
        rows.into_iter().map(|(_, row)| row).collect()
    }

    /// The row of a group, and its last number.
    fn row(&self, group: &Group) -> (Decimal, String) {
        let name = |column: &Column| serde_json::Value::from(column.heading.as_str()).to_string();
        let by = self
            .by
            .iter()
            .zip(&group.values)
            .map(|(column, value)| format!("{}:{value}", name(column)));
        let count = self.counts.then(|| format!("\"{COUNT}\":{}", group.count));
        let sums = self.sums.iter().zip(&group.sums);
        let sums = sums.map(|(column, sum)| format!("{}:{}", name(column), sum.normalize()));
        let fields: Vec<_> = by.chain(count).chain(sums).collect();
        let last = group.sums.last().copied().unwrap_or_else(|| group.count.into());
        (last, format!("{{{}}}", fields.join(",")))
    }

    /// How many records had no value to be summed, if some had none, and how many are in the group of another spelling.
    pub(crate) fn remark(&self) -> Option<String> {
        let sums = self
            .sums
            .iter()
            .zip(&self.without)
            .filter(|(_, count)| **count > 0);
        let spelled = (self.spelled_otherwise > 0).then(|| {
            format!(
                "{} in a group that is called by another spelling of the same value",
                self.spelled_otherwise
            )
        });
        let told: Vec<_> = sums
            .map(|(column, count)| {
                format!(
                    "{count} without `{}`, which add nothing to its sum",
                    column.heading
                )
            })
            .chain(spelled)
            .collect();
        (!told.is_empty()).then(|| told.join("; "))
    }
}

/// What stands for a value, so that two values have the same where `=` of a condition finds them equal.
fn key_of(column: &Column, record: &Record<'_>) -> String {
    let number = |text: &str| decimal(text).map(|number| number.normalize().to_string());
    match Written::of(column.value(record)) {
        Written::Nothing => "null".to_string(),
        Written::Json(json) => number(&json).unwrap_or_else(|| json.into_owned()),
        Written::Text(text, _) => match column.kind {
            Kind::Number | Kind::Integer => number(text.trim()).unwrap_or_else(|| format!("\"{text}\"")),
            _ => format!("\"{}\"", text.to_lowercase()),
        },
    }
}

/// Whether values of this kind are numbers.
fn is_number(kind: Kind) -> bool {
    matches!(kind, Kind::Number | Kind::Integer)
}

/// Whether values of this kind are numbers, as far as is known.
fn may_be_number(kind: Kind) -> bool {
    is_number(kind) || matches!(kind, Kind::Any)
}

/// The sum of two numbers. `None` if a decimal does not hold all of its digits.
fn exact_sum(one: Decimal, other: Decimal) -> Option<Decimal> {
    let (one, other) = (one.normalize(), other.normalize());
    let sum = one.checked_add(other)?;
    // Where the digits do not fit, the last of them are rounded away.
    (sum.scale() == one.scale().max(other.scale())).then_some(sum)
}

#[cfg(test)]
mod tests {
    use atera::description::Schema;

    use super::*;
    use crate::error::ErrorKind;

    /// The rows, or the one number, and the remark.
    fn rows(count: bool, by: &[&str], sums: &[&str], records: &[&str]) -> (Vec<String>, Option<String>) {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let fields = Fields::of(None);
        let mut totals = Totals::new(count, &names(by), &names(sums), fields).expect("totals");
        for record in records {
            totals.add(&Record::new(record)).expect("a record");
        }
        let number = totals.number().map(|number| vec![number]);
        (number.unwrap_or_else(|| totals.rows()), totals.remark())
    }

    #[test]
    fn sums_are_exact() {
        let records = [
            r#"{"a": 0.1}"#,
            r#"{"a": 0.2}"#,
            r#"{"a": "1.10"}"#,
            r#"{"a": null}"#,
            r#"{"a": 9007199254740993}"#,
        ];
        let (rows, remark) = rows(false, &[], &["a"], &records);
        assert_eq!(rows, ["9007199254740994.4"]);
        assert_eq!(
            remark.as_deref(),
            Some("1 without `a`, which add nothing to its sum")
        );
    }

    #[test]
    fn groups_come_with_the_greatest_first() {
        let records = [
            r#"{"c": "x", "a": 5}"#,
            r#"{"c": "y", "a": 1}"#,
            r#"{"c": "y", "a": 2}"#,
            "{}",
        ];
        assert_eq!(
            rows(false, &["c"], &[], &records).0,
            [
                r#"{"c":"y","Count":2}"#,
                r#"{"c":"x","Count":1}"#,
                r#"{"c":null,"Count":1}"#
            ]
        );
        assert_eq!(
            rows(false, &["c"], &["a"], &records).0,
            [
                r#"{"c":"x","Count":1,"a":5}"#,
                r#"{"c":"y","Count":2,"a":3}"#,
                r#"{"c":null,"Count":1,"a":0}"#
            ]
        );
        assert_eq!(rows(true, &[], &["a"], &records).0, [r#"{"Count":4,"a":8}"#]);
        assert_eq!(rows(true, &[], &[], &[]).0, ["0"]);
    }

    #[test]
    fn what_cannot_be_summed_exactly_is_an_error() {
        let fields = Fields::of(Schema::find("Invoice"));
        let mut totals = Totals::new(false, &[], &["total".to_string()], fields).expect("totals");
        let error = totals
            .add(&Record::new(r#"{"Total": 1e400}"#))
            .expect_err("it is summed");
        assert_eq!(error.kind(), ErrorKind::Inexact);
        assert!(
            error.to_string().contains("`Total` cannot be summed exactly"),
            "{error}"
        );
        for (by, sum) in [("From", "Total"), ("Total", "Total"), ("Currency", "Currency")] {
            assert!(
                Totals::new(false, &[by.to_string()], &[sum.to_string()], fields).is_err(),
                "{by} {sum}"
            );
        }
    }

    #[test]
    fn a_sum_with_more_digits_than_a_decimal_holds_is_an_error() {
        let fields = Fields::of(None);
        for [one, other] in [
            ["1000000000000000000000000000", "0.1234"],
            ["0.00000000000000000001", "123456789012.5"],
            ["79228162514264337593543950335", "0.5"],
            ["1.2345678901234567890123456789012e3", "1"],
        ] {
            let mut totals = Totals::new(false, &[], &["a".to_string()], fields).expect("totals");
            let mut added =
                [one, other].map(|value| totals.add(&Record::new(&format!(r#"{{"a": {value}}}"#))));
            let failed = added
                .iter_mut()
                .find_map(|added| std::mem::replace(added, Ok(())).err());
            assert!(
                failed.is_some_and(|error| error.kind() == ErrorKind::Inexact),
                "{one} {other}: {:?}",
                totals.number()
            );
        }
        let (sum, _) = rows(
            false,
            &[],
            &["a"],
            &[r#"{"a": 5.0e-1}"#, r#"{"a": 0.50}"#, r#"{"a": 1.2E+3}"#],
        );
        assert_eq!(sum, ["1201"]);
    }

    #[test]
    fn values_that_are_equal_are_of_one_group() {
        let records = [
            r#"{"c": "Open", "n": 1}"#,
            r#"{"c": "OPEN", "n": 1.0}"#,
            r#"{"c": "open", "n": "1"}"#,
            r#"{"c": "Closed", "n": 2}"#,
        ];
        let (by_text, remark) = rows(false, &["c"], &[], &records);
        assert_eq!(
            by_text,
            [r#"{"c":"Open","Count":3}"#, r#"{"c":"Closed","Count":1}"#]
        );
        assert_eq!(
            remark.as_deref(),
            Some("2 in a group that is called by another spelling of the same value")
        );
        // Nothing is known of the field, so a text is no number.
        assert_eq!(
            rows(false, &["n"], &[], &records).0,
            [
                r#"{"n":1,"Count":2}"#,
                r#"{"n":"1","Count":1}"#,
                r#"{"n":2,"Count":1}"#
            ]
        );
    }
}
