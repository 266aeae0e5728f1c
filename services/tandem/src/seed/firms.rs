//! Firms of the story, their people and keys, and who trades with whom.

use anyhow::{Context as _, bail};
use partners::admin::{NewOperator, init_operator};
use proto::partners::{
    ClaimInvitationRequest, CreateApiKeyRequest, CreateFirmRequest, CreateMemberRequest,
    CreateSignInLinkRequest, CreateSiteRequest, InviteSupplierRequest, InviteSupplierResponse,
    RedeemSignInLinkRequest, RenewInvitationRequest, Role, Scope, Site,
};
use sqlx::Connection as _;

use super::{
    Credentials, FirmAccess, as_firm, refused,
    story::{Firm, Story},
};
use crate::{cli::client::Connection, node::Node};

/// Firms with an administrator's key each, their people and sites.
pub(super) async fn create(
    node: &Node,
    connection: &Connection,
    story: &Story,
    credentials: &mut Credentials,
    save: &impl Fn(&Credentials) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let operator = &story.operator;
    if !credentials.firms.contains_key(&operator.id) {
        let access = create_operator(node, connection, operator).await.context(
            "the operator cannot be made; where the database was seeded from another directory, name that with --data",
        )?;
        credentials.firms.insert(operator.id.clone(), access);
        save(credentials)?;
    }
    let operator = as_firm(connection, credentials, &operator.id)?;
    for firm in story.anchors.iter().chain(&story.suppliers) {
        if !credentials.firms.contains_key(&firm.id) {
            let access = create_firm(connection, &operator, firm).await.with_context(|| firm.name.clone())?;
            credentials.firms.insert(firm.id.clone(), access);
            save(credentials)?;
        }
        let own = as_firm(connection, credentials, &firm.id)?;
        let people = people(&own, firm).await.with_context(|| firm.name.clone())?;
        if let Some(access) = credentials.firms.get_mut(&firm.id) {
            access.members.extend(people);
        }
    }
    save(credentials)
}

async fn create_operator(
    node: &Node,
    connection: &Connection,
    operator: &Firm,
) -> anyhow::Result<FirmAccess> {
    let person = first(operator)?;
    let new = NewOperator {
        firm_name: operator.name.clone(),
        admin_name: person.to_owned(),
        locale: "zh".to_owned(),
        sandbox: true,
    };
    let mut owner = crate::database::owner(&node.config.database.owner_url).await?;
    let made = init_operator(&mut owner, &node.deps.clock, &new).await?;
    owner.close().await?;
    let mut access =
        FirmAccess { name: operator.name.clone(), firm: made.firm.to_string(), ..Default::default() };
    access.members.insert(person.to_owned(), made.admin.to_string());
    access.key = key(connection, made.sign_in_path.reveal(), &[Role::Operator, Role::Admin]).await?;
    Ok(access)
}

async fn create_firm(
    connection: &Connection,
    operator: &Connection,
    firm: &Firm,
) -> anyhow::Result<FirmAccess> {
    let person = first(firm)?;
    let request = CreateFirmRequest {
        request_id: format!("sandbox-firm-{}", firm.id),
        name: firm.name.clone(),
        name_en: firm.name_en.clone(),
        uscc: firm.uscc.clone(),
        party_ids: Vec::new(),
        sandbox: true,
        admin_name: person.to_owned(),
        admin_locale: "zh".to_owned(),
    };
    let made = operator.firms().create_firm(request).await.map_err(refused)?.into_inner();
    let mut access = FirmAccess {
        firm: made.firm.map(|firm| firm.id).unwrap_or_default(),
        name: firm.name.clone(),
        ..Default::default()
    };
    access.members.insert(person.to_owned(), made.admin_member_id);
    access.key = key(connection, &made.sign_in_path, &[Role::Admin]).await?;
    Ok(access)
}

/// Signs in once by a link and makes an API key.
async fn key(connection: &Connection, sign_in_path: &str, roles: &[Role]) -> anyhow::Result<String> {
    if sign_in_path.is_empty() {
        bail!("an earlier first start was interrupted and its link is gone; start afresh with --reset");
    }
    let request =
        RedeemSignInLinkRequest { token: token(sign_in_path).to_owned(), device: "sandbox".to_owned() };
    let session = connection.sessions().redeem_sign_in_link(request).await.map_err(refused)?.into_inner();
    let signed_in = connection.with_key(Some(&session.session_token))?;
    let request = CreateApiKeyRequest {
        request_id: "sandbox-key".to_owned(),
        name: "ERP".to_owned(),
        roles: roles.iter().map(|role| i32::from(*role)).collect(),
        scope: None,
        expires_at: None,
    };
    let key = signed_in.members().create_api_key(request).await.map_err(refused)?.into_inner().key;
    signed_in.sessions().end_session(proto::partners::EndSessionRequest {}).await.map_err(refused)?;
    if key.is_empty() {
        bail!("an earlier first start was interrupted and its key is gone; start afresh with --reset");
    }
    Ok(key)
}

/// The rest of a firm's people, and its site.
async fn people(own: &Connection, firm: &Firm) -> anyhow::Result<Vec<(String, String)>> {
    let mut made = Vec::new();
    for (place, person) in firm.people.iter().enumerate().filter(|(_, person)| !person.first) {
        let roles =
            person.roles.iter().map(|name| role(name).map(i32::from)).collect::<anyhow::Result<_>>()?;
        let request = CreateMemberRequest {
            request_id: format!("sandbox-member-{place}"),
            name: person.name.clone(),
            roles,
            scope: Some(Scope { sites: Vec::new(), purchasing_groups: person.groups.clone() }),
            locale: "zh".to_owned(),
        };
        let member = own.members().create_member(request).await.map_err(refused)?.into_inner();
        made.push((person.name.clone(), member.id));
    }
    if let Some(site) = &firm.site {
        let request = CreateSiteRequest {
            request_id: format!("sandbox-site-{}", site.code),
            site: Some(Site {
                id: String::new(),
                code: site.code.clone(),
                name: site.name.clone(),
                address: site.address.clone(),
                country_code: "CN".to_owned(),
            }),
        };
        own.firms().create_site(request).await.map_err(refused)?;
    }
    Ok(made)
}

/// Each buyer invites its suppliers, and those with an account take the invitation into it.
pub(super) async fn introduce(
    connection: &Connection,
    story: &Story,
    credentials: &Credentials,
) -> anyhow::Result<()> {
    for (buyer_id, suppliers) in &story.partners {
        let buyer = as_firm(connection, credentials, buyer_id)?;
        for (supplier_id, vendor_number) in suppliers {
            let supplier = story.suppliers.iter().chain(&story.invited).find(|firm| firm.id == *supplier_id);
            let supplier = supplier.with_context(|| format!("no supplier {supplier_id}"))?;
            let request = InviteSupplierRequest {
                request_id: format!("sandbox-invite-{supplier_id}"),
                name: supplier.name.clone(),
                vendor_number: vendor_number.clone(),
                uscc: supplier.uscc.clone(),
                party_ids: Vec::new(),
            };
            let invited = buyer.relationships().invite_supplier(request).await.map_err(refused)?.into_inner();
            if !credentials.firms.contains_key(supplier_id) {
                continue;
            }
            let Some(path) = open_invitation(&buyer, invited).await? else { continue };
            let request = ClaimInvitationRequest {
                request_id: format!("sandbox-claim-{buyer_id}"),
                token: token(&path).to_owned(),
                ..ClaimInvitationRequest::default()
            };
            let own = as_firm(connection, credentials, supplier_id)?;
            own.relationships().claim_invitation(request).await.map_err(refused)?;
        }
    }
    Ok(())
}

/// The link of an invitation that nobody has taken yet.
async fn open_invitation(
    buyer: &Connection,
    invited: InviteSupplierResponse,
) -> anyhow::Result<Option<String>> {
    if !invited.invitation_path.is_empty() {
        return Ok(Some(invited.invitation_path));
    }
    // A repeated invitation shows no link: an interrupted start made it, and may have claimed it or not.
    let relationship_id = invited.relationship.map(|relationship| relationship.id).unwrap_or_default();
    let request =
        RenewInvitationRequest { request_id: format!("sandbox-renew-{relationship_id}"), relationship_id };
    match buyer.relationships().renew_invitation(request).await {
        Ok(renewed) => Ok(Some(renewed.into_inner().invitation_path).filter(|path| !path.is_empty())),
        Err(status) if status.code() == tonic::Code::FailedPrecondition => Ok(None),
        Err(status) => Err(refused(status).into()),
    }
}

/// A fresh link that signs a person in.
pub(super) async fn sign_in_link(
    node: &Node,
    connection: &Connection,
    access: &FirmAccess,
    person: &str,
) -> anyhow::Result<String> {
    let own = connection.with_key(Some(&access.key))?;
    let member_id = access.members.get(person).with_context(|| format!("no member {person}"))?;
    let request = CreateSignInLinkRequest {
        request_id: format!("sandbox-link-{}", node.deps.clock.id()),
        member_id: member_id.clone(),
    };
    Ok(own.members().create_sign_in_link(request).await.map_err(refused)?.into_inner().path)
}

/// The token at the end of a link's path.
fn token(path: &str) -> &str {
    path.rsplit(['/', '=', '#']).next().unwrap_or(path)
}

fn first(firm: &Firm) -> anyhow::Result<&str> {
    let person = firm.people.iter().find(|person| person.first);
    Ok(person.with_context(|| format!("{} has no first person", firm.id))?.name.as_str())
}

fn role(name: &str) -> anyhow::Result<Role> {
    let full = format!("ROLE_{}", name.to_uppercase());
    Role::from_str_name(&full).with_context(|| format!("no role {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stands_at_the_end_of_its_path() {
        assert_eq!(token("/sign-in/abc_-1"), "abc_-1");
        assert_eq!(token("/sign-in?token=abc"), "abc");
        assert_eq!(token("/sign-in#abc"), "abc");
    }
}
