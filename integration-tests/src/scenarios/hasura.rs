//! Scenarios of token pairs in the layout of hasura-backend-plus: its clients work, and none of its holes is there.

use std::sync::Arc;
use std::time::Duration;

use auth_core::hasura::{HasuraConfig, HasuraOptions};
use auth_core::login::LoginConfig;
use auth_core::token::{JwtKeys, TokenSubject};
use auth_core::{ErrorCode as E, Limits, RefreshOptions, Registration};
use auth_http::Group;
use auth_testkit::{Moment, ROLE, Reaction};
use http::Method;
use serde_json::{Map, Value, json};

use crate::key_pair::{OLD, parts};
use crate::mails::{CONFIRM_LOGIN, MAGIC_LINK, VERIFY_EMAIL};
use crate::scenario::scenarios;
use crate::{Answer, App, Cx, FIREFOX, Jar, Login, PASSWORD, Request, Scenario, Setup, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_client_goes_through_its_day,
    the_claims_are_those_of_the_layout,
    the_app_adds_session_variables,
    each_refresh_token_is_good_once,
    tokens_are_good_in_their_group_only,
    a_logout_ends_one_session_or_all,
    a_web_token_dies_with_the_sessions_of_its_user,
    a_web_token_outlives_its_own_session,
    a_browser_keeps_the_refresh_token_in_a_cookie,
    failures_say_what_clients_expect,
    unknown_accounts_look_like_wrong_passwords,
    attempts_are_counted_with_those_of_other_doors,
    an_expired_password_gets_no_pair,
    an_unverified_address_gets_no_pair,
    a_neutral_registration_tells_nothing,
    without_a_password_a_link_is_mailed,
    a_registration_waits_for_its_link,
    nobody_waits_in_vain_for_long,
    a_confirmation_at_the_last_moment_counts: direct_only,
    two_logins_of_a_network_wait_at_once,
    a_link_lets_one_device_in,
    a_waiting_login_is_refused_like_any_other,
    the_app_may_refuse,
    managed_keys_are_published,
    a_given_key_is_published,
    only_get_exchanges,
    parallel_ends_of_all_sessions: direct_only,
    an_app_without_them_has_no_such_routes: direct_only,
    mistakes_in_the_configuration_are_named: direct_only sqlite_only,
];

/// Another password.
const OTHER: &str = "kettle-Umbrella-42-river";

/// Longer than an exchange may be repeated.
const LATE: Duration = Duration::from_secs(11);

/// What a client has after a login or an exchange.
#[derive(Clone, Debug, PartialEq)]
struct Pair {
    jwt: String,
    refresh: String,
}

impl Pair {
    #[track_caller]
    fn of(answer: &Answer) -> Self {
        let body = answer.json();
        assert_eq!(body["jwt_expires_in"], json!(600_000), "milliseconds");
        let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("no {name}: {body}")).to_owned();
        Self { jwt: text("jwt_token"), refresh: text("refresh_token") }
    }
}

fn log_in_with(app: &App, who: &Login, password: &str) -> Request {
    app.post("/hasura/auth/login").json(json!({ "email": who.email, "password": password, "cookie": false }))
}

async fn log_in(app: &App, who: &Login) -> Pair {
    Pair::of(&log_in_with(app, who, PASSWORD).send().await.is(200))
}

fn exchange(app: &App, token: &str) -> Request {
    app.get(&format!("/hasura/auth/token/refresh?refresh_token={token}"))
}

fn log_out(app: &App, token: &str, all: bool) -> Request {
    app.post(&format!("/hasura/auth/logout?refresh_token={token}")).json(json!({ "all": all }))
}

fn change_password(app: &App, jwt: &str, old: &str, new: &str) -> Request {
    let body = json!({ "old_password": old, "new_password": new });
    app.post("/hasura/auth/change-password").bearer(jwt).json(body)
}

/// Whether a web token is taken: by a request that changes nothing.
async fn is_good(app: &App, jwt: &str) -> bool {
    let answer = change_password(app, jwt, "wrong-Tractor-Orbit-1", OTHER).send().await;
    match answer.code() {
        code if code == E::ChangePasswordBadPassword.as_str() => true,
        code if code == E::Unauthorized.as_str() => false,
        code => panic!("{code}: {}", answer.text()),
    }
}

fn with(options: HasuraOptions) -> Setup {
    Setup::default().auth(move |auth| auth.hasura(options.clone()))
}

async fn a_client_goes_through_its_day(cx: Cx) {
    let app = cx.app().await;
    let body = json!({ "email": "Ada@Example.org", "password": PASSWORD, "cookie": false, "user_data": { "is_superuser": true } });
    let answer = app.post("/hasura/auth/register").json(body).send().await.is(200);
    let first = Pair::of(&answer);
    let user = &answer.json()["user"];
    let (id, email) = (user["id"].as_str().expect("an id"), user["email"].as_str().expect("an address"));
    assert_eq!((email, &user["display_name"]), ("Ada@example.org", &Value::Null));
    assert!(is_good(&app, &first.jwt).await);
    let second = Pair::of(&exchange(&app, &first.refresh).send().await.is(200));
    assert_ne!(second.refresh, first.refresh);
    change_password(&app, &second.jwt, PASSWORD, OTHER).send().await.is(204);
    // What anybody had ends, that of the one who changed it as well: it does not say of which session it is.
    exchange(&app, &second.refresh).send().await.fails(E::RefreshTokenInvalid);
    assert!(!is_good(&app, &second.jwt).await);
    let ada = Login { id: id.parse().expect("a UUID"), email: email.to_owned(), ..app.register("grace").await };
    log_in_with(&app, &ada, PASSWORD).send().await.fails(E::LoginBadCredentials);
    let third = Pair::of(&log_in_with(&app, &ada, OTHER).send().await.is(200));
    // In the second in which the password was changed.
    assert!(is_good(&app, &third.jwt).await);
    log_out(&app, &third.refresh, true).bearer(&third.jwt).send().await.is(204);
    exchange(&app, &third.refresh).send().await.fails(E::RefreshTokenInvalid);
    assert!(!is_good(&app, &third.jwt).await);
}

async fn the_claims_are_those_of_the_layout(cx: Cx) {
    let app = cx.app().await;
    let (ada, root) = (app.register("ada").await, app.superuser("root").await);
    let first = log_in(&app, &ada).await;
    let (header, claims) = parts(&first.jwt);
    assert_eq!((&header["alg"], &header["typ"]), (&json!("HS256"), &json!("JWT")));
    let iat = app.auth().now().unix_timestamp();
    let expected = |roles: &[&str], iat: i64| {
        json!({
            "hasura": {
                "x-hasura-user-id": ada.id, "x-hasura-allowed-roles": roles, "x-hasura-default-role": "user",
                "allowed_roles": roles, "default_role": "user",
            },
            "iat": iat, "exp": iat + 600, "iss": "http://localhost:3000", "sub": ada.id,
        })
    };
    assert_eq!(claims, expected(&["user"], iat));
    let second = log_in(&app, &ada).await;
    assert_eq!(second.jwt, first.jwt, "it is the same for one user within one second");
    assert_ne!(second.refresh, first.refresh);
    app.put(&format!("{}/roles/{ROLE}", ada.path())).by(&root).send().await.is(204);
    app.clock().advance(Duration::from_secs(1));
    let next = Pair::of(&exchange(&app, &first.refresh).send().await.is(200));
    let mut roles = [ROLE, "user"];
    roles.sort_unstable();
    assert_eq!(parts(&next.jwt).1, expected(&roles, app.auth().now().unix_timestamp()));
}

async fn the_app_adds_session_variables(cx: Cx) {
    let claims = |subject: &TokenSubject<'_>| {
        let named = |name: &str, value: Value| (name.to_owned(), value);
        let user = subject.user.email.clone();
        Map::from_iter([
            named("team_id", json!(7)),
            named("Groups", json!(["a\"b", "c"])),
            named("mail", json!(user)),
            // Nobody becomes somebody else by this.
            named("user-id", json!("eve")),
            named("allowed_roles", json!(["admin"])),
            named("default-role", json!("admin")),
        ])
    };
    let options = HasuraOptions {
        claims: Some(Arc::new(claims)),
        namespace: "https://hasura.io/jwt/claims".to_owned(),
        issuer: Some("notes".to_owned()),
        ..HasuraOptions::default()
    };
    let app = cx.app_with(with(options)).await;
    let ada = app.register("ada").await;
    let pair = log_in(&app, &ada).await;
    let claims = parts(&pair.jwt).1;
    let expected = json!({
        "x-hasura-user-id": ada.id, "x-hasura-allowed-roles": ["user"], "x-hasura-default-role": "user",
        "allowed_roles": ["user"], "default_role": "user",
        "x-hasura-team-id": "7", "x-hasura-groups": r#"{"a\"b","c"}"#, "x-hasura-mail": ada.email,
    });
    assert_eq!((&claims["https://hasura.io/jwt/claims"], &claims["iss"]), (&expected, &json!("notes")));
    assert!(is_good(&app, &pair.jwt).await);
    // The same server under another name does not take it.
    assert!(!is_good(&app.server_with(Setup::default()).await, &pair.jwt).await);
}

/// REF-01, REF-04 by the routes of pairs.
async fn each_refresh_token_is_good_once(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let first = log_in(&app, &ada).await;
    let second = Pair::of(&exchange(&app, &first.refresh).send().await.is(200));
    let again = Pair::of(&exchange(&app, &first.refresh).send().await.is(200));
    assert_eq!(again.refresh, second.refresh, "the answer may have been lost");
    app.clock().advance(LATE);
    let third = Pair::of(&exchange(&app, &second.refresh).send().await.is(200));
    exchange(&app, &first.refresh).send().await.fails(E::RefreshTokenInvalid);
    exchange(&app, &third.refresh).send().await.fails(E::RefreshTokenInvalid);
    assert_eq!(app.count("authn_event WHERE name = 'token_reuse'").await, 1);
}

/// SES-22: no token of these routes is one of another, and the other way round.
async fn tokens_are_good_in_their_group_only(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let pair = log_in(&app, &ada).await;
    for token in [&pair.jwt, &pair.refresh] {
        for path in ["/users/me", "/auth/sessions"] {
            app.get(path).bearer(token).send().await.fails(E::Unauthorized);
            app.get(path).cookie("auth", token).send().await.fails(E::Unauthorized);
        }
        app.post("/auth/logout-all")
            .bearer(token)
            .json(json!({ "everywhere": true }))
            .send()
            .await
            .fails(E::Unauthorized);
    }
    let body = json!({ "refresh_token": pair.refresh });
    app.post("/auth/token/refresh").json(body.clone()).send().await.fails(E::RefreshTokenInvalid);
    app.post("/auth/token/revoke").json(body).send().await.is(204);
    assert!(!is_good(&app, &pair.refresh).await);
    // It is longer than any refresh token.
    exchange(&app, &pair.jwt).send().await.fails(E::Validation);
    // A token in the place of another one is not looked for.
    app.post(&format!("/hasura/auth/token/revoke?refresh_token={}", pair.refresh)).send().await.fails(E::Unauthorized);
    let other = app.try_login(&ada.email, PASSWORD, "jwt").await.is(200).json();
    let other = |name: &str| other[name].as_str().expect("a token").to_owned();
    for token in [other("access_token"), app.login(&ada, "db").await.token, app.login(&ada, "cookie").await.token] {
        assert!(!is_good(&app, &token).await);
    }
    exchange(&app, &other("refresh_token")).send().await.fails(E::RefreshTokenInvalid);
    log_out(&app, &other("refresh_token"), true).send().await.is(204);
    app.get("/users/me").bearer(&other("access_token")).send().await.is(200);
    // It is in the list like any other session.
    let list = app.get("/auth/sessions").bearer(&other("access_token")).send().await.is(200).json();
    let sessions = list["sessions"].as_array().expect("a list");
    assert!(sessions.iter().any(|session| session["backend"] == "hasura"), "{list}");
    Pair::of(&exchange(&app, &pair.refresh).send().await.is(200));
}

async fn a_logout_ends_one_session_or_all(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let (one, two, three) = (log_in(&app, &ada).await, log_in(&app, &ada).await, log_in(&app, &ada).await);
    let db = app.login(&ada, "db").await;
    log_out(&app, &one.refresh, false).send().await.is(204);
    exchange(&app, &one.refresh).send().await.fails(E::RefreshTokenInvalid);
    // Without a body, as many clients send it.
    app.post(&format!("/hasura/auth/logout?refresh_token={}", two.refresh)).send().await.is(204);
    exchange(&app, &two.refresh).send().await.fails(E::RefreshTokenInvalid);
    let three = Pair::of(&exchange(&app, &three.refresh).send().await.is(200));
    for unknown in [&one.refresh, &"A".repeat(88), "nonsense"] {
        log_out(&app, unknown, true).send().await.is(204);
    }
    app.get("/users/me").by(&db).send().await.is(200);
    log_out(&app, &three.refresh, true).send().await.is(204);
    exchange(&app, &three.refresh).send().await.fails(E::RefreshTokenInvalid);
    app.get("/users/me").by(&db).send().await.fails(E::Unauthorized);
    app.post("/hasura/auth/logout").json(json!({ "all": true })).send().await.fails(E::RefreshTokenInvalid);
}

/// Whatever ends every session of a user ends the web tokens as well.
async fn a_web_token_dies_with_the_sessions_of_its_user(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("root").await;
    for (index, end) in ["revoke", "everywhere", "password", "ban", "delete"].into_iter().enumerate() {
        let who = app.user(&format!("user-{index}")).await;
        let pair = log_in(&app, &who).await;
        assert!(is_good(&app, &pair.jwt).await, "{end}");
        let everywhere = app.post("/auth/logout-all").by(&who).json(json!({ "everywhere": true }));
        let password = json!({ "old_password": PASSWORD, "new_password": OTHER });
        let request = match end {
            "revoke" => app.post("/hasura/auth/token/revoke").bearer(&pair.jwt),
            "everywhere" => everywhere,
            "password" => app.post("/auth/change-password").by(&who).json(password),
            "ban" => app.patch(&who.path()).by(&root).json(json!({ "is_active": false })),
            _ => app.delete("/users/me").by(&who).json(json!({ "password": PASSWORD })),
        };
        assert!(request.send().await.status.is_success(), "{end}");
        assert!(!is_good(&app, &pair.jwt).await, "{end}");
        exchange(&app, &pair.refresh).send().await.fails(E::RefreshTokenInvalid);
    }
}

async fn a_web_token_outlives_its_own_session(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let pair = log_in(&app, &ada).await;
    log_out(&app, &pair.refresh, false).send().await.is(204);
    app.clock().advance(Duration::from_secs(599));
    assert!(is_good(&app, &pair.jwt).await);
    app.clock().advance(Duration::from_secs(31));
    assert!(!is_good(&app, &pair.jwt).await, "its life and the skew of clocks are over");
}

async fn a_browser_keeps_the_refresh_token_in_a_cookie(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let jar = Jar::default();
    let body = json!({ "email": ada.email, "password": PASSWORD });
    let login = || app.post("/hasura/auth/login").json(body.clone()).jar(&jar);
    let refresh = |query: &str| app.get(&format!("/hasura/auth/token/refresh{query}")).jar(&jar);
    let cookies = |answer: &Answer| answer.session_cookies().into_iter().map(str::to_owned).collect::<Vec<_>>();
    let answer = login().send().await.is(200);
    assert_eq!(answer.json()["refresh_token"], Value::Null);
    let [cookie] = cookies(&answer).try_into().expect("one cookie");
    let (token, attributes) = cookie.split_once(';').expect("attributes");
    assert_eq!(attributes, " Path=/; HttpOnly; SameSite=Strict; Max-Age=1209600");
    let first = token.strip_prefix("hasura_3000=").expect("its name").to_owned();
    // The cookie counts, whatever a link says.
    let foreign = log_in(&app, &app.register("eve").await).await;
    let answer = refresh(&format!("?refresh_token={}", foreign.refresh)).send().await.is(200);
    assert_eq!((&answer.json()["user"]["email"], &answer.json()["refresh_token"]), (&json!(ada.email), &Value::Null));
    Pair::of(&exchange(&app, &foreign.refresh).send().await.is(200));
    // Nobody could end the former session any more.
    app.clock().advance(LATE);
    login().send().await.is(200);
    assert_eq!(app.count("authn_session WHERE backend = 'hasura'").await, 2, "hers and that of eve");
    exchange(&app, &first).send().await.fails(E::RefreshTokenInvalid);
    let refreshed = refresh("").send().await.is(200);
    assert_eq!(cookies(&refreshed).len(), 1);
    // From then on she wants it in bodies: what the browser has is gone.
    let body = json!({ "email": ada.email, "password": PASSWORD, "cookie": false });
    let answer = app.post("/hasura/auth/login").json(body).jar(&jar).send().await.is(200);
    Pair::of(&answer);
    assert_eq!(cookies(&answer), ["hasura_3000=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"]);
    login().send().await.is(200);
    let answer = app.post("/hasura/auth/logout").json(json!({})).jar(&jar).send().await.is(204);
    assert_eq!(cookies(&answer), ["hasura_3000=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"]);
    refresh("").send().await.fails(E::RefreshTokenInvalid);
}

async fn failures_say_what_clients_expect(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let pair = log_in(&app, &ada).await;
    let post = |path: &str, body: Value| app.post(&format!("/hasura/auth/{path}")).json(body);
    let weak = json!({ "email": "new@example.org", "password": "short" });
    let cases = [
        (post("login", json!({})), 400, "Bad Request", "\"email\" is required"),
        (post("login", json!({ "email": ada.email })), 400, "Bad Request", "\"password\" is required"),
        (post("register", json!({ "email": "ada" })), 400, "Bad Request", "\"email\" must be a valid email"),
        (
            post("register", json!({ "email": ada.email, "password": PASSWORD })),
            400,
            "Bad Request",
            "Account already exists.",
        ),
        (exchange(&app, "nonsense"), 401, "Unauthorized", "Invalid or expired refresh token."),
        (app.get("/hasura/auth/token/refresh"), 401, "Unauthorized", "Invalid or expired refresh token."),
        (app.post("/hasura/auth/token/revoke"), 401, "Unauthorized", "Not logged in"),
        (change_password(&app, &pair.jwt, OTHER, OTHER), 401, "Unauthorized", "Incorrect current password."),
        (app.get("/hasura/auth/jwks"), 501, "Not Implemented", "JWKS is not implemented on this server."),
        (app.get("/hasura/auth/login"), 405, "Method Not Allowed", "Method Not Allowed"),
    ];
    for (request, status, error, message) in cases {
        let answer = request.send().await.is(status);
        assert_eq!(answer.json(), json!({ "statusCode": status, "error": error, "message": message }));
    }
    let weak = post("register", weak).send().await.fails(E::RegisterInvalidPassword).json();
    let same =
        change_password(&app, &pair.jwt, PASSWORD, PASSWORD).send().await.fails(E::ChangePasswordInvalidPassword);
    for body in [weak, same.json()] {
        assert_eq!((&body["statusCode"], &body["error"]), (&json!(400), &json!("Bad Request")));
        assert!(body["message"].as_str().is_some_and(|message| message.ends_with('.')), "{body}");
    }
}

/// LOG-01 at this door.
async fn unknown_accounts_look_like_wrong_passwords(cx: Cx) {
    let app = cx.app().await;
    let (root, ada, inactive) = (app.superuser("root").await, app.register("ada").await, app.register("eve").await);
    app.patch(&inactive.path()).by(&root).json(json!({ "is_active": false })).send().await.is(200);
    let attempt = |email: &str, password: &str| {
        let body = json!({ "email": email, "password": password });
        app.post("/hasura/auth/login").json(body).send()
    };
    let wrong = attempt(&ada.email, OTHER).await.fails(E::LoginBadCredentials);
    for answer in [attempt("nobody@example.org", OTHER).await, attempt(&inactive.email, PASSWORD).await] {
        assert_eq!((answer.status, answer.json()), (wrong.status, wrong.json()));
        assert!(answer.set_cookies().is_empty());
    }
}

async fn attempts_are_counted_with_those_of_other_doors(cx: Cx) {
    let open = cx.app().await;
    let (ada, eve) = (open.register("ada").await, open.register("eve").await);
    let pair = log_in(&open, &ada).await;
    log_in(&open, &eve).await;
    let app = open.server_with(Setup::default().auth(|auth| auth.limits(Limits::default()))).await;
    let wrong = "wrong-Tractor-Orbit-1";
    // As many by three doors in turn as by one alone.
    let mut allowed = 0;
    while app.try_login(&eve.email, wrong, "db").await.code() != E::RateLimited.as_str() {
        allowed += 1;
    }
    for index in 0..allowed {
        match index % 3 {
            0 => log_in_with(&app, &ada, wrong).send().await.fails(E::LoginBadCredentials),
            1 => app.try_login(&ada.email, wrong, "db").await.fails(E::LoginBadCredentials),
            _ => change_password(&app, &pair.jwt, wrong, OTHER).send().await.fails(E::ChangePasswordBadPassword),
        };
    }
    let answer = log_in_with(&app, &ada, PASSWORD).send().await.fails(E::RateLimited);
    assert_eq!(answer.json()["message"], "You are being rate limited.");
    change_password(&app, &pair.jwt, PASSWORD, OTHER).send().await.fails(E::RateLimited);
    app.try_login(&ada.email, PASSWORD, "db").await.fails(E::RateLimited);
    let register = |index: u8| json!({ "email": format!("new-{index}@example.org"), "password": PASSWORD });
    for index in 0..5 {
        let path = if index % 2 == 0 { "/hasura/auth/register" } else { "/auth/register" };
        assert!(app.post(path).json(register(index)).send().await.status.is_success());
    }
    app.post("/hasura/auth/register").json(register(5)).send().await.fails(E::RateLimited);
}

/// A server that reads a web token elsewhere does not know that the password has to be changed first.
async fn an_expired_password_gets_no_pair(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let pair = log_in(&app, &ada).await;
    app.expire_password(&ada).await;
    log_in_with(&app, &ada, PASSWORD).send().await.fails(E::PasswordChangeRequired);
    exchange(&app, &pair.refresh).send().await.fails(E::PasswordChangeRequired);
    assert_eq!(app.count("authn_session WHERE backend = 'hasura'").await, 1);
    let session = app.login(&ada, "db").await;
    let body = json!({ "old_password": PASSWORD, "new_password": OTHER });
    app.post("/auth/change-password").by(&session).json(body).send().await.is(200);
    Pair::of(&log_in_with(&app, &ada, OTHER).send().await.is(200));
}

async fn an_unverified_address_gets_no_pair(cx: Cx) {
    let app = cx.app_with(Setup::default().auth(|auth| auth.login(LoginConfig { require_verified: true }))).await;
    let body = json!({ "email": "ada@example.org", "password": PASSWORD, "cookie": false });
    let answer = app.post("/hasura/auth/register").json(body.clone()).send().await.is(200);
    let pair = answer.json();
    assert_eq!(
        (&pair["jwt_token"], &pair["jwt_expires_in"], &pair["refresh_token"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(pair["user"]["email"], "ada@example.org");
    assert!(pair["user"]["id"].is_string() && answer.set_cookies().is_empty());
    assert_eq!(app.session_count().await, 0);
    let login = || app.post("/hasura/auth/login").json(body.clone()).send();
    let answer = login().await.fails(E::LoginUserNotVerified);
    assert_eq!(
        answer.json(),
        json!({ "statusCode": 400, "error": "Bad Request", "message": "Account is not activated." })
    );
    let token = app.token_to("ada@example.org", VERIFY_EMAIL).await;
    app.post("/auth/verify").json(json!({ "token": token })).send().await.is(200);
    Pair::of(&login().await.is(200));
}

async fn a_neutral_registration_tells_nothing(cx: Cx) {
    let app = cx.app_with(Setup::default().auth(|auth| auth.registration(Registration::Neutral))).await;
    let register = |email: &str| {
        let body = json!({ "email": email, "password": PASSWORD });
        app.post("/hasura/auth/register").json(body).send()
    };
    let expected = |email: &str| {
        let user = json!({ "id": null, "display_name": null, "email": email });
        json!({ "jwt_token": null, "jwt_expires_in": null, "user": user })
    };
    assert_eq!(register("ada@example.org").await.is(200).json(), expected("ada@example.org"));
    let token = app.token_to("ada@example.org", VERIFY_EMAIL).await;
    app.post("/auth/verify").json(json!({ "token": token })).send().await.is(200);
    assert_eq!(
        register("ada@example.org").await.is(200).json(),
        expected("ada@example.org"),
        "though there is one now"
    );
    let closed = app.server_with(Setup::default().auth(|auth| auth.registration(Registration::Closed))).await;
    let body = json!({ "email": "eve@example.org", "password": PASSWORD });
    closed.post("/hasura/auth/register").json(body).send().await.fails(E::RegistrationDisabled);
}

async fn without_a_password_a_link_is_mailed(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    for email in [ada.email.as_str(), "new@example.org"] {
        let body = json!({ "email": email, "cookie": false });
        let answer = app.post("/hasura/auth/register").json(body).send().await.is(200);
        assert_eq!(answer.json(), json!({ "magicLink": true }));
        // The original gives the one who asks a session of that account.
        assert!(answer.set_cookies().is_empty());
    }
    let token = app.token_to(&ada.email, MAGIC_LINK).await;
    app.post("/auth/db/magic-link/verify").json(json!({ "token": token })).send().await.is(200);
    let body = json!({ "email": ada.email });
    let answer = app.post("/hasura/auth/login").json(body).send().await.fails(E::Validation);
    assert_eq!(answer.json()["message"], "\"password\" is required");
}

async fn a_given_key_is_published(cx: Cx) {
    let keys = JwtKeys::Given { signing: OLD.signing(), verification: Vec::new() };
    let app = cx.app_with(with(HasuraOptions { keys, ..HasuraOptions::default() })).await;
    let ada = app.register("ada").await;
    let pair = log_in(&app, &ada).await;
    let set = app.get("/hasura/auth/jwks").send().await.is(200).json();
    assert_eq!((&set["keys"][0]["kid"], &set["keys"][0]["kty"]), (&json!(OLD.kid), &json!("OKP")));
    let key = jsonwebtoken::DecodingKey::from_ed_pem(OLD.public.as_bytes()).expect("a key");
    let mut checks = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    // The clock of the test is another one.
    (checks.validate_exp, checks.validate_aud) = (false, false);
    let decoded = jsonwebtoken::decode::<Value>(&pair.jwt, &key, &checks).expect("a good signature");
    assert_eq!(decoded.claims["sub"], json!(ada.id));
    assert!(is_good(&app, &pair.jwt).await);
    assert_eq!(log_in(&app, &ada).await.jwt, pair.jwt, "this algorithm is deterministic, too");
    let etag = app.get("/hasura/auth/jwks").send().await;
    let etag = etag.header("etag").expect("a version").to_owned();
    app.get("/hasura/auth/jwks").header("if-none-match", etag).send().await.is(304);
}

fn waits_for(seconds: u64) -> Setup {
    with(HasuraOptions { magic_link_wait: Some(Duration::from_secs(seconds)), ..HasuraOptions::default() })
}

/// A registration without a password, from a client that says what it is.
fn wait_for(app: &App, email: &str) -> Request {
    let body = json!({ "email": email, "cookie": false });
    app.post("/hasura/auth/register").header("user-agent", FIREFOX).json(body)
}

/// Waits for the mail about a device, and returns the token of its link.
async fn link_to(app: &App, email: &str) -> String {
    loop {
        if app.was_mailed(email, CONFIRM_LOGIN).await {
            return app.token_to(email, CONFIRM_LOGIN).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn confirm(app: &App, token: &str) -> Request {
    app.post("/hasura/auth/magic-link/confirm").json(json!({ "token": token }))
}

async fn a_registration_waits_for_its_link(cx: Cx) {
    // Longer than any test: what it waits for comes.
    let app = cx.app_with(waits_for(300)).await;
    let ada = app.user("ada").await;
    for email in [ada.email.as_str(), "new@example.org"] {
        let open = async {
            let token = link_to(&app, email).await;
            let mail = app.mail_to(email, CONFIRM_LOGIN).await;
            assert_eq!((mail.values["browser"].as_str(), mail.values["system"].as_str()), ("Firefox", "Windows"));
            let device = app.auth().magic_link().waiting_device(&token).await.expect("a database").expect("a device");
            assert_eq!((device.email.as_str(), device.browser.as_str()), (email, "Firefox"));
            let answer = confirm(&app, &token).send().await.is(204);
            assert!(answer.set_cookies().is_empty() && answer.body.is_empty(), "the one who confirms gets nothing");
            confirm(&app, &token).send().await.fails(E::MagicLinkBadToken);
            assert!(app.auth().magic_link().waiting_device(&token).await.expect("a database").is_none());
        };
        let (answer, ()) = tokio::join!(wait_for(&app, email).send(), open);
        let pair = Pair::of(&answer.is(200));
        assert!(is_good_or_without_password(&app, &pair.jwt).await);
        Pair::of(&exchange(&app, &pair.refresh).send().await.is(200));
    }
    // It was the first proof that somebody reads the mail: what others may have set up before is gone.
    assert_eq!(app.count("authn_user WHERE is_verified = TRUE AND password_hash IS NULL").await, 2);
    assert_eq!(app.count("authn_one_time_token WHERE kind = 'magic_link_wait' AND used_at IS NULL").await, 0);
}

/// Whether a web token is taken, of an account that may have no password.
async fn is_good_or_without_password(app: &App, jwt: &str) -> bool {
    app.auth().hasura().expect("these routes").authenticate(jwt).await.expect("a database").is_some()
}

/// The answer is the same for all addresses, and comes when the time is over.
async fn nobody_waits_in_vain_for_long(cx: Cx) {
    let app = cx.app_with(waits_for(1)).await;
    let ada = app.user("ada").await;
    for email in [ada.email.as_str(), "nobody@example.org"] {
        let answer = wait_for(&app, email).send().await.is(200);
        assert_eq!(answer.json(), json!({ "magicLink": true }));
        assert!(answer.set_cookies().is_empty());
        let token = link_to(&app, email).await;
        confirm(&app, &token).send().await.fails(E::MagicLinkBadToken);
    }
    assert_eq!(app.count("authn_session WHERE backend = 'hasura'").await, 0);
    assert_eq!(app.count("authn_one_time_token WHERE kind = 'magic_link_wait'").await, 0, "their places are free");
}

/// The person who confirms is told the truth: 204 if the device is let in, even when it was about to give up.
async fn a_confirmation_at_the_last_moment_counts(cx: Cx) {
    let app = cx.app_with(waits_for(1)).await;
    let ada = app.user("ada").await;
    for late in [600, 750, 900, 950, 980, 990, 1000, 1010] {
        let begun = tokio::time::Instant::now();
        let open = async {
            let token = link_to(&app, &ada.email).await;
            tokio::time::sleep_until(begun + Duration::from_millis(late)).await;
            confirm(&app, &token).send().await
        };
        let (answer, confirmed) = tokio::join!(wait_for(&app, &ada.email).send(), open);
        let is_in = answer.is(200).json()["jwt_token"].is_string();
        assert_eq!(is_in, confirmed.status == 204, "after {late} ms");
        if !is_in {
            confirmed.fails(E::MagicLinkBadToken);
        }
        app.mailer().forget();
    }
}

async fn two_logins_of_a_network_wait_at_once(cx: Cx) {
    let app = cx.app_with(waits_for(300)).await;
    let second = app.second_server().await;
    let emails: Vec<String> = (0..6).map(|index| format!("u{index}@example.org")).collect();
    let waiting: Vec<_> = emails
        .iter()
        .zip([&app, &second].into_iter().cycle())
        .map(|(email, app)| {
            let (app, email) = (app.clone(), email.clone());
            tokio::spawn(async move { wait_for(&app, &email).send().await.is(200).json() })
        })
        .collect();
    // Four are told at once, and have the link that logs in where it is opened.
    let told = async {
        loop {
            let done = waiting.iter().filter(|task| task.is_finished()).count();
            if done == 4 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    told.await;
    let mut let_in = 0;
    for (email, task) in emails.iter().zip(waiting) {
        if task.is_finished() {
            assert_eq!(task.await.expect("an answer"), json!({ "magicLink": true }));
            assert!(app.was_mailed(email, MAGIC_LINK).await);
        } else {
            let token = link_to(&app, email).await;
            confirm(&app, &token).send().await.is(204);
            assert!(task.await.expect("an answer")["jwt_token"].is_string());
            let_in += 1;
        }
    }
    assert_eq!(let_in, 2);
    // Their places are free again.
    let open = async {
        let token = link_to(&app, "next@example.org").await;
        confirm(&app, &token).send().await.is(204);
    };
    let (answer, ()) = tokio::join!(wait_for(&app, "next@example.org").send(), open);
    Pair::of(&answer.is(200));
}

/// Of many who confirm, and on two servers, one lets the device in; it logs in once.
async fn a_link_lets_one_device_in(cx: Cx) {
    let app = cx.app_with(waits_for(300)).await;
    let second = app.second_server().await;
    let ada = app.user("ada").await;
    let open = async {
        let token = link_to(&app, &ada.email).await;
        let statuses = race(16, |index| {
            let (app, token) = (if index % 2 == 0 { app.clone() } else { second.clone() }, token.clone());
            async move { confirm(&app, &token).send().await.status.as_u16() }
        });
        statuses.await
    };
    let (answer, mut statuses) = tokio::join!(wait_for(&app, &ada.email).send(), open);
    Pair::of(&answer.is(200));
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (204, [401; 15].as_slice()));
    assert_eq!(app.count("authn_session WHERE backend = 'hasura'").await, 1);
}

/// What ends links ends this one: a new password, a deactivation. A link of another kind lets nobody in.
async fn a_waiting_login_is_refused_like_any_other(cx: Cx) {
    let app = cx.app_with(waits_for(2)).await;
    let (root, ada) = (app.superuser("root").await, app.user("ada").await);
    app.verify(&ada).await;
    let ban = async {
        let token = link_to(&app, &ada.email).await;
        app.patch(&ada.path()).by(&root).json(json!({ "is_active": false })).send().await.is(200);
        confirm(&app, &token).send().await.fails(E::MagicLinkBadToken);
    };
    let (answer, ()) = tokio::join!(wait_for(&app, &ada.email).send(), ban);
    assert_eq!(answer.is(200).json(), json!({ "magicLink": true }));
    let eve = app.user("eve").await;
    app.post("/auth/magic-link").json(json!({ "email": eve.email })).send().await.is(202);
    let token = app.token_to(&eve.email, MAGIC_LINK).await;
    confirm(&app, &token).send().await.fails(E::MagicLinkBadToken);
    app.post("/auth/db/magic-link/verify").json(json!({ "token": token })).send().await.is(200);
    let token = async {
        let token = link_to(&app, &eve.email).await;
        app.post("/auth/db/magic-link/verify").json(json!({ "token": token })).send().await.fails(E::MagicLinkBadToken);
    };
    let (answer, ()) = tokio::join!(wait_for(&app, &eve.email).send(), token);
    assert_eq!(answer.is(200).json(), json!({ "magicLink": true }));
    assert_eq!(app.count("authn_session WHERE backend = 'hasura'").await, 0);
}

async fn the_app_may_refuse(cx: Cx) {
    let app = cx.app_with(waits_for(2)).await;
    let ada = app.register("ada").await;
    let pair = log_in(&app, &ada).await;
    let refuse = |moment| app.hooks().react(moment, Reaction::Refuse("not today".to_owned()));
    refuse(Moment::Login);
    log_in_with(&app, &ada, PASSWORD).send().await.fails(E::RefusedByApp);
    app.hooks().behave();
    refuse(Moment::UpdateUser);
    change_password(&app, &pair.jwt, PASSWORD, OTHER).send().await.fails(E::RefusedByApp);
    app.hooks().behave();
    refuse(Moment::Register);
    let body = json!({ "email": "eve@example.org", "password": PASSWORD, "cookie": false });
    app.post("/hasura/auth/register").json(body).send().await.fails(E::RefusedByApp);
    // The account would begin with the confirmation.
    let open = async {
        let token = link_to(&app, "new@example.org").await;
        confirm(&app, &token).send().await.fails(E::RefusedByApp);
    };
    let (answer, ()) = tokio::join!(wait_for(&app, "new@example.org").send(), open);
    assert_eq!(answer.is(200).json(), json!({ "magicLink": true }));
    app.hooks().behave();
    assert_eq!(app.user_count().await, 1);
    assert!(is_good(&app, &pair.jwt).await, "the refusals cost nothing");
}

async fn managed_keys_are_published(cx: Cx) {
    let app = cx.app_with(with(HasuraOptions { keys: JwtKeys::Managed, ..HasuraOptions::default() })).await;
    app.auth().installation().check_keys().await.expect("a first key");
    let ada = app.register("ada").await;
    let pair = log_in(&app, &ada).await;
    let set = app.get("/hasura/auth/jwks").send().await.is(200).json();
    assert_eq!(parts(&pair.jwt).0["kid"], set["keys"][0]["kid"]);
    assert!(is_good(&app, &pair.jwt).await);
    assert!(is_good(&app.second_server().await, &pair.jwt).await);
}

/// REF-09: only the one method that the clients use, and no page may have a browser do it.
async fn only_get_exchanges(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let pair = log_in(&app, &ada).await;
    let path = format!("/hasura/auth/token/refresh?refresh_token={}", pair.refresh);
    for method in [Method::HEAD, Method::POST, Method::PUT, Method::DELETE] {
        let answer = app.request(method, &path).send().await.is(405);
        assert_eq!(answer.header("allow"), Some("GET"));
    }
    app.get(&path).origin("https://evil.example").send().await.fails(E::CsrfRejected);
    app.get(&path).header("sec-fetch-site", "cross-site").send().await.fails(E::CsrfRejected);
    assert_eq!(app.count("authn_event WHERE name = 'token_reuse'").await, 0);
    app.clock().advance(LATE);
    Pair::of(&app.get(&path).send().await.is(200));
    let twice = format!("{path}&refresh_token={}", pair.refresh);
    app.get(&twice).send().await.fails(E::Validation);
}

/// CON-03: of all who end the sessions of one account, each finds them ended.
async fn parallel_ends_of_all_sessions(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let mut pairs = Vec::new();
    for _ in 0..16 {
        pairs.push(log_in(&app, &ada).await);
    }
    let pairs = Arc::new(pairs);
    let statuses = race(16, |index| {
        let (app, pairs) = (app.clone(), pairs.clone());
        async move {
            let pair = &pairs[index];
            let request = match index % 3 {
                0 => log_out(&app, &pair.refresh, true),
                1 => app.post("/hasura/auth/token/revoke").bearer(&pair.jwt),
                _ => exchange(&app, &pair.refresh),
            };
            request.send().await.status.as_u16()
        }
    })
    .await;
    assert!(statuses.iter().all(|status| matches!(status, 200 | 204 | 401)), "{statuses:?}");
    assert_eq!(app.session_count().await, 0);
    for pair in pairs.iter() {
        exchange(&app, &pair.refresh).send().await.fails(E::RefreshTokenInvalid);
        assert!(!is_good(&app, &pair.jwt).await);
    }
}

async fn an_app_without_them_has_no_such_routes(cx: Cx) {
    let app = cx.app_with(Setup::default().auth(|auth| auth.hasura(HasuraConfig::default()))).await;
    assert!(app.auth().hasura().is_none());
    assert!(app.table().endpoints().iter().all(|endpoint| endpoint.group != Group::Hasura));
}

async fn mistakes_in_the_configuration_are_named(cx: Cx) {
    let app = cx.app().await;
    let problems = |options: HasuraOptions| {
        let parts = auth_testkit::TestParts::default();
        let builder = parts.builder(app.pool().clone()).backend(auth_core::Backend::bearer("db")).hasura(options);
        builder.build().err().map(|errors| errors.to_string()).unwrap_or_default()
    };
    let refresh = RefreshOptions { grace: Duration::from_secs(61), ..RefreshOptions::default() };
    let cases = [
        (HasuraOptions { namespace: "sub".to_owned(), ..HasuraOptions::default() }, "`hasura.namespace`"),
        (HasuraOptions { namespace: " ".to_owned(), ..HasuraOptions::default() }, "`hasura.namespace`"),
        (HasuraOptions { lifetime: Duration::from_secs(3601), ..HasuraOptions::default() }, "`hasura.lifetime`"),
        (HasuraOptions { issuer: Some(String::new()), ..HasuraOptions::default() }, "issuer"),
        (HasuraOptions { refresh, ..HasuraOptions::default() }, "`hasura.refresh`"),
    ];
    for (options, named) in cases {
        let found = problems(options);
        assert!(found.contains(named), "{named}: {found}");
    }
    assert_eq!(problems(HasuraOptions::default()), "");
}
