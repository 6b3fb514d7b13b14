import MetricModel

/// A family whose label names are known at run time only: what libraries report through swift-metrics.
final class DynamicFamily<Child: AnyObject & Sendable>: Sendable {
    private let table = ChildTable<[Label], Child>()
    private let source: FamilySource<Child>
    private let seriesMax: Int

    init(source: FamilySource<Child>, seriesMax: Int) {
        self.source = source
        self.seriesMax = seriesMax
    }

    /// The child with these labels, or the overflow child when the family is full.
    subscript(labels: DynamicLabels) -> Child {
        if let child = table.find(labels.labels) { return child }
        let made = table.findOrInsert(labels.labels, countMax: seriesMax) { source.makeChild(labels: labels.labels) }
        if let made { return made.child }
        source.countOverflow()
        let overflow = labels.names.map { Label($0, "overflow") }
        // The overflow child has the one place beyond the ceiling.
        let child = table.findOrInsert(overflow, countMax: seriesMax + 1) { source.makeChild(labels: overflow) }
        guard let child else { preconditionFailure("BUG: no room for the overflow child of \(source.metadata.name)") }
        return child.child
    }
}

extension Registry {
    func dynamicCounter(_ name: String, help: String, _ labels: DynamicLabels) -> Counter {
        dynamicFamily(MetricMetadata(name: name, type: .counter, help: help), kind: .counter, labels)[labels]
    }

    func dynamicGauge(_ name: String, help: String, _ labels: DynamicLabels) -> Gauge {
        dynamicFamily(MetricMetadata(name: name, type: .gauge, help: help), kind: .gauge, labels)[labels]
    }

    func dynamicHistogram(_ name: String, help: String, buckets: [Double], _ labels: DynamicLabels) -> Histogram {
        let metadata = MetricMetadata(name: name, type: .histogram, help: help)
        return dynamicFamily(metadata, kind: .histogram(upperBounds: buckets), labels)[labels]
    }
}
