//! A few ordinary invocations through an agent that is traced, to see what it runs for them.
//! It never measures a time: whoever is traced is a hundred times slower.
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use credenza_bench::process::Proxy;
use credenza_bench::runtime::Runtime;
use credenza_bench::upstream::Upstream;
use credenza_bench::{answers, events, secrets};

/// Invocations of each walk: the first of them opens connections and is looked at by nobody.
const TIMES: usize = 3;

/// Before an event and between it and its answer: whoever is traced has nothing left to do then.
const PAUSE: Duration = Duration::from_millis(50);

/// The walks: an event of so many bytes, answered with itself or with a page and a document.
const WALKS: [(&str, usize, bool); 3] = [
    ("1k", 1_300, false),
    ("page", 1_300, true),
    ("10k", 10_000, false),
];

/// Walks through `agent` under valgrind, which writes a trace of each walk into `folder`.
pub(crate) fn walk(agent: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for (name, bytes, is_page) in WALKS {
        let trace = folder.join(format!("{name}.trace"));
        let event = Arc::new(events::benign(bytes));
        let mut answer = vec![Arc::clone(&event)];
        if is_page {
            answer = vec![
                Arc::new(answers::json(4_000)),
                Arc::new(answers::html(4_000)),
            ];
        }
        let mut log = OsString::from("--log-file=");
        log.push(&trace);
        let command = [
            "valgrind".into(),
            "--tool=lackey".into(),
            "--trace-mem=yes".into(),
            log,
            agent.as_os_str().to_owned(),
        ];
        let upstream = Upstream::start()?;
        let variables = secrets::of_a_function();
        let mut proxy = Proxy::start(&command, upstream.address, "block", &variables)?;
        proxy.wait_until_listening()?;
        let mut runtime = Runtime::connect(proxy.address)?;
        for answer in answer.iter().cycle().take(TIMES) {
            runtime
                .invoke_for(&upstream, &event, answer, (PAUSE, PAUSE))
                .with_context(|| format!("the walk {name}"))?;
        }
        // What follows an answer is part of its invocation.
        thread::sleep(PAUSE);
    }
    Ok(())
}
