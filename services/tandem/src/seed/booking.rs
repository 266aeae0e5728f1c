//! Hours that the sandbox's firms share: a cluster, what is offered in it, who reserved what, and an offer that is refused.

use std::{collections::BTreeMap, str::FromStr as _};

use anyhow::{Context as _, bail};
use chassis::value::{timestamp, wire_date as day, wire_decimal as decimal};
use proto::{
    capacity::{
        ConfirmReservationRequest, GetReservationRequest, HeldPart, HoldCapacityRequest, MatchResult,
        MatchedWeek, NewBucket, Offer, OfferContent, OfferLimits, OfferVisibility, PrefillOrderRequest,
        PublishOfferRequest, Reservation,
    },
    orders::{Price, PublishOrderRequest, RespondToOrderRequest},
    partners::{CreateClusterRequest, InviteToClusterRequest, JoinClusterRequest},
};
use rust_decimal::Decimal;
use serde::Deserialize;
use time::{Date, Duration};

use super::{Credentials, as_firm, capacity::firm, china, matched, refused};
use crate::cli::{client::Connection, failure::Failure};

/// How long holds of these offers may last: a week, in seconds.
const HOLD_SECONDS: i32 = 604_800;

/// booking.toml.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Booking {
    cluster: Cluster,
    offers: Vec<Offered>,
    reservations: Vec<Reserved>,
    /// Holds that come too late.
    short: Vec<Short>,
    /// Offers of weeks that have nothing to spare.
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
    precision_mm: Option<String>,
    #[serde(default)]
    region: String,
    /// Whom it names; nobody: it is for partners, or else for the cluster.
    #[serde(default)]
    to: Vec<String>,
    #[serde(default)]
    partners: bool,
    /// CNY for an hour.
    price: Option<String>,
    #[serde(default)]
    note: String,
    /// Hours by week.
    #[serde(default)]
    weeks: BTreeMap<String, String>,
    #[serde(default)]
    slots: Vec<Slot>,
}

/// Some hours of a day, counted from the Monday of the week.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Slot {
    week: i64,
    day: i64,
    from: i64,
    until: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reserved {
    id: String,
    holder: String,
    offer: String,
    week: i64,
    hours: String,
    /// The order that uses it.
    order: Option<Ordered>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ordered {
    number: String,
    item: String,
    /// CNY for an hour, without tax.
    price: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Short {
    id: String,
    holder: String,
    offer: String,
    week: i64,
    hours: String,
    /// The week that the refusal points to.
    elsewhere: i64,
}

fn load() -> anyhow::Result<Booking> {
    toml::from_str(include_str!("booking.toml")).context("booking.toml")
}

/// The id and the unit of each group, by its id in capacity.toml.
pub(super) type Groups = BTreeMap<String, (String, String)>;

/// What is offered, by its id in booking.toml.
pub(super) type Offers = BTreeMap<String, Offer>;

/// Makes the cluster, offers hours and books them.
pub(super) async fn tell(
    connection: &Connection,
    credentials: &Credentials,
    groups: &Groups,
    monday: Date,
) -> anyhow::Result<Offers> {
    let booking = load()?;
    let cluster = booking.cluster.join(connection, credentials).await?;
    let mut offers = Offers::new();
    for offered in &booking.offers {
        let request = offered.request(groups, &cluster, monday).with_context(|| offered.id.clone())?;
        let firm_ids = offered.to.iter().map(|one| firm(credentials, one)).collect::<anyhow::Result<_>>()?;
        let request = PublishOfferRequest { firm_ids, ..request };
        let own = as_firm(connection, credentials, &offered.supplier)?;
        let offer = own.offers().publish_offer(request).await.map_err(refused)?.into_inner();
        offers.insert(offered.id.clone(), offer);
    }
    for reserved in &booking.reservations {
        let own = as_firm(connection, credentials, &reserved.holder)?;
        let offer = offers.get(&reserved.offer).context("no such offer")?;
        let held = reserved.hold(&own, offer, monday).await.with_context(|| reserved.id.clone())?;
        if let Some(order) = &reserved.order {
            let supplier = booking.offers.iter().find(|offered| offered.id == reserved.offer);
            let supplier = as_firm(connection, credentials, &supplier.context("no such offer")?.supplier)?;
            order.place(&own, &supplier, &held).await.with_context(|| order.number.clone())?;
        }
    }
    for short in &booking.short {
        let own = as_firm(connection, credentials, &short.holder)?;
        let offer = offers.get(&short.offer).context("no such offer")?;
        short.ask(&own, offer, monday).await.with_context(|| short.id.clone())?;
    }
    for offered in &booking.refused {
        let request = offered.request(groups, &cluster, monday).with_context(|| offered.id.clone())?;
        let own = as_firm(connection, credentials, &offered.supplier)?;
        offered.refuse(&own, request, monday).await.with_context(|| offered.id.clone())?;
    }
    Ok(offers)
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
        let visibility = match (self.to.is_empty(), self.partners) {
            (false, _) => OfferVisibility::Named,
            (true, true) => OfferVisibility::Partners,
            (true, false) => OfferVisibility::Cluster,
        };
        let weeks = self.weeks.iter().map(bucket);
        let slots = self.slots.iter().map(|slot| slot.bucket(monday, unit));
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
                    precision_mm: number(&self.precision_mm)?,
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
            cluster_id: match visibility {
                OfferVisibility::Cluster => cluster.to_owned(),
                _ => String::new(),
            },
            hold_seconds: HOLD_SECONDS,
            buckets: weeks.chain(slots).collect::<anyhow::Result<_>>()?,
            despite_forecast: false,
        })
    }

    /// Is refused, once the demand that fills its weeks is found in them.
    async fn refuse(
        &self,
        own: &Connection,
        request: PublishOfferRequest,
        monday: Date,
    ) -> anyhow::Result<()> {
        let full = |week: &MatchedWeek| week.result() == MatchResult::BottleneckBeyondMaximum;
        for week in self.weeks.keys() {
            let week = monday + Duration::weeks(week.parse()?);
            matched::once(own, &request.group_id, week, full).await?;
        }
        let refusal = match own.offers().publish_offer(request).await.map_err(refused) {
            Err(refusal) if refusal.reason == "OFFER_EXCEEDS_CAPACITY" => refusal,
            Err(refusal) => return Err(refusal.into()),
            Ok(_) => bail!("it was taken, and promises an hour twice"),
        };
        match said(&refusal, "spare") {
            "0" => Ok(()),
            spare => bail!("it was refused with {spare:?} to spare"),
        }
    }
}

/// What a refusal says of something; empty where it says nothing.
fn said<'a>(refusal: &'a Failure, name: &str) -> &'a str {
    refusal.metadata.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
}

impl Slot {
    /// The whole of it, at the firm's own time of day.
    fn bucket(&self, monday: Date, unit: &str) -> anyhow::Result<NewBucket> {
        let monday = monday + Duration::weeks(self.week);
        let midnight = (monday + Duration::days(self.day)).midnight().assume_offset(china()?);
        let at = |hour: i64| Some(timestamp(midnight + Duration::hours(hour)));
        Ok(NewBucket {
            monday: Some(day(monday)),
            starts_at: at(self.from),
            ends_at: at(self.until),
            quantity: Some(decimal(kept(&(self.until - self.from).to_string(), unit)?)),
        })
    }
}

/// Asks for hours of the first bucket that the offer has in the week.
async fn hold(
    own: &Connection,
    id: &str,
    offer: &Offer,
    week: Date,
    hours: &str,
) -> anyhow::Result<Result<Reservation, Failure>> {
    let bucket = offer.buckets.iter().find(|bucket| bucket.monday == Some(day(week)));
    let quantity = Some(decimal(kept(hours, &offer.unit_code)?));
    let request = HoldCapacityRequest {
        request_id: format!("sandbox-hold-{id}"),
        offer_id: offer.id.clone(),
        parts: vec![HeldPart { bucket_id: bucket.context("not offered")?.id.clone(), quantity }],
        hold_seconds: 0,
    };
    let held = own.reservations().hold_capacity(request).await;
    Ok(held.map(tonic::Response::into_inner).map_err(refused))
}

impl Reserved {
    /// Held and confirmed.
    async fn hold(&self, own: &Connection, offer: &Offer, monday: Date) -> anyhow::Result<Reservation> {
        let week = monday + Duration::weeks(self.week);
        let held = hold(own, &self.id, offer, week, &self.hours).await??;
        let request = ConfirmReservationRequest {
            request_id: format!("sandbox-confirm-{}", self.id),
            reservation_id: held.id,
        };
        Ok(own.reservations().confirm_reservation(request).await.map_err(refused)?.into_inner())
    }
}

impl Ordered {
    /// Publishes the order that the reservation gives, and accepts it as its supplier. What an interrupted start ordered is
    /// answered as it stands.
    async fn place(&self, own: &Connection, supplier: &Connection, held: &Reservation) -> anyhow::Result<()> {
        let reservation_id = held.id.clone();
        let request = GetReservationRequest { reservation_id: reservation_id.clone() };
        let mut order_id =
            own.reservations().get_reservation(request).await.map_err(refused)?.into_inner().order_id;
        if order_id.is_empty() {
            let request = PrefillOrderRequest { reservation_id };
            let order = own.reservations().prefill_order(request).await.map_err(refused)?.into_inner();
            let mut content = order.content.context("an order is filled in")?;
            content.order_number.clone_from(&self.number);
            content.price_includes_tax = Some(false);
            content.currency = "CNY".to_owned();
            let line = content.lines.first_mut().context("it has a line")?;
            line.item.get_or_insert_default().name.clone_from(&self.item);
            line.price =
                Some(Price { amount: Some(decimal(Decimal::from_str(&self.price)?)), ..Price::default() });
            let request = PublishOrderRequest {
                request_id: format!("sandbox-publish-{}", self.number),
                content: Some(content),
                supplier: order.supplier,
                ..PublishOrderRequest::default()
            };
            order_id = own.orders().publish_order(request).await.map_err(refused)?.into_inner().order_id;
        }
        let answer = RespondToOrderRequest {
            request_id: format!("sandbox-respond-{}", self.number),
            order_id,
            revision: 1,
            accept_all: true,
            ..RespondToOrderRequest::default()
        };
        supplier.orders().respond_to_order(answer).await.map_err(refused)?;
        Ok(())
    }
}

impl Short {
    /// Is refused, and told where there is room.
    async fn ask(&self, own: &Connection, offer: &Offer, monday: Date) -> anyhow::Result<()> {
        let week = |week| monday + Duration::weeks(week);
        let refusal = match hold(own, &self.id, offer, week(self.week), &self.hours).await? {
            Err(refusal) if refusal.reason == "CAPACITY_SHORT" => refusal,
            Err(refusal) => return Err(refusal.into()),
            Ok(_) => bail!("{} was held, and an hour is sold twice", self.id),
        };
        let named = said(&refusal, "free_elsewhere");
        if !named.contains(&format!("{}=", week(self.elsewhere))) {
            bail!("{} was refused without the week that has room: {named}", self.id);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn the_neighbour_offers_hours_and_the_red_week_has_them() {
        let booking = load().unwrap();
        let groups: Groups = [
            ("S3-G1".to_owned(), ("g3".to_owned(), "HUR".to_owned())),
            ("S1-G1".to_owned(), ("g1".to_owned(), "SEC".to_owned())),
            ("S1-G3".to_owned(), ("g".to_owned(), "SEC".to_owned())),
            ("A3-G1".to_owned(), ("m".to_owned(), "HUR".to_owned())),
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
            (quantity(0, 1), quantity(1, 0), quantity(3, 0), quantity(4, 0)),
            ("40".into(), "432000".into(), "3".into(), "828000".into())
        );
        let slot = &requests[3].buckets[1];
        assert_eq!(slot.starts_at, Some(timestamp(datetime!(2026-12-03 09:00 +8))), "a Thursday");
        assert_eq!((requests[3].visibility(), requests[3].buckets.len()), (OfferVisibility::Partners, 4));
        assert_eq!(requests[0].buckets[1].monday, Some(day(date!(2026 - 12 - 28))));
        assert_eq!((requests[0].cluster_id.as_str(), requests[2].cluster_id.as_str()), ("c", ""));
        assert!(booking.reservations.iter().any(|one| one.holder == "S1" && one.week == 5));
    }
}
