internal import JSON

/// The JSON text of an event's data, and back.
enum EventDataCoding {
    /// Deep enough for whatever may be written; the size was bounded then.
    private static let limits = JSONLimits(bytesMax: .max, depthMax: EventLog.dataDepthMax, valuesMax: .max)

    /// - Throws: ``EventError``: `dataTooDeep`, `dataTooLarge`.
    static func encode(_ data: JSONObject) throws(EventError) -> String {
        let value = JSONValue.object(data)
        guard value.depth <= EventLog.dataDepthMax else { throw .dataTooDeep(depthMax: EventLog.dataDepthMax) }
        let text = JSONText.canonical(value)
        guard text.utf8.count <= EventLog.dataBytesMax else {
            throw .dataTooLarge(bytes: text.utf8.count, bytesMax: EventLog.dataBytesMax)
        }
        return text
    }

    static func decode(_ text: String) -> JSONObject? { (try? JSONValue(parsing: text, limits: limits))?.object }
}

/// Why an event could not be appended.
package enum EventError: Error, Hashable, CustomStringConvertible {
    /// The data is longer, as JSON, than `bytesMax`.
    case dataTooLarge(bytes: Int, bytesMax: Int)
    /// The data is nested deeper than `depthMax`.
    case dataTooDeep(depthMax: Int)
    /// There are `subscribersMax` followers already.
    case tooManySubscribers(subscribersMax: Int)

    package var description: String {
        switch self {
        case .dataTooLarge(let bytes, let bytesMax):
            "the event's data has \(bytes) bytes, more than \(bytesMax) (dataBytesMax)"
        case .dataTooDeep(let depthMax): "the event's data is nested deeper than \(depthMax) levels (dataDepthMax)"
        case .tooManySubscribers(let subscribersMax):
            "there are \(subscribersMax) followers of events already (subscribersMax)"
        }
    }
}
