//! Order lines of a document.

use proto::{
    Decimal as WireDecimal,
    orders::{
        AllowanceCharge, Attribute, DeliveryWindow, Identifier, Item, Note, OrderLine, PartyRole, Price,
        Reference, ScheduleLine, Tax,
    },
};
use rust_decimal::Decimal;

use super::{
    number, party_in,
    read::{Node, Reader},
    tree::{cac, cbc},
};

/// Reads an `OrderLine`. `requested` is the whole order's window, for lines that state none.
pub fn line<'a>(
    reader: &mut Reader<'a>,
    node: &Node<'_, 'a>,
    requested: Option<&DeliveryWindow>,
) -> OrderLine {
    let Some(item_node) = reader.one(node, cac("LineItem")) else {
        reader.problem(node, "REQUIRED", "an order line needs a LineItem");
        return OrderLine::default();
    };
    let line_number = reader.code(&item_node, "ID");
    if line_number.is_empty() {
        let place = item_node.first(cbc("ID")).unwrap_or(item_node);
        reader.problem(&place, "REQUIRED", "the line needs a number in cbc:ID");
    }
    let place = format!("line:{line_number}");
    let stated = reader.number(&item_node, "Quantity");
    let unit = item_node.element.child(cbc("Quantity")).and_then(|leaf| leaf.attribute("unitCode"));
    let originator = reader.one(&item_node, cac("OriginatorParty"));
    let originator = originator
        .map(|found| party_in::party(reader, &found, PartyRole::Originator, &format!("{place}/originator")));
    let item = reader.one(&item_node, cac("Item"));
    let tax = item
        .as_ref()
        .and_then(|item| item.first(cac("ClassifiedTaxCategory")).and_then(|found| tax(reader, &found)));
    let partial = item_node.element.child(cbc("PartialDeliveryIndicator"));
    let mut line = OrderLine {
        item: Some(item.map(|found| self::item(reader, &found)).unwrap_or_default()),
        unit_code: unit.unwrap_or_default().trim().to_string(),
        price: price(reader, &item_node),
        tax,
        amount: reader.amount(&item_node, "LineExtensionAmount"),
        allowance_charges: allowance_charges(reader, &item_node),
        partial_delivery_allowed: partial.and_then(|leaf| number::boolean(&leaf.text)),
        accounting_cost: reader.text(&item_node, "AccountingCost"),
        notes: line_notes(reader, node, &item_node, &place),
        references: references(reader, node),
        parties: originator.into_iter().collect(),
        line_number,
        ..OrderLine::default()
    };
    schedule(reader, &item_node, &mut line, stated, requested);
    line
}

/// UBL has notes on the line and, since 2.1, on the item of the line.
fn line_notes<'a>(
    reader: &mut Reader<'a>,
    outer: &Node<'_, 'a>,
    inner: &Node<'_, 'a>,
    place: &str,
) -> Vec<Note> {
    let mut all = notes(outer, "Note");
    let mut choices = vec!["line"; all.len()];
    all.extend(notes(inner, "Note"));
    choices.resize(all.len(), "item");
    if choices.contains(&"item") {
        reader.shape.note(format!("{place}.notes"), choices);
    }
    all
}

/// All texts of a name with their languages.
pub fn notes(node: &Node<'_, '_>, local: &str) -> Vec<Note> {
    let note = |found: Node<'_, '_>| Note {
        text: found.element.text.to_string(),
        language: found.element.attribute("languageID").unwrap_or_default().to_string(),
    };
    node.all(cbc(local)).map(note).filter(|note| !note.text.trim().is_empty()).collect()
}

fn item<'a>(reader: &mut Reader<'a>, node: &Node<'_, 'a>) -> Item {
    let identifier = |aggregate: &str, leaf: &str, scheme: &str| -> Vec<Identifier> {
        let inner = node.element.children.iter().filter(|child| child.name == cac(aggregate));
        inner
            .filter_map(|inner| inner.child(cbc(leaf)))
            .map(|leaf| Identifier {
                scheme: leaf.attribute(scheme).unwrap_or_default().trim().to_string(),
                value: leaf.text.trim().to_string(),
            })
            .filter(|id| !id.value.is_empty())
            .collect()
    };
    let attribute = |found: Node<'_, '_>| {
        let text =
            |local| found.element.child(cbc(local)).map(|leaf| leaf.text.to_string()).unwrap_or_default();
        Attribute { name: text("Name"), value: text("Value") }
    };
    let hazardous = node.element.child(cbc("HazardousRiskIndicator"));
    Item {
        name: reader.text(node, "Name"),
        descriptions: notes(node, "Description"),
        buyer_item_id: reader.code_in(node, "BuyersItemIdentification", "ID"),
        seller_item_id: reader.code_in(node, "SellersItemIdentification", "ID"),
        manufacturer_item_id: reader.code_in(node, "ManufacturersItemIdentification", "ID"),
        standard_ids: identifier("StandardItemIdentification", "ID", "schemeID"),
        classifications: identifier("CommodityClassification", "ItemClassificationCode", "listID"),
        attributes: node
            .all(cac("AdditionalItemProperty"))
            .map(attribute)
            .filter(|found| !found.name.trim().is_empty())
            .collect(),
        origin_country_code: reader.code_in(node, "OriginCountry", "IdentificationCode"),
        hazardous: hazardous.and_then(|leaf| number::boolean(&leaf.text)),
        item_group: String::new(),
    }
}

/// A tax category; `None` where neither category nor rate is stated.
pub fn tax<'a>(reader: &mut Reader<'a>, node: &Node<'_, 'a>) -> Option<Tax> {
    let percent = node.element.child(cbc("Percent")).and_then(|leaf| number::decimal(&leaf.text).ok());
    let tax = Tax {
        category: reader.code(node, "ID"),
        rate: percent.and_then(number::fraction).map(chassis::value::wire_decimal),
    };
    (tax != Tax::default()).then_some(tax)
}

/// Prices are tax-exclusive by format. A price in another currency would be misread as the order's, so that it is
/// refused (PEPPOL-T01-R003), unlike other amounts.
fn price<'a>(reader: &mut Reader<'a>, line: &Node<'_, 'a>) -> Option<Price> {
    let node = reader.one(line, cac("Price"))?;
    let leaf = reader.one(&node, cbc("PriceAmount"))?;
    let currency = leaf.element.attribute("currencyID").unwrap_or_default().trim();
    if !currency.is_empty() && currency != reader.currency {
        let message = format!(
            "the price is in {currency}, the order in {}; state both in one currency",
            reader.currency
        );
        reader.problem(&leaf, "CURRENCY_DIFFERS", message);
    }
    let amount = number::decimal(&leaf.element.text).ok().map(chassis::value::wire_decimal);
    let base = reader.one(&node, cbc("BaseQuantity"));
    let base_quantity = reader.number(&node, "BaseQuantity");
    let zero = base
        .as_ref()
        .is_some_and(|base| number::decimal(&base.element.text).is_ok_and(|value| value.is_zero()));
    if let (true, Some(base)) = (zero, &base) {
        reader.problem(base, "RANGE", "a price is for more than 0 units");
    }
    let unit = base.and_then(|base| base.element.attribute("unitCode").map(|unit| unit.trim().to_string()));
    Some(Price {
        amount,
        base_quantity,
        base_unit_code: unit.unwrap_or_default(),
        price_type: reader.text(&node, "PriceType"),
    })
}

/// Allowances and charges of the order or of a line.
pub fn allowance_charges<'a>(reader: &mut Reader<'a>, node: &Node<'_, 'a>) -> Vec<AllowanceCharge> {
    node.all(cac("AllowanceCharge")).map(|found| allowance_charge(reader, &found)).collect()
}

fn allowance_charge<'a>(reader: &mut Reader<'a>, node: &Node<'_, 'a>) -> AllowanceCharge {
    let charge = node.element.child(cbc("ChargeIndicator"));
    if charge.is_none() {
        reader.problem(
            node,
            "REQUIRED",
            "needs a ChargeIndicator: `true` for a charge, `false` for an allowance",
        );
    }
    let reason = node.element.child(cbc("AllowanceChargeReason"));
    let (amount, base_amount) = (reader.amount(node, "Amount"), reader.amount(node, "BaseAmount"));
    let factor = reader.number(node, "MultiplierFactorNumeric");
    AllowanceCharge {
        charge: charge.and_then(|leaf| number::boolean(&leaf.text)).unwrap_or_default(),
        reason: reason.map(|leaf| leaf.text.to_string()).unwrap_or_default(),
        reason_code: reader.code(node, "AllowanceChargeReasonCode"),
        percent: factor.filter(|factor| is_percent(factor, base_amount.as_ref(), amount.as_ref())),
        base_amount,
        amount,
        tax: node.first(cac("TaxCategory")).and_then(|found| tax(reader, &found)),
    }
}

/// Peppol writes the factor as a percentage (PEPPOL-T01-R022), others as a fraction. It is taken for a percentage
/// unless the amounts say otherwise.
fn is_percent(factor: &WireDecimal, base: Option<&WireDecimal>, amount: Option<&WireDecimal>) -> bool {
    let value = |wire: &WireDecimal| number::decimal(&wire.value).ok();
    let (Some(factor), Some(base), Some(amount)) =
        (value(factor), base.and_then(value), amount.and_then(value))
    else {
        return true;
    };
    let cent = Decimal::new(1, 2);
    let Some(product) = base.checked_mul(factor) else { return false };
    (product / Decimal::ONE_HUNDRED - amount).abs() <= cent || (product - amount).abs() > cent
}

fn references<'a>(reader: &mut Reader<'a>, node: &Node<'_, 'a>) -> Vec<Reference> {
    let mut references = Vec::new();
    for (kind, aggregate, document) in [
        ("catalogue", "CatalogueLineReference", "DocumentReference"),
        ("quotation", "QuotationLineReference", "DocumentReference"),
        ("order", "OrderLineReference", "OrderReference"),
    ] {
        for found in node.all(cac(aggregate)) {
            references.push(Reference {
                kind: kind.to_string(),
                id: reader.code_in(&found, document, "ID"),
                line: reader.code(&found, "LineID"),
                issue_date: None,
            });
        }
    }
    for found in node.all(cac("DocumentReference")) {
        references.push(Reference {
            kind: "document".to_string(),
            id: reader.code(&found, "ID"),
            line: String::new(),
            issue_date: reader.date(&found, "IssueDate"),
        });
    }
    references.retain(|reference| !reference.id.is_empty() || !reference.line.is_empty());
    references
}

/// Deliveries become schedule lines. None: one for everything, when the whole order is wanted. Deliveries whose
/// quantities are not stated or do not sum to the line's: one for everything, when and where the first delivery
/// is; what the document says of the others stays beside the order. A line without a quantity orders what its
/// deliveries sum to, else 0.
fn schedule<'a>(
    reader: &mut Reader<'a>,
    node: &Node<'_, 'a>,
    line: &mut OrderLine,
    stated: Option<WireDecimal>,
    requested: Option<&DeliveryWindow>,
) {
    let deliveries: Vec<Node<'_, 'a>> = node.all(cac("Delivery")).collect();
    let quantities: Vec<Option<Decimal>> = deliveries
        .iter()
        .map(|delivery| number::decimal(&delivery.element.child(cbc("Quantity"))?.text).ok())
        .collect();
    let sum = quantities.iter().copied().sum::<Option<Decimal>>().filter(|_| !deliveries.is_empty());
    let total = stated.as_ref().and_then(|wire| number::decimal(&wire.value).ok());
    line.quantity = stated.or_else(|| Some(chassis::value::wire_decimal(sum.unwrap_or_default())));
    let apart = sum.is_some() && (total.is_none() || total == sum);
    if !apart && deliveries.len() > 1 {
        let message =
            "the deliveries do not sum to the line's quantity; the first one stands for the whole line";
        reader.warn(|| deliveries[1].path(), "DELIVERIES_DIFFER", message);
    }
    let many = if apart { deliveries.len() } else { deliveries.len().min(1) };
    for (index, delivery) in deliveries.iter().take(many).enumerate() {
        let place = format!("line:{}/{}", line.line_number, index + 1);
        let quantity = if apart { reader.number(delivery, "Quantity") } else { line.quantity.clone() };
        line.schedule_lines.push(schedule_line(reader, delivery, &place, index, quantity, requested));
    }
    if line.schedule_lines.is_empty() {
        line.schedule_lines.push(ScheduleLine {
            schedule_line_number: "1".to_string(),
            quantity: line.quantity.clone(),
            requested_delivery: requested.cloned(),
            ..ScheduleLine::default()
        });
    }
}

fn schedule_line<'a>(
    reader: &mut Reader<'a>,
    delivery: &Node<'_, 'a>,
    place: &str,
    index: usize,
    quantity: Option<WireDecimal>,
    requested: Option<&DeliveryWindow>,
) -> ScheduleLine {
    let ship_to = party_in::ship_to(reader, delivery, place, true);
    let site = reader.one(delivery, cac("DeliveryLocation"));
    ScheduleLine {
        schedule_line_number: (index + 1).to_string(),
        quantity,
        requested_delivery: requested_delivery(reader, delivery, place).or_else(|| requested.cloned()),
        ship_to_site: site.map(|site| reader.code(&site, "ID")).unwrap_or_default(),
        ship_to,
        delivery_id: reader.code(delivery, "ID"),
        ..ScheduleLine::default()
    }
}

/// When a delivery is wanted: its period, else its latest day.
pub fn requested_delivery<'a>(
    reader: &mut Reader<'a>,
    node: &Node<'_, 'a>,
    place: &str,
) -> Option<DeliveryWindow> {
    let period = reader.one(node, cac("RequestedDeliveryPeriod"));
    if let Some(found) = period.and_then(|period| window(reader, &period)) {
        return Some(found);
    }
    let until = reader.date(node, "LatestDeliveryDate")?;
    reader.shape.note(format!("{place}.window"), vec!["latest"]);
    Some(DeliveryWindow {
        until: Some(until),
        until_time: reader.code(node, "LatestDeliveryTime"),
        ..DeliveryWindow::default()
    })
}

/// A period; `None` where it states no day.
pub fn window<'a>(reader: &mut Reader<'a>, node: &Node<'_, 'a>) -> Option<DeliveryWindow> {
    let window = DeliveryWindow {
        from: reader.date(node, "StartDate"),
        until: reader.date(node, "EndDate"),
        from_time: reader.code(node, "StartTime"),
        until_time: reader.code(node, "EndTime"),
    };
    if let (Some(from), Some(until)) = (&window.from, &window.until)
        && (until.year, until.month, until.day) < (from.year, from.month, from.day)
    {
        let end = node.first(cbc("EndDate")).unwrap_or(*node);
        reader.problem(&end, "RANGE", "the period ends before it starts");
    }
    (window.from.is_some() || window.until.is_some()).then_some(window)
}
