//! Scenarios of the text of a password: how long it may be, and that every character of it counts.

use auth_core::ErrorCode as E;
use auth_core::password::{HasherConfig, PasswordConfig, StandardPolicy};
use http::Method;
use serde_json::json;

use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Scenario, Setup};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    lengths_are_counted_in_code_points,
    too_long_is_refused_before_any_work: one_server,
    every_character_counts,
    composed_and_decomposed_letters_are_the_same,
];

/// Nothing but the length is judged.
fn length_only() -> Setup {
    let policy = StandardPolicy::default().min_score(None).blocklist(false).context(false);
    let passwords = PasswordConfig::from(HasherConfig::insecure_for_tests()).with_policy(policy);
    Setup::default().auth(move |auth| auth.passwords(passwords.clone()))
}

/// Whether somebody logs in with this password, given as JSON and as a form alike.
async fn opens(app: &App, name: &str, password: &str) -> bool {
    let by_json = app.try_login(name, password, "db").await;
    let by_form = app.post("/auth/db/login").form(&[("username", name), ("password", password)]).send().await;
    assert_eq!(by_json.status, by_form.status, "{password:?}");
    match by_json.status.as_u16() {
        200 => true,
        400 => !by_json.fails(E::LoginBadCredentials).status.is_client_error(),
        _ => !by_json.fails(E::Validation).status.is_client_error(),
    }
}

/// REG-12.
async fn lengths_are_counted_in_code_points(cx: Cx) {
    let app = cx.app_with(length_only()).await;
    let (root, grace) = (app.superuser("chief").await, app.register("grace").await);
    let mut people = 0;
    // One to four bytes each, and a letter that is two code points before it is composed.
    for unit in ["x", "é", "e\u{301}", "漢", "🔑", " "] {
        for (length, fine) in [(0, false), (7, false), (8, true), (64, true), (128, true), (256, true), (257, false)] {
            let (password, email) = (unit.repeat(length), format!("u{people}@example.org"));
            people += 1;
            let register =
                app.post("/auth/register").json(json!({ "email": email, "password": password })).send().await;
            if fine {
                let user = Login::new(&register.is(201).json());
                assert!(opens(&app, &email, &password).await, "{length} of {unit:?}");
                let other = json!({ "password": format!("{unit}a").repeat(length / 2) });
                app.request(Method::PATCH, &user.path()).by(&root).json(other).send().await.is(200);
                assert!(!opens(&app, &email, &password).await, "{length} of {unit:?} was replaced");
            } else {
                register.fails(E::RegisterInvalidPassword);
                let body = json!({ "password": password });
                app.request(Method::PATCH, &grace.path())
                    .by(&root)
                    .json(body)
                    .send()
                    .await
                    .fails(E::UpdateUserInvalidPassword);
                assert!(!opens(&app, &email, &password).await);
            }
        }
    }
    assert_eq!(app.user_count().await, 2 + 6 * 4);
    // Little enough to be sent whole, so that the client is there to read the answer.
    let endless = "x".repeat(auth_http::body::LIMIT);
    app.post("/auth/register")
        .json(json!({ "email": "a@x.org", "password": endless }))
        .send()
        .await
        .fails(E::BodyTooLarge);
    app.try_login(&root.email, &endless, "db").await.fails(E::BodyTooLarge);
}

/// REG-12, LOG-04: the same answer for everybody, without a look at the tables and without a hash.
async fn too_long_is_refused_before_any_work(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    let (hasher, statements) = (app.auth().hasher().clone(), app.statements());
    let too_long = [format!("{PASSWORD}{}", "x".repeat(4096)), "long-Tractor-81 ".repeat(3000), "🔑".repeat(1025)];
    for password in &too_long {
        let (before, _) = (hasher.work_done(), statements.take());
        let mut answers = Vec::new();
        for name in ["ada@example.org", "nobody@example.org", "nobody"] {
            answers.push(app.try_login(name, password, "db").await.rejects(&[("password", "string_too_long")]));
            let form = [("username", name), ("password", password)];
            let answer = app.post("/auth/cookie/login").form(&form).send().await;
            answers.push(answer.rejects(&[("password", "string_too_long")]));
        }
        assert!(answers.windows(2).all(|pair| pair[0].body == pair[1].body));
        for email in ["ada@example.org", "fresh@example.org"] {
            let body = json!({ "email": email, "password": password });
            app.post("/auth/register").json(body).send().await.fails(E::RegisterInvalidPassword);
        }
        assert_eq!((hasher.work_done(), statements.take()), (before, vec![]));
        // Who is logged in costs the one statement that finds out who it is.
        let change = json!({ "password": "kettle-Umbrella-42", "current_password": password });
        let answer = app.patch("/users/me").by(&ada).json(change).send().await;
        answer.rejects(&[("current_password", "string_too_long")]);
        let answer = app.delete("/users/me").by(&ada).json(json!({ "password": password })).send().await;
        answer.rejects(&[("password", "string_too_long")]);
        assert_eq!((hasher.work_done(), statements.take().len()), (before, 2));
    }
    let before = hasher.work_done();
    app.try_login(&ada.email, PASSWORD, "db").await.is(200);
    assert!(hasher.work_done() > before && !statements.take().is_empty(), "both are counted");
}

/// REG-13.
async fn every_character_counts(cx: Cx) {
    let app = cx.app_with(length_only()).await;
    let long = "0123456789abcdef".repeat(16);
    let cases: [(String, Vec<String>); 8] = [
        // bcrypt reads 72 bytes, and stops at a zero byte.
        (
            format!("{}tail-1", &long[..72]),
            vec![format!("{}tail-2", &long[..72]), long[..72].into(), long[..73].into()],
        ),
        (long.clone(), vec![long[..255].into(), format!("{}0", &long[..255])]),
        ("plum tractor ".into(), vec!["plum tractor".into(), "plum tractor  ".into(), " plum tractor ".into()]),
        ("  plum tractor".into(), vec!["plum tractor".into(), " plum tractor".into()]),
        ("plum-Tractor".into(), vec!["plum-tractor".into(), "PLUM-TRACTOR".into(), "ｐlum-Tractor".into()]),
        ("🔑🗝🔒🔓🔑🗝🔒🔓".into(), vec!["🔑🗝🔒🔓🔑🗝🔒🔑".into(), "🔑🗝🔒🔓🔑🗝🔒".into()]),
        ("👩\u{200d}💻 at work, 👩 at home".into(), vec!["👩💻 at work, 👩 at home".into()]),
        ("a+b c%20d&e=f\"'\\".into(), vec!["a b c%20d&e=f\"'\\".into(), "a+b c d&e=f\"'\\".into(), "a+b c%20d".into()]),
    ];
    for (n, (password, others)) in cases.iter().enumerate() {
        let email = format!("u{n}@example.org");
        let register = json!({ "email": email, "password": password });
        app.post("/auth/register").json(register).send().await.is(201);
        assert!(opens(&app, &email, password).await, "{password:?}");
        for other in others {
            assert!(!opens(&app, &email, other).await, "{other:?} for {password:?}");
        }
    }
    // A zero byte, before which somebody might stop reading, is in nobody's password.
    let with_zero = json!({ "email": "zero@example.org", "password": "plum-Tractor\0-19" });
    app.post("/auth/register").json(with_zero).send().await.rejects(&[("password", "string_characters")]);
    assert!(!opens(&app, "u4@example.org", "plum-Tractor\0").await);
}

/// REG-14: keyboards differ in how they compose a letter. Nothing else is taken for the same.
async fn composed_and_decomposed_letters_are_the_same(cx: Cx) {
    let app = cx.app_with(length_only()).await;
    let spellings = ["Crème-brûlée", "Cre\u{300}me-bru\u{302}le\u{301}e", "Crème-bru\u{302}lée"];
    for (n, chosen) in spellings.iter().enumerate() {
        let email = format!("u{n}@example.org");
        app.post("/auth/register").json(json!({ "email": email, "password": chosen })).send().await.is(201);
        for typed in spellings {
            assert!(opens(&app, &email, typed).await, "{typed:?} for {chosen:?}");
        }
        for other in
            ["crème-brûlée", "CRÈME-BRÛLÉE", "Creme-brulee", "Ｃrème-brûlée", "Crème－brûlée", "Crème-brûlée\u{fe0f}"]
        {
            assert!(!opens(&app, &email, other).await, "{other:?} for {chosen:?}");
        }
    }
    let ligature = json!({ "email": "ligature@example.org", "password": "e\u{fb01}cient ways" });
    app.post("/auth/register").json(ligature).send().await.is(201);
    assert!(!opens(&app, "ligature@example.org", "eficient ways").await);
}
