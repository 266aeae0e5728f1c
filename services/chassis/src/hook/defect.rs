//! What a worse sender would do, which the tests beside it notice, or they would be worth nothing.

use std::net::SocketAddr;

use super::{
    Sender,
    address::{Address, Fault},
};

/// A fault that somebody could well have built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// The address was looked at when it was saved, and is good for ever.
    VettedWhenSaved,
    /// Where the name leads is looked at before each attempt, and then the name is dialled, which is looked up again.
    ResolvedAgain,
}

/// Where the sender dials after it vetted an address with this outcome.
pub async fn misled(
    sender: &Sender,
    address: &Address,
    vetted: Result<SocketAddr, Fault>,
) -> Result<SocketAddr, Fault> {
    match sender.defect {
        None => return vetted,
        Some(Defect::VettedWhenSaved) => {}
        Some(Defect::ResolvedAgain) => {
            vetted?;
        }
    }
    let found = sender.resolve(address).await?;
    found.first().map(|first| SocketAddr::new(*first, address.port)).ok_or(Fault::NameUnknown)
}
