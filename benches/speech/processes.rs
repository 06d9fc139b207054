//! What is measured, and what it needs: each a process that ends when it is dropped.

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use sandbox::world::World;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::load::Connection;

/// Recorded speech.
pub const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");

const BUSINESS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/business.toml");
const NODE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/speech/node");

/// Who asks.
pub const KEY: &str = "a-key-for-this-run-only";

const LOG: &str = "log";

const UP_WITHIN: Duration = Duration::from_secs(20);

struct Process {
    child: Child,
    address: SocketAddr,
    folder: TempDir,
}

impl Process {
    /// Starts a program that listens on a port of its own.
    async fn start(command: impl FnOnce(u16, &Path) -> Command) -> anyhow::Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = tempfile::tempdir()?;
        let mut command = command(port, folder.path());
        let program = command.get_program().display().to_string();
        let log = folder.path().join(LOG);
        command.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log)?);
        let child = command.spawn().with_context(|| format!("{program} does not start; is it installed?"))?;
        let process = Self { child, address: SocketAddr::from(([127, 0, 0, 1], port)), folder };
        let until = Instant::now() + UP_WITHIN;
        while TcpStream::connect(process.address).await.is_err() {
            ensure!(Instant::now() < until, "{program} does not listen: {}", process.log());
            sleep(Duration::from_millis(50)).await;
        }
        Ok(process)
    }

    /// Waits until it says something in its log.
    async fn says(&self, words: &str) -> anyhow::Result<()> {
        let until = Instant::now() + UP_WITHIN;
        while !self.log().contains(words) {
            ensure!(Instant::now() < until, "it never said {words:?}: {}", self.log());
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join(LOG)).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Redis, which keeps nothing on the disk.
pub struct Redis(Process);

impl Redis {
    pub async fn start() -> anyhow::Result<Self> {
        let command = |port: u16, _: &Path| {
            let mut command = Command::new("redis-server");
            command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
            command
        };
        Ok(Self(Process::start(command).await?))
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.0.address)
    }

    /// Waits until it has at least so many keys.
    pub async fn holds(&self, keys: usize) -> anyhow::Result<()> {
        let mut socket = TcpStream::connect(self.0.address).await?;
        let until = Instant::now() + UP_WITHIN;
        loop {
            socket.write_all(b"DBSIZE\r\n").await?;
            let mut answer = [0; 32];
            let length = socket.read(&mut answer).await?;
            let answer = String::from_utf8_lossy(&answer[..length]);
            let count: usize = answer.trim().trim_start_matches(':').parse().context("no count")?;
            if count >= keys {
                return Ok(());
            }
            ensure!(Instant::now() < until, "Redis holds {count} keys only; {keys} phrases were to be shared");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The gateway, as it ships.
pub struct Frontdesk(Process);

impl Frontdesk {
    pub async fn start(world: &World, redis: &Redis) -> anyhow::Result<Self> {
        let command = |port: u16, folder: &Path| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
            command.arg("serve").env("PORT", port.to_string()).env("HOST", "127.0.0.1").env("LOG_LEVEL", "info");
            command.env("BUSINESS_FILE", BUSINESS).env("TWILIO_AUTH_TOKEN", "a-token");
            command.env("PUBLIC_URL", "https://frontdesk.example.com");
            command.env("DEEPGRAM_URL", world.deepgram_url()).env("DEEPGRAM_API_KEY", "none");
            command.env("OPENAI_BASE_URL", world.openai_base_url()).env("OPENAI_API_KEY", "none");
            command
                .env("DATABASE_URL", folder.join("calls.db"))
                .env("RECORDING_STORAGE_PATH", folder.join("recordings"));
            command.env("SPEECH_CACHE_PATH", folder.join("speech")).env("REDIS_URL", redis.url());
            command.env("API_KEYS", format!("bench:{KEY}")).env("RATE_LIMIT_PER_SECOND", "100000");
            command
        };
        let process = Process::start(command).await?;
        // Until then it speaks its greetings beside what is measured.
        process.says("standard phrases are at hand").await?;
        Ok(Self(process))
    }

    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    pub async fn connect(&self) -> anyhow::Result<Connection> {
        Connection::open(self.0.address).await
    }

    /// The sum of a counter.
    pub async fn metric(&self, name: &str) -> anyhow::Result<f64> {
        let page = reqwest::get(format!("http://{}/metrics", self.0.address)).await?.text().await?;
        let lines = page.lines().filter_map(|line| line.strip_prefix(name)).filter(|rest| rest.starts_with([' ', '{']));
        Ok(lines.filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }

    /// The processor time it used so far.
    pub fn processor(&self) -> anyhow::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.child.id()))?;
        let (_, fields) = stat.rsplit_once(')').context("no fields")?;
        let ticks: u64 = fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        // In hundredths of a second (`man 5 proc`, USER_HZ).
        Ok(Duration::from_millis(10 * ticks))
    }
}

/// The service that is compared, with as many workers as it is told.
pub struct Node(Process);

impl Node {
    pub async fn start(redis: &Redis, workers: usize) -> anyhow::Result<Self> {
        ensure!(Path::new(NODE).join("node_modules").is_dir(), "run npm install in {NODE} first");
        let command = |port: u16, _: &Path| {
            let mut command = Command::new("node");
            command.arg(Path::new(NODE).join("server.js")).env("NODE_ENV", "production");
            command.env("PORT", port.to_string()).env("REDIS_URL", redis.url()).env("KEY", KEY);
            command.env("WORKERS", workers.to_string());
            command
        };
        Ok(Self(Process::start(command).await?))
    }

    pub fn address(&self) -> SocketAddr {
        self.0.address
    }
}
