//! Reads of what follows an order.

use std::collections::HashMap;

use chassis::{Error, Result, calendar::day_of, caller::Caller, db::TenantTx, page, service::Deps, value};
use prost::Message as _;
use proto::orders::{
    GetAttachmentRequest, GetAttachmentResponse, ListMessagesRequest, ListMessagesResponse,
    ListOrdersAtRiskRequest, ListOrdersAtRiskResponse, ListRemindersRequest, ListRemindersResponse,
    ReminderState, ScheduleLineState, Side,
};
use time::{Date, Duration};
use uuid::Uuid;

use crate::{
    commands::follow::{may_either, whole},
    convert::follow as convert,
    db::{
        follow, group,
        progress::{self, RiskFilter},
        read::HistoryRow,
        reminder::{self, Filter},
        thread,
    },
};

/// The largest part of a file that is sent at once, in bytes.
const PART_BYTES: usize = 256 * 1024;
/// A promised day is near within this many days, and a line is stale after that many, where nobody says otherwise.
const NEAR: (i32, i32) = (7, 3);
/// The most days of either.
const MAX_DAYS: i32 = 90;
/// How many days a promised day is remembered when it is over, where nobody says otherwise, and at most.
const PAST: i32 = 30;
const MAX_PAST_DAYS: i32 = 365;

/// What happened to an order and around it, oldest first: by version, and what takes none by its moment. `notes`: with
/// the own firm's internal notes.
pub(crate) async fn history(
    tx: &mut TenantTx,
    order: Uuid,
    mut entries: Vec<HistoryRow>,
    notes: bool,
) -> Result<Vec<HistoryRow>> {
    let (versioned, free): (Vec<_>, Vec<_>) =
        follow::history(tx, order, notes).await?.into_iter().partition(|entry| entry.version > 0);
    entries.extend(versioned);
    entries.sort_by_key(|entry| entry.version);
    for entry in free {
        let place = entries.partition_point(|other| other.at <= entry.at);
        entries.insert(place, entry);
    }
    Ok(entries)
}

/// Puts what was last said of schedule lines beside how they stand.
pub(crate) async fn with_progress(
    tx: &mut TenantTx,
    order: Uuid,
    schedule: &mut [ScheduleLineState],
) -> Result<()> {
    let mut said = progress::latest(tx, &[order]).await?;
    for line in schedule {
        let id = Uuid::try_parse(&line.schedule_line_id).map_err(Error::internal)?;
        line.progress = said.remove(&id).map(convert::progress);
    }
    Ok(())
}

/// Reminders of either side.
pub(crate) async fn list_reminders(
    deps: &Deps,
    caller: &Caller,
    request: ListRemindersRequest,
) -> Result<ListRemindersResponse> {
    let size = page::size(request.page_size)?;
    let wanted = |state: ReminderState| request.states.contains(&i32::from(state));
    let filter = Filter {
        order: value::optional_id("order_id", &request.order_id)?,
        counterparty: value::optional_id("counterparty_id", &request.counterparty_id)?,
        sent: wanted(ReminderState::Sent),
        delivered: wanted(ReminderState::Delivered),
        opened: wanted(ReminderState::Opened),
        own_purchasing_groups: caller.purchasing_groups.clone(),
        own_sites: caller.sites.clone(),
    };
    let bound = ListRemindersRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let question = super::question(caller, "ListReminders", &bound);
    let after = question.after::<Uuid>(&deps.keys, &request.page_token)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut rows = reminder::list(&mut tx, &filter, after, size).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |row| row.id);
    Ok(ListRemindersResponse {
        reminders: rows.into_iter().map(convert::reminder).collect(),
        next_page_token: last.map(|last| question.token(&deps.keys, &last)).transpose()?.unwrap_or_default(),
    })
}

/// The caller's lines, as buyer, that may come late.
pub(crate) async fn list_orders_at_risk(
    deps: &Deps,
    caller: &Caller,
    request: ListOrdersAtRiskRequest,
) -> Result<ListOrdersAtRiskResponse> {
    let size = page::size(request.page_size)?;
    let (near, stale) = (request.within_days.unwrap_or(NEAR.0), request.stalled_days.unwrap_or(NEAR.1));
    let past = request.past_days.unwrap_or(PAST);
    for (path, days, least, most) in [
        ("within_days", near, 0, MAX_DAYS),
        ("stalled_days", stale, 1, MAX_DAYS),
        ("past_days", past, 0, MAX_PAST_DAYS),
    ] {
        if !(least..=most).contains(&days) {
            let message = format!("must lie between {least} and {most}");
            return Err(Error::field(path, "RANGE", message));
        }
    }
    let now = deps.clock.now();
    let today = day_of(now);
    let mut filter = RiskFilter {
        today,
        past_since: today.saturating_sub(Duration::days(past.into())),
        near_until: today.saturating_add(Duration::days(near.into())),
        stale_before: now - Duration::days(stale.into()),
        supplier: value::optional_id("supplier_id", &request.supplier_id)?,
        groups: group::wanted(&request.purchasing_group, &caller.purchasing_groups),
        among: None,
        own_sites: caller.sites.clone(),
    };
    let bound = ListOrdersAtRiskRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let question = super::question(caller, "ListOrdersAtRisk", &bound);
    let after = question.after::<(i32, Uuid)>(&deps.keys, &request.page_token)?;
    let after = after.and_then(|(day, line)| Some((Date::from_julian_day(day).ok()?, line)));
    let mut tx = deps.pool.begin(caller.firm).await?;
    filter.among = group::few(&mut tx, Side::Buyer, filter.groups.clone()).await?;
    let mut rows = progress::at_risk(&mut tx, &filter, after, size).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |row| (row.committed_date.to_julian_day(), row.schedule_line_id));
    let lines = rows.into_iter().map(|row| convert::line_at_risk(row, today, filter.stale_before));
    Ok(ListOrdersAtRiskResponse {
        lines: lines.collect(),
        next_page_token: last.map(|last| question.token(&deps.keys, &last)).transpose()?.unwrap_or_default(),
    })
}

/// Messages and own notes of an order.
pub(crate) async fn list_messages(
    deps: &Deps,
    caller: &Caller,
    request: ListMessagesRequest,
) -> Result<ListMessagesResponse> {
    let size = page::size(request.page_size)?;
    let order = value::id(&request.order_id)?;
    let bound = ListMessagesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let question = super::question(caller, "ListMessages", &bound);
    let after = question.after::<Uuid>(&deps.keys, &request.page_token)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    may_either(deps, caller, &whole(&mut tx, order).await?)?;
    let (line, newest) = (&request.line_number, request.newest_first);
    let mut rows = thread::list(&mut tx, order, line, newest, after, size).await?;
    let last = page::cut(&mut rows, size, |row| row.id);
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut files: HashMap<Uuid, Vec<thread::FileRow>> = HashMap::new();
    for file in thread::files(&mut tx, order, &ids).await? {
        files.entry(file.message_id).or_default().push(file);
    }
    tx.commit().await?;
    let messages = rows.into_iter().map(|row| {
        let files = files.remove(&row.id).unwrap_or_default();
        convert::message(row, files)
    });
    Ok(ListMessagesResponse {
        messages: messages.collect(),
        next_page_token: last.map(|last| question.token(&deps.keys, &last)).transpose()?.unwrap_or_default(),
    })
}

/// The parts of a file.
pub(crate) async fn get_attachment(
    deps: &Deps,
    caller: &Caller,
    request: &GetAttachmentRequest,
) -> Result<Vec<GetAttachmentResponse>> {
    let (order, id) = (value::id(&request.order_id)?, value::id(&request.attachment_id)?);
    let mut tx = deps.pool.begin(caller.firm).await?;
    may_either(deps, caller, &whole(&mut tx, order).await?)?;
    let (file, content) = thread::file(&mut tx, order, id).await?.ok_or_else(Error::not_found)?;
    tx.commit().await?;
    let content = bytes::Bytes::from(content);
    let parts = (0..content.len()).step_by(PART_BYTES).map(|from| GetAttachmentResponse {
        attachment: None,
        data: content.slice(from..content.len().min(from + PART_BYTES)),
    });
    let mut parts: Vec<_> = parts.collect();
    if let Some(first) = parts.first_mut() {
        first.attachment = Some(convert::attachment(file));
    }
    debug_assert!(parts.iter().all(|part| part.encoded_len() < PART_BYTES + 1024));
    Ok(parts)
}
