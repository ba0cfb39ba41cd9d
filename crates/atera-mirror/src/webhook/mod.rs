//! What it takes to send changes to a receiver as [Standard Webhooks](https://www.standardwebhooks.com): addresses that are
//! refused, secrets, one attempt, when to try again, and the outbox with what is not delivered yet.
//!
//! The outbox is not among the tables of a sync, and not under its lock. A sync keeps the lock of the writer for as long as it
//! reads, which can be hours, and a delivery that had to wait for it could not note what the receiver has got. So each database
//! has the outbox apart: SQLite takes one writer at a time, hence a file of its own (`mirror.db.outbox`); in Postgres the tables
//! `_webhooks` and `_outbox` are beside the others, and nothing else writes to them. Who sends holds a lock of the webhook's
//! name, so that two senders cannot mix up the order. Listing, and asking for another delivery, need no lock.
//!
//! A change goes from the log of changes into the outbox, together with the new place of the webhook in the log, in one
//! transaction, and leaves the outbox when the receiver has answered. So whatever is killed between two steps, each change is in
//! the log after that place, or in the outbox, or was delivered.

mod address;
mod backoff;
mod deliver;
mod options;
mod outbox;
mod resolver;
mod secret;
mod sender;

pub use deliver::{Delivery, WebhookSender};
pub use options::{DeliveryFailure, Webhook};
pub use outbox::{DeadLetter, WebhookStatus};
pub use secret::WebhookSecret;
