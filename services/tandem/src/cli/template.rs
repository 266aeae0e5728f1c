//! `tandem orders template`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use proto::interchange::{GetTemplateRequest, SheetFormat};
use serde_json::json;

use super::{
    Session, atomic,
    failure::{Exit, Failure},
    publish::table::EncodingArg,
};

pub const EXAMPLES: &str = "\
Examples:
  tandem orders template                               orders-template.xlsx, here
  tandem orders template --language zh --out 订单.xlsx
  tandem orders template --format csv --encoding gb18030
  tandem orders template --output json | jq .fields    the names that a mapping may use";

#[derive(Debug, Args)]
pub struct TemplateArgs {
    /// Kind of file
    #[arg(long, value_enum, default_value_t = TableFormat::Xlsx)]
    pub format: TableFormat,
    /// Language of the headings; without it, that of --locale
    #[arg(long, value_enum)]
    pub language: Option<super::Locale>,
    /// Encoding of csv; without it UTF-8, marked as Excel needs it
    #[arg(long, value_enum, value_name = "ENCODING")]
    pub encoding: Option<EncodingArg>,
    /// Write to this file instead of one that the server names
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// A kind of table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    Xlsx,
    Csv,
}

impl TableFormat {
    pub(super) fn proto(self) -> SheetFormat {
        match self {
            TableFormat::Xlsx => SheetFormat::Xlsx,
            TableFormat::Csv => SheetFormat::Csv,
        }
    }
}

pub(super) async fn run(args: &TemplateArgs, session: &Session) -> Result<Exit, Failure> {
    let request = GetTemplateRequest {
        format: args.format.proto().into(),
        encoding: EncodingArg::proto(args.encoding).into(),
        language: args.language.map_or(session.locale, super::Locale::name).to_owned(),
    };
    let answer = session.connection.sheets().get_template(request).await;
    let template = answer.map_err(|status| session.refused(&status))?.into_inner();
    let file = args.out.clone().unwrap_or_else(|| PathBuf::from(&template.file_name));
    atomic::write(&file, &template.content)?;
    if !session.out.json() {
        session.out.line(&file.display().to_string())?;
        return Ok(Exit::Ok);
    }
    let fields = template.fields.iter().map(|field| {
        json!({
            "name": field.name, "zh": field.zh, "en": field.en, "required": field.required, "hint": field.hint,
            "synonyms": field.synonyms,
        })
    });
    let fields: Vec<_> = fields.collect();
    session.out.value(&json!({ "file": file, "fields": fields }))?;
    Ok(Exit::Ok)
}
