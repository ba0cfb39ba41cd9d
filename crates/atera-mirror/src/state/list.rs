//! How old a list is, and how its last sync went.

use atera::Timestamp;

use crate::{
    engine::{Session, Value},
    error::{Error, ErrorKind, Result},
};

/// How the last sync of a list went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListState {
    /// Nothing is missing.
    Complete,
    /// Its records have no ids, so one that moved while the list was read may be missing. What is gone is not marked.
    WithoutIds,
    /// It kept changing while it was read, so records may be missing. What is gone is not marked.
    Unsettled,
    /// Some of its records could not be stored. What is gone is not marked.
    Unreadable,
    /// It lost so many records at once that they are not marked as deleted without
    /// [`accept_loss`](crate::SyncOptions::accept_loss).
    Shrunk,
    /// The key may not read it.
    NoPermission,
    /// It could not be read to its end.
    Failed,
}

/// How a list is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strategy {
    /// All of it.
    Full,
    /// What has changed since the last time, by the list's own filter.
    Changes,
    /// For each record that it belongs to, if that has changed.
    Children,
}

/// What the mirror knows of a list.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ListStatus {
    /// The name of its table.
    pub list: String,
    /// How the last sync went.
    pub state: ListState,
    /// How it was read.
    pub strategy: Strategy,
    /// Why it was read in full although its changes could have been asked for, or why some records were read one by one.
    pub why: Option<String>,
    /// Why the last sync is not complete.
    pub reason: Option<String>,
    /// Since when it has been in this state.
    pub since: Option<Timestamp>,
    /// When the last sync ended, however it went. `None` if none has ended.
    pub tried: Option<Timestamp>,
    /// What changed before is in the mirror. `None` if the list was never read.
    pub as_of: Option<Timestamp>,
    /// What was deleted before is marked in the mirror. `None` if the list was never read completely.
    pub complete_as_of: Option<Timestamp>,
    /// When it was last read in full.
    pub walked_as_of: Option<Timestamp>,
    /// Records that exist.
    pub records: u64,
    /// Records that the last sync that wrote something found new.
    pub inserted: u64,
    /// Records that it found changed.
    pub updated: u64,
    /// Records that it found gone.
    pub deleted: u64,
    /// Records that were gone and came back.
    pub undeleted: u64,
    /// Records with a value that does not fit its column.
    pub misfits: u64,
    /// Records that could not be stored.
    pub unreadable: u64,
}

impl ListState {
    const ALL: [(ListState, &'static str); 7] = [
        (ListState::Complete, "complete"),
        (ListState::WithoutIds, "without ids"),
        (ListState::Unsettled, "unsettled"),
        (ListState::Unreadable, "unreadable records"),
        (ListState::Shrunk, "shrunk"),
        (ListState::NoPermission, "no permission"),
        (ListState::Failed, "failed"),
    ];

    /// Its name, as in the table `_syncs`.
    pub fn name(self) -> &'static str {
        let mut all = ListState::ALL.iter();
        all.find(|(state, _)| *state == self)
            .map_or("failed", |(_, name)| name)
    }

    fn parse(name: &str) -> Option<Self> {
        let mut all = ListState::ALL.iter();
        all.find(|(_, known)| *known == name).map(|(state, _)| *state)
    }
}

impl Strategy {
    const ALL: [(Strategy, &'static str); 3] = [
        (Strategy::Full, "full"),
        (Strategy::Changes, "changes"),
        (Strategy::Children, "children"),
    ];

    /// Its name, as in the table `_syncs`.
    pub fn name(self) -> &'static str {
        let mut all = Strategy::ALL.iter();
        all.find(|(strategy, _)| *strategy == self)
            .map_or("full", |(_, name)| name)
    }

    fn parse(name: &str) -> Option<Self> {
        let mut all = Strategy::ALL.iter();
        all.find(|(_, known)| *known == name)
            .map(|(strategy, _)| *strategy)
    }
}

/// The columns of `_syncs`, in the order of [`ListStatus::values`].
const COLUMNS: [&str; 17] = [
    "list",
    "state",
    "strategy",
    "why",
    "reason",
    "since",
    "tried",
    "as_of",
    "complete_as_of",
    "walked_as_of",
    "records",
    "inserted",
    "updated",
    "deleted",
    "undeleted",
    "misfits",
    "unreadable",
];

impl ListStatus {
    /// A list that was never read.
    pub(crate) fn new(list: &str) -> Self {
        ListStatus {
            list: list.to_string(),
            state: ListState::Failed,
            strategy: Strategy::Full,
            why: None,
            reason: None,
            since: None,
            tried: None,
            as_of: None,
            complete_as_of: None,
            walked_as_of: None,
            records: 0,
            inserted: 0,
            updated: 0,
            deleted: 0,
            undeleted: 0,
            misfits: 0,
            unreadable: 0,
        }
    }

    /// A list that is asked for at a time, and was never read to its end.
    pub(crate) fn asked_for(list: &str, strategy: Strategy, at: Timestamp) -> Self {
        ListStatus {
            strategy,
            since: Some(at),
            reason: Some(format!("{list} has not been read to its end yet; sync again")),
            ..ListStatus::new(list)
        }
    }

    /// A list that was never asked for.
    pub(crate) fn never_asked_for(list: &str) -> Self {
        ListStatus {
            reason: Some(format!("{list} was never read; sync it as well")),
            ..ListStatus::new(list)
        }
    }

    /// Whether its table says nothing of the account, since no sync has read the list to its end, for whatever reason but that the key
    /// may not read it.
    pub fn is_unread(&self) -> bool {
        self.as_of.is_none() && self.state != ListState::NoPermission
    }

    /// How many records the last sync found new, changed, gone, and back again.
    pub(crate) fn counts(&self) -> [u64; 4] {
        [self.inserted, self.updated, self.deleted, self.undeleted]
    }

    /// Sets the same.
    pub(crate) fn set_counts(&mut self, counts: [u64; 4]) {
        [self.inserted, self.updated, self.deleted, self.undeleted] = counts;
    }

    /// Sets the state, and since when it has been so.
    pub(crate) fn enter(&mut self, state: ListState, at: Timestamp) {
        if self.state != state || self.since.is_none() {
            self.since = Some(at);
        }
        self.state = state;
        self.tried = Some(at);
    }

    /// The lists that were ever asked for, by name.
    pub(crate) async fn all(session: &mut dyn Session) -> Result<Vec<Self>> {
        let sql = format!("{} ORDER BY \"list\"", ListStatus::select());
        let rows = session.query(&sql, &[]).await?;
        rows.iter().map(|row| ListStatus::read(row)).collect()
    }

    /// The query for all lists.
    pub(crate) fn select() -> String {
        let columns = COLUMNS.map(|column| format!("\"{column}\"")).join(", ");
        format!("SELECT {columns} FROM \"_syncs\"")
    }

    /// Reads a row of [`select`](ListStatus::select).
    pub(crate) fn read(row: &[Value]) -> Result<Self> {
        let text = |place: usize| match row.get(place) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let time = |place: usize| text(place).and_then(|text| text.parse().ok());
        let count = |place: usize| match row.get(place) {
            Some(Value::Integer(count)) => u64::try_from(*count).unwrap_or_default(),
            _ => 0,
        };
        let name = |place: usize| text(place).unwrap_or_default();
        let damaged = || {
            let sentence = format!(
                "cannot read the state of {}: `_syncs` has a value that this program does not know; delete its row, and sync again",
                name(0)
            );
            Error::new(ErrorKind::Database, sentence)
        };
        Ok(ListStatus {
            list: name(0),
            state: ListState::parse(&name(1)).ok_or_else(damaged)?,
            strategy: Strategy::parse(&name(2)).ok_or_else(damaged)?,
            why: text(3),
            reason: text(4),
            since: time(5),
            tried: time(6),
            as_of: time(7),
            complete_as_of: time(8),
            walked_as_of: time(9),
            records: count(10),
            inserted: count(11),
            updated: count(12),
            deleted: count(13),
            undeleted: count(14),
            misfits: count(15),
            unreadable: count(16),
        })
    }

    /// The statement that writes a state, for [`values`](ListStatus::values).
    pub(crate) fn upsert() -> String {
        let columns = COLUMNS.map(|column| format!("\"{column}\"")).join(", ");
        let places: Vec<_> = (1..=COLUMNS.len()).map(|place| format!("${place}")).collect();
        let sets = COLUMNS[1..]
            .iter()
            .map(|column| format!("\"{column}\" = excluded.\"{column}\""));
        let sets: Vec<_> = sets.collect();
        format!(
            "INSERT INTO \"_syncs\" ({columns}) VALUES ({}) ON CONFLICT (\"list\") DO UPDATE SET {}",
            places.join(", "),
            sets.join(", ")
        )
    }

    pub(crate) fn values(&self) -> Vec<Value> {
        let time = |time: Option<Timestamp>| time.map_or(Value::Null, Value::timestamp);
        let count = |count: u64| Value::Integer(i64::try_from(count).unwrap_or(i64::MAX));
        vec![
            self.list.as_str().into(),
            self.state.name().into(),
            self.strategy.name().into(),
            self.why.clone().into(),
            self.reason.clone().into(),
            time(self.since),
            time(self.tried),
            time(self.as_of),
            time(self.complete_as_of),
            time(self.walked_as_of),
            count(self.records),
            count(self.inserted),
            count(self.updated),
            count(self.deleted),
            count(self.undeleted),
            count(self.misfits),
            count(self.unreadable),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::INTERNAL_TABLES;

    #[test]
    fn a_status_is_read_as_it_was_written() {
        let mut status = ListStatus::new("tickets");
        status.enter(ListState::Unreadable, "2026-03-02T09:00:00Z".parse().unwrap());
        status.strategy = Strategy::Changes;
        status.as_of = Some("2026-03-02T08:00:00.500Z".parse().unwrap());
        status.reason = Some("why".to_string());
        (status.records, status.unreadable) = (7, 2);
        assert_eq!(ListStatus::read(&status.values()).unwrap(), status);
        let mut values = status.values();
        values[1] = "excellent".into();
        assert!(
            ListStatus::read(&values)
                .unwrap_err()
                .to_string()
                .contains("state of tickets")
        );
    }

    #[test]
    fn every_column_of_the_table_is_written() {
        let table = INTERNAL_TABLES
            .iter()
            .find(|table| table.name == "_syncs")
            .unwrap();
        let names: Vec<_> = table.columns.iter().map(|column| column.name).collect();
        assert_eq!(names, COLUMNS);
    }

    #[test]
    fn a_state_begins_when_it_is_entered_first() {
        let times = ["2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z"].map(|time| time.parse().unwrap());
        let mut status = ListStatus::new("tickets");
        status.enter(ListState::Failed, times[0]);
        status.enter(ListState::Failed, times[1]);
        assert_eq!((status.since, status.tried), (Some(times[0]), Some(times[1])));
        status.enter(ListState::Complete, times[1]);
        assert_eq!(status.since, Some(times[1]));
    }
}
