//! The account, which is made up and always the same but for the time zone.

use super::handler::Handlers;
use crate::{
    http::Answer,
    world::{Record, Shape},
};

pub(super) const HANDLERS: Handlers = &[("account_get", |world, _| {
    let account = Record::with_fields(
        Shape::named("Account"),
        world.store.as_of(),
        [
            ("AccountID", "204817".into()),
            ("Country", "United Kingdom".into()),
            ("CompanyName", "Fieldline IT".into()),
            ("CreatedOn", "2023-09-04T10:15:00Z".into()),
            ("State", "England".into()),
            ("TimeZoneName", world.zone.name().into()),
            ("City", "Bristol".into()),
            ("Address", "4 Quay Lane".into()),
            ("PostalCode", "BS1 4ST".into()),
            ("Phone", "+44 117 496 0170".into()),
            ("IsITDepartment", false.into()),
            ("Plan", "Growth".into()),
        ],
    );
    Ok(Answer::Record(Box::new(account)))
})];
