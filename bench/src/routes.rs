//! The routes that are measured, and the requests to them.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use crate::seed::{self, Tokens};

/// A route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Route {
    /// (a) JSON of the size of a user, for everybody.
    Bare,
    /// (e) The same behind the extractor that checks a JWT alone.
    Claims,
    /// (b) The user of a session, written by hand.
    Handwritten,
    /// (c) The library's `GET /users/me` by a session in the database.
    Session,
    /// (d) The same by a JWT.
    Jwt,
}

impl Route {
    pub(crate) const ALL: [Self; 5] = [Self::Bare, Self::Claims, Self::Handwritten, Self::Session, Self::Jwt];

    /// Whether the database matters.
    pub(crate) fn asks_database(self) -> bool {
        matches!(self, Self::Handwritten | Self::Session | Self::Jwt)
    }

    /// What it is compared with, and the least share of it that is aimed at.
    pub(crate) fn aim(self) -> Option<(Self, f64)> {
        match self {
            Self::Bare | Self::Handwritten => None,
            Self::Claims => Some((Self::Bare, 0.7)),
            Self::Session | Self::Jwt => Some((Self::Handwritten, 0.9)),
        }
    }

    /// What `--only` calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Claims => "claims",
            Self::Handwritten => "handwritten",
            Self::Session => "session",
            Self::Jwt => "jwt",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Bare => "(a) bare JSON",
            Self::Claims => "(e) `AccessClaims`, JWT alone",
            Self::Handwritten => "(b) hand-written session check",
            Self::Session => "(c) `GET /users/me`, session cookie",
            Self::Jwt => "(d) `GET /users/me`, JWT",
        }
    }

    /// The requests, one for each token.
    pub(crate) fn requests(self, tokens: &Tokens) -> Vec<Vec<u8>> {
        let cookies = |path: &str| -> Vec<Vec<u8>> {
            tokens.cookie.iter().map(|token| get(path, &format!("cookie: auth={token}\r\n"))).collect()
        };
        let bearers = |path: &str| -> Vec<Vec<u8>> {
            tokens.jwt.iter().map(|token| get(path, &format!("authorization: Bearer {token}\r\n"))).collect()
        };
        match self {
            Self::Bare => vec![get("/bare", "")],
            Self::Claims => bearers("/claims"),
            Self::Handwritten => cookies("/handwritten"),
            Self::Session => cookies("/users/me"),
            Self::Jwt => bearers("/users/me"),
        }
    }
}

/// A request as a small client sends it.
pub(crate) fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nuser-agent: auth-bench\r\naccept: */*\r\n{headers}\r\n")
        .into_bytes()
}

/// Logins of all users in turn, each from a network of its own.
pub(crate) fn logins() -> Vec<Vec<u8>> {
    (0..seed::USERS)
        .map(|number| login(number, seed::PASSWORD, &format!("x-forwarded-for: {}\r\n", network(number))))
        .collect()
}

/// Wrong passwords for all users in turn, from one network.
pub(crate) fn guesses() -> Vec<Vec<u8>> {
    (0..seed::USERS).map(|number| login(number, seed::WRONG, "")).collect()
}

/// A network of its own for each number.
pub(crate) fn network(number: usize) -> Ipv4Addr {
    Ipv4Addr::from(0x0A00_0000 + u32::try_from(number).unwrap_or_default())
}

/// Forgotten passwords of all users in turn.
pub(crate) fn forgotten_passwords() -> Vec<Vec<u8>> {
    (0..seed::USERS).map(|number| post("/auth/forgot-password", &json!({ "email": seed::email(number) }))).collect()
}

fn login(number: usize, password: &str, headers: &str) -> Vec<u8> {
    post_with("/auth/login", headers, &json!({ "email": seed::email(number), "password": password }))
}

pub(crate) fn post(path: &str, body: &Value) -> Vec<u8> {
    post_with(path, "", body)
}

fn post_with(path: &str, headers: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nuser-agent: auth-bench\r\naccept: */*\r\n\
        {headers}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
