//! The check that a call is about the one customer, before it is sent and after it is answered.

use atera::{Client, ErrorKind, description};
use serde_json::Value;

use super::{
    Scope,
    rules::{self, Meaning, Owner, Rules},
};
use crate::{
    decode::decode,
    failure::{Failure, FieldProblem},
    request::Request,
};

impl Scope {
    /// Checks a call before it is sent, reads the records that it names where that is needed, and has the service filter where it
    /// can.
    ///
    /// # Errors
    ///
    /// `NotAllowed` if it is about another customer, or if that cannot be told; and whatever a read fails with.
    pub(crate) async fn check(&self, request: &mut Request, client: &Client) -> Result<(), Failure> {
        self.check_operation(request.operation)?;
        let Some(customer) = self.customer else {
            return Ok(());
        };
        let Some(rules) = rules::of(request.operation) else {
            // `check_operation` has refused it.
            return Ok(());
        };
        if let Some(parameter) = rules.parameter {
            match request.value(parameter.name) {
                Some(given) if given.trim() != customer.to_string() => {
                    return Err(other(customer, parameter.name));
                }
                Some(_) => {}
                None => request.set(parameter.name, customer.to_string()),
            }
        }
        if let Some(owner) = rules.owner {
            let id = request
                .operation
                .parameters
                .iter()
                .find(|it| it.name == owner.parameter.name)
                .and_then(|it| request.value(it.name))
                .map(str::to_string);
            let name = owner.parameter.name;
            check_owner(owner, id.as_deref().unwrap_or_default(), name, customer, client).await?;
        }
        let named = match &request.body {
            Some(body) => check_body(body, &rules, customer, client).await?,
            None => false,
        };
        if rules.body_decides && !named {
            let field = rules.body.unwrap_or("EndUserID");
            return Err(Failure::not_allowed(
                format!(
                    "{} is not allowed like this: this server is narrowed to customer {customer}",
                    request.operation.id
                ),
                "name the customer, or one of its contacts, in the body",
            )
            .with_fields(vec![FieldProblem {
                field: field.to_string(),
                problem: format!("it has to name customer {customer}, or a record of it"),
            }]));
        }
        Ok(())
    }

    /// Whether a record of an answer may be shown.
    pub(crate) fn shows(&self, request: &Request, record: &Value) -> bool {
        let Some(customer) = self.customer else {
            return true;
        };
        match rules::of(request.operation).and_then(|rules| rules.answer) {
            Some(field) => is_of(record.get(field), customer),
            // The call itself was checked.
            None => true,
        }
    }

    /// Whether records of an answer may have to be left out, so that its total is not that of the customer.
    pub(crate) fn filters(&self, request: &Request) -> bool {
        self.customer.is_some()
            && rules::of(request.operation).is_some_and(|it| it.answer.is_some() && it.parameter.is_none())
    }

    /// Checks a single record that was answered.
    ///
    /// # Errors
    ///
    /// `NotAllowed` if it is one of another customer.
    pub(crate) fn check_answer(&self, request: &Request, record: &Value) -> Result<(), Failure> {
        match self.customer {
            Some(customer) if !self.shows(request, record) => Err(other(customer, "the record")),
            _ => Ok(()),
        }
    }

    /// What to answer to a read that failed. That a record does not exist is told as if it were one of another customer, where the
    /// answer is what tells whose it is; otherwise ids could be tried out.
    ///
    /// # Errors
    ///
    /// `NotAllowed` in place of `NotFound` there, and the failure itself otherwise.
    pub(crate) fn missing(&self, request: &Request, failure: Failure) -> Result<Value, Failure> {
        match self.customer {
            Some(customer) if failure.kind == ErrorKind::NotFound.into() && self.filters(request) => {
                match request.operation.answer {
                    // Those of others are left out of it.
                    Some(description::Kind::Array(_)) => Ok(Value::Array(Vec::new())),
                    _ => Err(other(customer, "the record")),
                }
            }
            _ => Err(failure),
        }
    }
}

/// Checks the fields of a body, at any depth. Returns whether one names the customer, or a record of it.
async fn check_body(body: &Value, rules: &Rules, customer: i64, client: &Client) -> Result<bool, Failure> {
    let mut fields = Vec::new();
    flatten(body, "", &mut fields);
    let mut named = false;
    for (place, name, value) in fields {
        match rules::meaning(name) {
            // The name of the customer that the path names.
            Meaning::Uncheckable if rules.parameter.is_some() && name == "CustomerName" => {}
            Meaning::Customer if is_of(Some(value), customer) => named = true,
            Meaning::Customer => return Err(other(customer, &place)),
            Meaning::Reference(owner) => {
                let id = match value {
                    Value::String(text) => text.clone(),
                    value => value.to_string(),
                };
                check_owner(owner, &id, &place, customer, client).await?;
                named = true;
            }
            Meaning::Uncheckable => {
                return Err(Failure::not_allowed(
                    format!(
                        "`{place}` is not allowed: this server is narrowed to customer {customer}, and it cannot be told whose it is"
                    ),
                    "leave it out",
                ));
            }
            Meaning::None => {}
        }
    }
    Ok(named)
}

/// The single values of a body, with where they are and what they are called. Those that are null name nothing.
fn flatten<'a>(value: &'a Value, place: &str, fields: &mut Vec<(String, &'a str, &'a Value)>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let inner = match place {
                    "" => name.clone(),
                    place => format!("{place}.{name}"),
                };
                match value {
                    Value::Null => {}
                    Value::Object(_) | Value::Array(_) => flatten(value, &inner, fields),
                    value => fields.push((inner, name, value)),
                }
            }
        }
        Value::Array(values) => {
            for value in values {
                flatten(value, place, fields);
            }
        }
        _ => {}
    }
}

/// Reads a record, and checks whose it is.
async fn check_owner(
    owner: Owner,
    id: &str,
    place: &str,
    customer: i64,
    client: &Client,
) -> Result<(), Failure> {
    let call = client.operation(owner.read).set(owner.parameter.name, id)?;
    let answer = match call.send().await {
        Ok(answer) => answer,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(other(customer, place)),
        Err(error) => return Err(error.into()),
    };
    // What cannot be read is nobody's.
    let record = decode(&answer.value).unwrap_or_default();
    match is_of(record.get(owner.field), customer) {
        true => Ok(()),
        false => Err(other(customer, place)),
    }
}

/// Whether a field names the customer.
fn is_of(field: Option<&Value>, customer: i64) -> bool {
    match field {
        Some(Value::Number(number)) => number.as_i64() == Some(customer),
        Some(Value::String(text)) => text.trim() == customer.to_string(),
        _ => false,
    }
}

/// That something is of another customer. Whether it exists is not told.
fn other(customer: i64, place: &str) -> Failure {
    Failure::not_allowed(
        format!("`{place}` is not one of customer {customer}, to which this server is narrowed"),
        "use a record of this customer, or tell the user, who starts the server with --customer",
    )
}
