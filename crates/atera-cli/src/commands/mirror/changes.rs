//! `atera mirror changes`: what the syncs found to have come, changed, gone and come back, a line of JSON for each.

use std::{io::Write, ops::ControlFlow, time::Duration};

use atera::description::{Field, Kind, Schema};
use atera_mirror::{Cursor, ErrorKind, ListStatus, ListsRead, Mirror};
use clap::ArgMatches;

use super::{
    ages, answer, arguments, failure::failure, place::Place, rounds, unread, webhook, webhook_arguments,
};
use crate::{
    input::{globals::Globals, interrupt::Interrupt},
    output::{
        destination::Destination,
        failure::Failure,
        formats,
        plural::counted,
        records::{Layout, Sink},
        terminal::tell,
    },
};

/// How many changes are read at a time.
const PAGE: u32 = 500;

/// How often `--follow` looks, unless `--every` says so.
const EVERY: Duration = Duration::from_secs(10);

/// A line.
static CHANGE: Schema = Schema::new(
    "Change",
    &[
        Field::new("cursor", Kind::Text),
        Field::new("at", Kind::Timestamp),
        Field::new("table", Kind::Text),
        Field::new("id", Kind::Text),
        Field::new("kind", Kind::Text),
        Field::new("before", Kind::Any),
        Field::new("after", Kind::Any),
    ],
);

/// Prints the changes after a place, and those that come, or sends them.
pub(crate) async fn run(matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    if let Some(url) = matches.get_one::<String>(webhook_arguments::WEBHOOK) {
        return webhook::run(matches, globals, url).await;
    }
    let follows = matches.get_flag(arguments::FOLLOW);
    let layout = layout(globals, follows)?;
    let only = matches
        .get_many::<String>(arguments::ONLY)
        .unwrap_or_default()
        .map(String::as_str)
        .collect();
    let after = match matches.get_one::<String>(arguments::AFTER).map(String::as_str) {
        Some(webhook::NOW) => None,
        Some(text) => Some(text.parse().map_err(|error| failure(&error))?),
        None => Some(Cursor::START),
    };
    let place = Place::read(matches, globals)?;
    let interrupt = Interrupt::listen();
    let mirror = place.open().await?;
    let cursor = match after {
        Some(cursor) => cursor,
        None => {
            let latest = interrupt.or(mirror.latest_change()).await?;
            latest.map_err(|error| failure(&error))?
        }
    };
    // Before the changes are read, so that they may be younger than what is said of them, and not older.
    let status = match follows {
        true => Vec::new(),
        false => interrupt
            .or(mirror.status())
            .await?
            .map_err(|error| failure(&error))?,
    };
    let mut feed = Feed {
        mirror,
        lists: ListsRead::of_tables(&only),
        status,
        only,
        cursor,
        left: answer::limit(matches),
        has_more: false,
        has_looked: false,
        printed: 0,
        sink: Sink::new(layout),
        out: Destination::open(globals.output.file.as_deref())?,
        interrupt: &interrupt,
    };
    let ended = match follows {
        false => feed
            .look()
            .await
            .and_then(|looked| looked.map_err(|error| failure(&error))),
        true => {
            let every = matches.get_one::<Duration>(arguments::EVERY);
            let every = every.copied().unwrap_or(EVERY);
            if !globals.quiet {
                tell(format!(
                    "following the changes after {}, with a look every {}",
                    feed.cursor,
                    humantime::format_duration(every)
                ));
            }
            rounds::run(&interrupt, every, async || feed.round().await).await
        }
    };
    feed.end(ended, globals, !follows).await
}

/// How the lines are written: as NDJSON, unless another format is asked for.
fn layout(globals: &Globals, follows: bool) -> Result<Layout, Failure> {
    let mut options = globals.output.clone();
    options.format = options.format.or_else(|| formats::named("ndjson"));
    let layout = Layout::of_rows(&options, &CHANGE)?;
    if follows && (layout.keeps_all() || options.file.is_some()) {
        return Err(Failure::Usage(
            "--follow prints changes as they come, and a table, --sort and --output-file wait for the last one; leave them \
             out"
            .to_string(),
        ));
    }
    Ok(layout)
}

/// The changes of a mirror on their way to the output.
struct Feed<'a> {
    mirror: Mirror,
    only: Vec<&'a str>,
    /// The lists of those tables, and how all lists are.
    lists: ListsRead,
    status: Vec<ListStatus>,
    /// After the last change that was printed.
    cursor: Cursor,
    /// How many changes may still be printed.
    left: Option<u64>,
    has_more: bool,
    /// Whether the mirror has answered once.
    has_looked: bool,
    printed: u64,
    sink: Sink,
    out: Destination,
    interrupt: &'a Interrupt,
}

impl Feed<'_> {
    /// Prints the changes that there are. The inner error is the mirror's.
    ///
    /// # Errors
    ///
    /// A signal, or that of the output.
    async fn look(&mut self) -> Result<atera_mirror::Result<()>, Failure> {
        loop {
            let limit = self
                .left
                .map_or(PAGE, |left| u32::try_from(left).unwrap_or(PAGE).min(PAGE));
            let page = self.mirror.changes(self.cursor, &self.only, limit);
            let page = match self.interrupt.or(page).await? {
                Ok(page) => page,
                Err(error) => return Ok(Err(error)),
            };
            for change in &page.changes {
                self.sink.record(&change.to_json(), &mut self.out)?;
            }
            // Readers get what there is, and only then it counts as printed.
            self.out.flush()?;
            let count = page.changes.len() as u64;
            self.printed += count;
            self.has_looked = true;
            self.left = self.left.map(|left| left.saturating_sub(count));
            (self.cursor, self.has_more) = (page.cursor, page.has_more);
            if !self.has_more || self.left == Some(0) {
                return Ok(Ok(()));
            }
        }
    }

    /// A look of `--follow`. Another one may help a database that cannot be reached, but not a cursor that is not the mirror's.
    async fn round(&mut self) -> ControlFlow<Result<(), Failure>, Result<(), Failure>> {
        match self.look().await {
            Ok(Ok(())) if self.left == Some(0) => ControlFlow::Break(Ok(())),
            Ok(Ok(())) => ControlFlow::Continue(Ok(())),
            Ok(Err(error)) => match error.kind() {
                ErrorKind::Config | ErrorKind::Newer | ErrorKind::Cursor => {
                    ControlFlow::Break(Err(failure(&error)))
                }
                _ => ControlFlow::Continue(Err(failure(&error))),
            },
            Err(failure) => ControlFlow::Break(Err(failure)),
        }
    }

    /// Completes the output, and says from where to go on. A file stays as it was if something has failed.
    async fn end(
        mut self,
        ended: Result<(), Failure>,
        globals: &Globals,
        tell_ages: bool,
    ) -> Result<(), Failure> {
        if ended.is_err() && (self.out.is_file() || !self.has_looked) {
            return ended;
        }
        let out = &mut self.out;
        let printed = self.sink.finish(out).and_then(|_| self.out.commit());
        if printed.is_ok() && !globals.quiet {
            let more = if self.has_more { ", and there are more" } else { "" };
            tell(format!(
                "{}{more}; --after {} goes on from there",
                counted(self.printed, "change"),
                self.cursor
            ));
            if tell_ages {
                ages::tell(&self.lists, &self.status, globals);
            }
        }
        Failure::judge(printed, ended, None::<fn() -> String>)?;
        match tell_ages {
            true => unread::judge(&self.lists, &self.status),
            false => Ok(()),
        }
    }
}
