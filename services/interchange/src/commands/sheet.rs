//! What commands that take a table have in common.

use chassis::{Result, caller::Caller, idempotency, service::Deps};
use prost::Message;
use proto::interchange::{RowError, SheetFormat, TextEncoding};

use crate::{
    orders::Refusal,
    queries::sheet::{computed, written},
    sheet::{Language, table::Table, write::Written},
};

/// Binds a request id to its file. A repetition goes on: what was done is answered the same.
pub(super) async fn claim<R: Message + Default>(
    deps: &Deps,
    caller: &Caller,
    method: &str,
    request_id: &str,
    request: &impl Message,
) -> Result<()> {
    let key = idempotency::Key::of(request_id, request);
    let mut tx = deps.pool.begin(caller.firm).await?;
    let before = idempotency::replays::<R>(&mut tx, method, &[&key]).await?;
    match before.into_iter().next().flatten() {
        Some(known) => known.map(drop)?,
        None => idempotency::record(&mut tx, method, &[(&key, &R::default())]).await?,
    }
    tx.commit().await?;
    Ok(())
}

/// The workbook of a table with what is wrong.
pub(super) async fn marked(table: impl FnOnce() -> Table + Send + 'static) -> Result<Written> {
    computed(move || written(&[table()], SheetFormat::Xlsx, TextEncoding::Unspecified)).await
}

/// What orders refused, by row: those that its fields name by `rows_of`, else `all`. `worded` says in Chinese what it
/// can of a field's reason.
pub(super) fn refused(
    refusal: &Refusal,
    all: &[u32],
    rows_of: impl Fn(&str) -> Vec<u32>,
    worded: fn(&str) -> Option<&'static str>,
    language: Language,
) -> Vec<RowError> {
    let mut errors = Vec::new();
    for (path, reason, description) in &refusal.fields {
        let message = language.pick(worded(reason), None).map_or_else(|| description.clone(), str::to_string);
        errors.extend(rows_of(path).into_iter().map(|row| RowError {
            row: row as i32,
            reason: reason.clone(),
            message: message.clone(),
            field: path.clone(),
            ..RowError::default()
        }));
    }
    if errors.is_empty() {
        errors.extend(all.iter().map(|row| RowError {
            row: *row as i32,
            reason: refusal.reason.clone(),
            message: language.pick(&refusal.zh, &refusal.en).clone(),
            ..RowError::default()
        }));
    }
    errors
}

/// The place of a list that a path names, such as 2 for `lines[2].quantity` of `lines`.
pub(super) fn place(path: &str, list: &str) -> Option<usize> {
    path.strip_prefix(list)?.strip_prefix('[')?.split_once(']')?.0.parse().ok()
}
