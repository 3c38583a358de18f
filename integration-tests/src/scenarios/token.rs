//! Scenarios of the public keys.

use http::Method;
use serde_json::json;

use crate::scenario::scenarios;
use crate::{Cx, Scenario};

pub(super) const SCENARIOS: &[Scenario] =
    scenarios![shared_secrets_are_not_published, who_has_the_keys_is_not_sent_them_again];

async fn shared_secrets_are_not_published(cx: Cx) {
    let app = cx.app().await;
    let answer = app.get("/auth/jwks.json").send().await.is(200);
    assert_eq!(answer.json(), json!({ "keys": [] }));
}

async fn who_has_the_keys_is_not_sent_them_again(cx: Cx) {
    let app = cx.app().await;
    let first = app.get("/auth/jwks.json").send().await.is(200);
    let tag = first.header("etag").expect("a tag");
    // One behind a cache that compresses names it as weak.
    for known in [tag.to_owned(), format!("W/{tag}"), format!("\"a,b\", {tag}"), "*".to_owned()] {
        for method in [Method::GET, Method::HEAD] {
            let again = app.request(method, "/auth/jwks.json").header("if-none-match", &known).send().await.is(304);
            assert_eq!((again.header("etag"), again.body.len()), (Some(tag), 0), "{known}");
            assert_eq!(again.header("cache-control"), first.header("cache-control"), "{known}");
            assert!(matches!(again.header("content-length"), None | Some("11")), "of {{\"keys\":[]}}, if of anything");
        }
    }
    for (name, value) in [
        ("if-none-match", "\"another\""),
        ("if-none-match", "another"),
        ("if-modified-since", "Sat, 29 Oct 2044 19:43:31 GMT"),
        ("range", "bytes=0-3"),
        ("if-range", tag),
    ] {
        let whole = app.get("/auth/jwks.json").header(name, value).send().await.is(200);
        assert_eq!(whole.body, first.body, "{name}: {value}");
    }
}
