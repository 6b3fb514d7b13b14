import Basics
import Identity
import Logging
import Supervision

/// Keeps users, sessions and tokens: removes sessions that are over.
final class IdentityComponent: Component {
    /// How often sessions that are over are removed.
    static let pruneInterval = Duration.seconds(600)
    /// How long a session that is over is kept, so that the reuse of its tokens is still recognised.
    static let sessionMemory = Duration.seconds(7 * 86_400)

    let service: IdentityService
    private let context: ComponentContext

    init(context: ComponentContext, service: IdentityService) {
        self.context = context
        self.service = service
    }

    func run() async throws {
        context.ready()
        while await context.pause(for: Self.pruneInterval) {
            do {
                _ = try await service.pruneSessions(before: context.clock.now.advanced(by: .zero - Self.sessionMemory))
            } catch {
                context.log.warning("sessions that are over could not be removed", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Reads the users.
    func health() async -> Health {
        do {
            _ = try await service.listUsers(limit: 1)
            return .healthy
        } catch {
            return .unhealthy("users cannot be read: nobody can sign in")
        }
    }
}
