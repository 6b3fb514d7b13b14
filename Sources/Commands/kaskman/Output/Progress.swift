/// A line on the terminal that says how far long work is; nothing where the standard error is no terminal.
struct Progress {
    private let environment: CommandEnvironment

    init(_ environment: CommandEnvironment) { self.environment = environment }

    /// Shows a text in place of the one before.
    func show(_ text: String) {
        guard environment.isErrorTerminal else { return }
        let visible = TextTable.visible(text).prefix(max(1, environment.width - 1))
        environment.writeMessage("\r\u{1b}[K\(visible)")
    }

    /// Takes the line away, so that what follows stands clean.
    func clear() {
        if environment.isErrorTerminal { environment.writeMessage("\r\u{1b}[K") }
    }
}
