//! The pages, one module each: read, then show; or check, ask the API, and go on.

pub mod accept;
pub mod at_risk;
pub mod bulk;
pub mod buyer;
pub mod change;
pub mod changes;
pub mod consent;
pub mod decide;
pub mod document;
pub mod ending;
pub mod hold;
pub mod home;
pub mod inbox;
pub mod invitation;
pub mod members;
pub mod order;
pub mod partners;
pub mod progress;
pub mod proposals;
pub mod purchases;
pub mod refuse;
pub mod remind;
pub mod revise;
pub mod settings;
pub mod share;
pub mod sheets;
pub mod sign_in;
pub mod thread;
pub mod withdraw;

mod list;
mod preview;
mod respond;
