/// A function in a box, for places that are generic over what they hold.
///
/// A generic container such as a `Mutex` wraps a bare function once more each time that it is read in place, and each call then
/// goes through all of the wrappings: after a million reads that is a million calls. The box is wrapped once.
///
/// Concurrency: whatever the function allows.
public struct Callback<Argument>: Sendable {
    private let body: @Sendable (Argument) -> Void

    /// Boxes a function.
    public init(_ body: @escaping @Sendable (Argument) -> Void) { self.body = body }

    /// Calls it.
    public func callAsFunction(_ argument: Argument) { body(argument) }
}

extension Callback<Void> {
    /// Calls it.
    public func callAsFunction() { body(()) }
}
