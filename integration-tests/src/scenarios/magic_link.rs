//! Scenarios of logins by mail (MAG).

use std::time::Duration;

use auth_core::login::LoginConfig;
use auth_core::{ErrorCode as E, EventKind, Registration};
use auth_testkit::{Moment, Reaction};
use serde_json::{Value, json};

use crate::mails::{MAGIC_LINK, RESET_PASSWORD};
use crate::scenario::scenarios;
use crate::{Answer, App, Cx, Jar, PASSWORD, Scenario, Setup, audit, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_link_logs_in_through_every_backend,
    a_code_logs_in,
    a_new_address_gets_an_account,
    the_first_verification_wipes_what_was_set_up_before,
    a_magic_link_creates_no_account_while_registration_is_closed,
    five_attempts_at_a_code_are_all,
    parallel_guesses_do_not_get_more: direct_only,
    a_link_dies_with_its_time_and_its_account,
    a_crowd_gets_one_session: direct_only,
    the_browser_goes_only_where_it_may,
    fields_are_checked,
    the_app_may_refuse,
];

async fn ask(app: &App, email: &str) -> Answer {
    app.post("/auth/magic-link").json(json!({ "email": email })).send().await.is(202)
}

async fn token(app: &App, email: &str) -> String {
    ask(app, email).await;
    app.token_to(email, MAGIC_LINK).await
}

async fn code(app: &App, email: &str) -> String {
    ask(app, email).await;
    app.mail_to(email, MAGIC_LINK).await.code.expect("a code").as_str().to_owned()
}

async fn redeem(app: &App, body: Value) -> Answer {
    app.post("/auth/db/magic-link/verify").json(body).send().await
}

async fn a_link_logs_in_through_every_backend(cx: Cx) {
    let app = cx.app().await;
    let ada = app.verified("ada").await;
    assert_eq!(ask(&app, &ada.email).await.json(), Value::Null);
    // Of two mails that leave at once either may be the newer one.
    app.deliver().await;
    for path in ["/auth/magic-link/verify", "/auth/cookie/magic-link/verify"] {
        let jar = Jar::default();
        let body = json!({ "token": token(&app, "ADA@Example.org ").await });
        // To the address as it is stored, whatever was typed.
        assert_eq!(app.mail_to(&ada.email, MAGIC_LINK).await.to.address(), ada.email);
        // Opening the link changes nothing (MAG-02).
        app.get(&format!("{path}?token={}", body["token"].as_str().unwrap())).send().await.fails(E::MethodNotAllowed);
        app.post(path).jar(&jar).json(body.clone()).send().await.is(204);
        assert_eq!(app.get("/users/me").jar(&jar).send().await.is(200).json()["id"], json!(ada.id));
        app.post(path).json(body).send().await.fails(E::MagicLinkBadToken);
    }
    for backend in ["jwt", "db"] {
        let body = json!({ "token": token(&app, &ada.email).await });
        let answer = app.post(&format!("/auth/{backend}/magic-link/verify")).json(body).send().await.is(200);
        app.get("/users/me").by(&ada.with(&answer)).send().await.is(200);
    }
    let event = event!(app, LoginSucceeded);
    assert!(matches!(&event.kind, EventKind::LoginSucceeded { amr, .. } if amr == "email"), "{event:?}");
    // The password is what it was.
    app.try_login(&ada.email, PASSWORD, "db").await.is(200);
    audit::tables(&app).await;
}

async fn a_code_logs_in(cx: Cx) {
    let app = cx.app().await;
    let ada = app.verified("ada").await;
    let digits = code(&app, &ada.email).await;
    let link = app.token_to(&ada.email, MAGIC_LINK).await;
    assert!(digits.len() == 6 && digits.bytes().all(|c| c.is_ascii_digit()), "{digits}");
    // Another address has another code.
    let grace = app.verified("grace").await;
    redeem(&app, json!({ "email": grace.email, "code": digits })).await.fails(E::MagicLinkBadToken);
    let spaced = format!(" {}-{} ", &digits[..3], &digits[3..]);
    let answer = redeem(&app, json!({ "email": "Ada@EXAMPLE.org", "code": spaced })).await.is(200);
    app.get("/users/me").by(&ada.with(&answer)).send().await.is(200);
    // Either of the two, once.
    redeem(&app, json!({ "email": ada.email, "code": digits })).await.fails(E::MagicLinkBadToken);
    redeem(&app, json!({ "token": link })).await.fails(E::MagicLinkBadToken);
    // An older code works as long as no newer one was used.
    let codes = [code(&app, &ada.email).await, code(&app, &ada.email).await];
    redeem(&app, json!({ "email": ada.email, "code": codes[0] })).await.is(200);
    redeem(&app, json!({ "email": ada.email, "code": codes[1] })).await.fails(E::MagicLinkBadToken);
}

async fn a_new_address_gets_an_account(cx: Cx) {
    let app = cx.app_with(Setup::default().auth(|auth| auth.login(LoginConfig { require_verified: true }))).await;
    let body = json!({ "token": token(&app, "new@example.org").await });
    assert_eq!(app.user_count().await, 0, "nobody is there before the proof");
    let bearer = redeem(&app, body).await.is(200).json()["access_token"].as_str().unwrap().to_owned();
    let me = app.get("/users/me").bearer(&bearer).send().await.is(200).json();
    assert_eq!((&me["email"], &me["is_verified"]), (&json!("new@example.org"), &json!(true)));
    app.try_login("new@example.org", PASSWORD, "db").await.fails(E::LoginBadCredentials);
    assert_eq!(app.count("authn_user WHERE password_hash IS NULL").await, 1);
    event!(app, Registered);
    // Once more, and it is the same account.
    let body = json!({ "token": token(&app, "New@example.org").await });
    redeem(&app, body).await.is(200);
    assert_eq!(app.user_count().await, 1);
}

/// MAG-04, LNK-01: the squatter's password, sessions and pending tokens are gone before the owner is in.
async fn the_first_verification_wipes_what_was_set_up_before(cx: Cx) {
    let app = cx.app().await;
    // The order is placed before the squatter comes, and the other way round.
    let early = token(&app, "early@example.org").await;
    let early_squatter = app.user("early").await;
    let squatter = app.user("ada").await;
    let late = token(&app, &squatter.email).await;
    for (link, squatter) in [(early, early_squatter), (late, squatter)] {
        app.post("/auth/forgot-password").json(json!({ "email": squatter.email })).send().await.is(202);
        let reset = app.token_to(&squatter.email, RESET_PASSWORD).await;
        let owner = squatter.with(&redeem(&app, json!({ "token": link })).await.is(200));
        app.get("/users/me").by(&squatter).send().await.fails(E::Unauthorized);
        app.try_login(&squatter.email, PASSWORD, "db").await.fails(E::LoginBadCredentials);
        let body = json!({ "token": reset, "password": "kettle-Umbrella-42-river" });
        app.post("/auth/reset-password").json(body).send().await.fails(E::ResetPasswordBadToken);
        let me = app.get("/users/me").by(&owner).send().await.is(200).json();
        assert_eq!((&me["id"], &me["is_verified"]), (&json!(squatter.id), &json!(true)));
        event!(app, CredentialsWiped);
    }
}

/// REG-17.
async fn a_magic_link_creates_no_account_while_registration_is_closed(cx: Cx) {
    let app = cx.app().await;
    let ada = app.verified("ada").await;
    let early = token(&app, "early@example.org").await;
    let closed = app.server_with(Setup::default().auth(|auth| auth.registration(Registration::Closed))).await;
    app.mailer().forget();
    ask(&closed, "new@example.org").await;
    assert!(closed.kinds_to("new@example.org").await.is_empty());
    redeem(&closed, json!({ "token": early })).await.fails(E::MagicLinkBadToken);
    assert_eq!(app.user_count().await, 1);
    // Who is there gets in.
    redeem(&closed, json!({ "token": token(&closed, &ada.email).await })).await.is(200);
}

/// VER-06.
async fn five_attempts_at_a_code_are_all(cx: Cx) {
    let app = cx.app().await;
    let ada = app.verified("ada").await;
    let digits = code(&app, &ada.email).await;
    let wrong = wrong_codes(&digits);
    for wrong in &wrong[..4] {
        redeem(&app, json!({ "email": ada.email, "code": wrong })).await.fails(E::MagicLinkBadToken);
    }
    redeem(&app, json!({ "email": ada.email, "code": digits })).await.is(200);
    let digits = code(&app, &ada.email).await;
    for wrong in &wrong[..5] {
        redeem(&app, json!({ "email": ada.email, "code": wrong })).await.fails(E::MagicLinkBadToken);
    }
    redeem(&app, json!({ "email": ada.email, "code": digits })).await.fails(E::MagicLinkBadToken);
    // The link is not a guess.
    redeem(&app, json!({ "token": app.token_to(&ada.email, MAGIC_LINK).await })).await.is(200);
    redeem(&app, json!({ "email": "nobody@example.org", "code": digits })).await.fails(E::MagicLinkBadToken);
}

fn wrong_codes(right: &str) -> Vec<String> {
    (0..40).map(|n| format!("{:06}", (n * 7919 + 13) % 1_000_000)).filter(|code| code != right).collect()
}

async fn parallel_guesses_do_not_get_more(cx: Cx) {
    let app = cx.app().await;
    let servers = [app.clone(), app.second_server().await];
    let ada = app.verified("ada").await;
    let digits = code(&app, &ada.email).await;
    let wrong = wrong_codes(&digits);
    let answers = race(32, |n| {
        let (server, body) = (servers[n % 2].clone(), json!({ "email": ada.email, "code": wrong[n] }));
        async move { redeem(&server, body).await.fails(E::MagicLinkBadToken) }
    });
    answers.await;
    assert_eq!(app.count("authn_one_time_token WHERE attempts = 5").await, 1, "no more than five were looked at");
    redeem(&app, json!({ "email": ada.email, "code": digits })).await.fails(E::MagicLinkBadToken);
}

/// MAG-06, MAG-08.
async fn a_link_dies_with_its_time_and_its_account(cx: Cx) {
    const TEN_MINUTES: Duration = Duration::from_secs(600);
    let app = cx.app_with(Setup::default().immediate_email_change()).await;
    for name in ["time", "password", "address", "off", "gone"] {
        let who = app.verified_user(name).await;
        let digits = code(&app, &who.email).await;
        let link = app.token_to(&who.email, MAGIC_LINK).await;
        let request = match name {
            "time" => {
                app.clock().advance(TEN_MINUTES);
                None
            }
            "password" => {
                let body = json!({ "old_password": PASSWORD, "new_password": "kettle-Umbrella-42-river" });
                Some(app.post("/auth/change-password").by(&who).json(body))
            }
            "address" => Some(app.patch("/users/me").by(&who).json(json!({ "email": "moved@example.org" }))),
            "off" => {
                app.deactivate(&who).await;
                None
            }
            _ => Some(app.delete("/users/me").by(&who)),
        };
        if let Some(request) = request {
            assert!(request.send().await.status.is_success(), "{name}");
        }
        redeem(&app, json!({ "email": who.email, "code": digits })).await.fails(E::MagicLinkBadToken);
        redeem(&app, json!({ "token": link })).await.fails(E::MagicLinkBadToken);
    }
    let ada = app.verified("ada").await;
    let link = token(&app, &ada.email).await;
    app.clock().advance(TEN_MINUTES - Duration::from_millis(1));
    redeem(&app, json!({ "token": link })).await.is(200);
}

/// MAG-01.
async fn a_crowd_gets_one_session(cx: Cx) {
    let app = cx.app().await;
    let servers = [app.clone(), app.second_server().await];
    let ada = app.verified("ada").await;
    for email in [ada.email.as_str(), "new@example.org"] {
        let before = app.session_count().await;
        let digits = code(&app, email).await;
        let link = app.token_to(email, MAGIC_LINK).await;
        let answers = race(24, |n| {
            let server = servers[n % 2].clone();
            let body = if n < 4 { json!({ "email": email, "code": digits }) } else { json!({ "token": link }) };
            async move { redeem(&server, body).await }
        });
        let answers = answers.await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{email}");
        assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 200 | 400)), "{email}");
        assert_eq!(app.session_count().await - before, 1, "{email}");
    }
    assert_eq!(app.user_count().await, 2);
}

/// Contract 11.8; WEB-03.
async fn the_browser_goes_only_where_it_may(cx: Cx) {
    let app = cx.app().await;
    let body = |to: &str| json!({ "email": "ada@example.org", "redirect_to": to });
    for (text, url) in [
        ("/notes?page=2#top", "http://localhost:3000/notes?page=2#top"),
        ("/", "http://localhost:3000/"),
        ("https://app.example.com/x", "https://app.example.com/x"),
    ] {
        app.post("/auth/magic-link").json(body(text)).send().await.is(202);
        let token = app.token_to("ada@example.org", MAGIC_LINK).await;
        let preview = app.auth().magic_link().preview(&token).await.expect("an answer").expect("a link that works");
        assert_eq!(preview.email, "ada@example.org");
        assert_eq!(preview.redirect_to.expect("a target").url().as_str(), url);
        // Looking is free.
        assert!(app.auth().magic_link().preview(&token).await.expect("an answer").is_some());
    }
    let sent = app.mailer().sent().len();
    let overlong = format!("/{}", "x".repeat(2048));
    for text in [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "http://app.example.com",
        "https://app.example.com.evil.example",
        "https://app.example.com@evil.example",
        "https://u:p@app.example.com/",
        "https://app.example.com:8443",
        "javascript:alert(1)",
        "data:text/html,x",
        "notes",
        "",
        " /notes",
        "/no tes",
        "/\tnotes",
        "/\nnotes",
        "///evil.example",
        "https:evil.example",
        "http:/\\evil.example",
        "/%0d%0aX: y\u{0}",
        "https://localhost:3000",
        "HTTPS://EVIL.example",
        "//localhost:3000",
        &overlong,
    ] {
        let answer = app.post("/auth/magic-link").json(body(text)).send().await;
        assert_eq!(answer.status, 422, "{text:?}: {}", answer.text());
        assert_eq!(answer.json()["detail"][0]["loc"], json!(["body", "redirect_to"]), "{text:?}");
    }
    app.deliver().await;
    assert_eq!(app.mailer().sent().len(), sent, "and nothing was sent");
}

async fn fields_are_checked(cx: Cx) {
    let app = cx.app().await;
    redeem(&app, json!({})).await.rejects(&[("token", "missing")]);
    redeem(&app, json!({ "token": "x", "code": "1" })).await.rejects(&[("token", "duplicate")]);
    redeem(&app, json!({ "code": "123456" })).await.rejects(&[("email", "missing")]);
    redeem(&app, json!({ "code": "123456", "email": "x" })).await.rejects(&[("email", "email_invalid")]);
    redeem(&app, json!({ "token": 7 })).await.rejects(&[("token", "string_type")]);
    for code in ["", "12345", "1234567", "١٢٣٤٥٦", "abcdef", "%", "' OR 1=1"] {
        redeem(&app, json!({ "email": "ada@example.org", "code": code })).await.fails(E::MagicLinkBadToken);
    }
    app.post("/auth/magic-link").json(json!({})).send().await.rejects(&[("email", "missing")]);
}

async fn the_app_may_refuse(cx: Cx) {
    let app = cx.app().await;
    let ada = app.verified("ada").await;
    let body = json!({ "token": token(&app, &ada.email).await });
    app.hooks().react(Moment::Login, Reaction::Refuse("not today".to_owned()));
    for path in ["/auth", "/auth/cookie", "/auth/jwt", "/auth/db"] {
        let answer = app.post(&format!("{path}/magic-link/verify")).json(body.clone()).send().await;
        answer.fails(E::RefusedByApp);
    }
    app.hooks().behave();
    for path in ["/auth", "/auth/cookie", "/auth/jwt"] {
        let bad = json!({ "token": "mgl_none" });
        app.post(&format!("{path}/magic-link/verify")).json(bad).send().await.fails(E::MagicLinkBadToken);
    }
    redeem(&app, body).await.is(200);
}
