//! What ships with the agent: how many crates, under which licences, and none that talks outward.
//! It never judges what only tests and the desk use.
use anyhow::Result;

use super::{Breach, breach};
use crate::crates::{self, Crate};

// Limit: 60 crates, the house's own; 50 is the goal.
const CRATES_MAX: usize = 60;

/// Licences that ask for nothing but a notice.
const LICENCES: [&str; 11] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "0BSD",
];

/// Crates that would give the agent a way out of loopback, a runtime, or another JSON.
const ABSENT: [&str; 11] = [
    "tokio",
    "hyper",
    "reqwest",
    "rustls",
    "openssl",
    "native-tls",
    "ring",
    "aws-config",
    "hickory-resolver",
    "serde_json",
    "regex",
];

/// Checks the crates of the agent on both architectures.
pub(crate) fn check() -> Result<Vec<Breach>> {
    let mut breaches = Vec::new();
    for triple in ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"] {
        for found in judge(&crates::shipped("credenza-agent", triple)?) {
            if !breaches.contains(&found) {
                breaches.push(found);
            }
        }
    }
    Ok(breaches)
}

fn judge(crates: &[Crate]) -> Vec<Breach> {
    let complain = |message: String| breach("Cargo.lock", 1, &message);
    let mut breaches = Vec::new();
    if crates.len() > CRATES_MAX {
        breaches.push(complain(format!(
            "{} crates ship, more than {CRATES_MAX}",
            crates.len()
        )));
    }
    for found in crates {
        if ABSENT.contains(&found.name.as_str()) {
            breaches.push(complain(format!(
                "`{}` must not ship in the agent",
                found.name
            )));
        }
        if !is_allowed(&found.licence) {
            let licence = &found.licence;
            breaches.push(complain(format!("`{}` is under `{licence}`", found.name)));
        }
    }
    for pair in crates.windows(2) {
        if let [one, other] = pair
            && one.name == other.name
        {
            breaches.push(complain(format!("`{}` ships in two versions", one.name)));
        }
    }
    breaches
}

/// Whether one alternative of a licence expression consists of allowed licences alone.
fn is_allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ").replace(['(', ')'], "");
    expression.split(" OR ").any(|alternative| {
        alternative
            .split(" AND ")
            .all(|licence| LICENCES.contains(&licence.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::{is_allowed, judge};
    use crate::crates::Crate;
    use crate::tidy::tests::messages;

    fn named(name: &str, version: &str, licence: &str) -> Crate {
        Crate {
            name: name.to_owned(),
            version: version.to_owned(),
            licence: licence.to_owned(),
            own: false,
            checksum: None,
            needs: Vec::new(),
        }
    }

    #[test]
    fn licences_are_read_as_expressions() {
        for allowed in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0 OR MIT",
            "(MIT OR ISC) AND Zlib",
        ] {
            assert!(is_allowed(allowed), "{allowed}");
        }
        for refused in ["", "GPL-3.0", "MIT AND GPL-3.0"] {
            assert!(!is_allowed(refused), "{refused}");
        }
    }

    #[test]
    fn a_way_out_a_double_and_a_crowd_are_found() {
        let crates = [
            named("hyper", "1.0.0", "MIT"),
            named("hyper", "2.0.0", "MIT"),
        ];
        let found = messages(&judge(&crates));
        assert!(found.contains("must not ship"), "{found}");
        assert!(found.contains("two versions"), "{found}");
        let crowd: Vec<Crate> = (0..61)
            .map(|number| named(&format!("c{number}"), "1.0.0", "MIT"))
            .collect();
        assert!(messages(&judge(&crowd)).contains("61 crates"));
    }
}
