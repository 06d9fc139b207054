//! The process that is measured: `frontdesk serve` as it is shipped, or the relay.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use sandbox::twilio::{Twilio, TwilioSettings};
use sandbox::world::World;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::process::Usage;

/// Recorded speech.
pub const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");

const BUSINESS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/business.toml");

/// The address under which the carrier knows the gateway; it never leaves this machine.
const KNOWN_AS: &str = "https://frontdesk.example.com";

/// Webhooks and upgrades are signed with it, as they are in service.
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

const UP_WITHIN: Duration = Duration::from_secs(20);

/// A process that takes calls. It ends when dropped.
pub struct Gateway {
    child: Child,
    port: u16,
    is_frontdesk: bool,
    folder: TempDir,
}

impl Gateway {
    /// The gateway, with recordings, rows and logs in a folder of its own.
    pub async fn frontdesk(world: &World) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = free_port()?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
        command.arg("serve").current_dir(&folder);
        command.env("PORT", port.to_string()).env("HOST", "127.0.0.1").env("MAX_CALLS", "2000");
        command.env("BUSINESS_FILE", BUSINESS).env("TWILIO_AUTH_TOKEN", TOKEN);
        command.env("PUBLIC_URL", KNOWN_AS);
        command.env("DEEPGRAM_URL", world.deepgram_url()).env("DEEPGRAM_API_KEY", "none");
        command.env("OPENAI_BASE_URL", world.openai_base_url()).env("OPENAI_API_KEY", "none");
        command.env("DATABASE_URL", folder.path().join("calls.db")).env("RECORDING_STORAGE_PATH", recordings(&folder));
        command.env("VOICE_MAX_CONNECTIONS", "2000").env("VOICE_RATE_LIMIT_PER_MINUTE", "100000");
        command.env("SPEECH_CACHE_PATH", folder.path().join("speech"));
        let gateway = Self::start(command, port, true, folder).await?;
        gateway.wait_for("standard phrases are at hand").await?;
        Ok(gateway)
    }

    /// The relay.
    pub async fn relay(world: &World) -> anyhow::Result<Self> {
        let port = free_port()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("relay").arg(port.to_string()).arg(world.deepgram_url());
        Self::start(command, port, false, tempfile::tempdir()?).await
    }

    async fn start(mut command: Command, port: u16, is_frontdesk: bool, folder: TempDir) -> anyhow::Result<Self> {
        let log = File::create(folder.path().join("log"))?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().context("the gateway does not start")?;
        let gateway = Self { child, port, is_frontdesk, folder };
        let until = Instant::now() + UP_WITHIN;
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            ensure!(Instant::now() < until, "the gateway does not listen:\n{}", gateway.log());
            sleep(Duration::from_millis(50)).await;
        }
        Ok(gateway)
    }

    async fn wait_for(&self, line: &str) -> anyhow::Result<()> {
        let until = Instant::now() + UP_WITHIN;
        while !self.log().contains(line) {
            ensure!(Instant::now() < until, "the gateway never said {line:?}:\n{}", self.log());
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// A carrier that calls it.
    pub fn twilio(&self) -> anyhow::Result<Twilio> {
        let mut settings = TwilioSettings::for_gateway(&format!("http://127.0.0.1:{}", self.port));
        if self.is_frontdesk {
            settings.public_url = KNOWN_AS.to_owned();
            settings.auth_token = Some(TOKEN.to_owned());
        }
        Ok(Twilio::new(settings)?)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn usage(&self) -> anyhow::Result<Usage> {
        Usage::of(self.child.id())
    }

    /// Its own figures.
    pub async fn metrics(&self) -> anyhow::Result<serde_json::Value> {
        let address = format!("http://127.0.0.1:{}/metrics.json", self.port);
        Ok(reqwest::get(address).await?.json().await?)
    }

    /// Where its calls are recorded.
    pub fn recordings(&self) -> PathBuf {
        recordings(&self.folder)
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn recordings(folder: &TempDir) -> PathBuf {
    Path::join(folder.path(), "recordings")
}

fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
