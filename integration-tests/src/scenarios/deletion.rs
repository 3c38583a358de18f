//! Scenarios of what a deleted account leaves behind: that something happened, and not whose it was (GDPR, article 17).

use std::time::Duration;

use auth_core::{ErrorCode as E, Registration};
use auth_testkit::Engine;
use serde_json::json;
use uuid::Uuid;

use super::audit::literal;
use super::dump::dump;
use crate::mails::{MAGIC_LINK, VERIFY_EMAIL};
use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Request, Scenario, Setup};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_deleted_account_leaves_neither_address_nor_hash_nor_client,
    a_redeemed_token_stands_for_nothing,
    somebody_elses_registration_outlives_an_unverified_account,
    a_long_log_is_cleared_step_by_step,
];

const AGENT: &str = "canary-browser/1.0";
const ADA: &str = "ada@example.org";

fn neutral() -> Setup {
    Setup::default().auth(|auth| auth.registration(Registration::Neutral))
}

/// Which of these are somewhere in the tables.
async fn found<'t>(app: &App, engine: Engine, texts: &[&'t str]) -> Vec<&'t str> {
    let values = dump(app, engine).await;
    let is_there = |text: &str| values.iter().any(|value| String::from_utf8_lossy(value).to_lowercase().contains(text));
    texts.iter().copied().filter(|text| is_there(&text.to_lowercase())).collect()
}

/// ADM-10.
async fn a_deleted_account_leaves_neither_address_nor_hash_nor_client(cx: Cx) {
    let app = cx.app_with(neutral()).await;
    let root = app.superuser_by_operator().await;
    for by_superuser in [true, false] {
        let send = |request: Request| request.header("user-agent", AGENT).send();
        let anonymous = json!({ "email": ADA });
        // Two attempts to register, and a login by mail, from before there is an account.
        for _ in 0..2 {
            let body = json!({ "email": ADA, "password": PASSWORD, "attributes": { "a": "canary-attribute" } });
            send(app.post("/auth/register").json(body)).await.is(202);
        }
        app.post("/auth/magic-link").json(anonymous.clone()).send().await.is(202);
        app.mail_to(ADA, MAGIC_LINK).await;
        let token = json!({ "token": app.token_to(ADA, VERIFY_EMAIL).await });
        let ada = Login::new(&send(app.post("/auth/verify").json(token)).await.is(200).json());
        let login = json!({ "email": ADA, "password": PASSWORD });
        let ada = ada.with(&send(app.post("/auth/db/login").json(login)).await.is(200));
        send(app.post("/auth/forgot-password").json(anonymous)).await.is(202);
        send(app.post("/auth/db/login").json(json!({ "email": ADA, "password": "wrong" }))).await;
        event!(app, LoginFailed);
        // What she did to others.
        app.promote(&ada).await;
        let body = json!({ "username": format!("made-{by_superuser}"), "password": PASSWORD });
        send(app.post("/users").by(&ada).json(body)).await.is(201);
        app.demote(&ada).await;
        app.deliver().await;
        let hash = app.password_hash(&ada).await;
        // The hash of the attempt that came to nothing went with it.
        let traces = [ADA, AGENT, hash.as_str(), "canary-attribute", "password_hash"];
        assert_eq!(found(&app, cx.engine(), &traces).await, traces[..4]);
        let events = app.event_count().await;
        let delete = match by_superuser {
            true => app.delete(&ada.path()).by(&root),
            false => app.delete("/users/me").by(&ada).json(json!({ "password": PASSWORD })),
        };
        send(delete).await.is(204);
        app.deliver().await;
        assert_eq!(found(&app, cx.engine(), &traces).await, Vec::<&str>::new(), "by a superuser: {by_superuser}");
        assert!(app.event_count().await > events, "what happened stays known");
        app.execute("DELETE FROM authn_event").await;
    }
}

async fn a_redeemed_token_stands_for_nothing(cx: Cx) {
    let app = cx.app_with(neutral()).await;
    app.post("/auth/register").json(json!({ "email": ADA, "password": PASSWORD })).send().await.is(202);
    let token = json!({ "token": app.token_to(ADA, VERIFY_EMAIL).await });
    assert_eq!(app.count("authn_one_time_token WHERE data IS NOT NULL").await, 1);
    app.post("/auth/verify").json(token.clone()).send().await.is(200);
    assert_eq!(app.count("authn_one_time_token WHERE data IS NOT NULL").await, 0);
    assert_eq!(app.count("authn_one_time_token WHERE used_at IS NOT NULL").await, 1);
    app.post("/auth/verify").json(token).send().await.fails(E::VerifyUserBadToken);
}

/// The deletion of an account on the address of somebody else does not delete the links that were mailed there.
async fn somebody_elses_registration_outlives_an_unverified_account(cx: Cx) {
    let app = cx.app_with(neutral()).await;
    let root = app.superuser_by_operator().await;
    app.post("/auth/register").json(json!({ "email": ADA, "password": PASSWORD })).send().await.is(202);
    let token = json!({ "token": app.token_to(ADA, VERIFY_EMAIL).await });
    let squatter = json!({ "email": ADA, "password": PASSWORD, "is_verified": false });
    let squatter = Login::new(&app.post("/users").by(&root).json(squatter).send().await.is(201).json());
    app.delete(&squatter.path()).by(&root).send().await.is(204);
    app.post("/auth/verify").json(token).send().await.is(200);
}

/// Writes so many events of now into the log that name an account in a role, from the same client, and are numbered from here.
async fn log(app: &App, role: &str, who: &Login, first: u32, events: u32) {
    let (who, ids) = (literal(app, who.id), (first..first + events).collect::<Vec<_>>());
    let now = app.auth().now().unix_timestamp() * 1000;
    let id = |n: u32| Uuid::from_u128(((now.unsigned_abs() as u128) << 80) + u128::from(n));
    for ids in ids.chunks(500) {
        let row = |n: &u32| format!("({}, {now}, 'old', {who}, '192.0.2.7', 1, {now})", literal(app, id(*n)));
        let rows: Vec<String> = ids.iter().map(row).collect();
        let columns = format!("id, at, name, {role}, ip, count, last_at");
        app.execute(&format!("INSERT INTO authn_event ({columns}) VALUES {}", rows.join(", "))).await;
    }
}

/// Nobody waits until the clients of a long log are forgotten, and events that are on their way at that moment are not missed.
async fn a_long_log_is_cleared_step_by_step(cx: Cx) {
    let app = cx.app().await;
    let (ada, grace) = (app.user("ada").await, app.user("grace").await);
    log(&app, "subject_id", &ada, 10_000, 2_500).await;
    log(&app, "actor_id", &ada, 20_000, 1_200).await;
    log(&app, "subject_id", &grace, 30_000, 10).await;
    let known = async || app.count("authn_event WHERE name = 'old' AND ip IS NOT NULL").await;
    let purge = async || app.auth().purge().run().await.expect("a purge");
    app.delete("/users/me").by(&ada).json(json!({ "password": PASSWORD })).send().await.is(204);
    let left = known().await;
    assert!((1_710..1_720).contains(&left), "the newest thousand of each kind are forgotten at once: {left}");
    purge().await;
    assert_eq!(known().await, 10, "those of somebody else");
    // A job of the account that waited writes an event, on a server that is behind.
    app.clock().set_back(Duration::from_secs(30 * 60));
    log(&app, "actor_id", &ada, 40_000, 1).await;
    app.clock().advance(Duration::from_secs(73 * 60 * 60));
    log(&app, "subject_id", &ada, 50_000, 1).await;
    purge().await;
    assert_eq!((known().await, app.count("authn_meta").await), (10, 1));
    app.clock().advance(Duration::from_secs(2 * 60 * 60));
    purge().await;
    assert_eq!((app.count("authn_event WHERE name = 'old'").await, app.count("authn_meta").await), (3_712, 0));
}
