//! Tables as strangers send them: nothing is computed, nothing is unpacked without end, nothing outside is looked at, and
//! what is wrong is said by row.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod attacks;
mod book;
