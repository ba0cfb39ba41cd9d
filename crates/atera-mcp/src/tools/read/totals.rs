//! How many records a list has, by groups, and sums over them.

use serde_json::{Value, json};

use super::{
    checked::Read,
    walk::{PAGE_RECORDS, Walk},
};
use crate::{
    content::{Answer, Shown, UNTRUSTED},
    decode,
    failure::Failure,
};

/// How many records a call looks at.
const MOST_SCANNED: u64 = 20_000;

/// Counts and sums.
///
/// # Errors
///
/// `InvalidRequest` if the list is too long to be read for it, and whatever the service fails with.
pub(super) async fn answer(read: &mut Read<'_>) -> Result<Answer, Failure> {
    let id = read.request.operation.id;
    // How many records others have is not told.
    let is_narrowed = read.setup.scope.filters(&read.request);
    if read.selection.only_counts() && !is_narrowed {
        let total = read.request.call(&read.setup.client)?.total();
        if let Some(total) = read.context.or_cancelled(total).await?? {
            return Ok(Answer::json(json!({"operation": id, "count": total})));
        }
    }
    let mut walk = Walk::begin(read, 0, None)?;
    let mut scanned = 0;
    while let Some(record) = walk.next().await? {
        if scanned == MOST_SCANNED {
            let many = match is_narrowed {
                true => "too many records".to_string(),
                false => format!("more than {MOST_SCANNED} records"),
            };
            return Err(Failure::invalid(
                format!("{id} was not counted: it has {many}, and all would have to be read"),
                "narrow it with `arguments`, or ask the mirror with `query` if the server has one",
            ));
        }
        read.take(&record)?;
        scanned += 1;
        if !is_narrowed && scanned.is_multiple_of(PAGE_RECORDS) {
            read.context.progress(scanned, walk.total()).await;
        }
    }
    let mut answer = json!({"operation": id});
    if !is_narrowed {
        answer["scanned"] = json!(scanned);
    }
    if read.selection.has_only_a_count() && !read.selection.has_groups() {
        let count = read.selection.number().unwrap_or_default();
        answer["count"] = serde_json::from_str(&count).unwrap_or(Value::Null);
    } else {
        let rows = read.selection.rows();
        let of = rows.len();
        let rows = rows.iter().map(|row| decode::record(row));
        let limits = read.setup.limits;
        let shown = Shown::of(Value::Array(rows.collect()), limits.text, limits.answer);
        answer["untrusted"] = json!(UNTRUSTED);
        let rows = shown.value.as_array().map_or(0, Vec::len);
        answer["rows"] = shown.value;
        if rows < of {
            answer["cut"] = json!({"shown": rows, "of": of, "note": "the smallest groups are left out"});
        }
        // The names of the groups that are shown.
        let cuts = shown.cuts.iter().filter_map(|cut| {
            let (row, path) = cut.path.strip_prefix('/')?.split_once('/')?;
            let row = row.parse::<usize>().ok()?;
            Some(json!({"row": row, "path": format!("/{path}"), "shown": cut.shown, "of": cut.of}))
        });
        let mut cuts: Vec<_> = cuts.collect();
        if shown.more_cuts > 0 {
            cuts.push(json!({"further_cuts": shown.more_cuts}));
        }
        if !cuts.is_empty() {
            answer["texts_cut"] = Value::Array(cuts);
        }
        if shown.removed > 0 {
            answer["invisible_characters_removed"] = json!(shown.removed);
        }
    }
    let hints = read.selection.hints().iter().cloned();
    let remarks: Vec<_> = hints.chain(read.selection.remarks()).collect();
    if !remarks.is_empty() {
        answer["remarks"] = json!(remarks);
    }
    Ok(Answer::json(answer))
}
