//! A sync that is killed with -9, at requests and in the middle of what it writes, leaves a whole mirror, and the next one goes on.
//!
//! The small form is part of the suite. `cargo test -p atera-mirror --lib killed -- --ignored` kills at a hundred points with each
//! database.

use std::{
    env,
    os::unix::process::ExitStatusExt,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
};

use super::{
    Place,
    interrupted::{Point, Stopping, content, first, options, second, undisturbed},
    service::Service,
};
use crate::{
    ErrorKind, Mirror,
    engine::{Engine, Postgres, Sqlite},
};

/// Where the process of its own finds the mirror, which of the two syncs it does, and when it is killed.
const PLACE: &str = "ATERA_MIRROR_TEST_KILLED_PLACE";
const SYNC: &str = "ATERA_MIRROR_TEST_KILLED_SYNC";
const REQUEST: &str = "ATERA_MIRROR_TEST_KILLED_REQUEST";
const STEP: &str = "ATERA_MIRROR_TEST_KILLED_STEP";

/// Whether this process is to be killed, and the signal may be on its way.
static IS_KILLED: AtomicBool = AtomicBool::new(false);

/// What a sync is killed at.
#[derive(Clone, Copy, Debug)]
enum At {
    /// The request of this number.
    Request(usize),
    /// What the writer does, by its number.
    Step(usize),
}

fn engine(place: &str) -> Box<dyn Engine> {
    match place.starts_with("postgres:") {
        true => Box::new(Postgres::open(place).unwrap()),
        false => Box::new(Sqlite::open(place.as_ref()).unwrap()),
    }
}

async fn mirror(place: &str) -> Mirror {
    match place.starts_with("postgres:") {
        true => Mirror::postgres(place).await.unwrap(),
        false => Mirror::file(place.as_ref()).await.unwrap(),
    }
}

/// Has this process killed, while it goes on with what it does.
fn kill() {
    IS_KILLED.store(true, Ordering::SeqCst);
    let process = std::process::id().to_string();
    // The test that waits for the process sees that it was killed.
    drop(Command::new("kill").args(["-9", &process]).spawn());
}

#[tokio::test]
#[ignore = "the other tests run it in a process of its own"]
async fn sync_in_a_process_of_its_own() {
    let Ok(place) = env::var(PLACE) else { return };
    let number = |name| env::var(name).ok().and_then(|text| text.parse().ok());
    let service = Service::new();
    match env::var(SYNC).as_deref() {
        Ok("second") => second(&service),
        _ => first(&service),
    }
    if let Some(last) = number(REQUEST) {
        service.watch(move |request| {
            if request == last {
                kill();
            }
        });
    }
    let engine = engine(&place);
    let engine = Stopping {
        engine: &*engine,
        point: Point::new(number(STEP).unwrap_or(usize::MAX), Some(kill)),
    };
    let report = crate::sync::run(&engine, &service.client(), &options()).await;
    assert!(report.unwrap().is_success());
    if IS_KILLED.load(Ordering::SeqCst) {
        std::future::pending::<()>().await;
    }
}

async fn is_killed(place: &str, sync: &str, at: At) -> bool {
    let (name, number) = match at {
        At::Request(number) => (REQUEST, number),
        At::Step(number) => (STEP, number),
    };
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "sync::tests::killed::sync_in_a_process_of_its_own",
            "--ignored",
        ])
        .env(PLACE, place)
        .env(SYNC, sync)
        .env(name, number.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let ended = tokio::task::spawn_blocking(move || child.wait()).await.unwrap();
    ended.unwrap().signal() == Some(9)
}

/// Waits until the server has seen that a writer is gone, however long that takes. Each look of the engine waits for a second.
async fn wait_for_the_writer(engine: &dyn Engine) {
    for _ in 0..60 {
        match engine.writer().await {
            Ok(_) => return,
            Err(error) => assert_eq!(error.kind(), ErrorKind::Busy, "{error}"),
        }
    }
    panic!("the writer that was killed still has its lock");
}

/// How many requests and steps each of the two syncs takes.
async fn measured(place: &str) -> [(usize, usize); 2] {
    Place::new(engine(place), None).await;
    let mut all = [(0, 0); 2];
    for (counts, change) in all.iter_mut().zip([first, second]) {
        let service = Service::new();
        change(&service);
        let engine = engine(place);
        let point = Point::new(usize::MAX, None);
        let engine = Stopping {
            engine: &*engine,
            point: point.clone(),
        };
        let report = crate::sync::run(&engine, &service.client(), &options()).await;
        assert!(report.unwrap().is_success());
        *counts = (service.requests(), point.steps.load(Ordering::SeqCst));
    }
    all
}

/// Kills at so many points: at requests and steps of both syncs, evenly spread, each in a new mirror.
async fn killed(new: impl Fn() -> String, points: usize) {
    let expected = undisturbed(&Place::new(engine(&new()), None).await).await;
    let measured = measured(&new()).await;
    let mut killed = 0;
    for (sync, (requests, steps)) in ["first", "second"].into_iter().zip(measured) {
        let of_each = points.div_ceil(4);
        let spread = |all: usize, number: usize| (number * 2 + 1) * all / (of_each * 2);
        let requests = (0..of_each).map(|number| At::Request(spread(requests, number) + 1));
        let steps = (0..of_each).map(|number| At::Step(spread(steps, number)));
        for at in requests.chain(steps).take(points - killed) {
            let place = new();
            let service = Service::new();
            first(&service);
            let own = Place::new(engine(&place), None).await;
            if sync == "second" {
                assert!(own.sync(&service.client(), &options()).await.is_success());
            }
            assert!(
                is_killed(&place, sync, at).await,
                "the {sync} sync ended before {at:?}"
            );
            killed += 1;
            wait_for_the_writer(&*own.engine).await;
            let mirror = mirror(&place).await;
            assert_eq!(
                mirror.check().await.unwrap(),
                [""; 0],
                "the {sync} sync, killed at {at:?}"
            );
            let agents = own.records("agents").await.len();
            let whole: &[usize] = if sync == "first" { &[0, 120] } else { &[120, 115] };
            assert!(
                whole.contains(&agents),
                "{agents} agents after the {sync} sync, killed at {at:?}"
            );
            if sync == "first" {
                assert!(own.sync(&service.client(), &options()).await.is_success());
            }
            second(&service);
            assert!(own.sync(&service.client(), &options()).await.is_success());
            assert_eq!(mirror.check().await.unwrap(), [""; 0]);
            assert!(
                content(&own).await == expected,
                "the {sync} sync, killed at {at:?}"
            );
        }
    }
    println!("killed {killed} times; requests and steps of the two syncs: {measured:?}");
    assert_eq!(killed, points);
}

async fn killed_on_sqlite(points: usize) {
    let folder = tempfile::tempdir().unwrap();
    let number = std::cell::Cell::new(0);
    let new = || {
        number.set(number.get() + 1);
        folder
            .path()
            .join(format!("{}.db", number.get()))
            .display()
            .to_string()
    };
    killed(new, points).await;
}

async fn killed_on_postgres(points: usize) {
    if atera_testkit::postgres::new_database().is_some() {
        killed(|| atera_testkit::postgres::new_database().unwrap(), points).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_into_sqlite_that_is_killed_anywhere_is_continued() {
    killed_on_sqlite(8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_into_postgres_that_is_killed_anywhere_is_continued() {
    killed_on_postgres(4).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes minutes"]
async fn a_sync_into_sqlite_that_is_killed_at_a_hundred_points_is_continued() {
    killed_on_sqlite(100).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes minutes"]
async fn a_sync_into_postgres_that_is_killed_at_a_hundred_points_is_continued() {
    killed_on_postgres(100).await;
}
