//! The password as a value that does not leak.

use std::fmt;
use unicode_normalization::{UnicodeNormalization, is_nfc, is_nfkc};
use zeroize::Zeroizing;

/// A password as it is counted, judged and hashed: in Unicode normalisation form C, nothing trimmed, nothing folded.
///
/// NIST SP 800-63B-4 (section 3.1.1.2) asks for a normal form before hashing, because keyboards differ in how they
/// compose a letter; this deviates from OWASP ASVS 6.2.8 ("exactly as received"). The text as it was received is kept
/// beside it for hashes of other systems, which may have been made from that. The memory is wiped on drop and `Debug`
/// hides it.
#[derive(Clone)]
pub struct Password {
    normal: Zeroizing<String>,
    /// As it was received, if that is another text.
    received: Option<Zeroizing<String>>,
}

impl Password {
    /// Most code points that a new password may have.
    pub const MAX_CODE_POINTS: usize = 256;

    /// Most bytes of UTF-8 that a new password may have.
    pub const MAX_BYTES: usize = 1024;

    /// Most bytes of UTF-8, as received, of a password that is compared with a stored hash: other systems allow longer
    /// passwords than new ones may be here, and their hashes are imported. The routes refuse more before they look
    /// anything up, so that the refusal says nothing about the account.
    pub const MAX_COMPARED_BYTES: usize = 4096;

    /// Whether both are the same.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        *self.normal == *other.normal
    }

    /// Takes a password as it was received.
    #[must_use]
    pub fn new(raw: &str) -> Self {
        let received = || Zeroizing::new(raw.to_owned());
        if is_nfc(raw) {
            return Self { normal: received(), received: None };
        }
        // NFC grows UTF-8 at most threefold (UAX #15, section 12).
        Self { normal: collect(raw.nfc(), raw.len().saturating_mul(3)), received: Some(received()) }
    }

    /// The texts that a hash of another system may have been made from, each once: in normal form C, as received, and in
    /// normal form KC, which some systems use. How many there are depends on the password alone; of ASCII there is one.
    pub(super) fn spellings(&self) -> Vec<Zeroizing<String>> {
        let mut spellings = vec![self.normal.clone()];
        spellings.extend(self.received.clone());
        if !is_nfkc(&self.normal) {
            // NFKC grows UTF-8 at most elevenfold (UAX #15, section 12).
            spellings.push(collect(self.normal.nfkc(), self.normal.len().saturating_mul(11)));
        }
        spellings
    }

    /// Length in Unicode code points, the unit of every length rule (NIST SP 800-63B-4, section 3.1.1.2).
    #[must_use]
    pub fn code_points(&self) -> usize {
        self.normal.chars().count()
    }

    /// Whether it exceeds [`Self::MAX_CODE_POINTS`] or [`Self::MAX_BYTES`], hence cannot become anybody's password.
    #[must_use]
    pub fn is_too_long(&self) -> bool {
        self.normal.len() > Self::MAX_BYTES || self.code_points() > Self::MAX_CODE_POINTS
    }

    /// Whether it exceeds [`Self::MAX_COMPARED_BYTES`], hence is not worth a comparison.
    #[must_use]
    pub fn is_too_long_to_compare(&self) -> bool {
        self.received.as_ref().unwrap_or(&self.normal).len() > Self::MAX_COMPARED_BYTES
    }

    /// The password itself. Every use is a place to review.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.normal
    }
}

/// Collects a normal form. With room for all of it the buffer never moves, and leaves no copy behind.
fn collect(normal: impl Iterator<Item = char>, most_bytes: usize) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(most_bytes));
    text.extend(normal);
    text
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

    /// The cost of a login is proportional to their number, so that it must be a matter of the text alone.
    #[test]
    fn each_spelling_is_tried_once() {
        for (raw, spellings) in [
            ("", &[""][..]),
            ("kettle-Umbrella-41 \t~", &["kettle-Umbrella-41 \t~"]),
            ("Größe", &["Größe"]),
            ("Gro\u{308}ße", &["Größe", "Gro\u{308}ße"]),
            ("ﬁnance", &["ﬁnance", "finance"]),
            ("ﬁnance o\u{308}", &["ﬁnance ö", "ﬁnance o\u{308}", "finance ö"]),
        ] {
            let found = Password::new(raw).spellings();
            assert_eq!(found.iter().map(|text| text.as_str()).collect::<Vec<_>>(), spellings, "{raw:?}");
        }
    }

    #[test]
    fn a_longer_text_is_compared_than_becomes_a_password() {
        for (raw, too_long) in [
            ("x".repeat(4096), false),
            ("x".repeat(4097), true),
            ("e\u{301}".repeat(1365), false),
            ("🔑".repeat(1025), true),
        ] {
            let password = Password::new(&raw);
            assert_eq!((password.is_too_long(), password.is_too_long_to_compare()), (true, too_long), "{}", raw.len());
        }
    }

    #[test]
    fn debug_hides_the_password() {
        for raw in ["hunter2", "hu\u{308}nter2"] {
            assert_eq!(format!("{:?}", Password::new(raw)), "Password(***)");
        }
    }
}
