//! The user's will about event sources: what becomes of what is refused where nobody waits for an
//! answer, and what the platform was told that an event does not say.
//! It never knows what a source's refusal looks like.
use credenza_event::Source;

/// What becomes of a record or of an asynchronous event that is not to reach the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quarantine {
    /// It counts as done; the record of the finding is what is left of it.
    Drop,
    /// The source is told that it failed: it comes again, or goes where failures go.
    Fail,
    /// It reaches the function; only the record of the finding says what was seen.
    Pass,
}

impl Quarantine {
    /// All choices.
    pub const ALL: [Self; 3] = [Self::Drop, Self::Fail, Self::Pass];

    /// The name in policies and records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Fail => "fail",
            Self::Pass => "pass",
        }
    }
}

/// The form in which an authorizer of an HTTP API answers; its event does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthorizerForm {
    /// `{"isAuthorized": false}`.
    #[default]
    Simple,
    /// An IAM policy.
    Iam,
}

impl AuthorizerForm {
    /// Both forms.
    pub const ALL: [Self; 2] = [Self::Simple, Self::Iam];

    /// The name in policies.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Iam => "iam",
        }
    }
}

/// The user's will about one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourcePolicy {
    /// The source; one load balancer stands for both kinds.
    pub source: Source,
    /// What becomes of what is not to reach the function; `None` leaves it to the source's default.
    pub quarantine: Option<Quarantine>,
    /// True if the event source mapping has `ReportBatchItemFailures`, so that a record may be
    /// named as failed.
    pub reports_failures: bool,
    /// How the authorizer answers.
    pub answer: AuthorizerForm,
}

impl SourcePolicy {
    /// What holds for a source of which the policy says nothing.
    pub const fn default_of(source: Source) -> Self {
        Self {
            source,
            quarantine: None,
            reports_failures: false,
            answer: AuthorizerForm::Simple,
        }
    }
}
