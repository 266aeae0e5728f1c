//! Hours that the sandbox's firms share: a cluster, what is offered in it, who reserved what, and an offer that is refused.

use std::{collections::BTreeMap, str::FromStr as _};

use anyhow::{Context as _, bail};
use chassis::value::{wire_date as day, wire_decimal as decimal};
use proto::{
    capacity::{
        ConfirmReservationRequest, HeldPart, HoldCapacityRequest, NewBucket, Offer, OfferContent,
        OfferLimits, OfferVisibility, PublishOfferRequest,
    },
    partners::{CreateClusterRequest, InviteToClusterRequest, JoinClusterRequest},
};
use rust_decimal::Decimal;
use serde::Deserialize;
use time::{Date, Duration};

use super::{Credentials, as_firm, capacity::firm, refused};
use crate::cli::client::Connection;

/// How long holds of these offers may last: a week, in seconds.
const HOLD_SECONDS: i32 = 604_800;

/// booking.toml.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Booking {
    cluster: Cluster,
    offers: Vec<Offered>,
    reservations: Vec<Reserved>,
    refused: Vec<Offered>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cluster {
    operator: String,
    name: String,
    name_en: String,
    members: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Offered {
    id: String,
    supplier: String,
    group: String,
    process: String,
    machine: String,
    materials: Vec<String>,
    weight_kg: Option<String>,
    tonnage: Option<String>,
    #[serde(default)]
    region: String,
    /// Whom it names; nobody: it is for the cluster.
    #[serde(default)]
    to: Vec<String>,
    /// CNY for an hour.
    price: Option<String>,
    #[serde(default)]
    note: String,
    /// Hours by week.
    weeks: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reserved {
    id: String,
    holder: String,
    offer: String,
    week: i64,
    hours: String,
}

fn load() -> anyhow::Result<Booking> {
    toml::from_str(include_str!("booking.toml")).context("booking.toml")
}

/// The id and the unit of each group, by its id in capacity.toml.
pub(super) type Groups = BTreeMap<String, (String, String)>;

/// Makes the cluster, offers hours and books them.
pub(super) async fn tell(
    connection: &Connection,
    credentials: &Credentials,
    groups: &Groups,
    monday: Date,
) -> anyhow::Result<()> {
    let booking = load()?;
    let cluster = booking.cluster.join(connection, credentials).await?;
    let mut offers = BTreeMap::new();
    for offered in &booking.offers {
        let request = offered.request(groups, &cluster, monday).with_context(|| offered.id.clone())?;
        let firm_ids = offered.to.iter().map(|one| firm(credentials, one)).collect::<anyhow::Result<_>>()?;
        let request = PublishOfferRequest { firm_ids, ..request };
        let own = as_firm(connection, credentials, &offered.supplier)?;
        let offer = own.offers().publish_offer(request).await.map_err(refused)?.into_inner();
        offers.insert(offered.id.as_str(), offer);
    }
    for reserved in &booking.reservations {
        let offer = offers.get(reserved.offer.as_str()).context("no such offer")?;
        reserved.hold(connection, credentials, offer, monday).await.with_context(|| reserved.id.clone())?;
    }
    for offered in &booking.refused {
        let request = offered.request(groups, &cluster, monday).with_context(|| offered.id.clone())?;
        let own = as_firm(connection, credentials, &offered.supplier)?;
        match own.offers().publish_offer(request).await.map_err(refused) {
            Err(refusal) if refusal.reason == "OFFER_EXCEEDS_CAPACITY" => {}
            Err(refusal) => return Err(refusal.into()),
            Ok(_) => bail!("{} was taken, and promises an hour twice", offered.id),
        }
    }
    Ok(())
}

impl Cluster {
    /// Its id, once its members have joined.
    async fn join(&self, connection: &Connection, credentials: &Credentials) -> anyhow::Result<String> {
        let operator = as_firm(connection, credentials, &self.operator)?;
        let request = CreateClusterRequest {
            request_id: "sandbox-cluster".to_owned(),
            name: self.name.clone(),
            name_en: self.name_en.clone(),
        };
        let cluster_id = operator.clusters().create_cluster(request).await.map_err(refused)?.into_inner().id;
        for member in &self.members {
            let request = InviteToClusterRequest {
                request_id: format!("sandbox-cluster-{member}"),
                cluster_id: cluster_id.clone(),
                firm_id: firm(credentials, member)?,
            };
            operator.clusters().invite_to_cluster(request).await.map_err(refused)?;
            let request = JoinClusterRequest {
                request_id: "sandbox-cluster".to_owned(),
                cluster_id: cluster_id.clone(),
            };
            let own = as_firm(connection, credentials, member)?;
            own.clusters().join_cluster(request).await.map_err(refused)?;
        }
        Ok(cluster_id)
    }
}

/// Hours in a group's unit.
fn kept(hours: &str, unit: &str) -> anyhow::Result<Decimal> {
    let factor = if unit == "SEC" { 3_600 } else { 1 };
    Ok(Decimal::from_str(hours)? * Decimal::from(factor))
}

impl Offered {
    fn request(&self, groups: &Groups, cluster: &str, monday: Date) -> anyhow::Result<PublishOfferRequest> {
        let (group_id, unit) = groups.get(&self.group).with_context(|| format!("no group {}", self.group))?;
        let bucket = |(week, hours): (&String, &String)| {
            anyhow::Ok(NewBucket {
                monday: Some(day(monday + Duration::weeks(week.parse()?))),
                quantity: Some(decimal(kept(hours, unit)?)),
                ..NewBucket::default()
            })
        };
        let number = |text: &Option<String>| {
            text.as_deref().map(Decimal::from_str).transpose().map(|number| number.map(decimal))
        };
        let visibility = if self.to.is_empty() { OfferVisibility::Cluster } else { OfferVisibility::Named };
        Ok(PublishOfferRequest {
            request_id: format!("sandbox-offer-{}", self.id),
            group_id: group_id.clone(),
            content: Some(OfferContent {
                process: self.process.clone(),
                machine: self.machine.clone(),
                materials: self.materials.clone(),
                limits: Some(OfferLimits {
                    weight_kg: number(&self.weight_kg)?,
                    tonnage_t: number(&self.tonnage)?,
                    ..OfferLimits::default()
                }),
                region: self.region.clone(),
                price_hint: number(&self.price)?,
                currency: if self.price.is_some() { "CNY".to_owned() } else { String::new() },
                note: self.note.clone(),
                ..OfferContent::default()
            }),
            visibility: visibility.into(),
            firm_ids: Vec::new(),
            cluster_id: if self.to.is_empty() { cluster.to_owned() } else { String::new() },
            hold_seconds: HOLD_SECONDS,
            buckets: self.weeks.iter().map(bucket).collect::<anyhow::Result<_>>()?,
            despite_forecast: false,
        })
    }
}

impl Reserved {
    async fn hold(
        &self,
        connection: &Connection,
        credentials: &Credentials,
        offer: &Offer,
        monday: Date,
    ) -> anyhow::Result<()> {
        let own = as_firm(connection, credentials, &self.holder)?;
        let week = Some(day(monday + Duration::weeks(self.week)));
        let bucket = offer.buckets.iter().find(|bucket| bucket.monday == week).context("not offered")?;
        let quantity = Some(decimal(kept(&self.hours, &offer.unit_code)?));
        let request = HoldCapacityRequest {
            request_id: format!("sandbox-hold-{}", self.id),
            offer_id: offer.id.clone(),
            parts: vec![HeldPart { bucket_id: bucket.id.clone(), quantity }],
            hold_seconds: 0,
        };
        let held = own.reservations().hold_capacity(request).await.map_err(refused)?.into_inner();
        let request = ConfirmReservationRequest {
            request_id: format!("sandbox-confirm-{}", self.id),
            reservation_id: held.id,
        };
        own.reservations().confirm_reservation(request).await.map_err(refused)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn the_neighbour_offers_hours_and_the_red_week_has_them() {
        let booking = load().unwrap();
        let groups: Groups = [
            ("S3-G1".to_owned(), ("g3".to_owned(), "HUR".to_owned())),
            ("S1-G1".to_owned(), ("g1".to_owned(), "SEC".to_owned())),
            ("S1-G3".to_owned(), ("g".to_owned(), "SEC".to_owned())),
        ]
        .into();
        let requests: Vec<PublishOfferRequest> = booking
            .offers
            .iter()
            .chain(&booking.refused)
            .map(|offered| offered.request(&groups, "c", date!(2026 - 11 - 23)).unwrap())
            .collect();
        let quantity =
            |request: usize, bucket: usize| requests[request].buckets[bucket].quantity.clone().unwrap().value;
        assert_eq!(
            (quantity(0, 1), quantity(1, 0), quantity(3, 0)),
            ("40".into(), "432000".into(), "900000".into())
        );
        assert_eq!(requests[0].buckets[1].monday, Some(day(date!(2026 - 12 - 28))));
        assert_eq!((requests[0].cluster_id.as_str(), requests[2].cluster_id.as_str()), ("c", ""));
        assert!(booking.reservations.iter().any(|one| one.holder == "S1" && one.week == 5));
    }
}
