/// Sets of series as ascending lists of slots.
enum Postings {
    /// The slots in both lists.
    ///
    /// Complexity: linear, or logarithmic for each slot of a list that is much shorter.
    static func intersection(_ left: [UInt32], _ right: [UInt32]) -> [UInt32] {
        let (short, long) = left.count <= right.count ? (left, right) : (right, left)
        var common: [UInt32] = []
        common.reserveCapacity(short.count)
        if short.count * 16 < long.count {
            var from = 0
            for slot in short {
                from = firstIndex(notBelow: slot, in: long, from: from)
                if from == long.count { break }
                if long[from] == slot { common.append(slot) }
            }
            return common
        }
        var position = 0
        for slot in short {
            while position < long.count && long[position] < slot { position += 1 }
            if position == long.count { break }
            if long[position] == slot { common.append(slot) }
        }
        return common
    }

    /// The slots of the first list that are not in the second.
    ///
    /// Complexity: linear.
    static func subtracting(_ left: [UInt32], _ right: [UInt32]) -> [UInt32] {
        if right.isEmpty { return left }
        var rest: [UInt32] = []
        rest.reserveCapacity(left.count)
        var position = 0
        for slot in left {
            while position < right.count && right[position] < slot { position += 1 }
            if position == right.count || right[position] != slot { rest.append(slot) }
        }
        return rest
    }

    /// The slots of lists that share none: a series has one value of a label.
    static func union(_ lists: [[UInt32]]) -> [UInt32] {
        if let only = lists.first, lists.count == 1 { return only }
        var all: [UInt32] = []
        all.reserveCapacity(lists.reduce(0) { $0 + $1.count })
        for list in lists { all.append(contentsOf: list) }
        all.sort()
        return all
    }

    /// Adds a slot to a list that does not have it.
    static func insert(_ slot: UInt32, into list: inout [UInt32]) {
        guard let last = list.last, last >= slot else {
            list.append(slot)
            return
        }
        list.insert(slot, at: firstIndex(notBelow: slot, in: list, from: 0))
    }

    /// The first index from `from` on whose slot is `slot` or greater; the count when there is none.
    static func firstIndex(notBelow slot: UInt32, in list: [UInt32], from: Int) -> Int {
        var low = from
        var high = list.count
        while low < high {
            let middle = low + (high - low) / 2
            if list[middle] < slot { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
