//! The frame around every page: who is signed in, where one can go, the other language, the live stream.

use askama::Template;
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use proto::access::Permission;

use crate::{
    App, board,
    failure::Failure,
    i18n::{Key, Lang, Text, key},
    pages::{
        announcements::{TO_ALL, Told, told},
        help, practice,
    },
    session::{Member, Visitor},
};

/// What the form token of the language switch is for.
pub const LANGUAGE: &str = "language";
/// What the form token of signing out is for.
pub const SIGN_OUT: &str = "sign-out";

/// The places that the header leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    None,
    Inbox,
    Purchases,
    Proposals,
    AtRisk,
    Capacity,
    Resources,
    Partners,
    Members,
    Settings,
    Firms,
    Search,
    Help,
}

impl Tab {
    /// All of them, as they stand above.
    #[cfg(test)]
    pub const ALL: [Tab; 13] = [
        Tab::None,
        Tab::Inbox,
        Tab::Purchases,
        Tab::Proposals,
        Tab::AtRisk,
        Tab::Capacity,
        Tab::Resources,
        Tab::Partners,
        Tab::Members,
        Tab::Settings,
        Tab::Firms,
        Tab::Search,
        Tab::Help,
    ];

    fn path(self) -> &'static str {
        match self {
            Tab::None => "/",
            Tab::Inbox => "/inbox",
            Tab::Purchases => "/purchases",
            Tab::Proposals => "/proposals",
            Tab::AtRisk => "/at-risk",
            Tab::Capacity => "/capacity",
            Tab::Resources => "/resources",
            Tab::Partners => "/partners",
            Tab::Members => "/members",
            Tab::Settings => "/settings",
            Tab::Firms => "/operator/firms",
            Tab::Search => "/search",
            Tab::Help => "/help",
        }
    }

    /// Where help says what this place is for, on pages that are about nothing in particular; what has no place is a failure.
    pub fn help(self) -> &'static str {
        match self {
            Tab::None => "/help#code",
            Tab::Inbox => "/help#inbox",
            Tab::Purchases => "/help#purchases",
            Tab::Proposals => "/help#proposals",
            Tab::AtRisk => "/help#at-risk",
            Tab::Capacity => "/help#capacity",
            Tab::Resources => "/help#resources",
            Tab::Partners => "/help#partners",
            Tab::Members => "/help#members",
            Tab::Settings => "/help#settings",
            Tab::Firms => "/help#firms",
            Tab::Search => "/help#search",
            Tab::Help => "/help#start",
        }
    }

    fn label(self) -> Key<0> {
        match self {
            Tab::None => key::BRAND,
            Tab::Inbox => key::NAV_INBOX,
            Tab::Purchases => key::NAV_PURCHASES,
            Tab::Proposals => key::NAV_PROPOSALS,
            Tab::AtRisk => key::NAV_AT_RISK,
            Tab::Capacity => key::NAV_CAPACITY,
            Tab::Resources => key::NAV_RESOURCES,
            Tab::Partners => key::NAV_PARTNERS,
            Tab::Members => key::NAV_MEMBERS,
            Tab::Settings => key::NAV_SETTINGS,
            Tab::Firms => key::NAV_FIRMS,
            Tab::Search => key::NAV_SEARCH,
            Tab::Help => key::NAV_HELP,
        }
    }
}

/// A link of the header.
pub struct Link {
    pub href: &'static str,
    pub label: String,
    pub current: bool,
    /// Behind 更多 where the screen is narrow.
    pub tucked: bool,
}

/// Who is signed in.
pub struct Account {
    pub firm: String,
    pub member: String,
    pub sandbox: bool,
    pub sign_out_token: String,
    /// The member's daily work.
    pub work: Vec<Link>,
    /// What is needed now and then.
    pub more: Vec<Link>,
    /// Where everything is looked for: a box where there is room, else a place beside the work.
    pub find: Link,
}

impl Account {
    /// Whether some of the daily work stands behind 更多 where the screen is narrow.
    pub fn tucks(&self) -> bool {
        self.work.iter().any(|link| link.tucked)
    }
}

/// The form that fills a page: switching the language posts it, so that nothing that was typed is lost.
pub struct MainForm {
    pub id: &'static str,
    pub action: String,
}

/// The frame around a page.
pub struct Page {
    pub t: Text,
    pub title: String,
    pub style: String,
    pub script: String,
    /// Style sheet and script of tables of weeks, on the pages that have them.
    pub grid: Option<(String, String)>,
    /// Where the language switch comes back to.
    pub here: String,
    pub language_token: String,
    pub other: Lang,
    pub account: Option<Account>,
    /// What the operator tells everybody now.
    pub told: Vec<Told>,
    /// Tells apart whether something else is announced by now; empty where nobody is told anything.
    pub told_mark: String,
    /// Where help is about this page.
    pub help: &'static str,
    /// Where the link that skips the header leads: the element's id.
    pub skip: &'static str,
    pub form: Option<MainForm>,
    /// Where the live stream begins: after this cursor of the feed, or now where it is empty.
    pub cursor: String,
    /// Tells apart tabs of different sessions; empty where there is no live stream.
    pub live: String,
    /// Whether it is about the order that is made up to practise.
    pub practice: bool,
}

impl Page {
    /// For anybody.
    pub fn visitor(visitor: &Visitor) -> Self {
        let app = &visitor.app;
        Self {
            t: visitor.text.clone(),
            title: visitor.text.say(key::BRAND),
            style: app.assets.style(),
            script: app.assets.script(),
            grid: None,
            here: visitor.here.clone(),
            language_token: app.tokens.make(app, visitor.token.as_ref(), LANGUAGE),
            other: visitor.text.lang.other(),
            account: None,
            told: Vec::new(),
            told_mark: String::new(),
            help: "/help#sign-in",
            skip: "main",
            form: None,
            cursor: String::new(),
            live: String::new(),
            practice: false,
        }
    }

    /// For a member, with the header's links that the roles allow; for the holder of a document link, without.
    pub fn member(member: &Member, current: Tab) -> Self {
        let mut page =
            Self { help: help::about(&member.visitor.path, current), ..Self::visitor(&member.visitor) };
        let who = &member.who;
        page.told = told(member);
        page.told_mark = board::mark(&who.announcements);
        if member.document.is_some() {
            // Whoever holds a link is about its order and at no place.
            page.help = help::about(&member.visitor.path, Tab::Inbox);
            return page;
        }
        let app = member.app();
        page.account = Some(Account {
            firm: member.firm_name().to_string(),
            member: who.member_name.clone(),
            sandbox: who.sandbox,
            sign_out_token: app.tokens.make(app, Some(&member.token), SIGN_OUT),
            work: tucked(links(&page.t, &work(member), current)),
            more: links(&page.t, &more(member), current)
                .into_iter()
                .map(|link| about(link, page.help))
                .collect(),
            find: to(&page.t, Tab::Search, current),
        });
        page.live = member.session();
        page
    }

    /// With a title of its own.
    pub fn titled(mut self, title: String) -> Self {
        self.title = title;
        self
    }

    /// About an order. The one that is made up says so, and nothing that happens changes it.
    pub fn about(mut self, order_id: &str) -> Self {
        if order_id == practice::ID {
            self.practice = true;
            self.title = self.t.one(key::PRACTICE_TITLE, &self.title);
            // A page that was posted cannot be asked for again.
            if self.here == "/" {
                self.here = practice::PATH.to_string();
            }
            self.live = String::new();
        }
        self
    }

    /// With a table of weeks.
    pub fn with_grid(mut self, app: &App) -> Self {
        self.grid = Some(app.assets.grid());
        self
    }

    /// Filled by a form.
    pub fn with_form(mut self, id: &'static str, action: String) -> Self {
        self.form = Some(MainForm { id, action });
        self
    }

    /// Whose header is skipped to a list, past its filters, so that the first row is one key away.
    pub fn skipping_to(mut self, id: &'static str) -> Self {
        self.skip = id;
        self
    }

    /// Where the announcements of a page that is open are read anew; a member's lack what the member has put away.
    pub fn told_path(&self) -> String {
        match self.account {
            Some(_) => link("/announcements", &[("next", &self.here)]),
            None => TO_ALL.to_string(),
        }
    }

    /// Live after a cursor.
    pub fn live_after(mut self, cursor: String) -> Self {
        self.cursor = cursor;
        self
    }
}

/// Whoever only answers has no use for purchases, and whoever only buys none for the inbox; whoever runs the platform
/// trades nothing on it.
fn work(member: &Member) -> Vec<Tab> {
    let resources = member.may(Permission::ResourcesRead).then_some(Tab::Resources);
    if member.may(Permission::Operate) {
        return [Tab::Firms].into_iter().chain(resources).collect();
    }
    let reads = member.may(Permission::OrdersRead);
    let buys = member.may(Permission::OrdersPublish);
    let supplies = member.may(Permission::OrdersRespond);
    let mut tabs = Vec::new();
    if reads && (supplies || !buys) {
        tabs.push(Tab::Inbox);
    }
    if reads && (buys || !supplies) {
        tabs.push(Tab::Purchases);
    }
    if buys {
        tabs.push(Tab::Proposals);
        tabs.push(Tab::AtRisk);
    }
    if member.may(Permission::CapacityRead) {
        tabs.push(Tab::Capacity);
    }
    tabs.extend(resources);
    tabs
}

fn more(member: &Member) -> Vec<Tab> {
    let mut tabs = Vec::new();
    if member.may(Permission::PartnersRead) {
        tabs.push(Tab::Partners);
    }
    if member.may(Permission::MembersAdmin) {
        tabs.push(Tab::Members);
    }
    tabs.push(Tab::Settings);
    tabs.push(Tab::Help);
    tabs
}

fn links(text: &Text, tabs: &[Tab], current: Tab) -> Vec<Link> {
    tabs.iter().map(|tab| to(text, *tab, current)).collect()
}

fn to(text: &Text, tab: Tab, current: Tab) -> Link {
    Link { href: tab.path(), label: text.say(tab.label()), current: tab == current, tucked: false }
}

/// Help is looked at where it is about the page.
fn about(link: Link, help: &'static str) -> Link {
    let href = if link.href == Tab::Help.path() { help } else { link.href };
    Link { href, ..link }
}

/// A phone has room for three places: of more, for two, which are where one is and what comes first, and for the way to the
/// others.
fn tucked(mut links: Vec<Link>) -> Vec<Link> {
    if links.len() > 3 {
        let beside = if links[2..].iter().any(|link| link.current) { 1 } else { 2 };
        links[beside..].iter_mut().for_each(|link| link.tucked = !link.current);
    }
    links
}

/// A rendered page.
pub fn show(template: &impl Template) -> Response {
    show_as(StatusCode::OK, template)
}

/// A rendered page with a status of its own. Nothing that shows data is kept by browsers or proxies.
pub fn show_as(status: StatusCode, template: &impl Template) -> Response {
    let html = match template.render() {
        Ok(html) => html,
        Err(error) => return Failure::internal(error).into_response(),
    };
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// 303 to a path of this portal.
pub fn go(path: &str) -> Response {
    let Ok(location) = HeaderValue::try_from(path) else {
        return Failure::internal("a path that no header can hold").into_response();
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(header::LOCATION, location);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A path with a query, encoded; empty values are left out.
pub fn link(path: &str, query: &[(&str, &str)]) -> String {
    let mut encoder = form_urlencoded::Serializer::new(String::new());
    for (name, value) in query.iter().filter(|(_, value)| !value.is_empty()) {
        encoder.append_pair(name, value);
    }
    let query = encoder.finish();
    if query.is_empty() { path.to_string() } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_shows_where_one_is_and_what_comes_first() {
        let seen = |current: Option<usize>, places: usize| -> Vec<usize> {
            let link =
                |at| Link { href: "/", label: String::new(), current: Some(at) == current, tucked: false };
            let links = tucked((0..places).map(link).collect());
            (0..places).filter(|at| !links[*at].tucked).collect()
        };
        assert_eq!(seen(None, 3), [0, 1, 2]);
        assert_eq!(seen(None, 5), [0, 1]);
        assert_eq!(seen(Some(1), 5), [0, 1]);
        assert_eq!(seen(Some(4), 5), [0, 4]);
    }
}
