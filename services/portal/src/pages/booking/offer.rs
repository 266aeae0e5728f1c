//! One offer: its weeks, holding of them, and offering no more.

use axum::{extract::Path, response::Response};
use proto::{
    access::Permission,
    capacity::{Bucket, HeldPart, HoldCapacityRequest, Offer, WithdrawOfferRequest},
};
use rust_decimal::Decimal;

use super::{
    RESERVATIONS, asking, name, offers,
    read::{self, Known},
    to_offers, when,
};
use crate::{
    ask::{Ask, Choice, Figure, Figures, Kind, Posted, Question, Way},
    failure::Failure,
    form::Fields,
    format,
    i18n::{Text, key},
    measure::Measure,
    page::{self, Tab},
    session::Member,
    table::{Cell, Listing, Part},
    week::monday_of,
};

/// Buckets that a form shows, the earliest.
const ROWS: usize = 60;
/// The field of slots, which are held as a whole.
const SLOT: &str = "slot";
/// Buckets that are named where another has too little, the earliest.
const ELSEWHERE: usize = 8;

/// Whether the member's firm offers it.
pub fn own(member: &Member, offer: &Offer) -> bool {
    offer.supplier_id == member.who.firm_id
}

/// The offer with its weeks.
pub async fn show(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    let t = member.text();
    let offer = read::offer(&member, &id).await?;
    let known = Known::read(&member).await?.meet(&member, std::iter::once(&offer.supplier_id)).await?;
    let measure = Measure::of(&offer.unit_code);
    let mine = own(&member, &offer);
    let figure = |decimal: Option<&proto::Decimal>| {
        format::decimal(decimal).map(|kept| measure.said(t, kept)).unwrap_or_default()
    };
    let rows = offer.buckets.iter().map(|bucket| {
        let mut row = vec![Cell::name(when(t, bucket)), Cell::Text(figure(bucket.free.as_ref()))];
        if mine {
            row.push(Cell::Text(figure(bucket.reserved.as_ref())));
            row.push(Cell::Text(figure(bucket.total.as_ref())));
        }
        row
    });
    let mut columns = vec![t.say(key::OFFER_WEEK), t.say(key::OFFER_FREE)];
    if mine {
        columns.extend([t.say(key::OFFER_RESERVED), t.say(key::OFFER_TOTAL)]);
    }
    let content = offer.content.clone().unwrap_or_default();
    let listing = Listing::new(&member, Tab::Capacity, name(offer.content.as_ref()), Some(to_offers(t)))
        .live(format!("{id} reservation"))
        .tag(offers::state(t, &offer))
        .fact(t.say(key::SUPPLIER), if mine { String::new() } else { known.name(t, &offer.supplier_id) })
        .fact(t.say(key::OFFER_MATERIALS), content.materials.join(&t.say(key::LIST_JOIN)))
        .fact(t.say(key::OFFER_PRICE), offers::price(t, &offer))
        .fact(t.say(key::OFFER_NOTE), content.note.clone())
        .fact(t.say(key::OFFER_SEEN_BY), if mine { offers::seen_by(t, &offer) } else { String::new() })
        .lead(t.say(if mine { key::OFFER_OWN_BODY } else { key::OFFER_BODY }))
        .part(Part::new(columns, rows.collect(), String::new()));
    let path = format!("/capacity/offers/{id}");
    let listing = match mine {
        true if !offer.withdrawn && member.may(Permission::CapacityWrite) => {
            let listing = listing.button(format!("{path}/change"), t.say(key::OFFER_CHANGE));
            listing.button(format!("{path}/withdraw"), t.say(key::OFFER_WITHDRAW))
        }
        false if !offer.withdrawn && member.may(Permission::CapacityReserve) => {
            listing.button(format!("{path}/hold"), t.say(key::HOLD_DO))
        }
        _ => listing,
    };
    Ok(listing.show())
}

/// Back to the offer.
pub fn back(offer: &Offer) -> Way {
    Way { href: format!("/capacity/offers/{}", offer.id), label: name(offer.content.as_ref()) }
}

/// What of a bucket can be held.
fn free(bucket: &Bucket) -> Decimal {
    format::decimal_or_zero(bucket.free.as_ref())
}

/// How long a hold lasts, in words.
pub fn lasting(t: &Text, seconds: i32) -> String {
    match seconds {
        86_400.. => t.one(key::LASTS_DAYS, seconds / 86_400),
        3_600.. => t.one(key::LASTS_HOURS, seconds / 3_600),
        _ => t.one(key::LASTS_MINUTES, (seconds / 60).max(1)),
    }
}

async fn holding(member: &Member, id: &str) -> Result<(Ask, Offer), Failure> {
    let t = member.text();
    let offer = read::offer(member, id).await?;
    if own(member, &offer) || !member.may(Permission::CapacityReserve) {
        return Err(Failure::denied());
    }
    let known = Known::read(member).await?.meet(member, std::iter::once(&offer.supplier_id)).await?;
    let measure = Measure::of(&offer.unit_code);
    let rows = offer.buckets.iter().filter(|bucket| free(bucket) > Decimal::ZERO).take(ROWS);
    let (slots, weeks): (Vec<&Bucket>, Vec<&Bucket>) = rows.partition(|bucket| bucket.starts_at.is_some());
    let left = |bucket: &Bucket| t.one(key::HOLD_FREE, measure.said(t, free(bucket)));
    let rows = weeks.iter().map(|bucket| Figure {
        name: format!("b-{}", bucket.id),
        label: when(t, bucket),
        known: left(bucket),
        value: String::new(),
        fault: String::new(),
    });
    let figures = Figures {
        legend: t.one(key::HOLD_HOW_MUCH, measure.unit(t)),
        hint: t.say(key::HOLD_ALL_OR_NOTHING),
        rows: rows.collect(),
    };
    let choice = |bucket: &&Bucket| Choice { hint: left(bucket), ..Choice::new(&bucket.id, when(t, bucket)) };
    let mut ask = asking(member, format!("/capacity/offers/{id}/hold"), key::RESERVE_TITLE, back(&offer))
        .lead(t.one(key::RESERVE_BODY, lasting(t, offer.hold_seconds)))
        .fact(t.say(key::OFFER), name(offer.content.as_ref()))
        .fact(t.say(key::SUPPLIER), known.name(t, &offer.supplier_id))
        .fact(t.say(key::OFFER_PRICE), offers::price(t, &offer))
        .submit(t.say(key::HOLD_DO));
    if !slots.is_empty() {
        let slots = slots.iter().map(choice).collect();
        let which = Question::of(SLOT, Kind::Boxes, t.say(key::HOLD_WHICH), slots);
        let which = which.hint(t.say(key::HOLD_ALL_OR_NOTHING));
        ask = ask.ask(if weeks.is_empty() { which } else { which.optional() });
    }
    if !weeks.is_empty() {
        ask = ask.figures(figures);
    }
    Ok((ask, offer))
}

/// The form.
pub async fn hold_form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    Ok(holding(&member, &id).await?.0.show())
}

/// Holds all that was typed, or nothing.
pub async fn hold(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("/capacity/offers/{id}/hold"), &fields).await?;
    let member = &posted.member;
    let (ask, offer) = holding(member, &id).await?;
    let mut ask = ask.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let t = member.text();
    let measure = Measure::of(&offer.unit_code);
    // Of all buckets and not of those that are shown: one that ran empty meanwhile was typed all the same.
    let typed = offer.buckets.iter().map(|bucket| (bucket, format!("b-{}", bucket.id)));
    let typed: Vec<_> = typed.filter(|(_, name)| !fields.get(name).is_empty()).collect();
    let Some(figures) = ask.typed_figures() else { return Ok(ask.wrong()) };
    let mut parts = Vec::new();
    for bucket in offer.buckets.iter().filter(|bucket| fields.all(SLOT).any(|id| id == bucket.id)) {
        // Somebody else took it meanwhile.
        if free(bucket) <= Decimal::ZERO {
            return short(member, &offer.id, &fields).await;
        }
        parts.push(HeldPart { bucket_id: bucket.id.clone(), quantity: bucket.free.clone() });
    }
    for (bucket, name) in typed {
        let number = figures.iter().find(|(one, _)| *one == name).map(|(_, number)| *number);
        let number = number.or_else(|| crate::typed::quantity(fields.get(&name)));
        let Some(number) = number.filter(|number| !number.is_zero()) else { continue };
        match measure.keep(number) {
            Some(kept) => parts.push(HeldPart {
                bucket_id: bucket.id.clone(),
                quantity: Some(chassis::value::wire_decimal(kept)),
            }),
            None => ask.blame(&name, t.one(key::ASK_WRONG, when(t, bucket))),
        }
    }
    if parts.is_empty() {
        ask.complain(t.say(key::HOLD_NOTHING));
        return Ok(ask.wrong());
    }
    let request =
        HoldCapacityRequest { request_id: posted.request_id.clone(), offer_id: id, parts, hold_seconds: 0 };
    match member.app().api.reservations().hold_capacity(member.call(request)).await {
        Ok(_) => Ok(page::go(&format!("{RESERVATIONS}?done=held"))),
        Err(status) => match Failure::from(status) {
            failure if failure.is("CAPACITY_SHORT") => short(member, &offer.id, &fields).await,
            failure => ask.refused(failure),
        },
    }
}

/// The form anew, with what is left now of what was asked for, and where else the offer has room.
async fn short(member: &Member, id: &str, fields: &Fields) -> Result<Response, Failure> {
    let t = member.text();
    let (ask, offer) = holding(member, id).await?;
    let mut ask = ask.fill(fields);
    let measure = Measure::of(&offer.unit_code);
    let this_week = monday_of(format::today(member.app().clock.now()));
    let asked = |bucket: &&Bucket| {
        !fields.get(&format!("b-{}", bucket.id)).is_empty() || fields.all(SLOT).any(|id| id == bucket.id)
    };
    let ahead = |bucket: &&Bucket| format::day(bucket.monday.as_ref()).is_some_and(|day| day >= this_week);
    let said = |bucket: &Bucket| t.two(key::HOLD_LEFT, measure.said(t, free(bucket)), when(t, bucket));
    let join = |all: Vec<String>| all.join(&t.say(key::HOLD_JOIN));
    ask.complain(t.one(key::HOLD_SHORT, join(offer.buckets.iter().filter(asked).map(said).collect())));
    let others = offer.buckets.iter().filter(|one| !asked(one) && free(one) > Decimal::ZERO).filter(ahead);
    let others: Vec<String> = others.take(ELSEWHERE).map(said).collect();
    if !others.is_empty() {
        ask.complain(t.one(key::HOLD_ELSEWHERE, join(others)));
    }
    Ok(ask.wrong())
}

async fn withdrawing(member: &Member, id: &str) -> Result<Ask, Failure> {
    let t = member.text();
    let offer = read::offer(member, id).await?;
    if !own(member, &offer) || !member.may(Permission::CapacityWrite) {
        return Err(Failure::denied());
    }
    Ok(asking(member, format!("/capacity/offers/{id}/withdraw"), key::OFFER_WITHDRAW, back(&offer))
        .lead(t.say(key::OFFER_WITHDRAW_BODY))
        .fact(t.say(key::OFFER), name(offer.content.as_ref()))
        .submit(t.say(key::OFFER_WITHDRAW))
        .taking_away())
}

/// Asks once more.
pub async fn withdraw_form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    Ok(withdrawing(&member, &id).await?.show())
}

/// Offers no more of it.
pub async fn withdraw(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("/capacity/offers/{id}/withdraw"), &fields).await?;
    let member = &posted.member;
    let mut ask = withdrawing(member, &id).await?;
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let request = WithdrawOfferRequest { request_id: posted.request_id.clone(), offer_id: id };
    match member.app().api.offers().withdraw_offer(member.call(request)).await {
        Ok(_) => Ok(page::go(&format!("{}?done=withdrawn", super::OFFERS))),
        Err(status) => ask.refused(status),
    }
}
