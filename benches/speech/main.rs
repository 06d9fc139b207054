//! The speech cache under load: how quickly a phrase that is there is answered, how many a second, what a miss adds to its
//! provider's own time, and what the same costs in Node.
//!
//! ```text
//! (cd benches/speech/node && npm install)
//! cargo bench --bench speech -- --seconds 10 --node
//! ```
//!
//! Everything on loopback, each in a process of its own: this one sends the requests and is the provider; `frontdesk
//! serve` as it ships; `redis-server`; and with `--node` the service of `node/server.js`, which does for a phrase in Redis what
//! an Express application does. `docs/performance.md` explains the figures and keeps the last ones.

#![allow(clippy::print_stdout, reason = "figures are what it is for")]
#![allow(missing_docs, unreachable_pub, reason = "a program")]

mod load;
mod processes;

use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Parser;
use futures_util::future::try_join_all;
use sandbox::world::{World, WorldSettings};

use load::{Load, Order};
use processes::{Frontdesk, Node, Redis};

/// Different phrases that are asked for again and again.
const PHRASES: usize = 500;

/// Phrases that are not there, asked for one after the other.
const MISSES: usize = 300;

/// Requests for one new phrase at the same time.
const AT_ONCE: usize = 1_000;

#[derive(Parser)]
struct Choice {
    /// How long each kind of load goes on
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Connections, each with one request at a time
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Compare with the Node service; its packages must be installed
    #[arg(long)]
    node: bool,
    /// Set by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let choice = Choice::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    // `cargo test --all-targets` runs benches, too.
    if choice.bench { runtime.block_on(measure(&choice)) } else { Ok(()) }
}

async fn measure(choice: &Choice) -> anyhow::Result<()> {
    rustls::crypto::aws_lc_rs::default_provider().install_default().expect("nothing installed another before");
    let world = World::start(WorldSettings::new(processes::FIXTURES)).context("the provider does not start")?;
    let redis = Redis::start().await?;
    let first = Frontdesk::start(&world, &redis).await?;
    misses(&first).await?;
    at_once(&first).await?;

    let orders: Vec<Order> = (0..PHRASES).map(|at| Order::new(&format!("Phrase number {at} is at hand."))).collect();
    for order in &orders {
        first.connect().await?.ask(order).await?;
    }
    let within = Duration::from_secs(choice.seconds);
    println!("\n{} connections, one request at a time on each", choice.connections);
    let before = first.processor()?;
    let hot = Load::run(first.address(), &orders, choice.connections, within).await?;
    let cores = (first.processor()? - before).as_secs_f64() / hot.lasted.as_secs_f64();
    println!("hit in memory:       {hot}; {cores:.2} cores");
    redis.holds(PHRASES).await?;

    // Another instance has nothing in memory: each phrase comes from Redis once.
    let second = Frontdesk::start(&world, &redis).await?;
    let mut from_redis = Vec::new();
    let mut line = second.connect().await?;
    for order in &orders {
        let answer = line.ask(order).await?;
        ensure!(answer.contains("\"tier\":\"redis\""), "it is not in Redis: {answer}");
        from_redis.push(load::number(&answer, "total").context("a total")?);
    }
    println!("hit in Redis, inside: {} phrases, {}", from_redis.len(), load::spread(&mut from_redis));
    drop(second);

    if choice.node {
        for workers in [1, 2] {
            let node = Node::start(&redis, workers).await?;
            let compared = Load::run(node.address(), &orders, choice.connections, within).await?;
            let ratio = hot.per_second() / compared.per_second();
            println!("node, {workers} process(es): {compared}; frontdesk answers {ratio:.1} times as many");
        }
        let again = Load::run(first.address(), &orders, choice.connections, within).await?;
        println!("hit in memory again: {again}");
    }
    Ok(())
}

/// What a miss takes beyond its provider.
async fn misses(gateway: &Frontdesk) -> anyhow::Result<()> {
    let mut line = gateway.connect().await?;
    let mut beyond = Vec::new();
    for at in 0..MISSES {
        let answer = line.ask(&Order::new(&format!("New phrase {at}."))).await?;
        ensure!(answer.contains("\"cached\":false"), "it was there: {answer}");
        let (total, provider) = (load::number(&answer, "total"), load::number(&answer, "provider"));
        beyond.push(total.context("a total")? - provider.context("a provider")?);
    }
    println!("a miss, beyond its provider, {MISSES} phrases: {}", load::spread(&mut beyond));
    Ok(())
}

/// Many requests for one new phrase.
async fn at_once(gateway: &Frontdesk) -> anyhow::Result<()> {
    let before = gateway.metric("provider_calls").await?;
    let order = Order::new("Everybody wants this at the same time.");
    let asked = (0..AT_ONCE).map(|_| async { gateway.connect().await?.ask(&order).await });
    let answers = try_join_all(asked).await?;
    let made = gateway.metric("provider_calls").await? - before;
    println!("{} requests for one new phrase at once: {made} synthesis", answers.len());
    Ok(())
}
