/// The order in which components start: each after those it depends on; otherwise in the order of their names.
enum StartOrder {
    static func sorted(_ dependencies: [ComponentKind: Set<ComponentKind>]) -> [ComponentKind] {
        var order: [ComponentKind] = []
        var remaining = dependencies
        while !remaining.isEmpty {
            let free = remaining.filter { $0.value.isDisjoint(with: remaining.keys) }.keys.sorted()
            precondition(!free.isEmpty, "BUG: components depend on each other in a circle: \(remaining.keys.sorted())")
            order += free
            for kind in free { remaining[kind] = nil }
        }
        return order
    }
}
