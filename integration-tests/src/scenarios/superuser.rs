//! Scenarios of what a superuser's session may do: nothing without a recent login, and nothing to its own account that the
//! user's own routes would refuse.

use std::time::Duration;

use auth_core::email_change::{EMAIL_CHANGES, EmailChange};
use auth_core::limit::Rate;
use auth_core::{ErrorCode as E, Limits};
use serde_json::{Value, json};

use crate::mails::{
    ACCOUNT_DELETED, CONFIRM_EMAIL, EMAIL_CHANGE_REQUESTED, EMAIL_CHANGED, PASSWORD_CHANGED, RESET_PASSWORD,
};
use crate::scenario::scenarios;
use crate::{Answer, App, Cx, Jar, Login, PASSWORD, Scenario, Setup, audit, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    ones_own_password_needs_the_current_one,
    a_reset_of_ones_own_password_is_a_change_of_it,
    ones_own_address_leaves_a_way_back,
    ones_own_address_waits_like_everybodys,
    a_stolen_session_does_not_close_the_way_back,
    nobody_vouches_for_their_own_address,
    superusers_give_up_their_own_rights_but_the_last_one,
    superusers_cannot_give_up_their_rights_at_once,
    superusers_delete_their_own_account_like_everybody,
    a_stolen_session_takes_nothing_over,
];

/// A little longer ago than a login counts as recent.
const STALE: Duration = Duration::from_secs(601);
const NEW_PASSWORD: &str = "violet-Harbour-57-lamp";
const NEW_EMAIL: &str = "countess@example.org";

fn immediate() -> Setup {
    Setup::default().auth(|auth| auth.email_change(EmailChange::Immediate))
}

/// A verified superuser who is logged in.
async fn root(app: &App) -> Login {
    let root = app.superuser("root").await;
    app.verify(&root).await;
    root
}

/// A change of the superuser's own account by the route for the accounts of others.
async fn patch(app: &App, who: &Login, change: Value) -> Answer {
    app.patch(&who.path()).by(who).json(change).send().await
}

async fn reset(app: &App, who: &Login, body: Value) -> Answer {
    app.post(&format!("{}/reset-password", who.path())).by(who).json(body).send().await
}

/// CHG-01.
async fn ones_own_password_needs_the_current_one(cx: Cx) {
    let app = cx.app().await;
    let root = root(&app).await;
    let (jar, other) = (Jar::default(), app.login(&root, "jwt").await);
    app.post("/auth/login").jar(&jar).json(json!({ "email": root.email, "password": PASSWORD })).send().await.is(204);
    patch(&app, &root, json!({ "password": NEW_PASSWORD })).await.fails(E::UpdateUserBadCurrentPassword);
    let wrong = json!({ "password": NEW_PASSWORD, "current_password": NEW_PASSWORD });
    patch(&app, &root, wrong).await.fails(E::UpdateUserBadCurrentPassword);
    let weak = json!({ "password": "password1", "current_password": PASSWORD });
    patch(&app, &root, weak).await.fails(E::UpdateUserInvalidPassword);
    assert!(!app.was_mailed(&root.email, PASSWORD_CHANGED).await);
    let (before, right) = (jar.header(), json!({ "password": NEW_PASSWORD, "current_password": PASSWORD }));
    app.patch(&root.path()).jar(&jar).json(right).send().await.is(200);
    // As by one's own route: this session goes on with a new token, and the others end.
    assert_ne!(jar.header(), before);
    app.get("/users").jar(&jar).send().await.is(200);
    for dead in [&root, &other] {
        app.get("/users/me").by(dead).send().await.fails(E::Unauthorized);
    }
    app.try_login(&root.email, PASSWORD, "db").await.fails(E::LoginBadCredentials);
    app.try_login(&root.email, NEW_PASSWORD, "db").await.is(200);
    app.mail_to(&root.email, PASSWORD_CHANGED).await;
}

async fn a_reset_of_ones_own_password_is_a_change_of_it(cx: Cx) {
    let app = cx.app_with(immediate()).await;
    let root = root(&app).await;
    let root = root.with(&app.try_login(&root.email, PASSWORD, "cookie").await);
    // What would revert an earlier change stays.
    let moved = patch(&app, &root, json!({ "email": NEW_EMAIL })).await.is(200);
    let moved = Login { email: NEW_EMAIL.to_owned(), ..root.with(&moved) };
    reset(&app, &moved, json!({ "new_password": NEW_PASSWORD })).await.fails(E::UpdateUserBadCurrentPassword);
    let wrong = json!({ "new_password": NEW_PASSWORD, "current_password": "wrong-Password-1" });
    reset(&app, &moved, wrong).await.fails(E::UpdateUserBadCurrentPassword);
    let weak = json!({ "new_password": "password1", "current_password": PASSWORD });
    reset(&app, &moved, weak).await.fails(E::UpdateUserInvalidPassword);
    app.get("/users/me").by(&moved).send().await.is(200);
    let right = json!({ "new_password": NEW_PASSWORD, "current_password": PASSWORD });
    let own = moved.with(&reset(&app, &moved, right).await.is(204));
    app.get("/users/me").by(&moved).send().await.fails(E::Unauthorized);
    // Nobody has to change a password that they chose themselves.
    app.get("/users/me").by(&own).send().await.is(200);
    app.try_login(NEW_EMAIL, NEW_PASSWORD, "db").await.is(200);
    let token = json!({ "token": app.token_to(&root.email, EMAIL_CHANGED).await });
    app.post("/auth/change-email/revert").json(token).send().await.is(200);
}

async fn ones_own_address_leaves_a_way_back(cx: Cx) {
    let limits = Limits::off().set(EMAIL_CHANGES, [Rate::per_hour(1)]);
    let app = cx.app_with(immediate().auth(move |auth| auth.limits(limits.clone()))).await;
    let (root, other) = (root(&app).await, app.superuser("grace").await);
    let taken = json!({ "email": other.email });
    patch(&app, &root, taken).await.fails(E::UpdateUserEmailAlreadyExists);
    app.clock().advance(Duration::from_secs(3600));
    let root = app.login(&root, "cookie").await;
    let changed = patch(&app, &root, json!({ "email": NEW_EMAIL })).await.is(200);
    assert_eq!((&changed.json()["email"], &changed.json()["is_verified"]), (&json!(NEW_EMAIL), &json!(false)));
    let own = root.with(&changed);
    patch(&app, &own, json!({ "email": "third@example.org" })).await.fails(E::RateLimited);
    // The owner of the old address has the last word.
    let token = json!({ "token": app.token_to(&root.email, EMAIL_CHANGED).await });
    let back = app.post("/auth/change-email/revert").json(token).send().await.is(200).json();
    assert_eq!((&back["email"], &back["is_superuser"]), (&json!(root.email), &json!(true)));
    app.get("/users/me").by(&own).send().await.fails(E::Unauthorized);
    app.mail_to(&root.email, RESET_PASSWORD).await;
}

/// A deactivated account cannot go back to its address, so that nobody deactivates their own while it could.
async fn a_stolen_session_does_not_close_the_way_back(cx: Cx) {
    let app = cx.app_with(immediate()).await;
    let (root, _) = (root(&app).await, app.superuser("other").await);
    let change = json!({ "email": NEW_EMAIL, "current_password": PASSWORD });
    patch(&app, &root, change).await.is(200);
    let way_back = app.token_to(&root.email, EMAIL_CHANGED).await;
    patch(&app, &root, json!({ "is_active": false })).await.rejects(&[("is_active", "value_error")]);
    // Nor in the same breath, nor from an address that nobody verified.
    let both = json!({ "email": "more@example.org", "current_password": PASSWORD, "is_active": false });
    patch(&app, &root, both.clone()).await.rejects(&[("is_active", "value_error")]);
    let other = app.superuser("another").await;
    patch(&app, &other, both).await.rejects(&[("is_active", "value_error")]);
    patch(&app, &other, json!({ "email": "most@example.org" })).await.is(200);
    patch(&app, &other, json!({ "is_active": false })).await.rejects(&[("is_active", "value_error")]);
    app.post("/auth/change-email/revert").json(json!({ "token": way_back })).send().await.is(200);
    let reset = json!({ "token": app.token_to(&root.email, RESET_PASSWORD).await, "password": NEW_PASSWORD });
    app.post("/auth/reset-password").json(reset).send().await.is(200);
    let root = root.with(&app.try_login(&root.email, NEW_PASSWORD, "db").await.is(200));
    patch(&app, &root, json!({ "is_active": false })).await.is(200);
}

async fn ones_own_address_waits_like_everybodys(cx: Cx) {
    let app = cx.app_with(Setup::default().auth(|auth| auth.email_change(EmailChange::Confirm))).await;
    let root = root(&app).await;
    let waiting = patch(&app, &root, json!({ "email": NEW_EMAIL, "display_name": "Root" })).await.is(200).json();
    assert_eq!((&waiting["email"], &waiting["display_name"]), (&json!(root.email), &json!("Root")));
    app.mail_to(&root.email, EMAIL_CHANGE_REQUESTED).await;
    let token = json!({ "token": app.token_to(NEW_EMAIL, CONFIRM_EMAIL).await });
    let confirmed = app.post("/auth/change-email/confirm").json(token).send().await.is(200).json();
    assert_eq!(confirmed["email"], json!(NEW_EMAIL));
}

async fn nobody_vouches_for_their_own_address(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("root").await;
    let account = patch(&app, &root, json!({ "is_verified": true })).await.is(200).json();
    assert_eq!(account["is_verified"], json!(false));
    app.verify(&root).await;
    let account = patch(&app, &root, json!({ "is_verified": false, "is_active": true })).await.is(200).json();
    assert_eq!(account["is_verified"], json!(true));
    // For others it counts.
    let ada = app.register("ada").await;
    let vouched = app.patch(&ada.path()).by(&root).json(json!({ "is_verified": true })).send().await.is(200).json();
    assert_eq!(vouched["is_verified"], json!(true));
}

async fn superusers_give_up_their_own_rights_but_the_last_one(cx: Cx) {
    let app = cx.app().await;
    let root = root(&app).await;
    for change in [json!({ "is_superuser": false }), json!({ "is_active": false })] {
        let second = app.superuser(if change["is_active"].is_null() { "ada" } else { "grace" }).await;
        let account = patch(&app, &second, change.clone()).await.is(200).json();
        assert_eq!(account["is_superuser"].as_bool(), Some(change["is_superuser"].is_null()));
        app.get("/users/me").by(&second).send().await.fails(E::Unauthorized);
        app.get(&second.path()).by(&root).send().await.is(200);
        patch(&app, &root, change).await.fails(E::LastSuperuser);
    }
    app.get("/users").by(&root).send().await.is(200);
    audit::tables(&app).await;
}

async fn superusers_cannot_give_up_their_rights_at_once(cx: Cx) {
    let app = cx.app().await;
    let servers = [app.clone(), app.second_server().await];
    for round in 0..3 {
        app.execute("DELETE FROM authn_user").await;
        let pair = [app.superuser(&format!("a{round}")).await, app.superuser(&format!("b{round}")).await];
        let answers = race(2, |n| {
            let (server, own) = (servers[n].clone(), pair[n].clone());
            async move {
                match round {
                    0 => patch(&server, &own, json!({ "is_superuser": false })).await,
                    1 => patch(&server, &own, json!({ "is_active": false })).await,
                    _ => server.delete(&own.path()).by(&own).send().await,
                }
            }
        });
        let won = answers.await.iter().filter(|answer| answer.status.is_success()).count();
        assert_eq!((won, app.active_superusers().await), (1, 1), "round {round}");
    }
}

async fn superusers_delete_their_own_account_like_everybody(cx: Cx) {
    let app = cx.app().await;
    let (root, second) = (root(&app).await, app.superuser("grace").await);
    let jar = Jar::default();
    app.post("/auth/login").jar(&jar).json(json!({ "email": root.email, "password": PASSWORD })).send().await.is(204);
    app.delete(&root.path()).jar(&jar).send().await.is(204);
    assert!(!jar.has_session(), "the browser has no session left");
    app.mail_to(&root.email, ACCOUNT_DELETED).await;
    app.get("/users/me").by(&root).send().await.fails(E::Unauthorized);
    app.delete(&second.path()).by(&second).send().await.fails(E::LastSuperuser);
}

/// ADM-09: an old session of a superuser changes nothing, and a fresh one takes nothing over for good.
async fn a_stolen_session_takes_nothing_over(cx: Cx) {
    let app = cx.app_with(immediate()).await;
    let root = root(&app).await;
    let (stolen, ada) = (app.login(&root, "db").await, app.register("ada").await);
    let takeover = json!({ "email": "thief@example.net", "password": NEW_PASSWORD, "is_verified": true });
    app.clock().advance(STALE);
    for path in [root.path(), ada.path()] {
        app.patch(&path).by(&stolen).json(takeover.clone()).send().await.fails(E::ReauthenticationRequired);
    }
    let accomplice = json!({ "email": "thief@example.net", "password": NEW_PASSWORD, "is_superuser": true });
    app.post("/users").by(&stolen).json(accomplice).send().await.fails(E::ReauthenticationRequired);
    assert_eq!((app.user_count().await, app.active_superusers().await), (2, 1));
    // What only reads goes on.
    app.get("/users").by(&stolen).send().await.is(200);
    let stolen = app.login(&root, "db").await;
    patch(&app, &stolen, takeover.clone()).await.fails(E::UpdateUserBadCurrentPassword);
    assert!(app.has_user(&root.email).await, "and nothing of it was done");
    app.try_login(&root.email, PASSWORD, "db").await.is(200);
}
