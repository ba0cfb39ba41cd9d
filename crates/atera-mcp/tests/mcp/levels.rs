//! What a host can do at each access.

use atera::description::OPERATIONS;
use atera_mcp::Level;

use super::*;

/// How many tokens a text takes, about.
fn tokens(text: &str) -> usize {
    text.chars().count().div_ceil(4)
}

#[tokio::test]
async fn the_tools_take_less_than_1500_tokens() {
    let sandbox = sandbox().await;
    for (access, names) in [
        (Access::Read, &["search", "describe", "read"][..]),
        (Access::Write, &["search", "describe", "read", "write"]),
    ] {
        let session = connected(&sandbox, access).await;
        let tools = session.client.list_tools(None).await.expect("tools").tools;
        let listed: Vec<_> = tools.iter().map(|tool| tool.name.as_ref()).collect();
        assert_eq!(listed, names);
        let text = serde_json::to_string(&tools).expect("JSON");
        println!("tools/list with access {access}: {} tokens", tokens(&text));
        assert!(tokens(&text) <= 1_500, "{access}: {}", tokens(&text));
    }
}

#[tokio::test]
async fn no_tool_reaches_above_the_access() {
    let sandbox = sandbox().await;
    for access in [Access::Read, Access::Write] {
        let session = connected(&sandbox, access).await;
        for operation in OPERATIONS.iter().filter(|it| !access.allows(Level::highest(it))) {
            let mut arguments = serde_json::Map::new();
            for parameter in operation.parameters.iter().filter(|it| it.required) {
                arguments.insert(parameter.name.into(), parameter.example.into());
            }
            let mut call = json!({"operation": operation.id, "arguments": arguments});
            if operation.id == "tickets_add_comment" {
                // Its example is internal.
                call["body"] =
                    json!({"CommentText": "Hello", "TechnicianCommentDetails": {"TechnicianId": 77}});
            } else if let Some(example) = operation.example {
                call["body"] = serde_json::from_str(example).expect("JSON");
            }
            for tool in ["read", "write", "destroy"] {
                let params = rmcp::model::CallToolRequestParams::new(tool)
                    .with_arguments(call.as_object().expect("an object").clone());
                match session.client.call_tool(params).await {
                    Ok(result) => {
                        let content = result.structured_content.expect("content");
                        assert!(
                            matches!(kind(&content), "not_allowed" | "invalid_request"),
                            "{access} {tool} {}: {content}",
                            operation.id
                        );
                    }
                    Err(error) => assert!(error.to_string().contains("no tool"), "{error}"),
                }
            }
        }
    }
    assert_eq!(changes(&sandbox), 0);
}
