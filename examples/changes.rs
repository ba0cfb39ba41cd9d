//! Reads the contacts that changed since the last run: `cargo run --features changes --example changes -- bookmark.txt`.
//!
//! The file has the time to begin with. The program replaces it with the time at which the next run has to begin.

use std::{env, fs};

use atera::{Client, Timestamp};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = env::args().nth(1).ok_or("name the file with the bookmark")?;
    let since: Timestamp = match fs::read_to_string(&file) {
        Ok(bookmark) => bookmark.trim().parse()?,
        // The first run reads everything.
        Err(_) => "2000-01-01T00:00:00Z".parse()?,
    };
    let client = Client::from_env()?;
    let mut contacts = client.contacts().modified_since(since);
    let mut count = 0;
    while let Some(contact) = contacts.try_next().await? {
        println!("{:?} {}", contact.end_user_id, contact.email.unwrap_or_default());
        count += 1;
    }
    if let Some(bookmark) = contacts.bookmark() {
        fs::write(&file, bookmark.to_string())?;
    }
    eprintln!("{count} contacts since {since}");
    Ok(())
}
