//! `tandem capacity demands` and `tandem capacity history`: what is wanted, and every version of what was stated.

use clap::{Args, ValueEnum};
use proto::capacity::{
    AcceptedVersion, DemandSummary, ListDemandVersionsRequest, ListGroupVersionsRequest,
    ListMaterialDemandsRequest,
};

use super::names::names;
use crate::cli::{
    Session,
    failure::{Exit, Failure},
    json::time_text,
    pages,
};

pub const DEMANDS_EXAMPLES: &str = "\
Examples:
  tandem capacity demands                            on either side, with their ids
  tandem capacity demands --partner 0193… --material CY-BX-0450";
pub const HISTORY_EXAMPLES: &str = "\
Examples:
  tandem capacity history demand 0193…               when it was stated, and of your own firm by whom
  tandem capacity history group 0193…
  tandem call capacity.v1.DemandService/GetMaterialDemand '{\"demandId\": \"0193…\", \"version\": 3}'   as it was then";

#[derive(Debug, Args)]
pub struct DemandsArgs {
    /// Only those with this firm on the other side
    #[arg(long, value_name = "FIRM-ID", default_value = "", hide_default_value = true)]
    pub partner: String,
    /// Only this material, by the customer's number
    #[arg(long, value_name = "NUMBER", default_value = "", hide_default_value = true)]
    pub material: String,
}

/// Whose versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StatedArg {
    Demand,
    Group,
}

#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// What was stated
    #[arg(value_enum)]
    pub what: StatedArg,
    /// Its id
    #[arg(value_name = "ID")]
    pub id: String,
}

pub(super) async fn demands(args: &DemandsArgs, session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.demands();
    let page = async |page_token| {
        let request = ListMaterialDemandsRequest {
            counterparty_id: args.partner.clone(),
            material_number_customer: args.material.clone(),
            page_size: pages::SIZE,
            page_token,
        };
        let page = client.list_material_demands(request).await?.into_inner();
        Ok((page.demands, page.next_page_token))
    };
    let demands = pages::all(session, page).await?;
    let names = names(demands.iter().flat_map(|one| [&one.customer_id, &one.supplier_id]), session).await;
    let header = ["MATERIAL", "CUSTOMER", "SUPPLIER", "VERSION", "CHANGED", "ID"];
    let row = |one: &DemandSummary| {
        let material = match one.inactive {
            true => format!("{} (inactive)", one.material_number_customer),
            false => one.material_number_customer.clone(),
        };
        let (customer, supplier) = (names.of(&one.customer_id), names.of(&one.supplier_id));
        let changed = time_text(one.changed_at.as_ref());
        [material, customer, supplier, one.version.to_string(), changed, one.id.clone()]
    };
    pages::say(session, "tandem.capacity.v1.DemandSummary", &demands, &header, row)
}

pub(super) async fn history(args: &HistoryArgs, session: &Session) -> Result<Exit, Failure> {
    let (mut demands, mut groups) = (session.connection.demands(), session.connection.capacity_groups());
    let page = async |page_token| {
        let (id, page_size) = (args.id.clone(), pages::SIZE);
        match args.what {
            StatedArg::Demand => {
                let request = ListDemandVersionsRequest { demand_id: id, page_size, page_token };
                let page = demands.list_demand_versions(request).await?.into_inner();
                Ok((page.versions, page.next_page_token))
            }
            StatedArg::Group => {
                let request = ListGroupVersionsRequest { group_id: id, page_size, page_token };
                let page = groups.list_group_versions(request).await?.into_inner();
                Ok((page.versions, page.next_page_token))
            }
        }
    };
    let versions = pages::all(session, page).await?;
    let row = |one: &AcceptedVersion| {
        let (changed, received) = (time_text(one.changed_at.as_ref()), time_text(one.received_at.as_ref()));
        [one.version.to_string(), changed, received, one.actor_name.clone()]
    };
    let header = ["VERSION", "CHANGED", "RECEIVED", "BY"];
    pages::say(session, "tandem.capacity.v1.AcceptedVersion", &versions, &header, row)
}
