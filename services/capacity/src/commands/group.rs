//! The supplier states groups, in full or some weeks of them. What it finds of the demand is part of the same transaction.

use std::collections::BTreeSet;

use chassis::{Error, Field, Reason, Result, db::TenantTx, outbox::NewEvent};
use prost::Message;
use proto::capacity::CapacityReceipt;
use uuid::Uuid;

use super::{
    Context, Moment, active,
    demand::{check_version, receipt},
    matching::{self, Cause},
    slice::{Command, Effect},
    volatility,
};
use crate::{
    convert::group::{self as convert, GroupDelta, NewGroup},
    db::{
        group::{self as db, Head},
        load, partner,
        scope::{About, groups, materials},
        week,
    },
    demand::MAX_WEEKS,
    error, events,
    group::{BadLinks, Group, LinkKey, closes_circle},
    ingest::{self, Standing, Upload},
    scope::{self, covers, sites},
};

impl Effect for NewGroup {
    const METHOD: &'static str = "tandem.capacity.v1.CapacityGroupService/UploadCapacityGroup";

    fn about(id: Uuid) -> About {
        About::Group(id)
    }

    async fn run(
        context: &Context,
        tx: &mut TenantTx,
        command: &Command<Self>,
    ) -> Result<(CapacityReceipt, Vec<NewEvent>)> {
        let moment = Moment::of(context, &command.caller);
        let new = &command.what;
        matching::lock(tx).await?;
        let partner = match new.customer {
            Some(customer) => partner::customer(tx, customer).await?,
            None => None,
        };
        let links = new.group.check_links(new.customer);
        if let Err(bad @ (BadLinks::LoadFactors | BadLinks::OtherCustomer)) = links {
            return Err(error::bad_links(bad));
        }
        let before = match new.id {
            Some(id) => db::lock(tx, Some(tx.firm()), id).await?,
            None => None,
        };
        check_scope(tx, sites(&context.deps, &command.caller), before.as_ref(), &new.group).await?;
        let newest = before.as_ref().map_or(moment.at, |head| head.changed_at.max(moment.at));
        let changed_at = new.changed_at.unwrap_or(newest);
        let accepted = ingest::decide(&Upload {
            valid: true,
            by_sender: true,
            to_partner: new.customer.is_none() || partner.is_some(),
            one_link_kind: links.is_ok(),
            start_ahead: starts_ahead(tx, before.as_ref(), &new.group, moment.at).await?,
            changed_at,
            standing: match &before {
                Some(head) => {
                    Standing::Known { changed_at: head.changed_at, same_key: head.customer == new.customer }
                }
                None => Standing::Unknown,
            },
        });
        accepted.map_err(|refused| error::refused(refused, Reason::NOT_FOUND))?;
        if let Some(partner) = &partner {
            active(partner)?;
        }
        check_version(new.expected_version, before.as_ref().map_or(0, |head| head.version))?;
        if let Some(head) = &before {
            check_unit(tx, head, new.group.unit.map(|unit| unit.code())).await?;
        }
        let id = new.id.unwrap_or_else(|| context.deps.clock.id());
        check_families(tx, id, new.customer, &new.group).await?;
        let head = Head {
            id,
            supplier: tx.firm(),
            customer: new.customer,
            name: new.group.name.clone(),
            unit_code: new.group.unit.map(|unit| unit.code().to_owned()),
            version: before.map_or(0, |head| head.version) + 1,
            inactive: new.group.inactive,
            changed_at,
            received_at: moment.at,
            locations: new.group.locations.iter().cloned().collect(),
        };
        save(&moment, tx, &head, &new.group).await
    }
}

/// What a narrowed caller changes of where a group is lies at its sites, what it replaces is in its sight, and so is what
/// it links anew: the group would tell of that.
async fn check_scope(tx: &mut TenantTx, sites: &[String], before: Option<&Head>, new: &Group) -> Result<()> {
    if sites.is_empty() {
        return Ok(());
    }
    let stood = match before {
        Some(head) if covers(sites, &head.locations) => Some(stated(tx, head).await?),
        Some(_) => return Err(Error::not_found()),
        None => None,
    };
    let stood = stood.as_ref();
    let standing = stood.map(|group| &group.locations).into_iter().flatten();
    let standing: BTreeSet<&String> = standing.collect();
    let stating = new.locations.iter().collect();
    scope::check(sites, "content.supplier_locations", standing.symmetric_difference(&stating).copied())?;
    let linked = |id: &&Uuid| !stood.is_some_and(|group| group.linked_groups.contains(*id));
    let children: Vec<Uuid> = new.linked_groups.iter().filter(linked).copied().collect();
    if groups(tx, sites, children.clone()).await?.len() != children.len() {
        let message = "links a group that is none of your own sites'";
        return Err(Error::field("content.linked_group_ids", "SCOPE", message));
    }
    let linked = |key: &&LinkKey| !stood.is_some_and(|group| group.linked_demand.contains_key(*key));
    let wanted = new.linked_demand.keys().filter(linked);
    let wanted: BTreeSet<(Uuid, String)> =
        wanted.map(|key| (key.customer, key.material_number_customer.clone())).collect();
    let wanted: Vec<(Uuid, String)> = wanted.into_iter().collect();
    if materials(tx, sites, &wanted).await?.len() != wanted.len() {
        let message = "links a demand that your own sites are not asked for";
        return Err(Error::field("content.linked_demand", "SCOPE", message));
    }
    Ok(())
}

/// What stands of a group.
async fn stated(tx: &mut TenantTx, head: &Head) -> Result<Group> {
    let kept = db::version(tx, head, head.version).await?;
    let (content, ..) = kept.ok_or_else(|| error::missing(head.id))?;
    convert::kept(head.customer, &content)
}

/// What is offered of a group is counted in its unit: that stays while anything is.
async fn check_unit(tx: &mut TenantTx, before: &Head, unit: Option<&str>) -> Result<()> {
    if before.unit_code.as_deref() != unit && week::offers(tx, before.id).await? {
        let message = "cannot change while hours of the group are offered; withdraw the offers first";
        return Err(Error::field("content.unit_code", "IMMUTABLE", message));
    }
    Ok(())
}

/// Whether the first measurement lies ahead, or is the one that was stated before.
async fn starts_ahead(
    tx: &mut TenantTx,
    before: Option<&Head>,
    group: &Group,
    now: time::OffsetDateTime,
) -> Result<bool> {
    let Some(volatility) = group.volatility.as_ref().filter(|one| one.start_at <= now) else {
        return Ok(true);
    };
    let Some(head) = before else { return Ok(false) };
    let stated = stated(tx, head).await?.volatility;
    Ok(stated.is_some_and(|stated| stated.start_at == volatility.start_at))
}

/// What a group's links must be among the supplier's other groups and customers.
async fn check_families(tx: &mut TenantTx, id: Uuid, customer: Option<Uuid>, group: &Group) -> Result<()> {
    if !group.linked_groups.is_empty() {
        let links = db::all_links(tx).await?;
        if closes_circle(id, &group.linked_groups, &links) {
            let message = "would make a group a part of itself";
            return Err(Error::field("content.linked_group_ids", "LINK_CYCLE", message));
        }
        if customer.is_some() {
            let children: Vec<Uuid> = group.linked_groups.iter().copied().collect();
            if db::heads(tx, &children).await?.iter().any(|child| child.customer != customer) {
                return Err(error::foreign_group("content.linked_group_ids"));
            }
        }
    }
    // A group that comes after one that sums it.
    let parents = db::parents(tx, id).await?;
    if parents.iter().any(|(_, parent)| parent.is_some() && *parent != customer) {
        return Err(error::foreign_group("customer_id"));
    }
    let customers: BTreeSet<Uuid> = group.linked_demand.keys().map(|key| key.customer).collect();
    let wanted: Vec<Uuid> = customers.into_iter().collect();
    if !wanted.is_empty() {
        let known = partner::customers(tx, &wanted).await?;
        let strange =
            group.linked_demand.keys().enumerate().filter(|(_, key)| !known.contains(&key.customer));
        let fields: Vec<Field> = strange
            .map(|(index, _)| {
                let path = format!("content.linked_demand[{index}].customer_id");
                Field::new(path, "CUSTOMER_UNKNOWN", "is none of your customers")
            })
            .collect();
        if !fields.is_empty() {
            return Err(Error::invalid(fields));
        }
    }
    Ok(())
}

impl Effect for GroupDelta {
    const METHOD: &'static str = "tandem.capacity.v1.CapacityGroupService/UpdateCapacityWeeks";

    fn about(id: Uuid) -> About {
        About::Group(id)
    }

    async fn run(
        context: &Context,
        tx: &mut TenantTx,
        command: &Command<Self>,
    ) -> Result<(CapacityReceipt, Vec<NewEvent>)> {
        let moment = Moment::of(context, &command.caller);
        matching::lock(tx).await?;
        let found = db::lock(tx, context.own(&command.caller), command.what.id).await?;
        let within = |head: &Head| covers(sites(&context.deps, &command.caller), &head.locations);
        let before = found.filter(within).ok_or_else(Error::not_found)?;
        check_version(Some(command.what.version), before.version)?;
        if let Some(customer) = before.customer {
            let partner = partner::customer(tx, customer).await?;
            active(&partner.ok_or_else(|| Error::new(Reason::RELATIONSHIP_NOT_ACTIVE))?)?;
        }
        let group = command.what.delta.clone().apply(stated(tx, &before).await?);
        if group.weeks.len() > MAX_WEEKS {
            return Err(Error::field("weeks", "COUNT", format!("would leave more than {MAX_WEEKS} weeks")));
        }
        let head = Head {
            version: before.version + 1,
            inactive: group.inactive,
            changed_at: before.changed_at.max(moment.at),
            received_at: moment.at,
            ..before
        };
        save(&moment, tx, &head, &group).await
    }
}

async fn save(
    moment: &Moment<'_>,
    tx: &mut TenantTx,
    head: &Head,
    group: &Group,
) -> Result<(CapacityReceipt, Vec<NewEvent>)> {
    let content = convert::content(group);
    db::save(tx, head).await?;
    db::insert_version(tx, head, &content.encode_to_vec(), &moment.caller.actor_name).await?;
    db::save_links(tx, head, group).await?;
    load::follow(tx).await?;
    volatility::watch(tx, head, group).await?;
    let mut happened = vec![events::group_uploaded(moment, head, content)];
    happened.extend(
        matching::rematch(moment.now(), tx, Cause::Stated { id: head.id, weeks: &group.weeks }).await?,
    );
    Ok((receipt(head.id, head.version, head.changed_at), happened))
}
