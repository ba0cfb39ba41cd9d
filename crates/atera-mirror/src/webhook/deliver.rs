//! Sends changes to a receiver, and shows and changes what is not delivered.

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use atera::Timestamp;
use futures_util::{StreamExt, stream};

use super::{
    backoff::{ceiling, full_jitter},
    options::{DeliveryFailure, Webhook},
    outbox::{DeadLetter, Message, Outbox, WebhookStatus, later},
    sender::{Outcome, Sender},
};
use crate::{
    error::{Error, ErrorKind, Result},
    mirror::{Change, Mirror},
};

/// How many changes are taken from the log at a time.
const PAGE: u32 = 500;

/// How many changes wait in the outbox before no more are taken. The others stay in the log.
const WINDOW: u64 = 10_000;

/// How many changes are looked up to be sent.
const BATCH: u32 = 200;

/// How many changes, of as many records, are on their way at once.
const AT_ONCE: usize = 8;

/// The longest pause between two attempts of one change.
const LONGEST_DELAY: Duration = Duration::from_secs(6 * 3600);

/// The longest pause while a receiver cannot be reached or is busy.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);

/// What came of one [`Mirror::deliver`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// How many changes the receiver has taken.
    pub delivered: u64,
    /// How many attempts failed.
    pub failed: u64,
    /// Why the last attempt that failed did so.
    pub reason: Option<String>,
    /// Whether that was because the receiver cannot be reached or is busy.
    pub is_unreachable: bool,
    /// How many changes wait for another attempt, or until the receiver can be reached.
    pub waiting: u64,
    /// How many dead letters there are, also those of earlier times.
    pub dead: u64,
    /// How many changes wait for a dead letter of the same record.
    pub blocked: u64,
    /// When the next attempt is due. None if nothing waits.
    pub next: Option<Timestamp>,
}

impl Mirror {
    /// Sends the changes that a receiver does not have yet, and those whose time for another attempt has come. It ends when there
    /// are none, and does not wait for later attempts: call it again, at the latest at [`next`](Delivery::next).
    ///
    /// The receiver gets each change at least once, and those of one record in their order; a change is sent when the receiver has
    /// answered the one before with a status of 200 to 299. It is a POST as Standard Webhooks says: `{"type": "tickets.update",
    /// "timestamp": …, "data": …}`, where `data` is [`Change::to_json`], and `webhook-id` is the cursor of the change. What was
    /// delivered is kept in the database, by the name of the webhook, so that the program can be ended at any point. A sync can
    /// run meanwhile.
    ///
    /// A change that fails is sent again after a pause, and others meanwhile. While the receiver cannot be reached, or answers 429,
    /// 502, 503 or 504, all of them wait. A change that fails for longer than [`give_up_after`](Webhook::give_up_after) is a
    /// [dead letter](Mirror::dead_letters), but for a pause that the receiver has asked for, which one more attempt follows; later changes of its record wait for it, and no others.
    ///
    /// Between two deliveries another program may send; [`sender`](Mirror::sender) keeps others away.
    ///
    /// ```no_run
    /// use atera_mirror::{Mirror, Webhook, WebhookSecret};
    ///
    /// # async fn example() -> atera_mirror::Result<()> {
    /// let mirror = Mirror::file("mirror.db".as_ref()).await?;
    /// let secrets = WebhookSecret::from_file("crm.secret")?;
    /// let webhook = Webhook::new("https://crm.example.com/hooks/atera", secrets)?
    ///     .after(mirror.latest_change().await?);
    /// let delivery = mirror.deliver(&webhook).await?;
    /// println!("{} delivered, {} wait", delivery.delivered, delivery.waiting);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `Busy` if another program sends for this webhook. `Cursor` if the mirror does not have the place where the webhook is, since
    /// it was made anew or restored. `Gone` if the receiver answered 410: it wants no more. `Config` if its name leads into a network
    /// that is not allowed, if it is not [known](Webhook::known) although it should be, or there is no mirror yet. And whatever the database fails with. Then nothing is lost.
    pub async fn deliver(&self, webhook: &Webhook) -> Result<Delivery> {
        self.sender().deliver(webhook).await
    }

    /// One that delivers again and again, and meanwhile is the only one that sends for its webhook.
    ///
    /// ```no_run
    /// use atera_mirror::{Mirror, Webhook};
    ///
    /// # async fn example(mirror: Mirror, webhook: Webhook) -> atera_mirror::Result<()> {
    /// let mut sender = mirror.sender();
    /// loop {
    ///     println!("{} delivered", sender.deliver(&webhook).await?.delivered);
    ///     tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    /// }
    /// # }
    /// ```
    pub fn sender(&self) -> WebhookSender<'_> {
        WebhookSender {
            mirror: self,
            held: None,
        }
    }

    /// Delivers with the outbox that is held, if it is that of the webhook and of the database, and holds it afterwards.
    async fn deliver_with(&self, webhook: &Webhook, held: &mut Option<Held>) -> Result<Delivery> {
        let sender = Sender::new(webhook)?;
        let lists: Vec<_> = webhook.only.iter().map(String::as_str).collect();
        let name = webhook.known_as();
        // A place that the mirror does not have is found before anything is written.
        let known = match Outbox::find(self.engine()).await? {
            Some(mut outbox) => outbox.webhook(name).await?,
            None => None,
        };
        let begin = known.as_ref().map_or(webhook.after, |known| known.cursor);
        let placed = |error: Error| match error.kind() {
            ErrorKind::Cursor => Error::new(
                ErrorKind::Cursor,
                format!("the webhook {name} {error}, after the webhook was removed"),
            ),
            _ => error,
        };
        self.changes(begin, &lists, 1).await.map_err(placed)?;
        let mut outbox = match still_held(held.take(), name, known.as_ref()).await {
            Some(outbox) => outbox,
            None => Outbox::for_sender(self.engine(), name).await?,
        };
        if !webhook.is_known {
            outbox
                .keep(name, &webhook.receiver(), &webhook.only, begin, Timestamp::now())
                .await?;
        }
        let Some(state) = outbox.webhook(name).await? else {
            return Err(Error::config(format!(
                "the webhook {name} was removed; start it again"
            )));
        };
        let mut run = Run {
            webhook,
            name,
            sender,
            failures: state.failures,
            paused_until: state.paused_until,
            delivery: Delivery::default(),
            outbox,
        };
        let (mut cursor, mut has_more) = (state.cursor, true);
        loop {
            let mut has_taken = false;
            if has_more && run.outbox.counts(name).await?.0 < WINDOW {
                let page = self.changes(cursor, &lists, PAGE).await.map_err(placed)?;
                let messages = page.changes.iter().map(message).collect();
                run.outbox.take(name, messages, page.cursor).await?;
                (cursor, has_more, has_taken) = (page.cursor, page.has_more, true);
            }
            if !run.send().await? && !has_taken {
                break;
            }
        }
        let (delivery, outbox) = run.end().await?;
        *held = Some(Held {
            name: name.to_string(),
            outbox,
        });
        Ok(delivery)
    }

    /// The webhooks that the mirror knows, by name, and how far they are.
    ///
    /// # Errors
    ///
    /// Whatever the database fails with.
    pub async fn webhooks(&self) -> Result<Vec<WebhookStatus>> {
        match Outbox::find(self.engine()).await? {
            Some(mut outbox) => outbox.webhooks().await,
            None => Ok(Vec::new()),
        }
    }

    /// The changes that could not be delivered and are not tried any more, of a webhook or of all.
    ///
    /// # Errors
    ///
    /// `Config` if there is no such webhook, and whatever the database fails with.
    pub async fn dead_letters(&self, webhook: Option<&str>) -> Result<Vec<DeadLetter>> {
        if let Some(name) = webhook {
            return self.outbox_with(name).await?.dead_letters(name).await;
        }
        let mut dead = Vec::new();
        if let Some(mut outbox) = Outbox::find(self.engine()).await? {
            for webhook in outbox.webhooks().await? {
                dead.extend(outbox.dead_letters(&webhook.name).await?);
            }
        }
        Ok(dead)
    }

    /// Makes dead letters of a webhook be sent again by the next [`deliver`](Mirror::deliver), as if they had never been tried: those
    /// with these cursors, or all. Returns how many.
    ///
    /// # Errors
    ///
    /// `Config` if there is no such webhook, or one of the cursors is none of a dead letter; then nothing is changed.
    pub async fn redeliver(&self, webhook: &str, cursors: Option<&[crate::Cursor]>) -> Result<u64> {
        self.outbox_with(webhook).await?.redeliver(webhook, cursors).await
    }

    /// Drops dead letters of a webhook: those with these cursors, or all. Its receiver never gets them, and gets the later changes
    /// of their records. Returns how many.
    ///
    /// # Errors
    ///
    /// `Config` if there is no such webhook, or one of the cursors is none of a dead letter; then nothing is changed.
    pub async fn discard(&self, webhook: &str, cursors: Option<&[crate::Cursor]>) -> Result<u64> {
        self.outbox_with(webhook).await?.discard(webhook, cursors).await
    }

    /// Forgets a webhook, and all that its receiver does not have.
    ///
    /// # Errors
    ///
    /// `Config` if there is no such webhook.
    pub async fn remove_webhook(&self, webhook: &str) -> Result<()> {
        self.outbox_with(webhook).await?.remove(webhook).await
    }

    /// The outbox, if it knows this webhook.
    async fn outbox_with(&self, name: &str) -> Result<Outbox> {
        let mut known = Vec::new();
        if let Some(mut outbox) = Outbox::find(self.engine()).await? {
            known = outbox.webhooks().await?;
            if known.iter().any(|webhook| webhook.name == name) {
                return Ok(outbox);
            }
        }
        let names: Vec<_> = known.into_iter().map(|webhook| webhook.name).collect();
        let names = match names.is_empty() {
            true => "there are none yet".to_string(),
            false => format!("there are {}", names.join(", ")),
        };
        Err(Error::config(format!("there is no webhook `{name}`: {names}")))
    }
}

/// Delivers the changes of a mirror again and again. From its first delivery on no other one sends for the webhook, until it is
/// dropped. A delivery that fails lets go of the webhook, and the next one takes it again. See [`Mirror::sender`].
pub struct WebhookSender<'a> {
    mirror: &'a Mirror,
    held: Option<Held>,
}

impl WebhookSender<'_> {
    /// As [`Mirror::deliver`], with the same webhook each time.
    ///
    /// # Errors
    ///
    /// As of [`Mirror::deliver`].
    pub async fn deliver(&mut self, webhook: &Webhook) -> Result<Delivery> {
        self.mirror.deliver_with(webhook, &mut self.held).await
    }
}

impl fmt::Debug for WebhookSender<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let holds = self.held.as_ref().map(|held| &held.name);
        out.debug_struct("WebhookSender")
            .field("holds", &holds)
            .finish_non_exhaustive()
    }
}

/// The outbox with the lock of a webhook.
struct Held {
    name: String,
    outbox: Outbox,
}

/// The outbox that is held, if it still is the one that others see: not if the connection broke, or its file was replaced.
async fn still_held(held: Option<Held>, name: &str, seen: Option<&WebhookStatus>) -> Option<Outbox> {
    let mut held = held.filter(|held| held.name == name)?;
    let own = held.outbox.webhook(name).await.ok()??;
    let is_same = seen.is_some_and(|seen| (seen.cursor, seen.since) == (own.cursor, own.since));
    is_same.then_some(held.outbox)
}

/// One delivery.
struct Run<'a> {
    webhook: &'a Webhook,
    name: &'a str,
    sender: Sender,
    outbox: Outbox,
    /// How often in a row the receiver could not be reached, or was busy.
    failures: u32,
    paused_until: Option<Timestamp>,
    delivery: Delivery,
}

impl Run<'_> {
    /// Sends some of the changes that are due. Returns whether there were any.
    async fn send(&mut self) -> Result<bool> {
        let now = Timestamp::now();
        if self.paused_until.is_some_and(|until| until > now) {
            return Ok(false);
        }
        // After a failure of the receiver, one change finds out whether it is well again.
        let limit = if self.failures > 0 { 1 } else { BATCH };
        let batch = self.outbox.due(self.name, now, limit).await?;
        let is_any = !batch.is_empty();
        let is_stopped = AtomicBool::new(false);
        let sender = &self.sender;
        let attempts = batch.into_iter().map(|message| async {
            if is_stopped.load(Ordering::Relaxed) {
                return None;
            }
            let outcome = sender.send(&message, Timestamp::now()).await;
            let fails_all = match &outcome {
                Outcome::Delivered => false,
                Outcome::Failed { is_busy, .. } => *is_busy,
                Outcome::Gone | Outcome::Refused(_) => true,
            };
            if fails_all {
                is_stopped.store(true, Ordering::Relaxed);
            }
            Some((message, outcome))
        });
        let attempts = stream::iter(attempts).buffer_unordered(AT_ONCE);
        let mut attempts = std::pin::pin!(attempts.filter_map(async |attempt| attempt));
        let mut ends = None;
        while let Some((message, outcome)) = attempts.next().await {
            let (webhook, name) = (self.webhook, self.name);
            let now = Timestamp::now();
            match outcome {
                Outcome::Delivered => {
                    // What was on its way does not end a pause that the receiver has asked for meanwhile.
                    let is_paused = self.paused_until.is_some_and(|until| until > now);
                    self.outbox.delivered(name, &message, now, is_paused).await?;
                    self.delivery.delivered += 1;
                    if !is_paused {
                        (self.failures, self.paused_until) = (0, None);
                    }
                }
                Outcome::Failed {
                    reason,
                    retry_after,
                    is_busy,
                } => {
                    let pause = |failures, most| {
                        full_jitter(ceiling(webhook.base_delay, failures, most), (webhook.random)())
                    };
                    let asked = retry_after.unwrap_or_default();
                    let first = message.first_attempt.unwrap_or(now);
                    let next = later(now, pause(message.attempts + 1, LONGEST_DELAY));
                    // A pause that the receiver asks for takes no attempt away: it may end after the time, and one comes after it.
                    let next = Some(next)
                        .filter(|next| *next <= later(first, webhook.give_up_after))
                        .map(|next| next.max(later(now, asked)));
                    self.outbox.failed(name, &message, first, &reason, next).await?;
                    // What was on its way when the receiver failed says nothing new about it.
                    if is_busy && self.paused_until.is_none_or(|until| until <= now) {
                        self.failures = self.failures.saturating_add(1);
                        let until = later(now, pause(self.failures, LONGEST_PAUSE).max(asked));
                        self.outbox.pause(name, self.failures, until).await?;
                        self.paused_until = Some(until);
                    }
                    let failure = DeliveryFailure {
                        cursor: message.cursor,
                        table: message.table,
                        id: message.id,
                        attempts: message.attempts + 1,
                        reason,
                        next,
                    };
                    if let Some(told) = &webhook.on_failure {
                        told(&failure);
                    }
                    self.delivery.failed += 1;
                    self.delivery.reason = Some(failure.reason);
                    self.delivery.is_unreachable = is_busy;
                }
                Outcome::Gone => {
                    ends = Some(Error::new(
                        ErrorKind::Gone,
                        format!(
                            "the receiver of the webhook {name} wants no more: it answered 410 Gone; remove the webhook, or ask its \
                             operator"
                        ),
                    ));
                }
                Outcome::Refused(why) => {
                    ends = Some(Error::config(format!(
                        "the webhook {name} is not sent: {why}; allow private networks (Webhook::private) if it is meant"
                    )));
                }
            }
        }
        match ends {
            Some(error) => Err(error),
            None => Ok(is_any),
        }
    }

    /// What came of it.
    async fn end(mut self) -> Result<(Delivery, Outbox)> {
        let counts = self.outbox.counts(self.name).await?;
        (self.delivery.waiting, self.delivery.dead, self.delivery.blocked) = counts;
        if self.delivery.waiting > 0 {
            let due = self.outbox.next(self.name).await?;
            self.delivery.next = due.into_iter().chain(self.paused_until).max();
        }
        Ok((self.delivery, self.outbox))
    }
}

/// A change as it is sent.
fn message(change: &Change) -> Message {
    Message {
        cursor: change.cursor,
        table: change.table.clone(),
        id: change.id.clone(),
        kind: change.kind.name().to_string(),
        at: change.at,
        body: format!(
            r#"{{"type":"{}.{}","timestamp":"{}","data":{}}}"#,
            change.table,
            change.kind.name(),
            change.at,
            change.to_json()
        ),
        attempts: 0,
        first_attempt: None,
    }
}

#[cfg(test)]
mod tests;
