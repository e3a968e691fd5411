//! Who else changes a function: the tool that deployed it, as far as its tags tell.
//! It never says that a function is nobody's.
use std::collections::BTreeMap;

/// A tool that deploys functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// CloudFormation, and what is built on it without saying more.
    CloudFormation,
    /// AWS SAM.
    Sam,
    /// Serverless Framework or osls.
    Serverless,
    /// Terraform or `OpenTofu`.
    Terraform,
    /// Pulumi.
    Pulumi,
}

impl Tool {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::CloudFormation => "CloudFormation",
            Self::Sam => "SAM",
            Self::Serverless => "Serverless",
            Self::Terraform => "Terraform",
            Self::Pulumi => "Pulumi",
        }
    }
}

/// The tool of a function, and the name under which it knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    /// The tool.
    pub tool: Tool,
    /// The stack, service or project; empty where tags do not tell.
    pub stack: String,
}

/// Reads a function's tags.
pub fn owner(tags: &BTreeMap<String, String>) -> Option<Owner> {
    let tag = |name: &str| tags.get(name).map(String::as_str);
    // CloudFormation sets this tag, which begins with a name that nobody else may use.
    if let Some(stack) = tag("aws:cloudformation:stack-name") {
        let tool = if tag("lambda:createdBy") == Some("SAM") {
            Tool::Sam
        } else if tag("STAGE").is_some_and(|stage| stack.ends_with(&format!("-{stage}"))) {
            // The framework calls a stack SERVICE-STAGE, and tags its functions with the stage.
            Tool::Serverless
        } else {
            Tool::CloudFormation
        };
        let stack = stack.to_owned();
        return Some(Owner { tool, stack });
    }
    if let Some(project) = tag("pulumi:project") {
        let stack = project.to_owned();
        return Some(Owner {
            tool: Tool::Pulumi,
            stack,
        });
    }
    // Terraform has no tag of its own; these are what people write into `default_tags`.
    let is_terraform = tags.iter().any(|(name, value)| {
        let (name, value) = (name.to_lowercase(), value.to_lowercase());
        let says = |text: &str| {
            ["terraform", "opentofu"]
                .iter()
                .any(|tool| text.contains(tool))
        };
        let is_denied = matches!(value.as_str(), "false" | "no" | "0");
        says(&value) || (says(&name) && !is_denied)
    });
    is_terraform.then(|| Owner {
        tool: Tool::Terraform,
        stack: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tags, and the tool and the stack that they tell.
    type Case<'a> = (&'a [(&'a str, &'a str)], Option<(Tool, &'a str)>);

    #[test]
    fn tags_tell_the_tool_and_the_stack() {
        let stack = "aws:cloudformation:stack-name";
        let cases: [Case<'_>; 9] = [
            (&[(stack, "shop")], Some((Tool::CloudFormation, "shop"))),
            (
                &[(stack, "shop"), ("lambda:createdBy", "SAM")],
                Some((Tool::Sam, "shop")),
            ),
            (
                &[(stack, "shop-dev"), ("STAGE", "dev")],
                Some((Tool::Serverless, "shop-dev")),
            ),
            (
                &[(stack, "shop"), ("STAGE", "dev")],
                Some((Tool::CloudFormation, "shop")),
            ),
            (&[("pulumi:project", "shop")], Some((Tool::Pulumi, "shop"))),
            (&[("ManagedBy", "Terraform")], Some((Tool::Terraform, ""))),
            (&[("terraform", "true")], Some((Tool::Terraform, ""))),
            (&[("terraform", "false")], None),
            (&[("team", "checkout")], None),
        ];
        for (tags, expected) in cases {
            let tags = tags
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            let found = owner(&tags);
            let found = found.as_ref().map(|one| (one.tool, one.stack.as_str()));
            assert_eq!(found, expected, "{tags:?}");
        }
    }
}
