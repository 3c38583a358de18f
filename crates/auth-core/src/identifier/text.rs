//! Which characters a text field may not hold.

/// Whether `text` holds a character that no name or address may hold: a control character, one that is
/// invisible or changes the direction of the text around it, a line or paragraph separator, a tag, or a noncharacter.
///
/// Two identifiers that look the same must not differ (OWASP ASVS 2.2.1), and PostgreSQL refuses U+0000.
#[must_use]
pub fn has_forbidden_characters(text: &str) -> bool {
    text.chars().any(is_forbidden)
}

/// Whether no name or address may hold this character.
pub(crate) fn is_forbidden(c: char) -> bool {
    c.is_control()
        || is_bidi(c)
        || is_zero_width(c)
        || is_noncharacter(c)
        || matches!(c,
            '\u{AD}'                        // soft hyphen
            | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' // fillers of Hangul, drawn as nothing
            | '\u{17B4}' | '\u{17B5}'       // vowels of Khmer, drawn as nothing
            | '\u{2028}' | '\u{2029}'       // line and paragraph separators
            | '\u{FFF0}'..='\u{FFFB}'       // reserved to be ignored; interlinear annotations
            | '\u{1BCA0}'..='\u{1BCA3}'     // format characters of shorthand
            | '\u{1D173}'..='\u{1D17A}'     // format characters of musical notation
            | '\u{E0000}'..='\u{E007F}') // tags
}

/// Whether `text` holds a character that no password may hold: control characters, marks of direction, noncharacters,
/// and zero-width characters other than the joiners U+200C and U+200D, without which many emoji and scripts cannot be
/// typed.
#[must_use]
pub fn has_forbidden_in_password(text: &str) -> bool {
    text.chars().any(|c| {
        let joiner = matches!(c, '\u{200C}' | '\u{200D}');
        c.is_control() || is_bidi(c) || is_noncharacter(c) || (is_zero_width(c) && !joiner)
    })
}

/// Marks, embeddings, overrides and isolates of the Unicode bidirectional algorithm (UAX #9, section 2).
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Characters without a width: spaces, joiners, invisible operators, deprecated format characters, the byte order
/// mark.
fn is_zero_width(c: char) -> bool {
    matches!(c,
        '\u{34F}' | '\u{180E}' | '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2065}' | '\u{206A}'..='\u{206F}'
        | '\u{FEFF}')
}

/// U+FDD0 to U+FDEF and the last two code points of each plane (Unicode 16, section 23.7).
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{FDD0}'..='\u{FDEF}') || u32::from(c) & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_is_allowed() {
        for text in ["", "Zoë O’Brien", "山田太郎", "a b", "crème brûlée", "𝛼", "\u{FFFD}", "e\u{301}"] {
            assert!(!has_forbidden_characters(text), "{text:?}");
            assert!(!has_forbidden_in_password(text), "{text:?}");
        }
    }

    #[test]
    fn forbidden_characters_are_found_anywhere() {
        let both = [
            '\0',
            '\t',
            '\n',
            '\r',
            '\u{1B}',
            '\u{7F}',
            '\u{85}',
            '\u{9F}',
            '\u{34F}',
            '\u{61C}',
            '\u{180E}',
            '\u{200B}',
            '\u{200E}',
            '\u{200F}',
            '\u{202A}',
            '\u{202E}',
            '\u{2060}',
            '\u{2064}',
            '\u{2066}',
            '\u{2069}',
            '\u{206A}',
            '\u{206F}',
            '\u{FEFF}',
            '\u{FDD0}',
            '\u{FDEF}',
            '\u{FFFE}',
            '\u{FFFF}',
            '\u{1FFFE}',
            '\u{10FFFF}',
        ];
        let names_only = [
            '\u{AD}',
            '\u{200C}',
            '\u{200D}',
            '\u{115F}',
            '\u{17B4}',
            '\u{2028}',
            '\u{2029}',
            '\u{3164}',
            '\u{FFA0}',
            '\u{FFF0}',
            '\u{FFF9}',
            '\u{1BCA0}',
            '\u{1D173}',
            '\u{E0000}',
            '\u{E0041}',
            '\u{E007F}',
        ];
        for (characters, in_password) in [(&both[..], true), (&names_only[..], false)] {
            for c in characters {
                for text in [format!("{c}ab"), format!("a{c}b"), format!("ab{c}")] {
                    assert!(has_forbidden_characters(&text), "{text:?}");
                    assert_eq!(has_forbidden_in_password(&text), in_password, "{text:?}");
                }
            }
        }
    }

    #[test]
    fn an_emoji_with_a_joiner_is_a_fine_password() {
        assert!(!has_forbidden_in_password("👩\u{200D}💻 works here"));
    }
}
