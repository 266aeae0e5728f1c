//! Lists of orders as tables.

use chassis::{Error, Reason, Result, caller::Caller, service::Deps};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use proto::{
    interchange::{ExportOrdersRequest, ExportOrdersResponse},
    orders::{ListOrdersRequest, Side},
};

use super::sheet::{computed, encoding, format, language, written};
use crate::{orders, sheet::changes};

/// Orders of a table.
const MAX_ORDERS: usize = 5_000;
/// Rows of a table.
const MAX_ROWS: usize = 20_000;
/// Orders that are read at one time.
const AT_ONCE: usize = 8;

/// Orders of one side with their lines and what was answered.
pub(crate) async fn export_orders(
    deps: &Deps,
    caller: &Caller,
    request: ExportOrdersRequest,
) -> Result<ExportOrdersResponse> {
    let language = language(caller, &request.language);
    let (format, encoding) = (format(request.format)?, encoding(request.encoding)?);
    let wanted = request.orders.unwrap_or_default();
    let side = wanted.side();
    let wanted = ListOrdersRequest { page_token: String::new(), with_total: false, ..wanted };
    let ids = orders::ids(deps, caller, wanted, MAX_ORDERS).await?.ok_or_else(too_large)?;
    let order_count = ids.len();
    let read = |id| async move {
        let order = orders::get(deps, caller, id).await?;
        Ok::<_, Error>(changes::rows(&order, side, language))
    };
    let mut reading = stream::iter(ids.into_iter().map(read)).buffered(AT_ONCE);
    let mut rows = Vec::new();
    while let Some(more) = reading.try_next().await? {
        rows.extend(more);
        if rows.len() > MAX_ROWS {
            return Err(too_large());
        }
    }
    let row_count = rows.len();
    let written =
        computed(move || written(&[changes::table(rows, side, language)], format, encoding)).await?;
    let name = match side {
        Side::Supplier => language.pick("客户订单", "customer-orders"),
        _ => language.pick("采购订单", "purchase-orders"),
    };
    Ok(ExportOrdersResponse {
        content: written.bytes.into(),
        media_type: written.media_type.to_string(),
        file_name: format!("{name}.{}", written.extension),
        row_count: row_count as i32,
        order_count: order_count as i32,
    })
}

fn too_large() -> Error {
    let message = format!(
        "more than {MAX_ORDERS} orders or {MAX_ROWS} schedule lines fit; narrow the list by state, partner, group, date or words"
    );
    Error::new(Reason::SHEET_TOO_LARGE).message(message)
}
