//! Invoices. The API cannot create them. Their dates are compared as days by the clocks of the account.

use super::{handler::Handlers, records};
use crate::{http::Problem, world::Entity::Invoice};

pub(super) const HANDLERS: Handlers = &[
    ("invoices_list", |world, request| {
        let bound = |name: &str| request.text(name).and_then(|text| text.parse().ok());
        let (from, to) = (bound("invoiceDateFrom"), bound("invoiceDateTo"));
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            let reason = "`invoiceDateTo` must not be before `invoiceDateFrom`";
            return Err(Problem::field("invoiceDateTo", reason));
        }
        Ok(records::list_of(world, request, Invoice, |invoice| {
            let date = invoice
                .time("InvoiceDate")
                .map(|date| world.zone.local(date).date());
            from.is_none_or(|from| date >= Some(from)) && to.is_none_or(|to| date <= Some(to))
        }))
    }),
    ("invoices_get", |world, request| {
        let invoice = records::record_in_path(world, request, Invoice)?;
        Ok(records::answer(world, request, invoice))
    }),
];
