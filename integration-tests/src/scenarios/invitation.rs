//! Scenarios of invitations (ADM-05): a superuser creates an account, and its user chooses the password.

use std::time::Duration;

use auth_core::registration::ImportedAccount;
use auth_core::{ErrorCode as E, EventKind, Limits, Registration};
use auth_testkit::{Moment, Reaction};
use serde_json::{Value, json};

use crate::mails::{
    CONFIRM_EMAIL, EMAIL_CHANGED_BY_ADMIN, INVITATION, MAGIC_LINK, RESET_PASSWORD, VERIFY_EMAIL, token_of,
};
use crate::scenario::scenarios;
use crate::{Answer, App, Cx, Login, PASSWORD, Scenario, Setup, audit, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    an_invitation_leads_to_a_password,
    a_weak_password_does_not_cost_the_link,
    a_link_works_for_a_week,
    an_invitation_can_be_sent_again,
    users_of_an_account_are_not_invited,
    sending_again_is_limited,
    a_link_of_an_account_that_is_gone_does_nothing,
    a_new_address_gets_an_invitation_of_its_own,
    a_change_by_a_superuser_invites_again,
    whatever_else_opens_the_account_ends_the_invitation,
    an_earlier_registration_of_somebody_else_does_not_replace_it,
    a_crowd_accepts_once: direct_only,
    the_app_may_refuse,
];

const NEW: &str = "kettle-Umbrella-42-river";
const ADA: &str = "ada@example.org";

async fn create(app: &App, root: &Login, body: Value) -> Login {
    Login::new(&app.post("/users").by(root).json(body).send().await.is(201).json())
}

async fn accept(app: &App, token: &str, password: &str) -> Answer {
    app.post("/auth/accept-invitation").json(json!({ "token": token, "password": password })).send().await
}

async fn send(app: &App, root: &Login, who: &Login) -> Answer {
    app.post(&format!("{}/invite", who.path())).by(root).send().await
}

/// Whether a person could log in with a password.
async fn opens(app: &App, password: &str) -> bool {
    app.try_login(ADA, password, "db").await.status == 200
}

async fn an_invitation_leads_to_a_password(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("root").await;
    app.deliver().await;
    let ada = create(&app, &root, json!({ "email": ADA, "display_name": "Ada" })).await;
    assert_eq!(app.kinds_to(ADA).await, [INVITATION.name()], "and no mail of a forgotten password");
    assert_eq!(event!(app, Invited).kind, EventKind::Invited { user_id: ada.id, actor_id: root.id });
    let mail = app.mail_to(ADA, INVITATION).await;
    assert_eq!(mail.to.display_name(), None, "nobody has verified the address yet");
    let link = mail.link.as_ref().expect("a link").url().to_string();
    assert!(link.starts_with("http://localhost:3000/accept-invitation?token=inv_"), "{link}");
    let token = token_of(&mail);
    assert!(!opens(&app, PASSWORD).await);
    let answer = accept(&app, &token, NEW).await.is(200);
    let user = answer.json();
    assert_eq!((&user["id"], &user["is_verified"]), (&json!(ada.id), &json!(true)));
    assert!(answer.set_cookies().is_empty() && user.get("access_token").is_none(), "nobody is logged in by it");
    assert_eq!(event!(app, InvitationAccepted).kind, EventKind::InvitationAccepted { user_id: ada.id });
    event!(app, Verified);
    let ada = ada.with(&app.try_login(ADA, NEW, "db").await.is(200));
    app.get("/users/me").by(&ada).send().await.is(200);
    accept(&app, &token, "another-Kettle-77-lake").await.fails(E::InvitationBadToken);
    assert!(opens(&app, NEW).await);
    audit::tables(&app).await;
}

async fn a_weak_password_does_not_cost_the_link(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("root").await;
    create(&app, &root, json!({ "email": ADA })).await;
    let token = app.token_to(ADA, INVITATION).await;
    for weak in ["short", "password1", ADA, &"x".repeat(300)] {
        let answer = accept(&app, &token, weak).await.fails(E::ResetPasswordInvalidPassword);
        assert!(answer.json()["detail"]["reason"].is_string());
    }
    app.post("/auth/accept-invitation")
        .json(json!({ "token": token }))
        .send()
        .await
        .rejects(&[("password", "missing")]);
    accept(&app, &token, NEW).await.is(200);
}

async fn a_link_works_for_a_week(cx: Cx) {
    const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);
    let app = cx.app().await;
    let root = app.superuser("root").await;
    for name in ["ada", "grace"] {
        create(&app, &root, json!({ "email": format!("{name}@example.org") })).await;
    }
    let (in_time, late) = (app.token_to(ADA, INVITATION).await, app.token_to("grace@example.org", INVITATION).await);
    app.clock().advance(WEEK - Duration::from_secs(1));
    accept(&app, &in_time, NEW).await.is(200);
    app.clock().advance(Duration::from_secs(1));
    accept(&app, &late, NEW).await.fails(E::InvitationBadToken);
}

async fn an_invitation_can_be_sent_again(cx: Cx) {
    const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);
    let app = cx.app().await;
    let root = app.superuser("root").await;
    let ada = create(&app, &root, json!({ "email": ADA })).await;
    let old = app.token_to(ADA, INVITATION).await;
    app.clock().advance(MONTH);
    send(&app, &root, &ada).await.fails(E::Unauthorized);
    let root = app.login(&root, "db").await;
    let answer = send(&app, &root, &ada).await.is(202);
    assert_eq!(answer.json(), Value::Null);
    let token = app.token_to(ADA, INVITATION).await;
    assert_ne!(token, old);
    app.clock().advance(Duration::from_secs(601));
    send(&app, &root, &ada).await.fails(E::ReauthenticationRequired);
    accept(&app, &old, NEW).await.fails(E::InvitationBadToken);
    accept(&app, &token, NEW).await.is(200);
    assert!(opens(&app, NEW).await);
}

/// A superuser who could send such a link to an account in use would have a way around its password.
async fn users_of_an_account_are_not_invited(cx: Cx) {
    let app = cx.app().await;
    let (root, grace) = (app.superuser("root").await, app.user("grace").await);
    app.deliver().await;
    app.mailer().forget();
    // With a password; without one, but in use; oneself.
    send(&app, &root, &grace).await.fails(E::AlreadyActive);
    app.remove_password(&grace).await;
    send(&app, &root, &grace).await.fails(E::AlreadyActive);
    send(&app, &root, &root).await.fails(E::AlreadyActive);
    let nameless = create(&app, &root, json!({ "username": "nameless" })).await;
    send(&app, &root, &nameless).await.rejects(&[("email", "value_error")]);
    let ada = create(&app, &root, json!({ "email": ADA, "is_active": false })).await;
    send(&app, &root, &ada).await.rejects(&[("is_active", "value_error")]);
    app.deliver().await;
    assert!(app.mailer().sent().is_empty());
    app.patch(&ada.path()).by(&root).json(json!({ "is_active": true })).send().await.is(200);
    send(&app, &root, &ada).await.is(202);
    assert_eq!(app.kinds_to(ADA).await, [INVITATION.name()]);
    send(&app, &grace, &ada).await.fails(E::Forbidden);
}

async fn sending_again_is_limited(cx: Cx) {
    let app = cx.app_with(Setup::default().auth(|auth| auth.limits(Limits::default()))).await;
    let root = app.superuser("root").await;
    let (ada, grace) = (
        create(&app, &root, json!({ "email": ADA })).await,
        create(&app, &root, json!({ "email": "grace@example.org" })).await,
    );
    for _ in 0..5 {
        send(&app, &root, &ada).await.is(202);
    }
    send(&app, &root, &ada).await.fails(E::RateLimited);
    send(&app, &root, &grace).await.is(202);
    for _ in 0..30 {
        accept(&app, "none", NEW).await.fails(E::InvitationBadToken);
    }
    accept(&app, "none", NEW).await.fails(E::RateLimited);
}

async fn a_link_of_an_account_that_is_gone_does_nothing(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("root").await;
    let ada = create(&app, &root, json!({ "email": ADA })).await;
    let token = app.token_to(ADA, INVITATION).await;
    for active in [false, true] {
        let change = json!({ "is_active": active });
        app.patch(&ada.path()).by(&root).json(change).send().await.is(200);
        // What was revoked once stays revoked.
        accept(&app, &token, NEW).await.fails(E::InvitationBadToken);
    }
    send(&app, &root, &ada).await.is(202);
    let token = app.token_to(ADA, INVITATION).await;
    // A deactivation behind the library's back counts as well.
    app.deactivate(&ada).await;
    accept(&app, &token, NEW).await.fails(E::InvitationBadToken);
    app.activate(&ada).await;
    app.delete(&ada.path()).by(&root).send().await.is(204);
    accept(&app, &token, NEW).await.fails(E::InvitationBadToken);
    assert!(!app.has_user(ADA).await);
    send(&app, &root, &ada).await.fails(E::NotFound);
}

/// A superuser mistyped the address: its reader gets no account, and no word of where the account went.
async fn a_new_address_gets_an_invitation_of_its_own(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("root").await;
    let ada = create(&app, &root, json!({ "email": "aba@example.org" })).await;
    let lost = app.token_to("aba@example.org", INVITATION).await;
    app.patch(&ada.path()).by(&root).json(json!({ "email": ADA })).send().await.is(200);
    assert_eq!(app.kinds_to(ADA).await, [INVITATION.name()]);
    assert!(!app.was_mailed("aba@example.org", EMAIL_CHANGED_BY_ADMIN).await);
    accept(&app, &lost, NEW).await.fails(E::InvitationBadToken);
    let user = accept(&app, &app.token_to(ADA, INVITATION).await, NEW).await.is(200).json();
    assert_eq!((&user["email"], &user["is_verified"]), (&json!(ADA), &json!(true)));
    // From then on it is somebody's account.
    app.patch(&ada.path()).by(&root).json(json!({ "email": "moved@example.org" })).send().await.is(200);
    assert!(app.was_mailed(ADA, EMAIL_CHANGED_BY_ADMIN).await);
    assert_eq!(app.kinds_to("moved@example.org").await, [VERIFY_EMAIL.name()]);
}

/// The link is good for days: it must not outlive the moment in which the account gets its user.
/// What a superuser changes about an account that waits leaves its user a link that works.
async fn a_change_by_a_superuser_invites_again(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("root").await;
    let ada = create(&app, &root, json!({ "email": ADA })).await;
    for change in [json!({ "is_verified": true }), json!({ "is_superuser": true })] {
        let earlier = app.token_to(ADA, INVITATION).await;
        app.patch(&ada.path()).by(&root).json(change).send().await.is(200);
        assert_ne!(app.token_to(ADA, INVITATION).await, earlier);
        accept(&app, &earlier, NEW).await.fails(E::InvitationBadToken);
    }
    accept(&app, &app.token_to(ADA, INVITATION).await, NEW).await.is(200);
}

async fn whatever_else_opens_the_account_ends_the_invitation(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("root").await;
    for (name, is_verified) in [("magic", false), ("vouched", true), ("reset", false), ("given", false)] {
        let email = format!("{name}@example.org");
        let who = create(&app, &root, json!({ "email": email, "is_verified": is_verified })).await;
        let token = app.token_to(&email, INVITATION).await;
        match name {
            "magic" | "vouched" => {
                app.post("/auth/magic-link").json(json!({ "email": email })).send().await.is(202);
                let body = json!({ "token": app.token_to(&email, MAGIC_LINK).await });
                app.post("/auth/db/magic-link/verify").json(body).send().await.is(200);
            }
            "reset" => {
                app.post("/auth/forgot-password").json(json!({ "email": email })).send().await.is(202);
                let body = json!({ "token": app.token_to(&email, RESET_PASSWORD).await, "password": PASSWORD });
                app.post("/auth/reset-password").json(body).send().await.is(200);
            }
            _ => {
                app.patch(&who.path()).by(&root).json(json!({ "password": PASSWORD })).send().await.is(200);
            }
        }
        accept(&app, &token, NEW).await.fails(E::InvitationBadToken);
        send(&app, &root, &who).await.fails(E::AlreadyActive);
    }
}

/// A superuser knows whose address it is: the account stays, with what the app keeps about it.
async fn an_earlier_registration_of_somebody_else_does_not_replace_it(cx: Cx) {
    let app = cx.app_with(Setup::default().auth(|auth| auth.registration(Registration::Neutral))).await;
    let root = app.superuser_by_operator().await;
    app.post("/auth/register").json(json!({ "email": ADA, "password": PASSWORD })).send().await.is(202);
    let registration = app.token_to(ADA, VERIFY_EMAIL).await;
    let attributes = json!({ "team": "engines" });
    let ada = create(&app, &root, json!({ "email": ADA, "attributes": attributes })).await;
    let verified = app.post("/auth/verify").json(json!({ "token": registration })).send().await;
    verified.fails(E::VerifyUserBadToken);
    let user = accept(&app, &app.token_to(ADA, INVITATION).await, NEW).await.is(200).json();
    assert_eq!((&user["id"], &user["attributes"]), (&json!(ada.id), &attributes));
    assert!(opens(&app, NEW).await && !opens(&app, PASSWORD).await);
    // One that nobody was invited to is given up, and so is one whose invitation has ended.
    let eve = create(&app, &root, json!({ "email": "eve@example.org" })).await;
    app.patch(&eve.path()).by(&root).json(json!({ "is_active": false })).send().await.is(200);
    let import = vec![ImportedAccount::new("grace@example.org")];
    app.auth().registration().import(import).await.expect("an import");
    let body = json!({ "new_email": "grace@example.org", "password": NEW });
    let ada = ada.with(&app.try_login(ADA, NEW, "db").await);
    app.post("/auth/change-email").by(&ada).json(body).send().await.is(202);
    assert!(app.was_mailed("grace@example.org", CONFIRM_EMAIL).await);
    let body = json!({ "new_email": "eve@example.org", "password": NEW });
    app.post("/auth/change-email").by(&ada).json(body).send().await.is(202);
    assert!(app.was_mailed("eve@example.org", CONFIRM_EMAIL).await);
}

async fn a_crowd_accepts_once(cx: Cx) {
    const CROWD: usize = 16;
    let app = cx.app().await;
    let servers = [app.clone(), app.second_server().await];
    let root = app.superuser("root").await;
    create(&app, &root, json!({ "email": ADA })).await;
    let token = app.token_to(ADA, INVITATION).await;
    let password = |n: usize| format!("kettle-Umbrella-{n}-river");
    let answers = race(CROWD, |n| {
        let (server, token) = (servers[n % 2].clone(), token.clone());
        async move { accept(&server, &token, &password(n)).await }
    });
    let winners: Vec<usize> =
        answers.await.iter().enumerate().filter(|(_, answer)| answer.status == 200).map(|(n, _)| n).collect();
    assert_eq!(winners.len(), 1);
    for n in 0..CROWD {
        assert_eq!(opens(&app, &password(n)).await, n == winners[0], "{n}");
    }
    audit::tables(&app).await;
}

async fn the_app_may_refuse(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("root").await;
    create(&app, &root, json!({ "email": ADA })).await;
    let token = app.token_to(ADA, INVITATION).await;
    app.hooks().react(Moment::UpdateUser, Reaction::Refuse("not today".to_owned()));
    accept(&app, &token, NEW).await.fails(E::RefusedByApp);
    app.hooks().behave();
    accept(&app, &token, NEW).await.is(200);
}
