//! Scenarios of guessed passwords: who may try how many, and that nobody else is held back by it.

use std::collections::HashMap;
use std::time::Duration;

use auth_core::login::LoginConfig;
use auth_core::mail::Mail;
use auth_core::password::{HasherConfig, PasswordConfig};
use auth_core::registration::ImportedAccount;
use auth_core::{ErrorCode as E, EventKind, Limits, LoginFailure};
use serde_json::{Value, json};

use crate::mails::{CONFIRM_DEVICE, MAGIC_LINK};
use crate::scenario::scenarios;
use crate::{Answer, App, Cx, Jar, Login, PASSWORD, Request, Scenario, Setup, race, until};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_guesser_waits_longer_and_longer: one_server,
    every_door_takes_of_the_same_attempts: one_server,
    a_name_that_nobody_has_is_counted_alike,
    an_account_comes_and_goes_unseen,
    another_user_name_buys_no_attempts,
    all_spellings_and_names_of_an_account_are_one,
    own_logins_clear_nothing_of_others,
    one_guess_at_each_account_uses_the_network_up: one_server,
    networks_are_told_apart_as_for_all_limits,
    unlisted_proxies_change_nothing,
    a_right_password_that_may_not_log_in,
    new_people_and_known_devices_behind_one_address: one_server,
    failures_share_a_row,
    word_goes_to_the_owner_at_half,
    wrong_codes_and_passwords_share_the_ceiling,
    after_twenty_wrong_codes_links_alone_are_mailed,
    a_login_by_mail_ends_the_failures,
    nobody_fails_because_the_server_is_busy: direct_only,
    a_crowd_gets_exactly_what_is_allowed: direct_only,
    without_the_table_of_limits_nobody_guesses: direct_only,
    a_login_costs_six_statements_more_at_most: direct_only,
    any_order_of_events_follows_the_rules: direct_only,
    without_limits_nothing_is_counted,
];

const WRONG: &str = "wrong-Tractor-Orbit-1";
const HOUR: Duration = Duration::from_secs(60 * 60);

fn guarded() -> Setup {
    let proxy = "127.0.0.0/8".parse().expect("a network");
    // Long lines, so that nobody is turned away for want of a thread.
    let hasher = HasherConfig { queue: 4096, wait: Duration::from_secs(60), ..HasherConfig::insecure_for_tests() };
    let passwords = PasswordConfig::from(hasher);
    Setup::default().auth(move |auth| auth.limits(Limits::default()).trusted_proxy(proxy).passwords(passwords.clone()))
}

/// The same app without limits, to prepare what a scenario is not about.
async fn open(app: &App) -> App {
    app.server_with(Setup::default()).await
}

fn login(app: &App, name: &str, password: &str, ip: &str) -> Request {
    let body = json!({ "username": name, "password": password });
    app.post("/auth/cookie/login").json(body).header("x-forwarded-for", ip)
}

#[track_caller]
fn refused(answer: Answer, at_most: u64) -> u64 {
    let seconds: u64 = answer.header("retry-after").expect("a Retry-After").parse().expect("seconds");
    assert!((1..=at_most).contains(&seconds), "{}: {seconds}", answer.asked);
    answer.fails(E::RateLimited);
    seconds
}

/// How many hashes were computed: what an attempt costs once it is let through.
fn hashes(app: &App) -> u64 {
    app.auth().hasher().work_done() / 8
}

/// LOG-05.
async fn a_guesser_waits_longer_and_longer(cx: Cx) {
    let app = cx.app_with(guarded()).await;
    let ada = open(&app).await.register("ada").await;
    let before = hashes(&app);
    for _ in 0..5 {
        login(&app, &ada.email, WRONG, "192.0.2.1").send().await.fails(E::LoginBadCredentials);
    }
    for wait in [30, 60, 120, 240, 480, 900, 900] {
        // Neither a wrong password nor the right one gets through meanwhile.
        for password in [WRONG, PASSWORD] {
            assert_eq!(refused(login(&app, &ada.email, password, "192.0.2.1").send().await, 900), wait);
        }
        app.clock().advance(Duration::from_secs(wait) - Duration::from_millis(1));
        refused(login(&app, &ada.email, PASSWORD, "192.0.2.1").send().await, 1);
        app.clock().advance(Duration::from_millis(1));
        login(&app, &ada.email, WRONG, "192.0.2.1").send().await.fails(E::LoginBadCredentials);
    }
    assert_eq!(hashes(&app) - before, 12, "what is refused is not hashed");
    // From elsewhere the owner logs in, which ends nothing here.
    login(&app, &ada.email, PASSWORD, "203.0.113.1").send().await.is(204);
    refused(login(&app, &ada.email, PASSWORD, "192.0.2.1").send().await, 900);
    app.clock().advance(Duration::from_secs(900));
    login(&app, &ada.email, PASSWORD, "192.0.2.1").send().await.is(204);
    for _ in 0..5 {
        login(&app, &ada.email, WRONG, "192.0.2.1").send().await.fails(E::LoginBadCredentials);
    }
    refused(login(&app, &ada.email, PASSWORD, "192.0.2.1").send().await, 30);
}

/// A request with a password at each of the doors, and the answer to a wrong one.
fn doors(app: &App, who: &Login, password: &str, ip: &str) -> Vec<(Request, E)> {
    let by = |request: Request, body: Value| request.by(who).json(body).header("x-forwarded-for", ip);
    let fresh = "kettle-Umbrella-42-river";
    vec![
        (login(app, &who.email, password, ip), E::LoginBadCredentials),
        (
            by(app.post("/auth/change-password"), json!({ "old_password": password, "new_password": fresh })),
            E::ChangePasswordBadPassword,
        ),
        (
            by(app.patch("/users/me"), json!({ "password": fresh, "current_password": password })),
            E::UpdateUserBadCurrentPassword,
        ),
        (
            by(app.post("/auth/change-email"), json!({ "new_email": "new@example.org", "password": password })),
            E::ReauthenticationFailed,
        ),
        (by(app.delete("/users/me"), json!({ "password": password })), E::ReauthenticationFailed),
    ]
}

async fn every_door_takes_of_the_same_attempts(cx: Cx) {
    let app = cx.app_with(guarded()).await;
    let ada = open(&app).await.user("ada").await;
    let before = hashes(&app);
    for (request, code) in doors(&app, &ada, WRONG, "192.0.2.1") {
        request.send().await.fails(code);
    }
    for password in [WRONG, PASSWORD] {
        for (request, _) in doors(&app, &ada, password, "192.0.2.1") {
            refused(request.send().await, 30);
        }
    }
    assert_eq!(hashes(&app) - before, 5);
    app.get("/users/me").by(&ada).send().await.is(200);
    // Each of them ends the row of failures.
    for door in 0..4 {
        app.clock().advance(HOUR * 24);
        let who = open(&app).await.login(&ada, "db").await;
        let mut attempts = doors(&app, &who, PASSWORD, "192.0.2.2");
        for _ in 0..4 {
            login(&app, &ada.email, WRONG, "192.0.2.2").send().await.fails(E::LoginBadCredentials);
        }
        let (request, _) = attempts.swap_remove(door);
        let answer = request.send().await;
        assert!(answer.status.is_success(), "{}: {}", answer.asked, answer.text());
        if door == 1 || door == 2 {
            app.set_password_hash(&ada, &hash_of(&app).await).await;
        }
        for _ in 0..5 {
            login(&app, &ada.email, WRONG, "192.0.2.2").send().await.fails(E::LoginBadCredentials);
        }
        refused(login(&app, &ada.email, PASSWORD, "192.0.2.2").send().await, 30);
    }
}

async fn hash_of(app: &App) -> String {
    app.auth().hasher().hash(auth_core::password::Password::new(PASSWORD)).await.expect("a hash")
}

/// LOG-01.
async fn a_name_that_nobody_has_is_counted_alike(cx: Cx) {
    let app = cx.app_with(guarded()).await;
    let prepared = open(&app).await;
    let (ada, grace) = (prepared.register("ada").await, prepared.register("grace").await);
    app.set(&grace, "is_active = FALSE").await;
    let mut seen = Vec::new();
    for (n, name) in [&*ada.email, &*grace.email, "nobody@example.org", "nobody", "no body!"].into_iter().enumerate() {
        let mut answers = Vec::new();
        for _ in 0..8 {
            let answer = login(&app, name, WRONG, &format!("192.0.2.{n}")).send().await;
            let mut headers = answer.headers.clone();
            headers.remove("date");
            answers.push((answer.status, headers, answer.body));
        }
        seen.push(answers);
    }
    for answers in &seen {
        assert_eq!(answers, &seen[0]);
        assert_eq!(answers.iter().filter(|(status, ..)| *status == 400).count(), 5);
    }
}

/// LOG-12.
/// An address is counted as such: who guesses at it does not notice that an account comes to be, or that it is gone.
async fn an_account_comes_and_goes_unseen(cx: Cx) {
    let app = cx.app_with(guarded()).await;
    let open = open(&app).await;
    let ada = "ada@example.org";
    let block = async || {
        for _ in 0..5 {
            login(&app, ada, WRONG, "192.0.2.1").send().await.fails(E::LoginBadCredentials);
        }
        refused(login(&app, ada, WRONG, "192.0.2.1").send().await, 30)
    };
    assert_eq!(block().await, 30);
    let account = open.user("ada").await;
    assert_eq!(refused(login(&app, ada, WRONG, "192.0.2.1").send().await, 30), 30);
    open.delete("/users/me").by(&account).json(json!({ "password": PASSWORD })).send().await.is(204);
    assert_eq!(refused(login(&app, ada, WRONG, "192.0.2.1").send().await, 30), 30);
}

/// An account without an address is counted by itself: its user name changes at will.
async fn another_user_name_buys_no_attempts(cx: Cx) {
    let app = cx.app_with(guarded()).await;
    let open = open(&app).await;
    let body = json!({ "email": "ada@example.org", "password": PASSWORD, "username": "countess" });
    open.post("/auth/register").json(body).send().await.is(201);
    let account = open.try_login("countess", PASSWORD, "db").await.is(200).json()["access_token"].clone();
    open.execute("DELETE FROM authn_address").await;
    open.execute("UPDATE authn_user SET email = NULL").await;
    for _ in 0..5 {
        login(&app, "countess", WRONG, "192.0.2.1").send().await.fails(E::LoginBadCredentials);
    }
    let rename = open.patch("/users/me").bearer(account.as_str().expect("a token"));
    rename.json(json!({ "username": "lovelace" })).send().await.is(200);
    refused(login(&app, "lovelace", WRONG, "192.0.2.1").send().await, 30);
}

async fn all_spellings_and_names_of_an_account_are_one(cx: Cx) {
    let app = cx.app_with(guarded()).await;
    let ada = open(&app).await.user("ada").await;
    app.patch("/users/me").by(&ada).json(json!({ "username": "countess" })).send().await.is(200);
    for name in ["ada@example.org", " Ada@EXAMPLE.org ", "COUNTESS", "countess", "ada@example.ORG"] {
        login(&app, name, WRONG, "192.0.2.1").send().await.fails(E::LoginBadCredentials);
    }
    for name in ["ada@example.org", "countess", " Countess"] {
        refused(login(&app, name, PASSWORD, "192.0.2.1").send().await, 30);
    }
    for name in ["nobody@example.org", " NOBODY@example.org", "Nobody@Example.Org", "nobody@example.ORG "] {
        login(&app, name, WRONG, "192.0.2.2").send().await.fails(E::LoginBadCredentials);
    }
    login(&app, "nobody@example.org", WRONG, "192.0.2.2").send().await.fails(E::LoginBadCredentials);
    refused(login(&app, "NOBODY@EXAMPLE.ORG", WRONG, "192.0.2.2").send().await, 30);
    // What no account can be called counts by itself, or a name without an account would be told from one with an account.
    for (n, blank) in ["\u{a0}", "\u{2003}", "\u{3000}"].into_iter().enumerate() {
        let (name, ip) = (format!("somebody{n}@example.org"), format!("192.0.3.{n}"));
        for _ in 0..5 {
            login(&app, &format!("{name}{blank}"), WRONG, &ip).send().await.fails(E::LoginBadCredentials);
        }
        login(&app, &name, WRONG, &ip).send().await.fails(E::LoginBadCredentials);
    }
}

/// LOG-11.
async fn own_logins_clear_nothing_of_others(cx: Cx) {
    let app = cx.app_with(guarded()).await;
    let prepared = open(&app).await;
    let (ada, mallory) = (prepared.register("ada").await, prepared.register("mallory").await);
    for _ in 0..5 {
        login(&app, &ada.email, WRONG, "192.0.2.1").send().await.fails(E::LoginBadCredentials);
        login(&app, &mallory.email, PASSWORD, "192.0.2.1").send().await.is(204);
    }
    refused(login(&app, &ada.email, WRONG, "192.0.2.1").send().await, 30);
    // Five wrong ones are what the network has used: the refused one took nothing, and its own logins gave back their units.
    for n in 0..15 {
        login(&app, &format!("nobody{n}"), WRONG, "192.0.2.1").send().await.fails(E::LoginBadCredentials);
        let own = login(&app, &mallory.email, PASSWORD, "192.0.2.1").send().await;
        assert_eq!(own.status, if n < 14 { 204 } else { 429 }, "{}", own.text());
    }
    refused(login(&app, "nobody-else", WRONG, "192.0.2.1").send().await, 6);
}

/// LOG-13.
async fn one_guess_at_each_account_uses_the_network_up(cx: Cx) {
    let app = cx.app_with(guarded()).await;
    let before = hashes(&app);
    let mut through = 0;
    for n in 0..60 {
        let answer = login(&app, &format!("user{n}@example.org"), WRONG, "192.0.2.1").send().await;
        through += usize::from(answer.status == 400);
    }
    assert_eq!((through, hashes(&app) - before), (20, 20));
    let event = event!(app, Throttled);
    assert_eq!(event.kind, EventKind::Throttled { limit: "passwords_by_client" });
    // One more every six seconds.
    for n in 0..5 {
        app.clock().advance(Duration::from_secs(6));
        login(&app, &format!("more{n}"), WRONG, "192.0.2.1").send().await.fails(E::LoginBadCredentials);
        refused(login(&app, &format!("most{n}"), WRONG, "192.0.2.1").send().await, 6);
    }
    login(&app, "nobody", WRONG, "192.0.2.2").send().await.fails(E::LoginBadCredentials);
}

/// LOG-09.
async fn networks_are_told_apart_as_for_all_limits(cx: Cx) {
    let app = cx.app_with(guarded()).await;
    let spray = |network: &'static str, count: usize| {
        let app = app.clone();
        async move {
            let mut through = 0;
            for n in 0..count {
                let ip = network.replace('*', &format!("{n:x}"));
                let name = format!("{}-{n}", network.replace([':', '*', '.'], "-"));
                through += usize::from(login(&app, &name, WRONG, &ip).send().await.status == 400);
            }
            through
        }
    };
    // Rotating within 64 bits buys nothing, and neither does another spelling.
    assert_eq!(spray("2001:db8:1:1::*", 30).await, 20);
    assert_eq!(spray("2001:0db8:0001:0001:ffff::*", 5).await, 0);
    assert_eq!(spray("::ffff:192.0.2.1", 25).await, 20);
    assert_eq!(spray("192.0.2.1", 5).await, 0);
    // A network of 48 bits has eight times as much.
    let mut through = 20;
    for subnet in ["a", "b", "c", "d", "e", "f", "10", "11"] {
        let network: &'static str = Box::leak(format!("2001:db8:1:{subnet}::*").into_boxed_str());
        through += spray(network, 21).await;
    }
    assert_eq!(through, 160);
    assert_eq!(spray("2001:db8:2:1::*", 3).await, 3);
    // Nor has it more than that at one account.
    let mut through = 0;
    for subnet in 0..12 {
        for n in 0..6 {
            let ip = format!("2001:db8:3:{subnet:x}::{n:x}");
            through += usize::from(login(&app, "somebody", WRONG, &ip).send().await.status == 400);
        }
    }
    assert_eq!(through, 40);
}

/// LOG-08.
async fn unlisted_proxies_change_nothing(cx: Cx) {
    let app = cx.app_with(Setup::default().auth(|auth| auth.limits(Limits::default()))).await;
    let ada = open(&app).await.register("ada").await;
    let mut through = 0;
    for n in 0..12 {
        let request = login(&app, &ada.email, WRONG, &format!("192.0.2.{n}"));
        let request =
            request.header("forwarded", format!("for=192.0.2.{n}")).header("x-real-ip", format!("192.0.2.{n}"));
        through += usize::from(request.send().await.status == 400);
    }
    assert_eq!(through, 5);
}

/// A right password that the answer does not admit counts as wrong; one that it admits is given back.
async fn a_right_password_that_may_not_log_in(cx: Cx) {
    let setup = guarded().auth(|auth| auth.login(LoginConfig { require_verified: true }));
    let app = cx.app_with(setup).await;
    let prepared = open(&app).await;
    let (ada, grace) = (prepared.register("ada").await, prepared.register("grace").await);
    app.set(&grace, "is_active = FALSE").await;
    for _ in 0..12 {
        login(&app, &ada.email, PASSWORD, "192.0.2.1").send().await.fails(E::LoginUserNotVerified);
    }
    assert_eq!(app.count("authn_device").await, 0, "nobody has logged in");
    for _ in 0..5 {
        login(&app, &grace.email, PASSWORD, "192.0.2.2").send().await.fails(E::LoginBadCredentials);
    }
    refused(login(&app, &grace.email, PASSWORD, "192.0.2.2").send().await, 30);
}

/// 200 people behind one address log in without waiting, 20 at the same moment; so do their devices, once known, while a
/// guesser sits behind the same address.
async fn new_people_and_known_devices_behind_one_address(cx: Cx) {
    const PEOPLE: usize = 200;
    const AT_ONCE: usize = 20;
    let app = cx.app_with(guarded()).await;
    let prepared = open(&app).await;
    let people: Vec<String> = (0..PEOPLE).map(|n| format!("person{n}@example.org")).collect();
    let hash = hash_of(&app).await;
    let row = |email: &String| ImportedAccount {
        password_hash: Some(hash.clone().into()),
        ..ImportedAccount::new(email.as_str())
    };
    prepared.auth().registration().import(people.iter().map(row).collect()).await.expect("an import");
    let jars: Vec<Jar> = people.iter().map(|_| Jar::default()).collect();
    let (address, began) = ("203.0.113.50", app.auth().now());
    for crowd in 0..PEOPLE / AT_ONCE {
        let answers = race(AT_ONCE, |n| {
            let person = crowd * AT_ONCE + n;
            let request = login(&app, &people[person], PASSWORD, address).jar(&jars[person]);
            async move { request.send().await }
        });
        for answer in answers.await {
            answer.is(204);
        }
        app.clock().advance(Duration::from_secs(2));
    }
    assert!(app.auth().now() - began <= Duration::from_secs(60));
    // The guesser uses up what the address has, and is held to it.
    let before = hashes(&app);
    let mut guessed = 0;
    for crowd in 0..PEOPLE / AT_ONCE {
        for n in 0..10 {
            let victim = &people[(crowd * 10 + n) % PEOPLE];
            guessed += u64::from(login(&app, victim, WRONG, address).send().await.status == 400);
        }
        let answers = race(AT_ONCE, |n| {
            let person = crowd * AT_ONCE + n;
            let request = login(&app, &people[person], PASSWORD, address).jar(&jars[person]);
            async move { request.send().await }
        });
        for answer in answers.await {
            answer.is(204);
        }
    }
    assert_eq!((guessed, hashes(&app) - before), (20, 20 + PEOPLE as u64));
}

/// Failures are one row for each account, reason, network and hour, and those of unknown names one for each network.
async fn failures_share_a_row(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    let told = |expected: usize| {
        let app = app.clone();
        async move {
            let failed = |kind: &EventKind| {
                matches!(
                    kind,
                    EventKind::LoginFailed { .. }
                        | EventKind::PasswordChangeFailed { .. }
                        | EventKind::ReauthenticationFailed { .. }
                )
            };
            let heard = || app.hooks().events().iter().filter(|event| failed(&event.kind)).count();
            until("all hooks were told", || heard() >= expected).await;
        }
    };
    for _ in 0..3 {
        for (request, code) in doors(&app, &ada, WRONG, "192.0.2.1") {
            request.send().await.fails(code);
        }
        app.try_login("nobody", WRONG, "db").await.fails(E::LoginBadCredentials);
        app.try_login("nobody-else", WRONG, "db").await.fails(E::LoginBadCredentials);
    }
    told(3 * 7).await;
    let rows = |name: &str| format!("authn_event WHERE name = '{name}'");
    for (name, rows_expected) in [("login_failure", 2), ("password_change_failed", 1), ("reauthentication_failed", 1)] {
        assert_eq!(app.count(&rows(name)).await, rows_expected, "{name}");
    }
    let all = app.get("/auth/me/activity").by(&ada).send().await.is(200).json();
    let counts: HashMap<&str, u64> = all["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|event| (event["name"].as_str().expect("a name"), event["count"].as_u64().expect("a count")))
        .collect();
    let expected = [("login_failure", 3), ("password_change_failed", 6), ("reauthentication_failed", 6)];
    for (name, count) in expected {
        assert_eq!(counts.get(name), Some(&count), "{name}: {counts:?}");
    }
    assert_eq!(app.count("authn_event WHERE name = 'login_failure' AND subject_id IS NULL AND count = 6").await, 1);
    app.clock().advance(HOUR);
    app.try_login("nobody", WRONG, "db").await.fails(E::LoginBadCredentials);
    told(3 * 7 + 1).await;
    assert_eq!(app.count(&rows("login_failure")).await, 3, "another hour, another row");
}

async fn word_goes_to_the_owner_at_half(cx: Cx) {
    let app = cx.app_with(guarded()).await;
    let ada = open(&app).await.register("ada").await;
    // Four from each network: nobody is refused, and so nobody asked, before half of a hundred is used.
    for n in 0..12 {
        for _ in 0..4 {
            let ip = format!("192.0.2.{n}");
            login(&app, &ada.email, WRONG, &ip).send().await.fails(E::LoginBadCredentials);
            event!(app, LoginFailed);
        }
    }
    assert!(!app.was_mailed(&ada.email, CONFIRM_DEVICE).await);
    for _ in 0..2 {
        login(&app, &ada.email, WRONG, "203.0.113.1").send().await.fails(E::LoginBadCredentials);
    }
    for _ in 0..500 {
        if app.was_mailed(&ada.email, CONFIRM_DEVICE).await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("no word to the owner");
}

fn code(app: &App, email: &str, code: &str, ip: &str) -> Request {
    let body = json!({ "email": email, "code": code });
    app.post("/auth/cookie/magic-link/verify").json(body).header("x-forwarded-for", ip)
}

/// The mail of a login by mail.
async fn mailed(app: &App, email: &str, ip: &str) -> Mail {
    let body = json!({ "email": email });
    app.post("/auth/magic-link").json(body).header("x-forwarded-for", ip).send().await.is(202);
    app.mail_to(email, MAGIC_LINK).await
}

async fn open_link(app: &App, email: &str, ip: &str) {
    let body = json!({ "token": app.token_to(email, MAGIC_LINK).await });
    let request = app.post("/auth/cookie/magic-link/verify").json(body).header("x-forwarded-for", ip);
    request.send().await.is(204);
}

async fn wrong_codes_and_passwords_share_the_ceiling(cx: Cx) {
    let app = cx.app_with(guarded()).await;
    let ada = open(&app).await.verified("ada").await;
    for n in 0..95 {
        let ip = format!("192.0.2.{}", n / 5);
        login(&app, &ada.email, WRONG, &ip).send().await.fails(E::LoginBadCredentials);
    }
    // It makes no difference that no code was mailed.
    for n in 0..5 {
        code(&app, &ada.email, "123456", &format!("198.51.100.{n}")).send().await.fails(E::MagicLinkBadToken);
    }
    refused(login(&app, &ada.email, PASSWORD, "203.0.113.1").send().await, 60);
    refused(code(&app, &ada.email, "123456", "203.0.113.2").send().await, 60);
    code(&app, "nobody@example.org", "123456", "203.0.113.2").send().await.fails(E::MagicLinkBadToken);
}

async fn after_twenty_wrong_codes_links_alone_are_mailed(cx: Cx) {
    let app = cx.app_with(guarded()).await;
    let ada = open(&app).await.verified("ada").await;
    for round in 0..5 {
        let ip = format!("192.0.2.{round}");
        let right = mailed(&app, &ada.email, &ip).await.code.expect("a code").as_str().to_owned();
        let wrong = if right == "123456" { "654321" } else { "123456" };
        for _ in 0..4 {
            code(&app, &ada.email, wrong, &ip).send().await.fails(E::MagicLinkBadToken);
            let event = event!(app, LoginFailed);
            let expected = EventKind::LoginFailed { user_id: Some(ada.id), reason: LoginFailure::WrongCode };
            assert_eq!(event.kind, expected);
        }
        if round == 4 {
            // The code has a try left, and the account has none.
            code(&app, &ada.email, &right, "203.0.113.1").send().await.fails(E::MagicLinkBadToken);
        }
        app.clock().advance(HOUR);
    }
    // A password does not change that, and neither does time.
    login(&app, &ada.email, PASSWORD, "203.0.113.1").send().await.is(204);
    app.clock().advance(HOUR * 24 * 40);
    let mail = mailed(&app, &ada.email, "203.0.113.1").await;
    assert!(mail.code.is_none() && mail.link.is_some());
    open_link(&app, &ada.email, "203.0.113.1").await;
    let right = mailed(&app, &ada.email, "203.0.113.1").await.code.expect("a code again");
    code(&app, &ada.email, right.as_str(), "203.0.113.1").send().await.is(204);
}

async fn a_login_by_mail_ends_the_failures(cx: Cx) {
    let app = cx.app_with(guarded()).await;
    let ada = open(&app).await.verified("ada").await;
    for _ in 0..5 {
        login(&app, &ada.email, WRONG, "192.0.2.1").send().await.fails(E::LoginBadCredentials);
    }
    refused(login(&app, &ada.email, PASSWORD, "192.0.2.1").send().await, 30);
    mailed(&app, &ada.email, "192.0.2.1").await;
    open_link(&app, &ada.email, "192.0.2.1").await;
    login(&app, &ada.email, PASSWORD, "192.0.2.1").send().await.is(204);
}

/// What was not compared for want of a thread is nobody's failure.
async fn nobody_fails_because_the_server_is_busy(cx: Cx) {
    let hasher = HasherConfig { queue: 0, wait: Duration::ZERO, ..HasherConfig::insecure_for_tests() };
    let app = cx.app_with(guarded().auth(move |auth| auth.passwords(hasher.clone()))).await;
    let ada = open(&app).await.register("ada").await;
    let busy = race(40, |_| {
        let request = login(&app, &ada.email, PASSWORD, "192.0.2.1");
        async move { request.send().await }
    });
    for answer in busy.await {
        assert!([204, 429, 503].contains(&answer.status.as_u16()), "{}", answer.text());
    }
    for _ in 0..30 {
        let answer = login(&app, &ada.email, PASSWORD, "192.0.2.1").send().await;
        assert_ne!(answer.status, 429, "nothing is left of those who were turned away");
    }
}

/// LOG-06: two servers, everyone at the same moment.
async fn a_crowd_gets_exactly_what_is_allowed(cx: Cx) {
    let app = cx.app_with(guarded()).await;
    let ada = open(&app).await.register("ada").await;
    let servers = [app.clone(), app.second_server().await];
    let crowd = |count: usize, name: fn(usize, &str) -> String, ip: fn(usize) -> String| {
        let (servers, email) = (servers.clone(), ada.email.clone());
        async move {
            let before: u64 = servers.iter().map(hashes).sum();
            let answers = race(count, |n| {
                let request = login(&servers[n % 2], &name(n, &email), WRONG, &ip(n));
                async move { request.send().await }
            })
            .await;
            let with = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
            let through = with(400);
            assert_eq!(through + with(429), count, "nothing else comes of it");
            let after: u64 = servers.iter().map(hashes).sum();
            assert_eq!(u64::try_from(through).expect("a few"), after - before);
            through
        }
    };
    // One network, many accounts; one network, one account; many networks, one account.
    assert_eq!(crowd(200, |n, _| format!("nobody{n}"), |_| "192.0.2.1".to_owned()).await, 20);
    assert_eq!(crowd(64, |_, email| email.to_owned(), |_| "192.0.2.2".to_owned()).await, 5);
    app.clock().advance(HOUR * 25);
    let spread = |n: usize| format!("198.51.{}.{}", n / 200, n % 200);
    assert_eq!(crowd(240, |_, email| email.to_owned(), spread).await, 100);
    assert_eq!(crowd(20, |_, email| email.to_owned(), |n| format!("203.0.113.{n}")).await, 0);
    app.clock().advance(Duration::from_secs(60));
    assert_eq!(crowd(20, |_, email| email.to_owned(), |n| format!("203.0.113.{n}")).await, 1);
}

/// LOG-15.
async fn without_the_table_of_limits_nobody_guesses(cx: Cx) {
    let app = cx.app_with(guarded()).await;
    let ada = open(&app).await.user("ada").await;
    app.execute("DROP TABLE authn_limit").await;
    let before = hashes(&app);
    for (request, _) in doors(&app, &ada, PASSWORD, "192.0.2.1") {
        request.send().await.fails(E::Overloaded);
    }
    assert_eq!(hashes(&app), before);
    app.get("/users/me").by(&ada).send().await.is(200);
}

async fn a_login_costs_six_statements_more_at_most(cx: Cx) {
    let app = cx.app_with(guarded()).await;
    let ada = open(&app).await.register("ada").await;
    let cost = |app: &App, request: Request| {
        let app = app.clone();
        async move {
            let _ = app.statements().take();
            request.send().await.is(204);
            app.statements().take().len()
        }
    };
    // The account is read, then its row, its sessions and the audit log are written. Everything else is for the gate.
    const BARE: usize = 5;
    let known = Jar::default();
    let mut costs = Vec::new();
    for (ip, jar) in [
        ("192.0.2.1", Some(&known)),
        ("192.0.2.1", Some(&known)),
        ("192.0.2.1", None),
        ("192.0.2.1", None),
        ("192.0.2.2", None),
        ("2001:db8:1:1::1", None),
        ("2001:db8:1:1::1", None),
        ("2001:db8:1:2::1", None),
        ("2001:db8:1:2::1", Some(&known)),
    ] {
        let request = login(&app, &ada.email, PASSWORD, ip);
        let request = jar.map_or(request.clone(), |jar| request.jar(jar));
        costs.push((ip, jar.is_some(), cost(&app, request).await));
    }
    // A browser that logs in again ends its former session, of which other servers have to hear; of a new one, the owner has to.
    const TOLD: usize = 1;
    assert!(costs.iter().all(|(_, _, cost)| *cost <= BARE + 6 + TOLD), "{costs:?}");
}

async fn without_limits_nothing_is_counted(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    for _ in 0..40 {
        app.try_login(&ada.email, WRONG, "cookie").await.fails(E::LoginBadCredentials);
    }
    app.try_login(&ada.email, PASSWORD, "cookie").await.is(204);
    assert_eq!(app.count("authn_limit").await, 0);
    let event = event!(app, LoginFailed);
    assert!(matches!(event.kind, EventKind::LoginFailed { reason: LoginFailure::WrongPassword, .. }));
}

/// A generator of which the same seed makes the same steps (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// What the rules allow, kept in memory.
#[derive(Default)]
struct Rules {
    /// Of each network, how far it is ahead of the clock, in milliseconds.
    networks: HashMap<usize, i64>,
    /// Of each account from each network, and of each account: uses in a row, the last of them, blocked until.
    rows: HashMap<(usize, Option<usize>), (u32, i64, i64)>,
    /// Failures of each device, and when the hour began.
    devices: HashMap<(usize, usize), (u32, i64)>,
}

impl Rules {
    fn row(&mut self, key: (usize, Option<usize>), now: i64) -> &mut (u32, i64, i64) {
        let row = self.rows.entry(key).or_default();
        if row.1 + 24 * 3_600_000 <= now {
            *row = (0, 0, 0);
        }
        row
    }

    /// Whether an attempt is let through, and what it leaves.
    fn attempt(&mut self, account: usize, network: usize, device: Option<usize>, right: bool, now: i64) -> bool {
        if let Some(device) = device {
            let used = self.devices.entry((account, device)).or_default();
            if used.1 + 3_600_000 <= now {
                *used = (0, now);
            }
            if used.0 >= 10 {
                return false;
            }
            used.0 += u32::from(!right);
            if right {
                self.rows.remove(&(account, Some(network)));
                self.rows.remove(&(account, None));
            } else {
                let row = self.row((account, None), now);
                // A known device is counted without being bound, as far as there is room.
                if row.2 <= now {
                    *row = (row.0 + 1, now, if row.0 + 1 >= 100 { now + 60_000 } else { 0 });
                }
            }
            return true;
        }
        let ahead = *self.networks.get(&network).unwrap_or(&0);
        let next = ahead.max(now) + 6000;
        if next > now + 120_000 {
            return false;
        }
        // A refusal takes nothing.
        let pair = *self.row((account, Some(network)), now);
        if pair.2 > now {
            return false;
        }
        let whole = *self.row((account, None), now);
        if whole.2 > now {
            return false;
        }
        if right {
            self.rows.remove(&(account, Some(network)));
            self.rows.remove(&(account, None));
            return true;
        }
        self.networks.insert(network, next);
        let wait = |used: u32| if used < 5 { 0 } else { now + (30_000_i64 << (used - 5).min(20)).min(900_000) };
        self.rows.insert((account, Some(network)), (pair.0 + 1, now, wait(pair.0 + 1)));
        let blocked = if whole.0 + 1 >= 100 { now + 60_000 } else { 0 };
        self.rows.insert((account, None), (whole.0 + 1, now, blocked));
        true
    }
}

/// Random attempts, right and wrong, of known and unknown devices from several networks at several accounts, while time
/// passes: each is let through exactly when the rules say so.
async fn any_order_of_events_follows_the_rules(cx: Cx) {
    let app = cx.app_with(guarded()).await;
    let prepared = open(&app).await;
    let accounts = [prepared.register("ada").await, prepared.register("grace").await];
    let jars: Vec<[Jar; 2]> = accounts.iter().map(|_| [Jar::default(), Jar::default()]).collect();
    for (account, jars) in accounts.iter().zip(&jars) {
        for jar in jars {
            login(&prepared, &account.email, PASSWORD, "192.0.2.99").jar(jar).send().await.is(204);
        }
    }
    let (mut rules, mut dice, mut now) = (Rules::default(), Dice(0x5EED_CAFE), 1_000_000_000_i64);
    let mut let_through = [0, 0];
    for step in 0..1500 {
        match dice.roll(12) {
            0 => {
                let seconds = [1, 7, 40, 200, 1000, 4000][usize::try_from(dice.roll(6)).expect("small")];
                app.clock().advance(Duration::from_secs(seconds));
                now += i64::try_from(seconds).expect("small") * 1000;
            }
            _ => {
                let pick = |dice: &mut Dice, sides| usize::try_from(dice.roll(sides)).expect("small");
                let (account, network) = (pick(&mut dice, 2), pick(&mut dice, 3));
                let device = [None, None, None, Some(0), Some(1)][pick(&mut dice, 5)];
                let right = dice.roll(8) == 0;
                let password = if right { PASSWORD } else { WRONG };
                let mut request = login(&app, &accounts[account].email, password, &format!("198.51.100.{network}"));
                if let Some(device) = device {
                    request = request.jar(&jars[account][device]);
                }
                let expected = match (rules.attempt(account, network, device, right, now), right) {
                    (false, _) => 429,
                    (true, true) => 204,
                    (true, false) => 400,
                };
                let answer = request.send().await;
                assert_eq!(
                    answer.status, expected,
                    "step {step}: account {account}, network {network}, {device:?}, {right}"
                );
                let_through[usize::from(expected == 429)] += 1;
                if expected == 400 {
                    // What a known device adds to the account is written beside the answer.
                    event!(app, LoginFailed);
                }
            }
        }
    }
    assert!(let_through.iter().all(|count| *count > 100), "both happen: {let_through:?}");
}
