//! Scenarios of the mail about a login on a device that the account did not know.

use std::collections::BTreeMap;
use std::time::Duration;

use auth_core::device::DeviceConfig;
use auth_core::session::Proof;
use auth_core::{Client, Limits};
use serde_json::json;

use crate::mails::{MAGIC_LINK, NEW_DEVICE};
use crate::scenario::scenarios;
use crate::{App, Cx, FIREFOX, Jar, Login, PASSWORD, Request, Scenario, Setup};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    the_owner_is_told_of_a_new_device,
    the_first_login_is_expected,
    no_door_is_without_it,
    only_a_verified_address_is_told,
    an_app_may_do_without: direct_only,
    nobody_floods_the_owner: direct_only,
    nothing_else_holds_it_back: direct_only,
    the_visitor_sees_no_difference: direct_only,
];

const HOUR: Duration = Duration::from_secs(60 * 60);

fn behind_proxy() -> Setup {
    let proxy = "127.0.0.0/8".parse().expect("a network");
    Setup::default().auth(move |auth| auth.trusted_proxy(proxy))
}

fn login(app: &App, who: &Login, backend: &str, ip: &str) -> Request {
    let body = json!({ "username": who.email, "password": PASSWORD });
    app.post(&format!("/auth/{backend}/login")).json(body).header("x-forwarded-for", ip).header("user-agent", FIREFOX)
}

/// Somebody whose address is verified, and who has logged in before.
async fn regular(app: &App, name: &str) -> Login {
    let who = app.register(name).await;
    app.verify(&who).await;
    login(app, &who, "cookie", "192.0.2.1").send().await.is(204);
    who
}

async fn told(app: &App, who: &Login) -> usize {
    app.kinds_to(&who.email).await.iter().filter(|kind| **kind == NEW_DEVICE.name()).count()
}

async fn the_owner_is_told_of_a_new_device(cx: Cx) {
    let page = DeviceConfig { account_page: Some("account/devices".to_owned()), ..DeviceConfig::default() };
    let app = cx.app_with(behind_proxy().auth(move |auth| auth.devices(page.clone()))).await;
    let ada = app.register("ada").await;
    app.set(&ada, "is_verified = TRUE, locale = 'de'").await;
    let jar = Jar::default();
    login(&app, &ada, "cookie", "192.0.2.1").jar(&jar).send().await.is(204);
    app.clock().advance(HOUR);
    // Wherever it comes from, the browser is known.
    login(&app, &ada, "cookie", "203.0.113.1").jar(&jar).send().await.is(204);
    assert_eq!(told(&app, &ada).await, 0);
    // A wrong password does not log in.
    let wrong = json!({ "username": ada.email, "password": "wrong-Password-1" });
    app.post("/auth/cookie/login").json(wrong).send().await.is(400);
    assert_eq!(told(&app, &ada).await, 0);
    login(&app, &ada, "cookie", "203.0.113.7").header("accept-language", "en").send().await.is(204);
    let mail = app.mail_to(&ada.email, NEW_DEVICE).await;
    let expected =
        [("browser", "Firefox"), ("system", "Windows"), ("time", "2026-01-15 13:00 UTC"), ("address", "203.0.113.7")];
    let expected: BTreeMap<String, String> =
        expected.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    assert_eq!((told(&app, &ada).await, &mail.values), (1, &expected));
    // The visitor does not choose the language, and the link opens nothing by itself.
    assert_eq!(mail.language.as_str(), "de");
    let link = mail.link.expect("a link").url().clone();
    assert_eq!((link.path(), link.query()), ("/account/devices", None));
    let (_, content) = app.mailer().sent().pop().expect("a mail");
    assert!(
        content.text.contains("Firefox (Windows), 2026-01-15 13:00 UTC, von der Adresse 203.0.113.7."),
        "{}",
        content.text
    );
    // A device is new once.
    login(&app, &ada, "cookie", "203.0.113.8").jar(&jar).send().await.is(204);
    assert_eq!(told(&app, &ada).await, 1);
}

async fn the_first_login_is_expected(cx: Cx) {
    let app = cx.app_with(behind_proxy()).await;
    let ada = app.register("ada").await;
    app.verify(&ada).await;
    login(&app, &ada, "cookie", "192.0.2.1").send().await.is(204);
    assert_eq!(told(&app, &ada).await, 0);
    // Nor does the login that creates an account cause one.
    app.post("/auth/magic-link").json(json!({ "email": "grace@example.org" })).send().await.is(202);
    let token = app.token_to("grace@example.org", MAGIC_LINK).await;
    app.post("/auth/magic-link/verify").json(json!({ "token": token })).send().await.is(204);
    assert_eq!(app.kinds_to("grace@example.org").await, [MAGIC_LINK.name()]);
    // An account that knows no device any more is not a new one.
    app.clock().advance(200 * 24 * HOUR);
    login(&app, &ada, "cookie", "192.0.2.1").send().await.is(204);
    assert_eq!(told(&app, &ada).await, 1);
}

async fn no_door_is_without_it(cx: Cx) {
    let app = cx.app_with(behind_proxy()).await;
    let ada = regular(&app, "ada").await;
    for (n, backend) in ["cookie", "db", "jwt"].into_iter().enumerate() {
        login(&app, &ada, backend, &format!("198.51.100.{n}")).send().await;
        assert_eq!(told(&app, &ada).await, n + 1, "{backend}");
    }
    // A client without cookies is known by its network.
    login(&app, &ada, "jwt", "198.51.100.1").send().await.is(200);
    assert_eq!(told(&app, &ada).await, 3);
    // A code may have been read out to somebody else.
    app.post("/auth/magic-link").json(json!({ "email": ada.email })).send().await.is(202);
    let code = app.mail_to(&ada.email, MAGIC_LINK).await.code.expect("a code").as_str().to_owned();
    app.post("/auth/magic-link/verify").json(json!({ "email": ada.email, "code": code })).send().await.is(204);
    assert_eq!(told(&app, &ada).await, 4);
    // What the app begins itself, for a client or on its own.
    let user = app.auth().admin().get(ada.id).await.expect("an account");
    let backend = app.auth().sessions().backend("cookie").expect("a backend");
    for (client, expected) in [(Client::default(), 4), (Client::new(None, None), 5)] {
        let login = app.auth().sessions().establish(&user, Proof::password(), backend, &client).await;
        login.expect("a session");
        assert_eq!(told(&app, &ada).await, expected);
    }
    let mail = app.mail_to(&ada.email, NEW_DEVICE).await;
    assert_eq!((mail.values["browser"].as_str(), mail.values["address"].as_str()), ("a browser", ""));
    let (_, content) = app.mailer().sent().pop().expect("a mail");
    assert!(content.text.contains("a browser, 2026-01-15 12:00 UTC."), "{}", content.text);
}

/// An unverified address may belong to somebody else, who must not learn the IP address of the client.
async fn only_a_verified_address_is_told(cx: Cx) {
    let app = cx.app_with(behind_proxy()).await;
    let ada = regular(&app, "ada").await;
    app.unverify(&ada).await;
    login(&app, &ada, "cookie", "203.0.113.7").send().await.is(204);
    assert_eq!(told(&app, &ada).await, 0);
    app.verify(&ada).await;
    login(&app, &ada, "cookie", "203.0.113.7").send().await.is(204);
    assert_eq!(told(&app, &ada).await, 1);
}

async fn an_app_may_do_without(cx: Cx) {
    let silent = DeviceConfig { new_device_mail: false, ..DeviceConfig::default() };
    let app = cx.app_with(behind_proxy().auth(move |auth| auth.devices(silent.clone()))).await;
    let ada = regular(&app, "ada").await;
    login(&app, &ada, "cookie", "203.0.113.7").send().await.is(204);
    assert_eq!(told(&app, &ada).await, 0);
}

/// Five an hour and twenty a day, whatever the devices are.
async fn nobody_floods_the_owner(cx: Cx) {
    let limits = Limits::default();
    let app = cx.app_with(behind_proxy().auth(move |auth| auth.limits(limits.clone()))).await;
    let ada = app.server_with(behind_proxy()).await.register("ada").await;
    app.verify(&ada).await;
    login(&app, &ada, "cookie", "192.0.2.1").send().await.is(204);
    for hour in 1..=6_usize {
        for n in 0..7 {
            login(&app, &ada, "cookie", &format!("203.0.113.{n}")).send().await.is(204);
        }
        assert_eq!(told(&app, &ada).await, (5 * hour).min(20), "hour {hour}");
        app.clock().advance(HOUR);
    }
    event!(app, Throttled);
}

/// Mail that anyone can ask for takes nothing of it.
async fn nothing_else_holds_it_back(cx: Cx) {
    let app = cx.app_with(behind_proxy().auth(|auth| auth.limits(Limits::default()))).await;
    let ada = app.server_with(behind_proxy()).await.register("ada").await;
    app.verify(&ada).await;
    login(&app, &ada, "cookie", "192.0.2.1").send().await.is(204);
    for n in 0..12 {
        let request = app.post("/auth/magic-link").json(json!({ "email": ada.email }));
        request.header("x-forwarded-for", format!("198.51.100.{n}")).send().await;
    }
    let asked = app.kinds_to(&ada.email).await.len();
    assert!(asked < 12, "the limit of the address is used up: {asked}");
    login(&app, &ada, "cookie", "203.0.113.7").send().await.is(204);
    assert_eq!(told(&app, &ada).await, 1);
}

/// Neither the answer nor the work tells a visitor whether the owner gets a mail.
async fn the_visitor_sees_no_difference(cx: Cx) {
    let app = cx.app_with(behind_proxy()).await;
    let ada = regular(&app, "ada").await;
    let mut seen = Vec::new();
    for (verified, expected) in [(true, 1), (false, 1)] {
        if !verified {
            app.unverify(&ada).await;
        }
        let _ = app.statements().take();
        let answer = login(&app, &ada, "cookie", "203.0.113.7").send().await.is(204);
        let work = app.statements().take();
        assert_eq!(told(&app, &ada).await, expected);
        let names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        seen.push((names, answer.set_cookies().len(), answer.body, work));
    }
    assert_eq!(seen[0], seen[1]);
}
