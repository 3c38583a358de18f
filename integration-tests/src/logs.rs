//! The log, for scenarios about what it may hold.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing_subscriber::filter::{EnvFilter, LevelFilter, dynamic_filter_fn};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{fmt, registry};

type Text = Arc<Mutex<Vec<u8>>>;

static LISTENING: AtomicUsize = AtomicUsize::new(0);
static LISTENERS: Mutex<Vec<Text>> = Mutex::new(Vec::new());

/// Prints what `filter` selects, and lets scenarios listen to everything there is: every level, and of a span its fields
/// when it begins and again when it ends, with those that were recorded meanwhile.
pub fn init(filter: Option<&str>) {
    let printed = filter.map(|filter| fmt::layer().with_writer(io::stderr).with_filter(EnvFilter::new(filter)));
    let anybody =
        dynamic_filter_fn(|_, _| LISTENING.load(Ordering::Relaxed) > 0).with_max_level_hint(LevelFilter::TRACE);
    let heard = fmt::layer().with_ansi(false).without_time().with_span_events(FmtSpan::NEW | FmtSpan::CLOSE);
    let heard = heard.with_writer(|| Tee).with_filter(anybody);
    registry().with(printed).with(heard).init();
}

/// What is logged from its beginning on, by whatever scenario.
pub(crate) struct Listener(Text);

impl Listener {
    pub(crate) fn new() -> Self {
        let text = Text::default();
        lock(&LISTENERS).push(text.clone());
        LISTENING.fetch_add(1, Ordering::Relaxed);
        Self(text)
    }

    /// All of it so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&lock(&self.0)).into_owned()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        LISTENING.fetch_sub(1, Ordering::Relaxed);
        lock(&LISTENERS).retain(|text| !Arc::ptr_eq(text, &self.0));
    }
}

/// Writes to everybody who listens.
struct Tee;

impl io::Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&LISTENERS).iter().for_each(|text| lock(text).extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
