//! All operations of the table, called through the server.

use atera::description::{Location, OPERATIONS, Operation, is_paging};
use atera_mcp::Level;

use super::{host::accepted, *};

/// The arguments of a call of an operation, from the examples of the description, at this level.
pub(crate) fn example(operation: &Operation, level: Level) -> Value {
    let mut arguments = serde_json::Map::new();
    for parameter in operation.parameters {
        let is_needed = parameter.required || parameter.location == Location::Path;
        if is_needed && !(operation.list && is_paging(parameter.name)) {
            arguments.insert(parameter.name.into(), parameter.example.into());
        }
    }
    let mut call = json!({"operation": operation.id, "arguments": arguments});
    if let Some(example) = operation.example {
        let mut body: Value = serde_json::from_str(example).expect("JSON");
        if level == Level::Destroy && operation.id == "tickets_add_comment" {
            body["TechnicianCommentDetails"]["IsInternal"] = json!(false);
        }
        call["body"] = body;
    }
    call
}

/// The id of a device of the kind that an operation is about: the one of the examples is of one kind only.
async fn device_of(operation: &Operation, session: &Session) -> Option<Value> {
    let named = operation.parameters.iter().any(|it| it.name == "deviceId");
    let (kind, _) = operation.id.strip_prefix("devices_")?.split_once('_')?;
    if !named {
        return None;
    }
    let list = json!({"operation": format!("devices_{kind}_list"), "limit": 1});
    Some(session.call("read", list).await["records"][0]["DeviceID"].clone())
}

/// Every operation reaches the sandbox as what it is. The records of the examples exist, so nearly all of them succeed; the others fail
/// as the service fails, and with what to do next.
#[tokio::test(flavor = "multi_thread")]
async fn all_operations_reach_the_service() {
    // A person who types whatever is asked for.
    let agreeing = Host::with(|question| {
        let (_, name) = question.rsplit_once("To confirm, type: ").expect("a question");
        assert!(!name.is_empty(), "{question}");
        accepted(name)
    });
    let mut refused = Vec::new();
    let sandbox = builder().tickets(20).start().await.expect("a sandbox");
    for operation in OPERATIONS {
        // Operations delete what others need.
        sandbox.reset();
        let session = agreeing.clone().connect(server(&sandbox, Access::Full)).await;
        let mut levels = vec![Level::least(operation), Level::highest(operation)];
        levels.dedup();
        for level in levels {
            let mut call = example(operation, level);
            if let Some(id) = device_of(operation, &session).await {
                call["arguments"]["deviceId"] = id;
            }
            sandbox.reset();
            let answer = session.call(level.tool(), call).await;
            let log = sandbox.log();
            let sent = log.iter().filter(|it| it.operation == Some(operation.id));
            let sent: Vec<_> = sent.collect();
            assert!(!sent.is_empty(), "{}: {answer}", operation.id);
            if !operation.reads {
                assert_eq!(sent.len(), 1, "{}: {log:?}", operation.id);
                assert_eq!(sent[0].method, operation.method.as_str());
            }
            if answer.get("error").is_some() {
                assert!(!answer["error"]["next"].as_str().expect("text").is_empty());
                refused.push(format!("{} {}", operation.id, kind(&answer)));
            }
        }
    }
    println!(
        "{} operations, of which refused by the service: {refused:?}",
        OPERATIONS.len()
    );
    assert!(refused.len() <= 6, "{refused:?}");
}
