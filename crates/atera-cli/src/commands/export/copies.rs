//! Notices records that show fields of other records which have changed.
//!
//! A ticket has the name of its customer. When the customer gets another name, the service shows it in all of its tickets, and
//! counts none of them as changed: a filter for changes does not show them. A list with a record that still shows the value from
//! before has to be read in full.

use std::collections::{HashMap, HashSet};

use atera::{RecordId, description::CopiedFields};

use super::{
    job::Export,
    plan::Part,
    rows::{Cell, IdField, Rows},
};
use crate::output::failure::Failure;

/// The list of which `part` shows fields as they were before, if there is one.
pub(crate) fn outdated(export: &Export<'_>, part: &Part, lists: &[&Part]) -> Result<Option<String>, Failure> {
    for other in lists {
        if let Some(copies) = part.copied_fields(other)
            && shows_old_values(export, part, other, &copies)?
        {
            return Ok(Some(other.name()));
        }
    }
    Ok(None)
}

/// Whether a record of `part` shows what a record of `other` had before this run, or refers to one that is gone.
fn shows_old_values(
    export: &Export<'_>,
    part: &Part,
    other: &Part,
    copies: &CopiedFields,
) -> Result<bool, Failure> {
    let (folder, setting) = (&export.folder, export.folder.setting());
    let before = folder.published(&other.name()).filter(|list| list.file.is_some());
    let (Some(before), Some((now, _))) = (before, folder.newest(other)?) else {
        return Ok(false);
    };
    let before = folder.path_of(before);
    let Some(id) = IdField::of_records(other, setting).filter(|_| before != now) else {
        return Ok(false);
    };
    let there: Vec<_> = copies
        .fields
        .iter()
        .map(|(_, field)| Cell::new(other, field, setting))
        .collect();
    let values = |row: &[u8]| -> Vec<_> { there.iter().map(|cell| cell.of(row)).collect() };
    let mut old: HashMap<RecordId, Vec<Option<String>>> = HashMap::new();
    let mut rows = Rows::open(&before, setting)?;
    while let Some(row) = rows.next()? {
        old.extend(id.of(&row).map(|id| (id, values(&row))));
    }
    let mut gone: HashSet<_> = old.keys().copied().collect();
    let mut rows = Rows::open(&now, setting)?;
    while let Some(row) = rows.next()? {
        let Some(id) = id.of(&row) else { continue };
        gone.remove(&id);
        if old.get(&id).is_some_and(|before| *before == values(&row)) {
            old.remove(&id);
        }
    }
    let Some((path, _)) = folder.newest(part)? else {
        return Ok(false);
    };
    let here: Vec<_> = copies
        .fields
        .iter()
        .map(|(field, _)| Cell::new(part, field, setting))
        .collect();
    let reference = IdField::new(part, copies.reference, setting);
    // What the other record has now, where only some of its values have changed, is equal to what it had.
    let mut current: HashMap<RecordId, Vec<Option<String>>> = HashMap::new();
    let mut rows = Rows::open(&now, setting)?;
    while let Some(row) = rows.next()? {
        current.extend(
            id.of(&row)
                .filter(|id| old.contains_key(id))
                .map(|id| (id, values(&row))),
        );
    }
    let mut rows = Rows::open(&path, setting)?;
    while let Some(row) = rows.next()? {
        let Some(id) = reference.of(&row) else { continue };
        let Some(old) = old.get(&id) else { continue };
        if gone.contains(&id) {
            return Ok(true);
        }
        let Some(current) = current.get(&id) else { continue };
        let shown = here.iter().map(|cell| cell.of(&row));
        if shown
            .zip(old)
            .zip(current)
            .any(|((shown, old), current)| old != current && shown == *old)
        {
            return Ok(true);
        }
    }
    Ok(false)
}
