//! What users rely on without saying so, held at compile time.

use std::future::IntoFuture;

use atera::{ApiKey, Client, Error, List, Record, Records, types::Ticket};

fn shared<T: Send + Sync + Clone + 'static>() {}
fn sent<T: Send + 'static>(_: T) {}

#[test]
fn a_client_is_shared_between_threads_and_cheap_to_clone() {
    shared::<Client>();
    shared::<ApiKey>();
    shared::<atera::ClientBuilder>();
    shared::<atera::api::tickets::Tickets>();
    shared::<atera::api::tickets::Create>();
    shared::<atera::DynamicCall>();
    assert_eq!(
        size_of::<Client>(),
        2 * size_of::<usize>(),
        "what is shared, and what is set"
    );
}

#[test]
fn an_error_is_one_pointer_wide() {
    fn is_error<T: std::error::Error + Send + Sync + 'static>() {}
    is_error::<Error>();
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
}

#[tokio::test]
async fn calls_and_streams_can_be_sent_to_another_task() {
    let client = Client::builder()
        .api_key(ApiKey::new("key").unwrap())
        .build()
        .unwrap();
    // Not polled, so nothing is sent; that it compiles is the test.
    sent(client.tickets().get(1).into_future());
    sent(client.tickets().get(1).send());
    sent(client.tickets().get(1).send_raw());
    sent(client.tickets().list().stream());
    sent(client.tickets().list().pages());
    sent(client.tickets().list().all());
    sent(client.tickets().list().count());
    sent(client.tickets().list().raw());
    sent(client.request(http::Method::GET, "/account").send());
    fn stream<T: futures_util::Stream + Unpin>() {}
    stream::<Records<Ticket>>();
}

#[cfg(feature = "schemars")]
#[test]
fn types_have_a_json_schema() {
    use atera::{ActionId, Page, Timestamp};

    fn described<T: schemars::JsonSchema>() -> serde_json::Value {
        schemars::schema_for!(T).to_value()
    }
    let schema = described::<Page<Ticket>>();
    assert!(schema.to_string().contains("TicketCreatedDate"), "{schema}");
    described::<Timestamp>();
    described::<ActionId>();
}

#[test]
fn records_tell_their_identity() {
    fn identified<T: Record>() -> &'static str {
        T::KEY
    }
    assert_eq!(identified::<Ticket>(), "TicketID");
    assert_eq!(identified::<atera::types::Contact>(), "EndUserID");
    assert_eq!(identified::<atera::types::Invoice>(), "InvoiceId");
}
