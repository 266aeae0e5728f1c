//! Protobuf's wire format, as far as writing a message takes: a tag, then a number or so many bytes. Written straight
//! from JSON, since a message tree in between would cost many times the request.

/// Tag with wire type 0, then a varint.
pub(super) fn varint(out: &mut Vec<u8>, field: u32, value: u64) {
    key(out, field, 0);
    raw(out, value);
}

/// Tag with wire type 2, then length and bytes.
pub(super) fn bytes(out: &mut Vec<u8>, field: u32, value: &[u8]) {
    key(out, field, 2);
    raw(out, value.len() as u64);
    out.extend_from_slice(value);
}

/// Tag with wire type 1, then 8 bytes.
pub(super) fn fixed64(out: &mut Vec<u8>, field: u32, value: [u8; 8]) {
    key(out, field, 1);
    out.extend_from_slice(&value);
}

/// Tag with wire type 5, then 4 bytes.
pub(super) fn fixed32(out: &mut Vec<u8>, field: u32, value: [u8; 4]) {
    key(out, field, 5);
    out.extend_from_slice(&value);
}

/// Numbers whose sign is in the lowest bit.
pub(super) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

fn key(out: &mut Vec<u8>, field: u32, kind: u32) {
    raw(out, u64::from(field << 3 | kind));
}

fn raw(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_as_many_bytes_as_they_need() {
        for (value, encoded) in
            [(0, vec![8, 0]), (300, vec![8, 0xac, 2]), (u64::MAX, [&[8][..], &[255; 9], &[1]].concat())]
        {
            let mut out = Vec::new();
            varint(&mut out, 1, value);
            assert_eq!(out, encoded);
        }
        assert_eq!([0, -1, 1, i64::MIN].map(zigzag), [0, 1, 2, u64::MAX]);
    }
}
