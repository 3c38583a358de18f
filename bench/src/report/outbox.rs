//! The tables of the outbox.

use std::fmt::Write;

use super::{Spread, median, verdict};
use crate::Result;
use crate::load::Answers;
use crate::outbox::Finding;

/// Mails that should leave in a second.
const DELIVERY_AIM: f64 = 200.0;
/// MiB by which a long queue may make the process grow.
const GROWTH_AIM: f64 = 64.0;
/// How much longer slow requests may take while the mail server hangs. Slower ones than these are too few in a round to
/// say anything.
const HANGING_AIM: f64 = 1.5;
const SLOW: f64 = 0.95;

pub(super) fn tables(out: &mut String, findings: &[Finding]) -> Result {
    deliveries(out, findings)?;
    memory(out, findings)?;
    hanging(out, findings)
}

fn deliveries(out: &mut String, findings: &[Finding]) -> Result {
    writeln!(out, "\n### Outbox: mails that are delivered\n")?;
    writeln!(out, "| database | what waits | mails | queued/s | delivered/s | aim | worker CPU ms | connections |")?;
    writeln!(out, "|---|---|--:|--:|--:|---|--:|--:|")?;
    for (database, one) in findings.iter().flat_map(|one| one.deliveries.iter().map(|each| (one.database, each))) {
        writeln!(
            out,
            "| {database} | {} | {} | {:.0} | {:.0} | ≥ {DELIVERY_AIM} {} | {:.2} | {} |",
            one.kind.title(),
            one.mails,
            one.filled_per_second,
            one.per_second,
            verdict(one.per_second >= DELIVERY_AIM),
            one.cpu,
            one.connections,
        )?;
    }
    Ok(())
}

fn memory(out: &mut String, findings: &[Finding]) -> Result {
    writeln!(out, "\n### Outbox: memory of the worker beside a long queue\n")?;
    writeln!(out, "| database | mails that wait | delivered meanwhile | MiB before | growth MiB | aim |")?;
    writeln!(out, "|---|--:|--:|--:|--:|---|")?;
    for Finding { database, memory, .. } in findings {
        writeln!(
            out,
            "| {database} | {} | {} | {:.1} | {:.1} | ≤ {GROWTH_AIM} {} |",
            memory.queued,
            memory.delivered,
            memory.before,
            memory.growth,
            verdict(memory.growth <= GROWTH_AIM),
        )?;
    }
    Ok(())
}

fn hanging(out: &mut String, findings: &[Finding]) -> Result {
    writeln!(out, "\n### `POST /auth/forgot-password`, with a healthy mail server and with one that hangs\n")?;
    writeln!(
        out,
        "| database | requests/s | healthy p50 ms | healthy p95 ms | hanging p50 ms | hanging p95 ms | p95 ratio | aim |"
    )?;
    writeln!(out, "|---|--:|--:|--:|--:|--:|--:|---|")?;
    for Finding { database, hanging: one, .. } in findings {
        let of =
            |answers: &[Answers], share: f64| median(answers.iter().map(|one| one.percentile(share)).collect()) / 1e3;
        let ratios =
            one.hanging.iter().zip(&one.healthy).map(|(hang, well)| hang.percentile(SLOW) / well.percentile(SLOW));
        let ratio = Spread::of(ratios.collect());
        writeln!(
            out,
            "| {database} | {:.0} | {:.2} | {:.2} | {:.2} | {:.2} | {ratio} | ≤ {HANGING_AIM} {} |",
            median(one.hanging.iter().map(Answers::per_second).collect()),
            of(&one.healthy, 0.5),
            of(&one.healthy, SLOW),
            of(&one.hanging, 0.5),
            of(&one.hanging, SLOW),
            verdict(ratio.median <= HANGING_AIM),
        )?;
    }
    Ok(())
}
