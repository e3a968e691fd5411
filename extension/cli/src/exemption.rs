//! The exemption that silences one rule at one place, as a policy has it.
//! It never exempts more than what was seen there.
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use credenza_policy::Day;

use crate::evidence::cluster::Cluster;
use crate::evidence::readiness::plural;
use crate::records::clock;

// Limit: a quarter is long enough to mend what causes an alarm, and short enough that an exemption
// that nobody renews does not outlive its reason.
const DAYS: i64 = 90;

/// The day on which an exemption ends, by default: so many days after the last record, or after
/// today if that is later.
pub(crate) fn expiry(last: Option<i64>) -> String {
    let now = i64::try_from(now()).unwrap_or_default();
    clock::day(last.unwrap_or_default().max(now) + DAYS * 86_400)
}

/// Today, in UTC, for exemptions that may be over.
pub(crate) fn today() -> Day {
    Day::of_seconds(now())
}

/// The day in so many seconds.
pub(crate) fn in_seconds(seconds: u64) -> Day {
    Day::of_seconds(now().saturating_add(seconds))
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}

/// Who an exemption is by, if nobody says.
pub(crate) fn author() -> String {
    let name = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    name("EMAIL")
        .or_else(|| name("USER"))
        .unwrap_or_else(|| "unknown".to_owned())
}

/// True if an exemption can be narrower than the rule.
pub(crate) fn is_narrow(cluster: &Cluster) -> bool {
    let named = [&cluster.source, &cluster.route, &cluster.place];
    named.iter().any(|name| !name.is_empty())
}

/// The narrowest exemption for a cluster: its rule, source, route and place; the rule's table if
/// the cluster tells none of them.
pub(crate) fn of(cluster: &Cluster, author: &str, expires: &str) -> String {
    if !is_narrow(cluster) {
        return format!("[rule.{}]\nmode = \"monitor\"\n", cluster.rule);
    }
    let reason = format!(
        "{} of {} in {}, found by the rollout desk; say why they are harmless",
        plural(cluster.invocations, "invocation"),
        plural(cluster.callers.count(), "caller"),
        plural(cluster.hours.count(), "hour")
    );
    let mut text = String::from("[[exemption]]\n");
    let (route, mut place) = (open_ended(&cluster.route), open_ended(&cluster.place));
    if cluster.is_leak {
        place = any_name(&place);
    }
    let members = [
        ("rule", cluster.rule.as_str()),
        ("source", &cluster.source),
        ("route", &route),
        ("location", &place),
        ("reason", &reason),
        ("author", author),
    ];
    for (name, value) in members.into_iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(text, "{name} = {}", quoted(value));
    }
    let _ = writeln!(text, "expires = {expires}");
    text
}

/// A name that its record had no room for, as a pattern of everything that begins like it.
fn open_ended(name: &str) -> String {
    match name.strip_suffix('…') {
        Some(begin) => format!("{begin}**"),
        None => name.to_owned(),
    }
}

/// A place of an answer, whose record has a `?` for each name that may be a value.
fn any_name(place: &str) -> String {
    let names = place.split('/');
    let names = names.map(|name| if name == "?" { "*" } else { name });
    names.collect::<Vec<_>>().join("/")
}

/// A text as TOML has it.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for sign in text.chars() {
        match sign {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            _ if sign.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(sign));
            }
            _ => quoted.push(sign),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_was_cut_is_a_pattern_of_what_begins_like_it() {
        assert_eq!(open_ended("/body/a/very/lo…"), "/body/a/very/lo**");
        assert_eq!(open_ended("/body/q"), "/body/q");
        assert_eq!(any_name("/body/?/token?"), "/body/*/token?");
    }

    #[test]
    fn an_exemption_names_rule_source_route_and_place() {
        let line = r#"{"rule":"sql-injection","source":"sqs","location":"/Records/3/body/\"q\""}"#;
        let cluster = Cluster::new(&serde_json::from_str(line).unwrap());
        let text = of(&cluster, "jane@example.com", "2027-01-31");
        assert!(text.starts_with(
            "[[exemption]]\nrule = \"sql-injection\"\nsource = \"sqs\"\n\
             location = \"/Records/*/body/\\\"q\\\"\"\nreason = "
        ));
        assert!(
            text.ends_with("author = \"jane@example.com\"\nexpires = 2027-01-31\n"),
            "{text}"
        );
    }
}
