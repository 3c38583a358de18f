//! Sums the `test result:` lines that every test binary prints.

use std::fmt;
use std::ops::AddAssign;

/// Tests by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    /// Reads one line of `cargo test`; `None` when it is not a result.
    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let (_, figures) = line.trim().strip_prefix("test result: ")?.split_once(". ")?;
        let figure = |name: &str| {
            let part = figures.split(';').map(str::trim).find_map(|part| part.strip_suffix(name));
            part.and_then(|number| number.trim().parse().ok())
        };
        Some(Self { passed: figure("passed")?, failed: figure("failed")?, skipped: figure("ignored")? })
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines() {
        let counts = |passed, failed, skipped| Some(Counts { passed, failed, skipped });
        for (line, expected) in [
            (
                "test result: ok. 12 passed; 0 failed; 3 ignored; 0 measured; 7 filtered out; finished in 0.01s\n",
                counts(12, 0, 3),
            ),
            ("test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out", counts(1, 2, 0)),
            // As a terminal sees it.
            ("test result: \u{1b}[32mok\u{1b}[0m. 4 passed; 0 failed; 0 ignored; 0 measured", counts(4, 0, 0)),
            ("test axum::sqlite::totp::result ... ok", None),
            ("test result: ok", None),
            ("", None),
        ] {
            assert_eq!(Counts::from_line(line), expected, "{line:?}");
        }
    }

    #[test]
    fn sums_and_shows() {
        let mut sum = Counts::default();
        sum += Counts { passed: 1, failed: 2, skipped: 3 };
        sum += Counts { passed: 10, failed: 0, skipped: 1 };
        assert_eq!(sum.to_string(), "11 passed, 2 failed, 4 skipped");
    }
}
