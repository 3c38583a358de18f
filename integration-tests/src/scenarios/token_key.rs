//! Scenarios of the keys of JSON Web Tokens: what is published, how a key takes another's place, and for whom a token is.

use std::time::Duration;

use auth_core::token::JwtOptions;
use auth_core::{Backend, ErrorCode as E};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::Jwk;
use serde_json::{Value, json};

use crate::key_pair::{KeyPair, NEW, OLD, P256, RSA, options, parts};
use crate::scenario::scenarios;
use crate::{App, Cx, Scenario, Setup, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    public_keys_and_nothing_else_are_published,
    others_can_check_what_a_server_signs,
    a_key_takes_anothers_place_without_a_logout,
    a_key_of_the_same_name_is_another_key,
    a_token_is_for_its_audience_only,
    clocks_may_differ_by_thirty_seconds,
];

fn jwt(name: &str, signing: &KeyPair, verification: &[&KeyPair]) -> Backend {
    Backend::bearer(name).jwt(options(signing, verification))
}

fn of_every_kind() -> Vec<Backend> {
    vec![
        jwt("eddsa", &OLD, &[&NEW]),
        jwt("es256", &P256, &[&RSA]),
        Backend::bearer("shared").jwt(JwtOptions::default()),
    ]
}

async fn keys(app: &App) -> Vec<Value> {
    let set = app.get("/auth/jwks.json").send().await.is(200).json();
    assert_eq!(set.as_object().map(serde_json::Map::len), Some(1), "{set}");
    set["keys"].as_array().expect("a list").clone()
}

/// The access token from a new login through a backend.
pub(super) async fn token(app: &App, email: &str, backend: &str) -> String {
    let answer = app.try_login(email, crate::PASSWORD, backend).await.is(200).json();
    answer["access_token"].as_str().expect("a token").to_owned()
}

pub(super) async fn passes(app: &App, token: &str) -> bool {
    let answer = app.get("/users/me").bearer(token).send().await;
    if answer.status != 200 {
        answer.fails(E::Unauthorized);
        return false;
    }
    true
}

async fn public_keys_and_nothing_else_are_published(cx: Cx) {
    let app = cx.app_with(Setup::default().backends(of_every_kind)).await;
    let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let end = |pair: &KeyPair, length: usize| pair.der()[pair.der().len() - length..].to_vec();
    let okp = |pair: &KeyPair| json!({ "kty": "OKP", "crv": "Ed25519", "x": encoded(&end(pair, 32)), "use": "sig", "alg": "EdDSA", "kid": pair.kid });
    let (x, y) = (encoded(&end(&P256, 64)[..32]), encoded(&end(&P256, 32)));
    let ec = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "sig", "alg": "ES256", "kid": P256.kid });
    // The modulus lies before the exponent, which is the last: 02 03 01 00 01.
    let modulus = encoded(&end(&RSA, 256 + 5)[..256]);
    let rsa = json!({ "kty": "RSA", "n": modulus, "e": "AQAB", "use": "sig", "alg": "RS256", "kid": RSA.kid });
    assert_eq!(keys(&app).await, [okp(&OLD), okp(&NEW), ec, rsa], "in the order of the configuration");
}

/// Another service, which has nothing but the published keys.
async fn others_can_check_what_a_server_signs(cx: Cx) {
    let app = cx.app_with(Setup::default().backends(of_every_kind)).await;
    let ada = app.register("ada").await;
    let keys = keys(&app).await;
    for (backend, pair) in [("eddsa", &OLD), ("es256", &P256)] {
        let token = token(&app, &ada.email, backend).await;
        let (header, claims) = parts(&token);
        assert_eq!(header, pair.header());
        assert_eq!(claims["sub"], json!(ada.id));
        let (message, signature) = token.rsplit_once('.').expect("a signature");
        for key in &keys {
            let jwk: Jwk = serde_json::from_value(key.clone()).expect("a key");
            let algorithm = key["alg"].as_str().and_then(|alg| alg.parse().ok()).expect("an algorithm");
            let verifying = DecodingKey::from_jwk(&jwk).expect("a key");
            let good = jsonwebtoken::crypto::verify(signature, message.as_bytes(), &verifying, algorithm);
            assert_eq!(good.unwrap_or(false), key["kid"] == header["kid"], "{backend} by {key}");
        }
        assert!(passes(&app, &token).await);
        app.post(&format!("/auth/{backend}/logout")).bearer(&token).send().await.is(204);
        assert!(!passes(&app, &token).await, "a good signature is not a session");
    }
}

/// How a server is configured, and the keys that it knows, its own first.
type Stage = (fn() -> Vec<Backend>, &'static [&'static KeyPair]);

/// JWT-13: four servers on one database, as a rotation goes through them one after the other.
async fn a_key_takes_anothers_place_without_a_logout(cx: Cx) {
    let stages: [Stage; 4] = [
        (|| vec![jwt("jwt", &OLD, &[])], &[&OLD]),
        (|| vec![jwt("jwt", &OLD, &[&NEW])], &[&OLD, &NEW]),
        (|| vec![jwt("jwt", &NEW, &[&OLD])], &[&NEW, &OLD]),
        (|| vec![jwt("jwt", &NEW, &[])], &[&NEW]),
    ];
    let first = cx.app_with(Setup::default().backends(stages[0].0)).await;
    let ada = first.register("ada").await;
    let mut servers = vec![first.clone()];
    for (backends, _) in &stages[1..] {
        servers.push(first.server_with(Setup::default().backends(*backends)).await);
    }
    let mut tokens = Vec::new();
    for (server, (_, known)) in servers.iter().zip(&stages) {
        let kids: Vec<Value> = keys(server).await.iter().map(|key| key["kid"].clone()).collect();
        assert_eq!(kids, known.iter().map(|pair| json!(pair.kid)).collect::<Vec<_>>());
        let token = token(server, &ada.email, "jwt").await;
        assert_eq!(parts(&token).0["kid"], known[0].kid);
        tokens.push(token);
    }
    for token in &tokens {
        let kid = parts(token).0["kid"].clone();
        for (server, (_, known)) in servers.iter().zip(&stages) {
            let expected = known.iter().any(|pair| kid == pair.kid);
            assert_eq!(passes(server, token).await, expected, "{kid} by a server of {:?}", known[0].kid);
        }
    }
    // What a server did not take was ended by nobody, and in the middle of it nobody is turned away.
    let passed = race(16, |n| {
        let (server, token) = (servers[1 + n % 2].clone(), tokens[n % 4].clone());
        async move { passes(&server, &token).await }
    });
    assert!(passed.await.into_iter().all(|passed| passed));
    // A retired key is worthless, even for a session that is active.
    let (_, claims) = parts(&tokens[3]);
    assert!(passes(&servers[3], &NEW.sign(&NEW.header(), &claims)).await);
    assert!(!passes(&servers[3], &OLD.sign(&OLD.header(), &claims)).await);
    assert!(!passes(&servers[3], &OLD.sign(&NEW.header(), &claims)).await);
}

async fn a_key_of_the_same_name_is_another_key(cx: Cx) {
    const FORMER: KeyPair = OLD.called("1");
    const PRESENT: KeyPair = NEW.called("1");
    let app = cx.app_with(Setup::default().backends(|| vec![jwt("jwt", &FORMER, &[])])).await;
    let other = || vec![jwt("jwt", &PRESENT, &[])];
    let other = app.server_with(Setup::default().backends(other)).await;
    let ada = app.register("ada").await;
    let (one, two) = (token(&app, &ada.email, "jwt").await, token(&other, &ada.email, "jwt").await);
    assert_eq!((passes(&app, &one).await, passes(&other, &one).await), (true, false));
    assert_eq!((passes(&app, &two).await, passes(&other, &two).await), (false, true));
    let (_, claims) = parts(&one);
    assert!(passes(&app, &FORMER.sign(&FORMER.header(), &claims)).await);
    // The name of the key decides, not that some key of the server fits.
    assert!(!passes(&app, &OLD.sign(&OLD.header(), &claims)).await);
}

fn for_audience(name: &str, audience: &str) -> Backend {
    Backend::bearer(name).jwt(JwtOptions { audience: Some(audience.to_owned()), ..options(&OLD, &[]) })
}

/// JWT-06: one key, two backends.
async fn a_token_is_for_its_audience_only(cx: Cx) {
    const NAMES: [&str; 2] = ["web", "partner"];
    let backends = || NAMES.map(|name| for_audience(name, &format!("https://{name}.example"))).to_vec();
    let app = cx.app_with(Setup::default().backends(backends)).await;
    let ada = app.register("ada").await;
    for (own, foreign) in [("web", "partner"), ("partner", "web")] {
        let good = token(&app, &ada.email, own).await;
        let (header, claims) = parts(&good);
        assert_eq!(claims["aud"], json!(format!("https://{own}.example")));
        assert!(passes(&app, &good).await);
        app.post(&format!("/auth/{foreign}/logout")).bearer(&good).send().await.fails(E::Unauthorized);
        // Signed by the right key, for the other backend, which knows the session for not its own.
        let audiences = [
            json!(format!("https://{foreign}.example")),
            json!([format!("https://{own}.example"), format!("https://{foreign}.example")]),
            json!(format!("https://{own}.example/")),
            json!(""),
            Value::Null,
        ];
        for audience in audiences {
            let mut forged = claims.clone();
            forged["aud"] = audience;
            assert!(!passes(&app, &OLD.sign(&header, &forged)).await, "{}", forged["aud"]);
        }
        assert!(passes(&app, &good).await);
        assert!(passes(&app, &OLD.sign(&header, &claims)).await);
    }
    // A server that has the key, the database and a backend of that name, but is another audience.
    let elsewhere = || vec![for_audience("web", "https://elsewhere.example")];
    let elsewhere = app.server_with(Setup::default().backends(elsewhere)).await;
    let (here, there) = (token(&app, &ada.email, "web").await, token(&elsewhere, &ada.email, "web").await);
    assert_eq!((passes(&app, &here).await, passes(&elsewhere, &here).await), (true, false));
    assert_eq!((passes(&app, &there).await, passes(&elsewhere, &there).await), (false, true));
}

/// JWT-09. A session ends with its token to the millisecond; only what is checked without it has to bear with clocks.
async fn clocks_may_differ_by_thirty_seconds(cx: Cx) {
    const LIFE: Duration = Duration::from_secs(600);
    const SKEW: Duration = Duration::from_secs(30);
    const TICK: Duration = Duration::from_millis(1);
    let app = cx.app_with(Setup::default().backends(|| vec![jwt("jwt", &OLD, &[])])).await;
    let second = app.second_server().await;
    let ada = app.register("ada").await;
    let good = token(&app, &ada.email, "jwt").await;
    let has_host = app.target().has_host();
    let claims = async |passes: bool| {
        if has_host {
            let answer = app.get("/host/claims").bearer(&good).send().await;
            assert_eq!(answer.status, if passes { 200 } else { 401 });
        }
    };
    // Issued by a server whose clock is ahead of this one's.
    app.clock().set_back(SKEW);
    assert!(passes(&app, &good).await && passes(&second, &good).await);
    app.clock().set_back(TICK);
    assert!(!passes(&app, &good).await && !passes(&second, &good).await);
    claims(false).await;
    app.clock().advance(SKEW + TICK + LIFE - TICK);
    assert!(passes(&app, &good).await);
    app.clock().advance(TICK);
    assert!(!passes(&app, &good).await && !passes(&second, &good).await);
    app.clock().advance(SKEW - TICK);
    claims(true).await;
    app.clock().advance(TICK);
    claims(false).await;
    assert!(!passes(&app, &good).await);
}
