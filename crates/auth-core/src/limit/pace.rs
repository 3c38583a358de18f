//! How the room of a limit comes back once it is used up.

/// How the room of a limit comes back once it is used up. `times` and `per` are those of its [`Rate`](super::Rate).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pace {
    /// All at once, when the window that the first use began is over.
    #[default]
    Window,
    /// One after the other: `times` at once, and one more after each `per / times` (the generic cell rate algorithm).
    Even,
    /// Uses in a row, which a success ends: `times` at once, and then after waits of half a minute, a minute and so on,
    /// each twice as long as the one before, up to `per`.
    Doubling,
    /// Uses in a row, which a success ends: `times` at once, and then one in each `per`.
    Spaced,
}
