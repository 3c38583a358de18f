//! Scenarios of accounts as superusers manage them.

use std::time::Duration;

use auth_core::ErrorCode as E;
use auth_core::EventKind;
use auth_testkit::{Moment, Reaction};
use serde_json::{Value, json};

use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Scenario, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    lists_page_by_page,
    finds_by_prefix,
    refuses_queries_that_make_no_sense,
    reads_one_account,
    changes_everything_at_once,
    changes_of_credentials_end_sessions,
    refuses_what_cannot_be,
    the_last_superuser_is_neither_demoted_nor_deleted,
    superusers_cannot_remove_each_other_at_once,
    deletes_an_account,
    a_hook_can_refuse,
];

async fn page(app: &App, root: &Login, query: &str) -> (Vec<String>, Option<String>) {
    let page = app.get(&format!("/users{query}")).by(root).send().await.is(200).json();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let emails = page["items"].as_array().expect("items").iter().filter_map(|user| text(&user["email"])).collect();
    (emails, text(&page["next"]))
}

async fn lists_page_by_page(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("u0").await;
    for n in 1..7 {
        app.clock().advance(Duration::from_secs(1));
        app.register(&format!("u{n}")).await;
    }
    let all: Vec<String> = (0..7).map(|n| format!("u{n}@example.org")).collect();
    assert_eq!(page(&app, &root, "").await, (all.clone(), None));
    let (mut found, mut query) = (Vec::new(), "?limit=3".to_owned());
    for expected in [3, 3, 1] {
        let (emails, next) = page(&app, &root, &query).await;
        assert_eq!(emails.len(), expected);
        assert_eq!(next.is_none(), expected == 1, "the last page has no next one");
        found.extend(emails);
        query = format!("?limit=3&cursor={}", next.unwrap_or_default());
    }
    assert_eq!(found, all);
    assert_eq!(page(&app, &root, "?limit=1000").await.0.len(), 7);
    assert_eq!(page(&app, &root, "?limit=0").await.0.len(), 1, "a page has at least one item");
}

async fn finds_by_prefix(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("grace").await;
    for (email, username) in
        [("ada@example.org", "Countess"), ("ad_min@example.org", "x_y"), ("adxmin@example.org", "xzy")]
    {
        let body = json!({ "email": email, "password": PASSWORD, "username": username });
        app.post("/auth/register").json(body).send().await.is(201);
    }
    for (prefix, expected) in [
        ("ad", vec!["ada@example.org", "ad_min@example.org", "adxmin@example.org"]),
        ("ADA@", vec!["ada@example.org"]),
        ("count", vec!["ada@example.org"]),
        ("ad_m", vec!["ad_min@example.org"]),
        ("x_", vec!["ad_min@example.org"]),
        ("%25", vec![]),
        ("_", vec![]),
        ("%5C", vec![]),
        ("'%20OR%201=1--", vec![]),
        ("example", vec![]),
    ] {
        let (mut found, _) = page(&app, &root, &format!("?q={prefix}")).await;
        let mut expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{prefix}");
    }
}

async fn refuses_queries_that_make_no_sense(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("grace").await;
    for (query, field, kind) in [
        ("?limit=many", "limit", "int_parsing"),
        ("?limit=-1", "limit", "int_parsing"),
        ("?cursor=7", "cursor", "uuid_parsing"),
        ("?q=a&q=b", "q", "duplicate"),
        ("?q=a%00", "q", "string_characters"),
        ("?q=%ff", "q", "string_unicode"),
    ] {
        let answer = app.get(&format!("/users{query}")).by(&root).send().await.rejects(&[(field, kind)]);
        assert_eq!(answer.json()["detail"][0]["loc"], json!(["query", field]));
    }
}

async fn reads_one_account(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("grace").await, app.user("ada").await);
    let seen = app.get(&ada.path()).by(&root).send().await.is(200).json();
    assert_eq!(seen, app.get("/users/me").by(&ada).send().await.is(200).json());
}

async fn changes_everything_at_once(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("grace").await, app.user("ada").await);
    let change = json!({
        "email": "countess@example.org", "password": "violet-Harbour-57-lamp", "username": "Countess",
        "display_name": "Ada", "attributes": { "a": 1 }, "is_superuser": true, "is_verified": true, "id": root.id,
    });
    let account = app.patch(&ada.path()).by(&root).json(change).send().await.is(200).json();
    let expected = json!({
        "id": ada.id, "email": "countess@example.org", "username": "Countess", "is_active": true, "is_superuser": true,
        "is_verified": true, "display_name": "Ada", "attributes": { "a": 1 }, "created_at": "2026-01-15T12:00:00Z",
    });
    assert_eq!(account, expected);
    assert_eq!(app.get(&ada.path()).by(&root).send().await.is(200).json(), expected);
    app.get("/users/me").by(&ada).send().await.fails(E::Unauthorized);
    app.try_login("countess", "violet-Harbour-57-lamp", "db").await.is(200);
    let event = event!(app, UserUpdated);
    assert!(matches!(event.kind, EventKind::UserUpdated { actor_id, .. } if actor_id == Some(root.id)));
    // Leaving fields out or emptying them.
    let change = json!({ "username": null, "display_name": null });
    let account = app.patch(&ada.path()).by(&root).json(change).send().await.is(200).json();
    assert_eq!((&account["username"], &account["email"]), (&Value::Null, &json!("countess@example.org")));
}

async fn changes_of_credentials_end_sessions(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("grace").await, app.register("ada").await);
    let changes = [
        (json!({ "display_name": "Ada" }), true),
        (json!({ "is_verified": true }), false),
        (json!({ "is_active": true }), true),
        (json!({ "is_superuser": true }), false),
        (json!({ "is_superuser": false }), false),
        (json!({ "password": "violet-Harbour-57-lamp" }), false),
        (json!({ "password": PASSWORD }), false),
        (json!({ "is_active": false }), false),
    ];
    for (change, goes_on) in changes {
        for backend in ["cookie", "jwt", "db"] {
            let (password, code) = ("violet-Harbour-57-lamp", E::LoginBadCredentials.as_str());
            let answer = app.try_login(&ada.email, PASSWORD, backend).await;
            let answer =
                if answer.code() == code { app.try_login(&ada.email, password, backend).await } else { answer };
            let session = ada.with(&answer);
            app.get("/users/me").by(&session).send().await.is(200);
            app.patch(&ada.path()).by(&root).json(json!({})).send().await.is(200);
            app.patch(&ada.path()).by(&root).json(change.clone()).send().await.is(200);
            let answer = app.get("/users/me").by(&session).send().await;
            assert_eq!(answer.status == 200, goes_on, "{change} {backend}: {}", answer.text());
            restore(&app, &ada, &change).await;
        }
        match change["is_superuser"] == true {
            true => app.promote(&ada).await,
            false => app.activate(&ada).await,
        }
    }
}

/// Undoes a change of a flag, so that the next backend sees it made again.
async fn restore(app: &App, who: &Login, change: &Value) {
    match (&change["is_superuser"], &change["is_active"]) {
        (Value::Bool(true), _) => app.demote(who).await,
        (Value::Bool(false), _) => app.promote(who).await,
        (_, Value::Bool(false)) => app.activate(who).await,
        _ if change["is_verified"] == true => {
            app.execute("UPDATE authn_user SET is_verified = FALSE, password_is_confirmed = TRUE").await;
        }
        _ => {}
    }
}

async fn refuses_what_cannot_be(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("grace").await, app.user("ada").await);
    app.patch("/users/me").by(&root).json(json!({ "username": "grace" })).send().await.is(200);
    let patch = |body: Value| app.patch(&ada.path()).by(&root).json(body).send();
    patch(json!({ "email": "grace@example.org" })).await.fails(E::UpdateUserEmailAlreadyExists);
    patch(json!({ "username": "Grace" })).await.fails(E::UsernameAlreadyExists);
    patch(json!({ "password": "password1" })).await.fails(E::UpdateUserInvalidPassword);
    patch(json!({ "email": "x", "is_active": "no", "attributes": 7 })).await.rejects(&[
        ("email", "email_invalid"),
        ("is_active", "bool_type"),
        ("attributes", "dict_type"),
    ]);
    app.get("/users/me").by(&ada).send().await.is(200);
}

async fn the_last_superuser_is_neither_demoted_nor_deleted(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("grace").await;
    for change in [json!({ "is_superuser": false }), json!({ "is_active": false })] {
        app.patch(&root.path()).by(&root).json(change).send().await.fails(E::LastSuperuser);
    }
    app.delete(&root.path()).by(&root).send().await.fails(E::LastSuperuser);
    assert_eq!(app.active_superusers().await, 1);
    app.get("/users").by(&root).send().await.is(200);
}

async fn superusers_cannot_remove_each_other_at_once(cx: Cx) {
    let app = cx.app().await;
    let servers = [app.clone(), app.second_server().await];
    for round in 0..4 {
        app.execute("DELETE FROM authn_user").await;
        let pair = [app.superuser(&format!("a{round}")).await, app.superuser(&format!("b{round}")).await];
        let answers = race(2, |n| {
            let (server, actor, target) = (servers[n].clone(), pair[n].clone(), pair[1 - n].clone());
            async move {
                if round % 2 == 0 {
                    server.patch(&target.path()).by(&actor).json(json!({ "is_superuser": false })).send().await
                } else {
                    server.delete(&target.path()).by(&actor).send().await
                }
            }
        });
        let won = answers.await.iter().filter(|answer| answer.status.is_success()).count();
        assert_eq!(won, 1, "round {round}");
        assert_eq!(app.active_superusers().await, 1, "round {round}");
    }
}

async fn deletes_an_account(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("grace").await, app.user("ada").await);
    app.delete(&ada.path()).by(&root).send().await.is(204);
    app.get("/users/me").by(&ada).send().await.fails(E::Unauthorized);
    app.get(&ada.path()).by(&root).send().await.fails(E::NotFound);
    app.delete(&ada.path()).by(&root).send().await.fails(E::NotFound);
    assert_eq!((app.user_count().await, app.session_count().await), (1, 1));
    let event = event!(app, UserDeleted);
    assert_eq!(event.kind, EventKind::UserDeleted { user_id: ada.id, actor_id: Some(root.id) });
}

async fn a_hook_can_refuse(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("grace").await, app.user("ada").await);
    for moment in [Moment::UpdateUser, Moment::DeleteUser] {
        app.hooks().react(moment, Reaction::Refuse("not on a Sunday".to_owned()));
    }
    app.patch(&ada.path()).by(&root).json(json!({ "is_active": false })).send().await.fails(E::RefusedByApp);
    app.delete(&ada.path()).by(&root).send().await.fails(E::RefusedByApp);
    app.get("/users/me").by(&ada).send().await.is(200);
}
