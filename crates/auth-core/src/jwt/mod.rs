//! Access tokens as signed JWTs (RFC 7519, profile `at+jwt` of RFC 9068).
//!
//! Keys are read and published by `jsonwebtoken`, signatures are made by aws-lc; everything around them is decided here, because
//! `jsonwebtoken` accepts what RFC 8725 forbids: any `typ`, unknown `crit` entries, missing or list-valued `iss` and `aud`,
//! tokens from the future, repeated claims, empty secrets. The rules:
//!
//! - one key has one `kid` and one algorithm; the header must name both and can choose neither;
//! - the header consists of `alg`, `kid` and `typ`, each once, and nothing else;
//! - a token has one spelling: three segments of canonical base64url, at most [`MAX_TOKEN_BYTES`] long;
//! - every claim of [`AccessClaims`] is required and has one type; times are compared with the caller's clock.
//!
//! A codec is pure: it reads no clock, no database and no network. Revocation (epoch `sev`, `jti`) is its caller's.
//! An ECDSA signature can be rewritten by anyone into a second valid one, so lists of tokens go by `jti`,
//! never by the token's text.

mod algorithm;
mod claims;
mod codec;
mod error;
mod key;
mod pair;
mod plain;
mod primitive;
mod provider;
mod read;
mod rules;
mod terms;
#[cfg(test)]
mod tests;
mod verify;

pub use algorithm::JwtAlgorithm;
pub use claims::{AccessClaims, NewClaims};
pub(crate) use codec::SHARED;
pub use codec::{JwtCodec, JwtCodecConfig};
pub use error::JwtError;
pub use key::{JwtKey, JwtKeyError};
pub(crate) use pair::NewPair;
pub(crate) use plain::{PLAIN_CLAIMS, PlainClaims, plain_key_id};
pub(crate) use provider::install as install_provider;
use rules::TOKEN_TYPE;
pub use rules::{LEEWAY_SECONDS, MAX_TOKEN_BYTES};
pub(crate) use terms::{DEFAULT_LIFETIME, Terms};
pub(crate) use verify::{UNKNOWN_KID, key_id};
