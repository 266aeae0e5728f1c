//! The entries of a JSON object or list as slices of its text, in their order and counted.

use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// The most entries of one list, and of one object.
pub(super) const ENTRIES: usize = 100_000;

/// An object's entries in their order, doubles included.
pub(super) struct Entries<'a> {
    pub(super) pairs: Vec<(Cow<'a, str>, &'a RawValue)>,
    pub(super) more: bool,
}

/// A list's entries.
pub(super) struct Items<'a> {
    pub(super) items: Vec<&'a RawValue>,
    pub(super) more: bool,
}

/// A name, borrowed where it holds no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Entries<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'de>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(name) = map.next_key::<Name<'de>>()? {
                    if pairs.len() == ENTRIES {
                        map.next_value::<IgnoredAny>()?;
                        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                        return Ok(Entries { pairs, more: true });
                    }
                    pairs.push((name.0, map.next_value()?));
                }
                Ok(Entries { pairs, more: false })
            }
        }
        deserializer.deserialize_map(Each)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Items<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Items<'de>, A::Error> {
                let mut items = Vec::new();
                while items.len() < ENTRIES {
                    match list.next_element()? {
                        Some(item) => items.push(item),
                        None => return Ok(Items { items, more: false }),
                    }
                }
                let mut more = false;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    more = true;
                }
                Ok(Items { items, more })
            }
        }
        deserializer.deserialize_seq(Each)
    }
}
