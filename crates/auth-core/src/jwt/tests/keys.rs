//! Keys that are refused and keys that are taken.

use super::*;

/// JWT-12: what is refused as a shared secret.
#[test]
fn refuses_weak_secrets() {
    let progression: Vec<u8> = (0..64).map(|byte| 7_u8.wrapping_add(3 * byte)).collect();
    let cases: [(&[u8], JwtKeyError); 13] = [
        (b"", JwtKeyError::SecretTooShort),
        (b"secret", JwtKeyError::SecretTooShort),
        (&pem::HMAC[..31], JwtKeyError::SecretTooShort),
        (b"a-string-secret-at-least-256-bits-long", JwtKeyError::WeakSecret("it contains a placeholder word")),
        (b"SECRET-kq83hf72hslq0f8h2lsk39dh", JwtKeyError::SecretTooShort),
        (b"kq83hf72hslq0f8h2lsk39dhChangeMe", JwtKeyError::WeakSecret("it contains a placeholder word")),
        (b"mypasswordmypasswordmypassword12", JwtKeyError::WeakSecret("it contains a placeholder word")),
        (&[0; 32], JwtKeyError::WeakSecret("it has too few different bytes")),
        (&[0xff; 4096], JwtKeyError::WeakSecret("it has too few different bytes")),
        (b"12345671234567123456712345671234", JwtKeyError::WeakSecret("it has too few different bytes")),
        (b"abcdefghabcdefghabcdefghabcdefgh", JwtKeyError::WeakSecret("it follows a simple pattern")),
        (&progression, JwtKeyError::WeakSecret("it follows a simple pattern")),
        (pem::P256_PUBLIC.as_bytes(), JwtKeyError::WeakSecret("it is a PEM document")),
    ];
    for (secret, expected) in cases {
        assert_eq!(JwtKey::hs256("k", secret).err(), Some(expected), "{secret:?}");
    }
}

#[test]
fn accepts_random_secrets_in_the_usual_encodings() {
    let cases: [&[u8]; 4] = [
        pem::HMAC,
        b"f1c6bd8e02a94753f1c60aa7e2d94b13",
        b"q80xY2wBkbLuWDU7zNzzK41_YbnpQUte20K9kCrwmag",
        b"48151623427319508264911537760289",
    ];
    for secret in cases {
        let key = JwtKey::hs256("k", secret).unwrap();
        assert!(key.can_sign());
        assert_eq!((key.kid(), key.algorithm(), key.public_jwk()), ("k", JwtAlgorithm::Hs256, None));
    }
}

type Constructor = fn(&str, &str) -> Result<JwtKey, JwtKeyError>;

const CONSTRUCTORS: [(Constructor, JwtAlgorithm, &str); 5] = [
    (JwtKey::ed25519_pem, JwtAlgorithm::EdDsa, pem::ED25519),
    (JwtKey::es256_pem, JwtAlgorithm::Es256, pem::P256),
    (JwtKey::ed25519_public_pem, JwtAlgorithm::EdDsa, pem::ED25519_PUBLIC),
    (JwtKey::es256_public_pem, JwtAlgorithm::Es256, pem::P256_PUBLIC),
    (JwtKey::rs256_public_pem, JwtAlgorithm::Rs256, pem::RSA_2048_PUBLIC),
];

/// Each constructor takes its own kind of key and none of the others (JWT-15: also no short RSA key).
#[test]
fn refuses_other_kinds_of_keys() {
    let others = [
        pem::P384,
        pem::P384_PUBLIC,
        pem::SECP256K1_PUBLIC,
        pem::X25519,
        pem::RSA_2048,
        pem::RSA_2048_PKCS1_PUBLIC,
        pem::RSA_1024_PUBLIC,
        pem::P256_CERTIFICATE,
        "",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n",
    ];
    for (construct, algorithm, own) in CONSTRUCTORS {
        let key = construct("k", own).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        assert_eq!(key.can_sign(), own.contains("PRIVATE"));
        for other in others.into_iter().chain(CONSTRUCTORS.map(|(_, _, other)| other)).filter(|other| *other != own) {
            let error = construct("k", other).err();
            let is_short = algorithm == JwtAlgorithm::Rs256 && other == pem::RSA_1024_PUBLIC;
            match error {
                Some(JwtKeyError::RsaSize) => assert!(is_short, "{other}"),
                Some(JwtKeyError::Malformed(_)) => assert!(!is_short, "{other}"),
                _ => panic!("{algorithm}: {error:?} for {other}"),
            }
        }
    }
}

#[test]
fn refuses_odd_key_ids() {
    let longest = "k".repeat(128);
    let too_long = "k".repeat(129);
    for (construct, _, own) in CONSTRUCTORS {
        for kid in ["1", "2026-11", "a.b_c:d-E", &longest] {
            assert_eq!(construct(kid, own).unwrap().kid(), kid);
        }
        for kid in ["", " ", "a b", "a/b", "../a", "a\n", "a\0", "é", "a\"", &too_long] {
            assert_eq!(construct(kid, own).err(), Some(JwtKeyError::KeyId), "{kid:?}");
        }
    }
    assert_eq!(JwtKey::hs256("", pem::HMAC).err(), Some(JwtKeyError::KeyId));
}

/// The expected values were read out of the same keys by OpenSSL.
#[test]
fn publishes_the_public_half_only() {
    let ed = json!({
        "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "k",
        "x": "LhQjk_K_iyU-AhzaaPc5H36W6KtGOEGJnDVbDBB6vjo",
    });
    let es = json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "k",
        "x": "vfLABFpBYKztzD8iq8U7I4cdS-WbYX8XtqklNJLfxWk",
        "y": "-PiFNr7Q7ubCSkC3oZ3k5HBtv-QSgyW2fCfwZ0LagcU",
    });
    let rs = json!({
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k", "e": "AQAB",
        "n": "pGKthJATAIcWWIaqJW5NSAlh_fNq98uD0hStRqAjYTa_AAtRJ68NjwDS5xeikyE9aX1O4xYbs17rX_wAwIPFK7fZBTNADVkSnPcKX1eK\
              x2ZFrzWccjXM2zmIbSkOG4EgUIk_2v7GlpgMuBIEigMmNqcrQW98Bp34cI9eSEjnfvIOsC_IIUtBRnYzabceLtBXTPKyqdjjcQ8ROOa-\
              R-a0lk19be41frX8DlxBz8aKZ5j2sTlMIKwL0yc5E9QrYZXqJcNh6rjIKFue9EafkEqkq45P41kKtirzr0TjsDpjiP2M4YyNhmBa41P2\
              LjDDRBDVER00aQaS2w5m9N8WqvcRGQ",
    });
    for ((construct, _, own), expected) in CONSTRUCTORS.into_iter().zip([&ed, &es, &ed, &es, &rs]) {
        assert_eq!(construct("k", own).unwrap().public_jwk().as_ref(), Some(expected));
    }
}

#[test]
fn counts_the_bits_of_an_rsa_key() {
    let refused = |key| JwtKey::rs256_public_pem("k", key).err();
    assert_eq!(refused(pem::RSA_2047_PUBLIC), Some(JwtKeyError::RsaSize));
    assert_eq!(refused(pem::RSA_2048_PUBLIC), None);
}

#[test]
fn debug_shows_no_key_material() {
    let shown = format!("{:?}", JwtKey::hs256("k", b"q80xY2wBkbLuWDU7zNzzK41_YbnpQUte20K9kCrwmag").unwrap());
    assert_eq!(shown, "JwtKey { kid: \"k\", algorithm: Hs256, can_sign: true, .. }");
    let codec = format!("{:?}", codec());
    assert!(codec.contains(&format!("{:?}", JwtKey::ed25519_pem("EdDSA", pem::ED25519).unwrap())));
    assert!(!codec.contains("EncodingKey"));
}
