//! The list of passwords that are guessed first.
//!
//! `blocklist.txt` holds lower-case ASCII passwords of at least eight characters, sorted by bytes, one on a line:
//!
//! - the common passwords in the frequency data of the crate `zxcvbn` 3.1.1 (MIT), and its English words of 15
//!   letters and more;
//! - the 1500 commonest of them repeated until they reach 8, and 15, characters, so that stricter length rules do not
//!   empty the list;
//! - one character repeated 8 to 32 times, and each run of 8 to 32 characters, in both directions, along the
//!   alphabet, the digits, keyboard rows and keyboard columns.

const LIST: &str = include_str!("blocklist.txt");

/// Whether the whole of `lowercase`, a password in lower case, is on the list.
///
/// Bisects the text itself, which needs no table built at start and no heap.
pub(super) fn contains(lowercase: &str) -> bool {
    let (list, wanted) = (LIST.as_bytes(), lowercase.as_bytes());
    let (mut low, mut high) = (0, list.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start = list[..middle].iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        let end = list[middle..].iter().position(|&b| b == b'\n').map_or(list.len(), |at| middle + at);
        match list[start..end].cmp(wanted) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_sorted_lower_case_and_large_enough() {
        let entries: Vec<&str> = LIST.lines().collect();
        assert!(LIST.ends_with('\n') && !LIST.contains('\r'));
        assert!(
            entries.iter().all(|e| e.len() >= 8 && e.bytes().all(|b| b.is_ascii_graphic() && !b.is_ascii_uppercase()))
        );
        assert!(entries.windows(2).all(|pair| pair[0] < pair[1]), "sorted, without doubles");
        for length_rule in [8, 15] {
            let usable = entries.iter().filter(|e| e.len() >= length_rule).count();
            assert!(usable >= 3000, "{usable} entries satisfy a minimum of {length_rule}");
        }
    }

    #[test]
    fn every_entry_is_found() {
        let missed: Vec<_> = LIST.lines().filter(|e| !contains(e)).collect();
        assert!(missed.is_empty() && LIST.lines().count() > 0, "{missed:?}");
    }

    #[test]
    fn other_strings_are_not() {
        let neighbours = LIST
            .lines()
            .step_by(97)
            .flat_map(|e| [format!("{e}\u{1}"), format!("{e}~~~~"), format!("\n{e}"), format!("{e}\n")]);
        for absent in neighbours.chain(
            ["", "\n", "a", "pass", "zzzzzzz", "correct horse battery staple", "ünïcödé wörds"].map(str::to_owned),
        ) {
            assert!(!contains(&absent), "{absent:?}");
        }
    }

    #[test]
    fn well_known_and_rule_made_entries_are_there() {
        let made = (8..=32).flat_map(|n| ["a", "1", "*", "z"].map(|c| c.repeat(n)));
        let runs = [
            "abcdefghijklmnop",
            "zyxwvutsrqponmlk",
            "12345678",
            "0123456789012345",
            "qwertyuiop",
            "asdfghjkl",
            "1qaz2wsx3edc4rfv",
            "passwordpassword",
        ];
        for entry in made.chain(runs.map(str::to_owned)) {
            assert!(contains(&entry), "{entry:?}");
        }
    }
}
