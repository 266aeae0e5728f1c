//! An order as UBL writes it.

use std::collections::BTreeMap;

use chassis::{Error, Reason};
use proto::orders::{Attachment, OrderContent, OrderType, Party, PartyRole};

use super::{
    extension::Extension,
    line_out, number, party_out, schema,
    shape::Shape,
    tree::{Element, Name, Ns},
    write,
};

/// References of an order by kind, and their elements in the order of the schema.
pub const REFERENCES: [(&str, &str); 6] = [
    ("quotation", "QuotationDocumentReference"),
    ("order", "OrderDocumentReference"),
    ("originator", "OriginatorDocumentReference"),
    ("catalogue", "CatalogueReference"),
    ("contract", "Contract"),
    ("project", "ProjectReference"),
];

/// What stands in where an order of no document does not say who trades, or when it was issued: UBL wants all three.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parties {
    /// The buyer's name.
    pub buyer: Party,
    /// The supplier's name.
    pub seller: Party,
    /// The day of publication, `YYYY-MM-DD`.
    pub issue_date: String,
}

/// Renders an order: as the document that it came from, with whatever the order says by now, or as a plain UBL
/// order where it came from none.
///
/// # Errors
/// `DOCUMENT_UNSUPPORTED` where prices include tax at a rate that the order does not state: UBL wants them without.
pub fn export(
    content: &OrderContent,
    extension: Option<&Extension>,
    otherwise: &Parties,
) -> Result<Vec<u8>, Error> {
    if let Some(line) = content.lines.iter().find(|line| !line_out::can_price(content, line)) {
        let message = format!(
            "UBL states prices without tax; line {} includes tax and states no rate to take it out by",
            line.line_number
        );
        return Err(Error::new(Reason::DOCUMENT_UNSUPPORTED).message(message));
    }
    let plain = Shape::default();
    let empty = BTreeMap::new();
    let nobody = Parties::default();
    let (shape, prefixes) = extension.map_or((&plain, &empty), |found| (&found.shape, &found.prefixes));
    let otherwise = if extension.is_some() { &nobody } else { otherwise };
    let mut root = tree(content, shape, otherwise);
    if let Some(extension) = extension {
        extension.lay_over(&mut root, content);
    }
    schema::arrange(&mut root);
    Ok(write::write(&root, prefixes))
}

/// The tree that an order renders by itself.
pub fn tree<'a>(content: &'a OrderContent, shape: &'a Shape, otherwise: &'a Parties) -> Element<'a> {
    let mut root = Element::new(Name { ns: Ns::Order, local: "Order" });
    // TaxInclusivePriceAmount came with 2.4.
    root.say("UBLVersionID", if content.price_includes_tax() { "2.4" } else { "2.1" });
    root.say("ID", content.order_number.as_str());
    let issued = content.issue_date.as_ref().map(number::date_text);
    root.say("IssueDate", issued.unwrap_or_else(|| otherwise.issue_date.clone()));
    root.say("IssueTime", content.issue_time.as_str());
    root.say("OrderTypeCode", order_type_code(content));
    line_out::texts(&mut root, "Note", &content.notes);
    root.say("DocumentCurrencyCode", content.currency.as_str());
    root.say("CustomerReference", content.customer_reference.as_str());
    root.say("AccountingCost", content.accounting_cost.as_str());
    if let Some(validity) = &content.validity {
        line_out::window(&mut root, "ValidityPeriod", validity);
    }
    references(&mut root, content);
    for (index, attachment) in content.attachments.iter().enumerate() {
        attach(&mut root, attachment, &format!("attachment:{}", index + 1), shape);
    }
    parties(&mut root, content, shape, otherwise);
    delivery(&mut root, content, shape);
    if let Some(terms) = &content.delivery_terms {
        root.nest("DeliveryTerms", |inner| {
            inner.say("ID", terms.incoterm.as_str());
            terms.texts.iter().for_each(|text| inner.say("SpecialTerms", text.as_str()));
            inner.nest("DeliveryLocation", |location| location.say("ID", terms.place.as_str()));
        });
    }
    for terms in &content.payment_terms {
        root.nest("PaymentTerms", |inner| inner.say("Note", terms.text.as_str()));
    }
    for found in &content.allowance_charges {
        line_out::allowance_charge(&mut root, found, &content.currency);
    }
    amounts(&mut root, content);
    for line in &content.lines {
        line_out::line(&mut root, content, line, shape);
    }
    root
}

fn order_type_code(content: &OrderContent) -> &str {
    match (content.order_type_code.as_str(), content.order_type()) {
        ("", OrderType::Framework) => "221",
        ("", OrderType::CallOff) => "226",
        (code, _) => code,
    }
}

fn references<'a>(root: &mut Element<'a>, content: &'a OrderContent) {
    for reference in &content.references {
        let known = REFERENCES.iter().find(|(kind, _)| *kind == reference.kind);
        let Some((_, aggregate)) = known else { continue };
        root.nest(aggregate, |inner| {
            inner.say("ID", reference.id.as_str());
            inner.say("IssueDate", reference.issue_date.as_ref().map(number::date_text).unwrap_or_default());
        });
    }
    let stated = content.references.iter().any(|reference| reference.kind == "contract");
    if !stated && !content.agreement_ref.is_empty() {
        root.nest("Contract", |inner| inner.say("ID", content.agreement_ref.as_str()));
    }
}

fn attach<'a>(root: &mut Element<'a>, found: &'a Attachment, place: &str, shape: &'a Shape) {
    root.nest("AdditionalDocumentReference", |reference| {
        reference.say("ID", found.id.as_str());
        let described = shape.chose(place, "description");
        reference
            .say(if described { "DocumentDescription" } else { "DocumentType" }, found.description.as_str());
        reference.nest("Attachment", |inner| {
            let embedded = shape.chose(place, "embedded");
            if embedded {
                // The file itself is no part of the order; it stands in the extension map.
                let mut object = Element::leaf("EmbeddedDocumentBinaryObject", "");
                object.set("mimeCode", found.media_type.as_str());
                object.set("filename", found.file_name.as_str());
                inner.children.push(object);
            }
            inner.nest("ExternalReference", |external| {
                external.say("URI", found.url.as_str());
                if !embedded {
                    external.say("MimeCode", found.media_type.as_str());
                    external.say("FileName", found.file_name.as_str());
                }
            });
        });
    });
}

fn parties<'a>(root: &mut Element<'a>, content: &'a OrderContent, shape: &'a Shape, otherwise: &'a Parties) {
    for (local, role, place, stand_in) in [
        ("BuyerCustomerParty", PartyRole::Buyer, "buyer", Some(&otherwise.buyer)),
        ("SellerSupplierParty", PartyRole::Seller, "seller", Some(&otherwise.seller)),
        ("OriginatorCustomerParty", PartyRole::Originator, "originator", None),
        ("AccountingCustomerParty", PartyRole::BillTo, "bill_to", None),
    ] {
        let stated = content.parties.iter().find(|party| party.role == i32::from(role));
        if let Some(party) = stated.or(stand_in) {
            party_out::trading_party(root, local, party, place, shape);
        }
    }
}

fn delivery<'a>(root: &mut Element<'a>, content: &'a OrderContent, shape: &'a Shape) {
    let ship_to = content.parties.iter().find(|party| party.role == i32::from(PartyRole::ShipTo));
    root.nest("Delivery", |inner| {
        if let Some(requested) = &content.requested_delivery {
            line_out::requested_delivery(inner, requested, "delivery", shape);
        }
        party_out::ship_to(inner, ship_to, "", "ship_to", shape);
    });
}

fn amounts<'a>(root: &mut Element<'a>, content: &'a OrderContent) {
    let currency = content.currency.as_str();
    for total in &content.tax_totals {
        root.nest("TaxTotal", |inner| line_out::amount(inner, "TaxAmount", total.amount.as_ref(), currency));
    }
    let Some(totals) = &content.totals else { return };
    root.nest("AnticipatedMonetaryTotal", |inner| {
        for (local, amount) in [
            ("LineExtensionAmount", &totals.line_amount),
            ("TaxExclusiveAmount", &totals.tax_exclusive_amount),
            ("TaxInclusiveAmount", &totals.tax_inclusive_amount),
            ("AllowanceTotalAmount", &totals.allowance_amount),
            ("ChargeTotalAmount", &totals.charge_amount),
            ("PrepaidAmount", &totals.prepaid_amount),
            ("PayableRoundingAmount", &totals.rounding_amount),
            ("PayableAmount", &totals.payable_amount),
        ] {
            line_out::amount(inner, local, amount.as_ref(), currency);
        }
    });
}
