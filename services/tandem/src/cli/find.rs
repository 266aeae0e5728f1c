//! Finding what people name by what they have at hand: an order by its number, an invitation by its firm.

use proto::{
    orders::{GetOrderRequest, ListOrdersRequest, Order, Side},
    partners::{ListRelationshipsRequest, RenewInvitationRequest},
};

use super::{
    Session,
    failure::{Exit, Failure},
};

/// The order that `named` means: our id, or an order number of either side. Several orders may have one number (two
/// anchors, or two systems of one); then the answer lists their ids.
pub(super) async fn order(named: &str, session: &Session) -> Result<Order, Failure> {
    let id = match uuid::Uuid::try_parse(named) {
        Ok(_) => named.to_owned(),
        Err(_) => id_by_number(named, session).await?,
    };
    let request = GetOrderRequest { order_id: id };
    let answer = session.connection.orders().get_order(request).await;
    answer.map(tonic::Response::into_inner).map_err(|status| session.refused(&status))
}

async fn id_by_number(number: &str, session: &Session) -> Result<String, Failure> {
    let mut found = Vec::new();
    for side in [Side::Buyer, Side::Supplier] {
        let request = ListOrdersRequest {
            side: side.into(),
            order_number: number.to_owned(),
            page_size: 50,
            ..Default::default()
        };
        let answer = session.connection.orders().list_orders(request).await;
        found.extend(answer.map_err(|status| session.refused(&status))?.into_inner().orders);
    }
    // A firm may buy from itself; the order then stands on both sides.
    found.dedup_by(|a, b| a.id == b.id);
    match found.as_slice() {
        [] => Err(Failure::local(Exit::Refused, format!("there is no order {number}"))
            .advise("see what there is with `tandem orders list`")),
        [order] => Ok(order.id.clone()),
        several => {
            let ids: Vec<String> = several
                .iter()
                .map(|order| {
                    let system = &order.source_system;
                    format!("{} ({} → {}, {system})", order.id, order.buyer_name, order.supplier_name)
                })
                .collect();
            let message = format!("{} orders have the number {number}:\n  {}", ids.len(), ids.join("\n  "));
            Err(Failure::local(Exit::Usage, message).advise("name one by its id"))
        }
    }
}

/// A link to hand over to a supplier that publishing invited. Earlier links of it end, so this is only for one that was
/// invited just now. Nothing where the caller may not invite.
pub(super) async fn invitation(supplier_id: &str, session: &Session) -> Option<String> {
    let mut client = session.connection.relationships();
    let mut request = ListRelationshipsRequest { page_size: 1_000, ..Default::default() };
    let relationship_id = loop {
        let page = client.list_relationships(request.clone()).await.ok()?.into_inner();
        if let Some(found) = page.relationships.into_iter().find(|r| r.supplier_id == supplier_id) {
            break found.id;
        }
        if page.next_page_token.is_empty() {
            return None;
        }
        request.page_token = page.next_page_token;
    };
    let request =
        RenewInvitationRequest { request_id: format!("invited-{relationship_id}"), relationship_id };
    let renewed = client.renew_invitation(request).await.ok()?.into_inner();
    Some(renewed.invitation_path).filter(|path| !path.is_empty())
}
