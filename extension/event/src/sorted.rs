//! Brings items into their order, in little code.
//! It never allocates, and takes time in proportion to `n log n` whatever the items are.
//!
//! The sorts of the standard library are faster by half and take ten times the code, once for each
//! type; nothing that is sorted here is sorted often.

/// Sorts by the order of the items themselves; equal ones stay in no order.
pub fn sort<T: Ord>(items: &mut [T]) {
    sort_by(items, |one, other| one < other);
}

/// Sorts so that `is_before` holds for no item and one before it.
pub fn sort_by<T>(items: &mut [T], is_before: impl Fn(&T, &T) -> bool) {
    let len = items.len();
    // A heap first, its greatest item on top; then the top goes to the end, one after the other.
    for step in (0..len.saturating_add(len / 2)).rev() {
        if let Some(root) = step.checked_sub(len) {
            sink(items, root, &is_before);
        } else {
            items.swap(0, step);
            sink(items.get_mut(..step).unwrap_or_default(), 0, &is_before);
        }
    }
}

/// Lets an item of a heap sink until nothing below it is greater.
fn sink<T>(heap: &mut [T], mut at: usize, is_before: &impl Fn(&T, &T) -> bool) {
    loop {
        let left = at.saturating_mul(2).saturating_add(1);
        let right = left.saturating_add(1);
        let greater = match (heap.get(left), heap.get(right)) {
            (Some(one), Some(other)) if is_before(one, other) => right,
            (Some(_), _) => left,
            (None, _) => return,
        };
        match (heap.get(at), heap.get(greater)) {
            (Some(item), Some(below)) if is_before(item, below) => heap.swap(at, greater),
            _ => return,
        }
        at = greater;
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::{sort, sort_by};

    #[test]
    fn any_list_comes_into_the_order_of_the_standard_library() {
        bolero::check!()
            .with_type::<Vec<u8>>()
            .for_each(|list: &Vec<u8>| {
                let (mut ours, mut theirs) = (list.clone(), list.clone());
                sort(&mut ours);
                theirs.sort_unstable();
                assert_eq!(ours, theirs);
            });
    }

    #[test]
    fn an_order_of_ones_own_is_kept() {
        let mut names = ["beta", "a", "gamma", "xi"];
        sort_by(&mut names, |one, other| one.len() > other.len());
        assert_eq!(names, ["gamma", "beta", "xi", "a"]);
    }

    #[test]
    fn a_long_list_takes_no_more_than_a_multiple_of_its_length() {
        use core::cell::Cell;
        for descending in [false, true] {
            let mut list: Vec<u32> = (0..65_536).collect();
            if descending {
                list.reverse();
            }
            let asked = Cell::new(0_u64);
            sort_by(&mut list, |one, other| {
                asked.set(asked.get() + 1);
                one < other
            });
            assert!(list.is_sorted());
            // 2 n log2 n, and the heap.
            assert!(asked.get() < 65_536 * 35, "{}", asked.get());
        }
    }
}
