//! Which records are taken.
//!
//! A condition is checked against the description before anything is sent: the fields exist, a number is compared with a number
//! and a time with a time. Text is compared without regard to case, and the values of a closed list in the order of the
//! description. A value that the description lacks has no place in that order. Where nothing is known of a field, its values tell
//! how to compare them.
//!
//! A record that lacks a field has null in it, and so has one with .NET's year 1 in place of a time. Null fulfils `=null`,
//! `is null` and `is empty`, and no comparison, `!=` included: `Priority!=High` are those with another priority, and
//! `not Priority=High` also those without one.

use atera::{
    Timestamp,
    description::{Kind, Operation, parse_boolean},
};

use crate::{
    columns::{Column, Fields},
    error::Error,
    narrow::{self, Demand},
    noticed::Noticed,
    operand::{Operand, Time, mistake, operand, words},
    option_names::OptionNames,
    record::{Record, Written},
    spelling::nearly_known,
    syntax::{self, Comparison, Expression, Mistake, Word},
    times::Clock,
};

/// A condition that fits the records: `Severity=Critical, Created<-3d`.
///
/// Comparisons are `=`, `!=`, `<`, `<=`, `>`, `>=`, `~` (contains) and `!~`, `in (a, b)`, `is null` and `is empty`, each with `not`;
/// a field that is true or false needs none. `and` (or a comma), `or`, `not` and parentheses join them. Text is compared without
/// regard to case; a value with a comma, a parenthesis, `and` or `or` in it needs quotes. [`TimeText`](crate::TimeText) has what
/// times may be.
///
/// ```
/// use atera::{AccountZone, Timestamp, description::Operation};
/// use atera_records::{Clock, Condition, Fields, Record};
///
/// let clock = Clock { now: Timestamp::now().to_utc(), zone: AccountZone::UTC };
/// let fields = Fields::of(Operation::find("alerts_list").and_then(Operation::record));
/// let condition = Condition::new(&["Severity in (Warning, Critical) and Title~disk"], fields, &clock)?;
/// assert!(condition.holds(&Record::new(r#"{"Severity": "Critical", "Title": "Disk C: is full"}"#)));
/// assert!(!condition.holds(&Record::new(r#"{"Severity": "Critical", "Title": "No backup"}"#)));
///
/// let error = Condition::new(&["Severity=Critcal"], fields, &clock).unwrap_err();
/// assert!(error.to_string().contains("(did you mean `Critical`?)"));
/// # Ok::<(), atera_records::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Condition {
    all: Vec<Node>,
    /// What may be mistyped in it although it cannot be refused.
    hints: Vec<String>,
    noticed: Noticed,
    names: &'static OptionNames,
}

/// A part of a condition.
#[derive(Clone, Debug)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Compare(Column, Comparison, Operand),
    Null(Column),
    Empty(Column),
    Holds(Column),
}

impl Condition {
    /// The condition that all of these texts hold.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage), with the place of the mistake.
    pub fn new(texts: &[impl AsRef<str>], fields: Fields, clock: &Clock) -> Result<Self, Error> {
        let mut hints = Vec::new();
        let node = |text: &_| {
            let text = AsRef::<str>::as_ref(text);
            let node = syntax::parse(text).and_then(|read| Node::new(&read, fields, clock, &mut hints));
            node.map_err(|mistake| told(text, &mistake, fields.names))
        };
        Ok(Condition {
            all: texts.iter().map(node).collect::<Result<_, _>>()?,
            hints,
            noticed: Noticed::default(),
            names: fields.names,
        })
    }

    /// What may be mistyped in it although it cannot be refused, a sentence each.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// Whether the zone of the account is needed to tell which records fulfil it.
    pub fn needs_zone(&mut self) -> bool {
        let mut needs_zone = false;
        self.times(&mut |time| needs_zone |= time.text.needs_zone());
        needs_zone
    }

    /// Sets the clock that its times refer to.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) if one of them comes twice by this clock.
    pub fn set_clock(&mut self, clock: &Clock) -> Result<(), Error> {
        let mut refused = None;
        self.times(&mut |time| match time.text.span(clock) {
            Ok(span) => time.span = span,
            Err(reason) => refused = Some(reason),
        });
        match refused {
            None => Ok(()),
            Some(reason) => Err(Error::usage(format!(
                "{} is not certain in the time zone {}: {reason}",
                self.names.condition, clock.zone
            ))),
        }
    }

    /// Whether a record fulfils it.
    pub fn holds(&self, record: &Record<'_>) -> bool {
        self.all.iter().all(|node| node.holds(record, &self.noticed))
    }

    /// What has to be said about the comparisons that were made.
    pub fn remark(&self) -> Option<String> {
        self.noticed.told(self.names)
    }

    /// The parameters of an operation, with their values, that leave out no record which fulfils it: the service then sends fewer
    /// records. What comes has to be checked with [`Condition::holds`] all the same.
    pub fn parameters(&self, operation: &Operation) -> Vec<(&'static str, String)> {
        narrow::parameters(operation, &self.demands())
    }

    /// The comparisons with fields of the record itself that every record which fulfils it fulfils too.
    fn demands(&self) -> Vec<Demand<'_>> {
        let mut demands = Vec::new();
        let mut left: Vec<_> = self.all.iter().collect();
        while let Some(node) = left.pop() {
            match node {
                Node::All(nodes) => left.extend(nodes),
                Node::Compare(column, comparison, operand) if column.path.len() == 1 => {
                    demands.push(Demand {
                        field: &column.path[0],
                        comparison: *comparison,
                        operand,
                    })
                }
                _ => {}
            }
        }
        demands
    }

    /// The fields that it names.
    pub(crate) fn columns(&self) -> Vec<&Column> {
        let (mut columns, mut left) = (Vec::new(), self.all.iter().collect::<Vec<_>>());
        while let Some(node) = left.pop() {
            match node {
                Node::All(nodes) | Node::Any(nodes) => left.extend(nodes),
                Node::Not(node) => left.push(node),
                Node::Compare(column, ..)
                | Node::Null(column)
                | Node::Empty(column)
                | Node::Holds(column) => {
                    columns.push(column);
                }
            }
        }
        columns
    }

    fn times(&mut self, visit: &mut dyn FnMut(&mut Time)) {
        self.all.iter_mut().for_each(|node| node.times(visit));
    }
}

/// The error for a mistake in a condition.
fn told(text: &str, mistake: &Mistake, names: &OptionNames) -> Error {
    let place = text[..mistake.at].chars().count() + 1;
    let rest: String = text[mistake.at..].chars().take(30).collect();
    let place = match rest.is_empty() {
        true => "at its end".to_string(),
        false => format!("at character {place}, `{rest}`"),
    };
    Error::usage(format!(
        "{} is not understood {place}: {}",
        names.condition, mistake.what
    ))
}

impl Node {
    fn new(
        expression: &Expression,
        fields: Fields,
        clock: &Clock,
        hints: &mut Vec<String>,
    ) -> Result<Self, Mistake> {
        let mut all = |parts: &[Expression]| {
            let nodes = parts.iter().map(|part| Node::new(part, fields, clock, hints));
            nodes.collect::<Result<Vec<_>, _>>()
        };
        Ok(match expression {
            Expression::All(parts) => Node::All(all(parts)?),
            Expression::Any(parts) => Node::Any(all(parts)?),
            Expression::Not(inner) => Node::Not(Box::new(Node::new(inner, fields, clock, hints)?)),
            Expression::Null(field) => Node::Null(column(field, fields)?),
            Expression::Empty(field) => Node::Empty(column(field, fields)?),
            Expression::Holds(field) => match column(field, fields)? {
                column if matches!(column.kind, Kind::Boolean | Kind::Any) => Node::Holds(column),
                column => {
                    let name = &column.heading;
                    let sentence = format!(
                        "`{name}` is {}, so it needs a comparison, as in {name}=…",
                        words(column.kind)
                    );
                    return Err(mistake(field, sentence));
                }
            },
            Expression::Compare(field, comparison, value) => {
                let column = column(field, fields)?;
                let operand = operand(&column, *comparison, field, value, fields, clock)?;
                hints.extend(hint(&column, *comparison, value));
                Node::Compare(column, *comparison, operand)
            }
        })
    }

    fn holds(&self, record: &Record<'_>, noticed: &Noticed) -> bool {
        match self {
            Node::All(nodes) => nodes.iter().all(|node| node.holds(record, noticed)),
            Node::Any(nodes) => nodes.iter().any(|node| node.holds(record, noticed)),
            Node::Not(node) => !node.holds(record, noticed),
            Node::Null(column) => value(column, record).is_none(),
            Node::Empty(column) => match value(column, record) {
                None => true,
                Some(Written::Text(text, _)) => text.trim().is_empty(),
                Some(Written::Json(json)) => matches!(json.as_ref(), "[]" | "{}"),
                Some(Written::Nothing) => true,
            },
            Node::Holds(column) => match value(column, record) {
                Some(Written::Json(text) | Written::Text(text, _)) => parse_boolean(&text) == Some(true),
                _ => false,
            },
            Node::Compare(column, comparison, operand) => {
                let Some(value) = value(column, record) else {
                    return false;
                };
                noticed.take(column, &value, *comparison, operand);
                operand.fits(&value, *comparison, column.kind)
            }
        }
    }

    fn times(&mut self, visit: &mut dyn FnMut(&mut Time)) {
        match self {
            Node::All(nodes) | Node::Any(nodes) => nodes.iter_mut().for_each(|node| node.times(visit)),
            Node::Not(node) => node.times(visit),
            Node::Compare(_, _, Operand::Time(time) | Operand::Guess(_, Some(time), _)) => visit(time),
            Node::Compare(..) | Node::Null(_) | Node::Empty(_) | Node::Holds(_) => {}
        }
    }
}

/// That a value is nearly one of the service's own, where accounts may have added others.
fn hint(column: &Column, comparison: Comparison, value: &Word) -> Option<String> {
    let near = match comparison {
        Comparison::Equal | Comparison::NotEqual => nearly_known(column.path.last()?, &value.text)?,
        _ => return None,
    };
    Some(format!(
        "`{}` is compared with `{}`: did you mean `{near}`? It is compared as it is, since the account may have added it",
        column.heading, value.text
    ))
}

/// The value of a field, unless it is null or stands for no time.
fn value<'a>(column: &Column, record: &Record<'a>) -> Option<Written<'a>> {
    match Written::of(column.value(record)) {
        Written::Nothing => None,
        Written::Text(text, _)
            if matches!(column.kind, Kind::Timestamp | Kind::Date)
                && text.parse::<Timestamp>().is_ok_and(Timestamp::is_unset) =>
        {
            None
        }
        value => Some(value),
    }
}

/// The field of this name.
fn column(field: &Word, fields: Fields) -> Result<Column, Mistake> {
    let named = match field.quoted && fields.schema.is_none() {
        // Where nothing is known, a quoted name is that of one field, dots included.
        true => Ok(Column::plain(&field.text)),
        false => fields.column(&field.text),
    };
    named.map_err(|error| mistake(field, error.to_string()))
}

#[cfg(test)]
mod tests {
    use atera::{AccountZone, description::Schema};

    use super::*;

    fn new(
        schema: Option<&str>,
        condition: &str,
        allow_unknown: bool,
        zone: AccountZone,
    ) -> Result<Condition, Error> {
        let schema = schema.map(|name| Schema::find(name).expect(name));
        let fields = Fields::of(schema)
            .allow_unknown(allow_unknown)
            .option_names(&OptionNames::FLAGS);
        let now: Timestamp = "2026-03-02T08:00:00Z".parse().expect("a time");
        let clock = Clock {
            now: now.to_utc(),
            zone,
        };
        Condition::new(&[condition.to_string()], fields, &clock)
    }

    /// Which of the records fulfil the condition.
    fn fulfilled(schema: Option<&str>, condition: &str, records: &[&str]) -> Vec<usize> {
        let condition = new(schema, condition, false, AccountZone::UTC);
        let condition = condition.unwrap_or_else(|failure| panic!("{failure:?}"));
        let records = records.iter().enumerate();
        let records = records.filter(|(_, json)| condition.holds(&Record::new(json)));
        records.map(|(index, _)| index).collect()
    }

    #[test]
    fn null_fulfils_no_comparison() {
        let records = [
            r#"{"TicketPriority": "High", "TicketResolvedDate": "2026-03-01T00:00:00"}"#,
            r#"{"TicketPriority": null, "TicketResolvedDate": "0001-01-01T00:00:00"}"#,
            "{}",
            r#"{"TicketPriority": "", "TicketResolvedDate": ""}"#,
        ];
        for (condition, holds) in [
            ("TicketPriority=High", &[0][..]),
            ("TicketPriority!=Low", &[0, 3]),
            ("not TicketPriority=Low", &[0, 1, 2, 3]),
            ("TicketPriority=null", &[1, 2]),
            ("TicketPriority is empty", &[1, 2, 3]),
            ("TicketResolvedDate=null", &[1, 2]),
            ("TicketResolvedDate<-1d", &[0]),
            ("TicketResolvedDate>-1d", &[]),
        ] {
            assert_eq!(
                fulfilled(Some("Ticket"), condition, &records),
                holds,
                "{condition}"
            );
        }
    }

    #[test]
    fn values_are_compared_by_what_they_are() {
        let records = [
            r#"{"Total": 9.50, "Currency": "EUR", "LineItems": []}"#,
            r#"{"Total": "10", "Currency": "eur", "LineItems": [{"Description": "Backup"}]}"#,
            r#"{"Total": 1e400, "Currency": "USD", "LineItems": null}"#,
        ];
        for (condition, holds) in [
            ("Total=9.5", &[0][..]),
            ("Total>9.5", &[1, 2]),
            ("Currency=EUR", &[0, 1]),
            ("Currency!~u", &[]),
            ("LineItems is empty", &[0, 2]),
            ("LineItems~backup", &[1]),
        ] {
            assert_eq!(
                fulfilled(Some("Invoice"), condition, &records),
                holds,
                "{condition}"
            );
        }
    }

    #[test]
    fn without_a_type_the_values_tell_how_to_compare_them() {
        let records = [
            r#"{"a": 9, "at": "2026-03-01T10:00:00Z", "a.b": true}"#,
            r#"{"a": "10", "at": "2026-02-01T10:00:00Z"}"#,
            r#"{"a": "x", "at": "soon"}"#,
        ];
        for (condition, holds) in [
            ("a<10", &[0][..]),
            ("a>=10", &[1, 2]),
            ("a='10'", &[1]),
            ("at>=2026-03", &[0, 2]),
            ("at=yesterday", &[0]),
            ("'a.b'", &[0]),
        ] {
            assert_eq!(fulfilled(None, condition, &records), holds, "{condition}");
        }
    }

    #[test]
    fn a_value_that_the_description_lacks_has_no_place_in_the_order() {
        let records = [
            r#"{"TicketPriority": "Low"}"#,
            r#"{"TicketPriority": "Urgent"}"#,
            r#"{"TicketPriority": "Critical"}"#,
        ];
        for (condition, holds) in [
            ("TicketPriority>=Low", &[0, 2][..]),
            ("TicketPriority<Critical", &[0]),
            ("TicketPriority!=Low", &[1, 2]),
            ("not TicketPriority<Critical", &[1, 2]),
        ] {
            assert_eq!(
                fulfilled(Some("Ticket"), condition, &records),
                holds,
                "{condition}"
            );
        }
        let new = |condition| new(Some("Ticket"), condition, true, AccountZone::UTC);
        let condition = new("TicketPriority>=Low").expect("a condition");
        assert!(!condition.holds(&Record::new(records[1])));
        let remark = condition.remark().expect("a remark");
        assert!(
            remark.contains("a value that the description lacks, such as `Urgent` in `TicketPriority`"),
            "{remark}"
        );
        let condition = new("TicketPriority=urgent").expect("a condition");
        assert!(condition.holds(&Record::new(records[1])));
        assert_eq!(condition.remark(), None);
        assert!(new("TicketPriority<Urgent").is_err());
    }

    #[test]
    fn a_value_that_is_nearly_one_of_an_open_list_is_hinted_at() {
        let hints = |schema, condition| {
            let condition = new(schema, condition, false, AccountZone::UTC);
            condition.expect("a condition").hints().to_vec()
        };
        for (condition, near) in [
            ("TicketStatus=Opn", Some("Open")),
            ("Status not in (closed, Clsed)", Some("Closed")),
            ("TicketStatus=open", None),
            ("TicketStatus~Opn", None),
            ("TicketStatus='Waiting for customer'", None),
            ("TicketTitle=Opn", None),
        ] {
            let hints = hints(Some("Ticket"), condition);
            match near {
                Some(near) => assert!(hints[0].contains(&format!("did you mean `{near}`?")), "{hints:?}"),
                None => assert!(hints.is_empty(), "{hints:?}"),
            }
        }
        assert_eq!(hints(None, "TicketStatus=Opn").len(), 1);
    }

    #[test]
    fn a_time_that_comes_twice_in_the_zone_of_the_account_is_refused() {
        let london = "Europe/London".parse().expect("a zone");
        let new = |zone| {
            new(
                Some("Ticket"),
                "TicketCreatedDate>='2026-10-25 01:30'",
                false,
                zone,
            )
        };
        let sentence = new(london).expect_err("it is taken").to_string();
        assert!(
            sentence.contains("2026-10-25T01:30:00+01:00 for the first time"),
            "{sentence}"
        );
        let mut condition = new(AccountZone::UTC).expect("a condition");
        let now = "2026-11-02T08:00:00Z"
            .parse::<Timestamp>()
            .expect("a time")
            .to_utc();
        let refused = condition.set_clock(&Clock { now, zone: london });
        let sentence = refused.expect_err("it is taken").to_string();
        assert!(
            sentence.starts_with("--where is not certain in the time zone Europe/London"),
            "{sentence}"
        );
    }
}
