//! `atera mirror query`: asks the mirror with SQL, and prints the rows as any records.

use std::{path::Path, time::Duration};

use atera::Timestamp;
use atera_mirror::{
    ListState, ListStatus, ListsRead, Mirror, SyncOptions, Value,
    schema::{Content, Table},
};
use clap::ArgMatches;

use super::{
    account::Account, ages, answer, arguments, common_arguments, failure::failure, place::Place, redaction,
    unread,
};
use crate::{
    input::{globals::Globals, interrupt::Interrupt, source},
    output::{exit_code, failure::Failure},
};

/// Runs the query and prints its rows.
pub(crate) async fn run(matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    let text = |name| matches.get_one::<String>(name).map_or("", String::as_str);
    let sql = sql(text(arguments::SQL))?;
    let parameters: Vec<_> = common_arguments::parameters(matches)
        .into_iter()
        .map(|(name, text)| (name, value(&text)))
        .collect();
    let place = Place::read(matches, globals)?;
    // Stdin has been read.
    let interrupt = Interrupt::listen();
    let lists = ListsRead::of_sql(&sql);
    if !matches.contains_id(arguments::MAX_AGE) {
        place.check_sandbox(matches, globals)?;
    }
    let mut mirror = place.open().await?;
    if let Some(max_age) = matches.get_one::<Duration>(arguments::MAX_AGE) {
        mirror = refreshed(mirror, &lists, *max_age, globals, &interrupt).await?;
    }
    // Before the query: the rows may be younger than what is said of them, and not older.
    let status = interrupt.or(mirror.status()).await?;
    let status = status.map_err(|error| failure(&error))?;
    let limits = answer::limits_of_rows(matches, globals);
    let answer = interrupt.or(mirror.query(&sql, &parameters, &limits)).await?;
    let answer = answer.map_err(|error| failure(&error))?;
    answer::print(answer, matches, globals, &interrupt).await?;
    ages::tell(&lists, &status, globals);
    unread::judge(&lists, &status)
}

/// The mirror, whose lists are no older than this.
///
/// # Errors
///
/// If they cannot be brought up to date.
async fn refreshed(
    mirror: Mirror,
    lists: &ListsRead,
    max_age: Duration,
    globals: &Globals,
    interrupt: &Interrupt,
) -> Result<Mirror, Failure> {
    let status = mirror.status().await.unwrap_or_default();
    let now = Timestamp::now();
    let old = too_old(&status, lists, max_age, now);
    if old.is_empty() {
        return Ok(mirror);
    }
    let (mut only, mut with) = (Vec::new(), Vec::new());
    for table in old.iter().filter_map(|name| Table::find(name)) {
        match &table.content {
            Content::Children { parent, .. } => {
                only.push(parent.clone());
                with.push(table.name.clone());
            }
            _ => only.push(table.name.clone()),
        }
    }
    only.sort_unstable();
    only.dedup();
    let options = SyncOptions::new().redact(redaction::kept(&mirror).await);
    let account = Account::new(mirror, options, globals, interrupt).await?;
    // What an earlier sync has begun to read is as of then. Once it is read to its end, the next sync begins anew.
    for _ in 0..2 {
        if !account.only(&only, &with).await? {
            return Ok(account.mirror);
        }
        let status = account.mirror.status().await.map_err(|error| failure(&error))?;
        if too_old(&status, lists, max_age, now).is_empty() {
            return Ok(account.mirror);
        }
    }
    Err(Failure::Records(
        format!(
            "the lists of the query could not be brought to an age of {}: another sync has read them in part; run the query again",
            ages::in_words(max_age)
        ),
        exit_code::FAILED,
    ))
}

/// The lists that are older than this at a time, or not whole.
fn too_old(status: &[ListStatus], lists: &ListsRead, max_age: Duration, now: Timestamp) -> Vec<&'static str> {
    let is_fresh = |name: &str| {
        status.iter().any(|list| {
            list.list == name
                && matches!(list.state, ListState::Complete | ListState::WithoutIds)
                && ages::age(list, now).is_some_and(|age| age <= max_age)
        })
    };
    let names = lists.names(status).into_iter();
    names.filter(|name| !is_fresh(name)).collect()
}

/// The SQL that an argument stands for: `@FILE` for that in a file, `-` for that from stdin, or itself.
fn sql(argument: &str) -> Result<String, Failure> {
    let file = match argument {
        "-" => "-",
        _ => match argument.strip_prefix('@') {
            Some(file) => file,
            None => return Ok(argument.to_string()),
        },
    };
    let path = Path::new(file);
    source::text(path).map_err(|error| {
        Failure::Usage(format!(
            "the query cannot be read from {}: {error}",
            source::name(path)
        ))
    })
}

/// The value of a parameter. Only what is written as the database itself writes a number is one, so that no digit is lost: `007`
/// and `1.50` are text.
fn value(text: &str) -> Value {
    if let Some(quoted) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        return Value::Text(quoted.to_string());
    }
    match text {
        "null" => return Value::Null,
        "true" => return Value::Boolean(true),
        "false" => return Value::Boolean(false),
        _ => {}
    }
    if let Ok(number) = text.parse::<i64>()
        && number.to_string() == text
    {
        return Value::Integer(number);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number.to_string() == text => Value::Real(number),
        _ => Value::Text(text.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_a_number_only_if_no_digit_is_lost() {
        let text = |text: &str| Value::Text(text.to_string());
        for (given, expected) in [
            ("30", Value::Integer(30)),
            ("-7", Value::Integer(-7)),
            ("0.5", Value::Real(0.5)),
            ("true", Value::Boolean(true)),
            ("null", Value::Null),
            ("", text("")),
            ("007", text("007")),
            ("+49", text("+49")),
            ("1.50", text("1.50")),
            ("NaN", text("NaN")),
            ("9223372036854775808", text("9223372036854775808")),
            ("\"30\"", text("30")),
            ("Open", text("Open")),
        ] {
            assert_eq!(value(given), expected, "{given}");
        }
    }
}
