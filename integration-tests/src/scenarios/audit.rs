//! Scenarios of the audit log (SEC-03).

use auth_core::ErrorCode as E;
use auth_core::audit::{AuditConfig, AuditQuery};
use auth_testkit::{Moment, Reaction};
use serde_json::json;
use std::time::Duration;

use crate::mails::{ACCOUNT_DELETED, MAGIC_LINK, RESET_PASSWORD, VERIFY_EMAIL};
use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Scenario, Setup, race, until};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    users_see_what_happened_to_their_account,
    superusers_see_everything_page_by_page,
    an_event_is_there_when_its_change_is,
    no_event_holds_a_secret,
    a_deleted_account_leaves_no_addresses,
    failures_of_an_hour_share_a_row,
    events_are_kept_for_their_time: direct_only,
];

async fn names(app: &App, path: &str, who: &Login) -> Vec<String> {
    let page = app.get(path).by(who).send().await.is(200).json();
    let items = page["items"].as_array().expect("a list");
    items.iter().map(|event| event["name"].as_str().expect("a name").to_owned()).collect()
}

/// Events of one moment have no order.
fn later(app: &App) {
    app.clock().advance(Duration::from_millis(1));
}

/// Registers somebody and logs in, one after the other.
async fn user(app: &App, name: &str) -> Login {
    let who = app.register(name).await;
    later(app);
    let login = app.login(&who, "db").await;
    later(app);
    login
}

async fn users_see_what_happened_to_their_account(cx: Cx) {
    let app = cx.app().await;
    let (ada, grace) = (user(&app, "ada").await, user(&app, "grace").await);
    app.try_login(&ada.email, "wrong-Password-1", "db").await.fails(E::LoginBadCredentials);
    event!(app, LoginFailed);
    later(&app);
    app.patch("/users/me").by(&ada).json(json!({ "display_name": "Ada" })).send().await.is(200);
    let page = app.get("/auth/me/activity?limit=2").by(&ada).header("user-agent", "x").send().await.is(200).json();
    assert_eq!(page["items"][0]["name"], json!("user_updated"));
    assert_eq!(page["items"][0]["data"], json!({ "fields": ["display_name"] }));
    assert_eq!(page["items"][1]["name"], json!("login_failure"));
    assert_eq!(page["items"][1]["data"], json!({ "reason": "wrong_password" }));
    assert_eq!(page["items"][1]["subject_id"], json!(ada.id));
    let next = page["next"].as_str().expect("a second page");
    assert_eq!(names(&app, &format!("/auth/me/activity?cursor={next}"), &ada).await, ["login_success", "register"]);
    assert_eq!(names(&app, "/auth/me/activity", &grace).await, ["login_success", "register"]);
    // The same is in what users can take along.
    let export = app.get("/users/me/export").by(&ada).send().await.is(200).json();
    assert_eq!(export["activity"].as_array().map(Vec::len), Some(5), "the export itself is among them");
    app.get("/auth/me/activity?limit=x").by(&ada).send().await.rejects(&[("limit", "int_parsing")]);
}

async fn superusers_see_everything_page_by_page(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("root").await, user(&app, "ada").await);
    app.try_login("nobody", PASSWORD, "db").await.fails(E::LoginBadCredentials);
    event!(app, LoginFailed);
    app.get("/auth/activity").by(&ada).send().await.fails(E::Forbidden);
    let of_ada = format!("/auth/activity?user_id={}", ada.id);
    assert_eq!(names(&app, &of_ada, &root).await, ["login_success", "register"]);
    assert_eq!(names(&app, "/auth/activity?name=login_failure", &root).await, ["login_failure"]);
    assert!(names(&app, "/auth/activity?name=%25", &root).await.is_empty());
    let (mut seen, mut path) = (Vec::new(), "/auth/activity?limit=2".to_owned());
    loop {
        let page = app.get(&path).by(&root).send().await.is(200).json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => path = format!("/auth/activity?limit=2&cursor={next}"),
            None => break,
        }
    }
    let mut sorted = seen.clone();
    sorted.sort_by(|a, b| b.cmp(a));
    sorted.dedup();
    assert_eq!((seen.len() as i64, &seen), (app.event_count().await, &sorted), "each once, newest first");
    app.get("/auth/activity?user_id=x").by(&root).send().await.rejects(&[("user_id", "uuid_parsing")]);
}

/// Committed together, rolled back together.
async fn an_event_is_there_when_its_change_is(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    let before = app.event_count().await;
    event!(app, LoginSucceeded);
    let change = |name: &str| app.patch("/users/me").by(&ada).json(json!({ "display_name": name })).send();
    app.hooks().forget();
    for reaction in [Reaction::Refuse("no".to_owned()), Reaction::Fail("no".to_owned()), Reaction::Panic] {
        app.hooks().react(Moment::UpdateUser, reaction);
        let strict = app.server_with(Setup::default().tolerates_500()).await;
        let answer = strict.patch("/users/me").by(&ada).json(json!({ "display_name": "x" })).send().await;
        assert!(!answer.status.is_success());
    }
    app.hooks().behave();
    assert_eq!(app.event_count().await, before);
    assert!(app.hooks().events().is_empty(), "and no hook heard of it");
    later(&app);
    change("Ada").await.is(200);
    assert_eq!(app.event_count().await, before + 1);
    // What the hook is told is what the log says.
    let event = event!(app, UserUpdated);
    let page = app.auth().audit().list(AuditQuery { limit: Some(1), ..AuditQuery::default() }).await.expect("a page");
    assert_eq!((page.items[0].id, page.items[0].at), (event.id, event.at));
}

async fn no_event_holds_a_secret(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    for path in ["/auth/forgot-password", "/auth/magic-link", "/auth/request-verify-token"] {
        app.post(path).json(json!({ "email": ada.email })).send().await.is(202);
    }
    let mut secrets = vec![PASSWORD.to_owned(), ada.token.clone(), ada.email.clone(), "argon2".to_owned()];
    for kind in [VERIFY_EMAIL, RESET_PASSWORD, MAGIC_LINK] {
        secrets.push(app.token_to(&ada.email, kind).await);
    }
    let reset = json!({ "token": &secrets[5], "password": "kettle-Umbrella-42-river" });
    app.post("/auth/reset-password").json(reset).send().await.is(200);
    secrets.push("kettle-Umbrella-42-river".to_owned());
    let page = app.auth().audit().list(AuditQuery { limit: Some(100), ..AuditQuery::default() }).await.expect("a page");
    let kinds: Vec<&str> = page.items.iter().map(|event| event.name.as_str()).collect();
    for expected in
        ["register", "login_success", "reset_requested", "magic_requested", "verify_requested", "reset_done"]
    {
        assert!(kinds.contains(&expected), "{expected}: {kinds:?}");
    }
    let text = format!("{:?}", page.items);
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret}");
    }
}

async fn a_deleted_account_leaves_no_addresses(cx: Cx) {
    let app = cx.app().await;
    let ada = user(&app, "ada").await;
    app.delete("/users/me").by(&ada).send().await.is(204);
    app.mail_to(&ada.email, ACCOUNT_DELETED).await;
    let page = app.auth().audit().list(AuditQuery { subject_id: Some(ada.id), ..AuditQuery::default() }).await;
    let events = page.expect("a page").items;
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["user_deleted", "login_success", "register"], "what happened stays known");
    for event in events {
        assert_eq!((event.ip, event.user_agent), (None, None), "{}", event.name);
    }
}

/// A client that guesses passwords fills neither the table nor the list of what happened to an account.
async fn failures_of_an_hour_share_a_row(cx: Cx) {
    const HOUR: Duration = Duration::from_secs(60 * 60);
    let app = cx.app().await;
    let ada = app.user("ada").await;
    let servers = [app.clone(), app.second_server().await];
    let fail = async |times: usize, names: &[&str]| {
        app.hooks().forget();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let answers = race(times, |n| {
            let (server, name) = (servers[n % 2].clone(), names[n % names.len()].clone());
            async move { server.try_login(&name, "wrong-Password-1", "db").await }
        });
        answers.await.into_iter().for_each(|answer| drop(answer.fails(E::LoginBadCredentials)));
        let written = || app.hooks().events().iter().filter(|event| event.kind.name() == "login_failure").count();
        until("all failures are written down", || written() == times).await;
    };
    let rows = async |subject_id: Option<uuid::Uuid>| {
        let query = AuditQuery { subject_id, name: Some("login_failure".to_owned()), ..AuditQuery::default() };
        let page = app.auth().audit().list(query).await.expect("a page");
        page.items.into_iter().map(|row| (row.count, row.last_at - row.at)).collect::<Vec<_>>()
    };
    let now = app.auth().now().unix_timestamp();
    app.clock()
        .advance(HOUR - Duration::from_secs(u64::try_from(now.rem_euclid(60 * 60)).expect("no negative number")));
    fail(8, &[&ada.email]).await;
    app.clock().advance(HOUR - Duration::from_millis(1));
    fail(1, &[&ada.email]).await;
    assert_eq!(rows(Some(ada.id)).await, [(9, time::Duration::milliseconds(60 * 60 * 1000 - 1))]);
    app.clock().advance(Duration::from_millis(1));
    fail(2, &[&ada.email]).await;
    assert_eq!(rows(Some(ada.id)).await, [(2, time::Duration::ZERO), (9, time::Duration::milliseconds(3_599_999))]);
    // Another reason, and nobody in particular.
    app.deactivate(&ada).await;
    fail(2, &[&ada.email]).await;
    fail(4, &["nobody", "someone@example.org"]).await;
    assert_eq!(rows(Some(ada.id)).await.len(), 2, "a wrong password comes before the state of the account");
    assert_eq!(rows(None).await[0], (4, time::Duration::ZERO));
}

async fn events_are_kept_for_their_time(cx: Cx) {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let app = cx.app_with(Setup::default().auth(|auth| auth.audit(AuditConfig { retention: 7 * DAY }))).await;
    let ada = app.user("ada").await;
    let purge = || async { app.auth().purge().run().await.expect("the tables") };
    app.clock().advance(7 * DAY - Duration::from_millis(1));
    assert_eq!(purge().await.of("audit"), 0);
    app.clock().advance(Duration::from_millis(1));
    let purged = purge().await;
    assert_eq!((purged.of("audit"), purged.of("session")), (2, 1), "the session was idle for as long");
    app.get("/users/me").by(&ada).send().await.fails(E::Unauthorized);
    assert_eq!((app.event_count().await, app.session_count().await), (0, 0));
    // Single-use tokens stay for a week after their end.
    assert_eq!(app.count("authn_one_time_token").await, 1);
    app.clock().advance(DAY);
    assert_eq!(purge().await.of("one_time"), 1);
    // More than one statement deletes.
    let values: Vec<String> = (0..2500).map(|n| format!("({})", row(&app, n))).collect();
    for chunk in values.chunks(500) {
        let columns = "id, at, name, count, last_at";
        app.execute(&format!("INSERT INTO authn_event ({columns}) VALUES {}", chunk.join(", "))).await;
    }
    app.clock().advance(8 * DAY);
    assert_eq!(purge().await.of("audit"), 2500);
}

/// A row of an old event, in words that all databases understand.
fn row(app: &App, n: u32) -> String {
    format!("{}, 1, 'old', 1, 1", literal(app, uuid::Uuid::from_u128(u128::from(n))))
}

/// An id as the databases write it.
pub(super) fn literal(app: &App, id: uuid::Uuid) -> String {
    use auth_core::sea_orm::DbBackend;
    match app.db().get_database_backend() {
        DbBackend::Postgres => format!("'{id}'"),
        _ => format!("X'{}'", id.simple()),
    }
}
