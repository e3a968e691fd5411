//! AWS Lambda's Runtime API: which message carries what.
//! It never normalises a path: method and path are compared byte for byte (R35).

/// What a Runtime API call is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// `GET …/runtime/invocation/next`: the reply carries the event.
    Next,
    /// `POST …/runtime/invocation/{id}/response`: the request carries the output.
    Response(&'a [u8]),
    /// `POST …/runtime/invocation/{id}/error`: the request carries an error.
    Error(&'a [u8]),
    /// `GET …/runtime/restore/next` (SnapStart): its reply tells that a restore happened.
    RestoreNext,
    /// Anything else: forwarded unchanged.
    Other,
}

/// Tells what the call with `method` and `target` is to us; a query string is ignored.
pub fn route<'a>(method: &[u8], target: &'a [u8]) -> Route<'a> {
    let _ = (method, target);
    Route::Other
}
