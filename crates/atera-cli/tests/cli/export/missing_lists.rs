//! Lists that an export cannot read: what it says of them, how it ends, and what the next run does.

use super::*;

/// A service with one ticket, one contact and one agent. A list answers with the status that `status` has for its path.
async fn three_lists(status: impl Fn(&str) -> StatusCode + Send + 'static) -> String {
    service_of_paths(move |path, page, _| {
        let (list, field) = match path.rsplit('/').next() {
            Some("tickets") => ("tickets", "TicketID"),
            Some("contacts") => ("contacts", "EndUserID"),
            _ => ("agents", "AgentID"),
        };
        match status(list) {
            StatusCode::OK if page == 1 => (
                StatusCode::OK,
                json!({"items": [{field: 1}], "totalItemCount": 1, "totalPages": 1}),
            ),
            StatusCode::OK => (
                StatusCode::OK,
                json!({"items": [], "totalItemCount": 1, "totalPages": 1}),
            ),
            status => (status, json!({"Message": "not so"})),
        }
    })
    .await
}

async fn exported(service: &str, dir: &Path, arguments: &[&str]) -> Output {
    let mut command = export_from(service, dir, &["--max-attempts", "1"]);
    command.args(arguments);
    output(command).await
}

fn states(dir: &Path) -> Vec<String> {
    let manifest = manifest(dir);
    let lists = manifest["lists"].as_array().expect("lists").iter();
    lists
        .map(|list| {
            format!(
                "{}: {}",
                list["name"].as_str().expect("a name"),
                list["state"].as_str().expect("a state")
            )
        })
        .collect()
}

#[tokio::test]
async fn a_list_that_the_key_may_not_read_is_4_and_is_asked_for_again() {
    let allowed = Arc::new(Mutex::new(false));
    let allows = allowed.clone();
    let service = three_lists(
        move |list| match list == "agents" && !*allows.lock().expect("no panic") {
            true => StatusCode::FORBIDDEN,
            false => StatusCode::OK,
        },
    )
    .await;
    let folder = tempfile::tempdir().expect("a folder");
    let lists = ["tickets", "agents"];
    // The second run finds the tickets in the folder, and is refused again. It does not say that all is there.
    for _ in 0..2 {
        let refused = exported(&service, folder.path(), &lists).await;
        assert_eq!(refused.status.code(), Some(4), "{refused:?}");
        let said = stderr(&refused).lines().last().expect("a sentence");
        assert!(
            said.starts_with("atera: without permission for agents: "),
            "{said}"
        );
        assert_eq!(
            states(folder.path()),
            ["tickets: complete", "agents: no permission"]
        );
        assert_eq!(manifest(folder.path())["complete"], false);
    }
    let quiet = exported(&service, folder.path(), &["--quiet", "tickets", "agents"]).await;
    assert_failure(&quiet, 4, "; --allow-partial takes what there is");
    // It is said with --quiet too, because the exit code does not.
    let flags = ["--allow-partial", "--quiet", "tickets", "agents"];
    let partial = exported(&service, folder.path(), &flags).await;
    assert_success(&partial);
    assert!(
        stderr(&partial).contains("without permission for agents") && !stderr(&partial).contains("--allow"),
        "{partial:?}"
    );

    *allowed.lock().expect("no panic") = true;
    assert_success(&exported(&service, folder.path(), &lists).await);
    assert_eq!(states(folder.path()), ["tickets: complete", "agents: complete"]);
    assert_eq!(manifest(folder.path())["complete"], true);
    let again = exported(&service, folder.path(), &lists).await;
    assert_failure(&again, 2, "holds these lists already");
}

#[tokio::test]
async fn of_several_reasons_the_one_that_another_run_helps_least_decides() {
    let service = three_lists(|list| match list {
        "agents" => StatusCode::FORBIDDEN,
        "contacts" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::OK,
    })
    .await;
    let folder = tempfile::tempdir().expect("a folder");
    let failed = exported(&service, folder.path(), &["tickets", "agents", "contacts"]).await;
    assert_eq!(failed.status.code(), Some(4), "{failed:?}");
    let said: Vec<_> = stderr(&failed).lines().collect();
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(
        said[1].starts_with("atera: contacts: ") && said[1].ends_with("; the same command goes on from here"),
        "{said:?}"
    );
    assert!(
        said[2].starts_with("atera: without permission for agents: "),
        "{said:?}"
    );
    assert_eq!(
        states(folder.path()),
        ["tickets: complete", "agents: no permission", "contacts: failed"]
    );
    let error = &manifest(folder.path())["lists"][2]["error"];
    assert!(
        error.as_str().is_some_and(|error| error.contains("not so")),
        "{error}"
    );
}

/// Otherwise a job that may go without some lists would not notice that it has none.
#[tokio::test]
async fn a_partial_export_has_at_least_a_list() {
    let service = three_lists(|_| StatusCode::FORBIDDEN).await;
    let folder = tempfile::tempdir().expect("a folder");
    let refused = exported(
        &service,
        folder.path(),
        &["--allow-partial", "--quiet", "tickets", "agents"],
    )
    .await;
    assert_failure(&refused, 4, "without permission for tickets, agents");
    let told = exported(&service, folder.path(), &["tickets"]).await;
    assert!(stderr(&told).starts_with("no list was read into "), "{told:?}");
}
