//! Fields that are left out: of the columns, of the record, and so of the history.
//!
//! They are removed when a record comes, before anything is written, so no part of the database ever has them.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashSet},
    fmt,
};

use atera::description::{Collection, Kind, Schema};
use serde::{
    Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::error::{Error, Result};

/// Which fields are left out.
///
/// ```
/// use atera_mirror::Redaction;
///
/// let redaction = Redaction::parse(["EndUserEmail", "contacts.Phone"])?;
/// assert_eq!(redaction.to_string(), "contacts.Phone,EndUserEmail");
/// # Ok::<(), atera_mirror::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redaction {
    /// Lower case: the table, if it is only for one, and the field.
    fields: BTreeSet<(Option<String>, String)>,
    /// As they are shown: with the names of the table and of the description.
    texts: BTreeSet<String>,
}

/// The fields that are left out of the records of a table.
#[derive(Clone, Debug, Default)]
pub(crate) struct RedactedFields(HashSet<String>);

impl Redaction {
    /// Reads the names of fields: `EndUserEmail` in all tables, `contacts.Phone` or `Contact.Phone` in one. A field that other
    /// records show as well, as tickets show the phone of their contact, is left out there too. Letter case is ignored.
    ///
    /// # Errors
    ///
    /// `Config` if no table has the field, or if it is the id of its records.
    pub fn parse<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> Result<Self> {
        let mut redaction = Redaction::default();
        for name in names {
            redaction.add(name.as_ref().trim())?;
        }
        Ok(redaction)
    }

    /// Whether nothing is left out.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    fn add(&mut self, text: &str) -> Result<()> {
        let (place, field) = match text.split_once('.') {
            Some((place, field)) => (Some(place), field),
            None => (None, text),
        };
        let in_place = |collection: &Collection| {
            place.is_none_or(|place| {
                let record = collection.record();
                collection.name().eq_ignore_ascii_case(place)
                    || record.is_some_and(|record| record.name.eq_ignore_ascii_case(place))
            })
        };
        let having: Vec<_> = Collection::all()
            .filter(in_place)
            .filter_map(|collection| {
                let name = find_field(collection.record()?, field, 0)?;
                Some((collection, name))
            })
            .collect();
        if having.is_empty() {
            return Err(Error::config(format!(
                "cannot leave out `{text}`: no table has this field; name it as the service does, as in EndUserEmail or contacts.Phone"
            )));
        }
        let is_id = |(collection, _): &&(Collection, &str)| {
            let id = collection.record().and_then(|record| record.id_field);
            id.is_some_and(|id| id.eq_ignore_ascii_case(field))
        };
        if let Some((table, _)) = having.iter().find(is_id) {
            return Err(Error::config(format!(
                "cannot leave out `{text}`: the records of {} are known by it; leave out other fields",
                table.name()
            )));
        }
        let field = field.to_lowercase();
        for (here, name) in &having {
            // What it is called where other records show it.
            let copies =
                Collection::all().filter_map(|other| Some((other.name(), other.copied_fields(here)?)));
            for (table, copies) in copies {
                let copied = copies
                    .fields
                    .iter()
                    .filter(|(_, there)| there.eq_ignore_ascii_case(&field));
                let copied = copied.map(|(shown, _)| (Some(table.clone()), shown.to_lowercase()));
                self.fields.extend(copied);
            }
            match place {
                Some(_) => {
                    self.fields.insert((Some(here.name()), field.clone()));
                    self.texts.insert(format!("{}.{name}", here.name()));
                }
                None => drop(self.texts.insert((*name).to_string())),
            }
        }
        if place.is_none() {
            self.fields.insert((None, field));
        }
        Ok(())
    }

    /// The fields that are left out of the records of a table.
    pub(crate) fn of_table(&self, table: &str) -> RedactedFields {
        let fields = self.fields.iter();
        let fields = fields.filter(|(place, _)| place.as_ref().is_none_or(|place| place == table));
        RedactedFields(fields.map(|(_, field)| field.clone()).collect())
    }
}

impl fmt::Display for Redaction {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut texts: Vec<_> = self.texts.iter().collect();
        texts.sort_by_key(|text| text.to_lowercase());
        for (number, text) in texts.into_iter().enumerate() {
            out.write_str(if number == 0 { "" } else { "," })?;
            out.write_str(text)?;
        }
        Ok(())
    }
}

/// The field of this name, as the description writes it, of a type or of its objects.
fn find_field(schema: &'static Schema, name: &str, depth: usize) -> Option<&'static str> {
    let object = |kind: Kind| match kind {
        Kind::Object(inner) => Some(inner),
        Kind::Array(Kind::Object(inner)) => Some(*inner),
        _ => None,
    };
    // A type may be in itself.
    if depth > 8 {
        return None;
    }
    let own = schema
        .fields
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case(name));
    own.map(|field| field.name).or_else(|| {
        let mut inner = schema.fields.iter().filter_map(|field| object(field.kind));
        inner.find_map(|inner| find_field(inner, name, depth + 1))
    })
}

impl RedactedFields {
    /// Whether a field is left out.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.0.contains(&field.to_lowercase())
    }

    /// The JSON without the fields. All else stays byte for byte.
    pub(crate) fn remove_from<'a>(&self, json: &'a str) -> Cow<'a, str> {
        match self.0.is_empty() {
            true => Cow::Borrowed(json),
            false => self.cleaned(json),
        }
    }

    fn cleaned<'a>(&self, json: &'a str) -> Cow<'a, str> {
        match json.as_bytes().first() {
            Some(b'{') => match entries(json) {
                Some(entries) => self.object(json, entries),
                // It cannot be told which fields it has.
                None => Cow::Borrowed("{}"),
            },
            Some(b'[') => {
                let elements: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
                let cleaned: Vec<_> = elements
                    .iter()
                    .map(|element| self.cleaned(element.get()))
                    .collect();
                match cleaned.iter().all(|element| matches!(element, Cow::Borrowed(_))) {
                    true => Cow::Borrowed(json),
                    false => Cow::Owned(format!("[{}]", cleaned.join(","))),
                }
            }
            _ => Cow::Borrowed(json),
        }
    }

    fn object<'a>(&self, json: &'a str, entries: Vec<(&'a str, &'a str)>) -> Cow<'a, str> {
        let all = entries.len();
        let kept: Vec<_> = entries
            .into_iter()
            .filter(|(name, _)| !self.has(&decoded(name)))
            .map(|(name, value)| (name, self.cleaned(value)))
            .collect();
        let is_same = kept.len() == all && kept.iter().all(|(_, value)| matches!(value, Cow::Borrowed(_)));
        if is_same {
            return Cow::Borrowed(json);
        }
        let kept: Vec<_> = kept
            .iter()
            .map(|(name, value)| format!("{name}:{value}"))
            .collect();
        Cow::Owned(format!("{{{}}}", kept.join(",")))
    }
}

/// A name of a field, from its JSON.
fn decoded(name: &str) -> Cow<'_, str> {
    match name.contains('\\') {
        true => Cow::Owned(serde_json::from_str(name).unwrap_or_default()),
        false => Cow::Borrowed(name.trim_matches('"')),
    }
}

/// The names and values of an object as they are written.
fn entries(json: &str) -> Option<Vec<(&str, &str)>> {
    struct Object;

    impl<'de> Visitor<'de> for Object {
        type Value = Vec<(&'de str, &'de str)>;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                entries.push((name.get(), value.get()));
            }
            Ok(entries)
        }
    }

    serde_json::Deserializer::from_str(json)
        .deserialize_map(Object)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn removed(names: &[&str], table: &str, json: &str) -> String {
        let redaction = Redaction::parse(names).unwrap();
        redaction.of_table(table).remove_from(json).into_owned()
    }

    #[test]
    fn a_field_is_removed_and_the_rest_stays_byte_for_byte() {
        for (json, expected) in [
            (r#"{"Phone": "1", "Email":"x"}"#, r#"{"Email":"x"}"#),
            (r#"{ "Email" : "x" }"#, r#"{ "Email" : "x" }"#),
            (r#"{"ph\u006fne": "1", "A": 1.50}"#, r#"{"A":1.50}"#),
            (r#"{"A": [{"Phone": 1, "B": 2}, 3]}"#, r#"{"A":[{"B":2},3]}"#),
            (r#"{"A": "Phone"}"#, r#"{"A": "Phone"}"#),
            (r#"{"Phone": 1, "Phone": 2}"#, "{}"),
        ] {
            assert_eq!(removed(&["contacts.Phone"], "contacts", json), expected);
        }
        let json = r#"{"Phone": "1"}"#;
        assert_eq!(removed(&["Contact.Phone"], "customers", json), json);
        assert_eq!(removed(&["Phone"], "customers", json), "{}");
    }

    #[test]
    fn what_other_records_show_of_the_field_is_removed_as_well() {
        let json = r#"{"TicketID": 7, "EndUserPhone": "1"}"#;
        assert_eq!(removed(&["contacts.Phone"], "tickets", json), r#"{"TicketID":7}"#);
    }

    #[test]
    fn a_field_that_no_table_has_and_an_id_are_refused() {
        for name in [
            "Fone",
            "tickets.Fone",
            "nothing.Phone",
            "TicketID",
            "tickets.ticketid",
            "",
        ] {
            let error = Redaction::parse([name]).unwrap_err();
            assert!(error.to_string().contains("cannot leave out"), "{name}: {error}");
        }
    }

    #[test]
    fn the_order_of_the_names_does_not_matter() {
        let one = Redaction::parse(["Phone", "EndUserEmail"]).unwrap();
        assert_eq!(one, Redaction::parse(["EndUserEmail", "Phone"]).unwrap());
        assert_eq!(one.to_string(), "EndUserEmail,Phone");
    }

    #[test]
    fn a_field_is_the_same_however_it_is_named() {
        let one = Redaction::parse(["contacts.phone"]).unwrap();
        assert_eq!(
            one,
            Redaction::parse(["Contact.PHONE", " CONTACTS.Phone "]).unwrap()
        );
        assert_eq!(one.to_string(), "contacts.Phone");
    }
}
