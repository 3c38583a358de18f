//! What the unit tests of this crate share.

use auth_core::sea_orm::Database;
use auth_core::{Auth, Backend, CookieOptions, RootSecret, Settings};
use http::header::{HeaderMap, HeaderName, HeaderValue};

/// An app that never asks its database anything.
pub(crate) fn auth(public_url: &str, allowed_origins: &[&str]) -> Auth {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let db = runtime.block_on(Database::connect("sqlite::memory:")).unwrap();
    let builder = Auth::builder(db)
        .public_url(public_url)
        .secret(RootSecret::new(*b"0f8d1c62b7a94e35d2c1f0a9b8e7d6c5"))
        .backend(Backend::cookie("cookie", CookieOptions::default()))
        .backend(Backend::bearer("jwt").jwt(auth_core::token::JwtOptions::default()))
        .backend(Backend::bearer("db"));
    allowed_origins.iter().fold(builder, |builder, origin| builder.allowed_origin(*origin)).build().unwrap()
}

pub(crate) fn settings(public_url: &str, allowed_origins: &[&str]) -> Settings {
    auth(public_url, allowed_origins).settings().clone()
}

pub(crate) fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    lines.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())).collect()
}
