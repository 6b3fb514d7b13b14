/// A set of small integers that is emptied in constant time and keeps the order of insertion.
struct SparseSet: Sendable {
    private var places: [Int32]
    private(set) var members: [Int32]
    private(set) var count = 0

    init(capacity: Int) {
        places = [Int32](repeating: 0, count: capacity)
        members = [Int32](repeating: 0, count: capacity)
    }

    /// Adds a member; false if it was there.
    @inline(__always)
    mutating func insert(_ member: Int32) -> Bool {
        let place = Int(places[Int(member)])
        if place < count && members[place] == member {
            return false
        }
        places[Int(member)] = Int32(truncatingIfNeeded: count)
        members[count] = member
        count += 1
        return true
    }

    @inline(__always)
    mutating func removeAll() {
        count = 0
    }
}
