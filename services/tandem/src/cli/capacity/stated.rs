//! What statements of demand and of groups have in common.

use std::path::Path;

use clap::Args;
use prost::Message;
use proto::capacity::CapacityReceipt;

use super::{new_id, read};
use crate::cli::{
    Session,
    failure::{Exit, Failure},
    output::short,
};

/// Whether it counts.
#[derive(Debug, Args)]
pub struct ActiveArgs {
    /// It counts again
    #[arg(long, conflicts_with = "inactive")]
    pub active: bool,
    /// As if it were not there, until an update says otherwise
    #[arg(long)]
    pub inactive: bool,
}

impl ActiveArgs {
    /// As the contract has it; `None` where neither is said.
    pub fn inactive(&self) -> Option<bool> {
        (self.active || self.inactive).then_some(self.inactive)
    }
}

/// A request as JSON, under its full name in the contract.
pub fn request<T: Message + Default>(file: &Path, name: &str, session: &Session) -> Result<T, Failure> {
    let bad =
        |error: &dyn std::fmt::Display| Failure::local(Exit::Failed, format!("{}: {error}", file.display()));
    let value = serde_json::from_slice(&read(file)?).map_err(|error| bad(&error))?;
    session.contract.from_json(name, value).map_err(|error| bad(&error))
}

/// The request id of a request from a file: what was said beside it, else its own, else a new one.
pub fn request_id(said: Option<&str>, own: String) -> String {
    match said {
        Some(said) => said.to_owned(),
        None if own.is_empty() => new_id(),
        None => own,
    }
}

/// Says what a statement did.
pub fn said(receipt: &CapacityReceipt, session: &Session) -> Result<Exit, Failure> {
    if session.out.json() {
        session.out.value(&session.contract.to_json("tandem.capacity.v1.CapacityReceipt", receipt)?)?;
    } else {
        let outcome = short(receipt.outcome().as_str_name(), "UPLOAD_OUTCOME_").to_lowercase();
        session.out.line(&format!("{} {outcome}, version {}", receipt.id, receipt.version))?;
    }
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_goes_before_what_a_file_says() {
        assert_eq!(request_id(Some("said"), "own".into()), "said");
        assert_eq!(request_id(Some("said"), String::new()), "said");
        assert_eq!(request_id(None, "own".into()), "own");
        assert_ne!(request_id(None, String::new()), request_id(None, String::new()));
    }
}
