//! Calls put together at run time: any method by its path, with encoded messages.

use bytes::{Buf as _, BufMut as _, Bytes};
use http::uri::PathAndQuery;
use tonic::{
    Request, Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    metadata::MetadataMap,
};

use crate::Access;

/// Messages as they are on the wire.
#[derive(Default)]
struct RawCodec;

impl Codec for RawCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = RawCodec;
    type Decoder = RawCodec;

    fn encoder(&mut self) -> RawCodec {
        RawCodec
    }

    fn decoder(&mut self) -> RawCodec {
        RawCodec
    }
}

impl Encoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(message);
        Ok(())
    }
}

impl Decoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

impl Access {
    /// Calls a method by its path, such as `/tandem.orders.v1.OrderService/GetOrder`; all messages of the answer.
    pub async fn call(&self, path: &str, message: impl prost::Message) -> Result<Vec<Bytes>, Status> {
        self.call_with(path, message.encode_to_vec().into(), MetadataMap::new()).await
    }

    /// As [`Access::call`], with an encoded message and more headers.
    pub async fn call_with(
        &self,
        path: &str,
        message: Bytes,
        headers: MetadataMap,
    ) -> Result<Vec<Bytes>, Status> {
        let path: PathAndQuery = path.parse().expect("a path");
        // An answer of one message is a stream that ends after it.
        let mut grpc = tonic::client::Grpc::new(self.client()).max_decoding_message_size(64 << 20);
        grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let mut request = Request::new(message);
        *request.metadata_mut() = headers;
        let mut stream = grpc.server_streaming(request, path, RawCodec).await?.into_inner();
        let mut messages = Vec::new();
        while let Some(message) = stream.message().await? {
            messages.push(message);
        }
        Ok(messages)
    }
}
