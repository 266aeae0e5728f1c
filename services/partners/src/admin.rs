//! The first operator of a database. Everybody else is created by operators through the API.

use chassis::{Error, Reason, Result, clock::SharedClock, secret};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    db::{self, firm::Founding},
    link::{LinkKind, SIGN_IN_VALID},
};

/// The operator's firm and its first administrator.
#[derive(Clone, Debug)]
pub struct NewOperator {
    pub firm_name: String,
    pub admin_name: String,
    /// `zh` or `en`.
    pub locale: String,
    /// Whether it is example data.
    pub sandbox: bool,
}

/// What was created; the path is shown once and stands nowhere.
#[derive(Clone, Debug)]
pub struct Operator {
    pub firm: Uuid,
    pub admin: Uuid,
    /// At the portal; works once, within a day.
    pub sign_in_path: secret::Redacted<String>,
}

/// Creates the operator's firm, over a connection of tandem_owner.
///
/// # Errors
/// ALREADY_EXISTS where the database has an operator; INVALID_ARGUMENT for an empty name or an unknown language.
pub async fn init_operator(
    connection: &mut PgConnection,
    clock: &SharedClock,
    new: &NewOperator,
) -> Result<Operator> {
    for (path, name) in [("firm_name", &new.firm_name), ("admin_name", &new.admin_name)] {
        if name.trim().is_empty() {
            return Err(Error::field(path, "REQUIRED", "is required"));
        }
    }
    if !["zh", "en"].contains(&new.locale.as_str()) {
        return Err(Error::field("locale", "LOCALE", "must be zh or en"));
    }
    let (firm, admin, now) = (clock.id(), clock.id(), clock.now());
    let token = secret::token();
    let link_sha256 = secret::sha256(token.as_bytes());
    let founding =
        Founding { firm, admin, link_sha256: &link_sha256, link_expires_at: now + SIGN_IN_VALID, at: now };
    if !db::firm::create_operator(connection, new, &founding).await? {
        return Err(Error::new(Reason::ALREADY_EXISTS).message("this database has an operator already"));
    }
    let sign_in_path = secret::Redacted::new(LinkKind::SignIn.path(&token));
    Ok(Operator { firm, admin, sign_in_path })
}
