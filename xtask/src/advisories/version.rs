//! Ranges of versions as the RustSec database means them: in the plain order of versions, so that a pre-release is older
//! than its release. Cargo's own rules leave pre-releases out of most ranges, which would hide an affected one.

use std::fmt;

use semver::{Comparator, Op, Prerelease, Version, VersionReq};

use crate::Result;

/// Ranges, of which one is enough.
#[derive(Debug, PartialEq)]
pub(crate) struct Ranges(Vec<VersionReq>);

impl Ranges {
    pub(crate) fn parse<'a>(ranges: impl Iterator<Item = &'a str>) -> Result<Self> {
        let parse = |range: &str| VersionReq::parse(range).map_err(|e| format!("`{range}`: {e}"));
        Ok(Self(ranges.map(parse).collect::<Result<_>>()?))
    }

    pub(crate) fn contain(&self, version: &Version) -> bool {
        self.0.iter().any(|range| range.comparators.iter().all(|comparator| holds(comparator, version)))
    }
}

impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("-");
        }
        let ranges: Vec<String> = self.0.iter().map(|range| range.to_string().replace(", ", ",")).collect();
        f.write_str(&ranges.join(" | "))
    }
}

fn holds(comparator: &Comparator, version: &Version) -> bool {
    let Comparator { op, major, minor, patch, pre } = comparator;
    let lowest = Version { pre: pre.clone(), ..Version::new(*major, minor.unwrap_or(0), patch.unwrap_or(0)) };
    // The first version, pre-releases included, of what comes after everything that the comparator spells.
    let next = |major, minor, patch| Version { pre: zero(), ..Version::new(major, minor, patch) };
    let after = match (minor, patch) {
        (None, _) => next(major + 1, 0, 0),
        (Some(minor), None) => next(*major, minor + 1, 0),
        (Some(minor), Some(patch)) => next(*major, *minor, patch + 1),
    };
    let plain = Version { build: semver::BuildMetadata::EMPTY, ..version.clone() };
    match op {
        Op::Greater if patch.is_some() => plain > lowest,
        Op::Greater => plain >= after,
        Op::GreaterEq => plain >= lowest,
        Op::Less => plain < lowest,
        Op::LessEq if patch.is_some() => plain <= lowest,
        Op::LessEq => plain < after,
        Op::Exact if patch.is_some() => plain == lowest,
        Op::Tilde if patch.is_some() => plain >= lowest && plain < next(*major, minor.unwrap_or(0) + 1, 0),
        Op::Exact | Op::Tilde | Op::Wildcard => plain >= lowest && plain < after,
        _ => plain >= lowest && plain < caret(comparator, next),
    }
}

/// The first version that is not compatible with one that the comparator spells.
fn caret(comparator: &Comparator, next: impl Fn(u64, u64, u64) -> Version) -> Version {
    match (comparator.major, comparator.minor, comparator.patch) {
        (0, Some(0), Some(patch)) => next(0, 0, patch + 1),
        (0, Some(minor), _) => next(0, minor + 1, 0),
        (major, ..) => next(major + 1, 0, 0),
    }
}

/// `-0`, which no pre-release is older than.
fn zero() -> Prerelease {
    Prerelease::new("0").unwrap_or(Prerelease::EMPTY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn ranges_follow_the_order_of_versions() {
        for (range, inside, outside) in [
            (">=1.2.3", vec!["1.2.3", "1.2.4-rc.1", "2.0.0", "1.2.3+build"], vec!["1.2.2", "1.2.3-rc.1"]),
            (">1.2.3", vec!["1.2.4", "1.3.0-alpha"], vec!["1.2.3", "1.2.3+build"]),
            (">1.2", vec!["1.3.0", "1.3.0-alpha"], vec!["1.2.0", "1.2.9"]),
            ("<1.2.3", vec!["1.2.2", "1.2.3-rc.1"], vec!["1.2.3"]),
            ("<=1.2.3", vec!["1.2.3", "0.1.0"], vec!["1.2.4-rc.1"]),
            ("<=1.2", vec!["1.2.9"], vec!["1.3.0", "1.3.0-rc.1"]),
            ("=1.2.3", vec!["1.2.3"], vec!["1.2.3-rc.1", "1.2.4"]),
            ("^1.2", vec!["1.2.0", "1.9.0"], vec!["1.1.9", "2.0.0", "2.0.0-rc.1"]),
            ("^0.9.7", vec!["0.9.7", "0.9.12"], vec!["0.9.6", "0.10.0", "0.10.0-pre.1"]),
            ("^0.0.3", vec!["0.0.3"], vec!["0.0.4", "0.0.4-a"]),
            ("^0", vec!["0.0.1", "0.9.0"], vec!["1.0.0"]),
            ("~1.2.3", vec!["1.2.3", "1.2.9"], vec!["1.2.2", "1.3.0"]),
            ("~1.2", vec!["1.2.0", "1.2.9"], vec!["1.3.0-a"]),
            ("1.2.*", vec!["1.2.0", "1.2.9"], vec!["1.1.0", "1.3.0"]),
            (">=1.18.4,<1.19.0", vec!["1.18.4", "1.18.9"], vec!["1.18.3", "1.19.0", "1.20.0"]),
        ] {
            let ranges = Ranges::parse([range].into_iter()).unwrap();
            for (version, expected) in inside.iter().map(|v| (v, true)).chain(outside.iter().map(|v| (v, false))) {
                assert_eq!(ranges.contain(&Version::parse(version).unwrap()), expected, "{range} {version}");
            }
        }
        let none = Ranges::parse([].into_iter()).unwrap();
        assert!(!none.contain(&Version::new(1, 0, 0)));
        let either = Ranges::parse(["<1", ">=2"].into_iter()).unwrap();
        assert!(either.contain(&Version::new(2, 0, 0)) && !either.contain(&Version::new(1, 0, 0)));
    }
}
