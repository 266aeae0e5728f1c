//! What follows an order, between the wire and the rows.

use chassis::{Error, Field, Result, calendar::day_of, value};
use proto::orders::{
    LineAtRisk, LineProgress, Message, MessageAttachment, PostMessageRequest, ProgressStage, Reminder,
    ReminderState, SetProgressRequest,
};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    commands::thread::Post,
    db::{
        deadline::DueRow,
        list::SummaryRow,
        progress::{ProgressRow, RiskRow},
        reminder::{ReminderRow, UnopenedRow},
        thread::{FileRow, MessageRow},
    },
    file,
    progress::{Said, Target, risk},
};

/// The most orders or reminders that one request names.
const MAX_IDS: usize = 100;
/// The most schedule lines that one request names.
const MAX_LINES: usize = 1_000;
/// The longest message of a reminder, and note of a report, in bytes.
const NOTE_BYTES: usize = 1_000;
/// The longest message of a thread, in bytes.
const BODY_BYTES: usize = 4_000;
/// The most files of a message, and their size together in bytes.
const MAX_FILES: (usize, usize) = (10, 15 * 1024 * 1024);

/// Ids of a request, each well-formed and named once, 1 to 100.
pub(crate) fn ids(path: &str, texts: &[String], wrong: &mut Vec<Field>) -> Vec<Uuid> {
    if texts.is_empty() || texts.len() > MAX_IDS {
        wrong.push(Field::new(path, "COUNT", format!("name 1 to {MAX_IDS}")));
    }
    let mut ids = Vec::new();
    for (i, text) in texts.iter().enumerate().take(MAX_IDS) {
        match Uuid::try_parse(text) {
            Ok(id) if ids.contains(&id) => {
                wrong.push(Field::new(format!("{path}[{i}]"), "REPEATED", "is named twice"));
            }
            Ok(id) => ids.push(id),
            Err(_) => {
                let message = "must be an id as the platform gave it";
                wrong.push(Field::new(format!("{path}[{i}]"), "ID", message));
            }
        }
    }
    ids
}

/// A text of at most so many bytes.
pub(crate) fn text(path: &str, text: &str, most: usize, wrong: &mut Vec<Field>) {
    if text.len() > most {
        wrong.push(Field::new(path, "TOO_LONG", format!("must have at most {most} bytes")));
    } else if text.contains('\0') {
        wrong.push(Field::new(path, "FORMAT", "must not contain the character NUL"));
    }
}

/// Nothing wrong, or every bad field.
pub(crate) fn checked(wrong: Vec<Field>) -> Result<()> {
    if wrong.is_empty() { Ok(()) } else { Err(Error::invalid(wrong)) }
}

/// Orders whose suppliers are reminded.
pub(crate) fn reminded(order_ids: &[String], message: &str) -> Result<Vec<Uuid>> {
    let mut wrong = Vec::new();
    let ids = ids("order_ids", order_ids, &mut wrong);
    text("message", message, NOTE_BYTES, &mut wrong);
    checked(wrong)?;
    Ok(ids)
}

/// What a supplier says of its lines.
pub(crate) fn said(request: &SetProgressRequest) -> Result<Said> {
    let mut wrong = Vec::new();
    text("note", &request.note, NOTE_BYTES, &mut wrong);
    let stage = |path: &str, wire: i32, wrong: &mut Vec<Field>| match ProgressStage::try_from(wire) {
        Ok(stage) if stage != ProgressStage::Unspecified => Some(stage),
        _ => {
            wrong.push(Field::new(
                path,
                "REQUIRED",
                "say how far it is, such as PROGRESS_STAGE_IN_PRODUCTION",
            ));
            None
        }
    };
    let said = if request.lines.is_empty() {
        stage("stage", request.stage, &mut wrong).map(Said::All)
    } else {
        if request.stage != 0 || request.lines.len() > MAX_LINES {
            let message = format!("name one stage for all, or 1 to {MAX_LINES} lines, but not both");
            wrong.push(Field::new("lines", "COUNT", message));
        }
        let mut named = Vec::new();
        for (i, line) in request.lines.iter().enumerate() {
            let path = format!("lines[{i}]");
            let target = match Uuid::try_parse(&line.schedule_line_id) {
                Ok(id) => Some(Target::Id(id)),
                Err(_) if line.schedule_line_id.is_empty() && !line.line_number.is_empty() => {
                    Some(Target::Number(line.line_number.clone(), line.schedule_line_number.clone()))
                }
                Err(_) => {
                    let message = "name the line by schedule_line_id or line_number";
                    wrong.push(Field::new(format!("{path}.schedule_line_id"), "REQUIRED", message));
                    None
                }
            };
            let stage = stage(&format!("{path}.stage"), line.stage, &mut wrong);
            named.extend(target.zip(stage).map(|(target, stage)| (path, target, stage)));
        }
        Some(Said::Lines(named))
    };
    checked(wrong)?;
    said.ok_or_else(|| Error::field("stage", "REQUIRED", "is required"))
}

/// A message with its files, checked.
pub(crate) fn post(request: PostMessageRequest) -> Result<Post> {
    let order = value::id(&request.order_id)?;
    let mut wrong = Vec::new();
    text("body", &request.body, BODY_BYTES, &mut wrong);
    text("line_number", &request.line_number, NOTE_BYTES, &mut wrong);
    if request.body.trim().is_empty() && request.attachments.is_empty() {
        wrong.push(Field::new("body", "REQUIRED", "write something, or attach a file"));
    }
    let together: usize = request.attachments.iter().map(|file| file.content.len()).sum();
    if request.attachments.len() > MAX_FILES.0 || together > MAX_FILES.1 {
        wrong.push(Field::new("attachments", "COUNT", "at most 10 files, and 15 MiB together"));
    }
    let mut files = Vec::new();
    for (i, attached) in request.attachments.into_iter().enumerate() {
        if let Err((reason, message)) = file::check_name(&attached.name) {
            wrong.push(Field::new(format!("attachments[{i}].name"), reason, message));
        }
        match file::media_type(&attached.name, &attached.content) {
            Ok(kind) => files.push((attached.name, kind, attached.content.to_vec())),
            Err((reason, message)) => {
                wrong.push(Field::new(format!("attachments[{i}].content"), reason, message));
            }
        }
    }
    checked(wrong)?;
    Ok(Post {
        order,
        internal: request.internal,
        line_number: request.line_number,
        body: request.body,
        files,
    })
}

/// A deadline as it stands on a day.
pub(crate) fn answer_due(row: &DueRow, now: OffsetDateTime) -> proto::orders::AnswerDue {
    proto::orders::AnswerDue {
        date: Some(value::wire_date(row.due_on)),
        overdue: row.paused_on.is_none() && row.due_on < day_of(now),
        uncertain: !row.certain,
        paused: row.paused_on.is_some(),
    }
}

pub(crate) fn progress(row: ProgressRow) -> LineProgress {
    LineProgress {
        stage: row.stage.into(),
        reported_at: Some(value::timestamp(row.at)),
        actor_name: row.actor_name,
        note: row.note,
    }
}

pub(crate) fn line_at_risk(row: RiskRow, today: Date, stale_before: OffsetDateTime) -> LineAtRisk {
    let reason = risk(today, stale_before, row.committed_date, row.stage.zip(row.said_at));
    let progress = row.stage.map(|stage| LineProgress {
        stage: stage.into(),
        reported_at: row.said_at.map(value::timestamp),
        actor_name: row.said_by.unwrap_or_default(),
        note: row.note.unwrap_or_default(),
    });
    LineAtRisk {
        order_id: row.order_id.to_string(),
        order_number: row.order_number,
        source_system: row.source_system,
        schedule_line_id: row.schedule_line_id.to_string(),
        line_number: row.line_number,
        schedule_line_number: row.schedule_line_number,
        supplier_id: row.supplier.to_string(),
        supplier_name: row.supplier_name,
        item_name: row.item_name,
        unit_code: row.unit_code,
        accepted_quantity: Some(value::wire_decimal(row.accepted)),
        committed_delivery_date: Some(value::wire_date(row.committed_date)),
        progress,
        reason: reason.unwrap_or_default().into(),
        days_left: (row.committed_date - today).whole_days() as i32,
    }
}

pub(crate) fn reminder(row: ReminderRow) -> Reminder {
    let state = match (row.delivered_at, row.opened_at) {
        (_, Some(_)) => ReminderState::Opened,
        (Some(_), None) => ReminderState::Delivered,
        (None, None) => ReminderState::Sent,
    };
    Reminder {
        id: row.id.to_string(),
        order_id: row.order_id.to_string(),
        order_number: row.order_number,
        source_system: row.source_system,
        buyer_id: row.buyer.to_string(),
        buyer_name: row.buyer_name,
        supplier_id: row.supplier.to_string(),
        supplier_name: row.supplier_name,
        message: row.message,
        automatic: row.automatic,
        actor_name: row.actor_name,
        sent_at: Some(value::timestamp(row.sent_at)),
        state: state.into(),
        delivered_at: row.delivered_at.map(value::timestamp),
        opened_at: row.opened_at.map(value::timestamp),
        opened_by: row.opened_by.unwrap_or_default(),
    }
}

/// A reminder beside the order in whose row it stands.
pub(crate) fn unopened(reminder: UnopenedRow, order: &SummaryRow) -> Reminder {
    self::reminder(ReminderRow {
        id: reminder.id,
        order_id: order.id,
        order_number: order.order_number.clone(),
        source_system: order.source_system.clone(),
        buyer: order.buyer,
        buyer_name: order.buyer_name.clone(),
        supplier: order.supplier,
        supplier_name: order.supplier_name.clone(),
        message: reminder.message,
        automatic: reminder.automatic,
        actor_name: reminder.actor_name,
        sent_at: reminder.sent_at,
        delivered_at: reminder.delivered_at,
        opened_at: None,
        opened_by: None,
    })
}

pub(crate) fn message(row: MessageRow, files: Vec<FileRow>) -> Message {
    Message {
        id: row.id.to_string(),
        order_id: row.order_id.to_string(),
        author_id: row.author.to_string(),
        actor_name: row.actor_name,
        internal: row.internal,
        line_number: row.line_number,
        body: row.body,
        attachments: files.into_iter().map(attachment).collect(),
        posted_at: Some(value::timestamp(row.at)),
        version: row.version,
    }
}

pub(crate) fn attachment(row: FileRow) -> MessageAttachment {
    MessageAttachment {
        id: row.id.to_string(),
        name: row.name,
        media_type: row.media_type,
        size_bytes: row.size_bytes,
        sha256: row.sha256.into(),
    }
}
