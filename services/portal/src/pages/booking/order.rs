//! The order that uses a reservation: filled in as far as the platform knows it.

use axum::{extract::Path, response::Response};
use proto::{
    access::Permission,
    capacity::{PrefillOrderRequest, PrefilledOrder},
    orders::{Price, PublishOrderRequest},
};

use super::{RESERVATIONS, asking, read, read::Known, reservations, to_reservations};
use crate::{
    ask::{Ask, Kind, Posted, Question},
    failure::Failure,
    form::Fields,
    format,
    i18n::key,
    page,
    pages::purchases::questions,
    session::Member,
    typed,
};

async fn prefilled(member: &Member, id: &str) -> Result<PrefilledOrder, Failure> {
    if !member.may(Permission::OrdersPublish) {
        return Err(Failure::denied());
    }
    let request = PrefillOrderRequest { reservation_id: id.to_string() };
    Ok(member.app().api.reservations().prefill_order(member.call(request)).await?.into_inner())
}

async fn asked(member: &Member, id: &str, order: &PrefilledOrder) -> Result<Ask, Failure> {
    let t = member.text();
    let one = read::reservation(member, id).await?;
    let known = Known::read(member).await?;
    let content = order.content.clone().unwrap_or_default();
    let line = content.lines.first().cloned().unwrap_or_default();
    let unit = t.unit(&line.unit_code, "");
    let price = line.price.as_ref().and_then(|price| format::decimal(price.amount.as_ref()));
    let quantity = format::decimal_or_zero(line.quantity.as_ref());
    let mut ask = asking(member, format!("{RESERVATIONS}/{id}/order"), key::USE_TITLE, to_reservations(t))
        .lead(t.say(key::USE_BODY))
        .fact(t.say(key::SUPPLIER), known.name(t, &one.supplier_id))
        .fact(t.say(key::RESERVED_WHAT), reservations::what(t, &one))
        .fact(t.say(key::ORDERED), t.quantity(quantity, &unit))
        .submit(t.say(key::USE_SEND))
        .ask(questions::number(t))
        .ask(Question::new("item", Kind::Text, t.say(key::ITEM)).with(line.item.unwrap_or_default().name))
        .ask(
            Question::new("price", Kind::Number, t.one(key::USE_PRICE, &unit))
                .at("content.lines[0].price")
                .optional()
                .with(price.map(|price| price.normalize().to_string()).unwrap_or_default()),
        )
        .ask(questions::tax(t));
    if content.currency.is_empty() {
        ask = ask.ask(questions::currency(t).with("CNY"));
    }
    Ok(ask)
}

/// The form.
pub async fn form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    let order = prefilled(&member, &id).await?;
    Ok(asked(&member, &id, &order).await?.show())
}

/// Publishes the order, which consumes the reservation.
pub async fn publish(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("{RESERVATIONS}/{id}/order"), &fields).await?;
    let member = &posted.member;
    let order = match prefilled(member, &id).await {
        Ok(order) => order,
        // Sent twice: the order of the first time is what was wanted.
        Err(failure) => match read::reservation(member, &id).await?.order_id.as_str() {
            "" => return Err(failure),
            order => return Ok(page::go(&format!("/orders/{order}"))),
        },
    };
    let mut ask = asked(member, &id, &order).await?.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let mut content = order.content.unwrap_or_default();
    content.order_number = fields.get("number").to_string();
    content.price_includes_tax = Some(fields.get("tax") == "yes");
    if content.currency.is_empty() {
        content.currency = fields.get("currency").to_string();
    }
    if let Some(line) = content.lines.first_mut() {
        line.item.get_or_insert_default().name = fields.get("item").to_string();
        line.price = match (fields.get("price"), typed::quantity(fields.get("price"))) {
            ("", _) => None,
            (_, Some(price)) => {
                Some(Price { amount: Some(chassis::value::wire_decimal(price)), ..Price::default() })
            }
            (_, None) => {
                let t = member.text();
                ask.blame("price", t.one(key::ASK_WRONG, t.say(key::PRICE)));
                return Ok(ask.wrong());
            }
        };
    }
    let request = PublishOrderRequest {
        request_id: posted.request_id.clone(),
        content: Some(content),
        supplier: order.supplier,
        ..PublishOrderRequest::default()
    };
    match member.app().api.orders().publish_order(member.call(request)).await {
        Ok(receipt) => Ok(page::go(&format!("/orders/{}", receipt.into_inner().order_id))),
        Err(status) => ask.refused(status),
    }
}
