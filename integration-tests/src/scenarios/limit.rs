//! Scenarios of what strangers may do only so often (REG-20, RST-12, RST-16, VER-06, MAG-07).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auth_core::email_change::EMAIL_CHANGES;
use auth_core::gate::PASSWORDS_BY_CLIENT;
use auth_core::limit::{Counted, Limit};
use auth_core::magic_link::CODE_TRIES;
use auth_core::mail::{MAIL_REQUESTS, MAILS_BY_CLIENT, MAILS_BY_PAIR, MAILS_TO_ADDRESS, NOTICES};
use auth_core::one_time::{TOKEN_TRIES, TOKEN_USES};
use auth_core::password::{HasherConfig, Password, PasswordConfig, PasswordPolicy, PolicyContext, Refusal};
use auth_core::profile::{PASSWORD_CHANGES, PROFILE_CHANGES};
use auth_core::registration::{REGISTRATION_TRIES, REGISTRATIONS};
use auth_core::{Client, Clock, ErrorCode as E, EventKind, Limits, Rate, Registration, SystemClock};
use serde_json::{Value, json};

use crate::mails::{EMAIL_CHANGED, MAGIC_LINK, PASSWORD_CHANGED, RESET_PASSWORD, VERIFY_EMAIL};
use crate::scenario::scenarios;
use crate::{Answer, App, Cx, PASSWORD, Request, Scenario, Setup, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    every_limited_route_says_when_to_come_back,
    a_link_is_tried_so_often,
    every_login_says_when_to_come_back,
    a_client_over_its_limit_causes_no_work,
    a_client_is_told_apart_by_its_network,
    a_victim_gets_few_mails_and_the_last_link_works,
    what_a_client_has_left_says_nothing_about_accounts,
    an_account_that_comes_again_and_again_mails_no_more,
    a_password_is_changed_now_and_then,
    an_account_is_changed_sixty_times_an_hour: direct_only,
    no_network_alone_uses_up_what_another_needs,
    requests_without_a_mail_do_not_count,
    an_unverified_address_gets_few_notices,
    mails_that_were_asked_for_drown_no_notice,
    clocks_may_differ,
    servers_count_by_the_clock_of_the_database: direct_only servers_only,
    a_client_has_few_mails_sent,
    new_codes_do_not_buy_more_attempts,
    a_crowd_gets_what_one_would_get: direct_only,
    without_the_table_of_limits_limited_routes_refuse: direct_only,
    what_is_over_is_forgotten: direct_only,
    without_limits_nothing_is_counted,
];

const HOUR: Duration = Duration::from_secs(60 * 60);

fn limited(limits: Limits) -> Setup {
    let proxy = "127.0.0.0/8".parse().expect("a network");
    Setup::default().auth(move |auth| auth.limits(limits.clone()).trusted_proxy(proxy))
}

/// No limit but the one that the scenario is about.
fn only<T>(limit: Limit<T>, rate: Rate) -> Setup {
    limited(Limits::off().set(limit, [rate]))
}

fn from(request: Request, ip: &str) -> Request {
    request.header("x-forwarded-for", ip)
}

async fn forgot(app: &App, email: &str, ip: &str) -> Answer {
    from(app.post("/auth/forgot-password"), ip).json(json!({ "email": email })).send().await
}

/// How many mails of a kind have come.
async fn received(app: &App, email: &str, kind: auth_core::mail::MailKind) -> usize {
    app.kinds_to(email).await.into_iter().filter(|name| name == kind.name()).count()
}

#[track_caller]
fn refused(answer: Answer, at_most: Duration) {
    let seconds: u64 = answer.header("retry-after").expect("a Retry-After").parse().expect("seconds");
    assert!((1..=at_most.as_secs()).contains(&seconds), "{}: {seconds}", answer.asked);
    answer.fails(E::RateLimited);
}

async fn every_limited_route_says_when_to_come_back(cx: Cx) {
    let one = [Rate::per_hour(1)];
    let limits = Limits::off().set(REGISTRATIONS, one).set(MAIL_REQUESTS, one).set(TOKEN_TRIES, one);
    let app = cx.app_with(limited(limits.set(EMAIL_CHANGES, one))).await;
    let ada = app.user("ada").await;
    let register = json!({ "email": "grace@example.org", "password": PASSWORD });
    refused(app.post("/auth/register").json(register.clone()).send().await, HOUR);
    // Each kind of mail has a limit of its own, which says nothing about the address.
    for path in ["/auth/forgot-password", "/auth/request-verify-token", "/auth/magic-link"] {
        app.post(path).json(json!({ "email": "nobody@example.org" })).send().await.is(202);
        refused(app.post(path).json(json!({ "email": ada.email })).send().await, HOUR);
        // Malformed input is not an attempt, and gets 422.
        app.post(path).json(json!({ "email": "x" })).send().await.fails(E::Validation);
    }
    app.post("/auth/verify").json(json!({ "token": "vfy_none" })).send().await.fails(E::VerifyUserBadToken);
    let token = json!({ "token": "vfy_another", "password": "kettle-Umbrella-42-river" });
    for path in [
        "/auth/verify",
        "/auth/reset-password",
        "/auth/accept-invitation",
        "/auth/change-email/confirm",
        "/auth/change-email/revert",
        "/auth/magic-link/verify",
        "/auth/cookie/magic-link/verify",
        "/auth/jwt/magic-link/verify",
        "/auth/db/magic-link/verify",
        "/auth/device/confirm",
        "/hasura/auth/magic-link/confirm",
    ] {
        refused(app.post(path).json(token.clone()).send().await, HOUR);
    }
    // Guesses keep nobody who shares the network from a link that exists.
    let link = json!({ "token": app.token_to(&ada.email, VERIFY_EMAIL).await });
    app.post("/auth/verify").by(&ada).json(link).send().await.is(200);
    let wanted = json!({ "email": "ada-new@example.org", "current_password": PASSWORD });
    let changed = app.patch("/users/me").by(&ada).json(wanted).send().await.is(200);
    assert_eq!(changed.json()["email"], json!(ada.email), "it waits for its link");
    let again = json!({ "email": "ada-newer@example.org", "current_password": PASSWORD });
    refused(app.patch("/users/me").by(&ada).json(again).send().await, HOUR);
    let again = json!({ "new_email": "ada@example.org", "password": PASSWORD });
    refused(app.post("/auth/change-email").by(&ada).json(again).send().await, HOUR);
    // What is not limited goes on.
    app.patch("/users/me").by(&ada).json(json!({ "display_name": "Ada" })).send().await.is(200);
    // One event tells of all those who were refused.
    let told = || app.hooks().events().iter().filter(|event| matches!(event.kind, EventKind::Throttled { .. })).count();
    crate::until("an event for each of six limits", || told() >= 6).await;
    assert_eq!(told(), 6);
    // The window is over, and it begins anew.
    app.clock().advance(HOUR);
    app.post("/auth/register").json(register).send().await.is(201);
}

/// A link is worth a number of attempts, of its own: each may be costly.
async fn a_link_is_tried_so_often(cx: Cx) {
    let app = cx.app_with(only(TOKEN_USES, Rate::per_hour(2))).await;
    let ada = app.user("ada").await;
    app.post("/auth/forgot-password").json(json!({ "email": ada.email })).send().await.is(202);
    let token = app.token_to(&ada.email, RESET_PASSWORD).await;
    let reset = async |token: &str, password: &str| {
        app.post("/auth/reset-password").json(json!({ "token": token, "password": password })).send().await
    };
    for _ in 0..2 {
        reset(&token, "short").await.fails(E::ResetPasswordInvalidPassword);
    }
    refused(reset(&token, PASSWORD).await, HOUR);
    reset("rst_none", PASSWORD).await.fails(E::ResetPasswordBadToken);
    // Another one has attempts of its own.
    app.post("/auth/forgot-password").json(json!({ "email": ada.email })).send().await.is(202);
    reset(&app.token_to(&ada.email, RESET_PASSWORD).await, "kettle-Umbrella-42-river").await.is(200);
}

/// Counts the passwords that it judges, and rejects those that are too short.
#[derive(Clone, Default)]
struct CountingPolicy(Arc<AtomicUsize>);

impl PasswordPolicy for CountingPolicy {
    fn check(&self, password: &Password, _: &PolicyContext) -> Result<(), Refusal> {
        self.0.fetch_add(1, Ordering::SeqCst);
        if password.code_points() < 8 { Err(Refusal::new("Too short.")) } else { Ok(()) }
    }
}

/// LOG-25: a password may be costly to judge, so a client that is over a limit has none judged.
async fn every_login_says_when_to_come_back(cx: Cx) {
    let app = cx.app_with(only(PASSWORDS_BY_CLIENT, Rate::per_hour(1))).await;
    let ada = app.register("ada").await;
    let wrong = json!({ "email": ada.email, "password": "wrong-Password-1" });
    app.post("/auth/db/login").json(wrong.clone()).send().await.fails(E::LoginBadCredentials);
    for path in ["/auth/login", "/auth/jwt/login", "/auth/db/login"] {
        refused(app.post(path).json(wrong.clone()).send().await, HOUR);
    }
}

async fn a_client_over_its_limit_causes_no_work(cx: Cx) {
    let policy = CountingPolicy::default();
    let passwords = PasswordConfig::from(HasherConfig::insecure_for_tests()).with_policy(policy.clone());
    let limits = Limits::off().set(REGISTRATION_TRIES, [Rate::per_hour(7)]).set(REGISTRATIONS, [Rate::per_hour(2)]);
    let app = cx.app_with(limited(limits).auth(move |auth| auth.passwords(passwords.clone()))).await;
    let register = |n: usize, password: &str, ip: &str| {
        let body = json!({ "email": format!("user{n}@example.org"), "password": password });
        from(app.post("/auth/register"), ip).json(body).send()
    };
    let work = || (policy.0.load(Ordering::SeqCst), app.auth().hasher().work_done());
    // A rejected password is one of the tries, and none of the registrations.
    register(0, "short", "192.0.2.1").await.fails(E::RegisterInvalidPassword);
    for n in 0..2 {
        register(n, PASSWORD, "192.0.2.1").await.is(201);
    }
    let before = work();
    for password in ["short", PASSWORD] {
        refused(register(2, password, "192.0.2.1").await, HOUR);
    }
    for n in 0..7 {
        register(n, "short", "192.0.2.2").await.fails(E::RegisterInvalidPassword);
    }
    assert_eq!(work(), (before.0 + 7, before.1));
    for password in ["short", PASSWORD] {
        refused(register(2, password, "192.0.2.2").await, HOUR);
    }
    assert_eq!(work(), (before.0 + 7, before.1));
    register(2, PASSWORD, "192.0.2.3").await.is(201);
}

async fn a_client_is_told_apart_by_its_network(cx: Cx) {
    let app = cx.app_with(only(MAIL_REQUESTS, Rate::per_hour(1))).await;
    for ip in ["192.0.2.1", "192.0.2.2", "2001:db8:1:1::1"] {
        forgot(&app, "ada@example.org", ip).await.is(202);
        refused(forgot(&app, "ada@example.org", ip).await, HOUR);
    }
    refused(forgot(&app, "ada@example.org", "::ffff:192.0.2.1").await, HOUR);
    refused(forgot(&app, "ada@example.org", "2001:db8:1:1:ffff::2").await, HOUR);
    // Eight networks of one customer are one too many.
    for subnet in 2..=8 {
        forgot(&app, "ada@example.org", &format!("2001:db8:1:{subnet}::1")).await.is(202);
    }
    refused(forgot(&app, "ada@example.org", "2001:db8:1:9::1").await, HOUR);
    forgot(&app, "ada@example.org", "2001:db8:2:1::1").await.is(202);
}

/// RST-12.
async fn a_victim_gets_few_mails_and_the_last_link_works(cx: Cx) {
    let app = cx.app_with(limited(Limits::default())).await;
    let ada = app.verified_user("ada").await;
    let mut answers = Vec::new();
    // For every client, and every spelling of the address.
    for n in 0..8 {
        let email = if n % 2 == 0 { "ada@example.org" } else { "Ada@EXAMPLE.org" };
        let answer = forgot(&app, email, &format!("192.0.2.{n}")).await;
        app.deliver().await;
        answers.push((answer.status, answer.body));
    }
    let magic = json!({ "email": ada.email });
    from(app.post("/auth/magic-link"), "192.0.2.77").json(magic).send().await.is(202);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(received(&app, &ada.email, RESET_PASSWORD).await, 6);
    assert_eq!(
        received(&app, &ada.email, MAGIC_LINK).await,
        1,
        "half of what may be sent is for what recovers the account"
    );
    assert_eq!(app.waiting_mails().await, 0, "nothing waits");
    event!(app, Throttled);
    let link = app.token_to(&ada.email, RESET_PASSWORD).await;
    let body = json!({ "token": link, "password": "kettle-Umbrella-42-river" });
    app.post("/auth/reset-password").json(body).send().await.is(200);
    // What the owner has to know comes all the same.
    assert_eq!(received(&app, &ada.email, PASSWORD_CHANGED).await, 1);
    // Nobody keeps an address without mail by going on: six more in each hour, and ten in a day.
    for hour in 1..=4 {
        app.clock().advance(HOUR);
        for n in 0..8 {
            forgot(&app, &ada.email, &format!("198.51.100.{}", hour * 10 + n)).await.is(202);
            app.deliver().await;
        }
        assert_eq!(received(&app, &ada.email, RESET_PASSWORD).await, (6 + 6 * hour).min(10), "hour {hour}");
    }
    app.clock().advance(HOUR * 20);
    forgot(&app, &ada.email, "192.0.2.1").await.is(202);
    assert_eq!(received(&app, &ada.email, RESET_PASSWORD).await, 11);
}

/// After something that leads to a mail for some addresses only, a client is refused as early for all.
async fn what_a_client_has_left_says_nothing_about_accounts(cx: Cx) {
    let app = cx.app_with(limited(Limits::default())).await;
    let neutral = limited(Limits::default()).auth(|auth| auth.registration(Registration::Neutral));
    let neutral = app.server_with(neutral).await;
    let open = app.server_with(Setup::default()).await;
    open.verified("known").await;
    open.deactivate(&open.verified("inactive").await).await;
    let eve = open.verified_user("eve").await;
    let mut network = 0;
    for action in ["guesses", "change", "patch", "register"] {
        let mut seen = Vec::new();
        for name in ["known", "inactive", "nobody"] {
            network += 1;
            let ip = format!("198.51.100.{network}");
            let email = format!("{name}@example.org");
            match action {
                "guesses" => {
                    for _ in 0..6 {
                        let body = json!({ "email": email, "password": "wrong-Tractor-Orbit-1" });
                        from(app.post("/auth/db/login"), &ip).json(body).send().await;
                    }
                }
                "change" => {
                    let body = json!({ "new_email": email, "password": PASSWORD });
                    from(app.post("/auth/change-email"), &ip).by(&eve).json(body).send().await.is(202);
                }
                "patch" => {
                    let body = json!({ "email": email, "current_password": PASSWORD });
                    from(app.patch("/users/me"), &ip).by(&eve).json(body).send().await.is(200);
                }
                _ => {
                    let body = json!({ "email": email, "password": "kettle-Umbrella-42-river" });
                    from(neutral.post("/auth/register"), &ip).json(body).send().await.is(202);
                }
            }
            app.clock().advance(HOUR / 3);
            // What is done beside the answer has its time.
            tokio::time::sleep(Duration::from_millis(20)).await;
            app.deliver().await;
            let mut statuses = Vec::new();
            for path in ["/auth/magic-link", "/auth/magic-link", "/auth/magic-link", "/auth/forgot-password"] {
                let answer = from(app.post(path), &ip).json(json!({ "email": email })).send().await;
                statuses.push(answer.status.as_u16());
            }
            app.deliver().await;
            seen.push(statuses);
        }
        assert!(seen.iter().all(|statuses| *statuses == seen[0]), "{action}: {seen:?}");
    }
}

/// Somebody registers an address, has notices mailed there, deletes the account and begins anew.
async fn an_account_that_comes_again_and_again_mails_no_more(cx: Cx) {
    let limits = declared(declared(declared(Limits::off(), MAILS_TO_ADDRESS), NOTICES), MAILS_BY_PAIR);
    let app = cx.app_with(limited(limits)).await;
    for _ in 0..6 {
        let victim = app.user("victim").await;
        let body = json!({ "old_password": PASSWORD, "new_password": "kettle-Umbrella-42-river" });
        let answer = app.post("/auth/change-password").by(&victim).json(body).send().await;
        app.delete("/users/me").by(&victim.with(&answer)).send().await.is(204);
        app.deliver().await;
    }
    // The first of each kind, and three of the client.
    assert_eq!(app.mails_to("victim@example.org").await.len(), 6);
}

async fn a_password_is_changed_now_and_then(cx: Cx) {
    let app = cx.app_with(limited(declared(Limits::off(), PASSWORD_CHANGES))).await;
    let mut who = app.user("ada").await;
    let words = [PASSWORD, "kettle-Umbrella-42-river"];
    for n in 0..10 {
        let body = json!({ "password": words[(n + 1) % 2], "current_password": words[n % 2] });
        who = who.with(&app.patch("/users/me").by(&who).json(body).send().await.is(200));
    }
    let body = json!({ "old_password": words[0], "new_password": words[1] });
    app.post("/auth/change-password").by(&who).json(body).send().await.fails(E::RateLimited);
    let body = json!({ "current_password": words[0], "password": words[1] });
    app.patch("/users/me").by(&who).json(body).send().await.fails(E::RateLimited);
}

/// Each change leaves an event.
async fn an_account_is_changed_sixty_times_an_hour(cx: Cx) {
    let app = cx.app_with(limited(declared(Limits::off(), PROFILE_CHANGES))).await;
    let ada = app.user("ada").await;
    let rename = |n: u32| app.patch("/users/me").by(&ada).json(json!({ "display_name": format!("Ada {n}") })).send();
    for n in 0..60 {
        rename(n).await.is(200);
    }
    rename(60).await.fails(E::RateLimited);
    app.patch("/users/me").by(&ada).json(json!({})).send().await.is(200);
}

/// R-18, RST-12: whatever one network does for hours, another one is served.
async fn no_network_alone_uses_up_what_another_needs(cx: Cx) {
    let app = cx.app_with(limited(Limits::default())).await;
    let ada = app.register("ada").await;
    let ask = ["/auth/forgot-password", "/auth/magic-link", "/auth/request-verify-token"];
    for _ in 0..5 {
        for n in 0..8 {
            let email = json!({ "email": ada.email });
            for path in ask {
                from(app.post(path), "192.0.2.1").json(email.clone()).send().await;
            }
            let code = json!({ "email": ada.email, "code": format!("{n:06}") });
            let junk = json!({ "token": "rst_junk", "password": PASSWORD });
            let wrong = json!({ "email": ada.email, "password": format!("wrong-{n}") });
            let register = json!({ "email": ada.email, "password": PASSWORD });
            for (path, body) in [
                ("/auth/db/magic-link/verify", code),
                ("/auth/reset-password", junk),
                ("/auth/db/login", wrong),
                ("/auth/register", register),
            ] {
                from(app.post(path), "192.0.2.1").json(body).send().await;
            }
            app.deliver().await;
        }
        app.clock().advance(HOUR);
    }
    let kinds = [RESET_PASSWORD, MAGIC_LINK, VERIFY_EMAIL];
    for (path, kind) in ask.into_iter().zip(kinds) {
        let before = received(&app, &ada.email, kind).await;
        from(app.post(path), "198.51.100.9").json(json!({ "email": ada.email })).send().await.is(202);
        assert_eq!(received(&app, &ada.email, kind).await, before + 1, "{path}");
    }
    let login = json!({ "email": ada.email, "password": PASSWORD });
    from(app.post("/auth/db/login"), "198.51.100.9").json(login).send().await.is(200);
    let register = json!({ "email": "bea@example.org", "password": PASSWORD });
    from(app.post("/auth/register"), "198.51.100.9").json(register).send().await.is(201);
    let link = json!({ "token": app.token_to(&ada.email, MAGIC_LINK).await });
    from(app.post("/auth/db/magic-link/verify"), "198.51.100.9").json(link).send().await.is(200);
}

/// Asking for mails that nobody gets does not use up what somebody may get.
async fn requests_without_a_mail_do_not_count(cx: Cx) {
    let app = cx.app_with(limited(Limits::default())).await;
    let ada = app.verified_user("ada").await;
    for n in 0..4 {
        let verify = json!({ "email": ada.email });
        from(app.post("/auth/request-verify-token"), &format!("192.0.2.{n}")).json(verify).send().await.is(202);
        app.deliver().await;
    }
    forgot(&app, &ada.email, "192.0.2.9").await.is(202);
    assert_eq!(received(&app, &ada.email, RESET_PASSWORD).await, 1);
}

/// The limit as it is declared, and no other.
fn declared<T: Counted>(limits: Limits, limit: Limit<T>) -> Limits {
    limits.set(limit, limit.declared().rates().iter().copied())
}

/// A user who registered another person's address cannot mail them by changing the password again and again.
async fn an_unverified_address_gets_few_notices(cx: Cx) {
    let limits = declared(declared(Limits::off(), MAILS_TO_ADDRESS), NOTICES);
    let app = cx.app_with(limited(limits)).await;
    let passwords = [PASSWORD, "kettle-Umbrella-42-river"];
    // The first of the day, and six like any other mail.
    for (name, proved, expected) in [("ada", false, 7), ("grace", true, 9)] {
        let mut who = app.user(name).await;
        if proved {
            app.verify(&who).await;
        }
        for n in 0..9 {
            let body = json!({ "old_password": passwords[n % 2], "new_password": passwords[(n + 1) % 2] });
            who = who.with(&app.post("/auth/change-password").by(&who).json(body).send().await.is(200));
            app.deliver().await;
        }
        assert_eq!(received(&app, &who.email, PASSWORD_CHANGED).await, expected, "{name}");
    }
}

/// A thief of a session cannot keep word of it from an owner who has not verified the address, by having it mailed so much
/// else before.
async fn mails_that_were_asked_for_drown_no_notice(cx: Cx) {
    let app = cx.app_with(limited(Limits::default()).immediate_email_change()).await;
    let ada = app.user("ada").await;
    for n in 0..12 {
        let asked = from(app.post("/auth/magic-link"), &format!("192.0.2.{}", n / 4));
        let answer = asked.json(json!({ "email": ada.email })).send().await;
        assert!(matches!(answer.status.as_u16(), 202 | 429), "{}", answer.text());
        app.deliver().await;
    }
    let thief = ada;
    let change = json!({ "old_password": PASSWORD, "new_password": "kettle-Umbrella-42-river" });
    let thief = thief.with(&app.post("/auth/change-password").by(&thief).json(change).send().await.is(200));
    let elsewhere = json!({ "email": "thief@example.org" });
    app.patch("/users/me").by(&thief).json(elsewhere).send().await.is(200);
    for kind in [PASSWORD_CHANGED, EMAIL_CHANGED] {
        assert_eq!(received(&app, "ada@example.org", kind).await, 1, "{kind:?}");
    }
}

/// CON-06: a server whose clock is behind does not begin the window anew.
async fn clocks_may_differ(cx: Cx) {
    let app = cx.app_with(only(MAIL_REQUESTS, Rate::per_hour(2))).await;
    for _ in 0..2 {
        forgot(&app, "ada@example.org", "192.0.2.1").await.is(202);
        app.clock().set_back(Duration::from_secs(5));
    }
    for _ in 0..3 {
        refused(forgot(&app, "ada@example.org", "192.0.2.1").await, HOUR + Duration::from_secs(60));
        app.clock().advance(Duration::from_secs(5));
    }
}

/// The clock of a machine that is wrong by so much.
struct Wrong(time::Duration);

impl Clock for Wrong {
    fn now(&self) -> time::OffsetDateTime {
        SystemClock.now() + self.0
    }

    fn is_of_machine(&self) -> bool {
        true
    }
}

/// One server is ten minutes fast, another one slow by as much: neither holds back whom the other let in, and together they give
/// no more than one of them.
async fn servers_count_by_the_clock_of_the_database(cx: Cx) {
    let rate = Rate { times: 4, per: Duration::from_secs(120) };
    let setup =
        |minutes| only(PASSWORDS_BY_CLIENT, rate).auth(move |auth| auth.clock(Wrong(time::Duration::minutes(minutes))));
    let fast = cx.app_with(setup(10)).await;
    let slow = fast.server_with(setup(-10)).await;
    let wrong = async |app: &App| {
        let body = json!({ "username": "ada@example.org", "password": "wrong-Tractor-Orbit-1" });
        from(app.post("/auth/cookie/login"), "192.0.2.1").json(body).send().await
    };
    wrong(&fast).await.fails(E::LoginBadCredentials);
    wrong(&slow).await.fails(E::LoginBadCredentials);
    let mut tried = 2;
    for server in [&fast, &slow, &fast, &slow, &slow, &fast, &slow, &fast] {
        let answer = wrong(server).await;
        if answer.status == 429 {
            refused(answer, Duration::from_secs(2 * 60));
        } else {
            answer.fails(E::LoginBadCredentials);
            tried += 1;
        }
    }
    // One comes back each two minutes.
    assert!((4..=5).contains(&tried), "{tried}");
}

async fn a_client_has_few_mails_sent(cx: Cx) {
    let app = cx.app_with(only(MAILS_BY_CLIENT, Rate::per_hour(2))).await;
    let users = [app.user("ada").await, app.user("grace").await, app.user("joan").await];
    for (n, user) in users.iter().enumerate() {
        let answer = forgot(&app, &user.email, "192.0.2.1").await;
        // Nobody waits for a mail that does not come.
        if n < 2 {
            answer.is(202);
        } else {
            refused(answer, HOUR);
        }
        app.deliver().await;
    }
    let mut counts = Vec::new();
    for user in &users {
        counts.push(received(&app, &user.email, RESET_PASSWORD).await);
    }
    assert_eq!(counts, [1, 1, 0]);
    // The app itself does as it likes.
    for _ in 0..3 {
        let email = auth_core::identifier::Email::parse(&users[2].email).expect("an address");
        app.auth().password_reset().request(&email, &Client::default()).await.expect("an order");
        app.deliver().await;
    }
    assert_eq!(received(&app, &users[2].email, RESET_PASSWORD).await, 3);
    // Others are not concerned.
    forgot(&app, &users[2].email, "192.0.2.2").await.is(202);
    assert_eq!(received(&app, &users[2].email, RESET_PASSWORD).await, 4);
}

/// VER-06, MAG-07, CVE-2026-134314.
async fn new_codes_do_not_buy_more_attempts(cx: Cx) {
    let app = cx.app_with(only(CODE_TRIES, Rate::per_hour(10))).await;
    let ada = app.user("ada").await;
    let guess = |email: &str, code: &str| {
        let body: Value = json!({ "email": email, "code": code });
        app.post("/auth/db/magic-link/verify").json(body).send()
    };
    let mail = || async {
        app.post("/auth/magic-link").json(json!({ "email": ada.email })).send().await.is(202);
        app.mail_to(&ada.email, MAGIC_LINK).await.code.map(|code| code.as_str().to_owned())
    };
    let mut right = String::new();
    for challenge in 0..2 {
        let codes = [mail().await.expect("a code"), mail().await.expect("a code")];
        let wrong = ["123456", "654321", "111111"].into_iter().find(|wrong| !codes.iter().any(|code| code == wrong));
        for _ in 0..5 {
            let email = if challenge == 1 { "ADA@example.org" } else { &ada.email };
            guess(email, wrong.expect("a wrong code")).await.fails(E::MagicLinkBadToken);
        }
        // All of them had these five. A link is mailed all the same, and a code once the tried ones are over.
        assert_eq!(mail().await, None);
        if challenge == 0 {
            app.clock().advance(Duration::from_secs(10 * 60));
        }
        right.clone_from(&codes[1]);
    }
    refused(guess(&ada.email, &right).await, HOUR);
    // Nobody learns from it whether there is an account.
    for _ in 0..10 {
        guess("nobody@example.org", "123456").await.fails(E::MagicLinkBadToken);
    }
    refused(guess("nobody@example.org", "123456").await, HOUR);
    // The link is not a guess.
    let link = app.token_to(&ada.email, MAGIC_LINK).await;
    app.post("/auth/db/magic-link/verify").json(json!({ "token": link })).send().await.is(200);
}

/// REG-20.
async fn a_crowd_gets_what_one_would_get(cx: Cx) {
    let app = cx.app_with(only(REGISTRATIONS, Rate::per_hour(5))).await;
    let servers = [app.clone(), app.second_server().await];
    for round in 0..2 {
        let answers = race(40, |n| {
            let body = json!({ "email": format!("user{n}-{round}@example.org"), "password": PASSWORD });
            let request = servers[n % 2].post("/auth/register").json(body);
            async move { request.send().await }
        });
        let answers = answers.await;
        let count = |status| answers.iter().filter(|answer| answer.status == status).count();
        assert_eq!((count(201), count(429)), (5, 35));
        assert_eq!(app.user_count().await, 5 * (round + 1));
        app.deliver().await;
        assert_eq!(app.mailer().sent().len() as i64, 5 * (round + 1), "no mail for those who were refused");
        assert_eq!(app.count("authn_limit WHERE used = 6").await, 1);
        app.clock().advance(HOUR);
    }
}

/// LOG-15.
async fn without_the_table_of_limits_limited_routes_refuse(cx: Cx) {
    let app = cx.app_with(limited(Limits::default())).await;
    let ada = app.user("ada").await;
    app.execute("DROP TABLE authn_limit").await;
    let app = app.server_with(limited(Limits::default()).tolerates_500()).await;
    for path in ["/auth/forgot-password", "/auth/magic-link"] {
        let answer = app.post(path).json(json!({ "email": ada.email })).send().await;
        assert!(answer.status.is_server_error(), "{}", answer.text());
    }
    app.get("/users/me").by(&ada).send().await.is(200);
}

async fn what_is_over_is_forgotten(cx: Cx) {
    let app = cx.app_with(only(MAIL_REQUESTS, Rate::per_hour(5))).await;
    for n in 0..5 {
        forgot(&app, "ada@example.org", &format!("192.0.2.{n}")).await.is(202);
    }
    assert_eq!(app.count("authn_limit").await, 5);
    assert_eq!(app.auth().purge().run().await.expect("a purge").of("limit"), 0);
    // A clock that was set back does not make a window last longer.
    app.clock().advance(HOUR * 1000);
    forgot(&app, "ada@example.org", "203.0.113.9").await.is(202);
    app.clock().set_back(HOUR * 1000);
    for _ in 0..5 {
        forgot(&app, "ada@example.org", "203.0.113.9").await.is(202);
    }
    refused(forgot(&app, "ada@example.org", "203.0.113.9").await, HOUR);
    app.clock().advance(HOUR);
    assert_eq!(app.auth().purge().run().await.expect("a purge").of("limit"), 6);
    assert_eq!(app.count("authn_limit").await, 0);
}

async fn without_limits_nothing_is_counted(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    for _ in 0..12 {
        forgot(&app, &ada.email, "192.0.2.1").await.is(202);
        app.deliver().await;
    }
    assert_eq!(received(&app, &ada.email, RESET_PASSWORD).await, 12);
    assert_eq!(app.count("authn_limit").await, 0);
}
