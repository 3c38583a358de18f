//! Scenarios of servers that remember sessions: what they save, and what they must not go on believing (SES-16).

use std::time::Duration;

use auth_core::sea_orm::{ConnectionTrait, TransactionTrait};
use auth_core::session::SessionConfig;
use auth_core::{Backend, Client, ErrorCode as E, RefreshOptions};
use serde_json::json;

use super::audit::literal;
use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Scenario, Setup, samples};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_remembered_session_costs_no_statement: one_server,
    what_a_server_changes_it_knows_at_once: one_server,
    what_another_server_changes_is_known_within_the_bound: one_server,
    a_restored_backup_is_known_within_the_bound: one_server,
    sensitive_routes_ask_the_database: one_server,
    memory_is_worth_nothing_without_the_database: one_server,
    a_connection_that_hangs_is_no_excuse: direct_only servers_only,
    a_late_commit_is_noticed: direct_only servers_only,
    changes_are_kept_for_a_day: direct_only,
];

const BOUND: Duration = Duration::from_secs(1);

fn remembering() -> Setup {
    let sessions = SessionConfig { cached: 1_000, staleness: BOUND, ..SessionConfig::default() };
    Setup::default().auth(move |auth| auth.sessions(sessions))
}

async fn is_alive(app: &App, login: &Login) -> bool {
    let answer = app.get("/users/me").by(login).send().await;
    assert!(answer.status == 200 || answer.status == 401, "{}", answer.text());
    answer.status == 200
}

async fn statements_of(app: &App, login: &Login) -> usize {
    let _ = app.statements().take();
    assert!(is_alive(app, login).await);
    app.statements().take().len()
}

async fn a_remembered_session_costs_no_statement(cx: Cx) {
    let app = cx.app_with(remembering()).await;
    let ada = app.register("ada").await;
    for backend in ["cookie", "jwt", "db"] {
        let login = app.login(&ada, backend).await;
        assert!(is_alive(&app, &login).await);
        for _ in 0..3 {
            assert_eq!(statements_of(&app, &login).await, 0, "{backend}");
        }
        // After half of the bound one request looks for changes.
        app.clock().advance(BOUND / 2);
        assert_eq!(statements_of(&app, &login).await, 1, "{backend}");
        assert_eq!(statements_of(&app, &login).await, 0, "{backend}");
        // After a minute its use is written down, once, and it is read anew.
        app.clock().advance(Duration::from_secs(60));
        assert_eq!(statements_of(&app, &login).await, 3, "{backend}: the changes, the session, its use");
        assert_eq!(statements_of(&app, &login).await, 1, "{backend}: the session as it is now");
        assert_eq!(statements_of(&app, &login).await, 0, "{backend}");
    }
}

/// What a user or a superuser does that ends a session, or changes what it shows.
async fn end(app: &App, how: usize, mine: &Login, root: &Login) {
    let path = mine.path();
    match how {
        0 => app.post(&format!("/auth/{}/logout", backend_of(mine))).by(mine).send().await.is(204),
        1 => app.post("/auth/logout-all").by(mine).json(json!({ "everywhere": true })).send().await.is(204),
        2 => app.patch(&path).by(root).json(json!({ "is_active": false })).send().await.is(200),
        3 => app.patch(&path).by(root).json(json!({ "password": "plum-tractor-Orbit-20" })).send().await.is(200),
        _ => app.delete(&path).by(root).send().await.is(204),
    };
}

const WAYS: usize = 5;

fn backend_of(login: &Login) -> &'static str {
    if login.cookie.is_some() { "cookie" } else { "db" }
}

async fn what_a_server_changes_it_knows_at_once(cx: Cx) {
    let app = cx.app_with(remembering()).await;
    let root = app.superuser("root").await;
    for (how, backend) in (0..WAYS).flat_map(|how| [(how, "cookie"), (how, "db")]) {
        let ada = app.register(&format!("ada{how}{backend}")).await;
        let login = app.login(&ada, backend).await;
        assert!(is_alive(&app, &login).await);
        end(&app, how, &login, &root).await;
        assert!(!is_alive(&app, &login).await, "{how} {backend}");
    }
    // What the account shows changes at once, too, for each of its sessions.
    let ada = app.user("ada").await;
    let other = app.login(&ada, "cookie").await;
    for name in ["Ada", "Countess"] {
        app.patch("/users/me").by(&ada).json(json!({ "display_name": name })).send().await.is(200);
        for login in [&ada, &other] {
            assert_eq!(app.get("/users/me").by(login).send().await.is(200).json()["display_name"], json!(name));
        }
    }
}

async fn what_another_server_changes_is_known_within_the_bound(cx: Cx) {
    let app = cx.app_with(remembering()).await;
    let other = app.second_server().await;
    let root = app.superuser("root").await;
    for (how, backend) in (0..WAYS).flat_map(|how| [(how, "cookie"), (how, "db")]) {
        let ada = app.register(&format!("ada{how}{backend}")).await;
        let login = app.login(&ada, backend).await;
        assert!(is_alive(&other, &login).await);
        end(&app, how, &login, &root).await;
        assert!(!is_alive(&app, &login).await, "{how} {backend}");
        assert!(is_alive(&other, &login).await, "or nothing is remembered: {how} {backend}");
        other.clock().advance(BOUND);
        assert!(!is_alive(&other, &login).await, "{how} {backend}");
    }
    // An exchange of refresh tokens leaves no event, and the former access token dies all the same.
    let refreshing = remembering().backends(|| vec![Backend::bearer("db").refresh(RefreshOptions::default())]);
    let (app, other) = (app.server_with(refreshing.clone()).await, app.server_with(refreshing).await);
    let ada = app.register("ada").await;
    let pair = app.try_login(&ada.email, PASSWORD, "db").await.is(200);
    assert!(is_alive(&other, &ada.with(&pair)).await);
    let body = json!({ "refresh_token": pair.json()["refresh_token"] });
    let next = app.post("/auth/token/refresh").json(body).send().await.is(200);
    assert!(is_alive(&other, &ada.with(&pair)).await, "or nothing is remembered");
    other.clock().advance(BOUND);
    assert!(!is_alive(&other, &ada.with(&pair)).await);
    assert!(is_alive(&other, &ada.with(&next)).await);
}

async fn a_restored_backup_is_known_within_the_bound(cx: Cx) {
    let app = cx.app_with(remembering()).await;
    let other = app.second_server().await;
    let ada = app.user("ada").await;
    assert!(is_alive(&other, &ada).await);
    app.clock().advance(Duration::from_millis(1));
    app.auth().installation().after_restore().await.expect("a database");
    assert!(!is_alive(&app, &ada).await);
    other.clock().advance(BOUND);
    assert!(!is_alive(&other, &ada).await);
}

/// Every row but one asks the database, whatever the server remembers: those that create sessions and change accounts among them.
async fn sensitive_routes_ask_the_database(cx: Cx) {
    let app = cx.app_with(remembering()).await;
    let other = app.second_server().await;
    let mut remembered = Vec::new();
    for endpoint in app.table().endpoints().iter().filter(|endpoint| endpoint.requirement().is_some()) {
        let caller = samples::caller(&app, endpoint).await.expect("a route for somebody");
        let backend = endpoint.backend().unwrap_or("db");
        let caller = app.login(&caller, backend).await;
        let request = samples::ready(&app, endpoint, Some(&caller)).await;
        assert!(is_alive(&app, &caller).await);
        let principal = other.principal_of(&caller).await;
        other.auth().sessions().logout(&principal, &Client::default()).await.expect("it ends");
        assert!(is_alive(&app, &caller).await, "or nothing is remembered");
        let answer = request.by(&caller).send().await;
        if answer.status.is_success() {
            remembered.push(endpoint.action());
        } else {
            answer.fails(E::Unauthorized);
        }
    }
    assert_eq!(remembered, ["profile.read"]);
}

async fn memory_is_worth_nothing_without_the_database(cx: Cx) {
    let app = cx.app_with(remembering()).await;
    let ada = app.user("ada").await;
    assert!(is_alive(&app, &ada).await);
    app.lose_database().await;
    app.clock().advance(BOUND - Duration::from_millis(1));
    assert!(app.get("/users/me").by(&ada).send().await.status != 401, "a good session");
    app.clock().advance(Duration::from_millis(1));
    app.get("/users/me").by(&ada).send().await.fails(E::Overloaded);
}

async fn a_connection_that_hangs_is_no_excuse(cx: Cx) {
    let app = cx.app().await;
    let proxy = app.proxy().await;
    let shaky = app.server_with(remembering().connections(1).proxy(&proxy)).await;
    let ada = app.user("ada").await;
    assert!(is_alive(&shaky, &ada).await);
    proxy.stall();
    app.post("/auth/db/logout").by(&ada).send().await.is(204);
    assert!(is_alive(&shaky, &ada).await, "within the bound");
    app.clock().advance(BOUND);
    // The connection is open, and nothing comes. A server that cannot find out does not answer from memory.
    shaky.get("/users/me").by(&ada).send().await.fails(E::Overloaded);
    proxy.open();
    shaky.get("/users/me").by(&ada).send().await.fails(E::Unauthorized);
}

/// The number of a change is given before others that are committed sooner.
async fn a_late_commit_is_noticed(cx: Cx) {
    let app = cx.app_with(remembering()).await;
    let (ada, grace) = (app.user("ada").await, app.user("grace").await);
    assert!(is_alive(&app, &ada).await);
    let late = app.db().begin().await.expect("a transaction");
    let id = literal(&app, ada.id);
    for change in [
        format!("INSERT INTO authn_change (user_id, at) VALUES ({id}, 0)"),
        format!("UPDATE authn_user SET display_name = 'Late' WHERE id = {id}"),
    ] {
        late.execute_unprepared(&change).await.expect("a change");
    }
    app.patch("/users/me").by(&grace).json(json!({ "display_name": "Sooner" })).send().await.is(200);
    app.clock().advance(BOUND);
    assert!(is_alive(&app, &ada).await);
    late.commit().await.expect("a commit");
    app.clock().advance(BOUND);
    let me = app.get("/users/me").by(&ada).send().await.is(200).json();
    assert_eq!(me["display_name"], json!("Late"));
}

async fn changes_are_kept_for_a_day(cx: Cx) {
    let app = cx.app_with(remembering()).await;
    let ada = app.user("ada").await;
    app.patch("/users/me").by(&ada).json(json!({ "display_name": "Ada" })).send().await.is(200);
    let count = async || app.rows("SELECT id FROM authn_change").await.len();
    let before = count().await;
    assert!(before > 0);
    app.clock().advance(Duration::from_secs(86_399));
    app.auth().purge().run().await.expect("a purge");
    assert_eq!(count().await, before);
    app.clock().advance(Duration::from_secs(1));
    app.auth().purge().run().await.expect("a purge");
    assert_eq!(count().await, 0);
    // For a server that has read it, a list that became shorter is another one.
    assert!(is_alive(&app, &ada).await);
    app.clock().advance(BOUND);
    assert!(is_alive(&app, &ada).await);
}
