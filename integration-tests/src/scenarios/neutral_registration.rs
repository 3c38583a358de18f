//! Scenarios of registration that says nothing about whether an address is taken (REG-01, REG-02, contract 11.9).

use std::time::Duration;

use auth_core::{ErrorCode as E, Registration};
use auth_testkit::{Moment, Reaction};
use serde_json::{Value, json};

use crate::mails::{ALREADY_REGISTERED, VERIFY_EMAIL};
use crate::scenario::scenarios;
use crate::{Answer, App, Cx, PASSWORD, Scenario, Setup, audit, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_taken_address_cannot_be_told_from_a_free_one: one_server,
    verification_creates_the_account,
    of_several_attempts_the_verified_one_wins,
    an_account_is_created_without_a_username_taken_meanwhile,
    one_that_waits_is_not_completed_once_registration_is_closed,
    a_crowd_makes_one_account: direct_only,
    the_app_may_refuse,
];

const OTHER: &str = "kettle-Umbrella-42-river";

async fn neutral(cx: &Cx) -> App {
    cx.app_with(Setup::default().auth(|auth| auth.registration(Registration::Neutral))).await
}

async fn register(app: &App, body: Value) -> Answer {
    app.post("/auth/register").json(body).send().await
}

fn body(name: &str, password: &str) -> Value {
    json!({ "email": format!("{name}@example.org"), "password": password })
}

async fn verify(app: &App, token: &str) -> Answer {
    app.post("/auth/verify").json(json!({ "token": token })).send().await
}

/// Makes an account and returns its address.
async fn account(app: &App, name: &str) -> String {
    register(app, body(name, PASSWORD)).await.is(202);
    let email = format!("{name}@example.org");
    verify(app, &app.token_to(&email, VERIFY_EMAIL).await).await.is(200);
    email
}

async fn a_taken_address_cannot_be_told_from_a_free_one(cx: Cx) {
    let app = neutral(&cx).await;
    let taken = account(&app, "taken").await;
    app.mailer().forget();
    let mut first = None;
    for name in ["taken", "free", "Taken", "other"] {
        let (_, work) = (app.statements().take(), app.auth().hasher().work_done());
        let answer = register(&app, body(name, PASSWORD)).await.is(202);
        let work = app.auth().hasher().work_done() - work;
        let mut headers = answer.headers.clone();
        headers.remove("date");
        assert_eq!(answer.json(), Value::Null);
        assert!(answer.set_cookies().is_empty(), "REG-19");
        let seen = (app.statements().take(), work, headers, answer.body);
        assert_eq!(first.get_or_insert_with(|| seen.clone()), &seen, "{name}");
    }
    assert_eq!(app.user_count().await, 1);
    assert_eq!(app.kinds_to("free@example.org").await, [VERIFY_EMAIL.name()]);
    assert_eq!(app.kinds_to(&taken).await, [ALREADY_REGISTERED.name(); 2]);
    // The owner may have forgotten about it.
    let reset = json!({ "token": app.token_to(&taken, ALREADY_REGISTERED).await, "password": OTHER });
    app.post("/auth/reset-password").json(reset).send().await.is(200);
    app.try_login(&taken, OTHER, "db").await.is(200);
    // What is wrong with the request itself may be said.
    register(&app, body("x", "short")).await.fails(E::RegisterInvalidPassword);
    register(&app, json!({})).await.rejects(&[("email", "missing"), ("password", "missing")]);
}

async fn verification_creates_the_account(cx: Cx) {
    let app = neutral(&cx).await;
    let full = json!({
        "email": "Ada@Example.org", "password": PASSWORD, "username": "ada", "display_name": "Ada Lovelace",
        "attributes": { "team": "engine" }, "is_superuser": true, "is_active": false, "id": "x",
    });
    register(&app, full).await.is(202);
    app.try_login("ada@example.org", PASSWORD, "db").await.fails(E::LoginBadCredentials);
    let token = app.token_to("Ada@example.org", VERIFY_EMAIL).await;
    assert_eq!(app.user_count().await, 0);
    let user = verify(&app, &token).await.is(200).json();
    assert_eq!(user["email"], json!("Ada@example.org"));
    assert_eq!((&user["username"], &user["display_name"]), (&json!("ada"), &json!("Ada Lovelace")));
    assert_eq!(user["attributes"], json!({ "team": "engine" }));
    assert_eq!(
        (&user["is_verified"], &user["is_superuser"], &user["is_active"]),
        (&json!(true), &json!(false), &json!(true))
    );
    app.try_login("ada", PASSWORD, "db").await.is(200);
    verify(&app, &token).await.fails(E::VerifyUserBadToken);
    assert_eq!(app.hooks().befores().iter().filter(|moment| **moment == Moment::Register).count(), 1);
    // A day later it is too late.
    register(&app, body("late", PASSWORD)).await.is(202);
    let late = app.token_to("late@example.org", VERIFY_EMAIL).await;
    app.clock().advance(Duration::from_secs(24 * 60 * 60));
    verify(&app, &late).await.fails(E::VerifyUserBadToken);
    audit::tables(&app).await;
}

async fn of_several_attempts_the_verified_one_wins(cx: Cx) {
    let app = neutral(&cx).await;
    register(&app, body("ada", OTHER)).await.is(202);
    let squatter = app.token_to("ada@example.org", VERIFY_EMAIL).await;
    register(&app, body("ada", PASSWORD)).await.is(202);
    let owner = app.token_to("ada@example.org", VERIFY_EMAIL).await;
    assert_ne!(squatter, owner);
    verify(&app, &owner).await.is(200);
    verify(&app, &squatter).await.fails(E::VerifyUserBadToken);
    app.try_login("ada@example.org", OTHER, "db").await.fails(E::LoginBadCredentials);
    app.try_login("ada@example.org", PASSWORD, "db").await.is(200);
    assert_eq!(app.user_count().await, 1);
}

async fn an_account_is_created_without_a_username_taken_meanwhile(cx: Cx) {
    let app = neutral(&cx).await;
    let named = |email: &str| json!({ "email": email, "password": PASSWORD, "username": "ada" });
    register(&app, named("first@example.org")).await.is(202);
    register(&app, named("second@example.org")).await.is(202);
    let (first, second) =
        (app.token_to("first@example.org", VERIFY_EMAIL).await, app.token_to("second@example.org", VERIFY_EMAIL).await);
    assert_eq!(verify(&app, &first).await.is(200).json()["username"], json!("ada"));
    assert_eq!(verify(&app, &second).await.is(200).json()["username"], json!(null));
    // User names are public: that one is taken can be said at once.
    register(&app, named("third@example.org")).await.fails(E::UsernameAlreadyExists);
}

async fn one_that_waits_is_not_completed_once_registration_is_closed(cx: Cx) {
    let app = neutral(&cx).await;
    register(&app, body("ada", PASSWORD)).await.is(202);
    let token = app.token_to("ada@example.org", VERIFY_EMAIL).await;
    let closed = app.server_with(Setup::default().auth(|auth| auth.registration(Registration::Closed))).await;
    verify(&closed, &token).await.fails(E::VerifyUserBadToken);
    verify(&app, &token).await.is(200);
}

async fn a_crowd_makes_one_account(cx: Cx) {
    let app = neutral(&cx).await;
    let servers = [app.clone(), app.second_server().await];
    let answers = race(16, |n| {
        let server = servers[n % 2].clone();
        async move { register(&server, body("ada", &format!("kettle-Umbrella-{n}-river"))).await }
    });
    answers.await.into_iter().for_each(|answer| drop(answer.is(202)));
    app.deliver().await;
    let tokens: Vec<String> = app.mailer().sent().iter().map(|(mail, _)| crate::mails::token_of(mail)).collect();
    assert_eq!(tokens.len(), 16);
    let answers = race(16, |n| {
        let (server, token) = (servers[n % 2].clone(), tokens[n].clone());
        async move { verify(&server, &token).await }
    });
    let answers = answers.await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 200 | 400)));
    assert_eq!(app.user_count().await, 1);
}

async fn the_app_may_refuse(cx: Cx) {
    let app = neutral(&cx).await;
    register(&app, body("ada", PASSWORD)).await.is(202);
    let token = app.token_to("ada@example.org", VERIFY_EMAIL).await;
    app.hooks().react(Moment::Register, Reaction::Refuse("not today".to_owned()));
    verify(&app, &token).await.fails(E::RefusedByApp);
    assert_eq!(app.user_count().await, 0);
    app.hooks().behave();
    verify(&app, &token).await.is(200);
}
