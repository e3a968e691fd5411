//! What the templates of `deploy/fleet` ask of a subscription and of a delivery stream.
//! It never fills in what a template does not say: a stream without a delimiter has none.
use anyhow::{Context as _, Result, bail};
use yaml_rust2::{Yaml, YamlLoader};

/// The properties of all resources of a kind in a template.
fn resources(text: &str, kind: &str) -> Result<Vec<Yaml>> {
    let documents = YamlLoader::load_from_str(text)?;
    let document = documents.into_iter().next().context("an empty template")?;
    let resources = document["Resources"].as_hash().context("no resources")?;
    let of_kind = |one: &&Yaml| one["Type"].as_str() == Some(kind);
    let found = resources.values().filter(of_kind);
    Ok(found.map(|one| one["Properties"].clone()).collect())
}

/// The first of them.
fn resource(text: &str, kind: &str) -> Result<Yaml> {
    let found = resources(text, kind)?.into_iter().next();
    found.with_context(|| format!("no {kind}"))
}

/// The named queries, by their names.
pub(crate) fn questions(template: &str) -> Result<Vec<(String, String)>> {
    let queries = resources(template, "AWS::Athena::NamedQuery")?;
    let read = |query: &Yaml| {
        Ok((
            text(&query["Name"], "Name")?,
            text(&query["QueryString"], "SQL")?,
        ))
    };
    queries.iter().map(read).collect()
}

fn text(yaml: &Yaml, what: &str) -> Result<String> {
    let text = yaml.as_str().with_context(|| format!("no {what}"))?;
    Ok(text.to_owned())
}

/// What a subscription lets through: lines of JSON with one of these values.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    /// Members and the values that they may have; one is enough.
    clauses: Vec<(String, String)>,
}

impl Subscription {
    pub(crate) fn read(template: &str) -> Result<Self> {
        let filter = resource(template, "AWS::Logs::SubscriptionFilter")?;
        Self::of_pattern(&text(&filter["FilterPattern"], "FilterPattern")?)
    }

    /// Reads `{ ($.a = "b") || ($.c = "d") }`, which is all that our templates use of the language.
    fn of_pattern(pattern: &str) -> Result<Self> {
        let inside = pattern
            .trim()
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        let inside = inside.context("the pattern is none of JSON")?;
        let mut clauses = Vec::new();
        for clause in inside.split("||") {
            let clause = clause.trim();
            let clause = clause
                .strip_prefix('(')
                .and_then(|rest| rest.strip_suffix(')'));
            let sides = clause.and_then(|clause| clause.split_once('='));
            let (member, value) = sides.with_context(|| format!("in {pattern}"))?;
            let member = member
                .trim()
                .strip_prefix("$.")
                .context("a member without $.")?;
            clauses.push((member.to_owned(), value.trim().trim_matches('"').to_owned()));
        }
        Ok(Self { clauses })
    }

    /// Whether a line is sent.
    pub(crate) fn admits(&self, line: &str) -> bool {
        let Ok(value) = serde_json::from_str::<serde_json::Value>(line) else {
            return false;
        };
        let is_met = |(member, wanted): &(String, String)| {
            value[member.as_str()].as_str() == Some(wanted.as_str())
        };
        self.clauses.iter().any(is_met)
    }
}

/// A step that a delivery stream takes with what it gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Unpacks the parcel.
    Unpack,
    /// Takes the messages out of a parcel of CloudWatch Logs.
    Extract,
    /// Takes values that follow one another apart.
    Split,
    /// Names the partition after a member, or after a word where it lacks.
    Partition {
        name: String,
        member: String,
        otherwise: String,
    },
    /// Puts something behind each record.
    End(String),
}

/// A delivery stream.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) prefix: String,
    pub(crate) refused: String,
    pub(crate) is_packed: bool,
    pub(crate) wait_ms: u64,
    pub(crate) bytes_max: usize,
    pub(crate) steps: Vec<Step>,
}

impl Delivery {
    pub(crate) fn read(template: &str) -> Result<Self> {
        let stream = resource(template, "AWS::KinesisFirehose::DeliveryStream")?;
        let to = &stream["ExtendedS3DestinationConfiguration"];
        let hints = &to["BufferingHints"];
        let seconds = hints["IntervalInSeconds"].as_i64().context("no interval")?;
        let megabytes = hints["SizeInMBs"].as_i64().context("no size")?;
        let processing = &to["ProcessingConfiguration"];
        let is_on = |one: &Yaml| one["Enabled"].as_bool() == Some(true);
        let mut steps = Vec::new();
        if is_on(processing) {
            for processor in processing["Processors"].as_vec().into_iter().flatten() {
                steps.push(step(processor)?);
            }
        }
        let is_partitioned = is_on(&to["DynamicPartitioningConfiguration"]);
        let by_member = steps
            .iter()
            .any(|step| matches!(step, Step::Partition { .. }));
        if by_member && !is_partitioned {
            bail!("partitions are named and not enabled");
        }
        Ok(Self {
            prefix: text(&to["Prefix"], "Prefix")?,
            refused: text(&to["ErrorOutputPrefix"], "ErrorOutputPrefix")?,
            is_packed: to["CompressionFormat"].as_str() == Some("GZIP"),
            wait_ms: u64::try_from(seconds)? * 1000,
            bytes_max: usize::try_from(megabytes)? << 20,
            steps,
        })
    }
}

fn step(processor: &Yaml) -> Result<Step> {
    let parameter = |name: &str| {
        let mut all = processor["Parameters"].as_vec().into_iter().flatten();
        let found = all.find(|one| one["ParameterName"].as_str() == Some(name));
        let value = found.and_then(|one| one["ParameterValue"].as_str());
        value.with_context(|| format!("no parameter {name}"))
    };
    let kind = text(&processor["Type"], "Type")?;
    Ok(match kind.as_str() {
        "Decompression" if parameter("CompressionFormat")? == "GZIP" => Step::Unpack,
        "CloudWatchLogProcessing" if parameter("DataMessageExtraction")? == "true" => Step::Extract,
        "RecordDeAggregation" if parameter("SubRecordType")? == "JSON" => Step::Split,
        "MetadataExtraction" => partition(parameter("MetadataExtractionQuery")?)?,
        "AppendDelimiterToRecord" => Step::End(parameter("Delimiter")?.replace("\\n", "\n")),
        other => bail!("{other} is not understood"),
    })
}

/// Reads `{name: (.member // "otherwise")}`, which is all that our template uses of jq.
fn partition(query: &str) -> Result<Step> {
    let read = || {
        let inside = query.trim().strip_prefix('{')?.strip_suffix('}')?;
        let (name, value) = inside.split_once(':')?;
        let value = value.trim().strip_prefix('(')?.strip_suffix(')')?;
        let (member, otherwise) = value.split_once("//")?;
        Some(Step::Partition {
            name: name.trim().to_owned(),
            member: member.trim().strip_prefix('.')?.to_owned(),
            otherwise: otherwise.trim().trim_matches('"').to_owned(),
        })
    };
    read().with_context(|| format!("{query} is not understood"))
}

#[cfg(test)]
mod tests {
    use super::{Delivery, Step, Subscription};

    const LAKE: &str = include_str!("../../../deploy/fleet/lake.yaml");
    const SUBSCRIPTION: &str = include_str!("../../../deploy/fleet/subscription.yaml");

    #[test]
    fn the_stream_of_the_template_is_read_whole() {
        let stream = Delivery::read(LAKE).unwrap();
        assert_eq!((stream.wait_ms, stream.is_packed), (300_000, true));
        assert_eq!(stream.steps.len(), 5);
        assert_eq!(stream.steps.last(), Some(&Step::End("\n".into())));
    }

    #[test]
    fn what_the_stream_would_not_understand_is_told() {
        for (from, to) in [
            ("Type: RecordDeAggregation", "Type: Lambda"),
            (
                "{function: (.function // \"unnamed\")}",
                "{function: .function}",
            ),
            ("Prefix: records/", "Prefiks: records/"),
        ] {
            assert!(Delivery::read(&LAKE.replace(from, to)).is_err(), "{from}");
        }
    }

    #[test]
    fn a_pattern_lets_through_lines_of_ours_and_no_others() {
        let filter = Subscription::read(SUBSCRIPTION).unwrap();
        assert!(filter.admits(r#"{"time":"t","record":"finding"}"#));
        for other in [
            r#"{"record":{"type":"platform.start"}}"#,
            r#"{"message":"{\"record\":\"finding\"}"}"#,
            r#"{"record":"finding","rule":"sq"#,
            "START RequestId: 1",
        ] {
            assert!(!filter.admits(other), "{other}");
        }
    }
}
