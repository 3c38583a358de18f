//! Scenarios of the logout of all other devices.

use auth_core::ErrorCode as E;
use serde_json::{Value, json};

use crate::mails::{NEW_DEVICE, RESET_PASSWORD};
use crate::scenario::scenarios;
use crate::{App, Cx, Jar, Login, PASSWORD, Scenario, audit, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_browser_stays_and_all_others_end,
    a_bearer_session_keeps_its_tokens,
    other_devices_are_new_again,
    a_crowd_logs_the_others_out,
    two_sessions_end_each_other: direct_only,
    logins_race_with_it: direct_only,
];

async fn me(app: &App, login: &Login) -> u16 {
    app.get("/users/me").by(login).send().await.status.as_u16()
}

async fn logout_others(app: &App, login: &Login) -> crate::Answer {
    app.post("/auth/logout-others").by(login).send().await
}

async fn a_browser_stays_and_all_others_end(cx: Cx) {
    let app = cx.app().await;
    let second = app.second_server().await;
    let (ada, grace, jar) = (app.register("ada").await, app.user("grace").await, Jar::default());
    let body = json!({ "email": ada.email, "password": PASSWORD });
    app.post("/auth/login").jar(&jar).json(body).send().await.is(204);
    let others = [app.login(&ada, "cookie").await, app.login(&ada, "jwt").await, app.login(&ada, "db").await];
    app.post("/auth/forgot-password").json(json!({ "email": ada.email })).send().await.is(202);
    let reset = app.token_to(&ada.email, RESET_PASSWORD).await;
    let before = jar.header().expect("a cookie");
    let answer = app.post("/auth/logout-others").jar(&jar).send().await.is(204);
    assert_eq!(answer.session_cookies().len(), 1);
    event!(app, SessionsRevoked);
    for server in [&app, &second] {
        for other in &others {
            server.get("/users/me").by(other).send().await.fails(E::Unauthorized);
        }
        // The cookie is another one: anyone who has a copy of the former is logged out as well.
        server.get("/users/me").header("cookie", &before).send().await.fails(E::Unauthorized);
        server.get("/users/me").jar(&jar).send().await.is(200);
        assert_eq!(me(server, &grace).await, 200);
    }
    assert_eq!(app.session_count().await, 2);
    let list = app.get("/auth/sessions").jar(&jar).send().await.is(200).json();
    assert_eq!((list["sessions"].as_array().map(Vec::len), &list["sessions"][0]["current"]), (Some(1), &json!(true)));
    // What was mailed before has ended too.
    let body = json!({ "token": reset, "password": "kettle-Umbrella-42-river" });
    app.post("/auth/reset-password").json(body).send().await.fails(E::ResetPasswordBadToken);
    // Once more, with nothing to end, and with a login that came in the meantime.
    app.post("/auth/logout-others").jar(&jar).send().await.is(204);
    let late = app.login(&ada, "db").await;
    app.post("/auth/logout-others").jar(&jar).send().await.is(204);
    assert_eq!(me(&app, &late).await, 401);
    app.get("/users/me").jar(&jar).send().await.is(200);
    audit::tables(&app).await;
}

async fn a_bearer_session_keeps_its_tokens(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    for backend in ["db", "jwt"] {
        let (own, other) = (app.try_login(&ada.email, PASSWORD, backend).await.is(200), app.login(&ada, backend).await);
        let own_login = ada.with(&own);
        let answer = logout_others(&app, &own_login).await.is(204);
        assert!(answer.header("auth-token").is_none() && answer.set_cookies().is_empty());
        assert_eq!((me(&app, &own_login).await, me(&app, &other).await), (200, 401), "{backend}");
        // So does the refresh token, where the backend has them.
        if let Value::String(token) = &own.json()["refresh_token"] {
            let next = app.post("/auth/token/refresh").json(json!({ "refresh_token": token })).send().await.is(200);
            assert_eq!(me(&app, &ada.with(&next)).await, 200);
        }
    }
}

/// Anyone who comes back on another device causes a mail.
async fn other_devices_are_new_again(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    app.verify(&ada).await;
    let [own, other] = [Jar::default(), Jar::default()];
    let login = async |jar: &Jar| {
        let body = json!({ "email": ada.email, "password": PASSWORD });
        app.post("/auth/login").jar(jar).json(body).send().await.is(204);
    };
    let told = async || app.kinds_to(&ada.email).await.iter().filter(|kind| **kind == NEW_DEVICE.name()).count();
    login(&own).await;
    login(&other).await;
    login(&own).await;
    assert_eq!(told().await, 1);
    app.post("/auth/logout-others").jar(&own).send().await.is(204);
    login(&own).await;
    assert_eq!(told().await, 1, "this device is known still");
    login(&other).await;
    assert_eq!(told().await, 2);
}

async fn a_crowd_logs_the_others_out(cx: Cx) {
    let app = cx.app().await;
    let servers = [app.clone(), app.second_server().await];
    let ada = app.register("ada").await;
    for backend in ["db", "jwt", "cookie"] {
        let (own, others) =
            (app.login(&ada, backend).await, [app.login(&ada, "db").await, app.login(&ada, "jwt").await]);
        let answers = race(16, |n| {
            let (server, own) = (servers[n % 2].clone(), own.clone());
            async move { logout_others(&server, &own).await }
        });
        let answers = answers.await;
        let own = match answers.iter().find(|answer| !answer.session_cookies().is_empty()) {
            Some(answer) => own.with(answer),
            None => own,
        };
        if backend == "cookie" {
            // The cookie has one successor, and who asks too late has one that ended.
            assert_eq!(answers.iter().filter(|answer| !answer.session_cookies().is_empty()).count(), 1);
            assert!(answers.iter().all(|answer| [204, 401].contains(&answer.status.as_u16())));
        } else {
            let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
            assert_eq!(statuses, [204; 16], "{backend}");
        }
        assert_eq!(me(&app, &own).await, 200, "{backend}");
        for other in &others {
            assert_eq!(me(&app, other).await, 401, "{backend}");
        }
        assert_eq!(app.session_count().await, 1);
        audit::tables(&app).await;
    }
}

async fn two_sessions_end_each_other(cx: Cx) {
    let app = cx.app().await;
    let servers = [app.clone(), app.second_server().await];
    let ada = app.register("ada").await;
    for _ in 0..4 {
        let both = [app.login(&ada, "db").await, app.login(&ada, "jwt").await];
        let statuses = race(16, |n| {
            let (server, own) = (servers[n / 2 % 2].clone(), both[n % 2].clone());
            async move { (n % 2, logout_others(&server, &own).await.status.as_u16()) }
        });
        let statuses = statuses.await;
        assert_eq!(app.session_count().await, 1, "{statuses:?}");
        let alive = [me(&app, &both[0]).await, me(&app, &both[1]).await];
        assert!(alive == [200, 401] || alive == [401, 200], "{alive:?}");
        let winner = usize::from(alive[1] == 200);
        assert!(statuses.iter().all(|(n, status)| *status == if *n == winner { 204 } else { 401 }), "{statuses:?}");
    }
}

/// Each login is before or after: a session that is there is good, and one that is told of and is not good is gone.
async fn logins_race_with_it(cx: Cx) {
    let app = cx.app().await;
    let servers = [app.clone(), app.second_server().await];
    let ada = app.register("ada").await;
    let own = app.login(&ada, "db").await;
    for _ in 0..3 {
        let answers = race(16, |n| {
            let (server, own, ada) = (servers[n / 2 % 2].clone(), own.clone(), ada.clone());
            async move {
                match n % 2 {
                    0 => server.try_login(&ada.email, PASSWORD, "db").await,
                    _ => logout_others(&server, &own).await.is(204),
                }
            }
        });
        let mut alive = 1;
        for answer in answers.await.into_iter().filter(|answer| answer.status != 204) {
            match answer.status.as_u16() {
                200 => alive += i64::from(me(&app, &ada.with(&answer)).await == 200),
                // The account has changed while the password was compared.
                _ => drop(answer.fails(E::LoginBadCredentials)),
            }
        }
        assert_eq!((me(&app, &own).await, app.session_count().await), (200, alive));
        audit::tables(&app).await;
    }
    logout_others(&app, &own).await.is(204);
    assert_eq!((me(&app, &own).await, app.session_count().await), (200, 1));
}
