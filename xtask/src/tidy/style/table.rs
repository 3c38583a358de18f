//! The table of docs/style.md: what is counted, where it is right, and how much of it is left.

use regex_lite::Regex;

use crate::Result;

pub(super) const PAGE: &str = "docs/style.md";

/// How the table begins.
const HEAD: &str = "| pattern | but not | write | left |";

/// A row of the table.
pub(super) struct Pattern {
    /// As it stands in the page.
    pub(super) written: String,
    regex: Regex,
    /// What begins in one of these is right.
    exceptions: Vec<Regex>,
    /// Folders in which it is right.
    folders: Vec<String>,
    /// How many places may have it.
    pub(super) left: usize,
    /// The line of the page, from 0.
    pub(super) row: usize,
}

/// Reads the table.
pub(super) fn read(page: &str) -> Result<Vec<Pattern>> {
    let rows = page.lines().enumerate().skip_while(|(_, line)| *line != HEAD).skip(2);
    let rows = rows.take_while(|(_, line)| line.starts_with('|'));
    let patterns: Vec<Pattern> = rows.map(|(row, line)| pattern(row, line)).collect::<Result<_>>()?;
    if patterns.is_empty() { Err(format!("{PAGE}: no row below `{HEAD}`")) } else { Ok(patterns) }
}

fn pattern(row: usize, line: &str) -> Result<Pattern> {
    let wrong = |why: &str| format!("{PAGE}:{}: {why}", row + 1);
    let cells = cells(line);
    let [written, but_not, _, left] = cells.as_slice() else { return Err(wrong("a row has four cells")) };
    let regex = |text: &str| Regex::new(text).map_err(|e| wrong(&e.to_string()));
    let [written] = code(written)[..] else { return Err(wrong("a pattern is one expression in backticks")) };
    let (folders, exceptions): (Vec<&str>, Vec<&str>) = code(but_not).into_iter().partition(|text| text.ends_with('/'));
    Ok(Pattern {
        written: written.to_owned(),
        regex: regex(written)?,
        exceptions: exceptions.into_iter().map(regex).collect::<Result<_>>()?,
        folders: folders.into_iter().map(str::to_owned).collect(),
        left: left.parse().map_err(|_| wrong("the last cell is a number"))?,
        row,
    })
}

/// The cells of a row; `\|` is part of one.
fn cells(line: &str) -> Vec<String> {
    let inner = line.trim().trim_start_matches('|').strip_suffix('|').unwrap_or(line);
    let hidden = inner.replace("\\|", "\0");
    hidden.split('|').map(|cell| cell.trim().replace('\0', "|")).collect()
}

/// What stands in backticks.
fn code(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

impl Pattern {
    /// How often a line of a file has it.
    pub(super) fn count(&self, path: &str, line: &str) -> usize {
        if self.folders.iter().any(|folder| path.starts_with(folder.as_str())) {
            return 0;
        }
        let right: Vec<_> = self.exceptions.iter().flat_map(|regex| regex.find_iter(line)).collect();
        let found = self.regex.find_iter(line);
        found.filter(|found| !right.iter().any(|r| r.range().contains(&found.start()))).count()
    }
}

/// The page with other numbers in its table.
pub(super) fn with_numbers(page: &str, numbers: &[(usize, usize)]) -> String {
    let lines = page.lines().enumerate().map(|(row, line)| {
        let number = numbers.iter().find(|(at, _)| *at == row);
        match (number, line.trim_end().trim_end_matches('|').rsplit_once('|')) {
            (Some((_, number)), Some((before, _))) => format!("{before}| {number} |\n"),
            _ => format!("{line}\n"),
        }
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "# Style\n\n| pattern | but not | write | left |\n| --- | --- | --- | --: |\n\
        | `\\belse[.,]` | `(any\\|no)thing else` | otherwise | 3 |\n| `\\bmailbox` | `crates/mail/` | address | 12 |\n\nEnd.\n";

    #[test]
    fn rows_count_what_is_wrong() {
        let patterns = read(EXAMPLE).unwrap();
        assert_eq!(patterns.iter().map(|one| one.left).collect::<Vec<_>>(), [3, 12]);
        for (pattern, path, line, expected) in [
            (0, "a.rs", "or else, or else.", 2),
            (0, "a.rs", "anything else, nothing else.", 0),
            (0, "a.rs", "nothing else, or else.", 1),
            (0, "a.rs", "else if", 0),
            (1, "crates/mail/a.rs", "a mailbox", 0),
            (1, "crates/core/a.rs", "a mailbox", 1),
        ] {
            assert_eq!(patterns[pattern].count(path, line), expected, "{line}");
        }
    }

    #[test]
    fn numbers_are_replaced_in_their_rows() {
        let page = with_numbers(EXAMPLE, &[(5, 7)]);
        assert_eq!(page, EXAMPLE.replace("| 12 |", "| 7 |"));
    }

    #[test]
    fn mistakes_in_the_table_are_named() {
        let row = |row: &str| format!("{HEAD}\n| --- | --- | --- | --: |\n{row}\n");
        for (page, part) in [
            ("# Style\n".to_owned(), "no row"),
            (row("| `a` | | 1 |"), "style.md:3: a row has four cells"),
            (row("| a | | b | 1 |"), "one expression in backticks"),
            (row("| `(` | | b | 1 |"), "style.md:3: "),
            (row("| `a` | | b | many |"), "a number"),
        ] {
            let message = read(&page).err().unwrap_or_default();
            assert!(message.contains(part), "{page}: {message}");
        }
    }
}
