//! Reads postmaster.pid, in which a running Postgres says who it is, where it listens, and how far it is.

use std::path::Path;

/// A server that runs on a data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub pid: u32,
    pub port: u16,
    pub state: State,
}

/// How far a server is, from line 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Starting,
    Ready,
    Stopping,
}

/// The server that runs on the data, if one does. The file of a server that was killed names a process that is gone,
/// or, since process ids come again, one that is something else.
pub fn find(data: &Path) -> Option<Found> {
    let found = read(data)?;
    is_postmaster(found.pid, data).then_some(found)
}

/// What the file says, whether true or not.
pub fn read(data: &Path) -> Option<Found> {
    parse(&std::fs::read_to_string(data.join("postmaster.pid")).ok()?)
}

fn parse(text: &str) -> Option<Found> {
    let lines: Vec<&str> = text.lines().collect();
    let state = match lines.get(7).map(|line| line.trim()) {
        Some("ready" | "standby") => State::Ready,
        Some("stopping") => State::Stopping,
        _ => State::Starting,
    };
    Some(Found {
        pid: lines.first()?.trim().parse().ok().filter(|pid| *pid > 1)?,
        // Written a moment after the process id.
        port: lines.get(3).and_then(|line| line.trim().parse().ok()).unwrap_or_default(),
        state,
    })
}

/// Whether the process was started as `postgres … -D data …`.
fn is_postmaster(pid: u32, data: &Path) -> bool {
    let Some(arguments) = arguments(pid) else { return false };
    let named = arguments.first().is_some_and(|program| {
        Path::new(program).file_name().is_some_and(|name| name == "postgres" || name == "postmaster")
    });
    named && arguments.iter().any(|argument| Path::new(argument) == data)
}

/// The command line of a process; a process that ended and was not yet waited for has none.
fn arguments(pid: u32) -> Option<Vec<String>> {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    Some(text.split('\0').map(str::to_string).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_grows_line_by_line() {
        assert_eq!(parse(""), None);
        assert_eq!(parse("-77\n/data\n"), None);
        assert_eq!(parse("77\n/data\n"), Some(Found { pid: 77, port: 0, state: State::Starting }));
        let full = "77\n/data\n1\n5433\n\n127.0.0.1\n 1 2\n";
        for (line, state) in
            [("starting", State::Starting), ("ready   ", State::Ready), ("stopping", State::Stopping)]
        {
            assert_eq!(parse(&format!("{full}{line}\n")), Some(Found { pid: 77, port: 5433, state }));
        }
    }

    #[test]
    fn a_living_process_that_is_something_else_is_not_taken_for_the_server() {
        let data = super::super::tests::scratch("pidfile");
        let me = std::process::id();
        std::fs::write(data.join("postmaster.pid"), format!("{me}\n/data\n1\n5433\n\n\n1 2\nready\n"))
            .unwrap();
        assert_eq!(read(&data).map(|found| found.pid), Some(me));
        assert_eq!(find(&data), None);
        std::fs::remove_dir_all(data).unwrap();
    }
}
