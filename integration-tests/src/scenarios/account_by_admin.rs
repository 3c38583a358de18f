//! Scenarios of accounts that superusers make, and of passwords that they set.

use auth_core::{ErrorCode as E, EventKind};
use auth_testkit::{Moment, Reaction};
use serde_json::{Value, json};

use crate::mails::{ACCOUNT_RESET, VERIFY_EMAIL};
use crate::scenario::scenarios;
use crate::{Answer, App, Cx, Login, PASSWORD, Scenario, audit};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    an_account_with_a_password_has_to_change_it,
    an_account_needs_a_name_and_flags_are_honoured,
    what_is_taken_or_weak_is_refused,
    a_password_that_is_reset_ends_everything,
    the_app_may_refuse,
];

const NEW: &str = "kettle-Umbrella-42-river";

async fn create(app: &App, root: &Login, body: Value) -> Answer {
    app.post("/users").by(root).json(body).send().await
}

async fn an_account_with_a_password_has_to_change_it(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("root").await;
    let body = json!({ "email": "ada@example.org", "password": PASSWORD, "is_verified": true });
    let ada = Login::new(&create(&app, &root, body).await.is(201).json());
    assert!(app.kinds_to(&ada.email).await.is_empty(), "the address counts as verified");
    let ada = app.login(&ada, "db").await;
    for path in ["/users/me", "/auth/sessions", "/users/me/export", "/auth/me/activity"] {
        app.get(path).by(&ada).send().await.fails(E::PasswordChangeRequired);
    }
    app.get("/host/user").by(&ada).send().await;
    let change = json!({ "old_password": PASSWORD, "new_password": NEW });
    let answer = app.post("/auth/change-password").by(&ada).json(change).send().await.is(200);
    app.get("/users/me").by(&ada.with(&answer)).send().await.is(200);
    // An unverified address gets its link.
    create(&app, &root, json!({ "email": "eve@example.org", "password": PASSWORD })).await.is(201);
    assert_eq!(app.kinds_to("eve@example.org").await, [VERIFY_EMAIL.name()]);
    audit::tables(&app).await;
}

async fn an_account_needs_a_name_and_flags_are_honoured(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("root").await;
    create(&app, &root, json!({ "password": PASSWORD })).await.rejects(&[("email", "missing")]);
    let body = json!({ "username": "grace", "is_superuser": true, "is_active": false, "is_verified": true });
    let user = create(&app, &root, body).await.is(201).json();
    assert_eq!((&user["email"], &user["username"]), (&Value::Null, &json!("grace")));
    assert_eq!(
        (&user["is_superuser"], &user["is_active"], &user["is_verified"]),
        (&json!(true), &json!(false), &json!(true))
    );
    assert_eq!(app.get(&Login::new(&user).path()).by(&root).send().await.is(200).json(), user);
}

async fn what_is_taken_or_weak_is_refused(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("root").await;
    app.patch("/users/me").by(&root).json(json!({ "username": "chief" })).send().await.is(200);
    create(&app, &root, json!({ "email": "ROOT@example.org" })).await.fails(E::RegisterUserAlreadyExists);
    create(&app, &root, json!({ "username": "Chief" })).await.fails(E::UsernameAlreadyExists);
    let weak = json!({ "email": "ada@example.org", "password": "short" });
    create(&app, &root, weak).await.fails(E::RegisterInvalidPassword);
    assert_eq!(app.user_count().await, 1);
}

async fn a_password_that_is_reset_ends_everything(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("root").await, app.user("ada").await);
    let path = format!("{}/reset-password", ada.path());
    let reset = |password: &str| app.post(&path).by(&root).json(json!({ "new_password": password }));
    app.post(&path).by(&root).json(json!({})).send().await.rejects(&[("new_password", "missing")]);
    reset("short").send().await.fails(E::ResetPasswordInvalidPassword);
    app.get("/users/me").by(&ada).send().await.is(200);
    reset(NEW).send().await.is(204);
    app.get("/users/me").by(&ada).send().await.fails(E::Unauthorized);
    app.try_login(&ada.email, PASSWORD, "db").await.fails(E::LoginBadCredentials);
    let ada = ada.with(&app.try_login(&ada.email, NEW, "db").await.is(200));
    app.get("/users/me").by(&ada).send().await.fails(E::PasswordChangeRequired);
    app.mail_to(&ada.email, ACCOUNT_RESET).await;
    let event = event!(app, PasswordResetByAdmin);
    assert_eq!(event.kind, EventKind::PasswordResetByAdmin { user_id: ada.id, actor_id: root.id });
}

async fn the_app_may_refuse(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("root").await, app.user("ada").await);
    app.hooks().react(Moment::Register, Reaction::Refuse("not today".to_owned()));
    app.hooks().react(Moment::UpdateUser, Reaction::Refuse("not today".to_owned()));
    create(&app, &root, json!({ "email": "eve@example.org" })).await.fails(E::RefusedByApp);
    let reset = app.post(&format!("{}/reset-password", ada.path())).by(&root).json(json!({ "new_password": NEW }));
    reset.send().await.fails(E::RefusedByApp);
    app.get("/users/me").by(&ada).send().await.is(200);
    assert_eq!(app.user_count().await, 2);
}
