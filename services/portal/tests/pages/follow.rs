//! What follows an order, and answers beside answering: the same API in memory.

use chassis::{Reason, value::timestamp};
use futures::stream::{self, BoxStream};
use proto::{interchange::*, orders::*};
use time::macros::datetime;
use tonic::{Request, Response, Status};

use crate::{
    ORDER,
    fake::{Fake, HOLDER, SUPPLIER, refuse},
};

type Answer<T> = Result<Response<T>, Status>;

/// A table as a file: cells with strokes between them.
pub fn written(table: &WriteTableRequest) -> WriteTableResponse {
    let headings: Vec<&str> = table.columns.iter().map(|column| column.heading.as_str()).collect();
    let rows = table.rows.iter().map(|row| row.cells.join("|"));
    let lines: Vec<String> = std::iter::once(headings.join("|")).chain(rows).collect();
    WriteTableResponse {
        content: lines.join("\n").into_bytes().into(),
        media_type: "text/csv".into(),
        file_name: format!("{}.{}", table.name, table.format),
    }
}

/// Calls that tests look at.
#[derive(Default)]
pub struct Calls {
    /// Orders, each time that one was read.
    pub read: Vec<String>,
    pub messages: Vec<PostMessageRequest>,
    pub stages: Vec<SetProgressRequest>,
    pub consents: Vec<RespondToChangeRequest>,
    pub withdrawn: Vec<WithdrawProposalRequest>,
    pub previews: Vec<PreviewResponseRequest>,
    pub bulk: Vec<BulkRespondRequest>,
    pub files: Vec<ImportAnswersRequest>,
    pub changes: Vec<ImportChangesRequest>,
    pub preview: ResponsePreview,
    pub reminders: Vec<Reminder>,
    pub published: Vec<PublishOrderRequest>,
    /// Answers would promise hours that are offered to others.
    pub hours_offered: bool,
}

/// Refuses what would promise hours that are offered, unless it says so.
pub fn beside_offers(api: &Fake, request: &RespondToOrderRequest) -> Result<(), Status> {
    if request.despite_offers || !api.calls().hours_offered {
        return Ok(());
    }
    let refused = chassis::Error::new(Reason::HOURS_OFFERED).with("line_number", "10");
    let refused = refused.with("iso_week", "2026-W53").with("group_name", "大机组");
    Err(refused.with("short", "5400").with("unit_code", "SEC").into())
}

#[tonic::async_trait]
impl thread_service_server::ThreadService for Fake {
    type GetAttachmentStream = BoxStream<'static, Result<GetAttachmentResponse, Status>>;

    async fn post_message(&self, request: Request<PostMessageRequest>) -> Answer<PostMessageResponse> {
        let request = request.into_inner();
        for (i, file) in request.attachments.iter().enumerate() {
            if !file.name.ends_with(".pdf") {
                let path = format!("attachments[{i}].content");
                return Err(chassis::Error::field(path, "TYPE", "must be a .pdf file").into());
            }
        }
        if request.body.is_empty() && request.attachments.is_empty() {
            return Err(chassis::Error::field("body", "REQUIRED", "write something").into());
        }
        self.calls().messages.push(request);
        Ok(Response::new(PostMessageResponse::default()))
    }

    async fn list_messages(&self, request: Request<ListMessagesRequest>) -> Answer<ListMessagesResponse> {
        let order = request.into_inner().order_id;
        let calls = self.calls();
        let own = calls.messages.iter().rev().filter(|message| message.order_id == order);
        let messages = own.map(|posted| Message {
            author_id: SUPPLIER.into(),
            actor_name: "林小燕".into(),
            internal: posted.internal,
            body: posted.body.clone(),
            line_number: posted.line_number.clone(),
            attachments: posted
                .attachments
                .iter()
                .map(|file| MessageAttachment {
                    id: "f1".into(),
                    name: file.name.clone(),
                    size_bytes: file.content.len() as i32,
                    ..Default::default()
                })
                .collect(),
            posted_at: Some(timestamp(datetime!(2026-11-23 01:05 UTC))),
            ..Default::default()
        });
        Ok(Response::new(ListMessagesResponse { messages: messages.collect(), ..Default::default() }))
    }

    async fn get_attachment(&self, _: Request<GetAttachmentRequest>) -> Answer<Self::GetAttachmentStream> {
        let attachment = MessageAttachment {
            name: "图纸 1.pdf".into(),
            media_type: "application/pdf".into(),
            size_bytes: 10,
            ..Default::default()
        };
        let first = GetAttachmentResponse { attachment: Some(attachment), data: b"%PDF-".to_vec().into() };
        let second = GetAttachmentResponse { attachment: None, data: b"<b>\n.".to_vec().into() };
        Ok(Response::new(Box::pin(stream::iter([Ok(first), Ok(second)]))))
    }
}

#[tonic::async_trait]
impl reminder_service_server::ReminderService for Fake {
    async fn remind_supplier(&self, _: Request<RemindSupplierRequest>) -> Answer<RemindSupplierResponse> {
        Err(refuse(Reason::INTERNAL))
    }

    async fn list_reminders(&self, request: Request<ListRemindersRequest>) -> Answer<ListRemindersResponse> {
        let wanted = request.into_inner().order_id;
        let fits = |reminder: &&Reminder| wanted.is_empty() || reminder.order_id == wanted;
        let reminders = self.calls().reminders.iter().filter(fits).cloned().collect();
        Ok(Response::new(ListRemindersResponse { reminders, ..Default::default() }))
    }

    async fn acknowledge_reminders(
        &self,
        _: Request<AcknowledgeRemindersRequest>,
    ) -> Answer<AcknowledgeRemindersResponse> {
        Err(refuse(Reason::INTERNAL))
    }

    async fn mark_opened(&self, _: Request<MarkOpenedRequest>) -> Answer<MarkOpenedResponse> {
        Err(refuse(Reason::INTERNAL))
    }
}

#[tonic::async_trait]
impl progress_service_server::ProgressService for Fake {
    async fn set_progress(&self, request: Request<SetProgressRequest>) -> Answer<SetProgressResponse> {
        self.calls().stages.push(request.into_inner());
        Ok(Response::new(SetProgressResponse::default()))
    }

    async fn list_orders_at_risk(
        &self,
        _: Request<ListOrdersAtRiskRequest>,
    ) -> Answer<ListOrdersAtRiskResponse> {
        Ok(Response::new(ListOrdersAtRiskResponse::default()))
    }
}

/// The API's changes of orders.
pub fn changes(api: &Fake) -> order_change_service_server::OrderChangeServiceServer<Fake> {
    order_change_service_server::OrderChangeServiceServer::new(api.clone())
}

#[tonic::async_trait]
impl order_change_service_server::OrderChangeService for Fake {
    async fn change_order(&self, _: Request<ChangeOrderRequest>) -> Answer<OrderReceipt> {
        Err(refuse(Reason::INTERNAL))
    }

    async fn cancel_order(&self, _: Request<CancelOrderRequest>) -> Answer<OrderReceipt> {
        Err(refuse(Reason::INTERNAL))
    }

    async fn close_short(&self, _: Request<CloseShortRequest>) -> Answer<OrderReceipt> {
        Err(refuse(Reason::INTERNAL))
    }

    async fn hold_order(&self, _: Request<HoldOrderRequest>) -> Answer<OrderReceipt> {
        Err(refuse(Reason::INTERNAL))
    }

    async fn release_order(&self, _: Request<ReleaseOrderRequest>) -> Answer<OrderReceipt> {
        Err(refuse(Reason::INTERNAL))
    }

    async fn respond_to_change(&self, request: Request<RespondToChangeRequest>) -> Answer<OrderReceipt> {
        self.calls().consents.push(request.into_inner());
        Ok(Response::new(OrderReceipt::default()))
    }

    async fn withdraw_change(&self, _: Request<WithdrawChangeRequest>) -> Answer<OrderReceipt> {
        Err(refuse(Reason::INTERNAL))
    }

    async fn withdraw_proposal(&self, request: Request<WithdrawProposalRequest>) -> Answer<OrderReceipt> {
        self.calls().withdrawn.push(request.into_inner());
        Ok(Response::new(OrderReceipt::default()))
    }
}

#[tonic::async_trait]
impl response_service_server::ResponseService for Fake {
    async fn preview_response(&self, request: Request<PreviewResponseRequest>) -> Answer<ResponsePreview> {
        let mut calls = self.calls();
        calls.previews.push(request.into_inner());
        Ok(Response::new(calls.preview.clone()))
    }

    /// The second answer is refused, all others are taken.
    async fn bulk_respond(&self, request: Request<BulkRespondRequest>) -> Answer<BulkRespondResponse> {
        let request = request.into_inner();
        let refused =
            if self.calls().hours_offered { Reason::HOURS_OFFERED } else { Reason::REVISION_OUTDATED };
        let result = |(at, response): (usize, &RespondToOrderRequest)| {
            let result = match at {
                1 => bulk_respond_result::Result::Refusal(ResponseRefusal {
                    reason: refused.as_str().into(),
                    message: "the order has changed".into(),
                    message_zh: "订单已有新修订".into(),
                    ..Default::default()
                }),
                _ => bulk_respond_result::Result::Receipt(OrderReceipt {
                    state: OrderState::Accepted as i32,
                    ..Default::default()
                }),
            };
            BulkRespondResult {
                order_id: response.order_id.clone(),
                request_id: response.request_id.clone(),
                result: Some(result),
            }
        };
        let results = request.responses.iter().enumerate().map(result).collect();
        self.calls().bulk.push(request);
        Ok(Response::new(BulkRespondResponse { results }))
    }
}

#[tonic::async_trait]
impl sheet_service_server::SheetService for Fake {
    async fn read_orders(&self, request: Request<ReadOrdersRequest>) -> Answer<ReadOrdersResponse> {
        let file = request.into_inner().file.unwrap_or_default();
        crate::sheets::read(&file.content).map(Response::new)
    }

    async fn mark_errors(&self, request: Request<MarkErrorsRequest>) -> Answer<MarkErrorsResponse> {
        Ok(Response::new(crate::sheets::marked(request.get_ref())))
    }

    async fn get_template(&self, request: Request<GetTemplateRequest>) -> Answer<GetTemplateResponse> {
        let request = request.into_inner();
        Ok(Response::new(GetTemplateResponse {
            content: format!("{}/{}/{}", request.format, request.encoding, request.language)
                .into_bytes()
                .into(),
            media_type: "text/csv".into(),
            file_name: "订单模板.csv".into(),
            ..Default::default()
        }))
    }

    async fn read_table(&self, _: Request<ReadTableRequest>) -> Answer<ReadTableResponse> {
        Err(refuse(Reason::INTERNAL))
    }

    async fn write_table(&self, request: Request<WriteTableRequest>) -> Answer<WriteTableResponse> {
        Ok(Response::new(written(request.get_ref())))
    }

    async fn export_answers(&self, request: Request<ExportAnswersRequest>) -> Answer<ExportAnswersResponse> {
        let request = request.into_inner();
        Ok(Response::new(ExportAnswersResponse {
            content: format!("{}/{}/{}", request.format, request.encoding, request.order_id)
                .into_bytes()
                .into(),
            media_type: "text/csv".into(),
            file_name: "待答复.csv".into(),
            ..Default::default()
        }))
    }

    /// The file says what becomes of it.
    async fn import_answers(&self, request: Request<ImportAnswersRequest>) -> Answer<ImportAnswersResponse> {
        let request = request.into_inner();
        let content = request.file.as_ref().map(|file| file.content.to_vec()).unwrap_or_default();
        self.calls().files.push(request);
        let wrong = RowError {
            row: 3,
            column: "答复数量".into(),
            reason: "DECIMAL".into(),
            message: "请填写数字".into(),
            ..Default::default()
        };
        Ok(Response::new(match content.as_slice() {
            b"unreadable" => return Err(refuse(Reason::SHEET_UNREADABLE)),
            b"offered" => ImportAnswersResponse {
                row_count: 4,
                errors: vec![RowError { reason: "OFFERED".into(), ..wrong }],
                ..Default::default()
            },
            b"wrong" => ImportAnswersResponse {
                row_count: 4,
                answered_row_count: 1,
                errors: vec![wrong],
                marked: b"PK-marked".to_vec().into(),
                marked_file_name: "待答复.err.xlsx".into(),
                media_type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet".into(),
                ..Default::default()
            },
            _ => ImportAnswersResponse { row_count: 4, ..Default::default() },
        }))
    }

    async fn export_orders(&self, request: Request<ExportOrdersRequest>) -> Answer<ExportOrdersResponse> {
        let request = request.into_inner();
        let orders = request.orders.unwrap_or_default();
        Ok(Response::new(ExportOrdersResponse {
            content: format!(
                "{}/{:?}/{:?}/{}/{}",
                request.format,
                orders.side(),
                orders.states,
                orders.purchasing_group,
                orders.text
            )
            .into_bytes()
            .into(),
            media_type: "text/csv".into(),
            file_name: "采购订单.csv".into(),
            ..Default::default()
        }))
    }

    /// Any file but an unchanged one makes 120 of 100.
    async fn import_changes(&self, request: Request<ImportChangesRequest>) -> Answer<ImportChangesResponse> {
        let request = request.into_inner();
        let outcome = match request.validate_only {
            true => ChangeOutcome::Valid,
            false => ChangeOutcome::Changed,
        };
        let content = request.file.as_ref().map(|file| file.content.to_vec()).unwrap_or_default();
        self.calls().changes.push(request);
        if content == b"unchanged" {
            return Ok(Response::new(ImportChangesResponse { row_count: 4, ..Default::default() }));
        }
        let change = CellChange {
            row: 2,
            line_number: "10".into(),
            schedule_line_number: "1".into(),
            field: "quantity".into(),
            column: "数量".into(),
            old: "100".into(),
            new: "1200.50".into(),
        };
        let order = ChangedOrder {
            order_id: "o1".into(),
            order_number: "CY1".into(),
            outcome: outcome as i32,
            rows: vec![2],
            changes: vec![change],
            ..Default::default()
        };
        Ok(Response::new(ImportChangesResponse {
            orders: vec![order],
            row_count: 4,
            changed_row_count: 1,
            ..Default::default()
        }))
    }
}

#[tonic::async_trait]
impl order_link_service_server::OrderLinkService for Fake {
    async fn create_order_link(&self, _: Request<CreateOrderLinkRequest>) -> Answer<CreateOrderLinkResponse> {
        Err(refuse(Reason::INTERNAL))
    }

    async fn list_order_links(&self, _: Request<ListOrderLinksRequest>) -> Answer<ListOrderLinksResponse> {
        Err(refuse(Reason::INTERNAL))
    }

    async fn revoke_order_link(&self, _: Request<RevokeOrderLinkRequest>) -> Answer<OrderLink> {
        Err(refuse(Reason::INTERNAL))
    }

    async fn inspect_order_link(
        &self,
        request: Request<InspectOrderLinkRequest>,
    ) -> Answer<InspectOrderLinkResponse> {
        if request.into_inner().token != HOLDER {
            return Err(refuse(Reason::NOT_FOUND));
        }
        Ok(Response::new(InspectOrderLinkResponse {
            order_id: ORDER.trim_start_matches("/orders/").into(),
            supplier_name: "顺模塑料制品（示例）厂".into(),
            label: "林小燕".into(),
            expires_at: Some(timestamp(datetime!(2026-11-30 01:00 UTC))),
            ..Default::default()
        }))
    }
}
