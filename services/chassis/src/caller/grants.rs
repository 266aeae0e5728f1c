//! What the owner of a credential may do and see now, for streams that stay open longer than any answer is believed.

use proto::access::Permission;
use sqlx::Row;
use uuid::Uuid;

use super::{Caller, Credential, Resolver, Role, granted};
use crate::Result;

/// What the owner of a credential may do, and what it is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// What it may do.
    pub roles: Vec<Role>,
    /// Own sites it is narrowed to; empty: all.
    pub sites: Vec<String>,
    /// Own purchasing groups it is narrowed to; empty: all.
    pub purchasing_groups: Vec<String>,
}

impl Grants {
    /// Those of a caller.
    pub fn of(caller: &Caller) -> Self {
        Self {
            roles: caller.roles.clone(),
            sites: caller.sites.clone(),
            purchasing_groups: caller.purchasing_groups.clone(),
        }
    }

    /// Whether one of the roles grants the permission.
    pub fn may(&self, permission: Permission) -> bool {
        self.roles.iter().any(|role| granted(*role).contains(&permission))
    }

    /// Whether something of the own firm is out of sight.
    pub fn is_narrowed(&self) -> bool {
        !self.sites.is_empty() || !self.purchasing_groups.is_empty()
    }

    /// As [`Caller::covers`].
    pub fn covers(&self, sites: &[String], purchasing_group: &str) -> bool {
        covers((&self.sites, &self.purchasing_groups), sites, purchasing_group)
    }

    /// Whether one of `reader`'s people is told of an event with these sites and this group of `scope_firm`, or, where no
    /// firm is named, with these sites of several. Those come without purchasing groups.
    pub fn hears(
        &self,
        reader: Uuid,
        scope_firm: Option<Uuid>,
        sites: &[String],
        purchasing_group: &str,
    ) -> bool {
        match scope_firm {
            Some(firm) => firm != reader || self.covers(sites, purchasing_group),
            None if self.sites.is_empty() => true,
            None => {
                let prefix = of_firm(reader, "");
                let mut own = sites.iter().filter_map(|site| site.strip_prefix(&prefix)).peekable();
                own.peek().is_none() || own.any(|site| self.sites.iter().any(|mine| mine == site))
            }
        }
    }
}

/// A site as an event names it that concerns sites of several firms.
pub fn of_firm(firm: Uuid, site: &str) -> String {
    format!("{firm}/{site}")
}

/// Whether somebody who is narrowed to these sites and groups sees something with those.
pub(super) fn covers(
    (own_sites, own_groups): (&[String], &[String]),
    sites: &[String],
    purchasing_group: &str,
) -> bool {
    let site = own_sites.is_empty() || sites.is_empty() || sites.iter().any(|site| own_sites.contains(site));
    let group = own_groups.is_empty() || own_groups.iter().any(|group| group == purchasing_group);
    site && group
}

/// A credential of which something else holds than was known.
#[derive(Clone, Debug)]
pub struct Changed {
    /// Which.
    pub credential: Credential,
    /// What holds now; `None`: it does not work any more.
    pub grants: Option<Grants>,
    /// Names what holds now, for the next question.
    pub fingerprint: String,
}

impl Resolver {
    /// Which of these credentials changed since the fingerprint was answered; an empty one answers what holds.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn changed(&self, known: &[(Credential, String)]) -> Result<Vec<Changed>> {
        let kinds: Vec<&str> = known.iter().map(|(credential, _)| credential.kind.as_str()).collect();
        let ids: Vec<&str> = known.iter().map(|(credential, _)| credential.id.as_str()).collect();
        let fingerprints: Vec<&str> = known.iter().map(|(_, fingerprint)| fingerprint.as_str()).collect();
        let mut tx = self.pool.begin_outside().await?;
        // Not checked at compile time: the function is published by partners, which builds on this crate.
        let rows = sqlx::query(
            "select kind, id, live, fingerprint, roles, sites, purchasing_groups
             from partners.changed_credentials($1, $2, $3)",
        )
        .bind(kinds)
        .bind(ids)
        .bind(fingerprints)
        .fetch_all(tx.conn())
        .await?;
        tx.commit().await?;
        let mut changed = Vec::with_capacity(rows.len());
        for row in rows {
            let (kind, id): (String, String) = (row.try_get("kind")?, row.try_get("id")?);
            let same = |c: &&(Credential, String)| c.0.kind.as_str() == kind && c.0.id == id;
            let Some((credential, _)) = known.iter().find(same) else { continue };
            let roles: Vec<i32> = row.try_get("roles")?;
            let grants = Grants {
                roles: roles.into_iter().filter_map(|role| Role::try_from(role).ok()).collect(),
                sites: row.try_get("sites")?,
                purchasing_groups: row.try_get("purchasing_groups")?,
            };
            let live: bool = row.try_get("live")?;
            changed.push(Changed {
                credential: credential.clone(),
                grants: live.then_some(grants),
                fingerprint: row.try_get("fingerprint")?,
            });
        }
        Ok(changed)
    }
}
