//! Scenarios of the admin command: what it says, and what it does to the tables.

use std::time::Duration;

use auth_core::ErrorCode as E;
use auth_core::RootSecret;
use auth_testkit::MailFault;

use super::installation::OTHER;
use crate::mails::{ACCOUNT_RESET, VERIFY_EMAIL};
use crate::scenario::scenarios;
use crate::{App, Cx, PASSWORD, Scenario, Setup};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    it_makes_superusers_and_sets_passwords: direct_only,
    it_imports_accounts: direct_only,
    it_shows_and_ends_sessions: direct_only,
    it_manages_roles: direct_only,
    it_keeps_the_tables_in_order: direct_only,
    it_ends_what_a_backup_brought_back: direct_only,
    it_accepts_a_key: direct_only,
    the_doctor_finds_what_is_wrong: direct_only,
    it_says_what_to_do: direct_only,
];

const NEW: &str = "kettle-Umbrella-42-river";

/// Runs the command, with this on its standard input.
async fn run(app: &App, words: &str, input: &str) -> Result<String, String> {
    let words: Vec<String> = words.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    let mut output = Vec::new();
    let result = auth_cli::run(app.auth(), &words, &mut input.as_bytes(), &mut output).await;
    let output = String::from_utf8(output).expect("a text");
    assert!(!output.contains(NEW) && !output.contains("argon2"), "{output}");
    result.map(|()| output.clone()).map_err(|message| format!("{output}{message}"))
}

async fn it_makes_superusers_and_sets_passwords(cx: Cx) {
    let app = cx.app().await;
    run(&app, "create-superuser root@example.org", &format!("{NEW}\n")).await.expect("done");
    assert_eq!(app.count("authn_user WHERE is_superuser AND is_verified AND NOT must_change_password").await, 1);
    app.try_login("root@example.org", NEW, "db").await.is(200);
    let again = run(&app, "create-superuser root@example.org", NEW).await.expect_err("it is there");
    assert!(again.contains("exists"), "{again}");
    let weak = run(&app, "create-superuser eve@example.org", "short\n").await.expect_err("too weak");
    assert!(weak.contains("haracters"), "{weak}");
    let ada = app.user("ada").await;
    app.expire_password(&ada).await;
    run(&app, "set-password ADA@example.org", &format!("{NEW}\r\n")).await.expect("done");
    app.get("/users/me").by(&ada).send().await.fails(E::Unauthorized);
    app.try_login(&ada.email, PASSWORD, "db").await.fails(E::LoginBadCredentials);
    let ada = ada.with(&app.try_login(&ada.email, NEW, "db").await.is(200));
    app.get("/users/me").by(&ada).send().await.is(200);
    app.mail_to(&ada.email, ACCOUNT_RESET).await;
    assert_eq!(app.count("authn_event WHERE name = 'password_changed' AND actor_id IS NULL").await, 1);
    for (words, input) in
        [("set-password nobody", NEW), ("set-password ada@example.org", ""), ("set-password ada@example.org", "\n")]
    {
        run(&app, words, input).await.expect_err(words);
    }
}

async fn it_imports_accounts(cx: Cx) {
    let app = cx.app().await;
    let lines = concat!(
        r#"{"id": "2a8813c2-bda7-47f0-94a6-49fcfdf61d70", "email": "ada@example.org", "username": "Ada L", "#,
        r#""password_hash": "$2b$04$cRLEdczg6qmy3r7mWJdeUuvw6JWvIi4rGo0VNEbyfE0qPx8hUjvAq", "is_verified": true, "#,
        r#""created_at": "2020-09-13T12:26:40Z", "attributes": {"plan": "free"}, "display_name": null}"#,
        "\n\n",
        r#"{"email": "grace@example.org", "password_hash": "!", "is_active": false}"#,
        "\n",
        r#"{"email": "ADA@example.org"}"#,
    );
    let dry = run(&app, "import --dry-run", lines).await.expect("a report");
    assert_eq!(app.user_count().await, 0);
    let done = run(&app, "import", lines).await.expect("done");
    assert_eq!(app.user_count().await, 2);
    for (text, verb) in [(&dry, "would be"), (&done, "was")] {
        for line in [
            format!("line 1: {verb} imported without its user name: "),
            format!("line 1: {verb} imported, but bcrypt with a cost of 4 is weak"),
            format!("line 3: {verb} imported without its password: it marks an account"),
            format!("line 4: {verb} skipped: an account with this email address exists"),
            format!("2 accounts {} imported, and 1 skipped", if verb == "was" { "were" } else { verb }),
            "(a pepper)".to_owned(),
        ] {
            assert!(text.contains(&line), "{line}: {text}");
        }
    }
    let answer = app.try_login("ada@example.org", "kettle-Umbrella-41", "db").await.is(200);
    let me = app.get("/users/me").bearer(answer.json()["access_token"].as_str().expect("a token")).send().await.json();
    assert_eq!(
        (&me["id"], &me["created_at"]),
        (&"2a8813c2-bda7-47f0-94a6-49fcfdf61d70".into(), &"2020-09-13T12:26:40Z".into())
    );
    assert_eq!((&me["is_verified"], &me["attributes"]["plan"]), (&true.into(), &"free".into()));
    for (line, message) in [
        ("{", "line 2: column "),
        ("[]", "line 2: column "),
        ("{}", "line 2: `email` is missing"),
        (r#"{"email": 1}"#, "line 2: `email` must be a string"),
        (r#"{"email": "x@example.org", "id": "7"}"#, "line 2: `id` must be a UUID"),
        (r#"{"email": "x@example.org", "is_active": "yes"}"#, "line 2: `is_active` must be true or false"),
        (r#"{"email": "x@example.org", "created_at": "1.1.2020"}"#, "line 2: `created_at` must be a time"),
        (r#"{"email": "x@example.org", "attributes": []}"#, "line 2: `attributes` must be an object"),
        (r#"{"email": "x@example.org", "emial": "x"}"#, "line 2: unknown key `emial`"),
    ] {
        let input = format!("{{\"email\": \"new@example.org\"}}\n{line}\n");
        let refused = run(&app, "import", &input).await.expect_err(line);
        assert!(refused.contains(message) && refused.ends_with("nothing was imported"), "{line}: {refused}");
    }
    assert_eq!(app.user_count().await, 2);
    run(&app, "import --dry", "").await.expect_err("unknown arguments");
}

async fn it_shows_and_ends_sessions(cx: Cx) {
    let app = cx.app().await;
    let (ada, grace) = (app.user("ada").await, app.user("grace").await);
    let other = app.login(&ada, "jwt").await;
    let shown = run(&app, "sessions ada@example.org", "").await.expect("done");
    assert!(shown.ends_with("2 sessions\n") && shown.contains("jwt") && !shown.contains(&ada.token), "{shown}");
    let jwt = shown.lines().find(|line| line.contains("jwt")).expect("a line").split(' ').next().expect("an id");
    run(&app, &format!("revoke grace@example.org {jwt}"), "").await.expect_err("somebody else's");
    run(&app, &format!("revoke ada@example.org {jwt}"), "").await.expect("done");
    app.get("/users/me").by(&other).send().await.fails(E::Unauthorized);
    app.get("/users/me").by(&ada).send().await.is(200);
    run(&app, "revoke ada@example.org all", "").await.expect("done");
    app.get("/users/me").by(&ada).send().await.fails(E::Unauthorized);
    app.get("/users/me").by(&grace).send().await.is(200);
    let shown = run(&app, "activity ada@example.org", "").await.expect("done");
    for event in ["register", "login_success", "session_revoked", "sessions_revoked"] {
        assert!(shown.contains(event), "{event}: {shown}");
    }
    assert!(run(&app, "activity", "").await.expect("done").lines().count() > shown.lines().count());
}

async fn it_manages_roles(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    assert_eq!(run(&app, "roles list", "").await.expect("done"), "editor\nuser\n");
    for name in ["Writer", "writer", "editor"] {
        let done = run(&app, &format!("roles create {name}"), "").await.expect("done");
        assert_eq!(done, format!("the role {} exists\n", name.to_lowercase()));
    }
    assert_eq!(run(&app, "roles list", "").await.expect("done"), "editor\nuser\nwriter\n");
    for words in ["grant ada@example.org WRITER", "grant ada@example.org writer", "grant ada@example.org editor"] {
        run(&app, &format!("roles {words}"), "").await.expect(words);
    }
    run(&app, "roles revoke ada@example.org editor", "").await.expect("done");
    let roles = app.auth().roles().of(ada.id).await.expect("an account").roles;
    assert_eq!(roles.iter().map(ToString::to_string).collect::<Vec<_>>(), ["user", "writer"]);
    let events = ["granted' AND actor_id IS NULL", "revoked' AND actor_id IS NULL"];
    let [granted, revoked] = events.map(|event| format!("authn_event WHERE name = 'role_{event}"));
    assert_eq!((app.count(&granted).await, app.count(&revoked).await), (2, 1));
    app.get("/users/me").by(&ada).send().await.is(200);
    for (words, wrong) in [
        ("create own,er", "a role is"),
        ("grant nobody writer", "no such account"),
        ("grant ada@example.org ghost", "`roles create ghost`"),
        ("revoke ada@example.org ghost", "`roles list`"),
        ("revoke ada@example.org user", "every account"),
        ("remove", "unknown command `roles`"),
    ] {
        let refused = run(&app, &format!("roles {words}"), "").await.expect_err(words);
        assert!(refused.contains(wrong), "{words}: {refused}");
    }
}

async fn it_keeps_the_tables_in_order(cx: Cx) {
    let app = cx.app().await;
    app.mailer().fail(MailFault::Permanent);
    app.user("ada").await;
    assert_eq!(run(&app, "outbox", "").await.expect("done"), "1 mails wait, 0 dead letters\n");
    app.deliver().await;
    assert_eq!(run(&app, "outbox", "").await.expect("done"), "0 mails wait, 1 dead letters\n");
    app.mailer().fail(None);
    run(&app, "outbox revive", "").await.expect("done");
    assert_eq!(app.kinds_to("ada@example.org").await, [VERIFY_EMAIL.name()]);
    app.clock().advance(Duration::from_secs(40 * 24 * 3600));
    let purged = run(&app, "purge", "").await.expect("done");
    assert!(purged.contains("1 of session, ") && purged.contains("1 of one_time"), "{purged}");
    assert_eq!(app.session_count().await, 0);
    assert_eq!(run(&app, "migrate", "").await.expect("done"), "the tables are up to date\n");
}

async fn it_ends_what_a_backup_brought_back(cx: Cx) {
    let app = cx.app_with(Setup::default().auth(|auth| auth.clock(auth_core::SystemClock))).await;
    let root = app.superuser("root").await;
    app.auth().installation().check_keys().await.expect("the first secret of all");
    assert!(run(&app, "doctor", "").await.expect("nothing is wrong").contains("never ran"));
    let ended = run(&app, "after-restore", "").await.expect("done");
    assert_eq!(ended, "ended 1 sessions, 1 links and codes, 1 mails that waited; everybody logs in again\n");
    app.get("/users/me").by(&root).send().await.fails(E::Unauthorized);
    assert!(run(&app, "doctor", "").await.expect("nothing is wrong").contains("`after-restore` ran at 20"));
    assert!(run(&app, "activity", "").await.expect("done").contains("restored"));
}

async fn it_accepts_a_key(cx: Cx) {
    let app = cx.app().await;
    app.register("ada").await;
    // Its own is the first of all.
    run(&app, "create-superuser first@example.org", NEW).await.expect("done");
    let other = app.server_with(Setup::default().auth(|auth| auth.secret(RootSecret::new(OTHER)))).await;
    // What it wrote into the outbox could be opened by none of the servers.
    for words in ["set-password ada@example.org", "create-superuser root@example.org"] {
        let refused = run(&other, words, NEW).await.expect_err("another secret");
        assert!(refused.contains("`accept-key`"), "{refused}");
    }
    app.try_login("ada@example.org", PASSWORD, "db").await.is(200);
    let accepted = run(&other, "accept-key", "").await.expect("done");
    assert!(accepted.contains(&other.auth().installation().key_id()), "{accepted}");
    for words in ["set-password ada@example.org", "create-superuser root@example.org"] {
        run(&other, words, NEW).await.expect(words);
    }
}

async fn the_doctor_finds_what_is_wrong(cx: Cx) {
    // The time of the machine, which is the database's.
    let app = cx.app_with(Setup::default().auth(|auth| auth.clock(auth_core::SystemClock))).await;
    app.superuser("root").await;
    let wrong = run(&app, "doctor", "").await.expect_err("no key");
    assert!(wrong.contains("WRONG  secret") && wrong.contains("check_keys"), "{wrong}");
    app.auth().installation().check_keys().await.expect("the first secret of all");
    let fine = run(&app, "doctor", "").await.expect("nothing is wrong");
    assert!(fine.lines().all(|line| line.starts_with("ok ")) && fine.lines().count() == 12, "{fine}");
    let finds = async |app: &App, what: &str| {
        let found = run(app, "doctor", "").await.expect_err(what);
        let lines: Vec<&str> = found.lines().filter(|line| line.starts_with("WRONG")).collect();
        assert!(lines.len() == 1 && lines[0].contains(what), "{what}: {found}");
    };
    // The clock of the tests stands still, elsewhere.
    finds(&app.server_with(Setup::default()).await, "clock").await;
    let replaced = Setup::default().auth(|auth| auth.clock(auth_core::SystemClock).secret(RootSecret::new(OTHER)));
    let replaced = app.server_with(replaced).await;
    finds(&replaced, "the database knows").await;
    replaced.auth().installation().accept_key().await.expect("a key");
    finds(&replaced, "1 with the key").await;
    app.execute("UPDATE authn_mail SET due_at = due_at - 3600000").await;
    finds(&app, "workers").await;
    app.deliver().await;
    app.execute("UPDATE authn_user SET is_active = FALSE").await;
    finds(&app, "superusers").await;
    app.execute("UPDATE authn_user SET is_active = TRUE").await;
    let old = app.register("old").await;
    app.set_password_hash(&old, "$2b$04$/TAMlzGlpfRkgtXb2e9EhOh85cnYMTH9SW0ZGtcktTmhT5Oy4Kgl6").await;
    let noted = run(&app, "doctor", "").await.expect("nothing is wrong any more");
    assert!(noted.contains("note   passwords: 1 accounts: bcrypt with a cost of 4 is weak"), "{noted}");
    app.execute("DROP TABLE authn_event").await;
    finds(&app, "tables").await;
    app.execute("DELETE FROM authn_migrations WHERE version LIKE '%create_event'").await;
    let found = run(&app, "doctor", "").await.expect_err("a migration is missing");
    assert!(found.contains("1 migrations are pending: run `migrate`"), "{found}");
    app.lose_database().await;
    finds(&app, "database").await;
}

async fn it_says_what_to_do(cx: Cx) {
    let app = cx.app().await;
    let help = run(&app, "", "").await.expect("help");
    for command in [
        "create-superuser",
        "set-password",
        "sessions",
        "revoke",
        "roles",
        "activity",
        "outbox",
        "after-restore",
        "accept-key",
        "purge",
        "migrate",
        "doctor",
    ] {
        assert!(help.contains(command), "{command}");
        let unknown = run(&app, &format!("{command} a b c d"), "").await.expect_err("too much");
        assert!(unknown.contains(&format!("`{command}`")) && unknown.contains("commands:"), "{unknown}");
    }
    let wrong = run(&app, "revoke nobody x", "").await.expect_err("nobody");
    assert!(wrong.contains("no such account"), "{wrong}");
    app.user("ada").await;
    let wrong = run(&app, "revoke ada@example.org x", "").await.expect_err("no id");
    assert!(wrong.contains("`all`"), "{wrong}");
}
