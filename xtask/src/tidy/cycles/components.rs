//! Strongly connected components (Tarjan, SIAM Journal on Computing 1, 1972).

/// The components of more than one node, each in the order of its nodes, the largest first.
pub(super) fn components(successors: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut search =
        Search { successors, next: 0, visits: vec![None; successors.len()], stack: vec![], components: vec![] };
    for node in 0..successors.len() {
        if search.visits[node].is_none() {
            search.visit(node);
        }
    }
    let mut components = search.components;
    components.sort_by_key(|component| (std::cmp::Reverse(component.len()), component.first().copied()));
    components
}

#[derive(Clone, Copy)]
struct Visit {
    order: usize,
    on_stack: bool,
}

struct Search<'a> {
    successors: &'a [Vec<usize>],
    next: usize,
    visits: Vec<Option<Visit>>,
    stack: Vec<usize>,
    components: Vec<Vec<usize>>,
}

impl Search<'_> {
    /// Answers the earliest node on the stack that is reached from the node.
    fn visit(&mut self, node: usize) -> usize {
        let order = self.next;
        self.next += 1;
        let mut earliest = order;
        self.visits[node] = Some(Visit { order, on_stack: true });
        self.stack.push(node);
        for successor in self.successors[node].iter().copied() {
            let reached = match self.visits[successor] {
                None => self.visit(successor),
                Some(visit) if visit.on_stack => visit.order,
                Some(_) => continue,
            };
            earliest = earliest.min(reached);
        }
        if earliest == order {
            self.close(node);
        }
        earliest
    }

    fn close(&mut self, root: usize) {
        let start = self.stack.iter().rposition(|node| *node == root).unwrap_or_default();
        let mut component = self.stack.split_off(start);
        for node in &component {
            self.visits[*node] = self.visits[*node].map(|visit| Visit { on_stack: false, ..visit });
        }
        if component.len() > 1 {
            component.sort_unstable();
            self.components.push(component);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_found() {
        for (successors, expected) in [
            (vec![], vec![]),
            (vec![vec![1], vec![2], vec![]], vec![]),
            (vec![vec![1], vec![0]], vec![vec![0, 1]]),
            (vec![vec![1], vec![2], vec![0], vec![0, 4], vec![3]], vec![vec![0, 1, 2], vec![3, 4]]),
            // Two ways to one node make no circle.
            (vec![vec![1, 2], vec![3], vec![3], vec![]], vec![]),
            // Two circles that share a node are one component.
            (vec![vec![1], vec![0, 2], vec![1]], vec![vec![0, 1, 2]]),
        ] {
            assert_eq!(components(&successors), expected, "{successors:?}");
        }
    }
}
