//! Scenarios of what users see of their sessions and devices: names, ids that both lists share, pages.

use std::time::Duration;

use auth_core::{ErrorCode as E, EventKind};
use serde_json::{Value, json};

use crate::scenario::scenarios;
use crate::{App, Cx, FIREFOX, Jar, Login, PASSWORD, Request, Scenario};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_session_names_its_device,
    another_account_of_the_browser_is_not_named,
    a_name_has_no_words_of_the_client,
    pages_neither_repeat_nor_hide,
];

fn login(app: &App, who: &Login, backend: &str, agent: &str) -> Request {
    app.clock().advance(Duration::from_secs(1));
    let body = json!({ "username": who.email, "password": PASSWORD });
    app.post(&format!("/auth/{backend}/login")).json(body).header("user-agent", agent)
}

async fn list(app: &App, name: &str, jar: &Jar) -> Vec<Value> {
    let list = app.get(&format!("/auth/{name}")).jar(jar).send().await.is(200).json();
    list[name].as_array().expect("a list").clone()
}

async fn a_session_names_its_device(cx: Cx) {
    let app = cx.app().await;
    let (ada, jar) = (app.register("ada").await, Jar::default());
    login(&app, &ada, "cookie", FIREFOX).jar(&jar).send().await.is(204);
    let first = event!(app, LoginSucceeded);
    // The next login in the browser ends its former session, and the device outlives both.
    login(&app, &ada, "cookie", FIREFOX).jar(&jar).send().await.is(204);
    let bearer = ada.with(&login(&app, &ada, "db", "curl/8.17.0").send().await.is(200));
    let (sessions, devices) = (list(&app, "sessions", &jar).await, list(&app, "devices", &jar).await);
    let column = |rows: &[Value], name: &str| rows.iter().map(|row| row[name].clone()).collect::<Vec<_>>();
    assert_eq!(column(&sessions, "device_name"), ["curl", "Firefox on Windows"]);
    assert_eq!(column(&devices, "name"), ["curl", "Firefox on Windows"]);
    let ids = column(&devices, "id");
    assert_eq!(column(&sessions, "device_id"), ids);
    let is_named = matches!(first.kind, EventKind::LoginSucceeded { device_id: Some(id), .. } if json!(id) == ids[1]);
    assert!(is_named && first.client.device_name().to_string() == "Firefox on Windows", "{first:?}");
    let activity = app.get("/auth/me/activity").by(&bearer).send().await.is(200).json();
    let events = activity["items"].as_array().expect("a list").iter();
    let logins: Vec<Value> = events.filter(|event| event["name"] == "login_success").cloned().collect();
    assert_eq!(column(&logins, "device_name"), ["curl", "Firefox on Windows", "Firefox on Windows"]);
    let named: Vec<Value> = logins.iter().map(|event| event["data"]["device_id"].clone()).collect();
    assert_eq!(named, [&ids[0], &ids[1], &ids[1]].map(Clone::clone));
    let export = app.get("/users/me/export").by(&bearer).send().await.is(200).json();
    assert_eq!(export["sessions"][1]["device_id"], ids[1]);
    // After the device is forgotten, its session goes on without it.
    let path = format!("/auth/devices/{}", ids[1].as_str().expect("an id"));
    app.delete(&path).by(&bearer).send().await.is(204);
    let sessions = list(&app, "sessions", &jar).await;
    assert_eq!(column(&sessions, "device_id"), [ids[0].clone(), Value::Null]);
    assert_eq!(column(&sessions, "device_name"), ["curl", "Firefox on Windows"]);
    // One whose time was over is known again by the id that it had.
    app.clock().advance(Duration::from_secs(31 * 24 * 60 * 60));
    let bearer = ada.with(&login(&app, &ada, "jwt", "curl/8.17.0").send().await.is(200));
    let list = app.get("/auth/sessions").by(&bearer).send().await.is(200).json();
    assert_eq!((list["sessions"].as_array().map(Vec::len), &list["sessions"][0]["device_id"]), (Some(1), &ids[0]));
}

/// One cookie serves all accounts of a browser, but each account has a device of its own.
async fn another_account_of_the_browser_is_not_named(cx: Cx) {
    let app = cx.app().await;
    let (ada, grace, jar) = (app.register("ada").await, app.register("grace").await, Jar::default());
    login(&app, &ada, "cookie", FIREFOX).jar(&jar).send().await.is(204);
    let of_ada = list(&app, "sessions", &jar).await[0]["device_id"].clone();
    login(&app, &grace, "cookie", FIREFOX).jar(&jar).send().await.is(204);
    let of_grace = list(&app, "sessions", &jar).await[0]["device_id"].clone();
    assert!(of_ada.is_string() && of_grace.is_string());
    assert_ne!(of_ada, of_grace);
    assert_eq!(list(&app, "devices", &jar).await[0]["id"], of_grace);
}

async fn a_name_has_no_words_of_the_client(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let request = app.post("/auth/db/login").json(json!({ "username": ada.email, "password": PASSWORD }));
    let nameless = ada.with(&request.send().await.is(200));
    for agent in
        ["", "Your account is at risk, call 0900-1234", "<b>Firefox</b> \u{1f600} on Windows", "\u{202e}Chrome/1"]
    {
        login(&app, &ada, "db", agent).send().await.is(200);
    }
    let list = app.get("/auth/sessions").by(&nameless).send().await.is(200).json();
    let names: Vec<&str> = list["sessions"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|session| session["device_name"].as_str())
        .collect();
    assert_eq!(names, ["Chrome", "Firefox on Windows", "a browser", "a browser", "a browser"]);
}

/// Sessions begin and end while somebody pages.
async fn pages_neither_repeat_nor_hide(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let mut logins = Vec::new();
    for n in 0..7 {
        logins.push(ada.with(&login(&app, &ada, "db", &format!("curl/{n}")).send().await.is(200)));
    }
    let page =
        async |query: &str| app.get(&format!("/auth/sessions?{query}")).by(&logins[0]).send().await.is(200).json();
    let agents = |page: &Value| -> Vec<String> {
        let sessions = page["sessions"].as_array().expect("a list").iter();
        sessions.map(|session| session["user_agent"].as_str().expect("an agent").to_owned()).collect()
    };
    let first = page("limit=3").await;
    assert_eq!(agents(&first), ["curl/6", "curl/5", "curl/4"]);
    // One begins, and some end: of the page that was read, of the one to come, and the one that the cursor names.
    login(&app, &ada, "db", "curl/late").send().await.is(200);
    for ended in [5, 4, 2] {
        app.post("/auth/db/logout").by(&logins[ended]).send().await.is(204);
    }
    let cursor = first["next"].as_str().expect("a second page");
    let second = page(&format!("limit=2&cursor={cursor}")).await;
    assert_eq!(agents(&second), ["curl/3", "curl/1"]);
    let cursor = second["next"].as_str().expect("a third page");
    let third = page(&format!("limit=2&cursor={cursor}")).await;
    assert_eq!((agents(&third), &third["next"]), (vec!["curl/0".to_owned()], &Value::Null));
    // A full page may be the last one.
    let all = page("limit=5").await;
    assert_eq!((agents(&all).len(), &all["next"]), (5, &Value::Null));
    assert_eq!(agents(&page("").await).len(), 5);
    assert_eq!(agents(&page("limit=0").await).len(), 1);
    assert_eq!(agents(&page("limit=500").await).len(), 5);
    // The cursor of somebody else shows one's own sessions.
    let grace = app.user("grace").await;
    let theirs = app.get("/auth/sessions?cursor=ffffffff-ffff-7fff-bfff-ffffffffffff").by(&grace).send().await.is(200);
    assert_eq!(theirs.json()["sessions"].as_array().map(Vec::len), Some(1));
    for (query, field, kind) in [("cursor=7", "cursor", "uuid_parsing"), ("limit=x", "limit", "int_parsing")] {
        app.get(&format!("/auth/sessions?{query}")).by(&grace).send().await.rejects(&[(field, kind)]);
    }
    app.get("/auth/sessions?cursor=7").send().await.fails(E::Unauthorized);
}
