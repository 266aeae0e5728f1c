//! Messages outside the portal: a channel of mail that is told of each new order, once.

use std::time::{Duration, Instant};

use harness::{Access, order, request_id};
use proto::notices::{
    Channel, CreateChannelRequest, Delivery, DeliveryState, ListChannelsRequest, ListDeliveriesRequest,
    Medium, NoticeKind, UpdateChannelRequest,
};

use super::{Desk, Trader};

/// Orders within so many seconds become one message: a channel takes no more than 20 messages a minute.
const DIGEST_S: i32 = 5;
/// Whoever was killed while it sent keeps others waiting for a minute.
const CAUGHT_UP: Duration = Duration::from_secs(150);
const LOOK: Duration = Duration::from_millis(200);
/// Of a list, at a time.
const PAGE: i32 = 1_000;

pub struct Messages {
    buyer: Access,
    supplier: Access,
    /// As it was acknowledged last.
    channel: Channel,
    published: i32,
    /// Orders that nobody published.
    invented: i32,
}

impl Messages {
    /// Sets the supplier's channel up; nobody else orders from it.
    pub async fn open(desk: &Desk, buyer: Access, supplier: Access) -> Self {
        let channel = Channel {
            medium: Medium::Mail.into(),
            name: "销售".into(),
            kinds: vec![NoticeKind::OrderPublished.into()],
            digest_s: Some(DIGEST_S),
            ..Channel::default()
        };
        let request = CreateChannelRequest {
            request_id: request_id(),
            channel: Some(channel),
            address: "lin@example.invalid".into(),
            secret: String::new(),
        };
        let send = |access: Access, request| async move { access.notices().create_channel(request).await };
        let channel = desk.insist(&supplier, request, send).await;
        Self { buyer, supplier, channel, published: 0, invented: 0 }
    }

    /// Messages about new orders, sent and waiting.
    async fn deliveries(&self, desk: &Desk) -> Vec<Delivery> {
        let (mut found, mut page_token) = (Vec::new(), String::new());
        loop {
            let request =
                ListDeliveriesRequest { page_size: PAGE, page_token, ..ListDeliveriesRequest::default() };
            let send =
                |access: Access, request| async move { access.notices().list_deliveries(request).await };
            let page = desk.ask(&self.supplier, request, send).await;
            found.extend(page.deliveries);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        found.retain(|delivery| delivery.kind() == NoticeKind::OrderPublished);
        found
    }
}

impl Trader for Messages {
    async fn trade(&mut self, desk: &Desk, number: usize) {
        let request = order(&format!("TOLD-{number}")).line("10", "P-1", "100", "12.50").to("V100");
        let send = |access: Access, request| async move { access.orders().publish_order(request).await };
        desk.ask(&self.buyer, request, send).await;
        self.published += 1;
        let renamed = Channel { name: format!("销售 {number}"), ..self.channel.clone() };
        let request = UpdateChannelRequest { request_id: request_id(), channel: Some(renamed) };
        let send = |access: Access, request| async move { access.notices().update_channel(request).await };
        self.channel = desk.insist(&self.supplier, request, send).await;
    }

    fn invent(&mut self) -> String {
        self.invented += 1;
        format!("of {} orders", self.published + self.invented)
    }

    async fn judge(self, desk: &Desk) -> Vec<String> {
        let since = Instant::now();
        let (mut told, mut unsent) = (0, 0);
        while since.elapsed() < CAUGHT_UP {
            let deliveries = self.deliveries(desk).await;
            told = deliveries.iter().map(|delivery| delivery.notices).sum();
            unsent = deliveries.iter().filter(|one| one.state() != DeliveryState::Sent).count();
            if told >= self.published && unsent == 0 {
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
        let mut faults = Vec::new();
        for published in [self.published, self.published + self.invented] {
            if told != published || unsent > 0 {
                faults.push(format!(
                    "of {published} orders {told} were told of; {unsent} messages are not sent"
                ));
            }
        }
        let send = |access: Access, request| async move { access.notices().list_channels(request).await };
        let channels = desk.ask(&self.supplier, ListChannelsRequest::default(), send).await.channels;
        let names: Vec<&str> = channels.iter().map(|channel| &*channel.name).collect();
        if names != [&*self.channel.name] {
            faults.push(format!("channels are {names:?}, and {} was acknowledged", self.channel.name));
        }
        faults
    }
}
