//! The strict reading of a token: its envelope before the signature is looked at, its times after.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::{AccessClaims, JwtError, JwtKey, LEEWAY_SECONDS, TOKEN_TYPE};
use crate::json::parse_strict;

/// Why a token of a key that is not known is refused: the only reason that may change by itself.
pub(crate) const UNKNOWN_KID: JwtError = JwtError::Refused("unknown kid");

/// The id of the key that a token says it is signed with. Nothing is verified.
pub(crate) fn key_id(token: &str) -> Option<String> {
    let (header, _) = token.split_once('.')?;
    read_header(&decode_canonical(header).ok()?).ok().map(|(_, kid)| kid)
}

/// A token in its only spelling; nothing is verified yet.
pub(super) struct Envelope<'a> {
    /// Header and claims as signed.
    message: &'a str,
    header: &'a str,
    signature: Vec<u8>,
    payload: Vec<u8>,
}

impl<'a> Envelope<'a> {
    /// Takes a token of at most `max` bytes apart.
    pub(super) fn open(token: &'a str, max: usize) -> Result<Self, JwtError> {
        if token.len() > max {
            return Err(JwtError::Refused("too long"));
        }
        let (message, signature) = token.rsplit_once('.').ok_or(JwtError::Refused("not three segments"))?;
        let (header, payload) = message.split_once('.').ok_or(JwtError::Refused("not three segments"))?;
        // A fourth segment would leave a dot in the payload, which is not base64url.
        let payload = decode_canonical(payload)?;
        let signature = decode_canonical(signature)?;
        Ok(Self { message, header, signature, payload })
    }

    /// The claims as text, verified by the one key that the header names.
    pub(super) fn proved_by<'k>(self, keys: impl Iterator<Item = &'k JwtKey> + Clone) -> Result<Vec<u8>, JwtError> {
        let key = self.key(keys)?;
        self.proved_by_key(key)
    }

    /// The same, verified by a key that the caller has found.
    pub(super) fn proved_by_key(self, key: &JwtKey) -> Result<Vec<u8>, JwtError> {
        if !key.verifies(&self.signature, self.message) {
            return Err(JwtError::Refused("bad signature"));
        }
        Ok(self.payload)
    }

    /// The header as it was signed, in base64url.
    pub(super) fn header(&self) -> &str {
        self.header
    }

    /// The header as a text.
    pub(super) fn header_text(&self) -> Result<Vec<u8>, JwtError> {
        decode_canonical(self.header)
    }

    /// A header as the key itself writes it is known by its text; others are read.
    fn key<'k>(&self, mut keys: impl Iterator<Item = &'k JwtKey> + Clone) -> Result<&'k JwtKey, JwtError> {
        if let Some(key) = keys.clone().find(|key| key.header() == self.header) {
            return Ok(key);
        }
        let (alg, kid) = read_header(&self.header_text()?)?;
        let key = keys.find(|key| key.kid() == kid).ok_or(UNKNOWN_KID)?;
        if alg != key.algorithm().name() {
            return Err(JwtError::Refused("alg is not the key's"));
        }
        Ok(key)
    }
}

impl AccessClaims {
    /// Compares the times with `now` (Unix seconds); `exp` is exclusive (RFC 7519 section 4.1.4).
    pub(super) fn check_times(&self, now: i64, lifetime: i64) -> Result<(), JwtError> {
        let latest = now.saturating_add(LEEWAY_SECONDS);
        if self.iat > latest || self.nbf > latest || self.auth_time > latest {
            return Err(JwtError::Refused("from the future"));
        }
        if self.exp <= now.saturating_sub(LEEWAY_SECONDS) {
            return Err(JwtError::Refused("expired"));
        }
        // Another server may run with a lifetime that differs by no more than clocks may.
        if self.exp.saturating_sub(self.iat) > lifetime.saturating_add(LEEWAY_SECONDS) {
            return Err(JwtError::Refused("lives too long"));
        }
        Ok(())
    }
}

/// Accepts exactly one spelling per byte string: this engine takes no padding, no spare bits and no foreign characters.
fn decode_canonical(segment: &str) -> Result<Vec<u8>, JwtError> {
    let bytes = URL_SAFE_NO_PAD.decode(segment).ok().filter(|bytes| !bytes.is_empty());
    bytes.ok_or(JwtError::Refused("not canonical base64url"))
}

/// `alg` and `kid` of a header that has these, a fitting `typ`, and nothing else. Parameters that would change the
/// meaning of the token or bring a key along (`crit`, `b64`, `zip`, `jwk`, `jku`, `x5c`, ...) are thereby refused.
fn read_header(header: &[u8]) -> Result<(String, String), JwtError> {
    let Ok(Value::Object(mut header)) = parse_strict(header) else {
        return Err(JwtError::Refused("header is not strict JSON"));
    };
    let mut take = |name| match header.remove(name) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(JwtError::Refused(name)),
    };
    let (alg, kid, typ) = (take("alg")?, take("kid")?, take("typ")?);
    if !header.is_empty() {
        return Err(JwtError::Refused("foreign header parameter"));
    }
    if !is_token_type(&typ) {
        return Err(JwtError::Refused("typ is not at+jwt"));
    }
    Ok((alg, kid))
}

/// Media types ignore ASCII case, and the prefix `application/` may be there or not (RFC 7515 section 4.1.9).
fn is_token_type(typ: &str) -> bool {
    const PREFIX: &str = "application/";
    let short = match typ.get(..PREFIX.len()) {
        Some(start) if start.eq_ignore_ascii_case(PREFIX) => typ.get(PREFIX.len()..).unwrap_or_default(),
        _ => typ,
    };
    short.eq_ignore_ascii_case(TOKEN_TYPE)
}
