/// JSON pointers (RFC 6901).
package enum JSONPointer {
    /// A name as one token: `~` is written `~0` and `/` is written `~1`.
    package static func token(_ name: some Sequence<Unicode.Scalar>) -> String {
        var token = ""
        for scalar in name {
            switch scalar {
            case "~": token += "~0"
            case "/": token += "~1"
            default: token.unicodeScalars.append(scalar)
            }
        }
        return token
    }
}
