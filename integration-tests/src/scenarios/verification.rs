//! Scenarios of the verification of email addresses (VER).

use std::time::Duration;

use auth_core::ErrorCode as E;
use auth_testkit::Reaction;
use serde_json::{Value, json};

use crate::mails::{CONFIRM_EMAIL, INVITATION, MAGIC_LINK, RESET_PASSWORD, VERIFY_EMAIL};
use crate::scenario::scenarios;
use crate::{App, Cx, Jar, PASSWORD, Scenario, Setup, audit, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    registration_mails_a_link_that_verifies_the_address,
    whichever_link_is_opened_first_counts,
    the_first_verification_ends_what_came_before,
    the_browser_that_asks_stays_logged_in,
    nobody_learns_whether_there_is_an_account: one_server,
    a_link_dies_with_its_address_and_its_time,
    a_link_serves_no_other_purpose: direct_only,
    a_locked_account_is_not_verified,
    a_crowd_verifies_once: direct_only,
    the_app_may_refuse,
];

async fn verify(app: &App, token: &str) -> crate::Answer {
    app.post("/auth/verify").json(json!({ "token": token })).send().await
}

async fn ask(app: &App, email: &str) -> crate::Answer {
    app.post("/auth/request-verify-token").json(json!({ "email": email })).send().await
}

async fn registration_mails_a_link_that_verifies_the_address(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let mail = app.mail_to(&ada.email, VERIFY_EMAIL).await;
    let link = mail.link.as_ref().expect("a link").url().to_string();
    assert!(link.starts_with("http://localhost:3000/verify?token=vfy_"), "{link}");
    let token = crate::mails::token_of(&mail);
    // Opening the link is not enough, and harmless.
    for _ in 0..3 {
        app.get(&format!("/auth/verify?token={token}")).send().await.fails(E::MethodNotAllowed);
    }
    let user = verify(&app, &token).await.is(200).json();
    assert_eq!((&user["id"], &user["is_verified"]), (&json!(ada.id), &json!(true)));
    assert_eq!(app.count("authn_user WHERE is_verified").await, 1);
    event!(app, Verified);
    // The second click is told that the first one did it; strangers' inventions are not.
    verify(&app, &token).await.fails(E::VerifyUserAlreadyVerified);
    for token in ["vfy_none", "", "x", &token.to_uppercase(), &token[4..]] {
        verify(&app, token).await.fails(E::VerifyUserBadToken);
    }
    audit::tables(&app).await;
}

async fn whichever_link_is_opened_first_counts(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let old = app.token_to(&ada.email, VERIFY_EMAIL).await;
    assert_eq!(ask(&app, " ADA@example.org ").await.is(202).json(), Value::Null);
    let new = app.token_to(&ada.email, VERIFY_EMAIL).await;
    assert_ne!(old, new);
    verify(&app, &old).await.is(200);
    verify(&app, &new).await.fails(E::VerifyUserAlreadyVerified);
    // There is nothing left to prove.
    app.mailer().forget();
    ask(&app, &ada.email).await.is(202);
    assert!(app.kinds_to(&ada.email).await.is_empty());
    // Somebody who was declared verified meanwhile is told so.
    let grace = app.verified("grace").await;
    verify(&app, &app.token_to(&grace.email, VERIFY_EMAIL).await).await.fails(E::VerifyUserAlreadyVerified);
}

/// A user who registered another person's address and logged in is out as soon as its owner verifies it.
async fn the_first_verification_ends_what_came_before(cx: Cx) {
    let app = cx.app().await;
    let squatter = app.register("ada").await;
    let mut sessions = Vec::new();
    for backend in ["cookie", "jwt", "db"] {
        sessions.push(app.login(&squatter, backend).await);
    }
    let reset = app.post("/auth/forgot-password").json(json!({ "email": squatter.email })).send().await;
    reset.is(202);
    let reset = app.token_to(&squatter.email, RESET_PASSWORD).await;
    verify(&app, &app.token_to(&squatter.email, VERIFY_EMAIL).await).await.is(200);
    for session in &sessions {
        app.get("/users/me").by(session).send().await.fails(E::Unauthorized);
    }
    let body = json!({ "token": reset, "password": "kettle-Umbrella-42-river" });
    app.post("/auth/reset-password").json(body).send().await.fails(E::ResetPasswordBadToken);
    assert_eq!(app.session_count().await, 0);
}

async fn the_browser_that_asks_stays_logged_in(cx: Cx) {
    let app = cx.app().await;
    let (ada, grace) = (app.register("ada").await, app.register("grace").await);
    let [own, foreign] = [Jar::default(), Jar::default()];
    for (jar, who) in [(&own, &ada), (&foreign, &grace)] {
        app.post("/auth/login").jar(jar).json(json!({ "email": who.email, "password": PASSWORD })).send().await.is(204);
    }
    let (before, of_grace) = (own.header().unwrap(), foreign.header());
    let token = json!({ "token": app.token_to(&ada.email, VERIFY_EMAIL).await });
    // VER-07: a link that is opened where somebody else is logged in changes nothing for them.
    let in_foreign = app.token_to(&grace.email, VERIFY_EMAIL).await;
    app.post("/auth/verify").jar(&own).json(token).send().await.is(200);
    assert_ne!(own.header().unwrap(), before, "a new token");
    app.get("/users/me").header("cookie", before).send().await.fails(E::Unauthorized);
    let me = app.get("/users/me").jar(&own).send().await.is(200).json();
    assert_eq!((&me["id"], &me["is_verified"]), (&json!(ada.id), &json!(true)));
    let answer = app.post("/auth/verify").jar(&own).json(json!({ "token": in_foreign })).send().await.is(200);
    assert!(answer.session_cookies().is_empty());
    assert_eq!(app.get("/users/me").jar(&own).send().await.is(200).json()["id"], json!(ada.id));
    assert_eq!(foreign.header(), of_grace);
    app.get("/users/me").jar(&foreign).send().await.fails(E::Unauthorized);
    // VER-05: without a session none begins.
    let eve = app.register("eve").await;
    let answer = verify(&app, &app.token_to(&eve.email, VERIFY_EMAIL).await).await.is(200);
    assert!(answer.session_cookies().is_empty() && answer.json().get("access_token").is_none());
}

async fn nobody_learns_whether_there_is_an_account(cx: Cx) {
    let app = cx.app().await;
    app.register("unproved").await;
    app.verified("proved").await;
    app.deactivate(&app.register("inactive").await).await;
    app.deliver().await;
    for (id, path) in [
        ("verification.request", "/auth/request-verify-token"),
        ("password_reset.request", "/auth/forgot-password"),
        ("magic_link.request", "/auth/magic-link"),
    ] {
        let mut first = None;
        for name in ["unproved", "proved", "inactive", "nobody"] {
            let _ = app.statements().take();
            let body = json!({ "email": format!("{name}@example.org") });
            let answer = app.post(path).json(body).send().await.is(202);
            let mut headers = answer.headers.clone();
            headers.remove("date");
            let seen = (app.statements().take(), headers, answer.body);
            assert_eq!(first.get_or_insert_with(|| seen.clone()), &seen, "{path} for {name}");
        }
        let statements = first.map(|(statements, ..)| statements.len());
        assert_eq!(statements, Some(app.cost(id)), "the same statements for everyone");
    }
    app.mailer().forget();
    // What they get differs all the same.
    for (name, kinds) in [
        ("unproved", [VERIFY_EMAIL, RESET_PASSWORD, MAGIC_LINK].as_slice()),
        ("proved", &[RESET_PASSWORD, MAGIC_LINK]),
        ("inactive", &[]),
        ("nobody", &[MAGIC_LINK]),
    ] {
        let mut found = app.kinds_to(&format!("{name}@example.org")).await;
        let mut kinds: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        found.sort_unstable();
        kinds.sort_unstable();
        assert_eq!(found, kinds, "{name}");
    }
}

async fn a_link_dies_with_its_address_and_its_time(cx: Cx) {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let app = cx.app_with(Setup::default().immediate_email_change()).await;
    let ada = app.user("ada").await;
    let old = app.token_to(&ada.email, VERIFY_EMAIL).await;
    app.patch("/users/me").by(&ada).json(json!({ "email": "countess@example.org" })).send().await.is(200);
    verify(&app, &old).await.fails(E::VerifyUserBadToken);
    let new = app.token_to("countess@example.org", VERIFY_EMAIL).await;
    app.clock().advance(DAY - Duration::from_millis(1));
    let late = app.register("late").await;
    let late = app.token_to(&late.email, VERIFY_EMAIL).await;
    assert_eq!(verify(&app, &new).await.is(200).json()["email"], json!("countess@example.org"));
    app.clock().advance(DAY);
    verify(&app, &late).await.fails(E::VerifyUserBadToken);
    // Nothing that expired comes back with an earlier time... and nothing that was used.
    verify(&app, &new).await.fails(E::VerifyUserAlreadyVerified);
}

/// RST-13, SES-22: every token in the place of every other.
async fn a_link_serves_no_other_purpose(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    let new_email = json!({ "new_email": "countess@example.org" });
    app.post("/auth/change-email").by(&ada).json(new_email).send().await.is(202);
    for path in ["/auth/forgot-password", "/auth/magic-link"] {
        app.post(path).json(json!({ "email": ada.email })).send().await.is(202);
    }
    let root = app.superuser("root").await;
    app.post("/users").by(&root).json(json!({ "email": "guest@example.org" })).send().await.is(201);
    let tokens = [
        app.token_to(&ada.email, VERIFY_EMAIL).await,
        app.token_to(&ada.email, RESET_PASSWORD).await,
        app.token_to(&ada.email, MAGIC_LINK).await,
        app.token_to("countess@example.org", CONFIRM_EMAIL).await,
        app.token_to("guest@example.org", INVITATION).await,
        ada.token.clone(),
    ];
    let uses = [
        ("/auth/verify", E::VerifyUserBadToken),
        ("/auth/reset-password", E::ResetPasswordBadToken),
        ("/auth/magic-link/verify", E::MagicLinkBadToken),
        ("/auth/change-email/confirm", E::ChangeEmailBadToken),
        ("/auth/accept-invitation", E::InvitationBadToken),
        ("/auth/change-email/revert", E::ChangeEmailBadToken),
    ];
    for (place, (path, code)) in uses.into_iter().enumerate() {
        for token in tokens.iter().enumerate().filter(|(index, _)| *index != place).map(|(_, token)| token) {
            let body = json!({ "token": token, "password": "kettle-Umbrella-42-river" });
            app.post(path).json(body).send().await.fails(code);
        }
    }
    for token in &tokens[..5] {
        app.get("/users/me").bearer(token).send().await.fails(E::Unauthorized);
        app.get("/users/me").cookie("auth", token).send().await.fails(E::Unauthorized);
    }
    // They are all still good where they belong.
    verify(&app, &tokens[0]).await.is(200);
}

/// A locked account stays what it is.
async fn a_locked_account_is_not_verified(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("root").await, app.user("ada").await);
    let token = json!({ "token": app.token_to(&ada.email, VERIFY_EMAIL).await });
    app.patch(&ada.path()).by(&root).json(json!({ "is_active": false })).send().await.is(200);
    app.post("/auth/verify").json(token.clone()).send().await.fails(E::VerifyUserBadToken);
    app.patch(&ada.path()).by(&root).json(json!({ "is_active": true })).send().await.is(200);
    app.post("/auth/verify").json(token).send().await.is(200);
}

async fn a_crowd_verifies_once(cx: Cx) {
    let app = cx.app().await;
    let servers = [app.clone(), app.second_server().await];
    for (name, crowd) in [("ada", 16), ("grace", 32)] {
        let who = app.register(name).await;
        let token = app.token_to(&who.email, VERIFY_EMAIL).await;
        app.hooks().forget();
        let answers = race(crowd, |n| {
            let (server, token) = (servers[n % 2].clone(), token.clone());
            async move { verify(&server, &token).await }
        });
        let answers = answers.await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 200 | 400)));
        event!(app, Verified);
        assert_eq!(
            app.count(&format!("authn_event WHERE name = 'verified' AND {}", of(&app, &who.email).await)).await,
            1
        );
    }
}

async fn of(app: &App, email: &str) -> String {
    let rows = app.count(&format!("authn_user WHERE email = '{email}'")).await;
    assert_eq!(rows, 1);
    format!("subject_id = (SELECT id FROM authn_user WHERE email = '{email}')")
}

async fn the_app_may_refuse(cx: Cx) {
    use auth_testkit::Moment;
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let token = app.token_to(&ada.email, VERIFY_EMAIL).await;
    app.hooks().react(Moment::UpdateUser, Reaction::Refuse("not today".to_owned()));
    verify(&app, &token).await.fails(E::RefusedByApp);
    app.hooks().behave();
    // The refusal cost nothing.
    verify(&app, &token).await.is(200);
}
