//! Files and functions that a person can hold in the head.

use super::source::{Source, files, none};

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 70;

/// Written by others and kept as they came.
const VENDORED: &[&str] = &["proto/google/", "services/portal/static/vendor/", "services/portal/static/htmx"];

#[test]
fn no_file_is_longer_than_500_lines() {
    let sources = files(&["rs", "sql", "proto", "toml", "html", "css", "js", "mjs", "py", "ftl", "sh"]);
    let long = sources.iter().filter(|source| !VENDORED.iter().any(|folder| source.path.starts_with(folder)));
    let faults: Vec<String> = long
        .filter_map(|source| {
            let lines = source.text.lines().count();
            (lines > FILE_LINES).then(|| format!("{}: {lines} lines", source.path))
        })
        .collect();
    none(&faults, "a file over 500 lines becomes a folder by noun");
}

#[test]
fn no_function_is_longer_than_70_lines() {
    let faults: Vec<String> = files(&["rs"])
        .iter()
        .flat_map(functions)
        .filter(|function| function.lines > FUNCTION_LINES)
        .map(|function| {
            format!("{}:{} {}: {} lines", function.path, function.line, function.name, function.lines)
        })
        .collect();
    none(&faults, "a function over 70 lines is several");
}

struct Function {
    path: String,
    name: String,
    line: usize,
    lines: usize,
}

/// Functions by their shape: rustfmt puts the closing brace under the first letter of the head, and the formatting
/// is checked before the tests.
fn functions(source: &Source) -> Vec<Function> {
    let lines: Vec<&str> = source.text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(name) = head(line) else { continue };
        let indent = &line[..line.len() - line.trim_start().len()];
        let body = lines[index..].iter().position(|line| {
            let rest = line.strip_prefix(indent).filter(|rest| !rest.starts_with(' '));
            rest.is_some_and(|rest| {
                rest == "}" || rest.ends_with(" }") || rest.ends_with("{}") || rest.ends_with(';')
            })
        });
        let Some(body) = body else { continue };
        found.push(Function {
            path: source.path.clone(),
            name: name.into(),
            line: index + 1,
            lines: body + 1,
        });
    }
    found
}

/// The name, where the line begins a function.
fn head(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    if let Some(public) = rest.strip_prefix("pub") {
        rest = match public.strip_prefix('(') {
            Some(scope) => scope.split_once(") ")?.1,
            None => public.strip_prefix(' ')?,
        };
    }
    for word in ["default ", "const ", "async "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    let rest = rest.strip_prefix("fn ")?;
    Some(&rest[..rest.find(['(', '<'])?])
}

#[test]
fn functions_are_measured_from_head_to_brace() {
    let text = "impl A {\n    pub(crate) async fn one<T>(\n        t: T,\n    ) -> u8 {\n        if x {\n        }\n        1\n    }\n\
                \n    fn two(&self) {}\n    fn three() -> u8;\n}\nconst fn four() {\n}\n// fn five() {\n";
    let source = Source { path: "a.rs".into(), text: text.into() };
    let found: Vec<_> = functions(&source).iter().map(|f| (f.name.clone(), f.line, f.lines)).collect();
    let expected = [("one", 2, 7), ("two", 10, 1), ("three", 11, 1), ("four", 13, 2)];
    assert_eq!(found, expected.map(|(name, line, lines)| (name.to_string(), line, lines)));
}
