//! The two files in which people keep their profiles.
//! It never fails for a line that it does not understand: those are for other programs.
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Variables;

/// The settings of one profile, those of the file of credentials over those of the other.
pub(super) type Profile = BTreeMap<String, String>;

/// The name of the profile that is in force.
pub(super) fn name(asked: Option<&str>, variables: &Variables) -> String {
    let named = asked.map(str::to_owned);
    let named = named.or_else(|| variables("AWS_PROFILE"));
    named.unwrap_or_else(|| "default".to_owned())
}

/// Reads a profile; empty if there is none.
pub(super) fn read(name: &str, variables: &Variables) -> Profile {
    let home = variables("HOME").map(PathBuf::from).unwrap_or_default();
    let file = |variable: &str, name: &str| {
        let path = variables(variable).map(PathBuf::from);
        let path = path.unwrap_or_else(|| home.join(".aws").join(name));
        std::fs::read_to_string(path).unwrap_or_default()
    };
    let config = file("AWS_CONFIG_FILE", "config");
    let credentials = file("AWS_SHARED_CREDENTIALS_FILE", "credentials");
    let mut profile = section(&config, &format!("profile {name}"));
    if name == "default" {
        profile.extend(section(&config, name));
    }
    profile.extend(section(&credentials, name));
    profile
}

/// The settings in one section of a file; nested ones, which are indented, are left out.
fn section(text: &str, name: &str) -> Profile {
    let mut settings = Profile::new();
    let mut is_inside = false;
    for line in text.lines() {
        if let Some(heading) = line.trim().strip_prefix('[') {
            let heading = heading.split(']').next().unwrap_or_default();
            let words: Vec<&str> = heading.split_whitespace().collect();
            is_inside = words.join(" ").replace('"', "") == name;
            continue;
        }
        if !is_inside || line.starts_with([' ', '\t', '#', ';']) {
            continue;
        }
        if let Some((key, value)) = line.split_once('=') {
            // A comment behind a value begins with a blank and a mark.
            let value = [" #", " ;", "\t#", "\t;"]
                .iter()
                .fold(value, |value, mark| {
                    value.split(mark).next().unwrap_or(value)
                });
            settings.insert(key.trim().to_lowercase(), value.trim().to_owned());
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_read_as_other_programs_read_it() {
        let text = "[default]\nregion = eu-west-1\n# region = x\n[profile \"shop\"]\n\
                    Region=eu-north-1 # the shop's\ns3 =\n  max = 1\ncredential_process = a --b=c\n\
                    [profile  other]\nregion = z\n";
        let shop = section(text, "profile shop");
        assert_eq!(shop["region"], "eu-north-1");
        assert_eq!(shop["credential_process"], "a --b=c");
        assert!(!shop.contains_key("max"));
        assert_eq!(section(text, "default")["region"], "eu-west-1");
        assert_eq!(section(text, "profile other")["region"], "z");
        assert!(section(text, "profile none").is_empty());
    }
}
