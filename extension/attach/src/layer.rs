//! Versions of our layer, one for each architecture.
//! It never takes the layer of one architecture for that of the other.
use std::fmt;

/// What a function's processor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Architecture {
    /// `x86_64`.
    X86,
    /// `arm64`.
    Arm64,
}

impl Architecture {
    /// Both.
    pub const ALL: [Self; 2] = [Self::X86, Self::Arm64];

    /// As AWS spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::X86 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }

    /// The layer's name, as `cargo xtask publish` publishes it.
    pub fn layer(self) -> &'static str {
        match self {
            Self::X86 => "credenza-x86-64",
            Self::Arm64 => "credenza-arm64",
        }
    }

    /// The one with a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The ARN of a layer's version, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerArn {
    text: String,
    /// Where the layer is.
    pub region: String,
    name: String,
    /// Its version.
    pub version: u64,
}

impl LayerArn {
    /// Reads `arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION`.
    pub fn read(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        let ["arn", _, "lambda", region, _, "layer", name, version] = parts.as_slice() else {
            return None;
        };
        Some(Self {
            text: text.to_owned(),
            region: (*region).to_owned(),
            name: (*name).to_owned(),
            version: version.parse().ok()?,
        })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name and the version.
    pub fn short(&self) -> String {
        format!("{}:{}", self.name, self.version)
    }

    /// The architecture that the layer's name tells, if it is called as ours are.
    pub fn architecture(&self) -> Option<Architecture> {
        Architecture::ALL
            .into_iter()
            .find(|one| one.layer() == self.name)
    }

    /// Whether another is a version of the same layer.
    pub fn is_version_of(&self, other: &Self) -> bool {
        self.without_version() == other.without_version()
    }

    fn without_version(&self) -> &str {
        self.text
            .rsplit_once(':')
            .map_or(self.text.as_str(), |(layer, _)| layer)
    }
}

/// Whether a layer is ours: by the name that it is published under, or because it is the one that
/// is asked for.
pub fn is_ours(arn: &str, wanted: Option<&LayerArn>) -> bool {
    let Some(arn) = LayerArn::read(arn) else {
        return false;
    };
    arn.architecture().is_some() || wanted.is_some_and(|wanted| wanted.is_version_of(&arn))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "arn:aws:lambda:eu-west-1:123456789012:layer:credenza-arm64:3";

    #[test]
    fn an_arn_is_taken_apart() {
        let arn = LayerArn::read(OURS).unwrap();
        assert_eq!((arn.region.as_str(), arn.version), ("eu-west-1", 3));
        assert_eq!(arn.architecture(), Some(Architecture::Arm64));
        assert_eq!(arn.short(), "credenza-arm64:3");
        for broken in [
            "",
            "credenza-arm64:3",
            "arn:aws:lambda:eu-west-1:123456789012:layer:credenza-arm64",
            "arn:aws:lambda:eu-west-1:123456789012:layer:credenza-arm64:x",
            "arn:aws:lambda:eu-west-1:123456789012:function:credenza-arm64:3",
        ] {
            assert_eq!(LayerArn::read(broken), None, "{broken}");
        }
    }

    #[test]
    fn ours_is_told_by_its_name_or_because_it_was_asked_for() {
        assert!(is_ours(OURS, None));
        let other = "arn:aws:lambda:eu-west-1:123456789012:layer:taster:4";
        assert!(!is_ours(other, None));
        let wanted = LayerArn::read("arn:aws:lambda:eu-west-1:123456789012:layer:taster:5");
        assert!(is_ours(other, wanted.as_ref()));
        assert!(!is_ours("no arn", wanted.as_ref()));
    }
}
