internal import JSON
package import Records

/// The limits of an agent's fields and of the module.
package enum AgentLimits {
    /// How many agents may be registered at a time: the watch reads them all in each round.
    package static let agentsMax = 10_000
    package static let nameLengthMax = 100
    /// What a name may hold beside ASCII letters and digits.
    package static let namePunctuation = "-_."
    package static let descriptionBytesMax = 8 << 10
    package static let capabilitiesMax = 50
    package static let capabilityLengthMax = 50
    package static let capabilityPunctuation = "-_.:/+#"
    package static let labelsMax = 32
    package static let labelNameLengthMax = 50
    package static let labelNamePunctuation = "-_./"
    package static let labelValueLengthMax = 200
    package static let concurrencies = 1...1000
    package static let concurrencyDefault = 1
    package static let heartbeatTimeoutsSeconds = 5...3600
    package static let heartbeatTimeoutSecondsDefault = 30
    package static let loadMax = 1_000_000.0
    package static let messageLengthMax = 500
}

extension AgentFields {
    /// Everything that is wrong with the fields; empty when they may be stored.
    package var violations: [FieldViolation] {
        var list = ViolationList()
        checkName(&list)
        list.text(description, "/description", bytesMax: AgentLimits.descriptionBytesMax)
        list.list(capabilities, "/capabilities", countMax: AgentLimits.capabilitiesMax, isSet: true) {
            $0.slug($1, $2, lengthMax: AgentLimits.capabilityLengthMax, extra: AgentLimits.capabilityPunctuation)
        }
        checkLabels(&list)
        let (concurrencies, timeouts) = (AgentLimits.concurrencies, AgentLimits.heartbeatTimeoutsSeconds)
        if !concurrencies.contains(concurrency) {
            list.add("/concurrency", "must be from \(concurrencies.lowerBound) to \(concurrencies.upperBound)")
        }
        if !timeouts.contains(heartbeatTimeoutSeconds) {
            list.add("/heartbeat_timeout_seconds", "must be from \(timeouts.lowerBound) to \(timeouts.upperBound)")
        }
        return list.violations
    }

    private func checkName(_ list: inout ViolationList) {
        if name.isEmpty { list.add("/name", "must not be empty") }
        if name.utf8.count > AgentLimits.nameLengthMax {
            list.add("/name", "must have at most \(AgentLimits.nameLengthMax) characters")
        }
        let isNamePart: (UInt8) -> Bool = { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20)
                || AgentLimits.namePunctuation.utf8.contains(byte)
        }
        if !name.utf8.allSatisfy(isNamePart) {
            list.add("/name", "must be of letters a-z in either case, 0-9 and \(AgentLimits.namePunctuation)")
        }
    }

    private func checkLabels(_ list: inout ViolationList) {
        if labels.count > AgentLimits.labelsMax {
            return list.add("/labels", "must have at most \(AgentLimits.labelsMax) members")
        }
        for (name, value) in labels.sorted(by: { $0.key < $1.key }) {
            // Cut where it is longer than any valid name.
            let pointer = "/labels/" + JSONPointer.token(name.unicodeScalars.prefix(AgentLimits.labelNameLengthMax))
            list.slug(
                name,
                pointer,
                lengthMax: AgentLimits.labelNameLengthMax,
                extra: AgentLimits.labelNamePunctuation
            )
            list.line(value, pointer, lengthMax: AgentLimits.labelValueLengthMax, mayBeEmpty: true)
        }
    }
}

extension AgentHeartbeat {
    /// Everything that is wrong with the heartbeat.
    package var violations: [FieldViolation] {
        var list = ViolationList()
        if let load, !(0...AgentLimits.loadMax).contains(load) {
            list.add("/load", "must be from 0 to \(Int(AgentLimits.loadMax))")
        }
        if let message {
            list.line(message, "/message", lengthMax: AgentLimits.messageLengthMax, mayBeEmpty: true)
        }
        return list.violations
    }
}
