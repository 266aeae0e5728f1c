//! `tandem orders publish`: files in, one result an order. Re-running is safe: an order in JSON or in a table is compared
//! with what was last published and changes it where it differs; the request id of a document follows from its bytes and
//! the source system, so that the server repeats its answer.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use proto::{
    interchange::{DocumentFormat, ImportDocumentRequest},
    orders::{
        OrderContent, OrderReceipt, PartyRole, PublishOrderRequest, PublishOrdersRequest, SupplierAddress,
    },
    retry::again,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tonic::{Code, Status};

use super::{
    Session, atomic,
    failure::{Exit, Failure},
    find,
};

mod many;
pub(super) mod mapping;
pub(super) mod row;
pub(super) mod table;

use row::{Row, Summary};
use table::Published;

/// Names of files that hold orders.
pub(super) const EXTENSIONS: [&str; 4] = ["xml", "json", "csv", "xlsx"];

pub const EXAMPLES: &str = "\
Examples:
  tandem orders publish order.xml                        the seller's numbers in the document say whom it goes to
  tandem orders publish outbox/ --source-system sap-01   every .xml, .json, .csv and .xlsx of a folder
  tandem orders publish orders.xlsx --errors-to orders.err.xlsx
  tandem orders publish order.json --supplier V10027     protobuf JSON of PublishOrderRequest or of its content
  generate | tandem orders publish - --format json --supplier V10027

A table has one row a line, or one a delivery of a line; `tandem orders template` gives an empty one. Headings of common
exports are recognised; a mapping in TOML or JSON says the others, and what no column says:
  order_number = \"单号\"
  quantity = \"订货量\"
  fill_down = true              # the head of an order stands on its first row alone
  [defaults]
  price_includes_tax = \"yes\"

An order whose number is new is published. One that was published before is changed where it differs from what was last
published, and the same again is unchanged, whatever was agreed since; absence cancels nothing. A document in UBL
publishes only.

Exit code 3 where any file or order was refused; the others are published all the same.";

#[derive(Debug, Args)]
pub struct PublishArgs {
    /// Files, folders (their .xml, .json, .csv and .xlsx files) or `-` for stdin
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<String>,
    /// Format of the files; without it by name, or by content: what begins with `{` is json, workbooks are xlsx,
    /// anything else is ubl
    #[arg(long, value_enum)]
    pub format: Option<FileFormat>,
    #[command(flatten)]
    pub options: PublishOptions,
    /// Write the wrong rows of the tables again, with what is wrong in a red column; of several files, FILE gets a number
    #[arg(long, value_name = "FILE.err.xlsx")]
    pub errors_to: Option<PathBuf>,
}

/// How files become orders.
#[derive(Clone, Debug, Default, Args)]
pub struct PublishOptions {
    /// The ERP that numbers the orders
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub source_system: String,
    /// Whom the orders go to: your vendor number, our firm id, or uscc:CODE
    #[arg(long, value_name = "VENDOR-OR-ID")]
    pub supplier: Option<String>,
    /// Invite a supplier that is no partner yet, by the name in the document
    #[arg(long)]
    pub invite_unknown: bool,
    /// Publish new orders only: one that exists already is refused, and not changed
    #[arg(long)]
    pub strict: bool,
    /// Nobody reads a remark: a document whose number is taken by another content counts as refused.
    #[arg(skip)]
    pub unattended: bool,
    #[command(flatten)]
    pub table: table::TableArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    Ubl,
    Json,
    Csv,
    Xlsx,
}

pub(super) async fn run(args: &PublishArgs, session: &Session) -> Result<Exit, Failure> {
    let (files, skipped) = expand(&args.files)?;
    if skipped > 0 {
        session.out.note(&format!("note: {skipped} files of other kinds were passed over"));
    }
    let bar = (files.len() > 1 && super::watched()).then(|| progress(files.len(), "files"));
    let mut summary = Summary::default();
    let mut results = 0;
    let mut marked = 0;
    for (index, file) in files.iter().enumerate() {
        let published = one(file, args, session).await;
        let stop = published.rows.iter().find_map(Row::stops_everything);
        results += published.rows.len();
        let write = || published.rows.iter().try_for_each(|row| row.write(session));
        match &bar {
            Some(bar) => bar.suspend(write)?,
            None => write()?,
        }
        published.rows.iter().for_each(|row| summary.count(row));
        if let Some(place) = args.errors_to.as_deref().filter(|_| !published.marked.is_empty()) {
            marked += 1;
            let place = numbered(place, marked);
            atomic::write(&place, &published.marked)?;
            session.out.note(&format!("note: the wrong rows are in {}", place.display()));
        }
        if let Some(bar) = &bar {
            bar.inc(1);
        }
        if let Some(exit) = stop {
            let left = files.len() - index - 1;
            if left > 0 {
                session.out.note(&format!("note: {left} more files were not tried"));
            }
            return Ok(exit);
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    if results > 1 && !session.out.json() {
        session.out.note(&summary.text());
    }
    Ok(summary.exit())
}

async fn one(file: &str, args: &PublishArgs, session: &Session) -> Published {
    match read(file) {
        Ok(bytes) => publish(file, bytes, args.format, &args.options, session).await,
        Err(error) => {
            let mut row = Row::new(file);
            row.fail(Failure::local(Exit::Failed, format!("cannot read {file}: {error}")));
            Published { rows: vec![row], ..Published::default() }
        }
    }
}

/// Publishes what a file holds.
pub(super) async fn publish(
    name: &str,
    bytes: Vec<u8>,
    format: Option<FileFormat>,
    options: &PublishOptions,
    session: &Session,
) -> Published {
    let format = format.unwrap_or_else(|| guess(name, &bytes));
    if matches!(format, FileFormat::Csv | FileFormat::Xlsx) {
        return table::publish(name, bytes, format, options, session).await;
    }
    let row = document(name, bytes, format, options, session).await;
    Published { rows: vec![row], ..Published::default() }
}

async fn document(
    file: &str,
    bytes: Vec<u8>,
    format: FileFormat,
    args: &PublishOptions,
    session: &Session,
) -> Row {
    let mut row = Row::new(file);
    let digest = Sha256::digest(&bytes);
    row.sha256 = hex::encode(digest);
    let request_id = request_id(&digest, &args.source_system);
    let answer = match format {
        FileFormat::Json => json(request_id, &bytes, args, session, &mut row).await,
        _ => ubl(request_id, bytes, args, session, &mut row).await,
    };
    match answer {
        Ok(receipt) => {
            if receipt.supplier_invited && !receipt.replayed {
                row.invitation_path =
                    find::invitation(&receipt.supplier_id, session).await.unwrap_or_default();
            }
            row.receipt(receipt);
        }
        Err(Refused::Here(failure)) => row.fail(failure),
        Err(Refused::There(status))
            if status.code() == Code::AlreadyExists && !args.strict && !args.unattended =>
        {
            row.exists(session.refused(&status));
        }
        Err(Refused::There(status)) => row.fail(session.refused(&status)),
    }
    row
}

/// Why there is no receipt.
enum Refused {
    Here(Failure),
    There(Status),
}

impl From<Status> for Refused {
    fn from(status: Status) -> Refused {
        Refused::There(status)
    }
}

async fn ubl(
    request_id: String,
    bytes: Vec<u8>,
    args: &PublishOptions,
    session: &Session,
    row: &mut Row,
) -> Result<OrderReceipt, Refused> {
    let request = ImportDocumentRequest {
        request_id,
        format: DocumentFormat::UblOrder.into(),
        content: bytes.into(),
        source_system: args.source_system.clone(),
        supplier: args.supplier.as_deref().map(address),
        invite_unknown: args.invite_unknown,
        validate_only: false,
    };
    let client = session.connection.documents();
    let answer = again(|| {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.import_document(request).await }
    })
    .await?;
    row.order_number = answer.order_number;
    row.document_id = answer.document_id;
    answer.receipt.ok_or_else(|| Refused::Here(Failure::local(Exit::Failed, "the server sent no receipt")))
}

async fn json(
    request_id: String,
    bytes: &[u8],
    args: &PublishOptions,
    session: &Session,
    row: &mut Row,
) -> Result<OrderReceipt, Refused> {
    let request = request_from_json(request_id, bytes, args, session).map_err(Refused::Here)?;
    if let Some(content) = &request.content {
        row.order_number.clone_from(&content.order_number);
    }
    if !args.strict && !request.validate_only {
        let PublishOrderRequest { content, supplier, stated_buyer, .. } = request;
        let item =
            PublishOrdersRequest { content, supplier, stated_buyer, ..PublishOrdersRequest::default() };
        return Ok(many::one(item, session).await?);
    }
    let client = session.connection.orders();
    Ok(again(|| {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.publish_order(request).await }
    })
    .await?)
}

fn request_from_json(
    request_id: String,
    bytes: &[u8],
    args: &PublishOptions,
    session: &Session,
) -> Result<PublishOrderRequest, Failure> {
    let unfit = |error: &dyn std::fmt::Display| {
        Failure::local(
            Exit::Failed,
            format!("no protobuf JSON of PublishOrderRequest or OrderContent: {error}"),
        )
    };
    // A byte order mark is common in files of Windows programs and means nothing in JSON.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let value: Value = serde_json::from_slice(bytes).map_err(|error| unfit(&error))?;
    let whole = value.get("content").is_some();
    let mut request = if whole {
        session
            .contract
            .from_json("tandem.orders.v1.PublishOrderRequest", value)
            .map_err(|error| unfit(&error))?
    } else {
        let content: OrderContent = session
            .contract
            .from_json("tandem.orders.v1.OrderContent", value)
            .map_err(|error| unfit(&error))?;
        PublishOrderRequest { content: Some(content), ..Default::default() }
    };
    if request.request_id.is_empty() {
        request.request_id = request_id;
    }
    let content = request.content.get_or_insert_default();
    if !args.source_system.is_empty() {
        content.source_system.clone_from(&args.source_system);
    }
    let seller = content
        .parties
        .iter()
        .find(|party| party.role() == PartyRole::Seller)
        .map(|party| party.name.clone())
        .unwrap_or_default();
    if let Some(supplier) = args.supplier.as_deref() {
        request.supplier = Some(address(supplier));
    }
    if args.invite_unknown {
        request.supplier.get_or_insert_default().invite_as = seller;
    }
    Ok(request)
}

/// The supplier as it was typed: our id is a UUID, `uscc:` marks a 统一社会信用代码, anything else is the buyer's own
/// vendor number, leading zeros and all.
pub fn address(typed: &str) -> SupplierAddress {
    if let Some(uscc) = typed.strip_prefix("uscc:") {
        return SupplierAddress { uscc: uscc.to_owned(), ..Default::default() };
    }
    if uuid::Uuid::try_parse(typed).is_ok() {
        return SupplierAddress { firm_id: typed.to_owned(), ..Default::default() };
    }
    SupplierAddress { vendor_number: typed.to_owned(), ..Default::default() }
}

/// The same file from the same source system is the same request.
fn request_id(digest: &[u8], source_system: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(digest);
    hasher.update(source_system.as_bytes());
    format!("file-{}", hex::encode(hasher.finalize()))
}

/// By the name where it says so, else by what it begins with.
fn guess(name: &str, bytes: &[u8]) -> FileFormat {
    if bytes.starts_with(b"PK\x03\x04") {
        return FileFormat::Xlsx;
    }
    if Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
        return FileFormat::Csv;
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => FileFormat::Json,
        _ => FileFormat::Ubl,
    }
}

fn read(file: &str) -> std::io::Result<Vec<u8>> {
    if file != "-" {
        return std::fs::read(file);
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Folders become their files by name; also says how many files were passed over.
fn expand(named: &[String]) -> Result<(Vec<String>, usize), Failure> {
    let (mut files, mut skipped) = (Vec::new(), 0);
    for name in named {
        if name == "-" || !Path::new(name).is_dir() {
            files.push(name.clone());
            continue;
        }
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(name)? {
            let path = entry?.path();
            let extension =
                path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
            if !path.is_file() {
                continue;
            }
            if EXTENSIONS.contains(&extension.as_str()) {
                inside.push(path.to_string_lossy().into_owned());
            } else {
                skipped += 1;
            }
        }
        if inside.is_empty() {
            let message = format!("the folder {name} holds no .xml, .json, .csv or .xlsx file");
            return Err(Failure::local(Exit::Usage, message));
        }
        inside.sort_unstable();
        files.append(&mut inside);
    }
    Ok((files, skipped))
}

/// `orders.err.xlsx`, `orders.err-2.xlsx` …
fn numbered(place: &Path, number: usize) -> PathBuf {
    if number == 1 {
        return place.to_owned();
    }
    let stem = place.file_stem().unwrap_or_default().to_string_lossy();
    place.with_file_name(format!("{stem}-{number}.xlsx"))
}

fn progress(count: usize, of: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(count as u64);
    let template = format!("{{bar:30}} {{pos}}/{{len}} {of}, {{per_sec}}, {{eta}} left");
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn supplier_is_read_as_typed() {
        assert_eq!(address("0000410882").vendor_number, "0000410882");
        assert_eq!(address("uscc:91990000MA000004X6").uscc, "91990000MA000004X6");
        let id = "01936f0a-7b6c-7000-8000-000000000001";
        assert_eq!(address(id).firm_id, id);
        assert_eq!(address(id).vendor_number, "");
    }

    #[test]
    fn request_id_follows_from_file_and_source_system() {
        let a = request_id(&Sha256::digest(b"one"), "");
        assert_eq!(a, request_id(&Sha256::digest(b"one"), ""));
        assert_ne!(a, request_id(&Sha256::digest(b"two"), ""));
        assert_ne!(a, request_id(&Sha256::digest(b"one"), "sap"));
        assert!(a.len() <= 100);
    }

    #[test]
    fn format_is_guessed_from_name_and_first_sign() {
        assert_eq!(guess("-", b" \n{\"content\":{}}"), FileFormat::Json);
        assert_eq!(guess("-", b"\xef\xbb\xbf{}"), FileFormat::Json);
        assert_eq!(guess("-", b"<?xml version=\"1.0\"?>"), FileFormat::Ubl);
        assert_eq!(guess("-", b""), FileFormat::Ubl);
        assert_eq!(guess("a.CSV", b"{"), FileFormat::Csv);
        assert_eq!(guess("a.xls", b"PK\x03\x04"), FileFormat::Xlsx);
    }
}
