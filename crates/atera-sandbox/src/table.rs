//! The records of one kind, found by id, by place, and by what is asked for again and again.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{entity::Entity, record::Record, shape::Shape};
use atera::description::Kind;

/// The records of one kind, in the order of their ids.
#[derive(Clone, Debug)]
pub(super) struct Table {
    shape: &'static Shape,
    records: Vec<(i64, Record)>,
    /// The greatest id that was ever given; ids are not given twice.
    last: i64,
    indexes: Vec<Index>,
    times: Vec<Times>,
}

/// The times in a field of the records, in their order, so that what lies between two is found without reading the records.
#[derive(Clone, Debug)]
struct Times {
    field: &'static str,
    values: Vec<Option<DateTime<Utc>>>,
}

/// The ids of the records that have a value in a field, ascending.
#[derive(Clone, Debug)]
struct Index {
    column: usize,
    ids: HashMap<Wanted, Vec<i64>>,
}

/// What a field is to have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Wanted {
    Number(i64),
    /// In lower case: no text differs from another by case alone.
    Text(String),
}

impl Wanted {
    /// What a text asks for in a field of this kind; nothing fits a text that had to be a number.
    pub(super) fn asked(kind: &Kind, text: &str) -> Option<Self> {
        match kind {
            Kind::Integer => text.parse().ok().map(Wanted::Number),
            _ => Some(Wanted::Text(text.to_ascii_lowercase())),
        }
    }

    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_i64().map(Wanted::Number),
            Value::String(text) => Some(Wanted::Text(text.to_ascii_lowercase())),
            _ => None,
        }
    }

    fn is(&self, value: &Value) -> bool {
        match self {
            Wanted::Number(number) => value.as_i64() == Some(*number),
            Wanted::Text(text) => value.as_str().is_some_and(|it| it.eq_ignore_ascii_case(text)),
        }
    }
}

impl Table {
    pub(super) fn new(entity: Entity) -> Self {
        let shape = entity.shape();
        let columns = entity.indexed().iter().filter_map(|field| shape.position(field));
        let indexes = columns.map(|column| Index {
            column,
            ids: HashMap::new(),
        });
        let times = entity.timed().iter().map(|field| Times {
            field,
            values: Vec::new(),
        });
        Table {
            shape,
            records: Vec::new(),
            last: 0,
            indexes: indexes.collect(),
            times: times.collect(),
        }
    }

    pub(super) fn get(&self, id: i64) -> Option<&Record> {
        let place = self.place(id).ok()?;
        Some(&self.records[place].1)
    }

    /// The records by id, ascending.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Record> + ExactSizeIterator {
        self.records.iter().map(|(_, record)| record)
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// The greatest id that was ever given.
    pub(super) fn last(&self) -> i64 {
        self.last
    }

    pub(super) fn insert(&mut self, id: i64, record: Record) {
        self.last = self.last.max(id);
        match self.place(id) {
            Ok(place) => {
                let before = &self.records[place].1;
                for index in &mut self.indexes {
                    index.replace(id, Some(before), Some(&record));
                }
                for times in &mut self.times {
                    times.values[place] = record.time(times.field);
                }
                self.records[place].1 = record;
            }
            Err(place) => {
                for index in &mut self.indexes {
                    index.replace(id, None, Some(&record));
                }
                for times in &mut self.times {
                    times.values.insert(place, record.time(times.field));
                }
                self.records.insert(place, (id, record));
            }
        }
    }

    pub(super) fn remove(&mut self, id: i64) -> Option<Record> {
        let place = self.place(id).ok()?;
        let (_, record) = self.records.remove(place);
        for index in &mut self.indexes {
            index.replace(id, Some(&record), None);
        }
        for times in &mut self.times {
            times.values.remove(place);
        }
        Some(record)
    }

    /// Where the record with this id is, or would be. Few ids are missing, so there are few places where it can be.
    fn place(&self, id: i64) -> Result<usize, usize> {
        let (Some((first, _)), Some((last, _))) = (self.records.first(), self.records.last()) else {
            return Err(0);
        };
        match id {
            _ if id < *first => return Err(0),
            _ if id > *last => return Err(self.records.len()),
            _ => {}
        }
        // The ids that are kept are above 0, so that these do not overflow.
        let (ahead, all) = ((id - first) as usize, (last - first) as usize + 1);
        let missing = all - self.records.len();
        let (least, most) = (ahead.saturating_sub(missing), ahead.min(self.records.len() - 1));
        let found = self.records[least..=most].binary_search_by_key(&id, |(id, _)| *id);
        found.map(|place| least + place).map_err(|place| least + place)
    }

    /// The records whose fields have all of this, by id. A field is named by its place in the schema.
    pub(super) fn having(&self, wanted: &[(usize, Wanted)]) -> Vec<&Record> {
        let entries = self.entries_having(wanted).into_iter();
        entries.map(|(_, record)| record).collect()
    }

    fn entries_having(&self, wanted: &[(usize, Wanted)]) -> Vec<&(i64, Record)> {
        let fits = |record: &Record, known: Option<usize>| {
            let mut others = wanted.iter().filter(|(column, _)| Some(*column) != known);
            others.all(|(column, wanted)| wanted.is(record.at(*column)))
        };
        let indexed = wanted.iter().filter_map(|(column, wanted)| {
            let index = self.indexes.iter().find(|index| index.column == *column)?;
            Some((*column, index.ids.get(wanted).map_or(&[][..], Vec::as_slice)))
        });
        match indexed.min_by_key(|(_, ids)| ids.len()) {
            Some((column, ids)) => {
                let entries = ids
                    .iter()
                    .filter_map(|id| self.records.get(self.place(*id).ok()?));
                entries.filter(|(_, record)| fits(record, Some(column))).collect()
            }
            None => {
                let entries = self.records.iter();
                entries.filter(|(_, record)| fits(record, None)).collect()
            }
        }
    }

    /// The records whose field has this number, by id: those that are part of another, for one.
    pub(super) fn of(&self, field: &str, number: i64) -> Vec<&Record> {
        match self.shape.position(field) {
            Some(column) => self.having(&[(column, Wanted::Number(number))]),
            None => Vec::new(),
        }
    }

    /// The records that start no earlier and end no later than this, by id. The fields must be of those that are timed.
    pub(super) fn during(
        &self,
        (start, from): (&str, Option<DateTime<Utc>>),
        (end, to): (&str, Option<DateTime<Utc>>),
    ) -> impl Iterator<Item = &Record> {
        let times = |field: &str| {
            let times = self.times.iter().find(|times| times.field == field);
            times.map_or(&[][..], |times| &times.values)
        };
        let spans = times(start).iter().zip(times(end));
        let entries = self.records.iter().zip(spans);
        let fitting = entries.filter(move |(_, (starts, ends))| {
            from.is_none_or(|from| **starts >= Some(from)) && to.is_none_or(|to| **ends <= Some(to))
        });
        fitting.map(|((_, record), _)| record)
    }

    /// The records whose field has one of these texts, in any case, by id.
    pub(super) fn with_any(&self, field: &str, texts: &[&str]) -> Vec<&Record> {
        let wanted = |text: &&str| {
            let column = self.shape.position(field)?;
            Some([(column, Wanted::Text(text.to_ascii_lowercase()))])
        };
        let wanted = texts.iter().filter_map(wanted);
        let mut entries: Vec<_> = wanted.flat_map(|wanted| self.entries_having(&wanted)).collect();
        entries.sort_by_key(|(id, _)| *id);
        entries.into_iter().map(|(_, record)| record).collect()
    }

    /// The id of the first record whose field has this text, in any case.
    pub(super) fn find(&self, field: &str, text: &str) -> Option<i64> {
        let column = self.shape.position(field)?;
        let wanted = Wanted::Text(text.to_ascii_lowercase());
        let mut records = self.records.iter();
        let found = records.find(|(_, record)| wanted.is(record.at(column)));
        found.map(|(id, _)| *id)
    }
}

impl Index {
    /// Notes that a record has changed, or came, or went.
    fn replace(&mut self, id: i64, before: Option<&Record>, after: Option<&Record>) {
        let value = |record: Option<&Record>| record.and_then(|record| Wanted::of(record.at(self.column)));
        let (before, after) = (value(before), value(after));
        if before == after {
            return;
        }
        if let Some(ids) = before.and_then(|before| self.ids.get_mut(&before))
            && let Ok(place) = ids.binary_search(&id)
        {
            ids.remove(place);
        }
        if let Some(after) = after {
            let ids = self.ids.entry(after).or_default();
            match ids.last() {
                // That of a record that was put in by itself, and not among others.
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
        Record::of(Entity::Ticket.shape(), DateTime::UNIX_EPOCH, fields)
    }

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
            assert_eq!(table.of("CustomerID", customer).len(), expected.count());
        }
        assert_eq!(table.len(), map.len());
        for id in [i64::MIN, -1, 0, 300, i64::MAX] {
            assert!(table.get(id).is_none(), "{id}");
        }
        let wanted = [
            (of, Wanted::Number(2)),
            (status, Wanted::asked(&Kind::Text, "OPEN").expect("a text")),
        ];
        let found = table.having(&wanted);
        let expected = map.values().filter(|it| it.0 == 2 && it.1 != "Closed");
        assert!(found.len() > 10);
        assert_eq!(found.len(), expected.count());
    }
}
