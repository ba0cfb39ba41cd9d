//! The file of SQLite.

use std::{fs, os::unix::fs::PermissionsExt};

use super::{INSERT, ask, thing, things};
use crate::{
    engine::{Engine, Sqlite, Value},
    error::ErrorKind,
};

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn allow(path: &std::path::Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn the_file_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new").join("mirror.db");
    let engine = Sqlite::open(&path).unwrap();
    let mut session = things(&engine).await;
    session.execute(INSERT, &thing(1)).await.unwrap();
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let file = folder.path().join("new").join(format!("mirror.db{suffix}"));
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    drop(session);
    allow(&path, 0o640);
    let error = Sqlite::open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error.to_string().contains("mode 640); run `chmod 600 "),
        "{error}"
    );
}

#[tokio::test]
async fn the_outbox_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Sqlite::open(&folder.path().join("mirror.db")).unwrap();
    assert!(engine.outbox().await.unwrap().is_none());
    let mut session = engine.outbox_of("crm").await.unwrap();
    session
        .execute("CREATE TABLE things (id INTEGER)", &[])
        .await
        .unwrap();
    for suffix in ["", "-wal", "-shm", ".crm.lock"] {
        let file = folder.path().join(format!("mirror.db.outbox{suffix}"));
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    drop(session);
    allow(&folder.path().join("mirror.db.outbox"), 0o644);
    for error in [engine.outbox().await.err(), engine.outbox_of("crm").await.err()] {
        assert_eq!(error.unwrap().kind(), ErrorKind::Config);
    }
}

#[test]
fn a_folder_in_which_others_can_write_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (bits, is_allowed) in [
        (0o755, true),
        (0o777, false),
        (0o1777, false),
        (0o775, false),
        (0o700, true),
    ] {
        allow(folder.path(), bits);
        let opened = Sqlite::open(&folder.path().join("mirror.db"));
        assert_eq!(opened.is_ok(), is_allowed, "{bits:o}");
    }
    // A link to it is no way around.
    let inner = folder.path().join("open");
    fs::create_dir(&inner).unwrap();
    fs::write(inner.join("mirror.db"), "").unwrap();
    allow(&inner.join("mirror.db"), 0o600);
    allow(&inner, 0o777);
    std::os::unix::fs::symlink(inner.join("mirror.db"), folder.path().join("link.db")).unwrap();
    let error = Sqlite::open(&folder.path().join("link.db")).unwrap_err();
    assert!(
        error.to_string().contains("others can write in its folder"),
        "{error}"
    );
}

#[tokio::test]
async fn a_file_that_is_no_database_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mirror.db");
    fs::write(
        &path,
        "no database at all, but long enough to be taken for one: ".repeat(20),
    )
    .unwrap();
    allow(&path, 0o600);
    let engine = Sqlite::open(&path).unwrap();
    let error = engine.writer().await.err().unwrap();
    assert!(error.to_string().contains("damaged or no database"), "{error}");
    let missing = Sqlite::open(&folder.path().join("other.db")).unwrap();
    let error = ask(&missing, "SELECT 1").await.unwrap_err();
    assert!(
        error.to_string().ends_with("the file does not exist; sync first"),
        "{error}"
    );
    assert!(!folder.path().join("other.db").exists());
}

/// The file and the log of a writer as they are at some moment: what a killed process leaves.
#[tokio::test]
async fn what_a_killed_writer_has_committed_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Sqlite::open(&folder.path().join("mirror.db")).unwrap();
    let mut session = things(&engine).await;
    session.execute(INSERT, &thing(1)).await.unwrap();
    session.begin().await.unwrap();
    session.execute(INSERT, &thing(2)).await.unwrap();
    let killed = tempfile::tempdir().unwrap();
    for name in ["mirror.db", "mirror.db-wal"] {
        fs::copy(folder.path().join(name), killed.path().join(name)).unwrap();
    }
    let engine = Sqlite::open(&killed.path().join("mirror.db")).unwrap();
    let ids = "SELECT id FROM things";
    assert_eq!(ask(&engine, ids).await.unwrap(), [[Value::Integer(1)]]);
    drop(engine.writer().await.unwrap());
    assert_eq!(ask(&engine, ids).await.unwrap(), [[Value::Integer(1)]]);
}
