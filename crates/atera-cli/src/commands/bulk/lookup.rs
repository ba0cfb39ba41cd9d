//! Finds out whether rows took effect whose answers never came.
//!
//! An update is looked for in its record: if that has all the values, it took effect, and otherwise it is sent again, which does
//! no harm. A create has no id that could be asked for, so the list is read:
//!
//! - Only records with a greater id than any before the first row, and not claimed by another row, can be the row's own.
//! - They have to be equal in every field that was sent and that records of the list have.
//! - If the service changes what it is sent, equal rows do not look equal. So the comparison is tried on the rows whose records
//!   are known: a field that differs there is not compared.
//! - Of rows that are alike, it makes no difference which record belongs to which. If there are more records than rows, someone
//!   else has made some, and a person has to look.
//! - A row without a record is not there, and is sent again, but only if that is certain: no new record is left over that could
//!   be the row in another form. The service may have changed what was sent, and people change records.

use std::collections::{BTreeMap, HashMap, HashSet};

use atera::{
    Client, Consistency, ErrorKind,
    description::{self, Field, Kind, LARGEST_PAGE_SIZE, OPERATIONS, Operation, PAGE_SIZE, Schema},
};
use http::Method;
use serde_json::{Map, Value};

use super::journal::State;
use crate::{
    input::{
        request::OperationRequest,
        rows::file::Row,
        target::{read_of, text},
    },
    output::failure::Failure,
};

/// What was found out about a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It took effect, on this record.
    Found(String),
    /// It did not.
    Missing,
    /// Nobody but a person can tell.
    Unknown(String),
}

/// The list in which the records appear that an operation creates, with the type of its records. `None` if there is none, or if
/// its ids do not grow.
fn list_of(operation: &Operation) -> Option<(&'static Operation, &'static Schema, &'static str)> {
    let mut lists = OPERATIONS.iter().filter(|it| it.method == Method::GET && it.list);
    let of_group = |it: &&Operation| {
        it.group == operation.group && it.verb == "list" && operation.verb.starts_with("create")
    };
    let list = lists
        .clone()
        .find(|it| it.path == operation.path)
        .or_else(|| lists.find(of_group))?;
    let schema = list.record().filter(|_| !list.path.contains('{'))?;
    let id = schema.id_field?;
    let is_number = schema
        .fields
        .iter()
        .any(|field| field.name == id && matches!(field.kind, Kind::Integer));
    is_number.then_some((list, schema, id))
}

/// The greatest id of the records in the list of an operation. `None` if there is no list to look rows up in.
///
/// Where the first and the last page show that the list is in the order of its ids, two requests are enough. Otherwise all of it
/// is read.
pub(crate) async fn mark(operation: &Operation, client: &Client) -> Result<Option<i64>, Failure> {
    let Some((list, _, id)) = list_of(operation) else {
        return Ok(None);
    };
    let page = async |number: i64| {
        let call = client
            .operation(list)
            .set(description::PAGE, number.to_string())?;
        call.set(PAGE_SIZE, PAGE.to_string())?.page().await
    };
    let ids = |records: &[atera::UndecodedRecord]| -> Vec<i64> {
        records
            .iter()
            .filter_map(|record| id_in(record.get(), id))
            .collect()
    };
    let first = page(1).await?.into_inner();
    let (first, total) = (ids(&first.items), first.total().unwrap_or(0));
    if total <= first.len() as i64 {
        return Ok(Some(first.into_iter().max().unwrap_or(0)));
    }
    let last = page((total + PAGE - 1) / PAGE).await?.into_inner();
    let last = ids(&last.items);
    let (ends, grows) = (first.iter().chain(&last), |two: &[i64]| two[0] < two[1]);
    let ends: Vec<_> = ends.copied().collect();
    let is_in_order = ends.windows(2).all(grows) || ends.windows(2).all(|two| two[0] > two[1]);
    if is_in_order && !last.is_empty() {
        return Ok(ends.into_iter().max());
    }
    let mut greatest = 0;
    let mut records = client.operation(list).records();
    while let Some(record) = records.try_next().await? {
        greatest = greatest.max(id_in(record.get(), id).unwrap_or(0));
    }
    Ok(Some(greatest))
}

/// Records on a page.
const PAGE: i64 = LARGEST_PAGE_SIZE as i64;

/// The id in a record, given as JSON.
fn id_in(json: &str, id: &str) -> Option<i64> {
    serde_json::from_str::<Map<String, Value>>(json)
        .ok()?
        .get(id)?
        .as_i64()
}

/// Looks for the rows with these indices.
pub(crate) async fn look_up(
    rows: &[Row],
    unknown: &[usize],
    states: &[State],
    mark: Option<i64>,
    client: &Client,
) -> Result<Vec<(usize, Verdict)>, Failure> {
    let Some(operation) = rows.first().map(|row| row.request.operation) else {
        return Ok(Vec::new());
    };
    if operation.idempotent {
        let mut verdicts = Vec::new();
        for index in unknown {
            verdicts.push((*index, updated(&rows[*index].request, client).await?));
        }
        return Ok(verdicts);
    }
    let Some(((list, schema, id), mark)) = list_of(operation).zip(mark) else {
        let reason = "the service has no list to look for it in".to_string();
        return Ok(unknown
            .iter()
            .map(|index| (*index, Verdict::Unknown(reason.clone())))
            .collect());
    };
    let mut new = BTreeMap::new();
    let mut records = client
        .operation(list)
        .consistency(Consistency::Complete)?
        .records();
    while let Some(record) = records.try_next().await? {
        let Ok(record) = serde_json::from_str::<Map<String, Value>>(record.get()) else {
            continue;
        };
        if let Some(id) = record.get(id).and_then(Value::as_i64).filter(|id| *id > mark) {
            new.insert(id, record);
        }
    }
    let bodies: Vec<_> = rows.iter().map(|row| fields(&row.request)).collect();
    Ok(among(&bodies, unknown, states, schema, &new))
}

/// The fields of the body of a request.
fn fields(request: &OperationRequest) -> Map<String, Value> {
    match &request.body {
        Some(Value::Object(fields)) => fields.clone(),
        _ => Map::new(),
    }
}

/// Whether an update took effect, by its record.
async fn updated(request: &OperationRequest, client: &Client) -> Result<Verdict, Failure> {
    let read = read_of(request.operation).filter(|read| read.path == request.operation.path);
    let Some((read, Some(Kind::Object(schema)))) = read.map(|read| (read, read.answer)) else {
        return Ok(Verdict::Missing);
    };
    let answer = match request.call_of(read, client)?.send().await {
        Ok(answer) => answer,
        // The update fails in the same way when it is sent again.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Verdict::Missing),
        Err(error) => return Err(error.into()),
    };
    let record: Map<String, Value> = answer.json().unwrap_or_default();
    let sent = fields(request);
    // A field that the record lacks cannot be compared, and null is how a field is emptied.
    let is_there = sent.iter().all(|(name, value)| {
        let field = schema.fields.iter().find(|field| field.name == name);
        field.is_some_and(is_comparable) && same(value, record.get(name).unwrap_or(&Value::Null))
    });
    Ok(match is_there {
        true => Verdict::Found(request.target()),
        false => Verdict::Missing,
    })
}

/// Decides which rows are which of the new records.
fn among(
    bodies: &[Map<String, Value>],
    unknown: &[usize],
    states: &[State],
    schema: &Schema,
    new: &BTreeMap<i64, Map<String, Value>>,
) -> Vec<(usize, Verdict)> {
    let mut claimed = HashSet::new();
    let mut differing = HashSet::new();
    for (body, state) in bodies.iter().zip(states) {
        let State::Done { id: Some(id), .. } = state else {
            continue;
        };
        let Some((id, record)) = id.parse().ok().and_then(|id: i64| new.get_key_value(&id)) else {
            continue;
        };
        claimed.insert(*id);
        let differs = |field: &&Field| {
            body.get(field.name)
                .is_some_and(|sent| !is_same(sent, record, field))
        };
        differing.extend(schema.fields.iter().filter(differs).map(|field| field.name));
    }
    let compared: Vec<&Field> = schema
        .fields
        .iter()
        .filter(|field| is_comparable(field) && !differing.contains(field.name))
        .collect();
    // Rows that are alike in what can be compared.
    let key = |fields: &Map<String, Value>, of: &[&Field]| -> Vec<String> {
        of.iter()
            .map(|field| normal(fields.get(field.name).unwrap_or(&Value::Null)))
            .collect()
    };
    let mut groups: HashMap<(Vec<&str>, Vec<String>), Vec<usize>> = HashMap::new();
    for index in unknown {
        let sent: Vec<&Field> = compared
            .iter()
            .copied()
            .filter(|field| {
                bodies[*index]
                    .get(field.name)
                    .is_some_and(|value| !value.is_null())
            })
            .collect();
        let names = sent.iter().map(|field| field.name).collect();
        groups
            .entry((names, key(&bodies[*index], &sent)))
            .or_default()
            .push(*index);
    }
    let mut free: BTreeMap<i64, &Map<String, Value>> = new
        .iter()
        .filter(|(id, _)| !claimed.contains(id))
        .map(|(id, record)| (*id, record))
        .collect();
    let mut verdicts = Vec::new();
    let mut left = Vec::new();
    // Rows that say more come first, so that a row that says less does not take the record of one that says more.
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|((names, _), rows)| (std::cmp::Reverse(names.len()), rows[0]));
    for ((names, values), rows) in groups {
        let of: Vec<&Field> = compared
            .iter()
            .copied()
            .filter(|field| names.contains(&field.name))
            .collect();
        if !of.iter().any(|field| matches!(field.kind, Kind::Text)) {
            let reason = "no text that was sent can be compared with the records of the list".to_string();
            verdicts.extend(rows.iter().map(|row| (*row, Verdict::Unknown(reason.clone()))));
            continue;
        }
        let found: Vec<i64> = free
            .iter()
            .filter(|(_, record)| key(record, &of) == values)
            .map(|(id, _)| *id)
            .collect();
        if found.len() > rows.len() {
            let reason = format!("several records may be it: {}", named(&found));
            verdicts.extend(rows.iter().map(|row| (*row, Verdict::Unknown(reason.clone()))));
            continue;
        }
        for id in &found {
            free.remove(id);
        }
        verdicts.extend(
            rows.iter()
                .zip(&found)
                .map(|(row, id)| (*row, Verdict::Found(id.to_string()))),
        );
        left.extend(rows.into_iter().skip(found.len()));
    }
    verdicts.extend(left.into_iter().map(|row| {
        let verdict = match free.is_empty() {
            true => Verdict::Missing,
            false => Verdict::Unknown(format!(
                "no new record is equal to it, but it may have been changed since it was sent: it may be {}",
                named(&free.keys().copied().collect::<Vec<_>>())
            )),
        };
        (row, verdict)
    }));
    verdicts.sort_by_key(|(row, _)| *row);
    verdicts
}

/// The first of these ids, in words.
fn named(ids: &[i64]) -> String {
    let first: Vec<_> = ids.iter().take(5).map(ToString::to_string).collect();
    match ids.len() {
        all if all > 5 => format!("{} or one of {} others", first.join(", "), all - 5),
        _ => first.join(" or "),
    }
}

/// Whether values of a field come back as they were sent. Times do not: services write them in another form.
fn is_comparable(field: &Field) -> bool {
    matches!(
        field.kind,
        Kind::Text | Kind::Integer | Kind::Number | Kind::Boolean | Kind::Enum { .. } | Kind::Uuid
    )
}

/// Whether a value that was sent is that of the record, as far as it can be compared.
fn is_same(sent: &Value, record: &Map<String, Value>, field: &Field) -> bool {
    !is_comparable(field) || sent.is_null() || same(sent, record.get(field.name).unwrap_or(&Value::Null))
}

/// Whether two values say the same.
fn same(one: &Value, other: &Value) -> bool {
    normal(one) == normal(other)
}

/// A value without what services change: space around a text, letter case, and how a number is written.
fn normal(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Number(number) => number
            .as_f64()
            .map_or_else(|| number.to_string(), |number| number.to_string()),
        value => text(value).trim().to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(object) => object,
            other => panic!("{other}"),
        }
    }

    /// What is found out about the unknown ones of these rows, given their titles. A record that is known to be a row's has an id
    /// in `done`.
    fn verdicts(titles: &[&str], done: &[Option<i64>], new: &[(i64, &str)]) -> Vec<Verdict> {
        let schema = Schema::find("Ticket").expect("a schema");
        let bodies: Vec<_> = titles
            .iter()
            .map(|title| object(json!({"TicketTitle": title, "Description": "x", "EndUserID": 7})))
            .collect();
        let states: Vec<_> = done
            .iter()
            .map(|id| match id {
                Some(id) => State::Done {
                    id: Some(id.to_string()),
                    found: false,
                },
                None => State::Unknown {
                    applied: false,
                    reason: String::new(),
                },
            })
            .collect();
        let unknown: Vec<_> = (0..done.len()).filter(|index| done[*index].is_none()).collect();
        let new = new
            .iter()
            .map(|(id, title)| {
                (
                    *id,
                    object(json!({"TicketID": id, "TicketTitle": title, "EndUserID": 7})),
                )
            })
            .collect();
        among(&bodies, &unknown, &states, schema, &new)
            .into_iter()
            .map(|(_, verdict)| verdict)
            .collect()
    }

    fn found(id: i64) -> Verdict {
        Verdict::Found(id.to_string())
    }

    #[test]
    fn a_row_is_the_one_record_that_is_equal_to_it() {
        assert_eq!(
            verdicts(&["a", "b"], &[None, None], &[(1, "B "), (2, "a")]),
            [found(2), found(1)]
        );
    }

    #[test]
    fn a_record_of_another_row_is_not_taken() {
        assert_eq!(
            verdicts(&["a", "a"], &[Some(1), None], &[(1, "a")]),
            [Verdict::Missing]
        );
        assert_eq!(
            verdicts(&["a", "a"], &[Some(1), None], &[(1, "a"), (2, "a")]),
            [found(2)]
        );
    }

    #[test]
    fn rows_that_are_alike_share_the_records_that_are_alike() {
        assert_eq!(
            verdicts(&["a", "a"], &[None, None], &[(1, "a")]),
            [found(1), Verdict::Missing]
        );
        let more = verdicts(&["a"], &[None], &[(1, "a"), (2, "a")]);
        assert!(
            matches!(&more[..], [Verdict::Unknown(reason)] if reason.contains("1 or 2")),
            "{more:?}"
        );
    }

    #[test]
    fn a_row_is_missing_only_where_that_is_certain() {
        assert_eq!(verdicts(&["a"], &[None], &[]), [Verdict::Missing]);
        let changed = verdicts(&["a"], &[None], &[(1, "a, but the service added something")]);
        assert!(matches!(&changed[..], [Verdict::Unknown(_)]), "{changed:?}");
        // The service left another row as it was, but a person may have changed this one.
        let by_hand = verdicts(&["a", "b"], &[None, Some(2)], &[(1, "by hand"), (2, "b")]);
        assert!(
            matches!(&by_hand[..], [Verdict::Unknown(reason)] if reason.ends_with("it may be 1")),
            "{by_hand:?}"
        );
        assert_eq!(
            verdicts(&["a", "b"], &[None, Some(2)], &[(2, "b")]),
            [Verdict::Missing]
        );
    }

    #[test]
    fn fields_that_the_service_changes_are_not_compared() {
        let verdicts = verdicts(&["a", "b"], &[None, Some(2)], &[(1, "[new] a"), (2, "[new] b")]);
        assert!(matches!(&verdicts[..], [Verdict::Unknown(_)]), "{verdicts:?}");
    }

    #[test]
    fn records_that_are_created_are_found_in_their_lists() {
        for (id, list) in [
            ("tickets_create", Some("tickets_list")),
            ("contacts_create", Some("contacts_list")),
            ("devices_http_create", Some("devices_http_list")),
            ("customers_add_folder", None),
            ("tickets_add_comment", None),
        ] {
            let found = list_of(Operation::find(id).expect(id)).map(|(list, ..)| list.id);
            assert_eq!(found, list, "{id}");
        }
    }
}
