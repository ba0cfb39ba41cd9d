//! The file of `--from`: all of its rows, checked.

use std::path::PathBuf;

use atera::description::{Kind, Operation};
use clap::ArgMatches;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{columns::Columns, reader::Reader};
use crate::{
    input::{arguments, request::OperationRequest, source, target},
    output::{failure::Failure, terminal::tell},
};

/// The requests of a file.
#[derive(Debug)]
pub(crate) struct Rows {
    /// One for each row, in the order of the file.
    pub(crate) rows: Vec<Row>,
    /// What messages call the file.
    pub(crate) name: String,
    /// What may be meant otherwise although it cannot be refused.
    pub(crate) remark: Option<String>,
    /// The file. `None` for stdin.
    pub(crate) file: Option<PathBuf>,
    /// The SHA-256 of its text, and of what the arguments say about every row, in hexadecimal digits.
    pub(crate) content: String,
}

/// A row, and the request that it makes.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The line that it begins on, from 1.
    pub(crate) line: u64,
    /// The request.
    pub(crate) request: OperationRequest,
}

/// Reads the file of `--from`, if it is given, and checks every row. What is wrong with single rows is told on stderr, a line
/// each.
///
/// # Errors
///
/// `Usage` if the file cannot be read, if a column belongs nowhere, or if a row cannot be sent.
pub(crate) fn read(operation: &'static Operation, matches: &ArgMatches) -> Result<Option<Rows>, Failure> {
    let given = target::takes_rows(operation)
        .then(|| matches.get_one::<PathBuf>(arguments::FROM))
        .flatten();
    let (Some(file), Some(Kind::Object(schema))) = (given, operation.body) else {
        return Ok(None);
    };
    if let Some(parameter) = target::many(operation)
        && matches
            .get_many::<Value>(parameter.name)
            .is_some_and(|ids| ids.len() > 1)
    {
        return Err(Failure::Usage(format!(
            "the rows of --from go to one `{}` at most; name it in a column, so that each row has its own",
            parameter.name
        )));
    }
    let name = source::name(file);
    let refused = |reason: String| {
        Failure::Usage(format!(
            "the rows in {name} cannot be read: {reason}; nothing was sent"
        ))
    };
    let text = source::text(file).map_err(|error| refused(error.to_string()))?;
    let template = OperationRequest::unchecked(operation, matches)?;
    let mut content = Sha256::new_with_prefix(text.as_bytes());
    content.update(template.fingerprint());
    let reader = Reader {
        columns: Columns {
            operation,
            schema,
            allow_unknown: template.allow_unknown,
        },
        template,
    };
    let (rows, guarded) = match text.trim_start().starts_with(['{', '[']) {
        true => (reader.records(&text).map_err(refused)?, Vec::new()),
        false => reader.csv(&text).map_err(refused)?,
    };
    let all = rows.len();
    if all == 0 {
        return Err(Failure::Usage(format!(
            "{} was not sent: {name} has no rows",
            operation.id
        )));
    }
    let mut sound = Vec::with_capacity(all);
    let mut unsound = 0;
    for (line, row) in rows {
        match row {
            Ok(request) => sound.push(Row { line, request }),
            Err(reasons) => {
                unsound += 1;
                tell(format!("{name}, line {line}: {}", reasons.join("; ")));
            }
        }
    }
    if unsound > 0 {
        return Err(Failure::Usage(format!(
            "{} was not sent: {unsound} of {all} rows in {name} cannot be sent as they are; correct them, nothing was sent",
            operation.id
        )));
    }
    Ok(Some(Rows {
        rows: sound,
        remark: (!guarded.is_empty()).then(|| about_guarded(&name, &guarded)),
        name,
        file: (!source::is_stdin(file)).then(|| file.clone()),
        content: hexadecimal(&content.finalize()),
    }))
}

/// Bytes as hexadecimal digits.
fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The remark about the rows on these lines.
fn about_guarded(name: &str, lines: &[u64]) -> String {
    let first: Vec<_> = lines.iter().take(5).map(u64::to_string).collect();
    let others = match lines.len() {
        all if all > 5 => format!(" and {} others", all - 5),
        _ => String::new(),
    };
    format!(
        "{name}: a text on line {}{others} begins with an apostrophe, and is sent with it; `--output csv` puts one before what a \
         spreadsheet would take for a formula, so take it away if it is not part of the text",
        first.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::input::groups;

    /// The rows of this text.
    fn rows(arguments: &[&str], text: &str) -> Result<Rows, Failure> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("a file");
        let path = file.path().to_str().expect("a path");
        let arguments = [&["atera"], arguments, &["--from", path]].concat();
        let matches = groups::root()
            .try_get_matches_from(arguments)
            .map_err(Failure::Arguments)?;
        let (group, matches) = matches.subcommand().expect("a group");
        let (operation, matches) = groups::chosen(group, matches)?;
        Ok(read(operation, matches)?.expect("rows"))
    }

    fn bodies(arguments: &[&str], text: &str) -> Vec<Value> {
        let rows = rows(arguments, text).expect("rows").rows;
        rows.into_iter()
            .map(|row| row.request.body.expect("a body"))
            .collect()
    }

    #[test]
    fn columns_are_named_as_fields() {
        let text = "TicketTitle,description,end-user-id,TicketPriority\r\n\"Printer, again\",Fire,7,high\r\n'=1,x,8,\r\n";
        assert_eq!(
            bodies(&["tickets", "create"], text),
            [
                json!({"TicketTitle": "Printer, again", "Description": "Fire", "EndUserID": 7, "TicketPriority": "High"}),
                json!({"TicketTitle": "'=1", "Description": "x", "EndUserID": 8}),
            ]
        );
        let semicolons = "TicketTitle;Description;EndUserID\nPrinter, again;Fire;7\n";
        assert_eq!(
            bodies(&["tickets", "create"], semicolons)[0]["TicketTitle"],
            "Printer, again"
        );
    }

    #[test]
    fn records_are_bodies_with_the_id_beside_the_fields() {
        for (text, lines) in [
            (
                "{\"TicketID\": 7, \"TicketTitle\": \"a\"}\n\n{\"ticketid\": \"8\", \"TicketTitle\": null}\n",
                [1, 3],
            ),
            (
                "[\n{\"TicketID\": 7, \"TicketTitle\": \"a\"},\n{\"TicketID\": 8, \"TicketTitle\": null}]",
                [2, 3],
            ),
        ] {
            let rows = rows(&["tickets", "update"], text).expect("rows").rows;
            assert_eq!([rows[0].line, rows[1].line], lines);
            assert_eq!([rows[0].request.target(), rows[1].request.target()], ["7", "8"]);
            assert_eq!(rows[1].request.body, Some(json!({"TicketTitle": null})));
        }
    }

    #[test]
    fn flags_set_a_field_in_every_row() {
        let text = "CommentText,TechnicianId\nDone,3\n";
        let arguments = [
            "tickets",
            "add-comment",
            "7",
            "--is-internal",
            "--comment-text",
            "Over",
        ];
        assert_eq!(
            bodies(&arguments, text),
            [
                json!({"CommentText": "Over", "TechnicianCommentDetails": {"TechnicianId": 3, "IsInternal": true}})
            ]
        );
    }

    #[test]
    fn an_apostrophe_is_sent_and_remarked() {
        let text = "TicketTitle\n'@home' printer broken\n'quoted'\n";
        let rows = rows(&["tickets", "update", "7"], text).expect("rows");
        let title = rows.rows[0].request.body.clone();
        assert_eq!(title, Some(json!({"TicketTitle": "'@home' printer broken"})));
        let remark = rows.remark.expect("a remark");
        assert!(remark.contains("on line 2 begins"), "{remark}");
    }

    #[test]
    fn a_field_that_is_given_twice_is_refused() {
        for (arguments, text, told) in [
            (
                &["tickets", "create"][..],
                "TicketTitle,Description,ticket-title\nx,y,z\n",
                "`ticket-title` is there twice",
            ),
            (
                &["tickets", "create"],
                "EndUserID,TicketTitle,Description,Contact\n7,x,y,Ann\n",
                "`Contact` is there twice",
            ),
            (
                &["tickets", "add-comment", "7"],
                "CommentText,TechnicianId,TechnicianCommentDetails\nx,7,[]\n",
                "`TechnicianCommentDetails` is there twice",
            ),
            // What is wrong with a record is told on its line.
            (
                &["tickets", "update", "7"],
                "{\"TicketTitle\": \"x\", \"tickettitle\": \"y\"}",
                "1 of 1 rows",
            ),
            (
                &["tickets", "update", "7"],
                "{\"TicketTitle\": \"x\", \"TicketTitle\": \"y\"}",
                "1 of 1 rows",
            ),
        ] {
            match rows(arguments, text) {
                Err(Failure::Usage(sentence)) => assert!(sentence.contains(told), "{sentence}"),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn rows_that_cannot_be_sent_are_refused() {
        for (arguments, text, reason) in [
            (
                &["tickets", "create"][..],
                "TicketTitel\nx\n",
                "(did you mean `TicketTitle`?)",
            ),
            (
                &["tickets", "create"],
                "TicketTitle,Description\nx,y\n",
                "1 of 1 rows",
            ),
            (&["tickets", "update"], "TicketTitle\nx\n", "1 of 1 rows"),
            (
                &["tickets", "update"],
                "TicketID,TicketTitle\nseven,x\n8,y\n",
                "1 of 2 rows",
            ),
            (
                &["tickets", "update"],
                "TicketID,TicketTitle\n8,\n",
                "1 of 1 rows",
            ),
            (
                &["tickets", "update", "7"],
                "TicketID,TicketTitle\n8,x\n",
                "1 of 1 rows",
            ),
            (
                &["tickets", "update"],
                "TicketID,TicketTitle\n8\n",
                "it is not CSV",
            ),
        ] {
            match rows(arguments, text) {
                Err(Failure::Usage(sentence)) => assert!(sentence.contains(reason), "{sentence}"),
                other => panic!("{other:?}"),
            }
        }
    }
}
