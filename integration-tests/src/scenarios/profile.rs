//! Scenarios of one's own account.

use std::time::Duration;

use auth_core::ErrorCode as E;
use auth_core::EventKind;
use auth_testkit::Moment;
use serde_json::{Value, json};

use super::registration::{reason, refuse};
use crate::scenario::scenarios;
use crate::{Cx, Jar, PASSWORD, Scenario, Setup};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    shows_the_account,
    changes_plain_fields,
    a_new_address_starts_over,
    an_address_can_be_written_in_another_way,
    a_new_address_needs_a_recent_proof,
    a_taken_address_or_name_is_refused,
    a_new_password_ends_other_sessions,
    whoever_changes_the_password_stays_logged_in,
    a_new_password_needs_the_old_one,
    a_hook_can_refuse_a_change,
    deletes_the_account_with_everything,
    deleting_needs_a_recent_proof,
    a_hook_can_refuse_a_deletion,
    the_last_superuser_stays,
    exports_what_is_held,
];

/// Longer than a login counts as recent. A token of the backend `jwt` does not live so long; one of `db` does.
const STALE: Duration = Duration::from_secs(601);

const NEW_PASSWORD: &str = "violet-Harbour-57-lamp";

async fn shows_the_account(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    for backend in ["cookie", "jwt", "db"] {
        let login = app.login(&ada, backend).await;
        let account = app.get("/users/me").by(&login).send().await.is(200).json();
        assert_eq!((&account["id"], &account["email"]), (&json!(ada.id), &json!("ada@example.org")), "{backend}");
        let keys: Vec<&str> = account.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys.len(), 9, "no more than the public fields: {keys:?}");
    }
}

async fn changes_plain_fields(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    let patch = |body: Value| app.patch("/users/me").by(&ada).json(body).send();
    app.clock().advance(Duration::from_secs(5));
    let account = patch(json!({ "username": "Countess", "display_name": "Ada", "attributes": { "a": 1 } })).await;
    let account = account.is(200).json();
    assert_eq!(
        (&account["username"], &account["display_name"], &account["attributes"]),
        (&json!("Countess"), &json!("Ada"), &json!({ "a": 1 }))
    );
    assert_eq!(app.get("/users/me").by(&ada).send().await.is(200).json(), account);
    assert_eq!(patch(json!({})).await.is(200).json(), account, "an empty change changes nothing");
    // What was given is replaced as a whole, null empties, the rest stays.
    let account =
        patch(json!({ "username": null, "display_name": null, "attributes": { "b": 2 } })).await.is(200).json();
    assert_eq!(
        (&account["username"], &account["display_name"], &account["attributes"], &account["email"]),
        (&Value::Null, &Value::Null, &json!({ "b": 2 }), &json!("ada@example.org"))
    );
    let event = event!(app, UserUpdated);
    assert!(
        matches!(event.kind, EventKind::UserUpdated { user_id, actor_id, .. } if (user_id, actor_id) == (ada.id, Some(ada.id)))
    );
    patch(json!({ "email": null, "username": 7 }))
        .await
        .rejects(&[("email", "string_type"), ("username", "string_type")]);
    // Nobody could log in to an account without a name.
    app.execute(&format!(
        "DELETE FROM authn_address WHERE user_id IN (SELECT id FROM authn_user WHERE email = '{}')",
        ada.email
    ))
    .await;
    app.set(&ada, "username = 'ada', username_key = 'ada', email = NULL").await;
    patch(json!({ "username": null })).await.rejects(&[("username", "missing")]);
    patch(json!({ "username": "ada2" })).await.is(200);
}

async fn an_address_can_be_written_in_another_way(cx: Cx) {
    for setup in [Setup::default(), Setup::default().immediate_email_change()] {
        let app = cx.app_with(setup).await;
        let (ada, other, root) = (app.user("ada").await, app.user("ada2").await, app.superuser("root").await);
        app.execute("UPDATE authn_user SET is_verified = TRUE WHERE email = 'ada@example.org'").await;
        let mails = app.mails_to("ada@example.org").await.len();
        app.clock().advance(STALE);
        for email in ["Ada@Example.org", "aDA@EXAMPLE.ORG", " Ada@example.org "] {
            let account = app.patch("/users/me").by(&ada).json(json!({ "email": email })).send().await.is(200).json();
            let (local, _) = email.trim().split_once('@').expect("an address");
            assert_eq!(account["email"], format!("{local}@example.org"));
            assert_eq!(account["is_verified"], true);
        }
        assert!(
            matches!(event!(app, UserUpdated).kind, EventKind::UserUpdated { ref fields, .. } if fields == &["email"])
        );
        app.get("/users/me").by(&ada).send().await.is(200);
        app.try_login("ADA@example.org", PASSWORD, "db").await.is(200);
        let root = app.login(&root, "db").await;
        let path = format!("/users/{}", ada.id);
        let account =
            app.patch(&path).by(&root).json(json!({ "email": "ADA@example.org" })).send().await.is(200).json();
        assert_eq!((&account["email"], &account["is_verified"]), (&json!("ADA@example.org"), &json!(true)));
        app.get("/users/me").by(&ada).send().await.is(200);
        assert_eq!(app.mails_to("ada@example.org").await.len(), mails, "nothing happened that the owner has to know");
        assert_eq!(app.count("authn_address WHERE email_key = 'ada@example.org'").await, 1);
        // The address of somebody else stays theirs in each spelling.
        let stolen = app.patch("/users/me").by(&ada).json(json!({ "email": other.email.to_uppercase() }));
        stolen.send().await.fails(E::ReauthenticationRequired);
    }
}

async fn a_new_address_starts_over(cx: Cx) {
    let app = cx.app_with(Setup::default().immediate_email_change()).await;
    let ada = app.verified("ada").await;
    let (other, old) = (app.login(&ada, "db").await, app.login(&ada, "cookie").await);
    // The same address in another spelling is not a new one.
    let same = app.patch("/users/me").by(&old).json(json!({ "email": "ADA@Example.org" })).send().await.is(200);
    assert_eq!(same.json()["is_verified"], true);
    let answer = app.patch("/users/me").by(&old).json(json!({ "email": "countess@example.org" })).send().await.is(200);
    let account = answer.json();
    assert_eq!((&account["email"], &account["is_verified"]), (&json!("countess@example.org"), &json!(false)));
    let new = ada.with(&answer);
    app.get("/users/me").by(&new).send().await.is(200);
    for dead in [&old, &other] {
        app.get("/users/me").by(dead).send().await.fails(E::Unauthorized);
    }
    app.try_login("ada@example.org", PASSWORD, "db").await.fails(E::LoginBadCredentials);
    app.try_login("countess@example.org", PASSWORD, "db").await.is(200);
}

async fn a_new_address_needs_a_recent_proof(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    app.clock().advance(STALE);
    let patch = |body: Value| app.patch("/users/me").by(&ada).json(body).send();
    patch(json!({ "email": "new@example.org" })).await.fails(E::ReauthenticationRequired);
    let wrong = json!({ "email": "new@example.org", "current_password": "wrong-Password-1" });
    patch(wrong).await.fails(E::UpdateUserBadCurrentPassword);
    assert!(app.has_user("ada@example.org").await);
    patch(json!({ "email": "new@example.org", "current_password": PASSWORD })).await.is(200);
}

async fn a_taken_address_or_name_is_refused(cx: Cx) {
    let app = cx.app_with(Setup::default().immediate_email_change()).await;
    let (ada, grace) = (app.user("ada").await, app.user("grace").await);
    app.patch("/users/me").by(&grace).json(json!({ "username": "grace" })).send().await.is(200);
    let taken = app.patch("/users/me").by(&ada).json(json!({ "email": "Grace@example.org" })).send().await;
    taken.fails(E::UpdateUserEmailAlreadyExists);
    let taken = app.patch("/users/me").by(&ada).json(json!({ "username": "GRACE" })).send().await;
    taken.fails(E::UsernameAlreadyExists);
    // The attempts ended nothing.
    app.get("/users/me").by(&ada).send().await.is(200);
}

async fn a_new_password_ends_other_sessions(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let mut others = Vec::new();
    for backend in ["cookie", "jwt", "db"] {
        others.push(app.login(&ada, backend).await);
    }
    let own = Jar::default();
    app.post("/auth/login").jar(&own).json(json!({ "email": ada.email, "password": PASSWORD })).send().await.is(204);
    let before = own.header();
    let change = json!({ "password": NEW_PASSWORD, "current_password": PASSWORD });
    app.patch("/users/me").jar(&own).json(change).send().await.is(200);
    assert_ne!(own.header(), before, "the session that goes on has a new token");
    app.get("/users/me").jar(&own).send().await.is(200);
    app.get("/users/me").header("cookie", before.unwrap()).send().await.fails(E::Unauthorized);
    for dead in &others {
        app.get("/users/me").by(dead).send().await.fails(E::Unauthorized);
    }
    assert_eq!(app.session_count().await, 1);
    app.try_login(&ada.email, PASSWORD, "db").await.fails(E::LoginBadCredentials);
    app.try_login(&ada.email, NEW_PASSWORD, "db").await.is(200);
    let event = event!(app, PasswordChanged);
    assert_eq!(event.kind, EventKind::PasswordChanged { user_id: ada.id, actor_id: Some(ada.id) });
}

async fn whoever_changes_the_password_stays_logged_in(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let (mut old, mut new) = (PASSWORD, NEW_PASSWORD);
    for backend in ["cookie", "jwt", "db"] {
        let login = ada.with(&app.try_login(&ada.email, old, backend).await);
        let change = json!({ "password": new, "current_password": old });
        let answer = app.patch("/users/me").by(&login).json(change).send().await.is(200);
        // The cookie is replaced, and so is a bearer token: a copy of the old one is worth nothing.
        assert_eq!(answer.header("auth-token").is_some(), backend != "cookie", "{backend}");
        assert_eq!(answer.set_cookies().len(), usize::from(backend == "cookie"), "{backend}");
        let renewed = ada.with(&answer);
        assert_ne!(renewed.token, login.token, "{backend}");
        assert_eq!(app.get("/users/me").by(&renewed).send().await.status, 200, "{backend}");
        app.get("/users/me").by(&login).send().await.fails(E::Unauthorized);
        let more = app.patch("/users/me").by(&renewed).json(json!({ "display_name": "Ada" })).send().await.is(200);
        assert_eq!(more.header("auth-token"), None, "nothing else ends a token");
        (old, new) = (new, old);
    }
}

async fn a_new_password_needs_the_old_one(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    let patch = |body: Value| app.patch("/users/me").by(&ada).json(body).send();
    patch(json!({ "password": NEW_PASSWORD })).await.fails(E::UpdateUserBadCurrentPassword);
    let wrong = json!({ "password": NEW_PASSWORD, "current_password": NEW_PASSWORD });
    patch(wrong).await.fails(E::UpdateUserBadCurrentPassword);
    let weak = patch(json!({ "password": "password1", "current_password": PASSWORD })).await;
    reason(&weak.fails(E::UpdateUserInvalidPassword), "password1");
    event!(app, PasswordChangeFailed);
    app.try_login(&ada.email, PASSWORD, "db").await.is(200);
}

async fn a_hook_can_refuse_a_change(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    refuse(&app, Moment::UpdateUser);
    let change = json!({ "display_name": "Ada", "password": NEW_PASSWORD, "current_password": PASSWORD });
    app.patch("/users/me").by(&ada).json(change).send().await.fails(E::RefusedByApp);
    let account = app.get("/users/me").by(&ada).send().await.is(200).json();
    assert_eq!(account["display_name"], Value::Null, "nothing of it was written");
    app.try_login(&ada.email, PASSWORD, "db").await.is(200);
}

async fn deletes_the_account_with_everything(cx: Cx) {
    let app = cx.app().await;
    let (ada, grace) = (app.user("ada").await, app.user("grace").await);
    let browser = Jar::default();
    app.post("/auth/login").jar(&browser).form(&[("username", "ada@example.org"), ("password", PASSWORD)]).send().await;
    let answer = app.delete("/users/me").jar(&browser).send().await.is(204);
    assert!(answer.body.is_empty());
    assert!(!browser.has_session(), "the cookie of the session is removed");
    app.get("/users/me").by(&ada).send().await.fails(E::Unauthorized);
    app.try_login(&ada.email, PASSWORD, "db").await.fails(E::LoginBadCredentials);
    assert_eq!((app.user_count().await, app.session_count().await), (1, 1), "only Grace is left");
    app.get("/users/me").by(&grace).send().await.is(200);
    let event = event!(app, UserDeleted);
    assert_eq!(event.kind, EventKind::UserDeleted { user_id: ada.id, actor_id: Some(ada.id) });
    // The address is free again, and what belonged to it before stays dead.
    app.register("ada").await;
    app.get("/users/me").by(&ada).send().await.fails(E::Unauthorized);
}

async fn deleting_needs_a_recent_proof(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    let delete = |body: Value| app.delete("/users/me").by(&ada).json(body).send();
    delete(json!({ "password": "wrong-Password-1" })).await.fails(E::ReauthenticationFailed);
    app.clock().advance(STALE);
    delete(json!({})).await.fails(E::ReauthenticationRequired);
    assert_eq!(app.user_count().await, 1);
    delete(json!({ "password": PASSWORD })).await.is(204);
    assert_eq!(app.user_count().await, 0);
}

async fn a_hook_can_refuse_a_deletion(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    refuse(&app, Moment::DeleteUser);
    app.delete("/users/me").by(&ada).send().await.fails(E::RefusedByApp);
    app.get("/users/me").by(&ada).send().await.is(200);
}

async fn the_last_superuser_stays(cx: Cx) {
    let app = cx.app().await;
    let (root, second) = (app.superuser("grace").await, app.superuser("ada").await);
    app.deactivate(&second).await;
    app.delete("/users/me").by(&root).send().await.fails(E::LastSuperuser);
    app.activate(&second).await;
    app.delete("/users/me").by(&root).send().await.is(204);
    assert_eq!(app.count("authn_user WHERE is_superuser").await, 1);
}

async fn exports_what_is_held(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    let _cookie = app.login(&ada, "cookie").await;
    let answer = app.get("/users/me/export").by(&ada).send().await.is(200);
    let export = answer.json();
    assert_eq!(export["user"], app.get("/users/me").by(&ada).send().await.json());
    assert_eq!(
        (&export["updated_at"], &export["last_login_at"]),
        (&json!("2026-01-15T12:00:00Z"), &json!("2026-01-15T12:00:00Z"))
    );
    assert_eq!(export["sessions"].as_array().map(Vec::len), Some(2));
    let text = export.to_string();
    assert!(!text.contains("argon2") && !text.contains(&ada.token), "{text}");
    app.clock().advance(STALE);
    app.get("/users/me/export").by(&ada).send().await.fails(E::ReauthenticationRequired);
}
