//! What the own ERP writes for units, plants and tax codes, and what it means.

use axum::{extract::Query, response::Response};
use proto::{
    access::Permission,
    partners::{
        Alias, AliasKind, DeleteAliasRequest, ListAliasesRequest, SetAliasesRequest, SetAliasesResponse,
    },
};
use serde::Deserialize;

use crate::{
    ask::{Ask, Choice, Kind, Posted, Question, Way},
    failure::Failure,
    form::Fields,
    format,
    i18n::{Key, Text, key},
    page::{self, Tab, link},
    pages::firm::settings,
    rows::{self, Column},
    session::Member,
    table::{Act, Cell, Listing, Part},
    typed,
    upload::Upload,
};

const LIST: &str = "/aliases";
const NEW: &str = "/aliases/new";
const MANY: &str = "/aliases/list";
/// The most at once, as the contract bounds them.
const MOST: usize = 1_000;

const KINDS: [(AliasKind, &str, Key<0>, Key<0>); 3] = [
    (AliasKind::Unit, "unit", key::ALIAS_UNITS, key::ALIAS_UNIT_HINT),
    (AliasKind::Site, "site", key::ALIAS_SITES, key::ALIAS_SITE_HINT),
    (AliasKind::Tax, "tax", key::ALIAS_TAXES, key::ALIAS_TAX_HINT),
];

const COLUMNS: [Column; 5] = [
    ("kind", &["kind", "类别", "类型"]),
    ("written", &["written", "原文", "erp 写法", "代码"]),
    ("meaning", &["meaning", "含义", "标准代码"]),
    ("tax_rate", &["tax_rate", "tax rate", "税率"]),
    ("source_system", &["source_system", "source system", "来源系统", "系统"]),
];

/// Which page of which table, and what was just done.
#[derive(Deserialize, Default)]
pub struct Place {
    #[serde(default)]
    page: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    done: String,
}

/// Which entry.
#[derive(Deserialize)]
pub struct Which {
    kind: i32,
    #[serde(default)]
    system: String,
    written: String,
}

impl Which {
    fn action(&self) -> String {
        let kind = self.kind.to_string();
        link("/aliases/delete", &[("kind", &kind), ("system", &self.system), ("written", &self.written)])
    }
}

/// The three tables.
pub async fn show(member: Member, Query(place): Query<Place>) -> Result<Response, Failure> {
    let t = member.text();
    let mut listing = Listing::new(&member, Tab::Settings, t.say(key::ALIASES), Some(settings(t)))
        .live("aliases untold")
        .lead(t.say(key::ALIASES_BODY))
        .done(said(t, &place.done))
        .saved();
    if member.may(Permission::PartnersWrite) {
        listing = listing.button(NEW, t.say(key::ALIAS_NEW)).button(MANY, t.say(key::ALIAS_MANY));
    }
    for (kind, word, title, _) in KINDS {
        if place.kind.is_empty() || place.kind == word {
            let page_token = if place.kind == word { place.page.clone() } else { String::new() };
            listing = listing.part(table(&member, kind, word, page_token).await?.titled(t.say(title)));
        }
    }
    Ok(listing.show())
}

/// What was just done: a word, or how many were added, changed and there already.
fn said(t: &Text, done: &str) -> String {
    let mut tally = done.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    match (tally.next().flatten(), tally.next().flatten(), tally.next().flatten()) {
        (Some(added), Some(changed), Some(unchanged)) => t.three(key::ALIAS_DONE, added, changed, unchanged),
        _ if done == "removed" => t.say(key::FIRM_REMOVED),
        _ => String::new(),
    }
}

async fn table(member: &Member, kind: AliasKind, word: &str, page_token: String) -> Result<Part, Failure> {
    let t = member.text();
    let app = member.app();
    let request = ListAliasesRequest { page_size: member.rows(50), page_token, kind: kind.into() };
    let list = app.api.aliases().list_aliases(member.call(request)).await?.into_inner();
    let writes = member.may(Permission::PartnersWrite);
    let rows = list.aliases.into_iter().map(|alias| {
        let which = Which { kind: alias.kind, system: alias.source_system, written: alias.written };
        let action = which.action();
        let token = app.tokens.make(app, Some(&member.token), &action);
        let rate = format::decimal(alias.tax_rate.as_ref());
        let meaning = match kind {
            AliasKind::Unit if t.unit(&alias.meaning, "") != alias.meaning => {
                format!("{} · {}", alias.meaning, t.unit(&alias.meaning, ""))
            }
            _ => alias.meaning,
        };
        vec![
            Cell::name(which.written),
            Cell::Text(match rate {
                Some(rate) => {
                    format!("{meaning} · {} %", (rate * rust_decimal::Decimal::ONE_HUNDRED).normalize())
                }
                None => meaning,
            }),
            Cell::Text(if which.system.is_empty() { t.say(key::ALIAS_EVERY_SYSTEM) } else { which.system }),
            Cell::Acts(match writes {
                true => vec![Act::Do { action, token, label: t.say(key::REMOVE) }],
                false => Vec::new(),
            }),
        ]
    });
    let columns = [key::ALIAS_WRITTEN, key::ALIAS_MEANING, key::ALIAS_SYSTEM].map(|label| t.say(label));
    let columns = columns.into_iter().chain([String::new()]).collect();
    let part = Part::new(columns, rows.collect(), t.say(key::ALIAS_EMPTY));
    Ok(part.next(LIST, &[("kind", word)], &list.next_page_token))
}

fn back(t: &Text) -> Way {
    Way { href: LIST.into(), label: t.say(key::ALIASES) }
}

fn form(member: &Member) -> Ask {
    let t = member.text();
    let kinds =
        KINDS.map(|(_, word, label, hint)| Choice { hint: t.say(hint), ..Choice::new(word, t.say(label)) });
    let kind = Question::of("kind", Kind::Radios, t.say(key::ALIAS_KIND), kinds.into());
    let written = Question::new("written", Kind::Code, t.say(key::ALIAS_WRITTEN));
    let meaning = Question::new("meaning", Kind::Code, t.say(key::ALIAS_MEANING));
    let rate = Question::new("rate", Kind::Number, t.say(key::TAX_RATE)).hint(t.say(key::TAX_RATE_HINT));
    let system = Question::new("system", Kind::Code, t.say(key::ALIAS_SYSTEM));
    Ask::new(member, NEW.into(), t.say(key::ALIAS_NEW), back(t))
        .lead(t.say(key::ALIASES_BODY))
        .ask(kind.with("unit").at("aliases[0].kind"))
        .ask(written.hint(t.say(key::ALIAS_WRITTEN_HINT)).at("aliases[0].written"))
        .ask(meaning.hint(t.say(key::ALIAS_MEANING_HINT)).at("aliases[0].meaning"))
        .ask(rate.optional().wrong(t.say(key::TAX_RATE_WRONG)).at("aliases[0].tax_rate"))
        .ask(system.hint(t.say(key::ALIAS_SYSTEM_HINT)).optional().at("aliases[0].source_system"))
}

/// The form of one entry.
pub async fn new(member: Member) -> Result<Response, Failure> {
    Ok(form(&member).show())
}

/// A percentage as people type it, as the fraction that the contract wants.
fn fraction(percent: &str) -> Result<Option<proto::Decimal>, ()> {
    match percent.trim_end_matches(['%', '％']).trim() {
        "" => Ok(None),
        text => {
            let value = typed::quantity(text).ok_or(())? / rust_decimal::Decimal::ONE_HUNDRED;
            Ok(Some(chassis::value::wire_decimal(value.normalize())))
        }
    }
}

/// Sets one entry.
pub async fn set(member: Member, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, NEW, &fields).await?;
    let member = &posted.member;
    let mut ask = form(member).fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let Ok(tax_rate) = fraction(fields.get("rate")) else {
        ask.blame("rate", member.text().say(key::TAX_RATE_WRONG));
        return Ok(ask.wrong());
    };
    let alias = Alias {
        kind: kind(fields.get("kind")).into(),
        source_system: fields.get("system").to_string(),
        written: fields.get("written").to_string(),
        meaning: fields.get("meaning").to_string(),
        tax_rate,
    };
    let request = SetAliasesRequest { request_id: posted.request_id.clone(), aliases: vec![alias] };
    match member.app().api.aliases().set_aliases(member.call(request)).await {
        Ok(tally) => Ok(done(&tally.into_inner())),
        Err(status) => ask.refused(status),
    }
}

fn done(tally: &SetAliasesResponse) -> Response {
    page::go(&format!("/aliases?done={}-{}-{}", tally.added, tally.changed, tally.unchanged))
}

/// A kind as a form or a spreadsheet writes it.
fn kind(word: &str) -> AliasKind {
    match word.to_lowercase().as_str() {
        "unit" | "单位" | "计量单位" => AliasKind::Unit,
        "site" | "plant" | "工厂" | "场地" => AliasKind::Site,
        "tax" | "税码" => AliasKind::Tax,
        _ => AliasKind::Unspecified,
    }
}

fn list_form(member: &Member) -> Ask {
    let t = member.text();
    Ask::new(member, MANY.into(), t.say(key::ALIAS_MANY), back(t))
        .lead(t.say(key::ALIAS_MANY_BODY))
        .submit(t.say(key::UPLOAD))
        .ask(Question::new("file", Kind::File, t.say(key::LIST_FILE)).hint(t.say(key::LIST_FILE_HINT)))
        .ask(
            Question::new("text", Kind::Area, t.say(key::LIST_PASTED))
                .hint(t.say(key::ALIAS_COLUMNS))
                .optional(),
        )
}

/// The form of a list.
pub async fn many(member: Member) -> Result<Response, Failure> {
    Ok(list_form(&member).show())
}

/// Sets a whole list, or nothing of it.
pub async fn set_many(member: Member, upload: Upload) -> Result<Response, Failure> {
    let posted = Posted::read(member, MANY, &upload.fields).await?;
    let member = &posted.member;
    let t = member.text();
    let mut ask = list_form(member).fill(&upload.fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let (field, bytes) = rows::chosen(&upload);
    let rows = match rows::read(bytes, &COLUMNS, &["kind", "written", "meaning"], MOST) {
        Ok(rows) => rows,
        Err(why) => {
            ask.blame(field, why.sentence(t));
            return Ok(ask.wrong());
        }
    };
    let aliases: Result<Vec<Alias>, usize> =
        rows.iter().enumerate().map(|(at, row)| alias(row).ok_or(at)).collect();
    let aliases = match aliases {
        Ok(aliases) => aliases,
        Err(at) => {
            ask.blame(field, t.one(key::ALIAS_RATE_OF_ROW, at + 1));
            return Ok(ask.wrong());
        }
    };
    let request = SetAliasesRequest { request_id: posted.request_id.clone(), aliases };
    match member.app().api.aliases().set_aliases(member.call(request)).await.map_err(Failure::from) {
        Ok(tally) => Ok(done(&tally.into_inner())),
        Err(failure) if failure.mends() && !failure.fields.is_empty() => {
            for line in failure.fields.iter().take(20).filter_map(|(path, _)| row_of(t, path, &rows)) {
                ask.blame(field, line);
            }
            Ok(ask.wrong())
        }
        Err(failure) => ask.refused(failure),
    }
}

/// The entry of a row; `None` where its rate is no number.
fn alias(row: &[String]) -> Option<Alias> {
    let [word, written, meaning, rate, system] = row else { return None };
    Some(Alias {
        kind: kind(word).into(),
        source_system: system.clone(),
        written: written.clone(),
        meaning: meaning.clone(),
        tax_rate: fraction(rate).ok()?,
    })
}

/// `aliases[3].meaning`: which row is wrong, and where.
fn row_of(t: &Text, path: &str, rows: &[Vec<String>]) -> Option<String> {
    let (at, field) = path.strip_prefix("aliases[")?.split_once("].")?;
    let at: usize = at.parse().ok()?;
    let label = match field {
        "kind" => key::ALIAS_KIND,
        "written" => key::ALIAS_WRITTEN,
        "tax_rate" => key::TAX_RATE,
        "source_system" => key::ALIAS_SYSTEM,
        _ => key::ALIAS_MEANING,
    };
    let written = rows.get(at).and_then(|row| row.get(1)).cloned().unwrap_or_default();
    Some(t.three(key::ROW_WRONG, t.say(label), at + 1, written))
}

/// Takes an entry out.
pub async fn delete(member: Member, Query(which): Query<Which>, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &which.action(), fields.get("token"))?;
    let Which { kind, system, written } = which;
    let request = DeleteAliasRequest { request_id, kind, source_system: system, written };
    app.api.aliases().delete_alias(member.call(request)).await?;
    Ok(page::go("/aliases?done=removed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_typed_in_percent() {
        let value = |text: &str| fraction(text).map(|rate| rate.map(|rate| rate.value));
        assert_eq!(value("13"), Ok(Some("0.13".into())));
        assert_eq!(value("13 %"), Ok(Some("0.13".into())));
        assert_eq!(value("０.5％"), Ok(Some("0.005".into())));
        assert_eq!(value(""), Ok(None));
        assert_eq!(value("free"), Err(()));
    }
}
