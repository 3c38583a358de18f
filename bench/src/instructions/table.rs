//! The counts as a Markdown table.

use std::fmt::Write;

use super::judge::{AT_MOST, Worst};
use super::{Finding, Work};
use crate::routes::Route;
use crate::{Result, page};

const MARKS: page::Marks = page::Marks {
    begin: "<!-- begin of the instructions: cargo xtask bench --instructions --write -->\n",
    end: "<!-- end of the instructions -->\n",
};

pub(super) fn publish(findings: &[Finding], worst: &Worst, write: bool) -> Result {
    let mut out = String::from("| route | instructions | beside (b) | twice within |\n|---|--:|--:|--:|\n");
    let base = findings.iter().find(|one| one.work == Work::Route(Route::Handwritten)).map_or(f64::NAN, Finding::mean);
    for one in findings {
        let (title, mean, apart) = (one.work.title(), one.mean(), one.deviation() * 100.0);
        writeln!(out, "| {title} | {mean:.0} | {:.2} | {apart:.2} % |", mean / base)?;
    }
    let Worst { password, instructions } = worst;
    writeln!(
        out,
        "\nJudging the worst of the hostile passwords: {instructions:.0} instructions, at most {AT_MOST:.0}."
    )?;
    eprintln!("the worst is {password}");
    page::publish(out.trim_end(), &MARKS, write)
}
