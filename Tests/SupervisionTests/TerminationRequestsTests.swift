import Testing

@testable import Supervision

@Suite("Requests to end")
struct TerminationRequestsTests {
    @Test("What follows the first signal within a second is the same request; what comes later is a second one")
    func meanings() {
        func f(_ times: [Double], _ expected: [TerminationRequests.Meaning]) {
            var requests = TerminationRequests()
            #expect(times.map { requests.received(at: .seconds($0)) } == expected, "\(times)")
        }
        f([5], [.first])
        f([5, 5, 5.001, 5.999], [.first, .echo, .echo, .echo])
        f([5, 6, 6, 6.5], [.first, .second, .second, .second])
        f([0, 0.5, 1.4], [.first, .echo, .second])
    }
}
