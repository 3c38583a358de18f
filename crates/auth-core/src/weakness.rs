//! Which secrets are refused at start: the short, the published and the patterned.

/// RFC 7518 section 3.2: at least as long as the hash output.
pub(crate) const MIN_BYTES: usize = 32;

/// Words of sample configurations, in lower case. All are long enough that random base64 does not contain them.
const PLACEHOLDERS: [&str; 12] = [
    "changeme",
    "change-me",
    "change_me",
    "change me",
    "replaceme",
    "replace-me",
    "replace_me",
    "placeholder",
    "your-secret",
    "your_secret",
    "password",
    "a-string-secret",
];

/// Random text of 32 hexadecimal digits has about 14 different ones.
const MIN_DIFFERENT_BYTES: usize = 8;

/// What makes a secret of sufficient length guessable, if anything does.
pub(crate) fn weakness(secret: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(secret).to_ascii_lowercase();
    if text.contains("-----begin") {
        // A published public key as HMAC secret is the classical algorithm confusion (RFC 8725 section 2.1).
        return Some("it is a PEM document");
    }
    if PLACEHOLDERS.iter().any(|word| text.contains(word)) {
        return Some("it contains a placeholder word");
    }
    if different_bytes(secret) < MIN_DIFFERENT_BYTES {
        return Some("it has too few different bytes");
    }
    if is_repetition(secret) || is_progression(secret) {
        return Some("it follows a simple pattern");
    }
    None
}

fn different_bytes(secret: &[u8]) -> usize {
    (0..=u8::MAX).filter(|byte| secret.contains(byte)).count()
}

/// The longest block that counts as a pattern when it is repeated over and over.
const MAX_PERIOD: usize = 8;

/// A short block, over and over.
fn is_repetition(secret: &[u8]) -> bool {
    (1..=MAX_PERIOD)
        .any(|period| secret.iter().skip(period).eq(secret.iter().take(secret.len().saturating_sub(period))))
}

/// Every byte differs from the one before by the same step, as in 0, 1, 2, ...
fn is_progression(secret: &[u8]) -> bool {
    let mut steps = secret.iter().zip(secret.iter().skip(1)).map(|(a, b)| b.wrapping_sub(*a));
    let first = steps.next();
    steps.all(|step| Some(step) == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_secrets_are_named() {
        let cases: [(&[u8], bool); 6] = [
            (&[7; 64], false),
            (b"changeme-changeme-changeme-0f8d1c62b7a9", false),
            (b"abcdefghabcdefghabcdefghabcdefgh", false),
            (b"0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW", false),
            (b"-----BEGIN PUBLIC KEY-----MCowBQYDK2VwAyEA", false),
            (b"0f8d1c62b7a94e35d2c1f0a9b8e7d6c5", true),
        ];
        for (secret, good) in cases {
            assert_eq!(weakness(secret).is_none(), good, "{}", String::from_utf8_lossy(secret));
        }
    }
}
