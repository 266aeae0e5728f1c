//! The address of a webhook as a firm typed it: what is written in it, without asking anybody. Read strictly and not as
//! browsers do, which take `0x7f.1` for an address and full-width digits for digits: what has two readings is refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::dial::is_public;

/// The longest address, in bytes.
pub const MAX: usize = 2_000;
/// Ports on which a webhook may be called over the internet.
const PORTS: [u16; 2] = [443, 8443];

/// What a deployment allows beyond public https addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Addresses of this machine, over http too and on any port: for trying out.
    pub loopback: bool,
    /// Hosts that are never called, such as those of the platform itself.
    pub own_hosts: Vec<Host>,
}

/// Where a webhook is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Whether over TLS.
    pub tls: bool,
    /// The host's name, or its number.
    pub host: Host,
    /// The port.
    pub port: u16,
    /// Path and query; may hold a secret, and stands in no log.
    pub path: String,
}

/// A host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A name, in lower case.
    Name(String),
    /// A number.
    Number(IpAddr),
}

impl Host {
    /// The host that a setting names, by a URL or alone, as an address would name it; `None` where none can.
    pub fn of(setting: &str) -> Option<Host> {
        let rest = setting.split_once("://").map_or(setting, |(_, rest)| rest);
        if let Ok(number) = rest.parse() {
            return Some(Host::Number(number).canonical());
        }
        let authority = rest.split(['/', '?']).next()?.to_ascii_lowercase();
        parse_host(host_and_port(&authority).ok()?.0).ok().map(Host::canonical)
    }

    /// In one form: a number of IPv4 can be written as one of IPv6 too.
    fn canonical(self) -> Host {
        match self {
            Host::Number(number) => Host::Number(number.to_canonical()),
            Host::Name(name) => Host::Name(name),
        }
    }
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::Number(IpAddr::V6(number)) => write!(f, "[{number}]"),
            Host::Number(number) => write!(f, "{number}"),
        }
    }
}

/// Why an address is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not `https://`.
    Scheme,
    /// Too long, or with characters that have no place in an address.
    Characters,
    /// A user or password before the host.
    Credentials,
    /// Something behind `#`.
    Fragment,
    /// No host, or one that has another reading.
    Host,
    /// A port that is not called.
    Port,
    /// The platform's own host.
    OwnHost,
    /// Not a public address, or a name that leads to one that is not.
    NotPublic,
    /// A name that leads nowhere.
    NameUnknown,
}

impl Fault {
    /// As it is told to programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Fault::Scheme => "SCHEME",
            Fault::Characters => "CHARACTERS",
            Fault::Credentials => "CREDENTIALS",
            Fault::Fragment => "FRAGMENT",
            Fault::Host => "HOST",
            Fault::Port => "PORT",
            Fault::OwnHost => "OWN_HOST",
            Fault::NotPublic => "ADDRESS_NOT_PUBLIC",
            Fault::NameUnknown => "NAME_UNKNOWN",
        }
    }

    /// What to do about it.
    pub fn message(self) -> &'static str {
        match self {
            Fault::Scheme => "must begin with https://",
            Fault::Characters => {
                "must have at most 2,000 visible ascii characters without backslashes; write names of other scripts in \
                 their xn-- form"
            }
            Fault::Credentials => "must not hold a user or password; the signature proves who sends",
            Fault::Fragment => "must not hold a fragment",
            Fault::Host => "must name a host in full, such as erp.example.com, in lower case",
            Fault::Port => "must be on port 443 or 8443",
            Fault::OwnHost => "must not lead back to this platform",
            Fault::NotPublic => "must lead to public addresses of the internet alone",
            Fault::NameUnknown => "must name a host that can be found",
        }
    }
}

impl Address {
    /// Reads an address by the rules.
    pub fn parse(text: &str, rules: &Rules) -> Result<Address, Fault> {
        let visible = |b: u8| b.is_ascii_graphic() && !b"\\<>\"`{}|^".contains(&b);
        let (tls, rest) = match text.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) if rules.loopback => (false, rest),
            _ => return Err(Fault::Scheme),
        };
        if text.len() > MAX || !text.bytes().all(visible) {
            return Err(Fault::Characters);
        }
        if text.contains('#') {
            return Err(Fault::Fragment);
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(Fault::Credentials);
        }
        let (host, port) = host_and_port(authority)?;
        let host = parse_host(host)?;
        let port = match port {
            Some(port) => port.parse().ok().filter(|port: &u16| *port != 0).ok_or(Fault::Port)?,
            None if tls => 443,
            None => 80,
        };
        let address = Address { tls, host, port, path: absolute(path) };
        address.check(rules)?;
        Ok(address)
    }

    fn check(&self, rules: &Rules) -> Result<(), Fault> {
        let local = match &self.host {
            Host::Name(name) => name == "localhost",
            Host::Number(number) => number.is_loopback(),
        };
        if local && rules.loopback {
            return Ok(());
        }
        if !self.tls {
            return Err(Fault::Scheme);
        }
        if rules.own_hosts.contains(&self.host.clone().canonical()) {
            return Err(Fault::OwnHost);
        }
        match &self.host {
            Host::Number(number) if !is_public(*number) => return Err(Fault::NotPublic),
            // A name that only this network knows.
            Host::Name(name) if !name.contains('.') => return Err(Fault::NotPublic),
            Host::Name(_) | Host::Number(_) => {}
        }
        if PORTS.contains(&self.port) { Ok(()) } else { Err(Fault::Port) }
    }

    /// As it goes into a request's `host`.
    pub fn authority(&self) -> String {
        match (self.tls, self.port) {
            (true, 443) | (false, 80) => self.host.to_string(),
            _ => format!("{}:{}", self.host, self.port),
        }
    }

    /// The address to dial, out of all that the host was found to have: refused where any of them is not public.
    pub fn vet(&self, found: &[IpAddr], rules: &Rules) -> Result<SocketAddr, Fault> {
        let Some(first) = found.first() else { return Err(Fault::NameUnknown) };
        let all = |allowed: fn(&IpAddr) -> bool| found.iter().all(allowed);
        let fits = (self.tls && all(|number| is_public(*number)))
            || (rules.loopback && all(|number| number.is_loopback()));
        if fits { Ok(SocketAddr::new(*first, self.port)) } else { Err(Fault::NotPublic) }
    }
}

fn absolute(path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

fn host_and_port(authority: &str) -> Result<(&str, Option<&str>), Fault> {
    let end = match authority.strip_prefix('[') {
        Some(inner) => inner.find(']').ok_or(Fault::Host)? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    match authority.split_at(end) {
        (host, "") => Ok((host, None)),
        (host, port) => {
            let digits = port.strip_prefix(':').ok_or(Fault::Host)?;
            let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            if plain { Ok((host, Some(digits))) } else { Err(Fault::Port) }
        }
    }
}

fn parse_host(text: &str) -> Result<Host, Fault> {
    if let Some(inner) = text.strip_prefix('[') {
        let number: Ipv6Addr = inner.trim_end_matches(']').parse().map_err(|_| Fault::Host)?;
        return Ok(Host::Number(number.into()));
    }
    if let Ok(number) = text.parse::<Ipv4Addr>() {
        return Ok(Host::Number(number.into()));
    }
    let label = |label: &str| {
        let middle = label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        (1..=63).contains(&label.len()) && middle && !label.starts_with('-') && !label.ends_with('-')
    };
    // A last label that begins with a digit may be read as a number, such as `127.1` and `0x7f000001`.
    let last = text.rsplit('.').next().unwrap_or_default();
    let named =
        text.len() <= 253 && text.split('.').all(label) && last.starts_with(|c: char| c.is_ascii_lowercase());
    if named { Ok(Host::Name(text.to_owned())) } else { Err(Fault::Host) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Address, Fault> {
        let own = ["https://Portal.tandem.example:8443/", "http://[2400:3200:0::2]:50051", "1.2.3.5"];
        let own_hosts = own.into_iter().filter_map(Host::of).collect();
        Address::parse(text, &Rules { loopback: false, own_hosts })
    }

    #[test]
    fn a_host_is_the_same_however_a_setting_writes_it() {
        let six = Host::Number("2400:3200::2".parse().unwrap());
        for text in [
            "https://[2400:3200::2]",
            "https://[2400:3200::2]:8443/portal?a=b",
            "http://[2400:3200:0:0::0002]/",
            "[2400:3200::2]:443",
            "2400:3200::2",
        ] {
            assert_eq!(Host::of(text), Some(six.clone()), "{text}");
        }
        assert_eq!(Host::of("https://1.2.3.4:443/"), Some(Host::Number("1.2.3.4".parse().unwrap())));
        for text in ["https://API.example.com?x", "api.example.com:443", "api.example.com"] {
            assert_eq!(Host::of(text), Some(Host::Name("api.example.com".into())), "{text}");
        }
        for text in ["", "https://", "https://[2400:3200::2", "https://a_b.example.com"] {
            assert_eq!(Host::of(text), None, "{text}");
        }
    }

    #[test]
    fn a_public_https_address_is_taken_as_it_stands() {
        for (text, authority, port, path) in [
            ("https://erp.example.com/hooks?a=b", "erp.example.com", 443, "/hooks?a=b"),
            ("https://erp.example.com", "erp.example.com", 443, "/"),
            ("https://erp.example.com?a=@b", "erp.example.com", 443, "/?a=@b"),
            ("https://erp.example.com:8443/x", "erp.example.com:8443", 8443, "/x"),
            ("https://xn--fiq228c.example.com/", "xn--fiq228c.example.com", 443, "/"),
            ("https://1.2.3.4/", "1.2.3.4", 443, "/"),
            ("https://[2400:3200::1]/", "[2400:3200::1]", 443, "/"),
        ] {
            let address = parse(text).unwrap();
            assert_eq!((address.authority().as_str(), address.port), (authority, port), "{text}");
            assert_eq!((address.path.as_str(), address.tls), (path, true), "{text}");
        }
    }

    #[test]
    fn what_has_another_reading_is_refused() {
        for (text, fault) in [
            ("", Fault::Scheme),
            ("erp.example.com", Fault::Scheme),
            ("http://erp.example.com/", Fault::Scheme),
            ("HTTPS://erp.example.com/", Fault::Scheme),
            ("https:/erp.example.com/", Fault::Scheme),
            ("https://", Fault::Host),
            ("https:///x", Fault::Host),
            ("https://:443/", Fault::Host),
            ("https://ERP.example.com/", Fault::Host),
            ("https://erp..example.com/", Fault::Host),
            ("https://-a.example.com/", Fault::Host),
            ("https://erp.example.com./", Fault::Host),
            ("https://erp%2eexample.com/", Fault::Host),
            ("https://[::1/", Fault::Host),
            ("https://[::1]x/", Fault::Host),
            ("https://[1.2.3.4]/", Fault::Host),
            ("https://erp.example.com:/", Fault::Port),
            ("https://erp.example.com:0/", Fault::Port),
            ("https://erp.example.com:65536/", Fault::Port),
            ("https://erp.example.com:+443/", Fault::Port),
            ("https://a:b@erp.example.com/", Fault::Credentials),
            ("https://erp.example.com/#x", Fault::Fragment),
            ("https://erp.example.com/ x", Fault::Characters),
            ("https://erp.example.com/客户", Fault::Characters),
            ("https://portal.tandem.example/", Fault::OwnHost),
            ("https://[2400:3200::2]/", Fault::OwnHost),
            ("https://[2400:3200:0:0::2]:8443/hook", Fault::OwnHost),
            ("https://1.2.3.5/", Fault::OwnHost),
            ("https://[::ffff:1.2.3.5]/", Fault::OwnHost),
            ("https://intranet/", Fault::NotPublic),
        ] {
            assert_eq!(parse(text), Err(fault), "{text}");
        }
        let long = format!("https://erp.example.com/{}", "x".repeat(MAX));
        assert_eq!(parse(&long), Err(Fault::Characters));
    }

    #[test]
    fn loopback_is_for_trying_out_and_opens_nothing_else() {
        let rules = Rules { loopback: true, own_hosts: Vec::new() };
        for fine in
            ["http://127.0.0.1:9000/x", "http://localhost:1/", "https://[::1]:9/", "https://erp.example.com/"]
        {
            assert!(Address::parse(fine, &rules).is_ok(), "{fine}");
        }
        for (text, fault) in [
            ("http://erp.example.com/", Fault::Scheme),
            ("https://erp.example.com:9000/", Fault::Port),
            ("https://10.0.0.1/", Fault::NotPublic),
            ("http://127.1/", Fault::Host),
        ] {
            assert_eq!(Address::parse(text, &rules), Err(fault), "{text}");
        }
        let local = Address::parse("http://localhost:9/", &rules).unwrap();
        assert!(local.vet(&["127.0.0.1".parse().unwrap()], &rules).is_ok());
        for outside in ["1.2.3.4", "10.0.0.1", "169.254.169.254"] {
            assert_eq!(local.vet(&[outside.parse().unwrap()], &rules), Err(Fault::NotPublic), "{outside}");
        }
    }

    #[test]
    fn one_address_that_is_not_public_is_enough_to_refuse() {
        let address = parse("https://erp.example.com/").unwrap();
        let vet = |found: &[&str]| {
            let found: Vec<IpAddr> = found.iter().map(|text| text.parse().unwrap()).collect();
            address.vet(&found, &Rules::default())
        };
        assert_eq!(vet(&["1.2.3.4", "2400:3200::1"]), Ok("1.2.3.4:443".parse().unwrap()));
        assert_eq!(vet(&["1.2.3.4", "10.0.0.1"]), Err(Fault::NotPublic));
        assert_eq!(vet(&["2400:3200::1", "fd00::1"]), Err(Fault::NotPublic));
        assert_eq!(vet(&["127.0.0.1"]), Err(Fault::NotPublic));
        assert_eq!(vet(&[]), Err(Fault::NameUnknown));
    }
}
