//! Addresses and receivers that mean no good. The resolver and the connector write down what they are asked; no connection
//! leaves this machine.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::{defect::Defect, *};
use crate::dial::is_public;

/// Answers what it was told, name by name and look by look, and connects to `to` instead of where it should.
#[derive(Default)]
struct Recording {
    names: HashMap<&'static str, Vec<Vec<&'static str>>>,
    asked: Mutex<Vec<String>>,
    dialled: Mutex<Vec<SocketAddr>>,
    to: Option<SocketAddr>,
}

impl Resolver for Arc<Recording> {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let before = asked.iter().filter(|one| *one == name).count();
        asked.push(name.to_owned());
        let found = self.names.get(name).and_then(|looks| looks.get(before).or_else(|| looks.last()));
        let found = found.map(|found| found.iter().map(|text| text.parse().unwrap()).collect());
        Box::pin(async move { found.ok_or_else(|| io::Error::other("no such name")) })
    }
}

impl Connector for Arc<Recording> {
    fn connect(&self, to: SocketAddr) -> BoxFuture<'static, io::Result<TcpStream>> {
        self.dialled.lock().unwrap_or_else(PoisonError::into_inner).push(to);
        match self.to {
            Some(receiver) => Box::pin(TcpStream::connect(receiver)),
            None => Box::pin(async { Err(io::Error::other("nothing is ever dialled")) }),
        }
    }
}

impl Recording {
    fn dialled(&self) -> Vec<SocketAddr> {
        self.dialled.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn sender(recording: &Arc<Recording>, rules: Rules) -> Sender {
    Sender::with(rules, Arc::new(recording.clone()), Arc::new(recording.clone()), RootCertStore::empty())
        .unwrap()
}

/// Hosts that lead where no webhook may go, each under the id that `tests/architecture/attacks/addresses.rs` lists, or that of
/// its kind.
const HOSTS: &[(&str, &str)] = &[
    ("F01", "127.0.0.1"),
    ("F02", "127.1"),
    ("F03", "0"),
    ("F04", "0.0.0.0"),
    ("F05", "2130706433"),
    ("F06", "0x7f000001"),
    ("F07", "0177.0.0.1"),
    ("F08", "127.0.0.1.nip.io"),
    ("F09", "localhost"),
    ("F10", "localhost."),
    ("F11", "10.0.0.1"),
    ("F12", "172.16.0.1"),
    ("F13", "192.168.0.1"),
    ("F14", "169.254.169.254"),
    ("F15", "169.254.170.2"),
    ("F16", "100.64.0.1"),
    ("F17", "100.100.100.200"),
    ("F14", "168.63.129.16"),
    ("F18", "198.18.0.1"),
    ("F19", "192.0.0.1"),
    ("F19", "192.88.99.1"),
    ("F20", "224.0.0.1"),
    ("F21", "240.0.0.1"),
    ("F22", "255.255.255.255"),
    ("F23", "[::1]"),
    ("F24", "[::]"),
    ("F25", "[fe80::1]"),
    ("F26", "[fc00::1]"),
    ("F27", "[::ffff:127.0.0.1]"),
    ("F28", "[::ffff:7f00:1]"),
    ("F27", "[::7f00:1]"),
    ("F29", "[64:ff9b::7f00:1]"),
    ("F29", "[64:ff9b:1::7f00:1]"),
    ("F30", "[2002:7f00:1::]"),
    ("F30", "[2001:0:7f00:1::]"),
    ("F26", "[3fff::1]"),
    ("F31", "[fe80::1%25eth0]"),
    ("F32", "both.example"),
    ("F33", "inside.example"),
    ("F35", "alias.example"),
    ("F38", "user@inside.example"),
    ("F38", "user@internal"),
    ("F39", "evil.example#@internal"),
    ("F40", "evil.example\\@internal"),
    ("F41", "erp.example\r\nhost: internal"),
    ("F42", "erp.\texample"),
    ("F43", "erp.example:22"),
    ("F44", "erp.example:5432"),
    ("F45", "erp.example:9092"),
    ("F48", "１２７.0.0.1"),
    ("F49", "portal.tаndem.example"),
    ("F50", "portal.tandem.example"),
    ("F35", "internal"),
];

fn names() -> HashMap<&'static str, Vec<Vec<&'static str>>> {
    HashMap::from([
        ("127.0.0.1.nip.io", vec![vec!["127.0.0.1"]]),
        ("both.example", vec![vec!["1.2.3.4", "10.0.0.1"]]),
        ("inside.example", vec![vec!["fd00::1"]]),
        ("alias.example", vec![vec!["192.168.7.7"]]),
        ("localhost", vec![vec!["127.0.0.1", "::1"]]),
        ("internal", vec![vec!["10.0.0.9"]]),
        ("erp.example", vec![vec!["1.2.3.4"]]),
        ("portal.tandem.example", vec![vec!["1.2.3.4"]]),
        ("rebinding.example", vec![vec!["1.2.3.4"], vec!["127.0.0.1"]]),
        ("later.example", vec![vec!["1.2.3.4"], vec!["1.2.3.4"], vec!["169.254.169.254"]]),
    ])
}

#[tokio::test]
async fn no_address_leads_into_a_network_of_ours() {
    let recording = Arc::new(Recording { names: names(), ..Recording::default() });
    let rules = Rules { loopback: false, own_hosts: vec![Host::Name("portal.tandem.example".into())] };
    let sender = sender(&recording, rules);
    let urls = HOSTS.iter().map(|(id, host)| (*id, format!("https://{host}/hook"))).chain(
        [
            ("F01", "http://127.0.0.1"),
            ("F01", "http://erp.example/"),
            ("F46", "file:///etc/passwd"),
            ("F46", "//erp.example"),
            ("F47", "gopher://127.0.0.1:6379/_x"),
        ]
        .map(|(id, url)| (id, String::from(url))),
    );
    for (id, url) in urls {
        assert!(sender.check(&url).await.is_err(), "{id}: {url} at save");
        let sent = sender.post(&url, HeaderMap::new(), Bytes::new()).await;
        assert!(matches!(sent, Err(Failure::Address(_))), "{id}: {url} at send: {sent:?}");
    }
    assert!(recording.dialled().is_empty());
}

#[tokio::test]
async fn a_name_that_changes_is_looked_at_once_for_each_attempt() {
    let recording = Arc::new(Recording { names: names(), ..Recording::default() });
    let sender = sender(&recording, Rules::default());
    assert_eq!(sender.check("https://rebinding.example/").await, Ok(()));
    let sent = sender.post("https://rebinding.example/", HeaderMap::new(), Bytes::new()).await;
    assert_eq!(sent, Err(Failure::Address(Fault::NotPublic)), "F34");
    assert_eq!((recording.asked.lock().unwrap().len(), recording.dialled()), (2, vec![]), "F34");
    // And what was looked at is what is dialled: not the name, which might lead elsewhere by then.
    let sent = sender.post("https://erp.example:8443/", HeaderMap::new(), Bytes::new()).await;
    assert_eq!(sent, Err(Failure::Unreachable));
    assert_eq!(
        (recording.asked.lock().unwrap().len(), recording.dialled()),
        (3, vec!["1.2.3.4:8443".parse().unwrap()])
    );
    assert_eq!(sender.check("https://nowhere.example/").await, Err(Fault::NameUnknown));
    let sent = sender.post("https://nowhere.example/", HeaderMap::new(), Bytes::new()).await;
    assert_eq!(sent, Err(Failure::Address(Fault::NameUnknown)), "N24: a name that went after it was saved");
}

/// Where a sender with this fault, or with none, dials after a name was saved that leads elsewhere by then.
async fn dialled(name: &str, defect: Option<Defect>) -> Vec<SocketAddr> {
    let recording = Arc::new(Recording { names: names(), ..Recording::default() });
    let sender = Sender { defect, ..sender(&recording, Rules::default()) };
    let url = format!("https://{name}/hook");
    assert_eq!(sender.check(&url).await, Ok(()));
    assert!(sender.post(&url, HeaderMap::new(), Bytes::new()).await.is_err());
    recording.dialled()
}

#[tokio::test]
async fn a_sender_that_dials_what_it_did_not_look_at_is_noticed() {
    let inside = |dialled: Vec<SocketAddr>| dialled.iter().any(|to| !is_public(to.ip()));
    for (name, defect) in
        [("rebinding.example", Defect::VettedWhenSaved), ("later.example", Defect::ResolvedAgain)]
    {
        assert!(!inside(dialled(name, None).await), "{name}");
        assert!(inside(dialled(name, Some(defect)).await), "{name} with {defect:?}");
    }
    assert!(dialled("rebinding.example", None).await.is_empty(), "nobody is called");
    assert_eq!(dialled("later.example", None).await, vec!["1.2.3.4:443".parse().unwrap()]);
}

/// What a receiver writes back, after it has read the head of the request.
#[derive(Clone)]
enum Receiver {
    Says(&'static str),
    /// Over and over, as fast as it is taken.
    Repeats(&'static str, &'static str),
    /// Piece by piece, one each second.
    Drips(&'static str, &'static str),
    /// So many milliseconds later.
    Late(u64, &'static str),
    /// And breaks the connection off.
    Resets(&'static str),
    Closes,
    Waits,
}

async fn receiver(kind: Receiver) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        // Whoever closes a connection without having read all of it breaks it off.
        let mut read = vec![0; if matches!(kind, Receiver::Resets(_)) { 1 } else { 4096 }];
        let _ = stream.read(&mut read).await;
        match kind {
            Receiver::Says(text) => {
                let _ = stream.write_all(text.as_bytes()).await;
                let _ = stream.shutdown().await;
                let _ = stream.read_to_end(&mut read).await;
            }
            Receiver::Repeats(head, part) => {
                let mut all = head.to_owned();
                while stream.write_all(all.as_bytes()).await.is_ok() {
                    all = part.repeat(1_000);
                }
            }
            Receiver::Drips(head, part) => {
                let mut part = Some(head).into_iter().chain(std::iter::repeat(part));
                while stream.write_all(part.next().unwrap().as_bytes()).await.is_ok() {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
            Receiver::Late(ms, text) => {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                let _ = stream.write_all(text.as_bytes()).await;
            }
            Receiver::Resets(text) => drop(stream.write_all(text.as_bytes()).await),
            Receiver::Closes => {}
            Receiver::Waits => tokio::time::sleep(Duration::from_secs(60)).await,
        }
    });
    at
}

/// Status and bytes of the body, or why there are none.
type Met = Result<(u16, usize), Failure>;

#[tokio::test]
async fn every_receiver_is_done_with_in_bounded_time_and_memory() {
    use Receiver::{Closes, Drips, Late, Repeats, Resets, Says, Waits};
    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let status = |status| Ok((status, 0));
    let table: Vec<(&str, Receiver, Met)> = vec![
        ("N03", Says("HTTP/1.1 204 No Content\r\n\r\n"), status(204)),
        ("N03, with a body", Says("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"), Ok((200, 2))),
        (
            "F36, N05",
            Says("HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n"),
            status(302),
        ),
        (
            "F37, N06",
            Says("HTTP/1.1 307 T\r\nlocation: http://localhost/\r\ncontent-length: 0\r\n\r\n"),
            status(307),
        ),
        (
            "N04",
            Says("HTTP/1.1 301 M\r\nlocation: https://erp.example/\r\ncontent-length: 0\r\n\r\n"),
            status(301),
        ),
        (
            "N07",
            Says("HTTP/1.1 308 P\r\nlocation: //erp.example:22/\r\ncontent-length: 0\r\n\r\n"),
            status(308),
        ),
        ("N01", Late(14_900, OK), status(200)),
        ("N02", Late(15_100, OK), Err(Failure::Timeout)),
        ("N17", Resets("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab"), Err(Failure::Interrupted)),
        ("N17, closed", Says("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab"), Err(Failure::Interrupted)),
        ("N22", Says("just some text, as before HTTP/1.0\n"), Err(Failure::Malformed)),
        (
            "F51",
            Repeats("HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n", "x"),
            Ok((200, ANSWER_BYTES)),
        ),
        ("N20", Repeats(CHUNKED, "1\r\nx\r\n"), Ok((200, ANSWER_BYTES))),
        ("N21", Repeats("HTTP/1.1 200 OK\r\n", "a: b\r\n"), Err(Failure::Malformed)),
        ("N20, slowly", Drips(CHUNKED, "1\r\nx\r\n"), Err(Failure::Timeout)),
        ("N25", Closes, Err(Failure::Interrupted)),
        ("N25, and is not closed", Waits, Err(Failure::Timeout)),
    ];
    let each = table.into_iter().map(|(id, kind, expected)| async move {
        let rules = Rules { loopback: true, own_hosts: Vec::new() };
        let recording = Arc::new(Recording { to: Some(receiver(kind).await), ..Recording::default() });
        let sender = sender(&recording, rules);
        let began = Instant::now();
        let sent = sender.post("http://127.0.0.1:1/hook", HeaderMap::new(), Bytes::from_static(b"{}")).await;
        let got = sent.map(|answer| (answer.status, answer.body.len()));
        assert_eq!(got, expected, "{id}");
        assert!(began.elapsed() < TIMEOUT + Duration::from_secs(2), "{id}");
        assert_eq!(recording.dialled().len(), 1, "{id}: no redirect is followed");
    });
    futures::future::join_all(each).await;
}

/// A receiver over TLS with a certificate of these names and days.
async fn tls_receiver(name: &str, until: (i32, u8, u8)) -> (SocketAddr, RootCertStore) {
    use tokio_rustls::{TlsAcceptor, rustls::ServerConfig, rustls::pki_types::PrivateKeyDer};
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(until.0, until.1, until.2);
    let certificate = params.self_signed(&key).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        if let Ok(mut stream) = TlsAcceptor::from(Arc::new(config)).accept(stream).await {
            let mut read = vec![0; 4096];
            let _ = stream.read(&mut read).await;
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
            let _ = stream.shutdown().await;
        }
    });
    (at, roots)
}

#[tokio::test]
async fn a_certificate_proves_the_host_that_was_named() {
    for (id, name, until, expected) in [
        ("", "erp.example", (2090, 1, 1), Ok(204)),
        ("N19", "other.example", (2090, 1, 1), Err(Failure::Tls)),
        ("N18", "erp.example", (2021, 1, 1), Err(Failure::Tls)),
    ] {
        let (at, roots) = tls_receiver(name, until).await;
        let recording = Arc::new(Recording { names: names(), to: Some(at), ..Recording::default() });
        let known: Arc<Recording> = recording.clone();
        let sender = Sender::with(Rules::default(), Arc::new(known.clone()), Arc::new(known), roots).unwrap();
        let sent = sender.post("https://erp.example/hook", HeaderMap::new(), Bytes::new()).await;
        assert_eq!(sent.map(|answer| answer.status), expected, "{id}: {name} {until:?}");
    }
    let (at, _) = tls_receiver("erp.example", (2090, 1, 1)).await;
    let recording = Arc::new(Recording { names: names(), to: Some(at), ..Recording::default() });
    let sent = sender(&recording, Rules::default())
        .post("https://erp.example/", HeaderMap::new(), Bytes::new())
        .await;
    assert_eq!(sent.map(|answer| answer.status), Err(Failure::Tls), "signed by itself");
}
