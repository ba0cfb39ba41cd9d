//! Resolves all open alerts of low severity: `cargo run --example resolve_alerts`.

use atera::{Client, Priority, types::AlertSeverity};

#[tokio::main(flavor = "current_thread")]
async fn main() -> atera::Result<()> {
    let client = Client::from_env()?;
    let open = client.alerts().list().alert_status("Open").all().await?;
    let low = open
        .into_iter()
        .filter(|alert| alert.severity == Some(AlertSeverity::Information))
        .filter_map(|alert| alert.alert_id);

    let background = client.with_priority(Priority::Background);
    let report = atera::batch(low)
        .concurrency(10)
        .run(|alert| background.alerts().resolve(alert))
        .await;
    for (alert, error) in report.failed() {
        eprintln!("alert {alert}: {error}");
    }
    println!(
        "{} resolved, {} not tried",
        report.done().count(),
        report.not_tried().count()
    );
    Ok(())
}
