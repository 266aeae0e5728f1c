//! What an answer would do: loaded without a lock, decided by the same function, and not saved.

use chassis::{Error, Result, caller::Caller, service::Deps, value};
use proto::orders::{PreviewResponseRequest, RespondToOrderRequest, ResponsePreview};

use crate::{agree, commands, convert, db::load, terms};

pub(crate) async fn preview(
    deps: &Deps,
    caller: &Caller,
    request: PreviewResponseRequest,
) -> Result<ResponsePreview> {
    let request = RespondToOrderRequest {
        request_id: request.request_id,
        order_id: request.order_id,
        revision: request.revision,
        accept_all: request.accept_all,
        lines: request.lines,
        note: request.note,
        version: 0,
        validate_only: true,
    };
    let id = value::id(&request.order_id)?;
    let answers = convert::response(&request, &deps.clock)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut order = load::unlocked(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    commands::may_act(deps, caller, &order, order.supplier)?;
    let proposed = agree::proposed_lines(&order, answers.as_deref());
    let mut terms = terms::load(&mut tx, &[(&order, proposed)]).await?;
    tx.rollback().await?;
    let agreement = agree::answer(&mut order, &mut terms, request.revision, answers.as_deref())?;
    Ok(convert::preview(&order, &agreement))
}
