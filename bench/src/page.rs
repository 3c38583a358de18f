//! The page that the tables are put into.

use std::path::Path;

use crate::Result;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/benchmarks.md");

/// The lines between which a text belongs.
pub(crate) struct Marks {
    pub(crate) begin: &'static str,
    pub(crate) end: &'static str,
}

/// Prints a text, and puts it into the page when asked.
pub(crate) fn publish(text: &str, marks: &Marks, write: bool) -> Result {
    println!("{text}");
    if write {
        let Marks { begin, end } = marks;
        let path = Path::new(PAGE);
        let page = std::fs::read_to_string(path)?;
        let (before, rest) = page.split_once(begin).ok_or_else(|| format!("docs/benchmarks.md lacks {begin}"))?;
        let (_, after) = rest.split_once(end).ok_or_else(|| format!("docs/benchmarks.md lacks {end}"))?;
        std::fs::write(path, format!("{before}{begin}\n{text}\n{end}{after}"))?;
    }
    Ok(())
}
