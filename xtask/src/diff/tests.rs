//! Comparisons of a small description with a document that is derived from it. Each test changes that
//! document by replacing text.

use super::*;
use crate::build::spec;

/// It has a reference, an `allOf`, a schema within itself, a closed list and an operation of the guide:
/// everything that the comparison treats in its own way.
const OURS: &str = "
paths:
  /tickets/{ticketId}:
    get:
      operationId: tickets_get
      x-atera-source: published
      parameters: [{$ref: '#/components/parameters/TicketId'}, {name: expand, in: query, schema: {type: boolean}}]
      responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/Ticket'}}}}}
    post:
      operationId: tickets_update
      x-atera-source: published
      parameters: [{$ref: '#/components/parameters/TicketId'}]
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/UpdateTicket'}}}}
      responses: {'200': {}}
  /rates:
    get: {operationId: guide_rates_list, x-atera-source: guide, responses: {'200': {}}}
components:
  parameters:
    TicketId: {name: ticketId, in: path, required: true, schema: {type: integer, format: int64}}
  schemas:
    Priority: {type: string, enum: [Low, High]}
    UpdateTicket: {type: object, required: [Title], properties: {Title: {type: string}, Note: {type: string}}}
    Ticket:
      type: object
      properties:
        Priority: {allOf: [{$ref: '#/components/schemas/Priority'}], nullable: true}
        Created: {type: string, format: date-time}
        Title: {type: string}
        Parent: {$ref: '#/components/schemas/Ticket'}
";

/// The other document: ours with other names and a prefix, without the guide, and with a change.
fn theirs(change: impl Fn(String) -> String) -> String {
    let theirs = OURS
        .replace("/tickets", "/api/v3/tickets")
        .replace("schemas/Ticket'", "schemas/TicketDto'")
        .replace("    Ticket:", "    TicketDto:")
        .replace("  /rates:\n    get: {operationId: guide_rates_list, x-atera-source: guide, responses: {'200': {}}}\n", "");
    change(theirs)
}

/// Compares the description with the changed document.
fn compared(change: impl Fn(String) -> String) -> Comparison {
    let read = |text: &str| spec::read(text).unwrap().0;
    compare(&read(OURS), &read(&theirs(change)))
}

/// The differences that need work, each as one text.
fn open(comparison: &Comparison) -> Vec<String> {
    let told = |difference: &Difference| {
        format!(
            "{}: {} {}",
            difference.change.name(),
            difference.place,
            difference.what
        )
    };
    comparison.open().map(told).collect()
}

/// Names of schemas and the prefix of paths are not compared.
#[test]
fn the_same_under_other_names_has_no_difference() {
    let same = compared(|theirs| theirs);
    assert!(same.differences.is_empty(), "{:?}", same.differences);
    assert_eq!(same.compared.operations, 2);
    assert_eq!(same.compared.parameters, 3);
    assert_eq!(same.compared.properties, 6);
    assert_eq!(same.compared.values, 2);
}

/// Each case is a text of the other document, its replacement, and the difference. One change must not
/// be reported twice.
#[test]
fn each_change_is_one_difference() {
    for (from, to, told) in [
        (
            "    get:",
            "    patch:",
            "added: PATCH /api/v3/tickets/{ticketId} is an operation that the description lacks",
        ),
        (
            "name: expand",
            "name: expanded",
            "renamed: tickets_get ? expand is called `expanded`",
        ),
        (
            "name: ticketId, in: path, required: true, schema: {type: integer, format: int64}",
            "name: ticketId, in: path, required: true, schema: {type: integer, format: int32}",
            "changed: tickets_get ? ticketId is integer (int32) and not integer (int64)",
        ),
        (
            ", {name: expand, in: query, schema: {type: boolean}}",
            "",
            "removed: tickets_get ? expand is a parameter that the other document lacks",
        ),
        (
            "{name: expand,",
            "{name: dry, in: query, required: true, schema: {type: string}}, {name: expand,",
            "added: tickets_get ? dry is a parameter that the description lacks",
        ),
        (
            "{name: expand, in: query,",
            "{name: expand, in: query, required: true,",
            "changed: tickets_get ? expand is required",
        ),
        (
            "[Low, High]",
            "[Low, High, Top]",
            "added: Priority has the value \"Top\", which the description lacks",
        ),
        (
            "[Low, High]",
            "[Low]",
            "removed: Priority does not have the value \"High\"",
        ),
        (
            "        Title: {type: string}",
            "        Title: {type: string}\n        Site: {type: string}",
            "added: Ticket . Site is a property that the description lacks",
        ),
        (
            "        Title: {type: string}",
            "        Titel: {type: string}",
            "renamed: Ticket . Title is called `Titel`",
        ),
        (
            "        Created: {type: string, format: date-time}\n",
            "",
            "removed: Ticket . Created is a property that the other document lacks",
        ),
        (
            "        Title: {type: string}",
            "        Title: {type: integer}",
            "changed: Ticket . Title is integer and not string",
        ),
        (
            "format: date-time",
            "format: date",
            "changed: Ticket . Created is string (date) and not string (date-time)",
        ),
        (
            "required: [Title]",
            "required: [Title, Note]",
            "changed: UpdateTicket . Note is required",
        ),
        (
            "      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/UpdateTicket'}}}}\n",
            "",
            "removed: tickets_update body is a body that the other document lacks",
        ),
        (
            "'200': {}",
            "'200': {content: {application/json: {schema: {type: string}}}}",
            "added: tickets_update 200 has content that the description lacks",
        ),
    ] {
        let comparison = compared(|theirs| {
            assert!(theirs.contains(from), "{from}");
            theirs.replace(from, to)
        });
        let mut found = open(&comparison);
        // A method that changes is gone as well.
        found.retain(|told| told != "removed: tickets_get is an operation that the other document lacks");
        assert_eq!(found, [told]);
    }
}

/// The guide is never in the other document, so its operations are not missing there.
#[test]
fn an_operation_that_is_gone_is_told_and_one_of_the_guide_is_not_missed() {
    let comparison = compared(|theirs| {
        let (from, to) = (
            theirs.find("    post:").unwrap(),
            theirs.find("components:").unwrap(),
        );
        theirs[..from].to_string() + &theirs[to..]
    });
    assert_eq!(
        open(&comparison),
        ["removed: tickets_update is an operation that the other document lacks"]
    );
}

/// These do not fail `spec diff`, and are only listed in the longer forms.
#[test]
fn what_changes_no_binding_is_noted_apart() {
    for (from, to, told) in [
        (
            "'200': {}",
            "'200': {}, '418': {}",
            "tickets_update 418 is a status that the description lacks",
        ),
        (
            "nullable: true",
            "nullable: false",
            "Ticket . Priority is not nullable",
        ),
        (
            "Title: {type: string}\n        Parent",
            "Title: {type: string, nullable: true}\n        Parent",
            "Ticket . Title is nullable",
        ),
    ] {
        let comparison = compared(|theirs| theirs.replace(from, to));
        assert_eq!(open(&comparison), [""; 0]);
        let notes: Vec<_> = comparison
            .differences
            .iter()
            .map(|note| format!("{} {}", note.place, note.what))
            .collect();
        assert_eq!(notes, [told]);
    }
}

/// All three forms are compared, with an accepted difference, an open one and an unused entry.
#[test]
fn an_accepted_difference_has_its_reason_and_an_idle_entry_is_told() {
    let accepted = "
- {place: '* . Site', change: added, reason: Nobody needs it.}
- {place: Ticket . Gone, change: removed, reason: It was so once.}
";
    let mut comparison = compared(|theirs| {
        theirs.replace(
            "        Title: {type: string}",
            "        Title: {type: integer}\n        Site: {type: string}",
        )
    });
    let accepted = Accepted::read(accepted).unwrap();
    assert_eq!(accepted.apply(&mut comparison), ["Ticket . Gone"]);
    assert_eq!(
        open(&comparison),
        ["changed: Ticket . Title is integer and not string"]
    );

    let unused = ["Ticket . Gone"];
    let text = comparison.written(Form::Text, "theirs.json", &unused);
    assert!(text.starts_with(
        "changed: Ticket . Title is integer and not string (at GET /api/v3/tickets/{ticketId} 200)\n"
    ));
    assert!(
        text.contains("accepted difference not found: Ticket . Gone; remove its entry\n"),
        "{text}"
    );
    assert!(
        text.ends_with("1 differences, 1 accepted, 0 without effect on the bindings.\n"),
        "{text}"
    );
    let markdown = comparison.written(Form::Markdown, "theirs.json", &unused);
    for row in [
        "# The description against theirs.json",
        "| changed | `Ticket . Title` | is integer and not string | GET /api/v3/tickets/{ticketId} 200 |",
        "| added | `Ticket . Site` | is a property that the description lacks | Nobody needs it. |",
        "- `Ticket . Gone`",
    ] {
        assert!(markdown.lines().any(|line| line == row), "{row}\n{markdown}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&comparison.written(Form::Json, "theirs.json", &unused)).unwrap();
    assert_eq!(json["open"], 1);
    assert_eq!(json["differences"][0]["accepted"], "Nobody needs it.");
    assert_eq!(json["differences"][1]["change"], "changed");
}

#[test]
fn a_mistake_in_the_file_of_accepted_differences_is_told() {
    let told = Accepted::read("- {place: a, change: other, reason: b}")
        .map(|_| ())
        .unwrap_err();
    assert!(told.contains("[0].change: unknown variant `other`"), "{told}");
}
