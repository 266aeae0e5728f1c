//! A document as an order: what the canonical model carries of it, and what it does not.

use chassis::{Error, Reason};
use proto::orders::{DeliveryWindow, OrderContent, OrderType, Party, PartyRole, SupplierAddress, Warning};
use sha2::{Digest, Sha256};

use super::{
    check, diff,
    extension::Extension,
    header_in, line_in, order_out, party_in,
    problem::Refusal,
    read::{Node, Reader},
    totals,
    tree::{Document, Ns, ORDER, cac, cbc},
    xml,
};

/// The most lines of an order.
const MAX_LINES: usize = 10_000;

/// What a document says.
#[derive(Clone, Debug)]
pub struct Imported {
    /// What is published.
    pub content: OrderContent,
    /// The seller by all its numbers.
    pub supplier: SupplierAddress,
    /// What the seller is called: its name, else its first number.
    pub seller_name: String,
    /// Who the document says the buyer is.
    pub stated_buyer: Option<Party>,
    /// What the content does not say of the document.
    pub extension: Extension,
    /// The standard and version that the document names, such as `UBL 2.1`, with its customization.
    pub standard: String,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
    /// What looks wrong but is taken. Fields are paths in the document.
    pub warnings: Vec<Warning>,
}

/// Reads a UBL 2.x Order. `source_system` is the ERP that numbers it.
///
/// # Errors
/// A [`Refusal`] where it cannot be read at all, else INVALID_FIELDS naming every problem with its path, line and
/// column.
pub fn import(bytes: &[u8], source_system: &str) -> Result<Imported, Error> {
    let document = xml::parse(bytes)?;
    supported(&document)?;
    let sha256: [u8; 32] = Sha256::digest(bytes).into();
    let root = Node::root(&document.root);
    let mut reader = Reader::new(document.text);
    // Peppol and its national profiles: `urn:fdc:peppol.eu:poacc:trns:order:3` and what is built on it.
    let customization =
        document.root.child(cbc("CustomizationID")).map(|leaf| leaf.text.as_ref()).unwrap_or_default();
    reader.strict = customization.contains("peppol");
    check::lexical(&mut reader, &root);
    let content = content(&mut reader, &root, source_system, &sha256);
    let supplier = supplier(&mut reader, &root, &content);
    totals::check(&mut reader, &root, &content);
    if reader.problems.count > 0 {
        return Err(reader.problems.into());
    }
    let party = |role: PartyRole| content.parties.iter().find(|party| party.role == i32::from(role));
    let nobody = order_out::Parties::default();
    let rendered = order_out::tree(&content, &reader.shape, &nobody);
    let extension = diff::extension(&rendered, &document, &content, reader.shape.clone());
    Ok(Imported {
        supplier,
        seller_name: party(PartyRole::Seller).map(called).unwrap_or_default(),
        stated_buyer: party(PartyRole::Buyer).cloned(),
        extension,
        standard: standard(&root),
        sha256,
        warnings: reader.warnings,
        content,
    })
}

/// A party's name, else its first number: some documents give numbers alone.
fn called(party: &Party) -> String {
    let number = || party.ids.first().map(|id| id.value.clone()).unwrap_or_default();
    if party.name.trim().is_empty() { number() } else { party.name.clone() }
}

fn supported(document: &Document<'_>) -> Result<(), Refusal> {
    let name = document.root.name;
    if name.ns == Ns::Order && name.local == "Order" {
        return Ok(());
    }
    let namespace = match name.ns {
        Ns::None => "no namespace".to_string(),
        Ns::Order => format!("the namespace {ORDER}"),
        Ns::Cac => format!("the namespace {}", super::tree::CAC),
        Ns::Cbc => format!("the namespace {}", super::tree::CBC),
        Ns::Ext => format!("the namespace {}", super::tree::EXT),
        Ns::Other(uri) => format!("the namespace {}", uri.chars().take(200).collect::<String>()),
    };
    let message =
        format!("the document is {} in {namespace}; send an Order in the namespace {ORDER}", name.local);
    Err(Refusal::at(
        document.text.as_bytes(),
        document.root.offset as usize,
        Reason::DOCUMENT_UNSUPPORTED,
        message,
    ))
}

fn standard(root: &Node<'_, '_>) -> String {
    let text =
        |local| root.element.child(cbc(local)).map(|leaf| leaf.text.trim()).filter(|text| !text.is_empty());
    let named = [text("CustomizationID"), text("ProfileID")].into_iter().flatten();
    let all = std::iter::once(
        text("UBLVersionID").map_or_else(|| "UBL 2".to_string(), |version| format!("UBL {version}")),
    )
    .chain(named.map(str::to_string))
    .collect::<Vec<_>>()
    .join(" ");
    all.chars().take(500).collect()
}

fn content<'a>(
    reader: &mut Reader<'a>,
    root: &Node<'_, 'a>,
    source_system: &str,
    sha256: &[u8; 32],
) -> OrderContent {
    reader.currency = currency(root);
    let delivery = root.first(cac("Delivery"));
    let requested = delivery.and_then(|found| line_in::requested_delivery(reader, &found, "delivery"));
    let order_type_code = reader.code(root, "OrderTypeCode");
    let validity = root.first(cac("ValidityPeriod"));
    let issue_date = reader.date(root, "IssueDate");
    if root.element.child(cbc("IssueDate")).is_none() {
        reader.problem(root, "REQUIRED", "an order needs an IssueDate");
    }
    let mut content = OrderContent {
        source_system: source_system.to_string(),
        order_number: order_number(reader, root, sha256),
        order_type: order_type(&order_type_code).into(),
        order_type_code,
        issue_date,
        issue_time: reader.code(root, "IssueTime"),
        currency: reader.currency.clone(),
        // Prices of UBL are without tax: Price/PriceAmount has no other meaning.
        price_includes_tax: Some(false),
        customer_reference: reader.text(root, "CustomerReference"),
        accounting_cost: reader.text(root, "AccountingCost"),
        notes: line_in::notes(root, "Note"),
        references: header_in::references(reader, root),
        parties: parties(reader, root),
        requested_delivery: requested,
        validity: validity.and_then(|found| line_in::window(reader, &found)),
        delivery_terms: header_in::delivery_terms(reader, root),
        payment_terms: header_in::payment_terms(root),
        allowance_charges: line_in::allowance_charges(reader, root),
        tax_totals: header_in::tax_totals(reader, root),
        totals: header_in::stated_totals(reader, root),
        attachments: header_in::attachments(reader, root),
        ..OrderContent::default()
    };
    content.lines = lines(reader, root, content.requested_delivery.as_ref());
    content
}

/// An ID that is there but empty is taken, since such documents are exchanged: the document's own digest stands in
/// for the number.
fn order_number<'a>(reader: &mut Reader<'a>, root: &Node<'_, 'a>, sha256: &[u8; 32]) -> String {
    let number = reader.code(root, "ID");
    if !number.is_empty() {
        return number;
    }
    match root.first(cbc("ID")) {
        None => reader.problem(root, "REQUIRED", "an order needs a number in cbc:ID"),
        Some(id) => reader.warn(
            || id.path(),
            "NUMBER_EMPTY",
            "the order has no number; a digest of the document stands in",
        ),
    }
    format!("unnumbered-{}", hex::encode(&sha256[..8]))
}

/// UNCL1001: 220 order, 221 blanket order, 226 call-off order; others are standalone with their code kept.
fn order_type(code: &str) -> OrderType {
    match code {
        "221" => OrderType::Framework,
        "226" => OrderType::CallOff,
        _ => OrderType::Standalone,
    }
}

/// The document's currency, else that of the first price, line amount or total that names one.
fn currency(root: &Node<'_, '_>) -> String {
    let stated =
        root.element.child(cbc("DocumentCurrencyCode")).map(|leaf| leaf.text.trim()).unwrap_or_default();
    if !stated.is_empty() {
        return stated.to_string();
    }
    let lines = || root.element.children.iter().filter(|child| child.name == cac("OrderLine"));
    let items = || lines().filter_map(|line| line.child(cac("LineItem")));
    let prices = items().filter_map(|item| item.child(cac("Price"))?.child(cbc("PriceAmount")));
    let amounts = items().filter_map(|item| item.child(cbc("LineExtensionAmount")));
    let totals =
        root.element.child(cac("AnticipatedMonetaryTotal")).into_iter().flat_map(|totals| &totals.children);
    let named = prices.chain(amounts).chain(totals).filter_map(|leaf| leaf.attribute("currencyID"));
    named.map(str::trim).find(|code| !code.is_empty()).unwrap_or_default().to_string()
}

fn parties<'a>(reader: &mut Reader<'a>, root: &Node<'_, 'a>) -> Vec<Party> {
    let trading = [
        ("BuyerCustomerParty", PartyRole::Buyer, "buyer"),
        ("SellerSupplierParty", PartyRole::Seller, "seller"),
        ("OriginatorCustomerParty", PartyRole::Originator, "originator"),
        ("AccountingCustomerParty", PartyRole::BillTo, "bill_to"),
    ];
    let mut parties: Vec<Party> = trading
        .into_iter()
        .filter_map(|(local, role, place)| party_in::trading_party(reader, root, local, role, place))
        .collect();
    let delivery = root.first(cac("Delivery"));
    parties.extend(delivery.and_then(|found| party_in::ship_to(reader, &found, "ship_to", false)));
    parties
}

/// The seller by the buyer's number for it, its registration and every other number in the document.
fn supplier<'a>(reader: &mut Reader<'a>, root: &Node<'_, 'a>, content: &OrderContent) -> SupplierAddress {
    let seller = content.parties.iter().find(|party| party.role == i32::from(PartyRole::Seller));
    let Some(seller) = seller else {
        if root.element.child(cac("SellerSupplierParty")).is_none() {
            reader.problem(root, "REQUIRED", "an order needs a SellerSupplierParty");
        }
        return SupplierAddress::default();
    };
    let mut address = SupplierAddress::default();
    for id in seller.ids.iter().chain(&seller.endpoint) {
        if id.scheme == party_in::BY_BUYER {
            address.vendor_number = id.value.clone();
        } else if id.scheme.eq_ignore_ascii_case("USCC") {
            address.uscc = id.value.clone();
        } else if !address.party_ids.contains(id) {
            address.party_ids.push(id.clone());
        }
    }
    address
}

fn lines<'a>(
    reader: &mut Reader<'a>,
    root: &Node<'_, 'a>,
    requested: Option<&DeliveryWindow>,
) -> Vec<proto::orders::OrderLine> {
    let nodes: Vec<Node<'_, 'a>> = root.all(cac("OrderLine")).collect();
    if nodes.is_empty() {
        reader.problem(root, "REQUIRED", "an order needs at least one OrderLine");
    }
    if nodes.len() > MAX_LINES {
        let message = format!("the order has {} lines; at most {MAX_LINES} are taken", nodes.len());
        reader.problem(&nodes[MAX_LINES], "TOO_MANY", message);
        return Vec::new();
    }
    let mut seen = std::collections::HashMap::new();
    let mut lines = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        let line = line_in::line(reader, node, requested);
        let earlier = seen.insert(line.line_number.clone(), index + 1);
        if let Some(earlier) = earlier.filter(|_| !line.line_number.is_empty()) {
            let item = node.first(cac("LineItem")).unwrap_or(*node);
            let id = item.first(cbc("ID")).unwrap_or(item);
            let message = format!("the line number {} is that of line {earlier} already", line.line_number);
            reader.problem(&id, "DUPLICATE", message);
        }
        lines.push(line);
    }
    lines
}
