//! Many answers in one request, a result for each. They go into the firm's lane together, so that they share
//! transactions; each is refused, recorded and replayed as if it had come alone.

use chassis::{Error, Reason, Result, caller::Caller};
use proto::orders::{
    BulkRespondRequest, BulkRespondResponse, BulkRespondResult, OrderReceipt, RefusedField,
    RespondToOrderRequest, ResponseRefusal, bulk_respond_result,
};

use crate::{
    api::Api,
    commands::{Command, Respond},
};

/// The most answers of one request.
const MOST: usize = 200;
/// The most bad fields that are named for one answer.
const FIELDS: usize = 50;

pub(crate) async fn respond(
    api: &Api,
    caller: &Caller,
    request: BulkRespondRequest,
) -> Result<BulkRespondResponse> {
    if request.responses.is_empty() || request.responses.len() > MOST {
        return Err(Error::field("responses", "COUNT", format!("must have 1 to {MOST} responses")));
    }
    let names: Vec<(String, String)> = request
        .responses
        .iter()
        .map(|response| (response.order_id.clone(), response.request_id.clone()))
        .collect();
    let checked: Vec<Result<Command<Respond>>> =
        request.responses.into_iter().map(|response| command(api, caller, response)).collect();
    let mut commands = Vec::with_capacity(checked.len());
    // Which of the commands an answer has become, or why it became none.
    let places: Vec<Result<usize>> = checked
        .into_iter()
        .map(|one| {
            one.map(|command| {
                commands.push(command);
                commands.len() - 1
            })
        })
        .collect();
    let done = api.respond.submit_all(caller.firm, commands).await;
    let mut done: Vec<Option<Result<OrderReceipt>>> = done.into_iter().map(Some).collect();
    let results = names.into_iter().zip(places).map(|((order_id, request_id), place)| {
        let answer = place.and_then(|place| {
            let answer = done.get_mut(place).and_then(Option::take);
            answer.unwrap_or_else(|| Err(Error::new(Reason::UNAVAILABLE)))
        });
        let result = match answer {
            Ok(receipt) => bulk_respond_result::Result::Receipt(receipt),
            Err(error) => bulk_respond_result::Result::Refusal(refusal(error)),
        };
        BulkRespondResult { order_id, request_id, result: Some(result) }
    });
    Ok(BulkRespondResponse { results: results.collect() })
}

fn command(api: &Api, caller: &Caller, request: RespondToOrderRequest) -> Result<Command<Respond>> {
    if request.validate_only {
        let message = "cannot be tried out among others; use PreviewResponse or RespondToOrder";
        return Err(Error::field("validate_only", "UNSUPPORTED", message));
    }
    api.respond_command(caller, request)
}

/// What a status would say of one answer.
fn refusal(error: Error) -> ResponseRefusal {
    error.log();
    let fields = error.fields.iter().take(FIELDS).map(|field| RefusedField {
        field: field.path.clone(),
        reason: field.reason.to_string(),
        message: field.message.clone(),
    });
    ResponseRefusal {
        reason: error.reason.as_str().to_string(),
        code: error.reason.code() as i32,
        message: error.to_string(),
        message_zh: error.reason.zh().to_string(),
        fields: fields.collect(),
        metadata: error.metadata.iter().map(|(key, value)| (key.to_string(), value.clone())).collect(),
    }
}
