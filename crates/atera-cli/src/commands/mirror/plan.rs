//! `--plan`: how many requests and minutes each list would take.

use atera::description::{Field, Kind, Schema};
use atera_mirror::Plan;
use serde_json::json;

use super::ages::in_words;
use crate::{
    input::{connection::Connection, globals::Globals},
    output::{
        failure::{Failure, of_call},
        rows,
        terminal::tell,
    },
};

/// A row of the plan.
static PLANNED: Schema = Schema::new(
    "Planned",
    &[
        Field::new("List", Kind::Text),
        Field::new("Read", Kind::Text),
        Field::new("Records", Kind::Integer),
        Field::new("Requests", Kind::Integer),
        Field::new("Minutes", Kind::Number),
        Field::new("Problem", Kind::Text),
    ],
);

/// Prints it. Lists that cannot be read are told in their rows, and are no failure of the plan.
pub(crate) fn print(plan: Plan, connection: &Connection, globals: &Globals) -> Result<(), Failure> {
    let (requests, duration) = (plan.requests, plan.duration);
    let per_request = globals.rate_limit.requests().map_or(0.0, |limit| {
        globals.rate_limit.window().as_secs_f64() / 60.0 / f64::from(limit.max(1))
    });
    let rows = plan.lists.into_iter().map(|list| {
        json!({
            "List": list.list,
            "Read": match list.why {
                Some(why) => format!("{}: {why}", list.strategy.name()),
                None => list.strategy.name().to_string(),
            },
            "Records": list.records,
            "Requests": list.requests,
            "Minutes": (list.requests as f64 * per_request * 10.0).round() / 10.0,
            "Problem": list.problem.map(|error| of_call(&connection.explain(error))),
        })
    });
    rows::print(&globals.output, &PLANNED, rows)?;
    if !globals.quiet {
        let least = match duration.is_zero() {
            true => "within a window of the rate limit".to_string(),
            false => format!("at least {} by the rate limit", in_words(duration)),
        };
        tell(format!("{requests} requests in all, {least}"));
    }
    Ok(())
}
