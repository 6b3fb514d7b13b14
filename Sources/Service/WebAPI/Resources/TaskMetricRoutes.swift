import APIModel
import Basics
package import HTTP
import HTTPTypes
import JSON
import MetricModel
import Records
package import Tasks

/// The samples that agents push about running tasks: they enter the time-series store as any series does.
package struct TaskMetricRoutes: Sendable {
    private typealias Shared = ResourceRoutes<ProjectTask>

    private let tasks: TaskRepository
    private let samples: TaskSamples

    package init(tasks: TaskRepository, samples: TaskSamples) {
        self.tasks = tasks
        self.samples = samples
    }

    package var routes: [Route] { [push].map(\.mappingErrors) }

    private var push: Route {
        Route(
            .post,
            Shared.one + "/metrics",
            access: .requires(.tasksWork),
            summary:
                "Push samples of a running attempt, in the Prometheus text format or as JSON with a member samples "
                + "(name, labels, value, at); the server adds the labels project, task and agent.",
            tag: Shared.tag,
            parameters: [ResourceID.parameter, LeaseInput.tokenParameter],
            body: .bytes([.text, .json]),
            responses: [
                ResponseRule(
                    200,
                    "How many samples the store took, and why it did not take others.",
                    json: PushBody.schema
                ),
                Shared.notFound,
                ResponseRule.problem(422, "A metric is the platform's own, or a name or line breaks its rules."),
                LeaseRoutes.leaseLost,
            ],
            rateClass: .work
        ) { request in
            let id = try ResourceID.of(request)
            let claim = try LeaseInput.claim(ofQuery: request)
            let pushed = try PushedSamples.read(request)
            // In the transaction that knows the lease to be good, so that none comes behind the end of its series.
            let outcome = try await tasks.reporting(id, claim) { [samples] task in
                samples.push(pushed, of: task, by: claim.agentID)
            }
            switch outcome {
            case .success(let receipt): return .json(PushBody(receipt))
            case .failure: throw ProblemError(.unavailable, "the time-series store takes no samples")
            }
        }
    }
}

private struct PushBody: JSONWritable {
    static let schema = JSONSchema.object([
        .required("accepted", .integer()),
        .required("rejected", .integer()),
        .required("reasons", .dictionary(.integer(), countMax: 100), "How many samples were not taken, by reason."),
    ])

    private let receipt: TaskSamples.Receipt

    init(_ receipt: TaskSamples.Receipt) { self.receipt = receipt }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("accepted", receipt.accepted)
            json.member("rejected", receipt.refused.values.reduce(0, +))
            json.key("reasons")
            json.object { json in
                for (reason, count) in receipt.refused.sorted(by: { $0.key < $1.key }) { json.member(reason, count) }
            }
        }
    }
}
