//! `atera mirror changes --webhook` and `atera mirror webhooks`.

use std::{
    os::unix::fs::PermissionsExt,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
};

use axum::http::StatusCode;

use super::*;

pub(super) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A file with the secret.
pub(super) fn secret_file(place: &Place) -> String {
    let path = place.folder.path().join("secret");
    fs::write(&path, format!("# of the test\n{SECRET}\n")).expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its permissions");
    path.display().to_string()
}

/// A receiver that answers a status, and wants to be left alone for an hour after a failure, so that no other attempt is due in a test.
/// Returns its address.
async fn receiver(status: Arc<AtomicU16>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!("http://{}/hidden", listener.local_addr().expect("an address"));
    let answer = move || {
        let status = status.load(Ordering::SeqCst);
        async move {
            (
                StatusCode::from_u16(status).expect("a status"),
                [("retry-after", "3600")],
            )
        }
    };
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
    url
}

pub(super) async fn rename(sandbox: &Sandbox, id: i64, title: &str) {
    let body = UpdateTicket {
        ticket_title: Some(title.to_string()),
        ..UpdateTicket::default()
    };
    let client = sandbox.client().expect("a client");
    client.tickets().update(id, body).await.expect("it is changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_sent_and_what_fails_is_listed() {
    for place in Place::both() {
        let sandbox = place.mirrored(small(), &["--only", "tickets"]).await;
        let status = Arc::new(AtomicU16::new(204));
        let (url, secret) = (receiver(status.clone()).await, secret_file(&place));
        let send = async |more: &[&str]| {
            let flags = [
                "changes",
                "--webhook",
                &url,
                "--secret-file",
                &secret,
                "--name",
                "crm",
            ];
            place.run(&[&flags, more].concat()).await
        };
        let sent = send(&["--after", "now"]).await;
        assert_success(&sent);
        assert_eq!((stdout(&sent), stderr(&sent)), ("", "0 changes delivered\n"));
        let ids = place
            .ask("SELECT ticket_id FROM tickets ORDER BY 1 LIMIT 2")
            .await;
        let ids: Vec<i64> = ids.lines().map(|line| line.parse().expect("an id")).collect();
        rename(&sandbox, ids[0], "one").await;
        assert_success(&place.sync(&sandbox, &["--only", "tickets"]).await);
        // It goes on where it was.
        let sent = send(&["--after", "now"]).await;
        assert_eq!(stderr(&sent), "1 change delivered\n", "{sent:?}");

        status.store(500, Ordering::SeqCst);
        rename(&sandbox, ids[0], "two").await;
        assert_success(&place.sync(&sandbox, &["--only", "tickets"]).await);
        let failed = send(&["--retry-delay", "30d"]).await;
        assert_eq!(failed.status.code(), Some(5), "{failed:?}");
        for says in [
            "attempt 1, the next attempt is at ",
            "\n0 changes delivered; 1 waits, the next attempt is at ",
            "500 Internal Server Error; they are kept",
        ] {
            assert!(stderr(&failed).contains(says), "{says}: {failed:?}");
        }
        assert!(!stderr(&failed).contains("hidden"), "{failed:?}");
        assert_failure(
            &send(&["--quiet"]).await,
            8,
            "its receiver failed before; they are kept",
        );
        let listed = json(&place.run(&["webhooks", "list", "-o", "json"]).await);
        assert_eq!(
            (&listed[0]["Name"], &listed[0]["Waiting"]),
            (&"crm".into(), &1.into())
        );
        let kept = place.run(&["webhooks", "remove", "crm"]).await;
        assert_failure(&kept, 2, "does not have 1 change,");

        // Another one that gives up at once.
        let other = [
            "--name",
            "erp",
            "--give-up-after",
            "1ms",
            "--retry-delay",
            "30d",
            "--after",
            "0",
            "--quiet",
        ];
        let flags = ["changes", "--webhook", &url, "--secret-file", &secret];
        let dead = place.run(&[&flags[..], &other].concat()).await;
        assert_failure(&dead, 1, "`atera mirror webhooks dead erp` lists them");
        let listed = place.run(&["webhooks", "list", "-o", "json"]).await;
        assert_eq!(listed.status.code(), Some(1), "{listed:?}");
        let listed: Value = serde_json::from_str(stdout(&listed)).expect("JSON");
        assert_eq!(
            (&listed[1]["Dead"], &listed[1]["Blocked"]),
            (&120.into(), &2.into())
        );
        let letters = json(&place.run(&["webhooks", "dead", "erp", "-o", "json"]).await);
        assert_eq!(letters.as_array().map(Vec::len), Some(120));
        let first = letters[0]["Cursor"].as_str().expect("a cursor");
        let dropped = place.run(&["webhooks", "discard", "erp", first]).await;
        assert_eq!(stderr(&dropped), "1 change is dropped\n");
        let unknown = place.run(&["webhooks", "redeliver", "erp", first]).await;
        assert_failure(&unknown, 2, "has no dead letter");
        let again = place.run(&["webhooks", "redeliver", "erp", "--all"]).await;
        assert_eq!(stderr(&again), "119 changes are sent again\n");
        status.store(204, Ordering::SeqCst);
        let sent = place.run(&[&flags[..], &["--name", "erp"]].concat()).await;
        assert_eq!(stderr(&sent), "121 changes delivered\n", "{sent:?}");
        assert_success(&place.run(&["webhooks", "remove", "erp"]).await);
        assert_success(&place.run(&["webhooks", "remove", "crm", "--yes"]).await);
        let none = json(&place.run(&["webhooks", "list", "-o", "json"]).await);
        assert_eq!(none, serde_json::json!([]));
        assert_failure(
            &place.run(&["webhooks", "dead", "crm"]).await,
            2,
            "there is no webhook `crm`",
        );

        status.store(410, Ordering::SeqCst);
        let gone = place
            .run(&[&flags[..], &["--name", "crm", "--follow", "--quiet"]].concat())
            .await;
        assert_failure(&gone, 5, "answered 410 Gone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_encrypted_goes_through_no_proxy() {
    let place = Place::file();
    place.mirrored(small(), &["--only", "tickets"]).await;
    let (url, secret) = (receiver(Arc::new(AtomicU16::new(204))).await, secret_file(&place));
    let arguments = [
        "changes",
        "--webhook",
        &url,
        "--secret-file",
        &secret,
        "--allow-private",
    ];
    let mut send = place.command(&arguments);
    let (proxy, _held) = nobody();
    let proxy = format!("http://{proxy}");
    send.env("http_proxy", &proxy)
        .env("HTTP_PROXY", &proxy)
        .env_remove("no_proxy")
        .env_remove("NO_PROXY");
    let sent = output(send).await;
    assert_success(&sent);
    assert_eq!(stderr(&sent), "120 changes delivered\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_ends_when_its_webhook_is_removed() {
    let place = Place::file();
    place.mirrored(small(), &["--only", "tickets"]).await;
    let status = Arc::new(AtomicU16::new(204));
    let (url, secret) = (receiver(status.clone()).await, secret_file(&place));
    let arguments = [
        "changes",
        "--follow",
        "--every",
        "1ms",
        "--webhook",
        &url,
        "--secret-file",
        &secret,
        "--name",
        "crm",
    ];
    let (mut child, lines) = started(place.command(&arguments));
    let mut is_delivered = false;
    for _ in 0..1000 {
        let listed = json(&place.run(&["webhooks", "list", "-o", "json"]).await);
        is_delivered = listed[0]["Delivered"] == 120;
        if is_delivered {
            break;
        }
    }
    // One that sent them again would end by this.
    status.store(410, Ordering::SeqCst);
    let removed = place.run(&["webhooks", "remove", "crm"]).await;
    if !is_delivered || !removed.status.success() {
        child.kill().expect("it is killed");
        panic!("{is_delivered} {removed:?}");
    }
    let (code, said) = aside(move || (child.wait().expect("it ends").code(), Vec::from_iter(lines))).await;
    assert_eq!(code, Some(2), "{said:?}");
    assert!(
        said.last()
            .is_some_and(|line| line.contains("the webhook crm was removed")),
        "{said:?}"
    );
    let none = json(&place.run(&["webhooks", "list", "-o", "json"]).await);
    assert_eq!(none, serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_follows_is_the_only_one_that_sends() {
    for place in Place::both() {
        place.mirrored(small(), &["--only", "tickets"]).await;
        let (url, secret) = (receiver(Arc::new(AtomicU16::new(204))).await, secret_file(&place));
        let flags = [
            "changes",
            "--webhook",
            &url,
            "--secret-file",
            &secret,
            "--name",
            "crm",
        ];
        let following = [&flags[..], &["--follow", "--every", "1h"]].concat();
        let (mut child, mut lines) = started(place.command(&following));
        // It has been through its first look, and waits for the next one.
        let (said, lines) = aside(move || {
            let said: Vec<_> = lines.by_ref().take(2).collect();
            (said, lines)
        })
        .await;
        let once = place.run(&flags).await;
        let second = place.run(&[&following[..], &["--quiet"]].concat()).await;
        let (code, rest) = aside(move || {
            signal("TERM", &child);
            (child.wait().expect("it ends").code(), Vec::from_iter(lines))
        })
        .await;
        assert_eq!(
            said,
            [
                "sending changes to the webhook crm as they come, with a look every 1h",
                "120 changes delivered"
            ]
        );
        assert_failure(
            &once,
            2,
            "the changes for the webhook crm are being sent: process ",
        );
        assert_failure(
            &second,
            2,
            "the changes for the webhook crm are being sent: process ",
        );
        assert_eq!((code, rest), (Some(0), vec!["120 changes delivered".to_string()]));
        let after = place.run(&flags).await;
        assert_success(&after);
        assert_eq!(stderr(&after), "0 changes delivered\n");
    }
}

#[tokio::test]
async fn addresses_and_secrets_are_checked_first() {
    let place = Place::file();
    let secret = secret_file(&place);
    let open = place.folder.path().join("open");
    fs::copy(&secret, &open).expect("a file");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o640)).expect("its permissions");
    let open = open.display().to_string();
    let url = "https://hooks.example.com/hidden";
    for (arguments, says) in [
        (
            &["http://hooks.example.com/hidden", "--secret-file", &secret][..],
            "it is not https",
        ),
        (
            &["https://169.254.169.254/hidden", "--secret-file", &secret],
            "allow it with --allow-private",
        ),
        (
            &["https://10.0.0.7/hidden", "--secret-file", &secret],
            "in a private network",
        ),
        (&[url, "--secret-file", &open], "mode 640"),
        (
            &[url, "--secret-file", "/none"],
            "the secret file /none cannot be read",
        ),
        (
            &[url, "--secret-file", &secret, "--name", "a/b"],
            "is no name for a webhook",
        ),
        (
            &[url, "--secret-file", &secret, "--limit", "3"],
            "cannot be used with",
        ),
        (
            &[url, "--secret-file", &secret, "-o", "json"],
            "--output has no effect with --webhook",
        ),
        (&[url, "--secret-file", &secret], "there is no mirror in "),
    ] {
        let refused = place.run(&[&["changes", "--webhook"], arguments].concat()).await;
        assert_failure(&refused, 2, says);
        assert!(
            !stderr(&refused).contains("hidden") && !stderr(&refused).contains("whsec"),
            "{refused:?}"
        );
    }
}
