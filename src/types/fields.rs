//! Reading and writing of the generated types whose fields are all optional: nearly all that the service answers.
//!
//! serde's derive does the same, but generates several functions and types for each field. The compiler needs as long to
//! check those for a few hundred fields as for the rest of the library. Here a type has two short functions, and what they
//! have in common is generic code that is compiled only for types that a program reads or writes.
//!
//! In contrast to the derive, a record is never read from an array.

use std::{fmt, marker::PhantomData, slice};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeSeed, IgnoredAny, MapAccess, Visitor},
    ser::SerializeStruct,
};

use super::lenient::Field;

/// A type whose fields are all optional. The build generates the implementations.
pub(crate) trait Fields: Default {
    /// The name of the type.
    const NAME: &'static str;
    /// The names of the fields on the wire. The other functions number the fields in this order.
    const FIELDS: &'static [&'static str];

    /// Sets a field from the value that comes next in `map`.
    fn read<'de, A: MapAccess<'de>>(&mut self, field: usize, map: &mut A) -> Result<(), A::Error>;

    /// Shows every field to `visit`, in order.
    fn write<V: VisitField>(&self, visit: &mut V);
}

/// What is done with each field of a record.
pub(crate) trait VisitField {
    fn field<T: Serialize>(&mut self, value: &Option<T>);
}

/// Reads a record. Fields that it does not know are skipped.
pub(crate) fn deserialize<'de, R: Fields, D: Deserializer<'de>>(deserializer: D) -> Result<R, D::Error> {
    deserializer.deserialize_struct(R::NAME, R::FIELDS, RecordVisitor(PhantomData))
}

/// Reads a scalar or an array of scalars, in any form of [`lenient`](super::lenient).
pub(crate) fn scalar<'de, F: Field, A: MapAccess<'de>>(field: &mut F, map: &mut A) -> Result<(), A::Error> {
    *field = map.next_value_seed(Scalar(PhantomData))?;
    Ok(())
}

/// Reads a field of any other type.
pub(crate) fn nested<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    field: &mut T,
    map: &mut A,
) -> Result<(), A::Error> {
    *field = map.next_value()?;
    Ok(())
}

/// Writes a record without its empty fields.
pub(crate) fn serialize<R: Fields, S: Serializer>(record: &R, serializer: S) -> Result<S::Ok, S::Error> {
    // Some formats write the number of fields first.
    let mut present = Count(0);
    record.write(&mut present);
    let mut writer = Writer {
        out: serializer.serialize_struct(R::NAME, present.0)?,
        names: R::FIELDS.iter(),
        result: Ok(()),
    };
    record.write(&mut writer);
    writer.result?;
    writer.out.end()
}

struct Scalar<F>(PhantomData<F>);

impl<'de, F: Field> DeserializeSeed<'de> for Scalar<F> {
    type Value = F;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<F, D::Error> {
        F::read(deserializer)
    }
}

struct RecordVisitor<R>(PhantomData<R>);

impl<'de, R: Fields> Visitor<'de> for RecordVisitor<R> {
    type Value = R;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "struct {}", R::NAME)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<R, A::Error> {
        const { assert!(R::FIELDS.len() <= u128::BITS as usize) };
        let mut record = R::default();
        let mut seen = 0_u128;
        let mut next = 0;
        while let Some(field) = map.next_key_seed(FieldName {
            fields: R::FIELDS,
            next,
        })? {
            let Some(field) = field else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if seen & (1 << field) != 0 {
                return Err(de::Error::duplicate_field(R::FIELDS[field]));
            }
            seen |= 1 << field;
            next = field + 1;
            record.read(field, &mut map)?;
        }
        Ok(record)
    }
}

/// Reads a name as the number of its field. `None` is a field that the type does not have.
struct FieldName {
    fields: &'static [&'static str],
    /// The field after the last one. Most answers have their fields in the order of the description.
    next: usize,
}

impl<'de> DeserializeSeed<'de> for FieldName {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for FieldName {
    type Value = Option<usize>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the name of a field")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
        if self.fields.get(self.next) == Some(&name) {
            return Ok(Some(self.next));
        }
        Ok(self.fields.iter().position(|field| *field == name))
    }
}

/// How many fields are not empty.
struct Count(usize);

impl VisitField for Count {
    fn field<T: Serialize>(&mut self, value: &Option<T>) {
        self.0 += usize::from(value.is_some());
    }
}

struct Writer<S: SerializeStruct> {
    out: S,
    names: slice::Iter<'static, &'static str>,
    /// The first error. Nothing is written after it.
    result: Result<(), S::Error>,
}

impl<S: SerializeStruct> VisitField for Writer<S> {
    fn field<T: Serialize>(&mut self, value: &Option<T>) {
        let Some(name) = self.names.next() else { return };
        if self.result.is_ok() {
            self.result = match value {
                Some(value) => self.out.serialize_field(name, value),
                None => self.out.skip_field(name),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::{from_str, from_value, json, to_string, to_value};

    use super::*;
    use crate::types::{Agent, Contract, Ticket};

    #[test]
    fn fields_are_read_in_any_order_and_unknown_ones_are_skipped() {
        let ordered: Ticket = from_str(r#"{"TicketID": 7, "TicketTitle": "a", "CustomerID": 3}"#).unwrap();
        let other: Ticket =
            from_str(r#"{"CustomerID": 3, "New": {"a": [1]}, "TicketTitle": "a", "TicketID": "7"}"#).unwrap();
        assert_eq!(ordered, other);
        assert_eq!(ordered.ticket_id, Some(7));
        assert_eq!(from_str::<Ticket>("{}").unwrap(), Ticket::default());
    }

    #[test]
    fn each_name_is_that_of_its_field() {
        fn check<R: Fields + DeserializeOwned + Serialize>() {
            let values = [
                json!(1),
                json!("2026-03-02T06:15:00Z"),
                json!("2026-03-02"),
                json!("0b1f3b76-6f0c-4d7e-9a51-1f2c3d4e5f60"),
                json!([]),
                json!({}),
            ];
            for name in R::FIELDS {
                let record = values
                    .iter()
                    .find_map(|value| from_value::<R>(json!({ *name: value })).ok())
                    .expect(name);
                let written = to_value(&record).unwrap();
                let names: Vec<_> = written.as_object().unwrap().keys().collect();
                assert_eq!(names, [name]);
            }
        }
        check::<Agent>();
        check::<Contract>();
        check::<Ticket>();
    }

    #[test]
    fn a_field_that_comes_twice_is_refused() {
        let error = from_str::<Ticket>(r#"{"TicketID": 7, "TicketID": 8}"#).unwrap_err();
        assert!(
            error.to_string().starts_with("duplicate field `TicketID`"),
            "{error}"
        );
    }

    #[test]
    fn a_record_is_an_object() {
        for json in ["[1, 2]", "7", "null", r#""text""#] {
            let error = from_str::<Ticket>(json).unwrap_err();
            assert!(error.to_string().contains("expected struct Ticket"), "{error}");
        }
    }

    #[test]
    fn empty_fields_are_not_written() {
        let ticket: Ticket = from_str(r#"{"CustomerID": 3, "TicketID": 7, "TicketTitle": null}"#).unwrap();
        assert_eq!(to_string(&ticket).unwrap(), r#"{"TicketID":7,"CustomerID":3}"#);
        let mut present = Count(0);
        ticket.write(&mut present);
        assert_eq!(present.0, 2);
        assert_eq!(to_string(&Ticket::default()).unwrap(), "{}");
    }

    #[test]
    fn an_object_in_a_record_is_written_as_it_was_read() {
        let json = r#"{"ContractID":1,"BlockHoursContract":{"HoursIncluded":5}}"#;
        let contract: Contract = from_str(json).unwrap();
        let again: Contract = from_str(&to_string(&contract).unwrap()).unwrap();
        assert_eq!(contract, again);
        assert!(contract.block_hours_contract.is_some());
    }
}
