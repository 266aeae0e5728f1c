//! As much of YAML as the OpenAPI documents of the kit are written in: maps and lists in blocks; scalars plain, in quotes or
//! in a block. Blank lines and what follows a line's text say nothing there.

use serde_json::{Map, Value, json};

/// A document as JSON.
pub(super) fn parse(text: &str) -> Value {
    let said = |line: &&str| !line.trim().is_empty() && line.trim() != "---";
    let indented = |line: &str| (line.len() - line.trim_start_matches(' ').len(), line.trim().to_owned());
    let mut reader = Reader { lines: text.lines().filter(said).map(indented).collect(), at: 0 };
    let document = reader.block(0);
    assert_eq!(reader.at, reader.lines.len(), "{:?} is understood", reader.lines.get(reader.at));
    document
}

/// Lines, each as how far it is indented and what it says.
struct Reader {
    lines: Vec<(usize, String)>,
    at: usize,
}

impl Reader {
    /// What the next line says, where it is indented so far.
    fn next(&self, indent: usize) -> Option<&str> {
        self.lines.get(self.at).filter(|(by, _)| *by == indent).map(|(_, text)| text.as_str())
    }

    fn block(&mut self, indent: usize) -> Value {
        if self.next(indent).is_some_and(|text| text.starts_with("- ")) {
            return self.list(indent);
        }
        let mut map = Map::new();
        while let Some(text) = self.next(indent) {
            let (key, rest) = property(text).unwrap_or_else(|| panic!("{text} is no property"));
            let (key, rest) = (key.to_owned(), rest.to_owned());
            self.at += 1;
            let value = self.value(indent, &rest);
            map.insert(key, value);
        }
        Value::Object(map)
    }

    fn list(&mut self, indent: usize) -> Value {
        let mut list = Vec::new();
        while let Some(item) = self.next(indent).and_then(|text| text.strip_prefix("- ")).map(str::to_owned) {
            if property(&item).is_some() {
                // A map whose first property stands behind the dash.
                self.lines[self.at] = (indent + 2, item);
                list.push(self.block(indent + 2));
            } else {
                self.at += 1;
                list.push(self.scalar(indent, &item));
            }
        }
        Value::Array(list)
    }

    fn value(&mut self, indent: usize, rest: &str) -> Value {
        match rest {
            "|-" => Value::from(self.deeper(indent).join("\n")),
            "" => match self.lines.get(self.at) {
                Some((by, text)) if *by > indent || (*by == indent && text.starts_with("- ")) => {
                    let by = *by;
                    self.block(by)
                }
                _ => Value::Null,
            },
            first => self.scalar(indent, first),
        }
    }

    /// Takes the lines that are indented further.
    fn deeper(&mut self, indent: usize) -> Vec<String> {
        let rest = self.lines[self.at..].iter().take_while(|(by, _)| *by > indent);
        let rest: Vec<String> = rest.map(|(_, text)| text.clone()).collect();
        self.at += rest.len();
        rest
    }

    /// A scalar that may go on in further lines: a line's end is a space, unless it is escaped.
    fn scalar(&mut self, indent: usize, first: &str) -> Value {
        let mut text = first.to_owned();
        for line in self.deeper(indent) {
            let escapes = text.len() - text.trim_end_matches('\\').len();
            if escapes % 2 == 1 {
                text.pop();
            } else {
                text.push(' ');
            }
            text.push_str(&line);
        }
        if let Some(quoted) = text.strip_prefix('\'') {
            return json!(quoted.strip_suffix('\'').expect("a quote at the end").replace("''", "'"));
        }
        // Escapes are those of JSON, and that of a space.
        let parsed = serde_json::from_str::<Value>(&text.replace("\\ ", " "));
        assert!(parsed.is_ok() || !text.starts_with('"'), "{text}");
        parsed.unwrap_or_else(|_| json!(text))
    }
}

/// A property's name and what follows it in its line.
fn property(text: &str) -> Option<(&str, &str)> {
    let (key, rest) = match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once("\":")?,
        None if text.starts_with('\'') => return None,
        None => text.split_once(": ").or_else(|| Some((text.strip_suffix(':')?, "")))?,
    };
    Some((key, rest.trim()))
}

#[test]
fn what_the_documents_use_is_read() {
    let text = "---\na: 3.0.3\nb:\n  \"200\":\n    description: OK\t\n  list:\n  - one\n  - unit:piece\n  - $ref: '#/x'\n    it: ' it''s'\n\
                c: \"two\\\n  \\ words \\\"and\n  more\\\\\\\n  .\"\nd: a plain\n  text\ne: |-\n  (e.g. <X>:1)\n  b\nf: true\ng: 10\n";
    let expected = json!({
        "a": "3.0.3",
        "b": {"200": {"description": "OK"}, "list": ["one", "unit:piece", {"$ref": "#/x", "it": " it's"}]},
        "c": "two words \"and more\\.",
        "d": "a plain text",
        "e": "(e.g. <X>:1)\nb",
        "f": true,
        "g": 10,
    });
    assert_eq!(parse(text), expected);
}
