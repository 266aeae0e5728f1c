//! Lists of what is set up: tables whose rows fold into cards on a phone, with a sentence where there is nothing yet.

use askama::Template;
use axum::response::Response;
use chassis::secret::sha256;

use crate::{
    ask::{Choice, Way},
    i18n::{Text, key},
    order::Tag,
    page::{self, Page, Tab, link},
    saved,
    session::Member,
    sheet::Table,
};

/// Ids are UUIDs; no word of an address is as long.
const ID_LETTERS: usize = 36;

/// Something that can be done with a row.
pub enum Act {
    /// A page that does it.
    Go { href: String, label: String },
    /// A button that does it.
    Do { action: String, token: String, label: String },
}

impl Act {
    fn address(&self) -> &str {
        match self {
            Act::Go { href, .. } => href,
            Act::Do { action, .. } => action,
        }
    }
}

/// What stands in a row.
pub enum Cell {
    /// What the row is about; `href` and `sub` may be empty.
    Name {
        text: String,
        href: String,
        sub: String,
    },
    Text(String),
    Code(String),
    Tag(Tag),
    /// Things to save, and what stands beside them.
    Saved {
        files: Vec<Way>,
        text: String,
    },
    Acts(Vec<Act>),
}

impl Cell {
    /// A name alone.
    pub fn name(text: impl Into<String>) -> Self {
        Cell::Name { text: text.into(), href: String::new(), sub: String::new() }
    }

    /// A name that leads to its page.
    pub fn link(text: impl Into<String>, href: String) -> Self {
        Cell::Name { text: text.into(), href, sub: String::new() }
    }
}

/// A row's cells, in the order of the columns.
pub type Row = Vec<Cell>;

/// One table of a page.
pub struct Part {
    /// Empty where the page's heading says it.
    pub title: String,
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
    /// Each row's, so that it stays the same one where the page is read anew; empty for none.
    ids: Vec<String>,
    /// What to do where there is none.
    pub empty: String,
    /// Where the next page is; empty on the last.
    pub next: String,
    /// Where all of it is, when these are the first few.
    pub whole: Option<Way>,
    /// What is to be known of the rows; empty for nothing.
    pub note: String,
}

impl Part {
    /// A table with columns and rows.
    pub fn new(columns: Vec<String>, rows: Vec<Row>, empty: String) -> Self {
        Self {
            title: String::new(),
            columns,
            rows,
            ids: Vec::new(),
            empty,
            next: String::new(),
            whole: None,
            note: String::new(),
        }
    }

    /// With a heading of its own.
    pub fn titled(self, title: String) -> Self {
        Self { title, ..self }
    }

    /// The first few of all that is there.
    pub fn whole(self, whole: Way) -> Self {
        Self { whole: Some(whole), ..self }
    }

    /// With something that is to be known of the rows; empty for nothing.
    pub fn note(self, note: String) -> Self {
        Self { note, ..self }
    }

    /// Going on at `path` where there is more.
    pub fn next(self, path: &str, query: &[(&str, &str)], token: &str) -> Self {
        if token.is_empty() {
            return self;
        }
        let query: Vec<(&str, &str)> = query.iter().copied().chain([("page", token)]).collect();
        Self { next: link(path, &query), ..self }
    }

    /// What the row is about, for those who hear its buttons.
    fn about<'a>(&self, row: &'a Row) -> &'a str {
        row.iter()
            .find_map(|cell| if let Cell::Name { text, .. } = cell { Some(text.as_str()) } else { None })
            .unwrap_or_default()
    }
}

/// The id of what a row is about, as the first address in it names it.
fn id(row: &Row) -> Option<&str> {
    let addresses = row.iter().flat_map(|cell| match cell {
        Cell::Name { href, .. } => vec![href.as_str()],
        Cell::Acts(acts) => acts.iter().map(Act::address).collect(),
        _ => Vec::new(),
    });
    addresses.flat_map(|address| address.split(['/', '?', '=', '&'])).find(|word| word.len() == ID_LETTERS)
}

/// What tells a row apart whose addresses name no id, so that whoever stands on its button stays there when the page is read
/// anew: what the button does, shortened; empty where it has none.
fn of_button(row: &Row) -> String {
    let acts = row.iter().filter_map(|cell| if let Cell::Acts(acts) = cell { Some(acts) } else { None });
    let mut done = acts.flatten().filter(|act| matches!(act, Act::Do { .. }));
    done.next().map_or_else(String::new, |act| hex::encode(&sha256(act.address().as_bytes())[..6]))
}

/// Something else to choose from, beside the states.
pub struct Pick {
    pub name: &'static str,
    pub label: String,
    pub choices: Vec<Choice>,
}

/// Something to look for.
#[derive(Default)]
pub struct Search {
    pub action: String,
    /// What else the page was asked for and stays, by name.
    pub kept: Vec<(&'static str, String)>,
    /// Empty where there is nothing to type.
    pub label: String,
    pub value: String,
    /// States to choose from; empty for none.
    pub states: Vec<Choice>,
    pub states_label: String,
    pub more: Vec<Pick>,
}

/// A form that sends files, by itself or by its script.
pub struct Sending {
    pub action: String,
    pub token: String,
    pub script: String,
    pub hint: String,
    /// What is wrong with files that were sent.
    pub faults: Vec<String>,
}

/// The page.
#[derive(Template)]
#[template(path = "listing.html")]
pub struct Listing {
    page: Page,
    t: Text,
    back: Option<Way>,
    heading: String,
    tag: Option<Tag>,
    lead: String,
    done: String,
    facts: Vec<(String, String)>,
    /// The first is the one that most come for.
    buttons: Vec<Way>,
    search: Option<Search>,
    parts: Vec<Part>,
    /// The lists as files.
    files: Vec<Way>,
    sending: Option<Sending>,
    /// Paragraphs as somebody wrote them, each under a heading.
    texts: Vec<(String, String)>,
    /// The pages beside it, and what they have in common.
    places: Vec<page::Link>,
    places_label: String,
    /// Kinds and ids of what it shows; empty where it is not read anew.
    live: String,
    /// Whether its tables are handed over to a file.
    saving: bool,
}

impl Listing {
    /// A page below `back`.
    pub fn new(member: &Member, tab: Tab, heading: String, back: Option<Way>) -> Self {
        let t = member.text().clone();
        Self {
            page: Page::member(member, tab).titled(heading.clone()),
            t,
            back,
            heading,
            tag: None,
            lead: String::new(),
            done: String::new(),
            facts: Vec::new(),
            buttons: Vec::new(),
            search: None,
            parts: Vec::new(),
            files: Vec::new(),
            sending: None,
            texts: Vec::new(),
            places: Vec::new(),
            places_label: String::new(),
            live: String::new(),
            saving: member.visitor.saving,
        }
    }

    /// Read anew where one of these changed: kinds of events, such as `offer`, and ids.
    pub fn live(self, live: impl Into<String>) -> Self {
        Self { live: live.into(), ..self }
    }

    /// With a line that leads to the other pages about capacity.
    pub fn places(self, places: Vec<page::Link>) -> Self {
        let label = self.t.say(key::NAV_CAPACITY);
        self.beside(label, places)
    }

    /// With a line that leads to the pages beside it, which have this in common.
    pub fn beside(self, places_label: String, places: Vec<page::Link>) -> Self {
        Self { places, places_label, ..self }
    }

    /// Something that somebody wrote, under a heading; empty for nothing.
    pub fn text(mut self, heading: String, text: String) -> Self {
        if !text.is_empty() {
            self.texts.push((heading, text));
        }
        self
    }

    /// What it is for, in a sentence.
    pub fn lead(self, lead: String) -> Self {
        Self { lead, ..self }
    }

    /// What was just done; empty for nothing.
    pub fn done(self, done: String) -> Self {
        Self { done, ..self }
    }

    /// How what the page is about stands.
    pub fn tag(self, tag: Tag) -> Self {
        Self { tag: Some(tag), ..self }
    }

    /// Something that is known of it.
    pub fn fact(mut self, label: String, value: String) -> Self {
        if !value.is_empty() {
            self.facts.push((label, value));
        }
        self
    }

    /// Something that can be done here.
    pub fn button(mut self, href: impl Into<String>, label: String) -> Self {
        self.buttons.push(Way { href: href.into(), label });
        self
    }

    /// A field to look for things.
    pub fn search(self, search: Search) -> Self {
        Self { search: Some(search), ..self }
    }

    /// With a form that sends files.
    pub fn sending(self, sending: Sending) -> Self {
        Self { sending: Some(sending), ..self }
    }

    /// With links to the lists as files.
    pub fn files(self, files: Vec<Way>) -> Self {
        Self { files, ..self }
    }

    /// With links to its tables as files, whose address is the page's with `/export` behind it.
    pub fn saved(self) -> Self {
        let files = saved::ways(&self.t, &self.page.here);
        self.files(files)
    }

    /// Another table.
    pub fn part(mut self, mut part: Part) -> Self {
        for row in &part.rows {
            let id = id(row).map_or_else(|| of_button(row), str::to_string);
            // An element's id stands on a page once.
            let taken = self.parts.iter().any(|other| other.ids.contains(&id)) || part.ids.contains(&id);
            part.ids.push(if taken { String::new() } else { id });
        }
        self.parts.push(part);
        self
    }

    /// The page; its tables alone where they are saved.
    pub fn show(&self) -> Response {
        match self.saving {
            true => saved::tables(self.heading.as_str(), self.parts.iter().map(Table::of).collect()),
            false => page::show(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_known_by_the_first_id_in_its_addresses() {
        let (one, other) = ("0192f000-0000-7000-8000-000000000001", "0192f000-0000-7000-8000-000000000002");
        let go = |href: String| Act::Go { href, label: String::new() };
        let act = |action: String| Act::Do { action, token: String::new(), label: String::new() };
        let acts = vec![act(format!("/reservations/{one}/confirm")), go(format!("/orders/{other}"))];
        for (row, expected) in [
            (
                vec![Cell::link("a", format!("/offers/{one}")), Cell::Acts(vec![go(format!("/x/{other}"))])],
                Some(one),
            ),
            (vec![Cell::name("a"), Cell::Acts(acts)], Some(one)),
            (vec![Cell::link("a", format!("/propose?firm={one}&x=1"))], Some(one)),
            (vec![Cell::link("a", "/capacity/profile/process?at=0".into())], None),
            (vec![Cell::name(one)], None),
        ] {
            assert_eq!(id(&row), expected);
        }
    }

    #[test]
    fn a_row_without_an_id_is_known_by_what_its_button_does() {
        let row = |written: &str| {
            let action = format!("/aliases/delete?kind=1&written={written}");
            vec![
                Cell::name(written),
                Cell::Acts(vec![Act::Do { action, token: String::new(), label: String::new() }]),
            ]
        };
        assert_eq!(of_button(&row("PCS")), of_button(&row("PCS")));
        assert_ne!(of_button(&row("PCS")), of_button(&row("KG")));
        assert_eq!(of_button(&vec![Cell::name("PCS")]), "");
    }
}
