//! 撤回提议: the supplier takes an open proposal back and answers anew.

use axum::{extract::Path, response::Response};
use proto::{
    access::Permission,
    orders::{Order, WithdrawProposalRequest},
};

use crate::{failure::Failure, form::Fields, pages::respond, session::Member};

fn purpose(id: &str) -> String {
    format!("withdraw {id}")
}

/// The form token where the member may take proposals back; empty elsewhere.
pub fn token(member: &Member, order: &Order) -> String {
    if order.supplier_id != member.who.firm_id || !member.may(Permission::OrdersRespond) {
        return String::new();
    }
    let app = member.app();
    app.tokens.make(app, Some(&member.token), &purpose(&order.id))
}

/// Takes it back.
pub async fn send(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &purpose(&id), fields.get("token"))?;
    let proposal = fields.get("proposal");
    let request = WithdrawProposalRequest {
        // The form holds every open proposal; each is an effect of its own.
        request_id: format!("{request_id}-{proposal}"),
        order_id: id.clone(),
        proposal_ids: vec![proposal.to_string()],
        note: String::new(),
    };
    match app.api.changes().withdraw_proposal(member.call(request)).await.map_err(Failure::from) {
        Ok(_) => Ok(respond::done(&member, &id, "taken-back")),
        Err(failure) if failure.is("PROPOSAL_RESOLVED") => Ok(respond::changed(&member, &id)),
        Err(failure) => Err(failure),
    }
}
