//! The spellings of bytes and numbers in stored hashes.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The standard alphabet, with or without padding: exports of one system differ in it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Decodes base64 of the standard alphabet, of the one for URLs, and of passlib's, which has `.` for `+`.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let standard: String = text
        .chars()
        .map(|character| match character {
            '-' | '.' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    BASE64.decode(standard).ok()
}

/// Decodes hexadecimal digits.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |character: u8| match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        b'A'..=b'F' => Some(character - b'A' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

/// Encodes as lower-case hexadecimal digits.
pub(super) fn to_hex(bytes: [u8; 32]) -> [u8; 64] {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let mut text = [0; 64];
    for (pair, byte) in text.as_chunks_mut().0.iter_mut().zip(bytes) {
        *pair = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    }
    text
}

/// Reads a decimal number without a sign.
pub(super) fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Reads a number after its name: `ln=14`.
pub(super) fn named(text: &str, name: &str) -> Option<u32> {
    number(text.strip_prefix(name)?.strip_prefix('=')?)
}

/// Splits into exactly so many fields.
pub(super) fn fields<const N: usize>(text: &str, separator: char) -> Option<[&str; N]> {
    text.split(separator).collect::<Vec<_>>().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_base64_is_read() {
        for text in ["+/8AAQ==", "+/8AAQ", "-_8AAQ==", "./8AAQ", "-_8AAQ"] {
            assert_eq!(base64(text).as_deref(), Some(&[0xFB, 0xFF, 0, 1][..]), "{text}");
        }
        for text in ["=", "A", "AAAAA", "AA=A", "AA===", "A*==", "AB=="] {
            assert_eq!(base64(text), None, "{text}");
        }
    }

    #[test]
    fn hexadecimal_goes_there_and_back() {
        let bytes = std::array::from_fn(|index| u8::try_from(index * 8 + 3).unwrap());
        let text = String::from_utf8(to_hex(bytes).to_vec()).unwrap();
        assert!(text.starts_with("030b131b"), "{text}");
        assert_eq!(from_hex(&text).as_deref(), Some(&bytes[..]));
        assert_eq!(from_hex(&text.to_uppercase()).as_deref(), Some(&bytes[..]));
        for text in ["0", "0g", "0G", "é", "+1"] {
            assert_eq!(from_hex(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_have_no_sign() {
        assert_eq!((number("0014"), named("ln=14", "ln")), (Some(14), Some(14)));
        for text in ["", "+1", "-1", "1 ", "4294967296", "1e3"] {
            assert_eq!(number(text), None, "{text:?}");
        }
        assert_eq!((named("r=8", "ln"), named("ln14", "ln")), (None, None));
    }
}
