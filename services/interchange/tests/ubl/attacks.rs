//! Documents made to harm are refused with the reason, line and column that belong to them, quickly, and never
//! expanded; what only looks like harm is taken.

use std::time::{Duration, Instant};

use chassis::Error;
use interchange::ubl;
use tonic::Code;

use crate::{
    hostile::{self, DECLARATION, NoOrder, Unreadable},
    support::{minimal, with},
};

/// The refusal of a document, which takes less than a second.
fn refusal(id: &str, document: &[u8]) -> Error {
    let started = Instant::now();
    let result = ubl::import(document, "default");
    // Unoptimised builds on a busy machine are granted more.
    let granted = Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 1 });
    assert!(started.elapsed() < granted, "{id} took {:?}", started.elapsed());
    let error = result.err().unwrap_or_else(|| panic!("{id} was imported"));
    assert_eq!(error.reason.code(), Code::InvalidArgument, "{id}");
    error
}

#[test]
fn what_cannot_be_read_is_refused_at_its_place() {
    let rows = [hostile::declarations(), hostile::foreign(), hostile::excessive(), hostile::malformed()];
    for Unreadable(id, document, reason, says) in rows.into_iter().flatten() {
        let error = refusal(id, &document);
        assert_eq!(error.reason.as_str(), reason, "{id}: {error}");
        let sentence = error.to_string();
        assert!(sentence.starts_with("line ") && sentence.contains(", column "), "{id}: {sentence}");
        assert!(sentence.contains(says), "{id}: {sentence}");
        assert!(sentence.len() < 400, "{id}: {sentence}");
    }
}

#[test]
fn what_makes_no_order_is_refused_by_path() {
    for NoOrder(id, document, reason, path) in hostile::no_orders().into_iter().chain(hostile::breaches()) {
        let error = refusal(id, document.as_bytes());
        let found = error.fields.iter().find(|field| field.path == path && field.reason == reason);
        let field = found.unwrap_or_else(|| panic!("{id}: {reason} at {path}, not {:?}", error.fields));
        assert!(field.message.starts_with("line "), "{id}: {}", field.message);
    }
}

#[test]
fn every_row_of_the_catalogue_is_tried() {
    let unreadable =
        [hostile::declarations(), hostile::foreign(), hostile::excessive(), hostile::malformed()];
    let mut tried: Vec<&str> = unreadable.iter().flatten().map(|row| row.0).collect();
    let no_orders = [hostile::no_orders(), hostile::breaches()];
    tried.extend(no_orders.iter().flatten().map(|row| row.0));
    for number in 1..=33 {
        assert!(tried.contains(&&*format!("G{number:02}")), "G{number:02}");
    }
}

#[test]
fn every_problem_is_named_at_once_with_its_place() {
    let document = with("2026-03-02", "yesterday")
        .replace(">100<", ">many<")
        .replace("CNY\">12.50", "CNY\">-1")
        .replace("<cbc:ID>10</cbc:ID>", "");
    let error = refusal("four", document.as_bytes());
    let mut found: Vec<_> = error.fields.iter().map(|field| (field.path.as_str(), field.reason)).collect();
    found.sort();
    let item = "/Order/cac:OrderLine/cac:LineItem";
    assert_eq!(
        found,
        [
            (item, "REQUIRED"),
            (&*format!("{item}/cac:Price/cbc:PriceAmount"), "NEGATIVE"),
            (&*format!("{item}/cbc:Quantity"), "DECIMAL"),
            ("/Order/cbc:IssueDate", "DATE"),
        ]
    );
    assert!(
        error.fields.iter().any(|field| field.message.starts_with("line 26, column 5: ")),
        "{:?}",
        error.fields
    );
}

#[test]
fn an_answer_stays_small_however_many_problems_there_are() {
    let line = "<cac:OrderLine><cac:LineItem><cbc:ID>x</cbc:ID><cbc:Quantity>NaN</cbc:Quantity><cac:Item/></cac:LineItem></cac:OrderLine>";
    let error = refusal("many", with("</Order>", &format!("{}</Order>", line.repeat(9_000))).as_bytes());
    let bytes: usize = error.fields.iter().map(|field| field.path.len() + field.message.len()).sum();
    assert!(bytes < 8_000 && error.fields.len() > 20, "{} fields, {bytes} bytes", error.fields.len());
    assert!(error.to_string().starts_with("17999 problems in the document; the first "), "{error}");
}

#[test]
fn what_only_looks_like_an_attack_is_taken() {
    for (id, document) in [
        (
            "a comment about document types",
            with("<cbc:UBLVersionID>", "<!-- <!DOCTYPE x> --><cbc:UBLVersionID>"),
        ),
        (
            "a document type as text",
            with("Please", "<![CDATA[<!DOCTYPE x> ]]>").replace(" confirm by Friday", ""),
        ),
        ("an instruction of a tool", with("<cbc:UBLVersionID>", "<?tool keep?><cbc:UBLVersionID>")),
        (
            "a prefix declared again",
            with(
                "<cbc:UBLVersionID>",
                "<cbc:UBLVersionID xmlns:cbc=\"urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2\">",
            ),
        ),
        ("a comment beside a value", with(">100<", ">100<!-- pieces --><")),
        ("a byte order mark", format!("\u{feff}{}", minimal())),
        ("no declaration", minimal().replace(DECLARATION, "")),
        (
            "a file in the document",
            with(
                "<cac:BuyerCustomerParty>",
                &format!(
                    "<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID><cac:Attachment><cbc:EmbeddedDocumentBinaryObject>{}</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference><cac:BuyerCustomerParty>",
                    "QUJD".repeat(300_000)
                ),
            ),
        ),
        (
            "markup in a note",
            with("Please", "&lt;script&gt;alert(1)&lt;/script&gt; {{x}} ' or 1=1 -- ${jndi:a}"),
        ),
    ] {
        let imported = crate::support::import(document.as_bytes());
        let (lost, gained) =
            crate::support::differences(document.as_bytes(), &crate::support::export(&imported));
        assert!(lost.is_empty() && gained.is_empty(), "{id}: {lost:?} {gained:?}");
    }
}

/// Every byte of a document in turn is dropped and replaced: nothing panics, and whatever is still taken comes out
/// with the content that it has.
#[test]
fn no_wrong_byte_is_fatal_or_lost() {
    let document = minimal().into_bytes();
    let (mut taken, mut refused) = (0, 0);
    for at in 0..document.len() {
        for replacement in [&b""[..], b"<", b"&", b"\"", b"\0", b" ", b"\xff", b"<!-- -->", b"-"] {
            let broken = [&document[..at], replacement, &document[at + 1..]].concat();
            match ubl::import(&broken, "default") {
                Ok(imported) => {
                    taken += 1;
                    let (lost, gained) =
                        crate::support::differences(&broken, &crate::support::export(&imported));
                    assert!(
                        lost.is_empty() && gained.is_empty(),
                        "byte {at}, {replacement:?}: {lost:?} {gained:?}"
                    );
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(taken > 1_000 && refused > 1_000, "{taken} taken, {refused} refused");
}
