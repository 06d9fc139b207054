//! Questions of analysts to a full database: how long lists, searches, call pages, overviews and exports take; and what a
//! thousand calls at once leave behind; and a race for appointments.
//!
//! ```text
//! cargo bench --bench records -- --calls 100000
//! cargo bench --bench records -- --url postgres://user@host/an_empty_database
//! cargo bench --bench records -- --writing 1000
//! cargo bench --bench records -- --racing 10000
//! ```
//!
//! The database is filled with calls over ninety days, each with twenty lines of twelve words, six turns, figures and costs.
//! Each kind of question is asked in many ways, one after the other; `docs/performance.md` keeps the last figures.

#![allow(clippy::print_stdout, reason = "figures are what it is for")]
#![allow(clippy::disallowed_methods, reason = "it measures time")]
#![allow(missing_docs, unreachable_pub, reason = "a program")]

mod asking;
mod filling;
mod racing;
mod writing;

use std::path::PathBuf;

use clap::Parser;
use frontdesk::store::query::ListQuery;
use frontdesk::store::{Config, Records, Store};

/// How long calls leave rows.
const WRITING_SECONDS: u32 = 30;

#[derive(Parser)]
struct Choice {
    /// Calls in the database
    #[arg(long, default_value_t = 100_000)]
    calls: u32,
    /// Questions of each kind
    #[arg(long, default_value_t = 200)]
    asks: u32,
    /// The database, which is filled if it has no calls; a new SQLite file if none is given
    #[arg(long)]
    url: Option<String>,
    /// So many calls leave rows at once for half a minute, and nothing is asked
    #[arg(long, value_name = "CALLS")]
    writing: Option<u32>,
    /// So many want one of a few appointments at once, and nothing is asked
    #[arg(long, value_name = "TRIES")]
    racing: Option<u32>,
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
    let folder = tempfile::tempdir()?;
    let new = || format!("sqlite://{}", folder.path().join("records.db").display());
    let url = choice.url.clone().unwrap_or_else(new);
    let journal: PathBuf = folder.path().join("journal");
    let store = Store::open(Config { url: url.clone(), journal }).await?;
    if let Some(calls) = choice.writing {
        return writing::write(&store, calls, WRITING_SECONDS).await;
    }
    if let Some(tries) = choice.racing {
        return racing::race(&store, tries).await;
    }
    store.close().await;
    let records = Records::open(&url).await?;
    if records.list(&ListQuery { limit: 1, ..ListQuery::default() }).await?.items.is_empty() {
        filling::fill(&url, choice.calls).await?;
    }
    asking::ask_all(&records, choice.calls, choice.asks).await
}
