//! Coverage: how often each operation was answered with each status, and each rule decided.
//!
//! Must not know what operations and rules are beyond their numbers.

/// Counts of events, by their numbers; kept in order, so that two can be added up.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    answers: Vec<((u16, u16, u16), u64)>,
    rules: Vec<((u16, u32), u64)>,
}

impl Coverage {
    /// One answer of an operation, by the numbers of provider and operation.
    pub fn answered(&mut self, provider: usize, operation: usize, status: u16) {
        add(&mut self.answers, (small(provider), small(operation), status), 1);
    }

    /// One decision of a rule, by the numbers of provider and rule.
    pub fn decided(&mut self, provider: usize, rule: u32) {
        add(&mut self.rules, (small(provider), rule), 1);
    }

    /// All of `other` too.
    pub fn absorb(&mut self, other: &Self) {
        for (place, count) in &other.answers {
            add(&mut self.answers, *place, *count);
        }
        for (place, count) in &other.rules {
            add(&mut self.rules, *place, *count);
        }
    }

    /// Number of answers of an operation for each status, in order.
    pub fn answers(&self, provider: usize, operation: usize) -> impl Iterator<Item = (u16, u64)> {
        let of = (small(provider), small(operation));
        let hits = self.answers.iter().filter(move |(place, _)| (place.0, place.1) == of);
        hits.map(|(place, count)| (place.2, *count))
    }

    /// Number of times a rule decided.
    pub fn decisions(&self, provider: usize, rule: u32) -> u64 {
        let place = self.rules.binary_search_by_key(&(small(provider), rule), |(place, _)| *place);
        place.map_or(0, |index| self.rules[index].1)
    }
}

fn add<P: Ord + Copy>(counts: &mut Vec<(P, u64)>, place: P, count: u64) {
    match counts.binary_search_by_key(&place, |(known, _)| *known) {
        Ok(index) => counts[index].1 += count,
        Err(index) => counts.insert(index, (place, count)),
    }
}

/// More providers or operations than that fit in no file under its size limit.
fn small(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up() {
        let mut one = Coverage::default();
        one.answered(1, 2, 404);
        one.answered(1, 2, 200);
        one.answered(1, 2, 200);
        one.decided(1, 7);
        let mut all = one.clone();
        all.answered(0, 2, 200);
        all.absorb(&one);
        assert_eq!(all.answers(1, 2).collect::<Vec<_>>(), [(200, 4), (404, 2)]);
        assert_eq!(all.answers(0, 2).collect::<Vec<_>>(), [(200, 1)]);
        assert_eq!((all.decisions(1, 7), all.decisions(1, 8)), (2, 0));
    }
}
