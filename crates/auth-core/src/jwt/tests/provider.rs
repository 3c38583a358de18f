//! The provider, as an app without a back end of its own uses it through `jsonwebtoken`.

use jsonwebtoken::crypto::{sign, verify};
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey};
use sha2::{Digest as _, Sha384, Sha512};

use super::*;

/// Every algorithm with both halves of a key for it.
fn keys() -> Vec<(Algorithm, EncodingKey, DecodingKey)> {
    let hmac = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512]
        .map(|algorithm| (algorithm, EncodingKey::from_secret(pem::HMAC), DecodingKey::from_secret(pem::HMAC)));
    let ecdsa = [(Algorithm::ES256, pem::P256, pem::P256_PUBLIC), (Algorithm::ES384, pem::P384, pem::P384_PUBLIC)].map(
        |(algorithm, private, public)| {
            let signing = EncodingKey::from_ec_pem(private.as_bytes()).unwrap();
            (algorithm, signing, DecodingKey::from_ec_pem(public.as_bytes()).unwrap())
        },
    );
    let ed25519 = (
        Algorithm::EdDSA,
        EncodingKey::from_ed_pem(pem::ED25519.as_bytes()).unwrap(),
        DecodingKey::from_ed_pem(pem::ED25519_PUBLIC.as_bytes()).unwrap(),
    );
    use Algorithm::{PS256, PS384, PS512, RS256, RS384, RS512};
    let rsa = [RS256, RS384, RS512, PS256, PS384, PS512].map(|algorithm| {
        let signing = EncodingKey::from_rsa_pem(pem::RSA_2048.as_bytes()).unwrap();
        (algorithm, signing, DecodingKey::from_rsa_pem(pem::RSA_2048_PUBLIC.as_bytes()).unwrap())
    });
    hmac.into_iter().chain(ecdsa).chain([ed25519]).chain(rsa).collect()
}

#[test]
fn signs_and_verifies_with_every_algorithm() {
    install_provider();
    for (algorithm, signing, verifying) in keys() {
        let signature = sign(b"message", &signing, algorithm).unwrap();
        assert!(verify(&signature, b"message", &verifying, algorithm).unwrap(), "{algorithm:?}");
        assert!(!verify(&signature, b"massage", &verifying, algorithm).unwrap(), "{algorithm:?}");
        let jwk = Jwk::from_encoding_key(&signing, algorithm).unwrap();
        assert_eq!(jwk, Jwk::from_decoding_key(&verifying, Some(algorithm)).unwrap());
        let published = DecodingKey::from_jwk(&jwk).unwrap();
        assert!(verify(&signature, b"message", &published, algorithm).unwrap(), "{algorithm:?}");
    }
}

/// A key of one algorithm is refused by every other that cannot use it: the curves differ, and so do the families.
#[test]
fn refuses_keys_of_other_algorithms() {
    install_provider();
    for (of_key, signing, verifying) in keys() {
        for (algorithm, ..) in keys() {
            let elliptic = of_key != algorithm && [of_key, algorithm].contains(&Algorithm::ES256);
            if of_key.family() == algorithm.family() && !elliptic {
                continue;
            }
            assert!(sign(b"message", &signing, algorithm).is_err(), "{of_key:?} for {algorithm:?}");
            assert!(verify("AAAA", b"message", &verifying, algorithm).is_err(), "{of_key:?} for {algorithm:?}");
        }
    }
}

/// The example of RFC 7638 section 3.1.
#[test]
fn hashes_thumbprints() {
    install_provider();
    let modulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs\
                   tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qM\
                   QvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8aw\
                   apJzKnqDKgw";
    let jwk: Jwk = serde_json::from_value(json!({ "kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RS256" })).unwrap();
    assert_eq!(jwk.thumbprint(ThumbprintHash::SHA256).unwrap(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    let hashed = json!({ "e": "AQAB", "kty": "RSA", "n": modulus }).to_string();
    assert_eq!(jwk.thumbprint(ThumbprintHash::SHA384).unwrap(), URL_SAFE_NO_PAD.encode(Sha384::digest(&hashed)));
    assert_eq!(jwk.thumbprint(ThumbprintHash::SHA512).unwrap(), URL_SAFE_NO_PAD.encode(Sha512::digest(&hashed)));
}
