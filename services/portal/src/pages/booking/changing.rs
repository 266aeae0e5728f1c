//! Changes an own offer: what it is, for whom, how much of which week, and which slots stay. Whoever changed it meanwhile is
//! not overwritten unseen: what was typed comes back beside what stands.

use std::collections::BTreeMap;

use axum::{extract::Path, response::Response};
use proto::{
    access::Permission,
    capacity::{Bucket, CapacityGroup, ChangeOfferRequest, NewBucket, Offer, OfferContent},
};
use rust_decimal::Decimal;
use time::Date;

use super::{
    OFFERS, asking,
    audience::{self, Audience},
    offer::{self, back},
    offering::{self, DESPITE},
    read::{self, Known},
    when,
};
use crate::{
    ask::{Ask, Choice, Figure, Figures, Kind, Posted, Question},
    failure::Failure,
    form::Fields,
    format,
    i18n::{Text, key},
    measure::Measure,
    page,
    session::Member,
    typed,
    week::monday_of,
};

/// The field of slots that stay offered.
const SLOT: &str = "slot";
/// The field of slots that the form had.
const SHOWN: &str = "shown";
/// The field of the version that was looked at.
const VERSION: &str = "version";

fn path(id: &str) -> String {
    format!("/capacity/offers/{id}/change")
}

/// The offer as it stands, and what is needed to show it.
struct Standing {
    offer: Offer,
    group: CapacityGroup,
    known: Known,
    measure: Measure,
    this_week: Date,
}

impl Standing {
    async fn read(member: &Member, id: &str) -> Result<Self, Failure> {
        let offer = read::offer(member, id).await?;
        if !offer::own(member, &offer) || !member.may(Permission::CapacityWrite) {
            return Err(Failure::denied());
        }
        let group = offering::group(member, &offer.group_id).await?;
        let known = Known::read(member).await?.meet(member, offer.firm_ids.iter()).await?;
        let measure = Measure::of(&offer.unit_code);
        let this_week = monday_of(format::today(member.app().clock.now()));
        Ok(Self { offer, group, known, measure, this_week })
    }

    /// Weeks and slots that are not over, and so may be changed.
    fn ahead(&self) -> impl Iterator<Item = (Date, &Bucket)> {
        let dated =
            self.offer.buckets.iter().filter_map(|one| Some((format::day(one.monday.as_ref())?, one)));
        dated.filter(move |(monday, _)| *monday >= self.this_week)
    }

    fn weeks(&self) -> impl Iterator<Item = (Date, &Bucket)> {
        self.ahead().filter(|(_, bucket)| bucket.starts_at.is_none())
    }

    fn slots(&self) -> impl Iterator<Item = &Bucket> {
        self.ahead().map(|(_, bucket)| bucket).filter(|bucket| bucket.starts_at.is_some())
    }

    /// What is asked, filled in with what stands.
    fn questions(&self, t: &Text) -> Vec<Question> {
        let content = self.offer.content.clone().unwrap_or_default();
        let price = format::decimal(content.price_hint.as_ref());
        let price = price.map(|kept| self.measure.priced(kept).normalize().to_string()).unwrap_or_default();
        let stands = Audience {
            visibility: self.offer.visibility(),
            cluster_id: self.offer.cluster_id.clone(),
            firm_ids: self.offer.firm_ids.clone(),
        };
        let audience = audience::filled(t, &self.known, t.say(key::OFFER_SEEN_BY), &stands);
        let mut questions = Vec::new();
        for question in offering::described(t, &self.measure, audience) {
            questions.push(match question.name {
                "process" => question.with(&content.process),
                "machine" => question.with(&content.machine),
                "materials" => question.with(content.materials.join(&t.say(key::LIST_JOIN))),
                "price" if content.currency.is_empty() => question,
                "price" => {
                    let unit = self.measure.unit(t);
                    question.hint(t.two(key::OFFER_PRICE_HINT, &content.currency, unit)).with(&price)
                }
                "lasting" => lasting(t, question, self.offer.hold_seconds),
                "note" => question.with(&content.note),
                _ => question,
            });
        }
        questions.extend(self.which(t));
        questions
    }

    /// Which slots stay; nothing where there is none.
    fn which(&self, t: &Text) -> Option<Question> {
        let slot = |bucket: &Bucket| {
            let reserved = format::decimal_or_zero(bucket.reserved.as_ref());
            let hint = if reserved.is_zero() { String::new() } else { t.say(key::OFFER_RESERVED) };
            Choice { hint, on: true, ..Choice::new(&bucket.id, when(t, bucket)) }
        };
        let slots: Vec<Choice> = self.slots().map(slot).collect();
        if slots.is_empty() {
            return None;
        }
        let which = Question::of(SLOT, Kind::Boxes, t.say(key::OFFER_SLOTS_STAY), slots);
        let which = which.hint(t.say(key::OFFER_SLOTS_STAY_HINT)).shown(SHOWN);
        Some(if self.weeks().next().is_some() { which.optional() } else { which })
    }

    /// Weeks that are offered, weeks that have something to spare, and those that were typed; nothing where it is offered by
    /// the slot alone.
    fn figures(&self, t: &Text, fields: &Fields) -> Option<Figures> {
        if self.offer.buckets.iter().all(|bucket| bucket.starts_at.is_some()) {
            return None;
        }
        let mut rows: BTreeMap<Date, Figure> = BTreeMap::new();
        let row = |monday: Date, known: String, value: String| Figure {
            name: offering::figure_name(monday),
            label: t.whole_week(monday),
            known,
            value,
            fault: String::new(),
        };
        for (name, value) in fields.kept(&[]) {
            if let Some(monday) = offering::named_week(&name).filter(|_| !value.is_empty()) {
                rows.insert(monday, row(monday, String::new(), String::new()));
            }
        }
        let taken: Vec<Date> = self.ahead().map(|(monday, _)| monday).collect();
        let spares = self.group.matched.iter().filter_map(|week| {
            let monday = format::day(week.monday.as_ref())?;
            let spare = offering::spare(week).filter(|spare| !spare.unpromised.is_zero())?;
            (monday >= self.this_week).then(|| (monday, offering::left(t, &self.measure, spare)))
        });
        let spares: BTreeMap<Date, String> = spares.collect();
        let new = spares.iter().filter(|(monday, _)| !taken.contains(monday)).take(offering::WEEKS);
        rows.extend(new.map(|(monday, left)| (*monday, row(*monday, left.clone(), String::new()))));
        for (monday, bucket) in self.weeks() {
            let [total, reserved] = [&bucket.total, &bucket.reserved].map(|one| {
                let figure = format::decimal_or_zero(one.as_ref());
                self.measure.said(t, figure)
            });
            let stands = t.two(key::OFFER_STANDS, reserved, total);
            let known: Vec<String> = std::iter::once(stands).chain(spares.get(&monday).cloned()).collect();
            rows.insert(monday, row(monday, known.join(&t.say(key::HOLD_JOIN)), self.total(bucket)));
        }
        let legend = t.one(key::OFFER_HOW_MUCH, self.measure.unit(t));
        Some(Figures { legend, hint: t.say(key::OFFER_CHANGE_HINT), rows: rows.into_values().collect() })
    }

    /// What of a bucket is offered, as it is typed.
    fn total(&self, bucket: &Bucket) -> String {
        self.measure.field(format::decimal_or_zero(bucket.total.as_ref()))
    }

    /// The form, with the fields of what was typed and what stands in them.
    fn ask(&self, member: &Member, fields: &Fields) -> Ask {
        let t = member.text();
        let group = self.group.content.as_ref().map(|content| content.name.clone()).unwrap_or_default();
        let ask = asking(member, path(&self.offer.id), key::OFFER_CHANGE, back(&self.offer))
            .lead(t.say(key::OFFER_CHANGE_BODY))
            .fact(t.say(key::GROUP), group)
            .submit(t.say(key::ASK_SAVE))
            .ask_all(self.questions(t));
        match self.figures(t, fields) {
            Some(figures) => ask.figures(figures),
            None => ask,
        }
    }

    /// All that is offered from now on; `None` where a figure is wrong or nothing is left, which the page then says.
    fn buckets(&self, t: &Text, ask: &mut Ask, fields: &Fields) -> Option<Vec<NewBucket>> {
        let typed = ask.typed_figures()?;
        let over =
            |bucket: &&Bucket| format::day(bucket.monday.as_ref()).is_none_or(|day| day < self.this_week);
        let among = |name: &str, slot: &Bucket| fields.all(name).any(|id| id == slot.id);
        let stay = self.slots().filter(|slot| among(SLOT, slot) || !among(SHOWN, slot));
        let mut buckets: Vec<NewBucket> =
            self.offer.buckets.iter().filter(over).chain(stay).map(as_it_stands).collect();
        for (name, number) in typed {
            let monday = offering::named_week(&name)?;
            let standing = self.weeks().find(|(day, _)| *day == monday).map(|(_, bucket)| bucket);
            // What is shown rounded stays as it is kept, and so does what was not asked for.
            let stays = |bucket: &&Bucket| !fields.has(&name) || self.total(bucket) == fields.get(&name);
            if let Some(bucket) = standing.filter(stays) {
                buckets.push(as_it_stands(bucket));
                continue;
            }
            let Some(kept) = self.measure.keep(number) else {
                ask.blame(&name, t.one(key::ASK_WRONG, t.whole_week(monday)));
                return None;
            };
            buckets.push(NewBucket {
                monday: Some(chassis::value::wire_date(monday)),
                quantity: Some(chassis::value::wire_decimal(kept.normalize())),
                ..NewBucket::default()
            });
        }
        if buckets.is_empty() {
            ask.complain(t.say(key::OFFER_NOTHING));
            return None;
        }
        Some(buckets)
    }

    /// What was typed, as the API takes it; `None` where some of it is wrong, which the page then says.
    fn request(&self, posted: &Posted, ask: &mut Ask, fields: &Fields) -> Option<ChangeOfferRequest> {
        let t = posted.member.text();
        let buckets = self.buckets(t, ask, fields)?;
        let was = self.offer.content.clone().unwrap_or_default();
        let materials = typed::names_after(fields.get("materials"), was.materials.clone());
        let content = offering::content(t, ask, fields, &self.measure, was)?;
        let to = audience::chosen(t, ask, fields)?;
        Some(ChangeOfferRequest {
            request_id: posted.request_id.clone(),
            offer_id: self.offer.id.clone(),
            version: fields.get(VERSION).parse().unwrap_or_default(),
            content: Some(OfferContent { materials, ..content }),
            visibility: to.visibility.into(),
            firm_ids: to.firm_ids,
            cluster_id: to.cluster_id,
            hold_seconds: fields.get("lasting").parse().unwrap_or_default(),
            buckets,
            despite_forecast: !fields.get(DESPITE).is_empty(),
        })
    }

    /// What a week could offer in all.
    fn most(&self, monday: Date, despite_forecast: bool) -> Decimal {
        let standing = self.weeks().find(|(day, _)| *day == monday);
        let total = standing.map(|(_, bucket)| format::decimal_or_zero(bucket.total.as_ref()));
        total.unwrap_or_default() + offering::room(&self.group, monday, despite_forecast)
    }

    /// The form with weeks and slots of which more is reserved than would be left.
    fn short(
        &self,
        t: &Text,
        mut ask: Ask,
        sent: &[NewBucket],
        failure: Failure,
    ) -> Result<Response, Failure> {
        for (monday, bucket) in self.ahead() {
            let same = |new: &&NewBucket| (new.monday, &new.starts_at) == (bucket.monday, &bucket.starts_at);
            let left = sent.iter().find(same).map(|new| format::decimal_or_zero(new.quantity.as_ref()));
            let reserved = format::decimal_or_zero(bucket.reserved.as_ref());
            if left.unwrap_or_default() < reserved {
                let name = offering::figure_name(monday);
                let name = if bucket.starts_at.is_some() { SLOT } else { name.as_str() };
                ask.blame(
                    name,
                    t.two(key::OFFER_RESERVED_MORE, self.measure.said(t, reserved), when(t, bucket)),
                );
            }
        }
        ask.refused(failure)
    }
}

/// How long a hold lasts, among the choices whatever it is.
fn lasting(t: &Text, mut question: Question, seconds: i32) -> Question {
    let value = seconds.to_string();
    if question.choices.iter().all(|choice| choice.value != value) {
        question.choices.push(Choice::new(seconds, offer::lasting(t, seconds)));
    }
    question.with(seconds)
}

fn as_it_stands(bucket: &Bucket) -> NewBucket {
    let total = format::decimal_or_zero(bucket.total.as_ref());
    NewBucket {
        monday: bucket.monday,
        starts_at: bucket.starts_at,
        ends_at: bucket.ends_at,
        quantity: Some(chassis::value::wire_decimal(total.normalize())),
    }
}

/// The form.
pub async fn form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    let standing = Standing::read(&member, &id).await?;
    if standing.offer.withdrawn {
        return Ok(page::go(&back(&standing.offer).href));
    }
    let version = standing.offer.version.to_string();
    Ok(standing.ask(&member, &Fields::default()).hidden(VERSION, version).show())
}

/// Changes it.
pub async fn change(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &path(&id), &fields).await?;
    let member = &posted.member;
    let t = member.text();
    let standing = Standing::read(member, &id).await?;
    let ask = standing.ask(member, &fields).hidden(VERSION, String::new());
    let mut ask = offering::again(t, ask, &fields).fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let Some(request) = standing.request(&posted, &mut ask, &fields) else { return Ok(ask.wrong()) };
    let (sent, despite) = (request.buckets.clone(), request.despite_forecast);
    let failure: Failure = match member.app().api.offers().change_offer(member.call(request)).await {
        Ok(_) => return Ok(page::go(&format!("{OFFERS}?done=changed"))),
        Err(status) => status.into(),
    };
    match failure.reason.as_str() {
        "STALE_ETAG" => moved(member, &id, &fields).await,
        "CAPACITY_SHORT" => standing.short(t, ask, &sent, failure),
        _ => {
            let mondays: Vec<_> = sent.iter().map(|bucket| bucket.monday).collect();
            let left = |monday| standing.most(monday, despite);
            offering::needed(t, ask, &standing.measure, (&mondays, left), failure)
        }
    }
}

/// The form once more, as it was typed, beside what somebody made of the offer meanwhile; sent again, it replaces that.
async fn moved(member: &Member, id: &str, fields: &Fields) -> Result<Response, Failure> {
    let t = member.text();
    let standing = Standing::read(member, id).await?;
    let mut ask = offering::again(t, standing.ask(member, fields), fields).fill(fields);
    ask = ask.hidden(VERSION, standing.offer.version.to_string());
    for (label, now) in Question::differing(t, standing.questions(t), fields) {
        ask = ask.fact(label, now);
    }
    let said = if standing.offer.withdrawn { key::OFFER_GONE } else { key::OFFER_MOVED };
    ask.complain(t.say(said));
    Ok(ask.wrong())
}
