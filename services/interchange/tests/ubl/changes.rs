//! Every text of an order that UBL can say, changed one at a time.

use proto::{
    Decimal,
    orders::{Item, OrderContent, OrderLine, Party},
};

type Change = (String, Box<dyn Fn(&mut OrderContent)>);

/// The order once for each of its texts, with that text changed, and what was changed.
pub fn changed(content: &OrderContent) -> Vec<(String, OrderContent)> {
    let mut changes = header(content);
    for (index, party) in content.parties.iter().enumerate() {
        changes.extend(of_party(index, party));
    }
    for (index, line) in content.lines.iter().enumerate() {
        changes.extend(of_line(index, line));
    }
    let apply = |(what, change): Change| {
        let mut order = content.clone();
        change(&mut order);
        (what, order)
    };
    changes.into_iter().map(apply).collect()
}

fn change(what: impl Into<String>, change: impl Fn(&mut OrderContent) + 'static) -> Change {
    (what.into(), Box::new(change))
}

fn header(content: &OrderContent) -> Vec<Change> {
    let mut changes = vec![change("order_number", |order| order.order_number = "another".into())];
    if !content.customer_reference.is_empty() {
        changes.push(change("customer_reference", |order| order.customer_reference.push('x')));
    }
    if !content.accounting_cost.is_empty() {
        changes.push(change("accounting_cost", |order| order.accounting_cost.push('x')));
    }
    if !content.issue_time.is_empty() {
        changes.push(change("issue_time", |order| order.issue_time = "23:59:59".into()));
    }
    for at in 0..content.notes.len() {
        changes.push(change(format!("notes[{at}]"), move |order| order.notes[at].text.push('x')));
    }
    for at in 0..content.references.len() {
        changes.push(change(format!("references[{at}]"), move |order| order.references[at].id.push('x')));
    }
    for at in 0..content.payment_terms.len() {
        changes.push(change(format!("payment_terms[{at}]"), move |order| {
            order.payment_terms[at].text.push('x')
        }));
    }
    for (at, attachment) in content.attachments.iter().enumerate() {
        if !attachment.description.is_empty() {
            changes.push(change(format!("attachments[{at}]"), move |order| {
                order.attachments[at].description.push('x')
            }));
        }
    }
    for (at, found) in content.allowance_charges.iter().enumerate() {
        if !found.reason.is_empty() {
            changes.push(change(format!("allowance_charges[{at}]"), move |order| {
                order.allowance_charges[at].reason.push('x')
            }));
        }
    }
    changes
}

fn of_party(index: usize, party: &Party) -> Vec<Change> {
    let path = format!("parties[{index}]");
    let mut changes = Vec::new();
    // A name that stands for a registered name is two elements once they differ.
    if !party.name.is_empty() && party.name != party.legal_name {
        changes.push(change(format!("{path}.name"), move |order| order.parties[index].name.push('x')));
    }
    for at in 0..party.ids.len() {
        changes.push(change(format!("{path}.ids[{at}]"), move |order| {
            order.parties[index].ids[at].value.push('x')
        }));
    }
    for at in 0..party.address.as_ref().map_or(0, |address| address.lines.len()) {
        changes.push(change(format!("{path}.address.lines[{at}]"), move |order| {
            order.parties[index].address.as_mut().expect("an address").lines[at].push('x');
        }));
    }
    for (at, contact) in party.contacts.iter().enumerate() {
        if !contact.name.is_empty() {
            changes.push(change(format!("{path}.contacts[{at}]"), move |order| {
                order.parties[index].contacts[at].name.push('x')
            }));
        }
    }
    changes
}

fn of_line(index: usize, line: &OrderLine) -> Vec<Change> {
    let path = format!("lines[{index}]");
    let mut changes = Vec::new();
    let mut of_item = |what: &str, alter: Box<dyn Fn(&mut Item)>| {
        changes.push(change(format!("{path}.item.{what}"), move |order| {
            alter(order.lines[index].item.as_mut().expect("an item"));
        }));
    };
    let item = line.item.clone().unwrap_or_default();
    if !item.name.is_empty() {
        of_item("name", Box::new(|item| item.name.push('x')));
    }
    if !item.seller_item_id.is_empty() {
        of_item("seller_item_id", Box::new(|item| item.seller_item_id.push('x')));
    }
    for at in 0..item.descriptions.len() {
        of_item("descriptions", Box::new(move |item| item.descriptions[at].text.push('x')));
    }
    for at in 0..item.standard_ids.len() {
        of_item("standard_ids", Box::new(move |item| item.standard_ids[at].value.push('x')));
    }
    for at in 0..item.classifications.len() {
        of_item("classifications", Box::new(move |item| item.classifications[at].value.push('x')));
    }
    for at in 0..item.attributes.len() {
        of_item("attributes", Box::new(move |item| item.attributes[at].value.push('x')));
    }
    for at in 0..line.notes.len() {
        changes.push(change(format!("{path}.notes[{at}]"), move |order| {
            order.lines[index].notes[at].text.push('x')
        }));
    }
    let decimal = |value: &str| Some(Decimal { value: value.into() });
    if line.price.is_some() {
        changes.push(change(format!("{path}.price"), move |order| {
            order.lines[index].price.as_mut().expect("a price").amount = decimal("98765.4321");
        }));
    }
    if line.amount.is_some() {
        changes.push(change(format!("{path}.amount"), move |order| {
            order.lines[index].amount = decimal("98765.43")
        }));
    }
    changes
}
