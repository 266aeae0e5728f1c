//! Parts of files as HTTP asks for them, and bodies in pieces.

use std::ops::Range;

use bytes::Bytes;

/// One range of bytes that somebody asks for (RFC 9110, section 14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// From this byte to the end.
    From(u64),
    /// From the first to the last, both included.
    Between(u64, u64),
    /// So many of the last.
    Last(u64),
}

/// What a `Range` asks for; `None`: what cannot be understood and several ranges at once, which mean the whole.
pub fn asked(range: &str) -> Option<Asked> {
    let (first, last) = range.strip_prefix("bytes=")?.trim().split_once('-')?;
    let number = |text: &str| match text.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than a number has are beyond every file.
        true => Some(text.parse::<u64>().unwrap_or(u64::MAX)),
        false => None,
    };
    match (first, last) {
        ("", "") => None,
        ("", last) => number(last).map(Asked::Last),
        (first, "") => number(first).map(Asked::From),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Asked::Between(first, last))
        }
    }
}

impl Asked {
    /// Which bytes of a file of this size that is; `None`: nothing of it.
    pub fn of(self, size: u64) -> Option<Range<u64>> {
        let part = match self {
            Asked::From(first) => first..size,
            Asked::Between(first, last) => first..last.saturating_add(1).min(size),
            Asked::Last(count) => size.saturating_sub(count)..size,
        };
        (!part.is_empty()).then_some(part)
    }
}

/// A body in pieces of at most so many bytes, none of them empty.
pub fn cut(mut bytes: Bytes, most: usize) -> Vec<Bytes> {
    let mut pieces = Vec::new();
    while bytes.len() > most {
        pieces.push(bytes.split_to(most));
    }
    if !bytes.is_empty() {
        pieces.push(bytes);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_one_within_the_file_or_the_whole() {
        let part = |first, last| Some(Some(first..last));
        let (whole, beyond) = (None, Some(None));
        let table = [
            ("bytes=0-3", part(0, 4)),
            ("bytes=4-", part(4, 10)),
            ("bytes=-3", part(7, 10)),
            ("bytes=-100", part(0, 10)),
            ("bytes=0-100", part(0, 10)),
            ("bytes=9-9", part(9, 10)),
            ("bytes=0-99999999999999999999999", part(0, 10)),
            ("bytes=10-", beyond.clone()),
            ("bytes=10-12", beyond.clone()),
            ("bytes=-0", beyond.clone()),
            ("bytes=99999999999999999999999-", beyond),
            ("bytes=5-4", whole.clone()),
            ("bytes=0-1,3-4", whole.clone()),
            ("bytes=a-b", whole.clone()),
            ("bytes=-", whole.clone()),
            ("bytes=+1-2", whole.clone()),
            ("items=0-1", whole.clone()),
            ("", whole),
        ];
        for (range, expected) in table {
            assert_eq!(asked(range).map(|asked| asked.of(10)), expected, "{range}");
        }
    }

    #[test]
    fn large_pieces_are_cut() {
        let sizes = |len: usize| cut(vec![0; len].into(), 10).iter().map(Bytes::len).collect::<Vec<_>>();
        assert_eq!(sizes(0), [0_usize; 0]);
        assert_eq!(sizes(10), [10]);
        assert_eq!(sizes(21), [10, 10, 1]);
    }
}
