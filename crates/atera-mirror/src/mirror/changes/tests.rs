//! The feed of changes, on both databases.

use atera::Client;

use super::{Change, ChangeKind, Cursor, Mirror};
use crate::{
    SyncOptions,
    engine::{Session, Value, for_both, tests::Place},
    error::ErrorKind,
    sync::tests::service::{Service, agent, agents},
};

for_both!(
    what_came_changed_went_and_came_back_is_in_one_sequence,
    each_change_has_the_record_as_it_was_then,
    pages_and_lists_are_chosen,
    a_cursor_that_the_mirror_does_not_have_is_refused,
    numbers_grow_as_readers_see_them,
    nothing_is_lost_while_a_sync_writes,
);

fn mirror(place: &Place) -> Mirror {
    Mirror {
        engine: place.engine.clone(),
        shown: "here".into(),
    }
}

async fn sync(mirror: &Mirror, client: &Client) {
    let options = SyncOptions::new().only(["agents", "invoices"]).unwrap();
    let report = mirror.sync(client, &options.accept_loss(true)).await.unwrap();
    assert!(report.is_success(), "{:?}", report.worst());
}

/// All changes after a place, some at a time.
async fn after(mirror: &Mirror, mut cursor: Cursor, limit: u32) -> Vec<Change> {
    let mut all = Vec::new();
    loop {
        let page = mirror.changes(cursor, &[], limit).await.unwrap();
        assert!(page.changes.len() <= limit as usize);
        all.extend(page.changes);
        cursor = page.cursor;
        if !page.has_more {
            return all;
        }
    }
}

fn shown(changes: &[Change]) -> Vec<String> {
    let shown = changes.iter().map(|change| {
        let name = |record: &Option<String>| match record {
            Some(json) => serde_json::from_str::<serde_json::Value>(json).unwrap()["MachineName"]
                .as_str()
                .unwrap()
                .to_string(),
            None => "-".to_string(),
        };
        let (before, after) = (name(&change.before), name(&change.after));
        format!("{} {} {before} {after}", change.kind.name(), change.id)
    });
    shown.collect()
}

async fn what_came_changed_went_and_came_back_is_in_one_sequence(place: Place) {
    let (mirror, service) = (mirror(&place), Service::new());
    let client = service.client();
    service.agents([agent(1, "a"), agent(2, "b")]);
    sync(&mirror, &client).await;
    let first = after(&mirror, Cursor::START, 500).await;
    assert_eq!(shown(&first), ["insert 1 - a", "insert 2 - b"]);
    service.agents([agent(2, "c"), agent(3, "d")]);
    sync(&mirror, &client).await;
    service.agents([agent(1, "a"), agent(2, "c"), agent(3, "d")]);
    sync(&mirror, &client).await;
    let later = after(&mirror, first[1].cursor, 500).await;
    assert_eq!(
        shown(&later),
        ["insert 3 - d", "update 2 b c", "delete 1 a -", "undelete 1 a a"]
    );
    assert!(
        later
            .iter()
            .all(|change| change.table == "agents" && change.at >= first[0].at)
    );
    // The JSON is as it came.
    let json: serde_json::Value = serde_json::from_str(&later[1].to_json()).unwrap();
    assert_eq!(json["kind"], "update");
    assert_eq!(json["cursor"], later[1].cursor.to_string());
    assert_eq!((&json["table"], &json["id"]), (&"agents".into(), &"2".into()));
    assert!(
        later[1]
            .to_json()
            .contains(&format!("\"after\":{}", agent(2, "c")))
    );
    assert!(first[0].to_json().contains("\"before\":null"));
    // Nothing happens, and so nothing is told.
    sync(&mirror, &client).await;
    let page = mirror.changes(later[3].cursor, &[], 500).await.unwrap();
    assert_eq!(
        (page.changes.len(), page.cursor, page.has_more),
        (0, later[3].cursor, false)
    );
    assert_eq!(mirror.latest_change().await.unwrap(), later[3].cursor);
}

async fn each_change_has_the_record_as_it_was_then(place: Place) {
    let (mirror, service) = (mirror(&place), Service::new());
    let client = service.client();
    for agents in [
        vec![agent(7, "a")],
        vec![agent(7, "b")],
        vec![],
        vec![agent(7, "c")],
        vec![agent(7, "d")],
        vec![],
    ] {
        service.agents(agents);
        sync(&mirror, &client).await;
    }
    let expected = [
        "insert 7 - a",
        "update 7 a b",
        "delete 7 b -",
        "undelete 7 b c",
        "update 7 c d",
        "delete 7 d -",
    ];
    for limit in [1, 2, 500] {
        assert_eq!(shown(&after(&mirror, Cursor::START, limit).await), expected);
    }
}

async fn pages_and_lists_are_chosen(place: Place) {
    let (mirror, service) = (mirror(&place), Service::new());
    let client = service.client();
    service.agents(agents(30));
    let invoice = |id| format!(r#"{{"InvoiceId":"{id}","Total":1}}"#);
    service.change("/invoices", |list| list.records = (1..=4).map(invoice).collect());
    sync(&mirror, &client).await;
    let all = after(&mirror, Cursor::START, 7).await;
    assert_eq!(all.len(), 34);
    assert_eq!(all, after(&mirror, Cursor::START, 500).await);
    let page = mirror.changes(Cursor::START, &["invoices"], 3).await.unwrap();
    assert!(page.has_more && page.changes.iter().all(|change| change.table == "invoices"));
    assert_eq!(page.cursor, page.changes[2].cursor);
    let rest = mirror
        .changes(page.cursor, &["Invoices", "work-hours"], 3)
        .await
        .unwrap();
    assert_eq!((rest.changes.len(), rest.has_more), (1, false));
    // What is left are changes of other lists.
    assert_eq!(rest.cursor, mirror.latest_change().await.unwrap());
    let none = mirror.changes(Cursor::START, &[], 0).await.unwrap();
    assert_eq!(
        (none.changes.len(), none.cursor, none.has_more),
        (0, Cursor::START, true)
    );
    for name in ["tickets_comments", "machines"] {
        let error = mirror.changes(Cursor::START, &[name], 3).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(
            error.to_string().contains(&format!("no changes of `{name}`: ")),
            "{error}"
        );
    }
}

async fn refusal(mirror: &Mirror, cursor: &str) -> String {
    let error = mirror.changes(cursor.parse().unwrap(), &[], 5).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cursor);
    error.to_string()
}

async fn a_cursor_that_the_mirror_does_not_have_is_refused(place: Place) {
    let (mirror, service) = (mirror(&place), Service::new());
    let client = service.client();
    let error = mirror.changes(Cursor::START, &[], 5).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    drop(mirror.writer().await.unwrap());
    assert!(
        refusal(&mirror, "1-00000000")
            .await
            .contains("the mirror has no changes yet")
    );
    assert_eq!(
        mirror.changes(Cursor::START, &[], 5).await.unwrap().cursor,
        Cursor::START
    );
    service.agents(agents(10));
    sync(&mirror, &client).await;
    let all = after(&mirror, Cursor::START, 500).await;
    let last = all[9].cursor;
    let told = refusal(&mirror, "99-00000000").await;
    assert!(
        told.contains(&format!("it lies beyond the last change, {last};")),
        "{told}"
    );
    // The same number in another mirror.
    let other = format!("{}-{:08x}", all[4].cursor.seq(), 7);
    let told = refusal(&mirror, &other).await;
    assert!(
        told.starts_with(&format!("cannot go on after {other}: it is of another mirror")),
        "{told}"
    );
    // Someone has cut the log.
    let mut session = mirror.writer().await.unwrap();
    let cut = "DELETE FROM _changes WHERE seq <= $1";
    session.execute(cut, &[all[4].cursor.seq().into()]).await.unwrap();
    let hole = "DELETE FROM _changes WHERE seq = $1";
    session
        .execute(hole, &[all[7].cursor.seq().into()])
        .await
        .unwrap();
    drop(session);
    let told = refusal(&mirror, &all[2].cursor.to_string()).await;
    assert!(
        told.contains(&format!(
            "before the first change that is left, {};",
            all[5].cursor
        )),
        "{told}"
    );
    assert!(
        refusal(&mirror, &all[7].cursor.to_string())
            .await
            .contains("no such change")
    );
    assert_eq!(after(&mirror, all[5].cursor, 500).await.len(), 3);
}

const LOG: &str = "INSERT INTO _changes (at, table_name, id, kind, before) VALUES ('2026-03-02T08:15:00.000Z', 'agents', $1, \
                   'delete', '{}')";

async fn log(session: &mut dyn Session, ids: &[&str]) {
    let rows = ids.iter().map(|id| vec![Value::from(*id)]).collect();
    session.execute_many(LOG, rows).await.unwrap();
}

/// A number that is drawn is never shown after a later one: there is one writer, and it ends a transaction before it begins
/// another.
async fn numbers_grow_as_readers_see_them(place: Place) {
    let mirror = mirror(&place);
    let ids = async || -> Vec<String> {
        let all = after(&mirror, Cursor::START, 500).await;
        all.into_iter().map(|change| change.id).collect()
    };
    let mut writer = mirror.writer().await.unwrap();
    writer.begin().await.unwrap();
    log(&mut *writer, &["1", "2"]).await;
    // Its numbers are drawn and nobody sees them, and no one else can draw any.
    assert_eq!(ids().await, [""; 0]);
    assert_eq!(place.other.writer().await.err().unwrap().kind(), ErrorKind::Busy);
    writer.rollback().await.unwrap();
    writer.begin().await.unwrap();
    log(&mut *writer, &["3", "4"]).await;
    writer.commit().await.unwrap();
    let seen = mirror.latest_change().await.unwrap();
    assert_eq!(ids().await, ["3", "4"]);
    // It ends in the middle. The next writer comes only when what it did is undone.
    writer.begin().await.unwrap();
    log(&mut *writer, &["5"]).await;
    drop(writer);
    let mut writer = place.other.writer().await.unwrap();
    log(&mut *writer, &["6"]).await;
    let page = mirror.changes(seen, &[], 500).await.unwrap();
    assert_eq!(page.changes.len(), 1);
    assert_eq!(
        (page.changes[0].id.as_str(), page.changes[0].kind),
        ("6", ChangeKind::Delete)
    );
}

async fn nothing_is_lost_while_a_sync_writes(place: Place) {
    let (mirror, service) = (mirror(&place), Service::new());
    drop(mirror.writer().await.unwrap());
    let syncs = async {
        let client = service.client();
        for round in 0..8 {
            let names = (1..=40).filter(|id| id % 8 != round);
            service.agents(names.map(|id| agent(id, &format!("pc-{id}-{}", (round + id) / 5))));
            let invoice = |id| format!(r#"{{"InvoiceId":"{id}","Total":{round}}}"#);
            service.change("/invoices", |list| list.records = (1..=9).map(invoice).collect());
            sync(&mirror, &client).await;
        }
    };
    let mut seen = Vec::new();
    let mut cursor = Cursor::START;
    let mut syncs = std::pin::pin!(syncs);
    let mut has_ended = false;
    loop {
        // A page is read at whatever point the sync has reached. One that began before its end may lack the last changes.
        let is_last = has_ended;
        let page = {
            let mut page = std::pin::pin!(mirror.changes(cursor, &[], 7));
            loop {
                tokio::select! {
                    biased;
                    page = &mut page => break page.unwrap(),
                    () = &mut syncs, if !has_ended => has_ended = true,
                }
            }
        };
        cursor = page.cursor;
        seen.extend(page.changes);
        if is_last && !page.has_more {
            break;
        }
    }
    let all = after(&mirror, Cursor::START, 500).await;
    assert!(all.len() > 200, "{}", all.len());
    let keys = |changes: &[Change]| -> Vec<_> {
        let keys = changes
            .iter()
            .map(|change| (change.cursor, change.id.clone(), change.before.clone()));
        keys.collect()
    };
    assert_eq!(keys(&seen), keys(&all));
    // What a record was after a change does not depend on when the change is read.
    assert_eq!(seen, all);
}
