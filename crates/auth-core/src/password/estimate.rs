//! The strength of a password, estimated at a bounded cost.
//!
//! `zxcvbn` looks up every part of a password in its dictionaries, once for each way in which digits and symbols may
//! stand for letters: `4` and `@` for `a`, `(`, `{`, `[` and `<` for `c`, and so on. A password that uses all of these
//! symbols has thousands of readings, and cost most of a second before an attacker paid for anything. So only the first
//! [`WINDOW`] characters of a password are estimated, and of a text with more than [`MAX_READINGS`] readings two simpler
//! ones decide together: one with letters, and one with digits, in place of the symbols. Neither makes a weak password
//! look strong: what follows only adds to the strength, and words and rows of keys stay what they are.

use zeroize::Zeroizing;

/// The most characters that are estimated.
pub(super) const WINDOW: usize = 28;

/// The most readings that a text may have when it is estimated: as many as digits alone can have.
pub(super) const MAX_READINGS: u32 = 16;

/// The most words that count as known to the attacker, and their shortest length in characters.
const MAX_WORDS: usize = 32;
const SHORTEST_WORD: usize = 3;

/// What `zxcvbn` takes for letters.
const STANDS_FOR: [(char, &str); 12] = [
    ('a', "4@"),
    ('b', "8"),
    ('c', "({[<"),
    ('e', "3"),
    ('g', "69"),
    ('i', "1!|"),
    ('l', "1|7"),
    ('o', "0"),
    ('s', "$5"),
    ('t', "+7"),
    ('x', "%"),
    ('z', "2"),
];

/// Symbols that stand for two letters, which doubles the readings.
const AMBIGUOUS: &str = "1|7";

/// Symbols on the keys of digits, and others that stand for a letter beside one on the same key.
const UNSHIFTED: [(char, char); 14] = [
    ('!', '1'),
    ('@', '2'),
    ('#', '3'),
    ('$', '4'),
    ('%', '5'),
    ('^', '6'),
    ('&', '7'),
    ('*', '8'),
    ('(', '9'),
    (')', '0'),
    ('+', '='),
    ('{', '['),
    ('|', '\\'),
    ('<', ','),
];

/// The score of a password from 0 to 4. `words` are what an attacker would try first.
pub(super) fn score(password: &str, words: &[&str]) -> u8 {
    let words: Vec<&str> =
        words.iter().copied().filter(|word| word.chars().count() >= SHORTEST_WORD).take(MAX_WORDS).collect();
    let scores = views(beginning(password)).into_iter().map(|text| u8::from(zxcvbn::zxcvbn(&text, &words).score()));
    scores.min().unwrap_or_default()
}

/// The part that decides. Of a password that repeats itself only whole repetitions count: where it breaks off, it looks
/// like more than it is.
fn beginning(password: &str) -> &str {
    let first = |count: usize| password.char_indices().nth(count).map_or(password, |(index, _)| &password[..index]);
    if password.chars().nth(WINDOW).is_none() {
        return password;
    }
    let period = (1..=WINDOW).find(|period| repeats(password, *period)).unwrap_or(WINDOW);
    first(WINDOW / period * period)
}

/// Whether a password is its first `period` characters over and over again.
fn repeats(password: &str, period: usize) -> bool {
    password.chars().skip(period).zip(password.chars()).all(|(later, earlier)| later == earlier)
}

/// The texts that are estimated, of which the weakest decides.
fn views(window: &str) -> Vec<Zeroizing<String>> {
    if readings(window) <= MAX_READINGS {
        return vec![Zeroizing::new(window.to_owned())];
    }
    let letter =
        |symbol: char| STANDS_FOR.iter().find(|(_, symbols)| symbols.contains(symbol)).map(|(letter, _)| *letter);
    let digit = |symbol: char| UNSHIFTED.iter().find(|(shifted, _)| *shifted == symbol).map(|(_, digit)| *digit);
    let with = |replacement: &dyn Fn(char) -> Option<char>| {
        Zeroizing::new(window.chars().map(|symbol| replacement(symbol).unwrap_or(symbol)).collect())
    };
    vec![with(&letter), with(&digit)]
}

/// At least as many readings as `zxcvbn` finds.
fn readings(text: &str) -> u32 {
    let present = |symbols: &str| symbols.chars().filter(|symbol| text.contains(*symbol)).count();
    let alternatives = STANDS_FOR.iter().map(|(_, symbols)| present(symbols).max(1));
    let doubled = 1 << present(AMBIGUOUS);
    u32::try_from(alternatives.product::<usize>() * doubled).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Passwords that are as costly to judge as anyone has found, one a line.
    const HOSTILE: &str = include_str!("hostile.txt");

    fn assert_bounded(password: &str) {
        let views = views(beginning(password));
        assert!(views.iter().all(|view| view.chars().count() <= WINDOW), "{password:?}");
        let readings: Vec<u32> = views.iter().map(|view| readings(view)).collect();
        assert!(readings.len() <= 2 && readings.iter().sum::<u32>() <= MAX_READINGS + 1, "{password:?}: {readings:?}");
    }

    #[test]
    fn hostile_passwords_cost_little() {
        assert!(HOSTILE.lines().any(|line| readings(line) > 4_000), "the worst one is in the list");
        HOSTILE.lines().for_each(assert_bounded);
    }

    #[test]
    fn a_text_of_all_symbols_has_few_readings_left() {
        let all: String = STANDS_FOR.iter().map(|(_, symbols)| *symbols).collect();
        assert_eq!(readings(&all), 2 * 4 * 2 * 3 * 3 * 2 * 2 * 8);
        assert_bounded(&all);
        assert_eq!(readings("0123456789"), MAX_READINGS);
    }

    #[test]
    fn symbols_do_not_hide_what_is_weak() {
        let views = views("p4$$w0rdp@55w0rd69!1");
        assert_eq!(
            views.iter().map(|view| view.as_str()).collect::<Vec<_>>(),
            ["passwordpasswordggii", "p444w0rdp255w0rd6911"]
        );
        for weak in ["123456789!", "!123456789!", "123456789a!", "741852963$", "1234567890!@#$%^&*()"] {
            assert!(readings(weak) > MAX_READINGS, "{weak}");
            assert!(score(weak, &[]) < 3, "{weak}: {}", score(weak, &[]));
        }
    }

    #[test]
    fn the_beginning_decides_by_whole_repetitions() {
        for (password, strong) in [
            ("superman".repeat(2), false),
            ("superman".repeat(20), false),
            ("superman".repeat(7)[..52].to_owned(), false),
            ("a".repeat(200), false),
            ("correct horse battery staple".to_owned(), true),
            ("correct horse battery staple ".repeat(4), true),
            (format!("kX7-quilt.Ember{}", "password".repeat(9)), true),
        ] {
            assert_eq!(score(&password, &[]) >= 2, strong, "{password}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_password_costs_little(password in "[4@8({\\[<369!1|70$5+%2a-zA-Z.é🔑]{0,300}") {
            assert_bounded(&password);
        }
    }
}
