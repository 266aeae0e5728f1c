//! Reasons of the operator, of limits, and of messages.

use chassis::Reason;
use harness::{order, request_id};
use proto::{
    notices::{Channel, CreateChannelRequest, Medium},
    partners::{Alias, AliasKind, MergeFirmsRequest, SetAliasesRequest, SuspendFirmRequest},
};
use tonic::Status;

use super::Scene;

impl Scene {
    pub(super) async fn operating(&self, reason: Reason) -> Result<(), Status> {
        let operator = self.world.operator().await;
        let suspend = |firm_id: &str| SuspendFirmRequest {
            request_id: request_id(),
            firm_id: firm_id.into(),
            reason: "核实".into(),
        };
        match reason {
            Reason::FIRM_SUSPENDED => {
                let other = self.world.firm("将被暂停").await;
                self.world.partner(&self.buyer, &other, "V910").await;
                operator.operating().suspend_firm(suspend(&other.id)).await?;
                let publish = order(&request_id()).line("10", "X", "1", "1").to("V910");
                self.buyer.publish(publish).await.map(drop)
            }
            Reason::FIRM_NOT_ACTIVE => {
                operator.operating().suspend_firm(suspend(&operator.id)).await.map(drop)
            }
            Reason::MERGE_REFUSED => {
                let request = MergeFirmsRequest {
                    request_id: request_id(),
                    duplicate_id: self.buyer.id.clone(),
                    survivor_id: self.supplier.id.clone(),
                    reason: "同一企业".into(),
                };
                operator.operating().merge_firms(request).await.map(drop)
            }
            // Here no mail goes out.
            Reason::NOTICES_NOT_SET_UP => {
                let channel =
                    Channel { medium: Medium::Mail.into(), name: "邮箱".into(), ..Channel::default() };
                let request = CreateChannelRequest {
                    request_id: request_id(),
                    channel: Some(channel),
                    address: "lin@example.invalid".into(),
                    secret: String::new(),
                };
                self.buyer.notices().create_channel(request).await.map(drop)
            }
            _ => {
                self.sql(
                    "insert into partners.alias (buyer, kind, source_system, written, meaning, changed_at)
                     select f.id, 'unit', '', 'W' || n, 'H87', now()
                     from partners.firm f, generate_series(1, 5000) n where f.state = 'active'",
                )
                .await;
                let alias = Alias {
                    kind: AliasKind::Unit.into(),
                    written: "one more".into(),
                    meaning: "H87".into(),
                    ..Alias::default()
                };
                let request = SetAliasesRequest { request_id: request_id(), aliases: vec![alias] };
                self.buyer.aliases().set_aliases(request).await.map(drop)
            }
        }
    }
}
