//! Documents made to harm, each with what has to be answered: the rows G01 to G33 of the catalogue of attacks, and
//! what lies beside them.

use crate::support::{minimal, with};

/// What every document here begins with.
pub const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// A document that is refused as a whole: its name, its bytes, the reason, and a passage of the sentence.
pub struct Unreadable(pub &'static str, pub Vec<u8>, pub &'static str, pub &'static str);

/// A document that makes no order: its name, itself, the reason, and the path of what is wrong.
pub struct NoOrder(pub &'static str, pub String, pub &'static str, pub String);

fn doctype(text: &str) -> Vec<u8> {
    with(DECLARATION, &format!("{DECLARATION}{text}\n")).into_bytes()
}

fn changed(from: &str, to: &str) -> Vec<u8> {
    with(from, to).into_bytes()
}

/// Document types and entities, wherever and however they are written.
pub fn declarations() -> Vec<Unreadable> {
    let billion: String = (1..10).map(|n| format!("<!ENTITY l{n} \"&l{};&l{};\">", n - 1, n - 1)).collect();
    let billion = format!("<!DOCTYPE Order [<!ENTITY l0 \"lol\">{billion}]>");
    let quadratic = format!("<!DOCTYPE Order [<!ENTITY a \"{}\">]>", "a".repeat(50_000));
    let entity = |what: &str| doctype(&format!("<!DOCTYPE Order [<!ENTITY {what}>]>"));
    let inside = changed("<cbc:UBLVersionID>", "<!DOCTYPE x><cbc:UBLVersionID>");
    let doctype_reason = "XML_DOCTYPE";
    vec![
        Unreadable("G01", doctype("<!DOCTYPE Order>"), doctype_reason, "line 2, column 1"),
        Unreadable("G01 odd case", doctype("<!DocType Order>"), doctype_reason, "line 2, column 1"),
        Unreadable("G01 space", doctype("<! DOCTYPE Order>"), doctype_reason, "line 2, column 1"),
        Unreadable("G01 inside", inside, doctype_reason, "line 5, column 3"),
        Unreadable("G01 hidden", doctype("<!-- <!-- --><!DOCTYPE x>"), doctype_reason, "line 2, column 14"),
        Unreadable("G02", entity("a \"b\""), doctype_reason, "refused"),
        Unreadable("G02 undeclared", changed("Please", "&company;"), "XML_MALFORMED", "&company;"),
        Unreadable("G02 attribute", changed("\"H87\"", "\"&unit;\""), "XML_MALFORMED", "line 26"),
        Unreadable("G03", doctype(&billion), doctype_reason, "refused"),
        Unreadable("G04", doctype(&quadratic), doctype_reason, "refused"),
        Unreadable("G05", entity("f SYSTEM \"file:///etc/passwd\""), doctype_reason, "refused"),
        Unreadable("G06", entity("f SYSTEM \"http://127.0.0.1:1/\""), doctype_reason, "refused"),
        Unreadable("G07", entity("% p SYSTEM \"file:///etc/passwd\""), doctype_reason, "refused"),
        Unreadable("G08", entity("% p SYSTEM \"http://127.0.0.1:1/\""), doctype_reason, "refused"),
    ]
}

/// Bytes that are no UTF-8 XML, and instructions to fetch something.
pub fn foreign() -> Vec<Unreadable> {
    let utf16_le = minimal().encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let utf16_be = minimal().encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    // 请 in GB 18030
    let (before, after) =
        minimal().split_once("Please").map(|(a, b)| (a.to_string(), b.to_string())).unwrap_or_default();
    let gb18030 = [before.as_bytes(), &[0xc7, 0xeb], after.as_bytes()].concat();
    let xinclude = "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"file:///etc/passwd\"/>";
    let stylesheet = format!("{DECLARATION}<?xml-stylesheet href=\"http://127.0.0.1:1/a.xsl\"?>\n");
    let invoice = minimal().replace("Order-2", "Invoice-2").replace("Order ", "Invoice ");
    let invoice = invoice.replace("/Order>", "/Invoice>").into_bytes();
    let unsupported = "DOCUMENT_UNSUPPORTED";
    vec![
        Unreadable("G09", changed("Please", xinclude), unsupported, "inclusions are not followed"),
        Unreadable("G10", [&[0xff, 0xfe], utf16_le.as_slice()].concat(), unsupported, "UTF-16"),
        Unreadable("G10 no mark", utf16_be, unsupported, "UTF-16"),
        Unreadable("G11", changed("UTF-8", "UTF-7"), unsupported, "UTF-7"),
        Unreadable("G11 undeclared", b"+ADw-Order/+AD4-".to_vec(), unsupported, "UTF-7"),
        Unreadable("G12", vec![0x4c, 0x6f, 0xa7, 0x94, 0x93, 0x40], unsupported, "EBCDIC"),
        Unreadable("G13", gb18030, "XML_MALFORMED", "line 8, column 13"),
        Unreadable("G13 declared", changed("UTF-8", "GB18030"), unsupported, "GB18030"),
        Unreadable("G19", changed("xsd:Order-2", "xsd:Order-3"), unsupported, "Order-3"),
        Unreadable("G19 another document", invoice, unsupported, "Invoice"),
        Unreadable("G26", changed(DECLARATION, &stylesheet), unsupported, "stylesheets"),
        Unreadable("G28", [b"PK\x03\x04", [0; 60].as_slice()].concat(), unsupported, "zip archive"),
        Unreadable("G28 gzip", vec![0x1f, 0x8b, 8, 0], unsupported, "compressed"),
    ]
}

/// Beyond the limits of size, depth or count.
pub fn excessive() -> Vec<Unreadable> {
    let attributes: String = (0..1_000_000).map(|n| format!(" a{n}=\"\"")).collect();
    let attributes = format!("<cbc:UBLVersionID{attributes}>");
    let nested = format!("{}{}", "<cac:X>".repeat(100_000), "</cac:X>".repeat(100_000));
    let nested = format!("{nested}<cbc:UBLVersionID>");
    let siblings = format!("{}</Order>", "<cbc:Note/>".repeat(1_000_000));
    let long = format!("\"{}\"", "A".repeat(10_000_000));
    let prefixes: String = (0..60).map(|n| format!(" xmlns:p{n}=\"urn:{n}\"")).collect();
    let prefixes = format!("<cac:X{prefixes}><cac:X{}/></cac:X><cbc:Note>", prefixes.replace(":p", ":q"));
    let complex = "XML_TOO_COMPLEX";
    vec![
        Unreadable("G14", changed("<cbc:UBLVersionID>", &nested), complex, "64 deep"),
        Unreadable("G15", changed("<cbc:UBLVersionID>", &attributes), complex, "line 5, column 3"),
        Unreadable("G16", changed("\"H87\"", &long), complex, "attribute of more than"),
        Unreadable("G17", changed("</Order>", &siblings), complex, "300000 elements"),
        Unreadable("too large", vec![b' '; interchange::ubl::MAX_BYTES + 1], complex, "at most"),
        Unreadable(
            "a value of a megabyte",
            changed("Please", &"x".repeat(1_000_000)),
            complex,
            "value of more than",
        ),
        Unreadable("many namespaces", changed("<cbc:Note>", &prefixes), complex, "namespace declarations"),
        Unreadable(
            "a long name",
            changed("<cbc:Note>", &format!("<cbc:{}>", "N".repeat(300))),
            complex,
            "name of more",
        ),
    ]
}

/// Not well-formed, or written so that programs read it differently.
pub fn malformed() -> Vec<Unreadable> {
    let rebound = "<cbc:UBLVersionID xmlns:cbc=\"urn:example:other\">";
    let undeclared =
        with("<cbc:Note>", "<x:Note>").replace("Friday</cbc:Note>", "Friday</x:Note>").into_bytes();
    let second = format!("{}<Order/>", minimal()).into_bytes();
    let row = |name, document, says| Unreadable(name, document, "XML_MALFORMED", says);
    vec![
        row("G20", changed("<cbc:UBLVersionID>", rebound), "prefix cbc already means"),
        row("G21", changed(">100<", ">1<![CDATA[0]]>0<"), "split by a CDATA section"),
        row("G21 two", changed(">100<", "><![CDATA[1]]><![CDATA[00]]><"), "split by a CDATA section"),
        row("G22", changed(">100<", ">1<!-- -->00<"), "split by a comment"),
        row("G22 instruction", changed(">100<", ">1<?x?>00<"), "split by a comment"),
        row("G23", minimal().replace("</Order>", "").into_bytes(), "Order is not closed"),
        row("G23 in between", changed("</cbc:Note>", ""), "cbc:Note"),
        row("G23 tag", changed("</Order>", "</Order"), "line "),
        row("G24", format!("{}trailing", minimal()).into_bytes(), "outside of the document element"),
        row("G24 second element", second, "only one document element"),
        row("G25", changed("Please", "Ple\0ase"), "line 8, column 16"),
        row("G25 by reference", changed("Please", "&#0;"), "line 8"),
        row("G25 other control", changed("Please", "&#x8;"), "line 8"),
        row("empty", Vec::new(), "empty"),
        row("no element", b"<?xml version=\"1.0\"?>\n<!-- -->".to_vec(), "no element"),
        row("repeated attribute", changed("\"H87\"", "\"H87\" unitCode=\"KGM\""), "line 26"),
        row("undeclared prefix", undeclared, "prefix x is not declared"),
        row("angle bracket in an attribute", changed("\"H87\"", "\"<\""), "&lt;"),
        row("dangling ampersand", changed("Please", "R & D"), "line 8"),
        row("wrong end", changed("</cbc:Note>", "</cbc:Notes>"), "cbc:Notes"),
        row("two hyphens in a comment", changed("<cbc:Note>", "<!-- a -- b --><cbc:Note>"), "line "),
        row("late declaration", format!("\n{}", minimal()).into_bytes(), "very beginning"),
        row("xml 1.1", changed("version=\"1.0\"", "version=\"1.1\""), "1.0"),
        row("two colons", changed("<cbc:Note>", "<cbc:a:Note>"), "no xml name"),
    ]
}

const ITEM: &str = "/Order/cac:OrderLine/cac:LineItem";

/// Values and structures that make no order.
pub fn no_orders() -> Vec<NoOrder> {
    let second = "</cac:OrderLine><cac:OrderLine><cac:LineItem><cbc:ID>10</cbc:ID><cac:Item/></cac:LineItem></cac:OrderLine>";
    let hidden = "<ext:UBLExtensions xmlns:ext=\"urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2\">\
                  <ext:UBLExtension><ext:ExtensionContent><Order/></ext:ExtensionContent></ext:UBLExtension>\
                  </ext:UBLExtensions><cbc:UBLVersionID>";
    let extension = "/Order/ext:UBLExtensions/ext:UBLExtension/ext:ExtensionContent/Order";
    let version = "<cbc:UBLVersionID>";
    let price = format!("{ITEM}/cac:Price/cbc:PriceAmount");
    let quantity = format!("{ITEM}/cbc:Quantity");
    let row =
        |name, from, to: &str, reason, path: &str| NoOrder(name, with(from, to), reason, path.to_string());
    vec![
        row("G18", "</cac:OrderLine>", second, "DUPLICATE", "/Order/cac:OrderLine[2]/cac:LineItem/cbc:ID"),
        row("G27", version, hidden, "NESTED_DOCUMENT", extension),
        row("G27 beside", version, "<Order/><cbc:UBLVersionID>", "NESTED_DOCUMENT", "/Order/Order"),
        row("G29", "CNY\">12.50", "CNY\">-12.50", "NEGATIVE", &price),
        row("G29 quantity", ">100<", ">-1<", "NEGATIVE", &quantity),
        row("G30", "CNY\">12.50", "CNY\">NaN", "DECIMAL", &price),
        row("G30 quantity", ">100<", ">NaN<", "DECIMAL", &quantity),
        row("G31", "CNY\">12.50", "CNY\">1e999", "DECIMAL", &price),
        row("G31 digits", "CNY\">12.50", &format!("CNY\">{}", "9".repeat(40)), "DECIMAL", &price),
        row("G32", "CNY\">12.50", "EUR\">12.50", "CURRENCY_DIFFERS", &price),
        row("empty quantity", ">100<", "><", "DECIMAL", &quantity),
        row("no number", "<cbc:ID>PO-7001</cbc:ID>", "", "REQUIRED", "/Order"),
        row("no line number", "<cbc:ID>10</cbc:ID>", "", "REQUIRED", ITEM),
        row("no such day", "2026-03-02", "2026-02-30", "DATE", "/Order/cbc:IssueDate"),
        row("two numbers", "</cbc:ID>", "</cbc:ID><cbc:ID>PO-7002</cbc:ID>", "REPEATED", "/Order/cbc:ID[2]"),
        row(
            "no leaf namespace",
            version,
            "<UBLVersionID/><cbc:UBLVersionID>",
            "UNKNOWN_ELEMENT",
            "/Order/UBLVersionID",
        ),
        row(
            "foreign",
            version,
            "<x xmlns=\"urn:x\"/><cbc:UBLVersionID>",
            "UNKNOWN_ELEMENT",
            "/Order/{urn:x}x",
        ),
        row(
            "stray text",
            "<cac:Price>",
            "<cac:Price>free ",
            "TEXT_NOT_ALLOWED",
            &format!("{ITEM}/cac:Price"),
        ),
        row("element in a leaf", "Please", "<cbc:Name/>", "VALUE_EXPECTED", "/Order/cbc:Note"),
    ]
}

/// Rules of the profile that a document names.
pub fn breaches() -> Vec<NoOrder> {
    let total = "/Order/cac:AnticipatedMonetaryTotal/cbc:LineExtensionAmount";
    let end = "/Order/cac:Delivery/cac:RequestedDeliveryPeriod/cbc:EndDate";
    let number = "<cbc:ID>PO";
    let profile =
        format!("<cbc:CustomizationID>urn:fdc:peppol.eu:poacc:trns:order:3</cbc:CustomizationID>{number}");
    let peppol = |from: &str, to: &str| with(from, to).replace(number, &profile);
    let amount = "CNY\">1250.00</cbc:LineE";
    vec![
        NoOrder("G32 amount", peppol(amount, "EUR\">1250.00</cbc:LineE"), "CURRENCY_DIFFERS", total.into()),
        NoOrder("G33", peppol(amount, "CNY\">1250.01</cbc:LineE"), "TOTALS_DIFFER", total.into()),
        NoOrder(
            "end before start",
            with("<cbc:EndDate>2026-04-03", "<cbc:EndDate>2026-03-03"),
            "RANGE",
            end.into(),
        ),
    ]
}
