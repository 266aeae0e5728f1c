//! Changes an open request of the own firm in full. Whoever changed it meanwhile is not overwritten unseen: what was typed
//! comes back beside what stands.

use axum::{extract::Path, response::Response};
use proto::{
    access::Permission,
    capacity::{CapacityRequest, ChangeCapacityRequestRequest},
};

use super::{BOARD, back, new, steps};
use crate::{
    ask::{Ask, Posted, Question},
    failure::Failure,
    form::Fields,
    i18n::{Text, key},
    page,
    pages::booking::{
        audience::{self, Audience},
        read::Known,
    },
    session::Member,
};

/// The field of the version that was looked at.
const VERSION: &str = "version";

fn path(id: &str) -> String {
    format!("{BOARD}/{id}/change")
}

/// The request as it stands, and whom the firm knows.
struct Standing {
    need: CapacityRequest,
    known: Known,
}

impl Standing {
    async fn read(member: &Member, id: &str) -> Result<Self, Failure> {
        let need = steps::need(member, id).await?;
        if need.requester_id != member.who.firm_id || !member.may(Permission::CapacityReserve) {
            return Err(Failure::denied());
        }
        let known = Known::read(member).await?.meet(member, need.firm_ids.iter()).await?;
        Ok(Self { need, known })
    }

    fn questions(&self, t: &Text) -> Vec<Question> {
        let stands = Audience {
            visibility: self.need.visibility(),
            cluster_id: self.need.cluster_id.clone(),
            firm_ids: self.need.firm_ids.clone(),
        };
        let content = self.need.content.clone().unwrap_or_default();
        let audience = audience::filled(t, &self.known, t.say(key::NEED_SHOWN), &stands);
        new::questions(t, &content, audience)
    }

    fn ask(&self, member: &Member) -> Ask {
        let t = member.text();
        Ask::new(member, path(&self.need.id), t.say(key::NEED_CHANGE), back(t))
            .lead(t.say(key::NEED_CHANGE_BODY))
            .submit(t.say(key::ASK_SAVE))
            .ask_all(self.questions(t))
    }
}

/// The form.
pub async fn form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    let standing = Standing::read(&member, &id).await?;
    if standing.need.closed {
        return Ok(page::go(&format!("{BOARD}/{id}")));
    }
    Ok(standing.ask(&member).hidden(VERSION, standing.need.version.to_string()).show())
}

/// Changes it.
pub async fn change(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &path(&id), &fields).await?;
    let member = &posted.member;
    let standing = Standing::read(member, &id).await?;
    let mut ask = standing.ask(member).hidden(VERSION, String::new()).fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let was = standing.need.content.clone().unwrap_or_default();
    let Some(content) = new::content(member, &mut ask, &fields, was) else { return Ok(ask.wrong()) };
    let Some(to) = audience::chosen(member.text(), &mut ask, &fields) else { return Ok(ask.wrong()) };
    let request = ChangeCapacityRequestRequest {
        request_id: posted.request_id.clone(),
        capacity_request_id: id.clone(),
        version: fields.get(VERSION).parse().unwrap_or_default(),
        content: Some(content),
        visibility: to.visibility.into(),
        firm_ids: to.firm_ids,
        cluster_id: to.cluster_id,
    };
    let mut client = member.app().api.capacity_requests();
    match client.change_capacity_request(member.call(request)).await.map_err(Failure::from) {
        Ok(_) => Ok(page::go(&format!("{BOARD}?done=changed"))),
        Err(failure) if failure.is("STALE_ETAG") => moved(member, &id, &fields).await,
        Err(failure) => ask.refused(failure),
    }
}

/// The form once more, as it was typed, beside what somebody made of the request meanwhile; sent again, it replaces that.
async fn moved(member: &Member, id: &str, fields: &Fields) -> Result<Response, Failure> {
    let t = member.text();
    let standing = Standing::read(member, id).await?;
    let mut ask = standing.ask(member).fill(fields).hidden(VERSION, standing.need.version.to_string());
    for (label, now) in Question::differing(t, standing.questions(t), fields) {
        ask = ask.fact(label, now);
    }
    ask.complain(t.say(if standing.need.closed { key::NEED_GONE } else { key::NEED_MOVED }));
    Ok(ask.wrong())
}
