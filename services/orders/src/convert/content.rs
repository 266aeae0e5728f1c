//! Checks a buyer's document.

use std::collections::HashSet;

use chassis::{Error, Field, Result, value};
use proto::orders::{
    DeliveryWindow, OrderContent, OrderLine, Party, Price, PublishOrderRequest, ScheduleLine,
    SupplierAddress, Warning,
};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::publish::{self, MAX_LINES, NewOrder};

/// The longest business number and the longest text of a note, in bytes.
const NUMBER_BYTES: usize = 200;
const TEXT_BYTES: usize = 100_000;

/// A document that may be published, or INVALID_ARGUMENT naming every bad field.
pub(crate) fn new_order(request: PublishOrderRequest, buyer_name: &str) -> Result<NewOrder> {
    let mut check = Check::default();
    let Some(content) = request.content else {
        return Err(Error::field("content", "REQUIRED", "is required"));
    };
    let supplier = request.supplier.unwrap_or_default();
    let mut content = with_system(content);
    check.header(&content);
    check.supplier(&supplier);
    check.lines(&content, 1);
    if !check.0.is_empty() {
        return Err(Error::invalid(check.0));
    }
    crate::alias::clear_originals(&mut content);
    let warnings = warnings(request.stated_buyer.as_ref(), buyer_name);
    publish::normalise(content, supplier, warnings).map_err(Error::invalid)
}

/// The document with the name of its source system.
pub(super) fn with_system(mut content: OrderContent) -> OrderContent {
    if content.source_system.is_empty() {
        content.source_system = "default".into();
    }
    content
}

/// Everything that is wrong with a document that lists only lines that are new or differ. The number may be left out
/// where the order is named otherwise.
pub(super) fn changed(content: &OrderContent, named: bool) -> Vec<Field> {
    let mut check = Check::default();
    check.header(content);
    if named && content.order_number.is_empty() {
        check.0.retain(|field| field.path != "content.order_number");
    }
    check.lines(content, 0);
    check.0
}

pub(super) fn warnings(stated_buyer: Option<&Party>, buyer_name: &str) -> Vec<Warning> {
    let Some(stated) = stated_buyer else { return Vec::new() };
    let name = if stated.name.is_empty() { &stated.legal_name } else { &stated.name };
    if name.is_empty() || name == buyer_name {
        return Vec::new();
    }
    vec![Warning {
        field: "stated_buyer".into(),
        reason: "BUYER_DIFFERS".into(),
        message: format!("the document names {name} as buyer; the order is published as {buyer_name}"),
    }]
}

#[derive(Default)]
struct Check(Vec<Field>);

impl Check {
    fn bad(&mut self, path: impl Into<String>, reason: &'static str, message: impl Into<String>) {
        self.0.push(Field::new(path, reason, message));
    }

    fn header(&mut self, content: &OrderContent) {
        self.number("content.order_number", &content.order_number, true);
        let system = &content.source_system;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        if system.len() > 50 || !system.bytes().all(plain) {
            self.bad(
                "content.source_system",
                "FORMAT",
                "must be at most 50 letters, digits, `.`, `_` or `-`",
            );
        }
        if content.price_includes_tax.is_none() {
            self.bad(
                "content.price_includes_tax",
                "REQUIRED",
                "is required; say whether unit prices include tax",
            );
        }
        let currency = &content.currency;
        let shaped = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
        if !currency.is_empty() && (!shaped || currency == "XXX") {
            self.bad("content.currency", "CURRENCY", "must be an iso 4217 code such as CNY");
        }
        if proto::orders::OrderType::try_from(content.order_type).is_err() {
            self.bad("content.order_type", "UNKNOWN", "is no known order type");
        }
        self.number("content.purchasing_group", &content.purchasing_group, false);
        self.number("content.agreement_ref", &content.agreement_ref, false);
        for (i, note) in content.notes.iter().enumerate() {
            self.text(&format!("content.notes[{i}].text"), &note.text);
        }
        if let Some(date) = &content.issue_date {
            self.date("content.issue_date", date);
        }
        self.window("content.requested_delivery", content.requested_delivery.as_ref());
        self.window("content.validity", content.validity.as_ref());
        if let Some(totals) = &content.totals {
            for (name, amount) in [
                ("line_amount", &totals.line_amount),
                ("tax_exclusive_amount", &totals.tax_exclusive_amount),
                ("tax_inclusive_amount", &totals.tax_inclusive_amount),
                ("allowance_amount", &totals.allowance_amount),
                ("charge_amount", &totals.charge_amount),
                ("prepaid_amount", &totals.prepaid_amount),
                ("rounding_amount", &totals.rounding_amount),
                ("payable_amount", &totals.payable_amount),
            ] {
                self.decimal(&format!("content.totals.{name}"), amount.as_ref(), None);
            }
        }
        for (i, total) in content.tax_totals.iter().enumerate() {
            self.decimal(&format!("content.tax_totals[{i}].amount"), total.amount.as_ref(), None);
        }
        self.allowances("content", &content.allowance_charges);
    }

    fn supplier(&mut self, supplier: &SupplierAddress) {
        let named = [&supplier.firm_id, &supplier.vendor_number, &supplier.uscc, &supplier.invite_as];
        if named.iter().all(|value| value.is_empty()) && supplier.party_ids.is_empty() {
            self.bad("supplier", "REQUIRED", "is required; name the supplier by vendor number, code or id");
        }
        if !supplier.firm_id.is_empty() && Uuid::try_parse(&supplier.firm_id).is_err() {
            self.bad("supplier.firm_id", "ID", "must be an id as the platform gave it");
        }
        self.number("supplier.vendor_number", &supplier.vendor_number, false);
        self.number("supplier.uscc", &supplier.uscc, false);
        self.number("supplier.invite_as", &supplier.invite_as, false);
        for (i, id) in supplier.party_ids.iter().enumerate() {
            self.number(&format!("supplier.party_ids[{i}].value"), &id.value, true);
        }
    }

    fn lines(&mut self, content: &OrderContent, least: usize) {
        if !(least..=MAX_LINES).contains(&content.lines.len()) {
            self.bad("content.lines", "COUNT", format!("must have {least} to {MAX_LINES} lines"));
            return;
        }
        let mut numbers = HashSet::new();
        let mut reservations = HashSet::new();
        for (i, line) in content.lines.iter().enumerate() {
            let path = format!("content.lines[{i}]");
            self.reservation(&format!("{path}.reservation_id"), &line.reservation_id, &mut reservations);
            self.number(&format!("{path}.line_number"), &line.line_number, true);
            if !numbers.insert(&line.line_number) {
                self.bad(format!("{path}.line_number"), "REPEATED", "stands on another line too");
            }
            self.line(&path, line);
        }
    }

    fn reservation(&mut self, path: &str, text: &str, seen: &mut HashSet<Uuid>) {
        match Uuid::try_parse(text) {
            _ if text.is_empty() => {}
            Err(_) => self.bad(path, "ID", "must be the id of a reservation"),
            Ok(id) if !seen.insert(id) => self.bad(path, "REPEATED", "stands on another line too"),
            Ok(_) => {}
        }
    }

    fn line(&mut self, path: &str, line: &OrderLine) {
        self.decimal(&format!("{path}.quantity"), line.quantity.as_ref(), Some(Decimal::ZERO));
        self.decimal(&format!("{path}.amount"), line.amount.as_ref(), None);
        self.number(&format!("{path}.unit_code"), &line.unit_code, false);
        if let Some(item) = &line.item {
            self.text(&format!("{path}.item.name"), &item.name);
            self.number(&format!("{path}.item.buyer_item_id"), &item.buyer_item_id, false);
            self.number(&format!("{path}.item.seller_item_id"), &item.seller_item_id, false);
        }
        if let Some(price) = &line.price {
            self.price(&format!("{path}.price"), price);
        }
        if let Some(rate) = line.tax.as_ref().and_then(|tax| tax.rate.as_ref()) {
            self.decimal(&format!("{path}.tax.rate"), Some(rate), Some(Decimal::ZERO));
        }
        if let Some(tolerance) = &line.tolerance {
            for (name, bound) in [
                ("over_percent", &tolerance.over_percent),
                ("under_percent", &tolerance.under_percent),
                ("over_quantity", &tolerance.over_quantity),
                ("under_quantity", &tolerance.under_quantity),
            ] {
                self.decimal(&format!("{path}.tolerance.{name}"), bound.as_ref(), Some(Decimal::ZERO));
            }
        }
        for (i, note) in line.notes.iter().enumerate() {
            self.text(&format!("{path}.notes[{i}].text"), &note.text);
        }
        self.allowances(path, &line.allowance_charges);
        let mut numbers = HashSet::new();
        for (i, planned) in line.schedule_lines.iter().enumerate() {
            let path = format!("{path}.schedule_lines[{i}]");
            if !planned.schedule_line_number.is_empty() && !numbers.insert(&planned.schedule_line_number) {
                self.bad(
                    format!("{path}.schedule_line_number"),
                    "REPEATED",
                    "stands on another schedule line too",
                );
            }
            self.schedule_line(&path, planned);
        }
    }

    fn schedule_line(&mut self, path: &str, planned: &ScheduleLine) {
        self.number(&format!("{path}.schedule_line_number"), &planned.schedule_line_number, false);
        self.number(&format!("{path}.ship_to_site"), &planned.ship_to_site, false);
        self.decimal(&format!("{path}.quantity"), planned.quantity.as_ref(), Some(Decimal::ZERO));
        self.window(&format!("{path}.requested_delivery"), planned.requested_delivery.as_ref());
    }

    pub(super) fn price(&mut self, path: &str, price: &Price) {
        self.decimal(&format!("{path}.amount"), price.amount.as_ref(), Some(Decimal::ZERO));
        self.decimal(&format!("{path}.base_quantity"), price.base_quantity.as_ref(), Some(Decimal::ZERO));
        if matches!(value::decimal(price.base_quantity.as_ref()), Ok(Some(base)) if base.is_zero()) {
            self.bad(format!("{path}.base_quantity"), "RANGE", "must be above 0");
        }
    }

    fn allowances(&mut self, path: &str, allowances: &[proto::orders::AllowanceCharge]) {
        for (i, entry) in allowances.iter().enumerate() {
            for (name, amount) in
                [("amount", &entry.amount), ("base_amount", &entry.base_amount), ("percent", &entry.percent)]
            {
                self.decimal(&format!("{path}.allowance_charges[{i}].{name}"), amount.as_ref(), None);
            }
        }
    }

    fn decimal(&mut self, path: &str, wire: Option<&proto::Decimal>, at_least: Option<Decimal>) {
        match (value::decimal(wire), at_least) {
            (Err(message), _) => self.bad(path, "DECIMAL", message),
            (Ok(Some(value)), Some(least)) if value < least => {
                self.bad(path, "RANGE", format!("must be at least {least}"));
            }
            _ => {}
        }
    }

    fn date(&mut self, path: &str, date: &proto::Date) {
        if let Err(message) = value::date(date) {
            self.bad(path, "DATE", message);
        }
    }

    fn window(&mut self, path: &str, window: Option<&DeliveryWindow>) {
        let Some(window) = window else { return };
        for (name, day) in [("from", &window.from), ("until", &window.until)] {
            if let Some(day) = day {
                self.date(&format!("{path}.{name}"), day);
            }
        }
        let day = |day: &Option<proto::Date>| day.as_ref().and_then(|day| value::date(day).ok());
        if let (Some(from), Some(until)) = (day(&window.from), day(&window.until))
            && until < from
        {
            self.bad(format!("{path}.until"), "ORDER", "must not be before `from`");
        }
    }

    /// A business number or name: short, and without control characters, which break lists and files.
    fn number(&mut self, path: &str, text: &str, required: bool) {
        if required && text.trim().is_empty() {
            self.bad(path, "REQUIRED", "is required");
        } else if text.len() > NUMBER_BYTES {
            self.bad(path, "TOO_LONG", format!("must have at most {NUMBER_BYTES} bytes"));
        } else if text.chars().any(char::is_control) {
            self.bad(path, "FORMAT", "must not contain control characters");
        }
    }

    fn text(&mut self, path: &str, text: &str) {
        if text.len() > TEXT_BYTES {
            self.bad(path, "TOO_LONG", format!("must have at most {TEXT_BYTES} bytes"));
        } else if text.contains('\0') {
            self.bad(path, "FORMAT", "must not contain the character NUL");
        }
    }
}

/// Checks a price that is proposed.
pub(super) fn check_price(path: &str, price: &Price) -> Vec<Field> {
    let mut check = Check::default();
    check.price(path, price);
    check.0
}
