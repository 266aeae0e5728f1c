//! Hits as tables: what they are, whose they are, how they stand.

use proto::{
    capacity::{GroupSummary, Offer},
    orders::{OrderSummary, Side},
};

use crate::{
    format,
    i18n::{Key, Text, key},
    measure::Measure,
    pages::{booking, list, partners::Row as Partner},
    session::Member,
    table::{Cell, Part, Row},
};

/// Orders, as the side sees them.
pub fn orders(member: &Member, found: Vec<OrderSummary>, side: Side) -> Part {
    let t = member.text();
    let today = format::today(member.app().clock.now());
    let partner = if side == Side::Supplier { key::BUYER } else { key::SUPPLIER };
    let row = |summary| {
        let row = list::row(t, summary, side, today);
        let parts = [row.item, row.more].into_iter().filter(|part| !part.is_empty());
        let sub = parts.collect::<Vec<_>>().join(" · ");
        vec![
            Cell::Name { text: row.number, href: row.href, sub },
            Cell::Text(row.partner),
            Cell::Text(row.requested),
            Cell::Tag(row.tag),
        ]
    };
    table(t, [key::ORDER, partner, key::REQUESTED, key::STATE], found.into_iter().map(row).collect())
}

/// Offers with whose they are.
pub fn offers(t: &Text, found: &[(Offer, String)]) -> Part {
    let row = |(one, supplier): &(Offer, String)| {
        vec![
            Cell::link(booking::name(one.content.as_ref()), format!("/capacity/offers/{}", one.id)),
            Cell::Text(supplier.clone()),
            Cell::Text(booking::free(t, one)),
            Cell::Tag(booking::state(t, one)),
        ]
    };
    let columns = [key::OFFER, key::SUPPLIER, key::OFFER_FREE, key::STATE];
    table(t, columns, found.iter().map(row).collect())
}

/// Capacity groups.
pub fn groups(t: &Text, found: &[GroupSummary]) -> Part {
    let row = |group: &GroupSummary| {
        vec![
            Cell::link(group.name.clone(), format!("/capacity/groups/{}", group.id)),
            Cell::Text(Measure::of(&group.unit_code).unit(t)),
            Cell::Text(if group.inactive { t.say(key::GROUP_INACTIVE) } else { String::new() }),
        ]
    };
    table(t, [key::GROUP, key::GROUP_UNIT, key::STATE], found.iter().map(row).collect())
}

/// Partners.
pub fn partners(t: &Text, found: Vec<Partner>) -> Part {
    let row = |row: Partner| {
        vec![
            Cell::Name { text: row.name, href: row.href, sub: row.side },
            Cell::Code(row.number),
            Cell::Tag(row.tag),
        ]
    };
    table(t, [key::PARTNER, key::VENDOR_NUMBER, key::STATE], found.into_iter().map(row).collect())
}

fn table<const N: usize>(t: &Text, columns: [Key<0>; N], rows: Vec<Row>) -> Part {
    Part::new(columns.map(|label| t.say(label)).into(), rows, String::new())
}
