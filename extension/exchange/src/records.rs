//! The records of a batch: where each stands in its event, and by what its source knows it.
//! It never looks into what a record carries.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use credenza_event::Source;
use credenza_event::layout::{self, Range};

use crate::spelling::{is_string, value_within};

/// The records of an event, in their order.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) records: Vec<Record>,
}

/// One record.
#[derive(Debug)]
pub(crate) struct Record {
    /// Its bytes in the event.
    pub(crate) span: Range,
    /// Which of the event's lists it stands in: a Kafka partition, a queue.
    pub(crate) list: usize,
    /// What stands before its members in a JSON Pointer.
    pub(crate) pointer: String,
    /// The id by which its source is told of it, as JSON; `None` if it has none.
    pub(crate) id: Option<Vec<u8>>,
    /// The bytes of its FIFO group.
    pub(crate) group: Option<Range>,
}

/// Where the lists of records stand.
enum Lists {
    /// One list under a member.
    Member(&'static [u8]),
    /// A list under each member of a member.
    Members(&'static [u8]),
    /// The event is the list.
    Top,
}

fn lists(source: Source) -> Option<Lists> {
    Some(match source {
        Source::Sqs
        | Source::SqsFifo
        | Source::Kinesis
        | Source::DynamoDb
        | Source::S3
        | Source::Sns => Lists::Member(b"Records"),
        Source::Firehose | Source::KinesisAnalyticsInput | Source::KinesisAnalyticsOutput => {
            Lists::Member(b"records")
        }
        Source::Msk | Source::Kafka => Lists::Members(b"records"),
        Source::ActiveMq => Lists::Member(b"messages"),
        Source::RabbitMq => Lists::Members(b"rmqMessagesByQueue"),
        Source::AppSyncBatch => Lists::Top,
        _ => return None,
    })
}

/// The names under which the id of a record stands.
fn id_path(source: Source) -> &'static [&'static [u8]] {
    match source {
        Source::Sqs | Source::SqsFifo => &[b"messageId"],
        Source::Kinesis => &[b"kinesis", b"sequenceNumber"],
        Source::DynamoDb => &[b"dynamodb", b"SequenceNumber"],
        Source::Firehose | Source::KinesisAnalyticsInput | Source::KinesisAnalyticsOutput => {
            &[b"recordId"]
        }
        Source::ActiveMq => &[b"messageID"],
        Source::RabbitMq => &[b"basicProperties", b"messageId"],
        Source::Sns => &[b"Sns", b"MessageId"],
        Source::S3 => &[b"responseElements", b"x-amz-request-id"],
        _ => &[b"id"],
    }
}

/// The records of an event; `None` if its source sends no batches, or if it has no record.
pub(crate) fn batch(source: Source, event: &[u8]) -> Option<Batch> {
    let mut records = Vec::new();
    match lists(source)? {
        Lists::Top => add(&mut records, source, event, 0, ""),
        Lists::Member(name) => {
            let list = layout::member_named(event, 0, name)?;
            let pointer = format!("/{}", String::from_utf8_lossy(name));
            add(&mut records, source, event, list.start, &pointer);
        }
        Lists::Members(name) => {
            let lists = layout::member_named(event, 0, name)?;
            for list in layout::members(event, lists.start) {
                let key = event.get(list.name).unwrap_or(&[]);
                let key = String::from_utf8_lossy(key)
                    .replace('~', "~0")
                    .replace('/', "~1");
                let pointer = format!("/{}/{key}", String::from_utf8_lossy(name));
                add(&mut records, source, event, list.value.start, &pointer);
            }
        }
    }
    (!records.is_empty()).then_some(Batch { records })
}

fn add(records: &mut Vec<Record>, source: Source, event: &[u8], at: usize, pointer: &str) {
    let list = records.last().map_or(0, |last| last.list.saturating_add(1));
    for (index, span) in layout::elements(event, at).enumerate() {
        records.push(Record {
            list,

            pointer: format!("{pointer}/{index}"),
            id: id(source, event, &span),
            group: value_within(event, span.start, &[b"attributes", b"MessageGroupId"]),
            span,
        });
    }
}

/// The id of a record as its source wants it.
fn id(source: Source, event: &[u8], span: &Range) -> Option<Vec<u8>> {
    let text = |name: &[u8]| {
        let at = value_within(event, span.start, &[name])?;
        event.get(at)
    };
    if matches!(source, Source::Msk | Source::Kafka) {
        // Read in Powertools for Python: topic and partition in one name, the offset beside it.
        let topic = text(b"topic").filter(|topic| is_string(topic))?;
        let topic = topic.get(1..topic.len().saturating_sub(1))?;
        let partition = text(b"partition").filter(|number| is_number(number))?;
        let offset = text(b"offset").filter(|number| is_number(number))?;
        return Some(
            [
                b"{\"partition\":\"".as_slice(),
                topic,
                b"-",
                partition,
                b"\",\"offset\":",
                offset,
                b"}",
            ]
            .concat(),
        );
    }
    let at = value_within(event, span.start, id_path(source))?;
    let found = event.get(at).filter(|id| is_string(id) && id.len() > 2);
    found.map(<[u8]>::to_vec)
}

fn is_number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

impl Batch {
    /// The record in which a pointer points.
    pub(crate) fn record_of(&self, pointer: &str) -> Option<usize> {
        self.records.iter().position(|record| {
            let rest = pointer.strip_prefix(record.pointer.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// The event without the records for which `is_out`, everything else as it stood.
    pub(crate) fn without(&self, event: &[u8], is_out: impl Fn(usize) -> bool) -> Vec<u8> {
        let mut kept = Vec::with_capacity(event.len());
        let mut copied = 0;
        // The list of the last record, and whether one before it in that list was kept.
        let (mut list, mut has_kept) = (usize::MAX, false);
        for (at, record) in self.records.iter().enumerate() {
            if record.list != list {
                (list, has_kept) = (record.list, false);
            }
            if !is_out(at) {
                has_kept = true;
                continue;
            }
            let cut = self.cut(at, has_kept);
            let until = event.get(copied..cut.start.max(copied)).unwrap_or(&[]);
            kept.extend_from_slice(until);
            copied = cut.end.max(copied);
        }
        kept.extend_from_slice(event.get(copied..).unwrap_or(&[]));
        kept
    }

    /// The bytes to cut for one record: with the comma before it where one before it stays, else
    /// with the one behind it.
    fn cut(&self, at: usize, has_kept: bool) -> Range {
        let Some(record) = self.records.get(at) else {
            return 0..0;
        };
        let neighbour = |at: Option<usize>| {
            let found = at.and_then(|at| self.records.get(at));
            found.filter(|other| other.list == record.list)
        };
        if has_kept {
            let before = neighbour(at.checked_sub(1));
            let start = before.map_or(record.span.start, |before| before.span.end);
            return start..record.span.end;
        }
        let behind = neighbour(at.checked_add(1));
        record.span.start..behind.map_or(record.span.end, |behind| behind.span.start)
    }
}

#[cfg(test)]
mod tests;
