//! A template's text as JSON, with CloudFormation's short tags in their long form.
//! It never drops a tag: `!Ref Mode` is `{"Ref": "Mode"}`, as it is in a template of JSON.
use std::collections::BTreeMap;

use serde_json::{Map, Value};
use yaml_rust2::Yaml;
use yaml_rust2::parser::{Event, EventReceiver, Parser, Tag};
use yaml_rust2::scanner::TScalarStyle;

use super::function::words;

// Limit: a template has at most 1 MB on its way to CloudFormation.
const TEMPLATE_BYTES_MAX: usize = 4 << 20;

// Limit: a template of 1 MB has some hundred thousand values; aliases may not make more of it.
const VALUES_MAX: usize = 1_000_000;

// Limit: a template is some ten deep.
const DEPTH_MAX: usize = 64;

/// Reads a text as JSON or YAML.
pub(super) fn read(text: &str) -> Result<Value, String> {
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    if text.len() > TEMPLATE_BYTES_MAX {
        return Err("it is larger than any template".to_owned());
    }
    let mut reader = Reader::default();
    let mut parser = Parser::new_from_str(text);
    parser
        .load(&mut reader, false)
        .map_err(|error| error.to_string())?;
    if reader.values > VALUES_MAX {
        return Err("its aliases make it larger than any template".to_owned());
    }
    if reader.is_deep {
        return Err("it is deeper than any template".to_owned());
    }
    reader.whole.ok_or_else(|| "it is empty".to_owned())
}

/// A list or a map that is open.
#[derive(Debug)]
struct Open {
    anchor: usize,
    tag: Option<String>,
    items: Vec<Value>,
    /// A map takes names and members in turn.
    is_map: bool,
}

#[derive(Debug, Default)]
struct Reader {
    open: Vec<Open>,
    /// What aliases stand for, with the number of values in it.
    anchors: BTreeMap<usize, (Value, usize)>,
    whole: Option<Value>,
    values: usize,
    is_deep: bool,
}

impl Reader {
    fn take(&mut self, value: Value, anchor: usize) {
        self.values += 1;
        if anchor > 0 && self.values <= VALUES_MAX {
            let size = size(&value);
            self.anchors.insert(anchor, (value.clone(), size));
        }
        match self.open.last_mut() {
            Some(open) => open.items.push(value),
            None if self.whole.is_none() => self.whole = Some(value),
            None => {}
        }
    }

    fn begin(&mut self, anchor: usize, tag: Option<Tag>, is_map: bool) {
        self.is_deep |= self.open.len() >= DEPTH_MAX;
        self.open.push(Open {
            anchor,
            tag: tag.map(|tag| tag.suffix),
            items: Vec::new(),
            is_map,
        });
    }

    fn end(&mut self) {
        let Some(open) = self.open.pop() else {
            return;
        };
        let value = if open.is_map {
            let mut members = Map::new();
            let mut items = open.items.into_iter();
            while let (Some(name), Some(member)) = (items.next(), items.next()) {
                members.insert(words(&name), member);
            }
            Value::Object(members)
        } else {
            Value::Array(open.items)
        };
        self.take(long(open.tag.as_deref(), value), open.anchor);
    }
}

impl EventReceiver for Reader {
    fn on_event(&mut self, event: Event) {
        if self.values > VALUES_MAX {
            return;
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = if style == TScalarStyle::Plain && tag.is_none() {
                    plain(&text)
                } else {
                    Value::String(text)
                };
                let tag = tag.as_ref().map(|tag| tag.suffix.as_str());
                self.take(long(tag, value), anchor);
            }
            Event::SequenceStart(anchor, tag) => self.begin(anchor, tag, false),
            Event::MappingStart(anchor, tag) => self.begin(anchor, tag, true),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).cloned();
                let (value, size) = known.unwrap_or((Value::Null, 1));
                self.values += size;
                if self.values <= VALUES_MAX {
                    self.take(value, 0);
                }
            }
            _ => {}
        }
    }
}

/// A plain scalar: a number, a truth, nothing or a text.
fn plain(text: &str) -> Value {
    match Yaml::from_str(text) {
        Yaml::Integer(number) => Value::from(number),
        Yaml::Boolean(truth) => Value::from(truth),
        Yaml::Null => Value::Null,
        _ => Value::String(text.to_owned()),
    }
}

/// A value with its short tag in the long form.
fn long(tag: Option<&str>, value: Value) -> Value {
    let name = match tag {
        Some("Ref") => "Ref".to_owned(),
        Some("Condition") => "Condition".to_owned(),
        Some("GetAtt") => {
            let path = match &value {
                Value::String(text) => text.split('.').map(Value::from).collect(),
                other => other.clone(),
            };
            return Value::Object(Map::from_iter([("Fn::GetAtt".to_owned(), path)]));
        }
        Some(
            name @ ("Sub" | "If" | "Join" | "Select" | "Split" | "FindInMap" | "ImportValue"
            | "Equals" | "Not" | "And" | "Or" | "Base64" | "Cidr" | "GetAZs" | "Transform"
            | "Length" | "ToJsonString"),
        ) => format!("Fn::{name}"),
        _ => return value,
    };
    Value::Object(Map::from_iter([(name, value)]))
}

fn size(value: &Value) -> usize {
    // Values that came through `read` are at most `DEPTH_MAX` deep.
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use serde_json::json;

    use super::read;

    #[test]
    fn short_tags_read_as_their_long_forms() {
        for (text, value) in [
            ("a: !Ref B", json!({ "a": { "Ref": "B" } })),
            (
                "a: !GetAtt B.Arn",
                json!({ "a": { "Fn::GetAtt": ["B", "Arn"] } }),
            ),
            ("a: !Sub 'x${B}'", json!({ "a": { "Fn::Sub": "x${B}" } })),
            (
                "a: !If [C, !Ref D, [1, yes]]",
                json!({ "a": { "Fn::If": ["C", { "Ref": "D" }, [1, "yes"]] } }),
            ),
            (
                "a: !Not [!Equals [b, \"\"]]",
                json!({ "a": { "Fn::Not": [{ "Fn::Equals": ["b", ""] }] } }),
            ),
            ("a: &x [1]\nb: *x", json!({ "a": [1], "b": [1] })),
            (
                "a: \"10\"\nb: 10\nc: true\nd: ~",
                json!({ "a": "10", "b": 10, "c": true, "d": null }),
            ),
        ] {
            assert_eq!(read(text).as_ref(), Ok(&value), "{text}");
        }
    }

    #[test]
    fn what_grows_without_end_is_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for at in 1..12 {
            let before = format!("*a{}, ", at - 1).repeat(9);
            let items = before.trim_end_matches(", ");
            let _ = writeln!(text, "a{at}: &a{at} [{items}]");
        }
        assert!(read(&text).unwrap_err().contains("aliases"));
        assert!(read(&"[".repeat(200)).is_err());
        assert!(read(&format!("{}{}", "[".repeat(200), "]".repeat(200))).is_err());
        assert!(read("a: [").is_err());
        assert!(read("").is_err());
    }
}
