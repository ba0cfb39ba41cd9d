//! A service in memory whose lists a test changes as it likes, for answers that the sandbox never gives.

use std::{
    collections::BTreeMap,
    future::{pending, ready},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use atera::{
    Client, RateLimit,
    mock::Recorder,
    transport::{Request, Response},
};
use http::StatusCode;

/// The service. A clone is the same one.
#[derive(Clone)]
pub(crate) struct Service {
    lists: Arc<Mutex<BTreeMap<String, List>>>,
    recorder: Recorder,
    watcher: Arc<Mutex<Option<Watcher>>>,
}

/// Is called with the number of each request, from 1.
type Watcher = Box<dyn FnMut(usize) + Send>;

/// A list: its records as JSON, and how it answers.
#[derive(Clone, Default)]
pub(crate) struct List {
    pub(crate) records: Vec<String>,
    /// Tells another total each time, so that it never settles.
    pub(crate) is_restless: bool,
    /// Answers this status for each page from this number on.
    pub(crate) fails: Option<(usize, u16)>,
    /// Never answers.
    pub(crate) is_silent: bool,
    /// Answers this instead of a page.
    pub(crate) instead: Option<String>,
    asked: i64,
}

impl Service {
    pub(crate) fn new() -> Self {
        let lists: Arc<Mutex<BTreeMap<String, List>>> = Arc::default();
        let answering = lists.clone();
        let watcher: Arc<Mutex<Option<Watcher>>> = Arc::default();
        let (watching, requests) = (watcher.clone(), AtomicUsize::new(0));
        let recorder = Recorder::in_time(move |request| {
            let number = requests.fetch_add(1, Ordering::SeqCst) + 1;
            if let Some(watch) = &mut *watching.lock().unwrap() {
                watch(number);
            }
            match answer(&mut answering.lock().unwrap(), request) {
                Some(answer) => Box::pin(ready(Ok(answer))),
                None => Box::pin(pending()),
            }
        });
        Service {
            lists,
            recorder,
            watcher,
        }
    }

    /// Calls a function with the number of each request that comes, from 1.
    pub(crate) fn watch(&self, watch: impl FnMut(usize) + Send + 'static) {
        *self.watcher.lock().unwrap() = Some(Box::new(watch));
    }

    pub(crate) fn client(&self) -> Client {
        self.recorder
            .builder()
            .rate_limit(RateLimit::off())
            .build()
            .unwrap()
    }

    /// How many requests came.
    pub(crate) fn requests(&self) -> usize {
        self.recorder.sent().len()
    }

    /// Changes a list, by the path of its operation.
    pub(crate) fn change(&self, path: &str, change: impl FnOnce(&mut List)) {
        change(self.lists.lock().unwrap().entry(path.to_string()).or_default());
    }

    /// Sets the records of the list of agents.
    pub(crate) fn agents(&self, records: impl IntoIterator<Item = String>) {
        self.change("/agents", |list| list.records = records.into_iter().collect());
    }
}

/// An account as JSON.
pub(crate) fn account(id: &str) -> String {
    format!(r#"{{"AccountID":"{id}","TimeZoneName":"UTC"}}"#)
}

/// An agent as JSON.
pub(crate) fn agent(id: i64, name: &str) -> String {
    format!(r#"{{"AgentID":{id},"MachineName":"{name}","Online":true}}"#)
}

/// So many agents.
pub(crate) fn agents(count: i64) -> Vec<String> {
    (1..=count).map(|id| agent(id, &format!("pc-{id}"))).collect()
}

/// The answer to a request, if there is to be one.
fn answer(lists: &mut BTreeMap<String, List>, request: &Request) -> Option<Response> {
    let path = request.url.path().to_string();
    let pairs: BTreeMap<_, _> = request.url.query_pairs().into_owned().collect();
    let number = |name: &str, other: usize| {
        pairs
            .get(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(other)
    };
    let (page, size) = (number("page", 1), number("itemsInPage", 20));
    // A name that ends with a slash stands for all single records.
    let is_of = |list: &str| path.ends_with(list) || list.ends_with('/') && path.contains(list);
    let Some((_, list)) = lists.iter_mut().find(|(list, _)| is_of(list)) else {
        let body = match path.ends_with("/account") {
            true => account("7"),
            false => r#"{"items":[],"totalItemCount":0}"#.to_string(),
        };
        return Some(Response::new(StatusCode::OK, body));
    };
    if list.is_silent {
        return None;
    }
    if let Some(answer) = &list.instead {
        return Some(Response::new(StatusCode::OK, answer.clone()));
    }
    list.asked += 1;
    if let Some((from, status)) = list.fails
        && page >= from
    {
        return Some(Response::new(StatusCode::from_u16(status).unwrap(), ""));
    }
    let total = list.records.len() as i64 + if list.is_restless { list.asked } else { 0 };
    let items = list
        .records
        .chunks(size)
        .nth(page - 1)
        .unwrap_or_default()
        .join(",");
    let body = format!(r#"{{"items":[{items}],"page":{page},"totalItemCount":{total}}}"#);
    Some(Response::new(StatusCode::OK, body))
}
