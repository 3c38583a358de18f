//! The machine, in words.

use std::fs::read_to_string;

/// Processor, cores, memory and system, as far as they can be known.
pub(crate) fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let cpu = value_of("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let memory = value_of("/proc/meminfo", "MemTotal").and_then(|text| {
        let kib: f64 = text.split_whitespace().next()?.parse().ok()?;
        Some(format!(", {:.0} GiB", kib / 1024.0 / 1024.0))
    });
    let kernel = read_to_string("/proc/sys/kernel/osrelease").map(|text| format!(", Linux {}", text.trim()));
    format!("{cpu}, {cores} cores{}{}", memory.unwrap_or_default(), kernel.unwrap_or_default())
}

/// How many processes wanted to run during the last minute: what else the machine does.
pub(crate) fn load_average() -> Option<String> {
    read_to_string("/proc/loadavg").ok()?.split_whitespace().next().map(str::to_owned)
}

fn value_of(file: &str, key: &str) -> Option<String> {
    let text = read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}
