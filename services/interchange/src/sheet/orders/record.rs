//! One row, each cell taken for what its column holds.

use std::collections::HashMap;

use chassis::{Error, Field as BadField, Result};
use proto::interchange::ColumnMapping;
use rust_decimal::Decimal;
use time::Date;

use crate::sheet::{
    Language,
    fault::Fault,
    fields::{self, Field},
    grid::Cell,
    value,
};

/// A row's values; `None` where nothing stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// From 1.
    pub row: u32,
    pub order_number: Option<String>,
    pub source_system: Option<String>,
    pub issue_date: Option<Date>,
    pub vendor_number: Option<String>,
    pub uscc: Option<String>,
    pub supplier_name: Option<String>,
    pub currency: Option<String>,
    pub price_includes_tax: Option<bool>,
    pub purchasing_group: Option<String>,
    pub agreement_ref: Option<String>,
    pub payment_terms: Option<String>,
    pub order_note: Option<String>,
    pub line_number: Option<String>,
    pub schedule_line_number: Option<String>,
    pub buyer_item_id: Option<String>,
    pub seller_item_id: Option<String>,
    pub item_name: Option<String>,
    pub specification: Option<String>,
    pub resource_revision: Option<String>,
    pub reservation_id: Option<String>,
    pub quantity: Option<Decimal>,
    pub unit: Option<String>,
    pub unit_price: Option<Decimal>,
    pub unit_price_with_tax: Option<Decimal>,
    pub unit_price_without_tax: Option<Decimal>,
    pub base_quantity: Option<Decimal>,
    pub tax_rate: Option<Decimal>,
    pub requested_date: Option<Date>,
    pub ship_to_site: Option<String>,
    pub line_note: Option<String>,
}

impl Record {
    pub(super) fn new(row: u32) -> Self {
        Record { row, ..Record::default() }
    }

    /// Takes a cell for a field.
    pub(super) fn take(&mut self, field: Field, cell: &Cell) -> Result<(), Fault> {
        match field {
            Field::OrderNumber => self.order_number = number(cell)?,
            Field::SourceSystem => self.source_system = number(cell)?,
            Field::IssueDate => self.issue_date = value::day(cell)?,
            Field::VendorNumber => self.vendor_number = number(cell)?,
            Field::Uscc => self.uscc = number(cell)?,
            Field::SupplierName => self.supplier_name = value::text(cell)?,
            Field::Currency => self.currency = currency(cell)?,
            Field::PriceIncludesTax => self.price_includes_tax = value::flag(cell)?,
            Field::PurchasingGroup => self.purchasing_group = number(cell)?,
            Field::AgreementRef => self.agreement_ref = number(cell)?,
            Field::PaymentTerms => self.payment_terms = value::text(cell)?,
            Field::OrderNote => self.order_note = value::text(cell)?,
            Field::LineNumber => self.line_number = number(cell)?,
            Field::ScheduleLineNumber => self.schedule_line_number = number(cell)?,
            Field::BuyerItemId => self.buyer_item_id = number(cell)?,
            Field::SellerItemId => self.seller_item_id = number(cell)?,
            Field::ItemName => self.item_name = value::text(cell)?,
            Field::Specification => self.specification = value::text(cell)?,
            Field::ResourceRevision => self.resource_revision = number(cell)?,
            Field::ReservationId => self.reservation_id = number(cell)?,
            Field::Quantity => self.quantity = value::amount(cell)?,
            Field::Unit => self.unit = number(cell)?,
            Field::UnitPrice => self.unit_price = value::amount(cell)?,
            Field::UnitPriceWithTax => self.unit_price_with_tax = value::amount(cell)?,
            Field::UnitPriceWithoutTax => self.unit_price_without_tax = value::amount(cell)?,
            Field::BaseQuantity => self.base_quantity = base(cell)?,
            Field::TaxRate => self.tax_rate = value::rate(cell)?,
            Field::RequestedDate => self.requested_date = value::day(cell)?,
            Field::ShipToSite => self.ship_to_site = number(cell)?,
            Field::LineNote => self.line_note = value::text(cell)?,
        }
        Ok(())
    }
}

/// A business number: as long as orders take them.
fn number(cell: &Cell) -> value::Value<String> {
    let value = value::id(cell)?;
    if value.as_ref().is_some_and(|text| text.len() > 200) {
        return Err(Fault::new("TOO_LONG", "超过 200 字节", "must have at most 200 bytes"));
    }
    Ok(value)
}

fn base(cell: &Cell) -> value::Value<Decimal> {
    match value::amount(cell)? {
        Some(zero) if zero.is_zero() => Err(Fault::new("RANGE", "必须大于 0", "must be above 0")),
        value => Ok(value),
    }
}

/// ISO 4217, and what people write for it.
fn currency(cell: &Cell) -> value::Value<String> {
    let Some(written) = value::id(cell)? else { return Ok(None) };
    let code = match written.as_str() {
        "人民币" | "人民币元" | "RMB" | "rmb" | "¥" | "\u{ffe5}" | "元" => "CNY".to_string(),
        "美元" => "USD".to_string(),
        "欧元" => "EUR".to_string(),
        "港币" | "港元" => "HKD".to_string(),
        "日元" | "日圆" => "JPY".to_string(),
        "英镑" => "GBP".to_string(),
        code => code.to_ascii_uppercase(),
    };
    if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) || code == "XXX" {
        let (zh, en) = ("币种应为 CNY、USD 等代码", "must be an iso 4217 code such as CNY");
        return Err(Fault::new("CURRENCY", zh, en));
    }
    Ok(Some(code))
}

/// The mapping's defaults as cells, each tried once so that what is wrong with it is said once.
pub(super) fn defaults(mapping: &ColumnMapping) -> Result<HashMap<Field, Cell>> {
    let (mut defaults, mut wrong) = (HashMap::new(), Vec::new());
    for (name, text) in &mapping.defaults {
        let Some(field) = fields::named(name) else { continue };
        let cell = Cell::text(text.as_str());
        if let Err(fault) = Record::new(0).take(field, &cell) {
            let path = format!("mapping.defaults[{name}]");
            wrong.push(BadField::new(path, fault.reason, fault.text(Language::En)));
        }
        defaults.insert(field, cell);
    }
    if wrong.is_empty() { Ok(defaults) } else { Err(Error::invalid(wrong)) }
}
