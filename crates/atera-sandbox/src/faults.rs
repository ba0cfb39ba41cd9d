//! What can go wrong on demand, and how it is written down.

use std::{fmt, str::FromStr, time::Duration};

use atera::{Error, Result, description::Operation};

/// Things that go wrong, each as often as it says.
///
/// Written as text, they are separated by commas. Each is a kind and how often in one it happens, such as `503=0.1`; with
/// `*2` it happens twice and no more, and with an operation before it, it happens there alone:
/// `5xx=0.02,tickets_create:reset-after=1*1,latency=200ms±50`.
///
/// | kind | what happens |
/// |---|---|
/// | `503`, any status from 400 | that answer, without the request having been carried out |
/// | `503-after` | that answer, although the request was carried out |
/// | `5xx` | one of 500, 502, 503 and 504, without the request having been carried out |
/// | `html` | 502 with an HTML page, as a proxy answers |
/// | `redirect` | 307 to another host |
/// | `reset` | the connection is reset before the request is carried out |
/// | `reset-after` | it is reset once the request was carried out, without an answer |
/// | `cut`, `cut@N` | the connection closes after half of the body, or after N bytes of it |
/// | `drip`, `drip@50ms` | the body comes in small pieces with pauses between them, 20 ms unless it says |
/// | `bad-json` | a whole answer whose body is not JSON |
/// | `foreign-link` | `nextLink` of a page names another host |
/// | `latency=200ms`, `latency=200ms±50` | every answer takes this long, give or take |
///
/// ```
/// use atera_sandbox::Faults;
///
/// let faults: Faults = "5xx=0.02,reset=0.01,latency=200ms±50".parse().unwrap();
/// assert_eq!(faults.to_string(), "5xx=0.02,reset=0.01,latency=200ms±50");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults(pub(super) Vec<Fault>);

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    pub(super) effect: Effect,
    /// How often in one.
    pub(super) chance: f64,
    /// The operation that it happens to; all of them if there is none.
    pub(super) operation: Option<&'static str>,
    /// How many times it happens at most.
    pub(super) times: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Latency { base: Duration, spread: Duration },
    Status { code: u16, after: bool },
    ServerError,
    Html,
    Redirect,
    ResetBefore,
    ResetAfter,
    Cut(Option<usize>),
    Drip(Duration),
    BadJson,
    ForeignLink,
}

/// The pause between two pieces of a body that drips.
const DRIP: Duration = Duration::from_millis(20);

impl Effect {
    /// Whether it comes before the request is carried out, in place of that.
    pub(super) fn is_before(self) -> bool {
        matches!(
            self,
            Effect::Status { after: false, .. }
                | Effect::ServerError
                | Effect::Html
                | Effect::Redirect
                | Effect::ResetBefore
        )
    }

    fn parse(kind: &str) -> Option<Effect> {
        let (kind, detail) = match kind.split_once('@') {
            Some((kind, detail)) => (kind, Some(detail)),
            None => (kind, None),
        };
        let status = |text: &str| text.parse().ok().filter(|code| (400..=599).contains(code));
        let effect = match (kind, detail) {
            ("cut", None) => Effect::Cut(None),
            ("cut", Some(bytes)) => Effect::Cut(Some(bytes.parse().ok()?)),
            ("drip", None) => Effect::Drip(DRIP),
            ("drip", Some(pause)) => Effect::Drip(duration(pause)?),
            (_, Some(_)) => return None,
            ("5xx", _) => Effect::ServerError,
            ("html", _) => Effect::Html,
            ("redirect", _) => Effect::Redirect,
            ("reset", _) => Effect::ResetBefore,
            ("reset-after", _) => Effect::ResetAfter,
            ("bad-json", _) => Effect::BadJson,
            ("foreign-link", _) => Effect::ForeignLink,
            (kind, _) => match kind.strip_suffix("-after") {
                Some(code) => Effect::Status {
                    code: status(code)?,
                    after: true,
                },
                None => Effect::Status {
                    code: status(kind)?,
                    after: false,
                },
            },
        };
        Some(effect)
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Effect::Latency { .. } => out.write_str("latency"),
            Effect::Status { code, after: false } => write!(out, "{code}"),
            Effect::Status { code, after: true } => write!(out, "{code}-after"),
            Effect::ServerError => out.write_str("5xx"),
            Effect::Html => out.write_str("html"),
            Effect::Redirect => out.write_str("redirect"),
            Effect::ResetBefore => out.write_str("reset"),
            Effect::ResetAfter => out.write_str("reset-after"),
            Effect::Cut(None) => out.write_str("cut"),
            Effect::Cut(Some(bytes)) => write!(out, "cut@{bytes}"),
            Effect::Drip(pause) if *pause == DRIP => out.write_str("drip"),
            Effect::Drip(pause) => write!(out, "drip@{}ms", pause.as_millis()),
            Effect::BadJson => out.write_str("bad-json"),
            Effect::ForeignLink => out.write_str("foreign-link"),
        }
    }
}

impl Fault {
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
            let effect = Effect::Latency { base, spread };
            return Some(Fault {
                effect,
                chance: 1.0,
                operation,
                times: None,
            });
        }
        let (chance, times) = match amount.split_once('*') {
            Some((chance, times)) => (chance, Some(times.trim().parse().ok()?)),
            None => (amount, None),
        };
        let chance = chance
            .trim()
            .parse()
            .ok()
            .filter(|chance| (0.0..=1.0).contains(chance))?;
        Some(Fault {
            effect: Effect::parse(kind)?,
            chance,
            operation,
            times,
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.operation {
            write!(out, "{operation}:")?;
        }
        write!(out, "{}=", self.effect)?;
        match self.effect {
            Effect::Latency { base, spread } => {
                write!(out, "{}ms", base.as_millis())?;
                if spread > Duration::ZERO {
                    write!(out, "±{}", spread.as_millis())?;
                }
            }
            _ => write!(out, "{}", self.chance)?,
        }
        self.times.map_or(Ok(()), |times| write!(out, "*{times}"))
    }
}

/// `200ms`, `2s`, or milliseconds without a unit.
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
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Faults::default()
    }
}

impl FromStr for Faults {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts = text.split(',').filter(|part| !part.trim().is_empty());
        let faults = parts.map(|part| {
            Fault::parse(part).ok_or_else(|| {
                Error::config(format!(
                    "`{part}` is not a fault; write a kind and how often in one, as in 5xx=0.02, reset-after=1*1, cut@100=0.1, \
                     latency=200ms±50, or tickets_create:503=0.5"
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
