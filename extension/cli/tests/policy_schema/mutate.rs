//! A policy in which every key stands, and what people and editors do to it.
//! It never changes two things at once.
use serde_json::{Map, Value, json};

/// A policy in which every key of the documentation stands.
pub(crate) fn base() -> Value {
    let mut base = scopes();
    let rest = json!({
        "mode": "block",
        "version": 3,
        "kill": false,
        "poll_seconds": 30,
        "on_error": "open",
        "on_partial": "flag",
        "canary": 100,
        "rule": {
            "scanner-traffic": { "mode": "off" },
            "cross-site-scripting": { "mode": "monitor", "minimum_confidence": "high" },
            "own-secret": { "action": "mask", "canary": 12.5 },
        },
        "source": {
            "sqs": { "quarantine": "pass", "reports_failures": true, "mode": "monitor" },
            "authorizer-http": { "answer": "iam" },
        },
        "callers": {
            "deny": ["10.0.0.0/8"], "allow": "::1", "deny_tokens": ["lost-token"],
            "allow_tokens": ["own-token"], "others": "allow", "token_header": "x-api-key",
        },
        "limits": {
            "event_bytes_max": 6_291_556, "requests_per_minute": 600, "burst": 50,
            "principal": "address",
        },
        "recursion": { "lineage_max": 8, "writes": ["thumbs/**"], "own_destination": true },
        "log": { "bytes_per_minute": 65536 },
        "decoy": { "plant": false, "variables": ["CANARY_KEY"] },
        "recording": {
            "share": 0.5, "event_bytes_max": 16_384, "bytes_per_minute": 65_536,
            "routes": ["POST /orders/**"],
        },
        "output": { "security_headers": true },
        "shadow": { "mode": "block", "rule": { "sql-injection": { "mode": "monitor" } } },
    });
    base.extend(rest.as_object().unwrap().clone());
    Value::Object(base)
}

/// The tables of which there may be many.
fn scopes() -> Map<String, Value> {
    let scopes = json!({
        "scope": [
            { "route": "POST /quiet/**", "mode": "monitor" },
            {
                "rules": ["sql-injection", "csv-formula"], "tenant": "acme-*",
                "function": "orders-*", "minimum_confidence": "medium",
            },
            { "source": "s3", "location": "/Records/*/s3/**", "action": "flag", "canary": 1.5 },
        ],
        "exemption": [{
            "rule": "sql-injection", "source": "apigateway-http", "route": "POST /search/*",
            "location": "/body/q", "reason": "free text", "author": "jane@example.com",
            "expires": "2097-01-31",
        }, {
            "rule": "path-traversal", "shape": "digits(1..10) | uuid", "reason": "ids",
            "author": "jane", "expires": "2097-12-01",
        }],
        "custom": [{
            "id": "custom-colour", "location": "/body/colour", "none_of": ["blue", "red"],
            "confidence": "medium", "part": "value", "role": "body",
        }, {
            "id": "custom-amount", "above": 1000, "below": 2000.5, "not_shape": "number",
            "longer": 3, "contains": ["x"], "pattern": "ab+c", "reason": "r", "author": "a",
        }],
    });
    scopes.as_object().unwrap().clone()
}

/// Draws numbers, the same ones for the same seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ mixed >> 31) % most as u64).unwrap()
    }
}

/// Every place in a value: the names and numbers that lead there.
fn places(value: &Value, path: &mut Vec<String>, all: &mut Vec<Vec<String>>) {
    if !path.is_empty() {
        all.push(path.clone());
    }
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => {
            let members = members.iter();
            members.map(|(name, it)| (name.clone(), it)).collect()
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.map(|(at, it)| (at.to_string(), it)).collect()
        }
        _ => Vec::new(),
    };
    for (name, member) in members {
        path.push(name);
        places(member, path, all);
        path.pop();
    }
}

fn pointer(path: &[String]) -> String {
    let steps = path.iter();
    let steps = steps.map(|step| step.replace('~', "~0").replace('/', "~1"));
    steps.fold(String::new(), |pointer, step| pointer + "/" + &step)
}

/// The policy with one thing changed, and the place of that.
pub(crate) fn mutant(base: &Value, seed: u64) -> (Value, Vec<String>) {
    let mut draw = Draw(seed);
    let mut all = Vec::new();
    places(base, &mut Vec::new(), &mut all);
    let path = all.swap_remove(draw.below(all.len()));
    let (mut mutant, mut changed) = (base.clone(), path.clone());
    let (last, parent) = path.split_last().unwrap();
    let holder = mutant.pointer_mut(&pointer(parent)).unwrap();
    match (holder, draw.below(4)) {
        (Value::Object(members), 0) => {
            members.remove(last);
            changed.pop();
        }
        (Value::Object(members), 1) => {
            let value = members.remove(last).unwrap();
            let name = misspelt(last, &mut draw);
            members.insert(name.clone(), value);
            changed.pop();
            changed.push(name);
        }
        _ => {
            let value = mutant.pointer_mut(&pointer(&path)).unwrap();
            *value = other(value, &mut draw);
        }
    }
    (mutant, changed)
}

fn misspelt(word: &str, draw: &mut Draw) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    match draw.below(3) {
        0 => _ = letters.pop(),
        1 => letters.push('x'),
        _ => {
            let at = draw.below(letters.len());
            letters[at] = if letters[at] == 'z' { 'y' } else { 'z' };
        }
    }
    letters.into_iter().collect()
}

/// Another value in the place of one.
fn other(value: &Value, draw: &mut Draw) -> Value {
    match (value, draw.below(10)) {
        (Value::String(word), 0..=3) => json!(misspelt(word, draw)),
        (_, 4) => json!(true),
        (_, 5) => json!(-1),
        (_, 6) => json!("nonsense"),
        (_, 7) => json!([]),
        (_, 8) => Value::Object(Map::new()),
        (_, 9) => json!([value, value]),
        (Value::Number(_), _) => json!(1_000_000_000_000_u64),
        _ => json!(1.5),
    }
}

/// A text with a byte of it changed, dropped or added, or with a piece of it taken out.
pub(crate) fn bytes(text: &str, seed: u64) -> String {
    const SIGNS: &[u8] = b"=\"'[]{}.,#\n\\x0 ";
    let mut draw = Draw(seed);
    let mut bytes = text.as_bytes().to_vec();
    let at = draw.below(bytes.len());
    match draw.below(4) {
        0 => _ = bytes.remove(at),
        1 => bytes.insert(at, SIGNS[draw.below(SIGNS.len())]),
        2 => bytes[at] = SIGNS[draw.below(SIGNS.len())],
        _ => {
            let end = (at + draw.below(60)).min(bytes.len());
            bytes.drain(at..end);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
