//! Capacity that is offered and reserved: `tandem capacity offers|hold|confirm|borrow|release|reservations|prefill`.

mod change;
mod reservation;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use proto::capacity::{
    BorrowCapacityRequest, Bucket, ConfirmReservationRequest, GetCapacityGroupRequest, GetOfferRequest,
    HeldPart, HoldCapacityRequest, ListOffersRequest, ListReservationsRequest, NewBucket, Offer,
    OfferContent, OfferVisibility, PrefillOrderRequest, PublishOfferRequest, ReleaseReservationRequest,
    Reservation, WithdrawOfferRequest,
};

use super::{
    figure::{self, Share, Slot, Week, kept},
    new_id, stated,
};
use crate::cli::{
    Session,
    failure::{Exit, Failure},
    json::{date_text, time_text},
    output::{table, table_text},
    pages,
};

pub const OFFERS_EXAMPLES: &str = "\
Examples:
  tandem capacity offers                             what can be held now
  tandem capacity offers --own                       the own offers, with what of them is reserved
  tandem capacity offers --text '注塑 650'           with these words, or parts of them
  tandem capacity offers publish --group 0193… --process 注塑 --week 2026-12-28=40h --to partners
  tandem capacity offers withdraw 0193…";
pub const PUBLISH_EXAMPLES: &str = "\
Examples:
  tandem capacity offers publish --group 0193… --process 注塑 --machine '650 t' --week 2026-12-28=40h \\
      --week 2027-01-04=40h --price 165 --currency CNY --to cluster:0193…
  tandem capacity offers publish --group 0193… --process 三坐标 --slot 2026-12-01T09:00-12:00=3h \\
      --slot 2026-12-03T09:00-12:00=3h --to firm:0193… --to firm:0194…
  tandem capacity offers publish --file offer.json

A quantity is in the group's unit; 40h means hours where that is a unit of time. The file is a PublishOfferRequest as
JSON. What is offered counts as load of the group, and never passes its maximum less what accepted orders have; nor what
forecasts need, unless --despite-forecast says so.";
pub const CHANGE_EXAMPLES: &str = "\
Examples:
  tandem capacity offers change 0193… --week 2027-01-04=60h          as much of it as before was 40h
  tandem capacity offers change 0193… --week 2026-12-28=0 --price 150 --currency CNY
  tandem capacity offers change 0193… --to partners --version 3      refused where it is another by now

What is not named stays as it is. No week has less than is reserved of it.";
pub const WITHDRAW_EXAMPLES: &str = "\
Example:
  tandem capacity offers withdraw 0193…              what is reserved stays reserved";
pub const HOLD_EXAMPLES: &str = "\
Examples:
  tandem capacity hold 0193… 2026-12-28=40h
  tandem capacity hold 0193… 2026-12-28=40h 2027-01-04=20h --seconds 3600
  tandem capacity hold 0193… 0194…=2                 a bucket by its id, such as a slot

All of it is held, or nothing. Confirm it before its time is over.";
pub const CONFIRM_EXAMPLES: &str = "\
Example:
  tandem capacity confirm 0193…";
pub const BORROW_EXAMPLES: &str = "\
Examples:
  tandem capacity borrow 0193… --group 0194…         they add to the group's capacity; a hold is confirmed with it
  tandem capacity borrow 0193…                       they add to none any more

What is given back leaves the group by itself.";
pub const RELEASE_EXAMPLES: &str = "\
Example:
  tandem capacity release 0193…                      gives back what is held or confirmed";
pub const RESERVATIONS_EXAMPLES: &str = "\
Example:
  tandem capacity reservations                       own ones, and those of own offers";
pub const PREFILL_EXAMPLES: &str = "\
Example:
  tandem capacity prefill 0193… > order.json         add number and priceIncludesTax, then
  tandem orders publish order.json --format json --supplier 0194…";

#[derive(Debug, Args)]
pub struct OffersArgs {
    #[command(subcommand)]
    pub command: Option<OffersCommand>,
    /// The own ones instead of those that can be held
    #[arg(long)]
    pub own: bool,
    /// Only those of this firm
    #[arg(long, value_name = "FIRM-ID", default_value = "", hide_default_value = true)]
    pub supplier: String,
    /// Only those with these words in what they say or in the supplier's name; parts of words count
    #[arg(long, default_value = "", hide_default_value = true)]
    pub text: String,
}

#[derive(Debug, Subcommand)]
pub enum OffersCommand {
    /// Offer weeks of an own group
    #[command(after_help = PUBLISH_EXAMPLES)]
    Publish(Box<PublishArgs>),
    /// Offer more or less of it, or to others
    #[command(after_help = CHANGE_EXAMPLES)]
    Change(Box<change::ChangeArgs>),
    /// Offer no more of it
    #[command(after_help = WITHDRAW_EXAMPLES)]
    Withdraw(OfferArgs),
}

#[derive(Debug, Args)]
pub struct OfferArgs {
    /// The offer's id
    #[arg(value_name = "OFFER-ID")]
    pub offer: String,
}

#[derive(Debug, Args)]
pub struct PublishArgs {
    /// A PublishOfferRequest as JSON instead of everything below
    #[arg(long, value_name = "FILE", conflicts_with_all = ["group", "process", "week", "slot", "to", "machine", "material", "price", "currency", "hold_seconds", "note", "despite_forecast"])]
    pub file: Option<PathBuf>,
    /// The own group whose hours are offered
    #[arg(long, value_name = "GROUP-ID", required_unless_present = "file")]
    pub group: Option<String>,
    /// What is done there, such as 注塑
    #[arg(long, value_name = "PROCESS", required_unless_present = "file")]
    pub process: Option<String>,
    /// A week and how much of it, such as 2026-12-28=40h; may be repeated
    #[arg(long, value_name = "MONDAY=QUANTITY", required_unless_present_any = ["file", "slot"])]
    pub week: Vec<Week>,
    /// Some hours of a day, such as 2026-12-01T09:00-12:00=3h; may be repeated
    #[arg(long, value_name = "DAYTFROM-UNTIL=QUANTITY")]
    pub slot: Vec<Slot>,
    /// Who may see and hold it: partners, all, cluster:ID, or firm:ID, which may be repeated
    #[arg(long, value_name = "WHOM", required_unless_present = "file")]
    pub to: Vec<Share>,
    /// Machine or line
    #[arg(long, default_value = "", hide_default_value = true)]
    pub machine: String,
    /// What it takes; may be repeated
    #[arg(long, value_name = "MATERIAL")]
    pub material: Vec<String>,
    /// For one unit of the group, for information
    #[arg(long, value_name = "AMOUNT", requires = "currency")]
    pub price: Option<String>,
    /// Such as CNY
    #[arg(long, default_value = "", hide_default_value = true)]
    pub currency: String,
    /// How long a hold of it may last
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    pub hold_seconds: i32,
    /// What else has to be known
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub note: String,
    /// Offer hours too that a forecast needs and no accepted order has
    #[arg(long)]
    pub despite_forecast: bool,
    /// Publishing under a request id again changes nothing [default: the file's, else a new one]
    #[arg(long, value_name = "ID")]
    pub request_id: Option<String>,
}

#[derive(Debug, Args)]
pub struct HoldArgs {
    /// The offer's id
    #[arg(value_name = "OFFER-ID")]
    pub offer: String,
    /// Mondays or ids of buckets, each with a quantity
    #[arg(value_name = "BUCKET=QUANTITY", required = true)]
    pub parts: Vec<String>,
    /// How long it is held [default: as long as the offer allows]
    #[arg(long, value_name = "SECONDS", default_value_t = 0, hide_default_value = true)]
    pub seconds: i32,
    /// Holding under a request id again holds nothing more [default: a new one]
    #[arg(long, value_name = "ID")]
    pub request_id: Option<String>,
}

#[derive(Debug, Args)]
pub struct ReservationArgs {
    /// The reservation's id
    #[arg(value_name = "RESERVATION-ID")]
    pub reservation: String,
}

/// Hours to borrow, and for which group.
#[derive(Debug, Args)]
pub struct BorrowArgs {
    /// The reservation's id
    #[arg(value_name = "RESERVATION-ID")]
    pub reservation: String,
    /// The own group that they add to; without it, they add to none any more
    #[arg(long, value_name = "GROUP-ID", default_value = "", hide_default_value = true)]
    pub group: String,
}

pub(super) async fn offers(args: &OffersArgs, session: &Session) -> Result<Exit, Failure> {
    match &args.command {
        None => list(args, session).await,
        Some(OffersCommand::Publish(publish)) => {
            let request = new_offer(publish, session).await?;
            let answer = session.connection.offers().publish_offer(request).await;
            let offer = answer.map_err(|status| session.refused(&status))?.into_inner();
            shown(&[offer], session)?;
            Ok(Exit::Ok)
        }
        Some(OffersCommand::Change(args)) => {
            shown(&[change::run(args, session).await?], session)?;
            Ok(Exit::Ok)
        }
        Some(OffersCommand::Withdraw(OfferArgs { offer })) => {
            let request = WithdrawOfferRequest { request_id: new_id(), offer_id: offer.clone() };
            let answer = session.connection.offers().withdraw_offer(request).await;
            let offer = answer.map_err(|status| session.refused(&status))?.into_inner();
            shown(&[offer], session)?;
            Ok(Exit::Ok)
        }
    }
}

async fn list(args: &OffersArgs, session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.offers();
    let page = async |page_token| {
        let (own, supplier_id, text) = (args.own, args.supplier.clone(), args.text.clone());
        let request = ListOffersRequest { own, supplier_id, page_size: 200, page_token, text };
        let page = client.list_offers(request).await?.into_inner();
        Ok((page.offers, page.next_page_token))
    };
    shown(&pages::all(session, page).await?, session)?;
    Ok(Exit::Ok)
}

/// One line a bucket, since that is what is held.
fn shown(offers: &[Offer], session: &Session) -> Result<(), Failure> {
    if session.out.json() {
        for offer in offers {
            session.out.value(&session.contract.to_json("tandem.capacity.v1.Offer", offer)?)?;
        }
        return Ok(());
    }
    let mut table = table(&["WEEK", "FREE", "OF", "UNIT", "PROCESS", "MACHINE", "PRICE", "OFFER", "BUCKET"]);
    for offer in offers {
        let content = offer.content.clone().unwrap_or_default();
        let price = figure::price(content.price_hint.as_ref(), &offer.unit_code);
        let price = format!("{price} {}", content.currency);
        for bucket in &offer.buckets {
            table.add_row([
                when(bucket),
                figure::figure(bucket.free.as_ref(), &offer.unit_code),
                figure::figure(bucket.total.as_ref(), &offer.unit_code),
                figure::unit(&offer.unit_code).to_owned(),
                if offer.withdrawn {
                    format!("{} (withdrawn)", content.process)
                } else {
                    content.process.clone()
                },
                content.machine.clone(),
                price.trim().to_owned(),
                offer.id.clone(),
                bucket.id.clone(),
            ]);
        }
    }
    session.out.line(&table_text(&table))
}

/// The week, or the slot in it.
fn when(bucket: &Bucket) -> String {
    match &bucket.starts_at {
        None => format!("{} {}", bucket.iso_week, date_text(bucket.monday.as_ref())),
        Some(_) => {
            format!("{} – {}", time_text(bucket.starts_at.as_ref()), time_text(bucket.ends_at.as_ref()))
        }
    }
}

async fn new_offer(args: &PublishArgs, session: &Session) -> Result<PublishOfferRequest, Failure> {
    if let Some(file) = &args.file {
        let name = "tandem.capacity.v1.PublishOfferRequest";
        let request: PublishOfferRequest = stated::request(file, name, session)?;
        let request_id = stated::request_id(args.request_id.as_deref(), request.request_id);
        return Ok(PublishOfferRequest { request_id, ..request });
    }
    let group_id = args.group.clone().unwrap_or_default();
    let request = GetCapacityGroupRequest { group_id: group_id.clone(), version: 0 };
    let group = session.connection.capacity_groups().get_capacity_group(request).await;
    let group = group.map_err(|status| session.refused(&status))?.into_inner();
    let unit = group.content.unwrap_or_default().unit_code;
    let (visibility, cluster_id, firm_ids) = whom(&args.to)?;
    Ok(PublishOfferRequest {
        request_id: args.request_id.clone().unwrap_or_else(new_id),
        group_id,
        content: Some(OfferContent {
            process: args.process.clone().unwrap_or_default(),
            machine: args.machine.clone(),
            materials: args.material.clone(),
            price_hint: args.price.clone().map(|value| proto::Decimal { value }),
            currency: args.currency.clone(),
            note: args.note.clone(),
            ..OfferContent::default()
        }),
        visibility: visibility.into(),
        firm_ids,
        cluster_id,
        hold_seconds: args.hold_seconds,
        despite_forecast: args.despite_forecast,
        buckets: buckets(&args.week, &args.slot, &unit)?,
    })
}

/// Weeks and slots as they were typed.
fn buckets(weeks: &[Week], slots: &[Slot], unit: &str) -> Result<Vec<NewBucket>, Failure> {
    let week = |week: &Week| {
        Ok(NewBucket {
            monday: Some(week.monday),
            quantity: Some(kept(&week.quantity, unit)?),
            ..NewBucket::default()
        })
    };
    let slot = |slot: &Slot| {
        Ok(NewBucket {
            monday: Some(slot.monday),
            starts_at: Some(slot.starts_at),
            ends_at: Some(slot.ends_at),
            quantity: Some(kept(&slot.quantity, unit)?),
        })
    };
    weeks.iter().map(week).chain(slots.iter().map(slot)).collect()
}

fn whom(shares: &[Share]) -> Result<(OfferVisibility, String, Vec<String>), Failure> {
    match shares {
        [Share::Partners] => Ok((OfferVisibility::Partners, String::new(), Vec::new())),
        [Share::All] => Ok((OfferVisibility::All, String::new(), Vec::new())),
        [Share::Cluster(id)] => Ok((OfferVisibility::Cluster, id.clone(), Vec::new())),
        shares => {
            let firm = |share: &Share| match share {
                Share::Firm(id) => Some(id.clone()),
                _ => None,
            };
            let firms = shares.iter().map(firm).collect::<Option<Vec<String>>>();
            let mixed =
                || Failure::local(Exit::Usage, "--to names partners, all, one cluster, or firms alone");
            Ok((OfferVisibility::Named, String::new(), firms.ok_or_else(mixed)?))
        }
    }
}

pub(super) async fn hold(args: &HoldArgs, session: &Session) -> Result<Exit, Failure> {
    let request = GetOfferRequest { offer_id: args.offer.clone() };
    let offer = session.connection.offers().get_offer(request).await;
    let offer = offer.map_err(|status| session.refused(&status))?.into_inner();
    let request = HoldCapacityRequest {
        request_id: args.request_id.clone().unwrap_or_else(new_id),
        offer_id: args.offer.clone(),
        parts: args.parts.iter().map(|text| part(text, &offer)).collect::<Result<_, _>>()?,
        hold_seconds: args.seconds,
    };
    let answer = session.connection.reservations().hold_capacity(request).await;
    reserved(answer, session).await
}

fn part(text: &str, offer: &Offer) -> Result<HeldPart, Failure> {
    let usage = |message: String| Failure::local(Exit::Usage, message);
    let (name, quantity) =
        text.split_once('=').ok_or_else(|| usage(format!("{text} must be BUCKET=QUANTITY")))?;
    let fits = |bucket: &&Bucket| bucket.id == name || date_text(bucket.monday.as_ref()) == name;
    let mut fitting = offer.buckets.iter().filter(fits);
    let bucket = match (fitting.next(), fitting.next()) {
        (Some(bucket), None) => bucket,
        (None, _) => return Err(usage(format!("the offer has no bucket {name}"))),
        (Some(_), Some(_)) => {
            return Err(usage(format!("the week of {name} has several slots; name one by its id")));
        }
    };
    Ok(HeldPart { bucket_id: bucket.id.clone(), quantity: Some(kept(quantity, &offer.unit_code)?) })
}

pub(super) async fn confirm(args: &ReservationArgs, session: &Session) -> Result<Exit, Failure> {
    let reservation_id = args.reservation.clone();
    let request = ConfirmReservationRequest { request_id: new_id(), reservation_id };
    let answer = session.connection.reservations().confirm_reservation(request).await;
    reserved(answer, session).await
}

pub(super) async fn borrow(args: &BorrowArgs, session: &Session) -> Result<Exit, Failure> {
    let request = BorrowCapacityRequest {
        request_id: new_id(),
        reservation_id: args.reservation.clone(),
        group_id: args.group.clone(),
    };
    let answer = session.connection.reservations().borrow_capacity(request).await;
    reserved(answer, session).await
}

pub(super) async fn release(args: &ReservationArgs, session: &Session) -> Result<Exit, Failure> {
    let reservation_id = args.reservation.clone();
    let request = ReleaseReservationRequest { request_id: new_id(), reservation_id };
    let answer = session.connection.reservations().release_reservation(request).await;
    reserved(answer, session).await
}

async fn reserved(
    answer: Result<tonic::Response<Reservation>, tonic::Status>,
    session: &Session,
) -> Result<Exit, Failure> {
    let reservation = answer.map_err(|status| session.refused(&status))?.into_inner();
    reservation::told(&[reservation], session).await?;
    Ok(Exit::Ok)
}

pub(super) async fn reservations(session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.reservations();
    let page = async |page_token| {
        let request = ListReservationsRequest { page_size: 200, page_token };
        let page = client.list_reservations(request).await?.into_inner();
        Ok((page.reservations, page.next_page_token))
    };
    reservation::told(&pages::all(session, page).await?, session).await?;
    Ok(Exit::Ok)
}

pub(super) async fn prefill(args: &ReservationArgs, session: &Session) -> Result<Exit, Failure> {
    let request = PrefillOrderRequest { reservation_id: args.reservation.clone() };
    let answer = session.connection.reservations().prefill_order(request).await;
    let order = answer.map_err(|status| session.refused(&status))?.into_inner();
    let content = order.content.unwrap_or_default();
    session.out.value(&session.contract.to_json("tandem.orders.v1.OrderContent", &content)?)?;
    let supplier = order.supplier.unwrap_or_default().firm_id;
    session.out.note(&format!("to be published to {supplier}"));
    Ok(Exit::Ok)
}
