/// What permessage-deflate was agreed on with (RFC 7692, 7.1).
struct DeflateAgreement: Hashable {
    /// The window that the client can inflate with, 9 to 15 bits.
    let windowBits: Int

    /// The value of `Sec-WebSocket-Extensions` in the answer: each message is compressed on its own, both ways.
    var field: String {
        let window = windowBits < 15 ? "; server_max_window_bits=\(windowBits)" : ""
        return "permessage-deflate; server_no_context_takeover; client_no_context_takeover\(window)"
    }

    /// Chooses the first offer that can be kept; nil when there is none, and messages go uncompressed.
    static func choosing(from fields: [String]) -> DeflateAgreement? {
        for offer in fields.flatMap({ $0.split(separator: ",") }) {
            if let agreement = DeflateAgreement(offer) { return agreement }
        }
        return nil
    }

    private init?(_ offer: Substring) {
        let parts = offer.split(separator: ";", omittingEmptySubsequences: false).map { Self.trimmed($0) }
        guard parts.first?.lowercased() == "permessage-deflate" else { return nil }
        var windowBits = 15
        var names: Set<String> = []
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(Self.trimmed)
            let name = pair[0].lowercased()
            guard names.insert(name).inserted else { return nil }
            switch name {
            case "server_no_context_takeover", "client_no_context_takeover": guard pair.count == 1 else { return nil }
            case "client_max_window_bits":
                // Whatever the client keeps to, a window of 15 bits inflates.
                if pair.count == 2, Self.bits(pair[1]) == nil { return nil }
            case "server_max_window_bits":
                // zlib has no raw window of 8 bits.
                guard pair.count == 2, let bits = Self.bits(pair[1]), bits > 8 else { return nil }
                windowBits = bits
            default: return nil
            }
        }
        self.windowBits = windowBits
    }

    private static func bits(_ text: Substring) -> Int? {
        var text = text
        if text.utf8.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") { text = text.dropFirst().dropLast() }
        guard text.utf8.allSatisfy({ (48...57).contains($0) }), !text.hasPrefix("0"), let bits = Int(text),
            (8...15).contains(bits)
        else { return nil }
        return bits
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
