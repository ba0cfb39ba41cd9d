//! Walks that are taken page by page, and what becomes of them when a process ends in the middle.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
};

use atera::{
    Consistency, DynamicCall, ErrorKind, RecordId,
    description::Operation,
    mock::Recorder,
    page::{PagedWalk, Step, Verdict},
    transport::{Fault, Request, Response},
};
use http::StatusCode;

/// The page and the page size that a request asks for.
fn asked(request: &Request) -> (usize, usize) {
    let pairs: HashMap<_, _> = request.url.query_pairs().into_owned().collect();
    let number = |name: &str| pairs[name].parse().unwrap();
    (number("page"), number("itemsInPage"))
}

/// The pages that were asked for so far.
fn pages(recorder: &Recorder) -> Vec<usize> {
    recorder.sent().iter().map(|request| asked(request).0).collect()
}

/// A page of a list of tickets with these ids.
fn page_of(ids: &[i64], page: usize, size: usize) -> String {
    let items = ids.chunks(size).nth(page - 1).unwrap_or_default();
    let items: Vec<_> = items.iter().map(|id| format!(r#"{{"TicketID":{id}}}"#)).collect();
    let (items, total) = (items.join(","), ids.len());
    let pages = total.div_ceil(size);
    format!(r#"{{"items":[{items}],"page":{page},"totalItemCount":{total},"totalPages":{pages}}}"#)
}

fn ok(body: impl Into<bytes::Bytes>) -> Result<Response, Fault> {
    Ok(Response::new(StatusCode::OK, body))
}

/// A list of so many tickets that does not change.
fn still(tickets: i64) -> Recorder {
    let ids: Vec<_> = (1..=tickets).collect();
    Recorder::new(move |request| {
        let (page, size) = asked(request);
        ok(page_of(&ids, page, size))
    })
}

/// A list of ids that the test changes between requests: the function is told how many came before.
fn moving(change: impl Fn(usize, &mut Vec<i64>) + Send + Sync + 'static, ids: Vec<i64>) -> Recorder {
    let state = Mutex::new((0, ids));
    Recorder::new(move |request| {
        let (page, size) = asked(request);
        let (count, ids) = &mut *state.lock().unwrap();
        change(*count, ids);
        *count += 1;
        ok(page_of(ids, page, size))
    })
}

fn call(recorder: &Recorder, id: &str) -> DynamicCall {
    recorder.client().operation(Operation::find(id).unwrap())
}

fn complete(recorder: &Recorder) -> PagedWalk {
    let call = call(recorder, "tickets_list").consistency(Consistency::Complete);
    call.unwrap().paged()
}

fn one_pass(recorder: &Recorder) -> PagedWalk {
    call(recorder, "tickets_list").paged()
}

/// What a program keeps of a walk.
#[derive(Debug, Default, PartialEq)]
struct Kept {
    records: Vec<String>,
    journal: Vec<String>,
    verdict: Option<Verdict>,
}

impl Kept {
    /// Takes so many steps at most. Whether the walk has ended is the verdict.
    async fn take(&mut self, walk: &mut PagedWalk, steps: usize) -> atera::Result<()> {
        for _ in 0..steps {
            match walk.step().await? {
                Step::Page(page) => {
                    assert_eq!(page.records.len(), page.ids.len());
                    let records = page.records.iter().map(|record| record.get().to_string());
                    self.records.extend(records);
                    self.journal.push(page.entry);
                }
                Step::EndOfSweep(entry) => self.journal.push(entry),
                Step::End(verdict) => {
                    self.verdict = Some(verdict);
                    break;
                }
                step => panic!("{step:?}"),
            }
        }
        Ok(())
    }

    async fn all(walk: &mut PagedWalk) -> Self {
        let mut kept = Kept::default();
        kept.take(walk, 1_000).await.unwrap();
        kept
    }

    /// The ids, which the journal gives again.
    fn replayed(&self, walk: &mut PagedWalk) -> Vec<String> {
        let entries = self.journal.iter().flat_map(|entry| walk.replay(entry).unwrap());
        entries
            .map(|id| format!(r#"{{"TicketID":{}}}"#, id.unwrap()))
            .collect()
    }
}

fn tickets(ids: impl IntoIterator<Item = i64>) -> Vec<String> {
    let ids = ids.into_iter();
    ids.map(|id| format!(r#"{{"TicketID":{id}}}"#)).collect()
}

#[tokio::test]
async fn a_list_is_read_page_by_page_until_it_is_complete() {
    let recorder = still(120);
    let mut walk = complete(&recorder);
    let kept = Kept::all(&mut walk).await;
    assert_eq!(kept.records, tickets(1..=120));
    assert_eq!(kept.verdict, Some(Verdict::Complete));
    assert_eq!(pages(&recorder), [1, 2, 3, 1, 2, 3]);
    assert_eq!(kept.journal.len(), 7);
    assert_eq!(kept.journal[3], "end");
    let begin = "120/3 101 102 103 ";
    assert!(kept.journal[2].starts_with(begin), "{}", kept.journal[2]);
    let drift = walk.drift();
    assert!(drift.is_none() && drift.sweeps == 2, "{drift:?}");
    assert!(matches!(walk.step().await, Ok(Step::End(Verdict::Complete))));
    assert_eq!(pages(&recorder).len(), 6);
}

#[tokio::test]
async fn a_walk_that_ends_anywhere_goes_on_from_there_and_asks_for_no_page_again() {
    let change = |count: usize, ids: &mut Vec<i64>| match count {
        // It moves over the boundary of two pages, and another to its place.
        2 => {
            ids.remove(3);
        }
        4 => ids.push(1_000),
        _ => {}
    };
    let list = || moving(change, (1..=230).collect());
    let recorder = list();
    let mut walk = complete(&recorder);
    let through = Kept::all(&mut walk).await;
    let (drift, requests) = (walk.drift(), pages(&recorder));
    assert_eq!(through.verdict, Some(Verdict::Complete));
    assert_eq!((drift.late, drift.totals), (1, Some((229, 230))));

    for steps in 0..=through.journal.len() {
        let recorder = list();
        let mut kept = Kept::default();
        kept.take(&mut complete(&recorder), steps).await.unwrap();
        let mut walk = complete(&recorder);
        assert_eq!(kept.replayed(&mut walk), kept.records, "{steps}");
        kept.take(&mut walk, 1_000).await.unwrap();
        assert_eq!(pages(&recorder), requests, "{steps}");
        assert_eq!(kept.records, through.records, "{steps}");
        assert_eq!(kept.verdict, through.verdict, "{steps}");
        assert_eq!((walk.drift().late, walk.drift().totals), (1, Some((229, 230))));
        assert_eq!(walk.drift().shortfall, drift.shortfall, "{steps}");
    }
}

#[tokio::test]
async fn a_page_whose_entry_was_not_written_is_read_again() {
    let recorder = still(120);
    let mut first = complete(&recorder);
    let mut kept = Kept::default();
    kept.take(&mut first, 1).await.unwrap();
    // The process ends after the page came and before it was written down.
    assert!(matches!(first.step().await, Ok(Step::Page(_))));
    let mut walk = complete(&recorder);
    kept.replayed(&mut walk);
    kept.take(&mut walk, 1_000).await.unwrap();
    assert_eq!(kept.records, tickets(1..=120));
    assert_eq!(pages(&recorder), [1, 2, 2, 3, 1, 2, 3]);
}

/// A list of so many tickets, whose service answers 404 past the end.
fn strict(tickets: i64) -> Recorder {
    let ids: Vec<_> = (1..=tickets).collect();
    Recorder::new(move |request| {
        let (page, size) = asked(request);
        match page > ids.len().div_ceil(size).max(1) {
            true => Ok(Response::new(StatusCode::NOT_FOUND, "")),
            false => ok(page_of(&ids, page, size)),
        }
    })
}

#[tokio::test]
async fn a_walk_that_ends_behind_the_last_page_asks_for_none_past_it() {
    for (tickets_in_list, last) in [(120, 3), (100, 2), (0, 1)] {
        for walk in [one_pass, complete] {
            let recorder = strict(tickets_in_list);
            let through = Kept::all(&mut walk(&recorder)).await;
            let asked = pages(&recorder);

            let recorder = strict(tickets_in_list);
            let mut kept = Kept::default();
            // All pages of the sweep, without its end.
            kept.take(&mut walk(&recorder), last).await.unwrap();
            let mut walk = walk(&recorder);
            kept.replayed(&mut walk);
            kept.take(&mut walk, 1_000).await.unwrap();
            assert_eq!(kept, through);
            assert_eq!(kept.records, tickets(1..=tickets_in_list));
            assert_eq!(pages(&recorder), asked);
        }
    }
}

/// A list of ten tickets, whose answers do not say how long it is.
fn silent(past_the_end: impl Fn() -> Result<Response, Fault> + Send + Sync + 'static) -> Recorder {
    Recorder::new(move |request| match asked(request).0 {
        1 => {
            let items: Vec<_> = (1..=10).map(|id| format!(r#"{{"TicketID":{id}}}"#)).collect();
            ok(format!(r#"{{"items":[{}]}}"#, items.join(",")))
        }
        _ => past_the_end(),
    })
}

#[tokio::test]
async fn a_page_that_may_exist_is_the_end_if_it_does_not_also_after_an_interruption() {
    let missing = || Ok(Response::new(StatusCode::NOT_FOUND, ""));
    let again = || ok(r#"{"items":[{"TicketID":10},{"TicketID":9}]}"#);
    let lists: [&dyn Fn() -> Recorder; 2] = [&|| silent(missing), &|| silent(again)];
    for list in lists {
        let recorder = list();
        let mut walk = one_pass(&recorder);
        let through = Kept::all(&mut walk).await;
        let drift = walk.drift();
        assert_eq!(through.verdict, Some(Verdict::OnePass));
        assert_eq!(pages(&recorder), [1, 2]);

        let recorder = list();
        let mut kept = Kept::default();
        kept.take(&mut one_pass(&recorder), 1).await.unwrap();
        let mut walk = one_pass(&recorder);
        kept.replayed(&mut walk);
        kept.take(&mut walk, 1_000).await.unwrap();
        assert_eq!((kept, walk.drift()), (through, drift));
        assert_eq!(pages(&recorder), [1, 2]);
    }
}

#[tokio::test]
async fn a_page_that_must_exist_and_does_not_is_an_error_also_after_an_interruption() {
    let recorder = Recorder::new(|request| match asked(request).0 {
        1 => ok(r#"{"items":[{"TicketID":1}],"page":1,"nextLink":"/next"}"#),
        _ => Ok(Response::new(StatusCode::NOT_FOUND, "")),
    });
    let mut kept = Kept::default();
    kept.take(&mut one_pass(&recorder), 1).await.unwrap();
    let mut walk = one_pass(&recorder);
    kept.replayed(&mut walk);
    for _ in 0..2 {
        let error = walk.step().await.unwrap_err();
        assert_eq!((error.kind(), error.page()), (ErrorKind::NotFound, Some(2)));
    }
}

#[tokio::test]
async fn one_pass_reads_the_list_once() {
    let recorder = still(120);
    let mut walk = one_pass(&recorder);
    let kept = Kept::all(&mut walk).await;
    assert_eq!(kept.records, tickets(1..=120));
    assert_eq!((kept.verdict, kept.journal.len()), (Some(Verdict::OnePass), 3));
    assert_eq!(walk.drift().sweeps, 1);
}

#[tokio::test]
async fn a_journal_of_several_sweeps_ends_one_pass_without_a_record_that_comes_twice() {
    let recorder = still(120);
    let mut kept = Kept::default();
    // All of the first sweep, its end, and a page of the second.
    kept.take(&mut complete(&recorder), 5).await.unwrap();
    let mut walk = one_pass(&recorder);
    assert_eq!(kept.replayed(&mut walk), tickets(1..=120));
    kept.take(&mut walk, 1_000).await.unwrap();
    assert_eq!(kept.records, tickets(1..=120));
    assert_eq!(kept.verdict, Some(Verdict::OnePass));
}

#[tokio::test]
async fn a_journal_of_one_pass_goes_on_until_the_list_is_complete() {
    let recorder = still(120);
    let mut kept = Kept::default();
    kept.take(&mut one_pass(&recorder), 3).await.unwrap();
    let mut walk = complete(&recorder);
    kept.replayed(&mut walk);
    kept.take(&mut walk, 1_000).await.unwrap();
    assert_eq!(kept.records, tickets(1..=120));
    assert_eq!(kept.verdict, Some(Verdict::Complete));
}

#[tokio::test]
async fn an_empty_list_is_complete() {
    let recorder = still(0);
    let kept = Kept::all(&mut complete(&recorder)).await;
    assert_eq!(
        (kept.verdict, kept.journal[0].as_str()),
        (Some(Verdict::Complete), "0/0 last")
    );
    assert!(kept.records.is_empty());
}

#[tokio::test]
async fn fewer_records_than_the_total_are_unsettled() {
    let page = r#"{"items":[{"TicketID":1}],"totalItemCount":3,"totalPages":1,"nextLink":""}"#;
    let list = || {
        Recorder::new(move |request| {
            ok(if asked(request).0 == 1 {
                page
            } else {
                r#"{"items":[],"totalPages":1}"#
            })
        })
    };
    for walk in [one_pass, complete] {
        let recorder = list();
        let mut walk = walk(&recorder);
        let kept = Kept::all(&mut walk).await;
        assert_eq!(kept.verdict, Some(Verdict::Unsettled), "{kept:?}");
        assert_eq!((kept.records.len(), walk.drift().shortfall), (1, 2));
    }
}

#[tokio::test]
async fn a_list_that_does_not_settle_is_given_up() {
    let change = |count: usize, ids: &mut Vec<i64>| *ids = vec![1_000 - count as i64];
    let recorder = moving(change, Vec::new());
    let mut walk = complete(&recorder);
    let kept = Kept::all(&mut walk).await;
    assert_eq!(kept.verdict, Some(Verdict::Unsettled));
    assert_eq!(
        (kept.records.len(), walk.drift().sweeps, walk.drift().late),
        (8, 8, 7)
    );
}

#[tokio::test]
async fn records_without_ids_are_read_once_and_come_all() {
    // Two of them are the same, and none has an id.
    let page = r#"{"items":[{"Comment":"x"},{"Comment":"x"}],"totalItemCount":2,"totalPages":1}"#;
    let recorder = Recorder::new(move |_| ok(page));
    let list = || {
        let call = call(&recorder, "tickets_list_comments");
        call.set("ticketId", "7").unwrap()
    };
    let refused = list().consistency(Consistency::Complete).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidRequest);
    let mut walk = list().paged();
    let kept = Kept::all(&mut walk).await;
    assert_eq!(kept.verdict, Some(Verdict::WithoutIds));
    assert_eq!((kept.records.len(), walk.drift().without_id), (2, 2));

    let mut again = list().paged();
    let ids = again.replay(&kept.journal[0]).unwrap();
    assert_eq!(ids, [None, None]);
    assert_eq!(again.drift().without_id, 2);
}

#[tokio::test]
async fn a_page_that_fails_is_asked_for_again_by_the_next_step() {
    let failures = Arc::new(Mutex::new(2));
    let ids: Vec<_> = (1..=120).collect();
    let recorder = Recorder::new(move |request| {
        let (page, size) = asked(request);
        let failures = &mut *failures.lock().unwrap();
        if page == 2 && *failures > 0 {
            *failures -= 1;
            return Ok(Response::new(StatusCode::FORBIDDEN, ""));
        }
        ok(page_of(&ids, page, size))
    });
    let mut walk = one_pass(&recorder);
    let mut kept = Kept::default();
    for _ in 0..2 {
        let error = kept.take(&mut walk, 1_000).await.unwrap_err();
        assert_eq!((error.kind(), error.page()), (ErrorKind::Forbidden, Some(2)));
    }
    kept.take(&mut walk, 1_000).await.unwrap();
    assert_eq!(kept.records, tickets(1..=120));
    assert_eq!(pages(&recorder), [1, 2, 2, 2, 3]);
}

#[tokio::test]
async fn a_record_that_is_no_text_is_told_with_its_page() {
    let recorder = Recorder::new(|_| {
        ok(&b"{\"items\":[{\"TicketID\":1},{\"TicketTitle\":\"Caf\xe9\"}],\"totalPages\":1}"[..])
    });
    let mut walk = one_pass(&recorder);
    for _ in 0..2 {
        let error = walk.step().await.unwrap_err();
        assert_eq!((error.page(), error.record()), (Some(1), Some(1)));
    }
    assert_eq!(recorder.sent().len(), 2);
}

/// A service that hands out ten records a page, whatever it is asked for, and does not say so.
fn small_pages(tickets: i64) -> Recorder {
    let ids: Vec<_> = (1..=tickets).collect();
    Recorder::new(move |request| {
        let items = ids.chunks(10).nth(asked(request).0 - 1).unwrap_or_default();
        let items: Vec<_> = items.iter().map(|id| format!(r#"{{"TicketID":{id}}}"#)).collect();
        ok(format!(
            r#"{{"items":[{}],"totalItemCount":{}}}"#,
            items.join(","),
            ids.len()
        ))
    })
}

#[tokio::test]
async fn totals_are_believed_on_every_page_of_a_service_with_smaller_pages() {
    let recorder = small_pages(45);
    let through = Kept::all(&mut complete(&recorder)).await;
    assert_eq!(through.verdict, Some(Verdict::Complete));
    assert_eq!(pages(&recorder), [1, 2, 3, 4, 5, 1, 2, 3, 4, 5]);
    let believed = |entry: &String| entry == "end" || entry.starts_with("45/- ");
    assert!(through.journal.iter().all(believed), "{:?}", through.journal);

    for steps in 0..through.journal.len() {
        let recorder = small_pages(45);
        let mut kept = Kept::default();
        kept.take(&mut complete(&recorder), steps).await.unwrap();
        let mut walk = complete(&recorder);
        kept.replayed(&mut walk);
        kept.take(&mut walk, 1_000).await.unwrap();
        assert_eq!(
            (kept.records, kept.verdict),
            (tickets(1..=45), Some(Verdict::Complete)),
            "{steps}"
        );
        assert_eq!(pages(&recorder), [1, 2, 3, 4, 5, 1, 2, 3, 4, 5], "{steps}");
    }
}

#[tokio::test]
async fn a_walk_may_begin_in_the_middle_and_with_pages_of_another_size() {
    let recorder = still(100);
    let list = || {
        let call = call(&recorder, "tickets_list").set("page", "3").unwrap();
        call.set("itemsInPage", "20").unwrap()
    };
    let mut walk = list().paged();
    let mut kept = Kept::default();
    kept.take(&mut walk, 1).await.unwrap();
    let mut walk = list().paged();
    kept.replayed(&mut walk);
    kept.take(&mut walk, 1_000).await.unwrap();
    assert_eq!(kept.records, tickets(41..=100));
    assert_eq!(kept.verdict, Some(Verdict::OnePass));
    assert!(
        kept.journal.iter().all(|entry| entry.starts_with("60/3 ")),
        "{:?}",
        kept.journal
    );
    let asked: Vec<_> = recorder.sent().iter().map(asked).collect();
    assert_eq!(asked, [(3, 20), (4, 20), (5, 20)]);
}

#[tokio::test]
async fn a_walk_that_begins_in_the_middle_may_be_complete() {
    let recorder = still(100);
    let list = call(&recorder, "tickets_list").set("page", "2").unwrap();
    let list = list.set("itemsInPage", "20").unwrap();
    let mut walk = list.consistency(Consistency::Complete).unwrap().paged();
    let kept = Kept::all(&mut walk).await;
    assert_eq!(kept.records, tickets(21..=100));
    assert_eq!(kept.verdict, Some(Verdict::Complete));
    assert_eq!((walk.drift().shortfall, walk.drift().totals), (0, Some((80, 80))));
    let asked: Vec<_> = recorder.sent().iter().map(asked).collect();
    let sweep = [(2, 20), (3, 20), (4, 20), (5, 20)];
    assert_eq!(asked, [sweep, sweep].concat());
}

/// After each page a ticket comes at the front and another one goes.
fn restless(count: usize, ids: &mut Vec<i64>) {
    let next = 1_001 + count as i64;
    if count > 0 {
        ids.insert(0, next);
        ids.remove(next as usize * 7 % 1_000);
    }
}

#[tokio::test]
async fn a_list_that_settles_although_it_changes_has_no_shortfall() {
    let recorder = moving(restless, (1..=1_000).rev().collect());
    let mut walk = complete(&recorder);
    let kept = Kept::all(&mut walk).await;
    assert_eq!(kept.verdict, Some(Verdict::Complete));
    let last_sweep = kept.journal.rsplit(|entry| entry == "end").next().unwrap();
    let ids: HashSet<_> = last_sweep
        .iter()
        .flat_map(|page| page.split(' ').skip(1))
        .collect();
    let ids = ids.iter().filter(|id| **id != "last").count();
    // All totals are 1,000, so the last sweep alone fell short.
    assert!(ids < 1_000, "{ids}");
    assert_eq!(walk.drift().totals, Some((1_000, 1_000)));
    assert_eq!(walk.drift().shortfall, 0);
}

#[tokio::test]
async fn what_is_no_entry_is_refused() {
    let recorder = still(0);
    for entry in ["", "x", "1 x", "- 1  2", "END"] {
        let error = one_pass(&recorder).replay(entry).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{entry}");
        assert!(
            error.to_string().contains("start the walk from the beginning"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn records_that_are_gone_are_found_without_reading_the_list() {
    let known: Vec<_> = (1..=2_000).map(RecordId::Number).collect();
    let gone = [7, 1_250, 2_000];
    let left: Vec<_> = (1..=2_000).rev().filter(|id| !gone.contains(id)).collect();
    let recorder = Recorder::new(move |request| {
        let (page, size) = asked(request);
        ok(page_of(&left, page, size))
    });
    let list = || {
        recorder
            .client()
            .operation(Operation::find("tickets_list").unwrap())
    };
    let total = list().total().await.unwrap().unwrap();
    assert_eq!((total, recorder.sent().len()), (1_997, 1));
    let mut missing = list().missing_ids(&known, total).await.unwrap().unwrap();
    missing.sort_unstable();
    assert_eq!(missing, gone.map(RecordId::Number));
    assert!(recorder.sent().len() < 20, "{}", recorder.sent().len());
    // A total that the list does not have, and a record that is not known, tell nothing.
    assert_eq!(list().missing_ids(&known, total - 1).await.unwrap(), None);
    let known: Vec<_> = (1..=1_998).chain(3_000..3_002).map(RecordId::Number).collect();
    assert_eq!(list().missing_ids(&known, total).await.unwrap(), None);
}

#[tokio::test]
async fn a_list_without_a_total_has_none() {
    for body in [
        r#"{"items":[]}"#,
        r#"{"items":[{"TicketID":1}],"totalItemCount":0}"#,
    ] {
        let list = Recorder::answering(200, body)
            .client()
            .operation(Operation::find("tickets_list").unwrap());
        assert_eq!(list.total().await.unwrap(), None, "{body}");
    }
}
