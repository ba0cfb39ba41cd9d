//! Faults and the text in which people write them.

use std::{fmt, str::FromStr, time::Duration};

use atera::{Error, Result, description::Operation};

/// Faults that requests meet, each with its probability.
///
/// Faults are written as text, separated by commas. Each has a kind and a probability from 0 to 1: `503=0.1` answers
/// one request in ten with 503. `503=1*2` fails the first two requests and no more. An operation before the kind limits
/// the fault to that operation: `tickets_create:reset-after=1*1`.
///
/// | kind | what happens |
/// |---|---|
/// | `503`, any status from 400 | the request is answered with it, and not carried out |
/// | `503-after` | the request is carried out, and answered with it |
/// | `5xx` | 500, 502, 503 or 504; the request is not carried out |
/// | `html` | 502 with a page of HTML, as a proxy answers; the request is not carried out |
/// | `redirect` | 307 to another host; the request is not carried out |
/// | `reset` | the connection is reset, and the request not carried out |
/// | `reset-after` | the request is carried out, and the connection reset without an answer |
/// | `cut`, `cut@100` | the connection closes after half of the body, or after so many bytes |
/// | `drip`, `drip@50ms` | the body is sent in 16 pieces with pauses between them, by default of 20 ms |
/// | `bad-json` | half of the body is sent as if it were all of it, so that it is not JSON |
/// | `foreign-link` | `nextLink` of a page names another host |
/// | `latency=200ms`, `latency=200ms±50` | every answer takes this long; it has no probability |
///
/// Faults are drawn in the order in which they are written. A request meets at most one of them besides latency: the
/// first that keeps it from being carried out, or else the first of the others.
///
/// ```
/// use atera_sandbox::Faults;
///
/// let faults: Faults = "5xx=0.02,reset=0.01,latency=200ms±50".parse().unwrap();
/// assert_eq!(faults.to_string(), "5xx=0.02,reset=0.01,latency=200ms±50");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults(pub(super) Vec<Fault>);

/// One fault.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    pub(super) kind: FaultKind,
    /// From 0 to 1.
    pub(super) probability: f64,
    /// The operation whose requests meet it; none for all operations.
    pub(super) operation: Option<&'static str>,
    /// How many requests meet it at most.
    pub(super) max_times: Option<u32>,
}

/// What a fault does. The table at [`Faults`] explains the kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// The latency is drawn from `base - spread` to `base + spread`.
    Latency {
        base: Duration,
        spread: Duration,
    },
    /// `after` says whether the request is carried out.
    Status {
        code: u16,
        after: bool,
    },
    ServerError,
    Html,
    Redirect,
    ResetBefore,
    ResetAfter,
    /// The number of bytes to send; half of the body if there is none.
    Cut(Option<usize>),
    /// The pause between two pieces.
    Drip(Duration),
    BadJson,
    ForeignLink,
}

/// The pause of `drip` without `@`.
const DEFAULT_PAUSE: Duration = Duration::from_millis(20);

impl Faults {
    /// Each kind with what happens, for the help of a program. The table above says more.
    pub const KINDS: [(&str, &str); 13] = [
        ("503", "answer with this status, any from 400, and do nothing"),
        ("503-after", "carry the request out, and answer with this status"),
        ("5xx", "answer with 500, 502, 503 or 504, and do nothing"),
        ("html", "answer with 502 and a page of HTML, and do nothing"),
        ("redirect", "answer with 307 to another host, and do nothing"),
        ("reset", "reset the connection, and do nothing"),
        ("reset-after", "carry the request out, and reset the connection"),
        ("cut", "close the connection after half of the body"),
        ("cut@100", "close the connection after 100 bytes of the body"),
        ("drip@50ms", "send the body in 16 pieces with pauses"),
        ("bad-json", "send half of the body as if it were all of it"),
        ("foreign-link", "name another host in nextLink of a page"),
        ("latency=200ms±50", "take so long for every answer"),
    ];
}

impl FaultKind {
    /// Whether the request is not carried out.
    pub(super) fn is_before(self) -> bool {
        matches!(
            self,
            FaultKind::Status { after: false, .. }
                | FaultKind::ServerError
                | FaultKind::Html
                | FaultKind::Redirect
                | FaultKind::ResetBefore
        )
    }

    /// Reads a kind other than latency, such as `cut@100`.
    fn parse(kind: &str) -> Option<FaultKind> {
        let (kind, detail) = match kind.split_once('@') {
            Some((kind, detail)) => (kind, Some(detail)),
            None => (kind, None),
        };
        let status = |text: &str| text.parse().ok().filter(|code| (400..=599).contains(code));
        let kind = match (kind, detail) {
            ("cut", None) => FaultKind::Cut(None),
            ("cut", Some(bytes)) => FaultKind::Cut(Some(bytes.parse().ok()?)),
            ("drip", None) => FaultKind::Drip(DEFAULT_PAUSE),
            ("drip", Some(pause)) => FaultKind::Drip(duration(pause)?),
            (_, Some(_)) => return None,
            ("5xx", _) => FaultKind::ServerError,
            ("html", _) => FaultKind::Html,
            ("redirect", _) => FaultKind::Redirect,
            ("reset", _) => FaultKind::ResetBefore,
            ("reset-after", _) => FaultKind::ResetAfter,
            ("bad-json", _) => FaultKind::BadJson,
            ("foreign-link", _) => FaultKind::ForeignLink,
            (kind, _) => match kind.strip_suffix("-after") {
                Some(code) => FaultKind::Status {
                    code: status(code)?,
                    after: true,
                },
                None => FaultKind::Status {
                    code: status(kind)?,
                    after: false,
                },
            },
        };
        Some(kind)
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FaultKind::Latency { .. } => out.write_str("latency"),
            FaultKind::Status { code, after: false } => write!(out, "{code}"),
            FaultKind::Status { code, after: true } => write!(out, "{code}-after"),
            FaultKind::ServerError => out.write_str("5xx"),
            FaultKind::Html => out.write_str("html"),
            FaultKind::Redirect => out.write_str("redirect"),
            FaultKind::ResetBefore => out.write_str("reset"),
            FaultKind::ResetAfter => out.write_str("reset-after"),
            FaultKind::Cut(None) => out.write_str("cut"),
            FaultKind::Cut(Some(bytes)) => write!(out, "cut@{bytes}"),
            FaultKind::Drip(pause) if *pause == DEFAULT_PAUSE => out.write_str("drip"),
            FaultKind::Drip(pause) => write!(out, "drip@{}ms", pause.as_millis()),
            FaultKind::BadJson => out.write_str("bad-json"),
            FaultKind::ForeignLink => out.write_str("foreign-link"),
        }
    }
}

impl Fault {
    /// Reads one fault, such as `tickets_create:503=0.1*2`.
    fn parse(text: &str) -> Option<Fault> {
        let (kind, amount) = text.split_once('=')?;
        let (operation, kind) = match kind.trim().rsplit_once(':') {
            Some((operation, kind)) => (Some(Operation::find(operation.trim())?.id), kind),
            None => (None, kind.trim()),
        };
        let amount = amount.trim();
        if kind == "latency" {
            let (base, spread) = match amount.split_once('±').or_else(|| amount.split_once("+-")) {
                Some((base, spread)) => (duration(base)?, duration(spread)?),
                None => (duration(amount)?, Duration::ZERO),
            };
            return Some(Fault {
                kind: FaultKind::Latency { base, spread },
                probability: 1.0,
                operation,
                max_times: None,
            });
        }
        let (probability, max_times) = match amount.split_once('*') {
            Some((probability, times)) => (probability, Some(times.trim().parse().ok()?)),
            None => (amount, None),
        };
        let probability = probability.trim().parse().ok();
        let probability = probability.filter(|probability| (0.0..=1.0).contains(probability))?;
        Some(Fault {
            kind: FaultKind::parse(kind)?,
            probability,
            operation,
            max_times,
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.operation {
            write!(out, "{operation}:")?;
        }
        write!(out, "{}=", self.kind)?;
        match self.kind {
            FaultKind::Latency { base, spread } => {
                write!(out, "{}ms", base.as_millis())?;
                if spread > Duration::ZERO {
                    write!(out, "±{}", spread.as_millis())?;
                }
            }
            _ => write!(out, "{}", self.probability)?,
        }
        self.max_times.map_or(Ok(()), |times| write!(out, "*{times}"))
    }
}

/// Reads `200ms`, `2s`, or milliseconds without a unit.
fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => match text.strip_suffix('s') {
            Some(number) => (number, 1.0),
            None => (text, 0.001),
        },
    };
    let number: f64 = number.trim().parse().ok()?;
    Duration::try_from_secs_f64(number * unit).ok()
}

impl Faults {
    /// No faults.
    pub fn none() -> Self {
        Faults::default()
    }
}

impl FromStr for Faults {
    type Err = Error;

    /// Reads the text that the table explains.
    fn from_str(text: &str) -> Result<Self> {
        let parts = text.split(',').filter(|part| !part.trim().is_empty());
        let faults = parts.map(|part| {
            Fault::parse(part).ok_or_else(|| {
                Error::config(format!(
                    "cannot set the faults: `{part}` is not a fault; write a kind and a probability, as in 5xx=0.02, \
                     reset-after=1*1, cut@100=0.1, latency=200ms±50, or tickets_create:503=0.5"
                ))
            })
        });
        Ok(Faults(faults.collect::<Result<_>>()?))
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                out.write_str(",")?;
            }
            fault.fmt(out)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_that_help_lists_can_be_written() {
        for (kind, _) in Faults::KINDS {
            let text = match kind.contains('=') {
                true => kind.to_string(),
                false => format!("{kind}=1"),
            };
            let faults: Faults = text.parse().expect(kind);
            assert_eq!(faults.to_string(), text);
        }
    }

    #[test]
    fn faults_are_read_and_written_alike() {
        for text in [
            "5xx=0.02,reset=0.01,latency=200ms±50",
            "tickets_create:reset-after=1*1",
            "503=0.5,429=1*3,504-after=0.1",
            "cut=0.1,cut@0=1,cut@100=0.2,drip=1,drip@50ms=1",
            "bad-json=0.1,html=0.1,redirect=0.1,foreign-link=1",
            "agents_list:latency=1500ms",
            "",
        ] {
            let faults: Faults = text.parse().expect(text);
            assert_eq!(faults.to_string(), text);
        }
        let ascii: Faults = "latency=0.2s+-50ms".parse().expect("a latency");
        assert_eq!(ascii.to_string(), "latency=200ms±50");
    }

    #[test]
    fn what_is_no_fault_is_named_with_what_one_looks_like() {
        for text in [
            "5xx",
            "5xx=2",
            "5xx=-1",
            "oops=1",
            "200=1",
            "nonesuch:503=1",
            "latency=soon",
            "cut@x=1",
            "503=1*x",
        ] {
            let error = text.parse::<Faults>().expect_err(text);
            assert!(error.to_string().contains(&format!("`{text}`")), "{error}");
        }
    }
}
