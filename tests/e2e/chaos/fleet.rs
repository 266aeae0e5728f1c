//! Each service in processes of its own, as a deployment that is split for real: every service behind a balancer of TCP, and
//! before all of them a router that knows who has what.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use harness::{
    chaos::{self, Cluster, Process},
    outside::MailServer,
    proxy::Proxy,
    router::Router,
    until,
};

use super::{
    stage::BACK,
    strikes::{Blow, SERVICES, Strike},
    trade::Trade,
};
use crate::load::Load;

/// Connections of each process to Postgres, so that all of them fit into what it allows.
const CONNECTIONS: [(&str, &str); 2] =
    [("TANDEM_DATABASE__APP_CONNECTIONS", "6"), ("TANDEM_DATABASE__STREAM_CONNECTIONS", "3")];
/// Acknowledged orders, and delivered events, by which it shows that work goes on.
const WRITES: usize = 3;
/// The one service that people reach with a browser, and not over the API.
const PORTAL: &str = "portal";

/// A replica of a service.
struct Member {
    service: &'static str,
    replica: usize,
    process: Process,
}

pub struct Fleet {
    members: Vec<Member>,
    gates: BTreeMap<&'static str, Proxy>,
    router: Router,
    mail: MailServer,
    /// Where its files stand.
    files: PathBuf,
}

impl Fleet {
    /// Starts so many replicas of each service, and does not wait for them.
    pub async fn start(cluster: &Cluster, name: &str, replicas: usize) -> Self {
        let mail = MailServer::start().await;
        let files = chaos::folder(&format!("{name}-files")).await;
        let (mut members, mut gates) = (Vec::new(), BTreeMap::new());
        for service in SERVICES.iter().copied() {
            let mut addresses = Vec::new();
            for replica in 0..replicas {
                let mut process = Process::new(cluster, &format!("{name}-{service}-{replica}"), &[service]);
                let portal = chaos::free();
                process.flags = vec!["--portal".into(), portal.to_string()];
                addresses.push(if service == PORTAL { portal } else { process.api });
                members.push(Member { service, replica, process });
            }
            gates.insert(service, Proxy::among(addresses.into()).await);
        }
        let behind = gates.iter().filter(|(service, _)| **service != PORTAL);
        let router = Router::start(behind.map(|(service, gate)| (*service, gate.at()))).await;
        let mut fleet = Self { members, gates, router, mail, files };
        for (name, value) in fleet.settings() {
            for member in &mut fleet.members {
                member.process.set(name, value.clone());
            }
        }
        for member in &mut fleet.members {
            member.process.start();
        }
        fleet
    }

    /// What its processes are told beside where their database is.
    fn settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = vec![
            ("TANDEM_API__URL", format!("http://{}", self.router.at())),
            ("TANDEM_RESOURCES__STORE", format!("file://{}", self.files.display())),
            ("TANDEM_NOTICES__KEY", "5d".repeat(32)),
            ("TANDEM_NOTICES__SMTP_URL", self.mail.url()),
            ("TANDEM_NOTICES__MAIL_FROM", "Tandem <no-reply@example.invalid>".into()),
        ];
        settings.extend(CONNECTIONS.map(|(name, value)| (name, value.to_owned())));
        settings
    }

    /// Where a service is reached, whoever of its replicas answers.
    pub fn gate(&self, service: &str) -> SocketAddr {
        self.gates.get(service).expect("every service has one").at()
    }

    /// Where all services but the portal are reached.
    pub fn api(&self) -> SocketAddr {
        self.router.at()
    }

    /// How many mails went out.
    pub fn mails(&self) -> usize {
        self.mail.mails().len()
    }

    /// Lets one thing happen; a process that is held still stays so for a while.
    pub async fn strike(&mut self, strike: Strike, lasts: Duration) {
        let meant =
            |member: &&mut Member| member.service == strike.service && member.replica == strike.replica;
        let member = self.members.iter_mut().find(meant).expect("there is this replica");
        match strike.blow {
            Blow::Kill => {
                member.process.kill().await;
                member.process.start();
            }
            Blow::Stop => {
                member.process.hold(true);
                tokio::time::sleep(lasts).await;
                member.process.hold(false);
            }
        }
    }

    /// Waits until firms get on with their orders and feeds, and with what they do at this service.
    pub async fn progress(&mut self, load: &Load, trade: &Trade, service: &str) {
        let goal = load.goal(WRITES, WRITES);
        let before = trade.acknowledged(service);
        until(&format!("work goes on after {service} was struck"), BACK, async || {
            self.supervise();
            let goes_on = before.is_none_or(|before| trade.acknowledged(service) > Some(before));
            (goes_on && load.reached(&goal) && trade.goes_on()).then_some(())
        })
        .await;
    }

    fn supervise(&mut self) {
        for member in &mut self.members {
            member.process.supervise();
        }
    }

    /// How many processes ended without being killed.
    pub fn ended(&self) -> usize {
        self.members.iter().map(|member| member.process.ended).sum()
    }

    pub async fn finish(self) {
        for mut member in self.members {
            member.process.kill().await;
        }
        chaos::remove(&self.files).await;
    }
}
