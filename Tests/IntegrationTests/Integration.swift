import Testing

/// Real processes on real ports; one after the other, since they would take each other's time.
@Suite("Integration", .serialized)
enum Integration {}
