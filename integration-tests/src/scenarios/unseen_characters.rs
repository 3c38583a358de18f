//! Scenarios of characters that nobody can see or that turn the text around them: no field takes them in.

use auth_core::ErrorCode as E;
use http::Method;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::scenario::scenarios;
use crate::{App, Cx, PASSWORD, Request, Scenario};

pub(super) const SCENARIOS: &[Scenario] = scenarios![no_field_takes_unseen_characters, names_may_hold_what_can_be_seen];

/// REG-10: control characters, marks of direction, characters without width. PostgreSQL takes no U+0000 at all.
const UNSEEN: [char; 19] = [
    '\0', '\u{1}', '\u{8}', '\t', '\n', '\r', '\u{1b}', '\u{1f}', '\u{7f}', '\u{85}', '\u{200b}', '\u{200e}',
    '\u{202a}', '\u{202e}', '\u{2060}', '\u{2066}', '\u{2069}', '\u{feff}', '\u{ffff}',
];

/// Unseen too, but some scripts and emoji cannot do without them in what is shown or typed.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];

/// A place for a text: the request around it, made of the text.
struct Place {
    name: &'static str,
    text: &'static str,
    request: Box<dyn Fn(&str) -> Request + Send + Sync>,
}

/// Every field of every route that takes text.
async fn places(app: &App) -> Vec<Place> {
    let (user, root) = (app.user("user").await, app.superuser("chief").await);
    let mut places: Vec<Place> = Vec::new();
    let mut add = |name, text, request: Box<dyn Fn(&str) -> Request + Send + Sync>| {
        places.push(Place { name, text, request });
    };
    let accounts = [
        (app.post("/auth/register"), json!({ "email": "fresh@example.org", "password": PASSWORD })),
        (app.patch("/users/me").by(&user), json!({ "current_password": PASSWORD })),
        (app.request(Method::PATCH, &user.path()).by(&root), json!({})),
    ];
    for (request, body) in accounts {
        for (name, text) in
            [("email", "a@x.org"), ("password", PASSWORD), ("username", "lovelace"), ("display_name", "Ada Lovelace")]
        {
            let (request, body) = (request.clone(), body.clone());
            add(name, text, Box::new(move |text| request.clone().json(with(&body, name, json!(text)))));
        }
        let shapes: [fn(&str) -> Value; 3] = [
            |text| json!({ text: 1 }),
            |text| json!({ "k": text }),
            |text| json!({ "k": [{ "k": [1, { text: text }] }] }),
        ];
        for shape in shapes {
            let (request, body) = (request.clone(), body.clone());
            let request = move |text: &str| request.clone().json(with(&body, "attributes", shape(text)));
            add("attributes", "dark mode", Box::new(request));
        }
    }
    for name in ["username", "name", "email"] {
        let body = move |text: &str| json!({ name: text, "password": PASSWORD });
        let login = app.post("/auth/db/login");
        add(name, "user@example.org", Box::new(move |text| login.clone().json(body(text))));
        let login = app.post("/auth/db/login");
        add(
            name,
            "user@example.org",
            Box::new(move |text| login.clone().form(&[(name, text), ("password", PASSWORD)])),
        );
    }
    let (json_login, form_login, change, list) =
        (app.post("/auth/db/login"), app.post("/auth/db/login"), app.patch("/users/me").by(&user), app.clone());
    let name = "user@example.org";
    add(
        "password",
        PASSWORD,
        Box::new(move |text| json_login.clone().json(json!({ "username": name, "password": text }))),
    );
    add("password", PASSWORD, Box::new(move |text| form_login.clone().form(&[("username", name), ("password", text)])));
    add("current_password", PASSWORD, Box::new(move |text| change.clone().json(json!({ "current_password": text }))));
    let query = move |text: &str| {
        let text: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        list.get(&format!("/users?q={text}")).by(&root)
    };
    add("q", "user", Box::new(query));
    places
}

fn with(body: &Value, field: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[field] = value;
    body
}

/// The character at the beginning, in the middle or at the end.
fn inserted(text: &str, character: char, place: usize) -> String {
    let at = [0, text.len() / 2, text.len()][place % 3];
    format!("{}{character}{}", &text[..at], &text[at..])
}

async fn no_field_takes_unseen_characters(cx: Cx) {
    let app = cx.app().await;
    let places = places(&app).await;
    assert_eq!(places.len(), 3 * 7 + 6 + 4);
    let before = app.session_count().await;
    let mut turn = 0;
    for place in &places {
        let is_looked_up = !["password", "current_password", "display_name", "attributes"].contains(&place.name);
        let joiners = JOINERS.iter().filter(|_| is_looked_up);
        for character in UNSEEN.iter().chain(joiners) {
            let text = inserted(place.text, *character, turn);
            let answer = (place.request)(&text).send().await;
            assert_eq!(answer.status, 422, "{text:?} as {}: {}", place.name, answer.text());
            let answer = answer.fails(E::Validation);
            assert_eq!(answer.json()["detail"][0]["loc"][1], place.name, "{text:?}: {}", answer.text());
            turn += 1;
        }
    }
    assert_eq!(app.session_count().await, before);
    assert_eq!(app.user_count().await, 2);
    // Without the character each of them is taken.
    for place in &places {
        let answer = (place.request)(place.text).send().await;
        let known = ["USERNAME_ALREADY_EXISTS", "UPDATE_USER_EMAIL_ALREADY_EXISTS", "REGISTER_USER_ALREADY_EXISTS"];
        let taken = known.contains(&answer.code().as_str());
        assert!(answer.status.is_success() || taken || answer.status == 401, "{}: {}", place.name, answer.text());
    }
}

async fn names_may_hold_what_can_be_seen(cx: Cx) {
    let app = cx.app().await;
    let user = app.user("user").await;
    let names = [
        "Zoë O’Brien-Åström",
        "山田太郎",
        "Владимир",
        "محمد",
        "👩🏽 ❤\u{fe0f} 🦀",
        "علی\u{200c}رضا",
        "\u{dc1}\u{dca}\u{200d}\u{dbb}\u{dd3}",
        "dev 👩\u{200d}💻",
        "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f} Fiona",
        "a  b",
        "𝛼\u{fffd}",
        "'; DROP TABLE authn_user; --",
        "%_\\",
    ];
    for name in names {
        let body = json!({ "display_name": name, "attributes": { name: [name] } });
        let account = app.patch("/users/me").by(&user).json(body.clone()).send().await.is(200).json();
        assert_eq!((&account["display_name"], &account["attributes"]), (&body["display_name"], &body["attributes"]));
        assert_eq!(app.get("/users/me").by(&user).send().await.is(200).json()["display_name"], name);
    }
}
