//! Readers of fields. Each notes what is wrong and goes on, so that every bad field is named.

use chassis::{Error, Field, Result, value};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// What is wrong so far.
#[derive(Default)]
pub(super) struct Wrong(Vec<Field>);

impl Wrong {
    pub(super) fn note(&mut self, path: impl Into<String>, reason: &'static str, message: impl Into<String>) {
        self.0.push(Field::new(path, reason, message));
    }

    /// What was read, where nothing was wrong.
    pub(super) fn done<T>(self, read: Option<T>) -> Result<T> {
        match (read, self.0.is_empty()) {
            (Some(read), true) => Ok(read),
            _ => Err(Error::invalid(self.0)),
        }
    }

    /// A text of one line, of at most so many bytes.
    pub(super) fn line(&mut self, path: &str, text: &str, most: usize) {
        self.fits(path, text, most, |_| false);
    }

    /// A text that may have several lines.
    pub(super) fn text(&mut self, path: &str, text: &str, most: usize) {
        self.fits(path, text, most, |c| matches!(c, '\n' | '\r' | '\t'));
    }

    fn fits(&mut self, path: &str, text: &str, most: usize, allowed: fn(char) -> bool) {
        if text.len() > most {
            self.note(path, "TOO_LONG", format!("must have at most {most} bytes"));
        } else if text.chars().any(|c| value::is_hidden(c) && !allowed(c)) {
            self.note(path, "FORMAT", "must not contain control or hidden characters");
        }
    }

    /// A line that must be there.
    pub(super) fn name(&mut self, path: &str, text: &str, most: usize) {
        if text.trim().is_empty() {
            self.note(path, "REQUIRED", "is required");
        }
        self.line(path, text, most);
    }

    /// A moment to the microsecond, as the database keeps it.
    pub(super) fn time(
        &mut self,
        path: &str,
        wire: Option<&prost_types::Timestamp>,
    ) -> Option<OffsetDateTime> {
        let at = value::time(wire?).filter(|at| (1900..=2200).contains(&at.year()));
        if at.is_none() {
            self.note(path, "TIME", "is no moment between 1900 and 2200");
        }
        at.map(value::micros)
    }

    pub(super) fn date(&mut self, path: &str, wire: Option<&proto::Date>) -> Option<Date> {
        match value::date(wire?) {
            Ok(day) => Some(day),
            Err(message) => {
                self.note(path, "DATE", message);
                None
            }
        }
    }

    /// An id that must be one.
    pub(super) fn id(&mut self, path: &str, text: &str) -> Option<Uuid> {
        let id = Uuid::try_parse(text).ok();
        if id.is_none() {
            self.note(path, "ID", "must be an id as the platform gave it");
        }
        id
    }
}
