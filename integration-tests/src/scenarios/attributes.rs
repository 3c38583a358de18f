//! Scenarios of what an app keeps about its users, where it has declared a type for it.

use auth_core::ErrorCode as E;
use auth_core::identifier::Email;
use auth_core::password::Password;
use auth_core::registration::NewAccount;
use auth_core::{Client, Error};
use serde_json::{Value, json};

use crate::scenario::scenarios;
use crate::targets::host::{Preferences, Theme};
use crate::{Answer, App, Cx, PASSWORD, Scenario, Setup};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    what_does_not_fit_the_type_is_refused,
    what_fits_is_there_as_the_apps_own_type,
    the_type_is_asked_in_methods_too: direct_only,
    without_a_type_any_object_will_do,
];

/// Objects, none of which is what the host app declared.
fn misfits() -> Vec<Value> {
    vec![
        json!({ "theme": "purple" }),
        json!({ "theme": "Dark" }),
        json!({ "theme": null }),
        json!({ "theme": ["dark"] }),
        json!({ "page_size": 256 }),
        json!({ "page_size": -1 }),
        json!({ "page_size": "20" }),
        json!({ "page_size": 2.5 }),
        json!({ "theme": "dark", "is_superuser": true }),
        json!({ "theme": "dark", "page_size": 20, "": 1 }),
    ]
}

async fn app(cx: &Cx) -> App {
    cx.app_with(Setup::default().auth(|auth| auth.attributes::<Preferences>())).await
}

/// One field is wrong, and the answer says which and, in words, how.
#[track_caller]
fn refused(answer: Answer) {
    let answer = answer.rejects(&[("attributes", "attributes_invalid")]);
    let problem = answer.json()["detail"][0].clone();
    assert_eq!(problem["loc"], json!(["body", "attributes"]));
    assert!(problem["msg"].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
}

async fn what_does_not_fit_the_type_is_refused(cx: Cx) {
    let app = app(&cx).await;
    let (ada, root) = (app.user("ada").await, app.superuser("root").await);
    for misfit in misfits() {
        let new = json!({ "email": "grace@example.org", "password": PASSWORD, "attributes": misfit });
        refused(app.post("/auth/register").json(new).send().await);
        let change = json!({ "attributes": misfit, "display_name": "Ada" });
        refused(app.patch("/users/me").by(&ada).json(change.clone()).send().await);
        refused(app.patch(&ada.path()).by(&root).json(change).send().await);
    }
    // No object at all is a mistake that needs no type.
    for other in [json!([]), json!("dark"), json!(7)] {
        let change = json!({ "attributes": other });
        app.patch("/users/me").by(&ada).json(change.clone()).send().await.fails(E::Validation);
        app.patch(&ada.path()).by(&root).json(change).send().await.fails(E::Validation);
    }
    assert_eq!(app.user_count().await, 2, "nobody was registered");
    let account = app.get("/users/me").by(&ada).send().await.is(200).json();
    assert_eq!((&account["attributes"], &account["display_name"]), (&json!({}), &Value::Null), "nothing was written");
}

async fn what_fits_is_there_as_the_apps_own_type(cx: Cx) {
    let app = app(&cx).await;
    let preferences = async |login: &crate::Login, expected: &Preferences| {
        let user = app.auth().admin().get(login.id).await.expect("an account");
        let found: Preferences = user.attributes_as().expect("it was checked when it was written");
        assert_eq!(&found, expected);
        if app.target().has_host() {
            let answer = app.get("/host/preferences").by(login).send().await.is(200);
            assert_eq!(answer.body, format!("{expected:?}"));
        }
    };
    // Who says nothing has the defaults.
    let (ada, root) = (app.user("ada").await, app.superuser("root").await);
    preferences(&ada, &Preferences::default()).await;
    let new = json!({ "email": "grace@example.org", "password": PASSWORD, "attributes": { "theme": "dark" } });
    let account = app.post("/auth/register").json(new).send().await.is(201).json();
    assert_eq!(account["attributes"], json!({ "theme": "dark" }), "as it was sent");
    let grace = app.login(&crate::Login::new(&account), "db").await;
    preferences(&grace, &Preferences { theme: Theme::Dark, page_size: 0 }).await;
    app.patch("/users/me").by(&ada).json(json!({ "attributes": { "page_size": 255 } })).send().await.is(200);
    preferences(&ada, &Preferences { theme: Theme::Light, page_size: 255 }).await;
    let both = json!({ "attributes": { "page_size": 20, "theme": "dark" } });
    app.patch(&ada.path()).by(&root).json(both).send().await.is(200);
    preferences(&ada, &Preferences { theme: Theme::Dark, page_size: 20 }).await;
    app.patch("/users/me").by(&ada).json(json!({ "attributes": {} })).send().await.is(200);
    preferences(&ada, &Preferences::default()).await;
    // What an older version of the app wrote is an error for the app to handle, and nothing that stops a login.
    app.set(&ada, "attributes = '{\"theme\":\"purple\"}'").await;
    let user = app.auth().admin().get(ada.id).await.expect("an account");
    user.attributes_as::<Preferences>().expect_err("another type");
    let ada = app.login(&ada, "db").await;
    let account = app.get("/users/me").by(&ada).send().await.is(200).json();
    assert_eq!(account["attributes"], json!({ "theme": "purple" }));
}

async fn the_type_is_asked_in_methods_too(cx: Cx) {
    let app = app(&cx).await;
    for misfit in misfits() {
        let new = NewAccount {
            email: Email::parse("ada@example.org").expect("an address"),
            password: Password::new(PASSWORD),
            username: None,
            display_name: None,
            attributes: misfit.as_object().expect("an object").clone(),
        };
        let refused = app.auth().registration().register(new, &Client::default()).await.expect_err("another type");
        assert!(matches!(refused, Error::Invalid { field: "attributes", .. }), "{refused}");
    }
    assert_eq!(app.user_count().await, 0);
}

async fn without_a_type_any_object_will_do(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    for object in misfits() {
        let answer = app.patch("/users/me").by(&ada).json(json!({ "attributes": object })).send().await.is(200);
        assert_eq!(answer.json()["attributes"], object);
    }
}
