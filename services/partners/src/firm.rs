//! Firms and their sites.

use time::OffsetDateTime;
use uuid::Uuid;

/// What a firm is on the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirmState {
    /// Invited by a partner; nobody has signed in yet.
    Placeholder,
    Active,
    /// A placeholder that an existing firm took over.
    Claimed,
    /// By the operator: none of its credentials work.
    Suspended,
}

impl FirmState {
    /// From its name in the database.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "placeholder" => Self::Placeholder,
            "active" => Self::Active,
            "claimed" => Self::Claimed,
            "suspended" => Self::Suspended,
            _ => return None,
        })
    }
}

/// A number of a firm in somebody's scheme.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartyId {
    /// ISO 6523 ICD such as `0088`, or a name such as `VAT`.
    pub scheme: String,
    pub value: String,
}

/// A legal person on the platform.
#[derive(Clone, Debug)]
pub struct Firm {
    pub id: Uuid,
    pub name: String,
    pub name_en: String,
    pub uscc: String,
    pub state: FirmState,
    pub sandbox: bool,
    /// The operator looked at evidence that it is who it says.
    pub verified: bool,
    pub party_ids: Vec<PartyId>,
    pub created_at: OffsetDateTime,
}

/// A firm to be created by the operator, with its first administrator.
#[derive(Clone, Debug)]
pub struct NewFirm {
    pub name: String,
    pub name_en: String,
    pub uscc: String,
    pub party_ids: Vec<PartyId>,
    pub sandbox: bool,
    pub admin_name: String,
    pub admin_locale: String,
}

/// A place of a firm.
#[derive(Clone, Debug)]
pub struct Site {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    pub address: String,
    pub country_code: String,
}
