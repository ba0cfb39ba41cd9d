//! Conditions that the service can filter by itself.
//!
//! A condition is sent as a parameter only if by the description every record that fulfils it comes then. A time is sent with a
//! margin, so that the zone of the account does not matter. All conditions are checked again among the records that come, so a
//! service that filters less does no harm.

use atera::{
    AccountTime,
    description::{Kind, Location, Operation, Parameter},
};
use chrono::TimeDelta;

use crate::{operand::Operand, syntax::Comparison};

/// A comparison that a record has to fulfil.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand<'a> {
    /// The name of the field.
    pub(crate) field: &'a str,
    pub(crate) comparison: Comparison,
    pub(crate) operand: &'a Operand,
}

/// A parameter, and the field that it filters by.
const PARAMETERS: [(&str, &str, Filter); 6] = [
    ("customerId", "CustomerID", Filter::Id),
    ("monitoringAgentId", "MonitoringAgentID", Filter::Id),
    // The service may compare other texts by their case.
    (
        "ticketStatus",
        "TicketStatus",
        Filter::OneOf(&["Open", "Pending", "Resolved", "Closed"]),
    ),
    ("FromLastModifiedDate", "LastModified", Filter::NotBefore),
    ("invoiceDateFrom", "InvoiceDate", Filter::NotBefore),
    ("invoiceDateTo", "InvoiceDate", Filter::NotAfter),
];

/// How far a time reaches beyond the one in the condition: further than any two zones are apart.
const MARGIN: TimeDelta = TimeDelta::days(2);

/// What a parameter does with the records.
enum Filter {
    /// It takes those with this id.
    Id,
    /// It takes those with this text, if it is one of these, spelled as the service does.
    OneOf(&'static [&'static str]),
    /// It takes those from this time on.
    NotBefore,
    /// It takes those until this time.
    NotAfter,
}

impl Filter {
    /// The value of the parameter that a demand allows to send.
    fn value(&self, parameter: &Parameter, demand: &Demand<'_>) -> Option<String> {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
        match (self, demand.comparison, demand.operand) {
            (Filter::Id, Equal, Operand::Number(number)) => {
                let text = number.normalize().to_string();
                text.parse::<i64>().ok().filter(|id| *id > 0).map(|_| text)
            }
            (Filter::OneOf(known), Equal, Operand::Text(text)) => {
                let known = known.iter().find(|known| known.eq_ignore_ascii_case(text));
                known.map(ToString::to_string)
            }
            (Filter::NotBefore, Equal | Greater | GreaterOrEqual, Operand::Time(time)) => {
                let from = if demand.comparison == Greater {
                    time.span.to
                } else {
                    time.span.from
                };
                let early = from.checked_sub_signed(MARGIN)?;
                Some(parameter.kind.account_time(AccountTime::earliest(early.into())))
            }
            (Filter::NotAfter, Equal | Less | LessOrEqual, Operand::Time(time))
                if matches!(parameter.kind, Kind::Date) =>
            {
                let to = if demand.comparison == Less {
                    time.span.from
                } else {
                    time.span.to
                };
                let late = to.checked_add_signed(MARGIN)?;
                Some(late.date_naive().to_string())
            }
            _ => None,
        }
    }
}

/// The parameters of an operation that leave out no record that fulfils these demands.
pub(crate) fn parameters(operation: &Operation, demands: &[Demand<'_>]) -> Vec<(&'static str, String)> {
    let known = PARAMETERS.iter().filter_map(|(name, field, filter)| {
        let mut parameters = operation.parameters.iter();
        let parameter = parameters.find(|it| it.name == *name && it.location == Location::Query)?;
        let mut demands = demands.iter().filter(|demand| demand.field == *field);
        Some((
            parameter.name,
            demands.find_map(|demand| filter.value(parameter, demand))?,
        ))
    });
    known.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{columns::Fields, condition::Condition, times::Clock};

    fn sent(operation: &str, condition: &str) -> Vec<(&'static str, String)> {
        let operation = Operation::find(operation).expect(operation);
        let fields = Fields::of(operation.record());
        let clock = Clock {
            now: atera::Timestamp::now().to_utc(),
            zone: atera::AccountZone::UTC,
        };
        let condition = Condition::new(&[condition], fields, &clock).expect(condition);
        condition.parameters(operation)
    }

    #[test]
    fn what_means_the_same_is_sent() {
        let both = [
            ("customerId", "7".to_string()),
            ("ticketStatus", "Open".to_string()),
        ];
        assert_eq!(
            sent("tickets_list", "ticketstatus=open, CustomerID=7, TicketID>3"),
            both
        );
        for (operation, condition, told) in [
            (
                "contacts_list",
                "LastModified>=2026-03-05 12:00Z",
                &[("FromLastModifiedDate", "2026-03-03T00:00:00")][..],
            ),
            (
                "customers_list",
                "LastModified=2026-03",
                &[("FromLastModifiedDate", "2026-02-26T12:00:00")],
            ),
            (
                "invoices_list",
                "InvoiceDate=2026-02",
                &[("invoiceDateFrom", "2026-01-29"), ("invoiceDateTo", "2026-03-03")],
            ),
            (
                "invoices_list",
                "InvoiceDate<2026-02",
                &[("invoiceDateTo", "2026-02-03")],
            ),
        ] {
            let told: Vec<_> = told
                .iter()
                .map(|(name, value)| (*name, value.to_string()))
                .collect();
            assert_eq!(sent(operation, condition), told, "{condition}");
        }
        for (operation, condition) in [
            ("contacts_list", "LastModified<2026-03"),
            ("tickets_list", "TicketStatus=Open or CustomerID=7"),
            ("tickets_list", "not TicketStatus=Open"),
            ("tickets_list", "TicketStatus!=Open"),
            ("tickets_list", "TicketStatus=Waiting for customer"),
            ("tickets_list", "CustomerID>7"),
            ("tickets_list", "CustomerID=7.5"),
            ("alerts_list", "CustomerID=7"),
        ] {
            assert_eq!(sent(operation, condition), [], "{condition}");
        }
    }
}
