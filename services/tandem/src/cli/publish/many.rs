//! Many orders over one stream: each is published, changed, unchanged or refused by itself. A stream that is cut off
//! is opened again for what is unanswered; what took effect before is found unchanged then.

use std::{collections::BTreeMap, time::Duration};

use chassis::{Error, Reason};
use proto::{
    orders::{ItemRefusal, OrderReceipt, PublishOrdersRequest, PublishOrdersResponse},
    retry::pause,
};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation};

use crate::cli::{
    Session,
    failure::{Exit, Failure},
};

/// Streams that are opened in a row without any answer.
const PATIENCE: usize = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Sends orders and takes their answers, by place, in order of completion.
///
/// # Errors
/// What ended the last stream, where orders are left without an answer.
pub(super) async fn send(
    items: Vec<PublishOrdersRequest>,
    session: &Session,
    take: &mut (dyn FnMut(usize, PublishOrdersResponse) + Send),
) -> Result<(), Status> {
    let named = |(place, item): (usize, PublishOrdersRequest)| {
        (place, PublishOrdersRequest { item_id: place.to_string(), ..item })
    };
    let mut left: BTreeMap<usize, PublishOrdersRequest> = items.into_iter().enumerate().map(named).collect();
    let (mut tries, mut wait) = (0, FIRST_PAUSE);
    while !left.is_empty() {
        let before = left.len();
        let ended = round(&mut left, session, take).await;
        if left.len() < before {
            (tries, wait) = (0, FIRST_PAUSE);
        }
        if left.is_empty() {
            break;
        }
        let cut_short =
            || Error::new(Reason::UNAVAILABLE).message("the stream ended without all its answers");
        let status = ended.err().unwrap_or_else(|| cut_short().into());
        tries += 1;
        let cut = Failure::from_status(&status, session.locale).exit == Exit::Unreachable;
        match pause(&status, wait).or_else(|| cut.then_some(wait)) {
            Some(pause) if tries < PATIENCE => tokio::time::sleep(pause).await,
            _ => return Err(status),
        }
        wait *= 2;
    }
    Ok(())
}

/// One stream for everything that is left.
async fn round(
    left: &mut BTreeMap<usize, PublishOrdersRequest>,
    session: &Session,
    take: &mut (dyn FnMut(usize, PublishOrdersResponse) + Send),
) -> Result<(), Status> {
    let sent = futures::stream::iter(left.values().cloned().collect::<Vec<_>>());
    let mut answers = session.connection.publishing().publish_orders(sent).await?.into_inner();
    while let Some(answer) = answers.message().await? {
        let passing = [Code::Aborted as i32, Code::Unavailable as i32];
        if answer.refusal.as_ref().is_some_and(|refusal| passing.contains(&refusal.code)) {
            continue;
        }
        let Ok(place) = answer.item_id.parse() else { continue };
        if left.remove(&place).is_some() {
            take(place, answer);
        }
    }
    Ok(())
}

/// One order by itself.
pub(super) async fn one(item: PublishOrdersRequest, session: &Session) -> Result<OrderReceipt, Status> {
    let mut answered = None;
    send(vec![item], session, &mut |_, answer| answered = Some(answer)).await?;
    receipt(answered.unwrap_or_default(), session.locale)
}

/// What a unary call would have answered.
///
/// # Errors
/// The refusal, as a status.
pub(super) fn receipt(answer: PublishOrdersResponse, locale: &str) -> Result<OrderReceipt, Status> {
    match (answer.receipt, answer.refusal) {
        (Some(receipt), _) => Ok(receipt),
        (None, Some(refusal)) => Err(refused(refusal, locale)),
        (None, None) => Err(Error::new(Reason::INTERNAL)
            .message("the server sent neither a receipt nor a refusal")
            .into()),
    }
}

fn refused(refusal: ItemRefusal, locale: &str) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info(refusal.reason, "tandem", refusal.metadata);
    if !refusal.violations.is_empty() {
        let each = refusal.violations.into_iter().map(|violation| FieldViolation {
            reason: violation.reason,
            ..FieldViolation::new(violation.field, violation.description)
        });
        details.set_bad_request(each.collect::<Vec<_>>());
    }
    let zh = locale == "zh" && !refusal.message_zh.is_empty();
    let message = if zh { refusal.message_zh } else { refusal.message };
    chassis::error::carried(refusal.code, message, details)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_item_reads_like_a_refused_call() {
        let violation = proto::orders::ItemViolation {
            field: "content.currency".into(),
            reason: "REQUIRED".into(),
            description: "is missing".into(),
        };
        let refusal = ItemRefusal {
            code: 3,
            reason: "INVALID_FIELDS".into(),
            message: "one field is wrong".into(),
            message_zh: "一处有误".into(),
            violations: vec![violation],
            ..ItemRefusal::default()
        };
        let answer = PublishOrdersResponse { refusal: Some(refusal), ..PublishOrdersResponse::default() };
        let failure = Failure::from_status(&receipt(answer, "zh").unwrap_err(), "zh");
        assert_eq!(
            (failure.exit, &*failure.reason, &*failure.message),
            (Exit::Refused, "INVALID_FIELDS", "一处有误")
        );
        assert_eq!((&*failure.fields[0].field, &*failure.fields[0].reason), ("content.currency", "REQUIRED"));
    }
}
