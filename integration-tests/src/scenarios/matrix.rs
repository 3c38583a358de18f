//! Scenarios that walk the whole table: what follows from an endpoint's declaration, for every endpoint there is.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use auth_core::{Backend, ErrorCode as E, RefreshOptions};
use auth_http::{BodyType, Endpoint, Group, Problem, Requirement, body};
use auth_testkit::{ALLOWED_ORIGIN, PUBLIC_URL, TestParts};
use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::json;

use super::scope::limited;
use crate::scenario::scenarios;
use crate::targets::mount;

use crate::{App, Cx, Login, Request, Scenario, add_features, samples, statuses};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    guarded_routes_need_a_token,
    routes_of_superusers_refuse_others,
    limited_sessions_need_a_scope_that_the_row_declares,
    superusers_change_nothing_without_a_recent_login,
    unsafe_routes_refuse_other_sites,
    reading_routes_refuse_handshakes_of_other_sites,
    large_bodies_are_refused,
    versions_do_not_match,
    other_types_are_refused,
    malformed_bodies_are_refused,
    an_expired_password_stops_everything_else,
    unknown_ids_are_not_found,
    other_methods_are_not_allowed,
    head_answers_like_get_without_a_body,
    without_the_database_it_says_so: one_server,
    every_code_has_the_status_of_the_contract: direct_only sqlite_only,
    a_request_costs_what_its_row_states: direct_only,
    a_backend_named_like_a_route_is_refused: sqlite_only,
];

/// How long a login counts as recent.
const RECENT: Duration = Duration::from_secs(600);

const EVIL: &str = "https://evil.example";

/// The endpoints of which this holds; at least one, or the scenario would prove nothing.
fn endpoints(app: &App, holds: impl Fn(&Endpoint) -> bool) -> Vec<Arc<Endpoint>> {
    let chosen: Vec<_> = app.table().endpoints().iter().filter(|endpoint| holds(endpoint)).cloned().collect();
    assert!(!chosen.is_empty(), "no endpoint is like this");
    chosen
}

fn declares(code: E) -> impl Fn(&Endpoint) -> bool {
    move |endpoint| endpoint.declared_errors().contains(&code)
}

async fn guarded_routes_need_a_token(cx: Cx) {
    let app = cx.app().await;
    for endpoint in endpoints(&app, declares(E::Unauthorized)) {
        let request = samples::request(&app, &endpoint);
        for request in [request.clone(), request.clone().bearer("nonsense"), request.cookie("auth", "nonsense")] {
            let answer = request.send().await.fails(E::Unauthorized);
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{}", endpoint.id);
        }
    }
}

/// ADM-01.
async fn routes_of_superusers_refuse_others(cx: Cx) {
    let app = cx.app().await;
    let (user, root) = (app.user("ada").await, app.superuser("grace").await);
    for endpoint in endpoints(&app, |endpoint| endpoint.requirement().is_some_and(Requirement::is_for_superusers)) {
        // Whatever the id: who may not ask is told nothing about what exists.
        let path = samples::path_of(&endpoint.full_path(), &root.id.to_string());
        for path in [path, samples::path(&endpoint)] {
            app.request(endpoint.method.clone(), &path).by(&user).send().await.fails(E::Forbidden);
        }
    }
}

/// What a session that is limited to scopes may do, from the contract: the table is not asked. Everything else is closed.
fn scopes_of(endpoint: &Endpoint) -> Option<&'static [&'static str]> {
    match endpoint.action() {
        "profile.read" => Some(&["account:read"]),
        "session.list" => Some(&["sessions:read"]),
        "session.logout" => Some(&[]),
        _ => None,
    }
}

/// What a limited session is for says nothing about accounts, whatever its scopes are called (DEV-05).
const FOREIGN_SCOPES: [&str; 10] = [
    "*",
    "account",
    "account:*",
    "account:write",
    "ACCOUNT:READ",
    "sessions",
    "users",
    "superuser",
    "admin",
    "notes:read",
];

async fn limited_sessions_need_a_scope_that_the_row_declares(cx: Cx) {
    let app = cx.app().await;
    for endpoint in endpoints(&app, |endpoint| endpoint.requirement().is_some()) {
        let id = endpoint.id.as_ref();
        let caller = samples::caller(&app, &endpoint).await.expect("a route for somebody");
        let request = samples::ready(&app, &endpoint, Some(&caller)).await;
        let needed = scopes_of(&endpoint);
        let others = ["account:read", "sessions:read", id].into_iter().chain(FOREIGN_SCOPES);
        let others: Vec<&str> = others.filter(|scope| !needed.unwrap_or_default().contains(scope)).collect();
        for backend in endpoint.backend().map_or(vec!["cookie", "jwt", "db"], |name| vec![name]) {
            if let Some(scopes) = needed {
                let limited = limited(&app, &caller, backend, scopes).await;
                let answer = request.clone().by(&limited).send().await;
                assert!(answer.status.is_success(), "{id} {backend}: {}", answer.text());
            }
            for granted in [&[], others.as_slice()] {
                let limited = limited(&app, &caller, backend, granted).await;
                let answer = request.clone().by(&limited).send().await;
                if needed == Some(&[]) {
                    answer.is(204);
                    continue;
                }
                let refusal =
                    json!({ "detail": "SCOPE_UPGRADE_REQUIRED", "extra": { "scopes": needed.unwrap_or_default() } });
                assert_eq!(answer.fails(E::ScopeUpgradeRequired).json(), refusal, "{id} {backend} {granted:?}");
            }
        }
        // The limit alone was the reason.
        let answer = request.by(&caller).send().await;
        assert!(answer.status.is_success(), "{id}: {}", answer.text());
    }
}

/// ADM-09: every route of superusers that changes something, whatever it changes and whether or not the id exists.
async fn superusers_change_nothing_without_a_recent_login(cx: Cx) {
    let app = cx.app().await;
    let of_superusers = |endpoint: &Endpoint| endpoint.requirement().is_some_and(Requirement::is_for_superusers);
    let endpoints = endpoints(&app, of_superusers);
    assert!(endpoints.iter().any(|endpoint| endpoint.is_unsafe()), "superusers change accounts");
    for endpoint in endpoints {
        let caller = samples::caller(&app, &endpoint).await.expect("a route for superusers");
        let request = samples::ready(&app, &endpoint, Some(&caller)).await;
        // A JWT has ended by then.
        for backend in ["cookie", "db"] {
            let session = app.login(&caller, backend).await;
            let unknown = samples::request(&app, &endpoint).by(&session);
            let own = samples::path_of(&endpoint.full_path(), &caller.id.to_string());
            let own = app.request(endpoint.method.clone(), &own).by(&session);
            app.clock().advance(RECENT);
            if endpoint.is_unsafe() {
                for old in [request.clone().by(&session), unknown, own] {
                    old.send().await.fails(E::ReauthenticationRequired);
                }
            } else {
                let answer = request.clone().by(&session).send().await;
                assert!(answer.status.is_success(), "{}: {}", endpoint.id, answer.text());
            }
        }
        // The age of the login alone was the reason.
        let answer = request.by(&app.login(&caller, "db").await).send().await;
        assert!(answer.status.is_success(), "{}: {}", endpoint.id, answer.text());
    }
}

async fn unsafe_routes_refuse_other_sites(cx: Cx) {
    let app = cx.app().await;
    for endpoint in endpoints(&app, Endpoint::is_unsafe) {
        let request = || match endpoint.requirement() {
            // The visitor's browser has no cookie yet.
            None => samples::request(&app, &endpoint),
            Some(_) => samples::request(&app, &endpoint).cookie("auth", "any"),
        };
        for origin in [EVIL, "null", "http://localhost:3001", "https://localhost:3000", "http://app.example.com"] {
            request().origin(origin).send().await.fails(E::CsrfRejected);
        }
        for site in ["cross-site", "same-site", "none"] {
            request().header("sec-fetch-site", site).send().await.fails(E::CsrfRejected);
        }
        for own in [PUBLIC_URL, ALLOWED_ORIGIN] {
            assert_ne!(request().origin(own).send().await.code(), E::CsrfRejected.as_str(), "{} {own}", endpoint.id);
        }
    }
}

/// BR-02: a route that only reads refuses other sites as soon as somebody asks it for a WebSocket.
async fn reading_routes_refuse_handshakes_of_other_sites(cx: Cx) {
    let app = cx.app().await;
    for endpoint in endpoints(&app, |endpoint| !endpoint.is_unsafe() && endpoint.requirement().is_some()) {
        let request = || samples::request(&app, &endpoint).cookie("auth", "any").header("upgrade", "websocket");
        for origin in [EVIL, "null", "http://app.example.com"] {
            request().origin(origin).send().await.fails(E::CsrfRejected);
        }
        for own in [PUBLIC_URL, ALLOWED_ORIGIN] {
            request().origin(own).send().await.fails(E::Unauthorized);
        }
    }
}

/// Everybody who may call the endpoints, made once.
async fn callers(app: &App, endpoints: &[Arc<Endpoint>]) -> Vec<Option<Login>> {
    let mut callers = Vec::new();
    for endpoint in endpoints {
        callers.push(samples::caller(app, endpoint).await);
    }
    callers
}

async fn large_bodies_are_refused(cx: Cx) {
    let app = cx.app().await;
    let endpoints = endpoints(&app, declares(E::BodyTooLarge));
    for (endpoint, caller) in endpoints.iter().zip(callers(&app, &endpoints).await) {
        let bare = samples::bare(&app, endpoint);
        let bare = caller.iter().fold(bare, |request, caller| request.by(caller));
        let large = vec![b' '; body::LIMIT + 1];
        bare.clone().bytes("application/json", large.clone()).send().await.fails(E::BodyTooLarge);
        let chunks = large.chunks(4096).map(Bytes::copy_from_slice).collect();
        bare.chunks("application/json", chunks).send().await.fails(E::BodyTooLarge);
    }
}

/// Clients that ask for a change of one version alone, which nothing here has (RFC 9110, section 13.1.1), and everyone
/// whose request does not depend on versions.
async fn versions_do_not_match(cx: Cx) {
    let app = cx.app().await;
    let endpoints = endpoints(&app, declares(E::PreconditionFailed));
    for (endpoint, caller) in endpoints.iter().zip(callers(&app, &endpoints).await) {
        let by = |request| caller.iter().fold(request, |request: Request, caller| request.by(caller));
        for tags in ["\"a\"", "W/\"a\", \"b\""] {
            let request = by(samples::request(&app, endpoint)).header("if-match", tags);
            request.send().await.fails(E::PreconditionFailed);
        }
        let request = by(samples::request(&app, endpoint)).header("if-match", "*").header("if-none-match", "\"a\"");
        let answer =
            request.header("range", "bytes=0-1").header("if-unmodified-since", "Sat, 29 Oct 1994 19:43:31 GMT");
        assert_ne!(answer.send().await.status, StatusCode::PRECONDITION_FAILED, "{}", endpoint.id);
    }
}

async fn other_types_are_refused(cx: Cx) {
    let app = cx.app().await;
    let endpoints = endpoints(&app, declares(E::UnsupportedMediaType));
    for (endpoint, caller) in endpoints.iter().zip(callers(&app, &endpoints).await) {
        let bare = samples::bare(&app, endpoint);
        let bare = caller.iter().fold(bare, |request, caller| request.by(caller));
        for content_type in ["text/plain", "multipart/form-data; boundary=x", "application/json2", "*/*", ""] {
            bare.clone().bytes(content_type, "{}").send().await.fails(E::UnsupportedMediaType);
        }
        if endpoint.body_type() == BodyType::Json {
            bare.form(&[("email", "a@example.org")]).send().await.fails(E::UnsupportedMediaType);
        }
    }
}

async fn malformed_bodies_are_refused(cx: Cx) {
    let app = cx.app().await;
    // Queries are for the scenarios of their feature.
    let endpoints = endpoints(&app, declares(E::UnsupportedMediaType));
    for (endpoint, caller) in endpoints.iter().zip(callers(&app, &endpoints).await) {
        if endpoint.path().contains("{id}") {
            // These look for the id first; their features test the body.
            continue;
        }
        let bare = samples::bare(&app, endpoint);
        let bare = caller.iter().fold(bare, |request, caller| request.by(caller));
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(2000), "]".repeat(2000));
        let bodies: [&[u8]; 9] = [
            b"{",
            b"{\"email\":",
            b"null",
            b"[]",
            b"\"text\"",
            b"{} {}",
            b"{\"email\":\"a\",\"email\":\"b\"}",
            b"\xff\xfe{}",
            deep.as_bytes(),
        ];
        for body in bodies {
            let answer = bare.clone().bytes("application/json; charset=utf-8", body.to_vec()).send().await;
            if endpoint.group == Group::Hasura {
                answer.fails(E::Validation);
                continue;
            }
            let answer = answer.rejects(&[("body", "json_invalid")]);
            assert_eq!(answer.json()["detail"][0]["loc"], serde_json::json!(["body"]), "{}", endpoint.id);
        }
    }
}

async fn an_expired_password_stops_everything_else(cx: Cx) {
    let app = cx.app().await;
    for endpoint in endpoints(&app, |endpoint| endpoint.requirement().is_some()) {
        let caller = samples::caller(&app, &endpoint).await.expect("a route for somebody");
        app.expire_password(&caller).await;
        let answer = samples::request(&app, &endpoint).by(&caller).send().await;
        if declares(E::PasswordChangeRequired)(&endpoint) {
            answer.fails(E::PasswordChangeRequired);
        } else {
            assert_ne!(answer.code(), E::PasswordChangeRequired.as_str(), "{}", endpoint.id);
        }
    }
}

async fn unknown_ids_are_not_found(cx: Cx) {
    let app = cx.app().await;
    for endpoint in endpoints(&app, |endpoint| endpoint.path().contains("{id}")) {
        let caller = samples::caller(&app, &endpoint).await;
        let path = samples::path(&endpoint);
        let spellings = [
            path.clone(),
            path.replace('-', ""),
            samples::path_of(&endpoint.full_path(), "7"),
            samples::path_of(&endpoint.full_path(), "%00"),
            samples::path_of(&endpoint.full_path(), "1%20OR%201=1"),
        ];
        for path in spellings {
            let request = app.request(endpoint.method.clone(), &path);
            let request = caller.iter().fold(request, |request, caller| request.by(caller));
            let request =
                if endpoint.body_type() == BodyType::None { request } else { request.json(samples::body(&endpoint)) };
            request.send().await.fails(E::NotFound);
        }
    }
}

async fn other_methods_are_not_allowed(cx: Cx) {
    let app = cx.app().await;
    let methods =
        [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS, Method::TRACE];
    for mounted in app.table().paths() {
        let path = samples::path_of(&mounted.template, &uuid::Uuid::max().to_string());
        for method in &methods {
            // A spelled-out path may hide a method of one with a parameter: the former decides.
            if mounted.endpoints.iter().all(|endpoint| endpoint.method != *method) {
                let answer = app.request(method.clone(), &path).send().await.fails(E::MethodNotAllowed);
                assert_eq!(answer.header("allow"), Some(mounted.allow.as_str()), "{method} {path}");
            }
        }
        // Nobody can smuggle another method past the router.
        let smuggled = app.request(Method::TRACE, &path).header("x-http-method-override", "GET");
        smuggled.send().await.fails(E::MethodNotAllowed);
    }
}

async fn head_answers_like_get_without_a_body(cx: Cx) {
    let app = cx.app().await;
    for endpoint in endpoints(&app, |endpoint| endpoint.method == Method::GET) {
        let caller = samples::caller(&app, &endpoint).await;
        for caller in [caller, None] {
            let by = |method: Method| {
                let request = app.request(method, &samples::path(&endpoint));
                caller.iter().fold(request, |request, caller| request.by(caller))
            };
            let (get, head) = (by(Method::GET).send().await, by(Method::HEAD).send().await);
            if endpoint.is_unsafe() {
                head.is(405);
                continue;
            }
            assert_eq!(head.status, get.status, "{}", endpoint.id);
            assert_eq!(head.header("content-type"), get.header("content-type"), "{}", endpoint.id);
            // It may be left out, but must not be another one (RFC 9110, section 8.6). Each export is an event of the next.
            let length = head.header("content-length");
            let is_right =
                length.is_none() || length == get.header("content-length") || endpoint.id == "profile.export";
            assert!(is_right, "{}: {length:?}", endpoint.id);
            assert!(head.body.is_empty(), "{}", endpoint.id);
        }
    }
}

async fn without_the_database_it_says_so(cx: Cx) {
    let app = cx.app().await;
    let endpoints = endpoints(&app, |_| true);
    let callers = callers(&app, &endpoints).await;
    app.lose_database().await;
    for (endpoint, caller) in endpoints.iter().zip(callers) {
        let request = caller.iter().fold(samples::request(&app, endpoint), |request, caller| request.by(caller));
        let answer = request.send().await;
        if declares(E::Overloaded)(endpoint) {
            let answer = answer.fails(E::Overloaded);
            let wait: u32 =
                answer.header("retry-after").and_then(|text| text.parse().ok()).expect("a number of seconds");
            assert!((1..=60).contains(&wait), "{}: {wait}", endpoint.id);
        } else if endpoint.id != "hasura.keys" {
            assert!(answer.status.is_success() || answer.status.is_redirection(), "{}: {}", endpoint.id, answer.text());
        }
    }
}

async fn every_code_has_the_status_of_the_contract(_: Cx) {
    for code in E::ALL {
        assert_eq!(Problem::new(*code).status(), statuses::status(*code), "{code:?}");
    }
    let codes: BTreeSet<E> = statuses::ROWS.iter().map(|row| row.0).collect();
    assert_eq!(codes.len(), statuses::ROWS.len(), "a code with two rows");
}

async fn a_request_costs_what_its_row_states(cx: Cx) {
    let app = cx.app().await;
    for endpoint in endpoints(&app, |endpoint| endpoint.statements().is_some()) {
        let request = samples::succeeding(&app, &endpoint).await;
        let _ = app.statements().take();
        let answer = request.send().await;
        // The suite's own keys are shared secrets.
        let is_done = answer.status.is_success() || answer.code() == E::NoPublicKeys.as_str();
        assert!(is_done, "{}: {}", endpoint.id, answer.text());
        let statements = app.statements().take();
        assert_eq!(Some(statements.len()), endpoint.statements(), "{}: {statements:#?}", endpoint.id);
    }
}

/// Every name that a path of ours begins with, on every framework; one that no path begins with is served.
async fn a_backend_named_like_a_route_is_refused(cx: Cx) {
    let app = cx.app().await;
    let first = |endpoint: &Endpoint| endpoint.path().split('/').nth(1).unwrap_or_default().to_owned();
    let own = |endpoint: &Endpoint| endpoint.group == Group::Auth && !endpoint.is_below_backend();
    let taken: BTreeSet<String> = endpoints(&app, own).iter().map(|endpoint| first(endpoint)).collect();
    let attempt = |name: &str| {
        let backend = Backend::bearer(name).refresh(RefreshOptions::default());
        let builder = TestParts::default().builder(app.pool().clone()).backend(backend);
        mount(cx.target(), &add_features(builder).build().expect("the core knows no route"))
    };
    for name in taken.iter().filter(|name| name.bytes().all(|c| c.is_ascii_lowercase() || c == b'-')) {
        let refused = attempt(name).expect_err("a name that a route begins with").to_string();
        assert!(refused.contains(&format!("rename the backend {name:?}: the route ")), "{refused}");
    }
    assert!(taken.contains("sessions") && taken.contains("login"), "{taken:?}");
    assert_eq!(attempt("mobile"), Ok(()));
}
