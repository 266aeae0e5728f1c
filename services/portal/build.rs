//! Turns the message catalogues into constants, so that a message that is missing in either language, or that takes
//! other arguments there, does not build.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use fluent_syntax::{
    ast::{Entry, Expression, InlineExpression, Pattern, PatternElement},
    parser,
};

/// Message → names of its arguments.
type Messages = BTreeMap<String, BTreeSet<String>>;

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script in the environment")]
fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=i18n");
    // Askama reads templates itself; static files are included by name.
    println!("cargo:rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let zh = read("zh", &out)?;
    let en = read("en", &out)?;
    compare(&zh, &en)?;
    fs::write(out.join("key.rs"), constants(&zh)?)?;
    Ok(())
}

/// Reads `i18n/LANG.ftl` and the files of `i18n/LANG/`, and writes them to `out` as the one catalogue that is compiled in.
fn read(lang: &str, out: &Path) -> Result<Messages, Box<dyn Error>> {
    let mut files: Vec<PathBuf> = fs::read_dir(format!("i18n/{lang}"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.push(PathBuf::from(format!("i18n/{lang}.ftl")));
    files.sort();
    let (mut messages, mut whole) = (Messages::new(), String::new());
    for file in files {
        let source = fs::read_to_string(&file)?;
        add(&file, &source, &mut messages)?;
        whole.push_str(&source);
        whole.push('\n');
    }
    fs::write(out.join(format!("{lang}.ftl")), whole)?;
    Ok(messages)
}

fn add(path: &Path, source: &str, messages: &mut Messages) -> Result<(), Box<dyn Error>> {
    let resource =
        parser::parse(source.to_string()).map_err(|(_, errors)| format!("{}: {errors:?}", path.display()))?;
    for entry in resource.body {
        let Entry::Message(message) = entry else { continue };
        let Some(value) = &message.value else {
            return Err(format!("{}: `{}` has no text", path.display(), message.id.name).into());
        };
        let mut arguments = BTreeSet::new();
        pattern(value, &mut arguments);
        if messages.insert(message.id.name.clone(), arguments).is_some() {
            return Err(format!("{}: `{}` stands twice", path.display(), message.id.name).into());
        }
    }
    Ok(())
}

fn pattern(value: &Pattern<String>, arguments: &mut BTreeSet<String>) {
    for element in &value.elements {
        if let PatternElement::Placeable { expression } = element {
            placeable(expression, arguments);
        }
    }
}

fn placeable(expression: &Expression<String>, arguments: &mut BTreeSet<String>) {
    match expression {
        Expression::Inline(value) => inline(value, arguments),
        Expression::Select { selector, variants } => {
            inline(selector, arguments);
            for variant in variants {
                pattern(&variant.value, arguments);
            }
        }
    }
}

fn inline(value: &InlineExpression<String>, arguments: &mut BTreeSet<String>) {
    match value {
        InlineExpression::VariableReference { id } => {
            arguments.insert(id.name.clone());
        }
        InlineExpression::Placeable { expression } => placeable(expression, arguments),
        _ => {}
    }
}

fn compare(zh: &Messages, en: &Messages) -> Result<(), Box<dyn Error>> {
    let mut wrong = String::new();
    for (key, arguments) in zh {
        match en.get(key) {
            None => writeln!(wrong, "`{key}` is missing in en")?,
            Some(other) if other != arguments => {
                writeln!(wrong, "`{key}` takes {arguments:?} in zh and {other:?} in en")?;
            }
            Some(_) => {}
        }
    }
    for key in en.keys().filter(|key| !zh.contains_key(*key)) {
        writeln!(wrong, "`{key}` is missing in zh")?;
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
}

/// A constant for each message; one that nothing uses is dead code to the compiler.
fn constants(messages: &Messages) -> Result<String, std::fmt::Error> {
    let mut code = String::new();
    for (key, arguments) in messages {
        let name = key.to_uppercase().replace('-', "_");
        // What only an optional part says is used by builds with that part alone.
        if key.starts_with("pdf-") {
            writeln!(code, "#[cfg(feature = \"pdf\")]")?;
        }
        let names: Vec<_> = arguments.iter().map(|argument| format!("{argument:?}")).collect();
        writeln!(
            code,
            "pub const {name}: super::Key<{}> = super::Key {{ id: {key:?}, arguments: [{}] }};",
            names.len(),
            names.join(", ")
        )?;
    }
    Ok(code)
}
