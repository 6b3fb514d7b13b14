/// How large a JSON document may be.
package struct JSONLimits: Hashable, Sendable {
    /// Bytes of the whole document.
    package var bytesMax: Int
    /// Arrays and objects within each other.
    package var depthMax: Int
    /// Values of all kinds in the whole document, since a tree costs more memory than its text.
    package var valuesMax: Int

    package init(bytesMax: Int = 1 << 20, depthMax: Int = 64, valuesMax: Int = 100_000) {
        self.bytesMax = bytesMax
        self.depthMax = depthMax
        self.valuesMax = valuesMax
    }
}

/// Why a document was refused, and at which byte.
package struct JSONSyntaxError: Error, Hashable, CustomStringConvertible {
    package enum Reason: Hashable, Sendable {
        case empty
        case unexpectedByte
        case unexpectedEnd
        case trailingBytes
        case invalidNumber
        case invalidEscape
        case invalidUTF8
        case controlCharacter
        case duplicateName
        case tooLarge(bytesMax: Int)
        case tooDeep(depthMax: Int)
        case tooManyValues(valuesMax: Int)
    }

    package let reason: Reason
    /// Bytes before the fault, from the document's start.
    package let offset: Int
    /// The value that the fault is in or at, as far as it is known: a JSON pointer, empty for the whole document.
    package let pointer: String

    package init(reason: Reason, offset: Int, pointer: String = "") {
        self.reason = reason
        self.offset = offset
        self.pointer = pointer
    }

    package var description: String { "\(words) at byte \(offset)" }

    /// The same fault seen from the array or object that has the faulty value under `token`.
    func inside(_ token: String) -> JSONSyntaxError {
        JSONSyntaxError(reason: reason, offset: offset, pointer: "/" + token + pointer)
    }

    /// The line and the column of the fault in the document that was refused, both from 1; a column is a Unicode scalar.
    package func place(in bytes: some Collection<UInt8>) -> (line: Int, column: Int) {
        var (line, column) = (1, 1)
        for byte in bytes.prefix(offset) {
            if byte == 0x0a {
                line += 1
                column = 1
            } else if byte & 0xc0 != 0x80 {
                column += 1
            }
        }
        return (line, column)
    }

    /// What is wrong, without its place.
    package var words: String {
        switch reason {
        case .empty: "no value"
        case .unexpectedByte: "unexpected character"
        case .unexpectedEnd: "unexpected end"
        case .trailingBytes: "text after the value"
        case .invalidNumber: "invalid number"
        case .invalidEscape: "invalid escape"
        case .invalidUTF8: "invalid UTF-8"
        case .controlCharacter: "unescaped control character"
        case .duplicateName: "a name that the object has already"
        case .tooLarge(let bytesMax): "more than \(bytesMax) bytes"
        case .tooDeep(let depthMax): "more than \(depthMax) levels"
        case .tooManyValues(let valuesMax): "more than \(valuesMax) values"
        }
    }
}
