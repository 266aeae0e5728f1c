//! An invitation: a new firm begins here, or an existing one takes the relationship over.

use askama::Template;
use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::Response,
};
use proto::{
    access::Permission,
    notices::RequestInvitationCodeRequest,
    partners::{AcceptInvitationRequest, ClaimInvitationRequest, InspectLinkResponse, LinkKind},
};

use crate::{
    failure::Failure,
    form::Fields,
    i18n::{Text, key},
    page::{self, Page, Tab},
    pages::sign_in,
    session::{self, Member, Visitor},
};

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationPage {
    page: Page,
    t: Text,
    action: String,
    token: String,
    inviter: String,
    expires: String,
    member_name: String,
    firm_name: String,
    uscc: String,
    /// The code that is asked for; none where the link is enough.
    code: Option<Code>,
    /// Where a code was mailed just now.
    sent: Option<String>,
    faults: Vec<Fault>,
    /// The firm that is signed in here and may take the invitation over.
    claimant: Option<Claimant>,
}

struct Claimant {
    firm: String,
    action: String,
    token: String,
    code: Option<Code>,
    /// Only administrators may.
    may: bool,
}

/// Whoever takes the invitation up types what was mailed, and has it mailed here.
struct Code {
    /// Each form of the page has one.
    id: &'static str,
    /// Where it is mailed, as far as that is shown.
    mail: String,
    typed: String,
}

const CODE: &str = "code";
const CLAIM_CODE: &str = "claim-code";

struct Fault {
    field: &'static str,
    text: String,
}

impl InvitationPage {
    fn fault(&self, field: &str) -> Option<&str> {
        self.faults.iter().find(|fault| fault.field == field).map(|fault| fault.text.as_str())
    }
}

fn purpose(token: &str) -> String {
    format!("invitation {token}")
}

async fn open(visitor: &Visitor, token: &str) -> Result<InspectLinkResponse, Failure> {
    let link = sign_in::inspect(visitor, token).await?;
    if link.kind() == LinkKind::Invitation { Ok(link) } else { Err(Failure::not_found()) }
}

/// Who invites, and the form to begin.
pub async fn show(visitor: Visitor, Path(token): Path<String>) -> Result<Response, Failure> {
    match open(&visitor, &token).await {
        Ok(link) => Ok(form(visitor, &token, link, &Fields::default(), Vec::new()).await),
        Err(failure) => sign_in::dead_link(&visitor, true, failure).await,
    }
}

async fn form(
    visitor: Visitor,
    token: &str,
    link: InspectLinkResponse,
    typed: &Fields,
    faults: Vec<Fault>,
) -> Response {
    let signed_in = visitor.clone().member().await.ok();
    let page = match &signed_in {
        Some(member) => Page::member(member, Tab::None),
        None => Page::visitor(&visitor),
    };
    let t = page.t.clone();
    let app = &visitor.app;
    let mail = link.code_mail;
    let code = |id: &'static str| {
        let typed = typed.get("code").to_string();
        (!mail.is_empty()).then(|| Code { id, mail: mail.clone(), typed })
    };
    let claimant = signed_in.map(|member| Claimant {
        code: code(CLAIM_CODE),
        firm: member.who.firm_name.clone(),
        action: format!("/i/{token}/claim"),
        token: app.tokens.make(app, Some(&member.token), &purpose(token)),
        may: member.may(Permission::MembersAdmin),
    });
    let action = format!("/i/{token}");
    let firm_name = match typed.get("firm") {
        "" => link.firm_name.clone(),
        typed => typed.to_string(),
    };
    let page = Page { help: "/help#invitation", ..page };
    let shown = InvitationPage {
        page: page.titled(t.one(key::INVITATION_TITLE, &link.invited_by)).with_form("join", action.clone()),
        action,
        token: app.tokens.make(app, None, &purpose(token)),
        expires: t.moment(link.expires_at.as_ref()),
        inviter: link.invited_by,
        member_name: typed.get("name").to_string(),
        firm_name,
        uscc: typed.get("uscc").to_string(),
        code: code(CODE),
        sent: (asks_for_code(typed) && faults.is_empty()).then(|| mail.clone()),
        claimant,
        t,
        faults,
    };
    let status = if shown.faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page::show_as(status, &shown)
}

/// The placeholder becomes the visitor's own firm.
pub async fn accept(
    visitor: Visitor,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    visitor.app.tokens.check(None, &purpose(&token), fields.get("token"))?;
    if let Some(lang) = sign_in::wanted_language(&fields) {
        let visitor = visitor.speaking(lang);
        let link = open(&visitor, &token).await?;
        let cookie = session::choose(&visitor.app, lang);
        let mut response = form(visitor, &token, link, &fields, Vec::new()).await;
        response.headers_mut().append(header::SET_COOKIE, cookie);
        return Ok(response);
    }
    if asks_for_code(&fields) {
        return send_code(visitor, &token, &fields, CODE).await;
    }
    let t = visitor.text.clone();
    let faults = missing(&t, &fields);
    if !faults.is_empty() {
        let link = open(&visitor, &token).await?;
        return Ok(form(visitor, &token, link, &fields, faults).await);
    }
    let request = AcceptInvitationRequest {
        token: token.clone(),
        member_name: fields.get("name").to_string(),
        firm_name: fields.get("firm").to_string(),
        uscc: fields.get("uscc").to_uppercase(),
        locale: t.lang.code().to_string(),
        device: visitor.device.clone(),
        code: fields.get("code").to_string(),
    };
    match visitor.app.api.sessions().accept_invitation(visitor.call(request)).await {
        Ok(session) => Ok(sign_in::enter(&visitor, &session.into_inner().session_token, "/").await),
        Err(status) => refused(visitor, &token, &fields, status.into(), CODE).await,
    }
}

/// The form again, with what is wrong at the fields; or what became of the link.
async fn refused(
    visitor: Visitor,
    token: &str,
    fields: &Fields,
    failure: Failure,
    code: &'static str,
) -> Result<Response, Failure> {
    let faults = named(&visitor.text, &failure, code);
    if faults.is_empty() {
        return sign_in::dead_link(&visitor, true, failure).await;
    }
    let link = open(&visitor, token).await?;
    Ok(form(visitor, token, link, fields, faults).await)
}

/// Whether a form was sent by the button that has the code mailed.
fn asks_for_code(fields: &Fields) -> bool {
    !fields.get("send").is_empty()
}

/// Has the code mailed. What was typed stays, and no page more is looked at.
async fn send_code(
    visitor: Visitor,
    token: &str,
    fields: &Fields,
    code: &'static str,
) -> Result<Response, Failure> {
    let link = match open(&visitor, token).await {
        Ok(link) => link,
        Err(failure) => return sign_in::dead_link(&visitor, true, failure).await,
    };
    let request = visitor.call(RequestInvitationCodeRequest { token: token.to_string() });
    let mut faults = Vec::new();
    if let Err(status) = visitor.app.api.notices().request_invitation_code(request).await {
        let failure = Failure::from(status);
        let said = match failure.reason.as_str() {
            "RATE_LIMITED" => key::INVITATION_CODE_OFTEN,
            "LIMIT_REACHED" => key::INVITATION_CODE_ENOUGH,
            "UNAVAILABLE" | "DEADLINE_EXCEEDED" => key::INVITATION_CODE_UNSENT,
            _ => return Err(failure),
        };
        faults.push(Fault { field: code, text: visitor.text.say(said) });
    }
    Ok(form(visitor, token, link, fields, faults).await)
}

/// What a look at the form shows. Codes in real use exist whose check character does not fit, but none of another
/// length.
fn missing(t: &Text, fields: &Fields) -> Vec<Fault> {
    let mut faults = Vec::new();
    if fields.get("name").is_empty() {
        faults.push(Fault { field: "name", text: t.say(key::INVITATION_NAME_MISSING) });
    }
    let uscc = fields.get("uscc");
    let fits = uscc.len() == 18 && uscc.bytes().all(|b| b.is_ascii_alphanumeric());
    if !uscc.is_empty() && !fits {
        faults.push(Fault { field: "uscc", text: t.say(key::INVITATION_USCC_WRONG) });
    }
    faults
}

fn named(t: &Text, failure: &Failure, code: &'static str) -> Vec<Fault> {
    let named = failure.fields.iter().filter_map(|(path, reason)| match path.as_str() {
        "code" => {
            let said = match reason.as_str() {
                "REQUIRED" => key::INVITATION_CODE_MISSING,
                "ENDED" => key::INVITATION_CODE_ENDED,
                _ => key::INVITATION_CODE_WRONG,
            };
            Some(Fault { field: code, text: t.say(said) })
        }
        "member_name" => Some(Fault { field: "name", text: t.say(key::INVITATION_NAME_WRONG) }),
        "firm_name" => Some(Fault { field: "firm", text: t.say(key::INVITATION_FIRM_WRONG) }),
        "uscc" => Some(Fault { field: "uscc", text: t.say(key::INVITATION_USCC_WRONG) }),
        _ => None,
    });
    named.collect()
}

/// The invitation's relationship and orders move into the visitor's firm.
pub async fn claim(member: Member, Path(token): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &purpose(&token), fields.get("token"))?;
    if !member.may(Permission::MembersAdmin) {
        return Err(Failure::denied());
    }
    let visitor = member.visitor.clone();
    if asks_for_code(&fields) {
        return send_code(visitor, &token, &fields, CLAIM_CODE).await;
    }
    let code = fields.get("code").to_string();
    let request = member.call(ClaimInvitationRequest { request_id, token: token.clone(), code });
    match app.api.relationships().claim_invitation(request).await {
        Ok(_) => Ok(page::go("/inbox")),
        Err(status) => refused(visitor, &token, &fields, status.into(), CLAIM_CODE).await,
    }
}
