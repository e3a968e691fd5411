//! What a shell sees of a command that has ended, as a snapshot shows it.
//! It never starts a command; each test says how its own begins.
use std::process::Output;

use expect_test::Expect;

/// Holds exit code, stdout and stderr against a snapshot.
pub(crate) fn ended(output: &Output, expected: &Expect) {
    let text = format!(
        "exit {}\n{}{}",
        output.status.code().unwrap(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    expected.assert_eq(&text);
}
