//! Each rule, by a description that keeps to all of them and a change that breaks one.

use super::*;

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
    let findings = check(&changed).unwrap_or_else(|fault| panic!("{from}: {fault}"));
    let told = |finding: &Finding| format!("{} [{}]", finding.fault.reason, finding.rule);
    findings.iter().map(told).collect()
}

#[test]
fn a_sound_description_has_no_findings() {
    assert_eq!(findings("Returns tickets.", "Returns all tickets."), [""; 0]);
}

#[test]
fn each_rule_finds_what_breaks_it() {
    for (from, to, told) in [
        (
            "tickets_list\n",
            "tickets_List\n",
            "`tickets_List` is not snake_case [naming]",
        ),
        (
            "tickets_list\n",
            "tickets_get\n",
            "`get` answers pages, so it is a `list` [naming]",
        ),
        (
            "tickets_update\n",
            "tickets_change\n",
            "`change` has no verb; use update, add, create, delete, get, list, query, resolve, run, set [naming]",
        ),
        (
            "tickets_update_put\n",
            "tickets_set\n",
            "the PUT beside `tickets_update` is called `tickets_update_put` [naming]",
        ),
        (
            "    put:\n",
            "  /other:\n    post:\n",
            "only a PUT is called `_put` [naming]",
        ),
        (
            "x-atera-source: guide",
            "x-atera-source: published",
            "`guide` is for what only the guide has [source]",
        ),
        (
            "summary: List tickets",
            "summary: list tickets",
            "a summary begins with a capital and has no full stop [summary]",
        ),
        (
            "summary: Update a ticket\n",
            "summary: List tickets\n",
            "it is also the summary of `tickets_list` [summary]",
        ),
        (
            "summary: List tickets",
            "summary: List the tickets of all customers in the order in which they came in",
            "a summary has at most 60 characters [summary]",
        ),
        (
            "description: Returns tickets.",
            "description: Tickets",
            "a description is whole sentences [summary]",
        ),
        (
            "description: Returns tickets.",
            "description: List tickets.",
            "the description says no more than the summary [summary]",
        ),
        (
            "responses: {'204': {}, default: {$ref: '#/components/responses/Error'}}",
            "responses: {default: {$ref: '#/components/responses/Error'}}",
            "no success is described [answers]",
        ),
        (
            "responses: {'204': {}, default: {$ref: '#/components/responses/Error'}}",
            "responses: {'204': {}}",
            "`default`, which stands for every failure, is missing [answers]",
        ),
        (
            "maximum: 50",
            "maximum: 500",
            "`page` begins at 1, and `itemsInPage` lies between 1 and 50 [bounds]",
        ),
        (
            "{type: integer, minimum: 1, maximum: 9, example: 7}",
            "{type: string, minimum: 1, example: x}",
            "only a number has a minimum or a maximum [bounds]",
        ),
        (
            "  - {name: guide",
            "  - {name: zebras, description: None.}\n  - {name: guide",
            "`zebras` has no operation [groups]",
        ),
        (
            "  - {name: guide, description: What only the guide has.}\n  - {name: tickets, description: Tickets.}\n",
            "  - {name: tickets, description: Tickets.}\n  - {name: guide, description: What only the guide has.}\n",
            "`guide` belongs before `tickets` [groups]",
        ),
        ("    put:\n", "  /other:\n    put:\n", ""),
        (
            "TicketPage",
            "Tickets",
            "a page of `Ticket` is called `TicketPage` [naming]",
        ),
        (
            "    Priority: {type: string,",
            "    TicketDto: {type: integer, description: None., example: 1}\n    Priority: {type: string,",
            "`TicketDto` says how it is carried: leave out `Dto` [naming]",
        ),
        (
            "    Priority: {type: string,",
            "    Unused: {type: integer, description: None., example: 1}\n    Priority: {type: string,",
            "nothing refers to `Unused`; remove it [orphans]",
        ),
        (
            "[Low, High]",
            "[Low, LOW]",
            "`LOW` has the same Rust name as Low [closed lists]",
        ),
        (
            "x-atera-key: TicketID",
            "x-atera-key: Due",
            "a key is an integer or a UUID [keys]",
        ),
        (
            "description: When.,",
            "description: When,",
            "the description of `Due` is no sentence [descriptions]",
        ),
        (
            "description: Which.,",
            "",
            "`page` is not described in whole sentences [descriptions]",
        ),
        (
            "minimum: 1}, example: 1}",
            "minimum: 1}}",
            "`page` has no example [examples]",
        ),
        (
            "minimum: 1}, example: 1}",
            "minimum: 1}, example: 0}",
            "the example does not fit: 0 is less than the minimum of 1 [examples]",
        ),
        (
            "{TicketID: 7, Priority: Low,",
            "{TicketID: seven, Priority: Low,",
            "the example does not fit: \"seven\" is not of type \"integer\" [examples]",
        ),
        (
            "{TicketID: 7, Priority: Low,",
            "{TicketId: 7, Priority: Low,",
            "the example does not fit: Additional properties are not allowed ('TicketId' was unexpected) [examples]",
        ),
        (
            "Due: '2026-03-02'}",
            "Due: '2026-03-02T08:15:00Z'}",
            "the example does not fit: \"2026-03-02T08:15:00Z\" is not a \"account-time\" [examples]",
        ),
        (
            "nullable: true, description: When., example: '2026-03-02T08:15:00'",
            "nullable: true, description: When.",
            "`Due` has no example [examples]",
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
        ["51: paths > /rates: `guide` has ended with /other; keep it together [groups]"]
    );
}

#[test]
fn the_description_keeps_to_the_rules() {
    let found = check(&crate::files::read(crate::files::SPEC).unwrap()).unwrap();
    assert!(found.is_empty(), "{found:?}");
}
