#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where log lines go.
package enum StandardErrorOutput {
    /// Writes a whole line with one call, so that lines of several threads do not mix.
    @Sendable
    package static func write(_ line: [UInt8]) {
        var written = 0
        while written < line.count {
            let count = line.withUnsafeBytes { buffer in
                Glibc.write(STDERR_FILENO, buffer.baseAddress.map { $0 + written }, buffer.count - written)
            }
            // A log that cannot be written must not stop the platform.
            if count < 0 && errno != EINTR { return }
            written += max(0, count)
        }
    }
}
