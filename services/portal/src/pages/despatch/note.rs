//! The paper: what goes along, for whom, a place to sign, and a code that leads back to the order.

use askama::Template;
use proto::orders::PartyRole;

use super::{
    frame,
    goods::{Goods, Parcel, packages},
    path, token,
};
use crate::{
    form::Fields,
    format,
    i18n::{Key, Text, key},
    order::{self, Loaded},
    page::Page,
    pages::{
        order::{Fact, PartyView, party_view},
        partners::absolute,
    },
    qr::{self, Qr},
    session::Member,
    typed,
};

/// A row of the paper.
struct Line {
    number: String,
    item: String,
    ids: Vec<String>,
    site: String,
    /// Where it goes; empty for where the whole order does.
    ship_to: Vec<String>,
    quantity: String,
    lot: String,
}

#[derive(Template)]
#[template(path = "despatch_note.html")]
pub(super) struct NotePage {
    page: Page,
    t: Text,
    /// The order's page.
    back: String,
    action: String,
    token: String,
    /// The form as it was filled in, to be mended, or to make the paper in the other language.
    hidden: Vec<(String, String)>,
    number: String,
    parties: Vec<PartyView>,
    facts: Vec<Fact>,
    lines: Vec<Line>,
    remark: String,
    /// Leads to the order, for those on both sides who may see it.
    code: Option<Qr>,
}

/// The paper of what goes along.
pub(super) fn page(member: &Member, loaded: &Loaded, parcels: &[Parcel<'_>], fields: &Fields) -> NotePage {
    let t = member.text().clone();
    let order = &loaded.order;
    let content = order.content.clone().unwrap_or_default();
    let title = format!("{} {}", t.say(key::DESPATCH), fields.get("number"));
    let firm = |role: Key<0>, name: &str| PartyView { role: t.say(role), lines: vec![name.to_string()] };
    let firms = [firm(key::SUPPLIER, &order.supplier_name), firm(key::BUYER, &order.buyer_name)];
    let places = content.parties.iter().filter(|party| party.role() == PartyRole::ShipTo);
    NotePage {
        page: frame(member, loaded, fields.get("from"), title).with_form("despatch", path(member, loaded)),
        back: member.order_path(&order.id),
        action: path(member, loaded),
        token: token(member, loaded),
        hidden: fields.kept(&["token", "step", "at", "lang"]),
        parties: firms.into_iter().chain(places.map(|party| party_view(&t, party))).collect(),
        facts: facts(&t, &content.order_number, fields),
        lines: parcels.iter().map(|parcel| line(&t, parcel)).collect(),
        remark: fields.get("remark").to_string(),
        // Not a document link's own address: whoever has the paper would have the order.
        code: qr::draw(&absolute(member, &format!("/orders/{}", order.id))),
        number: content.order_number,
        t,
    }
}

/// What is said of the delivery as a whole; only what is stated.
fn facts(t: &Text, order: &str, fields: &Fields) -> Vec<Fact> {
    let text = |name: &str| fields.get(name).to_string();
    let day = typed::date(fields.get("date")).ok().flatten();
    let facts = [
        (key::DESPATCH_NUMBER, text("number")),
        (key::DESPATCH_DATE, day.map_or_else(String::new, |day| t.day(day))),
        (key::DESPATCH_ORDER, order.to_string()),
        (key::PARTY_CARRIER, text("carrier")),
        (key::DESPATCH_PLATE, text("plate")),
        (key::DESPATCH_PACKAGES, packages(fields).map(format::grouped).unwrap_or_default()),
    ];
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
    facts.map(|(label, value)| Fact { label: t.say(label), value }).collect()
}

fn line(t: &Text, parcel: &Parcel<'_>) -> Line {
    let Goods { row, item, .. } = &parcel.goods;
    Line {
        number: row.number(t),
        item: order::item_name(*item).to_string(),
        ids: item.map(|item| order::item_ids(t, item)).unwrap_or_default(),
        site: row.schedule.ship_to_site.clone(),
        ship_to: row.schedule.ship_to.as_ref().map(|party| party_view(t, party).lines).unwrap_or_default(),
        quantity: t.quantity(parcel.quantity, &parcel.goods.unit(t)),
        lot: parcel.lot.clone(),
    }
}
