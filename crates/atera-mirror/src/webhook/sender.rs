//! One attempt: a signed request, and what its answer means.

use std::{error::Error as StdError, iter, time::Duration};

use atera::Timestamp;
use reqwest::{
    StatusCode,
    header::{self, HeaderMap},
};

use super::{
    options::Webhook,
    outbox::Message,
    resolver::{Guard, RefusedAddress},
};
use crate::{
    engine,
    error::{Error, Result},
};

/// How long a receiver may take, by the specification.
const TIMEOUT: Duration = Duration::from_secs(20);

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How much of an answer is read, so that its connection can be used again. Nothing of it is used.
const MOST_OF_ANSWER: usize = 64 * 1024;

/// The longest `Retry-After` that is believed.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);

/// Sends messages to a receiver.
pub(super) struct Sender {
    client: reqwest::Client,
    webhook: Webhook,
}

/// What came of an attempt.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The receiver has the message.
    Delivered,
    /// It does not have it, as far as is known.
    Failed {
        reason: String,
        /// How long to wait, if the receiver has said so.
        retry_after: Option<Duration>,
        /// Whether other messages had better wait as well.
        is_busy: bool,
    },
    /// The receiver wants no more messages.
    Gone,
    /// The receiver is in a network that is not allowed.
    Refused(String),
}

impl Sender {
    /// A client that follows no redirect, keeps no cookies, and sends nothing but the message.
    ///
    /// # Errors
    ///
    /// `Config` if TLS cannot be set up.
    pub(super) fn new(webhook: &Webhook) -> Result<Self> {
        Sender::with(webhook, Guard::new(webhook.allow_private))
    }

    fn with(webhook: &Webhook, guard: Guard) -> Result<Self> {
        let mut tls = engine::tls_config(None)?;
        // reqwest does not set ALPN protocols when TLS is preconfigured.
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(guard)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .user_agent(concat!("atera-mirror/", env!("CARGO_PKG_VERSION")))
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd();
        // A proxy would look the name up itself, and could be led into any network. And what is not encrypted, which goes to this
        // machine only, would be readable for it.
        if !webhook.allow_private || webhook.address.url.scheme() == "http" {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| {
            Error::config("TLS cannot be set up; see to the certificates of this system").with_source(error)
        })?;
        Ok(Sender {
            client,
            webhook: webhook.clone(),
        })
    }

    /// Sends a message, signed as of now.
    pub(super) async fn send(&self, message: &Message, now: Timestamp) -> Outcome {
        let (id, timestamp) = (message.cursor.to_string(), now.to_utc().timestamp());
        let signatures: Vec<_> = self
            .webhook
            .secrets
            .iter()
            .map(|secret| secret.sign(&id, timestamp, &message.body))
            .collect();
        let request = self
            .client
            .post(self.webhook.address.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signatures.join(" "))
            .body(message.body.clone());
        match request.send().await {
            Ok(mut response) => {
                let outcome = judge(response.status(), response.headers(), now);
                let mut read = 0;
                while let Ok(Some(chunk)) = response.chunk().await {
                    read += chunk.len();
                    if read > MOST_OF_ANSWER {
                        break;
                    }
                }
                outcome
            }
            Err(error) => unanswered(error),
        }
    }
}

/// What an answer means.
fn judge(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Outcome {
    if status.is_success() {
        return Outcome::Delivered;
    }
    if status == StatusCode::GONE {
        return Outcome::Gone;
    }
    let reason = match status.is_redirection() {
        true => {
            format!("the receiver answered {status}, and redirects are not followed; give its new address")
        }
        false => format!("the receiver answered {status}"),
    };
    Outcome::Failed {
        reason,
        retry_after: retry_after(headers, now),
        is_busy: matches!(status.as_u16(), 429 | 502..=504),
    }
}

/// How long `Retry-After` asks to wait, in seconds or until a time.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let time: chrono::DateTime<chrono::Utc> = httpdate::parse_http_date(text).ok()?.into();
            (time - now.to_utc()).to_std().ok()?
        }
    };
    Some(wait.min(LONGEST_RETRY_AFTER))
}

/// What it means that no answer came. The URL is not told, since its path may be a secret.
fn unanswered(error: reqwest::Error) -> Outcome {
    let is_timeout = error.is_timeout();
    let error = error.without_url();
    let causes: Vec<&dyn StdError> =
        iter::successors(Some(&error as &dyn StdError), |&error| error.source()).collect();
    if let Some(refused) = causes
        .iter()
        .find_map(|cause| cause.downcast_ref::<RefusedAddress>())
    {
        return Outcome::Refused(refused.0.clone());
    }
    let why = match (is_timeout, causes.last()) {
        (true, _) => "it did not answer in time".to_string(),
        (false, Some(cause)) => cause.to_string(),
        (false, None) => "no answer came".to_string(),
    };
    Outcome::Failed {
        reason: format!("the receiver cannot be reached: {why}"),
        retry_after: None,
        is_busy: true,
    }
}

#[cfg(test)]
mod tests {
    use std::{net::SocketAddr, sync::Arc};

    use futures_util::FutureExt;

    use super::*;
    use crate::webhook::WebhookSecret;

    fn now() -> Timestamp {
        "2026-03-02T08:15:00Z".parse().unwrap()
    }

    fn judged(status: u16, retry_after: Option<&str>) -> Outcome {
        let mut headers = HeaderMap::new();
        if let Some(text) = retry_after {
            headers.insert(header::RETRY_AFTER, text.parse().unwrap());
        }
        judge(StatusCode::from_u16(status).unwrap(), &headers, now())
    }

    #[test]
    fn statuses_are_judged_as_the_specification_says() {
        for status in [200, 202, 204] {
            assert_eq!(judged(status, None), Outcome::Delivered);
        }
        assert_eq!(judged(410, None), Outcome::Gone);
        for (status, busy) in [
            (301, false),
            (400, false),
            (404, false),
            (429, true),
            (500, false),
            (502, true),
            (503, true),
            (504, true),
        ] {
            let Outcome::Failed { reason, is_busy, .. } = judged(status, None) else {
                panic!("{status}");
            };
            assert!(reason.contains(&status.to_string()), "{reason}");
            assert_eq!(is_busy, busy, "{status}");
        }
    }

    #[test]
    fn retry_after_is_a_number_or_a_date() {
        let wait = |text| match judged(503, Some(text)) {
            Outcome::Failed { retry_after, .. } => retry_after.map(|wait| wait.as_secs()),
            other => panic!("{other:?}"),
        };
        assert_eq!(wait("120"), Some(120));
        assert_eq!(wait("Mon, 02 Mar 2026 08:16:00 GMT"), Some(60));
        assert_eq!(wait("Mon, 02 Mar 2026 08:14:00 GMT"), None);
        assert_eq!(wait("soon"), None);
        assert_eq!(wait("99999999"), Some(86_400));
    }

    /// A name that is checked when it is resolved, at the connection, cannot lead into a network of one's own, whatever it led to
    /// before.
    #[tokio::test]
    async fn a_name_that_leads_into_a_private_network_is_not_connected_to() {
        let secret: WebhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("https://hooks.example.com:{port}/hidden");
        let message = Message::for_test("{}");
        for (ip, network) in [
            ("127.0.0.1", "this machine"),
            ("10.0.0.7", "in a private network"),
            ("169.254.169.254", "a metadata service"),
        ] {
            let lookup = move |_| async move { Ok(vec![SocketAddr::new(ip.parse().unwrap(), 0)]) }.boxed();
            let guard = |allow_private| Guard {
                allow_private,
                lookup: Arc::new(lookup),
            };
            let webhook = Webhook::new(&url, [secret.clone()]).unwrap();
            let sender = Sender::with(&webhook, guard(false)).unwrap();
            let expected = format!("hooks.example.com leads to {ip}, which is {network}");
            assert_eq!(sender.send(&message, now()).await, Outcome::Refused(expected));
            if ip == "127.0.0.1" {
                // Where that is allowed, the connection comes.
                let webhook = Webhook::private(&url, [secret.clone()]).unwrap();
                let sender = Sender::with(&webhook, guard(true)).unwrap();
                let close = async { drop(listener.accept().await.unwrap()) };
                let (outcome, ()) = tokio::join!(sender.send(&message, now()), close);
                let Outcome::Failed { reason, .. } = outcome else {
                    panic!("{outcome:?}");
                };
                assert!(!reason.contains("hidden"), "{reason}");
            }
        }
    }
}
