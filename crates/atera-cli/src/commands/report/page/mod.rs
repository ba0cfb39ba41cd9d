//! `--html`: reports as one page for a browser, which needs no other file and no network.
//!
//! Names and titles come from people outside: every text is escaped by the template, and a browser runs no script of the page but the one
//! whose hash its policy has.

mod cells;

use std::path::Path;

use atera::Timestamp;
use atera_mirror::{
    AnswerColumn, ListState, ListStatus, ListsRead, Mirror, Value,
    report::{Report, Reports},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use clap::ArgMatches;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::{arguments, chart::Sums, show};
use crate::{
    commands::mirror::{ages, answer, common_arguments::parameters, failure::failure, place, unread},
    input::{globals::Globals, interrupt::Interrupt, reports_folder},
    output::{destination::Destination, failure::Failure, plural::counted, terminal::tell},
};

const SCRIPT: &str = include_str!("page.js");
const STYLE: &str = include_str!("page.css");

/// How many rows of a report a page has, if nothing else is asked for.
const ROWS: u64 = 500;

/// A report with its answer.
struct Answered {
    name: String,
    title: String,
    description: String,
    parameters: String,
    columns: Vec<AnswerColumn>,
    rows: Vec<Vec<Value>>,
    count: u64,
    picture: Option<String>,
}

/// Asks one report, or all of them, and writes the page. A report that fails is told, and the page has the others.
pub(super) async fn run(name: Option<&str>, matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    let reports = reports_folder::reports(matches).map_err(|error| failure(&error))?;
    let (chosen, mut failures) = chosen(&reports, name)?;
    let mirror = place::open_to_ask(matches, globals).await?;
    let interrupt = Interrupt::listen();
    let now = Timestamp::now();
    let mut status = mirror.status().await.map_err(|error| failure(&error))?;
    let lists = ListsRead::of_tables(chosen.iter().flat_map(|report| report.tables()));
    let unread = unread::judge(&lists, &status);
    status.extend(
        lists
            .unread(&status)
            .into_iter()
            .filter(|list| list.since.is_none()),
    );
    let mut answered = Vec::new();
    for report in chosen {
        match interrupt.or(ask(report, &mirror, matches, now)).await? {
            Ok(report) => answered.push(report),
            Err(error) if name.is_some() => return Err(failure(&error)),
            Err(error) => {
                tell(error.to_string());
                failures.push((report.name().to_string(), error.to_string()));
            }
        }
    }
    let page = page(&answered, &failures, &status, mirror.place(), now);
    let file = matches
        .get_one::<std::path::PathBuf>(arguments::HTML)
        .map(|path| -> &Path { path });
    let mut out = Destination::open(file)?;
    std::io::Write::write_all(&mut out, page.into_string().as_bytes())?;
    out.commit()?;
    if let Some(file) = file
        && !globals.quiet
    {
        tell(format!("wrote {}", file.display()));
    }
    if !failures.is_empty() {
        let sentence = format!(
            "{} failed; the page has the others",
            counted(failures.len() as u64, "report")
        );
        return Err(Failure::Records(sentence, crate::output::exit_code::FAILED));
    }
    match unread {
        Err(unread) if name.is_some() => return Err(unread),
        // Of all reports, some may be of lists that are never synced; the page has those.
        Err(unread) if !globals.quiet => unread.sentence().into_iter().for_each(tell),
        _ => {}
    }
    let with_rows: Vec<_> = answered
        .iter()
        .filter(|it| it.count > 0)
        .map(|it| it.name.as_str())
        .collect();
    match matches.get_flag(arguments::FAIL_IF_ROWS) && !with_rows.is_empty() {
        true => Err(show::has_rows(&format!(
            "there are rows in {}",
            with_rows.join(", ")
        ))),
        false => Ok(()),
    }
}

/// The names of reports that failed, with the reasons.
type Failures = Vec<(String, String)>;

/// The reports of the page. Of all of them, those that are not valid are told, and have failed.
fn chosen<'a>(reports: &'a Reports, name: Option<&str>) -> Result<(Vec<&'a Report>, Failures), Failure> {
    if let Some(name) = name {
        let report = reports.find(name).map_err(|error| failure(&error))?;
        return Ok((vec![report], Vec::new()));
    }
    let (mut valid, mut failures) = (Vec::new(), Vec::new());
    for (name, report) in reports.iter() {
        match report {
            Ok(report) => valid.push(report),
            Err(error) => {
                tell(error.to_string());
                failures.push((name.to_string(), error.to_string()));
            }
        }
    }
    Ok((valid, failures))
}

/// Asks a report. All of its rows are counted, and the first ones kept.
async fn ask(
    report: &Report,
    mirror: &Mirror,
    matches: &ArgMatches,
    now: Timestamp,
) -> Result<Answered, atera_mirror::Error> {
    let limit = answer::limit(matches).unwrap_or(ROWS);
    let given = parameters(matches);
    let mut answer = report.run(mirror, &given, now, &answer::limits(matches)).await?;
    let columns = answer.columns().to_vec();
    let mut sums = report.chart().and_then(|chart| Sums::new(chart, &columns));
    let (mut rows, mut count) = (Vec::new(), 0);
    while let Some(batch) = answer.next().await? {
        for row in batch {
            count += 1;
            if let Some(sums) = &mut sums {
                sums.add(&row);
            }
            if count <= limit {
                rows.push(row);
            }
        }
    }
    let parameters = report.parameters().iter().map(|parameter| {
        let value = given.iter().rfind(|(name, _)| *name == parameter.name);
        let value = value.map_or(&parameter.default, |(_, value)| value);
        format!(
            "{} = {}",
            parameter.name,
            if value.is_empty() { "(all)" } else { value }
        )
    });
    Ok(Answered {
        name: report.name().to_string(),
        title: report.title().to_string(),
        description: report.description().to_string(),
        parameters: parameters.collect::<Vec<_>>().join(", "),
        picture: sums.and_then(Sums::draw),
        columns,
        rows,
        count,
    })
}

/// The whole page.
fn page(
    reports: &[Answered],
    failures: &[(String, String)],
    status: &[ListStatus],
    place: &str,
    now: Timestamp,
) -> Markup {
    let hash = BASE64_STANDARD.encode(Sha256::digest(SCRIPT));
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
    );
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Reports of the account" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "Reports of the account" }
                    p { "Made " (cells::minute(now)) " from " code { (place) } ". " (oldest(status, now)) }
                    (ages_of_lists(status, now))
                }
                @if reports.len() > 1 {
                    nav {
                        @for report in reports {
                            a href={ "#" (report.name) } { (report.name) " " span.count { (report.count) } }
                        }
                    }
                }
                @for (name, error) in failures {
                    section.failed { h2 { (name) } p { (error) } }
                }
                @for report in reports { (section(report)) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// How old the oldest list is.
fn oldest(status: &[ListStatus], now: Timestamp) -> String {
    match status.iter().filter_map(|list| ages::age(list, now)).max() {
        Some(age) => format!("The oldest list is {} old.", ages::in_words(age)),
        None => "No list was read yet.".to_string(),
    }
}

/// The age of each list, and whether it is whole.
fn ages_of_lists(status: &[ListStatus], now: Timestamp) -> Markup {
    let broken = |list: &&ListStatus| !matches!(list.state, ListState::Complete | ListState::WithoutIds);
    let count = status.iter().filter(broken).count();
    html! {
        details open[count > 0] {
            summary {
                "Age of each list"
                @if count > 0 { span.bad { " – " (count) " not whole" } }
            }
            ul.ages {
                @for list in status {
                    li.bad[broken(&list)] {
                        (list.list) ": " (ages::age(list, now).map_or_else(|| "never read".to_string(), ages::in_words))
                        @if list.state != ListState::Complete && list.tried.is_some() { " (" (list.state.name()) ")" }
                    }
                }
            }
        }
    }
}

/// A report with its picture and its table.
fn section(report: &Answered) -> Markup {
    let kept = report.rows.len() as u64;
    html! {
        section id=(report.name) {
            h2 { (report.title) }
            p { (report.description) }
            p.note {
                code { (report.name) }
                @if !report.parameters.is_empty() { " with " (report.parameters) }
                ". "
                @match report.count {
                    0 => "No rows.",
                    1 => "1 row.",
                    count => { (count) " rows." }
                }
                @if kept < report.count {
                    " The first " (kept) " are shown; " code { "atera report " (report.name) " --output csv" } " has all."
                }
            }
            @if kept > cells::PRINTED {
                p.printed { "The first " (cells::PRINTED) " of " (report.count) " rows are on paper." }
            }
            @if let Some(picture) = &report.picture {
                div.chart { (PreEscaped(picture)) }
            }
            @if kept > 0 { (cells::table(&report.columns, &report.rows)) }
        }
    }
}
