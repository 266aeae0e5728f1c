//! What may go along, and what a form that is filled in says of it.

use proto::orders::Item;
use rust_decimal::Decimal;

use crate::{
    form::Fields,
    format,
    i18n::{Text, key},
    order::Row,
    pages::ending::Summary,
    tolerance, typed,
};

/// Something that may go along: so much of an item, of a schedule line.
pub(super) struct Goods<'a> {
    /// What the names of its fields end with. The same line has it as long as the version is the same: closing,
    /// cancelling and agreeing may take a line away, and leave the revision as it was.
    pub(super) at: String,
    pub(super) row: &'a Row,
    pub(super) item: Option<&'a Item>,
    /// What was promised of it and not cancelled.
    pub(super) accepted: Decimal,
}

impl Goods<'_> {
    /// The name of one of its fields.
    pub(super) fn field(&self, name: &str) -> String {
        format!("{name}-{}", self.at)
    }

    /// The name of its unit.
    pub(super) fn unit(&self, t: &Text) -> String {
        t.unit(&self.row.line.unit_code, &self.row.line.unit_text)
    }

    /// How much may go beyond what is accepted; nobody agreed that of a substitute.
    fn over(&self) -> Decimal {
        match self.item == self.row.line.item.as_ref() {
            true => tolerance::over(self.row),
            false => Decimal::ZERO,
        }
    }

    /// How much of it is accepted, and may go.
    pub(super) fn said(&self, t: &Text) -> String {
        let unit = self.unit(t);
        let accepted = t.quantity(self.accepted, &unit);
        let over = self.over();
        match over.is_zero() {
            true => t.one(key::STANDING_ACCEPTED, accepted),
            false => t.two(key::DESPATCH_TOLERATED, accepted, t.quantity(self.accepted + over, &unit)),
        }
    }

    /// That a quantity in the field of this label is more than may go.
    fn too_much(&self, t: &Text, label: &str) -> String {
        let unit = self.unit(t);
        let accepted = t.quantity(self.accepted, &unit);
        let over = self.over();
        match over.is_zero() {
            true => t.two(key::DESPATCH_TOO_MUCH, label, accepted),
            false => {
                let most = t.quantity(self.accepted + over, &unit);
                t.three(key::DESPATCH_TOO_MUCH_TOLERATED, accepted, label, most)
            }
        }
    }
}

/// What goes along now.
pub(super) struct Parcel<'a> {
    pub(super) goods: Goods<'a>,
    pub(super) quantity: Decimal,
    pub(super) lot: String,
}

/// What of these lines may go along. A substitute is goods of its own.
pub(super) fn of(rows: &[Row]) -> Vec<Goods<'_>> {
    let mut all: Vec<Goods<'_>> = Vec::new();
    // What is closed was delivered.
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| !row.state.closed) {
        let first = all.len();
        for promise in &row.state.commitments {
            let item = promise.substitute.as_ref().or(row.line.item.as_ref());
            let quantity = format::decimal_or_zero(promise.quantity.as_ref());
            match all[first..].iter().position(|goods| goods.item == item) {
                Some(same) => all[first + same].accepted += quantity,
                None => {
                    let at = if all.len() == first {
                        at.to_string()
                    } else {
                        format!("{at}-{}", all.len() - first)
                    };
                    all.push(Goods { at, row, item, accepted: quantity });
                }
            }
        }
    }
    all.retain(|goods| !goods.accepted.is_zero());
    all
}

/// What goes along by a form that is filled in, or everything that is wrong with it.
pub(super) fn check<'a>(
    t: &Text,
    all: Vec<Goods<'a>>,
    fields: &Fields,
) -> Result<Vec<Parcel<'a>>, Vec<Summary>> {
    let mut faults = Vec::new();
    let mut wrong = |field: &str, text: String| faults.push(Summary { href: format!("#{field}"), text });
    for (name, label) in [("number", key::DESPATCH_NUMBER), ("date", key::DESPATCH_DATE)] {
        if fields.get(name).is_empty() {
            wrong(name, t.one(key::ASK_REQUIRED, t.say(label)));
        }
    }
    if typed::date(fields.get("date")).is_err() {
        wrong("date", t.say(key::FAULT_DATE));
    }
    if !fields.get("packages").is_empty() && packages(fields).is_none() {
        wrong("packages", t.one(key::ASK_WRONG, t.say(key::DESPATCH_PACKAGES)));
    }
    let label = t.say(key::DESPATCH_QUANTITY);
    let first = all.first().map(|goods| goods.field("q")).unwrap_or_default();
    let (mut parcels, mut refused) = (Vec::new(), false);
    for goods in all {
        let name = goods.field("q");
        let text = fields.get(&name);
        let said = match typed::quantity(text) {
            _ if text.is_empty() => continue,
            Some(quantity) if quantity.is_zero() => continue,
            Some(quantity) if quantity <= goods.accepted + goods.over() => {
                let lot = fields.get(&goods.field("lot")).to_string();
                parcels.push(Parcel { goods, quantity, lot });
                continue;
            }
            Some(_) => goods.too_much(t, &label),
            None => t.say(key::FAULT_ENDING_QUANTITY),
        };
        refused = true;
        wrong(&name, t.two(key::FAULT_OF_LINE, goods.row.number(t), said));
    }
    if parcels.is_empty() && !refused {
        wrong(&first, t.one(key::DESPATCH_NOTHING, &label));
    }
    if faults.is_empty() { Ok(parcels) } else { Err(faults) }
}

/// How many packages there are; `None` where that is unstated or no number of packages.
pub(super) fn packages(fields: &Fields) -> Option<Decimal> {
    let count = typed::quantity(fields.get("packages"))?.normalize();
    (count.fract().is_zero() && !count.is_zero()).then_some(count)
}

#[cfg(test)]
mod tests {
    use proto::orders::{Commitment, ScheduleLineState};

    use super::*;

    fn promise(quantity: &str, substitute: Option<&str>) -> Commitment {
        Commitment {
            quantity: Some(proto::Decimal { value: quantity.into() }),
            substitute: substitute.map(|name| Item { name: name.into(), ..Default::default() }),
            ..Default::default()
        }
    }

    fn row(commitments: Vec<Commitment>, closed: bool) -> Row {
        Row {
            line: Default::default(),
            schedule: Default::default(),
            state: ScheduleLineState { commitments, closed, ..Default::default() },
            first: true,
            several: false,
        }
    }

    #[test]
    fn promises_of_one_item_are_one_and_what_is_closed_was_delivered() {
        let split = vec![promise("16000.50", None), promise("500", Some("PP")), promise("1600", None)];
        let rows = [
            row(split, false),
            row(vec![promise("5", None)], true),
            row(Vec::new(), false),
            row(vec![promise("0", None), promise("7", None)], false),
        ];
        let found = of(&rows);
        let found: Vec<(&str, String)> =
            found.iter().map(|g| (g.at.as_str(), g.accepted.to_string())).collect();
        let wanted = [("0", "17600.50"), ("0-1", "500"), ("3", "7")];
        assert_eq!(found, wanted.map(|(at, accepted)| (at, accepted.to_string())));
        assert!(of(&rows[1..3]).is_empty());
    }
}
