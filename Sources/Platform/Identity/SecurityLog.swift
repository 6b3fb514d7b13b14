internal import Logging

/// What an operator must see though nobody looks at the activities: that accounts are attacked.
///
/// Names stand in it only when there is such a user, since people type passwords into the field for names.
struct SecurityLog: Sendable {
    let logger: Logger

    /// So many logins failed that the name or the network is locked for a while.
    func lockedOut(_ user: User?, from address: String, requestID: String?) {
        logger.warning(
            "logins are locked out after too many failures",
            metadata: fields(user, address, requestID)
        )
    }

    /// A refresh token was presented again, and its session was ended: one of the two who had it has stolen it.
    func reused(_ user: User?, from address: String?, requestID: String?) {
        logger.warning(
            "a refresh token was used twice, its session is ended",
            metadata: fields(user, address, requestID)
        )
    }

    private func fields(_ user: User?, _ address: String?, _ requestID: String?) -> Logger.Metadata {
        var fields: Logger.Metadata = [:]
        if let user { fields["user"] = "\(user.username)" }
        if let address { fields["remote"] = "\(address)" }
        if let requestID { fields["request_id"] = "\(requestID)" }
        return fields
    }
}
