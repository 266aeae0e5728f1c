//! What the tests share.

use std::collections::BTreeMap;

use interchange::ubl::{self, Element, Extension, Imported, Parties};

/// Imports what is expected to be fine.
pub fn import(document: &[u8]) -> Imported {
    ubl::import(document, "default").unwrap_or_else(|error| panic!("{error}: {:?}", error.fields))
}

/// Exports what was imported, as it would be after a stay in the database.
pub fn export(imported: &Imported) -> Vec<u8> {
    let stored = imported.extension.to_bytes().expect("json");
    let extension = Extension::from_bytes(&stored).expect("the same json");
    ubl::export(&imported.content, Some(&extension), &Parties::default()).expect("an export")
}

/// One leaf: its path without positions, its text, its attributes.
pub type Leaf = (String, String, Vec<(String, String)>);

/// How often each element with its text and attributes occurs. White space between elements is layout.
pub fn content(document: &[u8]) -> BTreeMap<Leaf, usize> {
    let document = ubl::parse(document).unwrap_or_else(|refusal| panic!("{refusal:?}"));
    let mut all = BTreeMap::new();
    collect(&document.root, "", &mut all);
    all
}

fn collect(element: &Element<'_>, parent: &str, all: &mut BTreeMap<Leaf, usize>) {
    let path = format!("{parent}/{}", element.name.to_text());
    let mut attributes: Vec<(String, String)> = element
        .attributes
        .iter()
        .map(|attribute| (attribute.name.to_text(), attribute.value.to_string()))
        .collect();
    attributes.sort();
    *all.entry((path.clone(), element.text.to_string(), attributes)).or_default() += 1;
    element.children.iter().for_each(|child| collect(child, &path, all));
}

/// What is in the one and not in the other, and the reverse.
pub fn differences(left: &[u8], right: &[u8]) -> (Vec<Leaf>, Vec<Leaf>) {
    let (left, right) = (content(left), content(right));
    let minus = |some: &BTreeMap<Leaf, usize>, other: &BTreeMap<Leaf, usize>| {
        let more = some.iter().filter(|(leaf, count)| other.get(*leaf).unwrap_or(&0) < *count);
        more.map(|(leaf, _)| leaf.clone()).collect()
    };
    (minus(&left, &right), minus(&right, &left))
}

/// A small order with everything in its place; `%X%` marks are replaced by the tests.
pub fn minimal() -> String {
    r#"<?xml version="1.0" encoding="UTF-8"?>
<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"
       xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
       xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cbc:UBLVersionID>2.1</cbc:UBLVersionID>
  <cbc:ID>PO-7001</cbc:ID>
  <cbc:IssueDate>2026-03-02</cbc:IssueDate>
  <cbc:Note>Please confirm by Friday</cbc:Note>
  <cbc:DocumentCurrencyCode>CNY</cbc:DocumentCurrencyCode>
  <cac:BuyerCustomerParty><cac:Party>
    <cac:PartyName><cbc:Name>Jiangnan Pumps Ltd</cbc:Name></cac:PartyName>
  </cac:Party></cac:BuyerCustomerParty>
  <cac:SellerSupplierParty>
    <cbc:CustomerAssignedAccountID>V1001</cbc:CustomerAssignedAccountID>
    <cac:Party><cac:PartyName><cbc:Name>Ningbo Castings</cbc:Name></cac:PartyName></cac:Party>
  </cac:SellerSupplierParty>
  <cac:Delivery><cac:RequestedDeliveryPeriod>
    <cbc:StartDate>2026-04-01</cbc:StartDate><cbc:EndDate>2026-04-03</cbc:EndDate>
  </cac:RequestedDeliveryPeriod></cac:Delivery>
  <cac:AnticipatedMonetaryTotal>
    <cbc:LineExtensionAmount currencyID="CNY">1250.00</cbc:LineExtensionAmount>
    <cbc:PayableAmount currencyID="CNY">1250.00</cbc:PayableAmount>
  </cac:AnticipatedMonetaryTotal>
  <cac:OrderLine><cac:LineItem>
    <cbc:ID>10</cbc:ID>
    <cbc:Quantity unitCode="H87">100</cbc:Quantity>
    <cbc:LineExtensionAmount currencyID="CNY">1250.00</cbc:LineExtensionAmount>
    <cac:Price><cbc:PriceAmount currencyID="CNY">12.50</cbc:PriceAmount></cac:Price>
    <cac:Item><cbc:Name>Impeller</cbc:Name></cac:Item>
  </cac:LineItem></cac:OrderLine>
</Order>
"#
    .to_string()
}

/// The minimal order with one passage replaced.
pub fn with(from: &str, to: &str) -> String {
    let document = minimal();
    assert!(document.contains(from), "{from} is in the order");
    document.replacen(from, to, 1)
}
