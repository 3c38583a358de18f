//! Scenarios of sessions that are limited to scopes (RFC 6749, section 3.3), which the app establishes by itself.

use auth_core::password::Password;
use auth_core::profile::AccountChanges;
use auth_core::session::{Credential, Freshness, Proof};
use auth_core::token::JwtOptions;
use auth_core::{Backend, Client, CookieOptions, ErrorCode as E};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::key_pair::parts;
use crate::mails::VERIFY_EMAIL;
use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Scenario, Setup, audit};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    limited_sessions_stop_where_scopes_are_asked_for: sockets_only,
    limited_sessions_are_nobody_in_person: sockets_only,
    limited_sessions_prove_nothing_at_public_routes,
    every_format_carries_the_scopes: sockets_only,
    the_limit_stays_with_the_session: sockets_only,
    a_renewed_web_token_says_the_same: direct_only,
    a_malformed_scope_makes_no_session: direct_only,
];

const NEW_PASSWORD: &str = "violet-Harbour-57-lamp";

const BACKENDS: [&str; 3] = ["cookie", "jwt", "db"];

/// Asked for by the middleware, by a handler of the session, and by a handler of a token's claims.
const SCOPED: [&str; 2] = ["/host/scoped/secret", "/host/scoped-session"];
const CLAIMS: &str = "/host/scoped-claims";

/// A session that the app itself has established.
async fn establish(app: &App, who: &Login, backend: &str, proof: Proof) -> auth_core::Result<Login> {
    let user = app.auth().admin().get(who.id).await?;
    let backend = app.auth().sessions().backend(backend)?;
    let login = app.auth().sessions().establish(&user, proof, backend, &Client::default()).await?;
    let cookie = (backend.name == "cookie").then(|| "auth".to_owned());
    Ok(Login { token: login.token.access_token.expose_secret().to_owned(), cookie, ..who.clone() })
}

/// A session of `who` that is limited to these scopes.
pub(super) async fn limited(app: &App, who: &Login, backend: &str, scopes: &[&str]) -> Login {
    let proof = Proof::password().scopes(scopes.iter().copied());
    establish(app, who, backend, proof).await.expect("a session")
}

/// The answer names what is missing, and nothing else changes with it.
async fn lacks(app: &App, path: &str, login: &Login, missing: &[&str]) {
    let answer = app.get(path).by(login).send().await.fails(E::ScopeUpgradeRequired);
    assert_eq!(answer.status, 403);
    assert_eq!(answer.json(), json!({ "detail": "SCOPE_UPGRADE_REQUIRED", "extra": { "scopes": missing } }), "{path}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
}

async fn limited_sessions_stop_where_scopes_are_asked_for(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let cases: [(&[&str], &[&str]); 6] = [
        (&["notes:write", "other", "notes:read"], &[]),
        (&["notes:read"], &["notes:write"]),
        (&[], &["notes:read", "notes:write"]),
        (&["notes"], &["notes:read", "notes:write"]),
        (&["notes:*", "*"], &["notes:read", "notes:write"]),
        (&["NOTES:READ", "notes:write"], &["notes:read"]),
    ];
    for (granted, missing) in cases {
        for backend in BACKENDS {
            let login = limited(&app, &ada, backend, granted).await;
            for path in SCOPED {
                match missing {
                    [] => drop(app.get(path).by(&login).send().await.is(200)),
                    missing => lacks(&app, path, &login, missing).await,
                }
            }
            // Where the app asks for no scope, the session is like any other.
            app.get("/host/current").by(&login).send().await.is(200);
        }
    }
    for path in SCOPED {
        // Who somebody is comes before what they may do.
        app.get(path).send().await.fails(E::Unauthorized);
        for backend in BACKENDS {
            app.get(path).by(&app.login(&ada, backend).await).send().await.is(200);
        }
    }
    app.expire_password(&ada).await;
    let login = limited(&app, &ada, "db", &[]).await;
    app.get("/host/scoped/secret").by(&login).send().await.fails(E::PasswordChangeRequired);
}

async fn every_format_carries_the_scopes(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let text = |answer: crate::Answer| String::from_utf8_lossy(&answer.body).into_owned();
    let both = limited(&app, &ada, "jwt", &["notes:read", "notes:write", "notes:read"]).await;
    assert_eq!(text(app.get(CLAIMS).by(&both).send().await.is(200)), "notes:read notes:write", "each once");
    let one = limited(&app, &ada, "jwt", &["notes:write"]).await;
    lacks(&app, CLAIMS, &one, &["notes:read"]).await;
    let none = limited(&app, &ada, "jwt", &[]).await;
    lacks(&app, CLAIMS, &none, &["notes:read", "notes:write"]).await;
    let login = app.login(&ada, "jwt").await;
    assert_eq!(text(app.get(CLAIMS).by(&login).send().await.is(200)), "every scope", "a login is not limited");
    assert_eq!(app.count("authn_session WHERE scope IS NULL").await, 1);
    assert_eq!(app.count("authn_session WHERE scope = 'notes:read notes:write'").await, 1);
    let sessions = app.auth().sessions().list_all(&app.auth().admin().get(ada.id).await.expect("an account")).await;
    let mut scopes: Vec<Option<Vec<String>>> = Vec::new();
    for session in sessions.expect("a list") {
        scopes.push(session.session.scopes().map(|scopes| scopes.into_iter().map(str::to_owned).collect()));
    }
    scopes.sort();
    let known = |scopes: &[&str]| Some(scopes.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>());
    assert_eq!(scopes, [None, known(&[]), known(&["notes:read", "notes:write"]), known(&["notes:write"])]);
}

/// The extractors for superusers and for people who have just logged in take no session that stands for a program,
/// whatever its scopes are called.
async fn limited_sessions_are_nobody_in_person(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("grace").await;
    for path in ["/host/superuser", "/host/recent"] {
        app.get(path).by(&root).send().await.is(200);
        let scopes: [&[&str]; 3] = [&[], &["*", "superuser", "admin", "recent"], &["account:read", "notes:write"]];
        for (backend, scopes) in BACKENDS.into_iter().flat_map(|backend| scopes.map(|scopes| (backend, scopes))) {
            lacks(&app, path, &limited(&app, &root, backend, scopes).await, &[]).await;
        }
    }
    // Who has no such right is told the same.
    let ada = app.register("ada").await;
    lacks(&app, "/host/superuser", &limited(&app, &ada, "db", &[]).await, &[]).await;
}

/// At a public route a limited session is not its user: it does not outlive what ends the others.
async fn limited_sessions_prove_nothing_at_public_routes(cx: Cx) {
    let app = cx.app().await;
    for backend in BACKENDS {
        let ada = app.register(&format!("ada-{backend}")).await;
        let limited = limited(&app, &ada, backend, &["account:read"]).await;
        app.get("/users/me").by(&limited).send().await.is(200);
        let token = app.token_to(&ada.email, VERIFY_EMAIL).await;
        let answer = app.post("/auth/verify").by(&limited).json(json!({ "token": token })).send().await.is(200);
        assert!(answer.session_cookies().is_empty(), "{backend}");
        app.get("/users/me").by(&limited).send().await.fails(E::Unauthorized);
    }
}

/// A new token of the same session is limited as the one that it replaces.
async fn the_limit_stays_with_the_session(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let old = limited(&app, &ada, "cookie", &["account:read"]).await;
    let renewed = renew(&app, &old).await;
    app.get("/users/me").by(&old).send().await.fails(E::Unauthorized);
    app.get("/users/me").by(&renewed).send().await.is(200);
    for path in SCOPED {
        lacks(&app, path, &renewed, &["notes:read", "notes:write"]).await;
    }
}

/// The same where the token itself says what it is for.
async fn a_renewed_web_token_says_the_same(cx: Cx) {
    let backends = || vec![Backend::cookie("cookie", CookieOptions::default()).jwt(JwtOptions::default())];
    let app = cx.app_with(Setup::default().backends(backends)).await;
    let ada = app.register("ada").await;
    let limited = limited(&app, &ada, "cookie", &["notes:read", "b"]).await;
    assert_eq!(parts(&limited.token).1["scope"], "notes:read b");
    let renewed = renew(&app, &limited).await;
    assert_ne!(renewed.token, limited.token);
    assert_eq!(parts(&renewed.token).1["scope"], "notes:read b");
    let unlimited = app.try_login(&ada.email, NEW_PASSWORD, "cookie").await.is(204).cookie().1;
    assert_eq!(parts(&unlimited).1.get("scope"), None, "no scope at all is another thing than an empty one");
}

/// The app itself changes the password of a limited session's user. The routes would refuse that session.
async fn renew(app: &App, limited: &Login) -> Login {
    let (auth, client) = (app.auth(), Client::default());
    let backend = auth.sessions().backend("cookie").expect("a backend");
    let credential = Credential { backend, token: &limited.token };
    let principal =
        auth.sessions().authenticate(&[credential], Freshness::Now).await.expect("a database").expect("a session");
    let changes = AccountChanges {
        password: Some(Password::new(NEW_PASSWORD)),
        current_password: Some(Password::new(PASSWORD)),
        ..AccountChanges::default()
    };
    let updated = auth.profile().update(&principal, changes, &client).await.expect("a change");
    let token = updated.token.expect("a cookie").access_token.expose_secret().to_owned();
    Login { token, ..limited.clone() }
}

/// What would be read as another scope than the app meant is refused before anything is written.
async fn a_malformed_scope_makes_no_session(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    for bad in ["", " ", "notes:read notes:write", "a\"b", "a\\b", "a\tb", "a\nb", "ä"] {
        for backend in BACKENDS {
            let proof = Proof::password().scopes(["notes:read", bad]);
            let refused = establish(&app, &ada, backend, proof).await.expect_err("no such scope");
            assert_eq!(refused.code(), E::Internal, "{bad:?}");
        }
    }
    assert_eq!(app.session_count().await, 0);
    assert!(!app.anybody_logged_in().await);
    limited(&app, &ada, "jwt", &["https://example.org/notes?x=1&y=2#z", "!", "~"]).await;
    audit::tables(&app).await;
}
