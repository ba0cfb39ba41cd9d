//! The records of one kind.
//!
//! Lists are asked for page by page, so finding the records of a page must not read all of them. A table finds a record
//! by id, the records with a value in an indexed field, and the records within two times, without that.

use std::collections::HashMap;

use atera::description::Kind;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{entity::Entity, record::Record, shape::Shape};

/// The records of one kind, in the order of their ids.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    shape: &'static Shape,
    records: Vec<(i64, Record)>,
    /// The greatest id so far. The service never reuses an id, and neither does this, also after the record is deleted.
    highest_id: i64,
    indexes: Vec<Index>,
    time_columns: Vec<TimeColumn>,
}

/// The parsed times of a field, by the position of the record in the table.
#[derive(Clone, Debug)]
struct TimeColumn {
    field: &'static str,
    times: Vec<Option<DateTime<Utc>>>,
}

/// For each value of a field, the ids of the records that have it, ascending.
#[derive(Clone, Debug)]
struct Index {
    /// Position of the field in the shape.
    column: usize,
    ids: HashMap<FieldValue, Vec<i64>>,
}

/// A value to look up, in the form in which values are compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FieldValue {
    Number(i64),
    /// In lower case: the service compares text without regard to case.
    Text(String),
}

impl FieldValue {
    /// Reads the value of a query parameter for a field of this kind. None if no value of the kind can equal the text,
    /// such as `x` for a number.
    pub(crate) fn parse(kind: &Kind, text: &str) -> Option<Self> {
        match kind {
            Kind::Integer => text.parse().ok().map(FieldValue::Number),
            _ => Some(FieldValue::text(text)),
        }
    }

    fn text(text: &str) -> Self {
        FieldValue::Text(text.to_ascii_lowercase())
    }

    /// The value of a record. Null, flags, arrays and objects cannot be looked up.
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_i64().map(FieldValue::Number),
            Value::String(text) => Some(FieldValue::text(text)),
            _ => None,
        }
    }

    /// Whether a value of a record is this one.
    fn equals(&self, value: &Value) -> bool {
        match self {
            FieldValue::Number(number) => value.as_i64() == Some(*number),
            FieldValue::Text(text) => value.as_str().is_some_and(|it| it.eq_ignore_ascii_case(text)),
        }
    }
}

impl Table {
    /// An empty table, with the indexes that the kind of record asks for.
    pub(crate) fn new(entity: Entity) -> Self {
        let shape = entity.shape();
        let columns = entity.indexed_fields().iter();
        let indexes = columns
            .filter_map(|field| shape.position(field))
            .map(|column| Index {
                column,
                ids: HashMap::new(),
            });
        let time_columns = entity.time_fields().iter().map(|field| TimeColumn {
            field,
            times: Vec::new(),
        });
        Table {
            shape,
            records: Vec::new(),
            highest_id: 0,
            indexes: indexes.collect(),
            time_columns: time_columns.collect(),
        }
    }

    pub(crate) fn get(&self, id: i64) -> Option<&Record> {
        let position = self.position(id).ok()?;
        Some(&self.records[position].1)
    }

    /// The records in the order of their ids.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Record> + ExactSizeIterator {
        self.records.iter().map(|(_, record)| record)
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// The greatest id so far, also if its record is deleted.
    pub(crate) fn highest_id(&self) -> i64 {
        self.highest_id
    }

    /// Inserts a record, or replaces the one with the same id.
    pub(crate) fn insert(&mut self, id: i64, record: Record) {
        self.highest_id = self.highest_id.max(id);
        match self.position(id) {
            Ok(position) => {
                let before = &self.records[position].1;
                for index in &mut self.indexes {
                    index.update(id, Some(before), Some(&record));
                }
                for column in &mut self.time_columns {
                    column.times[position] = record.time(column.field);
                }
                self.records[position].1 = record;
            }
            Err(position) => {
                for index in &mut self.indexes {
                    index.update(id, None, Some(&record));
                }
                for column in &mut self.time_columns {
                    column.times.insert(position, record.time(column.field));
                }
                self.records.insert(position, (id, record));
            }
        }
    }

    /// Removes a record. Its id is not given to another.
    pub(crate) fn remove(&mut self, id: i64) -> Option<Record> {
        let position = self.position(id).ok()?;
        let (_, record) = self.records.remove(position);
        for index in &mut self.indexes {
            index.update(id, Some(&record), None);
        }
        for column in &mut self.time_columns {
            column.times.remove(position);
        }
        Some(record)
    }

    /// Removes a record, if it is there. Its id is not given to another in either case.
    pub(crate) fn forget(&mut self, id: i64) {
        self.highest_id = self.highest_id.max(id);
        self.remove(id);
    }

    /// The position of the record with this id, or the position at which to insert it.
    ///
    /// Ids are nearly without gaps, so the position follows from the id up to the number of missing ids. The search
    /// covers only that range.
    fn position(&self, id: i64) -> Result<usize, usize> {
        let (Some((first, _)), Some((last, _))) = (self.records.first(), self.records.last()) else {
            return Err(0);
        };
        match id {
            _ if id < *first => return Err(0),
            _ if id > *last => return Err(self.records.len()),
            _ => {}
        }
        // Stored ids are above 0, so these do not overflow.
        let (ahead, all) = ((id - first) as usize, (last - first) as usize + 1);
        let missing = all - self.records.len();
        let (least, most) = (ahead.saturating_sub(missing), ahead.min(self.records.len() - 1));
        let found = self.records[least..=most].binary_search_by_key(&id, |(id, _)| *id);
        found
            .map(|offset| least + offset)
            .map_err(|offset| least + offset)
    }

    /// The records that have all of these values, in the order of their ids. A field is given by its position in the
    /// shape.
    pub(crate) fn having(&self, values: &[(usize, FieldValue)]) -> Vec<&Record> {
        let entries = self.entries_having(values).into_iter();
        entries.map(|(_, record)| record).collect()
    }

    /// As [`Table::having`], with the ids. It reads the records of the index with the fewest candidates, or all if no
    /// field is indexed.
    fn entries_having(&self, values: &[(usize, FieldValue)]) -> Vec<&(i64, Record)> {
        let fits = |record: &Record, checked: Option<usize>| {
            let mut others = values.iter().filter(|(column, _)| Some(*column) != checked);
            others.all(|(column, value)| value.equals(record.at(*column)))
        };
        let indexed = values.iter().filter_map(|(column, value)| {
            let index = self.indexes.iter().find(|index| index.column == *column)?;
            Some((*column, index.ids.get(value).map_or(&[][..], Vec::as_slice)))
        });
        match indexed.min_by_key(|(_, ids)| ids.len()) {
            Some((column, ids)) => {
                let entries = ids
                    .iter()
                    .filter_map(|id| self.records.get(self.position(*id).ok()?));
                entries.filter(|(_, record)| fits(record, Some(column))).collect()
            }
            None => {
                let entries = self.records.iter();
                entries.filter(|(_, record)| fits(record, None)).collect()
            }
        }
    }

    /// The records with this number in a field, in the order of their ids: the comments of a ticket, for example.
    pub(crate) fn with_number(&self, field: &str, number: i64) -> Vec<&Record> {
        match self.shape.position(field) {
            Some(column) => self.having(&[(column, FieldValue::Number(number))]),
            None => Vec::new(),
        }
    }

    /// The records that start no earlier than `from` and end no later than `to`, in the order of their ids. Both fields
    /// must be among [`Entity::time_fields`].
    pub(crate) fn during(
        &self,
        (start, from): (&str, Option<DateTime<Utc>>),
        (end, to): (&str, Option<DateTime<Utc>>),
    ) -> impl Iterator<Item = &Record> {
        let times = |field: &str| {
            let column = self.time_columns.iter().find(|column| column.field == field);
            column.map_or(&[][..], |column| &column.times)
        };
        let spans = times(start).iter().zip(times(end));
        let entries = self.records.iter().zip(spans);
        let fitting = entries.filter(move |(_, (starts, ends))| {
            from.is_none_or(|from| **starts >= Some(from)) && to.is_none_or(|to| **ends <= Some(to))
        });
        fitting.map(|((_, record), _)| record)
    }

    /// The records with one of these texts in a field, in the order of their ids.
    pub(crate) fn with_any(&self, field: &str, texts: &[&str]) -> Vec<&Record> {
        let value = |text: &&str| {
            let column = self.shape.position(field)?;
            Some([(column, FieldValue::text(text))])
        };
        let values = texts.iter().filter_map(value);
        let mut entries: Vec<_> = values.flat_map(|value| self.entries_having(&value)).collect();
        entries.sort_by_key(|(id, _)| *id);
        entries.into_iter().map(|(_, record)| record).collect()
    }

    /// The id of the first record with this text in a field. It reads record by record, since requests that name a
    /// record by text are rare.
    pub(crate) fn find(&self, field: &str, text: &str) -> Option<i64> {
        let column = self.shape.position(field)?;
        let value = FieldValue::text(text);
        let mut records = self.records.iter();
        let found = records.find(|(_, record)| value.equals(record.at(column)));
        found.map(|(id, _)| *id)
    }
}

impl Index {
    /// Follows a change of a record: it is inserted without a `before`, and removed without an `after`.
    fn update(&mut self, id: i64, before: Option<&Record>, after: Option<&Record>) {
        let value =
            |record: Option<&Record>| record.and_then(|record| FieldValue::of(record.at(self.column)));
        let (before, after) = (value(before), value(after));
        if before == after {
            return;
        }
        if let Some(ids) = before.and_then(|before| self.ids.get_mut(&before))
            && let Ok(position) = ids.binary_search(&id)
        {
            ids.remove(position);
        }
        if let Some(after) = after {
            let ids = self.ids.entry(after).or_default();
            match ids.last() {
                // A new record has the greatest id, so only a changed one comes before others.
                Some(last) if *last > id => ids.insert(ids.partition_point(|other| *other < id), id),
                _ => ids.push(id),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::*;

    fn ticket(customer: i64, status: &str) -> Record {
        let fields = [("CustomerID", customer.into()), ("TicketStatus", status.into())];
        Record::with_fields(Entity::Ticket.shape(), DateTime::UNIX_EPOCH, fields)
    }

    /// The table against a map, over random inserts and removals.
    #[test]
    fn it_is_as_a_map_that_is_searched_from_end_to_end() {
        let shape = Entity::Ticket.shape();
        let [of, status] = ["CustomerID", "TicketStatus"].map(|name| shape.position(name).expect(name));
        let mut rng = Rng::with_seed(7);
        let mut table = Table::new(Entity::Ticket);
        let mut map = std::collections::BTreeMap::new();
        for _ in 0..4_000 {
            let (id, customer) = (rng.i64(1..300), rng.i64(1..5));
            if rng.u8(..3) == 0 {
                assert_eq!(table.remove(id).is_some(), map.remove(&id).is_some());
            } else {
                let status = ["Open", "open", "Closed"][rng.usize(..3)];
                table.insert(id, ticket(customer, status));
                map.insert(id, (customer, status));
            }
            let id = rng.i64(0..301);
            let found = table
                .get(id)
                .map(|it| (it.number("CustomerID"), it.text("TicketStatus")));
            assert_eq!(
                found,
                map.get(&id).map(|(customer, status)| (Some(*customer), *status))
            );
            let expected = map.values().filter(|it| it.0 == customer);
            assert_eq!(table.with_number("CustomerID", customer).len(), expected.count());
        }
        assert_eq!(table.len(), map.len());
        for id in [i64::MIN, -1, 0, 300, i64::MAX] {
            assert!(table.get(id).is_none(), "{id}");
        }
        let values = [
            (of, FieldValue::Number(2)),
            (status, FieldValue::parse(&Kind::Text, "OPEN").expect("a text")),
        ];
        let found = table.having(&values);
        let expected = map.values().filter(|it| it.0 == 2 && it.1 != "Closed");
        assert!(found.len() > 10);
        assert_eq!(found.len(), expected.count());
    }
}
