//! Reads: channels, and what was sent through them.

use chassis::{
    Error, Result,
    caller::Caller,
    page::{self, Question},
    value,
};
use proto::notices as wire;
use uuid::Uuid;

use crate::{
    Context, convert,
    db::{self, delivery::Which},
};

/// Channels of the caller's firm.
pub(crate) async fn list_channels(
    context: &Context,
    caller: &Caller,
    request: &wire::ListChannelsRequest,
) -> Result<wire::ListChannelsResponse> {
    let size = page::size(request.page_size)?;
    let question = Question::new(caller.firm, "ListChannels", b"");
    let after = place(context, &question, &request.page_token)?;
    let mut tx = context.deps.pool.begin(caller.firm).await?;
    let mut rows = db::channel::list(&mut tx, after, size + 1).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |channel| channel.id.to_string());
    Ok(wire::ListChannelsResponse {
        channels: rows.iter().map(convert::channel).collect(),
        next_page_token: token(context, &question, last)?,
    })
}

/// Messages of the caller's firm, the newest first.
pub(crate) async fn list_deliveries(
    context: &Context,
    caller: &Caller,
    request: &wire::ListDeliveriesRequest,
) -> Result<wire::ListDeliveriesResponse> {
    let size = page::size(request.page_size)?;
    let channel = value::optional_id("channel_id", &request.channel_id)?;
    let filter = channel.unwrap_or_default();
    let question = Question::new(caller.firm, "ListDeliveries", filter.as_bytes());
    let before = place(context, &question, &request.page_token)?;
    let mut tx = context.deps.pool.begin(caller.firm).await?;
    let which = Which { id: None, channel, before, limit: size + 1 };
    let mut rows = db::delivery::list(&mut tx, &which).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |delivery| delivery.id.to_string());
    Ok(wire::ListDeliveriesResponse {
        deliveries: rows.iter().map(convert::delivery).collect(),
        next_page_token: token(context, &question, last)?,
    })
}

/// Firms whose channels nothing arrives at.
pub(crate) async fn list_delivery_health(
    context: &Context,
    caller: &Caller,
    request: &wire::ListDeliveryHealthRequest,
) -> Result<wire::ListDeliveryHealthResponse> {
    let size = page::size(request.page_size)?;
    let question = Question::new(caller.firm, "ListDeliveryHealth", b"");
    let after: Option<(Uuid, String)> = question.after(&context.deps.keys, &request.page_token)?;
    let mut tx = context.deps.pool.begin(caller.firm).await?;
    let mut rows = db::health::list(&mut tx, after.as_ref(), size + 1).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |one| (one.firm, one.medium.as_str()));
    let token = last.map(|last| question.token(&context.deps.keys, &last)).transpose()?;
    Ok(wire::ListDeliveryHealthResponse {
        firms: rows.iter().map(convert::delivery_health).collect(),
        next_page_token: token.unwrap_or_default(),
    })
}

/// The id at which a page begins.
fn place(context: &Context, question: &Question, token: &str) -> Result<Option<Uuid>> {
    let id: Option<String> = question.after(&context.deps.keys, token)?;
    // The token was signed by us, so that its id is one.
    id.map(|id| Uuid::try_parse(&id).map_err(Error::internal)).transpose()
}

fn token(context: &Context, question: &Question, last: Option<String>) -> Result<String> {
    last.map(|last| question.token(&context.deps.keys, &last)).transpose().map(Option::unwrap_or_default)
}
