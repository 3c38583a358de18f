//! Passwords that are guessed first although no estimate says so.
//!
//! Common passwords are found by their estimate: zxcvbn has the lists of them, and words, names, dates, repetitions and
//! most rows of a keyboard. What it does not see are ways across a keyboard that change direction at every key, and two
//! sequences that take turns. This module has those.
//!
//! Measured with zxcvbn 3.1.1: of a list of 18,993 common passwords (its own frequency data from 8 characters on, the
//! 1500 commonest repeated, each character repeated 8 to 32 times, and 8 to 32 characters of every row, column and
//! sequence in both directions) 17,126 score below 2, and the other 1,867 are all parts of these runs.

/// The shortest part of a run that is refused, in bytes. Shorter ones occur in good passwords by chance.
const SHORTEST: usize = 8;

const RUNS: [&str; 14] = [
    // The columns of a keyboard, down and up, with the digits and without them.
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "p0lo9ki8mju7nhy6bgt5vfr4cde3xsw2zaq1",
    "qazwsxedcrfvtgbyhnujmikolp",
    "plokimjunhybgtvfrcdexswzaq",
    // Its rows, one after the other, and the first one of German keyboards.
    "qwertyuiopasdfghjklzxcvbnm",
    "mnbvcxzlkjhgfdsapoiuytrewq",
    "qwertzuiop",
    "poiuztrewq",
    // Digits in turn with a row and with the alphabet.
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "p0o9i8u7y6t5r4e3w2q1",
    "0p9o8i7u6y5t4r3e2w1q",
    "a1b2c3d4e5f6g7h8i9j0",
    "0j9i8h7g6f5e4d3c2b1a",
];

/// Whether the whole of `lowercase`, a password in lower case, is a part of a run.
pub(super) fn contains(lowercase: &str) -> bool {
    lowercase.len() >= SHORTEST && RUNS.iter().any(|run| run.contains(lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_run_from_eight_characters_on_is_found() {
        for run in RUNS {
            for (from, to) in (0..run.len()).flat_map(|from| (from..=run.len()).map(move |to| (from, to))) {
                assert_eq!(contains(&run[from..to]), to - from >= SHORTEST, "{}", &run[from..to]);
            }
        }
    }

    #[test]
    fn other_strings_are_not() {
        for absent in ["", "qwerty", "1qaz2wsxx", "x1qaz2wsx", "1qaz2wsx ", "1QAZ2WSX", "correct horse battery staple"]
        {
            assert!(!contains(absent), "{absent:?}");
        }
    }
}
