//! Scenarios of new addresses (CHG).

use std::time::Duration;

use auth_core::ErrorCode as E;
use auth_testkit::{Moment, Reaction};
use serde_json::{Value, json};

use crate::mails::{CONFIRM_EMAIL, EMAIL_CHANGE_REQUESTED, EMAIL_CHANGED, RESET_PASSWORD, VERIFY_EMAIL};
use crate::scenario::scenarios;
use crate::{Answer, App, Cx, Jar, Login, PASSWORD, Scenario, Setup, audit, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_new_address_counts_once_it_is_verified,
    an_immediate_change_can_be_reverted,
    a_revert_shuts_the_thief_out_for_good,
    patch_waits_for_the_link,
    it_needs_a_recent_login_or_the_password,
    nobody_learns_whether_an_address_is_taken: one_server,
    address_and_password_can_be_changed_at_once,
    an_address_that_is_taken_meanwhile_is_refused,
    a_pending_change_dies_with_the_credentials,
    a_link_acts_on_the_account_that_asked,
    a_crowd_confirms_once: direct_only,
    the_app_may_refuse,
];

const NEW: &str = "countess@example.org";

async fn ask(app: &App, who: &Login, email: &str) -> Answer {
    app.post("/auth/change-email").by(who).json(json!({ "new_email": email })).send().await
}

async fn redeem(app: &App, action: &str, token: &str) -> Answer {
    app.post(&format!("/auth/change-email/{action}")).json(json!({ "token": token })).send().await
}

/// CHG-04.
async fn a_new_address_counts_once_it_is_verified(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let (jar, other) = (Jar::default(), app.login(&ada, "db").await);
    app.post("/auth/login").jar(&jar).json(json!({ "email": ada.email, "password": PASSWORD })).send().await.is(204);
    let asked = app.post("/auth/change-email").jar(&jar).json(json!({ "new_email": NEW })).send().await.is(202);
    assert_eq!(asked.json(), Value::Null);
    assert!(app.was_mailed(&ada.email, EMAIL_CHANGE_REQUESTED).await);
    // Nothing has changed.
    assert_eq!(app.get("/users/me").by(&other).send().await.is(200).json()["email"], json!(ada.email));
    app.try_login(NEW, PASSWORD, "db").await.fails(E::LoginBadCredentials);
    let token = app.token_to(NEW, CONFIRM_EMAIL).await;
    let before = jar.header().unwrap();
    let user = app.post("/auth/change-email/confirm").jar(&jar).json(json!({ "token": token })).send().await.is(200);
    assert_eq!((&user.json()["email"], &user.json()["is_verified"]), (&json!(NEW), &json!(true)));
    // The browser that asks goes on with a new token; everything else ends.
    assert_ne!(jar.header().unwrap(), before);
    app.get("/users/me").jar(&jar).send().await.is(200);
    app.get("/users/me").header("cookie", before).send().await.fails(E::Unauthorized);
    app.get("/users/me").by(&other).send().await.fails(E::Unauthorized);
    app.try_login(&ada.email, PASSWORD, "db").await.fails(E::LoginBadCredentials);
    app.try_login(NEW, PASSWORD, "db").await.is(200);
    redeem(&app, "confirm", &token).await.fails(E::ChangeEmailBadToken);
    app.mail_to(&ada.email, EMAIL_CHANGED).await;
    audit::tables(&app).await;
}

async fn an_immediate_change_can_be_reverted(cx: Cx) {
    let app = cx.app_with(Setup::default().immediate_email_change()).await;
    let ada = app.verified_user("ada").await;
    app.patch("/users/me").by(&ada).json(json!({ "email": NEW })).send().await.is(200);
    assert_eq!(app.kinds_to(NEW).await, [VERIFY_EMAIL.name()]);
    let token = app.token_to(&ada.email, EMAIL_CHANGED).await;
    let user = redeem(&app, "revert", &token).await.is(200).json();
    assert_eq!((&user["email"], &user["is_verified"]), (&json!(ada.email), &json!(true)));
    redeem(&app, "revert", &token).await.fails(E::ChangeEmailBadToken);
    // The password may be in the wrong hands: only a mail leads to a new one.
    app.try_login(&ada.email, PASSWORD, "db").await.fails(E::LoginBadCredentials);
    app.get("/users/me").by(&ada).send().await.fails(E::Unauthorized);
    let reset = app.token_to(&ada.email, RESET_PASSWORD).await;
    let body = json!({ "token": reset, "password": "kettle-Umbrella-42-river" });
    app.post("/auth/reset-password").json(body).send().await.is(200);
    app.try_login(&ada.email, "kettle-Umbrella-42-river", "db").await.is(200);
    event!(app, EmailReverted);
}

/// A thief changes the address twice and the password; the owner's link is older, and stronger, than all of that.
async fn a_revert_shuts_the_thief_out_for_good(cx: Cx) {
    let app = cx.app_with(Setup::default().immediate_email_change()).await;
    let thief = app.user("ada").await;
    let theirs = ["first@evil.example", "second@evil.example"];
    app.patch("/users/me").by(&thief).json(json!({ "email": theirs[0] })).send().await.is(200);
    app.clock().advance(Duration::from_secs(60));
    let password = json!({ "password": "stolen-Kettle-99-river", "current_password": PASSWORD });
    let thief = thief.with(&app.patch("/users/me").by(&thief).json(password).send().await.is(200));
    app.patch("/users/me").by(&thief).json(json!({ "email": theirs[1] })).send().await.is(200);
    let weapon = app.token_to(theirs[0], EMAIL_CHANGED).await;
    let owner = app.token_to("ada@example.org", EMAIL_CHANGED).await;
    redeem(&app, "revert", &owner).await.is(200);
    redeem(&app, "revert", &weapon).await.fails(E::ChangeEmailBadToken);
    app.get("/users/me").by(&thief).send().await.fails(E::Unauthorized);
    for name in ["ada@example.org", theirs[0], theirs[1]] {
        app.try_login(name, "stolen-Kettle-99-river", "db").await.fails(E::LoginBadCredentials);
    }
    assert!(app.has_user("ada@example.org").await);
    // After three days the time to object is over.
    let grace = app.user("grace").await;
    app.patch("/users/me").by(&grace).json(json!({ "email": "grace-new@example.org" })).send().await.is(200);
    let late = app.token_to("grace@example.org", EMAIL_CHANGED).await;
    app.clock().advance(Duration::from_secs(72 * 60 * 60));
    redeem(&app, "revert", &late).await.fails(E::ChangeEmailBadToken);
}

async fn patch_waits_for_the_link(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    let change = json!({ "email": NEW, "display_name": "Ada" });
    let user = app.patch("/users/me").by(&ada).json(change).send().await.is(200).json();
    assert_eq!((&user["email"], &user["display_name"]), (&json!(ada.email), &json!("Ada")));
    app.get("/users/me").by(&ada).send().await.is(200);
    app.mail_to(&ada.email, EMAIL_CHANGE_REQUESTED).await;
    redeem(&app, "confirm", &app.token_to(NEW, CONFIRM_EMAIL).await).await.is(200);
    app.get("/users/me").by(&ada).send().await.fails(E::Unauthorized);
    app.try_login(NEW, PASSWORD, "db").await.is(200);
}

/// CHG-03.
async fn it_needs_a_recent_login_or_the_password(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    app.clock().advance(Duration::from_secs(601));
    ask(&app, &ada, NEW).await.fails(E::ReauthenticationRequired);
    let with = |password: &str| json!({ "new_email": NEW, "password": password });
    let wrong = app.post("/auth/change-email").by(&ada).json(with("wrong-Password-1")).send().await;
    wrong.fails(E::ReauthenticationFailed);
    assert!(app.kinds_to(NEW).await.is_empty());
    app.post("/auth/change-email").by(&ada).json(with(PASSWORD)).send().await.is(202);
    assert_eq!(app.kinds_to(NEW).await, [CONFIRM_EMAIL.name()]);
    app.post("/auth/change-email").by(&ada).json(json!({})).send().await.rejects(&[("new_email", "missing")]);
}

/// CHG-05.
async fn nobody_learns_whether_an_address_is_taken(cx: Cx) {
    let app = cx.app().await;
    let (ada, grace) = (app.user("ada").await, app.verified("grace").await);
    app.deliver().await;
    app.mailer().forget();
    let mut first = None;
    for email in [&grace.email, "free@example.org", &ada.email] {
        let _ = app.statements().take();
        let answer = ask(&app, &ada, email).await.is(202);
        let mut headers = answer.headers.clone();
        headers.remove("date");
        let seen = (app.statements().take(), headers, answer.body);
        assert_eq!(first.get_or_insert_with(|| seen.clone()), &seen, "{email}");
    }
    assert_eq!(app.kinds_to("free@example.org").await, [CONFIRM_EMAIL.name()]);
    assert!(!app.was_mailed(&grace.email, CONFIRM_EMAIL).await);
    assert_eq!(app.kinds_to(&ada.email).await, [EMAIL_CHANGE_REQUESTED.name(); 3]);
}

async fn address_and_password_can_be_changed_at_once(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    let body = json!({ "email": NEW, "password": "kettle-Umbrella-42-river", "current_password": PASSWORD });
    app.patch("/users/me").by(&ada).json(body).send().await.is(200);
    let token = app.token_to(NEW, CONFIRM_EMAIL).await;
    assert_eq!(redeem(&app, "confirm", &token).await.is(200).json()["email"], json!(NEW));
}

/// CHG-07.
async fn an_address_that_is_taken_meanwhile_is_refused(cx: Cx) {
    let app = cx.app_with(Setup::default().immediate_email_change()).await;
    let ada = app.user("ada").await;
    ask(&app, &ada, NEW).await.is(202);
    let token = app.token_to(NEW, CONFIRM_EMAIL).await;
    app.verified("countess").await;
    redeem(&app, "confirm", &token).await.fails(E::UpdateUserEmailAlreadyExists);
    app.get("/users/me").by(&ada).send().await.is(200);
    // The same with an address that is to be had back.
    app.patch("/users/me").by(&ada).json(json!({ "email": "ada-new@example.org" })).send().await.is(200);
    let token = app.token_to("ada@example.org", EMAIL_CHANGED).await;
    let other = app.verified("ada").await;
    redeem(&app, "revert", &token).await.fails(E::UpdateUserEmailAlreadyExists);
    // An account that has not verified the address loses it.
    app.unverify(&other).await;
    redeem(&app, "revert", &token).await.is(200);
    assert_eq!(app.user_count().await, 2, "Ada and the countess");
    audit::tables(&app).await;
}

/// CHG-08.
async fn a_pending_change_dies_with_the_credentials(cx: Cx) {
    let app = cx.app().await;
    for name in ["sibling", "password", "everywhere"] {
        let who = app.user(name).await;
        let address = format!("{name}-new@example.org");
        ask(&app, &who, &address).await.is(202);
        let token = app.token_to(&address, CONFIRM_EMAIL).await;
        match name {
            "sibling" => {
                ask(&app, &who, "newest@example.org").await.is(202);
                redeem(&app, "confirm", &app.token_to("newest@example.org", CONFIRM_EMAIL).await).await.is(200);
            }
            "password" => {
                let body = json!({ "old_password": PASSWORD, "new_password": "kettle-Umbrella-42-river" });
                app.post("/auth/change-password").by(&who).json(body).send().await.is(200);
            }
            _ => {
                app.post("/auth/logout-all").by(&who).json(json!({ "everywhere": true })).send().await.is(204);
            }
        }
        redeem(&app, "confirm", &token).await.fails(E::ChangeEmailBadToken);
    }
    // An order that was not carried out before the change is void, too.
    let who = app.user("slow").await;
    ask(&app, &who, "slow-new@example.org").await.is(202);
    app.post("/auth/logout-all").by(&who).json(json!({ "everywhere": true })).send().await.is(204);
    assert!(app.kinds_to("slow-new@example.org").await.is_empty());
}

/// CVE-2026-134315: somebody else has the old address by the time the link is opened.
async fn a_link_acts_on_the_account_that_asked(cx: Cx) {
    let app = cx.app_with(Setup::default().immediate_email_change()).await;
    for asked_again in [false, true] {
        let asker = app.user(&format!("asker-{asked_again}")).await;
        let wanted = format!("wanted-{asked_again}@example.org");
        ask(&app, &asker, &wanted).await.is(202);
        let link = app.token_to(&wanted, CONFIRM_EMAIL).await;
        let moved = json!({ "email": format!("moved-{asked_again}@example.org") });
        app.patch("/users/me").by(&asker).json(moved.clone()).send().await.is(200);
        let heir = json!({ "email": asker.email, "password": PASSWORD });
        let heir = app.post("/auth/register").json(heir).send().await.is(201).json();
        redeem(&app, "confirm", &link).await.fails(E::ChangeEmailBadToken);
        if asked_again {
            let asker = asker.with(&app.try_login(moved["email"].as_str().unwrap(), PASSWORD, "db").await.is(200));
            ask(&app, &asker, &wanted).await.is(202);
            let link = app.token_to(&wanted, CONFIRM_EMAIL).await;
            assert_eq!(redeem(&app, "confirm", &link).await.is(200).json()["id"], json!(asker.id));
        }
        let heir_now = app.try_login(&asker.email, PASSWORD, "db").await.is(200);
        let heir_now = app.get("/users/me").by(&asker.with(&heir_now)).send().await.is(200).json();
        assert_eq!((&heir_now["id"], &heir_now["email"]), (&heir["id"], &json!(asker.email)));
    }
}

async fn a_crowd_confirms_once(cx: Cx) {
    let app = cx.app().await;
    let servers = [app.clone(), app.second_server().await];
    let ada = app.verified_user("ada").await;
    ask(&app, &ada, NEW).await.is(202);
    let confirm = app.token_to(NEW, CONFIRM_EMAIL).await;
    for (action, address) in [("confirm", NEW), ("revert", "ada@example.org")] {
        let token = match action {
            "confirm" => confirm.clone(),
            _ => app.token_to("ada@example.org", EMAIL_CHANGED).await,
        };
        let answers = race(16, |n| {
            let (server, token) = (servers[n % 2].clone(), token.clone());
            async move { redeem(&server, action, &token).await }
        });
        let answers = answers.await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{action}");
        assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 200 | 400)), "{action}");
        assert!(app.has_user(address).await, "{action}");
    }
}

async fn the_app_may_refuse(cx: Cx) {
    let app = cx.app().await;
    let ada = app.verified_user("ada").await;
    ask(&app, &ada, NEW).await.is(202);
    let confirm = app.token_to(NEW, CONFIRM_EMAIL).await;
    let refuse = || app.hooks().react(Moment::UpdateUser, Reaction::Refuse("not today".to_owned()));
    refuse();
    redeem(&app, "confirm", &confirm).await.fails(E::RefusedByApp);
    app.hooks().behave();
    redeem(&app, "confirm", &confirm).await.is(200);
    let revert = app.token_to(&ada.email, EMAIL_CHANGED).await;
    refuse();
    redeem(&app, "revert", &revert).await.fails(E::RefusedByApp);
    app.hooks().behave();
    redeem(&app, "revert", &revert).await.is(200);
}
