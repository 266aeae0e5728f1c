//! From fields of an order to the places in a UBL document that they came from.

/// Fields of the order and of a line, without positions, and the elements that they are read from.
const HEADER: [(&str, &str); 16] = [
    ("order_number", "cbc:ID"),
    ("currency", "cbc:DocumentCurrencyCode"),
    ("issue_date", "cbc:IssueDate"),
    ("order_type", "cbc:OrderTypeCode"),
    ("notes", "cbc:Note"),
    ("requested_delivery", "cac:Delivery/cac:RequestedDeliveryPeriod"),
    ("validity", "cac:ValidityPeriod"),
    ("totals.line_amount", "cac:AnticipatedMonetaryTotal/cbc:LineExtensionAmount"),
    ("totals.payable_amount", "cac:AnticipatedMonetaryTotal/cbc:PayableAmount"),
    ("totals", "cac:AnticipatedMonetaryTotal"),
    ("tax_totals", "cac:TaxTotal"),
    ("allowance_charges", "cac:AllowanceCharge"),
    ("agreement_ref", "cac:Contract/cbc:ID"),
    ("parties", "cac:BuyerCustomerParty"),
    ("lines", "cac:OrderLine"),
    ("attachments", "cac:AdditionalDocumentReference"),
];
const LINE: [(&str, &str); 12] = [
    ("line_number", "cac:LineItem/cbc:ID"),
    ("quantity", "cac:LineItem/cbc:Quantity"),
    ("unit_code", "cac:LineItem/cbc:Quantity/@unitCode"),
    ("amount", "cac:LineItem/cbc:LineExtensionAmount"),
    ("item.name", "cac:LineItem/cac:Item/cbc:Name"),
    ("item.buyer_item_id", "cac:LineItem/cac:Item/cac:BuyersItemIdentification/cbc:ID"),
    ("item.seller_item_id", "cac:LineItem/cac:Item/cac:SellersItemIdentification/cbc:ID"),
    ("price.base_quantity", "cac:LineItem/cac:Price/cbc:BaseQuantity"),
    ("price", "cac:LineItem/cac:Price/cbc:PriceAmount"),
    ("tax", "cac:LineItem/cac:Item/cac:ClassifiedTaxCategory"),
    ("notes", "cbc:Note"),
    ("allowance_charges", "cac:LineItem/cac:AllowanceCharge"),
];

/// The place in the document: `content.lines[2].quantity` is `/Order/cac:OrderLine[3]/cac:LineItem/cbc:Quantity`.
/// A field that no element stands for keeps its name.
pub(crate) fn in_document(field: &str) -> String {
    if field.starts_with("stated_buyer") {
        return "/Order/cac:BuyerCustomerParty".to_string();
    }
    if field == "supplier" || field.starts_with("supplier.") {
        return "/Order/cac:SellerSupplierParty".to_string();
    }
    let Some(field) = field.strip_prefix("content.") else { return field.to_string() };
    if let Some((position, rest)) = position(field, "lines") {
        let line = format!("/Order/cac:OrderLine[{}]", position + 1);
        let rest = rest.strip_prefix('.').unwrap_or_default();
        if let Some((delivery, _)) = self::position(rest, "schedule_lines") {
            return format!("{line}/cac:LineItem/cac:Delivery[{}]", delivery + 1);
        }
        return element(rest, &LINE).map_or_else(|| line.clone(), |element| format!("{line}/{element}"));
    }
    element(field, &HEADER).map_or_else(|| format!("content.{field}"), |element| format!("/Order/{element}"))
}

/// The first element whose field this is or lies in, with its position in a list.
fn element(field: &str, known: &[(&str, &str)]) -> Option<String> {
    known.iter().find_map(|(name, element)| {
        let rest = field.strip_prefix(name)?;
        match rest.chars().next() {
            None | Some('.') => Some(element.to_string()),
            Some('[') => position(field, name).map(|(position, _)| format!("{element}[{}]", position + 1)),
            Some(_) => None,
        }
    })
}

/// `name[2]…` as 2 and what follows.
fn position<'f>(field: &'f str, name: &str) -> Option<(usize, &'f str)> {
    let (digits, rest) = field.strip_prefix(name)?.strip_prefix('[')?.split_once(']')?;
    Some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_an_order_are_found_in_the_document() {
        for (field, place) in [
            ("content.lines[2].quantity", "/Order/cac:OrderLine[3]/cac:LineItem/cbc:Quantity"),
            (
                "content.lines[0].price.amount",
                "/Order/cac:OrderLine[1]/cac:LineItem/cac:Price/cbc:PriceAmount",
            ),
            (
                "content.lines[0].price.base_quantity",
                "/Order/cac:OrderLine[1]/cac:LineItem/cac:Price/cbc:BaseQuantity",
            ),
            (
                "content.lines[1].schedule_lines[4].quantity",
                "/Order/cac:OrderLine[2]/cac:LineItem/cac:Delivery[5]",
            ),
            ("content.lines[1].notes[0].text", "/Order/cac:OrderLine[2]/cbc:Note[1]"),
            ("content.lines[1].resource_revision", "/Order/cac:OrderLine[2]"),
            ("content.lines", "/Order/cac:OrderLine"),
            ("content.currency", "/Order/cbc:DocumentCurrencyCode"),
            ("content.notes[1].text", "/Order/cbc:Note[2]"),
            ("content.order_number", "/Order/cbc:ID"),
            ("content.source_system", "content.source_system"),
            ("supplier.vendor_number", "/Order/cac:SellerSupplierParty"),
            ("stated_buyer", "/Order/cac:BuyerCustomerParty"),
            ("request_id", "request_id"),
        ] {
            assert_eq!(in_document(field), place);
        }
    }
}
