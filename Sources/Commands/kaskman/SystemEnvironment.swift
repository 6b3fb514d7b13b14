import Basics
import Client
import Foundation

extension CommandEnvironment {
    /// The process's own environment.
    static let system = CommandEnvironment(
        variables: ProcessInfo.processInfo.environment,
        fileSystem: DiskFileSystem(),
        clock: SystemClock(),
        write: { StandardStream.write($0, to: STDOUT_FILENO) },
        writeMessage: { StandardStream.write($0, to: STDERR_FILENO) },
        isOutputTerminal: isatty(STDOUT_FILENO) == 1,
        isErrorTerminal: isatty(STDERR_FILENO) == 1,
        width: StandardStream.size.columns,
        height: StandardStream.size.lines,
        readInput: { StandardStream.readAll(bytesMax: $0) },
        ask: { StandardStream.ask($0, isSecret: $1) },
        transport: {
            let transport = HTTPClientTransport(userAgent: "kaskman/\(Kaskman.version)")
            return (transport, { try? await transport.close() })
        },
        uniqueKey: {
            var random = SystemRandomNumberGenerator()
            return (0..<2).map { _ in String(random.next(), radix: 16) }.joined(separator: "-")
        }
    )
}

/// The standard streams and the terminal, by the system's own calls.
enum StandardStream {
    /// Writes everything; when nobody reads any more the process ends quietly, as others do by SIGPIPE.
    static func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                written += count
            } else if errno != EINTR {
                exit(ExitStatus.failed)
            }
        }
    }

    /// The standard input to its end; nil when it is longer.
    static func readAll(bytesMax: Int) -> [UInt8]? {
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = buffer.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return content }
            content += buffer[..<count]
            if content.count > bytesMax { return nil }
        }
    }

    /// The size of the terminal; 80 by 24 when it is not known.
    static var size: (columns: Int, lines: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Asks at the controlling terminal, so that redirected streams do not matter; nil without one.
    static func ask(_ prompt: String, isSecret: Bool) -> String? {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else { return nil }
        defer { close(terminal) }
        write(prompt, to: terminal)
        var saved = termios()
        let isSilenced = isSecret && tcgetattr(terminal, &saved) == 0
        if isSilenced {
            var silent = saved
            silent.c_lflag &= ~tcflag_t(ECHO)
            guard tcsetattr(terminal, TCSAFLUSH, &silent) == 0 else { return nil }
        }
        defer {
            if isSilenced {
                tcsetattr(terminal, TCSAFLUSH, &saved)
                write("\n", to: terminal)
            }
        }
        return line(from: terminal)
    }

    private static let lineBytesMax = 4096

    private static func line(from descriptor: Int32) -> String? {
        var bytes: [UInt8] = []
        while bytes.count < lineBytesMax {
            var byte: UInt8 = 0
            let count = read(descriptor, &byte, 1)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self) }
            if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        return nil
    }
}
