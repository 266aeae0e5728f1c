//! `tandem dev --lan`: the portal, and nothing else, for phones in the same network; and the code to scan.
//!
//! **Invariant:** only an address of a local network is opened, never one that the internet reaches.

use std::net::{IpAddr, Ipv4Addr};

use qrcode::{Color, QrCode};

use crate::cli::failure::{Exit, Failure};

/// Interfaces that lead to other programs of the same machine, or through a tunnel, and to no phone.
const VIRTUAL: &[&str] = &[
    "br-",
    "cni",
    "docker",
    "flannel",
    "lxc",
    "podman",
    "tailscale",
    "tap",
    "tun",
    "vbox",
    "veth",
    "virbr",
    "vmnet",
    "wg",
    "zt",
];
/// The empty edge that readers need.
const QUIET: usize = 4;

/// Where the portal shall listen: at the address that was named, else at this machine's own.
///
/// # Errors
/// `Usage` where the address is one that strangers reach; `Failed` where there is no network.
pub(super) fn address(named: Option<IpAddr>) -> Result<IpAddr, Failure> {
    if let Some(address) = named {
        return match local(address) {
            true => Ok(address),
            false => Err(Failure::local(Exit::Usage, format!("--lan {address} is no address of a local network"))
                .advise("name one such as 192.168.1.20; for the internet put a proxy with TLS in front, see deploy/nginx")),
        };
    }
    let found = if_addrs::get_if_addrs()?;
    let found: Vec<(String, IpAddr)> = found.into_iter().map(|one| (one.name.clone(), one.ip())).collect();
    choose(&found).map(IpAddr::V4).ok_or_else(|| {
        Failure::local(Exit::Failed, "--lan finds no address of a local network on this machine")
            .advise("connect it to one, or name the address with --lan ADDRESS")
    })
}

/// Whether only neighbours reach it.
fn local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => four.is_private() || four.is_link_local() || four.is_loopback(),
        IpAddr::V6(six) => six.is_unique_local() || six.is_loopback(),
    }
}

/// The address that a phone in the same network most likely reaches: of a wireless card, else of a cable, else of
/// whatever is left. Machines at home and in offices have private ones of version 4.
fn choose(found: &[(String, IpAddr)]) -> Option<Ipv4Addr> {
    let candidates = found.iter().filter_map(|(name, address)| match address {
        IpAddr::V4(four) if four.is_private() && !VIRTUAL.iter().any(|start| name.starts_with(start)) => {
            Some((rank(name), *four))
        }
        _ => None,
    });
    // The first of several alike, as the system lists them.
    candidates.min_by_key(|(rank, _)| *rank).map(|(_, address)| address)
}

fn rank(name: &str) -> u8 {
    match name {
        _ if name.starts_with("wl") => 0,
        _ if name.starts_with('e') => 1,
        _ => 2,
    }
}

/// A text as a QR code of half blocks, two rows of modules a line. `None` where it is longer than any code holds.
///
/// `coloured`: black on white whatever the terminal's colours are; readers expect a light ground.
pub(super) fn draw(text: &str, coloured: bool) -> Option<String> {
    let code = QrCode::new(text).ok()?;
    let (width, colors) = (code.width(), code.to_colors());
    let dark = |x: usize, y: usize| {
        let (x, y) = (x.checked_sub(QUIET), y.checked_sub(QUIET));
        matches!((x, y), (Some(x), Some(y)) if x < width && y < width && colors[y * width + x] == Color::Dark)
    };
    let side = width + 2 * QUIET;
    let line = |y: usize| {
        let cell = |x: usize| match (dark(x, y), dark(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        };
        let cells: String = (0..side).map(cell).collect();
        if coloured { format!("\u{1b}[38;5;16;48;5;231m{cells}\u{1b}[0m") } else { cells }
    };
    Some((0..side).step_by(2).map(line).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(list: &[(&str, &str)]) -> Vec<(String, IpAddr)> {
        list.iter().map(|(name, address)| ((*name).to_owned(), address.parse().unwrap())).collect()
    }

    #[test]
    fn the_address_is_one_that_a_phone_reaches() {
        let laptop = [
            ("lo", "127.0.0.1"),
            ("docker0", "172.17.0.1"),
            ("enp3s0", "10.1.2.3"),
            ("wlp2s0", "192.168.1.20"),
            ("wlp2s0", "fe80::1"),
            ("tun0", "10.8.0.2"),
        ];
        assert_eq!(choose(&found(&laptop)), Some(Ipv4Addr::new(192, 168, 1, 20)));
        assert_eq!(choose(&found(&laptop[..3])), Some(Ipv4Addr::new(10, 1, 2, 3)));
        assert_eq!(choose(&found(&laptop[..2])), None, "nobody else is on the bridge of containers");
        assert_eq!(choose(&found(&[("eth0", "203.0.113.7")])), None, "the internet reaches that");
    }

    #[test]
    fn no_address_is_opened_that_strangers_reach() {
        for good in ["192.168.1.20", "127.0.0.1", "169.254.3.4", "fd00::7", "::1"] {
            assert!(address(Some(good.parse().unwrap())).is_ok(), "{good}");
        }
        for bad in ["0.0.0.0", "203.0.113.7", "100.64.0.9", "::", "2001:db8::7"] {
            assert_eq!(address(Some(bad.parse().unwrap())).unwrap_err().exit, Exit::Usage, "{bad}");
        }
    }

    #[test]
    fn a_code_is_drawn_module_by_module() {
        let text = "http://192.168.1.20:8080/s/tdm_link_1";
        let (drawn, code) = (draw(text, false).unwrap(), QrCode::new(text).unwrap());
        let lines: Vec<Vec<char>> = drawn.lines().map(|line| line.chars().collect()).collect();
        let dark = |x: usize, y: usize| {
            let halves = [['█', '▀'], ['█', '▄']][(y + QUIET) % 2];
            halves.contains(&lines[(y + QUIET) / 2][x + QUIET])
        };
        for (at, color) in code.to_colors().into_iter().enumerate() {
            let (x, y) = (at % code.width(), at / code.width());
            assert_eq!(dark(x, y), color == Color::Dark, "{x} {y}");
        }
        assert!(lines.iter().all(|line| line.len() == code.width() + 2 * QUIET));
        assert!(lines[..2].iter().flatten().all(|cell| *cell == ' '), "the edge is empty");
        assert!(draw(text, true).unwrap().lines().all(|line| line.ends_with("\u{1b}[0m")));
        assert!(draw(&"x".repeat(5_000), false).is_none());
    }
}
