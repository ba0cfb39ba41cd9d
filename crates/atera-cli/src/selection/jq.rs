//! `--jq`: what a jq filter makes of each record.
//!
//! The filter comes last, as that of `gh` does: after the condition, the sort, the limit and the totals. It gets one record, or
//! row, at a time, so that nothing is collected for it, and each of its results is printed in place of the record. A text is
//! printed without quotes unless `--output` asks for a format.

use atera::{Error, ErrorKind};
use jaq_core::{
    Compiler, Ctx, Filter, Vars, data,
    load::{self, Arena, File, Loader},
    unwrap_valr,
};
use jaq_json::{Val, read};
use serde_json::value::RawValue;

use crate::output::{failure::Failure, records::Transform};

/// A filter that is ready to run.
pub(crate) struct Jq(Filter<data::JustLut<Val>>);

impl Jq {
    /// Compiles a filter.
    ///
    /// # Errors
    ///
    /// `Usage`, with the place of the first mistake.
    pub(crate) fn new(code: &str) -> Result<Self, Failure> {
        let refused = |(place, what): (&str, String)| {
            // The place is a part of the code.
            let at = (place.as_ptr() as usize).saturating_sub(code.as_ptr() as usize);
            let place = match code.get(at..).filter(|rest| !rest.is_empty()) {
                Some(rest) => {
                    let begin = code[..at].chars().count() + 1;
                    let rest: String = rest.chars().take(30).collect();
                    format!("at character {begin}, `{rest}`")
                }
                None => "at its end".to_string(),
            };
            Failure::Usage(format!("--jq is not understood {place}: {what}"))
        };
        let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let arena = Arena::default();
        let modules = Loader::new(definitions).load(&arena, File { code, path: () });
        let modules = modules.map_err(|errors| refused(of_load(errors)))?;
        let compiled = Compiler::default().with_funs(functions).compile(modules);
        match compiled {
            Ok(filter) => Ok(Jq(filter)),
            Err(errors) => {
                let first = errors.into_iter().flat_map(|(_, errors)| errors).next();
                let (name, kind) = first.map_or(("", ""), |(name, kind)| (name, kind.as_str()));
                Err(refused((name, format!("there is no {kind} `{name}`"))))
            }
        }
    }
}

impl Transform for Jq {
    /// # Errors
    ///
    /// `Decode` if the record cannot be read, or if the filter fails.
    fn values(&self, json: &str) -> Result<Vec<String>, Failure> {
        let failed = |what: String| {
            Failure::Call(Error::new(
                ErrorKind::Decode,
                format!("--jq failed at a record: {what}"),
            ))
        };
        let record = read::parse_single(json.as_bytes()).map_err(|error| failed(error.to_string()))?;
        let context = Ctx::<data::JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        let results = self.0.id.run((context, record)).map(unwrap_valr);
        let texts = results.map(|result| {
            let text = result.map_err(|error| failed(error.to_string()))?.to_string();
            match serde_json::from_str::<&RawValue>(&text) {
                Ok(_) => Ok(text),
                Err(_) => Err(failed(format!("its result `{text:.60}` is no JSON"))),
            }
        });
        texts.collect()
    }
}

/// The first mistake that was found while a filter was read, and where.
fn of_load(errors: load::Errors<&str, ()>) -> (&str, String) {
    let first = errors.into_iter().next().map(|(_, error)| error);
    match first {
        Some(load::Error::Lex(errors)) => match errors.into_iter().next() {
            Some((expected, place)) => (place, format!("expected {}", expected.as_str())),
            None => ("", "it cannot be read".to_string()),
        },
        Some(load::Error::Parse(errors)) => match errors.into_iter().next() {
            Some((expected, place)) => (place, format!("expected {}", expected.as_str())),
            None => ("", "it cannot be read".to_string()),
        },
        Some(load::Error::Io(errors)) => match errors.into_iter().next() {
            Some((place, _)) => (place, "modules cannot be included here".to_string()),
            None => ("", "it cannot be read".to_string()),
        },
        None => ("", "it cannot be read".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(code: &str, json: &str) -> Vec<String> {
        let jq = Jq::new(code).unwrap_or_else(|failure| panic!("{code}: {failure:?}"));
        jq.values(json).expect("results")
    }

    #[test]
    fn a_filter_makes_any_number_of_results_of_a_record() {
        let record = r#"{"a": {"b": "x"}, "c": [1, 2.50, 12345678901234567890123]}"#;
        assert_eq!(results(".a.b", record), ["\"x\""]);
        assert_eq!(results(".c[]", record), ["1", "2.50", "12345678901234567890123"]);
        assert_eq!(results("select(.a.b == \"y\")", record), [""; 0]);
        assert_eq!(
            results("{n: (.c | length), b: .a.b}", record),
            [r#"{"n":3,"b":"x"}"#]
        );
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        for (code, told) in [
            (".a | nosuch", "at character 6, `nosuch`"),
            (".a |", "at its end"),
            (".a[", "at its end: expected closing bracket"),
            (".a $ 1", "at character 5, ` 1`: expected identifier"),
        ] {
            let Err(Failure::Usage(sentence)) = Jq::new(code) else {
                panic!("{code} is understood");
            };
            assert!(sentence.contains(told), "{code}: {sentence}");
        }
        let jq = Jq::new(".a + 1").expect("a filter");
        let Err(Failure::Call(error)) = jq.values(r#"{"a": "x"}"#) else {
            panic!("it is added");
        };
        assert!(error.to_string().contains("--jq failed at a record"), "{error}");
    }
}
