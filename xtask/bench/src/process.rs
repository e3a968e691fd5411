//! A proxy as a process: started, looked at from outside, and ended.
//! It never ends a process that it did not start.
use std::ffi::OsString;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::upstream::PATIENCE;

/// A running proxy; ended when dropped.
#[derive(Debug)]
pub struct Proxy {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// Just before it was started.
    pub spawned: Instant,
}

impl Proxy {
    /// Starts `command` (a program and its arguments) between `upstream` and a free port.
    ///
    /// Every proxy of the bench takes the agent's variables: `AWS_LAMBDA_RUNTIME_API` names the
    /// platform and `CREDENZA_LISTEN` the address to listen on.
    /// Of the bench's own variables it gets none: what they hold would decide what is looked for.
    pub fn start(
        command: &[OsString],
        upstream: SocketAddr,
        mode: &str,
        variables: &[(&str, String)],
    ) -> Result<Self> {
        let (program, arguments) = command.split_first().context("no program was named")?;
        let address = free_address()?;
        let mut start = Command::new(program);
        start.args(arguments).env_clear();
        start.envs(variables.iter().map(|(name, value)| (name, value)));
        start.env("AWS_LAMBDA_RUNTIME_API", upstream.to_string());
        start.env("CREDENZA_LISTEN", address.to_string());
        start.env("CREDENZA_MODE", mode);
        start
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit());
        let spawned = Instant::now();
        let child = start
            .spawn()
            .with_context(|| format!("cannot start {}", Path::new(program).display()))?;
        Ok(Self {
            child,
            address,
            spawned,
        })
    }

    /// The id of the process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the proxy accepts connections.
    pub fn wait_until_listening(&mut self) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if TcpStream::connect(self.address).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the proxy ended with {status} before it listened");
            }
            thread::sleep(Duration::from_millis(1));
        }
        bail!("the proxy did not listen within {PATIENCE:?}")
    }

    /// The time that all threads of the process have spent on a processor.
    pub fn cpu(&self) -> Result<Duration> {
        let mut total_ns = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
            let spent: u64 = text
                .split(' ')
                .next()
                .and_then(|text| text.parse().ok())
                .unwrap_or_default();
            total_ns += spent;
        }
        Ok(Duration::from_nanos(total_ns))
    }

    /// Resident memory now, in bytes.
    pub fn memory_bytes(&self) -> Result<u64> {
        self.status_bytes("VmRSS:")
    }

    /// The most that was ever resident, in bytes.
    pub fn memory_bytes_max(&self) -> Result<u64> {
        self.status_bytes("VmHWM:")
    }

    fn status_bytes(&self, key: &str) -> Result<u64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        Ok(number.with_context(|| format!("no {key} in the status of the process"))? * 1024)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing left to do.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// An address of loopback that was free a moment ago.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
