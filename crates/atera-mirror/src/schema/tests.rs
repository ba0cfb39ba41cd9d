//! Migrations and search, on both databases.

use super::{
    ddl::{Shape, shapes},
    migrate::{Migration, Program, Step, migrate_to},
    table::tables,
    *,
};
use crate::{
    engine::{ColumnType, Dialect, Limits, Session, Value, for_both, tests::Place},
    error::ErrorKind,
};

mod upgrades;

for_both!(
    every_table_is_made_and_documented,
    nothing_is_done_twice,
    new_columns_are_filled_and_the_rows_stay,
    a_new_array_is_filled,
    a_column_of_another_type_is_kept,
    a_value_that_does_not_fit_is_noted,
    steps_run_once_and_a_newer_database_is_refused,
    the_search_follows_the_records,
    the_history_has_what_was,
);

const TICKET: &str =
    r#"{"TicketID":7,"TicketTitle":"Printer on fire","EndUserEmail":"ada@example.com","CustomerID":"12"}"#;

async fn ask(place: &Place, sql: &str) -> Vec<Vec<Value>> {
    let mut answer = place.engine.ask(sql, &[], &Limits::default()).await.unwrap();
    answer.all().await.unwrap()
}

async fn writer(place: &Place) -> Box<dyn Session> {
    let mut session = place.engine.writer().await.unwrap();
    migrate(&mut *session, place.engine.dialect()).await.unwrap();
    session
}

/// The tables as an earlier program had them: without these columns or tables.
fn earlier(without: &[&str]) -> Vec<Shape> {
    let mut shapes = shapes();
    shapes.retain(|shape| !without.contains(&shape.name));
    for shape in &mut shapes {
        let name = shape.name;
        shape
            .indexes
            .retain(|columns| !without.contains(&format!("{name}.{}", columns[0]).as_str()));
        shape
            .columns
            .retain(|(column, _)| !without.contains(&format!("{name}.{column}").as_str()));
    }
    shapes
}

/// The tables as an earlier program had them: with other types of these columns.
fn with_types(types: &[(&str, &str, ColumnType)]) -> Vec<Shape> {
    let mut shapes = shapes();
    for shape in &mut shapes {
        for (column, kind) in &mut shape.columns {
            let other = types.iter().find(|it| (it.0, it.1) == (shape.name, *column));
            *kind = other.map_or(*kind, |it| it.2);
        }
    }
    shapes
}

/// A program with these tables.
fn program(version: usize, shapes: Vec<Shape>) -> Program {
    Program {
        version,
        shapes,
        steps: &[],
    }
}

async fn migrate_from(place: &Place, shapes: Vec<Shape>) -> Box<dyn Session> {
    let mut session = place.engine.writer().await.unwrap();
    let dialect = place.engine.dialect();
    migrate_to(&mut *session, dialect, &program(1, shapes))
        .await
        .unwrap();
    session
}

/// Stores a record with the columns that the database has.
async fn store(session: &mut dyn Session, table: &str, key: (&str, Value), record: &str) {
    let sql = format!(
        "INSERT INTO \"{table}\" (\"{}\", \"record\") VALUES ($1, $2)",
        key.0
    );
    session.execute(&sql, &[key.1, record.into()]).await.unwrap();
}

async fn every_table_is_made_and_documented(place: Place) {
    drop(writer(&place).await);
    for table in tables() {
        let columns: Vec<_> = table
            .columns
            .iter()
            .map(|it| format!("\"{}\"", it.name))
            .collect();
        let sql = format!("SELECT {} FROM \"{}\"", columns.join(", "), table.name);
        let answer = place.engine.ask(&sql, &[], &Limits::default()).await.unwrap();
        for (shown, column) in answer.columns().iter().zip(&table.columns) {
            let expected = match column.column_type {
                ColumnType::Record => ColumnType::Json,
                other => other,
            };
            assert_eq!(
                shown.column_type,
                Some(expected),
                "{}.{}",
                table.name,
                column.name
            );
        }
    }
    for name in table_names().chain(["_history", "search"]) {
        assert_eq!(
            ask(&place, &format!("SELECT count(*) FROM {name} WHERE 1 = 0")).await,
            [[Value::Integer(0)]]
        );
    }
}

async fn nothing_is_done_twice(place: Place) {
    let mut session = writer(&place).await;
    store(&mut *session, "tickets", ("ticket_id", 7.into()), TICKET).await;
    let again = migrate(&mut *session, place.engine.dialect()).await.unwrap();
    assert_eq!(again, Migration::default());
    // A changed fingerprint makes the views again, and adds nothing.
    let forget = "UPDATE \"_mirror\" SET \"value\" = $1 WHERE \"name\" = 'schema'";
    session.execute(forget, &["other".into()]).await.unwrap();
    let again = migrate(&mut *session, place.engine.dialect()).await.unwrap();
    assert_eq!(again, Migration::default());
    assert_eq!(
        ask(&place, "SELECT ticket_id FROM tickets").await,
        [[Value::Integer(7)]]
    );
}

async fn new_columns_are_filled_and_the_rows_stay(place: Place) {
    let old = earlier(&[
        "tickets.customer_id",
        "tickets.ticket_source",
        "tickets_comments.comment",
    ]);
    // The views of the current tables need these; an earlier program had views of its own.
    let old: Vec<_> = old.into_iter().map(with_searched).collect();
    let mut session = migrate_from(&place, old).await;
    store(&mut *session, "tickets", ("ticket_id", 7.into()), TICKET).await;
    for id in 1000..2200 {
        let record = format!(r#"{{"TicketID":{id},"CustomerID":{id}}}"#);
        store(&mut *session, "tickets", ("ticket_id", id.into()), &record).await;
    }
    let migration = migrate(&mut *session, place.engine.dialect()).await.unwrap();
    assert_eq!(migration.added, ["tickets.ticket_source", "tickets.customer_id"]);
    assert_eq!(
        ask(
            &place,
            "SELECT ticket_id, customer_id, ticket_source FROM tickets WHERE ticket_id = 7"
        )
        .await,
        [[7.into(), 12.into(), Value::Null]]
    );
    assert_eq!(
        ask(
            &place,
            "SELECT count(*) FROM tickets WHERE customer_id = ticket_id"
        )
        .await,
        [[Value::Integer(1200)]]
    );
}

/// Gives a table back the columns that the search needs.
fn with_searched(mut shape: Shape) -> Shape {
    let current = shapes().into_iter().find(|it| it.name == shape.name);
    for (name, kind) in current.into_iter().flat_map(|it| it.columns) {
        let is_searched =
            search::searched().any(|(table, columns)| table == shape.name && columns.contains(&name));
        if is_searched && !shape.columns.iter().any(|(it, _)| *it == name) {
            shape.columns.push((name, kind));
        }
    }
    shape
}

async fn a_new_array_is_filled(place: Place) {
    let mut session = migrate_from(&place, earlier(&["invoices_line_items"])).await;
    let record = r#"{"InvoiceId":"a","LineItems":[{"Product":"x","Total":1.5},{"Product":"y"}]}"#;
    store(&mut *session, "invoices", ("invoice_id", "a".into()), record).await;
    store(
        &mut *session,
        "invoices",
        ("invoice_id", "b".into()),
        r#"{"InvoiceId":"b","LineItems":null}"#,
    )
    .await;
    let migration = migrate(&mut *session, place.engine.dialect()).await.unwrap();
    assert_eq!(migration.added, ["invoices_line_items"]);
    let sql = "SELECT invoice_id, _position, product, total FROM invoices_line_items ORDER BY 1, 2";
    let rows = [
        ["a".into(), 0.into(), "x".into(), 1.5.into()],
        ["a".into(), 1.into(), "y".into(), Value::Null],
    ];
    assert_eq!(ask(&place, sql).await, rows);
    // A new column of the same table.
    session
        .execute("ALTER TABLE \"invoices_line_items\" DROP COLUMN \"total\"", &[])
        .await
        .unwrap();
    let forget = "UPDATE \"_mirror\" SET \"value\" = 'other' WHERE \"name\" = 'schema'";
    session.execute(forget, &[]).await.unwrap();
    let migration = migrate(&mut *session, place.engine.dialect()).await.unwrap();
    assert_eq!(migration.added, ["invoices_line_items.total"]);
    assert_eq!(ask(&place, sql).await, rows);
}

async fn a_column_of_another_type_is_kept(place: Place) {
    let old = with_types(&[("tickets", "customer_id", ColumnType::Text)]);
    let mut session = migrate_from(&place, old).await;
    let sql = "INSERT INTO tickets (ticket_id, customer_id, record) VALUES (7, 'c-12', $1)";
    session.execute(sql, &[TICKET.into()]).await.unwrap();
    let migration = migrate(&mut *session, place.engine.dialect()).await.unwrap();
    assert_eq!(migration.added, ["tickets.customer_id"]);
    assert_eq!(
        ask(&place, "SELECT customer_id, customer_id_was_text FROM tickets").await,
        [[Value::Integer(12), "c-12".into()]]
    );
    // Its index is that of the new column.
    let sql = match place.engine.dialect() {
        Dialect::Sqlite => "SELECT sql FROM sqlite_master WHERE name = '_tickets_by_customer_id'",
        Dialect::Postgres => {
            "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() AND indexname = '_tickets_by_customer_id'"
        }
    };
    let indexes = session.query(sql, &[]).await.unwrap();
    let [Value::Text(index)] = &indexes[0][..] else {
        panic!("{indexes:?}");
    };
    assert!(
        index.contains("customer_id") && !index.contains("was_text"),
        "{index}"
    );
}

async fn a_value_that_does_not_fit_is_noted(place: Place) {
    let mut session = migrate_from(&place, earlier(&["tickets.customer_id", "tickets.contract_id"])).await;
    let record = r#"{"TicketID":7,"CustomerID":"twelve","ContractID":[]}"#;
    store(&mut *session, "tickets", ("ticket_id", 7.into()), record).await;
    migrate(&mut *session, place.engine.dialect()).await.unwrap();
    assert_eq!(
        ask(&place, "SELECT customer_id, contract_id FROM tickets").await,
        [[Value::Null, Value::Null]]
    );
    assert_eq!(
        ask(&place, "SELECT table_name, id, columns FROM _misfits").await,
        [[
            Value::from("tickets"),
            "7".into(),
            "customer_id,contract_id".into()
        ]]
    );
}

fn first(_: Dialect) -> Vec<String> {
    vec!["CREATE TABLE first_step (n INTEGER)".into()]
}

fn second(_: Dialect) -> Vec<String> {
    vec!["INSERT INTO first_step VALUES (2)".into()]
}

async fn steps_run_once_and_a_newer_database_is_refused(place: Place) {
    let dialect = place.engine.dialect();
    let mut session = writer(&place).await;
    const STEPS: &[Step] = &[(2, first), (3, second)];
    for steps in [&STEPS[..1], STEPS, STEPS] {
        let program = Program {
            version: steps.len() + 1,
            shapes: shapes(),
            steps,
        };
        migrate_to(&mut *session, dialect, &program).await.unwrap();
    }
    assert_eq!(
        ask(&place, "SELECT n FROM first_step").await,
        [[Value::Integer(2)]]
    );
    assert_eq!(
        ask(&place, "SELECT value FROM _mirror WHERE name = 'version'").await,
        [[Value::from("3")]]
    );
    let newer = migrate(&mut *session, dialect).await.unwrap_err();
    assert_eq!(newer.kind(), ErrorKind::Newer);
    assert!(
        newer
            .to_string()
            .contains("in version 3, and this one knows up to 1"),
        "{newer}"
    );
    drop(session);
    let mut reader = place.other.reader().await.unwrap();
    let newer = find(&mut *reader, dialect).await.err().unwrap();
    assert_eq!(newer.kind(), ErrorKind::Newer);
}

async fn found(place: &Place, word: &str) -> Vec<String> {
    let condition = match place.engine.dialect() {
        Dialect::Sqlite => format!("words MATCH '{word}'"),
        Dialect::Postgres => format!("words @@ websearch_to_tsquery('simple', '{word}')"),
    };
    let sql = format!("SELECT table_name, id, label FROM search WHERE {condition} ORDER BY 1, 2");
    let rows = ask(place, &sql).await;
    let text = |value: &Value| match value {
        Value::Text(text) => text.clone(),
        other => format!("{other:?}"),
    };
    rows.iter()
        .map(|row| row.iter().map(text).collect::<Vec<_>>().join(" "))
        .collect()
}

async fn the_search_follows_the_records(place: Place) {
    let mut session = writer(&place).await;
    let ticket = "INSERT INTO tickets (ticket_id, ticket_title, first_comment) VALUES ($1, $2, $3) ON CONFLICT (ticket_id) DO UPDATE \
        SET ticket_title = excluded.ticket_title, first_comment = excluded.first_comment";
    let tickets = [
        ("Printer on fire", "It burns"),
        ("Screen dark", "Since the printer burns"),
    ];
    for (id, (title, comment)) in (7..).zip(tickets) {
        session
            .execute(ticket, &[id.into(), title.into(), comment.into()])
            .await
            .unwrap();
    }
    let customer = "INSERT INTO customers (customer_id, customer_name) VALUES (7, 'Printer & Söhne')";
    session.execute(customer, &[]).await.unwrap();
    let comment =
        "INSERT INTO tickets_comments (ticket_id, _position, email, comment) VALUES (8, $1, 'a@b.c', $2)";
    for (position, text) in [(0, "Please help"), (1, "The printer again")] {
        session
            .execute(comment, &[position.into(), text.into()])
            .await
            .unwrap();
    }
    let all = [
        "customers 7 Printer & Söhne",
        "tickets 7 Printer on fire",
        "tickets 8 Screen dark",
        "tickets_comments 8 a@b.c",
    ];
    assert_eq!(found(&place, "printer").await, all);
    session
        .execute(ticket, &[7.into(), "Scanner".into(), Value::Null])
        .await
        .unwrap();
    session
        .execute("UPDATE customers SET _deleted = '2026-03-02T08:15:00.000Z'", &[])
        .await
        .unwrap();
    session
        .execute("DELETE FROM tickets_comments WHERE ticket_id = 8", &[])
        .await
        .unwrap();
    assert_eq!(found(&place, "printer").await, ["tickets 8 Screen dark"]);
    assert_eq!(found(&place, "scanner").await, ["tickets 7 Scanner"]);
    session
        .execute("UPDATE customers SET _deleted = NULL", &[])
        .await
        .unwrap();
    assert_eq!(found(&place, "söhne").await, ["customers 7 Printer & Söhne"]);
    // It is made again from the tables.
    let forget = "UPDATE \"_mirror\" SET \"value\" = 'other' WHERE \"name\" = 'schema'";
    session.execute(forget, &[]).await.unwrap();
    migrate(&mut *session, place.engine.dialect()).await.unwrap();
    assert_eq!(
        found(&place, "printer").await,
        ["customers 7 Printer & Söhne", "tickets 8 Screen dark"]
    );
}

async fn the_history_has_what_was(place: Place) {
    let mut session = writer(&place).await;
    let log = "INSERT INTO _changes (at, table_name, id, kind, before) VALUES ($1, 'tickets', $2, $3, $4)";
    let day = |day: u32| Value::from(format!("2026-03-{day:02}T00:00:00.000Z"));
    for (at, id, kind, before) in [
        (1, "7", "insert", Value::Null),
        (1, "8", "insert", Value::Null),
        (2, "7", "update", "{\"a\":1}".into()),
        (3, "8", "delete", "{\"b\":1}".into()),
        (4, "7", "delete", "{\"a\":2}".into()),
        (5, "7", "undelete", "{\"a\":2}".into()),
    ] {
        session
            .execute(log, &[day(at), id.into(), kind.into(), before])
            .await
            .unwrap();
    }
    let tickets = "INSERT INTO tickets (ticket_id, record, _changed, _deleted) VALUES (7, '{\"a\":3}', $1, NULL), \
        (8, '{\"b\":1}', $2, $3)";
    session.execute(tickets, &[day(5), day(1), day(3)]).await.unwrap();
    let rows = ask(
        &place,
        "SELECT id, valid_from, valid_to, record FROM _history WHERE table_name = 'tickets' ORDER BY 1, 2",
    )
    .await;
    assert_eq!(
        rows,
        [
            ["7".into(), day(1), day(2), "{\"a\":1}".into()],
            ["7".into(), day(2), day(4), "{\"a\":2}".into()],
            ["7".into(), day(5), Value::Null, "{\"a\":3}".into()],
            ["8".into(), day(1), day(3), "{\"b\":1}".into()],
        ]
    );
}
