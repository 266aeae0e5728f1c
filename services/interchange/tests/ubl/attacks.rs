//! Documents made to harm: each is refused with the reason, line and column that belong to it, quickly, and never
//! expanded. The rows G01 to G33 of the catalogue of attacks, and what lies beside them.

use std::time::{Duration, Instant};

use chassis::Error;
use interchange::ubl;
use tonic::Code;

use crate::support::{minimal, with};

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// The refusal of a document, which takes less than a second.
fn refusal(id: &str, document: &[u8]) -> Error {
    let started = Instant::now();
    let result = ubl::import(document, "default");
    assert!(started.elapsed() < Duration::from_secs(1), "{id} took {:?}", started.elapsed());
    let error = result.err().unwrap_or_else(|| panic!("{id} was imported"));
    assert_eq!(error.reason.code(), Code::InvalidArgument, "{id}");
    error
}

/// A refused document, the reason, and a passage of the sentence that says why.
type Row = (&'static str, Vec<u8>, &'static str, &'static str);

/// Rows that are refused as a whole, at one place.
fn unreadable() -> Vec<Row> {
    let doctype = |text: &str| with(DECLARATION, &format!("{DECLARATION}{text}\n")).into_bytes();
    let billion: String = (1..10).map(|n| format!("<!ENTITY l{n} \"&l{};&l{};\">", n - 1, n - 1)).collect();
    let quadratic = format!("<!DOCTYPE Order [<!ENTITY a \"{}\">]>", "a".repeat(50_000));
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(minimal().encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let gb18030: Vec<u8> = minimal().replace("Please", "\u{1}").into_bytes().into_iter()
        .flat_map(|byte| if byte == 1 { vec![0xc7, 0xeb] } else { vec![byte] }).collect();
    let siblings = with("</Order>", &format!("{}</Order>", "<cbc:Note/>".repeat(1_000_000)));
    let attributes: String = (0..1_000_000).map(|n| format!(" a{n}=\"\"")).collect();
    let nested = format!("{}{}", "<cac:X>".repeat(100_000), "</cac:X>".repeat(100_000));
    vec![
        ("G01", doctype("<!DOCTYPE Order>"), "XML_DOCTYPE", "line 2, column 1"),
        ("G01 odd case", doctype("<!DocType Order>"), "XML_DOCTYPE", "line 2, column 1"),
        ("G01 space", doctype("<! DOCTYPE Order>"), "XML_DOCTYPE", "line 2, column 1"),
        ("G01 inside", with("<cbc:UBLVersionID>", "<!DOCTYPE x><cbc:UBLVersionID>").into_bytes(), "XML_DOCTYPE", "line 5, column 3"),
        ("G01 behind a comment", doctype("<!-- <!-- --><!DOCTYPE Order>"), "XML_DOCTYPE", "line 2, column 14"),
        ("G02", doctype("<!DOCTYPE Order [<!ENTITY a \"b\">]>"), "XML_DOCTYPE", "refused"),
        ("G02 undeclared", with("Please", "&company;").into_bytes(), "XML_MALFORMED", "&company;"),
        ("G02 in an attribute", with("unitCode=\"H87\"", "unitCode=\"&unit;\"").into_bytes(), "XML_MALFORMED", "line 29"),
        ("G03", doctype(&format!("<!DOCTYPE Order [<!ENTITY l0 \"lol\">{billion}]>")), "XML_DOCTYPE", "refused"),
        ("G04", doctype(&quadratic), "XML_DOCTYPE", "refused"),
        ("G05", doctype("<!DOCTYPE Order [<!ENTITY f SYSTEM \"file:///etc/passwd\">]>"), "XML_DOCTYPE", "refused"),
        ("G06", doctype("<!DOCTYPE Order [<!ENTITY f SYSTEM \"http://127.0.0.1:1/\">]>"), "XML_DOCTYPE", "refused"),
        ("G07", doctype("<!DOCTYPE Order [<!ENTITY % p SYSTEM \"file:///etc/passwd\"> %p;]>"), "XML_DOCTYPE", "refused"),
        ("G08", doctype("<!DOCTYPE Order [<!ENTITY % p SYSTEM \"http://127.0.0.1:1/\"> %p;]>"), "XML_DOCTYPE", "refused"),
        ("G09", with("Please", "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"file:///etc/passwd\"/>").into_bytes(), "DOCUMENT_UNSUPPORTED", "inclusions are not followed"),
        ("G10", utf16, "DOCUMENT_UNSUPPORTED", "UTF-16"),
        ("G10 without a mark", minimal().encode_utf16().flat_map(u16::to_be_bytes).collect(), "DOCUMENT_UNSUPPORTED", "UTF-16"),
        ("G11", with("UTF-8", "UTF-7").into_bytes(), "DOCUMENT_UNSUPPORTED", "UTF-7"),
        ("G11 undeclared", b"+ADw-Order/+AD4-".to_vec(), "DOCUMENT_UNSUPPORTED", "UTF-7"),
        ("G12", vec![0x4c, 0x6f, 0xa7, 0x94, 0x93, 0x40], "DOCUMENT_UNSUPPORTED", "EBCDIC"),
        ("G13", gb18030, "XML_MALFORMED", "line 8, column 13"),
        ("G13 declared", with("UTF-8", "GB18030").into_bytes(), "DOCUMENT_UNSUPPORTED", "GB18030"),
        ("G14", with("<cbc:UBLVersionID>", &format!("{nested}<cbc:UBLVersionID>")).into_bytes(), "XML_TOO_COMPLEX", "64 deep"),
        ("G15", with("<cbc:UBLVersionID>", &format!("<cbc:UBLVersionID{attributes}>")).into_bytes(), "XML_TOO_COMPLEX", "line 5, column 3"),
        ("G16", with("unitCode=\"H87\"", &format!("unitCode=\"{}\"", "A".repeat(10_000_000))).into_bytes(), "XML_TOO_COMPLEX", "attribute of more than"),
        ("G17", siblings.into_bytes(), "XML_TOO_COMPLEX", "300000 elements"),
        ("G19", with("xsd:Order-2", "xsd:Order-3").into_bytes(), "DOCUMENT_UNSUPPORTED", "Order-3"),
        ("G19 another document", minimal().replace("Order-2", "Invoice-2").replace("Order ", "Invoice ").replace("/Order>", "/Invoice>").into_bytes(), "DOCUMENT_UNSUPPORTED", "Invoice"),
        ("G20", with("<cbc:UBLVersionID>", "<cbc:UBLVersionID xmlns:cbc=\"urn:example:other\">").into_bytes(), "XML_MALFORMED", "prefix cbc already means"),
        ("G21", with(">100<", ">1<![CDATA[0]]>0<").into_bytes(), "XML_MALFORMED", "split by a CDATA section"),
        ("G22", with(">100<", ">1<!-- -->00<").into_bytes(), "XML_MALFORMED", "split by a comment"),
        ("G23", minimal().replace("</Order>", "").into_bytes(), "XML_MALFORMED", "Order is not closed"),
        ("G23 in between", with("</cbc:Note>", "").into_bytes(), "XML_MALFORMED", "cbc:Note"),
        ("G24", format!("{}trailing", minimal()).into_bytes(), "XML_MALFORMED", "outside of the document element"),
        ("G24 second element", format!("{}<Order/>", minimal()).into_bytes(), "XML_MALFORMED", "only one document element"),
        ("G25", with("Please", "Ple\0ase").into_bytes(), "XML_MALFORMED", "line 8, column 16"),
        ("G25 by reference", with("Please", "&#0;").into_bytes(), "XML_MALFORMED", "line 8"),
        ("G26", with(DECLARATION, &format!("{DECLARATION}<?xml-stylesheet href=\"http://127.0.0.1:1/a.xsl\"?>\n")).into_bytes(), "DOCUMENT_UNSUPPORTED", "stylesheets"),
        ("G28", [b"PK\x03\x04", [0; 60].as_slice()].concat(), "DOCUMENT_UNSUPPORTED", "zip archive"),
        ("G28 gzip", vec![0x1f, 0x8b, 8, 0], "DOCUMENT_UNSUPPORTED", "compressed"),
        ("empty", Vec::new(), "XML_MALFORMED", "empty"),
        ("too large", vec![b' '; ubl::MAX_BYTES + 1], "XML_TOO_COMPLEX", "at most"),
        ("no element", b"<?xml version=\"1.0\"?>\n<!-- -->".to_vec(), "XML_MALFORMED", "no element"),
        ("repeated attribute", with("unitCode=\"H87\"", "unitCode=\"H87\" unitCode=\"KGM\"").into_bytes(), "XML_MALFORMED", "line 29"),
        ("undeclared prefix", with("<cbc:Note>", "<x:Note>").replace("Friday</cbc:Note>", "Friday</x:Note>").into_bytes(), "XML_MALFORMED", "prefix x is not declared"),
        ("angle bracket in an attribute", with("\"H87\"", "\"<\"").into_bytes(), "XML_MALFORMED", "&lt;"),
        ("dangling ampersand", with("Please", "R & D").into_bytes(), "XML_MALFORMED", "line 8"),
        ("wrong end", with("</cbc:Note>", "</cbc:Notes>").into_bytes(), "XML_MALFORMED", "cbc:Notes"),
        ("late declaration", format!("\n{}", minimal()).into_bytes(), "XML_MALFORMED", "very beginning"),
        ("xml 1.1", with("version=\"1.0\"", "version=\"1.1\"").into_bytes(), "XML_MALFORMED", "1.0"),
        ("a value of a megabyte", with("Please", &"x".repeat(1_000_000)).into_bytes(), "XML_TOO_COMPLEX", "value of more than"),
    ]
}

#[test]
fn what_cannot_be_read_is_refused_at_its_place() {
    for (id, document, reason, says) in unreadable() {
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
    let second_line = "</cac:OrderLine><cac:OrderLine><cac:LineItem><cbc:ID>10</cbc:ID><cac:Item/></cac:LineItem></cac:OrderLine>";
    let wrapped = "<ext:UBLExtensions xmlns:ext=\"urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2\">\
        <ext:UBLExtension><ext:ExtensionContent><Order/></ext:ExtensionContent></ext:UBLExtension></ext:UBLExtensions><cbc:UBLVersionID>";
    let item = "/Order/cac:OrderLine/cac:LineItem";
    let peppol = |document: String| {
        document.replace("<cbc:ID>PO", "<cbc:CustomizationID>urn:fdc:peppol.eu:poacc:trns:order:3</cbc:CustomizationID><cbc:ID>PO")
    };
    let rows = [
        ("G18", with("</cac:OrderLine>", second_line), "DUPLICATE", "/Order/cac:OrderLine[2]/cac:LineItem/cbc:ID".to_string()),
        ("G27", with("<cbc:UBLVersionID>", wrapped), "NESTED_DOCUMENT", "/Order/ext:UBLExtensions/ext:UBLExtension/ext:ExtensionContent/Order".into()),
        ("G27 beside", with("<cbc:UBLVersionID>", "<Order/><cbc:UBLVersionID>"), "NESTED_DOCUMENT", "/Order/Order".into()),
        ("G29", with("CNY\">12.50", "CNY\">-12.50"), "NEGATIVE", format!("{item}/cac:Price/cbc:PriceAmount")),
        ("G29 quantity", with(">100<", ">-1<"), "NEGATIVE", format!("{item}/cbc:Quantity")),
        ("G30", with("CNY\">12.50", "CNY\">NaN"), "DECIMAL", format!("{item}/cac:Price/cbc:PriceAmount")),
        ("G30 quantity", with(">100<", ">NaN<"), "DECIMAL", format!("{item}/cbc:Quantity")),
        ("G31", with("CNY\">12.50", "CNY\">1e999"), "DECIMAL", format!("{item}/cac:Price/cbc:PriceAmount")),
        ("G31 digits", with("CNY\">12.50", &format!("CNY\">{}", "9".repeat(40))), "DECIMAL", format!("{item}/cac:Price/cbc:PriceAmount")),
        ("G32", with("CNY\">12.50", "EUR\">12.50"), "CURRENCY_DIFFERS", format!("{item}/cac:Price/cbc:PriceAmount")),
        ("G32 amount", peppol(with("CNY\">1250.00</cbc:LineE", "EUR\">1250.00</cbc:LineE")), "CURRENCY_DIFFERS", "/Order/cac:AnticipatedMonetaryTotal/cbc:LineExtensionAmount".into()),
        ("G33", peppol(with("CNY\">1250.00</cbc:LineE", "CNY\">1250.01</cbc:LineE")), "TOTALS_DIFFER", "/Order/cac:AnticipatedMonetaryTotal/cbc:LineExtensionAmount".into()),
        ("empty quantity", with(">100<", "><"), "DECIMAL", format!("{item}/cbc:Quantity")),
        ("no number", with("<cbc:ID>PO-7001</cbc:ID>", ""), "REQUIRED", "/Order".into()),
        ("no line number", with("<cbc:ID>10</cbc:ID>", ""), "REQUIRED", item.into()),
        ("no such day", with("2026-03-02", "2026-02-30"), "DATE", "/Order/cbc:IssueDate".into()),
        ("end before start", with("<cbc:EndDate>2026-04-03", "<cbc:EndDate>2026-03-03"), "RANGE", "/Order/cac:Delivery/cac:RequestedDeliveryPeriod/cbc:EndDate".into()),
        ("two numbers", with("</cbc:ID>", "</cbc:ID><cbc:ID>PO-7002</cbc:ID>"), "REPEATED", "/Order/cbc:ID[2]".into()),
        ("no namespace for leaves", with("<cbc:UBLVersionID>2.1</cbc:UBLVersionID>", "<UBLVersionID>2.1</UBLVersionID>"), "UNKNOWN_ELEMENT", "/Order/UBLVersionID".into()),
        ("foreign element", with("<cbc:UBLVersionID>", "<x xmlns=\"urn:example\"/><cbc:UBLVersionID>"), "UNKNOWN_ELEMENT", "/Order/{urn:example}x".into()),
        ("text in an aggregate", with("<cac:Price>", "<cac:Price>free "), "TEXT_NOT_ALLOWED", format!("{item}/cac:Price")),
        ("element in a leaf", with("Please", "<cbc:Name/>"), "VALUE_EXPECTED", "/Order/cbc:Note".into()),
    ];
    for (id, document, reason, path) in rows {
        let error = refusal(id, document.as_bytes());
        let found = error.fields.iter().find(|field| field.path == path && field.reason == reason);
        let field = found.unwrap_or_else(|| panic!("{id}: {reason} at {path}, not {:?}", error.fields));
        assert!(field.message.starts_with("line "), "{id}: {}", field.message);
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
    assert!(error.fields.iter().any(|field| field.message.starts_with("line 29, column 5: ")), "{:?}", error.fields);
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
        ("a comment about document types", with("<cbc:UBLVersionID>", "<!-- <!DOCTYPE x> --><cbc:UBLVersionID>")),
        ("a document type as text", with("Please", "<![CDATA[<!DOCTYPE x> ]]>").replace(" confirm by Friday", "")),
        ("an instruction of a tool", with("<cbc:UBLVersionID>", "<?tool keep?><cbc:UBLVersionID>")),
        ("a prefix declared again", with("<cbc:UBLVersionID>", "<cbc:UBLVersionID xmlns:cbc=\"urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2\">")),
        ("a comment beside a value", with(">100<", ">100<!-- pieces --><")),
        ("a byte order mark", format!("\u{feff}{}", minimal())),
        ("no declaration", minimal().replace(DECLARATION, "")),
        ("a file in the document", with("<cac:BuyerCustomerParty>", &format!("<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID><cac:Attachment><cbc:EmbeddedDocumentBinaryObject>{}</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference><cac:BuyerCustomerParty>", "QUJD".repeat(300_000)))),
        ("markup in a note", with("Please", "&lt;script&gt;alert(1)&lt;/script&gt; {{x}} ' or 1=1 -- ${jndi:a}")),
    ] {
        let imported = crate::support::import(document.as_bytes());
        let (lost, gained) = crate::support::differences(document.as_bytes(), &crate::support::export(&imported));
        assert!(lost.is_empty() && gained.is_empty(), "{id}: {lost:?} {gained:?}");
    }
}
