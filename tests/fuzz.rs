//! Whatever the service, a proxy or a person may write: nothing panics, nothing is taken for what it is not, and the key
//! stays hidden.
//!
//! Every property is tried with what was seen or feared (`tests/corpus/`), with that changed at random, and with noise. A case
//! that fails is kept in `tests/corpus/failures.txt` and tried first from then on. `PROPTEST_CASES` sets how many there are.

use std::{fs, path::Path, time::Duration};

use atera::{
    ApiKey, Client, Error, ErrorKind, Page, RateLimit, Timestamp,
    mock::{KEY, Recorder},
    transport::Response,
    types::{Invoice, Ticket},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use http::{HeaderName, HeaderValue, StatusCode};
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
    test_runner::FileFailurePersistence,
};
use serde_json::Value;

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/corpus/failures.txt",
        ))),
        ..ProptestConfig::default()
    }
}

/// The files of a folder of the corpus.
fn corpus(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus")
        .join(folder);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(!files.is_empty());
    files.sort();
    files.into_iter().map(|file| fs::read(file).unwrap()).collect()
}

/// The lines of a file of the corpus.
fn lines(folder: &str) -> Vec<String> {
    let text = String::from_utf8(corpus(folder).remove(0)).unwrap();
    text.lines().map(String::from).collect()
}

/// A change of a body: a piece cut out, and something else put in.
#[derive(Clone, Debug)]
struct Edit {
    from: Index,
    length: usize,
    with: Vec<u8>,
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let pieces = select(vec![
        "null",
        "[]",
        "{}",
        "\"",
        ",",
        "-1",
        "1e400",
        "18446744073709551616",
        "\"\"",
        "\"1000.0\"",
        "\"True\"",
        "7.5",
        "\\u0000",
        "\\ud800",
        "true",
        "[[[[",
        "\"items\":[]",
        "\"items\"",
        "\"Message\"",
        "\"TicketID\":0",
        "\u{feff}",
        "\n",
    ]);
    let with = prop_oneof![
        4 => pieces.prop_map(|piece| piece.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..4),
    ];
    let edit =
        (any::<Index>(), 0..12_usize, with).prop_map(|(from, length, with)| Edit { from, length, with });
    vec(edit, 0..4)
}

/// The bodies of a folder, changed, or noise.
fn bodies(folder: &str) -> impl Strategy<Value = Vec<u8>> {
    let seen = (select(corpus(folder)), edits()).prop_map(|(mut body, edits)| {
        for edit in edits {
            let from = edit.from.index(body.len() + 1);
            let to = (from + edit.length).min(body.len());
            body.splice(from..to, edit.with);
        }
        body
    });
    prop_oneof![8 => seen, 1 => vec(any::<u8>(), 0..64)]
}

/// Runs to its end, without waiting for any time that passes.
fn run<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build();
    runtime.unwrap().block_on(work)
}

/// A client whose requests get this answer.
fn answered(status: u16, headers: Vec<(HeaderName, HeaderValue)>, body: Vec<u8>) -> Client {
    let recorder = Recorder::new(move |_| {
        let mut response = Response::new(StatusCode::from_u16(status).unwrap(), body.clone());
        response.headers.extend(headers.iter().cloned());
        Ok(response)
    });
    // Without a limit, for each case has a key of its own: thousands of windows would be kept for a minute.
    recorder.builder().rate_limit(RateLimit::off()).build().unwrap()
}

/// Everything that an error shows.
fn shown(error: &Error) -> String {
    let mut shown = format!("{error} {error:?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        shown.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    shown
}

/// A JWT with these claims.
fn jwt(claims: &str) -> String {
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.{}",
        part(r#"{"alg":"HS256"}"#),
        part(claims),
        part("signature")
    )
}

fn keys() -> impl Strategy<Value = String> {
    let claims = prop_oneof![
        any::<i64>().prop_map(|exp| format!(r#"{{"exp":{exp}}}"#)),
        any::<f64>().prop_map(|exp| format!(r#"{{"exp":{exp}}}"#)),
        ".{0,20}".prop_map(|text| format!(r#"{{"exp":"{text}"}}"#)),
        ".{0,20}",
    ];
    prop_oneof![
        select(lines("keys")),
        "[!-~]{8,64}",
        "\\PC{0,40}",
        claims.prop_map(|claims| jwt(&claims)),
    ]
}

/// Values of a header: numbers of any size, dates, and noise.
fn header_values() -> impl Strategy<Value = HeaderValue> {
    let text = prop_oneof![
        any::<u64>().prop_map(|number| number.to_string()),
        any::<i32>().prop_map(|number| number.to_string()),
        (0..4_000_000_000_u64).prop_map(|number| number.to_string()),
        select(vec![
            "Mon, 02 Mar 2026 12:00:00 GMT".to_string(),
            "Thu, 01 Jan 1970 00:00:00 GMT".into(),
            "Fri, 31 Dec 9999 23:59:59 GMT".into(),
            "99999999999999999999999999".into(),
            "1.5".into(),
            " 7 ".into(),
            "".into(),
        ]),
    ];
    let noise =
        vec(any::<u8>(), 0..20).prop_filter_map("a header", |bytes| HeaderValue::from_bytes(&bytes).ok());
    prop_oneof![6 => text.prop_map(|text| HeaderValue::from_str(&text).unwrap()), 1 => noise]
}

fn hints() -> impl Strategy<Value = Vec<(HeaderName, HeaderValue)>> {
    let names = [
        "retry-after",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "date",
    ];
    let name = select(names.to_vec()).prop_map(HeaderName::from_static);
    vec((name, header_values()), 0..5)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_page_is_decoded_whole_or_refused(body in bodies("pages")) {
        let client = answered(200, Vec::new(), body.clone());
        match run(client.tickets().list().into_future()) {
            Ok(page) => {
                if let Ok(came) = serde_json::from_slice::<Value>(&body) {
                    let records = came["items"].as_array().unwrap();
                    prop_assert_eq!(records.len(), page.items.len());
                    for (record, ticket) in records.iter().zip(&page.items) {
                        prop_assert!(record.is_object());
                        let has_id = record.get("TicketID").is_some_and(|id| !id.is_null() && id != "");
                        prop_assert_eq!(ticket.ticket_id.is_some(), has_id);
                    }
                }
                let written = serde_json::to_vec(&page).unwrap();
                let again: Page<Ticket> = serde_json::from_slice(&written).unwrap();
                prop_assert_eq!(again, page);
            }
            Err(error) => {
                prop_assert_eq!(error.kind(), ErrorKind::Decode);
                match error.record() {
                    // Its JSON, and nothing of the others.
                    Some(_) => prop_assert!(body.windows(error.body().len()).any(|part| part == error.body())),
                    None => prop_assert_eq!(error.body(), &body[..]),
                }
                prop_assert!(!shown(&error).contains(KEY));
            }
        }
    }

    #[test]
    fn a_scalar_means_the_same_as_text_and_as_itself(
        number in any::<i32>(),
        decimal in -1_000_000_000_i64..1_000_000_000,
        flag in any::<bool>(),
    ) {
        let total = decimal as f64 / 100.0;
        let read = |json: String| serde_json::from_str::<Invoice>(&json).unwrap();
        let plain = read(format!(r#"{{"InvoiceNumber": {number}, "Total": {total}, "IsAdhoc": {flag}}}"#));
        prop_assert_eq!(
            (plain.invoice_number, plain.total, plain.is_adhoc),
            (Some(number), Some(total), Some(flag))
        );
        let as_text = read(format!(
            r#"{{"InvoiceNumber": "{number}", "Total": "{total}", "IsAdhoc": "{flag}"}}"#
        ));
        prop_assert_eq!(&as_text, &plain);
        let as_decimal = read(format!(
            r#"{{"InvoiceNumber": {number}.0, "Total": {total}, "IsAdhoc": {}}}"#,
            u8::from(flag)
        ));
        prop_assert_eq!(&as_decimal, &plain);
        // What stands for itself is its own text.
        let text = read(format!(r#"{{"InvoiceNumberAsString": {number}, "Currency": {flag}}}"#));
        prop_assert_eq!(
            (text.invoice_number_as_string, text.currency),
            (Some(number.to_string()), Some(flag.to_string()))
        );
    }

    #[test]
    fn a_failure_keeps_its_status_whatever_its_body(status in 400..600_u16, body in bodies("errors")) {
        let empty = run(answered(status, Vec::new(), Vec::new()).tickets().get(7).into_future()).unwrap_err();
        let error = run(answered(status, Vec::new(), body.clone()).tickets().get(7).into_future()).unwrap_err();
        prop_assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        prop_assert_eq!(error.kind(), empty.kind());
        prop_assert_eq!(error.applied(), empty.applied());
        prop_assert_eq!(error.body(), &body[..]);
        prop_assert!(!error.to_string().contains(['\n', '\r']), "{}", error);
        let _ = (error.message(), error.code(), error.field_errors(), shown(&error));
    }

    #[test]
    fn any_text_is_a_time_or_is_not(text in prop_oneof![select(lines("times")), "\\PC{0,40}", "[0-9T:.Z+ -]{0,40}"]) {
        if let Ok(time) = text.parse::<Timestamp>() {
            prop_assert_eq!(time.to_string().parse::<Timestamp>().unwrap(), time, "{}", time);
        }
    }

    #[test]
    fn every_form_of_a_time_means_the_same(
        seconds in -62_135_596_800_i64..253_402_300_800,
        nanos in 0..1_000_000_000_u32,
        digits in 0..=9_usize,
        minutes in -14 * 60..=14 * 60_i32,
    ) {
        let time = DateTime::<Utc>::from_timestamp(seconds, nanos).unwrap();
        let unit = 10_u32.pow(9 - digits as u32);
        let time = DateTime::<Utc>::from_timestamp(seconds, nanos / unit * unit).unwrap_or(time);
        let fraction = format!(".{:09}", time.timestamp_subsec_nanos());
        let fraction = if digits == 0 { "" } else { &fraction[..=digits] };
        let local = format!("{}{fraction}", time.format("%Y-%m-%dT%H:%M:%S"));
        let mut forms = vec![local.clone(), format!("{local}Z")];
        let zone = chrono::FixedOffset::east_opt(minutes * 60).unwrap();
        let there = time.with_timezone(&zone).format("%Y-%m-%dT%H:%M:%S").to_string();
        // A year of four digits is all that the form has room for.
        if there.len() == 19 {
            let sign = if minutes < 0 { '-' } else { '+' };
            let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
            forms.push(format!("{there}{fraction}{sign}{hours:02}:{minutes:02}"));
        }
        for form in forms {
            let parsed: Timestamp = form.parse().unwrap();
            prop_assert_eq!(parsed.to_utc(), time, "{}", form);
        }
    }

    #[test]
    fn hints_never_break_a_call_nor_ask_for_no_wait(status in select(vec![200, 429, 503]), hints in hints()) {
        let client = answered(status, hints, br#"{"TicketID": 7}"#.to_vec());
        let first = run(async {
            let first = client.tickets().get(7).await;
            // The next call waits as long as it has to, and no longer than it may.
            let _ = client.with_deadline(Duration::from_secs(60)).tickets().get(7).await;
            first
        });
        prop_assert_eq!(first.is_ok(), status == 200);
        if let Err(error) = first {
            prop_assert!(error.retry_after().is_none_or(|wait| !wait.is_zero()));
        }
    }

    #[test]
    fn a_number_of_seconds_is_taken_at_its_word(seconds in 1..1_000_000_u64) {
        let hint = (HeaderName::from_static("retry-after"), HeaderValue::from(seconds));
        let client = answered(429, vec![hint], Vec::new());
        let error = run(client.tickets().get(7).into_future()).unwrap_err();
        prop_assert_eq!(error.kind(), ErrorKind::RateLimited);
        prop_assert_eq!(error.retry_after(), Some(Duration::from_secs(seconds)));
    }

    #[test]
    fn a_key_is_sent_as_it_is_or_refused_and_never_shown(key in keys()) {
        let trimmed = key.trim();
        match ApiKey::new(key.as_str()) {
            Ok(api_key) => {
                let recorder = Recorder::answering(401, "");
                let builder = recorder.builder().api_key(api_key.clone()).rate_limit(RateLimit::off());
                let client = builder.build().unwrap();
                let error = run(client.tickets().get(7).into_future()).unwrap_err();
                let request = recorder.only();
                let sent = request.headers.get("x-api-key").map(|value| value.to_str().unwrap().to_string());
                let bearer = request.headers.get("authorization").map(|value| value.to_str().unwrap().to_string());
                match (sent, bearer) {
                    (Some(sent), None) => prop_assert_eq!(sent, trimmed),
                    (None, Some(bearer)) => prop_assert_eq!(bearer, format!("Bearer {trimmed}")),
                    both => prop_assert!(false, "{both:?}"),
                }
                // What is too short may be a word of the sentence.
                if trimmed.len() >= 8 {
                    let shown = format!("{api_key:?} {client:?} {request:?} {}", shown(&error));
                    prop_assert!(!shown.contains(trimmed));
                }
            }
            Err(error) => {
                prop_assert_eq!(error.kind(), ErrorKind::Config);
                prop_assert!(trimmed.len() < 8 || !shown(&error).contains(trimmed));
            }
        }
    }
}

#[test]
fn the_corpus_is_taken_as_it_should_be() {
    let decoded = |body: Vec<u8>| run(answered(200, Vec::new(), body).tickets().list().into_future()).is_ok();
    let files = [
        "guide",
        "loose",
        "no_id",
        "no_items",
        "odd_record",
        "proxy",
        "published",
    ];
    let fits: Vec<_> = files
        .into_iter()
        .zip(corpus("pages"))
        .filter(|(_, body)| decoded(body.clone()))
        .collect();
    let fits: Vec<_> = fits.into_iter().map(|(name, _)| name).collect();
    assert_eq!(fits, ["guide", "loose", "no_id", "published"]);

    let times: Vec<_> = lines("times")
        .into_iter()
        .filter(|line| line.parse::<Timestamp>().is_err())
        .collect();
    assert_eq!(
        times,
        [
            "2026-02-30T00:00:00Z",
            "2026-03-02T24:00:00Z",
            "+262142-12-31T23:59:59Z"
        ]
    );
}
