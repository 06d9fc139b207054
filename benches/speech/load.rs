//! Requests as fast as a connection answers them, with as little work on this side as can be: the machine is shared.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, ensure};
use futures_util::future::try_join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::processes::KEY;

/// The largest answer that is read.
const ANSWER_MAX: usize = 16 << 10;

/// An answer that takes longer is none.
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);

/// A request, ready to be sent.
pub struct Order(Vec<u8>);

impl Order {
    pub fn new(text: &str) -> Self {
        let body = serde_json::json!({"callId": "bench", "text": text, "format": "MULAW", "debug": true}).to_string();
        let head = format!(
            "POST /call HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {KEY}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        Self([head.into_bytes(), body.into_bytes()].concat())
    }
}

/// One connection.
pub struct Connection {
    socket: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, buffer: vec![0; ANSWER_MAX] })
    }

    /// Sends an order and waits for its answer's body, which must be good.
    pub async fn ask(&mut self, order: &Order) -> anyhow::Result<String> {
        let answered = async {
            self.socket.write_all(&order.0).await?;
            self.answer().await
        };
        timeout(ANSWERS_WITHIN, answered).await.context("no answer in time")?
    }

    async fn answer(&mut self) -> anyhow::Result<String> {
        let mut read = 0;
        loop {
            let length = self.socket.read(&mut self.buffer[read..]).await?;
            ensure!(length > 0, "the connection was closed, or an answer is too large");
            read += length;
            let Some(text) = whole(&self.buffer[..read])? else { continue };
            return Ok(text.to_owned());
        }
    }
}

/// The body of an answer that is all there.
fn whole(read: &[u8]) -> anyhow::Result<Option<&str>> {
    let text = std::str::from_utf8(read)?;
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return Ok(None) };
    ensure!(head.starts_with("HTTP/1.1 200"), "refused: {text}");
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let length: usize = length.context("an answer without a length")?;
    Ok((body.len() >= length).then(|| &body[..length]))
}

/// What came of a load.
pub struct Load {
    /// How long each answer took, in milliseconds, seen from here.
    took_ms: Vec<f64>,
    /// The same as the server says, for some of them.
    inside_ms: Vec<f64>,
    pub lasted: Duration,
}

impl Load {
    /// Asks for the orders in turn, on so many connections, for so long.
    pub async fn run(
        address: SocketAddr,
        orders: &[Order],
        connections: usize,
        within: Duration,
    ) -> anyhow::Result<Self> {
        let began = Instant::now();
        let asking = (0..connections).map(|at| on_one_connection(address, orders, at * 7, began + within));
        let answers = try_join_all(asking).await?;
        let lasted = began.elapsed();
        let (took, inside): (Vec<_>, Vec<_>) = answers.into_iter().unzip();
        let mut load = Self { took_ms: took.concat(), inside_ms: inside.concat(), lasted };
        load.took_ms.sort_by(f64::total_cmp);
        load.inside_ms.sort_by(f64::total_cmp);
        Ok(load)
    }

    pub fn per_second(&self) -> f64 {
        self.took_ms.len() as f64 / self.lasted.as_secs_f64()
    }
}

async fn on_one_connection(
    address: SocketAddr,
    orders: &[Order],
    first: usize,
    until: Instant,
) -> anyhow::Result<(Vec<f64>, Vec<f64>)> {
    let mut connection = Connection::open(address).await?;
    let (mut took, mut inside) = (Vec::new(), Vec::new());
    for order in orders.iter().cycle().skip(first) {
        let began = Instant::now();
        if began >= until {
            break;
        }
        let answer = connection.ask(order).await?;
        took.push(began.elapsed().as_secs_f64() * 1_000.0);
        if took.len() % 16 == 0 {
            inside.push(number(&answer, "total").context("a total")?);
        }
    }
    Ok((took, inside))
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, per_second) = (self.took_ms.len(), self.per_second());
        write!(f, "{per_second:.0} a second ({count}); seen from here {}", of_sorted(&self.took_ms))?;
        write!(f, "; inside {}", of_sorted(&self.inside_ms))
    }
}

/// Quantiles of milliseconds.
pub fn spread(ms: &mut [f64]) -> String {
    ms.sort_by(f64::total_cmp);
    of_sorted(ms)
}

fn of_sorted(ms: &[f64]) -> String {
    let at = |part: f64| ms.get(((ms.len() as f64 - 1.0) * part).round() as usize).copied().unwrap_or(f64::NAN);
    format!("p50 {:.3}, p99 {:.3}, max {:.3} ms", at(0.5), at(0.99), at(1.0))
}

/// A number in an answer, by its name: quicker than reading all of it.
pub fn number(answer: &str, name: &str) -> Option<f64> {
    let (_, rest) = answer.split_once(&format!("\"{name}\":"))?;
    rest[..rest.find([',', '}'])?].parse().ok()
}
