//! Numbers and names that every token must comply with.

/// Longest token that is looked at, in bytes; longer ones are refused before any decoding.
pub const MAX_TOKEN_BYTES: usize = 4096;

/// How far the clocks of two servers may differ, in seconds.
pub const LEEWAY_SECONDS: i64 = 30;

/// The media type of access tokens in the header's `typ` (RFC 9068 section 2.1).
pub(super) const TOKEN_TYPE: &str = "at+jwt";
