//! Calls that are built at run time from the names in the description. The command line uses them.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use super::request::{Body, RequestBuilder};
use crate::{
    Error, Result,
    description::{LARGEST_PAGE_SIZE, Location, Operation, PAGE, PAGE_SIZE, is_paging},
    page::{
        Consistency, Fetched, ListReader, MissingSearch, Options, Page, PagedWalk, Pages, Records,
        UndecodedRecord, undecoded,
    },
    pipeline::{self, Response, context::Context},
    transport::Request,
    types::RecordId,
};

/// A call that is built at run time, by the names of its operation, its parameters, and the fields of its body.
///
/// It is checked and sent like a typed call, and returns the JSON undecoded.
///
/// ```no_run
/// # async fn example(client: atera::Client) -> atera::Result<()> {
/// let operation = atera::description::Operation::find("tickets_get").expect("an operation of the description");
/// let answer = client.operation(operation).set("ticketId", "54321")?.send().await?;
/// println!("{}", String::from_utf8_lossy(&answer.value));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until it is sent"]
pub struct DynamicCall {
    context: Context,
    operation: &'static Operation,
    arguments: Vec<(&'static str, String)>,
    body: Option<Body>,
    options: Options,
}

impl DynamicCall {
    pub(crate) fn new(context: Context, operation: &'static Operation) -> Self {
        DynamicCall {
            context,
            operation,
            arguments: Vec::new(),
            body: None,
            options: Options::default(),
        }
    }

    /// Sets a parameter, and replaces an earlier value. Letter case of the name is ignored.
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

    /// Sets the body.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` if the operation takes no body, or if the value cannot be written as JSON.
    pub fn body(mut self, body: &impl Serialize) -> Result<Self> {
        if self.operation.body.is_none() {
            return Err(self.invalid(format!("{} takes no body", self.operation.id)));
        }
        let body = Body::new(body).map_err(|error| {
            self.invalid(format!(
                "the body of {} cannot be written as JSON",
                self.operation.id
            ))
            .with_source(error)
        })?;
        self.body = Some(body);
        Ok(self)
    }

    /// Sends the call.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind). Nothing is decoded, so `Decode` only means that the answer is empty although the
    /// operation returns JSON, or longer than [`body_limit`](crate::ClientBuilder::body_limit).
    pub async fn send(self) -> Result<Response<Bytes>> {
        let request = self.request()?;
        pipeline::run(&self.context, self.operation.into(), &request).await
    }

    /// The largest number of records, as [`List::limit`](crate::List::limit).
    pub fn limit(mut self, records: u64) -> Self {
        self.options.limit = Some(records);
        self
    }

    /// How many pages may be in flight at a time, as [`List::prefetch`](crate::List::prefetch).
    pub fn prefetch(mut self, pages: usize) -> Self {
        self.options.prefetch = Some(pages.max(1));
        self
    }

    /// What a walk guarantees about the records, as [`List::consistency`](crate::List::consistency).
    ///
    /// # Errors
    ///
    /// `InvalidRequest` for [`Complete`](Consistency::Complete), if the records have no id.
    pub fn consistency(mut self, consistency: Consistency) -> Result<Self> {
        if consistency == Consistency::Complete && !self.operation.has_ids() {
            let id = self.operation.id;
            return Err(self.invalid(format!(
                "the records of {id} have no id, so one that moves may be missing; read it in one pass"
            )));
        }
        self.options.consistency = consistency;
        Ok(self)
    }

    /// Every record of the list, as [`List::undecoded`](crate::List::undecoded).
    pub fn records(self) -> Records<UndecodedRecord> {
        self.reading().records()
    }

    /// Every page of the list.
    pub fn pages(self) -> Pages<UndecodedRecord> {
        self.reading().pages()
    }

    /// The list page by page, in steps whose progress can be saved; see [`PagedWalk`].
    pub fn paged(self) -> PagedWalk {
        PagedWalk::new(self.reading())
    }

    fn reading(mut self) -> ListReader<UndecodedRecord> {
        let (context, congestion) = self.context.for_walk();
        self.context = context;
        let asked = |name: &str| {
            let argument = self.arguments.iter().find(|(argument, _)| *argument == name);
            argument.and_then(|(_, value)| value.parse().ok())
        };
        ListReader {
            operation: self.operation,
            start: asked(PAGE).unwrap_or(1),
            size: asked(PAGE_SIZE),
            is_filtered: self.arguments.iter().any(|(name, _)| !is_paging(name)),
            last: None,
            options: self.options,
            congestion,
            fetch: Arc::new(move |page, size| {
                let call = self.clone();
                Box::pin(async move {
                    let operation = call.operation;
                    let call = call
                        .set(PAGE, page.to_string())?
                        .set(PAGE_SIZE, size.to_string())?;
                    undecoded(operation, call.send().await?)
                })
            }),
        }
    }

    /// One page of the list.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind).
    pub async fn page(self) -> Result<Response<Page<UndecodedRecord>>> {
        self.fetched().await?.into_page()
    }

    /// One page of the list, with a result for each record: a record that is not UTF-8 is an error with its
    /// [`record`](Error::record) and its [`body`](Error::body), and does not affect the others.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind), if there is no page.
    pub async fn page_of_results(self) -> Result<Response<Page<Result<UndecodedRecord>>>> {
        let Fetched { answer, page, items } = self.fetched().await?;
        let records = items.into_iter().map(|item| item.record).collect();
        Ok(answer.with(page.with_items(records).0))
    }

    /// How many records the list has. This requests a page of one record. `None` if the service does not tell, or contradicts
    /// itself.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind).
    pub async fn total(self) -> Result<Option<u64>> {
        let answer = self.set(PAGE, "1")?.set(PAGE_SIZE, "1")?.page().await?;
        let reported = answer.value.reported_length();
        Ok(reported.total.and_then(|total| u64::try_from(total).ok()))
    }

    /// Which of the records with these ids are not in the list any more, which has `total` records now. `known` must have the ids
    /// of all records of the list, those that were created meanwhile among them.
    ///
    /// It requests a few pages for each missing record, if the list is in the order of its ids. `None` if it is not, or if the
    /// list changes meanwhile: then only reading the whole list tells.
    ///
    /// ```no_run
    /// use atera::{RecordId, description::Operation};
    ///
    /// # async fn example(client: atera::Client, known: Vec<RecordId>) -> atera::Result<()> {
    /// let list = Operation::find("customers_list").expect("an operation of the description");
    /// let total = client.operation(list).total().await?;
    /// if let Some(total) = total.filter(|total| *total < known.len() as u64) {
    ///     println!("{:?}", client.operation(list).missing_ids(&known, total).await?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind).
    pub async fn missing_ids(self, known: &[RecordId], total: u64) -> Result<Option<Vec<RecordId>>> {
        let id_field = self.operation.record().and_then(|record| record.id_field);
        let (Some(id_field), Ok(total)) = (id_field, usize::try_from(total)) else {
            return Ok(None);
        };
        let mut search = MissingSearch::new(known, total);
        while let Some(page) = search.next() {
            let call = self
                .clone()
                .set(PAGE, (page + 1).to_string())?
                .set(PAGE_SIZE, LARGEST_PAGE_SIZE.to_string())?;
            let answer = call.page().await?;
            if search.take(page, &answer.value, id_field).is_err() {
                return Ok(None);
            }
        }
        Ok(search.missing())
    }

    async fn fetched(self) -> Result<Fetched<UndecodedRecord>> {
        let operation = self.operation;
        undecoded(operation, self.send().await?)
    }

    fn request(&self) -> Result<Box<Request>> {
        let mut request = RequestBuilder::of(self.operation, &self.context.shared().base_url);
        for parameter in self.operation.parameters {
            let mut arguments = self.arguments.iter();
            let argument = arguments.find(|(argument, _)| *argument == parameter.name);
            request = match (parameter.location, argument) {
                (Location::Path, Some((_, value))) => request.path(parameter.name, value),
                (Location::Query, Some((_, value))) => request.query(parameter.name, Some(value)),
                // `build` refuses the call if the parameter is required, as those of the path are.
                (_, None) => request,
            };
        }
        match &self.body {
            Some(body) => request.written_body(body),
            None => request,
        }
        .build()
    }

    fn invalid(&self, sentence: String) -> Error {
        Error::invalid_request(sentence).with_operation(self.operation)
    }
}
