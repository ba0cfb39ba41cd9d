//! Whom it asks, and with which key.

use super::*;

#[tokio::test]
async fn a_key_can_come_from_a_file() {
    let sandbox = sandbox().await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), format!("{}\n", sandbox.api_key())).expect("a file");
    let mut command = atera(&["tickets", "list", "--api-key-file"]);
    command.arg(file.path()).env("ATERA_BASE_URL", sandbox.base_url());
    assert_success(&output(command).await);
}

/// A config file with these profiles, each with its key and its address.
fn config(profiles: &[(&str, &str, &str)], default: Option<&str>) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let mut text = default
        .map(|name| format!("default = \"{name}\"\n"))
        .unwrap_or_default();
    for (name, key, url) in profiles {
        text.push_str(&format!(
            "[profiles.{name}]\napi_key = \"{key}\"\nbase_url = \"{url}\"\n"
        ));
    }
    std::fs::write(file.path(), text).expect("a file");
    file
}

#[tokio::test]
async fn a_profile_beats_an_exported_key_and_the_default_does_not() {
    let sandbox = sandbox().await;
    let file = config(&[("acme", sandbox.api_key(), sandbox.base_url())], Some("acme"));
    let with = |arguments: &[&str], key: Option<&str>| {
        let mut command = atera(arguments);
        command.env("ATERA_CONFIG", file.path());
        if let Some(key) = key {
            command
                .env("ATERA_API_KEY", key)
                .env("ATERA_BASE_URL", sandbox.base_url());
        }
        output(command)
    };
    assert_success(&with(&["tickets", "get", "54321"], None).await);
    assert_success(&with(&["tickets", "get", "54321", "--profile", "acme"], Some("wrong")).await);
    assert_failure(&with(&["tickets", "get", "54321"], Some("wrong")).await, 4, "401");
    let unknown = with(&["tickets", "get", "54321", "--profile", "other"], None).await;
    assert_failure(
        &unknown,
        2,
        "there are acme; make it with `atera config set other`",
    );
}

#[tokio::test]
async fn a_profile_is_not_used_at_another_address_than_its_own() {
    let sandbox = sandbox().await;
    let file = config(&[("acme", "key", "https://app.atera.com/api/v3")], Some("acme"));
    let mut command = atera(&["tickets", "list"]);
    command
        .env("ATERA_CONFIG", file.path())
        .env("ATERA_BASE_URL", sandbox.base_url());
    assert_failure(
        &output(command).await,
        2,
        "names another service than the default profile `acme`",
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_config_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let file = config(&[("acme", "key", "https://app.atera.com/api/v3")], Some("acme"));
    std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o644)).expect("permissions");
    let mut command = atera(&["tickets", "list"]);
    command.env("ATERA_CONFIG", file.path());
    assert_failure(&output(command).await, 2, "run `chmod 600 ");
}

#[tokio::test]
async fn profiles_are_kept_listed_used_and_forgotten() {
    use std::io::Write;

    let sandbox = sandbox().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("atera").join("config.toml");
    let run = |arguments: &[&str], stdin: &str| {
        let mut command = atera(arguments);
        command
            .env("ATERA_CONFIG", &file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let stdin = stdin.to_string();
        let run = move || {
            let mut child = command.spawn().expect("the command runs");
            // What does not read its stdin may have ended already.
            let _ = child.stdin.take().expect("a pipe").write_all(stdin.as_bytes());
            child.wait_with_output().expect("the command runs")
        };
        async { tokio::task::spawn_blocking(run).await.expect("no panic") }
    };
    let url = sandbox.base_url();
    assert_success(&run(&["config", "set", "acme", "--base-url", url], sandbox.api_key()).await);
    let unchecked = ["config", "set", "globex", "--no-check"];
    assert_success(&run(&unchecked, "0123456789abcdef0123456789abcdef\n").await);
    assert_failure(
        &run(&["config", "set", "empty"], " \n").await,
        2,
        "the API key is empty",
    );
    assert_success(&run(&["tickets", "get", "54321"], "").await);

    assert_success(&run(&["config", "use", "globex"], "").await);
    let listed = run(&["config", "ls", "-o", "csv"], "").await;
    assert_success(&listed);
    assert_eq!(
        stdout(&listed),
        format!(
            "Name,Default,Key,Address\nacme,false,in the config file,{url}\n\
             globex,true,in the config file,https://app.atera.com/api/v3\n"
        )
    );
    let removed = run(&["config", "rm", "globex"], "").await;
    assert_success(&removed);
    let said = stderr(&removed);
    assert!(
        said.contains("it was the default: `atera config use`") && said.contains("of acme ("),
        "{said}"
    );
    assert_failure(
        &run(&["config", "use", "globex"], "").await,
        2,
        "there is no profile `globex`",
    );
    assert_failure(&run(&["tickets", "list"], "").await, 2, "there is no API key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_profile_can_be_named_in_the_environment_and_a_flag_beats_it() {
    let sandbox = sandbox().await;
    let profiles = [
        ("acme", sandbox.api_key(), sandbox.base_url()),
        ("globex", "wrong", sandbox.base_url()),
    ];
    let file = config(&profiles, Some("globex"));
    let with = |profile: &str, arguments: &[&str]| {
        let mut command = atera(&["tickets", "get", "54321"]);
        command
            .args(arguments)
            .env("ATERA_CONFIG", file.path())
            .env("ATERA_PROFILE", profile)
            .env("ATERA_API_KEY", "wrong as well");
        output(command)
    };
    assert_success(&with("acme", &[]).await);
    assert_success(&with("globex", &["--profile", "acme"]).await);
    assert_success(&with("globex", &["--sandbox"]).await);
    assert_failure(&with("globex", &[]).await, 4, "asked with profile `globex`");
    let unknown = with("initech", &[]).await;
    assert_failure(&unknown, 2, "there is no profile `initech`");
    assert!(stderr(&unknown).contains("ATERA_PROFILE names"), "{unknown:?}");
}

#[tokio::test]
async fn a_limit_that_is_set_to_nothing_is_as_one_that_is_not_set() {
    let sandbox = sandbox().await;
    let with = |limit: &str| {
        let mut command = against(&sandbox, &["tickets", "get", "54321"]);
        command.env("ATERA_RATE_LIMIT", limit);
        output(command)
    };
    assert_success(&with("").await);
    assert_failure(
        &with("soon").await,
        2,
        "a rate limit is a number of requests and a time",
    );
    let flag = ask(&sandbox, &["tickets", "get", "54321", "--rate-limit", ""]).await;
    assert_failure(&flag, 2, "--rate-limit");
}

#[tokio::test]
async fn a_proxy_that_fails_is_named_without_its_password() {
    let (proxy, _held) = nobody();
    let mut command = atera(&["tickets", "list", "--max-attempts", "1"]);
    command
        .env("ATERA_BASE_URL", "https://atera.invalid/api/v3")
        .env("ATERA_API_KEY", "key")
        .env("HTTPS_PROXY", format!("http://user:secret@{proxy}"))
        .env_remove("https_proxy")
        .env_remove("NO_PROXY")
        .env_remove("no_proxy");
    let failed = output(command).await;
    let told = format!(
        "cannot be reached through the proxy {proxy} (the connection was refused); check the proxy (HTTPS_PROXY,"
    );
    assert_failure(&failed, 8, &told);
    assert!(!stderr(&failed).contains("secret"), "{failed:?}");
}

#[tokio::test]
async fn a_key_is_tried_before_it_is_saved() {
    use std::io::Write;

    let other = "fedcba9876543210fedcba9876543210";
    let builder = Sandbox::builder().key(other, atera_sandbox::Permissions::none().read("tickets"));
    let sandbox = builder.start().await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.toml");
    let set = async |key: &str, url: &str, more: &[&str]| {
        let arguments = [
            &["config", "set", "acme", "--base-url", url, "--max-attempts", "1"],
            more,
        ]
        .concat();
        let mut command = atera(&arguments);
        command
            .env("ATERA_CONFIG", &file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let key = key.to_string();
        aside(move || {
            let mut child = command.spawn().expect("the command runs");
            let mut stdin = child.stdin.take().expect("a pipe");
            stdin.write_all(key.as_bytes()).expect("it reads");
            drop(stdin);
            child.wait_with_output().expect("the command runs")
        })
        .await
    };
    let wrong = "0123456789abcdef0123456789abcdef";
    let refused = set(wrong, sandbox.base_url(), &[]).await;
    assert_failure(&refused, 4, "profile `acme` is not saved: ");
    assert!(stderr(&refused).contains("--no-check") && !stderr(&refused).contains(wrong));
    assert!(!file.exists());
    let (address, _held) = nobody();
    let nobody = set(wrong, &format!("http://{address}/api/v3"), &[]).await;
    assert_failure(&nobody, 8, "profile `acme` is not saved: ");
    assert!(!file.exists());

    let before = sandbox.stats().arrivals;
    let unchecked = set(wrong, sandbox.base_url(), &["--no-check"]).await;
    assert_success(&unchecked);
    assert!(
        stderr(&unchecked).contains("its key is not checked"),
        "{unchecked:?}"
    );
    assert_eq!(sandbox.stats().arrivals, before);

    let saved = set(sandbox.api_key(), sandbox.base_url(), &[]).await;
    assert_success(&saved);
    assert!(stderr(&saved).contains("is saved, for Fieldline IT"), "{saved:?}");
    assert_eq!(sandbox.stats().arrivals, before + 1, "one request");
    // A key need not have the permission to read the account.
    assert_success(&set(other, sandbox.base_url(), &[]).await);
}

/// What the network said is for `--verbose`.
#[tokio::test]
async fn a_service_that_is_not_there_is_told_in_one_sentence() {
    let (address, _held) = nobody();
    let url = format!("http://{address}/api/v3");
    let with = |more: &[&str]| {
        let mut command = atera(&[&["tickets", "list", "--max-attempts", "1"], more].concat());
        command.env("ATERA_BASE_URL", &url).env("ATERA_API_KEY", "key");
        output(command)
    };
    let failed = with(&[]).await;
    let sentence = format!(
        "atera: tickets_list was not sent: the service cannot be reached (the connection was refused); check the network and the \
         base URL; asked at {url}\n"
    );
    assert_eq!((failed.status.code(), stderr(&failed)), (Some(8), &*sentence));
    let verbose = with(&["--verbose"]).await;
    let told = stderr(&verbose);
    assert!(
        told.contains("error connection, cause ") && told.contains("tcp connect error"),
        "{told}"
    );
    assert!(told.ends_with(&sentence), "{told}");
    let elsewhere = output({
        let mut command = atera(&["tickets", "list", "--max-attempts", "1"]);
        command
            .env("ATERA_BASE_URL", "https://atera.invalid/api/v3")
            .env("ATERA_API_KEY", "key");
        for proxy in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            command.env_remove(proxy);
        }
        command
    });
    assert_failure(
        &elsewhere.await,
        8,
        "cannot be reached (its name was not found); check the network",
    );
}
