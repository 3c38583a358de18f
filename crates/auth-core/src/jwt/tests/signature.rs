//! Forged signatures.

use base64::engine::general_purpose::STANDARD;

use super::*;

const BAD: &str = "bad signature";

/// The order of P-256 (SEC 2 section 2.4.2).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// JWT-02: whatever an attacker can download is no HMAC secret, and no other key verifies.
#[test]
fn refuses_signatures_by_other_keys() {
    let mut public_texts = Vec::new();
    for (spki, key) in [
        (pem::ED25519_PUBLIC, JwtKey::ed25519_public_pem("EdDSA", pem::ED25519_PUBLIC)),
        (pem::P256_PUBLIC, JwtKey::es256_public_pem("ES256", pem::P256_PUBLIC)),
        (pem::RSA_2048_PUBLIC, JwtKey::rs256_public_pem("RS256", pem::RSA_2048_PUBLIC)),
    ] {
        let body: String = spki.lines().filter(|line| !line.starts_with('-')).collect();
        public_texts.push(spki.as_bytes().to_vec());
        public_texts.push(spki.trim_end().as_bytes().to_vec());
        public_texts.push(STANDARD.decode(body).unwrap());
        public_texts.push(key.unwrap().public_jwk().unwrap().to_string().into_bytes());
    }
    public_texts.push(Vec::new());
    for victim in Forger::all() {
        assert_accepted(&victim.good());
        for secret in &public_texts {
            let forger = Forger::new(JwtAlgorithm::Hs256, &EncodingKey::from_secret(secret));
            let kid = json!(victim.algorithm.name());
            let header = with(forger.header(), "kid", Some(kid)).to_string();
            let token = forger.token(&header, &good_claims().to_string());
            let is_hmac = victim.algorithm == JwtAlgorithm::Hs256;
            assert_refused(&token, if is_hmac { BAD } else { "alg is not the key's" });
            // The same signature under the header that the victim's key would have.
            assert_refused(&forger.token(&victim.header().to_string(), &good_claims().to_string()), BAD);
        }
    }
    let others = [
        (JwtAlgorithm::EdDsa, EncodingKey::from_ed_pem(pem::OTHER_ED25519.as_bytes())),
        (JwtAlgorithm::Es256, EncodingKey::from_ec_pem(pem::OTHER_P256.as_bytes())),
    ];
    for (algorithm, key) in others {
        assert_refused(&Forger::new(algorithm, &key.unwrap()).good(), BAD);
    }
}

/// A signature belongs to one header and one set of claims.
#[test]
fn refuses_transplanted_parts() {
    for forger in Forger::all() {
        let good = forger.good();
        assert_accepted(&good);
        let (message, signature) = good.rsplit_once('.').unwrap();
        let raised = with(good_claims(), "aal", Some(json!(3)));
        let other = forger.token(&forger.header().to_string(), &raised.to_string());
        let (other_message, other_signature) = other.rsplit_once('.').unwrap();
        assert_refused(&format!("{other_message}.{signature}"), BAD);
        assert_refused(&format!("{message}.{other_signature}"), BAD);
        assert_refused(&format!("{message}.{}", encode([0; 64])), BAD);
        assert_refused(&format!("{message}.{}", encode([0; 1])), BAD);
    }
}

/// JWT-11: a token has one spelling.
#[test]
fn refuses_other_encodings_of_a_good_token() {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for forger in Forger::all() {
        let good = forger.good();
        assert_accepted(&good);
        let (start, last) = good.split_at(good.len() - 1);
        // Every signature length here leaves spare bits in the last character.
        let spare = ALPHABET.find(last).unwrap() + 1;
        let mut cases = vec![
            format!("{start}{}", &ALPHABET[spare..=spare]),
            format!("{good}="),
            format!("{good}=="),
            format!("{good}\n"),
            format!(" {good}"),
            format!("{good}%3D"),
            good.replace('.', "=."),
            good.replacen('.', " .", 1),
            good.replacen('.', "\r\n.", 1),
            good.replacen('.', "\0.", 1),
        ];
        // The alphabet of plain base64 is foreign, where our own characters are at least read.
        for (own, foreign) in [("-", "+"), ("_", "/")] {
            let with_character = |character| format!("{}{character}{last}", &start[..start.len() - 1]);
            let read = codec().verify(&with_character(own), now());
            assert!(matches!(read, Ok(_) | Err(JwtError::Refused(BAD))), "{read:?}");
            cases.push(with_character(foreign));
        }
        for token in cases {
            assert_refused(&token, "not canonical base64url");
        }
    }
}

/// JWT-15: signatures outside of the group, and the other encoding of a good one.
#[test]
fn refuses_degenerate_ecdsa_signatures() {
    let [_, _, forger, _] = Forger::all();
    let good = forger.good();
    assert_accepted(&good);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let (r, s) = signature.split_at(32);
    let (zero, one, ones) = ([0_u8; 32], with_last(1), [0xff_u8; 32]);
    let cases: [Vec<u8>; 13] = [
        [zero, zero].concat(),
        [zero, one].concat(),
        [one, zero].concat(),
        [one, one].concat(),
        [ORDER, ORDER].concat(),
        [ORDER, one].concat(),
        [r, &ORDER].concat(),
        [&ORDER, s].concat(),
        [r, &zero].concat(),
        [ones, ones].concat(),
        r.to_vec(),
        [&[0], r, &[0], s].concat(),
        der(r, s),
    ];
    for case in cases {
        assert_refused(&format!("{message}.{}", encode(case)), BAD);
    }
}

/// JWT-11: the second valid ECDSA signature of a message is no second token, its `jti` is the same.
#[test]
fn a_rewritten_ecdsa_signature_leaves_the_claims_alone() {
    let [_, _, forger, _] = Forger::all();
    let good = forger.good();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let (r, s) = signature.split_at(32);
    let twin = format!("{message}.{}", encode([r, &negated(s)].concat()));
    assert_ne!(twin, good);
    assert_eq!(codec().verify(&twin, now()), codec().verify(&good, now()));
    assert_accepted(&twin);
}

fn with_last(byte: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[31] = byte;
    bytes
}

/// The order minus `scalar`.
fn negated(scalar: &[u8]) -> [u8; 32] {
    let mut result = ORDER;
    let mut borrow = 0;
    for (digit, subtrahend) in result.iter_mut().zip(scalar).rev() {
        let difference = i16::from(*digit) - i16::from(*subtrahend) - borrow;
        borrow = i16::from(difference < 0);
        *digit = difference.rem_euclid(256) as u8;
    }
    result
}

/// `SEQUENCE { r INTEGER, s INTEGER }` as X.509 would have it.
fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let body: Vec<u8> = [r, s].into_iter().flat_map(|number| [&[0x02, 33, 0], number].concat()).collect();
    [&[0x30, body.len() as u8], &body[..]].concat()
}
