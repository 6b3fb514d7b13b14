/// Runs work round after round and gives the median, in nanoseconds an operation, as the peers' programs do.
enum Rounds {
    static let count = 9

    static func nanoseconds(operations: Int, _ work: (_ operations: Int) -> Void) -> Double {
        work(operations / 10)
        let clock = ContinuousClock()
        let rounds = (0..<count).map { _ in
            let (seconds, attoseconds) = clock.measure { work(operations) }.components
            return (Double(seconds) * 1e9 + Double(attoseconds) / 1e9) / Double(operations)
        }
        return rounds.sorted()[count / 2]
    }
}
