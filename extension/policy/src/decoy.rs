//! The user's will about credentials that open nothing and whose appearance proves a theft.
//! It never holds the value of one.
use alloc::string::String;
use alloc::vec::Vec;

/// What is wanted of decoys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecoyPolicy {
    /// Whether credentials are planted into the runtime's environment.
    pub plant: bool,
    /// Variables whose values are decoys already.
    pub variables: Vec<String>,
}
