//! Help.

use super::*;

#[tokio::test]
async fn help_is_no_failure_and_has_examples() {
    for (arguments, says) in [
        (&["--help"][..], "custom-values    Fields that a tenant has added"),
        (&["--help"], "130  Ctrl-C"),
        (&["agents", "--help"], "powershell"),
        (&["guide", "--help"], "devices-snmpv3-create"),
        (
            &["tickets", "list", "--help"],
            "atera tickets list --all --output ndjson",
        ),
        (&["tickets", "--help"], "add-comment"),
        (&["tickets", "list", "--help"], "--ticket-status <TEXT>"),
        (&["alerts", "list", "--help"], "Open, Resolved, Snoozed"),
        (&["tickets", "create", "--help"], "--end-user-id <INTEGER>"),
    ] {
        let help = output(atera(arguments)).await;
        assert_success(&help);
        assert!(stdout(&help).contains(says), "{}", stdout(&help));
    }
    let version = output(atera(&["--version"])).await;
    assert_eq!(stdout(&version), format!("atera {}\n", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn help_is_a_command_too() {
    for (arguments, as_with) in [
        (&["help"][..], &["--help"][..]),
        (&["help", "tickets", "list"], &["tickets", "list", "--help"]),
        (&["tickets", "help", "list"], &["tickets", "list", "--help"]),
        (&["tickets", "help"], &["tickets", "--help"]),
        (&["config", "help", "set"], &["config", "set", "--help"]),
    ] {
        let help = output(atera(arguments)).await;
        assert_success(&help);
        let expected = output(atera(as_with)).await;
        assert_eq!(stdout(&help), stdout(&expected), "{arguments:?}");
    }
    assert_failure(
        &output(atera(&["help", "tckets"])).await,
        2,
        "a similar subcommand exists: 'tickets'",
    );
}

#[tokio::test]
async fn the_help_of_the_sandbox_has_its_version_and_the_faults() {
    let help = output(atera(&["sandbox", "--help"])).await;
    let help = stdout(&help);
    assert!(
        help.contains(&format!("atera {}", env!("CARGO_PKG_VERSION"))),
        "{help}"
    );
    for (kind, _) in atera_sandbox::Faults::KINDS {
        assert!(help.contains(kind), "{kind}: {help}");
    }
}
