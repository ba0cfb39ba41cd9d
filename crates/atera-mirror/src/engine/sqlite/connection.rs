//! Connections to the file: one that writes, and those that only read.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags};

use super::convert;
use crate::error::{Error, Result};

/// Without `SQLITE_OPEN_URI`, since a file may be called `file:x?mode=rw`.
const FLAGS: OpenFlags = OpenFlags::SQLITE_OPEN_NO_MUTEX.union(OpenFlags::SQLITE_OPEN_NOFOLLOW);

/// A connection that writes. Readers go on while it does.
pub(super) fn writing(path: &Path) -> Result<Connection> {
    let open = || {
        let connection = Connection::open_with_flags(path, FLAGS | OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.busy_timeout(BUSY)?;
        // The size of pages is that of new files. A table that gets another name takes no view with it, since one of the user may
        // not be valid. With `NORMAL` a commit survives the end of the process, and the file stays whole if the machine loses power.
        connection.execute_batch(&format!(
            "PRAGMA page_size = {PAGE}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; \
             PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = {}; PRAGMA cache_size = -16000; \
             PRAGMA legacy_alter_table = ON;",
            CHECKPOINT / PAGE
        ))?;
        connection.set_prepared_statement_cache_capacity(256);
        Ok(connection)
    };
    open().map_err(|error| convert::failed(&error))
}

/// The bytes of a page. A record with its columns takes 1 to 4 kB; in pages of 4 kB, two fifths of the file would be empty.
const PAGE: u32 = 16 << 10;

/// After how many bytes in the log their pages are written into the file. A page that changes often meanwhile is written once.
const CHECKPOINT: u32 = 32 << 20;

/// A connection that cannot write.
pub(super) fn reading(path: &Path) -> Result<Connection> {
    if !path.exists() {
        return Err(Error::config(format!(
            "there is no mirror in {}: the file does not exist; sync first",
            path.display()
        )));
    }
    let open = || {
        let connection = Connection::open_with_flags(path, FLAGS | OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(BUSY)?;
        connection.execute_batch(&format!("PRAGMA query_only = ON; PRAGMA mmap_size = {MAPPED};"))?;
        Ok(connection)
    };
    open().map_err(|error| convert::failed(&error))
}

/// How much of the file a reader maps into its memory: as much as SQLite allows. A row with its record fills most of a page, so a
/// query over a list goes through many; without the map each of them is copied, which takes twice the processor time.
const MAPPED: u64 = 0x7fff_0000;

/// How long to wait for a moment in which another connection needs the whole file.
const BUSY: Duration = Duration::from_secs(10);
