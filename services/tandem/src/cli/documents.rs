//! `tandem documents export`.

use std::path::PathBuf;

use clap::Args;
use proto::interchange::{DocumentFormat, ExportDocumentRequest};

use super::{
    Session,
    failure::{Exit, Failure},
    find,
};

pub const EXAMPLES: &str = "\
Examples:
  tandem documents export CY26110231                 the UBL order to stdout
  tandem documents export CY26110231 --out order.xml";

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The order's id or number
    #[arg(value_name = "ORDER-ID-OR-NUMBER")]
    pub order: String,
    /// Write to this file instead of stdout
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

pub(super) async fn export(args: &ExportArgs, session: &Session) -> Result<Exit, Failure> {
    let order = find::order(&args.order, session).await?;
    let request = ExportDocumentRequest { order_id: order.id, format: DocumentFormat::UblOrder.into() };
    let answer = session.connection.documents().export_document(request).await;
    let document = answer.map_err(|status| session.refused(&status))?.into_inner();
    match &args.out {
        Some(file) => {
            std::fs::write(file, &document.content).map_err(|error| {
                Failure::local(Exit::Failed, format!("cannot write {}: {error}", file.display()))
            })?;
            session.out.note(&format!("{} ({})", file.display(), document.media_type));
        }
        None => session.out.bytes(&document.content)?,
    }
    Ok(Exit::Ok)
}
