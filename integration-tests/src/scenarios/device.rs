//! Scenarios of known devices: their owners log in while others try passwords.

use std::time::Duration;

use auth_core::{ErrorCode as E, EventKind, Limits};
use serde_json::json;

use crate::mails::{CONFIRM_DEVICE, RESET_PASSWORD};
use crate::scenario::scenarios;
use crate::{Answer, App, Cx, Jar, Login, PASSWORD, Request, Scenario, Setup, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_browser_is_known_after_a_login,
    over_https_the_cookie_is_bound_to_the_host,
    a_planted_cookie_is_replaced,
    one_browser_may_know_several_accounts,
    a_known_browser_has_attempts_of_its_own,
    a_bearer_client_is_known_by_its_network,
    the_mailed_link_makes_a_device_known,
    a_link_makes_one_device_known: direct_only,
    users_see_their_devices_and_forget_them,
    owners_are_asked_now_and_then,
    devices_are_forgotten_in_time: direct_only,
    those_who_share_a_known_network_are_one_client,
    a_known_device_without_attempts_asks_its_owner,
    the_owner_is_told_whatever_clients_use_up: direct_only,
    a_recovery_forgets_every_device,
];

const WRONG: &str = "wrong-Tractor-Orbit-1";
const HOUR: Duration = Duration::from_secs(60 * 60);

fn guarded() -> Setup {
    let proxy = "127.0.0.0/8".parse().expect("a network");
    Setup::default().auth(move |auth| auth.limits(Limits::default()).trusted_proxy(proxy))
}

/// A guarded app, and somebody who registered where nothing is counted.
async fn app(cx: &Cx) -> (App, Login) {
    let app = cx.app_with(guarded()).await;
    let ada = app.server_with(Setup::default()).await.register("ada").await;
    (app, ada)
}

fn login(app: &App, name: &str, password: &str, backend: &str, ip: &str) -> Request {
    let body = json!({ "username": name, "password": password });
    app.post(&format!("/auth/{backend}/login")).json(body).header("x-forwarded-for", ip)
}

/// Guesses until the client is refused.
async fn guess_until_refused(app: &App, name: &str, ip: &str) {
    for _ in 0..5 {
        login(app, name, WRONG, "cookie", ip).send().await.fails(E::LoginBadCredentials);
    }
    login(app, name, WRONG, "cookie", ip).send().await.fails(E::RateLimited);
}

fn confirm(app: &App, token: &str) -> Request {
    app.post("/auth/device/confirm").json(json!({ "token": token }))
}

async fn devices(app: &App) -> i64 {
    app.count("authn_device").await
}

async fn a_browser_is_known_after_a_login(cx: Cx) {
    let (app, ada) = app(&cx).await;
    let jar = Jar::default();
    let port = app.auth().settings().public_url.port_or_known_default().expect("a port");
    login(&app, &ada.email, WRONG, "cookie", "192.0.2.1").jar(&jar).send().await.fails(E::LoginBadCredentials);
    assert_eq!((jar.header(), devices(&app).await), (None, 0), "a wrong password makes nobody known");
    let answer = login(&app, &ada.email, PASSWORD, "cookie", "192.0.2.1").jar(&jar).send().await.is(204);
    let cookie = answer.device_cookie().expect("a cookie").to_owned();
    let attributes = "; Path=/; HttpOnly; SameSite=Lax; Max-Age=15552000";
    assert!(answer.set_cookies().contains(&format!("{cookie}{attributes}").as_str()), "{:?}", answer.set_cookies());
    assert!(cookie.starts_with(&format!("device_{port}=")), "{cookie}");
    // Only a digest of it is stored.
    let token = cookie.split_once('=').expect("a value").1;
    assert_eq!((token.len(), devices(&app).await), (43, 1));
    // A browser that has it gets no other, and it does not authenticate.
    let again = login(&app, &ada.email, PASSWORD, "cookie", "192.0.2.2").jar(&jar).send().await.is(204);
    assert_eq!((again.device_cookie(), devices(&app).await), (None, 1));
    app.get("/users/me").header("cookie", &cookie).send().await.fails(E::Unauthorized);
    app.get("/users/me").bearer(token).send().await.fails(E::Unauthorized);
    let export = app.get("/users/me/export").jar(&jar).send().await.is(200).json();
    assert_eq!(export["devices"][0]["kind"], json!("cookie"));
    assert!(!export.to_string().contains(token));
}

async fn over_https_the_cookie_is_bound_to_the_host(cx: Cx) {
    let app = cx.app_with(guarded().auth(|auth| auth.public_url("https://notes.example.com"))).await;
    let ada = app.server_with(Setup::default()).await.register("ada").await;
    let answer = login(&app, &ada.email, PASSWORD, "cookie", "192.0.2.1").send().await.is(204);
    let cookie = answer.device_cookie().expect("a cookie").to_owned();
    let attributes = "; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=15552000";
    assert!(cookie.starts_with("__Host-device="), "{cookie}");
    assert!(answer.set_cookies().contains(&format!("{cookie}{attributes}").as_str()));
}

/// A cookie that the library did not make, such as one that an attacker chose, is not made known.
async fn a_planted_cookie_is_replaced(cx: Cx) {
    let (app, ada) = app(&cx).await;
    let port = app.auth().settings().public_url.port_or_known_default().expect("a port");
    let planted = "A".repeat(43);
    for value in [planted.as_str(), "short", ""] {
        let request = login(&app, &ada.email, PASSWORD, "cookie", "192.0.2.1");
        let answer = request.cookie(&format!("device_{port}"), value).send().await.is(204);
        let fresh = answer.device_cookie().expect("a fresh cookie");
        assert!(!fresh.ends_with(&format!("={value}")), "{fresh}");
    }
    // Of two with one name neither counts.
    let request = login(&app, &ada.email, PASSWORD, "cookie", "192.0.2.1");
    let request = request.cookie(&format!("device_{port}"), &planted).cookie(&format!("device_{port}"), &planted);
    assert!(request.send().await.is(204).device_cookie().is_some());
}

async fn one_browser_may_know_several_accounts(cx: Cx) {
    let (app, ada) = app(&cx).await;
    let grace = app.server_with(Setup::default()).await.register("grace").await;
    let jar = Jar::default();
    let first = login(&app, &ada.email, PASSWORD, "cookie", "192.0.2.1").jar(&jar).send().await.is(204);
    assert!(first.device_cookie().is_some());
    let second = login(&app, &grace.email, PASSWORD, "cookie", "192.0.2.1").jar(&jar).send().await.is(204);
    assert_eq!((second.device_cookie(), devices(&app).await), (None, 2), "one cookie, two accounts");
    for who in [&ada, &grace] {
        guess_until_refused(&app, &who.email, "192.0.2.9").await;
        login(&app, &who.email, PASSWORD, "cookie", "192.0.2.9").jar(&jar).send().await.is(204);
    }
}

async fn a_known_browser_has_attempts_of_its_own(cx: Cx) {
    let (app, ada) = app(&cx).await;
    let jar = Jar::default();
    let known = |password: &str, ip: &str| login(&app, &ada.email, password, "cookie", ip).jar(&jar).send();
    known(PASSWORD, "192.0.2.1").await.is(204);
    // Others use up the attempts of this network, and everybody's at this account.
    for n in 0..20 {
        login(&app, &format!("nobody{n}"), WRONG, "cookie", "192.0.2.1").send().await.fails(E::LoginBadCredentials);
    }
    for n in 0..20 {
        guess_until_refused(&app, &ada.email, &format!("198.51.100.{n}")).await;
    }
    login(&app, &ada.email, PASSWORD, "cookie", "192.0.2.1").send().await.fails(E::RateLimited);
    login(&app, &ada.email, PASSWORD, "cookie", "203.0.113.1").send().await.fails(E::RateLimited);
    known(PASSWORD, "192.0.2.1").await.is(204);
    // A success ends what was counted in a row, and what it took is given back.
    for _ in 0..12 {
        known(PASSWORD, "192.0.2.1").await.is(204);
    }
    for _ in 0..10 {
        known(WRONG, "192.0.2.1").await.fails(E::LoginBadCredentials);
    }
    for ip in ["192.0.2.1", "203.0.113.2"] {
        let refused = known(PASSWORD, ip).await;
        assert!(refused.header("retry-after").is_some());
        refused.fails(E::RateLimited);
    }
    app.clock().advance(HOUR);
    known(PASSWORD, "192.0.2.1").await.is(204);
}

async fn a_bearer_client_is_known_by_its_network(cx: Cx) {
    let (app, ada) = app(&cx).await;
    let answer = login(&app, &ada.email, PASSWORD, "db", "2001:db8:1:1::1").send().await.is(200);
    assert!(answer.set_cookies().is_empty(), "there is no cookie jar to put one into");
    for n in 0..20 {
        guess_until_refused(&app, &ada.email, &format!("198.51.100.{n}")).await;
    }
    // From the same network by a backend with bearer tokens, and in no other way.
    for (backend, ip, expected) in [("db", "2001:db8:1:1:ffff::2", 200), ("jwt", "2001:db8:1:1::3", 200)] {
        login(&app, &ada.email, PASSWORD, backend, ip).send().await.is(expected);
    }
    for n in 20..40 {
        guess_until_refused(&app, &ada.email, &format!("198.51.100.{n}")).await;
    }
    login(&app, &ada.email, PASSWORD, "cookie", "2001:db8:1:1::1").send().await.fails(E::RateLimited);
    login(&app, &ada.email, PASSWORD, "db", "2001:db8:1:2::1").send().await.fails(E::RateLimited);
    // Thirty days after the last success it is unknown again.
    app.clock().advance(HOUR * 24 * 31);
    for n in 40..60 {
        guess_until_refused(&app, &ada.email, &format!("198.51.100.{n}")).await;
    }
    login(&app, &ada.email, PASSWORD, "db", "2001:db8:1:1::1").send().await.fails(E::RateLimited);
}

/// also when all addresses look equal, because nobody listed the proxy.
async fn the_mailed_link_makes_a_device_known(cx: Cx) {
    let app = cx.app_with(Setup::default().auth(|auth| auth.limits(Limits::default()))).await;
    let open = app.server_with(Setup::default()).await;
    let (ada, grace) = (open.register("ada").await, open.register("grace").await);
    guess_until_refused(&app, &ada.email, "192.0.2.1").await;
    login(&app, &ada.email, PASSWORD, "cookie", "203.0.113.7").send().await.fails(E::RateLimited);
    event_told(&app).await;
    let token = app.token_to(&ada.email, CONFIRM_DEVICE).await;
    assert!(token.starts_with("kdv_"), "{token}");
    assert!(!app.was_mailed(&grace.email, CONFIRM_DEVICE).await);
    for bad in ["kdv_none", "", &token[..40]] {
        confirm(&app, bad).send().await.fails(E::DeviceBadToken);
    }
    let jar = Jar::default();
    let confirmed = confirm(&app, &token).jar(&jar).send().await.is(204);
    assert!(confirmed.device_cookie().is_some() && confirmed.session_cookies().is_empty() && confirmed.body.is_empty());
    event!(app, DeviceConfirmed);
    app.get("/users/me").jar(&jar).send().await.fails(E::Unauthorized);
    // It is known to this account alone, and the password is still asked for.
    login(&app, &ada.email, WRONG, "cookie", "203.0.113.7").jar(&jar).send().await.fails(E::LoginBadCredentials);
    login(&app, &ada.email, PASSWORD, "cookie", "203.0.113.7").jar(&jar).send().await.is(204);
    confirm(&app, &token).send().await.fails(E::DeviceBadToken);
}

async fn users_see_their_devices_and_forget_them(cx: Cx) {
    let (app, ada) = app(&cx).await;
    let grace = app.server_with(Setup::default()).await.register("grace").await;
    let [jar, other] = [Jar::default(), Jar::default()];
    let lists = |jar: &Jar| app.get("/auth/devices").jar(jar).send();
    login(&app, &ada.email, PASSWORD, "cookie", "192.0.2.1").jar(&jar).send().await.is(204);
    app.clock().advance(HOUR);
    login(&app, &ada.email, PASSWORD, "cookie", "192.0.2.2").jar(&other).send().await.is(204);
    let bearer = ada.with(&login(&app, &ada.email, PASSWORD, "db", "192.0.2.3").send().await.is(200));
    let of_grace = login(&app, &grace.email, PASSWORD, "cookie", "192.0.2.4").send().await.is(204);
    let list = lists(&jar).await.is(200).json();
    let devices = list["devices"].as_array().expect("a list").clone();
    assert_eq!(devices.len(), 3, "{list}");
    let current = |list: &serde_json::Value| -> Vec<bool> {
        list["devices"].as_array().expect("a list").iter().map(|device| device["current"] == json!(true)).collect()
    };
    assert_eq!(current(&list), [false, false, true], "the one that was used last first");
    assert_eq!(devices.iter().filter(|device| device["kind"] == json!("network")).count(), 1);
    assert_eq!(devices[2]["kind"], json!("cookie"));
    for field in ["created_at", "last_seen_at", "expires_at"] {
        assert!(devices[2][field].is_string(), "{list}");
    }
    // A client with a token is in its network.
    let of_bearer = app.get("/auth/devices").by(&bearer).header("x-forwarded-for", "192.0.2.3").send().await;
    assert_eq!(current(&of_bearer.is(200).json()).iter().filter(|current| **current).count(), 1);
    // Nobody forgets those of others.
    let path = format!("/auth/devices/{}", devices[2]["id"].as_str().expect("an id"));
    app.delete(&path).by(&grace.with(&of_grace)).send().await.fails(E::NotFound);
    app.delete("/auth/devices/none").by(&bearer).send().await.fails(E::NotFound);
    app.delete(&path).by(&bearer).send().await.is(204);
    event!(app, DeviceForgotten);
    app.delete(&path).by(&bearer).send().await.fails(E::NotFound);
    // It is as any other one now. Its session goes on.
    let list = lists(&jar).await.is(200).json();
    assert_eq!(current(&list), [false, false]);
    for n in 0..20 {
        guess_until_refused(&app, &ada.email, &format!("198.51.100.{n}")).await;
    }
    login(&app, &ada.email, PASSWORD, "cookie", "192.0.2.1").jar(&jar).send().await.fails(E::RateLimited);
    login(&app, &ada.email, PASSWORD, "cookie", "192.0.2.1").jar(&other).send().await.is(204);
}

/// The owner's mail is queued beside the answer.
pub(super) async fn event_told(app: &App) {
    for _ in 0..500 {
        app.deliver().await;
        let asked = |event: &auth_core::Event| matches!(event.kind, EventKind::DeviceConfirmationRequested { .. });
        if app.hooks().events().iter().any(asked) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("the owner was not asked");
}

async fn a_link_makes_one_device_known(cx: Cx) {
    let (app, ada) = app(&cx).await;
    guess_until_refused(&app, &ada.email, "192.0.2.1").await;
    event_told(&app).await;
    let token = app.token_to(&ada.email, CONFIRM_DEVICE).await;
    let servers = [app.clone(), app.second_server().await];
    let answers: Vec<Answer> = race(16, |n| {
        let request = confirm(&servers[n % 2], &token).header("x-forwarded-for", format!("203.0.113.{n}"));
        async move { request.send().await }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 204).count(), 1);
    assert_eq!(devices(&app).await, 1);
    // It dies with the password that it was asked for.
    app.clock().advance(HOUR);
    guess_until_refused(&app, &ada.email, "192.0.2.2").await;
    let mails =
        || async { app.mails_to(&ada.email).await.iter().filter(|mail| mail.kind == CONFIRM_DEVICE.name()).count() };
    for _ in 0..500 {
        if mails().await == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let token = app.token_to(&ada.email, CONFIRM_DEVICE).await;
    app.execute(&format!("UPDATE authn_user SET sev = sev + 1 WHERE email = '{}'", ada.email)).await;
    confirm(&app, &token).send().await.fails(E::DeviceBadToken);
}

/// One mail an hour and three a day, whichever client guesses, and as many once half of the failures are used; none for
/// names that no account has.
async fn owners_are_asked_now_and_then(cx: Cx) {
    let (app, ada) = app(&cx).await;
    let received = || async {
        app.deliver().await;
        app.mailer().sent().into_iter().filter(|(mail, _)| mail.kind == CONFIRM_DEVICE.name()).count()
    };
    for hour in 0..5_usize {
        for n in 0..3 {
            guess_until_refused(&app, &ada.email, &format!("192.0.{}.{n}", hour + 2)).await;
            guess_until_refused(&app, "nobody@example.org", &format!("198.51.{}.{n}", hour + 2)).await;
        }
        // Fifteen guesses an hour are compared.
        let expected = (hour + 1).min(3) + (hour + 1).saturating_sub(3);
        for _ in 0..500 {
            if received().await >= expected {
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert_eq!(received().await, expected, "hour {hour}");
        app.clock().advance(HOUR);
    }
    let to: Vec<String> = app
        .mailer()
        .sent()
        .into_iter()
        .filter(|(mail, _)| mail.kind == CONFIRM_DEVICE.name())
        .map(|(mail, _)| mail.to.address().to_owned())
        .collect();
    assert!(to.iter().all(|address| *address == ada.email), "{to:?}");
}

async fn devices_are_forgotten_in_time(cx: Cx) {
    let (app, ada) = app(&cx).await;
    for n in 0..60 {
        login(&app, &ada.email, PASSWORD, "cookie", &format!("192.0.2.{n}")).send().await.is(204);
        app.clock().advance(Duration::from_millis(1));
    }
    assert_eq!(devices(&app).await, 50, "an account knows fifty at most");
    app.clock().advance(HOUR * 24 * 181);
    assert_eq!(app.auth().purge().run().await.expect("a purge").of("device"), 50);
}

/// LOG-13: however many accounts know the network.
async fn those_who_share_a_known_network_are_one_client(cx: Cx) {
    let app = cx.app_with(guarded()).await;
    let open = app.server_with(Setup::default()).await;
    let mut people = Vec::new();
    for n in 0..25 {
        people.push(open.register(&format!("user{n}")).await);
    }
    for who in &people {
        login(&app, &who.email, PASSWORD, "db", "192.0.2.1").send().await.is(200);
    }
    let mut compared = 0;
    for who in &people {
        let answer = login(&app, &who.email, WRONG, "db", "192.0.2.1").send().await;
        compared += usize::from(answer.status == 400);
    }
    assert_eq!(compared, 20);
    // What a right password took is given back, and browsers do not share it.
    let jar = Jar::default();
    login(&open, &people[0].email, PASSWORD, "cookie", "192.0.2.1").jar(&jar).send().await.is(204);
    login(&app, &people[0].email, PASSWORD, "db", "192.0.2.1").send().await.fails(E::RateLimited);
    for _ in 0..3 {
        app.clock().advance(Duration::from_secs(6));
        login(&app, &people[0].email, PASSWORD, "db", "192.0.2.1").send().await.is(200);
    }
    login(&app, &people[0].email, PASSWORD, "cookie", "192.0.2.1").jar(&jar).send().await.is(204);
}

async fn a_known_device_without_attempts_asks_its_owner(cx: Cx) {
    let (app, ada) = app(&cx).await;
    login(&app, &ada.email, PASSWORD, "db", "192.0.2.1").send().await.is(200);
    for _ in 0..10 {
        login(&app, &ada.email, WRONG, "db", "192.0.2.1").send().await.fails(E::LoginBadCredentials);
    }
    login(&app, &ada.email, PASSWORD, "db", "192.0.2.1").send().await.fails(E::RateLimited);
    event_told(&app).await;
    assert!(app.was_mailed(&ada.email, CONFIRM_DEVICE).await);
}

/// What clients cause is used up for the day, and the owner learns all the same that half of the failures are used.
async fn the_owner_is_told_whatever_clients_use_up(cx: Cx) {
    let (app, ada) = app(&cx).await;
    let received = async |count: usize| {
        for _ in 0..500 {
            let kinds = app.kinds_to(&ada.email).await;
            if kinds.iter().filter(|kind| *kind == CONFIRM_DEVICE.name()).count() == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("not {count} mails ask the owner");
    };
    for hour in 0..3 {
        guess_until_refused(&app, &ada.email, &format!("198.51.100.{hour}")).await;
        received(hour + 1).await;
        app.clock().advance(HOUR);
    }
    for n in 0..20 {
        for _ in 0..5 {
            login(&app, &ada.email, WRONG, "cookie", &format!("203.0.113.{n}")).send().await;
        }
    }
    received(4).await;
}

/// The device of somebody who knew the old password has no attempts of its own any more.
async fn a_recovery_forgets_every_device(cx: Cx) {
    let (app, ada) = app(&cx).await;
    let thief = Jar::default();
    login(&app, &ada.email, PASSWORD, "cookie", "192.0.2.1").jar(&thief).send().await.is(204);
    let body = json!({ "email": ada.email });
    app.post("/auth/forgot-password").json(body).header("x-forwarded-for", "203.0.113.1").send().await.is(202);
    let reset =
        json!({ "token": app.token_to(&ada.email, RESET_PASSWORD).await, "password": "kettle-Umbrella-42-river" });
    app.post("/auth/reset-password").json(reset).send().await.is(200);
    assert_eq!(devices(&app).await, 0);
    let known = |password: &str| login(&app, &ada.email, password, "cookie", "192.0.2.1").jar(&thief).send();
    for _ in 0..5 {
        known(PASSWORD).await.fails(E::LoginBadCredentials);
    }
    known(PASSWORD).await.fails(E::RateLimited);
}
