//! The processor share of a small function, by the kernel's own control groups.
//! It never limits the bench itself, and leaves no group behind.
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// A group whose members share a part of one processor; removed when dropped.
#[derive(Debug)]
pub struct Quota {
    folder: PathBuf,
}

// Limit: 20 ms, the period that the platform seems to use (lambda-contract.md V5).
const PERIOD_US: u32 = 20_000;

// Limit: 1,430 µs of 20,000; a function has one processor at 1,769 MB, so 128 MB has 7.2 % of it.
const QUOTA_US: u32 = 1_430;

impl Quota {
    /// Limits the process `pid` to the share of a function with 128 MB.
    pub fn of_128_megabytes(pid: u32) -> Result<Self> {
        let first = Path::new("/sys/fs/cgroup/cpu");
        let second = Path::new("/sys/fs/cgroup");
        let is_first = first.join("cpu.cfs_quota_us").exists();
        let parent = if is_first { first } else { second };
        let folder = parent.join(format!("credenza-bench-{pid}"));
        fs::create_dir(&folder).context("control groups cannot be made here")?;
        let quota = Self { folder };
        if is_first {
            quota.write("cpu.cfs_period_us", &PERIOD_US.to_string())?;
            quota.write("cpu.cfs_quota_us", &QUOTA_US.to_string())?;
        } else {
            quota.write("cpu.max", &format!("{QUOTA_US} {PERIOD_US}"))?;
        }
        quota.write("cgroup.procs", &pid.to_string())?;
        Ok(quota)
    }

    fn write(&self, file: &str, text: &str) -> Result<()> {
        let file = self.folder.join(file);
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        // A group goes once its last process has gone; a leftover of the kernel harms nobody.
        drop(fs::remove_dir(&self.folder));
    }
}
