//! Scenarios of the app's hooks: they can refuse, and they can do no harm.

use auth_core::ErrorCode as E;
use auth_testkit::{Moment, Reaction};
use serde_json::json;

use crate::scenario::scenarios;
use crate::{App, Cx, PASSWORD, Request, Scenario, Setup};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    after_the_commit_nothing_can_go_wrong,
    a_broken_hook_leaves_nothing_behind,
    a_hanging_hook_is_given_up: direct_only,
    hooks_see_every_action_once,
];

fn register(app: &App, name: &str) -> Request {
    app.post("/auth/register").json(json!({ "email": format!("{name}@example.org"), "password": PASSWORD }))
}

async fn after_the_commit_nothing_can_go_wrong(cx: Cx) {
    let app = cx.app().await;
    for (name, reaction) in
        [("panic", Reaction::Panic), ("hang", Reaction::Hang), ("fail", Reaction::Fail("x".to_owned()))]
    {
        app.hooks().react(Moment::After, reaction);
        register(&app, name).send().await.is(201);
        app.try_login(&format!("{name}@example.org"), PASSWORD, "db").await.is(200);
        event!(app, Registered);
        event!(app, LoginSucceeded);
    }
    assert_eq!((app.user_count().await, app.session_count().await), (3, 3));
}

async fn a_broken_hook_leaves_nothing_behind(cx: Cx) {
    let app = cx.app_with(Setup::default().tolerates_500()).await;
    let ada = app.user("ada").await;
    event!(app, Registered);
    event!(app, LoginSucceeded);
    let broken = [
        Reaction::Panic,
        Reaction::Fail("the secret cause".to_owned()),
        Reaction::Run("INSERT INTO no_such_table VALUES (1)".to_owned()),
    ];
    for reaction in broken {
        for moment in [Moment::Register, Moment::Login, Moment::UpdateUser, Moment::DeleteUser] {
            app.hooks().react(moment, reaction.clone());
        }
        for request in [
            register(&app, "grace"),
            app.post("/auth/db/login").json(json!({ "username": ada.email, "password": PASSWORD })),
            app.patch("/users/me").by(&ada).json(json!({ "display_name": "Ada" })),
            app.delete("/users/me").by(&ada),
        ] {
            let answer = request.send().await.fails(E::Internal);
            assert_eq!(answer.json(), json!({ "detail": "Internal Server Error" }), "the cause is for the log");
        }
        assert_eq!((app.user_count().await, app.session_count().await), (1, 1));
        assert_eq!(app.count("authn_user WHERE display_name IS NOT NULL").await, 0);
    }
    assert!(app.hooks().events().is_empty(), "what was rolled back has not happened: {:?}", app.hooks().events());
    app.hooks().behave();
    app.get("/users/me").by(&ada).send().await.is(200);
    register(&app, "grace").send().await.is(201);
}

async fn a_hanging_hook_is_given_up(cx: Cx) {
    let app = cx.app_with(Setup::default().connections(1)).await;
    app.hooks().react(Moment::Register, Reaction::Hang);
    register(&app, "ada").send().await.fails(E::Overloaded);
    app.hooks().behave();
    // The transaction is over: its connection and its locks are free again.
    register(&app, "ada").send().await.is(201);
    assert_eq!(app.user_count().await, 1);
}

async fn hooks_see_every_action_once(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    app.patch("/users/me").by(&ada).json(json!({ "display_name": "Ada" })).send().await.is(200);
    app.delete("/users/me").by(&ada).send().await.is(204);
    let befores = app.hooks().befores();
    assert_eq!(befores, [Moment::Register, Moment::Login, Moment::UpdateUser, Moment::DeleteUser]);
    let events =
        [event!(app, Registered), event!(app, LoginSucceeded), event!(app, UserUpdated), event!(app, UserDeleted)];
    for event in events {
        assert_eq!(event.client.ip.map(|ip| ip.to_string()).as_deref(), Some("127.0.0.1"));
    }
    assert!(app.hooks().events().is_empty(), "{:?}", app.hooks().events());
}
