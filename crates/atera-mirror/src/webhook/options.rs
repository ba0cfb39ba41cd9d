//! Where changes are sent to, and how.

use std::{fmt, sync::Arc, time::Duration};

use atera::Timestamp;

use super::{address::Address, secret::WebhookSecret};
use crate::{
    error::{Error, Result},
    mirror::Cursor,
    schema::hash,
};

/// How long a change is tried, unless said otherwise. The schedule that the specification gives as an example takes as long.
const GIVE_UP_AFTER: Duration = Duration::from_secs(3 * 24 * 3600);

/// The longest pause before the second attempt, unless said otherwise.
const BASE_DELAY: Duration = Duration::from_secs(5);

/// The most characters of a name.
const LONGEST_NAME: usize = 64;

/// What is called with each attempt that failed.
type FailureObserver = Arc<dyn Fn(&DeliveryFailure) + Send + Sync>;

/// A receiver of changes, for [`Mirror::deliver`](crate::Mirror::deliver).
///
/// ```
/// use std::time::Duration;
///
/// use atera_mirror::{Webhook, WebhookSecret};
///
/// # fn example() -> atera_mirror::Result<()> {
/// let secrets = WebhookSecret::from_file("/etc/atera/crm.secret")?;
/// let webhook = Webhook::new("https://crm.example.com/hooks/atera", secrets)?
///     .name("crm")?
///     .only(["tickets", "customers"])
///     .give_up_after(Duration::from_secs(24 * 3600));
/// # let _ = webhook;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Webhook {
    pub(super) address: Address,
    pub(super) secrets: Arc<[WebhookSecret]>,
    pub(super) allow_private: bool,
    pub(super) name: String,
    pub(super) only: Vec<String>,
    pub(super) after: Cursor,
    pub(super) is_known: bool,
    pub(super) give_up_after: Duration,
    pub(super) base_delay: Duration,
    /// Draws how much of a pause is kept to, from 0 to 1.
    pub(super) random: fn() -> f64,
    pub(super) on_failure: Option<FailureObserver>,
}

/// An attempt to deliver a change that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeliveryFailure {
    /// The cursor of the change, which is also the id of the message.
    pub cursor: Cursor,
    /// The table of the record.
    pub table: String,
    /// The key of the record.
    pub id: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why this attempt failed.
    pub reason: String,
    /// When it is tried again. None if it is not, and has become a dead letter.
    pub next: Option<Timestamp>,
}

impl Webhook {
    /// A receiver at this URL. Each message is signed with all of the secrets.
    ///
    /// # Errors
    ///
    /// `Config` if the URL is not https and not of this machine, if it is an address in a private, link-local, metadata or reserved
    /// network, or if there is no secret. See [`private`](Webhook::private) for receivers in a network of one's own.
    pub fn new(url: &str, secrets: impl IntoIterator<Item = WebhookSecret>) -> Result<Self> {
        Webhook::at(url, secrets, false)
    }

    /// A receiver at this URL, which may be in a private, link-local or reserved network, also by its name.
    ///
    /// # Errors
    ///
    /// `Config` if the URL is not https and not of this machine, or there is no secret.
    pub fn private(url: &str, secrets: impl IntoIterator<Item = WebhookSecret>) -> Result<Self> {
        Webhook::at(url, secrets, true)
    }

    fn at(url: &str, secrets: impl IntoIterator<Item = WebhookSecret>, allow_private: bool) -> Result<Self> {
        let address = Address::parse(url, allow_private)?;
        let secrets: Arc<[_]> = secrets.into_iter().collect();
        if secrets.is_empty() {
            return Err(Error::config(
                "the webhook has no secret to sign with; give it one that the receiver has too",
            ));
        }
        Ok(Webhook {
            name: default_name(&address),
            address,
            secrets,
            allow_private,
            only: Vec::new(),
            after: Cursor::START,
            is_known: false,
            give_up_after: GIVE_UP_AFTER,
            base_delay: BASE_DELAY,
            random: fastrand::f64,
            on_failure: None,
        })
    }

    /// The name by which the mirror keeps what this receiver has got; by default its host and eight digits that follow from the
    /// URL. With a name of its own it goes on where it was when its URL changes.
    ///
    /// # Errors
    ///
    /// `Config` if it has anything but letters, digits, `.`, `_` and `-`, or is longer than 64 characters.
    pub fn name(mut self, name: impl Into<String>) -> Result<Self> {
        self.name = name.into();
        let is_plain = |it: char| it.is_ascii_alphanumeric() || "._-".contains(it);
        match !self.name.is_empty() && self.name.len() <= LONGEST_NAME && self.name.chars().all(is_plain) {
            true => Ok(self),
            false => Err(Error::config(format!(
                "`{}` is no name for a webhook: it may have letters, digits, `.`, `_` and `-`, and at most {LONGEST_NAME} of \
                 them; write it like crm",
                self.name
            ))),
        }
    }

    /// The tables of lists whose changes are sent; all lists if it is not called, or with none. What was left out before stays out.
    pub fn only(mut self, lists: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.only = lists.into_iter().map(Into::into).collect();
        self
    }

    /// Where a new webhook begins: after this place, or before the first change if it is not called. One that the mirror knows by
    /// its name goes on where it was.
    pub fn after(mut self, cursor: Cursor) -> Self {
        self.after = cursor;
        self
    }

    /// Sends only if the mirror knows the webhook by its name, as it does after a first delivery, and fails otherwise. A program that
    /// delivers again and again so notices that someone has [removed](crate::Mirror::remove_webhook) it, and does not begin anew.
    pub fn known(mut self) -> Self {
        self.is_known = true;
        self
    }

    /// For how long a change is tried, from the first attempt on; three days by default. Then it is a dead letter.
    pub fn give_up_after(mut self, time: Duration) -> Self {
        self.give_up_after = time;
        self
    }

    /// The longest pause before the second attempt; 5 seconds by default, and at least a millisecond. It doubles with each attempt, up to six hours. Pauses have
    /// any length up to the longest, by chance.
    pub fn base_delay(mut self, delay: Duration) -> Self {
        self.base_delay = delay.max(Duration::from_millis(1));
        self
    }

    /// Is called with each attempt that failed.
    pub fn on_failure(mut self, told: impl Fn(&DeliveryFailure) + Send + Sync + 'static) -> Self {
        self.on_failure = Some(Arc::new(told));
        self
    }

    /// The name by which the mirror knows it.
    pub fn known_as(&self) -> &str {
        &self.name
    }

    /// Where it is, without the path and the query, which may be secrets.
    pub(super) fn receiver(&self) -> String {
        self.address.origin()
    }
}

/// The name of a webhook that was given none.
fn default_name(address: &Address) -> String {
    let plain = |it: char| match it.is_ascii_alphanumeric() || it == '.' {
        true => it,
        false => '-',
    };
    let host: String = address
        .host()
        .trim_matches(['[', ']'])
        .chars()
        .map(plain)
        .collect();
    let host = &host[..host.len().min(LONGEST_NAME - 9)];
    format!("{host}-{}", &hash(address.url.as_str())[..8])
}

impl fmt::Debug for Webhook {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Webhook")
            .field("name", &self.name)
            .field("receiver", &self.receiver())
            .field("only", &self.only)
            .field("allow_private", &self.allow_private)
            .field("give_up_after", &self.give_up_after)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> WebhookSecret {
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap()
    }

    #[test]
    fn names_tell_receivers_apart_without_their_secrets() {
        let name = |url: &str| Webhook::new(url, [secret()]).unwrap().name;
        let first = name("https://hooks.example.com/hidden");
        assert!(
            first.starts_with("hooks.example.com-") && first.len() == 26,
            "{first}"
        );
        assert_ne!(first, name("https://hooks.example.com/other"));
        assert!(name("http://[::1]:80/").starts_with("--1-"));
        let long = format!("https://{}.example.com/", ["a"; 40].join("."));
        assert_eq!(name(&long).len(), 64);
        let shown = format!(
            "{:?}",
            Webhook::new("https://hooks.example.com/hidden?a=b", [secret()]).unwrap()
        );
        assert!(
            shown.contains("https://hooks.example.com") && !shown.contains("hidden"),
            "{shown}"
        );
    }

    #[test]
    fn a_name_is_plain_and_there_is_a_secret() {
        let named = |name: &str| {
            Webhook::new("https://hooks.example.com", [secret()])
                .unwrap()
                .name(name)
        };
        assert!(named("crm_2.b-c").is_ok());
        for name in ["", "a/b", "../a", "a b", &"a".repeat(65)] {
            assert!(
                named(name)
                    .unwrap_err()
                    .to_string()
                    .contains("is no name for a webhook"),
                "{name}"
            );
        }
        let without = Webhook::new("https://hooks.example.com", []).unwrap_err();
        assert!(without.to_string().contains("no secret to sign with"));
    }
}
