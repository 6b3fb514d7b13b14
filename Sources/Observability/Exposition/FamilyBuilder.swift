import MetricModel

/// The parts of one sample line, apart from its name.
struct ParsedSample {
    var labels: [(name: [UInt8], value: [UInt8])] = []
    var value = 0.0
    var timestamp: Int64?
}

/// Puts sample lines together to families, summaries and histograms.
struct FamilyBuilder {
    /// A member of a family while its page is read: changed in place, so that a page's size costs linear time.
    struct Member {
        let labels: [Label]
        var value = 0.0
        var count: Double?
        var sum: Double?
        /// Quantiles or buckets: what the structure label says, and the value.
        var points: [(position: Double, value: Double)] = []
        var timestamp: Int64?
    }

    /// A family while its page is read.
    struct Draft {
        let name: [UInt8]
        var help: String?
        var type: ExpositionType?
        var members: [Member] = []
        /// Of summaries and histograms: where the member with these labels stands.
        var positions: [[[UInt8]]: Int] = [:]
    }

    /// What a line of a summary or histogram says.
    private enum Part {
        case member, sum, count
    }

    private var drafts: [Draft] = []
    private var indexOf: [[UInt8]: Int] = [:]
    private var currentIndex = 0
    private var part = Part.member

    /// The family that was entered last.
    var current: Draft { drafts[currentIndex] }

    /// The families that have samples.
    var families: [ExpositionFamily] {
        drafts.filter { !$0.members.isEmpty }.map { draft in
            let type = draft.type ?? .untyped
            return ExpositionFamily(
                name: String(decoding: draft.name, as: UTF8.self),
                help: draft.help,
                type: type,
                metrics: draft.members.map { Self.metric($0, type) }
            )
        }
    }

    private static func metric(_ member: Member, _ type: ExpositionType) -> ExpositionMetric {
        let value: ExpositionMetric.Value
        switch type {
        case .counter, .gauge, .untyped: value = .single(member.value)
        case .summary:
            let quantiles = member.points.map { ExpositionSummary.Quantile(quantile: $0.position, value: $0.value) }
            value = .summary(ExpositionSummary(count: member.count, sum: member.sum, quantiles: quantiles))
        case .histogram, .gaugeHistogram:
            let buckets = member.points.map {
                ExpositionHistogram.Bucket(upperBound: $0.position, cumulativeCount: $0.value)
            }
            value = .histogram(ExpositionHistogram(count: member.count, sum: member.sum, buckets: buckets))
        }
        return ExpositionMetric(labels: member.labels, value: value, timestamp: member.timestamp)
    }

    mutating func setHelp(_ text: [UInt8]) {
        drafts[currentIndex].help = String(decoding: text, as: UTF8.self)
    }

    mutating func setType(_ type: ExpositionType) {
        drafts[currentIndex].type = type
    }

    /// Enters the family that a sample of this name belongs to; without a TYPE line it is untyped from then on.
    mutating func enterFamily(forSample name: [UInt8]) {
        enterFamily(name)
        if drafts[currentIndex].type == nil { drafts[currentIndex].type = .untyped }
    }

    /// Enters the family of this name, or the summary or histogram of which it is a part, or a new one.
    mutating func enterFamily(_ name: [UInt8]) {
        part = .member
        if let index = indexOf[name] {
            currentIndex = index
            return
        }
        if let stem = Self.stem(of: name, "_count"), enter(stem, as: .count) { return }
        if let stem = Self.stem(of: name, "_sum"), enter(stem, as: .sum) { return }
        if let stem = Self.stem(of: name, "_bucket"), enter(stem, as: .member) { return }
        drafts.append(Draft(name: name))
        currentIndex = drafts.count - 1
        indexOf[name] = currentIndex
    }

    private static func stem(of name: [UInt8], _ suffix: String) -> [UInt8]? {
        let length = suffix.utf8.count
        guard name.count > length, name.suffix(length).elementsEqual(suffix.utf8) else { return nil }
        return Array(name.dropLast(length))
    }

    private mutating func enter(_ stem: [UInt8], as newPart: Part) -> Bool {
        guard let index = indexOf[stem], let type = drafts[index].type else { return false }
        guard type.hasBuckets || (type == .summary && newPart != .member) else { return false }
        currentIndex = index
        part = newPart
        return true
    }

    /// Adds a sample to the current family.
    mutating func add(_ sample: ParsedSample, _ scanner: PageScanner) throws(ExpositionError) {
        let type = drafts[currentIndex].type ?? .untyped
        switch type {
        case .counter, .gauge, .untyped:
            var member = Member(labels: Self.labels(sample.labels), value: sample.value)
            member.timestamp = sample.timestamp
            drafts[currentIndex].members.append(member)
        case .summary: try addPart(of: sample, structure: Label.quantile, isHistogram: false, scanner)
        case .histogram, .gaugeHistogram:
            try addPart(of: sample, structure: Label.bucketBound, isHistogram: true, scanner)
        }
    }

    private mutating func addPart(
        of sample: ParsedSample,
        structure: String,
        isHistogram: Bool,
        _ scanner: PageScanner
    ) throws(ExpositionError) {
        let position = try number(in: structure, of: sample, scanner)
        if isHistogram && sample.value < 0 && (part == .count || (part == .member && position != nil)) {
            let what = part == .count ? "negative count" : "negative bucket population"
            let family = GoText.quote(drafts[currentIndex].name)
            throw scanner.failure(.negativeCount, "\(what) for histogram \(family)")
        }
        let index = memberIndex(sample, without: structure)
        switch part {
        case .count: drafts[currentIndex].members[index].count = sample.value
        case .sum: drafts[currentIndex].members[index].sum = sample.value
        case .member:
            if let position { drafts[currentIndex].members[index].points.append((position, sample.value)) }
        }
        if let timestamp = sample.timestamp { drafts[currentIndex].members[index].timestamp = timestamp }
    }

    /// The number in the label that is structure; nil when it is missing or NaN, which names no quantile and no bucket.
    private func number(
        in name: String,
        of sample: ParsedSample,
        _ scanner: PageScanner
    ) throws(ExpositionError) -> Double? {
        guard let label = sample.labels.first(where: { $0.name.elementsEqual(name.utf8) }) else { return nil }
        guard let number = NumberText.parse(label.value) else {
            let found = GoText.quote(label.value)
            throw scanner.failure(.invalidLabel, "expected float as value for '\(name)' label, got \(found)")
        }
        return number.isNaN ? nil : number
    }

    /// The position of the member with the sample's labels, which is made when there is none.
    private mutating func memberIndex(_ sample: ParsedSample, without structure: String) -> Int {
        let labels = sample.labels.filter { !$0.name.elementsEqual(structure.utf8) }
        let sorted = labels.sorted { $0.name.lexicographicallyPrecedes($1.name) }
        let key = sorted.flatMap { [$0.name, $0.value] }
        if let index = drafts[currentIndex].positions[key] { return index }
        let index = drafts[currentIndex].members.count
        drafts[currentIndex].positions[key] = index
        drafts[currentIndex].members.append(Member(labels: Self.labels(labels)))
        return index
    }

    private static func labels(_ labels: [(name: [UInt8], value: [UInt8])]) -> [Label] {
        labels.map { Label(String(decoding: $0.name, as: UTF8.self), String(decoding: $0.value, as: UTF8.self)) }
    }
}
