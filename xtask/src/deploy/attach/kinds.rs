//! The kinds of functions that there are, and what is to become of each.
//! It never asks the tool.
use serde_json::{Map, Value, json};

const WRAPPER: &str = "/opt/credenza-wrapper";

/// A kind of function, and what is to become of it.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) runtime: &'static str,
    pub(super) architecture: &'static str,
    pub(super) layers: &'static [&'static str],
    pub(super) variables: &'static [(&'static str, &'static str)],
    pub(super) becomes: Becomes,
}

/// What `attach` is to do with a kind, with `--chain`.
#[derive(Clone, Copy)]
pub(super) enum Becomes {
    /// Changed: our layer is added, or put in the place of an older one; and these variables are
    /// set.
    Attached(&'static [(&'static str, &'static str)]),
    /// It is as it should be.
    Kept,
    /// Left, for a reason that holds this word.
    Left(&'static str),
}

const PLAIN: &[(&str, &str)] = &[
    ("AWS_LAMBDA_EXEC_WRAPPER", WRAPPER),
    ("CREDENZA_MODE", "monitor"),
];

const fn kind(name: &'static str, runtime: &'static str, becomes: Becomes) -> Kind {
    Kind {
        name,
        runtime,
        architecture: "x86_64",
        layers: &[],
        variables: &[],
        becomes,
    }
}

/// The kinds; functions are made of them in turn.
pub(super) const KINDS: [Kind; 20] = [
    kind("python", "python3.13", Becomes::Attached(PLAIN)),
    kind("node", "nodejs22.x", Becomes::Attached(PLAIN)),
    kind("java", "java21", Becomes::Attached(PLAIN)),
    kind("dotnet", "dotnet8", Becomes::Attached(PLAIN)),
    kind("ruby", "ruby3.4", Becomes::Attached(PLAIN)),
    Kind {
        architecture: "arm64",
        ..kind("arm", "python3.13", Becomes::Attached(PLAIN))
    },
    Kind {
        layers: &["other-1", "other-2"],
        variables: &[("STAGE", "prod"), ("TABLE", "orders"), ("EMPTY", "")],
        ..kind("layered", "nodejs20.x", Becomes::Attached(PLAIN))
    },
    Kind {
        layers: &["other-1", "other-2", "other-3", "other-4", "other-5"],
        ..kind("full", "python3.12", Becomes::Left("five places"))
    },
    Kind {
        layers: &["Datadog-Extension"],
        variables: &[
            ("AWS_LAMBDA_EXEC_WRAPPER", "/opt/datadog_wrapper"),
            ("DD_SITE", "datadoghq.eu"),
        ],
        ..kind(
            "datadog",
            "python3.13",
            Becomes::Attached(&[
                ("AWS_LAMBDA_EXEC_WRAPPER", WRAPPER),
                ("CREDENZA_NEXT_WRAPPER", "/opt/datadog_wrapper"),
                ("CREDENZA_MODE", "monitor"),
            ]),
        )
    },
    Kind {
        layers: &["LambdaAdapterLayerX86"],
        variables: &[("AWS_LAMBDA_EXEC_WRAPPER", "/opt/bootstrap")],
        ..kind(
            "adapter",
            "nodejs22.x",
            Becomes::Attached(&[
                ("AWS_LWA_LAMBDA_RUNTIME_API_PROXY", "http://127.0.0.1:9077"),
                ("CREDENZA_MODE", "monitor"),
            ]),
        )
    },
    kind("go", "provided.al2023", Becomes::Left("deploy/os-only")),
    Kind {
        architecture: "arm64",
        ..kind("rust", "provided.al2", Becomes::Left("deploy/os-only"))
    },
    kind("image", "", Becomes::Left("deploy/image")),
    kind("old", "python3.6", Becomes::Left("older than wrappers")),
    Kind {
        layers: &["other-1", "credenza-x86-64"],
        variables: PLAIN,
        ..kind("attached", "python3.13", Becomes::Kept)
    },
    Kind {
        layers: &["credenza-x86-64-old", "other-2"],
        variables: &[
            ("AWS_LAMBDA_EXEC_WRAPPER", WRAPPER),
            ("CREDENZA_MODE", "block"),
        ],
        ..kind("older", "python3.13", Becomes::Attached(&[]))
    },
    Kind {
        variables: &[("HUGE", "4020")],
        ..kind("huge", "python3.13", Becomes::Left("of 4096 bytes"))
    },
    Kind {
        variables: &[("HUGE", "4005")],
        ..kind("large", "python3.13", Becomes::Attached(PLAIN))
    },
    kind("private", "java17", Becomes::Attached(PLAIN)),
    kind("published", "nodejs22.x", Becomes::Attached(PLAIN)),
];

pub(super) fn kind_of(at: usize) -> &'static Kind {
    &KINDS[at % KINDS.len()]
}

pub(super) fn name_of(at: usize) -> String {
    format!("{}-{at:03}", kind_of(at).name)
}

/// The variables of a kind; `HUGE` has so many signs.
pub(super) fn variables(kind: &Kind) -> Map<String, Value> {
    let all = kind.variables.iter();
    all.map(|(name, value)| {
        let long = (*name == "HUGE").then(|| value.parse::<usize>().unwrap_or_default());
        let value = long.map_or_else(|| (*value).to_owned(), |signs| "x".repeat(signs));
        ((*name).to_owned(), json!(value))
    })
    .collect()
}
