//! Helpers for [`httpmock`], to test code that uses this client: requests by operation, and answers in the forms of
//! the service.
//!
//! ```
//! use atera::mock::{self, Answers, Asks};
//! use httpmock::MockServer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> atera::Result<()> {
//! let server = MockServer::start_async().await;
//! let ticket = serde_json::json!({"TicketID": 7, "TicketTitle": "Printer"});
//! let list = server.mock(|when, then| {
//!     when.asks("tickets_list").query_param("ticketStatus", "Open");
//!     then.answers_page(&[ticket]);
//! });
//!
//! let page = mock::client(&server)?.tickets().list().ticket_status("Open").await?;
//! assert_eq!(page.items[0].ticket_id, Some(7));
//! list.assert();
//! # Ok(())
//! # }
//! ```

use httpmock::{MockServer, Then, When};
use serde::Serialize;
use serde_json::json;

use crate::{
    ApiKey, Client, Operation, Result,
    route::{self, Route},
};

/// A client of the mock server.
///
/// # Errors
///
/// `Config`, as [`ClientBuilder::build`](crate::ClientBuilder::build).
pub fn client(server: &MockServer) -> Result<Client> {
    let key = ApiKey::new("mock")?;
    Client::builder().api_key(key).base_url(server.base_url()).build()
}

/// Requests by operation.
pub trait Asks: Sized {
    /// Matches the requests of an operation: its method, and its path with any values for its parameters.
    ///
    /// # Panics
    ///
    /// If the description has no such operation.
    #[must_use]
    fn asks(self, operation: &str) -> Self;
}

impl Asks for When {
    fn asks(self, operation: &str) -> Self {
        let found = Operation::find(operation);
        let found = found.unwrap_or_else(|| panic!("there is no operation `{operation}`"));
        self.is_true(move |request| {
            let uri = request.uri();
            let asked = route::find(&request.method(), uri.path());
            matches!(asked, Route::Operation(asked, _) if asked.id == found.id)
        })
    }
}

/// Answers in the forms of the service.
pub trait Answers: Sized {
    /// A record, or whatever else can be written as JSON, with status 200.
    #[must_use]
    fn answers(self, value: &impl Serialize) -> Self;

    /// The only page of a list with these records.
    #[must_use]
    fn answers_page<T: Serialize>(self, items: &[T]) -> Self;

    /// A failure in the guide's form.
    #[must_use]
    fn fails(self, status: u16, message: &str) -> Self;
}

impl Answers for Then {
    fn answers(self, value: &impl Serialize) -> Self {
        let json = serde_json::to_string(value).expect("an answer can be written as JSON");
        self.status(200)
            .header("content-type", "application/json")
            .body(json)
    }

    fn answers_page<T: Serialize>(self, items: &[T]) -> Self {
        self.answers(&json!({
            "items": items,
            "page": 1,
            "itemsInPage": 50,
            "totalItemCount": items.len(),
            "totalPages": 1,
            "prevLink": "",
            "nextLink": "",
        }))
    }

    fn fails(self, status: u16, message: &str) -> Self {
        self.answers(&json!({"Message": message})).status(status)
    }
}
