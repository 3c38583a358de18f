//! Prints each public type that can be printed, with canaries in it, and looks for them (SEC-07).
//!
//! `cargo xtask tidy` finds the types and insists that they are here.

use std::fmt::Debug;
use std::time::Duration;

use auth_core::uuid::Uuid;
use auth_core::{Error, ErrorCode};
use http::Method;
use serde_json::json;

use crate::cookie::{self, Due, Prolonged};
use crate::tests::{auth, headers};
use crate::{Endpoint, FieldProblem, MountedPath, Problem, PublicDocument, RequestHead, Requirement, Table};

const SECRET: &str = "canary-Umbrella-42-Zebra-of-the-moon";

fn check(name: &str, value: &dyn Debug) {
    let text = format!("{value:?} {value:#?}");
    assert!(!text.contains("canary") && !text.trim().is_empty(), "{name}: {text}");
}

#[test]
fn nothing_of_a_request_is_shown() {
    let bearer = format!("Bearer {SECRET}");
    let cookie = format!("auth={SECRET}");
    let headers = headers(&[("authorization", &bearer), ("cookie", &cookie)]);
    assert!(format!("{headers:?}").contains(SECRET), "they would be shown");
    check("RequestHead", &RequestHead { method: &Method::POST, headers: &headers, peer: None });
}

#[test]
fn nothing_of_a_cookie_is_shown() {
    let auth = auth("https://notes.example.com", &[]);
    let transport = &auth.sessions().backend("cookie").unwrap().transport;
    let cookie = cookie::write(transport, SECRET, None).unwrap();
    assert!(cookie.to_str().unwrap().contains(SECRET), "it would be shown");
    let (session_id, user_id, interval) = (Uuid::nil(), Uuid::nil(), Duration::ZERO);
    check("Due", &Due { cookie: cookie.clone(), session_id, user_id, security_epoch: 0, interval });
    check("Prolonged", &Prolonged { cookie, makes_private: true });
}

#[test]
fn nothing_of_the_table_is_shown() {
    let table: Table = Table::new(&auth("https://notes.example.com", &[])).unwrap();
    check("Table", &table);
    for path in table.paths() {
        let MountedPath { endpoints, .. } = &path;
        endpoints.iter().for_each(|endpoint: &std::sync::Arc<Endpoint>| check("Endpoint", endpoint));
        check("MountedPath", &path);
    }
}

#[test]
fn documents_are_public() {
    check("PublicDocument", &PublicDocument::new("{}"));
}

#[test]
fn problems_and_requirements_hold_no_secrets() {
    let field = FieldProblem::new("missing", "body", "password", "Field required");
    check("FieldProblem", &field);
    check("Problem", &Problem::validation(vec![field]));
    check("Problem", &Problem::from(Error::from(ErrorCode::RateLimited)));
    check("Problem", &Problem::from(ErrorCode::ScopeUpgradeRequired.with_extra(json!({ "scopes": ["notes:read"] }))));
    check("Requirement", &Requirement::new().scopes(["notes:read"]));
}
