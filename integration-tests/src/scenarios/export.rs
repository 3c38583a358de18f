//! Scenarios of the export of a user's data, and of what users may see of those who acted on their account.

use std::time::Duration;

use auth_core::limit::{Limits, Rate};
use auth_core::profile::EXPORTS;
use auth_core::{Client, ErrorCode as E};
use serde_json::{Value, json};
use uuid::Uuid;

use super::audit::literal;
use crate::scenario::scenarios;
use crate::{App, Cx, Login, Scenario, Setup, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    users_do_not_see_from_where_superusers_act,
    an_export_is_an_event,
    a_long_log_is_exported_in_part,
    an_account_is_exported_once_at_a_time,
    a_server_holds_two_exports_at_once: direct_only,
];

async fn export(app: &App, who: &Login) -> Value {
    app.get("/users/me/export").by(who).send().await.is(200).json()
}

async fn users_do_not_see_from_where_superusers_act(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("root").await, app.user("ada").await);
    app.clock().advance(Duration::from_millis(1));
    app.verify(&ada).await;
    let change = json!({ "display_name": "Ada" });
    app.patch(&ada.path()).by(&root).header("user-agent", "root-browser").json(change.clone()).send().await.is(200);
    app.clock().advance(Duration::from_millis(1));
    app.patch("/users/me").by(&ada).header("user-agent", "ada-browser").json(change).send().await.is(200);
    let wrong = json!({ "username": ada.email, "password": "wrong-Password-1" });
    app.clock().advance(Duration::from_millis(1));
    app.post("/auth/db/login").header("user-agent", "guesser").json(wrong).send().await.fails(E::LoginBadCredentials);
    event!(app, LoginFailed);
    let seen = |items: &Value| -> Vec<(String, Value)> {
        let items = items.as_array().expect("a list").iter();
        let items =
            items.map(|event| (event["name"].as_str().expect("a name").to_owned(), event["user_agent"].clone()));
        items.filter(|(name, _)| ["login_failure", "user_updated"].contains(&name.as_str())).collect()
    };
    let event = |name: &str, agent: Value| (name.to_owned(), agent);
    let own = [
        event("login_failure", json!("guesser")),
        event("user_updated", json!("ada-browser")),
        event("user_updated", Value::Null),
    ];
    let page = app.get("/auth/me/activity").by(&ada).send().await.is(200).json();
    assert_eq!(seen(&page["items"]), own);
    assert_eq!(seen(&export(&app, &ada).await["activity"]), own);
    // Who has not verified an address does not see from where its owner comes.
    let squatter = app.user("grace").await;
    let wrong = json!({ "username": squatter.email, "password": "wrong-Password-1" });
    app.post("/auth/db/login").header("user-agent", "owner").json(wrong).send().await.fails(E::LoginBadCredentials);
    event!(app, LoginFailed);
    let seen_by_squatter = app.get("/auth/me/activity").by(&squatter).send().await.is(200).json();
    assert_eq!(seen(&seen_by_squatter["items"]), [event("login_failure", Value::Null)]);
    let theirs = page["items"].as_array().expect("a list").iter().find(|event| event["actor_id"] == json!(root.id));
    assert_eq!(theirs.expect("the superuser is named")["ip"], Value::Null);
    // Superusers see each other.
    let page = app.get(&format!("/auth/activity?user_id={}", ada.id)).by(&root).send().await.is(200).json();
    assert_eq!(seen(&page["items"])[2], event("user_updated", json!("root-browser")));
}

async fn an_export_is_an_event(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    export(&app, &ada).await;
    let event = event!(app, Exported);
    assert_eq!(event.actor_id, Some(ada.id));
    assert_eq!(app.count("authn_event WHERE name = 'exported'").await, 1);
}

async fn a_long_log_is_exported_in_part(cx: Cx) {
    const EVENTS: u32 = 1_050;
    let app = cx.app().await;
    let (ada, grace) = (app.user("ada").await, app.user("grace").await);
    let subject = literal(&app, ada.id);
    let ids: Vec<u32> = (0..EVENTS).collect();
    for ids in ids.chunks(500) {
        let row = |n: &u32| format!("({}, 1, 'old', {subject}, 1, 1)", literal(&app, Uuid::from_u128(u128::from(*n))));
        let rows: Vec<String> = ids.iter().map(row).collect();
        let columns = "id, at, name, subject_id, count, last_at";
        app.execute(&format!("INSERT INTO authn_event ({columns}) VALUES {}", rows.join(", "))).await;
    }
    let exported = export(&app, &ada).await;
    let activity = exported["activity"].as_array().expect("a list");
    assert_eq!(activity.len(), 1_000);
    let newest: Vec<&Value> = activity[..3].iter().map(|event| &event["name"]).collect();
    assert!(newest.contains(&&json!("exported")) && newest.contains(&&json!("register")), "the newest: {newest:?}");
    assert_eq!(activity[999]["id"], json!(Uuid::from_u128(u128::from(EVENTS - 997))));
    let counts = json!({ "exported": 1, "login_success": 1, "old": EVENTS, "register": 1 });
    assert_eq!(exported["activity_counts"], counts);
    let counts = json!({ "exported": 1, "login_success": 1, "register": 1 });
    assert_eq!(export(&app, &grace).await["activity_counts"], counts, "nobody else's");
}

async fn an_account_is_exported_once_at_a_time(cx: Cx) {
    let rate = Rate { times: 1, per: Duration::from_secs(60) };
    let setup = Setup::default().auth(move |auth| auth.limits(Limits::off().set(EXPORTS, [rate])));
    let app = cx.app_with(setup).await;
    let (ada, grace) = (app.user("ada").await, app.user("grace").await);
    let servers = [app.clone(), app.second_server().await];
    for _ in 0..2 {
        let answers = race(8, |n| {
            let (server, ada) = (servers[n % 2].clone(), ada.clone());
            async move { server.get("/users/me/export").by(&ada).send().await }
        });
        let (done, refused): (Vec<_>, Vec<_>) = answers.await.into_iter().partition(|answer| answer.status == 200);
        assert_eq!((done.len(), refused.len()), (1, 7));
        refused.into_iter().for_each(|answer| drop(answer.fails(E::RateLimited)));
        export(&app, &grace).await;
        app.clock().advance(Duration::from_secs(60));
    }
    assert_eq!(app.count("authn_event WHERE name = 'exported'").await, 4);
}

async fn a_server_holds_two_exports_at_once(cx: Cx) {
    let app = cx.app().await;
    let mut users = Vec::new();
    for name in ["ada", "grace", "eve"] {
        let who = app.user(name).await;
        users.push(app.auth().admin().get(who.id).await.expect("an account"));
    }
    let (profiles, client) = (app.auth().profile(), Client::default());
    let [first, second, third] = [0, 1, 2].map(|n| profiles.export(&users[n], &client));
    let (first, second) = (first.await.expect("an export"), second.await.expect("an export"));
    let mut third = std::pin::pin!(third);
    let waits = tokio::time::timeout(Duration::from_millis(200), &mut third).await;
    assert!(waits.is_err(), "{second:?}");
    drop(first);
    assert_eq!(third.await.expect("an export").user.id, users[2].id);
}
