//! Tests of mistakes in the description: each stops the build with its line, its place and the reason.

use crate::{
    build,
    files::{SPEC, read},
};

/// The error of the description after a change, without its line. If the change contains `HERE`, in a comment, the error has to
/// name the line of it.
fn error(from: &str, to: &str) -> String {
    let spec = read(SPEC).unwrap();
    assert!(spec.contains(from), "{from}");
    let spec = spec.replacen(from, to, 1);
    let line = spec
        .lines()
        .position(|line| line.contains("HERE"))
        .map(|index| index + 1);
    let error = build::generate(&spec).map(|_| ()).expect_err(to);
    if let Some(line) = line {
        assert_eq!(error.line, line, "{error}");
    }
    error.to_string().split_once(": ").unwrap().1.to_string()
}

#[test]
fn a_mistake_is_told_with_its_line_its_place_and_the_reason() {
    for (from, to, told) in [
        (
            "operationId: tickets_list\n",
            "operationId: ticket_list # HERE\n",
            "paths > /tickets > get > operationId: `ticket_list` does not begin with its group; call it `tickets_..`",
        ),
        (
            "operationId: tickets_create\n",
            "operationId: tickets_list # HERE\n",
            "paths > /tickets > post > operationId: `tickets_list` is also the id of /tickets; give each operation its own",
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
            "components > schemas > Ticket > x-atera-key: `TicketId` is not a property; use a name of `properties`",
        ),
        (
            "        - $ref: '#/components/parameters/TicketId'\n",
            "        - $ref: '#/components/parameters/Ticket' # HERE\n",
            "paths > /tickets/{ticketId} > get > parameters > 0 > $ref: `#/components/parameters/Ticket` is not defined",
        ),
        (
            "      parameters:\n        - $ref: '#/components/parameters/TicketId'\n        - $ref: '#/components/parameters/FieldName'\n",
            "      parameters: # HERE\n        - $ref: '#/components/parameters/FieldName'\n        - $ref: '#/components/parameters/TicketId'\n",
            "paths > /customvalues/ticketfield/{ticketId}/{fieldName} > get > parameters: the path parameters are not in the \
             order of the path; declare them as ticketId, fieldName",
        ),
        (
            "      tags: [tickets]\n      operationId: tickets_create\n",
            "      tags: [tickets, tickets] # HERE\n      operationId: tickets_create\n",
            "paths > /tickets > post > tags: the operation has no single group; give it exactly one tag",
        ),
        (
            "      operationId: tickets_create\n",
            "      operationId: tickets_create\n      operationId: tickets_make # HERE\n",
            "duplicated key in mapping",
        ),
    ] {
        let error = error(from, to);
        assert!(error.starts_with(told), "{error}");
    }
}

#[test]
fn an_operation_has_64_parameters_at_most() {
    let parameter = |index| {
        format!(
            "        - {{name: tag{index}, in: query, description: A tag., example: a, schema: {{type: string}}}}\n"
        )
    };
    let create = "      operationId: tickets_create\n";
    let with = |count| {
        let parameters: String = (0..count).map(parameter).collect();
        format!("{create}      parameters: # HERE\n{parameters}")
    };
    let allowed = read(SPEC).unwrap().replacen(create, &with(64), 1);
    build::spec::Spec::parse(&allowed).unwrap();
    assert_eq!(
        error(create, &with(65)),
        "paths > /tickets > post > parameters: an operation can have 64 parameters at most; leave some out"
    );
}

/// The parser reports the line, and its words are not ours to test.
#[test]
fn a_broken_document_is_told_with_its_line() {
    let error = error(
        "      operationId: tickets_create\n",
        "     operationId: tickets_create # HERE\n",
    );
    assert!(!error.is_empty());
}

/// Compares all files byte by byte.
#[test]
fn the_same_description_gives_the_same_client() {
    let spec = read(SPEC).unwrap();
    let (first, second) = (build::generate(&spec).unwrap(), build::generate(&spec).unwrap());
    assert!(first.files() == second.files());
}
