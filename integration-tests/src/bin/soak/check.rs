//! What must be true at the end, once every fault is over.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use http::Method;
use integration_tests::audit;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::client::Credential;
use crate::cluster::{Cluster, GUARD, ROOT, SECRET};
use crate::secrets;
use crate::user::User;

/// How many users are looked at beside each other.
const AT_ONCE: usize = 8;

/// How much memory a server may have at the end, in MiB: some hundred for a program without optimisation, nineteen for each hash
/// that is being computed, what its sessions and connections take, and as much again that glibc has not given back.
const MEMORY: u64 = 512;

/// How many files and sockets it may have open: its pool, and a few.
const OPEN_FILES: usize = 100;

/// How many of the former passwords are tried: each costs a hash.
const FORMER: usize = 2;

pub(crate) async fn everything(cluster: &Arc<Cluster>, users: Vec<User>) {
    cluster.recovers().await;
    // What a server had claimed that was killed is sent by another one after ten minutes, or at once when they have passed.
    let passed = "UPDATE authn_mail SET due_at = created_at";
    cluster.sql().await.execute_unprepared(passed).await.expect("the database answers");
    nothing_is_held(cluster).await;
    let mut known: BTreeSet<String> = [ROOT[1].to_owned(), SECRET.to_owned()].into();
    let mut looking = stream::iter(users).map(look).buffer_unordered(AT_ONCE);
    while let Some(user) = looking.next().await {
        known.extend(secrets::of(&user));
    }
    known.extend(cluster.mails.tokens());
    for (meaning, rows) in audit::FORBIDDEN {
        let found = cluster.count(rows).await;
        cluster.journal.check("I3", found == 0, || format!("{found} times {meaning}"));
    }
    nothing_is_held(cluster).await;
    sizes(cluster).await;
    secrets::search(cluster, &known);
}

/// No transaction is left open, and no mail waits.
async fn nothing_is_held(cluster: &Cluster) {
    const HELD: [(&str, &str, &str); 2] = [
        (
            "I10",
            "transactions that are not ended",
            "pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'",
        ),
        ("I11", "mails that are not sent", "authn_mail"),
    ];
    for (invariant, what, rows) in HELD {
        let start = Instant::now();
        let mut found = cluster.count(rows).await;
        while found > 0 && start.elapsed() < GUARD {
            sleep(Duration::from_millis(200)).await;
            found = cluster.count(rows).await;
        }
        cluster.journal.check(invariant, found == 0, || format!("{found} {what}"));
    }
}

async fn sizes(cluster: &Cluster) {
    for instance in &cluster.instances {
        let instance = instance.lock().await;
        let Some(instance) = instance.as_ref() else { continue };
        let start = Instant::now();
        // Connections that are not used any more close within seconds.
        while instance.open_files() > OPEN_FILES && start.elapsed() < GUARD {
            sleep(Duration::from_millis(200)).await;
        }
        let (app, memory, files) = (instance.app, instance.memory(), instance.open_files());
        cluster.journal.note(format!("{app} at the end: {memory} MiB, {files} open files"));
        cluster.journal.check("I8", memory <= MEMORY && files <= OPEN_FILES, || format!("{app} has grown"));
    }
}

/// Looks at one user: the password, every token there ever was, the notes, the mails.
async fn look(mut user: User) -> User {
    its_sessions(&mut user).await;
    its_password(&mut user).await;
    its_links(&user).await;
    user
}

async fn its_sessions(user: &mut User) {
    let mut sessions = std::mem::take(&mut user.sessions);
    for session in &mut sessions {
        for path in ["/auth/sessions", "/users/me"] {
            let start = Instant::now();
            while session.look(&user.cluster, &user.client, path).await.is_unknown() && start.elapsed() < GUARD {
                sleep(Duration::from_millis(100)).await;
            }
        }
        let exchange = async |token: &String| {
            let body = json!({ "refresh_token": token });
            user.insist(Method::POST, "/auth/token/refresh", Credential::None, body).await.status
        };
        // Of the live ones the newest is good, and none before it.
        if let Some(token) = &session.refresh {
            let status = exchange(token).await;
            let right = match (session.is_alive(), session.is_dead()) {
                (true, _) => status == 200 || session.in_doubt.is_some(),
                (_, dead) => !dead || status == 401,
            };
            user.check("I4", right, || format!("the newest refresh token is answered {status}: {:?}", session.state));
        }
        if let Some(token) = session.spent.first() {
            let status = exchange(token).await;
            user.check("I1", status == 401, || format!("a refresh token that was exchanged is answered {status}"));
        }
    }
    user.sessions = sessions;
}

/// Exactly one password is good, and none that was replaced.
async fn its_password(user: &mut User) {
    let login = async |password: &String| {
        let body = json!({ "username": user.email, "password": password });
        user.insist(Method::POST, "/auth/db/login", Credential::None, body).await
    };
    let mut good = Vec::new();
    for password in &user.passwords {
        good.extend(login(password).await.text("access_token"));
    }
    user.check("I2", good.len() == 1, || {
        format!("{} of {} possible passwords are good", good.len(), user.passwords.len())
    });
    for password in user.former.iter().rev().take(FORMER) {
        let status = login(password).await.status;
        user.check("I4", status == 400, || format!("a password that was replaced is answered {status}"));
    }
    let Some(token) = good.first() else { return };
    let notes = user.insist(Method::GET, "/notes", Credential::Bearer(token), Value::Null).await;
    user.compare_notes(&notes.body);
}

/// Each link is good once at most, and each that was promised came.
async fn its_links(user: &User) {
    for (token, worked) in &user.links {
        let redeem = async || {
            let body = json!({ "token": token, "password": user.new_password() });
            user.insist(Method::POST, "/auth/reset-password", Credential::None, body).await.status
        };
        let status = redeem().await;
        user.check("I1", status == 400 || !worked, || format!("a link that was used is answered {status}"));
        if status == 200 {
            let status = redeem().await;
            user.check("I1", status == 400, || format!("a link that was used is answered {status}"));
        }
    }
    let came = user.cluster.mails.to(&user.email).len();
    user.check("I11", came >= user.links_owed, || format!("{came} of {} mails came", user.links_owed));
}
