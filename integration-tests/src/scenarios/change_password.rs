//! Scenarios of a new password for the old one (CHG-12, SES-09).

use std::time::Duration;

use auth_core::ErrorCode as E;
use auth_testkit::{Moment, Reaction};
use serde_json::{Value, json};

use crate::mails::{PASSWORD_CHANGED, RESET_PASSWORD};
use crate::scenario::scenarios;
use crate::{App, Cx, Jar, Login, PASSWORD, Scenario, audit, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_cookie_session_goes_on_with_a_new_cookie,
    a_bearer_session_goes_on_with_a_new_token,
    it_needs_the_old_password_and_a_recent_login,
    it_is_the_way_out_for_an_expired_password,
    a_crowd_changes_it_once: direct_only,
];

const NEW: &str = "kettle-Umbrella-42-river";

fn change(old: &str, new: &str) -> Value {
    json!({ "old_password": old, "new_password": new })
}

async fn as_bearer(app: &App, who: &Login, old: &str, new: &str) -> crate::Answer {
    app.post("/auth/change-password").by(who).json(change(old, new)).send().await
}

async fn a_cookie_session_goes_on_with_a_new_cookie(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let others = [app.login(&ada, "cookie").await, app.login(&ada, "jwt").await, app.login(&ada, "db").await];
    let jar = Jar::default();
    app.post("/auth/login").jar(&jar).json(json!({ "email": ada.email, "password": PASSWORD })).send().await.is(204);
    let before = jar.header().unwrap();
    app.post("/auth/change-password").jar(&jar).json(change(PASSWORD, NEW)).send().await.is(204);
    assert_ne!(jar.header().unwrap(), before);
    app.get("/users/me").jar(&jar).send().await.is(200);
    app.get("/users/me").header("cookie", before).send().await.fails(E::Unauthorized);
    for other in &others {
        app.get("/users/me").by(other).send().await.fails(E::Unauthorized);
    }
    app.try_login(&ada.email, PASSWORD, "db").await.fails(E::LoginBadCredentials);
    app.try_login(&ada.email, NEW, "db").await.is(200);
    // CHG-12: word to the owner, which undoes nothing.
    assert!(app.mail_to(&ada.email, PASSWORD_CHANGED).await.link.is_none());
    audit::tables(&app).await;
}

async fn a_bearer_session_goes_on_with_a_new_token(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    for (backend, old, new) in [("db", PASSWORD, NEW), ("jwt", NEW, PASSWORD)] {
        let answer = app.try_login(&ada.email, old, backend).await.is(200);
        let login = ada.with(&answer);
        let answer = as_bearer(&app, &login, old, new).await.is(200);
        assert_eq!(answer.json()["token_type"], json!("bearer"));
        let renewed = login.with(&answer);
        assert_ne!(renewed.token, login.token);
        app.get("/users/me").by(&renewed).send().await.is(200);
        app.get("/users/me").by(&login).send().await.fails(E::Unauthorized);
    }
}

async fn it_needs_the_old_password_and_a_recent_login(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    as_bearer(&app, &ada, "wrong-Password-1", NEW).await.fails(E::ChangePasswordBadPassword);
    let answer = as_bearer(&app, &ada, PASSWORD, "short").await.fails(E::ChangePasswordInvalidPassword);
    assert!(answer.json()["detail"]["reason"].is_string());
    let missing = app.post("/auth/change-password").by(&ada).json(json!({})).send().await;
    missing.rejects(&[("old_password", "missing"), ("new_password", "missing")]);
    event!(app, PasswordChangeFailed);
    // Nothing of this ended anything, or cost the account its password.
    app.get("/users/me").by(&ada).send().await.is(200);
    app.hooks().react(Moment::UpdateUser, Reaction::Refuse("not today".to_owned()));
    as_bearer(&app, &ada, PASSWORD, NEW).await.fails(E::RefusedByApp);
    app.hooks().behave();
    app.clock().advance(Duration::from_secs(601));
    as_bearer(&app, &ada, PASSWORD, NEW).await.fails(E::ReauthenticationRequired);
    app.try_login(&ada.email, PASSWORD, "db").await.is(200);
    // An account without a password has no old one to give.
    app.remove_password(&ada).await;
    app.clock().set_back(Duration::from_secs(601));
    as_bearer(&app, &ada, PASSWORD, NEW).await.fails(E::ChangePasswordBadPassword);
}

async fn it_is_the_way_out_for_an_expired_password(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    app.expire_password(&ada).await;
    app.get("/users/me").by(&ada).send().await.fails(E::PasswordChangeRequired);
    // The same password again does not count.
    as_bearer(&app, &ada, PASSWORD, PASSWORD).await.fails(E::ChangePasswordInvalidPassword);
    let renewed = ada.with(&as_bearer(&app, &ada, PASSWORD, NEW).await.is(200));
    app.get("/users/me").by(&renewed).send().await.is(200);
    // So is a mailed link.
    app.expire_password(&ada).await;
    app.post("/auth/forgot-password").json(json!({ "email": ada.email })).send().await.is(202);
    let body = json!({ "token": app.token_to(&ada.email, RESET_PASSWORD).await, "password": PASSWORD });
    app.post("/auth/reset-password").json(body).send().await.is(200);
    app.get("/users/me").by(&app.login(&ada, "db").await).send().await.is(200);
}

async fn a_crowd_changes_it_once(cx: Cx) {
    let app = cx.app().await;
    let servers = [app.clone(), app.second_server().await];
    let ada = app.user("ada").await;
    let new = |n: usize| format!("kettle-Umbrella-{n}-river");
    let answers = race(16, |n| {
        let (server, ada) = (servers[n % 2].clone(), ada.clone());
        async move { as_bearer(&server, &ada, PASSWORD, &new(n)).await.status.as_u16() }
    });
    let answers = answers.await;
    let winners: Vec<usize> =
        answers.iter().enumerate().filter(|(_, status)| **status == 200).map(|(n, _)| n).collect();
    assert_eq!(winners.len(), 1, "{answers:?}");
    app.try_login(&ada.email, &new(winners[0]), "db").await.is(200);
    audit::tables(&app).await;
}
