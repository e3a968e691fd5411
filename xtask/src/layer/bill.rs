//! The bill of materials of the layer, in the form of `CycloneDX` 1.5.
//! It never holds a date or a random number, so that two builds give the same bytes.
use anyhow::Result;
use serde_json::{Value, json};

use crate::crates::Crate;

/// The document that names every crate inside the agent.
pub(crate) fn document(crates: &[Crate], agent_sha256: &str) -> Result<Vec<u8>> {
    let agent = crates.iter().find(|found| found.name == "credenza-agent");
    let others: Vec<Value> = crates
        .iter()
        .filter(|found| Some(*found) != agent)
        .map(component)
        .collect();
    let needs: Vec<Value> = crates
        .iter()
        .map(|found| {
            let needs: Vec<String> = found.needs.iter().map(|id| reference(id)).collect();
            json!({"ref": reference(&found.id()), "dependsOn": needs})
        })
        .collect();
    let mut subject = agent.map_or(Value::Null, component);
    subject["type"] = json!("application");
    subject["hashes"] = json!([{"alg": "SHA-256", "content": agent_sha256}]);
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": subject},
        "components": others,
        "dependencies": needs,
    });
    let mut bytes = serde_json::to_vec_pretty(&document)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn component(found: &Crate) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(&found.id()),
        "name": found.name,
        "version": found.version,
        "purl": reference(&found.id()),
    });
    if !found.licence.is_empty() {
        component["licenses"] = json!([{"expression": found.licence.replace('/', " OR ")}]);
    }
    if let Some(checksum) = &found.checksum {
        component["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
    }
    component
}

/// The package URL of `name@version`.
fn reference(id: &str) -> String {
    format!("pkg:cargo/{}", id.replace('+', "%2B"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::document;
    use crate::crates::Crate;

    fn found(name: &str, needs: &[&str]) -> Crate {
        Crate {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: "MIT/Apache-2.0".to_owned(),
            own: name.starts_with("credenza"),
            checksum: (!name.starts_with("credenza")).then(|| "ab".repeat(32)),
            needs: needs.iter().map(|need| (*need).to_owned()).collect(),
        }
    }

    #[test]
    fn every_crate_stands_in_the_bill_with_licence_hash_and_needs() {
        let crates = [
            found("credenza-agent", &["memchr@1.0.0"]),
            found("memchr", &[]),
        ];
        let bill: Value =
            serde_json::from_slice(&document(&crates, &"cd".repeat(32)).unwrap()).unwrap();
        assert_eq!(bill["metadata"]["component"]["name"], "credenza-agent");
        assert_eq!(
            bill["metadata"]["component"]["hashes"][0]["content"],
            "cd".repeat(32)
        );
        assert_eq!(bill["components"].as_array().map(Vec::len), Some(1));
        assert_eq!(bill["components"][0]["purl"], "pkg:cargo/memchr@1.0.0");
        assert_eq!(
            bill["components"][0]["licenses"],
            json!([{"expression": "MIT OR Apache-2.0"}])
        );
        assert_eq!(
            bill["dependencies"][0]["dependsOn"],
            json!(["pkg:cargo/memchr@1.0.0"])
        );
    }
}
