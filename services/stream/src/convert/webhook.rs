//! Webhooks from the wire and for it, with every bad field named.

use chassis::{
    Error, Field, Result,
    cursor::Cursor,
    feed::start::Start,
    secret::SigningKeys,
    value::{self, timestamp},
};
use proto::stream::{self as wire, WebhookMode, replay_webhook_request};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::webhook::{Delivery, IN_FLIGHT, Scope, Standing, Webhook};

const NAME: usize = 100;
const CODE: usize = 60;
const LIST: usize = 100;
/// How long secrets of before go on signing where nothing is said, and at most, in seconds.
const OVERLAP: (i32, i32) = (86_400, 604_800);

/// A webhook as somebody asks for it; what the platform sets is set by whoever makes or changes it.
pub(crate) fn webhook(wire: Option<&wire::Webhook>) -> Result<Webhook> {
    let Some(wire) = wire else {
        return Err(Error::field("webhook", "REQUIRED", "is required"));
    };
    let mut bad = Vec::new();
    let name = text("name", &wire.name, NAME, &mut bad);
    if wire.url.is_empty() {
        bad.push(Field::new("url", "REQUIRED", "is required"));
    }
    let filter = super::filter(wire.filter.clone().unwrap_or_default(), &mut bad);
    let scope = wire.scope.clone().unwrap_or_default();
    let scope = Scope {
        sites: list("scope.sites", &scope.sites, &mut bad),
        purchasing_groups: list("scope.purchasing_groups", &scope.purchasing_groups, &mut bad),
    };
    let ordered = wire.mode() != WebhookMode::Parallel;
    if wire.mode() == WebhookMode::Unspecified {
        bad.push(Field::new("mode", "REQUIRED", "choose ORDERED or PARALLEL"));
    }
    let in_flight = match wire.in_flight {
        0 if ordered => 1,
        0 => IN_FLIGHT.1,
        given => given,
    };
    let most = if ordered { 1 } else { IN_FLIGHT.0 };
    if !(1..=most).contains(&in_flight) {
        bad.push(Field::new("in_flight", "RANGE", format!("must lie between 1 and {most}")));
    }
    if !bad.is_empty() {
        let within = |field: Field| Field { path: format!("webhook.{}", field.path), ..field };
        return Err(Error::invalid(bad.into_iter().map(within).collect()));
    }
    Ok(Webhook {
        id: Uuid::nil(),
        name,
        url: wire.url.clone(),
        filter,
        scope,
        ordered,
        in_flight,
        disabled: wire.disabled.then_some(crate::webhook::Disabled::ByFirm),
        seq: 0,
        version: 0,
        created_at: OffsetDateTime::UNIX_EPOCH,
    })
}

/// A change of a webhook, with its id and the etag that it was made on.
pub(crate) fn change(request: &wire::UpdateWebhookRequest) -> Result<(Webhook, String)> {
    let given = request.webhook.clone().unwrap_or_default();
    let changed = webhook(request.webhook.as_ref())?;
    if given.etag.is_empty() {
        return Err(Error::field("webhook.etag", "REQUIRED", "is required"));
    }
    Ok((Webhook { id: value::id(&given.id)?, ..changed }, given.etag))
}

/// How long secrets of before go on signing.
pub(crate) fn overlap(request: &wire::RotateWebhookSecretRequest) -> Result<Duration> {
    let seconds = request.overlap_s.unwrap_or(OVERLAP.0);
    if !(0..=OVERLAP.1).contains(&seconds) {
        let message = format!("must lie between 0 and {}", OVERLAP.1);
        return Err(Error::field("overlap_s", "RANGE", message));
    }
    Ok(Duration::seconds(seconds.into()))
}

/// Where a webhook goes on.
pub(crate) fn start(request: &wire::ReplayWebhookRequest, feed: Uuid, keys: &SigningKeys) -> Result<Start> {
    use replay_webhook_request::Start as Wire;
    match &request.start {
        Some(Wire::After(cursor)) => Ok(Start::After(Cursor::decode(cursor, feed, keys)?)),
        Some(Wire::Earliest(true)) => Ok(Start::Earliest),
        Some(Wire::Latest(true)) => Ok(Start::Latest),
        Some(Wire::Earliest(false) | Wire::Latest(false)) | None => {
            Err(Error::invalid(vec![super::start_required("after, earliest and latest")]))
        }
    }
}

/// A text without the blanks around it and without characters that hide or reorder others.
fn text(path: &str, given: &str, most: usize, bad: &mut Vec<Field>) -> String {
    let given = given.trim();
    if given.is_empty() {
        bad.push(Field::new(path, "REQUIRED", "is required"));
    } else if given.chars().count() > most {
        bad.push(Field::new(path, "TOO_LONG", format!("must have at most {most} characters")));
    } else if given.chars().any(value::is_hidden) {
        bad.push(Field::new(path, "CHARACTERS", "must not contain control or text direction characters"));
    }
    given.to_owned()
}

fn list(path: &str, given: &[String], bad: &mut Vec<Field>) -> Vec<String> {
    if given.len() > LIST {
        bad.push(Field::new(path, "TOO_MANY", format!("must have at most {LIST} entries")));
        return Vec::new();
    }
    let texts = given.iter().enumerate();
    let mut all: Vec<String> = texts.map(|(i, one)| text(&format!("{path}[{i}]"), one, CODE, bad)).collect();
    all.sort();
    all.dedup();
    all
}

/// For the wire.
pub(crate) fn wire(webhook: &Webhook, standing: &Standing) -> wire::Webhook {
    let filter = &webhook.filter;
    wire::Webhook {
        id: webhook.id.to_string(),
        name: webhook.name.clone(),
        url: webhook.url.clone(),
        filter: Some(wire::Filter {
            types: filter.types.iter().map(ToString::to_string).collect(),
            counterparties: filter.counterparties.iter().map(ToString::to_string).collect(),
            subject_prefix: filter.subject_prefix.clone(),
        }),
        scope: Some(proto::partners::Scope {
            sites: webhook.scope.sites.clone(),
            purchasing_groups: webhook.scope.purchasing_groups.clone(),
        }),
        mode: if webhook.ordered { WebhookMode::Ordered } else { WebhookMode::Parallel }.into(),
        in_flight: webhook.in_flight,
        disabled: webhook.disabled.is_some(),
        disabled_reason: webhook.disabled.map(|why| why.wire().into()).unwrap_or_default(),
        seq: webhook.seq,
        behind: (standing.head - webhook.seq).max(0),
        attempts: standing.attempts,
        retry_at: standing.retry_at.filter(|_| webhook.disabled.is_none()).map(timestamp),
        secrets: standing
            .secrets
            .iter()
            .map(|(created, expires)| wire::WebhookSecret {
                created_at: Some(timestamp(*created)),
                expires_at: expires.map(timestamp),
            })
            .collect(),
        created_at: Some(timestamp(webhook.created_at)),
        etag: webhook.version.to_string(),
    }
}

/// For the wire.
pub(crate) fn delivery(one: &Delivery) -> wire::WebhookDelivery {
    wire::WebhookDelivery {
        id: one.id.to_string(),
        webhook_id: one.webhook.to_string(),
        kind: one.kind.into(),
        outcome: one.outcome.into(),
        event_id: one.event_id.clone(),
        r#type: one.r#type.clone(),
        seq: one.seq,
        attempt: one.attempt,
        at: Some(timestamp(one.at)),
        duration_ms: one.duration_ms,
        status: one.status,
        failure: one.failure.clone(),
        answer: one.answer.clone(),
        retry_at: one.retry_at.map(timestamp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_field_is_named() {
        let given = wire::Webhook {
            name: " ".into(),
            filter: Some(wire::Filter { types: vec!["a*b".into()], ..wire::Filter::default() }),
            scope: Some(proto::partners::Scope { sites: vec!["\u{202e}".into()], ..Default::default() }),
            in_flight: 33,
            ..wire::Webhook::default()
        };
        let refused = webhook(Some(&given)).unwrap_err();
        let paths: Vec<&str> = refused.fields.iter().map(|field| field.path.as_str()).collect();
        let expected = ["name", "url", "filter.types[0]", "scope.sites[0]", "mode", "in_flight"];
        assert_eq!(paths, expected.map(|path| format!("webhook.{path}")));
        assert_eq!(webhook(None).unwrap_err().fields[0].path, "webhook");
    }

    #[test]
    fn how_many_are_on_their_way_follows_the_mode() {
        let given = |mode: WebhookMode, in_flight| wire::Webhook {
            name: "ERP".into(),
            url: "https://erp.example/".into(),
            mode: mode.into(),
            in_flight,
            ..wire::Webhook::default()
        };
        let flight = |mode, in_flight| {
            webhook(Some(&given(mode, in_flight))).map(|one| (one.ordered, one.in_flight)).ok()
        };
        for (mode, asked, expected) in [
            (WebhookMode::Ordered, 0, Some((true, 1))),
            (WebhookMode::Ordered, 1, Some((true, 1))),
            (WebhookMode::Ordered, 2, None),
            (WebhookMode::Parallel, 0, Some((false, 8))),
            (WebhookMode::Parallel, 32, Some((false, 32))),
            (WebhookMode::Parallel, 33, None),
            (WebhookMode::Parallel, -1, None),
        ] {
            assert_eq!(flight(mode, asked), expected, "{mode:?} {asked}");
        }
    }

    #[test]
    fn an_overlap_is_a_week_at_most() {
        let overlap = |overlap_s| {
            super::overlap(&wire::RotateWebhookSecretRequest { overlap_s, ..Default::default() }).ok()
        };
        assert_eq!(overlap(None), Some(Duration::days(1)));
        assert_eq!(overlap(Some(0)), Some(Duration::ZERO));
        assert_eq!((overlap(Some(-1)), overlap(Some(604_801))), (None, None));
    }
}
