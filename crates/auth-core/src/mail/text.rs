//! Text of strangers, made fit for a mail.

use crate::identifier::{is_forbidden, is_joiner};

/// Longest display name that a mail shows, in characters.
const MAX_NAME: usize = 60;

/// Longest subject, in characters. Lines of a mail have at most 998 bytes (RFC 5322, section 2.1.1), readers show far less.
const MAX_SUBJECT: usize = 150;

/// The name in the greeting; `None` when no name can be shown.
///
/// Someone who registers another person's address chooses what that person reads. So the name is cut, loses what cannot
/// be seen, and is left out when a mail program might make a link of it (OWASP ASVS 1.2.1).
pub(super) fn presentable_name(name: &str) -> Option<String> {
    let name = one_line(name, MAX_NAME);
    (!name.is_empty() && !looks_like_link(&name)).then_some(name)
}

/// A subject as one line.
pub(super) fn subject_line(subject: &str) -> String {
    one_line(subject, MAX_SUBJECT)
}

/// `text` on one line: blanks of all kinds as single ones, without control and invisible characters but joiners, and cut.
fn one_line(text: &str, max: usize) -> String {
    // Whatever is far beyond the limit need not be looked at.
    let seen = text.chars().take(4 * max).map(|c| if c.is_whitespace() { ' ' } else { c });
    let seen: String = seen.filter(|c| is_joiner(*c) || !is_forbidden(*c)).collect();
    let line = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(max) {
        None => line,
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
    }
}

/// Whether a mail program may find a link or an address in a name: anything with a scheme, a path, an `@`, or a dot
/// between a letter and two more, as in a domain.
fn looks_like_link(name: &str) -> bool {
    let letters: Vec<char> = name.chars().collect();
    let is_domain = |window: &[char]| {
        window[1] == '.' && window[0].is_alphanumeric() && window[2].is_alphanumeric() && window[3].is_alphanumeric()
    };
    name.contains(['/', '\\', ':', '@', '<', '>']) || letters.windows(4).any(is_domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_worth_showing() {
        for (name, shown) in [
            ("Ada Lovelace", "Ada Lovelace"),
            ("  Zoë\u{A0} O’Brien ", "Zoë O’Brien"),
            ("J. R. R. Tolkien", "J. R. R. Tolkien"),
            ("J.R.R. Tolkien", "J.R.R. Tolkien"),
            ("a\r\nBcc: b", ""),
            ("a\r\nBcc b", "a Bcc b"),
            ("Ada\u{202E}\u{200B}\0", "Ada"),
            ("\u{200B} \n", ""),
            ("http://evil.example", ""),
            ("Win at evil.example now", ""),
            ("evil.co", ""),
            ("ada@evil", ""),
            ("<b>Ada</b>", ""),
            ("山田太郎", "山田太郎"),
            ("علی\u{200C}رضا", "علی\u{200C}رضا"),
            ("dev 👩\u{200D}💻", "dev 👩\u{200D}💻"),
        ] {
            assert_eq!(presentable_name(name).unwrap_or_default(), shown, "{name:?}");
        }
    }

    #[test]
    fn long_names_are_cut() {
        let name = presentable_name(&"ab ".repeat(1_000_000)).unwrap();
        assert!(name.ends_with('…') && name.chars().count() <= MAX_NAME + 1, "{name}");
        assert_eq!(presentable_name(&"é".repeat(MAX_NAME)).unwrap().chars().count(), MAX_NAME);
    }
}
