//! Terms between a buyer and a supplier: by when orders are answered, what is frozen, when is reminded.

use axum::{extract::Path, response::Response};
use proto::orders::{EffectiveTerms, GetTermsRequest, ListTermsRequest, SetTermsRequest, Terms, TermsRule};

use super::{Fault, days, partner};
use crate::{
    failure::Failure,
    form::Fields,
    i18n::{Key, Text, key},
    page,
    session::Member,
};

/// One term as it holds.
pub(super) struct Line {
    pub label: String,
    pub value: String,
    /// Which rule says so.
    pub rule: String,
}

/// A number to type.
pub(super) struct Entry {
    pub id: &'static str,
    pub label: String,
    pub hint: String,
    pub value: String,
}

/// The form that sets them.
pub(super) struct Form {
    pub action: String,
    pub token: String,
    pub etag: String,
    pub entries: Vec<Entry>,
}

const FIELDS: [(&str, Key<0>); 3] =
    [("answer", key::TERMS_ANSWER), ("frozen", key::TERMS_FROZEN), ("remind", key::TERMS_REMIND)];

/// What holds between the two.
pub(super) async fn effective(
    member: &Member,
    partner: &partner::Partner,
) -> Result<EffectiveTerms, Failure> {
    let other = partner.other().to_string();
    let request = match partner.buys {
        true => GetTermsRequest { buyer_id: String::new(), supplier_id: other },
        false => GetTermsRequest { buyer_id: other, supplier_id: String::new() },
    };
    Ok(member.app().api.terms().get_terms(member.call(request)).await?.into_inner())
}

fn three(terms: &EffectiveTerms) -> [(i32, TermsRule); 3] {
    [
        (terms.answer_within_working_days, terms.answer_within_rule()),
        (terms.frozen_working_days, terms.frozen_rule()),
        (terms.remind_before_working_days, terms.remind_before_rule()),
    ]
}

/// Each term with the rule that it comes from.
pub(super) fn lines(t: &Text, terms: &EffectiveTerms) -> Vec<Line> {
    let rule = |rule| match rule {
        TermsRule::Supplier => key::TERMS_RULE_SUPPLIER,
        TermsRule::AllSuppliers => key::TERMS_RULE_ALL,
        TermsRule::Platform | TermsRule::Unspecified => key::TERMS_RULE_PLATFORM,
    };
    FIELDS
        .iter()
        .zip(three(terms))
        .map(|((_, label), (value, by))| Line {
            label: t.say(label),
            value: t.one(key::WORKING_DAYS, i64::from(value)),
            rule: t.say(rule(by)),
        })
        .collect()
}

/// The form: what stands in this supplier's own rule, or what was typed.
pub(super) async fn form(
    member: &Member,
    partner: &partner::Partner,
    effective: &EffectiveTerms,
    typed: Option<&Fields>,
) -> Result<Form, Failure> {
    let t = member.text();
    let app = member.app();
    let id = &partner.one.id;
    let own = own(member, partner.other()).await?;
    let entries = FIELDS.iter().zip(three(effective)).map(|((id, label), (value, rule))| Entry {
        id,
        label: t.say(label),
        hint: t.say(key::TERMS_HINT),
        value: match typed {
            Some(fields) => fields.get(id).to_string(),
            None if rule == TermsRule::Supplier => value.to_string(),
            None => String::new(),
        },
    });
    Ok(Form {
        action: format!("/partners/{id}/terms"),
        token: app.tokens.make(app, Some(&member.token), &purpose(id)),
        etag: typed.map_or_else(|| own.etag, |fields| fields.get("etag").to_string()),
        entries: entries.collect(),
    })
}

/// The rule that was set for this supplier alone.
async fn own(member: &Member, supplier: &str) -> Result<Terms, Failure> {
    let mut page_token = String::new();
    loop {
        let request = ListTermsRequest { page_size: 1_000, page_token };
        let list = member.app().api.terms().list_terms(member.call(request)).await?.into_inner();
        if let Some(own) = list.terms.into_iter().find(|one| one.supplier_id == supplier) {
            return Ok(own);
        }
        if list.next_page_token.is_empty() {
            return Ok(Terms::default());
        }
        page_token = list.next_page_token;
    }
}

fn purpose(id: &str) -> String {
    format!("terms {id}")
}

/// Sets this supplier's terms; what is left empty is as the rule for all suppliers says.
pub async fn set(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &purpose(&id), fields.get("token"))?;
    let partner = partner::find(&member, &id).await?;
    let t = member.text();
    let mut faults = Vec::new();
    let mut read = |(id, label): (&str, Key<0>)| {
        days(fields.get(id)).unwrap_or_else(|()| {
            faults.push(Fault::new(id, t.one(key::FAULT_FIELD, t.say(label))));
            None
        })
    };
    let [answer, frozen, remind] = FIELDS.map(&mut read);
    if faults.is_empty() {
        let terms = Terms {
            supplier_id: partner.other().to_string(),
            answer_within_working_days: answer,
            frozen_working_days: frozen,
            remind_before_working_days: remind,
            etag: fields.get("etag").to_string(),
            ..Terms::default()
        };
        let request = SetTermsRequest { request_id, terms: Some(terms) };
        match app.api.terms().set_terms(member.call(request)).await.map_err(Failure::from) {
            Ok(_) => return Ok(page::go(&format!("/partners/{id}?done=terms"))),
            Err(failure) => {
                let labels = [
                    ("terms.answer", "answer", key::TERMS_ANSWER),
                    ("terms.frozen", "frozen", key::TERMS_FROZEN),
                    ("terms.remind", "remind", key::TERMS_REMIND),
                ];
                faults = Fault::of(&failure, t, &labels);
            }
        }
    }
    let typed = partner::Typed { terms: Some(fields), faults, ..partner::Typed::default() };
    partner::again(&member, partner, typed).await
}
