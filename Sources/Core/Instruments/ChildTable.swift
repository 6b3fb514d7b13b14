import Synchronization

/// A family's children by their labels: lookups take no lock, insertions do.
///
/// An insert-only hash table with open addressing. A slot is written once, after the child is complete; when the table
/// is half full a table of twice the size is published and the old one is kept, since a reader may still be in it
/// (together the old ones are no larger than the newest).
final class ChildTable<LabelSet: Hashable & Sendable, Child: AnyObject & Sendable>: Sendable {
    /// One child with its labels; immutable.
    final class Node: Sendable {
        let labels: LabelSet
        let hash: Int
        let child: Child

        init(labels: LabelSet, hash: Int, child: Child) {
            self.labels = labels
            self.hash = hash
            self.child = child
        }
    }

    private final class Slots: @unchecked Sendable {
        // SAFETY: allocated once, its elements are changed atomically only, and freed when no table refers to it any
        // more.
        let cells: UnsafeMutablePointer<Atomic<UInt>>
        let mask: Int

        init(capacity: Int) {
            mask = capacity - 1
            cells = .allocate(capacity: capacity)
            for index in 0..<capacity { (cells + index).initialize(to: Atomic(0)) }
        }

        deinit {
            cells.deinitialize(count: mask + 1)
            cells.deallocate()
        }

        func find(_ labels: LabelSet, hash: Int) -> Child? {
            var index = hash & mask
            while let address = UnsafeRawPointer(bitPattern: cells[index].load(ordering: .acquiring)) {
                // SAFETY: a slot holds the address of a node that the table's owner keeps as long as itself.
                let node = Unmanaged<Node>.fromOpaque(address)
                let child = node._withUnsafeGuaranteedRef { $0.hash == hash && $0.labels == labels ? $0.child : nil }
                if let child { return child }
                index = (index + 1) & mask
            }
            return nil
        }

        func insert(_ node: Node) {
            var index = node.hash & mask
            while cells[index].load(ordering: .relaxed) != 0 { index = (index + 1) & mask }
            cells[index].store(address(of: node), ordering: .releasing)
        }
    }

    private struct Owned {
        var nodes: [Node] = []
        var tables: [Slots]
    }

    /// The address of the newest table.
    private let current: Atomic<UInt>
    private let owned: Mutex<Owned>

    init() {
        let slots = Slots(capacity: 16)
        current = Atomic(address(of: slots))
        owned = Mutex(Owned(tables: [slots]))
    }

    /// The child with these labels, if there is one.
    func find(_ labels: LabelSet) -> Child? {
        guard let address = UnsafeRawPointer(bitPattern: current.load(ordering: .acquiring)) else { return nil }
        // SAFETY: the table that `current` points to is kept in `owned.tables` as long as this object lives.
        return Unmanaged<Slots>.fromOpaque(address)._withUnsafeGuaranteedRef { $0.find(labels, hash: labels.hashValue) }
    }

    /// The child with these labels; makes it unless there are `countMax` already, then nil.
    func findOrInsert(_ labels: LabelSet, countMax: Int, make: () -> Child) -> (child: Child, isNew: Bool)? {
        owned.withLock { owned in
            if let child = find(labels) { return (child, false) }
            guard owned.nodes.count < countMax else { return nil }
            let node = Node(labels: labels, hash: labels.hashValue, child: make())
            owned.nodes.append(node)
            if let table = owned.tables.last, owned.nodes.count * 2 <= table.mask + 1 {
                table.insert(node)
            } else {
                let table = Slots(capacity: (owned.tables.last.map { $0.mask + 1 } ?? 8) * 2)
                for node in owned.nodes { table.insert(node) }
                owned.tables.append(table)
                current.store(address(of: table), ordering: .releasing)
            }
            return (node.child, true)
        }
    }

    /// The number of children.
    var count: Int { owned.withLock { $0.nodes.count } }
}

private func address(of object: some AnyObject) -> UInt {
    UInt(bitPattern: Unmanaged.passUnretained(object).toOpaque())
}
