//! What becomes of an upload: the rules of CX-0128 (4.1.2.7, 4.2.2.7, 4.4.2.7), the first that fits decides. Pure.

use time::OffsetDateTime;
use uuid::Uuid;

/// What stands under an upload's id and key already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Unknown,
    /// Another id has the same firms and material.
    OtherId(Uuid),
    /// The id, as it was last changed.
    Known {
        changed_at: OffsetDateTime,
        /// Whether firms and material are those of the upload.
        same_key: bool,
    },
}

/// What the rules ask of an upload.
#[derive(Clone, Copy, Debug)]
pub struct Upload {
    /// Every value is one that it can have.
    pub valid: bool,
    /// The sender is the firm that states such things: the customer of a demand, the supplier of a group.
    pub by_sender: bool,
    /// The other firm is the sender's partner.
    pub to_partner: bool,
    /// Exactly one kind of link; always so for a demand.
    pub one_link_kind: bool,
    /// The first measurement lies ahead, or is the one that was stated before; always so for a demand.
    pub start_ahead: bool,
    pub changed_at: OffsetDateTime,
    pub standing: Standing,
}

/// An upload that takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    Create,
    Replace,
}

/// Why an upload has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    Invalid,
    NotSender,
    NotPartner,
    LinkKinds,
    StartInPast,
    /// The material has a demand of this id.
    OtherId(Uuid),
    /// The id stands for other firms or another material, which it does for ever.
    OtherKey,
    Older,
}

/// Decides on an upload.
///
/// # Errors
/// The first rule that refuses it.
pub fn decide(upload: &Upload) -> Result<Accepted, Refused> {
    let rules = [
        (upload.valid, Refused::Invalid),
        (upload.by_sender, Refused::NotSender),
        (upload.to_partner, Refused::NotPartner),
        (upload.one_link_kind, Refused::LinkKinds),
        (upload.start_ahead, Refused::StartInPast),
    ];
    if let Some((_, refused)) = rules.into_iter().find(|(holds, _)| !holds) {
        return Err(refused);
    }
    match upload.standing {
        Standing::Known { same_key: false, .. } => Err(Refused::OtherKey),
        Standing::Known { changed_at, .. } if upload.changed_at >= changed_at => Ok(Accepted::Replace),
        Standing::Known { .. } => Err(Refused::Older),
        Standing::OtherId(id) => Err(Refused::OtherId(id)),
        Standing::Unknown => Ok(Accepted::Create),
    }
}

/// What becomes of a comment: (whether it is known, whether it asks to be deleted).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentDecision {
    Create,
    Replace,
    Delete,
}

/// What the rules ask of a comment.
#[derive(Clone, Copy, Debug)]
pub struct CommentUpload {
    pub valid: bool,
    /// The sender is one of the two firms that it names.
    pub by_sender: bool,
    pub to_partner: bool,
    /// What it is about was exchanged between the two.
    pub object_known: bool,
    pub delete: bool,
    pub changed_at: OffsetDateTime,
    /// When the sender's comment of this id was last changed.
    pub known: Option<OffsetDateTime>,
}

/// Why a comment has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentRefused {
    Invalid,
    NotSender,
    NotPartner,
    /// What it is about never went between the two.
    ObjectUnknown,
    Older,
    /// It asks to delete what is not there.
    NothingToDelete,
}

/// Decides on a comment.
///
/// # Errors
/// The first rule that refuses it.
pub fn decide_comment(upload: &CommentUpload) -> Result<CommentDecision, CommentRefused> {
    let rules = [
        (upload.valid, CommentRefused::Invalid),
        (upload.by_sender, CommentRefused::NotSender),
        (upload.to_partner, CommentRefused::NotPartner),
        (upload.object_known, CommentRefused::ObjectUnknown),
    ];
    if let Some((_, refused)) = rules.into_iter().find(|(holds, _)| !holds) {
        return Err(refused);
    }
    match upload.known {
        Some(_) if upload.delete => Ok(CommentDecision::Delete),
        None if upload.delete => Err(CommentRefused::NothingToDelete),
        Some(known) if upload.changed_at < known => Err(CommentRefused::Older),
        Some(_) => Ok(CommentDecision::Replace),
        None => Ok(CommentDecision::Create),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const OLD: OffsetDateTime = datetime!(2026-11-23 08:00 UTC);
    const NEW: OffsetDateTime = datetime!(2026-11-23 09:00 UTC);

    fn known(changed_at: OffsetDateTime) -> Standing {
        Standing::Known { changed_at, same_key: true }
    }

    #[test]
    fn the_first_rule_that_fits_decides_on_an_upload() {
        let other = Uuid::from_u128(7);
        let good = Upload {
            valid: true,
            by_sender: true,
            to_partner: true,
            one_link_kind: true,
            start_ahead: true,
            changed_at: NEW,
            standing: Standing::Unknown,
        };
        let bad = Upload {
            valid: false,
            by_sender: false,
            to_partner: false,
            one_link_kind: false,
            start_ahead: false,
            ..good
        };
        let cases = [
            (
                "everything is wrong",
                Upload { standing: known(NEW), changed_at: OLD, ..bad },
                Err(Refused::Invalid),
            ),
            ("and valid", Upload { valid: true, ..bad }, Err(Refused::NotSender)),
            (
                "and sent by its firm",
                Upload { valid: true, by_sender: true, ..bad },
                Err(Refused::NotPartner),
            ),
            (
                "and to a partner",
                Upload { one_link_kind: false, start_ahead: false, ..good },
                Err(Refused::LinkKinds),
            ),
            (
                "and with one kind of link",
                Upload { start_ahead: false, standing: known(OLD), ..good },
                Err(Refused::StartInPast),
            ),
            ("a known id, newer", Upload { standing: known(OLD), ..good }, Ok(Accepted::Replace)),
            ("a known id, the same moment", Upload { standing: known(NEW), ..good }, Ok(Accepted::Replace)),
            (
                "a known id, older",
                Upload { standing: known(NEW), changed_at: OLD, ..good },
                Err(Refused::Older),
            ),
            (
                "another id for the key",
                Upload { standing: Standing::OtherId(other), ..good },
                Err(Refused::OtherId(other)),
            ),
            ("an unknown id", good, Ok(Accepted::Create)),
            (
                "a known id for other firms, newer",
                Upload { standing: Standing::Known { changed_at: OLD, same_key: false }, ..good },
                Err(Refused::OtherKey),
            ),
        ];
        for (what, upload, expected) in cases {
            assert_eq!(decide(&upload), expected, "{what}");
        }
    }

    #[test]
    fn the_first_rule_that_fits_decides_on_a_comment() {
        let good = CommentUpload {
            valid: true,
            by_sender: true,
            to_partner: true,
            object_known: true,
            delete: false,
            changed_at: NEW,
            known: None,
        };
        let bad =
            CommentUpload { valid: false, by_sender: false, to_partner: false, object_known: false, ..good };
        let cases = [
            ("everything is wrong", bad, Err(CommentRefused::Invalid)),
            ("and valid", CommentUpload { valid: true, ..bad }, Err(CommentRefused::NotSender)),
            (
                "and by one of both",
                CommentUpload { valid: true, by_sender: true, ..bad },
                Err(CommentRefused::NotPartner),
            ),
            (
                "about nothing exchanged",
                CommentUpload { object_known: false, ..good },
                Err(CommentRefused::ObjectUnknown),
            ),
            (
                "known, delete, though older",
                CommentUpload { known: Some(NEW), changed_at: OLD, delete: true, ..good },
                Ok(CommentDecision::Delete),
            ),
            ("known, newer", CommentUpload { known: Some(OLD), ..good }, Ok(CommentDecision::Replace)),
            (
                "known, the same moment",
                CommentUpload { known: Some(NEW), ..good },
                Ok(CommentDecision::Replace),
            ),
            ("unknown", good, Ok(CommentDecision::Create)),
            (
                "known, older",
                CommentUpload { known: Some(NEW), changed_at: OLD, ..good },
                Err(CommentRefused::Older),
            ),
            ("unknown, delete", CommentUpload { delete: true, ..good }, Err(CommentRefused::NothingToDelete)),
        ];
        for (what, upload, expected) in cases {
            assert_eq!(decide_comment(&upload), expected, "{what}");
        }
    }
}
