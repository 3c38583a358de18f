//! Scenarios of the log: it names what happened, holds no secret, and nobody else writes lines into it.

use auth_core::mail::{Mail, MailKind};
use auth_core::{ErrorCode as E, Registration};
use auth_testkit::{Moment, Reaction};
use serde_json::{Value, json};

use crate::logs::Listener;
use crate::mails::{CONFIRM_EMAIL, EMAIL_CHANGED, INVITATION, MAGIC_LINK, RESET_PASSWORD, VERIFY_EMAIL};
use crate::scenario::scenarios;
use crate::{Answer, App, Cx, Login, Request, Scenario, Setup, mails};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    no_secret_is_logged: one_server,
    no_flow_logs_a_secret,
    nobody_writes_lines_of_their_own,
    the_user_agent_is_kept_short_and_clean,
];

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
    app.execute("UPDATE authn_user SET is_superuser = TRUE").await;
    app.get("/users?q=logged.grace@example.org").by(&again).send().await.is(200);
    let hash = app.rows("SELECT password_hash FROM authn_user").await[0].try_get_by_index::<String>(0).unwrap();
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

/// What an answer gives to its client and to nobody else.
fn tokens(answer: &Answer) -> Vec<String> {
    let cookies = answer.set_cookies().into_iter().filter_map(|cookie| cookie.split(';').next()?.split_once('='));
    let mut found: Vec<String> = cookies.map(|(_, token)| token.to_owned()).filter(|token| !token.is_empty()).collect();
    if answer.status == 200 {
        found.extend(answer.json()["access_token"].as_str().map(str::to_owned));
    }
    found
}

/// Somebody who goes through every flow of the library, and remembers what nobody else may read.
struct Walker {
    app: App,
    secrets: Vec<String>,
}

impl Walker {
    const DOMAIN: &str = "@flows.example";
    const PASSWORDS: [&str; 4] =
        ["flow-Kettle-Zebra-4711", "flow-Kettle-Zebra-4712", "flow-Kettle-Zebra-4713", "flow-Kettle-Zebra-4714"];

    fn address(name: &str) -> String {
        format!("{name}{}", Self::DOMAIN)
    }

    async fn send(&mut self, request: Request) -> Answer {
        let answer = request.send().await;
        self.secrets.extend(tokens(&answer));
        answer
    }

    async fn post(&mut self, path: &str, body: Value) -> Answer {
        let request = self.app.post(path).json(body);
        self.send(request).await
    }

    async fn login(&mut self, email: &str, password: &str, backend: &str) -> Answer {
        self.post(&format!("/auth/{backend}/login"), json!({ "username": email, "password": password })).await
    }

    /// Asks for a mail, and returns the token of its link.
    async fn mailed(&mut self, path: &str, email: &str, kind: MailKind) -> Value {
        // Of two mails that leave at once either may be the newer one.
        self.app.deliver().await;
        self.post(path, json!({ "email": email })).await.is(202);
        json!({ "token": self.app.token_to(email, kind).await })
    }

    /// From the registration to a session.
    async fn arrive(&mut self, email: &str) -> Login {
        let account = json!({ "email": email, "password": Self::PASSWORDS[0], "username": "flow-walker" });
        let ada = Login::new(&self.post("/auth/register", account.clone()).await.is(201).json());
        self.post("/auth/register", account).await.fails(E::RegisterUserAlreadyExists);
        let link = self.mailed("/auth/request-verify-token", email, VERIFY_EMAIL).await;
        // A token in the wrong place is still a token.
        self.post("/auth/magic-link/verify", link.clone()).await.fails(E::MagicLinkBadToken);
        self.post("/auth/verify", link.clone()).await.is(200);
        self.post("/auth/verify", link).await.fails(E::VerifyUserAlreadyVerified);
        let mut link = self.mailed("/auth/forgot-password", email, RESET_PASSWORD).await;
        link["password"] = json!("short");
        self.post("/auth/reset-password", link.clone()).await.fails(E::ResetPasswordInvalidPassword);
        link["password"] = json!(Self::PASSWORDS[1]);
        self.post("/auth/reset-password", link).await.is(200);
        let link = self.mailed("/auth/magic-link", email, MAGIC_LINK).await;
        self.post("/auth/db/magic-link/verify", link).await.is(200);
        self.mailed("/auth/magic-link", email, MAGIC_LINK).await;
        let code = self.app.mail_to(email, MAGIC_LINK).await.code.expect("a code").as_str().to_owned();
        self.post("/auth/cookie/magic-link/verify", json!({ "email": email, "code": code })).await.is(204);
        for backend in ["cookie", "jwt", "db"] {
            self.login(email, Self::PASSWORDS[0], backend).await.fails(E::LoginBadCredentials);
            self.login(email, Self::PASSWORDS[1], backend).await;
        }
        ada.with(&self.login(email, Self::PASSWORDS[1], "db").await)
    }

    /// Everything that somebody can do with an account of their own; its end among it.
    async fn settle(&mut self, ada: Login) {
        let by = |request: Request| request.by(&ada);
        let moved = Self::address("elsewhere");
        self.send(by(self.app.post("/auth/change-email").json(json!({ "new_email": moved })))).await.is(202);
        let link = json!({ "token": self.app.token_to(&moved, CONFIRM_EMAIL).await });
        self.post("/auth/change-email/confirm", link).await.is(200);
        let link = json!({ "token": self.app.token_to(&ada.email, EMAIL_CHANGED).await });
        self.post("/auth/change-email/revert", link).await.is(200);
        let mut link = json!({ "token": self.app.token_to(&ada.email, RESET_PASSWORD).await });
        link["password"] = json!(Self::PASSWORDS[2]);
        self.post("/auth/reset-password", link).await.is(200);
        let ada = ada.with(&self.login(&ada.email, Self::PASSWORDS[2], "db").await);
        let change = json!({ "old_password": Self::PASSWORDS[2], "new_password": Self::PASSWORDS[3] });
        let answer = self.send(self.app.post("/auth/change-password").by(&ada).json(change)).await.is(200);
        let ada = ada.with(&answer);
        for path in ["/users/me", "/users/me/export", "/auth/sessions", "/auth/me/activity"] {
            self.send(self.app.get(path).by(&ada)).await.is(200);
        }
        self.send(self.app.post("/auth/logout").by(&ada)).await.fails(E::Unauthorized);
        let everywhere = json!({ "everywhere": true });
        self.send(self.app.post("/auth/logout-all").by(&ada).json(everywhere)).await.is(204);
        let ada = ada.with(&self.login(&ada.email, Self::PASSWORDS[3], "jwt").await);
        let password = json!({ "password": Self::PASSWORDS[3] });
        self.send(self.app.delete("/users/me").by(&ada).json(password)).await.is(204);
    }

    /// What superusers do with the accounts of others.
    async fn administer(&mut self, root: &Login) {
        let body = json!({ "email": Self::address("invited") });
        let invited = self.send(self.app.post("/users").by(root).json(body)).await.is(201).json();
        let path = Login::new(&invited).path();
        self.app.deliver().await;
        self.send(self.app.post(&format!("{path}/invite")).by(root)).await.is(202);
        let mut link = json!({ "token": self.app.token_to(&Self::address("invited"), INVITATION).await });
        link["password"] = json!(Self::PASSWORDS[2]);
        self.post("/auth/accept-invitation", link).await.is(200);
        self.send(self.app.get(&format!("/users?q=invited{}", Self::DOMAIN)).by(root)).await.is(200);
        let change = json!({ "email": Self::address("renamed"), "password": Self::PASSWORDS[0] });
        self.send(self.app.patch(&path).by(root).json(change)).await.is(200);
        let reset = json!({ "new_password": Self::PASSWORDS[1] });
        self.send(self.app.post(&format!("{path}/reset-password")).by(root).json(reset)).await.is(204);
        self.send(self.app.get("/auth/activity").by(root)).await.is(200);
        self.send(self.app.delete(&path).by(root)).await.is(204);
    }
}

/// Whether a number of six digits stands in the log by itself. Times do not count.
fn holds_code(log: &str, code: &str) -> bool {
    let alone = |at: usize| {
        let (before, after) = (&log[..at], &log[at + code.len()..]);
        let joined = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '.');
        !joined(before.chars().next_back()) && !joined(after.chars().next()) && !before.ends_with("duration_us=")
    };
    log.match_indices(code).any(|(at, _)| alone(at))
}

/// SEC-01: every flow, with every level on, in lines and in the fields of spans.
async fn no_flow_logs_a_secret(cx: Cx) {
    const HEARD: [&str; 3] = ["flow-canary-begun", "flow-canary-recorded", "flow-canary-traced"];
    let log = Listener::new();
    let span = tracing::trace_span!("canary", begun = HEARD[0], recorded = tracing::field::Empty);
    span.record("recorded", HEARD[1]);
    drop(span);
    tracing::trace!(canary = HEARD[2]);
    let app = cx.app().await;
    let root = app.superuser("root").await;
    let mut walker = Walker { app: app.clone(), secrets: Walker::PASSWORDS.map(str::to_owned).to_vec() };
    let ada = walker.arrive(&Walker::address("ada")).await;
    walker.settle(ada).await;
    walker.administer(&root).await;
    let neutral = app.server_with(Setup::default().auth(|auth| auth.registration(Registration::Neutral))).await;
    walker.app = neutral.clone();
    for _ in 0..2 {
        let account = json!({ "email": Walker::address("neutral"), "password": Walker::PASSWORDS[0] });
        walker.post("/auth/register", account).await.is(202);
        let verify = json!({ "token": neutral.token_to(&Walker::address("neutral"), VERIFY_EMAIL).await });
        walker.post("/auth/verify", verify).await;
    }
    app.lose_database().await;
    walker.app = app.clone();
    walker.login(&Walker::address("neutral"), Walker::PASSWORDS[0], "db").await.fails(E::Overloaded);

    let text = log.text();
    for heard in HEARD {
        assert!(text.contains(heard), "{heard} is not heard: the log is not complete");
    }
    let mut secrets = std::mem::take(&mut walker.secrets);
    let mails: Vec<Mail> = app.mailer().sent().into_iter().map(|(mail, _)| mail).collect();
    secrets.extend(mails.iter().filter(|mail| mail.link.is_some()).map(mails::token_of));
    // Nobody else's address ends like these.
    secrets.push(Walker::DOMAIN.to_owned());
    assert!(secrets.len() > 20, "{} secrets", secrets.len());
    // A web token is a secret by its signature.
    secrets
        .iter_mut()
        .filter(|text| text.starts_with("eyJ"))
        .for_each(|text| drop(text.drain(..=text.rfind('.').unwrap())));
    holds_none_of(&log, &secrets);
    let codes: Vec<&str> = mails.iter().filter_map(|mail| mail.code.as_ref()).map(|code| code.as_str()).collect();
    assert!(!codes.is_empty());
    for code in codes {
        assert!(!holds_code(&text, code), "a code is logged");
    }
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
