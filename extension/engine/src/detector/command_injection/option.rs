//! Options by which tools run a program that they are told.
//! It never knows an option that does anything else.

/// The options, up to where the program's name begins.
const OPTIONS: [&[u8]; 14] = [
    // ssh, and what calls it.
    b"-oproxycommand=",
    b"-o proxycommand=",
    b"-olocalcommand=",
    // tar, zip.
    b"--checkpoint-action=exec=",
    b"--to-command=",
    b"--use-compress-program=",
    b"--rsh-command=",
    b"--unzip-command=",
    // git, hg.
    b"--upload-pack=",
    b"--receive-pack=",
    b"--open-files-in-pager=",
    b"--config=alias.",
    // wget; git's transport.
    b"--use-askpass=",
    b"ext::sh ",
];

/// True for a value that is such an option.
pub(crate) fn runs_program(text: &[u8]) -> bool {
    let text = match text {
        [b'-' | b'e' | b'E', ..] => text,
        _ => return false,
    };
    let is = |option: &&[u8]| {
        let start = text.get(..option.len()).unwrap_or_default();
        // `--upload-pack=<program>`: a manual names what stands there.
        let told = text.get(option.len()..).unwrap_or_default();
        let is_named = matches!(told, [b'<' | b'[' | b'{', ..]);
        start.eq_ignore_ascii_case(option) && !told.is_empty() && !is_named
    };
    OPTIONS.iter().any(is)
}
