/// A binary heap whose entries may be out of date: who takes the least one says whether it still counts.
struct LazyHeap<Element: Comparable & Sendable>: Sendable {
    private var elements: [Element] = []

    var count: Int { elements.count }

    mutating func push(_ element: Element) {
        elements.append(element)
        var child = elements.count - 1
        while child > 0, case let parent = (child - 1) / 2, elements[child] < elements[parent] {
            elements.swapAt(child, parent)
            child = parent
        }
    }

    var least: Element? { elements.first }

    @discardableResult
    mutating func pop() -> Element? {
        guard let last = elements.popLast() else { return nil }
        guard let first = elements.first else { return last }
        elements[0] = last
        var parent = 0
        while case let left = 2 * parent + 1, left < elements.count {
            let right = left + 1
            let child = right < elements.count && elements[right] < elements[left] ? right : left
            guard elements[child] < elements[parent] else { break }
            elements.swapAt(child, parent)
            parent = child
        }
        return first
    }

    /// Drops all entries that do not count.
    mutating func compact(keeping counts: (Element) -> Bool) {
        let kept = elements.filter(counts)
        elements = []
        for element in kept { push(element) }
    }
}

/// Small numbers for values that are long to hash; a number is free again when its value is released.
struct Numbering<Value: Hashable & Sendable>: Sendable {
    private var numbers: [Value: Int] = [:]
    private var free: [Int] = []
    private var next = 0

    subscript(value: Value) -> Int? { numbers[value] }

    /// The number of a value, and whether it is a new one.
    mutating func number(of value: Value) -> (number: Int, isNew: Bool) {
        if let number = numbers[value] { return (number, false) }
        let number = free.popLast() ?? next
        if number == next { next += 1 }
        numbers[value] = number
        return (number, true)
    }

    mutating func release(_ value: Value) {
        if let number = numbers.removeValue(forKey: value) { free.append(number) }
    }
}
