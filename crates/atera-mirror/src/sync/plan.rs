//! What a sync would request, before anything else is sent.

use std::time::Duration;

use atera::{Client, Timestamp};

use super::{
    children, copies,
    cost::{SWEEPS, pages},
    job::Job,
    options::SyncOptions,
    strategy::{Choice, choose, knows_all},
};
use crate::{
    engine::{Dialect, Engine, in_memory},
    error::{Error, ErrorKind, Result},
    schema::{Content, Found, Table, find, migrate},
    state::Strategy,
    store::Store,
};

/// What a sync would request.
#[derive(Debug)]
#[non_exhaustive]
pub struct Plan {
    /// The lists, in the order of the description, and then what belongs to records.
    pub lists: Vec<PlannedList>,
    /// How many requests that is in all, if the account does not change meanwhile.
    pub requests: u64,
    /// How long that takes at the rate limit.
    pub duration: Duration,
}

/// How a list would be read.
#[derive(Debug)]
#[non_exhaustive]
pub struct PlannedList {
    /// The name of its table.
    pub list: String,
    /// How it would be read.
    pub strategy: Strategy,
    /// Why it would be read in full although its changes could be asked for, or why some records would be read one by one.
    pub why: Option<String>,
    /// How many records it has, if that is known; for what belongs to records, how many of those have to be asked for it.
    pub records: Option<u64>,
    /// How many requests that takes at least.
    pub requests: u64,
    /// Why it cannot be read, if the service says so.
    pub problem: Option<atera::Error>,
}

/// What a sync would request. Of the lists that were never read, the totals are asked for.
pub(crate) async fn plan(engine: &dyn Engine, client: &Client, options: &SyncOptions) -> Result<Plan> {
    options.check()?;
    let (store, found) = store(engine).await?;
    let job = Job {
        client: client.clone(),
        store: &store,
        options,
        last_change: 0,
    };
    let mut lists = Vec::new();
    for table in options.lists() {
        lists.push(of_list(&job, &found, table).await?);
    }
    for table in options.children() {
        let planned = of_children(&job, &found, table, &lists).await?;
        lists.push(planned);
    }
    // The account is asked for, so that another one is noticed.
    let requests = 1 + lists.iter().map(|list| list.requests).sum::<u64>();
    let limit = client.rate().limit;
    // As many as the limit are sent at once.
    let windows = limit
        .requests()
        .map_or(0, |limit| requests.saturating_sub(1) / u64::from(limit.max(1)));
    let duration = limit
        .window()
        .saturating_mul(u32::try_from(windows).unwrap_or(u32::MAX));
    Ok(Plan {
        lists,
        requests,
        duration,
    })
}

/// What is known of the lists: the mirror, or one in memory if there is none yet. Nothing is changed. The mirror may be that of an
/// earlier program, so it comes with the tables that it has.
async fn store(engine: &dyn Engine) -> Result<(Store, Found)> {
    if engine.is_there() {
        let mut session = engine.reader().await?;
        if let Some(found) = find(&mut *session, engine.dialect()).await? {
            found.check_notes()?;
            return Ok((Store::new(session, engine.dialect()), found));
        }
    }
    let mut session = in_memory().await?;
    migrate(&mut *session, Dialect::Sqlite).await?;
    match find(&mut *session, Dialect::Sqlite).await? {
        Some(found) => Ok((Store::new(session, Dialect::Sqlite), found)),
        None => Err(Error::new(
            ErrorKind::Database,
            "the plan cannot be made: a mirror in memory has no tables; report this as a defect",
        )),
    }
}

async fn of_list(job: &Job<'_>, found: &Found, table: &'static Table) -> Result<PlannedList> {
    let status = job.status(table).await?;
    let mut planned = PlannedList {
        list: table.name.clone(),
        strategy: Strategy::Full,
        why: None,
        records: status.as_of.map(|_| status.records),
        requests: 0,
        problem: None,
    };
    let Some(operation) = table.operation() else {
        return Ok(planned);
    };
    let now = Timestamp::now();
    match choose(table, &status, job.options, now) {
        Choice::Changes(filter, _) => {
            planned.strategy = Strategy::Changes;
            // As much has changed as the last time; then there is the total, and the account for a time in its zone.
            let of_zone = u64::from(!matches!(
                filter.parameter.kind,
                atera::description::Kind::Timestamp
            ));
            planned.requests = SWEEPS * pages(status.inserted + status.updated) + 1 + of_zone;
            // Those that another sync has found. What this one will find of other lists is not known yet, nor what a mirror that lacks
            // columns shows of them.
            let mut compared = copies::shown(table).chain([table]);
            if copies::has_any(table)
                && compared.all(|it| found.has_all_of(it))
                && let (Some(outdated), _) = copies::outdated(job, table, status.records).await?
            {
                planned.why = Some(outdated.why());
                planned.requests += match &outdated.ids {
                    Some(ids) => ids.len() as u64,
                    None => SWEEPS * pages(status.records),
                };
                if outdated.ids.is_none() {
                    planned.strategy = Strategy::Full;
                }
            }
        }
        // It is never chosen first.
        Choice::Outdated(_) => {}
        Choice::Full(why) => {
            planned.why = why;
            if status.as_of.is_none() && operation.list {
                match job.client.operation(operation).total().await {
                    Ok(total) => planned.records = total,
                    Err(error) => {
                        planned.problem = Some(error);
                        return Ok(planned);
                    }
                }
            }
            planned.requests = match operation.list {
                // And one for each record that is gone; as many as the last time.
                true if operation.has_ids() && knows_all(&status, job.options, now) => {
                    let pages = pages(planned.records.unwrap_or_default());
                    pages + status.deleted.min(pages)
                }
                true if operation.has_ids() => SWEEPS * pages(planned.records.unwrap_or_default()),
                true => pages(planned.records.unwrap_or_default()),
                false => 1,
            };
        }
    }
    Ok(planned)
}

/// What belongs to records takes a request for each of them that has changed. Those that the sync will find to have changed are
/// not known yet, but for a list that was never read.
async fn of_children(
    job: &Job<'_>,
    found: &Found,
    table: &'static Table,
    lists: &[PlannedList],
) -> Result<PlannedList> {
    let mut records = 0;
    if let (Some(parent), Content::Children { .. }) = (table.parent(), &table.content) {
        if found.has(parent) {
            let sql = format!("SELECT COUNT(*) {}", children::outdated(table, parent));
            let mut transaction = job.store.begin().await?;
            let counted = transaction.count(&sql, &[]).await;
            records = transaction.end(counted).await?;
        }
        let is_new = job.status(parent).await?.as_of.is_none();
        let planned = lists.iter().find(|list| list.list == parent.name);
        if let Some(planned) = planned.filter(|_| is_new) {
            records = planned.records.unwrap_or_default();
        }
    }
    Ok(PlannedList {
        list: table.name.clone(),
        strategy: Strategy::Children,
        why: None,
        records: Some(records),
        requests: records,
        problem: None,
    })
}
