//! Members, API keys, and who may hand out which roles.

use chassis::{
    Error, Field, Result,
    caller::{Caller, Role},
};
use time::OffsetDateTime;
use uuid::Uuid;

/// The most active keys of a firm.
pub const MAX_KEYS: i64 = 50;

/// Narrows what a member or key sees and does; an empty list narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Codes of own sites.
    pub sites: Vec<String>,
    /// Own purchasing groups.
    pub purchasing_groups: Vec<String>,
}

/// A person who acts for a firm.
#[derive(Clone, Debug)]
pub struct Member {
    pub id: Uuid,
    pub name: String,
    pub roles: Vec<Role>,
    pub scope: Scope,
    pub locale: String,
    pub disabled: bool,
    pub version: i64,
    pub created_at: OffsetDateTime,
}

impl Member {
    /// Whether this one can administer the firm.
    pub fn administers(&self) -> bool {
        !self.disabled && self.roles.contains(&Role::Admin)
    }
}

/// A person to be added.
#[derive(Clone, Debug)]
pub struct NewMember {
    pub name: String,
    pub roles: Vec<Role>,
    pub scope: Scope,
    pub locale: String,
}

/// What replaces a member's roles, scope and state.
#[derive(Clone, Debug)]
pub struct MemberChange {
    pub id: Uuid,
    pub roles: Vec<Role>,
    pub scope: Scope,
    pub disabled: bool,
    pub etag: String,
}

/// A machine's credential, without its secret.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// The visible part.
    pub id: String,
    /// Named as the actor; orders keys by time.
    pub actor: Uuid,
    pub name: String,
    pub roles: Vec<Role>,
    pub scope: Scope,
    pub created_at: OffsetDateTime,
    pub expires_at: Option<OffsetDateTime>,
    pub revoked_at: Option<OffsetDateTime>,
}

/// A key to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub name: String,
    pub roles: Vec<Role>,
    pub scope: Scope,
    pub expires_at: Option<OffsetDateTime>,
}

impl NewKey {
    /// Refuses a key that would be born dead.
    pub fn check(&self, now: OffsetDateTime) -> Result<()> {
        match self.expires_at {
            Some(at) if at <= now => {
                Err(Error::invalid(vec![Field::new("expires_at", "RANGE", "must lie in the future")]))
            }
            _ => Ok(()),
        }
    }
}

/// As [`Caller::may_grant`].
pub fn may_grant(maker: &Caller, roles: &[Role], scope: &Scope) -> Result<()> {
    maker.may_grant(roles, &scope.sites, &scope.purchasing_groups)
}

/// Whoever signs a member in, changes or disables it must have all that the member has, since it could hand itself that
/// much or take it from others; everybody may do so much to themselves.
pub fn may_manage(maker: &Caller, member: &Member) -> Result<()> {
    if maker.actor == member.id { Ok(()) } else { may_grant(maker, &member.roles, &member.scope) }
}

#[cfg(test)]
mod tests {
    use chassis::{
        Reason,
        caller::{Credential, CredentialKind},
        secret::Redacted,
    };

    use super::*;

    fn maker(roles: &[Role], sites: &[&str]) -> Caller {
        Caller {
            firm: Uuid::from_u128(1),
            firm_name: String::new(),
            sandbox: false,
            credential: Credential { kind: CredentialKind::Session, id: "0".into() },
            actor: Uuid::from_u128(2),
            actor_name: String::new(),
            roles: roles.to_vec(),
            sites: sites.iter().map(ToString::to_string).collect(),
            purchasing_groups: Vec::new(),
            order: None,
            locale: "zh".into(),
            token: Redacted::default(),
            traceparent: String::new(),
        }
    }

    fn scope(sites: &[&str]) -> Scope {
        Scope { sites: sites.iter().map(ToString::to_string).collect(), purchasing_groups: Vec::new() }
    }

    #[test]
    fn nobody_hands_out_more_than_they_have() {
        use Role::{Admin, Buyer, Operator, Sales, Viewer};
        let table: &[(&[Role], &[Role], bool)] = &[
            (&[Admin], &[Admin], true),
            (&[Admin], &[Buyer, Sales, Viewer], true),
            (&[Admin], &[Operator], false),
            (&[Admin, Operator], &[Admin, Operator], true),
            (&[Operator], &[Operator], true),
            (&[Operator], &[Admin], false),
            (&[Operator], &[Viewer], false),
            (&[Viewer], &[Viewer], true),
            (&[Viewer], &[Sales], false),
            (&[Buyer], &[Viewer], true),
            (&[Sales, Buyer], &[Admin], false),
        ];
        for (own, given, allowed) in table {
            let result = may_grant(&maker(own, &[]), given, &Scope::default());
            assert_eq!(result.is_ok(), *allowed, "{own:?} gives {given:?}");
            assert!(result.is_ok() || result.is_err_and(|error| error.reason == Reason::PERMISSION_DENIED));
        }
    }

    #[test]
    fn a_narrow_maker_does_not_widen() {
        let wide = maker(&[Role::Admin], &[]);
        let narrow = maker(&[Role::Admin], &["1000", "2000"]);
        let roles = [Role::Viewer];
        assert!(may_grant(&wide, &roles, &scope(&[])).is_ok());
        assert!(may_grant(&wide, &roles, &scope(&["9"])).is_ok());
        assert!(may_grant(&narrow, &roles, &scope(&["1000"])).is_ok());
        assert!(may_grant(&narrow, &roles, &scope(&["1000", "3000"])).is_err());
        assert!(may_grant(&narrow, &roles, &scope(&[])).is_err(), "no narrowing is the widest scope");
    }

    #[test]
    fn a_key_is_not_born_dead() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let key =
            |expires_at| NewKey { name: "k".into(), roles: vec![], scope: Scope::default(), expires_at };
        assert!(key(None).check(now).is_ok());
        assert!(key(Some(now + time::Duration::SECOND)).check(now).is_ok());
        assert!(key(Some(now)).check(now).is_err());
    }
}
