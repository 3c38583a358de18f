//! An app that signs tokens of its own with `jsonwebtoken`, beside the library.
//!
//! `jsonwebtoken` has one crypto provider per process, which the first call fixes. So each test is a process of its own, and
//! takes its calls in another order.

use auth_core::identifier::Email;
use auth_core::jwt::JwtKey;
use auth_core::password::Password;
use auth_core::registration::{NewAccount, Registered};
use auth_core::session::{Credential, Freshness, Proof};
use auth_core::token::{JwtKeys, JwtOptions};
use auth_core::{Auth, Backend, Client, RootSecret, User, key_set};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::CryptoProvider;
use jsonwebtoken::jwk::{Jwk, JwkSet, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

// Made with OpenSSL for this test; they protect nothing.
const ED25519: [&str; 2] = [include_str!("../keys/ed25519.pem"), include_str!("../keys/ed25519.public.pem")];
const P256: [&str; 2] = [include_str!("../keys/p256.pem"), include_str!("../keys/p256.public.pem")];
const P384: [&str; 2] = [include_str!("../keys/p384.pem"), include_str!("../keys/p384.public.pem")];
const RSA: [&str; 2] = [include_str!("../keys/rsa.pem"), include_str!("../keys/rsa.public.pem")];
const SECRET: &[u8] = b"a shared key of the host's own, long enough for SHA-512, which takes 64 bytes";

/// The back ends that the app was built with.
const BACK_ENDS: &[&CryptoProvider] = &[
    #[cfg(feature = "rust_crypto")]
    &jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER,
    #[cfg(feature = "aws_lc_rs")]
    &jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER,
];

/// What a host does before anything else that switches on both back ends: no call can choose between them.
pub fn choose_between_both() {
    if let [provider, _] = BACK_ENDS {
        provider.install_default().expect("nobody has chosen");
    }
}

/// The library with a backend for each kind of key that signs, or with opaque tokens alone.
pub async fn library(signs: bool) -> Auth {
    let db = sea_orm::Database::connect("sqlite::memory:").await.expect("a database");
    auth_migration::migrate(&db).await.expect("the tables");
    let jwt = |name: &str, signing: JwtKey| {
        let keys = JwtKeys::Given { signing, verification: Vec::new() };
        Backend::bearer(name).jwt(JwtOptions { keys, ..JwtOptions::default() })
    };
    let builder = Auth::builder(db)
        .public_url("https://app.example.com")
        .secret(RootSecret::new(b"kq83hf72hslq0f8h2lsk39dhx7cVbN5m".to_vec()))
        .passwords(auth_core::password::HasherConfig::insecure_for_tests())
        .backend(Backend::bearer("opaque"));
    let builder = if signs {
        builder
            .backend(Backend::bearer("hs256").jwt(JwtOptions::default()))
            .backend(jwt("es256", JwtKey::es256_pem("p256", P256[0]).expect("a key")))
            .backend(jwt("eddsa", JwtKey::ed25519_pem("ed25519", ED25519[0]).expect("a key")))
    } else {
        builder
    };
    builder.build().expect("a good configuration")
}

/// Makes a key of the library, which is all that some hosts use of it.
pub fn library_key() -> JwtKey {
    JwtKey::rs256_public_pem("rsa", RSA[1]).expect("a key")
}

/// Logs in through every backend: the library accepts each token, and the host those whose keys are published.
pub async fn library_signs_and_verifies(auth: &Auth) {
    let user = register(auth).await;
    let published = key_set(auth.backends(), auth.now()).await.expect("a key set");
    let published: JwkSet = serde_json::from_value(published).expect("a key set");
    for backend in auth.backends() {
        let login = auth.sessions().establish(&user, Proof::password(), backend, &Client::default()).await;
        let login = login.expect("a login");
        let token = login.token.access_token.expose_secret();
        let principal =
            auth.sessions().authenticate(&[Credential { backend, token }], Freshness::Now).await.expect("an answer");
        assert_eq!(principal.map(|principal| principal.user.id), Some(user.id), "{}", backend.name);
        let forged = tampered(token);
        let nobody = auth
            .sessions()
            .authenticate(&[Credential { backend, token: &forged }], Freshness::Now)
            .await
            .expect("an answer");
        assert!(nobody.is_none(), "{}", backend.name);
        let Some(kid) = jsonwebtoken::decode_header(token).ok().and_then(|header| header.kid) else { continue };
        let Some(jwk) = published.find(&kid) else { continue };
        let key = DecodingKey::from_jwk(jwk).expect("a key");
        let algorithm = if backend.name == "es256" { Algorithm::ES256 } else { Algorithm::EdDSA };
        let mut validation = Validation::new(algorithm);
        validation.set_audience(&["https://app.example.com"]);
        let claims = decode::<Value>(token, &key, &validation).expect("a good signature").claims;
        assert_eq!(claims["sub"], json!(user.id));
        decode::<Value>(&forged, &key, &validation).expect_err("a bad signature");
    }
    assert_eq!(
        published.keys.len(),
        auth.backends().len().saturating_sub(2),
        "opaque and shared keys are not published"
    );
}

async fn register(auth: &Auth) -> User {
    let new = NewAccount {
        email: Email::parse("ada@example.org").expect("an address"),
        password: Password::new("violet-Harbour-57-lamp"),
        username: None,
        display_name: None,
        attributes: Map::new(),
    };
    match auth.registration().register(new, &Client::default()).await.expect("an account") {
        Registered::Created(user) => user,
        other => panic!("{other:?}"),
    }
}

/// Signs and verifies the host's own tokens with every algorithm, and compares the provider of the process with the back
/// ends that the host was built with.
pub fn host_signs_and_verifies() {
    for (algorithm, signing, verifying) in keys() {
        let claims = json!({ "sub": "host", "exp": 4_000_000_000_u64 });
        let token = encode(&Header::new(algorithm), &claims, &signing).expect("a token");
        let validation = Validation::new(algorithm);
        decode::<Value>(&token, &verifying, &validation).expect("a good signature");
        decode::<Value>(&tampered(&token), &verifying, &validation).expect_err("a bad signature");
        let jwk = Jwk::from_encoding_key(&signing, algorithm).expect("a JWK");
        decode::<Value>(&token, &DecodingKey::from_jwk(&jwk).expect("a key"), &validation).expect("the same key");
        let same = Jwk::from_decoding_key(&verifying, Some(algorithm)).expect("a JWK");
        assert_eq!(jwk, same, "{algorithm:?}");
        let thumbprint = jwk.thumbprint(ThumbprintHash::SHA256).expect("a thumbprint");
        assert_eq!(thumbprint.len(), 43, "{algorithm:?}");
        for back_end in BACK_ENDS {
            agrees_with(back_end, algorithm, &signing, &verifying);
        }
    }
}

fn agrees_with(back_end: &CryptoProvider, algorithm: Algorithm, signing: &EncodingKey, verifying: &DecodingKey) {
    const MESSAGE: &[u8] = b"header.claims";
    let theirs = (back_end.signer_factory)(&algorithm, signing).expect("a key").try_sign(MESSAGE).expect("a signature");
    let verifier = (back_end.verifier_factory)(&algorithm, verifying).expect("a key");
    let ours = jsonwebtoken::crypto::sign(MESSAGE, signing, algorithm).expect("a signature");
    verifier.verify(MESSAGE, &URL_SAFE_NO_PAD.decode(ours).expect("base64url")).expect("they accept our signature");
    let good = jsonwebtoken::crypto::verify(&URL_SAFE_NO_PAD.encode(&theirs), MESSAGE, verifying, algorithm)
        .expect("an answer");
    assert!(good, "{algorithm:?}: we accept their signature");
    let bad = jsonwebtoken::crypto::verify(&URL_SAFE_NO_PAD.encode(&theirs), b"other.claims", verifying, algorithm);
    assert!(!bad.expect("an answer"), "{algorithm:?}");
}

/// Every algorithm of `jsonwebtoken` with both halves of a key for it.
fn keys() -> Vec<(Algorithm, EncodingKey, DecodingKey)> {
    let mut keys = Vec::new();
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        keys.push((algorithm, EncodingKey::from_secret(SECRET), DecodingKey::from_secret(SECRET)));
    }
    for (algorithm, [private, public]) in [(Algorithm::ES256, P256), (Algorithm::ES384, P384)] {
        let signing = EncodingKey::from_ec_pem(private.as_bytes()).expect("a key");
        keys.push((algorithm, signing, DecodingKey::from_ec_pem(public.as_bytes()).expect("a key")));
    }
    let signing = EncodingKey::from_ed_pem(ED25519[0].as_bytes()).expect("a key");
    keys.push((Algorithm::EdDSA, signing, DecodingKey::from_ed_pem(ED25519[1].as_bytes()).expect("a key")));
    use Algorithm::{PS256, PS384, PS512, RS256, RS384, RS512};
    for algorithm in [RS256, RS384, RS512, PS256, PS384, PS512] {
        let signing = EncodingKey::from_rsa_pem(RSA[0].as_bytes()).expect("a key");
        keys.push((algorithm, signing, DecodingKey::from_rsa_pem(RSA[1].as_bytes()).expect("a key")));
    }
    keys
}

/// The token with another signature: its first character is one that no spare bit hides.
fn tampered(token: &str) -> String {
    let start = token.rfind('.').map_or(0, |dot| dot + 1);
    let other = if token[start..].starts_with('A') { "B" } else { "A" };
    format!("{}{other}{}", &token[..start], &token[start + 1..])
}
