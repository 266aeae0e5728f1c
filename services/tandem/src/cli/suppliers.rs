//! `tandem partners`: who the firm trades with, and inviting hundreds of suppliers from a spreadsheet.

mod sheet;

use std::{
    fs::OpenOptions,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use proto::{
    partners::{
        InviteSuppliersRequest, ListRelationshipsRequest, RelationshipState, SupplierRow, SupplierRowOutcome,
        SupplierRowResult,
    },
    retry::again,
};
use sha2::{Digest as _, Sha256};

use super::{
    Session,
    failure::{Exit, Failure},
    output::short,
    pages, scorecard,
};

/// Rows of one request, as the contract bounds them.
const ROWS: usize = 500;

pub const INVITE_EXAMPLES: &str = "\
Examples:
  tandem partners invite --csv suppliers.csv --check
  tandem partners invite --csv suppliers.csv --portal https://portal.example.com
  tandem partners invite --csv suppliers.csv --renew-links --out second.csv

The first line names the columns: name, vendor_number, and where known uscc, contact_name, phone, mail, language; or
名称, 供应商编码, 统一社会信用代码, 联系人, 手机, 邮箱, 语言. UTF-8 and GB18030 are read. The result is a file with the same rows,
what became of each, and its link. A link is a secret and is shown once: with a mail address, and where mail goes out, it is
accepted with a code that is mailed there; without, by whoever holds it.";

pub const LIST_EXAMPLES: &str = "\
Examples:
  tandem partners list
  tandem partners list --text '顺模 V100'             with these words, or parts of them";

#[derive(Debug, Subcommand)]
pub enum PartnersCommand {
    /// Invite suppliers from a CSV file
    #[command(after_help = INVITE_EXAMPLES)]
    Invite(InviteArgs),
    /// List relationships with their numbers
    #[command(after_help = LIST_EXAMPLES)]
    List(ListArgs),
    /// How both sides of a relationship did, and what each figure of it is of
    #[command(after_help = scorecard::EXAMPLES)]
    Scorecard(scorecard::ScorecardArgs),
}

#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only partners with these words in their name or the numbers; parts of words count
    #[arg(long, default_value = "", hide_default_value = true)]
    pub text: String,
}

#[derive(Debug, Args)]
pub struct InviteArgs {
    /// The list of suppliers
    #[arg(long, value_name = "FILE")]
    pub csv: PathBuf,
    /// Where the result goes; by default beside the list, with `-result` in its name
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Only say what would become of each row
    #[arg(long)]
    pub check: bool,
    /// Make new links for suppliers that were invited before and have not accepted
    #[arg(long)]
    pub renew_links: bool,
    /// Address of the portal, to write whole links
    #[arg(long, value_name = "ADDRESS", default_value = "", hide_default_value = true)]
    pub portal: String,
}

pub(super) async fn run(command: &PartnersCommand, session: &Session) -> Result<Exit, Failure> {
    match command {
        PartnersCommand::Invite(args) => invite(args, session).await,
        PartnersCommand::List(args) => list(args, session).await,
        PartnersCommand::Scorecard(args) => scorecard::run(args, session).await,
    }
}

async fn invite(args: &InviteArgs, session: &Session) -> Result<Exit, Failure> {
    let bytes = std::fs::read(&args.csv).map_err(|error| {
        Failure::local(Exit::Usage, format!("cannot read {}: {error}", args.csv.display()))
    })?;
    let rows = sheet::read(&bytes)
        .map_err(|wrong| Failure::local(Exit::Usage, format!("{}: {wrong}", args.csv.display())))?;
    let out = args.out.clone().unwrap_or_else(|| beside(&args.csv));
    // Before anything is sent: links are shown once, and there has to be a place for them.
    let mut file = if args.check { None } else { Some(create(&out)?) };
    let mut results = Vec::with_capacity(rows.len());
    for (part, some) in rows.chunks(ROWS).enumerate() {
        let offset = i32::try_from(part * ROWS).unwrap_or_default();
        let answer = send(some, args, session).await?;
        results.extend(
            answer.into_iter().map(|one| SupplierRowResult { same_as_row: one.same_as_row + offset, ..one }),
        );
    }
    let text = sheet::write(&rows, &results, args.portal.trim_end_matches('/'));
    if let Some(file) = &mut file {
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all())?;
    }
    report(&results, file.is_some().then_some(out.as_path()), session)?;
    let refused = results.iter().any(|one| one.outcome() == SupplierRowOutcome::Refused);
    Ok(if refused { Exit::Refused } else { Exit::Ok })
}

async fn send(
    rows: &[SupplierRow],
    args: &InviteArgs,
    session: &Session,
) -> Result<Vec<SupplierRowResult>, Failure> {
    let request = InviteSuppliersRequest {
        request_id: request_id(rows, args.renew_links),
        rows: rows.to_vec(),
        renew_links: args.renew_links,
        validate_only: args.check,
    };
    let client = session.connection.invitations();
    let answer = again(|| {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.invite_suppliers(request).await }
    })
    .await
    .map_err(|status| session.refused(&status))?;
    Ok(answer.results)
}

/// The same rows are the same request, so that a file that is sent twice invites once. New links are another request
/// each time.
fn request_id(rows: &[SupplierRow], renew: bool) -> String {
    if renew {
        return format!("invite-{}", chassis::clock::system().id());
    }
    let mut digest = Sha256::new();
    for row in rows {
        digest.update(prost::Message::encode_length_delimited_to_vec(row));
    }
    format!("invite-{}", hex::encode(&digest.finalize()[..16]))
}

/// `suppliers.csv` → `suppliers-result.csv`.
fn beside(csv: &Path) -> PathBuf {
    let stem = csv.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    csv.with_file_name(format!("{stem}-result.csv"))
}

/// A new file that only its owner may read: who has a link can take the firm behind it.
fn create(path: &Path) -> Result<std::fs::File, Failure> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(|error| {
        Failure::local(Exit::Usage, format!("cannot write {}: {error}", path.display()))
            .advise("name another file with --out; one that is there may hold links that are shown once")
    })
}

fn report(results: &[SupplierRowResult], out: Option<&Path>, session: &Session) -> Result<(), Failure> {
    let count = |outcome| results.iter().filter(|one| one.outcome() == outcome).count();
    let counts = [
        ("invited", count(SupplierRowOutcome::Invited)),
        ("pending", count(SupplierRowOutcome::Pending)),
        ("already partners", count(SupplierRowOutcome::AlreadyPartner)),
        ("twice in the file", count(SupplierRowOutcome::DuplicateInFile)),
        ("refused", count(SupplierRowOutcome::Refused)),
    ];
    if session.out.json() {
        let counts: serde_json::Map<String, serde_json::Value> =
            counts.iter().map(|(name, count)| (name.replace(' ', "_"), (*count).into())).collect();
        let file = out.map(|path| path.display().to_string());
        return session
            .out
            .value(&serde_json::json!({ "rows": results.len(), "counts": counts, "file": file }));
    }
    let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
    session.out.line(&format!("{} rows: {}", results.len(), counts.join(", ")))?;
    for (i, one) in results.iter().enumerate() {
        for fault in &one.faults {
            session.out.line(&format!(
                "  row {}: {} {} [{}]",
                i + 2,
                fault.field,
                fault.message,
                fault.reason
            ))?;
        }
    }
    match out {
        Some(path) => session.out.line(&format!("written to {}", path.display())),
        None => session.out.line("nothing was written: --check"),
    }
}

async fn list(args: &ListArgs, session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.relationships();
    let page = async |page_token| {
        let text = args.text.clone();
        let request = ListRelationshipsRequest { page_size: pages::SIZE, page_token, text };
        let page = client.list_relationships(request).await?.into_inner();
        Ok((page.relationships, page.next_page_token))
    };
    let relationships = pages::all(session, page).await?;
    let header = ["BUYER", "SUPPLIER", "VENDOR NO", "CUSTOMER NO", "STATE", "ID"];
    pages::say(session, "tandem.partners.v1.TradingRelationship", &relationships, &header, |row| {
        let state: RelationshipState = row.state();
        [
            row.buyer_name.clone(),
            row.supplier_name.clone(),
            row.vendor_number.clone(),
            row.customer_number.clone(),
            short(state.as_str_name(), "RELATIONSHIP_STATE_").to_owned(),
            row.id.clone(),
        ]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_rows_are_the_same_request() {
        let row = |name: &str, number: &str| SupplierRow {
            name: name.into(),
            vendor_number: number.into(),
            ..Default::default()
        };
        let one = request_id(&[row("a", "bc")], false);
        assert_eq!(one, request_id(&[row("a", "bc")], false));
        assert_ne!(one, request_id(&[row("ab", "c")], false));
        assert_ne!(request_id(&[], true), request_id(&[], true));
    }

    #[test]
    fn the_result_lies_beside_the_list() {
        assert_eq!(beside(Path::new("/x/suppliers.csv")), Path::new("/x/suppliers-result.csv"));
    }
}
