import Foundation

/// The entry of the process.
@main
enum Main {
    static func main() async {
        let status = await Kaskman.run(Array(CommandLine.arguments.dropFirst()), in: .system)
        exit(status)
    }
}
