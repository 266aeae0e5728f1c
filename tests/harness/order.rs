//! Documents as a buyer's ERP, a supplier and a buyer would send them, put together in one line.

use proto::{
    Date, Decimal,
    orders::{
        Accept, DeliveryWindow, Item, LineResponse, OrderContent, OrderLine, OrderType, Price,
        ProposalDecision, Propose, ProposedDelivery, PublishOrderRequest, Reject, RejectReason, Remainder,
        ResolveProposalRequest, RespondToOrderRequest, ScheduleLine, SupplierAddress, line_response,
    },
};

/// A request id that nobody used.
pub fn request_id() -> String {
    chassis::clock::system().id().to_string()
}

/// A decimal as it travels.
pub fn decimal(text: &str) -> Decimal {
    Decimal { value: text.into() }
}

/// A decimal that came in; panics for an absent or malformed one.
pub fn number(wire: Option<&Decimal>) -> rust_decimal::Decimal {
    wire.expect("the decimal is there").value.parse().expect("a decimal")
}

/// `2026-12-28` as it travels.
pub fn date(text: &str) -> Date {
    let mut parts = text.split('-').map(|part| part.parse().expect("year-month-day"));
    let mut next = || parts.next().expect("year-month-day");
    Date { year: next(), month: next(), day: next() }
}

/// An order on its way out.
#[derive(Clone, Debug)]
pub struct Order {
    /// Change anything that has no method here.
    pub content: OrderContent,
}

/// An order of this number in CNY without tax, asked for 2026-12-28, without lines yet.
pub fn order(number: &str) -> Order {
    let day = date("2026-12-28");
    Order {
        content: OrderContent {
            order_number: number.into(),
            order_type: OrderType::Standalone.into(),
            issue_date: Some(date("2026-11-23")),
            currency: "CNY".into(),
            price_includes_tax: Some(false),
            requested_delivery: Some(DeliveryWindow {
                from: Some(day),
                until: Some(day),
                ..DeliveryWindow::default()
            }),
            ..OrderContent::default()
        },
    }
}

impl Order {
    /// Another line: its number, the buyer's item, the quantity in pieces, and the unit price.
    pub fn line(mut self, line_number: &str, item: &str, quantity: &str, price: &str) -> Self {
        self.content.lines.push(OrderLine {
            line_number: line_number.into(),
            item: Some(Item { name: format!("{item} 件"), buyer_item_id: item.into(), ..Item::default() }),
            quantity: Some(decimal(quantity)),
            unit_code: "H87".into(),
            unit_text: "个".into(),
            price: Some(Price { amount: Some(decimal(price)), ..Price::default() }),
            ..OrderLine::default()
        });
        self
    }

    /// The last line is counted in this unit.
    pub fn unit(mut self, code: &str) -> Self {
        let line = self.content.lines.last_mut().expect("a unit belongs to a line");
        line.unit_code = code.into();
        line.unit_text.clear();
        self
    }

    /// Another schedule line of the last line; the line's quantity becomes the sum.
    pub fn schedule(mut self, number: &str, quantity: &str, day: &str, site: &str) -> Self {
        let line = self.content.lines.last_mut().expect("a schedule line belongs to a line");
        line.quantity = None;
        line.schedule_lines.push(ScheduleLine {
            schedule_line_number: number.into(),
            quantity: Some(decimal(quantity)),
            requested_delivery: Some(DeliveryWindow {
                from: Some(date(day)),
                until: Some(date(day)),
                ..DeliveryWindow::default()
            }),
            ship_to_site: site.into(),
            ..ScheduleLine::default()
        });
        self
    }

    /// Bought by this group.
    pub fn group(mut self, purchasing_group: &str) -> Self {
        self.content.purchasing_group = purchasing_group.into();
        self
    }

    /// Numbered by this ERP.
    pub fn system(mut self, source_system: &str) -> Self {
        self.content.source_system = source_system.into();
        self
    }

    /// To the supplier that the buyer calls so.
    pub fn to(self, vendor_number: &str) -> PublishOrderRequest {
        self.to_address(SupplierAddress { vendor_number: vendor_number.into(), ..SupplierAddress::default() })
    }

    /// To a supplier that is invited by this name unless the number is known.
    pub fn to_invited(self, vendor_number: &str, invite_as: &str) -> PublishOrderRequest {
        self.to_address(SupplierAddress {
            vendor_number: vendor_number.into(),
            invite_as: invite_as.into(),
            ..SupplierAddress::default()
        })
    }

    /// To whomever the address names.
    pub fn to_address(self, supplier: SupplierAddress) -> PublishOrderRequest {
        PublishOrderRequest {
            request_id: request_id(),
            content: Some(self.content),
            supplier: Some(supplier),
            ..PublishOrderRequest::default()
        }
    }
}

/// Accepts everything unanswered of revision 1.
pub fn accept_all(order_id: &str) -> RespondToOrderRequest {
    RespondToOrderRequest {
        request_id: request_id(),
        order_id: order_id.into(),
        revision: 1,
        accept_all: true,
        ..RespondToOrderRequest::default()
    }
}

/// A supplier's answer to revision 1, line by line; an empty quantity is everything unanswered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Change anything that has no method here.
    pub request: RespondToOrderRequest,
}

/// An answer without lines yet.
pub fn answer(order_id: &str) -> Answer {
    Answer { request: RespondToOrderRequest { accept_all: false, ..accept_all(order_id) } }
}

impl Answer {
    /// Accepts so much of a line.
    pub fn accept(self, line: &str, quantity: &str) -> Self {
        self.line(line, line_response::Answer::Accept(Accept { quantity: given(quantity) }))
    }

    /// Rejects so much of a line.
    pub fn reject(self, line: &str, quantity: &str, reason: RejectReason) -> Self {
        let reject = Reject { quantity: given(quantity), reason: reason.into(), note: "说明".into() };
        self.line(line, line_response::Answer::Reject(reject))
    }

    /// Proposes deliveries (quantity, day) for so much of a line.
    pub fn propose(self, line: &str, covers: &str, deliveries: &[(&str, &str)]) -> Self {
        let deliveries = deliveries.iter().map(|(quantity, day)| ProposedDelivery {
            quantity: Some(decimal(quantity)),
            delivery_date: Some(date(day)),
        });
        let propose = Propose {
            covers_quantity: given(covers),
            deliveries: deliveries.collect(),
            ..Propose::default()
        };
        self.line(line, line_response::Answer::Propose(propose))
    }

    /// What becomes of the rest of the last line.
    pub fn rest(mut self, remainder: Remainder) -> Self {
        let line = self.request.lines.last_mut().expect("a remainder belongs to a line");
        line.remainder = remainder.into();
        if remainder == Remainder::Reject {
            line.remainder_reason = RejectReason::NoCapacity.into();
        }
        self
    }

    /// The request.
    pub fn done(self) -> RespondToOrderRequest {
        self.request
    }

    fn line(mut self, line: &str, answer: line_response::Answer) -> Self {
        let (line_number, schedule_line_number) = line.split_once('/').unwrap_or((line, ""));
        self.request.lines.push(LineResponse {
            line_number: line_number.into(),
            schedule_line_number: schedule_line_number.into(),
            answer: Some(answer),
            ..LineResponse::default()
        });
        self
    }
}

fn given(quantity: &str) -> Option<Decimal> {
    (!quantity.is_empty()).then(|| decimal(quantity))
}

/// A buyer's decisions: proposals, and whether they are accepted.
pub fn decide(order_id: &str, decisions: &[(&str, bool)]) -> ResolveProposalRequest {
    let decisions = decisions.iter().map(|(proposal_id, accept)| ProposalDecision {
        proposal_id: (*proposal_id).into(),
        accept: *accept,
        note: String::new(),
    });
    ResolveProposalRequest {
        request_id: request_id(),
        order_id: order_id.into(),
        decisions: decisions.collect(),
    }
}
