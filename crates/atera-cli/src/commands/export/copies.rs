//! Notices records that show fields of other records which have changed.
//!
//! A ticket has the name of its customer. When the customer gets another name, the service shows it in all of its tickets, and
//! counts none of them as changed: a filter for changes does not show them. Which fields are copies follows from their names:
//! `CustomerName` of a ticket is that of the customer with its `CustomerID`, and `EndUserEmail` the `Email` of the contact with
//! its `EndUserID`. A list with a record that still shows the value from before has to be read in full.

use std::collections::{HashMap, HashSet};

use atera::RecordId;

use super::{
    job::Export,
    plan::Part,
    rows::{Cell, IdField, Rows},
};
use crate::output::failure::Failure;

/// The fields that the records of a list show of the records of another.
struct Copies {
    /// The field with the id of the other record.
    id: &'static str,
    /// The fields: here, and there.
    fields: Vec<(&'static str, &'static str)>,
}

/// The list of which `part` shows fields as they were before, if there is one.
pub(crate) fn outdated(export: &Export<'_>, part: &Part, lists: &[&Part]) -> Result<Option<String>, Failure> {
    for other in lists {
        if let Some(copies) = Copies::of(part, other)
            && shows_old_values(export, part, other, &copies)?
        {
            return Ok(Some(other.name()));
        }
    }
    Ok(None)
}

impl Copies {
    /// What the records of `part` show of those of `other`. `None` if they do not refer to them.
    fn of(part: &Part, other: &Part) -> Option<Self> {
        let (here, there) = (part.record()?, other.record()?);
        let id_there = there.id_field?;
        if part.operation.id == other.operation.id {
            return None;
        }
        // A department has an `Id`, and a contact its `DepartmentID`.
        let qualified = format!("{}ID", there.name);
        let refers = |name: &str| name == id_there || name == qualified;
        let id = here.fields.iter().find(|field| refers(field.name))?.name;
        let prefix = id.strip_suffix("ID")?.to_lowercase();
        let shows = |here: &str, there: &str| {
            let (here, there) = (here.to_lowercase(), there.to_lowercase());
            here.starts_with(&prefix) && (here == there || here == format!("{prefix}{there}"))
        };
        let pairs = here.fields.iter().flat_map(|field| {
            let of_other = there.fields.iter();
            of_other
                .filter(|other| field.name != id && shows(field.name, other.name))
                .map(|other| (field.name, other.name))
        });
        let fields = pairs.collect();
        Some(Copies { id, fields })
    }
}

/// Whether a record of `part` shows what a record of `other` had before this run, or refers to one that is gone.
fn shows_old_values(
    export: &Export<'_>,
    part: &Part,
    other: &Part,
    copies: &Copies,
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
    let reference = IdField::new(part, copies.id, setting);
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

#[cfg(test)]
mod tests {
    use super::{super::plan, *};

    #[test]
    fn copies_are_known_by_the_names_of_their_fields() {
        let parts = plan::parts(&[], &[]).expect("parts");
        let list = |name: &str| parts.iter().find(|part| part.name() == name).expect(name);
        let copies = |here: &str, there: &str| {
            let copies = Copies::of(list(here), list(there));
            copies.map(|copies| copies.fields).unwrap_or_default()
        };
        assert_eq!(
            copies("tickets", "contacts"),
            [
                ("EndUserEmail", "Email"),
                ("EndUserFirstName", "Firstname"),
                ("EndUserLastName", "Lastname"),
                ("EndUserPhone", "Phone"),
            ]
        );
        assert!(copies("tickets", "customers").contains(&("CustomerName", "CustomerName")));
        assert!(copies("contacts", "departments").contains(&("DepartmentName", "Name")));
        assert_eq!(copies("customers", "tickets"), []);
    }
}
