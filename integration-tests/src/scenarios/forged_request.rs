//! Scenarios of requests that another site makes a browser send.

use auth_core::ErrorCode as E;
use http::Method;
use serde_json::json;

use crate::scenario::scenarios;
use crate::{Cx, PASSWORD, Scenario};

pub(super) const SCENARIOS: &[Scenario] = scenarios![what_a_browser_says_decides, get_and_head_change_nothing];

/// WEB-01 to WEB-04: what `Origin` and `Sec-Fetch-Site` say, on a route with a cookie, before a login, and with a bearer
/// token alone, which no browser adds by itself.
async fn what_a_browser_says_decides(cx: Cx) {
    const OWN: &str = "http://localhost:3000";
    const ALLOWED: &str = "https://app.example.com";
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let (cookie, bearer) = (app.login(&ada, "cookie").await, app.login(&ada, "db").await);
    let origins = ["", OWN, ALLOWED, "https://evil.example", "null", "http://localhost:3000.evil.example"];
    for origin in origins {
        for site in ["", "same-origin", "same-site", "cross-site", "none"] {
            let fine = match origin {
                "" => matches!(site, "" | "same-origin"),
                OWN => matches!(site, "" | "same-origin"),
                ALLOWED => true,
                _ => false,
            };
            let marked = |request: crate::Request| {
                let request = if origin.is_empty() { request } else { request.header("origin", origin) };
                if site.is_empty() { request } else { request.header("sec-fetch-site", site) }
            };
            let change = || app.patch("/users/me").json(json!({ "display_name": format!("{origin} {site}") }));
            let login = || app.post("/auth/login").form(&[("username", &ada.email), ("password", PASSWORD)]);
            let before = app.session_count().await;
            if fine {
                marked(change()).by(&cookie).send().await.is(200);
                marked(login()).send().await.is(204);
                assert_eq!(app.session_count().await, before + 1);
            } else {
                marked(change()).by(&cookie).send().await.fails(E::CsrfRejected);
                // A token that a script added does not make up for the cookie that the browser did.
                marked(change()).by(&cookie).bearer(&bearer.token).send().await.fails(E::CsrfRejected);
                let refused = marked(login()).send().await.fails(E::CsrfRejected);
                assert_eq!(refused.set_cookies(), [""; 0]);
                assert_eq!(app.session_count().await, before);
            }
            let answer = marked(change()).by(&bearer).send().await.is(200);
            assert_eq!(answer.header("access-control-allow-origin"), None, "no other site may read the answer");
        }
    }
}

/// WEB-06, WEB-11: no reading method acts, and no header makes one method another.
async fn get_and_head_change_nothing(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    for method in [Method::GET, Method::HEAD, Method::PUT] {
        for path in ["/auth/db/logout", "/auth/logout-all", "/auth/register"] {
            app.request(method.clone(), path).by(&ada).send().await.is(405);
        }
    }
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        app.get("/users/me").by(&ada).header(name, "DELETE").send().await.is(200);
    }
    app.get("/users/me").by(&ada).send().await.is(200);
}
