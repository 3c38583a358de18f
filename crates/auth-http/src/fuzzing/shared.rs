//! The app that inputs are for, and reading headers from an input.

use std::sync::LazyLock;

use auth_core::sea_orm::Database;
use auth_core::token::JwtOptions;
use auth_core::{Auth, Backend, CookieOptions, RootSecret};
use http::header::{HeaderMap, HeaderName, HeaderValue};

/// The app's own origin.
pub(super) const OWN: &str = "https://notes.example.com";

/// The origins that the app allows besides.
pub(super) const LISTED: [&str; 2] = ["https://app.example.com", "capacitor://localhost"];

/// The name of the session cookie.
pub(super) const COOKIE: &str = "notes";

/// The app that the headers are for. It asks its database nothing.
pub(super) static AUTH: LazyLock<Auth> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let db = runtime.block_on(Database::connect("sqlite::memory:")).unwrap();
    let cookie = CookieOptions { name: Some(COOKIE.to_owned()), ..CookieOptions::default() };
    let builder = Auth::builder(db)
        .public_url(OWN)
        .secret(RootSecret::new(*b"0f8d1c62b7a94e35d2c1f0a9b8e7d6c5"))
        .backend(Backend::cookie("cookie", cookie))
        .backend(Backend::bearer("jwt").jwt(JwtOptions::default()))
        .backend(Backend::bearer("db"));
    LISTED.iter().fold(builder, |builder, origin| builder.allowed_origin(*origin)).build().unwrap()
});

/// The headers of a request, with a name, a colon and a value on each line. Lines that a server refuses are left out.
pub(super) fn headers(head: &[u8]) -> HeaderMap {
    let header = |line: &[u8]| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        Some((name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?))
    };
    lines(head).filter_map(header).collect()
}

/// Several headers of one name, with a value on each line.
pub(super) fn values(name: &HeaderName, text: &[u8]) -> HeaderMap {
    lines(text).filter_map(|line| Some((name.clone(), HeaderValue::from_bytes(line.trim_ascii()).ok()?))).collect()
}

/// The same headers with one more at the end.
pub(super) fn with(headers: &HeaderMap, name: HeaderName, value: &[u8]) -> HeaderMap {
    let mut headers = headers.clone();
    headers.append(name, HeaderValue::from_bytes(value).expect("a header value"));
    headers
}

pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n')
}
