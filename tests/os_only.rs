//! OS-only runtimes and container images: `credenza-agent wrap -- COMMAND` is the bootstrap.
//! It never uses the exec wrapper, which such runtimes do not know.
use credenza_sandbox::Invocation;

use crate::harness::beside_others;
use crate::harness::programs;
use crate::harness::samples::{INJECTION, rest};
use crate::harness::sandboxed::{Client, Setup, assert_no_violation, block_on};

fn bootstrap(extension: bool) -> Setup {
    let mut setup = Setup::new("OS-only", Client::Rust).expect("Rust needs no tool");
    setup.protect("block");
    setup.config.wrapper = None;
    if !extension {
        setup.config.extensions.clear();
    }
    let function = programs::echo_function();
    let words = [
        programs::agent().as_os_str(),
        "wrap".as_ref(),
        "--".as_ref(),
        function.as_ref(),
    ];
    setup.config.command = words.iter().map(std::ffi::OsString::from).collect();
    setup
}

#[test]
fn a_real_rust_function_is_protected_with_the_agent_as_its_bootstrap() {
    let _room = beside_others();
    let setup = bootstrap(true);
    block_on(async {
        let sandbox = setup.start().await;
        for round in 0..20 {
            let event = rest("/q", &round.to_string());
            let outcome = sandbox.invoke(Invocation::new(event.clone())).await;
            assert!(
                outcome.payload() == event.as_bytes(),
                "{:?}",
                outcome.ending
            );
            let outcome = sandbox.invoke(Invocation::new(rest("/q", INJECTION))).await;
            assert!(outcome.payload().starts_with(br#"{"statusCode":403"#));
        }
        assert_no_violation(&sandbox);
    });
}

#[test]
fn without_the_extension_the_function_starts_unprotected_and_a_line_says_so() {
    let _room = beside_others();
    let setup = bootstrap(false);
    block_on(async {
        let sandbox = setup.start().await;
        let outcome = sandbox.invoke(Invocation::new("{}")).await;
        assert!(outcome.is_response(), "{:?}", outcome.ending);
    });
    assert!(
        setup.said().contains("nothing is inspected"),
        "{}",
        setup.said()
    );
}
