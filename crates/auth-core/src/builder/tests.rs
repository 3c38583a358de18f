//! Every mistake is reported, all at once, and good configurations are none.

use std::time::Duration;

use sea_orm::Database;

use crate::config::SessionLimits;
use crate::jwt::JwtKey;
use crate::password::HasherConfig;
use crate::token::{JwtKeys, JwtOptions};
use crate::{Auth, AuthBuilder, Backend, CookieOptions, RootSecret, SameSite};

const SECRET: [u8; 32] = *b"0f8d1c62b7a94e35d2c1f0a9b8e7d6c5";

async fn empty() -> AuthBuilder {
    Auth::builder(Database::connect("sqlite::memory:").await.unwrap()).hasher(HasherConfig::insecure_for_tests())
}

async fn good() -> AuthBuilder {
    empty()
        .await
        .public_url("https://notes.example.com")
        .secret(RootSecret::new(SECRET))
        .backend(Backend::cookie("cookie", CookieOptions::default()))
}

fn problems(builder: AuthBuilder) -> Vec<String> {
    builder.build().err().map(|errors| errors.0).unwrap_or_default()
}

#[tokio::test]
async fn an_empty_configuration_lists_all_that_is_missing() {
    let found = problems(empty().await).join("; ");
    for word in ["`public_url`", "`secret`", "backend"] {
        assert!(found.contains(word), "{word} in {found}");
    }
}

#[tokio::test]
async fn public_urls_are_https_or_local() {
    let cases = [
        ("https://notes.example.com", true),
        ("http://localhost:3000", true),
        ("http://127.0.0.1:3000", true),
        ("http://[::1]:3000", true),
        ("http://notes.localhost", true),
        ("http://notes.example.com", false),
        ("http://localhost.example.com", false),
        ("ftp://notes.example.com", false),
        ("notes.example.com", false),
        ("https://user@notes.example.com", false),
        ("https://notes.example.com/?a=b", false),
    ];
    for (url, fine) in cases {
        assert_eq!(problems(good().await.public_url(url)).is_empty(), fine, "{url}");
    }
}

#[tokio::test]
async fn backends_and_cookies_have_names_of_their_own() {
    let cookie = |name: &str| CookieOptions { name: Some(name.to_owned()), ..CookieOptions::default() };
    let cases = [
        (Backend::bearer("api"), true),
        (Backend::cookie("other", cookie("__Host-other")), true),
        (Backend::bearer("cookie"), false),
        (Backend::bearer("sessions"), false),
        (Backend::bearer("Api"), false),
        (Backend::bearer(""), false),
        (Backend::bearer("a/b"), false),
        (Backend::cookie("other", CookieOptions::default()), false),
        (Backend::cookie("other", cookie("a b")), false),
        (Backend::cookie("other", CookieOptions { domain: Some("example.com".into()), ..cookie("__Host-o") }), false),
        (Backend::cookie("other", CookieOptions { path: Some("/a;b".into()), ..cookie("o") }), false),
        (
            Backend::cookie("other", CookieOptions { max_age: Some(Duration::from_secs(40_000_000)), ..cookie("o") }),
            false,
        ),
    ];
    for (index, (backend, fine)) in cases.into_iter().enumerate() {
        let found = problems(good().await.backend(backend));
        assert_eq!(found.is_empty(), fine, "case {index}: {found:?}");
    }
}

#[tokio::test]
async fn cookies_that_need_https_are_refused_without() {
    let options = CookieOptions { same_site: SameSite::None, ..CookieOptions::default() };
    let builder = good().await.public_url("http://localhost:3000");
    assert!(!problems(builder.backend(Backend::cookie("other", options))).is_empty());
}

#[tokio::test]
async fn origins_are_exact() {
    let cases = [
        ("https://app.example.com", true),
        ("https://app.example.com/", true),
        ("http://localhost:5173", true),
        ("https://app.example.com/path", false),
        ("http://app.example.com", false),
        ("app.example.com", false),
        ("null", false),
        ("*", false),
        ("https://*.example.com", false),
    ];
    for (origin, fine) in cases {
        assert_eq!(problems(good().await.allowed_origin(origin)).is_empty(), fine, "{origin}");
    }
}

#[tokio::test]
async fn weak_secrets_and_limits_are_refused() {
    assert!(!problems(good().await.secret(RootSecret::new("short"))).is_empty());
    assert!(!problems(good().await.secret(RootSecret::new([0; 64]))).is_empty());
    let limits = SessionLimits { idle: Duration::ZERO, ..SessionLimits::default() };
    assert!(!problems(good().await.sessions(limits)).is_empty());
    let weak = HasherConfig { memory_kib: 64, iterations: 1, ..HasherConfig::default() };
    assert!(!problems(good().await.hasher(weak)).is_empty());
}

#[tokio::test]
async fn jwt_keys_are_checked_when_the_app_starts() {
    let jwt = |keys| Backend::bearer("jwt").jwt(JwtOptions { keys, ..JwtOptions::default() });
    assert_eq!(problems(good().await.backend(jwt(JwtKeys::Derived))), [""; 0]);
    let key = JwtKey::hs256("one", &SECRET).unwrap();
    let twice = JwtKeys::Given { signing: key.clone(), verification: vec![key] };
    assert!(!problems(good().await.backend(jwt(twice))).is_empty(), "two keys of one id");
    let forever = JwtOptions { lifetime: Some(Duration::from_secs(10_000_000)), ..JwtOptions::default() };
    assert!(!problems(good().await.backend(Backend::bearer("jwt").jwt(forever))).is_empty());
}
