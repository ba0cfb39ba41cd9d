//! Mistakes in the description: each stops the build with its place and the reason.

use crate::{
    build,
    files::{SPEC, read},
};

/// The fault of the description with a change.
fn fault(from: &str, to: &str) -> String {
    let spec = read(SPEC).unwrap();
    assert!(spec.contains(from), "{from}");
    let spec = spec.replacen(from, to, 1);
    let line = spec
        .lines()
        .position(|line| line.contains("HERE"))
        .map(|index| index + 1);
    let fault = build::generate(&spec).map(|_| ()).expect_err(to);
    if let Some(line) = line {
        assert_eq!(fault.line, line, "{fault}");
    }
    fault.to_string().split_once(": ").unwrap().1.to_string()
}

#[test]
fn a_mistake_is_told_with_its_line_its_place_and_the_reason() {
    for (from, to, told) in [
        (
            "operationId: tickets_list\n",
            "operationId: ticket_list # HERE\n",
            "paths > /tickets > get > operationId: `ticket_list` has to begin with its group: `tickets_`",
        ),
        (
            "operationId: tickets_create\n",
            "operationId: tickets_list # HERE\n",
            "paths > /tickets > post > operationId: `tickets_list` is also the id of /tickets",
        ),
        (
            "      x-atera-source: published\n      summary: List tickets\n",
            "      x-atera-source: heard # HERE\n      summary: List tickets\n",
            "paths > /tickets > get > x-atera-source: unknown variant `heard`, expected `published` or `guide`",
        ),
        (
            "      x-atera-idempotent: true\n      summary: Update a ticket\n",
            "      x-atera-idempotnt: true # HERE\n      summary: Update a ticket\n",
            "paths > /tickets/{ticketId} > post > x-atera-idempotnt: unknown field `x-atera-idempotnt`",
        ),
        (
            "schema: {$ref: '#/components/schemas/CreateTicket'}\n",
            "schema: {$ref: '#/components/schemas/MakeTicket'} # HERE\n",
            "paths > /tickets > post > requestBody > content > application/json > schema > $ref: \
             `#/components/schemas/MakeTicket` is not defined",
        ),
        (
            "      x-atera-key: TicketID\n",
            "      x-atera-key: TicketId # HERE\n",
            "components > schemas > Ticket > x-atera-key: `TicketId` is not a property",
        ),
        (
            "        - $ref: '#/components/parameters/TicketId'\n",
            "        - $ref: '#/components/parameters/Ticket' # HERE\n",
            "paths > /tickets/{ticketId} > get > parameters > 0 > $ref: `#/components/parameters/Ticket` is not defined",
        ),
        (
            "      tags: [tickets]\n      operationId: tickets_create\n",
            "      tags: [tickets, tickets] # HERE\n      operationId: tickets_create\n",
            "paths > /tickets > post > tags: an operation has exactly one tag, its group",
        ),
        (
            "      operationId: tickets_create\n",
            "      operationId: tickets_create\n      operationId: tickets_make # HERE\n",
            "duplicated key in mapping",
        ),
    ] {
        let fault = fault(from, to);
        assert!(fault.starts_with(told), "{fault}");
    }
}

#[test]
fn a_broken_document_is_told_with_its_line() {
    let fault = fault(
        "      operationId: tickets_create\n",
        "     operationId: tickets_create # HERE\n",
    );
    assert!(!fault.is_empty());
}

#[test]
fn the_same_description_gives_the_same_client() {
    let spec = read(SPEC).unwrap();
    let (first, second) = (build::generate(&spec).unwrap(), build::generate(&spec).unwrap());
    assert!(first.files() == second.files());
}
