//! New orders of a table: read by the API, each published or tried out by itself, and what is wrong with them by row.

use axum::http::StatusCode;
use chassis::secret::sha256;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use prost::Message as _;
use proto::{
    interchange::{
        ColumnUse, MarkErrorsRequest, MarkErrorsResponse, ReadOrdersRequest, RowError, SheetFile, SheetOrder,
    },
    orders::PublishOrderRequest,
    retry::again,
};

use crate::{
    ask::{Kind, Question},
    failure::Failure,
    i18n::{Key, Text, key},
    session::Member,
};

/// Orders that a file may have here: somebody looks at them before they go out.
pub const MOST: usize = 500;
/// Orders on their way at one time.
const AT_ONCE: usize = 16;

/// What became of an order, or would become of it.
pub enum Fate {
    /// It is published, to this supplier.
    Published { order_id: String, supplier_id: String },
    /// Its number was published before.
    There { order_id: String },
    /// It is not published.
    Refused(Failure),
}

/// An order of a file.
pub struct Tried {
    pub order: SheetOrder,
    pub fate: Fate,
}

/// A file, and what became of its orders.
pub struct Taken {
    /// In the order of their first row; without those of which a row is wrong by itself.
    pub tried: Vec<Tried>,
    /// By row.
    pub errors: Vec<RowError>,
    pub row_count: i32,
    /// The wrong rows again, as a file; empty where nothing is wrong.
    pub marked: MarkErrorsResponse,
}

/// Publishes the orders of a file, or tries out what would become of them. `None` where it has more than [`MOST`].
///
/// # Errors
/// Where the file is no table of orders, and those that asking again may mend: what is published by then is not published
/// twice.
pub async fn take(member: &Member, file: &SheetFile, validate_only: bool) -> Result<Option<Taken>, Failure> {
    let language = member.text().lang.code().to_string();
    let request = ReadOrdersRequest { file: Some(file.clone()), language, ..ReadOrdersRequest::default() };
    let read = member.app().api.sheets().read_orders(member.call_patiently(request)).await?.into_inner();
    if read.orders.len() > MOST {
        return Ok(None);
    }
    let calls: Vec<_> = read.orders.into_iter().map(|order| one(member, order, validate_only)).collect();
    let tried: Vec<Tried> = stream::iter(calls).buffered(AT_ONCE).try_collect().await?;
    let mut errors = read.errors;
    for Tried { order, fate } in &tried {
        if let Fate::Refused(failure) = fate {
            errors.extend(refused(member.text(), &read.columns, order, failure));
        }
    }
    errors.sort_by_key(|error| error.row);
    let marked = match errors.is_empty() {
        true => MarkErrorsResponse::default(),
        false => marked(member, file, &errors, &tried).await?,
    };
    Ok(Some(Taken { tried, errors, row_count: read.row_count, marked }))
}

async fn one(member: &Member, order: SheetOrder, validate_only: bool) -> Result<Tried, Failure> {
    let mut request = PublishOrderRequest {
        content: order.content.clone(),
        supplier: order.supplier.clone(),
        ..PublishOrderRequest::default()
    };
    // The same order is the same request, whichever file it comes in and however often.
    request.request_id = format!("order-{}", hex::encode(sha256(&request.encode_to_vec())));
    request.validate_only = validate_only;
    let answer = again(|| {
        let (mut client, call) = (member.app().api.orders(), member.call_patiently(request.clone()));
        async move { client.publish_order(call).await }
    })
    .await;
    let fate = match answer.map_err(Failure::from) {
        Ok(receipt) if receipt.replayed => Fate::There { order_id: receipt.order_id },
        Ok(receipt) => Fate::Published { order_id: receipt.order_id, supplier_id: receipt.supplier_id },
        Err(failure) if failure.is("ORDER_EXISTS") => {
            Fate::There { order_id: failure.facts.get("order_id").cloned().unwrap_or_default() }
        }
        Err(failure) if passes(failure.status()) => return Err(failure),
        Err(failure) => Fate::Refused(failure),
    };
    Ok(Tried { order, fate })
}

/// Whether the same may be answered otherwise later.
fn passes(status: StatusCode) -> bool {
    [StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS].contains(&status) || status.is_server_error()
}

/// Parts of a field's path, with our name of the column and what people call it where the file has none. The first that
/// fits counts.
const PARTS: [(&str, &str, Key<0>); 14] = [
    ("order_number", "order_number", key::USE_NUMBER),
    ("price_includes_tax", "price_includes_tax", key::USE_TAX),
    ("currency", "currency", key::CHANGED_CURRENCY),
    ("purchasing_group", "purchasing_group", key::PURCHASING_GROUP),
    ("requested_delivery", "requested_date", key::REQUESTED),
    ("ship_to_site", "ship_to_site", key::CHANGED_SITE),
    ("reservation_id", "reservation_id", key::CHANGED_RESERVATION),
    ("buyer_item_id", "buyer_item_id", key::ITEM),
    (".item", "item_name", key::ITEM),
    (".price", "unit_price", key::PRICE),
    (".tax", "tax_rate", key::TAX_RATE),
    ("unit_code", "unit", key::UNIT),
    ("quantity", "quantity", key::ORDERED),
    ("supplier", "vendor_number", key::SUPPLIER),
];

/// What is wrong with an order that was refused: by the fields that the API names, else in its first row.
fn refused(t: &Text, columns: &[ColumnUse], order: &SheetOrder, failure: &Failure) -> Vec<RowError> {
    let first = order.rows().min().unwrap_or_default();
    if failure.fields.is_empty() {
        return vec![RowError {
            row: first,
            reason: failure.reason.clone(),
            message: failure.sentence(t),
            ..RowError::default()
        }];
    }
    let error = |(path, reason): &(String, String)| {
        let part = PARTS.iter().find(|(part, ..)| path.contains(part));
        let used = part.and_then(|(_, name, _)| columns.iter().find(|column| column.field == *name));
        let column = used.map(|used| used.heading.clone()).unwrap_or_default();
        let label = match part {
            Some((.., label)) if column.is_empty() => t.say(label),
            _ => column.clone(),
        };
        RowError {
            row: order.row_of(path).unwrap_or(first),
            field: path.clone(),
            reason: reason.clone(),
            message: match label.is_empty() {
                true => t.say(key::FAULT_REFUSED),
                false => Question::new("column", Kind::Text, label).refusal(t, reason),
            },
            column,
        }
    };
    failure.fields.iter().map(error).collect()
}

/// The wrong rows again, and with them the other ones of orders that were refused.
async fn marked(
    member: &Member,
    file: &SheetFile,
    errors: &[RowError],
    tried: &[Tried],
) -> Result<MarkErrorsResponse, Failure> {
    let refused = tried.iter().filter(|one| matches!(one.fate, Fate::Refused(_)));
    let request = MarkErrorsRequest {
        file: Some(file.clone()),
        errors: errors.to_vec(),
        keep_rows: refused.flat_map(|one| one.order.rows()).collect(),
        language: member.text().lang.code().to_string(),
        ..MarkErrorsRequest::default()
    };
    Ok(member.app().api.sheets().mark_errors(member.call_patiently(request)).await?.into_inner())
}
