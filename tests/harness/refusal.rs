//! What a status says to programs.

use std::{collections::BTreeMap, fmt::Debug};

use tonic::Status;
use tonic_types::StatusExt as _;

/// The reason of a refusal, such as `ORDER_EXISTS`; the whole status where there is none.
pub fn reason(status: &Status) -> String {
    status.get_details_error_info().map_or_else(|| format!("{status:?}"), |info| info.reason)
}

/// Facts that help to go on.
pub fn metadata(status: &Status) -> BTreeMap<String, String> {
    let info = status.get_details_error_info();
    info.map(|info| info.metadata.into_iter().collect()).unwrap_or_default()
}

/// Every bad field with its reason, in the order of the answer.
pub fn fields(status: &Status) -> Vec<(String, String)> {
    let bad = status.get_details_bad_request();
    let violations = bad.map(|bad| bad.field_violations).unwrap_or_default();
    violations.into_iter().map(|violation| (violation.field, violation.reason)).collect()
}

/// Asserts that a call was refused for this reason with the code that goes with it; answers the status.
#[track_caller]
pub fn refused<T: Debug>(result: Result<T, Status>, expected: chassis::Reason) -> Status {
    let status = match result {
        Ok(answer) => panic!("{} was expected, and it answered {answer:?}", expected.as_str()),
        Err(status) => status,
    };
    assert_eq!(reason(&status), expected.as_str(), "{status:?}");
    assert_eq!(status.code(), expected.code());
    let details = status.get_error_details();
    let languages = details.localized_message().map(|message| message.locale.clone());
    assert!(languages.is_some(), "a person can read it: {status:?}");
    status
}

/// Asserts INVALID_ARGUMENT naming exactly these fields with these reasons.
#[track_caller]
pub fn bad_fields<T: Debug>(result: Result<T, Status>, expected: &[(&str, &str)]) {
    let status = refused(result, chassis::Reason::INVALID_FIELDS);
    let found = fields(&status);
    let found: Vec<(&str, &str)> = found.iter().map(|(path, reason)| (&**path, &**reason)).collect();
    assert_eq!(found, expected);
}

/// Everything of a status that a caller can see, to compare two of them byte for byte.
pub fn visible(status: &Status) -> (tonic::Code, String, Vec<u8>) {
    (status.code(), status.message().into(), status.details().to_vec())
}
