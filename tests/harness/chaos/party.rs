//! Firms to work with on processes that may die.

use std::{net::SocketAddr, path::Path};

use proto::partners::{ClaimInvitationRequest, CreateFirmRequest, InviteSupplierRequest, Role};
use tokio::process::Command;
use uuid::Uuid;

use super::{BACK, Cluster, DATABASE, access};
use crate::{
    Access, binary,
    firm::{redeem, token},
    request_id,
    wait::until,
};

/// A firm by its id and an administrator's key.
#[derive(Clone, Debug)]
pub struct Party {
    pub id: Uuid,
    pub key: String,
}

/// The operator of a new database, made by the command line: the session of its first person.
pub async fn operator(cluster: &Cluster, api: SocketAddr) -> Access {
    operator_by(binary::path(), cluster, api).await
}

/// The same by the command line of another binary.
pub async fn operator_by(binary: &Path, cluster: &Cluster, api: SocketAddr) -> Access {
    let server = cluster.access();
    let mut command = Command::new(binary);
    command.args(["admin", "init", "--name", "运营中心(示例)", "--admin", "值班员", "--output", "json"]);
    command.env("DATABASE_URL", server.superuser_url(DATABASE)).env_remove("TANDEM_CONFIG");
    let output = command.output().await.expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let made: serde_json::Value = serde_json::from_slice(&output.stdout).expect("json");
    let link = made["sign_in"].as_str().expect("a sign-in link");
    access(api, Some(&signed_in(api, link).await))
}

/// A buyer and its supplier `V100`.
pub async fn pair(operator: &Access, api: SocketAddr) -> (Party, Party) {
    let buyer = firm(operator, api, "澄屿家居用品(示例)有限公司").await;
    let supplier = firm(operator, api, "顺模塑料制品(示例)厂").await;
    let invite = InviteSupplierRequest {
        request_id: request_id(),
        name: "顺模塑料制品(示例)厂".into(),
        vendor_number: "V100".into(),
        ..InviteSupplierRequest::default()
    };
    let buyers = access(api, Some(&buyer.key)).relationships().invite_supplier(invite).await;
    let path = buyers.expect("an invitation").into_inner().invitation_path;
    let claim =
        ClaimInvitationRequest { request_id: request_id(), token: token(&path).into(), ..Default::default() };
    let claimed = access(api, Some(&supplier.key)).relationships().claim_invitation(claim).await;
    claimed.expect("the invitation is claimed");
    (buyer, supplier)
}

async fn firm(operator: &Access, api: SocketAddr, name: &str) -> Party {
    let request = CreateFirmRequest {
        request_id: request_id(),
        name: name.into(),
        name_en: format!("{name} (Example)"),
        sandbox: true,
        admin_name: format!("{name} 管理员"),
        admin_locale: "zh".into(),
        ..CreateFirmRequest::default()
    };
    let made = operator.firms().create_firm(request).await.expect("the operator creates firms").into_inner();
    let id = made.firm.expect("the answer holds the firm").id;
    let session = signed_in(api, &made.sign_in_path).await;
    let key = access(api, Some(&session)).new_key("erp", &[Role::Admin], None).await;
    Party { id: Uuid::try_parse(&id).expect("ids are UUIDs"), key }
}

async fn signed_in(api: SocketAddr, link: &str) -> String {
    let nobody = access(api, None);
    until("the process listens", BACK, async || {
        tokio::net::TcpStream::connect(api).await.is_ok().then_some(())
    })
    .await;
    redeem(&nobody, link).await
}
