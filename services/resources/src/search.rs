//! What of a resource is looked for beside its words ([`chassis::search`]): the codes that it stands under. Pure.

use chassis::search::Indexed;

/// What is kept of a resource with these texts, industries and region.
pub fn index(texts: &[&str], industries: &[String], region: &str) -> Indexed {
    let mut indexed = chassis::search::index(texts.iter().copied());
    for code in industries {
        indexed.keys.extend((1..=code.len()).filter_map(|length| code.get(..length)).map(industry));
    }
    let within = (2..=region.len()).step_by(2).filter_map(|length| region.get(..length));
    indexed.keys.extend(within.map(self::region));
    indexed
}

/// The key of an industry and all below it.
pub fn industry(code: &str) -> String {
    format!("industry:{code}")
}

/// The key of a region and all within it.
pub fn region(code: &str) -> String {
    format!("region:{code}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_from_above() {
        let kept = index(&[], &["C2929".into()], "441900");
        for key in [industry("C"), industry("C29"), industry("C2929"), region("44"), region("4419")] {
            assert!(kept.keys.contains(&key), "{key}");
        }
        assert!(!kept.keys.contains(&industry("C2928")) && !kept.keys.contains(&region("4401")));
    }
}
