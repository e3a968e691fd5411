//! How a function's program is started, which decides the ways in that there are.
//! It never looks at more than the runtime's name and the kind of package.

/// The runtimes that were closed before wrappers came (Amazon Linux 1).
const OLD: [&str; 13] = [
    "nodejs",
    "nodejs4.3",
    "nodejs4.3-edge",
    "nodejs6.10",
    "nodejs8.10",
    "java8",
    "python2.7",
    "python3.6",
    "python3.7",
    "ruby2.5",
    "dotnetcore1.0",
    "dotnetcore2.0",
    "dotnetcore2.1",
];

/// The families that honour the wrapper variable.
const MANAGED: [&str; 5] = ["nodejs", "python", "java", "dotnet", "ruby"];

/// What starts a function's program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// A runtime of AWS, which honours the wrapper variable.
    Managed,
    /// The function's own `bootstrap`; no wrapper is known there.
    OsOnly,
    /// A container image, which takes no layers.
    Image,
    /// A runtime older than wrappers.
    Old,
    /// Nobody knows.
    Unknown,
}

impl Start {
    /// Reads a runtime such as `python3.13`; images have none.
    pub fn of(runtime: &str, is_image: bool) -> Self {
        match runtime {
            _ if is_image => Self::Image,
            "" => Self::Unknown,
            "go1.x" => Self::OsOnly,
            name if name.starts_with("provided") => Self::OsOnly,
            name if OLD.contains(&name) => Self::Old,
            name if MANAGED.iter().any(|family| name.starts_with(family)) => Self::Managed,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Start;

    #[test]
    fn every_runtime_has_its_start() {
        for (runtime, start) in [
            ("python3.13", Start::Managed),
            ("nodejs22.x", Start::Managed),
            ("java21", Start::Managed),
            ("java8.al2", Start::Managed),
            ("dotnet8", Start::Managed),
            ("ruby3.4", Start::Managed),
            ("java8", Start::Old),
            ("python3.6", Start::Old),
            ("go1.x", Start::OsOnly),
            ("provided", Start::OsOnly),
            ("provided.al2023", Start::OsOnly),
            ("cobol1", Start::Unknown),
            ("", Start::Unknown),
        ] {
            assert_eq!(Start::of(runtime, false), start, "{runtime}");
        }
        assert_eq!(Start::of("", true), Start::Image);
    }
}
