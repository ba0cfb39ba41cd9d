//! Writes all tickets as NDJSON, as the service sent them: `cargo run --example export > tickets.ndjson`.
//!
//! The list is read until nothing is missing, even if others change it meanwhile.

use std::io::{BufWriter, Write, stdout};

use atera::{Client, Consistency};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    let mut out = BufWriter::new(stdout().lock());
    let mut tickets = client
        .tickets()
        .list()
        .consistency(Consistency::Complete)
        .undecoded();
    let mut count = 0;
    while let Some(ticket) = tickets.try_next().await? {
        writeln!(out, "{}", ticket.get())?;
        count += 1;
    }
    out.flush()?;
    eprintln!("{count} tickets; {:?}", tickets.drift());
    Ok(())
}
