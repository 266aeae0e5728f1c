//! Rows of a bulk invitation.

use chassis::{Error, Result};
use proto::partners as wire;

use super::{CODE, Check, NAME, member::check_locale, uscc};
use crate::{
    invitation::{Contact, MAX_ROWS, Plan, Row},
    relationship::NewSupplier,
};

/// The longest mail address (RFC 5321, 4.5.3.1).
const MAIL: usize = 254;

/// The rows, each with what is wrong with it; INVALID_ARGUMENT only where there are none or too many.
pub(crate) fn supplier_rows(request: &wire::InviteSuppliersRequest) -> Result<Vec<Row>> {
    if request.rows.is_empty() || request.rows.len() > MAX_ROWS {
        return Err(Error::field(
            "rows",
            "COUNT",
            format!("must have 1 to {MAX_ROWS} rows; send more in parts"),
        ));
    }
    Ok(request.rows.iter().map(row).collect())
}

fn row(given: &wire::SupplierRow) -> Row {
    let mut check = Check::default();
    let new = NewSupplier {
        name: check.text("name", &given.name, NAME),
        vendor_number: check.text("vendor_number", &given.vendor_number, CODE),
        uscc: uscc(&mut check, "uscc", &given.uscc),
        party_ids: Vec::new(),
    };
    let contact = Contact {
        name: check.optional_text("contact_name", &given.contact_name, NAME),
        phone: check.optional_text("phone", &given.phone, 40),
        mail: check.optional_text("mail", &given.mail, MAIL),
        locale: check_locale(&mut check, "language", &given.language),
    };
    let dialled = |c: char| c.is_ascii_digit() || "+-() /.".contains(c);
    if !contact.phone.is_empty() && !contact.phone.chars().all(dialled) {
        check.bad("phone", "FORMAT", "must be a phone number such as +86 100-0000-0001");
    }
    if !contact.mail.is_empty() && !is_mail(&contact.mail) {
        check.bad("mail", "FORMAT", "must be a mail address such as name@example.com");
    }
    let vendor_number = new.vendor_number.clone();
    Row { vendor_number, wanted: check.done((new, contact)).map_err(|error| error.fields) }
}

/// Roughly an address; whether it exists only a mail tells.
fn is_mail(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain = |part: &str| {
        !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "<>,;:\"\\".contains(c))
    };
    plain(local)
        && plain(domain)
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
}

/// What became of a row; the relationship and link are filled in by whoever made them.
pub(crate) fn row_result(row: &Row, plan: &Plan) -> wire::SupplierRowResult {
    use wire::SupplierRowOutcome as Outcome;
    let (outcome, relationship, same_as_row) = match plan {
        Plan::Invite => (Outcome::Invited, None, 0),
        Plan::Pending(id) => (Outcome::Pending, Some(id), 0),
        Plan::Partner(id) => (Outcome::AlreadyPartner, Some(id), 0),
        Plan::Duplicate(row) => (Outcome::DuplicateInFile, None, i32::try_from(*row).unwrap_or_default()),
        Plan::Refused(_) => (Outcome::Refused, None, 0),
    };
    let faults = match plan {
        Plan::Refused(fields) => fields.as_slice(),
        _ => &[],
    };
    wire::SupplierRowResult {
        outcome: outcome.into(),
        vendor_number: row.vendor_number.clone(),
        relationship_id: relationship.map(ToString::to_string).unwrap_or_default(),
        invitation_path: String::new(),
        faults: faults
            .iter()
            .map(|field| wire::RowFault {
                field: field.path.clone(),
                reason: field.reason.to_string(),
                message: field.message.clone(),
            })
            .collect(),
        same_as_row,
    }
}

pub(crate) fn contact(relationship: uuid::Uuid, contact: &Contact) -> wire::SupplierContact {
    wire::SupplierContact {
        relationship_id: relationship.to_string(),
        name: contact.name.clone(),
        phone: contact.phone.clone(),
        mail: contact.mail.clone(),
        language: contact.locale.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_row_names_its_fields_and_spoils_no_other() {
        let bad = wire::SupplierRow {
            phone: "call me".into(),
            mail: "nobody".into(),
            language: "fr".into(),
            ..Default::default()
        };
        let good =
            wire::SupplierRow { name: "厂".into(), vendor_number: " 007 ".into(), ..Default::default() };
        let request = wire::InviteSuppliersRequest { rows: vec![bad, good], ..Default::default() };
        let rows = supplier_rows(&request).unwrap();
        let faults = rows[0].wanted.as_ref().unwrap_err();
        let paths: Vec<&str> = faults.iter().map(|field| field.path.as_str()).collect();
        assert_eq!(paths, ["name", "vendor_number", "language", "phone", "mail"]);
        assert_eq!(rows[1].vendor_number, "007", "leading zeros count");
        assert!(rows[1].wanted.is_ok());
    }

    #[test]
    fn there_are_some_rows_and_not_too_many() {
        let request = |count| wire::InviteSuppliersRequest {
            rows: vec![wire::SupplierRow::default(); count],
            ..Default::default()
        };
        assert!(supplier_rows(&request(0)).is_err() && supplier_rows(&request(501)).is_err());
        assert_eq!(supplier_rows(&request(500)).unwrap().len(), 500);
    }

    #[test]
    fn mail_addresses_have_their_form() {
        for good in ["a@example.invalid", "采购@example.invalid", "a.b+c@sub.example.invalid"] {
            assert!(is_mail(good), "{good}");
        }
        for bad in ["a", "@example.invalid", "a@b", "a b@example.invalid", "a@.invalid", "a@b.", "a<b>@x.y"] {
            assert!(!is_mail(bad), "{bad}");
        }
    }
}
