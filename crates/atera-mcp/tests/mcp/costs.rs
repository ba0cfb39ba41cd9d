//! What a model has to read. Characters / 4 are about tokens.

use atera::description::{Field, Kind, OPERATIONS, Schema};

use super::*;

/// How many tokens a text takes, about.
fn tokens(text: &str) -> usize {
    text.chars().count().div_ceil(4)
}

/// The JSON schema of a type, as a tool for each operation would carry it.
fn schema(kind: Kind, depth: usize) -> Value {
    let object = |schema: &Schema| {
        let fields = schema.fields.iter();
        let properties: serde_json::Map<_, _> = fields
            .map(|field: &Field| {
                let mut property = self::schema(field.kind, depth + 1);
                if !field.description.is_empty() {
                    property["description"] = json!(field.description);
                }
                (field.name.to_string(), property)
            })
            .collect();
        let required: Vec<_> = schema
            .fields
            .iter()
            .filter(|it| it.required)
            .map(|it| it.name)
            .collect();
        json!({"type": "object", "properties": properties, "required": required})
    };
    match kind {
        Kind::Integer => json!({"type": "integer"}),
        Kind::Number => json!({"type": "number"}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Enum { values, .. } => json!({"type": "string", "enum": values}),
        Kind::Object(schema) if depth < 4 => object(schema),
        Kind::Array(kind) => json!({"type": "array", "items": self::schema(*kind, depth + 1)}),
        _ => json!({"type": "string"}),
    }
}

/// A tool for each operation, as servers have them that are made of the description: its arguments and body, and no answer.
fn tool_per_operation() -> String {
    let tools = OPERATIONS.iter().map(|operation| {
        let mut properties = serde_json::Map::new();
        for parameter in operation.parameters {
            let mut property = schema(parameter.kind, 0);
            property["description"] = json!(parameter.description);
            properties.insert(parameter.name.to_string(), property);
        }
        if let Some(body) = operation.body {
            properties.insert("body".to_string(), schema(body, 0));
        }
        let required: Vec<_> = operation
            .parameters
            .iter()
            .filter(|it| it.required)
            .map(|it| it.name)
            .collect();
        json!({
            "name": operation.id,
            "description": operation.description,
            "inputSchema": {"type": "object", "properties": properties, "required": required},
        })
    });
    Value::Array(tools.collect()).to_string()
}

#[tokio::test]
async fn the_tools_take_at_most_1500_tokens() {
    let sandbox = sandbox().await;
    for access in [Access::Read, Access::Write, Access::Full] {
        let session = connected(&sandbox, access).await;
        let tools = session.client.list_tools(None).await.expect("tools").tools;
        let text = serde_json::to_string(&tools).expect("JSON");
        println!("tools/list with access {access}: {} tokens", tokens(&text));
        assert!(tokens(&text) <= 1_500, "{access}: {}", tokens(&text));
    }
    #[cfg(feature = "mirror")]
    {
        let folder = tempfile::tempdir().expect("a folder");
        let session = super::mirror::connected(&sandbox, Access::Full, folder.path()).await;
        let tools = session.client.list_tools(None).await.expect("tools").tools;
        let text = serde_json::to_string(&tools).expect("JSON");
        println!(
            "tools/list with access full and a mirror: {} tokens",
            tokens(&text)
        );
        assert!(tokens(&text) <= 1_500, "{}", tokens(&text));
    }
    let per_operation = tokens(&tool_per_operation());
    println!("a tool per operation: {per_operation} tokens");
    assert!(per_operation > 20_000, "{per_operation}");
}

#[tokio::test]
async fn answers_are_short() {
    let sandbox = sandbox().await;
    let session = connected(&sandbox, Access::Full).await;
    let fields = json!([
        "TicketID",
        "TicketTitle",
        "TicketStatus",
        "TicketPriority",
        "CustomerName"
    ]);
    for (tool, arguments, most) in [
        ("search", json!({"words": "reply to a ticket"}), 400),
        ("search", json!({}), 500),
        ("describe", json!({"operation": "tickets_add_comment"}), 500),
        ("describe", json!({"operation": "tickets_list"}), 700),
        ("describe", json!({"operation": "contracts_create"}), 3_000),
        ("read", json!({"operation": "tickets_list", "count": true}), 30),
        (
            "read",
            json!({"operation": "tickets_list", "limit": 20, "fields": fields}),
            1_100,
        ),
        ("read", json!({"operation": "tickets_list", "limit": 50}), 8_000),
        (
            "read",
            json!({"operation": "tickets_get", "arguments": {"ticketId": 54321}}),
            900,
        ),
    ] {
        let result = session.result(tool, arguments.clone()).await;
        let text = &result.content[0].as_text().expect("text").text;
        println!("{tool} {arguments}: {} tokens", tokens(text));
        assert!(tokens(text) <= most, "{tool} {arguments}: {}", tokens(text));
    }
}
