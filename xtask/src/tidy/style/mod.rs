//! Plain English: the patterns that docs/style.md lists grow rarer. Each has a number in the page, and that number only falls.

mod prose;
mod table;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use self::table::{PAGE, Pattern};
use super::File;
use crate::workspace::root;
use crate::{Result, process};

/// How many places a message lists.
const SHOWN: usize = 20;

/// A line with a pattern.
struct Place<'a> {
    path: &'a str,
    number: usize,
    text: String,
}

/// What is wrong, and what could be better.
pub(super) struct Report {
    pub(super) problems: Vec<String>,
    pub(super) hints: Vec<String>,
}

pub(super) fn report(files: &[File]) -> Report {
    let page = files.iter().find(|file| file.path == PAGE);
    let read = page.ok_or_else(|| format!("{PAGE}: missing")).and_then(|page| table::read(&page.text));
    let mut report = Report { problems: vec![], hints: vec![] };
    match read {
        Err(why) => report.problems.push(why),
        Ok(patterns) => patterns.iter().for_each(|pattern| judge(pattern, files, &new_lines, &mut report)),
    }
    report
}

/// Writes the present numbers into the page.
pub(super) fn write(files: &[File]) -> Result {
    let page = files.iter().find(|file| file.path == PAGE).ok_or_else(|| format!("{PAGE}: missing"))?;
    let patterns = table::read(&page.text)?;
    let numbers: Vec<(usize, usize)> =
        patterns.iter().map(|pattern| (pattern.row, total(&places(pattern, files)))).collect();
    let text = table::with_numbers(&page.text, &numbers);
    fs::write(root().join(PAGE), text).map_err(|e| format!("cannot write {PAGE}: {e}"))
}

fn judge(pattern: &Pattern, files: &[File], new_lines: &dyn Fn() -> NewLines, report: &mut Report) {
    let places = places(pattern, files);
    let (count, written, left) = (total(&places), &pattern.written, pattern.left);
    if count < left {
        report.hints.push(format!(
            "{PAGE}: `{written}` is down to {count} from {left}; lower its number with: cargo xtask tidy --write"
        ));
    } else if count > left {
        let new = new_lines();
        let added = places.iter().filter(|(place, _)| new.contains(place.path, place.number));
        let shown =
            added.take(SHOWN).map(|(place, _)| format!("  {}:{}: {}", place.path, place.number, place.text.trim()));
        report.problems.push(format!(
            "`{written}` is there {count} times, at most {left}; write it as {PAGE} says. Written since that number:\n{}",
            shown.collect::<Vec<_>>().join("\n")
        ));
    }
}

fn places<'a>(pattern: &Pattern, files: &'a [File]) -> Vec<(Place<'a>, usize)> {
    let mut places = vec![];
    // The page itself has each pattern as an example.
    for file in files.iter().filter(|file| file.path != PAGE) {
        for line in prose::of(file) {
            let count = pattern.count(&file.path, &line.text);
            if count > 0 {
                places.push((Place { path: &file.path, number: line.number, text: line.text }, count));
            }
        }
    }
    places
}

fn total(places: &[(Place<'_>, usize)]) -> usize {
    places.iter().map(|(_, count)| count).sum()
}

/// Lines written since the page's numbers were. Without a history every line is taken for new.
#[derive(Debug, Default, PartialEq, Eq)]
struct NewLines(Option<BTreeSet<(String, usize)>>);

impl NewLines {
    fn contains(&self, path: &str, number: usize) -> bool {
        self.0.as_ref().is_none_or(|lines| lines.contains(&(path.to_owned(), number)))
    }
}

fn new_lines() -> NewLines {
    let git = |arguments: &[&str]| process::output(Command::new("git").current_dir(root()).args(arguments)).ok();
    let numbered_at = git(&["log", "-1", "--format=%H", "--", PAGE]).filter(|commit| !commit.trim().is_empty());
    let diff = numbered_at.and_then(|commit| {
        git(&[
            "diff",
            "--unified=0",
            "--no-color",
            "--no-ext-diff",
            "--src-prefix=a/",
            "--dst-prefix=b/",
            commit.trim(),
        ])
    });
    NewLines(diff.map(|diff| added(&diff)))
}

/// The lines that a diff without context adds.
fn added(diff: &str) -> BTreeSet<(String, usize)> {
    let mut path = "";
    let mut lines = BTreeSet::new();
    for line in diff.lines() {
        if let Some(name) = line.strip_prefix("+++ b/") {
            path = name;
        } else if let Some(hunk) = line.strip_prefix("@@ ") {
            let new = hunk.split_whitespace().find_map(|word| word.strip_prefix('+')).unwrap_or_default();
            let (start, count) = new.split_once(',').unwrap_or((new, "1"));
            if let (Ok(start), Ok(count)) = (start.parse::<usize>(), count.parse::<usize>()) {
                lines.extend((start..start + count).map(|number| (path.to_owned(), number)));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::file;

    fn judged(left: usize, text: &str) -> Report {
        let page =
            format!("| pattern | but not | write | left |\n|-|-|-|-|\n| `\\bis no\\b` | | is not a | {left} |\n");
        let files = [file(PAGE, &page), file("a.md", text)];
        let patterns = table::read(&page).unwrap();
        let mut report = Report { problems: vec![], hints: vec![] };
        let new = || NewLines(Some(BTreeSet::from([("a.md".to_owned(), 2)])));
        judge(&patterns[0], &files, &new, &mut report);
        report
    }

    #[test]
    fn a_number_may_fall_and_not_rise() {
        let text = "It is no cat.\nIt is no dog.\n";
        for (left, problems, hints) in [(2, 0, 0), (3, 0, 1), (1, 1, 0)] {
            let report = judged(left, text);
            assert_eq!((report.problems.len(), report.hints.len()), (problems, hints), "{left}");
        }
        let message = &judged(1, text).problems[0];
        assert!(message.contains("a.md:2: It is no dog.") && !message.contains("cat"), "{message}");
    }

    #[test]
    fn added_lines_are_read_from_a_diff() {
        let diff = "--- a/x.rs\n+++ b/x.rs\n@@ -1 +1,2 @@ fn\n-a\n+b\n+c\n@@ -9,2 +10,0 @@\n-d\n--- /dev/null\n+++ b/y.md\n@@ -0,0 +1 @@\n+e\n";
        let expected = [("x.rs", 1), ("x.rs", 2), ("y.md", 1)].map(|(path, line)| (path.to_owned(), line));
        assert_eq!(added(diff), BTreeSet::from(expected));
        assert!(NewLines(None).contains("x.rs", 1));
    }
}
