//! Each adapter against its vendor: the sandbox over real sockets, and small servers where the exact bytes matter or
//! where the sandbox is too well behaved.

#[path = "wire/carrier.rs"]
mod carrier;
#[path = "wire/flux.rs"]
mod flux;
#[path = "wire/hearing.rs"]
mod hearing;
#[path = "wire/model.rs"]
mod model;
#[path = "wire/replay.rs"]
mod replay;
#[path = "wire/scene.rs"]
mod scene;
#[path = "wire/speech.rs"]
mod speech;
