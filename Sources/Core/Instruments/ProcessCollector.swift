public import Basics
public import MetricModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The standard `process_*` metrics, read from /proc (Linux).
///
/// Source: the naming of the Prometheus client libraries' process collectors.
public struct ProcessCollector: Collector {
    private let fileSystem: any FileSystem
    private let startTime: Double?

    /// Makes the collector of the running process.
    public init(fileSystem: any FileSystem = DiskFileSystem()) {
        self.fileSystem = fileSystem
        startTime = Self.startTime(fileSystem)
    }

    /// The `process_*` families that are collected.
    public var families: [MetricMetadata] {
        [
            MetricMetadata(
                name: "process_cpu_seconds_total",
                type: .counter,
                help: "Total user and system CPU time spent in seconds."
            ),
            MetricMetadata(
                name: "process_resident_memory_bytes",
                type: .gauge,
                help: "Resident memory size in bytes."
            ),
            MetricMetadata(name: "process_virtual_memory_bytes", type: .gauge, help: "Virtual memory size in bytes."),
            MetricMetadata(name: "process_open_fds", type: .gauge, help: "Number of open file descriptors."),
            MetricMetadata(name: "process_max_fds", type: .gauge, help: "Maximum number of open file descriptors."),
            MetricMetadata(
                name: "process_start_time_seconds",
                type: .gauge,
                help: "Start time of the process since unix epoch in seconds."
            ),
            MetricMetadata(name: "process_threads", type: .gauge, help: "Number of operating system threads."),
        ]
    }

    /// Reads /proc anew; a value that cannot be read is left out.
    public func collect(into output: inout CollectorOutput) {
        if let usage = Self.usage(fileSystem) {
            output.set("process_cpu_seconds_total", usage.cpuSeconds)
            output.set("process_resident_memory_bytes", usage.residentBytes)
            output.set("process_virtual_memory_bytes", usage.virtualBytes)
            output.set("process_threads", usage.threads)
        }
        if let descriptors = try? fileSystem.list("/proc/self/fd") {
            // Listing the directory opens a descriptor of its own.
            output.set("process_open_fds", Double(max(0, descriptors.count - 1)))
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            output.set("process_max_fds", Double(limit.rlim_cur))
        }
        if let startTime { output.set("process_start_time_seconds", startTime) }
    }

    private struct Usage {
        let cpuSeconds: Double
        let threads: Double
        let startTicks: Double
        let virtualBytes: Double
        let residentBytes: Double
    }

    /// Reads /proc/self/stat; the fields follow proc(5), counted from the state behind the command's parenthesis.
    private static func usage(_ fileSystem: any FileSystem) -> Usage? {
        guard let bytes = try? fileSystem.read("/proc/self/stat", bytesMax: 1 << 16),
            let parenthesis = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = String(decoding: bytes[(parenthesis + 1)...], as: UTF8.self).split(separator: " ")
        guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]),
            let threads = Double(fields[17]), let start = Double(fields[19]), let size = Double(fields[20]),
            let pages = Double(fields[21])
        else { return nil }
        let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
        return Usage(
            cpuSeconds: (user + system) / ticksPerSecond,
            threads: threads,
            startTicks: start,
            virtualBytes: size,
            residentBytes: pages * Double(sysconf(Int32(_SC_PAGESIZE)))
        )
    }

    private static func startTime(_ fileSystem: any FileSystem) -> Double? {
        guard let usage = usage(fileSystem), let bytes = try? fileSystem.read("/proc/stat", bytesMax: 1 << 22) else {
            return nil
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("btime ") }), let bootTime = Double(line.dropFirst(6)) else {
            return nil
        }
        return bootTime + usage.startTicks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
