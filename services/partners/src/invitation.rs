//! Inviting many suppliers at once: what becomes of each row.

use std::collections::HashMap;

use chassis::Field;
use uuid::Uuid;

use crate::relationship::NewSupplier;

/// The most rows of one request.
pub const MAX_ROWS: usize = 500;

/// A person at a supplier, known to the buyer alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    pub name: String,
    pub phone: String,
    pub mail: String,
    /// `zh` or `en`.
    pub locale: String,
}

impl Contact {
    /// Whether there is anything to reach somebody by.
    pub fn is_empty(&self) -> bool {
        self.name.is_empty() && self.phone.is_empty() && self.mail.is_empty()
    }
}

/// A mail address as whoever holds an invitation may see it: enough for its owner to know it by.
pub fn masked_mail(mail: &str) -> String {
    let (local, domain) = mail.rsplit_once('@').unwrap_or_default();
    let first: String = local.chars().take(1).collect();
    format!("{first}***@{domain}")
}

/// A row of the request: what to do, or what is wrong with it.
#[derive(Clone, Debug)]
pub struct Row {
    pub vendor_number: String,
    pub wanted: Result<(NewSupplier, Contact), Vec<Field>>,
}

/// A partner whom a row may mean.
#[derive(Clone, Debug)]
pub struct Known {
    pub relationship: Uuid,
    pub vendor_number: String,
    /// Codes that the buyer or the firm itself gave.
    pub usccs: Vec<String>,
    /// Nobody has signed in for it yet.
    pub pending: bool,
}

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    Invite,
    /// Invited before.
    Pending(Uuid),
    Partner(Uuid),
    /// The same number stands in an earlier row.
    Duplicate(usize),
    Refused(Vec<Field>),
}

/// What becomes of each row. The vendor number decides; a code alone means a partner only where that partner has no
/// other number, since one legal person may supply under several.
pub fn plan(rows: &[Row], known: &[Known]) -> Vec<Plan> {
    let mut first: HashMap<&str, usize> = HashMap::new();
    rows.iter()
        .enumerate()
        .map(|(i, row)| {
            let (new, _) = match &row.wanted {
                Err(faults) => return Plan::Refused(faults.clone()),
                Ok(wanted) => wanted,
            };
            if let Some(earlier) = first.get(row.vendor_number.as_str()) {
                return Plan::Duplicate(*earlier);
            }
            first.insert(&row.vendor_number, i);
            let by_number = known.iter().find(|one| one.vendor_number == new.vendor_number);
            let by_code = || {
                known.iter().find(|one| {
                    one.vendor_number.is_empty() && !new.uscc.is_empty() && one.usccs.contains(&new.uscc)
                })
            };
            match by_number.or_else(by_code) {
                Some(one) if one.pending => Plan::Pending(one.relationship),
                Some(one) => Plan::Partner(one.relationship),
                None => Plan::Invite,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(vendor_number: &str, uscc: &str) -> Row {
        let new = NewSupplier {
            name: "厂".into(),
            vendor_number: vendor_number.into(),
            uscc: uscc.into(),
            party_ids: Vec::new(),
        };
        Row { vendor_number: vendor_number.into(), wanted: Ok((new, Contact::default())) }
    }

    #[test]
    fn each_row_gets_what_it_deserves() {
        let known = |n: u128, vendor_number: &str, uscc: &str, pending| Known {
            relationship: Uuid::from_u128(n),
            vendor_number: vendor_number.into(),
            usccs: vec![uscc.into()],
            pending,
        };
        let there = [
            known(1, "V1", "A", false),
            known(2, "V2", "", true),
            known(3, "", "C", false),
            known(4, "V4", "D", false),
        ];
        let fault = Field::new("name", "REQUIRED", "is required");
        let bad = Row { vendor_number: "V9".into(), wanted: Err(vec![fault.clone()]) };
        let rows = [
            row("V1", ""),
            row("V2", "X"),
            row("V3", "C"),
            row("V5", "D"),
            row("V5", "E"),
            bad,
            row("007", ""),
        ];
        let expected = [
            Plan::Partner(Uuid::from_u128(1)),
            Plan::Pending(Uuid::from_u128(2)),
            Plan::Partner(Uuid::from_u128(3)),
            Plan::Invite,
            Plan::Duplicate(3),
            Plan::Refused(vec![fault]),
            Plan::Invite,
        ];
        assert_eq!(plan(&rows, &there), expected);
    }

    #[test]
    fn a_mail_address_shows_its_first_letter() {
        assert_eq!(masked_mail("he.jie@example.invalid"), "h***@example.invalid");
        assert_eq!(masked_mail("何@example.invalid"), "何***@example.invalid");
    }

    #[test]
    fn leading_zeros_count() {
        let there = [Known {
            relationship: Uuid::from_u128(1),
            vendor_number: "7".into(),
            usccs: vec![],
            pending: false,
        }];
        assert_eq!(plan(&[row("007", "")], &there), [Plan::Invite]);
    }
}
