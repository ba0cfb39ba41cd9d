//! Calls that are put together at run time, by the names of the description: what the command line sends.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use crate::{
    Client, Consistency, Error, Operation, Page, Pages, RawRecord, Records, Response, Result,
    operation::{Location, encode_path},
    page::{self, Fetched, Options, Reading},
    pipeline, transport,
};

/// A call by names: of its operation, its parameters, and the fields of its body.
///
/// It is checked and sent like a typed call, and answers JSON as the service sent it.
///
/// ```no_run
/// # async fn example(client: atera::Client) -> atera::Result<()> {
/// let operation = atera::Operation::find("tickets_get").expect("an operation of the description");
/// let answer = client.operation(operation).set("ticketId", "54321")?.send().await?;
/// println!("{}", String::from_utf8_lossy(&answer.value));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until it is sent"]
pub struct DynamicCall {
    client: Client,
    operation: &'static Operation,
    arguments: Vec<(&'static str, String)>,
    body: Option<Bytes>,
    options: Options,
}

impl Client {
    /// Begins a call of an operation that is known at run time only.
    pub fn operation(&self, operation: &'static Operation) -> DynamicCall {
        DynamicCall {
            client: self.clone(),
            operation,
            arguments: Vec::new(),
            body: None,
            options: Options::default(),
        }
    }
}

impl DynamicCall {
    /// Gives a parameter its value, in place of one that it had. Names are matched without regard to case.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` if the operation has no such parameter.
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Result<Self> {
        let parameters = self.operation.parameters;
        let Some(parameter) = parameters
            .iter()
            .find(|parameter| parameter.name.eq_ignore_ascii_case(name))
        else {
            let known: Vec<_> = parameters.iter().map(|parameter| parameter.name).collect();
            let known = if known.is_empty() {
                "none".to_string()
            } else {
                known.join(", ")
            };
            let id = self.operation.id;
            return Err(self.invalid(format!("{id} has no parameter `{name}`; it has {known}")));
        };
        self.arguments.retain(|(name, _)| *name != parameter.name);
        self.arguments.push((parameter.name, value.into()));
        Ok(self)
    }

    /// Gives the call its body.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` if the operation takes no body, or if this cannot be written as JSON.
    pub fn body(mut self, body: &impl Serialize) -> Result<Self> {
        if self.operation.body.is_none() {
            return Err(self.invalid(format!("{} takes no body", self.operation.id)));
        }
        let json = serde_json::to_vec(body).map_err(|error| {
            self.invalid(format!(
                "the body of {} cannot be written as JSON",
                self.operation.id
            ))
            .with_source(error)
        })?;
        self.body = Some(json.into());
        Ok(self)
    }

    /// Sends the call.
    ///
    /// # Errors
    ///
    /// As told by [`ErrorKind`](crate::ErrorKind), but for `Decode`, since nothing is decoded.
    pub async fn send(self) -> Result<Response<Bytes>> {
        let request = self.request()?;
        pipeline::run(&self.client, self.operation, &request).await
    }

    /// No more than so many records, as [`List::limit`](crate::List::limit).
    pub fn limit(mut self, records: u64) -> Self {
        self.options.limit = Some(records);
        self
    }

    /// How many pages may be on their way at a time, as [`List::prefetch`](crate::List::prefetch).
    pub fn prefetch(mut self, pages: usize) -> Self {
        self.options.prefetch = Some(pages.max(1));
        self
    }

    /// What is promised of the records, as [`List::consistency`](crate::List::consistency).
    ///
    /// # Errors
    ///
    /// `InvalidRequest` if it is [`Complete`](Consistency::Complete), and the records have no id.
    pub fn consistency(mut self, consistency: Consistency) -> Result<Self> {
        let keyed = self.operation.record().is_some_and(|record| record.key.is_some());
        if consistency == Consistency::Complete && !keyed {
            let id = self.operation.id;
            return Err(self.invalid(format!(
                "the records of {id} have no id, so one that moves may be missing; read it in one pass"
            )));
        }
        self.options.consistency = consistency;
        Ok(self)
    }

    /// Every record of the list, as [`List::raw`](crate::List::raw).
    pub fn records(self) -> Records<RawRecord> {
        self.reading().records()
    }

    /// Every page of the list.
    pub fn pages(self) -> Pages<RawRecord> {
        self.reading().pages()
    }

    fn reading(mut self) -> Reading<RawRecord> {
        let (client, setbacks) = self.client.for_walk();
        self.client = client;
        let paging = ["page", "itemsInPage"];
        let asked = |name: &str| {
            let argument = self.arguments.iter().find(|(argument, _)| *argument == name);
            argument.and_then(|(_, value)| value.parse().ok())
        };
        Reading {
            operation: self.operation,
            start: asked(paging[0]).unwrap_or(1),
            size: asked(paging[1]),
            is_filtered: self.arguments.iter().any(|(name, _)| !paging.contains(name)),
            last: None,
            options: self.options,
            setbacks,
            fetch: Arc::new(move |page, size| {
                let call = self.clone();
                Box::pin(async move {
                    let operation = call.operation;
                    let call = call
                        .set(paging[0], page.to_string())?
                        .set(paging[1], size.to_string())?;
                    page::undecoded(operation, call.send().await?)
                })
            }),
        }
    }

    /// One page of the list.
    ///
    /// # Errors
    ///
    /// As told by [`ErrorKind`](crate::ErrorKind).
    pub async fn page(self) -> Result<Response<Page<RawRecord>>> {
        self.items().await?.into_page()
    }

    /// One page of the list, whose records may not fit the description.
    pub(crate) async fn items(self) -> Result<Fetched<RawRecord>> {
        let operation = self.operation;
        page::undecoded(operation, self.send().await?)
    }

    fn request(&self) -> Result<transport::Request> {
        let base = self.client.base_url();
        let argument = |name: &str| self.arguments.iter().find(|(argument, _)| *argument == name);
        let mut url = base.to_string();
        for segment in self.operation.path.split('/').skip(1) {
            url.push('/');
            match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                None => url.push_str(segment),
                Some(name) => match argument(name) {
                    Some((_, value)) => url.push_str(&encode_path(value)),
                    None => return Err(self.invalid(format!("{} needs `{name}`", self.operation.id))),
                },
            }
        }
        let mut url = url::Url::parse(&url).map_err(|error| {
            self.invalid(format!("the address of {} cannot be made", self.operation.id))
                .with_source(error)
        })?;
        let in_query = |parameter: &&crate::Parameter| parameter.location == Location::Query;
        for parameter in self.operation.parameters.iter().filter(in_query) {
            if let Some((name, value)) = argument(parameter.name) {
                url.query_pairs_mut().append_pair(name, value);
            }
        }
        let mut request = transport::Request::new(self.operation.method.clone(), url);
        if let Some(body) = &self.body {
            let json = http::HeaderValue::from_static("application/json");
            request.headers.insert(http::header::CONTENT_TYPE, json);
            request.body = Some(body.clone());
        }
        Ok(request)
    }

    fn invalid(&self, sentence: String) -> Error {
        Error::invalid_request(sentence).with_operation(self.operation)
    }
}
