//! `atera mirror changes --webhook`: sends the changes to a receiver, now or as they come.

use std::{
    cell::{Cell, RefCell},
    ops::ControlFlow,
    path::PathBuf,
    time::Duration,
};

use atera::Timestamp;
use atera_mirror::{Delivery, DeliveryFailure, ErrorKind, Webhook, WebhookSecret, WebhookSender};
use clap::ArgMatches;

use super::{arguments, failure::failure, place::Place, rounds, webhook_arguments as names};
use crate::{
    input::{
        globals::{self, Globals},
        interrupt::Interrupt,
    },
    output::{exit_code, failure::Failure, plural::counted, terminal::tell},
};

/// What `--after` calls the place after the last change.
pub(super) const NOW: &str = "now";

/// How often `--follow` looks, unless `--every` says so.
const EVERY: Duration = Duration::from_secs(10);

/// Sends the changes after a place, and those that come.
pub(super) async fn run(matches: &ArgMatches, globals: &Globals, url: &str) -> Result<(), Failure> {
    if let Some(flag) = globals::given(matches).find(|flag| globals::RECORDS.contains(flag)) {
        return Err(Failure::Usage(format!(
            "--{flag} has no effect with --webhook, which prints no changes; leave it out"
        )));
    }
    let follows = matches.get_flag(arguments::FOLLOW);
    let webhook = webhook(matches, url).map_err(|error| explained(&error))?;
    // At the end, one failure is told.
    let webhook = match globals.quiet && !follows {
        true => webhook,
        false => webhook.on_failure(|failure| tell(told(failure))),
    };
    let place = Place::read(matches, globals)?;
    let after = matches.get_one::<String>(arguments::AFTER);
    let interrupt = Interrupt::listen();
    let mirror = place.open().await?;
    let webhook = match after.map(String::as_str) {
        None => webhook,
        Some(NOW) => {
            let latest = interrupt.or(mirror.latest_change()).await?;
            webhook.after(latest.map_err(|error| failure(&error))?)
        }
        Some(text) => webhook.after(text.parse().map_err(|error| failure(&error))?),
    };
    if !follows {
        let delivery = interrupt.or(mirror.deliver(&webhook)).await?;
        let delivery = delivery.map_err(|error| explained(&error))?;
        if !globals.quiet {
            tell(summary(&delivery));
        }
        return judge(&webhook, &delivery);
    }
    let every = matches.get_one::<Duration>(arguments::EVERY);
    let every = every.copied().unwrap_or(EVERY);
    if !globals.quiet {
        let name = webhook.known_as();
        tell(format!(
            "sending changes to the webhook {name} as they come, with a look every {}",
            humantime::format_duration(every)
        ));
    }
    let mut sender = mirror.sender();
    let follow = Follow {
        webhook: RefCell::new(webhook),
        every,
        is_quiet: globals.quiet,
        is_sending: Cell::default(),
        wait: Cell::default(),
        last: RefCell::default(),
        delivered: Cell::default(),
    };
    let ended = rounds::run_varied(
        &interrupt,
        || follow.wait.get(),
        async || follow.round(&mut sender, &interrupt).await,
    )
    .await;
    if !globals.quiet {
        let mut all = follow.last.borrow().clone();
        all.delivered = follow.delivered.get();
        tell(summary(&all));
    }
    ended?;
    judge(&follow.webhook.borrow(), &follow.last.borrow())
}

/// The receiver, by the arguments.
fn webhook(matches: &ArgMatches, url: &str) -> atera_mirror::Result<Webhook> {
    let secrets = match matches.get_one::<PathBuf>(names::SECRET_FILE) {
        Some(path) => WebhookSecret::from_file(path)?,
        None => Vec::new(),
    };
    let mut webhook = match matches.get_flag(names::ALLOW_PRIVATE) {
        true => Webhook::private(url, secrets)?,
        false => Webhook::new(url, secrets)?,
    };
    if let Some(name) = matches.get_one::<String>(names::NAME) {
        webhook = webhook.name(name)?;
    }
    if let Some(delay) = matches.get_one::<Duration>(names::RETRY_DELAY) {
        webhook = webhook.base_delay(*delay);
    }
    if let Some(time) = matches.get_one::<Duration>(names::GIVE_UP_AFTER) {
        webhook = webhook.give_up_after(*time);
    }
    let only = matches.get_many::<String>(arguments::ONLY).unwrap_or_default();
    Ok(webhook.only(only))
}

/// What is said of an attempt that failed.
fn told(failure: &DeliveryFailure) -> String {
    let DeliveryFailure {
        cursor,
        table,
        id,
        attempts,
        reason,
        next,
        ..
    } = failure;
    let then = match next {
        Some(next) => format!("the next attempt is at {}", in_seconds(*next)),
        None => "it is not tried any more; `atera mirror webhooks redeliver` sends it again".to_string(),
    };
    format!("atera: change {cursor} of {table} {id} was not delivered: {reason}; attempt {attempts}, {then}")
}

/// A time without fractions.
fn in_seconds(time: Timestamp) -> Timestamp {
    let time = time.to_utc();
    chrono::DateTime::from_timestamp(time.timestamp(), 0)
        .unwrap_or(time)
        .into()
}

/// What is delivered as changes come.
struct Follow {
    webhook: RefCell<Webhook>,
    every: Duration,
    is_quiet: bool,
    /// Whether it has been the one who sends for the webhook.
    is_sending: Cell<bool>,
    /// How long to wait after a round.
    wait: Cell<Duration>,
    /// What came of the last one.
    last: RefCell<Delivery>,
    /// How many changes were delivered in all.
    delivered: Cell<u64>,
}

impl Follow {
    /// Delivers what there is. Another round may help a database that cannot be reached, but not a receiver that wants no more.
    async fn round(
        &self,
        sender: &mut WebhookSender<'_>,
        interrupt: &Interrupt,
    ) -> ControlFlow<Result<(), Failure>, Result<(), Failure>> {
        self.wait.set(self.every);
        let webhook = self.webhook.borrow().clone();
        let delivery = match interrupt.or(sender.deliver(&webhook)).await {
            Ok(Ok(delivery)) => delivery,
            Ok(Err(error)) => {
                let failure = explained(&error);
                return match error.kind() {
                    ErrorKind::Config | ErrorKind::Newer | ErrorKind::Cursor | ErrorKind::Gone => {
                        ControlFlow::Break(Err(failure))
                    }
                    // Who sends keeps the webhook. One that has sent may find its own connection that broke.
                    ErrorKind::Busy if !self.is_sending.get() => ControlFlow::Break(Err(failure)),
                    _ => ControlFlow::Continue(Err(failure)),
                };
            }
            Err(signal) => return ControlFlow::Break(Err(signal)),
        };
        if let Some(next) = delivery.next {
            let wait = (next.to_utc() - Timestamp::now().to_utc())
                .to_std()
                .unwrap_or_default();
            self.wait.set(wait.min(self.every));
        }
        self.is_sending.set(true);
        if delivery.delivered > 0 && !self.is_quiet {
            tell(summary(&delivery));
        }
        // If someone removes it from now on, it does not begin anew.
        *self.webhook.borrow_mut() = webhook.known();
        self.delivered.set(self.delivered.get() + delivery.delivered);
        let last = self.last.take();
        self.last.replace(with_reason(delivery, last));
        // Attempts that failed have been told.
        ControlFlow::Continue(Ok(()))
    }
}

/// What came of a round, with the reason why changes wait. A round in which none was tried has none of its own.
fn with_reason(mut delivery: Delivery, last: Delivery) -> Delivery {
    if delivery.waiting > 0 && delivery.reason.is_none() {
        (delivery.reason, delivery.is_unreachable) = (last.reason, last.is_unreachable);
    }
    delivery
}

/// The error in the words of the command.
fn explained(error: &atera_mirror::Error) -> Failure {
    match failure(error) {
        Failure::Records(sentence, code) => Failure::Records(
            sentence
                .replace(
                    "allow private networks (Webhook::private)",
                    "allow it with --allow-private",
                )
                .replace(
                    "after the webhook was removed",
                    "with --after, when `atera mirror webhooks remove` has removed the webhook",
                ),
            code,
        ),
        other => other,
    }
}

/// What came of it, in a line.
fn summary(delivery: &Delivery) -> String {
    let mut parts = vec![format!("{} delivered", counted(delivery.delivered, "change"))];
    if delivery.waiting > 0 {
        let next = delivery.next.map_or_else(String::new, |next| {
            format!(", the next attempt is at {}", in_seconds(next))
        });
        let wait = if delivery.waiting == 1 { "waits" } else { "wait" };
        parts.push(format!("{} {wait}{next}", delivery.waiting));
    }
    if delivery.dead > 0 {
        parts.push(counted(delivery.dead, "dead letter"));
    }
    if delivery.blocked > 0 {
        let wait = if delivery.blocked == 1 { "waits" } else { "wait" };
        parts.push(format!("{} {wait} for a dead letter", delivery.blocked));
    }
    parts.join("; ")
}

/// Fails if the receiver does not have all that it should.
fn judge(webhook: &Webhook, delivery: &Delivery) -> Result<(), Failure> {
    let name = webhook.known_as();
    if delivery.dead > 0 {
        return Err(Failure::Records(
            format!("the webhook {name} has dead letters; `atera mirror webhooks dead {name}` lists them"),
            exit_code::FAILED,
        ));
    }
    if delivery.waiting > 0 {
        let kind = match delivery.is_unreachable || delivery.reason.is_none() {
            true => atera::ErrorKind::Connection,
            false => atera::ErrorKind::Server,
        };
        let reason = delivery.reason.as_deref().unwrap_or("its receiver failed before");
        return Err(Failure::Records(
            format!(
                "the receiver of the webhook {name} does not have all changes: {reason}; they are kept, and the same command \
                 tries again"
            ),
            exit_code::of(kind),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_without_an_attempt_keeps_the_reason() {
        let secret: WebhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap();
        let webhook = Webhook::new("https://hooks.example.com", [secret]).unwrap();
        let delivery = |waiting, reason: Option<&str>, is_unreachable| {
            let mut delivery = Delivery::default();
            delivery.waiting = waiting;
            delivery.reason = reason.map(String::from);
            delivery.is_unreachable = is_unreachable;
            delivery
        };
        let code = |delivery: &Delivery| judge(&webhook, delivery).err().map(|error| error.exit_code());
        for (is_unreachable, expected) in [(false, 5), (true, 8)] {
            let failed = delivery(1, Some("why"), is_unreachable);
            assert_eq!(code(&failed), Some(expected));
            let idle = with_reason(delivery(1, None, false), failed.clone());
            let idle = with_reason(delivery(1, None, false), idle);
            assert_eq!(
                (code(&idle), idle.reason.as_deref()),
                (Some(expected), Some("why"))
            );
            let well = with_reason(delivery(0, None, false), failed);
            assert_eq!((code(&well), well.reason), (None, None));
        }
    }
}
