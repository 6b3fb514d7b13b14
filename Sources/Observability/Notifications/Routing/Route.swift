public import MetricModel

/// How the alerts of a route are grouped and when its receiver hears of them.
public struct RouteOptions: Sendable, Equatable {
    /// The name of the receiver that is told.
    public var receiver = ""
    /// Sorted; ignored when ``groupsByAll``.
    public var groupBy: [String] = []
    /// Whether every distinct label set is a group of its own (`...`).
    public var groupsByAll = false
    /// How long a new group waits for further alerts.
    public var groupWait = Duration.seconds(30)
    /// How long after a notification changes of the group are sent at the earliest; also the time a delivery may take.
    public var groupInterval = Duration.seconds(300)
    /// How long until a notification that did not change is sent again; looked at every `groupInterval`.
    public var repeatInterval = Duration.seconds(4 * 3600)
    /// The route's labels with those above it.
    public var labels: [String: String] = [:]

    /// Makes the options that the root has before its own are read.
    public init() {}
}

/// A node of the routing tree, with what it inherited.
public struct Route: Sendable, Equatable {
    /// Distinguishes routes with equal matchers: `{}/{a="b"}/0`.
    public let id: String
    /// The matchers from the root down: `{}/{a="b"}`; part of the group keys that receivers see.
    public let key: String
    /// What an alert's labels must all fit; none fits every alert.
    public let matchers: [AlertMatcher]
    /// The route's options, with what it inherited filled in.
    public let options: RouteOptions
    /// Whether later siblings are looked at although this one matched.
    public let continues: Bool
    /// The routes below, in the order of the file.
    public let routes: [Route]

    /// The deepest routes that alerts with these labels take, in the order of the file.
    public func matching(_ labels: Labels) -> [Route] {
        guard matchers.allSatisfy({ $0.matches(labels) }) else { return [] }
        var all: [Route] = []
        for route in routes {
            let found = route.matching(labels)
            all += found
            if !found.isEmpty, !route.continues { break }
        }
        return all.isEmpty ? [self] : all
    }

    /// This route and all below it, parents first.
    public var walk: [Route] { [self] + routes.flatMap(\.walk) }

    /// The labels that name an alert's group under this route.
    public func groupLabels(of labels: Labels) -> Labels {
        options.groupsByAll ? labels : labels.selecting(options.groupBy.map { Array($0.utf8) }, isKept: true)
    }
}
