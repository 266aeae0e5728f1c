//! The two languages of the portal: every string that a person reads stands in `i18n/`, in a file of each language or, by
//! topic, in its folder.
//!
//! **Invariant:** a message is named by a constant of [`key`], which build.rs makes from both catalogues; one that is
//! missing, or that takes other arguments, does not build.

use std::{borrow::Borrow, sync::Arc};

use anyhow::anyhow;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use unic_langid::langid;

/// A message and the names of its `N` arguments, in alphabetical order.
#[derive(Clone, Copy)]
pub struct Key<const N: usize> {
    id: &'static str,
    arguments: [&'static str; N],
}

/// The messages of the catalogues.
pub mod key {
    include!(concat!(env!("OUT_DIR"), "/key.rs"));
}

/// A language of the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// Simplified Chinese.
    Zh,
    /// British English.
    En,
}

impl Lang {
    /// The language of a code such as `zh`, `zh-CN` or `en-GB`; `None` for another.
    pub fn parse(code: &str) -> Option<Self> {
        let primary = code.split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") {
            Some(Lang::Zh)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Lang::En)
        } else {
            None
        }
    }

    /// The best of an Accept-Language header, in the order written; browsers write their first choice first.
    pub fn accepted(header: &str) -> Option<Self> {
        header.split(',').find_map(|part| Lang::parse(part.split(';').next().unwrap_or_default().trim()))
    }

    /// As members and cookies keep it.
    pub fn code(self) -> &'static str {
        match self {
            Lang::Zh => "zh",
            Lang::En => "en",
        }
    }

    /// For the `lang` attribute.
    pub fn html(self) -> &'static str {
        match self {
            Lang::Zh => "zh-CN",
            Lang::En => "en-GB",
        }
    }

    /// The one to switch to.
    pub fn other(self) -> Self {
        match self {
            Lang::Zh => Lang::En,
            Lang::En => Lang::Zh,
        }
    }
}

/// Both catalogues, read once.
pub struct Catalogue {
    zh: FluentBundle<FluentResource>,
    en: FluentBundle<FluentResource>,
}

impl Catalogue {
    /// Reads the catalogues that were compiled in.
    ///
    /// # Errors
    /// Where one does not parse; build.rs has parsed them before.
    pub fn load() -> anyhow::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            zh: bundle(langid!("zh-CN"), include_str!(concat!(env!("OUT_DIR"), "/zh.ftl")))?,
            en: bundle(langid!("en-GB"), include_str!(concat!(env!("OUT_DIR"), "/en.ftl")))?,
        }))
    }
}

fn bundle(
    language: unic_langid::LanguageIdentifier,
    source: &str,
) -> anyhow::Result<FluentBundle<FluentResource>> {
    let resource = FluentResource::try_new(source.to_string())
        .map_err(|(_, errors)| anyhow!("the {language} catalogue does not parse: {errors:?}"))?;
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // Marks around arguments would break copying numbers out of a page.
    bundle.set_use_isolating(false);
    bundle.add_resource(resource).map_err(|errors| anyhow!("a message stands twice: {errors:?}"))?;
    Ok(bundle)
}

/// One language, ready to speak.
#[derive(Clone)]
pub struct Text {
    catalogue: Arc<Catalogue>,
    /// Which language it is.
    pub lang: Lang,
}

impl Text {
    /// Speaks `lang`.
    pub fn new(catalogue: Arc<Catalogue>, lang: Lang) -> Self {
        Self { catalogue, lang }
    }

    /// A message without arguments.
    pub fn say(&self, key: impl Borrow<Key<0>>) -> String {
        self.speak(key.borrow(), [])
    }

    /// A message with one argument.
    pub fn one(&self, key: impl Borrow<Key<1>>, a: impl Argument) -> String {
        self.speak(key.borrow(), [a.value()])
    }

    /// A message with two arguments, in the alphabetical order of their names.
    pub fn two(&self, key: impl Borrow<Key<2>>, a: impl Argument, b: impl Argument) -> String {
        self.speak(key.borrow(), [a.value(), b.value()])
    }

    /// A message with three arguments, in the alphabetical order of their names.
    pub fn three(
        &self,
        key: impl Borrow<Key<3>>,
        a: impl Argument,
        b: impl Argument,
        c: impl Argument,
    ) -> String {
        self.speak(key.borrow(), [a.value(), b.value(), c.value()])
    }

    fn speak<const N: usize>(&self, key: &Key<N>, values: [FluentValue<'_>; N]) -> String {
        let bundle = match self.lang {
            Lang::Zh => &self.catalogue.zh,
            Lang::En => &self.catalogue.en,
        };
        // build.rs made the key from the catalogue, so that the message is there.
        let Some(pattern) = bundle.get_message(key.id).and_then(|message| message.value()) else {
            return key.id.to_string();
        };
        let arguments: FluentArgs<'_> = key.arguments.into_iter().zip(values).collect();
        let mut errors = Vec::new();
        bundle.format_pattern(pattern, Some(&arguments), &mut errors).into_owned()
    }
}

/// What may fill a message: text, or a number that chooses a plural.
pub trait Argument {
    /// As Fluent takes it.
    fn value(&self) -> FluentValue<'_>;
}

impl Argument for str {
    fn value(&self) -> FluentValue<'_> {
        FluentValue::from(self)
    }
}

impl Argument for String {
    fn value(&self) -> FluentValue<'_> {
        FluentValue::from(self.as_str())
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Argument for $number {
            fn value(&self) -> FluentValue<'_> {
                FluentValue::from(*self)
            }
        })*
    };
}
numbers!(i32, i64, usize);

impl<T: Argument + ?Sized> Argument for &T {
    fn value(&self) -> FluentValue<'_> {
        (**self).value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_that_we_speak_is_taken() {
        assert_eq!(Lang::accepted("de-DE,de;q=0.9,en;q=0.8,zh;q=0.7"), Some(Lang::En));
        assert_eq!(Lang::accepted("zh-CN,zh;q=0.9,en;q=0.8"), Some(Lang::Zh));
        assert_eq!(Lang::accepted("fr, *;q=0.5"), None);
    }

    #[test]
    fn numbers_choose_plurals() {
        let text = Text::new(Catalogue::load().unwrap(), Lang::En);
        assert_eq!(text.one(key::COUNT_LINES, 1), "1 line");
        assert_eq!(text.one(key::COUNT_LINES, 2), "2 lines");
    }
}
