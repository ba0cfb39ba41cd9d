//! What a host can do at each access.

use atera::description::OPERATIONS;
use atera_mcp::Level;

use super::{every_operation::example, host::call, *};

#[tokio::test]
async fn each_access_has_its_tools() {
    let sandbox = sandbox().await;
    for (access, names) in [
        (Access::Read, &["search", "describe", "read"][..]),
        (Access::Write, &["search", "describe", "read", "write"]),
        (Access::Full, &["search", "describe", "read", "write", "destroy"]),
    ] {
        let session = connected(&sandbox, access).await;
        let tools = session.client.list_tools(None).await.expect("tools").tools;
        let listed: Vec<_> = tools.iter().map(|tool| tool.name.as_ref()).collect();
        assert_eq!(listed, names);
        for tool in tools {
            let hints = tool.annotations.expect("hints");
            let is_read = !matches!(tool.name.as_ref(), "write" | "destroy");
            assert_eq!(hints.read_only_hint, Some(is_read), "{}", tool.name);
            // An update overwrites.
            assert_eq!(hints.destructive_hint, (!is_read).then_some(true));
        }
    }
}

#[tokio::test]
async fn no_argument_reaches_above_the_access() {
    let sandbox = sandbox().await;
    for access in [Access::Read, Access::Write] {
        let session = connected(&sandbox, access).await;
        for operation in OPERATIONS.iter().filter(|it| !access.allows(Level::highest(it))) {
            let arguments = example(operation, Level::highest(operation));
            for tool in ["read", "write", "destroy"] {
                match session.client.call_tool(call(tool, arguments.clone())).await {
                    Ok(result) => {
                        let content = result.structured_content.expect("content");
                        let is_refused = matches!(kind(&content), "not_allowed" | "invalid_request");
                        assert!(is_refused, "{access} {tool} {}: {content}", operation.id);
                    }
                    Err(error) => assert!(error.to_string().contains("no tool"), "{error}"),
                }
            }
        }
    }
    assert_eq!(changes(&sandbox), 0);
}

#[tokio::test]
async fn a_call_goes_through_the_tool_of_its_level() {
    let sandbox = sandbox().await;
    let session = connected(&sandbox, Access::Full).await;
    for operation in OPERATIONS {
        let level = Level::least(operation);
        for tool in ["read", "write", "destroy"]
            .iter()
            .filter(|tool| **tool != level.tool())
        {
            let failed = session.call(tool, example(operation, level)).await;
            assert_eq!(
                kind(&failed),
                "invalid_request",
                "{tool} {}: {failed}",
                operation.id
            );
        }
    }
    assert_eq!(sandbox.log().len(), 0);
}
