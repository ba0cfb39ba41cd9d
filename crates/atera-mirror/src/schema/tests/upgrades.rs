//! Databases of earlier and of newer programs, on both databases.

use super::{
    super::{
        ddl::shapes,
        exists, hash, migrate,
        migrate::{Migration, VERSION, migrate_to},
    },
    TICKET, ask, earlier, migrate_from, program, store, with_types,
};
use crate::{
    engine::{ColumnType, Dialect, Value, for_both, tests::Place},
    error::ErrorKind,
};

for_both!(
    an_older_program_does_not_write_into_the_tables_of_a_newer_one,
);

async fn an_older_program_does_not_write_into_the_tables_of_a_newer_one(place: Place) {
    let dialect = place.engine.dialect();
    let mut newer = program(VERSION + 1, shapes());
    let agents = newer.shapes.iter_mut().find(|shape| shape.name == "agents");
    agents.unwrap().columns.push(("color", ColumnType::Text));
    let mut session = place.engine.writer().await.unwrap();
    migrate_to(&mut *session, dialect, &newer).await.unwrap();
    let error = migrate(&mut *session, dialect).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Newer);
    assert!(
        error
            .to_string()
            .contains("in version 2, and this one knows up to 1;"),
        "{error}"
    );
    session.rollback().await.unwrap();
    let mut reader = place.other.reader().await.unwrap();
    let error = exists(&mut *reader, dialect).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Newer);
    // What the newer program has noted is still there.
    let again = migrate_to(&mut *session, dialect, &newer).await;
    assert_eq!(again.unwrap(), Migration::default());
}

/// Otherwise an older program would write into the tables of this one.
#[test]
fn the_version_grows_with_the_tables() {
    let mut columns: Vec<_> = shapes()
        .iter()
        .flat_map(|shape| {
            let of_column = |(name, kind): &(&str, ColumnType)| format!("{}.{name} {kind:?}", shape.name);
            shape.columns.iter().map(of_column).collect::<Vec<_>>()
        })
        .collect();
    columns.sort_unstable();
    assert_eq!(
        (VERSION, hash(&columns.join("\n")).as_str()),
        (1, "5c0050063ea026af4fb31b337067fe0d"),
        "the tables have changed: raise VERSION in migrate.rs, and write it down here with their hash"
    );
}
