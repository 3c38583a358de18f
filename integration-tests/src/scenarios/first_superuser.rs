//! Scenarios of the first superuser, whom the app creates when it starts.

use auth_core::ErrorCode as E;
use auth_core::admin::Bootstrap;
use auth_core::identifier::Email;
use auth_core::password::Password;

use crate::scenario::scenarios;
use crate::{App, Cx, PASSWORD, Scenario, audit, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    the_first_superuser_does_not_come_back: direct_only,
    several_servers_create_one_superuser: direct_only,
    an_address_of_somebody_else_makes_no_superuser: direct_only,
    a_superuser_with_the_address_counts_as_the_first: direct_only,
    what_failed_is_tried_again: direct_only,
];

const ROOT: &str = "root@example.org";

async fn ensure(app: &App, email: &str) -> Bootstrap {
    let email = Email::parse(email).expect("an address");
    app.auth().admin().ensure_superuser(email, Password::new(PASSWORD)).await.expect("an answer")
}

async fn the_first_superuser_does_not_come_back(cx: Cx) {
    for change in [
        "DELETE FROM authn_user",
        "UPDATE authn_user SET is_superuser = FALSE",
        "UPDATE authn_user SET email = NULL, username = 'root', username_key = 'root'",
    ] {
        let app = cx.app().await;
        assert!(matches!(ensure(&app, ROOT).await, Bootstrap::Created(_)));
        assert_eq!(app.count("authn_user WHERE is_superuser AND is_verified AND NOT must_change_password").await, 1);
        app.try_login(ROOT, PASSWORD, "db").await.is(200);
        assert_eq!(ensure(&app, ROOT).await, Bootstrap::Done);
        app.execute(change).await;
        app.execute("DELETE FROM authn_address").await;
        let before = app.user_count().await;
        for server in [app.clone(), app.second_server().await] {
            assert_eq!(ensure(&server, ROOT).await, Bootstrap::Done, "{change}");
            assert_eq!(ensure(&server, "other@example.org").await, Bootstrap::Done, "{change}");
        }
        assert_eq!(app.user_count().await, before, "{change}");
        app.try_login(ROOT, PASSWORD, "db").await.fails(E::LoginBadCredentials);
    }
}

async fn several_servers_create_one_superuser(cx: Cx) {
    let app = cx.app().await;
    let servers = [app.clone(), app.second_server().await];
    let outcomes = race(8, |n| {
        let server = servers[n % 2].clone();
        async move { ensure(&server, &format!("root{n}@example.org")).await }
    })
    .await;
    let created = outcomes.iter().filter(|outcome| matches!(outcome, Bootstrap::Created(_))).count();
    let done = outcomes.iter().filter(|outcome| **outcome == Bootstrap::Done).count();
    assert_eq!((created, done, app.user_count().await), (1, 7, 1), "{outcomes:?}");
    audit::tables(&app).await;
}

async fn an_address_of_somebody_else_makes_no_superuser(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    assert_eq!(ensure(&app, "ADA@example.org").await, Bootstrap::AddressTaken);
    app.promote(&ada).await;
    app.deactivate(&ada).await;
    assert_eq!(ensure(&app, &ada.email).await, Bootstrap::AddressTaken, "an inactive superuser has no rights");
    assert_eq!(app.active_superusers().await, 0);
    assert!(matches!(ensure(&app, ROOT).await, Bootstrap::Created(_)), "another address");
}

async fn a_superuser_with_the_address_counts_as_the_first(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("root").await;
    for _ in 0..2 {
        assert_eq!(ensure(&app, &root.email).await, Bootstrap::Done);
        app.execute("DELETE FROM authn_user").await;
    }
    assert_eq!(app.user_count().await, 0);
}

async fn what_failed_is_tried_again(cx: Cx) {
    let app = cx.app().await;
    let email = Email::parse(ROOT).expect("an address");
    let weak = app.auth().admin().ensure_superuser(email, Password::new("short")).await;
    assert_eq!(weak.expect_err("too weak").code(), E::RegisterInvalidPassword);
    assert!(matches!(ensure(&app, ROOT).await, Bootstrap::Created(_)));
}
