/// Something that a caller may be allowed to do, as a word such as `projects.write`.
///
/// This module gives the words no meaning; the ``Principal`` says which of them it has.
package struct Permission: RawRepresentable, Hashable, Sendable {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }
}

/// Who may call a route.
///
/// Every route has one, so that none is open by omission.
package enum Access: Hashable, Sendable {
    /// Anyone; credentials are not looked at.
    case everyone
    /// Anyone who has signed in.
    case authenticated
    /// Those with a permission.
    case requires(Permission)
}

/// The caller of a request, once known.
package protocol Principal: Sendable {
    /// Tells callers apart, for limits; never a secret.
    var id: String { get }

    /// What the access log calls the caller.
    var name: String { get }

    /// Whether the caller has a permission.
    func allows(_ permission: Permission) -> Bool
}
