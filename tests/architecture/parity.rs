//! Whatever the portal can do, an API key of the same role can do: each form of the portal has RPCs of the same effect.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{files, none};

/// Forms of the portal, and what has their effect by API. `-`: it keeps to the browser, or only shows.
const FORMS: &[(&str, &str)] = &[
    ("/aliases/delete", "DeleteAlias"),
    ("/aliases/list", "SetAliases"),
    ("/aliases/new", "SetAliases"),
    ("/announcements/dismiss", "DismissAnnouncement"),
    ("/calendar", "SetCalendar"),
    ("/capacity/comments/{word}/{id}/delete/{comment}", "DeleteComment"),
    ("/capacity/comments/{word}/{id}/new", "PostComment"),
    ("/capacity/demand", "UpdateDemandWeeks"),
    ("/capacity/demand/new", "UploadMaterialDemand"),
    ("/capacity/disclosure/set", "SetDisclosure"),
    ("/capacity/edit", "UpdateCapacityWeeks"),
    ("/capacity/groups/new", "UploadCapacityGroup"),
    ("/capacity/groups/{id}/bounds", "UploadCapacityGroup"),
    ("/capacity/groups/{id}/edit", "UploadCapacityGroup"),
    ("/capacity/matches/{id}/{step}", "AdvanceMatch"),
    ("/capacity/payloads/answer", "ExportPayloads"),
    ("/capacity/payloads/import", "ImportMaterialDemands ImportCapacityGroups ImportComments"),
    ("/capacity/profile/edit", "SetCapabilityProfile"),
    ("/capacity/profile/process", "SetCapabilityProfile"),
    ("/capacity/profile/process/remove", "SetCapabilityProfile"),
    ("/capacity/requests/new", "PublishCapacityRequest"),
    ("/capacity/requests/{id}/change", "ChangeCapacityRequest"),
    ("/capacity/requests/{id}/close", "CloseCapacityRequest"),
    ("/capacity/requests/{id}/propose", "ProposeMatch"),
    ("/capacity/offers/new", "PublishOffer"),
    ("/capacity/offers/new/slots", "PublishOffer"),
    ("/capacity/offers/{id}/change", "ChangeOffer"),
    ("/capacity/offers/{id}/hold", "HoldCapacity"),
    ("/capacity/offers/{id}/withdraw", "WithdrawOffer"),
    ("/capacity/reservations/{id}/borrow", "BorrowCapacity"),
    ("/capacity/reservations/{id}/confirm", "ConfirmReservation"),
    ("/capacity/reservations/{id}/order", "PublishOrder"),
    ("/capacity/reservations/{id}/release", "ReleaseReservation"),
    ("/capacity/sheets", "UpdateCapacityWeeks"),
    ("/channels/new", "CreateChannel"),
    ("/channels/{id}", "UpdateChannel"),
    ("/channels/{id}/delete", "DeleteChannel"),
    ("/channels/{id}/test", "SendTestNotice"),
    ("/clusters/new", "CreateCluster"),
    ("/clusters/{id}/join", "JoinCluster"),
    ("/clusters/{id}/leave", "LeaveCluster"),
    ("/d/{token}/accept", "RespondToOrder"),
    ("/d/{token}/change", "RespondToOrder"),
    // The language alone; the note is recorded nowhere.
    ("/d/{token}/despatch-note", "SetLocale"),
    ("/d/{token}/progress", "SetProgress"),
    ("/d/{token}/refuse", "RespondToOrder"),
    ("/filters", "SaveFilter"),
    ("/filters/delete", "DeleteSavedFilter"),
    ("/i/{token}", "AcceptInvitation RequestInvitationCode"),
    ("/i/{token}/claim", "ClaimInvitation RequestInvitationCode"),
    // Asks for the answers to be confirmed.
    ("/inbox/bulk", "-"),
    ("/inbox/bulk/send", "BulkRespond"),
    ("/inbox/sheets", "ImportAnswers"),
    ("/inbox/sheets/marked", "MarkErrors"),
    ("/keys", "CreateApiKey"),
    ("/keys/{id}/revoke", "RevokeApiKey"),
    ("/language", "SetLocale"),
    ("/members/new", "CreateMember"),
    ("/members/{id}", "UpdateMember"),
    ("/members/{id}/sign-in-link", "CreateSignInLink"),
    ("/operator/announcements/new", "PublishAnnouncement"),
    ("/operator/announcements/{id}", "UpdateAnnouncement"),
    ("/operator/announcements/{id}/withdraw/{etag}", "WithdrawAnnouncement"),
    ("/operator/firms/new", "CreateFirm"),
    (
        "/operator/firms/{id}/{act}",
        "VerifyFirm UnverifyFirm SuspendFirm ReinstateFirm MergeFirms ResetLastAdmin InviteToCluster",
    ),
    ("/orders/{id}/accept", "RespondToOrder"),
    ("/orders/{id}/cancel", "CancelOrder"),
    ("/orders/{id}/change", "RespondToOrder"),
    ("/orders/{id}/close", "CloseShort"),
    ("/orders/{id}/consent", "RespondToChange"),
    ("/orders/{id}/decide", "ResolveProposal"),
    // As by a document link.
    ("/orders/{id}/despatch-note", "SetLocale"),
    ("/orders/{id}/hold", "HoldOrder"),
    ("/orders/{id}/messages", "PostMessage"),
    ("/orders/{id}/progress", "SetProgress"),
    ("/orders/{id}/proposals/withdraw", "WithdrawProposal"),
    ("/orders/{id}/refuse", "RespondToOrder"),
    ("/orders/{id}/release", "ReleaseOrder"),
    ("/orders/{id}/revise", "ChangeOrder"),
    ("/orders/{id}/share", "CreateOrderLink"),
    ("/orders/{id}/share/{link}/revoke", "RevokeOrderLink"),
    ("/orders/{id}/withdraw-change", "WithdrawChange"),
    ("/partners/invite", "InviteSupplier"),
    // The answer of before, as a file.
    ("/partners/invite/links", "-"),
    ("/partners/invite/list", "InviteSuppliers"),
    ("/partners/{id}", "UpdateRelationship"),
    ("/partners/{id}/invitation", "RenewInvitation"),
    ("/partners/{id}/terms", "SetTerms"),
    ("/partners/{id}/tolerances", "SetToleranceRule"),
    // Nothing is answered, since the order is made up; the language alone.
    ("/practice/accept", "-"),
    ("/practice/change", "SetLocale"),
    ("/practice/refuse", "SetLocale"),
    ("/purchases/new", "PublishOrder"),
    // Says what would be changed, by `validate_only`.
    ("/purchases/sheets", "ImportChanges"),
    ("/purchases/sheets/send", "ImportChanges"),
    ("/purchasing-groups/delete", "DeletePurchasingGroup"),
    ("/purchasing-groups/new", "SetPurchasingGroup"),
    ("/remind", "RemindSupplier"),
    ("/resources/entitlements/{id}/{step}", "GrantEntitlement RefuseEntitlement RevokeEntitlement"),
    ("/resources/files/{id}/remove", "RemoveFile"),
    ("/resources/follow", "Follow"),
    ("/resources/following/{id}/end", "Unfollow"),
    ("/resources/new", "PublishResource"),
    ("/resources/revisions/{id}/acknowledge", "AcknowledgeRevision"),
    ("/resources/policy", "SetBindingPolicy"),
    ("/resources/revisions/{id}/apply", "ApplyRevision"),
    ("/resources/revisions/{id}/files", "BeginUpload UploadChunks FinishUpload AbortUpload"),
    ("/resources/revisions/{id}/files/uploads", "BeginUpload"),
    ("/resources/revisions/{id}/files/uploads/{upload}", "UploadChunks"),
    ("/resources/revisions/{id}/files/uploads/{upload}/finish", "FinishUpload"),
    ("/resources/revisions/{id}/release", "ReleaseRevision"),
    ("/resources/revisions/{id}/withdraw", "WithdrawRevision"),
    ("/resources/{id}/change", "ChangeResource"),
    ("/resources/{id}/grant", "GrantEntitlement"),
    ("/resources/{id}/request", "RequestEntitlement"),
    ("/resources/{id}/revise", "CreateRevision"),
    ("/resources/{id}/withdraw", "WithdrawResource"),
    ("/s/{token}", "RedeemSignInLink"),
    ("/sign-in", "RequestSignInLink"),
    ("/sign-out", "EndSession"),
    ("/sites/new", "CreateSite"),
    ("/terms", "SetTerms"),
    ("/tolerances/{id}/end", "DeleteToleranceRule"),
    ("/webhooks/new", "CreateWebhook"),
    ("/webhooks/{id}", "UpdateWebhook"),
    ("/webhooks/{id}/{act}", "DeleteWebhook ReplayWebhook RotateWebhookSecret"),
    ("/webhooks/{id}/resend", "ResendWebhookEvent"),
    ("/webhooks/{id}/test", "TestWebhook"),
];

#[test]
fn every_form_of_the_portal_has_an_rpc() {
    let known: BTreeMap<&str, &str> = FORMS.iter().copied().collect();
    let rpcs = rpcs();
    let forms = forms();
    assert!(forms.len() > 40, "only {} forms were found: are they still recognised?", forms.len());
    let mut faults: Vec<String> = forms
        .iter()
        .filter(|form| !known.contains_key(form.as_str()))
        .map(|form| format!("{form} is in no row of FORMS: name the RPC of the same effect"))
        .collect();
    for (form, names) in &known {
        if !forms.contains(*form) {
            faults.push(format!("{form} is a form no more"));
        }
        let names = names.split(' ').filter(|name| *name != "-");
        faults
            .extend(names.filter(|name| !rpcs.contains(*name)).map(|name| format!("{form}: no RPC {name}")));
    }
    none(&faults, "the portal can do what the API cannot");
}

/// Paths that the portal's routes take posts for.
fn forms() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for source in files(&["rs"]).iter().filter(|source| source.path.starts_with("services/portal/src/")) {
        for route in source.text.split(".route(").skip(1) {
            let route = route.split(';').next().unwrap_or_default();
            let mut parts = route.splitn(3, '"').skip(1);
            if let (Some(path), Some(methods)) = (parts.next(), parts.next())
                && methods.contains("post(")
            {
                found.insert(path.to_string());
            }
        }
    }
    found
}

/// The RPCs of the contract.
fn rpcs() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for source in files(&["proto"]) {
        for line in source.text.lines() {
            if let Some(rest) = line.trim().strip_prefix("rpc ") {
                found.extend(rest.split('(').next().map(str::to_string));
            }
        }
    }
    found
}
