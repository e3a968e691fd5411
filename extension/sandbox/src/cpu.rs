//! The CPU share of a small function, by control groups where the machine allows it.
//! It never touches a group that it did not create.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// 1,769 MB are one virtual CPU (documented).
const MB_PER_CPU: u64 = 1769;
/// The period of the limit, 20 ms (V5).
const PERIOD_US: u64 = 20_000;

/// Whether and how the children's CPU is limited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CpuShare {
    /// It was not asked for.
    Off,
    /// The children may run for `quota` in every `period`, all together.
    Limited {
        /// Run time per period.
        quota: Duration,
        /// The period.
        period: Duration,
    },
    /// This machine does not allow it, for this reason.
    Unavailable(String),
}

/// A control group of this sandbox's own.
#[derive(Debug)]
pub(crate) struct CpuGroup {
    folder: PathBuf,
    kind: Kind,
    quota_us: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A single thread can enter, so the children are born inside.
    V1,
    /// Only whole processes can enter, so a shell enters and becomes the child.
    V2,
}

static GROUPS: AtomicU32 = AtomicU32::new(0);

impl CpuGroup {
    /// Creates a group with the share of this memory size.
    pub(crate) fn create(memory_mb: u32) -> Result<Self, String> {
        let quota_us = PERIOD_US * u64::from(memory_mb) / MB_PER_CPU;
        let number = GROUPS.fetch_add(1, Ordering::Relaxed);
        let name = format!("credenza-{}-{number}", std::process::id());
        let (parent, kind) = parent()?;
        let folder = parent.join(name);
        let story = |error: io::Error| format!("cannot set up {}: {error}", folder.display());
        fs::create_dir(&folder).map_err(story)?;
        let group = Self {
            folder: folder.clone(),
            kind,
            quota_us,
        };
        match kind {
            Kind::V1 => {
                group
                    .write("cpu.cfs_period_us", &PERIOD_US.to_string())
                    .and_then(|()| group.write("cpu.cfs_quota_us", &quota_us.to_string()))
                    .map_err(story)?;
            }
            Kind::V2 => {
                let limit = format!("{quota_us} {PERIOD_US}");
                group.write("cpu.max", &limit).map_err(story)?;
            }
        }
        Ok(group)
    }

    pub(crate) fn share(&self) -> CpuShare {
        CpuShare::Limited {
            quota: Duration::from_micros(self.quota_us),
            period: Duration::from_micros(PERIOD_US),
        }
    }

    /// The command line that starts this command inside the group.
    pub(crate) fn wrap(&self, command: &[OsString]) -> Vec<OsString> {
        if self.kind == Kind::V1 {
            return command.to_vec();
        }
        let procs = self.folder.join("cgroup.procs");
        let script = r#"echo $$ > "$0" && exec "$@""#;
        let shell = ["/bin/sh".into(), "-c".into(), script.into(), procs.into()];
        shell.into_iter().chain(command.iter().cloned()).collect()
    }

    /// Starts a child on this thread, which is inside the group meanwhile if one thread can be.
    pub(crate) fn inside<T>(&self, start: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        if self.kind == Kind::V2 {
            return start();
        }
        let thread = rustix::thread::gettid().as_raw_nonzero().to_string();
        let home = parent().map_err(io::Error::other)?.0;
        self.write("tasks", &thread)?;
        let started = start();
        fs::write(home.join("tasks"), &thread)?;
        started
    }

    fn write(&self, file: &str, text: &str) -> io::Result<()> {
        fs::write(self.folder.join(file), text)
    }
}

impl Drop for CpuGroup {
    fn drop(&mut self) {
        // Killed processes leave the group a moment later.
        for _ in 0..20 {
            if fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The group that this process lives in, as the parent of ours.
fn parent() -> Result<(PathBuf, Kind), String> {
    let read = |path: &str| fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
    let mounts = read("/proc/self/mounts")?;
    let own = read("/proc/self/cgroup")?;
    if let Some(mount) = mount_of(&mounts, "cgroup", Some("cpu")) {
        let path = own_path(&own, |controllers| {
            controllers.split(',').any(|c| c == "cpu")
        });
        return Ok((join(&mount, path.unwrap_or("/")), Kind::V1));
    }
    let mount = mount_of(&mounts, "cgroup2", None).ok_or("no control groups are mounted")?;
    let path = own_path(&own, str::is_empty).unwrap_or("/");
    let folder = join(&mount, path);
    let enabled = fs::read_to_string(folder.join("cgroup.subtree_control")).unwrap_or_default();
    if !enabled
        .split_whitespace()
        .any(|controller| controller == "cpu")
    {
        fs::write(folder.join("cgroup.subtree_control"), "+cpu")
            .map_err(|error| format!("{} does not hand on the CPU: {error}", folder.display()))?;
    }
    Ok((folder, Kind::V2))
}

/// The mount point of this file system type with this option.
fn mount_of(mounts: &str, kind: &str, option: Option<&str>) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let mut words = line.split(' ').skip(1);
        let (point, this_kind, options) = (words.next()?, words.next()?, words.next()?);
        let fits = option.is_none_or(|option| options.split(',').any(|o| o == option));
        (this_kind == kind && fits).then(|| PathBuf::from(point))
    })
}

fn own_path(own: &str, is_it: impl Fn(&str) -> bool) -> Option<&str> {
    own.lines().find_map(|line| {
        let mut words = line.splitn(3, ':').skip(1);
        let (controllers, path) = (words.next()?, words.next()?);
        is_it(controllers).then_some(path)
    })
}

fn join(mount: &Path, path: &str) -> PathBuf {
    mount.join(path.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::{mount_of, own_path};
    use std::path::PathBuf;

    const MOUNTS: &str = "cgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu 0 0\n\
                          cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0\n";

    #[test]
    fn mounts_are_found_by_type_and_option() {
        let found = mount_of(MOUNTS, "cgroup", Some("cpu"));
        assert_eq!(found, Some(PathBuf::from("/sys/fs/cgroup/cpu")));
        assert_eq!(mount_of(MOUNTS, "cgroup", Some("memory")), None);
        let found = mount_of(MOUNTS, "cgroup2", None);
        assert_eq!(found, Some(PathBuf::from("/sys/fs/cgroup/unified")));
    }

    #[test]
    fn the_own_group_is_found_by_controller() {
        let own = "9:name=systemd:/a\n2:cpu,cpuacct:/b\n0::/c\n";
        let of_cpu = own_path(own, |controllers| controllers.contains("cpu"));
        assert_eq!(of_cpu, Some("/b"));
        assert_eq!(own_path(own, str::is_empty), Some("/c"));
    }
}
