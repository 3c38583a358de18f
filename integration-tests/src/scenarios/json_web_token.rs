//! Scenarios of forged, foreign and revoked JSON Web Tokens.

use auth_core::ErrorCode as E;
use serde_json::json;

use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Scenario};

pub(super) const SCENARIOS: &[Scenario] = scenarios![variants_of_a_good_token_are_refused, revocation_is_immediate];

async fn token(app: &App, who: &Login) -> String {
    let login = app.login(who, "jwt").await;
    login.token
}

/// JWT-01, JWT-11, JWT-14: a token has one spelling.
async fn variants_of_a_good_token_are_refused(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let good = token(&app, &ada).await;
    app.get("/users/me").bearer(&good).send().await.is(200);
    let parts: Vec<&str> = good.split('.').collect();
    let [head, claims, signature] = parts[..] else { panic!("three segments in {good}") };
    // {"alg":"none","typ":"at+jwt"}, {"alg":"HS256"} without and with a key of the sender's own.
    let heads = ["eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0", "eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJub25lIn0"];
    let mut variants = vec![
        format!("{head}.{claims}."),
        format!("{head}.{claims}"),
        format!("{good}.{signature}"),
        format!("{good}="),
        format!(".{good}"),
        format!("{claims}.{head}.{signature}"),
        format!("{head}.{head}.{signature}"),
        format!("{head}.{claims}.{}", &signature[1..]),
        format!("{head}.{claims}.{}", signature.chars().rev().collect::<String>()),
        format!("{head}.{claims}.{signature}{}", "A".repeat(5000)),
        good.to_ascii_uppercase(),
    ];
    variants.extend(
        heads.iter().flat_map(|forged| [format!("{forged}.{claims}.{signature}"), format!("{forged}.{claims}.")]),
    );
    for variant in variants {
        app.get("/users/me").bearer(&variant).send().await.fails(E::Unauthorized);
    }
    app.get("/users/me").bearer(&good).send().await.is(200);
}

/// JWT-10, ADM-03: whatever ends a session ends its token at once, on every server.
async fn revocation_is_immediate(cx: Cx) {
    let app = cx.app().await;
    let second = app.second_server().await;
    let root = app.superuser("root").await;
    let ada = app.register("ada").await;
    let (user, me) = (ada.path(), "/users/me");
    for (change, restore) in [
        (json!({ "is_active": false }), Some(json!({ "is_active": true }))),
        (json!({ "is_superuser": true }), Some(json!({ "is_superuser": false }))),
        (json!({ "email": "lovelace@example.org" }), Some(json!({ "email": ada.email }))),
        (json!({ "password": "another-Barrel-77-sky" }), Some(json!({ "password": PASSWORD }))),
        (json!({ "display_name": "Ada" }), None),
    ] {
        let issued = token(&app, &ada).await;
        second.get(me).bearer(&issued).send().await.is(200);
        app.patch(&user).by(&root).json(change.clone()).send().await.is(200);
        for server in [&app, &second] {
            let answer = server.get(me).bearer(&issued).send().await;
            match restore {
                Some(_) => answer.fails(E::Unauthorized),
                None => answer.is(200),
            };
        }
        if let Some(restore) = restore {
            app.patch(&user).by(&root).json(restore).send().await.is(200);
            // What was refused once stays refused.
            app.get(me).bearer(&issued).send().await.fails(E::Unauthorized);
        }
    }
}
