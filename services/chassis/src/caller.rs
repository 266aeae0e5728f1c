//! Who calls: a member's session or an API key, resolved once a request, and what its roles allow.
//!
//! Credentials are rows of partners. The one function that may look across firms,
//! `partners.resolve_credential(kind, id, sha256)`, answers the whole caller; the answer is kept at most 5 s, so
//! that a revoked credential stops working within that time.

mod grants;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use proto::access::Permission;
pub use proto::partners::Role;
use sqlx::Row;
use uuid::Uuid;

pub use self::grants::{Changed, Grants, of_firm};
use crate::{
    Error, Reason, Result,
    db::TenantPool,
    secret::{self, Redacted},
};

/// How long a resolved caller is believed.
pub const CACHED: Duration = Duration::from_secs(5);
/// The most callers kept at once.
const CACHE_SIZE: usize = 20_000;

/// Who calls, and what it may do.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The firm that it acts for.
    pub firm: Uuid,
    /// The firm's name, for greetings.
    pub firm_name: String,
    /// Whether the firm is seeded example data.
    pub sandbox: bool,
    /// The credential behind the call.
    pub credential: Credential,
    /// The member's or key's row.
    pub actor: Uuid,
    /// What people call it.
    pub actor_name: String,
    /// What it may do.
    pub roles: Vec<Role>,
    /// Own sites it is narrowed to; empty: all.
    pub sites: Vec<String>,
    /// Own purchasing groups it is narrowed to; empty: all.
    pub purchasing_groups: Vec<String>,
    /// The one order that a document link is for; `None` for every other credential.
    pub order: Option<Uuid>,
    /// `zh` or `en`.
    pub locale: String,
    /// The token itself, to call other services with the caller's own rights.
    pub token: Redacted<String>,
    /// W3C trace context of the request; empty where there is none.
    pub traceparent: String,
}

/// A kind of credential and its public part.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Credential {
    /// Machine or person.
    pub kind: CredentialKind,
    /// The key's or session's id.
    pub id: String,
}

/// What kind of credential a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CredentialKind {
    /// `tdm_live_<id>_<secret>_<crc>`, for machines.
    ApiKey,
    /// `tdm_session_<id>_<secret>_<crc>`, for people.
    Session,
    /// `tdm_doc_<id>_<secret>_<crc>`, for whoever holds it, and for one order.
    OrderLink,
}

const KINDS: [CredentialKind; 3] =
    [CredentialKind::ApiKey, CredentialKind::Session, CredentialKind::OrderLink];

impl CredentialKind {
    /// As partners stores it; document links stand with their orders.
    pub fn as_str(self) -> &'static str {
        match self {
            CredentialKind::ApiKey => "api_key",
            CredentialKind::Session => "session",
            CredentialKind::OrderLink => "order_link",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            CredentialKind::ApiKey => "tdm_live_",
            CredentialKind::Session => "tdm_session_",
            CredentialKind::OrderLink => "tdm_doc_",
        }
    }
}

/// Makes a token of a kind: its id, the token to show once, and the SHA-256 to store.
pub fn new_token(kind: CredentialKind) -> (String, Redacted<String>, [u8; 32]) {
    let id = hex::encode(secret::random::<8>());
    let body = format!("{}{id}_{}", kind.prefix(), hex::encode(secret::random::<32>()));
    let token = format!("{body}_{:08x}", crc32fast::hash(body.as_bytes()));
    let sha256 = secret::sha256(token.as_bytes());
    (id, Redacted::new(token), sha256)
}

/// The kind and id of a token whose form and checksum are right. Says nothing about whether it works.
pub fn parse_token(token: &str) -> Option<Credential> {
    let kind = KINDS.into_iter().find(|kind| token.starts_with(kind.prefix()))?;
    let (body, crc) = token.rsplit_once('_')?;
    let (id, secret) = body.strip_prefix(kind.prefix())?.split_once('_')?;
    let lower_hex = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let whole = id.len() == 16 && secret.len() == 64 && lower_hex(id) && lower_hex(secret);
    (whole && crc == format!("{:08x}", crc32fast::hash(body.as_bytes())))
        .then(|| Credential { kind, id: id.to_string() })
}

impl Caller {
    /// Whether a person calls that signed in. A document link may be fetched by whatever shows a preview of it.
    pub fn is_person(&self) -> bool {
        self.credential.kind == CredentialKind::Session
    }

    /// Whether one of the roles grants the permission.
    pub fn may(&self, permission: Permission) -> bool {
        self.roles.iter().any(|role| granted(*role).contains(&permission))
    }

    /// Everything that the roles grant, each once.
    pub fn permissions(&self) -> Vec<Permission> {
        let mut all: Vec<_> = self.roles.iter().flat_map(|role| granted(*role)).copied().collect();
        all.sort();
        all.dedup();
        all
    }

    /// Nobody hands out more than they have: each permission of the roles is one of the caller's, and a caller that is narrowed
    /// to sites or groups narrows to some of these.
    ///
    /// # Errors
    /// PERMISSION_DENIED, with the permission that is lacking.
    pub fn may_grant(&self, roles: &[Role], sites: &[String], purchasing_groups: &[String]) -> Result<()> {
        let mut wanted = roles.iter().flat_map(|role| granted(*role));
        if let Some(lacking) = wanted.find(|permission| !self.may(**permission)) {
            return Err(Error::new(Reason::PERMISSION_DENIED)
                .message("you cannot give a role that allows more than your own")
                .with("permission", lacking.as_str_name()));
        }
        let within = |wanted: &[String], own: &[String]| {
            own.is_empty() || (!wanted.is_empty() && wanted.iter().all(|one| own.contains(one)))
        };
        if !within(sites, &self.sites) || !within(purchasing_groups, &self.purchasing_groups) {
            return Err(Error::new(Reason::PERMISSION_DENIED).message(
                "you cannot give a scope that reaches beyond your own sites and purchasing groups",
            ));
        }
        Ok(())
    }

    /// The most that the caller may hand out by [`Caller::may_grant`].
    pub fn grantable(&self) -> Grants {
        let roles = (1_i32..).map_while(|number| Role::try_from(number).ok());
        let allowed = |role: &Role| granted(*role).iter().all(|permission| self.may(*permission));
        Grants { roles: roles.filter(allowed).collect(), ..Grants::of(self) }
    }

    /// Whether no document link keeps the caller from this order.
    pub fn reaches(&self, order: Uuid) -> bool {
        self.order.is_none_or(|only| only == order)
    }

    /// Whether the caller is narrowed to some of its firm's sites or purchasing groups.
    pub fn is_narrowed(&self) -> bool {
        !self.sites.is_empty() || !self.purchasing_groups.is_empty()
    }

    /// Whether the caller is not narrowed away from something of its own firm with these sites and this group.
    pub fn covers(&self, sites: &[String], purchasing_group: &str) -> bool {
        grants::covers((&self.sites, &self.purchasing_groups), sites, purchasing_group)
    }
}

/// What a role allows. The operator runs the platform and sees no business.
pub fn granted(role: Role) -> &'static [Permission] {
    use Permission as P;
    match role {
        Role::Admin => &[
            P::Self_,
            P::PartnersRead,
            P::PartnersWrite,
            P::MembersAdmin,
            P::OrdersRead,
            P::OrdersPublish,
            P::OrdersRespond,
            P::OrdersDiscuss,
            P::CapacityRead,
            P::DemandWrite,
            P::CapacityWrite,
            P::CapacityReserve,
            P::ResourcesRead,
            P::ResourcesPublish,
            P::ResourcesUse,
            P::StreamRead,
            P::StreamWrite,
            P::DocumentsImport,
            P::DocumentsRead,
        ],
        Role::Buyer => &[
            P::Self_,
            P::PartnersRead,
            P::PartnersWrite,
            P::OrdersRead,
            P::OrdersPublish,
            P::OrdersDiscuss,
            P::CapacityRead,
            P::DemandWrite,
            P::CapacityReserve,
            P::ResourcesRead,
            P::ResourcesPublish,
            P::ResourcesUse,
            P::StreamRead,
            P::StreamWrite,
            P::DocumentsImport,
            P::DocumentsRead,
        ],
        Role::Sales => &[
            P::Self_,
            P::PartnersRead,
            P::OrdersRead,
            P::OrdersRespond,
            P::OrdersDiscuss,
            P::CapacityRead,
            P::CapacityWrite,
            P::CapacityReserve,
            P::ResourcesRead,
            P::ResourcesUse,
            P::StreamRead,
            P::StreamWrite,
            P::DocumentsRead,
        ],
        Role::Viewer => &[
            P::Self_,
            P::PartnersRead,
            P::OrdersRead,
            P::CapacityRead,
            P::ResourcesRead,
            P::StreamRead,
            P::DocumentsRead,
        ],
        Role::Operator => &[P::Self_, P::PartnersRead, P::MembersAdmin, P::Operate],
        Role::Unspecified => &[],
    }
}

/// Callers by the hash of their token, with the moment they were looked up.
type Cache = HashMap<[u8; 32], (Instant, Caller)>;

/// Finds out who is behind a token.
#[derive(Clone)]
pub struct Resolver {
    pool: TenantPool,
    cache: Arc<Mutex<Cache>>,
}

impl Resolver {
    /// A resolver over the given database.
    pub fn new(pool: TenantPool) -> Self {
        Self { pool, cache: Arc::default() }
    }

    /// The caller behind a token; UNAUTHENTICATED for one that is malformed, unknown, expired or revoked, without
    /// saying which.
    pub async fn resolve(&self, token: &str) -> Result<Caller> {
        let unknown = || Error::new(Reason::UNAUTHENTICATED);
        let credential = parse_token(token).ok_or_else(unknown)?;
        let sha256 = secret::sha256(token.as_bytes());
        if let Some(caller) = self.cached(&sha256) {
            return Ok(caller);
        }
        let caller = self.look_up(token, credential, &sha256).await?.ok_or_else(unknown)?;
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= CACHE_SIZE {
            cache.retain(|_, (since, _)| since.elapsed() < CACHED);
        }
        if cache.len() < CACHE_SIZE {
            cache.insert(sha256, (Instant::now(), caller.clone()));
        }
        Ok(caller)
    }

    /// Forgets a credential at once, in this process; others forget it within [`CACHED`].
    pub fn forget(&self, credential: &Credential) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.retain(|_, (_, caller)| caller.credential != *credential);
    }

    /// Forgets every credential of a firm at once, in this process; others forget them within [`CACHED`].
    pub fn forget_firm(&self, firm: Uuid) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.retain(|_, (_, caller)| caller.firm != firm);
    }

    fn cached(&self, sha256: &[u8; 32]) -> Option<Caller> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.get(sha256).filter(|(since, _)| since.elapsed() < CACHED).map(|(_, caller)| caller.clone())
    }

    async fn look_up(
        &self,
        token: &str,
        credential: Credential,
        sha256: &[u8; 32],
    ) -> Result<Option<Caller>> {
        if credential.kind == CredentialKind::OrderLink {
            return self.look_up_link(token, credential, sha256).await;
        }
        let mut tx = self.pool.begin_outside().await?;
        // Not checked at compile time: the function is published by partners, which builds on this crate.
        let row = sqlx::query(
            "select firm, firm_name, sandbox, actor, actor_name, roles, sites, purchasing_groups, locale
             from partners.resolve_credential($1, $2, $3)",
        )
        .bind(credential.kind.as_str())
        .bind(&credential.id)
        .bind(sha256.as_slice())
        .fetch_optional(tx.conn())
        .await?;
        tx.commit().await?;
        let Some(row) = row else { return Ok(None) };
        let roles: Vec<i32> = row.try_get("roles")?;
        Ok(Some(Caller {
            firm: row.try_get("firm")?,
            firm_name: row.try_get("firm_name")?,
            sandbox: row.try_get("sandbox")?,
            credential,
            actor: row.try_get("actor")?,
            actor_name: row.try_get("actor_name")?,
            roles: roles.into_iter().filter_map(|role| Role::try_from(role).ok()).collect(),
            sites: row.try_get("sites")?,
            purchasing_groups: row.try_get("purchasing_groups")?,
            order: None,
            locale: row.try_get("locale")?,
            token: Redacted::new(token.to_string()),
            traceparent: String::new(),
        }))
    }

    /// Whoever holds a document link acts as the order's supplier, with no role: the gate lets it pass to methods with
    /// the option `by_order_link` alone, and those keep it to its order.
    async fn look_up_link(
        &self,
        token: &str,
        credential: Credential,
        sha256: &[u8; 32],
    ) -> Result<Option<Caller>> {
        let mut tx = self.pool.begin_outside().await?;
        // Not checked at compile time: the function is published by orders, which builds on this crate.
        let row = sqlx::query(
            "select firm, firm_name, sandbox, actor, actor_name, order_id from orders.resolve_order_link($1, $2)",
        )
        .bind(&credential.id)
        .bind(sha256.as_slice())
        .fetch_optional(tx.conn())
        .await?;
        tx.commit().await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Caller {
            firm: row.try_get("firm")?,
            firm_name: row.try_get("firm_name")?,
            sandbox: row.try_get("sandbox")?,
            credential,
            actor: row.try_get("actor")?,
            actor_name: row.try_get("actor_name")?,
            roles: Vec::new(),
            sites: Vec::new(),
            purchasing_groups: Vec::new(),
            order: Some(row.try_get("order_id")?),
            locale: "zh".into(),
            token: Redacted::new(token.to_string()),
            traceparent: String::new(),
        }))
    }
}

/// The caller that the gate put into the request.
pub fn of<T>(request: &tonic::Request<T>) -> Result<Caller> {
    request.extensions().get::<Caller>().cloned().ok_or_else(|| Error::new(Reason::UNAUTHENTICATED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_recognised_by_its_checksum() {
        for kind in KINDS {
            let (id, token, _) = new_token(kind);
            let token = token.reveal();
            assert_eq!(parse_token(token), Some(Credential { kind, id }));
            assert_eq!(parse_token(&token.to_uppercase()), None, "case counts");
            assert_eq!(parse_token(&format!("{token}\n")), None, "nothing may follow");
            assert_eq!(parse_token(&token[..token.len() - 1]), None, "truncated");
            let mut other = token.clone().into_bytes();
            other[30] = if other[30] == b'0' { b'1' } else { b'0' };
            assert_eq!(parse_token(&String::from_utf8(other).unwrap()), None, "checksum");
        }
    }

    #[test]
    fn the_operator_sees_no_business() {
        use Permission as P;
        for permission in [P::OrdersRead, P::CapacityRead, P::DocumentsRead, P::StreamRead] {
            assert!(!granted(Role::Operator).contains(&permission));
        }
    }
}
