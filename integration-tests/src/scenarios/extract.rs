//! Scenarios of the extractors and of the middleware, in a host app with handlers of its own.

use std::time::Duration;

use auth_core::ErrorCode as E;
use auth_testkit::{ALLOWED_ORIGIN, PUBLIC_URL};
use http::Method;
use serde_json::json;

use crate::scenario::scenarios;
use crate::{Answer, App, Cx, Login, PASSWORD, Scenario};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    active_users_are_found: sockets_only,
    requirements_are_checked: sockets_only,
    backends_can_be_named: sockets_only,
    optional_user_may_be_nobody: sockets_only,
    foreign_sites_are_refused: sockets_only,
    claims_need_no_database: sockets_only,
    two_extractors_cost_one_query: sockets_only,
    middleware_protects_a_subtree: sockets_only,
    without_the_database_they_say_so: sockets_only,
    one_handle_does_not_trust_the_principals_of_another: sockets_only,
];

async fn found(app: &App, path: &str, login: &Login) -> String {
    let answer = app.get(path).by(login).send().await.is(200);
    String::from_utf8_lossy(&answer.body).into_owned()
}

async fn active_users_are_found(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    for backend in ["cookie", "jwt", "db"] {
        let login = app.login(&ada, backend).await;
        for path in ["/host/current", "/host/optional", "/host/recent"] {
            assert_eq!(found(&app, path, &login).await, "ada@example.org", "{path} {backend}");
        }
        assert_eq!(found(&app, "/host/session", &login).await, backend);
    }
    let login = app.login(&ada, "db").await;
    app.deactivate(&ada).await;
    app.get("/host/current").by(&login).send().await.fails(E::Unauthorized);
}

/// Guarded by an extractor or by the middleware.
const GUARDED: [&str; 9] = [
    "/host/current",
    "/host/current-db",
    "/host/verified",
    "/host/superuser",
    "/host/session",
    "/host/recent",
    "/host/claims",
    "/host/twice",
    "/host/gated/secret",
];

async fn requirements_are_checked(cx: Cx) {
    let app = cx.app().await;
    for path in GUARDED {
        for request in [app.get(path), app.get(path).bearer("nonsense"), app.get(path).cookie("auth", "nonsense")] {
            let answer = request.send().await.fails(E::Unauthorized);
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{path}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        }
    }
    let ada = app.user("ada").await;
    app.get("/host/verified").by(&ada).send().await.fails(E::EmailNotVerified);
    app.get("/host/superuser").by(&ada).send().await.fails(E::Forbidden);
    app.set(&ada, "is_verified = TRUE, is_superuser = TRUE").await;
    assert_eq!(found(&app, "/host/verified", &ada).await, "ada@example.org");
    assert_eq!(found(&app, "/host/superuser", &ada).await, "ada@example.org");
    app.clock().advance(Duration::from_secs(600));
    app.get("/host/recent").by(&ada).send().await.fails(E::ReauthenticationRequired);
    app.expire_password(&ada).await;
    for path in GUARDED.into_iter().filter(|path| *path != "/host/claims") {
        app.get(path).by(&ada).send().await.fails(E::PasswordChangeRequired);
    }
}

async fn backends_can_be_named(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    for (backend, good) in [("cookie", false), ("jwt", false), ("db", true)] {
        let login = app.login(&ada, backend).await;
        let answer = app.get("/host/current-db").by(&login).send().await;
        let _: Answer = if good { answer.is(200) } else { answer.fails(E::Unauthorized) };
    }
}

async fn optional_user_may_be_nobody(cx: Cx) {
    let app = cx.app().await;
    for request in [app.get("/host/optional"), app.get("/host/optional").bearer("nonsense")] {
        assert_eq!(request.send().await.is(200).body, "nobody");
    }
}

async fn foreign_sites_are_refused(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let (cookie, bearer) = (app.login(&ada, "cookie").await, app.login(&ada, "db").await);
    for path in ["/host/current", "/host/optional", "/host/gated/secret"] {
        let post = || app.post(path).by(&cookie);
        post().origin("https://evil.example").send().await.fails(E::CsrfRejected);
        post().header("sec-fetch-site", "same-site").send().await.fails(E::CsrfRejected);
        post().origin("https://evil.example").by(&bearer).send().await.fails(E::CsrfRejected);
        for origin in [PUBLIC_URL, ALLOWED_ORIGIN] {
            post().origin(origin).send().await.is(200);
        }
        // A bearer token does not travel by itself, and a safe method changes nothing.
        app.post(path).by(&bearer).origin("https://evil.example").send().await.is(200);
        app.get(path).by(&cookie).origin("https://evil.example").send().await.is(200);
    }
}

async fn claims_need_no_database(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let (jwt, db) = (app.login(&ada, "jwt").await, app.login(&ada, "db").await);
    app.get("/host/claims").by(&db).send().await.fails(E::Unauthorized);
    app.lose_database().await;
    assert_eq!(found(&app, "/host/claims", &jwt).await, ada.id.to_string());
    app.clock().advance(Duration::from_secs(631));
    app.get("/host/claims").by(&jwt).send().await.fails(E::Unauthorized);
}

async fn two_extractors_cost_one_query(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    for path in ["/host/twice", "/host/gated/twice"] {
        let _ = app.statements().take();
        assert_eq!(found(&app, path, &ada).await, "ada@example.org db");
        let statements = app.statements().take();
        assert_eq!(statements.len(), 1, "{path}: {statements:#?}");
    }
}

async fn middleware_protects_a_subtree(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    assert_eq!(found(&app, "/host/gated/secret", &ada).await, "ada@example.org");
    for path in ["/host/gated/public/page", "/host/gated/about"] {
        assert_eq!(app.get(path).send().await.is(200).body, "open to everybody", "{path}");
    }
    // An exception is for one path, and nobody gets elsewhere by it.
    for path in ["/host/gated/secret", "/host/gated/secret?x=/public/page"] {
        app.get(path).send().await.fails(E::Unauthorized);
    }
    // Whether a path is unknown is for some routers to find out first.
    for path in ["/host/gated/nothing", "/host/gated/aboutx", "/host/gated/about/x"] {
        assert!([401, 404].contains(&app.get(path).send().await.status.as_u16()), "{path}");
    }
    for path in ["/host/gated/public/../secret", "/host/gated/public/%2e%2e/secret", "/host/gated/public//secret"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = app.raw(request.as_bytes()).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(
            ["HTTP/1.1 401", "HTTP/1.1 404", "HTTP/1.1 400"].iter().any(|start| answer.starts_with(start)),
            "{answer}"
        );
    }
    // Browsers ask without credentials before they send.
    assert_ne!(app.request(Method::OPTIONS, "/host/gated/secret").send().await.status, 401);
}

async fn without_the_database_they_say_so(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    app.lose_database().await;
    for path in ["/host/current", "/host/optional", "/host/gated/secret"] {
        let answer = app.get(path).by(&ada).send().await.fails(E::Overloaded);
        assert!(answer.header("retry-after").is_some(), "{path}");
    }
}

async fn one_handle_does_not_trust_the_principals_of_another(cx: Cx) {
    let app = cx.app().await;
    let (ada, grace) = (app.register("ada").await, app.register("grace").await);
    app.promote(&ada).await;
    let ada = app.login(&ada, "cookie").await;
    let login = json!({ "username": grace.email, "password": PASSWORD });
    let answer = app.post("/host/other/auth/other/login").json(login).send().await.is(200);
    let token = answer.json()["access_token"].as_str().expect("a token").to_owned();
    for path in ["/host/other/gated/current", "/host/other/gated/superuser", "/host/other/twice/current"] {
        // Nobody passes the middleware of the one handle with a token of the other.
        app.get(path).bearer(&token).send().await.fails(E::Unauthorized);
        // It lets Ada pass, and the other handle does not know her.
        app.get(path).by(&ada).send().await.fails(E::Unauthorized);
    }
    assert_eq!(found(&app, "/host/other/gated/optional", &ada).await, "nobody");
    // Where both know the request, each finds the user of its own token.
    for path in ["current", "optional"].map(|name| format!("/host/other/gated/{name}")) {
        let answer = app.get(&path).by(&ada).bearer(&token).send().await.is(200);
        assert_eq!(answer.body, "grace@example.org", "{path}");
    }
    app.get("/host/other/twice/current").by(&ada).bearer(&token).send().await.is(200);
    app.get("/host/other/gated/superuser").by(&ada).bearer(&token).send().await.fails(E::Forbidden);
}
