package import Basics
package import Database
package import Events
package import Instruments
package import JSON

/// A version of something that people or agents keep in the platform: a project, an agent.
///
/// A resource says here what is its own; ``RecordStore`` gives it identifiers, versions, soft deletion, pages, metrics
/// and one event a change.
package protocol Record: Hashable, Sendable {
    /// The kinds of change.
    associatedtype Change: RecordChange
    /// What the resource's repository does.
    associatedtype Operation: MetricLabel, CaseIterable
    /// What only this resource refuses.
    associatedtype Refusal: RecordRefusal

    static var table: RecordTable { get }
    /// What its events are about.
    static var subject: EventSubject { get }

    /// Reads a row of the table's columns; further columns behind them are left alone.
    /// - Throws: ``DatabaseError`` with the code `decoding` when the row holds what this program never writes.
    init(_ row: SQLRow) throws(DatabaseError)

    var id: UUIDv7 { get }
    var name: String { get }
    /// Grows by one with each change, from 1.
    var version: Int64 { get set }

    /// The values of the table's changeable columns, in their order.
    var changeable: [SQLValue] { get }
    /// The values of the table's further columns, in their order.
    var constant: [SQLValue] { get }
    /// The items of the table's sets, in their order.
    var sets: [Set<String>] { get }
    /// What an event says of it: values by their names in the API.
    var eventValues: [(String, JSONValue)] { get }
    /// Whether no change changes its sets, so that none has to look whether they did.
    static var hasConstantSets: Bool { get }
}

extension Record {
    package static var hasConstantSets: Bool { false }
}

/// The kinds of change of a resource; the raw values are the values of the metric label `change`.
package protocol RecordChange: MetricLabel, CaseIterable {
    static var deleted: Self { get }
    var eventKind: EventKind { get }
}

extension RecordChange {
    package static var name: String { "change" }
}

/// Who asked for a change, and in which request.
package struct ChangeOrigin: Hashable, Sendable {
    package let actor: EventActor
    /// The request's name in the logs.
    package let requestID: String?

    package init(_ actor: EventActor, requestID: String? = nil) {
        self.actor = actor
        self.requestID = requestID
    }

    /// The text that a record keeps of its maker.
    package var actorID: String { actor.id ?? actor.kind }

    /// The text that tells all actors apart.
    package var actorKey: String { "\(actor.kind):\(actor.id ?? "")" }
}

extension NewEvent {
    /// The event of a change: the name and version, and for each changed field its value before and after.
    init<R: Record>(_ change: R.Change, from old: R?, to new: R, _ origin: ChangeOrigin) {
        var data: JSONObject = ["name": .string(new.name), "version": .integer(new.version)]
        if change != .deleted {
            let values = new.eventValues
            let before = old?.eventValues ?? []
            var changes: [(String, JSONValue)] = []
            for (place, (name, after)) in values.enumerated() {
                // Nearly always in the same place: only what a change adds moves the others.
                let isInPlace = place < before.count && before[place].0 == name
                let earlier = isInPlace ? before[place].1 : before.first { $0.0 == name }?.1 ?? .null
                if earlier == after { continue }
                changes.append((name, ["before": .forEvent(earlier), "after": .forEvent(after)]))
            }
            data["changes"] = .object(JSONObject(changes))
        }
        self.init(
            change.eventKind,
            subject: R.subject,
            id: new.id.description,
            by: origin.actor,
            requestID: origin.requestID,
            data: data
        )
    }
}

extension JSONValue {
    /// The longest JSON of one value in an event, in bytes: an event of all fields stays within its own limit.
    package static let eventBytesMax = 1500
    /// What is kept of a longer one.
    package static let eventPrefixBytes = 400

    /// The value; one that is too long for an event as the beginning of its JSON and its size.
    package static func forEvent(_ value: JSONValue) -> JSONValue {
        if value.isShort { return value }
        let text = JSONText.canonical(value)
        guard text.utf8.count > eventBytesMax else { return value }
        let prefix = String(decoding: text.utf8.prefix(eventPrefixBytes), as: UTF8.self)
        return ["truncated": .string(prefix), "bytes": .integer(Int64(text.utf8.count))]
    }
}

extension JSONValue {
    /// Whether its JSON is short enough for an event, as can be told without writing it.
    fileprivate var isShort: Bool {
        switch self {
        case .null, .boolean: true
        // At the worst each byte is written as six, between two marks.
        case .string(let text): text.utf8.count * 6 + 2 <= Self.eventBytesMax
        case .number, .array, .object: false
        }
    }
}
