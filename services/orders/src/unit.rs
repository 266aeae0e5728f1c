//! Units of measure as UN/ECE Recommendation 20 numbers them.

/// Codes of trade in goods and of what goes with it: counts, masses, lengths, areas, volumes, times, energy, data.
/// Sorted. One that is missing costs a warning and nothing else.
const CODES: &[&str] = &[
    "10", "11", "1N", "20", "21", "28", "2N", "2P", "2Z", "3B", "4G", "4H", "4K", "4L", "59", "5B", "A86",
    "A90", "A99", "ACR", "ACT", "AD", "AMP", "ANN", "APZ", "ARE", "AS", "B47", "B98", "BAR", "BFT", "BIL",
    "BLL", "BTU", "C26", "C45", "C62", "CDL", "CEL", "CEN", "CGM", "CLT", "CMK", "CMQ", "CMT", "CTM", "CWA",
    "CWI", "D61", "DAY", "DD", "DG", "DLT", "DMK", "DMQ", "DMT", "DPC", "DPR", "DTN", "DZN", "DZP", "E14",
    "E34", "E35", "E48", "E49", "E51", "E54", "E55", "EA", "FAH", "FAR", "FOT", "FTK", "FTQ", "GL", "GLI",
    "GLL", "GM", "GRM", "GRO", "GV", "GWH", "H87", "HAR", "HC", "HGM", "HLT", "HTZ", "HUR", "INH", "INK",
    "INQ", "JOU", "KEL", "KGM", "KHZ", "KJO", "KL", "KMH", "KMK", "KMQ", "KMT", "KPA", "KT", "KTN", "KVA",
    "KVR", "KVT", "KWH", "KWT", "LBR", "LEF", "LH", "LO", "LS", "LTN", "LTR", "LUM", "LUX", "MAW", "MC",
    "MGM", "MHZ", "MIL", "MIN", "MIO", "MLT", "MMK", "MMQ", "MMT", "MON", "MPA", "MTK", "MTQ", "MTR", "MTS",
    "MVA", "MWH", "NAR", "NCL", "NEW", "NIU", "NMI", "NMP", "NPR", "NPT", "NRL", "NU", "OHM", "ONZ", "OZA",
    "OZI", "P1", "PAL", "PCE", "PD", "PG", "PR", "PTI", "PTL", "QAN", "QR", "QTL", "RM", "SAN", "SEC", "SET",
    "SMI", "SQ", "ST", "STI", "STN", "SW", "SX", "T3", "TNE", "TP", "TPR", "VLT", "WEE", "WHR", "WTT", "YDK",
    "YDQ", "YRD",
];

/// Whether a code is one of Recommendation 20, or a package of Recommendation 21 with its `X` in front.
pub fn is_known(code: &str) -> bool {
    let package = || {
        let rest = code.strip_prefix('X').unwrap_or_default();
        rest.len() == 2 && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    CODES.binary_search(&code).is_ok() || package()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_found() {
        assert!(CODES.is_sorted());
        for known in ["H87", "SET", "PR", "MTR", "KGM", "C62", "EA", "XCT", "X4G"] {
            assert!(is_known(known), "{known}");
        }
        for unknown in ["", "pcs", "PCS", "个", "h87", "H87 ", "X", "XCTN", "Xct"] {
            assert!(!is_known(unknown), "{unknown}");
        }
    }
}
