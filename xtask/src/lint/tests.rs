//! Tests of the rules. Each changes a description that follows all rules, so that it breaks one.

use super::*;

/// A small description without findings. It has one of everything that a rule looks at: a list with a
/// page, a POST with a PUT beside it, an operation of the guide, a closed list, an id, and a time of
/// the account.
const SOUND: &str = "\
openapi: 3.0.3
info: {title: API}
servers: [{url: 'https://example.com', description: The service.}]
security: []
tags:
  - {name: guide, description: What only the guide has.}
  - {name: tickets, description: Tickets.}
paths:
  /tickets:
    get:
      tags: [tickets]
      operationId: tickets_list
      x-atera-source: published
      summary: List tickets
      description: Returns tickets.
      parameters:
        - $ref: '#/components/parameters/Page'
        - {name: itemsInPage, in: query, description: Size., schema: {type: integer, minimum: 1, maximum: 50}, example: 20}
      responses:
        '200':
          content: {application/json: {schema: {$ref: '#/components/schemas/TicketPage'}}}
        default: {$ref: '#/components/responses/Error'}
    post:
      tags: [tickets]
      operationId: tickets_update
      x-atera-source: published
      summary: Update a ticket
      description: Changes it.
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Ticket'}
            example: {TicketID: 7, Priority: Low, Due: '2026-03-02'}
      responses: {'204': {}, default: {$ref: '#/components/responses/Error'}}
    put:
      tags: [tickets]
      operationId: tickets_update_put
      x-atera-source: published
      summary: Update a ticket by PUT
      description: Changes it as well.
      responses: {'204': {}, default: {$ref: '#/components/responses/Error'}}
  /rates:
    delete:
      tags: [guide]
      operationId: guide_rates_delete
      x-atera-source: guide
      summary: Delete rates
      description: Deletes them.
      responses: {'204': {}, default: {$ref: '#/components/responses/Error'}}
components:
  securitySchemes: {}
  parameters:
    Page: {name: page, in: query, description: Which., schema: {type: integer, minimum: 1}, example: 1}
  responses:
    Error: {content: {application/json: {schema: {$ref: '#/components/schemas/ApiError'}}}}
  schemas:
    ApiError: {type: object, description: A failure., properties: {Message: {type: string, example: No}}}
    Priority: {type: string, description: How urgent., enum: [Low, High], example: Low, x-atera-open-enum: true}
    TicketPage:
      type: object
      description: A page.
      properties:
        items: {type: array, items: {$ref: '#/components/schemas/Ticket'}}
        itemsInPage: {type: integer, example: 20}
    Ticket:
      type: object
      description: A ticket.
      x-atera-key: TicketID
      properties:
        TicketID: {type: integer, minimum: 1, maximum: 9, example: 7}
        Priority: {allOf: [{$ref: '#/components/schemas/Priority'}], nullable: true}
        Due: {type: string, format: account-time, nullable: true, description: When., example: '2026-03-02T08:15:00'}
";

/// The findings of the sound description with a change, without their places.
fn findings(from: &str, to: &str) -> Vec<String> {
    assert!(SOUND.contains(from), "{from}");
    let changed = SOUND.replace(from, to);
    let findings = check(&changed).unwrap_or_else(|error| panic!("{from}: {error}"));
    let told = |finding: &Finding| format!("{} [{}]", finding.error.reason, finding.rule);
    findings.iter().map(told).collect()
}

#[test]
fn a_sound_description_has_no_findings() {
    assert_eq!(findings("Returns tickets.", "Returns all tickets."), [""; 0]);
}

/// Each case is a text of the sound description, its replacement, and the finding. An empty finding
/// means that the change is allowed.
#[test]
fn each_rule_finds_what_breaks_it() {
    for (from, to, told) in [
        (
            "tickets_list\n",
            "tickets_List\n",
            "`tickets_List` is not in snake_case; rename it [naming]",
        ),
        (
            "tickets_list\n",
            "tickets_get\n",
            "`get` answers pages; call it `list` [naming]",
        ),
        (
            "tickets_update\n",
            "tickets_change\n",
            "`change` has no verb; use update, add, create, delete, get, list, query, resolve, run, set [naming]",
        ),
        (
            "tickets_update_put\n",
            "tickets_set\n",
            "the PUT beside `tickets_update` has another name; call it `tickets_update_put` [naming]",
        ),
        (
            "    put:\n",
            "  /other:\n    post:\n",
            "only the name of a PUT can end with `_put`; rename it [naming]",
        ),
        (
            "x-atera-source: guide",
            "x-atera-source: published",
            "`guide` is only for operations of the guide; move this one to the group of its resource [source]",
        ),
        (
            "summary: List tickets",
            "summary: list tickets",
            "the summary has another form; begin with a capital, and leave out the full stop [summary]",
        ),
        (
            "summary: Update a ticket\n",
            "summary: List tickets\n",
            "`tickets_list` has the same summary; give each operation its own [summary]",
        ),
        (
            "summary: List tickets",
            "summary: List the tickets of all customers in the order in which they came in",
            "the summary is too long; use at most 60 characters [summary]",
        ),
        (
            "description: Returns tickets.",
            "description: Tickets",
            "the description is not a sentence; end it with a full stop [summary]",
        ),
        (
            "description: Returns tickets.",
            "description: List tickets.",
            "the description says no more than the summary; say more [summary]",
        ),
        (
            "responses: {'204': {}, default: {$ref: '#/components/responses/Error'}}",
            "responses: {default: {$ref: '#/components/responses/Error'}}",
            "no success is described; add a response for it [answers]",
        ),
        (
            "responses: {'204': {}, default: {$ref: '#/components/responses/Error'}}",
            "responses: {'204': {}}",
            "no failure is described; add the response `default` [answers]",
        ),
        (
            "maximum: 50",
            "maximum: 500",
            "the bounds differ from the service's; `page` begins at 1, and `itemsInPage` is 1 to 50 [bounds]",
        ),
        (
            "{type: integer, minimum: 1, maximum: 9, example: 7}",
            "{type: string, minimum: 1, example: x}",
            "only a number can have a minimum or a maximum; remove them [bounds]",
        ),
        (
            "  - {name: guide",
            "  - {name: zebras, description: None.}\n  - {name: guide",
            "`zebras` has no operation; remove it [groups]",
        ),
        (
            "  - {name: guide, description: What only the guide has.}\n  - {name: tickets, description: Tickets.}\n",
            "  - {name: tickets, description: Tickets.}\n  - {name: guide, description: What only the guide has.}\n",
            "`guide` is out of order; move it before `tickets` [groups]",
        ),
        ("    put:\n", "  /other:\n    put:\n", ""),
        (
            "TicketPage",
            "Tickets",
            "the page of `Ticket` has another name; call it `TicketPage` [naming]",
        ),
        (
            "    Priority: {type: string,",
            "    TicketDto: {type: integer, description: None., example: 1}\n    Priority: {type: string,",
            "`TicketDto` has a technical suffix; leave out `Dto` [naming]",
        ),
        (
            "    Priority: {type: string,",
            "    Unused: {type: integer, description: None., example: 1}\n    Priority: {type: string,",
            "nothing refers to `Unused`; remove it [orphans]",
        ),
        (
            "[Low, High]",
            "[Low, LOW]",
            "`LOW` has the same Rust name as Low; remove one of them [closed lists]",
        ),
        (
            "x-atera-key: TicketID",
            "x-atera-key: Due",
            "the id is neither an integer nor a UUID; choose another property [keys]",
        ),
        (
            "description: When.,",
            "description: When,",
            "the description of `Due` is not a sentence; end it with a full stop [descriptions]",
        ),
        (
            "description: Which.,",
            "",
            "`page` has no whole sentence as its description; add one [descriptions]",
        ),
        (
            "minimum: 1}, example: 1}",
            "minimum: 1}}",
            "`page` has no example; add one [examples]",
        ),
        (
            "minimum: 1}, example: 1}",
            "minimum: 1}, example: 0}",
            "the example does not fit its schema: 0 is less than the minimum of 1 [examples]",
        ),
        (
            "{TicketID: 7, Priority: Low,",
            "{TicketID: seven, Priority: Low,",
            "the example does not fit its schema: \"seven\" is not of type \"integer\" [examples]",
        ),
        (
            "{TicketID: 7, Priority: Low,",
            "{TicketId: 7, Priority: Low,",
            "the example does not fit its schema: Additional properties are not allowed ('TicketId' was unexpected) [examples]",
        ),
        (
            "Due: '2026-03-02'}",
            "Due: '2026-03-02T08:15:00Z'}",
            "the example does not fit its schema: \"2026-03-02T08:15:00Z\" is not a \"account-time\" [examples]",
        ),
        (
            "nullable: true, description: When., example: '2026-03-02T08:15:00'",
            "nullable: true, description: When.",
            "`Due` has no example; add one [examples]",
        ),
    ] {
        let found = findings(from, to);
        assert!(
            told.is_empty() == found.is_empty()
                && (told.is_empty() || found.iter().any(|found| found == told)),
            "{to}: {found:?}"
        );
    }
}

/// The paths of the guide are copied to the beginning, so that its group has two places.
#[test]
fn a_group_that_is_torn_apart_is_found() {
    let rates = SOUND.find("  /rates:").unwrap();
    let components = SOUND.find("components:\n").unwrap();
    let again = SOUND[rates..components]
        .replace("/rates", "/other")
        .replace("guide_rates", "guide_other")
        .replace("Delete rates", "Delete others");
    let torn = SOUND.replacen("paths:\n", &format!("paths:\n{again}"), 1);
    let found = check(&torn).unwrap();
    let told: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        ["51: paths > /rates: `guide` is in several places; move this path next to /other [groups]"]
    );
}

/// The description of this repository, and not a small one: `cargo test` also runs all rules on it.
#[test]
fn the_description_keeps_to_the_rules() {
    let found = check(&crate::files::read(crate::files::SPEC).unwrap()).unwrap();
    assert!(found.is_empty(), "{found:?}");
}
