/// What a new password must be like.
package enum PasswordPolicy {
    /// The most bytes, in UTF-8, that bcrypt reads.
    package static let bytesMax = 72
    /// The fewest characters of a new password.
    package static let lengthMin = 10

    /// Checks a password that someone wants to set.
    /// - Throws: ``PasswordError``.
    package static func check(_ password: String, username: String) throws(PasswordError) {
        guard isHashable(password) else {
            if password.utf8.contains(0) { throw .containsNUL }
            throw .tooLong(bytes: password.utf8.count)
        }
        guard password.count >= lengthMin else { throw .tooShort(length: password.count) }
        guard password.lowercased() != username.lowercased() else { throw .sameAsUsername }
    }

    /// Whether bcrypt reads the password as a whole.
    static func isHashable(_ password: String) -> Bool {
        password.utf8.count <= bytesMax && !password.utf8.contains(0)
    }
}
