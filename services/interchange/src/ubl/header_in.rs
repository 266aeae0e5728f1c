//! What a document says of the order as a whole, apart from who trades.

use proto::orders::{Attachment, DeliveryTerms, PaymentTerms, Reference, TaxTotal, Totals};

use super::{
    line_in, order_out,
    read::{Node, Reader},
    tree::{cac, cbc},
};

/// Other documents that the whole order points at.
pub fn references<'a>(reader: &mut Reader<'a>, root: &Node<'_, 'a>) -> Vec<Reference> {
    let mut references = Vec::new();
    for (kind, aggregate) in order_out::REFERENCES {
        for found in root.all(cac(aggregate)) {
            let id = reader.code(&found, "ID");
            if !id.is_empty() {
                let issue_date = reader.date(&found, "IssueDate");
                references.push(Reference { kind: kind.to_string(), id, line: String::new(), issue_date });
            }
        }
    }
    references
}

/// The terms of delivery.
pub fn delivery_terms<'a>(reader: &mut Reader<'a>, root: &Node<'_, 'a>) -> Option<DeliveryTerms> {
    let node = root.first(cac("DeliveryTerms"))?;
    let terms = DeliveryTerms {
        incoterm: reader.code(&node, "ID"),
        place: reader.code_in(&node, "DeliveryLocation", "ID"),
        texts: line_in::notes(&node, "SpecialTerms").into_iter().map(|note| note.text).collect(),
    };
    (terms != DeliveryTerms::default()).then_some(terms)
}

/// Terms of payment that say something in words.
pub fn payment_terms(root: &Node<'_, '_>) -> Vec<PaymentTerms> {
    let text = |found: Node<'_, '_>| found.element.child(cbc("Note")).map(|note| note.text.to_string());
    let all = root.all(cac("PaymentTerms")).filter_map(text);
    all.filter(|text| !text.trim().is_empty()).map(|text| PaymentTerms { text }).collect()
}

/// Taxes of the whole order in its currency.
pub fn tax_totals<'a>(reader: &mut Reader<'a>, root: &Node<'_, 'a>) -> Vec<TaxTotal> {
    let amounts = root.all(cac("TaxTotal")).filter_map(|found| reader.amount(&found, "TaxAmount"));
    amounts.map(|amount| TaxTotal { amount: Some(amount) }).collect()
}

/// The totals as stated.
pub fn stated_totals<'a>(reader: &mut Reader<'a>, root: &Node<'_, 'a>) -> Option<Totals> {
    let node = reader.one(root, cac("AnticipatedMonetaryTotal"))?;
    let totals = Totals {
        line_amount: reader.amount(&node, "LineExtensionAmount"),
        tax_exclusive_amount: reader.amount(&node, "TaxExclusiveAmount"),
        tax_inclusive_amount: reader.amount(&node, "TaxInclusiveAmount"),
        allowance_amount: reader.amount(&node, "AllowanceTotalAmount"),
        charge_amount: reader.amount(&node, "ChargeTotalAmount"),
        prepaid_amount: reader.amount(&node, "PrepaidAmount"),
        rounding_amount: reader.amount(&node, "PayableRoundingAmount"),
        payable_amount: reader.amount(&node, "PayableAmount"),
    };
    (totals != Totals::default()).then_some(totals)
}

/// Files and links. A file that the document carries stays in the extension map.
pub fn attachments<'a>(reader: &mut Reader<'a>, root: &Node<'_, 'a>) -> Vec<Attachment> {
    let mut attachments = Vec::new();
    for (index, found) in root.all(cac("AdditionalDocumentReference")).enumerate() {
        let inner = found.first(cac("Attachment"));
        let embedded = inner.as_ref().and_then(|inner| inner.first(cbc("EmbeddedDocumentBinaryObject")));
        let external = inner.as_ref().and_then(|inner| inner.first(cac("ExternalReference")));
        let mut attachment = Attachment {
            id: reader.code(&found, "ID"),
            description: reader.text(&found, "DocumentType"),
            ..Attachment::default()
        };
        let mut choices = Vec::new();
        if let Some(external) = &external {
            attachment.url = reader.code(external, "URI");
            attachment.file_name = reader.code(external, "FileName");
            attachment.media_type = reader.code(external, "MimeCode");
        }
        if let Some(embedded) = embedded {
            let attribute = |local| embedded.element.attribute(local).unwrap_or_default().to_string();
            (attachment.file_name, attachment.media_type) = (attribute("filename"), attribute("mimeCode"));
            choices.push("embedded");
        }
        if attachment.description.is_empty() {
            let description = found.element.child(cbc("DocumentDescription"));
            attachment.description = description.map(|leaf| leaf.text.to_string()).unwrap_or_default();
            if !attachment.description.is_empty() {
                choices.push("description");
            }
        }
        reader.shape.note(format!("attachment:{}", index + 1), choices);
        attachments.push(attachment);
    }
    attachments
}
