//! What the kernel says of a process: its processor time, thread by thread, and its memory.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::Context;
use tokio::time::Instant;

/// The kernel counts processor time in hundredths of a second (`man 5 proc`, USER_HZ).
const TICK: Duration = Duration::from_millis(10);

/// One look at a process.
pub struct Usage {
    pub at: Instant,
    /// Processor time, user and system, since the process began, by name of thread.
    pub threads: BTreeMap<String, Duration>,
    /// Memory in use, in KiB.
    pub resident_kib: u64,
}

impl Usage {
    pub fn of(pid: u32) -> anyhow::Result<Self> {
        let mut threads = BTreeMap::<String, Duration>::new();
        for task in fs::read_dir(format!("/proc/{pid}/task")).context("the process is gone")? {
            let stat = fs::read_to_string(task?.path().join("stat")).unwrap_or_default();
            if let Some((name, spent)) = read_stat(&stat) {
                *threads.entry(name.to_owned()).or_default() += spent;
            }
        }
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let resident_kib = resident.trim().trim_end_matches(" kB").parse()?;
        Ok(Self { at: Instant::now(), threads, resident_kib })
    }

    pub fn total(&self) -> Duration {
        self.threads.values().sum()
    }

    /// Parts of one core used since an earlier look.
    pub fn cores_since(&self, before: &Self) -> f64 {
        (self.total() - before.total()).as_secs_f64() / (self.at - before.at).as_secs_f64()
    }
}

/// The name and the time of a line of `/proc/PID/task/TID/stat`; the name, in parentheses, may hold blanks.
fn read_stat(line: &str) -> Option<(&str, Duration)> {
    let (head, tail) = line.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    let mut fields = tail.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok();
    Some((name, TICK * (ticks()? + ticks()?)))
}
