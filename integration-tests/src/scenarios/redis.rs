//! Scenarios of tokens in Redis: they live and end as those in the database do, and whatever becomes of Redis makes no token
//! good that was revoked.

use std::collections::BTreeSet;
use std::time::Duration;

use auth_core::session::Proof;
use auth_core::{Backend, Client, CookieOptions, ErrorCode as E, RefreshOptions};
use auth_redis::RedisStrategy;
use auth_testkit::check_token_format;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::mails::VERIFY_EMAIL;
use crate::redis::RedisServer;
use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Scenario, Setup, audit};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    tokens_live_and_end_as_in_the_database: by_redis,
    what_ends_credentials_ends_them_here: by_redis,
    a_refreshed_token_ends_at_once: by_redis,
    nothing_in_redis_opens_anything: by_redis,
    an_empty_server_logs_everybody_out: by_redis,
    a_silent_server_is_not_a_bad_token: by_redis,
    a_server_that_takes_nothing_leaves_nothing_half_done: by_redis,
    an_older_copy_revives_nothing: by_redis direct_only,
    a_writer_who_was_held_up_revives_nothing: by_redis direct_only,
    what_redis_missed_is_made_up_for: by_redis direct_only,
    the_index_stays_small: by_redis direct_only sqlite_only,
    what_expires_by_itself_leaves_the_index: by_redis direct_only,
    an_operator_is_told: by_redis direct_only sqlite_only,
    authors_of_formats_are_given_what_this_one_passes: by_redis direct_only,
];

const NEW_PASSWORD: &str = "violet-Harbour-57-lamp";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The backends whose tokens are in Redis.
const REDIS: [&str; 2] = ["redis", "redis-cookie"];

/// Longer than any command takes, on a machine that is busy with other tests.
const PATIENT: Duration = Duration::from_secs(60);

/// An app with tokens in the server at `url` beside those of ours.
fn setup(url: &str) -> Setup {
    setup_within(url, PATIENT)
}

fn setup_within(url: &str, deadline: Duration) -> Setup {
    let url = url.to_owned();
    let redis = move || RedisStrategy::new(&url).expect("a good URL").prefix("notes:").deadline(deadline);
    Setup::default().auth(move |auth| {
        auth.backend(Backend::bearer("redis").custom(redis()))
            .backend(Backend::cookie("redis-cookie", CookieOptions::default()).custom(redis()))
            .backend(Backend::bearer("redis-refresh").custom(redis()).refresh(RefreshOptions::default()))
    })
}

async fn start(cx: &Cx) -> (RedisServer, App) {
    let server = cx.redis().await;
    let app = cx.app_with(setup(&server.url())).await;
    (server, app)
}

async fn status(app: &App, login: &Login) -> u16 {
    app.get("/users/me").by(login).send().await.status.as_u16()
}

async fn log_out_everywhere(app: &App, login: &Login) {
    app.post("/auth/logout-all").by(login).json(json!({ "everywhere": true })).send().await.is(204);
}

async fn sessions(app: &App, login: &Login) -> Vec<Value> {
    let list = app.get("/auth/sessions").by(login).send().await.is(200).json();
    list["sessions"].as_array().expect("a list").clone()
}

async fn tokens_live_and_end_as_in_the_database(cx: Cx) {
    let (server, app) = start(&cx).await;
    let second = app.second_server().await;
    let ada = app.register("ada").await;
    for backend in REDIS {
        let (login, other, third) =
            (app.login(&ada, backend).await, app.login(&ada, backend).await, app.login(&ada, backend).await);
        assert_eq!(login.token.len(), 43);
        assert_eq!(server.tokens().await.len(), 3, "{backend}");
        for app in [&app, &second] {
            assert_eq!((status(app, &login).await, status(app, &other).await), (200, 200), "{backend}");
        }
        if app.target().has_host() {
            assert_eq!(app.get("/host/session").by(&login).send().await.is(200).body, backend);
        }
        // One by one.
        let list = sessions(&app, &login).await;
        assert!(list.iter().all(|session| session["backend"] == backend), "{list:?}");
        let current: Vec<&Value> = list.iter().filter(|session| session["current"] == true).collect();
        assert_eq!((list.len(), current.len()), (3, 1));
        let ids_of_third = sessions(&app, &third).await;
        let third_id = ids_of_third.iter().find(|session| session["current"] == true).expect("its own")["id"].clone();
        let path = format!("/auth/sessions/{}", third_id.as_str().expect("an id"));
        app.delete(&path).by(&login).send().await.is(204);
        app.post(&format!("/auth/{backend}/logout")).by(&login).send().await.is(204);
        for app in [&app, &second] {
            let all = (status(app, &login).await, status(app, &other).await, status(app, &third).await);
            assert_eq!(all, (401, 200, 401), "{backend}");
        }
        second.deliver().await;
        assert_eq!(server.tokens().await.len(), 1, "{backend}: what has ended is deleted");
        log_out_everywhere(&app, &other).await;
        assert_eq!(status(&second, &other).await, 401, "{backend}");
        app.deliver().await;
        assert_eq!(server.tokens().await, Vec::<String>::new());
    }
    // Another app on the same server.
    let tokens = app.login(&ada, "redis").await;
    let stranger = setup(&server.url()).auth({
        let url = server.url();
        move |auth| auth.backend(Backend::bearer("other").custom(RedisStrategy::new(&url).expect("a good URL")))
    });
    let stranger = app.server_with(stranger).await;
    let other = stranger.login(&ada, "other").await;
    let keys = server.tokens().await;
    let beginnings: BTreeSet<&str> = keys.iter().filter_map(|key| key.split("token:").next()).collect();
    assert_eq!(beginnings, BTreeSet::from(["auth:", "notes:"]));
    assert_eq!((status(&app, &tokens).await, status(&stranger, &other).await), (200, 200));
    // The sixteenth of many at the same moment is as good as the first.
    let many = crate::race(16, |_| {
        let (app, ada) = (app.clone(), ada.clone());
        async move { app.login(&ada, "redis").await }
    });
    for login in many.await {
        assert_eq!(status(&second, &login).await, 200);
    }
    audit::tables(&app).await;
}

async fn what_ends_credentials_ends_them_here(cx: Cx) {
    let (server, app) = start(&cx).await;
    let (ada, root) = (app.register("ada").await, app.superuser("root").await);
    let (bearer, cookie) = (app.login(&ada, "redis").await, app.login(&ada, "redis-cookie").await);
    app.clock().advance(Duration::from_secs(1));
    // A new password: the session that goes on has a new token, all others end.
    let change = json!({ "password": NEW_PASSWORD, "current_password": PASSWORD });
    let answer = app.patch("/users/me").by(&cookie).json(change).send().await.is(200);
    let renewed = ada.with(&answer);
    assert_ne!(renewed.token, cookie.token);
    for _ in 0..2 {
        assert_eq!((status(&app, &bearer).await, status(&app, &cookie).await), (401, 401));
        assert_eq!(status(&app, &renewed).await, 200, "before and after the workers heard of it");
        app.deliver().await;
    }
    assert_eq!(server.tokens().await.len(), 1);
    // The same with a bearer token.
    let again = ada.with(&app.try_login(&ada.email, NEW_PASSWORD, "redis").await);
    app.clock().advance(Duration::from_secs(1));
    let change = json!({ "password": PASSWORD, "current_password": NEW_PASSWORD });
    let replaced = ada.with(&app.patch("/users/me").by(&again).json(change).send().await.is(200));
    app.deliver().await;
    let all = [&replaced, &again, &renewed].map(|login| status(&app, login));
    assert_eq!(join_all(all).await, [200, 401, 401]);
    log_out_everywhere(&app, &replaced).await;
    // A change that leaves the token as it is, although the epoch is another one.
    let grace = app.register("grace").await;
    let (kept, other) = (app.login(&grace, "redis").await, app.login(&grace, "redis").await);
    let token = app.token_to(&grace.email, VERIFY_EMAIL).await;
    app.post("/auth/verify").by(&kept).json(json!({ "token": token })).send().await.is(200);
    app.deliver().await;
    assert_eq!((status(&app, &kept).await, status(&app, &other).await), (200, 401));
    assert_eq!(server.tokens().await.len(), 1);
    log_out_everywhere(&app, &kept).await;
    for (change, back) in [("is_active", true), ("is_superuser", false)] {
        let login = app.login(&ada, "redis").await;
        app.patch(&ada.path()).by(&root).json(json!({ change: !back })).send().await.is(200);
        assert_eq!(status(&app, &login).await, 401, "{change}");
        app.deliver().await;
        assert_eq!(server.tokens().await, Vec::<String>::new(), "{change}");
        app.patch(&ada.path()).by(&root).json(json!({ change: back })).send().await.is(200);
        assert_eq!(status(&app, &login).await, 401, "{change}");
    }
    let last = app.login(&ada, "redis").await;
    app.delete("/users/me").by(&last).send().await.is(204);
    app.deliver().await;
    assert_eq!((status(&app, &last).await, server.tokens().await.len()), (401, 0));
    audit::tables(&app).await;
}

async fn a_refreshed_token_ends_at_once(cx: Cx) {
    let (server, app) = start(&cx).await;
    let ada = app.register("ada").await;
    let pair = |answer: &crate::Answer| {
        let body = answer.json();
        [&body["access_token"], &body["refresh_token"]].map(|token| token.as_str().expect("a token").to_owned())
    };
    let [access, refresh] = pair(&app.try_login(&ada.email, PASSWORD, "redis-refresh").await.is(200));
    let me = async |token: &str| app.get("/users/me").bearer(token).send().await.status.as_u16();
    assert!(server.dump().await.iter().filter(|entry| entry.key.contains("token:")).all(|entry| entry.life <= 600_000));
    app.clock().advance(Duration::from_secs(60));
    let exchange =
        async || app.post("/auth/token/refresh").json(json!({ "refresh_token": refresh })).send().await.is(200);
    let first = pair(&exchange().await);
    assert_eq!((me(&access).await, me(&first[0]).await), (401, 200));
    app.deliver().await;
    assert_eq!((me(&access).await, me(&first[0]).await), (401, 200));
    // The client asks once more, because it did not get the answer.
    assert_eq!(pair(&exchange().await), first);
    app.deliver().await;
    assert_eq!(me(&first[0]).await, 200);
    // It expires by the clock of the app as well.
    app.clock().advance(Duration::from_secs(600));
    assert_eq!(me(&first[0]).await, 401);
    let next = app.post("/auth/token/refresh").json(json!({ "refresh_token": first[1] })).send().await.is(200);
    let [last, refresh] = pair(&next);
    assert_eq!(me(&last).await, 200);
    app.post("/auth/token/revoke").json(json!({ "refresh_token": refresh })).send().await.is(204);
    assert_eq!(me(&last).await, 401);
    app.deliver().await;
    assert_eq!(server.tokens().await, Vec::<String>::new());
}

/// SES-02, for the other place where something of a token is kept.
async fn nothing_in_redis_opens_anything(cx: Cx) {
    let (server, app) = start(&cx).await;
    let ada = app.register("ada").await;
    let logins = [app.login(&ada, "redis").await, app.login(&ada, "redis-cookie").await];
    let pair = app.try_login(&ada.email, PASSWORD, "redis-refresh").await.is(200).json();
    let gone = app.login(&ada, "redis").await;
    let mut entries = server.dump().await;
    log_out_everywhere(&app, &gone).await;
    app.deliver().await;
    let again = app.login(&ada, "redis").await;
    entries.extend(server.dump().await);
    let texts: BTreeSet<String> = entries
        .into_iter()
        .flat_map(|entry| entry.values.into_iter().chain([entry.key]))
        .flat_map(|text| [vec![text.clone()], text.split(':').map(str::to_owned).collect()].concat())
        .collect();
    assert!(texts.len() > 20, "pointers, an index and a fence: {texts:?}");
    let tokens = logins.iter().chain([&gone, &again]).map(|login| login.token.as_str());
    let tokens = tokens.chain(["access_token", "refresh_token"].map(|name| pair[name].as_str().expect("a token")));
    for token in tokens {
        assert!(texts.iter().all(|text| !text.contains(token)), "a token is in Redis");
    }
    assert!(texts.iter().all(|text| !text.contains("ada") && !text.contains("example")), "{texts:?}");
    for text in &texts {
        app.get("/users/me").bearer(text).send().await.fails(E::Unauthorized);
        let body = json!({ "refresh_token": text });
        app.post("/auth/token/refresh").json(body).send().await.fails(E::RefreshTokenInvalid);
    }
    // Somebody who can write there makes nothing good: a pointer of a living session, under the digest of a token that nobody
    // issued.
    let digest: String = {
        use sha2::{Digest, Sha256};
        Sha256::digest("A".repeat(43)).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let pointer = server.dump().await.into_iter().find(|entry| entry.key.contains("token:")).expect("one");
    server.run(&["SET", &format!("notes:token:{digest}"), &pointer.values[0], "PX", "60000"]).await;
    app.get("/users/me").bearer(&"A".repeat(43)).send().await.fails(E::Unauthorized);
    // What somebody else put there is not a pointer.
    for nonsense in ["", "1", "a:b:c:d", "\u{1f4a5}"] {
        server.run(&["SET", &pointer.key, nonsense, "PX", "60000"]).await;
        assert_eq!(status(&app, &again).await, 401);
    }
}

/// SES-24 and F-12: no 500, and no way past a revocation.
async fn an_empty_server_logs_everybody_out(cx: Cx) {
    let (mut server, app) = start(&cx).await;
    let ada = app.register("ada").await;
    for emptied in ["FLUSHALL", "restart", "eviction"] {
        let ours = app.login(&ada, "db").await;
        let logins = [app.login(&ada, "redis").await, app.login(&ada, "redis-cookie").await];
        let ended = app.login(&ada, "redis").await;
        app.post("/auth/redis/logout").by(&ended).send().await.is(204);
        match emptied {
            "FLUSHALL" => server.run(&["FLUSHALL"]).await,
            "restart" => server.restart().await,
            _ => {
                for key in server.tokens().await {
                    server.run(&["DEL", &key]).await;
                }
            }
        }
        for login in logins.iter().chain([&ended]) {
            app.get("/users/me").by(login).send().await.fails(E::Unauthorized);
        }
        let again = app.login(&ada, "redis").await;
        for _ in 0..2 {
            let all = [&again, &ours, &ended].map(|login| status(&app, login));
            assert_eq!(join_all(all).await, [200, 200, 401], "{emptied}");
            app.deliver().await;
        }
        // The sessions without a token are in the list, and end like others.
        assert_eq!(sessions(&app, &ours).await.len(), 4, "{emptied}");
        log_out_everywhere(&app, &ours).await;
        app.deliver().await;
        assert_eq!((app.session_count().await, server.tokens().await.len()), (0, 0), "{emptied}");
    }
    audit::tables(&app).await;
}

/// F-13: the answer is 503 while nobody can say, and everything is as before afterwards.
async fn a_silent_server_is_not_a_bad_token(cx: Cx) {
    let server = cx.redis().await;
    let (proxy, url) = server.proxy().await;
    let app = cx.app_with(setup(&server.url())).await;
    let shaky = app.server_with(setup_within(&url, Duration::from_millis(500))).await;
    let ada = app.register("ada").await;
    let logins = [app.login(&ada, "redis").await, app.login(&ada, "redis-cookie").await];
    let ours = app.login(&ada, "db").await;
    for fault in ["stall", "cut"] {
        recovers(&shaky, &logins[0]).await;
        match fault {
            "stall" => proxy.stall(),
            _ => proxy.cut(),
        }
        let before = (app.session_count().await, server.tokens().await);
        for login in &logins {
            let answer = shaky.get("/users/me").by(login).send().await.fails(E::Overloaded);
            assert!(answer.header("retry-after").is_some(), "{fault}");
            if app.target().has_host() {
                for path in ["/host/current", "/host/optional", "/host/gated/secret"] {
                    shaky.get(path).by(login).send().await.fails(E::Overloaded);
                }
            }
        }
        shaky.try_login(&ada.email, PASSWORD, "redis").await.fails(E::Overloaded);
        assert_eq!((app.session_count().await, server.tokens().await), before, "{fault}: nothing half done");
        // Nothing else is held up: neither other tokens nor texts that are not a token.
        assert_eq!(status(&shaky, &ours).await, 200, "{fault}");
        shaky.get("/users/me").bearer("not-a-token").send().await.fails(E::Unauthorized);
        proxy.open();
        for login in &logins {
            recovers(&shaky, login).await;
        }
    }
}

/// Nobody is logged out by a fault, and the app goes on by itself.
async fn recovers(app: &App, login: &Login) {
    for _ in 0..100 {
        match status(app, login).await {
            // A machine that is busy with other tests.
            503 => tokio::time::sleep(Duration::from_millis(10)).await,
            status => return assert_eq!(status, 200),
        }
    }
    panic!("it does not recover");
}

/// F-13: a replica, and a server whose memory is full.
async fn a_server_that_takes_nothing_leaves_nothing_half_done(cx: Cx) {
    let (server, app) = start(&cx).await;
    let ada = app.register("ada").await;
    for [fault, cure] in [
        [&["REPLICAOF", "127.0.0.1", "1"][..], &["REPLICAOF", "NO", "ONE"]],
        [&["CONFIG", "SET", "maxmemory", "1"], &["CONFIG", "SET", "maxmemory", "0"]],
    ] {
        let (login, other) = (app.login(&ada, "redis").await, app.login(&ada, "redis-cookie").await);
        let (keys, before) = (server.tokens().await, app.session_count().await);
        server.run(fault).await;
        for backend in REDIS {
            app.try_login(&ada.email, PASSWORD, backend).await.fails(E::Overloaded);
        }
        assert_eq!((server.tokens().await, app.session_count().await), (keys, before), "{fault:?}");
        assert_eq!((status(&app, &login).await, status(&app, &other).await), (200, 200), "{fault:?}");
        // A logout needs no Redis.
        app.post("/auth/redis/logout").by(&login).send().await.is(204);
        assert_eq!((status(&app, &login).await, status(&app, &other).await), (401, 200), "{fault:?}");
        log_out_everywhere(&app, &other).await;
        app.deliver().await;
        assert_eq!((status(&app, &login).await, status(&app, &other).await), (401, 401), "{fault:?}");
        server.run(cure).await;
        app.clock().advance(Duration::from_secs(60));
        app.deliver().await;
        assert_eq!(server.tokens().await, Vec::<String>::new(), "{fault:?}");
        let again = app.login(&ada, "redis").await;
        assert_eq!(status(&app, &again).await, 200, "{fault:?}");
        log_out_everywhere(&app, &again).await;
        app.deliver().await;
    }
}

/// CON-05 and F-14.
async fn an_older_copy_revives_nothing(cx: Cx) {
    let (mut server, app) = start(&cx).await;
    let (ada, root) = (app.register("ada").await, app.superuser("root").await);
    let (one, two, alive) =
        (app.login(&ada, "redis").await, app.login(&ada, "redis").await, app.login(&ada, "redis").await);
    let grace = app.register("grace").await;
    let (banned, refreshed) =
        (app.login(&grace, "redis").await, app.try_login(&ada.email, PASSWORD, "redis-refresh").await.is(200).json());
    let old_access = refreshed["access_token"].as_str().expect("a token").to_owned();
    let copy = server.tokens().await;
    assert_eq!(copy.len(), 5);
    server.run(&["SAVE"]).await;
    app.post("/auth/redis/logout").by(&one).send().await.is(204);
    let list = sessions(&app, &two).await;
    let id = list.iter().find(|session| session["current"] == true).expect("its own")["id"].clone();
    app.delete(&format!("/auth/sessions/{}", id.as_str().expect("an id"))).by(&alive).send().await.is(204);
    app.patch(&grace.path()).by(&root).json(json!({ "is_active": false })).send().await.is(200);
    app.patch(&grace.path()).by(&root).json(json!({ "is_active": true })).send().await.is(200);
    let body = json!({ "refresh_token": refreshed["refresh_token"] });
    app.post("/auth/token/refresh").json(body).send().await.is(200);
    app.deliver().await;
    server.restart().await;
    let restored: BTreeSet<String> = server.tokens().await.into_iter().collect();
    assert_eq!(restored, copy.into_iter().collect(), "the copy has them all");
    for dead in [&one, &two, &banned] {
        app.get("/users/me").by(dead).send().await.fails(E::Unauthorized);
    }
    app.get("/users/me").bearer(&old_access).send().await.fails(E::Unauthorized);
    assert_eq!(status(&app, &alive).await, 200);
}

/// CON-05: the login of a client that has given up reaches Redis when all of its user's tokens have ended already.
async fn a_writer_who_was_held_up_revives_nothing(cx: Cx) {
    let server = cx.redis().await;
    let (proxy, slow) = server.proxy().await;
    let app = cx.app_with(setup(&server.url())).await;
    let shaky = app.server_with(setup_within(&slow, Duration::from_secs(2))).await;
    for end in ["everywhere", "ban"] {
        let (name, root) = (format!("ada-{end}"), format!("root-{end}"));
        let (ada, root) = (app.register(&name).await, app.superuser(&root).await);
        assert_eq!(status(&shaky, &shaky.login(&ada, "redis").await).await, 200);
        proxy.stall();
        shaky.try_login(&ada.email, PASSWORD, "redis").await.fails(E::Overloaded);
        let login = app.login(&ada, "redis").await;
        match end {
            "everywhere" => log_out_everywhere(&app, &login).await,
            _ => {
                app.patch(&ada.path()).by(&root).json(json!({ "is_active": false })).send().await.is(200);
            }
        }
        app.deliver().await;
        assert_eq!(server.tokens().await, Vec::<String>::new());
        // What the shaky server wrote is on its way still.
        let before = scripts(&server).await;
        proxy.open();
        while scripts(&server).await == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(server.tokens().await, Vec::<String>::new(), "{end}: it came too late");
        if end == "everywhere" {
            let again = shaky.login(&ada, "redis").await;
            assert_eq!((status(&app, &again).await, server.tokens().await.len()), (200, 1));
            log_out_everywhere(&app, &again).await;
            app.deliver().await;
        }
    }
}

/// How many scripts the server has run.
async fn scripts(server: &RedisServer) -> u64 {
    let info: String = server.ask(&["INFO", "commandstats"]).await.expect("statistics");
    let line = info.lines().find_map(|line| line.strip_prefix("cmdstat_eval:calls=")).unwrap_or("0");
    line.split(',').next().and_then(|calls| calls.parse().ok()).expect("a number")
}

/// A logout is done when the database says so. Redis hears of it as soon as it can.
async fn what_redis_missed_is_made_up_for(cx: Cx) {
    let server = cx.redis().await;
    let (proxy, url) = server.proxy().await;
    let app = cx.app_with(setup(&url)).await;
    let ada = app.register("ada").await;
    let (login, ours) = (app.login(&ada, "redis").await, app.login(&ada, "db").await);
    let id =
        sessions(&app, &ours).await.iter().find(|session| session["backend"] == "redis").expect("it")["id"].clone();
    app.deliver().await;
    proxy.cut();
    app.delete(&format!("/auth/sessions/{}", id.as_str().expect("an id"))).by(&ours).send().await.is(204);
    app.get("/users/me").by(&login).send().await.fails(E::Overloaded);
    for _ in 0..3 {
        app.deliver().await;
        app.clock().advance(Duration::from_secs(60));
    }
    assert_eq!(app.count("authn_mail").await, 1, "it waits, and is not given up");
    proxy.open();
    app.get("/users/me").by(&login).send().await.fails(E::Unauthorized);
    assert_eq!(server.tokens().await.len(), 1);
    app.clock().advance(Duration::from_secs(60 * 60));
    app.deliver().await;
    assert_eq!((server.tokens().await.len(), app.count("authn_mail").await), (0, 0));
}

/// A user who logged in and out hundreds of times has no more in Redis than a new one.
async fn the_index_stays_small(cx: Cx) {
    let (server, app) = start(&cx).await;
    let ada = app.register("ada").await;
    let login = app.login(&ada, "redis").await;
    let (sessions, client) = (app.auth().sessions(), Client::default());
    let backend = sessions.backend("redis").expect("a backend");
    let user = app.auth().admin().get(ada.id).await.expect("an account");
    app.clock().advance(Duration::from_secs(1));
    for round in 0..200 {
        let begun = sessions.establish(&user, Proof::password(), backend, &client).await.expect("a session");
        sessions.logout(&begun.principal, &client).await.expect("a logout");
        if round % 100 == 99 {
            app.deliver().await;
        }
    }
    let index: u64 = server.ask(&["ZCARD", &format!("notes:user:{}", ada.id)]).await.expect("a number");
    assert_eq!((index, server.tokens().await.len()), (1, 1));
    // Those whom more than a hundred sessions push out.
    for _ in 0..130 {
        sessions.establish(&user, Proof::password(), backend, &client).await.expect("a session");
    }
    app.deliver().await;
    let index: u64 = server.ask(&["ZCARD", &format!("notes:user:{}", ada.id)]).await.expect("a number");
    assert_eq!((index, server.tokens().await.len()), (100, 100));
    assert_eq!(status(&app, &login).await, 401, "it was the oldest");
}

/// Every key has an end, and so have sessions that nobody uses.
async fn what_expires_by_itself_leaves_the_index(cx: Cx) {
    let (server, app) = start(&cx).await;
    let (ada, grace) = (app.register("ada").await, app.register("grace").await);
    let (unused, also) = (app.login(&ada, "redis").await, app.login(&grace, "redis").await);
    let busy = app.login(&ada, "redis").await;
    let life = |entries: Vec<crate::redis::Entry>| entries.iter().map(|entry| entry.life).max().expect("an entry");
    assert!(life(server.dump().await) <= 30 * 24 * 60 * 60 * 1000);
    app.clock().advance(4 * DAY);
    assert_eq!(status(&app, &busy).await, 200);
    app.clock().advance(4 * DAY);
    // One of them asks, the other one is purged.
    assert_eq!((status(&app, &unused).await, status(&app, &busy).await), (401, 200));
    app.auth().purge().run().await.expect("a purge");
    app.deliver().await;
    assert_eq!((server.tokens().await.len(), status(&app, &busy).await), (1, 200));
    assert_eq!(status(&app, &also).await, 401);
    // By the clock of the app as well, whatever Redis thinks.
    app.clock().advance(23 * DAY);
    assert_eq!(status(&app, &busy).await, 401);
    app.auth().purge().run().await.expect("a purge");
    assert_eq!(app.session_count().await, 0);
    // A life that is as good as over is not stored.
    let short = setup(&server.url()).auth(|auth| {
        auth.sessions(auth_core::session::SessionConfig { absolute: Duration::from_nanos(1), ..Default::default() })
    });
    let short = app.server_with(short).await;
    let before = server.tokens().await;
    let over = short.login(&grace, "redis").await;
    assert_eq!((status(&short, &over).await, server.tokens().await), (401, before));
}

/// SES-24: what a server says of itself that logs people out.
async fn an_operator_is_told(cx: Cx) {
    let (server, app) = start(&cx).await;
    let backend = app.auth().sessions().backend("redis").expect("a backend");
    assert_eq!(backend.examine().await.expect("an answer"), Vec::<String>::new());
    let ours = app.auth().sessions().backend("db").expect("a backend");
    assert_eq!(ours.examine().await.expect("an answer"), Vec::<String>::new());
    for (policy, role) in [("allkeys-lru", &["REPLICAOF", "127.0.0.1", "1"][..]), ("volatile-ttl", &["PING"])] {
        server.run(role).await;
        server.run(&["CONFIG", "SET", "maxmemory-policy", policy]).await;
        let notes = backend.examine().await.expect("an answer");
        assert!(notes.iter().any(|note| note.contains(policy)), "{notes:?}");
        assert!(notes.iter().any(|note| note.contains("replica")), "{notes:?}");
        let (words, mut output) = (["doctor".to_owned()], Vec::new());
        auth_cli::run(app.auth(), &words, &mut std::io::empty(), &mut output).await.expect_err("it is wrong");
        let output = String::from_utf8(output).expect("a text");
        assert!(output.contains(&format!("WRONG  backend redis: {}", notes[0])), "{output}");
    }
    drop(server);
    backend.examine().await.expect_err("nobody answers");
}

///
async fn authors_of_formats_are_given_what_this_one_passes(cx: Cx) {
    let server = cx.redis().await;
    let choose = |backend: Backend| {
        let format = RedisStrategy::new(&server.url()).expect("a good URL").deadline(PATIENT);
        backend.custom(format)
    };
    let checked = check_token_format(cx.app().await.pool().clone(), choose).await;
    assert_eq!(checked.err().map(|failure| failure.to_string()), None);
}
