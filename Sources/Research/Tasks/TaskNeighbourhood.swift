package import Basics
internal import Database
internal import Records

/// The tasks that are connected with one, however long the way is, as far as they fit.
package struct TaskNeighbourhood: Hashable, Sendable {
    /// A task as a drawing needs it.
    package struct Node: Hashable, Sendable {
        package let id: UUIDv7
        package let name: String
        package let kind: String
        package let status: TaskStatus
        /// Found no more, but others still depend on it.
        package let isDeleted: Bool
    }

    /// That a task depends on another one.
    package struct Edge: Hashable, Sendable {
        package let taskID: UUIDv7
        package let dependency: TaskDependency
    }

    /// The nearest ones first, the task itself at the beginning.
    package let nodes: [Node]
    /// All dependencies between the nodes.
    package let edges: [Edge]
    /// Whether everything that is connected is there.
    package let isComplete: Bool
}

extension TaskLimits {
    /// How many tasks a neighbourhood has at most.
    package static let neighboursMax = 500
    package static let neighboursDefault = 200
    /// How many dependencies one step of the walk reads at most.
    static let neighbourEdgesMax = 5000
}

extension TaskRepository {
    /// What is connected with a task: what it depends on, what depends on it, and so on.
    ///
    /// `limit`: how many tasks at most, itself included; from 1 to ``TaskLimits/neighboursMax``.
    /// - Throws: ``TaskError``: `notFound`, `database`.
    package func neighbourhood(of id: UUIDv7, limit: Int) async throws(TaskError) -> TaskNeighbourhood {
        try await store.perform(.graph) {
            try await store.database.read("tasks.graph") { connection in
                guard try ProjectTask.table.find(id, connection) != nil else { throw TaskError.notFound(id) }
                return try TaskTable(connection: connection).neighbourhood(
                    of: id,
                    limit: min(max(limit, 1), TaskLimits.neighboursMax)
                )
            }
        }
    }
}

extension TaskTable {
    /// Walks from task to task over their dependencies, both ways, the nearest first.
    fileprivate func neighbourhood(of id: UUIDv7, limit: Int) throws(DatabaseError) -> TaskNeighbourhood {
        var order = [id]
        var seen: Set<UUIDv7> = [id]
        var edges: Set<TaskNeighbourhood.Edge> = []
        var isComplete = true
        var front = order[...]
        while !front.isEmpty {
            let batch = front.prefix(TaskLimits.dependenciesMax)
            front = front.dropFirst(batch.count)
            var near: Set<UUIDv7> = []
            for column in ["task_id", "upstream_id"] {
                let found = try self.edges(column, of: batch)
                if found.count == TaskLimits.neighbourEdgesMax { isComplete = false }
                edges.formUnion(found)
                for edge in found { near.formUnion([edge.taskID, edge.dependency.taskID]) }
            }
            // Sorted, so that the same ones are left out each time.
            for other in near.subtracting(seen).sorted() {
                guard order.count < limit else {
                    isComplete = false
                    break
                }
                seen.insert(other)
                order.append(other)
                front.append(other)
            }
        }
        let nodes = try self.nodes(order)
        return TaskNeighbourhood(
            nodes: order.compactMap { nodes[$0] },
            edges: edges.filter { seen.contains($0.taskID) && seen.contains($0.dependency.taskID) }
                .sorted { ($0.taskID, $0.dependency.taskID) < ($1.taskID, $1.dependency.taskID) },
            isComplete: isComplete
        )
    }

    private func edges(
        _ column: String,
        of ids: ArraySlice<UUIDv7>
    ) throws(DatabaseError) -> [TaskNeighbourhood.Edge] {
        let places = (1...ids.count).map { "?\($0)" }.joined(separator: ", ")
        let rows = try connection.query(
            """
            SELECT task_id, upstream_id, condition FROM task_dependencies WHERE \(column) IN (\(places))
            ORDER BY task_id, upstream_id LIMIT ?\(ids.count + 1)
            """,
            ids.map { .id($0) } + [.int(TaskLimits.neighbourEdgesMax)]
        )
        return try rows.map { row throws(DatabaseError) in
            var reader = RowReader(row)
            let task = try reader.id()
            let upstream = try reader.id()
            let condition = try reader.enumeration(TaskDependency.Condition.self)
            return TaskNeighbourhood.Edge(taskID: task, dependency: TaskDependency(on: upstream, condition))
        }
    }

    private func nodes(_ ids: [UUIDv7]) throws(DatabaseError) -> [UUIDv7: TaskNeighbourhood.Node] {
        let places = (1...ids.count).map { "?\($0)" }.joined(separator: ", ")
        let rows = try connection.query(
            "SELECT id, name, kind, status, deleted_at FROM tasks WHERE id IN (\(places))",
            ids.map { .id($0) }
        )
        var nodes: [UUIDv7: TaskNeighbourhood.Node] = [:]
        for row in rows {
            var reader = RowReader(row)
            let id = try reader.id()
            nodes[id] = TaskNeighbourhood.Node(
                id: id,
                name: try reader.text(),
                kind: try reader.text(),
                status: try reader.enumeration(TaskStatus.self),
                isDeleted: try reader.optionalTimestamp() != nil
            )
        }
        return nodes
    }
}
