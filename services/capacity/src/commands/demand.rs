//! The customer states demand, in full or some weeks of it.

use chassis::{Error, Reason, Result, db::TenantTx, outbox::NewEvent, value};
use prost::Message;
use proto::capacity::{CapacityReceipt, UploadOutcome};
use uuid::Uuid;

use super::{
    Context, Moment, active,
    slice::{Command, Effect},
};
use crate::{
    convert::demand::{self as convert, Addressee, DemandDelta, NewDemand},
    db::{
        demand::{self as db, Head},
        partner,
        scope::{About, demand as within, seen},
    },
    demand::{Demand, MAX_SERIES, MAX_WEEKS},
    error, events,
    ingest::{self, Standing, Upload},
    scope,
    unit::Unit,
};

impl Effect for NewDemand {
    const METHOD: &'static str = "tandem.capacity.v1.DemandService/UploadMaterialDemand";

    fn about(id: Uuid) -> About {
        About::Demand(id)
    }

    async fn run(
        context: &Context,
        tx: &mut TenantTx,
        command: &Command<Self>,
    ) -> Result<(CapacityReceipt, Vec<NewEvent>)> {
        let moment = Moment::of(context, &command.caller);
        let new = &command.what;
        let (id, number) = match &new.supplier {
            Addressee::Firm(id) => (Some(*id), ""),
            Addressee::VendorNumber(number) => (None, number.as_str()),
        };
        let partner = partner::supplier(tx, id, number).await?;
        let supplier = partner.as_ref().map(|partner| partner.firm).unwrap_or_default();
        let material = &new.demand.material_number_customer;
        let known = db::lock_known(tx, new.id, supplier, material).await?;
        let same = |head: &&Head| head.supplier == supplier && head.material_number_customer == *material;
        let by_key = known.iter().find(same);
        let before = match new.id {
            Some(id) => known.iter().find(|head| head.id == id),
            None => by_key,
        };
        let sites = scope::sites(&context.deps, &command.caller);
        check_scope(tx, sites, (new, before), by_key).await?;
        let newest = before.map_or(moment.at, |head| head.changed_at.max(moment.at));
        let changed_at = new.changed_at.unwrap_or(newest);
        let accepted = ingest::decide(&Upload {
            valid: true,
            by_sender: true,
            to_partner: partner.is_some(),
            one_link_kind: true,
            start_ahead: true,
            changed_at,
            standing: match (before, by_key) {
                (Some(head), _) => Standing::Known { changed_at: head.changed_at, same_key: same(&head) },
                (None, Some(other)) => Standing::OtherId(other.id),
                (None, None) => Standing::Unknown,
            },
        });
        accepted.map_err(|refused| error::refused(refused, Reason::SUPPLIER_UNKNOWN))?;
        if let Some(partner) = &partner {
            active(partner)?;
        }
        check_version(new.expected_version, before.map_or(0, |head| head.version))?;
        let head = Head {
            id: new.id.or_else(|| before.map(|head| head.id)).unwrap_or_else(|| context.deps.clock.id()),
            customer: tx.firm(),
            supplier,
            material_number_customer: material.clone(),
            version: before.map_or(0, |head| head.version) + 1,
            inactive: new.demand.inactive,
            changed_at,
            received_at: moment.at,
        };
        save(&moment, tx, &head, &new.demand).await
    }
}

/// What a narrowed caller states lies at its sites, and what it replaces is in its sight: the id of another demand of the
/// material is not told where that is not.
async fn check_scope(
    tx: &mut TenantTx,
    sites: &[String],
    (new, before): (&NewDemand, Option<&Head>),
    by_key: Option<&Head>,
) -> Result<()> {
    if sites.is_empty() {
        return Ok(());
    }
    if let (Some(id), Some(_)) = (new.id, before) {
        seen(tx, sites, About::Demand(id)).await?;
    }
    if let Some(head) = by_key
        && !within(tx, sites, head.customer, head.id).await?
    {
        let message = "has a demand for other sites of yours; who is not narrowed adds a series to it";
        return Err(Error::field("content.material_number_customer", "SCOPE", message));
    }
    let kept = match before {
        Some(head) => Some(stated(tx, head).await?),
        None => None,
    };
    scope::check(sites, "content.series", scope::moved(kept.as_ref(), &new.demand))
}

/// What stands of a demand.
async fn stated(tx: &mut TenantTx, head: &Head) -> Result<Demand> {
    let kept = db::version(tx, head, head.version).await?;
    let (content, ..) = kept.ok_or_else(|| error::missing(head.id))?;
    convert::kept(&content)
}

/// STALE_ETAG where the caller looked at another version.
pub(super) fn check_version(expected: Option<i64>, present: i64) -> Result<()> {
    match expected {
        Some(expected) if expected != present => {
            Err(Error::new(Reason::STALE_ETAG).with("current_version", present))
        }
        _ => Ok(()),
    }
}

impl Effect for DemandDelta {
    const METHOD: &'static str = "tandem.capacity.v1.DemandService/UpdateDemandWeeks";

    fn about(id: Uuid) -> About {
        About::Demand(id)
    }

    async fn run(
        context: &Context,
        tx: &mut TenantTx,
        command: &Command<Self>,
    ) -> Result<(CapacityReceipt, Vec<NewEvent>)> {
        let moment = Moment::of(context, &command.caller);
        let sites = scope::sites(&context.deps, &command.caller);
        seen(tx, sites, About::Demand(command.what.id)).await?;
        let found = db::lock(tx, context.own(&command.caller), command.what.id).await?;
        let before = found.ok_or_else(Error::not_found)?;
        check_version(Some(command.what.version), before.version)?;
        let partner = partner::supplier(tx, Some(before.supplier), "").await?;
        active(&partner.ok_or_else(|| Error::new(Reason::RELATIONSHIP_NOT_ACTIVE))?)?;
        let kept = stated(tx, &before).await?;
        let demand = command.what.delta.clone().apply(kept.clone());
        scope::check(sites, "series", scope::moved(Some(&kept), &demand))?;
        let crowded = demand.series.values().any(|weeks| weeks.len() > MAX_WEEKS);
        if crowded || demand.series.len() > MAX_SERIES {
            let message = format!("would leave more than {MAX_SERIES} series, or {MAX_WEEKS} weeks in one");
            return Err(Error::field("series", "COUNT", message));
        }
        let head = Head {
            version: before.version + 1,
            inactive: demand.inactive,
            changed_at: before.changed_at.max(moment.at),
            received_at: moment.at,
            ..before
        };
        save(&moment, tx, &head, &demand).await
    }
}

async fn save(
    moment: &Moment<'_>,
    tx: &mut TenantTx,
    head: &Head,
    demand: &Demand,
) -> Result<(CapacityReceipt, Vec<NewEvent>)> {
    let content = convert::content(demand);
    db::save(tx, head, demand.unit.map(Unit::code)).await?;
    db::insert_version(tx, head, &content.encode_to_vec(), &moment.caller.actor_name).await?;
    db::save_series(tx, head, &demand.series).await?;
    let receipt = receipt(head.id, head.version, head.changed_at);
    Ok((receipt, vec![events::demand_uploaded(moment, head, content)]))
}

pub(super) fn receipt(id: Uuid, version: i64, changed_at: time::OffsetDateTime) -> CapacityReceipt {
    let outcome = if version == 1 { UploadOutcome::Created } else { UploadOutcome::Replaced };
    CapacityReceipt {
        id: id.to_string(),
        version,
        outcome: outcome.into(),
        changed_at: Some(value::timestamp(changed_at)),
        replayed: false,
    }
}
