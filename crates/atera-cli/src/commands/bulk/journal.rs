//! The journal of the rows of a file: which are sent, and what came of them.
//!
//! It is a file of JSON lines that only grows. Before a row is sent, the intent is written and flushed to the disk; afterwards
//! comes the outcome. So a run that is killed at any point, by a signal or by a power failure, leaves a journal from which the
//! next one knows the rows that were never sent, those that are done, and those of which it cannot know.
//!
//! ```text
//! {"entry":"begun","version":1,"operation":"tickets_create","service":"https://…","account":"7","content":"9f86…","rows":200}
//! {"entry":"run","process":4711,"at":"2026-03-02T09:00:00Z"}
//! {"entry":"mark","last":54321}
//! {"entry":"sending","row":1,"line":2,"at":"2026-03-02T09:00:01Z"}
//! {"entry":"done","row":1,"id":"54322"}
//! ```
//!
//! A journal belongs to the content of its file with the flags beside it, to the operation, and to the account. It has one writer at a time, by a lock
//! that the system releases when its holder ends, however it ends.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
};

use atera::{Error, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::output::failure::Failure;

/// What a journal belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    /// Version of the form of the journal.
    pub(crate) version: u32,
    /// The operation.
    pub(crate) operation: String,
    /// The address of the service.
    pub(crate) service: String,
    /// The id of the account, if the key may read it.
    pub(crate) account: Option<String>,
    /// The SHA-256 of the file and of the flags that say something about its rows.
    pub(crate) content: String,
    /// How many rows it has.
    pub(crate) rows: usize,
}

/// A line of the journal. Rows are counted from 1.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub(crate) enum Entry {
    /// The first line.
    Begun(Header),
    /// A process begins to work on the rows.
    Run { process: u32, at: Timestamp },
    /// The greatest id of the records that were there before the first row was sent.
    Mark { last: i64 },
    /// A row is about to be sent.
    Sending { row: usize, line: u64, at: Timestamp },
    /// It took effect, on the record with this id if the answer says so.
    Done { row: usize, id: Option<String> },
    /// It had no effect.
    Refused { row: usize, code: u8, reason: String },
    /// Nobody knows. `applied` says that it took effect, although its answer does not say on which record.
    Unknown {
        row: usize,
        applied: bool,
        reason: String,
    },
    /// It was looked for and found.
    Found { row: usize, id: Option<String> },
    /// It was looked for and is not there, so that it is sent again.
    Missing { row: usize },
}

/// What is known of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It was not sent, or had no effect for certain.
    Waiting,
    /// It took effect. `found` says that this was found out by looking for it.
    Done { id: Option<String>, found: bool },
    /// The service refused it, with this exit code.
    Refused { code: u8, reason: String },
    /// Nobody knows.
    Unknown { applied: bool, reason: String },
}

/// What a journal says.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// Its first line.
    pub(crate) header: Option<Header>,
    /// The rows, in the order of the file.
    pub(crate) states: Vec<State>,
    /// The greatest id before the first row.
    pub(crate) mark: Option<i64>,
    /// When the last row was sent.
    pub(crate) last_sent: Option<Timestamp>,
    /// The process that wrote last, and since when.
    writer: Option<(u32, Timestamp)>,
    /// How many bytes are whole lines. A process that is killed while it writes leaves a line without its end.
    length: u64,
}

impl Past {
    /// Reads a journal.
    ///
    /// # Errors
    ///
    /// The number of the first line that no journal has.
    pub(crate) fn read(text: &str, rows: usize) -> Result<Self, usize> {
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut past = Past {
            states: vec![State::Waiting; rows],
            length: whole as u64,
            ..Past::default()
        };
        for (line, number) in text[..whole].lines().zip(1_usize..) {
            let entry = serde_json::from_str(line).map_err(|_| number)?;
            past.take(entry);
        }
        Ok(past)
    }

    /// Takes one more entry.
    pub(crate) fn take(&mut self, entry: Entry) {
        let (row, state) = match entry {
            Entry::Begun(header) => {
                // A file that has changed may have fewer rows than the journal. Each row that it notes takes more than a byte.
                let noted = header.rows.min(self.length as usize);
                let rows = self.states.len().max(noted);
                self.states.resize(rows, State::Waiting);
                return self.header = Some(header);
            }
            Entry::Run { process, at } => return self.writer = Some((process, at)),
            Entry::Mark { last } => return self.mark = Some(last),
            Entry::Sending { row, at, .. } => {
                self.last_sent = Some(at);
                let reason = "the command ended before the answer came".to_string();
                (
                    row,
                    State::Unknown {
                        applied: false,
                        reason,
                    },
                )
            }
            Entry::Done { row, id } => (row, State::Done { id, found: false }),
            Entry::Found { row, id } => (row, State::Done { id, found: true }),
            Entry::Refused { row, code, reason } => (row, State::Refused { code, reason }),
            Entry::Unknown { row, applied, reason } => (row, State::Unknown { applied, reason }),
            Entry::Missing { row } => (row, State::Waiting),
        };
        if let Some(slot) = row.checked_sub(1).and_then(|index| self.states.get_mut(index)) {
            *slot = state;
        }
    }
}

/// A journal that is open for writing.
pub(crate) struct Journal {
    /// What it says.
    pub(crate) past: Past,
    lines: mpsc::Sender<Line>,
}

/// A line to be written, and who waits for it to be on the disk.
struct Line {
    text: String,
    /// Whether it has to be on the disk before anything else happens.
    flush: bool,
    written: oneshot::Sender<io::Result<()>>,
}

impl Journal {
    /// Opens the journal at this path, or begins it.
    ///
    /// # Errors
    ///
    /// If another process is writing it, if it belongs to something else, or if it cannot be read or written.
    pub(crate) fn open(path: &Path, header: &Header) -> Result<Self, Failure> {
        let failed = |what: &str, error: &io::Error| {
            Failure::Call(Error::config(format!(
                "the journal {} cannot be {what}: {error}; nothing was sent",
                path.display()
            )))
        };
        let is_new = !path.exists();
        let mut file = File::options()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(|error| failed("opened", &error))?;
        let lock = file.try_lock();
        let mut text = String::new();
        let read = file.read_to_string(&mut text);
        if let Err(TryLockError::WouldBlock) = lock {
            let writer = Past::read(&text, 0).ok().and_then(|past| past.writer);
            let writer = writer.map_or(String::new(), |(process, at)| {
                format!(" (process {process}, since {at})")
            });
            return Err(Failure::Call(Error::config(format!(
                "another atera{writer} is sending these rows; wait for it to end, its journal is {}",
                path.display()
            ))));
        }
        if let Err(TryLockError::Error(error)) = lock {
            return Err(failed("locked", &error));
        }
        read.map_err(|error| failed("read", &error))?;
        let past = Past::read(&text, header.rows).map_err(|line| damaged(path, line))?;
        if let Some(of) = &past.header {
            belongs(of, header, &past, path)?;
        }
        file.set_len(past.length)
            .map_err(|error| failed("written", &error))?;
        if is_new {
            sync_folder(path).map_err(|error| failed("written", &error))?;
        }
        let (lines, received) = mpsc::channel();
        thread::spawn(move || write(file, &received));
        Ok(Journal { past, lines })
    }

    /// Writes the lines with which a run begins.
    pub(crate) async fn begin(&mut self, header: &Header) -> io::Result<()> {
        if self.past.header.is_none() {
            self.add(Entry::Begun(header.clone()), false).await?;
        }
        let (process, at) = (std::process::id(), Timestamp::now());
        self.add(Entry::Run { process, at }, true).await
    }

    /// Writes an entry and takes it.
    pub(crate) async fn add(&mut self, entry: Entry, flush: bool) -> io::Result<()> {
        self.writer().write(&entry, flush).await?;
        self.past.take(entry);
        Ok(())
    }

    /// What writes entries, for the rows that are sent side by side.
    pub(crate) fn writer(&self) -> Writer {
        Writer(self.lines.clone())
    }
}

/// Writes entries.
#[derive(Clone)]
pub(crate) struct Writer(mpsc::Sender<Line>);

impl Writer {
    /// Writes an entry. With `flush` it returns only when the entry is on the disk.
    pub(crate) async fn write(&self, entry: &Entry, flush: bool) -> io::Result<()> {
        let gone = || io::Error::other("the journal is closed");
        let text = format!("{}\n", serde_json::to_string(entry)?);
        let (written, told) = oneshot::channel();
        self.0.send(Line { text, flush, written }).map_err(|_| gone())?;
        told.await.map_err(|_| gone())?
    }
}

/// Writes the lines as they come. All that wait are written and flushed together, so that many rows side by side cost no more
/// than one. After a failure nothing is written any more, since a half line may be at the end.
fn write(mut file: File, lines: &mpsc::Receiver<Line>) {
    let mut broken: Option<(io::ErrorKind, String)> = None;
    while let Ok(first) = lines.recv() {
        let batch: Vec<_> = std::iter::once(first).chain(lines.try_iter()).collect();
        if broken.is_none() {
            let text: String = batch.iter().map(|line| line.text.as_str()).collect();
            let flush = batch.iter().any(|line| line.flush);
            let written = file.write_all(text.as_bytes());
            let written = written.and_then(|()| if flush { file.sync_data() } else { Ok(()) });
            broken = written.err().map(|error| (error.kind(), error.to_string()));
        }
        for line in batch {
            // A receiver that is gone no longer waits.
            let _ = line.written.send(match &broken {
                None => Ok(()),
                Some((kind, reason)) => Err(io::Error::new(*kind, reason.clone())),
            });
        }
    }
}

/// Makes sure that a new file is found in its folder after a power failure.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder: PathBuf = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.into(),
        _ => ".".into(),
    };
    match cfg!(unix) {
        true => File::open(folder)?.sync_all(),
        // Windows has no way to flush a folder.
        false => Ok(()),
    }
}

/// Removes a journal to which nothing was written.
pub(crate) fn discard(path: &Path) {
    if fs::metadata(path).is_ok_and(|it| it.len() == 0) {
        // It is empty, so it does no harm if it stays.
        let _ = fs::remove_file(path);
    }
}

/// The failure that a line is not one of a journal.
pub(crate) fn damaged(path: &Path, line: usize) -> Failure {
    Failure::Usage(format!(
        "{} is no journal, or is damaged, at line {line}; name another with --journal",
        path.display()
    ))
}

/// Fails unless a journal belongs to what is about to be sent.
pub(crate) fn belongs(of: &Header, to: &Header, past: &Past, path: &Path) -> Result<(), Failure> {
    let path = path.display();
    let done = past
        .states
        .iter()
        .filter(|state| matches!(state, State::Done { .. }))
        .count();
    let reason = if of.version != to.version {
        format!("{path} was written by another version of atera")
    } else if of.operation != to.operation {
        format!("{path} is about {}, not {}", of.operation, to.operation)
    } else if of.service != to.service
        || (of.account.is_some() && to.account.is_some() && of.account != to.account)
    {
        format!("{path} is about another account, at {}", of.service)
    } else if of.content != to.content || of.rows != to.rows {
        format!(
            "the file, or a flag beside it, has changed since {path} was begun, of whose {} rows {done} are done; restore it to go on",
            of.rows
        )
    } else {
        return Ok(());
    };
    Err(Failure::Usage(format!(
        "nothing was sent: {reason}; to send every row of this file, also those that may have been sent already, name another \
         with --journal"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGUN: &str = r#"{"entry":"begun","version":1,"operation":"tickets_create","service":"x","account":null,"content":"c","rows":3}"#;

    #[test]
    fn a_row_that_was_being_sent_is_unknown_until_its_outcome_comes() {
        let sending = r#"{"entry":"sending","row":2,"line":3,"at":"2026-03-02T09:00:00Z"}"#;
        let done = r#"{"entry":"done","row":2,"id":"7"}"#;
        let past = Past::read(&format!("{BEGUN}\n{sending}\n"), 3).expect("a journal");
        assert_eq!(past.states[0], State::Waiting);
        assert!(matches!(past.states[1], State::Unknown { applied: false, .. }));
        assert!(past.last_sent.is_some());
        let past = Past::read(&format!("{BEGUN}\n{sending}\n{done}\n"), 3).expect("a journal");
        assert_eq!(
            past.states[1],
            State::Done {
                id: Some("7".to_string()),
                found: false
            }
        );
    }

    #[test]
    fn a_line_without_its_end_was_never_written() {
        let text = format!("{BEGUN}\n{{\"entry\":\"done\",\"row\":1,");
        let past = Past::read(&text, 3).expect("a journal");
        assert_eq!(past.length as usize, BEGUN.len() + 1);
        assert_eq!(past.states, [State::Waiting, State::Waiting, State::Waiting]);
        assert_eq!(
            Past::read(&format!("{BEGUN}\nnonsense\n"), 3).expect_err("it is damaged"),
            2
        );
    }

    #[test]
    fn a_journal_belongs_to_one_content_operation_and_account() {
        let header = |content: &str, operation: &str, account: Option<i64>| Header {
            version: 1,
            operation: operation.to_string(),
            service: "x".to_string(),
            account: account.map(|id| id.to_string()),
            content: content.to_string(),
            rows: 3,
        };
        let own = header("c", "tickets_create", Some(1));
        let past = Past::default();
        let refused = |other: Header| belongs(&own, &other, &past, Path::new("j")).is_err();
        assert!(!refused(own.clone()) && !refused(header("c", "tickets_create", None)));
        assert!(refused(header("d", "tickets_create", Some(1))));
        assert!(refused(header("c", "tickets_update", Some(1))));
        assert!(refused(header("c", "tickets_create", Some(2))));
    }
}
