package import Basics
internal import Database

/// Someone who may log in.
package struct User: Hashable, Sendable {
    package let id: UUIDv7
    /// As it was written when the user was made; compared without regard to case.
    package let username: String
    package let displayName: String
    package let roles: Set<Role>
    package let isActive: Bool
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
    /// Grows with each change.
    package let version: Int64
    let passwordHash: String

    init(_ row: SQLRow) throws(DatabaseError) {
        id = try row.id("id")
        username = try row.text("username")
        displayName = try row.text("display_name")
        // A role that a newer server wrote and this one does not know gives no permission.
        roles = Set(try row.text("roles").split(separator: ",").compactMap { Role(rawValue: String($0)) })
        isActive = try row.bool("active")
        createdAt = try row.timestamp("created_at")
        updatedAt = try row.timestamp("updated_at")
        version = try row.integer("version")
        passwordHash = try row.text("password_hash")
    }
}

/// The limits of a user's fields.
package enum UserLimits {
    package static let usernameLengthMax = 64
    package static let displayNameLengthMax = 200
    /// The most users on a page; a larger limit is cut to it.
    package static let pageUsersMax = 500

    /// The form in which names are compared; nil for what cannot be a name.
    static func key(of username: String) -> String? {
        guard (1...usernameLengthMax).contains(username.utf8.count) else { return nil }
        let isClean = username.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "@"),
                UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return isClean ? username.lowercased() : nil
    }
}

/// A user who is about to be made.
package struct NewUser: Sendable {
    package var username: String
    /// The user name when empty.
    package var displayName: String
    package var roles: Set<Role>
    package var password: String

    package init(username: String, displayName: String = "", roles: Set<Role>, password: String) {
        self.username = username
        self.displayName = displayName
        self.roles = roles
        self.password = password
    }
}

/// What is to be changed about a user; nil leaves a field as it is.
package struct UserChange: Sendable {
    package var displayName: String?
    package var roles: Set<Role>?
    package var isActive: Bool?

    package init(displayName: String? = nil, roles: Set<Role>? = nil, isActive: Bool? = nil) {
        self.displayName = displayName
        self.roles = roles
        self.isActive = isActive
    }
}

/// A part of the list of users, by name.
package struct UserPage: Sendable {
    package let users: [User]
    /// What to hand in for the next page; nil on the last.
    package let next: String?
}
