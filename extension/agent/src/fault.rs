//! The fail-open table: every fault the process can meet, and what is done about it.
//! It never decides by circumstance: one fault, one row, one behaviour.
use thiserror::Error;

/// Something that broke, named after the culprit.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Fault {
    /// Platform: no connection to the Runtime API could be had.
    #[error("the Runtime API cannot be reached")]
    PlatformUnreachable,
    /// Platform: the connection of a pending `next` broke before the event was whole.
    #[error("the connection broke before the event was whole")]
    PlatformNextBroken,
    /// Platform: the connection broke before an answer was acknowledged.
    #[error("the connection broke before the answer was acknowledged")]
    PlatformAnswerBroken,
    /// Platform: a repeated answer was refused, so the first one had arrived (R18).
    #[error("the repeated answer was refused, so the first one had arrived")]
    PlatformAnswerDoubled,
    /// Platform: a reply that is not HTTP/1.1.
    #[error("the reply is not HTTP/1.1")]
    PlatformMalformed,
    /// Platform: the connection broke inside a reply that was already being passed on.
    #[error("the connection broke inside a reply")]
    PlatformReplyCut,
    /// Platform: an event larger than is ever held.
    #[error("the event is larger than is held for inspection")]
    PlatformEventTooLarge,
    /// Platform: an event without a usable request id cannot be refused.
    #[error("the event has no usable request id")]
    PlatformRequestIdMissing,
    /// Platform: a refusal was not accepted with 202.
    #[error("the refusal was not accepted")]
    PlatformRefusalRejected,
    /// Runtime: it hung up while its `next` was pending.
    #[error("the runtime hung up while its `next` was pending")]
    RuntimeLeft,
    /// Runtime: a request that is not HTTP/1.1, or readable in two ways.
    #[error("the request is not plain HTTP/1.1")]
    RuntimeMalformed,
    /// Runtime: a head beyond 1.25 MiB or 512 lines.
    #[error("the request's head is too large")]
    RuntimeHeadTooLarge,
    /// Runtime: it hung up inside a body.
    #[error("the runtime hung up inside a body")]
    RuntimeBodyCut,
    /// Ours: inspection panicked.
    #[error("inspection panicked")]
    OursPanicked,
    /// Ours: inspection took longer than the guard allows.
    #[error("inspection took too long")]
    OursStuck,
    /// Ours: several inspections do not end, so nothing else is inspected.
    #[error("several inspections do not end, so this event was not inspected")]
    OursGivenUp,
    /// Ours: no thread for another connection.
    #[error("no thread can be had for another connection")]
    OursThreadless,
    /// Ours: no memory for a body.
    #[error("no memory can be had for a body")]
    OursMemoryless,
}

/// What is done about a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// The bytes pass uninspected; under `on_error = "closed"` the event is refused instead.
    Pass,
    /// The same call is made again on a fresh connection.
    Retry,
    /// The pending `next` is kept for the next one who asks.
    Park,
    /// The call is counted as done, and life goes on.
    Count,
    /// The caller gets this status, with the platform's own error shape.
    Answer(u16),
    /// Both connections are closed, so that neither side waits for the other.
    Close,
}

impl Fault {
    /// All rows, in the order of the table.
    pub const ALL: [Self; 18] = [
        Self::PlatformUnreachable,
        Self::PlatformNextBroken,
        Self::PlatformAnswerBroken,
        Self::PlatformAnswerDoubled,
        Self::PlatformMalformed,
        Self::PlatformReplyCut,
        Self::PlatformEventTooLarge,
        Self::PlatformRequestIdMissing,
        Self::PlatformRefusalRejected,
        Self::RuntimeLeft,
        Self::RuntimeMalformed,
        Self::RuntimeHeadTooLarge,
        Self::RuntimeBodyCut,
        Self::OursPanicked,
        Self::OursStuck,
        Self::OursGivenUp,
        Self::OursThreadless,
        Self::OursMemoryless,
    ];

    /// The table.
    pub fn behaviour(self) -> Behaviour {
        match self {
            // F22, F45–F47, F55: an honest 500, never a hang and never an invented 200 (R4).
            Self::PlatformUnreachable | Self::PlatformMalformed => Behaviour::Answer(500),
            // F23, F24: the platform gives the same event to the next `next` (R15, R18).
            // F47, F55: a repeat is harmless, because a second answer is refused by id.
            Self::PlatformNextBroken | Self::PlatformAnswerBroken => Behaviour::Retry,
            // F45, F46, F48: the event stays undelivered, and the slot asks again.
            Self::PlatformAnswerDoubled | Self::PlatformRefusalRejected => Behaviour::Count,
            // F59: a platform that closes mid-stream has given up on the invocation.
            // F80: the client sees a closed connection and comes again.
            Self::PlatformReplyCut | Self::RuntimeBodyCut | Self::OursThreadless => {
                Behaviour::Close
            }
            // F30, F29, F8, F38, F43: tenet 1.
            Self::PlatformEventTooLarge
            | Self::PlatformRequestIdMissing
            | Self::OursPanicked
            | Self::OursStuck
            | Self::OursGivenUp
            | Self::OursMemoryless => Behaviour::Pass,
            // F32: a pending `next` is capacity (R14).
            Self::RuntimeLeft => Behaviour::Park,
            // R35: refused, because two parsers would read it differently.
            Self::RuntimeMalformed => Behaviour::Answer(400),
            // R31: the platform's own limit is lower.
            Self::RuntimeHeadTooLarge => Behaviour::Answer(431),
        }
    }

    /// Kebab-case name in records.
    pub fn kind(self) -> &'static str {
        match self {
            Self::PlatformUnreachable => "unreachable",
            Self::PlatformNextBroken => "next-broken",
            Self::PlatformAnswerBroken => "answer-broken",
            Self::PlatformAnswerDoubled => "answer-doubled",
            Self::PlatformMalformed => "reply-malformed",
            Self::PlatformReplyCut => "reply-cut",
            Self::PlatformEventTooLarge => "event-too-large",
            Self::PlatformRequestIdMissing => "request-id-missing",
            Self::PlatformRefusalRejected => "refusal-rejected",
            Self::RuntimeLeft => "runtime-left",
            Self::RuntimeMalformed => "request-malformed",
            Self::RuntimeHeadTooLarge => "head-too-large",
            Self::RuntimeBodyCut => "body-cut",
            Self::OursPanicked => "inspection-panicked",
            Self::OursStuck => "inspection-stuck",
            Self::OursGivenUp => "inspection-given-up",
            Self::OursThreadless => "no-thread",
            Self::OursMemoryless => "no-memory",
        }
    }

    /// Whose fault it is.
    pub fn family(self) -> &'static str {
        match self {
            Self::PlatformUnreachable
            | Self::PlatformNextBroken
            | Self::PlatformAnswerBroken
            | Self::PlatformAnswerDoubled
            | Self::PlatformMalformed
            | Self::PlatformReplyCut
            | Self::PlatformEventTooLarge
            | Self::PlatformRequestIdMissing
            | Self::PlatformRefusalRejected => "platform",
            Self::RuntimeLeft
            | Self::RuntimeMalformed
            | Self::RuntimeHeadTooLarge
            | Self::RuntimeBodyCut => "runtime",
            Self::OursPanicked
            | Self::OursStuck
            | Self::OursGivenUp
            | Self::OursThreadless
            | Self::OursMemoryless => "ours",
        }
    }
}

impl Behaviour {
    /// The name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "passed",
            Self::Retry => "retried",
            Self::Park => "parked",
            Self::Count => "counted",
            Self::Answer(_) => "answered",
            Self::Close => "closed",
        }
    }
}
