//! Events of orders → what their schedule lines take. Every one says how the lines that it touched stand now, so that the
//! newest counts and no older one is needed.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Error, Result, value};
use prost::Message;
use proto::orders::{
    Commitment, OrderCancelled, OrderChangeAnswered, OrderChanged, OrderClosedShort, OrderContent,
    OrderResponded, OrderSupplierChanged, OrderType, ProposalResolved, ProposalWithdrawn, ScheduleLine,
    ScheduleLineState,
};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::load::{Line, Promise};

/// A claimant's history of an order begins with it.
const SUPPLIER_CHANGED: &str = "tandem.orders.order.supplier_changed.v1";

/// How an order stands after an event.
struct Stand {
    order: String,
    /// That it came to by what happened.
    version: i64,
    schedule: Vec<ScheduleLineState>,
    /// How many schedule lines were left out.
    omitted: i32,
}

/// Lists the events that say how schedule lines stand, and reads them. Of a new order nothing is accepted yet, so that
/// its publication is none of them.
macro_rules! events {
    ($($name:literal => $event:ty,)*) => {
        /// Types of events that move what orders take.
        pub(crate) const KINDS: &[&str] = &[SUPPLIER_CHANGED, $($name),*];

        fn stand(kind: &str, payload: &[u8]) -> Result<Stand, prost::DecodeError> {
            match kind {
                $($name => {
                    let event = <$event>::decode(payload)?;
                    let (order, version, omitted) = (event.order_id, event.version, event.lines_omitted);
                    Ok(Stand { order, version, schedule: event.schedule, omitted })
                })*
                _ => {
                    let order = OrderSupplierChanged::decode(payload)?.order.unwrap_or_default();
                    let (version, omitted) = (order.version, order.lines_omitted);
                    Ok(Stand { order: order.id, version, schedule: order.schedule, omitted })
                }
            }
        }
    };
}

events! {
    "tandem.orders.order.responded.v1" => OrderResponded,
    "tandem.orders.order.proposal_resolved.v1" => ProposalResolved,
    "tandem.orders.order.proposal_withdrawn.v1" => ProposalWithdrawn,
    "tandem.orders.order.changed.v1" => OrderChanged,
    "tandem.orders.order.change_answered.v1" => OrderChangeAnswered,
    "tandem.orders.order.cancelled.v1" => OrderCancelled,
    "tandem.orders.order.closed_short.v1" => OrderClosedShort,
}

/// What events told, the newest of each line.
#[derive(Default)]
pub(crate) struct Told {
    /// With the order of each.
    lines: BTreeMap<Uuid, (String, Line)>,
    /// The newest version of each order.
    versions: BTreeMap<String, i64>,
    /// Orders of which an event left lines out: what no newer one tells of has to be looked up.
    pub omitted: BTreeSet<Uuid>,
    /// Lines of which the feed does not tell any more how they stand, with the order of each: they have to be looked up.
    pub missed: BTreeMap<Uuid, Uuid>,
}

impl Told {
    /// Takes the next event in.
    pub(crate) fn hear(&mut self, kind: &str, payload: &[u8]) -> Result<()> {
        let Stand { order, version, schedule, omitted } = stand(kind, payload).map_err(Error::internal)?;
        let newest = self.versions.entry(order.clone()).or_default();
        *newest = version.max(*newest);
        if omitted > 0 {
            self.omitted.insert(id(&order)?);
            self.lines.retain(|_, (of, _)| *of != order);
        }
        for state in &schedule {
            self.lines.insert(id(&state.schedule_line_id)?, (order.clone(), line(state)?));
        }
        Ok(())
    }

    /// Lines that were told of, or missed.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Uuid> {
        self.lines.keys().chain(self.missed.keys()).copied()
    }

    /// Orders that were told of, or have lines that were missed.
    pub(crate) fn orders(&self) -> Result<Vec<Uuid>> {
        let told: BTreeSet<&str> = self.lines.values().map(|(order, _)| order.as_str()).collect();
        let told = told.into_iter().map(id);
        let missed: BTreeSet<Uuid> = self.missed.values().chain(&self.omitted).copied().collect();
        told.chain(missed.into_iter().map(Ok)).collect()
    }

    /// Orders that were told of, with the newest version of each.
    pub(crate) fn versions(&self) -> Result<Vec<(Uuid, i64)>> {
        self.versions.iter().map(|(order, version)| Ok((id(order)?, *version))).collect()
    }

    /// What was told of a line.
    pub(crate) fn line(&self, id: Uuid) -> Option<&Line> {
        self.lines.get(&id).map(|(_, line)| line)
    }

    /// Whether nothing was told, nor missed.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.omitted.is_empty() && self.missed.is_empty()
    }
}

fn line(state: &ScheduleLineState) -> Result<Line> {
    let promises = state.commitments.iter().map(promise).collect::<Result<_>>()?;
    Ok(Line { closed: state.closed, promises })
}

fn promise(commitment: &Commitment) -> Result<Promise> {
    let quantity = value::decimal(commitment.quantity.as_ref()).map_err(malformed)?;
    let day = commitment.committed_delivery_date.as_ref().map(value::date).transpose().map_err(malformed)?;
    let substitute = commitment.substitute.as_ref().map(|item| item.buyer_item_id.clone());
    Ok(Promise {
        day,
        quantity: quantity.unwrap_or(Decimal::ZERO),
        substitute: substitute.unwrap_or_default(),
    })
}

/// The site that a stored schedule line goes to; empty where it names none.
pub(crate) fn site(content: &[u8]) -> Result<String> {
    Ok(ScheduleLine::decode(content).map_err(Error::internal)?.ship_to_site)
}

/// Whether a stored order only frames others.
pub(crate) fn is_framework(content: &[u8]) -> Result<bool> {
    let order = OrderContent::decode(content).map_err(Error::internal)?;
    Ok(order.order_type() == OrderType::Framework)
}

fn id(text: &str) -> Result<Uuid> {
    Uuid::try_parse(text).map_err(Error::internal)
}

/// An event is ours: what is wrong in it is wrong here.
fn malformed(message: &'static str) -> Error {
    Error::internal(anyhow::anyhow!("an event of an order has a value that {message}"))
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    const LINE: Uuid = Uuid::from_u128(7);
    const ORDER: Uuid = Uuid::from_u128(8);

    fn state(quantity: &str) -> ScheduleLineState {
        let commitment = Commitment {
            quantity: Some(proto::Decimal { value: quantity.into() }),
            committed_delivery_date: Some(value::wire_date(date!(2026 - 12 - 28))),
            ..Commitment::default()
        };
        ScheduleLineState {
            schedule_line_id: LINE.to_string(),
            commitments: vec![commitment],
            ..ScheduleLineState::default()
        }
    }

    #[test]
    fn the_newest_word_on_a_line_counts() {
        let accepted = OrderResponded { schedule: vec![state("100")], ..OrderResponded::default() };
        let cancelled = OrderCancelled { schedule: vec![state("65")], ..OrderCancelled::default() };
        let closed = ScheduleLineState { closed: true, ..state("65") };
        let closed = OrderClosedShort { schedule: vec![closed], ..OrderClosedShort::default() };
        let order = proto::orders::Order { schedule: vec![state("30")], ..Default::default() };
        let claimed = OrderSupplierChanged { order: Some(order), ..OrderSupplierChanged::default() };
        let mut told = Told::default();
        assert!(told.is_empty());
        for (kind, payload, quantity, closed) in [
            ("tandem.orders.order.responded.v1", accepted.encode_to_vec(), 100, false),
            ("tandem.orders.order.cancelled.v1", cancelled.encode_to_vec(), 65, false),
            ("tandem.orders.order.closed_short.v1", closed.encode_to_vec(), 65, true),
            (SUPPLIER_CHANGED, claimed.encode_to_vec(), 30, false),
        ] {
            assert!(KINDS.contains(&kind));
            told.hear(kind, &payload).unwrap();
            let promise = Promise {
                day: Some(date!(2026 - 12 - 28)),
                quantity: quantity.into(),
                substitute: String::new(),
            };
            assert_eq!(told.line(LINE), Some(&Line { closed, promises: vec![promise] }), "{kind}");
        }
        assert_eq!((told.lines().count(), told.omitted.len()), (1, 0));
    }

    #[test]
    fn what_was_left_out_is_looked_up() {
        let many =
            OrderResponded { order_id: ORDER.to_string(), lines_omitted: 9000, ..OrderResponded::default() };
        let few = OrderResponded {
            order_id: ORDER.to_string(),
            schedule: vec![state("1")],
            ..OrderResponded::default()
        };
        let mut told = Told::default();
        let newer = OrderResponded { version: 3, ..few.clone() };
        for (event, known) in [(&newer, true), (&many, false), (&few, true)] {
            told.hear("tandem.orders.order.responded.v1", &event.encode_to_vec()).unwrap();
            assert_eq!(told.line(LINE).is_some(), known, "older words than what was left out do not count");
        }
        assert_eq!(told.omitted, [ORDER].into());
        assert_eq!(told.versions().unwrap(), [(ORDER, 3)], "the newest of an order stays");
    }

    #[test]
    fn what_was_missed_is_looked_up() {
        let mut told = Told::default();
        told.missed.insert(LINE, ORDER);
        assert!(!told.is_empty() && told.line(LINE).is_none());
        assert_eq!((told.lines().collect::<Vec<_>>(), told.orders().unwrap()), (vec![LINE], vec![ORDER]));
    }
}
