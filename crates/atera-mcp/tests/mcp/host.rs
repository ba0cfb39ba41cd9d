//! A host in the same process: it lists and calls tools, and answers questions as a person would.

use atera_mcp::AteraServer;
use rmcp::{
    ClientHandler, RoleClient,
    model::{CallToolRequestParams, CallToolResult, ClientCapabilities, ClientConfig},
    service::RunningService,
};
use serde_json::Value;

/// A host.
#[derive(Clone, Default)]
pub(crate) struct Host;

impl ClientHandler for Host {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::new(
            ClientCapabilities::default(),
            rmcp::model::Implementation::new("host", "1"),
        )
    }
}

/// A host that is connected to a server.
pub(crate) struct Session {
    pub(crate) client: RunningService<RoleClient, Host>,
}

impl Host {
    /// Connects it to a server, over pipes in memory.
    pub(crate) async fn connect(self, server: AteraServer) -> Session {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let serving = tokio::spawn(rmcp::serve_server(server, far));
        let client = rmcp::serve_client(self, near).await.expect("a connection");
        let server = serving.await.expect("no panic").expect("a connection");
        tokio::spawn(server.waiting());
        Session { client }
    }
}

impl Session {
    /// Calls a tool.
    pub(crate) async fn result(&self, tool: &str, arguments: Value) -> CallToolResult {
        let Value::Object(arguments) = arguments else {
            panic!("arguments are an object");
        };
        let params = CallToolRequestParams::new(tool.to_string()).with_arguments(arguments);
        self.client.call_tool(params).await.expect("an answer")
    }

    /// Calls a tool, and gives its structured content.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Value {
        let result = self.result(tool, arguments).await;
        let structured = result.structured_content.expect("structured content");
        assert_eq!(
            result.is_error == Some(true),
            structured.get("error").is_some(),
            "{structured}"
        );
        structured
    }
}
