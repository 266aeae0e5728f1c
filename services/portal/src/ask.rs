//! A page that asks for a few things: its fields, what was typed, and what is wrong, said above and beside each field.
//!
//! Pages that set something up are all made of it, so that each of them keeps what was typed when something is wrong
//! or the language is switched, and says first what it is for.

mod posted;

use std::borrow::Cow;

use askama::Template;
use axum::{http::StatusCode, response::Response};
use rust_decimal::Decimal;

use crate::{
    failure::Failure,
    form::Fields,
    i18n::{Key, Text, key},
    page::{self, Page, Tab},
    session::Member,
    table::Search,
    typed,
};

pub use posted::Posted;

/// What may be chosen.
pub struct Choice {
    pub value: String,
    pub label: String,
    /// What it means; empty where the label says it.
    pub hint: String,
    pub on: bool,
}

impl Choice {
    /// One that its label explains.
    pub fn new(value: impl ToString, label: String) -> Self {
        Self { value: value.to_string(), label, hint: String::new(), on: false }
    }
}

/// How a question is answered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// Letters and digits that are told apart one by one.
    Code,
    Number,
    Date,
    /// Of a day.
    Time,
    /// Several lines.
    Area,
    /// One of a list.
    Select,
    /// One of a few.
    Radios,
    /// Any of a few.
    Boxes,
    File,
}

impl Kind {
    /// Whether the answer is short.
    pub fn short(self) -> bool {
        matches!(self, Kind::Number | Kind::Date | Kind::Time)
    }
}

/// A field.
pub struct Question {
    pub name: &'static str,
    pub kind: Kind,
    pub label: String,
    pub hint: String,
    pub value: String,
    pub choices: Vec<Choice>,
    pub fault: String,
    pub optional: bool,
    /// How names of files end that are offered to be chosen.
    pub accept: &'static str,
    /// The field that posts which boxes were shown; empty for none.
    pub shown: &'static str,
    /// Where the API names it in its refusals; the beginning of the path is enough.
    path: Cow<'static, str>,
    /// What to say where the API refuses it; the hint says what is wanted.
    wrong: Option<String>,
}

impl Question {
    /// A field that is answered by typing.
    pub fn new(name: &'static str, kind: Kind, label: String) -> Self {
        Self {
            name,
            kind,
            label,
            hint: String::new(),
            value: String::new(),
            choices: Vec::new(),
            fault: String::new(),
            optional: false,
            accept: ".csv,.txt,.tsv",
            shown: "",
            path: name.into(),
            wrong: None,
        }
    }

    /// Whose answer is one or some of these.
    pub fn of(name: &'static str, kind: Kind, label: String, choices: Vec<Choice>) -> Self {
        Self { choices, ..Self::new(name, kind, label) }
    }

    /// With a sentence of help.
    pub fn hint(self, hint: String) -> Self {
        Self { hint, ..self }
    }

    /// Answered with a file whose name ends so.
    pub fn accept(self, accept: &'static str) -> Self {
        Self { accept, ..self }
    }

    /// Posting which boxes were shown, so that one that is new meanwhile stays as it stands.
    pub fn shown(self, shown: &'static str) -> Self {
        Self { shown, ..self }
    }

    /// That may be left out.
    pub fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// Named so by the API.
    pub fn at(self, path: impl Into<Cow<'static, str>>) -> Self {
        Self { path: path.into(), ..self }
    }

    /// Where the API refuses it, this is said.
    pub fn wrong(self, sentence: String) -> Self {
        Self { wrong: Some(sentence), ..self }
    }

    /// Filled in already.
    pub fn with(mut self, value: impl ToString) -> Self {
        self.value = value.to_string();
        self.choose();
        self
    }

    /// Whether it is answered by ticking.
    pub fn ticks(&self) -> bool {
        matches!(self.kind, Kind::Radios | Kind::Boxes)
    }

    /// The element that an error leads to.
    pub fn id(&self) -> String {
        match (self.ticks(), self.choices.first()) {
            (true, Some(first)) => format!("{}-{}", self.name, first.value),
            _ => self.name.to_string(),
        }
    }

    /// The elements that describe it, for those who hear the page.
    pub fn described(&self) -> String {
        let mut ids = Vec::new();
        if !self.hint.is_empty() {
            ids.push(format!("{}-hint", self.name));
        }
        if !self.fault.is_empty() {
            ids.push(format!("{}-fault", self.name));
        }
        ids.join(" ")
    }

    fn choose(&mut self) {
        if matches!(self.kind, Kind::Select | Kind::Radios) {
            for choice in &mut self.choices {
                choice.on = choice.value == self.value;
            }
        }
    }

    /// Whether it needs an answer and has none.
    pub fn lacks(&self) -> bool {
        let chosen = self.choices.iter().any(|choice| choice.on);
        let answered = if self.kind == Kind::Boxes { chosen } else { !self.value.is_empty() };
        !self.optional && self.kind != Kind::File && !answered
    }

    /// Whether the API names it so.
    pub fn is_at(&self, path: &str) -> bool {
        path.starts_with(&*self.path)
    }

    /// What to do where the API refuses it for this reason.
    pub fn refusal(&self, t: &Text, reason: &str) -> String {
        let said: Key<1> = match reason {
            "REQUIRED" => key::ASK_REQUIRED,
            "TOO_LONG" => key::ASK_LONG,
            "CHARACTERS" => key::ASK_CHARACTERS,
            _ => match &self.wrong {
                Some(sentence) => return sentence.clone(),
                None => key::ASK_WRONG,
            },
        };
        t.one(said, &self.label)
    }

    /// What is answered, as the page shows it.
    fn said(&self, t: &Text) -> String {
        if self.choices.is_empty() {
            return self.value.clone();
        }
        let chosen = self.choices.iter().filter(|choice| choice.on).map(|choice| choice.label.as_str());
        chosen.collect::<Vec<_>>().join(&t.say(key::LIST_JOIN))
    }

    /// Of questions that are filled in with what stands, the label and the answer of each that was typed otherwise.
    pub fn differing(t: &Text, standing: Vec<Question>, fields: &Fields) -> Vec<(String, String)> {
        let mut differing = Vec::new();
        for mut question in standing {
            let now = question.said(t);
            question.fill(fields);
            if question.said(t) != now {
                let now = if now.is_empty() { t.say(key::UNSTATED) } else { now };
                differing.push((question.label, t.one(key::GRID_NOW, now)));
            }
        }
        differing
    }

    /// As it was typed.
    pub fn fill(&mut self, fields: &Fields) {
        match self.kind {
            Kind::Boxes => {
                let new =
                    |value: &str| !self.shown.is_empty() && fields.all(self.shown).all(|one| one != value);
                for choice in self.choices.iter_mut().filter(|choice| !new(&choice.value)) {
                    choice.on = fields.all(self.name).any(|value| value == choice.value);
                }
            }
            Kind::File => {}
            _ => {
                self.value = fields.get(self.name).to_string();
                self.choose();
            }
        }
    }
}

/// A number of one row of many, such as of a week; it may be left empty.
pub struct Figure {
    pub name: String,
    pub label: String,
    /// What is known of the row, such as how much there is.
    pub known: String,
    pub value: String,
    pub fault: String,
}

/// Numbers that belong together, one a row.
pub struct Figures {
    pub legend: String,
    pub hint: String,
    pub rows: Vec<Figure>,
}

/// A link back, or on.
pub struct Way {
    pub href: String,
    pub label: String,
}

/// A thing that is wrong: the element that it leads to, and what to do.
struct Fault {
    href: String,
    text: String,
}

/// The page.
#[derive(Template)]
#[template(path = "ask.html")]
pub struct Ask {
    page: Page,
    t: Text,
    back: Way,
    title: String,
    lead: String,
    /// What it is about, where that is not typed.
    facts: Vec<(String, String)>,
    /// What there is to choose from can be looked for.
    search: Option<Search>,
    action: String,
    token: String,
    hidden: Vec<(&'static str, String)>,
    questions: Vec<Question>,
    figures: Vec<Figures>,
    submit: String,
    /// Whether it takes something away.
    bad: bool,
    faults: Vec<Fault>,
}

impl Ask {
    /// A page whose form is posted to `action`. The token holds for that address alone.
    pub fn new(member: &Member, action: String, title: String, back: Way) -> Self {
        Self::below(member, Tab::Settings, action, title, back)
    }

    /// As [`Ask::new`], in another place.
    pub fn below(member: &Member, tab: Tab, action: String, title: String, back: Way) -> Self {
        let t = member.text().clone();
        let app = member.app();
        let here = Page::member(member, tab);
        Self {
            page: here.titled(title.clone()).with_form("ask", action.clone()),
            token: app.tokens.make(app, Some(&member.token), &action),
            submit: t.say(key::ASK_SAVE),
            t,
            back,
            title,
            lead: String::new(),
            facts: Vec::new(),
            search: None,
            action,
            hidden: Vec::new(),
            questions: Vec::new(),
            figures: Vec::new(),
            bad: false,
            faults: Vec::new(),
        }
    }

    /// What it is for, in a sentence.
    pub fn lead(self, lead: String) -> Self {
        Self { lead, ..self }
    }

    /// What its button says.
    pub fn submit(self, submit: String) -> Self {
        Self { submit, ..self }
    }

    /// One that takes something away.
    pub fn taking_away(self) -> Self {
        Self { bad: true, ..self }
    }

    /// Something it is about.
    pub fn fact(mut self, label: String, value: String) -> Self {
        if !value.is_empty() {
            self.facts.push((label, value));
        }
        self
    }

    /// With a field to look for what there is to choose from.
    pub fn search(self, search: Search) -> Self {
        Self { search: Some(search), ..self }
    }

    /// A value that is posted along.
    pub fn hidden(mut self, name: &'static str, value: String) -> Self {
        self.hidden.push((name, value));
        self
    }

    /// Another field.
    pub fn ask(mut self, question: Question) -> Self {
        self.questions.push(question);
        self
    }

    /// Whether it asks for this field.
    pub fn asks(&self, name: &str) -> bool {
        self.questions.iter().any(|one| one.name == name)
    }

    /// Further fields.
    pub fn ask_all(mut self, questions: Vec<Question>) -> Self {
        self.questions.extend(questions);
        self
    }

    /// Numbers beside the fields.
    pub fn figures(mut self, figures: Figures) -> Self {
        self.figures.push(figures);
        self
    }

    /// As it was typed; a number that the form did not have stays as it stands.
    pub fn fill(mut self, fields: &Fields) -> Self {
        let figures = self.figures.iter_mut().flat_map(|figures| &mut figures.rows);
        for figure in figures.filter(|figure| fields.has(&figure.name)) {
            figure.value = fields.get(&figure.name).to_string();
        }
        for question in &mut self.questions {
            question.fill(fields);
        }
        for (name, value) in &mut self.hidden {
            *value = fields.get(name).to_string();
        }
        self
    }

    /// Says what is wrong with a field.
    pub fn blame(&mut self, name: &str, text: String) {
        if let Some(question) = self.questions.iter_mut().find(|one| one.name == name) {
            self.faults.push(Fault { href: format!("#{}", question.id()), text: text.clone() });
            question.fault = text;
            return;
        }
        let rows = self.figures.iter_mut().flat_map(|figures| &mut figures.rows);
        if let Some(figure) = rows.into_iter().find(|one| one.name == name) {
            self.faults.push(Fault { href: format!("#{name}"), text: text.clone() });
            figure.fault = text;
        }
    }

    /// Says what is wrong with the whole.
    pub fn complain(&mut self, text: String) {
        self.faults.push(Fault { href: "#ask".into(), text });
    }

    /// The numbers that were typed, by name; what is no number is said to be none. Whether all are.
    pub fn typed_figures(&mut self) -> Option<Vec<(String, Decimal)>> {
        let rows = self.figures.iter().flat_map(|figures| &figures.rows);
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for row in rows.filter(|row| !row.value.is_empty()) {
            match typed::quantity(&row.value) {
                Some(number) if number.is_zero() => {}
                Some(number) => good.push((row.name.clone(), number)),
                None => bad.push((row.name.clone(), row.label.clone())),
            }
        }
        let clean = bad.is_empty();
        for (name, label) in bad {
            self.blame(&name, self.t.one(key::ASK_WRONG, label));
        }
        clean.then_some(good)
    }

    /// Required fields that were left empty are said to be so. Whether all were filled in.
    pub fn complete(&mut self) -> bool {
        let missing = self.questions.iter().filter(|one| one.lacks());
        let missing: Vec<&'static str> = missing.map(|one| one.name).collect();
        for name in missing {
            let label = self.label(name);
            self.blame(name, self.t.one(key::ASK_REQUIRED, label));
        }
        self.faults.is_empty()
    }

    fn label(&self, name: &str) -> String {
        self.questions.iter().find(|one| one.name == name).map(|one| one.label.clone()).unwrap_or_default()
    }

    fn sends_file(&self) -> bool {
        self.questions.iter().any(|one| one.kind == Kind::File)
    }

    /// The page with what is wrong.
    pub fn wrong(&self) -> Response {
        page::show_as(StatusCode::UNPROCESSABLE_ENTITY, self)
    }

    /// The page.
    pub fn show(&self) -> Response {
        page::show(self)
    }

    /// The page with what the API says of the fields, or with its sentence.
    ///
    /// # Errors
    /// What no change of the form mends goes on as it is.
    pub fn refused(mut self, failure: impl Into<Failure>) -> Result<Response, Failure> {
        let failure = failure.into();
        if !failure.mends() {
            return Err(failure);
        }
        let mut named: Vec<(&'static str, String)> = Vec::new();
        for (path, reason) in &failure.fields {
            let Some(question) = self.questions.iter().find(|one| one.is_at(path)) else {
                continue;
            };
            if named.iter().all(|(name, _)| *name != question.name) {
                named.push((question.name, question.refusal(&self.t, reason)));
            }
        }
        for (name, text) in named {
            self.blame(name, text);
        }
        if self.faults.is_empty() {
            self.faults.push(Fault { href: "#ask".into(), text: failure.sentence(&self.t) });
        }
        Ok(self.wrong())
    }
}
