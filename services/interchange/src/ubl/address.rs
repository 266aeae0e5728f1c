//! Addresses: UBL has a dozen elements for what the canonical order keeps as lines.

use proto::orders::Address;

use super::{
    read::{Node, Reader},
    shape::Shape,
    tree::{Element, cac, cbc},
};

/// Elements that are one address line each, in the order in which people read them.
const LINES: [&str; 7] =
    ["StreetName", "BuildingNumber", "AdditionalStreetName", "BuildingName", "Floor", "Room", "Postbox"];
/// A free line, of which there may be many.
const FREE: &str = "AddressLine";

/// The element of a line where no document says otherwise.
fn usual(index: usize) -> &'static str {
    ["StreetName", "AdditionalStreetName"].get(index).copied().unwrap_or(FREE)
}

/// Reads an address; `None` where nothing of it is stated.
pub fn read<'a>(reader: &mut Reader<'a>, node: &Node<'_, 'a>, place: &str) -> Option<Address> {
    let (mut lines, mut choices) = (Vec::new(), Vec::new());
    for local in LINES {
        let line = reader.text(node, local);
        if !line.trim().is_empty() {
            lines.push(line);
            choices.push(local);
        }
    }
    for free in node.all(cac(FREE)) {
        let line = free.element.child(cbc("Line")).map(|line| line.text.to_string()).unwrap_or_default();
        if !line.trim().is_empty() {
            lines.push(line);
            choices.push(FREE);
        }
    }
    if choices.iter().enumerate().any(|(index, choice)| *choice != usual(index)) {
        reader.shape.note(format!("{place}.lines"), choices);
    }
    let address = Address {
        lines,
        city: reader.text(node, "CityName"),
        postal_code: reader.text(node, "PostalZone"),
        region: reader.text(node, "CountrySubentity"),
        country_code: reader.code_in(node, "Country", "IdentificationCode"),
    };
    (address != Address::default()).then_some(address)
}

/// Renders an address; `None` where it says nothing.
pub fn render<'a>(name: &'a str, address: &'a Address, place: &str, shape: &'a Shape) -> Option<Element<'a>> {
    let mut element = Element::new(cac(name));
    let place = format!("{place}.lines");
    for (index, line) in address.lines.iter().enumerate() {
        match shape.choice(&place, index, usual(index)) {
            FREE => element.nest("AddressLine", |free| free.say("Line", line.as_str())),
            local => element.say(local, line.as_str()),
        }
    }
    element.say("CityName", address.city.as_str());
    element.say("PostalZone", address.postal_code.as_str());
    element.say("CountrySubentity", address.region.as_str());
    element.nest("Country", |country| country.say("IdentificationCode", address.country_code.as_str()));
    (!element.is_empty()).then_some(element)
}
