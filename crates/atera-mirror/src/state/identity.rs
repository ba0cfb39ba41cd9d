//! What the mirror is a mirror of: the service, the account, and the fields that are left out.

use std::collections::HashMap;

use crate::{
    engine::Value,
    error::{Error, Result},
    redact::Redaction,
    schema::hash,
    store::Store,
};

/// Compares the mirror with what is to be synced into it, and writes down what it does not know yet. `account` is the id of the
/// account, if the key may read it. Only its hash is kept.
///
/// # Errors
///
/// `Config` if the mirror is of another service or account, or leaves out other fields.
pub(crate) async fn check(
    store: &Store,
    service: &str,
    account: Option<&str>,
    redaction: &Redaction,
) -> Result<()> {
    let mut transaction = store.begin().await?;
    let checked = async {
        let rows = transaction
            .query("SELECT \"name\", \"value\" FROM \"_mirror\"", &[])
            .await?;
        let known: HashMap<_, _> = rows
            .into_iter()
            .filter_map(|row| match <[Value; 2]>::try_from(row) {
                Ok([Value::Text(name), Value::Text(value)]) => Some((name, value)),
                _ => None,
            })
            .collect();
        let account = account.map(|account| hash(&format!("{service} {account}")));
        let redacted = redaction.to_string();
        let current = [
            ("base_url", Some(service.to_string())),
            ("account", account),
            ("redacted", Some(redacted)),
        ];
        let mut new = Vec::new();
        for (name, value) in current {
            let Some(value) = value else { continue };
            match known.get(name) {
                None => new.push(vec![Value::from(name), Value::Text(value)]),
                Some(before) if *before == value => {}
                Some(before) => return Err(differs(name, before, &value)),
            }
        }
        let sql = "INSERT INTO \"_mirror\" (\"name\", \"value\") VALUES ($1, $2)";
        transaction.execute_many(sql, new).await
    }
    .await;
    transaction.end(checked).await.map(drop)
}

fn differs(name: &str, before: &str, now: &str) -> Error {
    let fields = |fields: &str| match fields.is_empty() {
        true => "no fields".to_string(),
        false => fields.to_string(),
    };
    Error::config(match name {
        "base_url" => {
            format!("this is a mirror of {before}, and not of {now}; use another database for each")
        }
        "account" => {
            "this is a mirror of another account; use another database for each, or the key of that account"
                .to_string()
        }
        _ => format!(
            "this mirror leaves out {}, and not {}; sync with the same fields, or begin a new mirror, since what it has stored \
             cannot be changed",
            fields(before),
            fields(now)
        ),
    })
}
