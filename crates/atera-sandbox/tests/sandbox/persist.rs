//! Records that survive the end of the sandbox.

use std::{fs, path::Path};

use atera::{
    ErrorKind,
    types::{CreateCustomer, UpdateCustomer},
};
use atera_sandbox::{Sandbox, SandboxBuilder};

use crate::wire::ask;

fn small() -> SandboxBuilder {
    let builder = Sandbox::builder().customers(3).contacts(5).agents(3);
    builder
        .tickets(8)
        .alerts(4)
        .contracts(3)
        .invoices(2)
        .articles(1)
        .devices(1)
}

async fn in_folder(folder: &Path) -> Sandbox {
    small().persist(folder).start().await.expect("a sandbox")
}

async fn create(sandbox: &Sandbox, name: &str) -> i64 {
    let client = sandbox.client().expect("a client");
    let made = client.customers().create(CreateCustomer::new(name)).await;
    let id = made.expect("a customer").action_id.and_then(|id| id.number());
    id.expect("an id")
}

async fn customers(sandbox: &Sandbox) -> u64 {
    let client = sandbox.client().expect("a client");
    client.customers().list().count().await.expect("a count")
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() -> atera::Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = in_folder(folder.path()).await;
    assert!(!sandbox.is_restored());
    let key = sandbox.api_key().to_string();
    let (kept, gone) = (create(&sandbox, "Kept").await, create(&sandbox, "Gone").await);
    let client = sandbox.client()?;
    let change = UpdateCustomer {
        city: Some("Oslo".into()),
        ..Default::default()
    };
    client.customers().update(kept, change).await?;
    client.customers().delete(gone).await?;
    client.customers().delete(1202).await?;
    let left = sandbox.dump();
    drop(sandbox);

    // Another seed and other counts have no effect on records that are there.
    for _ in 0..2 {
        let builder = Sandbox::builder().seed(99).persist(folder.path());
        let sandbox = builder.start().await?;
        assert!(sandbox.is_restored());
        assert_eq!(sandbox.api_key(), key);
        assert!(sandbox.dump() == left, "the records differ");
        drop(sandbox);
    }
    // The id of a deleted record is not given to another.
    let sandbox = in_folder(folder.path()).await;
    assert_eq!(create(&sandbox, "Next").await, gone + 1);
    Ok(())
}

/// A kill may come at any byte of a write. Whatever the file has then, the whole lines in it count.
#[tokio::test]
async fn a_sandbox_that_is_killed_at_any_point_comes_back_with_the_last_whole_state() -> atera::Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = in_folder(folder.path()).await;
    let at_first = customers(&sandbox).await;
    for name in ["One", "Two", "Three"] {
        create(&sandbox, name).await;
    }
    let changes = fs::read(folder.path().join("changes.ndjson")).expect("a file");
    drop(sandbox);
    let lines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(lines(&changes), 5, "a header, the start, and three changes");

    let ends: Vec<_> = (1..=changes.len())
        .filter(|end| lines(&changes[..*end]) >= 2)
        .collect();
    let step = ends.len() / 24;
    let last = [changes.len() - 1, changes.len()];
    for end in ends.into_iter().step_by(step).chain(last) {
        let copy = tempfile::tempdir().expect("a folder");
        fs::copy(
            folder.path().join("records.json"),
            copy.path().join("records.json"),
        )
        .expect("a copy");
        fs::write(copy.path().join("changes.ndjson"), &changes[..end]).expect("a file");
        // A file that was to replace another is left behind by a kill.
        fs::write(copy.path().join("changes.ndjson.new"), "{").expect("a file");
        let sandbox = in_folder(copy.path()).await;
        let whole = lines(&changes[..end]) - 2;
        assert_eq!(customers(&sandbox).await, at_first + whole as u64, "{end}");
        // It goes on from there.
        create(&sandbox, "Four").await;
        drop(sandbox);
        assert_eq!(
            customers(&in_folder(copy.path()).await).await,
            at_first + whole as u64 + 1
        );
    }
    Ok(())
}

#[tokio::test]
async fn one_sandbox_at_a_time_has_a_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = in_folder(folder.path()).await;
    let second = small()
        .persist(folder.path())
        .start()
        .await
        .expect_err("it is taken");
    assert_eq!(second.kind(), ErrorKind::Config);
    assert!(
        second.to_string().contains("another one keeps its records in"),
        "{second}"
    );
    drop(first);
    in_folder(folder.path()).await;
}

#[tokio::test]
async fn a_reset_restores_the_records_of_the_first_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = in_folder(folder.path()).await;
    let at_first = sandbox.dump();
    create(&sandbox, "One").await;
    drop(sandbox);
    let sandbox = in_folder(folder.path()).await;
    create(&sandbox, "Two").await;
    sandbox.reset();
    assert!(sandbox.dump() == at_first);
    drop(sandbox);
    assert!(in_folder(folder.path()).await.dump() == at_first);
}

#[tokio::test]
async fn a_folder_that_is_not_understood_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(in_folder(folder.path()).await);
    let file = folder.path().join("changes.ndjson");
    let mut text = fs::read_to_string(&file).expect("a file");
    text.push_str("{\"rng\": 1, \"changes\": [[\"customer\", 7]]}\n");
    fs::write(&file, &text).expect("a file");
    let error = small()
        .persist(folder.path())
        .start()
        .await
        .expect_err("no such kind");
    assert!(error.to_string().contains("line 3 of"), "{error}");
    assert_eq!(fs::read_to_string(&file).expect("a file"), text);
}

#[tokio::test]
async fn a_change_that_cannot_be_written_is_answered_with_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = in_folder(folder.path()).await;
    fs::remove_dir_all(folder.path()).expect("it is removed");
    // The reset cannot be written either, so the next change, and every one after it, tries again.
    sandbox.reset();
    let answer = ask(&sandbox, "POST", "/customers", "{\"CustomerName\": \"One\"}").await;
    assert_eq!(answer.status, 500);
    assert!(
        answer.body.contains("cannot write it to its folder"),
        "{}",
        answer.body
    );
    fs::create_dir_all(folder.path()).expect("it is back");
    let answer = ask(&sandbox, "POST", "/customers", "{\"CustomerName\": \"Two\"}").await;
    assert_eq!(answer.status, 201);
}
