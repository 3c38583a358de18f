//! Scenarios of how long browsers keep the cookie of a session.

use std::time::Duration;

use auth_core::ErrorCode as E;
use auth_core::Principal;
use auth_core::{Backend, CookieOptions};
use serde_json::json;

use crate::scenario::scenarios;
use crate::{Answer, Cx, PASSWORD, Scenario, Setup, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_remembered_session_outlives_the_browser,
    a_cookie_follows_the_session_that_is_used,
    a_route_that_cannot_prolong_takes_nothing_from_others: sockets_only,
    a_partitioned_cookie_is_one_to_its_end,
    a_cookie_that_is_partitioned_from_now_on_locks_nobody_out,
];

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the browser keeps the cookie of an answer.
fn max_age(answer: &Answer) -> Option<u64> {
    let cookies = answer.session_cookies();
    let [cookie] = cookies.as_slice() else { panic!("{cookies:?}") };
    cookie.split("; ").find_map(|part| part.strip_prefix("Max-Age=")).map(|age| age.parse().expect("seconds"))
}

async fn a_remembered_session_outlives_the_browser(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let json = |remember| {
        let body = json!({ "email": ada.email, "password": PASSWORD, "remember": remember });
        app.post("/auth/login").json(body)
    };
    let form = |remember| {
        let fields = [("username", ada.email.as_str()), ("password", PASSWORD), ("remember", remember)];
        app.post("/auth/login").form(&fields)
    };
    let mut remembered = Vec::new();
    for request in [json(json!(true)), json(json!("true")), form("on"), form("1"), form("TRUE")] {
        let answer = request.send().await.is(204);
        assert_eq!(max_age(&answer), Some(30 * DAY.as_secs()));
        remembered.push(ada.with(&answer));
    }
    let mut forgotten = Vec::new();
    for request in [json(json!(false)), json(json!(null)), form(""), form("off"), form("0")] {
        let answer = request.send().await.is(204);
        assert_eq!(max_age(&answer), None);
        forgotten.push(ada.with(&answer));
    }
    for request in [json(json!(1)), json(json!("maybe")), form("checked")] {
        request.send().await.rejects(&[("remember", "bool_parsing")]);
    }
    // No browser keeps a bearer token, and its session has an idle limit whatever the client says.
    let body = json!({ "email": ada.email, "password": PASSWORD, "remember": true });
    forgotten.push(ada.with(&app.post("/auth/db/login").json(body).send().await.is(200)));
    app.clock().advance(10 * DAY);
    app.auth().purge().run().await.expect("a purge");
    for login in &forgotten {
        app.get("/users/me").by(login).send().await.fails(E::Unauthorized);
    }
    for login in &remembered {
        app.get("/users/me").by(login).send().await.is(200);
    }
    let list = app.get("/auth/sessions").by(&remembered[0]).send().await.is(200).json();
    assert_eq!(list["sessions"].as_array().map(Vec::len), Some(remembered.len()), "{list}");
    app.clock().advance(20 * DAY - Duration::from_secs(1));
    app.get("/users/me").by(&remembered[0]).send().await.is(200);
    app.clock().advance(Duration::from_secs(1));
    app.get("/users/me").by(&remembered[0]).send().await.fails(E::Unauthorized);
    // A new token of the same session is kept as long as the old one would have been.
    let login = ada.with(&json(json!(true)).send().await.is(204));
    app.clock().advance(Duration::from_secs(300));
    let changed = json!({ "old_password": PASSWORD, "new_password": "another-Umbrella-42-river" });
    let answer = app.post("/auth/change-password").by(&login).json(changed).send().await.is(204);
    assert_eq!(max_age(&answer), Some(30 * DAY.as_secs() - 300));
}

async fn a_cookie_follows_the_session_that_is_used(cx: Cx) {
    fn backends() -> Vec<Backend> {
        let options = CookieOptions { name: Some("sid".into()), max_age: Some(8 * DAY), ..CookieOptions::default() };
        vec![Backend::cookie("cookie", options), Backend::bearer("db")]
    }
    let app = cx.app_with(Setup::default().backends(backends)).await;
    let ada = app.register("ada").await;
    let answer = app.try_login(&ada.email, PASSWORD, "cookie").await.is(204);
    assert_eq!(max_age(&answer), Some(8 * DAY.as_secs()));
    let login = ada.with(&answer);
    let mut paths = vec!["/users/me", "/auth/sessions"];
    if cx.target().has_host() {
        paths.push("/host/gated/secret");
    }
    let mut day = 0;
    for path in paths.into_iter().cycle().take(29) {
        app.clock().advance(DAY);
        day += 1;
        let answer = app.get(path).by(&login).send().await.is(200);
        assert_eq!(max_age(&answer), Some(8.min(30 - day) * DAY.as_secs()), "{path} on day {day}");
        assert_eq!(answer.cookie().1, login.token);
        assert!(app.get(path).by(&login).send().await.is(200).session_cookies().is_empty(), "once a day");
    }
    // An answer that ends the session does not prolong it. A refusal does: the session was used.
    let again = app.login(&ada, "cookie").await;
    app.clock().advance(DAY);
    let bye = app.post("/auth/logout").by(&again).send().await.is(204);
    assert_eq!(max_age(&bye), Some(0));
    let again = app.login(&ada, "cookie").await;
    app.clock().advance(DAY);
    let refused = app.patch("/users/me").by(&again).json(json!({ "display_name": 1 })).send().await.is(422);
    assert_eq!(max_age(&refused), Some(8 * DAY.as_secs()));
    // Of requests beside each other, and of answers that are late, one at the most sets it.
    app.clock().advance(DAY);
    let principal = app.principal_of(&again).await;
    let prolong = |principal: &Principal| {
        let (app, principal) = (app.clone(), principal.clone());
        let Principal { user, session, .. } = principal;
        async move {
            app.auth().sessions().prolong(session.id, user.id, user.security_epoch, DAY).await.expect("a database")
        }
    };
    let prolonged = race(8, |_| prolong(&principal)).await;
    assert_eq!(prolonged.into_iter().filter(|is_it| *is_it).count(), 1);
    app.clock().advance(DAY);
    let mut former = principal.clone();
    former.user.security_epoch -= 1;
    assert!(!prolong(&former).await, "it has a new token since");
    app.post("/auth/logout").by(&again).send().await.is(204);
    assert!(!prolong(&principal).await, "it has ended");
}

/// A page asks at a route of the app first, whose extractor sees no answer, and then at one of the library.
async fn a_route_that_cannot_prolong_takes_nothing_from_others(cx: Cx) {
    fn backends() -> Vec<Backend> {
        let options = CookieOptions { name: Some("sid".into()), max_age: Some(8 * DAY), ..CookieOptions::default() };
        vec![Backend::cookie("cookie", options)]
    }
    let app = cx.app_with(Setup::default().backends(backends)).await;
    let login = app.user("ada").await;
    for _ in 0..20 {
        app.clock().advance(DAY);
        assert!(app.get("/host/optional").by(&login).send().await.is(200).session_cookies().is_empty());
        assert!(max_age(&app.get("/users/me").by(&login).send().await.is(200)).is_some());
    }
}

async fn a_partitioned_cookie_is_one_to_its_end(cx: Cx) {
    fn backends() -> Vec<Backend> {
        let options =
            CookieOptions { partitioned: true, same_site: auth_core::SameSite::None, ..CookieOptions::default() };
        vec![Backend::cookie("cookie", options)]
    }
    let setup = Setup::default().backends(backends).auth(|auth| auth.public_url("https://notes.example.com"));
    let app = cx.app_with(setup).await;
    let ada = app.register("ada").await;
    let answer = app.try_login(&ada.email, PASSWORD, "cookie").await.is(204);
    let bye = app.post("/auth/logout").by(&ada.with(&answer)).send().await.is(204);
    let cookies = [answer.session_cookies(), bye.session_cookies()].concat();
    assert_eq!(cookies.len(), 2);
    assert!(cookies.iter().all(|cookie| cookie.contains("; SameSite=None; Secure; Partitioned")), "{cookies:?}");
}

/// BR-11: browsers keep a cookie that is partitioned beside the one of the same name that is not.
async fn a_cookie_that_is_partitioned_from_now_on_locks_nobody_out(cx: Cx) {
    fn backends(partitioned: bool) -> Vec<Backend> {
        let same_site = auth_core::SameSite::None;
        vec![Backend::cookie("cookie", CookieOptions { partitioned, same_site, ..CookieOptions::default() })]
    }
    let setup =
        |backends| Setup::default().backends(backends).auth(|auth| auth.public_url("https://notes.example.com"));
    let before = cx.app_with(setup(|| backends(false))).await;
    let ada = before.register("ada").await;
    let (name, old) = before.try_login(&ada.email, PASSWORD, "cookie").await.is(204).cookie();
    let after = before.server_with(setup(|| backends(true))).await;
    let (_, new) = after.try_login(&ada.email, PASSWORD, "cookie").await.is(204).cookie();
    let removal = format!("{name}=; Path=/; HttpOnly; SameSite=None; Secure; Max-Age=0");
    for both in [format!("{name}={old}; {name}={new}"), format!("{name}={new}; {name}={old}")] {
        let answer = after.get("/users/me").header("cookie", both).send().await.fails(E::Unauthorized);
        assert_eq!(answer.session_cookies(), [removal.as_str()]);
    }
    after.get("/users/me").header("cookie", format!("{name}={new}")).send().await.is(200);
}
