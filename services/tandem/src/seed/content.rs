//! Rows of the story as requests: what the buyer publishes and what the supplier answers.

use chassis::value::{wire_date as day, wire_decimal as decimal};
use proto::orders::{
    Accept, DeliveryWindow, Item, LineResponse, Note, Order as Published, OrderContent, OrderLine, OrderType,
    Party, PartyRole, PaymentTerms, Price, Propose, ProposedDelivery, PublishOrderRequest, Reject, Remainder,
    RespondToOrderRequest, ScheduleLine, SupplierAddress, Tax, TaxTotal, Totals,
    line_response::Answer as Said,
};
use rust_decimal::Decimal;
use time::Date;

use super::story::{Answer, Firm, Line, Order, Proposal, Story, cents, vat};

/// The request that publishes an order of the story.
pub fn publish(story: &Story, order: &Order) -> anyhow::Result<PublishOrderRequest> {
    let buyer = story.anchor(&order.buyer)?;
    let vendor = story.partners.get(&order.buyer).and_then(|partners| partners.get(&order.supplier));
    Ok(PublishOrderRequest {
        request_id: format!("sandbox-publish-{}", order.number),
        content: Some(content(story, order, buyer)?),
        supplier: Some(SupplierAddress {
            vendor_number: vendor.cloned().unwrap_or_default(),
            ..Default::default()
        }),
        ..PublishOrderRequest::default()
    })
}

/// The document.
pub fn content(story: &Story, order: &Order, buyer: &Firm) -> anyhow::Result<OrderContent> {
    let lines = (1..)
        .zip(&order.lines)
        .map(|(number, line)| order_line(story, order, buyer, number, line))
        .collect::<anyhow::Result<_>>()?;
    Ok(OrderContent {
        source_system: buyer.system.clone(),
        order_number: order.number.clone(),
        order_type: OrderType::Standalone.into(),
        issue_date: Some(day(order.issued)),
        currency: "CNY".to_owned(),
        price_includes_tax: Some(story.with_tax(order)?),
        purchasing_group: order.group.clone(),
        parties: vec![Party {
            role: PartyRole::Buyer.into(),
            name: buyer.name.clone(),
            ..Default::default()
        }],
        payment_terms: vec![PaymentTerms { text: "月结 60 天".to_owned() }],
        tax_totals: vec![TaxTotal { amount: Some(decimal(order.with_tax - order.net)) }],
        totals: Some(Totals {
            line_amount: Some(decimal(order.net)),
            tax_exclusive_amount: Some(decimal(order.net)),
            tax_inclusive_amount: Some(decimal(order.with_tax)),
            payable_amount: Some(decimal(order.with_tax)),
            ..Default::default()
        }),
        lines,
        ..Default::default()
    })
}

fn order_line(
    story: &Story,
    order: &Order,
    buyer: &Firm,
    number: u32,
    line: &Line,
) -> anyhow::Result<OrderLine> {
    let item = story.item(&line.item)?;
    let (price, per) = story.price(line)?;
    Ok(OrderLine {
        line_number: (number * 10).to_string(),
        item: Some(Item {
            name: item.name.clone(),
            descriptions: vec![Note { text: item.en.clone(), language: "en".to_owned() }],
            buyer_item_id: line.item.clone(),
            seller_item_id: item.seller.clone(),
            item_group: item.group.clone(),
            ..Default::default()
        }),
        quantity: Some(decimal(line.quantity)),
        unit_code: item.unit.clone(),
        unit_text: item.unit_text.clone(),
        price: Some(Price {
            amount: Some(decimal(price)),
            base_quantity: (per != Decimal::ONE).then(|| decimal(per)),
            ..Default::default()
        }),
        tax: Some(Tax { category: "S".to_owned(), rate: Some(decimal(vat())) }),
        amount: Some(decimal(cents(line.quantity * price / per))),
        resource_revision: line.drawing.clone(),
        schedule_lines: vec![ScheduleLine {
            schedule_line_number: "1".to_owned(),
            quantity: Some(decimal(line.quantity)),
            requested_delivery: Some(DeliveryWindow {
                from: Some(day(order.requested)),
                until: Some(day(order.requested)),
                ..Default::default()
            }),
            ship_to_site: buyer.site.as_ref().map(|site| site.code.clone()).unwrap_or_default(),
            ..Default::default()
        }],
        ..Default::default()
    })
}

/// What the supplier answers to the order as published, or nothing.
pub fn respond(order: &Order, published: &Published) -> Option<RespondToOrderRequest> {
    let answer = match &order.answer {
        Answer::None => return None,
        Answer::Accept => None,
        Answer::Reject(reason) => {
            Some(Said::Reject(Reject { quantity: None, reason: (*reason).into(), note: String::new() }))
        }
        Answer::Part { accepted, .. } => Some(Said::Accept(Accept { quantity: Some(decimal(*accepted)) })),
        Answer::Propose(proposal) | Answer::Tolerated(proposal) => Some(Said::Propose(propose(proposal))),
    };
    let rest = match &order.answer {
        Answer::Part { rest, .. } => Some(*rest),
        _ => None,
    };
    let lines = answer.map(|answer| {
        let lines = published.schedule.iter().map(|line| LineResponse {
            schedule_line_id: line.schedule_line_id.clone(),
            answer: Some(answer.clone()),
            remainder: rest.map_or(Remainder::Unspecified, |_| Remainder::Reject).into(),
            remainder_reason: rest.unwrap_or_default().into(),
            ..Default::default()
        });
        lines.collect::<Vec<_>>()
    });
    Some(RespondToOrderRequest {
        request_id: format!("sandbox-respond-{}", order.number),
        order_id: published.id.clone(),
        // As it was published, where an interrupted start goes on from here.
        revision: 1,
        accept_all: lines.is_none(),
        lines: lines.unwrap_or_default(),
        ..RespondToOrderRequest::default()
    })
}

fn propose(proposal: &Proposal) -> Propose {
    let delivery = |(quantity, date): &(Decimal, Date)| ProposedDelivery {
        quantity: Some(decimal(*quantity)),
        delivery_date: Some(day(*date)),
    };
    Propose {
        deliveries: proposal.deliveries.iter().map(delivery).collect(),
        price: proposal.price.map(|amount| Price { amount: Some(decimal(amount)), ..Default::default() }),
        note: proposal.note.clone(),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use proto::orders::ScheduleLineState;
    use time::macros::date;

    use super::*;

    fn find(number: &str) -> (Story, usize) {
        let story = Story::load(date!(2026 - 11 - 23)).unwrap();
        let index = story.orders.iter().position(|order| order.number == number).unwrap();
        (story, index)
    }

    #[test]
    fn a_price_per_thousand_keeps_its_base() {
        let (story, index) = find("YZ-PO-771120");
        let content = publish(&story, &story.orders[index]).unwrap().content.unwrap();
        let price = content.lines[0].price.clone().unwrap();
        assert_eq!(price.amount.unwrap().value, "52.00");
        assert_eq!(price.base_quantity.unwrap().value, "1000");
        assert_eq!(content.price_includes_tax, Some(false));
    }

    #[test]
    fn a_vendor_number_keeps_its_zeros() {
        let (story, index) = find("YZ-PO-771120");
        let request = publish(&story, &story.orders[index]).unwrap();
        assert_eq!(request.supplier.unwrap().vendor_number, "0000410882");
    }

    #[test]
    fn a_partial_answer_says_what_becomes_of_the_rest() {
        let (story, index) = find("MM2611-0077");
        let published = Published {
            schedule: vec![ScheduleLineState { schedule_line_id: "s1".into(), ..Default::default() }],
            ..Default::default()
        };
        let request = respond(&story.orders[index], &published).unwrap();
        assert!(!request.accept_all);
        assert_eq!(request.lines[0].remainder(), Remainder::Reject);
        let Some(Said::Accept(accept)) = &request.lines[0].answer else { panic!("not accepted") };
        assert_eq!(accept.quantity.clone().unwrap().value, "20000");
    }
}
