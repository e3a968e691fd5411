//! Two weeks of a shop that does not exist: its functions, customers, attackers and accidents.
//! It never says anything that the agent could not have said, and is the same on every run.
use std::io::{self, Write};

/// What is written, and how often.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Written {
    pub(crate) records: u64,
    /// Events that the metrics lines count.
    pub(crate) invocations: u64,
    pub(crate) attacks: u64,
    pub(crate) alarms: u64,
}

/// Numbers that look random and are the same on every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below.max(1)
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let at = usize::try_from(self.next(all.len() as u64)).unwrap();
        &all[at]
    }
}

/// 2026-11-12T00:00:00Z.
const BEGIN: u64 = 1_794_441_600;
const DAYS: u64 = 14;
const FUNCTIONS: [&str; 3] = ["shop-api", "order-worker", "media-import"];

struct Kind {
    function: &'static str,
    source: &'static str,
    route: &'static str,
    rule: &'static str,
    confidence: &'static str,
    location: &'static str,
    role: &'static str,
    decoded: &'static str,
    grammar: [&'static str; 3],
    sample: &'static str,
    span: [u32; 2],
}

/// What customers write that looks like an attack: one search form, and one that only reports.
const ALARMS: [Kind; 2] = [
    Kind {
        function: "shop-api",
        source: "apigateway-http",
        route: "POST /search",
        rule: "sql-injection",
        confidence: "high",
        location: "/body/query",
        role: "body",
        decoded: "\"json\"",
        grammar: ["quoted", "ansi", "stacked statement"],
        sample: "aaaa aaaaa'; aaaaaa aaaa aaaaa --",
        span: [10, 33],
    },
    Kind {
        function: "order-worker",
        source: "sqs",
        route: "orders",
        rule: "cross-site-scripting",
        confidence: "medium",
        location: "/Records/3/body/note",
        role: "message",
        decoded: "\"json\",\"html\"",
        grammar: ["element", "html", "unknown attribute"],
        sample: "Aaaaa <a aaaa=aaaaa> aaa aaaaaaa 00",
        span: [6, 20],
    },
];

/// What attackers send, at night and all at once.
const ATTACKS: [Kind; 6] = [
    Kind {
        function: "shop-api",
        source: "apigateway-http",
        route: "GET /items/{id}",
        rule: "sql-injection",
        confidence: "high",
        location: "/queryStringParameters/id",
        role: "query",
        decoded: "\"base64\",\"url\"",
        grammar: ["bare", "mysql", "tautology"],
        sample: "0' AA 0=0 AAAAA AAAAAA 0,0,0 --",
        span: [1, 9],
    },
    Kind {
        function: "shop-api",
        source: "apigateway-http",
        route: "GET /files",
        rule: "path-traversal",
        confidence: "high",
        location: "/queryStringParameters/name",
        role: "query",
        decoded: "\"url\",\"url\"",
        grammar: ["path", "posix", "climbs out"],
        sample: "../../../../aaa/aaaaaa",
        span: [0, 22],
    },
    Kind {
        function: "shop-api",
        source: "apigateway-http",
        route: "POST /search",
        rule: "cross-site-scripting",
        confidence: "high",
        location: "/body/query",
        role: "body",
        decoded: "\"json\"",
        grammar: ["element", "html", "event attribute"],
        sample: "<aaa aaa=a aaaaaaa=aaaaa(0)>",
        span: [0, 28],
    },
    Kind {
        function: "media-import",
        source: "s3",
        route: "uploads/incoming",
        rule: "command-injection",
        confidence: "high",
        location: "/Records/0/s3/object/key",
        role: "object-key",
        decoded: "\"url\"",
        grammar: ["argument", "sh", "substitution"],
        sample: "aaaaa-$(aaaa aaaa://00.0.0.0/a|aa).aaa",
        span: [6, 34],
    },
    Kind {
        function: "shop-api",
        source: "apigateway-http",
        route: "POST /login",
        rule: "nosql-injection",
        confidence: "high",
        location: "/body/password",
        role: "body",
        decoded: "\"json\"",
        grammar: ["operator", "mongodb", "comparison"],
        sample: "{\\\"$aa\\\": \\\"\\\"}",
        span: [1, 6],
    },
    Kind {
        function: "media-import",
        source: "s3",
        route: "uploads/incoming",
        rule: "xml-external-entity",
        confidence: "high",
        location: "/Records/0/s3/object/key",
        role: "object-key",
        decoded: "",
        grammar: ["doctype", "xml", "external entity"],
        sample: "<!AAAAAAA a [<!AAAAAA a AAAAAA",
        span: [0, 30],
    },
];

fn time(seconds: u64) -> String {
    let (day, of_day) = ((seconds - BEGIN) / 86_400 + 12, seconds % 86_400);
    let (hour, minute) = (of_day / 3600, of_day % 3600 / 60);
    format!(
        "2026-11-{day:02}T{hour:02}:{minute:02}:{:02}.000Z",
        of_day % 60
    )
}

fn head(seconds: u64, level: &str, record: &str, function: &str) -> String {
    format!(
        r#"{{"time":"{}","level":"{level}","record":"{record}","function":"{function}","version":"7""#,
        time(seconds)
    )
}

fn finding(seconds: u64, kind: &Kind, id: u64, caller: u64, us: u64) -> String {
    let verdict = if kind.confidence == "high" {
        "block"
    } else {
        "flag"
    };
    let [context, dialect, production] = kind.grammar;
    let [start, end] = kind.span;
    format!(
        r#"{},"request_id":"r-{id:08x}","trace":"1-69170000-{caller:024x}","tenant":"tenant-{}","source":"{}","route":"{}","rule":"{}","confidence":"{}","location":"{}","role":"{}","part":"value","span":[{start},{end}],"length":{},"decoded":[{}],"context":"{context}","dialect":"{dialect}","production":"{production}","hash":"{:016x}","sample":"{}","verdict":"{verdict}","mode":"monitor","applied":false,"coverage":"complete","policy":"9f1c64a0b2d3e4f5","steps":{},"us":{us}}}"#,
        head(seconds, "warn", "finding", kind.function),
        caller % 40,
        kind.source,
        kind.route,
        kind.rule,
        kind.confidence,
        kind.location,
        kind.role,
        end + 3,
        kind.decoded,
        id.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        kind.sample,
        900 + us * 9,
    )
}

fn inspected(seconds: u64, function: &str, id: u64, us: u64) -> String {
    format!(
        r#"{},"request_id":"r-{id:08x}","bytes":{},"verdict":"pass","mode":"monitor","applied":false,"coverage":"complete","policy":"9f1c64a0b2d3e4f5","steps":{},"us":{us}}}"#,
        head(seconds, "debug", "inspected", function),
        400 + us * 11,
        700 + us * 9,
    )
}

fn partial(seconds: u64, id: u64) -> String {
    format!(
        r#"{},"request_id":"r-{id:08x}","source":"s3","bytes":6000000,"verdict":"flag","mode":"monitor","applied":false,"coverage":"partial","gaps":["ratio"],"policy":"9f1c64a0b2d3e4f5","steps":400000,"us":9400}}"#,
        head(seconds, "warn", "partial", "media-import"),
    )
}

fn minute(seconds: u64, function: &str, sums: [u64; 4], us: u64) -> String {
    let [invocations, partial, flagged, would_block] = sums;
    format!(
        r#"{},"mode":"monitor","policy":"9f1c64a0b2d3e4f5","invocations":{invocations},"inspected":{invocations},"bytes":{},"partial":{partial},"flagged":{flagged},"would_block":{would_block},"blocked":0,"leaks":0,"faults":0,"findings_dropped":0,"dropped":0,"added_us_p50":{},"added_us_p99":{us},"rules":{{}},"_aws":{{}}}}"#,
        head(seconds, "info", "metrics", function),
        invocations * 900,
        30 + us / 9,
    )
}

/// Rare lines: what broke, what leaked, what was wrong.
fn accidents(out: &mut impl Write, at: u64, number: u64) -> io::Result<u64> {
    let lines = [
        format!(
            r#"{},"agent":"0.1.0","mode":"monitor","policy":"9f1c64a0b2d3e4f5","listen":"127.0.0.1:9077","upstream":"127.0.0.1:9001","problems":0}}"#,
            head(
                at,
                "info",
                "init",
                FUNCTIONS[usize::try_from(number % 3).unwrap()]
            ),
        ),
        format!(
            r#"{},"request_id":"r-{number:08x}","rule":"own-secret","confidence":"high","secret":"DATABASE_URL","spelling":"plain","channel":"response","span":[120,164],"verdict":"block","mode":"monitor","applied":false,"policy":"9f1c64a0b2d3e4f5"}}"#,
            head(at, "warn", "leak", "shop-api"),
        ),
        format!(
            r#"{},"kind":"upstream-reset","family":"platform","behaviour":"retry","detail":"reset"}}"#,
            head(at, "error", "fault", "order-worker"),
        ),
    ];
    let count = if number.is_multiple_of(4) { 3 } else { 1 };
    for line in lines.iter().take(count) {
        writeln!(out, "{line}")?;
    }
    Ok(count as u64)
}

/// Writes about `records` lines, in the order of time.
pub(crate) fn write(out: &mut impl Write, records: u64) -> io::Result<Written> {
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    let mut written = Written::default();
    let steps = DAYS * 24 * 12;
    let every = (records / steps).max(1);
    for step in 0..steps {
        let at = BEGIN + step * 300;
        let hour = step / 12 % 24;
        // Customers sleep at night; attackers come on two nights and one noon.
        let day = [3, 3, 2, 2, 3, 5, 8, 11, 13, 14, 15, 15][usize::try_from(hour / 2).unwrap()];
        let is_raid = matches!(step / 12, 75..=77 | 200..=201 | 269..=270);
        let mut sums = [[0_u64; 4]; 3];
        let lines = (every * day / 8).max(1);
        for line in 0..lines {
            let id = written.records;
            let us = 20
                + numbers.next(60)
                + if numbers.next(50) == 0 {
                    numbers.next(4000)
                } else {
                    0
                };
            let choice = numbers.next(100);
            let text = if is_raid && choice < 70 {
                let kind = numbers.one_of(&ATTACKS);
                count(&mut sums, kind);
                written.attacks += 1;
                finding(at + line % 300, kind, id, 7 + step / 36, us)
            } else if choice < 9 {
                let kind = numbers.one_of(&ALARMS);
                count(&mut sums, kind);
                written.alarms += 1;
                let caller = numbers.next(9000);
                finding(at + line % 300, kind, id, caller, us)
            } else if choice == 9 && numbers.next(12) == 0 {
                sums[2][0] += 1;
                sums[2][1] += 1;
                sums[2][2] += 1;
                partial(at + line % 300, id)
            } else {
                let which = usize::try_from(numbers.next(6).saturating_sub(3)).unwrap();
                sums[which][0] += 1;
                inspected(at + line % 300, FUNCTIONS[which], id, us)
            };
            writeln!(out, "{text}")?;
            written.records += 1;
        }
        for (function, sums) in FUNCTIONS.iter().zip(&mut sums) {
            // Of most clean events there is no line: they are only counted.
            sums[0] += lines * 20;
            written.invocations += sums[0];
            let us = 140 + numbers.next(90) + day * 12;
            writeln!(out, "{}", minute(at + 299, function, *sums, us))?;
            written.records += 1;
        }
        if step % 97 == 0 {
            written.records += accidents(out, at, step / 97)?;
        }
    }
    Ok(written)
}

fn count(sums: &mut [[u64; 4]; 3], kind: &Kind) {
    let at = FUNCTIONS
        .iter()
        .position(|name| *name == kind.function)
        .unwrap();
    sums[at][0] += 1;
    sums[at][if kind.confidence == "high" { 3 } else { 2 }] += 1;
}
