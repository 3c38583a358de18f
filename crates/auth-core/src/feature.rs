//! What features in crates of their own are built on. **Unstable**: it follows the needs of this library's own features,
//! and may change with every release.

pub use crate::kernel::Kernel;
