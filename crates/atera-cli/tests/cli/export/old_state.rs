//! What is in the folder stays until the new state of it is whole.

use super::*;

/// The files in a folder with their contents, those of the lists that are being read left out.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    paths(dir)
        .map(|path| (name_of(&path), fs::read(path).expect("a file")))
        .collect()
}

/// The lists of a small account.
const LISTS: [&str; 2] = ["tickets", "customers"];

/// A small account, and a folder with an export of it.
async fn exported(tickets: usize) -> (Sandbox, tempfile::TempDir) {
    let sandbox = Sandbox::builder().tickets(tickets).customers(30);
    let sandbox = sandbox.start().await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    assert_success(&output(export_of(&sandbox, folder.path(), &LISTS)).await);
    (sandbox, folder)
}

/// The values of these fields of a list.
fn fields<const N: usize>(list: &Value, names: [&str; N]) -> [Value; N] {
    names.map(|name| list[name].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_was_interrupted_goes_on_although_others_came_between() {
    let sandbox = Sandbox::builder()
        .tickets(2_000)
        .customers(30)
        .rate_limit(RateLimit::off());
    let sandbox = sandbox.start().await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    killed(&sandbox, folder.path(), &["--fast", "tickets"], 500).await;
    let before = asked(&sandbox, 0)["/api/v3/tickets"].len();
    assert!(before >= 10);

    assert_success(&output(export_of(&sandbox, folder.path(), &["customers"])).await);
    assert_eq!(manifest(folder.path())["lists"].as_array().map(Vec::len), Some(1));
    assert_success(&output(export_of(&sandbox, folder.path(), &["--fast", "tickets"])).await);
    let again = asked(&sandbox, 0)["/api/v3/tickets"]
        .values()
        .filter(|count| **count > 1)
        .count();
    assert!(again <= 1, "{again} pages were asked for again");
    let lists = manifest(folder.path())["lists"].take();
    let names_and_counts = [0, 1].map(|list| fields(&lists[list], ["name", "records"]));
    assert_eq!(
        names_and_counts,
        [[json!("tickets"), json!(2_000)], [json!("customers"), json!(30)]]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_that_fails_or_is_killed_leaves_what_was_there() {
    let (sandbox, folder) = exported(500).await;
    let before = files(folder.path());
    assert_eq!(before.len(), 3);

    killed(
        &sandbox,
        folder.path(),
        &["--restart", "tickets", "customers"],
        150,
    )
    .await;
    assert!(
        files(folder.path()) == before,
        "a restart that was killed has changed something"
    );

    // Nothing answers at this address; the folder is taken to be that of the sandbox all the same.
    let base_url = sandbox.base_url().to_string();
    drop(sandbox);
    let arguments = [&["--restart", "--max-attempts", "1"][..], &LISTS].concat();
    let refused = output(export_from(&base_url, folder.path(), &arguments)).await;
    assert_eq!(refused.status.code(), Some(8), "{refused:?}");
    let mut after = files(folder.path());
    assert_ne!(
        after.insert("manifest.json".into(), before["manifest.json"].clone()),
        Some(Vec::new())
    );
    assert!(after == before, "a restart that failed has changed a list");
    let told = manifest(folder.path());
    assert_eq!(told["complete"], false);
    assert_eq!(
        fields(&told["lists"][0], ["state", "file_state", "records"]),
        [json!("failed"), json!("complete"), json!(500)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_replaces_what_was_there_once_it_is_whole() {
    let (sandbox, folder) = exported(60).await;
    let before = files(folder.path());
    assert_success(&ask(&sandbox, &["tickets", "delete", "54321", "--yes"]).await);
    assert_success(&output(export_of(&sandbox, folder.path(), &["--restart", "tickets"])).await);
    let after = files(folder.path());
    assert_eq!(after["customers.ndjson"], before["customers.ndjson"]);
    let lines = |text: &[u8]| text.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(
        (lines(&before["tickets.ndjson"]), lines(&after["tickets.ndjson"])),
        (60, 59)
    );
    assert_eq!(manifest(folder.path())["lists"][0]["records"], 59);
}

/// The process may die after it has put the first list in its place, and before the last.
#[tokio::test]
async fn what_was_about_to_take_its_place_takes_it_with_the_next_run() {
    let (sandbox, folder) = exported(60).await;
    let dir = folder.path();
    let whole = files(dir);
    let (state, next) = (dir.join(".atera-export"), dir.join(".atera-export/next"));
    fs::rename(dir.join("tickets.ndjson"), next.join("tickets.ndjson")).expect("renamed");
    let publication = json!({"manifest": manifest(dir), "lists": ["customers", "tickets"]});
    fs::write(state.join("publish.json"), publication.to_string()).expect("written");
    fs::remove_file(dir.join("manifest.json")).expect("removed");

    let again = output(export_of(&sandbox, dir, &LISTS)).await;
    assert_failure(&again, 2, "holds these lists already");
    assert!(files(dir) == whole);
    assert!(!state.join("publish.json").exists());
}

#[tokio::test]
async fn a_file_that_is_not_of_the_export_is_never_overwritten() {
    let sandbox = Sandbox::builder().customers(30).start().await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let (dir, file) = (folder.path(), folder.path().join("customers.ndjson"));
    fs::write(&file, "my notes").expect("written");
    for flags in [&["customers"][..], &["--restart", "customers"]] {
        let refused = output(export_of(&sandbox, dir, flags)).await;
        assert_failure(
            &refused,
            2,
            "customers.ndjson is in the way: no export has written it",
        );
    }
    assert_eq!(fs::read(&file).expect("a file"), b"my notes");
    fs::remove_file(&file).expect("removed");

    fs::write(dir.join("manifest.json"), r#"{"name": "my site"}"#).expect("written");
    let refused = output(export_of(&sandbox, dir, &["customers"])).await;
    assert_failure(&refused, 2, "manifest.json is not that of an export");
    fs::remove_file(dir.join("manifest.json")).expect("removed");

    // One that was exported is ours until someone changes it, and is read again if it is gone.
    assert_success(&output(export_of(&sandbox, dir, &["customers"])).await);
    let exported = fs::read(&file).expect("a file");
    fs::write(&file, "changed").expect("written");
    let refused = output(export_of(&sandbox, dir, &["--restart", "customers"])).await;
    assert_failure(&refused, 2, "something has changed it");
    fs::remove_file(&file).expect("removed");
    let again = output(export_of(&sandbox, dir, &["customers"])).await;
    assert_success(&again);
    assert!(
        stderr(&again).starts_with("gone from the folder, and read again: customers\n"),
        "{again:?}"
    );
    assert!(fs::read(&file).expect("a file") == exported);
}
