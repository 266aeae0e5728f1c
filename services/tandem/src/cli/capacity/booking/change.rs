//! `tandem capacity offers change`: what is not named stays as it is.

use clap::Args;
use proto::capacity::{Bucket, ChangeOfferRequest, GetOfferRequest, NewBucket, Offer, OfferContent};
use rust_decimal::Decimal;

use super::{buckets, whom};
use crate::cli::{
    Session,
    capacity::{
        figure::{Share, Slot, Week},
        new_id,
    },
    failure::Failure,
};

#[derive(Debug, Args)]
pub struct ChangeArgs {
    /// The offer's id
    #[arg(value_name = "OFFER-ID")]
    pub offer: String,
    /// A week and how much of it from now on, such as 2026-12-28=40h; 0 offers no more of it; may be repeated
    #[arg(long, value_name = "MONDAY=QUANTITY")]
    pub week: Vec<Week>,
    /// Some hours of a day, such as 2026-12-01T09:00-12:00=3h; may be repeated
    #[arg(long, value_name = "DAYTFROM-UNTIL=QUANTITY")]
    pub slot: Vec<Slot>,
    /// Who may see and hold it: partners, all, cluster:ID, or firm:ID, which may be repeated
    #[arg(long, value_name = "WHOM")]
    pub to: Vec<Share>,
    /// What is done there, such as 注塑
    #[arg(long, value_name = "PROCESS")]
    pub process: Option<String>,
    /// Machine or line
    #[arg(long)]
    pub machine: Option<String>,
    /// What it takes, instead of what it took; may be repeated
    #[arg(long, value_name = "MATERIAL")]
    pub material: Vec<String>,
    /// For one unit of the group, for information
    #[arg(long, value_name = "AMOUNT", requires = "currency")]
    pub price: Option<String>,
    /// Such as CNY
    #[arg(long, value_name = "CODE", requires = "price")]
    pub currency: Option<String>,
    /// How long a hold of it may last
    #[arg(long, value_name = "SECONDS")]
    pub hold_seconds: Option<i32>,
    /// What else has to be known
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Offer hours too that a forecast needs and no accepted order has
    #[arg(long)]
    pub despite_forecast: bool,
    /// The version that is changed [default: the present one]
    #[arg(long, value_name = "VERSION")]
    pub version: Option<i64>,
    /// Changing under a request id again changes nothing [default: a new one]
    #[arg(long, value_name = "ID")]
    pub request_id: Option<String>,
}

/// Changes the offer; as it stands then.
pub(super) async fn run(args: &ChangeArgs, session: &Session) -> Result<Offer, Failure> {
    let mut client = session.connection.offers();
    let request = GetOfferRequest { offer_id: args.offer.clone() };
    let present = client.get_offer(request).await.map_err(|status| session.refused(&status))?.into_inner();
    let request = args.request(present)?;
    Ok(client.change_offer(request).await.map_err(|status| session.refused(&status))?.into_inner())
}

impl ChangeArgs {
    fn request(&self, present: Offer) -> Result<ChangeOfferRequest, Failure> {
        let named = buckets(&self.week, &self.slot, &present.unit_code)?;
        let (visibility, cluster_id, firm_ids) = match self.to.is_empty() {
            true => (present.visibility(), present.cluster_id, present.firm_ids),
            false => whom(&self.to)?,
        };
        let was = present.content.unwrap_or_default();
        let either = |new: &Option<String>, was: String| new.clone().unwrap_or(was);
        Ok(ChangeOfferRequest {
            request_id: self.request_id.clone().unwrap_or_else(new_id),
            offer_id: present.id,
            version: self.version.unwrap_or(present.version),
            content: Some(OfferContent {
                process: either(&self.process, was.process),
                machine: either(&self.machine, was.machine),
                materials: if self.material.is_empty() { was.materials } else { self.material.clone() },
                price_hint: self.price.clone().map(|value| proto::Decimal { value }).or(was.price_hint),
                currency: either(&self.currency, was.currency),
                note: either(&self.note, was.note),
                ..was
            }),
            visibility: visibility.into(),
            firm_ids,
            cluster_id,
            hold_seconds: self.hold_seconds.unwrap_or(present.hold_seconds),
            despite_forecast: self.despite_forecast,
            buckets: changed(present.buckets, named),
        })
    }
}

/// What stands, but for what is named; nothing of what is named with 0, or has nothing already.
fn changed(standing: Vec<Bucket>, named: Vec<NewBucket>) -> Vec<NewBucket> {
    let is = |a: &NewBucket, b: &NewBucket| {
        (a.monday, &a.starts_at, &a.ends_at) == (b.monday, &b.starts_at, &b.ends_at)
    };
    let standing = standing.into_iter().map(|bucket| NewBucket {
        monday: bucket.monday,
        starts_at: bucket.starts_at,
        ends_at: bucket.ends_at,
        quantity: bucket.total,
    });
    let kept = standing.filter(|one| !named.iter().any(|new| is(one, new))).collect::<Vec<_>>();
    let nothing = |bucket: &NewBucket| {
        let quantity = bucket.quantity.as_ref().and_then(|one| one.value.parse::<Decimal>().ok());
        quantity.is_some_and(|quantity| quantity.is_zero())
    };
    kept.into_iter().chain(named).filter(|bucket| !nothing(bucket)).collect()
}
