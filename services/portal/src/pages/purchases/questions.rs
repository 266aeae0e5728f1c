//! What is asked of a new order beside its lines.

use futures::try_join;

use super::draft::Fault;
use crate::{
    ask::{Choice, Kind, Question},
    failure::Failure,
    form::Fields,
    i18n::{Text, key},
    pages::{
        capacity::read::Partners,
        firm::{people, scope},
    },
    session::Member,
};

/// The questions before the lines, and those after them.
pub(super) struct Asked {
    pub(super) head: Vec<Question>,
    pub(super) foot: Vec<Question>,
}

impl Asked {
    /// Reads what there is to choose from. Filled in as it was typed.
    pub(super) async fn read(member: &Member, typed: &Fields) -> Result<Self, Failure> {
        let t = member.text();
        // Codes can be typed where nobody has named any, and where that cannot be found out.
        let known = async { Ok(scope::known(member).await.unwrap_or_default()) };
        let (partners, [sites, groups]) = try_join!(Partners::read(member), known)?;
        let own = member.who.scope.clone().unwrap_or_default();
        let supplier =
            Question::of("supplier", Kind::Select, t.say(key::SUPPLIER), suppliers(member, &partners));
        let date = Question::new("date", Kind::Date, t.say(key::REQUESTED)).at("content.requested_delivery");
        let site = Question::new("site", Kind::Code, t.say(key::CHANGED_SITE)).optional();
        let group =
            Question::new("group", Kind::Code, t.say(key::PURCHASING_GROUP)).at("content.purchasing_group");
        // Whoever is narrowed to some groups publishes for one of them.
        let group = if own.purchasing_groups.is_empty() { group.optional() } else { group };
        let note = Question::new("note", Kind::Area, t.say(key::NOTES)).at("content.notes").optional();
        let language = people::languages(t);
        let mut asked = Self {
            head: vec![
                supplier.hint(t.say(key::NEW_ORDER_SUPPLIER_HINT)),
                number(t),
                currency(t),
                tax(t),
                rate(t),
                date.hint(t.say(key::NEW_ORDER_DATE_HINT)).optional(),
                coded(t, site, sites, &own.sites, typed),
                coded(t, group, groups, &own.purchasing_groups, typed),
            ],
            foot: vec![
                note,
                Question::of("note_language", Kind::Radios, t.say(key::NOTE_LANGUAGE), language),
            ],
        };
        asked.all_mut().for_each(|one| one.fill(typed));
        Ok(asked)
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Question> {
        self.head.iter_mut().chain(&mut self.foot)
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Question> {
        self.head.iter().chain(&self.foot)
    }

    /// Those that need an answer and have none.
    pub(super) fn lacking(&self, t: &Text) -> Vec<Fault> {
        let lacking = self.all().filter(|one| one.lacks());
        lacking.map(|one| (one.name.to_string(), one.refusal(t, "REQUIRED"))).collect()
    }

    /// Says beside each what is wrong with it, and answers where each fault leads to.
    pub(super) fn blame(&mut self, faults: Vec<Fault>) -> Vec<Fault> {
        let led = |(name, text): Fault| match self.all_mut().find(|one| one.name == name) {
            Some(one) => {
                one.fault.clone_from(&text);
                (one.id(), text)
            }
            None => (name, text),
        };
        faults.into_iter().map(led).collect()
    }
}

/// The buyer's own number.
pub fn number(t: &Text) -> Question {
    Question::new("number", Kind::Code, t.say(key::USE_NUMBER)).at("content.order_number")
}

/// In which currency its prices are.
pub fn currency(t: &Text) -> Question {
    Question::new("currency", Kind::Code, t.say(key::CHANGED_CURRENCY)).at("content.currency")
}

/// Whether its prices include tax.
pub fn tax(t: &Text) -> Question {
    let taxes = [("no", key::TAX_EXCLUDED), ("yes", key::TAX_INCLUDED)];
    let taxes = taxes.iter().map(|(value, label)| Choice::new(value, t.say(label))).collect();
    Question::of("tax", Kind::Radios, t.say(key::USE_TAX), taxes).at("content.price_includes_tax")
}

/// Without it, prices that include tax have no net amount.
fn rate(t: &Text) -> Question {
    Question::new("rate", Kind::Number, t.say(key::TAX_RATE)).hint(t.say(key::NEW_ORDER_RATE_HINT)).optional()
}

/// Whom an order may go to: suppliers that trade with the firm, and those that have not come yet.
fn suppliers(member: &Member, partners: &Partners) -> Vec<Choice> {
    let (t, own) = (member.text(), &member.who.firm_id);
    let active = partners.suppliers(own).map(|(id, name)| Choice::new(id, name.to_string()));
    let not_yet = t.say(key::PARTNER_INVITED);
    let invited =
        partners.invited(own).map(|(id, name)| Choice::new(id, t.two(key::WITH_NOTE, &not_yet, name)));
    [Choice::new("", t.say(key::CHOOSE))].into_iter().chain(active).chain(invited).collect()
}

/// A question for a code: one of those that the member is narrowed to, else one that the firm has named, else any.
fn coded(
    t: &Text,
    mut question: Question,
    mut known: Vec<(String, String)>,
    own: &[String],
    typed: &Fields,
) -> Question {
    if known.is_empty() && own.is_empty() {
        return question;
    }
    let typed = [typed.get(question.name).to_string()];
    let offered: &[String] = match own.is_empty() {
        // An order that is bought again may have one that nobody has named.
        true if typed[0].is_empty() => &[],
        true => typed.as_slice(),
        false => {
            known.retain(|(code, _)| own.contains(code));
            own
        }
    };
    let none = question.optional.then(|| Choice::new("", t.say(key::UNSTATED)));
    question.choices = none.into_iter().chain(scope::choices(known, offered)).collect();
    question.kind = Kind::Select;
    question
}
