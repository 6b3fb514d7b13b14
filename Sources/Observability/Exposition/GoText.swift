import MetricModel

/// Bytes in messages as Go's `%q` writes them, so that messages read as upstream's.
enum GoText {
    /// In double quotes; bytes that are no UTF-8 as `\xNN`.
    static func quote(_ bytes: some Sequence<UInt8>) -> String {
        var quoted = ""
        var decoder = Unicode.UTF8.ForwardParser()
        let bytes = Array(bytes)
        var position = 0
        var iterator = bytes.makeIterator()
        while true {
            switch decoder.parseScalar(from: &iterator) {
            case .valid(let encoded):
                position += encoded.count
                quoted += QuotedText.quote(String(Unicode.UTF8.decode(encoded))).dropFirst().dropLast()
            case .error(let length):
                for byte in bytes[position..<min(bytes.count, position + length)] {
                    quoted += "\\x" + hexadecimal(byte)
                }
                position += length
            case .emptyInput:
                return "\"" + quoted + "\""
            }
        }
    }

    /// A byte as a character in single quotes.
    static func character(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "'"): "'\\''"
        case UInt8(ascii: "\""): "'\"'"
        default: "'" + QuotedText.quote(String(Unicode.Scalar(byte))).dropFirst().dropLast() + "'"
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}
