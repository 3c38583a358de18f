//! Scenarios of what an observer with a stopwatch learns: nothing, because every path does the same work. The work is
//! counted: the blocks that the hasher computed, and the statements that were sent.

use auth_core::identifier::Email;
use auth_core::login::LoginConfig;
use auth_core::password::{HasherConfig, Password, PasswordHasher};
use auth_core::{ErrorCode as E, EventKind, Limits, LoginFailure as Failure, Registration};
use serde_json::json;

use crate::mails::MAGIC_LINK;
use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Scenario, Setup};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_refused_login_costs_the_same_whatever_the_cause: one_server,
    what_a_login_costs_is_a_matter_of_the_text: one_server,
    a_taken_address_costs_what_a_free_one_does: one_server,
    hashes_that_cannot_be_read_are_wrong_passwords: one_server,
    a_wrong_code_costs_the_same_whoever_is_meant: one_server,
];

/// Dear enough that an older hash is cheaper.
const PRESENT: (u32, u32) = (64, 2);

fn hasher(memory_kib: u32, iterations: u32) -> HasherConfig {
    HasherConfig { memory_kib, iterations, ..HasherConfig::insecure_for_tests() }
}

fn setup() -> Setup {
    Setup::default().auth(|auth| auth.passwords(hasher(PRESENT.0, PRESENT.1)))
}

/// A hash of [`PASSWORD`] with these parameters.
async fn hash(memory_kib: u32, iterations: u32) -> String {
    let hasher = PasswordHasher::new(hasher(memory_kib, iterations)).expect("a hasher");
    hasher.hash(Password::new(PASSWORD)).await.expect("a hash")
}

/// The blocks and the statements that a request costs.
async fn cost<T>(app: &App, request: impl Future<Output = T>) -> (T, u64, Vec<String>) {
    let _ = app.statements().take();
    let before = app.auth().hasher().work_done();
    let answer = request.await;
    (answer, app.auth().hasher().work_done() - before, app.statements().take())
}

/// LOG-01, LOG-02, LOG-03.
async fn a_refused_login_costs_the_same_whatever_the_cause(cx: Cx) {
    let app = cx.app_with(setup().auth(|auth| auth.login(LoginConfig { require_verified: true }))).await;
    let old = hash(8, 1).await;
    let changes = [
        ("right", "is_verified = TRUE".to_owned()),
        ("unproved", "is_verified = FALSE".to_owned()),
        ("inactive", "is_active = FALSE, is_verified = TRUE".to_owned()),
        ("keyless", "password_hash = NULL".to_owned()),
        ("corrupt", "password_hash = '$2b$12$x'".to_owned()),
        ("old", format!("password_hash = '{old}', is_verified = TRUE")),
        ("old-inactive", format!("password_hash = '{old}', is_active = FALSE")),
    ];
    for (name, columns) in &changes {
        app.set(&app.register(name).await, columns).await;
    }
    let one = u64::from(PRESENT.0 * PRESENT.1);
    let cases = [
        ("right", "wrong-Password-1", Failure::WrongPassword),
        ("nobody", PASSWORD, Failure::UnknownUser),
        ("unproved", "wrong-Password-1", Failure::WrongPassword),
        ("inactive", "wrong-Password-1", Failure::WrongPassword),
        ("inactive", PASSWORD, Failure::Inactive),
        ("keyless", PASSWORD, Failure::NoPassword),
        ("corrupt", PASSWORD, Failure::CorruptHash),
        ("old", "wrong-Password-1", Failure::WrongPassword),
        ("old-inactive", "wrong-Password-1", Failure::WrongPassword),
        ("old-inactive", PASSWORD, Failure::Inactive),
    ];
    for endpoint in ["/auth/login", "/auth/jwt/login", "/auth/db/login"] {
        let mut first = None;
        for (name, password, reason) in cases {
            let body = json!({ "username": format!("{name}@example.org"), "password": password });
            let refused = async { (app.post(endpoint).json(body).send().await, event!(app, LoginFailed)) };
            let ((answer, event), work, statements) = cost(&app, refused).await;
            let answer = answer.fails(E::LoginBadCredentials);
            assert!(matches!(event.kind, EventKind::LoginFailed { reason: found, .. } if found == reason), "{event:?}");
            assert_eq!(work, one, "{name} with {password}");
            let mut headers = answer.headers.clone();
            headers.remove("date");
            let seen = (statements, headers, answer.body);
            assert_eq!(first.get_or_insert_with(|| seen.clone()), &seen, "{name} with {password}");
        }
        // The look-up, and the line in the audit log beside the answer.
        assert_eq!(first.map(|(statements, ..)| statements.len()), Some(2));
    }
    // User names that do not exist cost what addresses do, and over-long ones cost nothing.
    let refused = async { (app.try_login("nobody", PASSWORD, "db").await, event!(app, LoginFailed)) };
    let (_, work, statements) = cost(&app, refused).await;
    assert_eq!((work, statements.len()), (one, 2));
    // Only a right password is told more; it may cost more where a hash is renewed.
    app.try_login("unproved@example.org", PASSWORD, "db").await.fails(E::LoginUserNotVerified);
    for (name, expected) in [("right", one), ("old", 2 * one), ("old", one)] {
        let (answer, work, _) = cost(&app, app.try_login(&format!("{name}@example.org"), PASSWORD, "db")).await;
        answer.is(200);
        assert_eq!(work, expected, "{name}");
    }
}

/// A hash of another system is compared with each spelling of the password. So is everything else, to no avail.
async fn what_a_login_costs_is_a_matter_of_the_text(cx: Cx) {
    let app = cx.app_with(setup()).await;
    for name in ["ours", "older", "imported", "keyless", "inactive"] {
        app.register(name).await;
    }
    let bcrypt = "$2b$04$cRLEdczg6qmy3r7mWJdeUuvw6JWvIi4rGo0VNEbyfE0qPx8hUjvAq";
    for (name, columns) in [
        ("older", format!("password_hash = '{}'", hash(8, 1).await)),
        ("imported", format!("password_hash = '{bcrypt}'")),
        ("keyless", "password_hash = NULL".to_owned()),
        ("inactive", "is_active = FALSE".to_owned()),
    ] {
        app.execute(&format!("UPDATE authn_user SET {columns} WHERE email = '{name}@example.org'")).await;
    }
    let one = u64::from(PRESENT.0 * PRESENT.1);
    let texts = [
        ("wrong-Password-1".to_owned(), 1),
        ("wröng-Password-1".to_owned(), 1),
        ("wro\u{308}ng-Password-1".to_owned(), 2),
        ("wrong-ﬁnance-1".to_owned(), 2),
        ("wro\u{308}ng-ﬁnance-1".to_owned(), 3),
        ("x".repeat(4096), 1),
    ];
    for (text, spellings) in texts {
        for name in ["ours", "older", "imported", "keyless", "inactive", "nobody"] {
            let email = format!("{name}@example.org");
            let (answer, work, _) = cost(&app, app.try_login(&email, &text, "db")).await;
            answer.fails(E::LoginBadCredentials);
            assert_eq!(work, spellings * one, "{name} with {text}");
        }
    }
}

/// REG-02, as far as an answer that tells goes: it comes no sooner than the other.
async fn a_taken_address_costs_what_a_free_one_does(cx: Cx) {
    let app = cx.app_with(setup()).await;
    app.register("ada").await;
    let register = |name: &str| {
        let body = json!({ "email": format!("{name}@example.org"), "password": PASSWORD });
        cost(&app, app.post("/auth/register").json(body).send())
    };
    let (answer, work, statements) = register("fresh").await;
    answer.is(201);
    assert_eq!(work, u64::from(PRESENT.0 * PRESENT.1));
    let (answer, again, refused) = register("ada").await;
    answer.fails(E::RegisterUserAlreadyExists);
    assert_eq!((again, &refused[0]), (work, &statements[0]), "nobody looks first");
}

/// LOG-24.
#[rustfmt::skip]
const UNREADABLE: &[&str] = &[
    "", " ", "$", "$$$$$", "secret", "5f4dcc3b5aa765d61d8327deb882cf99", "$6$rounds=5000$saltsalt$hash",
    "$argon2id$v=19$m=8,t=1,p=1$", "$argon2id$v=19$m=8,t=1,p=1", "$argon2id", "$argon2id$v=19$m=8,t=1,p=1$$",
    "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$", "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$YQ",
    "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$!!!!!!!!!!!!!!!!!!!!!!",
    "$argon2id$v=19$m=4294967295,t=4294967295,p=1$c29tZXNhbHRzb21lc2FsdA$YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE",
    "$argon2id$v=19$m=8,t=0,p=0$c29tZXNhbHRzb21lc2FsdA$YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE",
    "$argon2x$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE",
    "$argon2id$v=99999999999999999999$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE",
    "🔑", "$🔑$v=19$m=8,t=1,p=1$a$b",
];

async fn hashes_that_cannot_be_read_are_wrong_passwords(cx: Cx) {
    let app = cx.app_with(setup()).await;
    let ada: Login = app.user("ada").await;
    let good = app.password_hash(&ada).await;
    let truncated = [&good[1..], &good[..good.len() - 2], &format!("{good} "), &good.to_uppercase()].map(str::to_owned);
    let one = u64::from(PRESENT.0 * PRESENT.1);
    for stored in UNREADABLE.iter().map(|text| (*text).to_owned()).chain(truncated) {
        app.set_password_hash(&ada, &stored).await;
        let (answer, work, _) = cost(&app, app.try_login(&ada.email, PASSWORD, "db")).await;
        answer.fails(E::LoginBadCredentials);
        let event = event!(app, LoginFailed);
        let expected = EventKind::LoginFailed { user_id: Some(ada.id), reason: Failure::CorruptHash };
        assert_eq!((event.kind, work), (expected, one), "{stored}");
        let change = json!({ "password": "kettle-Umbrella-42", "current_password": PASSWORD });
        app.patch("/users/me").by(&ada).json(change).send().await.fails(E::UpdateUserBadCurrentPassword);
        let answer = app.delete("/users/me").by(&ada).json(json!({ "password": PASSWORD })).send().await;
        answer.fails(E::ReauthenticationFailed);
    }
    app.set_password_hash(&ada, &good).await;
    app.login(&ada, "db").await;
    let change = json!({ "password": "kettle-Umbrella-42", "current_password": PASSWORD });
    app.patch("/users/me").by(&ada).json(change).send().await.is(200);
}

async fn a_wrong_code_costs_the_same_whoever_is_meant(cx: Cx) {
    let setup = |limits: Limits| {
        Setup::default().auth(move |auth| auth.registration(Registration::Closed).limits(limits.clone()))
    };
    let app = cx.app_with(setup(Limits::off())).await;
    let ada = app.auth().admin().ensure_superuser(email("ada@example.org"), Password::new(PASSWORD)).await;
    ada.expect("an account");
    for address in ["ada@example.org", "nobody@example.org"] {
        app.post("/auth/magic-link").json(json!({ "email": address })).send().await.is(202);
    }
    let right = app.mail_to("ada@example.org", MAGIC_LINK).await.code.expect("a code").as_str().to_owned();
    let wrong = if right == "123456" { "654321" } else { "123456" };
    let mut seen = Vec::new();
    for address in ["ada@example.org", "nobody@example.org"] {
        let body = json!({ "email": address, "code": wrong });
        let verify = app.post("/auth/db/magic-link/verify").json(body);
        let refused = async { (verify.send().await, event!(app, LoginFailed)) };
        let ((answer, _), _, statements) = cost(&app, refused).await;
        answer.fails(E::MagicLinkBadToken);
        seen.push(statements);
    }
    assert_eq!(seen[0], seen[1]);
    // With limits, the attempt is written down for either address in a transaction that is committed.
    let limited = app.server_with(setup(Limits::default())).await;
    let mut written = Vec::new();
    for address in ["ada@example.org", "nobody@example.org"] {
        let body = json!({ "email": address, "code": wrong });
        let verify = limited.post("/auth/db/magic-link/verify").json(body);
        let (answer, _, statements) = cost(&limited, verify.send()).await;
        answer.fails(E::MagicLinkBadToken);
        let writes = |statement: &&String| !statement.starts_with("SELECT") && statement.contains("authn_limit");
        written.push(statements.iter().filter(writes).count());
    }
    // Of the client, of the address, of the account, and of its codes.
    assert_eq!(written, [4, 4]);
}

fn email(text: &str) -> Email {
    Email::parse(text).expect("an address")
}
