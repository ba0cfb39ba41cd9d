//! A rate limit in a file.
//!
//! Each change reads the file, changes its [`Ledger`] and replaces the file, all under a lock. The operating system releases
//! the lock when its holder dies, and the replacement is a rename, so a killed process leaves a readable file behind. The
//! slots it held become free later than they would have.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use atera::{
    ApiKey, Timestamp,
    limit::{
        Priority, Rate, RateLimit, Reservation, SlotReport, SlotRequest, SlotStore, SlotUse, StoreError,
        StoreFuture,
    },
};
use fd_lock::RwLock;
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

use crate::{
    ledger::{LEASE, Ledger, effective},
    queue::{CallTask, Queue, Turn},
};

/// The longest wait before the file is read again: another process may have given slots back early.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// The longest pause that [`Rate::paused_until`] reports, so that the sum with now stays within what the clock can hold.
const LONGEST_PAUSE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A rate limit that all processes of one machine share, kept in a file.
///
/// Give it to [`ClientBuilder::slot_store`](atera::ClientBuilder::slot_store). Every process that opens a store with the same
/// folder, key and host takes its slots from the same file. A clone is the same store.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use atera::{ApiKey, Client, RateLimit};
/// use atera_limits::FileStore;
///
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// let key = ApiKey::new("0123456789abcdef0123456789abcdef")?;
/// let store = FileStore::open(folder, &key, "app.atera.com", RateLimit::per_minute(700))?;
/// let client = Client::builder().api_key(key).slot_store(store).build()?;
/// assert_eq!(client.rate().in_use, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FileStore {
    shared: Arc<LimitFile>,
}

/// What the clones of a store, and its reservations, share.
#[derive(Debug)]
struct LimitFile {
    /// The file with the ledger.
    path: PathBuf,
    /// The file that is locked. It is another one, because the ledger's file is replaced with each change.
    lock_path: PathBuf,
    limit: RateLimit,
    /// The state of the limit when the file was last read.
    rate: Mutex<Rate>,
    queue: Arc<Queue>,
    clock: Clock,
}

/// Where the time of the file comes from.
#[derive(Clone, Copy, Debug)]
enum Clock {
    System,
    /// The clock of tokio, which tests can stop, in milliseconds after a point in time.
    #[cfg(test)]
    Virtual(Instant),
}

impl Clock {
    /// Milliseconds since 1970.
    fn now(self) -> i64 {
        match self {
            Clock::System => Timestamp::now().to_utc().timestamp_millis(),
            #[cfg(test)]
            Clock::Virtual(start) => {
                let millis = i64::try_from((now() - start).as_millis());
                1_772_442_000_000 + millis.expect("a short test")
            }
        }
    }
}

impl FileStore {
    /// Opens the store for requests with this key to this host, and creates the folder and the file if they are missing.
    ///
    /// The name of the file is a hash of key and host; neither is stored. `limit` is this process's own: processes may
    /// have different ones. Each keeps its own number of requests, and the longer window of the two holds for a slot.
    ///
    /// # Errors
    ///
    /// Whatever the operating system reports, if the folder cannot be created or the file cannot be written.
    pub fn open(folder: &Path, key: &ApiKey, host: &str, limit: RateLimit) -> io::Result<Self> {
        FileStore::with_clock(folder, key, host, limit, Clock::System)
    }

    fn with_clock(
        folder: &Path,
        key: &ApiKey,
        host: &str,
        limit: RateLimit,
        clock: Clock,
    ) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let hash = Sha256::new()
            .chain_update(key.expose_secret())
            .chain_update([0])
            .chain_update(host)
            .finalize();
        let name: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let store = FileStore {
            shared: Arc::new(LimitFile {
                path: folder.join(format!("{name}.json")),
                lock_path: folder.join(format!("{name}.lock")),
                limit,
                rate: Mutex::new(Rate::new(limit)),
                queue: Arc::default(),
                clock,
            }),
        };
        store.shared.change(|_, _| ())?;
        Ok(store)
    }
}

impl LimitFile {
    /// Changes the ledger in the file while no other process does. `change` gets the ledger and the time.
    fn change<T>(&self, change: impl FnOnce(&mut Ledger, i64) -> T) -> io::Result<T> {
        let mut lock = RwLock::new(File::options().create(true).append(true).open(&self.lock_path)?);
        let _guard = lock.write()?;
        let now = self.clock.now();
        let mut ledger = match fs::read(&self.path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).unwrap_or_else(|_| Ledger::unreadable(now, &self.limit))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ledger::default(),
            Err(error) => return Err(error),
        };
        let result = change(&mut ledger, now);
        let new = self.path.with_extension("new");
        fs::write(&new, serde_json::to_vec(&ledger)?)?;
        fs::rename(&new, &self.path)?;
        self.remember(&ledger);
        Ok(result)
    }

    /// The state of the limit, poisoned or not: it is replaced in single steps.
    fn rate(&self) -> MutexGuard<'_, Rate> {
        self.rate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a slot in the turn of the call.
    async fn take(
        self: Arc<Self>,
        turn: impl Future<Output = Turn>,
        priority: Priority,
    ) -> Result<Unclaimed, StoreError> {
        let _turn = turn.await;
        loop {
            let file = self.clone();
            let taken = spawn_blocking(move || {
                let taken = file.change(|ledger, now| {
                    let until = |at| Duration::from_millis(u64::try_from(at - now).unwrap_or_default());
                    let taken = ledger.take(now, &file.limit, priority);
                    let taken = taken.map(|id| (id, now));
                    taken.map_err(|at| (until(at), ledger.next_slot(&file.limit, priority).map(until)))
                })?;
                let taken = taken.map(|(id, taken)| Unclaimed {
                    shared: file.clone(),
                    id: Some(id),
                    taken,
                });
                Ok::<_, io::Error>(taken)
            });
            match taken.await?? {
                Ok(slot) => {
                    self.rate().next_slot = None;
                    return Ok(slot);
                }
                Err((wait, next)) => {
                    self.rate().next_slot = next.map(|length| now() + length);
                    tokio::time::sleep(wait.min(LONGEST_WAIT)).await;
                }
            }
        }
    }

    /// Keeps the state of the limit for [`SlotStore::rate`], which must not read the file.
    fn remember(&self, ledger: &Ledger) {
        let mut rate = self.rate();
        rate.in_use = u32::try_from(ledger.in_use()).unwrap_or(u32::MAX);
        let after = |length: Duration| now() + length.min(LONGEST_PAUSE);
        rate.paused_until = ledger.paused_for().map(after);
        rate.quarantined_until = ledger.quarantined_for().map(after);
    }
}

/// The time by tokio's clock, which tests can stop.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

impl SlotStore for FileStore {
    fn reserve(&self, request: SlotRequest) -> StoreFuture<Box<dyn Reservation>> {
        let shared = self.shared.clone();
        Box::pin(async move {
            let priority = effective(&shared.limit, request.priority);
            let _waiting = shared.queue.enter(priority, request.id);
            loop {
                let turn = shared.queue.line_up(priority).await;
                let slot = CallTask::spawn(shared.clone().take(turn, priority)).await?;
                // The caller may not have been polled since, or the machine slept. A slot whose lease is nearly over is given back.
                if shared.clock.now() - slot.taken < LEASE / 2 {
                    return Ok(Box::new(slot.claim()) as Box<dyn Reservation>);
                }
                spawn_blocking(move || drop(slot)).await?;
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
        let mut rate = *self.shared.rate();
        let now = now();
        let ahead = |time: Option<Instant>| time.filter(|time| *time > now);
        rate.paused_until = ahead(rate.paused_until);
        rate.quarantined_until = ahead(rate.quarantined_until);
        rate.next_slot = ahead(rate.next_slot);
        rate.waiting = self.shared.queue.len();
        rate
    }

    fn ahead(&self, id: u64) -> Option<usize> {
        self.shared.queue.ahead(id, [0; 2])
    }
}

/// A slot that a thread has taken for a call. If the call was dropped meanwhile, nothing was sent, and the slot is given
/// back.
struct Unclaimed {
    shared: Arc<LimitFile>,
    id: Option<u64>,
    /// When it was taken, by the clock of the file.
    taken: i64,
}

impl Unclaimed {
    /// The slot as the call holds it.
    fn claim(mut self) -> FileSlot {
        FileSlot {
            shared: self.shared.clone(),
            id: self.id.take(),
        }
    }
}

impl Drop for Unclaimed {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            let limit = self.shared.limit;
            // If this fails, the slot becomes free when its lease ends.
            let _ = self
                .shared
                .change(|ledger, now| ledger.finish(now, &limit, id, SlotUse::Unsent.into()));
        }
    }
}

/// A slot that a call holds. If it is dropped without being completed, it becomes free when its lease ends, which is late
/// enough for a request that was not answered.
struct FileSlot {
    shared: Arc<LimitFile>,
    id: Option<u64>,
}

impl Reservation for FileSlot {
    fn complete(self: Box<Self>, report: SlotReport) -> StoreFuture<()> {
        Box::pin(async move {
            let Some(id) = self.id else { return Ok(()) };
            let limit = self.shared.limit;
            let done = spawn_blocking(move || {
                self.shared
                    .change(|ledger, now| ledger.finish(now, &limit, id, report))
            });
            done.await?.map_err(StoreError::from)
        })
    }
}

#[cfg(test)]
mod tests {
    use atera::ClientBuilder;
    use atera_testkit::limits::Fleet;

    use super::*;

    fn open(folder: &Path, key: &str, limit: RateLimit) -> io::Result<FileStore> {
        FileStore::open(folder, &ApiKey::new(key).expect("a key"), "host", limit)
    }

    fn store(folder: &Path, requests: u32) -> FileStore {
        open(folder, "key", RateLimit::per_minute(requests)).expect("a store")
    }

    async fn reserve(store: &FileStore) -> Box<dyn Reservation> {
        let reserved = store.reserve(SlotRequest::new(Priority::Interactive)).await;
        reserved.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Stores of the same file, each as in a process of its own.
    struct Machine {
        folder: tempfile::TempDir,
        limit: RateLimit,
        clock: Clock,
    }

    impl Machine {
        fn store(&self) -> FileStore {
            let key = ApiKey::new("key").expect("a key");
            let store = FileStore::with_clock(self.folder.path(), &key, "host", self.limit, self.clock);
            store.expect("a store")
        }
    }

    impl Fleet for Machine {
        fn new(limit: RateLimit) -> Self {
            Machine {
                folder: tempfile::tempdir().expect("a folder"),
                limit,
                clock: Clock::Virtual(now()),
            }
        }

        fn join(&self, builder: ClientBuilder) -> ClientBuilder {
            builder.slot_store(self.store())
        }
    }

    atera_testkit::limit_properties!(Machine);

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
        let other = open(folder.path(), "other", RateLimit::default()).expect("a store");
        assert_eq!(seen(&other), 0);
        for slot in slots {
            slot.complete(SlotUse::Unsent.into()).await.expect("a file");
        }
        assert_eq!(seen(&two), 0);
    }

    #[tokio::test]
    async fn a_call_that_is_gone_leaves_no_slot_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = store(folder.path(), 3);
        // One is dropped before it begins, one after.
        drop(store.reserve(SlotRequest::new(Priority::Interactive)));
        let mut begun = store.reserve(SlotRequest::new(Priority::Interactive));
        // While another holds the lock of the file, the call cannot be done.
        let file = File::options().append(true).open(&store.shared.lock_path);
        let mut lock = RwLock::new(file.expect("a file"));
        let held = lock.write().expect("a lock");
        tokio::select! {
            biased;
            _ = &mut begun => panic!("the call did not wait for its task"),
            () = std::future::ready(()) => {}
        }
        // Now it waits for the lock.
        tokio::task::yield_now().await;
        drop(begun);
        drop(held);
        for _ in 0..3 {
            // The dropped call gives its slot back before the next call is served; otherwise only two of three would get one.
            drop(reserve(&store).await);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_store_knows_the_next_slot_while_a_call_waits() {
        let machine = Machine::new(RateLimit::per_minute(1));
        let store = machine.store();
        let slot = reserve(&store).await;
        slot.complete(SlotUse::Answered.into()).await.expect("a file");
        assert_eq!(store.rate().next_slot, None, "none waits");
        let mut waiting = store.reserve(SlotRequest::new(Priority::Interactive));
        while store.rate().next_slot.is_none() {
            tokio::select! {
                biased;
                _ = &mut waiting => panic!("there is one slot"),
                () = tokio::task::yield_now() => {}
            }
        }
        let left = store.rate().next_slot.expect("a time") - now();
        assert_eq!(left.as_millis(), 60_100);
    }

    #[test]
    fn a_file_that_is_damaged_lets_nothing_through_for_a_window() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = store(folder.path(), 3);
        fs::write(&store.shared.path, b"{").expect("a file");
        let limit = store.shared.limit;
        let take = store
            .shared
            .change(|ledger, now| ledger.take(now, &limit, Priority::Interactive).is_err());
        assert!(take.expect("a file"));
        let rate = store.rate();
        assert!(
            rate.quarantined_until.is_some() && rate.paused_until.is_none(),
            "{rate:?}"
        );
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
        assert!(open(&file.path().join("sub"), "key", RateLimit::default()).is_err());
    }
}
