//! The function's own files, read once to know their lines again.
//! It never follows a link, never reads further than a few bounds, and nothing ever waits for it.
use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use credenza_engine::leak::Fingerprints;
use credenza_engine::leak::leaked_source::Language;
use credenza_event::sorted;

use crate::config::Environment;

// Limit: a walk holds one file and a list of folders, on the heap.
const STACK_BYTES: usize = 128 * 1024;

/// Where the function lies; the platform says so to runtimes only.
const TASK_ROOT: &str = "/var/task";

/// How much is read.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    files: usize,
    bytes: usize,
    file_bytes: usize,
    entries: usize,
    depth: usize,
    time: Duration,
}

// Limit: what people write for one function has ten to a hundred files of some kilobytes; a file
// of more than 256 KiB was put together by a machine. 8,192 names are read in some 20 ms.
const BOUNDS: Bounds = Bounds {
    files: 256,
    bytes: 4 * 1024 * 1024,
    file_bytes: 256 * 1024,
    entries: 8192,
    depth: 8,
    time: Duration::from_millis(250),
};

/// Folders of other people's programs, and of what a function is meant to send.
const OTHERS: [&str; 21] = [
    "node_modules",
    "site-packages",
    "dist-packages",
    "vendor",
    "bower_components",
    "third_party",
    "__pycache__",
    "venv",
    "target",
    "public",
    "static",
    "assets",
    "dist",
    "www",
    "wwwroot",
    "htdocs",
    "client",
    "frontend",
    "templates",
    "views",
    "docs",
];

/// What is known of the function's files, as soon as they are read.
#[derive(Debug, Default)]
pub struct Files {
    root: PathBuf,
    known: OnceLock<Fingerprints>,
}

impl Files {
    /// The files of the function of an environment.
    pub fn of(environment: &Environment) -> Self {
        Self {
            root: environment
                .value("LAMBDA_TASK_ROOT")
                .unwrap_or_else(|| TASK_ROOT.as_ref())
                .into(),
            known: OnceLock::new(),
        }
    }

    /// Reads them on a thread of its own; without one they stay unknown.
    pub fn read(self: &Arc<Self>) {
        let files = Arc::clone(self);
        let _ = thread::Builder::new()
            .name("files".into())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                let _ = files.known.set(fingerprints(&files.root, BOUNDS));
            });
    }

    /// What is known of them; nothing while they are being read.
    pub fn known(&self) -> Option<&Fingerprints> {
        self.known.get().filter(|known| !known.is_empty())
    }
}

/// What is left of the bounds.
struct Walk {
    left: Bounds,
    until: Instant,
    known: Fingerprints,
    buffer: Vec<u8>,
}

/// The fingerprints of the files below a folder, the nearest ones first.
fn fingerprints(root: &Path, bounds: Bounds) -> Fingerprints {
    let mut walk = Walk {
        left: bounds,
        until: Instant::now() + bounds.time,
        known: Fingerprints::default(),
        buffer: Vec::new(),
    };
    let mut folders = VecDeque::from([(root.to_path_buf(), 0_usize)]);
    while let Some((folder, depth)) = folders.pop_front() {
        let inner = walk.folder(&folder);
        if depth < bounds.depth {
            let deeper = depth.saturating_add(1);
            folders.extend(inner.into_iter().map(|inner| (inner, deeper)));
        }
        if walk.is_over() {
            break;
        }
    }
    walk.known.seal();
    walk.known
}

impl Walk {
    fn is_over(&self) -> bool {
        let left = self.left;
        left.files == 0 || left.bytes == 0 || left.entries == 0 || Instant::now() >= self.until
    }

    /// Reads the files of a folder; the folders in it that may hold more.
    fn folder(&mut self, folder: &Path) -> Vec<PathBuf> {
        let (mut files, mut folders, mut packages) = (Vec::new(), Vec::new(), Vec::new());
        let Ok(entries) = fs::read_dir(folder) else {
            return folders;
        };
        for entry in entries.flatten() {
            self.left.entries = self.left.entries.saturating_sub(1);
            if self.is_over() {
                break;
            }
            let name = entry.file_name();
            // The type is that of the entry itself: a link is neither file nor folder.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => match package(&name) {
                    Some(package) => packages.push(package),
                    None if is_own(&name) => folders.push(entry.path()),
                    None => {}
                },
                Ok(kind) if kind.is_file() => {
                    let language = Language::of_file(name.as_bytes());
                    files.extend(language.map(|language| (entry.path(), language)));
                }
                _ => {}
            }
        }
        // The same files are read whatever order the system names them in.
        sorted::sort_by(&mut files, |(one, _), (other, _)| one < other);
        for (path, language) in files {
            if self.is_over() {
                break;
            }
            self.file(&path, language);
        }
        folders.retain(|folder| {
            let name = folder.file_name().unwrap_or_default();
            !packages
                .iter()
                .any(|package| name.eq_ignore_ascii_case(package))
        });
        sorted::sort(&mut folders);
        folders
    }

    fn file(&mut self, path: &Path, language: Language) {
        self.left.files = self.left.files.saturating_sub(1);
        let most = self.left.file_bytes.min(self.left.bytes);
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        self.buffer.clear();
        let Ok(file) = File::open(path) else {
            return;
        };
        let is_small = file
            .metadata()
            .is_ok_and(|file| file.is_file() && file.len() <= most);
        if is_small && file.take(most).read_to_end(&mut self.buffer).is_ok() {
            self.left.bytes = self.left.bytes.saturating_sub(self.buffer.len());
            self.known.add(language, &self.buffer);
        }
    }
}

/// The package that lies beside a folder with this name: `requests` beside
/// `requests-2.31.0.dist-info`.
fn package(name: &OsStr) -> Option<String> {
    let name = name.to_str()?;
    let stem = name
        .strip_suffix(".dist-info")
        .or_else(|| name.strip_suffix(".egg-info"))?;
    Some(stem.split('-').next().unwrap_or(stem).to_owned())
}

/// True for a folder in which a function's own program may stand.
fn is_own(name: &OsStr) -> bool {
    let is_hidden = name.as_bytes().first() == Some(&b'.');
    !is_hidden && !OTHERS.iter().any(|other| name.eq_ignore_ascii_case(other))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use credenza_engine::leak::{Leaks, Media, OutputText};

    use super::{BOUNDS, Bounds, fingerprints};

    /// A folder that goes with the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let id = std::process::id();
            let path = std::env::temp_dir().join(format!("credenza-files-{id}-{name}"));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn file(&self, path: &str, text: &str) {
            let path = self.0.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// Some lines that only the program called so has.
    fn program(name: &str) -> String {
        let line = |at: usize| format!("value_{at} = {name}.compute(first={at}, second={at})\n");
        (0..12).map(line).collect()
    }

    fn knows(root: &Path, bounds: Bounds, name: &str) -> bool {
        let text = program(name);
        let mut leaks = Leaks::new();
        let text = OutputText::whole(text.as_bytes(), Media::Text);
        fingerprints(root, bounds).seek(&text, &mut leaks);
        !leaks.is_empty()
    }

    #[test]
    fn the_functions_own_files_are_read_and_nobody_elses() {
        let folder = Folder::new("own");
        let elsewhere = Folder::new("elsewhere");
        elsewhere.file("secret.py", &program("elsewhere"));
        symlink(elsewhere.0.join("secret.py"), folder.0.join("link.py")).unwrap();
        symlink(&elsewhere.0, folder.0.join("linked")).unwrap();
        symlink(&folder.0, folder.0.join("circle")).unwrap();
        for (path, name, is_read) in [
            ("app.py", "app", true),
            ("src/orders/find.py", "find", true),
            ("page.html", "page", false),
            ("node_modules/x/index.js", "modules", false),
            ("requests/api.py", "requests", false),
            ("static/app.js", "shown", false),
            (".git/hook.sh", "hidden", false),
        ] {
            folder.file(path, &program(name));
            fs::create_dir_all(folder.0.join("requests-2.31.0.dist-info")).unwrap();
            assert_eq!(knows(&folder.0, BOUNDS, name), is_read, "{path}");
        }
        assert!(!knows(&folder.0, BOUNDS, "elsewhere"));
    }

    #[test]
    fn each_bound_ends_the_reading() {
        let folder = Folder::new("bounds");
        folder.file("a.py", &program("first"));
        folder.file("b/c/d.py", &program("deep"));
        assert!(knows(&folder.0, BOUNDS, "deep"));
        for bounds in [
            Bounds { files: 1, ..BOUNDS },
            Bounds {
                bytes: program("first").len(),
                ..BOUNDS
            },
            Bounds { depth: 1, ..BOUNDS },
            Bounds {
                entries: 2,
                ..BOUNDS
            },
        ] {
            assert!(!knows(&folder.0, bounds, "deep"), "{bounds:?}");
        }
        for bounds in [
            Bounds {
                file_bytes: 16,
                ..BOUNDS
            },
            Bounds {
                time: Duration::ZERO,
                ..BOUNDS
            },
        ] {
            assert!(!knows(&folder.0, bounds, "first"), "{bounds:?}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_empty() {
        assert!(fingerprints(Path::new("/nowhere/at/all"), BOUNDS).is_empty());
    }
}
