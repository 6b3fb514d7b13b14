package import Basics
package import JSON
internal import Records

/// The counting of a vote.
///
/// Pure. Outputs agree when they are the same JSON: the order of an object's members does not matter, numbers count as they
/// were written.
package struct Ballot: Hashable, Sendable {
    /// What a member of the collaboration says.
    package struct Vote: Hashable, Sendable {
        package let taskID: UUIDv7
        /// Nil when it did not succeed, which is no vote.
        package let output: JSONValue?

        package init(_ taskID: UUIDv7, _ output: JSONValue?) {
            self.taskID = taskID
            self.output = output
        }
    }

    /// What came of it.
    package enum Outcome: Hashable, Sendable {
        /// The output of the vote: more than half of those who voted agree.
        case decided(JSONValue)
        case undecided(TaskFailure)
    }

    /// The classes of the error of a vote without result.
    package static let noQuorumClass = "no_quorum"
    package static let tieClass = "tie"
    package static let noMajorityClass = "no_majority"

    private let votes: [Vote]
    private let rules: VoteRules

    package init(_ votes: [Vote], _ rules: VoteRules) {
        self.votes = votes
        self.rules = rules
    }

    private struct Opinion {
        let value: JSONValue
        var tasks: [UUIDv7]
    }

    /// Counts.
    package var outcome: Outcome {
        let opinions = opinions
        let cast = opinions.reduce(0) { $0 + $1.tasks.count }
        guard cast >= rules.quorum else {
            let reason = "\(cast) of \(votes.count) have voted; the quorum is \(rules.quorum)"
            return .undecided(TaskFailure(Self.noQuorumClass, reason))
        }
        guard let first = opinions.first else {
            return .undecided(TaskFailure(Self.noQuorumClass, "nobody has voted"))
        }
        guard first.tasks.count * 2 > cast else {
            let counts = opinions.map { String($0.tasks.count) }.joined(separator: ", ")
            let isTie = opinions.dropFirst().first?.tasks.count == first.tasks.count
            let reason = "\(cast) votes for \(opinions.count) results, by their number: \(counts)"
            return .undecided(TaskFailure(isTie ? Self.tieClass : Self.noMajorityClass, reason))
        }
        return .decided(result(first, opinions, cast))
    }

    /// What is said, by how many say so, most of them first; of equals who spoke first.
    private var opinions: [Opinion] {
        var opinions: [Opinion] = []
        var places: [String: Int] = [:]
        for vote in votes {
            guard let output = vote.output else { continue }
            let value = compared(output)
            let text = JSONText.canonical(value)
            if let place = places[text] {
                opinions[place].tasks.append(vote.taskID)
            } else {
                places[text] = opinions.count
                opinions.append(Opinion(value: value, tasks: [vote.taskID]))
            }
        }
        return opinions.enumerated().sorted { left, right in
            (-left.element.tasks.count, left.offset) < (-right.element.tasks.count, right.offset)
        }.map(\.element)
    }

    /// The part of an output that counts; a member that is missing counts as null.
    private func compared(_ output: JSONValue) -> JSONValue {
        if rules.members.isEmpty { return output }
        return .object(JSONObject(rules.members.map { ($0, output[$0] ?? .null) }))
    }

    private func result(_ winner: Opinion, _ opinions: [Opinion], _ cast: Int) -> JSONValue {
        // One that is too long, or nested as deeply as an output may be, is read from one of those who said it.
        let isOmitted =
            winner.value.depth >= JSONLimits.stored.depthMax
            || JSONText.canonical(winner.value).utf8.count > TaskLimits.voteResultBytesMax
        var output: JSONObject = [
            "result": isOmitted ? .null : winner.value,
            "votes": .integer(Int64(winner.tasks.count)), "cast": .integer(Int64(cast)),
            "members": .integer(Int64(votes.count)), "quorum": .integer(Int64(rules.quorum)),
            "tally": .array(
                opinions.map { opinion in
                    [
                        "votes": .integer(Int64(opinion.tasks.count)),
                        "tasks": .strings(opinion.tasks.map(\.description)),
                    ]
                }
            ),
        ]
        if isOmitted { output["result_omitted"] = true }
        return .object(output)
    }
}
