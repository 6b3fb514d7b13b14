import Foundation
import Supervision

/// One line of the fault matrix: a real fault of a component, and the rule that tells of it.
struct FaultRow: Sendable {
    let component: ComponentKind
    /// The fault in words.
    let fault: String
    /// The alert of the component's own rule file.
    let rule: String
    /// Alerts of other components that the same fault must raise, each with its reason in the row's comment.
    var consequences: Set<String> = []
    /// Further alerts of the component's own that the fault must raise.
    var alsoOwn: Set<String> = []
    /// Settings that bring the fault within reach of a test.
    var settings: [String: String] = [:]
    /// A rule file beside the shipped ones.
    var rules = ""
    /// Makes ready what the fault needs, in the folder of a server that has not started yet.
    ///
    /// Throws ``NotRun`` when this machine refuses it.
    var prepare: @Sendable (TemporaryFolder) async throws -> Void = { _ in }
    /// Takes away what ``prepare`` made, after the server has ended.
    var cleanUp: @Sendable (TemporaryFolder) async throws -> Void = { _ in }
    /// Breaks the thing, again and again if need be, until the task is cancelled, and then mends it.
    let cause: @Sendable (FaultScene) async throws -> Void
}

/// What a fault can lay hands on.
struct FaultScene: Sendable {
    let server: Server
    let folder: TemporaryFolder
    /// The receiver of all alerts but those of the notifier, which another one gets.
    let receiver: WebhookReceiver
}

/// Why a fault cannot be caused on this machine.
struct NotRun: Error {
    let reason: String
}

/// What was seen of one row.
struct FaultRecord: Sendable {
    let row: FaultRow
    var pending: Duration?
    var firing: Duration?
    var noticed: Duration?
    /// When Debian's Prometheus with the same rules had the same set of firing alerts.
    var agreed: Duration?
    var resolved: Duration?
    /// Names of all alerts that fired.
    var fired: Set<String> = []
    var problems: [String] = []
    /// Why the row was not run; nil when it was.
    var notRun: String?

    /// A line of the matrix.
    var line: String {
        func seconds(_ duration: Duration?) -> String {
            guard let duration else { return "-" }
            return String(
                format: "%.1f s",
                Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
            )
        }
        if let notRun { return "| \(row.component.rawValue) | \(row.fault) | \(row.rule) | **not run: \(notRun)** |" }
        let cells = [
            row.component.rawValue, row.fault, row.rule, seconds(pending), seconds(firing), seconds(noticed),
            seconds(agreed),
            seconds(resolved),
            fired.subtracting([row.rule]).sorted().joined(separator: " "),
        ]
        return "| " + cells.joined(separator: " | ") + " |"
    }

    static let head =
        "| component | fault | rule | pending after | firing after | notice after | same in Prometheus after "
        + "| resolved after | also fired |\n"
        + "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
}
