//! Fields that are computed, because the service does not send them.
//!
//! They are added to a record where they are used. A record that is wanted as a whole stays as it was sent.

use atera::{
    Timestamp,
    description::{Field, Kind, Schema},
};
use rust_decimal::Decimal;

use crate::record::{Record, Written};

/// A field that follows from others.
#[derive(Debug)]
pub(crate) struct Computed {
    /// Its name and kind.
    pub(crate) field: Field,
    /// The fields that it needs.
    needs: &'static [&'static str],
    /// Its value, as JSON.
    value: fn(&Record<'_>) -> Option<String>,
}

/// All of them.
static COMPUTED: [Computed; 1] = [Computed {
    field: Field::new("DurationHours", Kind::Number),
    needs: &["StartWorkHour", "EndWorkHour"],
    value: |record| hours(record, "StartWorkHour", "EndWorkHour"),
}];

/// The computed fields of records of this type.
pub(crate) fn of(schema: &Schema) -> impl Iterator<Item = &'static Computed> {
    COMPUTED.iter().filter(|computed| {
        let has = |name: &&str| schema.fields.iter().any(|field| field.name == *name);
        computed.needs.iter().all(has) && !has(&computed.field.name)
    })
}

impl Computed {
    /// Its value in a record, as JSON; null where what it needs is missing.
    pub(crate) fn json(&self, record: &Record<'_>) -> String {
        (self.value)(record).unwrap_or_else(|| "null".to_string())
    }
}

/// The hours between two times, to a ten-thousandth: a third of a second.
fn hours(record: &Record<'_>, from: &str, to: &str) -> Option<String> {
    let time = |name: &str| match Written::of(record.value(&[name])) {
        Written::Text(text, _) => text.parse::<Timestamp>().ok().filter(|time| !time.is_unset()),
        _ => None,
    };
    let milliseconds = (time(to)?.to_utc() - time(from)?.to_utc()).num_milliseconds();
    let hours = Decimal::from(milliseconds) / Decimal::from(3_600_000);
    Some(hours.round_dp(4).normalize().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_hours_have_a_duration() {
        let schema = Schema::find("TicketWorkHours").expect("a type");
        let computed = of(schema).next().expect("a field");
        let of = |from: &str, to: &str| {
            let json = format!(r#"{{"StartWorkHour": {from}, "EndWorkHour": {to}}}"#);
            computed.json(&Record::new(&json))
        };
        assert_eq!(
            of(r#""2026-03-02T08:00:00Z""#, r#""2026-03-02T09:30:00Z""#),
            "1.5"
        );
        assert_eq!(
            of(r#""2026-03-02T08:00:00Z""#, r#""2026-03-02T08:20:00Z""#),
            "0.3333"
        );
        assert_eq!(of(r#""2026-03-02T08:00:00Z""#, "null"), "null");
        assert_eq!(
            of(r#""0001-01-01T00:00:00""#, r#""2026-03-02T08:20:00Z""#),
            "null"
        );
        assert!(
            super::of(Schema::find("Ticket").expect("a type"))
                .next()
                .is_none()
        );
    }
}
