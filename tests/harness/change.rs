//! What a buyer and a supplier do to a published order, put together in one line.

use proto::orders::{
    CancelOrderRequest, CancelReason, ChangeOrderRequest, CloseShortRequest, HoldOrderRequest, HoldReason,
    LineCancellation, LineClosing, OrderReceipt, PublishOrderRequest, PublishOrdersRequest,
    PublishOrdersResponse, ReleaseOrderRequest, WithdrawProposalRequest,
};
use tonic::Status;

use crate::{Access, Order, decimal, request_id};

/// A change of an order: the header, and those lines that are new or differ.
pub fn change(order_id: &str, order: Order) -> ChangeOrderRequest {
    ChangeOrderRequest {
        request_id: request_id(),
        order_id: order_id.into(),
        content: Some(order.content),
        ..ChangeOrderRequest::default()
    }
}

/// A cancellation: line (or `line/schedule line`) and quantity, empty for everything open. No line: the whole order.
pub fn cancel(order_id: &str, lines: &[(&str, &str)]) -> CancelOrderRequest {
    let lines = lines.iter().map(|(line, quantity)| {
        let (line_number, schedule_line_number) = line.split_once('/').unwrap_or((line, ""));
        LineCancellation {
            line_number: line_number.into(),
            schedule_line_number: schedule_line_number.into(),
            quantity: (!quantity.is_empty()).then(|| decimal(quantity)),
            ..LineCancellation::default()
        }
    });
    CancelOrderRequest {
        request_id: request_id(),
        order_id: order_id.into(),
        lines: lines.collect(),
        reason: CancelReason::Demand.into(),
        ..CancelOrderRequest::default()
    }
}

/// Lines with what was delivered of them.
pub fn close(order_id: &str, lines: &[(&str, &str)]) -> CloseShortRequest {
    let lines = lines.iter().map(|(line, delivered)| LineClosing {
        line_number: (*line).into(),
        delivered_quantity: Some(decimal(delivered)),
        ..LineClosing::default()
    });
    CloseShortRequest {
        request_id: request_id(),
        order_id: order_id.into(),
        lines: lines.collect(),
        ..CloseShortRequest::default()
    }
}

/// A hold.
pub fn hold(order_id: &str) -> HoldOrderRequest {
    HoldOrderRequest {
        request_id: request_id(),
        order_id: order_id.into(),
        reason: HoldReason::Quality.into(),
        note: "等检验结果".into(),
    }
}

/// The end of a hold.
pub fn release(order_id: &str) -> ReleaseOrderRequest {
    ReleaseOrderRequest { request_id: request_id(), order_id: order_id.into(), note: String::new() }
}

/// A withdrawal of proposals.
pub fn withdraw(order_id: &str, proposals: &[&str]) -> WithdrawProposalRequest {
    WithdrawProposalRequest {
        request_id: request_id(),
        order_id: order_id.into(),
        proposal_ids: proposals.iter().map(ToString::to_string).collect(),
        note: String::new(),
    }
}

/// An item of a stream of orders.
pub fn item(item_id: &str, request: PublishOrderRequest) -> PublishOrdersRequest {
    PublishOrdersRequest {
        item_id: item_id.into(),
        content: request.content,
        supplier: request.supplier,
        stated_buyer: request.stated_buyer,
    }
}

impl Access {
    /// Changes an order.
    pub async fn change(&self, request: ChangeOrderRequest) -> Result<OrderReceipt, Status> {
        Ok(self.changes().change_order(request).await?.into_inner())
    }

    /// Cancels.
    pub async fn cancel(&self, request: CancelOrderRequest) -> Result<OrderReceipt, Status> {
        Ok(self.changes().cancel_order(request).await?.into_inner())
    }

    /// Closes lines.
    pub async fn close(&self, request: CloseShortRequest) -> Result<OrderReceipt, Status> {
        Ok(self.changes().close_short(request).await?.into_inner())
    }

    /// Takes proposals back.
    pub async fn withdraw(&self, request: WithdrawProposalRequest) -> Result<OrderReceipt, Status> {
        Ok(self.changes().withdraw_proposal(request).await?.into_inner())
    }

    /// Sends items over one stream; the answers in order of completion.
    pub async fn publish_all(
        &self,
        items: Vec<PublishOrdersRequest>,
    ) -> Result<Vec<PublishOrdersResponse>, Status> {
        let sent = tokio_stream::iter(items);
        let mut stream = self.publishing().publish_orders(sent).await?.into_inner();
        let mut answers = Vec::new();
        while let Some(answer) = stream.message().await? {
            answers.push(answer);
        }
        Ok(answers)
    }
}
