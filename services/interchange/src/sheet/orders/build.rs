//! The rows of one order as its document.

use std::collections::HashMap;

use chassis::value::{wire_date, wire_decimal};
use proto::{
    interchange::{SheetLine, SheetOrder},
    orders::{
        DeliveryWindow, Item, Note, OrderContent, OrderLine, OrderType, PaymentTerms, Price, ScheduleLine,
        SupplierAddress, Tax,
    },
};
use rust_decimal::Decimal;

use super::{Errors, Reading, record::Record};
use crate::sheet::{fault::Fault, fields::Field, unit};

/// Builds the order of rows that have one number. Whatever is wrong goes to `errors`; nothing is answered where the order
/// cannot be put together at all.
pub(super) fn order(reading: &Reading<'_>, rows: &[Record], errors: &mut Errors) -> Option<SheetOrder> {
    rows.first()?;
    let mut agreed = Agreed { reading, errors };
    let head = agreed.head(rows);
    let includes_tax = agreed.includes_tax(rows, &head);
    let supplier = agreed.supplier(rows, &head);
    let (lines, places) = agreed.lines(rows, includes_tax);
    let content = OrderContent {
        source_system: head.source_system.unwrap_or_else(|| reading.options.source_system.clone()),
        order_number: head.order_number.unwrap_or_default(),
        order_type: OrderType::Standalone.into(),
        issue_date: head.issue_date.map(wire_date),
        currency: head.currency.unwrap_or_default(),
        price_includes_tax: includes_tax,
        purchasing_group: head.purchasing_group.unwrap_or_default(),
        agreement_ref: head.agreement_ref.unwrap_or_default(),
        notes: notes(head.order_note),
        payment_terms: head.payment_terms.map(|text| PaymentTerms { text }).into_iter().collect(),
        lines,
        ..OrderContent::default()
    };
    Some(SheetOrder { content: Some(content), supplier: Some(supplier), lines: places })
}

/// What rows say together, and what is wrong where they do not agree.
struct Agreed<'r, 'e, 'a> {
    reading: &'r Reading<'a>,
    errors: &'e mut Errors,
}

/// The one value of several rows: the first that is given, and an error on every row that says something else.
macro_rules! one {
    ($self:ident, $rows:expr, $name:ident, $field:ident) => {{
        let mut first: Option<&Record> = None;
        for row in $rows.iter() {
            match first {
                None if row.$name.is_some() => first = Some(row),
                Some(before) if row.$name.is_some() && row.$name != before.$name => {
                    $self.conflict(row.row, before.row, Field::$field);
                }
                _ => {}
            }
        }
        first.and_then(|row| row.$name.clone())
    }};
}

impl Agreed<'_, '_, '_> {
    fn wrong(&mut self, row: u32, field: Field, fault: &Fault) {
        self.errors.at(row, self.reading.columns, field, fault);
    }

    /// Something that a cell of these rows should have given, unless what stands there was named as wrong already.
    fn missing(&mut self, rows: &[Record], fields: &[Field], fault: &Fault) {
        let named = |row: &Record| fields.iter().any(|field| self.errors.has(row.row, *field));
        if !rows.iter().any(named) {
            self.wrong(rows[0].row, fields[0], fault);
        }
    }

    fn conflict(&mut self, row: u32, before: u32, field: Field) {
        let fault = Fault::new(
            "CONFLICT",
            format!("与第 {before} 行不一致"),
            format!("differs from row {before}, which belongs to the same order or line"),
        );
        self.wrong(row, field, &fault);
    }

    /// What is the same on all rows of an order.
    fn head(&mut self, rows: &[Record]) -> Record {
        Record {
            row: rows[0].row,
            order_number: one!(self, rows, order_number, OrderNumber),
            source_system: one!(self, rows, source_system, SourceSystem),
            issue_date: one!(self, rows, issue_date, IssueDate),
            vendor_number: one!(self, rows, vendor_number, VendorNumber),
            uscc: one!(self, rows, uscc, Uscc),
            supplier_name: one!(self, rows, supplier_name, SupplierName),
            currency: one!(self, rows, currency, Currency),
            price_includes_tax: one!(self, rows, price_includes_tax, PriceIncludesTax),
            purchasing_group: one!(self, rows, purchasing_group, PurchasingGroup),
            agreement_ref: one!(self, rows, agreement_ref, AgreementRef),
            payment_terms: one!(self, rows, payment_terms, PaymentTerms),
            order_note: one!(self, rows, order_note, OrderNote),
            ..Record::default()
        }
    }

    /// Whether prices include tax: as a column or default says, else as the price's own heading does.
    fn includes_tax(&mut self, rows: &[Record], head: &Record) -> Option<bool> {
        let columns = self.reading.columns;
        let neutral = columns.of(Field::UnitPrice).is_some();
        let with = columns.of(Field::UnitPriceWithTax).is_some();
        let without = columns.of(Field::UnitPriceWithoutTax).is_some();
        let implied = (!neutral && with != without).then_some(with);
        let stated = head.price_includes_tax.or(implied);
        if stated.is_none() {
            let fault = Fault::new(
                "REQUIRED",
                "必须说明单价是否含税(填 是 或 否)",
                "must be said: do unit prices include tax, yes or no",
            );
            self.missing(rows, &[Field::PriceIncludesTax], &fault);
        }
        stated
    }

    fn supplier(&mut self, rows: &[Record], head: &Record) -> SupplierAddress {
        let options = self.reading.options;
        let mut address = options.supplier.clone().unwrap_or_else(|| SupplierAddress {
            vendor_number: head.vendor_number.clone().unwrap_or_default(),
            uscc: head.uscc.clone().unwrap_or_default(),
            ..SupplierAddress::default()
        });
        if options.invite_unknown && address.invite_as.is_empty() {
            address.invite_as = head.supplier_name.clone().unwrap_or_default();
        }
        if address == SupplierAddress::default() {
            let fault = Fault::new(
                "REQUIRED",
                "请填供应商编码或统一社会信用代码",
                "name the supplier by its number or unified social credit code",
            );
            self.missing(rows, &[Field::VendorNumber, Field::Uscc], &fault);
        }
        address
    }

    /// Lines in the order of their first row, and the rows of each.
    fn lines(&mut self, rows: &[Record], includes_tax: Option<bool>) -> (Vec<OrderLine>, Vec<SheetLine>) {
        let counted = self.reading.columns.of(Field::LineNumber).is_none();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut groups: Vec<(String, Vec<Record>)> = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let number = match &row.line_number {
                Some(number) => number.clone(),
                None if counted => (index + 1).to_string(),
                None => {
                    self.missing(std::slice::from_ref(row), &[Field::LineNumber], &Fault::required());
                    continue;
                }
            };
            let place = *places.entry(number.clone()).or_insert_with(|| {
                groups.push((number, Vec::new()));
                groups.len() - 1
            });
            groups[place].1.push(row.clone());
        }
        let mut lines = Vec::new();
        let mut sources = Vec::new();
        for (number, rows) in groups {
            sources.push(SheetLine { rows: rows.iter().map(|row| row.row as i32).collect() });
            lines.push(self.line(number, &rows, includes_tax));
        }
        (lines, sources)
    }

    fn line(&mut self, line_number: String, rows: &[Record], includes_tax: Option<bool>) -> OrderLine {
        let name = one!(self, rows, item_name, ItemName);
        let buyer_item_id = one!(self, rows, buyer_item_id, BuyerItemId);
        if name.is_none() && buyer_item_id.is_none() {
            let fault = Fault::new("REQUIRED", "请填物料编码或物料名称", "name the item by number or name");
            self.missing(rows, &[Field::BuyerItemId, Field::ItemName], &fault);
        }
        let item = Item {
            name: name.unwrap_or_default(),
            buyer_item_id: buyer_item_id.unwrap_or_default(),
            seller_item_id: one!(self, rows, seller_item_id, SellerItemId).unwrap_or_default(),
            descriptions: notes(one!(self, rows, specification, Specification)),
            ..Item::default()
        };
        let written = one!(self, rows, unit, Unit).unwrap_or_default();
        let rate = one!(self, rows, tax_rate, TaxRate);
        OrderLine {
            line_number,
            item: Some(item),
            unit_code: unit::code(&written).to_string(),
            unit_text: written,
            price: self.price(rows, includes_tax),
            tax: rate.map(|rate| Tax { rate: Some(wire_decimal(rate)), ..Tax::default() }),
            notes: notes(one!(self, rows, line_note, LineNote)),
            resource_revision: one!(self, rows, resource_revision, ResourceRevision).unwrap_or_default(),
            reservation_id: one!(self, rows, reservation_id, ReservationId).unwrap_or_default(),
            schedule_lines: self.schedule(rows),
            ..OrderLine::default()
        }
    }

    /// The price under the heading that fits what was said of tax.
    fn price(&mut self, rows: &[Record], includes_tax: Option<bool>) -> Option<Price> {
        let neutral = one!(self, rows, unit_price, UnitPrice);
        let with = one!(self, rows, unit_price_with_tax, UnitPriceWithTax);
        let without = one!(self, rows, unit_price_without_tax, UnitPriceWithoutTax);
        let base = one!(self, rows, base_quantity, BaseQuantity);
        let (fitting, other, field) = match includes_tax? {
            true => (with, without, Field::UnitPriceWithoutTax),
            false => (without, with, Field::UnitPriceWithTax),
        };
        let amount = fitting.or(neutral);
        if amount.is_none() && other.is_some() {
            let fault = Fault::new(
                "TAX",
                "与“含税”的说明不一致:只有另一种单价",
                "contradicts what is said of tax: only the other price is given",
            );
            self.wrong(rows[0].row, field, &fault);
        }
        Some(Price {
            amount: Some(wire_decimal(amount?)),
            base_quantity: base.filter(|base| *base != Decimal::ONE).map(wire_decimal),
            ..Price::default()
        })
    }

    fn schedule(&mut self, rows: &[Record]) -> Vec<ScheduleLine> {
        let mut schedule = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let number = row.schedule_line_number.clone().unwrap_or_else(|| (index + 1).to_string());
            if schedule.iter().any(|other: &ScheduleLine| other.schedule_line_number == number) {
                let fault = Fault::new(
                    "REPEATED",
                    "同一行号下计划行号重复",
                    "stands on another row of the same line too",
                );
                self.wrong(row.row, Field::ScheduleLineNumber, &fault);
            }
            if row.quantity.is_none() {
                self.missing(std::slice::from_ref(row), &[Field::Quantity], &Fault::required());
            }
            let day = row.requested_date.map(wire_date);
            schedule.push(ScheduleLine {
                schedule_line_number: number,
                quantity: row.quantity.map(wire_decimal),
                requested_delivery: day.map(|day| DeliveryWindow {
                    from: Some(day),
                    until: Some(day),
                    ..DeliveryWindow::default()
                }),
                ship_to_site: row.ship_to_site.clone().unwrap_or_default(),
                ..ScheduleLine::default()
            });
        }
        schedule
    }
}

fn notes(text: Option<String>) -> Vec<Note> {
    text.map(|text| Note { text, language: String::new() }).into_iter().collect()
}
