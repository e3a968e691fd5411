//! The house rules that keep themselves.
//! It never repairs what it finds.
mod layout;
mod lexer;
mod pages;
mod prose;
mod source;
mod supply;
mod words;

use anyhow::{Result, bail};

use crate::{project, tree};

/// One place where the house is not in order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Breach {
    path: String,
    line: usize,
    message: String,
}

impl std::fmt::Display for Breach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// A breach at a line that counts from one.
fn breach(path: &str, line: usize, message: &str) -> Breach {
    Breach {
        path: path.to_owned(),
        line,
        message: message.to_owned(),
    }
}

/// Checks every rule and prints each breach.
pub(crate) fn run() -> Result<()> {
    let breaches = breaches()?;
    for breach in &breaches {
        println!("{breach}");
    }
    if !breaches.is_empty() {
        bail!("{} house rules are broken", breaches.len());
    }
    println!("tidy");
    Ok(())
}

/// Every breach of every rule, sorted by place.
fn breaches() -> Result<Vec<Breach>> {
    let leaves = tree::read(project::root())?;
    let mut breaches = source::check(&leaves);
    breaches.extend(words::check(&leaves));
    breaches.extend(layout::check(&leaves));
    breaches.extend(pages::check(&leaves, &crate::commands()));
    breaches.extend(prose::check(&leaves));
    breaches.extend(supply::check()?);
    let fallen = crate::accuracy::loosened()?;
    breaches.extend(
        fallen
            .iter()
            .map(|fall| breach(crate::accuracy::FLOORS, 1, fall)),
    );
    breaches.sort();
    Ok(breaches)
}

#[cfg(test)]
mod tests {
    use super::{Breach, breaches};
    use crate::tree::Leaf;

    /// A file for the tests of the rules.
    pub(crate) fn leaf(path: &str, text: &str) -> Leaf {
        Leaf {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// Breaches as they are printed.
    pub(crate) fn messages(breaches: &[Breach]) -> String {
        let lines: Vec<String> = breaches.iter().map(Breach::to_string).collect();
        lines.join("\n")
    }

    #[test]
    fn the_house_is_tidy() {
        let found = breaches().unwrap();
        assert!(found.is_empty(), "\n{}", messages(&found));
    }
}
