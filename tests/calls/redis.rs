//! A real Redis of a test's own, which the test may kill and start again.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use tempfile::TempDir;

/// How long one may take to answer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Killed when dropped. It keeps nothing.
pub(crate) struct Redis {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Redis {
    /// One that answers, on a port nobody else has.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
        let mut redis = Self { child: server(port, &folder), port, folder };
        redis.answers().await;
        redis
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Dead at once, like a machine that lost its power.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it is over");
    }

    /// Empty, on the same port.
    pub(crate) async fn start_again(&mut self) {
        self.child = server(self.port, &self.folder);
        self.answers().await;
    }

    /// A connection of the test's own.
    pub(crate) async fn connection(&self) -> MultiplexedConnection {
        let client = redis::Client::open(self.url()).expect("an address");
        client.get_multiplexed_async_connection().await.expect("it answers")
    }

    /// The keys there are, sorted.
    pub(crate) async fn keys(&self) -> Vec<String> {
        let mut connection = self.connection().await;
        let mut keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut connection).await.expect("keys");
        keys.sort();
        keys
    }

    async fn answers(&mut self) {
        let client = redis::Client::open(self.url()).expect("an address");
        let answer = tokio::time::timeout(PATIENCE, async {
            while client.get_multiplexed_async_connection().await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        answer.await.expect("redis-server is installed and answers");
        assert!(self.child.try_wait().expect("it can be waited for").is_none(), "another program has its port");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn server(port: u16, folder: &TempDir) -> Child {
    Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"])
        .args(["--loglevel", "warning", "--dir"])
        .arg(folder.path())
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server is installed; scripts/setup redis-server does it")
}
