//! A Runtime API and a runtime made of threads and sockets, to measure and prove what lies between.
//! It never judges a protocol: that is the sandbox's work, and would cost what is measured here.
pub mod answers;
pub mod events;
pub mod process;
pub mod quota;
pub mod runtime;
pub mod secrets;
pub mod statistics;
pub mod upstream;
pub mod wire;
