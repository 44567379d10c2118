//! Choices as a number, so that all ways of building a value can be gone through one after the other.
//!
//! Must not know what is chosen.

/// A number whose digits, each to a base of its own, say what is chosen.
pub(super) struct Turn {
    number: usize,
    rest: usize,
    ways: usize,
}

impl Turn {
    pub(super) fn new(number: usize) -> Turn {
        Turn { number, rest: number, ways: 1 }
    }

    pub(super) fn digit(&mut self, base: usize) -> usize {
        let base = base.max(1);
        self.ways = self.ways.saturating_mul(base);
        let digit = self.rest % base;
        self.rest /= base;
        digit
    }

    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// The part that the digits did not use: further tries with other random numbers.
    pub(super) fn rest(&self) -> usize {
        self.rest
    }

    pub(super) fn ways(&self) -> usize {
        self.ways
    }
}
