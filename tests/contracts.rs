//! What users rely on without saying so, held at compile time.

use std::future::IntoFuture;

use atera::{ApiKey, Client, Error, Record, Records, description::Operation, types::Ticket};

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
    sent(client.tickets().get(1).send_undecoded());
    sent(client.tickets().list().stream());
    sent(client.tickets().list().pages());
    sent(client.tickets().list().all());
    sent(client.tickets().list().count());
    sent(client.tickets().list().undecoded());
    sent(client.tickets().list().into_future());
    sent(client.tickets().list().send());
    let tickets = client.tickets();
    sent(async move {
        let list = || tickets.list();
        list().stream().try_next().await?;
        list().undecoded().try_next().await?;
        list().pages().try_next().await
    });
    sent(client.request(http::Method::GET, "/account").send());
    sent(
        client
            .request(http::Method::GET, "/account")
            .decode::<serde_json::Value>(),
    );
    sent(client.account().get().into_future());
    sent(client.agents().list().into_future());
    sent(client.alerts().resolve(1).into_future());
    sent(client.contacts().list().stream());
    sent(client.contracts().list().pages());
    sent(client.customers().list().all());
    sent(client.devices_http().list().count());
    sent(client.invoices().list().undecoded());
    sent(client.knowledge_bases().list().send());
    sent(client.rates_products().list().into_future());
    sent(client.tickets().list_comments(1).all());
    sent(client.tickets().delete(1).into_future());
    let customer = atera::types::CreateCustomer::new("Harbor Dental");
    sent(client.customers().create(customer).into_future());
    let named = client.clone();
    let list = move || named.operation(Operation::find("tickets_list").unwrap());
    sent(list().send());
    sent(list().page());
    sent(list().page_of_results());
    sent(list().records());
    sent(list().pages());
    sent(async move {
        list().records().try_next().await?;
        list().pages().try_next().await?;
        list().paged().step().await
    });
    let alerts = client.alerts();
    sent(atera::batch([1, 2]).run(move |alert| alerts.resolve(alert)));
    sent(async move {
        let report = atera::batch([1, 2])
            .concurrency(3)
            .run(|alert| client.alerts().resolve(alert));
        report.await.is_done()
    });
    fn stream<T: futures_util::Stream + Unpin>() {}
    stream::<Records<Ticket>>();
    stream::<atera::page::Pages<Ticket>>();
}

#[cfg(feature = "changes")]
#[test]
fn changes_can_be_sent_to_another_task() {
    let client = Client::builder().api_key(ApiKey::new("key").unwrap());
    let client = client.build().unwrap();
    sent(
        client
            .tickets()
            .modified_since("2026-03-02T12:00:00Z".parse().unwrap()),
    );
    sent(async move {
        client
            .contacts()
            .modified_since("2026-03-02T12:00:00Z".parse().unwrap())
            .try_next()
            .await
    });
}

#[test]
fn a_sandbox_can_be_started_by_another_task() {
    sent(atera_sandbox::Sandbox::builder().start());
    sent(async {
        let sandbox = atera_sandbox::Sandbox::builder().start().await?;
        sandbox.serve().await
    });
}

/// `concurrency` asks nothing of the items.
#[test]
fn a_batch_takes_items_that_cannot_be_cloned() {
    struct Item;
    let _ = atera::batch([Item]).concurrency(2);
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
        T::ID_FIELD
    }
    assert_eq!(identified::<Ticket>(), "TicketID");
    assert_eq!(identified::<atera::types::Contact>(), "EndUserID");
    assert_eq!(identified::<atera::types::Invoice>(), "InvoiceId");
}
