//! Whether the endpoints answer what they declare, all of it and nothing else.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use auth_core::{BuiltBackend, ErrorCode, Transport};
use auth_http::{Endpoint, Group, Table};
use http::{Method, StatusCode};

use crate::route::Route;
use crate::{Answer, App, Target, document, statuses};

/// What was seen: target, endpoint, status, code (empty for a success).
static SEEN: Mutex<BTreeSet<(Target, String, u16, String)>> = Mutex::new(BTreeSet::new());

/// Headers that every answer of ours has.
const HEADERS: [(&str, &str); 7] = [
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("x-frame-options", "DENY"),
    ("cross-origin-resource-policy", "same-origin"),
    ("vary", "Cookie, Authorization, Origin"),
];

/// Checks an answer against what the table declares, and records it.
#[track_caller]
pub(crate) fn inspect(app: &App, route: &Route, method: &Method, answer: &Answer) {
    match route {
        Route::Host => {
            assert_ne!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{}: {}", answer.asked, answer.text())
        }
        Route::NotFound => assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}: {}", answer.asked, answer.text()),
        Route::MethodNotAllowed(path) => {
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{}: {}", answer.asked, answer.text());
            assert_eq!(answer.header("allow"), Some(path.allow.as_str()), "{}", answer.asked);
            check_headers(answer);
            let pairs = answer.asked.contains(" /hasura/");
            check_code(app, answer, if pairs { statuses::status_of_pairs } else { statuses::status });
        }
        Route::Endpoint(endpoint) => {
            if endpoint.id.ends_with(".keys") && [200, 304].contains(&answer.status.as_u16()) {
                assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
                assert_eq!((answer.header("vary"), answer.header("set-cookie")), (Some("Accept-Encoding"), None));
            } else {
                check_headers(answer);
            }
            check_code(app, answer, status_at(endpoint));
            check_declared(app, endpoint, method, answer);
        }
    }
}

/// The statuses of codes at an endpoint.
fn status_at(endpoint: &Endpoint) -> fn(ErrorCode) -> StatusCode {
    if endpoint.group == Group::Hasura { statuses::status_of_pairs } else { statuses::status }
}

#[track_caller]
fn check_headers(answer: &Answer) {
    for (name, value) in HEADERS {
        assert_eq!(answer.header(name), Some(value), "{name} of {}: {}", answer.asked, answer.text());
    }
}

/// Insists on the status of a code, and on the header that goes with it. Only a bearer token can be asked for.
#[track_caller]
fn check_code(app: &App, answer: &Answer, status: fn(ErrorCode) -> StatusCode) {
    let code = answer.code();
    let Some(code) = ErrorCode::ALL.iter().find(|known| known.as_str() == code) else { return };
    assert_eq!(answer.status, status(*code), "{}: {}", answer.asked, answer.text());
    let Some(name) = statuses::header(*code) else { return };
    let bearer = |backend: &BuiltBackend| matches!(backend.transport, Transport::Bearer);
    let expected = name != "www-authenticate" || app.auth().backends().iter().any(bearer);
    assert_eq!(answer.headers.contains_key(name), expected, "{name} of {}: {}", answer.asked, answer.text());
}

#[track_caller]
fn check_declared(app: &App, endpoint: &Endpoint, method: &Method, answer: &Answer) {
    let (status, code) = (answer.status, answer.code());
    if status == StatusCode::REQUEST_TIMEOUT || (status.is_server_error() && app.tolerates_500()) {
        return;
    }
    assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{}: {}", answer.asked, answer.text());
    let https = app.auth().settings().public_url.scheme() == "https";
    assert_eq!(answer.header("strict-transport-security"), https.then_some("max-age=31536000"), "{}", answer.asked);
    let described = document::check(endpoint, method, (status, &answer.headers, &answer.body));
    if let Err(problem) = described {
        panic!("{}: {}: not as docs/openapi.json says: {problem}", answer.asked, answer.text());
    }
    let statuses_of = status_at(endpoint);
    let errors = endpoint.declared_errors();
    let success = endpoint.successes.iter().any(|success| success.status == status);
    if method == Method::HEAD {
        assert!(answer.body.is_empty(), "{}: {}", answer.asked, answer.text());
        let failure = errors.iter().any(|code| statuses_of(*code) == status);
        assert!(success || failure, "{} answered {status}, which {} does not declare", answer.asked, endpoint.id);
        // The one refusal of a row that nothing but `HEAD` comes to: without a body, its status has to do for its code.
        if status == StatusCode::METHOD_NOT_ALLOWED {
            see(app, endpoint, status, ErrorCode::MethodNotAllowed.as_str());
        }
        return;
    }
    let declared = match code.as_str() {
        "" => success,
        code => errors.iter().any(|known| known.as_str() == code && statuses_of(*known) == status),
    };
    assert!(declared, "{} answered {}, which {} does not declare", answer.asked, answer.text(), endpoint.id);
    see(app, endpoint, status, &code);
}

fn see(app: &App, endpoint: &Endpoint, status: StatusCode, code: &str) {
    let seen = (app.target(), endpoint.id.to_string(), status.as_u16(), code.to_owned());
    SEEN.lock().unwrap_or_else(PoisonError::into_inner).insert(seen);
}

/// What the endpoints declare and no scenario produced on a target, a line for each.
pub(crate) fn missing(table: &Table, target: Target) -> Vec<String> {
    let seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut missing = Vec::new();
    for endpoint in table.endpoints() {
        let status = status_at(endpoint);
        let errors = endpoint.declared_errors();
        let errors = errors.iter().map(|code: &ErrorCode| (status(*code).as_u16(), code.as_str()));
        let successes = endpoint.successes.iter().map(|success| (success.status.as_u16(), ""));
        for (status, code) in successes.chain(errors) {
            if !seen.contains(&(target, endpoint.id.to_string(), status, code.to_owned())) {
                missing.push(format!("{}: {} never answered {status} {code}", target.name(), endpoint.id));
            }
        }
    }
    missing
}
