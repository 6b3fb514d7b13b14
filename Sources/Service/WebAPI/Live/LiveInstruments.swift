import Instruments

/// The metrics `kaskman_live_*` of what is streamed; those of the streams themselves are ``HTTP/StreamInstruments``.
struct LiveInstruments: Sendable {
    let position: Gauge
    let delay: Histogram
    let pages: Counter
    let failedPages: Counter
    let lagged: Counter
    let gaps: Counter
    let dropped: Counter

    init(_ registry: Registry) {
        position = registry.gauge(
            "kaskman_live_position",
            help: "Position in the event log up to which events were handed to live clients."
        )
        delay = registry.histogram(
            "kaskman_live_delivery_delay_seconds",
            help: "Time from an event to its handing over to a client that is up to date, in seconds."
        )
        pages = registry.counter(
            "kaskman_live_catch_up_pages_total",
            help: "Pages of the event log read for clients that were behind."
        )
        failedPages = registry.counter(
            "kaskman_live_catch_up_failures_total",
            help: "Pages of the event log that could not be read for clients that were behind."
        )
        lagged = registry.counter(
            "kaskman_live_lagged_total",
            help: "How often a client fell so far behind that it had to be served from the database."
        )
        gaps = registry.counter(
            "kaskman_live_gaps_total",
            help: "How often a client was told that events were removed by age before it got them."
        )
        dropped = registry.counter(
            "kaskman_live_dropped_total",
            help: "Messages with figures of the moment that were not sent to clients with a full queue."
        )
    }
}
