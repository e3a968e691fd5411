//! Each place for credentials, and their order.
//! These tests never read the files of whoever runs them, and never leave this machine.
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::thread;

use super::*;

/// A home with profiles in it, which goes with the test.
struct Home(PathBuf);

impl Home {
    fn new(name: &str, config: &str, credentials: &str) -> Self {
        let name = format!("credenza-home-{}-{name}", std::process::id());
        let home = std::env::temp_dir().join(name);
        fs::create_dir_all(home.join(".aws")).unwrap();
        fs::write(home.join(".aws/config"), config).unwrap();
        fs::write(home.join(".aws/credentials"), credentials).unwrap();
        Self(home)
    }

    /// Who asks, with these variables.
    fn find(&self, profile: Option<&str>, set: &[(&str, &str)]) -> Result<String, String> {
        let set = set.iter();
        let mut set: BTreeMap<String, String> = set
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        set.insert("HOME".to_owned(), self.0.display().to_string());
        let source = Source {
            profile: profile.map(str::to_owned),
            variables: Box::new(move |name| set.get(name).cloned()),
        };
        let found = source.find()?;
        let token = found.session_token().unwrap_or("none");
        Ok(format!("{} {}", found.access_key_id(), token))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "env"), ("AWS_SECRET_ACCESS_KEY", "s")];

#[test]
fn environment_then_profile_and_a_named_profile_before_both() {
    let home = Home::new(
        "order",
        "[profile made]\ncredential_process = echo '{\"AccessKeyId\":\"made\",\
         \"SecretAccessKey\":\"s\",\"SessionToken\":\"t\"}'\n[profile broken]\n\
         credential_process = exit 3\n[profile empty]\nregion = x\n",
        "[default]\naws_access_key_id = file\naws_secret_access_key = s\n",
    );
    assert_eq!(home.find(None, &KEYS), Ok("env none".to_owned()));
    assert_eq!(home.find(None, &[]), Ok("file none".to_owned()));
    assert_eq!(home.find(Some("made"), &KEYS), Ok("made t".to_owned()));
    assert_eq!(
        home.find(None, &[("AWS_PROFILE", "made")]),
        Ok("made t".to_owned())
    );
    let why = home.find(Some("broken"), &KEYS).unwrap_err();
    assert!(why.contains("made no credentials"), "{why}");
    let why = home.find(Some("empty"), &KEYS).unwrap_err();
    assert!(why.contains("`empty` holds no credentials"), "{why}");
}

/// Answers each request with the text for its path; gives the address.
fn near_by(answers: &'static [(&'static str, &'static str)]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 4096];
            let read = stream.read(&mut head).unwrap();
            let head = String::from_utf8_lossy(&head[..read]).to_lowercase();
            let found = answers.iter().find(|(start, _)| head.starts_with(start));
            let (status, body) = found.map_or((403, ""), |(_, body)| (200, *body));
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {status} OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
        }
    });
    format!("http://{address}")
}

#[test]
fn containers_and_instances_hand_out_the_credentials_of_their_roles() {
    const ANSWERS: &[(&str, &str)] = &[
        (
            "get /container ",
            r#"{"AccessKeyId":"box","SecretAccessKey":"s","Token":"t"}"#,
        ),
        ("put /latest/api/token ", "secret-token"),
        (
            "get /latest/meta-data/iam/security-credentials/ ",
            "fleet\n",
        ),
        (
            "get /latest/meta-data/iam/security-credentials/fleet ",
            r#"{"AccessKeyId":"machine","SecretAccessKey":"s","Token":"t"}"#,
        ),
    ];
    let near = near_by(ANSWERS);
    let home = Home::new("near", "", "");
    let container = format!("{near}/container");
    let found = home.find(None, &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &container)]);
    assert_eq!(found, Ok("box t".to_owned()));
    let found = home.find(None, &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &near)]);
    assert_eq!(found, Ok("machine t".to_owned()));
    let nowhere = [("AWS_EC2_METADATA_DISABLED", "true")];
    assert!(
        home.find(None, &nowhere)
            .unwrap_err()
            .contains("hold no credentials")
    );
}
