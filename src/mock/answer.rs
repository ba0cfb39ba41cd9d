//! The answer of a mock.

use std::{collections::BTreeMap, fmt, marker::PhantomData, time::Duration};

use httpmock::{HttpMockResponse, Then};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    Page,
    description::{DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE, PAGE, PAGE_SIZE},
};

/// The answer of a mocked operation, in the formats of the service.
///
/// `T` is what the operation answers; lists have [`page`](Answer::page) and [`records`](Answer::records), the rest has
/// [`value`](Answer::value). Failures are those
/// that the service is known to send.
pub struct Answer<T> {
    then: Then,
    of: PhantomData<fn(T)>,
}

impl<T> Answer<T> {
    pub(crate) fn new(then: Then) -> Self {
        Answer {
            then,
            of: PhantomData,
        }
    }

    /// Any JSON with any status, whether or not it fits the description.
    pub fn json(self, status: u16, body: &Value) -> Self {
        let then = self.then.status(status);
        Answer::new(
            then.header("content-type", "application/json")
                .body(body.to_string()),
        )
    }

    /// A status and no body: a success of a write, or 401, which the service gives no reason for.
    pub fn empty(self, status: u16) -> Self {
        Answer::new(self.then.status(status))
    }

    /// A failure in the guide's form.
    pub fn fails(self, status: u16, message: &str) -> Self {
        self.json(status, &json!({"Message": message}))
    }

    /// A failure in the guide's form, with its code.
    pub fn fails_with_code(self, status: u16, code: &str, message: &str) -> Self {
        self.json(status, &json!({"Message": message, "ErrorCode": code}))
    }

    /// A request that is refused field by field, in the published form.
    pub fn refuses(self, fields: &[(&str, &str)]) -> Self {
        let mut errors = BTreeMap::<_, Vec<_>>::new();
        for (field, reason) in fields {
            errors.entry(field).or_default().push(reason);
        }
        self.json(
            400,
            &json!({
                "type": "https://tools.ietf.org/html/rfc7231#section-6.5.1",
                "title": "One or more validation errors occurred.",
                "status": 400,
                "errors": errors,
            }),
        )
    }

    /// Too many requests: 429, with the time to wait in whole seconds.
    pub fn rate_limited(self, retry_after: Duration) -> Self {
        let message = "Rate limit exceeded. Please wait before making more requests.";
        let Answer { then, of } = self.fails(429, message);
        let then = then.header("retry-after", retry_after.as_secs().to_string());
        Answer { then, of }
    }

    /// The underlying `Then` of httpmock, for a delay or other headers.
    pub fn into_inner(self) -> Then {
        self.then
    }
}

impl<T: Serialize> Answer<T> {
    /// A success with this value.
    ///
    /// # Panics
    ///
    /// If the value cannot be written as JSON.
    pub fn value(self, value: &T) -> Self {
        let value = serde_json::to_value(value).expect("a value of the API can be written as JSON");
        self.json(200, &value)
    }
}

impl<R: Serialize> Answer<Page<R>> {
    /// The only page of a list, with these records, whichever page is asked for.
    ///
    /// # Panics
    ///
    /// If a record cannot be written as JSON.
    pub fn page(self, items: &[R]) -> Self {
        self.json(200, &page(&values(items), 1, MOST))
    }

    /// A list with these records, a page at a time, as `page` and `itemsInPage` of the request say.
    ///
    /// # Panics
    ///
    /// If a record cannot be written as JSON.
    pub fn records(self, items: &[R]) -> Self {
        let items = values(items);
        Answer::new(self.then.respond_with(move |request| {
            let asked = |name: &str, otherwise: usize| {
                let pairs = request.query_params();
                let value = pairs.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
                let value = value.and_then(|(_, value)| value.parse().ok());
                value.filter(|value| *value > 0).unwrap_or(otherwise)
            };
            let body = page(&items, asked(PAGE, 1), asked(PAGE_SIZE, USUAL).min(MOST));
            HttpMockResponse::builder()
                .status(200)
                .header("content-type", "application/json")
                .body(body.to_string())
                .build()
        }))
    }
}

/// The default page size and the largest one.
const USUAL: usize = DEFAULT_PAGE_SIZE as usize;
const MOST: usize = LARGEST_PAGE_SIZE as usize;

fn values(items: &[impl Serialize]) -> Vec<Value> {
    let values = items.iter().map(serde_json::to_value);
    values
        .collect::<Result<_, _>>()
        .expect("records of the API can be written as JSON")
}

/// A page of the records, as the service writes it.
fn page(all: &[Value], page: usize, size: usize) -> Value {
    let items: Vec<_> = all
        .iter()
        .skip((page - 1).saturating_mul(size))
        .take(size)
        .collect();
    json!({
        "items": items,
        "page": page,
        "itemsInPage": size,
        "totalItemCount": all.len(),
        "totalPages": all.len().div_ceil(size).max(1),
        "prevLink": "",
        "nextLink": "",
    })
}

impl<T> fmt::Debug for Answer<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Answer").finish_non_exhaustive()
    }
}
