//! `tandem capacity comment`: what customer and supplier say about a demand or a group.

use clap::{Args, Subcommand, ValueEnum};
use proto::capacity::{
    CapacityReceipt, Comment, CommentKind, CommentSubject, DeleteCommentRequest, ListCommentsRequest,
    PostCommentRequest,
};
use time::Date;

use super::{
    day,
    names::{Names, names},
};
use crate::cli::{
    Session,
    failure::{Exit, Failure},
    json::{date_text, time_text},
    output::short,
    pages,
};

const POST_EXAMPLES: &str = "\
Examples:
  tandem capacity comment post --demand 0193… --text 'The peak of W53 is for the fair' --week 2026-12-28
  tandem capacity comment post --group 0193… --text 'Mould 2 is being mended' --kind warning
  tandem capacity comment post --group 0193… --text 'Mould 2 is back' --replaces 0194…";
const LIST_EXAMPLES: &str = "\
Examples:
  tandem capacity comment list --group 0193…
  tandem capacity comment list --demand 0193… --output json";
const DELETE_EXAMPLES: &str = "\
Example:
  tandem capacity comment delete 0194…               for good; only those of your own firm";

#[derive(Debug, Subcommand)]
pub enum CommentCommand {
    /// Say something about a demand or a group
    #[command(after_help = POST_EXAMPLES)]
    Post(PostArgs),
    /// List what both firms said
    #[command(after_help = LIST_EXAMPLES)]
    List(AboutArgs),
    /// Delete what your firm said
    #[command(after_help = DELETE_EXAMPLES)]
    Delete(DeleteArgs),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct AboutArgs {
    /// The demand's id
    #[arg(long, value_name = "DEMAND-ID")]
    pub demand: Option<String>,
    /// The group's id
    #[arg(long, value_name = "GROUP-ID")]
    pub group: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KindArg {
    Default,
    Information,
    Warning,
    ActionRequired,
}

#[derive(Debug, Args)]
pub struct PostArgs {
    #[command(flatten)]
    pub about: AboutArgs,
    /// What is said; at most 5,000 characters
    #[arg(long, value_name = "TEXT")]
    pub text: String,
    /// What it is said for
    #[arg(long, value_enum, default_value = "default")]
    pub kind: KindArg,
    /// The Monday of a week that it is about; may be repeated
    #[arg(long = "week", value_name = "MONDAY", value_parser = day)]
    pub weeks: Vec<Date>,
    /// An own comment that it replaces
    #[arg(long, value_name = "COMMENT-ID", default_value = "", hide_default_value = true)]
    pub replaces: String,
}

#[derive(Debug, Args)]
pub struct DeleteArgs {
    /// The comment's id
    #[arg(value_name = "COMMENT-ID")]
    pub comment: String,
}

impl AboutArgs {
    fn subject(&self) -> (CommentSubject, String) {
        match (&self.demand, &self.group) {
            (Some(demand), _) => (CommentSubject::MaterialDemand, demand.clone()),
            (None, group) => (CommentSubject::CapacityGroup, group.clone().unwrap_or_default()),
        }
    }
}

fn request_id() -> String {
    format!("comment-{}", chassis::clock::system().id())
}

pub(super) async fn run(command: &CommentCommand, session: &Session) -> Result<Exit, Failure> {
    match command {
        CommentCommand::Post(args) => post(args, session).await,
        CommentCommand::List(args) => list(args, session).await,
        CommentCommand::Delete(args) => {
            let request = DeleteCommentRequest { request_id: request_id(), comment_id: args.comment.clone() };
            let answer = session.connection.comments().delete_comment(request).await;
            said("deleted", &answer.map_err(|status| session.refused(&status))?.into_inner(), session)
        }
    }
}

async fn post(args: &PostArgs, session: &Session) -> Result<Exit, Failure> {
    let (subject, object_id) = args.about.subject();
    let kind = match args.kind {
        KindArg::Default => CommentKind::Unspecified,
        KindArg::Information => CommentKind::Information,
        KindArg::Warning => CommentKind::Warning,
        KindArg::ActionRequired => CommentKind::ActionRequired,
    };
    let request = PostCommentRequest {
        request_id: request_id(),
        comment_id: args.replaces.clone(),
        subject: subject.into(),
        object_id,
        counterparty_id: String::new(),
        text: args.text.clone(),
        kind: kind.into(),
        mondays: args.weeks.iter().map(|week| chassis::value::wire_date(*week)).collect(),
    };
    let answer = session.connection.comments().post_comment(request).await;
    said("said", &answer.map_err(|status| session.refused(&status))?.into_inner(), session)
}

fn said(what: &str, receipt: &CapacityReceipt, session: &Session) -> Result<Exit, Failure> {
    match session.out.json() {
        true => {
            session.out.value(&session.contract.to_json("tandem.capacity.v1.CapacityReceipt", receipt)?)?
        }
        false => session.out.line(&format!("{what}: {}", receipt.id))?,
    }
    Ok(Exit::Ok)
}

async fn list(args: &AboutArgs, session: &Session) -> Result<Exit, Failure> {
    let (subject, object_id) = args.subject();
    let mut client = session.connection.comments();
    let page = async |page_token| {
        let (subject, object_id) = (subject.into(), object_id.clone());
        let request = ListCommentsRequest { subject, object_id, page_size: pages::SIZE, page_token };
        let page = client.list_comments(request).await?.into_inner();
        Ok((page.comments, page.next_page_token))
    };
    let comments = pages::all(session, page).await?;
    let names = names(comments.iter().map(|one| &one.author_id), session).await;
    let header = ["POSTED", "KIND", "WEEKS", "AUTHOR", "TEXT", "FIRM", "ID"];
    pages::say(session, "tandem.capacity.v1.Comment", &comments, &header, |one| row(one, &names))
}

fn row(comment: &Comment, names: &Names) -> [String; 7] {
    let weeks: Vec<String> = comment.mondays.iter().map(|monday| date_text(Some(monday))).collect();
    let kind = match comment.kind() {
        CommentKind::Unspecified => String::new(),
        kind => short(kind.as_str_name(), "COMMENT_KIND_").to_lowercase().replace('_', " "),
    };
    [
        time_text(comment.posted_at.as_ref()),
        kind,
        weeks.join(", "),
        comment.author.clone(),
        comment.text.clone(),
        names.of(&comment.author_id),
        comment.id.clone(),
    ]
}
