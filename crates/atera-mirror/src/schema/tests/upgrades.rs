//! Databases of earlier and of newer programs, on both databases.

use super::{
    super::{
        ddl::shapes,
        find, hash, migrate,
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
    a_misfit_of_a_column_that_is_filled_anew_is_forgotten,
    what_is_new_is_not_made_of_records_that_are_gone,
    what_others_may_read_and_their_views_survive,
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
    let error = find(&mut *reader, dialect).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Newer);
    // What the newer program has noted is still there.
    let again = migrate_to(&mut *session, dialect, &newer).await;
    assert_eq!(again.unwrap(), Migration::default());
}

async fn a_misfit_of_a_column_that_is_filled_anew_is_forgotten(place: Place) {
    let old = with_types(&[
        ("tickets", "customer_id", ColumnType::Boolean),
        ("invoices_line_items", "total", ColumnType::Boolean),
    ]);
    let mut session = migrate_from(&place, old).await;
    let tickets = [
        (7, TICKET),
        (8, r#"{"TicketID":8,"CustomerID":"eight","ContractID":[]}"#),
        (9, r#"{"TicketID":9,"CustomerID":9,"ContractID":[]}"#),
    ];
    for (id, record) in tickets {
        store(&mut *session, "tickets", ("ticket_id", id.into()), record).await;
    }
    let record = r#"{"InvoiceId":"a","LineItems":[{"Product":["x"],"Total":1.5},{"Total":"much"}]}"#;
    store(&mut *session, "invoices", ("invoice_id", "a".into()), record).await;
    let lines = "INSERT INTO invoices_line_items (invoice_id, _position) VALUES ('a', 0), ('a', 1)";
    session.execute(lines, &[]).await.unwrap();
    let items = ["[0].product", "[0].total", "[1].total"].map(|it| format!("invoices_line_items{it}"));
    for (table, id, columns) in [
        ("tickets", "7", "customer_id"),
        ("tickets", "8", "customer_id,contract_id"),
        ("tickets", "9", "contract_id,customer_id"),
        ("invoices", "a", &items.join(",")),
        // Another table has a column of the same name.
        ("contacts", "1", "customer_id,total"),
    ] {
        let sql = "INSERT INTO _misfits (table_name, id, columns) VALUES ($1, $2, $3)";
        session
            .execute(sql, &[table.into(), id.into(), columns.into()])
            .await
            .unwrap();
    }
    let migration = migrate(&mut *session, place.engine.dialect()).await.unwrap();
    assert_eq!(
        migration.added,
        ["tickets.customer_id", "invoices_line_items.total"]
    );
    let items = format!("{},{}", items[0], items[2]);
    assert_eq!(
        ask(
            &place,
            "SELECT table_name, id, columns FROM _misfits ORDER BY 1, 2"
        )
        .await,
        [
            ["contacts", "1", "customer_id,total"],
            ["invoices", "a", &items],
            ["tickets", "8", "contract_id,customer_id"],
            ["tickets", "9", "contract_id"],
        ]
        .map(|row| row.map(Value::from))
    );
    let filled = "SELECT customer_id FROM tickets ORDER BY ticket_id";
    assert_eq!(
        ask(&place, filled).await,
        [[12.into()], [Value::Null], [9.into()]]
    );
}

async fn what_is_new_is_not_made_of_records_that_are_gone(place: Place) {
    let mut session = migrate_from(&place, earlier(&["invoices_line_items", "tickets.customer_id"])).await;
    for (id, customer) in [(7, "\"twelve\""), (8, "12"), (9, "9")] {
        let record = format!(r#"{{"TicketID":{id},"CustomerID":{customer}}}"#);
        store(&mut *session, "tickets", ("ticket_id", id.into()), &record).await;
    }
    for (id, total) in [("a", "1.5"), ("b", "\"much\"")] {
        let record = format!(r#"{{"InvoiceId":"{id}","LineItems":[{{"Total":{total}}}]}}"#);
        store(&mut *session, "invoices", ("invoice_id", id.into()), &record).await;
    }
    for (table, gone) in [("tickets", "ticket_id < 9"), ("invoices", "invoice_id = 'b'")] {
        let sql = format!("UPDATE {table} SET _deleted = '2026-03-02T08:15:00.000Z' WHERE {gone}");
        session.execute(&sql, &[]).await.unwrap();
    }
    for what in ["a new table", "a new column"] {
        migrate(&mut *session, place.engine.dialect()).await.unwrap();
        let lines = "SELECT invoice_id, _position, total FROM invoices_line_items";
        assert_eq!(
            ask(&place, lines).await,
            [["a".into(), 0.into(), 1.5.into()]],
            "{what}"
        );
        // What a record was before it went can be asked for all the same.
        let tickets = "SELECT customer_id FROM tickets ORDER BY ticket_id";
        assert_eq!(
            ask(&place, tickets).await,
            [[Value::Null], [12.into()], [9.into()]]
        );
        let misfits = ask(&place, "SELECT table_name, id, columns FROM _misfits").await;
        assert_eq!(misfits, Vec::<Vec<Value>>::new(), "{what}");
        for sql in [
            "ALTER TABLE invoices_line_items DROP COLUMN total",
            "UPDATE _mirror SET value = 'other' WHERE name = 'schema'",
        ] {
            session.execute(sql, &[]).await.unwrap();
        }
    }
}

async fn what_others_may_read_and_their_views_survive(place: Place) {
    let is_server = place.engine.dialect() == Dialect::Postgres;
    let old = earlier(&["tickets.customer_id", "agents_hardware_disks"]);
    let mut session = migrate_from(&place, old).await;
    session
        .execute("CREATE VIEW mine AS SELECT id, valid_from FROM _history", &[])
        .await
        .unwrap();
    let of_server = [
        "CREATE VIEW found AS SELECT id FROM search",
        "CREATE ROLE reports_of_views",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reports_of_views",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reports_of_views",
    ];
    for sql in of_server.iter().filter(|_| is_server) {
        session.execute(sql, &[]).await.unwrap();
    }
    let migration = migrate(&mut *session, place.engine.dialect()).await.unwrap();
    assert_eq!(migration.added, ["tickets.customer_id", "agents_hardware_disks"]);
    store(&mut *session, "tickets", ("ticket_id", 7.into()), TICKET).await;
    assert_eq!(ask(&place, "SELECT id FROM mine").await, [[Value::from("7")]]);
    if is_server {
        assert_eq!(ask(&place, "SELECT id FROM found").await, [[Value::from("7")]]);
        for name in ["_history", "search", "tickets", "agents_hardware_disks"] {
            let sql = format!("SELECT has_table_privilege('reports_of_views', '{name}', 'SELECT')");
            let may = session.query(&sql, &[]).await.unwrap();
            assert_eq!(may, [[Value::Boolean(true)]], "{name}");
        }
    }
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
