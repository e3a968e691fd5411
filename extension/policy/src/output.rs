//! The user's will about answers that hold nothing to find.
//! It never knows what an answer looks like.

/// What is wanted of answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputPolicy {
    /// Whether the security headers that an HTTP answer lacks are added to it in block mode.
    pub security_headers: bool,
}
