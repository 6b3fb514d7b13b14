import Foundation

/// Builds and runs the peers written in Go, against Debian's packages of their libraries.
struct GoPeer {
    /// The folder with a program a peer.
    let folder: String
    /// Where the programs are built.
    let buildFolder: String

    /// What a peer's program prints, by name; empty when Go or the library is missing.
    func figures(_ name: String) -> [String: Double] {
        let program = "\(buildFolder)/\(name)"
        let environment = ["GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": ""]
        guard
            Command.output("/usr/bin/env", ["go", "build", "-o", program, "\(folder)/\(name)/main.go"], environment)
                != nil,
            let text = Command.output(program, [])
        else { return [:] }
        return Command.figures(text)
    }
}

/// Runs a program to its end.
enum Command {
    /// What it printed; nil when it cannot be run or fails.
    static func output(_ path: String, _ arguments: [String], _ environment: [String: String] = [:]) -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        guard (try? process.run()) != nil else { return nil }
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
    }

    /// The figures that a program has printed, a line each: its name and the number.
    ///
    /// Lines that begin with `#` are notes.
    static func figures(_ text: String) -> [String: Double] {
        var figures: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(separator: " ")
            if words.count == 2, let value = Double(words[1]) { figures[String(words[0])] = value }
        }
        return figures
    }
}
