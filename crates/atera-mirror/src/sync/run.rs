//! The whole sync: all lists side by side, then those that show old values of others, then what belongs to records.

use atera::{Client, ErrorKind, Priority, Timestamp, Usage, description::Operation};
use futures_util::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream};

use super::{
    children, copies,
    job::{Job, SIDE_BY_SIDE},
    list,
    options::SyncOptions,
    report::{ListReport, Report},
    strategy::collection,
};
use crate::{
    engine::Engine,
    error::Result,
    schema::{Table, migrate},
    state::{self, ListState, ListStatus, Strategy},
    store::Store,
};

/// What belongs to how many lists is read side by side. Each of them asks for several records at a time.
const CHILDREN_SIDE_BY_SIDE: usize = 3;

/// Forgets that a list was asked for.
const FORGET: &str = "DELETE FROM \"_syncs\" WHERE \"list\" = $1";

/// Brings the mirror up to date.
///
/// # Errors
///
/// `Busy` if another program is writing to the mirror, `Config` if it is a mirror of something else or what is asked for cannot be
/// had, and otherwise if the database fails. What goes wrong with single lists is in the report.
pub(crate) async fn run(engine: &dyn Engine, client: &Client, options: &SyncOptions) -> Result<Report> {
    options.check()?;
    let began = Timestamp::now();
    let before = client.usage();
    let mut session = engine.writer().await?;
    let migration = migrate(&mut *session, engine.dialect()).await?;
    let store = Store::new(session, engine.dialect());
    let client = client.with_priority(Priority::Background);
    let service = options
        .service
        .clone()
        .unwrap_or_else(|| client.base_url().to_string());
    let new = note(&store, &service, options, began).await?;
    let account = match client.account().get().await {
        Ok(account) => Ok(account.account_id),
        // The key may not read it, or it is not what it should be. The lists may be readable all the same.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::Forbidden | ErrorKind::NotFound | ErrorKind::Decode
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    };
    if let Ok(Some(account)) = &account {
        compare_account(&store, &service, account, new).await?;
    }
    let mut transaction = store.begin().await?;
    let last_change = copies::last_change(&mut transaction).await;
    let last_change = transaction.end(last_change).await?;
    let job = Job {
        client: client.clone(),
        store: &store,
        options,
        last_change,
    };
    let mut lists = match account {
        Ok(_) => all(&job).await?,
        Err(error) => failed(&job, &error).await?,
    };
    let usage = client.usage();
    for list in &mut lists {
        list.requests = requests(&list.list, &before, &usage);
    }
    Ok(Report {
        lists,
        began,
        ended: Timestamp::now(),
        requests: usage.total().attempts - before.total().attempts,
        added: migration.added,
    })
}

/// Notes what the mirror is of, and which lists are asked for, before anything is requested: a sync that is killed then leaves no list
/// of which nobody is told. What belongs to records is an extra: if only a sync that was stopped has asked for it, and this one does not,
/// nobody waits for it any more. Returns the names of lists that were never asked for before.
async fn note(
    store: &Store,
    service: &str,
    options: &SyncOptions,
    at: Timestamp,
) -> Result<Vec<&'static str>> {
    let mut transaction = store.begin().await?;
    let noted = async {
        state::check_identity(&mut transaction, service, &options.redaction).await?;
        let children = options.children();
        let sql = "SELECT \"list\" FROM \"_syncs\" WHERE \"strategy\" = $1 AND \"tried\" IS NULL AND \"as_of\" IS NULL";
        let mut begun = transaction.query(sql, &[Strategy::Children.name().into()]).await?;
        begun.retain(|row| !children.iter().any(|table| row == &[table.name.as_str().into()]));
        transaction.execute_many(FORGET, begun).await?;
        let mut new = Vec::new();
        let lists = options.lists().into_iter().map(|table| (table, Strategy::Full));
        let children = children.into_iter();
        for (table, strategy) in lists.chain(children.map(|table| (table, Strategy::Children))) {
            let sql = "SELECT COUNT(*) FROM \"_syncs\" WHERE \"list\" = $1";
            if transaction.count(sql, &[table.name.as_str().into()]).await? == 0 {
                let status = ListStatus::asked_for(&table.name, strategy, at);
                transaction
                    .execute(&ListStatus::upsert(), &status.values())
                    .await?;
                new.push(table.name.as_str());
            }
        }
        Ok(new)
    }
    .await;
    transaction.end(noted).await
}

/// Compares the account with that of the mirror. The lists of another account are not asked for.
async fn compare_account(store: &Store, service: &str, account: &str, new: Vec<&'static str>) -> Result<()> {
    let mut transaction = store.begin().await?;
    let checked = state::check_account(&mut transaction, service, account).await;
    let checked = transaction.end(checked).await;
    if checked.is_err() {
        let mut transaction = store.begin().await?;
        let names = new.into_iter().map(|list| vec![list.into()]).collect();
        let forgotten = transaction.execute_many(FORGET, names).await;
        transaction.end(forgotten).await?;
    }
    checked
}

/// Syncs all that was asked for.
async fn all(job: &Job<'_>) -> Result<Vec<ListReport>> {
    let tables = job.options.lists();
    let syncs: Vec<BoxFuture<'_, _>> = tables
        .iter()
        .map(|table| list::sync(job, table).boxed())
        .collect();
    let mut lists: Vec<_> = stream::iter(syncs).buffered(SIDE_BY_SIDE).try_collect().await?;
    for (table, list) in tables.iter().zip(&mut lists) {
        if list.state == ListState::Complete && copies::has_any(table) {
            compare(job, table, list).await?;
        }
    }
    let children = job.options.children();
    let syncs: Vec<BoxFuture<'_, _>> = children
        .iter()
        .map(|table| children::sync(job, table).boxed())
        .collect();
    let children: Vec<_> = stream::iter(syncs)
        .buffered(CHILDREN_SIDE_BY_SIDE)
        .try_collect()
        .await?;
    lists.extend(children);
    Ok(lists)
}

/// Reads again what shows fields of other lists as they were before.
async fn compare(job: &Job<'_>, table: &'static Table, list: &mut ListReport) -> Result<()> {
    if list.strategy == Strategy::Full && !list.is_resumed {
        // What has changed since this sync began may have changed after its pages were read.
        return copies::looked_at(job, table, job.last_change).await;
    }
    let (outdated, last) = copies::outdated(job, table, list.records).await?;
    if let Some(outdated) = outdated {
        let was_resumed = list.is_resumed;
        *list = list::sync_outdated(job, table, outdated).await?;
        // That some records are newer now says nothing of the others.
        list.is_resumed |= was_resumed && list.strategy != Strategy::Full;
    }
    match list.state {
        ListState::Complete => copies::looked_at(job, table, last).await,
        _ => Ok(()),
    }
}

/// Notes for all lists that the service cannot be reached, or that the key is refused.
async fn failed(job: &Job<'_>, error: &atera::Error) -> Result<Vec<ListReport>> {
    let mut lists = Vec::new();
    let tables = job.options.lists().into_iter().chain(job.options.children());
    for table in tables {
        let mut status = job.status(table).await?;
        list::fail(&mut status, error);
        job.save(&status).await?;
        let error = atera::Error::new(error.kind(), error.to_string());
        lists.push(ListReport::new(&status, Some(error)));
    }
    Ok(lists)
}

/// How many requests were sent for a list: for its pages, for what changed in it, and for single records of it.
fn requests(list: &str, before: &Usage, after: &Usage) -> u64 {
    let collection = Table::find(list).and_then(collection);
    let Some(collection) = collection else { return 0 };
    let mut operations: Vec<&'static Operation> = vec![collection.operation];
    if collection.parent.is_none() {
        operations.extend(collection.change_filter().map(|filter| filter.operation));
        operations.extend(collection.get().map(|(get, _)| get));
    }
    operations.sort_unstable_by_key(|operation| operation.id);
    operations.dedup_by_key(|operation| operation.id);
    let sent = |usage: &Usage, id: &str| usage.by_operation.get(id).map_or(0, |counts| counts.attempts);
    operations
        .into_iter()
        .map(|operation| sent(after, operation.id) - sent(before, operation.id))
        .sum()
}
