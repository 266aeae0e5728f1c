//! A server that takes a firm's webhook while those who send are killed.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use harness::{
    chaos::{self, Party},
    history::{Operation, Record},
    receiver::{Receiver, Reply},
    request_id,
    tell::aloud,
    until,
};
use proto::stream::{CreateWebhookRequest, Filter, Webhook, WebhookMode};

/// What it asks for: some of what happens, so that it keeps up.
const KIND: &str = "tandem.orders.order.responded.v1";
/// Whoever was killed while it sent keeps others waiting for 20 seconds. So long nothing may come; what waits, since firms
/// answer more than one that takes its time is sent in order, takes as long as it takes.
const STILL: Duration = Duration::from_secs(120);
/// How often is looked how far it is.
const LOOK: Duration = Duration::from_secs(1);

pub struct Hooked {
    receiver: Receiver,
    feed: uuid::Uuid,
    start: i64,
    secret: String,
}

impl Hooked {
    pub async fn begin(api: SocketAddr, party: &Party) -> Self {
        let receiver = Receiver::start().await;
        // Each answer takes a while, so that kills fall into the middle of some.
        receiver.rule(|_, _| Reply::Late(200, Duration::from_millis(10)));
        let webhook = Webhook {
            name: "ERP".into(),
            url: receiver.url(),
            mode: WebhookMode::Ordered.into(),
            filter: Some(Filter { types: vec![KIND.into()], ..Filter::default() }),
            ..Webhook::default()
        };
        let request = CreateWebhookRequest { request_id: request_id(), webhook: Some(webhook) };
        let access = chaos::access(api, Some(&party.key));
        let made = access.webhooks().create_webhook(request).await.expect("a webhook").into_inner();
        let start = made.webhook.expect("shown").seq;
        Self { receiver, feed: party.id, start, secret: made.secret }
    }

    /// Waits until it has everything that followers of the feed saw, and judges how it came. `outlasted`: a process that sent was
    /// held still for longer than its lease. One that was held in the middle of an attempt makes it when it goes on, beside
    /// whoever sends meanwhile: nobody can take back what is on its way.
    pub async fn finish(self, records: &[Record], outlasted: bool) {
        let due: BTreeMap<i64, String> = records
            .iter()
            .filter_map(|record| match &record.operation {
                Operation::Deliver { feed, event, .. } if *feed == self.feed && event.kind == KIND => {
                    Some((event.seq, event.event_id.to_string()))
                }
                _ => None,
            })
            .filter(|(seq, _)| *seq > self.start)
            .collect();
        let last = due.last_key_value().map(|(seq, _)| *seq).expect("something was answered");
        let mut accepted = self.receiver.accepted();
        while !accepted.contains(&last) {
            let owed = format!("more than {} of {} events were accepted", accepted.len(), due.len());
            accepted = until(&owed, STILL, async || {
                let now = self.receiver.accepted();
                (now.len() > accepted.len() || now.contains(&last)).then_some(now)
            })
            .await;
            tokio::time::sleep(LOOK).await;
        }
        let received = self.receiver.received();
        let mut order = due.iter();
        let mut newest = self.start;
        for message in &received {
            let seq = message.seq();
            if seq > newest {
                let next = order.next();
                assert_eq!(next, Some((&seq, &message.id)), "after {newest}: in order, by its own id");
                newest = seq;
            } else {
                assert_eq!(Some(&message.id), due.get(&seq), "again by the same id");
            }
        }
        assert_eq!(order.next(), None, "nothing was left out");
        let most_open = self.receiver.most_open();
        assert!(most_open <= 1 + usize::from(outlasted), "{most_open} processes send at a time");
        assert!(harness::receiver::signed_with(&self.secret, &received).iter().all(|fits| *fits));
        let again = received.len() - due.len();
        aloud(format_args!("webhook: {} events, {again} of them sent again", due.len()));
    }
}
