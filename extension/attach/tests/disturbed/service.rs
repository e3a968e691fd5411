//! A Lambda API on loopback that is slow, busy, forgetful or strict, as it is told.
//! It never answers a call without a signature, and never takes a change of an old revision.
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

pub(crate) const REGION: &str = "eu-west-1";
const PAGE: usize = 50;

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is answered.
    Answered,
    /// It is answered after a while.
    Slow(Duration),
    /// It is done, and the answer is lost on its way.
    Lost,
    /// It is refused with a status and the name of an error.
    Refused(u16, &'static str),
}

/// Decides about a call, by its method, its path, and how many calls there were before; it may
/// change functions first, as other people do.
pub(crate) type Decide = Box<dyn FnMut(&str, &str, &mut Functions) -> Fate + Send>;

/// Functions by name, as `get-function-configuration` tells them.
#[derive(Debug, Default)]
pub(crate) struct Functions {
    all: BTreeMap<String, Value>,
    /// How many times a change is told to be under way after it was taken.
    pub(crate) looks: u32,
    under_way: BTreeMap<String, u32>,
    /// Why changes fail after they were taken, if they do.
    pub(crate) breaks: Option<&'static str>,
    revision: u64,
    /// How many changes were taken.
    pub(crate) changes: usize,
}

impl Functions {
    pub(crate) fn add(&mut self, name: &str, members: &Value) {
        let mut value = json!({
            "FunctionName": name, "Runtime": "python3.13", "PackageType": "Zip",
            "FunctionArn": format!("arn:aws:lambda:{REGION}:123456789012:function:{name}"),
            "Architectures": ["x86_64"], "CodeSize": 100, "MemorySize": 128,
            "State": "Active", "LastUpdateStatus": "Successful", "RevisionId": "0",
        });
        for (name, member) in members.as_object().unwrap() {
            value[name] = member.clone();
        }
        self.all.insert(name.to_owned(), value);
    }

    /// A change by somebody else.
    pub(crate) fn set(&mut self, name: &str, member: &str, value: Value) {
        self.revision += 1;
        let function = self.all.get_mut(name).unwrap();
        function[member] = value;
        function["RevisionId"] = json!(self.revision.to_string());
    }

    pub(crate) fn of(&self, name: &str) -> &Value {
        &self.all[name]
    }

    /// All of them, without what is counted up.
    pub(crate) fn snapshot(&self) -> String {
        let mut all = self.all.clone();
        for one in all.values_mut() {
            one.as_object_mut().unwrap().remove("RevisionId");
        }
        serde_json::to_string(&all).unwrap()
    }

    fn answer(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match parts.as_slice() {
            ["2015-03-31", "functions"] => (200, self.page(query)),
            ["2015-03-31", "functions", _, "aliases"] => (200, json!({ "Aliases": [] })),
            ["2017-03-31", "tags", _] => (200, json!({ "Tags": {} })),
            ["2015-03-31", "functions", name, "configuration"] => {
                let name = name.rsplit("%3A").next().unwrap();
                if !self.all.contains_key(name) {
                    return (
                        404,
                        json!({ "Type": "User", "Message": "no such function" }),
                    );
                }
                if method == "PUT" {
                    self.change(name, body)
                } else {
                    (200, self.look(name))
                }
            }
            _ => (404, json!({})),
        }
    }

    fn page(&self, query: &str) -> Value {
        let marker = query.split("Marker=").nth(1);
        let from: usize = marker.map_or(0, |marker| marker.parse().unwrap());
        let page: Vec<&Value> = self.all.values().skip(from).take(PAGE).collect();
        let next = from + page.len();
        let next = (next < self.all.len()).then(|| next.to_string());
        json!({ "Functions": page, "NextMarker": next })
    }

    fn look(&mut self, name: &str) -> Value {
        let mut told = self.all[name].clone();
        if let Some(left) = self.under_way.get_mut(name).filter(|left| **left > 0) {
            *left -= 1;
            told["LastUpdateStatus"] = json!("InProgress");
        }
        told
    }

    fn change(&mut self, name: &str, body: &Value) -> (u16, Value) {
        let function = &self.all[name];
        if self.under_way.get(name).is_some_and(|left| *left > 0) {
            return (409, json!({ "__type": "ResourceConflictException" }));
        }
        if body["RevisionId"] != function["RevisionId"] {
            return (412, json!({ "__type": "PreconditionFailedException" }));
        }
        self.changes += 1;
        if let Some(layers) = body["Layers"].as_array() {
            let layers: Vec<Value> = layers.iter().map(|arn| json!({ "Arn": arn })).collect();
            self.set(name, "Layers", json!(layers));
        }
        if let Some(variables) = body.get("Environment") {
            self.set(name, "Environment", variables.clone());
        }
        // What is empty is not there, as with AWS.
        let is_empty = |value: &Value| {
            value.as_array().is_some_and(Vec::is_empty)
                || value["Variables"]
                    .as_object()
                    .is_some_and(serde_json::Map::is_empty)
        };
        let function = self.all.get_mut(name).unwrap();
        function
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !is_empty(value));
        if let Some(why) = self.breaks {
            function["LastUpdateStatus"] = json!("Failed");
            function["LastUpdateStatusReason"] = json!(why);
        }
        self.under_way.insert(name.to_owned(), self.looks);
        (200, self.look(name))
    }
}

/// The service, which ends with the process.
pub(crate) struct Service {
    pub(crate) address: String,
    pub(crate) functions: Arc<Mutex<Functions>>,
    pub(crate) calls: Arc<Mutex<Vec<String>>>,
    decide: Arc<Mutex<Decide>>,
}

impl Service {
    /// Begins to listen.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let decide: Decide = Box::new(|_, _, _| Fate::Answered);
        let service = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            functions: Arc::default(),
            calls: Arc::default(),
            decide: Arc::new(Mutex::new(decide)),
        };
        let (functions, calls) = (service.functions.clone(), service.calls.clone());
        let decide = service.decide.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (functions, calls) = (functions.clone(), calls.clone());
                let decide = decide.clone();
                thread::spawn(move || serve(&stream.unwrap(), &functions, &calls, &decide));
            }
        });
        service
    }

    /// From now on calls go so.
    pub(crate) fn decide(
        &self,
        decide: impl FnMut(&str, &str, &mut Functions) -> Fate + Send + 'static,
    ) {
        *self.decide.lock().unwrap() = Box::new(decide);
    }

    pub(crate) fn snapshot(&self) -> String {
        self.functions.lock().unwrap().snapshot()
    }
}

/// Answers one call; the connection ends with it.
fn serve(
    mut stream: &TcpStream,
    functions: &Mutex<Functions>,
    calls: &Mutex<Vec<String>>,
    decide: &Mutex<Decide>,
) {
    let mut reader = BufReader::new(stream);
    let (mut head, mut line) = (String::new(), String::new());
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        head.push_str(&line);
        line.clear();
    }
    let field = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(one, _)| one.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    };
    let length: usize = field("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut words = head.split(' ');
    let (method, path) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    if method.is_empty() {
        return;
    }
    calls.lock().unwrap().push(format!("{method} {path}"));
    let signature = field("authorization").unwrap_or_default();
    let scope = format!("/{REGION}/lambda/aws4_request, SignedHeaders=");
    let is_signed = signature.starts_with("AWS4-HMAC-SHA256 Credential=testing/")
        && signature.contains(&scope)
        && field("x-amz-date").is_some();
    let mut all = functions.lock().unwrap();
    let fate = (decide.lock().unwrap())(method, path, &mut all);
    let (status, code, answer) = match fate {
        _ if !is_signed => (403, "MissingAuthenticationTokenException", json!({})),
        Fate::Refused(status, code) => (status, code, json!({ "message": "as it was told" })),
        _ => {
            let (status, answer) = all.answer(method, path, &body);
            (status, "", answer)
        }
    };
    drop(all);
    match fate {
        Fate::Lost => return,
        Fate::Slow(time) => thread::sleep(time),
        _ => (),
    }
    let answer = answer.to_string();
    let code = if code.is_empty() {
        String::new()
    } else {
        format!("x-amzn-ErrorType: {code}:http://internal\r\n")
    };
    let _ = write!(
        stream,
        "HTTP/1.1 {status} Told\r\n{code}Content-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{answer}",
        answer.len()
    );
}
