//! The repository's files, for the other modules to read.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A text file of the repository.
pub struct Source {
    /// Relative to the repository, with slashes.
    pub path: String,
    pub text: String,
}

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the repository").to_path_buf()
}

/// Every text file with one of the endings, outside of what tools made.
pub fn files(endings: &[&str]) -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    walk(&root, &mut |path| {
        let ours = path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted));
        let name = path.strip_prefix(&root).expect("below the root").to_string_lossy().replace('\\', "/");
        if ours && let Ok(text) = fs::read_to_string(path) {
            found.push(Source { path: name, text });
        }
    });
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "no files {endings:?} below {}", root.display());
    found
}

/// Every file, passing over what tools made.
pub fn walk(dir: &Path, each: &mut impl FnMut(&Path)) {
    let entries = fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if ["target", "node_modules", ".git", ".sqlx"].iter().any(|skipped| name == *skipped) {
            continue;
        }
        if path.is_dir() { walk(&path, each) } else { each(&path) }
    }
}

impl Source {
    /// The code that runs in production: without comments, and without the tests at the end of the file.
    pub fn code(&self) -> Vec<(usize, &str)> {
        if self.path.ends_with("/tests.rs")
            || self.path.contains("/tests/")
            || self.path.starts_with("tests/")
        {
            return Vec::new();
        }
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines
            .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .collect()
    }

    /// The service that the file belongs to.
    pub fn service(&self) -> Option<&str> {
        self.path.strip_prefix("services/")?.split('/').next()
    }
}

/// Fails with all faults at once.
pub fn none(faults: &[String], rule: &str) {
    assert!(faults.is_empty(), "{rule}:\n  {}\n", faults.join("\n  "));
}
