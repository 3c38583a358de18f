//! Scenarios of time: jumps of the clock bring nothing back and break nothing, and servers whose clocks differ by seconds
//! agree (F-15, F-19, CON-06).

use std::time::Duration;

use auth_core::session::Proof;
use auth_core::{Client, Error, ErrorCode as E};
use serde_json::json;

use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Scenario, Setup, audit};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    jumps_of_the_clock_bring_nothing_back,
    a_clock_far_away_breaks_nothing,
    clocks_that_differ_by_seconds_agree,
    late_writes_are_refused: direct_only,
];

const HOUR: Duration = Duration::from_secs(3600);
const TEN_YEARS: Duration = Duration::from_secs(10 * 365 * 86_400);

async fn is_alive(app: &App, login: &Login) -> bool {
    app.get("/users/me").by(login).send().await.status == 200
}

async fn jumps_of_the_clock_bring_nothing_back(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let (db, cookie) = (app.login(&ada, "db").await, app.login(&ada, "cookie").await);
    let (ended, revoked) = (app.login(&ada, "db").await, app.login(&ada, "jwt").await);
    app.post("/auth/db/logout").by(&ended).send().await.is(204);
    app.post("/auth/jwt/logout").by(&revoked).send().await.is(204);
    // An hour on and back, and one back and on: the living live, the dead stay dead.
    for (there, back) in [(true, false), (false, true)] {
        for forward in [there, back] {
            if forward {
                app.clock().advance(HOUR)
            } else {
                app.clock().set_back(HOUR)
            }
            assert!(is_alive(&app, &db).await && is_alive(&app, &cookie).await);
            assert!(!is_alive(&app, &ended).await && !is_alive(&app, &revoked).await);
            app.login(&ada, "db").await;
        }
    }
    // Ten years on: everything has expired, and stays so on the way back.
    app.clock().advance(TEN_YEARS);
    assert!(!is_alive(&app, &db).await && !is_alive(&app, &cookie).await);
    let late = app.login(&ada, "db").await;
    assert!(is_alive(&app, &late).await);
    app.clock().set_back(TEN_YEARS);
    for login in [&db, &cookie, &ended, &revoked] {
        assert!(!is_alive(&app, login).await);
    }
    let now = app.login(&ada, "jwt").await;
    assert!(is_alive(&app, &now).await);
    app.get("/auth/sessions").by(&now).send().await.is(200);
}

async fn a_clock_far_away_breaks_nothing(cx: Cx) {
    let app = cx.app().await;
    // A machine without a battery; the last years that have a date.
    for (name, years) in [("first", -56_i32), ("middle", 100), ("last", 7900)] {
        let distance = Duration::from_secs(u64::from(years.unsigned_abs()) * 365 * 86_400);
        if years < 0 {
            app.clock().set_back(distance)
        } else {
            app.clock().advance(distance)
        }
        let who = app.register(name).await;
        for backend in ["cookie", "jwt", "db"] {
            let login = app.login(&who, backend).await;
            assert!(is_alive(&app, &login).await, "{name} {backend}");
            app.get("/auth/sessions").by(&login).send().await.is(200);
            app.get("/users/me/export").by(&login).send().await.is(200);
        }
        if years < 0 { app.clock().advance(distance) } else { app.clock().set_back(distance) }
    }
    assert_eq!(app.user_count().await, 3);
}

async fn clocks_that_differ_by_seconds_agree(cx: Cx) {
    let app = cx.app().await;
    for skew in [5, -5] {
        let clock = app.clock().copy();
        let distance = Duration::from_secs(5);
        if skew > 0 {
            clock.advance(distance)
        } else {
            clock.set_back(distance)
        }
        let other = app.server_with(Setup::default().auth(move |auth| auth.clock(clock.clone()))).await;
        let ada = app.register(&format!("ada{skew}")).await;
        for backend in ["cookie", "jwt", "db"] {
            for (here, there) in [(&app, &other), (&other, &app)] {
                let login = here.login(&ada, backend).await;
                assert!(is_alive(there, &login).await, "{backend} {skew}");
                // Recent here is recent there, and what ends here has ended there.
                there.patch("/users/me").by(&login).json(json!({ "display_name": backend })).send().await.is(200);
                here.post(&format!("/auth/{backend}/logout")).by(&login).send().await.is(204);
                assert!(!is_alive(there, &login).await, "{backend} {skew}");
            }
        }
    }
    audit::tables(&app).await;
}

#[track_caller]
fn refused<T>(result: Result<T, Error>, code: E) {
    assert_eq!(result.err().map(|error| error.code()), Some(code));
}

/// A server that stood still between its check and its write: the other one's changes decide.
async fn late_writes_are_refused(cx: Cx) {
    let app = cx.app().await;
    let other = app.second_server().await;
    let sessions = app.auth().sessions();
    let (client, backend) = (Client::default(), sessions.backend("db").expect("a backend"));
    for change in ["password", "logout", "inactive", "gone"] {
        let ada = app.user(change).await;
        let before = app.principal_of(&ada).await;
        // The control: without a change in between, the same write is done.
        sessions.establish(&before.user, Proof::password(), backend, &client).await.expect("a session");
        let request = match change {
            "password" => {
                let new = json!({ "password": "violet-Harbour-57-lamp", "current_password": PASSWORD });
                Some(other.patch("/users/me").by(&ada).json(new))
            }
            "logout" => Some(other.post("/auth/logout-all").by(&ada).json(json!({ "everywhere": true }))),
            "gone" => Some(other.delete("/users/me").by(&ada)),
            _ => None,
        };
        match request {
            Some(request) => assert!(request.send().await.status.is_success()),
            None => app.deactivate(&ada).await,
        }
        let rows = app.session_count().await;
        refused(sessions.establish(&before.user, Proof::password(), backend, &client).await, E::LoginBadCredentials);
        assert_eq!(app.session_count().await, rows);
        if change != "inactive" {
            refused(sessions.logout_everywhere(&before, &client).await, E::Unauthorized);
            let wanted = auth_core::profile::AccountChanges {
                display_name: Some(Some("late".to_owned())),
                ..Default::default()
            };
            refused(app.auth().profile().update(&before, wanted, &client).await, E::Unauthorized);
        }
        assert_eq!(app.count("authn_user WHERE display_name IS NOT NULL").await, 0);
    }
    audit::tables(&app).await;
}
