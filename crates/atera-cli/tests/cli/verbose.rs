//! `--verbose` and `ATERA_LOG`.

use super::*;

#[tokio::test]
async fn each_request_is_a_line_with_what_became_of_it() {
    let faults = "tickets_get:5xx=1*1".parse().expect("faults");
    let sandbox = Sandbox::builder()
        .faults(faults)
        .start()
        .await
        .expect("a sandbox");
    let told = ask(&sandbox, &["tickets", "get", "54321", "--verbose", "-o", "json"]).await;
    assert_success(&told);
    assert_eq!(json(&told)["TicketID"], 54321);
    let lines: Vec<_> = stderr(&told).lines().collect();
    let call = |line: &str| line.starts_with("GET /tickets/{ticketId} (tickets_get): ");
    assert!(lines.iter().all(|line| call(line)), "{told:?}");
    assert!(
        lines[0].contains("attempt 1, status 5") && lines[0].contains("error server"),
        "{told:?}"
    );
    assert!(
        lines[1].contains("sent again after a delay, retry 1, of 4, delay "),
        "{told:?}"
    );
    let last = lines.last().expect("a line");
    assert!(
        last.contains("attempt 2, status 200, bytes ") && last.contains("duration "),
        "{told:?}"
    );
}

#[tokio::test]
async fn the_values_of_a_request_and_the_key_are_in_no_log() {
    let sandbox = sandbox().await;
    for (arguments, log) in [
        (&["--verbose"][..], ""),
        (&[][..], "trace"),
        (&["--verbose"], "atera=trace,hyper_util=trace"),
    ] {
        let list = ["contacts", "list", "--email", "someone@example.com"];
        let mut command = against(&sandbox, &[&list[..], arguments].concat());
        command.env("ATERA_LOG", log);
        let told = output(command).await;
        assert_success(&told);
        let told = stderr(&told);
        assert!(told.contains("/contacts"), "{told}");
        assert!(!told.contains(sandbox.api_key()), "{told}");
        assert!(!told.contains("someone"), "{told}");
        assert_eq!(told.contains("TRACE"), log.contains("trace"), "{told}");
    }
}

#[tokio::test]
async fn a_request_to_any_path_is_told_by_the_path_of_its_operation() {
    let sandbox = sandbox().await;
    for (path, told) in [
        (
            "/tickets/54321",
            "GET /tickets/{ticketId}: attempt 1, status 200, ",
        ),
        (
            "/people/maya",
            "GET (path not in the description): attempt 1, status 404, ",
        ),
    ] {
        let asked = ask(&sandbox, &["api", "GET", path, "--verbose"]).await;
        assert!(stderr(&asked).contains(told), "{asked:?}");
        let lines: Vec<_> = stderr(&asked)
            .lines()
            .filter(|line| !line.starts_with("atera: "))
            .collect();
        assert!(
            lines
                .iter()
                .all(|line| !line.contains("maya") && !line.contains("untyped")),
            "{lines:?}"
        );
    }
}

#[tokio::test]
async fn a_filter_that_is_none_is_refused_and_an_empty_one_is_as_none() {
    let sandbox = sandbox().await;
    let with = |log: &str| {
        let mut command = against(&sandbox, &["tickets", "get", "54321"]);
        command.env("ATERA_LOG", log);
        output(command)
    };
    assert_failure(&with("atera=loud").await, 2, "ATERA_LOG is not a filter");
    let silent = with("").await;
    assert_success(&silent);
    assert_eq!(stderr(&silent), "");
}
