//! The contract of Tandem, compiled: one module a proto package, and the descriptors that name permissions and
//! event types; and for clients in Rust [`follow`], the reader of a feed, and [`retry`], calls that are repeated until they
//! are answered; and where in a table an order stands. **Invariant:** nothing here decides anything; a rule that the contract
//! cannot say belongs to a service.

#![expect(clippy::large_enum_variant, reason = "generated: an answer is boxed by nobody else")]

pub mod follow;
pub mod retry;
mod sheet;

use std::sync::LazyLock;

use prost_reflect::{DescriptorError, DescriptorPool};

/// Well-known shapes from `google.type`.
pub mod google {
    pub mod r#type {
        tonic::include_proto!("google.r#type");
    }
}

/// Every package of Tandem, as `tandem::<context>::v1`.
pub mod tandem {
    pub mod access {
        pub mod v1 {
            tonic::include_proto!("tandem.access.v1");
        }
    }
    pub mod event {
        pub mod v1 {
            tonic::include_proto!("tandem.event.v1");
        }
    }
    pub mod partners {
        pub mod v1 {
            tonic::include_proto!("tandem.partners.v1");
        }
    }
    pub mod orders {
        pub mod v1 {
            tonic::include_proto!("tandem.orders.v1");
        }
    }
    pub mod stream {
        pub mod v1 {
            tonic::include_proto!("tandem.stream.v1");
        }
    }
    pub mod interchange {
        pub mod v1 {
            tonic::include_proto!("tandem.interchange.v1");
        }
    }
    pub mod notices {
        pub mod v1 {
            tonic::include_proto!("tandem.notices.v1");
        }
    }
    pub mod capacity {
        pub mod v1 {
            tonic::include_proto!("tandem.capacity.v1");
        }
    }
    pub mod resources {
        pub mod v1 {
            tonic::include_proto!("tandem.resources.v1");
        }
    }
}

pub use google::r#type::{Date, Decimal};
pub use tandem::{
    access::v1 as access, capacity::v1 as capacity, event::v1 as event, interchange::v1 as interchange,
    notices::v1 as notices, orders::v1 as orders, partners::v1 as partners, resources::v1 as resources,
    stream::v1 as stream,
};

/// The whole contract to look things up in, read once in a process.
///
/// # Errors
/// Where the descriptors are broken, which the build would have shown.
pub fn contract() -> Result<DescriptorPool, &'static DescriptorError> {
    static READ: LazyLock<Result<DescriptorPool, DescriptorError>> =
        LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS));
    READ.as_ref().map(Clone::clone)
}

/// The encoded `FileDescriptorSet` of the whole contract, imports and our options included.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
