//! What a batch of telemetry tells: the ends of invocations, and lines that the function wrote.
//! It never trusts a batch to be whole, and never takes what stands inside of a line for an event.
//!
//! Shape: an array of `{"time","type","record"}` (Telemetry API, schema 2022-12-13).
use credenza_event::layout::{elements, member_named};

use super::ledger::Ending;

/// One event that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Telling<'t> {
    /// `platform.runtimeDone`: an invocation is over.
    Ended {
        /// Its id.
        request_id: &'t [u8],
        /// How.
        ending: Ending,
    },
    /// `function`: a line as the function wrote it, as the bytes of a JSON value.
    Line(&'t [u8]),
    /// `platform.logsDropped`: some of it was lost, because nobody read it in time.
    Dropped,
}

/// The events of a batch that matter, in their order.
pub(crate) fn tellings(batch: &[u8]) -> impl Iterator<Item = Telling<'_>> {
    elements(batch, 0).filter_map(move |range| telling(batch.get(range)?))
}

fn telling(event: &[u8]) -> Option<Telling<'_>> {
    let kind = string(event, 0, b"type")?;
    let record = member_named(event, 0, b"record")?;
    match kind {
        b"platform.runtimeDone" => {
            let request_id = string(event, record.start, b"requestId")?;
            let ending = match string(event, record.start, b"status")? {
                b"success" => Ending::Success,
                b"failure" => Ending::Failure,
                _ => Ending::Unanswered,
            };
            Some(Telling::Ended { request_id, ending })
        }
        b"function" => event.get(record).map(Telling::Line),
        b"platform.logsDropped" => Some(Telling::Dropped),
        _ => None,
    }
}

/// The string member `name` of the object at `at`, between its quotes; the platform's words and
/// ids have no escapes.
fn string<'t>(text: &'t [u8], at: usize, name: &[u8]) -> Option<&'t [u8]> {
    let value = text.get(member_named(text, at, name)?)?;
    value.strip_prefix(b"\"")?.strip_suffix(b"\"")
}

#[cfg(test)]
mod tests {
    use super::{Ending, Telling, tellings};

    #[test]
    fn ends_lines_and_losses_are_told_and_nothing_else() {
        let batch = concat!(
            r#"[{"time":"t","type":"platform.start","record":{"requestId":"a"}},"#,
            r#"{"time":"t","type":"function","record":"say \"x\"\n"},"#,
            r#"{"time":"t","type":"function","record":{"level":"INFO","message":"m"}},"#,
            r#"{"type":"platform.runtimeDone","record":{"requestId":"a","status":"success"}},"#,
            r#"{"type":"platform.runtimeDone","record":{"status":"failure","requestId":"b"}},"#,
            r#"{"type":"platform.runtimeDone","record":{"requestId":"c","status":"timeout"}},"#,
            r#"{"type":"platform.logsDropped","record":{"droppedRecords":3}}]"#,
        );
        let ended = |request_id, ending| Telling::Ended { request_id, ending };
        let told: Vec<_> = tellings(batch.as_bytes()).collect();
        let expected = [
            Telling::Line(br#""say \"x\"\n""#),
            Telling::Line(br#"{"level":"INFO","message":"m"}"#),
            ended(b"a", Ending::Success),
            ended(b"b", Ending::Failure),
            ended(b"c", Ending::Unanswered),
            Telling::Dropped,
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn an_event_inside_of_a_line_is_a_line() {
        let inside = r#"{\"type\":\"platform.runtimeDone\",\"record\":{\"requestId\":\"x\"}}"#;
        let batch = format!(
            r#"[{{"type":"function","record":"{inside}"}},{{"type":"function","record":
            {{"type":"platform.runtimeDone","record":{{"requestId":"x","status":"success"}}}}}}]"#
        );
        let told: Vec<_> = tellings(batch.as_bytes()).collect();
        assert!(
            told.iter().all(|one| matches!(one, Telling::Line(_))),
            "{told:?}"
        );
        assert_eq!(told.len(), 2);
    }

    #[test]
    fn no_batch_panics() {
        bolero::check!().with_type::<Vec<u8>>().for_each(|batch| {
            let _ = tellings(batch).count();
            let wrapped = [br#"[{"type":"platform.runtimeDone","record":"#, &**batch].concat();
            let _ = tellings(&wrapped).count();
        });
    }
}
