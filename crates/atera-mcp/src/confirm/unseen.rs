//! What a person would not see of a call.
//!
//! A question shows texts without the characters that have no shape. If those were sent all the same, the person would say yes to
//! another text than the one that is sent: a customer, or the next assistant, would get what nobody has read. So
//! would they if what is sent stood behind a long gap, out of the window.

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

/// The longest gap between two texts on a line, in characters. A tab counts as four.
const WIDEST_GAP: usize = 40;
/// The most lines in a row on which nothing is seen.
const MOST_EMPTY: usize = 3;

/// Checks that a person can see all that a call sends. Line breaks may be written in any way.
///
/// # Errors
///
/// `InvalidRequest`, with how many characters of which field are not seen, or which gap it has.
pub(crate) fn check(request: &Request) -> Result<(), Failure> {
    let mut fields = Vec::new();
    let mut add = |place: &str, text: &str| {
        let (place, in_place) = clean(place);
        let (text, in_text) = clean(text);
        let problem = match in_place + in_text {
            0 => match gap(&text).or_else(|| gap(&place)) {
                None => return,
                Some(gap) => gap,
            },
            unseen => format!("invisible characters: {unseen}; leave them out"),
        };
        if fields.len() < MOST {
            let field = place.chars().take(LONGEST_NAME).collect();
            fields.push(FieldProblem { field, problem });
        }
    };
    for (name, value) in &request.parameters {
        add(name, value);
    }
    if let Some(body) = &request.body {
        visit("", body, &mut |place, value| {
            add(place, value.as_str().unwrap_or_default());
        });
    }
    match fields.is_empty() {
        true => Ok(()),
        false => Err(Failure::invalid(
            format!(
                "{} was not sent: it has characters or gaps behind which the user would not see all of it, and so could not confirm it",
                request.operation.id
            ),
            "leave out what is named, and call again",
        )
        .with_fields(fields)),
    }
}

/// What is wrong with the longest gap of a text, if it is too long.
fn gap(text: &str) -> Option<String> {
    let mut empty = 0;
    for line in text.split('\n') {
        let mut width = 0;
        empty += 1;
        for character in line.chars() {
            width += match character {
                '\t' => 4,
                _ if character.is_whitespace() => 1,
                _ => {
                    (width, empty) = (0, 0);
                    continue;
                }
            };
            if width > WIDEST_GAP {
                return Some(format!("more than {WIDEST_GAP} spaces in a row; leave them out"));
            }
        }
        if empty > MOST_EMPTY {
            return Some(format!(
                "more than {MOST_EMPTY} empty lines in a row; leave them out"
            ));
        }
    }
    None
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
    fn gaps_are_refused() {
        for text in [
            "a\n\n\n\nb",
            &format!("a{}b", " ".repeat(40)),
            &format!("{}b", "\t".repeat(10)),
            &" a".repeat(100),
        ] {
            assert!(checked(text).is_ok(), "{text}");
        }
        for (text, problem) in [
            ("a\n\n\n\n\nb".to_string(), "empty lines"),
            ("a\n \n\t\n\u{3000}\r\n\u{a0}\nb".to_string(), "empty lines"),
            ("a\n\n\n\n".to_string() + "\n", "empty lines"),
            (format!("a{}b", " ".repeat(41)), "spaces"),
            (format!("a{}b", "\u{3000}\t".repeat(9)), "spaces"),
        ] {
            let failure = checked(&text).expect_err("a failure");
            assert!(failure.fields[0].problem.contains(problem), "{failure:?}");
        }
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
