//! Scenarios of web tokens that somebody made out of what is public, or with a good key and a bad header.

use auth_core::jwt::JwtKey;
use auth_core::token::{JwtKeys, JwtOptions};
use auth_core::{Backend, ErrorCode as E};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::key_pair::{ATTACKER, KeyPair, OLD, P256, RSA, message, options, parts};
use crate::scenario::scenarios;
use crate::{App, Cx, Scenario, Setup};

pub(super) const SCENARIOS: &[Scenario] =
    scenarios![a_public_key_is_no_shared_secret, no_header_chooses_the_key, a_name_of_a_key_is_only_a_name];

/// A shared secret of random bytes, and its name.
const SECRET: &[u8; 32] = b"\x5b\x1e\xd8\x07\x9a\x44\xc2\xf1\x33\x8e\x60\xb5\x7c\x12\xea\x99\
    \x0d\xa6\x48\xfb\x25\xd3\x71\xbc\x1f\x86\x59\xe2\x3a\xc8\x94\x67";
const MAC: &str = "mac-1";

/// Each with its tokens: one for key pairs of every kind, one for a shared secret.
fn backends() -> Vec<Backend> {
    let secret = JwtKey::hs256(MAC, SECRET).expect("a good secret");
    let keys = JwtKeys::Given { signing: secret, verification: Vec::new() };
    let pairs = options(&OLD, &[&P256, &RSA]);
    vec![Backend::bearer("pairs").jwt(pairs), Backend::bearer("mac").jwt(JwtOptions { keys, ..JwtOptions::default() })]
}

/// Key pairs whose tokens the server takes.
const PAIRS: [&KeyPair; 3] = [&OLD, &P256, &RSA];

/// An app, and the claims of a live session of each backend.
async fn app(cx: &Cx) -> (App, Value, Value) {
    let app = cx.app_with(Setup::default().backends(backends)).await;
    let ada = app.register("ada").await;
    let (pairs, mac) = (app.login(&ada, "pairs").await, app.login(&ada, "mac").await);
    let (pairs, mac) = (parts(&pairs.token).1, parts(&mac.token).1);
    // The attacker has the key and can sign: what is refused below is refused for what is wrong with it.
    for pair in PAIRS {
        app.get("/users/me").bearer(&pair.sign(&pair.header(), &pairs)).send().await.is(200);
    }
    app.get("/users/me").bearer(&hs256(SECRET, &mac_header(MAC), &mac)).send().await.is(200);
    (app, pairs, mac)
}

fn hs256(key: &[u8], header: &Value, claims: &Value) -> String {
    let message = message(header, claims);
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length will do");
    mac.update(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn mac_header(kid: &str) -> Value {
    json!({ "alg": "HS256", "kid": kid, "typ": "at+jwt" })
}

fn with(header: &Value, name: &str, value: Value) -> Value {
    let mut header = header.clone();
    header[name] = value;
    header
}

async fn refuses(app: &App, token: &str, why: &str) {
    let answer = app.get("/users/me").bearer(token).send().await;
    assert_eq!(answer.status, 401, "{why}");
    answer.fails(E::Unauthorized);
}

/// JWT-02: the bytes of a public key, in every form that a server might keep it in, as the secret of an HMAC.
async fn a_public_key_is_no_shared_secret(cx: Cx) {
    let (app, pairs, mac) = app(&cx).await;
    let set = app.get("/auth/jwks.json").send().await.is(200);
    let published = set.json()["keys"].clone();
    for pair in PAIRS {
        let der = pair.der();
        let jwk = published.as_array().and_then(|keys| keys.iter().find(|key| key["kid"] == pair.kid));
        let jwk = jwk.expect("it is published");
        let end = |length: usize| der[der.len().saturating_sub(length)..].to_vec();
        let text = |name: &str| jwk[name].as_str().unwrap_or_default().to_owned().into_bytes();
        let secrets = [
            pair.public.as_bytes().to_vec(),
            pair.public.trim().as_bytes().to_vec(),
            pair.public.replace('\n', "\r\n").into_bytes(),
            der.clone(),
            STANDARD.encode(&der).into_bytes(),
            end(32),
            end(64),
            end(65),
            jwk.to_string().into_bytes(),
            set.body.to_vec(),
            text("x"),
            text("n"),
            URL_SAFE_NO_PAD.decode(text("n")).expect("base64url"),
            pair.kid.as_bytes().to_vec(),
            Vec::new(),
        ];
        for secret in secrets {
            for kid in [pair.kid, MAC] {
                for claims in [&pairs, &mac] {
                    refuses(&app, &hs256(&secret, &mac_header(kid), claims), pair.alg).await;
                    let header = with(&mac_header(kid), "alg", json!(pair.alg));
                    refuses(&app, &hs256(&secret, &header, claims), pair.alg).await;
                }
            }
        }
        // The other way round, and a good token of either that points at the other's session.
        refuses(&app, &pair.sign(&mac_header(MAC), &mac), pair.alg).await;
        refuses(&app, &pair.sign(&pair.header(), &mac), pair.alg).await;
    }
    refuses(&app, &hs256(SECRET, &mac_header(MAC), &pairs), "the session of another backend").await;
}

/// JWT-03, JWT-05: a header that brings a key along, says where one is, or would change what the token means.
async fn no_header_chooses_the_key(cx: Cx) {
    let (app, claims, _) = app(&cx).await;
    let trap = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let url = format!("http://{}/keys", trap.local_addr().expect("the socket is bound"));
    let own = ATTACKER.verifying().public_jwk().expect("a public key");
    let brought = [
        ("jwk", own.clone()),
        ("jku", json!(url)),
        ("jku", json!("file:///etc/passwd")),
        ("x5u", json!(url)),
        ("x5c", json!([STANDARD.encode(ATTACKER.der())])),
        ("x5t", json!("AAAA")),
        ("x5t#S256", json!("AAAA")),
        ("crit", json!(["exp"])),
        ("crit", json!(["b64"])),
        ("crit", json!(["http://example.com/unknown"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A128GCM")),
        ("cty", json!("JWT")),
        ("p2c", json!(4_000_000_000_u32)),
        ("p2s", json!("AAAA")),
        ("epk", own.clone()),
    ];
    for (name, value) in brought {
        for pair in PAIRS {
            // With the server's own key: nothing is wrong but the header.
            refuses(&app, &pair.sign(&with(&pair.header(), name, value.clone()), &claims), name).await;
        }
        for kid in [ATTACKER.kid, P256.kid, OLD.kid, MAC] {
            let header = with(&with(&ATTACKER.header(), "kid", json!(kid)), name, value.clone());
            refuses(&app, &ATTACKER.sign(&header, &claims), name).await;
            refuses(
                &app,
                &hs256(own.to_string().as_bytes(), &with(&mac_header(kid), name, value.clone()), &claims),
                name,
            )
            .await;
        }
    }
    trap.set_nonblocking(true).expect("sockets can be non-blocking");
    assert!(trap.accept().is_err(), "the server went where a token sent it");
}

/// JWT-04: a `kid` names a key that the server has, and is nothing to read, to ask or to fetch.
async fn a_name_of_a_key_is_only_a_name(cx: Cx) {
    let (app, claims, _) = app(&cx).await;
    let (dots, long) = (format!("{}/dev/null", "../".repeat(12)), "k".repeat(10_000));
    let kids = [
        "",
        "unknown",
        ATTACKER.kid,
        "OLD-2026-05",
        "old-2026-05 ",
        "old-2026-05\0",
        "./old-2026-05",
        "/dev/null",
        "file:///dev/null",
        &dots,
        "http://127.0.0.1:1/key",
        "' OR '1'='1",
        "x' UNION SELECT 'AA==",
        "1; DROP TABLE authn_user; --",
        "$(touch x)",
        "{{7*7}}",
        "%00",
        "\u{202e}",
        &long,
    ];
    let statements = app.statements();
    for kid in kids {
        for pair in PAIRS {
            let header = with(&pair.header(), "kid", json!(kid));
            let _ = statements.take();
            refuses(&app, &pair.sign(&header, &claims), kid).await;
            assert!(statements.take().is_empty(), "no question was asked for {kid:?}");
        }
        // What such a name might be read as: an empty file, an empty answer, the name itself.
        for secret in [b"".as_slice(), b"\0", b"AA==", b"\0\0\0\0", kid.as_bytes()] {
            refuses(&app, &hs256(secret, &mac_header(kid), &claims), kid).await;
        }
    }
    for value in [json!(null), json!(1), json!([OLD.kid]), json!({ "kid": OLD.kid }), json!(true)] {
        refuses(&app, &OLD.sign(&with(&OLD.header(), "kid", value.clone()), &claims), &value.to_string()).await;
    }
    // The names of other keys of the same server, and the session is as good as before.
    for pair in PAIRS {
        for other in PAIRS.into_iter().filter(|other| other.kid != pair.kid) {
            refuses(&app, &pair.sign(&with(&pair.header(), "kid", json!(other.kid)), &claims), other.kid).await;
            refuses(&app, &pair.sign(&other.header(), &claims), other.kid).await;
        }
        app.get("/users/me").bearer(&pair.sign(&pair.header(), &claims)).send().await.is(200);
    }
    assert_eq!(app.user_count().await, 1);
}
