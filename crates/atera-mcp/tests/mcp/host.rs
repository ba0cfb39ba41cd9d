//! A host in the same process: it lists and calls tools, and answers questions as a person would.

use std::sync::{Arc, Mutex};

use atera_mcp::AteraServer;
use rmcp::{
    ClientHandler, ClientLifecycleMode, ErrorData, RoleClient,
    model::{
        CallToolRequestParams, CallToolResult, ClientCapabilities, ClientConfig, ElicitRequestParams,
        ElicitResult, ElicitationAction, ElicitationCapability, Implementation, ProgressNotificationParam,
        ProtocolVersion,
    },
    service::{NotificationContext, RequestContext, RunningService},
};
use serde_json::{Value, json};

/// What a person does with a question.
type Person = dyn Fn(&str) -> ElicitResult + Send + Sync;

/// A host.
#[derive(Clone)]
pub(crate) struct Host {
    person: Option<Arc<Person>>,
    is_stateless: bool,
    /// The questions that the person read.
    pub(crate) questions: Arc<Mutex<Vec<String>>>,
    /// How often the server told how far it is.
    pub(crate) progress: Arc<Mutex<Vec<f64>>>,
}

impl Host {
    /// A host that cannot ask anyone.
    pub(crate) fn mute() -> Self {
        Host {
            person: None,
            is_stateless: false,
            questions: Arc::default(),
            progress: Arc::default(),
        }
    }

    /// A host with a person who does this.
    pub(crate) fn with(person: impl Fn(&str) -> ElicitResult + Send + Sync + 'static) -> Self {
        Host {
            person: Some(Arc::new(person)),
            ..Host::mute()
        }
    }

    /// A host with a person who types this.
    pub(crate) fn typing(text: &str) -> Self {
        let text = text.to_string();
        Host::with(move |_| accepted(&text))
    }

    /// The same host, which speaks the version of the protocol without sessions.
    pub(crate) fn stateless(mut self) -> Self {
        self.is_stateless = true;
        self
    }

    /// Connects it to a server, over pipes in memory.
    pub(crate) async fn connect(self, server: AteraServer) -> Session {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let serving = tokio::spawn(async move {
            let running = rmcp::serve_server(server, far).await.expect("a connection");
            running.waiting().await.expect("no panic");
        });
        let lifecycle = match self.is_stateless {
            true => ClientLifecycleMode::Discover {
                preferred_versions: vec![ProtocolVersion::V_2026_07_28],
            },
            false => ClientLifecycleMode::Initialize,
        };
        let client = rmcp::serve_client_with_lifecycle(self.clone(), near, lifecycle)
            .await
            .expect("a connection");
        Session {
            client,
            host: self,
            serving,
        }
    }
}

/// A yes, with this as the name.
pub(crate) fn accepted(name: &str) -> ElicitResult {
    ElicitResult::new(ElicitationAction::Accept).with_content(json!({"name": name}))
}

impl ClientHandler for Host {
    fn get_info(&self) -> ClientConfig {
        let mut capabilities = ClientCapabilities::default();
        capabilities.elicitation = self.person.as_ref().map(|_| ElicitationCapability::default());
        ClientConfig::new(capabilities, Implementation::new("host", "1.0"))
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let ElicitRequestParams::FormElicitationParams { message, .. } = request else {
            return Err(ErrorData::invalid_params("it is no form", None));
        };
        self.questions.lock().expect("a lock").push(message.clone());
        match &self.person {
            Some(person) => {
                let person = person.clone();
                // A person may do something meanwhile that waits.
                tokio::task::spawn_blocking(move || person(&message))
                    .await
                    .map_err(|error| ErrorData::internal_error(error.to_string(), None))
            }
            None => Err(ErrorData::invalid_params("there is nobody", None)),
        }
    }

    async fn on_progress(&self, progress: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        self.progress.lock().expect("a lock").push(progress.progress);
    }
}

/// A host that is connected to a server.
pub(crate) struct Session {
    pub(crate) client: RunningService<RoleClient, Host>,
    pub(crate) host: Host,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The parameters of a call.
pub(crate) fn call(tool: &str, arguments: Value) -> CallToolRequestParams {
    let Value::Object(arguments) = arguments else {
        panic!("arguments are an object");
    };
    CallToolRequestParams::new(tool.to_string()).with_arguments(arguments)
}

impl Session {
    /// Calls a tool.
    pub(crate) async fn result(&self, tool: &str, arguments: Value) -> CallToolResult {
        let params = call(tool, arguments);
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

    /// The questions that the person read.
    pub(crate) fn questions(&self) -> Vec<String> {
        self.host.questions.lock().expect("a lock").clone()
    }
}
