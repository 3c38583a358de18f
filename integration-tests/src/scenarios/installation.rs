//! Scenarios of the installation as a whole: what a restored backup brings back (F-21), and which secrets belong to a
//! database (F-26, SEC-05).

use std::time::Duration;

use auth_core::installation::{KeyError, KeyState, is_unused};
use auth_core::{ErrorCode as E, OutboxState, RootSecret};
use auth_testkit::MailFault;
use serde_json::json;

use crate::mails::{MAGIC_LINK, RESET_PASSWORD, VERIFY_EMAIL};
use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Scenario, Setup, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    what_a_backup_brings_back_ends,
    rows_that_seem_to_be_of_tomorrow_end: direct_only,
    a_restore_without_rows_ends_nothing_new: direct_only,
    mails_that_waited_are_not_sent: direct_only,
    another_secret_does_not_start: direct_only,
    of_two_first_secrets_one_starts: direct_only,
    a_mail_waits_for_a_server_that_can_open_it,
    a_code_is_good_where_both_secrets_are_known: direct_only,
    a_database_is_unused_until_something_is_in_it: direct_only,
];

pub(super) const OTHER: [u8; 32] = *b"\x11\x8d\x02\x7f\xc1\x55\x30\xe8\x1a\xb6\x44\xf9\x0c\x73\xd5\x2e\
    \x81\x68\xaa\x17\xee\x94\x3b\xc0\x5f\x26\xdd\x89\x42\x01\xb7\x6c";

/// The tables that matter to a backup here.
const TABLES: [&str; 2] = ["authn_session", "authn_one_time_token"];

fn other() -> Setup {
    Setup::default().auth(|auth| auth.secret(RootSecret::new(OTHER)))
}

fn rotated() -> Setup {
    other().auth(|auth| auth.former_secret(RootSecret::new(auth_testkit::SECRET)))
}

async fn back_up(app: &App) {
    for table in TABLES {
        app.execute(&format!("CREATE TABLE backup_of_{table} AS SELECT * FROM {table}")).await;
    }
}

/// Brings back the rows of the backup, for an account whose epoch is the one that it had then.
async fn restore(app: &App) {
    for table in TABLES {
        app.execute(&format!("DELETE FROM {table}")).await;
        app.execute(&format!("INSERT INTO {table} SELECT * FROM backup_of_{table}")).await;
    }
    app.execute("UPDATE authn_user SET sev = (SELECT MAX(sev) FROM backup_of_authn_session)").await;
}

async fn reset(app: &App, token: &str) -> crate::Answer {
    app.post("/auth/reset-password").json(json!({ "token": token, "password": PASSWORD })).send().await
}

async fn outbox(app: &App) -> OutboxState {
    app.auth().mail().state().await.expect("the outbox")
}

/// A session of each kind, and a link, are used up after the backup was made, and the restore brings them back to life.
async fn what_a_backup_brings_back_ends(cx: Cx) {
    let app = cx.app().await;
    let ada = app.verified_user("ada").await;
    let logins = [ada.clone(), app.login(&ada, "cookie").await, app.login(&ada, "jwt").await];
    app.post("/auth/forgot-password").json(json!({ "email": ada.email })).send().await.is(202);
    let link = app.token_to(&ada.email, RESET_PASSWORD).await;
    app.post("/auth/magic-link").json(json!({ "email": ada.email })).send().await.is(202);
    let mail = app.mail_to(&ada.email, MAGIC_LINK).await;
    let guess = json!({ "email": ada.email, "code": mail.code.as_ref().expect("a code").as_str() });
    back_up(&app).await;
    app.clock().advance(Duration::from_secs(60));
    // All of them are used up, once without a restore and once because of it.
    for _ in 0..2 {
        app.post("/auth/db/magic-link/verify").json(guess.clone()).send().await.is(200);
        reset(&app, &link).await.is(200);
        reset(&app, &link).await.fails(E::ResetPasswordBadToken);
        for login in &logins {
            app.get("/users/me").by(login).send().await.fails(E::Unauthorized);
        }
        restore(&app).await;
        for login in &logins {
            app.get("/users/me").by(login).send().await.is(200);
        }
    }

    let ended = app.auth().installation().after_restore().await.expect("a restore");
    assert!(ended.sessions == 3 && ended.tokens >= 2, "{ended:?}");
    assert_eq!(app.count("authn_device").await, 0, "some had been forgotten");
    let servers = [app.clone(), app.second_server().await];
    for server in &servers {
        for login in &logins {
            server.get("/users/me").by(login).send().await.fails(E::Unauthorized);
        }
        reset(server, &link).await.fails(E::ResetPasswordBadToken);
        server.post("/auth/db/magic-link/verify").json(guess.clone()).send().await.fails(E::MagicLinkBadToken);
    }
    // What comes later is good, on every server.
    app.clock().advance(Duration::from_secs(1));
    let again = app.login(&ada, "db").await;
    for server in &servers {
        server.get("/users/me").by(&again).send().await.is(200);
    }
    let listed = app.get("/auth/sessions").by(&again).send().await.is(200).json();
    assert_eq!(listed["sessions"].as_array().map(Vec::len), Some(1), "{listed}");
    app.post("/auth/forgot-password").json(json!({ "email": ada.email })).send().await.is(202);
    reset(&app, &app.token_to(&ada.email, RESET_PASSWORD).await).await.is(200);
    // The log knows of it, and the dead are deleted.
    let event = event!(app, Restored);
    assert!(format!("{event:?}").contains("sessions: 3"), "{event:?}");
    assert_eq!(app.count("authn_event WHERE name = 'restored' AND subject_id IS NULL").await, 1);
    app.login(&ada, "db").await;
    app.auth().purge().run().await.expect("a purge");
    assert_eq!(app.session_count().await, 1);
}

/// The server that wrote the rows had a clock that was an hour fast.
async fn rows_that_seem_to_be_of_tomorrow_end(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    app.clock().set_back(Duration::from_secs(3600));
    app.auth().installation().after_restore().await.expect("a restore");
    app.get("/users/me").by(&ada).send().await.fails(E::Unauthorized);
    assert_eq!(outbox(&app).await, OutboxState { waiting: 0, failed: 0 });
    // And nobody has to wait for an hour.
    let ada = app.login(&ada, "db").await;
    app.get("/users/me").by(&ada).send().await.is(200);
    // The moment never goes back: what was dead stays dead.
    app.clock().advance(Duration::from_secs(1));
    app.auth().installation().after_restore().await.expect("a restore");
    app.clock().set_back(Duration::from_secs(60));
    app.auth().installation().after_restore().await.expect("a restore");
    app.get("/users/me").by(&ada).send().await.fails(E::Unauthorized);
}

async fn a_restore_without_rows_ends_nothing_new(cx: Cx) {
    let app = cx.app().await;
    assert_eq!(app.auth().installation().last_restore().await.expect("an answer"), None);
    let ended = app.auth().installation().after_restore().await.expect("a restore");
    assert_eq!((ended.sessions, ended.tokens, ended.mails), (0, 0, 0));
    assert_eq!(app.auth().installation().last_restore().await.expect("an answer"), Some(app.auth().now()));
    let ada = app.user("ada").await;
    app.get("/users/me").by(&ada).send().await.is(200);
    app.clock().advance(Duration::from_secs(1));
    // Of many that run at once all end the same.
    let done = race(8, |_| {
        let app = app.clone();
        async move { app.auth().installation().after_restore().await.map(|ended| ended.sessions) }
    });
    let sessions: Vec<u64> = done.await.into_iter().map(|ended| ended.expect("a restore")).collect();
    assert!(sessions.contains(&1), "{sessions:?}");
    app.get("/users/me").by(&ada).send().await.fails(E::Unauthorized);
    assert_eq!(app.count("authn_meta WHERE name = 'restored'").await, 1);
}

/// Neither the one that waited nor the dead letter, which `revive` leaves alone.
async fn mails_that_waited_are_not_sent(cx: Cx) {
    let app = cx.app().await;
    app.mailer().fail(MailFault::Permanent);
    app.register("ada").await;
    app.deliver().await;
    app.mailer().fail(None);
    app.register("grace").await;
    assert_eq!(outbox(&app).await, OutboxState { waiting: 1, failed: 1 });
    let ended = app.auth().installation().after_restore().await.expect("a restore");
    assert_eq!(ended.mails, 1);
    assert_eq!(app.auth().mail().revive().await.expect("the outbox"), 0);
    app.clock().advance(Duration::from_secs(1));
    app.deliver().await;
    assert!(app.mailer().sent().is_empty());
    assert_eq!(outbox(&app).await, OutboxState { waiting: 0, failed: 0 });
    app.auth().purge().run().await.expect("a purge");
    assert_eq!(app.waiting_mails().await, 0);
    let eve = app.register("eve").await;
    assert_eq!(app.kinds_to(&eve.email).await, [VERIFY_EMAIL.name()]);
}

async fn state(app: &App) -> KeyState {
    app.auth().installation().keys().await.expect("an answer")
}

async fn another_secret_does_not_start(cx: Cx) {
    let app = cx.app().await;
    assert_eq!(state(&app).await, KeyState::New);
    for _ in 0..2 {
        app.auth().installation().check_keys().await.expect("the first secret of all");
        assert_eq!(state(&app).await, KeyState::Known);
    }
    let new = app.server_with(other()).await;
    let Err(KeyError::Unknown(unknown)) = new.auth().installation().check_keys().await else { panic!("it started") };
    let ids = (new.auth().installation().key_id(), vec![app.auth().installation().key_id()]);
    assert_eq!((unknown.given.clone(), unknown.known.clone()), ids);
    let text = unknown.to_string();
    for word in [&ids.0, &ids.1[0], "`secret`", "`former_secret`", "`accept-key`"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert_eq!(app.count("authn_meta").await, 1, "who was refused leaves nothing behind");
    // With the former secret it starts, and does not need it at the next start.
    let both = app.server_with(rotated()).await;
    assert_eq!(state(&both).await, KeyState::Replaced);
    both.auth().installation().check_keys().await.expect("a replaced secret");
    assert_eq!((state(&both).await, state(&new).await), (KeyState::Known, KeyState::Known));
    // A server that has not been replaced yet starts as well.
    app.auth().installation().check_keys().await.expect("the former secret");
    // For one that nobody remembers there is the operator.
    let lost = Setup::default().auth(|auth| auth.secret(RootSecret::new(*b"k3Vw9ZqL7rTnB5xYc2Hs8JdF4gMpA6uE")));
    let lost = app.server_with(lost).await;
    assert!(matches!(lost.auth().installation().check_keys().await, Err(KeyError::Unknown(_))));
    lost.auth().installation().accept_key().await.expect("a key");
    lost.auth().installation().check_keys().await.expect("an accepted key");
}

async fn of_two_first_secrets_one_starts(cx: Cx) {
    let app = cx.app().await;
    let servers = [app.clone(), app.server_with(other()).await];
    let started = race(16, |n| {
        let server = servers[n % 2].clone();
        async move {
            match server.auth().installation().check_keys().await {
                Ok(()) => true,
                Err(KeyError::Unknown(_)) => false,
                Err(cause) => panic!("{cause}"),
            }
        }
    });
    let started = started.await;
    let (first, second): (Vec<_>, Vec<_>) = started.chunks(2).map(|pair| (pair[0], pair[1])).unzip();
    let all_alike = |results: &[bool]| results.iter().all(|result| *result == results[0]);
    assert!(all_alike(&first) && all_alike(&second) && first[0] != second[0], "{started:?}");
    assert_eq!(app.count("authn_meta").await, 1);
}

/// The server with the other secret leaves a mail to its neighbour, and gives it up when its time is over.
async fn a_mail_waits_for_a_server_that_can_open_it(cx: Cx) {
    let app = cx.app().await;
    let new = app.server_with(other()).await;
    let ada = app.register("ada").await;
    let foreign = async |app: &App| app.auth().mail().unreadable().await.expect("the outbox");
    for _ in 0..3 {
        new.deliver().await;
        app.clock().advance(Duration::from_secs(3600));
    }
    assert_eq!(app.count("authn_mail WHERE attempts = 0 AND failed_at IS NULL").await, 1);
    assert_eq!(foreign(&new).await.into_iter().collect::<Vec<_>>(), [(app.auth().installation().key_id(), 1)]);
    assert_eq!(
        (new.auth().mail().overdue(Duration::ZERO).await.expect("the outbox"), foreign(&app).await.len()),
        (0, 0)
    );
    assert_eq!(app.kinds_to(&ada.email).await, [VERIFY_EMAIL.name()]);
    // One that has the former secret as well opens the mails of both.
    let both = app.server_with(rotated()).await;
    let (grace, eve): (Login, Login) = (app.register("grace").await, new.register("eve").await);
    assert_eq!(both.kinds_to(&grace.email).await, [VERIFY_EMAIL.name()]);
    assert_eq!(both.kinds_to(&eve.email).await, [VERIFY_EMAIL.name()]);
    // Nobody comes who could open this one.
    app.register("late").await;
    app.clock().advance(Duration::from_secs(23 * 3600));
    new.deliver().await;
    assert_eq!(outbox(&app).await, OutboxState { waiting: 1, failed: 0 });
    app.clock().advance(Duration::from_secs(3600));
    new.deliver().await;
    assert_eq!(outbox(&app).await, OutboxState { waiting: 0, failed: 1 });
    event!(new, MailFailed);
}

/// Of two servers, one has only the former secret yet.
async fn a_code_is_good_where_both_secrets_are_known(cx: Cx) {
    let old = cx.app().await;
    let ada = old.verified_user("ada").await;
    let new = old.server_with(rotated()).await;
    for (mails, other) in [(&old, &new), (&new, &new)] {
        mails.post("/auth/magic-link").json(json!({ "email": ada.email })).send().await.is(202);
        let mail = mails.mail_to(&ada.email, MAGIC_LINK).await;
        let code = mail.code.as_ref().expect("a code").as_str().to_owned();
        let wrong = if code == "123456" { "654321" } else { "123456" };
        let guess = |code: &str| json!({ "email": ada.email, "code": code });
        other.post("/auth/db/magic-link/verify").json(guess(wrong)).send().await.fails(E::MagicLinkBadToken);
        assert_eq!(old.count("authn_one_time_token WHERE attempts = 1 AND used_at IS NULL").await, 1, "one try");
        other.post("/auth/db/magic-link/verify").json(guess(&code)).send().await.is(200);
        other.post("/auth/db/magic-link/verify").json(guess(&code)).send().await.fails(E::MagicLinkBadToken);
    }
}

async fn a_database_is_unused_until_something_is_in_it(cx: Cx) {
    let app = cx.app().await;
    assert!(is_unused(app.db()).await.expect("an answer"));
    app.register("ada").await;
    assert!(!is_unused(app.db()).await.expect("an answer"));
    let app = cx.app().await;
    app.auth().installation().check_keys().await.expect("the first secret of all");
    assert!(!is_unused(app.db()).await.expect("an answer"));
}
