//! Tokens of type `JWT` in a layout of somebody else's: they name a user and no session.
//!
//! The header says which key signed, and the user's epoch (RFC 7515, section 4.3), for which such layouts have no claim. It has one
//! spelling. Neither kind of token passes for the other: their types differ, and each reader insists on its own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::verify::Envelope;
use super::{JwtError, JwtKey, LEEWAY_SECONDS, Terms, UNKNOWN_KID};
use crate::json::parse_strict;

/// The claims that the codec writes and reads.
pub(crate) const PLAIN_CLAIMS: [&str; 4] = ["iat", "exp", "iss", "sub"];

/// The longest such token, in bytes. They travel in headers alone, and may name each role twice.
const MAX_BYTES: usize = 8 * 1024;

/// What a verified token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlainClaims {
    /// The user.
    pub(crate) sub: Uuid,
    /// The user's epoch at issue.
    pub(crate) security_epoch: i64,
    /// When it was issued.
    pub(crate) iat: OffsetDateTime,
}

impl Terms {
    /// Makes a token that is valid from `now`. Within a second, it is the same for the same epoch and layout if the algorithm is
    /// deterministic, as HS256 and EdDSA are.
    ///
    /// # Errors
    /// Fails with [`JwtError::Signing`] when the token would be too long, when the layout has one of [`PLAIN_CLAIMS`], and when the
    /// primitive fails.
    pub(crate) fn sign_plain(
        &self,
        key: &JwtKey,
        (user_id, security_epoch): (Uuid, i64),
        mut layout: Map<String, Value>,
        now: OffsetDateTime,
    ) -> Result<String, JwtError> {
        let iat = now.unix_timestamp();
        let own =
            [json!(iat), json!(iat.saturating_add(self.lifetime_seconds())), json!(self.issuer()), json!(user_id)];
        for (name, value) in PLAIN_CLAIMS.into_iter().zip(own) {
            if layout.insert(name.to_owned(), value).is_some() {
                return Err(JwtError::Signing(format!("custom claim {name} is reserved")));
            }
        }
        let claims = Value::Object(layout).to_string();
        let token = key.sign_below(&header(key, security_epoch), claims.as_bytes())?;
        if token.len() > MAX_BYTES {
            return Err(JwtError::Signing(format!("the token would have {} bytes", token.len())));
        }
        Ok(token)
    }

    /// Accepts a token that one of the keys signed, from this issuer, valid at `now`.
    ///
    /// # Errors
    /// Fails with [`JwtError::Refused`] for every other input.
    pub(crate) fn verify_plain<'k>(
        &self,
        keys: impl Iterator<Item = &'k JwtKey>,
        token: &str,
        now: OffsetDateTime,
    ) -> Result<PlainClaims, JwtError> {
        let envelope = Envelope::open(token, MAX_BYTES)?;
        let (key, security_epoch) = key_of(&envelope, keys)?;
        let Ok(Value::Object(claims)) = parse_strict(&envelope.proved_by_key(key)?) else {
            return Err(JwtError::Refused("claims are not strict JSON"));
        };
        if claims.get("iss").and_then(Value::as_str) != Some(self.issuer()) {
            return Err(JwtError::Refused("other issuer"));
        }
        let sub = claims.get("sub").and_then(Value::as_str).and_then(|sub| Uuid::try_parse(sub).ok());
        let seconds = |name: &'static str| claims.get(name).and_then(Value::as_i64).ok_or(JwtError::Refused(name));
        let (iat, exp, now) = (seconds("iat")?, seconds("exp")?, now.unix_timestamp());
        if iat > now.saturating_add(LEEWAY_SECONDS) {
            return Err(JwtError::Refused("from the future"));
        }
        if exp <= now.saturating_sub(LEEWAY_SECONDS) {
            return Err(JwtError::Refused("expired"));
        }
        if exp.saturating_sub(iat) > self.lifetime_seconds().saturating_add(LEEWAY_SECONDS) {
            return Err(JwtError::Refused("lives too long"));
        }
        let iat = OffsetDateTime::from_unix_timestamp(iat).map_err(|_| JwtError::Refused("iat"))?;
        Ok(PlainClaims { sub: sub.ok_or(JwtError::Refused("sub"))?, security_epoch, iat })
    }
}

/// The id of the key that a token says it is signed with. Nothing is verified.
pub(crate) fn plain_key_id(token: &str) -> Option<String> {
    Envelope::open(token, MAX_BYTES).and_then(|envelope| Named::of(&envelope)).ok().map(|named| named.kid)
}

/// What a header names.
struct Named {
    kid: String,
    security_epoch: i64,
}

impl Named {
    fn of(envelope: &Envelope<'_>) -> Result<Self, JwtError> {
        let Ok(Value::Object(named)) = parse_strict(&envelope.header_text()?) else {
            return Err(JwtError::Refused("header is not strict JSON"));
        };
        let kid = named.get("kid").and_then(Value::as_str).ok_or(JwtError::Refused("kid"))?.to_owned();
        let security_epoch = named.get("sev").and_then(Value::as_i64).ok_or(JwtError::Refused("sev"))?;
        Ok(Self { kid, security_epoch })
    }
}

/// The key that the header names, and the epoch.
fn key_of<'k>(
    envelope: &Envelope<'_>,
    mut keys: impl Iterator<Item = &'k JwtKey>,
) -> Result<(&'k JwtKey, i64), JwtError> {
    let Named { kid, security_epoch } = Named::of(envelope)?;
    let key = keys.find(|key| key.kid() == kid).ok_or(UNKNOWN_KID)?;
    // What the key itself writes, and nothing else: no other algorithm or type, and no further parameter.
    if envelope.header() != header(key, security_epoch) {
        return Err(JwtError::Refused("foreign header"));
    }
    Ok((key, security_epoch))
}

/// The encoded header of a token.
fn header(key: &JwtKey, security_epoch: i64) -> String {
    let header = json!({ "alg": key.algorithm().name(), "kid": key.kid(), "sev": security_epoch, "typ": "JWT" });
    URL_SAFE_NO_PAD.encode(header.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::jwt::NewClaims;

    const NOW: OffsetDateTime = time::macros::datetime!(2026-11-28 12:00 UTC);
    const ADA: Uuid = Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_002a);

    /// The terms of an issuer, and a key.
    struct Codec(Terms, JwtKey);

    impl Codec {
        fn sign(&self, security_epoch: i64, now: OffsetDateTime) -> String {
            self.0.sign_plain(&self.1, (ADA, security_epoch), layout(), now).unwrap()
        }

        fn verify(&self, token: &str, now: OffsetDateTime) -> Result<PlainClaims, JwtError> {
            self.0.verify_plain([&self.1].into_iter(), token, now)
        }
    }

    fn codec(issuer: &str, secret: &[u8]) -> Codec {
        let terms = Terms::new(issuer.to_owned(), issuer.to_owned(), None).unwrap();
        Codec(terms, JwtKey::hs256("pairs-1", secret).unwrap())
    }

    fn own() -> Codec {
        codec("https://notes.example.com", b"0123456789abcdefghijklmnopqrstuv")
    }

    fn layout() -> Map<String, Value> {
        Map::from_iter([("hasura".to_owned(), json!({ "x-hasura-user-id": ADA }))])
    }

    #[test]
    fn a_token_says_who_and_at_which_epoch() {
        let token = own().sign(3, NOW);
        let claims = own().verify(&token, NOW).unwrap();
        assert_eq!(claims, PlainClaims { sub: ADA, security_epoch: 3, iat: NOW });
        let text = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        let claims: Map<String, Value> = serde_json::from_slice(&text).unwrap();
        assert_eq!(claims.keys().collect::<Vec<_>>(), ["exp", "hasura", "iat", "iss", "sub"]);
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 600);
        assert_eq!(own().sign(3, NOW), token, "twice within a second");
        assert_ne!(own().sign(4, NOW), token);
        assert_ne!(own().sign(3, NOW + Duration::from_secs(1)), token);
    }

    #[test]
    fn it_dies_in_time_and_elsewhere() {
        let token = own().sign(3, NOW);
        let at = |seconds: i64| own().verify(&token, NOW + time::Duration::seconds(seconds));
        assert!(at(0).is_ok() && at(629).is_ok() && at(-30).is_ok());
        assert_eq!(at(630), Err(JwtError::Refused("expired")));
        assert_eq!(at(-31), Err(JwtError::Refused("from the future")));
        let elsewhere = codec("https://other.example.com", b"0123456789abcdefghijklmnopqrstuv");
        assert_eq!(elsewhere.verify(&token, NOW), Err(JwtError::Refused("other issuer")));
        let other_key = codec("https://notes.example.com", b"vutsrqponmlkjihgfedcba9876543210");
        assert_eq!(other_key.verify(&token, NOW), Err(JwtError::Refused("bad signature")));
    }

    #[test]
    fn neither_kind_passes_for_the_other() {
        let codec = own();
        let plain = codec.sign(3, NOW);
        assert!(codec.0.verify([&codec.1].into_iter(), &plain, NOW).is_err());
        let claims = NewClaims {
            sub: ADA,
            sid: ADA,
            jti: ADA,
            security_epoch: 3,
            scope: None,
            auth_time: 0,
            amr: Vec::new(),
            aal: 1,
            custom: layout(),
        };
        let (access, _) = codec.0.sign(&codec.1, &claims, NOW).unwrap();
        assert!(codec.0.verify([&codec.1].into_iter(), &access, NOW).is_ok());
        assert_eq!(codec.verify(&access, NOW), Err(JwtError::Refused("sev")));
    }

    /// Every other header is refused, even one that the key itself has signed.
    #[test]
    fn a_header_has_one_spelling() {
        let codec = own();
        let payload = own().sign(3, NOW);
        let payload = URL_SAFE_NO_PAD.decode(payload.split('.').nth(1).unwrap()).unwrap();
        let sign = |header: &str| codec.1.sign_below(&URL_SAFE_NO_PAD.encode(header), &payload).unwrap();
        let good = r#"{"alg":"HS256","kid":"pairs-1","sev":3,"typ":"JWT"}"#;
        assert!(codec.verify(&sign(good), NOW).is_ok());
        for header in [
            r#"{"alg":"none","kid":"pairs-1","sev":3,"typ":"JWT"}"#,
            r#"{"alg":"HS512","kid":"pairs-1","sev":3,"typ":"JWT"}"#,
            r#"{"alg":"HS256","kid":"pairs-2","sev":3,"typ":"JWT"}"#,
            r#"{"alg":"HS256","kid":"pairs-1","typ":"JWT"}"#,
            r#"{"alg":"HS256","kid":"pairs-1","sev":"3","typ":"JWT"}"#,
            r#"{"alg":"HS256","kid":"pairs-1","sev":3.0,"typ":"JWT"}"#,
            r#"{"alg":"HS256","kid":"pairs-1","sev":3,"sev":3,"typ":"JWT"}"#,
            r#"{"alg":"HS256","kid":"pairs-1","sev":3,"typ":"at+jwt"}"#,
            r#"{"alg":"HS256","kid":"pairs-1","sev":3}"#,
            r#"{"alg":"HS256","crit":["b64"],"kid":"pairs-1","sev":3,"typ":"JWT"}"#,
            r#"{"typ":"JWT","alg":"HS256","kid":"pairs-1","sev":3}"#,
            r#"{"alg": "HS256","kid":"pairs-1","sev":3,"typ":"JWT"}"#,
            "[]",
            "",
        ] {
            assert!(codec.verify(&sign(header), NOW).is_err(), "{header}");
        }
    }

    #[test]
    fn claims_have_their_types() {
        let codec = own();
        let header = header(&codec.1, 3);
        let sign = |claims: &str| codec.1.sign_below(&header, claims.as_bytes()).unwrap();
        let (iss, iat) = ("https://notes.example.com", NOW.unix_timestamp());
        let claims = |iat: &str, exp: &str, iss: &str, sub: &str| {
            format!(r#"{{"iat":{iat},"exp":{exp},"iss":{iss},"sub":{sub}}}"#)
        };
        let (good_iat, good_exp) = (iat.to_string(), (iat + 600).to_string());
        let (good_iss, good_sub) = (format!("\"{iss}\""), format!("\"{ADA}\""));
        assert!(codec.verify(&sign(&claims(&good_iat, &good_exp, &good_iss, &good_sub)), NOW).is_ok());
        for text in [
            claims(&format!("\"{iat}\""), &good_exp, &good_iss, &good_sub),
            claims(&good_iat, "null", &good_iss, &good_sub),
            claims(&good_iat, &(iat + 7200).to_string(), &good_iss, &good_sub),
            claims("-9223372036854775808", &good_exp, &good_iss, &good_sub),
            claims(&good_iat, &good_exp, &format!("[{good_iss}]"), &good_sub),
            claims(&good_iat, &good_exp, &good_iss, "\"ada\""),
            format!(r#"{{"iat":{iat},"iat":{iat},"exp":{good_exp},"iss":{good_iss},"sub":{good_sub}}}"#),
            "null".to_owned(),
        ] {
            assert!(codec.verify(&sign(&text), NOW).is_err(), "{text}");
        }
    }
}
