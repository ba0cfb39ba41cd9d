//! Start, stop and address.

use atera::ErrorKind;
use atera_sandbox::Sandbox;
use tokio::net::TcpStream;

use crate::wire::get;

#[tokio::test]
async fn it_listens_on_this_machine_with_a_key_in_the_legacy_form() -> atera::Result<()> {
    let sandbox = Sandbox::builder().start().await?;

    let base_url = sandbox.base_url();
    let port = base_url
        .strip_prefix("http://127.0.0.1:")
        .and_then(|rest| rest.strip_suffix("/api/v3"));
    assert!(
        port.is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0)),
        "{base_url}"
    );
    let key = sandbox.api_key();
    assert!(
        key.len() == 32
            && key
                .chars()
                .all(|it| it.is_ascii_lowercase() || it.is_ascii_digit()),
        "{key}"
    );
    assert_eq!(sandbox.client()?.base_url(), base_url);
    Ok(())
}

#[tokio::test]
async fn dropping_it_stops_the_server() -> atera::Result<()> {
    let sandbox = Sandbox::builder().tickets(1).start().await?;
    assert_eq!(get(&sandbox, "/account").await.status, 200);
    let address = sandbox.base_url()["http://".len()..].replace("/api/v3", "");

    drop(sandbox);

    // The server stops when its task runs, so this task has to yield a few times.
    for _ in 0..1_000 {
        if TcpStream::connect(&address).await.is_err() {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
    panic!("it still listens");
}

#[tokio::test]
async fn dropping_the_future_of_serve_stops_the_server() -> atera::Result<()> {
    let sandbox = Sandbox::builder().tickets(1).start().await?;
    let address = sandbox.base_url()["http://".len()..].replace("/api/v3", "");

    tokio::select! {
        biased;
        served = sandbox.serve() => panic!("it ended by itself: {served:?}"),
        connected = TcpStream::connect(&address) => assert!(connected.is_ok()),
    }

    for _ in 0..1_000 {
        if TcpStream::connect(&address).await.is_err() {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
    panic!("it still listens");
}

#[tokio::test]
async fn a_port_that_is_taken_is_refused_by_number() -> atera::Result<()> {
    let first = Sandbox::builder().tickets(1).start().await?;
    let port = first.base_url()["http://127.0.0.1:".len()..].replace("/api/v3", "");

    let second = Sandbox::builder()
        .port(port.parse().expect("a port"))
        .start()
        .await;

    let error = second.expect_err("the port is taken");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains(&port), "{error}");
    Ok(())
}
