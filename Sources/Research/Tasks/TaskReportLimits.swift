/// How much agents may report of their attempts, and for how long it is kept.
package struct TaskReportLimits: Hashable, Sendable {
    /// Bytes of the log of one attempt: each line counts its text and ``TaskLimits/logLineOverheadBytes``.
    package var logBytesMax = 8 << 20
    /// How long log lines are kept after their task has ended.
    package var logRetention: Duration = .seconds(30 * 86_400)
    /// How long artefacts are kept after their task has ended.
    package var artefactRetention: Duration = .seconds(30 * 86_400)
    /// Bytes of one artefact.
    package var artefactBytesMax = 1 << 30
    /// Bytes of all artefacts together, each content of a project once, open uploads in full.
    package var artefactTotalBytesMax = 20 << 30

    package init() {}
}
