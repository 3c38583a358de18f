//! Scenarios of requests that another site makes a browser send.

use auth_core::ErrorCode as E;
use http::Method;
use serde_json::json;

use crate::scenario::scenarios;
use crate::{Cx, PASSWORD, Scenario, Setup};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    what_a_browser_says_decides,
    a_handshake_is_no_reading_request: sockets_only,
    apps_in_web_views_are_named,
    get_and_head_change_nothing,
];

/// WEB-01 to WEB-04: what `Origin` and `Sec-Fetch-Site` say, on a route with a cookie, before a login, and with a bearer
/// token alone, which no browser adds by itself.
async fn what_a_browser_says_decides(cx: Cx) {
    const OWN: &str = "http://localhost:3000";
    const ALLOWED: &str = "https://app.example.com";
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let (cookie, bearer) = (app.login(&ada, "cookie").await, app.login(&ada, "db").await);
    let origins = [
        ("andrii-kryvoviaz/slink#72, lukacf/meerkat#113", ""),
        ("Fetch Metadata, section 2.2; MDN Sec-Fetch-Site", OWN),
        ("axios/axios#6071, c15t/c15t#1012", ALLOWED),
        ("attack", "https://evil.example"),
        ("electron/electron#7931, pleaseai/shunt#471, misskey-dev/misskey#16323", "null"),
        ("attack", "http://localhost:3000.evil.example"),
    ];
    for (seen, origin) in origins {
        for site in ["", "same-origin", "same-site", "cross-site", "none"] {
            let fine = match origin {
                "" => matches!(site, "" | "same-origin"),
                OWN => matches!(site, "" | "same-origin"),
                ALLOWED => true,
                "null" => site == "same-origin",
                _ => false,
            };
            let marked = |request: crate::Request| {
                let request = if origin.is_empty() { request } else { request.header("origin", origin) };
                if site.is_empty() { request } else { request.header("sec-fetch-site", site) }
            };
            let change = || app.patch("/users/me").json(json!({ "display_name": format!("{origin} {site}") }));
            let login = || app.post("/auth/login").form(&[("username", &ada.email), ("password", PASSWORD)]);
            let before = app.session_count().await;
            let answer = marked(change()).by(&cookie).send().await;
            assert_eq!(answer.status, if fine { 200 } else { 403 }, "{seen}: {origin:?}, {site:?}");
            if fine {
                marked(login()).send().await.is(204);
                assert_eq!(app.session_count().await, before + 1);
            } else {
                answer.fails(E::CsrfRejected);
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

/// BR-02: what asks for a WebSocket may say anything afterwards, on the routes of the library and of the host.
async fn a_handshake_is_no_reading_request(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let (cookie, bearer) = (app.login(&ada, "cookie").await, app.login(&ada, "db").await);
    let handshake = |path: &str| app.get(path).header("connection", "Upgrade").header("upgrade", "websocket");
    for path in ["/users/me", "/host/current", "/host/session"] {
        for (seen, origin) in [
            ("kemalcr/kemal#766", "https://evil.example"),
            ("amir20/dozzle#4671", "https://user-content.example.com"),
            ("attack: a sandboxed frame", "null"),
            ("electron/electron#3976", "file://"),
            ("react/react-native#16304", "http://localhost:3000/"),
            ("websocket-client/websocket-client#787", "https://localhost:3000"),
        ] {
            let request = || handshake(path).header("origin", origin).header("sec-fetch-mode", "websocket");
            let answer = request().by(&cookie).send().await;
            assert_eq!(answer.status, 403, "{seen}: {origin}");
            answer.fails(E::CsrfRejected);
            // A native client that writes an origin: letta-ai/letta-code#3511.
            assert_eq!(request().by(&bearer).send().await.status, 200, "{seen}: {origin}");
        }
        for origin in ["http://localhost:3000", "https://app.example.com"] {
            handshake(path).header("origin", origin).by(&cookie).send().await.is(200);
        }
        // Nothing that only a browser says: a native client.
        handshake(path).by(&cookie).send().await.is(200);
    }
}

/// BR-08: origins of web views are compared as text.
async fn apps_in_web_views_are_named(cx: Cx) {
    let setup = Setup::default().auth(|auth| auth.allowed_origin("capacitor://localhost"));
    let app = cx.app_with(setup).await;
    let ada = app.register("ada").await;
    for (seen, origin, fine) in [
        ("c15t/c15t#1012", "capacitor://localhost", true),
        ("attack", "capacitor://evil", false),
        ("ionic-team/capacitor#2669", "capacitor://", false),
        ("pydantic/logfire-js#89", "tauri://localhost", false),
        ("asciimoo/hister#635", "safari-web-extension://5D1B3F0A-7C2E-4E0B-9A52-6F1D2C3B4A59", false),
    ] {
        let login = || app.post("/auth/jwt/login").form(&[("username", &ada.email), ("password", PASSWORD)]);
        let answer = login().header("origin", origin).header("sec-fetch-site", "cross-site").send().await;
        assert_eq!(answer.status, if fine { 200 } else { 403 }, "{seen}: {origin}");
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
