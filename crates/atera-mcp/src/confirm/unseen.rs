//! What a person would not see of a call.
//!
//! A question shows texts without the characters that have no shape. If those were sent all the same, the person would say yes to
//! another text than the one that is sent: a customer, or the next assistant, would get what nobody has read.

use super::question::visit;
use crate::{
    clean::clean,
    failure::{Failure, FieldProblem},
    request::Request,
};

/// How many fields are told.
const MOST: usize = 20;
/// How much of the name of a field is told, in characters.
const LONGEST_NAME: usize = 80;

/// Checks that a person can see all that a call sends. Line breaks may be written in any way.
///
/// # Errors
///
/// `InvalidRequest`, with how many characters of which field are not seen.
pub(crate) fn check(request: &Request) -> Result<(), Failure> {
    let mut fields = Vec::new();
    let mut add = |place: &str, unseen: usize| {
        if unseen > 0 && fields.len() < MOST {
            fields.push(FieldProblem {
                field: clean(place).0.chars().take(LONGEST_NAME).collect(),
                problem: format!("invisible characters: {unseen}; leave them out"),
            });
        }
    };
    for (name, value) in &request.parameters {
        add(name, clean(value).1);
    }
    if let Some(body) = &request.body {
        visit("", body, &mut |place, value| {
            let text = value.as_str().unwrap_or_default();
            add(place, clean(place).1 + clean(text).1);
        });
    }
    match fields.is_empty() {
        true => Ok(()),
        false => Err(Failure::invalid(
            format!(
                "{} was not sent: it has characters that the user would not see, and so could not confirm",
                request.operation.id
            ),
            "leave out what is named, and call again",
        )
        .with_fields(fields)),
    }
}

#[cfg(test)]
mod tests {
    use atera::description::Operation;
    use serde_json::json;

    use super::*;

    fn checked(text: &str) -> Result<(), Failure> {
        let operation = Operation::find("tickets_add_comment").expect("an operation");
        let body = json!({"CommentText": text, "TechnicianCommentDetails": {"TechnicianId": 77, "IsInternal": false}});
        check(&Request::read(operation, Some(json!({"ticketId": 54321})), Some(body)).expect("a request"))
    }

    #[test]
    fn what_is_not_seen_is_refused_by_its_field() {
        for text in [
            "Done",
            "One\r\nTwo\rThree\tFour",
            "می\u{200c}خواهم",
            "👩\u{200d}💻",
        ] {
            assert!(checked(text).is_ok(), "{text}");
        }
        let tags: String = "pay"
            .chars()
            .map(|it| char::from_u32(0xe0000 + it as u32).expect("a tag"))
            .collect();
        let failure = checked(&format!("Do\u{200b}ne{tags}")).expect_err("a failure");
        let expected = FieldProblem {
            field: "CommentText".to_string(),
            problem: "invisible characters: 4; leave them out".to_string(),
        };
        assert_eq!(failure.fields, [expected]);
    }

    #[test]
    fn parameters_and_names_of_fields_are_checked_too() {
        let request = Request {
            operation: Operation::find("customers_delete").expect("an operation"),
            parameters: vec![("customerId", "12\u{202e}01".to_string())],
            body: Some(json!({"Inner": [{"Na\u{feff}me": 7}]})),
        };
        let failure = check(&request).expect_err("a failure");
        let fields: Vec<_> = failure.fields.iter().map(|it| it.field.as_str()).collect();
        assert_eq!(fields, ["customerId", "Inner.0.Name"]);
    }
}
