//! Parties of a document.

use proto::orders::{Contact, Identifier, Party, PartyRole};

use super::{
    address,
    read::{Node, Reader},
    tree::{Name, cac, cbc},
};

/// Scheme of a number that the buyer gave (UN/EDIFACT 3055 `92`).
pub const BY_BUYER: &str = "92";
/// Scheme of a number that the supplier gave (UN/EDIFACT 3055 `91`).
pub const BY_SUPPLIER: &str = "91";

/// A leaf's value with the scheme in one of its attributes.
fn identifier<'a>(node: &Node<'_, 'a>, name: Name<'_>, scheme: &str) -> Option<Identifier> {
    let leaf = node.element.child(name)?;
    let value = leaf.text.trim();
    let scheme = leaf.attribute(scheme).unwrap_or_default().trim();
    (!value.is_empty()).then(|| Identifier { scheme: scheme.to_string(), value: value.to_string() })
}

/// A `cac:Party` or an element of its type. `place` names it in the shape.
pub fn party<'a>(reader: &mut Reader<'a>, node: &Node<'_, 'a>, role: PartyRole, place: &str) -> Party {
    let name_of = |aggregate: &str, leaf: &str| {
        let inner = node.first(cac(aggregate));
        inner
            .and_then(|inner| inner.element.child(cbc(leaf)).map(|leaf| leaf.text.to_string()))
            .unwrap_or_default()
    };
    let (name, legal_name) = (name_of("PartyName", "Name"), name_of("PartyLegalEntity", "RegistrationName"));
    let address = node.first(cac("PostalAddress")).and_then(|found| address::read(reader, &found, place));
    let contacts = node.first(cac("Contact")).and_then(|found| contact(reader, &found));
    let (ids, choices) = ids(node);
    note_ids(reader, place, &ids, choices);
    Party {
        role: role.into(),
        // A firm that states its registered name alone is called by it.
        name: if name.trim().is_empty() { legal_name.clone() } else { name },
        legal_name,
        ids,
        endpoint: identifier(node, cbc("EndpointID"), "schemeID"),
        address,
        contacts: contacts.into_iter().collect(),
    }
}

/// All numbers of a party, and which element each stands in.
fn ids<'a>(node: &Node<'_, 'a>) -> (Vec<Identifier>, Vec<&'static str>) {
    let (mut ids, mut choices) = (Vec::new(), Vec::new());
    for found in node.all(cac("PartyIdentification")) {
        if let Some(id) = identifier(&found, cbc("ID"), "schemeID") {
            ids.push(id);
            choices.push("id");
        }
    }
    for found in node.all(cac("PartyLegalEntity")) {
        if let Some(id) = identifier(&found, cbc("CompanyID"), "schemeID") {
            ids.push(id);
            choices.push("legal");
        }
    }
    for found in node.all(cac("PartyTaxScheme")) {
        if let Some(id) = identifier(&found, cbc("CompanyID"), "schemeID") {
            let scheme = found.first(cac("TaxScheme")).and_then(|scheme| identifier(&scheme, cbc("ID"), ""));
            let scheme = scheme.map_or_else(|| "VAT".to_string(), |scheme| scheme.value);
            ids.push(Identifier { scheme, value: id.value });
            choices.push("tax");
        }
    }
    (ids, choices)
}

/// The element of a number where no document says otherwise. Only those who trade have accounts with each other.
pub fn usual_id(place: &str, id: &Identifier) -> &'static str {
    let trades = matches!(place, "buyer" | "seller" | "originator" | "bill_to");
    match id.scheme.as_str() {
        "VAT" => "tax",
        BY_BUYER if trades => "CustomerAssignedAccountID",
        BY_SUPPLIER if trades && place != "seller" => "SupplierAssignedAccountID",
        _ => "id",
    }
}

fn note_ids(reader: &mut Reader<'_>, place: &str, ids: &[Identifier], choices: Vec<&'static str>) {
    if ids.iter().zip(&choices).any(|(id, choice)| *choice != usual_id(place, id)) {
        reader.shape.note(format!("{place}.ids"), choices);
    }
}

/// A CustomerParty or SupplierParty: the party in it, with the numbers that the other side gave it.
pub fn trading_party<'a>(
    reader: &mut Reader<'a>,
    root: &Node<'_, 'a>,
    local: &str,
    role: PartyRole,
    place: &str,
) -> Option<Party> {
    let outer = reader.one(root, cac(local))?;
    let inner = reader.one(&outer, cac("Party"));
    let mut party = match &inner {
        Some(inner) => self::party(reader, inner, role, place),
        None => Party { role: role.into(), ..Party::default() },
    };
    let mut choices = inner.as_ref().map(|inner| ids(inner).1).unwrap_or_default();
    for (leaf, scheme) in
        [("CustomerAssignedAccountID", BY_BUYER), ("SupplierAssignedAccountID", BY_SUPPLIER)]
    {
        let value = reader.code(&outer, leaf);
        if !value.is_empty() {
            party.ids.push(Identifier { scheme: scheme.to_string(), value });
            choices.push(leaf);
        }
    }
    note_ids(reader, place, &party.ids, choices);
    Some(party)
}

fn contact<'a>(reader: &mut Reader<'a>, node: &Node<'_, 'a>) -> Option<Contact> {
    let contact = Contact {
        name: reader.text(node, "Name"),
        phone: reader.text(node, "Telephone"),
        email: reader.text(node, "ElectronicMail"),
    };
    (contact != Contact::default()).then_some(contact)
}

/// Where a Delivery goes: its location, its address and the party that takes it in. The location's ID is the
/// buyer's site; a whole order's keeps it among the party's numbers.
pub fn ship_to<'a>(
    reader: &mut Reader<'a>,
    delivery: &Node<'_, 'a>,
    place: &str,
    site_apart: bool,
) -> Option<Party> {
    let role = PartyRole::ShipTo;
    let taker = reader.one(delivery, cac("DeliveryParty"));
    let mut party = match &taker {
        Some(taker) => party(reader, taker, role, place),
        None => Party { role: role.into(), ..Party::default() },
    };
    let location = reader.one(delivery, cac("DeliveryLocation"));
    let mut choices = taker.as_ref().map(|taker| ids(taker).1).unwrap_or_default();
    if let Some(location) = &location {
        if let Some(id) = identifier(location, cbc("ID"), "schemeID").filter(|_| !site_apart) {
            party.ids.push(id);
            choices.push("location");
            note_ids(reader, place, &party.ids, choices);
        }
        if party.name.is_empty() {
            party.name = reader.text(location, "Name");
            if !party.name.is_empty() {
                reader.shape.note(format!("{place}.name"), vec!["location"]);
            }
        }
    }
    let of_location = location.as_ref().and_then(|location| location.first(cac("Address")));
    let (found, choice) = match (of_location, delivery.first(cac("DeliveryAddress"))) {
        (Some(address), _) => (Some(address), "location"),
        (None, Some(address)) => (Some(address), "delivery"),
        (None, None) => (None, "party"),
    };
    if let Some(found) = found {
        party.address = address::read(reader, &found, &format!("{place}.there"));
    }
    if party.address.is_some() && choice != "location" {
        reader.shape.note(format!("{place}.address"), vec![choice]);
    }
    (party != Party { role: role.into(), ..Party::default() }).then_some(party)
}
