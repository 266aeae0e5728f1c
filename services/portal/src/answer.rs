//! What a filled-in answer means: one number and one day a schedule line, and what becomes of the rest.
//!
//! Pure: the form carries what was asked when it was made, so that the same form sent twice asks the API for exactly
//! the same, and gets the same receipt. What has changed since is for the API to say.

use proto::orders::{
    Accept, Item, LineResponse, Price, Propose, ProposedDelivery, Reject, RejectReason, Remainder,
    line_response::Answer,
};
use rust_decimal::Decimal;
use time::Date;

pub use self::entry::{Asked, Entry, Per, Place, Rest, read};
use crate::typed::{date, quantity};

mod entry;

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Empty, or not a number.
    NoNumber,
    /// More than what is unanswered; this much is left.
    TooMuch(Decimal),
    NoDate,
    DatePast,
    /// Less than asked, and nothing said about the rest.
    RestUnsaid,
    ReasonMissing,
    NoteMissing,
    /// A substitute needs a name.
    NameMissing,
    /// The later deliveries do not make up the rest, which is this much.
    RestSum(Decimal),
    /// The API refuses the field for a reason that the form does not know.
    Refused,
}

/// A field that has to be mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which entry.
    pub entry: usize,
    pub place: Place,
    pub wrong: Wrong,
}

/// An answer ready to be sent.
#[derive(Debug, Default)]
pub struct Reading {
    pub responses: Vec<LineResponse>,
    /// For each response, the entry that it came from.
    pub entries: Vec<usize>,
    /// Numbers and notes of lines whose kind of answer has no note of its own.
    pub notes: Vec<(String, String)>,
}

/// The answer that the entries give; lines that are left alone are not in it.
///
/// # Errors
/// Every field that has to be mended.
pub fn interpret(entries: &[Entry], today: Date) -> Result<Reading, Vec<Fault>> {
    let mut reading = Reading::default();
    let mut faults = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        match line(entry, today) {
            Ok(Some(response)) => {
                let own_note = matches!(response.answer, Some(Answer::Propose(_) | Answer::Reject(_)));
                if !own_note && !entry.note.is_empty() {
                    reading.notes.push((entry.number.clone(), entry.note.clone()));
                }
                reading.responses.push(response);
                reading.entries.push(at);
            }
            Ok(None) => {}
            Err(wrong) => {
                faults.extend(wrong.into_iter().map(|(place, wrong)| Fault { entry: at, place, wrong }));
            }
        }
    }
    if faults.is_empty() { Ok(reading) } else { Err(faults) }
}

type Faults = Vec<(Place, Wrong)>;

fn line(entry: &Entry, today: Date) -> Result<Option<LineResponse>, Faults> {
    let asked = entry.was.unanswered;
    let mut faults = Faults::new();
    let typed = quantity(&entry.quantity);
    match typed {
        None => faults.push((Place::Quantity, Wrong::NoNumber)),
        Some(quantity) if quantity > asked => faults.push((Place::Quantity, Wrong::TooMuch(asked))),
        Some(_) => {}
    }
    let day = match date(&entry.date) {
        Err(()) => {
            faults.push((Place::Date, Wrong::NoDate));
            None
        }
        Ok(day) => day.filter(|day| !entry.was.covers(*day)),
    };
    if day.is_some_and(|day| day < today) {
        faults.push((Place::Date, Wrong::DatePast));
    }
    let fits = typed.filter(|quantity| *quantity <= asked);
    let rest = fits.map_or(Decimal::ZERO, |quantity| asked - quantity);
    let later = match rest.is_zero() {
        true => Vec::new(),
        false => deliveries_of_rest(entry, rest, today, &mut faults),
    };
    let other = other(entry, &mut faults);
    if rest == asked && !rest.is_zero() && entry.rest == Rest::Short {
        // Nothing cannot be taken for the whole.
        faults.push((Place::Rest, Wrong::RestUnsaid));
    }
    let differs = day.is_some() || other.is_some() || (!rest.is_zero() && entry.rest == Rest::Short);
    if differs && day.or(entry.was.until).is_none() {
        faults.push((Place::Date, Wrong::NoDate));
    }
    match fits {
        Some(quantity) if faults.is_empty() => {
            let proposed = Proposed { later, day, other, differs };
            Ok(response(entry, quantity, rest, proposed))
        }
        _ => Err(faults),
    }
}

/// What is proposed beside the quantity.
struct Proposed {
    later: Vec<ProposedDelivery>,
    /// Another day than asked for.
    day: Option<Date>,
    other: Option<Other>,
    /// Whether anything but the later deliveries differs from what was asked.
    differs: bool,
}

/// Another price or item.
struct Other {
    price: Option<Price>,
    substitute: Option<Item>,
}

fn other(entry: &Entry, faults: &mut Faults) -> Option<Other> {
    let price = match entry.price.is_empty() {
        true => None,
        false => match quantity(&entry.price) {
            Some(amount) => Some(entry.per.price(amount)),
            None => {
                faults.push((Place::Price, Wrong::NoNumber));
                None
            }
        },
    };
    let named = !entry.substitute.is_empty() || !entry.substitute_id.is_empty();
    if named && entry.substitute.is_empty() {
        faults.push((Place::Substitute, Wrong::NameMissing));
    }
    let substitute = named.then(|| Item {
        name: entry.substitute.clone(),
        seller_item_id: entry.substitute_id.clone(),
        ..Item::default()
    });
    (price.is_some() || substitute.is_some()).then_some(Other { price, substitute })
}

/// The later deliveries of the rest; none where it is rejected or left.
fn deliveries_of_rest(
    entry: &Entry,
    rest: Decimal,
    today: Date,
    faults: &mut Faults,
) -> Vec<ProposedDelivery> {
    match entry.rest {
        Rest::Unsaid => faults.push((Place::Rest, Wrong::RestUnsaid)),
        Rest::Leave | Rest::Short => {}
        Rest::Reject => match RejectReason::try_from(entry.reason) {
            Err(_) | Ok(RejectReason::Unspecified) => faults.push((Place::Reason, Wrong::ReasonMissing)),
            Ok(RejectReason::Other) if entry.note.is_empty() => {
                faults.push((Place::Note, Wrong::NoteMissing))
            }
            Ok(_) => {}
        },
        Rest::Later => return later(entry, rest, today, faults),
    }
    Vec::new()
}

fn later(entry: &Entry, rest: Decimal, today: Date, faults: &mut Faults) -> Vec<ProposedDelivery> {
    let second = match entry.second_quantity.is_empty() {
        true => Some(rest - quantity(&entry.third_quantity).unwrap_or_default()),
        false => quantity(&entry.second_quantity),
    };
    let Some(second) = second else {
        faults.push((Place::SecondQuantity, Wrong::NoNumber));
        return Vec::new();
    };
    if second > rest || second.is_zero() || second.is_sign_negative() {
        faults.push((Place::SecondQuantity, Wrong::RestSum(rest)));
        return Vec::new();
    }
    let third = rest - second;
    let typed = match entry.third_quantity.is_empty() {
        true => Some(third),
        false => quantity(&entry.third_quantity),
    };
    if typed != Some(third) {
        faults.push((Place::ThirdQuantity, Wrong::RestSum(rest)));
    }
    let mut deliveries = vec![delivery(second, &entry.second_date, Place::SecondDate, today, faults)];
    if !third.is_zero() {
        deliveries.push(delivery(third, &entry.third_date, Place::ThirdDate, today, faults));
    }
    deliveries
}

fn delivery(
    quantity: Decimal,
    day: &str,
    place: Place,
    today: Date,
    faults: &mut Faults,
) -> ProposedDelivery {
    let day = date(day).ok().flatten();
    match day {
        None => faults.push((place, Wrong::NoDate)),
        Some(day) if day < today => faults.push((place, Wrong::DatePast)),
        Some(_) => {}
    }
    proposed(quantity, day)
}

fn proposed(quantity: Decimal, day: Option<Date>) -> ProposedDelivery {
    ProposedDelivery {
        quantity: Some(chassis::value::wire_decimal(quantity)),
        delivery_date: day.map(chassis::value::wire_date),
    }
}

fn response(entry: &Entry, quantity: Decimal, rest: Decimal, proposed_too: Proposed) -> Option<LineResponse> {
    let Proposed { later, day, other, differs } = proposed_too;
    let wire = |quantity| Some(chassis::value::wire_decimal(quantity));
    let reason = RejectReason::try_from(entry.reason).unwrap_or_default();
    let note = entry.note.clone();
    let rejects = entry.rest == Rest::Reject;
    let short = entry.rest == Rest::Short;
    let answer = if quantity.is_zero() && later.is_empty() && !entry.was.unanswered.is_zero() {
        if !rejects {
            return None;
        }
        Answer::Reject(Reject { quantity: wire(rest), reason: reason as i32, note })
    } else if later.is_empty() && !differs {
        Answer::Accept(Accept { quantity: wire(quantity) })
    } else {
        let covers = if later.is_empty() && !short { quantity } else { entry.was.unanswered };
        let first = (!quantity.is_zero()).then(|| proposed(quantity, day.or(entry.was.until)));
        let deliveries = first.into_iter().chain(later).collect::<Vec<_>>();
        let (price, substitute) = other.map_or((None, None), |other| (other.price, other.substitute));
        let covers_quantity = wire(covers);
        Answer::Propose(Propose {
            covers_quantity,
            deliveries,
            price,
            substitute,
            note,
            ..Propose::default()
        })
    };
    let whole = matches!(&answer, Answer::Reject(_)) || rest.is_zero() || entry.rest == Rest::Later || short;
    let (remainder, remainder_reason) = match (whole, rejects) {
        (true, _) => (Remainder::Unspecified, RejectReason::Unspecified),
        (false, true) => (Remainder::Reject, reason),
        (false, false) => (Remainder::LeaveUnanswered, RejectReason::Unspecified),
    };
    Some(LineResponse {
        schedule_line_id: entry.id.clone(),
        answer: Some(answer),
        remainder: remainder as i32,
        remainder_reason: remainder_reason as i32,
        ..LineResponse::default()
    })
}

#[cfg(test)]
mod tests;
