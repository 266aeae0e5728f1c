//! What the machine must have.

use std::{
    io::ErrorKind,
    net::{SocketAddr, TcpListener},
    path::Path,
};

use super::Check;
use crate::postgres::binaries::{Binaries, INSTALL, OLDEST};

const MIB: u64 = 1024 * 1024;
/// Postgres stops at a full disk; the log of a busy day takes about this much.
const DISK_LOW: u64 = 2048 * MIB;
const DISK_OUT: u64 = 256 * MIB;

pub(super) fn postgres(found: Option<Binaries>) -> Check {
    match found {
        Some(found) => {
            Check::ok("postgres", format!("PostgreSQL {} in {}", found.major, found.dir.display()))
        }
        None => Check::fail(
            "postgres",
            format!("PostgreSQL {OLDEST} or newer is not installed"),
            format!("install it with `{INSTALL}`, or name a running one in DATABASE_URL"),
        ),
    }
}

/// Whether the listener's address is free. Taken is no fault where Tandem itself has it.
pub(super) fn port(listener: &str, address: SocketAddr) -> Check {
    match TcpListener::bind(address) {
        Ok(_) => Check::ok("port", format!("{address} is free for {listener}.listen")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Check::warn(
            "port",
            format!("{address} is taken ({listener}.listen)"),
            "right where Tandem runs already; else stop what is there, or listen elsewhere",
        ),
        Err(error) => Check::fail(
            "port",
            format!("nothing can listen at {address} ({listener}.listen): {error}"),
            "choose an address of this machine and a port above 1023",
        ),
    }
}

/// Space left for the data directory, or for the nearest folder above it that exists.
pub(super) fn disk(data_dir: &Path) -> Check {
    let place = data_dir.ancestors().find(|folder| folder.exists()).unwrap_or_else(|| Path::new("/"));
    match rustix::fs::statvfs(place) {
        Ok(volume) => space(place, volume.f_bavail.saturating_mul(volume.f_frsize)),
        Err(error) => Check::warn("disk", format!("{}: {error}", place.display()), "look at it with `df -h`"),
    }
}

fn space(place: &Path, free: u64) -> Check {
    let message = format!("{} MiB free at {}", free / MIB, place.display());
    let hint = "make room, or name a directory on another disk with --data";
    match free {
        0..DISK_OUT => Check::fail("disk", message, hint),
        DISK_OUT..DISK_LOW => Check::warn("disk", message, hint),
        _ => Check::ok("disk", message),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Status, *};

    #[test]
    fn a_missing_postgres_names_the_command() {
        let check = postgres(None);
        assert_eq!(check.status, Status::Fail);
        assert!(check.hint.contains("apt-get install"), "{}", check.hint);
    }

    #[test]
    fn a_taken_port_is_told_from_a_free_one_and_from_one_that_is_not_ours() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        assert_eq!(port("api", address).status, Status::Warn);
        drop(taken);
        assert_eq!(port("api", address).status, Status::Ok);
        assert_eq!(port("api", "192.0.2.1:50051".parse().unwrap()).status, Status::Fail);
    }

    #[test]
    fn disk_space_has_two_bounds() {
        let status = |mib| space(Path::new("/"), mib * MIB).status;
        assert_eq!(
            [255, 256, 2047, 2048].map(status),
            [Status::Fail, Status::Warn, Status::Warn, Status::Ok]
        );
        assert!(disk(Path::new("/nonexistent/deeper")).message.contains(" at /"));
    }
}
