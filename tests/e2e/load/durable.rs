//! A place in a feed that the server keeps, for a reader who keeps none.

use harness::{
    Access,
    history::{self, Outcome},
    request_id,
};
use proto::stream::{
    AcknowledgeSubscriptionRequest, CreateSubscriptionRequest, create_subscription_request::Start,
};
use tonic::{Response, Status};

use super::{PATIENCE, PAUSE};

pub struct Durable {
    callers: Vec<Access>,
    pub name: String,
    /// What the server said that it keeps.
    pub seq: i64,
}

impl Durable {
    pub fn new(callers: Vec<Access>, name: String) -> Self {
        Self { callers, name, seq: 0 }
    }

    /// Sets it up at the beginning of the feed.
    pub async fn set_up(&self) {
        let request = CreateSubscriptionRequest {
            request_id: request_id(),
            name: self.name.clone(),
            start: Some(Start::Earliest(true)),
        };
        let send = |access: Access, request| async move {
            access.subscriptions().create_subscription(request).await
        };
        self.insist(request, send).await;
    }

    /// Everything up to this cursor was dealt with.
    pub async fn acknowledge(&mut self, cursor: &str) {
        let request = AcknowledgeSubscriptionRequest {
            request_id: request_id(),
            name: self.name.clone(),
            cursor: cursor.into(),
            rewind: false,
        };
        let send = |access: Access, request| async move {
            access.subscriptions().acknowledge_subscription(request).await
        };
        self.seq = self.insist(request, send).await.seq;
    }

    /// The same request again and again, now here and now there, until somebody answers it: what was sent before does nothing
    /// any more then, however late it comes.
    async fn insist<R: Clone, T, Sent>(&self, request: R, send: impl Fn(Access, R) -> Sent) -> T
    where
        Sent: Future<Output = Result<Response<T>, Status>>,
    {
        for access in self.callers.iter().cycle() {
            let answer = tokio::time::timeout(PATIENCE, send(access.clone(), request.clone())).await;
            let answer = answer.unwrap_or_else(|_| Err(Status::deadline_exceeded("nobody answered")));
            let outcome = history::outcome(&answer);
            match answer {
                Ok(answer) => return answer.into_inner(),
                Err(status) => {
                    assert_ne!(
                        outcome,
                        Outcome::Fail,
                        "{}: a right request was refused: {status}",
                        self.name
                    );
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
        unreachable!("there is an address");
    }
}
