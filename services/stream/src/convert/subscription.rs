//! Durable subscriptions from the wire and for it.

use chassis::{Error, Result, cursor::Cursor, feed::start::Start, secret::SigningKeys, value::timestamp};
use proto::stream::{self as wire, create_subscription_request};
use uuid::Uuid;

use crate::durable::{Durable, is_name};

/// What a new subscription is called, and where it begins.
pub(crate) fn new(
    request: &wire::CreateSubscriptionRequest,
    feed: Uuid,
    keys: &SigningKeys,
) -> Result<(String, Start)> {
    use create_subscription_request::Start as Wire;
    let mut bad = Vec::new();
    if !is_name(&request.name) {
        bad.push(chassis::Field::new(
            "name",
            "VALUE",
            "must have 1 to 60 letters, digits, `-`, `_` and `.`, a letter or digit first",
        ));
    }
    let start = match &request.start {
        Some(Wire::After(cursor)) => Some(Cursor::decode(cursor, feed, keys).map(Start::After)),
        Some(Wire::Earliest(true)) => Some(Ok(Start::Earliest)),
        Some(Wire::Latest(true)) => Some(Ok(Start::Latest)),
        Some(Wire::Earliest(false) | Wire::Latest(false)) | None => {
            bad.push(super::start_required("after, earliest and latest"));
            None
        }
    };
    match start {
        Some(start) if bad.is_empty() => Ok((request.name.clone(), start?)),
        _ => Err(Error::invalid(bad)),
    }
}

/// For the wire, in a feed that stands at `head`.
pub(crate) fn wire(durable: &Durable, head: i64, keys: &SigningKeys) -> wire::Subscription {
    wire::Subscription {
        name: durable.name.clone(),
        cursor: durable.at.encode(keys),
        seq: durable.at.seq,
        behind: (head - durable.at.seq).max(0),
        created_at: Some(timestamp(durable.created_at)),
        acknowledged_at: durable.acknowledged_at.map(timestamp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chassis::Reason;
    use create_subscription_request::Start as Wire;

    const FEED: Uuid = Uuid::from_u128(1);

    #[test]
    fn every_bad_field_of_a_new_subscription_is_named() {
        let keys = SigningKeys::new([7; 32], None);
        let ask = |name: &str, start| {
            let request =
                wire::CreateSubscriptionRequest { request_id: "1".into(), name: name.into(), start };
            new(&request, FEED, &keys)
        };
        let refused = ask("a b", None).unwrap_err();
        assert_eq!(refused.fields.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), ["name", "start"]);
        assert_eq!(ask("", Some(Wire::Latest(true))).unwrap_err().fields.len(), 1);
        let other = Cursor::new(Uuid::from_u128(2), 3, &[1; 32]).encode(&keys);
        assert_eq!(ask("erp", Some(Wire::After(other))).unwrap_err().reason, Reason::CURSOR_INVALID);
        let cursor = Cursor::new(FEED, 3, &[1; 32]);
        let asked = ask("erp", Some(Wire::After(cursor.encode(&keys)))).unwrap();
        assert_eq!(asked, ("erp".to_owned(), Start::After(cursor)));
    }
}
