//! How much a run measures.

/// What was asked for beside names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// A handful of everything: whether it runs, and no figure that means anything.
    Smoke,
    Usual,
    /// With the curve to a million orders.
    Long,
}

impl Scale {
    /// Rounds of both sides, interleaved.
    pub fn rounds(self) -> usize {
        if self == Scale::Smoke { 1 } else { 5 }
    }

    /// So many, or a handful.
    pub fn of(self, count: usize) -> usize {
        if self == Scale::Smoke { count.min((count / 100).clamp(20, 100)) } else { count }
    }
}
