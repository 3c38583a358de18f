//! The password as a value that does not leak.

use std::fmt;
use unicode_normalization::{UnicodeNormalization, is_nfc};
use zeroize::Zeroizing;

/// A password as it is counted, judged and hashed: in Unicode normalisation form C, nothing trimmed, nothing folded.
///
/// NIST SP 800-63B-4 (section 3.1.1.2) asks for a normal form before hashing, because keyboards differ in how they
/// compose a letter; this deviates from OWASP ASVS 6.2.8 ("exactly as received"). The memory is wiped on drop and
/// `Debug` hides it.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Most code points that a password may have. The account service refuses more before it looks anything up, so
    /// that the refusal says nothing about the account.
    pub const MAX_CODE_POINTS: usize = 256;

    /// Most bytes of UTF-8 that a password may have.
    pub const MAX_BYTES: usize = 1024;

    /// Whether both are the same.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        *self.0 == *other.0
    }

    /// Takes a password as it was received.
    #[must_use]
    pub fn new(raw: &str) -> Self {
        if is_nfc(raw) {
            return Self(Zeroizing::new(raw.to_owned()));
        }
        // NFC grows UTF-8 at most threefold (UAX #15, section 12). Room for all of it means that the buffer never
        // moves and leaves no copy behind.
        let mut normal = Zeroizing::new(String::with_capacity(raw.len().saturating_mul(3)));
        normal.extend(raw.nfc());
        Self(normal)
    }

    /// Length in Unicode code points, the unit of every length rule (NIST SP 800-63B-4, section 3.1.1.2).
    #[must_use]
    pub fn code_points(&self) -> usize {
        self.0.chars().count()
    }

    /// Whether it exceeds [`Self::MAX_CODE_POINTS`] or [`Self::MAX_BYTES`], hence cannot be anybody's password.
    #[must_use]
    pub fn is_too_long(&self) -> bool {
        self.0.len() > Self::MAX_BYTES || self.code_points() > Self::MAX_CODE_POINTS
    }

    /// The password itself. Every use is a place to review.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_normal_form_changes() {
        for (raw, kept, code_points) in [
            ("", "", 0),
            ("abc", "abc", 3),
            ("  abc \t", "  abc \t", 7),
            ("e\u{301}", "é", 1),
            ("é", "é", 1),
            ("ＡＢＣ", "ＡＢＣ", 3),
            ("ABC", "ABC", 3),
            ("ﬁ", "ﬁ", 1),
            ("👩\u{200D}💻", "👩\u{200D}💻", 3),
            ("a\0b", "a\0b", 3),
            ("\u{1D160}", "\u{1D158}\u{1D165}\u{1D16E}", 3), // the worst growth
        ] {
            let password = Password::new(raw);
            assert_eq!((password.expose(), password.code_points()), (kept, code_points), "{raw:?}");
        }
    }

    #[test]
    fn too_long_counts_code_points() {
        for (raw, too_long) in [
            ("a".repeat(256), false),
            ("a".repeat(257), true),
            ("🔑".repeat(256), false),
            ("🔑".repeat(257), true),
            ("e\u{301}".repeat(256), false),
        ] {
            assert_eq!(Password::new(&raw).is_too_long(), too_long, "{} bytes", raw.len());
        }
    }

    #[test]
    fn debug_hides_the_password() {
        assert_eq!(format!("{:?}", Password::new("hunter2")), "Password(***)");
    }
}
