//! Scenarios of refresh tokens: each is good once, a lost answer can be had again, and a copy ends the session (RFC 9700,
//! section 4.14).

use std::time::Duration;

use auth_core::login::LoginConfig;
use auth_core::token::JwtOptions;
use auth_core::{Backend, CookieOptions, ErrorCode as E, EventKind, RefreshOptions};
use auth_testkit::{ALLOWED_ORIGIN, PUBLIC_URL};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use proptest::prelude::{Just, Strategy, prop_oneof};
use serde_json::{Value, json};

use crate::interleaving::{interleavings, play_each};
use crate::scenario::scenarios;
use crate::{Answer, App, Cx, Jar, Login, PASSWORD, Request, Scenario, Setup, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    each_token_is_good_once,
    a_lost_answer_can_be_had_again,
    only_the_client_that_asked_has_it_again,
    parallel_exchanges_lead_to_one_token,
    a_family_ends_with_its_session,
    an_unverified_address_ends_the_exchange,
    limits_of_the_session_hold,
    a_token_can_be_given_back,
    inventions_end_nothing,
    a_new_password_begins_another_family,
    nothing_gets_wider,
    sessions_from_before_go_on,
    a_cookie_carries_it,
    a_browser_keeps_it_from_scripts,
    opaque_tokens_are_refreshed_as_well,
    what_is_remembered_of_an_exchange_is_forgotten,
    whoever_has_a_copy_ends_the_session: direct_only,
];

/// Longer than an exchange may be repeated.
const LATE: Duration = Duration::from_secs(11);

/// Longer than an access token is good for, with the skew of clocks that is allowed.
const EXPIRED: Duration = Duration::from_secs(640);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Another password.
const OTHER: &str = "kettle-Umbrella-42-river";

/// What a client has after a login or an exchange.
#[derive(Clone, Debug, PartialEq)]
struct Pair {
    access: String,
    refresh: String,
}

impl Pair {
    #[track_caller]
    fn of(answer: &Answer) -> Self {
        let body = answer.json();
        let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("no {name}: {body}")).to_owned();
        assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("bearer"), &json!(600)));
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }
}

async fn log_in(app: &App, who: &Login) -> Pair {
    Pair::of(&app.try_login(&who.email, PASSWORD, "jwt").await.is(200))
}

fn exchange(app: &App, token: &str) -> Request {
    app.post("/auth/token/refresh").json(json!({ "refresh_token": token }))
}

async fn next(app: &App, token: &str) -> Pair {
    Pair::of(&exchange(app, token).send().await.is(200))
}

async fn is_refused(app: &App, token: &str) {
    exchange(app, token).send().await.fails(E::RefreshTokenInvalid);
}

async fn is_good(app: &App, access: &str) -> bool {
    app.get("/users/me").bearer(access).send().await.status == 200
}

/// How many copies were noticed.
async fn copies(app: &App) -> i64 {
    app.count("authn_event WHERE name = 'token_reuse'").await
}

/// REF-01.
async fn each_token_is_good_once(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let first = log_in(&app, &ada).await;
    let second = next(&app, &first.refresh).await;
    assert!(first.refresh != second.refresh && first.access != second.access);
    assert!(is_good(&app, &second.access).await);
    // A form as OAuth 2 has it.
    let form = [("grant_type", "refresh_token"), ("refresh_token", &second.refresh), ("client_id", "notes")];
    let third = Pair::of(&app.post("/auth/token/refresh").form(&form).send().await.is(200));
    let other = log_in(&app, &ada).await;
    app.clock().advance(LATE);
    assert!(is_good(&app, &third.access).await && copies(&app).await == 0);
    is_refused(&app, &second.refresh).await;
    let noticed =
        app.hooks().event(|kind| matches!(kind, EventKind::TokenReuse { user_id, .. } if *user_id == ada.id)).await;
    assert!(noticed.is_some());
    // It is not known who has the copy: nobody goes on.
    is_refused(&app, &third.refresh).await;
    assert!(!is_good(&app, &third.access).await && !is_good(&app, &second.access).await);
    assert!(is_good(&app, &other.access).await, "another session is not concerned");
    next(&app, &other.refresh).await;
}

/// REF-04: the answer got lost, and the client asks again.
async fn a_lost_answer_can_be_had_again(cx: Cx) {
    let app = cx.app().await;
    let second = app.second_server().await;
    let ada = app.register("ada").await;
    let first = log_in(&app, &ada).await;
    let child = next(&app, &first.refresh).await;
    for server in [&app, &second, &app] {
        app.clock().advance(Duration::from_secs(3));
        let again = next(server, &first.refresh).await;
        assert_eq!(again.refresh, child.refresh);
        assert!(is_good(&app, &again.access).await);
    }
    let grandchild = next(&second, &child.refresh).await;
    assert!(is_good(&app, &grandchild.access).await);
    // The child was used: now the first token can only be a copy.
    is_refused(&app, &first.refresh).await;
    assert_eq!((copies(&app).await, is_good(&app, &grandchild.access).await), (1, false));
}

async fn only_the_client_that_asked_has_it_again(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let first = log_in(&app, &ada).await;
    let ask = || exchange(&app, &first.refresh).header("user-agent", "notes/1.0");
    let child = Pair::of(&ask().send().await.is(200));
    let stranger = exchange(&app, &first.refresh).header("user-agent", "curl/8.9");
    stranger.send().await.fails(E::RefreshTokenInvalid);
    assert_eq!(copies(&app).await, 0);
    // A phone may have another address by now.
    assert_eq!(Pair::of(&ask().send().await.is(200)).refresh, child.refresh);
    next(&app, &child.refresh).await;
}

/// REF-02.
async fn parallel_exchanges_lead_to_one_token(cx: Cx) {
    let app = cx.app().await;
    let second = app.second_server().await;
    let ada = app.register("ada").await;
    let mut pair = log_in(&app, &ada).await;
    for _ in 0..3 {
        let pairs = race(32, |index| {
            let server = if index % 2 == 0 { app.clone() } else { second.clone() };
            let token = pair.refresh.clone();
            async move { next(&server, &token).await }
        });
        let pairs = pairs.await;
        let child = &pairs[0].refresh;
        assert!(pairs.iter().all(|other| other.refresh == *child), "{pairs:?}");
        for other in &pairs {
            assert!(is_good(&app, &other.access).await);
        }
        pair = pairs[0].clone();
    }
    assert_eq!(copies(&app).await, 0);
    next(&second, &pair.refresh).await;
}

/// REF-06.
async fn a_family_ends_with_its_session(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("root").await;
    let ada = app.register("ada").await;
    let db = app.login(&ada, "db").await;
    let admin = |body| app.patch(&ada.path()).by(&root).json(body);
    for name in ["logout", "logout everywhere", "ban", "password", "address"] {
        let (kept, old) = (log_in(&app, &ada).await, log_in(&app, &ada).await);
        let pair = next(&app, &old.refresh).await;
        let requests = match name {
            "logout" => vec![app.post("/auth/jwt/logout").bearer(&pair.access)],
            "logout everywhere" => {
                vec![app.post("/auth/logout-all").bearer(&pair.access).json(json!({ "everywhere": true }))]
            }
            "ban" => vec![admin(json!({ "is_active": false })), admin(json!({ "is_active": true }))],
            "password" => vec![admin(json!({ "password": OTHER })), admin(json!({ "password": PASSWORD }))],
            _ => vec![admin(json!({ "email": "ada@example.net" })), admin(json!({ "email": ada.email }))],
        };
        for request in requests {
            assert!(request.send().await.status.is_success(), "{name}");
        }
        is_refused(&app, &pair.refresh).await;
        is_refused(&app, &old.refresh).await;
        assert!(!is_good(&app, &pair.access).await, "{name}");
        if name == "logout" {
            next(&app, &kept.refresh).await;
        } else {
            is_refused(&app, &kept.refresh).await;
        }
    }
    let pair = log_in(&app, &ada).await;
    let sessions = app.get("/auth/sessions").bearer(&pair.access).send().await.is(200).json();
    let id = sessions["sessions"][0]["id"].as_str().expect("an id").to_owned();
    app.delete(&format!("/auth/sessions/{id}")).bearer(&pair.access).send().await.is(204);
    is_refused(&app, &pair.refresh).await;
    let pair = log_in(&app, &ada).await;
    app.delete(&ada.path()).by(&root).json(json!({})).send().await.is(204);
    is_refused(&app, &pair.refresh).await;
    assert_eq!(copies(&app).await, 0);
    app.get("/users/me").by(&db).send().await.fails(E::Unauthorized);
}

async fn an_unverified_address_ends_the_exchange(cx: Cx) {
    let setup = Setup::default().auth(|auth| auth.login(LoginConfig { require_verified: true }));
    let app = cx.app_with(setup).await;
    let ada = app.register("ada").await;
    app.verify(&ada).await;
    let pair = log_in(&app, &ada).await;
    app.unverify(&ada).await;
    is_refused(&app, &pair.refresh).await;
    app.verify(&ada).await;
    next(&app, &pair.refresh).await;
}

/// REF-05.
async fn limits_of_the_session_hold(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let (mut pair, unused) = (log_in(&app, &ada).await, log_in(&app, &ada).await);
    for day in 1..30 {
        app.clock().advance(DAY);
        pair = next(&app, &pair.refresh).await;
        if day == 13 {
            assert_eq!(app.auth().purge().run().await.expect("the tables").of("session"), 0);
        }
        if day == 14 {
            is_refused(&app, &unused.refresh).await;
        }
    }
    assert!(is_good(&app, &pair.access).await);
    app.clock().advance(DAY);
    is_refused(&app, &pair.refresh).await;
    assert_eq!((is_good(&app, &pair.access).await, copies(&app).await), (false, 0));
    app.auth().purge().run().await.expect("the tables");
    assert_eq!((app.session_count().await, app.count("authn_refresh_token").await), (0, 0));
}

/// RFC 7009.
async fn a_token_can_be_given_back(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let give_back = |token: &str| app.post("/auth/token/revoke").json(json!({ "refresh_token": token }));
    let (kept, first) = (log_in(&app, &ada).await, log_in(&app, &ada).await);
    let second = next(&app, &first.refresh).await;
    give_back(&second.refresh).send().await.is(204);
    give_back(&second.refresh).send().await.is(204);
    is_refused(&app, &second.refresh).await;
    assert_eq!((is_good(&app, &second.access).await, copies(&app).await), (false, 0));
    // One that was exchanged is as good for that.
    let first = log_in(&app, &ada).await;
    let second = next(&app, &first.refresh).await;
    let form = [("refresh_token", first.refresh.as_str()), ("token_type_hint", "refresh_token")];
    app.post("/auth/token/revoke").form(&form).send().await.is(204);
    is_refused(&app, &second.refresh).await;
    for nothing in [json!({}), json!({ "refresh_token": "none" }), json!({ "refresh_token": null })] {
        app.post("/auth/token/revoke").json(nothing).send().await.is(204);
    }
    next(&app, &kept.refresh).await;
}

async fn inventions_end_nothing(cx: Cx) {
    let app = cx.app().await;
    let (ada, eve) = (app.register("ada").await, app.register("eve").await);
    let (pair, own) = (log_in(&app, &ada).await, log_in(&app, &eve).await);
    let sessions = app.get("/auth/sessions").bearer(&pair.access).send().await.is(200).json();
    let id: uuid::Uuid = sessions["sessions"][0]["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let (family, turn) = pair.refresh.split_at(44);
    let (own_family, own_turn) = own.refresh.split_at(44);
    // Who saw the id of the session in a list, and no token.
    let invented = URL_SAFE_NO_PAD.encode([id.as_bytes().as_slice(), &[7; 17]].concat());
    assert_eq!(invented[..21], family[..21], "it names the session");
    for token in [
        format!("{invented}{turn}"),
        format!("{invented}{invented}"),
        format!("{own_family}{own_family}{own_turn}"),
        pair.refresh.to_ascii_uppercase(),
        format!("{}=", pair.refresh),
        pair.refresh[..87].to_owned(),
        pair.access.clone(),
        "A".repeat(88),
    ] {
        let answer = exchange(&app, &token).send().await;
        assert!([401, 422].contains(&answer.status.as_u16()), "{token}: {}", answer.text());
        app.post("/auth/token/revoke").json(json!({ "refresh_token": token })).send().await;
        app.get("/users/me").bearer(&pair.refresh).send().await.fails(E::Unauthorized);
    }
    let path = format!("/auth/token/refresh?refresh_token={}", pair.refresh);
    for method in [Method::GET, Method::HEAD] {
        assert_eq!(app.request(method, &path).send().await.status, 405);
    }
    app.post(&path).json(json!({})).send().await.rejects(&[("refresh_token", "missing")]);
    app.post("/auth/token/refresh").bearer(&pair.refresh).send().await.rejects(&[("refresh_token", "missing")]);
    exchange(&app, &pair.refresh).origin("https://evil.example").send().await.fails(E::CsrfRejected);
    assert_eq!((copies(&app).await, is_good(&app, &pair.access).await), (0, true));
    next(&app, &pair.refresh).await;
    // Who has one token of a family can only end it.
    is_refused(&app, &format!("{own_family}{turn}")).await;
    assert_eq!(copies(&app).await, 1);
}

async fn a_new_password_begins_another_family(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let (old, other) = (log_in(&app, &ada).await, log_in(&app, &ada).await);
    let change = json!({ "old_password": PASSWORD, "new_password": OTHER });
    let changed = app.post("/auth/change-password").bearer(&old.access).json(change).send().await.is(200);
    let new = Pair::of(&changed);
    is_refused(&app, &other.refresh).await;
    // It may be the own other tab that had it.
    is_refused(&app, &old.refresh).await;
    assert_eq!((copies(&app).await, is_good(&app, &new.access).await), (0, true));
    let new = next(&app, &new.refresh).await;
    let change = json!({ "password": PASSWORD, "current_password": OTHER });
    let changed = app.patch("/users/me").bearer(&new.access).json(change).send().await.is(200);
    let header = |name: &str| changed.header(name).expect("a token").to_owned();
    let newest = Pair { access: header("auth-token"), refresh: header("refresh-token") };
    is_refused(&app, &new.refresh).await;
    assert!(is_good(&app, &newest.access).await && !is_good(&app, &new.access).await);
    next(&app, &newest.refresh).await;
}

/// REF-07: the moment of the login, its level and its scopes stay what they are.
async fn nothing_gets_wider(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let pair = log_in(&app, &ada).await;
    app.execute("UPDATE authn_session SET scope = 'account:read'").await;
    app.clock().advance(Duration::from_secs(3600));
    let body = json!({ "refresh_token": pair.refresh, "scope": "account:write", "aal": 2, "audience": "other" });
    let pair = Pair::of(&app.post("/auth/token/refresh").json(body).send().await.is(200));
    let claims = |token: &str| -> Value {
        let claims = token.split('.').nth(1).expect("claims");
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).expect("base64url")).expect("JSON")
    };
    let claims = claims(&pair.access);
    assert_eq!((&claims["scope"], &claims["acr"]), (&json!("account:read"), &Value::Null), "{claims}");
    assert_eq!(claims["iat"].as_i64().zip(claims["auth_time"].as_i64()).map(|(iat, login)| iat - login), Some(3600));
    app.get("/users/me").bearer(&pair.access).send().await.is(200);
    app.get("/users/me/export").bearer(&pair.access).send().await.fails(E::ScopeUpgradeRequired);
}

/// The app got refresh tokens while somebody was logged in.
async fn sessions_from_before_go_on(cx: Cx) {
    let before = Setup::default().backends(|| vec![Backend::bearer("jwt").jwt(JwtOptions::default())]);
    let app = cx.app_with(before).await;
    let ada = app.register("ada").await;
    let old = app.login(&ada, "jwt").await;
    let after = Setup::default()
        .backends(|| vec![Backend::bearer("jwt").jwt(JwtOptions::default()).refresh(RefreshOptions::default())]);
    let app = app.server_with(after).await;
    assert!(is_good(&app, &old.token).await);
    let change = json!({ "old_password": PASSWORD, "new_password": OTHER });
    let pair = Pair::of(&app.post("/auth/change-password").by(&old).json(change).send().await.is(200));
    assert!(is_good(&app, &next(&app, &pair.refresh).await.access).await);
}

/// A browser app: both tokens in cookies.
fn in_cookies() -> Setup {
    Setup::default().backends(|| {
        let cookie = CookieOptions { name: Some("auth".to_owned()), ..CookieOptions::default() };
        vec![
            Backend::cookie("web", cookie).jwt(JwtOptions::default()).refresh(RefreshOptions::default()),
            Backend::bearer("jwt").jwt(JwtOptions::default()).refresh(RefreshOptions::default()),
        ]
    })
}

/// REF-10.
async fn a_cookie_carries_it(cx: Cx) {
    let app = cx.app_with(in_cookies()).await;
    let ada = app.register("ada").await;
    let (browser, second) = (Jar::default(), Jar::default());
    let credentials = json!({ "username": ada.email, "password": PASSWORD });
    let log_in = |jar: &Jar| app.post("/auth/login").jar(jar).origin(PUBLIC_URL).json(credentials.clone());
    let login = log_in(&browser).send().await.is(204);
    let cookies = login.session_cookies();
    let refresh = cookies.iter().find(|cookie| cookie.starts_with("refresh_3000=")).expect("a cookie of its own");
    assert!(refresh.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{refresh}");
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    let token = refresh.trim_start_matches("refresh_3000=").split(';').next().expect("a value").to_owned();
    let refresh = |jar: &Jar| app.post("/auth/token/refresh").jar(jar).json(json!({}));
    // The access token is over.
    app.clock().advance(EXPIRED);
    app.get("/users/me").jar(&browser).send().await.fails(E::Unauthorized);
    refresh(&browser).origin("https://evil.example").send().await.fails(E::CsrfRejected);
    refresh(&browser).header("sec-fetch-site", "same-site").send().await.fails(E::CsrfRejected);
    assert_eq!(refresh(&browser).origin(ALLOWED_ORIGIN).send().await.is(204).session_cookies().len(), 2);
    app.get("/users/me").jar(&browser).send().await.is(200);
    // A token of a cookie is not accepted in a body, nor one of a body in a cookie.
    is_refused(&app, &token).await;
    let pair = Pair::of(&app.try_login(&ada.email, PASSWORD, "jwt").await.is(200));
    let stranger = app.post("/auth/token/refresh").cookie("refresh_3000", &pair.refresh).json(json!({}));
    stranger.send().await.fails(E::RefreshTokenInvalid);
    assert_eq!(copies(&app).await, 0);
    refresh(&browser).send().await.is(204);
    let ended = app.post("/auth/logout").jar(&browser).origin(PUBLIC_URL).send().await.is(204);
    assert_eq!(ended.session_cookies().len(), 2);
    assert!(!browser.has_session());
    // A login in the same browser ends the session that was there, even if its access token is over.
    log_in(&second).send().await.is(204);
    let before = app.session_count().await;
    app.clock().advance(EXPIRED);
    log_in(&second).send().await.is(204);
    assert_eq!(app.session_count().await, before);
    let given_back = app.post("/auth/token/revoke").jar(&second).origin(PUBLIC_URL).send().await.is(204);
    assert_eq!((given_back.session_cookies().len(), second.has_session()), (2, false));
    assert_eq!(app.session_count().await, before - 1);
}

/// An app that lives in one page: the access token in its memory, the refresh token where scripts cannot read it.
async fn a_browser_keeps_it_from_scripts(cx: Cx) {
    let setup = Setup::default().backends(|| {
        vec![Backend::bearer("spa").refresh(RefreshOptions { in_cookie: true, ..RefreshOptions::default() })]
    });
    let app = cx.app_with(setup).await;
    let ada = app.register("ada").await;
    let browser = Jar::default();
    let body = json!({ "username": ada.email, "password": PASSWORD, "remember": true });
    let login = app.post("/auth/login").jar(&browser).json(body).send().await.is(200);
    let cookies = login.session_cookies();
    assert!(cookies[0].ends_with("; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000"), "{cookies:?}");
    assert_eq!((cookies.len(), &login.json()["refresh_token"]), (1, &Value::Null));
    let again = app.post("/auth/token/refresh").jar(&browser).send().await.is(200);
    assert_eq!((again.session_cookies().len(), &again.json()["refresh_token"]), (1, &Value::Null));
    let (old, new) = (login.json()["access_token"].clone(), again.json()["access_token"].clone());
    assert!(
        is_good(&app, new.as_str().expect("a token")).await && !is_good(&app, old.as_str().expect("a token")).await
    );
}

async fn opaque_tokens_are_refreshed_as_well(cx: Cx) {
    let setup = Setup::default().backends(|| vec![Backend::bearer("jwt").refresh(RefreshOptions::default())]);
    let app = cx.app_with(setup).await;
    let ada = app.register("ada").await;
    let first = log_in(&app, &ada).await;
    app.clock().advance(Duration::from_secs(599));
    assert!(is_good(&app, &first.access).await);
    app.clock().advance(Duration::from_secs(1));
    assert!(!is_good(&app, &first.access).await, "it is good for ten minutes");
    let second = next(&app, &first.refresh).await;
    assert!(is_good(&app, &second.access).await);
    // Another access token would end this one.
    assert_eq!(next(&app, &first.refresh).await, second);
    assert!(is_good(&app, &second.access).await);
    let third = next(&app, &second.refresh).await;
    assert!(is_good(&app, &third.access).await && !is_good(&app, &second.access).await);
    app.clock().advance(LATE);
    is_refused(&app, &second.refresh).await;
    assert!(!is_good(&app, &third.access).await);
}

/// REF-11: the purge leaves what tells a copy.
async fn what_is_remembered_of_an_exchange_is_forgotten(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let first = log_in(&app, &ada).await;
    let second = next(&app, &first.refresh).await;
    let remembered = || app.count("authn_refresh_token WHERE answer IS NOT NULL");
    app.auth().purge().run().await.expect("the tables");
    assert_eq!(remembered().await, 1);
    app.clock().advance(Duration::from_secs(60));
    app.auth().purge().run().await.expect("the tables");
    assert_eq!(remembered().await, 0);
    let third = next(&app, &second.refresh).await;
    is_refused(&app, &first.refresh).await;
    assert_eq!(copies(&app).await, 1);
    is_refused(&app, &third.refresh).await;
}

/// Somebody who has tokens of one family.
const CLIENTS: [&str; 2] = ["owner/1.0", "thief/1.0"];

/// What happens to a family, by the number of a client.
#[derive(Clone, Debug)]
enum Step {
    /// One of the last four tokens is exchanged, and the answer may get lost.
    Exchange {
        who: usize,
        back: usize,
        server: usize,
        lost: bool,
    },
    /// The thief copies what the owner has.
    Copy,
    Wait {
        seconds: u64,
    },
    Purge,
    GiveBack {
        back: usize,
    },
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..2_usize, prop_oneof![8 => Just(0_usize), 1 => 1..4_usize], 0..2_usize, 0..4)
            .prop_map(|(who, back, server, luck)| Step::Exchange { who, back, server, lost: luck == 0 }),
        2 => Just(Step::Copy),
        3 => prop_oneof![Just(4), Just(10), Just(61)].prop_map(|seconds| Step::Wait { seconds }),
        1 => Just(Step::Purge),
        1 => (0..4_usize).prop_map(|back| Step::GiveBack { back }),
    ]
}

/// What a family must be like: the rules in the plainest words.
struct Model {
    /// All tokens in the order in which they were issued; the last one is good.
    tokens: Vec<String>,
    /// Who exchanged the last but one, and how many seconds ago.
    exchanged: Option<(usize, u64)>,
    is_alive: bool,
}

/// What becomes of a token.
#[derive(Debug, PartialEq)]
enum Fate {
    Exchanged,
    Repeated,
    Refused,
}

impl Model {
    fn present(&mut self, who: usize, index: usize) -> Fate {
        if !self.is_alive {
            return Fate::Refused;
        }
        let last = self.tokens.len() - 1;
        match self.exchanged {
            _ if index == last => {
                self.exchanged = Some((who, 0));
                Fate::Exchanged
            }
            Some((by, seconds)) if index + 1 == last && seconds < 10 => {
                if by == who {
                    Fate::Repeated
                } else {
                    Fate::Refused
                }
            }
            _ => {
                self.is_alive = false;
                Fate::Refused
            }
        }
    }
}

/// The rotation against its model: two clients, one of whom may have copies, lost answers, two servers. A family that lives
/// has one good token, and anyone who presents an old one ends it.
async fn whoever_has_a_copy_ends_the_session(cx: Cx) {
    let app = cx.app().await;
    let servers = [app.clone(), app.second_server().await];
    let ada = app.register("ada").await;
    play_each(interleavings(steps(), 16), |steps| play(&app, &servers, &ada, steps)).await;
}

/// Whether a family came to more than two tokens, or what differs from the model.
async fn play(app: &App, servers: &[App; 2], ada: &Login, steps: Vec<Step>) -> Result<bool, String> {
    let first = log_in(app, ada).await;
    let mut model = Model { tokens: vec![first.refresh], exchanged: None, is_alive: true };
    // The newest token that each client has seen; the thief has none to begin with.
    let mut seen: [Option<usize>; 2] = [Some(0), None];
    for step in steps {
        match step {
            Step::Exchange { who, back, server, lost } => {
                let Some(newest) = seen[who] else { continue };
                let index = newest.saturating_sub(back);
                let expected = model.present(who, index);
                let request = exchange(&servers[server], &model.tokens[index]).header("user-agent", CLIENTS[who]);
                let answer = request.send().await;
                let found = (answer.status == 200).then(|| Pair::of(&answer));
                match (&expected, &found) {
                    (Fate::Exchanged, Some(pair)) if !model.tokens.contains(&pair.refresh) => {
                        model.tokens.push(pair.refresh.clone());
                    }
                    (Fate::Repeated, Some(pair)) if model.tokens.last() == Some(&pair.refresh) => {}
                    (Fate::Refused, None) => continue,
                    _ => return Err(format!("{expected:?}, but {}", answer.text())),
                }
                if let Some(pair) = found.filter(|_| !lost) {
                    seen[who] = Some(model.tokens.len() - 1);
                    if !is_good(app, &pair.access).await {
                        return Err("a fresh access token is refused".to_owned());
                    }
                }
            }
            Step::Copy => seen[1] = seen[0],
            Step::Wait { seconds } => {
                app.clock().advance(Duration::from_secs(seconds));
                model.exchanged = model.exchanged.map(|(who, ago)| (who, ago + seconds));
            }
            Step::Purge => drop(app.auth().purge().run().await.map_err(|cause| cause.to_string())?),
            Step::GiveBack { back } => {
                let index = (model.tokens.len() - 1).saturating_sub(back);
                let body = json!({ "refresh_token": model.tokens[index] });
                app.post("/auth/token/revoke").json(body).send().await.is(204);
                model.is_alive = false;
            }
        }
    }
    Ok(model.tokens.len() > 2)
}
