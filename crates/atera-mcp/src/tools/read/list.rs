//! Some records of a list.

use serde_json::{Map, Value, json};

use super::{
    checked::Read,
    walk::{PAGE_RECORDS, Walk},
};
use crate::{
    content::{Answer, Shown, UNTRUSTED},
    failure::Failure,
};

/// How many records are shown if nothing is said.
const USUAL: u64 = 20;
/// The most records that are shown at once.
const MOST: u64 = 500;
/// How many records a call looks at before it answers with those that it has.
const MOST_SCANNED: u64 = 2_000;
/// How many cuts are told with a cursor.
const MOST_CUTS: usize = 10;
/// What is told of a list that has become shorter or longer since its last page: records may have moved over the place of the cursor.
const CHANGED: &str = "the list has changed since the cursor was given, so records may be missing or come twice; read it anew if all are needed";

/// Reads them.
///
/// # Errors
///
/// `InvalidRequest` if too many are wanted, and whatever the service fails with.
pub(super) async fn answer(read: &mut Read<'_>) -> Result<Answer, Failure> {
    let limit = read.arguments.limit.unwrap_or(USUAL);
    if limit == 0 || limit > MOST {
        return Err(Failure::invalid(
            format!("`limit` must be 1 to {MOST}, not {limit}"),
            "correct it; `cursor` goes on where an answer ended",
        ));
    }
    // How many records others have is not told, neither in the answer nor while it is made.
    let is_narrowed = read.setup.scope.filters(&read.request);
    let wanted = (!read.filters()).then_some(limit);
    let mut walk = Walk::begin(read, read.at, wanted)?;
    let mut shown = Listing::default();
    let mut place = read.at;
    let (mut has_ended, mut is_full) = (false, false);
    while (shown.records.len() as u64) < limit && place - read.at < MOST_SCANNED {
        let Some(record) = walk.next().await? else {
            has_ended = true;
            break;
        };
        if let Some(record) = read.take(&record)?
            && !shown.add(read, record, place)
        {
            is_full = true;
            break;
        }
        place += 1;
        if !is_narrowed && (place - read.at).is_multiple_of(PAGE_RECORDS) {
            read.context.progress(place - read.at, wanted).await;
        }
    }
    // As it is now: what the cursor says may be of a list that was longer.
    let total = walk.total();
    let has_more = !has_ended && total.is_none_or(|total| place < total);
    let mut answer = Map::new();
    answer.insert("operation".into(), json!(read.request.operation.id));
    answer.insert("untrusted".into(), json!(UNTRUSTED));
    answer.insert("returned".into(), json!(shown.records.len()));
    match (read.filters(), total) {
        (true, _) if is_narrowed => {}
        (true, _) => drop(answer.insert("scanned".into(), json!(place - read.at))),
        (false, Some(total)) => drop(answer.insert("total".into(), json!(total))),
        (false, None) => {}
    }
    if is_full {
        let note = "the answer is full; name `fields` to get more records into one";
        answer.insert("full".into(), json!(note));
    }
    if has_more {
        let total = total.filter(|_| !is_narrowed);
        answer.insert("next".into(), json!(read.cursor(place, total, None)));
    }
    let hints = read.selection.hints().iter().cloned();
    // A cursor that is made up must not find out how many records others have.
    let has_changed = read.total.is_some() && read.total != total && !is_narrowed;
    let remarks = hints.chain(read.selection.remarks());
    let remarks: Vec<_> = remarks.chain(has_changed.then(|| CHANGED.to_string())).collect();
    if !remarks.is_empty() {
        answer.insert("remarks".into(), json!(remarks));
    }
    shown.write(&mut answer);
    Ok(Answer::json(Value::Object(answer)))
}

/// The records of an answer.
#[derive(Default)]
struct Listing {
    records: Vec<Value>,
    cut: Vec<Value>,
    size: usize,
    removed: usize,
}

impl Listing {
    /// Adds a record. Returns whether the answer had room for it; the first one always fits.
    fn add(&mut self, read: &Read<'_>, record: Value, place: u64) -> bool {
        let limits = read.setup.limits;
        let id = read.id_of(&record);
        let shown = Shown::of(record, limits.text, limits.answer);
        if !self.records.is_empty() && self.size + shown.size > limits.answer {
            return false;
        }
        self.size += shown.size;
        self.removed += shown.removed;
        for mut cut in read.cuts(&shown, place, id.as_deref()) {
            if self.cut.len() == MOST_CUTS {
                break;
            }
            cut["record"] = json!(self.records.len());
            self.size += cut.to_string().len();
            self.cut.push(cut);
        }
        self.records.push(shown.value);
        true
    }

    fn write(self, answer: &mut Map<String, Value>) {
        answer.insert("records".into(), Value::Array(self.records));
        if !self.cut.is_empty() {
            answer.insert("cut".into(), Value::Array(self.cut));
        }
        if self.removed > 0 {
            answer.insert("invisible_characters_removed".into(), json!(self.removed));
        }
    }
}
