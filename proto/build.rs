//! Compiles the contract with protox, so that no protoc is needed, and refuses an RPC without a permission.

use std::{env, fs, path::PathBuf};

/// The contract, in the order in which files read each other.
const FILES: &[&str] = &[
    "tandem/access/v1/access.proto",
    "tandem/event/v1/event.proto",
    "tandem/partners/v1/firm.proto",
    "tandem/partners/v1/announcement.proto",
    "tandem/partners/v1/member.proto",
    "tandem/partners/v1/relationship.proto",
    "tandem/partners/v1/alias.proto",
    "tandem/partners/v1/group.proto",
    "tandem/partners/v1/operator.proto",
    "tandem/partners/v1/invitation.proto",
    "tandem/partners/v1/cluster.proto",
    "tandem/orders/v1/content.proto",
    "tandem/orders/v1/state.proto",
    "tandem/orders/v1/difference.proto",
    "tandem/orders/v1/pending.proto",
    "tandem/orders/v1/change.proto",
    "tandem/orders/v1/change_event.proto",
    "tandem/orders/v1/publishing.proto",
    "tandem/orders/v1/order.proto",
    "tandem/orders/v1/event.proto",
    "tandem/orders/v1/tolerance.proto",
    "tandem/orders/v1/response.proto",
    "tandem/orders/v1/link.proto",
    "tandem/orders/v1/scorecard.proto",
    "tandem/orders/v1/terms.proto",
    "tandem/orders/v1/calendar.proto",
    "tandem/orders/v1/deadline.proto",
    "tandem/orders/v1/reminder.proto",
    "tandem/orders/v1/progress.proto",
    "tandem/orders/v1/thread.proto",
    "tandem/orders/v1/follow_event.proto",
    "tandem/stream/v1/stream.proto",
    "tandem/stream/v1/webhook.proto",
    "tandem/stream/v1/subscription.proto",
    "tandem/interchange/v1/document.proto",
    "tandem/interchange/v1/sheet.proto",
    "tandem/notices/v1/notice.proto",
    "tandem/capacity/v1/week.proto",
    "tandem/capacity/v1/demand.proto",
    "tandem/capacity/v1/alert.proto",
    "tandem/capacity/v1/group.proto",
    "tandem/capacity/v1/disclosure.proto",
    "tandem/capacity/v1/event.proto",
    "tandem/capacity/v1/offer.proto",
    "tandem/capacity/v1/reservation.proto",
    "tandem/capacity/v1/booking_event.proto",
    "tandem/capacity/v1/catena.proto",
    "tandem/capacity/v1/promise.proto",
    "tandem/capacity/v1/capability.proto",
    "tandem/capacity/v1/capability_event.proto",
    "tandem/capacity/v1/comment.proto",
    "tandem/capacity/v1/comment_event.proto",
    "tandem/capacity/v1/request.proto",
    "tandem/capacity/v1/match.proto",
    "tandem/capacity/v1/request_event.proto",
    "tandem/resources/v1/resource.proto",
    "tandem/resources/v1/revision.proto",
    "tandem/resources/v1/entitlement.proto",
    "tandem/resources/v1/follow.proto",
    "tandem/resources/v1/access_log.proto",
    "tandem/resources/v1/event.proto",
    "tandem/resources/v1/transfer.proto",
    "tandem/resources/v1/binding.proto",
];

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script its folder in the environment")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=tandem");
    println!("cargo:rerun-if-changed=google");

    // The compiler keeps our options as extension fields; prost_types would drop them. Comments are kept for the
    // description of the API.
    let mut compiler = protox::Compiler::new(["."])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(FILES)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;

    let with_comments = protox::compile(FILES, ["."])?;
    tonic_prost_build::configure().build_transport(true).bytes(".").compile_fds(with_comments)?;
    Ok(())
}
