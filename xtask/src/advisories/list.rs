//! The list of advisories as a text file: one fact a line.

use std::fmt;

use super::{DATABASE, Ranges};
use crate::Result;

/// Everything that was known at one moment.
#[derive(Debug, PartialEq)]
pub(crate) struct List {
    /// The date of the database's newest change: `2026-08-21`.
    pub(crate) snapshot: String,
    pub(crate) rows: Vec<Advisory>,
}

/// What is wrong with some versions of a crate.
#[derive(Debug, PartialEq)]
pub(crate) struct Advisory {
    pub(crate) id: String,
    pub(crate) package: String,
    /// `vulnerability`, or the reason why it is mentioned: `unsound`, `unmaintained`, `notice`.
    pub(crate) kind: String,
    /// The versions that it does not concern.
    pub(crate) unaffected: Ranges,
}

impl List {
    pub(crate) fn new(snapshot: String, mut rows: Vec<Advisory>) -> Self {
        rows.sort_by(|a, b| (&a.package, &a.id).cmp(&(&b.package, &b.id)));
        Self { snapshot, rows }
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let snapshot = lines.next().and_then(|(_, line)| line.strip_prefix("snapshot "));
        let snapshot = snapshot.ok_or("the first line must be `snapshot` and a date")?.to_owned();
        let rows = lines.map(|(index, line)| Advisory::parse(line).map_err(|why| format!("line {}: {why}", index + 1)));
        Ok(Self { snapshot, rows: rows.collect::<Result<_>>()? })
    }

    /// How many days after the epoch the snapshot was taken, if it says so.
    pub(crate) fn day(&self) -> Option<i64> {
        let mut numbers = self.snapshot.split('-').map(str::parse::<i64>);
        let (year, month, day) = (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?);
        // Years that begin in March have the leap day at their end.
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let leap_days = year / 4 - year / 100 + year / 400;
        Some(year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468)
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# Facts of {DATABASE}: the advisory, the crate, what it is about, and the versions")?;
        writeln!(
            f,
            "# that are not affected, `-` for none. Written by `cargo xtask advisories DIRECTORY`, read by tidy."
        )?;
        writeln!(f, "snapshot {}", self.snapshot)?;
        self.rows.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}

impl Advisory {
    fn parse(line: &str) -> Result<Self> {
        let mut words = line.splitn(4, ' ').map(str::to_owned);
        let mut word = |what: &str| words.next().ok_or_else(|| format!("no {what}"));
        let (id, package, kind) = (word("id")?, word("package")?, word("kind")?);
        let ranges = word("versions")?;
        let ranges = ranges.split(" | ").filter(|range| *range != "-");
        Ok(Self { id, package, kind, unaffected: Ranges::parse(ranges)? })
    }
}

impl fmt::Display for Advisory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, package, kind, unaffected } = self;
        write!(f, "{id} {package} {kind} {unaffected}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_what_it_wrote() {
        let row = |line: &str| Advisory::parse(line).unwrap();
        let rows = vec![row("R-2 b unsound >=1.0.0 | <0.5"), row("R-3 a vulnerability -"), row("R-1 b notice =1.2.3")];
        let list = List::new("2026-08-21".to_owned(), rows);
        let packages: Vec<&str> = list.rows.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(packages, ["R-3", "R-1", "R-2"]);
        assert_eq!(List::parse(&list.to_string()).unwrap(), list);
        for broken in
            ["", "R-1 a vulnerability -", "snapshot 2026\nR-1 a vulnerability", "snapshot 2026\nR-1 a b newer"]
        {
            List::parse(broken).unwrap_err();
        }
    }

    #[test]
    fn days_are_counted_since_the_epoch() {
        for (date, day) in [("1970-01-01", 0), ("1970-03-01", 59), ("2000-02-29", 11_016), ("2026-08-21", 20_686)] {
            let list = List { snapshot: date.to_owned(), rows: vec![] };
            assert_eq!(list.day(), Some(day), "{date}");
        }
        assert_eq!(List { snapshot: "yesterday".to_owned(), rows: vec![] }.day(), None);
    }
}
