//! What an answer would do: loaded without a lock, decided by the same function, and not saved.

use chassis::{Error, Result, caller::Caller};
use proto::orders::{PreviewResponseRequest, RespondToOrderRequest, ResponsePreview};

use crate::{
    agree,
    api::Api,
    commands::{
        self,
        promised::{self, Decision},
    },
    convert,
    db::load,
    terms,
};

pub(crate) async fn preview(
    api: &Api,
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
        version: request.version,
        validate_only: true,
        despite_offers: request.despite_offers,
    };
    let (deps, what) = (&api.deps, api.respond_command(caller, request)?.what);
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut order = load::unlocked(&mut tx, what.order).await?.ok_or_else(Error::not_found)?;
    commands::may_act(deps, caller, &order, order.supplier)?;
    let proposed = agree::proposed_lines(&order, what.answers.as_deref());
    let mut terms = terms::load(&mut tx, &[(&order, proposed)]).await?;
    let agreement = commands::decide(&mut tx, &mut order, &mut terms, &what).await??;
    if promised::may_take(&mut tx, caller.firm).await? {
        let decision = Decision { what: &what, order: &order, agreement: &agreement };
        let refusals = promised::keep(&mut tx, &[decision]).await?;
        if let Some(refusal) = refusals.into_iter().flatten().next() {
            return Err(refusal);
        }
    }
    tx.rollback().await?;
    Ok(convert::preview(&order, &agreement))
}
