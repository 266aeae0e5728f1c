//! What cannot be taken back is asked once more on a page of its own, which says what it does to the receiver.

use axum::{extract::Path, response::Response};
use proto::stream::{
    DeleteWebhookRequest, ReplayWebhookRequest, RotateWebhookSecretRequest, Webhook,
    replay_webhook_request::Start,
};

use super::{host, known, secret};
use crate::{
    ask::{Ask, Posted, Way},
    failure::Failure,
    form::Fields,
    i18n::{Key, key},
    page,
    session::Member,
};

/// Something that is done to a webhook.
#[derive(Clone, Copy)]
enum Act {
    Replay,
    Rotate,
    Delete,
}

impl Act {
    fn read(word: &str) -> Result<Self, Failure> {
        match word {
            "replay" => Ok(Self::Replay),
            "rotate" => Ok(Self::Rotate),
            "delete" => Ok(Self::Delete),
            _ => Err(Failure::not_found()),
        }
    }

    /// Its title, what it does, and its button.
    fn words(self) -> [Key<0>; 3] {
        match self {
            Self::Replay => [key::WEBHOOK_REPLAY_TITLE, key::WEBHOOK_REPLAY_BODY, key::WEBHOOK_REPLAY],
            Self::Rotate => [key::WEBHOOK_ROTATE_TITLE, key::WEBHOOK_ROTATE_BODY, key::WEBHOOK_ROTATE],
            Self::Delete => [key::WEBHOOK_DELETE_TITLE, key::WEBHOOK_DELETE_BODY, key::CHANNEL_DELETE],
        }
    }
}

fn asking(member: &Member, action: &str, act: Act, webhook: &Webhook) -> Ask {
    let t = member.text();
    let [title, body, submit] = act.words();
    let back = Way { href: "/webhooks".into(), label: t.say(key::WEBHOOKS) };
    let ask = Ask::new(member, action.to_string(), t.say(title), back)
        .lead(t.say(body))
        .fact(t.say(key::CHANNEL_NAME), webhook.name.clone())
        .fact(t.say(key::ADDRESS), host(&webhook.url))
        .fact(t.say(key::WEBHOOK_BEHIND), webhook.behind.to_string())
        .submit(t.say(submit));
    if matches!(act, Act::Delete) { ask.taking_away() } else { ask }
}

/// Asks once more.
pub async fn form(member: Member, Path((id, word)): Path<(String, String)>) -> Result<Response, Failure> {
    let act = Act::read(&word)?;
    let action = format!("/webhooks/{id}/{word}");
    let webhook = known(&member, id).await?;
    Ok(asking(&member, &action, act, &webhook).show())
}

/// Sends everything again that is still there, makes a new secret and shows it once, or takes the webhook away.
pub async fn send(
    member: Member,
    Path((id, word)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Failure> {
    let act = Act::read(&word)?;
    let action = format!("/webhooks/{id}/{word}");
    let posted = Posted::read(member, &action, &fields).await?;
    let (member, request_id) = (&posted.member, posted.request_id.clone());
    if posted.switched() {
        let webhook = known(member, id).await?;
        let mut ask = asking(member, &action, act, &webhook);
        return Ok(posted.again(&mut ask).unwrap_or_else(|| ask.show()));
    }
    let mut client = member.app().api.webhooks();
    match act {
        Act::Replay => {
            let start = Some(Start::Earliest(true));
            client
                .replay_webhook(member.call(ReplayWebhookRequest { request_id, webhook_id: id, start }))
                .await?;
            Ok(page::go("/webhooks?done=replayed"))
        }
        Act::Rotate => {
            let request = RotateWebhookSecretRequest { request_id, webhook_id: id, overlap_s: None };
            let made = client.rotate_webhook_secret(member.call(request)).await?.into_inner();
            Ok(secret(member, made.webhook.unwrap_or_default().name, made.secret))
        }
        Act::Delete => {
            client.delete_webhook(member.call(DeleteWebhookRequest { request_id, webhook_id: id })).await?;
            Ok(page::go("/webhooks?done=deleted"))
        }
    }
}
