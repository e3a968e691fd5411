//! The fleet: functions in two regions over three days, and what is delivered of them.
//! It never lets two sandboxes speak at once, so that the same seed says the same.
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use credenza_policy::LogFormat;
use serde_json::{Value, json};

use crate::clock;
use crate::clock::{DAY_MS, FIRST_MS};
use crate::event::Shape;
use crate::group;
use crate::numbers::Numbers;
use crate::sandbox::{Function, Line, Sandbox};
use crate::straight::Straight;
use crate::stream::Stream;
use crate::template::{Delivery, Subscription};

const MONITOR: &str = "mode = \"monitor\"\nversion = 3\n";
const BLOCK: &str = "mode = \"block\"\nversion = 4\n";
const MIXED: &str = "mode = \"block\"\nversion = 5\n[rule.sql-injection]\nmode = \"monitor\"\n\
                     [source.sqs]\nreports_failures = true\n";
const SHADOWED: &str = "mode = \"monitor\"\nversion = 6\n[shadow]\nmode = \"block\"\n";
const MISSPELT: &str = "mode = \"blok\"\n";

const WEB: &[Shape] = &[Shape::Http, Shape::Rest, Shape::Url];
const WORK: &[Shape] = &[Shape::Queue, Shape::Topic];
const DATA: &[Shape] = &[Shape::Bucket, Shape::Stream, Shape::Bus];

const NAMES: [(&str, &[Shape], &str); 12] = [
    ("shop-api", WEB, MONITOR),
    ("order-worker", WORK, MIXED),
    ("media-import", DATA, BLOCK),
    ("login", WEB, BLOCK),
    ("search", WEB, SHADOWED),
    ("invoices", DATA, MONITOR),
    ("mailer", WORK, MONITOR),
    ("webhooks", WEB, MIXED),
    ("export", WORK, BLOCK),
    ("thumbnails", DATA, SHADOWED),
    ("pricing", WEB, MONITOR),
    ("audit", DATA, MISSPELT),
];
const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];

const SLICE_MS: u64 = 300_000;
const SLICES: u64 = 3 * DAY_MS / SLICE_MS;
// Some 250 findings: what a scanner leaves in five minutes, most of it told by `repeats` lines.
const EVENTS_A_SLICE: u64 = 220;
const FINDINGS_A_SLICE: u64 = 200;

/// What came of it, in numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    findings: u64,
    lines: u64,
    bytes: u64,
    others: u64,
    cut: u64,
    invocations: u64,
    parcels: u64,
    again: u64,
    late: u64,
    objects: u64,
    refused: u64,
    kinds: BTreeMap<String, u64>,
}

impl Tally {
    pub(crate) fn told(&self) -> Value {
        json!({ "findings": self.findings, "lines": self.lines, "bytes": self.bytes,
            "lines of others": self.others, "lines cut": self.cut,
            "invocations": self.invocations, "parcels": self.parcels,
            "parcels sent again": self.again, "parcels late": self.late,
            "objects": self.objects, "parcels refused": self.refused, "kinds": self.kinds })
    }
}

pub(crate) struct Fleet {
    folder: PathBuf,
    numbers: Numbers,
    subscription: Subscription,
    stream: Stream,
    alive: BTreeMap<usize, (Sandbox, u64)>,
    /// Parcels on their way, by the time of their arrival.
    pending: BTreeMap<(u64, u64), Vec<u8>>,
    sent: u64,
    arrived: u64,
    straight: Straight,
    tally: Tally,
}

impl Fleet {
    pub(crate) fn begin(
        folder: &Path,
        seed: u64,
        delivery: Delivery,
        subscription: Subscription,
    ) -> Result<Self> {
        fs::create_dir_all(folder.join("parcels"))?;
        clock::set(FIRST_MS);
        Ok(Self {
            stream: Stream::new(delivery, &folder.join("lake")),
            folder: folder.to_owned(),
            numbers: Numbers::new(seed),
            subscription,
            alive: BTreeMap::new(),
            pending: BTreeMap::new(),
            sent: 0,
            arrived: 0,
            straight: Straight::default(),
            tally: Tally::default(),
        })
    }

    /// Lets the three days pass, and a little more until there are so many findings.
    pub(crate) fn run(&mut self, findings: u64, heard: &mut dyn FnMut(u64)) -> Result<()> {
        let cells = (findings / FINDINGS_A_SLICE).max(24);
        let mut cell = 0;
        while cell < cells || self.tally.findings < findings {
            let slice = (cell * SLICES / cells).min(SLICES + cell / 24);
            let begin = FIRST_MS + slice * SLICE_MS;
            self.deliver(begin)?;
            let which = usize::try_from(self.numbers.below(24))?;
            self.five_minutes(which, begin)?;
            heard(self.tally.findings);
            cell += 1;
        }
        Ok(())
    }

    /// Ends every sandbox and empties what is on its way.
    pub(crate) fn end(mut self) -> Result<(Tally, Straight)> {
        let now = clock::now() + SLICE_MS;
        clock::set(now);
        for (_, (sandbox, _)) in std::mem::take(&mut self.alive) {
            let lines = sandbox.stop();
            self.send(&sandbox, lines, now)?;
        }
        let last = self.pending.keys().next_back().map_or(now, |(at, _)| *at);
        self.deliver(last + SLICE_MS)?;
        self.stream.end(last + SLICE_MS)?;
        self.by_hand()?;
        self.tally.objects = self.stream.objects;
        self.tally.refused = self.stream.refused;
        Ok((self.tally, self.straight))
    }

    /// One function, for five minutes.
    fn five_minutes(&mut self, which: usize, begin: u64) -> Result<()> {
        let (mut sandbox, age) = match self.alive.remove(&which) {
            Some(alive) => alive,
            None => self.start(which, begin)?,
        };
        // Half of what comes, comes in one minute.
        let minute = self.numbers.below(5) * 60_000;
        let mut times: Vec<u64> = (0..EVENTS_A_SLICE)
            .map(|at| match at % 2 {
                0 => begin + self.numbers.below(SLICE_MS),
                _ => begin + minute + self.numbers.below(60_000),
            })
            .collect();
        times.sort_unstable();
        let mut lines = Vec::new();
        for (number, at) in times.into_iter().enumerate() {
            clock::set(at);
            let id = sandbox.invoke(&mut self.numbers);
            self.tally.invocations += 1;
            lines.extend(group::of_others(&id, at, &mut self.numbers));
            // Limit: the log holds 46 lines; four events of this fleet have some twelve.
            if number % 4 == 3 {
                lines.extend(sandbox.said());
            }
        }
        lines.extend(sandbox.said());
        let end = begin + SLICE_MS;
        if age >= 5 {
            clock::set(end);
            lines.extend(sandbox.stop());
            self.send(&sandbox, lines, end)
        } else {
            self.send(&sandbox, lines, end)?;
            self.alive.insert(which, (sandbox, age + 1));
            Ok(())
        }
    }

    fn start(&mut self, which: usize, begin: u64) -> Result<(Sandbox, u64)> {
        let (name, shapes, policy) = NAMES[which % NAMES.len()];
        let region = REGIONS[which / NAMES.len() % REGIONS.len()];
        let is_json = which.is_multiple_of(5);
        let format = if is_json {
            LogFormat::Json
        } else {
            LogFormat::Text
        };
        let function = Function {
            name,
            region,
            shapes,
            policy,
            format,
        };
        clock::set(begin);
        let sandbox = Sandbox::start(function, &mut self.numbers);
        self.pending_at(begin, group::greeting(&sandbox, begin)?);
        Ok((sandbox, 0))
    }

    /// Counts what an agent has said, spoils a little of it, and sends it on its way.
    fn send(&mut self, sandbox: &Sandbox, lines: Vec<Line>, now: u64) -> Result<()> {
        let mut kept = Vec::new();
        for mut line in lines {
            if line.is_ours && self.numbers.once_in(3000) {
                // Cut on its way into the log: whoever reads it cannot know what it said.
                let half = line.text.len() / 2;
                line.text = String::from_utf8_lossy(&line.text.as_bytes()[..half]).into_owned();
                self.tally.cut += 1;
            } else if line.is_ours {
                self.tally.lines += 1;
                self.tally.bytes += line.text.len() as u64 + 1;
                let kind = self.straight.count(&line.text)?;
                self.tally.findings += u64::from(kind == "finding");
                *self.tally.kinds.entry(kind).or_default() += 1;
            } else {
                self.tally.others += 1;
            }
            kept.push(line);
        }
        for parcel in group::parcels(sandbox, &kept, &self.subscription, &mut self.numbers)? {
            self.tally.parcels += 1;
            if self.numbers.once_in(30) {
                self.tally.again += 1;
                let at = now + self.numbers.below(26 * 3_600_000);
                self.pending_at(at, parcel.clone());
            }
            let is_late = self.numbers.once_in(60);
            self.tally.late += u64::from(is_late);
            let delay = if is_late {
                self.numbers.below(20 * 3_600_000)
            } else {
                900
            };
            self.pending_at(now + delay, parcel);
        }
        Ok(())
    }

    fn pending_at(&mut self, at: u64, parcel: Vec<u8>) {
        self.sent += 1;
        self.pending.insert((at, self.sent), parcel);
    }

    /// Hands what has arrived by now to the delivery stream, and keeps a copy of each parcel.
    fn deliver(&mut self, now: u64) -> Result<()> {
        while let Some(entry) = self.pending.first_entry() {
            let at = entry.key().0;
            if at > now {
                break;
            }
            let (_, parcel) = entry.remove_entry();
            self.stream.tick(at)?;
            self.stream.put(&parcel, at)?;
            self.arrived += 1;
            let number = self.arrived;
            fs::write(self.folder.join(format!("parcels/{number:07}.gz")), parcel)?;
        }
        self.stream.tick(now)
    }

    /// Somebody has copied lines into the bucket, and not with care.
    fn by_hand(&self) -> Result<()> {
        let folder = self
            .folder
            .join("lake/records/day=2026-11-13/function=shop-api");
        fs::create_dir_all(&folder)?;
        let text = "\n\n{\"time\":\"2026-11-13T10:00:00.000Z\",\"record\":\"find\n\
                    not a line of anybody\n{}\n[1,2]\n{\"record\":\"finding\",\"rule\":\n";
        Ok(fs::write(folder.join("copied-by-hand.jsonl"), text)?)
    }
}
