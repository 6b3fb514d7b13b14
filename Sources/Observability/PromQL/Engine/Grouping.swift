import MetricModel

/// To which group each series of an aggregation belongs.
struct Grouping {
    /// The group of each series.
    var groups: [Int] = []
    /// The labels of each group.
    var labels: [Labels] = []
    /// Whether a series of the group gives up its name when the query ends.
    var dropsName: [Bool] = []

    init(_ series: [VectorSeries], by names: [String], isWithout: Bool) {
        let selection = LabelSelection(names, isKept: !isWithout)
        var indexByLabels: [Labels: Int] = [:]
        groups.reserveCapacity(series.count)
        for one in series {
            let key = selection(one.labels)
            let group: Int
            if let index = indexByLabels[key] {
                group = index
            } else {
                group = labels.count
                indexByLabels[key] = group
                labels.append(key)
                dropsName.append(false)
            }
            groups.append(group)
            if one.dropsName { dropsName[group] = true }
        }
    }

    /// The series of each group.
    var members: [[Int]] {
        var members = [[Int]](repeating: [], count: labels.count)
        for (series, group) in groups.enumerated() { members[group].append(series) }
        return members
    }
}

/// The labels that matter to a group or a match: some, or all but some and the metric name.
struct LabelSelection {
    private let names: [[UInt8]]
    private let isKept: Bool

    init(_ names: [String], isKept: Bool) {
        var bytes = names.map { Array($0.utf8) }
        if !isKept { bytes.append(MetadataLabels.name) }
        self.names = bytes
        self.isKept = isKept
    }

    func callAsFunction(_ labels: Labels) -> Labels {
        isKept && names.isEmpty ? .empty : labels.selecting(names, isKept: isKept)
    }
}
