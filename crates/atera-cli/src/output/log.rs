//! What happens behind a command, on stderr: `--verbose` and `ATERA_LOG`.
//!
//! Both print what the library reports by `tracing`. `--verbose` is for people: a line for each request, retry and wait for a
//! slot. `ATERA_LOG` is a filter as in `atera=debug,hyper_util=trace`, and prints the events of any crate as they are. The
//! library reports neither keys nor values of paths and queries. Other crates might, so words that resemble a key are left out.

use std::{
    env,
    fmt::{self, Write as _},
    io::{self, Write},
};

use atera::ApiKey;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    fmt::{MakeWriter, time::uptime},
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use super::{failure::Failure, terminal::tell};

const VARIABLE: &str = "ATERA_LOG";
/// How the library names the operations of requests to any path, which say no more than their methods.
const UNTYPED: &str = "untyped_";

/// Starts to print what happens, as far as it is asked for.
///
/// # Errors
///
/// If the variable is not a filter.
pub(crate) fn start(verbose: bool) -> Result<(), Failure> {
    let filter = env::var_os(VARIABLE).filter(|text| !text.is_empty());
    let filter = filter.map(|text| text.to_string_lossy().parse::<Targets>());
    let filter = filter.transpose().map_err(|error| {
        Failure::Usage(format!(
            "{VARIABLE} is not a filter: {error}; write it like atera=debug, or unset it"
        ))
    })?;
    if !verbose && filter.is_none() {
        return Ok(());
    }
    let lines = verbose.then(|| CallLines.with_filter(Targets::new().with_target("atera", Level::DEBUG)));
    let events = filter.map(|filter| {
        tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_timer(uptime())
            .with_writer(RedactedStderr)
            .with_filter(filter)
    });
    // It fails only if there is a subscriber already.
    let _ = tracing_subscriber::registry().with(lines).with(events).try_init();
    Ok(())
}

/// Prints a line for each event of a call.
struct CallLines;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for CallLines {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let mut call = Call::default();
        attributes.record(&mut call);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(call);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        let span = context.event_span(event);
        let extensions = span.as_ref().map(|span| span.extensions());
        let call = extensions
            .as_ref()
            .and_then(|extensions| extensions.get::<Call>());
        let text = line.text(event.metadata(), call);
        drop(extensions);
        tell(redacted(&text));
    }
}

/// What the span of a call says.
#[derive(Debug, Default)]
struct Call {
    method: String,
    path: String,
    operation: String,
}

impl Visit for Call {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let part = match field.name() {
            "http.request.method" => &mut self.method,
            "url.template" => &mut self.path,
            "atera.operation" => &mut self.operation,
            _ => return,
        };
        *part = format!("{value:?}").trim_matches('"').to_string();
    }
}

/// What an event says.
#[derive(Debug, Default)]
struct Line {
    message: String,
    fields: Vec<String>,
}

impl Line {
    fn text(&self, metadata: &Metadata<'_>, call: Option<&Call>) -> String {
        let mut text = String::new();
        if *metadata.level() <= Level::WARN {
            text.push_str("warning: ");
        }
        // Writing to a String cannot fail.
        if let Some(call) = call {
            let _ = write!(text, "{} {}", call.method, call.path);
            if !call.operation.starts_with(UNTYPED) {
                let _ = write!(text, " ({})", call.operation);
            }
            text.push_str(": ");
        }
        // The fields of an attempt begin with its number.
        let parts = [self.message.as_str()]
            .into_iter()
            .filter(|text| *text != "attempt");
        let parts: Vec<_> = parts.chain(self.fields.iter().map(String::as_str)).collect();
        text + &parts.join(", ")
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let name = match field.name() {
            "message" => {
                self.message = format!("{value:?}");
                return;
            }
            "http.response.status_code" => "status",
            "http.response.body.size" => "bytes",
            "error.type" => "error",
            "error.cause" => "cause",
            name => name,
        };
        // A duration has one decimal; other values do not change by it.
        self.fields.push(format!("{name} {value:.1?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        // Without the quotes of `Debug`.
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

/// A text with `…` in place of every word that may be an API key.
fn redacted(text: &str) -> String {
    let is_of_a_word = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|it| !is_of_a_word(it)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        redacted.push_str(if ApiKey::resembles(word) { "…" } else { word });
        let next = behind.find(is_of_a_word).unwrap_or(behind.len());
        redacted.push_str(&behind[..next]);
        rest = &behind[next..];
    }
    redacted
}

/// Stderr, where each event is written at once, without keys and control characters.
struct RedactedStderr;

/// The lines of one event.
struct EventText(Vec<u8>);

impl<'a> MakeWriter<'a> for RedactedStderr {
    type Writer = EventText;

    fn make_writer(&'a self) -> EventText {
        EventText(Vec::new())
    }
}

impl Write for EventText {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for EventText {
    fn drop(&mut self) {
        tell(redacted(String::from_utf8_lossy(&self.0).trim_end()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_resembles_a_key_is_left_out() {
        let key = "0123456789abcdef0123456789abcdef";
        for (text, expected) in [
            (format!("x-api-key: {key}"), "x-api-key: …"),
            (format!("{{\"x-api-key\":\"{key}\"}}"), "{\"x-api-key\":\"…\"}"),
            (
                "hdr.eyJhbGciOiJIUzI1NiJ9 ü 200".to_string(),
                "hdr.eyJhbGciOiJIUzI1NiJ9 ü 200",
            ),
            (String::new(), ""),
        ] {
            assert_eq!(redacted(&text), expected);
        }
    }
}
