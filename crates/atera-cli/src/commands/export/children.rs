//! Reads what belongs to the records of a list: the comments of each ticket, and the like.
//!
//! The file of the list has the ids of its records, and the children come in their order. How many records have had their
//! children read is in the state, so an interruption costs the requests that were on their way.

use std::collections::{BTreeMap, HashSet};

use atera::{DynamicCall, ErrorKind, RecordId, UndecodedRecord, description::Operation};
use atera_records::Record;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{
    drift::Drift,
    entry::{Entry, ReadState},
    folder::Need,
    job::{Export, SIDE_BY_SIDE, Touched},
    list::{records, settle},
    plan::Part,
    rows::{IdField, Rows},
    staged::StagedList,
};

use crate::{commands::walk::not_whole, output::failure::Failure};

/// Exports the children of all records of a list, which has been exported already.
pub(crate) async fn export(
    export: &Export<'_>,
    part: &Part,
    parent: &'static Operation,
) -> Result<Entry, Failure> {
    let (mut file, earlier) = match export.folder.need(part)? {
        Need::Nothing(entry) => return Ok(*entry),
        Need::Read(file) => (*file, None),
        Need::Update(update) => (update.1, Some(update.0)),
    };
    if let Some(entry) = file.state.done.clone() {
        return Ok(entry);
    }
    let Some(parent) = Part::of(parent) else {
        return Err(Failure::Usage(format!("{} is no list", parent.id)));
    };
    let (list, ids) = parents(export, &parent)?;
    if !file.is_empty() && file.state.parent != list.sha256 {
        // The records have been read anew meanwhile, and may be others in another order.
        file.remove()?;
    }
    file.state.parent = list.sha256;
    file.state.as_of = list.as_of;
    let all_records = ids.len();
    let ids: Vec<_> = ids.into_iter().flatten().map(|id| id.to_string()).collect();
    file.state.parents_without_id = (all_records - ids.len()) as u64;
    let mut why = None;
    if let Some(earlier) = &earlier {
        let touched = export.touched(parent.operation);
        let is_known = |touched: &Touched| earlier.as_of.is_some_and(|as_of| touched.since <= as_of);
        match touched.filter(is_known).filter(|_| earlier.alterations.is_none()) {
            Some(touched) => {
                update(export, part, earlier, &touched, &ids, &mut file).await?;
                let entry = file.complete(part, earlier.of_file().unwrap_or_default(), Drift::default())?;
                return settle(export, part, &mut file, entry, None);
            }
            None => why = Some("it is not known which of the records that it belongs to have changed"),
        }
    }
    let Some((parameter, field)) = part.link() else {
        return Err(Failure::Usage(format!(
            "{} belongs to no list; leave it out of --with",
            part.operation.id
        )));
    };
    let done = usize::try_from(file.state.next)
        .unwrap_or(usize::MAX)
        .min(ids.len());
    export.had(file.state.records);
    let fetched = stream::iter(&ids[done..]).map(async |id| {
        let call = export.client.operation(part.operation).set(parameter, id)?;
        Ok::<_, Failure>((id, all(part, call).await?))
    });
    let mut fetched = fetched.buffered(SIDE_BY_SIDE);
    while let Some((id, children)) = export.interrupt.or(fetched.try_next()).await?? {
        let linked: Vec<_> = children
            .iter()
            .map(|child| linked(child.get(), field, id))
            .collect();
        file.state.next += 1;
        export.expects(linked.len() as u64);
        export.wrote(file.append(linked.iter().map(String::as_str), "")?);
    }
    let state = match file.state.parents_without_id {
        0 => ReadState::OnePass,
        _ => ReadState::NoId,
    };
    let entry = file.complete(part, state, Drift::default())?;
    settle(export, part, &mut file, entry, why)
}

/// Reads the children of the records that have changed, and writes them in place of their earlier ones.
async fn update(
    export: &Export<'_>,
    part: &Part,
    earlier: &Entry,
    touched: &Touched,
    ids: &[String],
    file: &mut StagedList,
) -> Result<(), Failure> {
    let Some((parameter, field)) = part.link() else {
        return Ok(());
    };
    let there: HashSet<_> = ids.iter().filter_map(|id| RecordId::parse(id)).collect();
    let changed = touched.ids.iter().filter(|id| there.contains(id));
    let fetched = stream::iter(changed).map(async |id| {
        let call = export
            .client
            .operation(part.operation)
            .set(parameter, id.to_string())?;
        Ok::<_, Failure>((*id, all(part, call).await?))
    });
    let mut fetched = fetched.buffered(SIDE_BY_SIDE);
    let mut records = BTreeMap::new();
    while let Some((id, children)) = export.interrupt.or(fetched.try_next()).await?? {
        let text = id.to_string();
        let children: Vec<_> = children
            .iter()
            .map(|child| linked(child.get(), field, &text))
            .collect();
        records.insert(id, children);
    }
    let setting = export.folder.setting();
    let base = Rows::open(&export.folder.path_of(earlier), setting)?;
    file.merge(base, &IdField::new(part, field, setting), records, |id| {
        there.contains(&id)
    })
}

/// The list to whose records the children belong, and the ids of its records in the order of its file.
fn parents(export: &Export<'_>, parent: &Part) -> Result<(Entry, Vec<Option<RecordId>>), Failure> {
    let Some((path, list)) = export.folder.newest(parent)? else {
        return Err(Failure::Usage(format!(
            "there is no file of {}; export it too, or leave out --with",
            parent.name()
        )));
    };
    let setting = export.folder.setting();
    let field = IdField::of_records(parent, setting);
    let mut rows = Rows::open(&path, setting)?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        ids.push(field.as_ref().and_then(|field| field.of(&row)));
    }
    Ok((list, ids))
}

/// The children of one record. A record that was deleted after its list was read has none.
async fn all(part: &Part, call: DynamicCall) -> Result<Vec<UndecodedRecord>, Failure> {
    match read(part, call).await {
        Err(Failure::Call(error)) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

/// The children of one record: those of all pages, or of an array. Fewer than the total are a failure, since the file would
/// have a hole that nobody sees.
async fn read(part: &Part, call: DynamicCall) -> Result<Vec<UndecodedRecord>, Failure> {
    if !part.operation.list {
        return records(&call.send().await?);
    }
    let mut records = call.records();
    let mut children = Vec::new();
    while let Some(record) = records.try_next().await? {
        children.push(record);
    }
    match not_whole(part.operation, &records.drift()) {
        None => Ok(children),
        Some(error) => Err(Failure::Call(error)),
    }
}

/// A child as JSON, with the id of the record that it belongs to, unless it has a field of that name. A value that is not an
/// object becomes one.
fn linked(record: &str, field: &str, id: &str) -> String {
    let id = match id.parse::<i64>() {
        Ok(number) => number.to_string(),
        Err(_) => serde_json::Value::from(id).to_string(),
    };
    let has_field = |name| {
        let fields = Record::new(record).fields;
        fields.is_some_and(|fields| fields.contains_key(name))
    };
    let inner = record.trim().strip_prefix('{').map(str::trim_start);
    match inner {
        Some(inner) if has_field(field) => format!("{{{inner}"),
        Some("}") => format!("{{\"{field}\":{id}}}"),
        Some(inner) => format!("{{\"{field}\":{id},{inner}"),
        None => format!("{{\"{field}\":{id},\"value\":{record}}}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_tells_which_record_it_belongs_to() {
        for (record, expected) in [
            (r#"{"Comment":"x"}"#, r#"{"TicketID":7,"Comment":"x"}"#),
            (r#"{ "TicketID": 7 }"#, r#"{"TicketID": 7 }"#),
            ("{}", r#"{"TicketID":7}"#),
            // The name of the field as a value, and as a field of another object.
            (
                r#"{"Comment":"TicketID"}"#,
                r#"{"TicketID":7,"Comment":"TicketID"}"#,
            ),
            (
                r#"{"Ticket":{"TicketID":8}}"#,
                r#"{"TicketID":7,"Ticket":{"TicketID":8}}"#,
            ),
            (r#""a.png""#, r#"{"TicketID":7,"value":"a.png"}"#),
        ] {
            assert_eq!(linked(record, "TicketID", "7"), expected);
        }
    }
}
