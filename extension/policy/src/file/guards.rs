//! The tables of a policy file that speak of callers, limits, loops, the log and recordings.
//! It never lets a guard refuse what it did not understand.
use alloc::borrow::ToOwned;

use super::Reader;
use credenza_event::sorted;

use crate::rules::{DENIED_CALLER, INVOCATION_LOOP, REQUEST_RATE, REQUEST_SIZE};
use crate::tree::{Kind, Member, Node};
use crate::{Network, Policy, Principal, Rate, RecordingPolicy, Share};

pub(super) const CALLER_KEYS: [&str; 6] = [
    "allow",
    "deny",
    "allow_tokens",
    "deny_tokens",
    "others",
    "token_header",
];
pub(super) const LIMIT_KEYS: [&str; 4] = [
    "event_bytes_max",
    "requests_per_minute",
    "burst",
    "principal",
];
pub(super) const RECURSION_KEYS: [&str; 3] = ["lineage_max", "writes", "own_destination"];
pub(super) const LOG_KEYS: [&str; 1] = ["bytes_per_minute"];
pub(super) const RECORDING_KEYS: [&str; 4] =
    ["share", "event_bytes_max", "bytes_per_minute", "routes"];
pub(super) const DECOY_KEYS: [&str; 2] = ["plant", "variables"];

/// Whether callers in no list are let in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Others {
    Allow,
    Deny,
}

const OTHERS: [Others; 2] = [Others::Allow, Others::Deny];

impl Others {
    fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

impl Reader<'_> {
    /// Reads one of the tables.
    pub(super) fn guard(&mut self, name: &str, value: &Node, policy: &mut Policy) {
        let before = self.met();
        let held: &[&'static str] = match name {
            "callers" => {
                self.callers(value, policy);
                &[DENIED_CALLER.id, REQUEST_RATE.id]
            }
            "limits" => {
                self.limits(value, policy);
                &[REQUEST_SIZE.id, REQUEST_RATE.id]
            }
            "recursion" => {
                self.recursion(value, policy);
                &[INVOCATION_LOOP.id]
            }
            "log" => {
                self.log(value, policy);
                &[]
            }
            "decoy" => {
                self.decoy(value, policy);
                &[]
            }
            "recording" => {
                self.recording(value, policy);
                if self.met() > before {
                    // Whose events its author meant to leave out is unknown.
                    policy.recording.share = Share::NONE;
                }
                &[]
            }
            _ => &[],
        };
        if self.met() > before {
            for id in held {
                policy.hold_rule(id);
            }
        }
    }

    fn callers(&mut self, value: &Node, policy: &mut Policy) {
        let network = |reader: &mut Self, item: &Node| {
            let expected = "an address or a network, as in `192.0.2.7`, `10.0.0.0/8` or \
                            `2001:db8::/32`, without bits behind its prefix";
            reader.read(item, "address", expected, Network::parse)
        };
        let token = |reader: &mut Self, item: &Node| {
            reader.text(item, "token", 4096).map(ToOwned::to_owned)
        };
        for Member { name, value, .. } in self.table(value, "callers", &CALLER_KEYS).unwrap_or(&[])
        {
            match name.as_str() {
                "allow" => policy.callers.allow.extend(self.list(value, name, network)),
                "deny" => policy.callers.deny.extend(self.list(value, name, network)),
                "allow_tokens" => {
                    policy
                        .callers
                        .allow_tokens
                        .extend(self.list(value, name, token));
                }
                "deny_tokens" => policy
                    .callers
                    .deny_tokens
                    .extend(self.list(value, name, token)),
                "others" => {
                    let others = self.choice(value, "others", &OTHERS, Others::name);
                    policy.callers.denies_others = others == Some(Others::Deny);
                }
                "token_header" => {
                    let header = self.read(value, name, "the name of a header", |text| {
                        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
                        let is_plain = !text.is_empty() && text.len() <= 64;
                        (is_plain && text.bytes().all(is_name)).then(|| text.to_ascii_lowercase())
                    });
                    if header.is_some() {
                        policy.callers.token_header = header;
                    }
                }
                _ => {}
            }
        }
    }

    fn limits(&mut self, value: &Node, policy: &mut Policy) {
        let members = self.table(value, "limits", &LIMIT_KEYS).unwrap_or(&[]);
        let mut rate = policy.limits.rate;
        let per_minute = members
            .iter()
            .find(|member| member.name == "requests_per_minute");
        let mut burst = None;
        for Member { at, name, value } in members {
            match name.as_str() {
                "event_bytes_max" => {
                    let bytes = self.number(value, name, 1, 8 * 1024 * 1024);
                    policy.limits.event_bytes_max = bytes.or(policy.limits.event_bytes_max);
                }
                "requests_per_minute" => {
                    let per_minute = self.small(value, name, 1_000_000);
                    rate = per_minute.map(|per_minute| Rate {
                        per_minute,
                        burst: rate.map_or(per_minute, |rate| rate.burst),
                        principal: rate.map_or(Principal::Address, |rate| rate.principal),
                    });
                }
                "burst" => burst = self.small(value, name, 1_000_000),
                _ => {}
            }
            let needs_rate = matches!(name.as_str(), "burst" | "principal");
            if needs_rate && rate.is_none() && per_minute.is_none() {
                let said = alloc::format!("`{name}` says nothing without `requests_per_minute`");
                self.problem(*at, said);
            }
        }
        let principal = members.iter().find(|member| member.name == "principal");
        let principal = principal.and_then(|member| {
            self.choice(&member.value, "principal", &Principal::ALL, Principal::name)
        });
        if let Some(rate) = &mut rate {
            rate.burst = burst.unwrap_or(rate.burst);
            rate.principal = principal.unwrap_or(rate.principal);
        }
        policy.limits.rate = rate;
    }

    fn small(&mut self, value: &Node, key: &str, most: i64) -> Option<u32> {
        let number = self.number(value, key, 1, most);
        number.and_then(|number| u32::try_from(number).ok())
    }

    fn recursion(&mut self, value: &Node, policy: &mut Policy) {
        let members = self
            .table(value, "recursion", &RECURSION_KEYS)
            .unwrap_or(&[]);
        for Member { name, value, .. } in members {
            match name.as_str() {
                "lineage_max" => {
                    let most = self.small(value, name, 1_000);
                    policy.recursion.lineage_max = most.or(policy.recursion.lineage_max);
                }
                "writes" => {
                    let patterns =
                        self.list(value, name, |reader, item| reader.pattern(item, "writes"));
                    policy.recursion.writes.extend(patterns);
                }
                "own_destination" => {
                    let flag = self.flag(value, name);
                    policy.recursion.own_destination = flag.unwrap_or(false);
                }
                _ => {}
            }
        }
    }

    fn log(&mut self, value: &Node, policy: &mut Policy) {
        for Member { name, value, .. } in self.table(value, "log", &LOG_KEYS).unwrap_or(&[]) {
            if name == "bytes_per_minute" {
                // A line has 700 bytes; a gibibyte a minute is more than a pipe takes.
                let bytes = self.number(value, name, 700, 1 << 30);
                policy.log_bytes_per_minute = bytes.or(policy.log_bytes_per_minute);
            }
        }
    }

    fn recording(&mut self, value: &Node, policy: &mut Policy) {
        let most = |bytes: usize| i64::try_from(bytes).unwrap_or(i64::MAX);
        let size = |bytes: u64| usize::try_from(bytes).ok();
        let will = &mut policy.recording;
        let members = self
            .table(value, "recording", &RECORDING_KEYS)
            .unwrap_or(&[]);
        for Member { name, value, .. } in members {
            match name.as_str() {
                "share" => will.share = self.share(value, name).unwrap_or(will.share),
                "event_bytes_max" => {
                    let most = most(RecordingPolicy::EVENT_BYTES_MOST);
                    let bytes = self.number(value, name, 1, most).and_then(size);
                    will.event_bytes_max = bytes.unwrap_or(will.event_bytes_max);
                }
                "bytes_per_minute" => {
                    let bytes = self.number(value, name, 700, 1 << 30).and_then(size);
                    will.bytes_per_minute = bytes.unwrap_or(will.bytes_per_minute);
                }
                "routes" => {
                    if matches!(&value.kind, Kind::List(items) if items.is_empty()) {
                        let said = "`routes` is empty; name one, or leave the key out for all";
                        self.problem(value.at, said.to_owned());
                    }
                    let routes =
                        self.list(value, name, |reader, item| reader.pattern(item, "routes"));
                    will.routes.extend(routes);
                }
                _ => {}
            }
        }
    }

    fn decoy(&mut self, value: &Node, policy: &mut Policy) {
        for Member { name, value, .. } in self.table(value, "decoy", &DECOY_KEYS).unwrap_or(&[]) {
            match name.as_str() {
                "plant" => policy.decoy.plant = self.flag(value, name).unwrap_or(false),
                "variables" => {
                    let names = self.list(value, name, Self::variable);
                    policy.decoy.variables.extend(names);
                }
                _ => {}
            }
        }
        if let Kind::Table(_) = value.kind {
            sorted::sort(&mut policy.decoy.variables);
            policy.decoy.variables.dedup();
        }
    }

    /// The name of an environment variable.
    fn variable(&mut self, value: &Node) -> Option<alloc::string::String> {
        let expected = "the name of a variable, as in `CANARY_KEY`";
        self.read(value, "variables", expected, |text| {
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            let begins = text.starts_with(|letter: char| !letter.is_ascii_digit());
            let is_plain = !text.is_empty() && text.len() <= 128 && begins;
            (is_plain && text.bytes().all(is_name)).then(|| text.to_owned())
        })
    }
}
