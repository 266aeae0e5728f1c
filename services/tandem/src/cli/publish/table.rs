//! Orders of a csv or xlsx file: read by the server, sent over one stream, one result an order; what is wrong goes
//! back into a table with a red column.

use std::{collections::HashMap, path::PathBuf};

use clap::{Args, ValueEnum};
use futures::{StreamExt as _, stream};
use indicatif::ProgressBar;
use prost::Message as _;
use proto::{
    interchange::{
        ColumnMapping, MarkErrorsRequest, ReadOrdersRequest, ReadOrdersResponse, RowError, SheetFile,
        SheetFormat, SheetOrder, TextEncoding,
    },
    orders::{OrderReceipt, PublishOrderRequest, PublishOrdersRequest},
    retry::again,
};
use sha2::{Digest as _, Sha256};
use tonic::{Code, Status};

use super::{FileFormat, PublishOptions, address, many, mapping, row::Row};
use crate::cli::{
    Session,
    failure::{Exit, Failure, FieldFault},
    find,
};

/// Orders on their way at one time where only new ones are published; the server commits those of one firm together.
const IN_FLIGHT: usize = 64;
/// Errors that are shown; all of them go into the table.
const SHOWN_ERRORS: usize = 50;

/// Options of tables.
#[derive(Clone, Debug, Default, Args)]
pub struct TableArgs {
    /// Which columns of a csv or xlsx file are which, in TOML or JSON
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// Encoding of csv; without it, found by the content
    #[arg(long, value_enum, value_name = "ENCODING")]
    pub encoding: Option<EncodingArg>,
}

/// How csv is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EncodingArg {
    #[value(name = "utf-8", alias = "utf8")]
    Utf8,
    #[value(name = "gb18030", alias = "gbk")]
    Gb18030,
}

impl EncodingArg {
    pub(in crate::cli) fn proto(encoding: Option<Self>) -> TextEncoding {
        match encoding {
            None => TextEncoding::Unspecified,
            Some(EncodingArg::Utf8) => TextEncoding::Utf8,
            Some(EncodingArg::Gb18030) => TextEncoding::Gb18030,
        }
    }
}

/// What became of a table.
#[derive(Debug, Default)]
pub(in crate::cli) struct Published {
    pub rows: Vec<Row>,
    /// What is wrong, by row of the file.
    pub errors: Vec<RowError>,
    /// The wrong rows again as xlsx; empty where nothing is wrong.
    pub marked: Vec<u8>,
}

/// Publishes the orders of a table.
pub(in crate::cli) async fn publish(
    name: &str,
    bytes: Vec<u8>,
    format: FileFormat,
    options: &PublishOptions,
    session: &Session,
) -> Published {
    match Publishing::start(name, bytes, format, options, session).await {
        Ok(mut publishing) => publishing.all().await,
        Err(failure) => {
            let mut row = Row::new(name);
            row.fail(failure);
            Published { rows: vec![row], ..Published::default() }
        }
    }
}

struct Publishing<'a> {
    name: &'a str,
    sha256: String,
    file: SheetFile,
    mapping: ColumnMapping,
    read: ReadOrdersResponse,
    options: &'a PublishOptions,
    session: &'a Session,
    done: Published,
    keep_rows: Vec<i32>,
}

impl<'a> Publishing<'a> {
    /// Has the server read the table.
    async fn start(
        name: &'a str,
        bytes: Vec<u8>,
        format: FileFormat,
        options: &'a PublishOptions,
        session: &'a Session,
    ) -> Result<Publishing<'a>, Failure> {
        let mapping = options.table.mapping.as_deref().map(mapping::read).transpose()?.unwrap_or_default();
        let sha256 = hex::encode(Sha256::digest(&bytes));
        let file = SheetFile {
            content: bytes.into(),
            name: name.to_owned(),
            format: match format {
                FileFormat::Csv => SheetFormat::Csv.into(),
                _ => SheetFormat::Xlsx.into(),
            },
            encoding: EncodingArg::proto(options.table.encoding).into(),
        };
        let request = ReadOrdersRequest {
            file: Some(file.clone()),
            mapping: Some(mapping.clone()),
            source_system: options.source_system.clone(),
            supplier: options.supplier.as_deref().map(address),
            invite_unknown: options.invite_unknown,
            language: session.locale.to_owned(),
        };
        let client = session.connection.sheets();
        let read = again(|| {
            let (mut client, request) = (client.clone(), request.clone());
            async move { client.read_orders(request).await }
        })
        .await
        .map_err(|status| session.refused(&status))?;
        let done = Published::default();
        Ok(Publishing { name, sha256, file, mapping, read, options, session, done, keep_rows: Vec::new() })
    }

    async fn all(&mut self) -> Published {
        self.wrong_rows();
        let orders = std::mem::take(&mut self.read.orders);
        let total = orders.len();
        let bar = (total > 1 && crate::cli::watched()).then(|| super::progress(total, "orders"));
        if self.options.strict {
            self.one_by_one(orders, &bar).await;
        } else {
            self.together(orders, &bar).await;
        }
        bar.iter().for_each(ProgressBar::finish_and_clear);
        let mut done = std::mem::take(&mut self.done);
        if !done.errors.is_empty() {
            match self.marked(&done.errors).await {
                Ok(marked) => done.marked = marked,
                Err(failure) => {
                    self.session.out.note(&format!("note: no table of errors: {}", failure.text()));
                }
            }
        }
        done
    }

    /// Publishes and changes over one stream.
    async fn together(&mut self, orders: Vec<SheetOrder>, bar: &Option<ProgressBar>) {
        let session = self.session;
        let item = |order: &SheetOrder| PublishOrdersRequest {
            content: order.content.clone(),
            supplier: order.supplier.clone(),
            ..PublishOrdersRequest::default()
        };
        let mut answers = HashMap::new();
        let ended = many::send(orders.iter().map(item).collect(), session, &mut |place, answer| {
            bar.iter().for_each(|bar| bar.inc(1));
            answers.insert(place, answer);
        })
        .await;
        let mut untried = 0;
        let mut ended = ended.err();
        for (place, order) in orders.into_iter().enumerate() {
            match (answers.remove(&place), ended.take()) {
                (Some(answer), end) => {
                    ended = end;
                    self.take(order, many::receipt(answer, session.locale)).await;
                }
                // The first that has no answer says why; the others fared no better.
                (None, Some(status)) => {
                    self.take(order, Err(status)).await;
                }
                (None, None) => untried += 1,
            }
        }
        self.not_tried(untried);
    }

    fn not_tried(&self, count: usize) {
        if count > 0 {
            self.session.out.note(&format!("note: {count} more orders were not tried"));
        }
    }

    /// Publishes what is new, many at one time.
    async fn one_by_one(&mut self, orders: Vec<SheetOrder>, bar: &Option<ProgressBar>) {
        let (session, total) = (self.session, orders.len());
        let calls = orders.into_iter().map(|order| send(order, session));
        let mut answers = stream::iter(calls).buffered(IN_FLIGHT);
        let mut count = 0;
        while let Some((order, answer)) = answers.next().await {
            count += 1;
            let stop = self.take(order, answer).await;
            bar.iter().for_each(|bar| bar.inc(1));
            if stop {
                self.not_tried(total - count);
                break;
            }
        }
    }

    /// Rows that are wrong by themselves, as one result.
    fn wrong_rows(&mut self) {
        if self.read.errors.is_empty() {
            return;
        }
        let message = match self.session.locale {
            "zh" => format!("{} 处有误", self.read.error_count),
            _ => format!("{} cells or rows are wrong", self.read.error_count),
        };
        let mut failure = Failure::local(Exit::Refused, message);
        "INVALID_ARGUMENT".clone_into(&mut failure.code);
        "INVALID_FIELDS".clone_into(&mut failure.reason);
        failure.fields = self.read.errors.iter().take(SHOWN_ERRORS).map(fault).collect();
        let mut row = self.row("");
        row.fail(failure);
        self.done.rows.push(row);
        self.done.errors = std::mem::take(&mut self.read.errors);
    }

    fn row(&self, order_number: &str) -> Row {
        let mut row = Row::new(self.name);
        row.sha256.clone_from(&self.sha256);
        order_number.clone_into(&mut row.order_number);
        row
    }

    /// Takes the answer to one order; true where the next ones fare no better.
    async fn take(&mut self, order: SheetOrder, answer: Result<OrderReceipt, Status>) -> bool {
        let number = order.content.as_ref().map(|content| content.order_number.as_str()).unwrap_or_default();
        let mut row = self.row(number);
        match answer {
            Ok(receipt) => {
                if receipt.supplier_invited && !receipt.replayed {
                    row.invitation_path =
                        find::invitation(&receipt.supplier_id, self.session).await.unwrap_or_default();
                }
                row.receipt(receipt);
            }
            Err(status) if status.code() == Code::AlreadyExists && !self.options.strict => {
                row.exists(self.session.refused(&status));
            }
            Err(status) => {
                let failure = self.session.refused(&status);
                self.refused(&order, &failure);
                row.fail(failure);
            }
        }
        let stop = row.stops_everything().is_some();
        self.done.rows.push(row);
        stop
    }

    /// What the server refused, by row of the file.
    fn refused(&mut self, order: &SheetOrder, failure: &Failure) {
        self.keep_rows.extend(order.rows());
        let first = order.rows().min().unwrap_or_default();
        let error = |row: i32, reason: &str, message: String| RowError {
            row,
            reason: reason.to_owned(),
            message,
            ..RowError::default()
        };
        if failure.fields.is_empty() {
            self.done.errors.push(error(first, &failure.reason, failure.message.clone()));
        }
        for fault in &failure.fields {
            let row = order.row_of(&fault.field).unwrap_or(first);
            let message = format!("{}: {}", fault.field, fault.description);
            self.done.errors.push(error(row, &fault.reason, message));
        }
    }

    async fn marked(&self, errors: &[RowError]) -> Result<Vec<u8>, Failure> {
        let request = MarkErrorsRequest {
            file: Some(self.file.clone()),
            mapping: Some(self.mapping.clone()),
            errors: errors.to_vec(),
            keep_rows: self.keep_rows.clone(),
            language: self.session.locale.to_owned(),
        };
        let answer = self.session.connection.sheets().mark_errors(request).await;
        Ok(answer.map_err(|status| self.session.refused(&status))?.into_inner().content.to_vec())
    }
}

/// Publishes one order. Its request id follows from what it says, so that the same table publishes nothing twice.
async fn send(order: SheetOrder, session: &Session) -> (SheetOrder, Result<OrderReceipt, Status>) {
    let mut request = PublishOrderRequest {
        content: order.content.clone(),
        supplier: order.supplier.clone(),
        ..PublishOrderRequest::default()
    };
    request.request_id = format!("order-{}", hex::encode(Sha256::digest(request.encode_to_vec())));
    let client = session.connection.orders();
    let answer = again(|| {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.publish_order(request).await }
    })
    .await;
    (order, answer)
}

/// A wrong cell as failures show fields.
pub(in crate::cli) fn fault(error: &RowError) -> FieldFault {
    let column = if error.column.is_empty() { String::new() } else { format!(", {}", error.column) };
    FieldFault {
        field: format!("row {}{column}", error.row),
        description: error.message.clone(),
        reason: error.reason.clone(),
    }
}
