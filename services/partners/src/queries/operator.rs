//! Firms as the operator sees them, and what it did.

use chassis::{
    Result,
    caller::Caller,
    page::{self, Question},
    service::Deps,
    value,
};
use proto::partners as wire;
use uuid::Uuid;

use super::{cursor, token};
use crate::{
    convert,
    db::{
        self,
        operator::{Search, Whose},
    },
    operator::Action,
};

/// Firms by id.
pub(crate) async fn find_firms(
    deps: &Deps,
    caller: &Caller,
    request: &wire::FindFirmsRequest,
) -> Result<wire::FindFirmsResponse> {
    let size = page::size(request.page_size)?;
    let state = convert::state_filter(request.state)?;
    let query = request.query.trim();
    let question = Question::new(caller.firm, "FindFirms", format!("{state}:{query}").as_bytes());
    let after = cursor(deps, &question, &request.page_token)?.map(|((), id)| id);
    let mut tx = deps.pool.begin(caller.firm).await?;
    let search = Search { ids: None, query, state, after, limit: size + 1 };
    let mut rows = db::operator::find(&mut tx, &search).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |one| ((), one.firm.id.to_string()));
    Ok(wire::FindFirmsResponse {
        firms: rows.iter().map(convert::operated).collect(),
        next_page_token: token(deps, &question, last)?,
    })
}

/// Firms with webhooks that are not well.
pub(crate) async fn list_webhook_health(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListWebhookHealthRequest,
) -> Result<wire::ListWebhookHealthResponse> {
    let size = page::size(request.page_size)?;
    let question = Question::new(caller.firm, "ListWebhookHealth", b"");
    let after = cursor(deps, &question, &request.page_token)?.map(|((), id)| id);
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut rows = db::operator::webhook_health(&mut tx, after, size + 1).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |one| ((), one.firm.to_string()));
    Ok(wire::ListWebhookHealthResponse {
        firms: rows.iter().map(convert::webhook_health).collect(),
        next_page_token: token(deps, &question, last)?,
    })
}

/// What the caller's operator announced.
pub(crate) async fn list_announcements(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListAnnouncementsRequest,
) -> Result<wire::ListAnnouncementsResponse> {
    let size = page::size(request.page_size)?;
    let question = Question::new(caller.firm, "ListAnnouncements", b"");
    let before = cursor(deps, &question, &request.page_token)?.map(|((), id)| id);
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut rows = db::announcement::list(&mut tx, None, before, size + 1).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |one| ((), one.announcement.id.to_string()));
    Ok(wire::ListAnnouncementsResponse {
        announcements: rows.iter().map(convert::operated_announcement).collect(),
        next_page_token: token(deps, &question, last)?,
    })
}

/// What the caller's operator did.
pub(crate) async fn list_operator_actions(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListOperatorActionsRequest,
) -> Result<wire::ListOperatorActionsResponse> {
    let firm = value::optional_id("firm_id", &request.firm_id)?;
    let filter = firm.unwrap_or_default();
    let question = Question::new(caller.firm, "ListOperatorActions", filter.as_bytes());
    let page = Page { size: page::size(request.page_size)?, token: &request.page_token };
    let (actions, next_page_token) = page.read(deps, caller, &question, &Whose::Operators(firm)).await?;
    Ok(wire::ListOperatorActionsResponse {
        actions: actions.iter().map(convert::action).collect(),
        next_page_token,
    })
}

/// What the operator did to the caller's firm.
pub(crate) async fn list_actions_on_own_firm(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListActionsOnOwnFirmRequest,
) -> Result<wire::ListActionsOnOwnFirmResponse> {
    let question = Question::new(caller.firm, "ListActionsOnOwnFirm", b"");
    let page = Page { size: page::size(request.page_size)?, token: &request.page_token };
    let (actions, next_page_token) = page.read(deps, caller, &question, &Whose::Own).await?;
    Ok(wire::ListActionsOnOwnFirmResponse {
        actions: actions.iter().map(convert::action).collect(),
        next_page_token,
    })
}

struct Page<'a> {
    size: i64,
    token: &'a str,
}

impl Page<'_> {
    async fn read(
        &self,
        deps: &Deps,
        caller: &Caller,
        question: &Question,
        whose: &Whose,
    ) -> Result<(Vec<Action>, String)> {
        let before: Option<Uuid> = cursor(deps, question, self.token)?.map(|((), id)| id);
        let mut tx = deps.pool.begin(caller.firm).await?;
        let mut rows = db::operator::actions(&mut tx, whose, before, self.size + 1).await?;
        tx.commit().await?;
        let last = page::cut(&mut rows, self.size, |action| ((), action.id.to_string()));
        Ok((rows, token(deps, question, last)?))
    }
}
