//! Parties as UBL writes them.

use proto::orders::{Contact, Identifier, Party};

use super::{
    address,
    party_in::usual_id,
    shape::Shape,
    tree::{Element, cac},
};

/// A `cac:Party` or an element of its type, with its postal address if `with_address`.
pub fn party<'a>(
    name: &'a str,
    party: &'a Party,
    place: &str,
    shape: &'a Shape,
    with_address: bool,
) -> Element<'a> {
    let mut element = Element::new(cac(name));
    if let Some(endpoint) = &party.endpoint {
        element.say_with("EndpointID", endpoint.value.as_str(), "schemeID", endpoint.scheme.as_str());
    }
    let chosen = |wanted: &'static str| {
        let ids_place = format!("{place}.ids");
        party.ids.iter().enumerate().filter_map(move |(index, id)| {
            (shape.choice(&ids_place, index, usual_id(place, id)) == wanted).then_some(id)
        })
    };
    for id in chosen("id") {
        element.nest("PartyIdentification", |inner| identifier(inner, "ID", id));
    }
    if !shape.chose(&format!("{place}.name"), "location") {
        element.nest("PartyName", |inner| inner.say("Name", party.name.as_str()));
    }
    if let Some(found) = party.address.as_ref().filter(|_| with_address) {
        element.children.extend(address::render("PostalAddress", found, place, shape));
    }
    for id in chosen("tax") {
        element.nest("PartyTaxScheme", |inner| {
            inner.say("CompanyID", id.value.as_str());
            inner.nest("TaxScheme", |scheme| scheme.say("ID", id.scheme.as_str()));
        });
    }
    legal(&mut element, &party.legal_name, chosen("legal"));
    if let Some(first) = party.contacts.first() {
        element.nest("Contact", |inner| contact(inner, first));
    }
    element
}

fn identifier<'a>(element: &mut Element<'a>, local: &'a str, id: &'a Identifier) {
    element.say_with(local, id.value.as_str(), "schemeID", id.scheme.as_str());
}

fn legal<'a>(element: &mut Element<'a>, name: &'a str, mut ids: impl Iterator<Item = &'a Identifier>) {
    element.nest("PartyLegalEntity", |inner| {
        inner.say("RegistrationName", name);
        if let Some(id) = ids.next() {
            identifier(inner, "CompanyID", id);
        }
    });
    for id in ids {
        element.nest("PartyLegalEntity", |inner| identifier(inner, "CompanyID", id));
    }
}

fn contact<'a>(element: &mut Element<'a>, contact: &'a Contact) {
    element.say("Name", contact.name.as_str());
    element.say("Telephone", contact.phone.as_str());
    element.say("ElectronicMail", contact.email.as_str());
}

/// A CustomerParty or SupplierParty around a party.
pub fn trading_party<'a>(
    root: &mut Element<'a>,
    local: &'a str,
    found: &'a Party,
    place: &str,
    shape: &'a Shape,
) {
    let ids_place = format!("{place}.ids");
    root.nest(local, |outer| {
        for (index, id) in found.ids.iter().enumerate() {
            let choice = shape.choice(&ids_place, index, usual_id(place, id));
            if choice.ends_with("AssignedAccountID") {
                outer.say(choice, id.value.as_str());
            }
        }
        let inner = party("Party", found, place, shape, true);
        if !inner.is_empty() {
            outer.children.push(inner);
        }
    });
}

/// Fills a Delivery with where it goes. `site` is the buyer's code of a schedule line's place.
pub fn ship_to<'a>(
    delivery: &mut Element<'a>,
    found: Option<&'a Party>,
    site: &'a str,
    place: &str,
    shape: &'a Shape,
) {
    let there = format!("{place}.there");
    let address_in = shape.choice_of(&format!("{place}.address"), "location");
    let address = found.and_then(|party| party.address.as_ref());
    if let Some(address) = address.filter(|_| address_in == "delivery") {
        delivery.children.extend(address::render("DeliveryAddress", address, &there, shape));
    }
    delivery.nest("DeliveryLocation", |location| {
        location.say("ID", site);
        let Some(party) = found else { return };
        let ids_place = format!("{place}.ids");
        for (index, id) in party.ids.iter().enumerate() {
            if shape.choice(&ids_place, index, usual_id(place, id)) == "location" {
                identifier(location, "ID", id);
            }
        }
        if shape.chose(&format!("{place}.name"), "location") {
            location.say("Name", party.name.as_str());
        }
        if let Some(address) = address.filter(|_| address_in == "location") {
            location.children.extend(address::render("Address", address, &there, shape));
        }
    });
    if let Some(found) = found {
        let taker = party("DeliveryParty", found, place, shape, address_in == "party");
        if !taker.is_empty() {
            delivery.children.push(taker);
        }
    }
}
