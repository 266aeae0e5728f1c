//! UBL 2.x Order in and out, without any I/O.
//!
//! ```text
//! bytes ─ scan ─► text ─ xml ─► tree ─ order_in ─► OrderContent ─ order_out ─► tree ─ write ─► bytes
//!                                 └───────── extension: tree − order_out(OrderContent) ──────┘
//! ```
//! What the canonical order does not say of a document is the difference between the document's tree and the tree
//! that the canonical order renders by itself. [`extension::Extension`] keeps that difference; laid over the
//! rendering it gives the document's business content again. **Invariant:** a value that the canonical order
//! carries is always taken from it, so that a changed order shows exactly its change, and stored bytes are never
//! consulted.

mod address;
mod check;
mod diff;
pub mod extension;
mod header_in;
mod line_in;
mod line_out;
mod names;
mod number;
mod order_in;
mod order_out;
mod party_in;
mod party_out;
mod problem;
mod read;
mod scan;
mod schema;
mod shape;
mod totals;
mod tree;
mod write;
mod xml;

pub use extension::Extension;
pub use order_in::{Imported, import};
pub use order_out::{Parties, export};
pub use party_in::BY_BUYER;
pub use problem::{Problem, Problems, Refusal};
pub use scan::MAX_BYTES;
pub use tree::{Attribute, Document, Element, Name, Ns};
pub use xml::parse;

/// Of documents in and out.
pub const MEDIA_TYPE: &str = "application/xml";
