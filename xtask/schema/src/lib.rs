//! Holds JSON values against JSON Schemas: as much of draft 2020-12 as the published schemas use.
//! It never lets a value pass for a keyword that it does not know.
//!
//! The crates that know all of it bring seventy others along, two major versions of some.
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// An object with these members and no others, of which only `optional` may be left out.
pub fn object(members: &Value, optional: &[&str]) -> Value {
    let names = members.as_object().into_iter().flat_map(Map::keys);
    let required: Vec<&String> = names
        .filter(|name| !optional.contains(&name.as_str()))
        .collect();
    json!({
        "type": "object",
        "properties": members,
        "required": required,
        "additionalProperties": false,
    })
}

/// What is wrong with `value`, if anything: the way to it, the keyword, and what stands there.
pub fn misfit(value: &Value, schema: &Value) -> Option<String> {
    misfit_with(value, schema, |_, _| false)
}

/// The same for a schema with patterns: `matches` is told one, and the text in which it may stand.
pub fn misfit_with(
    value: &Value,
    schema: &Value,
    matches: fn(&str, &str) -> bool,
) -> Option<String> {
    let root = schema;
    Check { root, matches }.misfit(value, schema)
}

struct Check<'s> {
    root: &'s Value,
    matches: fn(&str, &str) -> bool,
}

impl Check<'_> {
    fn misfit(&self, value: &Value, schema: &Value) -> Option<String> {
        let keywords = match schema {
            Value::Bool(true) => return None,
            Value::Object(keywords) => keywords,
            _ => return Some(format!("nothing may stand here: {value}")),
        };
        let mut each = keywords.iter();
        each.find_map(|(keyword, wanted)| self.keyword(value, keywords, keyword, wanted))
    }

    fn keyword(
        &self,
        value: &Value,
        schema: &Map<String, Value>,
        keyword: &str,
        wanted: &Value,
    ) -> Option<String> {
        let fits = match keyword {
            "$schema" | "$id" | "$defs" | "title" | "description" | "default" | "examples" => true,
            "$ref" => {
                let pointer = wanted.as_str().unwrap_or("?").trim_start_matches('#');
                let Some(schema) = self.root.pointer(pointer) else {
                    return Some(format!("{pointer}: no such schema"));
                };
                return self.misfit(value, schema);
            }
            "properties" | "additionalProperties" => {
                // Both are looked at together, once.
                let is_second =
                    keyword == "properties" && schema.contains_key("additionalProperties");
                return if is_second {
                    None
                } else {
                    self.members(value, schema)
                };
            }
            "items" => {
                let mut items = value.as_array().into_iter().flatten();
                return items.find_map(|item| self.misfit(item, wanted));
            }
            "propertyNames" => {
                let mut names = value.as_object().into_iter().flat_map(Map::keys);
                return names.find_map(|name| self.misfit(&json!(name), wanted));
            }
            "pattern" => {
                let pattern = wanted.as_str().unwrap_or_default();
                let text = value.as_str();
                text.is_none_or(|text| (self.matches)(pattern, text))
            }
            "oneOf" => self.fitting(value, wanted) == 1,
            "anyOf" => self.fitting(value, wanted) > 0,
            "not" => self.misfit(value, wanted).is_some(),
            "type" => is_of_type(value, wanted),
            "const" => value == wanted,
            "enum" => wanted.as_array().is_some_and(|all| all.contains(value)),
            "required" => {
                let mut names = wanted.as_array().into_iter().flatten();
                !value.is_object() || names.all(|name| has(value, name))
            }
            _ => is_within(value, keyword, wanted),
        };
        (!fits).then(|| format!("{keyword}: {value}"))
    }

    /// How many of some schemas a value fits.
    fn fitting(&self, value: &Value, schemas: &Value) -> usize {
        let all = schemas.as_array().into_iter().flatten();
        all.filter(|schema| self.misfit(value, schema).is_none())
            .count()
    }

    fn members(&self, value: &Value, schema: &Map<String, Value>) -> Option<String> {
        let known = schema.get("properties").and_then(Value::as_object);
        let others = schema
            .get("additionalProperties")
            .unwrap_or(&Value::Bool(true));
        let mut members = value.as_object().into_iter().flatten();
        members.find_map(|(name, member)| {
            let own = known.and_then(|known| known.get(name));
            let found = self.misfit(member, own.unwrap_or(others))?;
            Some(format!("{name}: {found}"))
        })
    }
}

fn has(value: &Value, name: &Value) -> bool {
    name.as_str().is_some_and(|name| value.get(name).is_some())
}

fn is_of_type(value: &Value, wanted: &Value) -> bool {
    match wanted {
        Value::Array(any) => any.iter().any(|one| is_of_type(value, one)),
        Value::String(name) => match name.as_str() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            "number" => value.is_number(),
            "integer" => {
                value.is_u64()
                    || value.is_i64()
                    || value.as_f64().is_some_and(|it| it.fract() == 0.0)
            }
            _ => false,
        },
        _ => false,
    }
}

/// The keywords that hold values of one type to a bound; false for one that is not known.
fn is_within(value: &Value, keyword: &str, wanted: &Value) -> bool {
    let bound = wanted.as_f64().unwrap_or(f64::NAN);
    let length = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    let limit = wanted.as_u64();
    let letters = value.as_str().map(|text| length(text.chars().count()));
    let items = value.as_array().map(|items| length(items.len()));
    match keyword {
        "minimum" => value.as_f64().is_none_or(|number| number >= bound),
        "maximum" => value.as_f64().is_none_or(|number| number <= bound),
        "minLength" => letters.is_none_or(|letters| limit.is_some_and(|limit| letters >= limit)),
        "maxLength" => letters.is_none_or(|letters| limit.is_some_and(|limit| letters <= limit)),
        "minItems" => items.is_none_or(|items| limit.is_some_and(|limit| items >= limit)),
        "maxItems" => items.is_none_or(|items| limit.is_some_and(|limit| items <= limit)),
        "uniqueItems" => {
            let items = value.as_array().into_iter().flatten();
            let all: Vec<String> = items.map(Value::to_string).collect();
            all.iter().collect::<BTreeSet<_>>().len() == all.len()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{misfit, object};

    /// A schema, a value that fits it, and one that does not.
    fn of_values() -> Vec<(Value, Value, Option<Value>)> {
        vec![
            (json!(true), json!(1), None),
            (json!({"type": "string"}), json!("a"), Some(json!(1))),
            (
                json!({"type": ["null", "integer"]}),
                json!(null),
                Some(json!(1.5)),
            ),
            (json!({"type": "integer"}), json!(-2), Some(json!("2"))),
            (json!({"const": "a"}), json!("a"), Some(json!("b"))),
            (json!({"enum": [1, "b"]}), json!("b"), Some(json!("c"))),
            (
                json!({"minimum": 1, "maximum": 2}),
                json!(2),
                Some(json!(3)),
            ),
            (json!({"minLength": 2}), json!("äö"), Some(json!("a"))),
            (json!({"maxLength": 2}), json!("äö"), Some(json!("abc"))),
            (
                json!({"minItems": 1, "maxItems": 1}),
                json!([1]),
                Some(json!([1, 2])),
            ),
        ]
    }

    /// The same for schemas of lists, objects and choices.
    fn of_structures() -> Vec<(Value, Value, Option<Value>)> {
        let ok = json!({"a": 1});
        vec![
            (
                json!({"uniqueItems": true}),
                json!([1, 2]),
                Some(json!([1, 1])),
            ),
            (
                json!({"items": {"type": "null"}}),
                json!([null]),
                Some(json!([1])),
            ),
            (json!({"required": ["a"]}), ok.clone(), Some(json!({}))),
            (
                json!({"not": {"type": "null"}}),
                json!(1),
                Some(json!(null)),
            ),
            (
                json!({"anyOf": [{"const": 1}, {"const": 2}]}),
                json!(2),
                Some(json!(3)),
            ),
            (
                json!({"oneOf": [{"const": 1}, {"minimum": 1}]}),
                json!(2),
                Some(json!(1)),
            ),
            (
                json!({"propertyNames": {"maxLength": 1}}),
                ok.clone(),
                Some(json!({"ab": 1})),
            ),
            (
                json!({"additionalProperties": {"type": "null"}}),
                json!({"a": null}),
                Some(ok.clone()),
            ),
            (
                json!({"$ref": "#/$defs/a", "$defs": {"a": {"const": 1}}}),
                json!(1),
                Some(json!(2)),
            ),
            (
                object(&json!({"a": true, "b": true}), &["b"]),
                ok.clone(),
                Some(json!({"b": 1})),
            ),
            (
                object(&json!({"a": true}), &[]),
                ok,
                Some(json!({"a": 1, "c": 1})),
            ),
        ]
    }

    #[test]
    fn each_keyword_lets_what_it_names_pass_and_nothing_else() {
        for (schema, right, wrong) in of_values().into_iter().chain(of_structures()) {
            assert_eq!(misfit(&right, &schema), None, "{schema}");
            if let Some(wrong) = wrong {
                assert!(misfit(&wrong, &schema).is_some(), "{schema}: {wrong}");
            }
        }
    }

    #[test]
    fn nothing_fits_a_keyword_that_is_not_known() {
        let schema = json!({"pattern": "a"});
        assert!(misfit(&json!("a"), &schema).is_some());
        assert!(misfit(&Value::Null, &json!(false)).is_some());
    }
}
