//! The agent's front door: the wrapper's way in, and the extension's.
//! It never does anything itself.
use std::ffi::OsString;
use std::process::ExitCode;

use credenza_agent::config::Environment;
use credenza_agent::{lifecycle, wrap};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let environment = Environment::of_process();
    if arguments.get(1).is_some_and(|argument| argument == "wrap") {
        wrap::run(&arguments, &environment)
    } else {
        lifecycle::run(&arguments, &environment, tunnel::serve)
    }
}

/// Every byte as it comes, both ways, until the proxy takes this place.
mod tunnel {
    use std::io;
    use std::net::{Shutdown, TcpListener, TcpStream};
    use std::thread;

    use credenza_agent::Shared;

    pub(crate) fn serve(listener: TcpListener, shared: Shared) -> io::Result<()> {
        thread::Builder::new().spawn(move || {
            for runtime in listener.incoming().flatten() {
                let upstream = shared.route.current();
                let Ok(platform) = TcpStream::connect((upstream.host(), upstream.port())) else {
                    continue;
                };
                let (Ok(from), Ok(to)) = (runtime.try_clone(), platform.try_clone()) else {
                    continue;
                };
                thread::spawn(move || pump(from, to));
                thread::spawn(move || pump(platform, runtime));
            }
        })?;
        Ok(())
    }

    fn pump(mut from: TcpStream, mut to: TcpStream) {
        let _ = to.set_nodelay(true);
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    }
}
