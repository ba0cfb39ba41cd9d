//! What goes over the wire: one snapshot per operation, made from the examples of the description, and for every answer
//! that the description shows, that it survives being decoded and encoded again.

use std::{collections::BTreeMap, fmt::Write, fs};

use atera::{
    ErrorKind,
    description::{OPERATIONS, Operation},
    mock::{KEY, Recorder, request_shape},
    transport::{Fault, Request},
};
use atera_testkit::{Shape, shapes};
use serde_json::{Value, value::RawValue};

/// Sends the shape, which gets the answer, and returns what was sent and what came of it.
async fn send(shape: &Shape, answer: &str) -> (Request, Value) {
    let recorder = Recorder::answering(200, answer);
    let value = (shape.call)(recorder.client()).await;
    let value = value.unwrap_or_else(|error| panic!("{} {}: {error}", shape.operation, shape.example));
    (recorder.only(), value)
}

fn by_operation() -> BTreeMap<&'static str, Vec<Shape>> {
    let mut all = BTreeMap::<_, Vec<_>>::new();
    for shape in shapes() {
        all.entry(shape.operation).or_default().push(shape);
    }
    all
}

#[tokio::test]
async fn every_operation_sends_what_its_snapshot_shows() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("snapshots/requests");
    let _bound = settings.bind_to_scope();

    let mut changed = Vec::new();
    for (operation, shapes) in by_operation() {
        let mut text = String::new();
        for shape in &shapes {
            if shapes.len() > 1 {
                writeln!(text, "# {}", shape.example).unwrap();
            }
            let (request, _) = send(shape, shape.answers.first().unwrap_or(&"{}")).await;
            writeln!(text, "{}", request_shape(&request)).unwrap();
        }
        // On to the next, so that one run shows all that a change of the description changes.
        let same = std::panic::catch_unwind(|| insta::assert_snapshot!(operation, text.trim_end()));
        if same.is_err() {
            changed.push(operation);
        }
    }
    assert_eq!(
        changed, [""; 0],
        "review the new snapshots, with `cargo insta review` or by hand"
    );
    // Only now, for this may have written some.
    assert_every_operation_has_a_snapshot_and_every_snapshot_an_operation();
}

#[tokio::test]
async fn every_request_keeps_the_key_out_of_its_address_and_says_what_it_carries() {
    for shape in shapes() {
        let (request, _) = send(&shape, shape.answers.first().unwrap_or(&"{}")).await;
        let operation = Operation::find(shape.operation).unwrap();
        let header = |name: &str| request.headers.get(name).map(|value| value.to_str().unwrap());
        assert!(!request.url.as_str().contains(KEY), "{}", shape.operation);
        assert!(request.headers["x-api-key"].is_sensitive(), "{}", shape.operation);
        assert_eq!(request.method, operation.method, "{}", shape.operation);
        assert_eq!(header("accept"), Some("application/json"), "{}", shape.operation);
        assert_eq!(header("api-version"), None, "{}", shape.operation);
        let carries = operation.body.is_some();
        assert_eq!(request.body.is_some(), carries, "{}", shape.operation);
        assert_eq!(
            header("content-type"),
            carries.then_some("application/json"),
            "{}",
            shape.operation
        );
    }
}

#[tokio::test]
async fn a_call_by_name_sends_the_same_request() {
    for shape in shapes() {
        let (typed, _) = send(&shape, shape.answers.first().unwrap_or(&"{}")).await;
        let operation = Operation::find(shape.operation).unwrap();
        let recorder = Recorder::answering(200, "{}");
        let mut call = recorder.client().operation(operation);
        // The order of the caller has no effect.
        for parameter in operation.parameters.iter().rev() {
            call = call.set(parameter.name, parameter.example).unwrap();
        }
        if let Some(body) = &typed.body {
            let body: &RawValue = serde_json::from_slice(body).unwrap();
            call = call.body(&body).unwrap();
        }
        call.send().await.unwrap();
        assert_eq!(
            request_shape(&recorder.only()),
            request_shape(&typed),
            "{}",
            shape.operation
        );
    }
}

#[tokio::test]
async fn every_documented_answer_survives_being_decoded_and_encoded() {
    for shape in shapes() {
        for answer in shape.answers {
            let (_, value) = send(&shape, answer).await;
            let documented: Value = serde_json::from_str(answer).unwrap();
            assert_eq!(plain(value), plain(documented), "{}", shape.operation);
        }
    }
}

/// Without the difference between 7 and 7.0, which JSON does not make.
fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        Value::Array(values) => values.into_iter().map(plain).collect(),
        Value::Object(values) => values
            .into_iter()
            .map(|(name, value)| (name, plain(value)))
            .collect(),
        other => other,
    }
}

fn assert_every_operation_has_a_snapshot_and_every_snapshot_an_operation() {
    let called = by_operation();
    let described: Vec<_> = OPERATIONS.iter().map(|operation| operation.id).collect();
    assert!(described.iter().all(|id| called.contains_key(id)));

    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots/requests");
    let mut snapshots = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let id = name
            .strip_suffix(".snap")
            .unwrap_or_else(|| panic!("{name} is no snapshot that was accepted"));
        assert!(
            described.contains(&id),
            "{name} is of no operation any more; remove it"
        );
        snapshots += 1;
    }
    assert_eq!(snapshots, described.len());
}

#[tokio::test]
async fn every_create_that_may_have_been_made_tells_how_to_find_out() {
    let mut told = String::new();
    for (id, shapes) in by_operation() {
        if !Operation::find(id).unwrap().creates() {
            continue;
        }
        let recorder = Recorder::new(|_| Err(Fault::broken("reset")));
        let error = (shapes[0].call)(recorder.client()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{id}");
        let sentence = error.to_string();
        let (_, advice) = sentence.rsplit_once("; ").unwrap();
        writeln!(told, "{id}: {advice}").unwrap();
    }
    insta::assert_snapshot!(told);
}
