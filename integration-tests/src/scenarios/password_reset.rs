//! Scenarios of forgotten passwords (RST, LNK).

use std::time::Duration;

use auth_core::ErrorCode as E;
use auth_core::login::LoginConfig;
use auth_testkit::{Moment, Reaction};
use serde_json::{Value, json};

use crate::mails::{CONFIRM_EMAIL, MAGIC_LINK, PASSWORD_CHANGED, RESET_PASSWORD};
use crate::scenario::scenarios;
use crate::{Answer, App, Cx, PASSWORD, Scenario, Setup, audit, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_link_leads_to_a_new_password,
    a_reset_ends_sessions_and_pending_links,
    a_weak_password_does_not_cost_the_link,
    an_older_link_dies_with_whatever_happens,
    a_link_works_for_half_an_hour,
    the_token_alone_says_whose_password_it_is,
    a_reset_wipes_what_was_set_up_before,
    inactive_accounts_stay_out,
    a_crowd_sets_one_password: direct_only,
    the_app_may_refuse,
];

const NEW: &str = "kettle-Umbrella-42-river";

async fn forgot(app: &App, email: &str) -> String {
    app.post("/auth/forgot-password").json(json!({ "email": email })).send().await.is(202);
    app.token_to(email, RESET_PASSWORD).await
}

async fn reset(app: &App, token: &str, password: &str) -> Answer {
    app.post("/auth/reset-password").json(json!({ "token": token, "password": password })).send().await
}

async fn a_link_leads_to_a_new_password(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let answer = app.post("/auth/forgot-password").json(json!({ "email": "Ada@Example.org" })).send().await.is(202);
    assert_eq!(answer.json(), Value::Null);
    let mail = app.mail_to(&ada.email, RESET_PASSWORD).await;
    let link = mail.link.as_ref().expect("a link").url().to_string();
    assert!(link.starts_with("http://localhost:3000/reset-password?token=rst_"), "{link}");
    let token = crate::mails::token_of(&mail);
    app.get(&format!("/auth/reset-password?token={token}")).send().await.fails(E::MethodNotAllowed);
    let answer = reset(&app, &token, NEW).await.is(200);
    assert_eq!(answer.json(), Value::Null);
    assert!(answer.set_cookies().is_empty(), "RST-06: nobody is logged in by it");
    app.try_login(&ada.email, PASSWORD, "db").await.fails(E::LoginBadCredentials);
    app.try_login(&ada.email, NEW, "db").await.is(200);
    assert!(app.was_mailed(&ada.email, PASSWORD_CHANGED).await);
    reset(&app, &token, "another-Kettle-77-lake").await.fails(E::ResetPasswordBadToken);
    audit::tables(&app).await;
}

/// RST-07, SES-09.
async fn a_reset_ends_sessions_and_pending_links(cx: Cx) {
    let app = cx.app().await;
    let ada = app.verified("ada").await;
    let mut alive = Vec::new();
    for backend in ["cookie", "jwt", "db"] {
        alive.push(app.login(&ada, backend).await);
    }
    let new_email = json!({ "new_email": "countess@example.org" });
    app.post("/auth/change-email").by(&alive[0]).json(new_email).send().await.is(202);
    app.post("/auth/magic-link").json(json!({ "email": ada.email })).send().await.is(202);
    let pending = [
        (
            "/auth/change-email/confirm",
            app.token_to("countess@example.org", CONFIRM_EMAIL).await,
            E::ChangeEmailBadToken,
        ),
        ("/auth/magic-link/verify", app.token_to(&ada.email, MAGIC_LINK).await, E::MagicLinkBadToken),
    ];
    let token = forgot(&app, &ada.email).await;
    reset(&app, &token, NEW).await.is(200);
    for session in &alive {
        app.get("/users/me").by(session).send().await.fails(E::Unauthorized);
    }
    for (path, token, code) in pending {
        app.post(path).json(json!({ "token": token })).send().await.fails(code);
    }
    let code = app.mail_to(&ada.email, MAGIC_LINK).await.code.expect("a code").as_str().to_owned();
    let by_code = json!({ "email": ada.email, "code": code });
    app.post("/auth/magic-link/verify").json(by_code).send().await.fails(E::MagicLinkBadToken);
    assert_eq!(app.session_count().await, 0);
}

async fn a_weak_password_does_not_cost_the_link(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let token = forgot(&app, &ada.email).await;
    for weak in ["short", "password1", "ada@example.org", &"x".repeat(300)] {
        let answer = reset(&app, &token, weak).await.fails(E::ResetPasswordInvalidPassword);
        assert!(answer.json()["detail"]["reason"].is_string());
    }
    app.post("/auth/reset-password").json(json!({ "token": token })).send().await.rejects(&[("password", "missing")]);
    reset(&app, &token, NEW).await.is(200);
}

/// RST-05.
async fn an_older_link_dies_with_whatever_happens(cx: Cx) {
    let app = cx.app_with(Setup::default().immediate_email_change()).await;
    for name in ["sibling", "fourth", "password", "address", "everywhere", "deactivated"] {
        let who = app.user(name).await;
        let old = forgot(&app, &who.email).await;
        match name {
            "sibling" => {
                // Asking for another link changes nothing, using it does.
                let newer = forgot(&app, &who.email).await;
                reset(&app, &old, "short").await.fails(E::ResetPasswordInvalidPassword);
                reset(&app, &newer, NEW).await.is(200);
            }
            "fourth" => {
                for _ in 0..3 {
                    app.clock().advance(Duration::from_millis(1));
                    forgot(&app, &who.email).await;
                }
            }
            "password" => {
                let body = json!({ "old_password": PASSWORD, "new_password": NEW });
                app.post("/auth/change-password").by(&who).json(body).send().await.is(200);
            }
            "address" => {
                let body = json!({ "email": format!("{name}-new@example.org") });
                app.patch("/users/me").by(&who).json(body).send().await.is(200);
            }
            "everywhere" => {
                app.post("/auth/logout-all").by(&who).json(json!({ "everywhere": true })).send().await.is(204);
            }
            _ => {
                let root = app.superuser("root").await;
                app.patch(&who.path()).by(&root).json(json!({ "is_active": false })).send().await.is(200);
                app.patch(&who.path()).by(&root).json(json!({ "is_active": true })).send().await.is(200);
            }
        }
        reset(&app, &old, "violet-Harbour-57-lamp").await.fails(E::ResetPasswordBadToken);
    }
}

/// RST-04.
async fn a_link_works_for_half_an_hour(cx: Cx) {
    const HALF_AN_HOUR: Duration = Duration::from_secs(30 * 60);
    let app = cx.app().await;
    let (ada, grace) = (app.register("ada").await, app.register("grace").await);
    let (in_time, late) = (forgot(&app, &ada.email).await, forgot(&app, &grace.email).await);
    app.clock().advance(HALF_AN_HOUR - Duration::from_secs(1));
    reset(&app, &in_time, NEW).await.is(200);
    app.clock().advance(Duration::from_secs(1));
    reset(&app, &late, NEW).await.fails(E::ResetPasswordBadToken);
    app.try_login(&grace.email, PASSWORD, "db").await.is(200);
}

/// RST-08.
async fn the_token_alone_says_whose_password_it_is(cx: Cx) {
    let app = cx.app().await;
    let (ada, grace) = (app.register("ada").await, app.register("grace").await);
    let token = forgot(&app, &ada.email).await;
    let body = json!({ "token": token, "password": NEW, "email": grace.email, "user_id": grace.id });
    app.post("/auth/reset-password").json(body).send().await.is(200);
    app.try_login(&grace.email, NEW, "db").await.fails(E::LoginBadCredentials);
    app.try_login(&grace.email, PASSWORD, "db").await.is(200);
    app.try_login(&ada.email, NEW, "db").await.is(200);
    for emails in [json!([ada.email, grace.email]), json!({ "a": 1 }), json!("a@example.org,b@example.org")] {
        let answer = app.post("/auth/forgot-password").json(json!({ "email": emails })).send().await;
        assert_eq!(answer.status, 422);
    }
}

/// RST-14, LNK-09: a squatter loses everything when the owner verifies the address.
async fn a_reset_wipes_what_was_set_up_before(cx: Cx) {
    let app =
        cx.app_with(crate::Setup::default().auth(|auth| auth.login(LoginConfig { require_verified: true }))).await;
    let squatter = app.register("ada").await;
    app.try_login(&squatter.email, PASSWORD, "db").await.fails(E::LoginUserNotVerified);
    let token = forgot(&app, &squatter.email).await;
    reset(&app, &token, NEW).await.is(200);
    app.try_login(&squatter.email, PASSWORD, "db").await.fails(E::LoginBadCredentials);
    let owner = squatter.with(&app.try_login(&squatter.email, NEW, "db").await.is(200));
    assert_eq!(app.get("/users/me").by(&owner).send().await.is(200).json()["is_verified"], json!(true));
    event!(app, Verified);
    event!(app, CredentialsWiped);
    event!(app, PasswordReset);
}

/// RST-15.
async fn inactive_accounts_stay_out(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let token = forgot(&app, &ada.email).await;
    app.deactivate(&ada).await;
    app.mailer().forget();
    app.post("/auth/forgot-password").json(json!({ "email": ada.email })).send().await.is(202);
    assert!(app.kinds_to(&ada.email).await.is_empty());
    reset(&app, &token, NEW).await.fails(E::ResetPasswordBadToken);
    assert_eq!(app.count("authn_user WHERE is_active").await, 0);
}

/// RST-03.
async fn a_crowd_sets_one_password(cx: Cx) {
    const CROWD: usize = 32;
    let app = cx.app().await;
    let servers = [app.clone(), app.second_server().await];
    let ada = app.register("ada").await;
    let token = forgot(&app, &ada.email).await;
    let password = |n: usize| format!("kettle-Umbrella-{n}-river");
    let answers = race(CROWD, |n| {
        let (server, token) = (servers[n % 2].clone(), token.clone());
        async move { reset(&server, &token, &password(n)).await }
    });
    let winners: Vec<usize> =
        answers.await.iter().enumerate().filter(|(_, answer)| answer.status == 200).map(|(n, _)| n).collect();
    assert_eq!(winners.len(), 1);
    for n in 0..CROWD {
        let status = app.try_login(&ada.email, &password(n), "db").await.status;
        assert_eq!(status == 200, n == winners[0], "{n}");
    }
    audit::tables(&app).await;
}

async fn the_app_may_refuse(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let token = forgot(&app, &ada.email).await;
    app.hooks().react(Moment::UpdateUser, Reaction::Refuse("not today".to_owned()));
    reset(&app, &token, NEW).await.fails(E::RefusedByApp);
    app.hooks().behave();
    reset(&app, &token, NEW).await.is(200);
}
