//! `tandem capacity disclosure`: how much of its capacity a firm shows to whom.

use clap::{Args, Subcommand, ValueEnum};
use proto::capacity::{Disclosure, DisclosureLevel, ListDisclosuresRequest, SetDisclosureRequest};

use super::{names::names, new_id};
use crate::cli::{
    Session,
    failure::{Exit, Failure},
    json::time_text,
    output::short,
    pages,
};

const LIST_EXAMPLES: &str = "\
Example:
  tandem capacity disclosure list

A customer without a policy of its own goes by the one for all others, and without that sees groups that name it exactly.";
const SET_EXAMPLES: &str = "\
Examples:
  tandem capacity disclosure set yes-no --customer 0193…
  tandem capacity disclosure set hidden              every customer without a policy of its own

It holds from now on; what a customer saw before, it may have kept.";

#[derive(Debug, Subcommand)]
pub enum DisclosureCommand {
    /// List what your firm shows to whom
    #[command(after_help = LIST_EXAMPLES)]
    List,
    /// Set what a customer sees of groups that name it
    #[command(after_help = SET_EXAMPLES)]
    Set(SetArgs),
}

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LevelArg {
    /// Every figure as it stands
    Exact,
    /// How full a week is, in quarters
    Banded,
    /// Whether a week suffices
    YesNo,
    /// Nothing
    Hidden,
}

#[derive(Debug, Args)]
pub struct SetArgs {
    /// How much is shown
    #[arg(value_enum)]
    pub level: LevelArg,
    /// The customer's id [default: every customer without a policy of its own]
    #[arg(long, value_name = "FIRM-ID", default_value = "", hide_default_value = true)]
    pub customer: String,
    /// Setting under a request id again changes nothing [default: a new one]
    #[arg(long, value_name = "ID")]
    pub request_id: Option<String>,
}

pub(super) async fn run(command: &DisclosureCommand, session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.disclosures();
    match command {
        DisclosureCommand::List => {
            let page = async |page_token| {
                let request = ListDisclosuresRequest { page_size: pages::SIZE, page_token };
                let page = client.list_disclosures(request).await?.into_inner();
                Ok((page.disclosures, page.next_page_token))
            };
            let policies = pages::all(session, page).await?;
            said(&policies, session).await
        }
        DisclosureCommand::Set(args) => {
            let level = match args.level {
                LevelArg::Exact => DisclosureLevel::Exact,
                LevelArg::Banded => DisclosureLevel::Banded,
                LevelArg::YesNo => DisclosureLevel::YesNo,
                LevelArg::Hidden => DisclosureLevel::Hidden,
            };
            let request = SetDisclosureRequest {
                request_id: args.request_id.clone().unwrap_or_else(new_id),
                customer_id: args.customer.clone(),
                level: level.into(),
            };
            let answer = client.set_disclosure(request).await;
            let policy = answer.map_err(|status| session.refused(&status))?.into_inner();
            said(&[policy], session).await
        }
    }
}

async fn said(policies: &[Disclosure], session: &Session) -> Result<Exit, Failure> {
    let names = names(policies.iter().map(|policy| &policy.customer_id), session).await;
    let header = ["CUSTOMER", "LEVEL", "SINCE"];
    pages::say(session, "tandem.capacity.v1.Disclosure", policies, &header, |policy| {
        let level = short(policy.level().as_str_name(), "DISCLOSURE_LEVEL_").to_lowercase().replace('_', "-");
        let customer = match policy.customer_id.as_str() {
            "" => "(all others)".to_owned(),
            customer => names.of(customer),
        };
        [customer, level, time_text(policy.updated_at.as_ref())]
    })
}
