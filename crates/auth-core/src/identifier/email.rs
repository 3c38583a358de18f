//! Mail addresses.

use super::{IdentifierError, has_forbidden_characters};
use email_address::{EmailAddress, Options};
use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use std::fmt;
use unicode_normalization::is_nfkc;

/// Longest address in bytes: the 256 of a path in SMTP less its angle brackets (RFC 5321, section 4.5.3.1.3; erratum
/// 1690).
const MAX_BYTES: usize = 254;

/// Longest input worth normalising, in bytes; U-labels of a valid domain take far less.
const MAX_INPUT_BYTES: usize = 1024;

/// Exactly one deliverable mail address. `Debug` hides it: log lines hold no full address.
///
/// The local part is ASCII without quotes. The domain is stored as lower-case A-labels, so that a name and its
/// punycode are one domain.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email {
    address: String,
    key: String,
}

impl Email {
    /// Parses an address; blanks around it are ignored, anything else that would need repair is refused.
    ///
    /// # Errors
    /// Fails with [`IdentifierError::EmailInvalid`] for text that is not an address, and for several addresses, a
    /// display name, an IP literal, an invisible or compatibility character, or a domain that cannot be in public DNS.
    pub fn parse(input: &str) -> Result<Self, IdentifierError> {
        let input = input.trim_matches(' ');
        if input.len() > MAX_INPUT_BYTES {
            return Err(IdentifierError::EmailInvalid("This email address is too long."));
        }
        Self::canonical(input).ok_or(IdentifierError::EmailInvalid("This is not a valid email address."))
    }

    /// The address to store and to mail to: the local part as typed, since only the receiving host may
    /// fold its case (RFC 5321, section 2.4), and the canonical domain.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// The canonical spelling, for the unique index and limiters; never mailed to.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The key that `input` would have; `None` when it is not an address, and so has no account.
    #[must_use]
    pub fn key_of(input: &str) -> Option<String> {
        Self::parse(input).ok().map(|email| email.key)
    }

    fn canonical(input: &str) -> Option<Self> {
        if !is_nfkc(input) || has_forbidden_characters(input) {
            return None;
        }
        let (local, domain) = input.split_once('@')?;
        if !local.is_ascii() || local.contains('"') {
            return None;
        }
        let address = format!("{local}@{}", canonical_domain(domain)?);
        let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
        if address.len() > MAX_BYTES || EmailAddress::parse_with_options(&address, options).is_err() {
            return None;
        }
        // Folding ASCII only: full Unicode folding maps U+212A to `k` and would merge two addresses.
        let key = address.to_ascii_lowercase();
        Some(Self { address, key })
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(***)")
    }
}

/// The domain as lower-case A-labels, if it is spelled in A-labels or U-labels (RFC 5890) up to case.
///
/// UTS #46 maps more than that, an ideographic full stop for one; such input is refused.
fn canonical_domain(domain: &str) -> Option<String> {
    let (deny, hyphens) = (AsciiDenyList::STD3, Hyphens::Check);
    let uts46 = Uts46::new();
    let ascii = uts46.to_ascii(domain.as_bytes(), deny, hyphens, DnsLength::Verify).ok()?;
    let (unicode, valid) = uts46.to_unicode(ascii.as_bytes(), deny, hyphens);
    let again = uts46.to_ascii(unicode.as_bytes(), deny, hyphens, DnsLength::Verify).ok()?;
    let all_digits = |label: &str| label.bytes().all(|b| b.is_ascii_digit());
    let refused = valid.is_err()
        || again != ascii
        || has_forbidden_characters(&unicode)
        || !same_labels(domain, &ascii, &unicode)
        || ascii.rsplit('.').next().is_none_or(all_digits);
    (!refused).then(|| ascii.into_owned())
}

/// Whether each label of `typed` is the A-label or the U-label in its place, up to case.
fn same_labels(typed: &str, ascii: &str, unicode: &str) -> bool {
    let mut forms = ascii.split('.').zip(unicode.split('.'));
    let all_match = typed.split('.').all(|label| {
        forms.next().is_some_and(|(a, u)| {
            label.eq_ignore_ascii_case(a) || label.chars().flat_map(char::to_lowercase).eq(u.chars())
        })
    });
    all_match && forms.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ACCEPTED: &[(&str, &str, &str)] = &[
        ("ann@example.org", "ann@example.org", "ann@example.org"),
        ("Ann.Lee@Example.ORG", "Ann.Lee@example.org", "ann.lee@example.org"),
        ("  ann@example.org ", "ann@example.org", "ann@example.org"),
        ("a+b@example.org", "a+b@example.org", "a+b@example.org"),
        ("!#$%&'*+-/=?^_`{|}~@example.org", "!#$%&'*+-/=?^_`{|}~@example.org", "!#$%&'*+-/=?^_`{|}~@example.org"),
        ("a@a.b-c.example", "a@a.b-c.example", "a@a.b-c.example"),
        ("1@1.org", "1@1.org", "1@1.org"),
        ("a@bücher.example", "a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        ("A@BÜCHER.example", "A@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        ("a@XN--Bcher-kva.example", "a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        ("a@bücher.xn--bcher-kva.de", "a@xn--bcher-kva.xn--bcher-kva.de", "a@xn--bcher-kva.xn--bcher-kva.de"),
        ("a@straße.de", "a@xn--strae-oqa.de", "a@xn--strae-oqa.de"),
        ("a@例え.テスト", "a@xn--r8jz45g.xn--zckzah", "a@xn--r8jz45g.xn--zckzah"),
        ("a@παράδειγμα.ΔΟΚΙΜΉ", "a@xn--hxajbheg2az3al.xn--jxalpdlp", "a@xn--hxajbheg2az3al.xn--jxalpdlp"),
    ];

    #[test]
    fn addresses_get_one_canonical_spelling() {
        for &(input, address, key) in ACCEPTED {
            let email = Email::parse(input).unwrap_or_else(|e| panic!("{input:?}: {e}"));
            assert_eq!((email.as_str(), email.key()), (address, key), "{input:?}");
            assert_eq!(Email::key_of(input).as_deref(), Some(key));
            for again in [email.as_str(), email.key()] {
                assert_eq!(Email::key_of(again).as_deref(), Some(key), "{again:?} is not stable");
            }
        }
    }

    #[test]
    #[rustfmt::skip]
    fn anything_but_one_plain_address_is_refused() {
        let refused = [
            // No address.
            "", " ", "@", "a", "a@", "@example.org", "example.org", "a b@example.org", "a@exa mple.org",
            "mailto:a@example.org",
            // Several, headers, display names, quotes, comments.
            "a@x.org,b@y.org", "a@x.org;b@y.org", "a@x.org b@y.org", "a@x.org\r\nBcc: b@y.org", "a@x.org\nb@y.org",
            "a\r@x.org", "a@x.org%0ab@y.org", "\"x\" <a@x.org>", "x <a@x.org>", "<a@x.org>", "\"a\"@x.org",
            "\"a@b\"@x.org", "a\"b@x.org", "a(c)@x.org", "a@x.org(c)", "a@b@x.org", "a@@x.org", "a,b@x.org",
            "a;b@x.org", "a\\@x.org", "a:b@x.org",
            // Dots.
            ".a@x.org", "a.@x.org", "a..b@x.org", "a@x.org.", "a@.x.org", "a@x..org", "a@.", "a@org.",
            // Invalid domains.
            "a@localhost", "a@org", "a@127.0.0.1", "a@[127.0.0.1]", "a@[IPv6:::1]", "a@::1", "a@example.123",
            "a@0x7f.1", "a@-x.org", "a@x-.org", "a@x.-org", "a@a_b.org", "a@x!.org", "a@x/y.org", "a@x.org:25",
            "a@ab--c.org", "a@*.org",
            // Punycode that is broken, needless, or decodes to what we refuse.
            "a@xn--example-.com", "a@xn--.com", "a@xn--a.com", "a@xn--abc-.com", "a@xn--zn7c.com", "a@XN--0.org",
            "a@xn--ls8h=.la", "a@xn--a-ecp.ru",
            // Characters that a normalisation would change, or that cannot be seen.
            "a＠example.org", "a@example．org", "a@example。org", "a@example｡org", "ａ@example.org", "a@ｅxample.org",
            "a@exam\u{212A}le.org", "a@ﬁsh.org", "a@ſee.org", "a@x①.org", "a@℀.org", "a@e\u{301}xample.org",
            "a@exa\u{200B}mple.org", "a@exa\u{AD}mple.org", "a@exa\u{200D}mple.org", "a\u{202E}@example.org",
            "\u{FEFF}a@example.org", "a\0@example.org", "a@example.org\0", "a\u{7F}@example.org",
            "\u{A0}a@example.org", "\ta@example.org", "a@example.org\n", "a@example.org\r\n", "a@example.org \n", "a@نامه\u{200C}ای.com", "a@xn--mgba3gch31f060k.com", "a@ex\u{FE0F}ample.org",
            // Local parts beyond ASCII.
            "ä@example.org", "аnn@example.org", "mi\u{212A}e@example.org", "ſ@example.org",
        ];
        for input in refused {
            assert_eq!(
                Email::parse(input).map(|e| e.address).map_err(|e| e.kind()),
                Err("email_invalid"),
                "{input:?}"
            );
        }
    }

    #[test]
    fn lengths_are_bounded_in_the_canonical_form() {
        let label = |n: usize| "b".repeat(n);
        let domain = |last: usize| format!("{}.{}.{}.{}", label(63), label(63), label(58), label(last));
        let cases = [
            (format!("{}@x.org", label(64)), true),
            (format!("{}@x.org", label(65)), false),
            (format!("a@{}.org", label(63)), true),
            (format!("a@{}.org", label(64)), false),
            (format!("a@{}", domain(63)), true),
            (format!("a@{}", domain(64)), false),
            (format!("{}@{}", label(64), domain(2)), true),
            (format!("{}@{}", label(64), domain(3)), false),
            (format!("a@{}.org", "ü".repeat(50)), true),
            (format!("a@{}.org", "ü".repeat(63)), false),
            (format!("a@x.org{}", " ".repeat(100_000)), true),
            (format!("a@{}", "ü.".repeat(500_000)), false),
        ];
        for (input, accepted) in cases {
            let length = input.len();
            let parsed = Email::parse(&input);
            assert_eq!(parsed.is_ok(), accepted, "{length} bytes: {:.80}", input);
            assert!(parsed.map_or(0, |email| email.as_str().len()) <= MAX_BYTES);
        }
    }

    /// A pattern for addresses, many of them valid, with A-labels, U-labels and mixtures.
    const LIKELY: &str = "[a-zA-Z.+]{1,8}@[a-zA-ZäÖßéσΣя中0-9-]{1,6}(\\.xn--[a-z0-9-]{1,8})?\\.[a-zA-Züж1]{2,4}";

    proptest! {
        #[test]
        fn whatever_parses_is_canonical(input in LIKELY) {
            if let Ok(email) = Email::parse(&input) {
                prop_assert!(email.as_str().is_ascii() && email.as_str().len() <= MAX_BYTES);
                prop_assert_eq!(email.key(), email.as_str().to_ascii_lowercase());
                let spellings = [email.as_str(), email.key(), &input.to_ascii_uppercase(), &format!(" {input} ")];
                for again in spellings {
                    let key = Email::key_of(again);
                    prop_assert_eq!(key.as_deref(), Some(email.key()));
                }
            }
        }

        #[test]
        fn no_input_panics(input in any::<String>(), domain in any::<String>()) {
            let _ = Email::parse(&input);
            let _ = Email::parse(&format!("a@{domain}.org"));
        }
    }
}
