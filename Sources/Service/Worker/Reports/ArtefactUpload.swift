import Basics
import Client
import Instruments

/// Sends the files that an attempt keeps: in parts, going on after a break where the server stands.
///
/// Concurrency: one task uses it.
package struct ArtefactUpload: Sendable {
    /// How much goes into one request; servers take up to 8 MiB.
    package static let chunkBytesMax = 4 << 20
    let lease: LeaseKey
    let client: AgentClient
    let clock: any WallClock
    let metrics: WorkerMetrics
    let stop: Latch<StopReason>
    /// Told when the server has no such route.
    let notTaken: @Sendable () -> Void

    /// How the sending of all files ended.
    enum End: Hashable, Sendable {
        case sent
        case notTaken
        /// The attempt is over.
        case stopped
        case refused(String)
    }

    private enum Fault: Error { case file(ArtefactFault), end(End) }

    /// Sends the files, one after the other.
    /// - Throws: ``ArtefactFault`` for a file that cannot be read.
    func send(_ files: [ArtefactFile]) async throws(ArtefactFault) -> End {
        for (index, file) in files.enumerated() {
            do throws(Fault) {
                try await send(file)
                metrics.artefacts[.sent].increment()
            } catch {
                metrics.artefacts[.dropped].increment(by: files.count - index)
                switch error {
                case .file(let fault): throw fault
                case .end(let end): return end
                }
            }
        }
        return .sent
    }

    private func send(_ file: ArtefactFile) async throws(Fault) {
        let (reader, digest) = try await Self.reading { () throws(ArtefactFault) in
            let reader = try ArtefactReader(file)
            return (reader, try reader.digest())
        }
        var record = try await patiently { () async throws(AgentCallError) in
            try await client.createArtefact(lease, name: file.name, bytes: reader.bytes, sha256: digest)
        }
        while !record.isComplete {
            let offset = record.offset
            let part = try await Self.reading { () throws(ArtefactFault) in
                try reader.read(at: offset, count: Self.chunkBytesMax)
            }
            // An upload that does not end where the file does would be asked for forever.
            if part.isEmpty && reader.bytes > 0 { throw .end(.refused("\(file.name): the upload does not end")) }
            let id = record.id
            record = try await patiently { () async throws(AgentCallError) in
                do throws(AgentCallError) {
                    let next = try await client.uploadChunk(lease, artefact: id, offset: offset, part)
                    metrics.artefactBytes.increment(by: part.count)
                    return next
                } catch {
                    switch error {
                    case .wrongOffset:
                        // The server has more, or less, than was answered before a break.
                        return try await client.artefact(lease, id: id)
                    case .later:
                        // Whether the part arrived is not known: the next look tells.
                        if let now = try? await client.artefact(lease, id: id), now.offset != offset { return now }
                        throw error
                    default: throw error
                    }
                }
            }
        }
    }

    private static func reading<Value: Sendable>(
        _ body: @escaping @Sendable () throws(ArtefactFault) -> Value
    ) async throws(Fault) -> Value {
        do throws(ArtefactFault) { return try await BlockingWork.run(body) } catch { throw .file(error) }
    }

    /// Makes a call again while the server does not answer, for as long as the attempt is wanted.
    private func patiently<Value>(_ call: () async throws(AgentCallError) -> Value) async throws(Fault) -> Value {
        do throws(PatientCalls.Fault) {
            return try await PatientCalls(clock: clock, stop: stop).make(call)
        } catch {
            switch error {
            case .notTaken:
                notTaken()
                throw .end(.notTaken)
            case .stopped: throw .end(.stopped)
            case .refused(let reason): throw .end(.refused(reason))
            }
        }
    }
}
