//! Scenarios of the log: it names what happened, holds no secret, and nobody else writes lines into it.

use auth_core::ErrorCode as E;
use auth_testkit::{Moment, Reaction};
use serde_json::{Value, json};

use crate::logs::Listener;
use crate::scenario::scenarios;
use crate::{App, Cx, Login, Scenario, Setup};

pub(super) const SCENARIOS: &[Scenario] =
    scenarios![no_secret_is_logged, nobody_writes_lines_of_their_own, the_user_agent_is_kept_short_and_clean];

/// Passwords that nobody else has.
const SECRETS: [&str; 3] = ["first-Kettle-Zebra-4711", "other-Kettle-Zebra-4712", "wrong-Kettle-Zebra-4713"];

/// The log, in which no one of these texts may be, in any case.
fn holds_none_of(log: &Listener, texts: &[String]) {
    let log = log.text().to_lowercase();
    for text in texts {
        assert!(text.len() > 8, "{text:?} might be there by chance");
        let found = log.find(&text.to_lowercase());
        assert!(found.is_none(), "{text:?} is logged: {}", found.map(|at| excerpt(&log, at)).unwrap_or_default());
    }
}

fn excerpt(log: &str, at: usize) -> &str {
    let begin = log[..at].rfind('\n').map_or(0, |line| line + 1);
    log[begin..].lines().next().unwrap_or_default()
}

/// What a bearer answer or a cookie carried.
async fn token(app: &App, name: &str, password: &str, backend: &str) -> String {
    let answer = app.try_login(name, password, backend).await;
    if answer.set_cookies().is_empty() {
        answer.is(200).json()["access_token"].as_str().unwrap().to_owned()
    } else {
        answer.cookie().1
    }
}

/// SEC-01: passwords, tokens, hashes and addresses, through success and every kind of failure.
async fn no_secret_is_logged(cx: Cx) {
    let log = Listener::new();
    let app = cx.app_with(Setup::default().tolerates_500()).await;
    let [first, other, wrong] = SECRETS;
    let email = "Logged.Ada@Example.org";
    let register =
        json!({ "email": email, "password": first, "username": "logged-ada", "display_name": "Countess of Logs" });
    let ada = Login::new(&app.post("/auth/register").json(register.clone()).send().await.is(201).json());
    app.post("/auth/register").json(register).send().await.fails(E::RegisterUserAlreadyExists);
    app.post("/auth/register").json(json!({ "email": first, "password": email })).send().await.fails(E::Validation);
    app.post("/auth/register")
        .bytes("application/json", format!("{{\"{first}\":1,\"{first}\":"))
        .send()
        .await
        .fails(E::Validation);
    let mut tokens = Vec::new();
    for backend in ["cookie", "jwt", "db"] {
        app.try_login(email, wrong, backend).await.fails(E::LoginBadCredentials);
        app.try_login(first, wrong, backend).await.fails(E::LoginBadCredentials);
        tokens.push(token(&app, email, first, backend).await);
    }
    let bearer = Login { token: tokens[2].clone(), ..ada.clone() };
    app.post(&format!("/auth/login?password={first}&username={email}"))
        .bearer(&tokens[1])
        .send()
        .await
        .fails(E::Validation);
    app.get("/users/me")
        .bearer(&format!("{}x", tokens[1]))
        .cookie("auth", &format!("{}x", tokens[0]))
        .send()
        .await
        .fails(E::Unauthorized);
    app.patch("/users/me")
        .cookie("auth", &tokens[0])
        .origin("https://evil.example")
        .json(json!({ "password": other }))
        .send()
        .await
        .fails(E::CsrfRejected);
    let change =
        |current: &str| json!({ "password": other, "current_password": current, "email": "Logged.Grace@example.org" });
    app.patch("/users/me").by(&bearer).json(change(wrong)).send().await.fails(E::UpdateUserBadCurrentPassword);
    app.hooks().react(Moment::UpdateUser, Reaction::Fail("deliberate failure of a hook".to_owned()));
    app.patch("/users/me").by(&bearer).json(change(first)).send().await.is(500);
    app.hooks().react(Moment::UpdateUser, Reaction::Run("INSERT INTO no_such_table VALUES (1)".to_owned()));
    app.patch("/users/me").by(&bearer).json(change(first)).send().await.is(500);
    app.hooks().behave();
    app.patch("/users/me").by(&bearer).json(change(first)).send().await.is(200);
    tokens.push(token(&app, "logged-ada", other, "db").await);
    let again = Login { token: tokens[3].clone(), ..ada.clone() };
    app.get("/users/me/export").by(&again).send().await.is(200);
    app.execute("UPDATE auth_user SET is_superuser = TRUE").await;
    app.get("/users?q=logged.grace@example.org").by(&again).send().await.is(200);
    let hash = app.rows("SELECT password_hash FROM auth_user").await[0].try_get_by_index::<String>(0).unwrap();
    app.lose_database().await;
    app.try_login(email, other, "db").await.fails(E::Overloaded);
    app.get("/users/me").by(&again).send().await.fails(E::Overloaded);

    let mut secrets: Vec<String> = SECRETS.iter().map(|text| (*text).to_owned()).collect();
    secrets.extend(["logged.ada@", "logged.grace@", "logged-ada", "Countess of Logs"].map(str::to_owned));
    secrets.extend(
        tokens.iter().flat_map(|token| token.split('.').skip(usize::from(token.contains('.')))).map(str::to_owned),
    );
    secrets.push(hash.rsplit('$').next().unwrap_or_default().to_owned());
    holds_none_of(&log, &secrets);
    let text = log.text();
    let id = ada.id.to_string();
    for name in [
        "register",
        "register_duplicate",
        "login_failure",
        "login_success",
        "password_changed",
        "user_updated",
        "csrf_rejected",
    ] {
        assert!(
            text.lines().any(|line| line.trim_end().ends_with(name) || line.contains(&format!(" {name}"))),
            "no line says {name}"
        );
    }
    let told = text.lines().filter(|line| line.contains(&id)).count();
    assert!(told >= 8, "{told} lines tell whose account it was");
    assert!(text.contains("deliberate failure of a hook") && text.contains("no_such_table"), "the causes are there");
}

/// SEC-02: whatever a client can put a line break, an escape sequence or a whole log line into.
async fn nobody_writes_lines_of_their_own(cx: Cx) {
    const FORGED: &str = "forged-by-the-client";
    let log = Listener::new();
    let app = cx.app().await;
    let ada = app.user("log-reader").await;
    let texts = ["\r\n", "\n", "\u{1b}[2K\u{1b}[1A", "\u{85}", "\u{2028}", "\t", "\" ", "%0d%0a"]
        .map(|text| format!("x{text}2026-01-15T12:00:00Z  INFO auth::event: {FORGED} kind=LoginSucceeded"));
    for text in &texts {
        let attempts: [Value; 4] = [
            json!({ "email": text, "password": text, "username": text, "display_name": text, "attributes": { text: text } }),
            json!({ "username": text, "password": text, "grant_type": text }),
            json!({ "username": format!("{text}@example.org"), "password": "wrong-Password-1" }),
            json!({ text: text }),
        ];
        for body in attempts {
            for path in ["/auth/register", "/auth/login", "/auth/db/login"] {
                assert!(app.post(path).json(body.clone()).send().await.status.is_client_error());
                app.post(path)
                    .bytes("application/json", format!("{{\"{FORGED}\":{body}"))
                    .send()
                    .await
                    .fails(E::Validation);
            }
        }
        let visible: String = text.chars().filter(|c| !c.is_control()).collect();
        let query: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        for name in
            ["user-agent", "origin", "x-forwarded-for", "referer", "content-type", "authorization", "x-request-id"]
        {
            let request = app.post(&format!("/auth/login?{query}={query}")).header(name, &visible);
            let request = if name == "content-type" { request.bytes("", "{}") } else { request.json(json!({})) };
            assert!(request.send().await.status.is_client_error(), "{name}");
        }
        app.get("/users/me").cookie("auth", &query).send().await.fails(E::Unauthorized);
        app.get(&format!("/users/{query}")).by(&ada).send().await.is(403);
        app.get(&format!("/auth/{query}")).send().await.is(404);
        let login = json!({ "username": "log-reader@example.org", "password": "wrong-Password-1" });
        app.post("/auth/db/login")
            .header("user-agent", &visible)
            .json(login)
            .send()
            .await
            .fails(E::LoginBadCredentials);
    }
    holds_none_of(&log, &[FORGED.to_owned()]);
    let refused =
        log.text().lines().filter(|line| line.contains(&ada.id.to_string()) && line.contains("login_failure")).count();
    // The same accounts act on other targets at this moment.
    assert!(refused >= texts.len(), "each wrong password is a line: {refused}");
}

async fn the_user_agent_is_kept_short_and_clean(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let long = "x".repeat(2000);
    for (sent, kept) in [
        (b"Mozilla/5.0 (X11)".as_slice(), "Mozilla/5.0 (X11)"),
        (b"a\tb", "ab"),
        ("a\u{202e}b\u{2028}c\u{200b}\u{85}d🦀".as_bytes(), "abcd🦀"),
        (b"a\xff\xfeb", "a\u{fffd}\u{fffd}b"),
        (b"", ""),
        (long.as_bytes(), &long[..256]),
    ] {
        let request = app.post("/auth/db/login").header("user-agent", sent);
        let answer = request.json(json!({ "username": ada.email, "password": crate::PASSWORD })).send().await.is(200);
        let sessions = app.get("/auth/sessions").by(&ada.with(&answer)).send().await.is(200).json();
        let current =
            sessions["sessions"].as_array().unwrap().iter().find(|session| session["current"] == true).unwrap();
        assert_eq!(current["user_agent"], kept);
    }
}
