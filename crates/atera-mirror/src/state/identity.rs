//! What the mirror is a mirror of: the service, the account, and the fields that are left out.

use crate::{
    engine::Value,
    error::{Error, Result},
    redact::Redaction,
    schema::hash,
    store::Transaction,
};

/// Compares the mirror with what is to be synced into it, and writes down what it does not know yet. That is done before anything
/// is requested, so that a mirror which leaves out fields does so from its first moment on.
///
/// # Errors
///
/// `Config` if the mirror is of another service, or leaves out other fields.
pub(crate) async fn check(
    transaction: &mut Transaction<'_>,
    service: &str,
    redaction: &Redaction,
) -> Result<()> {
    compare(transaction, "base_url", service.to_string()).await?;
    compare(transaction, "redacted", redaction.to_string()).await
}

/// The same for the account, by its id. Only the hash of that is kept.
///
/// # Errors
///
/// `Config` if the mirror is of another account.
pub(crate) async fn check_account(
    transaction: &mut Transaction<'_>,
    service: &str,
    account: &str,
) -> Result<()> {
    compare(transaction, "account", hash(&format!("{service} {account}"))).await
}

async fn compare(transaction: &mut Transaction<'_>, name: &str, value: String) -> Result<()> {
    let sql = "SELECT \"value\" FROM \"_mirror\" WHERE \"name\" = $1";
    let rows = transaction.query(sql, &[name.into()]).await?;
    match rows.into_iter().flatten().next() {
        Some(Value::Text(before)) if before == value => Ok(()),
        Some(Value::Text(before)) => Err(differs(name, &before, &value)),
        _ => {
            let sql = "INSERT INTO \"_mirror\" (\"name\", \"value\") VALUES ($1, $2)";
            transaction
                .execute(sql, &[name.into(), value.into()])
                .await
                .map(drop)
        }
    }
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
