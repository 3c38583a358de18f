//! Scenarios of the check of every request, of the list of sessions, and of logout.

use std::time::Duration;

use auth_core::ErrorCode as E;
use auth_core::session::SessionConfig;
use serde_json::{Value, json};

use crate::scenario::scenarios;
use crate::{Answer, App, Cx, Jar, Login, PASSWORD, Scenario, Setup, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    logout_kills_the_token,
    tokens_travel_by_their_own_transport_only,
    the_first_good_token_counts,
    lists_and_ends_sessions,
    sessions_of_others_do_not_exist,
    logs_out_here_or_everywhere,
    idle_sessions_end,
    old_sessions_end_however_busy,
    the_oldest_session_makes_room,
    parallel_logins_keep_within_the_limit,
    one_statement_for_each_request: one_server,
    tokens_are_not_in_the_database,
    a_slow_body_does_not_outlive_its_session: sockets_only,
];

const BACKENDS: [&str; 3] = ["cookie", "jwt", "db"];

async fn me(app: &App, login: &Login) -> Answer {
    app.get("/users/me").by(login).send().await
}

async fn logout_kills_the_token(cx: Cx) {
    let app = cx.app().await;
    let second = app.second_server().await;
    let ada = app.register("ada").await;
    for (backend, path) in [
        ("cookie", "/auth/logout"),
        ("cookie", "/auth/cookie/logout"),
        ("jwt", "/auth/jwt/logout"),
        ("db", "/auth/db/logout"),
    ] {
        let (login, other) = (app.login(&ada, backend).await, app.login(&ada, backend).await);
        // By this backend's token only.
        for foreign in BACKENDS.into_iter().filter(|name| *name != backend) {
            app.post(&format!("/auth/{foreign}/logout")).by(&login).send().await.fails(E::Unauthorized);
        }
        me(&app, &login).await.is(200);
        let answer = app.post(path).by(&login).send().await.is(204);
        let removal = "auth=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0";
        let removals = if backend == "cookie" { vec![removal] } else { vec![] };
        assert_eq!(answer.set_cookies(), removals, "{path}");
        assert_eq!(answer.header("clear-site-data"), Some("\"cache\""));
        for server in [&app, &second] {
            me(server, &login).await.fails(E::Unauthorized);
            me(server, &other).await.is(200);
        }
        app.post(path).by(&login).send().await.fails(E::Unauthorized);
    }
    event!(app, LoggedOut);
}

async fn tokens_travel_by_their_own_transport_only(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    for backend in BACKENDS {
        let login = app.login(&ada, backend).await;
        me(&app, &login).await.is(200);
        let swapped = match login.cookie {
            Some(_) => Login { cookie: None, ..login.clone() },
            None => Login { cookie: Some("auth".to_owned()), ..login.clone() },
        };
        me(&app, &swapped).await.fails(E::Unauthorized);
        let token = &login.token;
        app.get(&format!("/users/me?access_token={token}&token={token}")).send().await.fails(E::Unauthorized);
    }
    // SES-12: the public id of a session is not a credential.
    let login = app.login(&ada, "db").await;
    let list = app.get("/auth/sessions").by(&login).send().await.is(200).json();
    for session in list["sessions"].as_array().expect("a list") {
        let id = session["id"].as_str().expect("an id");
        app.get("/users/me").bearer(id).send().await.fails(E::Unauthorized);
        app.get("/users/me").cookie("auth", id).send().await.fails(E::Unauthorized);
    }
}

async fn the_first_good_token_counts(cx: Cx) {
    let app = cx.app().await;
    let (ada, grace) = (app.register("ada").await, app.register("grace").await);
    let (cookie, bearer) = (app.login(&ada, "cookie").await, app.login(&grace, "db").await);
    let email = |answer: Answer| answer.is(200).json()["email"].clone();
    let both = app.get("/users/me").by(&bearer).by(&cookie).send().await;
    assert_eq!(email(both), "ada@example.org", "the backends decide in their order");
    let bad_cookie = app.get("/users/me").by(&bearer).cookie("auth", "nonsense").send().await;
    assert_eq!(email(bad_cookie), "grace@example.org", "a bad token does not stop a good one");
    // Two cookies of the name: somebody planted one, and there is no telling which.
    app.get("/users/me").by(&cookie).cookie("auth", "planted").send().await.fails(E::Unauthorized);
    app.get("/users/me").bearer(&bearer.token).bearer(&bearer.token).send().await.fails(E::Unauthorized);
}

async fn sessions(app: &App, login: &Login) -> Vec<Value> {
    let list = app.get("/auth/sessions").by(login).send().await.is(200).json();
    list["sessions"].as_array().expect("a list").clone()
}

async fn lists_and_ends_sessions(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let mut logins = Vec::new();
    for backend in BACKENDS {
        app.clock().advance(Duration::from_secs(1));
        let body = json!({ "username": ada.email, "password": PASSWORD });
        let request = app.post(&format!("/auth/{backend}/login")).header("user-agent", format!("browser of {backend}"));
        logins.push(ada.with(&request.json(body).send().await));
    }
    let [cookie, _, db] = logins.as_slice() else { panic!("three logins") };
    let list = sessions(&app, db).await;
    let newest = json!({
        "id": list[0]["id"], "backend": "db", "created_at": "2026-01-15T12:00:03Z", "last_seen_at": "2026-01-15T12:00:03Z",
        "ip": "127.0.0.1", "user_agent": "browser of db", "device_id": list[0]["device_id"],
        "device_name": "a browser", "current": true,
    });
    assert_eq!(list[0], newest);
    let names: Vec<&Value> = list.iter().map(|session| &session["backend"]).collect();
    assert_eq!(names, ["db", "jwt", "cookie"]);
    assert_eq!(list.iter().filter(|session| session["current"] == true).count(), 1);
    let path = |index: usize| format!("/auth/sessions/{}", list[index]["id"].as_str().expect("an id"));
    let answer = app.delete(&path(2)).by(db).send().await.is(204);
    assert!(answer.set_cookies().is_empty());
    me(&app, cookie).await.fails(E::Unauthorized);
    app.delete(&path(2)).by(db).send().await.fails(E::NotFound);
    me(&app, db).await.is(200);
    event!(app, SessionRevoked);
    // Ending one's own is a logout.
    let answer = app.delete(&path(0)).by(db).send().await.is(204);
    assert_eq!(answer.header("clear-site-data"), Some("\"cache\""));
    me(&app, db).await.fails(E::Unauthorized);
}

/// SES-11.
async fn sessions_of_others_do_not_exist(cx: Cx) {
    let app = cx.app().await;
    let (ada, root) = (app.user("ada").await, app.superuser("grace").await);
    let id = sessions(&app, &ada).await[0]["id"].as_str().expect("an id").to_owned();
    app.delete(&format!("/auth/sessions/{id}")).by(&root).send().await.fails(E::NotFound);
    me(&app, &ada).await.is(200);
}

async fn logs_out_here_or_everywhere(cx: Cx) {
    let app = cx.app().await;
    let (ada, grace) = (app.register("ada").await, app.user("grace").await);
    for (body, everywhere) in
        [(json!({}), false), (json!({ "everywhere": false }), false), (json!({ "everywhere": true }), true)]
    {
        let browser = Jar::default();
        app.post("/auth/login")
            .jar(&browser)
            .json(json!({ "name": ada.email, "password": PASSWORD }))
            .send()
            .await
            .is(204);
        let (jwt, db) = (app.login(&ada, "jwt").await, app.login(&ada, "db").await);
        app.post("/auth/logout-all").jar(&browser).json(body).send().await.is(204);
        assert!(!browser.has_session());
        for other in [&jwt, &db] {
            assert_eq!(me(&app, other).await.status == 401, everywhere);
        }
        me(&app, &grace).await.is(200);
    }
    event!(app, SessionsRevoked);
    let db = app.login(&ada, "db").await;
    app.post("/auth/logout-all")
        .by(&db)
        .json(json!({ "everywhere": "yes" }))
        .send()
        .await
        .rejects(&[("everywhere", "bool_type")]);
    me(&app, &db).await.is(200);
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn idle_sessions_end(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let (used, idle) = (app.login(&ada, "db").await, app.login(&ada, "cookie").await);
    app.clock().advance(6 * DAY);
    me(&app, &used).await.is(200);
    app.clock().advance(DAY - Duration::from_millis(1));
    assert_eq!(sessions(&app, &used).await.len(), 2);
    app.clock().advance(Duration::from_millis(1));
    me(&app, &idle).await.fails(E::Unauthorized);
    me(&app, &used).await.is(200);
    assert_eq!(sessions(&app, &used).await.len(), 1);
    // What was refused once stays refused, even should the clock be set back.
    app.clock().set_back(DAY);
    me(&app, &idle).await.fails(E::Unauthorized);
}

async fn old_sessions_end_however_busy(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let (db, jwt) = (app.login(&ada, "db").await, app.login(&ada, "jwt").await);
    app.clock().advance(Duration::from_secs(599));
    me(&app, &jwt).await.is(200);
    app.clock().advance(Duration::from_secs(31));
    me(&app, &jwt).await.fails(E::Unauthorized);
    app.clock().set_back(Duration::from_secs(630));
    for _ in 0..29 {
        app.clock().advance(DAY);
        me(&app, &db).await.is(200);
    }
    app.clock().advance(DAY - Duration::from_millis(1));
    me(&app, &db).await.is(200);
    app.clock().advance(Duration::from_millis(1));
    me(&app, &db).await.fails(E::Unauthorized);
    assert_eq!(app.count("authn_session WHERE backend = 'db'").await, 0, "the row is gone");
}

fn few_sessions(per_user: u64) -> Setup {
    Setup::default().auth(move |auth| auth.sessions(SessionConfig { per_user, ..SessionConfig::default() }))
}

async fn the_oldest_session_makes_room(cx: Cx) {
    let app = cx.app_with(few_sessions(3)).await;
    let ada = app.register("ada").await;
    let mut logins = Vec::new();
    for _ in 0..5 {
        app.clock().advance(Duration::from_secs(1));
        logins.push(app.login(&ada, "db").await);
    }
    for (login, alive) in logins.iter().zip([false, false, true, true, true]) {
        assert_eq!(me(&app, login).await.status == 200, alive);
    }
}

/// SES-21: the oldest end, however many logins there are at once.
async fn parallel_logins_keep_within_the_limit(cx: Cx) {
    let app = cx.app_with(few_sessions(3)).await;
    let servers = [app.clone(), app.second_server().await];
    let ada = app.register("ada").await;
    let logins = race(32, |n| {
        let (server, email) = (servers[n % 2].clone(), ada.email.clone());
        async move { server.try_login(&email, PASSWORD, "db").await.is(200) }
    });
    let mut alive = 0;
    for answer in logins.await {
        alive += usize::from(me(&app, &ada.with(&answer)).await.status == 200);
    }
    assert_eq!(alive, 3);
    assert_eq!(app.session_count().await, 3);
}

async fn one_statement_for_each_request(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    for backend in BACKENDS {
        let login = app.login(&ada, backend).await;
        let _ = app.statements().take();
        me(&app, &login).await.is(200);
        let statements = app.statements().take();
        let cost = app.cost("profile.read");
        assert_eq!(statements.len(), cost, "{backend}: {statements:#?}");
        // A minute later its use is written down, once.
        app.clock().advance(Duration::from_secs(60));
        for expected in [cost + 1, cost] {
            me(&app, &login).await.is(200);
            let statements = app.statements().take();
            assert_eq!(statements.len(), expected, "{backend}: {statements:#?}");
        }
    }
    app.get("/users/me").send().await.fails(E::Unauthorized);
    app.get("/users/me").bearer("nonsense").send().await.fails(E::Unauthorized);
    assert_eq!(app.statements().take(), Vec::<String>::new(), "what cannot be a token is not looked up");
}

async fn tokens_are_not_in_the_database(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    for backend in ["cookie", "db"] {
        let login = app.login(&ada, backend).await;
        let rows = app.rows("SELECT token_hash, amr, ip, user_agent FROM authn_session").await;
        for row in &rows {
            let hash: Vec<u8> = row.try_get_by_index(0).expect("a digest");
            assert_eq!(hash.len(), 32);
            assert_ne!(hash, login.token.as_bytes()[..32]);
            // Nothing that a dump has can be used as a token.
            let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            app.get("/users/me").bearer(&hex).send().await.fails(E::Unauthorized);
            app.get("/users/me").cookie("auth", &hex[..43]).send().await.fails(E::Unauthorized);
        }
        assert!(!rows.is_empty());
    }
}

/// A request that was begun in time is not carried out after the session has ended.
async fn a_slow_body_does_not_outlive_its_session(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("root").await;
    let stolen = app.login(&root, "db").await;
    let body = json!({ "email": "mallory@example.org", "is_superuser": true }).to_string();
    let head = format!(
        "POST /users HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
        Authorization: Bearer {}\r\nContent-Length: {}\r\n\r\n",
        stolen.token,
        body.len()
    );
    let end = async || {
        tokio::time::sleep(Duration::from_millis(1100)).await;
        app.post("/auth/db/logout").by(&stolen).send().await.is(204);
    };
    let answer = app.raw_in_parts(head.as_bytes(), end, body.as_bytes()).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(!app.has_user("mallory@example.org").await);
}
