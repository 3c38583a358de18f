//! Scenarios of accounts that nobody verifies and nobody uses.

use std::time::Duration;

use auth_core::account::AccountConfig;
use auth_core::registration::ImportedAccount;
use auth_core::time::OffsetDateTime;
use auth_testkit::{Moment, Reaction};
use serde_json::json;

use crate::mails::ACCOUNT_DELETED;
use crate::scenario::scenarios;
use crate::{App, Cx, PASSWORD, Scenario, Setup, audit};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    accounts_that_nobody_used_are_deleted: direct_only,
    many_are_deleted_and_the_app_may_keep_some: direct_only,
    without_the_setting_they_stay: direct_only,
    an_imported_account_has_its_time: direct_only,
];

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn tidy(cx: &Cx) -> App {
    let config = AccountConfig { delete_unused_after: Some(30 * DAY) };
    cx.app_with(Setup::default().auth(move |auth| auth.accounts(config))).await
}

async fn purged(app: &App) -> u64 {
    app.auth().purge().run().await.expect("the tables").of("account")
}

async fn accounts_that_nobody_used_are_deleted(cx: Cx) {
    let app = tidy(&cx).await;
    let root = app.superuser("root").await;
    let unused = app.register("unused").await;
    let used = app.user("used").await;
    let verified = app.verified("verified").await;
    let superuser = app.register("superuser").await;
    app.promote(&superuser).await;
    let named = json!({ "username": "named", "password": PASSWORD });
    app.post("/users").by(&root).json(named).send().await.is(201);
    app.clock().advance(DAY);
    let late = app.register("late").await;
    let changed = app.register("changed").await;
    app.clock().advance(29 * DAY - Duration::from_millis(1));
    let root = app.login(&root, "db").await;
    app.patch(&changed.path()).by(&root).json(json!({ "display_name": "Known" })).send().await.is(200);
    assert_eq!(purged(&app).await, 0);
    app.clock().advance(Duration::from_millis(1));
    app.hooks().forget();
    assert_eq!(purged(&app).await, 1);
    assert!(!app.has_user(&unused.email).await);
    assert!(!app.was_mailed(&unused.email, ACCOUNT_DELETED).await, "it may be a stranger's address");
    let event = event!(app, UserDeleted);
    assert_eq!((event.actor_id, event.client.ip), (None, None));
    app.clock().advance(DAY);
    assert_eq!(purged(&app).await, 1);
    assert!(!app.has_user(&late.email).await);
    app.clock().advance(29 * DAY);
    assert_eq!(purged(&app).await, 1, "what was changed has the time again");
    for stays in [&root, &used, &verified, &superuser] {
        assert!(app.has_user(&stays.email).await, "{}", stays.email);
    }
    assert_eq!(app.user_count().await, 5);
    // The address is free.
    app.register("unused").await;
    audit::tables(&app).await;
}

async fn many_are_deleted_and_the_app_may_keep_some(cx: Cx) {
    let app = tidy(&cx).await;
    let kept = app.register("kept").await;
    app.clock().advance(31 * DAY);
    app.hooks().react(Moment::DeleteUser, Reaction::Refuse("it has orders".to_owned()));
    assert_eq!(purged(&app).await, 0);
    assert!(app.has_user(&kept.email).await);
    app.hooks().behave();
    let rows = (0..250).map(|n| ImportedAccount::new(format!("u{n}@example.org"))).collect();
    let report = app.auth().registration().import(rows).await.expect("a report");
    assert_eq!(report.imported.len(), 250);
    app.clock().advance(31 * DAY);
    assert_eq!((purged(&app).await, app.user_count().await), (251, 0));
}

async fn without_the_setting_they_stay(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    app.clock().advance(3650 * DAY);
    assert_eq!(purged(&app).await, 0);
    assert!(app.has_user(&ada.email).await);
}

async fn an_imported_account_has_its_time(cx: Cx) {
    let app = tidy(&cx).await;
    let old = ImportedAccount {
        created_at: Some(OffsetDateTime::UNIX_EPOCH),
        is_verified: true,
        ..ImportedAccount::new("verified@example.org")
    };
    let unverified = ImportedAccount {
        is_verified: false,
        ..ImportedAccount { email: "old@example.org".to_owned(), ..old.clone() }
    };
    app.auth().registration().import(vec![old, unverified]).await.expect("a report");
    app.clock().advance(29 * DAY);
    assert_eq!(purged(&app).await, 0);
    app.clock().advance(DAY);
    assert_eq!((purged(&app).await, app.user_count().await), (1, 1));
}
