import KeyValue
import Supervision

extension Wiring {
    /// The connections to Redis; nil when none is configured.
    func redis() throws -> RedisComponent? {
        guard !settings.redis.url.isEmpty else { return nil }
        do {
            var endpoint = try RedisEndpoint(url: settings.redis.url)
            if let password = try firstLine(of: settings.redis.passwordFile, key: "redis.password_file") {
                endpoint.password = password
            }
            var client = RedisClient.Settings(endpoint: endpoint)
            let certificates = settings.redis.certificatesFile
            client.trustedCertificates = certificates.isEmpty ? nil : certificates
            return try supervisor.add(.redis) { try RedisComponent(context: $0, settings: client, ids: ids) }
        } catch let fault as RedisEndpoint.Fault {
            throw SettingsError(faults: ["redis.url \(fault.reason)"])
        } catch let error as RedisError {
            throw SettingsError(faults: ["redis.ca_file: \(error.message)"])
        }
    }
}
