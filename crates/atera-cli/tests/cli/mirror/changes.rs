//! `atera mirror changes`.

use super::*;

/// The changes that a run has printed, a line each.
pub(super) fn changes(output: &Output) -> Vec<Value> {
    assert_success(output);
    let lines = stdout(output).lines();
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_told_from_a_cursor_on() {
    for place in Place::both() {
        let sandbox = start(small()).await;
        let missing = place.run(&["changes"]).await;
        assert_failure(&missing, 2, "sync first");
        assert_success(&place.sync(&sandbox, &["--only", "tickets,customers"]).await);
        let all = place.run(&["changes"]).await;
        let lines = changes(&all);
        assert_eq!(lines.len(), 132);
        assert!(
            lines
                .iter()
                .all(|line| line["kind"] == "insert" && line["before"].is_null())
        );
        let last = lines[131]["cursor"].as_str().expect("a cursor").to_string();
        assert!(
            stderr(&all).starts_with(&format!(
                "132 changes; --after {last} goes on from there\ncustomers: "
            )),
            "{all:?}"
        );

        let client = sandbox.client().expect("a client");
        let tickets: Vec<_> = lines.iter().filter(|line| line["table"] == "tickets").collect();
        let id = |line: &Value| {
            line["id"]
                .as_str()
                .expect("an id")
                .parse::<i64>()
                .expect("a number")
        };
        let (changed, gone) = (id(tickets[3]), id(tickets[7]));
        let body = UpdateTicket {
            ticket_title: Some("Renamed\nhere".to_string()),
            ..UpdateTicket::default()
        };
        client
            .tickets()
            .update(changed, body)
            .await
            .expect("it is changed");
        client.tickets().delete(gone).await.expect("it is deleted");
        assert_success(&place.sync(&sandbox, &["--only", "tickets,customers"]).await);
        let later = place
            .run(&["changes", "--after", &last, "--only", "tickets", "--quiet"])
            .await;
        assert_eq!(stderr(&later), "");
        let later = changes(&later);
        let shown: Vec<_> = later
            .iter()
            .map(|line| (line["kind"].as_str().expect("a kind"), id(line)))
            .collect();
        assert_eq!(shown, [("update", changed), ("delete", gone)]);
        assert_eq!(later[0]["before"], tickets[3]["after"]);
        assert_eq!(later[0]["after"]["TicketTitle"], "Renamed\nhere");
        assert_eq!(
            (&later[1]["before"], &later[1]["after"]),
            (&tickets[7]["after"], &Value::Null)
        );
        // What a record was does not depend on when its change is read.
        assert_eq!(changes(&place.run(&["changes", "--limit", "132"]).await), lines);

        let first = place
            .run(&[
                "changes", "--after", &last, "--limit", "1", "-o", "csv", "--select", "id,kind",
            ])
            .await;
        assert_eq!(stdout(&first), format!("id,kind\n{changed},update\n"));
        assert!(
            stderr(&first).starts_with("1 change, and there are more; --after "),
            "{first:?}"
        );
        let none = place.run(&["changes", "--after", "now"]).await;
        assert_eq!(stdout(&none), "");
        let end = later[1]["cursor"].as_str().expect("a cursor");
        assert!(
            stderr(&none).starts_with(&format!("0 changes; --after {end} ")),
            "{none:?}"
        );
        for (cursor, says) in [
            ("9999-00000000", "it lies beyond the last change, "),
            ("1-00000000", "it is of another mirror"),
            ("yesterday", "`yesterday` is no cursor: "),
        ] {
            assert_failure(&place.run(&["changes", "--after", cursor]).await, 2, says);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_followed_until_a_signal() {
    for place in Place::both() {
        let sandbox = place.mirrored(small(), &["--only", "tickets"]).await;
        let before = place.run(&["changes", "--limit", "120"]).await;
        let last = changes(&before).remove(119)["cursor"]
            .as_str()
            .expect("a cursor")
            .to_string();
        let mut follow = place.command(&["changes", "--after", &last, "--follow", "--every", "1ms"]);
        follow.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = follow.spawn().expect("the command runs");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let client = sandbox.client().expect("a client");
        let id: i64 = place
            .ask("SELECT min(ticket_id) FROM tickets")
            .await
            .trim()
            .parse()
            .expect("an id");
        for title in ["one", "two"] {
            let body = UpdateTicket {
                ticket_title: Some(title.to_string()),
                ..UpdateTicket::default()
            };
            client.tickets().update(id, body).await.expect("it is changed");
            assert_success(&place.sync(&sandbox, &["--only", "tickets"]).await);
        }
        let (ended, seen) = aside(move || {
            let seen: Vec<_> = lines.by_ref().take(2).map(|line| line.expect("text")).collect();
            signal("TERM", &child);
            assert_eq!(lines.count(), 0);
            (child.wait_with_output().expect("it ends"), seen)
        })
        .await;
        let seen: Vec<Value> = seen
            .iter()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_eq!(seen[0]["after"]["TicketTitle"], "one");
        assert_eq!(
            (&seen[1]["before"], &seen[1]["after"]["TicketTitle"]),
            (&seen[0]["after"], &"two".into())
        );
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        let cursor = seen[1]["cursor"].as_str().expect("a cursor");
        assert_eq!(
            stderr(&ended),
            format!(
                "following the changes after {last}, with a look every 1ms\n2 changes; --after {cursor} goes on from there\n"
            )
        );

        // The limit ends it as well.
        let ended = place
            .run(&["changes", "--follow", "--every", "1h", "--limit", "120"])
            .await;
        assert_eq!(changes(&ended).len(), 120);
    }
    for flags in [&["-o", "table"][..], &["--sort", "id"], &["--output-file", "f"]] {
        let arguments = [&["mirror", "changes", "--follow"], flags].concat();
        assert_failure(&output(atera(&arguments)).await, 2, "prints changes as they come");
    }
}
