//! `credenza propose`: probable false alarms, and for each the narrowest exemption.
//! It never proposes to exempt what looks like an attack, or what people have called one.
use std::fmt::Write as _;

use anyhow::Result;
use credenza_engine::HashKey;
use credenza_event::Steps;
use credenza_policy::{Policy, Verdict};
use serde_json::{Value, json};

use crate::arguments::{Format, ProposeArguments};
use crate::evidence::Evidence;
use crate::evidence::cluster::{Cluster, Sample};
use crate::evidence::label::{Label, Labels};
use crate::evidence::readiness::{group, plural};
use crate::paint::{Ink, Painter, tame};
use crate::records::clock;
use crate::report::{samples, store};
use crate::{Outcome, check, examples, exemption, rules};

/// What a cluster is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    /// Harmless: an exemption is proposed.
    Alarm,
    /// An attack, or nobody can tell.
    Other,
}

// Limit: fewer than three callers, hours or invocations are an incident and no habit of customers.
const SEEN_MIN: u64 = 3;

/// What these rules find is what they say, byte for byte: often seen is no false alarm of them.
const CERTAIN: [&str; 3] = ["own-secret", "leaked-environment", "leaked-source"];

/// What is left of a rule behind an exemption.
#[derive(Clone, Copy, Debug)]
struct Power {
    /// Places besides this one at which the rule has found something.
    other_places: u64,
    /// Hits of the rule at other places, which stay.
    other_hits: u64,
    /// Attacks on the rule's page.
    attacks: u64,
    /// Those that other rules find at this place.
    found_by_others: u64,
}

struct Proposal<'a> {
    cluster: &'a Cluster,
    why: String,
    power: Power,
    exemption: String,
}

/// Reads records and writes proposals.
pub(crate) fn run(
    arguments: &ProposeArguments,
    format: Format,
    painter: &Painter,
) -> Result<(String, Outcome)> {
    let old = match &arguments.policy {
        Some(file) => Some(check::read(file)?),
        None => None,
    };
    let policy = match (&arguments.policy, &old) {
        (Some(file), Some(text)) => check::policy_of(file, text)?,
        _ => Policy::default(),
    };
    let labels = match &arguments.labels {
        Some(file) => Labels::read(file)?,
        None => Labels::default(),
    };
    let mut evidence = Evidence::new(policy, labels);
    evidence.read(&arguments.records, Label::None)?;
    evidence.is_any()?;
    if !arguments.attacks.is_empty() {
        evidence.read(&arguments.attacks, Label::Attack)?;
    }
    let author = arguments.author.clone().unwrap_or_else(exemption::author);
    let expires = arguments.expires.clone();
    let expires = expires.unwrap_or_else(|| exemption::expiry(evidence.last));
    let (proposals, others) = sorted(&evidence, &author, &expires);
    let outcome = if proposals.is_empty() {
        Outcome::Clean
    } else {
        Outcome::Findings
    };
    let old = old.unwrap_or_default();
    let added: Vec<&str> = proposals.iter().map(|it| it.exemption.as_str()).collect();
    let added = added.join("\n");
    if let Some(output) = &arguments.output {
        store(output, appended(&old, &added).as_bytes())?;
    }
    let text = match format {
        Format::Json => {
            let proposals: Vec<Value> = proposals.iter().map(Proposal::json).collect();
            let others: Vec<Value> = others.iter().map(|(it, why)| other(it, why)).collect();
            let answer = json!({ "proposals": proposals, "not_proposed": others, "toml": added });
            format!("{answer:#}\n")
        }
        Format::Text => {
            let mut text = told(&proposals, &others, painter);
            if !proposals.is_empty() {
                let file = arguments.policy.as_deref().unwrap_or("credenza.toml");
                text.push_str(&unified(file, arguments.policy.is_some(), &old, &added));
            }
            text
        }
    };
    Ok((text, outcome))
}

/// Clusters that block mode would refuse for, by what they are taken for.
fn sorted<'a>(
    evidence: &'a Evidence,
    author: &str,
    expires: &str,
) -> (Vec<Proposal<'a>>, Vec<(&'a Cluster, String)>) {
    let all = evidence.clusters.sorted(|cluster| {
        (
            cluster.rule.clone(),
            cluster.place.clone(),
            cluster.route.clone(),
        )
    });
    let (mut proposals, mut others) = (Vec::new(), Vec::new());
    for cluster in all.iter().copied().filter(|cluster| cluster.blocking > 0) {
        let (taken, why) = taken(cluster);
        if taken == Taken::Other {
            others.push((cluster, why));
            continue;
        }
        let elsewhere = all
            .iter()
            .filter(|other| other.rule == cluster.rule && !std::ptr::eq(**other, cluster));
        let (attacks, found_by_others) = if cluster.is_leak {
            (0, 0)
        } else {
            found_without(&cluster.rule)
        };
        proposals.push(Proposal {
            cluster,
            why,
            power: Power {
                other_places: elsewhere.clone().count() as u64,
                other_hits: elsewhere.map(|other| other.blocking).sum(),
                attacks,
                found_by_others,
            },
            exemption: exemption::of(cluster, author, expires),
        });
    }
    (proposals, others)
}

/// What a cluster is taken for, and why.
///
/// Customers come one by one, at many hours, and break one rule at one place; whoever tries things
/// comes in a burst, as one or two callers, and is found by several rules.
fn taken(cluster: &Cluster) -> (Taken, String) {
    let (callers, hours) = (cluster.callers.count(), cluster.hours.count());
    let invocations = cluster.invocations;
    if !exemption::is_narrow(cluster) {
        let why = "its lines tell no place to exempt: `mode = \"monitor\"` is for the whole rule";
        return (Taken::Other, why.to_owned());
    }
    if cluster.attacks > 0 {
        let why = format!("{} called attacks", plural(cluster.attacks, "invocation"));
        return (Taken::Other, why);
    }
    if cluster.alarms > 0 {
        let why = format!(
            "{} called false alarms",
            plural(cluster.alarms, "invocation")
        );
        return (Taken::Alarm, why);
    }
    if CERTAIN.contains(&cluster.rule.as_str()) {
        let why = "it is what the rule says, byte for byte: mend the function, or mask it";
        return (Taken::Other, why.to_owned());
    }
    if invocations < SEEN_MIN {
        return (
            Taken::Other,
            format!("seen {} only", plural(invocations, "time")),
        );
    }
    if callers < SEEN_MIN {
        let why = format!(
            "{} invocations of {}",
            group(invocations),
            plural(callers, "caller")
        );
        return (Taken::Other, why);
    }
    if hours < SEEN_MIN {
        return (
            Taken::Other,
            format!("a burst: all within {}", plural(hours, "hour")),
        );
    }
    // One in five may be an attacker who met the same place.
    if cluster.in_company * 5 > invocations {
        let why = format!(
            "{} of {} broke other rules, too",
            cluster.in_company, invocations
        );
        return (Taken::Other, why);
    }
    // A burst inside of a long time: more than a day's hours between the first and the last, and
    // found in few of them.
    let stretch = cluster.last.unwrap_or_default() - cluster.first.unwrap_or_default();
    let hours_between = u64::try_from(stretch / 3600).unwrap_or_default() + 1;
    if hours_between > 24 && hours * 20 < hours_between {
        let why = format!("bursts: {} of {hours_between}", plural(hours, "hour"));
        return (Taken::Other, why);
    }
    let company = match cluster.in_company {
        0 => "never with another rule".to_owned(),
        count => format!("with another rule in {}", group(count)),
    };
    let why = format!(
        "{} at {}, {company}",
        plural(callers, "caller"),
        plural(hours, "different hour")
    );
    (Taken::Alarm, why)
}

/// How many attacks of a rule's page there are, and how many other rules find in its place.
fn found_without(id: &str) -> (u64, u64) {
    let Some(rule) = rules::all().find(|rule| rule.id == id) else {
        return (0, 0);
    };
    let text = format!("mode = \"block\"\n[rule.{}]\nmode = \"off\"\n", rule.id);
    let (policy, _) = Policy::parse(&text);
    let attacks = examples::attacks(rule.page);
    let found = attacks.iter().filter(|attack| {
        let event = json!({ "queryStringParameters": { "q": attack } }).to_string();
        let steps = Steps::for_bytes(event.len());
        let key = HashKey(*b"credenza propose");
        let judged = credenza_exchange::event(event.as_bytes(), steps, &policy, &key);
        judged.verdict == Verdict::Block
    });
    let found = found.count() as u64;
    (attacks.len() as u64, found)
}

impl Power {
    /// What is still found at the place itself.
    fn here(self, cluster: &Cluster) -> String {
        if cluster.is_leak {
            return "; here nothing of the kind is told any more".to_owned();
        }
        let attacks = plural(self.attacks, "attack");
        let found = self.found_by_others;
        format!("; here other rules still find {found} of its page's {attacks}")
    }
}

impl Proposal<'_> {
    fn json(&self) -> Value {
        let mut told = other(self.cluster, &self.why);
        told["exemption"] = json!(self.exemption);
        told["remaining_power"] = json!({
            "other_places": self.power.other_places, "other_hits": self.power.other_hits,
            "attacks_on_the_page": self.power.attacks,
            "found_here_by_other_rules": self.power.found_by_others,
        });
        told
    }
}

fn other(cluster: &Cluster, why: &str) -> Value {
    let samples: Vec<Value> = cluster
        .samples
        .iter()
        .map(|sample| {
            json!({ "sample": sample.text, "decoded": sample.decoded, "span": sample.span,
                "production": sample.production, "context": sample.context,
                "dialect": sample.dialect, "request_id": sample.request_id,
                "confidence": sample.confidence, "hash": sample.hash, "part": sample.part,
                "time": sample.seconds.map(clock::minute) })
        })
        .collect();
    json!({
        "rule": cluster.rule, "of": if cluster.is_leak { "answers" } else { "events" },
        "source": cluster.source, "route": cluster.route,
        "location": cluster.place, "functions": cluster.functions, "findings": cluster.findings,
        "invocations": cluster.invocations, "would_block": cluster.blocking,
        "callers": cluster.callers.count(), "hours": cluster.hours.count(),
        "values": cluster.values.count(), "in_company": cluster.in_company,
        "lengths": cluster.lengths, "why": why, "samples": samples,
    })
}

/// The proposals in words.
fn told(proposals: &[Proposal<'_>], others: &[(&Cluster, String)], painter: &Painter) -> String {
    let mut text = String::new();
    for (number, proposal) in (1..).zip(proposals) {
        let cluster = proposal.cluster;
        heading(&mut text, &format!("{number}. "), cluster, painter);
        let _ = writeln!(
            text,
            "   {} would be {}; {}",
            plural(cluster.blocking, "invocation"),
            if cluster.is_leak {
                "kept from answering, or masked".to_owned()
            } else {
                let values = plural(cluster.values.count(), "different value");
                format!("refused: {values}")
            },
            proposal.why
        );
        for sample in &cluster.samples {
            let _ = writeln!(text, "   {}", line(sample, painter));
        }
        let power = proposal.power;
        let _ = writeln!(
            text,
            "   with the exemption the rule keeps {} at {}{}\n",
            plural(power.other_hits, "hit"),
            plural(power.other_places, "other place"),
            power.here(cluster)
        );
    }
    if proposals.is_empty() {
        text.push_str("nothing looks like a false alarm\n");
    }
    if !others.is_empty() {
        let _ = writeln!(text, "{}", painter.ink(Ink::Bold, "not proposed:"));
        for (cluster, why) in others {
            heading(&mut text, "   ", cluster, painter);
            let _ = writeln!(
                text,
                "      {}; {why}",
                plural(cluster.blocking, "invocation")
            );
        }
        text.push('\n');
    }
    text
}

fn heading(text: &mut String, mark: &str, cluster: &Cluster, painter: &Painter) {
    let place = whole(cluster);
    let mut of = String::new();
    for (word, name) in [(" of ", &cluster.route), (", ", &cluster.source)] {
        if !name.is_empty() {
            of.push_str(word);
            of.push_str(name);
        }
    }
    let rule = painter.ink(Ink::Cyan, &plain(&cluster.rule));
    let _ = writeln!(text, "{mark}{rule} at {}{}", plain(place), plain(&of));
}

/// The place in words.
pub(crate) fn whole(cluster: &Cluster) -> &str {
    match (cluster.place.as_str(), cluster.is_leak) {
        ("", false) => "the whole event",
        ("", true) => "the whole answer",
        (place, _) => place,
    }
}

/// A sample in a line: how it was decoded, what was read, and the masked form with its mark.
fn line(sample: &Sample, painter: &Painter) -> String {
    let (before, decisive, after) = samples::parts(sample);
    let mut chain = sample.decoded.join(" → ");
    if !chain.is_empty() {
        chain.push_str(" → ");
    }
    format!(
        "{}{}{}  {}",
        plain(&before),
        painter.ink(Ink::Red, &plain(&decisive)),
        plain(&after),
        painter.ink(Ink::Dim, &plain(&format!("{chain}{}", sample.production)))
    )
}

/// A text that neither steers the terminal nor turns the direction of what follows.
fn plain(text: &str) -> String {
    let turns = |sign: char| {
        matches!(sign, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
            || matches!(sign, '\u{2066}'..='\u{2069}')
    };
    tame(text).replace(turns, "·")
}

/// The policy with the exemptions at its end.
fn appended(old: &str, added: &str) -> String {
    if old.trim().is_empty() {
        return added.to_owned();
    }
    format!("{}\n\n{added}", old.trim_end())
}

/// The change as `patch` and `git apply` read it.
fn unified(file: &str, exists: bool, old: &str, added: &str) -> String {
    let new = appended(old, added);
    let old_lines: Vec<&str> = old.lines().collect();
    let kept = old.trim_end().lines().count();
    let from = if exists {
        format!("a/{file}")
    } else {
        "/dev/null".to_owned()
    };
    // Three lines of what stands before, so that the change finds its place.
    let context = kept.min(3);
    let first = kept - context;
    let removed = old_lines.len() - kept;
    let new_lines: Vec<&str> = new.lines().collect();
    let put_in = new_lines.len() - kept;
    let old_start = if context + removed == 0 { 0 } else { first + 1 };
    let mut text = format!(
        "--- {from}\n+++ b/{file}\n@@ -{old_start},{} +{},{} @@\n",
        context + removed,
        first + 1,
        context + put_in
    );
    let lines = [
        (' ', first, kept, &old_lines),
        ('-', kept, old_lines.len(), &old_lines),
    ];
    for (sign, from, to, lines) in lines {
        for line in lines.iter().take(to).skip(from) {
            let _ = writeln!(text, "{sign}{line}");
        }
    }
    for line in new_lines.iter().skip(kept) {
        let _ = writeln!(text, "+{}", plain(line));
    }
    text
}
