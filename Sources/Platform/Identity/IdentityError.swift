/// Why an operation on identities was refused.
package enum IdentityError: Error, Hashable, CustomStringConvertible {
    /// Name or password is wrong, or the user is not active: the same answer for all three.
    case invalidCredentials
    /// Too many failures; whether the name exists is not told.
    case lockedOut(retryAfter: Duration)
    /// Too many passwords are being checked.
    case overloaded(waitersMax: Int)
    case password(PasswordError)
    case invalidUsername(String)
    case usernameTaken(String)
    case userNotFound
    /// Someone else changed the user meanwhile.
    case versionConflict(current: Int64)
    /// The change would leave nobody who may administrate.
    case lastAdministrator
    /// A user needs at least one role; agents get theirs with their token.
    case invalidRoles(String)
    /// The display name is longer than ``UserLimits/displayNameLengthMax`` characters, or has control characters.
    case invalidDisplayName

    package var description: String {
        switch self {
        case .invalidCredentials: "the user name or the password is wrong"
        case .lockedOut(let retryAfter):
            "too many failed logins; try again in \(max(1, Int(retryAfter.components.seconds))) s"
        case .overloaded(let waitersMax):
            "\(waitersMax) passwords are waiting to be checked already (passwordWaitersMax)"
        case .password(let error): "\(error)"
        case .invalidUsername(let name):
            "'\(name)' is no user name: 1 to \(UserLimits.usernameLengthMax) letters, digits, '.', '_', '@' or '-'"
        case .usernameTaken(let name): "there is a user '\(name)' already"
        case .userNotFound: "there is no such user"
        case .versionConflict(let current): "the user was changed meanwhile; its version is \(current)"
        case .lastAdministrator: "the last active administrator must stay one"
        case .invalidRoles(let reason): reason
        case .invalidDisplayName:
            "a display name is one line of at most \(UserLimits.displayNameLengthMax) characters"
        }
    }
}

/// Why a password cannot be set.
package enum PasswordError: Error, Hashable, CustomStringConvertible {
    /// bcrypt reads the first 72 bytes only; a longer password would silently be cut.
    case tooLong(bytes: Int)
    case tooShort(length: Int)
    /// bcrypt ends at a zero byte.
    case containsNUL
    case sameAsUsername

    package var description: String {
        switch self {
        case .tooLong(let bytes):
            "the password has \(bytes) bytes; at most \(PasswordPolicy.bytesMax) are possible"
        case .tooShort(let length):
            "the password has \(length) characters; at least \(PasswordPolicy.lengthMin) are needed"
        case .containsNUL: "the password contains a zero character"
        case .sameAsUsername: "the password is the user name"
        }
    }
}

/// Why a token was refused; the raw values are the values of the metric label `reason`.
package enum TokenError: String, Error, Hashable, CaseIterable, CustomStringConvertible {
    /// It is longer than any token of ours.
    case tooLong = "too_long"
    case malformed
    /// Its algorithm is not the one we sign with; `none` in particular.
    case wrongAlgorithm = "wrong_algorithm"
    case unknownKey = "unknown_key"
    case badSignature = "bad_signature"
    case wrongIssuer = "wrong_issuer"
    case wrongAudience = "wrong_audience"
    case expired
    case notYetValid = "not_yet_valid"
    /// No such token was ever handed out, or it was removed.
    case unknown
    /// Its session was ended.
    case revoked
    /// It was exchanged before; its session is ended now.
    case reused
    /// Its user is gone or not active.
    case inactiveUser = "inactive_user"

    package var description: String {
        switch self {
        case .tooLong: "the token is too long"
        case .malformed: "the token is malformed"
        case .wrongAlgorithm: "the token's algorithm is not accepted"
        case .unknownKey: "the token's key is unknown"
        case .badSignature: "the token's signature is wrong"
        case .wrongIssuer: "the token was issued by someone else"
        case .wrongAudience: "the token is meant for someone else"
        case .expired: "the token has expired"
        case .notYetValid: "the token is not valid yet"
        case .unknown: "the token is unknown"
        case .revoked: "the session was ended"
        case .reused: "the token was used before; the session was ended"
        case .inactiveUser: "the user is not active"
        }
    }
}
