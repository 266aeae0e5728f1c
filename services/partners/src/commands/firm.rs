//! Firms and sites.

use chassis::{Result, secret};
use proto::partners as wire;

use super::{Begun, Command};
use crate::{
    convert,
    db::{self, firm::Founding},
    firm::{Firm, FirmState, NewFirm, Site},
    link::{LinkKind, SIGN_IN_VALID},
};

/// Creates a firm with its first administrator, for the operator.
pub(crate) async fn create_firm(command: &Command<'_>, new: NewFirm) -> Result<wire::CreateFirmResponse> {
    let clock = &command.deps.clock;
    let (id, admin, at) = (clock.id(), clock.id(), command.deps.now());
    let token = secret::token();
    let link_sha256 = secret::sha256(token.as_bytes());
    let founding =
        Founding { firm: id, admin, link_sha256: &link_sha256, link_expires_at: at + SIGN_IN_VALID, at };
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    db::firm::create(&mut tx, &new, &founding).await?;
    // The operator has no relationship with the firm, so that it is not read back.
    let firm = Firm {
        id,
        name: new.name,
        name_en: new.name_en,
        uscc: new.uscc,
        state: FirmState::Active,
        sandbox: new.sandbox,
        verified: false,
        party_ids: new.party_ids,
        created_at: at,
    };
    let mut receipt = wire::CreateFirmResponse {
        firm: Some(convert::firm(&firm)),
        admin_member_id: admin.to_string(),
        sign_in_path: String::new(),
    };
    command.finish(tx, &receipt, Vec::new()).await?;
    receipt.sign_in_path = LinkKind::SignIn.path(&token);
    warn_of_suspect(receipt.firm.as_ref());
    Ok(receipt)
}

/// Real codes exist that fail the check: accepted, and left for a person to look at.
fn warn_of_suspect(firm: Option<&wire::Firm>) {
    if let Some(firm) = firm.filter(|firm| firm.uscc_suspect) {
        tracing::warn!(firm.id = %firm.id, "the uscc of a new firm does not fit GB 32100-2015");
    }
}

/// Adds a site to the caller's firm.
pub(crate) async fn create_site(command: &Command<'_>, new: Site) -> Result<wire::Site> {
    let site = Site { id: command.deps.clock.id(), ..new };
    let at = command.deps.now();
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    db::firm::insert_site(&mut tx, &site, at).await?;
    let receipt = convert::site(&site);
    command.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}
