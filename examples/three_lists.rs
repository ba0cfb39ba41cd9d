//! Reads three lists concurrently, under one rate limit: `cargo run --example three_lists`.

use atera::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> atera::Result<()> {
    let client = Client::from_env()?;
    let (customers, agents, alerts) = tokio::try_join!(
        client.customers().list().all(),
        client.agents().list().all(),
        client.alerts().list().alert_status("Open").all(),
    )?;
    println!(
        "{} customers, {} agents, {} open alerts",
        customers.len(),
        agents.len(),
        alerts.len()
    );
    let usage = client.usage().total();
    println!(
        "{} requests, {} of the limit in use",
        usage.attempts,
        client.rate().in_use
    );
    Ok(())
}
