//! A limit that moves: from node to node of a cluster, and from a primary to its replica.

use super::*;

/// Three nodes with a third of the slots each.
fn cluster() -> Option<[Redis; 3]> {
    let arguments = ["--cluster-enabled", "yes", "--cluster-node-timeout", "5000"];
    let nodes: Option<Vec<_>> = (0..3).map(|_| Redis::on_port(&arguments)).collect();
    let nodes: [Redis; 3] = nodes?.try_into().ok()?;
    for (number, (node, [first, last])) in nodes
        .iter()
        .zip([["0", "5460"], ["5461", "10922"], ["10923", "16383"]])
        .enumerate()
    {
        node.ask(&["cluster", "set-config-epoch", &(number + 1).to_string()]);
        node.ask(&["cluster", "addslotsrange", first, last]);
        node.ask(&["cluster", "meet", "127.0.0.1", &nodes[0].port().to_string()]);
    }
    for node in &nodes {
        until(|| {
            let info = node.ask(&["cluster", "info"]);
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
        });
    }
    Some(nodes)
}

/// Waits for what other processes do.
fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        std::thread::yield_now();
    }
}

fn keys(server: &Redis) -> Vec<String> {
    server
        .ask(&["keys", "*"])
        .lines()
        .map(str::to_string)
        .filter(|line| !line.is_empty())
        .collect()
}

/// The place of a limit whose quarantine is longer than a test.
async fn long_limit(address: &str) -> RedisStore {
    let store = RedisStore::builder(address)
        .connect(&key(), "long", RateLimit::default())
        .await;
    let store = store.unwrap_or_else(|error| panic!("{error}"));
    store.trust_that_nothing_was_sent().await.expect("a server");
    assert_eq!(store.quarantine(), None);
    store
}

async fn reason(store: &RedisStore) -> Option<Unknown> {
    let status = store.status().await.unwrap_or_else(|error| panic!("{error}"));
    status.quarantine.map(|quarantine| quarantine.reason)
}

#[tokio::test]
async fn all_keys_are_in_one_slot_of_a_cluster_which_is_followed_when_it_moves() {
    let Some(nodes) = cluster() else { return };
    let ports = nodes.each_ref().map(|node| format!("127.0.0.1:{}", node.port()));
    let mut stores = Vec::new();
    // Two of the three do not have the slot.
    for port in &ports {
        let store = connect(RedisStore::builder(format!("redis+cluster://{port}"))).await;
        stores.push(store.unwrap_or_else(|error| panic!("{error}")));
        use_slot(stores.last().expect("a store")).await;
    }
    let all = format!("valkey+cluster://{}", ports.join(","));
    let long = long_limit(&all).await;
    use_slot(&long).await;
    let (mut owners, mut slots) = (Vec::new(), Vec::new());
    for (number, node) in nodes.iter().enumerate() {
        let limit = |name: &String| name.contains(&prefix(&long));
        for name in keys(node).iter().filter(|name| limit(name)) {
            owners.push(number);
            slots.push(node.ask(&["cluster", "keyslot", name]));
        }
    }
    assert!(owners.len() >= 2, "state and slots: {owners:?}");
    owners.dedup();
    slots.dedup();
    assert_eq!((owners.len(), slots.len()), (1, 1), "{owners:?} {slots:?}");

    // Both limits move to the next node.
    for store in [&stores[0], &long] {
        let name = |node: &Redis| keys(node).into_iter().find(|name| name.contains(&prefix(store)));
        let from = nodes.iter().find(|node| name(node).is_some()).expect("its node");
        let to = nodes
            .iter()
            .find(|node| node.port() != from.port())
            .expect("another node");
        let slot = from.ask(&["cluster", "keyslot", &name(from).expect("a key")]);
        let [from_id, to_id] = [from, to].map(|node| node.ask(&["cluster", "myid"]));
        let [slot, from_id, to_id] = [&slot, &from_id, &to_id].map(|text| text.trim());
        to.ask(&["cluster", "setslot", slot, "importing", from_id]);
        from.ask(&["cluster", "setslot", slot, "migrating", to_id]);
        // While it moves, its nodes refuse the script, and it is asked again.
        let moving = store.status().await.expect_err("it moves");
        assert!(moving.is_temporary(), "{moving}");
        for name in keys(from).iter().filter(|name| name.contains(&prefix(store))) {
            from.ask(&["migrate", "127.0.0.1", &to.port().to_string(), name, "0", "5000"]);
        }
        for node in [to, from] {
            node.ask(&["cluster", "setslot", slot, "node", to_id]);
        }
    }
    use_slot(&stores[0]).await;
    // Another server may not have all that this one had.
    assert_eq!(reason(&long).await, Some(Unknown::Restarted));
}

/// What the names of the keys of a store have in common.
fn prefix(store: &RedisStore) -> String {
    let shown = format!("{store:?}");
    let begin = shown.find("{atera:").expect("a key");
    shown[begin..].split('}').next().expect("a name").to_string()
}

#[tokio::test]
async fn the_sentinels_say_which_server_is_the_primary_after_a_failover() {
    let Some(primary) = Redis::on_port(&[]) else {
        return;
    };
    let port = primary.port().to_string();
    let replica = Redis::on_port(&["--replicaof", "127.0.0.1", &port]).expect("a server");
    until(|| primary.ask(&["info", "replication"]).contains("state=online"));
    let sentinel = Redis::sentinel("limits", primary.port(), 1, &[]).expect("a server");
    until(|| {
        sentinel
            .ask(&["sentinel", "replicas", "limits"])
            .contains(&replica.port().to_string())
    });
    let address = format!("redis+sentinel://127.0.0.1:{}/limits", sentinel.port());
    let store = connect(RedisStore::builder(&address)).await;
    let store = store.unwrap_or_else(|error| panic!("{error}"));
    use_slot(&store).await;
    let long = long_limit(&address).await;
    assert_eq!(reason(&long).await, None);
    // It refuses until it knows the replica well enough.
    until(|| sentinel.ask(&["sentinel", "failover", "limits"]).contains("OK"));
    use_slot(&store).await;
    let new = replica.port().to_string();
    until(|| {
        sentinel
            .ask(&["sentinel", "get-master-addr-by-name", "limits"])
            .contains(&new)
    });
    use_slot(&store).await;
    // The primary that was replaced serves those who are connected until it is told.
    while reason(&long).await != Some(Unknown::Restarted) {}
    assert!(!keys(&replica).is_empty());
}

#[tokio::test]
async fn a_primary_that_half_of_the_sentinels_name_is_not_used() {
    let Some(primary) = Redis::on_port(&[]) else {
        return;
    };
    let sentinel = Redis::sentinel("limits", primary.port(), 1, &[]).expect("a server");
    let sentinel = format!("127.0.0.1:{}", sentinel.port());
    for (address, what) in [
        (
            format!("redis+sentinel://127.0.0.1:1,{sentinel}/limits"),
            "cannot be reached",
        ),
        (format!("redis+sentinel://{sentinel}/other"), "check the name"),
    ] {
        let error = connect(RedisStore::builder(address).patience(Duration::ZERO))
            .await
            .expect_err(what)
            .to_string();
        assert!(error.contains(what), "{error}");
    }
    let address = format!("redis+sentinel://{sentinel},127.0.0.1:1,{sentinel}/limits");
    let store = connect(RedisStore::builder(address)).await;
    use_slot(&store.unwrap_or_else(|error| panic!("{error}"))).await;
}
