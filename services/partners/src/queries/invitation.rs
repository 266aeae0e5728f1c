//! Whom a buyer reaches at its suppliers.

use chassis::{
    Result,
    caller::Caller,
    page::{self, Question},
    service::Deps,
};
use proto::partners as wire;

use super::{cursor, token};
use crate::{convert, db};

/// Contacts by relationship.
pub(crate) async fn list_supplier_contacts(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListSupplierContactsRequest,
) -> Result<wire::ListSupplierContactsResponse> {
    let size = page::size(request.page_size)?;
    let question = Question::new(caller.firm, "ListSupplierContacts", b"");
    let after = cursor(deps, &question, &request.page_token)?.map(|((), id)| id);
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut rows = db::invitation::contacts(&mut tx, after, size + 1).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |(id, _)| ((), id.to_string()));
    Ok(wire::ListSupplierContactsResponse {
        contacts: rows.iter().map(|(id, contact)| convert::contact(*id, contact)).collect(),
        next_page_token: token(deps, &question, last)?,
    })
}
