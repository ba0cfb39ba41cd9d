//! `destroy` over HTTP, where there is no session: a person is asked in the answer to a call, and the host calls again with the
//! answer, over another connection.

use std::net::SocketAddr;

use atera_mcp::{HttpServer, Token};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};

use super::*;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// The newest version of the protocol, which is without sessions, and the one before.
const NEWEST: &str = "2026-07-28";
const OLDER: &str = "2025-11-25";

/// A server of full access that listens, until it is dropped.
struct Served {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Served {
    async fn start(sandbox: &Sandbox) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        std::fs::write(&file, TOKEN).expect("a file");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("a mode");
        }
        let token = Token::from_file(&file).expect("a token");
        let http = HttpServer::builder(server(sandbox, Access::Full), token)
            .address(([127, 0, 0, 1], 0).into())
            .bind()
            .await
            .expect("a port");
        Served {
            address: http.address(),
            serving: tokio::spawn(http.serve(std::future::pending())),
        }
    }

    /// What a host of this version gets for a call of `destroy`, over a connection of its own. It can ask a person or not, as it
    /// says in the call.
    async fn destroy(&self, version: &str, can_ask: bool, mut params: Value) -> Value {
        params["name"] = json!("destroy");
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": version,
            "io.modelcontextprotocol/clientInfo": {"name": "host", "version": "1.0"},
            "io.modelcontextprotocol/clientCapabilities": if can_ask { json!({"elicitation": {"form": {}}}) } else { json!({}) },
        });
        let body = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params}).to_string();
        let request = format!(
            "POST /mcp HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\nAccept: \
             application/json, text/event-stream\r\nMCP-Protocol-Version: {version}\r\nMcp-Method: tools/call\r\nMcp-Name: \
             destroy\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let mut connection = TcpStream::connect(self.address).await.expect("it listens");
        connection.write_all(request.as_bytes()).await.expect("it reads");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a body");
        assert!(head.starts_with("HTTP/1.1 200 "), "{answer}");
        let body: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"));
        body["result"].clone()
    }

    /// The handle of the question that a call ends with.
    async fn asked(&self, arguments: &Value) -> String {
        let asked = self.destroy(NEWEST, true, json!({"arguments": arguments})).await;
        assert_eq!(asked["resultType"], "input_required", "{asked}");
        let question = &asked["inputRequests"]["confirm"]["params"];
        let message = question["message"].as_str().expect("text");
        assert!(
            message.contains("Delete a customer") && message.ends_with("To confirm, type: Harbor Dental"),
            "{message}"
        );
        asked["requestState"].as_str().expect("a handle").to_string()
    }

    /// What comes of the same call with the answer of a person.
    async fn answered(&self, arguments: &Value, state: &str, reply: &Value) -> Value {
        let again =
            json!({"arguments": arguments, "requestState": state, "inputResponses": {"confirm": reply}});
        self.destroy(NEWEST, true, again).await["structuredContent"].clone()
    }
}

/// The deletion of a customer.
fn deletion() -> Value {
    json!({"operation": "customers_delete", "arguments": {"customerId": 1201}})
}

fn typed(name: &str) -> Value {
    json!({"action": "accept", "content": {"name": name}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_deleted_once_a_person_has_typed_its_name() {
    let sandbox = sandbox().await;
    let served = Served::start(&sandbox).await;
    let state = served.asked(&deletion()).await;
    assert_eq!(changes(&sandbox), 0);
    let done = served
        .answered(&deletion(), &state, &typed("Harbor Dental"))
        .await;
    assert_eq!(done["applied"], "yes", "{done}");
    assert_eq!(changes(&sandbox), 1);
    // The answer was for that time.
    let other = json!({"operation": "customers_delete", "arguments": {"customerId": 1202}});
    let replayed = served.answered(&other, &state, &typed("Harbor Dental")).await;
    assert_eq!(kind(&replayed), "not_confirmed", "{replayed}");
    assert_eq!(changes(&sandbox), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_yes_of_a_person_nothing_is_changed() {
    let sandbox = sandbox().await;
    let served = Served::start(&sandbox).await;
    for reply in [
        typed("harbor dental"),
        typed(""),
        json!({"action": "accept"}),
        json!({"action": "decline"}),
        json!({"action": "cancel"}),
        json!("yes"),
        Value::Null,
    ] {
        let state = served.asked(&deletion()).await;
        let failed = served.answered(&deletion(), &state, &reply).await;
        assert_eq!(
            (kind(&failed), applied(&failed)),
            ("not_confirmed", "no"),
            "{reply}"
        );
        // Nor does the handle count a second time, with the right name.
        let failed = served
            .answered(&deletion(), &state, &typed("Harbor Dental"))
            .await;
        assert_eq!(kind(&failed), "not_confirmed", "{reply}");
    }
    // A yes to another record, and one to no question.
    let state = served.asked(&deletion()).await;
    let other = json!({"operation": "customers_delete", "arguments": {"customerId": 1202}});
    for (arguments, state) in [(&other, state.as_str()), (&deletion(), "made-up")] {
        let failed = served.answered(arguments, state, &typed("Harbor Dental")).await;
        assert_eq!(kind(&failed), "not_confirmed", "{failed}");
    }
    // Another server has not asked.
    let state = served.asked(&deletion()).await;
    let another = Served::start(&sandbox).await;
    let failed = another
        .answered(&deletion(), &state, &typed("Harbor Dental"))
        .await;
    assert_eq!(kind(&failed), "not_confirmed", "{failed}");
    assert_eq!(changes(&sandbox), 0);
}

/// A host that cannot ask, and versions of the protocol that can ask only within a session, whatever they say that they can.
#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_can_be_asked_nothing_is_changed() {
    let sandbox = sandbox().await;
    let served = Served::start(&sandbox).await;
    let answer = json!({"confirm": typed("Harbor Dental")});
    for (version, can_ask) in [
        (NEWEST, false),
        (OLDER, false),
        (OLDER, true),
        ("2025-06-18", true),
    ] {
        for params in [
            json!({"arguments": deletion()}),
            json!({"arguments": deletion(), "requestState": "made-up", "inputResponses": answer}),
        ] {
            let refused = served.destroy(version, can_ask, params).await["structuredContent"].clone();
            assert_eq!(
                (kind(&refused), applied(&refused)),
                ("not_confirmed", "no"),
                "{version}"
            );
            let next = refused["error"]["next"].as_str().expect("text");
            assert!(next.ends_with("atera customers delete 1201"), "{version}: {next}");
        }
    }
    assert_eq!(changes(&sandbox), 0);
}
