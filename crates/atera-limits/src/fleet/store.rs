//! The limit of a fleet: what a call does until it has a slot, and what is reported of it.

use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use atera::limit::{
    Priority, Rate, RateLimit, Reservation, SlotReport, SlotRequest, SlotStore, SlotUse, StoreError,
    StoreFuture,
};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use super::{
    error::RedisStoreError,
    link::{Link, Reply},
};
use crate::{
    ledger::{effective, millis},
    queue::{CallTask, Queue, Turn},
};

/// The first wait before a server that failed is asked again, and the longest.
const RETRY: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];

/// The longest pause that [`Rate::paused_until`] reports, so that the sum with now stays within what the clock can hold.
const LONGEST_PAUSE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long the server has to answer, also to a call without any patience.
const ROUND_TRIP: Duration = Duration::from_secs(2);

/// A rate limit that the programs of many machines share, kept by a Redis or Valkey server.
///
/// Give it to [`ClientBuilder::slot_store`](atera::ClientBuilder::slot_store). Every store with the same server, prefix, salt, key
/// and host takes its slots from the same limit. A clone is the same store.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use atera::{ApiKey, Client, RateLimit};
/// use atera_limits::RedisStore;
///
/// let key = ApiKey::from_env()?;
/// let store = RedisStore::builder("rediss://limits@redis.example")
///     .password_file("/run/secrets/redis")
///     .connect(&key, "app.atera.com", RateLimit::per_minute(700))
///     .await?;
/// let client = Client::builder().api_key(key).slot_store(store.clone()).build()?;
/// client.account().get().await?;
/// store.flush().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RedisStore {
    fleet: Arc<Fleet>,
}

/// The state of a limit, and who holds its slots.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// The state of the limit.
    pub rate: Rate,
    /// The programs that have slots, by name.
    pub holders: Vec<Holder>,
    /// Why nothing is sent, if it is because the server does not know what was sent before.
    pub quarantine: Option<Quarantine>,
}

/// A time in which nothing is sent, because the server does not know what was sent before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quarantine {
    /// When it ends.
    pub until: Instant,
    /// Why that is unknown.
    pub reason: Unknown,
}

/// Why a server does not know what was sent before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unknown {
    /// The server is new to this limit, or was emptied. Programs without it may have sent before.
    New,
    /// The server was restarted, or it is another one than before, as after a failover.
    Restarted,
    /// The server's clock was set back.
    ClockSetBack,
}

impl Unknown {
    fn of(reason: &str) -> Self {
        match reason {
            "new" => Unknown::New,
            "clock" => Unknown::ClockSetBack,
            _ => Unknown::Restarted,
        }
    }
}

/// As the end of a sentence about the server.
impl fmt::Display for Unknown {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Unknown::New => "it is new or was emptied",
            Unknown::Restarted => "it was restarted, or is another server than before",
            Unknown::ClockSetBack => "its clock was set back",
        })
    }
}

/// A program that has slots: of requests in flight, and of requests less than a window ago.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// What it is called, with a random part; see [`RedisStoreBuilder::name`](crate::RedisStoreBuilder::name).
    pub name: String,
    /// How many slots of interactive calls.
    pub interactive: u32,
    /// How many slots of background calls.
    pub background: u32,
}

/// Who runs the script.
#[derive(Debug)]
pub(super) enum Server {
    Link(Box<Link>),
    #[cfg(test)]
    Virtual(super::tests::VirtualServer),
}

/// What the clones of a store, and its reservations, share.
#[derive(Debug)]
pub(super) struct Fleet {
    server: Server,
    /// State, slots by priority, waiting.
    keys: [String; 4],
    /// A name that no other process has.
    holder: String,
    limit: RateLimit,
    lease: Duration,
    patience: Duration,
    local: Mutex<Local>,
    queue: Arc<Queue>,
    /// How often the server could not be reached. A change ends the wait of all calls.
    away: watch::Sender<u64>,
    /// How many reports are on their way.
    reports: watch::Sender<usize>,
}

/// What is known without asking the server.
#[derive(Debug)]
struct Local {
    rate: Rate,
    /// How many calls of this process the server has refused a slot, by priority.
    refused: [usize; 2],
    /// How many calls of other processes are before those of this one.
    before: [usize; 2],
    /// The quarantine that the log has told of. It may be over.
    quarantine: Option<Quarantine>,
    /// The end of a pause that this process was told. The server may not know it yet, or may forget it, so each question tells it.
    pause: Option<Instant>,
}

/// The settings of a store, and what it is for.
pub(super) struct Setup {
    pub(super) server: Server,
    /// What the names of its keys have in common.
    pub(super) key: String,
    pub(super) holder: String,
    pub(super) limit: RateLimit,
    pub(super) lease: Duration,
    pub(super) patience: Duration,
}

impl RedisStore {
    pub(super) fn new(setup: Setup) -> Self {
        let Setup {
            server,
            key,
            holder,
            limit,
            lease,
            patience,
        } = setup;
        // The braces keep all of them on one node of a cluster.
        let keys = ["state", "interactive", "background", "waiting"].map(|part| format!("{{{key}}}:{part}"));
        RedisStore {
            fleet: Arc::new(Fleet {
                server,
                keys,
                holder,
                limit,
                lease,
                patience,
                local: Mutex::new(Local {
                    rate: Rate::new(limit),
                    refused: [0; 2],
                    before: [0; 2],
                    quarantine: None,
                    pause: None,
                }),
                queue: Arc::default(),
                away: watch::Sender::new(0),
                reports: watch::Sender::new(0),
            }),
        }
    }

    /// Asks the server for the state of the limit, and for who holds its slots. [`rate`](SlotStore::rate) has the same state then.
    ///
    /// # Errors
    ///
    /// That the server cannot be reached, or refuses what is asked.
    pub async fn status(&self) -> Result<Status, RedisStoreError> {
        let reply = self.fleet.run("status", vec![]).await?;
        let mut rate = self.rate();
        // Looking changes no limit, so this is the one of those who send.
        rate.limit = self.fleet.limit(reply.requests, reply.window);
        let mut holders: Vec<_> = reply
            .holders
            .into_iter()
            .map(|(name, interactive, background)| Holder {
                name,
                interactive,
                background,
            })
            .collect();
        holders.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Status {
            rate,
            holders,
            quarantine: self.quarantine(),
        })
    }

    /// Asks the server for the state, again and again while it is away.
    pub(super) async fn reach(&self) -> Result<(), RedisStoreError> {
        let fleet = &self.fleet;
        fleet.run_within(fleet.patience, "status", &[]).await.map(drop)
    }

    /// Why nothing is sent, if it is because the server does not know what was sent before; as far as this is known without asking.
    pub fn quarantine(&self) -> Option<Quarantine> {
        let quarantine = self.fleet.local().quarantine;
        quarantine.filter(|quarantine| quarantine.until > now())
    }

    /// Tells the server that nothing was sent with this key in the last window and late allowance, so that it need not be waited out.
    /// If something was sent, the limit may be exceeded: call it only for somebody who knows, as when a fleet starts for the first time.
    ///
    /// Programs that wait already notice it within a second or so.
    ///
    /// # Errors
    ///
    /// That the server cannot be reached, or refuses what is asked.
    pub async fn trust_that_nothing_was_sent(&self) -> Result<(), RedisStoreError> {
        self.fleet.run("trust", vec![]).await?;
        Ok(())
    }

    /// Where the server is, without user and password.
    pub fn address(&self) -> String {
        match &self.fleet.server {
            Server::Link(link) => link.connector.address.to_string(),
            #[cfg(test)]
            Server::Virtual(_) => "test".to_string(),
        }
    }

    /// Waits until the server knows what became of all slots, but no longer than two seconds. A program that ends without this
    /// leaves slots taken that come back late.
    pub async fn flush(&self) {
        const PATIENCE: Duration = Duration::from_secs(2);
        let mut reports = self.fleet.reports.subscribe();
        let _ = timeout(PATIENCE, reports.wait_for(|count| *count == 0)).await;
    }
}

impl Fleet {
    /// The state of this process, poisoned or not: it is changed in single steps.
    fn local(&self) -> MutexGuard<'_, Local> {
        self.local.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the script once, and keeps what it says.
    async fn run(&self, operation: &str, details: Vec<String>) -> Result<Reply, RedisStoreError> {
        let requests = self.limit.requests().map_or(-1, i64::from);
        let kept = self.limit.reserved_for(Priority::Interactive).unwrap_or(0);
        let pause = self.local().pause;
        let paused = pause.map_or(0, |until| millis(until.saturating_duration_since(now())));
        let mut arguments = vec![
            self.holder.clone(),
            requests.to_string(),
            millis(self.limit.window()).to_string(),
            millis(self.limit.allowance()).to_string(),
            kept.to_string(),
            millis(self.lease).to_string(),
            paused.to_string(),
        ];
        arguments.extend(details);
        let reply = match &self.server {
            Server::Link(link) => link.run(&self.keys, operation, &arguments).await?,
            #[cfg(test)]
            Server::Virtual(server) => server.run(&self.keys, operation, &arguments).await?,
        };
        self.remember(&reply);
        Ok(reply)
    }

    /// The same, again and again while the server is away, for this long. The server always has [`ROUND_TRIP`] to answer.
    async fn run_within(
        &self,
        patience: Duration,
        operation: &str,
        details: &[String],
    ) -> Result<Reply, RedisStoreError> {
        let began = now();
        let mut last = None;
        let attempts = async {
            let [mut pause, longest] = RETRY;
            loop {
                let left = || patience.saturating_sub(now() - began);
                match self.run(operation, details.to_vec()).await {
                    Err(error) if error.is_temporary() && !left().is_zero() => last = Some(error),
                    result => return result,
                }
                sleep(pause.min(left())).await;
                pause = (pause * 2).min(longest);
            }
        };
        match timeout(patience.max(ROUND_TRIP), attempts).await {
            Ok(result) => result,
            Err(_) => Err(last.unwrap_or_else(|| {
                RedisStoreError::temporary(
                    "the limit store does not answer; check that it runs, or use the limit of this machine alone",
                )
            })),
        }
    }

    /// The limit of this process with other requests and another window.
    fn limit(&self, requests: Option<u32>, window: Duration) -> RateLimit {
        let limit = match requests {
            Some(requests) => RateLimit::new(requests, window),
            None => RateLimit::off(),
        };
        let limit = limit.late_allowance(self.limit.allowance());
        match self.limit.reserved_for(Priority::Interactive) {
            Some(kept) => limit.kept_for_interactive(kept),
            None => limit,
        }
    }

    /// Keeps what the server says.
    fn remember(&self, reply: &Reply) {
        let now = now();
        let after = |length: Duration| (!length.is_zero()).then(|| now + length.min(LONGEST_PAUSE));
        let mut local = self.local();
        // One that has only looked so far may be the strictest from its first call on.
        let requests = [self.limit.requests(), reply.requests];
        let window = reply.window.max(self.limit.window());
        local.rate.limit = self.limit(requests.into_iter().flatten().min(), window);
        local.rate.in_use = reply.in_use;
        local.rate.paused_until = after(reply.paused);
        local.rate.quarantined_until = after(reply.quarantine);
        local.pause.take_if(|until| *until <= now);
        let Some(until) = after(reply.quarantine) else {
            local.quarantine = None;
            return;
        };
        let reason = Unknown::of(&reply.reason);
        // The same quarantine ends at the same time, but for what the answer took.
        let known = local.quarantine.replace(Quarantine { until, reason });
        if known.is_none_or(|known| until > known.until + Duration::from_secs(5)) {
            tracing::warn!(
                length = ?reply.quarantine,
                "the limit store does not know what was sent before, since {reason}; nothing is sent until that is over"
            );
        }
    }

    /// Asks for a slot, while this many other calls of the priority wait in this process. The slot is given back if the caller is
    /// gone.
    async fn take(
        self: &Arc<Self>,
        priority: Priority,
        patience: Duration,
        others: usize,
    ) -> Result<Result<Unclaimed, Reply>, StoreError> {
        let fleet = self.clone();
        // A slot on its way to a caller that is gone is given back, and `flush` waits for that.
        let counted = Counted::enter(self);
        // A task of its own, because the answer has to be read also if the caller is dropped meanwhile.
        let taking = tokio::spawn(async move {
            let asked = now();
            let details = [letter(priority).to_string(), others.to_string()];
            let reply = fleet.run_within(patience, "take", &details).await?;
            let Some((id, kind)) = reply.slot.clone() else {
                return Ok::<_, RedisStoreError>(Err(reply));
            };
            Ok(Ok(Unclaimed {
                slot: Some(FleetSlot { fleet, id, kind }),
                asked,
                counted: Some(counted),
            }))
        });
        Ok(taking.await??)
    }

    /// Waits for a slot in the order of this process.
    async fn wait_in_turn(
        self: Arc<Self>,
        mut refused: Refused,
        turn: impl Future<Output = Turn>,
        patience: Duration,
        first: Reply,
    ) -> Result<Unclaimed, StoreError> {
        let priority = refused.priority;
        let mut refused_at = now();
        let mut away = self.away.subscribe();
        let lost = *away.borrow_and_update();
        let turn = tokio::select! {
            biased;
            // First, because the call that notices the loss gives up its turn at the same time.
            _ = away.wait_for(|count| *count != lost) => {
                return Err(Box::new(RedisStoreError::temporary(
                    "the limit store was lost while calls waited for it; check that it runs, or use the limit of this \
                     machine alone",
                )));
            }
            turn = turn => turn,
        };
        let mut reply = first;
        loop {
            {
                let mut local = self.local();
                local.before[priority as usize] = reply.before;
                local.rate.next_slot = reply.next_slot.map(|length| now() + length.min(LONGEST_PAUSE));
            }
            sleep(reply.wait.saturating_sub(now() - refused_at)).await;
            let others = self.local().refused[priority as usize] - 1;
            match self.take(priority, patience, others).await {
                Ok(Ok(mut slot)) => {
                    slot.counted = None;
                    self.local().rate.next_slot = None;
                    refused.has_place = false;
                    drop(turn);
                    return Ok(slot);
                }
                Ok(Err(next)) => {
                    refused_at = now();
                    reply = next;
                }
                Err(error) => {
                    // The others may be more patient than a call that gives up early.
                    if patience >= self.patience {
                        self.away.send_modify(|count| *count += 1);
                    }
                    return Err(error);
                }
            }
        }
    }

    /// Asks for a slot, and waits for one behind those that wait already.
    async fn take_in_order(
        self: &Arc<Self>,
        priority: Priority,
        patience: Duration,
    ) -> Result<Unclaimed, StoreError> {
        let others_wait = self.local().refused[priority as usize] > 0;
        let first = match others_wait {
            true => Reply::ask_at_once(),
            false => match self.take(priority, patience, 0).await? {
                Ok(slot) => return Ok(slot),
                Err(reply) => reply,
            },
        };
        let refused = Refused::enter(self, priority);
        let turn = self.queue.line_up(priority).await;
        CallTask::spawn(self.clone().wait_in_turn(refused, turn, patience, first)).await
    }

    /// Reports something as long as a slot is leased, in a task of its own.
    fn report(
        self: &Arc<Self>,
        operation: &'static str,
        details: Vec<String>,
    ) -> impl Future<Output = Result<(), StoreError>> + use<> {
        let fleet = self.clone();
        let counted = Counted::enter(self);
        async move {
            let reporting = tokio::spawn(async move {
                let _counted = counted;
                fleet.run_within(fleet.lease, operation, &details).await.map(drop)
            });
            reporting.await?.map_err(StoreError::from)
        }
    }

    /// Tells the server that no call of this priority waits here any more.
    fn leave(self: &Arc<Self>, priority: Priority) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let leaving = self.report("leave", vec![letter(priority).to_string()]);
            // If this fails, the server gives the place up by itself.
            runtime.spawn(async move { drop(leaving.await) });
        }
    }
}

/// A priority as the script has it.
fn letter(priority: Priority) -> &'static str {
    match priority {
        Priority::Background => "b",
        _ => "i",
    }
}

/// The time by tokio's clock, which tests can stop.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Logs that a report failed.
async fn logged(report: impl Future<Output = Result<(), StoreError>>, failure: &str) {
    if let Err(error) = report.await {
        tracing::warn!(error, "{failure}");
    }
}

/// A report that is on its way, or a slot that no caller has yet.
struct Counted(Arc<Fleet>);

impl Counted {
    fn enter(fleet: &Arc<Fleet>) -> Self {
        fleet.reports.send_modify(|count| *count += 1);
        Counted(fleet.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.reports.send_modify(|count| *count -= 1);
    }
}

/// A call that the server has refused a slot. The last one that goes gives up the place of this process.
struct Refused {
    fleet: Arc<Fleet>,
    priority: Priority,
    /// Whether the server keeps a place: until it gives a slot.
    has_place: bool,
}

impl Refused {
    fn enter(fleet: &Arc<Fleet>, priority: Priority) -> Self {
        fleet.local().refused[priority as usize] += 1;
        Refused {
            fleet: fleet.clone(),
            priority,
            has_place: true,
        }
    }
}

impl Drop for Refused {
    fn drop(&mut self) {
        let is_last = {
            let mut local = self.fleet.local();
            let refused = &mut local.refused[self.priority as usize];
            *refused -= 1;
            *refused == 0
        };
        if is_last && self.has_place {
            self.fleet.leave(self.priority);
        }
    }
}

impl SlotStore for RedisStore {
    fn reserve(&self, request: SlotRequest) -> StoreFuture<Box<dyn Reservation>> {
        let fleet = self.fleet.clone();
        Box::pin(async move {
            let priority = effective(&fleet.limit, request.priority);
            let patience = request.patience.min(fleet.patience);
            let _waiting = fleet.queue.enter(priority, request.id);
            loop {
                let slot = fleet.take_in_order(priority, patience).await?;
                // This program may have been stopped since, or the caller not polled. A slot whose lease is nearly over is
                // given back.
                if now() - slot.asked < fleet.lease / 2 {
                    return Ok(Box::new(slot.claim()) as Box<dyn Reservation>);
                }
            }
        })
    }

    fn pause(&self, length: Duration) -> StoreFuture<()> {
        {
            let mut local = self.fleet.local();
            local.pause = local.pause.max(Some(now() + length.min(LONGEST_PAUSE)));
        }
        // From now on no call of this process gets a slot, so none has to wait until the server knows.
        let telling = self.fleet.report("pause", vec![]);
        Box::pin(async move {
            tokio::spawn(logged(telling, "the limit store was not told of a pause"));
            Ok(())
        })
    }

    fn rate(&self) -> Rate {
        let local = self.fleet.local();
        let now = now();
        let ahead = |time: Option<Instant>| time.filter(|time| *time > now);
        let mut rate = local.rate;
        rate.paused_until = ahead(rate.paused_until.max(local.pause));
        rate.quarantined_until = ahead(rate.quarantined_until);
        rate.next_slot = ahead(rate.next_slot);
        rate.waiting = self.fleet.queue.len();
        rate
    }

    fn ahead(&self, id: u64) -> Option<usize> {
        let of_others = self.fleet.local().before;
        self.fleet.queue.ahead(id, of_others)
    }
}

/// A slot that a call holds. If it is dropped without being completed, it becomes free when its lease ends, which is late
/// enough for a request that was not answered.
struct FleetSlot {
    fleet: Arc<Fleet>,
    id: u64,
    kind: String,
}

impl FleetSlot {
    fn report(self, report: SlotReport) -> impl Future<Output = Result<(), StoreError>> + use<> {
        let slot_use = match report.slot_use {
            SlotUse::Unsent => "unsent",
            SlotUse::Answered => "answered",
            // An unknown use is treated like an unanswered request: the slot comes back later rather than too early.
            _ => "unanswered",
        };
        let requests = report.remaining.map(|remaining| i64::from(remaining.requests));
        let reset = report.remaining.and_then(|remaining| remaining.reset).map(millis);
        let details = vec![
            self.kind,
            self.id.to_string(),
            slot_use.to_string(),
            requests.unwrap_or(-1).to_string(),
            reset.unwrap_or(-1).to_string(),
        ];
        self.fleet.report("finish", details)
    }
}

impl Reservation for FleetSlot {
    fn complete(self: Box<Self>, report: SlotReport) -> StoreFuture<()> {
        let reporting = self.report(report);
        Box::pin(async move {
            // The call does not wait for the server. What fails is logged.
            tokio::spawn(logged(
                reporting,
                "the limit store was not told what became of a slot, which comes back late",
            ));
            Ok(())
        })
    }
}

/// A slot that was taken for a call. If the call was dropped meanwhile, nothing was sent, and the slot is given back.
struct Unclaimed {
    slot: Option<FleetSlot>,
    /// When the server was asked for it.
    asked: Instant,
    /// Until it has arrived.
    counted: Option<Counted>,
}

impl Unclaimed {
    fn claim(mut self) -> FleetSlot {
        self.slot.take().expect("it is claimed once")
    }
}

impl Drop for Unclaimed {
    fn drop(&mut self) {
        if let Some((slot, runtime)) = self.slot.take().zip(tokio::runtime::Handle::try_current().ok()) {
            let reporting = slot.report(SlotUse::Unsent.into());
            // If this fails, the slot becomes free when its lease ends.
            runtime.spawn(async move { drop(reporting.await) });
        }
    }
}
