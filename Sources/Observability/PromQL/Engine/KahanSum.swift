/// A sum with Neumaier's compensation for rounding, as Prometheus adds.
struct KahanSum {
    var sum = 0.0
    var compensation = 0.0

    init(_ first: Double = 0) { sum = first }

    @inline(__always)
    mutating func add(_ increment: Double) {
        let total = sum + increment
        if total.isInfinite {
            compensation = 0
        } else if sum.magnitude >= increment.magnitude {
            compensation += (sum - total) + increment
        } else {
            compensation += (increment - total) + sum
        }
        sum = total
    }

    var value: Double { sum.isInfinite ? sum : sum + compensation }
}

/// A mean: the sum divided, or a running mean once the sum would exceed the largest number.
struct Mean {
    private var total: KahanSum
    private var count = 1.0
    private var isIncremental = false

    init(_ first: Double) { total = KahanSum(first) }

    mutating func add(_ value: Double) {
        count += 1
        if !isIncremental {
            var next = total
            next.add(value)
            if !next.sum.isInfinite {
                total = next
                return
            }
            isIncremental = true
            total.sum /= count - 1
            total.compensation /= count - 1
        }
        let share = (count - 1) / count
        total.sum *= share
        total.compensation *= share
        total.add(value / count)
    }

    var value: Double {
        isIncremental ? total.sum + total.compensation : total.sum / count + total.compensation / count
    }
}
