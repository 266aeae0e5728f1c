//! Order lines as UBL writes them.

use proto::{
    Decimal as WireDecimal,
    orders::{
        AllowanceCharge, DeliveryWindow, Identifier, Item, Note, OrderContent, OrderLine, PartyRole,
        ScheduleLine, Tax,
    },
};

use rust_decimal::{Decimal, RoundingStrategy};

use super::{number, party_out, shape::Shape, tree::Element};

/// Adds an amount in the order's currency.
pub fn amount<'a>(
    element: &mut Element<'a>,
    local: &'a str,
    amount: Option<&'a WireDecimal>,
    currency: &'a str,
) {
    if let Some(amount) = amount {
        element.say_with(local, amount.value.as_str(), "currencyID", currency);
    }
}

/// Adds an `OrderLine`.
pub fn line<'a>(root: &mut Element<'a>, content: &'a OrderContent, line: &'a OrderLine, shape: &'a Shape) {
    let place = format!("line:{}", line.line_number);
    let note_place = format!("{place}.notes");
    let notes = |wanted: &'static str| {
        let all = line.notes.iter().enumerate();
        all.filter(|(index, _)| shape.choice(&note_place, *index, "line") == wanted)
            .map(|(_, note)| note)
            .collect::<Vec<_>>()
    };
    root.nest("OrderLine", |outer| {
        texts(outer, "Note", notes("line"));
        outer.nest("LineItem", |inner| {
            inner.say("ID", line.line_number.as_str());
            texts(inner, "Note", notes("item"));
            quantity(inner, "Quantity", line.quantity.as_ref(), &line.unit_code);
            priced(
                inner,
                "LineExtensionAmount",
                "TaxInclusiveLineExtensionAmount",
                line.amount.as_ref(),
                content,
                line,
            );
            if let Some(allowed) = line.partial_delivery_allowed {
                inner.say("PartialDeliveryIndicator", if allowed { "true" } else { "false" });
            }
            inner.say("AccountingCost", line.accounting_cost.as_str());
            schedule(inner, content, line, &place, shape);
            let originator = line.parties.iter().find(|party| party.role == PartyRole::Originator as i32);
            if let Some(found) = originator {
                let element =
                    party_out::party("OriginatorParty", found, &format!("{place}/originator"), shape, true);
                inner.children.extend((!element.is_empty()).then_some(element));
            }
            for found in &line.allowance_charges {
                allowance_charge(inner, found, &content.currency);
            }
            price(inner, content, line);
            inner.children.push(item(line.item.as_ref(), line.tax.as_ref()));
        });
        references(outer, line);
    });
}

/// Adds texts with their languages.
pub fn texts<'a>(element: &mut Element<'a>, local: &'a str, notes: impl IntoIterator<Item = &'a Note>) {
    for note in notes {
        element.say_with(local, note.text.as_str(), "languageID", note.language.as_str());
    }
}

fn quantity<'a>(element: &mut Element<'a>, local: &'a str, quantity: Option<&'a WireDecimal>, unit: &'a str) {
    if let Some(quantity) = quantity {
        element.say_with(local, quantity.value.as_str(), "unitCode", unit);
    }
}

fn price<'a>(element: &mut Element<'a>, content: &'a OrderContent, line: &'a OrderLine) {
    let Some(price) = &line.price else { return };
    element.nest("Price", |inner| {
        priced(inner, "PriceAmount", "TaxInclusivePriceAmount", price.amount.as_ref(), content, line);
        quantity(inner, "BaseQuantity", price.base_quantity.as_ref(), &price.base_unit_code);
        inner.say("PriceType", price.price_type.as_str());
    });
}

/// Adds what a line states with or without tax. UBL wants the amount without tax, and has a second place for the
/// one with tax, which keeps it as stated.
fn priced<'a>(
    element: &mut Element<'a>,
    net: &'a str,
    gross: &'a str,
    stated: Option<&'a WireDecimal>,
    content: &'a OrderContent,
    line: &OrderLine,
) {
    if !content.price_includes_tax() {
        return amount(element, net, stated, &content.currency);
    }
    let places = if net == "PriceAmount" { 6 } else { 2 };
    if let Some(without) = stated.and_then(|stated| without_tax(stated, line, places)) {
        element.say_with(net, without.to_string(), "currencyID", content.currency.as_str());
    }
    amount(element, gross, stated, &content.currency);
}

/// An amount without the line's tax, rounded half up.
fn without_tax(stated: &WireDecimal, line: &OrderLine, places: u32) -> Option<Decimal> {
    let rate = number::decimal(&line.tax.as_ref()?.rate.as_ref()?.value).ok()?;
    let net = number::decimal(&stated.value).ok()?.checked_div(Decimal::ONE.checked_add(rate)?)?;
    Some(net.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero).normalize())
}

/// Whether what a line states can be said without tax.
pub fn can_price(content: &OrderContent, line: &OrderLine) -> bool {
    let stated = [line.price.as_ref().and_then(|price| price.amount.as_ref()), line.amount.as_ref()];
    !content.price_includes_tax()
        || stated.into_iter().flatten().all(|stated| without_tax(stated, line, 6).is_some())
}

/// Always there, even where nothing is said of the item: UBL wants it.
fn item<'a>(item: Option<&'a Item>, tax: Option<&'a Tax>) -> Element<'a> {
    let mut element = Element::new(super::tree::cac("Item"));
    if let Some(item) = item {
        texts(&mut element, "Description", &item.descriptions);
        element.say("Name", item.name.as_str());
        if let Some(hazardous) = item.hazardous {
            element.say("HazardousRiskIndicator", if hazardous { "true" } else { "false" });
        }
        for (aggregate, id) in [
            ("BuyersItemIdentification", &item.buyer_item_id),
            ("SellersItemIdentification", &item.seller_item_id),
            ("ManufacturersItemIdentification", &item.manufacturer_item_id),
        ] {
            element.nest(aggregate, |inner| inner.say("ID", id.as_str()));
        }
        identifiers(&mut element, "StandardItemIdentification", "ID", "schemeID", &item.standard_ids);
        element.nest("OriginCountry", |inner| {
            inner.say("IdentificationCode", item.origin_country_code.as_str())
        });
        identifiers(
            &mut element,
            "CommodityClassification",
            "ItemClassificationCode",
            "listID",
            &item.classifications,
        );
        for attribute in &item.attributes {
            element.nest("AdditionalItemProperty", |inner| {
                inner.say("Name", attribute.name.as_str());
                inner.say("Value", attribute.value.as_str());
            });
        }
    }
    if let Some(found) = tax {
        element.nest("ClassifiedTaxCategory", |inner| self::tax(inner, found));
    }
    element
}

fn identifiers<'a>(
    element: &mut Element<'a>,
    aggregate: &'a str,
    leaf: &'a str,
    scheme: &'a str,
    ids: &'a [Identifier],
) {
    for id in ids {
        element.nest(aggregate, |inner| inner.say_with(leaf, id.value.as_str(), scheme, id.scheme.as_str()));
    }
}

/// Fills a tax category. UBL wants to know which tax it is of; the canonical order knows value added tax alone.
pub fn tax<'a>(element: &mut Element<'a>, tax: &'a Tax) {
    element.say("ID", tax.category.as_str());
    if let Some(percent) = tax.rate.as_ref().and_then(number::percent) {
        element.say("Percent", percent.to_string());
    }
    element.nest("TaxScheme", |scheme| scheme.say("ID", "VAT"));
}

/// Adds an allowance or charge.
pub fn allowance_charge<'a>(element: &mut Element<'a>, found: &'a AllowanceCharge, currency: &'a str) {
    element.nest("AllowanceCharge", |inner| {
        inner.say("ChargeIndicator", if found.charge { "true" } else { "false" });
        inner.say("AllowanceChargeReasonCode", found.reason_code.as_str());
        inner.say("AllowanceChargeReason", found.reason.as_str());
        if let Some(percent) = &found.percent {
            inner.say("MultiplierFactorNumeric", percent.value.as_str());
        }
        amount(inner, "Amount", found.amount.as_ref(), currency);
        amount(inner, "BaseAmount", found.base_amount.as_ref(), currency);
        if let Some(found) = &found.tax {
            inner.nest("TaxCategory", |category| tax(category, found));
        }
    });
}

fn references<'a>(element: &mut Element<'a>, line: &'a OrderLine) {
    for reference in &line.references {
        let (aggregate, document) = match reference.kind.as_str() {
            "catalogue" => ("CatalogueLineReference", "DocumentReference"),
            "quotation" => ("QuotationLineReference", "DocumentReference"),
            "order" => ("OrderLineReference", "OrderReference"),
            _ => ("DocumentReference", ""),
        };
        element.nest(aggregate, |inner| {
            if document.is_empty() {
                inner.say("ID", reference.id.as_str());
                inner.say(
                    "IssueDate",
                    reference.issue_date.as_ref().map(number::date_text).unwrap_or_default(),
                );
            } else {
                inner.say("LineID", reference.line.as_str());
                inner.nest(document, |inner| inner.say("ID", reference.id.as_str()));
            }
        });
    }
}

/// Deliveries, unless there is only one that says no more than the line and the whole order do.
fn schedule<'a>(
    element: &mut Element<'a>,
    content: &'a OrderContent,
    line: &'a OrderLine,
    place: &str,
    shape: &'a Shape,
) {
    let alone = line.schedule_lines.len() == 1;
    for (index, found) in line.schedule_lines.iter().enumerate() {
        element.nest("Delivery", |delivery| {
            delivery.say("ID", found.delivery_id.as_str());
            if !alone || found.quantity != line.quantity {
                quantity(delivery, "Quantity", found.quantity.as_ref(), &line.unit_code);
            }
            let place = format!("{place}/{}", index + 1);
            if window_of_its_own(content, found, alone)
                && let Some(requested) = &found.requested_delivery
            {
                requested_delivery(delivery, requested, &place, shape);
            }
            party_out::ship_to(delivery, found.ship_to.as_ref(), &found.ship_to_site, &place, shape);
        });
    }
}

fn window_of_its_own(content: &OrderContent, found: &ScheduleLine, alone: bool) -> bool {
    !alone || found.requested_delivery != content.requested_delivery
}

/// Adds when a delivery is wanted.
pub fn requested_delivery<'a>(
    element: &mut Element<'a>,
    found: &'a DeliveryWindow,
    place: &str,
    shape: &'a Shape,
) {
    if shape.chose(&format!("{place}.window"), "latest") && found.from.is_none() {
        element.say("LatestDeliveryDate", found.until.as_ref().map(number::date_text).unwrap_or_default());
        element.say("LatestDeliveryTime", found.until_time.as_str());
        return;
    }
    window(element, "RequestedDeliveryPeriod", found);
}

/// Adds a period.
pub fn window<'a>(element: &mut Element<'a>, local: &'a str, found: &'a DeliveryWindow) {
    element.nest(local, |period| {
        period.say("StartDate", found.from.as_ref().map(number::date_text).unwrap_or_default());
        period.say("StartTime", found.from_time.as_str());
        period.say("EndDate", found.until.as_ref().map(number::date_text).unwrap_or_default());
        period.say("EndTime", found.until_time.as_str());
    });
}
