//! Configurations of the codec.

use std::time::Duration;

use super::*;

fn ed(kid: &str) -> JwtKey {
    JwtKey::ed25519_pem(kid, pem::ED25519).unwrap()
}

fn signers() -> [JwtKey; 3] {
    [ed("a"), JwtKey::es256_pem("b", pem::P256).unwrap(), JwtKey::hs256("c", pem::HMAC).unwrap()]
}

#[test]
fn verifies_what_it_signs() {
    for key in signers() {
        let header = format!(r#"{{"alg":"{}","kid":"{}","typ":"at+jwt"}}"#, key.algorithm(), key.kid());
        let codec = JwtCodec::new(JwtCodecConfig::new(ISSUER, AUDIENCE, key)).unwrap();
        let (token, exp) = codec.sign(&new_claims(), now()).unwrap();
        assert_eq!(exp, NOW + 600);
        assert!(token.starts_with(&format!("{}.", encode(header))), "{token}");
        let claims = codec.verify(&token, now()).unwrap();
        assert_eq!(serde_json::to_value(&claims).unwrap(), good_claims());
        assert_eq!(codec.verify(&token, at(exp + 29)), Ok(claims));
        assert_eq!(codec.verify(&token, at(exp + 30)), Err(JwtError::Refused("expired")));
    }
}

#[test]
fn keeps_the_configured_lifetime() {
    for seconds in [1, 300, 86_400] {
        let mut config = JwtCodecConfig::new(ISSUER, AUDIENCE, ed("a"));
        config.lifetime = Duration::from_secs(seconds);
        let codec = JwtCodec::new(config).unwrap();
        assert_eq!(codec.lifetime(), Duration::from_secs(seconds));
        let (_, exp) = codec.sign(&new_claims(), now()).unwrap();
        assert_eq!(exp, NOW + i64::try_from(seconds).unwrap());
    }
}

/// JWT-13 in small: a retired key is accepted for as long as it is configured, and no longer.
#[test]
fn rotates_keys() {
    let [old, new, unrelated] = signers();
    let make = |signing: &JwtKey, verification: &[&JwtKey]| {
        let mut config = JwtCodecConfig::new(ISSUER, AUDIENCE, signing.clone());
        config.verification = verification.iter().map(|key| (*key).clone()).collect();
        JwtCodec::new(config).unwrap()
    };
    let (token, _) = make(&old, &[]).sign(&new_claims(), now()).unwrap();
    let cases = [
        (make(&old, &[&new]), true),
        (make(&new, &[&old]), true),
        (make(&new, &[&unrelated, &old]), true),
        (make(&new, &[]), false),
        (make(&new, &[&unrelated]), false),
    ];
    for (codec, accepted) in cases {
        let refused = codec.verify(&token, now()).err();
        assert_eq!(refused, (!accepted).then_some(JwtError::Refused("unknown kid")));
    }
}

/// Two backends of one app may share what makes no token of one a token of the other.
#[test]
fn tells_conflicts_from_what_may_be_shared() {
    let codec =
        |issuer: &str, audience: &str, key: JwtKey| JwtCodec::new(JwtCodecConfig::new(issuer, audience, key)).unwrap();
    let own = codec(ISSUER, AUDIENCE, ed("a"));
    let [_, other, _] = signers();
    let secret = JwtKey::hs256("a", pem::HMAC).unwrap();
    for (issuer, audience, key) in [
        ("other", AUDIENCE, ed("a")),
        (ISSUER, "other", ed("a")),
        (ISSUER, AUDIENCE, other),
        (ISSUER, AUDIENCE, secret),
    ] {
        let kid = key.kid().to_owned();
        assert_eq!(own.conflict_with(&codec(issuer, audience, key)), None, "{issuer} {audience} {kid}");
    }
    let same_id = codec("other", AUDIENCE, JwtKey::es256_pem("a", pem::P256).unwrap());
    assert!(own.conflict_with(&same_id).unwrap().starts_with("two different keys have the id a:"));
    let same_key = codec(ISSUER, AUDIENCE, ed("b"));
    assert!(own.conflict_with(&same_key).unwrap().starts_with("they accept each other's tokens:"));
}

#[test]
fn publishes_asymmetric_keys() {
    let kids = |codec: JwtCodec| -> Vec<String> {
        let set = codec.jwks();
        assert_eq!(set.as_object().unwrap().len(), 1);
        let keys = set["keys"].as_array().unwrap();
        keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kids(codec()), ["EdDSA", "ES256", "RS256"]);
    let [.., hmac] = signers();
    let codec = JwtCodec::new(JwtCodecConfig::new(ISSUER, AUDIENCE, hmac)).unwrap();
    assert_eq!(codec.jwks(), json!({ "keys": [] }));
}

#[test]
fn reports_all_configuration_problems_at_once() {
    let mut config = JwtCodecConfig::new("", " ", JwtKey::ed25519_public_pem("a", pem::ED25519_PUBLIC).unwrap());
    config.lifetime = Duration::ZERO;
    config.verification = vec![ed("a"), ed("b"), ed("b")];
    let problems = JwtCodec::new(config).unwrap_err();
    assert_eq!(
        problems,
        [
            "the JWT issuer must not be empty",
            "the JWT audience must not be empty",
            "the JWT lifetime must be between 1 second and 24 hours",
            "the JWT signing key a must be a private key",
            "the JWT key id a is used twice: give each key its own",
            "the JWT key id b is used twice: give each key its own",
        ]
    );
    for lifetime in [Duration::from_millis(999), Duration::from_secs(86_401), Duration::MAX] {
        let mut config = JwtCodecConfig::new(ISSUER, AUDIENCE, ed("a"));
        config.lifetime = lifetime;
        assert_eq!(JwtCodec::new(config).unwrap_err().len(), 1);
    }
    let oversized = JwtCodecConfig::new("i".repeat(MAX_TOKEN_BYTES), AUDIENCE, ed("a"));
    assert_eq!(JwtCodec::new(oversized).unwrap_err().len(), 1);
}

#[test]
fn signs_nothing_that_it_would_refuse() {
    let reserved = ["iss", "aud", "sub", "sid", "jti", "sev", "iat", "nbf", "exp", "auth_time", "aal", "amr", "scope"];
    let mut bad: Vec<NewClaims> = reserved
        .iter()
        .map(|name| NewClaims {
            scope: None,
            custom: json!({ *name: "x" }).as_object().cloned().unwrap(),
            ..new_claims()
        })
        .collect();
    bad.push(NewClaims { auth_time: -1, ..new_claims() });
    bad.push(NewClaims { scope: Some("s".repeat(MAX_TOKEN_BYTES)), ..new_claims() });
    for claims in bad {
        let result = codec().sign(&claims, now());
        assert!(matches!(result, Err(JwtError::Signing(_))), "{result:?}");
    }
    assert!(matches!(codec().sign(&new_claims(), at(-1)), Err(JwtError::Signing(_))));
    assert!(codec().sign(&new_claims(), now()).is_ok());
}

/// JWT-14: the limit is looked at before anything else, and both of its sides work.
#[test]
fn limits_the_length_of_tokens() {
    // With a key id of this length, a token can be exactly as long as the limit.
    let codec = JwtCodec::new(JwtCodecConfig::new(ISSUER, AUDIENCE, ed("abcdef"))).unwrap();
    let mut longest = None;
    for filler in 0..MAX_TOKEN_BYTES {
        let claims = NewClaims { scope: Some(format!("read write{}", "s".repeat(filler))), ..new_claims() };
        match codec.sign(&claims, now()) {
            Ok((token, _)) => longest = Some(token),
            Err(_) => break,
        }
    }
    let longest = longest.unwrap();
    assert_eq!(longest.len(), MAX_TOKEN_BYTES);
    assert!(codec.verify(&longest, now()).is_ok());
    assert_refused(&"a".repeat(MAX_TOKEN_BYTES + 1), "too long");
    assert_refused(&"é".repeat(MAX_TOKEN_BYTES), "too long");
}
