//! The same calls in three ways: by reqwest and serde alone, by progenitor's client as it comes, and by ours.

#![allow(dead_code, reason = "each file uses its part of it")]

use std::time::Duration;

use atera::{ApiKey, Client, Page, RateLimit, types::Ticket};
use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};

use crate::service::{KEY, PAGE_SIZE};

/// What progenitor makes of the same description.
pub use atera_testkit::plain_client as progenitor;

/// reqwest, set up like the one within our client, with the same time allowed for a connection and an attempt.
pub fn reqwest_client() -> reqwest::Client {
    let tls = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("the default versions")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    // A key is known when the program runs, and is to be kept out of what others print.
    let mut key = HeaderValue::from_str(KEY).expect("a key");
    key.set_sensitive(true);
    headers.insert(HeaderName::from_static("x-api-key"), key);
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent("bench/1.0")
        .default_headers(headers)
        .connect_timeout(Duration::from_secs(10))
        .timeout(Duration::from_secs(30))
        .no_proxy()
        .build()
        .expect("a client")
}

/// The calls by reqwest and serde.
#[derive(Clone)]
pub struct Reqwest {
    pub base: String,
    pub client: reqwest::Client,
}

impl Reqwest {
    pub fn new(base: &str) -> Self {
        Reqwest {
            base: base.to_string(),
            client: reqwest_client(),
        }
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, url: String) -> T {
        let answer = self.client.get(url).send().await.expect("an answer");
        let body = answer
            .error_for_status()
            .expect("a success")
            .bytes()
            .await
            .expect("a body");
        serde_json::from_slice(&body).expect("the value")
    }

    pub async fn ticket(&self) -> Ticket {
        self.get(format!("{}/tickets/54321", self.base)).await
    }

    pub async fn page(&self, page: i32) -> Page<Ticket> {
        self.get(format!(
            "{}/tickets?page={page}&itemsInPage={PAGE_SIZE}",
            self.base
        ))
        .await
    }

    /// How many records all pages have.
    pub async fn all(&self) -> usize {
        let (mut records, mut number) = (0, 1);
        loop {
            let page = self.page(number).await;
            records += page.items.len();
            if page.total_pages.is_none_or(|pages| number >= pages) {
                return records;
            }
            number += 1;
        }
    }
}

/// The calls by progenitor's client.
pub struct Progenitor(pub progenitor::Client);

impl Progenitor {
    pub fn new(base: &str) -> Self {
        Progenitor(progenitor::Client::new_with_client(base, reqwest_client()))
    }

    pub async fn ticket(&self) -> progenitor::types::Ticket {
        let answer = self.0.tickets_get(54321, None).await;
        answer.expect("an answer").into_inner()
    }

    pub async fn page(&self, page: i32) -> progenitor::types::TicketPage {
        let answer = self
            .0
            .tickets_list(None, None, Some(PAGE_SIZE as i32), Some(page), None)
            .await;
        answer.expect("an answer").into_inner()
    }

    pub async fn all(&self) -> usize {
        let (mut records, mut number) = (0, 1);
        loop {
            let page = self.page(number).await;
            records += page.items.iter().flatten().count();
            if page.total_pages.is_none_or(|pages| number >= pages) {
                return records;
            }
            number += 1;
        }
    }
}

/// The calls by this crate's client.
pub struct Ours(pub Client);

impl Ours {
    pub fn new(base: &str) -> Self {
        // The limiter is at work, and lets everything through.
        let builder = Client::builder()
            .api_key(ApiKey::new(KEY).expect("a key"))
            .rate_limit(RateLimit::per_minute(1_000_000))
            .base_url(base);
        Ours(builder.build().expect("a client"))
    }

    pub async fn ticket(&self) -> Ticket {
        self.0.tickets().get(54321).await.expect("an answer")
    }

    pub async fn page(&self, page: i32) -> Page<Ticket> {
        let call = self.0.tickets().list().page(page).items_in_page(PAGE_SIZE as i32);
        call.await.expect("an answer")
    }

    pub async fn all(&self) -> usize {
        let (mut records, mut stream) = (0, self.0.tickets().list().stream());
        while stream.try_next().await.expect("a record").is_some() {
            records += 1;
        }
        records
    }
}
