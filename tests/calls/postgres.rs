//! A real PostgreSQL of the tests' own, which a test may stop and start again.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How long a server may take to come up on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long to wait between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Runs the server for as long as this process lives, however that ends, and removes what it left.
const SUPERVISOR: &str = r#"
    run() { "$@" >"$FOLDER/log" 2>&1 & child=$!; }
    run "$@"
    while read -r word; do
        case $word in
            stop) kill -QUIT $child; wait $child ;;
            start) run "$@" ;;
        esac
    done
    kill -QUIT $child; wait $child; rm -rf "$FOLDER"
"#;

/// Killed when dropped.
pub(crate) struct Postgres {
    supervisor: Child,
    folder: PathBuf,
    bin: PathBuf,
    port: u16,
    databases: AtomicU32,
}

impl Postgres {
    /// One that answers, on a port nobody else has.
    pub(crate) fn start() -> Self {
        let bin = bin();
        let folder = tempfile::Builder::new().prefix("frontdesk-postgres-").tempdir().expect("a folder").keep();
        let data = folder.join("data");
        if is_root() {
            done(Command::new("chown").arg("postgres").arg(&folder));
        }
        done(
            plain(&bin.join("initdb"))
                .args([
                    "--no-sync",
                    "--auth=trust",
                    "--username=frontdesk",
                    "--encoding=UTF8",
                    "--locale=C.UTF-8",
                    "-D",
                ])
                .arg(&data),
        );
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
        let server = plain(&bin.join("postgres"));
        let supervisor = Command::new("sh")
            .args(["-c", SUPERVISOR, "sh"])
            .arg(server.get_program())
            .args(server.get_args())
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(&folder)
            // What is lost when the machine goes is no part of a test.
            .args(["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"])
            .args(["-p", &port.to_string()])
            .env("FOLDER", &folder)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh runs");
        let server = Self { supervisor, folder, bin, port, databases: AtomicU32::new(0) };
        server.is_up();
        server
    }

    /// The address of a new, empty database.
    pub(crate) fn database(&self) -> String {
        let name = format!("d{}", self.databases.fetch_add(1, Ordering::Relaxed));
        done(Command::new(self.bin.join("createdb")).args(self.client()).arg(&name));
        self.url(&name)
    }

    /// Dead at once, like a machine that lost its power.
    pub(crate) fn stop(&self) {
        self.tell("stop");
        wait_until("it is down", || TcpStream::connect(("127.0.0.1", self.port)).is_err());
    }

    /// With everything that was committed, on the same port.
    pub(crate) fn start_again(&self) {
        self.tell("start");
        self.is_up();
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://frontdesk@127.0.0.1:{}/{database}?schema=public&connection_limit=8", self.port)
    }

    fn client(&self) -> [String; 6] {
        ["-h", "127.0.0.1", "-U", "frontdesk", "-p", &self.port.to_string()].map(str::to_owned)
    }

    fn is_up(&self) {
        let ready = || Command::new(self.bin.join("pg_isready")).args(self.client()).stdout(Stdio::null()).status();
        let log = self.folder.join("log");
        wait_until(&format!("PostgreSQL is up; {} says more", log.display()), || ready().is_ok_and(|it| it.success()));
    }

    fn tell(&self, word: &str) {
        let mut stdin = self.supervisor.stdin.as_ref().expect("it is piped");
        writeln!(stdin, "{word}").expect("the supervisor reads");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Nothing more to read is its sign to end.
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}

/// Where the server's programs are: Debian keeps them out of the way, others on the path.
fn bin() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders
        .into_iter()
        .rev()
        .chain(std::env::split_paths(&path))
        .find(|folder| folder.join("initdb").exists())
        .expect("PostgreSQL is installed; `scripts/setup postgresql` does it")
}

/// A server program. PostgreSQL will not run as root.
fn plain(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program).current_dir("/");
    command
}

fn is_root() -> bool {
    let home = std::fs::metadata("/proc/self").expect("this process");
    std::os::unix::fs::MetadataExt::uid(&home) == 0
}

fn done(command: &mut Command) {
    let output = command.output().expect("it is installed");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..PATIENCE.as_millis() / BETWEEN_LOOKS.as_millis() {
        if is_so() {
            return;
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
    panic!("not within {PATIENCE:?}: {what}");
}
