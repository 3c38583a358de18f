//! Scenarios of accounts that come from another system, and of the password hashes that come with them.

use auth_core::password::{HasherConfig, UnreadableHash};
use auth_core::registration::{ImportLoss, ImportReport, ImportedAccount, SkipReason};
use auth_core::time::OffsetDateTime;
use auth_core::uuid::Uuid;
use auth_core::{ErrorCode as E, EventKind, LoginFailure as Failure};
use auth_testkit::{Moment, Reaction};
use serde::Deserialize;
use serde_json::json;

use crate::logs::Listener;
use crate::scenario::scenarios;
use crate::vectors::{self, Vector};
use crate::{App, Cx, PASSWORD, Scenario, Setup, audit, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_foreign_hash_logs_in_once_and_is_replaced,
    a_foreign_hash_costs_at_least_a_present_one: one_server,
    without_the_key_of_firebase_nobody_gets_in: direct_only sqlite_only,
    a_login_never_undoes_a_change_of_password,
    an_owner_logs_in_with_what_was_typed_there,
    imported_accounts_log_in,
    what_cannot_be_imported_is_skipped_with_a_reason,
    an_account_is_worth_more_than_its_hash_and_its_name,
    ids_are_kept,
    a_rehearsal_reports_the_import_and_writes_nothing,
    weak_and_costly_hashes_are_warned_of,
    a_hook_decides_about_imported_accounts,
    large_imports_run_in_batches: direct_only,
];

const WRONG: &str = "wrong-Password-1";

/// What a hash begins with after a login, with the costs of the tests.
const OURS: &str = "$argon2id$v=19$m=8,t=1,p=1$";

fn setup() -> Setup {
    Setup::default().auth(|auth| auth.passwords(vectors::config()))
}

/// A committed hash of this scheme.
fn hash(scheme: &str) -> Vector {
    vectors::committed().into_iter().find(|vector| vector.scheme == scheme).expect("a vector")
}

async fn a_foreign_hash_logs_in_once_and_is_replaced(cx: Cx) {
    let app = cx.app_with(setup()).await;
    let ada = app.register("ada").await;
    for Vector { scheme, password, hash } in vectors::of_each_scheme() {
        for endpoint in ["/auth/login", "/auth/jwt/login", "/auth/db/login"] {
            let hash = app.auth().hasher().adopt(&hash).expect("a hash");
            app.set_password_hash(&ada, &hash).await;
            let login =
                |password: &str| app.post(endpoint).json(json!({ "username": ada.email, "password": password })).send();
            login(WRONG).await.fails(E::LoginBadCredentials);
            assert_eq!(app.password_hash(&ada).await, hash, "{scheme}: a wrong password changes nothing");
            let first = login(&password).await;
            assert!([200, 204].contains(&first.status.as_u16()), "{scheme}: {first:?}");
            let ours = app.password_hash(&ada).await;
            assert!(ours.starts_with(OURS), "{scheme}: {ours}");
            login(WRONG).await.fails(E::LoginBadCredentials);
            let second = login(&password).await;
            assert_eq!(second.status, first.status, "{scheme}");
            assert_eq!(app.password_hash(&ada).await, ours, "{scheme}: a present hash is left alone");
        }
    }
    // A hash can prove who asks as well as let them in.
    let Vector { password, hash, .. } = hash("bcrypt 2b");
    app.set_password_hash(&ada, &hash).await;
    let answer = app.try_login(&ada.email, &password, "db").await.is(200);
    let ada = ada.with(&answer);
    app.set_password_hash(&ada, &hash).await;
    app.delete("/users/me").by(&ada).json(json!({ "password": WRONG })).send().await.fails(E::ReauthenticationFailed);
    app.delete("/users/me").by(&ada).json(json!({ "password": password })).send().await.is(204);
    assert_eq!(app.user_count().await, 0);
}

/// LOG-02, LOG-03, as far as a hash goes that is cheaper than ours: the work of a present one is always done, too.
async fn a_foreign_hash_costs_at_least_a_present_one(cx: Cx) {
    let config = HasherConfig { memory_kib: 64, iterations: 2, ..vectors::config() };
    let app = cx.app_with(Setup::default().auth(move |auth| auth.passwords(config.clone()))).await;
    let ada = app.register("ada").await;
    for Vector { scheme, password, hash } in vectors::of_each_scheme() {
        for (active, typed, reason) in [
            (true, WRONG, Failure::WrongPassword),
            (false, WRONG, Failure::WrongPassword),
            (false, password.as_str(), Failure::Inactive),
        ] {
            let hash = app.auth().hasher().adopt(&hash).expect("a hash");
            app.set(&ada, &format!("password_hash = '{hash}', is_active = {active}")).await;
            let before = app.auth().hasher().work_done();
            app.try_login("nobody@example.org", typed, "db").await.fails(E::LoginBadCredentials);
            let _ = event!(app, LoginFailed);
            let (between, _) = (app.auth().hasher().work_done(), app.statements().take());
            app.try_login(&ada.email, typed, "db").await.fails(E::LoginBadCredentials);
            let (unknown, spent) = (between - before, app.auth().hasher().work_done() - between);
            assert!((unknown..=2 * unknown).contains(&spent), "{scheme}: {spent} and {unknown}");
            let event = event!(app, LoginFailed);
            assert_eq!(app.statements().take().len(), 2, "{scheme}: the look-up, and the line in the audit log");
            assert_eq!(event.kind, EventKind::LoginFailed { user_id: Some(ada.id), reason }, "{scheme}");
        }
    }
}

async fn without_the_key_of_firebase_nobody_gets_in(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let Vector { password, hash, .. } = hash("firebase");
    app.set_password_hash(&ada, &hash).await;
    app.try_login(&ada.email, &password, "db").await.fails(E::LoginBadCredentials);
    let event = event!(app, LoginFailed);
    assert_eq!(event.kind, EventKind::LoginFailed { user_id: Some(ada.id), reason: Failure::CorruptHash });
    let row = ImportedAccount { password_hash: Some(hash.clone().into()), ..ImportedAccount::new("grace@example.org") };
    let report = app.auth().registration().import(vec![row]).await.expect("a report");
    assert_eq!(report.skipped, [(0, SkipReason::PasswordHash(UnreadableHash::NoFirebaseKey))]);
    let with_key = app.server_with(setup()).await;
    with_key.try_login(&ada.email, &password, "db").await.is(200);
}

async fn a_login_never_undoes_a_change_of_password(cx: Cx) {
    const NEW: &str = "kettle-Umbrella-43";
    let app = cx.app_with(setup()).await;
    let Vector { password, hash, .. } = hash("bcrypt 2b");
    for round in 0..4 {
        let ada = app.user(&format!("ada{round}")).await;
        app.set_password_hash(&ada, &hash).await;
        let answers = race(8, |index| {
            let (app, ada, password) = (app.clone(), ada.clone(), password.clone());
            async move {
                if index > 0 {
                    return app.try_login(&ada.email, &password, "db").await.status.as_u16();
                }
                let change = json!({ "password": NEW, "current_password": password });
                app.patch("/users/me").by(&ada).json(change).send().await.status.as_u16()
            }
        });
        let answers = answers.await;
        assert_eq!(answers[0], 200, "the change succeeds");
        assert!(answers[1..].iter().all(|status| [200, 400].contains(status)), "{answers:?}");
        app.try_login(&ada.email, &password, "db").await.fails(E::LoginBadCredentials);
        app.try_login(&ada.email, NEW, "db").await.is(200);
    }
}

/// The system that the account comes from hashed the text as it was received, or in normal form KC.
async fn an_owner_logs_in_with_what_was_typed_there(cx: Cx) {
    let app = cx.app_with(setup()).await;
    let decomposed = hash("bcrypt of a decomposed text");
    let folded = hash("bcrypt of NFKC");
    let long = hash("passlib pbkdf2-sha256 of 4096 bytes");
    let row = |name: &str, vector: &Vector| ImportedAccount {
        password_hash: Some(vector.hash.clone().into()),
        ..ImportedAccount::new(format!("{name}@example.org"))
    };
    let rows = vec![row("decomposed", &decomposed), row("folded", &folded), row("long", &long)];
    assert_eq!(import(&app, rows).await.losses, []);
    let opens = async |name: &str, password: &str| {
        let answer = app.try_login(&format!("{name}@example.org"), password, "db").await;
        answer.status.as_u16() == 200 || !answer.fails(E::LoginBadCredentials).status.is_client_error()
    };
    let composed = "schlüssel-Größe-42-Bär";
    assert!(!opens("decomposed", composed).await, "nobody could log in there with it");
    assert!(opens("decomposed", &decomposed.password).await);
    assert!(opens("decomposed", composed).await && opens("decomposed", &decomposed.password).await);
    assert!(opens("folded", &folded.password).await && opens("folded", &folded.password).await);
    assert!(!opens("folded", "finance IX flow 42").await, "what was typed counts from now on");
    assert!(!opens("long", &long.password[1..]).await);
    assert!(opens("long", &long.password).await && opens("long", &long.password).await);
    assert!(!opens("long", &format!("{}0", &long.password[..4095])).await);
    assert_eq!(app.count(&format!("authn_user WHERE password_hash LIKE '{OURS}%'")).await, 3);
}

async fn import(app: &App, accounts: Vec<ImportedAccount>) -> ImportReport {
    app.auth().registration().import(accounts).await.expect("a report")
}

async fn imported_accounts_log_in(cx: Cx) {
    let app = cx.app_with(setup()).await;
    let made = OffsetDateTime::from_unix_timestamp(1_600_000_000).expect("a moment");
    let vectors = vectors::of_each_scheme();
    let accounts = vectors.iter().enumerate().map(|(index, vector)| ImportedAccount {
        username: Some(format!("Person-{index}")),
        password_hash: Some(vector.hash.clone().into()),
        is_verified: true,
        display_name: Some("Zoë".to_owned()),
        attributes: serde_json::Map::from_iter([("plan".to_owned(), json!("free"))]),
        created_at: Some(made),
        ..ImportedAccount::new(format!(" Person.{index}@Example.ORG"))
    });
    let mut accounts: Vec<_> = accounts.collect();
    let idle = ImportedAccount { is_active: false, ..ImportedAccount::new("idle@example.org") };
    accounts.push(ImportedAccount { password_hash: Some(hash("argon2id").hash.into()), ..idle });
    let report = import(&app, accounts).await;
    assert_eq!(report.skipped, []);
    let indices: Vec<_> = report.imported.iter().map(|(index, _)| *index).collect();
    assert_eq!(indices, (0..=vectors.len()).collect::<Vec<_>>());
    assert_eq!(app.count("authn_user WHERE is_superuser").await, 0);
    let events = app.hooks().events();
    assert!(
        events.iter().all(|event| matches!(event.kind, EventKind::Imported { .. })),
        "nobody is welcomed: {events:?}"
    );
    assert_eq!(app.event_count().await, i64::try_from(report.imported.len()).unwrap());
    for (vector, (index, id)) in vectors.iter().zip(&report.imported) {
        // By either name, in any case.
        for name in [format!("person.{index}@example.org"), format!("PERSON-{index}")] {
            app.try_login(&name, WRONG, "db").await.fails(E::LoginBadCredentials);
            let answer = app.try_login(&name, &vector.password, "db").await.is(200);
            let token = answer.json()["access_token"].as_str().expect("a token").to_owned();
            let me = app.get("/users/me").bearer(&token).send().await.is(200).json();
            assert_eq!(me["id"], json!(id), "{}", vector.scheme);
            assert_eq!((&me["is_verified"], &me["display_name"]), (&json!(true), &json!("Zoë")));
            assert_eq!(
                (&me["attributes"], &me["email"]),
                (&json!({ "plan": "free" }), &json!(format!("Person.{index}@example.org")))
            );
            assert_eq!(me["created_at"], json!("2020-09-13T12:26:40Z"), "{me}");
        }
    }
    assert_eq!(
        app.count("authn_user WHERE password_hash LIKE '$argon2id$v=19$m=8,%'").await,
        i64::try_from(vectors.len()).unwrap()
    );
    app.try_login("idle@example.org", &hash("argon2id").password, "db").await.fails(E::LoginBadCredentials);
    audit::tables(&app).await;
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct Plan {
    #[allow(dead_code, reason = "only its name and type are looked at")]
    plan: String,
}

async fn what_cannot_be_imported_is_skipped_with_a_reason(cx: Cx) {
    let app = cx.app_with(setup().auth(|auth| auth.attributes::<Plan>())).await;
    app.register("ada").await;
    let good = hash("argon2id").hash;
    let new = |email: &str| ImportedAccount { password_hash: Some(good.clone().into()), ..ImportedAccount::new(email) };
    let named = |email: &str, username: &str| ImportedAccount { username: Some(username.to_owned()), ..new(email) };
    let accounts = vec![
        named("grace@example.org", "grace"),
        new("ADA@Example.org"),
        new("Grace@EXAMPLE.org"),
        named("ada@example.org", "grace"),
        new("nobody"),
        ImportedAccount { id: Some(Uuid::nil()), ..new("zero@example.org") },
        ImportedAccount { display_name: Some("a\u{202E}b".to_owned()), ..new("display@example.org") },
        ImportedAccount { display_name: Some("a".repeat(201)), ..new("display@example.org") },
        ImportedAccount {
            attributes: serde_json::Map::from_iter([("plan".to_owned(), json!(1))]),
            ..new("plan@example.org")
        },
        new("last@example.org"),
    ];
    let report = import(&app, accounts.clone()).await;
    let indices: Vec<_> = report.imported.iter().map(|(index, _)| *index).collect();
    assert_eq!(indices, [0, 9]);
    let reasons: Vec<_> = report.skipped.iter().map(|(index, reason)| (*index, reason)).collect();
    assert!(
        matches!(
            reasons[..],
            [
                (1, SkipReason::EmailTaken),
                (2, SkipReason::EmailTaken),
                (3, SkipReason::EmailTaken),
                (4, SkipReason::Email(_)),
                (5, SkipReason::Id),
                (6, SkipReason::DisplayName),
                (7, SkipReason::DisplayName),
                (8, SkipReason::Attributes(_)),
            ]
        ),
        "{reasons:?}"
    );
    assert_eq!(app.user_count().await, 3);
    // Once more, nothing happens.
    let again = import(&app, accounts).await;
    assert_eq!((again.imported.len(), again.skipped.len()), (0, 10));
    assert_eq!(app.user_count().await, 3);
    audit::tables(&app).await;
}

async fn an_account_is_worth_more_than_its_hash_and_its_name(cx: Cx) {
    let app = cx.app_with(setup()).await;
    let hashed = |name: &str, hash: &str| ImportedAccount {
        password_hash: Some(hash.to_owned().into()),
        ..ImportedAccount::new(format!("{name}@example.org"))
    };
    let named = |name: &str, username: &str| ImportedAccount {
        username: Some(username.to_owned()),
        ..hashed(name, &hash("bcrypt 2b").hash)
    };
    let rows = vec![
        named("grace", "grace"),
        named("other", "GRACE"),
        named("root", "admin"),
        named("spaced", "Ada Lovelace"),
        // Django writes the first one, shadow(5) the second for an account whose password is locked.
        hashed("unusable", "!Xz0fPUyS8WZHZ6GdZKJ8vFMkXWm7rtFVyxnD4WmA"),
        hashed("locked", &format!("!{}", hash("bcrypt 2b").hash)),
        hashed("empty", ""),
        hashed("digest", "5f4dcc3b5aa765d61d8327deb882cf99"),
        hashed("costly", "$2b$31$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"),
        hashed(
            "pepper",
            "$argon2id$v=19$m=64,t=2,p=2,keyid=a2V5$Age0aLu2PGEG7k0jTKz6ZA$kXsXkBwr1cF434mI7Qp/g+23xa3HXWs5BrqEDSxRYqE",
        ),
        ImportedAccount { username: Some("-".to_owned()), ..hashed("both", "*") },
    ];
    let log = Listener::new();
    let report = import(&app, rows.clone()).await;
    assert_eq!((report.skipped.len(), report.imported.len()), (0, rows.len()));
    let losses: Vec<_> = report.losses.iter().map(|(row, loss)| (*row, loss)).collect();
    assert!(
        matches!(
            losses[..],
            [
                (1, ImportLoss::UsernameTaken),
                (2, ImportLoss::Username(_)),
                (3, ImportLoss::Username(_)),
                (4, ImportLoss::PasswordHash(UnreadableHash::NoPassword)),
                (5, ImportLoss::PasswordHash(UnreadableHash::NoPassword)),
                (6, ImportLoss::PasswordHash(UnreadableHash::NoPassword)),
                (7, ImportLoss::PasswordHash(UnreadableHash::FastDigest)),
                (8, ImportLoss::PasswordHash(UnreadableHash::Unknown)),
                (9, ImportLoss::PasswordHash(UnreadableHash::Peppered)),
                (10, ImportLoss::Username(_)),
                (10, ImportLoss::PasswordHash(UnreadableHash::NoPassword)),
            ]
        ),
        "{losses:?}"
    );
    let logged = log.text();
    assert!(logged.contains("passwords=7 usernames=4") && !logged.contains("Lovelace"), "{logged}");
    assert_eq!(app.count("authn_user WHERE username IS NOT NULL").await, 1);
    assert_eq!(app.count("authn_user WHERE password_hash IS NULL").await, 7);
    for name in ["grace", "grace@example.org", "other@example.org", "root@example.org", "spaced@example.org"] {
        app.try_login(name, &hash("bcrypt 2b").password, "db").await.is(200);
    }
    for password in [&hash("bcrypt 2b").password, "", "password"] {
        app.try_login("locked@example.org", password, "db").await.fails(E::LoginBadCredentials);
    }
    // A taken address is an account, whatever its user name is.
    let again = import(&app, rows.clone()).await;
    assert_eq!((again.imported, again.losses), (vec![], vec![]));
    assert!(again.skipped.len() == rows.len() && again.skipped.iter().all(|(_, why)| *why == SkipReason::EmailTaken));
    audit::tables(&app).await;
}

async fn ids_are_kept(cx: Cx) {
    let app = cx.app_with(setup()).await;
    let id = |n: u128| Uuid::from_u128(0x2a88_13c2_bda7_47f0_94a6_49fc_fdf6_0000 + n);
    let row = |n: u128, name: &str| ImportedAccount {
        id: Some(id(n)),
        username: Some(name.to_owned()),
        ..ImportedAccount::new(format!("{name}@example.org"))
    };
    let rows =
        vec![row(1, "ada"), row(2, "grace"), row(1, "eve"), row(3, "ada"), ImportedAccount::new("new@example.org")];
    let report = import(&app, rows).await;
    assert_eq!(report.imported[..2], [(0, id(1)), (1, id(2))]);
    assert_eq!(report.skipped, [(2, SkipReason::Id), (3, SkipReason::EmailTaken)]);
    assert_eq!((report.imported.len(), app.count("authn_event WHERE name = 'imported'").await), (3, 3));
    // The id counts first, then the address, and the user name never.
    let again = import(&app, vec![row(1, "ada"), row(2, "other"), row(4, "grace")]).await;
    let expected = [(0, SkipReason::Id), (1, SkipReason::Id), (2, SkipReason::EmailTaken)];
    assert_eq!((again.skipped, again.losses), (expected.to_vec(), vec![]));
}

async fn a_rehearsal_reports_the_import_and_writes_nothing(cx: Cx) {
    let app = cx.app_with(setup()).await;
    app.register("ada").await;
    let id = Uuid::from_u128(0x2a88_13c2_bda7_47f0_94a6_49fc_fdf6_1d70);
    let name = |row: usize, name: &str| ImportedAccount {
        username: Some(name.to_owned()),
        ..ImportedAccount::new(format!("row{row}@example.org"))
    };
    let mut rows: Vec<_> = (0..230).map(|row| name(row, &format!("name{row}"))).collect();
    rows[0] = ImportedAccount { id: Some(id), ..rows[0].clone() };
    rows[1].password_hash = Some(hash("bcrypt 2b").hash.into());
    rows[2].email = "ADA@example.org".to_owned();
    rows[3].password_hash = Some("!".to_owned().into());
    // Of an earlier row, in the same hundred and in another one; and of a row that is skipped.
    for (row, email, username) in [
        (50, "row10@example.org", "name50"),
        (51, "row51@example.org", "NAME10"),
        (210, "Row11@example.org", "name210"),
        (211, "row211@example.org", "Name11"),
        (212, "row212@example.org", "name210"),
        (213, "row213@example.org", "name2"),
        (214, "row214@example.org", "name51"),
    ] {
        rows[row].email = email.to_owned();
        rows[row].username = Some(username.to_owned());
    }
    rows[220].id = Some(id);
    let dump = async || {
        let tables = ["authn_user", "authn_address", "authn_event", "authn_mail"];
        let mut counts = Vec::new();
        for table in tables {
            counts.push(app.count(table).await);
        }
        counts
    };
    // Hooks hear of what happened a moment later.
    assert!(app.hooks().event(|kind| matches!(kind, EventKind::Registered { .. })).await.is_some());
    let (before, events) = (dump().await, app.hooks().events().len());
    let rehearsed = app.auth().registration().rehearse_import(rows.clone()).await.expect("a report");
    assert_eq!((dump().await, app.hooks().events().len()), (before.clone(), events));
    let done = import(&app, rows).await;
    assert_eq!((&rehearsed.skipped, &rehearsed.losses), (&done.skipped, &done.losses));
    assert_eq!(rehearsed.concerns, done.concerns);
    let indices = |report: &ImportReport| report.imported.iter().map(|(index, _)| *index).collect::<Vec<_>>();
    assert_eq!(indices(&rehearsed), indices(&done));
    let skipped: Vec<_> = done.skipped.iter().map(|(index, _)| *index).collect();
    let lost: Vec<_> = done.losses.iter().map(|(index, _)| *index).collect();
    assert_eq!((skipped, lost), (vec![2, 50, 210, 220], vec![3, 51, 211]));
    assert_ne!(dump().await, before);
}

/// A stolen table gives weak hashes away; a costly one makes each guess a burden for the server.
async fn weak_and_costly_hashes_are_warned_of(cx: Cx) {
    let app = cx.app_with(setup()).await;
    app.register("taken").await;
    let weak = hash("bcrypt 2b");
    let zeros = format!("{}=", "A".repeat(43));
    let bcrypt = |cost: &str| format!("$2b${cost}$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy");
    let pbkdf2 = |iterations: u32| format!("pbkdf2_sha256${iterations}$c2FsdA${zeros}");
    let rows = [
        ("ada", weak.hash.clone()),
        ("taken", weak.hash.clone()),
        ("bcrypt12", bcrypt("12")),
        ("bcrypt16", bcrypt("16")),
        ("once", pbkdf2(1)),
        ("django", pbkdf2(600_000)),
        ("million", pbkdf2(1_000_000)),
        ("md5", "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99".to_owned()),
        ("eve", weak.hash.clone()),
    ];
    let account = |(name, hash): (&str, String)| ImportedAccount {
        password_hash: Some(hash.into()),
        ..ImportedAccount::new(format!("{name}@example.org"))
    };
    let log = Listener::new();
    let report = import(&app, rows.map(account).to_vec()).await;
    assert_eq!(report.losses, [(7, ImportLoss::PasswordHash(UnreadableHash::FastDigest))]);
    let concerns: Vec<_> = report.concerns.iter().map(|(row, concern)| (*row, concern.to_string())).collect();
    let expected = [
        (0, "bcrypt with a cost of 4 is weak"),
        (3, "bcrypt with a cost of 16 is costly"),
        (4, "PBKDF2 with SHA-256 and 1 iterations is weak"),
        (6, "PBKDF2 with SHA-256 and 1000000 iterations is costly"),
        (8, "bcrypt with a cost of 4 is weak"),
    ];
    assert_eq!(concerns.len(), expected.len(), "{concerns:?}");
    for ((row, concern), (expected_row, text)) in concerns.iter().zip(expected) {
        assert!(*row == expected_row && concern.starts_with(text), "{concerns:?}");
    }
    let logged = log.text();
    for (_, text) in expected {
        assert!(logged.contains(text), "{text}: {logged}");
    }
    assert!(logged.contains("accounts=2 concern=bcrypt with a cost of 4"), "{logged}");
    assert!(!logged.contains(&weak.hash), "{logged}");
    // A login replaces the hash, and the account is not one of them any more.
    let found = app.auth().accounts().examine_hashes().await.expect("a report");
    assert_eq!((found.examined, found.has_more), (7, false));
    assert_eq!(found.concerns.values().copied().collect::<Vec<_>>(), [1, 2, 1, 1], "{found:?}");
    app.try_login("ada@example.org", &weak.password, "db").await.is(200);
    let found = app.auth().accounts().examine_hashes().await.expect("a report");
    assert_eq!((found.examined, found.concerns.values().sum::<u64>()), (6, 4), "{found:?}");
}

async fn a_hook_decides_about_imported_accounts(cx: Cx) {
    let app = cx.app_with(setup()).await;
    let accounts = || ["ada", "grace"].map(|name| ImportedAccount::new(format!("{name}@example.org"))).to_vec();
    app.hooks().react(Moment::Register, Reaction::Refuse("no seats".to_owned()));
    let report = import(&app, accounts()).await;
    let refused = SkipReason::Refused("no seats".to_owned());
    assert_eq!(report.skipped, [(0, refused.clone()), (1, refused)]);
    app.hooks().react(Moment::Register, Reaction::Fail("the app is ill".to_owned()));
    app.auth().registration().import(accounts()).await.expect_err("a failure is no refusal");
    assert_eq!(app.user_count().await, 0);
    app.hooks().behave();
    assert_eq!(import(&app, accounts()).await.imported.len(), 2);
    // Without a hash there is no password that is right.
    for password in ["", PASSWORD] {
        app.try_login("ada@example.org", password, "db").await.fails(E::LoginBadCredentials);
    }
    assert_eq!(app.hooks().befores().iter().filter(|moment| **moment == Moment::Register).count(), 2 + 1 + 2);
}

async fn large_imports_run_in_batches(cx: Cx) {
    let app = cx.app_with(setup()).await;
    let account = |index: u32| ImportedAccount::new(format!("person{}@example.org", index % 240));
    let report = import(&app, (0..250).map(account).collect()).await;
    assert_eq!((report.imported.len(), app.user_count().await), (240, 240));
    let duplicates: Vec<_> = (240..250).map(|index| (index, SkipReason::EmailTaken)).collect();
    assert_eq!(report.skipped, duplicates);
    // What stands in the last batch takes nothing of the first ones with it.
    let blocked = format!("person{}@example.com", 205);
    app.execute("DELETE FROM authn_user").await;
    let account = |index: u32| ImportedAccount::new(format!("person{index}@example.com"));
    let second = import(&app, (200..210).map(account).collect()).await;
    assert_eq!(second.skipped, []);
    let third = import(&app, (0..250).map(account).collect()).await;
    assert_eq!((third.imported.len(), third.skipped.len(), app.user_count().await), (240, 10, 250));
    assert!(app.has_user(&blocked).await);
}
