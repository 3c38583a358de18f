//! Which characters a text may not hold. There are three kinds of texts: what is looked up, where two that look alike must not
//! differ; what is shown, which may be written as people write it; and passwords, which are typed.

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

/// Whether `text` holds something that no text may hold which is shown and never looked up, such as a display name: what a name
/// or address may not hold, except where people write it. U+200C and U+200D follow something that is seen, as in Persian and
/// Sinhala and in emoji of several people (Unicode 16, section 23.2); tags spell the flag of a region after a black one (UTS #51,
/// annex C).
#[must_use]
pub fn has_forbidden_in_shown_text(text: &str) -> bool {
    let (mut before, mut tags) = (None, None);
    for c in text.chars() {
        // More of them than anybody writes could hide a text.
        let follows_seen = before.is_some_and(|before: char| {
            !(before.is_whitespace() || is_joiner(before) || (is_variation(before) && is_variation(c)))
        });
        let is_fine = match (c, tags) {
            ('\u{E0020}'..='\u{E007E}', None) => before == Some(BLACK_FLAG),
            ('\u{E0020}'..='\u{E007E}', Some(tags)) => tags < MAX_TAGS,
            ('\u{E007F}', tags) => tags.is_some(),
            (_, Some(_)) => false,
            _ if is_joiner(c) || is_variation(c) => follows_seen,
            _ => !is_forbidden(c),
        };
        if !is_fine {
            return true;
        }
        tags = matches!(c, '\u{E0020}'..='\u{E007E}').then(|| tags.unwrap_or(0) + 1);
        before = Some(c);
    }
    tags.is_some()
}

/// How many tags spell a region at the most, such as `gbsct`.
const MAX_TAGS: usize = 6;

/// Whether a character chooses how the one before it looks (Unicode 16, section 23.4).
fn is_variation(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// The emoji that tags are spelled after.
const BLACK_FLAG: char = '\u{1F3F4}';

/// Zero-width characters without which many emoji and scripts cannot be written.
pub(crate) fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}')
}

/// Whether `text` holds a character that no password may hold: control characters, marks of direction, noncharacters,
/// and zero-width characters other than the joiners U+200C and U+200D, without which many emoji and scripts cannot be
/// typed.
#[must_use]
pub fn has_forbidden_in_password(text: &str) -> bool {
    text.chars().any(|c| c.is_control() || is_bidi(c) || is_noncharacter(c) || (is_zero_width(c) && !is_joiner(c)))
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

    /// Names as people write them, and where they were refused.
    #[test]
    fn what_is_shown_may_be_written_as_it_is() {
        for name in [
            "علی\u{200C}رضا",                       // Ali-Reza in Persian
            "\u{DC1}\u{DCA}\u{200D}\u{DBB}\u{DD3}", // Sri in Sinhala
            "രാജന\u{D4D}\u{200D}",                   // Rajan in Malayalam, which ends with a joiner
            "dev 👩\u{200D}💻",
            "👨\u{200D}👩\u{200D}👧\u{200D}👦",
            "🏳\u{FE0F}\u{200D}⚧\u{FE0F}", // LemmyNet/lemmy#3888
            "🏴\u{200D}☠\u{FE0F}",        // solaris-games/solaris#1442
            "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F} Fiona", // Scotland; blitzcrieg1/agentmetry#182
            "葛\u{E0100}城",              // a variant of a character, as in names of families in Japan
        ] {
            assert!(!has_forbidden_in_shown_text(name), "{name:?}");
        }
        for name in [
            "\u{200D}", // Expensify/App#29644
            "\u{200C}Ada",
            "Ada \u{200D}",
            "Ada\u{200D}\u{200D}",
            "\u{3164}",              // mucklet/mucklet-client#402
            "\u{180E}",              // LemmyNet/lemmy#3436
            "Ada\u{E0041}\u{E0042}", // text that is hidden in tags: affaan-m/ECC#1982
            "🏴\u{E0067}\u{E0062}",
            "🏴\u{E0061}\u{E0062}\u{E0063}\u{E0064}\u{E0065}\u{E0066}\u{E0067}\u{E007F}",
            "🏴\u{E007F}",
            "Ada\u{E0110}\u{E0111}",
            "❤\u{FE0F}\u{200D}\u{FE0F}",
            "\u{FE0F}",
            "🏴\u{E0067}x",
            "🏴\u{E0067}\u{E007F}\u{E0067}",
            "Ada\u{200B}",
            "Ada\u{200E}",
            "Ada\u{202E}",
            "Ada\u{2066}",
            "Ada\0",
            "Ada\n",
            "Ada\u{FEFF}",
        ] {
            assert!(has_forbidden_in_shown_text(name), "{name:?}");
        }
    }

    #[test]
    fn an_emoji_with_a_joiner_is_a_fine_password() {
        assert!(!has_forbidden_in_password("👩\u{200D}💻 works here"));
    }
}
