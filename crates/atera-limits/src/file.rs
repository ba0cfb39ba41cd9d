//! A limit that all processes of one machine share, kept in a file.
//!
//! The file is read, changed and replaced under a lock that the system gives back when its holder dies, and it is
//! replaced at once or not at all. So a process that is killed leaves nothing behind but slots that come back later than
//! they would have.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use fd_lock::RwLock;
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

use super::{
    Priority, Rate, RateLimit, Reservation, SlotStore, SlotUse, StoreError, StoreFuture, after,
    ledger::Ledger,
};
use crate::clock;

/// How long to wait at most before the file is looked at again: another process may have given slots back.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// A limit that is kept in a file.
#[derive(Clone, Debug)]
pub(crate) struct FileStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: PathBuf,
    lock: PathBuf,
    limit: RateLimit,
    /// What the file said last.
    rate: Mutex<Rate>,
    /// Whoever waits for a slot first has it first; the file is looked at by one call at a time.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl FileStore {
    /// The limit of the requests with this key to this host, in a file of this folder.
    ///
    /// # Errors
    ///
    /// If the folder cannot be made, or the file not be written.
    pub(crate) fn open(folder: &Path, key: &str, host: &str, limit: RateLimit) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        // The name tells nothing of the key.
        let name = Sha256::new()
            .chain_update(key)
            .chain_update([0])
            .chain_update(host)
            .finalize();
        let name: String = name.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let store = FileStore {
            shared: Arc::new(Shared {
                state: folder.join(format!("{name}.json")),
                lock: folder.join(format!("{name}.lock")),
                limit,
                rate: Mutex::new(Rate::new(limit)),
                turn: Arc::default(),
            }),
        };
        store.shared.change(|_, _| ())?;
        Ok(store)
    }
}

impl Shared {
    /// Changes what is in the file, while nobody else does.
    fn change<T>(&self, change: impl FnOnce(&mut Ledger, i64) -> T) -> io::Result<T> {
        let mut lock = RwLock::new(File::options().create(true).append(true).open(&self.lock)?);
        let _held = lock.write()?;
        let now = clock::utc().timestamp_millis();
        let mut ledger = match fs::read(&self.state) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|_| Ledger::unknown(now, &self.limit)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ledger::default(),
            Err(error) => return Err(error),
        };
        let result = change(&mut ledger, now);
        let new = self.state.with_extension("new");
        fs::write(&new, serde_json::to_vec(&ledger)?)?;
        fs::rename(&new, &self.state)?;
        self.saw(&ledger);
        Ok(result)
    }

    fn saw(&self, ledger: &Ledger) {
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        rate.in_use = u32::try_from(ledger.in_use()).unwrap_or(u32::MAX);
        rate.paused_until = ledger.paused_for().map(|length| after(clock::now(), length));
    }
}

impl SlotStore for FileStore {
    fn reserve(&self, priority: Priority) -> StoreFuture<Box<dyn Reservation>> {
        let shared = self.shared.clone();
        Box::pin(async move {
            let turn = shared.turn.clone().lock_owned().await;
            loop {
                let store = shared.clone();
                let taken = spawn_blocking(move || {
                    let taken = store.change(|ledger, now| {
                        let taken = ledger.take(now, &store.limit, priority);
                        taken.map_err(|at| Duration::from_millis(u64::try_from(at - now).unwrap_or_default()))
                    })?;
                    let taken = taken.map(|id| Taken {
                        shared: store.clone(),
                        id: Some(id),
                    });
                    Ok::<_, io::Error>(taken)
                });
                match taken.await?? {
                    Ok(taken) => {
                        drop(turn);
                        return Ok(Box::new(taken.handed_over()) as Box<dyn Reservation>);
                    }
                    Err(wait) => clock::sleep_until(after(clock::now(), wait.min(LONGEST_WAIT))).await,
                }
            }
        })
    }

    fn pause(&self, length: Duration) -> StoreFuture<()> {
        let shared = self.shared.clone();
        Box::pin(async move {
            spawn_blocking(move || shared.change(|ledger, now| ledger.pause(now, length))).await??;
            Ok(())
        })
    }

    fn rate(&self) -> Rate {
        let mut rate = *self.shared.rate.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::now();
        rate.paused_until = rate.paused_until.filter(|until| *until > now);
        rate
    }
}

/// A slot that nobody has fetched yet. If the call is gone by then, nothing was sent.
struct Taken {
    shared: Arc<Shared>,
    id: Option<u64>,
}

impl Taken {
    fn handed_over(mut self) -> FileSlot {
        FileSlot {
            shared: self.shared.clone(),
            id: self.id.take(),
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            let limit = self.shared.limit;
            // If it cannot be given back, it comes back after its lease.
            let _ = self
                .shared
                .change(|ledger, now| ledger.finish(now, &limit, id, SlotUse::Unsent));
        }
    }
}

/// A slot of the file. Dropped, it comes back after its lease, which is late enough for a request that was not answered.
struct FileSlot {
    shared: Arc<Shared>,
    id: Option<u64>,
}

impl Reservation for FileSlot {
    fn complete(self: Box<Self>, slot_use: SlotUse) -> StoreFuture<()> {
        Box::pin(async move {
            let Some(id) = self.id else { return Ok(()) };
            let limit = self.shared.limit;
            let done = spawn_blocking(move || {
                self.shared
                    .change(|ledger, now| ledger.finish(now, &limit, id, slot_use))
            });
            done.await?.map_err(StoreError::from)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(folder: &Path, requests: u32) -> FileStore {
        FileStore::open(folder, "key", "host", RateLimit::per_minute(requests)).expect("a store")
    }

    async fn reserve(store: &FileStore) -> Box<dyn Reservation> {
        let reserved = store.reserve(Priority::Interactive).await;
        reserved.unwrap_or_else(|error| panic!("{error}"))
    }

    #[tokio::test]
    async fn stores_of_the_same_key_share_their_slots_and_others_do_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, two) = (store(folder.path(), 3), store(folder.path(), 3));
        let slots = [reserve(&one).await, reserve(&two).await, reserve(&one).await];
        let seen = |store: &FileStore| {
            store.shared.change(|_, _| ()).expect("a file");
            store.rate().in_use
        };
        assert_eq!((seen(&one), seen(&two)), (3, 3));
        let other = FileStore::open(folder.path(), "other", "host", RateLimit::default()).expect("a store");
        assert_eq!(seen(&other), 0);
        for slot in slots {
            slot.complete(SlotUse::Unsent).await.expect("a file");
        }
        assert_eq!(seen(&two), 0);
    }

    #[tokio::test]
    async fn a_call_that_is_gone_leaves_no_slot_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = store(folder.path(), 3);
        // Dropped before and after it began.
        drop(store.reserve(Priority::Interactive));
        let mut begun = store.reserve(Priority::Interactive);
        tokio::select! {
            biased;
            _ = &mut begun => panic!("no file is that fast"),
            () = std::future::ready(()) => {}
        }
        drop(begun);
        for _ in 0..3 {
            // What was dropped gives its slot back before the next is served, or no one would have all three.
            drop(reserve(&store).await);
        }
    }

    #[test]
    fn a_file_that_is_damaged_lets_nothing_through_for_a_window() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = store(folder.path(), 3);
        fs::write(&store.shared.state, b"{").expect("a file");
        let limit = store.shared.limit;
        let take = store
            .shared
            .change(|ledger, now| ledger.take(now, &limit, Priority::Interactive).is_err());
        assert!(take.expect("a file"));
    }

    #[test]
    fn the_key_is_not_in_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        store(folder.path(), 3);
        for entry in fs::read_dir(folder.path()).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            assert!(!name.contains("key"), "{name}");
            assert!(
                !fs::read_to_string(&path).expect("text").contains("key"),
                "{name}"
            );
        }
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_told() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        assert!(FileStore::open(&file.path().join("sub"), "key", "host", RateLimit::default()).is_err());
    }
}
