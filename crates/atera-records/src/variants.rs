//! Types of records that are not in the description, because a selection adds fields to them or takes lists apart.

use std::{
    collections::HashMap,
    ptr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use atera::description::{Field, Schema};

/// A type of the description, by its place in memory, and what was made of it.
type Key = (usize, String);

/// Types live until the process ends, so each variant is made once: a server selects records again and again.
static MADE: Mutex<Option<HashMap<Key, &'static Schema>>> = Mutex::new(None);

/// A type with other fields. `what` tells apart the variants of one type.
pub(crate) fn variant(
    schema: &'static Schema,
    what: &str,
    fields: impl FnOnce() -> Vec<Field>,
) -> &'static Schema {
    let key = (ptr::from_ref(schema).addr(), what.to_string());
    let mut made: MutexGuard<'_, _> = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    made.get_or_insert_default().entry(key).or_insert_with(|| {
        let mut variant = Schema::new(schema.name, Vec::leak(fields()));
        variant.id_field = schema.id_field;
        Box::leak(Box::new(variant))
    })
}

#[cfg(test)]
mod tests {
    use atera::description::Kind;

    use super::*;

    #[test]
    fn a_variant_is_made_once() {
        let ticket = Schema::find("Ticket").expect("a type");
        let made = |what: &str| variant(ticket, what, || vec![Field::new("a", Kind::Any)]);
        assert!(ptr::eq(made("a"), made("a")));
        assert!(!ptr::eq(made("a"), made("b")));
        assert_eq!(made("a").id_field, ticket.id_field);
    }
}
