//! The sandbox: nine fictional firms of 南汀 and their orders, told to the product through its own API, with the firms'
//! own keys.
//!
//! * [`story`]: the data, read and moved to the current week
//! * [`content`]: orders and answers as requests
//! * `capacity`: demand, machines and policies; `booking`: hours that firms share
//! * `matched`: weeks of groups, once demand and orders are found in them
//! * `able`: what firms can make; `need`: what is needed beyond them, and the answer
//! * `resources`: drawings that orders are made by, and what else is opened
//! * `firms`: firms, people, keys, partners; `terms`: what they agreed on
//! * `course`: what happens to each order
//! * [`tour`]: one more order, told while it goes its way
//!
//! **Invariant:** request ids are fixed, so that a start after an interrupted one goes on; no row is written past the
//! API except the operator, which no API can make.

mod able;
mod booking;
mod capacity;
pub mod content;
mod course;
mod firms;
mod matched;
mod need;
mod resources;
pub mod story;
mod terms;
pub mod tour;

use std::{collections::BTreeMap, path::Path};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use time::Date;

use self::story::Story;
use crate::{
    cli::{client::Connection, failure::Failure},
    node::Node,
};

/// Who may do what in the sandbox; kept beside the data, since keys are shown once.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct Credentials {
    /// True once everything is seeded.
    pub complete: bool,
    /// By id of the story, such as `A1`.
    pub firms: BTreeMap<String, FirmAccess>,
}

/// A firm of the sandbox and how to act for it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct FirmAccess {
    /// Our id.
    pub firm: String,
    pub name: String,
    /// An API key of an administrator.
    pub key: String,
    /// Members by name.
    pub members: BTreeMap<String, String>,
}

/// What sandbox.json says.
#[derive(Clone, Debug, Serialize)]
pub struct Sandbox {
    pub api: String,
    pub portal: String,
    pub metrics: String,
    /// The first anchor, for those who need only one.
    pub anchor: Entry,
    pub anchors: Vec<Entry>,
    pub suppliers: Vec<Entry>,
    pub operator: Entry,
}

/// A firm in sandbox.json.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// In the story, such as `A1`.
    pub id: String,
    /// Our id.
    pub firm: String,
    pub name: String,
    pub key: String,
    /// Whom the link signs in.
    pub person: String,
    /// Works once, for a day; every start makes a new one.
    pub sign_in: String,
}

/// Tells the story to a running node. `save` is called whenever a key was made.
///
/// # Errors
/// Where the API refuses, naming what.
pub async fn run(
    node: &Node,
    connection: &Connection,
    credentials: &mut Credentials,
    today: Date,
    save: &impl Fn(&Credentials) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let story = Story::load(today)?;
    firms::create(node, connection, &story, credentials, save).await?;
    firms::introduce(connection, &story, credentials).await?;
    terms::settle(connection, &story, credentials).await?;
    resources::open(connection, credentials).await.context("resources")?;
    for order in &story.orders {
        course::tell(connection, &story, order, credentials)
            .await
            .with_context(|| format!("order {}", order.number))?;
    }
    let monday = monday_of(today);
    let groups = capacity::tell(connection, &story, credentials, monday).await.context("capacity")?;
    let offers = booking::tell(connection, credentials, &groups, monday).await.context("booking")?;
    able::tell(connection, credentials, monday).await.context("profiles")?;
    need::tell(connection, credentials, monday).await.context("needs")?;
    resources::go_on(connection, credentials, today).await.context("revisions")?;
    resources::instrument(connection, credentials, &offers).await.context("instruments")?;
    credentials.complete = true;
    save(credentials)
}

/// The first week of the story, which is the present one.
fn monday_of(today: Date) -> Date {
    today - time::Duration::days(i64::from(today.weekday().number_days_from_monday()))
}

/// The offset of the story's clocks.
fn china() -> anyhow::Result<time::UtcOffset> {
    Ok(time::UtcOffset::from_hms(8, 0, 0)?)
}

/// What stands in sandbox.json, with fresh sign-in links.
///
/// # Errors
/// Where a kept key no longer works.
pub async fn sandbox(
    node: &Node,
    connection: &Connection,
    credentials: &Credentials,
) -> anyhow::Result<Sandbox> {
    let story = Story::load(node.deps.clock.now().date())?;
    let mut entries = BTreeMap::new();
    for firm in story.anchors.iter().chain(&story.suppliers).chain([&story.operator]) {
        let access =
            credentials.firms.get(&firm.id).with_context(|| format!("no key of {} is kept", firm.id))?;
        let person = firm.people.iter().find(|p| p.desk).or_else(|| firm.people.first());
        let person = person.map(|p| p.name.clone()).unwrap_or_default();
        let path = firms::sign_in_link(node, connection, access, &person).await.with_context(|| {
            format!("a sign-in link for {}; if its key was revoked, start with --reset", firm.name)
        })?;
        let entry = Entry {
            id: firm.id.clone(),
            firm: access.firm.clone(),
            name: access.name.clone(),
            key: access.key.clone(),
            person,
            sign_in: format!("{}{path}", node.config.portal_url()),
        };
        entries.insert(firm.id.clone(), entry);
    }
    let mut take = |firms: &[story::Firm]| -> Vec<Entry> {
        firms.iter().filter_map(|firm| entries.remove(&firm.id)).collect()
    };
    let (anchors, suppliers) = (take(&story.anchors), take(&story.suppliers));
    Ok(Sandbox {
        api: format!("http://{}", node.api),
        portal: node.config.portal_url(),
        metrics: format!("http://{}", node.metrics),
        anchor: anchors.first().cloned().context("the story has no anchor")?,
        operator: take(std::slice::from_ref(&story.operator)).pop().context("the story has no operator")?,
        anchors,
        suppliers,
    })
}

/// The connection with a firm's own key.
fn as_firm(connection: &Connection, credentials: &Credentials, id: &str) -> anyhow::Result<Connection> {
    let access = credentials.firms.get(id).with_context(|| format!("no key of {id} is kept"))?;
    Ok(connection.with_key(Some(&access.key))?)
}

/// A refusal with every field that it names.
fn refused(status: tonic::Status) -> Failure {
    Failure::from_status(&status, "en")
}

/// How this very program is called from anywhere.
fn command() -> String {
    let program = std::env::current_exe().map(|path| path.display().to_string());
    program.unwrap_or_else(|_| "tandem".to_owned())
}

impl Sandbox {
    /// What is printed once everything is ready.
    pub fn text(&self, dir: &Path) -> String {
        let file = dir.join("sandbox.json");
        let file = file.display();
        let mut lines = vec![
            "Tandem is ready. 示例数据: every firm is fictional.".to_owned(),
            String::new(),
            format!("  portal    {}", self.portal),
            format!("  API       {}   gRPC, with reflection", self.api),
            format!("  metrics   {}/metrics", self.metrics),
            format!("  keys      {file}"),
            String::new(),
            "Sign in (each link works once, for a day; every start makes new ones), or use the API with the key:".to_owned(),
        ];
        for entry in self.suppliers.iter().chain(&self.anchors).chain([&self.operator]) {
            lines.push(format!("  {} {}", entry.name, entry.person));
            lines.push(format!("      {}", entry.sign_in));
            lines.push(format!("      key {}", entry.key));
        }
        lines.extend([
            String::new(),
            format!("Try, in another terminal, as {}:", self.anchor.name),
            format!("  alias tandem={}", command()),
            format!("  export TANDEM_API={} TANDEM_KEY={}", self.api, self.anchor.key),
            "  tandem orders publish deploy/examples/order.xml".to_owned(),
            "  tandem orders list --side buyer".to_owned(),
            "  tandem events --follow".to_owned(),
        ]);
        lines.join("\n")
    }
}
