//! Each adapter against its vendor: the sandbox over real sockets, and small servers where the exact bytes matter or
//! where the sandbox is too well behaved.

#[path = "wire/carrier.rs"]
mod carrier;
#[path = "wire/flux.rs"]
mod flux;
#[path = "wire/hearing.rs"]
mod hearing;
#[path = "wire/instances.rs"]
mod instances;
#[path = "wire/model.rs"]
mod model;
#[path = "wire/providers.rs"]
mod providers;
#[path = "calls/redis.rs"]
mod redis_server;
#[path = "wire/replay.rs"]
mod replay;
#[path = "calls/s3.rs"]
mod s3;
#[path = "wire/scene.rs"]
mod scene;
#[path = "wire/sharing.rs"]
mod sharing;
#[path = "wire/speech.rs"]
mod speech;
#[path = "wire/storing.rs"]
mod storing;
