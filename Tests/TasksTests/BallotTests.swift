import Basics
import JSON
import Tasks
import Testing

@Suite struct BallotTests {
    private let ids: [UUIDv7] = {
        let generator = UUIDv7Generator(clock: ManualClock(), random: SeededGenerator(seed: 1))
        return (0..<9).map { _ in generator.next() }
    }()

    private func outcome(_ outputs: [JSONValue?], quorum: Int, _ members: [String] = []) -> Ballot.Outcome {
        let votes = zip(ids, outputs).map { Ballot.Vote($0, $1) }
        return Ballot(votes, VoteRules(members: members, quorum: quorum)).outcome
    }

    @Test func moreThanHalfOfThoseWhoVotedDecide() {
        /// The result with how many gave it, or the class of the error.
        func f(_ outputs: [JSONValue?], quorum: Int, on members: [String] = [], _ expected: String) {
            let said =
                switch outcome(outputs, quorum: quorum, members) {
                case .decided(let output):
                    "\(JSONText.compact(output["result"] ?? .null)) \(output["votes"]?.integer ?? 0)"
                case .undecided(let failure): failure.errorClass
                }
            #expect(said == expected, "\(outputs)")
        }
        let (yes, no): (JSONValue, JSONValue) = (["answer": 1], ["answer": 2])
        f([yes, yes, no], quorum: 2, #"{"answer":1} 2"#)
        f([no, yes, yes], quorum: 3, #"{"answer":1} 2"#)
        f([yes, nil, nil], quorum: 1, #"{"answer":1} 1"#)
        f([yes, nil, nil], quorum: 2, "no_quorum")
        f([nil, nil], quorum: 1, "no_quorum")
        f([yes, no], quorum: 2, "tie")
        f([yes, no, nil], quorum: 2, "tie")
        f([yes, yes, no, no], quorum: 2, "tie")
        f([yes, yes, no, [:]], quorum: 2, "no_majority")
        f([yes, yes, no, [:], [:]], quorum: 2, "tie")
        // The order of members means nothing; how a number is written does.
        f([["a": 1, "b": 2], ["b": 2, "a": 1]], quorum: 2, #"{"a":1,"b":2} 2"#)
        // Only what counts is compared; what is missing is null.
        let slow: JSONValue = ["answer": 1, "seconds": 9]
        f([yes, slow], quorum: 2, "tie")
        f([yes, slow], quorum: 2, on: ["answer"], #"{"answer":1} 2"#)
        f([[:], ["answer": .null]], quorum: 2, on: ["answer"], #"{"answer":null} 2"#)
    }

    @Test func theResultSaysWhoVotedHow() {
        guard case .decided(let output) = outcome([["x": 1], ["x": 2], nil, ["x": 1], ["x": 1]], quorum: 3) else {
            Issue.record("undecided")
            return
        }
        let winners = JSONValue.strings([0, 3, 4].map { ids[$0].description })
        #expect(output.depth <= 16)
        #expect(
            output == [
                "result": ["x": 1], "votes": 3, "cast": 4, "members": 5, "quorum": 3,
                "tally": [["votes": 3, "tasks": winners], ["votes": 1, "tasks": .strings([ids[1].description])]],
            ]
        )
        let long: JSONValue = ["x": .string(String(repeating: "x", count: TaskLimits.voteResultBytesMax))]
        // As deep as an output may be: with the result around it, it could not be stored.
        let deep = (1..<16).reduce(["x": 1] as JSONValue) { value, _ in JSONValue.object(["x": value]) }
        for value in [long, deep] {
            guard case .decided(let omitted) = outcome([value, value], quorum: 2) else {
                Issue.record("undecided")
                return
            }
            #expect(omitted["result"] == .null && omitted["result_omitted"] == true)
            #expect(JSONText.compact(omitted).utf8.count < 1000)
        }
    }
}
