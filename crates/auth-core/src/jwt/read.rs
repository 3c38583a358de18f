//! Reading the claims: once through the text, with exact types.

use std::borrow::Cow;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, Unexpected, Visitor};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::claims::OWN_CLAIMS;
use super::{AccessClaims, JwtError};
use crate::json::UniqueKeys;

const NOT_STRICT: JwtError = JwtError::Refused("claims are not strict JSON");

impl AccessClaims {
    /// Reads the claims with exact types: no floats or strings for numbers, no lists for single values, no nulls, and
    /// no key twice at any depth. The refusal of a missing or mistyped claim is the claim's name.
    pub(super) fn read(payload: &[u8]) -> Result<Self, JwtError> {
        let payload = std::str::from_utf8(payload).map_err(|_| NOT_STRICT)?;
        let mut claim = None;
        let mut json = serde_json::Deserializer::from_str(payload);
        let draft = Reader { claim: &mut claim }.deserialize(&mut json).and_then(|draft| json.end().map(|()| draft));
        // What is wrong with a value that could be read is its type; the rest is wrong with the text.
        let draft = draft.map_err(|error| claim.filter(|_| error.is_data()).map_or(NOT_STRICT, JwtError::Refused))?;
        let custom = if draft.custom.is_empty() { Map::new() } else { custom(payload)? };
        draft.complete(custom)
    }
}

/// The app's own claims. They are read apart, as the tree that apps are given: few tokens have any.
fn custom(payload: &str) -> Result<Map<String, Value>, JwtError> {
    let mut claims: Map<String, Value> = serde_json::from_str(payload).map_err(|_| NOT_STRICT)?;
    claims.retain(|name, _| !OWN_CLAIMS.contains(&name.as_str()));
    Ok(claims)
}

/// The claims as far as they were read.
#[derive(Default)]
struct Draft<'de> {
    iss: Option<String>,
    aud: Option<String>,
    sub: Option<Id>,
    sid: Option<Id>,
    jti: Option<Id>,
    security_epoch: Option<i64>,
    iat: Option<Seconds>,
    nbf: Option<Seconds>,
    exp: Option<Seconds>,
    auth_time: Option<Seconds>,
    aal: Option<u8>,
    amr: Option<Vec<String>>,
    scope: Option<String>,
    /// The names of all others.
    custom: Vec<Cow<'de, str>>,
}

impl Draft<'_> {
    fn complete(self, custom: Map<String, Value>) -> Result<AccessClaims, JwtError> {
        let missing = JwtError::Refused;
        Ok(AccessClaims {
            iss: self.iss.ok_or(missing("iss"))?,
            aud: self.aud.ok_or(missing("aud"))?,
            sub: self.sub.ok_or(missing("sub"))?.0,
            sid: self.sid.ok_or(missing("sid"))?.0,
            jti: self.jti.ok_or(missing("jti"))?.0,
            security_epoch: self.security_epoch.ok_or(missing("sev"))?,
            iat: self.iat.ok_or(missing("iat"))?.0,
            nbf: self.nbf.ok_or(missing("nbf"))?.0,
            exp: self.exp.ok_or(missing("exp"))?.0,
            auth_time: self.auth_time.ok_or(missing("auth_time"))?.0,
            aal: self.aal.ok_or(missing("aal"))?,
            amr: self.amr.ok_or(missing("amr"))?,
            scope: self.scope,
            custom,
        })
    }
}

/// Reads an object into a [`Draft`] and notes the claim whose value is being read.
struct Reader<'c> {
    claim: &'c mut Option<&'static str>,
}

impl Reader<'_> {
    fn one<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
        &mut self,
        name: &'static str,
        slot: &mut Option<T>,
        entries: &mut A,
    ) -> Result<(), A::Error> {
        if slot.is_some() {
            return Err(A::Error::duplicate_field(name));
        }
        *self.claim = Some(name);
        *slot = Some(entries.next_value()?);
        *self.claim = None;
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Draft<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Draft<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Draft<'de>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object of claims")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Draft<'de>, A::Error> {
        let mut draft = Draft::default();
        while let Some(Text(name)) = entries.next_key()? {
            match &*name {
                "iss" => self.one("iss", &mut draft.iss, &mut entries)?,
                "aud" => self.one("aud", &mut draft.aud, &mut entries)?,
                "sub" => self.one("sub", &mut draft.sub, &mut entries)?,
                "sid" => self.one("sid", &mut draft.sid, &mut entries)?,
                "jti" => self.one("jti", &mut draft.jti, &mut entries)?,
                "sev" => self.one("sev", &mut draft.security_epoch, &mut entries)?,
                "iat" => self.one("iat", &mut draft.iat, &mut entries)?,
                "nbf" => self.one("nbf", &mut draft.nbf, &mut entries)?,
                "exp" => self.one("exp", &mut draft.exp, &mut entries)?,
                "auth_time" => self.one("auth_time", &mut draft.auth_time, &mut entries)?,
                "aal" => self.one("aal", &mut draft.aal, &mut entries)?,
                "amr" => self.one("amr", &mut draft.amr, &mut entries)?,
                "scope" => self.one("scope", &mut draft.scope, &mut entries)?,
                _ if draft.custom.contains(&name) => return Err(A::Error::custom("duplicate key")),
                _ => {
                    draft.custom.push(name);
                    entries.next_value_seed(UniqueKeys(&mut None))?;
                }
            }
        }
        Ok(draft)
    }
}

/// A text, in place where it has no escapes.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// An identifier in the hyphenated lower-case spelling, the one that is written.
struct Id(Uuid);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(text) = Text::deserialize(deserializer)?;
        // Only the hyphenated spelling has this length.
        let written = text.len() == 36 && !text.bytes().any(|c| c.is_ascii_uppercase());
        let id = Uuid::try_parse(&text).ok().filter(|_| written);
        id.map(Self).ok_or_else(|| D::Error::invalid_value(Unexpected::Other("text"), &"a UUID"))
    }
}

/// A moment in Unix seconds, not before 1970.
struct Seconds(i64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = i64::deserialize(deserializer)?;
        if seconds < 0 {
            return Err(D::Error::invalid_value(Unexpected::Signed(seconds), &"a time after 1970"));
        }
        Ok(Self(seconds))
    }
}
