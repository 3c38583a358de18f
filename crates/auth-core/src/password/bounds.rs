//! What a hash may ask for, configured or stored.

/// Most memory in KiB (1 GiB) that a hash may ask for, configured or stored.
pub(super) const MAX_MEMORY_KIB: u32 = 1 << 20;
/// Most iterations that a hash may ask for.
pub(super) const MAX_ITERATIONS: u32 = 64;
/// Most lanes that a hash may ask for.
pub(super) const MAX_PARALLELISM: u32 = 64;

/// Shortest stored output in bytes that is worth a comparison; a truncated one would match too many passwords.
pub(super) const MIN_OUTPUT_BYTES: usize = 16;
