//! More clients than the servers can serve: the excess is refused at once, memory stays bounded, and everybody else is served
//! meanwhile (F-22 to F-24).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::client::{Client, Credential};
use crate::cluster::{Cluster, ROOT, log_in};

/// How many clients come at once: several times what may wait for a hash, and few enough for the usual limit of open files.
const CLIENTS: usize = 300;

/// How much more memory a server may have afterwards, in MiB.
const MEMORY: u64 = 160;

/// A number of networks that no user has.
const NETWORKS: usize = 0x1000;

pub(crate) async fn run(cluster: &Arc<Cluster>) {
    cluster.recovers().await;
    for slot in 0..cluster.instances.len() {
        let (app, address, before) = match cluster.instances[slot].lock().await.as_ref() {
            Some(instance) => (instance.app, instance.address, instance.memory()),
            None => continue,
        };
        let client = Client::new(address, &cluster.journal);
        let Some(token) = log_in(&client).await else { continue };
        let statuses = logins(cluster, &client, &token).await;
        let known = statuses.keys().all(|status| [200, 400, 503].contains(status));
        cluster.journal.check("I8", known, || format!("{app}: a flood of logins is answered {statuses:?}"));
        leavers(address).await;
        idlers(cluster, &client, address).await;
        cluster.recovers().await;
        let after = cluster.instances[slot].lock().await.as_ref().map_or(0, crate::instance::Instance::memory);
        cluster
            .journal
            .note(format!("{app} in a flood of {CLIENTS} logins: {statuses:?}, {before} MiB, then {after} MiB"));
        cluster.journal.check("I8", after <= before + MEMORY, || format!("{app} keeps the memory of a flood"));
    }
}

/// F-22: everybody logs in at once, half of them with a wrong password; a session goes on meanwhile.
async fn logins(cluster: &Cluster, client: &Client, token: &str) -> BTreeMap<u16, usize> {
    let mut asking = JoinSet::new();
    for n in 0..CLIENTS {
        let client = client.from(NETWORKS + n);
        asking.spawn(async move {
            let password = if n % 2 == 0 { ROOT[1] } else { "nobody-Knows-19-this" };
            let body = json!({ "username": ROOT[0], "password": password });
            client.ask(Method::POST, "/auth/db/login", Credential::None, body).await.status
        });
    }
    let mut statuses = BTreeMap::new();
    while let Some(status) = asking.join_next().await {
        *statuses.entry(status.expect("no panic")).or_default() += 1;
        if asking.len() % 10 == 0 {
            let answer = client.ask(Method::GET, "/users/me", Credential::Bearer(token), json!(null)).await;
            cluster.journal.check("I12", answer.status == 200, || format!("beside logins: {}", answer.status));
        }
    }
    statuses
}

/// F-23: clients that ask for a login and are gone.
async fn leavers(address: SocketAddr) {
    let body = json!({ "username": ROOT[0], "password": "nobody-Knows-19-this" }).to_string();
    let mut leaving = JoinSet::new();
    for n in 0..CLIENTS {
        let request = format!(
            "POST /auth/db/login HTTP/1.1\r\nhost: localhost\r\nx-forwarded-for: 2001:db8:{:x}::1\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            NETWORKS + n,
            body.len()
        );
        leaving.spawn(async move {
            let Ok(mut stream) = TcpStream::connect(address).await else { return };
            let _ = stream.write_all(request.as_bytes()).await;
            sleep(Duration::from_millis(10)).await;
        });
    }
    while leaving.join_next().await.is_some() {}
}

/// F-24: connections that say nothing, or begin and do not go on. Others are served all the same.
async fn idlers(cluster: &Cluster, client: &Client, address: SocketAddr) {
    let mut idle = Vec::new();
    for n in 0..CLIENTS {
        let Ok(mut stream) = TcpStream::connect(address).await else { continue };
        let began: &[u8] = match n % 3 {
            0 => b"",
            1 => b"GET /healthz HTTP/1.1\r\nhost: local",
            _ => b"POST /auth/db/login HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{",
        };
        let _ = stream.write_all(began).await;
        idle.push(stream);
    }
    for _ in 0..20 {
        let answer = client.ask(Method::GET, "/healthz", Credential::None, json!(null)).await;
        cluster.journal.check("I12", answer.status == 200, || format!("beside idle clients: {}", answer.status));
    }
    drop(idle);
}
