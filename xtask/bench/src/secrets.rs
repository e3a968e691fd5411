//! The secrets of a function, as the platform puts them into its environment.
//! They never open anything: they are drawn, and only their shape is real.

/// The variables with the keys of a function's role.
pub fn of_a_function() -> Vec<(&'static str, String)> {
    vec![
        (
            "AWS_ACCESS_KEY_ID",
            ["AS", "IA", "QQ00BENCH00QQ00B"].concat(),
        ),
        ("AWS_SECRET_ACCESS_KEY", drawn(40, 1)),
        // Limit: session tokens have no bound that is told; those of Lambda have some 900 bytes.
        ("AWS_SESSION_TOKEN", drawn(900, 2)),
    ]
}

/// Letters, digits and signs of base64, the same in each run.
fn drawn(bytes: usize, seed: u64) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = seed;
    let draw = || {
        // Knuth's generator: only its high bits are used.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let place = usize::try_from(state >> 58).unwrap_or_default();
        ALPHABET.get(place).map_or('A', |byte| char::from(*byte))
    };
    std::iter::repeat_with(draw).take(bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::of_a_function;

    #[test]
    fn the_secrets_are_as_long_as_those_of_a_function() {
        let lengths: Vec<usize> = of_a_function()
            .iter()
            .map(|(_, value)| value.len())
            .collect();
        assert_eq!(lengths, [20, 40, 900]);
    }
}
