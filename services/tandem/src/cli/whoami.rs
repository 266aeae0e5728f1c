//! `tandem whoami`.

use proto::partners::{Role, WhoAmIRequest, WhoAmIResponse};

use super::{
    Session,
    failure::{Exit, Failure},
    output::short,
};

pub(super) async fn run(session: &Session) -> Result<Exit, Failure> {
    let answer = session
        .connection
        .sessions()
        .who_am_i(WhoAmIRequest {})
        .await
        .map_err(|status| session.refused(&status))?
        .into_inner();
    if session.out.json() {
        session.out.value(&session.contract.to_json("tandem.partners.v1.WhoAmIResponse", &answer)?)?;
    } else {
        session.out.line(&text(&answer))?;
    }
    Ok(Exit::Ok)
}

fn text(answer: &WhoAmIResponse) -> String {
    let roles: Vec<&str> = answer.roles().map(|role: Role| short(role.as_str_name(), "ROLE_")).collect();
    let permissions: Vec<&str> =
        answer.permissions().map(|permission| short(permission.as_str_name(), "PERMISSION_")).collect();
    let sandbox = if answer.sandbox { "  (sandbox)" } else { "" };
    let caller = if answer.member_id.is_empty() {
        format!("key {}", answer.api_key_id)
    } else {
        format!("{} ({})", answer.member_name, answer.member_id)
    };
    let mut lines = vec![
        format!("firm         {}{sandbox}", answer.firm_name),
        format!("firm id      {}", answer.firm_id),
        format!("caller       {caller}"),
        format!("roles        {}", roles.join(", ")),
        format!("may          {}", permissions.join(", ")),
    ];
    if let Some(scope) = &answer.scope {
        if !scope.sites.is_empty() {
            lines.push(format!("sites        {}", scope.sites.join(", ")));
        }
        if !scope.purchasing_groups.is_empty() {
            lines.push(format!("groups       {}", scope.purchasing_groups.join(", ")));
        }
    }
    if let Some(limits) = &answer.limits {
        lines.push(format!(
            "limits       {} bytes a request, {} an order, {} a document; {} lines an order; {} requests/s",
            limits.request_bytes,
            limits.publish_order_bytes,
            limits.import_document_bytes,
            limits.order_lines,
            limits.requests_per_second,
        ));
    }
    lines.join("\n")
}
