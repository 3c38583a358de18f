//! The headers of every answer.

use std::sync::LazyLock;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Headers that every answer carries. A map is copied in a fraction of the time that it takes to build one.
static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
        (header::VARY, "Cookie, Authorization, Origin"),
    ];
    headers.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
});

/// Makes of the headers of an answer those of a public document: any cache may keep it for five minutes, and pages of any
/// site may read it. Nothing in it may depend on who asks.
pub fn publish(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    headers.remove(header::VARY);
}

/// Whether any cache may keep an answer: it must not change what one browser has.
pub(crate) fn is_public(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN)
}

/// Begins the headers of an answer with those of every answer. Answers belong to one caller, are data and not pages,
/// and say nothing to other sites.
pub(crate) fn secure(headers: &mut HeaderMap) {
    headers.clone_from(&HEADERS);
}
