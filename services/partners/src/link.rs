//! Links that let somebody in: 登录链接 for a member, 邀请链接 for a supplier. Each works once and for a while.

use chassis::{Error, Reason, Result};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// How long a sign-in link works.
pub const SIGN_IN_VALID: Duration = Duration::hours(24);
/// How long an invitation works.
pub const INVITATION_VALID: Duration = Duration::days(14);
/// How often the code of an invitation is tried, until it is void.
pub const CODE_TRIES: i32 = 5;
/// How long a device stays signed in.
pub const SESSION_VALID: Duration = Duration::days(30);

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    SignIn,
    Invitation,
}

impl LinkKind {
    /// From its name in the database.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "sign_in" => Self::SignIn,
            "invitation" => Self::Invitation,
            _ => return None,
        })
    }

    /// The path at the portal that carries the token.
    pub fn path(self, token: &str) -> String {
        match self {
            Self::SignIn => format!("/s/{token}"),
            Self::Invitation => format!("/i/{token}"),
        }
    }
}

/// A link as whoever holds it may see it.
#[derive(Clone, Debug)]
pub struct Link {
    pub kind: LinkKind,
    /// The firm that one gets into with it.
    pub firm: Uuid,
    pub firm_name: String,
    /// Who will be signed in; empty for an invitation.
    pub member_name: String,
    /// Who invites; empty for a sign-in link.
    pub invited_by: String,
    /// The member's language; empty for an invitation.
    pub locale: String,
    pub expires_at: OffsetDateTime,
    pub used_at: Option<OffsetDateTime>,
    /// A newer link took its place, the member was disabled, or the invitation is void.
    pub ended: bool,
}

impl Link {
    /// LINK_USED or LINK_EXPIRED unless it works now.
    pub fn check(&self, now: OffsetDateTime) -> Result<()> {
        if self.used_at.is_some() {
            return Err(Error::new(Reason::LINK_USED));
        }
        if self.ended || self.expires_at <= now {
            return Err(Error::new(Reason::LINK_EXPIRED));
        }
        Ok(())
    }

    /// As [`Link::check`]; NOT_FOUND for a link of the other kind, since for that purpose it does not exist.
    pub fn check_for(&self, kind: LinkKind, now: OffsetDateTime) -> Result<()> {
        if self.kind != kind {
            return Err(Error::not_found());
        }
        self.check(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_works_once_and_in_time() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let link = |used: bool, ended: bool, left: Duration| Link {
            kind: LinkKind::SignIn,
            firm: Uuid::from_u128(1),
            firm_name: String::new(),
            member_name: String::new(),
            invited_by: String::new(),
            locale: String::new(),
            expires_at: now + left,
            used_at: used.then_some(now),
            ended,
        };
        let second = Duration::SECOND;
        let reason = |link: Link| link.check_for(LinkKind::SignIn, now).err().map(|error| error.reason);
        assert_eq!(reason(link(false, false, second)), None);
        assert_eq!(
            reason(link(false, false, Duration::ZERO)),
            Some(Reason::LINK_EXPIRED),
            "the last moment is over"
        );
        assert_eq!(reason(link(false, true, second)), Some(Reason::LINK_EXPIRED));
        assert_eq!(reason(link(true, false, second)), Some(Reason::LINK_USED));
        assert_eq!(reason(link(true, true, -second)), Some(Reason::LINK_USED), "used says more than expired");
        let other = link(false, false, second).check_for(LinkKind::Invitation, now);
        assert_eq!(other.err().map(|error| error.reason), Some(Reason::NOT_FOUND));
    }

    #[test]
    fn paths_tell_the_kinds_apart() {
        assert_eq!(LinkKind::SignIn.path("t"), "/s/t");
        assert_eq!(LinkKind::Invitation.path("t"), "/i/t");
    }
}
